//! The text that `redis-cli` shows on a terminal.

use crate::{Value, format_double, push_int};

/// A value as `redis-cli` prints it on a terminal, without the final line break.
///
/// Bytes that are not printable are escaped, so the result is plain ASCII.
pub fn render(value: &Value) -> String {
    let mut out = Vec::new();
    put(value, "", &mut out);
    while out.last() == Some(&b'\n') {
        out.pop();
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// What `redis-cli` prints as the reply to a command, without the final line break: [`render`], but for the few
/// commands whose text is meant to be read as it is (`INFO`, `CLIENT LIST` …).
pub fn render_reply<Word: AsRef<[u8]>>(argv: &[Word], value: &Value) -> String {
    let text = match value {
        _ if !is_report(argv) => return render(value),
        Value::Bulk(text)
        | Value::Verbatim { text, .. }
        | Value::Simple(text)
        | Value::Error(text) => text,
        _ => return render(value),
    };
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    String::from_utf8_lossy(text).replace('\r', "")
}

/// The commands whose reply `redis-cli` always shows raw, errors of theirs included.
fn is_report<Word: AsRef<[u8]>>(argv: &[Word]) -> bool {
    let is = |at: usize, word: &str| {
        argv.get(at)
            .is_some_and(|typed| typed.as_ref().eq_ignore_ascii_case(word.as_bytes()))
    };
    let either = |first: &str, second: &str| is(1, first) || is(1, second);
    is(0, "info")
        || is(0, "lolwut")
        || (is(0, "client") && either("list", "info"))
        || (is(0, "cluster") && argv.len() == 2 && either("nodes", "info"))
        || (is(0, "memory") && either("malloc-stats", "doctor"))
        || (is(0, "debug") && either("htstats", "htstats-key"))
        || (is(0, "latency") && either("graph", "doctor"))
}

/// Bytes between double quotes with `redis-cli`'s escapes.
pub fn render_quoted(bytes: &[u8]) -> String {
    let mut out = Vec::with_capacity(bytes.len() + 2);
    quote(bytes, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

fn put(value: &Value, prefix: &str, out: &mut Vec<u8>) {
    match value {
        Value::Error(text) => {
            out.extend_from_slice(b"(error) ");
            out.extend_from_slice(text);
        }
        Value::Simple(text) => out.extend_from_slice(text),
        Value::Int(number) => {
            out.extend_from_slice(b"(integer) ");
            push_int(out, *number);
        }
        Value::Double(number) => {
            out.extend_from_slice(b"(double) ");
            out.extend_from_slice(format_double(*number).as_bytes());
        }
        Value::Bulk(bytes) => quote(bytes, out),
        Value::Null | Value::NullArray => out.extend_from_slice(b"(nil)"),
        Value::Bool(yes) => out.extend_from_slice(if *yes { b"(true)" } else { b"(false)" }),
        Value::BigNumber(text) => out.extend_from_slice(text),
        // Verbatim text is meant to be read as it is.
        Value::Verbatim { text, .. } => out.extend_from_slice(text),
        Value::Array(items) => list(items, ')', "(empty array)", prefix, out),
        Value::Push(items) => list(items, ')', "(empty push)", prefix, out),
        Value::Set(items) => list(items, '~', "(empty set)", prefix, out),
        Value::Map(pairs) => return map(pairs, prefix, out),
    }
    if !matches!(value, Value::Array(i) | Value::Push(i) | Value::Set(i) if !i.is_empty()) {
        out.push(b'\n');
    }
}

fn list(items: &[Value], mark: char, empty: &str, prefix: &str, out: &mut Vec<u8>) {
    if items.is_empty() {
        return out.extend_from_slice(empty.as_bytes());
    }
    let width = digits(items.len());
    let inner = format!("{prefix}{}", " ".repeat(width + 2));
    for (index, item) in items.iter().enumerate() {
        let lead = if index == 0 { "" } else { prefix };
        out.extend_from_slice(format!("{lead}{:>width$}{mark} ", index + 1).as_bytes());
        put(item, &inner, out);
    }
}

fn map(pairs: &[(Value, Value)], prefix: &str, out: &mut Vec<u8>) {
    if pairs.is_empty() {
        return out.extend_from_slice(b"(empty hash)\n");
    }
    let width = digits(pairs.len());
    let inner = format!("{prefix}{}", " ".repeat(width + 2));
    for (index, (key, value)) in pairs.iter().enumerate() {
        let lead = if index == 0 { "" } else { prefix };
        out.extend_from_slice(format!("{lead}{:>width$}# ", index + 1).as_bytes());
        put(key, &inner, out);
        out.pop();
        out.extend_from_slice(b" => ");
        if is_long(value) {
            out.push(b'\n');
            out.extend_from_slice(inner.as_bytes());
        }
        put(value, &inner, out);
    }
}

/// Whether a map's value begins on a line of its own: one with several elements, however deep.
fn is_long(value: &Value) -> bool {
    match value {
        Value::Array(items) | Value::Push(items) | Value::Set(items) => match &items[..] {
            [one] => is_long(one),
            items => !items.is_empty(),
        },
        Value::Map(pairs) => match &pairs[..] {
            [(_, one)] => is_long(one),
            pairs => !pairs.is_empty(),
        },
        _ => false,
    }
}

fn digits(mut count: usize) -> usize {
    let mut width = 1;
    while count >= 10 {
        count /= 10;
        width += 1;
    }
    width
}

fn quote(bytes: &[u8], out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push(b'"');
    for &byte in bytes {
        match byte {
            b'\\' | b'"' => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            7 => out.extend_from_slice(b"\\a"),
            8 => out.extend_from_slice(b"\\b"),
            0x20..=0x7e => out.push(byte),
            _ => {
                let (high, low) = (HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]);
                out.extend_from_slice(&[b'\\', b'x', high, low]);
            }
        }
    }
    out.push(b'"');
}
