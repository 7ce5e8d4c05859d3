//! Messages of channels: how a node pushes them to those who listen, and how a client comes to read them.
//!
//! They travel on the connection that listens, in order with its replies. What arrives is kept for the program
//! until it reads it; what is under way when the connection breaks is lost, and nobody sends it again.

use redwind_engine::SessionId;
use redwind_resp::Value;

use crate::world::World;
use crate::world::client::Waits;
use crate::world::network::{Connection, Fate, Packet};
use crate::world::queue::{Act, Class};
use crate::{Answer, Event, Failure, Message, Place, Span};

/// Numbers a connection's pushes apart from its client's requests, for drawing their latencies.
const PUSHES: u64 = 1 << 40;

impl World {
    /// Sends what a node pushes to its listeners; `seq` is the record that made it.
    pub(crate) fn push_all(&mut self, node: u16, pushed: Vec<(SessionId, Value)>, seq: u32) {
        for (to, value) in pushed {
            let known = self.nodes[usize::from(node)].by_id.get(&to).copied();
            match known {
                Some(open) if open.from == Place::Terminal => self.show_push(node, value, seq),
                Some(open) => self.push_or_keep(node, open, value, seq),
                None => {}
            }
        }
    }

    /// A person at the terminal sees a message at once: nothing lies between a terminal and its node. Confirmations are
    /// shown as the reply.
    fn show_push(&mut self, node: u16, message: Value, cause: u32) {
        let (Value::Array(parts) | Value::Push(parts)) = &message else {
            return;
        };
        let published =
            matches!(parts.first(), Some(Value::Bulk(kind)) if kind.ends_with(b"message"));
        if published {
            let packet = self.next_packet();
            let from = Place::Node(node);
            let event = Event::Heard {
                packet,
                from,
                message,
            };
            self.emit(Place::Terminal, Some(cause), event);
        }
    }

    /// Puts a message on its way to a listener whose connection has room for it.
    pub(crate) fn push_one(&mut self, node: u16, connection: Connection, value: Value, seq: u32) {
        let id = self.next_packet();
        let Some(session) = self.nodes[usize::from(node)].sessions.get_mut(&connection) else {
            return;
        };
        session.pushes += 1;
        let packet = Packet {
            id,
            connection,
            life: 0,
            asked: Place::Node(node),
            message: Message::Push(value),
            reply: true,
            sent: seq,
            nth: PUSHES + (u64::from(connection.number) << 32) + session.pushes,
            opens: false,
            answer: Fate::default(),
        };
        self.transmit(packet, Fate::default());
    }

    /// A message of a channel reaches a client that runs.
    pub(crate) fn heard(&mut self, client: u16, packet: &Packet, value: &Value) {
        let me = Place::Client(client);
        let event = Event::Heard {
            packet: packet.id,
            from: packet.asked,
            message: value.clone(),
        };
        let process = &mut *self.clients[usize::from(client)];
        let pool = process.pool(packet.connection);
        if pool.is_some_and(|pool| process.turn_to_listener(pool)) {
            self.emit(me, Some(packet.sent), event);
            self.taken(packet.connection, packet.asked, value);
            return self.answer(client, Answer::Pushed(value.clone()));
        }
        if let Some(pool) = pool {
            process
                .heard
                .entry(pool)
                .or_default()
                .push_back(value.clone());
        }
        self.emit_elsewhere(me, Some(packet.sent), event);
    }

    /// A program wants the next message of a connection.
    pub(crate) fn listen(&mut self, client: u16, pool: u32, timeout: Option<Span>) {
        let process = &mut *self.clients[usize::from(client)];
        // What had arrived before a connection broke is still read.
        if let Some(value) = process
            .heard
            .get_mut(&pool)
            .and_then(|kept| kept.pop_front())
        {
            if let Some((from, connection)) = process.of_pool(pool) {
                self.taken(connection, from, &value);
            }
            return self.answer(client, Answer::Pushed(value));
        }
        if !process.is_open(pool) {
            return self.answer(client, Answer::Failed(Failure::Reset));
        }
        if timeout == Some(Span(0)) {
            return self.answer(client, Answer::Done);
        }
        let id = self.next_packet();
        let process = &mut *self.clients[usize::from(client)];
        let (life, cause) = (process.life, process.cause());
        process.wait(Waits::Push(id, pool));
        if let Some(timeout) = timeout {
            let over = self.now + process.clock.lasts(self.now, timeout);
            let act = Act::GiveUp {
                client,
                life,
                packet: id,
            };
            self.queue.push(over, Class::Timeout, act);
        }
        let event = Event::Listens { most: timeout };
        self.emit(Place::Client(client), cause, event);
    }

    /// The time to wait for a message is over.
    pub(crate) fn heard_nothing(&mut self, client: u16) {
        let cause = self.clients[usize::from(client)].cause();
        self.emit(Place::Client(client), cause, Event::Woke);
        self.answer(client, Answer::Done);
    }

    /// The connection is gone on which a program waits for messages.
    pub(crate) fn stops_hearing(&mut self, client: u16) {
        let process = &mut *self.clients[usize::from(client)];
        let Waits::Push(packet, _) = *process.waits() else {
            return;
        };
        let cause = process.cause();
        let failure = Failure::Reset;
        self.emit(
            Place::Client(client),
            cause,
            Event::Failed { packet, failure },
        );
        self.answer(client, Answer::Failed(failure));
    }

    /// A program closes a connection of its pool.
    pub(crate) fn close(&mut self, client: u16, pool: u32) {
        let process = &mut *self.clients[usize::from(client)];
        process.heard.remove(&pool);
        for (to, connection) in process.close(pool) {
            if let Place::Node(node) = to {
                self.hang_up(connection, node);
            }
        }
    }
}
