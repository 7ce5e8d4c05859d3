//! What no transcript can hold, because a real server answers something else each time: clocks, identities, and help in our
//! own words.

use bytes::Bytes;
use redwind_conformance::Subject;
use redwind_conformance::ours::Ours;
use redwind_engine::{Command, Micros, Value, commands};
use redwind_resp::render;

fn server() -> Ours {
    Ours::new(Micros(1_700_000_000_250_000))
}

fn say(ours: &mut Ours, client: &str, line: &str) -> String {
    let argv: Vec<Bytes> = line
        .split(' ')
        .map(|word| Bytes::from(word.to_owned()))
        .collect();
    let reply = ours.send(client, &argv, false).expect("a reply");
    render(&reply)
}

#[test]
fn time_is_the_hosts_clock() {
    let mut ours = server();
    assert_eq!(
        say(&mut ours, "a", "TIME"),
        "1) \"1700000000\"\n2) \"250000\""
    );
    ours.pass(1_000);
    assert_eq!(
        say(&mut ours, "a", "TIME"),
        "1) \"1700000001\"\n2) \"250000\""
    );
}

#[test]
fn whatever_saves_moves_the_time_of_the_last_save_and_leaves_nothing_to_save() {
    for (save, answer) in [
        ("SAVE", "OK"),
        ("BGSAVE", "Background saving started"),
        ("BGSAVE SCHEDULE", "Background saving started"),
        ("DEBUG RELOAD", "OK"),
    ] {
        let mut ours = server();
        say(&mut ours, "a", "SET k v");
        assert_eq!(say(&mut ours, "a", "LASTSAVE"), "(integer) 1700000000");
        assert!(
            say(&mut ours, "a", "INFO persistence").contains("rdb_changes_since_last_save:1\\r")
        );
        ours.pass(5_000);
        assert_eq!(say(&mut ours, "a", save), answer);
        assert_eq!(
            say(&mut ours, "a", "LASTSAVE"),
            "(integer) 1700000005",
            "{save}"
        );
        let info = say(&mut ours, "a", "INFO persistence");
        assert!(
            info.contains("rdb_changes_since_last_save:0\\r"),
            "{save}: {info}"
        );
        assert!(
            info.contains("rdb_last_save_time:1700000005\\r"),
            "{save}: {info}"
        );
    }
    assert_eq!(
        say(&mut server(), "a", "BGREWRITEAOF"),
        "Background append only file rewriting started"
    );
}

#[test]
fn what_needs_a_process_is_refused() {
    let mut ours = server();
    for (line, answer) in [
        (
            "SHUTDOWN",
            "(error) ERR Errors trying to SHUTDOWN. Check logs.",
        ),
        (
            "SHUTDOWN NOSAVE NOW FORCE",
            "(error) ERR Errors trying to SHUTDOWN. Check logs.",
        ),
        ("SHUTDOWN ABORT", "(error) ERR No shutdown in progress."),
        (
            "SCRIPT KILL",
            "(error) NOTBUSY No scripts in execution right now.",
        ),
        (
            "CONFIG REWRITE",
            "(error) ERR The server is running without a config file",
        ),
    ] {
        assert_eq!(say(&mut ours, "a", line), answer, "{line}");
    }
}

#[test]
fn each_connection_has_a_number_of_its_own() {
    let mut ours = server();
    let (a, b) = (
        say(&mut ours, "a", "CLIENT ID"),
        say(&mut ours, "b", "CLIENT ID"),
    );
    assert_eq!((a.as_str(), b.as_str()), ("(integer) 1", "(integer) 2"));
    assert_eq!(say(&mut ours, "a", "CLIENT ID"), a);
}

#[test]
fn command_count_is_how_many_command_lists_without_subcommands() {
    let mut ours = server();
    let argv = ["COMMAND", "LIST"].map(Bytes::from);
    let Some(Value::Array(names)) = ours.send("a", &argv, false) else {
        panic!("a list");
    };
    let is_whole = |name: &&Value| matches!(name, Value::Bulk(name) if !name.contains(&b'|'));
    assert_eq!(
        say(&mut ours, "a", "COMMAND COUNT"),
        format!("(integer) {}", names.iter().filter(is_whole).count())
    );
}

#[test]
fn help_of_every_container_lists_all_that_it_contains() {
    let mut ours = server();
    // A server that is in no cluster tells nothing of clusters.
    let told = |command: &&Command| !command.subcommands.is_empty() && command.name != "cluster";
    for container in commands().filter(told) {
        let name = container.name.to_uppercase();
        let argv = [Bytes::from(name.clone()), Bytes::from("HELP")];
        let Some(Value::Array(lines)) = ours.send("a", &argv, false) else {
            panic!("{name} HELP is no list");
        };
        let lines: Vec<String> = lines.iter().map(render).collect();
        assert!(
            lines[0].starts_with(&format!("{name} <subcommand> ")),
            "{}",
            lines[0]
        );
        for subcommand in container.subcommands {
            let word = subcommand.name[container.name.len() + 1..].to_uppercase();
            let is_listed = lines
                .iter()
                .any(|line| line.split(' ').next() == Some(&word));
            assert!(is_listed, "{name} HELP leaves out {word}");
        }
    }
    assert!(say(&mut ours, "a", "DEBUG HELP").contains("POPULATE <count>"));
}

#[test]
fn a_key_that_nobody_asks_for_stays_while_active_expiry_is_off() {
    let mut ours = server();
    say(&mut ours, "a", "DEBUG SET-ACTIVE-EXPIRE 0");
    say(&mut ours, "a", "SET k v PX 10");
    ours.pass(1_000);
    assert_eq!(say(&mut ours, "a", "DBSIZE"), "(integer) 1");
    assert_eq!(say(&mut ours, "a", "GET k"), "(nil)");
    assert_eq!(say(&mut ours, "a", "DBSIZE"), "(integer) 0");
    say(&mut ours, "a", "DEBUG SET-ACTIVE-EXPIRE 1");
    say(&mut ours, "a", "SET k v PX 10");
    ours.pass(1_000);
    assert_eq!(say(&mut ours, "a", "DBSIZE"), "(integer) 0");
}

#[test]
fn who_asks_for_the_script_debugger_is_told_that_there_is_none() {
    let mut ours = server();
    for mode in ["YES", "SYNC"] {
        assert_eq!(say(&mut ours, "a", &format!("SCRIPT DEBUG {mode}")), "OK");
        let refused = say(&mut ours, "a", "EVAL return 0");
        assert!(refused.contains("no script debugger"), "{refused}");
        assert!(refused.contains("SCRIPT DEBUG NO"), "{refused}");
        assert_eq!(say(&mut ours, "b", "EVAL return 0"), "(nil)");
        assert_eq!(say(&mut ours, "a", "SCRIPT DEBUG NO"), "OK");
        assert_eq!(say(&mut ours, "a", "EVAL return 0"), "(nil)");
    }
}
