//! `COMMAND`: what the table says of each command.

use bytes::Bytes;
use redwind_resp::Value;

use super::uses;
use crate::args::{Args, is};
use crate::cx::Cx;
use crate::number::parse_int;
use crate::table::{Answer, Command, Flags, Keys, NO_KEYS, table};
use crate::{Refusal, arguments, glob};

table! { TABLE, "server";
    "command" => command {COMMAND}, AtLeast(0), [CONTAINER LOADING STALE], NO_KEYS, "2.8.13", "",
        "Describes all commands.";
}

table! { COMMAND, "server";
    "command|count" => command_count, Exactly(0), [LOADING STALE], NO_KEYS, "2.8.13", "",
        "Counts the commands.";
    "command|docs" => command_docs, AtLeast(0), [LOADING STALE], NO_KEYS, "7.0.0",
        "[command-name [command-name ...]]", "Explains commands.";
    "command|getkeys" => command_getkeys, AtLeast(1), [LOADING STALE], NO_KEYS, "2.8.13",
        "command [arg [arg ...]]", "Finds the keys in a command.";
    "command|getkeysandflags" => command_getkeysandflags, AtLeast(1), [LOADING STALE], NO_KEYS, "7.0.0",
        "command [arg [arg ...]]", "Finds the keys in a command, and what it does to each.";
    "command|help" => command_help, Exactly(0), [LOADING STALE], NO_KEYS, "5.0.0", "",
        "Lists the subcommands.";
    "command|info" => command_info, AtLeast(0), [LOADING STALE], NO_KEYS, "2.8.13",
        "[command-name [command-name ...]]", "Describes commands.";
    "command|list" => command_list, AtLeast(0), [LOADING STALE], NO_KEYS, "7.0.0",
        "[FILTERBY <MODULE module-name | ACLCAT category | PATTERN pattern>]", "Lists the names.";
}

/// `COMMAND`
fn command(_cx: &mut Cx<'_>, _args: &Args<'_>) -> Answer {
    Ok(Value::array(super::commands().map(describe)))
}

/// `COMMAND COUNT`
fn command_count(_cx: &mut Cx<'_>, _args: &Args<'_>) -> Answer {
    Ok(Value::from(super::commands().count()))
}

fn find_any(name: &[u8]) -> Option<&'static Command> {
    match name.iter().position(|byte| *byte == b'|') {
        None => super::find(name),
        Some(at) => super::find_sub(super::find(&name[..at])?, &name[at + 1..]),
    }
}

/// `COMMAND INFO [command-name ...]`
fn command_info(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    if args.len() == 0 {
        return command(cx, args);
    }
    let one = |name: &Bytes| find_any(name).map_or(Value::Null, describe);
    Ok(Value::array(args.rest().iter().map(one)))
}

/// `COMMAND LIST [FILTERBY ...]`
fn command_list(_cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let all =
        super::commands().flat_map(|command| std::iter::once(command).chain(command.subcommands));
    let listed: Vec<Value> = match args.rest() {
        [] => all.map(|command| Value::text(command.name)).collect(),
        [by, kind, value] if is(by, "FILTERBY") => {
            if is(kind, "PATTERN") {
                let pattern = value.to_ascii_lowercase();
                all.filter(|command| glob::matches(&pattern, command.name.as_bytes()))
                    .map(|command| Value::text(command.name))
                    .collect()
            } else if is(kind, "ACLCAT") {
                let category = String::from_utf8_lossy(value).to_ascii_lowercase();
                all.filter(|command| categories(command).iter().any(|c| c[1..] == category))
                    .map(|command| Value::text(command.name))
                    .collect()
            } else if is(kind, "MODULE") {
                Vec::new()
            } else {
                return Err(Refusal::Syntax);
            }
        }
        _ => return Err(Refusal::Syntax),
    };
    Ok(Value::Array(listed))
}

/// `COMMAND GETKEYS command [arg ...]`
fn command_getkeys(_cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let (_, places) = keys_of(args)?;
    let key = |at: usize| Value::Bulk(args[at].clone());
    Ok(Value::array(places.into_iter().map(key)))
}

/// `COMMAND GETKEYSANDFLAGS command [arg ...]`
fn command_getkeysandflags(_cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let (command, places) = keys_of(args)?;
    // Of keys that are only found by Redis's second look it knows nothing more.
    let uses = match has_loose_count(command, args.rest()) {
        true => &[],
        false => uses::of(command, args.rest()),
    };
    let key = |(number, at): (usize, usize)| {
        let flags = uses.get(number).or(uses.last());
        let flags = flags.map_or("", |flags| flags).split_whitespace();
        Value::Array(vec![
            Value::Bulk(args[at].clone()),
            Value::Set(flags.map(Value::simple).collect()),
        ])
    };
    let keys = places.into_iter().enumerate();
    Ok(Value::array(keys.map(key)))
}

/// The command that is asked about, and where its keys are.
fn keys_of(args: &Args<'_>) -> Result<(&'static Command, Vec<usize>), Refusal> {
    let asked = args.rest();
    let command =
        super::resolve_name(asked).map_err(|_| Refusal::err("Invalid command specified"))?;
    // Shard channels are found like keys, but are none.
    if command.keys == Keys::None || command.group == "pubsub" {
        return Err(Refusal::err("The command has no key arguments"));
    }
    if !command.arity.allows(asked.len() - command.words()) {
        return Err(Refusal::err(
            "Invalid number of arguments specified for command",
        ));
    }
    let places = key_places(command, args.rest());
    if places.is_empty() && !command.flags.has(Flags::NO_MANDATORY_KEYS) {
        return Err(Refusal::err("Invalid arguments specified for command"));
    }
    Ok((command, places))
}

/// Whether the number of keys is none to Redis at first; then what C makes of its beginning counts.
fn has_loose_count(command: &Command, argv: &[Bytes]) -> bool {
    let (Keys::Counted { at } | Keys::FirstAndCounted { at }) = command.keys else {
        return false;
    };
    let count = argv.get(usize::from(at));
    count.is_some_and(|count| parse_int(count).is_none())
}

/// What C's `atoi` reads.
fn leading_int(text: &[u8]) -> Option<usize> {
    let text = text.trim_ascii_start();
    let text = text.strip_prefix(b"+").unwrap_or(text);
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    std::str::from_utf8(&text[..digits]).ok()?.parse().ok()
}

/// Where the keys are in this command line, its name being 0.
pub(crate) fn key_places(command: &Command, argv: &[Bytes]) -> Vec<usize> {
    let counted = |at: usize| -> Vec<usize> {
        let count = argv.get(at).and_then(|n| match parse_int(n) {
            Some(n) => usize::try_from(n).ok(),
            None => leading_int(n),
        });
        let end = count
            .and_then(|count| count.checked_add(at + 1))
            .filter(|end| *end <= argv.len());
        end.map_or_else(Vec::new, |end| (at + 1..end).collect())
    };
    match command.keys {
        Keys::None => Vec::new(),
        Keys::Range { first, last, step } => {
            let last = if last < 0 {
                argv.len() as i64 + i64::from(last)
            } else {
                i64::from(last)
            };
            let last = usize::try_from(last)
                .unwrap_or(0)
                .min(argv.len().saturating_sub(1));
            (usize::from(first)..=last)
                .step_by(usize::from(step))
                .collect()
        }
        Keys::Counted { at } => counted(usize::from(at)),
        Keys::FirstAndCounted { at } => {
            let sources = counted(usize::from(at));
            let first = (!sources.is_empty()).then_some(1);
            match has_loose_count(command, argv) {
                false => first.into_iter().chain(sources).collect(),
                true => sources.into_iter().chain(first).collect(),
            }
        }
        Keys::HalfAfter { word, from } => {
            let mut places = usize::from(from)..argv.len();
            let Some(at) = places.find(|at| is(&argv[*at], word)) else {
                return Vec::new();
            };
            (at + 1..at + 1 + (argv.len() - at - 1) / 2).collect()
        }
        Keys::FirstAndLastAfter { word, skipping } => {
            let (mut at, mut last) = (2, None);
            while at < argv.len() {
                let skip = skipping.iter().find(|(option, _)| is(&argv[at], option));
                if let Some((_, arguments)) = skip {
                    at += usize::from(*arguments);
                } else if is(&argv[at], word) && at + 1 < argv.len() {
                    // What follows is looked at, too: of several the last one counts.
                    last = Some(at + 1);
                }
                at += 1;
            }
            [1].into_iter().chain(last).collect()
        }
        Keys::FirstAndAfter { words, from } => {
            let after = |word: &&str| {
                let mut places = usize::from(from)..argv.len();
                places.find(|at| is(&argv[*at], word)).map(|at| at + 1)
            };
            let stored = words.iter().filter_map(after);
            [1].into_iter()
                .chain(stored.filter(|at| *at < argv.len()))
                .collect()
        }
    }
}

const FLAG_NAMES: &[(Flags, &str)] = &[
    (Flags::WRITE, "write"),
    (Flags::READ, "readonly"),
    (Flags::DENYOOM, "denyoom"),
    (Flags::ADMIN, "admin"),
    (Flags::PUBSUB, "pubsub"),
    (Flags::NOSCRIPT, "noscript"),
    (Flags::BLOCKING, "blocking"),
    (Flags::LOADING, "loading"),
    (Flags::STALE, "stale"),
    (Flags::SKIP_MONITOR, "skip_monitor"),
    (Flags::SKIP_SLOWLOG, "skip_slowlog"),
    (Flags::FAST, "fast"),
    (Flags::NO_AUTH, "no_auth"),
    (Flags::NO_MANDATORY_KEYS, "no_mandatory_keys"),
    (Flags::NO_MULTI, "no_multi"),
    (Flags::MOVABLE_KEYS, "movablekeys"),
    (Flags::ALLOW_BUSY, "allow_busy"),
    (Flags::NO_ASYNC_LOADING, "no_async_loading"),
];

/// The categories that access control lists know a command by.
fn categories(command: &Command) -> Vec<&'static str> {
    let flags = command.flags;
    let mut list = Vec::new();
    let mut add = |yes: bool, name: &'static str| {
        if yes && !list.contains(&name) {
            list.push(name);
        }
    };
    let name = command.name.split('|').next().unwrap_or_default();
    let group = match command.group {
        // The name of a container is in no group; its subcommands are.
        _ if !command.subcommands.is_empty() && name != "command" => "",
        _ if matches!(name, "dbsize" | "flushall" | "flushdb" | "swapdb") => "@keyspace",
        _ if matches!(
            name,
            "command" | "asking" | "readonly" | "readwrite" | "wait" | "waitaof"
        ) =>
        {
            "@connection"
        }
        "generic" => "@keyspace",
        "string" => "@string",
        "list" => "@list",
        "hash" => "@hash",
        "set" => "@set",
        "sorted-set" => "@sortedset",
        "stream" => "@stream",
        "bitmap" => "@bitmap",
        "hyperloglog" => "@hyperloglog",
        "geo" => "@geo",
        "pubsub" => "@pubsub",
        "connection" => "@connection",
        "transactions" => "@transaction",
        "scripting" => "@scripting",
        _ => "",
    };
    let sorts = matches!(name, "sort" | "sort_ro");
    for name in ["@list", "@set", "@sortedset"] {
        add(sorts, name);
    }
    add(group == "@keyspace" && !sorts, group);
    add(
        flags.has(Flags::READ) && command.group != "scripting",
        "@read",
    );
    add(flags.has(Flags::WRITE), "@write");
    let typed = !matches!(
        group,
        "@keyspace" | "@connection" | "@transaction" | "@scripting" | "@pubsub"
    );
    add(typed && !group.is_empty(), group);
    add(flags.has(Flags::PUBSUB), "@pubsub");
    // Flagged otherwise only for historical reasons.
    let told = matches!(name, "lastsave" | "role");
    add(flags.has(Flags::ADMIN) || told, "@admin");
    add(flags.has(Flags::FAST), "@fast");
    add(!flags.has(Flags::FAST), "@slow");
    add(flags.has(Flags::BLOCKING), "@blocking");
    add(flags.has(Flags::ADMIN.and(Flags::DANGEROUS)), "@dangerous");
    add(
        matches!(group, "@connection" | "@transaction" | "@scripting"),
        group,
    );
    list
}

fn describe(command: &'static Command) -> Value {
    let statuses =
        |names: Vec<&'static str>| Value::Set(names.into_iter().map(Value::simple).collect());
    let flags = FLAG_NAMES
        .iter()
        .filter(|(flag, _)| command.flags.has(*flag))
        .map(|(_, name)| *name);
    let (first, last, step) = match command.keys {
        Keys::Range { first, last, step } => (i64::from(first), i64::from(last), i64::from(step)),
        Keys::FirstAndCounted { .. }
        | Keys::FirstAndAfter { .. }
        | Keys::FirstAndLastAfter { .. } => (1, 1, 1),
        Keys::None | Keys::Counted { .. } | Keys::HalfAfter { .. } => (0, 0, 0),
    };
    Value::Array(vec![
        Value::text(command.name),
        Value::Int(command.signed_arity()),
        statuses(flags.collect()),
        Value::Int(first),
        Value::Int(last),
        Value::Int(step),
        statuses(categories(command)),
        Value::Array(Vec::new()),
        Value::Array(Vec::new()),
        Value::array(command.subcommands.iter().map(describe)),
    ])
}

/// `COMMAND DOCS [command-name ...]`
fn command_docs(_cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let wanted: Vec<&'static Command> = if args.len() == 0 {
        super::commands().collect()
    } else {
        args.rest()
            .iter()
            .filter_map(|name| find_any(name))
            .collect()
    };
    Ok(Value::Map(
        wanted
            .into_iter()
            .map(|command| (Value::text(command.name), docs(command)))
            .collect(),
    ))
}

fn docs(command: &'static Command) -> Value {
    let mut map = vec![
        (Value::text("summary"), Value::text(command.summary)),
        (Value::text("since"), Value::text(command.since)),
        (Value::text("group"), Value::text(command.group)),
    ];
    if let Some(arguments) = arguments::describe(command.syntax) {
        map.push((Value::text("arguments"), arguments));
    }
    if !command.subcommands.is_empty() {
        let subs = command
            .subcommands
            .iter()
            .map(|sub| (Value::text(sub.name), docs(sub)));
        map.push((Value::text("subcommands"), Value::Map(subs.collect())));
    }
    Value::Map(map)
}

/// `COMMAND HELP`
fn command_help(_cx: &mut Cx<'_>, _args: &Args<'_>) -> Answer {
    Ok(super::help("COMMAND", COMMAND))
}
