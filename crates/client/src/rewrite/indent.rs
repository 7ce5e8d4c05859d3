//! Room between the levels of indentation: the rewriting puts a level of its own between `try` and what its
//! handlers do, so every level must be at least two spaces wide.

use std::borrow::Cow;
use std::collections::BTreeSet;

use ruff_python_ast::token::Tokens;
use ruff_text_size::Ranged;

/// The source with tabs as spaces and every level at least two wide; lines stay lines.
pub(super) fn widened<'s>(source: &'s str, lines: &[usize], tokens: &Tokens) -> Cow<'s, str> {
    let inside = inside_tokens(lines, tokens);
    let widths: BTreeSet<usize> = (0..lines.len())
        .filter(|line| !inside.contains(line))
        .filter_map(|line| {
            let text = line_text(source, lines, line);
            (!text.trim().is_empty()).then(|| width(text))
        })
        .collect();
    let tabs = source.contains('\t');
    let narrow = widths
        .iter()
        .zip(widths.iter().skip(1))
        .any(|(a, b)| b - a < 2);
    if !tabs && !narrow {
        return Cow::Borrowed(source);
    }
    let factor = if narrow { 2 } else { 1 };
    let mut wide = String::with_capacity(source.len() * 2);
    for line in 0..lines.len() {
        let text = line_text(source, lines, line);
        if inside.contains(&line) {
            wide.push_str(text);
            continue;
        }
        let rest = text.trim_start_matches([' ', '\t']);
        wide.push_str(&" ".repeat(width(text) * factor));
        wide.push_str(rest);
    }
    Cow::Owned(wide)
}

fn line_text<'s>(source: &'s str, lines: &[usize], line: usize) -> &'s str {
    let end = lines.get(line + 1).copied().unwrap_or(source.len());
    &source[lines[line]..end]
}

/// How wide a line's indentation is; a tab reaches the next multiple of eight, as Python counts.
fn width(text: &str) -> usize {
    let mut width = 0;
    for letter in text.chars() {
        match letter {
            ' ' => width += 1,
            '\t' => width = width / 8 * 8 + 8,
            _ => break,
        }
    }
    width
}

/// Lines that begin inside a token: inside a string, where white space is text.
fn inside_tokens(lines: &[usize], tokens: &Tokens) -> BTreeSet<usize> {
    let mut inside = BTreeSet::new();
    for token in tokens.iter() {
        let (start, end) = (token.start().to_usize(), token.end().to_usize());
        if end - start < 2 || token.kind().is_trivia() {
            continue;
        }
        let first = lines.partition_point(|line| *line <= start);
        let last = lines.partition_point(|line| *line < end);
        inside.extend(first..last);
    }
    inside
}
