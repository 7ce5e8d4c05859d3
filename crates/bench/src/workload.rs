//! The commands that are measured, each written once for every side.

use bytes::Bytes;

/// What `redis-benchmark` replaces by a random number of twelve digits, each time another.
const RANDOM: &str = "__rand_int__";

/// Stands for the number of the command, from 1.
const NUMBER: &str = "__number__";

/// How many different numbers are drawn, and so how many keys there are.
pub(crate) const RANGE: u64 = 100_000;

/// How often a command of `prepare` runs.
#[derive(Clone, Copy)]
pub(crate) enum Times {
    Once,
    /// Once a number that may be drawn.
    EachNumber,
    /// As often as the command that is measured.
    EachCommand,
}

pub(crate) struct Workload {
    pub(crate) name: &'static str,
    pub(crate) prepare: &'static [(Times, &'static [&'static str])],
    pub(crate) command: &'static [&'static str],
}

const RELEASE: &str = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) else return 0 end";

const SMALL_ZSET: (Times, &[&str]) = (
    Times::EachNumber,
    &["ZADD", "zset", NUMBER, "member:__number__"],
);

const GROUP: (Times, &[&str]) = (
    Times::Once,
    &["XGROUP", "CREATE", "stream", "group", "0", "MKSTREAM"],
);

const ENTRIES: (Times, &[&str]) = (
    Times::EachCommand,
    &["XADD", "stream", "__number__-1", "job", "value"],
);

const DELIVERED: (Times, &[&str]) = (
    Times::Once,
    &[
        "XREADGROUP",
        "GROUP",
        "group",
        "worker",
        "STREAMS",
        "stream",
        ">",
    ],
);

pub(crate) const ALL: &[Workload] = &[
    Workload {
        name: "SET",
        prepare: &[],
        command: &["SET", "key:__rand_int__", "value:__rand_int__"],
    },
    Workload {
        name: "GET",
        prepare: &[(
            Times::EachNumber,
            &["SET", "key:__number__", "value:__number__"],
        )],
        command: &["GET", "key:__rand_int__"],
    },
    Workload {
        name: "INCR",
        prepare: &[],
        command: &["INCR", "counter:__rand_int__"],
    },
    Workload {
        name: "LPUSH",
        prepare: &[],
        command: &["LPUSH", "list", "job:__rand_int__"],
    },
    Workload {
        name: "LPOP",
        prepare: &[(Times::EachCommand, &["LPUSH", "list", "job:__number__"])],
        command: &["LPOP", "list"],
    },
    Workload {
        name: "HSET",
        prepare: &[],
        command: &["HSET", "hash", "field:__rand_int__", "value"],
    },
    Workload {
        name: "ZADD",
        prepare: &[],
        command: &["ZADD", "zset", RANDOM, "member:__rand_int__"],
    },
    Workload {
        name: "ZRANGE, 10 members",
        prepare: &[SMALL_ZSET],
        command: &["ZRANGE", "zset", "0", "9"],
    },
    Workload {
        name: "XADD",
        prepare: &[],
        command: &["XADD", "stream", "*", "job", "value:__rand_int__"],
    },
    Workload {
        name: "XREADGROUP, 1 entry",
        prepare: &[GROUP, ENTRIES],
        command: &[
            "XREADGROUP",
            "GROUP",
            "group",
            "worker",
            "COUNT",
            "1",
            "STREAMS",
            "stream",
            ">",
        ],
    },
    Workload {
        name: "XACK",
        prepare: &[GROUP, ENTRIES, DELIVERED],
        command: &["XACK", "stream", "group", "__rand_int__-1"],
    },
    Workload {
        name: "EVAL, compare and delete",
        prepare: &[(Times::EachNumber, &["SET", "lock:__number__", "token"])],
        command: &["EVAL", RELEASE, "1", "lock:__rand_int__", "token"],
    },
];

impl Times {
    fn of(self, commands: u64) -> u64 {
        match self {
            Times::Once => 1,
            Times::EachNumber => RANGE,
            Times::EachCommand => commands,
        }
    }
}

impl Workload {
    /// The commands that come before so many of the measured one, in order.
    pub(crate) fn prepared(&self, commands: u64) -> impl Iterator<Item = Vec<Bytes>> {
        let each = move |(times, words): &'static (Times, &'static [&'static str])| {
            (1..=times.of(commands)).map(|number| argv(words, number, &mut Draw(number)))
        };
        self.prepare.iter().flat_map(each)
    }

    /// Some of the measured commands, with their numbers drawn.
    pub(crate) fn drawn(&self, count: u64) -> Vec<Vec<Bytes>> {
        let mut draw = Draw(7);
        (1..=count)
            .map(|number| argv(self.command, number, &mut draw))
            .collect()
    }
}

/// A generator that is good enough for picking keys.
#[derive(Clone, Copy)]
pub(crate) struct Draw(pub(crate) u64);

impl Draw {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(0x5851_f42d_4c95_7f2d)
            .wrapping_add(0x1405_7b7e_f767_814f);
        ((u128::from(self.0) * u128::from(bound)) >> 64) as u64
    }
}

/// A command with its placeholders replaced.
fn argv(words: &[&str], number: u64, draw: &mut Draw) -> Vec<Bytes> {
    let fill = |word: &&str| {
        let word = word.replace(NUMBER, &format!("{number:012}"));
        let mut text = String::new();
        for (at, part) in word.split(RANDOM).enumerate() {
            if at > 0 {
                text.push_str(&format!("{:012}", draw.below(RANGE)));
            }
            text.push_str(part);
        }
        Bytes::from(text)
    };
    words.iter().map(fill).collect()
}
