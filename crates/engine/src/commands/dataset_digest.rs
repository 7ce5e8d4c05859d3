//! `DEBUG DIGEST` and `DEBUG DIGEST-VALUE`: a number for all data, or for a value, equal wherever the data are equal,
//! whatever their order and form. They are Redis's numbers, so that two servers can be compared.

use bytes::Bytes;
use redwind_resp::Value;

use crate::cx::Cx;
use crate::db::{Data, Entry};
use crate::scripting::sha1;
use crate::types::stream::Id;

type Sum = [u8; 20];

/// Adds what comes in any order.
fn add(sum: &mut Sum, text: &[u8]) {
    for (byte, more) in sum.iter_mut().zip(sha1::bytes(text)) {
        *byte ^= more;
    }
}

/// Adds what comes in this order.
fn follow(sum: &mut Sum, text: &[u8]) {
    add(sum, text);
    *sum = sha1::bytes(sum);
}

/// The number of several texts in order.
fn of_all(texts: &[&[u8]]) -> Sum {
    let mut sum = [0; 20];
    for text in texts {
        follow(&mut sum, text);
    }
    sum
}

/// Adds a value and when it expires.
fn follow_value(sum: &mut Sum, entry: &Entry) {
    let kind: u32 = match &entry.data {
        Data::Int(_) | Data::Short(_) | Data::Raw(_) => 0,
        Data::List(_) => 1,
        Data::Set(_) => 2,
        Data::Zset(_) => 3,
        Data::Hash(_) => 4,
        Data::Stream(_) => 6,
    };
    follow(sum, &kind.to_be_bytes());
    match &entry.data {
        Data::Int(_) | Data::Short(_) | Data::Raw(_) => {
            follow(sum, &entry.data.string_bytes().unwrap_or_default());
        }
        Data::List(list) => {
            for element in list.iter() {
                follow(sum, &element);
            }
        }
        Data::Set(set) => {
            for member in set.iter() {
                add(sum, &member);
            }
        }
        Data::Zset(zset) => {
            for (member, score) in zset.iter() {
                add(
                    sum,
                    &of_all(&[&member, redwind_resp::shortest(score).as_bytes()]),
                );
            }
        }
        Data::Hash(hash) => {
            for (field, value) in hash.iter() {
                let mut one = of_all(&[&field, &value]);
                if hash.time_of(&field).is_some() {
                    add(&mut one, b"!!hexpire!!");
                }
                add(sum, &one);
            }
        }
        Data::Stream(stream) => {
            for item in stream.range(Id::ZERO, Id::MAX) {
                follow(sum, format!("{}.{}", item.id.ms, item.id.seq).as_bytes());
                for text in item.fields.iter() {
                    follow(sum, text);
                }
            }
        }
    }
    if entry.expires().is_some() {
        add(sum, b"!!expire!!");
    }
}

/// `DEBUG DIGEST`
pub(super) fn of_everything(cx: &mut Cx<'_>) -> Value {
    let mut sum = [0; 20];
    for (number, db) in (0u32..).zip(cx.engine.dbs.iter()) {
        if db.is_empty() {
            continue;
        }
        follow(&mut sum, &number.to_be_bytes());
        for (key, entry) in db.iter() {
            let mut one = of_all(&[key]);
            follow_value(&mut one, entry);
            add(&mut sum, &one);
        }
    }
    shown(&sum)
}

/// `DEBUG DIGEST-VALUE [key ...]` — zero for a key that is not there.
pub(super) fn of_values(cx: &mut Cx<'_>, keys: &[Bytes]) -> Value {
    let of_key = |key: &Bytes| {
        let mut sum = [0; 20];
        if let Some(entry) = cx.peek_even_expired(key) {
            follow_value(&mut sum, entry);
        }
        shown(&sum)
    };
    Value::array(keys.iter().map(of_key))
}

fn shown(sum: &Sum) -> Value {
    let digits = sum.iter().map(|byte| format!("{byte:02x}"));
    Value::Simple(Bytes::from(digits.collect::<String>()))
}
