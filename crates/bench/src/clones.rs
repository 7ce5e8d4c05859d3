//! What a copy of an engine costs: at once, and when the copy is first written to.

use std::hint::black_box;

use crate::inside::Inside;
use crate::report::{Report, time};
use crate::{processor, rounds};

/// How many copies are made in one measurement.
const COPIES: u32 = 200;

pub(crate) fn run(report: &mut Report) {
    report.section(
        "Copies of an engine",
        "Processor time of a copy, of a copy with its first write (which copies what was shared), and of dropping both.",
    );
    report.head(&["keys", "copy", "copy and write"]);
    for keys in [50, 10_000] {
        let mut inside = Inside::new();
        for key in 0..keys {
            inside.say(&format!("SET key:{key:012} value:{key:012}"));
        }
        let (mut copy, mut write) = (f64::INFINITY, f64::INFINITY);
        for _ in 0..rounds() {
            let seconds = processor::seconds(|| {
                for _ in 0..COPIES {
                    drop(black_box(inside.clone()));
                }
            });
            copy = copy.min(seconds / f64::from(COPIES));
            let seconds = processor::seconds(|| {
                for _ in 0..COPIES {
                    black_box(inside.clone()).say("SET key:000000000007 other");
                }
            });
            write = write.min(seconds / f64::from(COPIES));
        }
        report.row(&[
            crate::report::thousands(f64::from(keys)),
            time(copy),
            time(write),
        ]);
    }
}
