//! `INFO`.

use std::fmt::Write as _;

use bytes::Bytes;
use redwind_resp::Value;

use crate::args::{Args, is};
use crate::cx::Cx;
use crate::db::Data;
use crate::order;
use crate::scripting::sha1;
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
    ("Keysizes", keysizes),
];

/// `INFO [section [section ...]]`
fn info(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    cx.engine.note_peak(cx.now);
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

/// Counts of what never happens here.
fn zeros(text: &mut String, names: &str) {
    for name in names.split(' ') {
        put(text, name, 0);
    }
}

/// An id as Redis draws them at random when it starts; here it follows from when that was.
fn id(cx: &Cx<'_>, of: &str) -> String {
    let started = cx.engine.started.unwrap_or(cx.now);
    let digits = sha1::hex(format!("{of} {}", started.0).as_bytes());
    String::from_utf8_lossy(&digits).into_owned()
}

fn server(cx: &Cx<'_>, text: &mut String) {
    let started = cx.engine.started.unwrap_or(cx.now);
    let uptime = cx.now.0.saturating_sub(started.0) / 1_000_000;
    put(text, "redis_version", super::VERSION);
    put(text, "redis_git_sha1", "00000000");
    zeros(text, "redis_git_dirty redis_build_id");
    let cluster = cx.engine.cluster().is_some();
    put(
        text,
        "redis_mode",
        if cluster { "cluster" } else { "standalone" },
    );
    put(text, "arch_bits", 64);
    put(text, "process_supervised", "no");
    put(text, "run_id", id(cx, "run"));
    let port = cx.engine.config.inert.get("port");
    put(text, "tcp_port", port.map_or("6379", String::as_str));
    put(text, "server_time_usec", cx.now.0);
    put(text, "uptime_in_seconds", uptime);
    put(text, "uptime_in_days", uptime / 86_400);
    put(text, "hz", 10);
    put(text, "configured_hz", 10);
    put(text, "lru_clock", (cx.now.0 / 1_000_000) & 0x00ff_ffff);
    put(text, "config_file", "");
    put(text, "io_threads_active", 0);
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
    // What is used is all there is: no allocator keeps more of it than was asked for.
    put(text, "used_memory_rss", used);
    put(text, "used_memory_rss_human", human(used));
    let (peak, peak_time) = cx.engine.peak_memory;
    put(text, "used_memory_peak", peak);
    put(text, "used_memory_peak_human", human(peak));
    put(text, "used_memory_peak_time", peak_time.millis() / 1000);
    put(text, "used_memory_peak_perc", percent(used, peak));
    let (startup, dataset) = (crate::memory::SERVER, cx.engine.data_memory());
    put(text, "used_memory_overhead", used - dataset);
    put(text, "used_memory_startup", startup);
    put(text, "used_memory_dataset", dataset);
    let share = percent(dataset, used - startup);
    put(text, "used_memory_dataset_perc", share);
    for name in ["allocated", "active", "resident"] {
        let _ = write!(text, "allocator_{name}:{used}\r\n");
    }
    put(text, "allocator_muzzy", 0);
    put(text, "number_of_cached_scripts", cx.engine.scripts.len());
    zeros(text, "number_of_functions number_of_libraries");
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
    for name in [
        "allocator_frag",
        "allocator_rss",
        "rss_overhead",
        "mem_fragmentation",
    ] {
        let _ = write!(text, "{name}_ratio:1.00\r\n{name}_bytes:0\r\n");
    }
    zeros(
        text,
        "mem_not_counted_for_evict mem_replication_backlog mem_total_replication_buffers \
         mem_replica_full_sync_buffer mem_clients_slaves mem_clients_normal mem_cluster_links mem_aof_buffer",
    );
    put(text, "mem_allocator", "libc");
    zeros(
        text,
        "mem_overhead_db_hashtable_rehashing active_defrag_running lazyfree_pending_objects lazyfreed_objects",
    );
}

fn percent(part: u64, whole: u64) -> String {
    format!("{:.2}%", part as f64 * 100.0 / whole.max(1) as f64)
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
    zeros(
        text,
        "loading async_loading current_cow_peak current_cow_size current_cow_size_age",
    );
    put(text, "current_fork_perc", "0.00");
    zeros(text, "current_save_keys_processed current_save_keys_total");
    put(text, "rdb_changes_since_last_save", counters.dirty);
    put(text, "rdb_bgsave_in_progress", 0);
    let saved = cx.engine.saved_at(cx.now);
    put(text, "rdb_last_save_time", saved.millis() / 1000);
    put(text, "rdb_last_bgsave_status", "ok");
    put(text, "rdb_last_bgsave_time_sec", -1);
    put(text, "rdb_current_bgsave_time_sec", -1);
    put(text, "rdb_saves", counters.saves);
    zeros(
        text,
        "rdb_last_cow_size rdb_last_load_keys_expired rdb_last_load_keys_loaded aof_enabled aof_rewrite_in_progress \
         aof_rewrite_scheduled",
    );
    put(text, "aof_last_rewrite_time_sec", -1);
    put(text, "aof_current_rewrite_time_sec", -1);
    put(text, "aof_last_bgrewrite_status", "ok");
    zeros(text, "aof_rewrites aof_rewrites_consecutive_failures");
    put(text, "aof_last_write_status", "ok");
    zeros(
        text,
        "aof_last_cow_size module_fork_in_progress module_fork_last_cow_size",
    );
}

fn stats(cx: &Cx<'_>, text: &mut String) {
    let counters = &cx.engine.counters;
    put(text, "total_connections_received", counters.connections);
    put(text, "total_commands_processed", counters.commands);
    put(text, "total_net_input_bytes", counters.traffic.read);
    put(text, "total_net_output_bytes", counters.traffic.written);
    zeros(
        text,
        "total_net_repl_input_bytes total_net_repl_output_bytes",
    );
    put(text, "rejected_connections", counters.rejected_connections);
    // A host that knows of replicas knows of their copies, too.
    if cx.engine.replication.is_none() {
        zeros(text, "sync_full sync_partial_ok sync_partial_err");
    }
    put(text, "expired_subkeys", counters.expired_subkeys);
    put(text, "expired_keys", counters.expired_keys);
    put(text, "expired_stale_perc", "0.00");
    zeros(
        text,
        "expired_time_cap_reached_count expire_cycle_cpu_milliseconds",
    );
    put(text, "evicted_keys", counters.evicted_keys);
    zeros(
        text,
        "evicted_clients evicted_scripts total_eviction_exceeded_time current_eviction_exceeded_time",
    );
    put(text, "keyspace_hits", counters.keyspace_hits);
    put(text, "keyspace_misses", counters.keyspace_misses);
    put(text, "pubsub_channels", cx.engine.pubsub.channel_count());
    put(text, "pubsub_patterns", cx.engine.pubsub.pattern_count());
    put(text, "pubsubshard_channels", cx.engine.pubsub.shard_count());
    zeros(
        text,
        "latest_fork_usec total_forks migrate_cached_sockets slave_expires_tracked_keys active_defrag_hits \
         active_defrag_misses active_defrag_key_hits active_defrag_key_misses total_active_defrag_time \
         current_active_defrag_time tracking_total_keys tracking_total_items tracking_total_prefixes \
         unexpected_error_replies",
    );
    put(text, "total_error_replies", counters.error_replies);
    put(text, "dump_payload_sanitizations", 0);
    put(text, "acl_access_denied_auth", counters.denied);
    zeros(
        text,
        "acl_access_denied_cmd acl_access_denied_key acl_access_denied_channel",
    );
}

fn replication(cx: &Cx<'_>, text: &mut String) {
    if let Some(lines) = &cx.engine.replication {
        text.push_str(lines);
        return;
    }
    put(text, "role", "master");
    put(text, "connected_slaves", 0);
    put(text, "master_failover_state", "no-failover");
    put(text, "master_replid", id(cx, "data"));
    put(text, "master_replid2", "0".repeat(40));
    put(text, "master_repl_offset", 0);
    put(text, "second_repl_offset", -1);
    put(text, "repl_backlog_active", 0);
    let backlog = cx.engine.config.replication.backlog_size;
    put(text, "repl_backlog_size", backlog);
    zeros(text, "repl_backlog_first_byte_offset repl_backlog_histlen");
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

/// How many keys there are of each size, by powers of two: bytes of strings, items of what has items.
fn keysizes(cx: &Cx<'_>, text: &mut String) {
    const TYPES: [&str; 5] = [
        "strings_sizes",
        "lists_items",
        "sets_items",
        "zsets_items",
        "hashes_items",
    ];
    for (number, db) in cx.engine.dbs.iter().enumerate() {
        // 0, then a place for each power of two.
        let mut counts = [[0_u64; 65]; TYPES.len()];
        for (_, entry) in db.iter() {
            let (of, size) = match &entry.data {
                Data::List(list) => (1, list.len()),
                Data::Set(set) => (2, set.len()),
                Data::Zset(zset) => (3, zset.len()),
                Data::Hash(hash) => (4, hash.len()),
                Data::Stream(_) => continue,
                text => (0, text.string_bytes().map_or(0, |text| text.len())),
            };
            counts[of][size.checked_ilog2().map_or(0, |log| log as usize + 1)] += 1;
        }
        for (name, counts) in TYPES.iter().zip(&counts) {
            let mut separator = format!("db{number}_distrib_{name}:");
            for (place, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
                let (unit, log) = match place {
                    0 => ("", None),
                    _ => (UNITS[(place - 1) / 10], Some((place - 1) % 10)),
                };
                let size = log.map_or(0, |log| 1 << log);
                let _ = write!(text, "{separator}{size}{unit}={count}");
                separator.clear();
                separator.push(',');
            }
            if separator == "," {
                text.push_str("\r\n");
            }
        }
    }
}

const UNITS: [&str; 7] = ["", "K", "M", "G", "T", "P", "E"];

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
