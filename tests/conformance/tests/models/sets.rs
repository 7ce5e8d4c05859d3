//! Sets: an ordered set of texts.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;
use redwind_conformance::ours::Ours;

use super::{ask, ask_unordered, cases, number, server};

#[derive(Clone, Debug)]
enum Op {
    Add(usize, Vec<String>),
    Remove(usize, Vec<String>),
    Move(usize, String),
    Pop(usize, usize),
    Has(usize, Vec<String>),
    Combine(&'static str),
    Store(&'static str, usize),
}

type Model = [BTreeSet<String>; 2];

fn member() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => (-10..30i64).prop_map(|n| n.to_string()),
        1 => prop_oneof![Just(40_000i64), Just(i64::MAX), Just(-3_000_000_000)]
            .prop_map(|n| n.to_string()),
        2 => (0..20u8).prop_map(|n| format!("m{n}")),
        // Looks like a number and is not written as one.
        1 => Just("007".to_owned()),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    let key = || 0..2usize;
    let combine = || prop_oneof![Just("SUNION"), Just("SINTER"), Just("SDIFF")];
    prop_oneof![
        6 => (key(), vec(member(), 1..6)).prop_map(|(key, all)| Op::Add(key, all)),
        3 => (key(), vec(member(), 1..6)).prop_map(|(key, all)| Op::Remove(key, all)),
        2 => (key(), member()).prop_map(|(from, member)| Op::Move(from, member)),
        2 => (key(), 0..6usize).prop_map(|(key, count)| Op::Pop(key, count)),
        2 => (key(), vec(member(), 1..6)).prop_map(|(key, all)| Op::Has(key, all)),
        2 => combine().prop_map(Op::Combine),
        1 => (combine(), key()).prop_map(|(how, into)| Op::Store(how, into)),
    ]
}

fn combined(model: &Model, how: &str) -> BTreeSet<String> {
    let [left, right] = model;
    match how {
        "SUNION" => left | right,
        "SINTER" => left & right,
        _ => left - right,
    }
}

fn texts(set: &BTreeSet<String>) -> Vec<String> {
    set.iter().cloned().collect()
}

/// What the server replies, and what the model says.
fn play(server: &mut Ours, model: &mut Model, op: &Op) -> (Vec<String>, Vec<String>) {
    match op {
        Op::Add(key, all) => {
            let reply = ask(server, &format!("SADD s{key} {}", all.join(" ")));
            let before = model[*key].len();
            model[*key].extend(all.iter().cloned());
            (reply, number(model[*key].len() - before))
        }
        Op::Remove(key, all) => {
            let reply = ask(server, &format!("SREM s{key} {}", all.join(" ")));
            let before = model[*key].len();
            model[*key].retain(|member| !all.contains(member));
            (reply, number(before - model[*key].len()))
        }
        Op::Move(from, member) => {
            let to = 1 - from;
            let moved = model[*from].remove(member);
            if moved {
                model[to].insert(member.clone());
            }
            let reply = ask(server, &format!("SMOVE s{from} s{to} {member}"));
            (reply, number(usize::from(moved)))
        }
        Op::Pop(key, count) => {
            // Which ones is a matter of luck; that they were there, each once, is not.
            let popped = ask(server, &format!("SPOP s{key} {count}"));
            let known = popped.iter().filter(|member| model[*key].remove(*member));
            let known: Vec<String> = known.cloned().collect();
            let rest = model[*key].len();
            let enough = known.len() == *count || (known.len() < *count && rest == 0);
            assert!(
                enough,
                "{count} were asked for, {popped:?} came, {rest} are left"
            );
            (popped, known)
        }
        Op::Has(key, all) => {
            let has = |member: &String| usize::from(model[*key].contains(member)).to_string();
            let reply = ask(server, &format!("SMISMEMBER s{key} {}", all.join(" ")));
            (reply, all.iter().map(has).collect())
        }
        Op::Combine(how) => (
            ask_unordered(server, &format!("{how} s0 s1")),
            texts(&combined(model, how)),
        ),
        Op::Store(how, into) => {
            let result = combined(model, how);
            let reply = ask(server, &format!("{how}STORE s{into} s0 s1"));
            let len = result.len();
            model[*into] = result;
            (reply, number(len))
        }
    }
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn a_set_holds_each_member_once_in_every_encoding(ops in vec(op(), 1..80)) {
        let (mut server, mut model) = (server(), Model::default());
        for op in &ops {
            let (reply, expected) = play(&mut server, &mut model, op);
            prop_assert_eq!(reply, expected, "{:?}", op);
            for (key, set) in model.iter().enumerate() {
                let whole = ask_unordered(&mut server, &format!("SMEMBERS s{key}"));
                prop_assert_eq!(whole, texts(set), "{:?}", op);
                prop_assert_eq!(ask(&mut server, &format!("SCARD s{key}")), number(set.len()));
                let encoding = ask(&mut server, &format!("OBJECT ENCODING s{key}")).concat();
                let numbers = set.iter().all(|member| {
                    member.parse::<i64>().is_ok_and(|n| n.to_string() == *member)
                });
                let fits = match &encoding[..] {
                    "intset" => numbers && set.len() <= 8,
                    "listpack" => set.len() <= 12,
                    "hashtable" => true,
                    _ => set.is_empty(),
                };
                prop_assert!(fits, "{} of {} members after {:?}", encoding, set.len(), op);
            }
        }
    }
}
