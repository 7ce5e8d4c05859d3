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

/// What a sentinel answers another, as a sentence.
pub(crate) fn answers(
    scenario: &Scenario,
    me: &str,
    by: Place,
    argv: &[Bytes],
    reply: Option<&Value>,
) -> Option<String> {
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
    let ([reply], true, true) = (
        &replies[..],
        is_sentinel(scenario, me),
        is_sentinel(scenario, from),
    ) else {
        return None;
    };
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
