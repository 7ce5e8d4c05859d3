//! Lines of the transcripts with one argument changed: what people really send, and what it becomes by a slip. A transcript
//! reaches states that random commands seldom come by.

use std::fs;
use std::path::Path;

use bytes::Bytes;

use crate::garbage::{LEFT_OUT, NEWER};
use crate::ours::Dice;
use crate::script::{self, Step as Line};

/// In the place of an argument.
const INSTEAD: &[&[u8]] = &[
    b"",
    b"-1",
    b"0",
    b"-0",
    b"+1",
    b"01",
    b"1.0",
    b"1.5",
    b"1e-5",
    b"1e400",
    b"0x10",
    b"nan",
    b"inf",
    b"-inf",
    b"2147483648",
    b"4294967296",
    b"9223372036854775807",
    b"-9223372036854775808",
    b"18446744073709551616",
    b"1.7976931348623157e308",
    b"abc",
    b"(1",
    b"[a",
    b"-",
    b"*",
    b"5-*",
    b"$",
    b">",
    b"0-0",
    b"\xff\xfe",
];

/// Commands that are left out beside those that no round draws: they wait, or their place in a round is elsewhere.
const ALSO_LEFT_OUT: &[&str] = &[
    "discard", "object", "pubsub", "script", "select", "swapdb", "unwatch", "watch", "xinfo",
];

/// The transcripts, cut where each starts over: what one client sends.
pub fn sections() -> Vec<Vec<Vec<Bytes>>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("transcripts");
    let files = fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut paths: Vec<_> = files.flatten().map(|file| file.path()).collect();
    paths.sort();
    let mut sections = vec![Vec::new()];
    for path in paths {
        let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        sections.push(Vec::new());
        for line in script::parse(&text) {
            match line {
                Line::StartOver(_) => sections.push(Vec::new()),
                Line::Send { client, argv, .. } if client.is_empty() && is_taken(&argv) => {
                    sections.last_mut().expect("there is one").push(argv);
                }
                _ => {}
            }
        }
    }
    sections.retain(|section| !section.is_empty());
    sections
}

fn is_taken(argv: &[Bytes]) -> bool {
    let Some(name) = argv.first() else {
        return false;
    };
    let name = String::from_utf8_lossy(name).to_ascii_lowercase();
    let left_out = LEFT_OUT.iter().map(|(name, _)| name).chain(ALSO_LEFT_OUT);
    let names = |one: &str| {
        let mut words = argv.iter();
        words.any(|word| word.eq_ignore_ascii_case(one.as_bytes()))
    };
    // Who waits, texts that are in our words, and options that Redis 8.2 does not have.
    let apart = ["BLOCK", "HELP"].into_iter().chain(NEWER.iter().copied());
    let is_apart = apart.into_iter().any(names);
    // The clocks would decide.
    let short = argv.iter().any(|word| {
        let word = word.to_ascii_uppercase();
        matches!(&word[..], b"PX" | b"PXAT" | b"EXAT")
    });
    // Who waits, scripts, which have rounds of their own, and times of milliseconds.
    let begins = ["b", "eval", "pexpire", "psetex", "hpexpire"];
    let bits = name.starts_with("bit");
    !is_apart
        && !short
        && !left_out.into_iter().any(|other| *other == name)
        && (bits || !begins.iter().any(|begin| name.starts_with(begin)))
}

/// A piece of a transcript, each line followed by some of its mutants.
pub fn sequence(sections: &[Vec<Vec<Bytes>>], length: usize, luck: &mut Dice) -> Vec<Vec<Bytes>> {
    let section = &sections[luck.below(sections.len())];
    let words: Vec<&Bytes> = section
        .iter()
        .flat_map(|argv| argv.iter().skip(1))
        .collect();
    let mut lines = Vec::new();
    let begin = luck.below(section.len());
    // What comes before makes the state.
    let before = &section[begin.saturating_sub(length / 4)..begin];
    lines.extend(before.iter().cloned());
    for argv in section[begin..].iter().cycle() {
        if lines.len() >= length {
            break;
        }
        lines.push(argv.clone());
        for _ in 0..luck.below(4) {
            lines.push(mutant(argv, &words, luck));
        }
    }
    lines
}

fn mutant(argv: &[Bytes], words: &[&Bytes], luck: &mut Dice) -> Vec<Bytes> {
    let mut argv = argv.to_vec();
    if argv.len() < 2 {
        return argv;
    }
    let at = 1 + luck.below(argv.len() - 1);
    let with = |parts: &[&[u8]]| Bytes::from(parts.concat());
    let old = argv[at].clone();
    // Whether a subcommand with a zero byte behind it is found depends on where Redis's hash puts it.
    let zeros = at > 1 || !argv[0].eq_ignore_ascii_case(b"xgroup");
    match luck.below(14) {
        0 if zeros => argv[at] = with(&[&old, b"\0"]),
        1 if zeros => argv[at] = with(&[&old, b"\0z"]),
        2 => argv[at] = with(&[b" ", &old]),
        3 => argv[at] = with(&[&old, b" "]),
        4 => argv[at] = with(&[&old, &old]),
        5 => argv[at] = old.slice(..old.len().saturating_sub(1)),
        6 => argv[at] = Bytes::from(old.to_ascii_uppercase()),
        7 => drop(argv.remove(at)),
        8 => argv.insert(at, old),
        9 if at + 1 < argv.len() => argv.swap(at, at + 1),
        10 if !words.is_empty() => argv.insert(at, words[luck.below(words.len())].clone()),
        11 if !words.is_empty() => argv[at] = words[luck.below(words.len())].clone(),
        _ => argv[at] = Bytes::from_static(INSTEAD[luck.below(INSTEAD.len())]),
    }
    argv
}
