//! What is still to be typed of a command, as redis-cli shows it greyed behind the line: the arguments of the command
//! table without those that are there already.

use redwind_resp::split_words;

use crate::Topic;
use crate::arguments::{Argument, Kind, parse};

/// What is missing from a line that is being typed, with a space before it where one is needed; empty when nothing is
/// known, or nothing is missing.
pub fn hint(topics: &[Topic], line: &str) -> String {
    let Ok(mut words) = split_words(line.as_bytes()) else {
        return String::new();
    };
    // A number says how often to send what follows.
    if words.len() > 1 && words[0].iter().all(u8::is_ascii_digit) {
        words.remove(0);
    }
    let Some((topic, named)) = topic(topics, &words) else {
        return String::new();
    };
    let done = line.ends_with(|last: char| last.is_ascii_whitespace());
    let rest = &words[named..];
    let within: Vec<String> = topics
        .iter()
        .filter_map(|sub| sub.within(topic.name))
        .map(str::to_ascii_uppercase)
        .collect();
    if !within.is_empty() {
        let wanted = match rest {
            [] => within.join("|"),
            _ => String::new(),
        };
        return spaced(wanted, done);
    }
    spaced(missing(&parse(topic.syntax), rest, done), done)
}

fn spaced(text: String, done: bool) -> String {
    if done || text.is_empty() {
        return text;
    }
    format!(" {text}")
}

/// A command's arguments, as redis-cli writes them: choices close together and without brackets of their own.
pub(crate) fn usage(syntax: &str) -> String {
    let arguments = parse(syntax);
    let met: Vec<Met> = arguments.iter().map(|_| Met::default()).collect();
    sequence(&arguments, &met, " ")
}

/// The command that a line begins with, and how many words name it.
fn topic<'a>(topics: &'a [Topic], words: &[Vec<u8>]) -> Option<(&'a Topic, usize)> {
    let first = words.first()?;
    let command = topics.iter().find(|topic| is(first, topic.name))?;
    let second = words.get(1);
    let subcommand = second.and_then(|second| {
        let named = |sub: &&Topic| {
            let name = sub.within(command.name);
            name.is_some_and(|name| is(second, name))
        };
        topics.iter().find(named)
    });
    Some(match subcommand {
        Some(subcommand) => (subcommand, 2),
        None => (command, 1),
    })
}

fn is(word: &[u8], name: &str) -> bool {
    word.eq_ignore_ascii_case(name.as_bytes())
}

/// `done`: the last word is complete, for a space follows it.
fn missing(arguments: &[Argument], words: &[Vec<u8>], done: bool) -> String {
    let (taken, met) = take_all(words, arguments);
    match words.split_last() {
        Some((last, before)) if !done => {
            // What is of the caller's choice counts as soon as it is begun; a token only when it is there.
            let whole = taken == words.len();
            if whole
                && !arguments
                    .iter()
                    .any(|argument| has_token(argument, |t| is(last, t)))
            {
                return sequence(arguments, &met, " ");
            }
            let begins = |token: &str| {
                let begin = token.as_bytes().get(..last.len());
                begin.is_some_and(|begin| begin.eq_ignore_ascii_case(last))
            };
            if !arguments.iter().any(|argument| has_token(argument, begins)) {
                return String::new();
            }
            let (taken, met) = take_all(before, arguments);
            if taken < before.len() {
                return String::new();
            }
            sequence(arguments, &met, " ")
        }
        _ if taken < words.len() => String::new(),
        _ => sequence(arguments, &met, " "),
    }
}

fn has_token(argument: &Argument, wanted: impl Fn(&str) -> bool + Copy) -> bool {
    argument.token.as_deref().is_some_and(wanted)
        || match &argument.kind {
            Kind::OneOf(parts) | Kind::Block(parts) => {
                parts.iter().any(|part| has_token(part, wanted))
            }
            Kind::String | Kind::Token => false,
        }
}

/// How much of an argument is there.
#[derive(Clone, Debug, Default)]
struct Met {
    /// How many words are its.
    words: usize,
    /// Its token is there.
    token: bool,
    /// It could end here.
    enough: bool,
    /// Nothing of it can follow, but for another one of the same.
    all: bool,
    /// Something behind it is there, so that it has ended.
    closed: bool,
    /// Of each part of a block, or of each alternative.
    parts: Vec<Met>,
}

/// Gives words to arguments in their order; of optional ones side by side, in any. How many words were taken.
fn take_all(words: &[Vec<u8>], arguments: &[Argument]) -> (usize, Vec<Met>) {
    let mut met: Vec<Met> = arguments.iter().map(|_| Met::default()).collect();
    let (mut at, mut first) = (0, 0);
    while first < arguments.len() && at < words.len() {
        if arguments[first].optional {
            let count = arguments[first..]
                .iter()
                .take_while(|argument| argument.optional)
                .count();
            let end = first + count;
            while let Some(index) = choose(&words[at..], arguments, &mut met, first..end) {
                at += met[index].words;
                if !met[index].enough {
                    return (at, met);
                }
            }
            first = end;
            continue;
        }
        let others = &arguments[first + 1..];
        met[first] = take(&words[at..], &arguments[first], others);
        at += met[first].words;
        if met[first].words > 0 {
            close(&mut met[..first]);
        }
        if !met[first].enough {
            break;
        }
        first += 1;
    }
    (at, met)
}

/// Finds the optional argument that the next word is of: one with that token, or else one that takes any word.
fn choose(
    words: &[Vec<u8>],
    arguments: &[Argument],
    met: &mut [Met],
    among: std::ops::Range<usize>,
) -> Option<usize> {
    let next = words.first()?;
    let with_token = |index: &usize| has_token(&arguments[*index], |token| is(next, token));
    let mut order: Vec<usize> = among.clone().filter(with_token).collect();
    order.extend(among.clone().filter(|index| !with_token(index)));
    for index in order {
        if met[index].words > 0 {
            continue;
        }
        let others = &arguments[among.start..];
        let found = take(words, &arguments[index], others);
        if found.words > 0 {
            close(&mut met[..among.end]);
            met[index] = found;
            return Some(index);
        }
    }
    None
}

fn close(met: &mut [Met]) {
    for before in met.iter_mut().filter(|before| before.words > 0) {
        before.closed = true;
    }
}

/// Gives words to one argument, as often as it may come. It ends where a token of another one stands.
fn take(words: &[Vec<u8>], argument: &Argument, others: &[Argument]) -> Met {
    let mut met = once(words, argument, true);
    if !argument.multiple {
        return met;
    }
    while met.all || met.enough {
        let rest = &words[met.words..];
        let ends = |next: &Vec<u8>| {
            let token = |t: &str| is(next, t);
            let own = has_token(argument, token);
            !own && others.iter().any(|other| has_token(other, token))
        };
        if rest.first().is_none_or(ends) {
            break;
        }
        let again = once(rest, argument, argument.multiple_token);
        if again.words == 0 {
            break;
        }
        let before = met.words;
        met = again;
        met.words += before;
        met.token |= !argument.multiple_token;
    }
    met
}

fn once(words: &[Vec<u8>], argument: &Argument, with_token: bool) -> Met {
    let mut met = Met::default();
    let mut rest = words;
    if let Some(token) = argument.token.as_deref().filter(|_| with_token) {
        match rest.split_first() {
            Some((word, after)) if is(word, token) => rest = after,
            _ => return met,
        }
        met.token = true;
        met.words = 1;
    }
    match &argument.kind {
        Kind::Token => (met.enough, met.all) = (met.token, met.token),
        Kind::String => {
            let fits = rest
                .first()
                .is_some_and(|word| may_be(&argument.name, word));
            (met.enough, met.all) = (fits, fits);
            met.words += usize::from(fits);
        }
        Kind::Block(parts) => {
            let (taken, inner) = take_all(rest, parts);
            met.words += taken;
            met.enough = taken > 0
                && parts
                    .iter()
                    .zip(&inner)
                    .all(|(part, met)| met.enough || part.optional && met.words == 0);
            met.all = met.enough && inner.iter().all(|met| met.all);
            met.parts = inner;
        }
        Kind::OneOf(parts) => {
            let each = parts.iter().map(|part| take(rest, part, &[]));
            let mut inner: Vec<Met> = each.collect();
            // What a token names, before what could be anything.
            let best = (0..inner.len()).max_by_key(|index| {
                let named = rest
                    .first()
                    .is_some_and(|word| has_token(&parts[*index], |token| is(word, token)));
                (
                    named && inner[*index].words > 0,
                    inner[*index].words,
                    std::cmp::Reverse(*index),
                )
            });
            if let Some(best) = best {
                let (taken, enough, all) = (inner[best].words, inner[best].enough, inner[best].all);
                for (index, met) in inner.iter_mut().enumerate() {
                    if index != best {
                        *met = Met::default();
                    }
                }
                met.words += taken;
                (met.enough, met.all) = (enough, all);
            }
            met.parts = inner;
        }
    }
    met
}

/// Arguments that are numbers in every command that has them: another word there is a mistake, and no hint goes on from it.
const NUMBERS: [&str; 24] = [
    "count",
    "decrement",
    "destination-db",
    "height",
    "increment",
    "index",
    "index1",
    "index2",
    "latitude",
    "limit",
    "longitude",
    "milliseconds",
    "numfields",
    "numids",
    "numkeys",
    "numreplicas",
    "protover",
    "radius",
    "rank",
    "score",
    "seconds",
    "timeout",
    "unix-time-milliseconds",
    "unix-time-seconds",
];

fn may_be(name: &str, word: &[u8]) -> bool {
    let number = || {
        let text = std::str::from_utf8(word).ok();
        text.is_some_and(|text| text.parse::<f64>().is_ok())
    };
    !NUMBERS.contains(&name) || number()
}

/// What is missing of several arguments. Of optional ones side by side, one that is begun comes first; none is offered
/// any more when something behind them is there.
fn sequence(arguments: &[Argument], met: &[Met], between: &str) -> String {
    let mut texts: Vec<String> = Vec::new();
    let mut first = 0;
    while let (Some(argument), Some(state)) = (arguments.get(first), met.get(first)) {
        if !argument.optional {
            texts.push(one(argument, state));
            first += 1;
            continue;
        }
        let count = arguments[first..]
            .iter()
            .take_while(|argument| argument.optional)
            .count();
        let end = first + count;
        let group = || arguments[first..end].iter().zip(&met[first..end]);
        let open = |state: &Met| state.words > 0 && !state.all;
        texts.extend(group().filter(|(_, m)| open(m)).map(|(a, m)| one(a, m)));
        if met.get(end).is_none_or(|after| after.words == 0) {
            texts.extend(group().filter(|(_, m)| !open(m)).map(|(a, m)| one(a, m)));
        }
        first = end;
    }
    texts.retain(|text| !text.is_empty());
    texts.join(between)
}

/// What is missing of one argument.
fn one(argument: &Argument, met: &Met) -> String {
    if met.closed && met.enough {
        return String::new();
    }
    let again = || {
        if !argument.multiple {
            return String::new();
        }
        let none = Met::default();
        let token = argument
            .token
            .as_deref()
            .filter(|_| argument.multiple_token);
        let body = body(argument, &none);
        let body = [token.unwrap_or_default(), &body].join(" ");
        format!("[{} ...]", body.trim())
    };
    if met.all {
        return again();
    }
    let token = argument.token.as_deref().filter(|_| !met.token);
    let body = body(argument, met);
    let parts = [token.unwrap_or_default(), &body, &again()];
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    let text = parts.join(" ");
    if argument.optional && met.words == 0 {
        return format!("[{text}]");
    }
    text
}

fn body(argument: &Argument, met: &Met) -> String {
    let unmet = |parts: &[Argument]| -> Vec<Met> { parts.iter().map(|_| Met::default()).collect() };
    match &argument.kind {
        Kind::Token => String::new(),
        Kind::String => argument.name.clone(),
        Kind::Block(parts) if met.parts.is_empty() => sequence(parts, &unmet(parts), " "),
        Kind::Block(parts) => sequence(parts, &met.parts, " "),
        Kind::OneOf(parts) => {
            let begun = parts
                .iter()
                .zip(&met.parts)
                .find(|(_, state)| state.words > 0);
            match begun {
                Some((part, state)) => one(part, state),
                None => {
                    let alternatives: Vec<String> = parts
                        .iter()
                        .map(|part| one(part, &Met::default()))
                        .collect();
                    alternatives.join("|")
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::topics;

    fn hint(line: &str) -> String {
        super::hint(&topics(), line)
    }

    fn check(cases: &[(&str, &str)]) {
        for (line, missing) in cases {
            assert_eq!(hint(line), *missing, "{line:?}");
        }
    }

    #[test]
    fn arguments_disappear_as_they_are_typed() {
        check(&[
            ("", ""),
            ("GE", ""),
            ("GET", " key"),
            ("get ", "key"),
            ("GET a", ""),
            ("GET a ", ""),
            ("GET a b ", ""),
            ("HSET ", "key field value [field value ...]"),
            ("HSET h f ", "value [field value ...]"),
            ("HSET h f v ", "[field value ...]"),
            ("HSET h f v g ", "value [field value ...]"),
            ("MGET a b", " [key ...]"),
            ("config set maxmemory ", "value [parameter value ...]"),
            ("5 LPOP l ", "[count]"),
            ("LMOVE a b LEFT ", "LEFT|RIGHT"),
            (
                "SET \"two words\" ",
                "value [NX|XX|IFEQ value|IFNE value|IFDEQ digest|IFDNE digest] [GET] \
              [EX seconds|PX milliseconds|EXAT unix-time-seconds|PXAT unix-time-milliseconds|KEEPTTL]",
            ),
            ("SET \"open ", ""),
            ("NOTHING ", ""),
        ]);
    }

    #[test]
    fn options_come_in_any_order_and_one_that_is_begun_comes_first() {
        check(&[
            ("SCAN 0 COUNT ", "count [MATCH pattern] [TYPE type]"),
            ("SCAN 0 type string ", "[MATCH pattern] [COUNT count]"),
            (
                "ZRANGE z 0 -1 REV ",
                "[BYSCORE|BYLEX] [LIMIT offset count] [WITHSCORES]",
            ),
            (
                "ZRANGE z 0 -1 LIMIT 0 ",
                "count [BYSCORE|BYLEX] [REV] [WITHSCORES]",
            ),
            ("GETEX k PX ", "milliseconds"),
            ("GETEX k PX 100 ", ""),
            (
                "GEORADIUS g 1 2 3 km COUNT 5 ",
                "[ANY] [WITHCOORD] [WITHDIST] [WITHHASH] [ASC|DESC] [STORE key|STOREDIST key]",
            ),
            (
                "GEORADIUS g 1 2 3 km COUNT 5 DESC ",
                "[WITHCOORD] [WITHDIST] [WITHHASH] [STORE key|STOREDIST key]",
            ),
            (
                "ZADD z XX ",
                "[GT|LT] [CH] [INCR] score member [score member ...]",
            ),
            ("ZADD z 1 ", "member [score member ...]"),
            ("SINTERCARD 2 a b LIMIT ", "limit"),
            ("BITFIELD_RO b GET u8 ", "offset [GET encoding offset ...]"),
            ("BITFIELD_RO b GET u8 0 ", "[GET encoding offset ...]"),
        ]);
    }

    #[test]
    fn a_word_in_progress_is_a_value_at_once_and_an_option_when_it_is_whole() {
        check(&[
            ("XRANGE s - + CO", " [COUNT count]"),
            ("XRANGE s - + COUNT", " [COUNT count]"),
            ("XRANGE s - + COUNT ", "count"),
            ("XRANGE s - + FOO", ""),
            ("LPUSH l va", " [element ...]"),
        ]);
    }

    #[test]
    fn what_cannot_be_right_gets_no_hint() {
        check(&[
            ("SET k v NEVER ", ""),
            ("EXPIRE k soon ", ""),
            ("ZRANDMEMBER z two ", ""),
        ]);
    }

    #[test]
    fn a_container_hints_at_its_subcommands() {
        check(&[
            ("OBJECT ", "ENCODING|FREQ|HELP|IDLETIME|REFCOUNT"),
            ("OBJECT ENCODING ", "key"),
            ("OBJECT NEVER ", ""),
        ]);
    }

    #[test]
    fn every_prefix_of_every_syntax_is_answered() {
        for command in crate::commands::commands() {
            for command in std::iter::once(command).chain(command.subcommands) {
                let name = command.name.replace('|', " ");
                let words: Vec<&str> = command
                    .syntax
                    .split([' ', '[', ']', '<', '>', '|'])
                    .collect();
                let mut line = name;
                assert!(hint(&line).starts_with(' ') || hint(&line).is_empty());
                for word in words {
                    line = format!("{line} {word}");
                    let told = hint(&format!("{line} "));
                    assert!(
                        !told.contains("[]") && !told.contains("  "),
                        "{line}: {told}"
                    );
                }
            }
        }
    }

    #[test]
    fn any_line_is_answered() {
        let topics = topics();
        let mut pieces: Vec<&str> = topics
            .iter()
            .flat_map(|topic| topic.syntax.split(' '))
            .collect();
        pieces.extend([
            "\"", "'", "\\x", "5", "-1", "é", "\t", "help", "@", "?", ":", "\u{0}", "  ",
        ]);
        let mut seed = 7_u64;
        let mut pick = |bound: usize| {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(seed >> 33).unwrap_or(0) % bound
        };
        for _ in 0..1_000 {
            let mut line = topics[pick(topics.len())].in_capitals();
            for _ in 0..pick(9) {
                line += [" ", " ", " ", ""][pick(4)];
                line += pieces[pick(pieces.len())];
            }
            let told = super::hint(&topics, &line);
            assert!(
                !told.contains("[]") && !told.ends_with(' '),
                "{line:?}: {told:?}"
            );
            for whole in crate::completions(&topics, &line) {
                assert!(whole.len() >= line.len(), "{line:?}: {whole:?}");
            }
        }
    }
}
