//! `CONFIG`.

use redwind_resp::Value;
use triomphe::Arc;

use crate::args::{Args, c_text, pairs};
use crate::config::BadSetting;
use crate::cx::Cx;
use crate::refusal::quoted;
use crate::statistics::Counters;
use crate::table::{Answer, NO_KEYS, needs_subcommand, table};
use crate::{Refusal, glob};

table! { TABLE, "server";
    "config" => needs_subcommand {CONFIG}, AtLeast(1), [CONTAINER], NO_KEYS, "2.0.0", "",
        "Reads and changes settings.";
}

table! { CONFIG, "server";
    "config|get" => config_get, AtLeast(1), [ADMIN NOSCRIPT LOADING STALE], NO_KEYS, "2.0.0",
        "parameter [parameter ...]", "Gives the settings that match.";
    "config|help" => config_help, Exactly(0), [LOADING STALE], NO_KEYS, "5.0.0", "",
        "Lists the subcommands.";
    "config|resetstat" => config_resetstat, Exactly(0), [ADMIN NOSCRIPT LOADING STALE], NO_KEYS,
        "2.0.0", "", "Starts the statistics of INFO over.";
    "config|rewrite" => config_rewrite, Exactly(0), [ADMIN NOSCRIPT LOADING STALE], NO_KEYS, "2.8.0",
        "", "Would save the settings; there is no file.";
    "config|set" => config_set, AtLeast(2), [ADMIN NOSCRIPT LOADING STALE], NO_KEYS, "2.0.0",
        "parameter value [parameter value ...]", "Changes settings.";
}

/// `CONFIG GET parameter [parameter ...]`
fn config_get(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let patterns: Vec<Vec<u8>> = args.rest().iter().map(|p| p.to_ascii_lowercase()).collect();
    // What is no pattern is a name, and is compared whole.
    let wanted = |name: &str| {
        let name = name.as_bytes();
        let mut patterns = patterns.iter();
        patterns.any(|p| match p.iter().any(|byte| b"*?[".contains(byte)) {
            true => glob::matches(c_text(p), name),
            false => p == name,
        })
    };
    let found = cx
        .engine
        .config
        .settings()
        .into_iter()
        .filter(|(name, _)| wanted(name));
    Ok(Value::Map(
        found
            .map(|(name, value)| (Value::text(name), Value::bulk(value)))
            .collect(),
    ))
}

/// `CONFIG SET parameter value [parameter value ...]` — all or nothing.
fn config_set(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let settings = pairs(args.rest()).ok_or(Refusal::Syntax)?;
    let mut config = (*cx.engine.config).clone();
    let mut seen: Vec<String> = Vec::new();
    let mut invalid = None;
    for pair in settings {
        let sent = quoted(&pair[0]);
        let name = String::from_utf8_lossy(&pair[0]).to_ascii_lowercase();
        let failed = |name: &str, why: &str| {
            Refusal::err(format_args!(
                "CONFIG SET failed (possibly related to argument '{name}') - {why}"
            ))
        };
        match config.set(&name, &String::from_utf8_lossy(&pair[1])) {
            Err(BadSetting::Unknown) => {
                return Err(Refusal::err(format_args!(
                    "Unknown option or number of arguments for CONFIG SET - '{sent}'"
                )));
            }
            Err(BadSetting::Immutable) => return Err(failed(&sent, "can't set immutable config")),
            Err(BadSetting::Protected) => return Err(failed(&sent, "can't set protected config")),
            _ if seen.contains(&name) => return Err(failed(&sent, "duplicate parameter")),
            // All names are looked at before a value.
            Err(BadSetting::Invalid(why)) => {
                invalid = invalid.or_else(|| Some(failed(&name, &why)))
            }
            Ok(()) => {}
        }
        seen.push(name);
    }
    if let Some(refusal) = invalid {
        return Err(refusal);
    }
    cx.engine.config = Arc::new(config);
    // What is too much now goes at once, or when the transaction is over; its scripts go by what was found before it.
    if cx.may_block && seen.iter().any(|name| name == "maxmemory") {
        let was_full = cx.engine.memory_was_full;
        cx.check_memory(false)?;
        cx.engine.memory_was_full = was_full;
    }
    Ok(Value::OK)
}

/// `CONFIG RESETSTAT`
fn config_resetstat(cx: &mut Cx<'_>, _args: &Args<'_>) -> Answer {
    // What is left to be saved is no statistic.
    let Counters {
        dirty,
        saves,
        denied,
        ..
    } = cx.engine.counters;
    cx.engine.counters = Counters {
        dirty,
        saves,
        denied,
        ..Counters::default()
    };
    cx.engine.stats = Arc::default();
    Ok(Value::OK)
}

/// `CONFIG REWRITE`
fn config_rewrite(_cx: &mut Cx<'_>, _args: &Args<'_>) -> Answer {
    Err(Refusal::err("The server is running without a config file"))
}

/// `CONFIG HELP`
fn config_help(_cx: &mut Cx<'_>, _args: &Args<'_>) -> Answer {
    Ok(super::help("CONFIG", CONFIG))
}
