//! A world of few words: it answers from a list, and writes down what it was asked.

use std::collections::VecDeque;
use std::fmt::Write as _;

use redwind_client::PythonSource;
use redwind_resp::Value;
use redwind_sim::{Answer, Batch, Exit, Failure, Program, Request, Source, Start};

/// What a program asks, one line each, and what it was answered behind an arrow. Steps are left out.
pub(crate) fn asks(source: &str, answers: impl IntoIterator<Item = Answer>) -> String {
    told(source, answers, false)
}

/// The same with the steps: `line 3 x=1 y='two'`.
pub(crate) fn steps(source: &str, answers: impl IntoIterator<Item = Answer>) -> String {
    told(source, answers, true)
}

/// What a program prints, and how it ends unless it just ends.
pub(crate) fn prints(source: &str) -> String {
    printed(source, [])
}

/// The same, with answers from the world.
pub(crate) fn printed(source: &str, answers: impl IntoIterator<Item = Answer>) -> String {
    let mut program = start(source);
    let mut answers: VecDeque<Answer> = answers.into_iter().collect();
    let mut text = String::new();
    let mut answer = Answer::Done;
    loop {
        let request = program.resume(answer);
        answer = automatic(&request).unwrap_or_else(|| answers.pop_front().unwrap_or(Answer::Done));
        match request {
            Request::Print(line) => {
                let _ = writeln!(text, "{line}");
            }
            Request::Exit(Exit::Finished) => return text,
            Request::Exit(exit) => {
                let _ = writeln!(text, "{}", ending(&exit));
                return text;
            }
            _ => {}
        }
    }
}

/// The program, parsed and started.
pub(crate) fn start(source: &str) -> Box<dyn Program> {
    match PythonSource::parse(source) {
        Ok(parsed) => parsed.start(&Start {
            client: "tester".to_owned(),
            seed: 7,
        }),
        Err(error) => panic!("{error}\n{source}"),
    }
}

/// The traceback with which a program ends.
pub(crate) fn traceback(source: &str, answers: impl IntoIterator<Item = Answer>) -> String {
    let mut program = start(source);
    let mut answers: VecDeque<Answer> = answers.into_iter().collect();
    let mut answer = Answer::Done;
    loop {
        let request = program.resume(answer);
        answer = automatic(&request).unwrap_or_else(|| answers.pop_front().unwrap_or(Answer::Done));
        match request {
            Request::Exit(Exit::Raised { traceback, .. }) => return traceback,
            Request::Exit(other) => return ending(&other),
            _ => {}
        }
    }
}

/// What needs no answer from the list.
pub(crate) fn automatic(request: &Request) -> Option<Answer> {
    match request {
        Request::Line { .. } | Request::Print(_) | Request::Sleep(_) | Request::HangUp { .. } => {
            Some(Answer::Done)
        }
        // Half a second past a round moment of 2026.
        Request::WallClock => Some(Answer::Micros(1_780_000_000_500_000)),
        Request::MonotonicClock => Some(Answer::Micros(12_250_000)),
        _ => None,
    }
}

fn told(source: &str, answers: impl IntoIterator<Item = Answer>, with_steps: bool) -> String {
    let mut program = start(source);
    let mut answers: VecDeque<Answer> = answers.into_iter().collect();
    let mut text = String::new();
    let mut answer = Answer::Done;
    loop {
        let request = program.resume(answer);
        let ended = matches!(request, Request::Exit(_));
        if with_steps || !matches!(request, Request::Line { .. }) {
            let _ = writeln!(text, "{}", words(&request));
        }
        if ended {
            return text;
        }
        answer = automatic(&request).unwrap_or_else(|| {
            answers
                .pop_front()
                .unwrap_or_else(|| panic!("no answer left for {}", words(&request)))
        });
    }
}

/// A request as one line.
pub(crate) fn words(request: &Request) -> String {
    match request {
        Request::Line { line, locals } => {
            let mut text = format!("line {line}");
            for local in locals.iter() {
                let _ = write!(text, " {}={}", local.name, local.value);
            }
            text
        }
        Request::Redis {
            node,
            connection,
            commands,
            batch,
            timeout,
        } => {
            let commands: Vec<String> = commands
                .iter()
                .map(|argv| {
                    let words: Vec<_> = argv
                        .iter()
                        .map(|word| String::from_utf8_lossy(word))
                        .collect();
                    words.join(" ")
                })
                .collect();
            let mut text = format!("redis {}", commands.join(" | "));
            if *batch != Batch::Single {
                let _ = write!(text, " ({batch:?})");
            }
            if *connection > 0 {
                let _ = write!(text, " on {connection}");
            }
            if let Some(node) = node {
                let _ = write!(text, " at {node}");
            }
            if let Some(timeout) = timeout {
                let _ = write!(text, " within {timeout}");
            }
            text
        }
        Request::Listen {
            connection,
            timeout,
        } => match timeout {
            Some(timeout) => format!("listen on {connection} up to {timeout}"),
            None => format!("listen on {connection}"),
        },
        Request::HangUp { connection } => format!("hang up {connection}"),
        Request::IsOpen { connection } => format!("is {connection} open?"),
        Request::Resource(call) => {
            let mut args: Vec<String> = call.args.iter().map(ToString::to_string).collect();
            args.extend(
                call.named
                    .iter()
                    .map(|(name, value)| format!("{name}={value}")),
            );
            format!("{}.{}({})", call.resource, call.method, args.join(", "))
        }
        Request::Sleep(span) => format!("sleep {span}"),
        Request::WallClock => "wall clock".to_owned(),
        Request::MonotonicClock => "monotonic clock".to_owned(),
        Request::Spawn { thread, name } => format!("starts thread {thread} {name}"),
        Request::Park { timeout } => format!("parks {timeout:?}"),
        Request::Unpark { thread } => format!("unparks {thread}"),
        Request::EndThread => "thread ends".to_owned(),
        Request::Print(line) => format!("print {line}"),
        Request::Exit(exit) => ending(exit),
    }
}

fn ending(exit: &Exit) -> String {
    match exit {
        Exit::Finished => "finished".to_owned(),
        Exit::Raised {
            kind,
            message,
            line,
            ..
        } => format!("raised {kind}: {message} (line {line:?})"),
        Exit::Stopped { why, line } => format!("stopped: {why} (line {line:?})"),
    }
}

/// Replies in order, one an answer.
pub(crate) fn replies(values: impl IntoIterator<Item = Value>) -> Vec<Answer> {
    values
        .into_iter()
        .map(|value| Answer::Replies(vec![value]))
        .collect()
}

pub(crate) fn bulk(text: &str) -> Value {
    Value::Bulk(bytes::Bytes::copy_from_slice(text.as_bytes()))
}

pub(crate) fn error(text: &str) -> Value {
    Value::Error(bytes::Bytes::copy_from_slice(text.as_bytes()))
}

pub(crate) fn array(items: impl IntoIterator<Item = Value>) -> Value {
    Value::Array(items.into_iter().collect())
}

pub(crate) const TIMEOUT: Answer = Answer::Failed(Failure::Timeout);
