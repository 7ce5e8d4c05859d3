//! A map from blobs that keeps an order.

use std::hash::BuildHasher as _;

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use crate::blob::Blob;

/// The hash is the same in every run, so that every run is the same.
#[derive(Clone, Copy, Default)]
pub(crate) struct Fixed;

impl std::hash::BuildHasher for Fixed {
    type Hasher = <FixedState as std::hash::BuildHasher>::Hasher;

    fn build_hasher(&self) -> Self::Hasher {
        FixedState::with_seed(0x5eed_0f7e_d15c).build_hasher()
    }
}

fn hash(key: &[u8]) -> u64 {
    Fixed.hash_one(key)
}

/// Items in order of insertion, found by key. Removal keeps the order or swaps the last item in.
///
/// The table holds places of four bytes and no hashes, which makes a small key a sixth smaller than in a map that
/// can do more.
#[derive(Clone)]
pub(crate) struct Map<V> {
    items: Vec<(Blob, V)>,
    places: HashTable<u32>,
}

impl<V> Default for Map<V> {
    fn default() -> Map<V> {
        Map {
            items: Vec::new(),
            places: HashTable::new(),
        }
    }
}

impl<V> Map<V> {
    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The place of a key in the order.
    pub(crate) fn place(&self, key: &[u8]) -> Option<usize> {
        let items = &self.items;
        let found = self.places.find(hash(key), |place| {
            items[*place as usize].0.as_slice() == key
        });
        found.map(|place| *place as usize)
    }

    pub(crate) fn contains(&self, key: &[u8]) -> bool {
        self.place(key).is_some()
    }

    pub(crate) fn get(&self, key: &[u8]) -> Option<&V> {
        self.place(key).map(|place| &self.items[place].1)
    }

    pub(crate) fn get_mut(&mut self, key: &[u8]) -> Option<&mut V> {
        self.place(key).map(|place| &mut self.items[place].1)
    }

    /// The item at a place.
    pub(crate) fn at(&self, place: usize) -> Option<(&Blob, &V)> {
        self.items.get(place).map(|(key, value)| (key, value))
    }

    /// The item at a place, its value to be changed.
    pub(crate) fn at_mut(&mut self, place: usize) -> Option<(&Blob, &mut V)> {
        self.items.get_mut(place).map(|(key, value)| (&*key, value))
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (&Blob, &V)> + ExactSizeIterator {
        self.items.iter().map(|(key, value)| (key, value))
    }

    /// Gives a key a value; a new one comes last. Gives its place, and the value it had.
    pub(crate) fn insert(&mut self, key: Blob, value: V) -> (usize, Option<V>) {
        let items = &mut self.items;
        let entry = self.places.entry(
            hash(&key),
            |place| items[*place as usize].0 == key,
            |place| hash(&items[*place as usize].0),
        );
        match entry {
            Entry::Occupied(place) => {
                let place = *place.get() as usize;
                (place, Some(std::mem::replace(&mut items[place].1, value)))
            }
            Entry::Vacant(vacant) => {
                let place = items.len();
                // Four thousand million items do not fit into any memory that this is for.
                vacant.insert(place as u32);
                items.push((key, value));
                (place, None)
            }
        }
    }

    /// Forgets where an item is that is still there.
    fn unplace(&mut self, place: usize) {
        let hash = hash(&self.items[place].0);
        if let Ok(found) = self
            .places
            .find_entry(hash, |other| *other as usize == place)
        {
            found.remove();
        }
    }

    /// Removes the item at a place; the last one takes it.
    pub(crate) fn swap_remove_at(&mut self, place: usize) -> Option<(Blob, V)> {
        let last = self.items.len().checked_sub(1)?;
        if place > last {
            return None;
        }
        self.unplace(place);
        if place < last {
            let hash = hash(&self.items[last].0);
            let moved = self.places.find_mut(hash, |other| *other as usize == last);
            moved.into_iter().for_each(|moved| *moved = place as u32);
        }
        Some(self.items.swap_remove(place))
    }

    /// Removes a key; the last item takes its place.
    pub(crate) fn swap_remove(&mut self, key: &[u8]) -> Option<V> {
        let place = self.place(key)?;
        self.swap_remove_at(place).map(|(_, value)| value)
    }

    /// Removes a key; the others keep their order. Its time grows with the map.
    pub(crate) fn shift_remove(&mut self, key: &[u8]) -> Option<V> {
        let place = self.place(key)?;
        self.unplace(place);
        for other in self.places.iter_mut() {
            *other -= u32::from(*other as usize > place);
        }
        Some(self.items.remove(place).1)
    }

    /// Moves an item to another place, past those between. Its time grows with the map.
    pub(crate) fn move_item(&mut self, from: usize, to: usize) {
        for place in self.places.iter_mut() {
            let at = *place as usize;
            if at == from {
                *place = to as u32;
            } else if from < at && at <= to {
                *place -= 1;
            } else if to <= at && at < from {
                *place += 1;
            }
        }
        if from < to {
            self.items[from..=to].rotate_left(1);
        } else {
            self.items[to..=from].rotate_right(1);
        }
    }
}

impl<V> std::ops::Index<usize> for Map<V> {
    type Output = V;

    fn index(&self, place: usize) -> &V {
        &self.items[place].1
    }
}

impl<V> std::ops::IndexMut<usize> for Map<V> {
    fn index_mut(&mut self, place: usize) -> &mut V {
        &mut self.items[place].1
    }
}

impl<V> FromIterator<(Blob, V)> for Map<V> {
    fn from_iter<I: IntoIterator<Item = (Blob, V)>>(items: I) -> Map<V> {
        let mut map = Map::default();
        for (key, value) in items {
            map.insert(key, value);
        }
        map
    }
}

impl<V> IntoIterator for Map<V> {
    type Item = (Blob, V);
    type IntoIter = std::vec::IntoIter<(Blob, V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Any step on the map and on a plain vector must leave the same.
    #[test]
    fn items_are_found_where_they_are_whatever_was_inserted_moved_and_removed() {
        let mut map = Map::default();
        let mut model: Vec<(Blob, u32)> = Vec::new();
        let mut draw = 7u32;
        for step in 0..20_000u32 {
            draw = draw.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
            let key = Blob::new(format!("key:{}", (draw >> 8) % 90).as_bytes());
            let place = model.iter().position(|(known, _)| *known == key);
            assert_eq!(map.place(&key), place);
            match (draw >> 24) % 6 {
                0..=2 => {
                    let old = place.map(|at| std::mem::replace(&mut model[at].1, step));
                    if old.is_none() {
                        model.push((key.clone(), step));
                    }
                    let place = place.unwrap_or(model.len() - 1);
                    assert_eq!(map.insert(key, step), (place, old));
                }
                3 => {
                    let gone = place.map(|at| model.swap_remove(at).1);
                    assert_eq!(map.swap_remove(&key), gone);
                }
                4 => {
                    let gone = place.map(|at| model.remove(at).1);
                    assert_eq!(map.shift_remove(&key), gone);
                }
                _ => {
                    if let Some(from) = place {
                        let to = (draw >> 4) as usize % model.len();
                        let item = model.remove(from);
                        model.insert(to, item);
                        map.move_item(from, to);
                    }
                }
            }
            assert_eq!(map.get(b"key:3").copied(), {
                let known = model.iter().find(|(key, _)| key.as_slice() == b"key:3");
                known.map(|(_, value)| *value)
            });
        }
        let items: Vec<(Blob, u32)> = map.into_iter().collect();
        assert_eq!(items, model);
    }
}
