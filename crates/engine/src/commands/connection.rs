//! Commands about the connection itself.

use redwind_resp::Value;

use crate::Refusal;
use crate::args::Args;
use crate::cx::Cx;
use crate::table::{Answer, Arity::*, Command, Flags, Keys};

const QUICK: Flags = Flags::FAST;

pub(super) const TABLE: &[Command] = &[Command {
    name: "ping",
    arity: AtLeast(0),
    flags: QUICK,
    keys: Keys::None,
    group: "connection",
    since: "1.0.0",
    summary: "Asks whether the server is alive; it answers PONG or repeats the message.",
    syntax: "[message]",
    subcommands: &[],
    run: ping,
}];

/// `PING [message]`
fn ping(_cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    match args.len() {
        0 => Ok(Value::simple("PONG")),
        1 => Ok(Value::Bulk(args[0].clone())),
        _ => Err(Refusal::Arity("ping")),
    }
}
