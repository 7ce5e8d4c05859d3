//! Commands on keys of any type.

use bytes::Bytes;
use redwind_resp::Value;
use triomphe::Arc;

use crate::args::{Args, c_text, is};
use crate::cx::Cx;
use crate::number::{parse_int, parse_unsigned};
use crate::table::{ALL, Answer, FIRST, NO_KEYS, SECOND, TWO, needs_subcommand, table};
use crate::{Choice, Refusal, glob};

table! { TABLE, "generic";
    "copy" => copy, AtLeast(2), [WRITE DENYOOM], TWO, "6.2.0",
        "source destination [DB destination-db] [REPLACE]",
        "Copies what a key holds, with its expiry, to another key.";
    "del" => del, AtLeast(1), [WRITE], ALL, "1.0.0", "key [key ...]",
        "Deletes keys and counts those that existed.";
    "exists" => exists, AtLeast(1), [READ FAST], ALL, "1.0.0", "key [key ...]",
        "Counts how many of these keys exist.";
    "keys" => keys, Exactly(1), [READ DANGEROUS], NO_KEYS, "1.0.0", "pattern",
        "Lists the keys that match a pattern.";
    "move" => move_key, Exactly(2), [WRITE FAST], FIRST, "1.0.0", "key db",
        "Moves a key to another database.";
    "object" => needs_subcommand {OBJECT}, AtLeast(1), [CONTAINER], NO_KEYS, "2.2.3", "",
        "Looks at how a key is stored.";
    "randomkey" => randomkey, Exactly(0), [READ], NO_KEYS, "1.0.0", "", "Gives a random key.";
    "rename" => rename, Exactly(2), [WRITE], TWO, "1.0.0", "key newkey",
        "Renames a key; what the new name held is lost.";
    "renamenx" => renamenx, Exactly(2), [WRITE FAST], TWO, "1.0.0", "key newkey",
        "Renames a key if the new name is free.";
    "scan" => scan, AtLeast(1), [READ], NO_KEYS, "2.8.0",
        "cursor [MATCH pattern] [COUNT count] [TYPE type]",
        "Lists the keys in portions: call it with the cursor that it gave, until that is 0.";
    "touch" => touch, AtLeast(1), [READ FAST], ALL, "3.2.1", "key [key ...]",
        "Counts how many of these keys exist, and counts as a use of them.";
    "type" => type_of, Exactly(1), [READ FAST], FIRST, "1.0.0", "key",
        "Tells the type of what a key holds.";
    "unlink" => del, AtLeast(1), [WRITE FAST], ALL, "4.0.0", "key [key ...]",
        "Deletes keys and counts those that existed; memory is freed later.";
}

table! { OBJECT, "generic";
    "object|encoding" => object_encoding, Exactly(1), [READ], SECOND, "2.2.3", "key",
        "Tells how a key is stored.";
    "object|freq" => object_freq, Exactly(1), [READ], SECOND, "4.0.0", "key",
        "Tells how often a key is used, under an LFU policy.";
    "object|help" => object_help, Exactly(0), [LOADING STALE], NO_KEYS, "6.2.0", "",
        "Lists the subcommands.";
    "object|idletime" => object_idletime, Exactly(1), [READ], SECOND, "2.2.3", "key",
        "Tells for how many seconds a key was not used.";
    "object|refcount" => object_refcount, Exactly(1), [READ], SECOND, "2.2.3", "key",
        "Tells how many references there are to what a key holds.";
}

/// `DEL key [key ...]`, `UNLINK key [key ...]`
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

/// `EXISTS key [key ...]` — a key named twice counts twice.
fn exists(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let keys = args.rest().iter();
    let there = keys.filter(|key| cx.inspect(key).is_some());
    Ok(Value::from(there.count()))
}

/// `TOUCH key [key ...]`
fn touch(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let keys = args.rest().iter();
    let there = keys.filter(|key| cx.lookup(key).is_some());
    Ok(Value::from(there.count()))
}

/// `TYPE key`
fn type_of(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    Ok(Value::simple(
        cx.inspect(args.key(0))
            .map_or("none", |entry| entry.data.type_name()),
    ))
}

/// `KEYS pattern`
fn keys(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let now = cx.now_ms();
    let options = ScanOptions {
        pattern: Some(args.key(0)),
        ..ScanOptions::default()
    };
    let found = cx
        .db()
        .iter()
        .filter(|(key, entry)| !entry.is_expired(now) && options.matches(key))
        .map(|(key, _)| Value::Bulk(key.to_bytes()));
    Ok(Value::array(found))
}

/// `RANDOMKEY`
fn randomkey(cx: &mut Cx<'_>, _args: &Args<'_>) -> Answer {
    // Expired keys that are met are deleted, so this ends.
    while !cx.db().is_empty() {
        let at = cx.pick(cx.db().len(), Choice::RandomKey);
        let Some(key) = cx.db().entry(at).map(|(key, _)| key.to_bytes()) else {
            break;
        };
        if cx.exists(&key) {
            return Ok(Value::Bulk(key));
        }
    }
    Ok(Value::Null)
}

/// `RENAME key newkey`
fn rename(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    rename_key(cx, args, true)?;
    Ok(Value::OK)
}

/// `RENAMENX key newkey`
fn renamenx(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    Ok(Value::from(rename_key(cx, args, false)?))
}

fn rename_key(cx: &mut Cx<'_>, args: &Args<'_>, replace: bool) -> Result<bool, Refusal> {
    let (from, to) = (args.key(0), args.key(1));
    if cx.lookup_to_write(from).is_none() {
        return Err(Refusal::NoSuchKey);
    }
    if from == to {
        return Ok(replace);
    }
    let before = cx.lookup_to_write(to).map(|entry| entry.data.type_name());
    if before.is_some() && !replace {
        return Ok(false);
    }
    cx.delete(to);
    let Some(entry) = cx.db_mut().remove(from) else {
        return Err(Refusal::NoSuchKey);
    };
    let (expires, after) = (entry.expires(), entry.data.type_name());
    cx.touch(from);
    let used = cx.used_now();
    cx.add(to, entry.data, expires, used);
    cx.dirty += 1;
    cx.event("rename_from", from);
    cx.event("rename_to", to);
    if let Some(before) = before {
        cx.overwritten(to, before, after);
    }
    Ok(true)
}

/// The number of a database.
pub(super) fn db_index(cx: &Cx<'_>, text: &[u8], not_a_number: Refusal) -> Result<u32, Refusal> {
    let number = parse_int(text).ok_or(not_a_number.clone())?;
    if i32::try_from(number).is_err() {
        return Err(match not_a_number {
            Refusal::NotAnInteger => {
                Refusal::err("value is out of range, value must between -2147483648 and 2147483647")
            }
            worded => worded,
        });
    }
    u32::try_from(number)
        .ok()
        .filter(|db| (*db as usize) < cx.engine.dbs.len())
        .ok_or(Refusal::DbIndexOutOfRange)
}

/// `MOVE key db`
fn move_key(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    if cx.engine.cluster().is_some() {
        return Err(Refusal::err("MOVE is not allowed in cluster mode"));
    }
    let key = args.key(0);
    let (here, there) = (cx.db, db_index(cx, &args[1], Refusal::NotAnInteger)?);
    if here == there {
        return Err(Refusal::SameObject);
    }
    if cx.lookup_to_write(key).is_none() {
        return Ok(Value::Int(0));
    }
    cx.db = there;
    let taken = cx.exists(key);
    cx.db = here;
    if taken {
        return Ok(Value::Int(0));
    }
    let Some(entry) = cx.db_mut().remove(key) else {
        return Ok(Value::Int(0));
    };
    let expires = entry.expires();
    cx.touch(key);
    cx.db = there;
    let used = cx.used_now();
    cx.add(key, entry.data, expires, used);
    cx.db = here;
    cx.dirty += 1;
    cx.event("move_from", key);
    cx.db = there;
    cx.event("move_to", key);
    cx.db = here;
    Ok(Value::Int(1))
}

/// `COPY source destination [DB destination-db] [REPLACE]`
fn copy(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let (from, to) = (args.key(0), args.key(1));
    let (here, mut there, mut replace) = (cx.db, cx.db, false);
    let mut at = 2;
    while let Some(word) = args.get(at) {
        if is(word, "REPLACE") {
            replace = true;
        } else if is(word, "DB") && at + 1 < args.len() {
            there = db_index(cx, &args[at + 1], Refusal::NotAnInteger)?;
            at += 1;
        } else {
            return Err(Refusal::Syntax);
        }
        at += 1;
    }
    if here == there && from == to {
        return Err(Refusal::SameObject);
    }
    let Some(entry) = cx.lookup(from) else {
        return Ok(Value::Int(0));
    };
    let (data, expires) = (entry.data.clone(), entry.expires());
    cx.db = there;
    let before = cx.lookup_to_write(to).map(|entry| entry.data.type_name());
    let done = before.is_none() || replace;
    if done {
        let (after, used) = (data.type_name(), cx.used_now());
        cx.delete(to);
        cx.add(to, data, expires, used);
        cx.event("copy_to", to);
        if let Some(before) = before {
            cx.overwritten(to, before, after);
        }
    }
    cx.db = here;
    cx.dirty += u64::from(done);
    Ok(Value::from(done))
}

/// The options that `SCAN` and its relatives share.
#[derive(Default)]
pub(super) struct ScanOptions<'a> {
    pub(super) pattern: Option<&'a Bytes>,
    pub(super) count: usize,
    pub(super) of_type: Option<&'a Bytes>,
    pub(super) no_values: bool,
}

impl<'a> ScanOptions<'a> {
    /// Reads the options from this argument on. `SCAN` knows `TYPE`, `HSCAN` knows `NOVALUES`.
    pub(super) fn parse(
        args: &Args<'a>,
        mut at: usize,
        (types, values): (bool, bool),
    ) -> Result<ScanOptions<'a>, Refusal> {
        let mut options = ScanOptions {
            count: 10,
            ..ScanOptions::default()
        };
        while let Some(word) = args.get(at) {
            let next = args.get(at + 1);
            match next {
                Some(_) if is(word, "COUNT") => {
                    let count = args.int(at + 1)?;
                    if count < 1 {
                        return Err(Refusal::Syntax);
                    }
                    options.count = usize::try_from(count).unwrap_or(usize::MAX);
                    at += 1;
                }
                Some(pattern) if is(word, "MATCH") => {
                    options.pattern = Some(pattern);
                    at += 1;
                }
                Some(of_type) if types && is(word, "TYPE") => {
                    options.of_type = Some(of_type);
                    at += 1;
                }
                _ if values && is(word, "NOVALUES") => options.no_values = true,
                _ => return Err(Refusal::Syntax),
            }
            at += 1;
        }
        Ok(options)
    }

    pub(super) fn matches(&self, text: &[u8]) -> bool {
        // A star alone is no pattern: it takes the empty text, too.
        let pattern = self.pattern.filter(|pattern| &pattern[..] != b"*");
        pattern.is_none_or(|pattern| glob::matches(pattern, text))
    }
}

/// A cursor: an unsigned number, as C reads it.
pub(super) fn cursor(text: &[u8]) -> Result<usize, Refusal> {
    parse_unsigned(c_text(text))
        .map(|cursor| usize::try_from(cursor).unwrap_or(usize::MAX))
        .ok_or(Refusal::InvalidCursor)
}

/// Which places a scan visits next, and the cursor after them.
///
/// Places are visited downwards. A removal moves the last item into the gap: an item not yet visited
/// only ever moves further down, so none that stays is missed.
pub(super) fn scan_places(
    cursor: usize,
    count: usize,
    len: usize,
) -> (std::ops::Range<usize>, usize) {
    let top = if cursor == 0 { len } else { cursor.min(len) };
    let bottom = top.saturating_sub(count);
    (bottom..top, bottom)
}

/// The reply of a scan.
pub(super) fn scan_reply(cursor: usize, items: Vec<Value>) -> Value {
    Value::Array(vec![Value::bulk(cursor.to_string()), Value::Array(items)])
}

/// `SCAN cursor [MATCH pattern] [COUNT count] [TYPE type]`
fn scan(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let from = cursor(&args[0])?;
    let options = ScanOptions::parse(args, 1, (true, false))?;
    let (places, next) = scan_places(from, options.count, cx.db().len());
    let now = cx.now_ms();
    let mut found = Vec::new();
    let mut expired = Vec::new();
    for place in places.rev() {
        let Some((key, entry)) = cx.db().entry(place) else {
            continue;
        };
        let of = options.of_type;
        if entry.is_expired(now) {
            expired.push(key.clone());
        } else if options.matches(key) && of.is_none_or(|of| is(of, entry.data.type_name())) {
            found.push(Value::Bulk(key.to_bytes()));
        }
    }
    for key in expired {
        cx.exists(&key);
    }
    Ok(scan_reply(next, found))
}

/// `OBJECT ENCODING key`
fn object_encoding(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    Ok(cx
        .examine(args.key(0))
        .map_or(Value::Null, |entry| Value::text(entry.data.encoding())))
}

/// `OBJECT REFCOUNT key` — nothing is shared between keys.
fn object_refcount(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    Ok(if cx.examine(args.key(0)).is_some() {
        Value::Int(1)
    } else {
        Value::Null
    })
}

/// `OBJECT IDLETIME key`
fn object_idletime(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let now = cx.now;
    let counts = cx.engine.config.maxmemory_policy.counts_use();
    let Some(entry) = cx.examine(args.key(0)) else {
        return Ok(Value::Null);
    };
    if counts {
        return Err(Refusal::err(
            "An LFU maxmemory policy is selected, idle time not tracked. Please note that when \
             switching between policies at runtime LRU and LFU data will take some time to adjust.",
        ));
    }
    Ok(Value::Int(i64::from(crate::memory::idle(entry.used, now))))
}

/// `OBJECT FREQ key`
fn object_freq(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let (now, config) = (cx.now, cx.engine.config.clone());
    let Some(entry) = cx.examine(args.key(0)) else {
        return Ok(Value::Null);
    };
    if config.maxmemory_policy.counts_use() {
        let counter = crate::memory::frequency(entry.used, now, config.lfu_decay_time);
        return Ok(Value::Int(i64::from(counter)));
    }
    Err(Refusal::err(
        "An LFU maxmemory policy is not selected, access frequency not tracked. Please note that \
         when switching between policies at runtime LRU and LFU data will take some time to adjust.",
    ))
}

/// `OBJECT HELP`
fn object_help(_cx: &mut Cx<'_>, _args: &Args<'_>) -> Answer {
    Ok(super::help("OBJECT", OBJECT))
}

/// Empties one database; says how many keys it held.
pub(super) fn empty_db(cx: &mut Cx<'_>, db: u32) -> usize {
    let here = std::mem::replace(&mut cx.db, db);
    let count = cx.db().len();
    if count > 0 {
        let old = std::mem::take(&mut cx.engine.dbs[db as usize]);
        for (key, _) in old.iter() {
            cx.engine.spoil_transactions(db, key);
            cx.engine.wake_waiting(db, key);
        }
        cx.engine.dbs[db as usize] = Arc::default();
        cx.report("flushdb", &Bytes::new());
    }
    cx.db = here;
    count
}
