//! Random commands to a real redis-server and to the engine: the replies must be the same.
//!
//! `REDWIND_ROUNDS` asks for more than the few that run by default, `REDWIND_SEED` for other ones. A
//! difference is shrunk to a shortest sequence of commands before it is shown.
#![expect(
    clippy::print_stderr,
    reason = "a test that cannot run must say so, and a long run what it has found so far"
)]

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::{SystemTime, UNIX_EPOCH};

use redwind_conformance::compare::{Difference, first_difference};
use redwind_conformance::ours::Ours;
use redwind_conformance::random::Round;
use redwind_conformance::reference::Reference;
use redwind_conformance::sequence::{Heard, Step, lines};
use redwind_conformance::shrink::shrink;
use redwind_conformance::{garbage, random};
use redwind_engine::Micros;
use redwind_resp::render;

/// So many differences, each of its own kind, are shown at once.
const MOST: usize = 25;

fn from_env(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}

/// Plays a sequence on both. A server that ends or no longer answers is replaced by a fresh one: what it was asked to do is
/// shown, and counts as no difference, so that a long run goes on.
fn difference(server: &mut Reference, kind: Round, steps: &[Step]) -> Option<Difference> {
    if steps.iter().any(pauses_all) {
        return None;
    }
    let played = catch_unwind(AssertUnwindSafe(|| compared(server, kind, steps)));
    played.unwrap_or_else(|why| {
        if server.answers() {
            resume_unwind(why);
        }
        eprintln!("the real server gave up:\n{}\n", lines(steps));
        *server = Reference::start().unwrap_or_else(|why| panic!("{why}"));
        None
    })
}

/// Whether a server that is asked this answers nobody until the time is up, not even who would end the pause.
fn pauses_all(step: &Step) -> bool {
    let is = |at: usize, word: &str| {
        let argument = step.argv().get(at);
        argument.is_some_and(|argument| argument.eq_ignore_ascii_case(word.as_bytes()))
    };
    is(0, "CLIENT") && is(1, "PAUSE") && !is(3, "WRITE")
}

fn compared(server: &mut Reference, kind: Round, steps: &[Step]) -> Option<Difference> {
    // Both clocks show about the same time, so absolute times mean the same to both.
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_micros());
    let mut engine = Ours::new(Micros(now as u64));
    let (theirs, (ours, unordered)) = match kind {
        Round::Alone => (server.play_alone(steps), engine.play_alone(steps)),
        Round::Several => (server.play_several(steps), engine.play_several(steps)),
    };
    first_difference(steps, theirs, ours, &unordered)
}

fn show(heard: Option<&Heard>) -> String {
    match heard {
        None => "(nothing)".into(),
        Some(heard) => {
            format!("to {}: {}", heard.client, render(&heard.value))
        }
    }
}

/// What was heard on both sides. What looks the same differs in its kind.
fn show_both(last: &Difference) -> (String, String) {
    let (theirs, ours) = (show(last.theirs.as_ref()), show(last.ours.as_ref()));
    if theirs != ours {
        return (theirs, ours);
    }
    (format!("{:?}", last.theirs), format!("{:?}", last.ours))
}

/// The beginning of a reply without its numbers, to tell kinds of differences apart.
fn outline(text: &str) -> String {
    let letters = text.chars().filter(|c| !c.is_ascii_digit());
    letters.take(60).collect()
}

/// Which differences count as one.
fn kind_of(steps: &[Step], difference: &Difference) -> (Vec<u8>, String, String) {
    let argv = steps.get(difference.step).map_or(&[][..], Step::argv);
    let name = argv.first().map(|name| name.to_ascii_lowercase());
    let (theirs, ours) = show_both(difference);
    (name.unwrap_or_default(), outline(&theirs), outline(&ours))
}

#[test]
fn random_commands_get_the_replies_of_a_real_server() {
    let mut server = match Reference::start() {
        Ok(server) => server,
        Err(why) => {
            eprintln!("SKIPPED: nothing was compared with a real server: {why}");
            return;
        }
    };
    let rounds = from_env("REDWIND_ROUNDS", 60);
    let seed = from_env("REDWIND_SEED", 1);
    let groups = std::env::var("REDWIND_GROUPS").unwrap_or_default();
    let groups: Vec<&str> = groups
        .split(',')
        .filter(|group| !group.is_empty())
        .collect();
    let drawn = garbage::drawn();
    let (mut differences, mut kinds) = (Vec::new(), BTreeSet::new());
    for round in seed..seed + rounds {
        let (kind, mut steps) = random::round(round, &groups, &drawn);
        let Some(first) = difference(&mut server, kind, &steps) else {
            continue;
        };
        // Another of a kind that was seen is not worth the time of shrinking it.
        let seen = kind_of(&steps, &first);
        if !kinds.insert(seen.clone()) {
            continue;
        }
        steps.truncate(first.step + 1);
        let mut fails = |steps: &[Step]| difference(&mut server, kind, steps).map(|d| d.step);
        let shortest = shrink(steps, &mut fails);
        // What differs only now and then is a matter of the real server's moving clock.
        let Some(last) = difference(&mut server, kind, &shortest) else {
            continue;
        };
        let (theirs, ours) = show_both(&last);
        let shrunk = kind_of(&shortest, &last);
        if shrunk == seen || kinds.insert(shrunk) {
            let text = format!(
                "seed {round}:\n{}\nredis {theirs}\nengine {ours}",
                lines(&shortest),
            );
            // At once, too: a long run may be stopped before its end.
            eprintln!("{text}\n");
            differences.push(text);
        }
        if differences.len() >= MOST {
            break;
        }
    }
    assert!(
        differences.is_empty(),
        "{} differences\n\n{}",
        differences.len(),
        differences.join("\n\n")
    );
}
