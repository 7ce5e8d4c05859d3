//! The members of a sorted set that is not small: by hash with their scores, and all of them in order.

use std::cmp::Ordering;
use std::ops::Range;

use crate::Config;
use crate::blob::Blob;
use crate::map::Map;

/// The order is kept in chunks, so that an insertion moves few members.
const CHUNK: usize = 256;

/// Where there are more chunks than this, so many of them are counted together, so that a rank is found in few steps.
const BLOCK: usize = 64;

type Item = (f64, Blob);

#[derive(Clone, Default)]
pub(crate) struct Ranked {
    scores: Map<f64>,
    /// By score, then by member; no chunk is empty.
    chunks: Vec<Vec<Item>>,
    /// How many items each block of chunks holds; empty while there are few chunks.
    blocks: Vec<usize>,
    /// It has outgrown the compact form.
    large: bool,
    bytes: usize,
}

pub(super) fn order(a: (f64, &[u8]), b: (f64, &[u8])) -> Ordering {
    // Scores are never NaN; zeros of either sign are equal.
    a.0.partial_cmp(&b.0)
        .unwrap_or(Ordering::Equal)
        .then_with(|| a.1.cmp(b.1))
}

impl Ranked {
    pub(crate) fn len(&self) -> usize {
        self.scores.len()
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

    /// A set of members with their scores.
    pub(crate) fn new<'m>(members: impl Iterator<Item = (&'m [u8], f64)>) -> Ranked {
        let mut ranked = Ranked::default();
        for (member, score) in members {
            ranked.bytes += member.len();
            ranked.scores.insert(Blob::new(member), score);
            ranked.link(score, Blob::new(member));
        }
        ranked
    }

    /// Leaves the compact form, for good.
    pub(crate) fn outgrow(&mut self) {
        self.large = true;
    }

    /// Sets a member's score; gives the old one.
    pub(crate) fn set(&mut self, member: &[u8], score: f64, config: &Config) -> Option<f64> {
        // It leaves the compact form before a member comes that does not fit.
        if !self.large && !self.scores.contains(member) {
            self.large = self.scores.len() as i64 >= config.zset_max_listpack_entries
                || member.len() as i64 > config.zset_max_listpack_value;
        }
        // The compact form stores whole scores as integers, which know no negative zero.
        let score = if score == 0.0 && !self.large {
            0.0
        } else {
            score
        };
        let (_, old) = self.scores.insert(Blob::new(member), score);
        match old {
            Some(old) if old == score => return Some(old),
            Some(old) => self.unlink(old, member),
            None => self.bytes += member.len(),
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
            self.recount(chunk);
            return;
        };
        let at = items.partition_point(|(s, m)| order((*s, m), (score, &member)) == Ordering::Less);
        items.insert(at, (score, member));
        if items.len() > CHUNK {
            let upper = items.split_off(CHUNK / 2);
            self.chunks.insert(chunk + 1, upper);
            self.recount(chunk);
        } else if let Some(count) = self.blocks.get_mut(chunk / BLOCK) {
            *count += 1;
        }
    }

    /// Counts the blocks again from that of a chunk on, after chunks have moved.
    fn recount(&mut self, chunk: usize) {
        if self.chunks.len() <= BLOCK {
            self.blocks.clear();
            return;
        }
        let from = (chunk / BLOCK).min(self.blocks.len());
        self.blocks.truncate(from);
        let blocks = self.chunks[from * BLOCK..].chunks(BLOCK);
        self.blocks
            .extend(blocks.map(|chunks| chunks.iter().map(Vec::len).sum::<usize>()));
    }

    fn unlink(&mut self, score: f64, member: &[u8]) {
        let chunk = self.chunk_of(score, member);
        let Some(items) = self.chunks.get_mut(chunk) else {
            return;
        };
        let at = items.partition_point(|(s, m)| order((*s, m), (score, member)) == Ordering::Less);
        if items.get(at).is_some_and(|(_, m)| m.as_slice() == member) {
            items.remove(at);
            if let Some(count) = self.blocks.get_mut(chunk / BLOCK) {
                *count -= 1;
            }
        }
        if items.is_empty() {
            self.chunks.remove(chunk);
            self.recount(chunk);
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
        let block = (chunk / BLOCK).min(self.blocks.len());
        let blocks: usize = self.blocks[..block].iter().sum();
        let chunks = &self.chunks[block * BLOCK..chunk];
        let whole = blocks + chunks.iter().map(Vec::len).sum::<usize>();
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
        let (mut left, mut block) = (rank, 0);
        while let Some(count) = self.blocks.get(block)
            && left >= *count
        {
            left -= count;
            block += 1;
        }
        for (at, items) in self.chunks.iter().enumerate().skip(block * BLOCK) {
            if left < items.len() {
                return (at, left);
            }
            left -= items.len();
        }
        (self.chunks.len(), 0)
    }

    /// By hash, for random picks and scans.
    pub(crate) fn at(&self, index: usize) -> Option<(&Blob, f64)> {
        self.scores
            .at(index)
            .map(|(member, score)| (member, *score))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_right_in_sets_of_many_blocks_while_they_grow_and_shrink() {
        let config = Config::default();
        let mut zset = Ranked::default();
        let count = CHUNK * BLOCK * 2;
        // 7919 shares no factor with the count, so every score comes once, in no order.
        let members = (0..count).map(|n| (n * 7919) % count);
        for score in members.clone() {
            zset.set(score.to_string().as_bytes(), score as f64, &config);
        }
        let check = |zset: &Ranked, expected: &[usize]| {
            let held: usize = zset.blocks.iter().sum();
            assert!(zset.blocks.is_empty() || held == expected.len());
            for (rank, score) in expected.iter().enumerate().step_by(97) {
                assert_eq!(zset.rank(score.to_string().as_bytes()), Some(rank));
                let at = zset.range(rank..rank + 1).next().map(|(_, score)| score);
                assert_eq!(at, Some(*score as f64));
            }
        };
        let mut expected: Vec<usize> = (0..count).collect();
        check(&zset, &expected);
        for (step, score) in members.enumerate() {
            assert_eq!(
                zset.remove(score.to_string().as_bytes()),
                Some(score as f64)
            );
            if step % 5_000 == 0 {
                expected.retain(|score| zset.score(score.to_string().as_bytes()).is_some());
                check(&zset, &expected);
            }
        }
        assert!(zset.len() == 0 && zset.chunks.is_empty() && zset.blocks.is_empty());
    }
}
