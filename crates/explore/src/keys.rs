//! What keys held when, folded from the records.

use std::collections::BTreeMap;

use bytes::Bytes;
use redwind_engine::{KeyView, Micros, Preview};
use redwind_sim::{KeyChange, Place};

use crate::History;
use crate::jobs;

/// A key on a node.
pub(crate) type KeyId = (Place, u32, Bytes);

/// What a key holds, and since which record; `None`: it was there before the first.
#[derive(Clone)]
pub(crate) struct Held {
    pub(crate) view: KeyView,
    pub(crate) expires_at: Option<Micros>,
    pub(crate) writer: Option<u32>,
}

/// The keys at some moment.
#[derive(Clone, Default)]
pub(crate) struct Keys(BTreeMap<KeyId, Held>);

impl Keys {
    /// Before the first record.
    pub(crate) fn at_start(history: &History<'_>) -> Self {
        let mut keys = Self::default();
        for (node, change) in history.initial {
            keys.apply(*node, change, None);
        }
        keys
    }

    /// After the last record.
    pub(crate) fn at_end(history: &History<'_>) -> Self {
        let mut keys = Self::at_start(history);
        for record in history.records {
            for change in History::changes(record) {
                keys.apply(record.place, change, Some(record.seq));
            }
        }
        keys
    }

    pub(crate) fn apply(&mut self, node: Place, change: &KeyChange, writer: Option<u32>) {
        let id = (node, change.db, change.key.clone());
        match &change.view {
            Some(view) => {
                self.0.insert(
                    id,
                    Held {
                        view: view.clone(),
                        expires_at: change.expires_at,
                        writer,
                    },
                );
            }
            None => {
                self.0.remove(&id);
            }
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&KeyId, &Held)> {
        self.0.iter()
    }

    /// A key of this name, on whichever node and in whichever database.
    pub(crate) fn named(&self, key: &[u8]) -> Option<&Held> {
        self.0
            .iter()
            .find(|((_, _, name), _)| name == key)
            .map(|(_, held)| held)
    }
}

/// Everything that a view shows as a value of its own: elements, members, fields and their values.
pub(crate) fn elements(view: &KeyView) -> Vec<&[u8]> {
    match &view.preview {
        Preview::Text(text) => vec![text.as_ref()],
        Preview::Items(items) => items.iter().map(AsRef::as_ref).collect(),
        Preview::Fields(fields) => fields
            .iter()
            .flat_map(|(field, value)| [field.as_ref(), value.as_ref()])
            .collect(),
        Preview::Scores(members) => members.iter().map(|(member, _)| member.as_ref()).collect(),
        Preview::Stream { entries, .. } => entries
            .iter()
            .flat_map(|(_, fields)| fields.iter().map(|(_, value)| value.as_ref()))
            .collect(),
    }
}

/// What the elements of a view are called as jobs. An entry of a stream is one job, by the name that it bears.
pub(crate) fn names(view: &KeyView) -> Vec<String> {
    match &view.preview {
        Preview::Stream { entries, .. } => entries
            .iter()
            .map(|(_, fields)| jobs::entry_name(fields))
            .collect(),
        _ => elements(view).into_iter().map(jobs::name).collect(),
    }
}

/// Whether the view shows all that the key holds.
pub(crate) fn is_whole(view: &KeyView) -> bool {
    let shown = match &view.preview {
        Preview::Text(text) => text.len(),
        Preview::Items(items) => items.len(),
        Preview::Fields(fields) => fields.len(),
        Preview::Scores(members) => members.len(),
        Preview::Stream { entries, .. } => entries.len(),
    };
    shown >= view.len
}
