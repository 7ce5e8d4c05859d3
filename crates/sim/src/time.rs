//! Virtual time: one true clock for the world, in whole microseconds.

use std::fmt;
use std::ops::{Add, Sub};

/// A point of true time: microseconds since the world began. Every node and client derives its own clock from it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SimTime(pub u64);

/// A length of time in microseconds. Written and read as `250us`, `31ms`, `1.5s`, `2m`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(pub u64);

impl Span {
    /// A span of whole milliseconds.
    #[must_use]
    pub const fn millis(ms: u64) -> Self {
        Self(ms.saturating_mul(1_000))
    }

    /// A span of whole seconds.
    #[must_use]
    pub const fn seconds(s: u64) -> Self {
        Self(s.saturating_mul(1_000_000))
    }

    /// Reads `250us`, `31ms`, `1.5s`, `2m` or `1h`; `None` for anything else, too precise or too large.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.' && c != '_')?;
        let (number, unit) = text.split_at(digits);
        let scale: u64 = match unit.trim() {
            "us" | "µs" => 1,
            "ms" => 1_000,
            "s" => 1_000_000,
            "m" | "min" => 60_000_000,
            "h" => 3_600_000_000,
            _ => return None,
        };
        let number = number.replace('_', "");
        let (whole, fraction) = number.split_once('.').unwrap_or((&number, ""));
        let mut micros = whole.parse::<u64>().ok()?.checked_mul(scale)?;
        let mut place = scale;
        for digit in fraction.bytes() {
            if !place.is_multiple_of(10) && digit != b'0' {
                return None;
            }
            place /= 10;
            micros = micros.checked_add(place.checked_mul(u64::from(digit.checked_sub(b'0')?))?)?;
        }
        Some(Self(micros))
    }
}

impl fmt::Display for Span {
    /// The shortest exact form in the largest fitting unit of `us`, `ms`, `s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scale, unit) = match self.0 {
            0 => return f.write_str("0s"),
            1..=999 => (1, "us"),
            1_000..=999_999 => (1_000, "ms"),
            _ => (1_000_000, "s"),
        };
        let fraction = self.0 % scale;
        write!(f, "{}", self.0 / scale)?;
        if fraction > 0 {
            let width = if scale == 1_000 { 3 } else { 6 };
            let digits = format!("{fraction:0width$}");
            write!(f, ".{}", digits.trim_end_matches('0'))?;
        }
        f.write_str(unit)
    }
}

impl fmt::Display for SimTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Span(self.0).fmt(f)
    }
}

impl Add<Span> for SimTime {
    type Output = Self;
    fn add(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl Sub for SimTime {
    type Output = Span;
    fn sub(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_back_as_they_are_written() {
        for micros in [
            0, 1, 999, 1_000, 1_500, 31_000, 999_999, 1_000_000, 1_204_010, 15_000_000, 61_000_001,
        ] {
            let written = Span(micros).to_string();
            assert_eq!(Span::parse(&written), Some(Span(micros)), "{written}");
        }
        assert_eq!(Span::parse("2m"), Some(Span::seconds(120)));
        assert_eq!(Span::parse("10_000ms"), Some(Span::seconds(10)));
        for wrong in ["", "5", "s", "1.2.3s", "0.5us", "-1s", "1 week"] {
            assert_eq!(Span::parse(wrong), None, "{wrong}");
        }
    }
}
