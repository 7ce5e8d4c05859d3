//! From a call's arguments to the words of a command.

use bytes::Bytes;

use super::arg::{Arg, Call, Refusal};
use super::text::float_repr;

/// Builds a command that no template can say.
pub(crate) type Code = fn(&Call, &mut Words) -> Result<(), Refusal>;

/// How a method's arguments become a command.
#[derive(Clone, Copy)]
pub(crate) enum Argv {
    /// Words: `WORD` as it is; `name` the parameter's value; `*name` what a list holds, with `*args`; `+args`
    /// what `*args` took; `name=WORD` the word and the value when it is not `None`; `name?WORD` the word when it
    /// is true; `name:` a number of seconds and `name::` of milliseconds, which may be a timedelta.
    Template(&'static str),
    /// Rust.
    Code(Code),
}

/// The words of a command as they are put together.
#[derive(Default)]
pub(crate) struct Words(Vec<Bytes>);

impl Words {
    /// All words.
    pub(crate) fn done(self) -> Vec<Bytes> {
        self.0
    }

    /// A word of the command itself.
    pub(crate) fn word(&mut self, word: &'static str) {
        self.0.push(Bytes::from_static(word.as_bytes()));
    }

    /// Whole number.
    pub(crate) fn int(&mut self, n: i64) {
        self.0.push(Bytes::from(n.to_string()));
    }

    /// A value as redis-py encodes it: bytes, text, whole numbers and floats, and nothing else.
    pub(crate) fn value(&mut self, value: &Arg) -> Result<(), Refusal> {
        let bytes = match value {
            Arg::Bytes(bytes) => bytes.clone(),
            Arg::Text(text) => text.clone().into_bytes(),
            Arg::Int(n) => n.to_string().into_bytes(),
            Arg::Big(digits) => digits.clone().into_bytes(),
            Arg::Float(x) => float_repr(*x).into_bytes(),
            other => {
                let kind = other.type_name();
                let kind = if matches!(other, Arg::List(_)) {
                    "list"
                } else {
                    kind
                };
                return Err(Refusal::data(format!(
                    "Invalid input of type: '{kind}'. Convert to a bytes, string, int or float first."
                )));
            }
        };
        self.0.push(Bytes::from(bytes));
        Ok(())
    }

    /// Several values.
    pub(crate) fn values(&mut self, values: &[Arg]) -> Result<(), Refusal> {
        values.iter().try_for_each(|value| self.value(value))
    }

    /// What a list parameter holds, or the one value that it is, and what `*args` took.
    pub(crate) fn list(&mut self, value: &Arg, rest: &[Arg]) -> Result<(), Refusal> {
        match value {
            Arg::List(items) | Arg::Set(items) => self.values(items)?,
            Arg::Map(pairs) => pairs.iter().try_for_each(|(key, _)| self.value(key))?,
            one => self.value(one)?,
        }
        self.values(rest)
    }

    /// A mapping's keys and values, one after the other.
    pub(crate) fn mapping(&mut self, value: &Arg) -> Result<usize, Refusal> {
        let Arg::Map(pairs) = value else {
            return Err(Refusal::new(
                "AttributeError",
                format!("'{}' object has no attribute 'items'", value.type_name()),
            ));
        };
        for (key, value) in pairs {
            self.value(key)?;
            self.value(value)?;
        }
        Ok(pairs.len())
    }

    /// A length of time in seconds (`scale` 1) or milliseconds (1,000).
    pub(crate) fn time(&mut self, value: &Arg, scale: i64) -> Result<(), Refusal> {
        match value {
            Arg::Delta(micros) | Arg::Moment(micros) => {
                self.int(micros.div_euclid(1_000_000 / scale));
                Ok(())
            }
            other => self.value(other),
        }
    }

    /// Follows a template.
    pub(crate) fn template(&mut self, template: &'static str, call: &Call) -> Result<(), Refusal> {
        for part in template.split(' ') {
            if let Some(name) = part.strip_prefix('*') {
                self.list(call.get(name), call.rest())?;
            } else if part.starts_with('+') {
                self.values(call.rest())?;
            } else if let Some((name, word)) = part.split_once('=') {
                if call.has(name) {
                    self.word(word);
                    self.time(
                        call.get(name),
                        if word.starts_with('P') { 1_000 } else { 1 },
                    )?;
                }
            } else if let Some((name, word)) = part.split_once('?') {
                if call.flag(name) {
                    self.word(word);
                }
            } else if let Some(name) = part.strip_suffix("::") {
                self.time(call.get(name), 1_000)?;
            } else if let Some(name) = part.strip_suffix(':') {
                self.time(call.get(name), 1)?;
            } else if part.starts_with(|c: char| c.is_ascii_uppercase()) {
                self.word(part);
            } else {
                self.value(call.get(part))?;
            }
        }
        Ok(())
    }
}

/// `"CONFIG GET"` in one word is two.
pub(super) fn split_first(argv: Vec<Bytes>) -> Vec<Bytes> {
    let Some(first) = argv.first().filter(|first| first.contains(&b' ')) else {
        return argv;
    };
    let mut words: Vec<Bytes> = first
        .split(|byte| *byte == b' ')
        .filter(|word| !word.is_empty())
        .map(Bytes::copy_from_slice)
        .collect();
    words.extend(argv.into_iter().skip(1));
    words
}

/// The keys of a sorted-set operation: how many, their names, and their weights when they were given.
pub(super) fn weighed_keys(words: &mut Words, keys: &Arg) -> Result<(), Refusal> {
    match keys {
        Arg::Map(pairs) => {
            words.int(pairs.len() as i64);
            pairs.iter().try_for_each(|(key, _)| words.value(key))?;
            words.word("WEIGHTS");
            pairs.iter().try_for_each(|(_, weight)| words.value(weight))
        }
        Arg::List(items) | Arg::Set(items) => {
            words.int(items.len() as i64);
            words.values(items)
        }
        one => {
            words.int(1);
            words.value(one)
        }
    }
}
