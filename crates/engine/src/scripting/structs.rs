//! The `struct` library: numbers and strings to bytes and back, by a format.

use omnilua::{Lua, Result, Table, Value, Variadic};

use super::convert::{bytes, string};

/// The library, each function giving a count and its results, or false and a message.
pub(super) fn library(lua: &Lua) -> Result<Table> {
    let table = lua.create_table()?;
    table.raw_set(
        "pack",
        lua.create_function(|lua, args: Variadic<Value>| {
            let args = args.into_vec();
            let Some(Value::String(format)) = args.first() else {
                return no_format(lua, "pack");
            };
            match pack(&bytes(format)?, &args[1..])? {
                Ok(out) => Ok(Variadic::from(vec![Value::Integer(1), string(lua, &out)?])),
                Err(text) => failed(lua, &text),
            }
        })?,
    )?;
    table.raw_set(
        "unpack",
        lua.create_function(|lua, args: Variadic<Value>| {
            let args = args.into_vec();
            let Some(Value::String(format)) = args.first() else {
                return no_format(lua, "unpack");
            };
            let Some(Value::String(text)) = args.get(1) else {
                return failed(lua, "bad argument #2 to 'unpack' (string expected)");
            };
            let from = match args.get(2) {
                None => 1.0,
                some => number(some).unwrap_or(0.0),
            };
            if from < 1.0 {
                return failed(lua, "offset must be 1 or greater");
            }
            match unpack(lua, &bytes(format)?, &bytes(text)?, from as usize - 1)? {
                Ok(mut values) => {
                    values.insert(0, Value::Integer(values.len() as i64));
                    Ok(Variadic::from(values))
                }
                Err(text) => failed(lua, &text),
            }
        })?,
    )?;
    table.raw_set(
        "size",
        lua.create_function(|lua, args: Variadic<Value>| {
            let args = args.into_vec();
            let Some(Value::String(format)) = args.first() else {
                return no_format(lua, "size");
            };
            let format = bytes(format)?;
            let mut layout = Layout::new("size", &format);
            let mut total = 0usize;
            loop {
                match layout.next() {
                    Ok(None) => break,
                    Ok(Some(Item { kind: b's', .. })) => {
                        return failed(lua, "variable-size format for length");
                    }
                    Ok(Some(Item {
                        kind: b'c',
                        size: 0,
                        ..
                    })) => {
                        return failed(lua, "variable-length format");
                    }
                    Ok(Some(item)) => total += item.padding(total) + item.size,
                    Err(text) => return failed(lua, &text),
                }
            }
            Ok(Variadic::from(vec![
                Value::Integer(1),
                Value::Number(total as f64),
            ]))
        })?,
    )?;
    Ok(table)
}

fn failed(lua: &Lua, text: &str) -> Result<Variadic<Value>> {
    Ok(Variadic::from(vec![
        Value::Boolean(false),
        string(lua, text.as_bytes())?,
    ]))
}

fn no_format(lua: &Lua, name: &str) -> Result<Variadic<Value>> {
    failed(
        lua,
        &format!("bad argument #1 to '{name}' (string expected)"),
    )
}

fn number(value: Option<&Value>) -> Option<f64> {
    match value? {
        Value::Number(number) => Some(*number),
        Value::Integer(number) => Some(*number as f64),
        Value::String(text) => text.to_str().ok()?.trim().parse().ok(),
        _ => None,
    }
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

    fn next(&mut self) -> std::result::Result<Option<Item>, String> {
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

type Outcome<T> = Result<std::result::Result<T, String>>;

fn pack(format: &[u8], args: &[Value]) -> Outcome<Vec<u8>> {
    let mut layout = Layout::new("pack", format);
    let mut args = args.iter().enumerate().map(|(at, value)| (at + 2, value));
    let mut out: Vec<u8> = Vec::new();
    loop {
        let item = match layout.next() {
            Ok(Some(item)) => item,
            Ok(None) => return Ok(Ok(out)),
            Err(text) => return Ok(Err(text)),
        };
        out.extend(std::iter::repeat_n(0, item.padding(out.len())));
        if item.kind == b'x' {
            out.push(0);
            continue;
        }
        let (at, value) = args
            .next()
            .map_or((0, None), |(at, value)| (at, Some(value)));
        let expected = |what: &str| {
            Ok(Err(format!(
                "bad argument #{at} to 'pack' ({what} expected)"
            )))
        };
        match item.kind {
            b's' | b'c' => {
                let Some(Value::String(text)) = value else {
                    return expected("string");
                };
                let text = bytes(text)?;
                let size = if item.kind == b's' || item.size == 0 {
                    text.len()
                } else {
                    item.size
                };
                if text.len() < size {
                    return Ok(Err(format!(
                        "bad argument #{at} to 'pack' (string too short)"
                    )));
                }
                out.extend_from_slice(&text[..size]);
                if item.kind == b's' {
                    out.push(0);
                }
            }
            b'f' | b'd' | b'n' => {
                let Some(number) = number(value) else {
                    return expected("number");
                };
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
                let Some(number) = number(value) else {
                    return expected("number");
                };
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
}

fn unpack(lua: &Lua, format: &[u8], text: &[u8], from: usize) -> Outcome<Vec<Value>> {
    let short = || {
        Ok(Err(
            "bad argument #2 to 'unpack' (data string too short)".to_owned()
        ))
    };
    let mut layout = Layout::new("unpack", format);
    let mut at = from;
    let mut values = Vec::new();
    loop {
        let item = match layout.next() {
            Ok(Some(item)) => item,
            Ok(None) => break,
            Err(text) => return Ok(Err(text)),
        };
        at += item.padding(at);
        let mut size = item.size;
        if item.kind == b's' {
            let Some(rest) = text.get(at..) else {
                return short();
            };
            let Some(end) = rest.iter().position(|b| *b == 0) else {
                return Ok(Err("unfinished string in data".into()));
            };
            values.push(string(lua, &rest[..end])?);
            at += end + 1;
            continue;
        }
        if item.kind == b'c' && size == 0 {
            // The length is the number read just before.
            let Some(Value::Number(len)) = values.pop() else {
                return Ok(Err("format 'c0' needs a previous size".into()));
            };
            size = len as usize;
        }
        let Some(raw) = at.checked_add(size).and_then(|end| text.get(at..end)) else {
            return short();
        };
        at += size;
        match item.kind {
            b'x' => {}
            b'c' => values.push(string(lua, raw)?),
            kind => values.push(Value::Number(read_number(kind, raw, item.big_endian))),
        }
    }
    values.push(Value::Number((at + 1) as f64));
    Ok(Ok(values))
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
