//! The fields of a hash that is not small, or whose fields expire.

use crate::Config;
use crate::blob::Blob;
use crate::map::Map;
use crate::sorted::Sorted;

/// How Redis stores a hash. It only ever goes down this list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Form {
    /// Compact, in the order of insertion.
    #[default]
    Listpack,
    /// Compact with times: fields that expire come first, soonest first.
    ListpackEx,
    Hashtable,
}

#[derive(Clone, Default)]
pub(crate) struct Fields {
    fields: Map<Blob>,
    /// The bytes of all fields and values.
    bytes: usize,
    form: Form,
    /// When fields expire; most hashes have no such fields.
    times: Option<Box<Times>>,
}

/// When fields expire, in milliseconds since the epoch.
#[derive(Clone, Default)]
struct Times {
    by_field: Sorted<Blob, i64>,
    /// The same, soonest first.
    due: Sorted<(i64, Blob)>,
}

impl Times {
    fn insert(&mut self, field: &[u8], at: i64) {
        self.remove(field);
        self.by_field.insert(Blob::new(field), at);
        self.due.insert((at, Blob::new(field)), ());
    }

    fn remove(&mut self, field: &[u8]) -> bool {
        let Some((field, at)) = self.by_field.remove_entry(field) else {
            return false;
        };
        self.due.remove(&(at, field)).is_some()
    }
}

impl Fields {
    pub(crate) fn len(&self) -> usize {
        self.fields.len()
    }

    pub(crate) fn encoding(&self) -> &'static str {
        match self.form {
            Form::Listpack => "listpack",
            Form::ListpackEx => "listpackex",
            Form::Hashtable => "hashtable",
        }
    }

    /// About what it takes in memory.
    pub(crate) fn footprint(&self) -> usize {
        let per_field = match self.form {
            Form::Listpack => 4,
            Form::ListpackEx => 6,
            Form::Hashtable => 56,
        };
        let times = self.times.as_ref().map_or(0, |times| times.due.len());
        self.bytes + self.fields.len() * per_field + times * 16
    }

    pub(crate) fn is_large(&self) -> bool {
        self.form == Form::Hashtable
    }

    pub(crate) fn get(&self, field: &[u8]) -> Option<&Blob> {
        self.fields.get(field)
    }

    pub(crate) fn contains(&self, field: &[u8]) -> bool {
        self.fields.contains(field)
    }

    pub(crate) fn iter(
        &self,
    ) -> impl DoubleEndedIterator<Item = (&Blob, &Blob)> + ExactSizeIterator {
        self.fields.iter()
    }

    pub(crate) fn at(&self, index: usize) -> Option<(&Blob, &Blob)> {
        self.fields.at(index)
    }

    /// Adds a field that is not there yet, and does not make it large.
    pub(crate) fn push(&mut self, field: Blob, value: Blob) {
        self.bytes += field.len() + value.len();
        self.fields.insert(field, value);
    }

    /// Leaves the compact forms, for good.
    pub(crate) fn outgrow(&mut self) {
        self.form = Form::Hashtable;
    }

    /// Sets a field and keeps its expiry; says whether it is new.
    pub(crate) fn set_keeping_time(&mut self, field: &[u8], value: Blob, config: &Config) -> bool {
        let longest = config.hash_max_listpack_value;
        let too_long = |text: &[u8]| i64::try_from(text.len()).is_ok_and(|len| len > longest);
        let mut large = too_long(field) || too_long(&value);
        self.bytes += field.len() + value.len();
        let (_, old) = self.fields.insert(Blob::new(field), value);
        self.bytes -= old.as_ref().map_or(0, |old| field.len() + old.len());
        large |= self.fields.len() as i64 > config.hash_max_listpack_entries;
        if large {
            self.form = Form::Hashtable;
        }
        old.is_none()
    }

    /// Removes a field.
    pub(crate) fn remove(&mut self, field: &[u8]) -> Option<Blob> {
        self.drop_time(field);
        // The compact form keeps its order; the large one need not.
        let old = if self.is_large() {
            self.fields.swap_remove(field)
        } else {
            self.fields.shift_remove(field)
        };
        self.bytes -= old.as_ref().map_or(0, |old| field.len() + old.len());
        old
    }

    /// When a field expires.
    pub(crate) fn time_of(&self, field: &[u8]) -> Option<i64> {
        self.times.as_ref()?.by_field.get(field).copied()
    }

    /// When the first of its fields expires.
    pub(crate) fn soonest(&self) -> Option<i64> {
        self.times.as_ref()?.due.first().map(|((at, _), ())| *at)
    }

    /// Gives the compact form room for times, as Redis does before it looks at the fields.
    pub(crate) fn make_room_for_times(&mut self) {
        if self.form == Form::Listpack {
            self.form = Form::ListpackEx;
        }
    }

    /// Lets a field that exists expire.
    pub(crate) fn set_time(&mut self, field: &[u8], at: i64) {
        let Some(from) = self.fields.place(field) else {
            return;
        };
        self.make_room_for_times();
        let times = self.times.get_or_insert_default();
        times.remove(field);
        if self.form == Form::ListpackEx {
            // Before the first that expires at the same time or later, or never.
            let sooner = times.due.keys().take_while(|(due, _)| *due < at).count();
            self.fields.move_item(from, sooner);
        }
        times.insert(field, at);
    }

    /// Lets a field live for ever; says whether it had an expiry.
    pub(crate) fn forget_time(&mut self, field: &[u8]) -> bool {
        let had = self.drop_time(field);
        if had
            && self.form == Form::ListpackEx
            && let Some(from) = self.fields.place(field)
        {
            self.fields.move_item(from, self.fields.len() - 1);
        }
        had
    }

    fn drop_time(&mut self, field: &[u8]) -> bool {
        let Some(times) = &mut self.times else {
            return false;
        };
        let had = times.remove(field);
        if times.due.is_empty() {
            self.times = None;
        }
        had
    }

    /// Removes the fields whose time has come; gives them, soonest first.
    pub(crate) fn expire(&mut self, now_ms: i64) -> Vec<Blob> {
        let Some(times) = &self.times else {
            return Vec::new();
        };
        let due = times.due.keys().take_while(|(at, _)| *at < now_ms);
        let gone: Vec<Blob> = due.map(|(_, field)| field.clone()).collect();
        for field in &gone {
            self.remove(field);
        }
        gone
    }
}
