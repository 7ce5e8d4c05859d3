//! The `cjson` library.

use omnilua::{Lua, Result, Table, Value, Variadic};

use super::convert::{bytes, string};

const MAX_DEPTH: usize = 1000;

/// The library, each function giving a count and its result, or false and a message.
pub(super) fn library(lua: &Lua) -> Result<Table> {
    let table = lua.create_table()?;
    table.raw_set("null", Value::LightUserData(std::ptr::null_mut()))?;
    table.raw_set("_NAME", "cjson")?;
    table.raw_set("_VERSION", "2.1.0")?;
    table.raw_set(
        "encode",
        lua.create_function(|lua, args: Variadic<Value>| {
            let args = args.into_vec();
            let [value] = &args[..] else {
                return failed(lua, "expected 1 argument");
            };
            let mut out = Vec::new();
            match encode(value, 0, &mut out)? {
                Ok(()) => Ok((Value::Integer(1), string(lua, &out)?)),
                Err(text) => failed(lua, &text),
            }
        })?,
    )?;
    table.raw_set(
        "decode",
        lua.create_function(|lua, args: Variadic<Value>| {
            let args = args.into_vec();
            let text = match &args[..] {
                [Value::String(text)] => bytes(text)?,
                [Value::Number(number)] => redwind_resp::format_double(*number).into(),
                [_] => return failed(lua, "bad argument #1 to 'decode' (string expected)"),
                _ => return failed(lua, "expected 1 argument"),
            };
            let mut reader = Reader {
                lua,
                text: &text,
                at: 0,
            };
            match reader.document()? {
                Ok(value) => Ok((Value::Integer(1), value)),
                Err(text) => failed(lua, &text),
            }
        })?,
    )?;
    // The settings keep their defaults; asking for a change gives the value in force.
    for (name, value) in [
        ("encode_max_depth", Value::Number(1000.0)),
        ("decode_max_depth", Value::Number(1000.0)),
        ("encode_number_precision", Value::Number(14.0)),
        ("encode_keep_buffer", Value::Boolean(true)),
        ("encode_invalid_numbers", Value::Boolean(false)),
        ("decode_invalid_numbers", Value::Boolean(true)),
        ("encode_sparse_array", Value::Boolean(false)),
    ] {
        let setting = move |_: &Lua, _: Variadic<Value>| Ok((Value::Integer(1), value.clone()));
        table.raw_set(name, lua.create_function(setting)?)?;
    }
    Ok(table)
}

fn failed(lua: &Lua, text: &str) -> Result<(Value, Value)> {
    Ok((Value::Boolean(false), string(lua, text.as_bytes())?))
}

type Outcome<T> = Result<std::result::Result<T, String>>;

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Function(_) => "function",
        Value::Thread(_) => "thread",
        _ => "userdata",
    }
}

fn encode(value: &Value, depth: usize, out: &mut Vec<u8>) -> Outcome<()> {
    match value {
        Value::Nil => out.extend_from_slice(b"null"),
        Value::LightUserData(pointer) if pointer.is_null() => out.extend_from_slice(b"null"),
        Value::Boolean(yes) => out.extend_from_slice(if *yes { b"true" } else { b"false" }),
        Value::Integer(number) => redwind_resp::push_int(out, *number),
        Value::Number(number) if !number.is_finite() => {
            return Ok(Err("Cannot serialise number: must not be NaN or Inf".into()));
        }
        Value::Number(number) => {
            out.extend_from_slice(crate::number::general(*number, 14).as_bytes())
        }
        Value::String(text) => quote(&bytes(text)?, out),
        Value::Table(table) => return encode_table(table, depth + 1, out),
        other => {
            return Ok(Err(format!(
                "Cannot serialise {}: type not supported",
                kind(other)
            )));
        }
    }
    Ok(Ok(()))
}

fn encode_table(table: &Table, depth: usize, out: &mut Vec<u8>) -> Outcome<()> {
    if depth > MAX_DEPTH {
        return Ok(Err(format!("Cannot serialise, excessive depth ({depth})")));
    }
    let pairs = table.raw_pairs()?;
    match array_len(&pairs) {
        Some(len) if len > 0 => {
            // Few elements with large indexes would become a long list of nulls.
            if len > 10 && len > pairs.len() * 2 {
                return Ok(Err(
                    "Cannot serialise table: excessively sparse array".into()
                ));
            }
            out.push(b'[');
            for at in 1..=len {
                if at > 1 {
                    out.push(b',');
                }
                let item: Value = table.raw_get(at)?;
                if let Err(text) = encode(&item, depth, out)? {
                    return Ok(Err(text));
                }
            }
            out.push(b']');
        }
        _ => {
            out.push(b'{');
            for (at, (key, value)) in pairs.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                match key {
                    Value::String(text) => quote(&bytes(text)?, out),
                    Value::Number(number) => {
                        quote(crate::number::general(*number, 14).as_bytes(), out);
                    }
                    Value::Integer(number) => quote(number.to_string().as_bytes(), out),
                    _ => {
                        let text = "Cannot serialise table: table key must be a number or string";
                        return Ok(Err(text.into()));
                    }
                }
                out.push(b':');
                if let Err(text) = encode(value, depth, out)? {
                    return Ok(Err(text));
                }
            }
            out.push(b'}');
        }
    }
    Ok(Ok(()))
}

/// The largest index, if all keys are positive whole numbers.
pub(super) fn array_len(pairs: &[(Value, Value)]) -> Option<usize> {
    let mut max = 0;
    for (key, _) in pairs {
        let index = match key {
            Value::Number(n) if *n >= 1.0 && n.fract() == 0.0 && *n < 1e15 => *n as usize,
            Value::Integer(n) if *n >= 1 => *n as usize,
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
    lua: &'a Lua,
    text: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn document(&mut self) -> Outcome<Value> {
        let value = self.value(0)?;
        if value.is_err() {
            return Ok(value);
        }
        self.spaces();
        if self.at < self.text.len() {
            return Ok(Err(self.wrong("the end")));
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
    fn wrong(&self, expected: &str) -> String {
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
        format!(
            "Expected {expected} but found {found} at character {}",
            self.at + 1
        )
    }

    fn word(&mut self, word: &[u8]) -> bool {
        let hit = self.text[self.at..].starts_with(word);
        if hit {
            self.at += word.len();
        }
        hit
    }

    fn value(&mut self, depth: usize) -> Outcome<Value> {
        if depth > MAX_DEPTH {
            let at = self.at;
            return Ok(Err(format!(
                "Found too many nested data structures ({depth}) at character {at}"
            )));
        }
        self.spaces();
        match self.text.get(self.at) {
            Some(b'{') => self.object(depth + 1),
            Some(b'[') => self.array(depth + 1),
            Some(b'"') => match self.string() {
                Ok(text) => Ok(Ok(string(self.lua, &text)?)),
                Err(text) => Ok(Err(text)),
            },
            Some(b'-' | b'0'..=b'9') => Ok(self.number()),
            _ if self.word(b"true") => Ok(Ok(Value::Boolean(true))),
            _ if self.word(b"false") => Ok(Ok(Value::Boolean(false))),
            _ if self.word(b"null") => Ok(Ok(Value::LightUserData(std::ptr::null_mut()))),
            _ => Ok(Err(self.wrong("value"))),
        }
    }

    fn number(&mut self) -> std::result::Result<Value, String> {
        let rest = &self.text[self.at..];
        let len = rest
            .iter()
            .position(|b| !matches!(b, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'))
            .unwrap_or(rest.len());
        let parsed = std::str::from_utf8(&rest[..len])
            .ok()
            .and_then(|text| text.parse::<f64>().ok());
        match parsed {
            Some(number) => {
                self.at += len;
                Ok(Value::Number(number))
            }
            None => Err(format!(
                "Expected value but found invalid number at character {}",
                self.at + 1
            )),
        }
    }

    fn array(&mut self, depth: usize) -> Outcome<Value> {
        self.at += 1;
        let table = self.lua.create_table()?;
        self.spaces();
        if self.word(b"]") {
            return Ok(Ok(Value::Table(table)));
        }
        for index in 1usize.. {
            match self.value(depth)? {
                Ok(value) => table.raw_set(index, value)?,
                Err(text) => return Ok(Err(text)),
            }
            self.spaces();
            if self.word(b"]") {
                break;
            }
            if !self.word(b",") {
                return Ok(Err(self.wrong("comma or array end")));
            }
        }
        Ok(Ok(Value::Table(table)))
    }

    fn object(&mut self, depth: usize) -> Outcome<Value> {
        self.at += 1;
        let table = self.lua.create_table()?;
        self.spaces();
        if self.word(b"}") {
            return Ok(Ok(Value::Table(table)));
        }
        loop {
            self.spaces();
            if self.text.get(self.at) != Some(&b'"') {
                return Ok(Err(self.wrong("object key string")));
            }
            let key = match self.string() {
                Ok(key) => key,
                Err(text) => return Ok(Err(text)),
            };
            self.spaces();
            if !self.word(b":") {
                return Ok(Err(self.wrong("colon")));
            }
            match self.value(depth)? {
                Ok(value) => table.raw_set(string(self.lua, &key)?, value)?,
                Err(text) => return Ok(Err(text)),
            }
            self.spaces();
            if self.word(b"}") {
                return Ok(Ok(Value::Table(table)));
            }
            if !self.word(b",") {
                return Ok(Err(self.wrong("comma or object end")));
            }
        }
    }

    fn string(&mut self) -> std::result::Result<Vec<u8>, String> {
        let start = self.at;
        self.at += 1;
        let mut out = Vec::new();
        loop {
            let byte = self.text.get(self.at).copied();
            self.at += 1;
            match byte {
                None => {
                    return Err(format!(
                        "Expected value but found unexpected end of string at character {}",
                        start + 1
                    ));
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
                            return Err(format!(
                                "Expected value but found invalid escape code at character {}",
                                self.at - 1
                            ));
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

    fn unicode(&mut self, out: &mut Vec<u8>) -> std::result::Result<(), String> {
        let at = self.at - 1;
        let wrong = move || {
            format!("Expected value but found invalid unicode escape code at character {at}")
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
