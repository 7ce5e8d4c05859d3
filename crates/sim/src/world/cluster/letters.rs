//! What nodes of a cluster tell each other, and how it travels.

use std::sync::Arc;

use redwind_engine::Health;

use super::migrate::{Parcel, Taken};
use super::{Ranges, World};
use crate::world::disk::Fall;
use crate::world::network::{Connection, code};
use crate::world::partition::Passage;
use crate::world::queue::{Act, Class};
use crate::{Place, Span};

/// A message of one node of a cluster to another.
#[derive(Clone, Debug)]
pub(crate) struct Notice {
    pub(super) from: u16,
    pub(super) to: u16,
    /// Which life of the sender's process sent it.
    pub(super) life: u32,
    /// The record that it follows from.
    pub(super) cause: Option<u32>,
    pub(super) header: Header,
    pub(super) says: Says,
}

/// What every message tells about its sender.
#[derive(Clone, Debug)]
pub(super) struct Header {
    /// The sender, as a member.
    pub(super) sender: usize,
    pub(super) current_epoch: u64,
    /// The epoch of its configuration, or of its primary's.
    pub(super) epoch: u64,
    /// Its primary, if it is a replica.
    pub(super) primary: Option<usize>,
    /// Its slots, or its primary's.
    pub(super) slots: Ranges,
    pub(super) offset: u64,
    /// It has stopped its clients' writes for a failover by hand.
    pub(super) paused: bool,
}

/// What a message says beyond that.
#[derive(Clone, Debug)]
pub(super) enum Says {
    /// Are you there?
    Ping(Vec<Rumour>),
    /// I am here.
    Pong(Vec<Rumour>),
    /// That one has failed.
    Fail { member: usize },
    /// A replica: vote for me.
    Ask { epoch: u64, forced: bool },
    /// A primary: you have my vote.
    Vote,
    /// Those slots of yours belong to that one.
    Update {
        member: usize,
        epoch: u64,
        slots: Ranges,
    },
    /// A replica: stop your writes, I am to replace you.
    HandOver,
    /// Keys of a slot that is being moved.
    Keys(Parcel),
    /// What became of them.
    Taken(Taken),
}

/// What a node passes on about another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rumour {
    pub(super) member: usize,
    pub(super) health: Health,
    pub(super) ponged_ms: u64,
}

impl World {
    fn header(&mut self, node: u16) -> Option<Header> {
        let view = self.view(node)?;
        let (me, current_epoch) = (view.myself(), view.current_epoch);
        let primary = view.members()[me].primary;
        let epoch = view.members()[primary.unwrap_or(me)].epoch;
        let slots = self.ranges(node, primary.unwrap_or(me));
        let place = &self.nodes[usize::from(node)];
        Some(Header {
            sender: me,
            current_epoch,
            epoch,
            primary,
            slots,
            offset: place.replication.offset,
            paused: place.bus.as_ref()?.manual.replica.is_some(),
        })
    }

    /// Sends a message to another member. What meets a cut that lasts longer than the node timeout is lost: by then its
    /// sender has opened another link.
    pub(super) fn tell(&mut self, node: u16, member: usize, cause: Option<u32>, says: Says) {
        let Place::Node(to) = self.plan.members.place(member) else {
            return;
        };
        let Some(header) = self.header(node) else {
            return;
        };
        let Some(bus) = self.bus(node) else {
            return;
        };
        bus.written += 1;
        bus.messages.0 += 1;
        let cause = cause.or(bus.news);
        let circumstances = [code(Place::Node(node)), u64::from(to), bus.written, 1];
        let timeout = Span::millis(self.node_timeout_ms());
        let (sender, receiver) = (Place::Node(node), Place::Node(to));
        let wait = match self.passage(sender, receiver) {
            Passage::Open => Span(0),
            Passage::Held(wait) if wait <= timeout => wait,
            Passage::Held(_) | Passage::Never => return,
        };
        let connection = Connection {
            from: sender,
            number: 1 << 16 | u32::from(to),
        };
        let travel = self.travel(sender, receiver, &circumstances);
        let Some(resent) = travel.resent.filter(|resent| *resent <= timeout) else {
            return;
        };
        let arrives = self.now + wait + resent + travel.takes;
        let last = self.arrivals.entry((connection, false)).or_default();
        let arrives = arrives.max(*last);
        *last = arrives;
        let notice = Notice {
            from: node,
            to,
            life: self.nodes[usize::from(node)].life,
            cause,
            header,
            says,
        };
        self.queue
            .push(arrives, Class::Ordinary, Act::Bus(Arc::new(notice)));
    }

    pub(super) fn tell_all(&mut self, node: u16, cause: Option<u32>, says: &Says) {
        for member in self.others(node) {
            self.tell(node, member, cause, says.clone());
        }
    }

    /// A message of the bus arrives.
    pub(crate) fn notice_arrives(&mut self, notice: Notice) {
        let place = &mut *self.nodes[usize::from(notice.to)];
        if let Some((_, how)) = place.fell {
            return self.nobody_home(&notice, how);
        }
        let wanted = matches!(notice.says, Says::Taken(_));
        let reads = place.paused_until.is_none() && (!place.migrating || wanted);
        let Some(bus) = &mut place.bus else {
            return;
        };
        if !reads {
            return bus.inbox.push(notice);
        }
        bus.messages.1 += 1;
        let (node, sender, cause) = (notice.to, notice.header.sender, notice.cause);
        match notice.says {
            Says::Keys(parcel) => return self.keys_arrive(node, notice.from, parcel, cause),
            Says::Taken(taken) => return self.keys_taken(node, &taken, cause),
            _ => {}
        }
        self.hear(node, &notice.header);
        match notice.says {
            Says::Ping(rumours) => {
                let rumour = self.rumours(node, sender);
                self.tell(node, sender, None, Says::Pong(rumour));
                self.heed(node, &notice.header, &rumours, cause);
            }
            Says::Pong(rumours) => {
                self.answered_ping(node, sender);
                self.heed(node, &notice.header, &rumours, cause);
            }
            Says::Fail { member } => self.told_of_failure(node, member, cause),
            Says::Ask { epoch, forced } => {
                self.asked_for_vote(node, &notice.header, epoch, forced, cause);
            }
            Says::Vote => self.voted_for(node, &notice.header, cause),
            Says::Update {
                member,
                epoch,
                slots,
            } => self.corrected(node, member, epoch, &slots, cause),
            Says::HandOver => self.asked_to_hand_over(node, sender, cause),
            Says::Keys(_) | Says::Taken(_) => {}
        }
    }

    /// A message reaches a machine without its process: if the machine lives, it says so.
    fn nobody_home(&mut self, notice: &Notice, how: Fall) {
        let (from, to) = (notice.from, self.member_of(notice.to));
        if how != Fall::Killed || self.nodes[usize::from(from)].life != notice.life {
            return;
        }
        if let Says::Keys(parcel) = &notice.says {
            return self.migration_refused(from, parcel.number);
        }
        // The link is opened again at the next look around.
        if let Some(peer) = self.peer(from, to) {
            peer.sent_ms = 0;
        }
    }
}
