//! The command table: one file per type, each with its own part of it.

mod bitfield;
mod bitmaps;
mod client_kill;
mod client_modes;
mod cluster;
mod config;
mod connection;
mod counters;
mod dataset_digest;
mod debug;
mod expiry;
mod geo;
mod hash_fields;
mod hashes;
mod hll;
mod increx;
mod info;
mod introspection;
mod keys;
mod lcs;
mod list_waits;
mod lists;
mod many_pop;
mod memory;
mod persistence;
mod pubsub;
mod scripts;
mod server;
mod sets;
mod sort;
mod stream_effects;
mod stream_groups;
mod stream_info;
mod stream_nack;
mod stream_reads;
mod streams;
mod strings;
mod substrings;
mod transactions;
mod uses;
mod zcombine;
mod zpops;
mod zranges;
mod zsets;

pub(crate) use connection::VERSION;
pub(crate) use introspection::key_places;
pub(crate) use scripts::flags_of;

use std::sync::OnceLock;

use bytes::Bytes;

use redwind_resp::Value;

use crate::args::{Args, c_text};
use crate::cx::Cx;
use crate::refusal::quoted;
use crate::table::Command;
use crate::{Choice, Flags, Refusal};

/// Every command, by group.
static TABLES: &[&[Command]] = &[
    connection::TABLE,
    keys::TABLE,
    sort::TABLE,
    expiry::TABLE,
    strings::TABLE,
    lists::TABLE,
    hashes::TABLE,
    hash_fields::TABLE,
    sets::TABLE,
    zsets::TABLE,
    streams::TABLE,
    bitmaps::TABLE,
    hll::TABLE,
    geo::TABLE,
    server::TABLE,
    introspection::TABLE,
    debug::TABLE,
    info::TABLE,
    persistence::TABLE,
    persistence::WAITING,
    transactions::TABLE,
    scripts::TABLE,
    config::TABLE,
    memory::TABLE,
    pubsub::TABLE,
    cluster::TABLE,
];

/// Every command that the engine knows, subcommands inside their containers.
pub fn commands() -> impl Iterator<Item = &'static Command> {
    TABLES.iter().flat_map(|table| table.iter())
}

const SLOTS: usize = 1024;

/// The table by name, for dispatch: open addressing over a hash of the lower-case name.
fn index() -> &'static [Option<&'static Command>; SLOTS] {
    static INDEX: OnceLock<Box<[Option<&'static Command>; SLOTS]>> = OnceLock::new();
    INDEX.get_or_init(|| {
        let mut slots = Box::new([None; SLOTS]);
        for command in commands() {
            let mut at = hash(command.name.as_bytes());
            while slots[at].is_some() {
                at = (at + 1) % SLOTS;
            }
            slots[at] = Some(command);
        }
        slots
    })
}

fn hash(name: &[u8]) -> usize {
    let mut hash: u32 = 0x811c_9dc5;
    for byte in name {
        hash = (hash ^ u32::from(byte.to_ascii_lowercase())).wrapping_mul(0x0100_0193);
    }
    (hash ^ (hash >> 15)) as usize % SLOTS
}

/// The command of this name, whatever its case.
pub(crate) fn find(name: &[u8]) -> Option<&'static Command> {
    let mut at = hash(name);
    loop {
        let command = index()[at]?;
        if command.name.as_bytes().eq_ignore_ascii_case(name) {
            return Some(command);
        }
        at = (at + 1) % SLOTS;
    }
}

/// A container's subcommand.
pub(crate) fn find_sub(container: &'static Command, sub: &[u8]) -> Option<&'static Command> {
    container.subcommands.iter().find(|command| {
        command.name.as_bytes()[container.name.len() + 1..].eq_ignore_ascii_case(sub)
    })
}

/// The command that these words ask for, its arity checked.
pub(crate) fn resolve(argv: &[Bytes]) -> Result<&'static Command, Refusal> {
    let command = find(&argv[0]).ok_or_else(|| unknown(argv))?;
    let command = match argv.get(1) {
        Some(sub) if command.flags.has(Flags::CONTAINER) => match find_sub(command, sub) {
            Some(found) => found,
            // `COMMAND` and its like also run on their own, but not with a word they don't know.
            None => return Err(unknown_sub(sub, command.name)),
        },
        _ => command,
    };
    if !command.arity.allows(argv.len() - command.words()) {
        return Err(Refusal::Arity(command.name));
    }
    Ok(command)
}

/// The command that is named, whatever its arguments.
pub(crate) fn resolve_name(argv: &[Bytes]) -> Result<&'static Command, Refusal> {
    let command = find(&argv[0]).ok_or(Refusal::Syntax)?;
    match argv.get(1).filter(|_| command.flags.has(Flags::CONTAINER)) {
        Some(sub) => find_sub(command, sub).ok_or(Refusal::Syntax),
        None => Ok(command),
    }
}

/// What a RESP2 connection may still send while it listens.
pub(crate) fn runs_while_listening(name: &str) -> bool {
    matches!(name, "ping" | "quit" | "reset") || name.ends_with("subscribe")
}

fn unknown(argv: &[Bytes]) -> Refusal {
    let until = |text: &[u8], most: usize| c_text(text).len().min(most);
    let name = &argv[0][..until(&argv[0], 128)];
    let mut text = format!("'{}', with args beginning with: ", quoted(name));
    let mut shown = 0;
    for argument in &argv[1..] {
        if shown >= 128 {
            break;
        }
        let part = &argument[..until(argument, 128 - shown)];
        text.push_str(&format!("'{}' ", quoted(part)));
        shown += part.len() + 3;
    }
    Refusal::UnknownCommand(text)
}

fn unknown_sub(sub: &[u8], container: &'static str) -> Refusal {
    Refusal::UnknownSubcommand(quoted(&sub[..sub.len().min(128)]), container)
}

/// What is run at once between `MULTI` and `EXEC`.
pub(crate) fn ends_or_nests_multi(name: &str) -> bool {
    matches!(
        name,
        "exec" | "discard" | "multi" | "watch" | "quit" | "reset"
    )
}

/// The reply of a container's `HELP`.
pub(crate) fn help(container: &str, subcommands: &'static [Command]) -> Value {
    let line = |text: String| Value::Simple(Bytes::from(text));
    let mut lines = vec![line(format!(
        "{container} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"
    ))];
    for command in subcommands
        .iter()
        .filter(|command| !command.name.ends_with("|help"))
    {
        let name = command.name[container.len() + 1..].to_ascii_uppercase();
        let gap = if command.syntax.is_empty() { "" } else { " " };
        lines.push(line(format!("{name}{gap}{}", command.syntax)));
        lines.push(line(format!("    {}", command.summary)));
    }
    lines.push(Value::simple("HELP"));
    lines.push(Value::simple("    Print this help."));
    Value::Array(lines)
}

/// More random members than this, with repetition, are refused: a reply of them would exhaust any
/// memory before it is sent.
const MOST_REPEATED: u64 = 1 << 24;

/// A count of random members.
pub(crate) fn random_count(text: &[u8]) -> Result<i64, Refusal> {
    match crate::number::parse_int(text) {
        None => Err(Refusal::NotAnInteger),
        Some(i64::MIN) => Err(Refusal::err(
            "value is out of range, value must between -9223372036854775807 and 9223372036854775807",
        )),
        Some(count) if count < 0 && count.unsigned_abs() > MOST_REPEATED => {
            Err(Refusal::OutOfRange)
        }
        Some(count) => Ok(count),
    }
}

/// Places of random members: `count` different ones, or (if negative) so many with repetition.
pub(crate) fn random_places(cx: &mut Cx<'_>, len: usize, count: i64) -> Vec<usize> {
    if len == 0 {
        return Vec::new();
    }
    if count < 0 {
        return (0..count.unsigned_abs())
            .map(|_| cx.pick(len, Choice::RandomMember))
            .collect();
    }
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let mut places: Vec<usize> = (0..len).collect();
    if count < len {
        // The first part of a shuffle.
        for at in 0..count {
            let other = at + cx.pick(len - at, Choice::RandomMember);
            places.swap(at, other);
        }
        places.truncate(count);
    }
    places
}

/// What a subcommand says to options that it does not know.
pub(crate) fn bad_subcommand(args: &Args<'_>) -> Refusal {
    let word = |at: usize| args.argv().get(at).map_or(&b""[..], |word| word);
    let sent = quoted(word(1));
    let container = String::from_utf8_lossy(word(0)).to_ascii_uppercase();
    Refusal::err(format_args!(
        "unknown subcommand or wrong number of arguments for '{sent}'. Try {container} HELP."
    ))
}
