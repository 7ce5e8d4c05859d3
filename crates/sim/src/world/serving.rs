//! Serving requests: how a node takes them, runs their commands, and answers, now or later.

use std::sync::Arc;

use bytes::Bytes;
use redwind_engine::{Outputs, SessionId};
use redwind_resp::Value;

use crate::random::{Luck, Purpose};
use crate::world::World;
use crate::world::disk::Fall;
use crate::world::disturb::UNIT;
use crate::world::network::{Connection, Packet, code};
use crate::world::node::{Answered, Sorted, Work};
use crate::world::queue::{Act, Class};
use crate::{Batch, Event, Failure, KeyChange, LostBecause, Message, PacketId, Place, Span};

impl World {
    /// A request reaches a node.
    pub(crate) fn request_arrives(&mut self, node: u16, packet: Packet) {
        let connection = packet.connection;
        let now = self.now;
        let place = &mut *self.nodes[usize::from(node)];
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
        let place = &self.nodes[usize::from(node)];
        if !place.runs() {
            return;
        }
        if place.busy_until > self.now {
            let act = Act::Execute { node, connection };
            return self.queue.push(place.busy_until, Class::Ordinary, act);
        }
        if self.works_slowly(node, connection) {
            return;
        }
        let now = self.now;
        let seed = self.plan.scenario.seed;
        let record = self.records;
        let place = &mut *self.nodes[usize::from(node)];
        let local = place.now(now);
        let Some(session) = place.sessions.get(&connection) else {
            return;
        };
        let Some(work) = session.work.front() else {
            return;
        };
        let (id, index) = (session.id, work.replies.len());
        let (packet, sent, nth) = (work.packet.id, work.packet.sent, work.packet.nth);
        let unawaited = is_subscription(&work.packet);
        let Some(argv) = work.packet.commands().get(index).cloned() else {
            return self.finish(node, connection, sent);
        };
        let own = self.cluster_command(node, connection, &argv);
        if let Some(own) = own.or_else(|| self.own_command(node, connection, &argv)) {
            return self.executed_by_node(node, connection, &argv, own);
        }
        self.describe_replication(node, argv.first().map_or(b"", |name| name));
        let place = &mut *self.nodes[usize::from(node)];
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
            mut pushed,
        } = place.sort(local, out, record);
        let mine = answered.iter().position(|answer| answer.to == id);
        let mut confirmations = Vec::new();
        let (reply, mut changes) = match mine.map(|at| answered.remove(at)) {
            Some(answer) => (Some(answer.value), answer.changes),
            // To listen to a channel is answered by a message of its own kind.
            None => {
                let own = pushed.iter().find(|(to, _)| *to == id);
                let reply = own.map(|(_, value)| value.clone());
                if !unawaited {
                    let all = pushed.extract_if(.., |(to, _)| *to == id);
                    confirmations.extend(all.map(|(_, value)| value));
                }
                (reply, Vec::new())
            }
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
        self.note_cluster_command(node, &argv, seq);
        self.note_command(node, connection, packet, &argv, reply.as_ref(), &changes);
        let wrote = !effects.is_empty();
        self.wrote(node, effects, seq);
        let place = &mut *self.nodes[usize::from(node)];
        if let Some(session) = place.sessions.get_mut(&connection).filter(|_| wrote) {
            session.wrote = place.replication.offset;
        }
        if unawaited {
            // A refusal is all that a subscription is answered with; each confirmation is a message of its own.
            let refused = reply.iter().filter(|value| value.is_error());
            pushed.extend(refused.map(|value| (id, value.clone())));
        }
        self.push_all(node, pushed, seq);
        match reply {
            Some(value) => {
                // A person at the terminal is told of every channel.
                let last = match connection.from {
                    Place::Terminal => confirmations.pop(),
                    _ => None,
                };
                let session = self.nodes[usize::from(node)].sessions.get_mut(&connection);
                if last.is_some()
                    && let Some(work) = session.and_then(|session| session.work.front_mut())
                {
                    work.replies.append(&mut confirmations);
                }
                self.answered(node, connection, last.unwrap_or(value), seq);
            }
            None => {
                if let Some(session) = self.nodes[usize::from(node)].sessions.get_mut(&connection) {
                    session.blocked = Some(seq);
                }
            }
        }
        self.unblock(node, answered, Some(seq));
        self.close_sessions(node, closed);
    }

    /// Whether a slow processor is still to work on a connection's next command: then it is carried out later.
    fn works_slowly(&mut self, node: u16, connection: Connection) -> bool {
        let now = self.now;
        let place = &mut *self.nodes[usize::from(node)];
        let Some(session) = place.sessions.get_mut(&connection) else {
            return false;
        };
        let work = session.work.front();
        let more = work.is_some_and(|work| work.replies.len() < work.packet.commands().len());
        if place.cpu == 0 || !more {
            return false;
        }
        session.paid = !session.paid;
        if !session.paid {
            return false;
        }
        place.busy_until = now + Span(UNIT.0.saturating_mul(u64::from(place.cpu)));
        let act = Act::Execute { node, connection };
        self.queue.push(place.busy_until, Class::Ordinary, act);
        true
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
                if !argv[0].eq_ignore_ascii_case(b"MIGRATE") {
                    self.wait_begins(node, connection, argv);
                }
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
        self.answer_wait_with(node, connection, value, Vec::new(), cause);
    }

    /// The same, with the keys that the command changed.
    pub(crate) fn answer_wait_with(
        &mut self,
        node: u16,
        connection: Connection,
        value: Value,
        changes: Vec<KeyChange>,
        cause: Option<u32>,
    ) {
        let Some(session) = self.nodes[usize::from(node)].sessions.get(&connection) else {
            return;
        };
        let to = session.id;
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
    pub(super) fn unblock(&mut self, node: u16, answered: Vec<Answered>, cause: Option<u32>) {
        for Answered { to, value, changes } in answered {
            let place = &mut *self.nodes[usize::from(node)];
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

    /// Hands on what came of something that the node did by itself.
    pub(super) fn settle(&mut self, node: u16, sorted: Sorted, cause: Option<u32>) {
        self.wrote(node, sorted.effects, self.records.saturating_sub(1));
        self.push_all(node, sorted.pushed, self.records.saturating_sub(1));
        self.unblock(node, sorted.answered, cause);
        self.close_sessions(node, sorted.closed);
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
        if is_subscription(&work.packet) {
            return;
        }
        if self.too_much(node, connection, &work.replies) {
            return;
        }
        let reply = work
            .packet
            .reply(Message::Replies(Arc::from(work.replies)), seq);
        let place = &self.nodes[usize::from(node)];
        if place.busy_until > self.now {
            let (life, packet) = (place.life, Arc::new(reply));
            let act = Act::Reply { node, life, packet };
            return self.queue.push(place.busy_until, Class::Ordinary, act);
        }
        self.send_reply(reply);
    }

    /// A node is free to send a reply, if it still lives.
    pub(crate) fn reply_late(&mut self, node: u16, life: u32, reply: Packet) {
        let place = &self.nodes[usize::from(node)];
        let open = place.sessions.contains_key(&reply.connection);
        if !place.is_up() || place.life != life || !open {
            return self.lose(&reply, LostBecause::NobodyThere);
        }
        if let Some(until) = place.paused_until {
            let packet = Arc::new(reply);
            let act = Act::Reply { node, life, packet };
            return self.queue.push(until, Class::Timeout, act);
        }
        self.send_reply(reply);
    }

    fn send_reply(&mut self, reply: Packet) {
        let fate = reply.answer;
        if reply.connection.from == Place::Terminal {
            // Nothing lies between a terminal and its node.
            self.agenda.push_front(Act::Deliver(Arc::new(reply)));
        } else {
            self.transmit(reply, fate);
        }
    }

    /// A node learns that a client closed a connection: a command that waits there is given up.
    pub(crate) fn connection_gone(&mut self, node: u16, connection: Connection) {
        let record = self.records;
        let now = self.now;
        let place = &mut *self.nodes[usize::from(node)];
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
        let place = &mut *self.nodes[usize::from(node)];
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
            pushed,
            ..
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
        // Of expired keys, for those who listen to key events.
        self.push_all(node, pushed, self.records.saturating_sub(1));
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
        let news = crate::belief::told(locks, node, argv, reply, changes, &mut session.queued);
        if !news.is_empty() {
            self.news.entry(packet).or_default().extend(news);
        }
    }
}

/// Whether nobody waits for the replies to a request.
fn is_subscription(packet: &Packet) -> bool {
    matches!(&packet.message, Message::Commands { batch, .. } if *batch == Batch::Subscription)
}
