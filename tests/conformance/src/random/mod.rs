//! Random commands: templates whose placeholders are filled by chance, and small damage to some.

mod rounds;
mod words;

use bytes::Bytes;

pub use rounds::{Material, Round, round};

use crate::ours::Dice;

macro_rules! templates {
    ($($group:literal)*) => {
        &[$(($group, include_str!(concat!("../../templates/", $group, ".txt")))),*]
    };
}

/// What one client sends, by what it is about: one command a line. What stands for the placeholders is in `words`.
pub const TEMPLATES: &[(&str, &str)] = templates! {
    "string" "keys" "list" "hash" "set" "zset" "stream" "transaction" "script" "fields" "bitmap" "hll" "geo" "sort"
    "databases" "encodings" "connection" "limits" "mixed" "large" "expiry" "memory"
};

/// What several clients send to each other's surprise.
pub const SEVERAL: (&str, &str) = ("several", include_str!("../../templates/several.txt"));

/// Small Lua programs, one a line; `\xff` is a byte.
const CODE: &str = include_str!("../../templates/code.txt");

/// Scripts that do nothing but call the command in their arguments.
pub const CALLERS: &[&str] = &[
    "return redis.call(unpack(ARGV))",
    "return redis.pcall(unpack(ARGV))",
    "redis.setresp(3) return redis.call(unpack(ARGV))",
];

/// Scripts that write down what the command in their arguments gave.
const TELLERS: &[&str] = &[
    "return cjson.encode({redis.call(unpack(ARGV))})",
    "return cmsgpack.pack(redis.call(unpack(ARGV)))",
    "return cmsgpack.pack({redis.call(unpack(ARGV))})",
    "redis.setresp(3) return cjson.encode({redis.call(unpack(ARGV))})",
    "redis.setresp(3) return cmsgpack.pack(redis.call(unpack(ARGV)))",
    "redis.setresp(3) return redis.call(unpack(ARGV))",
    "local r=redis.call(unpack(ARGV)) return {type(r),r==false,tostring(r)==tostring(r)}",
    "local r=redis.pcall(unpack(ARGV)) return {r,r}",
    "return redis.call(ARGV[1],unpack(ARGV,2))",
    "return {pcall(redis.call,unpack(ARGV))}",
    "redis.call('set','told','x') return {redis.call(unpack(ARGV)),redis.call('get','told')}",
];

/// Commands whose replies Redis leaves nothing open in.
const TOLD: &[&str] = &[
    "append",
    "bitcount",
    "bitfield",
    "bitpos",
    "decr",
    "exists",
    "geodist",
    "geohash",
    "geopos",
    "get",
    "getbit",
    "getrange",
    "getset",
    "hexists",
    "hget",
    "hincrby",
    "hincrbyfloat",
    "hlen",
    "hmget",
    "hset",
    "hsetnx",
    "hstrlen",
    "incr",
    "incrby",
    "incrbyfloat",
    "lindex",
    "linsert",
    "llen",
    "lmpop",
    "lpop",
    "lpos",
    "lrange",
    "lrem",
    "lset",
    "ltrim",
    "mget",
    "mset",
    "rpoplpush",
    "rpush",
    "sadd",
    "scard",
    "set",
    "setbit",
    "setrange",
    "sismember",
    "smismember",
    "srem",
    "strlen",
    "type",
    "xack",
    "xdel",
    "xlen",
    "xtrim",
    "zadd",
    "zcard",
    "zcount",
    "zincrby",
    "zmpop",
    "zmscore",
    "zpopmax",
    "zpopmin",
    "zrange",
    "zrangebyscore",
    "zrank",
    "zrem",
    "zrevrange",
    "zrevrank",
    "zscore",
];

/// A command called by a script.
fn called(argv: Vec<Bytes>, luck: &mut Dice) -> Vec<Bytes> {
    let told = TOLD
        .iter()
        .any(|name| argv[0].eq_ignore_ascii_case(name.as_bytes()));
    let caller = match told && luck.below(2) == 0 {
        true => TELLERS[luck.below(TELLERS.len())],
        false => CALLERS[luck.below(CALLERS.len())],
    };
    let head = ["EVAL", caller, "0"].map(|word| Bytes::from_static(word.as_bytes()));
    head.into_iter().chain(argv).collect()
}

/// The small programs.
pub fn programs() -> impl Iterator<Item = Vec<u8>> {
    CODE.lines().map(|line| {
        let mut parts = line.split("\\x");
        let mut text = parts.next().unwrap_or_default().as_bytes().to_vec();
        for part in parts {
            let byte = part
                .get(..2)
                .and_then(|hex| u8::from_str_radix(hex, 16).ok());
            text.extend(byte);
            text.extend_from_slice(part.get(2..).unwrap_or_default().as_bytes());
        }
        text
    })
}

fn fill(word: &[u8], luck: &mut Dice) -> Bytes {
    if word == b"{code}" {
        let at = luck.below(programs().count());
        return Bytes::from(programs().nth(at).unwrap_or_default());
    }
    let mut text = word.to_vec();
    for (mark, choices) in words::CHOICES {
        while let Some(at) = text
            .windows(mark.len())
            .position(|part| part == mark.as_bytes())
        {
            let choice = choices[luck.below(choices.len())];
            text.splice(at..at + mark.len(), choice.iter().copied());
        }
    }
    Bytes::from(text)
}

/// A template with something in the place of its placeholders.
fn filled(template: &str, luck: &mut Dice) -> Vec<Bytes> {
    let words = redwind_resp::split_words(template.as_bytes()).unwrap_or_default();
    words.iter().map(|word| fill(word, luck)).collect()
}

/// One random command of one of these groups.
pub fn command(groups: &[(&str, &str)], luck: &mut Dice) -> Vec<Bytes> {
    let (_, templates) = groups[luck.below(groups.len())];
    let lines: Vec<&str> = templates.lines().collect();
    let template = lines[luck.below(lines.len())];
    let mut argv = filled(template, luck);
    damage(&mut argv, luck);
    match luck.below(15) {
        0 => called(argv, luck),
        _ => argv,
    }
}

/// Now and then an argument is missing, doubled or out of place.
fn damage(argv: &mut Vec<Bytes>, luck: &mut Dice) {
    let mut place = |argv: &[Bytes]| 1 + luck.below(argv.len() - 1);
    if argv.len() < 2 {
        return;
    }
    let (one, other) = (place(argv), place(argv));
    match luck.below(60) {
        0 => {
            argv.remove(one);
        }
        1 => argv.insert(one, argv[one].clone()),
        2 => argv.swap(one, other),
        _ => {}
    }
}
