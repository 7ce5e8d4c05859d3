//! What makes machines and the network worse for a time: slow disks and processors, slow and lossy links, resets.

use std::sync::Arc;

use crate::names::Names;
use crate::world::World;
use crate::world::queue::{Act, Class};
use crate::{Disturbance, Event, Fault, Place, Sides, SimTime, Span};

/// How long a command takes a node, or a statement a client, per time that its processor is slower.
pub(crate) const UNIT: Span = Span(10);

/// Something that does worse.
#[derive(Clone, Debug)]
pub(crate) struct Trouble {
    what: Disturbance,
    place: Place,
    until: Option<SimTime>,
    /// The record of its beginning.
    began: u32,
}

impl World {
    /// Makes something worse, if the fault is of that kind.
    pub(crate) fn disturb(&mut self, fault: &Fault, cause: Option<u32>) {
        let names = Names::of(&self.plan.scenario);
        let sides = |from: &[String], to: &[String], both_ways: bool| {
            let places = |side: &[String]| -> Arc<[Place]> {
                side.iter().filter_map(|name| names.place(name)).collect()
            };
            let (from, to) = (places(from), places(to));
            let first = from.first().copied()?;
            let sides = Sides {
                from,
                to,
                both_ways,
            };
            Some((first, sides))
        };
        let found = match fault {
            Fault::SlowDisk { node, by, lasts } => names
                .place(node)
                .map(|place| (place, Disturbance::SlowDisk { by: *by }, *lasts)),
            Fault::SlowCpu {
                place,
                times,
                lasts,
            } => names
                .place(place)
                .map(|place| (place, Disturbance::SlowCpu { times: *times }, *lasts)),
            Fault::Lose {
                from,
                to,
                both_ways,
                ppm,
                lasts,
            } => sides(from, to, *both_ways).map(|(first, between)| {
                let ppm = *ppm;
                (first, Disturbance::Loss { between, ppm }, *lasts)
            }),
            Fault::SlowLink {
                from,
                to,
                both_ways,
                by,
                lasts,
            } => sides(from, to, *both_ways).map(|(first, between)| {
                let by = *by;
                (first, Disturbance::SlowLink { between, by }, *lasts)
            }),
            Fault::Reset { from, to } => sides(from, to, true).map(|(first, between)| {
                let lasts = Some(Span(0));
                (first, Disturbance::Reset { between }, lasts)
            }),
            _ => None,
        };
        if let Some((place, what, lasts)) = found {
            self.begin_trouble(place, what, lasts, cause);
        }
    }

    fn begin_trouble(
        &mut self,
        place: Place,
        what: Disturbance,
        lasts: Option<Span>,
        cause: Option<u32>,
    ) {
        let until = lasts
            .filter(|lasts| lasts.0 > 0)
            .map(|lasts| self.now + lasts);
        let event = Event::Disturbed {
            what: what.clone(),
            until,
        };
        let began = self.emit_elsewhere(place, cause, event);
        if let Disturbance::Reset { between } = &what {
            return self.reset(between);
        }
        let trouble = Trouble {
            what,
            place,
            until,
            began,
        };
        self.troubles.push(trouble);
        self.settle_machine(place);
        if let Some(until) = until {
            self.queue.push(until, Class::Ordinary, Act::Mend { began });
        }
    }

    /// Something is as good as before.
    pub(crate) fn mend(&mut self, began: u32) {
        let Some(index) = self.troubles.iter().position(|it| it.began == began) else {
            return;
        };
        let trouble = self.troubles.remove(index);
        self.settle_machine(trouble.place);
        let event = Event::Mended { what: trouble.what };
        self.emit_elsewhere(trouble.place, Some(began), event);
    }

    /// Lets a machine's disk and processor be as slow as its latest troubles say.
    fn settle_machine(&mut self, place: Place) {
        let (mut disk, mut cpu) = ((Span(0), SimTime(0)), 0);
        for trouble in self.troubles.iter().filter(|it| it.place == place) {
            match trouble.what {
                Disturbance::SlowDisk { by } => {
                    disk = (by, trouble.until.unwrap_or(SimTime(u64::MAX)));
                }
                Disturbance::SlowCpu { times } => cpu = times,
                _ => {}
            }
        }
        match place {
            Place::Node(node) => {
                let now = self.now;
                let node = &mut *self.nodes[usize::from(node)];
                node.disk.slow_down(now, disk.0, disk.1);
                node.cpu = cpu;
            }
            Place::Client(client) => self.clients[usize::from(client)].cpu = cpu,
            Place::Resource(_) | Place::Terminal => {}
        }
    }

    /// By how much messages take longer now from one place to another, and how many of a million packets are lost.
    pub(crate) fn troubles(&self, from: Place, to: Place) -> (Span, u32) {
        let (mut slower, mut loss) = (0_u64, 0_u32);
        for trouble in self.troubles.iter() {
            match &trouble.what {
                Disturbance::SlowLink { between, by } if between.concern(from, to) => {
                    slower = slower.saturating_add(by.0);
                }
                Disturbance::Loss { between, ppm } if between.concern(from, to) => {
                    loss = loss.saturating_add(*ppm);
                }
                _ => {}
            }
        }
        (Span(slower), loss)
    }

    /// Resets the connections between two sides.
    fn reset(&mut self, sides: &Sides) {
        for client in 0..self.clients.len() {
            let client = u16::try_from(client).unwrap_or(u16::MAX);
            let place = Place::Client(client);
            let open = self.clients[usize::from(client)].open_connections();
            for (to, connection) in open {
                if !sides.concern(place, to) {
                    continue;
                }
                self.reset.insert(connection);
                let node = match to {
                    Place::Node(node) => node,
                    _ => 0,
                };
                match to {
                    Place::Node(node) => self.agenda.push_back(Act::HangUp { node, connection }),
                    Place::Resource(resource) => self.agenda.push_back(Act::LeftResource {
                        resource,
                        connection,
                    }),
                    _ => {}
                }
                let refused = false;
                self.agenda.push_back(Act::Closed {
                    connection,
                    node,
                    refused,
                });
            }
        }
        for node in 0..self.plan.nodes() {
            let replication = &self.nodes[usize::from(node)].replication;
            if let Some(primary) = replication.primary
                && sides.concern(Place::Node(node), Place::Node(primary))
            {
                self.reset_link(node, primary);
            }
        }
        self.reset_sentinels(sides);
    }
}
