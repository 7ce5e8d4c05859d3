//! Sorted sets: a map of scores, sorted anew for each question.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use redwind_conformance::ours::Ours;

use super::{ask, cases, number, server, slice};

#[derive(Clone, Debug)]
enum Op {
    Add(Option<&'static str>, Vec<(u16, f64)>),
    /// So many members from this one on, to outgrow encodings and chunks.
    AddMany(u16, u16),
    Increment(u16, f64),
    Remove(Vec<u16>),
    PopMin(usize),
    PopMax(usize),
    RemoveByRank(i64, i64),
    RemoveByScore(f64, f64),
    Range(i64, i64),
    RevRange(i64, i64),
    ByScore(f64, bool, f64, i64, i64),
    RevByScore(f64, f64),
    Count(f64, f64),
    Rank(u16),
    RevRank(u16),
    Score(u16),
}

fn member() -> impl Strategy<Value = u16> {
    prop_oneof![0..12u16, 0..400u16]
}

fn finite() -> impl Strategy<Value = f64> {
    // Few, so that many members share one and are ordered by their names.
    (-8..8i32).prop_map(|half| f64::from(half) / 2.0)
}

fn score() -> impl Strategy<Value = f64> {
    prop_oneof![
        9 => finite(),
        1 => prop_oneof![Just(f64::INFINITY), Just(f64::NEG_INFINITY)],
    ]
}

fn op() -> impl Strategy<Value = Op> {
    let flag = prop_oneof![
        3 => Just(None),
        1 => Just(Some("NX")),
        1 => Just(Some("XX")),
        1 => Just(Some("GT")),
        1 => Just(Some("LT")),
    ];
    let place = || -15..15i64;
    prop_oneof![
        6 => (flag, vec((member(), score()), 1..6)).prop_map(|(flag, pairs)| Op::Add(flag, pairs)),
        1 => (0..400u16, 20..400u16).prop_map(|(from, count)| Op::AddMany(from, count)),
        2 => (member(), finite()).prop_map(|(member, by)| Op::Increment(member, by)),
        3 => vec(member(), 1..6).prop_map(Op::Remove),
        1 => (0..5usize).prop_map(Op::PopMin),
        1 => (0..5usize).prop_map(Op::PopMax),
        1 => (place(), place()).prop_map(|(from, to)| Op::RemoveByRank(from, to)),
        1 => (score(), score()).prop_map(|(min, max)| Op::RemoveByScore(min, max)),
        2 => (place(), place()).prop_map(|(from, to)| Op::Range(from, to)),
        2 => (place(), place()).prop_map(|(from, to)| Op::RevRange(from, to)),
        2 => (score(), any::<bool>(), score(), 0..4i64, -1..6i64)
            .prop_map(|(min, without, max, skip, most)| Op::ByScore(min, without, max, skip, most)),
        1 => (score(), score()).prop_map(|(max, min)| Op::RevByScore(max, min)),
        2 => (score(), score()).prop_map(|(min, max)| Op::Count(min, max)),
        2 => member().prop_map(Op::Rank),
        2 => member().prop_map(Op::RevRank),
        1 => member().prop_map(Op::Score),
    ]
}

#[derive(Default)]
struct Model(BTreeMap<String, f64>);

fn name(member: u16) -> String {
    format!("m{member}")
}

/// A score as an argument and in a reply.
fn text(score: f64) -> String {
    score.to_string()
}

fn show(pairs: &[(String, f64)]) -> Vec<String> {
    let pair = |(member, score): &(String, f64)| [member.clone(), text(*score)];
    pairs.iter().flat_map(pair).collect()
}

impl Model {
    fn sorted(&self) -> Vec<(String, f64)> {
        let mut all: Vec<_> = self.0.clone().into_iter().collect();
        all.sort_by(|(a, x), (b, y)| x.total_cmp(y).then_with(|| a.cmp(b)));
        all
    }

    fn reversed(&self) -> Vec<(String, f64)> {
        self.sorted().into_iter().rev().collect()
    }

    fn remove_all(&mut self, gone: &[(String, f64)]) {
        for (member, _) in gone {
            self.0.remove(member);
        }
    }

    /// How many are new.
    fn add(&mut self, flag: Option<&str>, pairs: &[(String, f64)]) -> usize {
        let before = self.0.len();
        for (member, score) in pairs {
            let old = self.0.get(member).copied();
            let allowed = match (flag, old) {
                (Some("NX"), old) => old.is_none(),
                (Some("XX"), old) => old.is_some(),
                (Some("GT"), Some(old)) => *score > old,
                (Some("LT"), Some(old)) => *score < old,
                _ => true,
            };
            if allowed {
                self.0.insert(member.clone(), *score);
            }
        }
        self.0.len() - before
    }

    fn between(&self, min: f64, without: bool, max: f64) -> Vec<(String, f64)> {
        let mut all = self.sorted();
        all.retain(|(_, score)| *score <= max && (*score > min || (!without && *score >= min)));
        all
    }
}

/// Adds to both, in commands of many members; the replies.
fn add(
    server: &mut Ours,
    model: &mut Model,
    flag: Option<&str>,
    pairs: &[(String, f64)],
) -> (Vec<String>, Vec<String>) {
    let mut line = format!("ZADD z {}", flag.unwrap_or_default());
    for (member, score) in pairs {
        line += &format!(" {} {member}", text(*score));
    }
    (ask(server, &line), number(model.add(flag, pairs)))
}

/// What the server replies, and what the model says.
fn play(server: &mut Ours, model: &mut Model, op: &Op) -> (Vec<String>, Vec<String>) {
    match op {
        Op::Add(flag, pairs) => {
            let pairs: Vec<_> = pairs.iter().map(|(m, score)| (name(*m), *score)).collect();
            add(server, model, *flag, &pairs)
        }
        Op::AddMany(from, count) => {
            let score = |m: u16| f64::from(m.wrapping_mul(31) % 17);
            let pairs: Vec<_> = (*from..from + count).map(|m| (name(m), score(m))).collect();
            add(server, model, None, &pairs)
        }
        Op::Increment(m, by) => {
            let reply = ask(server, &format!("ZINCRBY z {by} {}", name(*m)));
            let score = model.0.entry(name(*m)).or_default();
            *score += by;
            (reply, vec![text(*score)])
        }
        Op::Remove(members) => {
            let names: Vec<_> = members.iter().map(|m| name(*m)).collect();
            let reply = ask(server, &format!("ZREM z {}", names.join(" ")));
            let before = model.0.len();
            model.0.retain(|member, _| !names.contains(member));
            (reply, number(before - model.0.len()))
        }
        Op::PopMin(count) | Op::PopMax(count) => {
            let (command, mut gone) = match op {
                Op::PopMin(_) => ("ZPOPMIN", model.sorted()),
                _ => ("ZPOPMAX", model.reversed()),
            };
            gone.truncate(*count);
            model.remove_all(&gone);
            (ask(server, &format!("{command} z {count}")), show(&gone))
        }
        Op::RemoveByRank(from, to) => {
            let all = model.sorted();
            let gone = &all[slice(*from, *to, all.len())];
            model.remove_all(gone);
            let reply = ask(server, &format!("ZREMRANGEBYRANK z {from} {to}"));
            (reply, number(gone.len()))
        }
        Op::RemoveByScore(min, max) => {
            let gone = model.between(*min, false, *max);
            model.remove_all(&gone);
            let reply = ask(server, &format!("ZREMRANGEBYSCORE z {min} {max}"));
            (reply, number(gone.len()))
        }
        Op::Range(from, to) => {
            let all = model.sorted();
            let reply = ask(server, &format!("ZRANGE z {from} {to} WITHSCORES"));
            (reply, show(&all[slice(*from, *to, all.len())]))
        }
        Op::RevRange(from, to) => {
            let all = model.reversed();
            let reply = ask(server, &format!("ZRANGE z {from} {to} REV WITHSCORES"));
            (reply, show(&all[slice(*from, *to, all.len())]))
        }
        Op::ByScore(min, without, max, skip, most) => {
            let open = if *without { "(" } else { "" };
            let line = format!("ZRANGE z {open}{min} {max} BYSCORE LIMIT {skip} {most} WITHSCORES");
            let found = model.between(*min, *without, *max).into_iter();
            let most = usize::try_from(*most).unwrap_or(usize::MAX);
            let found: Vec<_> = found.skip(*skip as usize).take(most).collect();
            (ask(server, &line), show(&found))
        }
        Op::RevByScore(max, min) => {
            let line = format!("ZREVRANGEBYSCORE z {max} {min} WITHSCORES");
            let mut found = model.between(*min, false, *max);
            found.reverse();
            (ask(server, &line), show(&found))
        }
        Op::Count(min, max) => {
            let count = model.between(*min, false, *max).len();
            (ask(server, &format!("ZCOUNT z {min} {max}")), number(count))
        }
        Op::Rank(m) | Op::RevRank(m) => {
            let (command, all) = match op {
                Op::Rank(_) => ("ZRANK", model.sorted()),
                _ => ("ZREVRANK", model.reversed()),
            };
            let member = name(*m);
            let rank = all.iter().position(|(other, _)| *other == member);
            let rank = rank.map_or_else(|| "nil".into(), |rank| rank.to_string());
            (ask(server, &format!("{command} z {member}")), vec![rank])
        }
        Op::Score(m) => {
            let score = model.0.get(&name(*m));
            let score = score.map_or_else(|| "nil".into(), |score| text(*score));
            (ask(server, &format!("ZSCORE z {}", name(*m))), vec![score])
        }
    }
}

fn whole(server: &mut Ours) -> Vec<String> {
    ask(server, "ZRANGE z 0 -1 WITHSCORES")
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn a_sorted_set_is_a_map_of_scores_that_is_sorted_for_each_question(ops in vec(op(), 1..80)) {
        let (mut server, mut model) = (server(), Model::default());
        for op in &ops {
            let (reply, expected) = play(&mut server, &mut model, op);
            prop_assert_eq!(reply, expected, "{:?}", op);
            prop_assert_eq!(ask(&mut server, "ZCARD z"), number(model.0.len()), "{:?}", op);
        }
        prop_assert_eq!(whole(&mut server), show(&model.sorted()));
    }
}

proptest! {
    #![proptest_config(cases(2))]

    /// Ranks in what is larger than a block of chunks are counted by blocks.
    #[test]
    fn so_is_one_of_thousands_of_members(
        len in 17_000..20_000u16,
        cut in 0..20_000i64,
        ops in vec(op(), 1..20),
        ranks in vec(0..20_000u16, 10),
    ) {
        let (mut server, mut model) = (server(), Model::default());
        play(&mut server, &mut model, &Op::AddMany(0, len));
        play(&mut server, &mut model, &Op::RemoveByRank(cut, cut + 600));
        for op in ops.into_iter().chain(ranks.into_iter().map(Op::Rank)) {
            let (reply, expected) = play(&mut server, &mut model, &op);
            prop_assert_eq!(reply, expected, "{:?}", op);
        }
        prop_assert_eq!(whole(&mut server), show(&model.sorted()));
    }
}
