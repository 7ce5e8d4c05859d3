//! What reaches a client's machine: replies, and news of its connections.

use std::sync::Arc;

use super::{Arrived, Status};
use crate::world::World;
use crate::world::network::{Connection, Packet};
use crate::{Answer, Event, Failure, LostBecause, Message, Place};

impl World {
    /// A reply reaches a client's machine.
    pub(crate) fn reply_arrives(&mut self, client: u16, packet: Arc<Packet>) {
        let process = &mut *self.clients[usize::from(client)];
        let open = process
            .connections
            .values()
            .any(|open| *open == packet.connection);
        let pushed = matches!(packet.message, Message::Push(_));
        // A connection belongs to one life, and its pushes with it.
        let alive = process.status == Status::Up && (pushed || process.life == packet.life);
        if !alive || !open {
            return self.lose(&packet, LostBecause::NobodyThere);
        }
        if process.paused_until.is_some() {
            process.socket.push_back(Arrived::Reply(packet));
            return;
        }
        if let Message::Push(value) = &packet.message {
            return self.heard(client, &packet, value);
        }
        // A thread waits for one reply at a time; when none waits for this one, it came for a request given up.
        if process.turn_to(packet.id) {
            self.receive(client, &packet);
        } else {
            self.lose(&packet, LostBecause::NobodyThere);
        }
    }

    fn receive(&mut self, client: u16, packet: &Packet) {
        let event = Event::Received {
            packet: packet.id,
            from: packet.asked,
            message: packet.message.clone(),
        };
        let seq = self.emit(Place::Client(client), Some(packet.sent), event);
        self.learn(client, packet.id, seq);
        let answer = match &packet.message {
            Message::Replies(replies) => Answer::Replies(replies.to_vec()),
            Message::Returned(data) => Answer::Data(data.clone()),
            Message::Refused { kind, message } => Answer::Refused {
                kind: kind.clone(),
                message: message.clone(),
            },
            // Requests never come to a client, and pushes answer nothing.
            Message::Commands { .. } | Message::Call(_) | Message::Push(_) => Answer::Done,
        };
        self.answer(client, answer);
    }

    /// A client's machine learns that a node closed a connection, or that nobody listens there.
    pub(crate) fn connection_closed(&mut self, connection: Connection, node: u16, refused: bool) {
        let Place::Client(client) = connection.from else {
            return;
        };
        let process = &mut *self.clients[usize::from(client)];
        if process.paused_until.is_some() {
            let arrived = Arrived::Closed(connection, node, refused);
            process.socket.push_back(arrived);
            return;
        }
        if process.turn_to_waiter(connection) {
            self.fail(
                client,
                if refused {
                    Failure::Refused
                } else {
                    Failure::Reset
                },
            );
        } else {
            let pool = process.pool(connection);
            process.connections.retain(|_, open| *open != connection);
            if pool.is_some_and(|pool| process.turn_to_listener(pool)) {
                self.stops_hearing(client);
            }
        }
    }
}
