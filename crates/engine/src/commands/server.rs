//! Commands about the server as a whole.

use bytes::Bytes;
use redwind_resp::Value;

use crate::args::{Args, is};
use crate::commands::keys::empty_db;
use crate::cx::Cx;
use crate::number::{int_bytes, parse_int};
use crate::table::{Answer, Command, Flags, Keys, NO_KEYS, needs_subcommand, table};
use crate::{Refusal, glob};

table! { TABLE, "server";
    "command" => command {COMMAND}, AtLeast(0), [CONTAINER LOADING STALE], NO_KEYS, "2.8.13", "",
        "Describes all commands.";
    "dbsize" => dbsize, Exactly(0), [READ FAST], NO_KEYS, "1.0.0", "",
        "Counts the keys of this database.";
    "debug" => needs_subcommand {DEBUG}, AtLeast(1), [CONTAINER ADMIN NOSCRIPT LOADING STALE], NO_KEYS,
        "1.0.0", "", "Helps tests.";
    "flushall" => flushall, AtLeast(0), [WRITE DANGEROUS], NO_KEYS, "1.0.0", "[ASYNC | SYNC]",
        "Deletes all keys of all databases.";
    "flushdb" => flushdb, AtLeast(0), [WRITE DANGEROUS], NO_KEYS, "1.0.0", "[ASYNC | SYNC]",
        "Deletes all keys of this database.";
    "lolwut" => lolwut, AtLeast(0), [READ FAST], NO_KEYS, "5.0.0", "[VERSION version]",
        "Shows the version, and elsewhere some art.";
    "swapdb" => swapdb, Exactly(2), [WRITE FAST DANGEROUS], NO_KEYS, "4.0.0", "index1 index2",
        "Exchanges two databases.";
    "time" => time, Exactly(0), [LOADING STALE FAST], NO_KEYS, "2.6.0", "",
        "Tells the server's time: seconds, and microseconds within the second.";
}

table! { COMMAND, "server";
    "command|count" => command_count, Exactly(0), [LOADING STALE], NO_KEYS, "2.8.13", "",
        "Counts the commands.";
    "command|docs" => command_docs, AtLeast(0), [LOADING STALE], NO_KEYS, "7.0.0",
        "[command-name [command-name ...]]", "Explains commands.";
    "command|getkeys" => command_getkeys, AtLeast(1), [LOADING STALE], NO_KEYS, "2.8.13",
        "command [arg [arg ...]]", "Finds the keys in a command.";
    "command|help" => command_help, Exactly(0), [LOADING STALE], NO_KEYS, "5.0.0", "",
        "Lists the subcommands.";
    "command|info" => command_info, AtLeast(0), [LOADING STALE], NO_KEYS, "2.8.13",
        "[command-name [command-name ...]]", "Describes commands.";
    "command|list" => command_list, AtLeast(0), [LOADING STALE], NO_KEYS, "7.0.0",
        "[FILTERBY <MODULE module-name | ACLCAT category | PATTERN pattern>]", "Lists the names.";
}

table! { DEBUG, "server";
    "debug|error" => debug_error, AtLeast(0), [ADMIN NOSCRIPT LOADING STALE], NO_KEYS, "1.0.0", "message",
        "Answers with the error that it is given.";
    "debug|jmap" => debug_ok, Exactly(0), [ADMIN NOSCRIPT LOADING STALE], NO_KEYS, "1.0.0", "",
        "Does nothing, successfully.";
    "debug|set-active-expire" => debug_ok, Exactly(1), [ADMIN NOSCRIPT LOADING STALE], NO_KEYS, "1.0.0",
        "<0 | 1>", "Accepted; expired keys are deleted when the host wakes the engine.";
    "debug|sleep" => debug_ok, Exactly(1), [ADMIN NOSCRIPT LOADING STALE], NO_KEYS, "1.0.0", "seconds",
        "Accepted; time is the host's.";
}

/// `DBSIZE`
fn dbsize(cx: &mut Cx<'_>, _args: &Args<'_>) -> Answer {
    Ok(Value::from(cx.db().len()))
}

/// `TIME`
fn time(cx: &mut Cx<'_>, _args: &Args<'_>) -> Answer {
    let part = |number: u64| Value::Bulk(Bytes::from(int_bytes(number as i64)));
    Ok(Value::Array(vec![
        part(cx.now.0 / 1_000_000),
        part(cx.now.0 % 1_000_000),
    ]))
}

fn flush_mode(args: &Args<'_>) -> Result<(), Refusal> {
    match args.rest() {
        [] => Ok(()),
        [mode] if is(mode, "ASYNC") || is(mode, "SYNC") => Ok(()),
        _ => Err(Refusal::Syntax),
    }
}

/// `FLUSHDB [ASYNC | SYNC]`
fn flushdb(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    flush_mode(args)?;
    let db = cx.db;
    cx.dirty += 1 + empty_db(cx, db) as u64;
    Ok(Value::OK)
}

/// `FLUSHALL [ASYNC | SYNC]`
fn flushall(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    flush_mode(args)?;
    cx.dirty += 1;
    for db in 0..cx.engine.dbs.len() as u32 {
        cx.dirty += empty_db(cx, db) as u64;
    }
    Ok(Value::OK)
}

/// `SWAPDB index1 index2`
fn swapdb(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    if cx.engine.cluster().is_some() {
        return Err(Refusal::err("SWAPDB is not allowed in cluster mode"));
    }
    let count = cx.engine.dbs.len();
    let number = |at: usize| parse_int(&args[at]).and_then(|number| i32::try_from(number).ok());
    let first = number(0).ok_or(Refusal::InvalidFirstDbIndex)?;
    let second = number(1).ok_or(Refusal::InvalidSecondDbIndex)?;
    let index = |n: i32| {
        usize::try_from(n)
            .ok()
            .filter(|n| *n < count)
            .ok_or(Refusal::DbIndexOutOfRange)
    };
    let (a, b) = (index(first)?, index(second)?);
    cx.dirty += 1;
    if a == b {
        return Ok(Value::OK);
    }
    let changed: Vec<_> = [a, b]
        .iter()
        .flat_map(|db| cx.engine.dbs[*db].iter().map(|(key, _)| key.clone()))
        .collect();
    cx.engine.dbs.swap(a, b);
    // Waiting commands may now find what they wait for; watched keys may hold something else.
    for db in [a as u32, b as u32] {
        for key in &changed {
            cx.engine.touch(db, key);
        }
        let here = std::mem::replace(&mut cx.db, db);
        cx.report("swapdb", &Bytes::new());
        cx.db = here;
    }
    Ok(Value::OK)
}

/// `LOLWUT [VERSION version]`
fn lolwut(_cx: &mut Cx<'_>, _args: &Args<'_>) -> Answer {
    let text = format!("Redis ver. {}\n", super::connection::VERSION);
    Ok(Value::Verbatim {
        format: *b"txt",
        text: Bytes::from(text),
    })
}

/// Accepted `DEBUG` subcommands.
fn debug_ok(_cx: &mut Cx<'_>, _args: &Args<'_>) -> Answer {
    Ok(Value::OK)
}

/// `DEBUG ERROR message` — for tests of how clients take an error.
fn debug_error(_cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let [message] = args.rest() else {
        return Err(super::bad_subcommand(args));
    };
    let text = String::from_utf8_lossy(message).replace(['\r', '\n'], " ");
    Err(Refusal::Text(text))
}

/// `COMMAND`
fn command(_cx: &mut Cx<'_>, _args: &Args<'_>) -> Answer {
    Ok(Value::Array(super::commands().map(describe).collect()))
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
    let one = |name: &Bytes| find_any(name).map_or(Value::NullArray, describe);
    Ok(Value::Array(args.rest().iter().map(one).collect()))
}

/// `COMMAND LIST [FILTERBY ...]`
fn command_list(_cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let names = super::commands();
    let listed: Vec<Value> = match args.rest() {
        [] => names.map(|command| Value::text(command.name)).collect(),
        [by, kind, value] if is(by, "FILTERBY") => {
            let all = names.flat_map(|command| std::iter::once(command).chain(command.subcommands));
            if is(kind, "PATTERN") {
                let pattern = value.to_ascii_lowercase();
                all.filter(|command| glob::matches(&pattern, command.name.as_bytes()))
                    .map(|command| Value::text(command.name))
                    .collect()
            } else if is(kind, "ACLCAT") {
                let category = String::from_utf8_lossy(value).to_lowercase();
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
    let Ok(command) = super::resolve(args.rest()) else {
        return Err(match super::resolve(args.rest()) {
            Err(Refusal::Arity(_)) => {
                Refusal::err("Invalid number of arguments specified for command")
            }
            _ => Refusal::err("Invalid command specified"),
        });
    };
    if command.keys == Keys::None {
        return Err(Refusal::err("The command has no key arguments"));
    }
    let places = key_places(command, args.rest());
    if places.is_empty() && !command.flags.has(Flags::NO_MANDATORY_KEYS) {
        return Err(Refusal::err("Invalid arguments specified for command"));
    }
    Ok(Value::Array(
        places
            .into_iter()
            .map(|at| Value::Bulk(args[at].clone()))
            .collect(),
    ))
}

/// Where the keys are in this command line, its name being 0.
pub(crate) fn key_places(command: &Command, argv: &[Bytes]) -> Vec<usize> {
    let counted = |at: usize| -> Vec<usize> {
        let count = argv
            .get(at)
            .and_then(|n| parse_int(n))
            .and_then(|n| usize::try_from(n).ok());
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
            let mut places = vec![1];
            places.extend(counted(usize::from(at)));
            places
        }
        Keys::HalfAfter { word } => {
            let Some(at) = argv.iter().position(|argument| is(argument, word)) else {
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
                    at += 1;
                    last = Some(at);
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
        _ if matches!(name, "command" | "asking" | "readonly" | "readwrite") => "@connection",
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
    add(flags.has(Flags::ADMIN), "@admin");
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
        Value::Array(command.subcommands.iter().map(describe).collect()),
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
        (Value::text("syntax"), Value::text(command.syntax)),
    ];
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
