//! Lines, prompts and replies, as redis-cli 7 shows them on a terminal beside Redis 8.2.

use redwind_resp::{BadLine, Line, Prompt, Value, render, render_reply};

fn map(pairs: Vec<(Value, Value)>) -> Value {
    Value::Map(pairs)
}

fn array(items: Vec<Value>) -> Value {
    Value::Array(items)
}

#[test]
fn a_value_of_several_elements_begins_on_its_own_line_in_a_map() {
    let name = || Value::text("a");
    let two = || array(vec![Value::Int(1), Value::Int(2)]);
    let one = |value| array(vec![value]);
    for (value, shown) in [
        (one(Value::Int(1)), "1# \"a\" => 1) (integer) 1"),
        (one(one(Value::Int(1))), "1# \"a\" => 1) 1) (integer) 1"),
        (two(), "1# \"a\" => \n   1) (integer) 1\n   2) (integer) 2"),
        (
            one(two()),
            "1# \"a\" => \n   1) 1) (integer) 1\n      2) (integer) 2",
        ),
        (array(Vec::new()), "1# \"a\" => (empty array)"),
        (
            map(vec![(name(), one(Value::Int(1)))]),
            "1# \"a\" => 1# \"a\" => 1) (integer) 1",
        ),
        (
            map(vec![(name(), two())]),
            "1# \"a\" => \n   1# \"a\" => \n      1) (integer) 1\n      2) (integer) 2",
        ),
        (
            // Of a key's length nothing depends.
            map(vec![(two(), Value::Int(3))]),
            "1# \"a\" => 1# 1) (integer) 1\n      2) (integer) 2 => (integer) 3",
        ),
        (
            Value::Set(vec![Value::text("c"), Value::text("b")]),
            "1# \"a\" => \n   1~ \"c\"\n   2~ \"b\"",
        ),
    ] {
        assert_eq!(render(&map(vec![(name(), value)])), shown);
    }
}

#[test]
fn reports_are_shown_as_they_are_and_everything_else_is_quoted() {
    let text = Value::bulk("# Keyspace\r\ndb0:keys=1\r\n");
    let shown = |line: &str, value: &Value| {
        let argv: Vec<&str> = line.split(' ').collect();
        render_reply(&argv, value)
    };
    for line in [
        "INFO",
        "info keyspace",
        "CLIENT LIST",
        "client info",
        "cluster NODES",
        "memory doctor",
    ] {
        assert_eq!(shown(line, &text), "# Keyspace\ndb0:keys=1", "{line}");
    }
    for line in ["GET info", "CLIENT GETNAME", "CLUSTER NODES x"] {
        assert_eq!(
            shown(line, &text),
            "\"# Keyspace\\r\\ndb0:keys=1\\r\\n\"",
            "{line}"
        );
    }
    let error = Value::Error("ERR syntax error".into());
    assert_eq!(shown("CLIENT LIST FOO", &error), "ERR syntax error");
    assert_eq!(shown("CLIENT FOO", &error), "(error) ERR syntax error");
    assert_eq!(
        shown("CLIENT LIST", &Value::Simple("QUEUED".into())),
        "QUEUED"
    );
}

#[test]
fn a_number_before_a_command_repeats_it() {
    let read = |line: &str| Line::read(line.as_bytes());
    for (line, times, first) in [
        ("5 INCR x", 5, "INCR"),
        ("05 PING", 5, "PING"),
        ("+2 PING", 2, "PING"),
        ("\"2\" PING", 2, "PING"),
        ("PING", 1, "PING"),
        ("5", 1, "5"),
        ("2x PING", 1, "2x"),
        ("0x2 PING", 1, "0x2"),
        ("- PING", 1, "-"),
    ] {
        let read = read(line).unwrap();
        assert_eq!(
            (read.times, &read.argv[0][..]),
            (times, first.as_bytes()),
            "{line}"
        );
    }
    for line in [
        "\"\" PING",
        "0 PING",
        "-1 PING",
        "99999999999999999999 PING",
    ] {
        assert_eq!(read(line), Err(BadLine::Repeat), "{line}");
    }
    assert_eq!(read("5 \""), Err(BadLine::Unbalanced));
    assert_eq!(BadLine::Unbalanced.to_string(), "Invalid argument(s)");
    assert_eq!(
        BadLine::Repeat.to_string(),
        "Invalid redis-cli repeat command option value."
    );
    assert!(read("  ").unwrap().argv.is_empty());
}

#[test]
fn the_prompt_follows_the_connection_as_redis_cli_does() {
    let ok = || Value::Simple("OK".into());
    let queued = || Value::Simple("QUEUED".into());
    let error = || Value::Error("ERR no".into());
    let mut prompt = Prompt::default();
    for (line, reply, shown) in [
        ("GET a", Value::Null, ""),
        ("SELECT 3", ok(), "[3]"),
        ("SELECT 16", error(), "[3]"),
        ("SELECT 1 2", error(), "[3]"),
        ("MULTI", ok(), "[3](TX)"),
        ("multi", error(), "[3](TX)"),
        ("GET k", queued(), "[3](TX)"),
        ("SELECT 1", queued(), "[1](TX)"),
        ("DISCARD", ok(), "[3]"),
        ("SELECT 0", ok(), ""),
        ("MULTI", ok(), "(TX)"),
        ("SELECT 2", queued(), "[2](TX)"),
        ("EXEC", array(vec![ok()]), "[2]"),
        ("MULTI", ok(), "[2](TX)"),
        ("SELECT 5", queued(), "[5](TX)"),
        ("EXEC", Value::NullArray, "[2]"),
        ("EXEC", error(), "[2]"),
        ("MULTI", ok(), "[2](TX)"),
        ("RESET", Value::Simple("RESET".into()), ""),
    ] {
        let argv: Vec<&str> = line.split(' ').collect();
        prompt.after(&argv, &reply);
        assert_eq!(prompt.to_string(), shown, "{line}");
    }
}

#[test]
fn lines_with_passwords_are_for_no_history() {
    let secret = |line: &str| Line::read(line.as_bytes()).unwrap().is_secret();
    for line in [
        "AUTH hunter2",
        "auth ada hunter2",
        "3 AUTH hunter2",
        "CONFIG SET requirepass hunter2",
        "config set maxmemory 0 MasterAuth hunter2",
        "HELLO 3 AUTH ada hunter2",
        "HELLO 3 SETNAME me AUTH ada hunter2",
        "MIGRATE h 6379 k 0 100 AUTH hunter2",
        "MIGRATE h 6379 k 0 100 COPY AUTH2 ada hunter2",
        "SENTINEL SET mymaster quorum 2 auth-pass hunter2",
        "SENTINEL CONFIG SET sentinel-pass hunter2",
        "ACL SETUSER ada on >hunter2",
    ] {
        assert!(secret(line), "{line}");
    }
    for line in [
        "",
        "SET auth 1",
        "CONFIG GET requirepass",
        "CONFIG SET maxmemory-policy requirepass",
        "HELLO 3 SETNAME auth",
        "SENTINEL SET mymaster quorum 2",
        "ECHO auth",
    ] {
        assert!(!secret(line), "{line}");
    }
}

#[test]
fn the_prompt_of_a_connection_that_listens_says_so() {
    let confirmed = |kind: &'static str, count: i64| {
        let items = vec![Value::text(kind), Value::text("news"), Value::Int(count)];
        Value::Push(items)
    };
    let mut prompt = Prompt::default();
    prompt.after(&["SUBSCRIBE", "news"], &confirmed("subscribe", 1));
    assert_eq!(prompt.to_string(), "(subscribed mode)");
    prompt.heard(&confirmed("psubscribe", 2));
    prompt.heard(&confirmed("ssubscribe", 1));
    prompt.heard(&confirmed("message", 0));
    prompt.heard(&confirmed("unsubscribe", 1));
    prompt.heard(&confirmed("punsubscribe", 0));
    assert_eq!(prompt.to_string(), "(subscribed mode)");
    prompt.heard(&confirmed("sunsubscribe", 0));
    assert_eq!(prompt.to_string(), "");
    prompt.heard(&confirmed("subscribe", 1));
    prompt.after(&["RESET"], &Value::Simple("RESET".into()));
    assert_eq!(prompt.to_string(), "");
}
