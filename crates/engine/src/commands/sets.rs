//! Sets.

use bytes::Bytes;
use redwind_resp::Value;

use crate::args::Args;
use crate::blob::Blob;
use crate::commands::keys::{ScanOptions, cursor, scan_places, scan_reply};
use crate::commands::strings::word;
use crate::cx::Cx;
use crate::db::{Data, Kind};
use crate::number::parse_int;
use crate::table::{ALL, Answer, FIRST, Keys, TWO, table};
use crate::types::Set;
use crate::{Choice, Refusal, order};

table! { TABLE, "set";
    "sadd" => sadd, AtLeast(2), [WRITE DENYOOM FAST], FIRST, "1.0.0", "key member [member ...]",
        "Adds members and counts the new ones.";
    "scard" => scard, Exactly(1), [READ FAST], FIRST, "1.0.0", "key", "Counts the members.";
    "sdiff" => sdiff, AtLeast(1), [READ], ALL, "1.0.0", "key [key ...]",
        "Gives the members of the first set that are in none of the others.";
    "sdiffstore" => sdiffstore, AtLeast(2), [WRITE DENYOOM], ALL, "1.0.0",
        "destination key [key ...]", "Keeps the difference of sets under a key.";
    "sinter" => sinter, AtLeast(1), [READ], ALL, "1.0.0", "key [key ...]",
        "Gives the members that are in all sets.";
    "sintercard" => sintercard, AtLeast(2), [READ MOVABLE_KEYS], Keys::Counted { at: 1 }, "7.0.0",
        "numkeys key [key ...] [LIMIT limit]", "Counts the members that are in all sets.";
    "sinterstore" => sinterstore, AtLeast(2), [WRITE DENYOOM], ALL, "1.0.0",
        "destination key [key ...]", "Keeps the intersection of sets under a key.";
    "sismember" => sismember, Exactly(2), [READ FAST], FIRST, "1.0.0", "key member",
        "Tells whether this is a member.";
    "smembers" => smembers, Exactly(1), [READ], FIRST, "1.0.0", "key", "Gives all members.";
    "smismember" => smismember, AtLeast(2), [READ FAST], FIRST, "6.2.0", "key member [member ...]",
        "Tells of each whether it is a member.";
    "smove" => smove, Exactly(3), [WRITE FAST], TWO, "1.0.0", "source destination member",
        "Moves a member from one set to another.";
    "spop" => spop, AtLeast(1), [WRITE FAST], FIRST, "1.0.0", "key [count]",
        "Takes random members out.";
    "srandmember" => srandmember, AtLeast(1), [READ], FIRST, "1.0.0", "key [count]",
        "Gives random members: different ones, or (with a negative count) any.";
    "srem" => srem, AtLeast(2), [WRITE FAST], FIRST, "1.0.0", "key member [member ...]",
        "Removes members and counts those that were there.";
    "sscan" => sscan, AtLeast(2), [READ], FIRST, "2.8.0", "key cursor [MATCH pattern] [COUNT count]",
        "Lists the members in portions: call it with the cursor that it gave, until that is 0.";
    "sunion" => sunion, AtLeast(1), [READ], ALL, "1.0.0", "key [key ...]",
        "Gives the members that are in any of the sets.";
    "sunionstore" => sunionstore, AtLeast(2), [WRITE DENYOOM], ALL, "1.0.0",
        "destination key [key ...]", "Keeps the union of sets under a key.";
}

fn bulk(blob: Blob) -> Value {
    Value::Bulk(blob.to_bytes())
}

/// `SADD key member [member ...]`
fn sadd(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let members = args.from(1);
    let mut edit = cx.edit_or_new::<Set>(args.key(0))?;
    let (set, config) = edit.with_config();
    set.expect(&members[0], members.len(), config);
    let added = members
        .iter()
        .filter(|member| set.add(member, config))
        .count();
    if added > 0 {
        edit.changed("sadd");
        edit.add_dirty(added - 1);
    }
    Ok(Value::from(added))
}

/// `SREM key member [member ...]`
fn srem(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let Some(mut edit) = cx.edit::<Set>(args.key(0))? else {
        return Ok(Value::Int(0));
    };
    let set: &mut Set = &mut edit;
    let removed = args
        .from(1)
        .iter()
        .filter(|member| set.remove(member))
        .count();
    if removed > 0 {
        edit.changed("srem");
        edit.add_dirty(removed - 1);
    }
    Ok(Value::from(removed))
}

/// `SCARD key`
fn scard(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    Ok(Value::from(
        cx.read::<Set>(args.key(0))?.map_or(0, Set::len),
    ))
}

/// `SISMEMBER key member`
fn sismember(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    Ok(Value::from(
        cx.read::<Set>(args.key(0))?
            .is_some_and(|set| set.contains(&args[1])),
    ))
}

/// `SMISMEMBER key member [member ...]`
fn smismember(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let set = cx.read::<Set>(args.key(0))?;
    let is_member = |member: &Bytes| Value::from(set.is_some_and(|set| set.contains(member)));
    Ok(Value::array(args.from(1).iter().map(is_member)))
}

/// `SMEMBERS key`
fn smembers(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let set = cx.read::<Set>(args.key(0))?;
    Ok(Value::Set(
        set.into_iter().flat_map(Set::iter).map(bulk).collect(),
    ))
}

/// `SMOVE source destination member`
fn smove(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let (source, destination, member) = (args.key(0), args.key(1), args.key(2));
    // Both count as used, whatever happens.
    if !cx.exists(source) {
        cx.lookup_to_write(destination);
        return Ok(Value::Int(0));
    }
    cx.peek_as::<Set>(source)?;
    cx.peek_as::<Set>(destination)?;
    if source == destination {
        cx.lookup_to_write(source);
        cx.lookup_to_write(source);
        let set = cx.peek_as::<Set>(source)?;
        return Ok(Value::from(set.is_some_and(|set| set.contains(member))));
    }
    let Some(mut edit) = cx.edit::<Set>(source)? else {
        return Ok(Value::Int(0));
    };
    if !edit.remove(member) {
        drop(edit);
        cx.lookup_to_write(destination);
        return Ok(Value::Int(0));
    }
    edit.changed("srem");
    drop(edit);
    let mut edit = cx.edit_or_new::<Set>(destination)?;
    let (set, config) = edit.with_config();
    if set.is_empty() {
        set.expect(member, 1, config);
    }
    if set.add(member, config) {
        edit.changed("sadd");
    }
    Ok(Value::Int(1))
}

/// `SPOP key [count]`
fn spop(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let key = args.key(0);
    let count = match args.len() {
        1 => None,
        2 => {
            let number = parse_int(&args[1]).and_then(|n| usize::try_from(n).ok());
            Some(number.ok_or(Refusal::NotPositive)?)
        }
        _ => return Err(Refusal::Syntax),
    };
    let len = cx.peek_as::<Set>(key)?.map_or(0, Set::len);
    if len == 0 {
        return Ok(if count.is_some() {
            Value::Set(Vec::new())
        } else {
            Value::Null
        });
    }
    if count.is_some_and(|count| count >= len) {
        // Redis reads the whole set then, as `SUNION` does.
        cx.inspect(key);
    }
    let wanted = i64::try_from(count.unwrap_or(1)).unwrap_or(i64::MAX);
    let places = super::random_places(cx, len, wanted);
    let Some(mut edit) = cx.edit::<Set>(key)? else {
        return Ok(Value::Null);
    };
    let members: Vec<Blob> = places.into_iter().filter_map(|at| edit.at(at)).collect();
    for member in &members {
        edit.remove(member);
    }
    if !members.is_empty() {
        edit.changed("spop");
        edit.add_dirty(members.len() - 1);
    }
    drop(edit);
    // Replicas must lose the same members.
    let mut repeat = vec![word("SREM"), key.clone()];
    repeat.extend(members.iter().map(Blob::to_bytes));
    if members.is_empty() {
        return Ok(Value::Set(Vec::new()));
    }
    if count.is_some_and(|count| count >= len) {
        repeat = vec![word("DEL"), key.clone()];
    }
    cx.repeat_as(|| repeat);
    let mut values = members.into_iter().map(bulk);
    Ok(match count {
        None => values.next().unwrap_or(Value::Null),
        Some(_) => Value::Set(values.collect()),
    })
}

/// `SRANDMEMBER key [count]`
fn srandmember(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let key = args.key(0);
    if args.len() > 2 {
        return Err(Refusal::Syntax);
    }
    if args.len() == 1 {
        let len = cx.read::<Set>(key)?.map_or(0, Set::len);
        if len == 0 {
            return Ok(Value::Null);
        }
        let at = cx.pick(len, Choice::RandomMember);
        return Ok(cx
            .peek_as::<Set>(key)?
            .and_then(|set| set.at(at))
            .map_or(Value::Null, bulk));
    }
    let count = super::random_count(&args[1])?;
    let len = cx.read::<Set>(key)?.map_or(0, Set::len);
    let places = super::random_places(cx, len, count);
    let set = cx.peek_as::<Set>(key)?;
    let members = places
        .into_iter()
        .filter_map(|at| set.and_then(|set| set.at(at)));
    Ok(Value::array(members.map(bulk)))
}

/// The sets under these keys; `None` for a missing one.
fn read_all(cx: &mut Cx<'_>, keys: &[Bytes]) -> Result<Vec<Option<Set>>, Refusal> {
    keys.iter()
        .map(|key| Ok(cx.read::<Set>(key)?.cloned()))
        .collect()
}

#[derive(Clone, Copy)]
enum Combine {
    Union,
    Intersection,
    Difference,
}

fn combine(cx: &mut Cx<'_>, keys: &[Bytes], how: Combine) -> Result<Set, Refusal> {
    let mut sets = read_all(cx, keys)?;
    let config = &cx.engine.config;
    let mut result = Set::default();
    match how {
        Combine::Union => {
            for set in sets.iter().flatten() {
                for member in set.iter() {
                    result.add(&member, config);
                }
            }
        }
        Combine::Difference => {
            let first = sets.first().and_then(Option::as_ref);
            for member in first.into_iter().flat_map(Set::iter) {
                if !sets[1..].iter().flatten().any(|set| set.contains(&member)) {
                    result.add(&member, config);
                }
            }
        }
        Combine::Intersection => {
            if sets.iter().any(Option::is_none) {
                return Ok(result);
            }
            // The smallest set decides the form of the result.
            let len = |set: &Option<Set>| set.as_ref().map_or(0, Set::len);
            order::sort_by(&mut sets, |a, b| len(a).cmp(&len(b)));
            let sets: Vec<Set> = sets.into_iter().flatten().collect();
            let Some((first, rest)) = sets.split_first() else {
                return Ok(result);
            };
            if !first.is_ints() {
                result = Set::packed();
            }
            for member in first.iter() {
                if rest.iter().all(|set| set.contains(&member)) {
                    result.add(&member, config);
                }
            }
            result.try_ints(config);
        }
    }
    Ok(result)
}

fn show(set: &Set) -> Value {
    Value::Set(set.iter().map(bulk).collect())
}

/// `SUNION key [key ...]`
fn sunion(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    Ok(show(&combine(cx, args.rest(), Combine::Union)?))
}

/// `SINTER key [key ...]`
fn sinter(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    Ok(show(&combine(cx, args.rest(), Combine::Intersection)?))
}

/// `SDIFF key [key ...]`
fn sdiff(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    Ok(show(&combine(cx, args.rest(), Combine::Difference)?))
}

/// `SUNIONSTORE destination key [key ...]`
fn sunionstore(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    store(cx, args, Combine::Union, "sunionstore")
}

/// `SINTERSTORE destination key [key ...]`
fn sinterstore(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    store(cx, args, Combine::Intersection, "sinterstore")
}

/// `SDIFFSTORE destination key [key ...]`
fn sdiffstore(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    store(cx, args, Combine::Difference, "sdiffstore")
}

fn store(cx: &mut Cx<'_>, args: &Args<'_>, how: Combine, event: &'static str) -> Answer {
    let set = combine(cx, args.from(1), how)?;
    let len = set.len();
    replace(cx, args.key(0), (len > 0).then(|| set.wrap()), event);
    Ok(Value::from(len))
}

/// Keeps a result under a key, or (nothing) deletes the key.
pub(super) fn replace(cx: &mut Cx<'_>, key: &Bytes, data: Option<Data>, event: &'static str) {
    match data {
        Some(data) => {
            cx.put(key, data, None);
            cx.dirty += 1;
            cx.event(event, key);
        }
        None => {
            if cx.delete(key) {
                cx.dirty += 1;
                cx.event("del", key);
            }
        }
    }
}

/// The keys after a count, and where the options start.
pub(super) fn counted_keys<'a>(
    args: &Args<'a>,
    at: usize,
) -> Result<(&'a [Bytes], usize), Refusal> {
    let count = parse_int(&args[at])
        .filter(|n| *n > 0)
        .ok_or(Refusal::NumkeysNotPositive)?;
    let end = usize::try_from(count)
        .ok()
        .and_then(|count| count.checked_add(at + 1));
    let end = end.filter(|end| *end <= args.len());
    let end =
        end.ok_or_else(|| Refusal::err("Number of keys can't be greater than number of args"))?;
    Ok((&args.rest()[at + 1..end], end))
}

/// The limit of `SINTERCARD` and `ZINTERCARD`; 0 is none.
pub(super) fn card_limit(args: &Args<'_>, mut at: usize) -> Result<usize, Refusal> {
    let mut limit = 0;
    while at < args.len() {
        if !args.is(at, "LIMIT") || at + 1 >= args.len() {
            return Err(Refusal::Syntax);
        }
        let number = parse_int(&args[at + 1]).and_then(|n| usize::try_from(n).ok());
        limit = number.ok_or_else(|| Refusal::err("LIMIT can't be negative"))?;
        at += 2;
    }
    Ok(if limit == 0 { usize::MAX } else { limit })
}

/// `SINTERCARD numkeys key [key ...] [LIMIT limit]`
fn sintercard(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let (keys, end) = counted_keys(args, 0)?;
    let limit = card_limit(args, end)?;
    let set = combine(cx, keys, Combine::Intersection)?;
    Ok(Value::from(set.len().min(limit)))
}

/// `SSCAN key cursor [MATCH pattern] [COUNT count]`
fn sscan(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let from = cursor(&args[1])?;
    let Some(set) = cx.read::<Set>(args.key(0))? else {
        return Ok(scan_reply(0, Vec::new()));
    };
    let options = ScanOptions::parse(args, 2, (false, false))?;
    let (places, next) = if set.is_large() {
        scan_places(from, options.count, set.len())
    } else {
        (0..set.len(), 0)
    };
    let members = places
        .filter_map(|at| set.at(at))
        .filter(|member| options.matches(member));
    Ok(scan_reply(next, members.map(bulk).collect()))
}
