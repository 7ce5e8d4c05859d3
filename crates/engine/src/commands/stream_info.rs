//! `XINFO`.

use redwind_resp::Value;

use crate::Refusal;
use crate::args::Args;
use crate::commands::streams::{entry_value, id_value};
use crate::cx::Cx;
use crate::refusal::quoted;
use crate::table::Answer;
use crate::types::stream::{Consumer, Group, Id, Stream};

fn pair(name: &'static str, value: Value) -> (Value, Value) {
    (Value::text(name), value)
}

fn number(count: Option<u64>) -> Value {
    // Redis, too, shows what has outgrown the signed numbers as a negative one.
    count.map_or(Value::Null, |count| Value::Int(count as i64))
}

/// How many nodes a radix tree has below a depth down to which these keys, in their order, agree. A chain without
/// branches is one.
fn tree_nodes(keys: &[Vec<u8>], depth: usize) -> usize {
    let (Some(first), Some(last)) = (keys.first(), keys.last()) else {
        return 1;
    };
    let pairs = first.iter().zip(last).skip(depth);
    let same = pairs.take_while(|(one, other)| one == other).count();
    let chain = usize::from(same > 0);
    let at = depth + same;
    if at == first.len() {
        return chain + 1;
    }
    let branches = keys.chunk_by(|one, other| one[at] == other[at]);
    chain + 1 + branches.map(|keys| tree_nodes(keys, at + 1)).sum::<usize>()
}

/// `XINFO STREAM key [FULL [COUNT count]]`
pub(super) fn stream(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let Some(stream) = cx.read::<Stream>(args.key(0))? else {
        return Err(Refusal::NoSuchKey);
    };
    let full = match args.from(1) {
        [] => None,
        _ if !args.is(1, "FULL") => return Err(super::bad_subcommand(args)),
        [_] => Some(10),
        [_, _, _] if args.is(2, "COUNT") => Some(args.int(3)?.max(0)),
        _ => return Err(super::bad_subcommand(args)),
    };
    let bytes = |id: Id| [id.ms.to_be_bytes(), id.seq.to_be_bytes()].concat();
    let masters: Vec<Vec<u8>> = stream.masters().map(bytes).collect();
    let mut parts = vec![
        pair("length", Value::from(stream.len())),
        pair("radix-tree-keys", Value::from(masters.len())),
        pair("radix-tree-nodes", Value::from(tree_nodes(&masters, 0))),
        pair("last-generated-id", id_value(stream.last_id)),
        pair("max-deleted-entry-id", id_value(stream.max_deleted)),
        pair("entries-added", number(Some(stream.added))),
        pair("recorded-first-entry-id", id_value(stream.first_id())),
    ];
    let Some(count) = full else {
        parts.push(pair("groups", Value::from(stream.groups.len())));
        parts.push(pair(
            "first-entry",
            stream.first().map_or(Value::Null, entry_value),
        ));
        parts.push(pair(
            "last-entry",
            stream.last().map_or(Value::Null, entry_value),
        ));
        return Ok(Value::Map(parts));
    };
    let limit = if count == 0 {
        usize::MAX
    } else {
        usize::try_from(count).unwrap_or(usize::MAX)
    };
    let entries = stream
        .range(Id::ZERO, Id::MAX)
        .take(limit)
        .map(entry_value)
        .collect();
    parts.push(pair("entries", Value::Array(entries)));
    let groups = stream.groups.iter().map(|(name, group)| {
        let pending = group.pending.iter().take(limit).map(|(id, pending)| {
            Value::Array(vec![
                id_value(*id),
                Value::Bulk(pending.owner()),
                Value::Int(pending.delivered_ms),
                Value::Int(pending.deliveries),
            ])
        });
        let consumers = group.consumers.iter();
        let consumers =
            consumers.map(|(name, consumer)| whole_consumer(name, consumer, group, limit));
        Value::Map(vec![
            pair("name", Value::Bulk(name.to_bytes())),
            pair("last-delivered-id", id_value(group.last_id)),
            pair("entries-read", number(group.read)),
            pair("lag", number(stream.lag(group))),
            pair("pel-count", Value::from(group.pending.len())),
            pair("pending", Value::array(pending)),
            pair("consumers", Value::array(consumers)),
        ])
    });
    let groups = Value::array(groups);
    parts.push(pair("groups", groups));
    Ok(Value::Map(parts))
}

fn whole_consumer(name: &[u8], consumer: &Consumer, group: &Group, limit: usize) -> Value {
    let pending = consumer.pending.keys().take(limit).filter_map(|id| {
        let pending = group.pending.get(id)?;
        let (at, count) = (
            Value::Int(pending.delivered_ms),
            Value::Int(pending.deliveries),
        );
        Some(Value::Array(vec![id_value(*id), at, count]))
    });
    Value::Map(vec![
        pair("name", Value::bulk(name)),
        pair("seen-time", Value::Int(consumer.seen_ms)),
        pair("active-time", Value::Int(consumer.active_ms.unwrap_or(-1))),
        pair("pel-count", Value::from(consumer.pending.len())),
        pair("pending", Value::array(pending)),
    ])
}

/// `XINFO GROUPS key`
pub(super) fn groups(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let Some(stream) = cx.read::<Stream>(args.key(0))? else {
        return Err(Refusal::NoSuchKey);
    };
    let groups = stream.groups.iter().map(|(name, group)| {
        Value::Map(vec![
            pair("name", Value::Bulk(name.to_bytes())),
            pair("consumers", Value::from(group.consumers.len())),
            pair("pending", Value::from(group.pending.len())),
            pair("last-delivered-id", id_value(group.last_id)),
            pair("entries-read", number(group.read)),
            pair("lag", number(stream.lag(group))),
        ])
    });
    Ok(Value::array(groups))
}

/// `XINFO CONSUMERS key group`
pub(super) fn consumers(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let (key, name) = (args.key(0), args.key(1));
    let now_ms = cx.now_ms();
    let Some(stream) = cx.read::<Stream>(key)? else {
        return Err(Refusal::NoSuchKey);
    };
    let Some(group) = stream.groups.get(&name[..]) else {
        let key = quoted(key);
        let group = quoted(name);
        return Err(Refusal::Text(format!(
            "NOGROUP No such consumer group '{group}' for key name '{key}'"
        )));
    };
    let consumers = group.consumers.iter().map(|(name, consumer)| {
        let inactive = consumer
            .active_ms
            .map_or(-1, |active| (now_ms - active).max(0));
        Value::Map(vec![
            pair("name", Value::Bulk(name.to_bytes())),
            pair("pending", Value::from(consumer.pending.len())),
            pair("idle", Value::Int((now_ms - consumer.seen_ms).max(0))),
            pair("inactive", Value::Int(inactive)),
        ])
    });
    Ok(Value::array(consumers))
}
