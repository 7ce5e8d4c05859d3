//! What nodes do once a second: replicas say how far they have got, primaries say that they live, and each looks for
//! how long it has not heard of the other.
//!
//! Like Redis, they count silence in whole seconds of their wall clocks; so a clock that jumps breaks links.

use std::sync::Arc;

use bytes::Bytes;
use redwind_engine::Standing;

use super::Says;
use crate::Span;
use crate::world::World;
use crate::world::disk::Effective;
use crate::world::queue::{Act, Class};

/// How often a node looks after its links.
const EVERY: Span = Span::seconds(1);

/// Numbers signs of life apart from other letters, for drawing their latencies.
const BEATS: u64 = 1 << 40;

/// A node's pulse.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pulse {
    /// Whether the next beat is arranged.
    beats: bool,
    /// A beat fell into a pause.
    overdue: bool,
    /// Beats of this life.
    count: u64,
    /// Signs of life sent in all lives.
    signs: u64,
}

impl Pulse {
    pub(super) fn count(&mut self) -> u64 {
        self.signs += 1;
        BEATS + self.signs
    }
}

impl World {
    /// A node has to do with others from now on: it looks after its links.
    pub(crate) fn begins_to_beat(&mut self, node: u16) {
        let pulse = &mut self.nodes[usize::from(node)].replication.pulse;
        if !pulse.beats {
            (pulse.beats, pulse.count) = (true, 0);
            self.next_beat(node);
        }
    }

    fn next_beat(&mut self, node: u16) {
        let place = &self.nodes[usize::from(node)];
        let life = place.life;
        let at = self.now + place.clock.lasts(self.now, EVERY);
        self.queue
            .push(at, Class::Ordinary, Act::Beat { node, life });
    }

    pub(crate) fn beat(&mut self, node: u16, life: u32) {
        let place = &mut *self.nodes[usize::from(node)];
        if place.life != life || !place.is_up() {
            return;
        }
        if place.paused_until.is_some() {
            place.replication.pulse.overdue = true;
            return;
        }
        if place.busy_until > self.now {
            let act = Act::Beat { node, life };
            return self.queue.push(place.busy_until, Class::Ordinary, act);
        }
        place.replication.pulse.count += 1;
        match place.replication.primary {
            Some(primary) => self.replica_beats(node, primary),
            None => self.primary_beats(node),
        }
        self.stand(node);
        self.next_beat(node);
    }

    /// A node goes on after a pause, in which it may have missed a beat.
    pub(super) fn late_beat(&mut self, node: u16) {
        let place = &mut *self.nodes[usize::from(node)];
        if std::mem::take(&mut place.replication.pulse.overdue) {
            let life = place.life;
            self.agenda.push_back(Act::Beat { node, life });
        }
    }

    /// A process has ended, and its pulse with it.
    pub(super) fn stops_beating(&mut self, node: u16) {
        let pulse = &mut self.nodes[usize::from(node)].replication.pulse;
        (pulse.beats, pulse.overdue) = (false, false);
    }

    fn replica_beats(&mut self, node: u16, primary: u16) {
        let now = self.now;
        let place = &self.nodes[usize::from(node)];
        let settings = place.engine.config().replication;
        let replication = &place.replication;
        let patience = settings.timeout.unsigned_abs();
        let sent = self.records.saturating_sub(1);
        if replication.link_up {
            if self.seconds(node).saturating_sub(replication.heard) > patience {
                self.link_lost(node);
            } else {
                return self.tell_offset(node, primary, sent, true);
            }
        }
        let replication = &self.nodes[usize::from(node)].replication;
        let waits = replication
            .asked
            .is_some_and(|asked| now - asked <= Span::seconds(patience));
        if !waits {
            // An answer to an earlier question would come too late.
            let replication = &mut self.nodes[usize::from(node)].replication;
            replication.link += u32::from(replication.asked.is_some());
            self.ask_to_sync(node, primary, false, sent);
        }
    }

    fn primary_beats(&mut self, node: u16) {
        let place = &self.nodes[usize::from(node)];
        let settings = place.engine.config().replication;
        let replication = &place.replication;
        let (period, patience) = (
            settings.ping_period.unsigned_abs(),
            settings.timeout.unsigned_abs(),
        );
        let due = replication.pulse.count.is_multiple_of(period.max(1));
        if due && !replication.followers.is_empty() && replication.failover.is_none() {
            let effect = Effective {
                db: 0,
                argv: Arc::from([Bytes::from_static(b"PING")]),
            };
            self.remember(node, std::slice::from_ref(&effect));
            self.ping_followers(node, effect);
        }
        let seconds = self.seconds(node);
        let replication = &mut self.nodes[usize::from(node)].replication;
        let silent: Vec<u16> = replication
            .followers
            .iter()
            .filter(|(_, follower)| seconds.saturating_sub(follower.heard) > patience)
            .map(|(follower, _)| *follower)
            .collect();
        for follower in silent {
            self.drop_follower(node, follower);
        }
        self.replicas_behind(node);
    }

    /// Sends what the stream has just gained, which is only a sign of life, to a node's replicas.
    pub(super) fn ping_followers(&mut self, node: u16, effect: Effective) {
        let sent = self.records.saturating_sub(1);
        let replication = &self.nodes[usize::from(node)].replication;
        let offset = replication.offset;
        let followers: Vec<u16> = replication.followers.keys().copied().collect();
        for follower in followers {
            let effect = effect.clone();
            self.post(node, follower, sent, Says::Ping { effect, offset });
        }
    }

    /// A primary closes the link to a replica.
    pub(crate) fn drop_follower(&mut self, node: u16, follower: u16) {
        let sent = self.records.saturating_sub(1);
        self.post(node, follower, sent, Says::Gone);
        let replication = &mut self.nodes[usize::from(node)].replication;
        replication.followers.remove(&follower);
        self.stand(node);
    }

    /// Tells a node's engine how it stands with the others, as far as the node knows.
    pub(crate) fn stand(&mut self, node: u16) {
        let seconds = self.seconds(node);
        let place = &mut *self.nodes[usize::from(node)];
        let lag = place.engine.config().replication.max_lag.unsigned_abs();
        let replication = &place.replication;
        let good = |follower: &&super::Follower| {
            follower.online && seconds.saturating_sub(follower.heard) <= lag
        };
        let good = replication.followers.values().filter(good).count();
        let standing = Standing {
            good_replicas: u32::try_from(good).unwrap_or(u32::MAX),
            primary_down: replication.primary.is_some() && !replication.link_up,
        };
        place.engine.stand(standing);
    }

    /// What a node's wall clock shows, in whole seconds.
    pub(super) fn seconds(&self, node: u16) -> u64 {
        self.nodes[usize::from(node)].now(self.now).0 / 1_000_000
    }
}
