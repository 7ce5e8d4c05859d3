//! The command table beside what a real redis-server 8.2 says about its commands, recorded into
//! `fixtures/commands.txt`: arity, flags, key positions, group and version of every command we have.

use std::collections::BTreeMap;
use std::path::PathBuf;

use bytes::Bytes;
use redwind_conformance::Subject;
use redwind_conformance::ours::Ours;
use redwind_conformance::reference::Reference;
use redwind_engine::{Micros, Value};

/// Newer than the server that was recorded, so it cannot know them.
fn is_newer(since: &str) -> bool {
    since.starts_with("8.") && since > "8.2"
}

fn fixture() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/commands.txt")
}

fn text(value: &Value) -> String {
    match value {
        Value::Bulk(text) | Value::Simple(text) => String::from_utf8_lossy(text).into_owned(),
        Value::Int(number) => number.to_string(),
        other => panic!("no text: {other:?}"),
    }
}

fn items(value: &Value) -> &[Value] {
    match value {
        Value::Array(items) | Value::Set(items) => items,
        other => panic!("no array: {other:?}"),
    }
}

fn pairs(value: &Value) -> BTreeMap<String, &Value> {
    match value {
        Value::Map(pairs) => pairs
            .iter()
            .map(|(key, value)| (text(key), value))
            .collect(),
        Value::Array(items) => items
            .chunks(2)
            .map(|pair| (text(&pair[0]), &pair[1]))
            .collect(),
        other => panic!("no map: {other:?}"),
    }
}

/// One line a command: what `COMMAND INFO` and `COMMAND DOCS` say about it.
fn facts(subject: &mut impl Subject) -> BTreeMap<String, String> {
    let mut ask = |words: &[&str]| {
        let argv: Vec<Bytes> = words
            .iter()
            .map(|word| Bytes::copy_from_slice(word.as_bytes()))
            .collect();
        subject.send("a", &argv, false).expect("a reply")
    };
    let (info, docs) = (ask(&["COMMAND"]), ask(&["COMMAND", "DOCS"]));
    let mut lines = BTreeMap::new();
    for command in items(&info) {
        describe(command, &mut lines);
    }
    for (name, facts) in pairs(&docs) {
        document(&name, facts, &mut lines);
    }
    lines
}

fn describe(command: &Value, lines: &mut BTreeMap<String, String>) {
    let parts = items(command);
    let words = |value: &Value| {
        let mut words: Vec<String> = items(value).iter().map(text).collect();
        words.sort();
        words.join(" ")
    };
    let line = format!(
        "arity {} | keys {} {} {} | {} | {}",
        text(&parts[1]),
        text(&parts[3]),
        text(&parts[4]),
        text(&parts[5]),
        words(&parts[2]),
        words(&parts[6]),
    );
    lines.insert(text(&parts[0]), line);
    for sub in items(&parts[9]) {
        describe(sub, lines);
    }
}

fn document(name: &str, facts: &Value, lines: &mut BTreeMap<String, String>) {
    let facts = pairs(facts);
    if let Some(line) = lines.get_mut(name) {
        for fact in ["group", "since"] {
            let told = facts
                .get(fact)
                .map_or_else(|| "-".into(), |fact| text(fact));
            line.push_str(if fact == "group" { " | " } else { " " });
            line.push_str(&told);
        }
    }
    if let Some(subcommands) = facts.get("subcommands") {
        for (name, facts) in pairs(subcommands) {
            document(&name, facts, lines);
        }
    }
}

#[test]
fn the_table_says_of_every_command_what_a_real_server_says() {
    let recorded = std::fs::read_to_string(fixture()).expect("a readable fixture");
    let recorded: BTreeMap<&str, &str> = recorded
        .lines()
        .filter_map(|line| line.split_once(": "))
        .collect();
    let ours = facts(&mut Ours::new(Micros(1_700_000_000_000_000)));
    assert!(ours.len() > 100, "only {} commands", ours.len());
    let mut differences = Vec::new();
    for (name, line) in &ours {
        let since = line.rsplit(' ').next().unwrap_or_default();
        let theirs = recorded.get(&name[..]).copied();
        if theirs != Some(line) && !(theirs.is_none() && is_newer(since)) {
            differences.push(format!(
                "{name}\n  redis:  {}\n  engine: {line}",
                theirs.unwrap_or("unknown")
            ));
        }
    }
    assert!(
        differences.is_empty(),
        "{} differences\n{}",
        differences.len(),
        differences.join("\n")
    );
}

/// Writes the fixture from the real server.
#[test]
#[ignore = "writes the fixture anew; run by `cargo xtask record`"]
fn record() {
    let mut server = Reference::start().unwrap_or_else(|why| panic!("{why}"));
    let lines = facts(&mut server);
    let text: String = lines
        .iter()
        .map(|(name, line)| format!("{name}: {line}\n"))
        .collect();
    std::fs::write(fixture(), text).expect("a writable fixture");
}
