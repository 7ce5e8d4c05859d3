//! Lists: a double-ended queue of texts.

use std::collections::VecDeque;

use proptest::collection::vec;
use proptest::prelude::*;
use redwind_conformance::ours::Ours;

use super::{ask, cases, number, server, slice};

#[derive(Clone, Debug)]
enum Op {
    Push(bool, Vec<String>),
    Pop(bool, usize),
    Set(i64, String),
    Insert(bool, String, String),
    Remove(i64, String),
    Trim(i64, i64),
    Turn(bool, bool),
    Range(i64, i64),
    Index(i64),
    Places(String),
}

fn element() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => (0..6u8).prop_map(|n| format!("e{n}")),
        3 => (-4..4i64).prop_map(|n| n.to_string()),
        1 => Just(i64::MIN.to_string()),
        1 => (90..400usize).prop_map(|len| "long".repeat(len / 4)),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    let place = || -12..12i64;
    prop_oneof![
        5 => (any::<bool>(), vec(element(), 1..9)).prop_map(|(left, all)| Op::Push(left, all)),
        2 => (any::<bool>(), 1..5usize).prop_map(|(left, count)| Op::Pop(left, count)),
        2 => (place(), element()).prop_map(|(at, element)| Op::Set(at, element)),
        2 => (any::<bool>(), element(), element())
            .prop_map(|(before, pivot, element)| Op::Insert(before, pivot, element)),
        2 => (-3..3i64, element()).prop_map(|(count, element)| Op::Remove(count, element)),
        1 => (-30..4i64, -8..40i64).prop_map(|(from, to)| Op::Trim(from, to)),
        1 => (any::<bool>(), any::<bool>()).prop_map(|(from, to)| Op::Turn(from, to)),
        2 => (place(), place()).prop_map(|(from, to)| Op::Range(from, to)),
        2 => place().prop_map(Op::Index),
        2 => element().prop_map(Op::Places),
    ]
}

type Model = VecDeque<String>;

fn place(at: i64, len: usize) -> Option<usize> {
    let at = if at < 0 { len as i64 + at } else { at };
    usize::try_from(at).ok().filter(|at| *at < len)
}

fn pop(model: &mut Model, left: bool) -> Option<String> {
    if left {
        model.pop_front()
    } else {
        model.pop_back()
    }
}

fn push(model: &mut Model, left: bool, element: String) {
    if left {
        model.push_front(element);
    } else {
        model.push_back(element);
    }
}

fn or_nil(mut texts: Vec<String>) -> Vec<String> {
    if texts.is_empty() {
        texts.push("nil".into());
    }
    texts
}

/// What the server replies, and what the model says.
fn play(server: &mut Ours, model: &mut Model, op: &Op) -> (Vec<String>, Vec<String>) {
    match op {
        Op::Push(left, all) => {
            let command = if *left { "LPUSH" } else { "RPUSH" };
            all.iter()
                .for_each(|element| push(model, *left, element.clone()));
            let reply = ask(server, &format!("{command} l {}", all.join(" ")));
            (reply, number(model.len()))
        }
        Op::Pop(left, count) => {
            let command = if *left { "LPOP" } else { "RPOP" };
            let popped = (0..*count).filter_map(|_| pop(model, *left)).collect();
            (ask(server, &format!("{command} l {count}")), or_nil(popped))
        }
        Op::Set(at, element) => {
            let reply = ask(server, &format!("LSET l {at} {element}"));
            let expected = match place(*at, model.len()) {
                _ if model.is_empty() => "error: ERR no such key",
                None => "error: ERR index out of range",
                Some(at) => {
                    model[at].clone_from(element);
                    "OK"
                }
            };
            (reply, vec![expected.into()])
        }
        Op::Insert(before, pivot, element) => {
            let side = if *before { "BEFORE" } else { "AFTER" };
            let reply = ask(server, &format!("LINSERT l {side} {pivot} {element}"));
            let len = match model.iter().position(|other| other == pivot) {
                _ if model.is_empty() => 0,
                None => -1,
                Some(at) => {
                    model.insert(at + usize::from(!before), element.clone());
                    model.len() as i64
                }
            };
            (reply, vec![len.to_string()])
        }
        Op::Remove(count, element) => {
            let reply = ask(server, &format!("LREM l {count} {element}"));
            let places = model.iter().enumerate();
            let mut places: Vec<_> = places
                .filter(|(_, other)| *other == element)
                .map(|(at, _)| at)
                .collect();
            if *count < 0 {
                places.reverse();
            }
            if *count != 0 {
                places.truncate(count.unsigned_abs() as usize);
            }
            places.sort_unstable();
            for at in places.iter().rev() {
                model.remove(*at);
            }
            (reply, number(places.len()))
        }
        Op::Trim(from, to) => {
            let kept = slice(*from, *to, model.len());
            *model = model.range(kept).cloned().collect();
            (
                ask(server, &format!("LTRIM l {from} {to}")),
                vec!["OK".into()],
            )
        }
        Op::Turn(from, to) => {
            let side = |left: bool| if left { "LEFT" } else { "RIGHT" };
            let line = format!("LMOVE l l {} {}", side(*from), side(*to));
            let moved = pop(model, *from);
            if let Some(element) = &moved {
                push(model, *to, element.clone());
            }
            (ask(server, &line), or_nil(moved.into_iter().collect()))
        }
        Op::Range(from, to) => {
            let found = model.range(slice(*from, *to, model.len()));
            let found = found.cloned().collect();
            (ask(server, &format!("LRANGE l {from} {to}")), found)
        }
        Op::Index(at) => {
            let found = place(*at, model.len()).map(|at| model[at].clone());
            let found = or_nil(found.into_iter().collect());
            (ask(server, &format!("LINDEX l {at}")), found)
        }
        Op::Places(element) => {
            let places = model.iter().enumerate();
            let places = places.filter(|(_, other)| *other == element);
            let places = places.map(|(at, _)| at.to_string()).collect();
            (ask(server, &format!("LPOS l {element} COUNT 0")), places)
        }
    }
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn a_list_is_a_double_ended_queue_in_every_encoding(ops in vec(op(), 1..80)) {
        let (mut server, mut model) = (server(), Model::new());
        for op in &ops {
            let (reply, expected) = play(&mut server, &mut model, op);
            prop_assert_eq!(reply, expected, "{:?}", op);
            prop_assert_eq!(ask(&mut server, "LLEN l"), number(model.len()), "{:?}", op);
        }
        let whole: Vec<String> = model.into_iter().collect();
        prop_assert_eq!(ask(&mut server, "LRANGE l 0 -1"), whole);
    }
}
