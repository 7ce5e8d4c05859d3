//! A replica takes the place of its failed primary, if a majority of the primaries lets it.

use std::collections::BTreeSet;

use redwind_engine::Health;

use super::World;
use super::letters::{Header, Says};
use crate::random::{Luck, Purpose};
use crate::{ClusterNews, Place, Span};

/// A replica waits at least this long, and up to as much again, so that the news of the failure spreads first.
const DELAY_MS: u64 = 500;

/// And so much more for every replica with newer data.
const DELAY_BY_RANK_MS: u64 = 1_000;

/// How often a primary pings its replicas (`repl-ping-replica-period`).
const REPLICATION_PING_MS: u64 = 10_000;

/// A replica's attempt to be elected.
#[derive(Clone, Debug, Default)]
pub(super) struct Election {
    /// When it will ask for votes, or has; 0: never yet.
    at_ms: u64,
    /// What its next record follows from.
    record: Option<u32>,
    rank: u64,
    asked: bool,
    epoch: u64,
    votes: BTreeSet<usize>,
}

impl World {
    /// A replica looks whether it should stand for election, and how its election goes.
    pub(super) fn follow_election(&mut self, node: u16) {
        let (now, timeout) = (self.local_ms(node), self.node_timeout_ms());
        self.note_link(node, now);
        let by_hand = self.ready_by_hand(node);
        let Some(view) = self.view(node) else {
            return;
        };
        let Some(primary) = view.members()[view.myself()].primary else {
            return;
        };
        let dead = view.members()[primary].health == Health::Failed;
        if !dead && !by_hand || view.slots_of(primary) == 0 {
            return;
        }
        let voters = view.voters().len();
        if !by_hand && self.data_age(node, primary, now) > self.oldest_data(timeout) {
            return;
        }
        let auth_timeout = (timeout * 2).max(2_000);
        let Some(bus) = self.bus(node) else {
            return;
        };
        let age = now.saturating_sub(bus.election.at_ms);
        if bus.election.at_ms == 0 || now > bus.election.at_ms && age > auth_timeout * 2 {
            return self.begin_election(node, primary, by_hand);
        }
        if !bus.election.asked && !by_hand {
            self.outranked(node, primary);
        }
        let Some(bus) = self.bus(node) else {
            return;
        };
        if now < bus.election.at_ms || age > auth_timeout {
            return;
        }
        if !bus.election.asked {
            return self.ask_for_votes(node, primary, by_hand);
        }
        let votes = bus.election.votes.len();
        if votes > voters / 2 {
            let (epoch, record) = (bus.election.epoch, bus.election.record);
            self.win(node, primary, epoch, votes, record);
        }
    }

    /// How long a replica may have been without its primary and still stand.
    fn oldest_data(&self, timeout: u64) -> u64 {
        let spec = self.plan.scenario.cluster.as_ref();
        match spec.map_or(10, |spec| u64::from(spec.replica_validity_factor)) {
            0 => u64::MAX,
            factor => REPLICATION_PING_MS + timeout * factor,
        }
    }

    /// How old a replica's data is, beyond the time that it took to find its primary dead.
    fn data_age(&self, node: u16, primary: usize, now: u64) -> u64 {
        let place = &self.nodes[usize::from(node)];
        let Some(bus) = &place.bus else {
            return 0;
        };
        let since = bus.unlinked_ms.unwrap_or(bus.peers[primary].heard_ms);
        now.saturating_sub(since)
            .saturating_sub(self.node_timeout_ms())
    }

    fn note_link(&mut self, node: u16, now: u64) {
        let linked = self.nodes[usize::from(node)].replication.linked();
        if let Some(bus) = self.bus(node) {
            bus.unlinked_ms = (!linked).then(|| bus.unlinked_ms.unwrap_or(now));
        }
    }

    /// How many other replicas of the same primary are known to have more of its data.
    fn rank(&self, node: u16, primary: usize) -> u64 {
        let place = &self.nodes[usize::from(node)];
        let Some((view, bus)) = self.view(node).zip(place.bus.as_ref()) else {
            return 0;
        };
        let mine = place.replication.offset;
        let siblings = view.members().iter().zip(&bus.peers).enumerate();
        let ahead = siblings.filter(|(member, (known, peer))| {
            *member != view.myself() && known.primary == Some(primary) && peer.offset > mine
        });
        ahead.count() as u64
    }

    fn begin_election(&mut self, node: u16, primary: usize, by_hand: bool) {
        let (now, seed) = (self.local_ms(node), self.plan.scenario.seed);
        let rank = self.rank(node, primary);
        let luck = Luck::new(seed, Purpose::Cluster, &[u64::from(node), 2, self.now.0])
            .up_to(DELAY_MS - 1);
        let delay = DELAY_MS + luck + rank * DELAY_BY_RANK_MS;
        let place = self.plan.members.place(primary);
        let Some(bus) = self.bus(node) else {
            return;
        };
        let record = bus.peers[primary].record.or(bus.manual.record);
        bus.election = Election {
            at_ms: if by_hand { now } else { now + delay },
            rank: if by_hand { 0 } else { rank },
            record,
            ..Election::default()
        };
        if by_hand {
            return self.follow_election(node);
        }
        let news = ClusterNews::Waits {
            primary: place,
            lasts: Span::millis(delay),
            rank: u32::try_from(rank).unwrap_or(u32::MAX),
        };
        let seq = self.report(node, record, news);
        if let Some(bus) = self.bus(node) {
            bus.election.record = Some(seq);
        }
        // The other replicas of that primary learn how much data this one has.
        let siblings: Vec<usize> = self.view(node).map_or_else(Vec::new, |view| {
            let others = 0..view.members().len();
            let same = |member: &usize| view.members()[*member].primary == Some(primary);
            others
                .filter(|member| *member != view.myself())
                .filter(same)
                .collect()
        });
        for member in siblings {
            let rumours = self.rumours(node, member);
            self.tell(node, member, Some(seq), Says::Pong(rumours));
        }
    }

    /// A replica with newer data has shown up: it goes first.
    fn outranked(&mut self, node: u16, primary: usize) {
        let rank = self.rank(node, primary);
        if let Some(bus) = self.bus(node)
            && rank > bus.election.rank
        {
            bus.election.at_ms += (rank - bus.election.rank) * DELAY_BY_RANK_MS;
            bus.election.rank = rank;
        }
    }

    fn ask_for_votes(&mut self, node: u16, primary: usize, forced: bool) {
        let Some(view) = self.view_mut(node) else {
            return;
        };
        view.current_epoch += 1;
        let epoch = view.current_epoch;
        let place = self.plan.members.place(primary);
        let cause = self.bus(node).and_then(|bus| bus.election.record);
        let news = ClusterNews::Stands {
            primary: place,
            epoch,
        };
        let seq = self.report(node, cause, news);
        if let Some(bus) = self.bus(node) {
            bus.election.asked = true;
            bus.election.epoch = epoch;
            bus.election.record = Some(seq);
        }
        self.tell_all(node, Some(seq), &Says::Ask { epoch, forced });
    }

    /// A replica asks for this node's vote.
    pub(super) fn asked_for_vote(
        &mut self,
        node: u16,
        header: &Header,
        epoch: u64,
        forced: bool,
        cause: Option<u32>,
    ) {
        let (now, timeout) = (self.local_ms(node), self.node_timeout_ms());
        let candidate = header.sender;
        if !self.votes(node) {
            return;
        }
        let Some((view, bus)) = self
            .view(node)
            .zip(self.nodes[usize::from(node)].bus.as_ref())
        else {
            return;
        };
        let known = &view.members()[candidate];
        let Some(primary) = known.primary else {
            return;
        };
        let late = epoch < view.current_epoch || bus.last_vote >= view.current_epoch;
        let alive = view.members()[primary].health != Health::Failed && !forced;
        let voted_ms = bus.peers[primary].voted_ms;
        let again = voted_ms > 0 && now.saturating_sub(voted_ms) < timeout * 2;
        let mut claimed = header.slots.iter().flat_map(|(first, last)| *first..=*last);
        let stale = claimed.any(|slot| {
            let owner = view.owner(slot);
            owner.is_some_and(|owner| view.members()[owner].epoch > header.epoch)
        });
        if late || alive || again || stale {
            return;
        }
        let epoch = view.current_epoch;
        let news = ClusterNews::Votes {
            candidate: self.plan.members.place(candidate),
            epoch,
        };
        let seq = self.report(node, cause, news);
        if let Some(bus) = self.bus(node) {
            bus.last_vote = epoch;
            bus.peers[primary].voted_ms = now;
        }
        self.tell(node, candidate, Some(seq), Says::Vote);
    }

    /// A primary gave this node its vote.
    pub(super) fn voted_for(&mut self, node: u16, header: &Header, cause: Option<u32>) {
        let counts = self.view(node).is_some_and(|view| {
            view.slots_of(header.sender) > 0 && view.members()[header.sender].primary.is_none()
        });
        let Some(bus) = self.bus(node) else {
            return;
        };
        if !counts || !bus.election.asked || header.current_epoch < bus.election.epoch {
            return;
        }
        bus.election.votes.insert(header.sender);
        bus.election.record = cause.or(bus.election.record);
        self.follow_election(node);
    }

    /// A replica takes its primary's place.
    pub(super) fn win(
        &mut self,
        node: u16,
        primary: usize,
        epoch: u64,
        votes: usize,
        cause: Option<u32>,
    ) {
        let me = self.member_of(node);
        let news = ClusterNews::Wins {
            primary: self.plan.members.place(primary),
            epoch,
            votes: u32::try_from(votes).unwrap_or(u32::MAX),
        };
        let seq = self.report(node, cause, news);
        let Some(view) = self.view_mut(node) else {
            return;
        };
        let slots = view.ranges(primary);
        view.update(me, |known| {
            known.primary = None;
            known.epoch = known.epoch.max(epoch);
        });
        let slots = slots.into_iter().flat_map(|(first, last)| first..=last);
        view.assign(slots, Some(me));
        let record = self.promote(node, Some(seq));
        if let Some(bus) = self.bus(node) {
            bus.election = Election::default();
            bus.manual = super::manual::Manual::default();
            bus.news = Some(record);
        }
        self.judge(node, Some(record));
        self.announce(node, Some(record));
    }

    /// Everybody hears at once what has changed.
    pub(super) fn announce(&mut self, node: u16, cause: Option<u32>) {
        for member in self.others(node) {
            let rumours = self.rumours(node, member);
            self.tell(node, member, cause, Says::Pong(rumours));
        }
    }

    /// A member's node, if the member is a replica's primary.
    pub(super) fn primary_of(&self, node: u16) -> Option<(usize, u16)> {
        let view = self.view(node)?;
        let primary = view.members()[view.myself()].primary?;
        match self.plan.members.place(primary) {
            Place::Node(index) => Some((primary, index)),
            _ => None,
        }
    }
}
