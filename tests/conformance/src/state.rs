//! What a sequence leaves behind: the data, the settings, what was counted and how the connections stand. Much of it never
//! shows in a reply of the sequence itself.

use bytes::Bytes;
use redwind_engine::Value;

use crate::likeness::{close, deep, is_moment, nearly, nodeless, same, timeless};
use crate::random::Round;
use crate::script::sort;
use crate::sequence::Step;

/// Something that answers questions of one who did not take part.
pub trait Witness {
    /// Gives the replies, in RESP2.
    fn ask(&mut self, commands: &[Vec<Bytes>]) -> Vec<Value>;

    /// Whether a connection of this number takes part; those of who asks has another.
    fn is_player(&self, id: i64, asks: i64) -> bool;

    /// What `rdb_changes_since_last_save` was before the sequence.
    fn changes_before(&self) -> i64;
}

/// One thing that is left, by name.
pub type Left = (String, Value);

const DATABASES: usize = 16;

/// Beyond this a string is compared by its length only.
const LONG: i64 = 1 << 21;

/// Of `CLIENT LIST`, what does not depend on buffers, clocks and addresses.
const OF_CLIENTS: &[&str] = &[
    "name=",
    "flags=",
    "db=",
    "sub=",
    "psub=",
    "ssub=",
    "multi=",
    "watch=",
    "cmd=",
    "user=",
    "resp=",
    "lib-name=",
    "lib-ver=",
];

/// Of `INFO`, what counts connections and what they wait for.
const OF_INFO: &[&str] = &[
    "blocked_clients:",
    "pubsub_clients:",
    "watching_clients:",
    "clients_in_timeout_table:",
    "total_watched_keys:",
    "total_blocking_keys:",
    "total_blocking_keys_on_nokey:",
    "expired_keys:",
    "expired_subkeys:",
    "evicted_keys:",
    "pubsub_channels:",
    "pubsub_patterns:",
    "pubsubshard_channels:",
    "total_error_replies:",
    "number_of_cached_scripts:",
];

/// The same, where nobody else has looked at keys.
const OF_HITS: &[&str] = &["keyspace_hits:", "keyspace_misses:"];

/// Settings that rounds change.
const SETTINGS: &str = "CONFIG GET notify-keyspace-events hash-max-* list-* set-max-* zset-max-* hll-* \
    stream-node-* maxmemory maxmemory-* min-replicas-* proto-max-bulk-len lfu-* lazyfree-*";

fn line(text: &str) -> Vec<Bytes> {
    Step::line(text).argv().to_vec()
}

fn about(words: &[&str], key: &Bytes) -> Vec<Bytes> {
    let words = words.iter().map(|word| match *word {
        "key" => key.clone(),
        word => Bytes::copy_from_slice(word.as_bytes()),
    });
    words.collect()
}

fn text_of(value: &Value) -> String {
    match value {
        Value::Bulk(text) | Value::Simple(text) | Value::Verbatim { text, .. } => {
            String::from_utf8_lossy(text).into_owned()
        }
        other => format!("{other:?}"),
    }
}

fn items(value: &Value) -> &[Value] {
    match value {
        Value::Array(items) => items,
        _ => &[],
    }
}

/// Everything that is left.
pub fn left(witness: &mut dyn Witness, kind: Round) -> Vec<Left> {
    let mut left = counted(witness, kind);
    let all = (0..DATABASES).map(|db| (db, vec![line("KEYS *")]));
    let mut keys = Vec::new();
    for (db, mut replies) in ask_each(witness, all.collect()).into_iter().enumerate() {
        let named = sort(replies.pop().unwrap_or(Value::Null));
        keys.extend(items(&named).iter().filter_map(|key| match key {
            Value::Bulk(key) => Some((db, key.clone())),
            _ => None,
        }));
        left.push((format!("keys of database {db}"), named));
    }
    of_keys(witness, &keys, &mut left);
    witness.ask(&[line("SELECT 0")]);
    left
}

/// Asks for several things in several databases at once.
fn ask_each(witness: &mut dyn Witness, asked: Vec<(usize, Vec<Vec<Bytes>>)>) -> Vec<Vec<Value>> {
    let mut commands = Vec::new();
    let mut counts = Vec::new();
    for (db, some) in asked {
        counts.push(some.len());
        commands.push(line(&format!("SELECT {db}")));
        commands.extend(some);
    }
    let mut replies = witness.ask(&commands).into_iter();
    let replies_to = |count| replies.by_ref().skip(1).take(count).collect();
    counts.into_iter().map(replies_to).collect()
}

fn counted(witness: &mut dyn Witness, kind: Round) -> Vec<Left> {
    let asked = [
        "INFO commandstats errorstats",
        "INFO clients stats memory keysizes",
        "INFO persistence",
        "CLIENT ID",
        "CLIENT LIST",
        SETTINGS,
    ];
    let replies = witness.ask(&asked.map(line));
    let [commands, numbers, saved, id, clients, settings] = &replies[..] else {
        return Vec::new();
    };
    let mut left = Vec::new();
    for line in text_of(commands).lines() {
        let Some((name, counts)) = line.split_once(':') else {
            continue;
        };
        // Those of who looks after a real server.
        let looks = [
            "ping",
            "select",
            "exists",
            "client|id",
            "config|resetstat",
            "info",
            "keys",
            "debug",
            "config|get",
            "client|list",
        ];
        if name
            .strip_prefix("cmdstat_")
            .is_some_and(|name| looks.contains(&name))
        {
            continue;
        }
        let counts = counts.split(',').filter(|part| !part.starts_with("usec"));
        left.push((
            format!("count {name}"),
            Value::bulk(counts.collect::<Vec<_>>().join(",")),
        ));
    }
    left.sort_by(|(one, _), (other, _)| one.cmp(other));
    let known = |line: &&str| {
        let of = |names: &[&str]| names.iter().any(|name| line.starts_with(name));
        line.contains("_distrib_") || of(OF_INFO) || (kind == Round::Alone && of(OF_HITS))
    };
    for line in text_of(numbers).lines().filter(known) {
        let (name, count) = line.split_once(':').unwrap_or_default();
        left.push((format!("count {name}"), Value::bulk(count)));
    }
    left.sort_by(|(one, _), (other, _)| one.cmp(other));
    let changes = text_of(saved);
    let changes = changes
        .lines()
        .find_map(|line| line.strip_prefix("rdb_changes_since_last_save:"))
        .and_then(|count| count.parse::<i64>().ok())
        .unwrap_or_default();
    left.push((
        "count of changes".into(),
        Value::Int(changes - witness.changes_before()),
    ));
    let asks = match id {
        Value::Int(id) => *id,
        _ => 0,
    };
    let others = text_of(clients);
    let others = others.lines().filter(|line| {
        let id = line.split(['=', ' ']).nth(1).and_then(|id| id.parse().ok());
        id.is_some_and(|id| witness.is_player(id, asks))
    });
    // Redis turns the list round from time to time.
    let mut others: Vec<&str> = others.collect();
    others.sort_by_key(|line| line.split(' ').next().map_or((0, ""), |id| (id.len(), id)));
    for (number, line) in others.into_iter().enumerate() {
        let shown = line
            .split(' ')
            .filter(|part| OF_CLIENTS.iter().any(|name| part.starts_with(name)));
        let shown = shown.collect::<Vec<_>>().join(" ");
        left.push((format!("client {number}"), Value::bulk(shown)));
    }
    let mut pairs: Vec<&[Value]> = items(settings).chunks(2).collect();
    pairs.sort_by_key(|pair| text_of(&pair[0]));
    for pair in pairs {
        if let [name, value] = pair {
            left.push((format!("setting {}", text_of(name)), value.clone()));
        }
    }
    left
}

/// Types, forms, times and values.
fn of_keys(witness: &mut dyn Witness, keys: &[(usize, Bytes)], left: &mut Vec<Left>) {
    let heads = [
        // Before anything else uses it.
        &["OBJECT", "FREQ", "key"][..],
        &["TYPE", "key"],
        &["OBJECT", "ENCODING", "key"],
        &["PEXPIRETIME", "key"],
        &["STRLEN", "key"],
    ];
    let asked = keys.iter().map(|(db, key)| {
        let asked = heads.iter().map(|words| about(words, key));
        (*db, asked.collect())
    });
    let heads = ask_each(witness, asked.collect());
    let kinds: Vec<String> = heads
        .iter()
        .map(|heads| heads.get(1).map(text_of).unwrap_or_default())
        .collect();
    let asked = keys
        .iter()
        .zip(&heads)
        .zip(&kinds)
        .map(|(((db, key), heads), kind)| {
            let long = matches!(heads.get(4), Some(Value::Int(length)) if *length > LONG);
            let value = match &kind[..] {
                "string" if long => &["STRLEN", "key"][..],
                "string" => &["GET", "key"],
                "list" => &["LRANGE", "key", "0", "-1"],
                "set" => &["SMEMBERS", "key"],
                "zset" => &["ZRANGE", "key", "0", "-1", "WITHSCORES"],
                "hash" => &["HGETALL", "key"],
                "stream" => &["XINFO", "STREAM", "key", "FULL", "COUNT", "0"],
                _ => &["EXISTS", "key"],
            };
            let digest = match long {
                true => &["STRLEN", "key"][..],
                false => &["DEBUG", "DIGEST-VALUE", "key"],
            };
            (*db, vec![about(value, key), about(digest, key)])
        });
    let values = ask_each(witness, asked.collect());
    let mut times = Vec::new();
    for (at, (db, key)) in keys.iter().enumerate() {
        let name = format!("{} in database {db}", redwind_resp::render_quoted(key));
        let mut replies = values[at].iter().cloned();
        let mut next = || replies.next().unwrap_or(Value::Null);
        let (value, digest) = (next(), next());
        let value = match &kinds[at][..] {
            "set" => sort(value),
            "hash" => {
                let mut pairs: Vec<&[Value]> = items(&value).chunks(2).collect();
                pairs.sort_by_key(|pair| text_of(&pair[0]));
                let fields = pairs.iter().filter_map(|pair| match &pair[0] {
                    Value::Bulk(field) => Some(field.clone()),
                    _ => None,
                });
                let mut asked = about(&["HPEXPIRETIME", "key", "FIELDS"], key);
                asked.push(Bytes::from(pairs.len().to_string()));
                asked.extend(fields);
                times.push((name.clone(), (*db, vec![asked])));
                Value::Array(pairs.concat())
            }
            "stream" => named_moments(&timeless(&value)),
            _ => value,
        };
        let heads = heads[at].iter().cloned();
        left.extend(
            ["uses of", "type of", "encoding of", "time of"]
                .iter()
                .zip(heads)
                .map(|(what, value)| (format!("{what} {name}"), value)),
        );
        left.push((format!("value of {name}"), value));
        left.push((format!("digest of {} {name}", kinds[at]), digest));
    }
    let (names, asked): (Vec<String>, Vec<_>) = times.into_iter().unzip();
    for (name, replies) in names.into_iter().zip(ask_each(witness, asked)) {
        let times = replies.into_iter().next().unwrap_or(Value::Null);
        left.push((format!("times of fields of {name}"), times));
    }
}

/// Ids of the clock under one name.
fn named_moments(value: &Value) -> Value {
    let is_id = |text: &Bytes| {
        let text = String::from_utf8_lossy(text);
        let millis = text.split('-').next().unwrap_or_default();
        millis.parse::<i64>().is_ok_and(is_moment)
    };
    deep(value, &|value| match value {
        Value::Bulk(text) if is_id(text) => Some(Value::text("an id of the clock")),
        _ => None,
    })
}

/// The first thing that is not left by both: its name, and what each has.
///
/// After entries were `cut` off by their ids, Redis may keep nodes without entries. How often a key was used is open if a command
/// that names it was refused: some look at the key first, some at what else is wrong.
pub fn first_difference(
    theirs: &[Left],
    ours: &[Left],
    refused: &[Bytes],
    cut: bool,
) -> Option<(String, Option<Value>, Option<Value>)> {
    // A digest says no more than the value where that differs in what is open.
    let mut open = false;
    for at in 0..theirs.len().max(ours.len()) {
        let (left, right) = match (theirs.get(at), ours.get(at)) {
            (Some(left), Some(right)) if left.0 == right.0 => (left, right),
            (left, right) => {
                // One has something that the other has not: it comes first where its name does.
                let lacks =
                    |list: &[Left], name: &str| !list.iter().any(|(other, _)| other == name);
                return match (left, right) {
                    (Some(left), _) if lacks(ours, &left.0) => {
                        Some((left.0.clone(), Some(left.1.clone()), None))
                    }
                    (_, Some(right)) => Some((right.0.clone(), None, Some(right.1.clone()))),
                    (Some(left), None) => Some((left.0.clone(), Some(left.1.clone()), None)),
                    (None, None) => None,
                };
            }
        };
        let (name, left, right) = (&left.0, &left.1, &right.1);
        let is_refused = |name: &str| {
            let mut words = refused.iter();
            words.any(|word| name.contains(&format!(" {} ", redwind_resp::render_quoted(word))))
        };
        let agree = same(left, right)
            || (name.starts_with("uses") && is_refused(name))
            || (name.starts_with("time") && close(left, right))
            || (name.starts_with("digest of stream"))
            || (name.starts_with("digest") && open);
        if name.starts_with("value") {
            open = !same(left, right);
        }
        let agree =
            agree || (cut && name.starts_with("value") && same(&nodeless(left), &nodeless(right)));
        if !agree && !(name.starts_with("value") && nearly(left, right)) {
            return Some((name.clone(), Some(left.clone()), Some(right.clone())));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use redwind_engine::Micros;

    use super::*;
    use crate::ours::Ours;

    #[test]
    fn what_no_reply_has_shown_is_found() {
        let named = |one: &[&str], other: &[&str]| {
            let left_by = |lines: &[&str]| {
                let mut ours = Ours::new(Micros(1_600_000_000_000_000));
                let steps: Vec<Step> = lines.iter().map(|text| Step::line(text)).collect();
                ours.play_alone(&steps);
                left(&mut ours, Round::Alone)
            };
            let found = first_difference(&left_by(one), &left_by(other), &[], false);
            found.map(|(name, ..)| name)
        };
        let same = ["SELECT 3", "HSETEX k EX 100 FIELDS 1 a 1", "RPUSH l 1"];
        assert_eq!(named(&same, &same), None);
        for (one, other, what) in [
            ("SET k v", "SET k w", "value of \"k\" in database 0"),
            ("SET k v", "SET n v", "keys of database 0"),
            (
                "SET k v EX 999999",
                "SET k v",
                "time of \"k\" in database 0",
            ),
            ("HINCRBY k 1 1", "HINCRBY k 1 1.5", "count cmdstat_hincrby"),
            ("CLIENT SETNAME x", "CLIENT SETNAME y", "client 0"),
            ("WATCH a", "WATCH a b", "count total_watched_keys"),
            (
                "CONFIG SET maxmemory-samples 3",
                "CONFIG SET maxmemory-samples 4",
                "setting maxmemory-samples",
            ),
        ] {
            let name = named(&[one], &[other]).unwrap_or_default();
            assert_eq!(name, what, "{one} / {other}");
        }
    }
}
