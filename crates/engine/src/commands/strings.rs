//! Strings and counters.

use bytes::Bytes;
use redwind_resp::Value;

use crate::Refusal;
use crate::args::{Args, is, pairs};
use crate::commands::expiry::{Unit, absolute_ms};
use crate::commands::{counters, substrings};
use crate::cx::Cx;
use crate::db::Data;
use crate::number::int_bytes;
use crate::table::{ALL, ALTERNATE, Answer, FIRST, Keys, TWO, table};

table! { TABLE, "string";
    "append" => substrings::append, Exactly(2), [WRITE DENYOOM FAST], FIRST, "2.0.0", "key value",
        "Appends to the string under a key; gives the new length.";
    "decr" => counters::decr, Exactly(1), [WRITE DENYOOM FAST], FIRST, "1.0.0", "key",
        "Subtracts 1 from the integer under a key; a missing key counts as 0.";
    "decrby" => counters::decrby, Exactly(2), [WRITE DENYOOM FAST], FIRST, "1.0.0", "key decrement",
        "Subtracts from the integer under a key; a missing key counts as 0.";
    "delex" => delex, AtLeast(1), [WRITE FAST], FIRST, "8.4.0",
        "key [IFEQ value | IFNE value | IFDEQ digest | IFDNE digest]",
        "Deletes a key if its string, or the digest of it, is or is not the one given.";
    "digest" => digest, Exactly(1), [READ FAST], FIRST, "8.4.0", "key",
        "Gives the digest (XXH3) of the string under a key, in hexadecimal.";
    "get" => get, Exactly(1), [READ FAST], FIRST, "1.0.0", "key", "Gives the string under a key.";
    "getdel" => getdel, Exactly(1), [WRITE FAST], FIRST, "6.2.0", "key",
        "Gives the string under a key and deletes the key.";
    "getex" => getex, AtLeast(1), [WRITE FAST], FIRST, "6.2.0",
        "key [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | PERSIST]",
        "Gives the string under a key and sets or removes its expiry.";
    "getrange" => substrings::getrange, Exactly(3), [READ], FIRST, "2.4.0", "key start end",
        "Gives a part of the string under a key.";
    "getset" => getset, Exactly(2), [WRITE DENYOOM FAST], FIRST, "1.0.0", "key value",
        "Sets the string under a key and gives the old one.";
    "incr" => counters::incr, Exactly(1), [WRITE DENYOOM FAST], FIRST, "1.0.0", "key",
        "Adds 1 to the integer under a key; a missing key counts as 0.";
    "incrby" => counters::incrby, Exactly(2), [WRITE DENYOOM FAST], FIRST, "1.0.0", "key increment",
        "Adds to the integer under a key; a missing key counts as 0.";
    "incrbyfloat" => counters::incrbyfloat, Exactly(2), [WRITE DENYOOM FAST], FIRST, "2.6.0", "key increment",
        "Adds to the floating point number under a key; a missing key counts as 0.";
    "increx" => super::increx::increx, AtLeast(1), [WRITE DENYOOM FAST], FIRST, "8.8.0",
        "key [BYFLOAT increment | BYINT increment] [LBOUND lowerbound] [UBOUND upperbound] [SATURATE] [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | PERSIST] [ENX]",
        "Adds to the number under a key within bounds, and sets or removes its expiry.";
    "lcs" => super::lcs::lcs, AtLeast(2), [READ], TWO, "7.0.0",
        "key1 key2 [LEN] [IDX] [MINMATCHLEN min-match-len] [WITHMATCHLEN]",
        "Finds the longest common subsequence of two strings.";
    "mget" => mget, AtLeast(1), [READ FAST], ALL, "1.0.0", "key [key ...]",
        "Gives the strings under several keys at one instant.";
    "mset" => mset, AtLeast(2), [WRITE DENYOOM], ALTERNATE, "1.0.1", "key value [key value ...]",
        "Sets several keys at one instant.";
    "msetex" => msetex, AtLeast(3), [WRITE DENYOOM MOVABLE_KEYS], Keys::Counted { at: 1 }, "8.4.0",
        "numkeys key value [key value ...] [NX | XX] [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | KEEPTTL]",
        "Sets several keys with one expiry, optionally only if none or all of them exist.";
    "msetnx" => msetnx, AtLeast(2), [WRITE DENYOOM], ALTERNATE, "1.0.1", "key value [key value ...]",
        "Sets several keys at one instant if none of them exists.";
    "psetex" => psetex, Exactly(3), [WRITE DENYOOM], FIRST, "2.6.0", "key milliseconds value",
        "Sets the string under a key, which expires after so many milliseconds.";
    "set" => set, AtLeast(2), [WRITE DENYOOM], FIRST, "1.0.0",
        "key value [NX | XX | IFEQ value | IFNE value | IFDEQ digest | IFDNE digest] [GET] [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | KEEPTTL]",
        "Sets the string under a key, whatever type it held.";
    "setex" => setex, Exactly(3), [WRITE DENYOOM], FIRST, "2.0.0", "key seconds value",
        "Sets the string under a key, which expires after so many seconds.";
    "setnx" => setnx, Exactly(2), [WRITE DENYOOM FAST], FIRST, "1.0.0", "key value",
        "Sets the string under a key if the key does not exist.";
    "setrange" => substrings::setrange, Exactly(3), [WRITE DENYOOM], FIRST, "2.2.0", "key offset value",
        "Overwrites a part of the string under a key, filling gaps with zero bytes.";
    "strlen" => substrings::strlen, Exactly(1), [READ FAST], FIRST, "2.2.0", "key",
        "Gives the length of the string under a key.";
    "substr" => substrings::getrange, Exactly(3), [READ], FIRST, "1.0.0", "key start end",
        "Gives a part of the string under a key. An old name of GETRANGE.";
}

/// Under which condition a string is set or deleted.
#[derive(Clone, Copy)]
enum If<'a> {
    Always,
    Missing,
    Exists,
    Equal(&'a Bytes),
    NotEqual(&'a Bytes),
    DigestEqual(&'a Bytes),
    DigestNotEqual(&'a Bytes),
}

impl<'a> If<'a> {
    /// The conditions that compare; `None` for another word.
    fn comparison(word: &[u8], with: &'a Bytes) -> Option<If<'a>> {
        Some(if is(word, "IFEQ") {
            If::Equal(with)
        } else if is(word, "IFNE") {
            If::NotEqual(with)
        } else if is(word, "IFDEQ") {
            If::DigestEqual(with)
        } else if is(word, "IFDNE") {
            If::DigestNotEqual(with)
        } else {
            return None;
        })
    }

    fn needs_string(self) -> bool {
        !matches!(self, If::Always | If::Missing | If::Exists)
    }

    /// A digest must be written in full.
    fn check(self) -> Result<(), Refusal> {
        match self {
            If::DigestEqual(d) | If::DigestNotEqual(d) if d.len() != 16 => {
                Err(Refusal::err("must be exactly 16 hexadecimal characters"))
            }
            _ => Ok(()),
        }
    }

    /// Whether it holds for the present string; `None` is a missing key.
    fn holds(self, exists: bool, text: Option<&[u8]>) -> bool {
        let digest_is = |text: &[u8], digest: &[u8]| {
            crate::xxh3::hex(text)
                .as_bytes()
                .eq_ignore_ascii_case(digest)
        };
        match (self, text) {
            (If::Always, _) => true,
            (If::Missing, _) => !exists,
            (If::Exists, _) => exists,
            (If::Equal(with), Some(text)) => text == &with[..],
            (If::NotEqual(with), Some(text)) => text != &with[..],
            (If::DigestEqual(digest), Some(text)) => digest_is(text, digest),
            (If::DigestNotEqual(digest), Some(text)) => !digest_is(text, digest),
            (If::Equal(_) | If::DigestEqual(_), None) => false,
            (If::NotEqual(_) | If::DigestNotEqual(_), None) => true,
        }
    }
}

/// What is to happen to the expiry.
#[derive(Clone, Copy)]
pub(super) enum Expiry {
    Clear,
    Keep,
    /// A number that is yet to be read, and its unit; relative to now or not.
    At {
        argument: usize,
        unit: Unit,
        relative: bool,
    },
}

impl Expiry {
    /// The options that name a time; the number follows the word.
    pub(super) fn option(word: &[u8], argument: usize) -> Option<Expiry> {
        let (unit, relative) = if is(word, "EX") {
            (Unit::Seconds, true)
        } else if is(word, "PX") {
            (Unit::Millis, true)
        } else if is(word, "EXAT") {
            (Unit::Seconds, false)
        } else if is(word, "PXAT") {
            (Unit::Millis, false)
        } else {
            return None;
        };
        Some(Expiry::At {
            argument,
            unit,
            relative,
        })
    }

    /// Whether this may stand after what was said before: nothing, or the same word.
    fn may_follow(self, before: Expiry) -> bool {
        match (self, before) {
            (_, Expiry::Clear) => true,
            (
                Expiry::At { unit, relative, .. },
                Expiry::At {
                    unit: unit_before,
                    relative: relative_before,
                    ..
                },
            ) => unit == unit_before && relative == relative_before,
            _ => false,
        }
    }

    pub(super) fn is_clear(self) -> bool {
        matches!(self, Expiry::Clear)
    }

    pub(super) fn millis(
        self,
        cx: &Cx<'_>,
        args: &Args<'_>,
        command: &'static str,
    ) -> Result<Option<i64>, Refusal> {
        let Expiry::At {
            argument,
            unit,
            relative,
        } = self
        else {
            return Ok(None);
        };
        let base = if relative { cx.now_ms() } else { 0 };
        let number = args.int(argument)?;
        if number <= 0 {
            return Err(Refusal::InvalidExpire(command));
        }
        absolute_ms(number, unit, base, command).map(Some)
    }
}

/// `GET key`
fn get(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    Ok(cx
        .read_string(args.key(0))?
        .map_or(Value::Null, Value::Bulk))
}

/// `SET key value [condition] [GET] [expiry]`
fn set(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let (mut condition, mut expiry, mut wants_old) = (If::Always, Expiry::Clear, false);
    let mut at = 2;
    while let Some(word) = args.get(at) {
        let free = matches!(condition, If::Always);
        if is(word, "NX") && (free || matches!(condition, If::Missing)) {
            condition = If::Missing;
        } else if is(word, "XX") && (free || matches!(condition, If::Exists)) {
            condition = If::Exists;
        } else if is(word, "GET") {
            wants_old = true;
        } else if is(word, "KEEPTTL") && (expiry.is_clear() || matches!(expiry, Expiry::Keep)) {
            expiry = Expiry::Keep;
        } else if let (Some(option), true) = (Expiry::option(word, at + 1), at + 1 < args.len())
            && option.may_follow(expiry)
        {
            expiry = option;
            at += 1;
        } else if let (Some(with), true) = (args.get(at + 1), free)
            && let Some(comparison) = If::comparison(word, with)
        {
            condition = comparison;
            at += 1;
        } else {
            return Err(Refusal::Syntax);
        }
        at += 1;
    }
    condition.check()?;
    let expires = expiry.millis(cx, args, "set")?;
    store(
        cx,
        args,
        Store {
            condition,
            expiry,
            expires,
            wants_old,
            value: 1,
        },
    )
}

struct Store<'a> {
    condition: If<'a>,
    expiry: Expiry,
    expires: Option<i64>,
    wants_old: bool,
    /// Which argument is the value.
    value: usize,
}

/// What `SET` and its relatives have in common.
fn store(cx: &mut Cx<'_>, args: &Args<'_>, how: Store<'_>) -> Answer {
    let (key, value) = (args.key(0), args.key(how.value));
    let plain = matches!(how.condition, If::Always) && !how.wants_old;
    let mut old = None;
    if !plain {
        if how.wants_old {
            old = cx.read_string(key)?;
        } else if how.condition.needs_string() {
            old = cx.peek_string(key)?;
        }
        let exists = cx.exists(key);
        if !how.condition.holds(exists, old.as_deref()) {
            cx.lookup_to_write(key);
            let reply = if how.wants_old { old } else { None };
            return Ok(reply.map_or(Value::Null, Value::Bulk));
        }
    }
    let expires = match how.expiry {
        Expiry::Keep => cx.peek(key).and_then(|entry| entry.expires()),
        _ => how.expires,
    };
    cx.put(key, Data::string(value), expires);
    cx.dirty += 1;
    cx.event("set", key);
    if let Some(when) = how.expires {
        cx.event("expire", key);
        let when = Bytes::from(int_bytes(when));
        cx.repeat_as(|| vec![word("SET"), key.clone(), value.clone(), word("PXAT"), when]);
    } else if how.wants_old || how.condition.needs_string() {
        let mut repeat = vec![word("SET"), key.clone(), value.clone()];
        if matches!(how.expiry, Expiry::Keep) {
            repeat.push(word("KEEPTTL"));
        }
        cx.repeat_as(|| repeat);
    }
    if how.wants_old {
        return Ok(old.map_or(Value::Null, Value::Bulk));
    }
    Ok(Value::OK)
}

pub(super) fn word(text: &'static str) -> Bytes {
    Bytes::from_static(text.as_bytes())
}

/// `SETEX key seconds value`
fn setex(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    set_for(cx, args, Unit::Seconds, "setex")
}

/// `PSETEX key milliseconds value`
fn psetex(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    set_for(cx, args, Unit::Millis, "psetex")
}

fn set_for(cx: &mut Cx<'_>, args: &Args<'_>, unit: Unit, command: &'static str) -> Answer {
    let expiry = Expiry::At {
        argument: 1,
        unit,
        relative: true,
    };
    let expires = expiry.millis(cx, args, command)?;
    store(
        cx,
        args,
        Store {
            condition: If::Always,
            expiry,
            expires,
            wants_old: false,
            value: 2,
        },
    )
}

/// `SETNX key value`
fn setnx(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    if cx.lookup_to_write(args.key(0)).is_some() {
        return Ok(Value::Int(0));
    }
    put_plain(cx, args.key(0), &args[1]);
    Ok(Value::Int(1))
}

/// Sets one key without options, as part of a command that repeats itself on replicas.
fn put_plain(cx: &mut Cx<'_>, key: &Bytes, value: &Bytes) {
    cx.put(key, Data::string(value), None);
    cx.dirty += 1;
    cx.event("set", key);
}

/// `GETSET key value`
fn getset(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let key = args.key(0);
    let old = cx.read_string(key)?;
    put_plain(cx, key, &args[1]);
    cx.repeat_as(|| vec![word("SET"), key.clone(), args[1].clone()]);
    Ok(old.map_or(Value::Null, Value::Bulk))
}

/// `GETDEL key`
fn getdel(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let key = args.key(0);
    let Some(old) = cx.read_string(key)? else {
        return Ok(Value::Null);
    };
    cx.delete(key);
    cx.dirty += 1;
    cx.event("del", key);
    cx.repeat_as(|| vec![word("DEL"), key.clone()]);
    Ok(Value::Bulk(old))
}

/// `GETEX key [expiry | PERSIST]`
fn getex(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let (mut expiry, mut persist) = (Expiry::Clear, false);
    let mut at = 1;
    while let Some(word) = args.get(at) {
        if is(word, "PERSIST") && expiry.is_clear() {
            persist = true;
        } else if let (Some(option), true) = (Expiry::option(word, at + 1), at + 1 < args.len())
            && option.may_follow(expiry)
            && !persist
        {
            expiry = option;
            at += 1;
        } else {
            return Err(Refusal::Syntax);
        }
        at += 1;
    }
    let key = args.key(0);
    let Some(text) = cx.read_string(key)? else {
        return Ok(Value::Null);
    };
    match expiry.millis(cx, args, "getex")? {
        Some(when)
            if when <= cx.now_ms() && !matches!(expiry, Expiry::At { relative: true, .. }) =>
        {
            cx.delete(key);
            cx.dirty += 1;
            cx.event("del", key);
            cx.repeat_as(|| vec![word("DEL"), key.clone()]);
        }
        Some(when) => {
            cx.set_expires(key, Some(when));
            cx.dirty += 1;
            cx.event("expire", key);
            cx.repeat_as(|| vec![word("PEXPIREAT"), key.clone(), Bytes::from(int_bytes(when))]);
        }
        None if persist && cx.peek(key).is_some_and(|entry| entry.expires().is_some()) => {
            cx.set_expires(key, None);
            cx.dirty += 1;
            cx.event("persist", key);
            cx.repeat_as(|| vec![word("PERSIST"), key.clone()]);
        }
        None => {}
    }
    Ok(Value::Bulk(text))
}

/// `DELEX key [condition]`
fn delex(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let key = args.key(0);
    let condition = match args.len() {
        1 => If::Always,
        3 => If::comparison(&args[1], args.key(2))
            .ok_or_else(|| Refusal::err("Invalid condition. Use IFEQ, IFNE, IFDEQ, or IFDNE"))?,
        _ => return Err(Refusal::Arity("delex")),
    };
    condition.check()?;
    if condition.needs_string() {
        let Some(entry) = cx.lookup_to_write(key) else {
            return Ok(Value::Int(0));
        };
        let Some(text) = entry.data.string_bytes() else {
            return Err(Refusal::err(
                "Key should be of string type if conditions are specified",
            ));
        };
        if !condition.holds(true, Some(&text)) {
            return Ok(Value::Int(0));
        }
    }
    if !cx.delete(key) {
        return Ok(Value::Int(0));
    }
    cx.dirty += 1;
    cx.event("del", key);
    cx.repeat_as(|| vec![word("DEL"), key.clone()]);
    Ok(Value::Int(1))
}

/// `DIGEST key`
fn digest(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let text = cx.read_string(args.key(0))?;
    Ok(text.map_or(Value::Null, |text| Value::bulk(crate::xxh3::hex(&text))))
}

/// `MGET key [key ...]` — keys of other types count as missing.
fn mget(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let mut values = Vec::with_capacity(args.len());
    for key in args.rest() {
        let text = cx.lookup(key).and_then(|entry| entry.data.string_bytes());
        values.push(text.map_or(Value::Null, Value::Bulk));
    }
    Ok(Value::Array(values))
}

/// `MSET key value [key value ...]`
fn mset(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let pairs = pairs(args.rest()).ok_or(Refusal::Arity("mset"))?;
    for pair in pairs {
        put_plain(cx, &pair[0], &pair[1]);
    }
    Ok(Value::OK)
}

/// `MSETNX key value [key value ...]`
fn msetnx(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let pairs = pairs(args.rest()).ok_or(Refusal::Arity("msetnx"))?;
    for pair in pairs {
        if cx.lookup_to_write(&pair[0]).is_some() {
            return Ok(Value::Int(0));
        }
    }
    for pair in pairs {
        put_plain(cx, &pair[0], &pair[1]);
    }
    Ok(Value::Int(1))
}

/// `MSETEX numkeys key value [key value ...] [NX | XX] [expiry]`
fn msetex(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let count = args
        .int(0)
        .ok()
        .filter(|n| *n > 0 && *n < i64::from(i32::MAX));
    let count = count.ok_or_else(|| Refusal::err("invalid numkeys value"))? as usize;
    let pairs = args.from(1);
    if pairs.len() / 2 < count {
        return Err(Refusal::err("wrong number of key-value pairs"));
    }
    let (mut condition, mut expiry) = (If::Always, Expiry::Clear);
    let mut at = 1 + count * 2;
    while let Some(word) = args.get(at) {
        let free = matches!(condition, If::Always);
        if is(word, "NX") && (free || matches!(condition, If::Missing)) {
            condition = If::Missing;
        } else if is(word, "XX") && (free || matches!(condition, If::Exists)) {
            condition = If::Exists;
        } else if is(word, "KEEPTTL") && expiry.is_clear() {
            expiry = Expiry::Keep;
        } else if let (Some(option), true, true) = (
            Expiry::option(word, at + 1),
            at + 1 < args.len(),
            expiry.is_clear(),
        ) {
            expiry = option;
            at += 1;
        } else {
            return Err(Refusal::Syntax);
        }
        at += 1;
    }
    let expires = expiry.millis(cx, args, "msetex")?;
    let arguments = &pairs[..count * 2];
    let pairs = arguments.as_chunks::<2>().0;
    for pair in pairs {
        let exists = cx.exists(&pair[0]);
        if !condition.holds(exists, None) {
            return Ok(Value::Int(0));
        }
    }
    for pair in pairs {
        let kept = match expiry {
            Expiry::Keep => cx.peek(&pair[0]).and_then(|entry| entry.expires()),
            _ => expires,
        };
        cx.put(&pair[0], Data::string(&pair[1]), kept);
        cx.dirty += 1;
        cx.event("set", &pair[0]);
        if expires.is_some() {
            cx.event("expire", &pair[0]);
        }
    }
    if let Some(when) = expires {
        let mut repeat = vec![word("MSETEX"), args[0].clone()];
        repeat.extend_from_slice(arguments);
        repeat.extend([word("PXAT"), Bytes::from(int_bytes(when))]);
        cx.repeat_as(|| repeat);
    }
    Ok(Value::Int(1))
}
