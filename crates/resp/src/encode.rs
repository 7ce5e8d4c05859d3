//! Values to bytes.

use crate::{Protocol, Value, format_double, push_int};

/// Appends a value's wire form. Kinds that the protocol lacks are written as Redis downgrades them.
pub fn encode(value: &Value, protocol: Protocol, out: &mut Vec<u8>) {
    let resp3 = protocol == Protocol::Resp3;
    match value {
        Value::Simple(text) => line(b'+', text, out),
        Value::Error(text) => line(b'-', text, out),
        Value::Int(number) => header(b':', *number, out),
        Value::Bulk(bytes) => bulk(bytes, out),
        Value::Null | Value::NullArray if resp3 => out.extend_from_slice(b"_\r\n"),
        Value::Null => out.extend_from_slice(b"$-1\r\n"),
        Value::NullArray => out.extend_from_slice(b"*-1\r\n"),
        Value::Array(items) => aggregate(b'*', items, protocol, out),
        Value::Set(items) => aggregate(if resp3 { b'~' } else { b'*' }, items, protocol, out),
        Value::Push(items) => aggregate(if resp3 { b'>' } else { b'*' }, items, protocol, out),
        Value::Map(pairs) => {
            let (kind, count) = if resp3 {
                (b'%', pairs.len())
            } else {
                (b'*', pairs.len() * 2)
            };
            header(kind, count as i64, out);
            for (key, value) in pairs {
                encode(key, protocol, out);
                encode(value, protocol, out);
            }
        }
        Value::Double(number) if resp3 => line(b',', format_double(*number).as_bytes(), out),
        Value::Double(number) => bulk(format_double(*number).as_bytes(), out),
        Value::Bool(yes) if resp3 => {
            out.extend_from_slice(if *yes { b"#t\r\n" } else { b"#f\r\n" });
        }
        Value::Bool(yes) => header(b':', i64::from(*yes), out),
        Value::BigNumber(text) if resp3 => line(b'(', text, out),
        Value::BigNumber(text) => bulk(text, out),
        Value::Verbatim { format, text } if resp3 => {
            header(b'=', text.len() as i64 + 4, out);
            out.extend_from_slice(format);
            out.push(b':');
            out.extend_from_slice(text);
            out.extend_from_slice(b"\r\n");
        }
        Value::Verbatim { text, .. } => bulk(text, out),
    }
}

/// Appends a command the way clients send it: an array of bulk strings.
pub fn encode_request<T: AsRef<[u8]>>(argv: &[T], out: &mut Vec<u8>) {
    header(b'*', argv.len() as i64, out);
    for argument in argv {
        bulk(argument.as_ref(), out);
    }
}

fn header(kind: u8, number: i64, out: &mut Vec<u8>) {
    // Most lengths and counts have one digit or two.
    match number {
        0..10 => return out.extend_from_slice(&[kind, b'0' + number as u8, b'\r', b'\n']),
        10..100 => {
            let (tens, ones) = (b'0' + number as u8 / 10, b'0' + number as u8 % 10);
            return out.extend_from_slice(&[kind, tens, ones, b'\r', b'\n']);
        }
        _ => {}
    }
    out.push(kind);
    push_int(out, number);
    out.extend_from_slice(b"\r\n");
}

/// Statuses and errors live on one line, so line breaks inside them become spaces, as in Redis.
fn line(kind: u8, text: &[u8], out: &mut Vec<u8>) {
    out.push(kind);
    out.extend(
        text.iter()
            .map(|b| if matches!(b, b'\r' | b'\n') { b' ' } else { *b }),
    );
    out.extend_from_slice(b"\r\n");
}

fn bulk(bytes: &[u8], out: &mut Vec<u8>) {
    header(b'$', bytes.len() as i64, out);
    out.extend_from_slice(bytes);
    out.extend_from_slice(b"\r\n");
}

fn aggregate(kind: u8, items: &[Value], protocol: Protocol, out: &mut Vec<u8>) {
    header(kind, items.len() as i64, out);
    for item in items {
        encode(item, protocol, out);
    }
}
