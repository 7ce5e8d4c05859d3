//! The parts that a large list has in Redis. Where its elements lie decides when it counts as small again.

use std::collections::VecDeque;

use super::elements::exceeds;
use super::list::End;

/// One part: so many elements, of so many bytes.
#[derive(Clone, Copy)]
struct Node {
    count: usize,
    bytes: usize,
    /// A single element that is too long to lie with others.
    plain: bool,
}

/// What a part takes beside its elements.
pub(super) const HEADER: usize = 7;

/// What Redis expects an element to take beside its text.
const OVERHEAD: usize = 8;

/// The parts of a list, in order.
#[derive(Clone)]
pub(super) struct Nodes {
    /// The limit when the list became large.
    fill: i64,
    list: VecDeque<Node>,
}

/// An element: the length of its text, and what it takes in a part.
#[derive(Clone, Copy)]
pub(super) struct Size {
    pub(super) text: usize,
    pub(super) packed: usize,
}

impl Node {
    fn of(size: Size, plain: bool) -> Node {
        let bytes = if plain {
            size.text
        } else {
            size.packed + HEADER
        };
        let count = 1;
        Node {
            count,
            bytes,
            plain,
        }
    }

    fn add(&mut self, size: Size) {
        self.count += 1;
        self.bytes += size.packed;
    }
}

impl Nodes {
    /// One part that holds everything.
    pub(super) fn new(count: usize, bytes: usize, limit: i64) -> Nodes {
        let node = Node {
            count,
            bytes: bytes + HEADER,
            plain: false,
        };
        Nodes {
            fill: limit.clamp(-5, 0x7fff),
            list: (count > 0).then_some(node).into_iter().collect(),
        }
    }

    /// Whether it is one part of at most this part of the limit.
    pub(super) fn is_small(&self, limit: i64, divisor: usize) -> bool {
        match self.list.front() {
            Some(node) if self.list.len() == 1 && !node.plain => {
                !exceeds(node.count, node.bytes, limit, divisor)
            }
            _ => false,
        }
    }

    fn is_large(&self, size: Size) -> bool {
        exceeds(0, size.text, self.fill, 1)
    }

    fn takes(&self, at: usize, size: Size) -> bool {
        self.list.get(at).is_some_and(|node| {
            let bytes = node.bytes + size.text + OVERHEAD;
            !node.plain && !self.is_large(size) && !exceeds(node.count + 1, bytes, self.fill, 1)
        })
    }

    pub(super) fn push(&mut self, end: End, size: Size) {
        let (at, new) = match end {
            End::Left => (0, 0),
            End::Right => (self.list.len().saturating_sub(1), self.list.len()),
        };
        if self.takes(at, size) {
            self.list[at].add(size);
        } else {
            self.list.insert(new, Node::of(size, self.is_large(size)));
        }
    }

    /// The part in which an element lies, and its place there.
    fn find(&self, mut place: usize) -> (usize, usize) {
        for (at, node) in self.list.iter().enumerate() {
            if place < node.count {
                return (at, place);
            }
            place -= node.count;
        }
        (self.list.len(), 0)
    }

    fn take(&mut self, at: usize, packed: usize) {
        let Some(node) = self.list.get_mut(at) else {
            return;
        };
        node.count -= 1;
        node.bytes = node.bytes.saturating_sub(packed);
        if node.count == 0 {
            self.list.remove(at);
        }
    }

    pub(super) fn pop(&mut self, end: End, packed: usize) {
        let last = self.list.len().saturating_sub(1);
        self.take(if end == End::Left { 0 } else { last }, packed);
    }

    /// Removes the elements at these ascending places, each of which takes so many bytes.
    pub(super) fn remove(&mut self, places: &[usize], packed: usize) {
        let (mut end, mut places) = (0, places.iter().peekable());
        self.list.retain_mut(|node| {
            end += node.count;
            while places.next_if(|place| **place < end).is_some() {
                node.count -= 1;
                node.bytes = node.bytes.saturating_sub(packed);
            }
            node.count > 0
        });
    }

    /// Splits a part; the first one gets so many elements, which take what `packed` says of their places.
    fn split(&mut self, at: usize, count: usize, packed: impl Fn(usize, usize) -> usize) {
        let start: usize = self.list.iter().take(at).map(|node| node.count).sum();
        let node = self.list[at];
        let bytes = packed(start, start + count) + HEADER;
        self.list[at] = Node {
            count,
            bytes,
            ..node
        };
        let rest = Node {
            count: node.count - count,
            bytes: node.bytes + HEADER - bytes,
            ..node
        };
        self.list.insert(at + 1, rest);
    }

    /// Puts an element in the place of another. `packed` tells what the elements between two places took before.
    pub(super) fn set(
        &mut self,
        place: usize,
        old: usize,
        size: Size,
        packed: impl Fn(usize, usize) -> usize,
    ) {
        let (at, offset) = self.find(place);
        let Some(node) = self.list.get_mut(at) else {
            return;
        };
        let (plain, count) = (node.plain, node.count);
        let large = self.is_large(size);
        match (plain, large) {
            (false, false) => self.list[at].bytes = self.list[at].bytes + size.packed - old,
            (true, true) => self.list[at].bytes = size.text,
            (true, false) => {
                self.insert(place, true, size, packed);
                self.take(at, 0);
            }
            (false, true) => {
                if offset + 1 < count {
                    self.split(at, offset + 1, packed);
                }
                self.list.insert(at + 1, Node::of(size, true));
                self.take(at, old);
                // Nothing is merged when the old element had a part for itself in the end.
                if offset > 0 {
                    self.merge(at + 1);
                }
            }
        }
    }

    /// Puts an element before or after another.
    pub(super) fn insert(
        &mut self,
        pivot: usize,
        after: bool,
        size: Size,
        packed: impl Fn(usize, usize) -> usize,
    ) {
        let (at, offset) = self.find(pivot);
        let Some(node) = self.list.get(at).copied() else {
            return;
        };
        let at_end = if after {
            offset + 1 == node.count
        } else {
            offset == 0
        };
        // Between the part and the one beside it.
        let gap = at + usize::from(after);
        let beside = if after {
            Some(at + 1)
        } else {
            at.checked_sub(1)
        };
        let beside = beside.filter(|beside| self.takes(*beside, size));
        let large = self.is_large(size);
        if self.takes(at, size) {
            self.list[at].add(size);
        } else if at_end && let Some(beside) = beside {
            self.list[beside].add(size);
        } else if at_end {
            self.list.insert(gap, Node::of(size, large));
        } else {
            self.split(at, offset + usize::from(after), packed);
            if large {
                self.list.insert(at + 1, Node::of(size, true));
                return;
            }
            // The new half takes it; the merging begins at the old one.
            let (half, old) = if after { (at + 1, at) } else { (at, at + 1) };
            self.list[half].add(size);
            self.merge(old);
        }
    }

    /// Makes one part of this and the next if both are there and fit into one.
    fn join(&mut self, at: usize) -> bool {
        let (Some(one), Some(next)) = (self.list.get(at), self.list.get(at + 1)) else {
            return false;
        };
        let count = one.count + next.count;
        let bytes = one.bytes + next.bytes - HEADER;
        if one.plain || next.plain || exceeds(count, bytes, self.fill, 1) {
            return false;
        }
        self.list[at] = Node {
            count,
            bytes,
            plain: false,
        };
        self.list.remove(at + 1);
        true
    }

    /// Merges what fits together around a part, in Redis's order.
    fn merge(&mut self, mut center: usize) {
        if center >= 2 && self.join(center - 2) {
            center -= 1;
        }
        self.join(center + 1);
        if center >= 1 && self.join(center - 1) {
            center -= 1;
        }
        self.join(center);
    }
}
