//! `XREAD` and `XREADGROUP`: entries after an id, now or when there are some.

use bytes::Bytes;
use redwind_resp::Value;

use crate::args::{Args, c_text, is};
use crate::blob::Blob;
use crate::commands::stream_effects::{claim_again, consumer_again, set_again};
use crate::commands::stream_groups::no_group_text;
use crate::commands::streams::{entry_value, id_value, parse_id};
use crate::cx::{Block, Cx};
use crate::number::parse_int;
use crate::session::Awaits;
use crate::table::Answer;
use crate::types::stream::{Entry, Id, Stream};
use crate::{Micros, Refusal};

/// After which id a stream is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum From {
    After(Id),
    /// `$`: what comes from now on.
    Now,
    /// `+`: the last entry.
    Last,
    /// `>`: what nobody of the group got.
    New,
}

/// What both commands say before and after `STREAMS`.
struct Request<'a> {
    group: Option<(&'a Bytes, &'a Bytes)>,
    count: usize,
    /// `Some(0)` waits for ever.
    block_ms: Option<i64>,
    no_ack: bool,
    /// Also what has been pending for so many milliseconds.
    claim: Option<i64>,
    keys: &'a [Bytes],
    ids: &'a [Bytes],
    /// Where the ids start among the arguments.
    ids_at: usize,
}

impl<'a> Request<'a> {
    fn parse(args: &Args<'a>, in_group: bool) -> Result<Request<'a>, Refusal> {
        let command = if in_group { "xreadgroup" } else { "xread" };
        let mut request = Request {
            group: None,
            count: usize::MAX,
            block_ms: None,
            no_ack: false,
            claim: None,
            keys: &[],
            ids: &[],
            ids_at: 0,
        };
        let mut at = 0;
        let mut found = false;
        while let Some(word) = args.get(at) {
            let left = args.len() - at - 1;
            if is(word, "BLOCK") && left >= 1 {
                let ms = parse_int(&args[at + 1]);
                let ms =
                    ms.ok_or_else(|| Refusal::err("timeout is not an integer or out of range"))?;
                if ms < 0 {
                    return Err(Refusal::TimeoutNegative);
                }
                request.block_ms = Some(ms);
                at += 1;
            } else if is(word, "COUNT") && left >= 1 {
                let count = args.int(at + 1)?.max(0);
                request.count = if count == 0 {
                    usize::MAX
                } else {
                    count as usize
                };
                at += 1;
            } else if is(word, "STREAMS") && left >= 1 {
                let rest = args.from(at + 1);
                if !rest.len().is_multiple_of(2) {
                    let symbols = if in_group {
                        "ID or '>'"
                    } else {
                        "ID, '+', or '$'"
                    };
                    return Err(Refusal::err(format_args!(
                        "Unbalanced '{command}' list of streams: for each stream key an {symbols} \
                         must be specified."
                    )));
                }
                (request.keys, request.ids) = rest.split_at(rest.len() / 2);
                request.ids_at = at + 1 + rest.len() / 2;
                found = true;
                break;
            } else if is(word, "GROUP") && left >= 2 {
                if !in_group {
                    return Err(Refusal::err(
                        "The GROUP option is only supported by XREADGROUP. You called XREAD instead.",
                    ));
                }
                request.group = Some((args.key(at + 1), args.key(at + 2)));
                at += 2;
            } else if is(word, "NOACK") {
                if !in_group {
                    return Err(Refusal::err(
                        "The NOACK option is only supported by XREADGROUP. You called XREAD instead.",
                    ));
                }
                request.no_ack = true;
            } else if is(word, "CLAIM") && left >= 1 {
                if !in_group {
                    return Err(Refusal::err(
                        "The CLAIM option is only supported by XREADGROUP. You called XREAD instead.",
                    ));
                }
                let idle = parse_int(&args[at + 1])
                    .ok_or_else(|| Refusal::err("min-idle-time is not an integer"))?;
                if idle < 0 {
                    return Err(Refusal::err("min-idle-time must be a positive integer"));
                }
                request.claim = Some(idle);
                at += 1;
            } else {
                return Err(Refusal::Syntax);
            }
            at += 1;
        }
        if !found {
            return Err(Refusal::Syntax);
        }
        if in_group && request.group.is_none() {
            return Err(Refusal::err("Missing GROUP option for XREADGROUP"));
        }
        Ok(request)
    }

    /// Reads the ids, and checks that the groups are there.
    fn starts(&self, cx: &mut Cx<'_>) -> Result<Vec<From>, Refusal> {
        let mut starts = Vec::with_capacity(self.ids.len());
        for (key, id) in self.keys.iter().zip(self.ids) {
            // A key of another type is refused even if others have something.
            let stream = cx.read::<Stream>(key)?;
            if let Some((group, _)) = self.group
                && !stream.is_some_and(|stream| stream.groups.contains_key(&group[..]))
            {
                let text = no_group_text(key, group);
                return Err(Refusal::Text(format!(
                    "{text} in XREADGROUP with GROUP option"
                )));
            }
            starts.push(match (c_text(id), self.group) {
                (b"$", Some(_)) => {
                    return Err(Refusal::err(
                        "The $ ID is meaningless in the context of XREADGROUP: you want to read the \
                         history of this consumer by specifying a proper ID, or use the > ID to get \
                         new messages. The $ ID would just return an empty result set.",
                    ));
                }
                (b"+", Some(_)) => {
                    return Err(Refusal::err(
                        "The + ID is meaningless in the context of XREADGROUP: you want to read the \
                         history of this consumer by specifying a proper ID, or use the > ID to get \
                         new messages. The + ID would just return an empty result set.",
                    ));
                }
                (b">", None) => {
                    return Err(Refusal::err(
                        "The > ID can be specified only when calling XREADGROUP using the GROUP \
                         <group> <consumer> option.",
                    ));
                }
                (b"$", None) => From::Now,
                (b"+", None) => From::Last,
                (b">", Some(_)) => From::New,
                (_, group) => match parse_id(id, 0)? {
                    // The largest id stands for what is new, inside.
                    Id::MAX if group.is_some() => From::New,
                    id => From::After(id),
                },
            });
        }
        Ok(starts)
    }
}

fn reply(cx: &Cx<'_>, streams: Vec<(Bytes, Vec<Value>)>) -> Value {
    let parts = streams
        .into_iter()
        .map(|(key, entries)| (Value::Bulk(key), Value::Array(entries)));
    if cx.resp3() {
        return Value::Map(parts.collect());
    }
    Value::Array(
        parts
            .map(|(key, entries)| Value::Array(vec![key, entries]))
            .collect(),
    )
}

/// `XREAD [COUNT count] [BLOCK milliseconds] STREAMS key [key ...] id [id ...]`
pub(super) fn xread(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let request = Request::parse(args, false)?;
    let starts = request.starts(cx)?;
    let mut found = Vec::new();
    let mut argv = args.argv().to_vec();
    for (at, (key, start)) in request.keys.iter().zip(&starts).enumerate() {
        let stream = cx.read::<Stream>(key)?;
        let last = stream.map_or(Id::ZERO, |stream| stream.last_id);
        let entries: Vec<Value> = match (*start, stream) {
            (_, None) => Vec::new(),
            (From::Last, Some(stream)) => stream.last().map(entry_value).into_iter().collect(),
            (From::After(id), Some(stream)) => match id.next() {
                Some(from) => stream
                    .range(from, Id::MAX)
                    .take(request.count)
                    .map(entry_value)
                    .collect(),
                None => Vec::new(),
            },
            (From::Now | From::New, Some(_)) => Vec::new(),
        };
        if !entries.is_empty() {
            found.push((key.clone(), entries));
        }
        // While it waits, "from now on" means from when it was sent.
        if matches!(start, From::Now | From::Last) {
            argv[1 + request.ids_at + at] = last.to_bytes();
        }
    }
    if found.is_empty() {
        wait(cx, &request, Some(argv));
        return Ok(Value::NullArray);
    }
    Ok(reply(cx, found))
}

fn wait(cx: &mut Cx<'_>, request: &Request<'_>, argv: Option<Vec<Bytes>>) {
    let Some(ms) = request.block_ms.filter(|_| cx.may_block) else {
        return;
    };
    let deadline: Option<Micros> =
        (ms > 0).then(|| cx.now + u64::try_from(ms).unwrap_or(0).saturating_mul(1000));
    cx.block = Some(Block {
        keys: request.keys.iter().map(Blob::from).collect(),
        awaits: Awaits::Stream,
        even_if_missing: request.group.is_some(),
        deadline,
        retry: None,
        at_timeout: Value::NullArray,
    });
    cx.block_argv = argv;
}

/// `XREADGROUP GROUP group consumer [COUNT count] [BLOCK milliseconds] [CLAIM min-idle-time] [NOACK] STREAMS key ...`
pub(super) fn xreadgroup(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let request = Request::parse(args, true)?;
    let Some((group, consumer)) = request.group else {
        return Err(Refusal::Syntax);
    };
    let starts = request.starts(cx)?;
    cx.repeat_only(Vec::new());
    let mut found = Vec::new();
    let (mut waits, mut next_claim) = (true, None::<i64>);
    for (key, start) in request.keys.iter().zip(&starts) {
        cx.inspect(key);
        let entries = match start {
            From::After(id) => {
                // Its own history is always answered, even with nothing.
                waits = false;
                Some(history(cx, key, (group, consumer), *id, request.count)?)
            }
            _ => {
                let delivery = deliver(cx, key, (group, consumer), &request)?;
                next_claim = match (next_claim, delivery.next_claim) {
                    (Some(a), Some(b)) => Some(a.min(b)),
                    (a, b) => a.or(b),
                };
                (!delivery.reply.is_empty()).then_some(delivery.reply)
            }
        };
        if let Some(entries) = entries {
            found.push((key.clone(), entries));
        }
    }
    if found.is_empty() && waits {
        wait(cx, &request, None);
        if let Some(block) = &mut cx.block {
            block.retry = next_claim.map(Micros::from_millis);
        }
        return Ok(Value::NullArray);
    }
    Ok(reply(cx, found))
}

/// What a consumer was given before and has not marked as done.
fn history(
    cx: &mut Cx<'_>,
    key: &Bytes,
    (group, consumer): (&Bytes, &Bytes),
    after: Id,
    count: usize,
) -> Result<Vec<Value>, Refusal> {
    let now_ms = cx.now_ms();
    let Some(mut edit) = cx.edit::<Stream>(key)? else {
        return Ok(Vec::new());
    };
    let Some(state) = edit.groups.get_mut(&group[..]) else {
        return Ok(Vec::new());
    };
    let new = state.consumer(consumer, now_ms);
    let from = after.next().unwrap_or(Id::MAX);
    let mine: Vec<Id> = match state.consumers.get(&consumer[..]) {
        Some(consumer) if after != Id::MAX => consumer
            .pending
            .from(&from)
            .take(count)
            .map(|(id, ())| *id)
            .collect(),
        _ => Vec::new(),
    };
    // Reading it again counts as a delivery of its own, where there still is something to read.
    let mut there = mine.clone();
    there.retain(|id| edit.get(*id).is_some());
    if let Some(state) = edit.groups.get_mut(&group[..]) {
        for id in &there {
            if let Some(pending) = state.pending.get_mut(id) {
                pending.delivered_ms = now_ms;
                pending.deliveries = pending.deliveries.saturating_add(1);
            }
        }
    }
    let show = |id: &Id| match edit.get(*id) {
        Some(entry) => entry_value(entry),
        None => Value::Array(vec![id_value(*id), Value::NullArray]),
    };
    let entries = mine.iter().map(show).collect();
    // How often they were delivered again, replicas are not told.
    if new {
        edit.noted("xgroup-createconsumer");
    }
    Ok(entries)
}

/// What a consumer is given.
struct Delivery {
    reply: Vec<Value>,
    /// When something else may be claimed.
    next_claim: Option<i64>,
}

/// Gives a consumer what nobody of its group got yet, and before that what others have had for too long.
fn deliver(
    cx: &mut Cx<'_>,
    key: &Bytes,
    (group, consumer): (&Bytes, &Bytes),
    request: &Request<'_>,
) -> Result<Delivery, Refusal> {
    let now_ms = cx.now_ms();
    let tells = cx.engine.config.report_effects;
    let mut delivery = Delivery {
        reply: Vec::new(),
        next_claim: None,
    };
    let Some(mut edit) = cx.edit::<Stream>(key)? else {
        return Ok(delivery);
    };
    let stream: &mut Stream = &mut edit;
    let Some(mut state) = stream.groups.remove(&group[..]) else {
        return Ok(delivery);
    };
    let new = state.consumer(consumer, now_ms);
    let mut repeat = Vec::new();
    if let Some(min_idle) = request.claim {
        let idle = state.idle_for(min_idle, now_ms).into_iter();
        for id in idle
            .filter(|id| stream.get(*id).is_some())
            .take(request.count)
        {
            let (Some(entry), Some(pending)) = (stream.get(id), state.pending.get(&id)) else {
                continue;
            };
            let (idle, before) = (now_ms - pending.delivered_ms, pending.deliveries);
            delivery.reply.push(claimed_value(entry, idle, before));
            let deliveries = before.saturating_add(1);
            state.assign(id, consumer, now_ms, deliveries);
            if tells {
                let ids = (id, state.last_id);
                repeat.push(claim_again(
                    key,
                    (group, consumer),
                    ids,
                    (now_ms, deliveries),
                ));
            }
        }
        let rest = state.pending.iter();
        delivery.next_claim = rest
            .filter(|(id, _)| stream.get(**id).is_some())
            .filter_map(|(_, pending)| pending.delivered_ms.checked_add(min_idle))
            .min();
    }
    let count = request.count - delivery.reply.len();
    let from = state.last_id.next();
    let entries: Vec<Entry> = match from {
        Some(from) => stream.range(from, Id::MAX).take(count).cloned().collect(),
        None => Vec::new(),
    };
    for entry in &entries {
        // How many were read can be counted on while nothing is missing in between.
        let counted = state.last_id >= stream.first_id() && !stream.has_gaps_after(state.last_id);
        state.read = match state.read.filter(|_| counted) {
            Some(read) => Some(read + 1),
            None => stream.position(entry.id),
        };
        state.last_id = entry.id;
        if !request.no_ack {
            state.assign(entry.id, consumer, now_ms, 1);
            if tells {
                let ids = (entry.id, entry.id);
                repeat.push(claim_again(key, (group, consumer), ids, (now_ms, 1)));
            }
        }
    }
    if tells && new && request.no_ack {
        repeat.push(consumer_again(key, (group, consumer)));
    }
    if tells && !entries.is_empty() {
        repeat.push(set_again(key, group, &state));
    }
    let show = |entry| match request.claim {
        Some(_) => claimed_value(entry, 0, 0),
        None => entry_value(entry),
    };
    delivery.reply.extend(entries.iter().map(show));
    let some = !delivery.reply.is_empty();
    if some
        && !request.no_ack
        && let Some(consumer) = state.consumers.get_mut(&consumer[..])
    {
        consumer.active_ms = Some(now_ms);
    }
    stream.groups.insert(Blob::from(group), state);
    if new {
        edit.noted("xgroup-createconsumer");
    }
    if some {
        edit.add_dirty(1);
    }
    drop(edit);
    // A replica that read for itself would read at another time.
    for argv in repeat {
        cx.repeat_as(|| argv);
    }
    Ok(delivery)
}

/// An entry with for how long it was pending, and how often it was delivered before.
fn claimed_value(entry: &Entry, idle_ms: i64, deliveries: i64) -> Value {
    match entry_value(entry) {
        Value::Array(mut parts) => {
            parts.extend([Value::Int(idle_ms), Value::Int(deliveries)]);
            Value::Array(parts)
        }
        other => other,
    }
}
