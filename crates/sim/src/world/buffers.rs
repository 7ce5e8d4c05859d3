//! What waits to be read: a node keeps so much for a client that is slow to read, and cuts it off beyond its limits.
//!
//! Between a node and a program lie the buffers of two kernels; what does not fit there stays in the node's output
//! buffer, which `client-output-buffer-limit` bounds. A replica's buffer is what it has not repeated yet.

use redwind_resp::Value;

use crate::world::World;
use crate::world::network::Connection;
use crate::world::queue::{Act, Class};
use crate::world::travel::encoded;
use crate::{Event, Place, SimTime, Span};

/// What fits into the kernels' buffers unless a node says otherwise (`net.core.wmem_default` of Linux).
const KERNEL: u64 = 212_992;

/// A listener's connection at its node.
#[derive(Clone, Debug, Default)]
pub(super) struct Outbox {
    /// Bytes that were sent and not read yet.
    sent: u64,
    /// Messages that wait for room, with the records that made them.
    kept: std::collections::VecDeque<(Value, u32)>,
    /// Their bytes.
    bytes: u64,
    /// Since when there are more of them than the soft limit allows.
    over_since: Option<SimTime>,
}

/// A class of clients, in the order of `client-output-buffer-limit`.
#[derive(Clone, Copy)]
pub(crate) enum Reader {
    Normal,
    Replica,
    Listener,
}

impl World {
    /// How much lies between a node and its readers.
    pub(crate) fn kernel(&self, node: u16) -> u64 {
        let spec = &self.plan.scenario.nodes[usize::from(node)];
        spec.socket_buffer.unwrap_or(KERNEL)
    }

    fn limit(&self, node: u16, class: Reader) -> redwind_engine::OutputLimit {
        let config = self.nodes[usize::from(node)].engine.config();
        config.client_output_buffer_limit[class as usize]
    }

    /// Sends a message to a listener, or keeps it until the listener has read what came before.
    pub(crate) fn push_or_keep(
        &mut self,
        node: u16,
        connection: Connection,
        value: Value,
        seq: u32,
    ) {
        let (room, size, now) = (self.kernel(node), encoded(&value), self.now);
        let limit = self.limit(node, Reader::Listener);
        let Some(session) = self.nodes[usize::from(node)].sessions.get_mut(&connection) else {
            return;
        };
        let outbox = &mut session.outbox;
        if outbox.kept.is_empty() && (outbox.sent == 0 || outbox.sent + size <= room) {
            outbox.sent += size;
            return self.push_one(node, connection, value, seq);
        }
        outbox.kept.push_back((value, seq));
        outbox.bytes += size;
        let owed = outbox.bytes;
        if limit.hard > 0 && owed >= limit.hard {
            return self.cut_off(node, connection, owed, Some(seq));
        }
        if limit.soft > 0 && owed >= limit.soft && outbox.over_since.is_none() {
            outbox.over_since = Some(now);
            let act = Act::OverSoft {
                node,
                connection,
                since: now,
            };
            let over = now + Span::seconds(limit.seconds);
            self.queue.push(over, Class::Timeout, act);
        }
    }

    /// A program has read a message: there is room for others.
    pub(crate) fn taken(&mut self, connection: Connection, from: Place, value: &Value) {
        let Place::Node(node) = from else {
            return;
        };
        let room = self.kernel(node);
        let soft = self.limit(node, Reader::Listener).soft;
        let place = &mut *self.nodes[usize::from(node)];
        let Some(session) = place.sessions.get_mut(&connection) else {
            return;
        };
        let outbox = &mut session.outbox;
        outbox.sent = outbox.sent.saturating_sub(encoded(value));
        let mut fits = Vec::new();
        while let Some((next, _)) = outbox.kept.front() {
            let size = encoded(next);
            if outbox.sent > 0 && outbox.sent + size > room {
                break;
            }
            outbox.sent += size;
            outbox.bytes = outbox.bytes.saturating_sub(size);
            fits.extend(outbox.kept.pop_front());
        }
        if outbox.bytes < soft {
            outbox.over_since = None;
        }
        for (value, seq) in fits {
            self.push_one(node, connection, value, seq);
        }
    }

    /// A listener has been beyond the soft limit for too long, if it still is.
    pub(crate) fn over_soft(&mut self, node: u16, connection: Connection, since: SimTime) {
        let place = &self.nodes[usize::from(node)];
        let Some(session) = place.sessions.get(&connection) else {
            return;
        };
        let (owed, over) = (session.outbox.bytes, session.outbox.over_since);
        if over != Some(since) {
            return;
        }
        match place.paused_until {
            Some(until) => {
                let act = Act::OverSoft {
                    node,
                    connection,
                    since,
                };
                self.queue.push(until, Class::Timeout, act);
            }
            None => self.cut_off(node, connection, owed, None),
        }
    }

    /// Whether a reply is more than a client's buffer may hold: then the client is cut off instead.
    pub(crate) fn too_much(&mut self, node: u16, connection: Connection, values: &[Value]) -> bool {
        let limit = self.limit(node, Reader::Normal);
        if limit.hard == 0 || connection.from == Place::Terminal {
            return false;
        }
        let owed: u64 = values.iter().map(encoded).sum();
        if owed >= limit.hard {
            self.cut_off(node, connection, owed, None);
            return true;
        }
        false
    }

    /// Closes the links to replicas that are too far behind.
    pub(crate) fn replicas_behind(&mut self, node: u16) {
        let (room, limit, now) = (
            self.kernel(node),
            self.limit(node, Reader::Replica),
            self.now,
        );
        for replica in self.followers(node) {
            let has = self.nodes[usize::from(replica)].replication.offset;
            let offset = self.nodes[usize::from(node)].replication.offset;
            let owed = offset.saturating_sub(has).saturating_sub(room);
            let over = limit.soft > 0 && owed >= limit.soft;
            let since = self.nodes[usize::from(node)]
                .replication
                .over_soft(replica, over, now);
            let too_long = since.is_some_and(|since| now - since > Span::seconds(limit.seconds));
            if limit.hard > 0 && owed >= limit.hard || too_long {
                let client = Place::Node(replica);
                let cause = self.records.checked_sub(1);
                self.emit(Place::Node(node), cause, Event::CutOff { client, owed });
                self.drop_follower(node, replica);
            }
        }
    }

    /// A node closes a connection whose other end reads too slowly. What it still kept for it is lost.
    fn cut_off(&mut self, node: u16, connection: Connection, owed: u64, cause: Option<u32>) {
        let client = connection.from;
        self.emit(Place::Node(node), cause, Event::CutOff { client, owed });
        self.tell_closed(connection, node, false);
        if let Some(session) = self.nodes[usize::from(node)].sessions.get_mut(&connection) {
            session.work.clear();
        }
        self.connection_gone(node, connection);
    }
}
