//! Sorted sets.

use std::ops::Range;

use triomphe::Arc;

use super::ranked::{Ranked, order};
use crate::Config;
use crate::blob::Blob;
use crate::packed::{Packed, Text, Walk};

/// Small sorted sets are packed; others are searched by hash and by order.
#[derive(Clone)]
pub(crate) enum Zset {
    /// By score, then by member; each is the score and the member, as [`written`].
    Few(Packed),
    Many(Arc<Ranked>),
}

impl Default for Zset {
    fn default() -> Zset {
        Zset::Few(Packed::default())
    }
}

/// A score and a member in one string: how many bytes of the score are not zero, those, and the member. Of whole numbers
/// the last bytes are zero, so that most scores take three bytes and not eight.
fn written(score: f64, member: &[u8]) -> Vec<u8> {
    let bytes = score.to_be_bytes();
    let zeros = bytes.iter().rev().take_while(|byte| **byte == 0).count();
    let bytes = &bytes[..bytes.len() - zeros];
    [&[bytes.len() as u8], bytes, member].concat()
}

fn read(item: &[u8]) -> (&[u8], f64) {
    let (len, rest) = item.split_first().unwrap_or((&0, item));
    let (score, member) = rest
        .split_at_checked(usize::from(*len))
        .unwrap_or((&[], rest));
    let mut bytes = [0; 8];
    bytes[..score.len()].copy_from_slice(score);
    (member, f64::from_be_bytes(bytes))
}

/// The items of a small set in order.
fn items(packed: &Packed) -> impl DoubleEndedIterator<Item = (Text<'_>, f64)> {
    packed.iter().map(|item| {
        let (member, score) = read(item);
        (Text::Packed(member), score)
    })
}

/// The place of a member in a small set, and its score.
fn find(packed: &Packed, member: &[u8]) -> Option<(usize, f64)> {
    let mut items = packed.iter().map(read).enumerate();
    let (at, (_, score)) = items.find(|(_, (known, _))| *known == member)?;
    Some((at, score))
}

impl Zset {
    pub(crate) fn len(&self) -> usize {
        match self {
            Zset::Few(packed) => packed.len(),
            Zset::Many(ranked) => ranked.len(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn encoding(&self) -> &'static str {
        match self {
            Zset::Few(_) => "listpack",
            Zset::Many(ranked) => ranked.encoding(),
        }
    }

    pub(crate) fn is_large(&self) -> bool {
        match self {
            Zset::Few(_) => false,
            Zset::Many(ranked) => ranked.is_large(),
        }
    }

    /// About what it takes in memory.
    pub(crate) fn footprint(&self) -> usize {
        match self {
            Zset::Few(packed) => packed.iter().map(|item| 11 + read(item).0.len()).sum(),
            Zset::Many(ranked) => ranked.footprint(),
        }
    }

    pub(crate) fn score(&self, member: &[u8]) -> Option<f64> {
        match self {
            Zset::Few(packed) => find(packed, member).map(|(_, score)| score),
            Zset::Many(ranked) => ranked.score(member),
        }
    }

    /// An empty set that does not take the compact form before it is [settled](Zset::settle).
    pub(crate) fn spread_out() -> Zset {
        let mut zset = Zset::default();
        zset.outgrow();
        zset
    }

    /// Leaves the compact form, for good.
    pub(crate) fn outgrow(&mut self) {
        self.spread().outgrow();
    }

    /// It in the form that can hold everything, to be changed.
    fn spread(&mut self) -> &mut Ranked {
        if let Zset::Few(packed) = self {
            let ranked = Ranked::new(packed.iter().map(read));
            *self = Zset::Many(Arc::new(ranked));
        }
        match self {
            Zset::Many(ranked) => Arc::make_mut(ranked),
            Zset::Few(_) => unreachable!("it has just been spread"),
        }
    }

    /// Takes the compact form if it fits, for a set that was made as a whole.
    pub(crate) fn settle(self, config: &Config) -> Zset {
        let mut settled = Zset::default();
        for (member, score) in self.iter() {
            settled.set(&member, score, config);
        }
        // What never was compact has its negative zeros still.
        if settled.is_large() { self } else { settled }
    }

    /// Prepares for so many members to come at once; Redis does not look whether they differ. A new set is made for the
    /// length of the first.
    pub(crate) fn prepare(&mut self, count: usize, first: usize, config: &Config) {
        let exceeds = |size: usize, limit| i64::try_from(size).is_ok_and(|size| size > limit);
        if exceeds(count, config.zset_max_listpack_entries)
            || (self.is_empty() && exceeds(first, config.zset_max_listpack_value))
        {
            self.outgrow();
        }
    }

    /// Sets a member's score; gives the old one.
    pub(crate) fn set(&mut self, member: &[u8], score: f64, config: &Config) -> Option<f64> {
        if let Zset::Few(packed) = self {
            // The compact form stores whole scores as integers, which know no negative zero.
            let score = if score == 0.0 { 0.0 } else { score };
            let old = find(packed, member);
            if old.is_some_and(|(_, old)| old == score) {
                return Some(score);
            }
            let len = packed.len() + usize::from(old.is_none());
            if len as i64 <= config.zset_max_listpack_entries
                && member.len() as i64 <= config.zset_max_listpack_value
            {
                let mut changed = packed.clone();
                if let Some((at, _)) = old {
                    changed.splice(at, 1, &[]);
                }
                let before = |item: &&[u8]| {
                    let (known, at) = read(item);
                    order((at, known), (score, member)).is_lt()
                };
                let at = changed.iter().take_while(before).count();
                if changed.splice(at, 0, &[&written(score, member)]) {
                    *packed = changed;
                    return old.map(|(_, score)| score);
                }
            }
        }
        self.spread().set(member, score, config)
    }

    /// Removes a member; gives its score.
    pub(crate) fn remove(&mut self, member: &[u8]) -> Option<f64> {
        match self {
            Zset::Few(packed) => {
                let (at, score) = find(packed, member)?;
                packed.splice(at, 1, &[]);
                Some(score)
            }
            Zset::Many(ranked) => Arc::make_mut(ranked).remove(member),
        }
    }

    /// How many items come before the first that is not `before`; `before` must hold for a prefix.
    pub(crate) fn count_before(&self, before: impl Fn(f64, &[u8]) -> bool) -> usize {
        match self {
            Zset::Few(packed) => {
                let items = packed.iter().map(read);
                items
                    .take_while(|(member, score)| before(*score, member))
                    .count()
            }
            Zset::Many(ranked) => ranked.count_before(before),
        }
    }

    /// How many members come before this one.
    pub(crate) fn rank(&self, member: &[u8]) -> Option<usize> {
        match self {
            Zset::Few(packed) => find(packed, member).map(|(at, _)| at),
            Zset::Many(ranked) => ranked.rank(member),
        }
    }

    /// The items at these ranks, in order.
    pub(crate) fn range(&self, ranks: Range<usize>) -> impl Iterator<Item = (Text<'_>, f64)> {
        match self {
            Zset::Few(packed) => Walk::Few(items(packed).skip(ranks.start).take(ranks.len())),
            Zset::Many(ranked) => Walk::Many(ranked.range(ranks).map(own)),
        }
    }

    /// The items at these ranks, the last first.
    pub(crate) fn range_back(&self, ranks: Range<usize>) -> impl Iterator<Item = (Text<'_>, f64)> {
        match self {
            Zset::Few(packed) => {
                let above = packed.len().saturating_sub(ranks.end);
                Walk::Few(items(packed).rev().skip(above).take(ranks.len()))
            }
            Zset::Many(ranked) => Walk::Many(ranked.range_back(ranks).map(own)),
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Text<'_>, f64)> {
        self.range(0..self.len())
    }

    /// In no order that means anything, for random picks and scans.
    pub(crate) fn at(&self, index: usize) -> Option<(Text<'_>, f64)> {
        match self {
            Zset::Few(packed) => items(packed).nth(index),
            Zset::Many(ranked) => ranked.at(index).map(own),
        }
    }
}

fn own((member, score): (&Blob, f64)) -> (Text<'_>, f64) {
    (Text::Own(member), score)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::draws;

    #[test]
    fn a_packed_sorted_set_is_a_spread_one_in_every_answer() {
        let (config, mut draw) = (Config::default(), draws());
        let items = |items: &mut dyn Iterator<Item = (Text<'_>, f64)>| -> Vec<_> {
            items
                .map(|(member, score)| (member.to_blob(), score))
                .collect()
        };
        for _ in 0..300 {
            let (mut few, mut many) = (Zset::default(), Zset::default());
            many.spread();
            let (members, longest) = (1 + draw(60), 1 + draw(70));
            for _ in 0..draw(150) {
                let member = format!("{}{}", draw(members), "m".repeat(draw(longest) / 60 * 40));
                let member = member.as_bytes();
                if draw(4) > 0 {
                    let scores = [
                        -2.5,
                        0.1,
                        1.0,
                        1.5,
                        1e300,
                        f64::INFINITY,
                        1_795_328_478_123.0,
                    ];
                    let score = draw(10) as f64 - scores[draw(scores.len())];
                    let old = few.set(member, score, &config);
                    assert_eq!(old, many.set(member, score, &config));
                } else {
                    assert_eq!(few.remove(member), many.remove(member));
                }
                assert_eq!(few.score(member), many.score(member));
                assert_eq!(few.rank(member), many.rank(member));
                assert_eq!(few.encoding(), many.encoding());
                assert_eq!(few.footprint(), many.footprint());
                assert_eq!((few.len(), few.is_large()), (many.len(), many.is_large()));
                let below = |score: f64, _: &[u8]| score < 0.5;
                assert_eq!(few.count_before(below), many.count_before(below));
            }
            assert_eq!(items(&mut few.iter()), items(&mut many.iter()));
            let start = draw(20);
            let ranks = start..start + draw(9);
            assert_eq!(
                items(&mut few.range(ranks.clone())),
                items(&mut many.range(ranks.clone()))
            );
            let end = ranks.end.min(few.len());
            let ranks = ranks.start.min(end)..end;
            let back = |zset: &Zset| items(&mut zset.range_back(ranks.clone()));
            assert_eq!(back(&few), back(&many));
        }
    }
}
