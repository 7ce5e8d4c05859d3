//! Which keys give way when memory runs out: the policies choose among samples, so it is shares that are held to bounds, which a
//! real server keeps in the same situation (`a_real_server_chooses_about_as_well`).

use std::collections::BTreeSet;

use bytes::Bytes;
use redwind_conformance::Subject;
use redwind_conformance::ours::Ours;
use redwind_conformance::reference::Reference;
use redwind_engine::{Micros, Value};

const KEYS: usize = 1_000;

fn send(subject: &mut impl Subject, line: &str) -> Value {
    let argv: Vec<Bytes> = line
        .split(' ')
        .map(|word| Bytes::from(word.to_owned()))
        .collect();
    subject.send("a", &argv, false).expect("a reply")
}

fn used(subject: &mut impl Subject) -> i64 {
    let (Value::Bulk(text) | Value::Verbatim { text, .. }) = send(subject, "INFO memory") else {
        panic!("INFO is a text");
    };
    let text = String::from_utf8_lossy(&text).into_owned();
    let used = text
        .lines()
        .find_map(|line| line.strip_prefix("used_memory:"));
    used.and_then(|used| used.parse().ok()).expect("a number")
}

/// Makes keys of which the even ones deserve to stay, takes away the memory of about a quarter of them all, and gives what
/// share of those that went deserved it.
fn share_of_right_victims(subject: &mut impl Subject, policy: &str) -> f64 {
    send(subject, "FLUSHALL");
    // So that every use counts.
    send(
        subject,
        &format!("CONFIG SET maxmemory 0 lfu-log-factor 0 maxmemory-policy {policy}"),
    );
    let value = "x".repeat(500);
    for key in 0..KEYS {
        // What goes first by expiry goes first by use, too.
        let seconds = if key % 2 == 0 { 200_000 } else { 100_000 };
        send(subject, &format!("SET k{key} {value} EX {seconds}"));
    }
    subject.pass(2_100);
    for key in (0..KEYS).step_by(2) {
        send(subject, &format!("GET k{key}"));
    }
    let limit = used(subject) - (KEYS * 500 / 4) as i64;
    send(subject, &format!("CONFIG SET maxmemory {limit}"));
    // Memory is made as commands come.
    for _ in 0..KEYS {
        send(subject, "PING");
    }
    let left: BTreeSet<String> = match send(subject, "KEYS *") {
        Value::Array(keys) => keys.iter().map(redwind_resp::render).collect(),
        other => panic!("no keys: {other:?}"),
    };
    let gone: Vec<usize> = (0..KEYS)
        .filter(|key| !left.contains(&format!("\"k{key}\"")))
        .collect();
    send(
        subject,
        "CONFIG SET maxmemory 0 lfu-log-factor 10 maxmemory-policy noeviction",
    );
    assert!((100..500).contains(&gone.len()), "{} keys went", gone.len());
    let right = gone.iter().filter(|key| **key % 2 == 1).count();
    right as f64 / gone.len() as f64
}

const BY_MERIT: [&str; 5] = [
    "allkeys-lru",
    "volatile-lru",
    "allkeys-lfu",
    "volatile-lfu",
    "volatile-ttl",
];

const BY_CHANCE: [&str; 2] = ["allkeys-random", "volatile-random"];

#[test]
fn who_deserves_to_go_goes_nearly_always_and_chance_spares_nobody() {
    let mut ours = Ours::new(Micros(1_700_000_000_000_000));
    for policy in BY_MERIT {
        let share = share_of_right_victims(&mut ours, policy);
        assert!(share > 0.97, "{policy}: {share}");
    }
    for policy in BY_CHANCE {
        let share = share_of_right_victims(&mut ours, policy);
        assert!((0.4..0.6).contains(&share), "{policy}: {share}");
    }
}

#[test]
fn keys_without_an_expiry_survive_the_volatile_policies() {
    let mut ours = Ours::new(Micros(1_700_000_000_000_000));
    for policy in [
        "volatile-lru",
        "volatile-lfu",
        "volatile-ttl",
        "volatile-random",
    ] {
        send(&mut ours, "FLUSHALL");
        send(&mut ours, "SET lasting v");
        send(&mut ours, "SET passing v EX 1000");
        send(
            &mut ours,
            &format!("CONFIG SET maxmemory 1 maxmemory-policy {policy}"),
        );
        let refused = send(&mut ours, "SET new v");
        assert!(
            refused.is_error(),
            "{policy}: there is nothing left to evict"
        );
        assert_eq!(
            send(&mut ours, "EXISTS lasting passing"),
            Value::Int(1),
            "{policy}"
        );
        assert_eq!(send(&mut ours, "EXISTS lasting"), Value::Int(1), "{policy}");
        send(&mut ours, "CONFIG SET maxmemory 0");
    }
}

#[test]
#[ignore = "takes a while; shows what a real server does"]
fn a_real_server_chooses_about_as_well() {
    let mut server = Reference::start().unwrap_or_else(|why| panic!("{why}"));
    for policy in BY_MERIT {
        let share = share_of_right_victims(&mut server, policy);
        assert!(share > 0.97, "{policy}: {share}");
    }
    for policy in BY_CHANCE {
        let share = share_of_right_victims(&mut server, policy);
        assert!((0.4..0.6).contains(&share), "{policy}: {share}");
    }
}
