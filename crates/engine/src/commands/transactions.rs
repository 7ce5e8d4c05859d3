//! `MULTI`, `EXEC` and optimistic locking with `WATCH`.

use redwind_resp::Value;
use triomphe::Arc;

use crate::args::Args;
use crate::blob::Blob;
use crate::cx::Cx;
use crate::table::{ALL, Answer, NO_KEYS, table};
use crate::{Output, Outputs, Refusal};

table! { TABLE, "transactions";
    "discard" => discard, Exactly(0), [NOSCRIPT LOADING STALE FAST ALLOW_BUSY], NO_KEYS, "2.0.0", "",
        "Forgets the queued commands.";
    "exec" => exec, Exactly(0), [NOSCRIPT LOADING STALE SKIP_SLOWLOG], NO_KEYS, "1.2.0", "",
        "Runs the queued commands, unless a watched key has changed.";
    "multi" => multi, Exactly(0), [NOSCRIPT LOADING STALE FAST ALLOW_BUSY], NO_KEYS, "1.2.0", "",
        "Starts to queue commands.";
    "unwatch" => unwatch, Exactly(0), [NOSCRIPT LOADING STALE FAST ALLOW_BUSY], NO_KEYS, "2.2.0", "",
        "Forgets the watched keys.";
    "watch" => watch, AtLeast(1), [NOSCRIPT LOADING STALE FAST ALLOW_BUSY], ALL, "2.2.0",
        "key [key ...]", "Lets the next EXEC do nothing if one of these keys changes.";
}

/// `MULTI`
fn multi(cx: &mut Cx<'_>, _args: &Args<'_>) -> Answer {
    let Some(session) = cx.session_mut() else {
        return Ok(Value::Null);
    };
    if session.multi.is_some() {
        return Err(Refusal::NestedMulti);
    }
    session.multi = Some(Box::default());
    Ok(Value::OK)
}

/// `DISCARD`
fn discard(cx: &mut Cx<'_>, _args: &Args<'_>) -> Answer {
    let taken = cx.session_mut().and_then(|session| session.multi.take());
    if taken.is_none() {
        return Err(Refusal::DiscardWithoutMulti);
    }
    cx.engine.unwatch(cx.session);
    Ok(Value::OK)
}

/// `WATCH key [key ...]`
fn watch(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let (db, who) = (cx.db, cx.session);
    let Some(session) = cx.session_mut() else {
        return Ok(Value::Null);
    };
    if session.multi.is_some() {
        return Err(Refusal::WatchInsideMulti);
    }
    // It is broken already, so there is nothing more to learn.
    if session.cas_broken {
        return Ok(Value::OK);
    }
    for key in args.rest() {
        // An expired key counts as missing from here on, so its later deletion is no change.
        cx.exists(key);
        let place = (db, Blob::from(key));
        let Some(session) = cx.session_mut() else {
            continue;
        };
        if !session.watching.contains(&place) {
            session.watching.push(place.clone());
            Arc::make_mut(&mut cx.engine.watched)
                .or_default(place)
                .push(who);
        }
    }
    Ok(Value::OK)
}

/// `UNWATCH`
fn unwatch(cx: &mut Cx<'_>, _args: &Args<'_>) -> Answer {
    cx.engine.unwatch(cx.session);
    Ok(Value::OK)
}

/// `EXEC`
fn exec(cx: &mut Cx<'_>, _args: &Args<'_>) -> Answer {
    let now_ms = cx.now_ms();
    let Some(session) = cx.session_mut() else {
        return Ok(Value::Null);
    };
    let Some(multi) = session.multi.take() else {
        return Err(Refusal::ExecWithoutMulti);
    };
    let watching = session.watching.clone();
    let broken = session.cas_broken;
    // A watched key that has expired meanwhile has changed, even if nobody deleted it yet.
    let expired = watching.iter().any(|(db, key)| {
        cx.engine.dbs[*db as usize]
            .get(key)
            .is_some_and(|entry| entry.is_expired(now_ms))
    });
    cx.engine.unwatch(cx.session);
    if multi.broken {
        return Err(Refusal::ExecAborted);
    }
    if broken || expired {
        return Ok(Value::NullArray);
    }
    let config = cx.engine.config.clone();
    let (may_block, at_start) = (std::mem::replace(&mut cx.may_block, false), cx.dirty);
    let mut replies = Vec::with_capacity(multi.queue.len());
    for (command, argv) in &multi.queue {
        let before = cx.out.len();
        let reply = cx.call(command, argv);
        if !std::mem::take(&mut cx.no_reply) {
            // The protocol may be another before the end.
            let protocol = cx.session().map_or(cx.protocol, |session| session.protocol);
            replies.push(reply.for_protocol(protocol));
            continue;
        }
        // What confirms a subscription stands where the reply would.
        let (own, rest): (Outputs, Outputs) = cx
            .out
            .drain(before..)
            .partition(|output| matches!(output, Output::Push { to, .. } if *to == cx.session));
        cx.out.extend(rest);
        replies.extend(own.into_iter().filter_map(|output| match output {
            Output::Push { value, .. } => Some(value),
            _ => None,
        }));
    }
    cx.may_block = may_block;
    if cx.engine.config.maxmemory != config.maxmemory {
        // There may be less room than there was.
        cx.check_memory(false)?;
    }
    // The queued commands have reported what they changed.
    cx.dirty = at_start;
    Ok(Value::Array(replies))
}
