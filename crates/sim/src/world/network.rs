//! Messages between places: latency, order, loss.
//!
//! Opening a connection costs no round trip. On one connection messages arrive in the order in which they were
//! sent, each way; between connections they overtake each other. A dropped message is never sent again, so it
//! stands for a network that swallows a connection's data until one side gives up.

use std::sync::Arc;

use bytes::Bytes;

use crate::world::World;
use crate::world::partition::Passage;
use crate::world::queue::{Act, Class};
use crate::world::travel::size;
use crate::{Event, LostBecause, Message, PacketId, Place, SimTime, Span};

/// A connection that a client (or the terminal) opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Connection {
    /// Who opened it.
    pub(crate) from: Place,
    /// Counted over all that this place opened, so that a number never comes back.
    pub(crate) number: u32,
}

/// A message under way, with what is needed to answer it.
#[derive(Clone, Debug)]
pub(crate) struct Packet {
    pub(crate) id: PacketId,
    pub(crate) connection: Connection,
    /// Which life of the client's process sent the request.
    pub(crate) life: u32,
    /// The node or resource that is asked.
    pub(crate) asked: Place,
    pub(crate) message: Message,
    /// Whether this is the answer.
    pub(crate) reply: bool,
    /// The record that sent it.
    pub(crate) sent: u32,
    /// The how manieth message of its client the request is.
    pub(crate) nth: u64,
    /// Whether it is the first message on its connection.
    pub(crate) opens: bool,
    /// What interventions do to the answer.
    pub(crate) answer: Fate,
}

impl Packet {
    /// Where the message ends up.
    pub(crate) fn to(&self) -> Place {
        if self.reply {
            self.connection.from
        } else {
            self.asked
        }
    }

    /// The answer to this request.
    pub(crate) fn reply(&self, message: Message, sent: u32) -> Self {
        Self {
            message,
            reply: true,
            sent,
            ..self.clone()
        }
    }

    /// The commands it carries.
    pub(crate) fn commands(&self) -> &[Vec<Bytes>] {
        match &self.message {
            Message::Commands { commands, .. } => commands,
            _ => &[],
        }
    }
}

/// What interventions do to a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fate {
    pub(crate) dropped: bool,
    pub(crate) delay: Span,
    /// The resource that is asked can do nothing.
    pub(crate) fails: bool,
}

impl World {
    /// Puts a message on its way.
    pub(crate) fn transmit(&mut self, packet: Packet, mut fate: Fate) {
        let client = packet.connection.from;
        let (from, to) = if packet.reply {
            (packet.asked, client)
        } else {
            (client, packet.asked)
        };
        // How long it has to be sent again and again.
        let mut tries = Span(0);
        match self.passage(from, to) {
            Passage::Open => {}
            Passage::Held(wait) => tries = wait,
            Passage::Never => fate.dropped = true,
        }
        let circumstances = [code(client), packet.nth, u64::from(packet.reply)];
        let travel = self.travel(from, to, &circumstances);
        match travel.resent {
            Some(resent) => tries = Span(tries.0.saturating_add(resent.0)),
            None => fate.dropped = true,
        }
        fate.delay = Span(fate.delay.0.saturating_add(tries.0));
        let sent = self.put_through(from, to, || size(&packet.message));
        let mut arrives = sent + travel.takes + fate.delay;
        if client != Place::Terminal {
            let last = self
                .arrivals
                .entry((packet.connection, packet.reply))
                .or_default();
            arrives = arrives.max(*last);
            *last = arrives;
        }
        if fate.delay > Span(0) {
            let event = Event::Delayed {
                packet: packet.id,
                reply: packet.reply,
                by: fate.delay,
            };
            self.emit(from, Some(packet.sent), event);
        }
        let packet = Arc::new(packet);
        let act = if fate.dropped {
            Act::Lose(packet)
        } else {
            self.sent_again(from, tries, Act::Deliver(packet))
        };
        self.queue.push(arrives, Class::Ordinary, act);
    }

    /// Closes a client's end of a connection: the node learns of it after what is already under way.
    pub(crate) fn hang_up(&mut self, connection: Connection, node: u16) {
        let last = self
            .arrivals
            .remove(&(connection, false))
            .unwrap_or_default();
        self.arrivals.remove(&(connection, true));
        let wait = match self.passage(connection.from, Place::Node(node)) {
            Passage::Open => Span(0),
            Passage::Held(wait) => wait,
            Passage::Never => return,
        };
        let circumstances = [
            code(connection.from),
            u64::from(connection.number),
            u64::MAX,
        ];
        let travel = self.travel(connection.from, Place::Node(node), &circumstances);
        let Some(latency) = travel.whole() else {
            return;
        };
        let act = Act::HangUp { node, connection };
        self.queue
            .push((self.now + wait + latency).max(last), Class::Ordinary, act);
    }

    /// A message is gone.
    pub(crate) fn lose(&mut self, packet: &Packet, because: LostBecause) {
        let event = Event::Lost {
            packet: packet.id,
            because,
            reply: packet.reply,
        };
        self.emit(packet.to(), Some(packet.sent), event);
    }

    /// When a message that a node sends on a connection now arrives, without sending one; `None`: never.
    pub(crate) fn arrival_after_the_rest(
        &self,
        connection: Connection,
        node: u16,
    ) -> Option<SimTime> {
        let wait = match self.passage(Place::Node(node), connection.from) {
            Passage::Open => Span(0),
            Passage::Held(wait) => wait,
            Passage::Never => return None,
        };
        let circumstances = [
            code(connection.from),
            u64::from(connection.number),
            u64::MAX - 1,
        ];
        let travel = self.travel(Place::Node(node), connection.from, &circumstances);
        let latency = travel.whole()?;
        let last = self
            .arrivals
            .get(&(connection, true))
            .copied()
            .unwrap_or_default();
        Some(last.max(self.now + wait + latency))
    }
}

/// A number for each place, for drawing and hashing.
pub(crate) fn code(place: Place) -> u64 {
    match place {
        Place::Client(i) => u64::from(i),
        Place::Node(i) => 1 << 16 | u64::from(i),
        Place::Resource(i) => 2 << 16 | u64::from(i),
        Place::Terminal => 3 << 16,
    }
}
