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
        put(value, &inner, out);
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
