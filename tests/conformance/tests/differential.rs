//! Random commands to a real redis-server and to the engine: the replies must be the same.
//!
//! `REDWIND_ROUNDS` asks for more than the few that run by default, `REDWIND_SEED` for other ones. A
//! difference is shrunk to a shortest sequence of commands before it is shown.

use std::collections::BTreeSet;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use redwind_conformance::Subject;
use redwind_conformance::ours::{Lehmer, Ours};
use redwind_conformance::reference::Reference;
use redwind_conformance::script::sort;
use redwind_conformance::{garbage, random};
use redwind_engine::{Micros, Value};
use redwind_resp::render;

/// Commands in one round, which starts with an empty server.
const LENGTH: usize = 200;

/// So many differences, each of its own kind, are shown at once.
const MOST: usize = 25;

fn from_env(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}

/// The replies of the real server. Blocking commands have short timeouts, so each has one reply.
fn replies_of_reference(server: &mut Reference, commands: &[Vec<Bytes>]) -> Vec<Value> {
    server.clear();
    server.pipeline(commands)
}

fn replies_of_ours(commands: &[Vec<Bytes>]) -> Vec<Value> {
    // Both clocks show about the same time, so absolute times mean the same to both.
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_micros());
    let mut ours = Ours::new(Micros(now as u64));
    let mut replies = Vec::with_capacity(commands.len());
    for argv in commands {
        let reply = ours.send("pipeline", argv, false).or_else(|| {
            ours.pass(20);
            ours.late().pop().map(|(_, value)| value)
        });
        replies.push(reply.unwrap_or(Value::Null));
    }
    replies
}

/// Whether Redis leaves the order of the elements open, or both clocks play a part.
fn comparable(argv: &[Bytes], value: &Value) -> Value {
    let name = argv[0].to_ascii_lowercase();
    match &name[..] {
        b"ttl" | b"pttl" | b"expiretime" | b"pexpiretime" => match value {
            // A few seconds may pass between the two.
            Value::Int(number) if *number > 0 => Value::Int(number / 100_000),
            other => other.clone(),
        },
        b"keys" | b"hgetall" | b"hkeys" | b"hvals" | b"hrandfield" | b"smembers" | b"sunion"
        | b"sinter" | b"sdiff" | b"spop" | b"srandmember" | b"zrandmember" => sort(value.clone()),
        b"scan" | b"hscan" | b"sscan" | b"zscan" => match value {
            Value::Array(parts) => Value::Array(parts.iter().cloned().map(sort).collect()),
            other => other.clone(),
        },
        // The replies of a transaction are compared without their order of elements.
        b"exec" => match value {
            Value::Array(items) => Value::Array(items.iter().cloned().map(flatten).collect()),
            other => other.clone(),
        },
        _ => value.clone(),
    }
}

fn flatten(value: Value) -> Value {
    match value {
        Value::Array(items) => sort(Value::Array(items.into_iter().map(flatten).collect())),
        Value::Int(number) if number > 1_000_000_000 => Value::Int(number / 100_000),
        other => other,
    }
}

/// The first command whose replies differ.
fn first_difference(
    server: &mut Reference,
    commands: &[Vec<Bytes>],
) -> Option<(usize, Value, Value)> {
    let theirs = replies_of_reference(server, commands);
    let ours = replies_of_ours(commands);
    (0..commands.len()).find_map(|at| {
        let left = comparable(&commands[at], &theirs[at]);
        let right = comparable(&commands[at], &ours[at]);
        (render(&left) != render(&right)).then(|| (at, theirs[at].clone(), ours[at].clone()))
    })
}

/// Leaves out whatever can be left out while the last command still differs.
fn shrink(server: &mut Reference, mut commands: Vec<Vec<Bytes>>) -> Vec<Vec<Bytes>> {
    let mut size = commands.len() / 2;
    while size > 0 {
        let mut at = 0;
        while at < commands.len().saturating_sub(1) {
            let mut fewer = commands.clone();
            fewer.drain(at..(at + size).min(commands.len() - 1));
            match first_difference(server, &fewer) {
                Some((end, ..)) => {
                    fewer.truncate(end + 1);
                    commands = fewer;
                }
                None => at += size,
            }
        }
        size /= 2;
    }
    commands
}

fn line(argv: &[Bytes]) -> String {
    let word = |argument: &Bytes| {
        let plain = !argument.is_empty()
            && argument
                .iter()
                .all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'\''));
        if plain {
            String::from_utf8_lossy(argument).into_owned()
        } else {
            redwind_resp::render_quoted(argument)
        }
    };
    argv.iter().map(word).collect::<Vec<_>>().join(" ")
}

#[test]
#[expect(clippy::print_stderr, reason = "a test that cannot run must say so")]
fn random_commands_get_the_replies_of_a_real_server() {
    let mut server = match Reference::start() {
        Ok(server) => server,
        Err(why) => {
            eprintln!("SKIPPED: nothing was compared with a real server: {why}");
            return;
        }
    };
    let rounds = from_env("REDWIND_ROUNDS", 30);
    let seed = from_env("REDWIND_SEED", 1);
    let groups = std::env::var("REDWIND_GROUPS").unwrap_or_default();
    let groups: Vec<&str> = groups
        .split(',')
        .filter(|group| !group.is_empty())
        .collect();
    let drawn = garbage::drawn();
    let (mut differences, mut kinds) = (Vec::new(), BTreeSet::new());
    for round in seed..seed + rounds {
        let mut luck = Lehmer(round);
        // Most rounds stay with one group and the keys, so that its states are reached.
        let all: Vec<&str> = random::TEMPLATES.iter().map(|(group, _)| *group).collect();
        let focus = [all[luck.below(all.len())], "keys"];
        let chosen: &[&str] = match (groups.is_empty(), luck.below(3)) {
            (false, _) => &groups,
            (true, 0) => &[],
            (true, _) => &focus,
        };
        let sense = 2 + luck.below(3);
        let commands: Vec<Vec<Bytes>> = (0..LENGTH)
            .map(|_| match luck.below(sense) {
                0 if groups.is_empty() => garbage::command(&drawn, &mut luck),
                _ => random::command(chosen, &mut luck),
            })
            .collect();
        if let Some((at, ..)) = first_difference(&mut server, &commands) {
            let shortest = shrink(&mut server, commands[..=at].to_vec());
            // What differs only now and then is a matter of the real server's moving clock.
            let Some((_, theirs, ours)) = first_difference(&mut server, &shortest) else {
                continue;
            };
            let lines: Vec<String> = shortest
                .iter()
                .map(|argv| format!("> {}", line(argv)))
                .collect();
            let (theirs, ours) = (render(&theirs), render(&ours));
            let kind = (
                shortest.last().map(|argv| argv[0].to_ascii_lowercase()),
                theirs.clone(),
                ours.clone(),
            );
            if kinds.insert(kind) {
                differences.push(format!(
                    "seed {round}, after {} commands:\n{}\nredis:\n{theirs}\nengine:\n{ours}",
                    at + 1,
                    lines.join("\n"),
                ));
            }
            if differences.len() >= MOST {
                break;
            }
        }
    }
    assert!(
        differences.is_empty(),
        "{} differences\n\n{}",
        differences.len(),
        differences.join("\n\n")
    );
}
