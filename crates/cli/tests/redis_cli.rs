//! `redwind repl` beside redis-cli: `redis-cli/session.txt` holds a session, every line with what redis-cli prints for it on a
//! terminal, connected to a real server. Recorded, with redis-cli in the path, by
//! `REDWIND_REFERENCE=path/of/redis-server cargo test -p redwind-cli --test redis_cli -- --ignored record`.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::{env, fs, thread};

use redwind_reference::{Port, Process};

/// A line and what is printed; lines that begin with `~` are sent, but what they print is of the moment.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Asked {
    line: String,
    printed: String,
    compared: bool,
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/redis-cli/session.txt")
}

fn session() -> Vec<Asked> {
    let text = fs::read_to_string(path()).expect("the session is there");
    let mut asked: Vec<Asked> = Vec::new();
    for line in text.lines() {
        let sent = line.strip_prefix("> ").map(|sent| (sent, true));
        let sent = sent.or_else(|| line.strip_prefix("~ ").map(|sent| (sent, false)));
        match (sent, asked.last_mut()) {
            (Some((sent, compared)), _) => asked.push(Asked {
                line: sent.to_owned(),
                printed: String::new(),
                compared,
            }),
            (None, Some(last)) => {
                last.printed += line;
                last.printed += "\n";
            }
            // What stands before the first line explains.
            (None, None) => {}
        }
    }
    asked
}

/// Both programs say so of such a line, whatever the connection is at, and nothing is sent.
const BETWEEN: &str = "unknown redis-cli internal command ':between'\n";

/// What a program prints for each line.
fn printed_by(mut program: Command, asked: &[Asked]) -> Vec<String> {
    let mut child = program
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let input: String = asked
        .iter()
        .map(|asked| format!("{}\n:between\n", asked.line))
        .collect();
    let mut keys = child.stdin.take().expect("it reads");
    let typing = thread::spawn(move || keys.write_all(input.as_bytes()));
    let told = child.wait_with_output().expect("it ends");
    typing.join().expect("no panic").expect("it takes all");
    let text = String::from_utf8_lossy(&told.stdout).into_owned();
    // What redis-cli prints as it came may lack a line's end, so a mark may stand anywhere.
    let mut parts: Vec<String> = text.split(BETWEEN).map(str::to_owned).collect();
    assert_eq!(parts.pop().as_deref(), Some(""));
    assert_eq!(parts.len(), asked.len(), "{text}");
    parts
}

#[test]
fn every_line_of_a_session_prints_what_redis_cli_prints() {
    let session = session();
    assert!(session.len() > 300, "{}", session.len());
    let mut repl = Command::new(env!("CARGO_BIN_EXE_redwind"));
    repl.arg("repl");
    let mut different = Vec::new();
    for (asked, printed) in session.iter().zip(printed_by(repl, &session)) {
        if asked.compared && asked.printed != printed {
            different.push(format!(
                "> {}\n{}but redwind repl prints\n{printed}",
                asked.line, asked.printed
            ));
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}

#[test]
#[ignore = "writes the session anew, beside a real server"]
fn record() {
    let program = env::var("REDWIND_REFERENCE").expect("REDWIND_REFERENCE names a redis-server");
    let port = Port::reserve().expect("a free port");
    let settings = ["--enable-debug-command", "yes"];
    let _server = Process::start(Command::new(program), &port, &settings).expect("it starts");
    let session = session();
    let mut cli = Command::new("redis-cli");
    cli.args(["--no-raw", "-p", &port.number().to_string()]);
    let printed = printed_by(cli, &session);
    let mut text = String::from(
        "What redis-cli prints on a terminal for each of these lines, beside Redis 8.2.3: see ../redis_cli.rs.\n\
         Lines with ~ are sent too, but what they print is of the moment.\n\n",
    );
    for (asked, printed) in session.iter().zip(printed) {
        let (mark, printed) = match asked.compared {
            true => (">", printed.as_str()),
            false => ("~", ""),
        };
        text += &format!("{mark} {}\n{printed}", asked.line);
    }
    fs::write(path(), text).expect("it is written");
}
