//! Hashes: fields with values, and for some fields a time at which they expire.

use std::collections::BTreeMap;

use crate::Config;
use crate::blob::Blob;
use crate::db::Map;

#[derive(Clone, Default)]
pub(crate) struct Hash {
    fields: Map<Blob>,
    /// The bytes of all fields and values.
    bytes: usize,
    /// It has outgrown the compact form, and never gets back.
    large: bool,
    /// When fields expire, in milliseconds; most hashes have none.
    times: BTreeMap<Blob, i64>,
}

impl Hash {
    pub(crate) fn len(&self) -> usize {
        self.fields.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    pub(crate) fn encoding(&self) -> &'static str {
        match (self.large, !self.times.is_empty()) {
            (true, _) => "hashtable",
            (false, true) => "listpackex",
            (false, false) => "listpack",
        }
    }

    /// About what it takes in memory.
    pub(crate) fn footprint(&self) -> usize {
        self.bytes + self.fields.len() * if self.large { 56 } else { 4 }
    }

    pub(crate) fn is_large(&self) -> bool {
        self.large
    }

    pub(crate) fn get(&self, field: &[u8]) -> Option<&Blob> {
        self.fields.get(field)
    }

    pub(crate) fn contains(&self, field: &[u8]) -> bool {
        self.fields.contains_key(field)
    }

    pub(crate) fn iter(
        &self,
    ) -> impl DoubleEndedIterator<Item = (&Blob, &Blob)> + ExactSizeIterator {
        self.fields.iter()
    }

    pub(crate) fn at(&self, index: usize) -> Option<(&Blob, &Blob)> {
        self.fields.get_index(index)
    }

    /// Sets a field; says whether it is new. Its expiry goes.
    pub(crate) fn set(&mut self, field: &[u8], value: Blob, config: &Config) -> bool {
        self.forget_time(field);
        self.set_keeping_time(field, value, config)
    }

    /// Sets a field and keeps its expiry; says whether it is new.
    pub(crate) fn set_keeping_time(&mut self, field: &[u8], value: Blob, config: &Config) -> bool {
        let longest = config.hash_max_listpack_value;
        let too_long = |text: &[u8]| i64::try_from(text.len()).is_ok_and(|len| len > longest);
        self.large |= too_long(field) || too_long(&value);
        self.bytes += field.len() + value.len();
        let old = self.fields.insert(Blob::new(field), value);
        self.bytes -= old.as_ref().map_or(0, |old| field.len() + old.len());
        let new = old.is_none();
        self.large |= self.fields.len() as i64 > config.hash_max_listpack_entries;
        new
    }

    /// Removes a field.
    pub(crate) fn remove(&mut self, field: &[u8]) -> Option<Blob> {
        self.forget_time(field);
        // The compact form keeps the order of insertion; the large one need not.
        let old = if self.large {
            self.fields.swap_remove(field)
        } else {
            self.fields.shift_remove(field)
        };
        self.bytes -= old.as_ref().map_or(0, |old| field.len() + old.len());
        old
    }

    /// Lets a field live for ever; says whether it had an expiry.
    pub(crate) fn forget_time(&mut self, field: &[u8]) -> bool {
        self.times.remove(field).is_some()
    }
}
