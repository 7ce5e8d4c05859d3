//! What each command does to its keys, in the words of key specifications: `COMMAND GETKEYSANDFLAGS` tells it.

use bytes::Bytes;

use crate::args::is;
use crate::{Command, Flags};

/// The commands that do something else than read what their keys hold: what they do to the first key, the second and so
/// on (the last entry is for all that follow), and their names.
const USES: &[(&[&str], &str)] = &[
    (
        &["RW update"],
        "hpersist pexpire setrange geoadd xgroup|setid hmset xsetid persist hpexpire expire xclaim hset hexpire xack \
         hpexpireat pexpireat zadd lset hexpireat hsetex xadd expireat xnack",
    ),
    (
        &["RO"],
        "type scard object|freq object|encoding object|refcount object|idletime watch llen xlen hstrlen touch hlen \
         hexists zcard memory|usage strlen sismember exists",
    ),
    (
        &["RW access update"],
        "hgetex getset incr evalsha getex move setbit zincrby hincrby incrby eval decrby hincrbyfloat decr incrbyfloat \
         bitfield increx",
    ),
    (
        &["RW access delete"],
        "bzpopmin zpopmin blmpop zpopmax zmpop spop bzpopmax lmpop getdel bzmpop rpop blpop lpop brpop hgetdel",
    ),
    (
        &["RW delete"],
        "xtrim xgroup|delconsumer xgroup|destroy hdel xdel zremrangebyscore srem xautoclaim lrem ltrim xdelex \
         zremrangebyrank zremrangebylex zrem",
    ),
    (
        &["RW insert"],
        "pfadd append sadd linsert xgroup|create xgroup|createconsumer hsetnx lpush lpushx rpushx rpush",
    ),
    (
        &["OW update", "RO access"],
        "sdiffstore bitop zdiffstore zinterstore sinterstore sunionstore zrangestore zunionstore geosearchstore",
    ),
    (
        &["RW access delete", "RW insert"],
        "rpoplpush lmove brpoplpush blmove smove",
    ),
    (&["OW update"], "set psetex setex mset msetex"),
    (
        &["RO access", "OW update"],
        "georadiusbymember georadius copy sort",
    ),
    (&["OW insert"], "msetnx setnx"),
    (&["RM delete"], "unlink del delex"),
    (&["RW access delete", "OW insert"], "renamenx"),
    (&["RW access delete", "OW update"], "rename"),
    (&["RW access"], "pfcount"),
    (&["RO access"], "xreadgroup"),
    (&["RW access insert", "RO access"], "pfmerge"),
    (&["RW update delete"], "xackdel"),
];

/// What this call does to each of its keys.
pub(super) fn of(command: &Command, argv: &[Bytes]) -> &'static [&'static str] {
    let has = |word: &str| argv.iter().skip(3).any(|argument| is(argument, word));
    match command.name {
        "set" if has("GET") => return &["RW access update"],
        "bitfield" if only_reads(argv.get(2..).unwrap_or_default()) => return &["RO access"],
        _ => {}
    }
    let mut known = USES.iter();
    let known = known.find(|(_, names)| names.split(' ').any(|name| name == command.name));
    match known {
        Some((uses, _)) => uses,
        None if command.flags.has(Flags::WRITE) => &["RW access update"],
        None => &["RO access"],
    }
}

/// Whether all steps of a `BITFIELD` are whole and read.
fn only_reads(mut steps: &[Bytes]) -> bool {
    loop {
        steps = match steps {
            [] => return true,
            [word, _, _, rest @ ..] if is(word, "GET") => rest,
            [word, _, rest @ ..] if is(word, "OVERFLOW") => rest,
            _ => return false,
        };
    }
}
