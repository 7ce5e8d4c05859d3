//! What a node keeps on its disk, and what of it is still there after a fall.

use std::sync::Arc;

use bytes::Bytes;
use redwind_engine::{Config, Engine, FirstChoice, Micros, Outputs, SessionId};

use crate::{Fsync, Persistence, SimTime, Span};

/// An effective write, as a replica or an append-only file repeats it.
#[derive(Clone, Debug)]
pub(crate) struct Effective {
    pub(crate) db: u32,
    pub(crate) argv: Arc<[Bytes]>,
}

/// How a node goes down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fall {
    /// Its process is killed: what it had handed to the operating system stays.
    Killed,
    /// Its machine loses power: only what was forced to the disk stays.
    PowerCut,
}

/// A node's disk.
#[derive(Clone)]
pub(crate) struct Disk {
    policy: Persistence,
    /// From when the beats of fsync and of snapshots count.
    since: SimTime,
    /// What is on the disk whatever happens: the data at the start, or the latest snapshot.
    base: Engine,
    /// The append-only file: effective writes since then, and when they were written.
    log: Arc<Vec<(SimTime, Effective)>>,
    snapshot_at: SimTime,
}

impl Disk {
    /// A disk that holds what a node begins with, if the node keeps anything at all.
    pub(crate) fn new(policy: Persistence, engine: &Engine, now: SimTime) -> Self {
        let base = match policy {
            Persistence::None => {
                let mut empty = Engine::new(Config::default());
                empty.configure_like(engine);
                empty
            }
            Persistence::Aof(_) | Persistence::Snapshot(_) => {
                without_sessions(engine, std::iter::empty())
            }
        };
        Self {
            policy,
            since: now,
            base,
            log: Arc::default(),
            snapshot_at: next_beat(policy, now),
        }
    }

    pub(crate) fn policy(&self) -> Persistence {
        self.policy
    }

    /// To be called before anything changes at `now`: takes the snapshot that has come due since the last change.
    pub(crate) fn before_change(
        &mut self,
        now: SimTime,
        engine: &Engine,
        sessions: impl Iterator<Item = SessionId>,
    ) {
        if now < self.snapshot_at {
            return;
        }
        let mut base = without_sessions(engine, sessions);
        // A snapshot holds data; settings come from where the process gets them when it starts.
        base.configure_like(&self.base);
        self.base = base;
        while let Persistence::Snapshot(every) = self.policy
            && self.snapshot_at <= now
        {
            self.snapshot_at = self.snapshot_at + every;
        }
    }

    /// Writes come about.
    pub(crate) fn append(&mut self, now: SimTime, effects: &[Effective]) {
        if !effects.is_empty() && matches!(self.policy, Persistence::Aof(_)) {
            Arc::make_mut(&mut self.log).extend(effects.iter().map(|effect| (now, effect.clone())));
        }
    }

    /// The data that a node finds on its disk when it starts again at `local` on its clock, after it went down at
    /// `fell`.
    pub(crate) fn load(&self, fell: SimTime, how: Fall, local: Micros) -> Engine {
        let mut engine = self.base.clone();
        let last = self.forced_until(fell, how);
        let mut session = Repeat::new(&mut engine, local);
        for (written, effect) in self.log.iter() {
            if *written > last {
                break;
            }
            session.one(&mut engine, local, effect, &mut Outputs::new());
        }
        session.end(&mut engine, local);
        engine
    }

    /// The last instant whose writes are safe.
    fn forced_until(&self, fell: SimTime, how: Fall) -> SimTime {
        let every = match (self.policy, how) {
            (Persistence::Aof(Fsync::EverySecond), Fall::PowerCut) => Span::seconds(1),
            (Persistence::Aof(Fsync::No), Fall::PowerCut) => Span::seconds(30),
            _ => return fell,
        };
        let beats = (fell - self.since).0 / every.0;
        self.since + Span(beats * every.0)
    }
}

fn next_beat(policy: Persistence, now: SimTime) -> SimTime {
    match policy {
        Persistence::Snapshot(every) if every > Span(0) => now + every,
        _ => SimTime(u64::MAX),
    }
}

/// A copy of an engine's data: nobody is connected to it.
pub(crate) fn without_sessions(
    engine: &Engine,
    sessions: impl Iterator<Item = SessionId>,
) -> Engine {
    let mut copy = engine.clone();
    // Data has no role; whoever loads it has one.
    copy.follow(None);
    for session in sessions {
        copy.disconnect(Micros(0), session, &mut Outputs::new());
    }
    copy
}

/// A session through which effective writes are repeated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Repeat {
    session: SessionId,
    db: u32,
}

impl Repeat {
    pub(crate) fn new(engine: &mut Engine, now: Micros) -> Self {
        Self {
            session: engine.connect(now),
            db: 0,
        }
    }

    pub(crate) fn session(&self) -> SessionId {
        self.session
    }

    pub(crate) fn one(
        &mut self,
        engine: &mut Engine,
        now: Micros,
        effect: &Effective,
        out: &mut Outputs,
    ) {
        if effect.db != self.db {
            let select = [
                Bytes::from_static(b"SELECT"),
                Bytes::from(effect.db.to_string()),
            ];
            engine.execute(
                now,
                &mut FirstChoice,
                self.session,
                &select,
                &mut Outputs::new(),
            );
            self.db = effect.db;
        }
        engine.execute(now, &mut FirstChoice, self.session, &effect.argv, out);
    }

    pub(crate) fn end(self, engine: &mut Engine, now: Micros) {
        engine.disconnect(now, self.session, &mut Outputs::new());
    }
}
