//! How a sentinel begins, for the first time and again.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use super::{Failover, INFO_PERIOD, Other, PING_PERIOD, PUBLISH_PERIOD, Peer, Sentinel, Watched};
use crate::WatchSpec;
use crate::notice::{Finding, NODE_PORT};
use crate::random::{Luck, Purpose};
use crate::world::World;
use crate::world::plan::Plan;
use crate::world::sentinel::reports::Report;

/// What a sentinel knows about a primary that it begins to watch while the world goes on: nothing yet.
pub(super) fn unknown(plan: &Plan, now: u64, number: usize, watch: &WatchSpec) -> Option<Watched> {
    let primary = plan.node(Some(&watch.primary))?;
    let mut watched = Watched {
        name: Arc::from(watch.name.as_str()),
        number,
        quorum: watch.quorum,
        down_after: watch.down_after.0.div_ceil(1000).max(1),
        failover_timeout: watch.failover_timeout.0.div_ceil(1000).max(1),
        parallel_syncs: watch.parallel_syncs,
        config_epoch: 0,
        primary: Peer::new(primary, now, true),
        replicas: BTreeMap::new(),
        others: BTreeMap::new(),
        agreed: false,
        agreed_since: 0,
        leader: None,
        failover: Failover::default(),
        last: None,
    };
    watched.primary.greeted = 0;
    Some(watched)
}

/// What a sentinel knows about a primary when the world begins: everything, as it has watched for long.
pub(super) fn begin(plan: &Plan, me: u16, now: u64, watch: &WatchSpec) -> Option<Watched> {
    let scenario = &plan.scenario;
    let primary = plan.node(Some(&watch.primary))?;
    let mut luck = Luck::new(scenario.seed, Purpose::Sentinel, &[u64::from(me), 0, 2]);
    // It asked each of them some time ago, not all at once.
    let mut known = |node: u16, says_primary: bool| {
        let mut peer = Peer::new(node, now, says_primary);
        peer.link.up = true;
        peer.link.pending_ping = 0;
        peer.link.ponged = now.saturating_sub(luck.up_to(PING_PERIOD / 2));
        peer.link.available = peer.link.ponged;
        peer.info_at = now.saturating_sub(luck.up_to(INFO_PERIOD - 1));
        peer.greeted = now.saturating_sub(luck.up_to(PUBLISH_PERIOD - 1));
        peer
    };
    let mut first = known(primary, true);
    first.report = Some(Report::of_primary());
    let mut replicas = BTreeMap::new();
    let mut others = BTreeMap::new();
    for (node, spec) in (0..).zip(&scenario.nodes) {
        if spec.replica_of.as_deref() == Some(&watch.primary) {
            let mut peer = known(node, false);
            peer.report = Some(Report::of_replica(primary));
            replicas.insert(node, peer);
        }
        let watches_too = spec.watches.iter().any(|other| other.name == watch.name);
        if watches_too && node != me {
            let peer = known(node, false);
            others.insert(
                node,
                Other {
                    peer,
                    ..Other::new(node, now)
                },
            );
        }
    }
    let watched = unknown(plan, now, 0, watch)?;
    Some(Watched {
        primary: first,
        replicas,
        others,
        ..watched
    })
}

impl World {
    /// `SENTINEL MONITOR`: a primary more, of which nothing is known yet but its address.
    pub(super) fn begin_to_watch(
        &mut self,
        sentinel: &mut Sentinel,
        argv: &[Bytes],
        cause: Option<u32>,
    ) -> Result<(), &'static str> {
        let text = |at: usize| argv.get(at).map(|word| String::from_utf8_lossy(word));
        let number = |at: usize| text(at).and_then(|word| word.parse::<i64>().ok());
        let quorum = number(5).ok_or("Invalid quorum")?;
        let port = number(4).ok_or("Invalid port")?;
        if quorum <= 0 {
            return Err("Quorum must be 1 or greater.");
        }
        let primary = text(3).unwrap_or_default().into_owned();
        let known = self.plan.node(Some(&primary));
        let node = known.filter(|node| !self.is_sentinel(*node) && *node != sentinel.node);
        if node.is_none() {
            return Err("Invalid IP address or hostname specified");
        }
        if !(0..=65_535).contains(&port) {
            return Err("Invalid port number.");
        }
        if port != i64::from(NODE_PORT) {
            return Err("Nodes of this world listen on port 6379 only.");
        }
        let name = text(2).unwrap_or_default().into_owned();
        if sentinel
            .watched
            .iter()
            .any(|watched| *watched.name == *name)
        {
            return Err("Duplicate master name.");
        }
        let quorum = u16::try_from(quorum).unwrap_or(u16::MAX);
        let watch = WatchSpec::new(name, primary, quorum);
        let Some(mut watched) = unknown(&self.plan, sentinel.now, sentinel.numbered, &watch) else {
            return Ok(());
        };
        sentinel.numbered += 1;
        self.announces(sentinel, &mut watched, cause, Finding::Monitors(quorum));
        sentinel.watched.push(watched);
        Ok(())
    }
}

impl Watched {
    /// After a restart: addresses, epochs and its own vote are in its file; the rest has to be found out.
    pub(super) fn start_anew(&mut self, now: u64) {
        let fresh = |peer: &Peer| {
            let mut new = Peer::new(peer.node, now, peer.says_primary);
            new.link.number = peer.link.number + 1;
            new.greeted = 0;
            new
        };
        self.primary = fresh(&self.primary);
        self.primary.says_primary = true;
        for replica in self.replicas.values_mut() {
            *replica = fresh(replica);
            replica.says_primary = false;
        }
        for (node, other) in &mut self.others {
            let peer = fresh(&other.peer);
            *other = Other {
                peer,
                ..Other::new(*node, now)
            };
        }
        self.agreed = false;
        self.agreed_since = 0;
        self.failover = Failover::default();
        self.last = None;
    }

    /// `SENTINEL RESET`: replicas and other sentinels have to be found again.
    pub(super) fn forget(&mut self, now: u64) {
        self.replicas.clear();
        self.others.clear();
        self.switch(self.primary.node, now);
        self.replicas.clear();
        self.leader = None;
    }

    /// Forgets everything but the other sentinels and its own vote, for a primary that is another from now on.
    pub(super) fn switch(&mut self, primary: u16, now: u64) {
        let old = self.primary.node;
        let next = |watched: &mut Self, node: u16| {
            watched.peer(node).map_or(0, |peer| peer.link.number + 1)
        };
        let mut nodes: Vec<u16> = self.replicas.keys().copied().collect();
        nodes.push(old);
        let numbers: BTreeMap<u16, u32> = nodes
            .iter()
            .map(|node| (*node, next(self, *node)))
            .collect();
        let fresh = |node: u16, says_primary| {
            let mut peer = Peer::new(node, now, says_primary);
            peer.link.number = numbers.get(&node).copied().unwrap_or(0);
            peer.greeted = 0;
            peer
        };
        let asked = self.primary.info_at;
        self.primary = fresh(primary, true);
        // As in Redis: the new primary is not asked before the old one would have been.
        self.primary.info_at = asked;
        self.replicas = nodes
            .iter()
            .filter(|node| **node != primary)
            .map(|node| (*node, fresh(*node, false)))
            .collect();
        self.agreed = false;
        self.agreed_since = 0;
        self.failover = Failover::default();
    }
}
