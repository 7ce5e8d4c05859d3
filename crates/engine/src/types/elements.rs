//! The elements of a list that is not small: in order, cheap at both ends.

use std::collections::VecDeque;

use super::list::End;
use crate::blob::Blob;

#[derive(Clone, Default)]
pub(crate) struct Elements {
    items: VecDeque<Blob>,
    /// What the elements would take in Redis's compact form.
    packed_len: usize,
    /// It has outgrown the compact form. It gets back there only when it has shrunk to half of the
    /// limit, as in Redis, so that it does not flip back and forth.
    large: bool,
}

/// What the compact form itself takes.
const PACKED_HEADER: usize = 7;

impl Elements {
    /// A list of elements in their order.
    pub(super) fn new<'l>(items: impl Iterator<Item = &'l [u8]>, large: bool) -> Elements {
        let items: VecDeque<Blob> = items.map(Blob::new).collect();
        Elements {
            packed_len: items.iter().map(packed).sum(),
            items,
            large,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    pub(crate) fn encoding(&self) -> &'static str {
        if self.large { "quicklist" } else { "listpack" }
    }

    /// About what it takes in memory.
    pub(crate) fn footprint(&self) -> usize {
        self.packed_len
    }

    pub(crate) fn get(&self, at: usize) -> Option<&Blob> {
        self.items.get(at)
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Blob> + ExactSizeIterator {
        self.items.iter()
    }

    pub(crate) fn range(&self, start: usize, end: usize) -> impl ExactSizeIterator<Item = &Blob> {
        self.items.range(start..end)
    }

    pub(crate) fn push(&mut self, end: End, item: Blob) {
        self.packed_len += packed(&item);
        match end {
            End::Left => self.items.push_front(item),
            End::Right => self.items.push_back(item),
        }
    }

    pub(crate) fn pop(&mut self, end: End) -> Option<Blob> {
        let item = match end {
            End::Left => self.items.pop_front(),
            End::Right => self.items.pop_back(),
        }?;
        self.packed_len -= packed(&item);
        Some(item)
    }

    /// Replaces an element.
    pub(crate) fn set(&mut self, at: usize, item: Blob) {
        self.packed_len += packed(&item);
        let old = std::mem::replace(&mut self.items[at], item);
        self.packed_len -= packed(&old);
    }

    /// Inserts before the element at this place.
    pub(crate) fn insert(&mut self, at: usize, item: Blob) {
        self.packed_len += packed(&item);
        self.items.insert(at, item);
    }

    /// Removes elements equal to this one: the first `count`, the last if it is negative, all if 0.
    pub(crate) fn remove(&mut self, count: i64, item: &[u8]) -> usize {
        let limit = if count == 0 {
            usize::MAX
        } else {
            count.unsigned_abs() as usize
        };
        let before = self.items.len();
        let mut left = limit;
        let mut gone = 0;
        let mut keep = |candidate: &Blob| {
            let hit = left > 0 && candidate.as_slice() == item;
            if hit {
                left -= 1;
                gone += packed(candidate);
            }
            !hit
        };
        if count < 0 {
            let mut kept: VecDeque<Blob> = VecDeque::with_capacity(before);
            while let Some(candidate) = self.items.pop_back() {
                if keep(&candidate) {
                    kept.push_front(candidate);
                }
            }
            self.items = kept;
        } else {
            self.items.retain(keep);
        }
        self.packed_len -= gone;
        before - self.items.len()
    }

    /// Keeps only the elements from `start` up to, not including, `end`.
    pub(crate) fn trim(&mut self, start: usize, end: usize) {
        self.items.truncate(end);
        self.items.drain(..start);
        self.packed_len = self.items.iter().map(packed).sum();
    }

    /// Decides the encoding as if so many elements of so many bytes had been added.
    pub(crate) fn prepare(&mut self, count: usize, bytes: usize, limit: i64) {
        let len = self.items.len() + count;
        self.large |= exceeds(len, self.packed_len + bytes, limit, 1);
    }

    /// Decides the encoding after elements were added or replaced.
    pub(crate) fn grown(&mut self, limit: i64) {
        if !self.large && exceeds(self.items.len(), self.packed_len, limit, 1) {
            self.large = true;
        }
    }

    /// Decides the encoding after elements were removed.
    pub(crate) fn shrunk(&mut self, limit: i64) {
        if self.large && !exceeds(self.items.len(), self.packed_len, limit, 2) {
            self.large = false;
        }
    }
}

/// Whether so many elements of so many bytes exceed this part of the limit for the compact form.
pub(super) fn exceeds(len: usize, bytes: usize, limit: i64, divisor: usize) -> bool {
    if limit >= 0 {
        // Even a limit of 0 lets one element in.
        return len > limit.unsigned_abs().max(1) as usize / divisor;
    }
    let most = 4096usize << (limit.saturating_neg() - 1).clamp(0, 4);
    bytes + PACKED_HEADER > most / divisor
}

pub(super) fn packed(item: &Blob) -> usize {
    packed_len(item)
}

/// What an element takes in Redis's compact form: header, contents, and its length for walking back.
pub(super) fn packed_len(item: &[u8]) -> usize {
    let content = match crate::number::parse_int(item) {
        Some(0..=127) => 1,
        Some(-4096..=4095) => 2,
        Some(n) if i16::try_from(n).is_ok() => 3,
        Some(-8_388_608..=8_388_607) => 4,
        Some(n) if i32::try_from(n).is_ok() => 5,
        Some(_) => 9,
        None => {
            item.len() + [1, 2, 5][usize::from(item.len() >= 64) + usize::from(item.len() >= 4096)]
        }
    };
    content
        + [1, 2, 3, 4, 5][[127usize, 16383, 2_097_151, 268_435_455]
            .iter()
            .filter(|m| content > **m)
            .count()]
}
