//! Commands about the connection itself.

use bytes::Bytes;
use redwind_resp::{Protocol, Value};

use crate::args::{Args, c_text, is};
use crate::commands::client_kill::{Type, addresses};
use crate::commands::keys::db_index;
use crate::cx::Cx;
use crate::number::parse_int;
use crate::pubsub::Listen;
use crate::refusal::quoted;
use crate::session::Session;
use crate::table::{Answer, NO_KEYS, needs_subcommand, table};
use crate::{Refusal, SessionId};

/// The version of Redis whose behaviour the engine has.
pub(crate) const VERSION: &str = "8.2.3";

table! { TABLE, "connection";
    "auth" => auth, AtLeast(1), [NOSCRIPT LOADING STALE FAST NO_AUTH ALLOW_BUSY], NO_KEYS, "1.0.0",
        "[username] password", "Proves who the client is.";
    "client" => needs_subcommand {CLIENT}, AtLeast(1), [CONTAINER], NO_KEYS, "2.4.0", "",
        "Looks at connections and changes them.";
    "echo" => echo, Exactly(1), [LOADING STALE FAST], NO_KEYS, "1.0.0", "message",
        "Gives the message back.";
    "hello" => hello, AtLeast(0), [NOSCRIPT LOADING STALE FAST NO_AUTH ALLOW_BUSY], NO_KEYS, "6.0.0",
        "[protover [AUTH username password] [SETNAME clientname]]",
        "Greets the server and chooses the protocol version.";
    "ping" => ping, AtLeast(0), [FAST], NO_KEYS, "1.0.0", "[message]",
        "Asks whether the server is alive; it answers PONG or repeats the message.";
    "quit" => quit, AtLeast(0), [NOSCRIPT LOADING STALE FAST NO_AUTH ALLOW_BUSY], NO_KEYS, "1.0.0", "",
        "Closes the connection.";
    "reset" => reset, Exactly(0), [NOSCRIPT LOADING STALE FAST NO_AUTH ALLOW_BUSY], NO_KEYS, "6.2.0", "",
        "Puts the connection back to how it started.";
    "select" => select, Exactly(1), [LOADING STALE FAST], NO_KEYS, "1.0.0", "index",
        "Chooses the database that this connection works on.";
}

table! { CLIENT, "connection";
    "client|getredir" => client_getredir, Exactly(0), [NOSCRIPT LOADING STALE], NO_KEYS, "6.0.0", "",
        "Tells where this connection's tracking goes: -1, for there is none.";
    "client|getname" => client_getname, Exactly(0), [NOSCRIPT LOADING STALE], NO_KEYS, "2.6.9", "",
        "Gives the connection's name.";
    "client|help" => client_help, Exactly(0), [LOADING STALE], NO_KEYS, "5.0.0", "",
        "Lists the subcommands.";
    "client|id" => client_id, Exactly(0), [NOSCRIPT LOADING STALE], NO_KEYS, "5.0.0", "",
        "Gives the connection's number.";
    "client|info" => client_info, Exactly(0), [NOSCRIPT LOADING STALE], NO_KEYS, "6.2.0", "",
        "Describes this connection.";
    "client|kill" => super::client_kill::kill, AtLeast(1), [ADMIN NOSCRIPT LOADING STALE], NO_KEYS, "2.4.0",
        "<ip:port | <[ID client-id] | [TYPE <NORMAL | MASTER | REPLICA | PUBSUB>] | [USER username] | [ADDR ip:port] | [LADDR ip:port] | [SKIPME <YES | NO>] | [MAXAGE maxage]> ...>",
        "Closes connections.";
    "client|list" => client_list, AtLeast(0), [ADMIN NOSCRIPT LOADING STALE], NO_KEYS, "2.4.0",
        "[TYPE <NORMAL | MASTER | REPLICA | PUBSUB>] [ID client-id [client-id ...]]",
        "Describes all connections.";
    "client|no-evict" => super::client_modes::no_evict, Exactly(1), [ADMIN NOSCRIPT LOADING STALE], NO_KEYS, "7.0.0",
        "<ON | OFF>", "Protects this connection from being dropped for its memory.";
    "client|no-touch" => super::client_modes::no_touch, Exactly(1), [NOSCRIPT LOADING STALE], NO_KEYS, "7.2.0",
        "<ON | OFF>", "Lets this connection's reads not count as use of keys.";
    "client|pause" => super::client_modes::pause, AtLeast(1), [ADMIN NOSCRIPT LOADING STALE], NO_KEYS,
        "3.0.0", "timeout [WRITE | ALL]", "Lets commands wait for a while: those that write, or all.";
    "client|reply" => super::client_modes::reply, Exactly(1), [NOSCRIPT LOADING STALE], NO_KEYS, "3.2.0",
        "<ON | OFF | SKIP>", "Turns the replies to this connection off and on.";
    "client|setinfo" => client_setinfo, Exactly(2), [NOSCRIPT LOADING STALE], NO_KEYS, "7.2.0",
        "<LIB-NAME libname | LIB-VER libver>", "Tells which client library is used.";
    "client|setname" => client_setname, Exactly(1), [NOSCRIPT LOADING STALE], NO_KEYS, "2.6.9",
        "connection-name", "Names the connection.";
    "client|unpause" => super::client_modes::unpause, Exactly(0), [ADMIN NOSCRIPT LOADING STALE], NO_KEYS,
        "6.2.0", "", "Ends a pause.";
    "client|unblock" => client_unblock, AtLeast(1), [ADMIN NOSCRIPT LOADING STALE], NO_KEYS, "5.0.0",
        "client-id [TIMEOUT | ERROR]", "Ends another connection's waiting.";
}

/// `PING [message]`
fn ping(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    // To a listener that expects messages, the answer looks like one.
    if !cx.resp3()
        && !cx.in_script
        && args.len() <= 1
        && cx.session().is_some_and(Session::is_listening)
    {
        let message = args.get(0).cloned().unwrap_or_default();
        return Ok(Value::Array(vec![
            Value::text("pong"),
            Value::Bulk(message),
        ]));
    }
    match args.len() {
        0 => Ok(Value::simple("PONG")),
        1 => Ok(Value::Bulk(args[0].clone())),
        _ => Err(Refusal::Arity("ping")),
    }
}

/// `ECHO message`
fn echo(_cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    Ok(Value::Bulk(args[0].clone()))
}

/// `SELECT index`
fn select(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let db = db_index(cx, &args[0], Refusal::NotAnInteger)?;
    if db != 0 && cx.engine.cluster().is_some() {
        return Err(Refusal::err("SELECT is not allowed in cluster mode"));
    }
    cx.db = db;
    // A script's choice ends with the script.
    if !cx.in_script
        && let Some(session) = cx.session_mut()
    {
        session.db = db;
    }
    Ok(Value::OK)
}

/// `QUIT`
fn quit(cx: &mut Cx<'_>, _args: &Args<'_>) -> Answer {
    cx.close = true;
    Ok(Value::OK)
}

/// `RESET`
fn reset(cx: &mut Cx<'_>, _args: &Args<'_>) -> Answer {
    cx.engine.unwatch(cx.session);
    cx.engine.stop_listening(cx.session);
    let now = cx.now;
    let authenticated = cx.engine.config.requirepass.is_empty();
    if let Some(session) = cx.session_mut() {
        let created = session.created;
        let library = (session.lib_name.clone(), session.lib_ver.clone());
        // What it has sent since is still to be run.
        let pending = std::mem::take(&mut session.pending);
        *session = Session {
            created,
            pending,
            authenticated,
            last_used: now,
            lib_name: library.0,
            lib_ver: library.1,
            last_command: session.last_command,
            ..Session::new(now)
        };
    }
    cx.db = 0;
    Ok(Value::simple("RESET"))
}

/// `AUTH [username] password` — there is one user, `default`.
fn auth(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    match args.rest() {
        [_] if cx.engine.config.requirepass.is_empty() => Err(Refusal::err(
            "AUTH <password> called without any password configured for the default user. \
             Are you sure your configuration is correct?",
        )),
        [password] => authenticate(cx, b"default", password),
        [user, password] => authenticate(cx, user, password),
        _ => Err(Refusal::Syntax),
    }
}

fn authenticate(cx: &mut Cx<'_>, user: &[u8], password: &[u8]) -> Answer {
    let wanted = cx.engine.config.requirepass.as_bytes();
    if user != b"default" || !(wanted.is_empty() || wanted == password) {
        cx.engine.counters.denied += 1;
        return Err(wrong_password());
    }
    if let Some(session) = cx.session_mut() {
        session.authenticated = true;
    }
    Ok(Value::OK)
}

fn wrong_password() -> Refusal {
    Refusal::Text("WRONGPASS invalid username-password pair or user is disabled.".into())
}

/// `HELLO [protover [AUTH username password] [SETNAME clientname]]`
fn hello(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let mut protocol = None;
    if let Some(version) = args.get(0) {
        protocol = Some(match parse_int(version) {
            Some(2) => Protocol::Resp2,
            Some(3) => Protocol::Resp3,
            Some(_) => return Err(Refusal::Text("NOPROTO unsupported protocol version".into())),
            None => {
                return Err(Refusal::err(
                    "Protocol version is not an integer or out of range",
                ));
            }
        });
    }
    let mut name = None;
    let mut at = 1;
    while let Some(word) = args.get(at) {
        let left = args.len() - at - 1;
        if is(word, "AUTH") && left >= 2 {
            authenticate(cx, &args[at + 1], &args[at + 2])?;
            at += 2;
        } else if is(word, "SETNAME") && left >= 1 {
            check_name(&args[at + 1])?;
            name = Some(args[at + 1].clone());
            at += 1;
        } else {
            let word = quoted(word);
            return Err(Refusal::err(format_args!(
                "Syntax error in HELLO option '{word}'"
            )));
        }
        at += 1;
    }
    if cx
        .session()
        .is_some_and(|session| cx.engine.needs_password(session))
    {
        return Err(Refusal::Text(
            "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO \
             <proto> AUTH <user> <pass> option can be used to authenticate the client and select the \
             RESP protocol version at the same time"
                .into(),
        ));
    }
    let id = cx.session;
    let Some(session) = cx.session_mut() else {
        return Ok(Value::Null);
    };
    if let Some(name) = name {
        session.name = name;
    }
    if let Some(protocol) = protocol {
        session.protocol = protocol;
    }
    let proto = if session.protocol == Protocol::Resp3 {
        3
    } else {
        2
    };
    cx.protocol = session.protocol;
    Ok(Value::Map(vec![
        (Value::text("server"), Value::text("redis")),
        (Value::text("version"), Value::text(VERSION)),
        (Value::text("proto"), Value::Int(proto)),
        (Value::text("id"), Value::Int(id.0 as i64)),
        (Value::text("mode"), Value::text("standalone")),
        (Value::text("role"), Value::text("master")),
        (Value::text("modules"), Value::Array(Vec::new())),
    ]))
}

/// Names must not break the lines of `CLIENT LIST`.
fn check_name(name: &[u8]) -> Result<(), Refusal> {
    // Redis looks no further than the first NUL.
    let mut seen = c_text(name).iter();
    if seen.all(|byte| (b'!'..=b'~').contains(byte)) {
        return Ok(());
    }
    Err(Refusal::err(
        "Client names cannot contain spaces, newlines or special characters.",
    ))
}

/// `CLIENT ID`
fn client_id(cx: &mut Cx<'_>, _args: &Args<'_>) -> Answer {
    Ok(Value::Int(cx.session.0 as i64))
}

/// `CLIENT GETNAME`
fn client_getname(cx: &mut Cx<'_>, _args: &Args<'_>) -> Answer {
    let name = cx
        .session()
        .map(|session| session.name.clone())
        .filter(|name| !name.is_empty());
    Ok(name.map_or(Value::Null, Value::Bulk))
}

/// `CLIENT SETNAME name`
fn client_setname(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    check_name(&args[0])?;
    if let Some(session) = cx.session_mut() {
        session.name = args[0].clone();
    }
    Ok(Value::OK)
}

/// `CLIENT SETINFO LIB-NAME|LIB-VER value`
fn client_setinfo(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let is_name = args.is(0, "LIB-NAME");
    if !is_name && !args.is(0, "LIB-VER") {
        let word = quoted(&args[0]);
        return Err(Refusal::err(format_args!("Unrecognized option '{word}'")));
    }
    let mut seen = c_text(&args[1]).iter();
    if !seen.all(|byte| (b'!'..=b'~').contains(byte)) {
        let what = quoted(&args[0]);
        return Err(Refusal::err(format_args!(
            "{what} cannot contain spaces, newlines or special characters."
        )));
    }
    if let Some(session) = cx.session_mut() {
        let slot = if is_name {
            &mut session.lib_name
        } else {
            &mut session.lib_ver
        };
        *slot = args[1].clone();
    }
    Ok(Value::OK)
}

/// `CLIENT INFO`
fn client_info(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let line = cx
        .session()
        .map(|session| describe(cx, args, cx.session, session));
    Ok(Value::Verbatim {
        format: *b"txt",
        text: Bytes::from(line.unwrap_or_default()),
    })
}

/// `CLIENT LIST [TYPE type] [ID id ...]`
fn client_list(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let (mut ids, mut kind) = (None, None);
    match args.rest() {
        [] => {}
        [word, name] if is(word, "TYPE") => kind = Some(Type::parse(name)?),
        [word, list @ ..] if is(word, "ID") && !list.is_empty() => {
            let mut wanted = Vec::new();
            for id in list {
                wanted.push(parse_int(id).ok_or_else(|| Refusal::err("Invalid client ID"))?);
            }
            ids = Some(wanted);
        }
        _ => return Err(Refusal::Syntax),
    }
    let mut text = String::new();
    for (id, session) in cx.engine.sessions.iter() {
        let wanted = ids.as_ref().is_none_or(|ids| ids.contains(&(id.0 as i64)));
        if wanted && kind.is_none_or(|kind| kind == Type::of(session)) {
            text.push_str(&describe(cx, args, *id, session));
        }
    }
    Ok(Value::Verbatim {
        format: *b"txt",
        text: Bytes::from(text),
    })
}

/// `CLIENT GETREDIR`
fn client_getredir(_cx: &mut Cx<'_>, _args: &Args<'_>) -> Answer {
    Ok(Value::Int(-1))
}

/// How many bytes a command has on the wire.
fn sent_len(argv: &[Bytes]) -> usize {
    let line = |number: usize| number.to_string().len() + 3;
    let word = |word: &Bytes| line(word.len()) + word.len() + 2;
    line(argv.len()) + argv.iter().map(word).sum::<usize>()
}

/// One line of `CLIENT LIST`.
fn describe(cx: &Cx<'_>, args: &Args<'_>, id: SessionId, session: &Session) -> String {
    let seconds = |since: crate::Micros| cx.now.0.saturating_sub(since.0) / 1_000_000;
    // Up to the first NUL, like all that Redis prints.
    let text = |bytes: &Bytes| String::from_utf8_lossy(c_text(bytes)).into_owned();
    let listens = |kind| session.listening.keys().filter(|(k, _)| *k == kind).count();
    let marks = [
        (session.is_listening(), 'P'),
        (session.multi.is_some(), 'x'),
        (session.blocked.is_some() || session.postponed, 'b'),
        (session.cas_broken, 'd'),
        (session.no_evict, 'e'),
        (session.no_touch, 'T'),
    ];
    let set = marks.iter().filter(|(set, _)| *set);
    let mut flags: String = set.map(|(_, mark)| *mark).collect();
    if flags.is_empty() {
        flags.push('N');
    }
    let queued = session
        .multi
        .as_ref()
        .map_or(-1, |multi| multi.queue.len() as i64);
    let (from, to) = addresses(id, session);
    format!(
        "id={} addr={} laddr={to} fd={} name={} age={} idle={} flags={flags} \
         db={} sub={} psub={} ssub={} multi={queued} watch={} qbuf={} qbuf-free=0 argv-mem=0 multi-mem=0 \
         rbs=1024 rbp=0 obl=0 oll=0 omem=0 tot-mem=0 events=r cmd={} user=default redir=-1 resp={} \
         lib-name={} lib-ver={} io-thread=0 tot-net-in={} tot-net-out={} tot-cmds={}\n",
        id.0,
        from,
        7 + id.0,
        text(&session.name),
        seconds(session.created),
        seconds(session.last_used),
        session.db,
        listens(Listen::Channel),
        listens(Listen::Pattern),
        listens(Listen::Shard),
        session.watching.len(),
        // The command that asks is still in its connection's buffer.
        if id == cx.session {
            sent_len(args.argv())
        } else {
            0
        },
        session.last_command,
        if session.protocol == Protocol::Resp3 {
            3
        } else {
            2
        },
        text(&session.lib_name),
        text(&session.lib_ver),
        session.traffic.read,
        session.traffic.written,
        session.commands,
    )
}

/// `CLIENT UNBLOCK id [TIMEOUT | ERROR]`
fn client_unblock(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let as_error = match args.from(1) {
        [] => false,
        [word] if is(word, "TIMEOUT") => false,
        [word] if is(word, "ERROR") => true,
        [_, _, ..] => return Err(super::bad_subcommand(args)),
        [_] => {
            return Err(Refusal::err(
                "CLIENT UNBLOCK reason should be TIMEOUT or ERROR",
            ));
        }
    };
    let id = args.int(0)?;
    let Some(who) = u64::try_from(id).ok().map(SessionId) else {
        return Ok(Value::Int(0));
    };
    let Some(blocked) = cx.engine.stop_waiting(who) else {
        return Ok(Value::Int(0));
    };
    let reply = if as_error {
        Value::error("UNBLOCKED client unblocked via CLIENT UNBLOCK")
    } else {
        blocked.at_timeout
    };
    cx.engine.end_in_vain(who, blocked.command, reply, cx.out);
    cx.freed.push(who);
    Ok(Value::Int(1))
}

/// `CLIENT HELP`
fn client_help(_cx: &mut Cx<'_>, _args: &Args<'_>) -> Answer {
    Ok(super::help("CLIENT", CLIENT))
}
