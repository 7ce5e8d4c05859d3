//! Cuts of the network between groups of places.
//!
//! A cut loses no message for good: TCP sends it again and again, so it arrives when the network has healed, unless
//! its sender has given up by then. Across a cut that never heals nothing arrives.

use std::sync::Arc;

use crate::names::Names;
use crate::world::World;
use crate::world::queue::{Act, Class};
use crate::{Event, LostBecause, Place, SimTime, Span};

/// A cut of the network.
#[derive(Clone, Debug)]
pub(crate) struct Cut {
    from: Arc<[Place]>,
    to: Arc<[Place]>,
    both_ways: bool,
    until: Option<SimTime>,
    /// The record of its beginning.
    began: u32,
}

/// What a cut does to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Passage {
    /// Nothing.
    Open,
    /// It waits this long.
    Held(Span),
    /// It never arrives.
    Never,
}

impl Cut {
    fn stops(&self, from: Place, to: Place) -> bool {
        let one_way = self.from.contains(&from) && self.to.contains(&to);
        one_way || self.both_ways && self.from.contains(&to) && self.to.contains(&from)
    }
}

impl World {
    /// Cuts the network between two groups of places.
    pub(crate) fn partition(
        &mut self,
        from: &[String],
        to: &[String],
        both_ways: bool,
        lasts: Option<Span>,
        cause: Option<u32>,
    ) {
        let names = Names::of(&self.plan.scenario);
        let places = |names_of: &[String]| -> Arc<[Place]> {
            names_of
                .iter()
                .filter_map(|name| names.place(name))
                .collect()
        };
        let (from, to) = (places(from), places(to));
        let Some(first) = from.first().copied() else {
            return;
        };
        let until = lasts.map(|lasts| self.now + lasts);
        let event = Event::Partitioned {
            from: Arc::clone(&from),
            to: Arc::clone(&to),
            both_ways,
            until,
        };
        let began = self.emit_elsewhere(first, cause, event);
        if let Some(until) = until {
            self.queue.push(until, Class::Ordinary, Act::Heal { began });
        }
        self.cuts.push(Cut {
            from,
            to,
            both_ways,
            until,
            began,
        });
    }

    /// The record of a cut that lies between two places now, whichever way it goes.
    pub(crate) fn cut_between(&self, one: Place, other: Place) -> Option<u32> {
        let mut cuts = self.cuts.iter();
        let cut = cuts.find(|cut| cut.stops(one, other) || cut.stops(other, one));
        cut.map(|cut| cut.began)
    }

    /// A cut is over.
    pub(crate) fn heal(&mut self, began: u32) {
        let Some(index) = self.cuts.iter().position(|cut| cut.began == began) else {
            return;
        };
        let cut = self.cuts.remove(index);
        let Some(first) = cut.from.first().copied() else {
            return;
        };
        let event = Event::Healed {
            from: cut.from,
            to: cut.to,
        };
        self.emit_elsewhere(first, Some(began), event);
    }

    /// What a place sends that takes several attempts: a node's kernel goes on with them when the process has died, but not
    /// without power.
    pub(crate) fn sent_again(&self, from: Place, wait: Span, act: Act) -> Act {
        match from {
            Place::Node(node) if wait > Span(0) => Act::SentAgain {
                node,
                since: self.now,
                until: self.now + wait,
                act: Box::new(act),
            },
            _ => act,
        }
    }

    /// A message has got through at last, unless its sender's machine lost power before.
    pub(crate) fn got_through(&mut self, node: u16, tried: (SimTime, SimTime), act: Act) {
        if !self.nodes[usize::from(node)].lost_power_between(tried) {
            return self.act(act);
        }
        match act {
            Act::Deliver(packet) => self.lose(&packet, LostBecause::Dropped),
            Act::Peer(letter) => self.letter_lost(&letter, LostBecause::Dropped),
            _ => {}
        }
    }

    /// What the cuts of this moment do to a message.
    pub(crate) fn passage(&self, from: Place, to: Place) -> Passage {
        let mut opens = self.now;
        for cut in self.cuts.iter().filter(|cut| cut.stops(from, to)) {
            match cut.until {
                Some(until) => opens = opens.max(until),
                None => return Passage::Never,
            }
        }
        match opens - self.now {
            Span(0) => Passage::Open,
            wait => Passage::Held(wait),
        }
    }
}
