//! What the terminal does with a line: looking is free, writing is part of history.

use bytes::Bytes;
use redwind_engine::{Flags, Topic, commands};
use redwind_protocol::{OpenError, Suggestion};
use redwind_resp::{Line, Value, render_reply};
use redwind_sim::{Intervention, Names, Place, Run, World};

/// What became of a typed line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Typed {
    /// It only reads: the answer, as redis-cli prints it.
    Answered(String),
    /// It may change something, or wait: run the scene with these interventions added, one for each time it is sent.
    Writes(Vec<String>),
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

/// What the terminal knows of: the engine's commands, and the world's.
fn topics() -> Vec<Topic> {
    let mut topics = redwind_engine::topics();
    for topic in redwind_sim::TOPICS {
        if topics.iter().all(|known| known.name != topic.name) {
            topics.push(*topic);
        }
    }
    topics
}

/// How a line that is typed in the terminal can go on.
#[must_use]
pub fn suggest(line: &str) -> Suggestion {
    let topics = topics();
    Suggestion {
        line: line.to_owned(),
        hint: redwind_engine::hint(&topics, line),
        completions: redwind_engine::completions(&topics, line),
    }
}

/// What CLUSTER changes; all else of it only looks.
const CHANGE_THE_CLUSTER: [&str; 4] = ["setslot", "failover", "replicate", "bumpepoch"];

/// Nobody needs a command more often at one instant, and each is a record of its own.
const MOST_TIMES: u64 = 100;

pub(crate) fn answer(run: &Run, node: &str, at: u32, line: &str) -> Result<Typed, OpenError> {
    let refused = |message: String| OpenError {
        message,
        ..OpenError::default()
    };
    let Line { times, argv } =
        Line::read(line.as_bytes()).map_err(|bad| refused(bad.to_string()))?;
    let Some(Place::Node(index)) = Names::of(run.scenario()).place(node) else {
        return Err(refused(format!("There is no Redis node {node}.")));
    };
    let argv: Vec<Bytes> = argv.into_iter().map(Bytes::from).collect();
    let Some(name) = argv.first() else {
        return Ok(Typed::Answered(String::new()));
    };
    if name.eq_ignore_ascii_case(b"help") || name.as_ref() == b"?" {
        let topic: Vec<_> = argv[1..]
            .iter()
            .map(|w| String::from_utf8_lossy(w))
            .collect();
        return Ok(Typed::Answered(redwind_engine::help(
            &topics(),
            &topic.join(" "),
        )));
    }
    if times > MOST_TIMES {
        return Err(refused(format!(
            "A command can be repeated {MOST_TIMES} times here, not {times}."
        )));
    }
    let world = run.world_at(at);
    if !world.node_is_up(index) {
        return Ok(Typed::Answered(format!(
            "Could not connect to Redis at {node}:6379: Connection refused"
        )));
    }
    if let Some(value) = shown_at_once(&world, index, &argv) {
        let text = render_reply(&argv, &value);
        let times = usize::try_from(times).unwrap_or(1);
        return Ok(Typed::Answered(vec![text; times].join("\n")));
    }
    let now = run
        .records()
        .get(at as usize)
        .or_else(|| run.records().last())
        .map_or_else(Default::default, |r| r.at);
    // A number before the command is the terminal's own; the record tells of each time.
    let command = match times {
        1 => line.trim(),
        _ => line
            .trim()
            .split_once(char::is_whitespace)
            .map_or(line, |(_, command)| command.trim_start()),
    };
    let typed = Intervention::Type {
        node: node.to_owned(),
        at: now,
        line: command.to_owned(),
    };
    let times = usize::try_from(times).unwrap_or(1);
    Ok(Typed::Writes(vec![typed.to_string(); times]))
}

/// The reply to a command that leaves no trace: one that only reads, or a write that is refused.
fn shown_at_once(world: &World, node: u16, argv: &[Bytes]) -> Option<Value> {
    // A MULTI typed earlier queues whatever comes next, and a mistake spoils it: both are part of history.
    let queues = world
        .peek(node, &[Bytes::from_static(b"PING")])
        .is_some_and(|value| matches!(value, Value::Simple(text) if text.as_ref() == b"QUEUED"));
    if queues || changes_the_session(argv) {
        return None;
    }
    let value = world.peek(node, argv)?;
    (only_reads(argv) || value.is_error()).then_some(value)
}

/// What a word is, in lower case.
fn word(argv: &[Bytes], at: usize) -> String {
    argv.get(at)
        .map(|word| String::from_utf8_lossy(word).to_lowercase())
        .unwrap_or_default()
}

/// Whether a command changes more than keys, so that even one that fails may have done something.
fn changes_the_session(argv: &[Bytes]) -> bool {
    let name = word(argv, 0);
    CHANGE_THE_SESSION.contains(&name.as_str())
        || name == "cluster" && CHANGE_THE_CLUSTER.contains(&word(argv, 1).as_str())
}

/// Unknown commands are answered with their error, so they count as reading.
fn only_reads(argv: &[Bytes]) -> bool {
    let name = word(argv, 0);
    let changes = Flags::WRITE.and(Flags::BLOCKING);
    let command = commands().find(|command| command.name == name);
    !changes_the_session(argv) && command.is_none_or(|command| !command.flags.has(changes))
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
