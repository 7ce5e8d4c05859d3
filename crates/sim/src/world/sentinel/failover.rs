//! A failover, step by step, by the sentinel that was elected to lead it.

use super::{Failover, INFO_PERIOD, PING_PERIOD, PUBLISH_PERIOD, Reconf, Sentinel, State, Watched};
use crate::Place;
use crate::notice::{Finding, run_id};
use crate::world::World;

/// How long a sentinel waits to be elected, at most.
pub(super) const ELECTION_TIMEOUT: u64 = 10_000;
/// How long a replica may take to begin to follow the new primary.
pub(super) const RECONF_TIMEOUT: u64 = 10_000;

impl World {
    /// Takes the next step of a failover, if its time has come.
    pub(super) fn go_on_with_failover(
        &mut self,
        sentinel: &mut Sentinel,
        number: usize,
        watched: &mut Watched,
    ) {
        let now = sentinel.now;
        let in_state = now.saturating_sub(watched.failover.changed);
        match watched.failover.state {
            State::None | State::UpdateConfig => {}
            State::WaitStart => self.await_election(sentinel, watched),
            State::SelectReplica => self.choose(sentinel, watched),
            State::SendPromotion => {
                let Some(promoted) = watched.failover.promoted else {
                    return;
                };
                if !watched.peer(promoted).is_some_and(|peer| peer.link.up) {
                    if in_state > watched.failover_timeout {
                        self.abort(sentinel, watched, Finding::PromotionTimedOut);
                    }
                    return;
                }
                self.reconfigure(sentinel, number, watched, promoted, None);
                let finding = Finding::AwaitsPromotion(Place::Node(promoted));
                self.next_step(sentinel, watched, State::WaitPromotion, finding);
            }
            State::WaitPromotion => {
                if in_state > watched.failover_timeout {
                    self.abort(sentinel, watched, Finding::PromotionTimedOut);
                }
            }
            State::Reconfigure => self.reconfigure_rest(sentinel, number, watched),
        }
    }

    pub(super) fn next_step(
        &mut self,
        sentinel: &Sentinel,
        watched: &mut Watched,
        state: State,
        finding: Finding,
    ) {
        let cause = watched.last;
        self.announces(sentinel, watched, cause, finding);
        watched.failover.state = state;
        watched.failover.changed = sentinel.now;
    }

    fn abort(&mut self, sentinel: &Sentinel, watched: &mut Watched, finding: Finding) {
        let cause = watched.last;
        self.announces(sentinel, watched, cause, finding);
        for replica in watched.replicas.values_mut() {
            replica.reconf = Reconf::No;
        }
        // When it began is kept: the next attempt has to wait.
        watched.failover = Failover {
            started: watched.failover.started,
            ..Failover::default()
        };
    }

    fn await_election(&mut self, sentinel: &mut Sentinel, watched: &mut Watched) {
        let epoch = watched.failover.epoch;
        let leader = self.leader(sentinel, watched, epoch);
        if leader != Some(sentinel.node) && !watched.failover.forced {
            let most = ELECTION_TIMEOUT.min(watched.failover_timeout);
            if sentinel.now.saturating_sub(watched.failover.started) > most {
                self.abort(sentinel, watched, Finding::NotElected);
            }
            return;
        }
        // Of all that made it the leader, the latest vote was the last that was needed.
        let votes = watched.others.values();
        let mine = votes.filter(|other| other.vote == Some((sentinel.node, epoch)));
        let latest = mine.filter_map(|other| other.because).max();
        let cause = watched.last.max(latest);
        self.announces(sentinel, watched, cause, Finding::Elected(epoch));
        self.next_step(sentinel, watched, State::SelectReplica, Finding::Chooses);
    }

    fn choose(&mut self, sentinel: &Sentinel, watched: &mut Watched) {
        let Some(best) = self.best_replica(sentinel, watched) else {
            return self.abort(sentinel, watched, Finding::NoGoodReplica);
        };
        let place = Place::Node(best);
        watched.failover.promoted = Some(best);
        let cause = watched.last;
        self.announces(sentinel, watched, cause, Finding::Selects(place));
        let finding = Finding::Promotes(place);
        self.next_step(sentinel, watched, State::SendPromotion, finding);
    }

    /// The replica that takes over: the smallest priority, then the most of the stream, then the smallest run id. Not
    /// one that is down, has not been heard of lately, must not (priority 0), or was cut off for too long.
    pub(super) fn best_replica(&self, sentinel: &Sentinel, watched: &Watched) -> Option<u16> {
        let now = sentinel.now;
        let since = |then: u64| now.saturating_sub(then);
        let primary = &watched.primary;
        let mut longest_cut = watched.down_after * 10;
        if primary.down {
            longest_cut += since(primary.down_since);
        }
        let info_valid = if primary.down {
            PING_PERIOD * 5
        } else {
            INFO_PERIOD * 3
        };
        let fit = watched.replicas.values().filter_map(|peer| {
            let report = peer.report.as_ref()?;
            let fit = !peer.down
                && peer.link.up
                && since(peer.link.available) <= PING_PERIOD * 5
                && report.priority > 0
                && since(peer.info_at) <= info_valid
                && report.link_down <= longest_cut;
            let seed = self.plan.scenario.seed;
            fit.then(|| {
                let id = run_id(seed, peer.node, u64::from(report.life));
                let most = std::cmp::Reverse(report.offset);
                ((report.priority, most, id), peer.node)
            })
        });
        fit.min().map(|(_, node)| node)
    }

    /// Tells the other replicas whom to follow, a few at a time.
    fn reconfigure_rest(&mut self, sentinel: &mut Sentinel, number: usize, watched: &mut Watched) {
        let now = sentinel.now;
        let Some(promoted) = watched.failover.promoted else {
            return;
        };
        let busy = |reconf: Reconf| matches!(reconf, Reconf::Sent(_) | Reconf::Begun);
        let all: Vec<u16> = watched.replicas.keys().copied().collect();
        let mut under_way = watched
            .replicas
            .values()
            .filter(|peer| busy(peer.reconf))
            .count();
        for node in all {
            if under_way >= usize::from(watched.parallel_syncs) {
                break;
            }
            let Some(peer) = watched.replicas.get_mut(&node) else {
                continue;
            };
            if node == promoted || peer.reconf == Reconf::Done {
                continue;
            }
            if let Reconf::Sent(at) = peer.reconf
                && now.saturating_sub(at) > RECONF_TIMEOUT
            {
                peer.reconf = Reconf::Done;
                let cause = watched.last;
                let finding = Finding::ReconfTimedOut(Place::Node(node));
                self.announces(sentinel, watched, cause, finding);
                continue;
            }
            if busy(peer.reconf) || !peer.link.up {
                continue;
            }
            self.tell_to_follow(sentinel, number, watched, (node, promoted), false);
            under_way += 1;
        }
        self.maybe_end(sentinel, number, watched, promoted);
    }

    fn tell_to_follow(
        &mut self,
        sentinel: &mut Sentinel,
        number: usize,
        watched: &mut Watched,
        (node, promoted): (u16, u16),
        late: bool,
    ) {
        self.reconfigure(sentinel, number, watched, node, Some(promoted));
        if let Some(peer) = watched.replicas.get_mut(&node) {
            peer.reconf = Reconf::Sent(sentinel.now);
        }
        let place = Place::Node(node);
        let finding = if late {
            Finding::ReconfLate(place)
        } else {
            Finding::ReconfSent(place)
        };
        let cause = watched.last;
        self.announces(sentinel, watched, cause, finding);
    }

    /// A failover is over when every replica that can be reached is in line, or its time is up.
    fn maybe_end(
        &mut self,
        sentinel: &mut Sentinel,
        number: usize,
        watched: &mut Watched,
        promoted: u16,
    ) {
        if watched.peer(promoted).is_none_or(|peer| peer.down) {
            return;
        }
        let open = watched
            .replicas
            .values()
            .any(|peer| peer.node != promoted && peer.reconf != Reconf::Done && !peer.down);
        let elapsed = sentinel.now.saturating_sub(watched.failover.changed);
        let late = elapsed > watched.failover_timeout;
        if late {
            let cause = watched.last;
            self.announces(sentinel, watched, cause, Finding::EndsForTimeout);
        }
        if open && !late {
            return;
        }
        self.next_step(sentinel, watched, State::UpdateConfig, Finding::Ends);
        let left = watched
            .replicas
            .values()
            .filter(|peer| peer.node != promoted && peer.reconf == Reconf::No && peer.link.up);
        let left: Vec<u16> = left.map(|peer| peer.node).collect();
        for node in left.into_iter().filter(|_| late) {
            self.tell_to_follow(sentinel, number, watched, (node, promoted), true);
        }
    }

    /// The leader's own view of who is the primary changes at the end.
    pub(super) fn switch_to_promoted(&mut self, sentinel: &mut Sentinel, watched: &mut Watched) {
        if let Some(promoted) = watched.failover.promoted {
            self.switch_to(sentinel, watched, promoted);
        }
    }

    /// From now on this sentinel names another primary.
    pub(super) fn switch_to(&mut self, sentinel: &Sentinel, watched: &mut Watched, primary: u16) {
        let old = watched.primary.node;
        let finding = Finding::Switches {
            from: Place::Node(old),
            to: Place::Node(primary),
        };
        let cause = watched.last;
        let seq = self.announces(sentinel, watched, cause, finding);
        let mut replicas: Vec<u16> = watched.replicas.keys().copied().collect();
        replicas.retain(|node| *node != primary);
        replicas.push(old);
        watched.switch(primary, sentinel.now);
        for node in replicas {
            let finding = Finding::Replica(Place::Node(node));
            self.announces(sentinel, watched, Some(seq), finding);
        }
    }

    /// Lets all others hear of a change with the next beat of the timer.
    pub(super) fn hurry_hellos(sentinel: &Sentinel, watched: &mut Watched) {
        for node in watched.peers() {
            if let Some(peer) = watched.peer(node) {
                peer.greeted = peer
                    .greeted
                    .min(sentinel.now.saturating_sub(PUBLISH_PERIOD + 1));
            }
        }
    }
}
