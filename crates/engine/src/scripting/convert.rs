//! Replies to Lua values and back.

use bytes::Bytes;
use redwind_resp::{Protocol, Value};

use super::lua::{self, LuaError, LuaState, LuaValue, Table, string};
use super::{MEMORY, STEPS};

type Result<T> = std::result::Result<T, LuaError>;

fn tagged(lua: &mut LuaState, tag: &str, value: LuaValue) -> Result<LuaValue> {
    let table = lua.new_table();
    lua::set(lua, table, tag, value)?;
    Ok(LuaValue::Table(table))
}

/// The field of an error that is in the statistics already, whatever the script does with it.
const COUNTED: &str = "ignore_error_stats_update";

/// A table that stands for an error.
pub(super) fn error(lua: &mut LuaState, text: &[u8]) -> Result<LuaValue> {
    let table = lua.new_table();
    let text = string(lua, text)?;
    lua::set(lua, table, "err", text)?;
    lua::set(lua, table, COUNTED, LuaValue::Bool(true))?;
    Ok(LuaValue::Table(table))
}

/// A table that stands for an error that nobody has counted.
pub(super) fn new_error(lua: &mut LuaState, text: &[u8]) -> Result<LuaValue> {
    let text = string(lua, text)?;
    tagged(lua, "err", text)
}

/// Whether this is an error that is in the statistics already.
pub(super) fn is_counted(value: &LuaValue) -> bool {
    let LuaValue::Table(table) = value else {
        return false;
    };
    matches!(
        table.get_str_bytes(COUNTED.as_bytes()),
        LuaValue::Bool(true)
    )
}

/// What a script sees of a reply.
pub(super) fn to_lua(lua: &mut LuaState, value: &Value, protocol: Protocol) -> Result<LuaValue> {
    let resp3 = protocol == Protocol::Resp3;
    let (tag, inner) = match value {
        Value::Error(text) => return error(lua, text),
        Value::Int(number) => return Ok(LuaValue::Float(*number as f64)),
        Value::Bulk(bytes) => return string(lua, bytes),
        Value::Null | Value::NullArray if resp3 => return Ok(LuaValue::Nil),
        Value::Null | Value::NullArray => return Ok(LuaValue::Bool(false)),
        Value::Bool(yes) => return Ok(LuaValue::Bool(*yes)),
        Value::Array(items) | Value::Push(items) => {
            if let Some(error) = lua.sandbox_charge(items.len() as u64) {
                return Err(error);
            }
            let table = lua.new_table_with_sizes(items.len() as u32, 0)?;
            for (at, item) in items.iter().enumerate() {
                let item = to_lua(lua, item, protocol)?;
                lua::set_at(lua, table, at + 1, item)?;
            }
            return Ok(LuaValue::Table(table));
        }
        Value::Simple(text) => ("ok", string(lua, text)?),
        Value::Map(pairs) => {
            let table = lua.new_table();
            for (key, value) in pairs {
                let (key, value) = (to_lua(lua, key, protocol)?, to_lua(lua, value, protocol)?);
                lua::set_any(lua, table, key, value)?;
            }
            ("map", LuaValue::Table(table))
        }
        Value::Set(items) => {
            let table = lua.new_table();
            for item in items {
                let item = to_lua(lua, item, protocol)?;
                lua::set_any(lua, table, item, LuaValue::Bool(true))?;
            }
            ("set", LuaValue::Table(table))
        }
        Value::Double(number) => ("double", LuaValue::Float(*number)),
        Value::BigNumber(text) => ("big_number", string(lua, text)?),
        Value::Verbatim { format, text } => {
            let table = lua.new_table();
            let (text, format) = (string(lua, text)?, string(lua, format)?);
            lua::set(lua, table, "string", text)?;
            lua::set(lua, table, "format", format)?;
            ("verbatim_string", LuaValue::Table(table))
        }
    };
    tagged(lua, tag, inner)
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

/// What is left of what a reply may consist of: a table or a text may be in many places of it.
pub(super) struct Budget {
    values: u64,
    bytes: usize,
    /// The errors that the reply has found new.
    pub(super) errors: Vec<Value>,
    /// How many others it has.
    pub(super) known: u64,
}

impl Default for Budget {
    fn default() -> Budget {
        Budget {
            values: STEPS,
            bytes: MEMORY,
            errors: Vec::new(),
            known: 0,
        }
    }
}

impl Budget {
    /// Whether there is room for one more value.
    fn takes(&mut self, bytes: usize) -> bool {
        let room = (
            self.values.checked_sub(1),
            self.bytes.checked_sub(bytes + 32),
        );
        let (Some(values), Some(bytes)) = room else {
            self.values = 0;
            return false;
        };
        (self.values, self.bytes) = (values, bytes);
        true
    }

    /// Whether there was too much; the reply is not whole then.
    pub(super) fn is_exceeded(&self) -> bool {
        self.values == 0
    }
}

/// What a script's result is as a reply.
pub(super) fn from_lua(
    value: &LuaValue,
    protocol: Protocol,
    depth: usize,
    budget: &mut Budget,
) -> Value {
    if depth > MAX_DEPTH {
        return Value::error("ERR reached lua stack limit");
    }
    let bytes = match value {
        LuaValue::Str(text) => text.as_bytes().len(),
        _ => 0,
    };
    if !budget.takes(bytes) {
        return Value::Null;
    }
    match value {
        LuaValue::Str(text) => Value::Bulk(Bytes::copy_from_slice(text.as_bytes())),
        LuaValue::Int(number) => Value::Int(*number),
        LuaValue::Float(number) => Value::Int(c_cast(*number)),
        LuaValue::Bool(yes) if protocol == Protocol::Resp3 => Value::Bool(*yes),
        LuaValue::Bool(true) => Value::Int(1),
        LuaValue::Table(table) => table_from_lua(*table, protocol, depth, budget),
        _ => Value::Null,
    }
}

/// The text of a named field.
pub(super) fn field_text(table: Table, name: &str) -> Option<Bytes> {
    lua::bytes(&table.get_str_bytes(name.as_bytes()))
}

/// Redis reads a status and an error up to the first NUL.
fn until_nul(text: Bytes) -> Bytes {
    let end = text.iter().position(|b| *b == 0).unwrap_or(text.len());
    text.slice(..end)
}

fn table_from_lua(table: Table, protocol: Protocol, depth: usize, budget: &mut Budget) -> Value {
    if let Some(text) = field_text(table, "err") {
        // Line ends would end the reply.
        let space = |byte: &u8| {
            if matches!(byte, b'\r' | b'\n') {
                b' '
            } else {
                *byte
            }
        };
        let error = Value::Error(until_nul(text).iter().map(space).collect());
        if is_counted(&LuaValue::Table(table)) {
            budget.known += 1;
        } else {
            budget.errors.push(error.clone());
        }
        return error;
    }
    if let Some(text) = field_text(table, "ok") {
        return Value::Simple(until_nul(text));
    }
    if let LuaValue::Float(number) = table.get_str_bytes(b"double") {
        return Value::Double(number);
    }
    let mut inner = |value: &LuaValue| from_lua(value, protocol, depth + 1, budget);
    if let LuaValue::Table(map) = table.get_str_bytes(b"map") {
        let pairs = lua::pairs(map);
        let pairs = pairs.iter().map(|(key, value)| (inner(key), inner(value)));
        return Value::Map(pairs.collect());
    }
    if let LuaValue::Table(set) = table.get_str_bytes(b"set") {
        return Value::Set(lua::pairs(set).iter().map(|(key, _)| inner(key)).collect());
    }
    if let Some(text) = field_text(table, "big_number") {
        return Value::BigNumber(text);
    }
    if let LuaValue::Table(verbatim) = table.get_str_bytes(b"verbatim_string")
        && let (Some(text), Some(format)) = (
            field_text(verbatim, "string"),
            field_text(verbatim, "format"),
        )
    {
        // What is shorter is filled with spaces.
        let byte = |at: usize| format.get(at).copied().unwrap_or(b' ');
        return Value::Verbatim {
            format: [byte(0), byte(1), byte(2)],
            text,
        };
    }
    let items = (1..).map(|at| table.get_int(at));
    let items = items.take_while(|item| !matches!(item, LuaValue::Nil));
    Value::array(items.map(|item| inner(&item)))
}
