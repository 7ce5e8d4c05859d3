//! The elements of a list that is not small: in order, cheap at both ends.

use std::collections::VecDeque;

use super::list::End;
use super::nodes::{HEADER, Nodes, Size};
use crate::blob::Blob;

#[derive(Clone, Default)]
pub(crate) struct Elements {
    items: VecDeque<Blob>,
    /// What the elements would take in Redis's compact form.
    packed_len: usize,
    /// It has outgrown the compact form, and this is how Redis divides it.
    nodes: Option<Nodes>,
}

impl Elements {
    /// A list of elements in their order, that has not outgrown the compact form.
    pub(super) fn new<'l>(items: impl Iterator<Item = &'l [u8]>) -> Elements {
        let items: VecDeque<Blob> = items.map(Blob::new).collect();
        Elements {
            packed_len: items.iter().map(packed).sum(),
            items,
            nodes: None,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    pub(crate) fn encoding(&self) -> &'static str {
        if self.nodes.is_some() {
            "quicklist"
        } else {
            "listpack"
        }
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
        if let Some(nodes) = &mut self.nodes {
            nodes.push(end, size(&item));
        }
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
        if let Some(nodes) = &mut self.nodes {
            nodes.pop(end, packed(&item));
        }
        Some(item)
    }

    /// Replaces an element.
    pub(crate) fn set(&mut self, at: usize, item: Blob) {
        let old = packed(&self.items[at]);
        self.packed_len = self.packed_len + packed(&item) - old;
        let items = &self.items;
        if let Some(nodes) = &mut self.nodes {
            nodes.set(at, old, size(&item), |from, to| {
                items.range(from..to).map(packed).sum()
            });
        }
        self.items[at] = item;
    }

    /// Inserts before or after the element at this place.
    pub(crate) fn insert(&mut self, at: usize, after: bool, item: Blob) {
        self.packed_len += packed(&item);
        let items = &self.items;
        if let Some(nodes) = &mut self.nodes {
            nodes.insert(at, after, size(&item), |from, to| {
                items.range(from..to).map(packed).sum()
            });
        }
        self.items.insert(at + usize::from(after), item);
    }

    /// Removes elements equal to this one: the first `count`, the last if it is negative, all if 0.
    pub(crate) fn remove(&mut self, count: i64, item: &[u8]) -> usize {
        let limit = match count {
            0 => usize::MAX,
            _ => usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX),
        };
        let hits = self.items.iter().enumerate();
        let hits = hits.filter(|(_, known)| known.as_slice() == item);
        let mut places: Vec<usize> = hits.map(|(at, _)| at).collect();
        if count < 0 {
            places.drain(..places.len().saturating_sub(limit));
        }
        places.truncate(limit);
        let length = packed_len(item);
        if let Some(nodes) = &mut self.nodes {
            nodes.remove(&places, length);
        }
        self.packed_len -= length * places.len();
        let (mut at, mut gone) = (0, places.iter().peekable());
        self.items.retain(|_| {
            at += 1;
            gone.next_if(|place| **place + 1 == at).is_none()
        });
        places.len()
    }

    /// Keeps only the elements from `start` up to, not including, `end`.
    pub(crate) fn trim(&mut self, start: usize, end: usize) {
        for _ in end..self.items.len() {
            self.pop(End::Right);
        }
        for _ in 0..start {
            self.pop(End::Left);
        }
    }

    /// Decides the encoding as if so many elements of so many bytes had been added.
    pub(crate) fn prepare(&mut self, count: usize, bytes: usize, limit: i64) {
        let (len, taken) = (self.items.len(), self.packed_len);
        if self.nodes.is_none() && exceeds(len + count, taken + bytes + HEADER, limit, 1) {
            self.nodes = Some(Nodes::new(len, taken, limit));
        }
    }

    /// An empty list that counts as large at first.
    pub(super) fn large(limit: i64) -> Elements {
        Elements {
            nodes: Some(Nodes::new(0, 0, limit)),
            ..Elements::default()
        }
    }

    /// Decides the encoding after elements were removed: by half of the limit (the divisor is 2), so that it does not flip back
    /// and forth.
    pub(crate) fn shrunk(&mut self, limit: i64, divisor: usize) {
        if self
            .nodes
            .as_ref()
            .is_some_and(|nodes| nodes.is_small(limit, divisor))
        {
            self.nodes = None;
        }
    }
}

/// In Redis no part of a list that is limited by the number of its elements has more bytes.
const MOST_BYTES: usize = 8192;

/// Whether so many elements, in a part of so many bytes, exceed this part of the limit.
pub(super) fn exceeds(len: usize, bytes: usize, limit: i64, divisor: usize) -> bool {
    if limit >= 0 {
        // Even a limit of 0 lets one element in.
        let most = limit.unsigned_abs().max(1) as usize / divisor;
        return len > most || (divisor == 1 && bytes > MOST_BYTES);
    }
    let most = 4096usize << (limit.saturating_neg() - 1).clamp(0, 4);
    bytes > most / divisor
}

fn size(item: &Blob) -> Size {
    Size {
        text: item.len(),
        packed: packed(item),
    }
}

pub(super) fn packed(item: &Blob) -> usize {
    packed_len(item)
}

/// What an element takes in Redis's compact form: header, contents, and its length for walking back.
pub(super) fn packed_len(item: &[u8]) -> usize {
    if let Some(number) = crate::number::parse_int(item) {
        return packed_int(number);
    }
    let header = match item.len() {
        0..64 => 1,
        64..4096 => 2,
        _ => 5,
    };
    let content = header + item.len();
    let back = match content {
        0..=127 => 1,
        128..=16_383 => 2,
        16_384..=2_097_151 => 3,
        2_097_152..=268_435_455 => 4,
        _ => 5,
    };
    content + back
}

/// The same for an element that is an integer.
pub(super) fn packed_int(number: i64) -> usize {
    let content = match number {
        0..=127 => 1,
        -4096..=4095 => 2,
        -32_768..=32_767 => 3,
        -8_388_608..=8_388_607 => 4,
        -2_147_483_648..=2_147_483_647 => 5,
        _ => 9,
    };
    content + 1
}
