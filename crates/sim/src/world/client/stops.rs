//! What stops a client's process: pauses, crashes, and how it goes on.

use super::{Arrived, Status, Waits};
use crate::world::World;
use crate::world::queue::{Act, Class};
use crate::{Event, Place, SimTime, Span};

impl World {
    pub(crate) fn pause(&mut self, client: u16, lasts: Span, cause: Option<u32>) {
        let until = self.now + lasts;
        let process = &mut *self.clients[usize::from(client)];
        if process.status != Status::Up || process.paused_until.is_some_and(|end| end >= until) {
            return;
        }
        process.paused_until = Some(until);
        let act = Act::Resume {
            client,
            life: process.life,
            until,
        };
        self.queue.push(until, Class::Timeout, act);
        self.emit(Place::Client(client), cause, Event::Paused { until });
    }

    pub(crate) fn resume(&mut self, client: u16, life: u32, until: SimTime) {
        let process = &mut *self.clients[usize::from(client)];
        if process.life != life || process.paused_until != Some(until) {
            return;
        }
        process.paused_until = None;
        let cause = process.last;
        self.emit(Place::Client(client), cause, Event::Resumed);
        // What waits in the socket is seen before the clock: `recv` returns it although its timeout has passed.
        let process = &mut *self.clients[usize::from(client)];
        let mut acts: Vec<Act> = process
            .socket
            .drain(..)
            .map(|arrived| match arrived {
                Arrived::Reply(packet) => Act::Deliver(packet),
                Arrived::Closed(connection, node, refused) => Act::Closed {
                    connection,
                    node,
                    refused,
                },
            })
            .collect();
        for (thread, strand) in (0..).zip(&mut process.strands) {
            if !std::mem::take(&mut strand.overdue) {
                continue;
            }
            acts.push(match strand.waits {
                Waits::Sleep => Act::Wake {
                    client,
                    life,
                    thread,
                },
                Waits::Reply(packet, _) | Waits::Push(packet, _) | Waits::Parked(packet) => {
                    Act::GiveUp {
                        client,
                        life,
                        packet,
                    }
                }
                _ => Act::Continue {
                    client,
                    life,
                    thread,
                },
            });
        }
        for act in acts.into_iter().rev() {
            self.agenda.push_front(act);
        }
    }

    pub(crate) fn crash(&mut self, client: u16, restart_after: Option<Span>, cause: Option<u32>) {
        let spec = &self.plan.scenario.clients[usize::from(client)];
        let restart_after = restart_after.or(spec.restarts_after);
        let process = &mut *self.clients[usize::from(client)];
        if process.status != Status::Up {
            return;
        }
        process.status = Status::Down;
        process.life += 1;
        let life = process.life;
        let seq = self.emit(Place::Client(client), cause, Event::Crashed);
        self.forget(client, seq);
        if let Some(after) = restart_after {
            let act = Act::Start {
                client,
                life,
                cause: Some(seq),
            };
            self.queue.push(self.now + after, Class::Ordinary, act);
        }
    }

    pub(crate) fn restart(&mut self, client: u16, cause: Option<u32>) {
        if self.clients[usize::from(client)].status == Status::Up {
            self.crash(client, None, cause);
        }
        let process = &mut *self.clients[usize::from(client)];
        // A start that was arranged before is void: this one comes first.
        if process.status != Status::Unborn {
            process.life += 1;
        }
        let act = Act::Start {
            client,
            life: process.life,
            cause,
        };
        self.agenda.push_front(act);
    }
}
