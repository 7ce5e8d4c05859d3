//! One database: a map from keys to entries, and the order in which they expire.

use bytes::Bytes;
use triomphe::Arc;

use crate::blob::Blob;
use crate::map::Map;
use crate::memory;
use crate::number::{int_bytes, parse_int};
use crate::sorted::Sorted;
use crate::types::{Hash, List, Set, Stream, Zset};

/// Strings up to this length are stored as one small object ("embstr").
const EMBSTR_MAX: usize = 44;

/// What a key holds.
#[derive(Clone)]
pub(crate) enum Data {
    /// A string that is a canonical integer.
    Int(i64),
    /// A short string that was set as a whole.
    Short(Blob),
    /// A long string, or one that was changed in place.
    Raw(Arc<Vec<u8>>),
    List(List),
    Hash(Hash),
    Set(Set),
    Zset(Zset),
    Stream(Arc<Stream>),
}

impl Data {
    /// A string the way `SET` stores it.
    pub(crate) fn string(text: &[u8]) -> Data {
        match parse_int(text) {
            Some(number) if text.len() <= 20 => Data::Int(number),
            _ if text.len() <= EMBSTR_MAX => Data::Short(Blob::new(text)),
            _ => Data::Raw(Arc::new(text.to_vec())),
        }
    }

    /// The name that `TYPE` gives.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Data::Int(_) | Data::Short(_) | Data::Raw(_) => "string",
            Data::List(_) => "list",
            Data::Hash(_) => "hash",
            Data::Set(_) => "set",
            Data::Zset(_) => "zset",
            Data::Stream(_) => "stream",
        }
    }

    /// The name that `OBJECT ENCODING` gives.
    pub(crate) fn encoding(&self) -> &'static str {
        match self {
            Data::Int(_) => "int",
            Data::Short(_) => "embstr",
            Data::Raw(_) => "raw",
            Data::List(list) => list.encoding(),
            Data::Hash(hash) => hash.encoding(),
            Data::Set(set) => set.encoding(),
            Data::Zset(zset) => zset.encoding(),
            Data::Stream(_) => "stream",
        }
    }

    /// The bytes of a string; `None` for another type.
    pub(crate) fn string_bytes(&self) -> Option<Bytes> {
        Some(match self {
            Data::Int(number) => Bytes::from(int_bytes(*number)),
            Data::Short(blob) => blob.to_bytes(),
            Data::Raw(text) if text.len() < 512 => Bytes::copy_from_slice(text),
            Data::Raw(text) => Bytes::from_owner(Shared(text.clone())),
            _ => return None,
        })
    }

    /// A short string lies in one piece of memory with its key (and its expiry, unless the key is long
    /// and has room reserved for one) if all of it fits into 64 bytes; else it is stored apart.
    fn fit(&mut self, key_len: usize, expires: bool) {
        let room = if expires && key_len < 32 { 33 } else { 41 };
        if matches!(self, Data::Short(text) if key_len + text.len() > room) {
            self.make_raw();
        }
    }

    /// A string as bytes that can be changed in place; it stays in that form.
    pub(crate) fn make_raw(&mut self) -> Option<&mut Vec<u8>> {
        if !matches!(self, Data::Raw(_)) {
            *self = Data::Raw(Arc::new(self.string_bytes()?.to_vec()));
        }
        match self {
            Data::Raw(text) => Some(Arc::make_mut(text)),
            _ => None,
        }
    }

    /// Whether nothing is left in it; strings are never empty in this sense.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Data::Int(_) | Data::Short(_) | Data::Raw(_) => false,
            Data::List(list) => list.is_empty(),
            Data::Hash(hash) => hash.is_empty(),
            Data::Set(set) => set.is_empty(),
            Data::Zset(zset) => zset.is_empty(),
            // A stream stays when its last entry goes.
            Data::Stream(_) => false,
        }
    }
}

struct Shared(Arc<Vec<u8>>);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// One of the types behind a key other than strings, so that reading and writing can be written once.
pub(crate) trait Kind: Clone + Default {
    fn of(data: &Data) -> Option<&Self>;
    fn of_mut(data: &mut Data) -> Option<&mut Self>;
    fn wrap(self) -> Data;
}

macro_rules! kinds {
    ($($kind:ident)*) => {$(
        impl Kind for $kind {
            fn of(data: &Data) -> Option<&Self> {
                if let Data::$kind(contents) = data { Some(contents) } else { None }
            }

            fn of_mut(data: &mut Data) -> Option<&mut Self> {
                if let Data::$kind(contents) = data { Some(contents) } else { None }
            }

            fn wrap(self) -> Data {
                Data::$kind(self)
            }
        }
    )*};
}

kinds! { List Hash Set Zset }

impl Kind for Stream {
    fn of(data: &Data) -> Option<&Self> {
        if let Data::Stream(stream) = data {
            Some(stream)
        } else {
            None
        }
    }

    fn of_mut(data: &mut Data) -> Option<&mut Self> {
        if let Data::Stream(stream) = data {
            Some(Arc::make_mut(stream))
        } else {
            None
        }
    }

    fn wrap(self) -> Data {
        Data::Stream(Arc::new(self))
    }
}

/// No expiry. As in Redis no key can expire at this time: what is over is deleted, not stored.
const NEVER: i64 = -1;

#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) data: Data,
    /// When it expires, in milliseconds since the epoch; only the database may change it.
    expires: i64,
    /// When it was last used, in seconds.
    pub(crate) used: u32,
}

impl Entry {
    pub(crate) fn expires(&self) -> Option<i64> {
        (self.expires != NEVER).then_some(self.expires)
    }

    /// Redis's rule: a key lives through the whole millisecond in which it expires.
    pub(crate) fn is_expired(&self, now_ms: i64) -> bool {
        self.expires != NEVER && now_ms > self.expires
    }

    /// Whether it is a hash with fields whose time has come.
    pub(crate) fn has_due_fields(&self, now_ms: i64) -> bool {
        matches!(&self.data, Data::Hash(hash) if hash.is_due(now_ms))
    }
}

#[derive(Clone, Default)]
pub(crate) struct Db {
    keys: Map<Entry>,
    /// About what all of it takes in memory.
    footprint: usize,
    /// The keys with an expiry, soonest first.
    due: Sorted<(i64, Blob)>,
    /// The hashes with fields that expire, by the soonest of them.
    field_due: Sorted<(i64, Blob)>,
}

impl Db {
    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    pub(crate) fn find(&self, key: &[u8]) -> Option<usize> {
        self.keys.place(key)
    }

    pub(crate) fn entry(&self, index: usize) -> Option<(&Blob, &Entry)> {
        self.keys.at(index)
    }

    pub(crate) fn at(&self, index: usize) -> &Entry {
        &self.keys[index]
    }

    pub(crate) fn at_mut(&mut self, index: usize) -> &mut Entry {
        &mut self.keys[index]
    }

    pub(crate) fn get(&self, key: &[u8]) -> Option<&Entry> {
        self.keys.get(key)
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (&Blob, &Entry)> {
        self.keys.iter()
    }

    /// About what all of it takes in memory.
    pub(crate) fn footprint(&self) -> usize {
        self.footprint
    }

    fn weigh(&self, index: usize) -> usize {
        let Some((key, entry)) = self.keys.at(index) else {
            return 0;
        };
        memory::of_entry(key, &entry.data, entry.expires != NEVER)
    }

    /// The entry at a place, to be changed; its weight is not counted and its fields are not scheduled until
    /// it is closed.
    pub(crate) fn open(&mut self, index: usize) -> &mut Entry {
        self.footprint -= self.weigh(index);
        if let Some(due) = self.field_schedule(index) {
            self.field_due.remove(&due);
        }
        self.at_mut(index)
    }

    /// Counts the weight of an entry again and schedules its fields.
    pub(crate) fn close(&mut self, index: usize) {
        self.footprint += self.weigh(index);
        if let Some(due) = self.field_schedule(index) {
            self.field_due.insert(due, ());
        }
    }

    /// Changes a string in place; `None` if it is none.
    pub(crate) fn edit_text<T>(
        &mut self,
        index: usize,
        f: impl FnOnce(&mut Vec<u8>) -> T,
    ) -> Option<T> {
        let result = self.open(index).data.make_raw().map(f);
        self.close(index);
        result
    }

    /// The key with an expiry at this place in the order of expiry.
    pub(crate) fn nth_due(&self, at: usize) -> Option<(&Blob, &Entry)> {
        let (_, key) = self.due.keys().nth(at)?;
        self.keys.at(self.keys.place(key)?)
    }

    /// How many hashes have fields that will expire.
    pub(crate) fn field_due_count(&self) -> usize {
        self.field_due.len()
    }

    /// The hash with the field that expires soonest.
    pub(crate) fn soonest_field(&self) -> Option<&(i64, Blob)> {
        self.field_due.first().map(|(due, ())| due)
    }

    /// When the first field of the entry at a place expires, with the key.
    fn field_schedule(&self, index: usize) -> Option<(i64, Blob)> {
        match self.keys.at(index) {
            Some((key, entry)) => match &entry.data {
                Data::Hash(hash) => hash.soonest().map(|at| (at, key.clone())),
                _ => None,
            },
            None => None,
        }
    }

    /// How many keys will expire.
    pub(crate) fn due_count(&self) -> usize {
        self.due.len()
    }

    /// The key that expires soonest.
    pub(crate) fn soonest(&self) -> Option<&(i64, Blob)> {
        self.due.first().map(|(due, ())| due)
    }

    /// Stores under a key that is not there; gives its place.
    pub(crate) fn add(
        &mut self,
        key: &[u8],
        mut data: Data,
        expires: Option<i64>,
        used: u32,
    ) -> usize {
        data.fit(key.len(), expires.is_some());
        let expires = expires.unwrap_or(NEVER);
        if expires != NEVER {
            self.due.insert((expires, Blob::new(key)), ());
        }
        let entry = Entry {
            data,
            expires,
            used,
        };
        let (index, _) = self.keys.insert(Blob::new(key), entry);
        self.close(index);
        index
    }

    /// Stores other contents in the entry at a place, with their own expiry.
    pub(crate) fn overwrite(&mut self, index: usize, mut data: Data, expires: Option<i64>) {
        let new = expires.unwrap_or(NEVER);
        self.open(index);
        let Some((key, entry)) = self.keys.at_mut(index) else {
            return;
        };
        data.fit(key.len(), expires.is_some());
        entry.data = data;
        let old = std::mem::replace(&mut entry.expires, new);
        if old != new {
            let key = key.clone();
            self.reschedule(&key, old, new);
        }
        self.close(index);
    }

    pub(crate) fn remove(&mut self, key: &[u8]) -> Option<Entry> {
        // Swapping keeps removal constant; `SCAN` walks downwards because of it.
        let index = self.keys.place(key)?;
        self.open(index);
        let (key, entry) = self.keys.swap_remove_at(index)?;
        if entry.expires != NEVER {
            self.due.remove(&(entry.expires, key));
        }
        Some(entry)
    }

    pub(crate) fn set_expires(&mut self, index: usize, expires: Option<i64>) {
        let expires = expires.unwrap_or(NEVER);
        self.footprint -= self.weigh(index);
        let Some((key, entry)) = self.keys.at_mut(index) else {
            return;
        };
        let old = std::mem::replace(&mut entry.expires, expires);
        if old == NEVER && expires != NEVER {
            entry.data.fit(key.len(), true);
        }
        let key = key.clone();
        self.footprint += self.weigh(index);
        self.reschedule(&key, old, expires);
    }

    fn reschedule(&mut self, key: &[u8], old: i64, new: i64) {
        let key = Blob::new(key);
        if old != NEVER {
            self.due.remove(&(old, key.clone()));
        }
        if new != NEVER {
            self.due.insert((new, key), ());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// There is one of these for each key: a word more is a tenth more memory for a small one.
    #[test]
    fn what_a_key_takes_beside_its_name_stays_five_words() {
        assert_eq!(size_of::<Data>(), 24);
        assert_eq!(size_of::<Entry>(), 40);
    }
}
