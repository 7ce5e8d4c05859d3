//! Keys and hash fields whose time has come.

use bytes::Bytes;
use triomphe::Arc;

use crate::blob::Blob;
use crate::db::Kind;
use crate::notify::class_of;
use crate::types::Hash;
use crate::{Engine, Micros, Output, Outputs};

impl Engine {
    /// Deletes a key whose time has come.
    pub(crate) fn expire_key(&mut self, db: u32, key: &[u8], out: &mut Outputs) {
        let key = Bytes::copy_from_slice(key);
        Arc::make_mut(&mut self.dbs[db as usize]).remove(&key);
        self.counters.expired_keys += 1;
        self.touch(db, &key);
        self.repeat_deletion(db, "DEL", [key.clone()]);
        self.announce(db, "expired", &key, out);
    }

    /// Deletes the fields of a hash whose time has come, and the hash if none is left.
    pub(crate) fn expire_fields(&mut self, now: Micros, db: u32, key: &[u8], out: &mut Outputs) {
        self.expire_in_hash(db, key, false, out, |hash| hash.expire(now.millis()));
    }

    /// The same for some fields only: with active expiry off (`DEBUG SET-ACTIVE-EXPIRE 0`), a field that has expired
    /// stays until somebody asks for it by its name. Who is about to fill the hash again keeps it when none is left.
    pub(crate) fn expire_named_fields(
        &mut self,
        now: Micros,
        (db, key): (u32, &[u8]),
        fields: &[Bytes],
        keep: bool,
        out: &mut Outputs,
    ) {
        let now_ms = now.millis();
        self.expire_in_hash(db, key, keep, out, |hash| {
            let due = fields
                .iter()
                .filter(|field| hash.is_field_due(field, now_ms));
            let due: Vec<_> = due.map(Blob::from).collect();
            due.into_iter()
                .filter(|field| hash.remove(field).is_some())
                .collect()
        });
    }

    fn expire_in_hash(
        &mut self,
        db: u32,
        key: &[u8],
        keep: bool,
        out: &mut Outputs,
        expire: impl FnOnce(&mut Hash) -> Vec<Blob>,
    ) {
        let keyspace = Arc::make_mut(&mut self.dbs[db as usize]);
        let Some(index) = keyspace.find(key) else {
            return;
        };
        let hash = Hash::of_mut(&mut keyspace.open(index).data);
        let gone = hash.map_or_else(Vec::new, expire);
        keyspace.close(index);
        if gone.is_empty() {
            return;
        }
        let empty = !keep && keyspace.at(index).data.is_empty();
        if empty {
            keyspace.remove(key);
        }
        let key = Bytes::copy_from_slice(key);
        self.counters.expired_subkeys += gone.len() as u64;
        for field in gone {
            self.repeat_deletion(db, "HDEL", [key.clone(), field.to_bytes()]);
        }
        self.touch(db, &key);
        self.announce(db, "hexpired", &key, out);
        if empty {
            self.announce(db, "del", &key, out);
        }
    }

    /// Replicas delete what has expired when they are told to.
    fn repeat_deletion<const N: usize>(&mut self, db: u32, command: &'static str, of: [Bytes; N]) {
        if self.config.report_effects {
            let mut argv = vec![Bytes::from_static(command.as_bytes())];
            argv.extend(of);
            self.effects.push((db, argv));
        }
    }

    /// Reports a change that no command made.
    fn announce(&mut self, db: u32, event: &'static str, key: &Bytes, out: &mut Outputs) {
        if !self.config.notify_keyspace_events.is_empty() {
            self.notify(db, class_of(event), event, key, out);
        }
        if self.config.report_events {
            let key = key.clone();
            out.push(Output::KeyEvent { db, event, key });
        }
    }
}
