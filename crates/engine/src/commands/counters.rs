//! Strings that are numbers.

use bytes::Bytes;
use redwind_resp::Value;

use crate::Refusal;
use crate::args::Args;
use crate::blob::Blob;
use crate::commands::strings::word;
use crate::cx::Cx;
use crate::db::Data;
use crate::extended::{Extended, Parsed};
use crate::table::Answer;

/// `INCR key`
pub(super) fn incr(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    add(cx, args.key(0), 1)
}

/// `DECR key`
pub(super) fn decr(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    add(cx, args.key(0), -1)
}

/// `INCRBY key increment`
pub(super) fn incrby(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let by = args.int(1)?;
    add(cx, args.key(0), by)
}

/// `DECRBY key decrement`
pub(super) fn decrby(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let by = args
        .int(1)?
        .checked_neg()
        .ok_or(Refusal::DecrementOverflow)?;
    add(cx, args.key(0), by)
}

fn add(cx: &mut Cx<'_>, key: &Bytes, by: i64) -> Answer {
    let (old, expires) = match cx.lookup_to_write(key) {
        None => (0, None),
        Some(entry) => (integer(&entry.data)?, entry.expires()),
    };
    let new = old.checked_add(by).ok_or(Refusal::Overflow)?;
    cx.revise(key, Data::Int(new), expires);
    cx.dirty += 1;
    cx.event("incrby", key);
    Ok(Value::Int(new))
}

/// The integer that a string is.
pub(super) fn integer(data: &Data) -> Result<i64, Refusal> {
    let text = match data {
        Data::Int(number) => return Ok(*number),
        Data::Short(text) => text.as_slice(),
        Data::Raw(text) => text,
        _ => return Err(Refusal::WrongType),
    };
    crate::number::parse_int(text).ok_or(Refusal::NotAnInteger)
}

/// `INCRBYFLOAT key increment`
pub(super) fn incrbyfloat(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let key = args.key(0);
    let (old, expires) = match cx.lookup_to_write(key) {
        None => (None, None),
        Some(entry) => (
            Some(entry.data.string_bytes().ok_or(Refusal::WrongType)?),
            entry.expires(),
        ),
    };
    let text = add_floats(old.as_deref(), &args[1], Refusal::NotAFloat)?;
    let text = Bytes::from(text);
    // Never stored as an integer, even if it looks like one.
    cx.revise(key, Data::Short(Blob::new(&text)), expires);
    cx.dirty += 1;
    cx.event("incrbyfloat", key);
    cx.repeat_as(|| vec![word("SET"), key.clone(), text.clone(), word("KEEPTTL")]);
    Ok(Value::Bulk(text))
}

/// The sum of two decimal texts as Redis prints it; a missing first one is 0.
pub(super) fn add_floats(
    old: Option<&[u8]>,
    by: &[u8],
    bad_old: Refusal,
) -> Result<String, Refusal> {
    let old = match old {
        None => Extended::parse(b"0"),
        Some(text) => Some(Extended::parse(text).ok_or(bad_old)?),
    };
    let by = Extended::parse(by).ok_or(Refusal::NotAFloat)?;
    match (old, by) {
        (Some(Parsed::Finite(old)), Parsed::Finite(by)) => old
            .add(by)
            .map(Extended::to_text)
            .ok_or(Refusal::NanOrInfinity),
        _ => Err(Refusal::NanOrInfinity),
    }
}
