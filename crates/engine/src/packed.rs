//! A few short byte strings in one piece of memory: what small hashes, sets, lists and sorted sets are kept in.

use std::sync::LazyLock;

use bytes::Bytes;
use redwind_resp::Value;
use triomphe::Arc;

use crate::blob::{Blob, SHARE};

/// More bytes than this are not packed: each change writes all of them anew.
const MAX_BYTES: usize = 512;

/// The longest string and the largest number of strings, which take a byte each.
const MAX: usize = u8::MAX as usize;

/// Where the first string is: behind their number and a mark.
const HEADER: usize = 2;

/// For no more strings of a reply than these is room made before they come.
const MOST_AT_ONCE: usize = 1024;

/// Strings in order, each with its length in front. Copies share the memory until one of them is changed.
#[derive(Clone)]
pub(crate) struct Packed(Arc<[u8]>);

/// All that have nothing in them share one piece of memory.
impl Default for Packed {
    fn default() -> Packed {
        static EMPTY: LazyLock<Arc<[u8]>> = LazyLock::new(|| Arc::from(&[][..]));
        Packed(EMPTY.clone())
    }
}

impl Packed {
    pub(crate) fn len(&self) -> usize {
        self.0.first().map_or(0, |count| usize::from(*count))
    }

    /// The bytes of all strings.
    pub(crate) fn bytes(&self) -> usize {
        self.0.len().saturating_sub(HEADER) - self.len()
    }

    /// What [`Packed::set_mark`] said.
    pub(crate) fn is_marked(&self) -> bool {
        self.0.get(1).is_some_and(|mark| *mark > 0)
    }

    /// Remembers one thing about all of it.
    pub(crate) fn set_mark(&mut self, mark: bool) {
        let mut changed = self.0.to_vec();
        changed.resize(changed.len().max(HEADER), 0);
        changed[1] = u8::from(mark);
        self.0 = Arc::from(changed);
    }

    pub(crate) fn iter(&self) -> Items<'_> {
        Items {
            rest: self.0.get(HEADER..).unwrap_or(&[]),
            count: self.len(),
        }
    }

    pub(crate) fn get(&self, at: usize) -> Option<&[u8]> {
        self.iter().nth(at)
    }

    /// Puts `new` in the place of so many strings; says whether there is room, and changes nothing if not.
    pub(crate) fn splice(&mut self, at: usize, gone: usize, new: &[&[u8]]) -> bool {
        let mut items = self.iter();
        let all = items.rest.len();
        if at > 0 {
            items.nth(at - 1);
        }
        let start = all - items.rest.len();
        if gone > 0 {
            items.nth(gone - 1);
        }
        let end = all - items.rest.len();
        let count = self.len() - gone + new.len();
        let added: usize = new.iter().map(|item| 1 + item.len()).sum();
        let size = HEADER + all - (end - start) + added;
        if size > MAX_BYTES || count > MAX || new.iter().any(|item| item.len() > MAX) {
            return false;
        }
        let mut buffer = [0; MAX_BYTES];
        let old = self.0.get(HEADER..).unwrap_or(&[]);
        buffer[0] = count as u8;
        buffer[1] = u8::from(self.is_marked());
        let mut to = HEADER;
        let mut write = |bytes: &[u8]| {
            buffer[to..to + bytes.len()].copy_from_slice(bytes);
            to += bytes.len();
        };
        write(&old[..start]);
        for item in new {
            write(&[item.len() as u8]);
            write(item);
        }
        write(&old[end..]);
        match Arc::get_mut(&mut self.0) {
            Some(own) if own.len() == size => own.copy_from_slice(&buffer[..size]),
            _ => self.0 = Arc::from(&buffer[..size]),
        }
        true
    }
}

/// The strings in order.
#[derive(Clone)]
pub(crate) struct Items<'a> {
    rest: &'a [u8],
    count: usize,
}

impl<'a> Iterator for Items<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (len, rest) = self.rest.split_first()?;
        let (item, rest) = rest.split_at_checked(usize::from(*len))?;
        self.rest = rest;
        self.count -= 1;
        Some(item)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.count, Some(self.count))
    }
}

impl ExactSizeIterator for Items<'_> {}

/// Walks from the front each time: there are few.
impl DoubleEndedIterator for Items<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        let last = self.count.checked_sub(1)?;
        let item = self.clone().nth(last)?;
        self.rest = &self.rest[..self.rest.len() - item.len() - 1];
        self.count = last;
        Some(item)
    }
}

/// What goes through a type in one of its two forms.
pub(crate) enum Walk<F, M> {
    Few(F),
    Many(M),
}

impl<T, F: Iterator<Item = T>, M: Iterator<Item = T>> Iterator for Walk<F, M> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        match self {
            Walk::Few(items) => items.next(),
            Walk::Many(items) => items.next(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self {
            Walk::Few(items) => items.size_hint(),
            Walk::Many(items) => items.size_hint(),
        }
    }

    /// The form is looked at once, not for each item.
    fn fold<A, G: FnMut(A, T) -> A>(self, start: A, add: G) -> A {
        match self {
            Walk::Few(items) => items.fold(start, add),
            Walk::Many(items) => items.fold(start, add),
        }
    }
}

impl<T, F, M> DoubleEndedIterator for Walk<F, M>
where
    F: DoubleEndedIterator<Item = T>,
    M: DoubleEndedIterator<Item = T>,
{
    fn next_back(&mut self) -> Option<T> {
        match self {
            Walk::Few(items) => items.next_back(),
            Walk::Many(items) => items.next_back(),
        }
    }
}

impl<T, F, M> ExactSizeIterator for Walk<F, M>
where
    F: ExactSizeIterator<Item = T>,
    M: ExactSizeIterator<Item = T>,
{
}

/// A string that lies in a type: packed with others, or a blob of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Text<'a> {
    Packed(&'a [u8]),
    Own(&'a Blob),
}

impl<'a> Text<'a> {
    pub(crate) fn as_slice(self) -> &'a [u8] {
        match self {
            Text::Packed(text) => text,
            Text::Own(blob) => blob.as_slice(),
        }
    }

    pub(crate) fn to_bytes(self) -> bytes::Bytes {
        match self {
            Text::Packed(text) => bytes::Bytes::copy_from_slice(text),
            Text::Own(blob) => blob.to_bytes(),
        }
    }

    pub(crate) fn to_blob(self) -> Blob {
        match self {
            Text::Packed(text) => Blob::new(text),
            Text::Own(blob) => blob.clone(),
        }
    }
}

/// Bulk strings for one reply. Short ones lie in one piece of memory, which costs one allocation and not one for each.
pub(crate) fn bulks<'a>(texts: impl Iterator<Item = Text<'a>>) -> Vec<Value> {
    // As many as there may be at most: that is known for ranges.
    let room = texts.size_hint().1.unwrap_or(0).min(MOST_AT_ONCE);
    let mut values = Vec::with_capacity(room);
    let mut together = Vec::with_capacity(room * USUAL);
    for text in texts {
        values.push(if text.len() < SHARE {
            together.extend_from_slice(&text);
            // How long it is, until all of them are there.
            Value::Int(text.len() as i64)
        } else {
            Value::Bulk(text.to_bytes())
        });
    }
    cut(&mut values, Bytes::from(together));
    values
}

/// About how long an element is.
const USUAL: usize = 12;

/// Gives each length its part of the text.
fn cut(values: &mut [Value], mut together: Bytes) {
    for value in values {
        if let Value::Int(len) = *value {
            *value = Value::Bulk(together.split_to(len as usize));
        }
    }
}

impl std::ops::Deref for Text<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.as_slice()
    }
}

impl<'a> From<&'a Blob> for Text<'a> {
    fn from(blob: &'a Blob) -> Text<'a> {
        Text::Own(blob)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_put_taken_and_replaced_as_in_a_vector() {
        let mut packed = Packed::default();
        let mut model: Vec<Vec<u8>> = Vec::new();
        let mut draw = 11u32;
        for _ in 0..20_000 {
            draw = draw.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
            let at = (draw >> 8) as usize % (model.len() + 1);
            let gone = ((draw >> 12) as usize % 4).min(model.len() - at);
            let new = vec![vec![b'x'; (draw >> 16) as usize % 30]; (draw >> 28) as usize % 4];
            let mut copy = packed.clone();
            let texts: Vec<&[u8]> = new.iter().map(Vec::as_slice).collect();
            let fits = copy.splice(at, gone, &texts);
            let mut changed = model.clone();
            changed.splice(at..at + gone, new);
            let size: usize = changed.iter().map(|item| item.len() + 1).sum();
            assert_eq!(fits, size + HEADER <= MAX_BYTES);
            if fits {
                (packed, model) = (copy, changed);
            }
            assert_eq!(packed.iter().len(), model.len());
            assert!(packed.iter().eq(model.iter().map(Vec::as_slice)));
        }
    }

    #[test]
    fn a_string_that_is_too_long_leaves_everything_as_it_was() {
        let mut packed = Packed::default();
        packed.set_mark(true);
        assert!(packed.splice(0, 0, &[b"a", b"b"]));
        assert!(!packed.splice(1, 1, &[&[b'x'; 256]]));
        assert!(packed.iter().eq([b"a", b"b"].map(|item| &item[..])));
        assert!(packed.is_marked());
        assert_eq!(packed.bytes(), 2);
    }
}
