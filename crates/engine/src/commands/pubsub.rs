//! Published messages.

use bytes::Bytes;
use redwind_resp::Value;
use triomphe::Arc;

use crate::Refusal;
use crate::args::Args;
use crate::cx::Cx;
use crate::glob;
use crate::pubsub::Listen;
use crate::table::{ALL, Answer, FIRST, NO_KEYS, needs_subcommand, table};

table! { TABLE, "pubsub";
    "psubscribe" => psubscribe, AtLeast(1), [PUBSUB NOSCRIPT LOADING STALE], NO_KEYS, "2.0.0",
        "pattern [pattern ...]", "Listens to all channels that match.";
    "publish" => publish, Exactly(2), [PUBSUB LOADING STALE FAST MAY_REPLICATE], NO_KEYS, "2.0.0",
        "channel message", "Sends a message to everybody who listens; tells how many there are.";
    "pubsub" => needs_subcommand {PUBSUB}, AtLeast(1), [CONTAINER], NO_KEYS, "2.8.0", "",
        "Looks at who listens.";
    "punsubscribe" => punsubscribe, AtLeast(0), [PUBSUB NOSCRIPT LOADING STALE], NO_KEYS, "2.0.0",
        "[pattern [pattern ...]]", "Stops listening to patterns.";
    "spublish" => spublish, Exactly(2), [PUBSUB LOADING STALE FAST MAY_REPLICATE], FIRST, "7.0.0",
        "shardchannel message", "Sends a message to everybody who listens on a shard channel.";
    "ssubscribe" => ssubscribe, AtLeast(1), [PUBSUB NOSCRIPT LOADING STALE], ALL, "7.0.0",
        "shardchannel [shardchannel ...]", "Listens to shard channels.";
    "subscribe" => subscribe, AtLeast(1), [PUBSUB NOSCRIPT LOADING STALE], NO_KEYS, "2.0.0",
        "channel [channel ...]", "Listens to channels.";
    "sunsubscribe" => sunsubscribe, AtLeast(0), [PUBSUB NOSCRIPT LOADING STALE], ALL, "7.0.0",
        "[shardchannel [shardchannel ...]]", "Stops listening to shard channels.";
    "unsubscribe" => unsubscribe, AtLeast(0), [PUBSUB NOSCRIPT LOADING STALE], NO_KEYS, "2.0.0",
        "[channel [channel ...]]", "Stops listening to channels.";
}

table! { PUBSUB, "pubsub";
    "pubsub|channels" => channels, AtLeast(0), [PUBSUB LOADING STALE], NO_KEYS, "2.8.0", "[pattern]",
        "Lists the channels that somebody listens to.";
    "pubsub|help" => help, Exactly(0), [LOADING STALE], NO_KEYS, "6.2.0", "", "Lists the subcommands.";
    "pubsub|numpat" => numpat, Exactly(0), [PUBSUB LOADING STALE], NO_KEYS, "2.8.0", "",
        "Counts the patterns that somebody listens to.";
    "pubsub|numsub" => numsub, AtLeast(0), [PUBSUB LOADING STALE], NO_KEYS, "2.8.0",
        "[channel [channel ...]]", "Counts the listeners of channels.";
    "pubsub|shardchannels" => shardchannels, AtLeast(0), [PUBSUB LOADING STALE], NO_KEYS, "7.0.0",
        "[pattern]", "Lists the shard channels that somebody listens to.";
    "pubsub|shardnumsub" => shardnumsub, AtLeast(0), [PUBSUB LOADING STALE], NO_KEYS, "7.0.0",
        "[shardchannel [shardchannel ...]]", "Counts the listeners of shard channels.";
}

/// `PUBLISH channel message`
fn publish(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let count = cx.engine.publish(args.key(0), args.key(1), cx.out);
    cx.repeat_as(|| args.argv().to_vec());
    Ok(Value::from(count))
}

/// `SPUBLISH shardchannel message`
fn spublish(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let count = cx.engine.publish_shard(args.key(0), args.key(1), cx.out);
    cx.repeat_as(|| args.argv().to_vec());
    Ok(Value::from(count))
}

/// `SUBSCRIBE channel [channel ...]`
fn subscribe(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    listen(cx, Listen::Channel, args.rest(), "subscribe")
}

/// `PSUBSCRIBE pattern [pattern ...]`
fn psubscribe(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    listen(cx, Listen::Pattern, args.rest(), "psubscribe")
}

/// `SSUBSCRIBE shardchannel [shardchannel ...]`
fn ssubscribe(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    // Other than the older commands it is not let into a transaction.
    if !cx.may_block {
        return Err(Refusal::err(
            "SSUBSCRIBE isn't allowed for a DENY BLOCKING client",
        ));
    }
    listen(cx, Listen::Shard, args.rest(), "ssubscribe")
}

/// Each name is confirmed by a push of its own; there is no other reply.
fn listen(cx: &mut Cx<'_>, kind: Listen, names: &[Bytes], word: &'static str) -> Answer {
    let who = cx.session;
    for name in names {
        if Arc::make_mut(&mut cx.engine.pubsub).add(kind, name, who)
            && let Some(session) = cx.session_mut()
        {
            session.listening.insert((kind, name.clone()), ());
        }
        confirm(cx, kind, word, Value::Bulk(name.clone()));
    }
    cx.no_reply = true;
    Ok(Value::Null)
}

fn confirm(cx: &mut Cx<'_>, kind: Listen, word: &'static str, name: Value) {
    let shard = kind == Listen::Shard;
    let count = cx.session().map_or(0, |session| {
        session
            .listening
            .keys()
            .filter(|(k, _)| (*k == Listen::Shard) == shard)
            .count()
    });
    let value = Value::Push(vec![Value::text(word), name, Value::from(count)]);
    cx.engine.push(cx.session, value, cx.out);
}

/// `UNSUBSCRIBE [channel [channel ...]]`
fn unsubscribe(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    stop(cx, Listen::Channel, args.rest(), "unsubscribe")
}

/// `PUNSUBSCRIBE [pattern [pattern ...]]`
fn punsubscribe(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    stop(cx, Listen::Pattern, args.rest(), "punsubscribe")
}

/// `SUNSUBSCRIBE [shardchannel [shardchannel ...]]`
fn sunsubscribe(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    stop(cx, Listen::Shard, args.rest(), "sunsubscribe")
}

fn stop(cx: &mut Cx<'_>, kind: Listen, names: &[Bytes], word: &'static str) -> Answer {
    let who = cx.session;
    let mut names = names.to_vec();
    if names.is_empty() {
        let all = cx
            .session()
            .into_iter()
            .flat_map(|session| session.listening.keys());
        names = all
            .filter(|(k, _)| *k == kind)
            .map(|(_, name)| name.clone())
            .collect();
        if names.is_empty() {
            confirm(cx, kind, word, Value::Null);
        }
    }
    for name in names {
        Arc::make_mut(&mut cx.engine.pubsub).remove(kind, &name, who);
        if let Some(session) = cx.session_mut() {
            session.listening.remove(&(kind, name.clone()));
        }
        confirm(cx, kind, word, Value::Bulk(name));
    }
    cx.no_reply = true;
    Ok(Value::Null)
}

fn names(cx: &Cx<'_>, kind: Listen, args: &Args<'_>) -> Answer {
    if args.len() > 1 {
        return Err(super::bad_subcommand(args));
    }
    let wanted = |name: &Bytes| {
        args.get(0)
            .is_none_or(|pattern| glob::matches(pattern, name))
    };
    let found = cx.engine.pubsub.of(kind).filter(|(name, _)| wanted(name));
    Ok(Value::Array(
        found.map(|(name, _)| Value::Bulk(name.clone())).collect(),
    ))
}

fn counts(cx: &Cx<'_>, kind: Listen, args: &Args<'_>) -> Value {
    // A flat array in RESP3 too.
    let count = |name: &Bytes| {
        let count = cx.engine.pubsub.listeners(kind, name).len();
        [Value::Bulk(name.clone()), Value::from(count)]
    };
    // Names and numbers in turn, in RESP3 too.
    Value::array(args.rest().iter().flat_map(count))
}

/// `PUBSUB CHANNELS [pattern]`
fn channels(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    names(cx, Listen::Channel, args)
}

/// `PUBSUB SHARDCHANNELS [pattern]`
fn shardchannels(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    names(cx, Listen::Shard, args)
}

/// `PUBSUB NUMSUB [channel ...]`
fn numsub(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    Ok(counts(cx, Listen::Channel, args))
}

/// `PUBSUB SHARDNUMSUB [shardchannel ...]`
fn shardnumsub(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    Ok(counts(cx, Listen::Shard, args))
}

/// `PUBSUB NUMPAT`
fn numpat(cx: &mut Cx<'_>, _args: &Args<'_>) -> Answer {
    Ok(Value::from(cx.engine.pubsub.pattern_count()))
}

/// `PUBSUB HELP`
fn help(_cx: &mut Cx<'_>, _args: &Args<'_>) -> Answer {
    Ok(super::help("PUBSUB", PUBSUB))
}
