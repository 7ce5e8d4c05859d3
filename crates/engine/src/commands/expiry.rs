//! When keys expire.

use bytes::Bytes;
use redwind_resp::Value;

use crate::Refusal;
use crate::args::{Args, is};
use crate::commands::strings::word;
use crate::cx::Cx;
use crate::number::int_bytes;
use crate::refusal::quoted;
use crate::table::{Answer, FIRST, table};

table! { TABLE, "generic";
    "expire" => expire, AtLeast(2), [WRITE FAST], FIRST, "1.0.0", "key seconds [NX | XX | GT | LT]",
        "Lets a key expire after so many seconds.";
    "expireat" => expireat, AtLeast(2), [WRITE FAST], FIRST, "1.2.0",
        "key unix-time-seconds [NX | XX | GT | LT]", "Lets a key expire at a time in seconds.";
    "expiretime" => expiretime, Exactly(1), [READ FAST], FIRST, "7.0.0", "key",
        "Tells at which second a key expires.";
    "persist" => persist, Exactly(1), [WRITE FAST], FIRST, "2.2.0", "key",
        "Lets a key live for ever.";
    "pexpire" => pexpire, AtLeast(2), [WRITE FAST], FIRST, "2.6.0",
        "key milliseconds [NX | XX | GT | LT]", "Lets a key expire after so many milliseconds.";
    "pexpireat" => pexpireat, AtLeast(2), [WRITE FAST], FIRST, "2.6.0",
        "key unix-time-milliseconds [NX | XX | GT | LT]",
        "Lets a key expire at a time in milliseconds.";
    "pexpiretime" => pexpiretime, Exactly(1), [READ FAST], FIRST, "7.0.0", "key",
        "Tells at which millisecond a key expires.";
    "pttl" => pttl, Exactly(1), [READ FAST], FIRST, "2.6.0", "key",
        "Tells how many milliseconds a key has left: -1 for ever, -2 if there is no such key.";
    "ttl" => ttl, Exactly(1), [READ FAST], FIRST, "1.0.0", "key",
        "Tells how many seconds a key has left: -1 for ever, -2 if there is no such key.";
}

/// What a time is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Seconds,
    Millis,
}

/// A time in milliseconds since the epoch, or the refusal of this command if there is no such time.
pub(super) fn absolute_ms(
    number: i64,
    unit: Unit,
    base_ms: i64,
    command: &'static str,
) -> Result<i64, Refusal> {
    let millis = match unit {
        Unit::Seconds => number.checked_mul(1000),
        Unit::Millis => Some(number),
    };
    millis
        .and_then(|ms| ms.checked_add(base_ms))
        .ok_or(Refusal::InvalidExpire(command))
}

/// `EXPIRE key seconds [NX | XX | GT | LT]`
fn expire(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let base = cx.now_ms();
    expire_at(cx, args, Unit::Seconds, base, "expire")
}

/// `PEXPIRE key milliseconds [NX | XX | GT | LT]`
fn pexpire(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let base = cx.now_ms();
    expire_at(cx, args, Unit::Millis, base, "pexpire")
}

/// `EXPIREAT key seconds [NX | XX | GT | LT]`
fn expireat(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    expire_at(cx, args, Unit::Seconds, 0, "expireat")
}

/// `PEXPIREAT key milliseconds [NX | XX | GT | LT]`
fn pexpireat(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    expire_at(cx, args, Unit::Millis, 0, "pexpireat")
}

/// Under which condition an expiry replaces the present one; no expiry counts as infinite.
#[derive(Clone, Copy, Default)]
pub(super) struct When {
    none: bool,
    some: bool,
    later: bool,
    sooner: bool,
}

impl When {
    /// Reads the words that follow the time.
    pub(super) fn parse(words: &[Bytes]) -> Result<When, Refusal> {
        let mut when = When::default();
        for word in words {
            if is(word, "NX") {
                when.none = true;
            } else if is(word, "XX") {
                when.some = true;
            } else if is(word, "GT") {
                when.later = true;
            } else if is(word, "LT") {
                when.sooner = true;
            } else {
                let word = quoted(word);
                return Err(Refusal::err(format_args!("Unsupported option {word}")));
            }
        }
        if when.none && (when.some || when.later || when.sooner) {
            return Err(Refusal::NxAndOthers);
        }
        if when.later && when.sooner {
            return Err(Refusal::GtAndLt);
        }
        Ok(when)
    }

    pub(super) fn allows(self, old: Option<i64>, new: i64) -> bool {
        !(self.none && old.is_some()
            || self.some && old.is_none()
            || self.later && old.is_none_or(|old| new <= old)
            || self.sooner && old.is_some_and(|old| new >= old))
    }
}

fn expire_at(
    cx: &mut Cx<'_>,
    args: &Args<'_>,
    unit: Unit,
    base: i64,
    command: &'static str,
) -> Answer {
    let key = args.key(0);
    let when = When::parse(args.from(2))?;
    let at = absolute_ms(args.int(1)?, unit, base, command)?;
    let Some(entry) = cx.lookup_to_write(key) else {
        return Ok(Value::Int(0));
    };
    if !when.allows(entry.expires(), at) {
        return Ok(Value::Int(0));
    }
    cx.dirty += 1;
    if at <= cx.now_ms() {
        cx.delete(key);
        cx.event("del", key);
        cx.repeat_as(|| vec![word("DEL"), key.clone()]);
    } else {
        cx.set_expires(key, Some(at));
        cx.event("expire", key);
        cx.repeat_as(|| vec![word("PEXPIREAT"), key.clone(), Bytes::from(int_bytes(at))]);
    }
    Ok(Value::Int(1))
}

/// `PERSIST key`
fn persist(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let key = args.key(0);
    let entry = cx.lookup_to_write(key);
    if entry.is_none_or(|entry| entry.expires().is_none()) {
        return Ok(Value::Int(0));
    }
    cx.set_expires(key, None);
    cx.dirty += 1;
    cx.event("persist", key);
    Ok(Value::Int(1))
}

/// `TTL key` — rounded to the nearest second.
fn ttl(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    time_of(cx, args, |at, now| ((at - now).max(0) + 500) / 1000)
}

/// `PTTL key`
fn pttl(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    time_of(cx, args, |at, now| (at - now).max(0))
}

/// `EXPIRETIME key`
fn expiretime(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    time_of(cx, args, |at, _| at.saturating_add(500) / 1000)
}

/// `PEXPIRETIME key`
fn pexpiretime(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    time_of(cx, args, |at, _| at)
}

fn time_of(cx: &mut Cx<'_>, args: &Args<'_>, show: fn(i64, i64) -> i64) -> Answer {
    let now = cx.now_ms();
    Ok(Value::Int(
        match cx.inspect(args.key(0)).map(|entry| entry.expires()) {
            None => -2,
            Some(None) => -1,
            Some(Some(at)) => show(at, now),
        },
    ))
}
