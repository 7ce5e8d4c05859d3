//! Lists, and the commands that wait for one.

use bytes::Bytes;
use redwind_resp::Value;

use crate::Refusal;
use crate::args::{Args, is};
use crate::blob::Blob;
use crate::commands::list_waits;
use crate::commands::strings::word;
use crate::cx::Cx;
use crate::number::parse_int;
use crate::packed::{Text, bulks};
use crate::table::{ALL_BUT_LAST, Answer, FIRST, Keys, TWO, table};
use crate::types::{End, List};

table! { TABLE, "list";
    "blmove" => list_waits::blmove, Exactly(5), [WRITE DENYOOM BLOCKING], TWO, "6.2.0",
        "source destination <LEFT | RIGHT> <LEFT | RIGHT> timeout",
        "Moves an element from one list to another; waits for one if there is none.";
    "blmpop" => list_waits::blmpop, AtLeast(4), [WRITE BLOCKING MOVABLE_KEYS], Keys::Counted { at: 2 }, "7.0.0",
        "timeout numkeys key [key ...] <LEFT | RIGHT> [COUNT count]",
        "Takes elements from the first list that has some; waits if none has.";
    "blpop" => list_waits::blpop, AtLeast(2), [WRITE BLOCKING], ALL_BUT_LAST, "2.0.0", "key [key ...] timeout",
        "Takes the first element of the first list that has one; waits if none has.";
    "brpop" => list_waits::brpop, AtLeast(2), [WRITE BLOCKING], ALL_BUT_LAST, "2.0.0", "key [key ...] timeout",
        "Takes the last element of the first list that has one; waits if none has.";
    "brpoplpush" => list_waits::brpoplpush, Exactly(3), [WRITE DENYOOM BLOCKING], TWO, "2.2.0",
        "source destination timeout",
        "Moves the last element of a list to the front of another; waits for one if there is none.";
    "lindex" => lindex, Exactly(2), [READ], FIRST, "1.0.0", "key index",
        "Gives the element at an index; negative ones count from the end.";
    "linsert" => linsert, Exactly(4), [WRITE DENYOOM], FIRST, "2.2.0",
        "key <BEFORE | AFTER> pivot element", "Inserts next to the first element equal to the pivot.";
    "llen" => llen, Exactly(1), [READ FAST], FIRST, "1.0.0", "key", "Gives the length of a list.";
    "lmove" => lmove, Exactly(4), [WRITE DENYOOM], TWO, "6.2.0",
        "source destination <LEFT | RIGHT> <LEFT | RIGHT>",
        "Moves an element from one end of a list to one end of another.";
    "lmpop" => list_waits::lmpop, AtLeast(3), [WRITE MOVABLE_KEYS], Keys::Counted { at: 1 }, "7.0.0",
        "numkeys key [key ...] <LEFT | RIGHT> [COUNT count]",
        "Takes elements from the first list that has some.";
    "lpop" => lpop, AtLeast(1), [WRITE FAST], FIRST, "1.0.0", "key [count]",
        "Takes the first elements of a list.";
    "lpos" => lpos, AtLeast(2), [READ], FIRST, "6.0.6",
        "key element [RANK rank] [COUNT num-matches] [MAXLEN len]",
        "Finds the indexes of elements equal to the one given.";
    "lpush" => lpush, AtLeast(2), [WRITE DENYOOM FAST], FIRST, "1.0.0", "key element [element ...]",
        "Puts elements in front of a list, one after the other; gives the new length.";
    "lpushx" => lpushx, AtLeast(2), [WRITE DENYOOM FAST], FIRST, "2.2.0", "key element [element ...]",
        "Puts elements in front of a list if it exists.";
    "lrange" => lrange, Exactly(3), [READ], FIRST, "1.0.0", "key start stop",
        "Gives the elements between two indexes, both included.";
    "lrem" => lrem, Exactly(3), [WRITE], FIRST, "1.0.0", "key count element",
        "Removes elements equal to the one given: from the front, from the end (negative), or all (0).";
    "lset" => lset, Exactly(3), [WRITE DENYOOM], FIRST, "1.0.0", "key index element",
        "Replaces the element at an index.";
    "ltrim" => ltrim, Exactly(3), [WRITE], FIRST, "1.0.0", "key start stop",
        "Keeps only the elements between two indexes, both included.";
    "rpop" => rpop, AtLeast(1), [WRITE FAST], FIRST, "1.0.0", "key [count]",
        "Takes the last elements of a list.";
    "rpoplpush" => rpoplpush, Exactly(2), [WRITE DENYOOM], TWO, "1.2.0", "source destination",
        "Moves the last element of a list to the front of another.";
    "rpush" => rpush, AtLeast(2), [WRITE DENYOOM FAST], FIRST, "1.0.0", "key element [element ...]",
        "Puts elements at the end of a list, one after the other; gives the new length.";
    "rpushx" => rpushx, AtLeast(2), [WRITE DENYOOM FAST], FIRST, "2.2.0", "key element [element ...]",
        "Puts elements at the end of a list if it exists.";
}

impl End {
    pub(super) fn parse(text: &[u8]) -> Result<End, Refusal> {
        if is(text, "LEFT") {
            Ok(End::Left)
        } else if is(text, "RIGHT") {
            Ok(End::Right)
        } else {
            Err(Refusal::Syntax)
        }
    }

    fn push_event(self) -> &'static str {
        match self {
            End::Left => "lpush",
            End::Right => "rpush",
        }
    }

    fn pop_event(self) -> &'static str {
        match self {
            End::Left => "lpop",
            End::Right => "rpop",
        }
    }

    pub(super) fn pop_command(self) -> Bytes {
        word(match self {
            End::Left => "LPOP",
            End::Right => "RPOP",
        })
    }

    pub(super) fn name(self) -> Bytes {
        word(match self {
            End::Left => "LEFT",
            End::Right => "RIGHT",
        })
    }
}

/// `LPUSH key element [element ...]`
fn lpush(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    push(cx, args.key(0), args.from(1), End::Left)
}

/// `RPUSH key element [element ...]`
fn rpush(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    push(cx, args.key(0), args.from(1), End::Right)
}

/// `LPUSHX key element [element ...]`
fn lpushx(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    push_if_exists(cx, args, End::Left)
}

/// `RPUSHX key element [element ...]`
fn rpushx(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    push_if_exists(cx, args, End::Right)
}

fn push_if_exists(cx: &mut Cx<'_>, args: &Args<'_>, end: End) -> Answer {
    if cx.peek_as::<List>(args.key(0))?.is_none() {
        return Ok(Value::Int(0));
    }
    push(cx, args.key(0), args.from(1), end)
}

fn push(cx: &mut Cx<'_>, key: &Bytes, items: &[Bytes], end: End) -> Answer {
    let mut edit = cx.edit_or_new::<List>(key)?;
    let (list, config) = edit.with_config();
    list.prepare_for(items, config.list_max_listpack_size);
    for item in items {
        list.push(end, Blob::from(item));
    }
    let len = list.len();
    edit.changed(end.push_event());
    edit.add_dirty(items.len() - 1);
    Ok(Value::from(len))
}

/// `LLEN key` — an absent list has length 0.
fn llen(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    Ok(Value::from(
        cx.read::<List>(args.key(0))?.map_or(0, List::len),
    ))
}

/// `LINDEX key index`
fn lindex(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let Some(list) = cx.read::<List>(args.key(0))? else {
        return Ok(Value::Null);
    };
    let index = args.int(1)?;
    Ok(list
        .get(index)
        .map_or(Value::Null, |item| Value::Bulk(item.to_bytes())))
}

/// The part of a sequence that two possibly negative, inclusive indexes mean; `None` if it is empty.
pub(super) fn span(start: i64, stop: i64, len: usize) -> Option<std::ops::Range<usize>> {
    let size = len as i64;
    let from = if start < 0 {
        start.saturating_add(size).max(0)
    } else {
        start
    };
    let to = if stop < 0 {
        stop.saturating_add(size)
    } else {
        stop
    }
    .min(size - 1);
    (from <= to && from < size).then(|| from as usize..to as usize + 1)
}

/// `LRANGE key start stop`
fn lrange(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let (start, stop) = (args.int(1)?, args.int(2)?);
    let Some(list) = cx.read::<List>(args.key(0))? else {
        return Ok(Value::Array(Vec::new()));
    };
    let Some(span) = span(start, stop, list.len()) else {
        return Ok(Value::Array(Vec::new()));
    };
    Ok(Value::Array(bulks(list.range(span.start, span.end))))
}

/// `LSET key index element`
fn lset(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let key = args.key(0);
    let Some(mut edit) = cx.edit::<List>(key)? else {
        return Err(Refusal::NoSuchKey);
    };
    // Redis passes the index on in 32 bits, so an absurd one may meet an item.
    let index = i64::from(args.int(1)? as i32);
    let (list, config) = edit.with_config();
    // Redis makes room as for one more before it looks for the place.
    list.prepare_for(&args.rest()[2..], config.list_max_listpack_size);
    if !list.set(index, Blob::from(&args[2])) {
        return Err(Refusal::IndexOutOfRange);
    }
    list.shrunk(config.list_max_listpack_size);
    edit.changed("lset");
    Ok(Value::OK)
}

/// `LINSERT key BEFORE|AFTER pivot element`
fn linsert(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let after = if args.is(1, "AFTER") {
        true
    } else if args.is(1, "BEFORE") {
        false
    } else {
        return Err(Refusal::Syntax);
    };
    let Some(mut edit) = cx.edit::<List>(args.key(0))? else {
        return Ok(Value::Int(0));
    };
    let (list, config) = edit.with_config();
    // It is prepared for both before the place is found.
    list.prepare_for(&args.rest()[3..], config.list_max_listpack_size);
    if !list.insert(&args[2], after, Blob::from(&args[3])) {
        return Ok(Value::Int(-1));
    }
    let len = list.len();
    edit.changed("linsert");
    Ok(Value::from(len))
}

/// `LREM key count element`
fn lrem(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let count = args.int(1)?;
    // The number is negated, and this one has no opposite.
    if count == i64::MIN {
        return Err(Refusal::err(
            "value is out of range, value must between -9223372036854775807 and 9223372036854775807",
        ));
    }
    let Some(mut edit) = cx.edit::<List>(args.key(0))? else {
        return Ok(Value::Int(0));
    };
    let (list, config) = edit.with_config();
    let removed = list.remove(count, &args[2]);
    if removed > 0 {
        list.shrunk(config.list_max_listpack_size);
        edit.changed("lrem");
        edit.add_dirty(removed - 1);
    }
    Ok(Value::from(removed))
}

/// `LTRIM key start stop`
fn ltrim(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let (start, stop) = (args.int(1)?, args.int(2)?);
    let Some(mut edit) = cx.edit::<List>(args.key(0))? else {
        return Ok(Value::OK);
    };
    let (list, config) = edit.with_config();
    let span = span(start, stop, list.len()).unwrap_or(0..0);
    let removed = list.len() - span.len();
    list.trim(span.start, span.end);
    list.shrunk(config.list_max_listpack_size);
    edit.changed_too("ltrim");
    edit.add_dirty(removed);
    Ok(Value::OK)
}

/// `LPOP key [count]`
fn lpop(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    pop(cx, args, End::Left, "lpop")
}

/// `RPOP key [count]`
fn rpop(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    pop(cx, args, End::Right, "rpop")
}

fn pop(cx: &mut Cx<'_>, args: &Args<'_>, end: End, command: &'static str) -> Answer {
    let count = match args.len() {
        1 => None,
        2 => Some(positive(&args[1])?),
        _ => return Err(Refusal::Arity(command)),
    };
    let key = args.key(0);
    let Some(mut edit) = cx.edit::<List>(key)? else {
        return Ok(if count.is_some() {
            Value::NullArray
        } else {
            Value::Null
        });
    };
    match count {
        None => {
            let item = edit
                .pop(end)
                .map_or(Value::Null, |item| Value::Bulk(item.to_bytes()));
            popped(&mut edit, end);
            Ok(item)
        }
        Some(0) => Ok(Value::Array(Vec::new())),
        Some(count) => Ok(Value::Array(pop_many(&mut edit, end, count))),
    }
}

fn positive(text: &[u8]) -> Result<usize, Refusal> {
    let number = parse_int(text).and_then(|number| usize::try_from(number).ok());
    number.ok_or(Refusal::NotPositive)
}

pub(super) type ListEdit<'c, 'a> = crate::cx::Edit<'c, 'a, List>;

pub(super) fn popped(edit: &mut ListEdit<'_, '_>, end: End) {
    let (list, config) = edit.with_config();
    list.shrunk(config.list_max_listpack_size);
    edit.changed(end.pop_event());
}

pub(super) fn pop_many(edit: &mut ListEdit<'_, '_>, end: End, count: usize) -> Vec<Value> {
    let mut items = Vec::with_capacity(count.min(edit.len()));
    let list: &mut List = edit;
    while items.len() < count
        && let Some(item) = list.pop(end)
    {
        items.push(Value::Bulk(item.to_bytes()));
    }
    popped(edit, end);
    edit.add_dirty(items.len().saturating_sub(1));
    items
}

/// `LPOS key element [RANK rank] [COUNT count] [MAXLEN len]`
fn lpos(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let (mut rank, mut count, mut max_len) = (1i64, None, 0i64);
    let mut at = 2;
    while at < args.len() {
        if at + 1 >= args.len() {
            return Err(Refusal::Syntax);
        } else if args.is(at, "RANK") {
            rank = args.int(at + 1)?;
            if rank == i64::MIN {
                return Err(Refusal::err(
                    "value is out of range, value must between -9223372036854775807 and 9223372036854775807",
                ));
            }
            if rank == 0 {
                return Err(Refusal::err(
                    "RANK can't be zero: use 1 to start from the first match, 2 from the second ... \
                     or use negative to start from the end of the list",
                ));
            }
        } else if args.is(at, "COUNT") {
            let number = parse_int(&args[at + 1]).filter(|n| *n >= 0);
            count = Some(number.ok_or_else(|| Refusal::err("COUNT can't be negative"))?);
        } else if args.is(at, "MAXLEN") {
            let number = parse_int(&args[at + 1]).filter(|n| *n >= 0);
            max_len = number.ok_or_else(|| Refusal::err("MAXLEN can't be negative"))?;
        } else {
            return Err(Refusal::Syntax);
        }
        at += 2;
    }
    let Some(list) = cx.read::<List>(args.key(0))? else {
        return Ok(if count.is_some() {
            Value::Array(Vec::new())
        } else {
            Value::Null
        });
    };
    let wanted = match count {
        None => 1,
        Some(0) => usize::MAX,
        Some(count) => count as usize,
    };
    let compared = if max_len == 0 {
        usize::MAX
    } else {
        max_len as usize
    };
    let skip = rank.unsigned_abs() as usize - 1;
    let element = args.key(1);
    let hit = |(at, item): (usize, Text<'_>)| (item.as_slice() == element).then(|| Value::from(at));
    let places = list.iter().enumerate();
    let found: Vec<Value> = if rank > 0 {
        places
            .take(compared)
            .filter_map(hit)
            .skip(skip)
            .take(wanted)
            .collect()
    } else {
        places
            .rev()
            .take(compared)
            .filter_map(hit)
            .skip(skip)
            .take(wanted)
            .collect()
    };
    Ok(match count {
        Some(_) => Value::Array(found),
        None => found.into_iter().next().unwrap_or(Value::Null),
    })
}

/// `LMOVE source destination LEFT|RIGHT LEFT|RIGHT`
fn lmove(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let (from, to) = (End::parse(&args[2])?, End::parse(&args[3])?);
    Ok(move_item(cx, args, from, to)?.unwrap_or(Value::Null))
}

/// `RPOPLPUSH source destination`
fn rpoplpush(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    Ok(move_item(cx, args, End::Right, End::Left)?.unwrap_or(Value::Null))
}

/// Moves one element; `None` if the source has none.
pub(super) fn move_item(
    cx: &mut Cx<'_>,
    args: &Args<'_>,
    from: End,
    to: End,
) -> Result<Option<Value>, Refusal> {
    let (source, destination) = (args.key(0), args.key(1));
    if cx.peek_as::<List>(source)?.is_none() {
        return Ok(None);
    }
    cx.peek_as::<List>(destination)?;
    if source == destination {
        cx.lookup_to_write(source);
        // Pushed before it is popped, so that the list is never empty on the way.
        let Some(mut edit) = cx.edit::<List>(source)? else {
            return Ok(None);
        };
        let Some(item) = edit.pop(from) else {
            return Ok(None);
        };
        let reply = Value::Bulk(item.to_bytes());
        let (list, config) = edit.with_config();
        list.prepare(1, item.len(), config.list_max_listpack_size);
        list.push(to, item);
        list.shrunk(config.list_max_listpack_size);
        edit.changed(to.push_event());
        drop(edit);
        cx.event(from.pop_event(), source);
        return Ok(Some(reply));
    }
    let Some(item) = cx
        .peek_as::<List>(source)?
        .and_then(|l| l.get(if from == End::Left { 0 } else { -1 }))
    else {
        return Ok(None);
    };
    let item = item.to_blob();
    let reply = Value::Bulk(item.to_bytes());
    let mut edit = cx.edit_or_new::<List>(destination)?;
    let (list, config) = edit.with_config();
    list.prepare(1, item.len(), config.list_max_listpack_size);
    list.push(to, item);
    edit.changed(to.push_event());
    drop(edit);
    if let Some(mut edit) = cx.edit::<List>(source)? {
        edit.pop(from);
        let (list, config) = edit.with_config();
        list.shrunk(config.list_max_listpack_size);
        edit.changed_too(from.pop_event());
    }
    Ok(Some(reply))
}
