//! Streams: adding, looking, deleting and trimming. Reading is in `stream_reads`, consumer groups in
//! `stream_groups`, `XINFO` in `stream_info`.

use bytes::Bytes;
use redwind_resp::Value;
use triomphe::Arc;

use crate::Refusal;
use crate::args::{Args, c_text, is};
use crate::blob::Blob;
use crate::commands::{stream_effects, stream_groups, stream_info, stream_nack, stream_reads};
use crate::cx::Cx;
use crate::number::{parse_int, parse_unsigned};
use crate::table::{Answer, FIRST, Keys, NO_KEYS, SECOND, needs_subcommand, table};
use crate::types::stream::{Cut, Entry, Id, Refs, Stream};

table! { TABLE, "stream";
    "xack" => stream_groups::xack, AtLeast(3), [WRITE FAST], FIRST, "5.0.0", "key group id [id ...]",
        "Marks entries as done by a group.";
    "xackdel" => stream_groups::xackdel, AtLeast(5), [WRITE FAST], FIRST, "8.2.0",
        "key group [KEEPREF | DELREF | ACKED] IDS numids id [id ...]",
        "Marks entries as done by a group and deletes them.";
    "xadd" => xadd, AtLeast(4), [WRITE DENYOOM FAST], FIRST, "5.0.0",
        "key [NOMKSTREAM] [KEEPREF | DELREF | ACKED] [<MAXLEN | MINID> [= | ~] threshold [LIMIT count]] <* | id> field value [field value ...]",
        "Appends an entry to a stream; gives its id.";
    "xautoclaim" => stream_groups::xautoclaim, AtLeast(5), [WRITE FAST], FIRST, "6.2.0",
        "key group consumer min-idle-time start [COUNT count] [JUSTID]",
        "Takes over entries that other consumers left lying, in portions.";
    "xclaim" => stream_groups::xclaim, AtLeast(5), [WRITE FAST], FIRST, "5.0.0",
        "key group consumer min-idle-time id [id ...] [IDLE ms] [TIME unix-time-milliseconds] [RETRYCOUNT count] [FORCE] [JUSTID] [LASTID lastid]",
        "Takes over entries that other consumers left lying.";
    "xdel" => xdel, AtLeast(2), [WRITE FAST], FIRST, "5.0.0", "key id [id ...]",
        "Deletes entries and counts those that existed.";
    "xdelex" => xdelex, AtLeast(4), [WRITE FAST], FIRST, "8.2.0",
        "key [KEEPREF | DELREF | ACKED] IDS numids id [id ...]",
        "Deletes entries, with or without what groups still refer to.";
    "xgroup" => needs_subcommand {stream_groups::XGROUP}, AtLeast(1), [CONTAINER], NO_KEYS, "5.0.0", "",
        "Manages consumer groups.";
    "xinfo" => needs_subcommand {XINFO}, AtLeast(1), [CONTAINER], NO_KEYS, "5.0.0", "",
        "Looks at streams, groups and consumers.";
    "xlen" => xlen, Exactly(1), [READ FAST], FIRST, "5.0.0", "key", "Counts the entries.";
    "xnack" => stream_nack::xnack, AtLeast(6), [WRITE FAST], FIRST, "8.8.0",
        "key group <SILENT | FAIL | FATAL> IDS numids id [id ...] [RETRYCOUNT count] [FORCE]",
        "Gives pending entries back to the group, for others to claim at once.";
    "xpending" => stream_groups::xpending, AtLeast(2), [READ], FIRST, "5.0.0",
        "key group [[IDLE min-idle-time] start end count [consumer]]",
        "Tells what a group was given and has not marked as done.";
    "xrange" => xrange, AtLeast(3), [READ], FIRST, "5.0.0", "key start end [COUNT count]",
        "Gives the entries between two ids.";
    "xread" => stream_reads::xread, AtLeast(3), [READ BLOCKING MOVABLE_KEYS],
        Keys::HalfAfter { word: "STREAMS", from: 1 }, "5.0.0",
        "[COUNT count] [BLOCK milliseconds] STREAMS key [key ...] id [id ...]",
        "Gives the entries after an id, of several streams; can wait for some.";
    "xreadgroup" => stream_reads::xreadgroup, AtLeast(6), [WRITE BLOCKING MOVABLE_KEYS],
        Keys::HalfAfter { word: "STREAMS", from: 4 }, "5.0.0",
        "GROUP group consumer [COUNT count] [BLOCK milliseconds] [CLAIM min-idle-time] [NOACK] STREAMS key [key ...] id [id ...]",
        "Gives a consumer entries that nobody else of its group got; can wait for some.";
    "xrevrange" => xrevrange, AtLeast(3), [READ], FIRST, "5.0.0", "key end start [COUNT count]",
        "Gives the entries between two ids, the last first.";
    "xsetid" => xsetid, AtLeast(2), [WRITE DENYOOM FAST], FIRST, "5.0.0",
        "key last-id [ENTRIESADDED entries-added] [MAXDELETEDID max-deleted-id]",
        "Sets the last id of a stream; for replicas.";
    "xtrim" => xtrim, AtLeast(3), [WRITE], FIRST, "5.0.0",
        "key <MAXLEN | MINID> [= | ~] threshold [LIMIT count] [KEEPREF | DELREF | ACKED]",
        "Cuts a stream at its beginning.";
}

table! { XINFO, "stream";
    "xinfo|consumers" => stream_info::consumers, Exactly(2), [READ], SECOND, "5.0.0", "key group",
        "Describes the consumers of a group.";
    "xinfo|groups" => stream_info::groups, Exactly(1), [READ], SECOND, "5.0.0", "key",
        "Describes the groups of a stream.";
    "xinfo|help" => xinfo_help, Exactly(0), [LOADING STALE], NO_KEYS, "5.0.0", "",
        "Lists the subcommands.";
    "xinfo|stream" => stream_info::stream, AtLeast(1), [READ], SECOND, "5.0.0",
        "key [FULL [COUNT count]]", "Describes a stream.";
}

/// `XINFO HELP`
fn xinfo_help(_cx: &mut Cx<'_>, _args: &Args<'_>) -> Answer {
    Ok(super::help("XINFO", XINFO))
}

pub(super) fn bad_id() -> Refusal {
    Refusal::err("Invalid stream ID specified as stream command argument")
}

/// Redis does not look at longer ones.
const LONGEST_ID: usize = 127;

/// An id; without its second part, that is `seq`.
pub(super) fn parse_id(text: &[u8], seq: u64) -> Result<Id, Refusal> {
    if text.len() > LONGEST_ID {
        return Err(bad_id());
    }
    let text = c_text(text);
    let parsed = match text.iter().position(|byte| *byte == b'-') {
        None => parse_unsigned(text).map(|ms| Id { ms, seq }),
        Some(at) => parse_unsigned(&text[..at])
            .zip(parse_unsigned(&text[at + 1..]))
            .map(|(ms, seq)| Id { ms, seq }),
    };
    parsed.ok_or_else(bad_id)
}

/// An id that may also be `-` or `+`.
pub(super) fn parse_border(text: &[u8], seq: u64) -> Result<Id, Refusal> {
    match c_text(text) {
        b"-" => Ok(Id::ZERO),
        b"+" => Ok(Id::MAX),
        _ => parse_id(text, seq),
    }
}

/// The start of a range; after `(` the id itself does not belong to it.
pub(super) fn range_start(text: &[u8]) -> Result<Id, Refusal> {
    match text {
        [b'(', rest @ ..] => parse_id(rest, 0)?
            .next()
            .ok_or_else(|| Refusal::err("invalid start ID for the interval")),
        _ => parse_border(text, 0),
    }
}

/// The end of a range; after `(` the id itself does not belong to it.
pub(super) fn range_end(text: &[u8]) -> Result<Id, Refusal> {
    match text {
        [b'(', rest @ ..] => parse_id(rest, u64::MAX)?
            .previous()
            .ok_or_else(|| Refusal::err("invalid end ID for the interval")),
        _ => parse_border(text, u64::MAX),
    }
}

pub(super) fn id_value(id: Id) -> Value {
    Value::Bulk(id.to_bytes())
}

/// An entry as replies show it: its id, then fields and values.
pub(super) fn entry_value(entry: &Entry) -> Value {
    let fields = entry
        .fields
        .iter()
        .map(|part| Value::Bulk(part.to_bytes()))
        .collect();
    Value::Array(vec![id_value(entry.id), Value::Array(fields)])
}

/// The word that chooses what becomes of references.
pub(super) fn refs_word(word: &[u8]) -> Option<Refs> {
    if is(word, "KEEPREF") {
        Some(Refs::Keep)
    } else if is(word, "DELREF") {
        Some(Refs::Delete)
    } else if is(word, "ACKED") {
        Some(Refs::Acked)
    } else {
        None
    }
}

/// The options that `XADD` and `XTRIM` share.
#[derive(Default)]
struct Options {
    cut: Option<Cut>,
    approximately: bool,
    limit: Option<i64>,
    refs: Refs,
    no_create: bool,
    /// Where the id stands in `XADD`.
    id_at: usize,
}

impl Options {
    fn parse(args: &Args<'_>, adding: bool) -> Result<Options, Refusal> {
        let mut options = Options::default();
        let mut refs = None;
        let mut at = 1;
        while let Some(word) = args.get(at) {
            let left = args.len() - at - 1;
            if adding && c_text(word) == b"*" {
                break;
            } else if (is(word, "MAXLEN") || is(word, "MINID")) && left >= 1 {
                if options.cut.is_some() {
                    return Err(Refusal::err(
                        "syntax error, MAXLEN and MINID options at the same time are not compatible",
                    ));
                }
                options.approximately = false;
                if left >= 2 && matches!(c_text(&args[at + 1]), b"~" | b"=") {
                    options.approximately = c_text(&args[at + 1]) == b"~";
                    at += 1;
                }
                at += 1;
                options.cut = Some(if is(word, "MINID") {
                    Cut::MinId(parse_id(&args[at], 0)?)
                } else {
                    let max = args.int(at)?;
                    let max = u64::try_from(max);
                    Cut::MaxLen(max.map_err(|_| Refusal::err("The MAXLEN argument must be >= 0."))?)
                });
            } else if is(word, "LIMIT") && left >= 1 {
                let limit = args.int(at + 1)?;
                if limit < 0 {
                    return Err(Refusal::err("The LIMIT argument must be >= 0."));
                }
                options.limit = Some(limit);
                at += 1;
            } else if adding && is(word, "NOMKSTREAM") {
                options.no_create = true;
            } else if let (Some(chosen), None) = (refs_word(word), refs) {
                refs = Some(chosen);
            } else if adding {
                // What is no option is the id, and a bad one is noticed before anything else.
                NewId::parse(word)?;
                break;
            } else {
                return Err(Refusal::Syntax);
            }
            at += 1;
        }
        options.refs = refs.unwrap_or_default();
        options.id_at = at;
        if options.limit.is_some_and(|limit| limit != 0) && options.cut.is_none() {
            return Err(Refusal::err(
                "syntax error, LIMIT cannot be used without specifying a trimming strategy",
            ));
        }
        if !adding && options.cut.is_none() {
            return Err(Refusal::err(
                "syntax error, XTRIM must be called with a trimming strategy",
            ));
        }
        if options.limit.is_some() && !options.approximately {
            return Err(Refusal::err(
                "syntax error, LIMIT cannot be used without the special ~ option",
            ));
        }
        Ok(options)
    }

    /// Cuts the stream; gives how many entries went.
    /// How much is cut, if only roughly so.
    fn approximate_cut(&self) -> Option<Cut> {
        self.cut.filter(|_| self.approximately)
    }

    fn trim(&self, stream: &mut Stream, node_entries: i64) -> usize {
        let Some(cut) = self.cut else { return 0 };
        // Approximate trimming works in bounded steps unless told otherwise.
        let limit = match (self.approximately, self.limit) {
            (true, None) => (node_entries.saturating_mul(100)).clamp(0, 1_000_000),
            (true, Some(limit)) => limit,
            (false, _) => 0,
        };
        stream.trim(
            cut,
            self.approximately,
            usize::try_from(limit).unwrap_or(0),
            self.refs,
        )
    }
}

/// How the id of a new entry is chosen.
enum NewId {
    Auto,
    /// The first part is given, the second follows from the stream.
    AutoSeq(u64),
    Given(Id),
}

impl NewId {
    fn parse(text: &[u8]) -> Result<NewId, Refusal> {
        let read = c_text(text);
        if read == b"*" {
            return Ok(NewId::Auto);
        }
        match read.strip_suffix(b"-*") {
            Some(ms) => parse_unsigned(ms).map(NewId::AutoSeq).ok_or_else(bad_id),
            None => parse_id(text, 0).map(NewId::Given),
        }
    }
}

/// `XADD key [options] <* | id> field value [field value ...]`
fn xadd(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let options = Options::parse(args, true)?;
    let Some(id_text) = args.get(options.id_at) else {
        return Err(Refusal::Arity("xadd"));
    };
    let wanted = NewId::parse(id_text)?;
    let fields = args.from(options.id_at + 1);
    if fields.len() < 2 || !fields.len().is_multiple_of(2) {
        return Err(Refusal::Arity("xadd"));
    }
    if matches!(wanted, NewId::Given(Id::ZERO)) {
        return Err(Refusal::err(
            "The ID specified in XADD must be greater than 0-0",
        ));
    }
    let key = args.key(0);
    let last = match cx.peek_as::<Stream>(key)? {
        None if options.no_create => return Ok(Value::Null),
        None => Id::ZERO,
        Some(stream) => stream.last_id,
    };
    if last == Id::MAX {
        return Err(Refusal::err(
            "The stream has exhausted the last possible ID, unable to add more items",
        ));
    }
    let now_ms = u64::try_from(cx.now_ms()).unwrap_or(0);
    let id = match wanted {
        NewId::Auto if now_ms > last.ms => Id { ms: now_ms, seq: 0 },
        NewId::Auto => last.next().unwrap_or(Id::MAX),
        NewId::AutoSeq(ms) if ms == last.ms => Id {
            ms,
            seq: last.seq.checked_add(1).ok_or_else(too_small)?,
        },
        NewId::AutoSeq(ms) => Id { ms, seq: 0 },
        NewId::Given(id) => id,
    };
    if id <= last {
        return Err(too_small());
    }
    let mut edit = cx.edit_or_new::<Stream>(key)?;
    let (stream, config) = edit.with_config();
    let parts: Arc<[Blob]> = fields.iter().map(Blob::from).collect();
    stream.append(id, parts, config);
    let trimmed = options.trim(stream, config.stream_node_max_entries);
    let left = (stream.len(), stream.first_id());
    edit.changed("xadd");
    drop(edit);
    if trimmed > 0 {
        cx.event("xtrim", key);
    }
    // Replicas must come to the same id.
    cx.repeat_as(|| {
        let mut repeat = args.argv().to_vec();
        repeat[options.id_at + 1] = id.to_bytes();
        stream_effects::exactly(repeat, options.approximate_cut(), left)
    });
    Ok(id_value(id))
}

fn too_small() -> Refusal {
    Refusal::err("The ID specified in XADD is equal or smaller than the target stream top item")
}

/// `XLEN key`
fn xlen(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    Ok(Value::from(
        cx.read::<Stream>(args.key(0))?.map_or(0, Stream::len),
    ))
}

/// `XRANGE key start end [COUNT count]`
fn xrange(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    range(cx, args, false)
}

/// `XREVRANGE key end start [COUNT count]`
fn xrevrange(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    range(cx, args, true)
}

fn range(cx: &mut Cx<'_>, args: &Args<'_>, reverse: bool) -> Answer {
    let (low, high) = if reverse { (2, 1) } else { (1, 2) };
    let start = range_start(&args[low])?;
    let end = range_end(&args[high])?;
    let mut count = None;
    let mut at = 3;
    while at < args.len() {
        if !args.is(at, "COUNT") || at + 1 >= args.len() {
            return Err(Refusal::Syntax);
        }
        count = Some(args.int(at + 1)?.max(0));
        at += 2;
    }
    let Some(stream) = cx.read::<Stream>(args.key(0))? else {
        return Ok(Value::Array(Vec::new()));
    };
    let limit = match count {
        Some(0) => return Ok(Value::NullArray),
        Some(count) => usize::try_from(count).unwrap_or(usize::MAX),
        None => usize::MAX,
    };
    let entries: Vec<Value> = if reverse {
        stream
            .range_back(start, end)
            .take(limit)
            .map(entry_value)
            .collect()
    } else {
        stream
            .range(start, end)
            .take(limit)
            .map(entry_value)
            .collect()
    };
    Ok(Value::Array(entries))
}

/// `XDEL key id [id ...]`
fn xdel(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let key = args.key(0);
    if cx.peek_as::<Stream>(key)?.is_none() {
        return Ok(Value::Int(0));
    }
    let ids = ids(args.from(1))?;
    let Some(mut edit) = cx.edit::<Stream>(key)? else {
        return Ok(Value::Int(0));
    };
    let stream: &mut Stream = &mut edit;
    let mut deleted = 0;
    for id in ids {
        if stream.delete(id) {
            stream.max_deleted = stream.max_deleted.max(id);
            deleted += 1;
        }
    }
    if deleted > 0 {
        edit.changed("xdel");
        edit.add_dirty(deleted - 1);
    }
    Ok(Value::from(deleted))
}

pub(super) fn ids(arguments: &[Bytes]) -> Result<Vec<Id>, Refusal> {
    arguments.iter().map(|text| parse_id(text, 0)).collect()
}

/// `[KEEPREF | DELREF | ACKED] IDS numids id [id ...]` from this argument on.
pub(super) fn refs_and_ids<'a>(
    args: &Args<'a>,
    mut at: usize,
) -> Result<(Refs, &'a [Bytes]), Refusal> {
    let (mut refs, mut list) = (None, None);
    while let Some(word) = args.get(at) {
        if is(word, "IDS") && at + 1 < args.len() {
            let count = parse_int(&args[at + 1]).and_then(|count| usize::try_from(count).ok());
            let count = count.filter(|count| *count > 0);
            let count =
                count.ok_or_else(|| Refusal::err("Number of IDs must be a positive integer"))?;
            list = args.from(at + 2).get(..count);
            if list.is_none() {
                return Err(Refusal::err(
                    "The `numids` parameter must match the number of arguments",
                ));
            }
            at += 2 + count;
            continue;
        }
        refs = match (refs_word(word), refs) {
            (Some(chosen), None) => Some(chosen),
            _ => return Err(Refusal::Syntax),
        };
        at += 1;
    }
    Ok((refs.unwrap_or_default(), list.ok_or(Refusal::Syntax)?))
}

/// Deletes one entry as this choice asks: 1 if it went, 2 if it must stay, -1 if there is none.
pub(super) fn delete_with_refs(stream: &mut Stream, id: Id, refs: Refs) -> i64 {
    match refs {
        Refs::Keep => {}
        // References may outlive their entry.
        Refs::Delete => stream.drop_refs(id),
        Refs::Acked if stream.is_referenced(id) => return 2,
        Refs::Acked => {}
    }
    if stream.get(id).is_none() {
        return -1;
    }
    stream.delete(id);
    stream.max_deleted = stream.max_deleted.max(id);
    1
}

/// `XDELEX key [KEEPREF | DELREF | ACKED] IDS numids id [id ...]`
fn xdelex(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let key = args.key(0);
    let exists = cx.peek_as::<Stream>(key)?.is_some();
    let (refs, list) = refs_and_ids(args, 1)?;
    if !exists {
        return Ok(Value::array(list.iter().map(|_| Value::Int(-1))));
    }
    let ids = ids(list)?;
    let Some(mut edit) = cx.edit::<Stream>(key)? else {
        return Ok(Value::Array(Vec::new()));
    };
    let results: Vec<i64> = ids
        .iter()
        .map(|id| delete_with_refs(&mut edit, *id, refs))
        .collect();
    let deleted = results.iter().filter(|result| **result == 1).count();
    if deleted > 0 {
        edit.changed("xdel");
        edit.add_dirty(deleted - 1);
    }
    Ok(Value::array(results.into_iter().map(Value::Int)))
}

/// `XTRIM key <MAXLEN | MINID> [= | ~] threshold [LIMIT count] [KEEPREF | DELREF | ACKED]`
fn xtrim(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let options = Options::parse(args, false)?;
    let key = args.key(0);
    let Some(mut edit) = cx.edit::<Stream>(key)? else {
        return Ok(Value::Int(0));
    };
    let (stream, config) = edit.with_config();
    let deleted = options.trim(stream, config.stream_node_max_entries);
    let left = (stream.len(), stream.first_id());
    if deleted > 0 {
        edit.changed("xtrim");
        edit.add_dirty(deleted - 1);
    }
    drop(edit);
    if deleted > 0 {
        cx.repeat_as(|| {
            stream_effects::exactly(args.argv().to_vec(), options.approximate_cut(), left)
        });
    }
    Ok(Value::from(deleted))
}

/// `XSETID key last-id [ENTRIESADDED entries-added] [MAXDELETEDID max-deleted-id]`
fn xsetid(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let id = parse_id(&args[1], 0)?;
    let (mut added, mut max_deleted) = (None, None);
    let mut at = 2;
    while at < args.len() {
        if at + 1 >= args.len() {
            return Err(Refusal::Syntax);
        } else if args.is(at, "ENTRIESADDED") {
            let number = u64::try_from(args.int(at + 1)?);
            added = Some(number.map_err(|_| Refusal::err("entries_added must be positive"))?);
        } else if args.is(at, "MAXDELETEDID") {
            let deleted = parse_id(&args[at + 1], 0)?;
            if deleted > id {
                return Err(Refusal::err(
                    "The ID specified in XSETID is smaller than the provided max_deleted_entry_id",
                ));
            }
            max_deleted = Some(deleted);
        } else {
            return Err(Refusal::Syntax);
        }
        at += 2;
    }
    let Some(mut edit) = cx.edit::<Stream>(args.key(0))? else {
        return Err(Refusal::NoSuchKey);
    };
    let stream: &mut Stream = &mut edit;
    if id < stream.max_deleted {
        return Err(Refusal::err(
            "The ID specified in XSETID is smaller than current max_deleted_entry_id",
        ));
    }
    if stream.last().is_some_and(|last| id < last.id) {
        return Err(Refusal::err(
            "The ID specified in XSETID is smaller than the target stream top item",
        ));
    }
    if added.is_some_and(|added| (stream.len() as u64) > added) {
        return Err(Refusal::err(
            "The entries_added specified in XSETID is smaller than the target stream length",
        ));
    }
    stream.last_id = id;
    stream.added = added.unwrap_or(stream.added);
    if let Some(deleted) = max_deleted.filter(|deleted| *deleted != Id::ZERO) {
        stream.max_deleted = deleted;
    }
    edit.noted("xsetid");
    Ok(Value::OK)
}
