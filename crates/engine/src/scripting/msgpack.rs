//! The `cmsgpack` library.

use super::lua::{
    self, Failure, LuaError, LuaState, LuaValue, Outcome, Table, charge, give, integer, integer_or,
    pairs, reserve, set, set_function, string, text,
};

const MAX_DEPTH: usize = 16;

/// The library.
pub(super) fn library(lua: &mut LuaState) -> Result<Table, LuaError> {
    let table = lua.new_table();
    for (name, text) in [
        ("_NAME", "cmsgpack"),
        ("_VERSION", "lua-cmsgpack 0.4.0"),
        ("_COPYRIGHT", "Copyright (C) 2012, Salvatore Sanfilippo"),
        ("_DESCRIPTION", "MessagePack C implementation for Lua"),
    ] {
        let text = string(lua, text.as_bytes())?;
        set(lua, table, name, text)?;
    }
    set_function(lua, table, "pack", |lua, args| {
        if args.is_empty() {
            return Err(Failure::Argument(0, "MessagePack pack needs input.".into()));
        }
        let mut out = Vec::new();
        for value in args {
            pack(lua, value, 0, &mut out)?;
        }
        let text = string(lua, &out)?;
        give(lua, text)
    })?;
    for name in ["unpack", "unpack_one", "unpack_limit"] {
        set_function(lua, table, name, move |lua, args| {
            let (limit, offset) = match name {
                "unpack_one" => (Some(1), integer_or(args, 2, 0)?),
                "unpack_limit" => (Some(integer(args, 2)?), integer_or(args, 3, 0)?),
                _ => (None, 0),
            };
            let (limit, offset) = (limit.map(|limit| limit as i32), offset as i32);
            let text = text(args, 1)?;
            let len = text.len();
            if offset < 0 || limit.is_some_and(|limit| limit < 0) {
                return Err(format!(
                    "Invalid request to unpack with offset of {offset} and limit of {len}."
                )
                .into());
            }
            // Nothing of nothing means all.
            let limit = limit.filter(|limit| (*limit, offset) != (0, 0));
            unpack_many(
                lua,
                &text,
                offset as usize,
                limit.map(|limit| limit as usize),
            )
        })?;
    }
    Ok(table)
}

fn pack(lua: &LuaState, value: &LuaValue, depth: usize, out: &mut Vec<u8>) -> Outcome<()> {
    match value {
        LuaValue::Bool(yes) => out.push(if *yes { 0xc3 } else { 0xc2 }),
        LuaValue::Int(number) => pack_int(*number, out),
        LuaValue::Float(number) => {
            if number.fract() == 0.0
                && (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(number)
            {
                pack_int(*number as i64, out);
            } else if f64::from(*number as f32) == *number {
                out.push(0xca);
                out.extend_from_slice(&(*number as f32).to_be_bytes());
            } else {
                out.push(0xcb);
                out.extend_from_slice(&number.to_be_bytes());
            }
        }
        LuaValue::Str(text) => {
            let text = text.as_bytes();
            reserve(lua, out.len() + text.len())?;
            head(text.len(), (0xa0, 32), (Some(0xd9), 0xda, 0xdb), out);
            out.extend_from_slice(text);
        }
        // Deeper tables than the limit become nil, as in the original.
        LuaValue::Table(table) if depth < MAX_DEPTH => {
            return pack_table(lua, *table, depth + 1, out);
        }
        _ => out.push(0xc0),
    }
    Ok(())
}

fn pack_table(lua: &LuaState, table: Table, depth: usize, out: &mut Vec<u8>) -> Outcome<()> {
    let pairs = pairs(table);
    // A table may be in many places.
    charge(lua, pairs.len() as u64 + 1)?;
    reserve(lua, out.len())?;
    if super::json::array_len(&pairs).is_some_and(|len| len == pairs.len()) {
        head(pairs.len(), (0x90, 16), (None, 0xdc, 0xdd), out);
        for at in 1..=pairs.len() {
            pack(lua, &table.get_int(at as i64), depth, out)?;
        }
    } else {
        head(pairs.len(), (0x80, 16), (None, 0xde, 0xdf), out);
        for (key, value) in &pairs {
            pack(lua, key, depth, out)?;
            pack(lua, value, depth, out)?;
        }
    }
    Ok(())
}

/// The length of something, in as few bytes as it takes.
fn head(len: usize, (fix, below): (u8, usize), wide: (Option<u8>, u8, u8), out: &mut Vec<u8>) {
    match (len, wide) {
        (len, _) if len < below => out.push(fix | len as u8),
        (len, (Some(byte), _, _)) if len <= 0xff => out.extend_from_slice(&[byte, len as u8]),
        (len, (_, short, _)) if len <= 0xffff => {
            out.push(short);
            out.extend_from_slice(&(len as u16).to_be_bytes());
        }
        (len, (_, _, long)) => {
            out.push(long);
            out.extend_from_slice(&(len as u32).to_be_bytes());
        }
    }
}

fn pack_int(number: i64, out: &mut Vec<u8>) {
    let bytes = number.to_be_bytes();
    let (mark, width) = match number {
        0..=127 => return out.push(number as u8),
        -32..=-1 => return out.push(number as i8 as u8),
        128..=0xff => (0xcc, 1),
        0x100..=0xffff => (0xcd, 2),
        0x1_0000..=0xffff_ffff => (0xce, 4),
        0x1_0000_0000.. => (0xcf, 8),
        -128..=-33 => (0xd0, 1),
        -32768..=-129 => (0xd1, 2),
        -2_147_483_648..=-32769 => (0xd2, 4),
        _ => (0xd3, 8),
    };
    out.push(mark);
    out.extend_from_slice(&bytes[8 - width..]);
}

fn unpack_many(
    lua: &mut LuaState,
    text: &[u8],
    offset: usize,
    limit: Option<usize>,
) -> Outcome<usize> {
    if offset > text.len() {
        let len = text.len();
        return Err(format!("Start offset {offset} greater than input length {len}.").into());
    }
    let mut reader = Reader {
        lua,
        text,
        at: offset,
    };
    let mut values = Vec::new();
    while reader.at < text.len() && limit.is_none_or(|limit| values.len() < limit) {
        match reader.value(0)? {
            Some(value) => values.push(value),
            None if reader.at > text.len() => return Err("Missing bytes in input.".into()),
            None => return Err("Bad data format in input.".into()),
        }
    }
    if limit.is_some() {
        let next = if reader.at < text.len() {
            reader.at as f64
        } else {
            -1.0
        };
        values.insert(0, LuaValue::Float(next));
    }
    lua::room(lua, values.len())?;
    for value in &values {
        lua.push(*value);
    }
    Ok(values.len())
}

struct Reader<'a> {
    lua: &'a mut LuaState,
    text: &'a [u8],
    at: usize,
}

type Read = Outcome<Option<LuaValue>>;

impl Reader<'_> {
    /// So many bytes; past the end, the place says so.
    fn take(&mut self, count: usize) -> Option<&[u8]> {
        let from = self.at;
        self.at = from.saturating_add(count);
        self.text.get(from..self.at)
    }

    fn unsigned(&mut self, width: usize) -> Option<u64> {
        Some(
            self.take(width)?
                .iter()
                .fold(0, |n, byte| n << 8 | u64::from(*byte)),
        )
    }

    fn value(&mut self, depth: usize) -> Read {
        if depth > 100 {
            return Ok(None);
        }
        charge(self.lua, 1)?;
        let Some(mark) = self.unsigned(1) else {
            return Ok(None);
        };
        let number = |n: Option<f64>| Ok(n.map(LuaValue::Float));
        match mark {
            0xc0 => Ok(Some(LuaValue::Nil)),
            0xc2 => Ok(Some(LuaValue::Bool(false))),
            0xc3 => Ok(Some(LuaValue::Bool(true))),
            0xca => number(
                self.unsigned(4)
                    .map(|bits| f64::from(f32::from_bits(bits as u32))),
            ),
            0xcb => number(self.unsigned(8).map(f64::from_bits)),
            0xcc => number(self.unsigned(1).map(|n| n as f64)),
            0xcd => number(self.unsigned(2).map(|n| n as f64)),
            0xce => number(self.unsigned(4).map(|n| n as f64)),
            0xcf => number(self.unsigned(8).map(|n| n as i64 as f64)),
            0xd0 => number(self.unsigned(1).map(|n| f64::from(n as i8))),
            0xd1 => number(self.unsigned(2).map(|n| f64::from(n as i16))),
            0xd2 => number(self.unsigned(4).map(|n| f64::from(n as i32))),
            0xd3 => number(self.unsigned(8).map(|n| n as i64 as f64)),
            0xd9 => self.text(1),
            0xda => self.text(2),
            0xdb => self.text(4),
            0xdc => self.array(2, depth),
            0xdd => self.array(4, depth),
            0xde => self.map(2, depth),
            0xdf => self.map(4, depth),
            0x00..=0x7f => Ok(Some(LuaValue::Float(mark as f64))),
            0xe0..=0xff => Ok(Some(LuaValue::Float(f64::from(mark as u8 as i8)))),
            0x80..=0x8f => self.map_of((mark & 15) as usize, depth),
            0x90..=0x9f => self.array_of((mark & 15) as usize, depth),
            0xa0..=0xbf => self.text_of((mark & 31) as usize),
            _ => Ok(None),
        }
    }

    fn text(&mut self, width: usize) -> Read {
        let Some(len) = self.unsigned(width) else {
            return Ok(None);
        };
        self.text_of(len as usize)
    }

    fn text_of(&mut self, len: usize) -> Read {
        let from = self.at;
        self.at = from.saturating_add(len);
        let text = self.text.get(from..self.at);
        Ok(text.map(|text| string(self.lua, text)).transpose()?)
    }

    fn array(&mut self, width: usize, depth: usize) -> Read {
        let Some(len) = self.unsigned(width) else {
            return Ok(None);
        };
        self.array_of(len as usize, depth)
    }

    fn array_of(&mut self, len: usize, depth: usize) -> Read {
        let table = self.lua.new_table();
        for at in 1..=len {
            let Some(value) = self.value(depth + 1)? else {
                return Ok(None);
            };
            lua::set_at(self.lua, table, at, value)?;
        }
        Ok(Some(LuaValue::Table(table)))
    }

    fn map(&mut self, width: usize, depth: usize) -> Read {
        let Some(len) = self.unsigned(width) else {
            return Ok(None);
        };
        self.map_of(len as usize, depth)
    }

    fn map_of(&mut self, len: usize, depth: usize) -> Read {
        let table = self.lua.new_table();
        for _ in 0..len {
            let Some(key) = self.value(depth + 1)? else {
                return Ok(None);
            };
            let Some(value) = self.value(depth + 1)? else {
                return Ok(None);
            };
            lua::set_any(self.lua, table, key, value)?;
        }
        Ok(Some(LuaValue::Table(table)))
    }
}
