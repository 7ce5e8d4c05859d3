//! Replies to Lua values and back.

use bytes::Bytes;
use omnilua::{Lua, LuaString, Result, Table, Value as LuaValue};
use redwind_resp::{Protocol, Value};

/// A string of any bytes.
pub(super) fn string(lua: &Lua, bytes: &[u8]) -> Result<LuaValue> {
    Ok(LuaValue::String(lua.create_string(bytes)?))
}

/// The bytes of a Lua string.
pub(super) fn bytes(text: &LuaString) -> Result<Bytes> {
    Ok(Bytes::from(text.as_bytes()?))
}

fn tagged(lua: &Lua, tag: &str, value: LuaValue) -> Result<LuaValue> {
    let table = lua.create_table()?;
    table.raw_set(tag, value)?;
    Ok(LuaValue::Table(table))
}

/// A table that stands for an error.
pub(super) fn error(lua: &Lua, text: &[u8]) -> Result<LuaValue> {
    let table = lua.create_table()?;
    table.raw_set("err", string(lua, text)?)?;
    table.raw_set("ignore_error_stats_update", true)?;
    Ok(LuaValue::Table(table))
}

/// What a script sees of a reply.
pub(super) fn to_lua(lua: &Lua, value: &Value, protocol: Protocol) -> Result<LuaValue> {
    let resp3 = protocol == Protocol::Resp3;
    Ok(match value {
        Value::Simple(text) => tagged(lua, "ok", string(lua, text)?)?,
        Value::Error(text) => error(lua, text)?,
        Value::Int(number) => LuaValue::Number(*number as f64),
        Value::Bulk(bytes) => string(lua, bytes)?,
        Value::Null | Value::NullArray if resp3 => LuaValue::Nil,
        Value::Null | Value::NullArray => LuaValue::Boolean(false),
        Value::Array(items) | Value::Push(items) => {
            let table = lua.create_table()?;
            for (at, item) in items.iter().enumerate() {
                table.raw_set(at + 1, to_lua(lua, item, protocol)?)?;
            }
            LuaValue::Table(table)
        }
        Value::Map(pairs) => {
            let table = lua.create_table()?;
            for (key, value) in pairs {
                table.raw_set(to_lua(lua, key, protocol)?, to_lua(lua, value, protocol)?)?;
            }
            tagged(lua, "map", LuaValue::Table(table))?
        }
        Value::Set(items) => {
            let table = lua.create_table()?;
            for item in items {
                table.raw_set(to_lua(lua, item, protocol)?, true)?;
            }
            tagged(lua, "set", LuaValue::Table(table))?
        }
        Value::Double(number) => tagged(lua, "double", LuaValue::Number(*number))?,
        Value::Bool(yes) => LuaValue::Boolean(*yes),
        Value::BigNumber(text) => tagged(lua, "big_number", string(lua, text)?)?,
        Value::Verbatim { format, text } => {
            let table = lua.create_table()?;
            table.raw_set("string", string(lua, text)?)?;
            table.raw_set("format", string(lua, format)?)?;
            tagged(lua, "verbatim_string", LuaValue::Table(table))?
        }
    })
}

/// A double as a 64-bit integer the way x86 converts: what does not fit becomes the smallest one.
pub(super) fn c_cast(number: f64) -> i64 {
    let limit = 9_223_372_036_854_775_808.0;
    if (-limit..limit).contains(&number) {
        number as i64
    } else {
        i64::MIN
    }
}

/// How deep a script's reply may nest.
const MAX_DEPTH: usize = 200;

/// What a script's result is as a reply.
pub(super) fn from_lua(value: &LuaValue, protocol: Protocol, depth: usize) -> Result<Value> {
    if depth > MAX_DEPTH {
        return Ok(Value::error("ERR reached lua stack limit"));
    }
    Ok(match value {
        LuaValue::String(text) => Value::Bulk(bytes(text)?),
        LuaValue::Integer(number) => Value::Int(*number),
        LuaValue::Number(number) => Value::Int(c_cast(*number)),
        LuaValue::Boolean(yes) if protocol == Protocol::Resp3 => Value::Bool(*yes),
        LuaValue::Boolean(true) => Value::Int(1),
        LuaValue::Table(table) => table_from_lua(table, protocol, depth)?,
        _ => Value::Null,
    })
}

fn field_text(table: &Table, name: &str) -> Result<Option<Bytes>> {
    Ok(match table.raw_get::<_, LuaValue>(name)? {
        LuaValue::String(text) => Some(bytes(&text)?),
        _ => None,
    })
}

fn table_from_lua(table: &Table, protocol: Protocol, depth: usize) -> Result<Value> {
    if let Some(text) = field_text(table, "err")? {
        // A leading dash is the wire's, not the text's.
        return Ok(Value::Error(if text.first() == Some(&b'-') {
            text.slice(1..)
        } else {
            text
        }));
    }
    if let Some(text) = field_text(table, "ok")? {
        return Ok(Value::Simple(text));
    }
    if let LuaValue::Number(number) = table.raw_get("double")? {
        return Ok(Value::Double(number));
    }
    if let LuaValue::Table(map) = table.raw_get("map")? {
        let mut pairs = Vec::new();
        for (key, value) in map.raw_pairs()? {
            pairs.push((
                from_lua(&key, protocol, depth + 1)?,
                from_lua(&value, protocol, depth + 1)?,
            ));
        }
        return Ok(Value::Map(pairs));
    }
    if let LuaValue::Table(set) = table.raw_get("set")? {
        let mut items = Vec::new();
        for (key, _) in set.raw_pairs()? {
            items.push(from_lua(&key, protocol, depth + 1)?);
        }
        return Ok(Value::Set(items));
    }
    if let Some(text) = field_text(table, "big_number")? {
        return Ok(Value::BigNumber(text));
    }
    if let LuaValue::Table(verbatim) = table.raw_get("verbatim_string")?
        && let (Some(text), Some(format)) = (
            field_text(&verbatim, "string")?,
            field_text(&verbatim, "format")?,
        )
        && let [a, b, c, ..] = format[..]
    {
        return Ok(Value::Verbatim {
            format: [a, b, c],
            text,
        });
    }
    let mut items = Vec::new();
    loop {
        match table.raw_get(items.len() + 1)? {
            LuaValue::Nil => return Ok(Value::Array(items)),
            item => items.push(from_lua(&item, protocol, depth + 1)?),
        }
    }
}
