//! What replicas repeat of commands on streams: with their own clocks and nodes they would come to other results.

use bytes::Bytes;

use crate::args::is;
use crate::commands::strings::word;
use crate::number::int_bytes;
use crate::types::stream::{Cut, Group, Id};

/// A command that cut a stream roughly: replicas cut to what is left, its length and first id.
pub(super) fn exactly(
    mut argv: Vec<Bytes>,
    cut: Option<Cut>,
    (len, first): (usize, Id),
) -> Vec<Bytes> {
    let Some(cut) = cut else {
        return argv;
    };
    if let Some(at) = argv.iter().position(|word| &word[..] == b"~") {
        argv[at] = word("=");
        argv[at + 1] = Bytes::from(match cut {
            Cut::MaxLen(_) => len.to_string(),
            Cut::MinId(_) => first.to_string(),
        });
        if argv.get(at + 2).is_some_and(|word| is(word, "LIMIT")) {
            argv.drain(at + 2..at + 4);
        }
    }
    argv
}

/// How replicas give an entry to the same consumer: the group's last id comes with it.
pub(super) fn claim_again(
    key: &Bytes,
    (group, consumer): (&Bytes, &Bytes),
    (id, last): (Id, Id),
    (at_ms, deliveries): (i64, i64),
) -> Vec<Bytes> {
    let number = |n: i64| Bytes::from(int_bytes(n));
    vec![
        word("XCLAIM"),
        key.clone(),
        group.clone(),
        consumer.clone(),
        word("0"),
        id.to_bytes(),
        word("TIME"),
        number(at_ms),
        word("RETRYCOUNT"),
        number(deliveries),
        word("FORCE"),
        word("JUSTID"),
        word("LASTID"),
        last.to_bytes(),
    ]
}

/// How replicas learn how far a group has read.
pub(super) fn set_again(key: &Bytes, name: &Bytes, group: &Group) -> Vec<Bytes> {
    let read = group.read.map_or(-1, |read| read as i64);
    vec![
        word("XGROUP"),
        word("SETID"),
        key.clone(),
        name.clone(),
        group.last_id.to_bytes(),
        word("ENTRIESREAD"),
        Bytes::from(int_bytes(read)),
    ]
}

/// How replicas learn of a consumer that was given nothing to keep.
pub(super) fn consumer_again(key: &Bytes, (group, consumer): (&Bytes, &Bytes)) -> Vec<Bytes> {
    vec![
        word("XGROUP"),
        word("CREATECONSUMER"),
        key.clone(),
        group.clone(),
        consumer.clone(),
    ]
}
