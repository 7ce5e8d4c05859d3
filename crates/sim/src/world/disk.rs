//! What a node keeps on its disk, and what of it is still there after a fall.
//!
//! An effective write goes through three places: the process's memory, the operating system (`write`), the disk
//! (`fsync`). The end of the process takes what is only in the first, a power cut what is not in the last. As long as
//! the disk is quick, a write reaches the operating system before it is answered. When an `fsync` of `appendfsync
//! everysec` takes long, Redis keeps writes to itself for two seconds, then waits for the disk; `always` waits each time.

use std::sync::Arc;

use bytes::Bytes;
use redwind_engine::{Config, Engine, FirstChoice, Micros, Outputs, SessionId};

use crate::world::shared::Log;
use crate::{Fsync, Persistence, SavePoints, SimTime, Span};

/// So long Redis puts off a `write` that would have to wait for an `fsync`.
const PATIENCE: Span = Span::seconds(2);

/// How often Redis looks whether a snapshot is due.
const CRON: Span = Span::millis(100);

/// An effective write, as a replica or an append-only file repeats it.
#[derive(Clone, Debug)]
pub(crate) struct Effective {
    pub(crate) db: u32,
    pub(crate) argv: Arc<[Bytes]>,
}

impl Effective {
    /// How many bytes of the stream it takes.
    pub(crate) fn size(&self) -> u64 {
        let mut encoded = Vec::new();
        redwind_resp::encode_request(&self.argv, &mut encoded);
        encoded.len() as u64
    }
}

/// How a node goes down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fall {
    /// Its process is killed: what it had handed to the operating system stays.
    Killed,
    /// Its machine loses power: only what was forced to the disk stays.
    PowerCut,
}

/// A write in the append-only file.
#[derive(Clone, Debug)]
struct Entry {
    /// When the operating system gets it.
    written: SimTime,
    /// Where the stream of writes stands behind it.
    offset: u64,
    effect: Effective,
}

/// An `fsync` under way.
#[derive(Clone, Copy, Debug)]
struct Sync {
    ends: SimTime,
    /// So many entries are safe when it is done.
    upto: usize,
}

/// A time during which a node's process waits for its disk and does nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stall {
    pub(crate) from: SimTime,
    pub(crate) until: SimTime,
}

/// A node's disk.
#[derive(Clone)]
pub(crate) struct Disk {
    policy: Persistence,
    /// From when the beats of fsync and of snapshots count.
    since: SimTime,
    /// What is on the disk whatever happens: the data at the start, or the latest snapshot.
    base: Engine,
    /// Where the stream of writes stood at the start.
    base_offset: u64,
    /// The append-only file: effective writes since then.
    log: Log<Entry>,
    /// So many of its entries are safe.
    forced: usize,
    sync: Option<Sync>,
    /// Before this no other `fsync` begins.
    rests_until: SimTime,
    /// Since when writes are put off.
    waiting_since: Option<SimTime>,
    /// How long an `fsync` takes, and until when it does.
    slow: (Span, SimTime),
    snapshot_at: SimTime,
    saved_at: SimTime,
    /// How many changes the latest snapshot has.
    saved_changes: u64,
    /// How many there were at the latest look, when they had come about, and when that look was.
    seen: (u64, SimTime, SimTime),
}

impl Disk {
    /// A disk that holds what a node begins with, if the node keeps anything at all.
    pub(crate) fn new(policy: Persistence, engine: &Engine, offset: u64, now: SimTime) -> Self {
        let base = match policy {
            Persistence::None => {
                let mut empty = Engine::new(Config::default());
                empty.configure_like(engine);
                empty
            }
            Persistence::Aof(_) | Persistence::Snapshot(_) | Persistence::Save(_) => {
                without_sessions(engine, std::iter::empty())
            }
        };
        Self {
            policy,
            since: now,
            base,
            base_offset: offset,
            log: Log::default(),
            forced: 0,
            sync: None,
            rests_until: now,
            waiting_since: None,
            slow: (Span(0), SimTime(0)),
            snapshot_at: next_beat(policy, now),
            saved_at: now,
            saved_changes: engine.changes(),
            seen: (engine.changes(), now, now),
        }
    }

    /// The same disk when a process has loaded this from it, or replaced what was on it.
    pub(crate) fn again(&self, engine: &Engine, offset: u64, now: SimTime) -> Self {
        let fresh = Self::new(self.policy, engine, offset, now);
        Self {
            // A file that was saved by hand stays.
            base: match self.policy {
                Persistence::None => self.base.clone(),
                _ => fresh.base.clone(),
            },
            slow: self.slow,
            saved_at: self.saved_at,
            ..fresh
        }
    }

    /// To be called before anything changes at `now`: takes the snapshot that has come due since the last change.
    pub(crate) fn before_change(
        &mut self,
        now: SimTime,
        engine: &Engine,
        sessions: impl Iterator<Item = SessionId>,
    ) {
        if let Persistence::Save(points) = self.policy {
            if let Some(at) = self.save_point(points, engine.changes(), now) {
                self.save(at, engine, sessions);
            }
            return;
        }
        if now < self.snapshot_at {
            return;
        }
        while let Persistence::Snapshot(every) = self.policy
            && self.snapshot_at <= now
        {
            self.saved_at = self.snapshot_at;
            self.snapshot_at = self.snapshot_at + every;
        }
        let saved_at = self.saved_at;
        self.save(saved_at, engine, sessions);
    }

    /// When, since the latest look, a save point was reached.
    fn save_point(&mut self, points: SavePoints, changes: u64, now: SimTime) -> Option<SimTime> {
        let (seen, since, looked) = self.seen;
        let since = if changes == seen { since } else { looked };
        self.seen = (changes, since, now);
        let unsaved = changes.saturating_sub(self.saved_changes);
        let points = points.0.into_iter();
        let reached = points
            .filter(|point| point.changes > 0 && unsaved >= u64::from(point.changes))
            .map(|point| {
                let due = self.saved_at + Span::seconds(u64::from(point.seconds));
                // Redis looks ten times a second.
                let beats = (due.max(since) - self.since).0.div_ceil(CRON.0);
                self.since + Span(beats * CRON.0)
            });
        reached.min().filter(|at| *at <= now)
    }

    /// Writes a snapshot. One that is never loaded, since there is an append-only file, changes nothing.
    pub(crate) fn save(
        &mut self,
        now: SimTime,
        engine: &Engine,
        sessions: impl Iterator<Item = SessionId>,
    ) {
        self.saved_at = now;
        self.saved_changes = engine.changes();
        if self.has_log() {
            return;
        }
        let mut base = without_sessions(engine, sessions);
        // A snapshot holds data; settings come from where the process gets them when it starts.
        base.configure_like(&self.base);
        self.base = base;
    }

    /// When the latest snapshot was taken.
    pub(crate) fn saved_at(&self) -> SimTime {
        self.saved_at
    }

    /// Whether it keeps an append-only file.
    pub(crate) fn has_log(&self) -> bool {
        matches!(self.policy, Persistence::Aof(_))
    }

    /// Nothing is on it any more.
    pub(crate) fn wipe(&mut self) {
        let mut empty = Engine::new(Config::default());
        empty.configure_like(&self.base);
        self.base = empty;
        self.log = Log::default();
        (self.forced, self.sync, self.waiting_since) = (0, None, None);
    }

    /// From now on an `fsync` takes `by`, until then.
    pub(crate) fn slow_down(&mut self, now: SimTime, by: Span, until: SimTime) {
        self.advance(now);
        self.slow = (by, until);
    }

    /// How long an `fsync` takes that begins now.
    pub(crate) fn takes(&self, now: SimTime) -> Span {
        match self.slow {
            (by, until) if now < until => by,
            _ => Span(0),
        }
    }

    /// Writes come about, behind `offset` of the stream. Gives when the process has to wait for the disk, if it has to.
    pub(crate) fn append(
        &mut self,
        now: SimTime,
        effects: &[Effective],
        mut offset: u64,
    ) -> Option<Stall> {
        let Persistence::Aof(fsync) = self.policy else {
            return None;
        };
        if effects.is_empty() {
            return None;
        }
        self.advance(now);
        let written = match self.sync {
            Some(sync) if fsync == Fsync::EverySecond => sync.ends,
            _ => now,
        };
        for effect in effects {
            offset += effect.size();
            self.log.push(Entry {
                written,
                offset,
                effect: effect.clone(),
            });
        }
        let upto = self.log.len();
        match (fsync, self.sync) {
            (Fsync::Always, _) => {
                let until = now + self.takes(now);
                self.sync = Some(Sync { ends: until, upto });
                self.advance(now);
                (until > now).then_some(Stall { from: now, until })
            }
            (Fsync::EverySecond, Some(sync)) => {
                let fresh = self.waiting_since.is_none();
                let from = *self.waiting_since.get_or_insert(now) + PATIENCE;
                (fresh && sync.ends > from).then_some(Stall {
                    from,
                    until: sync.ends,
                })
            }
            _ => None,
        }
    }

    /// The data that a node finds on its disk when it starts again at `local` on its clock, after it went down at
    /// `fell`.
    pub(crate) fn load(&mut self, fell: SimTime, how: Fall, local: Micros) -> Engine {
        self.advance(fell);
        let kept = match how {
            Fall::Killed => self.log.partition_point(|entry| entry.written <= fell),
            Fall::PowerCut => self.forced,
        };
        let mut engine = self.base.clone();
        let mut session = Repeat::new(&mut engine, local);
        // What is loaded is obeyed, as a primary's writes are: nothing is refused, and nothing expires meanwhile.
        engine.follow(Some(session.session()));
        for entry in self.log.from(0).take(kept) {
            session.one(&mut engine, local, &entry.effect, &mut Outputs::new());
        }
        engine.follow(None);
        session.end(&mut engine, local);
        engine
    }

    /// Up to where the stream of writes is safe on the disk; `None`: that is never known, as nobody asks for it.
    pub(crate) fn safe_until(&mut self, now: SimTime) -> Option<u64> {
        match self.policy {
            Persistence::Aof(Fsync::Always | Fsync::EverySecond) => {
                self.advance(now);
                let last = self.forced.checked_sub(1);
                let last = last.and_then(|last| self.log.get(last));
                Some(last.map_or(self.base_offset, |last| last.offset))
            }
            _ => None,
        }
    }

    /// When more will be safe than now, as far as is known.
    pub(crate) fn next_safe(&mut self, now: SimTime) -> Option<SimTime> {
        self.advance(now);
        if let Some(sync) = self.sync {
            return Some(sync.ends);
        }
        let at = self.next_sync()?;
        Some(at + self.takes(at))
    }

    /// Lets everything come about that the disk does until `now`.
    fn advance(&mut self, now: SimTime) {
        loop {
            if let Some(sync) = self.sync {
                if sync.ends > now {
                    return;
                }
                self.forced = sync.upto;
                self.rests_until = sync.ends;
                self.sync = None;
                if self.waiting_since.is_some_and(|since| since <= sync.ends) {
                    self.waiting_since = None;
                }
            }
            let Some(at) = self.next_sync().filter(|at| *at <= now) else {
                return;
            };
            let upto = self.log.partition_point(|entry| entry.written <= at);
            self.sync = Some(Sync {
                ends: at + self.takes(at),
                upto,
            });
        }
    }

    /// When the next `fsync` begins, if there is anything for it.
    fn next_sync(&self) -> Option<SimTime> {
        let every = match self.policy {
            Persistence::Aof(Fsync::EverySecond) => Span::seconds(1),
            Persistence::Aof(Fsync::No) => Span::seconds(30),
            _ => return None,
        };
        let first = self.log.get(self.forced)?.written.max(self.rests_until);
        let beats = (first - self.since).0.div_ceil(every.0);
        Some(self.since + Span(beats * every.0))
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
    copy.join(None);
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
