//! A client program as a short list of steps, for tests, benches and searches that need no Python.

use std::sync::Arc;

use bytes::Bytes;
use redwind_resp::Value;

use crate::{Answer, Batch, Data, Exit, Program, Request, ResourceCall, Source, Span, Start};

/// Steps that a client takes one after the other:
///
/// - `SET lock a NX PX 10000`: a command; `pipeline: SET a 1; INCR b` and `transaction: …`: several.
/// - `on n2: GET k`: a command for that node.
/// - `storage.write report hello $`: a call of a resource; `$` stands for the latest reply that was a number.
/// - `sleep 5s`, `print done`, `time` (reads the wall clock and prints it), `raise Kind message`.
/// - `timeout 2s`: the socket timeout of what follows.
/// - `subscription: SUBSCRIBE news`, then `listen` or `listen 5s`: channels and their messages.
/// - `end unless OK`: ends if the latest reply was another.
/// - `go to 3`: continues at line 3; `go to 3 unless failed`: unless the step before got no answer.
/// - `try INCR n`: a command after which the program goes on even if no answer comes.
///
/// A step's line is its number in the list, from 1, and is told before the step.
#[derive(Clone, Debug)]
pub struct Script {
    steps: Arc<[String]>,
    lines: bool,
}

impl Script {
    /// A program of these steps.
    #[must_use]
    pub fn new(steps: &[&str]) -> Self {
        Self {
            steps: steps.iter().map(|step| (*step).to_owned()).collect(),
            lines: true,
        }
    }

    /// The same steps without telling their lines.
    #[must_use]
    pub fn without_lines(steps: &[&str]) -> Self {
        Self {
            lines: false,
            ..Self::new(steps)
        }
    }
}

impl Source for Script {
    fn start(&self, _: &Start) -> Box<dyn Program> {
        Box::new(Running {
            script: self.clone(),
            at: 0,
            announced: false,
            said: String::new(),
            number: 0,
            timeout: None,
            tries: false,
        })
    }
}

#[derive(Clone, Debug)]
struct Running {
    script: Script,
    at: usize,
    /// Whether the line of the step at hand was told.
    announced: bool,
    /// The latest reply as text.
    said: String,
    number: i64,
    timeout: Option<Span>,
    /// Whether the step at hand may fail.
    tries: bool,
}

impl Program for Running {
    fn resume(&mut self, answer: Answer) -> Request {
        if let Some(exit) = self.take(answer) {
            return Request::Exit(exit);
        }
        // Steps without a request of their own (`timeout`, `go to`) are few; a loop of only those ends here.
        for _ in 0..1_000 {
            let Some(step) = self.script.steps.get(self.at).cloned() else {
                return Request::Exit(Exit::Finished);
            };
            if self.script.lines && !self.announced {
                self.announced = true;
                return Request::Line {
                    line: u32::try_from(self.at + 1).unwrap_or(u32::MAX),
                    locals: Arc::from([]),
                };
            }
            self.at += 1;
            self.announced = false;
            if let Some(request) = self.step(&step) {
                return request;
            }
        }
        Request::Exit(Exit::Stopped {
            why: "its steps go round without doing anything".to_owned(),
            line: None,
        })
    }

    fn fork(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }
}

impl Running {
    /// Takes note of an answer; one that would be an exception ends the program.
    fn take(&mut self, answer: Answer) -> Option<Exit> {
        let raised = |kind: String, message: String| {
            Some(Exit::Raised {
                traceback: format!("{kind}: {message}"),
                kind,
                message,
                line: u32::try_from(self.at).ok(),
            })
        };
        match answer {
            Answer::Done => {}
            Answer::Replies(replies) => match replies.last() {
                Some(Value::Int(n)) => {
                    self.number = *n;
                    self.said = n.to_string();
                }
                Some(Value::Null | Value::NullArray) => self.said = "nil".to_owned(),
                Some(Value::Simple(text) | Value::Bulk(text) | Value::Error(text)) => {
                    self.said = String::from_utf8_lossy(text).into_owned();
                }
                Some(other) => self.said = redwind_resp::render(other),
                None => {}
            },
            Answer::Pushed(message) => self.said = redwind_resp::render(&message),
            Answer::Data(data) => {
                self.number = data.as_int().unwrap_or(self.number);
                self.said = data.to_string();
            }
            Answer::Micros(micros) => self.said = micros.to_string(),
            Answer::Refused { kind, message } => return raised(kind, message),
            Answer::Failed(_) if self.tries => self.said = "failed".to_owned(),
            Answer::Failed(failure) => {
                return raised(format!("{failure:?}"), "no answer came".to_owned());
            }
        }
        None
    }

    fn step(&mut self, step: &str) -> Option<Request> {
        let (step, tries) = match step.strip_prefix("try ") {
            Some(step) => (step, true),
            None => (step, false),
        };
        self.tries = tries;
        let (word, rest) = step.split_once(' ').unwrap_or((step, ""));
        Some(match word {
            "sleep" => Request::Sleep(Span::parse(rest).unwrap_or_default()),
            "print" => Request::Print(if rest == "$" {
                self.said.clone()
            } else {
                rest.to_owned()
            }),
            "time" => Request::WallClock,
            "monotonic" => Request::MonotonicClock,
            "timeout" => {
                self.timeout = Span::parse(rest);
                return None;
            }
            "end" => {
                let wanted = rest.strip_prefix("unless ").unwrap_or(rest);
                if self.said == wanted {
                    return None;
                }
                Request::Exit(Exit::Finished)
            }
            "go" => {
                let rest = match rest.strip_suffix(" unless failed") {
                    Some(_) if self.said == "failed" => return None,
                    Some(rest) => rest,
                    None => rest,
                };
                let line: usize = rest
                    .strip_prefix("to ")
                    .unwrap_or(rest)
                    .parse()
                    .unwrap_or(usize::MAX);
                self.at = line.saturating_sub(1);
                return None;
            }
            "raise" => {
                let (kind, message) = rest.split_once(' ').unwrap_or((rest, ""));
                Request::Exit(Exit::Raised {
                    kind: kind.to_owned(),
                    message: message.to_owned(),
                    line: u32::try_from(self.at).ok(),
                    traceback: format!("{kind}: {message}"),
                })
            }
            "subscription:" => self.redis(vec![self.words(rest)], Batch::Subscription),
            "listen" => Request::Listen {
                connection: 0,
                timeout: Span::parse(rest),
            },
            "pipeline:" => self.redis(
                rest.split("; ")
                    .map(|command| self.words(command))
                    .collect(),
                Batch::Pipeline,
            ),
            "transaction:" => {
                let mut commands = vec![vec![Bytes::from_static(b"MULTI")]];
                commands.extend(rest.split("; ").map(|command| self.words(command)));
                commands.push(vec![Bytes::from_static(b"EXEC")]);
                self.redis(commands, Batch::Transaction)
            }
            // `on n2: GET k`: the node is named.
            "on" => {
                let (node, command) = rest.split_once(": ").unwrap_or((rest, ""));
                let mut request = self.redis(vec![self.words(command)], Batch::Single);
                if let Request::Redis { node: named, .. } = &mut request {
                    *named = Some(node.to_owned());
                }
                request
            }
            _ => match word.split_once('.') {
                Some((resource, method)) => Request::Resource(ResourceCall {
                    resource: resource.to_owned(),
                    method: method.to_owned(),
                    args: self.words(rest).iter().map(|word| data(word)).collect(),
                    named: Vec::new(),
                    believing: Vec::new(),
                }),
                None => self.redis(vec![self.words(step)], Batch::Single),
            },
        })
    }

    fn redis(&self, commands: Vec<Vec<Bytes>>, batch: Batch) -> Request {
        Request::Redis {
            node: None,
            connection: 0,
            commands,
            batch,
            timeout: self.timeout,
        }
    }

    fn words(&self, command: &str) -> Vec<Bytes> {
        let words = redwind_resp::split_words(command.as_bytes()).unwrap_or_default();
        let word = |word: Vec<u8>| match word.as_slice() {
            b"$" => Bytes::from(self.number.to_string()),
            _ => Bytes::from(word),
        };
        words.into_iter().map(word).collect()
    }
}

/// A number if it is one, a row of fields from `name=value,…`, else text.
fn data(word: &[u8]) -> Data {
    let text = String::from_utf8_lossy(word).into_owned();
    if let Ok(number) = text.parse() {
        return Data::Int(number);
    }
    if !text.contains('=') {
        return Data::Text(text);
    }
    let field = |field: &str| {
        let (name, value) = field.split_once('=').unwrap_or((field, ""));
        (name.to_owned(), data(value.as_bytes()))
    };
    Data::Map(text.split(',').map(field).collect())
}
