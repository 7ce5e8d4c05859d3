//! How fast worlds run, clone and seek in a browser: `make bench-web`. The same worlds as natively (`examples/speed`),
//! and the same records: the hashes must be the native ones.

#![cfg(target_arch = "wasm32")]

#[path = "../examples/speed/worlds.rs"]
mod worlds;

use std::hint::black_box;

use redwind_sim::{Run, Scenario};
use wasm_bindgen_test::{console_log, wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

/// How many runs, and stretches of clones, the best is taken of: a page is not told its processor time.
const RUNS: u32 = 5;
/// How many clones make one stretch: a browser's clock shows milliseconds.
const CLONES: u32 = 20_000;

#[wasm_bindgen_test]
fn worlds_in_a_browser() {
    for (what, scenario) in worlds::all() {
        report(what, &scenario);
    }
}

fn report(what: &str, scenario: &Scenario) {
    let Ok(run) = Run::new(scenario.clone()) else {
        return;
    };
    let records = run.records().len() as u32;
    // A short run is repeated until it takes long enough to be measured.
    let times = (100_000 / records.max(1)).max(1);
    let took = best(|| {
        for _ in 0..times {
            drop(black_box(Run::new(scenario.clone())));
        }
    }) / f64::from(times);
    console_log!(
        "{what}: {records} records, {:.1} µs each ({:.0} a second), hash {}",
        took / f64::from(records.max(1)) * 1e3,
        f64::from(records) / took * 1e3,
        run.hash()
    );
    let world = run.world_at(records / 2);
    let clone = best(|| {
        for _ in 0..CLONES {
            drop(black_box(world.clone()));
        }
    }) / f64::from(CLONES);
    let mut seeks: Vec<f64> = (0..200)
        .map(|index| took_ms(|| drop(black_box(run.world_at(records / 200 * index + index % 7)))))
        .collect();
    seeks.sort_by(f64::total_cmp);
    console_log!(
        "  a clone of its world: {:.2} µs; a seek: {:.0} ms at the middle, {:.0} ms at worst",
        clone * 1e3,
        seeks[100],
        seeks[199]
    );
}

/// Milliseconds of the quickest of some.
fn best(act: impl Fn()) -> f64 {
    let took = (0..RUNS).map(|_| took_ms(&act));
    took.fold(f64::INFINITY, f64::min)
}

fn took_ms(act: impl FnOnce()) -> f64 {
    let began = js_sys::Date::now();
    act();
    js_sys::Date::now() - began
}
