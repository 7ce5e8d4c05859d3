//! Strings and counters.

use redwind_resp::Value;

use crate::args::Args;
use crate::cx::Cx;
use crate::db::Data;
use crate::table::{Answer, Arity::*, Command, Flags, Keys};

pub(super) const TABLE: &[Command] = &[
    Command {
        name: "get",
        arity: Exactly(1),
        flags: Flags::READ.and(Flags::FAST),
        keys: Keys::FIRST,
        group: "string",
        since: "1.0.0",
        summary: "The string under a key.",
        syntax: "key",
        subcommands: &[],
        run: get,
    },
    Command {
        name: "set",
        arity: AtLeast(2),
        flags: Flags::WRITE.and(Flags::DENYOOM),
        keys: Keys::FIRST,
        group: "string",
        since: "1.0.0",
        summary: "Sets the string under a key, whatever type it held.",
        syntax: "key value",
        subcommands: &[],
        run: set,
    },
];

/// `GET key`
fn get(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    Ok(cx
        .read_string(args.key(0))?
        .map_or(Value::Null, Value::Bulk))
}

/// `SET key value`
fn set(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let key = args.key(0);
    cx.put(key, Data::string(&args[1]), None);
    cx.dirty += 1;
    cx.event("set", key);
    Ok(Value::OK)
}
