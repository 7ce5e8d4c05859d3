//! `CONFIG` and `INFO`.

use std::fmt::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use redwind_resp::Value;

use crate::args::{Args, is, pairs};
use crate::config::BadSetting;
use crate::cx::Cx;
use crate::table::{Answer, NO_KEYS, needs_subcommand, table};
use crate::{Refusal, glob};

table! { TABLE, "server";
    "config" => needs_subcommand {CONFIG}, AtLeast(1), [CONTAINER], NO_KEYS, "2.0.0", "",
        "Reads and changes settings.";
    "info" => info, AtLeast(0), [LOADING STALE DANGEROUS], NO_KEYS, "1.0.0", "[section [section ...]]",
        "Tells how the server is doing.";
}

table! { CONFIG, "server";
    "config|get" => config_get, AtLeast(1), [ADMIN NOSCRIPT LOADING STALE], NO_KEYS, "2.0.0",
        "parameter [parameter ...]", "Gives the settings that match.";
    "config|help" => config_help, Exactly(0), [LOADING STALE], NO_KEYS, "5.0.0", "",
        "Lists the subcommands.";
    "config|resetstat" => config_resetstat, Exactly(0), [ADMIN NOSCRIPT LOADING STALE], NO_KEYS,
        "2.0.0", "", "Starts the statistics of INFO over.";
    "config|rewrite" => config_rewrite, Exactly(0), [ADMIN NOSCRIPT LOADING STALE], NO_KEYS, "2.8.0",
        "", "Would save the settings; there is no file.";
    "config|set" => config_set, AtLeast(2), [ADMIN NOSCRIPT LOADING STALE], NO_KEYS, "2.0.0",
        "parameter value [parameter value ...]", "Changes settings.";
}

/// `CONFIG GET parameter [parameter ...]`
fn config_get(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let patterns: Vec<Vec<u8>> = args.rest().iter().map(|p| p.to_ascii_lowercase()).collect();
    let wanted = |name: &str| patterns.iter().any(|p| glob::matches(p, name.as_bytes()));
    let found = cx
        .engine
        .config
        .settings()
        .into_iter()
        .filter(|(name, _)| wanted(name));
    Ok(Value::Map(
        found
            .map(|(name, value)| (Value::text(name), Value::bulk(value)))
            .collect(),
    ))
}

/// `CONFIG SET parameter value [parameter value ...]` — all or nothing.
fn config_set(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let settings = pairs(args.rest()).ok_or(Refusal::Syntax)?;
    let mut config = (*cx.engine.config).clone();
    let mut seen: Vec<String> = Vec::new();
    for pair in settings {
        let sent = String::from_utf8_lossy(&pair[0]).into_owned();
        let name = sent.to_lowercase();
        let failed = |why: &str| {
            Refusal::err(format_args!(
                "CONFIG SET failed (possibly related to argument '{sent}') - {why}"
            ))
        };
        if seen.contains(&name) {
            return Err(failed("duplicate parameter"));
        }
        config
            .set(&name, &String::from_utf8_lossy(&pair[1]))
            .map_err(|bad| match bad {
                BadSetting::Unknown => Refusal::err(format_args!(
                    "Unknown option or number of arguments for CONFIG SET - '{sent}'"
                )),
                BadSetting::Immutable => failed("can't set immutable config"),
                BadSetting::Invalid(why) => failed(&why),
            })?;
        seen.push(name);
    }
    cx.engine.config = Arc::new(config);
    Ok(Value::OK)
}

/// `CONFIG RESETSTAT`
fn config_resetstat(cx: &mut Cx<'_>, _args: &Args<'_>) -> Answer {
    let dirty = cx.engine.counters.dirty;
    cx.engine.counters = Default::default();
    cx.engine.counters.dirty = dirty;
    cx.engine.stats = Arc::default();
    Ok(Value::OK)
}

/// `CONFIG REWRITE`
fn config_rewrite(_cx: &mut Cx<'_>, _args: &Args<'_>) -> Answer {
    Err(Refusal::err("The server is running without a config file"))
}

/// `CONFIG HELP`
fn config_help(_cx: &mut Cx<'_>, _args: &Args<'_>) -> Answer {
    Ok(super::help("CONFIG", CONFIG))
}

type Section = fn(&Cx<'_>, &mut String);

const SECTIONS: &[(&str, Section)] = &[
    ("Server", server),
    ("Clients", clients),
    ("Memory", memory),
    ("Persistence", persistence),
    ("Stats", stats),
    ("Replication", replication),
    ("Cluster", cluster),
    ("Keyspace", keyspace),
    // Only when asked for.
    ("Commandstats", commandstats),
    ("Errorstats", errorstats),
];

const DEFAULT_SECTIONS: usize = 8;

/// `INFO [section [section ...]]`
fn info(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let mut text = String::new();
    let asked = |word: &str| args.rest().iter().any(|a| is(a, word));
    let all = asked("all") || asked("everything");
    let default = args.len() == 0 || asked("default");
    for (at, (name, write)) in SECTIONS.iter().enumerate() {
        // The errors are part of what is shown by default, the commands are not.
        let usual = at < DEFAULT_SECTIONS || *name == "Errorstats";
        if all || (default && usual) || asked(name) {
            if !text.is_empty() {
                text.push_str("\r\n");
            }
            let _ = write!(text, "# {name}\r\n");
            write(cx, &mut text);
        }
    }
    Ok(Value::Verbatim {
        format: *b"txt",
        text: Bytes::from(text),
    })
}

fn put(text: &mut String, name: &str, value: impl std::fmt::Display) {
    let _ = write!(text, "{name}:{value}\r\n");
}

fn server(cx: &Cx<'_>, text: &mut String) {
    let started = cx.engine.started.unwrap_or(cx.now);
    let uptime = cx.now.0.saturating_sub(started.0) / 1_000_000;
    put(text, "redis_version", super::VERSION);
    put(text, "redis_mode", "standalone");
    put(text, "arch_bits", 64);
    put(text, "tcp_port", 6379);
    put(text, "server_time_usec", cx.now.0);
    put(text, "uptime_in_seconds", uptime);
    put(text, "uptime_in_days", uptime / 86_400);
}

fn clients(cx: &Cx<'_>, text: &mut String) {
    let engine = &cx.engine;
    let timeouts = engine
        .sessions
        .values()
        .filter_map(|s| s.blocked.as_ref()?.deadline)
        .count();
    let listening = engine
        .sessions
        .values()
        .filter(|s| s.is_listening())
        .count();
    put(text, "connected_clients", engine.sessions.len());
    put(text, "maxclients", engine.config.maxclients);
    put(
        text,
        "blocked_clients",
        engine.waiting.len() + engine.postponed.len(),
    );
    put(text, "pubsub_clients", listening);
    put(
        text,
        "watching_clients",
        engine
            .sessions
            .values()
            .filter(|s| !s.watching.is_empty())
            .count(),
    );
    put(text, "clients_in_timeout_table", timeouts);
    put(text, "total_watched_keys", engine.watched.len());
    put(text, "total_blocking_keys", engine.waiting.key_count());
}

fn memory(cx: &Cx<'_>, text: &mut String) {
    let used = cx.engine.used_memory();
    put(text, "used_memory", used);
    put(text, "used_memory_human", human(used));
    put(text, "used_memory_dataset", cx.engine.data_memory());
    put(text, "maxmemory", cx.engine.config.maxmemory);
    put(
        text,
        "maxmemory_human",
        human(cx.engine.config.maxmemory.unsigned_abs()),
    );
    put(
        text,
        "maxmemory_policy",
        cx.engine.config.maxmemory_policy.name(),
    );
    put(text, "number_of_cached_scripts", cx.engine.scripts.len());
}

fn human(bytes: u64) -> String {
    let scaled = |divisor: f64, unit: &str| format!("{:.2}{unit}", bytes as f64 / divisor);
    match bytes {
        0..1024 => format!("{bytes}B"),
        1024..0x10_0000 => scaled(1024.0, "K"),
        0x10_0000..0x4000_0000 => scaled(1024.0 * 1024.0, "M"),
        _ => scaled(1024.0 * 1024.0 * 1024.0, "G"),
    }
}

fn persistence(cx: &Cx<'_>, text: &mut String) {
    put(text, "loading", 0);
    put(
        text,
        "rdb_changes_since_last_save",
        cx.engine.counters.dirty,
    );
    put(text, "rdb_bgsave_in_progress", 0);
    put(text, "aof_enabled", 0);
}

fn stats(cx: &Cx<'_>, text: &mut String) {
    let counters = &cx.engine.counters;
    put(text, "total_connections_received", counters.connections);
    put(text, "total_commands_processed", counters.commands);
    put(text, "expired_subkeys", counters.expired_subkeys);
    put(text, "expired_keys", counters.expired_keys);
    put(text, "evicted_keys", counters.evicted_keys);
    put(text, "keyspace_hits", counters.keyspace_hits);
    put(text, "keyspace_misses", counters.keyspace_misses);
    put(text, "pubsub_channels", cx.engine.pubsub.channel_count());
    put(text, "pubsub_patterns", cx.engine.pubsub.pattern_count());
    put(text, "pubsubshard_channels", cx.engine.pubsub.shard_count());
    put(text, "total_error_replies", counters.error_replies);
}

fn replication(cx: &Cx<'_>, text: &mut String) {
    if let Some(lines) = &cx.engine.replication {
        text.push_str(lines);
        return;
    }
    put(text, "role", "master");
    put(text, "connected_slaves", 0);
}

fn cluster(cx: &Cx<'_>, text: &mut String) {
    let enabled = cx.engine.cluster().is_some();
    put(text, "cluster_enabled", u8::from(enabled));
}

fn keyspace(cx: &Cx<'_>, text: &mut String) {
    for (number, db) in cx
        .engine
        .dbs
        .iter()
        .enumerate()
        .filter(|(_, db)| !db.is_empty())
    {
        let times: Vec<i64> = db.iter().filter_map(|(_, e)| e.expires()).collect();
        let left: i64 = times.iter().map(|at| (at - cx.now_ms()).max(0)).sum();
        let average = left / times.len().max(1) as i64;
        let subexpiry = db.field_due_count();
        let _ = write!(
            text,
            "db{number}:keys={},expires={},avg_ttl={average},subexpiry={subexpiry}\r\n",
            db.len(),
            times.len()
        );
    }
}

fn commandstats(cx: &Cx<'_>, text: &mut String) {
    for (name, stat) in &cx.engine.stats.commands {
        let _ = write!(
            text,
            "cmdstat_{name}:calls={},usec=0,usec_per_call=0.00,rejected_calls={},failed_calls={}\r\n",
            stat.calls, stat.rejected, stat.failed
        );
    }
}

fn errorstats(cx: &Cx<'_>, text: &mut String) {
    for (code, count) in &cx.engine.stats.errors {
        let _ = write!(text, "errorstat_{code}:count={count}\r\n");
    }
}
