//! Replica migration: a primary whose replicas are gone gets one of those that have another to stand beside them.
//!
//! As Redis does it (`clusterHandleSlaveMigration`), with `cluster-migration-barrier 1`: the replica that goes is the one with the lowest id
//! among those of the primaries that have most, its own primary keeps at least one, and the other has been without any for
//! five seconds, as its natural replicas may only be about to say that they follow it.

use redwind_engine::{Cluster, Health};

use super::World;

/// For how long a primary must have been without replicas.
const DELAY_MS: u64 = 5_000;
/// How many working replicas a primary keeps.
const BARRIER: usize = 1;

/// What a node remembers of another for this.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Orphan {
    /// It had replicas, or took the place of a primary that had: it is meant to have some.
    wants: bool,
    /// How many replicas it had, whether they worked or not.
    had: usize,
    was_replica: bool,
    /// Since when it has been a primary that wants replicas and has none that works; 0: it is not.
    since_ms: u64,
}

/// The replicas of a member that have not failed.
fn working(view: &Cluster, primary: usize) -> usize {
    let replicas = view.members().iter();
    replicas
        .filter(|member| member.primary == Some(primary) && member.health != Health::Failed)
        .count()
}

impl World {
    /// A node looks whether some primary needs it more than its own.
    pub(super) fn look_after_orphans(&mut self, node: u16) {
        self.remember_replicas(node);
        let me = self.member_of(node);
        let Some(view) = self.view(node) else {
            return;
        };
        let members = view.members();
        let Some(own) = members[me].primary else {
            return;
        };
        let all = 0..members.len();
        let serves = |member: &usize| {
            members[*member].primary.is_none() && members[*member].health != Health::Failed
        };
        let most = all
            .clone()
            .filter(serves)
            .map(|member| working(view, member))
            .max();
        let most = most.unwrap_or(0);
        // Without one that has two there is nothing to give away.
        if most < 2 || working(view, own) != most || !view.is_up() {
            return;
        }
        let near = members
            .iter()
            .filter(|member| member.primary == Some(own) && member.health == Health::Online);
        if near.count() <= BARRIER {
            return;
        }
        let now = self.local_ms(node);
        let mut first = &members[me].id;
        let mut orphans = Vec::new();
        for member in all {
            let replicas = match members[member].primary {
                None => working(view, member),
                Some(_) => 0,
            };
            if replicas == most {
                let theirs = members.iter().filter(|it| it.primary == Some(member));
                first = theirs.map(|it| &it.id).fold(first, Ord::min);
            }
            orphans.push(serves(&member) && replicas == 0);
        }
        let chosen = *first == members[me].id;
        let owns: Vec<bool> = (0..members.len())
            .map(|member| view.slots_of(member) > 0)
            .collect();
        let mut target = None;
        for (member, orphan) in orphans.into_iter().enumerate() {
            let Some(peer) = self.peer(node, member).filter(|_| member != me) else {
                continue;
            };
            let orphan = orphan && peer.orphan.wants;
            let since = match (orphan, peer.orphan.since_ms) {
                (false, _) => 0,
                (true, 0) => now,
                (true, since) => since,
            };
            peer.orphan.since_ms = since;
            if orphan && owns[member] && target.is_none() {
                target = Some((member, since));
            }
        }
        if let Some((member, since)) = target
            && chosen
            && now.saturating_sub(since) > DELAY_MS
        {
            let cause = self.why_alone(node, member);
            self.become_replica(node, member, cause);
        }
    }

    /// Notes who has replicas, and who took the place of a primary.
    fn remember_replicas(&mut self, node: u16) {
        let Some(view) = self.view(node) else {
            return;
        };
        let members = view.members();
        let count = |primary: usize| {
            let replicas = members.iter();
            replicas.filter(|it| it.primary == Some(primary)).count()
        };
        let now: Vec<(usize, bool)> = (0..members.len())
            .map(|member| (count(member), members[member].primary.is_some()))
            .collect();
        for (member, (has, is_replica)) in now.into_iter().enumerate() {
            let Some(peer) = self.peer(node, member) else {
                continue;
            };
            let orphan = &mut peer.orphan;
            if has > 0 || orphan.was_replica && !is_replica {
                orphan.wants = true;
            } else if orphan.had > 0 {
                orphan.wants = false;
            }
            (orphan.had, orphan.was_replica) = (has, is_replica);
        }
    }

    /// The record by which a primary has lost its replicas, as far as a node knows.
    fn why_alone(&self, node: u16, primary: usize) -> u32 {
        let place = &self.nodes[usize::from(node)];
        let (Some(view), Some(bus)) = (self.view(node), &place.bus) else {
            return 0;
        };
        let lost = view.members().iter().zip(&bus.peers);
        let lost = lost.filter(|(member, _)| member.primary == Some(primary));
        let records = lost.filter_map(|(_, peer)| peer.record);
        records.max().or(bus.news).unwrap_or(0)
    }
}
