//! A Redis node: an engine with a clock, and the connections that reach it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use redwind_engine::{Config, Engine, FirstChoice, Micros, Output, Outputs, SessionId, Standing};
use redwind_resp::Value;

use crate::world::buffers::Outbox;
use crate::world::changes::Known;
use crate::world::cluster::Bus;
use crate::world::disk::{Disk, Effective, Fall, Repeat, without_sessions};
use crate::world::network::{Connection, Packet};
use crate::world::replication::Replication;
use crate::{Clock, KeyChange, PacketId, Persistence, Place, SimTime};

/// A Redis node.
#[derive(Clone)]
pub(crate) struct Node {
    pub(crate) engine: Engine,
    pub(crate) clock: Clock,
    pub(super) sessions: BTreeMap<Connection, Session>,
    pub(super) by_id: BTreeMap<SessionId, Connection>,
    pub(crate) known: Known,
    /// When it woke last: once an instant is enough.
    pub(super) woke: Option<SimTime>,
    pub(crate) disk: Disk,
    pub(crate) replication: Replication,
    /// When and how it went down; `None` while it is up.
    pub(crate) fell: Option<(SimTime, Fall)>,
    /// When its machine lost power, each time.
    pub(super) lost_power: Vec<SimTime>,
    pub(crate) paused_until: Option<SimTime>,
    /// The record of its latest pause or fall.
    pub(crate) state_since: Option<u32>,
    /// Counts its falls.
    pub(crate) life: u32,
    /// Counts its restarts.
    pub(crate) restarts: u32,
    /// Until when its process works on something, or waits for its disk.
    pub(crate) busy_until: SimTime,
    /// Its end of the cluster bus, if it is a node of a cluster.
    pub(crate) bus: Option<Box<Bus>>,
    /// It waits for another node and does nothing else.
    pub(crate) migrating: bool,
    /// How many times its processor is slower; 0: commands take no time.
    pub(crate) cpu: u32,
}

/// One end of a connection.
#[derive(Clone, Debug)]
pub(super) struct Session {
    pub(super) id: SessionId,
    /// Requests in the order of their arrival; the first one is being worked on.
    pub(super) work: VecDeque<Work>,
    /// The record of the command that blocks it.
    pub(super) blocked: Option<u32>,
    /// Locks that writes queued by MULTI name, by index.
    pub(super) queued: Vec<usize>,
    /// Where the stream of writes stood after its own latest write.
    pub(super) wrote: u64,
    /// How many messages of channels were pushed to it.
    pub(super) pushes: u64,
    /// What waits to be read by a listener.
    pub(super) outbox: Outbox,
    /// The processor's time for its next command has been spent.
    pub(super) paid: bool,
    /// The client has closed its end while the node could not take notice.
    pub(super) closing: bool,
}

/// A request, and how far it has got.
#[derive(Clone, Debug)]
pub(super) struct Work {
    pub(super) packet: Packet,
    pub(super) replies: Vec<Value>,
}

/// A reply, and the changes that led up to it.
pub(super) struct Answered {
    pub(super) to: SessionId,
    pub(super) value: Value,
    pub(super) changes: Vec<KeyChange>,
}

/// An engine's outputs, sorted.
pub(super) struct Sorted {
    pub(super) answered: Vec<Answered>,
    /// Changes after the last reply.
    pub(super) rest: Vec<KeyChange>,
    pub(super) closed: Vec<SessionId>,
    pub(super) effects: Vec<Effective>,
    /// Messages to those who listen to channels.
    pub(super) pushed: Vec<(SessionId, Value)>,
}

impl Node {
    pub(crate) fn new(clock: Clock) -> Self {
        let mut engine = Engine::new(Config::default());
        // Until the world begins nobody minds that it has no replicas.
        engine.stand(Standing {
            good_replicas: u32::MAX,
            primary_down: false,
        });
        Self {
            disk: Disk::new(Persistence::None, &engine, 0, SimTime(0)),
            replication: Replication::default(),
            fell: None,
            lost_power: Vec::new(),
            paused_until: None,
            state_since: None,
            life: 0,
            restarts: 0,
            busy_until: SimTime(0),
            bus: None,
            migrating: false,
            cpu: 0,
            engine,
            clock,
            sessions: BTreeMap::new(),
            by_id: BTreeMap::new(),
            known: Known::default(),
            woke: None,
        }
    }

    /// Whether its machine lost power after the first of these instants and before the second.
    pub(crate) fn lost_power_between(&self, (since, until): (SimTime, SimTime)) -> bool {
        self.lost_power.iter().any(|at| (since..until).contains(at))
    }

    pub(crate) fn now(&self, now: SimTime) -> Micros {
        self.clock.wall(now)
    }

    /// Runs one command outside of any client: what a scenario prepares.
    pub(crate) fn prepare(&mut self, argv: &[Bytes]) -> Result<(), String> {
        let now = self.clock.wall(SimTime(0));
        let mut out = Outputs::new();
        let session = self.engine.connect(now);
        self.engine
            .execute(now, &mut FirstChoice, session, argv, &mut out);
        self.engine.disconnect(now, session, &mut Outputs::new());
        let reply = out.iter().find_map(|output| match output {
            Output::Reply { to, value } if *to == session => Some(value.clone()),
            _ => None,
        });
        self.known.changes(&self.engine, now, out.iter(), None);
        match reply {
            Some(Value::Error(text)) => Err(String::from_utf8_lossy(&text).into_owned()),
            Some(_) => Ok(()),
            None => Err("it blocks".to_owned()),
        }
    }

    /// Gives its process the settings that it starts with, now and whenever it starts again.
    pub(crate) fn configure(&mut self, settings: &[(String, String)]) -> Result<(), String> {
        for (parameter, value) in settings {
            let argv = ["CONFIG", "SET", parameter, value].map(|word| Bytes::from(word.to_owned()));
            self.prepare(&argv)?;
        }
        Ok(())
    }

    /// When the engine next has work of its own, in true time.
    pub(crate) fn deadline(&self, now: SimTime) -> Option<SimTime> {
        // A replica leaves expiry to its primary, and nobody waits on it for a key.
        if !self.is_up() || self.paused_until.is_some() || self.replication.primary.is_some() {
            return None;
        }
        let at = self.clock.when(self.engine.next_deadline()?);
        let at = at.max(now).max(self.busy_until);
        // Whatever is left to do after a wake waits for time to pass.
        Some(if self.woke == Some(at) {
            SimTime(at.0 + 1)
        } else {
            at
        })
    }

    /// Sorts outputs by the reply that they lead up to.
    pub(super) fn sort(&mut self, now: Micros, out: Outputs, record: u32) -> Sorted {
        let mut answered = Vec::new();
        let mut closed = Vec::new();
        let mut events = Vec::new();
        let mut effects = Vec::new();
        let mut pushed = Vec::new();
        for output in out {
            if let Output::Propagate { db, argv } = &output
                && !is_bracket(argv)
            {
                let argv = Arc::from(argv.as_slice());
                effects.push(Effective { db: *db, argv });
            }
            match output {
                Output::Reply { to, value } => {
                    let led_up = std::mem::take(&mut events);
                    let changes =
                        self.known
                            .changes(&self.engine, now, led_up.iter(), Some(record));
                    answered.push(Answered { to, value, changes });
                }
                Output::Close { session } => closed.push(session),
                Output::Sleep { micros } => {
                    let until = self.clock.when(now + micros);
                    self.busy_until = self.busy_until.max(until);
                }
                Output::Push { to, value } => pushed.push((to, value)),
                event => events.push(event),
            }
        }
        let rest = self
            .known
            .changes(&self.engine, now, events.iter(), Some(record));
        Sorted {
            answered,
            rest,
            closed,
            effects,
            pushed,
        }
    }

    pub(crate) fn is_up(&self) -> bool {
        self.fell.is_none()
    }

    /// Whether its process can do anything at this moment.
    pub(crate) fn runs(&self) -> bool {
        self.fell.is_none() && self.paused_until.is_none() && !self.migrating
    }

    /// Whether its machine can say that no process is there.
    pub(crate) fn machine_lives(&self) -> bool {
        !matches!(self.fell, Some((_, Fall::PowerCut)))
    }

    /// Gives its disk the data that the scenario begins with.
    pub(crate) fn begin(&mut self, policy: Persistence) {
        self.disk = Disk::new(policy, &self.engine, 0, SimTime(0));
    }

    /// Lets the disk take a snapshot that has come due, before anything changes.
    pub(crate) fn take_snapshot(&mut self, now: SimTime) {
        let sessions = self.by_id.keys().copied().chain(self.replication.session());
        self.disk.before_change(now, &self.engine, sessions);
    }

    /// Writes a snapshot to its disk.
    pub(crate) fn save(&mut self, now: SimTime) {
        let sessions = self.by_id.keys().copied().chain(self.replication.session());
        self.disk.save(now, &self.engine, sessions);
    }

    /// Prepares its engine for its role: a replica's has a connection through which its primary writes.
    pub(crate) fn play_role(&mut self, now: SimTime) {
        let local = self.now(now);
        if let Some(repeat) = self.replication.repeat.take() {
            repeat.end(&mut self.engine, local);
        }
        self.engine.follow(None);
        if self.replication.primary.is_some() {
            let repeat = Repeat::new(&mut self.engine, local);
            self.engine.follow(Some(repeat.session()));
            self.replication.repeat = Some(repeat);
        }
    }

    /// What a restart found is what the disk has from then on.
    pub(crate) fn restart_disk(&mut self, now: SimTime) {
        self.disk = self.disk.again(&self.engine, self.replication.offset, now);
    }

    /// A copy of its data to which nobody is connected.
    pub(crate) fn data(&self) -> Engine {
        let sessions = self.by_id.keys().copied().chain(self.replication.session());
        without_sessions(&self.engine, sessions)
    }

    /// Exchanges its data for other data, with every connection gone; tells what is different.
    pub(crate) fn replace_data(
        &mut self,
        engine: Engine,
        now: SimTime,
        what: &'static str,
        record: u32,
    ) -> Vec<KeyChange> {
        let local = self.now(now);
        let changes = self
            .known
            .replaced((&self.engine, &engine), local, what, record);
        self.engine = engine;
        self.woke = None;
        changes
    }

    /// Forgets every connection; gives those that were open.
    pub(crate) fn drop_sessions(&mut self) -> Vec<Connection> {
        self.by_id.clear();
        std::mem::take(&mut self.sessions).into_keys().collect()
    }

    /// Every open connection.
    pub(crate) fn connections(&self) -> Vec<Connection> {
        self.sessions.keys().copied().collect()
    }

    /// Connections whose command waits for something, except for a pause of the clients to end.
    pub(crate) fn connections_blocked(&self) -> Vec<Connection> {
        let blocked = self.sessions.iter().filter(|(_, session)| {
            session.blocked.is_some() && !self.engine.is_postponed(session.id)
        });
        blocked.map(|(connection, _)| *connection).collect()
    }

    /// Connections with requests that can be worked on.
    pub(crate) fn connections_with_work(&self) -> Vec<Connection> {
        let ready = self
            .sessions
            .iter()
            .filter(|(_, session)| session.blocked.is_none() && !session.work.is_empty());
        ready.map(|(connection, _)| *connection).collect()
    }

    /// Connections that their clients have closed while nobody here could take notice.
    pub(crate) fn connections_closing(&self) -> Vec<Connection> {
        self.sessions
            .iter()
            .filter(|(_, session)| session.closing)
            .map(|(connection, _)| *connection)
            .collect()
    }

    /// The request that a connection is working on.
    pub(crate) fn waits_at(&self, connection: Connection) -> Option<PacketId> {
        Some(self.sessions.get(&connection)?.work.front()?.packet.id)
    }

    pub(super) fn session(&mut self, now: Micros, connection: Connection) -> &mut Session {
        let (engine, by_id) = (&mut self.engine, &mut self.by_id);
        self.sessions.entry(connection).or_insert_with(|| {
            let id = engine.connect(now);
            by_id.insert(id, connection);
            Session {
                id,
                work: VecDeque::new(),
                blocked: None,
                queued: Vec::new(),
                wrote: 0,
                pushes: 0,
                outbox: Outbox::default(),
                paid: false,
                closing: false,
            }
        })
    }

    /// Whether a command that a person typed waits here.
    pub(crate) fn terminal_waits(&self) -> bool {
        let mut sessions = self.sessions.iter();
        sessions.any(|(connection, session)| {
            connection.from == Place::Terminal && session.blocked.is_some()
        })
    }

    /// The terminal's connection, if it has one open here.
    pub(crate) fn terminal_session(&self) -> Option<SessionId> {
        let mut sessions = self.sessions.iter();
        sessions.find_map(|(connection, session)| {
            (connection.from == Place::Terminal).then_some(session.id)
        })
    }

    /// Whether a client's command waits here.
    pub(crate) fn has_waiters(&self) -> bool {
        self.sessions
            .values()
            .any(|session| session.blocked.is_some())
    }
}

/// Whether a node can be configured so.
///
/// # Errors
/// What Redis says against it.
pub fn try_setting(parameter: &str, value: &str) -> Result<(), String> {
    let settings = [(parameter.to_owned(), value.to_owned())];
    Node::new(Clock::new(Micros(0))).configure(&settings)
}

/// Whether a propagated command only brackets others, which travel together anyway.
fn is_bracket(argv: &[Bytes]) -> bool {
    argv.len() == 1
        && (argv[0].eq_ignore_ascii_case(b"MULTI") || argv[0].eq_ignore_ascii_case(b"EXEC"))
}
