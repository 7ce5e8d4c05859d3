//! Variables as short text.

use std::sync::Arc;

use monty_types::ObjectRef;
use monty_types::unstable::{self, MontyNode};
use redwind_sim::Local;

use crate::rewrite::names::HIDDEN;

/// How many variables are told.
const MOST: usize = 40;
/// How many characters of a value are told.
const LONGEST: usize = 80;
/// How many characters of one string inside a value are told.
const LONGEST_STRING: usize = 60;

/// The variables in a dict that `locals()` made.
pub(crate) fn shown(variables: ObjectRef<'_>) -> Arc<[Local]> {
    let pairs = variables.pairs().unwrap_or_default();
    pairs
        .into_iter()
        .filter_map(|(name, value)| {
            let name = name.as_str()?;
            let hidden = name.starts_with(HIDDEN) || is_furniture(value);
            (!hidden).then(|| Local {
                name: name.to_owned(),
                value: short(value),
            })
        })
        .take(MOST)
        .collect()
}

/// Functions, classes and modules are part of the program, not of its state.
fn is_furniture(value: ObjectRef<'_>) -> bool {
    match unstable::node(value) {
        MontyNode::Function { .. }
        | MontyNode::BuiltinFunction(_)
        | MontyNode::Type(_)
        | MontyNode::ClassType(_)
        | MontyNode::Module { .. } => true,
        MontyNode::Repr(text) => [
            "<function",
            "<module",
            "<class",
            "<built-in",
            "<bound method",
        ]
        .iter()
        .any(|start| text.starts_with(start)),
        _ => false,
    }
}

/// The value's `repr`, shortened.
pub(crate) fn short(value: ObjectRef<'_>) -> String {
    let mut text = String::new();
    if !write(value, &mut text, 0) {
        text.push('…');
    }
    text
}

/// Writes until the text is long enough; `false` when it had to stop.
fn write(value: ObjectRef<'_>, text: &mut String, depth: usize) -> bool {
    if text.len() > LONGEST || depth > 8 {
        return false;
    }
    let child = |id| unstable::child(value, id);
    match unstable::node(value) {
        MontyNode::List(items) => {
            sequence(items.iter().map(|id| child(*id)), "[", "]", text, depth)
        }
        MontyNode::Tuple(items) => {
            let end = if items.len() == 1 { ",)" } else { ")" };
            sequence(items.iter().map(|id| child(*id)), "(", end, text, depth)
        }
        MontyNode::Set(items) if !items.is_empty() => {
            sequence(items.iter().map(|id| child(*id)), "{", "}", text, depth)
        }
        MontyNode::Dict(pairs) => {
            text.push('{');
            for (i, (name, value)) in pairs.iter().enumerate() {
                if i > 0 {
                    text.push_str(", ");
                }
                if !write(child(*name), text, depth + 1) {
                    return false;
                }
                text.push_str(": ");
                if !write(child(*value), text, depth + 1) {
                    return false;
                }
            }
            text.push('}');
            true
        }
        MontyNode::ClassInstance { attrs, .. } => instance(
            value,
            attrs
                .iter()
                .map(|(name, value)| (child(*name), child(*value))),
            text,
            depth,
        ),
        MontyNode::String(string) => {
            let cut = string.char_indices().nth(LONGEST_STRING).map(|(at, _)| at);
            let shown = &string[..cut.unwrap_or(string.len())];
            text.push_str(&monty_types::StringRepr(shown).to_string());
            if cut.is_some() {
                text.push('…');
            }
            true
        }
        MontyNode::Bytes(bytes) => {
            let cut = bytes.len().min(LONGEST_STRING);
            text.push_str(&monty_types::bytes_repr(&bytes[..cut]));
            if cut < bytes.len() {
                text.push('…');
            }
            true
        }
        _ => {
            let repr = value.py_repr();
            let cut = repr.char_indices().nth(LONGEST).map(|(at, _)| at);
            text.push_str(&repr[..cut.unwrap_or(repr.len())]);
            cut.is_none()
        }
    }
}

fn sequence<'a>(
    items: impl Iterator<Item = ObjectRef<'a>>,
    start: &str,
    end: &str,
    text: &mut String,
    depth: usize,
) -> bool {
    text.push_str(start);
    for (i, item) in items.enumerate() {
        if i > 0 {
            text.push_str(", ");
        }
        if !write(item, text, depth + 1) {
            return false;
        }
    }
    text.push_str(end);
    true
}

/// `Name(attribute=value, …)`, without what begins with an underscore. An exception is shown as Python does.
fn instance<'a>(
    value: ObjectRef<'a>,
    attributes: impl Iterator<Item = (ObjectRef<'a>, ObjectRef<'a>)>,
    text: &mut String,
    depth: usize,
) -> bool {
    text.push_str(value.type_name());
    text.push('(');
    let mut first = true;
    for (name, value) in attributes {
        let Some(name) = name.as_str().filter(|name| !name.starts_with('_')) else {
            continue;
        };
        if !first {
            text.push_str(", ");
        }
        first = false;
        text.push_str(name);
        text.push('=');
        if !write(value, text, depth + 1) {
            return false;
        }
    }
    text.push(')');
    true
}
