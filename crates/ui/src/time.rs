//! Virtual time in words and in the fault language.

/// A moment for a person to read: `0 s`, `40 µs`, `1.5 ms`, `11.002 s`, `2 m 03.5 s`.
#[must_use]
pub fn clock(micros: u64) -> String {
    match micros {
        0 => "0 s".to_owned(),
        1..=999 => format!("{micros} µs"),
        1_000..=999_999 => format!("{} ms", decimal(micros, 1_000, 2)),
        1_000_000..=119_999_999 => format!("{} s", decimal(micros, 1_000_000, 3)),
        _ => format!(
            "{} m {} s",
            micros / 60_000_000,
            decimal(micros % 60_000_000, 1_000_000, 3)
        ),
    }
}

/// A moment with every digit that tells it from its neighbours: `11.002 34 s`.
#[must_use]
pub fn clock_exact(micros: u64) -> String {
    match micros {
        0..=999_999 if micros < 1_000 => clock(micros),
        0..=999_999 => format!("{} ms", decimal(micros, 1_000, 3)),
        _ => format!("{} s", decimal(micros, 1_000_000, 6)),
    }
}

/// A length of time for a person: two or three digits that matter.
#[must_use]
pub fn length(micros: u64) -> String {
    match micros {
        0..=999 => format!("{micros} µs"),
        1_000..=9_999 => format!("{} ms", decimal(micros, 1_000, 1)),
        10_000..=999_999 => format!("{} ms", micros / 1_000),
        1_000_000..=9_999_999 => format!("{} s", decimal(micros, 1_000_000, 2)),
        10_000_000..=119_999_999 => format!("{} s", decimal(micros, 1_000_000, 1)),
        _ => format!("{} min", decimal(micros, 60_000_000, 1)),
    }
}

/// The shortest exact form that the fault language reads back: `250us`, `31ms`, `1.5s`.
#[must_use]
pub fn span(micros: u64) -> String {
    match micros {
        0 => "0s".to_owned(),
        1..=999 => format!("{micros}us"),
        1_000..=999_999 => format!("{}ms", decimal(micros, 1_000, 3)),
        _ => format!("{}s", decimal(micros, 1_000_000, 6)),
    }
}

/// Reads `250us`, `31 ms`, `1.5s`, `2m`, `15`: a bare number is in seconds.
#[must_use]
pub fn read_span(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let scale: f64 = match unit.trim() {
        "us" | "µs" => 1.0,
        "ms" => 1e3,
        "" | "s" => 1e6,
        "m" | "min" => 6e7,
        "h" => 3.6e9,
        _ => return None,
    };
    let micros = (number.parse::<f64>().ok()? * scale).round();
    // A day is longer than any run.
    (0.0..=8.64e10).contains(&micros).then_some(micros as u64)
}

/// `value / scale` with at most `digits` decimals, rounded down and without trailing zeros.
fn decimal(value: u64, scale: u64, digits: u32) -> String {
    let whole = value / scale;
    let shown = value % scale * 10_u64.pow(digits) / scale;
    if shown == 0 {
        return whole.to_string();
    }
    let width = digits as usize;
    let fraction = format!("{shown:0width$}");
    format!("{whole}.{}", fraction.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_read_as_a_person_would_say_them() {
        for (micros, said) in [
            (0, "0 s"),
            (40, "40 µs"),
            (1_500, "1.5 ms"),
            (11_002_340, "11.002 s"),
            (16_000_000, "16 s"),
            (123_500_000, "2 m 3.5 s"),
        ] {
            assert_eq!(clock(micros), said);
        }
        assert_eq!(clock_exact(11_002_340), "11.00234 s");
        assert_eq!(length(14_997_210), "14.9 s");
        assert_eq!(length(520), "520 µs");
    }

    #[test]
    fn spans_are_written_as_they_are_read() {
        for micros in [
            0, 1, 999, 1_000, 1_500, 31_000, 1_204_010, 15_000_000, 61_000_001,
        ] {
            assert_eq!(read_span(&span(micros)), Some(micros), "{micros}");
        }
        assert_eq!(read_span("15"), Some(15_000_000));
        assert_eq!(read_span(" 2.5 ms "), Some(2_500));
        for wrong in ["", "x", "-3s", "1.2.3s", "5 weeks", "999999h"] {
            assert_eq!(read_span(wrong), None, "{wrong}");
        }
    }
}
