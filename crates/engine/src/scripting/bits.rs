//! The `bit` library: operations on 32-bit integers.

use super::lua::{
    LuaError, LuaState, LuaValue, Outcome, Table, bad_type, give, number, set_function, string,
};

/// An argument as 32 bits, wrapping as the original library does.
fn bits(args: &[LuaValue], at: usize) -> Outcome<u32> {
    if let Some(LuaValue::Int(number)) = args.get(at) {
        return Ok(*number as u32);
    }
    // Adding this rounds to a whole number, whose low bits are then the mantissa's.
    if let Some(number) = number(args.get(at)) {
        return Ok((number + 6_755_399_441_055_744.0).to_bits() as u32);
    }
    Err(bad_type(args, at + 1, "number"))
}

fn done(lua: &mut LuaState, bits: u32) -> Outcome<usize> {
    give(lua, LuaValue::Float(f64::from(bits as i32)))
}

type Unary = fn(u32) -> u32;
type Binary = fn(u32, u32) -> u32;

/// The library.
pub(super) fn library(lua: &mut LuaState) -> Result<Table, LuaError> {
    let table = lua.new_table();
    let unary: [(&str, Unary); 3] = [
        ("tobit", |a| a),
        ("bnot", |a| !a),
        ("bswap", u32::swap_bytes),
    ];
    for (name, f) in unary {
        set_function(lua, table, name, move |lua, args| {
            let bits = bits(args, 0)?;
            done(lua, f(bits))
        })?;
    }
    let many: [(&str, Binary); 3] = [
        ("band", |a, b| a & b),
        ("bor", |a, b| a | b),
        ("bxor", |a, b| a ^ b),
    ];
    for (name, f) in many {
        set_function(lua, table, name, move |lua, args| {
            let mut result = bits(args, 0)?;
            for at in 1..args.len() {
                result = f(result, bits(args, at)?);
            }
            done(lua, result)
        })?;
    }
    let shifts: [(&str, Binary); 5] = [
        ("lshift", |a, n| a << n),
        ("rshift", |a, n| a >> n),
        ("arshift", |a, n| ((a as i32) >> n) as u32),
        ("rol", u32::rotate_left),
        ("ror", u32::rotate_right),
    ];
    for (name, f) in shifts {
        set_function(lua, table, name, move |lua, args| {
            let (value, by) = (bits(args, 0)?, bits(args, 1)?);
            done(lua, f(value, by & 31))
        })?;
    }
    set_function(lua, table, "tohex", |lua, args| {
        let value = bits(args, 0)?;
        let digits = match args.get(1) {
            None => 8,
            Some(_) => bits(args, 1)? as i32,
        };
        let text = if digits < 0 {
            format!("{value:08X}")
        } else {
            format!("{value:08x}")
        };
        let count = digits.unsigned_abs().min(8) as usize;
        let text = string(lua, &text.as_bytes()[8 - count..])?;
        give(lua, text)
    })?;
    Ok(table)
}
