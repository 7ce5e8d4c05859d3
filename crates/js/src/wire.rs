//! How replies lie in the memory that JavaScript reads: a tag, then what belongs to it. Numbers are little-endian and
//! unaligned. `npm/wire.js` reads the same form, and writes it for [`read`].
//!
//! ```text
//! NIL OK TRUE FALSE NIL_ARRAY NONE WAITS     nothing more
//! INT      i32                               an integer that fits
//! LONG     i64                               any other
//! DOUBLE   f64
//! ASCII TEXT STATUS ERROR BIG VERBATIM       u32 length, bytes
//! ARRAY SET PUSH                             u32 count, that many values
//! MAP                                        u32 count, that many keys and values
//! ```

use bytes::Bytes;
use redwind_resp::Value;

pub(crate) const NIL: u8 = 0;
pub(crate) const OK: u8 = 1;
pub(crate) const INT: u8 = 2;
/// A string of ASCII characters only, which JavaScript decodes fastest.
pub(crate) const ASCII: u8 = 3;
/// Any other string.
pub(crate) const TEXT: u8 = 4;
pub(crate) const STATUS: u8 = 5;
pub(crate) const ERROR: u8 = 6;
pub(crate) const ARRAY: u8 = 7;
pub(crate) const MAP: u8 = 8;
pub(crate) const SET: u8 = 9;
pub(crate) const DOUBLE: u8 = 10;
pub(crate) const TRUE: u8 = 11;
pub(crate) const FALSE: u8 = 12;
pub(crate) const BIG: u8 = 13;
pub(crate) const VERBATIM: u8 = 14;
pub(crate) const PUSH: u8 = 15;
pub(crate) const NIL_ARRAY: u8 = 16;
pub(crate) const LONG: u8 = 17;
/// The command has no reply, as with `SUBSCRIBE` or after `CLIENT REPLY OFF`.
pub(crate) const NONE: u8 = 18;
/// The command waits; its reply comes later.
pub(crate) const WAITS: u8 = 19;

/// Appends a reply.
pub(crate) fn write(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Bulk(text) => {
            let tag = if text.is_ascii() { ASCII } else { TEXT };
            bytes(tag, text, out);
        }
        Value::Int(number) => match i32::try_from(*number) {
            Ok(number) => fixed(INT, number.to_le_bytes(), out),
            Err(_) => fixed(LONG, number.to_le_bytes(), out),
        },
        Value::Null => out.push(NIL),
        Value::Simple(text) if &text[..] == b"OK" => out.push(OK),
        Value::Simple(text) => bytes(STATUS, text, out),
        Value::Error(text) => bytes(ERROR, text, out),
        Value::Array(items) => list(ARRAY, items, out),
        Value::Set(items) => list(SET, items, out),
        Value::Push(items) => list(PUSH, items, out),
        Value::Map(pairs) => {
            count(MAP, pairs.len(), out);
            for (key, value) in pairs {
                write(key, out);
                write(value, out);
            }
        }
        Value::NullArray => out.push(NIL_ARRAY),
        Value::Double(number) => fixed(DOUBLE, number.to_le_bytes(), out),
        Value::Bool(yes) => out.push(if *yes { TRUE } else { FALSE }),
        Value::BigNumber(text) => bytes(BIG, text, out),
        Value::Verbatim { text, .. } => bytes(VERBATIM, text, out),
    }
}

fn fixed<const N: usize>(tag: u8, number: [u8; N], out: &mut Vec<u8>) {
    out.push(tag);
    out.extend_from_slice(&number);
}

/// Wasm addresses are 32 bits wide, so no length is longer.
fn count(tag: u8, count: usize, out: &mut Vec<u8>) {
    fixed(tag, (count as u32).to_le_bytes(), out);
}

fn bytes(tag: u8, text: &[u8], out: &mut Vec<u8>) {
    count(tag, text.len(), out);
    out.extend_from_slice(text);
}

fn list(tag: u8, items: &[Value], out: &mut Vec<u8>) {
    count(tag, items.len(), out);
    for item in items {
        write(item, out);
    }
}

/// More levels than any reply of Redis has; more would overflow the stack.
const DEEPEST: u32 = 128;

/// Reads one value that JavaScript wrote, for `render`. `None` if the bytes are not of this form.
pub(crate) fn read(from: &mut &[u8]) -> Option<Value> {
    value(from, DEEPEST)
}

fn value(from: &mut &[u8], depth: u32) -> Option<Value> {
    let depth = depth.checked_sub(1)?;
    let (tag, rest) = from.split_first()?;
    *from = rest;
    Some(match *tag {
        NIL => Value::Null,
        OK => Value::OK,
        INT => Value::Int(i64::from(i32::from_le_bytes(take(from)?))),
        LONG => Value::Int(i64::from_le_bytes(take(from)?)),
        DOUBLE => Value::Double(f64::from_le_bytes(take(from)?)),
        ASCII | TEXT => Value::Bulk(text(from)?),
        STATUS => Value::Simple(text(from)?),
        ERROR => Value::Error(text(from)?),
        BIG => Value::BigNumber(text(from)?),
        VERBATIM => Value::Verbatim {
            format: *b"txt",
            text: text(from)?,
        },
        TRUE => Value::Bool(true),
        FALSE => Value::Bool(false),
        NIL_ARRAY => Value::NullArray,
        ARRAY => Value::Array(items(from, depth)?),
        SET => Value::Set(items(from, depth)?),
        PUSH => Value::Push(items(from, depth)?),
        MAP => {
            let count = u32::from_le_bytes(take(from)?);
            let mut pairs = Vec::new();
            for _ in 0..count {
                pairs.push((value(from, depth)?, value(from, depth)?));
            }
            Value::Map(pairs)
        }
        _ => return None,
    })
}

fn take<const N: usize>(from: &mut &[u8]) -> Option<[u8; N]> {
    let (number, rest) = from.split_first_chunk()?;
    *from = rest;
    Some(*number)
}

fn text(from: &mut &[u8]) -> Option<Bytes> {
    let length = u32::from_le_bytes(take(from)?) as usize;
    let (text, rest) = from.split_at_checked(length)?;
    *from = rest;
    Some(Bytes::copy_from_slice(text))
}

fn items(from: &mut &[u8], depth: u32) -> Option<Vec<Value>> {
    let count = u32::from_le_bytes(take(from)?);
    let mut items = Vec::new();
    for _ in 0..count {
        items.push(value(from, depth)?);
    }
    Some(items)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_kind() -> Value {
        let all = vec![
            Value::OK,
            Value::simple("QUEUED"),
            Value::error("ERR no"),
            Value::Int(-7),
            Value::Int(i64::MIN),
            Value::text("ascii"),
            Value::bulk([0xff, 0]),
            Value::Null,
            Value::NullArray,
            Value::Double(-0.5),
            Value::Bool(true),
            Value::Bool(false),
            Value::BigNumber(Bytes::from_static(b"123456789012345678901234567890")),
            Value::Verbatim {
                format: *b"txt",
                text: Bytes::from_static(b"as it is"),
            },
            Value::Set(vec![Value::Int(1)]),
            Value::Push(vec![Value::text("message")]),
            Value::Map(vec![(Value::text("k"), Value::Array(Vec::new()))]),
        ];
        Value::Array(all)
    }

    #[test]
    fn every_kind_of_reply_is_read_as_it_was_written() {
        let mut out = Vec::new();
        write(&every_kind(), &mut out);
        let mut rest = &out[..];
        assert_eq!(read(&mut rest), Some(every_kind()));
        assert!(rest.is_empty());
    }

    #[test]
    fn bytes_that_break_off_or_nest_without_end_are_refused() {
        let mut out = Vec::new();
        write(&every_kind(), &mut out);
        for end in 0..out.len() {
            assert_eq!(read(&mut &out[..end]), None, "cut after {end} bytes");
        }
        let nested = [ARRAY, 1, 0, 0, 0].repeat(100_000);
        assert_eq!(read(&mut &nested[..]), None);
    }
}
