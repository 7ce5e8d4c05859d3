//! `INFO`.

use std::fmt::Write as _;

use bytes::Bytes;
use redwind_resp::Value;

use crate::args::{Args, is};
use crate::cx::Cx;
use crate::order;
use crate::table::{Answer, NO_KEYS, table};

table! { TABLE, "server";
    "info" => info, AtLeast(0), [LOADING STALE DANGEROUS], NO_KEYS, "1.0.0", "[section [section ...]]",
        "Tells how the server is doing.";
}

type Section = fn(&Cx<'_>, &mut String);

const SECTIONS: &[(&str, Section)] = &[
    ("Server", server),
    ("Clients", clients),
    ("Memory", memory),
    ("Persistence", persistence),
    ("Stats", stats),
    ("Replication", replication),
    ("Modules", |_, _| ()),
    ("Commandstats", commandstats),
    ("Errorstats", errorstats),
    ("Cluster", cluster),
    ("Keyspace", keyspace),
];

/// `INFO [section [section ...]]`
fn info(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let mut text = String::new();
    let asked = |word: &str| args.rest().iter().any(|a| is(a, word));
    let all = asked("all") || asked("everything");
    let default = args.len() == 0 || asked("default");
    for (name, write) in SECTIONS {
        let usual = *name != "Commandstats";
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
    let cluster = cx.engine.cluster().is_some();
    put(
        text,
        "redis_mode",
        if cluster { "cluster" } else { "standalone" },
    );
    put(text, "arch_bits", 64);
    let port = cx.engine.config.inert.get("port");
    put(text, "tcp_port", port.map_or("6379", String::as_str));
    put(text, "server_time_usec", cx.now.0);
    put(text, "uptime_in_seconds", uptime);
    put(text, "uptime_in_days", uptime / 86_400);
    put(text, "hz", 10);
    put(text, "configured_hz", 10);
    put(text, "lru_clock", (cx.now.0 / 1_000_000) & 0x00ff_ffff);
    put(text, "config_file", "");
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
    put(text, "cluster_connections", 0);
    put(text, "maxclients", engine.config.maxclients);
    put(
        text,
        "blocked_clients",
        engine.waiting.len() + engine.postponed.len(),
    );
    put(text, "tracking_clients", 0);
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
    let waiting = engine.sessions.values().filter_map(|s| s.blocked.as_ref());
    let mut though_missing: Vec<_> = waiting
        .filter(|blocked| blocked.even_if_missing)
        .flat_map(|blocked| blocked.keys.iter().map(|key| (blocked.db, key)))
        .collect();
    order::sort(&mut though_missing);
    though_missing.dedup();
    put(text, "total_blocking_keys_on_nokey", though_missing.len());
}

fn memory(cx: &Cx<'_>, text: &mut String) {
    let used = cx.engine.used_memory();
    put(text, "used_memory", used);
    put(text, "used_memory_human", human(used));
    put(text, "used_memory_startup", crate::memory::SERVER);
    put(text, "used_memory_dataset", cx.engine.data_memory());
    put(text, "number_of_cached_scripts", cx.engine.scripts.len());
    put(text, "number_of_functions", 0);
    put(text, "number_of_libraries", 0);
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
    let counters = &cx.engine.counters;
    put(text, "loading", 0);
    put(text, "async_loading", 0);
    put(text, "rdb_changes_since_last_save", counters.dirty);
    put(text, "rdb_bgsave_in_progress", 0);
    let saved = cx.engine.saved_at(cx.now);
    put(text, "rdb_last_save_time", saved.millis() / 1000);
    put(text, "rdb_last_bgsave_status", "ok");
    put(text, "rdb_saves", counters.saves);
    put(text, "aof_enabled", 0);
    put(text, "aof_rewrite_in_progress", 0);
    put(text, "aof_rewrite_scheduled", 0);
    put(text, "aof_last_bgrewrite_status", "ok");
    put(text, "aof_last_write_status", "ok");
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
    put(text, "unexpected_error_replies", 0);
    put(text, "total_error_replies", counters.error_replies);
}

fn replication(cx: &Cx<'_>, text: &mut String) {
    if let Some(lines) = &cx.engine.replication {
        text.push_str(lines);
        return;
    }
    put(text, "role", "master");
    put(text, "connected_slaves", 0);
    put(text, "master_failover_state", "no-failover");
    put(text, "master_repl_offset", 0);
    put(text, "second_repl_offset", -1);
    put(text, "repl_backlog_active", 0);
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
        let code = code.replace(['#', ':', '\n', '\r'], "_");
        let _ = write!(text, "errorstat_{code}:count={count}\r\n");
    }
}
