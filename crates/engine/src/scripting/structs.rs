//! The `struct` library: numbers and strings to bytes and back, by a format.

use bytes::Bytes;

use super::lua::{
    LuaError, LuaState, LuaValue, Outcome, Table, bad_argument, bytes, give, number, set_function,
    string, type_name,
};

/// The library.
pub(super) fn library(lua: &mut LuaState) -> Result<Table, LuaError> {
    let table = lua.new_table();
    set_function(lua, table, "pack", |lua, args| {
        let out = pack(&format(args, "pack")?, &args[1..])?;
        let text = string(lua, &out)?;
        give(lua, text)
    })?;
    set_function(lua, table, "unpack", |lua, args| {
        let format = format(args, "unpack")?;
        let text = args.get(1).and_then(bytes);
        let text = text.ok_or_else(|| bad_argument(args, 2, "unpack", "string"))?;
        let from = match args.get(2) {
            None => 1.0,
            some => number(some).unwrap_or(0.0),
        };
        if from < 1.0 {
            return Err("offset must be 1 or greater".into());
        }
        let values = unpack(lua, &format, &text, from as usize - 1)?;
        for value in &values {
            lua.push(*value);
        }
        Ok(values.len())
    })?;
    set_function(lua, table, "size", |lua, args| {
        let format = format(args, "size")?;
        let mut layout = Layout::new("size", &format);
        let mut total = 0usize;
        while let Some(item) = layout.next()? {
            match item {
                Item { kind: b's', .. } => {
                    let text = "bad argument #1 to 'size' (option 's' has no fixed size)";
                    return Err(text.into());
                }
                Item {
                    kind: b'c',
                    size: 0,
                    ..
                } => return Err("bad argument #1 to 'size' (option 'c0' has no fixed size)".into()),
                item => total += item.padding(total) + item.size,
            }
        }
        give(lua, LuaValue::Float(total as f64))
    })?;
    Ok(table)
}

fn format(args: &[LuaValue], name: &str) -> Outcome<Bytes> {
    let format = args.first().and_then(bytes);
    format.ok_or_else(|| bad_argument(args, 1, name, "string"))
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
            format,
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

    fn next(&mut self) -> Result<Option<Item>, String> {
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
                b'=' => {
                    self.big_endian = false;
                    continue;
                }
                b'!' => {
                    let align = self.count().unwrap_or(8);
                    if !align.is_power_of_two() {
                        return Err("alignment is not a power of 2".into());
                    }
                    self.align = align;
                    continue;
                }
                b'b' | b'B' | b'x' => 1,
                b'h' | b'H' => 2,
                b'l' | b'L' | b'T' | b'd' | b'n' => 8,
                b'f' => 4,
                b'i' | b'I' => {
                    let size = self.count().unwrap_or(4);
                    if size > 32 {
                        return Err(format!("integral size {size} is larger than limit of 32"));
                    }
                    size
                }
                b'c' => self.count().unwrap_or(1),
                b's' => 0,
                other => {
                    return Err(format!(
                        "bad argument #1 to '{}' (invalid format option '{}')",
                        self.name,
                        char::from(other)
                    ));
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

fn pack(format: &[u8], args: &[LuaValue]) -> Outcome<Vec<u8>> {
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
            let found = type_name(value);
            format!("bad argument #{at} to 'pack' ({what} expected, got {found})")
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
                    return Err(format!("bad argument #{next} to 'pack' (string too short)").into());
                }
                out.extend_from_slice(&text[..size]);
                if item.kind == b's' {
                    out.push(0);
                }
            }
            b'f' | b'd' | b'n' => {
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
                let whole = if number < 0.0 {
                    number as i64 as u64
                } else {
                    number as u64
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
    let short = "bad argument #2 to 'unpack' (data string too short)";
    let mut layout = Layout::new("unpack", format);
    let mut at = from;
    let mut values = Vec::new();
    while let Some(item) = layout.next()? {
        at += item.padding(at);
        let mut size = item.size;
        if item.kind == b's' {
            let rest = text.get(at..).ok_or(short)?;
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
        let raw = raw.ok_or(short)?;
        at += size;
        match item.kind {
            b'x' => {}
            b'c' => values.push(string(lua, raw)?),
            kind => values.push(LuaValue::Float(read_number(kind, raw, item.big_endian))),
        }
    }
    values.push(LuaValue::Float((at + 1) as f64));
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
        b'd' | b'n' => f64::from_bits(bits),
        b'b' | b'h' | b'l' | b'i' if size < 8 && size > 0 => {
            let shift = 64 - size as u32 * 8;
            ((bits << shift) as i64 >> shift) as f64
        }
        b'b' | b'h' | b'l' | b'i' => bits as i64 as f64,
        _ => bits as f64,
    }
}
