//! What `redis-cli` makes of a typed line, and what its prompt tells of the connection.

use std::fmt;

use crate::{Unbalanced, Value, split_words};

/// A typed line: `5 INCR x` sends `INCR x` five times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// How often the command is sent.
    pub times: u64,
    /// The command; empty for a line of nothing but spaces.
    pub argv: Vec<Vec<u8>>,
}

/// Why a line is not sent. Shown as `redis-cli` says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadLine {
    /// Quotes are not closed, or closed in the middle of a word.
    Unbalanced,
    /// A command can't be repeated so often.
    Repeat,
}

impl fmt::Display for BadLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unbalanced => Unbalanced.fmt(f),
            Self::Repeat => f.write_str("Invalid redis-cli repeat command option value."),
        }
    }
}

impl std::error::Error for BadLine {}

impl Line {
    /// Splits a typed line; a number before a command says how often to send it.
    pub fn read(line: &[u8]) -> Result<Self, BadLine> {
        let mut argv = split_words(line).map_err(|_| BadLine::Unbalanced)?;
        let mut times = 1;
        if argv.len() > 1
            && let Some(first) = number(&argv[0])
        {
            times = first.filter(|times| *times > 0).ok_or(BadLine::Repeat)?;
            argv.remove(0);
        }
        Ok(Self { times, argv })
    }

    /// Whether it holds a password or who has one: such lines are kept in no history.
    pub fn is_secret(&self) -> bool {
        let words: Vec<Vec<u8>> = self.argv.iter().map(|w| w.to_ascii_lowercase()).collect();
        let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
        // An option of this name with as many arguments as it takes.
        let option = |from: usize, name: &[u8], takes: usize| {
            let found = words.iter().skip(from).position(|word| *word == name);
            found.is_some_and(|at| from + at + takes < words.len())
        };
        match words[..] {
            [b"auth", ..] => true,
            [b"acl", b"setuser" | b"deluser", ..] => true,
            [b"config", b"set", ref settings @ ..] => settings
                .iter()
                .step_by(2)
                .any(|name| matches!(*name, b"requirepass" | b"masterauth" | b"masteruser")),
            [b"hello", ..] => option(2, b"auth", 2),
            [b"migrate", ..] => option(6, b"auth", 1) || option(6, b"auth2", 2),
            [b"sentinel", b"config", b"set", name, _, ..] => {
                matches!(name, b"sentinel-pass" | b"sentinel-user")
            }
            [b"sentinel", b"set", _, ref settings @ ..] => settings
                .iter()
                .step_by(2)
                .any(|name| matches!(*name, b"auth-pass" | b"auth-user")),
            _ => false,
        }
    }
}

/// A word that is a number, as C reads one, for which nothing is 0; inside, one that can be sent so often.
fn number(word: &[u8]) -> Option<Option<u64>> {
    if word.is_empty() {
        return Some(None);
    }
    let (negative, digits) = match word {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let times = std::str::from_utf8(digits).ok()?.parse::<i64>().ok();
    Some(
        times
            .filter(|_| !negative)
            .and_then(|times| u64::try_from(times).ok()),
    )
}

/// What stands between the server's name and the `>` of the prompt: `[3](TX)` in database 3 with a transaction begun,
/// `(subscribed mode)` on a connection that listens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Prompt {
    db: i64,
    /// In a transaction, the database that was selected before it.
    queueing: Option<i64>,
    /// How many channels and patterns the connection listens on, and how many shard channels.
    listening: [i64; 2],
}

impl Prompt {
    /// Takes note of a reply. It believes what `redis-cli` believes, so a queued `SELECT` counts at once.
    pub fn after<Word: AsRef<[u8]>>(&mut self, argv: &[Word], reply: &Value) {
        let [name, rest @ ..] = argv else { return };
        let name = name.as_ref().to_ascii_lowercase();
        if name.ends_with(b"subscribe") {
            self.heard(reply);
        }
        match (name.as_slice(), rest) {
            (b"select", [db]) if !reply.is_error() => {
                let digits = String::from_utf8_lossy(db.as_ref());
                self.db = digits.trim().parse().unwrap_or(0);
            }
            (b"multi", []) if !reply.is_error() => self.queueing = Some(self.db),
            (b"exec", []) => {
                if let Some(before) = self.queueing.take()
                    && (reply.is_error() || reply.is_null())
                {
                    self.db = before;
                }
            }
            (b"discard", []) if !reply.is_error() => {
                self.db = self.queueing.take().unwrap_or(self.db);
            }
            (b"reset", []) if !reply.is_error() => *self = Self::default(),
            _ => {}
        }
    }

    /// Takes note of what came without being asked for, or as an answer: a confirmation says on how much the
    /// connection listens now.
    pub fn heard(&mut self, value: &Value) {
        let (Value::Array(items) | Value::Push(items)) = value else {
            return;
        };
        if let [Value::Bulk(kind), _, Value::Int(count)] = &items[..] {
            match kind.as_ref() {
                b"subscribe" | b"unsubscribe" | b"psubscribe" | b"punsubscribe" => {
                    self.listening[0] = *count;
                }
                b"ssubscribe" | b"sunsubscribe" => self.listening[1] = *count,
                _ => {}
            }
        }
    }
}

impl fmt::Display for Prompt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.db != 0 {
            write!(f, "[{}]", self.db)?;
        }
        if self.queueing.is_some() {
            f.write_str("(TX)")?;
        }
        if self.listening != [0, 0] {
            f.write_str("(subscribed mode)")?;
        }
        Ok(())
    }
}
