//! Keys and hash fields whose time has come.

use bytes::Bytes;

use crate::db::Kind;
use crate::notify::class_of;
use crate::types::Hash;
use crate::{Engine, Micros, Output, Outputs};

use std::sync::Arc;

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
        let keyspace = Arc::make_mut(&mut self.dbs[db as usize]);
        let Some(index) = keyspace.find(key) else {
            return;
        };
        let hash = Hash::of_mut(&mut keyspace.open(index).data);
        let gone = hash.map_or_else(Vec::new, |hash| hash.expire(now.millis()));
        keyspace.close(index);
        let empty = keyspace.at(index).data.is_empty();
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
