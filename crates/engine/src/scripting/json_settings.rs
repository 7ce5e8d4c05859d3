//! What `cjson` can be told: how deep, how exact and how strict it is.

use std::cell::RefCell;
use std::rc::Rc;

use super::lua::{
    LuaError, LuaState, LuaValue, Outcome, Table, bytes, number, set_function, string, type_name,
};

/// The settings in force, as the original starts with them.
#[derive(Clone, Copy)]
pub(crate) struct JsonSettings {
    /// Arrays with too few elements for their length become objects instead of errors.
    pub(super) sparse_convert: bool,
    /// So many times longer than its number of elements is too long; 0 for never.
    pub(super) sparse_ratio: usize,
    /// Up to this length nothing is too long.
    pub(super) sparse_safe: usize,
    pub(super) encode_depth: usize,
    pub(super) decode_depth: usize,
    pub(super) precision: usize,
    pub(super) invalid: Invalid,
    pub(super) decode_invalid: bool,
    keep_buffer: bool,
}

/// What becomes of numbers that JSON does not have.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Invalid {
    Refused,
    /// `inf` and `nan`, though that is no JSON.
    Written,
    Null,
}

impl Default for JsonSettings {
    fn default() -> JsonSettings {
        JsonSettings {
            sparse_convert: false,
            sparse_ratio: 2,
            sparse_safe: 10,
            encode_depth: 1000,
            decode_depth: 1000,
            precision: 14,
            invalid: Invalid::Refused,
            decode_invalid: true,
            keep_buffer: true,
        }
    }
}

pub(super) type Shared = Rc<RefCell<JsonSettings>>;

type Field<T> = fn(&mut JsonSettings) -> &mut T;

const MAX: usize = i32::MAX as usize;

/// Puts the functions that ask and change the settings into the library.
pub(super) fn functions(lua: &mut LuaState, table: Table, shared: &Shared) -> Result<(), LuaError> {
    let numbers: [(&'static str, Field<usize>, usize); 3] = [
        ("encode_max_depth", |s| &mut s.encode_depth, MAX),
        ("decode_max_depth", |s| &mut s.decode_depth, MAX),
        ("encode_number_precision", |s| &mut s.precision, 14),
    ];
    for (name, field, max) in numbers {
        let own = shared.clone();
        set_function(lua, table, name, move |lua, args| {
            at_most(args, 1, name)?;
            let mut settings = own.borrow_mut();
            let value = integer(args.first(), field(&mut settings), (1, max), (1, name))?;
            lua.push(value);
            Ok(1)
        })?;
    }
    let switches: [(&'static str, Field<bool>); 2] = [
        ("encode_keep_buffer", |s| &mut s.keep_buffer),
        ("decode_invalid_numbers", |s| &mut s.decode_invalid),
    ];
    for (name, field) in switches {
        let own = shared.clone();
        set_function(lua, table, name, move |lua, args| {
            at_most(args, 1, name)?;
            let mut settings = own.borrow_mut();
            let setting = field(&mut settings);
            if let Some(chosen) = option(args.first(), &["off", "on"], name)? {
                *setting = chosen == 1;
            }
            lua.push(LuaValue::Bool(*setting));
            Ok(1)
        })?;
    }
    let own = shared.clone();
    set_function(lua, table, "encode_invalid_numbers", move |lua, args| {
        let name = "encode_invalid_numbers";
        at_most(args, 1, name)?;
        let mut settings = own.borrow_mut();
        if let Some(chosen) = option(args.first(), &["off", "on", "null"], name)? {
            let all = [Invalid::Refused, Invalid::Written, Invalid::Null];
            settings.invalid = all.get(chosen).copied().unwrap_or(Invalid::Refused);
        }
        let value = match settings.invalid {
            Invalid::Refused => LuaValue::Bool(false),
            Invalid::Written => LuaValue::Bool(true),
            Invalid::Null => string(lua, b"null")?,
        };
        lua.push(value);
        Ok(1)
    })?;
    let own = shared.clone();
    set_function(lua, table, "encode_sparse_array", move |lua, args| {
        let name = "encode_sparse_array";
        at_most(args, 3, name)?;
        let mut settings = own.borrow_mut();
        if let Some(chosen) = option(args.first(), &["off", "on"], name)? {
            settings.sparse_convert = chosen == 1;
        }
        let convert = LuaValue::Bool(settings.sparse_convert);
        let ratio = integer(args.get(1), &mut settings.sparse_ratio, (0, MAX), (2, name))?;
        let safe = integer(args.get(2), &mut settings.sparse_safe, (0, MAX), (3, name))?;
        for value in [convert, ratio, safe] {
            lua.push(value);
        }
        Ok(3)
    })
}

fn at_most(args: &[LuaValue], count: usize, name: &str) -> Outcome<()> {
    if args.len() > count {
        let at = count + 1;
        return Err(format!("bad argument #{at} to '{name}' (found too many arguments)").into());
    }
    Ok(())
}

/// Changes a number, unless the argument is missing; gives the number in force.
fn integer(
    value: Option<&LuaValue>,
    setting: &mut usize,
    (min, max): (usize, usize),
    (at, name): (usize, &str),
) -> Outcome<LuaValue> {
    if !matches!(value, None | Some(LuaValue::Nil)) {
        let given = number(value).ok_or_else(|| {
            let got = type_name(value);
            format!("bad argument #{at} to '{name}' (number expected, got {got})")
        })?;
        let chosen = (given >= min as f64 && given < max as f64 + 1.0).then_some(given as usize);
        *setting = chosen.ok_or_else(|| {
            // The original names the first argument, whichever it is.
            format!("bad argument #1 to '{name}' (expected integer between {min} and {max})")
        })?;
    }
    Ok(LuaValue::Float(*setting as f64))
}

/// Which of these words, or on and off as a boolean; `None` if the argument is missing.
fn option(value: Option<&LuaValue>, words: &[&str], name: &str) -> Outcome<Option<usize>> {
    let text = match value {
        None | Some(LuaValue::Nil) => return Ok(None),
        Some(LuaValue::Bool(on)) => return Ok(Some(usize::from(*on))),
        Some(LuaValue::Float(number)) => redwind_resp::format_double(*number),
        Some(value) => match bytes(value) {
            Some(text) => String::from_utf8_lossy(&text).into_owned(),
            None => {
                let got = type_name(Some(value));
                let text = format!("bad argument #1 to '{name}' (string expected, got {got})");
                return Err(text.into());
            }
        },
    };
    let known = words.iter().position(|word| *word == text);
    let known =
        known.ok_or_else(|| format!("bad argument #1 to '{name}' (invalid option '{text}')"))?;
    Ok(Some(known))
}
