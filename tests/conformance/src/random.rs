//! Random commands: templates whose placeholders are filled by chance, and small damage to some.

use bytes::Bytes;

use crate::ours::Lehmer;

/// `{k}` a key, `{v}` a value, `{n}` an integer, `{f}` a float, `{i}` a small index, `{m}` a member or
/// field, `{t}` a time to live that outlasts the test, `{u}` a moment far ahead, `{p}` a pattern, `{s}` a score, `{b}` a range
/// border, `{x}` a lexical border, `{id}` a stream id.
pub const TEMPLATES: &[(&str, &[&str])] = &[
    (
        "string",
        &[
            "SET {k} {v}",
            "SET {k} {n}",
            "SET {k} {v} NX",
            "SET {k} {v} XX",
            "SET {k} {v} GET",
            "SET {k} {v} EX {t}",
            "SET {k} {v} KEEPTTL",
            "SET {k} {v} NX GET",
            "SETNX {k} {v}",
            "SETEX {k} {t} {v}",
            "GET {k}",
            "GETSET {k} {v}",
            "GETDEL {k}",
            "GETEX {k} EX {t}",
            "GETEX {k} PERSIST",
            "MGET {k} {k} {k}",
            "MSET {k} {v} {k} {v}",
            "MSETNX {k} {v} {k} {v}",
            "INCR {k}",
            "DECR {k}",
            "INCRBY {k} {n}",
            "DECRBY {k} {n}",
            "INCRBYFLOAT {k} {f}",
            "APPEND {k} {v}",
            "STRLEN {k}",
            "GETRANGE {k} {i} {i}",
            "SETRANGE {k} {i} {v}",
            "LCS {k} {k}",
            "LCS {k} {k} LEN",
            "LCS {k} {k} IDX WITHMATCHLEN",
            "OBJECT ENCODING {k}",
        ],
    ),
    (
        "keys",
        &[
            "DEL {k}",
            "DEL {k} {k}",
            "UNLINK {k}",
            "EXISTS {k} {k}",
            "TYPE {k}",
            "RENAME {k} {k}",
            "RENAMENX {k} {k}",
            "COPY {k} {k}",
            "COPY {k} {k} REPLACE",
            "EXPIRE {k} {t}",
            "EXPIRE {k} {t} NX",
            "EXPIREAT {k} {u} GT",
            "EXPIREAT {k} {u} LT",
            "EXPIRE {k} {t} XX",
            "PEXPIRE {k} {t}000",
            "PERSIST {k}",
            "EXPIRE {k} -1",
            "EXPIREAT {k} 99999999999",
            "EXPIRETIME {k}",
            "TOUCH {k}",
            "DBSIZE",
            "KEYS {p}",
            "OBJECT ENCODING {k}",
            "MOVE {k} 1",
            "SCAN 0 COUNT 1000 MATCH {p}",
        ],
    ),
    (
        "list",
        &[
            "LPUSH {k} {v}",
            "RPUSH {k} {v} {v}",
            "LPUSHX {k} {v}",
            "RPUSHX {k} {v}",
            "LPOP {k}",
            "RPOP {k}",
            "LPOP {k} {i}",
            "RPOP {k} 2",
            "LLEN {k}",
            "LRANGE {k} {i} {i}",
            "LRANGE {k} 0 -1",
            "LINDEX {k} {i}",
            "LSET {k} {i} {v}",
            "LINSERT {k} BEFORE {v} {v}",
            "LINSERT {k} AFTER {v} {v}",
            "LREM {k} {i} {v}",
            "LTRIM {k} {i} {i}",
            "LPOS {k} {v}",
            "LPOS {k} {v} RANK {i} COUNT 0",
            "LPOS {k} {v} COUNT 2 MAXLEN 3",
            "RPOPLPUSH {k} {k}",
            "LMOVE {k} {k} LEFT RIGHT",
            "LMOVE {k} {k} RIGHT RIGHT",
            "LMPOP 2 {k} {k} LEFT COUNT 2",
            "BLPOP {k} {k} 0.01",
            "BLMOVE {k} {k} LEFT LEFT 0.01",
        ],
    ),
    (
        "hash",
        &[
            "HSET {k} {m} {v}",
            "HSET {k} {m} {n} {m} {v}",
            "HSETNX {k} {m} {v}",
            "HGET {k} {m}",
            "HMGET {k} {m} {m}",
            "HMSET {k} {m} {v}",
            "HDEL {k} {m}",
            "HDEL {k} {m} {m}",
            "HLEN {k}",
            "HEXISTS {k} {m}",
            "HSTRLEN {k} {m}",
            "HINCRBY {k} {m} {n}",
            "HINCRBYFLOAT {k} {m} {f}",
            "HGETALL {k}",
            "HKEYS {k}",
            "HVALS {k}",
            "HSCAN {k} 0 COUNT 1000",
            "HRANDFIELD {k} 100",
        ],
    ),
    (
        "set",
        &[
            "SADD {k} {m}",
            "SADD {k} {n} {m}",
            "SREM {k} {m}",
            "SREM {k} {m} {m}",
            "SCARD {k}",
            "SISMEMBER {k} {m}",
            "SMISMEMBER {k} {m} {m}",
            "SMEMBERS {k}",
            "SMOVE {k} {k} {m}",
            "SINTER {k} {k}",
            "SUNION {k} {k}",
            "SDIFF {k} {k}",
            "SINTERSTORE {k} {k} {k}",
            "SUNIONSTORE {k} {k} {k}",
            "SDIFFSTORE {k} {k} {k}",
            "SINTERCARD 2 {k} {k}",
            "SINTERCARD 2 {k} {k} LIMIT 1",
            "SRANDMEMBER {k} 100",
            "SPOP {k} 100",
            "SSCAN {k} 0",
            "OBJECT ENCODING {k}",
        ],
    ),
    (
        "zset",
        &[
            "ZADD {k} {s} {m}",
            "ZADD {k} {s} {m} {s} {m}",
            "ZADD {k} NX {s} {m}",
            "ZADD {k} XX CH {s} {m}",
            "ZADD {k} GT {s} {m}",
            "ZADD {k} LT CH {s} {m}",
            "ZADD {k} INCR {s} {m}",
            "ZINCRBY {k} {s} {m}",
            "ZREM {k} {m}",
            "ZCARD {k}",
            "ZSCORE {k} {m}",
            "ZMSCORE {k} {m} {m}",
            "ZRANK {k} {m}",
            "ZREVRANK {k} {m} WITHSCORE",
            "ZCOUNT {k} {b} {b}",
            "ZLEXCOUNT {k} {x} {x}",
            "ZRANGE {k} {i} {i} WITHSCORES",
            "ZRANGE {k} {i} {i} REV",
            "ZRANGE {k} {b} {b} BYSCORE WITHSCORES",
            "ZRANGE {k} {b} {b} BYSCORE REV LIMIT {i} {i}",
            "ZRANGE {k} {x} {x} BYLEX LIMIT {i} {i}",
            "ZREVRANGE {k} {i} {i}",
            "ZRANGEBYSCORE {k} {b} {b} LIMIT {i} {i}",
            "ZREVRANGEBYSCORE {k} {b} {b}",
            "ZRANGEBYLEX {k} {x} {x}",
            "ZREVRANGEBYLEX {k} {x} {x}",
            "ZRANGESTORE {k} {k} {i} {i}",
            "ZRANGESTORE {k} {k} {b} {b} BYSCORE",
            "ZREMRANGEBYRANK {k} {i} {i}",
            "ZREMRANGEBYSCORE {k} {b} {b}",
            "ZREMRANGEBYLEX {k} {x} {x}",
            "ZPOPMIN {k}",
            "ZPOPMAX {k} 2",
            "ZMPOP 2 {k} {k} MIN COUNT 2",
            "BZPOPMIN {k} {k} 0.01",
            "ZUNION 2 {k} {k} WITHSCORES",
            "ZUNION 2 {k} {k} WEIGHTS {f} {f} WITHSCORES",
            "ZINTER 2 {k} {k} AGGREGATE MIN WITHSCORES",
            "ZDIFF 2 {k} {k} WITHSCORES",
            "ZUNIONSTORE {k} 2 {k} {k}",
            "ZINTERSTORE {k} 2 {k} {k} AGGREGATE MAX",
            "ZDIFFSTORE {k} 2 {k} {k}",
            "ZINTERCARD 2 {k} {k}",
            "ZRANDMEMBER {k} 100",
            "ZSCAN {k} 0",
            "OBJECT ENCODING {k}",
        ],
    ),
    (
        "stream",
        &[
            "XADD {k} {id} {m} {v}",
            "XADD {k} {id} {m} {v} {m} {v}",
            "XADD {k} NOMKSTREAM {id} {m} {v}",
            "XADD {k} MAXLEN 2 {id} {m} {v}",
            "XADD {k} MINID {id} {id} {m} {v}",
            "XADD {k} {i}-* {m} {v}",
            "XLEN {k}",
            "XRANGE {k} {id} {id}",
            "XRANGE {k} - + COUNT {i}",
            "XREVRANGE {k} {id} {id}",
            "XRANGE {k} ({id} {id}",
            "XDEL {k} {id}",
            "XDEL {k} {id} {id}",
            "XTRIM {k} MAXLEN {i}",
            "XTRIM {k} MAXLEN ~ {i}",
            "XTRIM {k} MINID {id}",
            "XREAD STREAMS {k} {k} {id} {id}",
            "XREAD COUNT 1 STREAMS {k} {id}",
            "XGROUP CREATE {k} g {id} MKSTREAM",
            "XGROUP CREATE {k} h 0",
            "XGROUP SETID {k} g {id}",
            "XGROUP DESTROY {k} h",
            "XGROUP CREATECONSUMER {k} g {m}",
            "XGROUP DELCONSUMER {k} g {m}",
            "XREADGROUP GROUP g {m} STREAMS {k} >",
            "XREADGROUP GROUP g {m} COUNT 1 STREAMS {k} >",
            "XREADGROUP GROUP h {m} NOACK STREAMS {k} >",
            "XREADGROUP GROUP g {m} STREAMS {k} {id}",
            "XACK {k} g {id} {id}",
            "XPENDING {k} g",
            "XCLAIM {k} g {m} 0 {id}",
            "XCLAIM {k} g {m} 0 {id} FORCE JUSTID",
            "XAUTOCLAIM {k} g {m} 0 {id} COUNT 2",
            "XAUTOCLAIM {k} g {m} 0 0",
            "XINFO GROUPS {k}",
            "XDELEX {k} IDS 1 {id}",
            "XDELEX {k} ACKED IDS 2 {id} {id}",
            "XACKDEL {k} g DELREF IDS 1 {id}",
            "XSETID {k} {id}",
            "TYPE {k}",
        ],
    ),
    (
        "transaction",
        &["MULTI", "EXEC", "EXEC", "DISCARD", "WATCH {k}", "UNWATCH"],
    ),
    (
        "script",
        &[
            "EVAL \"return redis.call('get',KEYS[1])\" 1 {k}",
            "EVAL \"return redis.call('set',KEYS[1],ARGV[1])\" 1 {k} {v}",
            "EVAL \"return redis.pcall('incrby',KEYS[1],ARGV[1])\" 1 {k} {n}",
            "EVAL \"return redis.call(unpack(ARGV))\" 0 LRANGE {k} 0 -1",
            "EVAL \"if redis.call('get',KEYS[1])==ARGV[1] then return redis.call('del',KEYS[1]) end return 0\" 1 {k} {v}",
            "EVAL \"return {KEYS[1],ARGV[1],#ARGV,tonumber(ARGV[1])}\" 1 {k} {n}",
            "EVAL \"return tostring(tonumber(ARGV[1]))\" 0 {f}",
        ],
    ),
];

const KEYS: &[&str] = &["a", "b", "c", "d", "e"];
const VALUES: &[&str] = &[
    "x",
    "y",
    "hello",
    "10",
    "-1",
    "",
    "0.5",
    "a longer value that is not stored in place",
];
const INTS: &[&str] = &[
    "1",
    "-1",
    "5",
    "100",
    "0",
    "9223372036854775807",
    "-9223372036854775808",
    "x",
    "1.5",
];
const FLOATS: &[&str] = &[
    "0.1",
    "1.5",
    "-2.25",
    "3",
    "1e3",
    "1e-5",
    "abc",
    "100.001",
    "inf",
    "12345678.9",
];
const INDEXES: &[&str] = &["0", "1", "2", "-1", "-2", "5", "-100", "100"];
const MEMBERS: &[&str] = &["m", "n", "o", "p", "1", "2", "3"];
const TIMES: &[&str] = &["10000", "20000", "30000"];
const MOMENTS: &[&str] = &["20000000000", "30000000000", "40000000000"];
const PATTERNS: &[&str] = &["*", "a*", "[a-c]", "?", "\\a", "nomatch"];
const SCORES: &[&str] = &[
    "1", "2", "3.5", "-1", "0", "inf", "-inf", "1e10", "0.1", "nan", "x",
];
const BORDERS: &[&str] = &["1", "(1", "2", "(3.5", "-inf", "+inf", "0", "(x"];
const LEXICAL: &[&str] = &["-", "+", "[m", "(m", "[o", "(p", "[1", "m"];
const IDS: &[&str] = &[
    "1-1", "2-1", "2-2", "3-0", "5", "5-5", "-", "+", "0", "10-1", "x",
];

fn fill(word: &str, luck: &mut Lehmer) -> String {
    let mut text = word.to_owned();
    for (mark, choices) in [
        ("{k}", KEYS),
        ("{v}", VALUES),
        ("{n}", INTS),
        ("{f}", FLOATS),
        ("{i}", INDEXES),
        ("{m}", MEMBERS),
        ("{t}", TIMES),
        ("{u}", MOMENTS),
        ("{p}", PATTERNS),
        ("{s}", SCORES),
        ("{b}", BORDERS),
        ("{x}", LEXICAL),
        ("{id}", IDS),
    ] {
        while let Some(at) = text.find(mark) {
            let choice = choices[luck.below(choices.len())];
            text.replace_range(at..at + mark.len(), choice);
        }
    }
    text
}

/// One random command of these groups.
pub fn command(groups: &[&str], luck: &mut Lehmer) -> Vec<Bytes> {
    let chosen: Vec<&[&str]> = TEMPLATES
        .iter()
        .filter(|(group, _)| groups.is_empty() || groups.contains(group))
        .map(|(_, templates)| *templates)
        .collect();
    let group = chosen[luck.below(chosen.len())];
    let template = group[luck.below(group.len())];
    let words = redwind_resp::split_words(template.as_bytes()).unwrap_or_default();
    let mut argv: Vec<Bytes> = words
        .iter()
        .map(|word| Bytes::from(fill(&String::from_utf8_lossy(word), luck)))
        .collect();
    // Now and then an argument is missing, doubled or out of place.
    match luck.below(60) {
        0 if argv.len() > 1 => {
            argv.remove(1 + luck.below(argv.len() - 1));
        }
        1 if argv.len() > 1 => {
            let at = 1 + luck.below(argv.len() - 1);
            argv.insert(at, argv[at].clone());
        }
        2 if argv.len() > 2 => {
            let (a, b) = (
                1 + luck.below(argv.len() - 1),
                1 + luck.below(argv.len() - 1),
            );
            argv.swap(a, b);
        }
        _ => {}
    }
    argv
}
