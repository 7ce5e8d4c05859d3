//! Small Lua programs (`templates/code.txt`), each of them run by a real redis-server and by the engine: with one or the other
//! of some arguments, or with all of them if `REDWIND_ROUNDS` asks for more than the tests do by themselves.

use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use redwind_conformance::compare::{Outcome, outcome};
use redwind_conformance::ours::Ours;
use redwind_conformance::random::programs;
use redwind_conformance::reference::Reference;
use redwind_conformance::sequence::{Step, lines};
use redwind_engine::Micros;
use redwind_resp::render;

/// What is there when a program runs.
const BEFORE: &[&str] = &[
    "SET a 10",
    "HSET b f v",
    "ZADD c 1 m",
    "RPUSH d x y",
    "SADD e 1",
];

/// What it is given, beside the program.
const GIVEN: &[&str] = &[
    "0",
    "1 a x",
    "1 b 10 1.5",
    "2 c d hello world",
    "1 d 3 4",
    "1 e 0x10 nan",
    "1 nokey [1,{}]",
];

#[test]
#[expect(clippy::print_stderr, reason = "a test that cannot run must say so")]
fn programs_get_the_replies_of_a_real_server() {
    let mut server = match Reference::start() {
        Ok(server) => server,
        Err(why) => {
            eprintln!("SKIPPED: nothing was compared with a real server: {why}");
            return;
        }
    };
    let all = std::env::var_os("REDWIND_ROUNDS").is_some();
    let mut differences = Vec::new();
    for hello in ["HELLO 2", "HELLO 3"] {
        for (at, program) in programs().enumerate() {
            let some = GIVEN.iter().cycle().skip(at).step_by(3).take(2);
            let some: Vec<&&str> = if all {
                GIVEN.iter().collect()
            } else {
                some.collect()
            };
            for given in some {
                let mut eval = Step::line(&format!("EVAL x {given}"));
                if let Step::Send { argv, .. } = &mut eval {
                    argv[1] = Bytes::from(program.clone());
                }
                let mut steps: Vec<Step> = BEFORE.iter().map(|line| Step::line(line)).collect();
                steps.extend([Step::line(hello), eval]);
                let now = SystemTime::now().duration_since(UNIX_EPOCH);
                let now = now.map_or(0, |since| since.as_micros());
                let theirs = server.play_alone(&steps);
                let (ours, unordered) = Ours::new(Micros(now as u64)).play_alone(&steps);
                let Outcome::Differs(last) = outcome(&steps, theirs, ours, &unordered) else {
                    continue;
                };
                let show = |heard: Option<_>| match heard {
                    Some(redwind_conformance::sequence::Heard { value, .. }) => render(&value),
                    None => "(nothing)".into(),
                };
                let (theirs, ours) = (show(last.theirs), show(last.ours));
                let eval = lines(&steps[BEFORE.len() + 1..]);
                differences.push(format!("{hello} {eval}\nredis {theirs}\nengine {ours}"));
                break;
            }
        }
    }
    let count = differences.len();
    assert!(
        count == 0,
        "{count} differences\n\n{}",
        differences.join("\n\n")
    );
}
