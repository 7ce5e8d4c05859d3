//! `CLIENT PAUSE`: commands that arrive are kept until the pause is over, and nothing expires meanwhile.

use bytes::Bytes;
use triomphe::Arc;

use crate::{Command, Engine, Flags, Micros, SessionId, commands};

/// A pause of the clients.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pause {
    pub(crate) until: Micros,
    /// Every command waits, not only those that may write.
    pub(crate) all: bool,
}

impl Engine {
    /// Starts a pause, or prolongs it.
    pub(crate) fn begin_pause(&mut self, until: Micros, all: bool) {
        let pause = self.pause.get_or_insert(Pause { until, all });
        pause.until = pause.until.max(until);
        pause.all |= all;
    }

    /// Keeps commands that may write until then: what a primary does while a replica takes its place.
    pub fn pause_writes(&mut self, until: Micros) {
        self.begin_pause(until, false);
    }

    /// Lets the end of such a pause come now; the next [`Engine::wake`] runs what has waited.
    pub fn end_pause_of_writes(&mut self, now: Micros) {
        if let Some(pause) = self.pause.as_mut().filter(|pause| !pause.all) {
            pause.until = pause.until.min(now);
        }
    }

    /// Ends the pause if its time is up; gives whose commands may now run.
    pub(crate) fn end_pause(&mut self, now: Micros) -> Vec<SessionId> {
        match self.pause {
            Some(pause) if pause.until <= now => self.unpause(),
            _ => Vec::new(),
        }
    }

    /// Ends the pause; gives whose commands may now run.
    pub(crate) fn unpause(&mut self) -> Vec<SessionId> {
        self.pause = None;
        let free = std::mem::take(&mut self.postponed);
        for who in &free {
            if let Some(session) = Arc::make_mut(&mut self.sessions).get_mut(who) {
                session.postponed = false;
            }
        }
        free
    }

    /// Keeps a command for later if a pause concerns it; says whether it did.
    pub(crate) fn postpones(&mut self, from: SessionId, command: &Command, argv: &[Bytes]) -> bool {
        let changing = Flags::WRITE.and(Flags::MAY_REPLICATE);
        let changes = |command: &Command, argv: &[Bytes]| {
            commands::flags_of(self, command, argv).has(changing)
        };
        let queued = || {
            let multi = self.sessions.get(&from).and_then(|s| s.multi.as_deref());
            multi.into_iter().flat_map(|multi| &multi.queue)
        };
        let writes = changes(command, argv)
            || (command.name == "exec" && queued().any(|(queued, argv)| changes(queued, argv)));
        let Some(pause) = self.pause.filter(|_| self.primary_link != Some(from)) else {
            return false;
        };
        let Some(session) = Arc::make_mut(&mut self.sessions).get_mut(&from) else {
            return false;
        };
        if !pause.all && !writes {
            return false;
        }
        session.postponed = true;
        session.pending.push_front(argv.to_vec());
        self.postponed.push(from);
        true
    }
}
