//! Scripts that run inside the server.

use bytes::Bytes;
use redwind_resp::Value;
use triomphe::Arc;

use crate::Refusal;
use crate::args::{Args, is};
use crate::cx::{Cx, Effect};
use crate::number::parse_int;
use crate::scripting::{self, Declared, Script, sha1};
use crate::table::{Answer, Keys, NO_KEYS, needs_subcommand, table};
use crate::{Command, Engine, Flags};

const COUNTED: Keys = Keys::Counted { at: 2 };

table! { TABLE, "scripting";
    "eval" => eval, AtLeast(2), [NOSCRIPT MAY_REPLICATE STALE SKIP_MONITOR NO_MANDATORY_KEYS MOVABLE_KEYS], COUNTED,
        "2.6.0", "script numkeys [key [key ...]] [arg [arg ...]]", "Runs a Lua script.";
    "eval_ro" => eval_ro, AtLeast(2),
        [READ NOSCRIPT STALE SKIP_MONITOR NO_MANDATORY_KEYS MOVABLE_KEYS], COUNTED, "7.0.0",
        "script numkeys [key [key ...]] [arg [arg ...]]", "Runs a Lua script that must not write.";
    "evalsha" => evalsha, AtLeast(2), [NOSCRIPT MAY_REPLICATE STALE SKIP_MONITOR NO_MANDATORY_KEYS MOVABLE_KEYS],
        COUNTED, "2.6.0", "sha1 numkeys [key [key ...]] [arg [arg ...]]",
        "Runs a Lua script that the server knows, by its digest.";
    "evalsha_ro" => evalsha_ro, AtLeast(2),
        [READ NOSCRIPT STALE SKIP_MONITOR NO_MANDATORY_KEYS MOVABLE_KEYS], COUNTED, "7.0.0",
        "sha1 numkeys [key [key ...]] [arg [arg ...]]",
        "Runs a Lua script that the server knows and that must not write.";
    "script" => needs_subcommand {SCRIPT}, AtLeast(1), [CONTAINER], NO_KEYS, "2.6.0", "",
        "Manages the scripts that the server knows.";
}

table! { SCRIPT, "scripting";
    "script|debug" => script_debug, Exactly(1), [NOSCRIPT], NO_KEYS, "3.2.0", "<YES | SYNC | NO>",
        "Asks for the script debugger, which is not there: EVAL is then refused until NO.";
    "script|exists" => script_exists, AtLeast(1), [NOSCRIPT], NO_KEYS, "2.6.0", "sha1 [sha1 ...]",
        "Tells which scripts the server knows.";
    "script|flush" => script_flush, AtLeast(0), [NOSCRIPT], NO_KEYS, "2.6.0", "[ASYNC | SYNC]",
        "Forgets all scripts.";
    "script|help" => script_help, Exactly(0), [LOADING STALE], NO_KEYS, "5.0.0", "",
        "Lists the subcommands.";
    "script|kill" => script_kill, Exactly(0), [NOSCRIPT ALLOW_BUSY], NO_KEYS, "2.6.0", "",
        "Stops the script that is running.";
    "script|load" => script_load, Exactly(1), [NOSCRIPT STALE], NO_KEYS, "2.6.0", "script",
        "Teaches the server a script; gives its digest.";
}

/// `EVAL script numkeys [key ...] [arg ...]`
fn eval(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    eval_source(cx, args, false)
}

/// `EVAL_RO script numkeys [key ...] [arg ...]`
fn eval_ro(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    eval_source(cx, args, true)
}

/// `EVALSHA sha1 numkeys [key ...] [arg ...]`
fn evalsha(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    eval_known(cx, args, false)
}

/// `EVALSHA_RO sha1 numkeys [key ...] [arg ...]`
fn evalsha_ro(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    eval_known(cx, args, true)
}

fn split<'a>(args: &Args<'a>) -> Result<(&'a [Bytes], &'a [Bytes]), Refusal> {
    let count = parse_int(&args[1]).ok_or(Refusal::NotAnInteger)?;
    let rest = args.from(2);
    match usize::try_from(count) {
        Err(_) => Err(Refusal::err("Number of keys can't be negative")),
        Ok(count) if count > rest.len() => Err(Refusal::err(
            "Number of keys can't be greater than number of args",
        )),
        Ok(count) => Ok(rest.split_at(count)),
    }
}

fn eval_source(cx: &mut Cx<'_>, args: &Args<'_>, read_only: bool) -> Answer {
    let (keys, argv) = split(args)?;
    let sha = sha1::of_script(&args[0]);
    if !cx.engine.scripts.contains_key(&sha) {
        learn(cx, &args[0])?;
    }
    run(cx, &sha, keys, argv, read_only)
}

fn eval_known(cx: &mut Cx<'_>, args: &Args<'_>, read_only: bool) -> Answer {
    let sha = <[u8; 40]>::try_from(&args[0][..]).map_err(|_| Refusal::NoScript)?;
    let (keys, argv) = split(args)?;
    run(
        cx,
        &sha.map(|byte| byte.to_ascii_lowercase()),
        keys,
        argv,
        read_only,
    )
}

fn run(cx: &mut Cx<'_>, sha: &[u8; 40], keys: &[Bytes], argv: &[Bytes], read_only: bool) -> Answer {
    if cx.session().is_some_and(|session| session.debugging) {
        return Err(Refusal::err(
            "There is no script debugger here. Run the script without it, or send SCRIPT DEBUG NO",
        ));
    }
    let Some(script) = cx.engine.scripts.get(sha) else {
        return Err(Refusal::NoScript);
    };
    let mut script = script.clone();
    if let Some(flags) = script.declared {
        may_start(cx, flags, read_only)?;
    }
    script.read_only |= read_only;
    cx.script_wrote = false;
    let db = cx.db;
    let may_block = std::mem::replace(&mut cx.may_block, false);
    let in_script = std::mem::replace(&mut cx.in_script, true);
    let reply = scripting::run(cx, &script, keys, argv);
    (cx.may_block, cx.in_script, cx.db) = (may_block, in_script, db);
    // Replicas repeat what the script did, not the script.
    cx.effect = Effect::Instead(Vec::new());
    cx.dirty = 0;
    Ok(reply)
}

/// What a command does: for a script that declares its flags it follows from these.
pub(crate) fn flags_of(engine: &Engine, command: &Command, argv: &[Bytes]) -> Flags {
    let declared = match (command.name, argv.get(1)) {
        ("eval" | "eval_ro", Some(source)) if source.starts_with(b"#!") => {
            shebang(source).ok().flatten()
        }
        ("evalsha" | "evalsha_ro", Some(sha)) => {
            let sha = <[u8; 40]>::try_from(sha.to_ascii_lowercase()).ok();
            let script = sha.and_then(|sha| engine.scripts.get(&sha));
            script.and_then(|script| script.declared)
        }
        _ => None,
    };
    let own = match command.name {
        // The commands may run on stale data; a script only if it says so.
        "eval" | "eval_ro" | "evalsha" | "evalsha_ro" => match declared {
            Some(flags) if flags.allow_stale => command.flags.and(Flags::STALE),
            _ => Flags(command.flags.0 & !Flags::STALE.0),
        },
        _ => command.flags,
    };
    // What it declares is known; any other may do something that replicas repeat.
    let known = Flags(own.0 & !Flags::MAY_REPLICATE.0);
    match declared {
        None => own,
        Some(flags) if flags.no_writes => known,
        Some(flags) if flags.allow_oom => known.and(Flags::WRITE),
        Some(_) => known.and(Flags::WRITE).and(Flags::DENYOOM),
    }
}

/// Whether a script that declares what it needs may run at all.
fn may_start(cx: &Cx<'_>, flags: Declared, read_only: bool) -> Result<(), Refusal> {
    if flags.no_cluster && cx.engine.cluster().is_some() {
        return Err(Refusal::err(
            "Can not run script on cluster, 'no-cluster' flag is set.",
        ));
    }
    if !flags.no_writes {
        if cx.engine.refuses_writes_of(cx.session) {
            return Err(Refusal::Text(
                "READONLY You can not run script with write flag on readonly replica.".into(),
            ));
        }
        if read_only {
            return Err(Refusal::err(
                "Can not execute a script with write flag using *_ro command.",
            ));
        }
        // Refused before it came here, if memory was used up then; this is about one that a transaction runs.
        let full = cx.engine.config.maxmemory > 0 && cx.engine.memory_was_full;
        if full && !flags.allow_oom {
            return Err(Refusal::Text(
                "OOM allow-oom flag is not set on the script, can not run it when used memory > 'maxmemory'"
                    .into(),
            ));
        }
    }
    Ok(())
}

/// Reads the flags, compiles, and keeps a script.
fn learn(cx: &mut Cx<'_>, source: &[u8]) -> Result<[u8; 40], Refusal> {
    let sha = sha1::of_script(source);
    let declared = shebang(source)?;
    let script = Script {
        sha,
        source: Arc::from(source),
        declared,
        read_only: declared.is_some_and(|flags| flags.no_writes),
    };
    scripting::compile(&script)?;
    Arc::make_mut(&mut cx.engine.scripts).insert(sha, script);
    Ok(sha)
}

/// Reads a first line such as `#!lua flags=no-writes`.
fn shebang(source: &[u8]) -> Result<Option<Declared>, Refusal> {
    if !source.starts_with(b"#!") {
        return Ok(None);
    }
    let end = source.iter().position(|b| *b == b'\n');
    let end = end.ok_or_else(|| Refusal::err("Invalid script shebang"))?;
    let words = redwind_resp::split_words(&source[..end])
        .map_err(|_| Refusal::err("Invalid engine in script shebang"))?;
    let mut words = words.iter().map(|word| String::from_utf8_lossy(word));
    let engine = words.next().unwrap_or_default();
    if engine != "#!lua" {
        return Err(Refusal::err(format_args!(
            "Unexpected engine in script shebang: {engine}"
        )));
    }
    let mut declared = Declared::default();
    for word in words {
        let Some(flags) = word.strip_prefix("flags=") else {
            return Err(Refusal::err(format_args!(
                "Unknown lua shebang option: {word}"
            )));
        };
        for flag in flags.split(',').filter(|flag| !flag.is_empty()) {
            match flag {
                "no-writes" => declared.no_writes = true,
                "allow-oom" => declared.allow_oom = true,
                "no-cluster" => declared.no_cluster = true,
                "allow-stale" => declared.allow_stale = true,
                "allow-cross-slot-keys" => {}
                _ => {
                    return Err(Refusal::err(format_args!(
                        "Unexpected flag in script shebang: {flag}"
                    )));
                }
            }
        }
    }
    Ok(Some(declared))
}

/// `SCRIPT LOAD script`
fn script_load(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    Ok(Value::bulk(learn(cx, &args[0])?))
}

/// `SCRIPT EXISTS sha1 [sha1 ...]`
fn script_exists(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let known = |sha: &Bytes| {
        let sha = <[u8; 40]>::try_from(&sha[..])
            .ok()
            .map(|sha| sha.map(|b| b.to_ascii_lowercase()));
        Value::from(sha.is_some_and(|sha| cx.engine.scripts.contains_key(&sha)))
    };
    Ok(Value::array(args.rest().iter().map(known)))
}

/// `SCRIPT FLUSH [ASYNC | SYNC]`
fn script_flush(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    match args.rest() {
        [] => {}
        [mode] if is(mode, "ASYNC") || is(mode, "SYNC") => {}
        _ => return Err(Refusal::err("SCRIPT FLUSH only support SYNC|ASYNC option")),
    }
    cx.engine.scripts = Arc::default();
    Ok(Value::OK)
}

/// `SCRIPT KILL` — a script ends within its own command, so none is ever running here.
fn script_kill(_cx: &mut Cx<'_>, _args: &Args<'_>) -> Answer {
    Err(Refusal::Text(
        "NOTBUSY No scripts in execution right now.".into(),
    ))
}

/// `SCRIPT DEBUG YES|SYNC|NO` — there is no debugger. `redis-cli --ldb` does not look at this reply, so the script
/// that comes next says so.
fn script_debug(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    match &args[0] {
        mode if !["YES", "SYNC", "NO"].iter().any(|known| is(mode, known)) => {
            Err(Refusal::err("Use SCRIPT DEBUG YES/SYNC/NO"))
        }
        // A transaction has replies that nobody has read yet.
        _ if !cx.may_block => Err(Refusal::err(
            "SCRIPT DEBUG must be called outside a pipeline",
        )),
        mode => {
            if let Some(session) = cx.session_mut() {
                session.debugging = !is(mode, "NO");
            }
            Ok(Value::OK)
        }
    }
}

/// `SCRIPT HELP`
fn script_help(_cx: &mut Cx<'_>, _args: &Args<'_>) -> Answer {
    Ok(super::help("SCRIPT", SCRIPT))
}
