//! The `bit` library: operations on 32-bit integers.

use omnilua::{Lua, Result, Table, Value, Variadic};

/// A number as 32 bits, wrapping as the original library does.
fn to_bits(value: Option<&Value>) -> Option<u32> {
    let number = match value? {
        Value::Integer(number) => return Some(*number as u32),
        Value::Number(number) => *number,
        Value::String(text) => text.to_str().ok()?.trim().parse().ok()?,
        _ => return None,
    };
    // Adding this rounds to a whole number, whose low bits are then the mantissa's.
    Some((number + 6_755_399_441_055_744.0).to_bits() as u32)
}

fn number(bits: u32) -> Value {
    Value::Number(f64::from(bits as i32))
}

type Answer = Result<(Value, Value)>;

fn done(bits: u32) -> Answer {
    Ok((Value::Integer(1), number(bits)))
}

fn failed(lua: &Lua, name: &str, at: usize, got: Option<&Value>) -> Answer {
    let got = match got {
        None => "no value",
        Some(Value::Nil) => "nil",
        Some(Value::Table(_)) => "table",
        Some(Value::String(_)) => "string",
        Some(Value::Boolean(_)) => "boolean",
        Some(_) => "function",
    };
    let text = format!("bad argument #{at} to '{name}' (number expected, got {got})");
    Ok((
        Value::Boolean(false),
        super::convert::string(lua, text.as_bytes())?,
    ))
}

type Unary = fn(u32) -> u32;
type Binary = fn(u32, u32) -> u32;

/// The library, each function giving a count and its result, or false and a message.
pub(super) fn library(lua: &Lua) -> Result<Table> {
    let table = lua.create_table()?;
    let unary: [(&str, Unary); 3] = [
        ("tobit", |a| a),
        ("bnot", |a| !a),
        ("bswap", u32::swap_bytes),
    ];
    for (name, f) in unary {
        table.raw_set(
            name,
            lua.create_function(move |lua, args: Variadic<Value>| {
                let args = args.into_vec();
                to_bits(args.first())
                    .map_or_else(|| failed(lua, name, 1, args.first()), |a| done(f(a)))
            })?,
        )?;
    }
    let many: [(&str, Binary); 3] = [
        ("band", |a, b| a & b),
        ("bor", |a, b| a | b),
        ("bxor", |a, b| a ^ b),
    ];
    for (name, f) in many {
        table.raw_set(
            name,
            lua.create_function(move |lua, args: Variadic<Value>| {
                let args = args.into_vec();
                let mut result = None;
                for at in 0..args.len().max(1) {
                    let Some(bits) = to_bits(args.get(at)) else {
                        return failed(lua, name, at + 1, args.get(at));
                    };
                    result = Some(result.map_or(bits, |before| f(before, bits)));
                }
                done(result.unwrap_or(0))
            })?,
        )?;
    }
    let shifts: [(&str, Binary); 5] = [
        ("lshift", |a, n| a << n),
        ("rshift", |a, n| a >> n),
        ("arshift", |a, n| ((a as i32) >> n) as u32),
        ("rol", u32::rotate_left),
        ("ror", u32::rotate_right),
    ];
    for (name, f) in shifts {
        table.raw_set(
            name,
            lua.create_function(move |lua, args: Variadic<Value>| {
                let args = args.into_vec();
                let Some(bits) = to_bits(args.first()) else {
                    return failed(lua, name, 1, args.first());
                };
                let Some(by) = to_bits(args.get(1)) else {
                    return failed(lua, name, 2, args.get(1));
                };
                done(f(bits, by & 31))
            })?,
        )?;
    }
    table.raw_set(
        "tohex",
        lua.create_function(|lua, args: Variadic<Value>| {
            let args = args.into_vec();
            let name = "tohex";
            let Some(bits) = to_bits(args.first()) else {
                return failed(lua, name, 1, args.first());
            };
            let digits = match args.get(1) {
                None => 8,
                some => match to_bits(some) {
                    Some(digits) => digits as i32,
                    None => return failed(lua, name, 2, some),
                },
            };
            let upper = digits < 0;
            let count = digits.unsigned_abs().min(8) as usize;
            let text = if upper {
                format!("{bits:08X}")
            } else {
                format!("{bits:08x}")
            };
            Ok((
                Value::Integer(1),
                super::convert::string(lua, &text.as_bytes()[8 - count..])?,
            ))
        })?,
    )?;
    Ok(table)
}
