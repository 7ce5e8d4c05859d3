//! Parts of strings.

use redwind_resp::Value;

use crate::Refusal;
use crate::args::Args;
use crate::cx::Cx;
use crate::db::{Data, Entry};
use crate::number::int_bytes;
use crate::table::Answer;

/// `APPEND key value`
pub(super) fn append(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let (key, tail) = (args.key(0), args.key(1));
    let limit = cx.engine.config.proto_max_bulk_len;
    let Some(index) = cx.find(key) else {
        cx.put(key, Data::string(tail), None);
        cx.dirty += 1;
        cx.event("append", key);
        return Ok(Value::from(tail.len()));
    };
    let old = length(cx.lookup_to_write(key))?;
    if old + tail.len() as i64 > limit {
        return Err(Refusal::StringTooLong);
    }
    let len = cx.db_mut().edit_text(index, |text| {
        text.extend_from_slice(tail);
        text.len()
    });
    let len = len.ok_or(Refusal::WrongType)?;
    cx.touch(key);
    cx.dirty += 1;
    cx.event("append", key);
    Ok(Value::from(len))
}

/// `STRLEN key`
pub(super) fn strlen(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    length(cx.lookup(args.key(0))).map(Value::Int)
}

/// How long a string is; a missing one is empty.
fn length(entry: Option<&Entry>) -> Result<i64, Refusal> {
    let len = match entry.map(|entry| &entry.data) {
        None => 0,
        Some(Data::Int(number)) => int_bytes(*number).len(),
        Some(Data::Short(text)) => text.len(),
        Some(Data::Raw(text)) => text.len(),
        Some(_) => return Err(Refusal::WrongType),
    };
    Ok(len as i64)
}

/// `GETRANGE key start end` — both ends are included; negative ones count from the end.
pub(super) fn getrange(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let (start, end) = (args.int(1)?, args.int(2)?);
    let Some(text) = cx.read_string(args.key(0))? else {
        return Ok(Value::text(""));
    };
    let len = text.len() as i64;
    if start < 0 && end < 0 && start > end {
        return Ok(Value::text(""));
    }
    let from = if start < 0 {
        start.saturating_add(len).max(0)
    } else {
        start
    };
    let to = if end < 0 {
        end.saturating_add(len).max(0)
    } else {
        end
    }
    .min(len - 1);
    if from > to || len == 0 {
        return Ok(Value::text(""));
    }
    Ok(Value::Bulk(text.slice(from as usize..=to as usize)))
}

/// `SETRANGE key offset value`
pub(super) fn setrange(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let (key, value) = (args.key(0), args.key(2));
    let offset = args.int(1)?;
    if offset < 0 {
        return Err(Refusal::OffsetOutOfRange);
    }
    let limit = cx.engine.config.proto_max_bulk_len;
    let end = offset.saturating_add(value.len() as i64);
    let index = match cx.find(key) {
        Some(index) => {
            let len = length(cx.lookup_to_write(key))?;
            if value.is_empty() {
                return Ok(Value::Int(len));
            }
            index
        }
        None if value.is_empty() => return Ok(Value::Int(0)),
        None if end > limit => return Err(Refusal::StringTooLong),
        None => {
            let used = cx.used_now();
            cx.add(key, Data::Raw(Default::default()), None, used)
        }
    };
    if end > limit {
        return Err(Refusal::StringTooLong);
    }
    let (offset, end) = (offset as usize, end as usize);
    let len = cx.db_mut().edit_text(index, |text| {
        if text.len() < end {
            text.resize(end, 0);
        }
        text[offset..end].copy_from_slice(value);
        text.len()
    });
    let len = len.ok_or(Refusal::WrongType)?;
    cx.touch(key);
    cx.dirty += 1;
    cx.event("setrange", key);
    Ok(Value::from(len))
}
