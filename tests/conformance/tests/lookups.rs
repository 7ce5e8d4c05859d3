//! `keyspace_hits`, `keyspace_misses` and `rdb_changes_since_last_save` move with every command as they do in a real server,
//! and so does how often a key counts as used: `fixtures/lookups.txt` was recorded from one.

use std::path::PathBuf;

use bytes::Bytes;
use redwind_conformance::Subject;
use redwind_conformance::ours::Ours;
use redwind_conformance::reference::Reference;
use redwind_engine::{Micros, Value};

fn fixture() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/lookups.txt")
}

fn send(subject: &mut impl Subject, line: &str) -> Option<Value> {
    let words = redwind_resp::split_words(line.as_bytes()).expect("the quotes are closed");
    let argv: Vec<Bytes> = words.into_iter().map(Bytes::from).collect();
    subject.send("a", &argv, false)
}

/// `hits misses frequency changes` of one command after these have made the keys.
fn count(subject: &mut impl Subject, before: &str, line: &str) -> String {
    for line in ["FLUSHALL"].into_iter().chain(before.split(" ; ")) {
        send(subject, line);
    }
    send(subject, "CONFIG RESETSTAT");
    let changes = info(subject, "rdb_changes_since_last_save:");
    send(subject, line);
    let hits = info(subject, "keyspace_hits:");
    let misses = info(subject, "keyspace_misses:");
    let changes = info(subject, "rdb_changes_since_last_save:") - changes;
    let frequency = match send(subject, "OBJECT FREQ k") {
        Some(Value::Int(frequency)) => frequency.to_string(),
        _ => "gone".to_owned(),
    };
    format!("{hits} {misses} {frequency} {changes}")
}

/// A number that `INFO` tells.
fn info(subject: &mut impl Subject, name: &str) -> i64 {
    let Some(Value::Bulk(text) | Value::Verbatim { text, .. }) = send(subject, "INFO") else {
        panic!("INFO is a text");
    };
    let text = String::from_utf8_lossy(&text).into_owned();
    let found = text.lines().find_map(|line| line.strip_prefix(name));
    let number = found.and_then(|number| number.parse().ok());
    number.unwrap_or_else(|| panic!("no {name}"))
}

/// The fixture with the counts of this subject.
fn play(subject: &mut impl Subject) -> String {
    let (mut text, mut before) = (String::new(), String::new());
    // So every use counts, not only some by chance.
    send(
        subject,
        "CONFIG SET maxmemory-policy allkeys-lfu lfu-log-factor 0",
    );
    let lines = std::fs::read_to_string(fixture()).expect("a readable fixture");
    for line in lines.lines() {
        if let Some(setup) = line.strip_prefix("= ") {
            setup.clone_into(&mut before);
        }
        if line.is_empty() || line.starts_with(['#', '=']) {
            text.push_str(line);
        } else {
            let command = line.split(" -> ").next().unwrap_or_default();
            let there = count(subject, &before, command);
            let absent = command.replace(" k", " nothing");
            let missing = count(subject, &before, &absent);
            text.push_str(&format!("{command} -> {there}, {missing}"));
        }
        text.push('\n');
    }
    text
}

#[test]
fn each_command_counts_the_keys_that_it_finds_and_misses_as_a_real_server_does() {
    let recorded = std::fs::read_to_string(fixture()).expect("a readable fixture");
    let played = play(&mut Ours::new(Micros(1_700_000_000_000_000)));
    let differences: Vec<String> = recorded
        .lines()
        .zip(played.lines())
        .filter(|(recorded, ours)| recorded != ours)
        .map(|(recorded, ours)| format!("redis:  {recorded}\nengine: {ours}"))
        .collect();
    assert!(
        differences.is_empty(),
        "{} commands count differently\n{}",
        differences.len(),
        differences.join("\n")
    );
}

/// Writes the counts of the real server into the fixture.
#[test]
#[ignore = "writes the fixture anew; run by `cargo xtask record`"]
fn record() {
    let mut server = Reference::start().unwrap_or_else(|why| panic!("{why}"));
    let text = play(&mut server);
    std::fs::write(fixture(), text).expect("a writable fixture");
}
