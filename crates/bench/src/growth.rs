//! How the time of a command grows with what its key holds.

use bytes::Bytes;

use crate::inside::Inside;
use crate::report::{Report, time};
use crate::workload::Draw;
use crate::{processor, rounds};

const SIZES: [u64; 4] = [1_000, 10_000, 100_000, 1_000_000];

/// How many times each command runs.
const TIMES: u64 = 20_000;

/// A command whose time must not grow faster than it may.
struct Growth {
    name: &'static str,
    may: &'static str,
    /// Commands in a cycle.
    fill: fn(u64) -> String,
    cycle: fn(&mut Cycle) -> Vec<String>,
}

/// What a cycle of commands is made from.
struct Cycle {
    draw: Draw,
    size: u64,
    /// The number of the cycle, from 1.
    number: u64,
}

impl Cycle {
    fn below_size(&mut self) -> u64 {
        self.draw.below(self.size)
    }
}

fn member(number: u64) -> String {
    format!(
        "ZADD zset {} member:{number:012}",
        (number * 7919) % 1_000_003
    )
}

fn entry(number: u64) -> String {
    format!("XADD stream {}-0 job value", number + 1)
}

fn item(number: u64) -> String {
    format!("RPUSH list job:{number:012}")
}

const ALL: &[Growth] = &[
    Growth {
        name: "ZADD and ZREM of a new member",
        may: "logarithm",
        fill: member,
        cycle: |c| {
            let score = c.draw.below(1_000_003);
            vec![
                format!("ZADD zset {score} new:{}", c.number),
                format!("ZREM zset new:{}", c.number),
            ]
        },
    },
    Growth {
        name: "ZRANK",
        may: "logarithm",
        fill: member,
        cycle: |c| vec![format!("ZRANK zset member:{:012}", c.below_size())],
    },
    Growth {
        name: "ZRANGE, 10 members by rank",
        may: "logarithm",
        fill: member,
        cycle: |c| {
            let start = c.below_size();
            vec![format!("ZRANGE zset {start} {}", start + 9)]
        },
    },
    Growth {
        name: "ZRANGEBYSCORE, LIMIT 0 10",
        may: "logarithm",
        fill: member,
        cycle: |c| {
            let score = c.draw.below(1_000_003);
            vec![format!("ZRANGEBYSCORE zset {score} +inf LIMIT 0 10")]
        },
    },
    Growth {
        name: "XRANGE, COUNT 10",
        may: "logarithm",
        fill: entry,
        cycle: |c| vec![format!("XRANGE stream {}-0 + COUNT 10", c.below_size())],
    },
    Growth {
        name: "LPUSH and RPOP",
        may: "flat",
        fill: item,
        cycle: |c| {
            vec![
                format!("LPUSH list job:{}", c.number),
                "RPOP list".to_owned(),
            ]
        },
    },
    Growth {
        name: "XADD, XREADGROUP, XACK, XDEL",
        may: "flat",
        fill: entry,
        cycle: |c| {
            let (new, old) = (c.size + c.number, c.number);
            vec![
                format!("XADD stream {new}-0 job value"),
                "XREADGROUP GROUP group worker COUNT 1 STREAMS stream >".to_owned(),
                format!("XACK stream group {old}-0"),
                format!("XDEL stream {old}-0"),
            ]
        },
    },
];

fn words(line: &str) -> Vec<Bytes> {
    line.split(' ')
        .map(|word| Bytes::copy_from_slice(word.as_bytes()))
        .collect()
}

/// Seconds a cycle takes on a key of this size.
fn measure(growth: &Growth, size: u64) -> f64 {
    let mut inside = Inside::new();
    for number in 0..size {
        inside.say(&(growth.fill)(number));
    }
    inside.say("XGROUP CREATE stream group 0");
    let mut cycle = Cycle {
        draw: Draw(3),
        size,
        number: 0,
    };
    let mut best = f64::INFINITY;
    for _ in 0..rounds() {
        let mut commands = Vec::new();
        for _ in 0..TIMES {
            cycle.number += 1;
            commands.extend((growth.cycle)(&mut cycle).iter().map(|line| words(line)));
        }
        let seconds = processor::seconds(|| commands.iter().for_each(|argv| inside.run(argv)));
        best = best.min(seconds / TIMES as f64);
    }
    best
}

pub(crate) fn run(report: &mut Report) {
    report.section(
        "Growth",
        "Processor time of one cycle of these commands in process, by how many members, entries or elements the key \
         holds. From a thousand to a million a logarithm doubles; beyond it grows what no longer fits into caches.",
    );
    let sizes = SIZES.map(|size| crate::report::thousands(size as f64));
    let mut columns = vec!["", "may grow as"];
    columns.extend(sizes.iter().map(String::as_str));
    columns.push("last to first");
    report.head(&columns);
    for growth in ALL {
        let times = SIZES.map(|size| measure(growth, size));
        let mut cells = vec![growth.name.to_owned(), growth.may.to_owned()];
        cells.extend(times.map(time));
        cells.push(format!("{:.1}", times[SIZES.len() - 1] / times[0]));
        report.row(&cells);
    }
}
