//! Taking members from the ends of sorted sets, and waiting for some.

use bytes::Bytes;
use redwind_resp::Value;

use crate::args::{Args, is};
use crate::blob::Blob;
use crate::commands::list_waits::deadline;
use crate::commands::many_pop::ManyPop;
use crate::commands::strings::word;
use crate::commands::zsets::{bulk, with_scores};
use crate::cx::{Block, Cx};
use crate::number::{int_bytes, parse_int};
use crate::session::Awaits;
use crate::table::Answer;
use crate::types::Zset;
use crate::{Micros, Refusal};

/// The end of a sorted set from which members are taken.
#[derive(Clone, Copy)]
enum Side {
    Min,
    Max,
}

impl Side {
    fn parse(word: &[u8]) -> Result<Side, Refusal> {
        if is(word, "MIN") {
            Ok(Side::Min)
        } else if is(word, "MAX") {
            Ok(Side::Max)
        } else {
            Err(Refusal::Syntax)
        }
    }

    fn event(self) -> &'static str {
        match self {
            Side::Min => "zpopmin",
            Side::Max => "zpopmax",
        }
    }

    fn command(self) -> Bytes {
        word(match self {
            Side::Min => "ZPOPMIN",
            Side::Max => "ZPOPMAX",
        })
    }
}

/// Takes members from one end; `None` if there is no such key.
fn take(
    cx: &mut Cx<'_>,
    key: &Bytes,
    side: Side,
    count: usize,
) -> Result<Option<Vec<(Blob, f64)>>, Refusal> {
    let Some(mut edit) = cx.edit::<Zset>(key)? else {
        return Ok(None);
    };
    let items: Vec<(Blob, f64)> = match side {
        Side::Min => edit
            .range(0..count.min(edit.len()))
            .map(|(m, s)| (m.to_blob(), s))
            .collect(),
        Side::Max => {
            let len = edit.len();
            edit.range_back(len.saturating_sub(count)..len)
                .map(|(m, s)| (m.to_blob(), s))
                .collect()
        }
    };
    for (member, _) in &items {
        edit.remove(member);
    }
    if !items.is_empty() {
        edit.changed(side.event());
        edit.add_dirty(items.len() - 1);
    }
    Ok(Some(items))
}

/// `ZPOPMIN key [count]`
pub(super) fn zpopmin(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    pop(cx, args, Side::Min, "zpopmin")
}

/// `ZPOPMAX key [count]`
pub(super) fn zpopmax(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    pop(cx, args, Side::Max, "zpopmax")
}

fn pop(cx: &mut Cx<'_>, args: &Args<'_>, side: Side, _command: &'static str) -> Answer {
    let count = match args.len() {
        1 => None,
        2 => {
            let number = parse_int(&args[1]).and_then(|n| usize::try_from(n).ok());
            Some(number.ok_or(Refusal::NotPositive)?)
        }
        _ => return Err(Refusal::Syntax),
    };
    let items = take(cx, args.key(0), side, count.unwrap_or(1))?.unwrap_or_default();
    let pairs = cx.resp3() && count.is_some();
    Ok(with_scores(
        items.iter().map(|(member, score)| (member, *score)),
        true,
        pairs,
    ))
}

impl ManyPop<'_, Side> {
    fn run(&self, cx: &mut Cx<'_>) -> Answer {
        for key in self.keys {
            let Some(items) = take(cx, key, self.end, self.count)? else {
                continue;
            };
            let count = Bytes::from(int_bytes(items.len() as i64));
            cx.repeat_as(|| vec![self.end.command(), key.clone(), count]);
            let pairs = items.iter().map(|(member, score)| (member, *score));
            return Ok(Value::Array(vec![
                Value::Bulk(key.clone()),
                with_scores(pairs, true, true),
            ]));
        }
        Ok(Value::NullArray)
    }
}

/// `ZMPOP numkeys key [key ...] MIN|MAX [COUNT count]`
pub(super) fn zmpop(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    ManyPop::parse(args, 0, Side::parse)?.run(cx)
}

/// `BZMPOP timeout numkeys key [key ...] MIN|MAX [COUNT count]`
pub(super) fn bzmpop(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let plan = ManyPop::parse(args, 1, Side::parse)?;
    let deadline = deadline(cx, &args[0])?;
    let reply = plan.run(cx)?;
    if reply.is_null() {
        wait(cx, plan.keys, deadline);
    }
    Ok(reply)
}

/// `BZPOPMIN key [key ...] timeout`
pub(super) fn bzpopmin(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    blocking_pop(cx, args, Side::Min)
}

/// `BZPOPMAX key [key ...] timeout`
pub(super) fn bzpopmax(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    blocking_pop(cx, args, Side::Max)
}

fn blocking_pop(cx: &mut Cx<'_>, args: &Args<'_>, side: Side) -> Answer {
    let (keys, timeout) = args.rest().split_at(args.len() - 1);
    let deadline = deadline(cx, &timeout[0])?;
    for key in keys {
        let Some(items) = take(cx, key, side, 1)? else {
            continue;
        };
        let Some((member, score)) = items.into_iter().next() else {
            continue;
        };
        cx.repeat_as(|| vec![side.command(), key.clone()]);
        return Ok(Value::Array(vec![
            Value::Bulk(key.clone()),
            bulk(&member),
            Value::Double(score),
        ]));
    }
    wait(cx, keys, deadline);
    Ok(Value::NullArray)
}

fn wait(cx: &mut Cx<'_>, keys: &[Bytes], deadline: Option<Micros>) {
    if cx.may_block {
        cx.block = Some(Block {
            keys: keys.iter().map(Blob::from).collect(),
            awaits: Awaits::Zset,
            even_if_missing: false,
            deadline,
            retry: None,
            at_timeout: Value::NullArray,
        });
    }
}
