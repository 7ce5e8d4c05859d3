//! When two values count as the same, and values without what Redis leaves open.

use redwind_engine::{Protocol, Value};
use redwind_resp::render;

use crate::script::sort;

/// Two clocks are compared to this many milliseconds.
const TOLERANCE: i64 = 60_000;

/// Milliseconds since the epoch at which a test may run.
pub(crate) fn is_moment(millis: i64) -> bool {
    (1_500_000_000_000..9_000_000_000_000).contains(&millis)
}

/// As RESP2 has it, with one kind of null.
pub(crate) fn flat(value: &Value) -> Value {
    let one_null = value.clone().for_protocol(Protocol::Resp3);
    one_null.for_protocol(Protocol::Resp2)
}

pub(crate) fn same(theirs: &Value, ours: &Value) -> bool {
    // NaN is not equal to itself.
    theirs == ours || format!("{theirs:?}") == format!("{ours:?}")
}

/// Of the same kind and size.
pub(crate) fn alike(theirs: &Value, ours: &Value) -> bool {
    match (theirs, ours) {
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right)
                    .all(|(left, right)| alike(left, right))
        }
        _ => std::mem::discriminant(theirs) == std::mem::discriminant(ours),
    }
}

/// Times that may differ by the time that the comparison takes.
pub(crate) fn close(theirs: &Value, ours: &Value) -> bool {
    match (theirs, ours) {
        (Value::Int(left), Value::Int(right)) => {
            left == right || (*left >= 0 && *right >= 0 && left.abs_diff(*right) < TOLERANCE as u64)
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right)
                    .all(|(left, right)| close(left, right))
        }
        _ => same(theirs, ours),
    }
}

/// Numbers that differ in their last digit.
pub(crate) fn nearly(theirs: &Value, ours: &Value) -> bool {
    let number = |value: &Value| match value {
        Value::Bulk(text) => std::str::from_utf8(text).ok()?.parse().ok(),
        Value::Double(number) => Some(*number),
        _ => None,
    };
    match (theirs, ours) {
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right)
                    .all(|(left, right)| nearly(left, right))
        }
        _ => match (number(theirs), number(ours)) {
            (Some(left), Some(right)) => {
                let (left, right): (f64, f64) = (left, right);
                (left - right).abs() <= left.abs() * 1e-15
            }
            _ => same(theirs, ours),
        },
    }
}

/// What `HELLO` tells without the connection's number, the server's version and the module that comes with it.
pub(crate) fn unnumbered(value: &Value) -> Value {
    named(
        value,
        &|name| matches!(name, b"id" | b"version" | b"modules"),
        &|_| Value::Null,
    )
}

/// The end of a subscription without its name.
pub(crate) fn unnamed(value: &Value) -> Value {
    let (Value::Array(items) | Value::Push(items)) = value else {
        return value.clone();
    };
    let ends = |kind: &Value| matches!(kind, Value::Bulk(kind) if kind.ends_with(b"unsubscribe"));
    match &items[..] {
        [kind, Value::Bulk(_), left] if ends(kind) => {
            Value::Array(vec![kind.clone(), left.clone()])
        }
        _ => value.clone(),
    }
}

/// What `XINFO` tells without what the clock says.
pub(crate) fn timeless(value: &Value) -> Value {
    let is_time =
        |name: &[u8]| matches!(name, b"idle" | b"inactive" | b"seen-time" | b"active-time");
    let coarse = |value: &Value| match value {
        Value::Int(number) if *number >= 0 => Value::Int(0),
        other => other.clone(),
    };
    // The times of pending entries are the only numbers of that size; they have no names.
    let moment = |value: &Value| match value {
        Value::Int(number) if is_moment(*number) => Some(Value::Int(0)),
        _ => None,
    };
    deep(&named(value, &is_time, &coarse), &moment)
}

/// What `XINFO` tells without how the stream is divided.
pub(crate) fn nodeless(value: &Value) -> Value {
    let divides = |name: &[u8]| name.starts_with(b"radix-tree-");
    named(value, &divides, &|_| Value::Null)
}

pub(crate) fn deep(value: &Value, change: &dyn Fn(&Value) -> Option<Value>) -> Value {
    if let Some(changed) = change(value) {
        return changed;
    }
    match value {
        Value::Array(items) => Value::Array(items.iter().map(|item| deep(item, change)).collect()),
        Value::Set(items) => Value::Set(items.iter().map(|item| deep(item, change)).collect()),
        Value::Push(items) => Value::Push(items.iter().map(|item| deep(item, change)).collect()),
        Value::Map(pairs) => {
            let pairs = pairs
                .iter()
                .map(|(key, value)| (deep(key, change), deep(value, change)));
            Value::Map(pairs.collect())
        }
        other => other.clone(),
    }
}

/// Changes what stands after certain names, in maps and in arrays that stand for maps.
fn named(value: &Value, wanted: &dyn Fn(&[u8]) -> bool, change: &dyn Fn(&Value) -> Value) -> Value {
    let is_wanted = |value: &Value| matches!(value, Value::Bulk(name) if wanted(name));
    match value {
        Value::Array(items) => Value::Array(
            (0..items.len())
                .map(|at| match at.checked_sub(1).map(|before| &items[before]) {
                    Some(name) if is_wanted(name) => change(&items[at]),
                    _ => named(&items[at], wanted, change),
                })
                .collect(),
        ),
        Value::Map(pairs) => Value::Map(
            pairs
                .iter()
                .map(|(name, value)| {
                    let value = if is_wanted(name) {
                        change(value)
                    } else {
                        named(value, wanted, change)
                    };
                    (name.clone(), value)
                })
                .collect(),
        ),
        other => other.clone(),
    }
}

/// The elements at every depth in order of what they look like.
pub(crate) fn shuffled(value: &Value) -> Value {
    match value {
        Value::Array(items) => sort(Value::Array(items.iter().map(shuffled).collect())),
        Value::Set(items) => sort(Value::Set(items.iter().map(shuffled).collect())),
        Value::Map(pairs) => {
            let pairs = pairs
                .iter()
                .map(|(name, value)| (name.clone(), shuffled(value)));
            sort(Value::Map(pairs.collect()))
        }
        other => other.clone(),
    }
}

pub(crate) fn unsigned_nan(value: &Value) -> Value {
    deep(value, &|value| match value {
        Value::Bulk(text) => {
            let text = String::from_utf8_lossy(text);
            text.contains("-nan")
                .then(|| Value::bulk(text.replace("-nan", "nan")))
        }
        _ => None,
    })
}

/// `XPENDING` with a range: of each entry all but for how long it has been idle.
pub(crate) fn pending_agree(theirs: &Value, ours: &Value) -> bool {
    let entry_agrees = |(left, right): (&Value, &Value)| match (left, right) {
        (Value::Array(left), Value::Array(right)) if left.len() == 4 && right.len() == 4 => (0..4)
            .all(|at| {
                if at == 2 {
                    close(&left[at], &right[at])
                } else {
                    same(&left[at], &right[at])
                }
            }),
        _ => same(left, right),
    };
    match (theirs, ours) {
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(entry_agrees)
        }
        _ => false,
    }
}

/// The elements in order of what they look like; of a scan, those of the page.
pub(crate) fn sorted(value: &Value, paired: bool) -> Value {
    match value {
        Value::Array(parts) if parts.len() == 2 && matches!(parts[1], Value::Array(_)) => {
            Value::Array(vec![parts[0].clone(), sorted(&parts[1], paired)])
        }
        Value::Array(items) if paired => {
            let mut pairs: Vec<&[Value]> = items.chunks(2).collect();
            pairs.sort_by_key(|pair| pair.iter().map(render).collect::<Vec<_>>());
            Value::Array(pairs.concat())
        }
        other => sort(other.clone()),
    }
}
