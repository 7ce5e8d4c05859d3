//! Hashes whose fields expire: a map of values and times, and a clock.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use redwind_conformance::Subject;
use redwind_conformance::ours::Ours;

use super::{ask, ask_unordered, cases, number, server};

#[derive(Clone, Debug)]
enum Op {
    Set(Vec<(u8, i64)>),
    Delete(Vec<u8>),
    Add(u8, i64),
    Expire(i64, Option<&'static str>, Vec<u8>),
    Persist(Vec<u8>),
    SetExpiring(Option<&'static str>, i64, Vec<(u8, i64)>),
    SetKeeping(Vec<(u8, i64)>),
    GetPersisting(Vec<u8>),
    GetDeleting(Vec<u8>),
    Get(Vec<u8>),
    TimesLeft(Vec<u8>),
    Pass(u64),
}

fn op() -> impl Strategy<Value = Op> {
    let field = || 0..14u8;
    let pair = || (field(), -50..50i64);
    let some = |strategy| vec(strategy, 1..4);
    let pairs = move || vec(pair(), 1..4);
    // Time passes in tens, so nothing is asked at the very moment at which something ends.
    let millis = || (0..12i64).prop_map(|tens| tens * 10 + 5);
    let exists = prop_oneof![2 => Just(None), 1 => Just(Some("FNX")), 1 => Just(Some("FXX"))];
    let condition = prop_oneof![
        4 => Just(None),
        1 => Just(Some("NX")),
        1 => Just(Some("XX")),
        1 => Just(Some("GT")),
        1 => Just(Some("LT")),
    ];
    prop_oneof![
        5 => pairs().prop_map(Op::Set),
        2 => some(field()).prop_map(Op::Delete),
        1 => pair().prop_map(|(field, by)| Op::Add(field, by)),
        4 => (millis(), condition, some(field()))
            .prop_map(|(millis, condition, fields)| Op::Expire(millis, condition, fields)),
        1 => some(field()).prop_map(Op::Persist),
        2 => (exists, millis(), pairs())
            .prop_map(|(exists, millis, pairs)| Op::SetExpiring(exists, millis, pairs)),
        1 => pairs().prop_map(Op::SetKeeping),
        1 => some(field()).prop_map(Op::GetPersisting),
        1 => some(field()).prop_map(Op::GetDeleting),
        2 => some(field()).prop_map(Op::Get),
        2 => some(field()).prop_map(Op::TimesLeft),
        3 => (0..6u64).prop_map(|tens| Op::Pass(tens * 10)),
    ]
}

#[derive(Default)]
struct Model {
    now: i64,
    /// Values, and when they end.
    fields: BTreeMap<u8, (i64, Option<i64>)>,
}

fn names(fields: &[u8]) -> String {
    let names: Vec<String> = fields.iter().map(|field| format!("f{field}")).collect();
    format!("FIELDS {} {}", names.len(), names.join(" "))
}

fn words(pairs: &[(u8, i64)]) -> String {
    let words: Vec<String> = pairs
        .iter()
        .map(|(f, value)| format!("f{f} {value}"))
        .collect();
    words.join(" ")
}

impl Model {
    fn value(&self, field: u8) -> String {
        let value = self.fields.get(&field);
        value.map_or_else(|| "nil".into(), |(value, _)| value.to_string())
    }

    fn values(&self, fields: &[u8]) -> Vec<String> {
        fields.iter().map(|field| self.value(*field)).collect()
    }

    /// What `HPEXPIRE` says of one field.
    fn expire(&mut self, field: u8, at: i64, condition: Option<&str>) -> i64 {
        let Some((_, time)) = self.fields.get_mut(&field) else {
            return -2;
        };
        let allowed = match (condition, *time) {
            (Some("NX"), time) => time.is_none(),
            (Some("XX"), time) => time.is_some(),
            // What never ends counts as later than everything.
            (Some("GT"), time) => time.is_some_and(|time| at > time),
            (Some("LT"), time) => time.is_none_or(|time| at < time),
            _ => true,
        };
        if allowed {
            *time = Some(at);
        }
        i64::from(allowed)
    }

    fn persist(&mut self, field: u8) -> i64 {
        match self.fields.get_mut(&field) {
            None => -2,
            Some((_, time)) => time.take().map_or(-1, |_| 1),
        }
    }

    fn time_left(&self, field: u8) -> i64 {
        match self.fields.get(&field) {
            None => -2,
            Some((_, time)) => time.map_or(-1, |time| time - self.now),
        }
    }
}

fn texts(numbers: impl Iterator<Item = i64>) -> Vec<String> {
    numbers.map(|number| number.to_string()).collect()
}

/// What the server replies, and what the model says.
fn play(server: &mut Ours, model: &mut Model, op: &Op) -> (Vec<String>, Vec<String>) {
    match op {
        Op::Set(pairs) => {
            let before = model.fields.len();
            for (field, value) in pairs {
                model.fields.insert(*field, (*value, None));
            }
            let reply = ask(server, &format!("HSET h {}", words(pairs)));
            (reply, number(model.fields.len() - before))
        }
        Op::Delete(fields) => {
            let names: Vec<String> = fields.iter().map(|f| format!("f{f}")).collect();
            let before = model.fields.len();
            model.fields.retain(|field, _| !fields.contains(field));
            let reply = ask(server, &format!("HDEL h {}", names.join(" ")));
            (reply, number(before - model.fields.len()))
        }
        Op::Add(field, by) => {
            let (value, _) = model.fields.entry(*field).or_default();
            *value += by;
            let expected = vec![value.to_string()];
            (ask(server, &format!("HINCRBY h f{field} {by}")), expected)
        }
        Op::Expire(millis, condition, fields) => {
            let at = model.now + millis;
            let done = fields.iter().map(|f| model.expire(*f, at, *condition));
            let expected = texts(done);
            let condition = condition.unwrap_or_default();
            let line = format!("HPEXPIRE h {millis} {condition} {}", names(fields));
            (ask(server, &line), expected)
        }
        Op::Persist(fields) => {
            let expected = texts(fields.iter().map(|field| model.persist(*field)));
            (
                ask(server, &format!("HPERSIST h {}", names(fields))),
                expected,
            )
        }
        Op::SetExpiring(exists, millis, pairs) => {
            let wanted = exists.map(|word| word == "FXX");
            let there = |field: &u8| model.fields.contains_key(field);
            let allowed = wanted.is_none_or(|wanted| pairs.iter().all(|(f, _)| there(f) == wanted));
            if allowed {
                for (field, value) in pairs {
                    model
                        .fields
                        .insert(*field, (*value, Some(model.now + millis)));
                }
            }
            let exists = exists.unwrap_or_default();
            let (count, words) = (pairs.len(), words(pairs));
            let line = format!("HSETEX h {exists} PX {millis} FIELDS {count} {words}");
            (ask(server, &line), number(usize::from(allowed)))
        }
        Op::SetKeeping(pairs) => {
            for (field, value) in pairs {
                model.fields.entry(*field).or_default().0 = *value;
            }
            let (count, words) = (pairs.len(), words(pairs));
            let line = format!("HSETEX h KEEPTTL FIELDS {count} {words}");
            (ask(server, &line), number(1))
        }
        Op::GetPersisting(fields) => {
            let expected = model.values(fields);
            fields.iter().for_each(|field| {
                model.persist(*field);
            });
            (
                ask(server, &format!("HGETEX h PERSIST {}", names(fields))),
                expected,
            )
        }
        Op::GetDeleting(fields) => {
            let mut take = |field: &u8| {
                let value = model.value(*field);
                model.fields.remove(field);
                value
            };
            let expected = fields.iter().map(&mut take).collect();
            (
                ask(server, &format!("HGETDEL h {}", names(fields))),
                expected,
            )
        }
        Op::Get(fields) => {
            let names: Vec<String> = fields.iter().map(|f| format!("f{f}")).collect();
            let reply = ask(server, &format!("HMGET h {}", names.join(" ")));
            (reply, model.values(fields))
        }
        Op::TimesLeft(fields) => {
            let expected = texts(fields.iter().map(|field| model.time_left(*field)));
            (ask(server, &format!("HPTTL h {}", names(fields))), expected)
        }
        Op::Pass(millis) => {
            server.pass(*millis);
            model.now += *millis as i64;
            let now = model.now;
            model
                .fields
                .retain(|_, (_, time)| time.is_none_or(|time| time > now));
            (Vec::new(), Vec::new())
        }
    }
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn each_field_of_a_hash_ends_in_its_own_time(ops in vec(op(), 1..80)) {
        let (mut server, mut model) = (server(), Model::default());
        for op in &ops {
            let (reply, expected) = play(&mut server, &mut model, op);
            prop_assert_eq!(reply, expected, "{:?}", op);
            prop_assert_eq!(ask(&mut server, "HLEN h"), number(model.fields.len()), "{:?}", op);
            let exists = number(usize::from(!model.fields.is_empty()));
            prop_assert_eq!(ask(&mut server, "EXISTS h"), exists, "{:?}", op);
        }
        let whole = model.fields.iter();
        let mut whole: Vec<_> = whole.flat_map(|(f, (v, _))| [format!("f{f}"), v.to_string()]).collect();
        whole.sort();
        prop_assert_eq!(ask_unordered(&mut server, "HGETALL h"), whole);
    }
}
