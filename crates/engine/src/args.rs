//! The arguments of one command.

use bytes::Bytes;

use crate::Refusal;
use crate::number::parse_int;

/// A command's arguments; the name (and a subcommand's name) are not counted.
#[derive(Clone, Copy)]
pub(crate) struct Args<'a> {
    argv: &'a [Bytes],
    rest: &'a [Bytes],
}

impl<'a> Args<'a> {
    /// `named` is how many leading words name the command: 1, or 2 for a subcommand.
    pub(crate) fn new(argv: &'a [Bytes], named: usize) -> Args<'a> {
        Args {
            argv,
            rest: argv.get(named..).unwrap_or(&[]),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.rest.len()
    }

    pub(crate) fn rest(&self) -> &'a [Bytes] {
        self.rest
    }

    pub(crate) fn from(&self, at: usize) -> &'a [Bytes] {
        self.rest.get(at..).unwrap_or(&[])
    }

    /// The whole command as it was sent.
    pub(crate) fn argv(&self) -> &'a [Bytes] {
        self.argv
    }

    pub(crate) fn get(&self, at: usize) -> Option<&'a Bytes> {
        self.rest.get(at)
    }

    /// An argument that the arity promises.
    pub(crate) fn key(&self, at: usize) -> &'a Bytes {
        &self.rest[at]
    }

    /// Whether this argument exists and is this word, whatever its case.
    pub(crate) fn is(&self, at: usize, word: &str) -> bool {
        self.rest.get(at).is_some_and(|a| is(a, word))
    }

    pub(crate) fn int(&self, at: usize) -> Result<i64, Refusal> {
        self.rest
            .get(at)
            .and_then(|a| parse_int(a))
            .ok_or(Refusal::NotAnInteger)
    }
}

impl std::ops::Index<usize> for Args<'_> {
    type Output = Bytes;

    fn index(&self, at: usize) -> &Bytes {
        &self.rest[at]
    }
}

/// What C reads of a text: nothing from the first zero byte on. Much of what Redis takes for a word, an id or a border is
/// read so.
pub(crate) fn c_text(text: &[u8]) -> &[u8] {
    match text.iter().position(|byte| *byte == 0) {
        Some(end) => &text[..end],
        None => text,
    }
}

/// Whether an argument is this word, whatever its case. As C compares texts, what follows a zero byte does not count.
pub(crate) fn is(argument: &[u8], word: &str) -> bool {
    let Some((begin, rest)) = argument.split_at_checked(word.len()) else {
        return false;
    };
    begin.eq_ignore_ascii_case(word.as_bytes()) && matches!(rest, [] | [0, ..])
}

/// Arguments two by two; `None` if one is left over.
pub(crate) fn pairs(arguments: &[Bytes]) -> Option<&[[Bytes; 2]]> {
    let (pairs, rest) = arguments.as_chunks();
    rest.is_empty().then_some(pairs)
}
