//! Transcripts: what is typed, and what came back.
//!
//! ```text
//! # A comment; a line of `=` starts over with an empty server.
//! > SET k v PX 100
//! OK
//! @ +99ms
//! b> BLPOP q 0
//! > RPUSH q x
//! (integer) 1
//! b< 1) "q"
//!    2) "x"
//! ~> SMEMBERS s
//! ?> INFO stats | expired_keys: evicted_keys:
//! expired_keys:1
//! evicted_keys:0
//! ```
//!
//! What is sent by `!>` is not shown, because its reply differs from server to server. `b>` is another client. A command
//! without a reply waits; what a client receives later stands after `b<`. After `~>` the elements of the reply are sorted,
//! because Redis leaves their order open. After `?>` only those words of a text are shown that begin as named after the bar.

use bytes::Bytes;
use redwind_engine::Value;
use redwind_resp::{render, split_words};

use crate::Subject;

/// One line that is played.
#[derive(Debug)]
pub enum Step {
    Comment(String),
    StartOver(String),
    Pass {
        millis: u64,
        line: String,
    },
    Send {
        client: String,
        sorted: bool,
        shown: bool,
        /// The beginnings of what is shown of a text; all of it when there are none.
        only: Vec<String>,
        argv: Vec<Bytes>,
        line: String,
    },
}

/// The steps of a transcript; what was recorded is left out.
pub fn parse(text: &str) -> Vec<Step> {
    text.lines().filter_map(step).collect()
}

fn step(line: &str) -> Option<Step> {
    let line = line.trim_end();
    if line.is_empty() || line.starts_with('#') {
        return Some(Step::Comment(line.to_owned()));
    }
    if line.starts_with("==") {
        return Some(Step::StartOver(line.to_owned()));
    }
    if let Some(rest) = line.strip_prefix("@ +") {
        let millis = rest
            .trim_end_matches("ms")
            .parse()
            .unwrap_or_else(|_| panic!("{line}"));
        return Some(Step::Pass {
            millis,
            line: line.to_owned(),
        });
    }
    let (head, command) = line.split_once("> ")?;
    let (shown, head) = match head.strip_prefix('!') {
        Some(head) => (false, head),
        None => (true, head),
    };
    let (only, head, command) = match (head.strip_prefix('?'), command.rsplit_once(" | ")) {
        (Some(head), Some((command, only))) => (only, head, command),
        _ => ("", head, command),
    };
    let (sorted, client) = match head.strip_prefix('~') {
        Some(client) => (true, client),
        None => (false, head),
    };
    if client.len() > 1 || !client.chars().all(|c| c.is_ascii_lowercase()) {
        return None;
    }
    let words = split_words(command.as_bytes()).unwrap_or_else(|_| panic!("quotes: {line}"));
    let argv = words.into_iter().map(Bytes::from).collect();
    Some(Step::Send {
        client: client.to_owned(),
        sorted,
        shown,
        only: only.split_whitespace().map(str::to_owned).collect(),
        argv,
        line: line.to_owned(),
    })
}

/// Whether a command may wait, so that its reply may be late.
fn may_block(argv: &[Bytes]) -> bool {
    let name = argv[0].to_ascii_lowercase();
    let blocks = |word: &Bytes| word.eq_ignore_ascii_case(b"BLOCK");
    (name.starts_with(b"b") && !name.starts_with(b"bit") && !name.starts_with(b"bg"))
        || (name.starts_with(b"xread") && argv.iter().any(blocks))
        || name.starts_with(b"wait")
        // After which nothing is answered.
        || (name == b"client" && argv.get(1).is_some_and(|w| w.eq_ignore_ascii_case(b"reply")))
}

/// Plays a script; `fresh` empties the subject. Gives the whole transcript.
pub fn play<S: Subject>(steps: &[Step], subject: &mut S, fresh: impl Fn(&mut S)) -> String {
    let mut text = String::new();
    let mut push = |line: &str| {
        text.push_str(line);
        text.push('\n');
    };
    for step in steps {
        match step {
            Step::Comment(line) => {
                push(line);
                continue;
            }
            Step::StartOver(line) => {
                push(line);
                fresh(subject);
                continue;
            }
            Step::Pass { millis, line } => {
                push(line);
                subject.pass(*millis);
            }
            Step::Send {
                client,
                sorted,
                shown,
                only,
                argv,
                line,
            } => {
                push(line);
                if let Some(reply) = subject.send(client, argv, may_block(argv))
                    && *shown
                {
                    match reply {
                        Value::Simple(text) | Value::Bulk(text) | Value::Verbatim { text, .. }
                            if !only.is_empty() =>
                        {
                            let text = String::from_utf8_lossy(&text);
                            let mut lines = chosen(&text, only);
                            if *sorted {
                                lines.sort();
                            }
                            lines.iter().for_each(|line| push(line));
                        }
                        reply => push(&show(reply, *sorted)),
                    }
                }
            }
        }
        // By client, each in its own order: the order between connections is not observable.
        let mut late = subject.late();
        late.sort_by(|(a, _), (b, _)| a.cmp(b));
        for (client, value) in late {
            let head = format!("{client}< ");
            let indent = format!("\n{}", " ".repeat(head.len()));
            push(&format!(
                "{head}{}",
                show(value, false).replace('\n', &indent)
            ));
        }
    }
    text
}

/// The words of each line that begin in one of these ways. How long something took is not shown.
fn chosen(text: &str, only: &[String]) -> Vec<String> {
    let begins = |word: &&str| {
        only.iter()
            .any(|beginning| word.starts_with(&beginning[..]))
    };
    let lines = text.lines().map(|line| {
        let words: Vec<String> = line.split(' ').filter(begins).map(timeless).collect();
        words.join(" ")
    });
    lines.filter(|line| !line.is_empty()).collect()
}

/// Without the parts of `a=1,b=2` that depend on the speed of the machine.
fn timeless(word: &str) -> String {
    let parts = word.split_inclusive(',').filter(|part| {
        let slow = ["usec=", "usec_per_call=", "avg_ttl="];
        !slow.iter().any(|name| part.starts_with(name))
    });
    parts.collect()
}

fn show(value: Value, sorted: bool) -> String {
    render(&if sorted { sort(value) } else { value })
}

/// Orders the elements of a reply by what they look like.
pub fn sort(value: Value) -> Value {
    match value {
        Value::Array(mut items) => {
            items.sort_by_key(render);
            Value::Array(items)
        }
        Value::Set(mut items) => {
            items.sort_by_key(render);
            Value::Set(items)
        }
        Value::Map(mut pairs) => {
            pairs.sort_by_key(|(key, _)| render(key));
            Value::Map(pairs)
        }
        other => other,
    }
}
