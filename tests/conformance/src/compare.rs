//! When two replies count as the same: byte for byte, but for what Redis leaves open and what depends on its clock.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use redwind_engine::Value;

use crate::likeness::{
    alike, close, deep, flat, is_moment, nearly, nodeless, pending_agree, same, shuffled, sorted,
    timeless, unnamed, unnumbered, unsigned_nan,
};
use crate::random::CALLERS;
use crate::sequence::{Heard, Meaning, Open, Step, changes_protocol};

/// What is known about a step beside its command.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances<'c> {
    /// One of its keys is a hash table inside, whose order is open.
    pub unordered: bool,
    /// Distances were stored, whose last digit may differ.
    pub distances: bool,
    /// Sets were united or subtracted, after which Redis leaves the order open also in small ones.
    pub combined: bool,
    /// The names of what was used by commands that were refused; some look at the key first, some at what else is wrong.
    pub refused: &'c BTreeSet<Bytes>,
    /// Entries were cut off by their ids, after which Redis may keep nodes without entries.
    pub cut: bool,
    /// Fields expire at a time that the clock decides, which decides their order in the compact form.
    pub timed: bool,
}

/// The first difference between what was heard from the real server and from the engine.
pub struct Difference {
    pub step: usize,
    pub theirs: Option<Heard>,
    pub ours: Option<Heard>,
}

/// What comparing all that was heard shows.
pub enum Outcome {
    Same,
    /// From some point on Redis leaves open what comes.
    Open,
    Differs(Difference),
}

/// Compares all that was heard, in order.
pub fn outcome(
    steps: &[Step],
    mut theirs: Vec<Heard>,
    mut ours: Vec<Heard>,
    unordered: &[bool],
) -> Outcome {
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
    // Of which reply a value is part, no one can tell any more after an array that was miscounted.
    let mut lost = false;
    let cuts = |step: &Step| mentions(step.argv(), "minid");
    let cut = steps.iter().position(cuts).unwrap_or(usize::MAX);
    let mut refused = BTreeSet::new();
    let times_fields = |step: &Step| {
        ["hexpire", "hpexpire", "hsetex", "hgetex"]
            .iter()
            .any(|name| mentions(step.argv(), name))
    };
    let timed = steps.iter().position(times_fields).unwrap_or(usize::MAX);
    // The protocol changes while a transaction runs, and with it the form of what is heard meanwhile.
    let sends = |name: &str| {
        steps
            .iter()
            .any(|step| word(step.argv(), 0) == name.as_bytes())
    };
    let in_transaction = sends("hello") && sends("exec");
    let mut sent = 0;
    for at in 0..theirs.len().max(ours.len()) {
        let (left, right) = (theirs.get(at), ours.get(at));
        let step = [left, right]
            .into_iter()
            .flatten()
            .map(|heard| heard.step)
            .min()
            .unwrap_or_default();
        while sent <= step.min(steps.len().saturating_sub(1)) {
            if let Some(Step::Send { client, argv }) = steps.get(sent) {
                open.entry(client).or_default().sent(argv);
                lost |= runs_several_subscriptions(&mut queues, client, argv);
            }
            sent += 1;
        }
        if left.is_some_and(|heard| matches!(heard.value, Value::Error(_))) {
            refused.extend(steps.get(step).into_iter().flat_map(Step::argv).cloned());
        }
        let circumstances = Circumstances {
            unordered: unordered.get(step).copied().unwrap_or(true),
            distances,
            combined: step > combined,
            timed: step > timed,
            cut: step > cut,
            refused: &refused,
        };
        let same = match (left, right) {
            (Some(left), Some(right))
                if (left.step, &left.client) == (right.step, &right.client) =>
            {
                let open = open.entry(client_of(steps, left)).or_default();
                let changes = open.changes_protocol();
                match open.hears(&left.value) {
                    Meaning::Message => {
                        let form = |value: &Value| match in_transaction {
                            true => flat(&unnamed(value)),
                            false => unnamed(value),
                        };
                        same(&form(&left.value), &form(&right.value))
                    }
                    Meaning::Answer(argv, queued) => {
                        let agree = |left: &Value, right: &Value| {
                            answers_agree(&argv, &queued, left, right, circumstances)
                        };
                        // What was owed when the protocol changed comes in the one or in the other.
                        let changes = changes || queued.iter().any(|argv| changes_protocol(argv));
                        agree(&left.value, &right.value)
                            || (changes && agree(&flat(&left.value), &flat(&right.value)))
                    }
                }
            }
            _ => false,
        };
        // An estimator that was damaged behind its header: Redis may have added to it before it noticed.
        let damaged = |heard: &Heard| matches!(&heard.value, Value::Error(text) if text.starts_with(b"INVALIDOBJ"));
        lost |= left.is_some_and(damaged) || right.is_some_and(damaged);
        // What failed by mistake is counted as failed, and has stored nothing.
        lost |= left.is_some_and(|heard| has_stale_error(&heard.value))
            && left.map(|heard| &heard.value) != right.map(|heard| &heard.value);
        // Whether the same number of seconds from now ends later depends on whether a millisecond has passed.
        let later = |step: &Step| {
            let compares =
                |word: &Bytes| word.eq_ignore_ascii_case(b"GT") || word.eq_ignore_ascii_case(b"LT");
            mentions(step.argv(), "expire") && step.argv().iter().any(compares)
        };
        lost |= !same
            && (steps.get(step).is_some_and(later)
                || word(steps.get(step).map_or(&[], Step::argv), 0) == b"exec"
                    && steps[..step].iter().any(later));
        // Which members are taken is open, and so is what is left.
        let takes = |step: &Step| mentions(step.argv(), "spop");
        let likes = |left: &Heard, right: &Heard| alike(&left.value, &right.value);
        // In a large sorted set whose scores differ a range of names is wherever the search happens to come by.
        let by_name = |step: &Step| mentions(step.argv(), "lex");
        lost |= !same && circumstances.unordered && steps.get(step).is_some_and(by_name);
        // Which of those at the same distance are shown is open.
        let counts_places = |step: &Step| {
            let argv = step.argv();
            mentions(argv, "geo") && mentions(argv, "count")
        };
        lost |= !same
            && steps.get(step).is_some_and(counts_places)
            && left
                .zip(right)
                .is_some_and(|(left, right)| likes(left, right));
        // So is the order of equals where only a part is sorted, or what has no order; in a transaction all is shown at once.
        let sorts_equals = |step: &Step| {
            let argv = step.argv();
            mentions(argv, "sort") && mentions(argv, "by")
        };
        let sorts_part = |step: &Step| sorts_equals(step) && mentions(step.argv(), "limit");
        lost |= !same
            && (steps.get(step).is_some_and(sorts_part)
                || word(steps.get(step).map_or(&[], Step::argv), 0) == b"exec"
                    && steps[..step].iter().any(sorts_equals));
        lost |= !same
            && steps.get(step).is_some_and(takes)
            && left
                .zip(right)
                .is_some_and(|(left, right)| likes(left, right));
        // In which order `SORT` looks at what is not a list, and asks for the keys of its patterns, is open.
        let missed = |heard: &Heard| matches!(&heard.value, Value::Push(parts) | Value::Array(parts) if parts.iter().any(|part| matches!(part, Value::Bulk(word) if **word == *b"keymiss")));
        // They come behind the reply to who listens to himself.
        let sorts = (step.saturating_sub(1)..=step).any(|at| {
            let step = steps.get(at);
            step.is_some_and(|step| mentions(step.argv(), "sort"))
        });
        // Which key gives way first is open.
        let evicted = |heard: &Heard| matches!(&heard.value, Value::Push(parts) | Value::Array(parts) if parts.iter().any(|part| matches!(part, Value::Bulk(word) if **word == *b"evicted" || word.ends_with(b":evicted"))));
        if !same && (left.is_some_and(evicted) || right.is_some_and(evicted)) {
            return Outcome::Open;
        }
        if !same && sorts && (left.is_some_and(missed) || right.is_some_and(missed)) {
            return Outcome::Open;
        }
        // Of a script that sorts what has no order, a missing value ends the reply.
        lost |= !same
            && circumstances.unordered
            && steps.get(step).is_some_and(|step| {
                word(step.argv(), 0).starts_with(b"eval") && mentions(step.argv(), "sort")
            });
        if !same && lost {
            return Outcome::Open;
        }
        if !same {
            return Outcome::Differs(Difference {
                step: step.min(steps.len().saturating_sub(1)),
                theirs: left.cloned(),
                ours: right.cloned(),
            });
        }
    }
    if lost { Outcome::Open } else { Outcome::Same }
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

fn answers_agree(
    argv: &[Bytes],
    queued: &[Vec<Bytes>],
    theirs: &Value,
    ours: &Value,
    circumstances: Circumstances<'_>,
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

/// Whether this is, or holds, the error of a `SORT` that found no number. The real server takes a conversion that failed before,
/// in a script for instance, for one of its own.
fn has_stale_error(value: &Value) -> bool {
    match value {
        Value::Error(text) => text.starts_with(b"ERR One or more scores"),
        Value::Array(items) => items.iter().any(has_stale_error),
        _ => false,
    }
}

/// Whether the replies to one command say the same.
fn agree(argv: &[Bytes], theirs: &Value, ours: &Value, circumstances: Circumstances<'_>) -> bool {
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
    // A map has passed through a table of Lua.
    if script && mentions(argv, "setresp(3)") {
        let shuffled = |value: &Value| shuffled(&timeless(value));
        if same(&shuffled(theirs), &shuffled(ours)) {
            return true;
        }
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
        b"xinfo" if circumstances.cut => {
            return same(&nodeless(&timeless(theirs)), &nodeless(&timeless(ours)));
        }
        b"object"
            if sub == b"freq"
                && argv[2..]
                    .iter()
                    .any(|key| circumstances.refused.contains(key)) =>
        {
            return alike(theirs, ours);
        }
        b"xinfo" => return same(&timeless(theirs), &timeless(ours)),
        b"xpending" => return pending_agree(theirs, ours),
        b"config" => return same(&sorted(theirs, true), &sorted(ours, true)),
        // Both orders are free, and the cursors of what is left are other numbers.
        b"keys" | b"scan" | b"pubsub" => return same(&sorted(theirs, false), &sorted(ours, false)),
        _ => {}
    }
    if script
        && mentions(argv, "'freq'")
        && argv[2..]
            .iter()
            .any(|key| circumstances.refused.contains(key))
    {
        return alike(theirs, ours);
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
    if name.starts_with(b"sort") && has_stale_error(theirs) {
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
    let fields_are_open = circumstances.timed
        && (script || matches!(&name[..], b"hgetall" | b"hkeys" | b"hvals" | b"hscan"));
    let always_open = matches!(&name[..], b"sunion" | b"sdiff" | b"spop")
        || (script
            && ["'spop'", "setresp(3)"]
                .iter()
                .any(|word| mentions(argv, word)));
    if !circumstances.unordered && !set_is_open && !fields_are_open && !always_open {
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
