//! How Redis writes numbers.

/// Appends an integer in decimal, without the machinery of `format!`.
pub fn push_int(out: &mut Vec<u8>, number: i64) {
    let mut text = [0; 20];
    let mut at = put_digits(&mut text, number.unsigned_abs());
    if number < 0 {
        at -= 1;
        text[at] = b'-';
    }
    out.extend_from_slice(&text[at..]);
}

/// Writes a number in decimal to the end of a text, which must have room for its digits (20 at most); gives where it
/// begins.
pub fn put_digits(text: &mut [u8], mut number: u64) -> usize {
    let mut at = text.len();
    loop {
        at -= 1;
        text[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            return at;
        }
    }
}

/// A double as Redis 8 writes it in replies: digits that read back as the same number (mostly the fewest),
/// without a point for whole numbers, with an exponent where that is shorter (`1e+20`, `1e-7`).
pub fn format_double(number: f64) -> String {
    if number.is_nan() {
        return "nan".into();
    }
    if number.is_infinite() {
        return if number > 0.0 { "inf" } else { "-inf" }.into();
    }
    if number == 0.0 {
        return if number.is_sign_negative() { "-0" } else { "0" }.into();
    }
    // Whole numbers far inside the range of 64-bit integers are written as such.
    if number.fract() == 0.0 && number.abs() <= (i64::MAX / 2) as f64 {
        let mut out = Vec::with_capacity(20);
        push_int(&mut out, number as i64);
        return String::from_utf8(out).unwrap_or_default();
    }
    shortest(number)
}

/// The same, where whole numbers are no special case. Redis has it where it does not reply.
pub fn shortest(number: f64) -> String {
    if number == 0.0 || !number.is_finite() {
        return format_double(number);
    }
    let (digits, exponent) = crate::grisu::digits(number.abs());
    let mut out = String::with_capacity(24);
    if number < 0.0 {
        out.push('-');
    }
    layout(&mut out, &digits, exponent);
    out
}

/// Places the point: plain notation for moderate exponents, else scientific.
fn layout(out: &mut String, digits: &[u8], last: i32) {
    let count = digits.len() as i32;
    let exponent = last + count - 1;
    let push = |out: &mut String, part: &[u8]| out.extend(part.iter().map(|b| char::from(*b)));
    if last >= 0 && exponent < count + 7 {
        push(out, digits);
        out.extend(std::iter::repeat_n('0', last as usize));
    } else if last < 0 && (last > -7 || exponent.abs() < 4) {
        let point = count + last;
        if point <= 0 {
            out.push_str("0.");
            out.extend(std::iter::repeat_n('0', (-point) as usize));
            push(out, digits);
        } else {
            push(out, &digits[..point as usize]);
            out.push('.');
            push(out, &digits[point as usize..]);
        }
    } else {
        push(out, &digits[..1]);
        if count > 1 {
            out.push('.');
            push(out, &digits[1..]);
        }
        out.push('e');
        out.push(if exponent < 0 { '-' } else { '+' });
        let mut text = Vec::new();
        push_int(&mut text, i64::from(exponent.abs()));
        push(out, &text);
    }
}
