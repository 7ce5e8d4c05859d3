//! Mutations without knowledge of coverage: bytes, words and lines are changed, repeated, dropped and crossed.

use std::path::Path;

use redwind_engine::SplitMix;

/// A small generator, the same in every run.
pub struct Luck(SplitMix);

impl Luck {
    /// The generator that a seed stands for.
    pub fn new(seed: u64) -> Luck {
        Luck(SplitMix::new(seed))
    }

    /// The next number.
    pub fn draw(&mut self) -> u64 {
        self.0.draw()
    }

    /// A number below a bound.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.draw() % bound.max(1) as u64) as usize
    }

    fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }
}

/// What breaks things: borders of types, counts that nobody has memory for, and what the protocol and Lua care about.
const WORDS: &[&str] = &[
    "0",
    "1",
    "-1",
    "2",
    "100",
    "1000",
    "65536",
    "2147483647",
    "2147483648",
    "4294967295",
    "4294967296",
    "536870911",
    "536870912",
    "4294967288",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "18446744073709551615",
    "1e308",
    "-1e308",
    "5e-324",
    "inf",
    "-inf",
    "nan",
    "0x10",
    "1.5",
    "",
    "*",
    "$",
    ">",
    "(",
    "[",
    "+",
    "-",
    "~",
    "=",
    "#",
    "\"\\x00\"",
    "\"\\xff\"",
    "MULTI",
    "EXEC",
    "COUNT",
    "LIMIT",
    "STORE",
    "WITHSCORES",
    "BLOCK",
    "{",
    "}",
    "[[",
    "]]",
    "end",
    "return",
    "function()",
    "while true do",
    "..",
    "{}",
    "nil",
    "k",
    "l",
    "a",
    "b",
    "\r\n",
    "*1\r\n",
    "$-1\r\n",
    "%2147483647\r\n",
];

/// One to eight changes to an input.
pub fn mutate(corpus: &[Vec<u8>], luck: &mut Luck) -> Vec<u8> {
    let mut input = luck.pick(corpus).clone();
    for _ in 0..=luck.below(8) {
        change(&mut input, corpus, luck);
    }
    input.truncate(16_384);
    input
}

fn change(input: &mut Vec<u8>, corpus: &[Vec<u8>], luck: &mut Luck) {
    let at = luck.below(input.len() + 1);
    let len = luck.below(8);
    let end = (at + len).min(input.len());
    match luck.below(10) {
        0 => {
            input.drain(at..end);
        }
        1 => input.insert(at, luck.draw() as u8),
        2 => {
            if let Some(byte) = input.get_mut(at) {
                *byte ^= 1 << luck.below(8);
            }
        }
        3 => {
            input.splice(at..end, luck.pick(WORDS).bytes());
        }
        4..7 => replace_word(input, luck),
        7 => {
            // A line of another input.
            let other = luck.pick(corpus);
            let lines: Vec<&[u8]> = other.split(|b| *b == b'\n').collect();
            let line = *luck.pick(&lines);
            let start = input[..at]
                .iter()
                .rposition(|b| *b == b'\n')
                .map_or(0, |at| at + 1);
            input.splice(start..start, line.iter().copied().chain(*b"\n"));
        }
        8 => {
            let part = input[at..end].to_vec();
            let times = 1 << luck.below(10);
            input.splice(at..at, part.repeat(times));
        }
        _ => {
            let start = luck.below(at.min(input.len()) + 1);
            input.rotate_left(start);
        }
    }
}

fn replace_word(input: &mut Vec<u8>, luck: &mut Luck) {
    let at = luck.below(input.len() + 1);
    let is_space = |b: &u8| b.is_ascii_whitespace();
    let start = input[..at]
        .iter()
        .rposition(is_space)
        .map_or(0, |at| at + 1);
    let end = input[at..]
        .iter()
        .position(is_space)
        .map_or(input.len(), |len| at + len);
    input.splice(start..end, luck.pick(WORDS).bytes());
}

/// The files of a target's corpus, in order of name; the lines between `---` are inputs of their own.
pub fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(target);
    let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
    let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    let mut inputs = Vec::new();
    for path in paths {
        let bytes = std::fs::read(&path).unwrap_or_default();
        match path.extension().is_some_and(|kind| kind == "txt") {
            true => inputs.extend(
                String::from_utf8_lossy(&bytes)
                    .split("\n---\n")
                    .map(|part| part.as_bytes().to_vec()),
            ),
            false => inputs.push(bytes),
        }
    }
    inputs
}
