//! A key's content for people: one element a line, in redis-cli's quoting.

use redwind_engine::Preview;
use redwind_resp::{format_double, render_quoted};

/// One line an element.
pub(crate) fn lines(preview: &Preview) -> Vec<String> {
    match preview {
        Preview::Text(text) => vec![render_quoted(text)],
        Preview::Items(items) => items.iter().map(|item| render_quoted(item)).collect(),
        Preview::Fields(fields) => fields
            .iter()
            .map(|(name, value)| format!("{} → {}", bare(name), render_quoted(value)))
            .collect(),
        Preview::Scores(members) => members
            .iter()
            .map(|(member, score)| format!("{} {}", format_double(*score), render_quoted(member)))
            .collect(),
        Preview::Entries(entries) => entries
            .iter()
            .map(|(id, fields)| {
                let fields: Vec<String> = fields
                    .iter()
                    .map(|(name, value)| format!("{} → {}", bare(name), render_quoted(value)))
                    .collect();
                format!("{} {}", bare(id), fields.join(", "))
            })
            .collect(),
    }
}

/// Bytes as redis-cli prints them, without the quotes around.
pub(crate) fn bare(bytes: &[u8]) -> String {
    let quoted = render_quoted(bytes);
    quoted
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(&quoted)
        .replace("\\\"", "\"")
}
