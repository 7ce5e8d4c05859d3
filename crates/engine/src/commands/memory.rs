//! `MEMORY`.

use bytes::Bytes;
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
    "memory|doctor" => doctor, Exactly(0), [], NO_KEYS, "4.0.0", "", "Says whether something is wrong with the memory.";
    "memory|help" => help, Exactly(0), [LOADING STALE], NO_KEYS, "4.0.0", "", "Lists the subcommands.";
    "memory|malloc-stats" => malloc_stats, Exactly(0), [], NO_KEYS, "4.0.0", "", "Tells about the allocator: there is none.";
    "memory|purge" => purge, Exactly(0), [], NO_KEYS, "4.0.0", "", "Gives unused memory back: there is none.";
    "memory|usage" => usage, AtLeast(1), [READ], SECOND, "4.0.0", "key [SAMPLES count]",
        "Tells about how many bytes a key takes with what it holds.";
}

/// `MEMORY DOCTOR` — the ills that Redis looks for are of processes and allocators.
fn doctor(cx: &mut Cx<'_>, _args: &Args<'_>) -> Answer {
    let text = if cx.engine.used_memory() < 5 << 20 {
        "Hi Sam, this instance is empty or is using very little memory, my issues detector can't be used in these \
         conditions. Please, leave for your mission on Earth and fill it with some data. The new Sam and I will be \
         back to our programming as soon as I finished rebooting.\n"
    } else {
        "Hi Sam, I can't find any memory issue in your instance. I can only account for what occurs on this base.\n"
    };
    Ok(Value::Verbatim {
        format: *b"txt",
        text: Bytes::from_static(text.as_bytes()),
    })
}

/// `MEMORY MALLOC-STATS`, as of a Redis whose allocator tells nothing.
fn malloc_stats(_cx: &mut Cx<'_>, _args: &Args<'_>) -> Answer {
    Ok(Value::text("Stats not supported for the current allocator"))
}

/// `MEMORY PURGE`
fn purge(_cx: &mut Cx<'_>, _args: &Args<'_>) -> Answer {
    Ok(Value::OK)
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
