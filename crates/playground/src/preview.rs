//! A key's content for people: one element a line, in redis-cli's quoting.

use redwind_engine::{GroupView, Preview};
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
        Preview::Stream { entries, groups } => entries
            .iter()
            .map(|(id, fields)| {
                let fields: Vec<String> = fields
                    .iter()
                    .map(|(name, value)| format!("{} → {}", bare(name), render_quoted(value)))
                    .collect();
                format!("{} {}", bare(id), fields.join(", "))
            })
            .chain(groups.iter().flat_map(group))
            .collect(),
    }
}

/// A consumer group: how far it has read, and what is not acknowledged.
fn group(group: &GroupView) -> Vec<String> {
    let state = match group.pending_len {
        0 => "nothing pending".to_owned(),
        n => format!("{n} pending"),
    };
    let head = format!(
        "group {}: delivered up to {}, {state}",
        bare(&group.name),
        bare(&group.delivered)
    );
    let pending = group.pending.iter().map(|pending| {
        let whose = match pending.consumer.is_empty() {
            true => "given back".to_owned(),
            false => format!("with {}", bare(&pending.consumer)),
        };
        let times = match pending.deliveries {
            1 => String::new(),
            n => format!(", delivered {n} times"),
        };
        format!("  {} {whose}{times}", bare(&pending.id))
    });
    std::iter::once(head).chain(pending).collect()
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
