//! Hashes: fields with values, and for some fields a time at which they expire.

use std::borrow::Cow;

use triomphe::Arc;

use super::fields::Fields;
use crate::Config;
use crate::blob::Blob;
use crate::packed::{Items, Packed, Text, Walk};

/// Small hashes are packed; others, and those with fields that expire, are searched by hash.
#[derive(Clone)]
pub(crate) enum Hash {
    /// Fields and values in turn. In Redis, too, such a hash is compact, but not each that is compact in Redis is here.
    Few(Packed),
    Many(Arc<Fields>),
}

impl Default for Hash {
    fn default() -> Hash {
        Hash::Few(Packed::default())
    }
}

/// The place of a field in a small hash, and its value.
fn find<'p>(packed: &'p Packed, field: &[u8]) -> Option<(usize, &'p [u8])> {
    let mut items = packed.iter();
    let mut at = 0;
    while let (Some(name), Some(value)) = (items.next(), items.next()) {
        if name == field {
            return Some((at, value));
        }
        at += 2;
    }
    None
}

impl Hash {
    pub(crate) fn len(&self) -> usize {
        match self {
            Hash::Few(packed) => packed.len() / 2,
            Hash::Many(fields) => fields.len(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn encoding(&self) -> &'static str {
        match self {
            Hash::Few(_) => "listpack",
            Hash::Many(fields) => fields.encoding(),
        }
    }

    /// About what it takes in memory.
    pub(crate) fn footprint(&self) -> usize {
        match self {
            Hash::Few(packed) => packed.bytes() + packed.len() * 2,
            Hash::Many(fields) => fields.footprint(),
        }
    }

    pub(crate) fn is_large(&self) -> bool {
        match self {
            Hash::Few(_) => false,
            Hash::Many(fields) => fields.is_large(),
        }
    }

    pub(crate) fn get(&self, field: &[u8]) -> Option<Text<'_>> {
        match self {
            Hash::Few(packed) => find(packed, field).map(|(_, value)| Text::Packed(value)),
            Hash::Many(fields) => fields.get(field).map(Text::Own),
        }
    }

    pub(crate) fn contains(&self, field: &[u8]) -> bool {
        match self {
            Hash::Few(packed) => find(packed, field).is_some(),
            Hash::Many(fields) => fields.contains(field),
        }
    }

    /// The fields with their values, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Text<'_>, Text<'_>)> {
        match self {
            Hash::Few(packed) => Walk::Few(Pairs(packed.iter())),
            Hash::Many(fields) => {
                let pairs = fields.iter();
                Walk::Many(pairs.map(|(field, value)| (Text::Own(field), Text::Own(value))))
            }
        }
    }

    pub(crate) fn at(&self, index: usize) -> Option<(Text<'_>, Text<'_>)> {
        match self {
            Hash::Few(_) => self.iter().nth(index),
            Hash::Many(fields) => fields
                .at(index)
                .map(|(field, value)| (Text::Own(field), Text::Own(value))),
        }
    }

    /// It in the form that can hold everything, to be changed.
    fn spread(&mut self) -> &mut Fields {
        if let Hash::Few(packed) = self {
            let mut items = packed.iter().map(Blob::new);
            let mut fields = Fields::default();
            while let (Some(field), Some(value)) = (items.next(), items.next()) {
                fields.push(field, value);
            }
            *self = Hash::Many(Arc::new(fields));
        }
        match self {
            Hash::Many(fields) => Arc::make_mut(fields),
            Hash::Few(_) => unreachable!("it has just been spread"),
        }
    }

    /// Prepares for so many fields to come at once; Redis does not look whether they differ.
    pub(crate) fn prepare(&mut self, count: usize, config: &Config) {
        if i64::try_from(count).is_ok_and(|count| count > config.hash_max_listpack_entries) {
            self.spread().outgrow();
        }
    }

    /// Sets a field; says whether it is new. Its expiry goes.
    pub(crate) fn set(&mut self, field: &[u8], value: Blob, config: &Config) -> bool {
        self.forget_time(field);
        self.set_keeping_time(field, value, config)
    }

    /// Sets a field and keeps its expiry; says whether it is new.
    pub(crate) fn set_keeping_time(&mut self, field: &[u8], value: Blob, config: &Config) -> bool {
        if let Hash::Few(packed) = self {
            let fits = |text: &[u8]| {
                i64::try_from(text.len()).is_ok_and(|len| len <= config.hash_max_listpack_value)
            };
            let place = find(packed, field).map(|(at, _)| at);
            let len = packed.len() / 2 + usize::from(place.is_none());
            if fits(field)
                && fits(&value)
                && len as i64 <= config.hash_max_listpack_entries
                && match place {
                    Some(at) => packed.splice(at + 1, 1, &[&value]),
                    None => packed.splice(packed.len(), 0, &[field, &value]),
                }
            {
                return place.is_none();
            }
        }
        self.spread().set_keeping_time(field, value, config)
    }

    /// Removes a field.
    pub(crate) fn remove(&mut self, field: &[u8]) -> Option<Blob> {
        match self {
            Hash::Few(packed) => {
                let (at, value) = find(packed, field)?;
                let value = Blob::new(value);
                packed.splice(at, 2, &[]);
                Some(value)
            }
            Hash::Many(fields) => Arc::make_mut(fields).remove(field),
        }
    }

    /// When a field expires.
    pub(crate) fn time_of(&self, field: &[u8]) -> Option<i64> {
        match self {
            Hash::Few(_) => None,
            Hash::Many(fields) => fields.time_of(field),
        }
    }

    /// When the first of its fields expires.
    pub(crate) fn soonest(&self) -> Option<i64> {
        match self {
            Hash::Few(_) => None,
            Hash::Many(fields) => fields.soonest(),
        }
    }

    /// Whether the time of a field has come: it lives through the whole millisecond in which it expires.
    pub(crate) fn is_due(&self, now_ms: i64) -> bool {
        self.soonest().is_some_and(|at| now_ms > at)
    }

    /// The same of one field.
    pub(crate) fn is_field_due(&self, field: &[u8], now_ms: i64) -> bool {
        self.time_of(field).is_some_and(|at| now_ms > at)
    }

    /// Whether it has a field whose time has not come.
    pub(crate) fn has_living(&self, field: &[u8], now_ms: i64) -> bool {
        self.contains(field) && !self.is_field_due(field, now_ms)
    }

    /// Gives the compact form room for times, as Redis does before it looks at the fields.
    pub(crate) fn make_room_for_times(&mut self) {
        self.spread().make_room_for_times();
    }

    /// Lets a field that exists expire.
    pub(crate) fn set_time(&mut self, field: &[u8], at: i64) {
        self.spread().set_time(field, at);
    }

    /// Lets a field live for ever; says whether it had an expiry.
    pub(crate) fn forget_time(&mut self, field: &[u8]) -> bool {
        match self {
            Hash::Many(fields) if fields.soonest().is_some() => {
                Arc::make_mut(fields).forget_time(field)
            }
            Hash::Few(_) | Hash::Many(_) => false,
        }
    }

    /// Removes the fields whose time has come; gives them, soonest first.
    pub(crate) fn expire(&mut self, now_ms: i64) -> Vec<Blob> {
        match self {
            Hash::Few(_) => Vec::new(),
            Hash::Many(fields) => Arc::make_mut(fields).expire(now_ms),
        }
    }

    /// It without the fields whose time has come. There may be any only on a replica, which hides them until its
    /// primary deletes them, and while active expiry is off.
    pub(crate) fn living(&self, now_ms: i64) -> Cow<'_, Hash> {
        if !self.is_due(now_ms) {
            return Cow::Borrowed(self);
        }
        let mut living = self.clone();
        living.expire(now_ms);
        Cow::Owned(living)
    }
}

/// The fields of a small hash with their values.
struct Pairs<'h>(Items<'h>);

impl<'h> Iterator for Pairs<'h> {
    type Item = (Text<'h>, Text<'h>);

    fn next(&mut self) -> Option<Self::Item> {
        let (field, value) = (self.0.next()?, self.0.next()?);
        Some((Text::Packed(field), Text::Packed(value)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let pairs = self.0.len() / 2;
        (pairs, Some(pairs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::draws;

    #[test]
    fn a_packed_hash_is_a_spread_one_in_every_answer() {
        let (config, mut draw) = (Config::default(), draws());
        for _ in 0..300 {
            let (mut few, mut many) = (Hash::default(), Hash::default());
            many.spread();
            let (fields, longest) = (1 + draw(40), 1 + draw(70));
            for _ in 0..draw(120) {
                let field = format!("f{}", draw(fields));
                let field = field.as_bytes();
                match draw(12) {
                    0..=7 => {
                        let value = Blob::new(&vec![b'v'; draw(longest)]);
                        let new = few.set(field, value.clone(), &config);
                        assert_eq!(new, many.set(field, value, &config));
                    }
                    8..=10 => assert_eq!(few.remove(field), many.remove(field)),
                    _ if draw(20) == 0 => {
                        few.set_time(field, 5);
                        many.set_time(field, 5);
                    }
                    _ => assert_eq!(few.forget_time(field), many.forget_time(field)),
                }
                let text = |hash: &Hash| hash.get(field).map(Text::to_blob);
                assert_eq!(text(&few), text(&many));
                assert_eq!(few.contains(field), many.contains(field));
                assert_eq!(few.encoding(), many.encoding());
                assert_eq!(few.footprint(), many.footprint());
                assert_eq!((few.len(), few.is_large()), (many.len(), many.is_large()));
            }
            let all = |hash: &Hash| -> Vec<_> {
                hash.iter()
                    .map(|(f, v)| (f.to_blob(), v.to_blob()))
                    .collect()
            };
            assert_eq!(all(&few), all(&many));
            let at = |hash: &Hash| hash.at(3).map(|(f, v)| (f.to_blob(), v.to_blob()));
            assert_eq!(at(&few), at(&many));
        }
    }
}
