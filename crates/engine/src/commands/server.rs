//! Commands about the server as a whole.

use bytes::Bytes;
use redwind_resp::Value;

use crate::Refusal;
use crate::args::{Args, is};
use crate::commands::keys::empty_db;
use crate::cx::Cx;
use crate::number::{int_bytes, parse_int};
use crate::table::{Answer, NO_KEYS, table};

table! { TABLE, "server";
    "dbsize" => dbsize, Exactly(0), [READ FAST], NO_KEYS, "1.0.0", "",
        "Counts the keys of this database.";
    "flushall" => flushall, AtLeast(0), [WRITE DANGEROUS], NO_KEYS, "1.0.0", "[ASYNC | SYNC]",
        "Deletes all keys of all databases.";
    "flushdb" => flushdb, AtLeast(0), [WRITE DANGEROUS], NO_KEYS, "1.0.0", "[ASYNC | SYNC]",
        "Deletes all keys of this database.";
    "lolwut" => lolwut, AtLeast(0), [READ FAST], NO_KEYS, "5.0.0", "[VERSION version]",
        "Shows the version, and elsewhere some art.";
    "swapdb" => swapdb, Exactly(2), [WRITE FAST DANGEROUS], NO_KEYS, "4.0.0", "index1 index2",
        "Exchanges two databases.";
    "time" => time, Exactly(0), [LOADING STALE FAST], NO_KEYS, "2.6.0", "",
        "Tells the server's time: seconds, and microseconds within the second.";
}

/// `DBSIZE`
fn dbsize(cx: &mut Cx<'_>, _args: &Args<'_>) -> Answer {
    Ok(Value::from(cx.db().len()))
}

/// `TIME`
fn time(cx: &mut Cx<'_>, _args: &Args<'_>) -> Answer {
    let part = |number: u64| Value::Bulk(Bytes::from(int_bytes(number as i64)));
    Ok(Value::Array(vec![
        part(cx.now.0 / 1_000_000),
        part(cx.now.0 % 1_000_000),
    ]))
}

fn flush_mode(args: &Args<'_>) -> Result<(), Refusal> {
    match args.rest() {
        [] => Ok(()),
        [mode] if is(mode, "ASYNC") || is(mode, "SYNC") => Ok(()),
        _ => Err(Refusal::Syntax),
    }
}

/// `FLUSHDB [ASYNC | SYNC]`
fn flushdb(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    flush_mode(args)?;
    let db = cx.db;
    cx.dirty += empty_db(cx, db) as u64;
    // Replicas may hold what this server has lost.
    cx.repeat_as(|| args.argv().to_vec());
    Ok(Value::OK)
}

/// `FLUSHALL [ASYNC | SYNC]`
fn flushall(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    flush_mode(args)?;
    cx.repeat_as(|| args.argv().to_vec());
    for db in 0..cx.engine.dbs.len() as u32 {
        cx.dirty += empty_db(cx, db) as u64;
    }
    Ok(Value::OK)
}

/// `SWAPDB index1 index2`
fn swapdb(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    if cx.engine.cluster().is_some() {
        return Err(Refusal::err("SWAPDB is not allowed in cluster mode"));
    }
    let count = cx.engine.dbs.len();
    let number = |at: usize| parse_int(&args[at]).and_then(|number| i32::try_from(number).ok());
    let first = number(0).ok_or(Refusal::InvalidFirstDbIndex)?;
    let second = number(1).ok_or(Refusal::InvalidSecondDbIndex)?;
    let index = |n: i32| {
        usize::try_from(n)
            .ok()
            .filter(|n| *n < count)
            .ok_or(Refusal::DbIndexOutOfRange)
    };
    let (a, b) = (index(first)?, index(second)?);
    cx.dirty += 1;
    if a == b {
        return Ok(Value::OK);
    }
    // A key that has expired counts as missing on either side, for those who watch it, too.
    let watched = cx.engine.watched.iter();
    let watched = watched.filter(|((db, _), _)| [a, b].contains(&(*db as usize)));
    let watched: Vec<_> = watched.map(|((_, key), _)| key.clone()).collect();
    let here = cx.db;
    for db in [a, b] {
        cx.db = db as u32;
        for key in &watched {
            cx.exists(key);
        }
    }
    cx.db = here;
    let now_ms = cx.now_ms();
    let living = |db: usize| {
        let keys = cx.engine.dbs[db].iter();
        keys.filter(|(_, entry)| !entry.is_expired(now_ms))
    };
    let changed: Vec<_> = [a, b]
        .into_iter()
        .flat_map(|db| living(db).map(|(key, _)| key.clone()))
        .collect();
    cx.engine.dbs.swap(a, b);
    // Waiting commands may now find what they wait for; watched keys may hold something else.
    for db in [a as u32, b as u32] {
        for key in &changed {
            cx.engine.spoil_transactions(db, key);
            cx.engine.wake_waiting(db, key);
        }
        let here = std::mem::replace(&mut cx.db, db);
        cx.report("swapdb", &Bytes::new());
        cx.db = here;
    }
    Ok(Value::OK)
}

/// `LOLWUT [VERSION version]`
fn lolwut(_cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    if args.is(0, "VERSION") && args.len() > 1 {
        args.int(1)?;
    }
    let text = format!("Redis ver. {}\n", super::connection::VERSION);
    Ok(Value::Verbatim {
        format: *b"txt",
        text: Bytes::from(text),
    })
}
