//! Who watches which keys, and whose transactions will fail.

use triomphe::Arc;

use crate::blob::Blob;
use crate::{Engine, SessionId};

impl Engine {
    fn watchers(&self, db: u32, key: &[u8]) -> Vec<SessionId> {
        if self.watched.is_empty() {
            return Vec::new();
        }
        let watchers = self.watched.get(&(db, Blob::new(key)));
        watchers.cloned().unwrap_or_default()
    }

    /// Transactions that watch this key will fail; whoever watches it needs to watch nothing more.
    pub(crate) fn break_transactions(&mut self, db: u32, key: &[u8]) {
        for who in self.watchers(db, key) {
            self.unwatch(who);
            self.spoil(who);
        }
    }

    /// The same where all of a database changes: there Redis lets nobody off.
    pub(crate) fn spoil_transactions(&mut self, db: u32, key: &[u8]) {
        for who in self.watchers(db, key) {
            self.spoil(who);
        }
    }

    fn spoil(&mut self, who: SessionId) {
        if let Some(session) = Arc::make_mut(&mut self.sessions).get_mut(&who) {
            session.cas_broken = true;
        }
    }

    /// A session forgets what it watches.
    pub(crate) fn unwatch(&mut self, who: SessionId) {
        let Some(session) = self.sessions.get(&who) else {
            return;
        };
        if session.watching.is_empty() && !session.cas_broken {
            return;
        }
        let Some(session) = Arc::make_mut(&mut self.sessions).get_mut(&who) else {
            return;
        };
        session.cas_broken = false;
        let watching = std::mem::take(&mut session.watching);
        let watched = Arc::make_mut(&mut self.watched);
        for place in watching {
            if let Some(watchers) = watched.get_mut(&place) {
                watchers.retain(|watcher| *watcher != who);
                if watchers.is_empty() {
                    watched.remove(&place);
                }
            }
        }
    }
}
