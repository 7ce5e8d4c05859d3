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
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use redwind_conformance::compare::{Difference, Outcome, outcome};
use redwind_conformance::ours::Ours;
use redwind_conformance::random::{Material, Round};
use redwind_conformance::reference::Reference;
use redwind_conformance::sequence::{Heard, Step, lines};
use redwind_conformance::shrink::shrink;
use redwind_conformance::{Subject, random, state};
use redwind_engine::{Micros, Value};
use redwind_resp::render;

/// So many differences, each of its own kind, are shown at once.
const MOST: usize = 25;

/// So many lines of a reply are shown.
const MOST_LINES: usize = 60;

fn from_env(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}

/// Plays a sequence on both. A server that ends or no longer answers is replaced by a fresh one: what it was asked to do is
/// shown, and counts as no difference, so that a long run goes on.
fn difference(server: &mut Reference, kind: Round, steps: &[Step]) -> Option<Difference> {
    if steps.iter().any(pauses_all) || is_race(steps) {
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

/// Whether the clocks decide what happens: something lasts for milliseconds only, and nobody waits until it is over.
fn is_race(steps: &[Step]) -> bool {
    let over = |at: usize| {
        let next = &steps[at + 1..steps.len().min(at + 3)];
        next.iter().any(|step| matches!(step, Step::Pass(_)))
    };
    (0..steps.len()).any(|at| steps[at].is_short() && !over(at))
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
    let refused = refused(steps, &theirs);
    match outcome(steps, theirs, ours, &unordered) {
        Outcome::Differs(difference) => return Some(difference),
        Outcome::Open => return None,
        Outcome::Same => {}
    }
    // In a large sorted set whose scores differ a range of names is wherever the search happens to come by.
    let stores_by_name = |step: &Step| {
        let is = |word: &Bytes, name: &[u8]| word.eq_ignore_ascii_case(name);
        let mut words = step.argv().iter();
        words.clone().any(|word| is(word, b"zrangestore")) && words.any(|word| is(word, b"bylex"))
    };
    let mut stores = steps.iter().zip(&unordered);
    if stores.any(|(step, open)| *open && stores_by_name(step)) {
        return None;
    }
    // What no reply has shown.
    let by_id = |word: &Bytes| {
        word.to_ascii_lowercase()
            .windows(5)
            .any(|part| part == b"minid")
    };
    let cut = steps.iter().any(|step| step.argv().iter().any(by_id));
    // Redis misses that these make an empty string longer, and then miscounts.
    let bits = |word: &Bytes| {
        let word = word.to_ascii_lowercase();
        [&b"setbit"[..], b"bitfield"]
            .iter()
            .any(|name| word.windows(name.len()).any(|part| part == *name))
    };
    let miscounts = steps.iter().any(|step| step.argv().iter().any(bits));
    // In which order a large set is gone through decides which form its union takes.
    let unites = |step: &Step| {
        let mut words = step.argv().iter();
        words.any(|word| {
            [&b"SUNIONSTORE"[..], b"SDIFFSTORE"]
                .iter()
                .any(|name| word.eq_ignore_ascii_case(name))
        })
    };
    let unites = steps.iter().any(unites);
    let is_form = |value: &Value| matches!(value, Value::Bulk(form) if matches!(&form[..], b"listpack" | b"hashtable"));
    let mut difference = || {
        let [theirs, ours] =
            [state::left(server, kind), state::left(&mut engine, kind)].map(|mut left| {
                left.retain(|(name, value)| {
                    let open = unites && name.starts_with("encoding") && is_form(value);
                    let miscounted = miscounts && name.contains("_distrib_strings_");
                    !open && !miscounted
                });
                left
            });
        let found = state::first_difference(&theirs, &ours, &refused, cut);
        // A key that was set with a time gone by is deleted by the time that Redis looks for such keys, ten times a second.
        std::thread::sleep(EXPIRY * u32::from(found.is_some()));
        engine.pass(EXPIRY.as_millis() as u64);
        found
    };
    difference()?;
    let (what, theirs, ours) = difference()?;
    let step = steps.len().saturating_sub(1);
    let heard = |value: Value| Heard {
        step,
        client: format!("{LEFT}{what}"),
        value,
    };
    Some(Difference {
        step,
        theirs: theirs.map(heard),
        ours: ours.map(heard),
    })
}

/// What the commands name that were, or may have been, refused.
fn refused(steps: &[Step], theirs: &[Heard]) -> Vec<Bytes> {
    fn holds_error(value: &Value) -> bool {
        match value {
            Value::Error(_) => true,
            Value::Array(items) => items.iter().any(holds_error),
            _ => false,
        }
    }
    let mut is_refused = vec![false; steps.len()];
    for heard in theirs {
        if let Some(refused) = is_refused.get_mut(heard.step) {
            *refused |= holds_error(&heard.value);
        }
    }
    let runs = |step: &Step, names: &[&str]| {
        let name = step.argv().first().map(|name| name.to_ascii_lowercase());
        name.is_some_and(|name| names.iter().any(|one| name.starts_with(one.as_bytes())))
    };
    let pairs = steps.iter().zip(&is_refused);
    // Which command of a transaction it was, nobody knows.
    let transaction = pairs
        .clone()
        .any(|(step, refused)| *refused && runs(step, &["exec"]));
    let named = pairs.filter(|(step, refused)| **refused || transaction || runs(step, &["eval"]));
    named
        .flat_map(|(step, _)| step.argv().iter().cloned())
        .collect()
}

/// After so long Redis has deleted every key whose time has come.
const EXPIRY: Duration = Duration::from_millis(300);

/// Before the name of what is left behind.
const LEFT: &str = "the ";

/// The beginning of a long text.
fn shortened(text: &str) -> String {
    let lines = text.lines().count();
    let shown: Vec<&str> = text.lines().take(MOST_LINES).collect();
    let shown = shown.join("\n");
    match lines > MOST_LINES {
        true => format!("{shown}\n({lines} lines)"),
        false => shown,
    }
}

fn show(heard: Option<&Heard>) -> String {
    match heard {
        None => "(nothing)".into(),
        Some(heard) => {
            let to = if heard.client.starts_with(LEFT) {
                ""
            } else {
                "to "
            };
            format!("{to}{}: {}", heard.client, shortened(&render(&heard.value)))
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
    let both = [&difference.theirs, &difference.ours];
    let is_left = both
        .into_iter()
        .flatten()
        .any(|heard| heard.client.starts_with(LEFT));
    let name = argv.first().filter(|_| !is_left);
    let name = name.map(|name| name.to_ascii_lowercase());
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
    let material = Material::read();
    let (mut differences, mut kinds) = (Vec::new(), BTreeSet::new());
    for round in seed..seed + rounds {
        let (kind, mut steps) = random::round(round, &groups, &material);
        let Some(first) = difference(&mut server, kind, &steps) else {
            continue;
        };
        // Another of a kind that was seen is not worth the time of shrinking it.
        let seen = kind_of(&steps, &first);
        if !kinds.insert(seen.clone()) {
            continue;
        }
        let (theirs, ours) = show_both(&first);
        eprintln!(
            "round {round} differs, redis {theirs}, engine {ours}: looking for the shortest sequence that does"
        );
        steps.truncate(first.step + 1);
        let mut fails = |steps: &[Step]| difference(&mut server, kind, steps).map(|d| d.step);
        let shortest = shrink(steps, &mut fails);
        // What differs only now and then is a matter of the real server's moving clock.
        let Some(last) = difference(&mut server, kind, &shortest) else {
            eprintln!("round {round} no longer differs");
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
