//! Who waits for which key, in the order of arrival, and until when.

use std::collections::VecDeque;

use crate::blob::Blob;
use crate::sorted::Sorted;
use crate::{Micros, SessionId};

#[derive(Clone, Default)]
pub(crate) struct Waiting {
    by_key: Sorted<(u32, Blob), VecDeque<SessionId>>,
    deadlines: Sorted<(Micros, SessionId)>,
    count: usize,
}

impl Waiting {
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    pub(crate) fn key_count(&self) -> usize {
        self.by_key.len()
    }

    pub(crate) fn add(&mut self, who: SessionId, db: u32, keys: &[Blob], deadline: Option<Micros>) {
        for key in keys {
            let queue = self.by_key.or_default((db, key.clone()));
            // A key named twice counts once.
            if !queue.contains(&who) {
                queue.push_back(who);
            }
        }
        if let Some(deadline) = deadline {
            self.deadlines.insert((deadline, who), ());
        }
        self.count += 1;
    }

    pub(crate) fn remove(
        &mut self,
        who: SessionId,
        db: u32,
        keys: &[Blob],
        deadline: Option<Micros>,
    ) {
        for key in keys {
            let place = (db, key.clone());
            if let Some(queue) = self.by_key.get_mut(&place) {
                queue.retain(|waiter| *waiter != who);
                if queue.is_empty() {
                    self.by_key.remove(&place);
                }
            }
        }
        if let Some(deadline) = deadline {
            self.deadlines.remove(&(deadline, who));
        }
        self.count -= 1;
    }

    pub(crate) fn has(&self, db: u32, key: &[u8]) -> bool {
        self.count > 0 && self.by_key.contains_key(&(db, Blob::new(key)))
    }

    /// Those who wait for a key, longest first.
    pub(crate) fn for_key(&self, db: u32, key: &Blob) -> Vec<SessionId> {
        self.by_key
            .get(&(db, key.clone()))
            .map_or_else(Vec::new, |q| q.iter().copied().collect())
    }

    pub(crate) fn next_deadline(&self) -> Option<Micros> {
        self.deadlines.first().map(|((when, _), ())| *when)
    }

    /// The waiter whose time is up first, if it is up.
    pub(crate) fn overdue(&self, now: Micros) -> Option<SessionId> {
        self.deadlines
            .first()
            .filter(|((when, _), ())| *when <= now)
            .map(|((_, who), ())| *who)
    }
}
