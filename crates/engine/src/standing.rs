//! A server's place among others: who may write, and who still answers.

use crate::cx::Cx;
use crate::{Command, Engine, Flags, Refusal, SessionId};

/// The settings of replication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplicationSettings {
    /// `repl-backlog-size`: so many bytes of the stream can be given again.
    pub backlog_size: i64,
    /// `repl-timeout`: after so many seconds of silence a link counts as lost.
    pub timeout: i64,
    /// `repl-ping-replica-period`: every so many seconds a primary says that it lives.
    pub ping_period: i64,
    /// `min-replicas-to-write`: with fewer good replicas a primary refuses writes; 0 never does.
    pub min_replicas: i64,
    /// `min-replicas-max-lag`: a replica is good while its latest word is at most so many seconds old.
    pub max_lag: i64,
    /// `replica-priority`: who is made a primary first; 0 never is.
    pub priority: i64,
    /// `replica-serve-stale-data`: whether a replica without its primary goes on answering.
    pub serve_stale: bool,
    /// `replica-read-only`: whether a replica refuses writes.
    pub read_only: bool,
}

impl Default for ReplicationSettings {
    fn default() -> ReplicationSettings {
        ReplicationSettings {
            backlog_size: 1 << 20,
            timeout: 60,
            ping_period: 10,
            min_replicas: 0,
            max_lag: 10,
            priority: 100,
            serve_stale: true,
            read_only: true,
        }
    }
}

/// How a server stands with the others: what decides whether it may answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Of a primary: how many replicas have said lately that they live.
    pub good_replicas: u32,
    /// A replica whose link to its primary is down.
    pub primary_down: bool,
}

impl Engine {
    /// Whether this is a replica and the session is not its primary's.
    pub(crate) fn refuses_writes_of(&self, session: SessionId) -> bool {
        self.config.replication.read_only && self.primary_link.is_some_and(|link| link != session)
    }

    /// Why nobody but its primary may write here now, if it is so.
    pub(crate) fn refuses_to_write(&self, session: SessionId) -> Option<Refusal> {
        if self.too_few_replicas() {
            Some(Refusal::TooFewReplicas)
        } else if self.refuses_writes_of(session) {
            Some(Refusal::ReadOnlyReplica)
        } else {
            None
        }
    }

    /// Whether this is a primary with fewer good replicas than it needs to take writes.
    fn too_few_replicas(&self) -> bool {
        let settings = &self.config.replication;
        self.primary_link.is_none()
            && settings.max_lag > 0
            && i64::from(self.standing.good_replicas) < settings.min_replicas
    }

    /// Whether a replica that has lost its primary answers only what has nothing to do with its data.
    pub(crate) fn refuses_stale_reads(&self, session: SessionId) -> bool {
        self.standing.primary_down
            && !self.config.replication.serve_stale
            && self.primary_link.is_some_and(|link| link != session)
    }

    /// Says how the server stands with the others from now on.
    pub fn stand(&mut self, standing: Standing) {
        self.standing = standing;
    }

    /// Whether this server's place among others lets it run a command now.
    pub(crate) fn permitted(
        &self,
        from: SessionId,
        command: &Command,
        flags: Flags,
    ) -> Result<(), Refusal> {
        if self.primary_link.is_none() && !self.too_few_replicas() {
            return Ok(());
        }
        let queued = || {
            let multi = self.sessions.get(&from).and_then(|s| s.multi.as_deref());
            let queue = multi.filter(|_| command.name == "exec").map(|m| &m.queue);
            queue.into_iter().flatten().map(|(queued, _)| *queued)
        };
        let writes =
            flags.has(Flags::WRITE) || queued().any(|queued| queued.flags.has(Flags::WRITE));
        let stale = |command: &Command| command.flags.has(Flags::STALE);
        let needs_fresh = !flags.has(Flags::STALE) || queued().any(|queued| !stale(queued));
        match self.refuses_to_write(from).filter(|_| writes) {
            Some(refusal) => Err(refusal),
            None if needs_fresh && self.refuses_stale_reads(from) => Err(Refusal::PrimaryDown),
            None => Ok(()),
        }
    }
}

impl Cx<'_> {
    /// Why this command may not run now, if it writes and the server's place among others forbids that.
    pub(crate) fn may_not_write(&self, command: &Command) -> Option<Refusal> {
        let refusal = self.engine.refuses_to_write(self.session);
        refusal.filter(|_| command.flags.has(Flags::WRITE))
    }
}
