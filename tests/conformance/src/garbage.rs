//! Any command of the table with words that may or may not make sense: what its syntax names, keys,
//! numbers, and things that belong elsewhere. Refusals are compared this way more than anything else.

use bytes::Bytes;
use redwind_engine::{Arity, Command, Flags, commands};

use crate::ours::Dice;

/// Not drawn, and why.
pub const LEFT_OUT: &[(&str, &str)] = &[
    ("auth", "changes who may run what follows"),
    ("client", "connections differ in number, address and age"),
    ("command", "has a test of its own"),
    ("config", "settings stay between rounds"),
    ("debug", "may stop the server"),
    ("echo", "has nothing to get wrong; in the templates"),
    ("flushall", "leaves nothing to compare; in the templates"),
    ("flushdb", "leaves nothing to compare; in the templates"),
    (
        "hello",
        "changes the protocol; in the test with several clients",
    ),
    ("hrandfield", "draws by chance"),
    ("info", "describes the process"),
    ("lolwut", "is art"),
    ("multi", "in the templates of transactions"),
    ("exec", "in the templates of transactions"),
    ("psubscribe", "in the test with several clients"),
    ("punsubscribe", "in the test with several clients"),
    ("quit", "closes the connection"),
    ("randomkey", "draws by chance"),
    ("replicaof", "needs a second server"),
    ("reset", "in the test with several clients"),
    ("role", "describes the process"),
    ("scan", "its cursors are other numbers"),
    ("shutdown", "ends the process"),
    ("spop", "draws by chance"),
    ("srandmember", "draws by chance"),
    ("ssubscribe", "in the test with several clients"),
    ("subscribe", "in the test with several clients"),
    ("sunsubscribe", "in the test with several clients"),
    ("time", "differs by the microsecond"),
    ("unsubscribe", "in the test with several clients"),
    ("wait", "needs a second server"),
    ("waitaof", "needs a second server"),
    ("zrandmember", "draws by chance"),
    ("memory", "is an estimate"),
    ("bgsave", "writes files"),
    ("bgrewriteaof", "writes files"),
    ("save", "writes files"),
    ("failover", "needs a second server"),
    ("slaveof", "needs a second server"),
    ("replconf", "needs a second server"),
    ("psync", "needs a second server"),
    ("sync", "needs a second server"),
    ("lastsave", "describes the process"),
    ("pfdebug", "is for tests of the server"),
    ("pfselftest", "is for tests of the server"),
];

/// In newer versions of Redis than the one we compare with.
fn is_newer(command: &Command) -> bool {
    command.since > "8.2" && command.since.starts_with("8.")
}

fn is_drawn(command: &Command) -> bool {
    let container = command.name.split('|').next().unwrap_or_default();
    let out = LEFT_OUT.iter().any(|(name, _)| *name == container);
    let help = command.name.ends_with("|help");
    let chance = matches!(
        command.name,
        "object|freq" | "object|idletime" | "script|kill" | "script|debug"
    );
    !out && !help && !chance && !is_newer(command) && !command.flags.has(Flags::BLOCKING)
}

/// The commands that are drawn, subcommands one by one.
pub fn drawn() -> Vec<&'static Command> {
    let each = commands().flat_map(|command| match command.subcommands {
        [] => std::slice::from_ref(command),
        subcommands => subcommands,
    });
    each.filter(|command| is_drawn(command)).collect()
}

const KEYS: &[&str] = &["a", "b", "c", "d", "e"];
const NUMBERS: &[&str] = &[
    "0",
    "1",
    "2",
    "3",
    "-1",
    "-2",
    "5",
    "10",
    "100",
    "1.5",
    "-0",
    "+1",
    " 1",
    "01",
    "1e2",
    "0x10",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "-9223372036854775807",
    "9223372036854775806",
    "18446744073709551615",
    "nan",
    "inf",
    "-inf",
    "4294967296",
];
/// For what expires: far away, at once, or refused.
const TIMES: &[&str] = &[
    "100000",
    "200000",
    "0",
    "-1",
    "20000000000000",
    "9223372036854775807",
    "x",
    "1.5",
];
const ODD: &[&str] = &[
    "",
    "x",
    "m",
    "n",
    "g",
    "*",
    "$",
    ">",
    "-",
    "+",
    "=",
    "~",
    "(1",
    "[a",
    "(b",
    "1-1",
    "2-0",
    "0-0",
    "hello",
    "\u{e9}",
    "a longer value that is not stored in place",
    "GET",
    "LIMIT",
    "COUNT",
];

/// Options that Redis 8.2 does not have.
pub(crate) const NEWER: &[&str] = &["IFEQ", "IFNE", "IFDEQ", "IFDNE"];

/// The option words of a syntax.
fn options(syntax: &str) -> Vec<&str> {
    syntax
        .split(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit()))
        .filter(|word| !NEWER.contains(word))
        .filter(|word| word.len() > 1 && word.starts_with(|c: char| c.is_ascii_uppercase()))
        .collect()
}

/// One call, mostly with about as many arguments as its arity wants.
pub fn command(drawn: &[&'static Command], luck: &mut Dice) -> Vec<Bytes> {
    let command = drawn[luck.below(drawn.len())];
    let options = options(command.syntax);
    let expires = ["seconds", "milliseconds"]
        .iter()
        .any(|unit| command.syntax.contains(unit));
    let numbers = if expires { TIMES } else { NUMBERS };
    let wanted = match command.arity {
        Arity::Exactly(count) => usize::from(count),
        Arity::AtLeast(count) => usize::from(count) + luck.below(5),
    };
    let count = match luck.below(12) {
        0 => wanted.saturating_sub(1),
        1 => wanted + 1,
        _ => wanted,
    };
    let mut argv: Vec<Bytes> = command.name.split('|').map(Bytes::from).collect();
    for at in 0..count {
        let pick = |words: &[&str], luck: &mut Dice| words[luck.below(words.len())].to_owned();
        let word = match luck.below(10) {
            // The first argument is a key more often than not.
            0..=6 if at == 0 => pick(KEYS, luck),
            0 | 1 => pick(KEYS, luck),
            2..=5 => pick(numbers, luck),
            6 | 7 if !options.is_empty() => pick(&options, luck),
            _ => pick(ODD, luck),
        };
        argv.push(Bytes::from(word));
    }
    argv
}
