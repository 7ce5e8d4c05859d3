//! Strings, counters and bitmaps.

use super::Api;
use super::arg::{Call, Refusal};
use super::argv::Words;

pub(super) const METHODS: &[Api] = &[
    Api::coded(
        "set",
        "name, value, ex=None, px=None, nx=False, xx=False, keepttl=False, get=False, exat=None, pxat=None, ifeq=None, ifne=None, ifdeq=None, ifdne=None",
        set,
    ),
    Api::new("setnx", "name, value", "SETNX name value"),
    Api::new("setex", "name, time, value", "SETEX name time: value"),
    Api::new(
        "psetex",
        "name, time_ms, value",
        "PSETEX name time_ms:: value",
    ),
    Api::new("get", "name", "GET name"),
    Api::new("getset", "name, value", "GETSET name value"),
    Api::new("getdel", "name", "GETDEL name"),
    Api::coded(
        "getex",
        "name, ex=None, px=None, exat=None, pxat=None, persist=False",
        getex,
    ),
    Api::new("mget", "keys, *args", "MGET *keys"),
    Api::coded("mset", "mapping", |call, words| {
        words.word("MSET");
        words.mapping(call.get("mapping")).map(|_| ())
    }),
    Api::coded("msetnx", "mapping", |call, words| {
        words.word("MSETNX");
        words.mapping(call.get("mapping")).map(|_| ())
    }),
    Api::new("incr|incrby", "name, amount=1", "INCRBY name amount"),
    Api::new("incrbyfloat", "name, amount=1.0", "INCRBYFLOAT name amount"),
    Api::new("decr|decrby", "name, amount=1", "DECRBY name amount"),
    Api::new("append", "key, value", "APPEND key value"),
    Api::new("strlen", "name", "STRLEN name"),
    Api::new("getrange", "key, start, end", "GETRANGE key start end"),
    Api::new(
        "setrange",
        "name, offset, value",
        "SETRANGE name offset value",
    ),
    Api::new("substr", "name, start, end=-1", "SUBSTR name start end"),
    Api::coded("setbit", "name, offset, value", |call, words| {
        words.word("SETBIT");
        words.value(call.get("name"))?;
        words.value(call.get("offset"))?;
        words.int(i64::from(call.flag("value")));
        Ok(())
    }),
    Api::new("getbit", "name, offset", "GETBIT name offset"),
    Api::coded(
        "bitcount",
        "key, start=None, end=None, mode=None",
        |call, words| {
            words.word("BITCOUNT");
            words.value(call.get("key"))?;
            match (call.has("start"), call.has("end")) {
                (true, true) => {
                    words.value(call.get("start"))?;
                    words.value(call.get("end"))?;
                    if call.has("mode") {
                        words.value(call.get("mode"))?;
                    }
                    Ok(())
                }
                (false, false) => Ok(()),
                _ => Err(Refusal::data("Both start and end must be specified")),
            }
        },
    ),
    Api::coded(
        "bitpos",
        "key, bit, start=None, end=None, mode=None",
        bitpos,
    ),
    Api::new(
        "bitop",
        "operation, dest, *keys",
        "BITOP operation dest +keys",
    ),
    Api::new("pfadd", "name, *values", "PFADD name +values"),
    Api::new("pfcount", "*sources", "PFCOUNT +sources"),
    Api::new("pfmerge", "dest, *sources", "PFMERGE dest +sources"),
];

fn set(call: &Call, words: &mut Words) -> Result<(), Refusal> {
    let conditions = ["nx", "xx"].iter().filter(|name| call.flag(name)).count()
        + ["ifeq", "ifne", "ifdeq", "ifdne"]
            .iter()
            .filter(|name| call.has(name))
            .count();
    if conditions > 1 {
        return Err(Refusal::data(
            "``nx``, ``xx``, ``ifeq``, ``ifne``, ``ifdeq``, ``ifdne`` are mutually exclusive.",
        ));
    }
    let expiries = ["ex", "px", "exat", "pxat"]
        .iter()
        .filter(|name| call.has(name))
        .count()
        + usize::from(call.flag("keepttl"));
    if expiries > 1 {
        return Err(Refusal::data(
            "``ex``, ``px``, ``exat``, ``pxat``, and ``keepttl`` are mutually exclusive.",
        ));
    }
    words.template(
        "SET name value ex=EX px=PX exat=EXAT pxat=PXAT keepttl?KEEPTTL nx?NX xx?XX ifeq=IFEQ ifne=IFNE ifdeq=IFDEQ ifdne=IFDNE get?GET",
        call,
    )
}

fn getex(call: &Call, words: &mut Words) -> Result<(), Refusal> {
    let expiries = ["ex", "px", "exat", "pxat"]
        .iter()
        .filter(|name| call.has(name))
        .count()
        + usize::from(call.flag("persist"));
    if expiries > 1 {
        return Err(Refusal::data(
            "``ex``, ``px``, ``exat``, ``pxat``, and ``persist`` are mutually exclusive.",
        ));
    }
    words.template(
        "GETEX name ex=EX px=PX exat=EXAT pxat=PXAT persist?PERSIST",
        call,
    )
}

fn bitpos(call: &Call, words: &mut Words) -> Result<(), Refusal> {
    words.template("BITPOS key bit", call)?;
    if !call.has("start") && call.has("end") {
        return Err(Refusal::data(
            "start argument is not set, when end is specified",
        ));
    }
    for name in ["start", "end", "mode"] {
        if call.has(name) {
            words.value(call.get(name))?;
        }
    }
    Ok(())
}
