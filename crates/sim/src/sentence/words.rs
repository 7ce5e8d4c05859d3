//! Commands, replies and calls in one line.

use bytes::Bytes;
use redwind_resp::Value;

use super::{MOST_OF_A_COMMAND, MOST_OF_AN_ARGUMENT};
use crate::resource::shorten;
use crate::{Data, ResourceCall};

/// A command as one would type it, long arguments shortened.
pub(crate) fn command(argv: &[Bytes]) -> String {
    let words: Vec<String> = (0..)
        .zip(argv)
        .map(|(index, arg)| argument(index, arg))
        .collect();
    shorten(&words.join(" "), MOST_OF_A_COMMAND)
}

pub(super) fn argument(index: u32, arg: &Bytes) -> String {
    match index {
        0 => String::from_utf8_lossy(arg).to_uppercase(),
        _ => key(arg),
    }
}

/// Bytes as redis-cli would take them: quoted when they need it.
pub(super) fn key(bytes: &[u8]) -> String {
    let plain = |byte: &u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'\\');
    let written = if !bytes.is_empty() && bytes.iter().all(plain) {
        String::from_utf8_lossy(bytes).into_owned()
    } else if let Some(text) = std::str::from_utf8(bytes)
        .ok()
        .filter(|text| !text.chars().any(char::is_control))
    {
        // Text beyond ASCII stays readable.
        format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
    } else {
        redwind_resp::render_quoted(bytes)
    };
    let shortened = shorten(&written, MOST_OF_AN_ARGUMENT);
    if shortened.len() < written.len() && written.starts_with('"') {
        shortened + "\""
    } else {
        shortened
    }
}

/// A reply in one line, as redis-cli prints it.
pub(super) fn value(value: &Value) -> String {
    match value {
        Value::Int(n) => n.to_string(),
        Value::Null | Value::NullArray => "nil".to_owned(),
        Value::Bulk(bytes) => match key(bytes) {
            quoted if quoted.starts_with('"') => quoted,
            plain => format!("\"{plain}\""),
        },
        Value::Simple(text) => String::from_utf8_lossy(text).into_owned(),
        Value::Error(text) => format!("the error {}", String::from_utf8_lossy(text)),
        Value::Array(items) | Value::Set(items) | Value::Push(items) => {
            let items: Vec<String> = items.iter().map(self::value).collect();
            shorten(&format!("[{}]", items.join(", ")), MOST_OF_A_COMMAND)
        }
        other => shorten(
            &redwind_resp::render(other).replace('\n', "; "),
            MOST_OF_A_COMMAND,
        ),
    }
}

pub(super) fn called(call: &ResourceCall) -> String {
    let positional = call.args.iter().map(ToString::to_string);
    let named = call
        .named
        .iter()
        .map(|(name, value)| format!("{name}={value}"));
    let args: Vec<String> = positional
        .chain(named)
        .map(|arg| shorten(&arg, MOST_OF_AN_ARGUMENT))
        .collect();
    format!("{}({})", call.method, args.join(", "))
}

pub(super) fn reads(method: &str) -> bool {
    matches!(method, "get" | "read" | "select")
}

pub(super) fn text(data: &Data) -> String {
    match data {
        Data::Text(text) => text.clone(),
        other => other.to_string(),
    }
}

pub(super) fn in_one_line(text: &str, most: usize) -> String {
    shorten(&text.replace('\n', " / "), most)
}
