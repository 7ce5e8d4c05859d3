//! Random commands: templates whose placeholders are filled by chance, and small damage to some.

mod rounds;
mod words;

use bytes::Bytes;

pub use rounds::{Round, round};

use crate::ours::Lehmer;

macro_rules! templates {
    ($($group:literal)*) => {
        &[$(($group, include_str!(concat!("../../templates/", $group, ".txt")))),*]
    };
}

/// What one client sends, by what it is about: one command a line. What stands for the placeholders is in `words`.
pub const TEMPLATES: &[(&str, &str)] = templates! {
    "string" "keys" "list" "hash" "set" "zset" "stream" "transaction" "script" "fields" "bitmap" "hll" "geo" "sort"
    "databases" "encodings" "connection"
};

/// What several clients send to each other's surprise.
pub const SEVERAL: (&str, &str) = ("several", include_str!("../../templates/several.txt"));

fn fill(word: &[u8], luck: &mut Lehmer) -> Bytes {
    let mut text = word.to_vec();
    for (mark, choices) in words::CHOICES {
        while let Some(at) = text
            .windows(mark.len())
            .position(|part| part == mark.as_bytes())
        {
            let choice = choices[luck.below(choices.len())];
            text.splice(at..at + mark.len(), choice.iter().copied());
        }
    }
    Bytes::from(text)
}

/// One random command of one of these groups.
pub fn command(groups: &[(&str, &str)], luck: &mut Lehmer) -> Vec<Bytes> {
    let (_, templates) = groups[luck.below(groups.len())];
    let lines: Vec<&str> = templates.lines().collect();
    let template = lines[luck.below(lines.len())];
    let words = redwind_resp::split_words(template.as_bytes()).unwrap_or_default();
    let mut argv: Vec<Bytes> = words.iter().map(|word| fill(word, luck)).collect();
    damage(&mut argv, luck);
    argv
}

/// Now and then an argument is missing, doubled or out of place.
fn damage(argv: &mut Vec<Bytes>, luck: &mut Lehmer) {
    let mut place = |argv: &[Bytes]| 1 + luck.below(argv.len() - 1);
    if argv.len() < 2 {
        return;
    }
    let (one, other) = (place(argv), place(argv));
    match luck.below(60) {
        0 => {
            argv.remove(one);
        }
        1 => argv.insert(one, argv[one].clone()),
        2 => argv.swap(one, other),
        _ => {}
    }
}
