//! Who leads a failover: one vote an epoch, a majority of all who are known.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::letters::{Letter, Says};
use super::{MAX_DESYNC, Sentinel, State, Watched};
use crate::notice::Finding;
use crate::world::World;
use crate::{Event, Place};

impl World {
    /// Another sentinel asks whether this one finds a primary down, and perhaps for its vote.
    pub(super) fn asked(&mut self, letter: Letter) {
        let Says::Ask {
            primary,
            epoch,
            candidate,
            packet,
        } = letter.says
        else {
            return;
        };
        let mut answer = None;
        self.with_sentinel(letter.to, |world, sentinel| {
            let mut all = sentinel.watched.iter();
            let index = all.position(|watched| watched.primary.node == primary);
            let found = index.and_then(|index| sentinel.watched.get(index).cloned());
            let (mut finds_down, mut vote, mut because) = (false, None, None);
            if let (Some(index), Some(mut watched)) = (index, found) {
                finds_down = sentinel.tilt.is_none() && watched.primary.down;
                because = watched.primary.found.filter(|_| finds_down);
                if let Some(candidate) = candidate {
                    vote = world.vote(sentinel, &mut watched, epoch, candidate, letter.sent);
                }
                if let Some(slot) = sentinel.watched.get_mut(index) {
                    *slot = watched;
                }
            }
            if let Some(packet) = packet {
                let event = Event::Executed {
                    packet,
                    by: Place::Node(letter.from),
                    argv: Arc::from(world.question(primary, epoch, candidate)),
                    reply: Some(world.told(finds_down, vote)),
                    changes: Vec::new(),
                };
                because = Some(world.emit(Place::Node(letter.to), letter.sent, event));
            }
            answer = Some((finds_down, vote, because));
        });
        if let Some((finds_down, vote, because)) = answer {
            let says = Says::Tell {
                finds_down,
                vote,
                packet,
            };
            self.write_back(&letter, because, says);
        }
    }

    /// A sentinel votes, if it has not yet voted in this epoch or a later one; gives its vote.
    pub(super) fn vote(
        &mut self,
        sentinel: &mut Sentinel,
        watched: &mut Watched,
        epoch: u64,
        candidate: u16,
        cause: Option<u32>,
    ) -> Option<(u16, u64)> {
        self.note_epoch(sentinel, watched, epoch, cause);
        let voted = watched.leader.map_or(0, |(_, epoch)| epoch);
        if voted < epoch && sentinel.epoch <= epoch {
            watched.leader = Some((candidate, sentinel.epoch));
            let finding = Finding::Votes(Place::Node(candidate), sentinel.epoch);
            self.announces(sentinel, watched, cause, finding);
            // Whoever votes for another does not stand for election itself for a while.
            if candidate != sentinel.node {
                let seed = self.plan.scenario.seed;
                watched.failover.started = sentinel.now + sentinel.luck(seed, 3, MAX_DESYNC - 1);
            }
        }
        watched.leader
    }

    /// A sentinel hears of a later epoch.
    pub(super) fn note_epoch(
        &mut self,
        sentinel: &mut Sentinel,
        watched: &mut Watched,
        epoch: u64,
        cause: Option<u32>,
    ) {
        if epoch > sentinel.epoch {
            sentinel.epoch = epoch;
            self.announces(sentinel, watched, cause, Finding::Epoch(epoch));
        }
    }

    /// Whether a failover begins now: the primary is objectively down, none is under way, and the last one is long enough ago.
    pub(super) fn start_if_needed(
        &mut self,
        sentinel: &mut Sentinel,
        watched: &mut Watched,
    ) -> bool {
        let ago = sentinel.now.saturating_sub(watched.failover.started);
        let too_soon = watched.failover.started != 0 && ago < watched.failover_timeout * 2;
        if !watched.agreed || watched.in_failover() || too_soon {
            return false;
        }
        self.start_failover(sentinel, watched);
        true
    }

    pub(super) fn start_failover(&mut self, sentinel: &mut Sentinel, watched: &mut Watched) {
        sentinel.epoch += 1;
        let epoch = sentinel.epoch;
        let cause = watched.last;
        let seq = self.announces(sentinel, watched, cause, Finding::Epoch(epoch));
        self.announces(sentinel, watched, Some(seq), Finding::Tries(epoch));
        let seed = self.plan.scenario.seed;
        let failover = &mut watched.failover;
        failover.state = State::WaitStart;
        failover.epoch = epoch;
        failover.started = sentinel.now + sentinel.luck(seed, 4, MAX_DESYNC - 1);
        failover.changed = sentinel.now;
    }

    /// Who is elected in an epoch, as far as this sentinel knows; it gives its own vote if it has not yet.
    pub(super) fn leader(
        &mut self,
        sentinel: &mut Sentinel,
        watched: &mut Watched,
        epoch: u64,
    ) -> Option<u16> {
        let mut votes: BTreeMap<u16, usize> = BTreeMap::new();
        for other in watched.others.values() {
            if let Some((whom, _)) = other.vote.filter(|(_, of)| *of == sentinel.epoch) {
                *votes.entry(whom).or_default() += 1;
            }
        }
        let most = |votes: &BTreeMap<u16, usize>| {
            let by_votes = votes
                .iter()
                .max_by_key(|(whom, count)| (**count, std::cmp::Reverse(**whom)));
            by_votes.map(|(whom, count)| (*whom, *count))
        };
        let candidate = most(&votes).map_or(sentinel.node, |(whom, _)| whom);
        let cause = watched.last;
        if let Some((whom, of)) = self.vote(sentinel, watched, epoch, candidate, cause)
            && of == epoch
        {
            *votes.entry(whom).or_default() += 1;
        }
        let majority = watched.others.len().div_ceil(2) + 1;
        let needed = majority.max(usize::from(watched.quorum));
        most(&votes)
            .filter(|(_, count)| *count >= needed)
            .map(|(whom, _)| whom)
    }
}
