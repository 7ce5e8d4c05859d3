//! Consumer groups: who was given what, and what became of it.

use bytes::Bytes;
use redwind_resp::Value;

use crate::Refusal;
use crate::args::{Args, c_text, is};
use crate::blob::Blob;
use crate::commands::stream_effects::{claim_again, set_again};
use crate::commands::streams::{
    bad_id, delete_with_refs, entry_value, id_value, ids, parse_border, parse_id, range_end,
    range_start, refs_and_ids,
};
use crate::cx::Cx;
use crate::number::parse_int;
use crate::refusal::quoted;
use crate::table::{Answer, NO_KEYS, SECOND, table};
use crate::types::stream::{Group, Id, Stream};

table! { XGROUP, "stream";
    "xgroup|create" => create, AtLeast(3), [WRITE DENYOOM], SECOND, "5.0.0",
        "key group <id | $> [MKSTREAM] [ENTRIESREAD entries-read]", "Creates a group.";
    "xgroup|createconsumer" => createconsumer, Exactly(3), [WRITE DENYOOM], SECOND, "6.2.0",
        "key group consumer", "Creates a consumer.";
    "xgroup|delconsumer" => delconsumer, Exactly(3), [WRITE], SECOND, "5.0.0", "key group consumer",
        "Removes a consumer, with what it has pending.";
    "xgroup|destroy" => destroy, Exactly(2), [WRITE], SECOND, "5.0.0", "key group", "Removes a group.";
    "xgroup|help" => help, Exactly(0), [LOADING STALE], NO_KEYS, "5.0.0", "", "Lists the subcommands.";
    "xgroup|setid" => setid, AtLeast(3), [WRITE], SECOND, "5.0.0",
        "key group <id | $> [ENTRIESREAD entries-read]", "Sets the last id that a group got.";
}

/// `XGROUP HELP`
fn help(_cx: &mut Cx<'_>, _args: &Args<'_>) -> Answer {
    Ok(super::help("XGROUP", XGROUP))
}

pub(super) fn no_group_text(key: &[u8], group: &[u8]) -> String {
    let (key, group) = (quoted(key), quoted(group));
    format!("NOGROUP No such key '{key}' or consumer group '{group}'")
}

pub(super) fn no_group(key: &[u8], group: &[u8]) -> Refusal {
    Refusal::Text(no_group_text(key, group))
}

/// The key must exist for `XGROUP`.
fn require<'a>(cx: &'a mut Cx<'_>, key: &[u8]) -> Result<&'a Stream, Refusal> {
    cx.peek_as::<Stream>(key)?.ok_or_else(|| {
        Refusal::err(
            "The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use \
             the MKSTREAM option to create an empty stream automatically.",
        )
    })
}

/// The group must exist for `XGROUP`.
fn require_group(cx: &mut Cx<'_>, key: &[u8], group: &[u8]) -> Result<(), Refusal> {
    if require(cx, key)?.groups.contains_key(group) {
        return Ok(());
    }
    let (key, group) = (quoted(key), quoted(group));
    Err(Refusal::Text(format!(
        "NOGROUP No such consumer group '{group}' for key name '{key}'"
    )))
}

/// The options of `CREATE` and `SETID`: whether the stream may be made, and how many were read.
fn options(args: &Args<'_>, creating: bool) -> Result<(bool, Option<u64>), Refusal> {
    let (mut make, mut read) = (false, None);
    let mut at = 3;
    while at < args.len() {
        if creating && args.is(at, "MKSTREAM") {
            make = true;
        } else if args.is(at, "ENTRIESREAD") && at + 1 < args.len() {
            let number = args.int(at + 1)?;
            if number < -1 {
                return Err(Refusal::err("value for ENTRIESREAD must be positive or -1"));
            }
            read = u64::try_from(number).ok();
            at += 1;
        } else {
            return Err(super::bad_subcommand(args));
        }
        at += 1;
    }
    Ok((make, read))
}

/// More arguments are too many, though each makes sense.
const MOST_TO_CREATE: usize = 6;

/// `XGROUP CREATE key group <id | $> [MKSTREAM] [ENTRIESREAD entries-read]`
fn create(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let (key, name) = (args.key(0), args.key(1));
    let (make, read) = options(args, true)?;
    let last = match cx.peek_as::<Stream>(key)? {
        Some(stream) => stream.last_id,
        None if make => Id::ZERO,
        None => require(cx, key)?.last_id,
    };
    if args.len() > MOST_TO_CREATE {
        return Err(super::bad_subcommand(args));
    }
    let last_id = match c_text(&args[2]) {
        b"$" => last,
        _ => parse_id(&args[2], 0)?,
    };
    let new = cx.find(key).is_none();
    let mut edit = cx.edit_or_new::<Stream>(key)?;
    // Nobody can have read more than there was.
    let read = read.map(|read| read.min(edit.added));
    if edit.groups.contains_key(&name[..]) {
        return Err(Refusal::Text(
            "BUSYGROUP Consumer Group name already exists".into(),
        ));
    }
    let group = Group {
        last_id,
        read,
        ..Group::default()
    };
    edit.groups.insert(Blob::from(name), group);
    if new {
        edit.changed("xgroup-create");
    } else {
        edit.noted("xgroup-create");
    }
    Ok(Value::OK)
}

/// `XGROUP SETID key group <id | $> [ENTRIESREAD entries-read]`
fn setid(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let (key, name) = (args.key(0), args.key(1));
    let (_, read) = options(args, false)?;
    require_group(cx, key, name)?;
    if !matches!(args.len(), 3 | 5) {
        return Err(super::bad_subcommand(args));
    }
    let last_id = match c_text(&args[2]) {
        b"$" => require(cx, key)?.last_id,
        _ => parse_border(&args[2], 0)?,
    };
    if let Some(mut edit) = cx.edit::<Stream>(key)? {
        let read = read.map(|read| read.min(edit.added));
        if let Some(group) = edit.groups.get_mut(&name[..]) {
            (group.last_id, group.read) = (last_id, read);
        }
        edit.noted("xgroup-setid");
    }
    Ok(Value::OK)
}

/// `XGROUP DESTROY key group`
fn destroy(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let (key, name) = (args.key(0), args.key(1));
    require(cx, key)?;
    let Some(mut edit) = cx.edit::<Stream>(key)? else {
        return Ok(Value::Int(0));
    };
    let existed = edit.groups.remove(&name[..]).is_some();
    if existed {
        edit.noted("xgroup-destroy");
        edit.wakes();
    }
    Ok(Value::from(existed))
}

/// `XGROUP CREATECONSUMER key group consumer`
fn createconsumer(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let (key, name) = (args.key(0), args.key(1));
    require_group(cx, key, name)?;
    let now_ms = cx.now_ms();
    let Some(mut edit) = cx.edit::<Stream>(key)? else {
        return Ok(Value::Int(0));
    };
    let Some(group) = edit.groups.get_mut(&name[..]) else {
        return Ok(Value::Int(0));
    };
    if group.consumers.contains_key(&args[2][..]) {
        return Ok(Value::Int(0));
    }
    group.consumer(&args[2], now_ms);
    edit.noted("xgroup-createconsumer");
    Ok(Value::Int(1))
}

/// `XGROUP DELCONSUMER key group consumer`
fn delconsumer(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let (key, name) = (args.key(0), args.key(1));
    require_group(cx, key, name)?;
    let Some(mut edit) = cx.edit::<Stream>(key)? else {
        return Ok(Value::Int(0));
    };
    let Some(group) = edit.groups.get_mut(&name[..]) else {
        return Ok(Value::Int(0));
    };
    let Some(consumer) = group.consumers.remove(&args[2][..]) else {
        return Ok(Value::Int(0));
    };
    for id in consumer.pending.keys() {
        group.pending.remove(id);
    }
    edit.noted("xgroup-delconsumer");
    Ok(Value::from(consumer.pending.len()))
}

/// `XACK key group id [id ...]`
pub(super) fn xack(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let (key, name) = (args.key(0), args.key(1));
    if !cx
        .inspect_as::<Stream>(key)?
        .is_some_and(|stream| stream.groups.contains_key(&name[..]))
    {
        return Ok(Value::Int(0));
    }
    let ids = ids(args.from(2))?;
    let Some(mut edit) = cx.edit::<Stream>(key)? else {
        return Ok(Value::Int(0));
    };
    let Some(group) = edit.groups.get_mut(&name[..]) else {
        return Ok(Value::Int(0));
    };
    let count = ids.into_iter().filter(|id| group.acknowledge(*id)).count();
    if count > 0 {
        edit.add_dirty(count);
    }
    Ok(Value::from(count))
}

/// `XACKDEL key group [KEEPREF | DELREF | ACKED] IDS numids id [id ...]`
pub(super) fn xackdel(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let (key, name) = (args.key(0), args.key(1));
    let known = cx
        .inspect_as::<Stream>(key)?
        .is_some_and(|stream| stream.groups.contains_key(&name[..]));
    let (refs, list) = refs_and_ids(args, 2)?;
    let mut results = vec![-1; list.len()];
    let ids = if known { ids(list)? } else { Vec::new() };
    if known && let Some(mut edit) = cx.edit::<Stream>(key)? {
        let stream: &mut Stream = &mut edit;
        let mut deleted = 0;
        for (id, result) in ids.iter().zip(&mut results) {
            let group = stream.groups.get_mut(&name[..]);
            if group.is_some_and(|group| group.acknowledge(*id)) {
                // What was acknowledged but had been deleted before counts as done.
                *result = match delete_with_refs(stream, *id, refs) {
                    -1 => 1,
                    outcome => outcome,
                };
                deleted += 1;
            }
        }
        if deleted > 0 {
            edit.changed("xdel");
            edit.add_dirty(deleted - 1);
        }
    }
    Ok(Value::array(results.into_iter().map(Value::Int)))
}

/// `XPENDING key group [[IDLE min-idle-time] start end count [consumer]]`
pub(super) fn xpending(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let (key, name) = (args.key(0), args.key(1));
    let now_ms = cx.now_ms();
    if args.len() == 2 {
        let stream = cx.read::<Stream>(key)?;
        let group = stream.and_then(|stream| stream.groups.get(&name[..]));
        return Ok(summary(group.ok_or_else(|| no_group(key, name))?));
    }
    // Redis counts only roughly: without IDLE, what follows the consumer is ignored.
    if !(5..=8).contains(&args.len()) {
        return Err(Refusal::Syntax);
    }
    let (mut at, mut min_idle) = (2, 0);
    if args.is(2, "IDLE") {
        min_idle = args.int(3)?;
        at = 4;
        if args.len() < 7 {
            return Err(Refusal::Syntax);
        }
    }
    let count = args.int(at + 2)?.max(0);
    let start = range_start(&args[at])?;
    let end = range_end(&args[at + 1])?;
    let consumer = args.get(at + 3);
    let stream = cx.read::<Stream>(key)?;
    let group = stream.and_then(|stream| stream.groups.get(&name[..]));
    let group = group.ok_or_else(|| no_group(key, name))?;
    if start > end {
        return Ok(Value::Array(Vec::new()));
    }
    let wanted = group
        .pending
        .from(&start)
        .take_while(|(id, _)| **id <= end)
        .filter(|(_, pending)| {
            consumer.is_none_or(|name| pending.consumer.as_deref() == Some(&name[..]))
        })
        .filter(|(_, pending)| now_ms - pending.delivered_ms >= min_idle)
        .take(usize::try_from(count).unwrap_or(0));
    let lines = wanted.map(|(id, pending)| {
        Value::Array(vec![
            id_value(*id),
            Value::Bulk(pending.owner()),
            Value::Int(pending.idle_ms(now_ms)),
            Value::Int(pending.deliveries),
        ])
    });
    Ok(Value::array(lines))
}

fn summary(group: &Group) -> Value {
    let (Some((first, _)), Some((last, _))) = (group.pending.first(), group.pending.last()) else {
        return Value::Array(vec![
            Value::Int(0),
            Value::Null,
            Value::Null,
            Value::NullArray,
        ]);
    };
    let with_pending = group
        .consumers
        .iter()
        .filter(|(_, consumer)| !consumer.pending.is_empty());
    let consumers = with_pending.map(|(name, consumer)| {
        let count = Value::bulk(consumer.pending.len().to_string());
        Value::Array(vec![Value::Bulk(name.to_bytes()), count])
    });
    Value::Array(vec![
        Value::from(group.pending.len()),
        id_value(*first),
        id_value(*last),
        Value::array(consumers),
    ])
}

/// What `XCLAIM` is asked to do beside claiming.
struct Claim {
    delivered_ms: i64,
    deliveries: Option<i64>,
    force: bool,
    just_id: bool,
    last_id: Option<Id>,
}

/// `XCLAIM key group consumer min-idle-time id [id ...] [options]`
pub(super) fn xclaim(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let (key, name, consumer) = (args.key(0), args.key(1), args.key(2));
    let now_ms = cx.now_ms();
    if !cx
        .inspect_as::<Stream>(key)?
        .is_some_and(|stream| stream.groups.contains_key(&name[..]))
    {
        return Err(no_group(key, name));
    }
    let min_idle = parse_int(&args[3]);
    let min_idle =
        min_idle.ok_or_else(|| Refusal::err("Invalid min-idle-time argument for XCLAIM"))?;
    let mut wanted = Vec::new();
    let mut at = 4;
    while let Some(id) = args.get(at).and_then(|text| parse_id(text, 0).ok()) {
        wanted.push(id);
        at += 1;
    }
    let mut claim = Claim {
        delivered_ms: now_ms,
        deliveries: None,
        force: false,
        just_id: false,
        last_id: None,
    };
    while let Some(word) = args.get(at) {
        let more = at + 1 < args.len();
        if is(word, "FORCE") {
            claim.force = true;
        } else if is(word, "JUSTID") {
            claim.just_id = true;
        } else if is(word, "IDLE") && more {
            let idle = parse_int(&args[at + 1]);
            let idle =
                idle.ok_or_else(|| Refusal::err("Invalid IDLE option argument for XCLAIM"))?;
            claim.delivered_ms = now_ms.saturating_sub(idle);
            at += 1;
        } else if is(word, "TIME") && more {
            let time = parse_int(&args[at + 1]);
            claim.delivered_ms =
                time.ok_or_else(|| Refusal::err("Invalid TIME option argument for XCLAIM"))?;
            at += 1;
        } else if is(word, "RETRYCOUNT") && more {
            let count = parse_int(&args[at + 1])
                .ok_or_else(|| Refusal::err("Invalid RETRYCOUNT option argument for XCLAIM"))?;
            // A negative one is as good as none.
            claim.deliveries = Some(count).filter(|count| *count >= 0);
            at += 1;
        } else if is(word, "LASTID") && more {
            claim.last_id = Some(parse_id(&args[at + 1], 0)?);
            at += 1;
        } else {
            let word = quoted(word);
            return Err(Refusal::err(format_args!(
                "Unrecognized XCLAIM option '{word}'"
            )));
        }
        at += 1;
    }
    // Moments in the future, or before the epoch, count as now.
    if claim.delivered_ms < 0 || claim.delivered_ms > now_ms {
        claim.delivered_ms = now_ms;
    }
    take_over(cx, (key, name, consumer), &wanted, min_idle.max(0), &claim)
}

fn take_over(
    cx: &mut Cx<'_>,
    (key, name, consumer): (&Bytes, &Bytes, &Bytes),
    wanted: &[Id],
    min_idle: i64,
    claim: &Claim,
) -> Answer {
    let now_ms = cx.now_ms();
    let tells = cx.engine.config.report_effects;
    let mut repeat = Vec::new();
    let Some(mut edit) = cx.edit::<Stream>(key)? else {
        return Ok(Value::Array(Vec::new()));
    };
    let stream: &mut Stream = &mut edit;
    let Some(mut group) = stream.groups.remove(&name[..]) else {
        return Ok(Value::Array(Vec::new()));
    };
    let last_id = claim.last_id.unwrap_or(Id::ZERO);
    let raised = last_id > group.last_id;
    group.last_id = group.last_id.max(last_id);
    let new = group.consumer(consumer, now_ms);
    let (mut claimed, mut forgotten) = (Vec::new(), 0);
    for id in wanted {
        let exists = stream.get(*id).is_some();
        if !exists {
            // A deleted entry cannot be given to anybody; it is forgotten.
            if let Some(pending) = group.pending.get(id) {
                // Nor can a replica give it, and so forgets it, too.
                let (owner, ids) = (pending.owner(), (*id, group.last_id));
                let was = (pending.delivered_ms, pending.deliveries);
                repeat.push(claim_again(key, (name, &owner), ids, was));
            }
            forgotten += usize::from(group.acknowledge(*id));
            continue;
        }
        let before = group.pending.get(id);
        let deliveries = match before {
            None if !claim.force => continue,
            None => 1,
            Some(pending) if now_ms - pending.delivered_ms < min_idle => continue,
            Some(pending) => pending.deliveries,
        };
        let deliveries = match (claim.deliveries, claim.just_id) {
            (Some(given), _) => given,
            (None, true) => deliveries,
            (None, false) => deliveries.saturating_add(1),
        };
        group.assign(*id, consumer, claim.delivered_ms, deliveries);
        if tells {
            let ids = (*id, group.last_id);
            let given = (claim.delivered_ms, deliveries);
            repeat.push(claim_again(key, (name, consumer), ids, given));
        }
        claimed.push(*id);
    }
    if !claimed.is_empty()
        && let Some(consumer) = group.consumers.get_mut(&consumer[..])
    {
        consumer.active_ms = Some(now_ms);
    }
    if raised && repeat.is_empty() {
        repeat.push(set_again(key, name, &group));
    }
    stream.groups.insert(Blob::from(name), group);
    let show = |id: &Id| match stream.get(*id) {
        Some(entry) if !claim.just_id => entry_value(entry),
        _ => id_value(*id),
    };
    let reply = Value::array(claimed.iter().map(show));
    if new {
        edit.noted("xgroup-createconsumer");
    }
    let changes = claimed.len() + forgotten;
    edit.add_dirty(changes.max(usize::from(raised)));
    drop(edit);
    cx.repeat_only(repeat);
    Ok(reply)
}

/// `XAUTOCLAIM key group consumer min-idle-time start [COUNT count] [JUSTID]`
pub(super) fn xautoclaim(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let (key, name, consumer) = (args.key(0), args.key(1), args.key(2));
    // Found or missed before the options are read, as in Redis; a wrong type is told after them.
    cx.inspect(key);
    let min_idle = parse_int(&args[3]);
    let min_idle =
        min_idle.ok_or_else(|| Refusal::err("Invalid min-idle-time argument for XAUTOCLAIM"))?;
    let start = range_start(&args[4]).map_err(|_| bad_id())?;
    let (mut count, mut just_id) = (100, false);
    let mut at = 5;
    while at < args.len() {
        if args.is(at, "COUNT") && at + 1 < args.len() {
            let number = parse_int(&args[at + 1]);
            let allowed = number.filter(|n| (1..=i64::MAX / 16).contains(n));
            count = allowed.ok_or_else(|| match number {
                Some(n) if n < 1 => Refusal::err("COUNT must be > 0"),
                _ => Refusal::err("COUNT must be > 0"),
            })?;
            at += 1;
        } else if args.is(at, "JUSTID") {
            just_id = true;
        } else {
            return Err(Refusal::Syntax);
        }
        at += 1;
    }
    let now_ms = cx.now_ms();
    let stream = cx.peek_as::<Stream>(key)?;
    let group = stream.and_then(|stream| stream.groups.get(&name[..]));
    let (stream, group) = stream.zip(group).ok_or_else(|| no_group(key, name))?;
    // Entries are looked at, not only taken, in a bounded number.
    let mut attempts = count.saturating_mul(10);
    let (mut wanted, mut gone, mut next) = (Vec::new(), Vec::new(), Id::ZERO);
    for (id, pending) in group.pending.from(&start) {
        if attempts == 0 || wanted.len() as i64 >= count {
            next = *id;
            break;
        }
        attempts -= 1;
        if stream.get(*id).is_none() {
            gone.push(*id);
            // What is gone counts against the number asked for, too.
            count -= 1;
        } else if now_ms - pending.delivered_ms >= min_idle {
            wanted.push(*id);
        }
    }
    let claim = Claim {
        delivered_ms: now_ms,
        deliveries: None,
        force: false,
        just_id,
        last_id: None,
    };
    let all: Vec<Id> = gone.iter().chain(&wanted).copied().collect();
    let claimed = take_over(cx, (key, name, consumer), &all, min_idle.max(0), &claim)?;
    let gone = Value::array(gone.into_iter().map(id_value));
    Ok(Value::Array(vec![id_value(next), claimed, gone]))
}
