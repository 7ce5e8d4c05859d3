//! What nodes tell sentinels in answer to `INFO`, and what sentinels do about it.

use super::{PUBLISH_PERIOD, Peer, Reconf, Sentinel, State, Watched};
use crate::Place;
use crate::notice::Finding;
use crate::world::World;

/// The fields of `INFO` that a sentinel reads.
#[derive(Clone, Debug)]
pub(super) struct Report {
    /// Which life of the process answered: its run id.
    pub(super) life: u32,
    /// Whom it follows; `None`: it is a primary.
    pub(super) primary: Option<u16>,
    pub(super) link_up: bool,
    /// For how long it has lost its primary, in milliseconds; 0: it has not.
    pub(super) link_down: u64,
    pub(super) offset: u64,
    pub(super) priority: u64,
    pub(super) replicas: Vec<u16>,
}

impl Report {
    pub(super) fn of_primary() -> Self {
        Self {
            life: 0,
            primary: None,
            link_up: false,
            link_down: 0,
            offset: 0,
            priority: 100,
            replicas: Vec::new(),
        }
    }

    pub(super) fn of_replica(primary: u16) -> Self {
        Self {
            primary: Some(primary),
            link_up: true,
            ..Self::of_primary()
        }
    }
}

impl World {
    /// What a node tells about itself now.
    pub(super) fn info_of(&self, node: u16) -> Report {
        let place = &self.nodes[usize::from(node)];
        let replication = &place.replication;
        Report {
            life: place.life,
            primary: replication.primary,
            link_up: replication.link_is_up(),
            link_down: match replication.primary {
                Some(_) if !replication.link_is_up() => {
                    replication.link_lasts(self.now).0.div_ceil(1000)
                }
                _ => 0,
            },
            offset: replication.offset,
            priority: u64::try_from(place.engine.config().replication.priority).unwrap_or(0),
            replicas: replication.replicas(),
        }
    }

    /// A sentinel reads a node's report.
    pub(super) fn refresh(
        &mut self,
        sentinel: &mut Sentinel,
        number: usize,
        watched: &mut Watched,
        node: u16,
        report: Report,
    ) {
        let now = sentinel.now;
        let place = Place::Node(node);
        let is_primary = watched.primary.node == node;
        let Some(peer) = watched.peer(node) else {
            return;
        };
        let rebooted = peer
            .report
            .as_ref()
            .is_some_and(|before| before.life != report.life);
        let follows = report.primary;
        if peer.report.as_ref().map(|before| before.primary) != Some(follows) {
            peer.follows_since = now;
        }
        let says_primary = follows.is_none();
        let changed = peer.says_primary != says_primary;
        peer.info_at = now;
        if changed {
            peer.says_primary = says_primary;
            peer.role_since = now;
        }
        let found = report.replicas.clone();
        peer.report = Some(report);
        if rebooted {
            self.announces(sentinel, watched, None, Finding::Reboot(place));
        }
        if is_primary {
            self.find_replicas(sentinel, watched, &found);
        }
        if changed {
            let finding = Finding::RoleChange {
                node: place,
                primary: says_primary,
                expected: says_primary == is_primary,
            };
            self.announces(sentinel, watched, None, finding);
        }
        // A sentinel that does not trust itself only looks.
        if sentinel.tilt.is_some() || is_primary {
            return;
        }
        if says_primary {
            self.replica_is_primary(sentinel, number, watched, node);
        } else {
            self.replica_follows(sentinel, number, watched, node, follows);
        }
    }

    /// Replicas that the primary has and the sentinel did not know.
    fn find_replicas(&mut self, sentinel: &Sentinel, watched: &mut Watched, found: &[u16]) {
        for node in found {
            if *node == watched.primary.node || watched.replicas.contains_key(node) {
                continue;
            }
            let mut peer = Peer::new(*node, sentinel.now, false);
            peer.greeted = 0;
            watched.replicas.insert(*node, peer);
            let finding = Finding::Replica(Place::Node(*node));
            self.announces(sentinel, watched, None, finding);
        }
    }

    /// One that should be a replica says that it is a primary: as it was told, or because it missed a failover.
    fn replica_is_primary(
        &mut self,
        sentinel: &mut Sentinel,
        number: usize,
        watched: &mut Watched,
        node: u16,
    ) {
        let now = sentinel.now;
        let place = Place::Node(node);
        let promoted = watched.failover.promoted == Some(node);
        if promoted && watched.failover.state == State::WaitPromotion {
            watched.config_epoch = watched.failover.epoch;
            let cause = watched.last;
            self.announces(sentinel, watched, cause, Finding::Promoted(place));
            self.next_step(sentinel, watched, State::Reconfigure, Finding::Reconfigures);
            Self::hurry_hellos(sentinel, watched);
            return;
        }
        // Time for news of a failover that this sentinel may have missed itself.
        let wait = PUBLISH_PERIOD * 4;
        let sane = watched.looks_sane(now);
        let Some(peer) = watched.peer(node) else {
            return;
        };
        let settled = peer.well_for(now, wait) && now.saturating_sub(peer.role_since) > wait;
        if !promoted && sane && settled && peer.link.up {
            let primary = watched.primary.node;
            self.reconfigure(sentinel, number, watched, node, Some(primary));
            let cause = watched.last;
            self.announces(sentinel, watched, cause, Finding::Converts(place));
        }
    }

    /// A replica says whom it follows.
    fn replica_follows(
        &mut self,
        sentinel: &mut Sentinel,
        number: usize,
        watched: &mut Watched,
        node: u16,
        follows: Option<u16>,
    ) {
        let now = sentinel.now;
        let place = Place::Node(node);
        let (primary, promoted) = (watched.primary.node, watched.failover.promoted);
        let (sane, wait) = (watched.looks_sane(now), watched.failover_timeout);
        let Some(peer) = watched.peer(node) else {
            return;
        };
        let settled = peer.well_for(now, wait) && now.saturating_sub(peer.follows_since) > wait;
        if follows != Some(primary) && sane && settled && peer.link.up && promoted != Some(node) {
            self.reconfigure(sentinel, number, watched, node, Some(primary));
            let cause = watched.last;
            self.announces(sentinel, watched, cause, Finding::Fixes(place));
        }
        let Some(peer) = watched.peer(node) else {
            return;
        };
        let link_up = peer.report.as_ref().is_some_and(|report| report.link_up);
        if matches!(peer.reconf, Reconf::Sent(_)) && promoted.is_some() && follows == promoted {
            peer.reconf = Reconf::Begun;
            let cause = watched.last;
            self.announces(sentinel, watched, cause, Finding::ReconfBegun(place));
        }
        let Some(peer) = watched.peer(node) else {
            return;
        };
        if peer.reconf == Reconf::Begun && link_up {
            peer.reconf = Reconf::Done;
            let cause = watched.last;
            self.announces(sentinel, watched, cause, Finding::ReconfDone(place));
        }
    }
}
