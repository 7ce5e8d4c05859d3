//! What is done to the world from outside: faults, lost and late messages, typed commands.

use std::sync::Arc;

use bytes::Bytes;

use crate::world::World;
use crate::world::disk::Fall;
use crate::world::network::{Connection, Fate, Packet};
use crate::{Batch, Event, Fault, Intervention, Leg, Message, Names, Place, Record, Span};

impl World {
    /// Shows a record to the interventions that wait for something to happen.
    pub(crate) fn watch(&mut self, record: &Record) {
        let plan = Arc::clone(&self.plan);
        for (index, slot) in self.watches.iter_mut().enumerate() {
            if !slot
                .as_mut()
                .is_some_and(|watch| watch.sees(&plan.scenario, record))
            {
                continue;
            }
            *slot = None;
            let (leg, fate) = match &plan.scenario.interventions[index] {
                Intervention::Drop { leg, .. } => {
                    let fate = Fate {
                        dropped: true,
                        ..Fate::default()
                    };
                    (*leg, fate)
                }
                Intervention::Delay { leg, by, .. } => {
                    let fate = Fate {
                        delay: *by,
                        ..Fate::default()
                    };
                    (*leg, fate)
                }
                Intervention::Fail { .. } => {
                    let fate = Fate {
                        fails: true,
                        ..Fate::default()
                    };
                    (Leg::Reply, fate)
                }
                _ => {
                    let index = u32::try_from(index).unwrap_or(u32::MAX);
                    self.due.push((index, Some(record.seq)));
                    continue;
                }
            };
            let met = match leg {
                Leg::Request => &mut self.fates.0,
                Leg::Reply => &mut self.fates.1,
            };
            met.dropped |= fate.dropped;
            met.fails |= fate.fails;
            met.delay = Span(met.delay.0.saturating_add(fate.delay.0));
        }
    }

    /// What interventions do to the message that was just sent, and to its answer.
    pub(crate) fn take_fates(&mut self) -> (Fate, Fate) {
        std::mem::take(&mut self.fates)
    }

    /// Whether a fault takes place before this client sends this: then the fault is due now.
    pub(crate) fn held_before_sending(&mut self, client: u16, message: &Message) -> bool {
        let plan = Arc::clone(&self.plan);
        let cause = self.clients[usize::from(client)].last();
        let mut held = false;
        for (index, slot) in self.watches.iter_mut().enumerate() {
            let Intervention::Fault { .. } = plan.scenario.interventions[index] else {
                continue;
            };
            if slot
                .as_ref()
                .is_some_and(|watch| watch.is_before(&plan.scenario, client, message))
            {
                *slot = None;
                held = true;
                self.due
                    .push((u32::try_from(index).unwrap_or(u32::MAX), cause));
            }
        }
        held
    }

    pub(crate) fn intervene(&mut self, index: u32, cause: Option<u32>) {
        let plan = Arc::clone(&self.plan);
        match &plan.scenario.interventions[index as usize] {
            Intervention::Fault { fault, .. } => self.fault(fault, cause),
            Intervention::Type { node, line, .. } => self.typed(node, line),
            // These act on their message when it is sent.
            Intervention::Drop { .. } | Intervention::Delay { .. } | Intervention::Fail { .. } => {}
        }
    }

    fn fault(&mut self, fault: &Fault, cause: Option<u32>) {
        let names = Names::of(&self.plan.scenario);
        match fault {
            Fault::Pause { client, lasts } => match names.place(client) {
                Some(Place::Client(client)) => self.pause(client, *lasts, cause),
                Some(Place::Node(node)) => self.pause_node(node, *lasts, cause),
                _ => {}
            },
            Fault::Crash {
                client,
                restart_after,
            } => match names.place(client) {
                Some(Place::Client(client)) => self.crash(client, *restart_after, cause),
                Some(Place::Node(node)) => self.fell(node, Fall::Killed, *restart_after, cause),
                _ => {}
            },
            Fault::Restart { client, empty } => match names.place(client) {
                Some(Place::Client(client)) => self.restart(client, cause),
                Some(Place::Node(node)) => self.restart_node(node, *empty, cause),
                _ => {}
            },
            Fault::PowerCut {
                node,
                restart_after,
            } => {
                if let Some(node) = self.plan.node(Some(node)) {
                    self.fell(node, Fall::PowerCut, *restart_after, cause);
                }
            }
            Fault::JumpClock { place, by_micros } => {
                if let Some(place) = names.place(place) {
                    self.jump_clock(place, *by_micros, cause);
                }
            }
            Fault::Drift { place, ppm } => {
                if let Some(place) = names.place(place) {
                    self.drift(place, *ppm, cause);
                }
            }
            Fault::Partition {
                from,
                to,
                both_ways,
                lasts,
            } => self.partition(from, to, *both_ways, *lasts, cause),
            Fault::SlowDisk { .. }
            | Fault::SlowCpu { .. }
            | Fault::Lose { .. }
            | Fault::SlowLink { .. }
            | Fault::Reset { .. } => self.disturb(fault, cause),
            Fault::Failover { node } => {
                if let Some(node) = self.plan.node(Some(node))
                    && !self.fail_over_in_cluster(node, cause)
                {
                    self.fail_over(node, cause);
                }
            }
            Fault::MoveSlot { slot, to, lasts } => {
                if let Some(to) = self.plan.node(Some(to)) {
                    self.move_slot(*slot, to, *lasts);
                }
            }
        }
    }

    /// A person types a command on a node.
    pub(crate) fn typed(&mut self, node: &str, line: &str) {
        let Some(node) = self.plan.node(Some(node)) else {
            return;
        };
        let words = redwind_resp::split_words(line.as_bytes()).unwrap_or_default();
        if words.is_empty() {
            return;
        }
        let id = self.next_packet();
        self.typed += 1;
        let message = Message::Commands {
            commands: Arc::from([words.into_iter().map(Bytes::from).collect::<Vec<_>>()]),
            batch: Batch::Single,
        };
        let event = Event::Sent {
            packet: id,
            to: Place::Node(node),
            message: message.clone(),
        };
        let sent = self.emit(Place::Terminal, None, event);
        let packet = Packet {
            id,
            connection: Connection {
                from: Place::Terminal,
                number: u32::from(node),
            },
            life: 0,
            asked: Place::Node(node),
            message,
            reply: false,
            sent,
            nth: self.typed,
            opens: true,
            answer: Fate::default(),
        };
        self.request_arrives(node, packet);
    }

    /// The terminal shows a reply.
    pub(crate) fn reply_shown(&mut self, packet: &Packet) {
        let event = Event::Received {
            packet: packet.id,
            from: packet.asked,
            message: packet.message.clone(),
        };
        self.emit(Place::Terminal, Some(packet.sent), event);
    }
}
