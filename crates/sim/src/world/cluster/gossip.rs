//! Pings, and what follows from their silence: suspicion, and the majority's verdict.

use std::sync::Arc;

use redwind_engine::Health;

use super::World;
use super::letters::{Header, Rumour, Says};
use crate::ClusterNews;
use crate::random::{Luck, Purpose};

/// For how many node timeouts a report of a failure counts, and a failure stays one although the node answers.
const VALIDITY: u64 = 2;

impl World {
    pub(super) fn ping(&mut self, node: u16, member: usize) {
        let now = self.local_ms(node);
        let rumours = self.rumours(node, member);
        let Some(peer) = self.peer(node, member) else {
            return;
        };
        if peer.pinged_ms == 0 {
            peer.pinged_ms = now;
        }
        peer.sent_ms = now;
        self.tell(node, member, None, Says::Ping(rumours));
    }

    /// What a node passes on about the others: Redis picks a few at random and all that it can't reach; in a cluster of a
    /// lesson's size those few are everybody.
    pub(super) fn rumours(&self, node: u16, to: usize) -> Vec<Rumour> {
        let me = self.member_of(node);
        let Some((view, bus)) = self
            .view(node)
            .zip(self.nodes[usize::from(node)].bus.as_ref())
        else {
            return Vec::new();
        };
        let all = view.members().iter().zip(&bus.peers).enumerate();
        all.filter(|(member, _)| *member != me && *member != to)
            .map(|(member, (known, peer))| Rumour {
                member,
                health: known.health,
                ponged_ms: peer.ponged_ms,
            })
            .collect()
    }

    /// What a node does ten times a second.
    pub(super) fn look_around(&mut self, node: u16) {
        let (now, timeout) = (self.local_ms(node), self.node_timeout_ms());
        let Some(bus) = self.bus(node) else {
            return;
        };
        bus.beats += 1;
        let beats = bus.beats;
        if beats % 10 == 0 {
            self.ping_somebody(node, beats);
        }
        let mut suspected = false;
        for member in self.others(node) {
            let Some(peer) = self.peer(node, member) else {
                continue;
            };
            let peer = peer.clone();
            if peer.pinged_ms == 0 {
                if now.saturating_sub(peer.ponged_ms) > timeout / 2 {
                    self.ping(node, member);
                }
                continue;
            }
            // A link that has been silent for so long is opened again, and the ping with it.
            if now.saturating_sub(peer.sent_ms) > timeout / 2 {
                self.ping(node, member);
            }
            let waited = now.saturating_sub(peer.pinged_ms);
            let silent = now.saturating_sub(peer.heard_ms);
            if waited.min(silent) > timeout && self.health(node, member) == Health::Online {
                self.suspect(node, member);
                suspected = true;
            }
        }
        self.keep_handing_over(node);
        self.follow_election(node);
        self.look_after_orphans(node);
        let up = self.view(node).is_some_and(redwind_engine::Cluster::is_up);
        if suspected || !up {
            self.judge(node, None);
        }
    }

    /// Once a second the one of five others that has not answered for longest is pinged.
    fn ping_somebody(&mut self, node: u16, beats: u64) {
        let mut others = self.others(node);
        let seed = self.plan.scenario.seed;
        let mut luck = Luck::new(seed, Purpose::Cluster, &[u64::from(node), 1, beats]);
        while others.len() > 5 {
            let most = others.len() as u64 - 1;
            let index = usize::try_from(luck.up_to(most)).unwrap_or(0);
            others.swap_remove(index);
        }
        let Some(bus) = self.bus(node) else {
            return;
        };
        let quiet = others
            .into_iter()
            .filter(|member| bus.peers[*member].pinged_ms == 0)
            .min_by_key(|member| bus.peers[*member].ponged_ms);
        if let Some(member) = quiet {
            self.ping(node, member);
        }
    }

    fn suspect(&mut self, node: u16, member: usize) {
        self.set_health(node, member, Health::Suspected);
        let place = self.plan.members.place(member);
        // The opinion of one that has no vote counts for nothing, and nobody stands for election in place of a replica:
        // such suspicions are kept quiet.
        let owns = self
            .view(node)
            .is_some_and(|view| view.slots_of(member) > 0);
        if self.votes(node) && owns {
            let cause = self.why_silent(node, member);
            let seq = self.report(node, cause, ClusterNews::Suspects { member: place });
            if let Some(peer) = self.peer(node, member) {
                peer.record = Some(seq);
            }
        }
        let alone = self.view(node).is_some_and(|view| view.voters().len() == 1);
        if alone {
            self.maybe_failed(node, member, None);
        }
    }

    pub(super) fn set_health(&mut self, node: u16, member: usize, health: Health) {
        if let Some(view) = self.view_mut(node) {
            view.update(member, |known| known.health = health);
        }
    }

    /// Whether a node is a primary that owns slots.
    pub(super) fn votes(&self, node: u16) -> bool {
        let me = self.member_of(node);
        self.view(node)
            .is_some_and(|view| view.slots_of(me) > 0 && view.members()[me].primary.is_none())
    }

    /// What every message teaches about its sender.
    pub(super) fn hear(&mut self, node: u16, header: &Header) {
        let now = self.local_ms(node);
        if let Some(peer) = self.peer(node, header.sender) {
            peer.heard_ms = now;
            peer.offset = header.offset;
        }
        self.learn_offset(node, header);
        let Some(view) = self.view_mut(node) else {
            return;
        };
        view.current_epoch = view.current_epoch.max(header.current_epoch);
        if header.primary.is_none() && header.epoch > view.members()[header.sender].epoch {
            view.update(header.sender, |known| known.epoch = header.epoch);
        }
    }

    /// A ping was answered.
    pub(super) fn answered_ping(&mut self, node: u16, member: usize) {
        let (now, timeout) = (self.local_ms(node), self.node_timeout_ms());
        let Some(peer) = self.peer(node, member) else {
            return;
        };
        peer.ponged_ms = now;
        peer.pinged_ms = 0;
        let failed_ms = peer.failed_ms;
        let health = self.health(node, member);
        let owns = self
            .view(node)
            .is_some_and(|view| view.slots_of(member) > 0);
        // A failed primary that nobody replaced may come back after a while: nobody will stand for it any more.
        let clears = match health {
            Health::Online => return,
            Health::Suspected => true,
            Health::Failed => !owns || now.saturating_sub(failed_ms) > timeout * VALIDITY,
        };
        if clears {
            self.set_health(node, member, Health::Online);
            if let Some(peer) = self.peer(node, member) {
                peer.reports.clear();
                peer.record = None;
            }
            if self.votes(node) {
                let place = self.plan.members.place(member);
                self.report(node, None, ClusterNews::Reaches { member: place });
            }
            self.judge(node, None);
        }
    }

    /// Takes in what a ping or a pong tells: about its sender, and about others.
    pub(super) fn heed(
        &mut self,
        node: u16,
        header: &Header,
        rumours: &[Rumour],
        cause: Option<u32>,
    ) {
        self.learn_role(node, header);
        self.learn_slots(node, header, cause);
        self.settle_epochs(node, header);
        let now = self.local_ms(node);
        let me = self.member_of(node);
        let counts = self.view(node).is_some_and(|view| {
            view.slots_of(header.sender) > 0 && view.members()[header.sender].primary.is_none()
        });
        for rumour in rumours.iter().filter(|rumour| rumour.member != me) {
            let Some(peer) = self.peer(node, rumour.member) else {
                continue;
            };
            if rumour.health != Health::Online && counts {
                peer.reports.insert(header.sender, now);
                self.maybe_failed(node, rumour.member, cause);
            } else if rumour.health == Health::Online {
                if counts {
                    peer.reports.remove(&header.sender);
                }
                // What others have heard of it need not be asked again.
                if peer.pinged_ms == 0 && peer.reports.is_empty() && rumour.ponged_ms <= now + 500 {
                    peer.ponged_ms = peer.ponged_ms.max(rumour.ponged_ms);
                }
            }
        }
    }

    /// Whether a majority of the primaries agrees with this node's suspicion.
    fn maybe_failed(&mut self, node: u16, member: usize, cause: Option<u32>) {
        if self.health(node, member) != Health::Suspected {
            return;
        }
        let (now, timeout) = (self.local_ms(node), self.node_timeout_ms());
        let votes = self.votes(node);
        let Some(peer) = self.peer(node, member) else {
            return;
        };
        peer.reports
            .retain(|_, at| now.saturating_sub(*at) <= timeout * VALIDITY);
        let mut reporters: Vec<usize> = peer.reports.keys().copied().collect();
        let own = peer.record;
        if votes {
            reporters.push(self.member_of(node));
        }
        let voters = self.view(node).map_or(0, |view| view.voters().len());
        if reporters.len() <= voters / 2 {
            return;
        }
        let reporters: Arc<[crate::Place]> = reporters
            .into_iter()
            .map(|reporter| self.plan.members.place(reporter))
            .collect();
        let place = self.plan.members.place(member);
        let news = ClusterNews::Fails {
            member: place,
            reporters,
        };
        let seq = self.report(node, cause.or(own), news);
        self.failed(node, member, seq);
        self.tell_all(node, Some(seq), &Says::Fail { member });
    }

    fn failed(&mut self, node: u16, member: usize, record: u32) {
        let now = self.local_ms(node);
        self.set_health(node, member, Health::Failed);
        if let Some(peer) = self.peer(node, member) {
            peer.failed_ms = now;
            peer.record = Some(record);
        }
        self.judge(node, Some(record));
    }

    /// Another node says that a majority agrees.
    pub(super) fn told_of_failure(&mut self, node: u16, member: usize, cause: Option<u32>) {
        let me = self.member_of(node);
        if member == me || self.health(node, member) == Health::Failed {
            return;
        }
        self.failed(node, member, cause.unwrap_or_default());
    }
}
