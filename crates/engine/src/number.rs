//! How Redis reads and writes numbers.

/// A canonical decimal integer: no plus sign, no leading zeros, no spaces, within 64 bits.
pub(crate) fn parse_int(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    match digits {
        [] => return None,
        [b'0'] if !negative => return Some(0),
        [b'0', ..] => return None,
        _ if digits.len() > 19 => return None,
        _ => {}
    }
    let mut value: u64 = 0;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        value = value
            .checked_mul(10)?
            .checked_add(u64::from(digit - b'0'))?;
    }
    if negative {
        0i64.checked_sub_unsigned(value)
    } else {
        i64::try_from(value).ok()
    }
}

/// An unsigned number as `strtoull` reads it: also after spaces, with a sign, with leading zeros. A
/// canonical negative number is refused; others wrap around, as C has it.
pub(crate) fn parse_unsigned(text: &[u8]) -> Option<u64> {
    if let Some(number) = parse_int(text) {
        return u64::try_from(number).ok();
    }
    let (negative, digits) = match trim_c_spaces(text) {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number: u64 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    Some(if negative {
        number.wrapping_neg()
    } else {
        number
    })
}

/// Without the white space that C's readers of numbers skip.
fn trim_c_spaces(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|b| !matches!(b, b' ' | 9..=13));
    &text[start.unwrap_or(text.len())..]
}

/// The border of a range of scores, read without the checks that other numbers go through: nothing at
/// all is 0, what is too large is infinite, and only decimal numbers count.
pub(crate) fn parse_border(text: &[u8]) -> Option<f64> {
    if text.is_empty() {
        return Some(0.0);
    }
    let number: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    Some(number).filter(|number| !number.is_nan())
}

/// The decimal form of an integer.
pub(crate) fn int_bytes(number: i64) -> Vec<u8> {
    let mut out = Vec::with_capacity(20);
    redwind_resp::push_int(&mut out, number);
    out
}

/// A floating point number as C's `strtod` reads it in full: no leading space, not "nan".
pub(crate) fn parse_float(text: &[u8]) -> Option<f64> {
    let first = *text.first()?;
    if first.is_ascii_whitespace() || text.len() > 1024 {
        return None;
    }
    let number = match std::str::from_utf8(text).ok()?.parse::<f64>() {
        // Rust reads "nan"; Redis refuses it everywhere.
        Ok(number) => number,
        Err(_) => parse_hex_float(text)?,
    };
    // A finite text that overflows is out of range in C.
    let spelled_infinite = text.iter().any(|b| matches!(b, b'i' | b'I'));
    if number.is_nan() || (number.is_infinite() && !spelled_infinite) {
        None
    } else {
        Some(number)
    }
}

/// The number at the beginning of a text, and how long it is, as C's `strtod` reads it.
pub(crate) fn float_prefix(text: &[u8]) -> Option<(f64, usize)> {
    let sign = usize::from(matches!(text.first(), Some(b'-' | b'+')));
    let negative = text.first() == Some(&b'-');
    let rest = &text[sign..];
    let begins =
        |word: &[u8]| rest.len() >= word.len() && rest[..word.len()].eq_ignore_ascii_case(word);
    let signed =
        |number: f64, len: usize| Some((if negative { -number } else { number }, sign + len));
    if begins(b"infinity") {
        return signed(f64::INFINITY, 8);
    }
    if begins(b"inf") {
        return signed(f64::INFINITY, 3);
    }
    if begins(b"nan") {
        let inside = rest.get(4..).unwrap_or_default();
        let payload = inside
            .iter()
            .take_while(|b| b.is_ascii_alphanumeric() || **b == b'_')
            .count();
        let closed = rest.get(3) == Some(&b'(') && inside.get(payload) == Some(&b')');
        return signed(f64::NAN, if closed { payload + 5 } else { 3 });
    }
    let digits = |from: usize, hex: bool| {
        let part = rest.get(from..).unwrap_or_default();
        let is_digit = |b: &&u8| b.is_ascii_digit() || (hex && b.is_ascii_hexdigit());
        part.iter().take_while(is_digit).count()
    };
    let mantissa = |from: usize, hex: bool| {
        let whole = digits(from, hex);
        let point = rest.get(from + whole) == Some(&b'.');
        let fraction = if point {
            digits(from + whole + 1, hex)
        } else {
            0
        };
        (whole + fraction > 0).then_some(from + whole + usize::from(point) + fraction)
    };
    let exponent = |from: usize, mark: u8| {
        if rest.get(from).map(u8::to_ascii_lowercase) != Some(mark) {
            return from;
        }
        let sign = usize::from(matches!(rest.get(from + 1), Some(b'-' | b'+')));
        match digits(from + 1 + sign, false) {
            0 => from,
            count => from + 1 + sign + count,
        }
    };
    if begins(b"0x")
        && let Some(end) = mantissa(2, true)
    {
        let end = exponent(end, b'p');
        return signed(parse_hex_float(&rest[..end])?, end);
    }
    let end = exponent(mantissa(0, false)?, b'e');
    signed(std::str::from_utf8(&rest[..end]).ok()?.parse().ok()?, end)
}

/// `0x1.8p3`: C reads these too.
pub(crate) fn parse_hex_float(text: &[u8]) -> Option<f64> {
    let (negative, rest) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let [b'0', b'x' | b'X', body @ ..] = rest else {
        return None;
    };
    let (mantissa, power) = match body.iter().position(|b| matches!(b, b'p' | b'P')) {
        Some(at) => {
            let text = std::str::from_utf8(&body[at + 1..]).ok()?;
            (&body[..at], text.parse::<i32>().ok()?)
        }
        None => (body, 0),
    };
    let mut value = 0f64;
    let mut scale = 0i32;
    let (mut seen_point, mut digits) = (false, 0);
    for byte in mantissa {
        match (char::from(*byte)).to_digit(16) {
            Some(digit) => {
                value = value * 16.0 + f64::from(digit);
                digits += 1;
                scale -= if seen_point { 4 } else { 0 };
            }
            None if *byte == b'.' && !seen_point => seen_point = true,
            None => return None,
        }
    }
    if digits == 0 {
        return None;
    }
    let value = value * 2f64.powi(scale.saturating_add(power));
    Some(if negative { -value } else { value })
}

/// C's `%.{precision}g`: so many significant digits, trailing zeros dropped.
pub(crate) fn general(number: f64, precision: usize) -> String {
    if number.is_nan() {
        return if number.is_sign_negative() {
            "-nan".into()
        } else {
            "nan".into()
        };
    }
    if number.is_infinite() {
        return if number > 0.0 {
            "inf".into()
        } else {
            "-inf".into()
        };
    }
    if number == 0.0 {
        return if number.is_sign_negative() {
            "-0".into()
        } else {
            "0".into()
        };
    }
    let scientific = format!("{:.*e}", precision - 1, number);
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let trim = |text: &str| -> String {
        if text.contains('.') {
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        } else {
            text.to_owned()
        }
    };
    if exponent < -4 || exponent >= precision as i32 {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{}e{sign}{:02}", trim(mantissa), exponent.abs());
    }
    trim(&format!(
        "{:.*}",
        (precision as i32 - 1 - exponent).max(0) as usize,
        number
    ))
}
