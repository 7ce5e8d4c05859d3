//! Each target with its corpus and seeded mutations of it: some hundreds, or for `REDWIND_FUZZ_MINUTES`.

use std::time::{Duration, Instant};

use redwind_fuzz::mutation::{Luck, corpus, mutate};
use redwind_fuzz::watch::Watch;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn fuzz(name: &str, target: fn(&[u8]), rounds: usize) {
    let watch = Watch::default();
    let corpus = corpus(name);
    assert!(!corpus.is_empty(), "fuzz/corpus/{name} is empty");
    for input in &corpus {
        watch.run(target, input);
    }
    let mut luck = Luck::new(number("REDWIND_SEED").unwrap_or(1));
    let minutes = number("REDWIND_FUZZ_MINUTES");
    let start = Instant::now();
    for round in 0.. {
        let over = match minutes {
            Some(minutes) => start.elapsed() > Duration::from_secs(minutes * 60),
            None => round >= rounds,
        };
        if over {
            break;
        }
        watch.run(target, &mutate(&corpus, &mut luck));
    }
}

#[test]
fn any_bytes_decode_to_values_or_errors() {
    fuzz("decoder", redwind_fuzz::decoder, 500);
}

#[test]
fn any_commands_are_answered_or_refused() {
    fuzz("dispatcher", redwind_fuzz::dispatcher, 400);
}

#[test]
fn any_script_ends() {
    fuzz("scripts", redwind_fuzz::scripts, 10);
}
