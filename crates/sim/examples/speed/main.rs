//! How fast worlds run, clone and seek: `cargo run --release -p redwind-sim --example speed`; `make bench-web` measures
//! the same in a browser. Numbers for people to compare; nothing passes or fails by them.

#![expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "it measures real time"
)]

mod worlds;

use std::hint::black_box;
use std::time::{Duration, Instant};

use redwind_sim::{Run, Scenario, World};

/// How many measurements the best is taken of, where one is too short for a count of processor time.
const MEASUREMENTS: u32 = 200;
/// How many clones make one measurement.
const CLONES: u32 = 50;
/// How many runs the best is taken of.
const RUNS: u32 = 3;

fn main() {
    for (what, scenario) in worlds::all() {
        report(what, &scenario);
    }
}

fn report(what: &str, scenario: &Scenario) {
    let Ok(run) = Run::new(scenario.clone()) else {
        return;
    };
    let records = run.records().len() as u32;
    let took = (0..RUNS)
        .map(|_| processor_time(|| drop(black_box(Run::new(scenario.clone())))))
        .fold(f64::INFINITY, f64::min);
    say(&format!(
        "{what}: {records} records, {:.1} µs of the processor each ({:.0} a second), hash {}",
        took / f64::from(records.max(1)) * 1e6,
        f64::from(records) / took,
        run.hash()
    ));

    let world = run.world_at(records / 2);
    say(&format!(
        "  a clone of its world: {:.2} µs; one that is stepped until the next record: {:.2} µs, without a clone {:.2} µs",
        best(|| drop(black_box(world.clone()))),
        best(|| next(&mut world.clone())),
        stepped(&world)
    ));

    let mut seeks: Vec<Duration> = (0..200)
        .map(|index| {
            let begun = Instant::now();
            black_box(run.world_at(records / 200 * index + index % 7));
            begun.elapsed()
        })
        .collect();
    seeks.sort();
    say(&format!(
        "  a seek: {:?} at the middle, {:?} at worst",
        seeks[100], seeks[199]
    ));
}

/// Steps a world until it tells something.
fn next(world: &mut World) {
    let mut told = Vec::new();
    while told.is_empty() && world.step(&mut told) {}
    black_box(told);
}

/// Microseconds that a record takes in a world that shares nothing, over the next thousand.
fn stepped(world: &World) -> f64 {
    let mut world = world.clone();
    let (mut told, before) = (Vec::new(), world.records());
    let took =
        processor_time(|| while world.records() - before < 1_000 && world.step(&mut told) {});
    took * 1e6 / f64::from((world.records() - before).max(1))
}

/// Microseconds of the quickest of many measurements.
fn best(act: impl Fn()) -> f64 {
    let measured = (0..MEASUREMENTS).map(|_| {
        let began = Instant::now();
        for _ in 0..CLONES {
            act();
        }
        began.elapsed().as_secs_f64() * 1e6 / f64::from(CLONES)
    });
    measured.fold(f64::INFINITY, f64::min)
}

/// The seconds of the processor that something uses, or of time where the system does not tell.
fn processor_time(act: impl FnOnce()) -> f64 {
    let used = || {
        let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
        text.split(' ').next()?.parse::<f64>().ok()
    };
    let (before, began) = (used(), Instant::now());
    act();
    match (before, used()) {
        (Some(before), Some(after)) if after > before => (after - before) / 1e9,
        _ => began.elapsed().as_secs_f64(),
    }
}

#[expect(clippy::print_stdout, reason = "an example talks to whoever runs it")]
fn say(text: &str) {
    println!("{text}");
}
