//! What each key was, when.

use std::collections::BTreeMap;

use redwind_protocol::{Key, KeyChange, Trace};

/// A key at an instant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KeyNow<'a> {
    /// Lane of its node.
    pub node: u16,
    /// Its database.
    pub db: u32,
    /// Its name.
    pub name: &'a str,
    /// What it holds; `None`: the record at this instant removed it.
    pub key: Option<&'a Key>,
    /// Redis's name for its last change; empty when it was there from the start.
    pub what: &'a str,
    /// Whether the record at this very instant changed it.
    pub fresh: bool,
}

/// All changes of one key.
#[derive(Debug)]
pub(super) struct KeyTrack {
    node: u16,
    db: u32,
    name: String,
    initial: Option<u32>,
    /// `(record, index among its changes)`, in order.
    changes: Vec<(u32, u32)>,
}

impl KeyTrack {
    pub(super) fn at<'a>(&'a self, trace: &'a Trace, position: u32) -> Option<KeyNow<'a>> {
        let now = |change: &'a KeyChange, what, fresh| KeyNow {
            node: self.node,
            db: self.db,
            name: &self.name,
            key: change.key.as_ref(),
            what,
            fresh,
        };
        let until = self
            .changes
            .partition_point(|(record, _)| *record <= position);
        let Some((record, index)) = self.changes[..until].last() else {
            let change = trace.initial_keys.get(self.initial? as usize)?;
            return change.key.is_some().then(|| now(change, "", false));
        };
        let change = trace
            .records
            .get(*record as usize)?
            .keys
            .get(*index as usize)?;
        let fresh = *record == position;
        (change.key.is_some() || fresh).then(|| now(change, &change.what, fresh))
    }
}

/// The tracks of all keys, in the order of nodes, databases and names.
pub(super) fn tracks<'a>(trace: &'a Trace) -> Vec<KeyTrack> {
    let mut tracks: BTreeMap<(u16, u32, &'a str), KeyTrack> = BTreeMap::new();
    let mut note = |change: &'a KeyChange, initial, changed: Option<(u32, u32)>| {
        let KeyChange { node, db, name, .. } = change;
        let track = tracks
            .entry((*node, *db, name))
            .or_insert_with(|| KeyTrack {
                node: *node,
                db: *db,
                name: name.clone(),
                initial,
                changes: Vec::new(),
            });
        track.changes.extend(changed);
    };
    for (index, change) in (0_u32..).zip(&trace.initial_keys) {
        note(change, Some(index), None);
    }
    for (record, told) in (0_u32..).zip(&trace.records) {
        for (index, change) in (0_u32..).zip(&told.keys) {
            note(change, None, Some((record, index)));
        }
    }
    tracks.into_values().collect()
}
