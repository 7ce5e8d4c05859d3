//! Functions of Lua's own libraries that have to be as in Lua 5.1: what they take for a number, where their errors point to, and
//! that they stay within a script's share of memory. Beside that they know the tables that scripts cannot change.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use lua_stdlib::coro_lib::{co_create, co_resume};
use lua_types::LuaClosure;
use lua_types::closure::LuaCClosure;
use lua_types::gc::GcRef;
use lua_vm::state::{LuaCallable, LuaTableRefExt as _};

use crate::args::c_text;

use super::lua::{
    self, Failure, LuaError, LuaState, LuaValue, Outcome, Table, bad_type, charge, give, integer,
    integer_or, is_space, number, raised, reserve, set_function, string, text,
};
use super::{chains, patterns};

/// What one call may push on the stack.
const STACK: usize = 8000;

/// Tables in front of others, which scripts see but cannot change.
type Fronts = Rc<RefCell<Vec<(Table, Table)>>>;

/// The functions, by their names in the libraries.
pub(super) fn library(lua: &mut LuaState) -> Result<Table, LuaError> {
    let table = lua.new_table();
    let fronts = Fronts::default();
    of_tables(lua, table, fronts.clone())?;
    of_arrays(lua, table, fronts)?;
    of_strings(lua, table)?;
    chains::loaders(lua, table)?;
    set_function(lua, table, "tonumber", |lua, args| {
        let found = to_number(args)?;
        give(lua, found.map_or(LuaValue::Nil, LuaValue::Float))
    })?;
    set_function(lua, table, "tostring", to_string)?;
    set_function(lua, table, "create", create)?;
    let wrap = wrapping(lua);
    lua::set(lua, table, "wrap", wrap)?;
    Ok(table)
}

/// What lies behind a table that scripts cannot change.
fn contents(fronts: &Fronts, front: Table) -> Option<Table> {
    let fronts = fronts.borrow();
    let pair = fronts
        .iter()
        .find(|(known, _)| GcRef::ptr_eq(known, &front));
    pair.map(|(_, contents)| *contents)
}

fn any(args: &[LuaValue], at: usize) -> Outcome<()> {
    match args.len() < at {
        true => Err(Failure::Argument(at, "value expected".into())),
        false => Ok(()),
    }
}

fn table_at(args: &[LuaValue], at: usize) -> Outcome<Table> {
    match args.get(at - 1) {
        Some(LuaValue::Table(table)) => Ok(*table),
        _ => Err(bad_type(args, at, "table")),
    }
}

/// An error that does not say where.
fn plain(lua: &mut LuaState, text: &str) -> Failure {
    match string(lua, text.as_bytes()) {
        Ok(value) => Failure::Raised(LuaError::from_value(value)),
        Err(error) => Failure::Raised(error),
    }
}

const READ_ONLY: &str = "Attempt to modify a readonly table";

fn of_tables(lua: &mut LuaState, table: Table, fronts: Fronts) -> Result<(), LuaError> {
    let own = fronts.clone();
    set_function(lua, table, "protects", move |_, args| {
        own.borrow_mut()
            .push((table_at(args, 1)?, table_at(args, 2)?));
        Ok(0)
    })?;
    let behind = move |front: Table| {
        let fronts = fronts.borrow();
        let pair = fronts
            .iter()
            .find(|(known, _)| GcRef::ptr_eq(known, &front));
        pair.map(|(_, contents)| *contents)
    };
    let own = behind.clone();
    set_function(lua, table, "next", move |lua, args| {
        let front = table_at(args, 1)?;
        let key = match args.get(1) {
            None => LuaValue::Nil,
            Some(LuaValue::Float(key)) if key.fract() == 0.0 => LuaValue::Int(*key as i64),
            Some(key) => *key,
        };
        match own(front).unwrap_or(front).next(key) {
            Ok(Some((key, value))) => {
                lua.push(key);
                lua.push(value);
                Ok(2)
            }
            Ok(None) => give(lua, LuaValue::Nil),
            Err(_) => Err(plain(lua, "invalid key to 'next'")),
        }
    })?;
    let own = behind.clone();
    // The iterator is the interpreter's own, which is faster.
    let iterator = lua::global(lua, "next");
    lua.external_root_value(iterator);
    set_function(lua, table, "pairs", move |lua, args| {
        let front = table_at(args, 1)?;
        lua.push(iterator);
        lua.push(LuaValue::Table(own(front).unwrap_or(front)));
        lua.push(LuaValue::Nil);
        Ok(3)
    })?;
    let shown = Rc::new(Cell::new(None));
    let shows = shown.clone();
    set_function(lua, table, "shows", move |lua, args| {
        let all = (table_at(args, 1)?, table_at(args, 2)?, table_at(args, 3)?);
        for table in [all.0, all.1, all.2] {
            lua.external_root_value(LuaValue::Table(table));
        }
        shows.set(Some(all));
        Ok(0)
    })?;
    let own = behind.clone();
    let inner = lua::global(lua, "getmetatable");
    lua.external_root_value(inner);
    set_function(lua, table, "getmetatable", move |lua, args| {
        any(args, 1)?;
        // What makes the tables of the host what they are is nothing that scripts see.
        match (args[0], shown.get()) {
            (LuaValue::Table(front), Some((globals, of_globals, _)))
                if GcRef::ptr_eq(&front, &globals) =>
            {
                return give(lua, LuaValue::Table(of_globals));
            }
            (LuaValue::Table(front), _) if own(front).is_some() => return give(lua, LuaValue::Nil),
            (LuaValue::Str(_), Some((_, _, of_strings))) => {
                return give(lua, LuaValue::Table(of_strings));
            }
            _ => {}
        }
        lua.push(inner);
        lua.push(args[0]);
        lua_vm::api::call_k(lua, 1, 1, 0, None)?;
        Ok(1)
    })?;
    let own = behind.clone();
    set_function(lua, table, "rawget", move |lua, args| {
        let front = table_at(args, 1)?;
        any(args, 2)?;
        let value = own(front).unwrap_or(front).get(&args[1]);
        give(lua, value)
    })?;
    let own = behind.clone();
    set_function(lua, table, "rawset", move |lua, args| {
        let table = table_at(args, 1)?;
        any(args, 2)?;
        any(args, 3)?;
        let wrong = match args[1] {
            _ if own(table).is_some() => Some(READ_ONLY),
            LuaValue::Nil => Some("table index is nil"),
            LuaValue::Float(key) if key.is_nan() => Some("table index is NaN"),
            _ => None,
        };
        if let Some(text) = wrong {
            return Err(plain(lua, text));
        }
        lua::set_any(lua, table, args[1], args[2])?;
        give(lua, args[0])
    })?;
    set_function(lua, table, "setmetatable", move |lua, args| {
        let table = table_at(args, 1)?;
        if !matches!(args.get(1), Some(LuaValue::Nil | LuaValue::Table(_))) {
            return Err(Failure::Argument(2, "nil or table expected".into()));
        }
        if behind(table).is_some() {
            return Err(plain(lua, READ_ONLY));
        }
        let locked = table
            .metatable()
            .map(|own| own.get_str_bytes(b"__metatable"));
        if !matches!(locked, None | Some(LuaValue::Nil)) {
            return Err("cannot change a protected metatable".into());
        }
        lua_vm::api::set_top(lua, 2)?;
        lua_vm::api::set_metatable(lua, 1)?;
        Ok(1)
    })
}

/// The length of a table, whatever its metatable says.
fn length(lua: &mut LuaState, table: Table) -> Outcome<i64> {
    Ok(lua.table_length(&LuaValue::Table(table))?)
}

fn of_arrays(lua: &mut LuaState, table: Table, fronts: Fronts) -> Result<(), LuaError> {
    set_function(lua, table, "unpack", |lua, args| {
        let table = table_at(args, 1)?;
        let from = integer_or(args, 2, 1)? as i32;
        let to = match args.get(2) {
            None | Some(LuaValue::Nil) => length(lua, table)? as i32,
            Some(_) => integer(args, 3)? as i32,
        };
        if from > to {
            return Ok(0);
        }
        let count = i64::from(to) - i64::from(from) + 1;
        if count as usize + args.len() > STACK {
            return Err("too many results to unpack".into());
        }
        lua::room(lua, count as usize)?;
        for at in from..=to {
            let value = table.get_int(i64::from(at));
            lua.push(value);
        }
        Ok(count as usize)
    })?;
    set_function(lua, table, "insert", move |lua, args| {
        let table = table_at(args, 1)?;
        let mut end = length(lua, table)? + 1;
        let at = match args.len() {
            2 => end,
            3 => i64::from(integer(args, 2)? as i32),
            _ => return Err("wrong number of arguments to 'insert'".into()),
        };
        if contents(&fronts, table).is_some() {
            return Err(plain(lua, READ_ONLY));
        }
        end = end.max(at);
        charge(lua, (end - at) as u64)?;
        for place in (at + 1..=end).rev() {
            let value = table.get_int(place - 1);
            table.raw_set_int(lua, place, value)?;
        }
        table.raw_set_int(lua, at, args[args.len() - 1])?;
        Ok(0)
    })?;
    set_function(lua, table, "setn", |_, _| Err("'setn' is obsolete".into()))?;
    set_function(lua, table, "concat", |lua, args| {
        let separator = match args.get(1) {
            None | Some(LuaValue::Nil) => Default::default(),
            Some(_) => text(args, 2)?,
        };
        let table = table_at(args, 1)?;
        let from = i64::from(integer_or(args, 3, 1)? as i32);
        let to = match args.get(3) {
            None | Some(LuaValue::Nil) => length(lua, table)?,
            Some(_) => i64::from(integer(args, 4)? as i32),
        };
        let mut out = Vec::new();
        for at in from..=to {
            let item = table.get_int(at);
            let Ok(part) = text(std::slice::from_ref(&item), 1) else {
                let kind = lua::type_name(Some(&item));
                return Err(
                    format!("invalid value ({kind}) at index {at} in table for 'concat'").into(),
                );
            };
            reserve(lua, out.len() + part.len() + separator.len())?;
            out.extend_from_slice(&part);
            if at < to {
                out.extend_from_slice(&separator);
            }
        }
        let result = string(lua, &out)?;
        give(lua, result)
    })
}

fn of_strings(lua: &mut LuaState, table: Table) -> Result<(), LuaError> {
    /// A place in a text; negative ones count from its end.
    fn place(at: i64, len: usize) -> i64 {
        match at {
            0.. => at,
            back => back.saturating_add(len as i64 + 1).max(0),
        }
    }
    // Nothing could load what it gave: in Redis, too, scripts load text only.
    set_function(lua, table, "dump", |_, args| {
        Err(match args.first() {
            Some(LuaValue::Function(_)) => {
                Failure::Said("unable to dump given function".to_owned())
            }
            _ => bad_type(args, 1, "function"),
        })
    })?;
    set_function(lua, table, "sub", |lua, args| {
        let text = text(args, 1)?;
        let from = place(integer(args, 2)?, text.len()).max(1) as usize;
        let to = place(integer_or(args, 3, -1)?, text.len()).min(text.len() as i64) as usize;
        let part = string(lua, text.get(from - 1..to).unwrap_or_default())?;
        give(lua, part)
    })?;
    set_function(lua, table, "byte", |lua, args| {
        let text = text(args, 1)?;
        let from = place(integer_or(args, 2, 1)?, text.len());
        let to = place(integer_or(args, 3, from)?, text.len()).min(text.len() as i64);
        let part = text
            .get(from.max(1) as usize - 1..to as usize)
            .unwrap_or_default();
        if part.len() + args.len() > STACK {
            return Err("stack overflow (string slice too long)".into());
        }
        lua::room(lua, part.len())?;
        for byte in part {
            lua.push(LuaValue::Float(f64::from(*byte)));
        }
        Ok(part.len())
    })?;
    set_function(lua, table, "char", |lua, args| {
        let byte = |at| {
            let code = integer(args, at)?;
            u8::try_from(code).map_err(|_| Failure::Argument(at, "invalid value".into()))
        };
        let bytes: Vec<u8> = (1..=args.len()).map(byte).collect::<Outcome<_>>()?;
        let text = string(lua, &bytes)?;
        give(lua, text)
    })?;
    set_function(lua, table, "find", |lua, args| {
        patterns::search(lua, args, true)
    })?;
    set_function(lua, table, "match", |lua, args| {
        patterns::search(lua, args, false)
    })?;
    set_function(lua, table, "gsub", patterns::gsub)?;
    let step = lasting(lua, iterate);
    set_function(lua, table, "gmatch", move |lua, args| {
        patterns::checked(args)?;
        let iterator = LuaCClosure {
            func: step,
            upvalues: RefCell::new(vec![args[0], args[1], LuaValue::Float(0.0)]),
        };
        give(lua, LuaValue::Function(LuaClosure::C(GcRef::new(iterator))))
    })
}

/// `coroutine.wrap`, whose functions say where they were called when an error ends the coroutine.
fn wrapping(lua: &mut LuaState) -> LuaValue {
    let goes_on = lasting(lua, go_on);
    lua::function(lua, move |lua, args| {
        create(lua, args)?;
        let function = LuaCClosure {
            func: goes_on,
            upvalues: RefCell::new(vec![lua.pop()]),
        };
        give(lua, LuaValue::Function(LuaClosure::C(GcRef::new(function))))
    })
}

/// `coroutine.create`: only of what is written in Lua.
fn create(lua: &mut LuaState, args: &[LuaValue]) -> Outcome<usize> {
    if !matches!(args.first(), Some(LuaValue::Function(LuaClosure::Lua(_)))) {
        return Err(Failure::Argument(1, "Lua function expected".into()));
    }
    Ok(co_create(lua)?)
}

fn go_on(lua: &mut LuaState) -> Result<usize, LuaError> {
    let own = lua.current_call_info().func;
    let LuaValue::Function(LuaClosure::C(function)) = lua.get_at(own) else {
        return Ok(0);
    };
    let coroutine = function.upvalues.borrow().first().copied();
    let args = lua::arguments(lua);
    lua_vm::api::set_top(lua, 0)?;
    lua.push(coroutine.unwrap_or(LuaValue::Nil));
    for argument in &args {
        lua.push(*argument);
    }
    let count = co_resume(lua)?;
    let top = lua.top_idx();
    if let LuaValue::Bool(true) = lua.get_at(top - count as i32) {
        return Ok(count - 1);
    }
    let error = lua.pop();
    match lua::bytes(&error) {
        Some(text) => {
            let place = lua::place(lua)?;
            let text = string(lua, &[&place[..], &text[..]].concat())?;
            Err(LuaError::from_value(text))
        }
        None => Err(LuaError::from_value(error)),
    }
}

/// Registers what functions that scripts make have in common; it stays for as long as the interpreter.
fn lasting(lua: &mut LuaState, body: fn(&mut LuaState) -> Result<usize, LuaError>) -> usize {
    let mut global = lua.global_mut();
    global.c_functions.push(LuaCallable::rust(Rc::new(body)));
    global.c_functions.len() - 1
}

/// What `string.gmatch` gives: it keeps the text, the pattern, and where it is.
fn iterate(lua: &mut LuaState) -> Result<usize, LuaError> {
    let own = lua.current_call_info().func;
    let LuaValue::Function(LuaClosure::C(iterator)) = lua.get_at(own) else {
        return Ok(0);
    };
    let kept = iterator.upvalues.borrow().clone();
    match patterns::step(lua, &kept) {
        Ok(None) => Ok(0),
        Ok(Some((next, count))) => {
            if let Some(place) = iterator.upvalues.borrow_mut().last_mut() {
                *place = LuaValue::Float(next as f64);
            }
            Ok(count)
        }
        Err(failure) => Err(raised(lua, failure)),
    }
}

fn to_number(args: &[LuaValue]) -> Outcome<Option<f64>> {
    let base = integer_or(args, 2, 10)?;
    if base == 10 {
        any(args, 1)?;
        return Ok(number(args.first()));
    }
    let text = text(args, 1)?;
    if !(2..=36).contains(&base) {
        return Err(Failure::Argument(2, "base out of range".into()));
    }
    Ok(unsigned(&text, base as u32))
}

/// What C's `strtoul` reads, if that is all there is.
fn unsigned(text: &[u8], base: u32) -> Option<f64> {
    let text = c_text(text);
    let start = text.iter().position(|b| !is_space(*b))?;
    let text = &text[start..];
    let (negative, text) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        text => (false, text),
    };
    let digit = |b: &u8| char::from(*b).to_digit(base);
    let text = match text {
        [b'0', b'x' | b'X', rest @ ..] if base == 16 && rest.first().and_then(digit).is_some() => {
            rest
        }
        text => text,
    };
    let count = text.iter().map_while(digit).count();
    if count == 0 || !text[count..].iter().all(|b| is_space(*b)) {
        return None;
    }
    let value = text.iter().map_while(digit).try_fold(0u64, |value, digit| {
        value
            .checked_mul(u64::from(base))?
            .checked_add(u64::from(digit))
    });
    Some(match value {
        None => u64::MAX as f64,
        Some(value) if negative => value.wrapping_neg() as f64,
        Some(value) => value as f64,
    })
}

/// `tostring`. Addresses differ from run to run, so nothing shows them.
fn to_string(lua: &mut LuaState, args: &[LuaValue]) -> Outcome<usize> {
    any(args, 1)?;
    let value = args[0];
    if let LuaValue::Table(table) = value
        && let Some(own) = table.metatable()
        && let shown @ (LuaValue::Function(_) | LuaValue::Table(_)) =
            own.get_str_bytes(b"__tostring")
    {
        lua.push(shown);
        lua.push(value);
        lua_vm::api::call_k(lua, 1, 1, 0, None)?;
        return Ok(1);
    }
    let shown = match value {
        LuaValue::Str(_) => return give(lua, value),
        LuaValue::Nil => "nil".into(),
        LuaValue::Bool(yes) => yes.to_string(),
        LuaValue::Int(_) | LuaValue::Float(_) => {
            let shown = text(args, 1)?.into_owned();
            let shown = string(lua, &shown)?;
            return give(lua, shown);
        }
        LuaValue::LightUserData(pointer) if pointer.is_null() => "userdata: (nil)".into(),
        other => format!("{}: 0x0", lua::type_name(Some(&other))),
    };
    let shown = string(lua, shown.as_bytes())?;
    give(lua, shown)
}
