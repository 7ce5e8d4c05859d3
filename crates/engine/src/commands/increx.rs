//! `INCREX`: a counter with bounds and an expiry, as rate limiters want it.

use std::cmp::Ordering;

use bytes::Bytes;
use redwind_resp::Value;

use crate::Refusal;
use crate::args::{Args, is};
use crate::blob::Blob;
use crate::commands::counters::integer;
use crate::commands::strings::{Expiry, word};
use crate::cx::Cx;
use crate::db::Data;
use crate::extended::{Extended, Parsed};
use crate::number::{int_bytes, parse_int};
use crate::table::Answer;

/// By what is counted.
#[derive(Clone, Copy)]
enum By<'a> {
    Int(&'a Bytes),
    Float(&'a Bytes),
}

struct Request<'a> {
    by: Option<By<'a>>,
    lower: Option<&'a Bytes>,
    upper: Option<&'a Bytes>,
    saturate: bool,
    expiry: Expiry,
    persist: bool,
    only_new_expiry: bool,
}

impl<'a> Request<'a> {
    fn parse(args: &Args<'a>) -> Result<Request<'a>, Refusal> {
        let mut request = Request {
            by: None,
            lower: None,
            upper: None,
            saturate: false,
            expiry: Expiry::Clear,
            persist: false,
            only_new_expiry: false,
        };
        let mut at = 1;
        while let Some(option) = args.get(at) {
            let value = args.get(at + 1);
            let takes_time = request.expiry.is_clear() && !request.persist;
            match value {
                Some(value) if is(option, "BYINT") && request.by.is_none() => {
                    request.by = Some(By::Int(value));
                }
                Some(value) if is(option, "BYFLOAT") && request.by.is_none() => {
                    request.by = Some(By::Float(value));
                }
                Some(value) if is(option, "LBOUND") && request.lower.is_none() => {
                    request.lower = Some(value);
                }
                Some(value) if is(option, "UBOUND") && request.upper.is_none() => {
                    request.upper = Some(value);
                }
                _ if is(option, "SATURATE") && !request.saturate => {
                    request.saturate = true;
                    at += 1;
                    continue;
                }
                _ if is(option, "PERSIST") && takes_time && !request.only_new_expiry => {
                    request.persist = true;
                    at += 1;
                    continue;
                }
                _ if is(option, "ENX") && !request.only_new_expiry && !request.persist => {
                    request.only_new_expiry = true;
                    at += 1;
                    continue;
                }
                Some(_) if takes_time => {
                    request.expiry = Expiry::option(option, at + 1).ok_or(Refusal::Syntax)?;
                }
                _ => return Err(Refusal::Syntax),
            }
            at += 2;
        }
        if request.only_new_expiry && request.expiry.is_clear() {
            return Err(Refusal::err("ENX flag requires an expiration"));
        }
        Ok(request)
    }
}

/// What came of counting.
enum Counted<T> {
    /// The new number, and by how much it differs from the old one.
    Done { new: T, applied: T },
    /// Out of bounds: the number stays.
    Refused(T),
}

/// `INCREX key [BYFLOAT increment | BYINT increment] [bounds] [SATURATE] [expiry] [ENX]`
pub(super) fn increx(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let request = Request::parse(args)?;
    match request.by {
        Some(By::Float(by)) => by_float(cx, args, &request, by),
        Some(By::Int(by)) => {
            let by = parse_int(by)
                .ok_or_else(|| Refusal::err("Increment is not an integer or out of range"))?;
            by_int(cx, args, &request, by)
        }
        None => by_int(cx, args, &request, 1),
    }
}

fn bounds_cross() -> Refusal {
    Refusal::err("LBOUND can't be greater than UBOUND")
}

fn by_int(cx: &mut Cx<'_>, args: &Args<'_>, request: &Request<'_>, by: i64) -> Answer {
    let bound = |text: Option<&Bytes>, name: &str, none: i64| match text {
        None => Ok(none),
        Some(text) => parse_int(text)
            .ok_or_else(|| Refusal::err(format_args!("{name} is not an integer or out of range"))),
    };
    let lower = bound(request.lower, "LBOUND", i64::MIN)?;
    let upper = bound(request.upper, "UBOUND", i64::MAX)?;
    if lower > upper {
        return Err(bounds_cross());
    }
    let expires = request.expiry.millis(cx, args, "increx")?;
    let old = match cx.lookup_to_write(args.key(0)) {
        None => 0,
        Some(entry) => integer(&entry.data)?,
    };
    let sum = i128::from(old) + i128::from(by);
    let kept = sum.clamp(lower.into(), upper.into());
    let counted = if kept == sum || request.saturate {
        let applied = i64::try_from(kept - i128::from(old));
        Counted::Done {
            // Within bounds that are 64-bit numbers themselves.
            new: kept as i64,
            applied: applied.map_err(|_| Refusal::err("applied increment would overflow"))?,
        }
    } else {
        Counted::Refused(old)
    };
    Ok(match counted {
        Counted::Refused(old) => Value::Array(vec![Value::Int(old), Value::Int(0)]),
        Counted::Done { new, applied } => {
            let text = Bytes::from(int_bytes(new));
            store(cx, args, request, expires, (Data::Int(new), text, "incrby"));
            Value::Array(vec![Value::Int(new), Value::Int(applied)])
        }
    })
}

fn by_float(cx: &mut Cx<'_>, args: &Args<'_>, request: &Request<'_>, by: &Bytes) -> Answer {
    let by = match Extended::parse(by) {
        Some(Parsed::Finite(by)) => by,
        Some(Parsed::Infinite) => {
            return Err(Refusal::err("BYFLOAT increment cannot be Infinity"));
        }
        None => return Err(Refusal::err("Increment is not a valid float")),
    };
    let bound = |text: Option<&Bytes>, name: &str, none: Extended| match text {
        None => Ok(none),
        Some(text) => match Extended::parse(text) {
            Some(Parsed::Finite(bound)) => Ok(bound),
            Some(Parsed::Infinite) if text.starts_with(b"-") => Ok(Extended::MAX.negate()),
            Some(Parsed::Infinite) => Ok(Extended::MAX),
            None => Err(Refusal::err(format_args!("{name} is not a valid float"))),
        },
    };
    let lower = bound(request.lower, "LBOUND", Extended::MAX.negate())?;
    let upper = bound(request.upper, "UBOUND", Extended::MAX)?;
    if lower.order(upper) == Ordering::Greater {
        return Err(bounds_cross());
    }
    let expires = request.expiry.millis(cx, args, "increx")?;
    cx.lookup_to_write(args.key(0));
    let old = match cx.peek_string(args.key(0))? {
        None => Extended::ZERO,
        Some(text) => match Extended::parse(&text) {
            Some(Parsed::Finite(old)) => old,
            Some(Parsed::Infinite) => return Err(Refusal::err("value cannot be Infinity")),
            None => return Err(Refusal::NotAFloat),
        },
    };
    let sum = old.add(by);
    // A sum that is too large has the sign of what was added.
    let reached = sum.unwrap_or(if by.is_negative() {
        Extended::MAX.negate()
    } else {
        Extended::MAX
    });
    let kept = if reached.order(lower) == Ordering::Less {
        lower
    } else if reached.order(upper) == Ordering::Greater {
        upper
    } else {
        reached
    };
    let inside = sum.is_some_and(|sum| sum.order(kept) == Ordering::Equal);
    let counted = if inside || request.saturate {
        Counted::Done {
            new: kept,
            applied: kept.add(old.negate()).ok_or(Refusal::NanOrInfinity)?,
        }
    } else {
        Counted::Refused(old)
    };
    let resp3 = cx.resp3();
    let show = |number: Extended| {
        let text = number.to_text();
        match text.parse() {
            Ok(double) if resp3 => Value::Double(double),
            _ => Value::bulk(text),
        }
    };
    Ok(match counted {
        Counted::Refused(old) => Value::Array(vec![show(old), show(Extended::ZERO)]),
        Counted::Done { new, applied } => {
            let text = Bytes::from(new.to_text());
            let data = Data::Short(Blob::new(&text));
            store(cx, args, request, expires, (data, text, "incrbyfloat"));
            Value::Array(vec![show(new), show(applied)])
        }
    })
}

/// Keeps the new number with the expiry that was asked for.
fn store(
    cx: &mut Cx<'_>,
    args: &Args<'_>,
    request: &Request<'_>,
    expires: Option<i64>,
    (data, text, event): (Data, Bytes, &'static str),
) {
    let key = args.key(0);
    let before = cx.peek(key).and_then(|entry| entry.expires());
    let wanted = expires.filter(|_| !(request.only_new_expiry && before.is_some()));
    if wanted.is_some_and(|when| when <= cx.now_ms()) {
        if cx.delete(key) {
            cx.dirty += 1;
            cx.event("del", key);
        }
        cx.repeat_as(|| vec![word("DEL"), key.clone()]);
        return;
    }
    let after = match wanted {
        Some(when) => Some(when),
        None if request.persist => None,
        None => before,
    };
    cx.revise(key, data, after);
    cx.dirty += 1;
    cx.event(event, key);
    let mut repeat = vec![word("SET"), key.clone(), text];
    if let Some(when) = wanted {
        cx.event("expire", key);
        repeat.extend([word("PXAT"), Bytes::from(int_bytes(when))]);
    } else if request.persist {
        if before.is_some() {
            cx.event("persist", key);
        }
    } else {
        repeat.push(word("KEEPTTL"));
    }
    cx.repeat_as(|| repeat);
}
