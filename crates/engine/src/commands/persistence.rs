//! Commands about saving and about other servers, as a server on its own answers them. The engine writes no file: what is
//! saved counts as saved at once.

use redwind_resp::Value;

use crate::args::{Args, is};
use crate::cx::{Block, Cx};
use crate::number::parse_int;
use crate::session::Awaits;
use crate::table::{Answer, NO_KEYS, table};
use crate::{Micros, Refusal};

table! { TABLE, "server";
    "bgrewriteaof" => bgrewriteaof, Exactly(0), [ADMIN NOSCRIPT NO_ASYNC_LOADING], NO_KEYS, "1.0.0", "",
        "Rewrites the append-only file; there is none.";
    "bgsave" => bgsave, AtLeast(0), [ADMIN NOSCRIPT NO_ASYNC_LOADING], NO_KEYS, "1.0.0", "[SCHEDULE]",
        "Counts everything as saved.";
    "lastsave" => lastsave, Exactly(0), [LOADING STALE FAST DANGEROUS], NO_KEYS, "1.0.0", "",
        "Tells when everything was last counted as saved, in seconds.";
    "role" => role, Exactly(0), [NOSCRIPT LOADING STALE FAST DANGEROUS], NO_KEYS, "2.8.12", "",
        "Tells that this is a primary, how far its writes have got, and its replicas.";
    "save" => save, Exactly(0), [ADMIN NOSCRIPT NO_ASYNC_LOADING NO_MULTI], NO_KEYS, "1.0.0", "",
        "Counts everything as saved.";
    "shutdown" => shutdown, AtLeast(0), [ADMIN NOSCRIPT NO_MULTI LOADING STALE ALLOW_BUSY], NO_KEYS, "1.0.0",
        "[NOSAVE | SAVE] [NOW] [FORCE] [ABORT]", "Ends the server, if its host can.";
}

table! { WAITING, "generic";
    "wait" => wait, Exactly(2), [BLOCKING], NO_KEYS, "3.0.0", "numreplicas timeout",
        "Waits until so many replicas have this connection's writes.";
    "waitaof" => waitaof, Exactly(3), [BLOCKING], NO_KEYS, "7.2.0", "numlocal numreplicas timeout",
        "Waits until this connection's writes are in append-only files.";
}

/// Nothing is left to be saved.
pub(super) fn count_as_saved(cx: &mut Cx<'_>) {
    cx.engine.counters.dirty = 0;
    cx.engine.counters.saves += 1;
    cx.engine.saved = Some(cx.now);
}

/// `SAVE`
fn save(cx: &mut Cx<'_>, _args: &Args<'_>) -> Answer {
    count_as_saved(cx);
    Ok(Value::OK)
}

/// `BGSAVE [SCHEDULE]`
fn bgsave(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    match args.rest() {
        [] => {}
        [word] if is(word, "SCHEDULE") => {}
        _ => return Err(Refusal::Syntax),
    }
    count_as_saved(cx);
    Ok(Value::simple(if cx.may_block {
        "Background saving started"
    } else {
        "Background saving scheduled"
    }))
}

/// `BGREWRITEAOF`
fn bgrewriteaof(cx: &mut Cx<'_>, _args: &Args<'_>) -> Answer {
    Ok(Value::simple(if cx.may_block {
        "Background append only file rewriting started"
    } else {
        "Background append only file rewriting scheduled"
    }))
}

/// `LASTSAVE`
fn lastsave(cx: &mut Cx<'_>, _args: &Args<'_>) -> Answer {
    let saved = cx.engine.saved_at(cx.now);
    Ok(Value::Int(saved.millis() / 1000))
}

/// `ROLE`
fn role(_cx: &mut Cx<'_>, _args: &Args<'_>) -> Answer {
    Ok(Value::Array(vec![
        Value::text("master"),
        Value::Int(0),
        Value::Array(Vec::new()),
    ]))
}

/// `SHUTDOWN [NOSAVE | SAVE] [NOW] [FORCE] [ABORT]` — a host that is a process answers it itself.
fn shutdown(_cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let words = ["NOSAVE", "SAVE", "NOW", "FORCE", "ABORT"];
    let known = |sent: &_| words.iter().any(|word| is(sent, word));
    let has = |word| args.rest().iter().any(|sent| is(sent, word));
    let contradicts = (has("SAVE") && has("NOSAVE")) || (has("ABORT") && args.len() > 1);
    if !args.rest().iter().all(|sent| known(sent)) || contradicts {
        return Err(Refusal::Syntax);
    }
    Err(Refusal::err(if has("ABORT") {
        "No shutdown in progress."
    } else {
        "Errors trying to SHUTDOWN. Check logs."
    }))
}

/// A time to wait in milliseconds; 0 is for ever.
fn patience(cx: &Cx<'_>, text: &[u8]) -> Result<Option<Micros>, Refusal> {
    let number = parse_int(text).ok_or(Refusal::TimeoutNotInteger)?;
    let ms = u64::try_from(number).map_err(|_| Refusal::TimeoutNegative)?;
    if number > i64::MAX - cx.now_ms() {
        return Err(Refusal::TimeoutOutOfRange);
    }
    Ok((ms > 0).then(|| cx.now + ms.saturating_mul(1000)))
}

/// Waits for what a server on its own never gets, or (inside `EXEC`) not at all.
fn wait_in_vain(cx: &mut Cx<'_>, deadline: Option<Micros>, so_far: Value) -> Answer {
    if cx.may_block {
        cx.block = Some(Block {
            keys: Vec::new(),
            awaits: Awaits::List,
            even_if_missing: false,
            deadline,
            retry: None,
            at_timeout: so_far.clone(),
        });
    }
    Ok(so_far)
}

/// `WAIT numreplicas timeout`
fn wait(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    if cx.engine.refuses_writes_of(cx.session) {
        return Err(Refusal::err(
            "WAIT cannot be used with replica instances. Please also note that since Redis 4.0 if a replica is \
             configured to be writable (which is not the default) writes to replicas are just local and are not \
             propagated.",
        ));
    }
    let replicas = args.int(0)?;
    let deadline = patience(cx, &args[1])?;
    if replicas <= 0 {
        return Ok(Value::Int(0));
    }
    wait_in_vain(cx, deadline, Value::Int(0))
}

/// `WAITAOF numlocal numreplicas timeout`
fn waitaof(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let local = args.int(0)?;
    if !(0..=1).contains(&local) {
        return Err(Refusal::err(
            "value is out of range, value must between 0 and 1",
        ));
    }
    let replicas = parse_int(&args[1]).filter(|replicas| *replicas >= 0);
    let replicas = replicas.ok_or(Refusal::NotPositive)?;
    let deadline = patience(cx, &args[2])?;
    if cx.engine.refuses_writes_of(cx.session) {
        return Err(Refusal::err(
            "WAITAOF cannot be used with replica instances. Please also note that writes to replicas are just local \
             and are not propagated.",
        ));
    }
    // What is written counts as saved at once.
    let appends = cx.engine.config.inert.get("appendonly");
    let appends = appends.is_some_and(|told| told == "yes");
    if local > 0 && !appends {
        return Err(Refusal::err(
            "WAITAOF cannot be used when numlocal is set but appendonly is disabled.",
        ));
    }
    let so_far = Value::Array(vec![Value::Int(appends.into()), Value::Int(0)]);
    if replicas == 0 {
        return Ok(so_far);
    }
    wait_in_vain(cx, deadline, so_far)
}
