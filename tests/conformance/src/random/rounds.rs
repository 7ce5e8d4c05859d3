//! Rounds: sequences of commands that start with an empty server.

use bytes::Bytes;
use redwind_engine::Command;

use super::{SEVERAL, TEMPLATES, command, filled};
use crate::ours::Dice;
use crate::sequence::Step;
use crate::{garbage, mutants};

/// Commands in a round of one client.
const LENGTH: usize = 200;

/// Steps in a round of several clients, which takes longer: each waits for all effects of the one before.
const LENGTH_OF_SEVERAL: usize = 80;

/// What `{k}` may be.
const KEYS: &[&[u8]] = &[b"a", b"b", b"c", b"d", b"e"];

/// How a round is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Round {
    /// One client sends everything at once.
    Alone,
    /// Each step waits until it had all its effects on everybody.
    Several,
}

/// What rounds are made of beside the templates.
pub struct Material {
    drawn: Vec<&'static Command>,
    sections: Vec<Vec<Vec<Bytes>>>,
}

impl Material {
    /// The command table and the transcripts.
    pub fn read() -> Material {
        Material {
            drawn: garbage::drawn(),
            sections: mutants::sections(),
        }
    }
}

/// The steps of a round. Everything is drawn from the seed.
pub fn round(seed: u64, only: &[&str], material: &Material) -> (Round, Vec<Step>) {
    let mut luck = Dice::new(seed);
    let kind = luck.below(15);
    let mutated = if only.is_empty() {
        kind >= 12
    } else {
        only.contains(&"mutants")
    };
    if mutated {
        let mut steps = match luck.below(2) {
            0 => vec![Step::line("HELLO 3")],
            _ => Vec::new(),
        };
        let lines = mutants::sequence(&material.sections, LENGTH, &mut luck);
        steps.extend(lines.into_iter().map(Step::send));
        return (Round::Alone, steps);
    }
    let several = if only.is_empty() {
        kind < 2
    } else {
        only.contains(&SEVERAL.0)
    };
    if several {
        return (Round::Several, of_several(&mut luck));
    }
    // Most rounds stay with one group and the keys, so that its states are reached.
    let named = |names: &[&str]| -> Vec<(&str, &str)> {
        let all = TEMPLATES.iter().copied();
        all.filter(|(group, _)| names.contains(group)).collect()
    };
    let focus = TEMPLATES[luck.below(TEMPLATES.len())].0;
    let groups = match (only.is_empty(), luck.below(8)) {
        (false, _) => named(only),
        (true, 0) => TEMPLATES.to_vec(),
        (true, 1) => named(&[focus]),
        (true, 2) => named(&[focus, "keys", "transaction"]),
        (true, 3) => named(&[focus, "encodings"]),
        (true, 4) => named(&[focus, "expiry", "memory"]),
        (true, _) => named(&[focus, "keys"]),
    };
    let mut steps = match kind {
        2..5 => vec![Step::line("HELLO 3")],
        5 => {
            let flags = ["KEA", "Kg$x", "Elshztx", "KEAmn", "AK", "KEd"][luck.below(6)];
            vec![
                Step::line("HELLO 3"),
                Step::line(&format!("CONFIG SET notify-keyspace-events {flags}")),
                Step::line("PSUBSCRIBE __key*"),
            ]
        }
        // Then `OBJECT FREQ` says how often each key was used.
        6 => vec![Step::line(
            "CONFIG SET maxmemory-policy allkeys-lfu lfu-log-factor 0 lfu-decay-time 0",
        )],
        _ => Vec::new(),
    };
    let sense = 2 + luck.below(4);
    // How a value is kept inside may change with every write.
    let looks_inside = luck.below(5) == 0;
    while steps.len() < LENGTH {
        let argv = match luck.below(sense) {
            0 if only.is_empty() => garbage::command(&material.drawn, &mut luck),
            _ => command(&groups, &mut luck),
        };
        let key = argv.iter().skip(1).find(|word| KEYS.contains(&&word[..]));
        let look = key.filter(|_| looks_inside).map(|key| {
            let words = [&b"OBJECT"[..], b"ENCODING", key];
            Step::send(words.map(Bytes::copy_from_slice).to_vec())
        });
        steps.push(Step::send(argv));
        steps.extend(look);
    }
    (Round::Alone, steps)
}

fn of_several(luck: &mut Dice) -> Vec<Step> {
    // What expires has a client of its own that never waits, so that both clocks agree on the moment.
    let expiring = [
        "PEXPIRE {k} 1",
        "SET {k} {v} PX 1",
        "PEXPIRE {k} 1",
        "GETEX {k} PX 1",
    ];
    let watched = luck.below(3) == 0;
    let mut steps = Vec::new();
    if watched {
        steps.push(Step::of("e", "CONFIG SET notify-keyspace-events KEA"));
        steps.push(Step::of("e", "PSUBSCRIBE __key*"));
    }
    // Who waits for a while does so, too, while nobody else takes part for long.
    let waiting = [
        "BLPOP {k} {k} 0.06",
        "BRPOP {k} 0.06",
        "BLMOVE {k} {k} LEFT RIGHT 0.06",
        "BRPOPLPUSH {k} {k} 0.06",
        "BLMPOP 0.06 2 {k} {k} LEFT COUNT 2",
        "BZPOPMIN {k} {k} 0.06",
        "BZMPOP 0.06 2 {k} {k} MAX",
        "XREAD BLOCK 60 STREAMS {k} $",
        "XREADGROUP GROUP g {m} BLOCK 60 STREAMS {k} >",
    ];
    let other = TEMPLATES[luck.below(TEMPLATES.len())];
    // Behind a pause nobody knows when such commands run.
    let mut calm = !watched;
    while steps.len() < LENGTH_OF_SEVERAL {
        let client = ["a", "b", "c", "d"][luck.below(4)];
        match luck.below(20) {
            0 if calm && luck.below(6) == 0 => {
                let line = waiting[luck.below(waiting.len())];
                steps.push(Step::Send {
                    client: "e",
                    argv: filled(line, luck),
                });
                steps.push(Step::Send {
                    client,
                    argv: without_timeouts(command(&[SEVERAL], luck)),
                });
                calm &= steps.iter().rev().take(1).all(|step| !pauses(step));
                steps.push(Step::Pass(80));
            }
            // When a key is noticed to have expired is open in Redis, so no one watches here.
            0 if calm => {
                let line = expiring[luck.below(expiring.len())];
                // Not damaged, which could make a time of a number that is still to come.
                steps.push(Step::Send {
                    client: "e",
                    argv: filled(line, luck),
                });
                steps.push(Step::Pass(5));
            }
            1..5 => steps.push(Step::Send {
                client,
                argv: without_timeouts(command(&[other], luck)),
            }),
            _ => steps.push(Step::Send {
                client,
                argv: without_timeouts(command(&[SEVERAL], luck)),
            }),
        }
        calm &= !steps.last().is_some_and(pauses);
    }
    steps
}

/// Whether others may have to wait after this.
fn pauses(step: &Step) -> bool {
    let pause = |word: &Bytes| word.eq_ignore_ascii_case(b"PAUSE");
    step.argv().iter().any(pause)
}

/// Whoever waits waits for ever: the real server's clock has no part in the order of events.
fn without_timeouts(mut argv: Vec<Bytes>) -> Vec<Bytes> {
    for at in 0..argv.len() {
        let after_block = at > 0 && argv[at - 1].eq_ignore_ascii_case(b"BLOCK");
        if &argv[at][..] == b"0.01" || (after_block && argv[at].len() > 1) {
            argv[at] = Bytes::from_static(b"0");
        }
    }
    argv
}
