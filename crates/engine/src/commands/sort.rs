//! `SORT`: elements in the order of their values, or of what other keys say about them.

use std::cmp::Ordering;

use bytes::Bytes;
use redwind_resp::Value;

use crate::args::{Args, c_text, is};
use crate::blob::Blob;
use crate::cluster::key_slot;
use crate::commands::sets::replace;
use crate::cx::Cx;
use crate::db::{Data, Kind};
use crate::number::parse_border;
use crate::packed::Text;
use crate::table::{Answer, FIRST, Keys, table};
use crate::types::{Hash, List, Zset};
use crate::{Refusal, order};

const STORED: Keys = Keys::FirstAndLastAfter {
    word: "STORE",
    skipping: &[("LIMIT", 2), ("GET", 1), ("BY", 1)],
};

table! { TABLE, "generic";
    "sort" => sort, AtLeast(1), [WRITE DENYOOM MOVABLE_KEYS DANGEROUS], STORED, "1.0.0",
        "key [BY pattern] [LIMIT offset count] [GET pattern [GET pattern ...]] [ASC | DESC] [ALPHA] [STORE destination]",
        "Sorts a list, a set or a sorted set, and may keep the result under a key.";
    "sort_ro" => sort_ro, AtLeast(1), [READ MOVABLE_KEYS DANGEROUS], FIRST, "7.0.0",
        "key [BY pattern] [LIMIT offset count] [GET pattern [GET pattern ...]] [ASC | DESC] [ALPHA]",
        "Sorts a list, a set or a sorted set.";
}

struct Plan<'a> {
    by: Option<&'a Bytes>,
    /// A pattern without a star names the same key for all elements: nothing to sort by.
    unsorted: bool,
    get: Vec<&'a Bytes>,
    start: i64,
    count: i64,
    descending: bool,
    alpha: bool,
    store: Option<&'a Bytes>,
}

/// The slot of all keys that a pattern can name, if it is one.
fn pattern_slot(pattern: &[u8]) -> Option<u16> {
    let wild = pattern.iter().position(|byte| b"*?[\\".contains(byte));
    let Some(wild) = wild else {
        return Some(key_slot(pattern));
    };
    let fixed = &pattern[..wild];
    let open = fixed.iter().position(|byte| *byte == b'{')?;
    let close = fixed[open..].iter().position(|byte| *byte == b'}')?;
    (close > 1).then(|| key_slot(fixed))
}

impl<'a> Plan<'a> {
    fn parse(cx: &Cx<'_>, args: &Args<'a>, may_store: bool) -> Result<Plan<'a>, Refusal> {
        let mut plan = Plan {
            by: None,
            unsorted: false,
            get: Vec::new(),
            start: 0,
            count: -1,
            descending: false,
            alpha: false,
            store: None,
        };
        let denied = |option: &str, pattern: &[u8]| {
            let elsewhere = pattern_slot(pattern) != Some(key_slot(args.key(0)));
            if cx.engine.cluster().is_none() || !elsewhere {
                return Ok(());
            }
            Err(Refusal::err(format_args!(
                "{option} option of SORT denied in Cluster mode when keys formed by the pattern may be in different slots."
            )))
        };
        let mut at = 1;
        while let Some(option) = args.get(at) {
            let left = args.len() - at - 1;
            if is(option, "ASC") {
                plan.descending = false;
            } else if is(option, "DESC") {
                plan.descending = true;
            } else if is(option, "ALPHA") {
                plan.alpha = true;
            } else if is(option, "LIMIT") && left >= 2 {
                plan.start = args.int(at + 1)?;
                plan.count = args.int(at + 2)?;
                at += 2;
            } else if may_store && is(option, "STORE") && left >= 1 {
                at += 1;
                plan.store = Some(args.key(at));
            } else if is(option, "BY") && left >= 1 {
                at += 1;
                let pattern = args.key(at);
                plan.by = Some(pattern);
                if c_text(pattern).contains(&b'*') {
                    denied("BY", pattern)?;
                } else {
                    plan.unsorted = true;
                }
            } else if is(option, "GET") && left >= 1 {
                at += 1;
                let pattern = args.key(at);
                if c_text(pattern) != b"#" {
                    denied("GET", pattern)?;
                }
                plan.get.push(pattern);
            } else {
                return Err(Refusal::Syntax);
            }
            at += 1;
        }
        Ok(plan)
    }

    /// The places that `LIMIT` leaves.
    fn window(&self, len: usize) -> std::ops::Range<usize> {
        let within = |number: i64| usize::try_from(number).unwrap_or(0).min(len);
        let start = within(self.start);
        if self.count < 0 {
            start..len
        } else {
            start..start.saturating_add(within(self.count)).min(len)
        }
    }

    fn order(&self, elements: &mut [Weighed]) {
        order::sort_by(elements, |a, b| {
            let order = match (&a.weight, &b.weight) {
                (Weight::Number(x), Weight::Number(y)) => x
                    .partial_cmp(y)
                    .unwrap_or(Ordering::Equal)
                    .then_with(|| a.element.cmp(&b.element)),
                (Weight::Text(x), Weight::Text(y)) => self.collate(x, y),
                (Weight::Number(_), Weight::Text(_)) => Ordering::Less,
                (Weight::Text(_), Weight::Number(_)) => Ordering::Greater,
            };
            if self.descending {
                order.reverse()
            } else {
                order
            }
        });
    }

    /// What is stored is ordered by all bytes; what is shown, as C compares text: up to a zero.
    fn collate(&self, a: &Option<Bytes>, b: &Option<Bytes>) -> Ordering {
        if self.store.is_some() {
            return a.cmp(b);
        }
        a.as_deref().map(c_text).cmp(&b.as_deref().map(c_text))
    }
}

/// What an element is ordered by; a missing text comes first.
enum Weight {
    Number(f64),
    Text(Option<Bytes>),
}

struct Weighed {
    element: Bytes,
    weight: Weight,
}

/// What a pattern says about an element: the string under the key with the element in place of the star, or the
/// field after the arrow of the hash there.
fn resolve(cx: &mut Cx<'_>, pattern: &[u8], element: &Bytes) -> Option<Bytes> {
    let read = c_text(pattern);
    if read == b"#" {
        return Some(element.clone());
    }
    let star = read.iter().position(|byte| *byte == b'*')?;
    let (before, after) = (&pattern[..star], &pattern[star + 1..]);
    let searched = &read[star + 1..];
    let arrow = searched.windows(2).position(|pair| pair == b"->");
    // An arrow at the very end is part of the name.
    let arrow = arrow.filter(|at| at + 2 < searched.len());
    let (suffix, field) = match arrow {
        Some(at) => (&after[..at], Some(&after[at + 2..])),
        None => (after, None),
    };
    let key = [before, element, suffix].concat();
    match field {
        None => cx.read_string(&key).ok()?,
        Some(field) => {
            cx.expire_named(&key, &[Bytes::copy_from_slice(field)]);
            let now_ms = cx.now_ms();
            let hash = cx.read::<Hash>(&key).ok()??;
            let text = hash
                .get(field)
                .filter(|_| !hash.is_field_due(field, now_ms));
            text.map(Text::to_bytes)
        }
    }
}

/// The elements as they are kept.
fn elements(cx: &mut Cx<'_>, key: &Bytes, plan: &Plan<'_>) -> Result<Vec<Bytes>, Refusal> {
    let Some(entry) = cx.lookup(key) else {
        return Ok(Vec::new());
    };
    let mut ordered: Vec<Bytes> = match &entry.data {
        Data::List(list) => list.iter().map(Text::to_bytes).collect(),
        Data::Set(set) => return Ok(set.iter().map(|member| member.to_bytes()).collect()),
        Data::Zset(zset) => {
            let members = zset.iter().map(|(member, _)| member.to_bytes()).collect();
            // Redis sorts a sorted set in its large form, and leaves it so.
            if !zset.is_large() {
                let touches = std::mem::replace(&mut cx.touches, false);
                if let Some(mut zset) = cx.edit::<Zset>(key)? {
                    zset.outgrow();
                }
                cx.touches = touches;
            }
            members
        }
        _ => return Err(Refusal::WrongType),
    };
    if plan.unsorted && plan.descending {
        ordered.reverse();
    }
    Ok(ordered)
}

/// An element with what it is sorted by; `None` for what should be a number and is not.
fn weigh(cx: &mut Cx<'_>, plan: &Plan<'_>, element: Bytes) -> Option<Weighed> {
    let value = match plan.by {
        Some(pattern) => resolve(cx, pattern, &element),
        None => Some(element.clone()),
    };
    let weight = match value {
        value if plan.alpha => Weight::Text(value),
        None => Weight::Number(0.0),
        Some(text) => Weight::Number(parse_border(c_text(&text))?),
    };
    Some(Weighed { element, weight })
}

fn sorted(cx: &mut Cx<'_>, args: &Args<'_>, may_store: bool) -> Answer {
    let mut plan = Plan::parse(cx, args, may_store)?;
    let key = args.key(0);
    let is_set = cx
        .peek(key)
        .is_some_and(|entry| matches!(entry.data, Data::Set(_)));
    if plan.unsorted && is_set && (plan.store.is_some() || cx.in_script) {
        // A set has no order of its own, so a result that is kept must be given one.
        (plan.unsorted, plan.alpha, plan.by) = (false, true, None);
    }
    let mut elements = elements(cx, key, &plan)?;
    if !plan.unsorted {
        let count = elements.len();
        // All of them are looked at, and their misses told, before one that is no number makes it fail.
        let mut weighed: Vec<Weighed> = Vec::with_capacity(count);
        for element in elements {
            weighed.extend(weigh(cx, &plan, element));
        }
        if weighed.len() < count {
            return Err(Refusal::err(
                "One or more scores can't be converted into double",
            ));
        }
        plan.order(&mut weighed);
        elements = weighed.into_iter().map(|one| one.element).collect();
    }
    let window = plan.window(elements.len());
    let mut found: Vec<Option<Bytes>> = Vec::new();
    for element in elements.drain(window) {
        if plan.get.is_empty() {
            found.push(Some(element));
        } else {
            found.extend(
                plan.get
                    .iter()
                    .map(|pattern| resolve(cx, pattern, &element)),
            );
        }
    }
    let Some(to) = plan.store else {
        let show = |value: Option<Bytes>| value.map_or(Value::Null, Value::Bulk);
        return Ok(Value::array(found.into_iter().map(show)));
    };
    let items = found
        .iter()
        .map(|value| Blob::new(value.as_deref().unwrap_or_default()));
    let list = List::sorted(items, cx.engine.config.list_max_listpack_size);
    let len = list.len();
    replace(cx, to, (len > 0).then(|| list.wrap()), "sortstore");
    cx.dirty += (len as u64).saturating_sub(1);
    Ok(Value::from(len))
}

/// `SORT key [BY pattern] [LIMIT offset count] [GET pattern …] [ASC | DESC] [ALPHA] [STORE destination]`
fn sort(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    sorted(cx, args, true)
}

/// `SORT_RO key [BY pattern] [LIMIT offset count] [GET pattern …] [ASC | DESC] [ALPHA]`
fn sort_ro(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    sorted(cx, args, false)
}
