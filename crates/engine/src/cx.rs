//! What a handler sees: the keyspace of one database at one frozen instant.

use std::num::NonZeroU32;
use std::sync::Arc;

use bytes::Bytes;
use redwind_resp::{Protocol, Value};

use crate::blob::Blob;
use crate::db::{Data, Db, Entry, Kind};
use crate::session::{Awaits, Session};
use crate::{Choice, Choose, Engine, Micros, Output, Outputs, Refusal, SessionId};

/// What replicas must repeat for the command that runs.
#[derive(Default)]
pub(crate) enum Effect {
    /// The command as it was sent, if it changed something.
    #[default]
    Same,
    /// Something else, or (when empty) nothing.
    Instead(Vec<Vec<Bytes>>),
}

/// A wish to wait.
pub(crate) struct Block {
    pub(crate) keys: Vec<Blob>,
    pub(crate) awaits: Awaits,
    pub(crate) even_if_missing: bool,
    pub(crate) deadline: Option<Micros>,
    pub(crate) at_timeout: Value,
}

/// The context of one command.
pub(crate) struct Cx<'a> {
    pub(crate) engine: &'a mut Engine,
    pub(crate) now: Micros,
    pub(crate) luck: &'a mut dyn Choose,
    pub(crate) out: &'a mut Outputs,
    pub(crate) session: SessionId,
    pub(crate) db: u32,
    pub(crate) protocol: Protocol,
    /// Inside `EXEC` or a script, where nothing may wait.
    pub(crate) may_block: bool,
    /// Inside a script.
    pub(crate) in_script: bool,
    /// How many changes this command made, as Redis counts them.
    pub(crate) dirty: u64,
    pub(crate) effect: Effect,
    pub(crate) block: Option<Block>,
    /// The deadline of a command that is run again after it waited.
    pub(crate) waited_until: Option<Option<Micros>>,
}

impl Cx<'_> {
    pub(crate) fn now_ms(&self) -> i64 {
        self.now.millis()
    }

    pub(crate) fn db(&self) -> &Db {
        &self.engine.dbs[self.db as usize]
    }

    pub(crate) fn db_mut(&mut self) -> &mut Db {
        Arc::make_mut(&mut self.engine.dbs[self.db as usize])
    }

    pub(crate) fn session(&self) -> Option<&Session> {
        self.engine.sessions.get(&self.session)
    }

    pub(crate) fn session_mut(&mut self) -> Option<&mut Session> {
        Arc::make_mut(&mut self.engine.sessions).get_mut(&self.session)
    }

    pub(crate) fn resp3(&self) -> bool {
        self.protocol == Protocol::Resp3
    }

    /// A number below `bound`, which must not be 0.
    pub(crate) fn pick(&mut self, bound: usize, why: Choice) -> usize {
        let bound = u32::try_from(bound)
            .ok()
            .and_then(NonZeroU32::new)
            .unwrap_or(NonZeroU32::MIN);
        self.luck.below(bound, why) as usize
    }

    /// Seconds, for the record of when a key was last used.
    pub(crate) fn used_now(&self) -> u32 {
        (self.now.0 / 1_000_000) as u32
    }

    /// Where a living key is. An expired one is deleted on the way: expiry is lazy.
    pub(crate) fn find(&mut self, key: &[u8]) -> Option<usize> {
        let now_ms = self.now_ms();
        let db = self.db();
        let index = db.find(key)?;
        if db.at(index).is_expired(now_ms) {
            self.engine.expire_key(self.now, self.db, key, self.out);
            return None;
        }
        Some(index)
    }

    /// A living key's entry, without counting as a use of it.
    pub(crate) fn peek(&mut self, key: &[u8]) -> Option<&Entry> {
        let index = self.find(key)?;
        Some(self.db().at(index))
    }

    /// A living key's entry; reading counts as use.
    pub(crate) fn lookup(&mut self, key: &[u8]) -> Option<&Entry> {
        let Some(index) = self.find(key) else {
            self.engine.counters.keyspace_misses += 1;
            return None;
        };
        self.engine.counters.keyspace_hits += 1;
        let used = self.used_now();
        if self.db().at(index).used != used {
            self.db_mut().at_mut(index).used = used;
        }
        Some(self.db().at(index))
    }

    pub(crate) fn exists(&mut self, key: &[u8]) -> bool {
        self.find(key).is_some()
    }

    /// What a key holds, if it is of this type.
    #[expect(dead_code, reason = "the types that use it follow")]
    pub(crate) fn read<T: Kind>(&mut self, key: &[u8]) -> Result<Option<&T>, Refusal> {
        match self.lookup(key) {
            None => Ok(None),
            Some(entry) => T::of(&entry.data).map(Some).ok_or(Refusal::WrongType),
        }
    }

    /// The string under a key.
    pub(crate) fn read_string(&mut self, key: &[u8]) -> Result<Option<Bytes>, Refusal> {
        match self.lookup(key) {
            None => Ok(None),
            Some(entry) => entry
                .data
                .string_bytes()
                .map(Some)
                .ok_or(Refusal::WrongType),
        }
    }

    /// Stores under a key as `SET` does: whatever was there goes, its expiry too.
    pub(crate) fn put(&mut self, key: &[u8], data: Data, expires: Option<i64>) {
        let used = self.used_now();
        self.db_mut().insert(key, data, expires, used);
        self.touch(key);
    }

    /// Deletes a key; says whether it lived.
    pub(crate) fn delete(&mut self, key: &[u8]) -> bool {
        if self.find(key).is_none() {
            return false;
        }
        self.db_mut().remove(key);
        self.touch(key);
        true
    }

    /// Notes that a key changed: transactions that watch it will fail, commands that wait for it run.
    pub(crate) fn touch(&mut self, key: &[u8]) {
        self.engine.touch(self.db, key);
    }

    /// Reports a change to a key under its keyspace-notification name.
    pub(crate) fn event(&mut self, event: &'static str, key: &Bytes) {
        if self.engine.config.report_events {
            self.out.push(Output::KeyEvent {
                db: self.db,
                event,
                key: key.clone(),
            });
        }
    }

    /// Replicas shall repeat this instead of the command itself.
    pub(crate) fn repeat_as(&mut self, argv: Vec<Bytes>) {
        match &mut self.effect {
            Effect::Instead(list) => list.push(argv),
            Effect::Same => self.effect = Effect::Instead(vec![argv]),
        }
    }
}
