//! `MEMORY`.

use redwind_resp::Value;

use crate::Refusal;
use crate::args::Args;
use crate::cx::Cx;
use crate::memory;
use crate::table::{Answer, NO_KEYS, SECOND, needs_subcommand, table};

table! { TABLE, "server";
    "memory" => needs_subcommand {MEMORY}, AtLeast(1), [CONTAINER], NO_KEYS, "4.0.0", "",
        "Looks at what the data takes in memory.";
}

table! { MEMORY, "server";
    "memory|help" => help, Exactly(0), [LOADING STALE], NO_KEYS, "4.0.0", "", "Lists the subcommands.";
    "memory|usage" => usage, AtLeast(1), [READ], SECOND, "4.0.0", "key [SAMPLES count]",
        "Tells about how many bytes a key takes with what it holds.";
}

/// `MEMORY HELP`
fn help(_cx: &mut Cx<'_>, _args: &Args<'_>) -> Answer {
    Ok(super::help("MEMORY", MEMORY))
}

/// `MEMORY USAGE key [SAMPLES count]` — the whole key is weighed, so there is nothing to sample.
fn usage(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let mut at = 1;
    while at < args.len() {
        if !args.is(at, "SAMPLES") || at + 1 >= args.len() || args.int(at + 1)? < 0 {
            return Err(Refusal::Syntax);
        }
        at += 2;
    }
    let key = args.key(0);
    Ok(cx.peek_even_expired(key).map_or(Value::Null, |entry| {
        Value::from(memory::of_entry(
            key,
            &entry.data,
            entry.expires().is_some(),
        ))
    }))
}
