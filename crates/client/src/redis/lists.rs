//! Lists, and waiting on them.

use super::Api;
use super::arg::{Arg, Call, Refusal};
use super::argv::Words;

pub(super) const METHODS: &[Api] = &[
    Api::new("lpush", "name, *values", "LPUSH name +values"),
    Api::new("rpush", "name, *values", "RPUSH name +values"),
    Api::new("lpushx", "name, *values", "LPUSHX name +values"),
    Api::new("rpushx", "name, *values", "RPUSHX name +values"),
    Api::coded("lpop", "name, count=None", |call, words| {
        words.word("LPOP");
        pop(call, words)
    }),
    Api::coded("rpop", "name, count=None", |call, words| {
        words.word("RPOP");
        pop(call, words)
    }),
    Api::new("llen", "name", "LLEN name"),
    Api::new("lindex", "name, index", "LINDEX name index"),
    Api::new("lset", "name, index, value", "LSET name index value"),
    Api::new("lrange", "name, start, end", "LRANGE name start end"),
    Api::new("ltrim", "name, start, end", "LTRIM name start end"),
    Api::new("lrem", "name, count, value", "LREM name count value"),
    Api::new(
        "linsert",
        "name, where, refvalue, value",
        "LINSERT name where refvalue value",
    ),
    Api::new(
        "lpos",
        "name, value, rank=None, count=None, maxlen=None",
        "LPOS name value rank=RANK count=COUNT maxlen=MAXLEN",
    ),
    Api::coded("blpop", "keys, timeout=0", |call, words| {
        words.word("BLPOP");
        wait_on(call, words)
    }),
    Api::coded("brpop", "keys, timeout=0", |call, words| {
        words.word("BRPOP");
        wait_on(call, words)
    }),
    Api::coded("brpoplpush", "src, dst, timeout=0", |call, words| {
        words.template("BRPOPLPUSH src dst", call)?;
        timeout(call, words)
    }),
    Api::new("rpoplpush", "src, dst", "RPOPLPUSH src dst"),
    Api::new(
        "lmove",
        "first_list, second_list, src='LEFT', dest='RIGHT'",
        "LMOVE first_list second_list src dest",
    ),
    Api::new(
        "blmove",
        "first_list, second_list, timeout, src='LEFT', dest='RIGHT'",
        "BLMOVE first_list second_list src dest timeout",
    ),
    Api::new(
        "lmpop",
        "num_keys, *args, direction!, count=1!",
        "LMPOP num_keys +args direction count=COUNT",
    ),
    Api::new(
        "blmpop",
        "timeout, numkeys, *args, direction!, count=1!",
        "BLMPOP timeout numkeys +args direction count=COUNT",
    ),
    Api::coded(
        "sort",
        "name, start=None, num=None, by=None, get=None, desc=False, alpha=False, store=None, groups=False",
        sort,
    ),
];

fn pop(call: &Call, words: &mut Words) -> Result<(), Refusal> {
    words.value(call.get("name"))?;
    if call.has("count") {
        words.value(call.get("count"))?;
    }
    Ok(())
}

/// A timeout of `None` waits for ever.
fn timeout(call: &Call, words: &mut Words) -> Result<(), Refusal> {
    if call.has("timeout") {
        words.value(call.get("timeout"))
    } else {
        words.int(0);
        Ok(())
    }
}

pub(super) fn wait_on(call: &Call, words: &mut Words) -> Result<(), Refusal> {
    words.list(call.get("keys"), &[])?;
    timeout(call, words)
}

fn sort(call: &Call, words: &mut Words) -> Result<(), Refusal> {
    if call.has("start") != call.has("num") {
        return Err(Refusal::new(
            "RedisError",
            "``start`` and ``num`` must both be specified",
        ));
    }
    words.template("SORT name by=BY", call)?;
    if call.has("start") {
        words.word("LIMIT");
        words.template("start num", call)?;
    }
    match call.get("get") {
        Arg::None => {}
        Arg::List(patterns) => {
            for pattern in patterns {
                words.word("GET");
                words.value(pattern)?;
            }
        }
        one => {
            words.word("GET");
            words.value(one)?;
        }
    }
    words.template("desc?DESC alpha?ALPHA store=STORE", call)
}
