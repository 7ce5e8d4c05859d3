//! `string.format` as Lua 5.1 on Redis's platform has it: C's `printf`, item by item.

use super::convert::c_cast;
use super::lua::{
    Failure, LuaError, LuaState, LuaValue, Outcome, Table, bad_type, give, integer, number,
    reserve, set_function, string, text,
};
use crate::number::general;

/// The library: `format`, and `rep`, which says no before there is no memory.
pub(super) fn library(lua: &mut LuaState) -> Result<Table, LuaError> {
    let table = lua.new_table();
    set_function(lua, table, "format", |lua, args| {
        let text = format(lua, args)?;
        let text = string(lua, &text)?;
        give(lua, text)
    })?;
    set_function(lua, table, "rep", |lua, args| {
        let part = text(args, 1)?;
        let times = usize::try_from(integer(args, 2)?).unwrap_or(0);
        reserve(lua, part.len().saturating_mul(times))?;
        let times = if part.is_empty() { 0 } else { times };
        let text = string(lua, &part.repeat(times))?;
        give(lua, text)
    })?;
    Ok(table)
}

/// What stands between `%` and the letter.
#[derive(Default)]
struct Item {
    left: bool,
    plus: bool,
    space: bool,
    alternate: bool,
    zero: bool,
    width: usize,
    precision: Option<usize>,
}

impl Item {
    /// Reads an item; gives its length too. Widths and precisions have two digits at most.
    fn parse(text: &[u8]) -> Outcome<(Item, usize)> {
        let mut item = Item::default();
        let mut at = 0;
        while let Some(flag) = text.get(at).filter(|b| b"-+ #0".contains(b)) {
            match flag {
                b'-' => item.left = true,
                b'+' => item.plus = true,
                b' ' => item.space = true,
                b'#' => item.alternate = true,
                _ => item.zero = true,
            }
            at += 1;
        }
        if at > 5 {
            return Err("invalid format (repeated flags)".into());
        }
        let two_digits = |at: &mut usize| {
            let mut value = 0;
            for _ in 0..2 {
                if let Some(digit) = text.get(*at).filter(|b| b.is_ascii_digit()) {
                    value = value * 10 + usize::from(digit - b'0');
                    *at += 1;
                }
            }
            value
        };
        item.width = two_digits(&mut at);
        if text.get(at) == Some(&b'.') {
            at += 1;
            item.precision = Some(two_digits(&mut at));
        }
        if text.get(at).is_some_and(u8::is_ascii_digit) {
            return Err("invalid format (width or precision too long)".into());
        }
        Ok((item, at))
    }

    fn pad(&self, text: &[u8], out: &mut Vec<u8>) {
        let fill = self.width.saturating_sub(text.len());
        if self.left {
            out.extend_from_slice(text);
        }
        out.extend(std::iter::repeat_n(b' ', fill));
        if !self.left {
            out.extend_from_slice(text);
        }
    }

    /// A sign or prefix and digits, between which zeros may fill the width.
    fn pad_number(&self, head: &str, digits: &str, zeros: bool, out: &mut Vec<u8>) {
        let fill = self.width.saturating_sub(head.len() + digits.len());
        if self.zero && !self.left && zeros {
            out.extend_from_slice(head.as_bytes());
            out.extend(std::iter::repeat_n(b'0', fill));
            out.extend_from_slice(digits.as_bytes());
        } else {
            self.pad(format!("{head}{digits}").as_bytes(), out);
        }
    }

    fn sign(&self, negative: bool) -> &'static str {
        match (negative, self.plus, self.space) {
            (true, _, _) => "-",
            (_, true, _) => "+",
            (_, _, true) => " ",
            _ => "",
        }
    }

    /// At least as many digits as the precision asks for.
    fn digits(&self, digits: String) -> String {
        match self.precision {
            Some(0) if digits == "0" => String::new(),
            Some(least) => format!("{digits:0>least$}"),
            None => digits,
        }
    }

    fn integer(&self, value: f64, out: &mut Vec<u8>) {
        let value = c_cast(value);
        let digits = self.digits(value.unsigned_abs().to_string());
        self.pad_number(self.sign(value < 0), &digits, self.precision.is_none(), out);
    }

    fn unsigned(&self, letter: u8, value: f64, out: &mut Vec<u8>) {
        // Negative numbers wrap around; what is too large does too.
        let value = match value {
            0.0.. => (value as u128 as u64) & if value < 2f64.powi(64) { u64::MAX } else { 0 },
            _ => c_cast(value) as u64,
        };
        let (head, digits) = match letter {
            b'o' => ("", format!("{value:o}")),
            b'x' => ("0x", format!("{value:x}")),
            b'X' => ("0X", format!("{value:X}")),
            _ => ("", value.to_string()),
        };
        let mut digits = self.digits(digits);
        if self.alternate && letter == b'o' && !digits.starts_with('0') {
            digits.insert(0, '0');
        }
        let head = if self.alternate && value != 0 {
            head
        } else {
            ""
        };
        self.pad_number(head, &digits, self.precision.is_none(), out);
    }

    fn float(&self, letter: u8, value: f64, out: &mut Vec<u8>) {
        let upper = letter.is_ascii_uppercase();
        // Platforms give the result of 0/0 different signs, so it has none here.
        let sign = self.sign(value.is_sign_negative() && !value.is_nan());
        let mut digits = match letter.to_ascii_lowercase() {
            _ if value.is_nan() => "nan".to_owned(),
            _ if value.is_infinite() => "inf".to_owned(),
            b'f' => self.fixed(value.abs(), self.precision.unwrap_or(6)),
            b'e' => self.scientific(value.abs(), self.precision.unwrap_or(6)),
            _ => self.shorter(value.abs()),
        };
        if upper {
            digits.make_ascii_uppercase();
        }
        self.pad_number(sign, &digits, value.is_finite(), out);
    }

    fn fixed(&self, value: f64, precision: usize) -> String {
        let point = if self.alternate && precision == 0 {
            "."
        } else {
            ""
        };
        format!("{value:.precision$}{point}")
    }

    fn scientific(&self, value: f64, precision: usize) -> String {
        let text = format!("{value:.precision$e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let exponent: i32 = exponent.parse().unwrap_or(0);
        let point = if self.alternate && precision == 0 {
            "."
        } else {
            ""
        };
        let sign = if exponent < 0 { '-' } else { '+' };
        format!("{mantissa}{point}e{sign}{:02}", exponent.abs())
    }

    fn shorter(&self, value: f64) -> String {
        let precision = self.precision.unwrap_or(6).max(1);
        if !self.alternate {
            return general(value, precision);
        }
        let text = format!("{value:.*e}", precision - 1);
        let exponent: i32 = text
            .split_once('e')
            .and_then(|(_, e)| e.parse().ok())
            .unwrap_or(0);
        match usize::try_from(precision as i32 - 1 - exponent) {
            Ok(places) if exponent >= -4 => self.fixed(value, places),
            _ => self.scientific(value, precision - 1),
        }
    }

    fn text(&self, value: &[u8], out: &mut Vec<u8>) {
        if self.precision.is_none() && value.len() >= 100 {
            return out.extend_from_slice(value);
        }
        // C ends a string at its first NUL.
        let end = value.iter().position(|b| *b == 0).unwrap_or(value.len());
        let end = end.min(self.precision.unwrap_or(usize::MAX));
        self.pad(&value[..end], out);
    }
}

/// A string in quotes, as Lua reads it back.
fn quote(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for byte in text {
        match byte {
            b'"' | b'\\' | b'\n' => out.extend_from_slice(&[b'\\', *byte]),
            b'\r' => out.extend_from_slice(b"\\r"),
            0 => out.extend_from_slice(b"\\000"),
            _ => out.push(*byte),
        }
    }
    out.push(b'"');
}

fn format(lua: &LuaState, args: &[LuaValue]) -> Outcome<Vec<u8>> {
    let pattern = text(args, 1)?;
    let (mut out, mut rest, mut at) = (Vec::new(), &pattern[..], 1);
    while let Some(percent) = rest.iter().position(|b| *b == b'%') {
        out.extend_from_slice(&rest[..percent]);
        rest = &rest[percent + 1..];
        if rest.first() == Some(&b'%') {
            out.push(b'%');
            rest = &rest[1..];
            continue;
        }
        at += 1;
        if at > args.len() {
            return Err(Failure::Argument(at, "no value".into()));
        }
        let (item, len) = Item::parse(rest)?;
        let letter = rest.get(len).copied().unwrap_or(0);
        rest = rest.get(len + 1..).unwrap_or_default();
        let value = || number(args.get(at - 1)).ok_or_else(|| bad_type(args, at, "number"));
        match letter {
            b'c' => match i32::try_from(c_cast(value()?)).unwrap_or(i32::MIN) as u8 {
                0 => item.pad(b"", &mut out),
                byte => item.pad(&[byte], &mut out),
            },
            b'd' | b'i' => item.integer(value()?, &mut out),
            b'o' | b'u' | b'x' | b'X' => item.unsigned(letter, value()?, &mut out),
            b'e' | b'E' | b'f' | b'g' | b'G' => item.float(letter, value()?, &mut out),
            b'q' | b's' => {
                let text = text(args, at)?;
                reserve(lua, out.len() + 4 * text.len())?;
                match letter {
                    b'q' => quote(&text, &mut out),
                    _ => item.text(&text, &mut out),
                }
            }
            0 => return Err("invalid option '%' to 'format'".into()),
            other => {
                let other = char::from(other);
                return Err(Failure::Said(format!(
                    "invalid option '%{other}' to 'format'"
                )));
            }
        }
    }
    out.extend_from_slice(rest);
    Ok(out)
}
