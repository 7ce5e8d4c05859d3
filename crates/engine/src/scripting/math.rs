//! Lua 5.1's `math`. Its digits are the same on every machine: none of it asks the platform's own library.

use std::cell::RefCell;
use std::f64::consts::PI;
use std::rc::Rc;

use super::drand::{Drand, random};
use super::lua::{
    self, LuaError, LuaState, LuaValue, Outcome, Table, bad_type, give, integer, set_function,
};
use super::machine::Settings;

/// A function of one number.
type One = fn(f64) -> f64;

/// A function of two.
type Two = fn(f64, f64) -> f64;

const ONE: [(&str, One); 18] = [
    ("abs", libm::fabs),
    ("acos", libm::acos),
    ("asin", libm::asin),
    ("atan", libm::atan),
    ("ceil", libm::ceil),
    ("cos", libm::cos),
    ("cosh", libm::cosh),
    ("deg", |x| x / (PI / 180.0)),
    ("exp", libm::exp),
    ("floor", libm::floor),
    ("log", libm::log),
    ("log10", libm::log10),
    ("rad", |x| x * (PI / 180.0)),
    ("sin", libm::sin),
    ("sinh", libm::sinh),
    ("sqrt", libm::sqrt),
    ("tan", libm::tan),
    ("tanh", libm::tanh),
];

const TWO: [(&str, Two); 4] = [
    ("atan2", libm::atan2),
    ("fmod", libm::fmod),
    ("mod", libm::fmod),
    ("pow", libm::pow),
];

/// Whether a number is taken rather than the one taken so far.
type Better = fn(f64, f64) -> bool;

const BEST: [(&str, Better); 2] = [("max", |a, b| a > b), ("min", |a, b| a < b)];

fn number(args: &[LuaValue], at: usize) -> Outcome<f64> {
    lua::number(args.get(at - 1)).ok_or_else(|| bad_type(args, at, "number"))
}

fn both(lua: &mut LuaState, one: f64, other: f64) -> Outcome<usize> {
    lua.push(LuaValue::Float(one));
    lua.push(LuaValue::Float(other));
    Ok(2)
}

/// The whole library; `math.random` draws from a script's own luck.
pub(super) fn library(
    lua: &mut LuaState,
    settings: &Rc<RefCell<Settings>>,
) -> Result<Table, LuaError> {
    let table = lua.new_table();
    for (name, value) in [("pi", PI), ("huge", f64::INFINITY)] {
        lua::set(lua, table, name, LuaValue::Float(value))?;
    }
    for (name, of) in ONE {
        set_function(lua, table, name, move |lua, args| {
            let x = number(args, 1)?;
            give(lua, LuaValue::Float(of(x)))
        })?;
    }
    for (name, of) in TWO {
        set_function(lua, table, name, move |lua, args| {
            // As in C, whose compilers look at the last argument first.
            let y = number(args, 2)?;
            let x = number(args, 1)?;
            give(lua, LuaValue::Float(of(x, y)))
        })?;
    }
    for (name, better) in BEST {
        set_function(lua, table, name, move |lua, args| {
            let mut best = number(args, 1)?;
            for at in 2..=args.len() {
                let next = number(args, at)?;
                if better(next, best) {
                    best = next;
                }
            }
            give(lua, LuaValue::Float(best))
        })?;
    }
    set_function(lua, table, "frexp", |lua, args| {
        let (fraction, exponent) = libm::frexp(number(args, 1)?);
        both(lua, fraction, f64::from(exponent))
    })?;
    set_function(lua, table, "ldexp", |lua, args| {
        let exponent = integer(args, 2)?;
        let x = number(args, 1)?;
        give(lua, LuaValue::Float(libm::ldexp(x, exponent as i32)))
    })?;
    set_function(lua, table, "modf", |lua, args| {
        let (fraction, whole) = libm::modf(number(args, 1)?);
        both(lua, whole, fraction)
    })?;
    let own = settings.clone();
    set_function(lua, table, "random", move |lua, args| {
        let draw = own.borrow_mut().luck.draw();
        let drawn = random(draw, args)?;
        give(lua, LuaValue::Float(drawn))
    })?;
    let own = settings.clone();
    set_function(lua, table, "randomseed", move |_, args| {
        let seed = number(args, 1)?;
        own.borrow_mut().luck = Drand::seeded(seed as i64 as u32);
        Ok(0)
    })?;
    Ok(table)
}
