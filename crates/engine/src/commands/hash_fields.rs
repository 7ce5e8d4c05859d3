//! When fields of hashes expire.

use bytes::Bytes;
use redwind_resp::Value;

use crate::Refusal;
use crate::args::{Args, is, pairs};
use crate::blob::Blob;
use crate::commands::expiry::{Unit, When};
use crate::commands::hashes::{bulk, read};
use crate::commands::strings::word;
use crate::cx::Cx;
use crate::db::Kind;
use crate::number::{int_bytes, parse_int};
use crate::refusal::quoted;
use crate::table::{Answer, FIRST, table};
use crate::types::Hash;

table! { TABLE, "hash";
    "hexpire" => hexpire, AtLeast(5), [WRITE FAST], FIRST, "7.4.0",
        "key seconds [NX | XX | GT | LT] FIELDS numfields field [field ...]",
        "Lets fields expire after so many seconds: 1 if it does, 0 if the condition does not hold, 2 if the \
         time has passed and the field is deleted, -2 if there is no such field.";
    "hexpireat" => hexpireat, AtLeast(5), [WRITE FAST], FIRST, "7.4.0",
        "key unix-time-seconds [NX | XX | GT | LT] FIELDS numfields field [field ...]",
        "Lets fields expire at a time in seconds.";
    "hexpiretime" => hexpiretime, AtLeast(4), [READ FAST], FIRST, "7.4.0",
        "key FIELDS numfields field [field ...]", "Tells at which second fields expire.";
    "hgetdel" => hgetdel, AtLeast(4), [WRITE FAST], FIRST, "8.0.0",
        "key FIELDS numfields field [field ...]", "Gives the values of fields and removes them.";
    "hgetex" => hgetex, AtLeast(4), [WRITE FAST], FIRST, "8.0.0",
        "key [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | PERSIST] \
         FIELDS numfields field [field ...]",
        "Gives the values of fields and changes when they expire.";
    "hpersist" => hpersist, AtLeast(4), [WRITE FAST], FIRST, "7.4.0",
        "key FIELDS numfields field [field ...]", "Lets fields live for ever.";
    "hpexpire" => hpexpire, AtLeast(5), [WRITE FAST], FIRST, "7.4.0",
        "key milliseconds [NX | XX | GT | LT] FIELDS numfields field [field ...]",
        "Lets fields expire after so many milliseconds.";
    "hpexpireat" => hpexpireat, AtLeast(5), [WRITE FAST], FIRST, "7.4.0",
        "key unix-time-milliseconds [NX | XX | GT | LT] FIELDS numfields field [field ...]",
        "Lets fields expire at a time in milliseconds.";
    "hpexpiretime" => hpexpiretime, AtLeast(4), [READ FAST], FIRST, "7.4.0",
        "key FIELDS numfields field [field ...]", "Tells at which millisecond fields expire.";
    "hpttl" => hpttl, AtLeast(4), [READ FAST], FIRST, "7.4.0",
        "key FIELDS numfields field [field ...]",
        "Tells how many milliseconds fields have left: -1 for ever, -2 if there is no such field.";
    "hsetex" => hsetex, AtLeast(5), [WRITE DENYOOM FAST], FIRST, "8.0.0",
        "key [FNX | FXX] [EX seconds | PX milliseconds | EXAT unix-time-seconds | \
         PXAT unix-time-milliseconds | KEEPTTL] FIELDS numfields field value [field value ...]",
        "Sets fields and when they expire, if all of them (FXX) or none of them (FNX) exist.";
    "httl" => httl, AtLeast(4), [READ FAST], FIRST, "7.4.0",
        "key FIELDS numfields field [field ...]",
        "Tells how many seconds fields have left: -1 for ever, -2 if there is no such field.";
}

/// Redis stores the times of fields in 46 bits.
const LATEST_MS: i64 = (1 << 46) - 1;

const NO_FIELD: i64 = -2;

/// A time in milliseconds since the epoch.
fn moment(text: &[u8], unit: Unit, base_ms: i64, command: &'static str) -> Result<i64, Refusal> {
    let number = parse_int(text).ok_or(Refusal::NotAnInteger)?;
    if number < 0 {
        return Err(Refusal::ExpireNegative);
    }
    let millis = match unit {
        Unit::Seconds => number.checked_mul(1000),
        Unit::Millis => Some(number),
    };
    millis
        .and_then(|millis| millis.checked_add(base_ms))
        .filter(|at| *at <= LATEST_MS)
        .ok_or(Refusal::InvalidExpire(command))
}

/// What the words `EX`, `PX`, `EXAT` and `PXAT` count in, and from when.
fn time_word(word: &[u8], now_ms: i64) -> Option<(Unit, i64)> {
    if is(word, "EX") {
        Some((Unit::Seconds, now_ms))
    } else if is(word, "PX") {
        Some((Unit::Millis, now_ms))
    } else if is(word, "EXAT") {
        Some((Unit::Seconds, 0))
    } else if is(word, "PXAT") {
        Some((Unit::Millis, 0))
    } else {
        None
    }
}

/// The fields after `FIELDS numfields`, where the word must stand at this place.
fn counted<'a>(
    args: &Args<'a>,
    at: usize,
    not_positive: &'static str,
) -> Result<&'a [Bytes], Refusal> {
    if !args.is(at, "FIELDS") {
        return Err(Refusal::FieldsMissing);
    }
    let count = args.get(at + 1).and_then(|count| parse_int(count));
    let Some(count) = count.filter(|count| *count > 0) else {
        return Err(Refusal::err(not_positive));
    };
    let fields = args.from(at + 2);
    if u64::try_from(count) != Ok(fields.len() as u64) {
        return Err(Refusal::FieldsMismatch);
    }
    Ok(fields)
}

const MUST_BE_POSITIVE: &str = "Number of fields must be a positive integer";

/// Refuses a key that holds something else than a hash. Whatever comes of it, the key is used once.
fn check_type(cx: &mut Cx<'_>, key: &[u8]) -> Result<(), Refusal> {
    cx.peek_as::<Hash>(key)?;
    cx.lookup_to_write(key);
    cx.touches = false;
    Ok(())
}

/// Whether a field that is to expire at this time is deleted at once. A replica leaves that to its primary.
fn has_passed(cx: &Cx<'_>, at: i64) -> bool {
    at <= cx.now_ms() && cx.engine.primary_link.is_none()
}

/// Fields were deleted because their new time had passed: they count as expired, and each deletion is repeated.
fn deleted_at_once(cx: &mut Cx<'_>, key: &Bytes, fields: &[Bytes]) {
    cx.engine.counters.expired_subkeys += fields.len() as u64;
    for field in fields {
        cx.repeat_as(|| vec![word("HDEL"), key.clone(), field.clone()]);
    }
}

/// A command about counted fields.
fn repeat(cx: &mut Cx<'_>, mut argv: Vec<Bytes>, fields: &[Bytes]) {
    argv.push(word("FIELDS"));
    argv.push(Bytes::from(int_bytes(fields.len() as i64)));
    argv.extend_from_slice(fields);
    cx.repeat_as(|| argv);
}

/// `HEXPIRE key seconds [condition] FIELDS numfields field [field ...]`
fn hexpire(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let base = cx.now_ms();
    expire_at(cx, args, Unit::Seconds, base, "hexpire")
}

/// `HPEXPIRE key milliseconds [condition] FIELDS numfields field [field ...]`
fn hpexpire(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let base = cx.now_ms();
    expire_at(cx, args, Unit::Millis, base, "hpexpire")
}

/// `HEXPIREAT key seconds [condition] FIELDS numfields field [field ...]`
fn hexpireat(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    expire_at(cx, args, Unit::Seconds, 0, "hexpireat")
}

/// `HPEXPIREAT key milliseconds [condition] FIELDS numfields field [field ...]`
fn hpexpireat(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    expire_at(cx, args, Unit::Millis, 0, "hpexpireat")
}

fn expire_at(
    cx: &mut Cx<'_>,
    args: &Args<'_>,
    unit: Unit,
    base: i64,
    command: &'static str,
) -> Answer {
    let key = args.key(0);
    check_type(cx, key)?;
    let at = moment(&args[1], unit, base, command)?;
    // One condition at most: a second one stands where `FIELDS` should.
    let condition = When::parse(&args.rest()[2..3]).ok();
    let word_at = if condition.is_some() { 3 } else { 2 };
    let fields = counted(
        args,
        word_at,
        "Parameter `numFields` should be greater than 0",
    )?;
    let when = condition.unwrap_or_default();
    let passed = has_passed(cx, at);
    let Some(mut edit) = cx.edit::<Hash>(key)? else {
        return Ok(Value::Array(vec![Value::Int(NO_FIELD); fields.len()]));
    };
    let hash: &mut Hash = &mut edit;
    hash.make_room_for_times();
    let mut done = Vec::new();
    let mut reply = Vec::with_capacity(fields.len());
    for field in fields {
        reply.push(Value::Int(if !hash.contains(field) {
            NO_FIELD
        } else if !when.allows(hash.time_of(field), at) {
            0
        } else if passed {
            hash.remove(field);
            done.push(field.clone());
            2
        } else {
            hash.set_time(field, at);
            done.push(field.clone());
            1
        }));
    }
    if done.is_empty() {
        return Ok(Value::Array(reply));
    }
    edit.changed(if passed { "hdel" } else { "hexpire" });
    edit.add_dirty(done.len() - 1);
    drop(edit);
    if passed {
        deleted_at_once(cx, key, &done);
    } else {
        let mut argv = vec![word("HPEXPIREAT"), key.clone(), Bytes::from(int_bytes(at))];
        argv.extend(condition.map(|_| args[2].clone()));
        repeat(cx, argv, &done);
    }
    Ok(Value::Array(reply))
}

/// `HPERSIST key FIELDS numfields field [field ...]`
fn hpersist(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let key = args.key(0);
    check_type(cx, key)?;
    let fields = counted(args, 1, MUST_BE_POSITIVE)?;
    let now_ms = cx.now_ms();
    let Some(mut edit) = cx.edit::<Hash>(key)? else {
        return Ok(Value::Array(vec![Value::Int(NO_FIELD); fields.len()]));
    };
    let hash: &mut Hash = &mut edit;
    let mut done = false;
    let mut reply = Vec::with_capacity(fields.len());
    for field in fields {
        reply.push(Value::Int(if !hash.has_living(field, now_ms) {
            NO_FIELD
        } else if hash.forget_time(field) {
            done = true;
            1
        } else {
            -1
        }));
    }
    // One change, however many fields it is about.
    if done {
        edit.changed("hpersist");
    }
    Ok(Value::Array(reply))
}

/// `HTTL key FIELDS numfields field [field ...]` — rounded up.
fn httl(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    times(cx, args, |at, now| ((at - now).max(0) + 999) / 1000)
}

/// `HPTTL key FIELDS numfields field [field ...]`
fn hpttl(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    times(cx, args, |at, now| (at - now).max(0))
}

/// `HEXPIRETIME key FIELDS numfields field [field ...]`
fn hexpiretime(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    times(cx, args, |at, _| (at + 999) / 1000)
}

/// `HPEXPIRETIME key FIELDS numfields field [field ...]`
fn hpexpiretime(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    times(cx, args, |at, _| at)
}

fn times(cx: &mut Cx<'_>, args: &Args<'_>, show: fn(i64, i64) -> i64) -> Answer {
    let now = cx.now_ms();
    let hash = read(cx, args.key(0))?;
    let time = |field: &Bytes| {
        let hash = hash.as_ref().filter(|hash| hash.contains(field));
        Value::Int(hash.map_or(NO_FIELD, |hash| {
            hash.time_of(field).map_or(-1, |at| show(at, now))
        }))
    };
    let fields = counted(args, 1, MUST_BE_POSITIVE)?;
    Ok(Value::array(fields.iter().map(time)))
}

/// `HGETEX key [expiry | PERSIST] FIELDS numfields field [field ...]`
fn hgetex(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let key = args.key(0);
    check_type(cx, key)?;
    let persist = args.is(1, "PERSIST");
    let time = time_word(&args[1], cx.now_ms());
    let word_at = match time {
        Some(_) => 3,
        None => 1 + usize::from(persist),
    };
    let at = time.map(|(unit, base)| moment(&args[2], unit, base, "hgetex"));
    let at = at.transpose()?;
    if args.len() < word_at + 2 {
        return Err(Refusal::Arity("hgetex"));
    }
    let fields = counted(args, word_at, MUST_BE_POSITIVE)?;
    cx.expire_named(key, fields);
    if !persist && at.is_none() {
        let hash = cx.lookup_to_write(key);
        let hash = hash.and_then(|entry| Hash::of(&entry.data));
        let value = |field| {
            hash.and_then(|hash| hash.get(field))
                .map_or(Value::Null, bulk)
        };
        return Ok(Value::Array(
            fields.iter().map(|field| value(field)).collect(),
        ));
    }
    let passed = at.is_some_and(|at| has_passed(cx, at));
    let Some(mut edit) = cx.edit::<Hash>(key)? else {
        return Ok(Value::Array(vec![Value::Null; fields.len()]));
    };
    let hash: &mut Hash = &mut edit;
    hash.make_room_for_times();
    let mut done = Vec::new();
    let mut reply = Vec::with_capacity(fields.len());
    for field in fields {
        let Some(value) = hash.get(field).map(bulk) else {
            reply.push(Value::Null);
            continue;
        };
        reply.push(value);
        let changed = match at {
            None => hash.forget_time(field),
            Some(_) if passed => hash.remove(field).is_some(),
            Some(at) => {
                hash.set_time(field, at);
                true
            }
        };
        if changed {
            done.push(field.clone());
        }
    }
    if done.is_empty() {
        return Ok(Value::Array(reply));
    }
    edit.changed(match at {
        None => "hpersist",
        Some(_) if passed => "hdel",
        Some(_) => "hexpire",
    });
    edit.add_dirty(done.len() - 1);
    drop(edit);
    match at {
        None => repeat(cx, vec![word("HPERSIST"), key.clone()], fields),
        Some(_) if passed => deleted_at_once(cx, key, &done),
        Some(at) => {
            let time = Bytes::from(int_bytes(at));
            repeat(cx, vec![word("HPEXPIREAT"), key.clone(), time], fields);
        }
    }
    Ok(Value::Array(reply))
}

/// `HGETDEL key FIELDS numfields field [field ...]`
fn hgetdel(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let key = args.key(0);
    check_type(cx, key)?;
    let fields = counted(args, 1, MUST_BE_POSITIVE)?;
    cx.expire_named(key, fields);
    let Some(mut edit) = cx.edit::<Hash>(key)? else {
        return Ok(Value::Array(vec![Value::Null; fields.len()]));
    };
    let hash: &mut Hash = &mut edit;
    let taken: Vec<_> = fields.iter().map(|field| hash.remove(field)).collect();
    let count = taken.iter().flatten().count();
    if count > 0 {
        edit.changed("hdel");
        edit.add_dirty(count - 1);
        drop(edit);
        let mut argv = vec![word("HDEL"), key.clone()];
        argv.extend_from_slice(fields);
        cx.repeat_as(|| argv);
    }
    let value = |value: &Option<Blob>| {
        value
            .as_ref()
            .map_or(Value::Null, |value| Value::Bulk(value.to_bytes()))
    };
    Ok(Value::array(taken.iter().map(value)))
}

/// What `HSETEX` does to the times of the fields.
#[derive(Clone, Copy, PartialEq, Eq)]
enum NewTime {
    Never,
    Kept,
    /// At this time, which was given by the words at this place.
    At(i64, usize),
}

/// What `HSETEX` was asked for.
struct SetEx<'a> {
    /// Whether all of the fields must exist, or none.
    must_exist: Option<bool>,
    time: NewTime,
    pairs: &'a [[Bytes; 2]],
}

impl<'a> SetEx<'a> {
    fn parse(args: &Args<'a>, now_ms: i64) -> Result<SetEx<'a>, Refusal> {
        let arity = || Refusal::Arity("hsetex");
        let (mut must_exist, mut time) = (None, NewTime::Never);
        let mut at = 1;
        while let Some(word) = args.get(at) {
            let unit = time_word(word, now_ms);
            if is(word, "FIELDS") {
                // Redis asks for a number, a field and a value before it reads the number.
                if args.len() < at + 4 {
                    return Err(arity());
                }
                let count = parse_int(&args[at + 1])
                    .and_then(|count| i32::try_from(count).ok())
                    .filter(|count| *count > 0)
                    .ok_or_else(|| Refusal::err("invalid number of fields"))?;
                // The fields end the command.
                let pairs = pairs(args.from(at + 2))
                    .filter(|pairs| pairs.len() as u64 == u64::from(count.unsigned_abs()))
                    .ok_or_else(arity)?;
                return Ok(SetEx {
                    must_exist,
                    time,
                    pairs,
                });
            } else if is(word, "FNX") || is(word, "FXX") {
                if must_exist.replace(is(word, "FXX")).is_some() {
                    return Err(Refusal::err(
                        "Only one of FXX or FNX arguments can be specified",
                    ));
                }
            } else if unit.is_some() || is(word, "KEEPTTL") {
                if time != NewTime::Never {
                    return Err(Refusal::err(
                        "Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified",
                    ));
                }
                time = NewTime::Kept;
                if let Some((unit, base)) = unit {
                    let number = args.get(at + 1).ok_or_else(arity)?;
                    time = NewTime::At(moment(number, unit, base, "hsetex")?, at);
                    at += 1;
                }
            } else {
                let word = quoted(word);
                return Err(Refusal::err(format_args!("unknown argument: {word}")));
            }
            at += 1;
        }
        Err(arity())
    }

    fn fields(&self) -> Vec<Bytes> {
        self.pairs.iter().map(|[field, _]| field.clone()).collect()
    }

    fn is_allowed(&self, hash: Option<&Hash>, now_ms: i64) -> bool {
        let mut fields = self.pairs.iter().map(|[field, _]| field);
        let exists = |field: &Bytes| hash.is_some_and(|hash| hash.has_living(field, now_ms));
        self.must_exist
            .is_none_or(|wanted| fields.all(|field| exists(field) == wanted))
    }
}

/// `HSETEX key [FNX | FXX] [expiry | KEEPTTL] FIELDS numfields field value [field value ...]`
fn hsetex(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let wish = SetEx::parse(args, cx.now_ms())?;
    let key = args.key(0);
    check_type(cx, key)?;
    let now_ms = cx.now_ms();
    let hash = cx.peek(key).and_then(|entry| Hash::of(&entry.data));
    let allowed = wish.is_allowed(hash, now_ms);
    match wish.must_exist {
        Some(false) if allowed => cx.expire_named_before_writing(key, &wish.fields()),
        Some(_) => cx.expire_named(key, &wish.fields()),
        None => {}
    }
    if !allowed {
        cx.lookup_to_write(key);
        return Ok(Value::Int(0));
    }
    let passed = matches!(wish.time, NewTime::At(at, _) if has_passed(cx, at));
    let mut edit = cx.edit_or_new::<Hash>(key)?;
    let (hash, config) = edit.with_config();
    hash.prepare(wish.pairs.len(), config);
    for [field, value] in wish.pairs {
        let value = Blob::from(value);
        if wish.time == NewTime::Kept {
            hash.set_keeping_time(field, value, config);
        } else {
            hash.set(field, value, config);
        }
    }
    if let NewTime::At(at, _) = wish.time {
        hash.make_room_for_times();
        for [field, _] in wish.pairs {
            if passed {
                hash.remove(field);
            } else {
                hash.set_time(field, at);
            }
        }
    }
    edit.changed("hset");
    edit.add_dirty(wish.pairs.len() - 1);
    if matches!(wish.time, NewTime::At(..)) {
        edit.and_then(if passed { "hdel" } else { "hexpire" });
    }
    drop(edit);
    match wish.time {
        NewTime::At(..) if passed => {
            deleted_at_once(cx, key, &wish.fields());
        }
        NewTime::At(at, place) => {
            let mut argv = vec![word("HSETEX")];
            argv.extend_from_slice(args.rest());
            argv[place + 1] = word("PXAT");
            argv[place + 2] = Bytes::from(int_bytes(at));
            cx.repeat_as(|| argv);
        }
        NewTime::Never | NewTime::Kept => {}
    }
    Ok(Value::Int(1))
}
