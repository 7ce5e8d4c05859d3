//! `XNACK`: entries that a consumer could not process are given back to the group.

use redwind_resp::Value;

use crate::Refusal;
use crate::args::{Args, is};
use crate::commands::stream_groups::no_group;
use crate::commands::streams::parse_id;
use crate::cx::Cx;
use crate::number::parse_int;
use crate::refusal::quoted;
use crate::table::Answer;
use crate::types::stream::{Id, Stream};

/// What the failure says about the number of deliveries.
#[derive(Clone, Copy)]
enum Mode {
    /// The delivery does not count.
    Silent,
    /// It counts.
    Fail,
    /// The entry can never be processed.
    Fatal,
}

impl Mode {
    fn parse(word: &[u8]) -> Result<Mode, Refusal> {
        if is(word, "SILENT") {
            Ok(Mode::Silent)
        } else if is(word, "FAIL") {
            Ok(Mode::Fail)
        } else if is(word, "FATAL") {
            Ok(Mode::Fatal)
        } else {
            Err(Refusal::err("mode must be SILENT, FAIL, or FATAL"))
        }
    }

    fn deliveries(self, before: i64) -> i64 {
        match self {
            Mode::Silent => (before - 1).max(0),
            Mode::Fail => before,
            Mode::Fatal => i64::MAX,
        }
    }
}

struct Request {
    ids: Vec<Id>,
    deliveries: Option<i64>,
    force: bool,
}

fn parse(args: &Args<'_>) -> Result<Request, Refusal> {
    let (mut ids, mut deliveries, mut force) = (None, None, false);
    let mut at = 3;
    while let Some(word) = args.get(at) {
        let more = at + 1 < args.len();
        if is(word, "IDS") && more && ids.is_none() {
            let count = parse_int(&args[at + 1]).and_then(|n| usize::try_from(n).ok());
            let count = count
                .filter(|count| *count > 0)
                .ok_or_else(|| Refusal::err("numids must be a positive integer"))?;
            let list = args.from(at + 2).get(..count);
            let list = list.ok_or_else(|| Refusal::err("number of IDs doesn't match numids"))?;
            let parsed: Result<Vec<Id>, Refusal> =
                list.iter().map(|text| parse_id(text, 0)).collect();
            ids = Some(parsed?);
            at += 2 + count;
        } else if is(word, "RETRYCOUNT") && more {
            let count = args.int(at + 1)?;
            if count < 0 {
                return Err(Refusal::err("Invalid RETRYCOUNT value, must be >= 0"));
            }
            deliveries = Some(count);
            at += 2;
        } else if is(word, "FORCE") {
            force = true;
            at += 1;
        } else {
            let word = quoted(word);
            return Err(Refusal::err(format_args!(
                "Unrecognized XNACK option '{word}'"
            )));
        }
    }
    Ok(Request {
        ids: ids.ok_or_else(|| Refusal::err("syntax error, expected IDS keyword"))?,
        deliveries,
        force,
    })
}

/// `XNACK key group <SILENT | FAIL | FATAL> IDS numids id [id ...] [RETRYCOUNT count] [FORCE]`
pub(super) fn xnack(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let (key, name) = (args.key(0), args.key(1));
    let known = cx
        .inspect_as::<Stream>(key)?
        .is_some_and(|stream| stream.groups.contains_key(&name[..]));
    if !known {
        return Err(no_group(key, name));
    }
    let mode = Mode::parse(&args[2])?;
    let request = parse(args)?;
    let Some(mut edit) = cx.edit::<Stream>(key)? else {
        return Ok(Value::Int(0));
    };
    let mut count = 0;
    for id in request.ids {
        let exists = edit.get(id).is_some();
        let Some(group) = edit.groups.get_mut(&name[..]) else {
            break;
        };
        let before = match group.pending.get(&id) {
            Some(pending) => pending.deliveries,
            None if request.force && exists => 0,
            None => continue,
        };
        let deliveries = request.deliveries.unwrap_or(mode.deliveries(before));
        group.give_back(id, deliveries);
        count += 1;
    }
    if count > 0 {
        // Whoever waits with CLAIM may have it at once.
        edit.wakes();
        edit.add_dirty(count);
    }
    Ok(Value::from(count))
}
