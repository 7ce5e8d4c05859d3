//! The `struct` library: numbers and strings to bytes and back, by a format.

use bytes::Bytes;

use crate::args::c_text;

use super::convert::c_cast;
use super::lua::{
    Failure, LuaError, LuaState, LuaValue, Outcome, Table, bytes, charge, give, integer_or, number,
    reserve, room, set_function, string, text, type_name,
};

/// The library.
pub(super) fn library(lua: &mut LuaState) -> Result<Table, LuaError> {
    let table = lua.new_table();
    set_function(lua, table, "pack", |lua, args| {
        let out = pack(lua, &format(args)?, &args[1..])?;
        let text = string(lua, &out)?;
        give(lua, text)
    })?;
    set_function(lua, table, "unpack", |lua, args| {
        let format = format(args)?;
        let text = text(args, 2)?;
        // Without a sign: what is negative is far behind the end.
        let from = integer_or(args, 3, 1)? as u64;
        let Some(from) = from.checked_sub(1) else {
            return Err(Failure::Argument(3, "offset must be 1 or greater".into()));
        };
        let values = unpack(lua, &format, &text, from as usize)?;
        room(lua, values.len())?;
        for value in &values {
            lua.push(*value);
        }
        Ok(values.len())
    })?;
    set_function(lua, table, "size", |lua, args| {
        let format = format(args)?;
        let mut layout = Layout::new("size", &format);
        let mut total = 0usize;
        while let Some(item) = layout.next()? {
            match item {
                Item { kind: b's', .. } => {
                    return Err(Failure::Argument(1, "option 's' has no fixed size".into()));
                }
                Item {
                    kind: b'c',
                    size: 0,
                    ..
                } => return Err(Failure::Argument(1, "option 'c0' has no fixed size".into())),
                item => total += item.padding(total) + item.size,
            }
        }
        give(lua, LuaValue::Float(total as f64))
    })?;
    Ok(table)
}

fn format(args: &[LuaValue]) -> Outcome<Bytes> {
    Ok(Bytes::copy_from_slice(&text(args, 1)?))
}

/// One element of a format.
struct Item {
    kind: u8,
    size: usize,
    big_endian: bool,
    align: usize,
}

impl Item {
    /// Bytes to skip so that this element is aligned.
    fn padding(&self, at: usize) -> usize {
        let align = self.size.min(self.align);
        if matches!(self.kind, b'c' | b's' | b'x') || align <= 1 || !align.is_power_of_two() {
            return 0;
        }
        (align - (at & (align - 1))) & (align - 1)
    }
}

struct Layout<'a> {
    name: &'static str,
    format: &'a [u8],
    at: usize,
    big_endian: bool,
    align: usize,
}

impl<'a> Layout<'a> {
    fn new(name: &'static str, format: &'a [u8]) -> Layout<'a> {
        Layout {
            name,
            format: c_text(format),
            at: 0,
            big_endian: false,
            align: 1,
        }
    }

    fn count(&mut self) -> Option<usize> {
        let digits = self.format[self.at..]
            .iter()
            .take_while(|b| b.is_ascii_digit())
            .count();
        let text = std::str::from_utf8(&self.format[self.at..self.at + digits]).ok()?;
        self.at += digits;
        text.parse().ok()
    }

    fn next(&mut self) -> Outcome<Option<Item>> {
        loop {
            let Some(kind) = self.format.get(self.at).copied() else {
                return Ok(None);
            };
            self.at += 1;
            let size = match kind {
                b' ' => continue,
                b'<' | b'>' => {
                    self.big_endian = kind == b'>';
                    continue;
                }
                b'!' => {
                    let align = self.count().unwrap_or(8);
                    if !align.is_power_of_two() {
                        return Err(format!("alignment {align} is not a power of 2").into());
                    }
                    self.align = align;
                    continue;
                }
                b'b' | b'B' | b'x' => 1,
                b'h' | b'H' => 2,
                b'l' | b'L' | b'T' | b'd' => 8,
                b'f' => 4,
                b'i' | b'I' => {
                    let size = self.count().unwrap_or(4);
                    if size > 32 {
                        return Err(
                            format!("integral size {size} is larger than limit of 32").into()
                        );
                    }
                    size
                }
                b'c' => self.count().unwrap_or(1),
                b's' => 0,
                // Nobody looks at what takes no place.
                other if self.name == "size" && other.is_ascii_alphanumeric() => 0,
                other => {
                    if other.is_ascii() {
                        let text = format!("invalid format option '{}'", char::from(other));
                        return Err(Failure::Argument(1, text));
                    }
                    let head = format!(
                        "bad argument #1 to '{}' (invalid format option '",
                        self.name
                    );
                    return Err(Failure::Bytes([head.as_bytes(), &[other], b"')"].concat()));
                }
            };
            return Ok(Some(Item {
                kind,
                size,
                big_endian: self.big_endian,
                align: self.align,
            }));
        }
    }
}

fn pack(lua: &LuaState, format: &[u8], args: &[LuaValue]) -> Outcome<Vec<u8>> {
    let mut layout = Layout::new("pack", format);
    let missing = args.len() + 2;
    let mut args = args.iter().enumerate().map(|(at, value)| (at + 2, value));
    let mut out: Vec<u8> = Vec::new();
    while let Some(item) = layout.next()? {
        out.extend(std::iter::repeat_n(0, item.padding(out.len())));
        if item.kind == b'x' {
            out.push(0);
            continue;
        }
        let (at, value) = args
            .next()
            .map_or((missing, None), |(at, value)| (at, Some(value)));
        let expected = |what: &str| {
            // A nil lies behind the arguments.
            let found = match value {
                None if at == missing => "nil",
                value => type_name(value),
            };
            Failure::Argument(at, format!("{what} expected, got {found}"))
        };
        match item.kind {
            b's' | b'c' => {
                let text = value.and_then(bytes).ok_or_else(|| expected("string"))?;
                let size = if item.kind == b's' || item.size == 0 {
                    text.len()
                } else {
                    item.size
                };
                if text.len() < size {
                    // It has taken the argument by then, and names the next.
                    let next = at + 1;
                    return Err(Failure::Argument(next, "string too short".into()));
                }
                reserve(lua, out.len() + size)?;
                out.extend_from_slice(&text[..size]);
                if item.kind == b's' {
                    out.push(0);
                }
            }
            b'f' | b'd' => {
                let number = number(value).ok_or_else(|| expected("number"))?;
                let mut raw = if item.size == 4 {
                    (number as f32).to_le_bytes().to_vec()
                } else {
                    number.to_le_bytes().to_vec()
                };
                if item.big_endian {
                    raw.reverse();
                }
                out.extend_from_slice(&raw);
            }
            _ => {
                let number = number(value).ok_or_else(|| expected("number"))?;
                // As x86 converts what does not fit.
                let high = 9_223_372_036_854_775_808.0;
                let whole = match number >= high {
                    true => c_cast(number - high) as u64 ^ (1 << 63),
                    false => c_cast(number) as u64,
                };
                let mut raw = whole.to_le_bytes().to_vec();
                raw.resize(item.size, 0);
                if item.big_endian {
                    raw.reverse();
                }
                out.extend_from_slice(&raw);
            }
        }
    }
    Ok(out)
}

fn unpack(lua: &mut LuaState, format: &[u8], text: &[u8], from: usize) -> Outcome<Vec<LuaValue>> {
    let short = || Failure::Argument(2, "data string too short".into());
    let mut layout = Layout::new("unpack", format);
    let mut at = from;
    let mut values = Vec::new();
    loop {
        // What only changes how the rest is read is looked at where there is something to read; the size of a number
        // before that.
        let next = format.get(layout.at);
        if next.is_some_and(|kind| !matches!(kind, b'i' | b'I')) && at > text.len() {
            return Err(short());
        }
        let Some(item) = layout.next()? else {
            break;
        };
        charge(lua, 1)?;
        at = at.saturating_add(item.padding(at));
        let mut size = item.size;
        if item.kind == b's' {
            let rest = text.get(at..).ok_or_else(short)?;
            let end = rest.iter().position(|b| *b == 0);
            let end = end.ok_or("unfinished string in data")?;
            values.push(string(lua, &rest[..end])?);
            at += end + 1;
            continue;
        }
        if item.kind == b'c' && size == 0 {
            // The length is the number read just before.
            let Some(LuaValue::Float(len)) = values.pop() else {
                return Err("format 'c0' needs a previous size".into());
            };
            size = len as usize;
        }
        let raw = at.checked_add(size).and_then(|end| text.get(at..end));
        let raw = raw.ok_or_else(short)?;
        at += size;
        match item.kind {
            b'x' => {}
            b'c' => values.push(string(lua, raw)?),
            kind => values.push(LuaValue::Float(read_number(kind, raw, item.big_endian))),
        }
    }
    values.push(LuaValue::Float(at.wrapping_add(1) as i64 as f64));
    Ok(values)
}

fn read_number(kind: u8, raw: &[u8], big_endian: bool) -> f64 {
    let mut raw = raw.to_vec();
    if big_endian {
        raw.reverse();
    }
    let size = raw.len();
    raw.resize(size.max(8), 0);
    let mut low = [0; 8];
    low.copy_from_slice(&raw[..8]);
    let bits = u64::from_le_bytes(low);
    match kind {
        b'f' => f64::from(f32::from_bits(bits as u32)),
        b'd' => f64::from_bits(bits),
        b'b' | b'h' | b'l' | b'i' if size < 8 && size > 0 => {
            let shift = 64 - size as u32 * 8;
            ((bits << shift) as i64 >> shift) as f64
        }
        b'b' | b'h' | b'l' | b'i' => bits as i64 as f64,
        _ => bits as f64,
    }
}
