//! Commands on keys of any type.

use redwind_resp::Value;

use crate::args::Args;
use crate::cx::Cx;
use crate::table::{Answer, Arity::*, Command, Flags, Keys};

pub(super) const TABLE: &[Command] = &[Command {
    name: "del",
    arity: AtLeast(1),
    flags: Flags::WRITE,
    keys: Keys::ALL,
    group: "generic",
    since: "1.0.0",
    summary: "Deletes keys and counts those that existed.",
    syntax: "key [key ...]",
    subcommands: &[],
    run: del,
}];

/// `DEL key [key ...]`
fn del(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let mut deleted = 0;
    for key in args.rest() {
        if cx.delete(key) {
            cx.event("del", key);
            cx.dirty += 1;
            deleted += 1;
        }
    }
    Ok(Value::Int(deleted))
}
