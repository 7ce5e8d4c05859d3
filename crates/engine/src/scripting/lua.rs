//! The interpreter as scripts need it: values, and functions of the host.
//!
//! This is its stack machine itself. Its embedding layer roots every value that passes through a handle, which costs a
//! script that calls one command three times as much as the command. What keeps values alive here instead: the
//! collector works only where the machine runs code and at the end of a [`function`] of the host, once the results lie on
//! the stack. So what a host function makes is safe until it returns, and what must live longer is rooted.

use std::borrow::Cow;
use std::rc::Rc;

use bytes::Bytes;
use lua_stdlib::auxlib::push_where;
use lua_types::{GcRef, LuaClosure, LuaTable};
use lua_vm::state::{LuaCallable, LuaTableRefExt as _};

use super::convert::c_cast;
use crate::args::c_text;
use crate::number::{float_prefix, general, int_bytes};

pub(super) use lua_types::{LuaError, LuaValue};
pub(super) use lua_vm::state::LuaState;

pub(super) type Table = GcRef<LuaTable>;

/// Why a function of the host gives no result.
pub(super) enum Failure {
    /// It is raised as it is.
    Raised(LuaError),
    /// A text that gets the place in the script in front.
    Said(String),
    /// The same, of any bytes.
    Bytes(Vec<u8>),
    /// What is wrong with an argument; they count from 1.
    Argument(usize, String),
    /// It took so many steps, which is more than there are.
    TooLong(u64),
    /// It would take so many bytes, which is more than there are.
    TooMuch(usize),
}

impl From<LuaError> for Failure {
    fn from(error: LuaError) -> Failure {
        Failure::Raised(error)
    }
}

impl From<String> for Failure {
    fn from(text: String) -> Failure {
        Failure::Said(text)
    }
}

impl From<&str> for Failure {
    fn from(text: &str) -> Failure {
        Failure::Said(text.to_owned())
    }
}

pub(super) type Outcome<T> = Result<T, Failure>;

/// A function of the host. It pushes its results and gives their number.
type Host = dyn Fn(&mut LuaState, &[LuaValue]) -> Outcome<usize>;

/// So many arguments are copied to the stack.
const FEW: usize = 8;

/// Makes a function that scripts can call; it stays for as long as the interpreter.
pub(super) fn function(
    lua: &mut LuaState,
    body: impl Fn(&mut LuaState, &[LuaValue]) -> Outcome<usize> + 'static,
) -> LuaValue {
    register(lua, Rc::new(body))
}

#[inline(never)] // Once for all functions.
fn register(lua: &mut LuaState, body: Rc<Host>) -> LuaValue {
    let call = move |lua: &mut LuaState| {
        let own = lua.current_call_info().func;
        let count = lua.top_idx().0.saturating_sub(own.0 + 1) as usize;
        let argument = |at: usize| lua.get_at(own + 1 + at as i32);
        // Most calls need no memory for their arguments.
        let results = if count <= FEW {
            let mut args = [LuaValue::Nil; FEW];
            for (at, slot) in args[..count].iter_mut().enumerate() {
                *slot = argument(at);
            }
            body(lua, &args[..count])
        } else {
            let args: Vec<LuaValue> = (0..count).map(argument).collect();
            body(lua, &args)
        };
        let results = results.map_err(|failure| raised(lua, failure))?;
        lua.gc_check_step();
        Ok(results)
    };
    let mut global = lua.global_mut();
    global.c_functions.push(LuaCallable::rust(Rc::new(call)));
    LuaValue::Function(LuaClosure::LightC(global.c_functions.len() - 1))
}

/// A function in whose place no tail call can put another: errors name the line of the script that calls it.
pub(super) fn solid(lua: &mut LuaState, inner: LuaValue) -> LuaValue {
    lua.external_root_value(inner);
    function(lua, move |lua, args| {
        let before = lua.top_idx();
        lua.push(inner);
        for argument in args {
            lua.push(*argument);
        }
        lua_vm::api::call_k(lua, args.len() as i32, -1, 0, None)?;
        Ok((lua.top_idx().0 - before.0) as usize)
    })
}

pub(super) fn arguments(lua: &LuaState) -> Vec<LuaValue> {
    let own = lua.current_call_info().func;
    let count = lua.top_idx().0.saturating_sub(own.0 + 1);
    (0..count)
        .map(|at| lua.get_at(own + 1 + at as i32))
        .collect()
}

/// The error that the interpreter raises.
pub(super) fn raised(lua: &mut LuaState, failure: Failure) -> LuaError {
    let text = match failure {
        Failure::Raised(error) => return error,
        Failure::Said(text) => text.into_bytes(),
        Failure::Bytes(text) => text,
        // The function is named as the script names it.
        Failure::Argument(at, text) => {
            return lua_vm::debug::arg_error_impl(lua, at as i32, text.as_bytes());
        }
        Failure::TooLong(steps) => {
            return lua.sandbox_charge(steps).unwrap_or(LuaError::Memory);
        }
        Failure::TooMuch(bytes) => {
            return lua.sandbox_reserve(bytes).unwrap_or(LuaError::Memory);
        }
    };
    let error = place(lua).and_then(|place| string(lua, &[&place[..], &text].concat()));
    match error {
        Ok(value) => LuaError::from_value(value),
        Err(error) => error,
    }
}

/// The place in the script that calls the current function, as errors begin with it.
pub(super) fn place(lua: &mut LuaState) -> Result<Bytes, LuaError> {
    push_where(lua, 1)?;
    Ok(bytes(&lua.pop()).unwrap_or_default())
}

/// Stops the script unless so many bytes more are within its share of memory.
pub(super) fn reserve(lua: &LuaState, bytes: usize) -> Outcome<()> {
    match lua.sandbox_reserve(bytes) {
        Some(error) => Err(Failure::Raised(error)),
        None => Ok(()),
    }
}

/// Takes steps off those that the script may take; stops it when none are left, or when its memory is used up.
pub(super) fn charge(lua: &LuaState, steps: u64) -> Outcome<()> {
    match lua.sandbox_charge(steps) {
        Some(error) => Err(Failure::Raised(error)),
        None => Ok(()),
    }
}

/// Makes room for so many values on the stack.
pub(super) fn room(lua: &mut LuaState, count: usize) -> Outcome<()> {
    match i32::try_from(count).is_ok_and(|count| lua_vm::api::check_stack(lua, count)) {
        true => Ok(()),
        false => Err("stack overflow (too many results)".into()),
    }
}

/// A global of the plain interpreter.
pub(super) fn global(lua: &LuaState, name: &str) -> LuaValue {
    match lua.global().globals {
        LuaValue::Table(globals) => globals.get_str_bytes(name.as_bytes()),
        _ => LuaValue::Nil,
    }
}

/// Gives one result.
pub(super) fn give(lua: &mut LuaState, value: LuaValue) -> Outcome<usize> {
    lua.push(value);
    Ok(1)
}

/// A string of any bytes.
pub(super) fn string(lua: &mut LuaState, bytes: &[u8]) -> Result<LuaValue, LuaError> {
    Ok(LuaValue::Str(lua.intern_str(bytes)?))
}

/// The bytes of a string; `None` for another type.
pub(super) fn bytes(value: &LuaValue) -> Option<Bytes> {
    match value {
        LuaValue::Str(text) => Some(Bytes::copy_from_slice(text.as_bytes())),
        _ => None,
    }
}

/// Sets a named field, whatever metatable there is.
#[inline(never)] // It is called a hundred times, but only once for each interpreter.
pub(super) fn set(
    lua: &mut LuaState,
    table: Table,
    name: &str,
    value: LuaValue,
) -> Result<(), LuaError> {
    let name = string(lua, name.as_bytes())?;
    table.raw_set(lua, name, value)
}

/// Makes a named function of the host a field.
pub(super) fn set_function(
    lua: &mut LuaState,
    table: Table,
    name: &str,
    body: impl Fn(&mut LuaState, &[LuaValue]) -> Outcome<usize> + 'static,
) -> Result<(), LuaError> {
    let function = function(lua, body);
    set(lua, table, name, function)
}

/// Sets any field, whatever metatable there is.
pub(super) fn set_any(
    lua: &mut LuaState,
    table: Table,
    key: LuaValue,
    value: LuaValue,
) -> Result<(), LuaError> {
    table.raw_set(lua, key, value)
}

/// Sets an element; they count from 1.
pub(super) fn set_at(
    lua: &mut LuaState,
    table: Table,
    at: usize,
    value: LuaValue,
) -> Result<(), LuaError> {
    table.raw_set_int(lua, at as i64, value)
}

/// The fields of a table in the order in which `next` gives them.
pub(super) fn pairs(table: Table) -> Vec<(LuaValue, LuaValue)> {
    let next = |(key, _): &(LuaValue, LuaValue)| table.next_pair(key);
    std::iter::successors(table.next_pair(&LuaValue::Nil), next).collect()
}

/// What C takes for white space.
pub(super) fn is_space(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == 11
}

/// A number as the library functions take it: from a string, too.
pub(super) fn number(value: Option<&LuaValue>) -> Option<f64> {
    match value? {
        LuaValue::Float(number) => Some(*number),
        LuaValue::Int(number) => Some(*number as f64),
        LuaValue::Str(text) => {
            let text = c_text(text.as_bytes());
            let start = text.iter().position(|byte| !is_space(*byte))?;
            let end = text.iter().rposition(|byte| !is_space(*byte))?;
            let text = &text[start..=end];
            let (number, end) = float_prefix(text)?;
            (end == text.len()).then_some(number)
        }
        _ => None,
    }
}

/// What Lua's own messages call an argument.
pub(super) fn type_name(value: Option<&LuaValue>) -> &'static str {
    match value {
        None => "no value",
        Some(LuaValue::Nil) => "nil",
        Some(LuaValue::Bool(_)) => "boolean",
        Some(LuaValue::Int(_) | LuaValue::Float(_)) => "number",
        Some(LuaValue::Str(_)) => "string",
        Some(LuaValue::Table(_)) => "table",
        Some(LuaValue::Function(_)) => "function",
        Some(LuaValue::Thread(_)) => "thread",
        Some(_) => "userdata",
    }
}

/// The refusal of an argument, counted from 1, that is of another type.
pub(super) fn bad_type(args: &[LuaValue], at: usize, expected: &str) -> Failure {
    let found = type_name(args.get(at - 1));
    Failure::Argument(at, format!("{expected} expected, got {found}"))
}

/// An argument as text; numbers are texts, too.
pub(super) fn text(args: &[LuaValue], at: usize) -> Outcome<Cow<'_, [u8]>> {
    match args.get(at - 1) {
        Some(LuaValue::Str(text)) => Ok(Cow::Borrowed(text.as_bytes())),
        Some(LuaValue::Float(number)) => Ok(Cow::Owned(general(*number, 14).into_bytes())),
        Some(LuaValue::Int(number)) => Ok(Cow::Owned(int_bytes(*number))),
        _ => Err(bad_type(args, at, "string")),
    }
}

/// An argument as a whole number, the way C cuts it off.
pub(super) fn integer(args: &[LuaValue], at: usize) -> Outcome<i64> {
    let number = number(args.get(at - 1)).ok_or_else(|| bad_type(args, at, "number"))?;
    Ok(c_cast(number))
}

/// The same of an argument that may be missing.
pub(super) fn integer_or(args: &[LuaValue], at: usize, default: i64) -> Outcome<i64> {
    match args.get(at - 1) {
        None | Some(LuaValue::Nil) => Ok(default),
        Some(_) => integer(args, at),
    }
}
