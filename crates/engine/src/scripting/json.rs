//! The `cjson` library.

use crate::args::c_text;
use crate::number::{float_prefix, general, int_bytes};

use super::json_settings::{self, Invalid, JsonSettings, Shared};
use super::lua::{
    self, Failure, LuaError, LuaState, LuaValue, Outcome, Table, bad_type, bytes, charge, give,
    pairs, reserve, set, set_function, string, type_name,
};

/// What stands for JSON's null.
const NULL: LuaValue = LuaValue::LightUserData(std::ptr::null_mut());

/// The library; `new` gives a second one, with settings of its own that start afresh.
pub(super) fn library(
    lua: &mut LuaState,
    settings: &Shared,
    second: &Shared,
) -> Result<Table, LuaError> {
    let table = with_settings(lua, settings)?;
    let other = with_settings(lua, second)?;
    // What scripts make must not grow what the interpreter keeps, so there is one for all.
    lua.external_root_value(LuaValue::Table(other));
    let second = second.clone();
    set_function(lua, table, "new", move |lua, _| {
        *second.borrow_mut() = JsonSettings::default();
        give(lua, LuaValue::Table(other))
    })?;
    Ok(table)
}

fn with_settings(lua: &mut LuaState, settings: &Shared) -> Result<Table, LuaError> {
    let table = lua.new_table();
    set(lua, table, "null", NULL)?;
    for (name, text) in [("_NAME", "cjson"), ("_VERSION", "2.1.0")] {
        let text = string(lua, text.as_bytes())?;
        set(lua, table, name, text)?;
    }
    let own = settings.clone();
    set_function(lua, table, "encode", move |lua, args| {
        let [value] = args else {
            return Err(Failure::Argument(1, "expected 1 argument".into()));
        };
        let mut out = Vec::new();
        encode(lua, value, &own.borrow(), 0, &mut out)?;
        let text = string(lua, &out)?;
        give(lua, text)
    })?;
    let own = settings.clone();
    set_function(lua, table, "decode", move |lua, args| {
        let text = match args {
            [LuaValue::Float(number)] => redwind_resp::format_double(*number).into(),
            [LuaValue::Int(number)] => int_bytes(*number).into(),
            [value] => bytes(value).ok_or_else(|| bad_type(args, 1, "string"))?,
            _ => return Err(Failure::Argument(1, "expected 1 argument".into())),
        };
        if matches!(&text[..], [0, _, ..] | [_, 0, ..]) {
            return Err("JSON parser does not support UTF-16 or UTF-32".into());
        }
        let mut reader = Reader {
            lua,
            text: c_text(&text),
            at: 0,
            settings: *own.borrow(),
        };
        let value = reader.document()?;
        give(lua, value)
    })?;
    json_settings::functions(lua, table, settings)?;
    Ok(table)
}

/// Deeper than this nothing nests, whatever a script sets: the machine's stack is bounded, too.
const DEEPEST: usize = 1000;

// Tables nest, so what is not about that is kept off the stack, in functions of its own.
fn encode(
    lua: &LuaState,
    value: &LuaValue,
    settings: &JsonSettings,
    depth: usize,
    out: &mut Vec<u8>,
) -> Outcome<()> {
    match value {
        LuaValue::Table(table) => encode_table(lua, *table, settings, depth + 1, out),
        plain => encode_plain(lua, plain, settings, out),
    }
}

fn encode_plain(
    lua: &LuaState,
    value: &LuaValue,
    settings: &JsonSettings,
    out: &mut Vec<u8>,
) -> Outcome<()> {
    match value {
        LuaValue::Nil => out.extend_from_slice(b"null"),
        LuaValue::LightUserData(pointer) if pointer.is_null() => out.extend_from_slice(b"null"),
        LuaValue::Bool(yes) => out.extend_from_slice(if *yes { b"true" } else { b"false" }),
        LuaValue::Int(number) => {
            out.extend_from_slice(general(*number as f64, settings.precision).as_bytes());
        }
        LuaValue::Float(number) if number.is_finite() => {
            out.extend_from_slice(general(*number, settings.precision).as_bytes());
        }
        LuaValue::Float(number) => match settings.invalid {
            Invalid::Refused => {
                return Err("Cannot serialise number: must not be NaN or Inf".into());
            }
            Invalid::Written if number.is_nan() => out.extend_from_slice(b"nan"),
            Invalid::Written => out.extend_from_slice(general(*number, 14).as_bytes()),
            Invalid::Null => out.extend_from_slice(b"null"),
        },
        LuaValue::Str(text) => {
            // A byte becomes six at most.
            reserve(lua, out.len() + 6 * text.as_bytes().len())?;
            quote(text.as_bytes(), out);
        }
        other => {
            let kind = type_name(Some(other));
            return Err(format!("Cannot serialise {kind}: type not supported").into());
        }
    }
    Ok(())
}

/// How a table is written.
enum Shape {
    /// With so many elements.
    Array(usize),
    Object(Vec<(LuaValue, LuaValue)>),
}

fn shape(lua: &LuaState, table: Table, settings: &JsonSettings, depth: usize) -> Outcome<Shape> {
    if depth > settings.encode_depth.min(DEEPEST) {
        return Err(format!("Cannot serialise, excessive nesting ({depth})").into());
    }
    let pairs = pairs(table);
    // A table may be in many places.
    charge(lua, pairs.len() as u64 + 1)?;
    let len = array_len(&pairs).filter(|len| *len > 0);
    // Few elements with large indexes would become a long list of nulls.
    let sparse = len.is_some_and(|len| {
        let most = pairs.len().saturating_mul(settings.sparse_ratio);
        settings.sparse_ratio > 0 && len > most && len > settings.sparse_safe
    });
    if sparse && !settings.sparse_convert {
        return Err("Cannot serialise table: excessively sparse array".into());
    }
    Ok(match len.filter(|_| !sparse) {
        Some(len) => Shape::Array(len),
        None => Shape::Object(pairs),
    })
}

fn encode_table(
    lua: &LuaState,
    table: Table,
    settings: &JsonSettings,
    depth: usize,
    out: &mut Vec<u8>,
) -> Outcome<()> {
    match shape(lua, table, settings, depth)? {
        Shape::Array(len) => {
            out.push(b'[');
            for at in 1..=len {
                if at > 1 {
                    out.push(b',');
                }
                reserve(lua, out.len())?;
                encode(lua, &table.get_int(at as i64), settings, depth, out)?;
            }
            out.push(b']');
        }
        Shape::Object(pairs) => {
            out.push(b'{');
            for (at, (key, value)) in pairs.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                encode_key(lua, key, settings, out)?;
                encode(lua, value, settings, depth, out)?;
            }
            out.push(b'}');
        }
    }
    Ok(())
}

fn encode_key(
    lua: &LuaState,
    key: &LuaValue,
    settings: &JsonSettings,
    out: &mut Vec<u8>,
) -> Outcome<()> {
    match key {
        LuaValue::Str(text) => {
            reserve(lua, out.len() + 6 * text.as_bytes().len())?;
            quote(text.as_bytes(), out);
        }
        LuaValue::Float(number) => quote(general(*number, settings.precision).as_bytes(), out),
        LuaValue::Int(number) => {
            quote(general(*number as f64, settings.precision).as_bytes(), out);
        }
        other => {
            let kind = type_name(Some(other));
            let text = format!("Cannot serialise {kind}: table key must be a number or string");
            return Err(text.into());
        }
    }
    out.push(b':');
    Ok(())
}

/// The largest index, if all keys are positive whole numbers.
pub(super) fn array_len(pairs: &[(LuaValue, LuaValue)]) -> Option<usize> {
    let mut max = 0;
    for (key, _) in pairs {
        let index = match key {
            LuaValue::Float(n) if *n >= 1.0 && n.fract() == 0.0 && *n < 1e15 => *n as usize,
            LuaValue::Int(n) if *n >= 1 => *n as usize,
            _ => return None,
        };
        max = max.max(index);
    }
    Some(max)
}

fn quote(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for byte in text {
        match byte {
            b'"' | b'\\' | b'/' => out.extend_from_slice(&[b'\\', *byte]),
            8 => out.extend_from_slice(b"\\b"),
            9 => out.extend_from_slice(b"\\t"),
            10 => out.extend_from_slice(b"\\n"),
            12 => out.extend_from_slice(b"\\f"),
            13 => out.extend_from_slice(b"\\r"),
            0..0x20 | 0x7f => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            _ => out.push(*byte),
        }
    }
    out.push(b'"');
}

struct Reader<'a> {
    lua: &'a mut LuaState,
    text: &'a [u8],
    at: usize,
    settings: JsonSettings,
}

impl Reader<'_> {
    fn document(&mut self) -> Outcome<LuaValue> {
        let value = self.value(0)?;
        self.spaces();
        if self.at < self.text.len() {
            return Err(self.wrong("the end"));
        }
        Ok(value)
    }

    fn spaces(&mut self) {
        while self
            .text
            .get(self.at)
            .is_some_and(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r'))
        {
            self.at += 1;
        }
    }

    /// What was found instead, in the words of the original.
    fn wrong(&self, expected: &str) -> Failure {
        let found = match self.text.get(self.at) {
            None => "T_END",
            Some(b'{') => "T_OBJ_BEGIN",
            Some(b'}') => "T_OBJ_END",
            Some(b'[') => "T_ARR_BEGIN",
            Some(b']') => "T_ARR_END",
            Some(b',') => "T_COMMA",
            Some(b':') => "T_COLON",
            Some(b'"') => "T_STRING",
            Some(b'-' | b'0'..=b'9') => "T_NUMBER",
            Some(_) => "invalid token",
        };
        let at = self.at + 1;
        format!("Expected {expected} but found {found} at character {at}").into()
    }

    fn word(&mut self, word: &[u8]) -> bool {
        let hit = self.text[self.at..].starts_with(word);
        if hit {
            self.at += word.len();
        }
        hit
    }

    /// Goes into an array or an object, past its first character.
    fn descend(&mut self, depth: usize) -> Outcome<()> {
        self.at += 1;
        if depth > self.settings.decode_depth.min(DEEPEST) {
            let at = self.at;
            let text = format!("Found too many nested data structures ({depth}) at character {at}");
            return Err(text.into());
        }
        Ok(())
    }

    fn value(&mut self, depth: usize) -> Outcome<LuaValue> {
        charge(self.lua, 1)?;
        self.spaces();
        match self.text.get(self.at) {
            Some(b'{') => self.object(depth + 1),
            Some(b'[') => self.array(depth + 1),
            Some(b'"') => {
                let text = self.string()?;
                Ok(string(self.lua, &text)?)
            }
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ if self.word(b"true") => Ok(LuaValue::Bool(true)),
            _ if self.word(b"false") => Ok(LuaValue::Bool(false)),
            _ if self.word(b"null") => Ok(NULL),
            Some(_) if self.settings.decode_invalid && self.is_invalid_number() => self.number(),
            _ => Err(self.wrong("value")),
        }
    }

    /// Whether what stands here, if it is a number at all, is one that JSON does not have.
    fn is_invalid_number(&self) -> bool {
        let rest = &self.text[self.at..];
        let rest = rest.strip_prefix(b"-").unwrap_or(rest);
        match rest {
            [b'+', ..] => true,
            [b'0', next, ..] => next.eq_ignore_ascii_case(&b'x') || next.is_ascii_digit(),
            [first, ..] if *first <= b'9' => false,
            _ => {
                let word = rest.get(..3).unwrap_or_default();
                word.eq_ignore_ascii_case(b"inf") || word.eq_ignore_ascii_case(b"nan")
            }
        }
    }

    fn number(&mut self) -> Outcome<LuaValue> {
        let invalid = || "Expected value but found invalid number at character ";
        let wrong = self.is_invalid_number() && !self.settings.decode_invalid;
        match float_prefix(&self.text[self.at..]).filter(|_| !wrong) {
            Some((number, len)) => {
                self.at += len;
                Ok(LuaValue::Float(number))
            }
            None => Err(format!("{}{}", invalid(), self.at + 1).into()),
        }
    }

    fn array(&mut self, depth: usize) -> Outcome<LuaValue> {
        self.descend(depth)?;
        let table = self.lua.new_table();
        self.spaces();
        if self.word(b"]") {
            return Ok(LuaValue::Table(table));
        }
        for index in 1usize.. {
            let value = self.value(depth)?;
            lua::set_at(self.lua, table, index, value)?;
            self.spaces();
            if self.word(b"]") {
                break;
            }
            if !self.word(b",") {
                return Err(self.wrong("comma or array end"));
            }
        }
        Ok(LuaValue::Table(table))
    }

    fn object(&mut self, depth: usize) -> Outcome<LuaValue> {
        self.descend(depth)?;
        let table = self.lua.new_table();
        self.spaces();
        if self.word(b"}") {
            return Ok(LuaValue::Table(table));
        }
        loop {
            self.spaces();
            if self.text.get(self.at) != Some(&b'"') {
                return Err(self.wrong("object key string"));
            }
            let key = self.string()?;
            self.spaces();
            if !self.word(b":") {
                return Err(self.wrong("colon"));
            }
            let value = self.value(depth)?;
            let key = string(self.lua, &key)?;
            lua::set_any(self.lua, table, key, value)?;
            self.spaces();
            if self.word(b"}") {
                return Ok(LuaValue::Table(table));
            }
            if !self.word(b",") {
                return Err(self.wrong("comma or object end"));
            }
        }
    }

    fn string(&mut self) -> Outcome<Vec<u8>> {
        self.at += 1;
        let mut out = Vec::new();
        loop {
            let byte = self.text.get(self.at).copied();
            self.at += 1;
            match byte {
                None | Some(0) => {
                    let at = self.at;
                    return Err(format!(
                        "Expected value but found unexpected end of string at character {at}"
                    )
                    .into());
                }
                Some(b'"') => return Ok(out),
                Some(b'\\') => {
                    let escape = self.text.get(self.at).copied();
                    self.at += 1;
                    match escape {
                        Some(b'b') => out.push(8),
                        Some(b'f') => out.push(12),
                        Some(b'n') => out.push(10),
                        Some(b'r') => out.push(13),
                        Some(b't') => out.push(9),
                        Some(literal @ (b'"' | b'\\' | b'/')) => out.push(literal),
                        Some(b'u') => self.unicode(&mut out)?,
                        _ => {
                            let at = self.at - 1;
                            return Err(format!(
                                "Expected value but found invalid escape code at character {at}"
                            )
                            .into());
                        }
                    }
                }
                Some(byte) => out.push(byte),
            }
        }
    }

    fn hex4(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        let value = u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
        self.at += 4;
        Some(value)
    }

    fn unicode(&mut self, out: &mut Vec<u8>) -> Outcome<()> {
        let at = self.at - 1;
        let wrong = move || {
            Failure::from(format!(
                "Expected value but found invalid unicode escape code at character {at}"
            ))
        };
        let mut code = self.hex4().ok_or_else(wrong)?;
        if (0xd800..0xdc00).contains(&code) {
            if !self.word(b"\\u") {
                return Err(wrong());
            }
            let low = self
                .hex4()
                .filter(|low| (0xdc00..0xe000).contains(low))
                .ok_or_else(wrong)?;
            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        }
        let letter = char::from_u32(code).ok_or_else(wrong)?;
        out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
        Ok(())
    }
}
