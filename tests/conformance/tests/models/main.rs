//! The types beside naive models: whatever is done, in whichever encoding, the replies are those of a few lines over a
//! collection of the standard library.
//!
//! What is done is drawn from fixed seeds; `REDWIND_SEED` asks for others, `REDWIND_CASES` for more of them. A failure
//! is shrunk to a shortest list of operations before it is shown.

mod clones;
mod fields;
mod lists;
mod scans;
mod sets;
mod streams;
mod zsets;

use bytes::Bytes;
use proptest::test_runner::{Config, RngSeed};
use redwind_conformance::Subject;
use redwind_conformance::ours::Ours;
use redwind_engine::{Micros, Value};

fn from_env(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}

/// So many cases, the same in every run.
fn cases(count: u32) -> Config {
    Config {
        cases: from_env("REDWIND_CASES", u64::from(count)) as u32,
        rng_seed: RngSeed::Fixed(from_env("REDWIND_SEED", 1)),
        failure_persistence: None,
        max_shrink_iters: 1_000,
        ..Config::default()
    }
}

/// A server whose collections outgrow their compact encodings early, so that small ones are of every encoding.
fn server() -> Ours {
    let mut server = Ours::new(Micros(1_700_000_000_000_000));
    ask(
        &mut server,
        "CONFIG SET zset-max-listpack-entries 12 set-max-intset-entries 8 set-max-listpack-entries 12 \
         set-max-listpack-value 20 hash-max-listpack-entries 8 list-max-listpack-size 5 stream-node-max-entries 7",
    );
    server
}

/// The reply to a command whose words hold no spaces: its texts and numbers, one after the other.
fn ask(server: &mut Ours, line: &str) -> Vec<String> {
    let words = line.split_whitespace();
    let argv: Vec<Bytes> = words.map(|word| Bytes::from(word.to_owned())).collect();
    let reply = server.send("a", &argv, false).expect("nothing waits here");
    let mut texts = Vec::new();
    flatten(&reply, &mut texts);
    texts
}

fn flatten(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::Array(items) | Value::Set(items) => {
            items.iter().for_each(|item| flatten(item, texts));
        }
        Value::Map(pairs) => pairs.iter().for_each(|(key, value)| {
            flatten(key, texts);
            flatten(value, texts);
        }),
        Value::Simple(text) | Value::Bulk(text) => {
            texts.push(String::from_utf8_lossy(text).into_owned());
        }
        Value::Error(text) => {
            let text = String::from_utf8_lossy(text);
            texts.push(format!("error: {text}"));
        }
        Value::Int(number) => texts.push(number.to_string()),
        Value::Double(number) => texts.push(number.to_string()),
        Value::Null | Value::NullArray => texts.push("nil".into()),
        other => panic!("a reply of a kind that no model has: {other:?}"),
    }
}

/// The same for a reply whose order Redis leaves open.
fn ask_unordered(server: &mut Ours, line: &str) -> Vec<String> {
    let mut texts = ask(server, line);
    texts.sort();
    texts
}

fn number(number: usize) -> Vec<String> {
    vec![number.to_string()]
}

/// What `from` and `to`, which may count from the end, mean among so many.
fn slice(from: i64, to: i64, len: usize) -> std::ops::Range<usize> {
    let len = len as i64;
    let place = |at: i64| if at < 0 { (len + at).max(0) } else { at };
    let to = if to < 0 { len + to } else { to };
    let (from, end) = (place(from).min(len), (to + 1).clamp(0, len));
    from as usize..end.max(from) as usize
}
