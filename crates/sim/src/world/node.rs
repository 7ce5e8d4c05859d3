//! A Redis node: an engine with a clock, and the connections that reach it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use redwind_engine::{Config, Engine, FirstChoice, Micros, Output, Outputs, SessionId};
use redwind_resp::Value;

use crate::random::{Luck, Purpose};
use crate::world::World;
use crate::world::changes::Known;
use crate::world::network::{Connection, Packet, code};
use crate::world::queue::{Act, Class};
use crate::{Clock, Event, KeyChange, Message, Place, SimTime};

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
}

/// A request, and how far it has got.
#[derive(Clone, Debug)]
struct Work {
    packet: Packet,
    replies: Vec<Value>,
}

/// What an engine's outputs say about one connection.
struct Answered {
    to: SessionId,
    value: Value,
    changes: Vec<KeyChange>,
}

impl Node {
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            engine: Engine::new(Config::default()),
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
        let at = self.clock.when(self.engine.next_deadline()?).max(now);
        // Whatever is left to do after a wake waits for time to pass.
        Some(if self.woke == Some(at) {
            SimTime(at.0 + 1)
        } else {
            at
        })
    }

    /// Sorts outputs by the reply that they lead up to; the last element has what follows the last reply.
    fn sort(
        &mut self,
        now: Micros,
        out: Outputs,
        record: u32,
    ) -> (Vec<Answered>, Vec<KeyChange>, Vec<SessionId>) {
        let mut answered = Vec::new();
        let mut closed = Vec::new();
        let mut events = Vec::new();
        for output in out {
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
        (answered, rest, closed)
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
        let circumstances = [u64::from(node), code(connection.from), nth, index as u64];
        let mut luck = Luck::new(seed, Purpose::Engine, &circumstances);
        let mut out = Outputs::new();
        place.engine.execute(local, &mut luck, id, &argv, &mut out);
        let (mut answered, rest, closed) = place.sort(local, out, record);
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
        let Some(session) = place.sessions.remove(&connection) else {
            return;
        };
        place.by_id.remove(&session.id);
        let mut out = Outputs::new();
        place.engine.disconnect(local, session.id, &mut out);
        let (answered, _, closed) = place.sort(local, out, record);
        self.unblock(node, answered, None);
        self.close_sessions(node, closed);
    }

    fn close_sessions(&mut self, node: u16, closed: Vec<SessionId>) {
        for id in closed {
            let Some(connection) = self.nodes[usize::from(node)].by_id.get(&id).copied() else {
                continue;
            };
            // What was answered on the connection arrives before its end does.
            let arrives = self.arrival_after_the_rest(connection, node);
            self.connection_gone(node, connection);
            self.queue
                .push(arrives, Class::Ordinary, Act::Closed { connection, node });
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
        let before = place.known.clone();
        let mut luck = Luck::new(seed, Purpose::Engine, &[u64::from(node), u64::MAX, now.0]);
        let mut out = Outputs::new();
        place.engine.wake(local, &mut luck, &mut out);
        let (mut answered, mut changes, closed) = place.sort(local, out, record);
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
            self.emit(Place::Node(node), cause, Event::Expired { changes });
        }
        self.unblock(node, answered, None);
        self.close_sessions(node, closed);
    }

    /// Derives what a command means to the beliefs of the client that sent it.
    fn note_command(
        &mut self,
        node: u16,
        connection: Connection,
        packet: crate::PacketId,
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
