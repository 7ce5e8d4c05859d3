//! Rows as one transaction sees them: what was committed, and on top of it what it wrote itself.

use std::collections::BTreeMap;

use crate::Data;

/// Table and id.
pub(super) type At = (String, String);
/// Committed rows.
pub(super) type Rows = BTreeMap<At, Data>;
/// What a transaction has written: `None` where it deleted a row.
pub(super) type Changes = BTreeMap<At, Option<Data>>;

/// Rows to read and write. Without changes of a transaction's own, a write is committed at once.
pub(super) struct View<'a> {
    pub(super) rows: &'a mut Rows,
    pub(super) changes: Option<&'a mut Changes>,
}

impl View<'_> {
    pub(super) fn get(&self, at: &At) -> Option<&Data> {
        let own = self.changes.as_ref().and_then(|changes| changes.get(at));
        match own {
            Some(own) => own.as_ref(),
            None => self.rows.get(at),
        }
    }

    pub(super) fn set(&mut self, at: At, row: Option<Data>) {
        match (&mut self.changes, row) {
            (Some(changes), row) => {
                changes.insert(at, row);
            }
            (None, Some(row)) => {
                self.rows.insert(at, row);
            }
            (None, None) => {
                self.rows.remove(&at);
            }
        }
    }

    /// All rows by table and id.
    pub(super) fn all(&self) -> BTreeMap<&At, &Data> {
        let mut all: BTreeMap<&At, &Data> = self.rows.iter().collect();
        for (at, row) in self.changes.iter().flat_map(|changes| changes.iter()) {
            match row {
                Some(row) => all.insert(at, row),
                None => all.remove(at),
            };
        }
        all
    }
}
