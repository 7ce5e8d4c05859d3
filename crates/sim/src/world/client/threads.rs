//! The threads of a client's process: each waits for something of its own, and all stop together.

use std::sync::Arc;

use super::{Client, Waits};
use crate::world::World;
use crate::world::network::Connection;
use crate::world::queue::{Act, Class};
use crate::{Answer, Event, PacketId, Place, Span};

/// A thread.
#[derive(Clone, Debug)]
pub(super) struct Strand {
    pub(super) waits: Waits,
    /// A timer of it ran out while the process was paused.
    pub(super) overdue: bool,
    /// Its own latest record.
    last: Option<u32>,
    /// `None`: the program begins with it.
    name: Option<Arc<str>>,
}

impl Default for Strand {
    fn default() -> Self {
        Self {
            waits: Waits::Nothing,
            overdue: false,
            last: None,
            name: None,
        }
    }
}

impl Client {
    /// The thread whose turn it is.
    pub(super) fn strand(&mut self) -> &mut Strand {
        let at = usize::from(self.current);
        while self.strands.len() <= at {
            self.strands.push(Strand::default());
        }
        &mut self.strands[at]
    }

    /// What it waits for.
    pub(crate) fn waits(&self) -> &Waits {
        const NOTHING: &Waits = &Waits::Nothing;
        let strand = self.strands.get(usize::from(self.current));
        strand.map_or(NOTHING, |strand| &strand.waits)
    }

    pub(crate) fn wait(&mut self, waits: Waits) {
        self.strand().waits = waits;
    }

    /// Makes it the turn of the thread that waits so; `false` when none does.
    fn turn(&mut self, so: impl Fn(&Waits) -> bool) -> bool {
        let found = (0..).zip(&self.strands).find(|(_, one)| so(&one.waits));
        let Some((thread, _)) = found else {
            return false;
        };
        self.current = thread;
        true
    }

    /// The turn of the thread that waits under this number.
    pub(super) fn turn_to(&mut self, number: PacketId) -> bool {
        self.turn(|waits| {
            matches!(waits, Waits::Reply(waited, _) | Waits::Push(waited, _) | Waits::Parked(waited)
                if *waited == number)
        })
    }

    /// The turn of the thread that waits for a reply on this connection.
    pub(super) fn turn_to_waiter(&mut self, connection: Connection) -> bool {
        self.turn(|waits| matches!(waits, Waits::Reply(_, on) if *on == connection))
    }

    /// The turn of the thread that listens on this connection of the pool.
    pub(crate) fn turn_to_listener(&mut self, pool: u32) -> bool {
        self.turn(|waits| matches!(waits, Waits::Push(_, on) if *on == pool))
    }

    /// What the current thread's next deed follows from.
    pub(crate) fn cause(&self) -> Option<u32> {
        match &self.strands[..] {
            [_] => self.last,
            all => {
                let own = all.get(usize::from(self.current));
                own.and_then(|own| own.last).or(self.last)
            }
        }
    }

    /// Notes a record of the process; the name of its thread, when it is the deed of one.
    pub(crate) fn note_of(&mut self, seq: u32, event: &Event) -> Option<Arc<str>> {
        self.note(seq);
        let of_thread = matches!(
            event,
            Event::Line { .. }
                | Event::Sent { .. }
                | Event::Received { .. }
                | Event::Listens { .. }
                | Event::Failed { .. }
                | Event::Slept { .. }
                | Event::Woke
                | Event::Printed { .. }
                | Event::ThreadStarted { .. }
                | Event::ThreadEnded
                | Event::Parked { .. }
        );
        if !of_thread {
            return None;
        }
        let strand = self.strand();
        strand.last = Some(seq);
        strand.name.clone()
    }
}

impl World {
    /// A thread starts another; both go on, the old one first.
    pub(super) fn spawn(&mut self, client: u16, thread: u16, name: Arc<str>) {
        let process = &mut *self.clients[usize::from(client)];
        let (me, cause) = (process.current, process.cause());
        process.wait(Waits::Turn(Answer::Done));
        let seq = self.emit(
            Place::Client(client),
            cause,
            Event::ThreadStarted {
                name: Arc::clone(&name),
            },
        );
        let process = &mut *self.clients[usize::from(client)];
        process.current = thread;
        *process.strand() = Strand {
            waits: Waits::Turn(Answer::Done),
            last: Some(seq),
            name: Some(name),
            ..Strand::default()
        };
        self.go(client);
        self.clients[usize::from(client)].current = me;
        self.go(client);
    }

    /// A thread waits for another.
    pub(super) fn park(&mut self, client: u16, timeout: Option<Span>) {
        let number = self.next_packet();
        let process = &mut *self.clients[usize::from(client)];
        let (life, cause) = (process.life, process.cause());
        process.wait(Waits::Parked(number));
        if let Some(timeout) = timeout {
            let over = self.now + process.clock.lasts(self.now, timeout);
            let act = Act::GiveUp {
                client,
                life,
                packet: number,
            };
            self.queue.push(over, Class::Timeout, act);
        }
        let event = Event::Parked { most: timeout };
        self.emit(Place::Client(client), cause, event);
    }

    /// A thread wakes another, which goes on in its turn.
    pub(super) fn unpark(&mut self, client: u16, thread: u16) {
        let process = &mut *self.clients[usize::from(client)];
        let me = std::mem::replace(&mut process.current, thread);
        if matches!(process.waits(), Waits::Parked(_)) {
            self.woken(client, Answer::Done);
        }
        self.clients[usize::from(client)].current = me;
    }

    /// The current thread waited for another, and goes on.
    pub(super) fn woken(&mut self, client: u16, answer: Answer) {
        let cause = self.clients[usize::from(client)].cause();
        self.emit(Place::Client(client), cause, Event::Woke);
        self.answer(client, answer);
    }
}
