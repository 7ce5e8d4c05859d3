//! When two replies count as the same: byte for byte, but for what Redis leaves open and what depends on its clock.

use std::collections::BTreeMap;

use bytes::Bytes;
use redwind_engine::{Protocol, Value};
use redwind_resp::render;

use crate::random::CALLERS;
use crate::script::sort;
use crate::sequence::{Heard, Meaning, Open, Step};

/// Two clocks are compared to this many milliseconds.
const TOLERANCE: i64 = 60_000;

/// What is known about a step beside its command.
#[derive(Clone, Copy, Debug, Default)]
pub struct Circumstances {
    /// One of its keys is a hash table inside, whose order is open.
    pub unordered: bool,
    /// Distances were stored, whose last digit may differ.
    pub distances: bool,
    /// Sets were united or subtracted, after which Redis leaves the order open also in small ones.
    pub combined: bool,
}

/// The first difference between what was heard from the real server and from the engine.
pub struct Difference {
    pub step: usize,
    pub theirs: Option<Heard>,
    pub ours: Option<Heard>,
}

/// Compares all that was heard, in order.
pub fn first_difference(
    steps: &[Step],
    mut theirs: Vec<Heard>,
    mut ours: Vec<Heard>,
    unordered: &[bool],
) -> Option<Difference> {
    name_moments(&mut theirs);
    name_moments(&mut ours);
    let distances = steps.iter().any(|step| {
        let is_distance = |word: &Bytes| word.eq_ignore_ascii_case(b"STOREDIST");
        step.argv().iter().any(is_distance)
    });
    let combines = |step: &Step| {
        ["SUNIONSTORE", "SDIFFSTORE"]
            .iter()
            .any(|name| mentions(step.argv(), name))
    };
    let combined = steps.iter().position(combines).unwrap_or(usize::MAX);
    let mut open: BTreeMap<&str, Open> = BTreeMap::new();
    let mut queues: BTreeMap<&str, bool> = BTreeMap::new();
    let mut miscounted = false;
    let mut sent = 0;
    for at in 0..theirs.len().max(ours.len()) {
        let (left, right) = (theirs.get(at), ours.get(at));
        let step = [left, right]
            .into_iter()
            .flatten()
            .map(|heard| heard.step)
            .min()?;
        while sent <= step.min(steps.len().saturating_sub(1)) {
            if let Some(Step::Send { client, argv }) = steps.get(sent) {
                open.entry(client).or_default().sent(argv);
                miscounted |= runs_several_subscriptions(&mut queues, client, argv);
            }
            sent += 1;
        }
        let circumstances = Circumstances {
            unordered: unordered.get(step).copied().unwrap_or(true),
            distances,
            combined: step > combined,
        };
        let same = match (left, right) {
            (Some(left), Some(right))
                if (left.step, &left.client) == (right.step, &right.client) =>
            {
                let open = open.entry(client_of(steps, left)).or_default();
                match open.hears(&left.value) {
                    Meaning::Message => same(&unnamed(&left.value), &unnamed(&right.value)),
                    Meaning::Answer(argv, queued) => {
                        answers_agree(&argv, &queued, &left.value, &right.value, circumstances)
                    }
                }
            }
            _ => false,
        };
        // An estimator that was damaged behind its header: Redis may add to it without noticing.
        let damaged = |heard: &Heard| matches!(&heard.value, Value::Error(text) if text.starts_with(b"INVALIDOBJ"));
        // In which order `SORT` looks at what is not a list, and asks for the keys of its patterns, is open.
        let missed = |heard: &Heard| matches!(&heard.value, Value::Push(parts) if parts.iter().any(|part| matches!(part, Value::Bulk(word) if **word == *b"keymiss")));
        let sorts = steps
            .get(step)
            .is_some_and(|step| word(step.argv(), 0).starts_with(b"sort"));
        if !same && sorts && (left.is_some_and(missed) || right.is_some_and(missed)) {
            return None;
        }
        // Of which reply a value is part, no one can tell any more after an array that was miscounted.
        if !same && (miscounted || right.is_some_and(damaged)) {
            return None;
        }
        if !same {
            return Some(Difference {
                step: step.min(steps.len().saturating_sub(1)),
                theirs: left.cloned(),
                ours: right.cloned(),
            });
        }
    }
    None
}

/// Whether this runs a transaction that subscribes to several channels at once: each is confirmed by an element of its own
/// in the array of `EXEC`, and Redis counts only the command. In `queues` is who has an open transaction, and whether it
/// holds such a command.
fn runs_several_subscriptions<'a>(
    queues: &mut BTreeMap<&'a str, bool>,
    client: &'a str,
    argv: &[Bytes],
) -> bool {
    match &word(argv, 0)[..] {
        b"multi" => {
            queues.entry(client).or_default();
        }
        b"exec" => return queues.remove(client).unwrap_or_default(),
        b"discard" | b"reset" => {
            queues.remove(client);
        }
        // Without a name it ends all subscriptions.
        name if name.ends_with(b"subscribe") && argv.len() != 2 => {
            queues.entry(client).and_modify(|several| *several = true);
        }
        _ => {}
    }
    false
}

fn client_of<'a>(steps: &'a [Step], heard: &Heard) -> &'a str {
    let client = |step: &'a Step| match step {
        Step::Send { client, .. } if **client == *heard.client => Some(*client),
        _ => None,
    };
    steps.iter().find_map(client).unwrap_or_default()
}

/// Ids that the clock chose are replaced by one name: how many milliseconds lie between two commands is open.
fn name_moments(heard: &mut [Heard]) {
    let is_id = |text: &Bytes| {
        let text = std::str::from_utf8(text).unwrap_or_default();
        let parts = text.split_once('-');
        let number = |text: &str| text.parse::<i64>().ok();
        parts.is_some_and(|(millis, sequence)| {
            number(millis).is_some_and(is_moment) && number(sequence).is_some()
        })
    };
    for heard in heard {
        heard.value = deep(&heard.value, &|value| match value {
            Value::Bulk(text) if is_id(text) => Some(Value::text("an id of the clock")),
            _ => None,
        });
    }
}

/// Milliseconds since the epoch at which a test may run.
fn is_moment(millis: i64) -> bool {
    (1_500_000_000_000..9_000_000_000_000).contains(&millis)
}

fn answers_agree(
    argv: &[Bytes],
    queued: &[Vec<Bytes>],
    theirs: &Value,
    ours: &Value,
    circumstances: Circumstances,
) -> bool {
    match (theirs, ours) {
        (Value::Array(left), Value::Array(right)) if argv[0].eq_ignore_ascii_case(b"exec") => {
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right)
                    .enumerate()
                    .all(|(at, (left, right))| {
                        let argv = queued.get(at).map_or(argv, Vec::as_slice);
                        agree(argv, left, right, circumstances)
                    })
        }
        _ => agree(argv, theirs, ours, circumstances),
    }
}

fn word(argv: &[Bytes], at: usize) -> Vec<u8> {
    argv.get(at)
        .map(|word| word.to_ascii_lowercase())
        .unwrap_or_default()
}

fn mentions(argv: &[Bytes], text: &str) -> bool {
    let text = text.as_bytes();
    argv.iter().any(|argument| {
        argument
            .windows(text.len())
            .any(|part| part.eq_ignore_ascii_case(text))
    })
}

/// Whether the replies to one command say the same.
fn agree(argv: &[Bytes], theirs: &Value, ours: &Value, circumstances: Circumstances) -> bool {
    if same(theirs, ours) {
        return true;
    }
    let (name, sub) = (word(argv, 0), word(argv, 1));
    let script = name.starts_with(b"eval");
    // A script that only passes a command on.
    let passed_on = argv
        .get(1)
        .is_some_and(|script| CALLERS.iter().any(|caller| script == caller));
    if script && passed_on && argv.len() > 3 && agree(&argv[3..], theirs, ours, circumstances) {
        return true;
    }
    match &name[..] {
        b"ttl" | b"pttl" | b"expiretime" | b"pexpiretime" | b"httl" | b"hpttl" | b"hexpiretime"
        | b"hpexpiretime" | b"time" => return close(theirs, ours),
        b"randomkey" => return alike(theirs, ours),
        // With a count that covers everything the order may still be one of many; with less, the choice is free.
        b"srandmember" | b"hrandfield" | b"zrandmember" => return alike(theirs, ours),
        b"object" if sub == b"refcount" => return alike(theirs, ours),
        b"object" if sub == b"idletime" => return close(theirs, ours),
        // Of everything that is listened to, in an order that Redis leaves open.
        b"unsubscribe" | b"punsubscribe" | b"sunsubscribe" if argv.len() == 1 => {
            return same(&unnamed(theirs), &unnamed(ours));
        }
        // Who sends `HELLO 3` and `RESET` while waiting is answered in the protocol of the one or of the other.
        b"hello" => return same(&flat(&unnumbered(theirs)), &flat(&unnumbered(ours))),
        b"xinfo" => return same(&timeless(theirs), &timeless(ours)),
        b"xpending" => return pending_agree(theirs, ours),
        // Both orders are free, and the cursors of what is left are other numbers.
        b"keys" | b"scan" | b"pubsub" => return same(&sorted(theirs, false), &sorted(ours, false)),
        _ => {}
    }
    if script && (mentions(argv, "ttl") || mentions(argv, "'time'")) {
        return close(theirs, ours);
    }
    // Which platforms give a NaN a sign differs.
    if script && same(&unsigned_nan(theirs), &unsigned_nan(ours)) {
        return true;
    }
    let chance = [
        "srandmember",
        "hrandfield",
        "zrandmember",
        "randomkey",
        "{math.random",
    ];
    if script && chance.iter().any(|name| mentions(argv, name)) {
        return alike(theirs, ours);
    }
    // The real server takes a conversion that failed before, in a script for instance, for one of its own.
    let stale = matches!(theirs, Value::Error(text) if text.starts_with(b"ERR One or more scores"));
    if name.starts_with(b"sort") && stale {
        return true;
    }
    // Some of what has no order.
    if circumstances.unordered && name.starts_with(b"sort") && mentions(argv, "LIMIT") {
        return alike(theirs, ours);
    }
    if circumstances.distances && nearly(theirs, ours) {
        return true;
    }
    let set_is_open = circumstances.combined
        && (script
            || matches!(
                &name[..],
                b"smembers" | b"sscan" | b"sinter" | b"spop" | b"sort" | b"sort_ro"
            ));
    let always_open = matches!(&name[..], b"sunion" | b"sdiff" | b"spop")
        || (script
            && ["'spop'", "setresp(3)"]
                .iter()
                .any(|word| mentions(argv, word)));
    if !circumstances.unordered && !set_is_open && !always_open {
        return false;
    }
    if is_open_scan(&name, argv, [theirs, ours]) {
        return true;
    }
    let paired =
        matches!(&name[..], b"hgetall" | b"hscan" | b"zscan") && !mentions(argv, "NOVALUES");
    let lists_members = matches!(
        &name[..],
        b"hgetall"
            | b"hkeys"
            | b"hvals"
            | b"smembers"
            | b"sunion"
            | b"sinter"
            | b"sdiff"
            | b"spop"
            | b"hscan"
            | b"sscan"
            | b"zscan"
            | b"sort"
            | b"sort_ro"
    );
    (lists_members || script) && same(&sorted(theirs, paired), &sorted(ours, paired))
}

/// As RESP2 has it.
fn flat(value: &Value) -> Value {
    value.clone().for_protocol(Protocol::Resp2)
}

/// Whether these are pages of a scan that began with a cursor of its own, or was not at its end: which members they hold is
/// open.
fn is_open_scan(name: &[u8], argv: &[Bytes], pages: [&Value; 2]) -> bool {
    let at = match name {
        b"hscan" | b"sscan" | b"zscan" => 2,
        b"scan" => 1,
        _ => return false,
    };
    let ends = |page: &Value| match page {
        Value::Array(parts) => {
            matches!(parts.first(), Some(Value::Bulk(cursor)) if **cursor == *b"0")
        }
        _ => true,
    };
    let begins = argv.get(at).is_some_and(|cursor| **cursor == *b"0");
    pages.iter().all(|page| matches!(page, Value::Array(_)))
        && (!begins || !pages.iter().all(|page| ends(page)))
}

fn same(theirs: &Value, ours: &Value) -> bool {
    // NaN is not equal to itself.
    theirs == ours || format!("{theirs:?}") == format!("{ours:?}")
}

/// Of the same kind and size.
fn alike(theirs: &Value, ours: &Value) -> bool {
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
fn close(theirs: &Value, ours: &Value) -> bool {
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
fn nearly(theirs: &Value, ours: &Value) -> bool {
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
fn unnumbered(value: &Value) -> Value {
    named(
        value,
        &|name| matches!(name, b"id" | b"version" | b"modules"),
        &|_| Value::Null,
    )
}

/// The end of a subscription without its name.
fn unnamed(value: &Value) -> Value {
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
fn timeless(value: &Value) -> Value {
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

fn deep(value: &Value, change: &dyn Fn(&Value) -> Option<Value>) -> Value {
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

fn unsigned_nan(value: &Value) -> Value {
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
fn pending_agree(theirs: &Value, ours: &Value) -> bool {
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
fn sorted(value: &Value, paired: bool) -> Value {
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
