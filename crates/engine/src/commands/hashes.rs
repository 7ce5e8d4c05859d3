//! Hashes.

use std::borrow::Cow;

use bytes::Bytes;
use redwind_resp::Value;

use crate::args::{Args, is, pairs};
use crate::blob::Blob;
use crate::commands::counters::add_floats;
use crate::commands::keys::{ScanOptions, cursor, scan_places, scan_reply};
use crate::commands::strings::word;
use crate::cx::Cx;
use crate::number::{int_bytes, parse_int};
use crate::packed::{Text, bulks};
use crate::table::{Answer, FIRST, table};
use crate::types::Hash;
use crate::{Choice, Refusal};

table! { TABLE, "hash";
    "hdel" => hdel, AtLeast(2), [WRITE FAST], FIRST, "2.0.0", "key field [field ...]",
        "Removes fields and counts those that existed.";
    "hexists" => hexists, Exactly(2), [READ FAST], FIRST, "2.0.0", "key field",
        "Tells whether a field exists.";
    "hget" => hget, Exactly(2), [READ FAST], FIRST, "2.0.0", "key field", "Gives the value of a field.";
    "hgetall" => hgetall, Exactly(1), [READ], FIRST, "2.0.0", "key", "Gives all fields with their values.";
    "hincrby" => hincrby, Exactly(3), [WRITE DENYOOM FAST], FIRST, "2.0.0", "key field increment",
        "Adds to the integer in a field; a missing field counts as 0.";
    "hincrbyfloat" => hincrbyfloat, Exactly(3), [WRITE DENYOOM FAST], FIRST, "2.6.0",
        "key field increment", "Adds to the floating point number in a field; a missing field counts as 0.";
    "hkeys" => hkeys, Exactly(1), [READ], FIRST, "2.0.0", "key", "Lists the fields.";
    "hlen" => hlen, Exactly(1), [READ FAST], FIRST, "2.0.0", "key", "Counts the fields.";
    "hmget" => hmget, AtLeast(2), [READ FAST], FIRST, "2.0.0", "key field [field ...]",
        "Gives the values of several fields.";
    "hmset" => hmset, AtLeast(3), [WRITE DENYOOM FAST], FIRST, "2.0.0",
        "key field value [field value ...]", "Sets fields. An old form of HSET.";
    "hrandfield" => hrandfield, AtLeast(1), [READ], FIRST, "6.2.0", "key [count [WITHVALUES]]",
        "Gives random fields: different ones, or (with a negative count) any.";
    "hscan" => hscan, AtLeast(2), [READ], FIRST, "2.8.0",
        "key cursor [MATCH pattern] [COUNT count] [NOVALUES]",
        "Lists the fields in portions: call it with the cursor that it gave, until that is 0.";
    "hset" => hset, AtLeast(3), [WRITE DENYOOM FAST], FIRST, "2.0.0",
        "key field value [field value ...]", "Sets fields and counts the new ones.";
    "hsetnx" => hsetnx, Exactly(3), [WRITE DENYOOM FAST], FIRST, "2.0.0", "key field value",
        "Sets a field if it does not exist.";
    "hstrlen" => hstrlen, Exactly(2), [READ FAST], FIRST, "3.2.0", "key field",
        "Gives the length of a field's value.";
    "hvals" => hvals, Exactly(1), [READ], FIRST, "2.0.0", "key", "Lists the values.";
}

/// The hash under a key, as a reader sees it.
pub(super) fn read<'c>(cx: &'c mut Cx<'_>, key: &[u8]) -> Result<Option<Cow<'c, Hash>>, Refusal> {
    let now = cx.now_ms();
    Ok(cx.read::<Hash>(key)?.map(|hash| hash.living(now)))
}

/// The same, neither counted nor a use of it.
fn peek<'c>(cx: &'c mut Cx<'_>, key: &[u8]) -> Result<Option<Cow<'c, Hash>>, Refusal> {
    let now = cx.now_ms();
    Ok(cx.peek_as::<Hash>(key)?.map(|hash| hash.living(now)))
}

pub(super) fn bulk(text: Text<'_>) -> Value {
    Value::Bulk(text.to_bytes())
}

/// `HSET key field value [field value ...]`
fn hset(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    Ok(Value::from(set_fields(cx, args, "hset")?))
}

/// `HMSET key field value [field value ...]`
fn hmset(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    set_fields(cx, args, "hmset")?;
    Ok(Value::OK)
}

fn set_fields(cx: &mut Cx<'_>, args: &Args<'_>, command: &'static str) -> Result<usize, Refusal> {
    let pairs = pairs(args.from(1)).ok_or(Refusal::Arity(command))?;
    let mut edit = cx.edit_or_new::<Hash>(args.key(0))?;
    let (hash, config) = edit.with_config();
    let mut new = 0;
    hash.prepare(pairs.len(), config);
    for pair in pairs {
        new += usize::from(hash.set(&pair[0], Blob::from(&pair[1]), config));
    }
    edit.changed("hset");
    edit.add_dirty(pairs.len().saturating_sub(1));
    Ok(new)
}

/// `HSETNX key field value`
fn hsetnx(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    cx.expire_named(args.key(0), &args.rest()[1..2]);
    let mut edit = cx.edit_or_new::<Hash>(args.key(0))?;
    let (hash, config) = edit.with_config();
    if hash.contains(&args[1]) {
        return Ok(Value::Int(0));
    }
    hash.set(&args[1], Blob::from(&args[2]), config);
    edit.changed("hset");
    Ok(Value::Int(1))
}

/// `HGET key field`
fn hget(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    cx.expire_named(args.key(0), args.from(1));
    let hash = read(cx, args.key(0))?;
    let value = hash.as_ref().and_then(|hash| hash.get(&args[1]));
    Ok(value.map_or(Value::Null, bulk))
}

/// `HMGET key field [field ...]`
fn hmget(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    cx.expire_named(args.key(0), args.from(1));
    let hash = read(cx, args.key(0))?;
    let value = |field: &Bytes| {
        hash.as_ref()
            .and_then(|hash| hash.get(field))
            .map_or(Value::Null, bulk)
    };
    Ok(Value::array(args.from(1).iter().map(value)))
}

/// `HEXISTS key field`
fn hexists(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    cx.expire_named(args.key(0), args.from(1));
    Ok(Value::from(
        read(cx, args.key(0))?.is_some_and(|hash| hash.contains(&args[1])),
    ))
}

/// `HLEN key` — fields that have expired but have yet to be deleted count.
fn hlen(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    Ok(Value::from(
        cx.read::<Hash>(args.key(0))?.map_or(0, Hash::len),
    ))
}

/// `HSTRLEN key field`
fn hstrlen(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    cx.expire_named(args.key(0), args.from(1));
    let hash = read(cx, args.key(0))?;
    let value = hash.as_ref().and_then(|hash| hash.get(&args[1]));
    Ok(Value::from(value.map_or(0, |value| value.len())))
}

/// `HGETALL key`
fn hgetall(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let hash = read(cx, args.key(0))?;
    let pairs = hash.iter().flat_map(|hash| hash.iter());
    let mut texts = bulks(pairs.flat_map(|(field, value)| [field, value])).into_iter();
    let pairs = std::iter::from_fn(|| texts.next().zip(texts.next()));
    Ok(Value::Map(pairs.collect()))
}

/// `HKEYS key`
fn hkeys(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let hash = read(cx, args.key(0))?;
    let pairs = hash.iter().flat_map(|hash| hash.iter());
    Ok(Value::Array(bulks(pairs.map(|(field, _)| field))))
}

/// `HVALS key`
fn hvals(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let hash = read(cx, args.key(0))?;
    let pairs = hash.iter().flat_map(|hash| hash.iter());
    Ok(Value::Array(bulks(pairs.map(|(_, value)| value))))
}

/// `HDEL key field [field ...]`
fn hdel(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let Some(mut edit) = cx.edit::<Hash>(args.key(0))? else {
        return Ok(Value::Int(0));
    };
    let hash: &mut Hash = &mut edit;
    let removed = args
        .from(1)
        .iter()
        .filter(|field| hash.remove(field).is_some())
        .count();
    if removed > 0 {
        edit.changed("hdel");
        edit.add_dirty(removed - 1);
    }
    Ok(Value::from(removed))
}

/// `HINCRBY key field increment`
fn hincrby(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let by = args.int(2)?;
    cx.expire_named(args.key(0), &args.rest()[1..2]);
    let mut edit = cx.edit_or_new::<Hash>(args.key(0))?;
    let (hash, config) = edit.with_config();
    let old = match hash.get(&args[1]) {
        None => 0,
        Some(text) => parse_int(&text).ok_or(Refusal::HashValueNotInteger)?,
    };
    let new = old.checked_add(by).ok_or(Refusal::Overflow)?;
    hash.set_keeping_time(&args[1], Blob::new(&int_bytes(new)), config);
    edit.changed("hincrby");
    Ok(Value::Int(new))
}

/// `HINCRBYFLOAT key field increment`
fn hincrbyfloat(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let (key, field) = (args.key(0), args.key(1));
    // The increment is checked before the old value.
    let infinite = |refusal| match refusal {
        Refusal::NanOrInfinity => Refusal::err("value is NaN or Infinity"),
        other => other,
    };
    add_floats(None, &args[2], Refusal::NotAFloat).map_err(infinite)?;
    cx.expire_named(key, &args.rest()[1..2]);
    let mut edit = cx.edit_or_new::<Hash>(key)?;
    let (hash, config) = edit.with_config();
    let old = hash.get(field).map(|text| text.to_bytes());
    let text = Bytes::from(add_floats(
        old.as_deref(),
        &args[2],
        Refusal::HashValueNotFloat,
    )?);
    hash.set_keeping_time(field, Blob::from(&text), config);
    edit.changed("hincrbyfloat");
    drop(edit);
    // Replicas keep the field's expiry.
    let options = ["HSETEX", "KEEPTTL", "FIELDS", "1"].map(word);
    let [name, keep, fields, one] = options;
    cx.repeat_as(|| {
        vec![
            name,
            key.clone(),
            keep,
            fields,
            one,
            field.clone(),
            text.clone(),
        ]
    });
    Ok(Value::Bulk(text))
}

/// `HRANDFIELD key [count [WITHVALUES]]`
fn hrandfield(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    cx.expire_all_fields(args.key(0));
    if args.len() == 1 {
        let len = read(cx, args.key(0))?.map_or(0, |hash| hash.len());
        if len == 0 {
            return Ok(Value::Null);
        }
        let at = cx.pick(len, Choice::RandomMember);
        let hash = peek(cx, args.key(0))?;
        let field = hash.as_ref().and_then(|hash| hash.at(at));
        return Ok(field.map_or(Value::Null, |(field, _)| bulk(field)));
    }
    let count = super::random_count(&args[1])?;
    let with_values = match args.from(2) {
        [] => false,
        [word] if is(word, "WITHVALUES") => true,
        _ => return Err(Refusal::Syntax),
    };
    let half = i64::MAX / 2;
    if with_values && !(-half..=half).contains(&count) {
        return Err(Refusal::OutOfRange);
    }
    let len = read(cx, args.key(0))?.map_or(0, |hash| hash.len());
    let places = super::random_places(cx, len, count);
    let resp3 = cx.resp3();
    let Some(hash) = peek(cx, args.key(0))? else {
        return Ok(Value::Array(Vec::new()));
    };
    let mut reply = Vec::with_capacity(places.len());
    for (field, value) in places.into_iter().filter_map(|at| hash.at(at)) {
        if !with_values {
            reply.push(bulk(field));
        } else if resp3 {
            reply.push(Value::Array(vec![bulk(field), bulk(value)]));
        } else {
            reply.extend([bulk(field), bulk(value)]);
        }
    }
    Ok(Value::Array(reply))
}

/// `HSCAN key cursor [MATCH pattern] [COUNT count] [NOVALUES]`
fn hscan(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let from = cursor(&args[1])?;
    let Some(hash) = read(cx, args.key(0))? else {
        return Ok(scan_reply(0, Vec::new()));
    };
    let options = ScanOptions::parse(args, 2, (false, true))?;
    // The compact form is small: it is given as a whole, in order.
    let (places, next) = if hash.is_large() {
        scan_places(from, options.count, hash.len())
    } else {
        (0..hash.len(), 0)
    };
    let mut items = Vec::new();
    for (field, value) in places.filter_map(|at| hash.at(at)) {
        if options.matches(&field) {
            items.push(bulk(field));
            if !options.no_values {
                items.push(bulk(value));
            }
        }
    }
    Ok(scan_reply(next, items))
}
