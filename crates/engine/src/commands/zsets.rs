//! Sorted sets: changing them, looking at one member, and taking from the ends. Ranges are in
//! `zranges`, combinations of several in `zcombine`.

use bytes::Bytes;
use redwind_resp::Value;

use crate::args::{Args, is, pairs};
use crate::commands::keys::{ScanOptions, cursor, scan_places, scan_reply};
use crate::commands::{zcombine, zpops, zranges};
use crate::cx::Cx;
use crate::number::parse_float;
use crate::packed::{Text, bulks};
use crate::table::{ALL_BUT_LAST, Answer, FIRST, Keys, TWO, table};
use crate::types::Zset;
use crate::{Choice, Refusal};

const COUNTED: Keys = Keys::Counted { at: 1 };
const STORED: Keys = Keys::FirstAndCounted { at: 2 };

table! { TABLE, "sorted-set";
    "bzmpop" => zpops::bzmpop, AtLeast(4), [WRITE BLOCKING MOVABLE_KEYS], Keys::Counted { at: 2 }, "7.0.0",
        "timeout numkeys key [key ...] <MIN | MAX> [COUNT count]",
        "Takes members from the first sorted set that has some; waits if none has.";
    "bzpopmax" => zpops::bzpopmax, AtLeast(2), [WRITE BLOCKING FAST], ALL_BUT_LAST, "5.0.0",
        "key [key ...] timeout", "Takes the member with the highest score; waits if there is none.";
    "bzpopmin" => zpops::bzpopmin, AtLeast(2), [WRITE BLOCKING FAST], ALL_BUT_LAST, "5.0.0",
        "key [key ...] timeout", "Takes the member with the lowest score; waits if there is none.";
    "zadd" => zadd, AtLeast(3), [WRITE DENYOOM FAST], FIRST, "1.2.0",
        "key [NX | XX] [GT | LT] [CH] [INCR] score member [score member ...]",
        "Adds members with scores, or changes their scores; counts the new ones.";
    "zcard" => zcard, Exactly(1), [READ FAST], FIRST, "1.2.0", "key", "Counts the members.";
    "zcount" => zranges::zcount, Exactly(3), [READ FAST], FIRST, "2.0.0", "key min max",
        "Counts the members whose score is within a range.";
    "zdiff" => zcombine::zdiff, AtLeast(2), [READ MOVABLE_KEYS], COUNTED, "6.2.0",
        "numkeys key [key ...] [WITHSCORES]", "Gives the members of the first that are in no other.";
    "zdiffstore" => zcombine::zdiffstore, AtLeast(3), [WRITE DENYOOM MOVABLE_KEYS], STORED, "6.2.0",
        "destination numkeys key [key ...]", "Keeps the difference of sorted sets under a key.";
    "zincrby" => zincrby, Exactly(3), [WRITE DENYOOM FAST], FIRST, "1.2.0", "key increment member",
        "Adds to a member's score.";
    "zinter" => zcombine::zinter, AtLeast(2), [READ MOVABLE_KEYS], COUNTED, "6.2.0",
        "numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX>] [WITHSCORES]",
        "Gives the members that are in all sorted sets.";
    "zintercard" => zcombine::zintercard, AtLeast(2), [READ MOVABLE_KEYS], COUNTED, "7.0.0",
        "numkeys key [key ...] [LIMIT limit]", "Counts the members that are in all sorted sets.";
    "zinterstore" => zcombine::zinterstore, AtLeast(3), [WRITE DENYOOM MOVABLE_KEYS], STORED, "2.0.0",
        "destination numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX>]",
        "Keeps the intersection of sorted sets under a key.";
    "zlexcount" => zranges::zlexcount, Exactly(3), [READ FAST], FIRST, "2.8.9", "key min max",
        "Counts the members within a range of names, all having the same score.";
    "zmpop" => zpops::zmpop, AtLeast(3), [WRITE MOVABLE_KEYS], COUNTED, "7.0.0",
        "numkeys key [key ...] <MIN | MAX> [COUNT count]",
        "Takes members from the first sorted set that has some.";
    "zmscore" => zmscore, AtLeast(2), [READ FAST], FIRST, "6.2.0", "key member [member ...]",
        "Gives the scores of several members.";
    "zpopmax" => zpops::zpopmax, AtLeast(1), [WRITE FAST], FIRST, "5.0.0", "key [count]",
        "Takes the members with the highest scores.";
    "zpopmin" => zpops::zpopmin, AtLeast(1), [WRITE FAST], FIRST, "5.0.0", "key [count]",
        "Takes the members with the lowest scores.";
    "zrandmember" => zrandmember, AtLeast(1), [READ], FIRST, "6.2.0", "key [count [WITHSCORES]]",
        "Gives random members: different ones, or (with a negative count) any.";
    "zrange" => zranges::zrange, AtLeast(3), [READ], FIRST, "1.2.0",
        "key start stop [BYSCORE | BYLEX] [REV] [LIMIT offset count] [WITHSCORES]",
        "Gives the members within a range of ranks, scores or names.";
    "zrangebylex" => zranges::zrangebylex, AtLeast(3), [READ], FIRST, "2.8.9",
        "key min max [LIMIT offset count]", "Gives the members within a range of names.";
    "zrangebyscore" => zranges::zrangebyscore, AtLeast(3), [READ], FIRST, "1.0.5",
        "key min max [WITHSCORES] [LIMIT offset count]", "Gives the members within a range of scores.";
    "zrangestore" => zranges::zrangestore, AtLeast(4), [WRITE DENYOOM], TWO, "6.2.0",
        "dst src min max [BYSCORE | BYLEX] [REV] [LIMIT offset count]",
        "Keeps the members within a range under a key.";
    "zrank" => zrank, AtLeast(2), [READ FAST], FIRST, "2.0.0", "key member [WITHSCORE]",
        "Tells how many members come before this one.";
    "zrem" => zrem, AtLeast(2), [WRITE FAST], FIRST, "1.2.0", "key member [member ...]",
        "Removes members and counts those that were there.";
    "zremrangebylex" => zranges::zremrangebylex, Exactly(3), [WRITE], FIRST, "2.8.9", "key min max",
        "Removes the members within a range of names.";
    "zremrangebyrank" => zranges::zremrangebyrank, Exactly(3), [WRITE], FIRST, "2.0.0",
        "key start stop", "Removes the members within a range of ranks.";
    "zremrangebyscore" => zranges::zremrangebyscore, Exactly(3), [WRITE], FIRST, "1.2.0",
        "key min max", "Removes the members within a range of scores.";
    "zrevrange" => zranges::zrevrange, AtLeast(3), [READ], FIRST, "1.2.0",
        "key start stop [WITHSCORES]", "Gives the members within a range of ranks, the highest first.";
    "zrevrangebylex" => zranges::zrevrangebylex, AtLeast(3), [READ], FIRST, "2.8.9",
        "key max min [LIMIT offset count]", "Gives the members within a range of names, the last first.";
    "zrevrangebyscore" => zranges::zrevrangebyscore, AtLeast(3), [READ], FIRST, "2.2.0",
        "key max min [WITHSCORES] [LIMIT offset count]",
        "Gives the members within a range of scores, the highest first.";
    "zrevrank" => zrevrank, AtLeast(2), [READ FAST], FIRST, "2.0.0", "key member [WITHSCORE]",
        "Tells how many members come after this one.";
    "zscan" => zscan, AtLeast(2), [READ], FIRST, "2.8.0", "key cursor [MATCH pattern] [COUNT count]",
        "Lists the members in portions: call it with the cursor that it gave, until that is 0.";
    "zscore" => zscore, Exactly(2), [READ FAST], FIRST, "1.2.0", "key member", "Gives a member's score.";
    "zunion" => zcombine::zunion, AtLeast(2), [READ MOVABLE_KEYS], COUNTED, "6.2.0",
        "numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX>] [WITHSCORES]",
        "Gives the members that are in any of the sorted sets.";
    "zunionstore" => zcombine::zunionstore, AtLeast(3), [WRITE DENYOOM MOVABLE_KEYS], STORED, "2.0.0",
        "destination numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX>]",
        "Keeps the union of sorted sets under a key.";
}

pub(super) fn bulk<'z>(member: impl Into<Text<'z>>) -> Value {
    Value::Bulk(member.into().to_bytes())
}

/// Members with their scores: a flat list, in RESP3 a list of pairs.
pub(super) fn with_scores<'z, T: Into<Text<'z>>>(
    items: impl Iterator<Item = (T, f64)>,
    scores: bool,
    resp3: bool,
) -> Value {
    let items = items.map(|(member, score)| (member.into(), score));
    if !scores {
        return Value::Array(bulks(items.map(|(member, _)| member)));
    }
    let (members, scores): (Vec<_>, Vec<_>) = items.unzip();
    let scores = scores.into_iter().map(Value::Double);
    let items = bulks(members.into_iter()).into_iter().zip(scores);
    Value::Array(if resp3 {
        items
            .map(|(member, score)| Value::Array(vec![member, score]))
            .collect()
    } else {
        items.flat_map(|(member, score)| [member, score]).collect()
    })
}

/// A change of a score and its conditions.
#[derive(Clone, Copy, Default)]
pub(super) struct AddOptions {
    only_new: bool,
    only_old: bool,
    only_greater: bool,
    only_less: bool,
    count_changed: bool,
    increment: bool,
}

/// What became of one member.
enum Added {
    Nothing,
    Same(f64),
    New(f64),
    Changed(f64),
}

impl AddOptions {
    /// The options before the scores, and where those begin.
    fn parse(args: &Args<'_>) -> (AddOptions, usize) {
        let mut options = AddOptions::default();
        let mut at = 1;
        while let Some(word) = args.get(at) {
            if is(word, "NX") {
                options.only_new = true;
            } else if is(word, "XX") {
                options.only_old = true;
            } else if is(word, "GT") {
                options.only_greater = true;
            } else if is(word, "LT") {
                options.only_less = true;
            } else if is(word, "CH") {
                options.count_changed = true;
            } else if is(word, "INCR") {
                options.increment = true;
            } else {
                break;
            }
            at += 1;
        }
        (options, at)
    }

    fn apply(
        self,
        zset: &mut Zset,
        member: &[u8],
        by: f64,
        config: &crate::Config,
    ) -> Result<Added, Refusal> {
        let Some(old) = zset.score(member) else {
            if self.only_old {
                return Ok(Added::Nothing);
            }
            zset.set(member, by, config);
            return Ok(Added::New(by));
        };
        if self.only_new {
            return Ok(Added::Nothing);
        }
        let score = if self.increment { old + by } else { by };
        if score.is_nan() {
            return Err(Refusal::err("resulting score is not a number (NaN)"));
        }
        if (self.only_less && score >= old) || (self.only_greater && score <= old) {
            return Ok(Added::Nothing);
        }
        if score == old {
            return Ok(Added::Same(score));
        }
        zset.set(member, score, config);
        Ok(Added::Changed(score))
    }
}

/// `ZADD key [NX | XX] [GT | LT] [CH] [INCR] score member [score member ...]`
pub(super) fn zadd(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let (options, at) = AddOptions::parse(args);
    let pairs = pairs(args.from(at)).filter(|pairs| !pairs.is_empty());
    let pairs = pairs.ok_or(Refusal::Syntax)?;
    if options.only_new && options.only_old {
        return Err(Refusal::err(
            "XX and NX options at the same time are not compatible",
        ));
    }
    let one_way = options.only_greater || options.only_less;
    if (one_way && options.only_new) || (options.only_greater && options.only_less) {
        return Err(Refusal::err(
            "GT, LT, and/or NX options at the same time are not compatible",
        ));
    }
    if options.increment && pairs.len() > 1 {
        return Err(Refusal::err(
            "INCR option supports a single increment-element pair",
        ));
    }
    add_members(cx, args.key(0), pairs, options)
}

/// `ZINCRBY key increment member`
fn zincrby(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    // Redis takes the options of ZADD for such here, too, but then too little is left.
    let (mut options, at) = AddOptions::parse(args);
    options.increment = true;
    let pairs = pairs(args.from(at)).filter(|pairs| !pairs.is_empty());
    let pairs = pairs.ok_or(Refusal::Syntax)?;
    add_members(cx, args.key(0), pairs, options)
}

fn add_members(cx: &mut Cx<'_>, key: &Bytes, pairs: &[[Bytes; 2]], options: AddOptions) -> Answer {
    let mut scores = Vec::with_capacity(pairs.len());
    for pair in pairs {
        scores.push(parse_float(&pair[0]).ok_or(Refusal::NotAFloat)?);
    }
    if options.only_old && cx.peek_as::<Zset>(key)?.is_none() {
        return Ok(if options.increment {
            Value::Null
        } else {
            Value::Int(0)
        });
    }
    let mut edit = cx.edit_or_new::<Zset>(key)?;
    let (zset, config) = edit.with_config();
    let first = pairs.first().map_or(0, |[_, member]| member.len());
    zset.prepare(pairs.len(), first, config);
    let (mut new, mut changed, mut last) = (0usize, 0usize, None);
    let mut failed = None;
    for (pair, score) in pairs.iter().zip(scores) {
        match options.apply(zset, &pair[1], score, config) {
            Ok(Added::Nothing) => {}
            Ok(Added::Same(score)) => last = Some(score),
            Ok(Added::New(score)) => (new, last) = (new + 1, Some(score)),
            Ok(Added::Changed(score)) => (changed, last) = (changed + 1, Some(score)),
            Err(refusal) => {
                failed = Some(refusal);
                break;
            }
        }
    }
    if new + changed > 0 {
        edit.changed(if options.increment { "zincr" } else { "zadd" });
        edit.add_dirty(new + changed - 1);
    }
    if let Some(refusal) = failed {
        return Err(refusal);
    }
    if options.increment {
        return Ok(last.map_or(Value::Null, Value::Double));
    }
    Ok(Value::from(if options.count_changed {
        new + changed
    } else {
        new
    }))
}

/// `ZREM key member [member ...]`
fn zrem(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let Some(mut edit) = cx.edit::<Zset>(args.key(0))? else {
        return Ok(Value::Int(0));
    };
    let zset: &mut Zset = &mut edit;
    let removed = args
        .from(1)
        .iter()
        .filter(|member| zset.remove(member).is_some())
        .count();
    if removed > 0 {
        edit.changed("zrem");
        edit.add_dirty(removed - 1);
    }
    Ok(Value::from(removed))
}

/// `ZCARD key`
fn zcard(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    Ok(Value::from(
        cx.read::<Zset>(args.key(0))?.map_or(0, Zset::len),
    ))
}

/// `ZSCORE key member`
fn zscore(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let score = cx
        .read::<Zset>(args.key(0))?
        .and_then(|zset| zset.score(&args[1]));
    Ok(score.map_or(Value::Null, Value::Double))
}

/// `ZMSCORE key member [member ...]`
fn zmscore(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let zset = cx.read::<Zset>(args.key(0))?;
    let score = |member: &Bytes| {
        zset.and_then(|z| z.score(member))
            .map_or(Value::Null, Value::Double)
    };
    Ok(Value::array(args.from(1).iter().map(score)))
}

/// `ZRANK key member [WITHSCORE]`
fn zrank(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    rank(cx, args, false, "zrank")
}

/// `ZREVRANK key member [WITHSCORE]`
fn zrevrank(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    rank(cx, args, true, "zrevrank")
}

fn rank(cx: &mut Cx<'_>, args: &Args<'_>, reverse: bool, command: &'static str) -> Answer {
    let with_score = match args.from(2) {
        [] => false,
        [word] if is(word, "WITHSCORE") => true,
        [_] => return Err(Refusal::Syntax),
        _ => return Err(Refusal::Arity(command)),
    };
    let none = if with_score {
        Value::NullArray
    } else {
        Value::Null
    };
    let Some(zset) = cx.read::<Zset>(args.key(0))? else {
        return Ok(none);
    };
    let Some((rank, score)) = zset.rank(&args[1]).zip(zset.score(&args[1])) else {
        return Ok(none);
    };
    let rank = Value::from(if reverse { zset.len() - 1 - rank } else { rank });
    Ok(if with_score {
        Value::Array(vec![rank, Value::Double(score)])
    } else {
        rank
    })
}

/// `ZRANDMEMBER key [count [WITHSCORES]]`
fn zrandmember(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let key = args.key(0);
    if args.len() == 1 {
        let len = cx.read::<Zset>(key)?.map_or(0, Zset::len);
        if len == 0 {
            return Ok(Value::Null);
        }
        let at = cx.pick(len, Choice::RandomMember);
        let found = cx.peek_as::<Zset>(key)?.and_then(|zset| zset.at(at));
        return Ok(found.map_or(Value::Null, |(member, _)| bulk(member)));
    }
    let count = super::random_count(&args[1])?;
    let scores = match args.from(2) {
        [] => false,
        [word] if is(word, "WITHSCORES") => true,
        _ => return Err(Refusal::Syntax),
    };
    let half = i64::MAX / 2;
    if scores && !(-half..=half).contains(&count) {
        return Err(Refusal::OutOfRange);
    }
    let len = cx.read::<Zset>(key)?.map_or(0, Zset::len);
    let places = super::random_places(cx, len, count);
    let resp3 = cx.resp3();
    let Some(zset) = cx.peek_as::<Zset>(key)? else {
        return Ok(Value::Array(Vec::new()));
    };
    Ok(with_scores(
        places.into_iter().filter_map(|at| zset.at(at)),
        scores,
        resp3,
    ))
}

/// `ZSCAN key cursor [MATCH pattern] [COUNT count]`
fn zscan(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let from = cursor(&args[1])?;
    let Some(zset) = cx.read::<Zset>(args.key(0))? else {
        return Ok(scan_reply(0, Vec::new()));
    };
    let options = ScanOptions::parse(args, 2, (false, false))?;
    // Of a large one Redis shows as many digits as a double has.
    let large = zset.is_large();
    let score = |score: f64| match large {
        true => Value::bulk(crate::number::general(score, 17)),
        false => Value::bulk(redwind_resp::format_double(score)),
    };
    let mut items = Vec::new();
    let mut add = |(member, value): (Text<'_>, f64)| {
        if options.matches(&member) {
            items.extend([bulk(member), score(value)]);
        }
    };
    let mut next = 0;
    if zset.is_large() {
        let (places, bottom) = scan_places(from, options.count, zset.len());
        next = bottom;
        places.filter_map(|at| zset.at(at)).for_each(&mut add);
    } else {
        zset.iter().for_each(&mut add);
    }
    Ok(scan_reply(next, items))
}
