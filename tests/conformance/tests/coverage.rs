//! What the transcripts leave out: every command of the table must be seen in one that was recorded from a real server (the
//! nodes of a cluster are in tests/cluster.rs) or, when it is newer, written after its documentation: answering, refused for
//! the number of its arguments, refused for the type of its key, and with every option that its syntax names.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use redwind_conformance::page::each;
use redwind_conformance::script::{self, Step};
use redwind_engine::{Arity, Command, Keys, commands};

/// Not to be seen answering in a transcript, and why; tests/unrecorded.rs has them.
const NO_ANSWER: &[(&str, &str)] = &[
    (
        "bgrewriteaof",
        "the real server is busy with it for a while",
    ),
    ("bgsave", "the real server is busy with it for a while"),
    ("client|id", "counts the connections of the process"),
    ("command|count", "the real server has more"),
    ("config|rewrite", "there is no file"),
    ("lastsave", "the clocks differ"),
    (
        "memory|malloc-stats",
        "the real server tells of its allocator",
    ),
    (
        "script|kill",
        "no script runs when another command is answered",
    ),
    ("shutdown", "it ends the real server"),
    ("time", "the clocks differ"),
];

/// Options that no transcript has, and why.
const NO_OPTION: &[(&str, &str, &str)] = &[
    ("shutdown", "FORCE", "it ends the real server"),
    ("shutdown", "NOW", "it ends the real server"),
    ("script|debug", "SYNC", "the real server forks"),
    ("script|debug", "YES", "the real server forks"),
];

/// Refused in the same way whatever their key holds, or not at all.
const NO_TYPE_CLASH: &[(&str, &str)] = &[
    ("delex", "has its own words"),
    ("lcs", "has its own words"),
    ("mget", "takes it as missing"),
    ("mset", "overwrites it"),
    ("msetex", "overwrites it"),
    ("msetnx", "takes it as there"),
    ("psetex", "overwrites it"),
    ("setex", "overwrites it"),
    ("setnx", "takes it as there"),
];

/// What one command was seen doing.
#[derive(Default)]
struct Seen {
    answers: bool,
    arity_refused: bool,
    type_refused: bool,
    words: BTreeSet<String>,
}

fn files() -> Vec<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in ["transcripts", "documented"] {
        let entries = std::fs::read_dir(root.join(folder)).expect("the folder is there");
        files.extend(entries.map(|entry| entry.expect("a readable entry").path()));
    }
    files.push(root.join("tests/cluster.rs"));
    files.sort();
    files
}

/// A line as the transcripts have it; in tests/cluster.rs it is indented, and nodes speak.
fn plain(line: &str) -> String {
    let line = line.trim();
    match line
        .strip_prefix('n')
        .and_then(|rest| rest.split_once("> "))
    {
        Some((node, command)) if node.parse::<u8>().is_ok() => format!("> {command}"),
        _ => line.to_owned(),
    }
}

/// The command that a line of a transcript calls.
fn called(argv: &[bytes::Bytes]) -> Option<&'static Command> {
    let is = |name: &str, word: &[u8]| name.as_bytes().eq_ignore_ascii_case(word);
    let command = commands().find(|command| is(command.name, &argv[0]))?;
    let sub = argv.get(1).and_then(|word| {
        let subcommands = command.subcommands.iter();
        subcommands
            .into_iter()
            .find(|sub| is(&sub.name[command.name.len() + 1..], word))
    });
    Some(sub.unwrap_or(command))
}

fn read() -> BTreeMap<&'static str, Seen> {
    let mut seen: BTreeMap<&'static str, Seen> = BTreeMap::new();
    for path in files() {
        let text = std::fs::read_to_string(&path).expect("a readable transcript");
        let mut now: Option<&'static str> = None;
        let is_code = path.extension().is_some_and(|kind| kind == "rs");
        for line in text.lines() {
            let line = if is_code {
                plain(line)
            } else {
                line.to_owned()
            };
            if is_code && !line.starts_with("> ") && now.is_none() {
                continue;
            }
            let steps = script::parse(&line);
            let Some(step) = steps.first() else {
                // A line of the reply to what was sent last.
                let Some(seen) = now.and_then(|name| seen.get_mut(name)) else {
                    continue;
                };
                match line.strip_prefix("(error) ") {
                    Some(e) if e.contains("wrong number of arguments for") => {
                        seen.arity_refused = true
                    }
                    Some(e) if e.starts_with("WRONGTYPE ") => seen.type_refused = true,
                    Some(_) => {}
                    // What is queued has not run.
                    None if line == "QUEUED" => {}
                    None => seen.answers = true,
                }
                continue;
            };
            let Step::Send {
                argv, shown: true, ..
            } = step
            else {
                continue;
            };
            now = called(argv).map(|command| command.name);
            if let Some(name) = now {
                let words = argv
                    .iter()
                    .map(|word| String::from_utf8_lossy(word).to_uppercase());
                seen.entry(name).or_default().words.extend(words);
            }
        }
    }
    seen
}

/// The words of a syntax that are typed as they stand.
fn options(syntax: &str) -> impl Iterator<Item = &str> {
    syntax
        .split(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-'))
        .filter(|word| word.len() > 1 && word.starts_with(|c: char| c.is_ascii_uppercase()))
}

/// Whether its key must hold one type.
fn is_typed(command: &Command) -> bool {
    let typed = [
        "string",
        "list",
        "hash",
        "set",
        "sorted-set",
        "stream",
        "bitmap",
        "hyperloglog",
        "geo",
    ];
    command.keys != Keys::None && typed.contains(&command.group)
}

#[test]
fn every_command_is_seen_in_a_transcript_with_its_options_and_refusals() {
    let seen = read();
    let nothing = Seen::default();
    let mut missing = Vec::new();
    for command in each().filter(|command| !command.name.ends_with("|help")) {
        let name = command.name;
        let seen = seen.get(name).unwrap_or(&nothing);
        let mut need = |what: String| missing.push(format!("{name}: {what}"));
        if !seen.answers && !NO_ANSWER.iter().any(|(left, _)| *left == name) {
            need("no answer".into());
        }
        if !seen.arity_refused && command.arity != Arity::AtLeast(0) {
            need("no wrong number of arguments".into());
        }
        let clashes = is_typed(command) && !NO_TYPE_CLASH.iter().any(|(left, _)| *left == name);
        if clashes && !seen.type_refused {
            need("no key of the wrong type".into());
        }
        let unseen: BTreeSet<&str> = options(command.syntax)
            .filter(|word| !seen.words.contains(*word))
            .filter(|word| {
                !NO_OPTION
                    .iter()
                    .any(|(of, left, _)| *of == name && left == word)
            })
            .collect();
        if !unseen.is_empty() {
            need(format!("without {unseen:?}"));
        }
    }
    assert!(
        missing.is_empty(),
        "{} things that no transcript shows; write them into tests/conformance/transcripts and run `cargo xtask record`:\n{}",
        missing.len(),
        missing.join("\n")
    );
}
