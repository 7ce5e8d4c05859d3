//! Strings as arrays of bits.

use bytes::Bytes;
use redwind_resp::Value;

use crate::Refusal;
use crate::args::{Args, is};
use crate::commands::bitfield;
use crate::commands::sets::replace;
use crate::cx::Cx;
use crate::db::Data;
use crate::number::parse_int;
use crate::table::{Answer, FIRST, Keys, table};

table! { TABLE, "bitmap";
    "bitcount" => bitcount, AtLeast(1), [READ], FIRST, "2.6.0", "key [start end [BYTE | BIT]]",
        "Counts the bits that are set.";
    "bitfield" => bitfield::bitfield, AtLeast(1), [WRITE DENYOOM], FIRST, "3.2.0",
        "key [GET encoding offset | [OVERFLOW <WRAP | SAT | FAIL>] <SET encoding offset value | INCRBY encoding offset increment> ...]",
        "Reads and changes integers of any width inside a string.";
    "bitfield_ro" => bitfield::bitfield_ro, AtLeast(1), [READ FAST], FIRST, "6.0.0",
        "key [GET encoding offset [GET encoding offset ...]]",
        "Reads integers of any width inside a string.";
    "bitop" => bitop, AtLeast(3), [WRITE DENYOOM], Keys::Range { first: 2, last: -1, step: 1 }, "2.6.0",
        "<AND | OR | XOR | NOT | DIFF | DIFF1 | ANDOR | ONE> destkey key [key ...]",
        "Keeps a combination of strings, bit by bit, under a key.";
    "bitpos" => bitpos, AtLeast(2), [READ], FIRST, "2.8.7", "key bit [start [end [BYTE | BIT]]]",
        "Finds the first bit that is set, or not.";
    "getbit" => getbit, Exactly(2), [READ FAST], FIRST, "2.2.0", "key offset", "Gives one bit.";
    "setbit" => setbit, Exactly(3), [WRITE DENYOOM], FIRST, "2.2.0", "key offset value",
        "Sets one bit and gives the old one.";
}

/// The place of a bit; behind `#` it is multiplied by a width.
pub(super) fn bit_offset(cx: &Cx<'_>, text: &[u8], width: Option<u32>) -> Result<u64, Refusal> {
    let refuse = || Refusal::err("bit offset is not an integer or out of range");
    let (text, factor) = match (text, width) {
        ([b'#', rest @ ..], Some(width)) => (rest, u64::from(width)),
        _ => (text, 1),
    };
    let number = parse_int(text)
        .and_then(|n| u64::try_from(n).ok())
        .ok_or_else(refuse)?;
    let offset = number.checked_mul(factor).ok_or_else(refuse)?;
    let limit = cx.engine.config.proto_max_bulk_len.unsigned_abs();
    if offset >> 3 >= limit {
        Err(refuse())
    } else {
        Ok(offset)
    }
}

pub(super) fn bit(text: &[u8], at: u64) -> bool {
    let byte = usize::try_from(at / 8)
        .ok()
        .and_then(|byte| text.get(byte))
        .copied()
        .unwrap_or(0);
    byte >> (7 - at % 8) & 1 == 1
}

/// `SETBIT key offset value`
fn setbit(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let key = args.key(0);
    let offset = bit_offset(cx, &args[1], None)?;
    let on = match &args[2][..] {
        b"0" => false,
        b"1" => true,
        _ => return Err(Refusal::err("bit is not an integer or out of range")),
    };
    let old = cx.peek_string(key)?;
    let was = old.as_ref().is_some_and(|text| bit(text, offset));
    let byte = (offset / 8) as usize;
    let grows = old.as_ref().is_none_or(|text| text.len() <= byte);
    edit_string(cx, key, |text| {
        if text.len() <= byte {
            text.resize(byte + 1, 0);
        }
        let mask = 1 << (7 - offset % 8);
        if on {
            text[byte] |= mask;
        } else {
            text[byte] &= !mask;
        }
    })?;
    if was != on || grows {
        cx.touch(key);
        cx.dirty += 1;
        cx.event("setbit", key);
    }
    Ok(Value::from(was))
}

/// Changes the bytes of a string in place; a missing key starts empty.
pub(super) fn edit_string<T>(
    cx: &mut Cx<'_>,
    key: &Bytes,
    f: impl FnOnce(&mut Vec<u8>) -> T,
) -> Result<T, Refusal> {
    let index = match cx.find(key) {
        Some(index) => {
            cx.lookup_to_write(key);
            index
        }
        None => {
            let used = cx.used_now();
            cx.add(key, Data::Raw(Default::default()), None, used)
        }
    };
    cx.db_mut().edit_text(index, f).ok_or(Refusal::WrongType)
}

/// `GETBIT key offset`
fn getbit(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let offset = bit_offset(cx, &args[1], None)?;
    Ok(Value::from(
        cx.read_string(args.key(0))?
            .is_some_and(|text| bit(&text, offset)),
    ))
}

/// The part of a string that two inclusive borders mean, in bits: first and one past the last.
fn bit_range(start: i64, end: i64, in_bits: bool, len: usize) -> Option<(u64, u64)> {
    let total = if in_bits { len as i64 * 8 } else { len as i64 };
    let from = if start < 0 {
        start.saturating_add(total).max(0)
    } else {
        start
    };
    let to = if end < 0 {
        end.saturating_add(total).max(0)
    } else {
        end
    }
    .min(total - 1);
    if from > to {
        return None;
    }
    let unit = if in_bits { 1 } else { 8 };
    Some((from as u64 * unit, (to as u64 + 1) * unit))
}

/// Whether positions are counted in bits, as the last word says.
fn unit(word: Option<&Bytes>) -> Result<bool, Refusal> {
    match word {
        None => Ok(false),
        Some(word) if is(word, "BYTE") => Ok(false),
        Some(word) if is(word, "BIT") => Ok(true),
        Some(_) => Err(Refusal::Syntax),
    }
}

/// `BITCOUNT key [start end [BYTE | BIT]]`
fn bitcount(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let borders = match args.len() {
        1 => None,
        3 | 4 => {
            let (start, end) = (args.int(1)?, args.int(2)?);
            Some((start, end, unit(args.get(3))?))
        }
        _ => return Err(Refusal::Syntax),
    };
    let Some(text) = cx.read_string(args.key(0))? else {
        return Ok(Value::Int(0));
    };
    let Some((start, end, in_bits)) = borders else {
        return Ok(Value::Int(ones(&text)));
    };
    // Not so in BITPOS, where both are the first byte when they lie far enough before it.
    if start < 0 && end < 0 && start > end {
        return Ok(Value::Int(0));
    }
    let Some((from, to)) = bit_range(start, end, in_bits, text.len()) else {
        return Ok(Value::Int(0));
    };
    let (first, last) = ((from / 8) as usize, to.div_ceil(8) as usize);
    let mut count = ones(&text[first..last]);
    // Bits of the outer bytes that do not belong to the range.
    count -= (from / 8 * 8..from).filter(|at| bit(&text, *at)).count() as i64;
    count -= (to..to.div_ceil(8) * 8)
        .filter(|at| bit(&text, *at))
        .count() as i64;
    Ok(Value::Int(count))
}

fn ones(bytes: &[u8]) -> i64 {
    bytes.iter().map(|byte| i64::from(byte.count_ones())).sum()
}

/// `BITPOS key bit [start [end [BYTE | BIT]]]`
fn bitpos(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let wanted = match args.int(1)? {
        0 => false,
        1 => true,
        _ => return Err(Refusal::err("The bit argument must be 1 or 0.")),
    };
    if args.len() > 5 {
        return Err(Refusal::Syntax);
    }
    let start = if args.len() > 2 { args.int(2)? } else { 0 };
    let in_bits = unit(args.get(4))?;
    let end = if args.len() > 3 {
        Some(args.int(3)?)
    } else {
        None
    };
    let Some(text) = cx.read_string(args.key(0))? else {
        return Ok(Value::Int(if wanted { -1 } else { 0 }));
    };
    let Some((from, to)) = bit_range(start, end.unwrap_or(-1), in_bits, text.len()) else {
        return Ok(Value::Int(-1));
    };
    let skip = if wanted { 0 } else { 0xff };
    let mut at = from;
    while at < to {
        if at % 8 == 0 && at + 8 <= to && text[(at / 8) as usize] == skip {
            at += 8;
            continue;
        }
        if bit(&text, at) == wanted {
            return Ok(Value::Int(at as i64));
        }
        at += 1;
    }
    // Without an end, zeros follow the string for ever.
    Ok(Value::Int(if !wanted && end.is_none() {
        (text.len() * 8) as i64
    } else {
        -1
    }))
}

/// `BITOP operation destkey key [key ...]`
fn bitop(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    const NAMES: [&str; 8] = ["AND", "OR", "XOR", "NOT", "DIFF", "DIFF1", "ANDOR", "ONE"];
    let name = NAMES
        .into_iter()
        .find(|name| args.is(0, name))
        .ok_or(Refusal::Syntax)?;
    let keys = args.from(2);
    if name == "NOT" && keys.len() != 1 {
        return Err(Refusal::err(
            "BITOP NOT must be called with a single source key.",
        ));
    }
    if matches!(name, "DIFF" | "DIFF1" | "ANDOR") && keys.len() < 2 {
        return Err(Refusal::err(format_args!(
            "BITOP {name} must be called with at least two source keys."
        )));
    }
    let mut sources = Vec::with_capacity(keys.len());
    for key in keys {
        sources.push(cx.read_string(key)?.unwrap_or_default());
    }
    let len = sources.iter().map(Bytes::len).max().unwrap_or(0);
    let result: Vec<u8> = (0..len).map(|at| combine(name, &sources, at)).collect();
    let data = (len > 0).then(|| Data::Raw(triomphe::Arc::new(result)));
    replace(cx, args.key(1), data, "set");
    Ok(Value::from(len))
}

/// One byte of the result.
fn combine(name: &str, sources: &[Bytes], at: usize) -> u8 {
    let byte = |source: &Bytes| source.get(at).copied().unwrap_or(0);
    let first = sources.first().map_or(0, byte);
    let rest = sources.get(1..).unwrap_or(&[]);
    let any_other = rest.iter().map(byte).fold(0, |a, b| a | b);
    match name {
        "AND" => rest.iter().map(byte).fold(first, |a, b| a & b),
        "OR" => first | any_other,
        "XOR" => rest.iter().map(byte).fold(first, |a, b| a ^ b),
        "NOT" => !first,
        "DIFF" => first & !any_other,
        "DIFF1" => !first & any_other,
        "ANDOR" => first & any_other,
        _ => {
            // Set in exactly one of them.
            let (mut once, mut twice) = (0, 0);
            for bits in sources.iter().map(byte) {
                twice |= once & bits;
                once |= bits;
            }
            once & !twice
        }
    }
}
