//! What commands change, told from an engine's key events.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use redwind_engine::{Engine, Micros, Output};

use crate::{Changed, KeyChange};

/// How much of a key is shown: elements, or bytes of a string.
pub(crate) const PREVIEW: usize = 256;

/// The keys of a node, each with the record that wrote it last (`None`: there from the start).
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    keys: Arc<BTreeMap<(u32, Bytes), Option<u32>>>,
}

impl Known {
    /// The record that wrote a key last.
    pub(crate) fn writer(&self, db: u32, key: &Bytes) -> Option<u32> {
        self.keys.get(&(db, key.clone())).copied().flatten()
    }

    pub(crate) fn has(&self, db: u32, key: &Bytes) -> bool {
        self.keys.contains_key(&(db, key.clone()))
    }

    /// Notes whether a key is there, and, if it `changed`, who wrote it.
    pub(crate) fn set(&mut self, db: u32, key: &Bytes, there: bool, record: u32, changed: bool) {
        let id = (db, key.clone());
        let keys = Arc::make_mut(&mut self.keys);
        if !there {
            keys.remove(&id);
        } else if changed || !keys.contains_key(&id) {
            keys.insert(id, Some(record));
        }
    }

    /// The keys in their order.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &(u32, Bytes)> {
        self.keys.keys()
    }

    /// The changes that the events of one command amount to; `record` is where they will be told.
    pub(crate) fn changes<'a>(
        &mut self,
        engine: &Engine,
        now: Micros,
        outputs: impl Iterator<Item = &'a Output>,
        record: Option<u32>,
    ) -> Vec<KeyChange> {
        let mut changes: Vec<KeyChange> = Vec::new();
        for output in outputs {
            match output {
                Output::KeyEvent { db, event, key } => {
                    self.one(engine, now, (*db, event, key), record, &mut changes);
                }
                Output::Propagate { argv, .. } if empties(argv) => {
                    self.swept(engine, now, record, &mut changes);
                }
                // Redis notifies nobody of these, but who was given which entry is the heart of a stream.
                Output::Propagate { db, argv } => {
                    if let Some((what, key)) = moves_pending(argv) {
                        self.one(engine, now, (*db, what, key), record, &mut changes);
                    }
                }
                _ => {}
            }
        }
        changes
    }

    fn one(
        &mut self,
        engine: &Engine,
        now: Micros,
        (db, what, key): (u32, &'static str, &Bytes),
        record: Option<u32>,
        changes: &mut Vec<KeyChange>,
    ) {
        let id = (db, key.clone());
        let had = self.keys.contains_key(&id);
        let view = engine
            .view(now, db, key, PREVIEW)
            .filter(|_| !takes_away(what));
        let changed = match (&view, had) {
            (None, false) => return,
            (None, true) => Changed::Deleted,
            (Some(_), true) => Changed::Updated,
            (Some(_), false) => Changed::Created,
        };
        if changed == Changed::Deleted {
            Arc::make_mut(&mut self.keys).remove(&id);
        } else {
            Arc::make_mut(&mut self.keys).insert(id, record);
            // A second event about the same key (`expire` after `set`) adds nothing to what it is now.
            let told = changes
                .iter()
                .rfind(|told| told.db == db && told.key == *key);
            if told.is_some_and(|told| told.changed != Changed::Deleted) {
                return;
            }
        }
        changes.push(KeyChange {
            db,
            key: key.clone(),
            what,
            changed,
            expires_at: view.as_ref().and_then(|view| view.expires_at),
            view,
        });
    }

    /// Whole databases changed at once, which Redis reports for no single key.
    fn swept(
        &mut self,
        engine: &Engine,
        now: Micros,
        record: Option<u32>,
        changes: &mut Vec<KeyChange>,
    ) {
        let gone: Vec<(u32, Bytes)> = self
            .keys
            .keys()
            .filter(|(db, key)| engine.view(now, *db, key, 0).is_none())
            .cloned()
            .collect();
        for (db, key) in gone {
            self.one(engine, now, (db, "flushdb", &key), record, changes);
        }
    }
}

/// Whether an event's name says that its key is gone, whatever happened to it afterwards.
fn takes_away(event: &str) -> bool {
    matches!(
        event,
        "del" | "expired" | "evicted" | "rename_from" | "move_from"
    )
}

/// The key of a stream whose groups a write changed, and how.
fn moves_pending(argv: &[Bytes]) -> Option<(&'static str, &Bytes)> {
    let (name, key) = (argv.first()?, argv.get(1)?);
    let known = ["xclaim", "xack", "xackdel", "xnack"];
    if let Some(what) = known
        .into_iter()
        .find(|known| name.eq_ignore_ascii_case(known.as_bytes()))
    {
        return Some((what, key));
    }
    name.eq_ignore_ascii_case(b"xgroup")
        .then(|| argv.get(2))
        .flatten()
        .map(|key| ("xgroup", key))
}

fn empties(argv: &[Bytes]) -> bool {
    argv.first().is_some_and(|name| {
        [b"flushall".as_slice(), b"flushdb", b"swapdb"]
            .iter()
            .any(|known| name.eq_ignore_ascii_case(known))
    })
}
