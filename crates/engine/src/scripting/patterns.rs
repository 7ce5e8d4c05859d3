//! Lua 5.1's patterns: `string.find`, `match`, `gmatch` and `gsub`, with its errors, in a bounded number of steps and a bounded
//! amount of memory.

use super::lua::{
    self, Failure, LuaState, LuaValue, Outcome, charge, integer_or, reserve, string, text,
};
use super::matcher::{Capture, Matcher};

const SPECIALS: &[u8] = b"^$*+?.([%-";

/// `string.find` and `string.match`
pub(super) fn search(lua: &mut LuaState, args: &[LuaValue], find: bool) -> Outcome<usize> {
    let (subject, pattern) = (text(args, 1)?, text(args, 2)?);
    let init = match integer_or(args, 3, 1)? {
        at @ 1.. => at as usize - 1,
        0 => 0,
        back => subject.len().saturating_sub(back.unsigned_abs() as usize),
    };
    let init = init.min(subject.len());
    let plain = !matches!(
        args.get(3),
        None | Some(LuaValue::Nil | LuaValue::Bool(false))
    );
    let pattern = &pattern[..];
    // C looks for special characters up to the first NUL.
    if find && (plain || !until_nul(pattern).iter().any(|b| SPECIALS.contains(b))) {
        charge(lua, (subject.len() - init) as u64 / 16)?;
        let found = position(&subject[init..], pattern);
        let Some(at) = found else {
            lua.push(LuaValue::Nil);
            return Ok(1);
        };
        lua.push(LuaValue::Float((init + at + 1) as f64));
        lua.push(LuaValue::Float((init + at + pattern.len()) as f64));
        return Ok(2);
    }
    let mut matcher = Matcher::new(lua, &subject, until_nul(pattern));
    let anchored = matcher.take_anchor();
    for start in init..=subject.len() {
        if let Some(end) = matcher.at(start)? {
            let captures = matcher.captures((start, end), !find)?;
            matcher.settle(lua)?;
            if find {
                lua.push(LuaValue::Float((start + 1) as f64));
                lua.push(LuaValue::Float(end as f64));
            }
            let count = push_captures(lua, &captures)?;
            return Ok(count + if find { 2 } else { 0 });
        }
        if anchored {
            break;
        }
    }
    matcher.settle(lua)?;
    lua.push(LuaValue::Nil);
    Ok(1)
}

fn until_nul(text: &[u8]) -> &[u8] {
    let end = text.iter().position(|b| *b == 0);
    &text[..end.unwrap_or(text.len())]
}

fn position(text: &[u8], part: &[u8]) -> Option<usize> {
    match part {
        [] => Some(0),
        [first, ..] => {
            let mut from = 0;
            loop {
                let at = from + text[from..].iter().position(|b| b == first)?;
                if text[at..].starts_with(part) {
                    return Some(at);
                }
                from = at + 1;
            }
        }
    }
}

fn push_captures(lua: &mut LuaState, captures: &[Capture<'_>]) -> Outcome<usize> {
    reserve(lua, captures.iter().map(Capture::len).sum())?;
    lua::room(lua, captures.len())?;
    for capture in captures {
        let value = value_of(lua, capture)?;
        lua.push(value);
    }
    Ok(captures.len())
}

fn value_of(lua: &mut LuaState, capture: &Capture<'_>) -> Outcome<LuaValue> {
    Ok(match capture {
        Capture::Text(text) => string(lua, text)?,
        Capture::Place(at) => LuaValue::Float(*at as f64),
    })
}

/// One step of the iterator that `string.gmatch` gives: pushes the captures; tells where the search goes on, and how many they
/// are.
pub(super) fn step(lua: &mut LuaState, args: &[LuaValue]) -> Outcome<Option<(usize, usize)>> {
    let (subject, pattern) = (text(args, 1)?, text(args, 2)?);
    let from = integer_or(args, 3, 0)?.max(0) as usize;
    let mut matcher = Matcher::new(lua, &subject, until_nul(&pattern));
    for start in from..=subject.len() {
        if let Some(end) = matcher.at(start)? {
            let captures = matcher.captures((start, end), true)?;
            matcher.settle(lua)?;
            let next = if end == start { end + 1 } else { end };
            return Ok(Some((next, push_captures(lua, &captures)?)));
        }
    }
    matcher.settle(lua)?;
    Ok(None)
}

/// `string.gsub(s, pattern, repl [, n])`
pub(super) fn gsub(lua: &mut LuaState, args: &[LuaValue]) -> Outcome<usize> {
    let (subject, pattern) = (text(args, 1)?, text(args, 2)?);
    let most = integer_or(args, 4, subject.len() as i64 + 1)?;
    let replacement = match args.get(2) {
        Some(LuaValue::Str(_) | LuaValue::Float(_) | LuaValue::Int(_)) => Some(text(args, 3)?),
        Some(LuaValue::Function(_) | LuaValue::Table(_)) => None,
        _ => {
            return Err(Failure::Argument(
                3,
                "string/function/table expected".into(),
            ));
        }
    };
    let mut matcher = Matcher::new(lua, &subject, until_nul(&pattern));
    let anchored = matcher.take_anchor();
    let (mut out, mut at, mut count) = (Vec::new(), 0, 0);
    while count < most {
        let found = matcher.at(at)?;
        if let Some(end) = found {
            count += 1;
            matcher.settle(lua)?;
            match &replacement {
                Some(text) => expand(&matcher, text, (at, end), &mut out)?,
                None => replaced(lua, &matcher, &args[2], (at, end), &mut out)?,
            }
            reserve(lua, out.len())?;
        }
        match found {
            Some(end) if end > at => at = end,
            _ if at < subject.len() => {
                out.push(subject[at]);
                at += 1;
            }
            _ => break,
        }
        if anchored {
            break;
        }
    }
    matcher.settle(lua)?;
    out.extend_from_slice(&subject[at.min(subject.len())..]);
    reserve(lua, out.len())?;
    let result = string(lua, &out)?;
    lua.push(result);
    lua.push(LuaValue::Float(count as f64));
    Ok(2)
}

/// A replacement text, in which `%1` stands for a capture and `%0` for all that matched.
fn expand(
    matcher: &Matcher<'_>,
    text: &[u8],
    (start, end): (usize, usize),
    out: &mut Vec<u8>,
) -> Outcome<()> {
    let mut rest = text.iter();
    while let Some(byte) = rest.next() {
        if *byte != b'%' {
            out.push(*byte);
            continue;
        }
        // After the last byte C reads the NUL that ends the text.
        match rest.next().copied().unwrap_or(0) {
            b'0' => out.extend_from_slice(&matcher.subject[start..end]),
            digit @ b'1'..=b'9' => {
                match matcher.capture(usize::from(digit - b'1'), Some((start, end)))? {
                    Capture::Text(text) => out.extend_from_slice(text),
                    Capture::Place(at) => out.extend_from_slice(at.to_string().as_bytes()),
                }
            }
            other => out.push(other),
        }
        if out.len() > matcher.most_memory {
            return Err(Failure::TooMuch(out.len()));
        }
    }
    Ok(())
}

/// What a function gives for a match, or a table has for it.
fn replaced(
    lua: &mut LuaState,
    matcher: &Matcher<'_>,
    replacement: &LuaValue,
    (start, end): (usize, usize),
    out: &mut Vec<u8>,
) -> Outcome<()> {
    let before = lua.top_idx();
    if let LuaValue::Function(_) = replacement {
        lua.push(*replacement);
        let captures = matcher.captures((start, end), true)?;
        let count = push_captures(lua, &captures)?;
        lua_vm::api::call_k(lua, count as i32, 1, 0, None)?;
    } else {
        let key = value_of(lua, &matcher.capture(0, Some((start, end)))?)?;
        lua.push(key);
        lua_vm::api::get_table(lua, 3)?;
    }
    let value = lua.pop();
    lua.set_top_idx(before);
    match value {
        LuaValue::Nil | LuaValue::Bool(false) => {
            out.extend_from_slice(&matcher.subject[start..end]);
        }
        LuaValue::Str(_) | LuaValue::Float(_) | LuaValue::Int(_) => {
            out.extend_from_slice(&text(&[value], 1)?);
        }
        other => {
            let kind = lua::type_name(Some(&other));
            return Err(format!("invalid replacement value (a {kind})").into());
        }
    }
    Ok(())
}

/// `string.gmatch` checks its arguments when it is called.
pub(super) fn checked(args: &[LuaValue]) -> Outcome<()> {
    for at in [1, 2] {
        text(args, at)?;
    }
    Ok(())
}
