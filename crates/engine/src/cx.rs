//! What a handler sees: the keyspace of one database at one frozen instant.

use std::marker::PhantomData;
use std::num::NonZeroU32;

use bytes::Bytes;
use redwind_resp::{Protocol, Value};
use triomphe::Arc;

use crate::blob::Blob;
use crate::db::{Data, Db, Entry, Kind};
use crate::memory;
use crate::notify::class_of;
use crate::session::{Awaits, Session};
use crate::{Choice, Choose, Config, Engine, Micros, Output, Outputs, Refusal, SessionId};

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
    /// When it may succeed though nothing happens to its keys.
    pub(crate) retry: Option<Micros>,
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
    /// Reading a key counts as use of it.
    pub(crate) touches: bool,
    /// Inside a script.
    pub(crate) in_script: bool,
    /// The script that runs has called a command that writes.
    pub(crate) script_wrote: bool,
    /// The errors in the reply are counted, and the script repeats so many that its commands had met.
    pub(crate) blamed: Option<u64>,
    /// How many changes this command made, as Redis counts them.
    pub(crate) dirty: u64,
    pub(crate) effect: Effect,
    pub(crate) block: Option<Block>,
    /// The command to wait with, if not the one that was sent.
    pub(crate) block_argv: Option<Vec<Bytes>>,
    /// There is no reply beside what was pushed.
    pub(crate) no_reply: bool,
    /// The connection is to be closed after the reply.
    pub(crate) close: bool,
    /// Sessions that this command freed from waiting.
    pub(crate) freed: Vec<SessionId>,
    /// The deadline of a command that is run again after it waited.
    pub(crate) waited_until: Option<Option<Micros>>,
}

impl<'a> Cx<'a> {
    pub(crate) fn new(
        engine: &'a mut Engine,
        now: Micros,
        luck: &'a mut dyn Choose,
        out: &'a mut Outputs,
        session: SessionId,
        (db, protocol): (u32, Protocol),
    ) -> Cx<'a> {
        Cx {
            engine,
            now,
            luck,
            out,
            session,
            db,
            protocol,
            may_block: true,
            touches: true,
            in_script: false,
            script_wrote: false,
            blamed: None,
            dirty: 0,
            effect: Effect::Same,
            block: None,
            block_argv: None,
            no_reply: false,
            close: false,
            freed: Vec::new(),
            waited_until: None,
        }
    }

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

    /// The use field of a new key.
    pub(crate) fn used_now(&self) -> u32 {
        memory::first_use(self.now, self.engine.config.maxmemory_policy)
    }

    /// Where a living key is. An expired one is deleted on the way: expiry is lazy.
    pub(crate) fn find(&mut self, key: &[u8]) -> Option<usize> {
        let now_ms = self.now_ms();
        let db = self.db();
        let index = db.find(key)?;
        if db.at(index).is_expired(now_ms) {
            match self.engine.primary_link {
                // To what its primary writes, a replica's key lives until the primary deletes it.
                Some(link) if link == self.session => return Some(index),
                Some(_) => return None,
                None if self.engine.pause.is_some() => return None,
                None => {}
            }
            self.engine.expire_key(self.db, key, self.out);
            return None;
        }
        if self.engine.deletes_expired() && db.at(index).has_due_fields(now_ms) {
            self.engine.expire_fields(self.now, self.db, key, self.out);
            return self.db().find(key);
        }
        Some(index)
    }

    /// Deletes those of a hash's named fields that have expired, for a command that asks for them. Without active
    /// expiry nothing else deletes them.
    pub(crate) fn expire_named(&mut self, key: &[u8], fields: &[Bytes]) {
        self.expire_named_and(key, fields, false);
    }

    /// The same for a command that is sure to set fields: it finds the hash even if it is empty now.
    pub(crate) fn expire_named_before_writing(&mut self, key: &[u8], fields: &[Bytes]) {
        self.expire_named_and(key, fields, true);
    }

    fn expire_named_and(&mut self, key: &[u8], fields: &[Bytes], keep: bool) {
        if self.may_have_due_fields(key) {
            let place = (self.db, key);
            self.engine
                .expire_named_fields(self.now, place, fields, keep, self.out);
        }
    }

    /// The same for all of its fields.
    pub(crate) fn expire_all_fields(&mut self, key: &[u8]) {
        if self.may_have_due_fields(key) {
            self.engine.expire_fields(self.now, self.db, key, self.out);
        }
    }

    /// Whether a hash has fields that have expired and that a command may delete. With active expiry it never has.
    fn may_have_due_fields(&mut self, key: &[u8]) -> bool {
        if self.engine.expires_by_itself || self.engine.primary_link.is_some() {
            return false;
        }
        let now_ms = self.now_ms();
        self.find(key)
            .is_some_and(|index| self.db().at(index).has_due_fields(now_ms))
    }

    /// A living key's entry, without counting as a use of it.
    pub(crate) fn peek(&mut self, key: &[u8]) -> Option<&Entry> {
        let index = self.find(key)?;
        Some(self.db().at(index))
    }

    /// The same, also of a key that has expired and is still there because active expiry is off.
    pub(crate) fn peek_even_expired(&mut self, key: &[u8]) -> Option<&Entry> {
        if self.engine.expires_by_itself {
            return self.peek(key);
        }
        let index = self.db().find(key)?;
        Some(self.db().at(index))
    }

    /// A living key's entry; reading counts as use.
    pub(crate) fn lookup(&mut self, key: &[u8]) -> Option<&Entry> {
        let index = self.look_for(key)?;
        Some(self.db().at(index))
    }

    /// Where a living key is, counted as found or missed.
    fn look_for(&mut self, key: &[u8]) -> Option<usize> {
        let Some(index) = self.find(key) else {
            self.engine.counters.keyspace_misses += 1;
            self.notify("keymiss", key);
            return None;
        };
        self.engine.counters.keyspace_hits += 1;
        self.use_at(index);
        Some(index)
    }

    /// A living key's entry for a command that is about to change it: a use of it, but no matter of statistics.
    pub(crate) fn lookup_to_write(&mut self, key: &[u8]) -> Option<&Entry> {
        let index = self.find(key)?;
        self.use_at(index);
        Some(self.db().at(index))
    }

    /// A living key's entry for a command that tells something about it: found or missed, but not used.
    pub(crate) fn inspect(&mut self, key: &[u8]) -> Option<&Entry> {
        let touches = std::mem::replace(&mut self.touches, false);
        let index = self.look_for(key);
        self.touches = touches;
        Some(self.db().at(index?))
    }

    /// The same for `OBJECT`, which misses keys without telling those who listen.
    pub(crate) fn examine(&mut self, key: &[u8]) -> Option<&Entry> {
        if self.find(key).is_some() {
            return self.inspect(key);
        }
        self.engine.counters.keyspace_misses += 1;
        None
    }

    /// Notes that the entry at a place is used.
    fn use_at(&mut self, index: usize) {
        let before = self.db().at(index).used;
        let used = self.use_again(before);
        if before != used {
            self.db_mut().at_mut(index).used = used;
        }
    }

    /// The same, if it is of this type; that it is looked at is a use in any case.
    fn use_as<T: Kind>(&mut self, index: usize) -> Result<(), Refusal> {
        self.use_at(index);
        let suits = T::of(&self.db().at(index).data).is_some();
        suits.then_some(()).ok_or(Refusal::WrongType)
    }

    pub(crate) fn exists(&mut self, key: &[u8]) -> bool {
        self.find(key).is_some()
    }

    /// What a key holds, if it is of this type.
    pub(crate) fn read<T: Kind>(&mut self, key: &[u8]) -> Result<Option<&T>, Refusal> {
        match self.lookup(key) {
            None => Ok(None),
            Some(entry) => T::of(&entry.data).map(Some).ok_or(Refusal::WrongType),
        }
    }

    /// What a key holds, if it is of this type; neither counted nor a use of it, for commands that look before they
    /// open the key or look once more.
    pub(crate) fn peek_as<T: Kind>(&mut self, key: &[u8]) -> Result<Option<&T>, Refusal> {
        let Some(index) = self.find(key) else {
            return Ok(None);
        };
        if T::of(&self.db().at(index).data).is_none() {
            self.use_as::<T>(index)?;
        }
        Ok(T::of(&self.db().at(index).data))
    }

    /// What a key holds, if it is of this type; found or missed, but not used: for commands that then open it.
    pub(crate) fn inspect_as<T: Kind>(&mut self, key: &[u8]) -> Result<Option<&T>, Refusal> {
        match self.inspect(key) {
            None => Ok(None),
            Some(entry) => T::of(&entry.data).map(Some).ok_or(Refusal::WrongType),
        }
    }

    /// The string under a key; neither counted nor a use of it.
    pub(crate) fn peek_string(&mut self, key: &[u8]) -> Result<Option<Bytes>, Refusal> {
        let text = |entry: &Entry| entry.data.string_bytes().ok_or(Refusal::WrongType);
        self.peek(key).map(text).transpose()
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
        let Some(index) = self.find(key) else {
            let used = self.used_now();
            self.add(key, data, expires, used);
            return;
        };
        let before = self.db().at(index).data.type_name();
        let after = data.type_name();
        self.use_at(index);
        self.db_mut().overwrite(index, data, expires);
        // As in Redis, whoever waits for elements hears of keys that come to be, not of values that replace others; only a
        // stream that is gone is noticed by those who read it in groups.
        self.engine.break_transactions(self.db, key);
        if before == "stream" {
            self.engine.wake_readers_in_groups(self.db, key);
        }
        self.overwritten(key, before, after);
    }

    /// Stores what has become of a value that was looked up before, as `INCR` does: it is not overwritten by another one.
    pub(crate) fn revise(&mut self, key: &[u8], data: Data, expires: Option<i64>) {
        if let Some(index) = self.find(key) {
            self.db_mut().overwrite(index, data, expires);
            self.touch(key);
        } else {
            let used = self.used_now();
            self.add(key, data, expires, used);
        }
    }

    /// Stores under a key that must not be there; gives its place.
    pub(crate) fn add(&mut self, key: &[u8], data: Data, expires: Option<i64>, used: u32) -> usize {
        self.notify("new", key);
        let index = self.db_mut().add(key, data, expires, used);
        self.touch(key);
        index
    }

    /// Tells that a key now holds something altogether different.
    pub(crate) fn overwritten(&mut self, key: &[u8], before: &str, after: &str) {
        self.notify("overwritten", key);
        if before != after {
            self.notify("type_changed", key);
        }
    }

    /// Publishes an event that is about the key rather than about a change of its contents.
    fn notify(&mut self, event: &'static str, key: &[u8]) {
        if !self.engine.config.notify_keyspace_events.is_empty() {
            let class = class_of(event);
            self.engine.notify(self.db, class, event, key, self.out);
        }
    }

    /// Changes when a living key expires.
    pub(crate) fn set_expires(&mut self, key: &[u8], expires: Option<i64>) {
        if let Some(index) = self.find(key) {
            self.db_mut().set_expires(index, expires);
            // Who waits for elements does not hear of it, as in Redis.
            self.engine.break_transactions(self.db, key);
        }
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

    /// Opens what a key holds for change; `None` if the key is missing.
    pub(crate) fn edit<'c, T: Kind>(
        &'c mut self,
        key: &'c Bytes,
    ) -> Result<Option<Edit<'c, 'a, T>>, Refusal> {
        let Some(index) = self.find(key) else {
            return Ok(None);
        };
        self.use_as::<T>(index)?;
        Ok(Some(self.open(key, index, false)))
    }

    /// Opens what a key holds for change; a missing key starts empty.
    pub(crate) fn edit_or_new<'c, T: Kind>(
        &'c mut self,
        key: &'c Bytes,
    ) -> Result<Edit<'c, 'a, T>, Refusal> {
        let (index, new) = match self.find(key) {
            Some(index) => {
                self.use_as::<T>(index)?;
                (index, false)
            }
            None => {
                let used = self.used_now();
                self.notify("new", key);
                let index = self.db_mut().add(key, T::default().wrap(), None, used);
                (index, true)
            }
        };
        Ok(self.open(key, index, new))
    }

    fn open<'c, T: Kind>(&'c mut self, key: &'c Bytes, index: usize, new: bool) -> Edit<'c, 'a, T> {
        self.db_mut().open(index);
        Edit {
            cx: self,
            key,
            index,
            new,
            event: None,
            then: None,
            kind: PhantomData,
        }
    }

    /// Notes that a key changed: transactions that watch it will fail, commands that wait for it run.
    pub(crate) fn touch(&mut self, key: &[u8]) {
        self.engine.touch(self.db, key);
    }

    /// Reports a change to a key under its keyspace-notification name.
    pub(crate) fn event(&mut self, event: &'static str, key: &Bytes) {
        if !self.engine.config.notify_keyspace_events.is_empty() {
            self.engine
                .notify(self.db, class_of(event), event, key, self.out);
        }
        self.report(event, key);
    }

    /// Reports a change for which Redis has no keyspace notification.
    pub(crate) fn report(&mut self, event: &'static str, key: &Bytes) {
        if self.engine.config.report_events {
            self.out.push(Output::KeyEvent {
                db: self.db,
                event,
                key: key.clone(),
            });
        }
    }

    /// Replicas shall not repeat the command itself, but only what is named from here on.
    pub(crate) fn repeat_only(&mut self, list: Vec<Vec<Bytes>>) {
        self.effect = Effect::Instead(list);
    }

    /// Replicas shall repeat this instead of the command itself; it is only made if somebody wants to know.
    pub(crate) fn repeat_as(&mut self, argv: impl FnOnce() -> Vec<Bytes>) {
        match &mut self.effect {
            _ if !self.engine.config.report_effects => {}
            Effect::Instead(list) => list.push(argv()),
            Effect::Same => self.effect = Effect::Instead(vec![argv()]),
        }
    }
}

/// What a key holds, open for change. When it closes, a named change is made known (to watching
/// transactions, to waiting commands, as a key event), and a key with nothing left is deleted: no
/// handler can forget it.
pub(crate) struct Edit<'c, 'a, T: Kind> {
    cx: &'c mut Cx<'a>,
    key: &'c Bytes,
    index: usize,
    /// The key was missing.
    new: bool,
    event: Option<&'static str>,
    then: Option<&'static str>,
    kind: PhantomData<T>,
}

impl<T: Kind> Edit<'_, '_, T> {
    /// Names the change that was made.
    pub(crate) fn changed(&mut self, event: &'static str) {
        self.event = Some(event);
        self.cx.dirty += 1;
    }

    /// Names the other half of a change that is counted already.
    pub(crate) fn changed_too(&mut self, event: &'static str) {
        self.event = Some(event);
    }

    /// Names what the same command did after its change.
    pub(crate) fn and_then(&mut self, event: &'static str) {
        self.then = Some(event);
    }

    /// Names a change of a stream's groups or counters, which transactions that watch the key and
    /// commands that wait for it don't see.
    pub(crate) fn noted(&mut self, event: &'static str) {
        self.cx.event(event, self.key);
        self.cx.dirty += 1;
    }

    /// Lets the commands that wait for the key look again.
    pub(crate) fn wakes(&mut self) {
        self.cx.engine.wake_waiting(self.cx.db, self.key);
    }

    /// More changes of the same command, as Redis counts them.
    pub(crate) fn add_dirty(&mut self, changes: usize) {
        self.cx.dirty += changes as u64;
    }

    /// The contents together with the settings that decide their encoding.
    pub(crate) fn with_config(&mut self) -> (&mut T, &Config) {
        let engine = &mut *self.cx.engine;
        let db = Arc::make_mut(&mut engine.dbs[self.cx.db as usize]);
        (contents_mut(db, self.index), &engine.config)
    }
}

fn contents_mut<T: Kind>(db: &mut Db, index: usize) -> &mut T {
    match T::of_mut(&mut db.at_mut(index).data) {
        Some(contents) => contents,
        None => unreachable!("the type was checked when the key was opened"),
    }
}

impl<T: Kind> std::ops::Deref for Edit<'_, '_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        match T::of(&self.cx.db().at(self.index).data) {
            Some(contents) => contents,
            None => unreachable!("the type was checked when the key was opened"),
        }
    }
}

impl<T: Kind> std::ops::DerefMut for Edit<'_, '_, T> {
    fn deref_mut(&mut self) -> &mut T {
        let index = self.index;
        contents_mut(self.cx.db_mut(), index)
    }
}

impl<T: Kind> Drop for Edit<'_, '_, T> {
    fn drop(&mut self) {
        let index = self.index;
        self.cx.db_mut().close(index);
        let data = &self.cx.db().at(index).data;
        let empty = data.is_empty();
        // Whoever waits for elements was served when the key came to be; readers of streams wait for each entry.
        let wakes = self.new || !matches!(data.type_name(), "list" | "zset");
        if empty {
            self.cx.db_mut().remove(self.key);
        }
        if let Some(event) = self.event {
            if wakes {
                self.cx.touch(self.key);
            } else {
                self.cx.engine.break_transactions(self.cx.db, self.key);
            }
            self.cx.event(event, self.key);
            if let Some(then) = self.then {
                self.cx.event(then, self.key);
            }
            if empty {
                self.cx.event("del", self.key);
            }
        }
    }
}
