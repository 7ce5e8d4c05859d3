//! The report: Markdown, printed while it grows.

/// What was measured so far.
#[derive(Default)]
pub(crate) struct Report {
    text: String,
}

impl Report {
    /// A heading, and what the numbers below it mean.
    pub(crate) fn section(&mut self, title: &str, meaning: &str) {
        self.line(&format!("\n## {title}\n\n{meaning}\n"));
    }

    /// The head of a table: the first column holds names, the others numbers.
    pub(crate) fn head(&mut self, columns: &[&str]) {
        self.line(&format!("| {} |", columns.join(" | ")));
        self.line(&format!("| --- |{}", " ---: |".repeat(columns.len() - 1)));
    }

    /// A row of a table.
    pub(crate) fn row(&mut self, cells: &[String]) {
        self.line(&format!("| {} |", cells.join(" | ")));
    }

    fn line(&mut self, line: &str) {
        println!("{line}");
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// All of it.
    pub(crate) fn text(&self) -> &str {
        self.text.trim_start()
    }
}

/// A number with its thousands apart.
pub(crate) fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A length of time, with three digits.
pub(crate) fn time(seconds: f64) -> String {
    let nanos = seconds * 1e9;
    let (number, unit) = match nanos {
        _ if nanos < 1e3 => (nanos, "ns"),
        _ if nanos < 1e6 => (nanos / 1e3, "µs"),
        _ => (nanos / 1e6, "ms"),
    };
    let digits = match number {
        _ if number < 10.0 => 2,
        _ if number < 100.0 => 1,
        _ => 0,
    };
    format!("{number:.digits$} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_for_people() {
        assert_eq!(thousands(1_234_567.4), "1,234,567");
        assert_eq!(thousands(999.0), "999");
        assert_eq!(time(1.234e-6), "1.23 µs");
        assert_eq!(time(0.5e-3), "500 µs");
        assert_eq!(time(12.3e-9), "12.3 ns");
    }
}
