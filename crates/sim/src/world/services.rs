//! How calls reach a resource: one after the other, each taking its time.

use std::sync::Arc;

use crate::world::World;
use crate::world::network::Packet;
use crate::world::queue::{Act, Class};
use crate::{Event, Message, Place};

impl World {
    pub(crate) fn call_arrives(&mut self, resource: u16, packet: Arc<Packet>) {
        let service = &mut self.resources[usize::from(resource)];
        let begins = service.free_at.max(self.now);
        service.free_at = begins + service.takes;
        self.queue.push(
            service.free_at,
            Class::Ordinary,
            Act::Perform { resource, packet },
        );
    }

    pub(crate) fn performed(&mut self, resource: u16, packet: &Packet) {
        let Message::Call(call) = &packet.message else {
            return;
        };
        let service = &mut self.resources[usize::from(resource)];
        let (outcome, effect) = match packet.answer.fails {
            true => (service.fails(&call.resource), None),
            false => service.call(call),
        };
        let event = Event::Performed {
            packet: packet.id,
            by: packet.connection.from,
            call: call.clone(),
            outcome: outcome.clone(),
            effect,
        };
        let seq = self.emit(Place::Resource(resource), Some(packet.sent), event);
        let reply = packet.reply(outcome, seq);
        let fate = reply.answer;
        self.transmit(reply, fate);
    }
}
