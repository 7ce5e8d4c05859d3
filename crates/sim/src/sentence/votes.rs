//! How sentinels ask each other for votes, as people read it.

use bytes::Bytes;
use redwind_resp::Value;

use crate::notice::{is_sentinel, sentinel_id};
use crate::{Message, Place, Scenario, place_name};

/// How one sentinel asks another for its vote, as a sentence.
pub(crate) fn asks(scenario: &Scenario, me: &str, to: Place, message: &Message) -> Option<String> {
    let Message::Commands { commands, .. } = message else {
        return None;
    };
    let [argv] = &commands[..] else {
        return None;
    };
    let (primary, epoch) = question(scenario, to, argv)?;
    let to = place_name(scenario, to);
    Some(format!(
        "{me} asks {to} whether {primary} is down, and for its vote in epoch {epoch}"
    ))
}

/// The primary and the epoch that a sentinel's question is about.
fn question<'a>(
    scenario: &Scenario,
    asked: Place,
    argv: &'a [Bytes],
) -> Option<(&'a str, &'a str)> {
    let words: Vec<&str> = argv
        .iter()
        .map(|word| std::str::from_utf8(word).unwrap_or_default())
        .collect();
    match words[..] {
        ["SENTINEL", "IS-MASTER-DOWN-BY-ADDR", primary, _, epoch, _]
            if is_sentinel(scenario, asked) =>
        {
            Some((primary, epoch))
        }
        _ => None,
    }
}

/// Which nodes a sentinel names as primaries, from its reply to `SENTINEL MASTERS`: `orders is n1`.
fn named(reply: &Value) -> Option<String> {
    let text = |value: &Value| match value {
        Value::Bulk(text) => String::from_utf8_lossy(text).into_owned(),
        _ => String::new(),
    };
    let Value::Array(states) = reply else {
        return None;
    };
    let one = |state: &Value| {
        let Value::Array(parts) = state else {
            return None;
        };
        let mut pairs = parts.as_chunks::<2>().0.iter();
        let mut field = |name: &str| {
            let found = pairs.find(|[key, _]| text(key) == name)?;
            Some(text(&found[1]))
        };
        let (name, host, flags) = (field("name")?, field("ip")?, field("flags")?);
        if !flags.split(',').any(|flag| flag == "master") {
            return None;
        }
        let down = if flags.contains("_down") {
            ", which is down"
        } else {
            ""
        };
        Some(format!("{name} is {host}{down}"))
    };
    let all: Vec<String> = states.iter().filter_map(one).collect();
    (!all.is_empty()).then(|| crate::names::listed(&all))
}

/// What a sentinel answers a client that looks for a primary, or another sentinel, as a sentence.
pub(crate) fn answers(
    scenario: &Scenario,
    (me, place): (&str, Place),
    by: Place,
    argv: &[Bytes],
    reply: Option<&Value>,
) -> Option<String> {
    if let ([first, second], true) = (argv, is_sentinel(scenario, place))
        && first.eq_ignore_ascii_case(b"SENTINEL")
        && second.eq_ignore_ascii_case(b"MASTERS")
    {
        let by = place_name(scenario, by);
        return Some(format!("{me} tells {by} that {}", named(reply?)?));
    }
    if !is_sentinel(scenario, by) {
        return None;
    }
    let (primary, _) = question(scenario, by, argv)?;
    let told = told(scenario, reply?)?;
    let by = place_name(scenario, by);
    let down = if told.0 { "is" } else { "is not" };
    Some(match told.1 {
        Some((whom, epoch)) => format!(
            "{me} answers {by} that {primary} {down} down, and that its vote in epoch {epoch} is for {whom}"
        ),
        None => format!("{me} answers {by} that {primary} {down} down"),
    })
}

/// How a sentinel takes such an answer, as a sentence.
pub(crate) fn hears(
    scenario: &Scenario,
    me: Place,
    from: Place,
    message: &Message,
) -> Option<String> {
    let Message::Replies(replies) = message else {
        return None;
    };
    let ([reply], true) = (&replies[..], is_sentinel(scenario, from)) else {
        return None;
    };
    if !is_sentinel(scenario, me) {
        let (me, from) = (place_name(scenario, me), place_name(scenario, from));
        return Some(format!("{me} hears from {from} that {}", named(reply)?));
    }
    let (me, from) = (place_name(scenario, me), place_name(scenario, from));
    Some(match told(scenario, reply)? {
        (_, Some((whom, epoch))) if whom == me => {
            format!("{me} has the vote of {from} in epoch {epoch}")
        }
        (_, Some((whom, epoch))) => {
            format!("{me} hears that {from} has voted for {whom} in epoch {epoch}")
        }
        (_, None) => format!("{me} has the answer of {from}, without a vote"),
    })
}

/// Whether the primary is down, and the vote: for whom and in which epoch.
fn told<'a>(scenario: &'a Scenario, reply: &Value) -> Option<(bool, Option<(&'a str, i64)>)> {
    let Value::Array(parts) = reply else {
        return None;
    };
    let [Value::Int(down), Value::Bulk(id), Value::Int(epoch)] = &parts[..] else {
        return None;
    };
    let nodes = 0..u16::try_from(scenario.nodes.len()).unwrap_or(u16::MAX);
    let mut nodes = nodes.map(Place::Node);
    let whom = nodes
        .find(|node| is_sentinel(scenario, *node) && sentinel_id(scenario, *node).as_bytes() == id);
    let vote = whom.map(|whom| (place_name(scenario, whom), *epoch));
    Some((*down == 1, vote))
}
