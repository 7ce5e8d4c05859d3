//! Lists.

use bytes::Bytes;
use triomphe::Arc;

use super::elements::{Elements, exceeds, packed_len};
use super::nodes::HEADER;
use crate::blob::Blob;
use crate::packed::{Packed, Text, Walk};

/// One of a list's ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Left,
    Right,
}

/// Small lists are packed; others are cheap at both ends.
#[derive(Clone)]
pub(crate) enum List {
    /// Never one that has outgrown the form that is compact in Redis.
    Few(Packed),
    Many(Arc<Elements>),
}

impl Default for List {
    fn default() -> List {
        List::Few(Packed::default())
    }
}

/// Queues are pushed and popped more often than they are kept: a list of more bytes than this is not packed.
const MAX_BYTES: usize = 128;

impl List {
    pub(crate) fn len(&self) -> usize {
        match self {
            List::Few(packed) => packed.len(),
            List::Many(elements) => elements.len(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn encoding(&self) -> &'static str {
        match self {
            List::Few(_) => "listpack",
            List::Many(elements) => elements.encoding(),
        }
    }

    /// About what it takes in memory.
    pub(crate) fn footprint(&self) -> usize {
        match self {
            List::Few(packed) => packed.iter().map(packed_len).sum(),
            List::Many(elements) => elements.footprint(),
        }
    }

    pub(crate) fn get(&self, index: i64) -> Option<Text<'_>> {
        let at = self.place(index)?;
        match self {
            List::Few(packed) => packed.get(at).map(Text::Packed),
            List::Many(elements) => elements.get(at).map(Text::Own),
        }
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = Text<'_>> + ExactSizeIterator {
        match self {
            List::Few(packed) => Walk::Few(packed.iter().map(Text::Packed)),
            List::Many(elements) => Walk::Many(elements.iter().map(Text::Own)),
        }
    }

    pub(crate) fn range(&self, start: usize, end: usize) -> impl Iterator<Item = Text<'_>> {
        match self {
            List::Few(packed) => {
                let items = packed.iter().skip(start).take(end - start);
                Walk::Few(items.map(Text::Packed))
            }
            List::Many(elements) => Walk::Many(elements.range(start, end).map(Text::Own)),
        }
    }

    /// The position that a possibly negative index means.
    fn place(&self, index: i64) -> Option<usize> {
        let len = self.len() as i64;
        let index = if index < 0 {
            index.checked_add(len)?
        } else {
            index
        };
        usize::try_from(index).ok().filter(|at| *at < self.len())
    }

    /// It in the form that can hold everything, to be changed.
    fn spread(&mut self) -> &mut Elements {
        if let List::Few(packed) = self {
            let elements = Elements::new(packed.iter());
            *self = List::Many(Arc::new(elements));
        }
        match self {
            List::Many(elements) => Arc::make_mut(elements),
            List::Few(_) => unreachable!("it has just been spread"),
        }
    }

    /// Puts an element in the place of so many, if that can be done in the small form.
    fn splice(&mut self, at: usize, gone: usize, new: &[&[u8]]) -> bool {
        let List::Few(packed) = self else {
            return false;
        };
        let added: usize = new.iter().map(|item| item.len()).sum();
        packed.bytes() + added <= MAX_BYTES && packed.splice(at, gone, new)
    }

    pub(crate) fn push(&mut self, end: End, item: Blob) {
        let at = match end {
            End::Left => 0,
            End::Right => self.len(),
        };
        if !self.splice(at, 0, &[&item]) {
            self.spread().push(end, item);
        }
    }

    pub(crate) fn pop(&mut self, end: End) -> Option<Blob> {
        match self {
            List::Few(packed) => {
                let at = match end {
                    End::Left => 0,
                    End::Right => packed.len().checked_sub(1)?,
                };
                let item = packed.get(at).map(Blob::new)?;
                packed.splice(at, 1, &[]);
                Some(item)
            }
            List::Many(elements) => Arc::make_mut(elements).pop(end),
        }
    }

    /// Replaces the element at an index; `false` if there is none.
    pub(crate) fn set(&mut self, index: i64, item: Blob) -> bool {
        let Some(at) = self.place(index) else {
            return false;
        };
        if !self.splice(at, 1, &[&item]) {
            self.spread().set(at, item);
        }
        true
    }

    /// Inserts before or after the first element equal to the pivot; `false` if there is none.
    pub(crate) fn insert(&mut self, pivot: &[u8], after: bool, item: Blob) -> bool {
        let Some(at) = self.iter().position(|known| *known == *pivot) else {
            return false;
        };
        if !self.splice(at + usize::from(after), 0, &[&item]) {
            self.spread().insert(at, after, item);
        }
        true
    }

    /// Removes elements equal to this one: the first `count`, the last if it is negative, all if 0.
    pub(crate) fn remove(&mut self, count: i64, item: &[u8]) -> usize {
        let List::Few(packed) = self else {
            return self.spread().remove(count, item);
        };
        let hits = packed
            .iter()
            .enumerate()
            .filter(|(_, known)| *known == item);
        let mut places: Vec<usize> = hits.map(|(at, _)| at).collect();
        let limit = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
        match count {
            0 => {}
            1.. => places.truncate(limit),
            _ => drop(places.drain(..places.len().saturating_sub(limit))),
        }
        for at in places.iter().rev() {
            packed.splice(*at, 1, &[]);
        }
        places.len()
    }

    /// Keeps only the elements from `start` up to, not including, `end`.
    pub(crate) fn trim(&mut self, start: usize, end: usize) {
        match self {
            List::Few(packed) => {
                packed.splice(end, packed.len().saturating_sub(end), &[]);
                packed.splice(0, start, &[]);
            }
            List::Many(elements) => Arc::make_mut(elements).trim(start, end),
        }
    }

    /// Decides the encoding as if so many elements, whose texts have so many bytes, had been added.
    pub(crate) fn prepare(&mut self, count: usize, bytes: usize, limit: i64) {
        if let List::Few(packed) = self {
            let bytes = packed.iter().map(packed_len).sum::<usize>() + bytes + HEADER;
            if !exceeds(packed.len() + count, bytes, limit, 1) {
                return;
            }
        }
        self.spread().prepare(count, bytes, limit);
    }

    /// The same for these elements.
    pub(crate) fn prepare_for(&mut self, items: &[Bytes], limit: i64) {
        self.prepare(items.len(), items.iter().map(Bytes::len).sum(), limit);
    }

    /// What `SORT` stores: Redis builds it as a large list, and may find that it is none.
    pub(crate) fn sorted(items: impl Iterator<Item = Blob>, limit: i64) -> List {
        let mut elements = Elements::large(limit);
        items.for_each(|item| elements.push(End::Right, item));
        elements.shrunk(limit, 1);
        List::Many(Arc::new(elements))
    }

    /// Decides the encoding after elements were removed.
    pub(crate) fn shrunk(&mut self, limit: i64) {
        if let List::Many(elements) = self {
            Arc::make_mut(elements).shrunk(limit, 2);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::draws;

    #[test]
    fn a_packed_list_is_a_spread_one_in_every_answer() {
        let mut draw = draws();
        for round in 0..400 {
            let (mut few, mut many) = (List::default(), List::default());
            many.spread();
            let limit = [-2, 3, 0][round % 3];
            for _ in 0..draw(60) {
                let item = Blob::new(format!("{}", draw(12) * draw(900)).as_bytes());
                let pivot = format!("{}", draw(12));
                let end = [End::Left, End::Right][draw(2)];
                let index = draw(14) as i64 - 7;
                for list in [&mut few, &mut many] {
                    list.prepare(1, item.len(), limit);
                }
                match draw(9) {
                    0..=3 => {
                        few.push(end, item.clone());
                        many.push(end, item);
                    }
                    4 => assert_eq!(few.pop(end), many.pop(end)),
                    5 => assert_eq!(few.set(index, item.clone()), many.set(index, item)),
                    6 => {
                        let (pivot, after) = (pivot.as_bytes(), index < 0);
                        let done = few.insert(pivot, after, item.clone());
                        assert_eq!(done, many.insert(pivot, after, item));
                    }
                    7 => {
                        let gone = few.remove(index, pivot.as_bytes());
                        assert_eq!(gone, many.remove(index, pivot.as_bytes()));
                    }
                    _ => {
                        let end = few.len() - few.len() / 5;
                        few.trim(few.len() / 7, end);
                        many.trim(many.len() / 7, end);
                    }
                }
                for list in [&mut few, &mut many] {
                    list.shrunk(limit);
                }
                assert_eq!(few.encoding(), many.encoding());
                assert_eq!((few.len(), few.footprint()), (many.len(), many.footprint()));
                let at = |list: &List| list.get(index).map(Text::to_blob);
                assert_eq!(at(&few), at(&many));
            }
            assert!(
                few.iter()
                    .map(Text::to_blob)
                    .eq(many.iter().map(Text::to_blob))
            );
            let back =
                |list: &List| -> Vec<Blob> { list.iter().rev().map(Text::to_blob).collect() };
            assert_eq!(back(&few), back(&many));
            let part = |list: &List| -> Vec<Blob> {
                list.range(few.len() / 3, few.len() / 2)
                    .map(Text::to_blob)
                    .collect()
            };
            assert_eq!(part(&few), part(&many));
        }
    }
}
