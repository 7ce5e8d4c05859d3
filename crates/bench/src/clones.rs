//! What a copy of an engine costs: at once, and when the copy is first written to.

use std::hint::black_box;
use std::time::Instant;

use crate::inside::Inside;
use crate::report::{Report, time};
use crate::rounds;

/// How many copies one measurement takes, and how many measurements a round: they are too short for a count of processor
/// time, but one of many is undisturbed.
const COPIES: u32 = 20;
const MEASUREMENTS: u32 = 200;

/// Seconds of the fastest of many measurements.
fn best(act: impl Fn()) -> f64 {
    let measured = (0..rounds() * MEASUREMENTS).map(|_| {
        let began = Instant::now();
        for _ in 0..COPIES {
            act();
        }
        began.elapsed().as_secs_f64() / f64::from(COPIES)
    });
    measured.fold(f64::INFINITY, f64::min)
}

pub(crate) fn run(report: &mut Report) {
    report.section(
        "Copies of an engine",
        "What a copy takes, and a copy with its first write (which copies what was shared); both are dropped again.",
    );
    report.head(&["keys", "copy", "copy and write"]);
    for keys in [50, 10_000] {
        let mut inside = Inside::new();
        for key in 0..keys {
            inside.say(&format!("SET key:{key:012} value:{key:012}"));
        }
        let copy = best(|| drop(black_box(inside.clone())));
        let write = best(|| black_box(inside.clone()).say("SET key:000000000007 other"));
        report.row(&[
            crate::report::thousands(f64::from(keys)),
            time(copy),
            time(write),
        ]);
    }
}
