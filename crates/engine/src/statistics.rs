//! What is counted: for `INFO`, and for who asks which commands failed.

use redwind_resp::Value;
use triomphe::Arc;

use crate::session::Traffic;
use crate::sorted::Sorted;
use crate::{Engine, SessionId};

/// Numbers that only grow, for `INFO`.
#[derive(Clone, Copy, Default)]
pub(crate) struct Counters {
    pub(crate) commands: u64,
    pub(crate) connections: u64,
    pub(crate) keyspace_hits: u64,
    pub(crate) keyspace_misses: u64,
    pub(crate) expired_keys: u64,
    pub(crate) error_replies: u64,
    /// Those of them that some command is blamed for.
    pub(crate) errors_seen: u64,
    pub(crate) expired_subkeys: u64,
    pub(crate) evicted_keys: u64,
    pub(crate) dirty: u64,
    pub(crate) saves: u64,
    /// Wrong passwords.
    pub(crate) denied: u64,
    /// Connections beyond `maxclients`.
    pub(crate) rejected_connections: u64,
    pub(crate) traffic: Traffic,
}

/// How often one command was called.
#[derive(Clone, Copy, Default)]
pub(crate) struct Calls {
    pub(crate) calls: u64,
    /// Refused before it ran.
    pub(crate) rejected: u64,
    /// Answered with an error.
    pub(crate) failed: u64,
}

/// What is counted by name.
#[derive(Clone, Default)]
pub(crate) struct Stats {
    /// In the order of their first calls.
    pub(crate) commands: Vec<(&'static str, Calls)>,
    /// Where each of them is.
    places: Sorted<&'static str, usize>,
    pub(crate) errors: Sorted<String, u64>,
    /// The place of the command that was counted last: the next one is often the same.
    recent: usize,
}

/// More different errors than this are not told apart.
const MOST_ERRORS: usize = 128;

impl Stats {
    pub(crate) fn command(&mut self, name: &'static str) -> &mut Calls {
        let recent = self.commands.get(self.recent);
        if !recent.is_some_and(|(known, _)| std::ptr::eq(*known, name)) {
            self.recent = match self.places.get(name) {
                Some(place) => *place,
                None => {
                    self.places.insert(name, self.commands.len());
                    self.commands.push((name, Calls::default()));
                    self.commands.len() - 1
                }
            };
        }
        &mut self.commands[self.recent].1
    }

    /// Counts an error by its code.
    fn error(&mut self, text: &[u8]) {
        // What has no space soon has no code.
        let end = text.iter().take(31).position(|byte| *byte == b' ');
        let code = String::from_utf8_lossy(end.map_or(&b"ERR"[..], |end| &text[..end]));
        if let Some(count) = self.errors.get_mut(&*code) {
            *count += 1;
        } else if self.errors.len() < MOST_ERRORS {
            self.errors.insert(code.into_owned(), 1);
        }
    }
}

impl Engine {
    /// A host turns a connection away because there are as many as `maxclients` allows.
    pub fn reject_connection(&mut self) {
        self.counters.rejected_connections += 1;
    }

    /// A host has read and written so many bytes for a connection.
    pub fn count_traffic(&mut self, session: SessionId, read: usize, written: usize) {
        let of_session = Arc::make_mut(&mut self.sessions).get_mut(&session);
        let of_session = of_session.map(|session| &mut session.traffic);
        for traffic in of_session.into_iter().chain([&mut self.counters.traffic]) {
            traffic.read += read as u64;
            traffic.written += written as u64;
        }
    }

    /// Counts a command that has run.
    pub(crate) fn count_command(&mut self, of: SessionId) {
        self.counters.commands += 1;
        if let Some(session) = Arc::make_mut(&mut self.sessions).get_mut(&of) {
            session.commands += 1;
        }
    }

    /// Counts an error that a command was answered with.
    pub(crate) fn count_error(&mut self, value: &Value) {
        if let Value::Error(text) = value {
            self.counters.error_replies += 1;
            Arc::make_mut(&mut self.stats).error(text);
        }
    }

    /// Whether an error was counted that no command is blamed for yet; the one that is asked about is, from now on.
    pub(crate) fn has_new_error(&mut self) -> bool {
        let all = self.counters.error_replies;
        std::mem::replace(&mut self.counters.errors_seen, all) < all
    }
}
