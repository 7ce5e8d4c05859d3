//! Sorted sets: members by hash with their scores, and all of them in order.

use std::cmp::Ordering;
use std::ops::Range;

use crate::Config;
use crate::blob::Blob;
use crate::db::Map;

/// The order is kept in chunks, so that an insertion moves few members.
const CHUNK: usize = 256;

type Item = (f64, Blob);

#[derive(Clone, Default)]
pub(crate) struct Zset {
    scores: Map<f64>,
    /// By score, then by member; no chunk is empty.
    chunks: Vec<Vec<Item>>,
    /// It has outgrown the compact form.
    large: bool,
    bytes: usize,
}

fn order(a: (f64, &[u8]), b: (f64, &[u8])) -> Ordering {
    // Scores are never NaN; zeros of either sign are equal.
    a.0.partial_cmp(&b.0)
        .unwrap_or(Ordering::Equal)
        .then_with(|| a.1.cmp(b.1))
}

impl Zset {
    pub(crate) fn len(&self) -> usize {
        self.scores.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.scores.is_empty()
    }

    pub(crate) fn encoding(&self) -> &'static str {
        if self.large { "skiplist" } else { "listpack" }
    }

    pub(crate) fn is_large(&self) -> bool {
        self.large
    }

    /// About what it takes in memory.
    pub(crate) fn footprint(&self) -> usize {
        self.bytes + self.scores.len() * if self.large { 90 } else { 11 }
    }

    pub(crate) fn score(&self, member: &[u8]) -> Option<f64> {
        self.scores.get(member).copied()
    }

    /// An empty set that does not take the compact form before it is [settled](Zset::settle).
    pub(crate) fn spread() -> Zset {
        Zset {
            large: true,
            ..Zset::default()
        }
    }

    /// Leaves the compact form, for good.
    pub(crate) fn outgrow(&mut self) {
        self.large = true;
    }

    /// Takes the compact form if it fits, for a set that was made as a whole.
    pub(crate) fn settle(self, config: &Config) -> Zset {
        let mut settled = Zset::default();
        for (member, score) in self.iter() {
            settled.set(member, score, config);
        }
        settled
    }

    /// Sets a member's score; gives the old one.
    pub(crate) fn set(&mut self, member: &[u8], score: f64, config: &Config) -> Option<f64> {
        // The compact form stores whole scores as integers, which know no negative zero.
        let score = if score == 0.0 && !self.large {
            0.0
        } else {
            score
        };
        let old = self.scores.insert(Blob::new(member), score);
        match old {
            Some(old) if old == score => return Some(old),
            Some(old) => self.unlink(old, member),
            None => {
                self.bytes += member.len();
                self.large |= self.scores.len() as i64 > config.zset_max_listpack_entries
                    || member.len() as i64 > config.zset_max_listpack_value;
            }
        }
        self.link(score, Blob::new(member));
        old
    }

    /// Removes a member; gives its score.
    pub(crate) fn remove(&mut self, member: &[u8]) -> Option<f64> {
        let score = self.scores.swap_remove(member)?;
        self.unlink(score, member);
        self.bytes -= member.len();
        Some(score)
    }

    fn link(&mut self, score: f64, member: Blob) {
        let chunk = self.chunk_of(score, &member);
        let Some(items) = self.chunks.get_mut(chunk) else {
            self.chunks.push(vec![(score, member)]);
            return;
        };
        let at = items.partition_point(|(s, m)| order((*s, m), (score, &member)) == Ordering::Less);
        items.insert(at, (score, member));
        if items.len() > CHUNK {
            let upper = items.split_off(CHUNK / 2);
            self.chunks.insert(chunk + 1, upper);
        }
    }

    fn unlink(&mut self, score: f64, member: &[u8]) {
        let chunk = self.chunk_of(score, member);
        let Some(items) = self.chunks.get_mut(chunk) else {
            return;
        };
        let at = items.partition_point(|(s, m)| order((*s, m), (score, member)) == Ordering::Less);
        if items.get(at).is_some_and(|(_, m)| m.as_slice() == member) {
            items.remove(at);
        }
        if items.is_empty() {
            self.chunks.remove(chunk);
        }
    }

    /// The chunk in which this belongs: the first whose last item is not below it, else the last one.
    fn chunk_of(&self, score: f64, member: &[u8]) -> usize {
        let below = |items: &Vec<Item>| {
            items
                .last()
                .is_some_and(|(s, m)| order((*s, m), (score, member)) == Ordering::Less)
        };
        let chunk = self.chunks.partition_point(below);
        chunk.min(self.chunks.len().saturating_sub(1))
    }

    /// How many items come before the first that is not `before`; `before` must hold for a prefix.
    pub(crate) fn count_before(&self, before: impl Fn(f64, &[u8]) -> bool) -> usize {
        let chunk = self
            .chunks
            .partition_point(|items| items.last().is_some_and(|(s, m)| before(*s, m)));
        let whole: usize = self.chunks[..chunk].iter().map(Vec::len).sum();
        let part = self
            .chunks
            .get(chunk)
            .map_or(0, |items| items.partition_point(|(s, m)| before(*s, m)));
        whole + part
    }

    /// How many members come before this one.
    pub(crate) fn rank(&self, member: &[u8]) -> Option<usize> {
        let score = self.score(member)?;
        Some(self.count_before(|s, m| order((s, m), (score, member)) == Ordering::Less))
    }

    /// The items at these ranks, in order.
    pub(crate) fn range(&self, ranks: Range<usize>) -> impl Iterator<Item = (&Blob, f64)> {
        let (chunk, offset) = self.locate(ranks.start);
        let items = self.chunks.get(chunk..).unwrap_or(&[]).iter().flatten();
        items
            .skip(offset)
            .take(ranks.len())
            .map(|(score, member)| (member, *score))
    }

    /// The items at these ranks, the last first.
    pub(crate) fn range_back(&self, ranks: Range<usize>) -> impl Iterator<Item = (&Blob, f64)> {
        let end = ranks.end.min(self.len());
        let (chunk, offset) = self.locate(end);
        let upper = self
            .chunks
            .get(chunk)
            .map_or(&[][..], |items| &items[..offset]);
        let lower = self
            .chunks
            .get(..chunk)
            .unwrap_or(&[])
            .iter()
            .rev()
            .flat_map(|i| i.iter().rev());
        let items = upper.iter().rev().chain(lower);
        items
            .take(ranks.len())
            .map(|(score, member)| (member, *score))
    }

    /// The chunk that holds a rank, and the place in it.
    fn locate(&self, rank: usize) -> (usize, usize) {
        let mut left = rank;
        for (at, items) in self.chunks.iter().enumerate() {
            if left < items.len() {
                return (at, left);
            }
            left -= items.len();
        }
        (self.chunks.len(), 0)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Blob, f64)> {
        self.chunks
            .iter()
            .flatten()
            .map(|(score, member)| (member, *score))
    }

    /// By hash, for random picks and scans.
    pub(crate) fn at(&self, index: usize) -> Option<(&Blob, f64)> {
        self.scores
            .get_index(index)
            .map(|(member, score)| (member, *score))
    }
}
