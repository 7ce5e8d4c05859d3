//! A sequence of steps, and what everybody hears while it is played by a real server or by the engine.

use std::collections::VecDeque;

use bytes::Bytes;
use redwind_engine::Value;
use redwind_resp::{render_quoted, split_words};

/// One step of a sequence.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// A client sends a command. `@b` as an argument stands for what `CLIENT ID` tells client b.
    Send {
        client: &'static str,
        argv: Vec<Bytes>,
    },
    /// Milliseconds pass, after which every key whose time has come is gone.
    Pass(u64),
}

/// So many seconds wait those who do not wait for ever, and the same in milliseconds.
pub const SHORT_TIME: &str = "0.06";
pub const SHORT_MILLIS: &str = "60";

/// Who sends when there is only one client.
pub const ALONE: &str = "a";

impl Step {
    pub fn send(argv: Vec<Bytes>) -> Step {
        Step::Send {
            client: ALONE,
            argv,
        }
    }

    pub fn line(line: &str) -> Step {
        Step::of(ALONE, line)
    }

    pub fn of(client: &'static str, line: &str) -> Step {
        let words = split_words(line.as_bytes()).unwrap_or_default();
        Step::Send {
            client,
            argv: words.into_iter().map(Bytes::from).collect(),
        }
    }

    pub fn argv(&self) -> &[Bytes] {
        match self {
            Step::Send { argv, .. } => argv,
            Step::Pass(_) => &[],
        }
    }

    /// Whether it may empty databases.
    pub fn flushes(&self) -> bool {
        let name = self.argv().first();
        name.is_some_and(|name| name.to_ascii_lowercase().starts_with(b"flush"))
    }

    /// Whether it may add an entry to a stream with an id of the clock.
    pub fn takes_id_of_clock(&self) -> bool {
        let mentions = |text: &[u8]| {
            let mut words = self.argv().iter();
            words.any(|word| {
                word.to_ascii_lowercase()
                    .windows(text.len())
                    .any(|part| part == text)
            })
        };
        mentions(b"xadd") && mentions(b"*")
    }

    /// Whether what it does depends on how soon the next step comes: times of milliseconds.
    pub fn is_short(&self) -> bool {
        let argv = self.argv();
        let is = |at: usize, text: &str| {
            let word = argv.get(at);
            word.is_some_and(|word| word.eq_ignore_ascii_case(text.as_bytes()))
        };
        (is(0, "PEXPIRE") && is(2, "1"))
            || (0..argv.len()).any(|at| {
                let waits = is(at, "BLOCK") && is(at + 1, SHORT_MILLIS);
                (is(at, "PX") && is(at + 1, "1")) || is(at, SHORT_TIME) || waits
            })
    }
}

/// So many milliseconds pass with each step from the first on that empties databases.
pub const AFTER_FLUSH: u64 = 5;

/// So many milliseconds pass before a step that takes an id from the clock, so that each is of a later moment than the last.
pub const BEFORE_ID: u64 = 2;

/// Something that a client received.
#[derive(Clone, Debug, PartialEq)]
pub struct Heard {
    /// During which step.
    pub step: usize,
    pub client: String,
    pub value: Value,
}

/// What a client has sent and not yet been answered.
#[derive(Default)]
pub struct Open {
    sent: VecDeque<Vec<Bytes>>,
    queued: Vec<Vec<Bytes>>,
}

/// What a value is for the one who received it.
pub enum Meaning {
    /// The answer to this command; for `EXEC`, with the commands that were queued.
    Answer(Vec<Bytes>, Vec<Vec<Bytes>>),
    /// What it did not ask for at this moment.
    Message,
}

const MESSAGES: &[&[u8]] = &[b"message", b"pmessage", b"smessage"];

/// The first word of an array or push.
fn kind(value: &Value) -> Option<&[u8]> {
    match value {
        Value::Array(items) | Value::Push(items) => match items.first() {
            Some(Value::Bulk(word)) => Some(word),
            _ => None,
        },
        _ => None,
    }
}

impl Open {
    pub fn sent(&mut self, argv: &[Bytes]) {
        self.sent.push_back(argv.to_vec());
    }

    /// What the next value is.
    pub fn hears(&mut self, value: &Value) -> Meaning {
        let kind = kind(value).unwrap_or_default();
        let is_subscription = kind.ends_with(b"subscribe");
        let next = self.sent.front();
        let asked = next.is_some_and(|argv| is_subscription && argv[0].eq_ignore_ascii_case(kind));
        let pushed = matches!(value, Value::Push(_)) || MESSAGES.contains(&kind) || is_subscription;
        if pushed && !asked {
            return Meaning::Message;
        }
        let Some(argv) = self.sent.pop_front() else {
            return Meaning::Message;
        };
        match (&argv[0].to_ascii_lowercase()[..], value) {
            (_, Value::Simple(text)) if &text[..] == b"QUEUED" => self.queued.push(argv.clone()),
            (b"exec", _) => return Meaning::Answer(argv, std::mem::take(&mut self.queued)),
            (b"discard" | b"reset", Value::Simple(_)) => self.queued.clear(),
            _ => {}
        }
        Meaning::Answer(argv, Vec::new())
    }

    /// Whether the protocol changes by what was sent and has no answer yet.
    pub fn changes_protocol(&self) -> bool {
        self.sent.iter().any(|argv| changes_protocol(argv))
    }

    /// How many commands have no answer yet.
    pub fn unanswered(&self) -> usize {
        self.sent.len()
    }
}

/// Whether a command may change the protocol of who sends it.
pub fn changes_protocol(argv: &[Bytes]) -> bool {
    ["HELLO", "RESET"]
        .iter()
        .any(|name| argv[0].eq_ignore_ascii_case(name.as_bytes()))
}

/// To which steps of a lone client the values it received belong.
pub fn attribute(steps: &[Step], values: Vec<Value>) -> Vec<Heard> {
    let mut open = Open::default();
    steps.iter().for_each(|step| open.sent(step.argv()));
    let last = steps.len().saturating_sub(1);
    let heard = values.into_iter().map(|value| {
        let step = (steps.len() - open.unanswered()).min(last);
        open.hears(&value);
        let client = ALONE.to_owned();
        Heard {
            step,
            client,
            value,
        }
    });
    heard.collect()
}

/// A command as it can be typed into redis-cli.
fn line(argv: &[Bytes]) -> String {
    let word = |argument: &Bytes| {
        let plain = !argument.is_empty()
            && argument
                .iter()
                .all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'\''));
        if plain {
            String::from_utf8_lossy(argument).into_owned()
        } else {
            render_quoted(argument)
        }
    };
    argv.iter().map(word).collect::<Vec<_>>().join(" ")
}

/// Steps as lines to paste: for one client into redis-cli, for several into a transcript.
pub fn lines(steps: &[Step]) -> String {
    let client = |step: &Step| match step {
        Step::Send { client, .. } => Some(*client),
        Step::Pass(_) => None,
    };
    let first = steps.iter().find_map(client);
    let alone = steps.iter().all(|step| client(step) == first);
    let show = |step: &Step| match step {
        Step::Send { argv, .. } if alone => line(argv),
        Step::Send { client, argv } => format!("{client}> {}", line(argv)),
        Step::Pass(millis) => format!("@ +{millis}ms"),
    };
    let mut lines: Vec<String> = steps.iter().map(show).collect();
    let named = steps
        .iter()
        .any(|step| step.argv().iter().any(|word| word.starts_with(b"@")));
    if named {
        lines.push("(@b is what CLIENT ID tells client b)".into());
    }
    lines.join("\n")
}
