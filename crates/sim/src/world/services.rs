//! How calls reach a resource: one after the other, each taking its time. A database makes some of them wait for
//! somebody's transaction, which holds up nobody else.

use std::sync::Arc;

use crate::resource::{Called, Done, Waiter};
use crate::world::World;
use crate::world::network::{Connection, Packet, code};
use crate::world::partition::Passage;
use crate::world::queue::{Act, Class};
use crate::{Event, Message, PacketId, Phase, Place, RolledBackBecause, Span, TransactionNews};

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

    pub(crate) fn performed(&mut self, resource: u16, packet: Arc<Packet>) {
        let Message::Call(call) = &packet.message else {
            return;
        };
        let service = &mut self.resources[usize::from(resource)];
        let who = packet.connection;
        if packet.answer.fails {
            let failed = Done::failed(service.fails(&call.resource));
            let seq = self.answers(resource, &packet, failed, packet.sent);
            return self.rolls_back(resource, who, RolledBackBecause::Failed, seq);
        }
        match service.call(who, call) {
            Called::Done(done) => {
                let ended = done.ended;
                let seq = self.answers(resource, &packet, done, packet.sent);
                if ended {
                    self.goes_on(resource, seq);
                }
                // It was still to be worked on when its connection was closed.
                if self.resources[usize::from(resource)].closed.contains(&who) {
                    self.rolls_back(resource, who, RolledBackBecause::Left, seq);
                }
            }
            Called::Waits { lock, holder } => self.waits(resource, packet, lock, holder),
        }
    }

    /// Tells what became of a call, and sends the reply; gives the record.
    fn answers(&mut self, resource: u16, packet: &Packet, done: Done, cause: u32) -> u32 {
        let Message::Call(call) = &packet.message else {
            return cause;
        };
        let by = packet.connection.from;
        let event = Event::Performed {
            packet: packet.id,
            by,
            call: Arc::clone(call),
            outcome: done.outcome.clone(),
            effect: done.effect,
            phase: done.phase,
        };
        let seq = self.emit(Place::Resource(resource), Some(cause), event);
        for (call, effect) in done.committed {
            let event = Event::Performed {
                packet: packet.id,
                by,
                call,
                outcome: Message::Returned(crate::Data::Null),
                effect: Some(effect),
                phase: Phase::Committed,
            };
            self.emit(Place::Resource(resource), Some(seq), event);
        }
        let reply = packet.reply(done.outcome, seq);
        let fate = reply.answer;
        self.transmit(reply, fate);
        seq
    }

    /// A call needs what somebody's transaction has locked.
    fn waits(&mut self, resource: u16, packet: Arc<Packet>, lock: String, holder: Connection) {
        let Message::Call(call) = &packet.message else {
            return;
        };
        let (who, by) = (packet.connection, packet.connection.from);
        let service = &self.resources[usize::from(resource)];
        let patience = service.patience;
        if service.closed.contains(&who) {
            return;
        }
        if service.would_wait_for_itself(who, holder) {
            let others = crate::place_name(self.scenario(), holder.from);
            let why = format!(
                "deadlock detected: {lock} is locked by {others}, which waits for this transaction; it was rolled back"
            );
            let done = Done::refused("DeadlockDetected", why);
            let seq = self.answers(resource, &packet, done, packet.sent);
            return self.rolls_back(resource, who, RolledBackBecause::Deadlock, seq);
        }
        let news = TransactionNews::Waits {
            packet: packet.id,
            call: Arc::clone(call),
            lock: lock.clone(),
            holder: holder.from,
        };
        let event = Event::Transaction { by, news };
        self.emit(Place::Resource(resource), Some(packet.sent), event);
        let act = Act::PatienceOver {
            resource,
            packet: packet.id,
        };
        self.queue.push(self.now + patience, Class::Timeout, act);
        self.resources[usize::from(resource)].waiting.push(Waiter {
            packet,
            lock,
            holder,
        });
    }

    /// A transaction is over: those who waited for it go on, in the order in which they came.
    fn goes_on(&mut self, resource: u16, cause: u32) {
        let waiting = std::mem::take(&mut self.resources[usize::from(resource)].waiting);
        for mut waiter in waiting {
            let Message::Call(call) = &waiter.packet.message else {
                continue;
            };
            let service = &mut self.resources[usize::from(resource)];
            match service.call(waiter.packet.connection, call) {
                Called::Done(done) => {
                    self.answers(resource, &waiter.packet, done, cause);
                }
                Called::Waits { lock, holder } => {
                    (waiter.lock, waiter.holder) = (lock, holder);
                    service.waiting.push(waiter);
                }
            }
        }
    }

    /// A call has waited long enough.
    pub(crate) fn patience_over(&mut self, resource: u16, packet: PacketId) {
        let service = &mut self.resources[usize::from(resource)];
        let waiting = service.waiting.iter();
        let Some(at) = waiting.into_iter().position(|one| one.packet.id == packet) else {
            return;
        };
        let waiter = service.waiting.remove(at);
        let patience = service.patience;
        let holder = crate::place_name(self.scenario(), waiter.holder.from);
        let why = format!(
            "lock wait timeout exceeded: {} has been locked by a transaction of {holder} for {patience}",
            waiter.lock
        );
        let done = Done::refused("LockNotAvailable", why);
        self.answers(resource, &waiter.packet, done, waiter.packet.sent);
    }

    /// Undoes what a connection's transaction wrote, if it has one open.
    fn rolls_back(
        &mut self,
        resource: u16,
        who: Connection,
        because: RolledBackBecause,
        cause: u32,
    ) {
        let service = &mut self.resources[usize::from(resource)];
        let Some(writes) = service.roll_back(who) else {
            return;
        };
        let news = TransactionNews::RolledBack {
            writes: u32::try_from(writes).unwrap_or(u32::MAX),
            because,
        };
        let event = Event::Transaction { by: who.from, news };
        let seq = self.emit(Place::Resource(resource), Some(cause), event);
        self.goes_on(resource, seq);
    }

    /// A process's end closes its connection to a resource, which learns of it after what is already under way.
    pub(crate) fn leave_resource(&mut self, resource: u16, connection: Connection) {
        let last = self
            .arrivals
            .remove(&(connection, false))
            .unwrap_or_default();
        self.arrivals.remove(&(connection, true));
        if !self.resources[usize::from(resource)].is_db() {
            return;
        }
        let to = Place::Resource(resource);
        let wait = match self.passage(connection.from, to) {
            Passage::Open => Span(0),
            Passage::Held(wait) => wait,
            Passage::Never => return,
        };
        let circumstances = [
            code(connection.from),
            u64::from(connection.number),
            u64::MAX,
        ];
        let Some(latency) = self.travel(connection.from, to, &circumstances).whole() else {
            return;
        };
        let act = Act::LeftResource {
            resource,
            connection,
        };
        let at = (self.now + wait + latency).max(last);
        self.queue.push(at, Class::Ordinary, act);
    }

    /// A resource learns that a connection is closed.
    pub(crate) fn left_resource(&mut self, resource: u16, connection: Connection) {
        let cause = match connection.from {
            Place::Client(client) => self.clients[usize::from(client)].last(),
            _ => None,
        };
        let service = &mut self.resources[usize::from(resource)];
        service.closed.insert(connection);
        service
            .waiting
            .retain(|waiter| waiter.packet.connection != connection);
        if let Some(cause) = cause {
            self.rolls_back(resource, connection, RolledBackBecause::Left, cause);
        }
    }
}
