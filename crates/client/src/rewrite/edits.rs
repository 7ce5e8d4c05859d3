//! Edits to a text, and the way back from the edited text to the original.

/// Insertions and replacements, each at an offset of the original.
#[derive(Default)]
pub(crate) struct Edits {
    edits: Vec<Edit>,
}

struct Edit {
    start: usize,
    end: usize,
    text: String,
}

impl Edits {
    /// Inserts `text` before the byte at `at`. Several insertions at one place keep the order they were made in.
    pub(crate) fn insert(&mut self, at: usize, text: impl Into<String>) {
        self.replace(at, at, text);
    }

    /// Replaces the bytes from `start` to `end`. Replacements must not overlap.
    pub(crate) fn replace(&mut self, start: usize, end: usize, text: impl Into<String>) {
        self.edits.push(Edit {
            start,
            end,
            text: text.into(),
        });
    }

    /// The edited text after `prefix`, and the way back.
    pub(crate) fn apply(mut self, prefix: &str, source: &str) -> (String, Origins) {
        // Insertions come before a replacement that starts at the same place; the sort is stable.
        self.edits
            .sort_by_key(|edit| (edit.start, edit.end > edit.start));
        let mut text = String::with_capacity(prefix.len() + source.len() * 2);
        let mut kept = Vec::new();
        text.push_str(prefix);
        let mut at = 0;
        for edit in &self.edits {
            if edit.start > at {
                kept.push(Kept {
                    edited: text.len(),
                    original: at,
                    len: edit.start - at,
                });
                text.push_str(&source[at..edit.start]);
            }
            text.push_str(&edit.text);
            at = at.max(edit.end);
        }
        if at < source.len() {
            kept.push(Kept {
                edited: text.len(),
                original: at,
                len: source.len() - at,
            });
            text.push_str(&source[at..]);
        }
        let lines = line_starts(&text);
        let origins = Origins {
            prefix: prefix.len(),
            kept,
            lines,
            before: None,
        };
        (text, origins)
    }
}

/// A run of bytes that the edits left as it was.
struct Kept {
    edited: usize,
    original: usize,
    len: usize,
}

/// Where the edited text came from.
pub(crate) struct Origins {
    prefix: usize,
    kept: Vec<Kept>,
    lines: Vec<usize>,
    /// Where the text came from that these edits were made in, when it was edited itself.
    before: Option<Box<Origins>>,
}

impl Origins {
    /// The way back through these edits and those made before.
    pub(crate) fn after(mut self, before: Origins) -> Self {
        self.before = Some(Box::new(before));
        self
    }

    /// The offset in the original of the byte at `edited`; inserted text belongs to the place of its edit.
    /// `None` inside the prefix.
    pub(crate) fn original(&self, edited: usize) -> Option<usize> {
        if edited < self.prefix {
            return None;
        }
        let after = self.kept.partition_point(|kept| kept.edited <= edited);
        let original = match after.checked_sub(1).map(|i| &self.kept[i]) {
            Some(kept) => kept.original + (edited - kept.edited).min(kept.len),
            None => 0,
        };
        match &self.before {
            Some(before) => before.original(original),
            None => Some(original),
        }
    }

    /// The offset in the edited text of a line and column, both from 1, the column in characters.
    pub(crate) fn offset(&self, edited: &str, line: u32, column: u32) -> usize {
        let line = (line.max(1) as usize - 1).min(self.lines.len() - 1);
        let start = self.lines[line];
        let end = self.lines.get(line + 1).copied().unwrap_or(edited.len());
        let mut letters = edited[start..end].char_indices();
        let column = column.max(1) as usize - 1;
        letters.nth(column).map_or(end, |(at, _)| start + at)
    }
}

/// The offset at which each line starts; always at least one.
pub(crate) fn line_starts(text: &str) -> Vec<usize> {
    let mut starts = vec![0];
    starts.extend(text.match_indices('\n').map(|(at, _)| at + 1));
    starts
}

/// The line and the column of an offset, both from 1, the column in characters.
pub(crate) fn position(text: &str, lines: &[usize], offset: usize) -> (u32, u32) {
    let offset = offset.min(text.len());
    let line = lines.partition_point(|start| *start <= offset).max(1);
    let column = text
        .get(lines[line - 1]..offset)
        .map_or(0, |before| before.chars().count());
    (line as u32, column as u32 + 1)
}

#[cfg(test)]
mod tests {
    use super::{Edits, line_starts, position};

    #[test]
    fn every_kept_byte_finds_its_way_back() {
        let source = "alpha beta\ngamma é delta\n";
        let mut edits = Edits::default();
        edits.insert(0, "[");
        edits.insert(0, "(");
        edits.replace(6, 10, "BETA!");
        edits.insert(source.len(), "end");
        let (text, origins) = edits.apply("prefix\n", source);
        assert_eq!(text, "prefix\n[(alpha BETA!\ngamma é delta\nend");
        assert_eq!(origins.original(3), None);
        for (at, letter) in text.char_indices().skip("prefix\n[(".len()) {
            let original = origins.original(at).expect("after the prefix");
            if !"BETA!end".contains(letter) {
                assert_eq!(source[original..].chars().next(), Some(letter), "at {at}");
            }
        }
    }

    #[test]
    fn positions_count_characters_from_one() {
        let text = "é1\n  two";
        let lines = line_starts(text);
        assert_eq!(position(text, &lines, 0), (1, 1));
        assert_eq!(position(text, &lines, 2), (1, 2));
        assert_eq!(position(text, &lines, text.len()), (2, 6));
    }
}
