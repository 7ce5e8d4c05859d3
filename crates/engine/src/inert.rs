//! Settings that have no effect here. Clients and test suites set them and look at them all the same, so they
//! are checked as Redis checks them, and keep what they were told.

use crate::config::{BadSetting, c_str, memory};
use crate::number::parse_int;

/// What a setting takes.
enum Kind {
    /// `yes` or `no`
    Switch,
    /// A number within these bounds.
    Number(i64, i64),
    /// A number that is not negative.
    Count,
    /// Bytes, or with a unit.
    Memory,
    MemoryOrPercent,
    OneOf(&'static [&'static str]),
    /// Pairs of seconds and changes.
    Save,
    Text,
    /// It can only be chosen at start.
    Start,
    /// It can only be changed where that was allowed at start.
    Protected,
}

use Kind::{Count, Memory, MemoryOrPercent, Number, OneOf, Protected, Save, Start, Switch, Text};

const INT: i64 = i32::MAX as i64;

/// Name, older name, the value of a fresh server, and what it takes.
const SETTINGS: &[(&str, &str, &str, Kind)] = &[
    (
        "acl-pubsub-default",
        "",
        "resetchannels",
        OneOf(&["allchannels", "resetchannels"]),
    ),
    ("aclfile", "", "", Start),
    ("acllog-max-len", "", "128", Number(0, i64::MAX)),
    ("active-defrag-cycle-max", "", "25", Number(1, 99)),
    ("active-defrag-cycle-min", "", "1", Number(1, 99)),
    ("active-defrag-ignore-bytes", "", "104857600", Memory),
    (
        "active-defrag-max-scan-fields",
        "",
        "1000",
        Number(1, i64::MAX),
    ),
    ("active-defrag-threshold-lower", "", "10", Number(0, 1000)),
    ("active-defrag-threshold-upper", "", "100", Number(0, 1000)),
    ("active-expire-effort", "", "1", Number(1, 10)),
    ("activedefrag", "", "no", Switch),
    ("activerehashing", "", "yes", Switch),
    ("always-show-logo", "", "no", Start),
    ("aof-load-truncated", "", "yes", Switch),
    ("aof-rewrite-cpulist", "aof_rewrite_cpulist", "", Start),
    ("aof-rewrite-incremental-fsync", "", "yes", Switch),
    ("aof-timestamp-enabled", "", "no", Switch),
    ("aof-use-rdb-preamble", "", "yes", Switch),
    ("appenddirname", "", "appendonlydir", Start),
    ("appendfilename", "", "appendonly.aof", Start),
    (
        "appendfsync",
        "",
        "everysec",
        OneOf(&["everysec", "always", "no"]),
    ),
    ("appendonly", "", "no", Switch),
    ("auto-aof-rewrite-min-size", "", "67108864", Memory),
    ("auto-aof-rewrite-percentage", "", "100", Number(0, INT)),
    ("bgsave-cpulist", "bgsave_cpulist", "", Start),
    ("bind", "", "* -::*", Start),
    ("bind-source-addr", "", "", Text),
    ("bio-cpulist", "bio_cpulist", "", Start),
    (
        "busy-reply-threshold",
        "lua-time-limit",
        "5000",
        Number(0, i64::MAX),
    ),
    ("cluster-allow-pubsubshard-when-down", "", "yes", Switch),
    ("cluster-allow-reads-when-down", "", "no", Switch),
    ("cluster-allow-replica-migration", "", "yes", Switch),
    ("cluster-announce-bus-port", "", "0", Number(0, 65535)),
    ("cluster-announce-hostname", "", "", Text),
    ("cluster-announce-human-nodename", "", "", Text),
    ("cluster-announce-ip", "", "", Text),
    ("cluster-announce-port", "", "0", Number(0, 65535)),
    (
        "cluster-compatibility-sample-ratio",
        "",
        "0",
        Number(0, 100),
    ),
    ("cluster-config-file", "", "nodes.conf", Start),
    ("cluster-enabled", "", "no", Start),
    ("cluster-link-sendbuf-limit", "", "0", Memory),
    ("cluster-migration-barrier", "", "1", Number(0, INT)),
    ("cluster-node-timeout", "", "15000", Number(0, i64::MAX)),
    ("cluster-port", "", "0", Start),
    (
        "cluster-preferred-endpoint-type",
        "",
        "ip",
        OneOf(&["ip", "hostname", "unknown-endpoint"]),
    ),
    (
        "cluster-replica-no-failover",
        "cluster-slave-no-failover",
        "no",
        Switch,
    ),
    (
        "cluster-replica-validity-factor",
        "cluster-slave-validity-factor",
        "10",
        Number(0, INT),
    ),
    ("cluster-require-full-coverage", "", "yes", Switch),
    ("cluster-slot-stats-enabled", "", "no", Switch),
    ("crash-log-enabled", "", "yes", Switch),
    ("crash-memcheck-enabled", "", "yes", Switch),
    ("daemonize", "", "no", Start),
    ("dbfilename", "", "dump.rdb", Protected),
    ("disable-thp", "", "yes", Start),
    ("dynamic-hz", "", "yes", Switch),
    ("enable-debug-command", "", "no", Start),
    ("enable-module-command", "", "no", Start),
    ("enable-protected-configs", "", "no", Start),
    ("hide-user-data-from-log", "", "no", Switch),
    ("hz", "", "10", Number(0, INT)),
    ("ignore-warnings", "", "", Text),
    ("io-threads", "", "1", Start),
    ("jemalloc-bg-thread", "", "yes", Switch),
    ("latency-monitor-threshold", "", "0", Number(0, i64::MAX)),
    ("latency-tracking", "", "yes", Switch),
    ("latency-tracking-info-percentiles", "", "50 99 99.9", Text),
    ("lazyfree-lazy-eviction", "", "no", Switch),
    ("lazyfree-lazy-expire", "", "no", Switch),
    ("lazyfree-lazy-server-del", "", "no", Switch),
    ("lazyfree-lazy-user-del", "", "no", Switch),
    ("lazyfree-lazy-user-flush", "", "no", Switch),
    ("list-compress-depth", "", "0", Number(0, INT)),
    ("locale-collate", "", "", Text),
    ("logfile", "", "", Start),
    (
        "loglevel",
        "",
        "notice",
        OneOf(&["debug", "verbose", "notice", "warning", "nothing"]),
    ),
    ("masterauth", "", "", Text),
    ("masteruser", "", "", Text),
    ("max-new-connections-per-cycle", "", "10", Number(1, 1000)),
    ("maxmemory-clients", "", "0", MemoryOrPercent),
    ("maxmemory-eviction-tenacity", "", "10", Number(0, 100)),
    ("no-appendfsync-on-rewrite", "", "no", Switch),
    (
        "oom-score-adj",
        "",
        "no",
        OneOf(&["no", "yes", "relative", "absolute"]),
    ),
    ("oom-score-adj-values", "", "0 200 800", Text),
    ("pidfile", "", "", Start),
    ("port", "", "6379", Start),
    (
        "proc-title-template",
        "",
        "{title} {listen-addr} {server-mode}",
        Text,
    ),
    (
        "propagation-error-behavior",
        "",
        "ignore",
        OneOf(&["ignore", "panic", "panic-on-replicas"]),
    ),
    ("protected-mode", "", "yes", Switch),
    ("rdb-del-sync-files", "", "no", Switch),
    ("rdb-save-incremental-fsync", "", "yes", Switch),
    ("rdbchecksum", "", "yes", Start),
    ("rdbcompression", "", "yes", Switch),
    ("repl-backlog-ttl", "", "3600", Number(0, i64::MAX)),
    ("repl-disable-tcp-nodelay", "", "no", Switch),
    (
        "repl-diskless-load",
        "",
        "disabled",
        OneOf(&["disabled", "on-empty-db", "swapdb"]),
    ),
    ("repl-diskless-sync", "", "yes", Switch),
    ("repl-diskless-sync-delay", "", "5", Number(0, INT)),
    ("repl-diskless-sync-max-replicas", "", "0", Number(0, INT)),
    ("replica-announce-ip", "slave-announce-ip", "", Text),
    (
        "replica-announce-port",
        "slave-announce-port",
        "0",
        Number(0, 65535),
    ),
    ("replica-announced", "", "yes", Switch),
    ("replica-full-sync-buffer-limit", "", "0", Memory),
    ("replica-ignore-disk-write-errors", "", "no", Switch),
    (
        "replica-ignore-maxmemory",
        "slave-ignore-maxmemory",
        "yes",
        Switch,
    ),
    ("replica-lazy-flush", "slave-lazy-flush", "no", Switch),
    ("replicaof", "slaveof", "", Start),
    (
        "sanitize-dump-payload",
        "",
        "no",
        OneOf(&["no", "yes", "clients"]),
    ),
    ("save", "", "", Save),
    ("server-cpulist", "server_cpulist", "", Start),
    ("set-proc-title", "", "yes", Start),
    (
        "shutdown-on-sigint",
        "",
        "default",
        OneOf(&["default", "save", "nosave", "now", "force"]),
    ),
    (
        "shutdown-on-sigterm",
        "",
        "default",
        OneOf(&["default", "save", "nosave", "now", "force"]),
    ),
    ("shutdown-timeout", "", "10", Number(0, INT)),
    ("slowlog-log-slower-than", "", "10000", Number(-1, i64::MAX)),
    ("slowlog-max-len", "", "128", Number(0, i64::MAX)),
    ("socket-mark-id", "", "0", Start),
    ("stop-writes-on-bgsave-error", "", "yes", Switch),
    ("supervised", "", "no", Start),
    ("syslog-enabled", "", "no", Start),
    ("syslog-facility", "", "local0", Start),
    ("syslog-ident", "", "redis", Start),
    ("tcp-backlog", "", "511", Start),
    ("tcp-keepalive", "", "300", Number(0, INT)),
    ("tracking-table-max-keys", "", "1000000", Count),
    ("unixsocket", "", "", Start),
    ("unixsocketperm", "", "0", Start),
];

/// Every setting, older names too, with its value in a fresh server and the name under which it is kept.
pub(crate) fn defaults() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    SETTINGS.iter().flat_map(|(name, old, value, _)| {
        let names = [*name, *old].into_iter().filter(|name| !name.is_empty());
        names.map(|shown| (shown, *value, *name))
    })
}

/// The name under which a setting is kept, and the value as it is shown from now on.
pub(crate) fn check(name: &str, value: &str) -> Result<(&'static str, String), BadSetting> {
    let mut settings = SETTINGS.iter();
    let (name, _, _, kind) = settings
        .find(|(new, old, ..)| *new == name || (!old.is_empty() && *old == name))
        .ok_or(BadSetting::Unknown)?;
    let bad = |text: &str| BadSetting::Invalid(text.to_owned());
    let number = || {
        let number = parse_int(value.as_bytes());
        number.ok_or_else(|| bad("argument couldn't be parsed into an integer"))
    };
    let kept = match kind {
        Start => return Err(BadSetting::Immutable),
        Protected => return Err(BadSetting::Protected),
        Switch => match c_str(value).to_ascii_lowercase().as_str() {
            "yes" => "yes".to_owned(),
            "no" => "no".to_owned(),
            _ => return Err(bad("argument must be 'yes' or 'no'")),
        },
        Number(least, most) => match number()? {
            number if (*least..=*most).contains(&number) => number.to_string(),
            _ => {
                let text = format!("argument must be between {least} and {most} inclusive");
                return Err(bad(&text));
            }
        },
        Count => match number()? {
            number @ 0.. => number.to_string(),
            _ => return Err(bad("argument must be greater or equal to 0")),
        },
        Memory => match memory(value) {
            Some(bytes) => bytes.to_string(),
            None => return Err(bad("argument must be a memory value")),
        },
        MemoryOrPercent => {
            let percent = value.strip_suffix('%');
            let percent = percent.and_then(|text| parse_int(text.as_bytes()));
            match (percent.filter(|percent| *percent >= 0), memory(value)) {
                (Some(101..), _) => {
                    return Err(bad("percentage argument must be less or equal to 100"));
                }
                (Some(0), _) => "0".to_owned(),
                (Some(percent), _) => format!("{percent}%"),
                (None, Some(bytes)) => bytes.to_string(),
                _ => return Err(bad("argument must be a memory or percent value")),
            }
        }
        OneOf(words) => {
            let word = words
                .iter()
                .find(|word| word.eq_ignore_ascii_case(c_str(value)));
            let Some(word) = word else {
                let text = words.join(", ");
                return Err(bad(&format!(
                    "argument(s) must be one of the following: {text}"
                )));
            };
            (*word).to_owned()
        }
        Save => save(value).ok_or_else(|| bad("Invalid save parameters"))?,
        Text => value.to_owned(),
    };
    Ok((name, kept))
}

/// Seconds and changes in turn, or nothing for never.
fn save(value: &str) -> Option<String> {
    let words: Vec<&str> = c_str(value).split_ascii_whitespace().collect();
    let numbers: Option<Vec<i32>> = words.iter().map(|word| word.parse().ok()).collect();
    let (pairs, []) = numbers.as_deref()?.as_chunks::<2>() else {
        return None;
    };
    let valid = pairs
        .iter()
        .all(|[seconds, changes]| *seconds >= 1 && *changes >= 0);
    valid.then(|| words.join(" "))
}
