//! An ordered map that takes little code for each type of key and value.
//!
//! A B-tree of the standard library is about five kilobytes of WebAssembly for each pair of types, and the engine needs
//! two dozen, most of them for a handful of entries. This is a list of short ordered lists: two binary searches find a
//! key, and an insertion moves a few dozen entries at most (and, once in a while, the list of lists).

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::slice;

/// How many entries a list has at most.
const MOST: usize = 64;

/// Entries in the order of their keys.
#[derive(Clone)]
pub struct Sorted<K, V = ()> {
    /// None of them is empty.
    lists: Vec<Vec<(K, V)>>,
    len: usize,
    /// The list and the place in it of the entry that was changed last: one command asks a dozen times for its session.
    last: (usize, usize),
}

impl<K, V> Default for Sorted<K, V> {
    fn default() -> Self {
        Sorted::new()
    }
}

impl<K, V> Sorted<K, V> {
    /// Nothing yet.
    pub(crate) const fn new() -> Self {
        Sorted {
            lists: Vec::new(),
            len: 0,
            last: (0, 0),
        }
    }
}

impl<K: Ord, V: PartialEq> PartialEq for Sorted<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && self.iter().eq(other)
    }
}

impl<K: Ord, V: Eq> Eq for Sorted<K, V> {}

impl<K: Ord + fmt::Debug, V: fmt::Debug> fmt::Debug for Sorted<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self).finish()
    }
}

impl<K: Ord, V> Sorted<K, V> {
    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The list and the place in it where a key is, or else where it belongs; the list may be one behind the last.
    #[inline]
    fn find<Q: Ord + ?Sized>(&self, key: &Q) -> (usize, Result<usize, usize>)
    where
        K: Borrow<Q>,
    {
        let (list, at) = self.last;
        let last = self.lists.get(list).and_then(|list| list.get(at));
        if last.is_some_and(|(last, _)| last.borrow().cmp(key) == Ordering::Equal) {
            return (list, Ok(at));
        }
        self.search(key)
    }

    /// The same without a look at the last place.
    #[inline(never)]
    fn search<Q: Ord + ?Sized>(&self, key: &Q) -> (usize, Result<usize, usize>)
    where
        K: Borrow<Q>,
    {
        // The first list whose last key is not before this one.
        let (mut at, mut high) = (0, self.lists.len());
        while at < high {
            let middle = at.midpoint(high);
            match self.lists[middle].last() {
                Some((last, _)) if last.borrow() < key => at = middle + 1,
                _ => high = middle,
            }
        }
        let Some(list) = self.lists.get(at) else {
            return (at, Err(0));
        };
        let (mut low, mut high) = (0, list.len());
        while low < high {
            let middle = low.midpoint(high);
            match list[middle].0.borrow().cmp(key) {
                Ordering::Less => low = middle + 1,
                Ordering::Equal => return (at, Ok(middle)),
                Ordering::Greater => high = middle,
            }
        }
        (at, Err(low))
    }

    /// Whether a key is there.
    pub fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.find(key).1.is_ok()
    }

    /// What a key stands for.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        match self.find(key) {
            (list, Ok(at)) => Some(&self.lists[list][at].1),
            _ => None,
        }
    }

    /// What a key stands for, to be changed.
    pub(crate) fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let (list, Ok(at)) = self.find(key) else {
            return None;
        };
        self.last = (list, at);
        Some(&mut self.lists[list][at].1)
    }

    /// Puts an entry where it belongs, which is known not to be there.
    fn put(&mut self, mut list: usize, mut at: usize, key: K, value: V) -> &mut V {
        self.len += 1;
        if list == self.lists.len() {
            // Behind everything: in the last list, if there is room.
            match self.lists.last() {
                Some(last) if last.len() < MOST => (list, at) = (list - 1, last.len()),
                _ => self.lists.push(Vec::new()),
            }
        } else if self.lists[list].len() == MOST {
            let rest = self.lists[list].split_off(MOST / 2);
            self.lists.insert(list + 1, rest);
            if at > MOST / 2 {
                (list, at) = (list + 1, at - MOST / 2);
            }
        }
        let list = &mut self.lists[list];
        list.insert(at, (key, value));
        &mut list[at].1
    }

    /// Lets a key stand for a value; gives what it stood for.
    pub(crate) fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self.find(&key) {
            (list, Ok(at)) => Some(std::mem::replace(&mut self.lists[list][at].1, value)),
            (list, Err(at)) => {
                self.put(list, at, key, value);
                None
            }
        }
    }

    /// What a key stands for; if it is new, the default.
    pub(crate) fn or_default(&mut self, key: K) -> &mut V
    where
        V: Default,
    {
        match self.find(&key) {
            (list, Ok(at)) => &mut self.lists[list][at].1,
            (list, Err(at)) => self.put(list, at, key, V::default()),
        }
    }

    /// Removes a key; gives what it stood for.
    pub(crate) fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        self.remove_entry(key).map(|(_, value)| value)
    }

    /// Removes a key; gives it and what it stood for.
    pub(crate) fn remove_entry<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<(K, V)>
    where
        K: Borrow<Q>,
    {
        let (list, Ok(at)) = self.find(key) else {
            return None;
        };
        self.len -= 1;
        let entry = self.lists[list].remove(at);
        if self.lists[list].is_empty() {
            self.lists.remove(list);
        }
        Some(entry)
    }

    /// Removes everything.
    pub(crate) fn clear(&mut self) {
        *self = Sorted::default();
    }

    /// The entries in order.
    pub fn iter(&self) -> Iter<'_, K, V> {
        Iter {
            here: [].iter(),
            rest: self.lists.iter(),
        }
    }

    /// The entries in order from a key on.
    pub(crate) fn from<Q: Ord + ?Sized>(&self, key: &Q) -> Iter<'_, K, V>
    where
        K: Borrow<Q>,
    {
        let (list, Ok(at) | Err(at)) = self.find(key);
        let mut rest = self.lists[list..].iter();
        Iter {
            here: rest.next().map_or([].iter(), |list| list[at..].iter()),
            rest,
        }
    }

    /// The keys in order.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &K> {
        self.iter().map(|(key, _)| key)
    }

    /// What the keys stand for, in their order.
    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.iter().map(|(_, value)| value)
    }

    /// What the keys stand for, in their order, to be changed.
    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        let lists = self.lists.iter_mut();
        lists.flatten().map(|(_, value)| value)
    }

    /// The first entry.
    pub(crate) fn first(&self) -> Option<&(K, V)> {
        self.lists.first()?.first()
    }

    /// The last entry.
    pub(crate) fn last(&self) -> Option<&(K, V)> {
        self.lists.last()?.last()
    }
}

/// The entries of a [`Sorted`] in order.
pub struct Iter<'a, K, V> {
    here: slice::Iter<'a, (K, V)>,
    rest: slice::Iter<'a, Vec<(K, V)>>,
}

impl<'a, K, V> Iterator for Iter<'a, K, V> {
    type Item = (&'a K, &'a V);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some((key, value)) = self.here.next() {
                return Some((key, value));
            }
            self.here = self.rest.next()?.iter();
        }
    }
}

impl<'a, K: Ord, V> IntoIterator for &'a Sorted<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = Iter<'a, K, V>;

    fn into_iter(self) -> Iter<'a, K, V> {
        self.iter()
    }
}

impl<K, V> IntoIterator for Sorted<K, V> {
    type Item = (K, V);
    type IntoIter = std::iter::Flatten<std::vec::IntoIter<Vec<(K, V)>>>;

    fn into_iter(self) -> Self::IntoIter {
        self.lists.into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// The standard library's map is the model; the numbers come from a small generator, so that every run is the same.
    #[test]
    fn it_holds_what_a_b_tree_would_hold() {
        for keys in [3, 100, 700, 60_000] {
            let (mut sorted, mut model) = (Sorted::<u32, u32>::default(), BTreeMap::new());
            let mut luck = 7_u32;
            let mut draw = move || {
                luck = luck.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                luck >> 8
            };
            for step in 0..6_000 {
                let key = draw() % keys;
                match draw() % 8 {
                    0..4 => assert_eq!(sorted.insert(key, step), model.insert(key, step)),
                    4..6 => assert_eq!(sorted.remove(&key), model.remove(&key)),
                    6 => {
                        *sorted.or_default(key) += 1;
                        *model.entry(key).or_default() += 1;
                    }
                    _ => assert_eq!(sorted.contains_key(&key), model.contains_key(&key)),
                }
                assert_eq!(sorted.get(&key), model.get(&key));
                assert_eq!(sorted.len(), model.len());
                assert_eq!(sorted.first().map(|(k, _)| k), model.keys().next());
                assert_eq!(sorted.last().map(|(k, _)| k), model.keys().next_back());
                if step % 100 == 0 {
                    assert!(sorted.iter().eq(model.iter()));
                    assert!(sorted.from(&key).eq(model.range(key..)));
                }
            }
            assert!(sorted.values_mut().eq(model.values_mut()));
            assert!(sorted.into_iter().eq(model));
        }
    }

    #[test]
    fn entries_that_come_in_order_fill_their_lists() {
        let mut sorted = Sorted::<u32>::default();
        for key in 0..1_000 {
            sorted.insert(key, ());
        }
        assert_eq!(sorted.lists.len(), 1_000_usize.div_ceil(MOST));
        for key in 0..1_000 {
            assert_eq!(sorted.remove(&key), Some(()));
        }
        assert!(sorted.is_empty() && sorted.lists.is_empty());
    }
}
