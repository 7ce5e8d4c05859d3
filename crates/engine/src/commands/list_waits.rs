//! Taking elements from the first of several lists, and waiting until one has some.

use bytes::Bytes;
use redwind_resp::Value;

use crate::args::Args;
use crate::blob::Blob;
use crate::commands::lists::{move_item, pop_many, popped};
use crate::commands::many_pop::ManyPop;
use crate::commands::strings::word;
use crate::cx::{Block, Cx};
use crate::number::int_bytes;
use crate::session::Awaits;
use crate::table::Answer;
use crate::types::{End, List};
use crate::{Micros, Refusal};

/// `LMPOP numkeys key [key ...] LEFT|RIGHT [COUNT count]`
pub(super) fn lmpop(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let plan = ManyPop::parse(args, 0, End::parse)?;
    plan.run(cx)
}

/// `BLMPOP timeout numkeys key [key ...] LEFT|RIGHT [COUNT count]`
pub(super) fn blmpop(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let plan = ManyPop::parse(args, 1, End::parse)?;
    let deadline = deadline(cx, &args[0])?;
    let reply = plan.run(cx)?;
    if reply.is_null() {
        wait(cx, plan.keys, deadline, Value::NullArray);
    }
    Ok(reply)
}

impl ManyPop<'_, End> {
    fn run(&self, cx: &mut Cx<'_>) -> Answer {
        for key in self.keys {
            let Some(mut edit) = cx.edit::<List>(key)? else {
                continue;
            };
            let items = pop_many(&mut edit, self.end, self.count);
            drop(edit);
            let count = Bytes::from(int_bytes(items.len() as i64));
            cx.repeat_as(|| vec![self.end.pop_command(), key.clone(), count]);
            return Ok(Value::Array(vec![
                Value::Bulk(key.clone()),
                Value::Array(items),
            ]));
        }
        Ok(Value::NullArray)
    }
}

/// A timeout in seconds, as the instant at which it ends; 0 means never.
pub(super) fn deadline(cx: &Cx<'_>, text: &[u8]) -> Result<Option<Micros>, Refusal> {
    let seconds = crate::number::parse_float(text).ok_or(Refusal::TimeoutNotFloat)?;
    let millis = seconds * 1000.0;
    if millis > i64::MAX as f64 {
        return Err(Refusal::TimeoutOutOfRange);
    }
    if millis < 0.0 {
        return Err(Refusal::TimeoutNegative);
    }
    let millis = millis.ceil() as i64;
    if millis == 0 {
        return Ok(None);
    }
    if cx.now_ms().checked_add(millis).is_none() {
        return Err(Refusal::TimeoutOutOfRange);
    }
    Ok(Some(cx.now + (millis as u64).saturating_mul(1000)))
}

fn wait(cx: &mut Cx<'_>, keys: &[Bytes], deadline: Option<Micros>, at_timeout: Value) {
    if cx.may_block {
        cx.block = Some(Block {
            keys: keys.iter().map(Blob::from).collect(),
            awaits: Awaits::List,
            even_if_missing: false,
            deadline,
            retry: None,
            at_timeout,
        });
    }
}

/// `BLPOP key [key ...] timeout`
pub(super) fn blpop(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    blocking_pop(cx, args, End::Left)
}

/// `BRPOP key [key ...] timeout`
pub(super) fn brpop(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    blocking_pop(cx, args, End::Right)
}

fn blocking_pop(cx: &mut Cx<'_>, args: &Args<'_>, end: End) -> Answer {
    let (keys, timeout) = args.rest().split_at(args.len() - 1);
    let deadline = deadline(cx, &timeout[0])?;
    for key in keys {
        let Some(mut edit) = cx.edit::<List>(key)? else {
            continue;
        };
        let Some(item) = edit.pop(end) else { continue };
        popped(&mut edit, end);
        drop(edit);
        cx.repeat_as(|| vec![end.pop_command(), key.clone()]);
        return Ok(Value::Array(vec![
            Value::Bulk(key.clone()),
            Value::Bulk(item.to_bytes()),
        ]));
    }
    wait(cx, keys, deadline, Value::NullArray);
    Ok(Value::NullArray)
}

/// `BLMOVE source destination LEFT|RIGHT LEFT|RIGHT timeout`
pub(super) fn blmove(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let (from, to) = (End::parse(&args[2])?, End::parse(&args[3])?);
    let deadline = deadline(cx, &args[4])?;
    blocking_move(cx, args, from, to, deadline)
}

/// `BRPOPLPUSH source destination timeout`
pub(super) fn brpoplpush(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let deadline = deadline(cx, &args[2])?;
    blocking_move(cx, args, End::Right, End::Left, deadline)
}

fn blocking_move(
    cx: &mut Cx<'_>,
    args: &Args<'_>,
    from: End,
    to: End,
    deadline: Option<Micros>,
) -> Answer {
    if let Some(reply) = move_item(cx, args, from, to)? {
        let (source, destination) = (args.key(0).clone(), args.key(1).clone());
        // The older command has an older name.
        if args.len() == 3 {
            cx.repeat_as(|| vec![word("RPOPLPUSH"), source, destination]);
            return Ok(reply);
        }
        cx.repeat_as(|| vec![word("LMOVE"), source, destination, from.name(), to.name()]);
        return Ok(reply);
    }
    wait(cx, &args.rest()[..1], deadline, Value::NullArray);
    Ok(Value::Null)
}
