//! The settings that have an effect on an engine.

use std::net::SocketAddr;

use crate::number::parse_int;
use crate::sorted::Sorted;
use crate::{KeyEvents, ReplicationSettings, inert, order};

/// What a server is told at start and, mostly, by `CONFIG SET` later.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// How many databases `SELECT` can choose from.
    pub databases: u32,
    /// The longest string, and the longest argument.
    pub proto_max_bulk_len: i64,
    /// A list stays compact up to this size: -5 to -1 stand for 64, 32, 16, 8 and 4 KB, a positive
    /// number counts elements.
    pub list_max_listpack_size: i64,
    /// A hash stays compact up to this many fields.
    pub hash_max_listpack_entries: i64,
    /// A hash stays compact while no field or value is longer.
    pub hash_max_listpack_value: i64,
    /// A set of integers stays an array of them up to this many members.
    pub set_max_intset_entries: i64,
    /// A set stays compact up to this many members.
    pub set_max_listpack_entries: i64,
    /// A set stays compact while no member is longer.
    pub set_max_listpack_value: i64,
    /// A sorted set stays compact up to this many members.
    pub zset_max_listpack_entries: i64,
    /// A sorted set stays compact while no member is longer.
    pub zset_max_listpack_value: i64,
    /// How many bytes the data may take; 0 means any number.
    pub maxmemory: i64,
    /// What gives way when memory runs out.
    pub maxmemory_policy: Policy,
    /// How many keys are compared to find one to evict.
    pub maxmemory_samples: i64,
    /// How slowly the LFU counter grows.
    pub lfu_log_factor: i64,
    /// After how many minutes without use the LFU counter falls by one.
    pub lfu_decay_time: i64,
    /// Which changes are published as keyspace notifications.
    pub notify_keyspace_events: KeyEvents,
    /// A stream's node holds at most so many bytes; only decides what `XTRIM ~` keeps.
    pub stream_node_max_bytes: i64,
    /// A stream's node holds at most so many entries; only decides what `XTRIM ~` keeps.
    pub stream_node_max_entries: i64,
    /// A HyperLogLog stays sparse up to this size.
    pub hll_sparse_max_bytes: i64,
    /// The password of the default user; empty for none.
    pub requirepass: String,
    /// How many clients a host lets in; the engine counts nobody away.
    pub maxclients: i64,
    /// After how many seconds a host closes a client that says nothing; 0 is never.
    pub timeout: i64,
    /// How much a host lets wait unprocessed from one client.
    pub client_query_buffer_limit: i64,
    /// How much a host owes an ordinary client, a replica and a subscriber before it cuts them off.
    pub client_output_buffer_limit: [OutputLimit; 3],
    /// What a server among others keeps to; the engine itself only looks at `replica_read_only` and at what a host
    /// tells it with [`crate::Engine::stand`].
    pub replication: ReplicationSettings,
    /// Whether each change is reported as [`crate::Output::KeyEvent`].
    pub report_events: bool,
    /// Whether each effective write is reported as [`crate::Output::Propagate`].
    pub report_effects: bool,
    /// What settings without effect were told.
    pub(crate) inert: Sorted<&'static str, String>,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            databases: 16,
            proto_max_bulk_len: 512 * 1024 * 1024,
            list_max_listpack_size: -2,
            hash_max_listpack_entries: 512,
            hash_max_listpack_value: 64,
            set_max_intset_entries: 512,
            set_max_listpack_entries: 128,
            set_max_listpack_value: 64,
            zset_max_listpack_entries: 128,
            zset_max_listpack_value: 64,
            maxmemory: 0,
            maxmemory_policy: Policy::NoEviction,
            maxmemory_samples: 5,
            lfu_log_factor: 10,
            lfu_decay_time: 1,
            notify_keyspace_events: KeyEvents::default(),
            stream_node_max_bytes: 4096,
            stream_node_max_entries: 100,
            hll_sparse_max_bytes: 3000,
            requirepass: String::new(),
            maxclients: 10_000,
            timeout: 0,
            client_query_buffer_limit: 1 << 30,
            client_output_buffer_limit: [
                OutputLimit::default(),
                OutputLimit {
                    hard: 256 << 20,
                    soft: 64 << 20,
                    seconds: 60,
                },
                OutputLimit {
                    hard: 32 << 20,
                    soft: 8 << 20,
                    seconds: 60,
                },
            ],
            replication: ReplicationSettings::default(),
            report_events: true,
            report_effects: true,
            inert: Sorted::default(),
        }
    }
}

/// How much may wait to be read by one client, as `client-output-buffer-limit` says; 0 is any amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct OutputLimit {
    /// Beyond so many bytes a client is cut off at once.
    pub hard: u64,
    /// Beyond so many bytes it is cut off unless it catches up in time.
    pub soft: u64,
    /// How long it may stay beyond the soft limit.
    pub seconds: u64,
}

/// The classes of `client-output-buffer-limit`, in its order.
const OUTPUT_CLASSES: [&str; 3] = ["normal", "slave", "pubsub"];

/// `class hard soft seconds` any number of times; classes that are not named keep their limits.
fn output_limits(text: &str, limits: &mut [OutputLimit; 3]) -> Result<(), BadSetting> {
    let bad = |text: &str| BadSetting::Invalid(format!("{text} in buffer limit configuration."));
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let (groups, rest) = words.as_chunks::<4>();
    if !rest.is_empty() {
        return Err(bad("Wrong number of arguments"));
    }
    let mut changed = *limits;
    for [class, hard, soft, seconds] in groups {
        let class = match class.to_ascii_lowercase().as_str() {
            "replica" => Some(1),
            class => OUTPUT_CLASSES.iter().position(|known| *known == class),
        };
        let limit = class
            .and_then(|class| changed.get_mut(class))
            .ok_or_else(|| bad("Invalid client class specified"))?;
        *limit = match (memory(hard), memory(soft), seconds.parse::<u32>()) {
            (Some(hard), Some(soft), Ok(seconds)) => OutputLimit {
                hard,
                soft,
                seconds: seconds.into(),
            },
            _ => return Err(bad("Error in hard, soft or soft_seconds setting")),
        };
    }
    *limits = changed;
    Ok(())
}

/// What gives way when memory runs out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Nothing: commands that need memory are refused.
    NoEviction,
    /// Any key, the longest unused first.
    AllKeysLru,
    /// Any key, the least often used first.
    AllKeysLfu,
    /// Any key, by chance.
    AllKeysRandom,
    /// A key with an expiry, the longest unused first.
    VolatileLru,
    /// A key with an expiry, the least often used first.
    VolatileLfu,
    /// A key with an expiry, by chance.
    VolatileRandom,
    /// The key that expires soonest.
    VolatileTtl,
}

impl Policy {
    const NAMES: &[(Policy, &str)] = &[
        (Policy::VolatileLru, "volatile-lru"),
        (Policy::VolatileLfu, "volatile-lfu"),
        (Policy::VolatileRandom, "volatile-random"),
        (Policy::VolatileTtl, "volatile-ttl"),
        (Policy::AllKeysLru, "allkeys-lru"),
        (Policy::AllKeysLfu, "allkeys-lfu"),
        (Policy::AllKeysRandom, "allkeys-random"),
        (Policy::NoEviction, "noeviction"),
    ];

    /// The name in the configuration.
    pub fn name(self) -> &'static str {
        Policy::NAMES
            .iter()
            .find(|(policy, _)| *policy == self)
            .map_or("noeviction", |(_, n)| n)
    }

    fn parse(text: &str) -> Option<Policy> {
        let found = Policy::NAMES
            .iter()
            .find(|(_, name)| name.eq_ignore_ascii_case(c_str(text)));
        found.map(|(policy, _)| *policy)
    }

    /// Whether only keys with an expiry may go.
    pub(crate) fn spares_lasting(self) -> bool {
        matches!(
            self,
            Policy::VolatileLru
                | Policy::VolatileLfu
                | Policy::VolatileRandom
                | Policy::VolatileTtl
        )
    }

    /// Whether how often keys are used is counted.
    pub fn counts_use(self) -> bool {
        matches!(self, Policy::AllKeysLfu | Policy::VolatileLfu)
    }
}

type Number = (
    &'static str,
    &'static str,
    fn(&mut Config) -> &mut i64,
    i64,
    i64,
);

type Switch = (&'static str, &'static str, fn(&mut Config) -> &mut bool);

const MAX: i64 = i64::MAX;

/// The numbers: name, older name, field, smallest and largest value.
const NUMBERS: &[Number] = &[
    (
        "hash-max-listpack-entries",
        "hash-max-ziplist-entries",
        |c| &mut c.hash_max_listpack_entries,
        0,
        MAX,
    ),
    (
        "hash-max-listpack-value",
        "hash-max-ziplist-value",
        |c| &mut c.hash_max_listpack_value,
        0,
        MAX,
    ),
    (
        "hll-sparse-max-bytes",
        "",
        |c| &mut c.hll_sparse_max_bytes,
        0,
        MAX,
    ),
    (
        "lfu-decay-time",
        "",
        |c| &mut c.lfu_decay_time,
        0,
        i32::MAX as i64,
    ),
    (
        "lfu-log-factor",
        "",
        |c| &mut c.lfu_log_factor,
        0,
        i32::MAX as i64,
    ),
    (
        "list-max-listpack-size",
        "list-max-ziplist-size",
        |c| &mut c.list_max_listpack_size,
        i32::MIN as i64,
        i32::MAX as i64,
    ),
    (
        "client-query-buffer-limit",
        "",
        |c| &mut c.client_query_buffer_limit,
        1024 * 1024,
        MAX,
    ),
    (
        "min-replicas-max-lag",
        "min-slaves-max-lag",
        |c| &mut c.replication.max_lag,
        0,
        i32::MAX as i64,
    ),
    (
        "min-replicas-to-write",
        "min-slaves-to-write",
        |c| &mut c.replication.min_replicas,
        0,
        i32::MAX as i64,
    ),
    (
        "repl-backlog-size",
        "",
        |c| &mut c.replication.backlog_size,
        1,
        MAX,
    ),
    (
        "repl-ping-replica-period",
        "repl-ping-slave-period",
        |c| &mut c.replication.ping_period,
        1,
        i32::MAX as i64,
    ),
    (
        "repl-timeout",
        "",
        |c| &mut c.replication.timeout,
        1,
        i32::MAX as i64,
    ),
    (
        "replica-priority",
        "slave-priority",
        |c| &mut c.replication.priority,
        0,
        i32::MAX as i64,
    ),
    ("maxclients", "", |c| &mut c.maxclients, 1, u32::MAX as i64),
    ("maxmemory", "", |c| &mut c.maxmemory, 0, MAX),
    ("maxmemory-samples", "", |c| &mut c.maxmemory_samples, 1, 64),
    (
        "proto-max-bulk-len",
        "",
        |c| &mut c.proto_max_bulk_len,
        1024 * 1024,
        MAX,
    ),
    (
        "set-max-intset-entries",
        "",
        |c| &mut c.set_max_intset_entries,
        0,
        MAX,
    ),
    (
        "set-max-listpack-entries",
        "",
        |c| &mut c.set_max_listpack_entries,
        0,
        MAX,
    ),
    (
        "set-max-listpack-value",
        "",
        |c| &mut c.set_max_listpack_value,
        0,
        MAX,
    ),
    (
        "stream-node-max-bytes",
        "",
        |c| &mut c.stream_node_max_bytes,
        0,
        MAX,
    ),
    (
        "stream-node-max-entries",
        "",
        |c| &mut c.stream_node_max_entries,
        0,
        MAX,
    ),
    ("timeout", "", |c| &mut c.timeout, 0, i32::MAX as i64),
    (
        "zset-max-listpack-entries",
        "zset-max-ziplist-entries",
        |c| &mut c.zset_max_listpack_entries,
        0,
        MAX,
    ),
    (
        "zset-max-listpack-value",
        "zset-max-ziplist-value",
        |c| &mut c.zset_max_listpack_value,
        0,
        MAX,
    ),
];

/// The switches: name, older name, field.
const SWITCHES: &[Switch] = &[
    ("replica-read-only", "slave-read-only", |c| {
        &mut c.replication.read_only
    }),
    ("replica-serve-stale-data", "slave-serve-stale-data", |c| {
        &mut c.replication.serve_stale
    }),
];

/// Why a setting was refused.
pub(crate) enum BadSetting {
    Unknown,
    /// It can only be chosen at start.
    Immutable,
    /// It can only be set where that was allowed at start.
    Protected,
    /// In the words of Redis.
    Invalid(String),
}

/// What C reads of a value.
pub(crate) fn c_str(value: &str) -> &str {
    value.split('\0').next().unwrap_or_default()
}

/// Bytes, or with a unit: `1kb` is 1024, `1k` is 1000. As in C, too many digits are the largest number, and a product
/// wraps around.
pub(crate) fn memory(text: &str) -> Option<u64> {
    let lower = c_str(text).to_ascii_lowercase();
    let units: &[(&str, u64)] = &[
        ("kb", 1 << 10),
        ("mb", 1 << 20),
        ("gb", 1 << 30),
        ("k", 1000),
        ("m", 1_000_000),
        ("g", 1_000_000_000),
        ("b", 1),
        ("", 1),
    ];
    let (unit, factor) = units.iter().find(|(unit, _)| lower.ends_with(unit))?;
    let digits = &lower[..lower.len() - unit.len()];
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = match digits {
        "" => 0,
        digits => digits.parse().unwrap_or(u64::MAX),
    };
    Some(number.wrapping_mul(*factor))
}

impl Config {
    /// Says where the host listens: what `CONFIG GET` of `bind` and `port` and `INFO` tell.
    pub fn listen_on(&mut self, address: SocketAddr) {
        self.inert.insert("bind", address.ip().to_string());
        self.inert.insert("port", address.port().to_string());
    }

    /// Every setting with its value, in order of name.
    pub(crate) fn settings(&self) -> Vec<(&'static str, String)> {
        let mut copy = self.clone();
        let mut all: Vec<(&'static str, String)> = inert::defaults()
            .map(|(shown, fresh, name)| {
                let told = self.inert.get(name).map(String::as_str);
                (shown, told.unwrap_or(fresh).to_owned())
            })
            .collect();
        for (name, old, field, _, _) in NUMBERS {
            let value = field(&mut copy).to_string();
            all.push((name, value.clone()));
            if !old.is_empty() {
                all.push((old, value));
            }
        }
        for (name, old, field) in SWITCHES {
            let value = if *field(&mut copy) { "yes" } else { "no" };
            all.push((name, value.to_owned()));
            all.push((old, value.to_owned()));
        }
        all.push(("databases", self.databases.to_string()));
        all.push(("maxmemory-policy", self.maxmemory_policy.name().to_owned()));
        all.push((
            "notify-keyspace-events",
            self.notify_keyspace_events.to_string(),
        ));
        let limits = OUTPUT_CLASSES.iter().zip(&self.client_output_buffer_limit);
        let limits: Vec<String> = limits
            .map(|(class, l)| format!("{class} {} {} {}", l.hard, l.soft, l.seconds))
            .collect();
        all.push(("client-output-buffer-limit", limits.join(" ")));
        all.push(("requirepass", self.requirepass.clone()));
        order::sort(&mut all);
        all
    }

    /// Changes one setting.
    pub(crate) fn set(&mut self, name: &str, value: &str) -> Result<(), BadSetting> {
        if let Some((_, _, field, min, max)) = NUMBERS
            .iter()
            .find(|(new, old, ..)| *new == name || (!old.is_empty() && *old == name))
        {
            let counts_bytes = matches!(
                name,
                "maxmemory"
                    | "client-query-buffer-limit"
                    | "proto-max-bulk-len"
                    | "repl-backlog-size"
                    | "stream-node-max-bytes"
                    | "hash-max-listpack-value"
                    | "hash-max-ziplist-value"
                    | "zset-max-listpack-value"
                    | "zset-max-ziplist-value"
                    | "hll-sparse-max-bytes"
            );
            let number = if counts_bytes {
                let bytes = memory(value).map(u64::cast_signed);
                bytes.ok_or("argument must be a memory value")
            } else {
                parse_int(value.as_bytes()).ok_or("argument couldn't be parsed into an integer")
            };
            let number = number.map_err(|text| BadSetting::Invalid(text.to_owned()))?;
            if !(*min..=*max).contains(&number) {
                // In C these are signed, so that a limit of theirs is looked at first.
                let signed = matches!(name, "proto-max-bulk-len" | "repl-backlog-size");
                let bounds = if counts_bytes && number < 0 && !signed {
                    "greater or equal to 0".to_owned()
                } else if *max == MAX && !counts_bytes && name != "stream-node-max-entries" {
                    format!("greater or equal to {min}")
                } else {
                    format!("between {min} and {max} inclusive")
                };
                return Err(BadSetting::Invalid(format!("argument must be {bounds}")));
            }
            *field(self) = number;
            return Ok(());
        }
        let mut switches = SWITCHES.iter();
        if let Some((_, _, field)) = switches.find(|(new, old, _)| *new == name || *old == name) {
            *field(self) = match c_str(value).to_ascii_lowercase().as_str() {
                "yes" => true,
                "no" => false,
                _ => {
                    let text = "argument must be 'yes' or 'no'";
                    return Err(BadSetting::Invalid(text.to_owned()));
                }
            };
            return Ok(());
        }
        match name {
            "maxmemory-policy" => {
                let names: Vec<&str> = Policy::NAMES.iter().map(|(_, name)| *name).collect();
                self.maxmemory_policy = Policy::parse(value).ok_or_else(|| {
                    BadSetting::Invalid(format!(
                        "argument(s) must be one of the following: {}",
                        names.join(", ")
                    ))
                })?;
            }
            "notify-keyspace-events" => {
                self.notify_keyspace_events = KeyEvents::parse(c_str(value)).ok_or_else(|| {
                    BadSetting::Invalid(
                        "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.".into(),
                    )
                })?;
            }
            "client-output-buffer-limit" => {
                output_limits(value, &mut self.client_output_buffer_limit)?;
            }
            "requirepass" => value.clone_into(&mut self.requirepass),
            "databases" => return Err(BadSetting::Immutable),
            _ => {
                let (name, value) = inert::check(name, value)?;
                self.inert.insert(name, value);
            }
        }
        Ok(())
    }
}
