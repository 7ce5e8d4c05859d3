//! The command as a person meets it: what it prints, what it refuses and how, and its exit codes.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Command, Stdio};

struct Answer {
    code: Option<i32>,
    out: String,
    err: String,
}

fn redwind(args: &[&str]) -> Answer {
    with_input(args, "")
}

fn with_input(args: &[&str], input: &str) -> Answer {
    let mut child = Command::new(env!("CARGO_BIN_EXE_redwind"))
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    let mut stdin = child.stdin.take().expect("it has an input");
    stdin
        .write_all(input.as_bytes())
        .expect("it reads its input");
    drop(stdin);
    let output = child.wait_with_output().expect("the command ends");
    Answer {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).expect("text"),
        err: String::from_utf8(output.stderr).expect("text"),
    }
}

/// A built-in lesson with one thing changed, in a file of the test's own.
fn changed(name: &str, lesson: &str, from: &str, to: &str) -> PathBuf {
    let text = redwind(&["lesson", "show", lesson]).out;
    assert!(text.contains(from), "{from}");
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text.replacen(from, to, 1)).expect("the file can be written");
    path
}

#[test]
fn a_broken_promise_is_told_with_its_holders_and_exits_with_1() {
    let told = redwind(&["run", "locks/gc-pause"]);
    assert_eq!(told.code, Some(1), "{}", told.err);
    assert!(
        told.out.contains("✗ Mutual exclusion: VIOLATED"),
        "{}",
        told.out
    );
    let finding = told
        .out
        .lines()
        .find(|line| line.contains("as the holder of"))
        .expect("a finding");
    assert!(
        finding.contains("worker-a") && finding.contains("worker-b"),
        "{finding}"
    );
    assert!(!told.out.contains('\x1b'), "no colour in a pipe");
}

#[test]
fn the_fenced_variant_exits_with_0_under_the_same_faults_and_shows_the_refusal() {
    let told = redwind(&["run", "locks/gc-pause", "--variant", "fencing"]);
    assert_eq!(told.code, Some(0), "{}", told.err);
    assert!(
        told.out
            .contains("fault: pause worker-a after worker-a's 1st storage.read for 15s")
    );
    assert!(
        told.out.contains("storage refuses worker-a's write"),
        "{}",
        told.out
    );
    assert!(
        told.out.contains("✓ Mutual exclusion: held"),
        "{}",
        told.out
    );
}

#[test]
fn faults_are_added_and_the_lessons_own_left_out() {
    let calm = redwind(&["run", "locks/gc-pause", "--no-faults"]);
    assert_eq!(calm.code, Some(0));
    assert!(calm.out.contains("no faults"));
    let fault = "pause worker-a after worker-a's 1st SET for 14s";
    let own = redwind(&["run", "locks/gc-pause", "--no-faults", "--fault", fault]);
    assert_eq!(own.code, Some(1), "{}", own.out);
    assert!(own.out.contains(&format!("fault: {fault}")));
    let both = redwind(&["run", "locks/gc-pause", "--fault", "crash worker-b at 1s"]);
    assert_eq!(
        both.out
            .lines()
            .filter(|line| line.starts_with("fault: "))
            .count(),
        2
    );
}

#[test]
fn a_run_can_be_read_by_a_program() {
    let told = redwind(&["run", "locks/gc-pause", "--format", "json"]);
    assert_eq!(told.code, Some(1));
    let json: serde_json::Value = serde_json::from_str(&told.out).expect("it is JSON");
    assert_eq!(json["scene"]["variant"], "naive");
    let verdict = &json["trace"]["verdicts"][0];
    assert_eq!(verdict["outcome"], "Violated");
    let last = verdict["evidence"]
        .as_array()
        .and_then(|all| all.last())
        .and_then(serde_json::Value::as_u64);
    let record =
        &json["trace"]["records"][usize::try_from(last.expect("evidence")).expect("an index")];
    assert_eq!(record["kind"], "Performed");
}

#[test]
fn the_same_run_has_the_same_hash_and_another_seed_another() {
    let hash = |args: &[&str]| redwind(args).out.lines().last().map(str::to_owned);
    let once = hash(&["run", "locks/gc-pause", "--variant", "token"]);
    assert_eq!(once, hash(&["run", "locks/gc-pause", "--variant", "token"]));
    assert_ne!(
        once,
        hash(&["run", "locks/gc-pause", "--variant", "token", "--seed", "8"])
    );
}

#[test]
fn wrong_input_is_refused_with_what_to_do_and_2() {
    for (args, expected) in [
        (
            vec!["run", "locks/gc-paus"],
            "there is no lesson locks/gc-paus: did you mean locks/gc-pause?",
        ),
        (vec!["run", "pause"], "did you mean locks/gc-pause?"),
        (vec!["run", "no/where.md"], "cannot read no/where.md"),
        (
            vec!["run", "locks/gc-pause", "--variant", "fenced"],
            "locks/gc-pause has no variant fenced: it has naive, token, fencing",
        ),
        (
            vec!["run", "locks/gc-pause", "--fault", "stop worker-a"],
            "\"stop worker-a\" can't be done: ",
        ),
        (
            vec!["run", "locks/gc-pause", "--fault", "crash worker-x at 1s"],
            "worker-x",
        ),
        (
            vec!["run", "locks/gc-pause", "--seed", "many"],
            "invalid value 'many'",
        ),
        (
            vec!["lesson", "check", "nothing-here"],
            "there is no lesson nothing-here",
        ),
        (vec!["runn"], "unrecognized subcommand"),
    ] {
        let told = redwind(&args);
        assert_eq!(told.code, Some(2), "{args:?}: {}", told.err);
        assert!(told.err.contains(expected), "{args:?}: {}", told.err);
        assert!(told.out.is_empty(), "{args:?}: {}", told.out);
    }
}

#[test]
fn a_mistake_in_a_program_is_told_with_file_and_line() {
    let path = changed(
        "syntax.md",
        "locks/gc-pause",
        "report = storage.read(\"report\")",
        "report = = 3",
    );
    let told = redwind(&["run", &path.to_string_lossy()]);
    assert_eq!(told.code, Some(2), "{}", told.err);
    let text = std::fs::read_to_string(&path).expect("it was just written");
    let line = text
        .lines()
        .position(|line| line.contains("report = = 3"))
        .expect("it was put there")
        + 1;
    assert!(
        told.err.contains(&format!("syntax.md:{line}:")),
        "{}",
        told.err
    );
}

#[test]
fn an_endless_loop_is_stopped_and_told() {
    let path = changed(
        "endless.md",
        "locks/gc-pause",
        "line = r.lpop(\"totals\")",
        "while True:\n    pass",
    );
    let told = redwind(&["run", &path.to_string_lossy()]);
    assert_eq!(told.code, Some(3), "{}", told.err);
    let said = "The run was cut after 20000 records, when worker-a had come to line 21 ";
    assert!(
        told.out.contains(said) && told.out.contains("as in a loop that never ends"),
        "{}",
        told.out
    );
}

#[test]
fn a_run_cut_short_decides_nothing_and_exits_with_3() {
    let path = changed(
        "short.md",
        "locks/gc-pause",
        "latency = \"2ms\"",
        "latency = \"2ms\"\nuntil = \"5s\"",
    );
    let told = redwind(&["run", &path.to_string_lossy(), "--variant", "fencing"]);
    assert_eq!(told.code, Some(3), "{}{}", told.out, told.err);
    assert!(
        told.out.contains("? Mutual exclusion: undecided"),
        "{}",
        told.out
    );
}

#[test]
fn lessons_are_listed_shown_and_proven() {
    let list = redwind(&["lesson", "list"]).out;
    for id in ["caching/cache-aside", "queues/reliable", "locks/gc-pause"] {
        assert!(list.contains(id), "{list}");
    }
    assert!(
        redwind(&["lesson", "show", "locks/gc-pause"])
            .out
            .starts_with("+++\nid = \"locks/gc-pause\"")
    );
    let proven = redwind(&["lesson", "check"]);
    assert_eq!(proven.code, Some(0), "{}{}", proven.out, proven.err);
    assert!(
        proven.out.contains("✓ locks/gc-pause  3 variants"),
        "{}",
        proven.out
    );
}

#[test]
fn a_claim_that_is_not_so_exits_with_1_and_names_its_line() {
    let path = changed(
        "claim.md",
        "locks/gc-pause",
        "token = { violated = [\"mutual exclusion\"] }",
        "token = \"held\"",
    );
    let told = redwind(&["lesson", "check", &path.to_string_lossy()]);
    assert_eq!(told.code, Some(1), "{}", told.err);
    assert!(told.out.contains("claim.md:"), "{}", told.out);
    assert!(
        told.out
            .contains("`mutual exclusion` is claimed to be held, but it is violated"),
        "{}",
        told.out
    );
}

#[test]
fn a_lesson_that_cannot_be_read_exits_with_2_and_says_what_to_do() {
    let path = changed("key.md", "locks/gc-pause", "minutes = 6", "minuts = 6");
    let told = redwind(&["lesson", "check", &path.to_string_lossy()]);
    assert_eq!(told.code, Some(2), "{}", told.out);
    assert!(
        told.out.contains("has no key `minuts`") && told.out.contains("Did you mean `minutes`?"),
        "{}",
        told.out
    );
}

#[test]
fn the_clock_of_the_repl_stands_still_until_it_is_moved() {
    let told = with_input(
        &["repl"],
        "SET k v PX 1500\nPTTL k\n@ +1500ms\nGET k\n@ +1ms\nGET k\n@ now\nGET 'k\nNOPE\nquit\nGET never\n",
    );
    assert_eq!(told.code, Some(0), "{}", told.err);
    let expected = "\
OK
(integer) 1500
(2026-01-01 00:00:01.500 UTC)
\"v\"
(k expires)
(2026-01-01 00:00:01.501 UTC)
(nil)
(2026-01-01 00:00:01.501 UTC)
Invalid argument(s)
(error) ERR unknown command 'NOPE', with args beginning with: 
";
    assert_eq!(told.out, expected);
}

#[test]
fn the_repl_takes_lines_as_redis_cli_does() {
    let told = with_input(
        &["repl"],
        "2 INCR x\n0 PING\n:set hints\n:foo\nINFO keyspace\nMULTI\nGET x\nEXEC\nHELLO 3 SETNAME me\nXADD s 1-1 a b\n\
         XREAD STREAMS s 0\nCLIENT GETNAME\nhelp @nothing\nhelp getdel\nQUIT\n",
    );
    let (before, after) = told.out.split_once("1# \"server\"").expect("HELLO answers");
    let expected = "\
(integer) 1
(integer) 2
Invalid redis-cli repeat command option value.
unknown redis-cli internal command ':foo'
# Keyspace
db0:keys=1,expires=0,avg_ttl=0,subexpiry=0
OK
QUEUED
1) \"2\"
";
    assert_eq!(before, expected);
    let (_, after) = after.split_once("(empty array)\n").expect("no modules");
    let expected = "\
\"1-1\"
1# \"s\" => \n   1) 1) \"1-1\"
      2) 1) \"a\"
         2) \"b\"
\"me\"
There is no group @nothing.";
    assert!(after.starts_with(expected), "{after}");
    assert!(after.contains("\n\n  GETDEL key\n  summary: "), "{after}");
}

#[test]
fn who_subscribes_in_the_repl_hears_what_is_published_from_the_next_connection() {
    let told = with_input(
        &["repl"],
        "SELECT 3\nSUBSCRIBE news\nPUBLISH news hello\nSET here 1\nINFO keyspace\n",
    );
    let expected = "\
OK
Reading messages... (you go on from a new connection; what arrives is shown)
1) \"subscribe\"
2) \"news\"
3) (integer) 1
1) \"message\"
2) \"news\"
3) \"hello\"
(integer) 1
OK
# Keyspace
db3:keys=1,expires=0,avg_ttl=0,subexpiry=0
";
    assert_eq!(told.out, expected);
}

#[test]
fn a_command_that_waits_in_the_repl_is_answered_when_its_time_comes() {
    let told = with_input(
        &["repl"],
        "BLPOP jobs 5\nRPUSH jobs a\nBLPOP jobs 5\n@ +5s\n",
    );
    let expected = "\
(it waits; you go on from a new connection, and `@ +5s` lets time pass)
(integer) 1
(BLPOP jobs 5, which waited:)
1) \"jobs\"
2) \"a\"
(it waits; you go on from a new connection, and `@ +5s` lets time pass)
(BLPOP jobs 5, which waited:)
(nil)
(2026-01-01 00:00:05.000 UTC)
";
    assert_eq!(told.out, expected);
}

#[test]
fn help_teaches_by_examples() {
    for (args, expected) in [
        (
            vec!["--help"],
            "redwind run locks/gc-pause --variant fencing",
        ),
        (
            vec!["run", "--help"],
            "pause worker-a for 15s after worker-a's 2nd SET",
        ),
        // Every fault there is, not only those of clients.
        (vec!["run", "--help"], "move-slot 866 to n2 at 3s for 500ms"),
        (vec!["repl", "--help"], "@ +5s"),
    ] {
        let told = redwind(&args);
        assert_eq!(told.code, Some(0));
        assert!(told.out.contains(expected), "{}", told.out);
    }
}

#[test]
fn a_server_answers_over_tcp_until_it_is_told_to_stop() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_redwind"))
        .args(["serve", "--port", "0"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the command starts");
    let mut said = String::new();
    let mut out = BufReader::new(child.stdout.take().expect("it prints"));
    out.read_line(&mut said).expect("it says where it listens");
    let address = said
        .strip_prefix("Redwind listens on ")
        .and_then(|rest| rest.split(';').next())
        .unwrap_or_else(|| panic!("{said}"));
    let taken = address.rsplit(':').next().expect("a port");

    let mut client = TcpStream::connect(address).expect("it listens");

    let refused = redwind(&["serve", "--port", taken]);
    assert_eq!(refused.code, Some(2), "{}", refused.err);
    assert!(refused.err.contains(taken), "{}", refused.err);

    client
        .write_all(b"SET k v\r\nGET k\r\nSHUTDOWN NOSAVE\r\n")
        .expect("it reads");
    let mut replies = String::new();
    client.read_to_string(&mut replies).expect("it answers");
    assert_eq!(replies, "+OK\r\n$1\r\nv\r\n");
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}
