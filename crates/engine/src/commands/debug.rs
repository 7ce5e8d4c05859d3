//! `DEBUG`, as far as tests of clients and of applications use it.

use bytes::Bytes;
use redwind_resp::{Protocol, Value};

use super::dataset_digest;
use super::persistence::count_as_saved;
use crate::args::{Args, is};
use crate::cx::Cx;
use crate::db::Data;
use crate::number::parse_int;
use crate::table::{Answer, NO_KEYS, table};
use crate::{Output, Refusal};

table! { TABLE, "server";
    "debug" => debug, AtLeast(1), [ADMIN NOSCRIPT LOADING STALE], NO_KEYS, "1.0.0",
        "<OBJECT key | SLEEP seconds | SET-ACTIVE-EXPIRE 0-or-1 | RELOAD | POPULATE count [prefix [size]] | ERROR message | PROTOCOL type | ...>",
        "Helps tests; DEBUG HELP lists all of it.";
}

/// What there is: name, arguments, what it does.
const KNOWN: &[(&str, &str, &str)] = &[
    (
        "CHANGE-REPL-ID",
        "",
        "Accepted; there is no replication ID.",
    ),
    (
        "DICT-RESIZING",
        "<0|1>",
        "Accepted; tables grow and shrink as they like.",
    ),
    (
        "DIGEST",
        "",
        "Gives a number that is the same where all data are.",
    ),
    (
        "DIGEST-VALUE",
        "[<key> ...]",
        "Gives such numbers for the values under keys.",
    ),
    ("ERROR", "<string>", "Answers with this error."),
    ("JMAP", "", "Does nothing, successfully."),
    (
        "LISTPACK",
        "<key>",
        "Tells whether a value is in this form, and prints nothing.",
    ),
    ("LOADAOF", "", "As RELOAD."),
    ("LOG", "<message>", "Accepted; there is no log."),
    ("OBJECT", "<key>", "Tells how a value is stored."),
    (
        "PAUSE-CRON",
        "<0|1>",
        "Accepted; nothing happens but when the host says so.",
    ),
    (
        "POPULATE",
        "<count> [<prefix>] [<size>]",
        "Makes string keys that are not there yet.",
    ),
    ("PROTOCOL", "<type>", "Answers with a value of this type."),
    (
        "QUICKLIST",
        "<key> [<0|1>]",
        "Tells whether a value is in this form, and prints nothing.",
    ),
    (
        "QUICKLIST-PACKED-THRESHOLD",
        "<size>",
        "Accepted; lists have one form for any size of element.",
    ),
    (
        "RELOAD",
        "[MERGE] [NOFLUSH] [NOSAVE]",
        "Counts everything as saved and drops what has expired.",
    ),
    (
        "REPLYBUFFER",
        "<PEAK-RESET-TIME|RESIZING> <value>",
        "Accepted; buffers are the host's.",
    ),
    (
        "SET-ACTIVE-EXPIRE",
        "<0|1>",
        "Turns the deletion of expired keys that nobody asks for off or on.",
    ),
    (
        "SET-SKIP-CHECKSUM-VALIDATION",
        "<0|1>",
        "Accepted; nothing has a checksum.",
    ),
    (
        "SLEEP",
        "<seconds>",
        "Does nothing for a while, nor does anybody else.",
    ),
];

/// The most that `POPULATE` makes: keys, and bytes in all of them.
const MOST: i64 = 1 << 24;
const MOST_BYTES: i64 = 1 << 30;

/// `DEBUG subcommand [argument ...]`
fn debug(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let unknown = || {
        let sent = String::from_utf8_lossy(&args[0][..args[0].len().min(128)]).into_owned();
        Refusal::err(format_args!(
            "unknown subcommand or wrong number of arguments for '{sent}'. Try DEBUG HELP."
        ))
    };
    let mut known = KNOWN.iter().map(|(name, ..)| *name);
    let name = known.find(|name| args.is(0, name));
    match (name, args.from(1)) {
        (None, []) if args.is(0, "HELP") => Ok(help()),
        (Some("CHANGE-REPL-ID" | "JMAP"), [])
        | (Some("REPLYBUFFER"), [_, _])
        | (Some("DICT-RESIZING" | "LOG" | "PAUSE-CRON" | "SET-SKIP-CHECKSUM-VALIDATION"), [_]) => {
            Ok(Value::OK)
        }
        (Some("DIGEST"), []) => Ok(dataset_digest::of_everything(cx)),
        (Some("DIGEST-VALUE"), keys) => Ok(dataset_digest::of_values(cx, keys)),
        (Some("LISTPACK"), [key]) => printed(cx, key, "Listpack"),
        (Some("LOADAOF"), _) => reload(cx, &[]),
        (Some("QUICKLIST"), [key] | [key, _]) => printed(cx, key, "Quicklist"),
        (Some("ERROR"), [text]) => {
            let text = String::from_utf8_lossy(text).replace(['\r', '\n'], " ");
            Err(Refusal::Text(text))
        }
        (Some("OBJECT"), [key]) => object(cx, key),
        (Some("POPULATE"), [_] | [_, _] | [_, _, _]) => populate(cx, args),
        (Some("PROTOCOL"), [kind]) => protocol(cx, kind),
        (Some("QUICKLIST-PACKED-THRESHOLD"), [size]) => {
            let size = crate::config::memory(size_text(size).as_str());
            match size.filter(|size| (0..1 << 32).contains(size)) {
                Some(_) => Ok(Value::OK),
                None => Err(Refusal::err(
                    "argument must be a memory value bigger than 1 and smaller than 4gb",
                )),
            }
        }
        (Some("RELOAD"), options) => reload(cx, options),
        (Some("SET-ACTIVE-EXPIRE"), [on]) => {
            // Whatever is no number counts as 0.
            cx.engine.expires_by_itself = parse_int(on).is_some_and(|on| on != 0);
            Ok(Value::OK)
        }
        (Some("SLEEP"), [seconds]) => {
            // Whatever is no number counts as 0. No host needs to wait for longer than three years.
            let seconds: f64 = std::str::from_utf8(seconds)
                .ok()
                .and_then(|text| text.parse().ok())
                .unwrap_or(0.0);
            let micros = (seconds.clamp(0.0, 1e8) * 1e6) as u64;
            cx.engine.slept = cx.engine.slept.saturating_add(micros);
            cx.out.push(Output::Sleep { micros });
            Ok(Value::OK)
        }
        _ => Err(unknown()),
    }
}

fn size_text(size: &Bytes) -> String {
    String::from_utf8_lossy(size).into_owned()
}

fn help() -> Value {
    let line = |text: String| Value::Simple(Bytes::from(text));
    let mut lines = vec![Value::simple(
        "DEBUG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
    )];
    for (name, arguments, what) in KNOWN {
        let gap = if arguments.is_empty() { "" } else { " " };
        lines.push(line(format!("{name}{gap}{arguments}")));
        lines.push(line(format!("    {what}")));
    }
    lines.extend(["HELP", "    Print this help."].map(Value::simple));
    Value::Array(lines)
}

/// `DEBUG OBJECT key` — where it lies is made up, and how long it would be in a file is an estimate unless it is a
/// short string.
fn object(cx: &mut Cx<'_>, key: &Bytes) -> Answer {
    let now = cx.now;
    let lfu = cx.engine.config.maxmemory_policy.counts_use();
    let Some(entry) = cx.peek_even_expired(key) else {
        return Err(Refusal::NoSuchKey);
    };
    let length = match &entry.data {
        Data::Int(number) => match number {
            -128..=127 => 2,
            -32_768..=32_767 => 3,
            -2_147_483_648..=2_147_483_647 => 5,
            _ => number.to_string().len() + 1,
        },
        Data::Short(text) => text.len() + 1,
        other => other.footprint(),
    };
    let idle = if lfu {
        0
    } else {
        crate::memory::idle(entry.used, now)
    };
    let text = format!(
        "Value at:0x7f0000000000 refcount:1 encoding:{} serializedlength:{length} lru:{} lru_seconds_idle:{idle}",
        entry.data.encoding(),
        entry.used & 0x00ff_ffff,
    );
    Ok(Value::Simple(Bytes::from(text)))
}

/// `DEBUG POPULATE count [prefix [size]]`
fn populate(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let count = parse_int(&args[1]).filter(|count| *count >= 0);
    let count = count.ok_or(Refusal::NotPositive)?;
    let prefix = args.get(2).map_or(&b"key"[..], |prefix| prefix);
    let size = args.get(3).map(|_| args.int(3)).transpose()?;
    let size = size.unwrap_or(0).max(0);
    if count > MOST || size.checked_mul(count).is_none_or(|all| all > MOST_BYTES) {
        return Err(Refusal::OutOfRange);
    }
    for number in 0..count {
        let key = [prefix, format!(":{number}").as_bytes()].concat();
        if cx.exists(&key) {
            continue;
        }
        let mut value = format!("value:{number}").into_bytes();
        if size > 0 {
            value.resize(size as usize, 0);
        }
        let used = cx.used_now();
        cx.add(&key, Data::string(&value), None, used);
    }
    Ok(Value::OK)
}

/// `DEBUG RELOAD [MERGE] [NOFLUSH] [NOSAVE]`
fn reload(cx: &mut Cx<'_>, options: &[Bytes]) -> Answer {
    let known = |word: &Bytes| ["MERGE", "NOFLUSH", "NOSAVE"].iter().any(|o| is(word, o));
    if !options.iter().all(known) {
        return Err(Refusal::err(
            "DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.",
        ));
    }
    let here = cx.db;
    for db in 0..cx.engine.dbs.len() as u32 {
        cx.db = db;
        let keys: Vec<Bytes> = cx.db().iter().map(|(key, _)| key.to_bytes()).collect();
        for key in keys {
            cx.find(&key);
        }
    }
    cx.db = here;
    if !options.iter().any(|word| is(word, "NOSAVE")) {
        count_as_saved(cx);
    }
    Ok(Value::OK)
}

/// `DEBUG LISTPACK key` and `DEBUG QUICKLIST key` — what they print goes nowhere: there is no standard output.
fn printed(cx: &mut Cx<'_>, key: &Bytes, form: &'static str) -> Answer {
    let encoding = form.to_ascii_lowercase();
    let Some(entry) = cx.peek_even_expired(key) else {
        return Err(Refusal::NoSuchKey);
    };
    if entry.data.encoding().starts_with(&encoding) {
        let text = format!("{form} structure printed on stdout");
        Ok(Value::Simple(Bytes::from(text)))
    } else {
        Err(Refusal::err(format_args!(
            "Not a {encoding} encoded object."
        )))
    }
}

/// `DEBUG PROTOCOL type` — for tests of clients.
fn protocol(cx: &mut Cx<'_>, kind: &Bytes) -> Answer {
    let three = || (0..3).map(Value::Int);
    let kind = String::from_utf8_lossy(kind).to_ascii_lowercase();
    Ok(match &kind[..] {
        "string" => Value::text("Hello World"),
        "integer" => Value::Int(12345),
        "double" => Value::Double(3141.0 / 1000.0),
        "null" => Value::Null,
        "array" => Value::array(three()),
        "set" => Value::Set(three().collect()),
        "map" => Value::Map(
            three()
                .map(|n| (n.clone(), Value::Bool(n == Value::Int(1))))
                .collect(),
        ),
        "attrib" => Value::text("Some real reply following the attribute"),
        "push" => {
            if cx.protocol == Protocol::Resp2 {
                return Err(Refusal::err("RESP2 is not supported by this command"));
            }
            let push = Value::Push(vec![Value::text("server-cpu-usage"), Value::Int(42)]);
            cx.engine.push(cx.session, push, cx.out);
            Value::text("Some real reply following the push reply")
        }
        "verbatim" => Value::Verbatim {
            format: *b"txt",
            text: Bytes::from_static(b"This is a verbatim\nstring"),
        },
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        "bignum" => Value::BigNumber(Bytes::from_static(b"1234567999999999999999999999999999999")),
        _ => {
            return Err(Refusal::err(
                "Wrong protocol type name. Please use one of the following: \
                 string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false",
            ));
        }
    })
}
