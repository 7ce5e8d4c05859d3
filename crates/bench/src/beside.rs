//! The same commands on a real redis-server and here, in turn.

use anyhow::Result;
use bytes::Bytes;

use crate::report::{Report, thousands};
use crate::servers::Running;
use crate::workload::{ALL, RANGE, Workload};
use crate::{inside, processor, rounds};

/// What is compared with redis-server.
#[derive(Clone, Copy)]
pub(crate) struct Sides {
    inside: bool,
    served: bool,
}

impl Sides {
    pub(crate) const ALL: Sides = Sides {
        inside: true,
        served: true,
    };
    pub(crate) const INSIDE: Sides = Sides {
        inside: true,
        served: false,
    };
    pub(crate) const SERVED: Sides = Sides {
        inside: false,
        served: true,
    };
}

/// How many commands one measurement takes, by how many are sent at once.
const AT_64: u64 = 100_000;
const AT_16: u64 = 100_000;
const AT_1: u64 = 20_000;

/// Commands a second: of the processor time of the server, and as its clients saw it.
#[derive(Clone, Copy, Default)]
struct Rate {
    processor: f64,
    seen: f64,
}

impl Rate {
    fn better(self, other: Rate) -> Rate {
        Rate {
            processor: self.processor.max(other.processor),
            seen: self.seen.max(other.seen),
        }
    }
}

/// One workload on one server, from an empty database.
fn measure(server: &Running, workload: &Workload, together: u64, count: u64) -> Result<Rate> {
    let mut client = crate::client::Client::connect(server.address)?;
    client.call(&["FLUSHALL"])?;
    client.run(workload.prepared(count))?;
    let pid = server.pid().to_string();
    let before = processor::of(&pid);
    let seen = server.load(together, count, RANGE, workload.command)?;
    let used = processor::of(&pid)
        .zip(before)
        .map(|(after, before)| after - before);
    client.run([vec![Bytes::from_static(b"FLUSHALL")]])?;
    Ok(Rate {
        processor: used.map_or(seen, |used| count as f64 / used),
        seen,
    })
}

pub(crate) fn run(report: &mut Report, name: &str, sides: Sides) -> Result<()> {
    let redis = Running::redis()?;
    let redwind = Running::redwind()?;
    let chosen = || ALL.iter().filter(|workload| workload.name.contains(name));
    if sides.inside {
        report.section(
            "In process",
            "Commands a second of processor time: the engine without a socket, beside redis-server under `redis-benchmark -P 64`.",
        );
        report.head(&["", "redis-server", "Redwind", "ratio"]);
        for workload in chosen() {
            let (mut theirs, mut ours) = (Rate::default(), 0.0f64);
            for _ in 0..rounds() {
                theirs = theirs.better(measure(&redis, workload, 64, AT_64)?);
                ours = ours.max(inside::rate(workload, AT_64)?);
            }
            report.row(&[
                workload.name.to_owned(),
                thousands(theirs.processor),
                thousands(ours),
                format!("{:.2}", ours / theirs.processor),
            ]);
        }
    }
    if sides.served {
        for (together, count) in [(1, AT_1), (16, AT_16)] {
            report.section(
                &format!("Over TCP, `redis-benchmark -P {together}`"),
                "Commands a second of the server's processor time, and as the fifty clients saw them.",
            );
            report.head(&[
                "",
                "redis-server",
                "Redwind",
                "ratio",
                "seen: redis-server",
                "seen: Redwind",
                "ratio",
            ]);
            for workload in chosen() {
                let (mut theirs, mut ours) = (Rate::default(), Rate::default());
                for _ in 0..rounds() {
                    theirs = theirs.better(measure(&redis, workload, together, count)?);
                    ours = ours.better(measure(&redwind, workload, together, count)?);
                }
                report.row(&[
                    workload.name.to_owned(),
                    thousands(theirs.processor),
                    thousands(ours.processor),
                    format!("{:.2}", ours.processor / theirs.processor),
                    thousands(theirs.seen),
                    thousands(ours.seen),
                    format!("{:.2}", ours.seen / theirs.seen),
                ]);
            }
        }
    }
    Ok(())
}
