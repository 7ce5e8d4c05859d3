//! What the terminal does with a line: looking is free, writing is part of history.

use bytes::Bytes;
use redwind_engine::{Flags, commands};
use redwind_protocol::OpenError;
use redwind_resp::{Value, render, split_words};
use redwind_sim::{Intervention, Names, Place, Run};

/// What became of a typed line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Typed {
    /// It only reads: the answer, as redis-cli prints it.
    Answered(String),
    /// It may change something, or wait: run the scene with this intervention added.
    Writes(String),
}

/// Commands without the write flag that still change what later ones do, or whose answer comes on its own time.
const CHANGE_THE_SESSION: [&str; 33] = [
    "select",
    "multi",
    "exec",
    "discard",
    "watch",
    "unwatch",
    "subscribe",
    "psubscribe",
    "ssubscribe",
    "unsubscribe",
    "punsubscribe",
    "sunsubscribe",
    "publish",
    "spublish",
    "eval",
    "evalsha",
    "script",
    "config",
    "client",
    "hello",
    "reset",
    "auth",
    "quit",
    "debug",
    "replicaof",
    "slaveof",
    "failover",
    "wait",
    "waitaof",
    "migrate",
    "asking",
    "readonly",
    "readwrite",
];

/// What CLUSTER changes; all else of it only looks.
const CHANGE_THE_CLUSTER: [&str; 4] = ["setslot", "failover", "replicate", "bumpepoch"];

pub(crate) fn answer(run: &Run, node: &str, at: u32, line: &str) -> Result<Typed, OpenError> {
    let refused = |message: String| OpenError {
        message,
        ..OpenError::default()
    };
    let argv =
        split_words(line.as_bytes()).map_err(|_| refused("Invalid argument(s)".to_owned()))?;
    let Some(Place::Node(index)) = Names::of(run.scenario()).place(node) else {
        return Err(refused(format!("There is no Redis node {node}.")));
    };
    let argv: Vec<Bytes> = argv.into_iter().map(Bytes::from).collect();
    let Some(name) = argv.first() else {
        return Ok(Typed::Answered(String::new()));
    };
    if name.eq_ignore_ascii_case(b"help") {
        let topic = line.trim_start().get(name.len()..).unwrap_or_default();
        return Ok(Typed::Answered(redwind_engine::help(topic)));
    }
    let world = run.world_at(at);
    // A MULTI typed earlier queues whatever comes next, and so makes it part of history.
    let queued = |value: &Value| matches!(value, Value::Simple(text) if text.as_ref() == b"QUEUED");
    if only_reads(&argv)
        && let Some(value) = world.peek(index, &argv).filter(|value| !queued(value))
    {
        return Ok(Typed::Answered(render(&value)));
    }
    let now = run
        .records()
        .get(at as usize)
        .or_else(|| run.records().last())
        .map_or_else(Default::default, |r| r.at);
    let typed = Intervention::Type {
        node: node.to_owned(),
        at: now,
        line: line.trim().to_owned(),
    };
    Ok(Typed::Writes(typed.to_string()))
}

/// Unknown commands are answered with their error, so they count as reading.
fn only_reads(argv: &[Bytes]) -> bool {
    let word = |at: usize| {
        argv.get(at)
            .map(|word| String::from_utf8_lossy(word).to_lowercase())
            .unwrap_or_default()
    };
    let name = word(0);
    if name == "cluster" && CHANGE_THE_CLUSTER.contains(&word(1).as_str()) {
        return false;
    }
    let changes = Flags::WRITE.and(Flags::BLOCKING);
    let command = commands().find(|command| command.name == name);
    !CHANGE_THE_SESSION.contains(&name.as_str())
        && command.is_none_or(|command| !command.flags.has(changes))
}

#[cfg(test)]
mod tests {
    use super::{Bytes, only_reads};

    #[test]
    fn a_look_at_the_cluster_is_free_and_a_change_of_it_is_history() {
        let reads = |line: &str| {
            let words = line.split(' ').map(|word| Bytes::from(word.to_owned()));
            only_reads(&words.collect::<Vec<_>>())
        };
        assert!(reads("CLUSTER NODES") && reads("cluster keyslot a") && reads("GET a"));
        for line in [
            "CLUSTER SETSLOT 7 STABLE",
            "cluster failover",
            "MIGRATE n2 6379 a 0 100",
            "ASKING",
            "SET a 1",
        ] {
            assert!(!reads(line), "{line}");
        }
    }
}
