//! A Redis node: an engine with a clock, and the connections that reach it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use redwind_engine::{Config, Engine, FirstChoice, Micros, Output, Outputs, SessionId};
use redwind_resp::Value;

use crate::random::{Luck, Purpose};
use crate::world::World;
use crate::world::changes::Known;
use crate::world::disk::{Disk, Effective, Fall, without_sessions};
use crate::world::network::{Connection, Packet, code};
use crate::world::queue::{Act, Class};
use crate::world::replication::Replication;
use crate::{
    Clock, Event, Failure, KeyChange, LostBecause, Message, PacketId, Persistence, Place, SimTime,
};

/// A Redis node.
#[derive(Clone)]
pub(crate) struct Node {
    pub(crate) engine: Engine,
    pub(crate) clock: Clock,
    sessions: BTreeMap<Connection, Session>,
    by_id: BTreeMap<SessionId, Connection>,
    pub(crate) known: Known,
    /// When it woke last: once an instant is enough.
    woke: Option<SimTime>,
    pub(crate) disk: Disk,
    pub(crate) replication: Replication,
    /// When and how it went down; `None` while it is up.
    pub(crate) fell: Option<(SimTime, Fall)>,
    pub(crate) paused_until: Option<SimTime>,
    /// The record of its latest pause or fall.
    pub(crate) state_since: Option<u32>,
    /// Counts its falls.
    pub(crate) life: u32,
    /// Counts its restarts.
    pub(crate) restarts: u32,
}

/// One end of a connection.
#[derive(Clone, Debug)]
struct Session {
    id: SessionId,
    /// Requests in the order of their arrival; the first one is being worked on.
    work: VecDeque<Work>,
    /// The record of the command that blocks it.
    blocked: Option<u32>,
    /// Locks that writes queued by MULTI name, by index.
    queued: Vec<usize>,
    /// Where the stream of writes stood after its own latest write.
    wrote: u64,
    /// The client has closed its end while the node could not take notice.
    closing: bool,
}

/// A request, and how far it has got.
#[derive(Clone, Debug)]
struct Work {
    packet: Packet,
    replies: Vec<Value>,
}

/// A reply, and the changes that led up to it.
struct Answered {
    to: SessionId,
    value: Value,
    changes: Vec<KeyChange>,
}

/// An engine's outputs, sorted.
struct Sorted {
    answered: Vec<Answered>,
    /// Changes after the last reply.
    rest: Vec<KeyChange>,
    closed: Vec<SessionId>,
    effects: Vec<Effective>,
}

impl Node {
    pub(crate) fn new(clock: Clock) -> Self {
        let engine = Engine::new(Config::default());
        Self {
            disk: Disk::new(Persistence::None, &engine, SimTime(0)),
            replication: Replication::default(),
            fell: None,
            paused_until: None,
            state_since: None,
            life: 0,
            restarts: 0,
            engine,
            clock,
            sessions: BTreeMap::new(),
            by_id: BTreeMap::new(),
            known: Known::default(),
            woke: None,
        }
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

    /// When the engine next has work of its own, in true time.
    pub(crate) fn deadline(&self, now: SimTime) -> Option<SimTime> {
        // A replica leaves expiry to its primary, and nobody waits on it for a key.
        if !self.is_up() || self.paused_until.is_some() || self.replication.primary.is_some() {
            return None;
        }
        let at = self.clock.when(self.engine.next_deadline()?).max(now);
        // Whatever is left to do after a wake waits for time to pass.
        Some(if self.woke == Some(at) {
            SimTime(at.0 + 1)
        } else {
            at
        })
    }

    /// Sorts outputs by the reply that they lead up to.
    fn sort(&mut self, now: Micros, out: Outputs, record: u32) -> Sorted {
        let mut answered = Vec::new();
        let mut closed = Vec::new();
        let mut events = Vec::new();
        let mut effects = Vec::new();
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
                Output::Push { .. } => {}
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
        }
    }

    pub(crate) fn is_up(&self) -> bool {
        self.fell.is_none()
    }

    /// Whether its process can do anything at this moment.
    pub(crate) fn runs(&self) -> bool {
        self.fell.is_none() && self.paused_until.is_none()
    }

    /// Gives its disk the data that the scenario begins with.
    pub(crate) fn begin(&mut self, policy: Persistence) {
        self.disk = Disk::new(policy, &self.engine, SimTime(0));
    }

    /// Lets the disk take a snapshot that has come due, before anything changes.
    pub(crate) fn take_snapshot(&mut self, now: SimTime) {
        let sessions = self.by_id.keys().copied().chain(self.replication.session());
        self.disk.before_change(now, &self.engine, sessions);
    }

    /// What a restart found is what the disk has from then on.
    pub(crate) fn restart_disk(&mut self, now: SimTime) {
        self.disk = Disk::new(self.disk.policy(), &self.engine, now);
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

    fn session(&mut self, now: Micros, connection: Connection) -> &mut Session {
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

impl World {
    /// A request reaches a node.
    pub(crate) fn request_arrives(&mut self, node: u16, packet: Packet) {
        let connection = packet.connection;
        let now = self.now;
        let place = &mut self.nodes[usize::from(node)];
        let known = place.sessions.contains_key(&connection);
        if !place.is_up() || !known && !packet.opens {
            return self.turned_away(node, &packet);
        }
        let local = place.now(now);
        let session = place.session(local, connection);
        session.work.push_back(Work {
            packet,
            replies: Vec::new(),
        });
        if session.work.len() == 1 {
            self.agenda.push_front(Act::Execute { node, connection });
        }
    }

    /// A node runs the next command of a connection's first request.
    pub(crate) fn execute(&mut self, node: u16, connection: Connection) {
        if !self.nodes[usize::from(node)].runs() {
            return;
        }
        let now = self.now;
        let seed = self.plan.scenario.seed;
        let record = self.records;
        let place = &mut self.nodes[usize::from(node)];
        let local = place.now(now);
        let Some(session) = place.sessions.get(&connection) else {
            return;
        };
        let Some(work) = session.work.front() else {
            return;
        };
        let (id, index) = (session.id, work.replies.len());
        let (packet, sent, nth) = (work.packet.id, work.packet.sent, work.packet.nth);
        let Some(argv) = work.packet.commands().get(index).cloned() else {
            return self.finish(node, connection, sent);
        };
        if let Some(own) = self.own_command(node, connection, &argv) {
            return self.executed_by_node(node, connection, &argv, own);
        }
        let place = &mut self.nodes[usize::from(node)];
        place.take_snapshot(now);
        let circumstances = [u64::from(node), code(connection.from), nth, index as u64];
        let mut luck = Luck::new(seed, Purpose::Engine, &circumstances);
        let mut out = Outputs::new();
        place.engine.execute(local, &mut luck, id, &argv, &mut out);
        let Sorted {
            mut answered,
            rest,
            closed,
            effects,
        } = place.sort(local, out, record);
        let mine = answered.iter().position(|answer| answer.to == id);
        let (reply, mut changes) = match mine.map(|at| answered.remove(at)) {
            Some(answer) => (Some(answer.value), answer.changes),
            None => (None, Vec::new()),
        };
        changes.extend(rest);
        let event = Event::Executed {
            packet,
            by: connection.from,
            argv: Arc::from(argv.as_slice()),
            reply: reply.clone(),
            changes: changes.clone(),
        };
        let seq = self.emit(Place::Node(node), Some(sent), event);
        self.note_command(node, connection, packet, &argv, reply.as_ref(), &changes);
        let wrote = !effects.is_empty();
        self.wrote(node, effects, seq);
        let place = &mut self.nodes[usize::from(node)];
        if let Some(session) = place.sessions.get_mut(&connection).filter(|_| wrote) {
            session.wrote = place.replication.offset;
        }
        match reply {
            Some(value) => self.answered(node, connection, value, seq),
            None => {
                if let Some(session) = self.nodes[usize::from(node)].sessions.get_mut(&connection) {
                    session.blocked = Some(seq);
                }
            }
        }
        self.unblock(node, answered, Some(seq));
        self.close_sessions(node, closed);
    }

    /// A command about the node itself, not its data: answered at once, or later if there is no answer yet.
    fn executed_by_node(
        &mut self,
        node: u16,
        connection: Connection,
        argv: &[Bytes],
        reply: Option<Value>,
    ) {
        let Some(session) = self.nodes[usize::from(node)].sessions.get(&connection) else {
            return;
        };
        let Some(work) = session.work.front() else {
            return;
        };
        let (packet, sent) = (work.packet.id, work.packet.sent);
        let event = Event::Executed {
            packet,
            by: connection.from,
            argv: Arc::from(argv),
            reply: reply.clone(),
            changes: Vec::new(),
        };
        let seq = self.emit(Place::Node(node), Some(sent), event);
        match reply {
            Some(value) => self.answered(node, connection, value, seq),
            None => {
                if let Some(session) = self.nodes[usize::from(node)].sessions.get_mut(&connection) {
                    session.blocked = Some(seq);
                }
                self.wait_begins(node, connection, argv);
            }
        }
    }

    /// Answers a command about the node itself that had to wait.
    pub(crate) fn answer_wait(
        &mut self,
        node: u16,
        connection: Connection,
        value: Value,
        cause: Option<u32>,
    ) {
        let Some(session) = self.nodes[usize::from(node)].sessions.get(&connection) else {
            return;
        };
        let to = session.id;
        let changes = Vec::new();
        self.unblock(node, vec![Answered { to, value, changes }], cause);
    }

    /// Where the stream of writes stood after a connection's own latest write.
    pub(crate) fn wrote_until(&self, node: u16, connection: Connection) -> u64 {
        let session = self.nodes[usize::from(node)].sessions.get(&connection);
        session.map_or(0, |session| session.wrote)
    }

    /// A request finds no process, or one that does not know its connection.
    fn turned_away(&mut self, node: u16, packet: &Packet) {
        self.lose(packet, LostBecause::NobodyThere);
        let no_power = matches!(
            self.nodes[usize::from(node)].fell,
            Some((_, Fall::PowerCut))
        );
        if packet.connection.from == Place::Terminal {
            let event = Event::Failed {
                packet: packet.id,
                failure: Failure::Refused,
            };
            self.emit(Place::Terminal, Some(packet.sent), event);
        } else if !no_power {
            self.tell_closed(packet.connection, node, packet.opens);
        }
    }

    /// A node's machine tells a client that a connection is no more.
    pub(crate) fn tell_closed(&mut self, connection: Connection, node: u16, refused: bool) {
        // What was sent on the connection before arrives before its end does.
        let Some(arrives) = self.arrival_after_the_rest(connection, node) else {
            return;
        };
        let act = Act::Closed {
            connection,
            node,
            refused,
        };
        self.queue.push(arrives, Class::Ordinary, act);
    }

    /// Hands out replies to commands that had blocked.
    fn unblock(&mut self, node: u16, answered: Vec<Answered>, cause: Option<u32>) {
        for Answered { to, value, changes } in answered {
            let place = &mut self.nodes[usize::from(node)];
            let Some(connection) = place.by_id.get(&to).copied() else {
                continue;
            };
            let Some(session) = place.sessions.get_mut(&connection) else {
                continue;
            };
            let blocked = session.blocked.take();
            let Some(work) = session.work.front() else {
                continue;
            };
            let packet = work.packet.id;
            let argv = work
                .packet
                .commands()
                .get(work.replies.len())
                .cloned()
                .unwrap_or_default();
            let event = Event::Unblocked {
                packet,
                by: connection.from,
                argv: Arc::from(argv.as_slice()),
                reply: value.clone(),
                changes: changes.clone(),
            };
            let seq = self.emit(Place::Node(node), cause.or(blocked), event);
            self.note_command(node, connection, packet, &argv, Some(&value), &changes);
            self.answered(node, connection, value, seq);
        }
    }

    /// A command has its reply: the next one runs, or the replies travel back.
    fn answered(&mut self, node: u16, connection: Connection, value: Value, seq: u32) {
        let Some(session) = self.nodes[usize::from(node)].sessions.get_mut(&connection) else {
            return;
        };
        let Some(work) = session.work.front_mut() else {
            return;
        };
        work.replies.push(value);
        if work.replies.len() < work.packet.commands().len() {
            self.agenda.push_front(Act::Execute { node, connection });
        } else {
            self.finish(node, connection, seq);
        }
    }

    /// Sends the replies of a connection's first request, and turns to the next.
    fn finish(&mut self, node: u16, connection: Connection, seq: u32) {
        let Some(session) = self.nodes[usize::from(node)].sessions.get_mut(&connection) else {
            return;
        };
        let Some(work) = session.work.pop_front() else {
            return;
        };
        if !session.work.is_empty() {
            self.agenda.push_front(Act::Execute { node, connection });
        } else if session.closing {
            self.agenda.push_front(Act::HangUp { node, connection });
        }
        let reply = work
            .packet
            .reply(Message::Replies(Arc::from(work.replies)), seq);
        let fate = reply.answer;
        if connection.from == Place::Terminal {
            // Nothing lies between a terminal and its node.
            self.agenda.push_front(Act::Deliver(Box::new(reply)));
        } else {
            self.transmit(reply, fate);
        }
    }

    /// A node learns that a client closed a connection: a command that waits there is given up.
    pub(crate) fn connection_gone(&mut self, node: u16, connection: Connection) {
        let record = self.records;
        let now = self.now;
        let place = &mut self.nodes[usize::from(node)];
        let local = place.now(now);
        let paused = place.paused_until.is_some();
        let Some(session) = place.sessions.get_mut(&connection) else {
            return;
        };
        // What has arrived before is worked on first.
        if paused || session.blocked.is_none() && !session.work.is_empty() {
            session.closing = true;
            return;
        }
        place.take_snapshot(now);
        let Some(session) = place.sessions.remove(&connection) else {
            return;
        };
        place.by_id.remove(&session.id);
        let mut out = Outputs::new();
        place.engine.disconnect(local, session.id, &mut out);
        let sorted = place.sort(local, out, record);
        self.unblock(node, sorted.answered, None);
        self.close_sessions(node, sorted.closed);
    }

    fn close_sessions(&mut self, node: u16, closed: Vec<SessionId>) {
        for id in closed {
            let Some(connection) = self.nodes[usize::from(node)].by_id.get(&id).copied() else {
                continue;
            };
            if connection.from != Place::Terminal {
                self.tell_closed(connection, node, false);
            }
            self.connection_gone(node, connection);
        }
    }

    /// A node's own timers: keys expire, waiting commands time out.
    pub(crate) fn node_wakes(&mut self, node: u16) {
        let now = self.now;
        let seed = self.plan.scenario.seed;
        let record = self.records;
        let place = &mut self.nodes[usize::from(node)];
        place.woke = Some(now);
        let local = place.now(now);
        place.take_snapshot(now);
        let before = place.known.clone();
        let mut luck = Luck::new(seed, Purpose::Engine, &[u64::from(node), u64::MAX, now.0]);
        let mut out = Outputs::new();
        place.engine.wake(local, &mut luck, &mut out);
        let Sorted {
            mut answered,
            rest: mut changes,
            closed,
            effects,
        } = place.sort(local, out, record);
        // Expiries come before the replies of commands that they let go on, and belong to no command.
        for answer in &mut answered {
            let (expired, own): (Vec<_>, Vec<_>) = std::mem::take(&mut answer.changes)
                .into_iter()
                .partition(|c| c.what == "expired");
            answer.changes = own;
            changes.splice(0..0, expired);
        }
        if !changes.is_empty() {
            let cause = before.writer(changes[0].db, &changes[0].key);
            let seq = self.emit(Place::Node(node), cause, Event::Expired { changes });
            self.wrote(node, effects, seq);
        } else {
            self.wrote(node, effects, record.saturating_sub(1));
        }
        self.unblock(node, answered, None);
        self.close_sessions(node, closed);
    }

    /// Derives what a command means to the beliefs of the client that sent it.
    fn note_command(
        &mut self,
        node: u16,
        connection: Connection,
        packet: PacketId,
        argv: &[Bytes],
        reply: Option<&Value>,
        changes: &[KeyChange],
    ) {
        let Place::Client(_) = connection.from else {
            return;
        };
        let Some(session) = self.nodes[usize::from(node)].sessions.get_mut(&connection) else {
            return;
        };
        let locks = &self.plan.scenario.locks;
        let news = crate::belief::told(locks, argv, reply, changes, &mut session.queued);
        if !news.is_empty() {
            self.news.entry(packet).or_default().extend(news);
        }
    }
}

/// Whether a propagated command only brackets others, which travel together anyway.
fn is_bracket(argv: &[Bytes]) -> bool {
    argv.len() == 1
        && (argv[0].eq_ignore_ascii_case(b"MULTI") || argv[0].eq_ignore_ascii_case(b"EXEC"))
}
