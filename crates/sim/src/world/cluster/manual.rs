//! `CLUSTER FAILOVER`: a replica replaces a primary that lives, without losing a write: the primary stops its clients'
//! writes, the replica catches up, and only then asks for votes.

use redwind_engine::{Health, Micros};
use redwind_resp::Value;

use super::World;
use super::letters::{Header, Says};
use crate::ClusterNews;

/// How long a failover by hand may take.
const MOST_MS: u64 = 5_000;

/// A failover by hand, at either end.
#[derive(Clone, Debug, Default)]
pub(super) struct Manual {
    /// When it is given up; 0: there is none.
    end_ms: u64,
    /// At the replica: the offset at which its primary stopped.
    offset: Option<u64>,
    /// At the replica: it may ask for votes.
    ready: bool,
    /// At the primary: who wants to replace it.
    pub(super) replica: Option<usize>,
    /// What it follows from.
    pub(super) record: Option<u32>,
}

/// How a replica is told to take over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takeover {
    /// With its primary's help.
    Asked,
    /// `FORCE`: its primary is not asked, the other primaries are.
    Forced,
    /// `TAKEOVER`: nobody is asked.
    Unasked,
}

impl World {
    /// Why a node can't take over, in Redis's words.
    pub(super) fn refuses_takeover(&self, node: u16, how: Takeover) -> Option<Value> {
        let Some((primary, _)) = self.primary_of(node) else {
            let text = "ERR You should send CLUSTER FAILOVER to a replica";
            return Some(Value::error(text));
        };
        let failed = self.health(node, primary) == Health::Failed;
        (failed && how == Takeover::Asked).then(|| {
            Value::error("ERR Master is down or failed, please use CLUSTER FAILOVER FORCE")
        })
    }

    /// `CLUSTER FAILOVER [FORCE | TAKEOVER]` begins on a node.
    pub(crate) fn take_over_by_hand(&mut self, node: u16, how: Takeover, cause: Option<u32>) {
        let Some((primary, _)) = self.primary_of(node) else {
            return;
        };
        let now = self.local_ms(node);
        if let Some(bus) = self.bus(node) {
            bus.election = super::election::Election::default();
            bus.manual = Manual {
                end_ms: now + MOST_MS,
                ready: how == Takeover::Forced,
                record: cause,
                ..Manual::default()
            };
        }
        match how {
            Takeover::Asked => self.tell(node, primary, cause, Says::HandOver),
            Takeover::Forced => self.follow_election(node),
            Takeover::Unasked => {
                let epoch = self.view_mut(node).map_or(0, |view| {
                    view.current_epoch += 1;
                    view.current_epoch
                });
                self.win(node, primary, epoch, 0, cause);
            }
        }
    }

    /// A replica wants this primary to stop.
    pub(super) fn asked_to_hand_over(&mut self, node: u16, replica: usize, cause: Option<u32>) {
        let me = self.member_of(node);
        let Some(view) = self.view(node) else {
            return;
        };
        if view.members()[me].primary.is_some() || view.members()[replica].primary != Some(me) {
            return;
        }
        let now = self.local_ms(node);
        let place = &mut *self.nodes[usize::from(node)];
        let until = Micros(place.now(self.now).0 + 2 * MOST_MS * 1_000);
        place.engine.pause_writes(until);
        let news = ClusterNews::HandsOver {
            replica: self.plan.members.place(replica),
        };
        let seq = self.report(node, cause, news);
        if let Some(bus) = self.bus(node) {
            bus.manual = Manual {
                end_ms: now + MOST_MS,
                replica: Some(replica),
                record: Some(seq),
                ..Manual::default()
            };
        }
        self.ping(node, replica);
    }

    /// A replica learns at which offset its primary has stopped.
    pub(super) fn learn_offset(&mut self, node: u16, header: &Header) {
        let mine = self.primary_of(node).map(|(primary, _)| primary) == Some(header.sender);
        let Some(bus) = self.bus(node) else {
            return;
        };
        let waits = bus.manual.end_ms > 0 && !bus.manual.ready && bus.manual.offset.is_none();
        if mine && waits && header.paused {
            bus.manual.offset = Some(header.offset);
            bus.manual.record = bus.manual.record.or(bus.news);
            self.follow_election(node);
        }
    }

    /// Whether a failover by hand has come so far that a replica may ask for votes.
    pub(super) fn ready_by_hand(&mut self, node: u16) -> bool {
        let offset = self.nodes[usize::from(node)].replication.offset;
        let Some(bus) = self.bus(node) else {
            return false;
        };
        let manual = &mut bus.manual;
        if manual.end_ms == 0 || manual.replica.is_some() {
            return false;
        }
        manual.ready |= manual.offset == Some(offset);
        manual.ready
    }

    /// Gives a failover by hand up when it takes too long; a primary keeps telling its replica where it stands.
    pub(super) fn keep_handing_over(&mut self, node: u16) {
        let now = self.local_ms(node);
        let Some(bus) = self.bus(node) else {
            return;
        };
        let (end, replica) = (bus.manual.end_ms, bus.manual.replica);
        if end > 0 && now > end {
            return self.end_handover(node);
        }
        if let Some(replica) = replica {
            self.ping(node, replica);
        }
    }

    /// A failover by hand is over: writes go on.
    pub(super) fn end_handover(&mut self, node: u16) {
        let Some(bus) = self.bus(node) else {
            return;
        };
        let manual = std::mem::take(&mut bus.manual);
        if manual.replica.is_some() {
            let now = self.now;
            let place = &mut *self.nodes[usize::from(node)];
            let local = place.now(now);
            place.engine.end_pause_of_writes(local);
            // What has waited runs now; where the slots have gone, it is sent there.
            self.node_wakes(node);
        }
    }
}
