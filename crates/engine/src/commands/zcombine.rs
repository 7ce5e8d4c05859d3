//! Unions, intersections and differences of sorted sets; plain sets take part with scores of 1.

use bytes::Bytes;
use redwind_resp::Value;

use crate::args::{Args, is};
use crate::blob::Blob;
use crate::commands::sets::{card_limit, replace};
use crate::commands::zsets::with_scores;
use crate::cx::Cx;
use crate::db::{Data, Kind};
use crate::map::Map;
use crate::number::{parse_float, parse_int};
use crate::table::Answer;
use crate::types::Zset;
use crate::{Refusal, order};

#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    Union,
    Intersection,
    Difference,
}

#[derive(Clone, Copy)]
enum Aggregate {
    Sum,
    Min,
    Max,
}

impl Aggregate {
    fn join(self, a: f64, b: f64) -> f64 {
        match self {
            // Infinities of both signs meet at 0.
            Aggregate::Sum => number(a + b),
            // What is not a number changes nothing.
            Aggregate::Min => [a, b][usize::from(b < a)],
            Aggregate::Max => [a, b][usize::from(b > a)],
        }
    }
}

fn number(score: f64) -> f64 {
    if score.is_nan() { 0.0 } else { score }
}

/// What the arguments from the number of keys on say.
struct Plan<'a> {
    keys: &'a [Bytes],
    weights: Vec<f64>,
    aggregate: Aggregate,
    scores: bool,
    limit: usize,
}

/// What a command allows beside the keys.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Show,
    Store,
    Card,
}

impl<'a> Plan<'a> {
    fn parse(
        cx: &mut Cx<'_>,
        args: &Args<'a>,
        at: usize,
        how: How,
        form: Form,
        command: &'static str,
    ) -> Result<Plan<'a>, Refusal> {
        let count = parse_int(&args[at]).ok_or(Refusal::NotAnInteger)?;
        if count < 1 {
            return Err(Refusal::err(format_args!(
                "at least 1 input key is needed for '{command}' command"
            )));
        }
        let end = usize::try_from(count)
            .ok()
            .and_then(|count| count.checked_add(at + 1));
        let end = end
            .filter(|end| *end <= args.len())
            .ok_or(Refusal::Syntax)?;
        let keys = &args.rest()[at + 1..end];
        // The keys are looked at before the options.
        for key in keys {
            if cx
                .lookup(key)
                .is_some_and(|e| !matches!(e.data, Data::Zset(_) | Data::Set(_)))
            {
                return Err(Refusal::WrongType);
            }
        }
        let mut plan = Plan {
            keys,
            weights: vec![1.0; keys.len()],
            aggregate: Aggregate::Sum,
            scores: false,
            limit: usize::MAX,
        };
        if form == Form::Card {
            plan.limit = card_limit(args, end)?;
            return Ok(plan);
        }
        let mut next = end;
        while let Some(word) = args.get(next) {
            let left = args.len() - next - 1;
            if how != How::Difference && is(word, "WEIGHTS") && left >= keys.len() {
                for weight in &mut plan.weights {
                    next += 1;
                    let float = parse_float(args.key(next));
                    *weight = float.ok_or_else(|| Refusal::err("weight value is not a float"))?;
                }
            } else if how != How::Difference && is(word, "AGGREGATE") && left >= 1 {
                next += 1;
                plan.aggregate = match args.key(next) {
                    word if is(word, "SUM") => Aggregate::Sum,
                    word if is(word, "MIN") => Aggregate::Min,
                    word if is(word, "MAX") => Aggregate::Max,
                    _ => return Err(Refusal::Syntax),
                };
            } else if form == Form::Show && is(word, "WITHSCORES") {
                plan.scores = true;
            } else {
                return Err(Refusal::Syntax);
            }
            next += 1;
        }
        Ok(plan)
    }
}

/// A key's members with scores; a missing key has none.
fn source(cx: &mut Cx<'_>, key: &[u8]) -> Result<Option<Map<f64>>, Refusal> {
    let Some(entry) = cx.peek(key) else {
        return Ok(None);
    };
    Ok(Some(match &entry.data {
        Data::Zset(zset) => zset
            .iter()
            .map(|(member, score)| (member.to_blob(), score))
            .collect(),
        Data::Set(set) => set.iter().map(|member| (member, 1.0)).collect(),
        _ => return Err(Refusal::WrongType),
    }))
}

fn combine(cx: &mut Cx<'_>, plan: &Plan<'_>, how: How) -> Result<Zset, Refusal> {
    let mut sources = Vec::with_capacity(plan.keys.len());
    for (key, weight) in plan.keys.iter().zip(&plan.weights) {
        let members = source(cx, key)?.unwrap_or_default();
        let weighted: Map<f64> = members
            .into_iter()
            .map(|(member, score)| (member, score * weight))
            .collect();
        sources.push(weighted);
    }
    let mut scores: Map<f64> = Map::default();
    if how == How::Difference {
        let (first, rest) = sources.split_first().ok_or(Refusal::Syntax)?;
        for (member, score) in first.iter() {
            if !rest.iter().any(|other| other.contains(member)) {
                scores.insert(member.clone(), *score);
            }
        }
    } else {
        // The smallest first, as a real server does: sums of floats depend on the order.
        order::sort_by(&mut sources, |a, b| a.len().cmp(&b.len()));
        let everywhere = |member: &Blob| sources.iter().all(|s| s.contains(member));
        for members in &sources {
            for (member, score) in members.iter() {
                match scores.get_mut(member) {
                    Some(sum) if how == How::Union => {
                        *sum = plan.aggregate.join(*sum, number(*score));
                    }
                    // Here Redis makes a number of the first score only: an infinity times 0 spoils the sum.
                    Some(sum) => *sum = plan.aggregate.join(*sum, *score),
                    None if how == How::Union || everywhere(member) => {
                        scores.insert(member.clone(), number(*score));
                    }
                    None => {}
                }
            }
        }
    }
    let config = cx.engine.config.clone();
    let mut result = Zset::spread_out();
    for (member, score) in scores.iter() {
        result.set(member, *score, &config);
    }
    Ok(result)
}

fn show(cx: &mut Cx<'_>, args: &Args<'_>, how: How, command: &'static str) -> Answer {
    let plan = Plan::parse(cx, args, 0, how, Form::Show, command)?;
    let result = combine(cx, &plan, how)?;
    Ok(with_scores(result.iter(), plan.scores, cx.resp3()))
}

fn store(cx: &mut Cx<'_>, args: &Args<'_>, how: How, command: &'static str) -> Answer {
    let plan = Plan::parse(cx, args, 1, how, Form::Store, command)?;
    let result = combine(cx, &plan, how)?.settle(&cx.engine.config);
    let len = result.len();
    replace(cx, args.key(0), (len > 0).then(|| result.wrap()), command);
    Ok(Value::from(len))
}

/// `ZUNION numkeys key [key ...] [WEIGHTS …] [AGGREGATE …] [WITHSCORES]`
pub(super) fn zunion(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    show(cx, args, How::Union, "zunion")
}

/// `ZINTER numkeys key [key ...] [WEIGHTS …] [AGGREGATE …] [WITHSCORES]`
pub(super) fn zinter(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    show(cx, args, How::Intersection, "zinter")
}

/// `ZDIFF numkeys key [key ...] [WITHSCORES]`
pub(super) fn zdiff(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    show(cx, args, How::Difference, "zdiff")
}

/// `ZUNIONSTORE destination numkeys key [key ...] [WEIGHTS …] [AGGREGATE …]`
pub(super) fn zunionstore(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    store(cx, args, How::Union, "zunionstore")
}

/// `ZINTERSTORE destination numkeys key [key ...] [WEIGHTS …] [AGGREGATE …]`
pub(super) fn zinterstore(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    store(cx, args, How::Intersection, "zinterstore")
}

/// `ZDIFFSTORE destination numkeys key [key ...]`
pub(super) fn zdiffstore(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    store(cx, args, How::Difference, "zdiffstore")
}

/// `ZINTERCARD numkeys key [key ...] [LIMIT limit]`
pub(super) fn zintercard(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let plan = Plan::parse(cx, args, 0, How::Intersection, Form::Card, "zintercard")?;
    let result = combine(cx, &plan, How::Intersection)?;
    Ok(Value::from(result.len().min(plan.limit)))
}
