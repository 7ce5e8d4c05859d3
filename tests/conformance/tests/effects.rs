//! What replicas and append-only files repeat of each command: `fixtures/effects.txt` was recorded from what a real server
//! wrote into its file.

use std::path::PathBuf;

use bytes::Bytes;
use redwind_conformance::Subject;
use redwind_conformance::ours::Dice;
use redwind_conformance::reference::Reference;
use redwind_engine::{Config, Engine, Micros, Output, Outputs};
use redwind_resp::{Decoder, Value, render_quoted};

const NOW: Micros = Micros(1_700_000_000_000_000);

fn fixture() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/effects.txt")
}

fn words(line: &str) -> Vec<Bytes> {
    let words = redwind_resp::split_words(line.as_bytes()).expect("the quotes are closed");
    words.into_iter().map(Bytes::from).collect()
}

/// A word as it is typed; moments are hidden, because the clocks differ.
fn typed(word: &[u8]) -> String {
    let text = String::from_utf8_lossy(word).into_owned();
    let (number, rest) = text.split_once('-').unwrap_or((&text, ""));
    let moment = number.len() == 13 && number.bytes().all(|byte| byte.is_ascii_digit());
    match (moment && !number.starts_with("20000"), rest) {
        (true, "") => "<moment>".to_owned(),
        (true, rest) => format!("<moment>-{rest}"),
        (false, _) if text.contains(' ') || text.is_empty() => render_quoted(word),
        (false, _) => text,
    }
}

fn told(commands: impl Iterator<Item = Vec<Bytes>>) -> String {
    let commands = commands.filter(|argv| !argv[0].eq_ignore_ascii_case(b"select"));
    let lines = commands.map(|argv| {
        let mut words: Vec<String> = argv.iter().map(|word| typed(word)).collect();
        words[0] = words[0].to_uppercase();
        words.join(" ")
    });
    let lines: Vec<String> = lines.collect();
    lines.join(" ; ")
}

trait Repeats {
    /// Runs a command; gives what is to be repeated.
    fn repeats(&mut self, line: &str) -> String;
}

struct Ours {
    engine: Engine,
    luck: Dice,
}

impl Repeats for Ours {
    fn repeats(&mut self, line: &str) -> String {
        let session = self.engine.connect(NOW);
        let mut out = Outputs::new();
        let argv = words(line);
        self.engine
            .execute(NOW, &mut self.luck, session, &argv, &mut out);
        told(out.into_iter().filter_map(|output| match output {
            Output::Propagate { argv, .. } => Some(argv),
            _ => None,
        }))
    }
}

struct Theirs {
    server: Reference,
    /// How much of its file was read.
    read: usize,
}

impl Repeats for Theirs {
    fn repeats(&mut self, line: &str) -> String {
        self.server.send("a", &words(line), false);
        let path = self
            .server
            .folder()
            .join("appendonlydir/appendonly.aof.1.incr.aof");
        let file = std::fs::read(path).expect("an append-only file");
        let mut decoder = Decoder::default();
        decoder.feed(&file[self.read..]);
        self.read = file.len();
        let mut commands = Vec::new();
        while let Ok(Some(Value::Array(items))) = decoder.next_value() {
            let word = |item| match item {
                Value::Bulk(word) => word,
                other => panic!("no word: {other:?}"),
            };
            commands.push(items.into_iter().map(word).collect());
        }
        told(commands.into_iter())
    }
}

/// The fixture with what this server repeats.
fn play(server: &mut impl Repeats) -> String {
    let lines = std::fs::read_to_string(fixture()).expect("a readable fixture");
    let (mut text, mut before) = (String::new(), String::new());
    for line in lines.lines() {
        if let Some(setup) = line.strip_prefix("= ") {
            setup.clone_into(&mut before);
        }
        text.push_str(line.split(" ->").next().unwrap_or_default());
        if !line.is_empty() && !line.starts_with(['#', '=']) {
            for line in ["FLUSHALL"].into_iter().chain(before.split(" ; ")) {
                server.repeats(line);
            }
            let command = line.split(" ->").next().unwrap_or_default();
            text.push_str(&format!(" -> {}", server.repeats(command)));
        }
        let end = text.trim_end().len();
        text.truncate(end);
        text.push('\n');
    }
    text
}

#[test]
fn replicas_repeat_what_those_of_a_real_server_repeat() {
    let recorded = std::fs::read_to_string(fixture()).expect("a readable fixture");
    let mut ours = Ours {
        engine: Engine::new(Config::default()),
        luck: Dice::new(7),
    };
    let played = play(&mut ours);
    let differences: Vec<String> = recorded
        .lines()
        .zip(played.lines())
        .filter(|(recorded, ours)| recorded != ours)
        .map(|(recorded, ours)| format!("redis:  {recorded}\nengine: {ours}"))
        .collect();
    assert!(
        differences.is_empty(),
        "{} commands are repeated differently\n{}",
        differences.len(),
        differences.join("\n")
    );
}

/// Writes what the real server repeats into the fixture.
#[test]
#[ignore = "writes the fixture anew; run by `cargo xtask record`"]
fn record() {
    let server = Reference::start_with(&["--appendonly", "yes", "--appendfsync", "always"]);
    let mut theirs = Theirs {
        server: server.unwrap_or_else(|why| panic!("{why}")),
        read: 0,
    };
    let text = play(&mut theirs);
    std::fs::write(fixture(), text).expect("a writable fixture");
}
