//! Runs scripts that use a real client against a server, and compares what they print with what they printed
//! beside a real redis-server.

mod server;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

pub use server::{Kind, Running};

/// No scenario takes as long as this, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(100);

/// Plays `<folder>/<script>` on both servers, and compares it with `recorded/<script>.txt`.
///
/// `REDWIND_RECORD=1` writes that file anew, from the real server. Where what the script needs is missing it is
/// skipped, which is said; with `REDWIND_REQUIRE_CLIENTS=1` that is an error.
pub fn play(folder: &str, script: &str) {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = home.join(folder).join(script);
    let recorded = home.join("recorded").join(format!("{script}.txt"));
    let command = match command(folder) {
        Ok(command) => command,
        Err(missing) => {
            let text = format!("*** SKIPPED {folder}/{script}: {missing}\n");
            assert!(
                std::env::var_os("REDWIND_REQUIRE_CLIENTS").is_none(),
                "{text}"
            );
            // Not by `eprintln!`, which the test harness keeps to itself when a test passes.
            let _ = std::io::stderr().write_all(text.as_bytes());
            return;
        }
    };
    let has_reference = redwind_reference::find().is_some();
    if std::env::var_os("REDWIND_RECORD").is_some() {
        assert!(
            has_reference,
            "no redis-server to record from: `cargo xtask reference` fetches it"
        );
        let told = run(&command, &path, Kind::Reference).unwrap_or_else(|why| panic!("{why}"));
        fs::write(&recorded, told).expect("the recording can be written");
    }
    let expected = fs::read_to_string(&recorded).unwrap_or_else(|error| {
        panic!("no recording of {script} ({error}): REDWIND_RECORD=1 makes one")
    });
    let kinds = [Kind::Redwind, Kind::Reference];
    std::thread::scope(|scope| {
        let players: Vec<_> = kinds[..1 + usize::from(has_reference)]
            .iter()
            .map(|kind| scope.spawn(|| (*kind, run(&command, &path, *kind))))
            .collect();
        for player in players {
            let (kind, told) = player.join().expect("a scenario does not panic");
            match told {
                Err(why) => panic!("{script} with {kind:?}: {why}"),
                Ok(told) if told != expected => {
                    panic!(
                        "{script} with {kind:?} is not as recorded:\n{}",
                        difference(&expected, &told)
                    )
                }
                Ok(_) => {}
            }
        }
    });
}

/// Lines that are missing and lines that are too many.
fn difference(expected: &str, told: &str) -> String {
    let (expected, told): (Vec<_>, Vec<_>) = (expected.lines().collect(), told.lines().collect());
    let common = expected
        .iter()
        .zip(&told)
        .take_while(|(a, b)| a == b)
        .count();
    let part = |mark: char, lines: &[&str]| {
        let lines = lines.iter().skip(common).take(5);
        lines
            .map(|line| format!("{mark} {line}\n"))
            .collect::<String>()
    };
    part('-', &expected) + &part('+', &told)
}

/// What runs the scripts of a folder, with its environment, or what is missing.
fn command(folder: &str) -> Result<Vec<PathBuf>, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("this is in tests/clients");
    let fetched = root.join("target/clients");
    let found = |path: PathBuf, remedy: &str| {
        let there = path.exists();
        there.then_some(path).ok_or_else(|| {
            format!("{remedy}; `make clients-test` fetches it and says why it cannot")
        })
    };
    match folder {
        "python" => {
            let python = found(fetched.join("venv/bin/python"), "no Python clients")?;
            found(fetched.join("venv/complete"), "no Python clients")?;
            Ok(vec![python, "-B".into()])
        }
        "node" => {
            found(
                fetched.join("node_modules/.package-lock.json"),
                "no clients for Node",
            )?;
            Ok(vec!["node".into()])
        }
        _ => {
            let folders = std::env::var_os("PATH").unwrap_or_default();
            let cli = std::env::split_paths(&folders).map(|folder| folder.join("redis-cli"));
            let there = cli.into_iter().find(|path| path.exists());
            found(there.unwrap_or_default(), "no redis-cli")?;
            Ok(vec!["bash".into()])
        }
    }
}

/// What a script prints; a line that begins with `@` is an order to the server, and is answered when it is done.
fn run(command: &[PathBuf], script: &Path, kind: Kind) -> Result<String, String> {
    let mut server = Running::start(kind);
    let root = script.ancestors().nth(4).expect("it is in tests/clients/…");
    let mut child = Command::new(&command[0])
        .args(&command[1..])
        .arg(script)
        .env("REDIS_PORT", server.port().to_string())
        .env("NODE_PACKAGES", root.join("target/clients"))
        .env("NO_COLOR", "1")
        .current_dir(std::env::temp_dir())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cannot start {}: {error}", command[0].display()))?;
    let mut stdin = child.stdin.take().expect("it has an input");
    let stdout = BufReader::new(child.stdout.take().expect("it has an output"));
    let stderr = BufReader::new(child.stderr.take().expect("it has an error output"));
    let complaints = std::thread::spawn(move || lines(stderr, |_| {}));
    let (said, heard) = channel();
    let listener = std::thread::spawn(move || {
        lines(stdout, |line| {
            said.send(line.to_owned()).unwrap_or_default()
        });
    });
    let mut told = String::new();
    let mut late = false;
    loop {
        match heard.recv_timeout(PATIENCE) {
            Ok(line) => match line.strip_prefix('@') {
                Some(order) => {
                    server.obey(order);
                    // It may not wait for the answer.
                    let _ = stdin.write_all(b"done\n").and_then(|()| stdin.flush());
                }
                None => told.extend([&*line, "\n"]),
            },
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                late = true;
                child.kill().map_err(|error| error.to_string())?;
                break;
            }
        }
    }
    let status = child.wait().map_err(|error| error.to_string())?;
    if late {
        return Err(format!("nothing for {PATIENCE:?} after\n{told}"));
    }
    let _ = listener.join();
    let complaints = complaints.join().unwrap_or_default();
    if status.success() {
        return Ok(told);
    }
    Err(format!(
        "it ended with {status} after\n{told}\n{complaints}"
    ))
}

fn lines(input: impl BufRead, mut each: impl FnMut(&str)) -> String {
    let mut all = String::new();
    for line in input.split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line).into_owned();
        each(&line);
        all.extend([&*line, "\n"]);
    }
    all
}
