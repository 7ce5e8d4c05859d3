//! The 80-bit floating point numbers of x86, in which Redis adds for `INCRBYFLOAT`.
//!
//! With a 64-bit mantissa 0.1 + 0.2 prints as 0.3, so ordinary doubles would show other digits than a
//! real server. A number here is `mantissa × 2^exponent`; whole-number arithmetic does the rest.

use std::cmp::Ordering;

use crate::number::parse_hex_float;

/// A finite number: sign, a mantissa with its top bit set (or 0), and the power of two of its last bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extended {
    negative: bool,
    mantissa: u64,
    exponent: i32,
}

/// Beyond this many digits of exponent the number is infinite or zero anyway.
const MAX_POWER: i32 = 4950;

/// The largest exponent of the last bit: 2^16384 is infinite.
const MAX_EXPONENT: i32 = 16383 - 63;

/// Half of the smallest number above 0, 2^-16445, lies below this.
const MIN_EXPONENT: i32 = -16446 - 63;

impl Extended {
    pub(crate) const ZERO: Extended = Extended {
        negative: false,
        mantissa: 0,
        exponent: 0,
    };

    /// Reads a decimal number in full. One that is too large, or too small to be told from 0, is none.
    pub(crate) fn parse(text: &[u8]) -> Option<Parsed> {
        let (negative, body) = match text {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            _ => (false, text),
        };
        if body.eq_ignore_ascii_case(b"inf") || body.eq_ignore_ascii_case(b"infinity") {
            return Some(Parsed::Infinite);
        }
        if matches!(body, [b'0', b'x' | b'X', ..]) {
            parse_hex_float(body)?;
            let (mantissa, exponent) = from_hex(&body[2..])?;
            return Some(Parsed::Finite(Extended {
                negative,
                mantissa,
                exponent,
            }));
        }
        let (digits, power) = decimal(body)?;
        let (mantissa, exponent) = from_decimal(&digits, power)?;
        Some(Parsed::Finite(Extended {
            negative,
            mantissa,
            exponent,
        }))
    }

    /// The sum, rounded to 64 bits of mantissa; `None` when it overflows.
    pub(crate) fn add(self, other: Extended) -> Option<Extended> {
        if self.mantissa == 0 {
            return Some(other);
        }
        if other.mantissa == 0 {
            return Some(self);
        }
        let (big, small) = if self.exponent >= other.exponent {
            (self, other)
        } else {
            (other, self)
        };
        // 63 spare bits below the larger one's mantissa; what falls off is remembered as one bit.
        let shift = (big.exponent - small.exponent) as u32;
        let wide = u128::from(big.mantissa) << 63;
        let narrow = u128::from(small.mantissa) << 63;
        let (narrow, lost) = if shift >= 127 {
            (0, true)
        } else {
            (narrow >> shift, narrow & ((1u128 << shift) - 1) != 0)
        };
        let base = big.exponent - 63;
        let (negative, sum, sticky) = if big.negative == small.negative {
            (big.negative, wide.checked_add(narrow)?, lost)
        } else {
            match wide.cmp(&narrow) {
                Ordering::Equal if !lost => return Some(Extended::ZERO),
                // Something below the kept bits was subtracted too: one unit less, and sticky.
                Ordering::Greater | Ordering::Equal => {
                    (big.negative, wide - narrow - u128::from(lost), lost)
                }
                Ordering::Less => (small.negative, narrow - wide, lost),
            }
        };
        let (mantissa, exponent) = round(sum, base, sticky)?;
        Some(Extended {
            negative,
            mantissa,
            exponent,
        })
    }

    /// The largest finite number.
    pub(crate) const MAX: Extended = Extended {
        negative: false,
        mantissa: u64::MAX,
        exponent: MAX_EXPONENT,
    };

    pub(crate) fn is_negative(self) -> bool {
        self.negative && self.mantissa != 0
    }

    pub(crate) fn negate(self) -> Extended {
        Extended {
            negative: !self.negative,
            ..self
        }
    }

    /// Which of two numbers is larger.
    pub(crate) fn order(self, other: Extended) -> Ordering {
        // Mantissas have their top bit set, so the exponent decides first.
        let size = |n: Extended| (n.mantissa != 0, n.exponent, n.mantissa);
        match (self.is_negative(), other.is_negative()) {
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) if self.mantissa == 0 && other.mantissa == 0 => Ordering::Equal,
            (false, false) => size(self).cmp(&size(other)),
            (true, true) => size(other).cmp(&size(self)),
        }
    }

    /// As Redis prints it for people: 17 decimals, without trailing zeros.
    pub(crate) fn to_text(self) -> String {
        let (whole, fraction) = self.split();
        let mut text = String::new();
        if self.negative && self.mantissa != 0 {
            text.push('-');
        }
        text.push_str(&whole);
        let fraction = fraction.trim_end_matches('0');
        if !fraction.is_empty() {
            text.push('.');
            text.push_str(fraction);
        }
        if text == "-0" { "0".into() } else { text }
    }

    /// The decimal digits before the point, and 17 after it.
    fn split(self) -> (String, String) {
        const TEN_17: u128 = 100_000_000_000_000_000;
        if self.exponent >= 0 {
            let mut big = Big::from(self.mantissa);
            big.shift_left(self.exponent as u32);
            return (big.to_decimal(), String::new());
        }
        let shift = self.exponent.unsigned_abs();
        let scaled = u128::from(self.mantissa) * TEN_17;
        let rounded = if shift >= 127 {
            0
        } else {
            let (kept, rest) = (scaled >> shift, scaled & ((1u128 << shift) - 1));
            let half = 1u128 << (shift - 1);
            kept + u128::from(rest > half || (rest == half && kept & 1 == 1))
        };
        (
            (rounded / TEN_17).to_string(),
            format!("{:017}", rounded % TEN_17),
        )
    }
}

/// What a text means.
pub(crate) enum Parsed {
    Finite(Extended),
    Infinite,
}

/// The significant digits, and the power of ten of the last one.
fn decimal(body: &[u8]) -> Option<(Vec<u8>, i32)> {
    let split = body.iter().position(|b| matches!(b, b'e' | b'E'));
    let (mantissa, power) = match split {
        Some(at) => (&body[..at], exponent(&body[at + 1..])?),
        None => (body, 0),
    };
    let mut digits = Vec::with_capacity(mantissa.len());
    let (mut power, mut seen_point, mut any) = (power, false, false);
    for byte in mantissa {
        match byte {
            b'0'..=b'9' => {
                any = true;
                if *byte != b'0' || !digits.is_empty() {
                    digits.push(byte - b'0');
                }
                power -= i32::from(seen_point);
            }
            b'.' if !seen_point => seen_point = true,
            _ => return None,
        }
    }
    any.then_some((digits, power))
}

fn exponent(text: &[u8]) -> Option<i32> {
    let digits = text
        .strip_prefix(b"+")
        .or(text.strip_prefix(b"-"))
        .unwrap_or(text);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let value = digits.iter().fold(0i32, |n, d| {
        n.saturating_mul(10).saturating_add(i32::from(d - b'0'))
    });
    let value = value.min(1_000_000);
    Some(if text[0] == b'-' { -value } else { value })
}

/// Rounds a hexadecimal number, of which the form is right, to 64 bits of mantissa.
fn from_hex(body: &[u8]) -> Option<(u64, i32)> {
    let split = body.iter().position(|b| matches!(b, b'p' | b'P'));
    let (digits, mut power) = match split {
        Some(at) => (&body[..at], exponent(&body[at + 1..])?),
        None => (body, 0),
    };
    let (mut value, mut sticky, mut seen_point) = (0u128, false, false);
    for byte in digits {
        let Some(digit) = char::from(*byte).to_digit(16) else {
            seen_point = true;
            continue;
        };
        if value >> 120 == 0 {
            value = value << 4 | u128::from(digit);
            power -= 4 * i32::from(seen_point);
        } else {
            sticky |= digit != 0;
            power = power.saturating_add(4 * i32::from(!seen_point));
        }
    }
    round(value, power, sticky)
}

/// Rounds a decimal number to 64 bits of mantissa; `None` when it is infinite or would be 0.
fn from_decimal(digits: &[u8], power: i32) -> Option<(u64, i32)> {
    if digits.is_empty() {
        return Some((0, 0));
    }
    let size = i32::try_from(digits.len()).ok()?.checked_add(power)?;
    if !(-MAX_POWER..=MAX_POWER).contains(&size) {
        return None;
    }
    let mut number = Big::default();
    for digit in digits {
        number.multiply_add(10, u32::from(*digit));
    }
    if power >= 0 {
        for _ in 0..power {
            number.multiply_add(10, 0);
        }
        let (top, exponent, sticky) = number.top_bits();
        return round(top, exponent, sticky);
    }
    let mut divisor = Big::from(1);
    for _ in 0..-power {
        divisor.multiply_add(10, 0);
    }
    // Enough bits that the quotient has at least 66 of them.
    let shift = (divisor.bits() + 67).saturating_sub(number.bits());
    number.shift_left(shift);
    let (quotient, rest) = number.divide(&divisor);
    let (top, exponent, sticky) = quotient.top_bits();
    round(top, exponent - shift as i32, sticky || rest)
}

/// Rounds to 64 bits, ties to even; `None` when the result is infinite, or less than half of the smallest number.
fn round(value: u128, exponent: i32, sticky: bool) -> Option<(u64, i32)> {
    if value == 0 {
        return Some((0, 0));
    }
    let bits = 128 - value.leading_zeros() as i32;
    let (mut mantissa, mut exponent) = if bits <= 64 {
        ((value as u64) << (64 - bits), exponent - (64 - bits))
    } else {
        let drop = (bits - 64) as u32;
        let (kept, rest) = ((value >> drop) as u64, value & ((1u128 << drop) - 1));
        let half = 1u128 << (drop - 1);
        let up = rest > half || (rest == half && (sticky || kept & 1 == 1));
        match kept.checked_add(u64::from(up)) {
            Some(kept) => (kept, exponent + drop as i32),
            None => (1 << 63, exponent + drop as i32 + 1),
        }
    };
    if !(MIN_EXPONENT..=MAX_EXPONENT).contains(&exponent) {
        return None;
    }
    // Below the smallest exponent the number is as good as zero in 17 decimals.
    if exponent < -16_445 {
        (mantissa, exponent) = (0, 0);
    }
    Some((mantissa, exponent))
}

/// A natural number of any size, lowest part first.
#[derive(Clone, Default)]
struct Big(Vec<u32>);

impl Big {
    fn from(number: u64) -> Big {
        let mut big = Big(vec![number as u32, (number >> 32) as u32]);
        big.normalize();
        big
    }

    fn normalize(&mut self) {
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
    }

    fn multiply_add(&mut self, factor: u32, addend: u32) {
        let mut carry = u64::from(addend);
        for part in &mut self.0 {
            let product = u64::from(*part) * u64::from(factor) + carry;
            *part = product as u32;
            carry = product >> 32;
        }
        if carry > 0 {
            self.0.push(carry as u32);
        }
    }

    fn bits(&self) -> u32 {
        self.0
            .last()
            .map_or(0, |top| self.0.len() as u32 * 32 - top.leading_zeros())
    }

    fn shift_left(&mut self, by: u32) {
        let (words, bits) = ((by / 32) as usize, by % 32);
        if bits > 0 {
            let mut carry = 0;
            for part in &mut self.0 {
                let wide = (u64::from(*part) << bits) | carry;
                *part = wide as u32;
                carry = wide >> 32;
            }
            if carry > 0 {
                self.0.push(carry as u32);
            }
        }
        self.0.splice(0..0, std::iter::repeat_n(0, words));
    }

    fn bit(&self, at: u32) -> bool {
        self.0
            .get((at / 32) as usize)
            .is_some_and(|part| part >> (at % 32) & 1 == 1)
    }

    /// The top 128 bits, the power of two of the lowest of them, and whether anything was below.
    fn top_bits(&self) -> (u128, i32, bool) {
        let drop = self.bits().saturating_sub(128);
        let mut top = 0u128;
        for at in (drop..self.bits()).rev() {
            top = top << 1 | u128::from(self.bit(at));
        }
        let sticky = (0..drop).any(|at| self.bit(at));
        (top, drop as i32, sticky)
    }

    /// The quotient, and whether there is a remainder.
    fn divide(&self, divisor: &Big) -> (Big, bool) {
        let mut quotient = Big(vec![0; self.0.len()]);
        let mut rest = Big::default();
        for at in (0..self.bits()).rev() {
            rest.shift_left(1);
            if self.bit(at) {
                match rest.0.first_mut() {
                    Some(low) => *low |= 1,
                    None => rest.0.push(1),
                }
            }
            if rest.compare(divisor) != Ordering::Less {
                rest.subtract(divisor);
                quotient.0[(at / 32) as usize] |= 1 << (at % 32);
            }
        }
        quotient.normalize();
        (quotient, !rest.0.is_empty())
    }

    fn compare(&self, other: &Big) -> Ordering {
        self.0
            .len()
            .cmp(&other.0.len())
            .then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }

    fn subtract(&mut self, other: &Big) {
        let mut borrow = 0i64;
        for (at, part) in self.0.iter_mut().enumerate() {
            let value =
                i64::from(*part) - i64::from(other.0.get(at).copied().unwrap_or(0)) - borrow;
            borrow = i64::from(value < 0);
            *part = value as u32;
        }
        self.normalize();
    }

    fn to_decimal(&self) -> String {
        let mut rest = self.0.clone();
        let mut parts = Vec::new();
        while !rest.is_empty() {
            let mut carry = 0u64;
            for part in rest.iter_mut().rev() {
                let wide = carry << 32 | u64::from(*part);
                *part = (wide / 1_000_000_000) as u32;
                carry = wide % 1_000_000_000;
            }
            parts.push(carry as u32);
            while rest.last() == Some(&0) {
                rest.pop();
            }
        }
        let mut text = parts
            .pop()
            .map_or_else(|| "0".to_owned(), |top| top.to_string());
        for part in parts.iter().rev() {
            text.push_str(&format!("{part:09}"));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::{Extended, Parsed};

    fn sum(a: &str, b: &str) -> String {
        let read = |text: &str| match Extended::parse(text.as_bytes()) {
            Some(Parsed::Finite(number)) => number,
            _ => panic!("{text} is a finite number"),
        };
        read(a).add(read(b)).expect("the sum is finite").to_text()
    }

    #[test]
    fn sums_print_the_digits_of_a_64_bit_mantissa() {
        assert_eq!(sum("0.1", "0.2"), "0.3");
        assert_eq!(sum("10.50", "0.1"), "10.6");
        assert_eq!(sum("5.0e3", "2.0e2"), "5200");
        assert_eq!(sum("3.0", "1.1e-10"), "3.00000000011");
        assert_eq!(sum("1", "-1"), "0");
        assert_eq!(sum("1e19", "1"), "10000000000000000001");
        assert_eq!(sum("1.23", "-2.46"), "-1.23");
        assert_eq!(sum("0", "1e-18"), "0");
        assert_eq!(sum("17179869184", "1.5"), "17179869185.5");
    }
}
