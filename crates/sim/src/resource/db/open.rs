//! Transactions that have begun and not ended, and what they have locked.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::view::{Changes, Rows};
use crate::world::Connection;
use crate::{Effect, ResourceCall};

/// A transaction of the connection that began it.
#[derive(Clone, Debug, Default)]
pub(super) struct Transaction {
    pub(super) changes: Changes,
    /// Its writes in their order, each with what it will leave.
    pub(super) writes: Vec<Write>,
}

/// A write that takes effect when its transaction is committed.
pub(super) type Write = (Arc<ResourceCall>, Effect);

/// All of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Open {
    by: BTreeMap<Connection, Transaction>,
    /// Rows (`accounts/1`) and unique values (`users.email = 'a'`), each with whose transaction keeps others from it.
    locks: BTreeMap<String, Connection>,
}

impl Open {
    pub(super) fn begin(&mut self, who: Connection) {
        self.by.insert(who, Transaction::default());
    }

    pub(super) fn has(&self, who: Connection) -> bool {
        self.by.contains_key(&who)
    }

    pub(super) fn of(&mut self, who: Connection) -> Option<&mut Transaction> {
        self.by.get_mut(&who)
    }

    /// Whose transaction, other than one's own, has locked this.
    pub(super) fn holder(&self, lock: &str, who: Connection) -> Option<Connection> {
        self.locks
            .get(lock)
            .copied()
            .filter(|holder| *holder != who)
    }

    /// Keeps others away, if `who` has a transaction; a write on its own is over at once.
    pub(super) fn lock(&mut self, locks: Vec<String>, who: Connection) {
        if self.has(who) {
            self.locks.extend(locks.into_iter().map(|lock| (lock, who)));
        }
    }

    /// Ends a transaction, and gives what it wrote.
    pub(super) fn end(&mut self, who: Connection) -> Option<Transaction> {
        let ended = self.by.remove(&who)?;
        self.locks.retain(|_, holder| *holder != who);
        Some(ended)
    }

    /// Makes what a transaction wrote everybody's.
    pub(super) fn commit(&mut self, who: Connection, rows: &mut Rows) -> Vec<Write> {
        let Some(ended) = self.end(who) else {
            return Vec::new();
        };
        for (at, row) in ended.changes {
            match row {
                Some(row) => rows.insert(at, row),
                None => rows.remove(&at),
            };
        }
        ended.writes
    }
}
