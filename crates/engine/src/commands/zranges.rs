//! Ranges of sorted sets: by rank, by score, by name.

use std::ops::Range;

use redwind_resp::Value;

use crate::Refusal;
use crate::args::{Args, c_text, is};
use crate::commands::lists::span;
use crate::commands::sets::replace;
use crate::commands::zsets::with_scores;
use crate::cx::Cx;
use crate::db::Kind;
use crate::number::{parse_border, parse_int};
use crate::packed::Text;
use crate::table::Answer;
use crate::types::Zset;

/// What a range is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Rank,
    Score,
    Lex,
}

/// One border of a range; the number or name itself may belong to it or not.
struct Border<T> {
    at: T,
    included: bool,
}

fn score_border(text: &[u8]) -> Result<Border<f64>, Refusal> {
    let (text, included) = match c_text(text) {
        [b'(', rest @ ..] => (rest, false),
        text => (text, true),
    };
    let at = parse_border(text).ok_or_else(|| Refusal::err("min or max is not a float"))?;
    Ok(Border { at, included })
}

/// A name, or before or after all names.
enum Name<'a> {
    First,
    Last,
    At(&'a [u8]),
}

fn lex_border(text: &[u8]) -> Result<Border<Name<'_>>, Refusal> {
    match text {
        _ if c_text(text) == b"-" => Ok(Border {
            at: Name::First,
            included: true,
        }),
        _ if c_text(text) == b"+" => Ok(Border {
            at: Name::Last,
            included: true,
        }),
        [b'[', rest @ ..] => Ok(Border {
            at: Name::At(rest),
            included: true,
        }),
        [b'(', rest @ ..] => Ok(Border {
            at: Name::At(rest),
            included: false,
        }),
        _ => Err(Refusal::err("min or max not valid string range item")),
    }
}

impl Border<Name<'_>> {
    /// Whether a name comes before the range that starts here.
    fn excludes_from_start(&self, name: &[u8]) -> bool {
        match self.at {
            Name::First => false,
            Name::Last => true,
            Name::At(at) => {
                if self.included {
                    name < at
                } else {
                    name <= at
                }
            }
        }
    }

    /// Whether no name can be between this start and that end.
    fn is_past(&self, end: &Border<Name<'_>>) -> bool {
        match (&self.at, &end.at) {
            (Name::Last, Name::Last) | (Name::First, _) => false,
            (Name::Last, _) | (_, Name::First) => true,
            (_, Name::Last) => false,
            (Name::At(min), Name::At(max)) => {
                min > max || (min == max && !(self.included && end.included))
            }
        }
    }

    /// Whether a name is still within the range that ends here.
    fn reaches(&self, name: &[u8]) -> bool {
        match self.at {
            Name::First => false,
            Name::Last => true,
            Name::At(at) => {
                if self.included {
                    name <= at
                } else {
                    name < at
                }
            }
        }
    }
}

/// Whether a range of names and the ends of a sorted set overlap.
fn touches(zset: &Zset, min: &Border<Name<'_>>, max: &Border<Name<'_>>) -> bool {
    let name_at = |rank: usize| zset.range(rank..rank + 1).next();
    let above = |(name, _): (Text<'_>, f64)| !min.excludes_from_start(&name);
    let within = |(name, _): (Text<'_>, f64)| max.reaches(&name);
    let last = zset.len().saturating_sub(1);
    !min.is_past(max) && name_at(last).is_some_and(above) && name_at(0).is_some_and(within)
}

/// Where scores differ, a range of names means nothing; the compact form then gives the run of members
/// that Redis meets: from the first that is not below, or back from the last that is not above.
fn lex_walk(
    zset: &Zset,
    min: &Border<Name<'_>>,
    max: &Border<Name<'_>>,
    reverse: bool,
) -> (usize, usize) {
    let names: Vec<&[u8]> = zset.iter().map(|(member, _)| member.as_slice()).collect();
    let (above, within) = (
        |name: &[u8]| !min.excludes_from_start(name),
        |name: &[u8]| max.reaches(name),
    );
    if reverse {
        let end = names
            .iter()
            .rposition(|name| within(name))
            .map_or(0, |at| at + 1);
        let run = names[..end]
            .iter()
            .rev()
            .take_while(|name| above(name))
            .count();
        (end - run, end)
    } else {
        let start = names
            .iter()
            .position(|name| above(name))
            .unwrap_or(names.len());
        let run = names[start..]
            .iter()
            .take_while(|name| within(name))
            .count();
        (start, start + run)
    }
}

/// The borders of a range, read before the key is looked up.
enum Borders<'a> {
    Rank(i64, i64),
    Score(Border<f64>, Border<f64>),
    Lex(Border<Name<'a>>, Border<Name<'a>>),
}

impl<'a> Borders<'a> {
    fn parse(by: By, min: &'a [u8], max: &'a [u8]) -> Result<Borders<'a>, Refusal> {
        let int = |text: &[u8]| parse_int(text).ok_or(Refusal::NotAnInteger);
        Ok(match by {
            By::Rank => Borders::Rank(int(min)?, int(max)?),
            By::Score => Borders::Score(score_border(min)?, score_border(max)?),
            By::Lex => Borders::Lex(lex_border(min)?, lex_border(max)?),
        })
    }

    /// The ranks, counted from the lowest, that are within the range.
    fn ranks(&self, zset: &Zset, reverse: bool) -> Range<usize> {
        let (start, end) = match self {
            Borders::Rank(start, stop) => {
                let Some(span) = span(*start, *stop, zset.len()) else {
                    return 0..0;
                };
                if reverse {
                    (zset.len() - span.end, zset.len() - span.start)
                } else {
                    (span.start, span.end)
                }
            }
            Borders::Score(min, max) => (
                zset.count_before(|s, _| s < min.at || (s == min.at && !min.included)),
                zset.count_before(|s, _| s < max.at || (s == max.at && max.included)),
            ),
            Borders::Lex(min, max) if !touches(zset, min, max) => (0, 0),
            Borders::Lex(min, max) if !zset.is_large() => lex_walk(zset, min, max, reverse),
            Borders::Lex(min, max) => (
                zset.count_before(|_, name| min.excludes_from_start(name)),
                zset.count_before(|_, name| max.reaches(name)),
            ),
        };
        start..end.max(start)
    }
}

/// A whole range query.
struct Query<'a> {
    borders: Borders<'a>,
    reverse: bool,
    offset: i64,
    limit: i64,
    scores: bool,
}

/// What a command fixes, and what its options may choose.
#[derive(Clone, Copy)]
struct Fixed {
    by: Option<By>,
    reverse: Option<bool>,
    scores: bool,
}

impl<'a> Query<'a> {
    /// Reads the borders at `at` and the options after them.
    fn parse(args: &Args<'a>, at: usize, fixed: Fixed) -> Result<Query<'a>, Refusal> {
        let (mut by, mut reverse) = (fixed.by, fixed.reverse);
        let (mut offset, mut limit, mut scores) = (0, -1, false);
        let mut next = at + 2;
        while let Some(word) = args.get(next) {
            if fixed.scores && is(word, "WITHSCORES") {
                scores = true;
            } else if is(word, "LIMIT") && next + 2 < args.len() {
                offset = args.int(next + 1)?;
                limit = args.int(next + 2)?;
                next += 2;
            } else if reverse.is_none() && is(word, "REV") {
                reverse = Some(true);
            } else if by.is_none() && is(word, "BYLEX") {
                by = Some(By::Lex);
            } else if by.is_none() && is(word, "BYSCORE") {
                by = Some(By::Score);
            } else {
                return Err(Refusal::Syntax);
            }
            next += 1;
        }
        let (by, reverse) = (by.unwrap_or(By::Rank), reverse.unwrap_or(false));
        if limit != -1 && by == By::Rank {
            return Err(Refusal::err(
                "syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX",
            ));
        }
        if scores && by == By::Lex {
            return Err(Refusal::err(
                "syntax error, WITHSCORES not supported in combination with BYLEX",
            ));
        }
        let (first, second) = (args.key(at), args.key(at + 1));
        let swapped = reverse && by != By::Rank;
        let (min, max) = if swapped {
            (second, first)
        } else {
            (first, second)
        };
        Ok(Query {
            borders: Borders::parse(by, min, max)?,
            reverse,
            offset,
            limit,
            scores,
        })
    }

    /// The ranks within the range and the limit.
    fn ranks(&self, zset: &Zset) -> Range<usize> {
        let ranks = self.borders.ranks(zset, self.reverse);
        let Ok(offset) = usize::try_from(self.offset) else {
            return 0..0;
        };
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let (start, end) = (ranks.start, ranks.end);
        if self.reverse {
            let end = end.saturating_sub(offset).max(start);
            end.saturating_sub(limit).max(start)..end
        } else {
            let start = start.saturating_add(offset).min(end);
            start..start.saturating_add(limit).min(end)
        }
    }
}

fn query(cx: &mut Cx<'_>, args: &Args<'_>, fixed: Fixed) -> Answer {
    let query = Query::parse(args, 1, fixed)?;
    let resp3 = cx.resp3();
    let Some(zset) = cx.read::<Zset>(args.key(0))? else {
        return Ok(Value::Array(Vec::new()));
    };
    let ranks = query.ranks(zset);
    Ok(if query.reverse {
        with_scores(zset.range_back(ranks), query.scores, resp3)
    } else {
        with_scores(zset.range(ranks), query.scores, resp3)
    })
}

const fn fixed(by: By, reverse: bool) -> Fixed {
    Fixed {
        by: Some(by),
        reverse: Some(reverse),
        scores: true,
    }
}

/// `ZRANGE key start stop [BYSCORE | BYLEX] [REV] [LIMIT offset count] [WITHSCORES]`
pub(super) fn zrange(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    query(
        cx,
        args,
        Fixed {
            by: None,
            reverse: None,
            scores: true,
        },
    )
}

/// `ZREVRANGE key start stop [WITHSCORES]`
pub(super) fn zrevrange(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    query(cx, args, fixed(By::Rank, true))
}

/// `ZRANGEBYSCORE key min max [WITHSCORES] [LIMIT offset count]`
pub(super) fn zrangebyscore(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    query(cx, args, fixed(By::Score, false))
}

/// `ZREVRANGEBYSCORE key max min [WITHSCORES] [LIMIT offset count]`
pub(super) fn zrevrangebyscore(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    query(cx, args, fixed(By::Score, true))
}

/// `ZRANGEBYLEX key min max [LIMIT offset count]`
pub(super) fn zrangebylex(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    query(cx, args, fixed(By::Lex, false))
}

/// `ZREVRANGEBYLEX key max min [LIMIT offset count]`
pub(super) fn zrevrangebylex(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    query(cx, args, fixed(By::Lex, true))
}

/// `ZRANGESTORE dst src min max [BYSCORE | BYLEX] [REV] [LIMIT offset count]`
pub(super) fn zrangestore(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    let query = Query::parse(
        args,
        2,
        Fixed {
            by: None,
            reverse: None,
            scores: false,
        },
    )?;
    let config = cx.engine.config.clone();
    let mut result = Zset::default();
    if let Some(zset) = cx.read::<Zset>(args.key(1))? {
        for (member, score) in zset.range(query.ranks(zset)) {
            result.set(&member, score, &config);
        }
    }
    let len = result.len();
    replace(
        cx,
        args.key(0),
        (len > 0).then(|| result.wrap()),
        "zrangestore",
    );
    Ok(Value::from(len))
}

fn count(cx: &mut Cx<'_>, args: &Args<'_>, by: By) -> Answer {
    let borders = Borders::parse(by, &args[1], &args[2])?;
    let zset = cx.read::<Zset>(args.key(0))?;
    Ok(Value::from(
        zset.map_or(0, |zset| borders.ranks(zset, false).len()),
    ))
}

/// `ZCOUNT key min max`
pub(super) fn zcount(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    count(cx, args, By::Score)
}

/// `ZLEXCOUNT key min max`
pub(super) fn zlexcount(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    count(cx, args, By::Lex)
}

fn remove(cx: &mut Cx<'_>, args: &Args<'_>, by: By, event: &'static str) -> Answer {
    let borders = Borders::parse(by, &args[1], &args[2])?;
    let Some(mut edit) = cx.edit::<Zset>(args.key(0))? else {
        return Ok(Value::Int(0));
    };
    let ranks = borders.ranks(&edit, false);
    let members: Vec<_> = edit
        .range(ranks)
        .map(|(member, _)| member.to_blob())
        .collect();
    for member in &members {
        edit.remove(member);
    }
    if !members.is_empty() {
        edit.changed(event);
        edit.add_dirty(members.len() - 1);
    }
    Ok(Value::from(members.len()))
}

/// `ZREMRANGEBYRANK key start stop`
pub(super) fn zremrangebyrank(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    remove(cx, args, By::Rank, "zremrangebyrank")
}

/// `ZREMRANGEBYSCORE key min max`
pub(super) fn zremrangebyscore(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    remove(cx, args, By::Score, "zremrangebyscore")
}

/// `ZREMRANGEBYLEX key min max`
pub(super) fn zremrangebylex(cx: &mut Cx<'_>, args: &Args<'_>) -> Answer {
    remove(cx, args, By::Lex, "zremrangebylex")
}
