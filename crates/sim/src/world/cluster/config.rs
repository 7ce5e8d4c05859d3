//! Who owns which slots: the newest claim counts, and whoever holds an older one is told.

use std::sync::Arc;

use bytes::Bytes;
use redwind_engine::{Outputs, SessionId, key_slot};
use redwind_resp::Value;

use super::letters::{Header, Says};
use super::{Ranges, WRITABLE_DELAY_MS, World};
use crate::random::{Luck, Purpose};
use crate::world::disk::Effective;
use crate::world::node::Answered;
use crate::world::replication::Why;
use crate::{ClusterNews, KeyChange, Place};

/// How long a primary that was in a minority waits at least, and at most, before it serves again.
const REJOIN_MS: (u64, u64) = (500, 5_000);

/// What a command run on a node by itself came to.
pub(super) struct Ran {
    pub(super) reply: Value,
    pub(super) changes: Vec<KeyChange>,
    pub(super) effects: Vec<Effective>,
    /// Whom the changed keys serve, and what their listeners hear.
    answered: Vec<Answered>,
    pushed: Vec<(SessionId, Value)>,
}

impl World {
    /// A message tells whether its sender is a primary, and whom it follows.
    pub(super) fn learn_role(&mut self, node: u16, header: &Header) {
        let sender = header.sender;
        let Some(view) = self.view_mut(node) else {
            return;
        };
        if view.members()[sender].primary == header.primary {
            return;
        }
        view.update(sender, |known| known.primary = header.primary);
        // A primary that became a replica has given up its slots: to its new primary, as that one's claim will tell, or it
        // would not follow it.
        if let (Some(primary), true) = (header.primary, view.slots_of(sender) > 0) {
            let left = view.ranges(sender);
            let newer = header.epoch > view.members()[primary].epoch;
            let slots = left.into_iter().flat_map(|(first, last)| first..=last);
            view.assign(slots, newer.then_some(primary));
            if newer {
                view.update(primary, |known| known.epoch = header.epoch);
            }
        }
        self.judge(node, None);
    }

    /// A message claims slots for its sender, or for its sender's primary.
    pub(super) fn learn_slots(&mut self, node: u16, header: &Header, cause: Option<u32>) {
        let owner = header.primary.unwrap_or(header.sender);
        if self.ranges(node, owner) == header.slots {
            return;
        }
        if header.primary.is_none() {
            self.take_claim(node, owner, header.epoch, &header.slots, cause);
        }
        // A sender that claims what another has claimed since is told so.
        let Some(view) = self.view(node) else {
            return;
        };
        let claimed = header.slots.iter().flat_map(|(first, last)| *first..=*last);
        let newer = claimed
            .filter_map(|slot| view.owner(slot))
            .find(|known| *known != owner && view.members()[*known].epoch > header.epoch);
        if let Some(member) = newer {
            let epoch = view.members()[member].epoch;
            let slots = self.ranges(node, member);
            let says = Says::Update {
                member,
                epoch,
                slots,
            };
            self.tell(node, header.sender, None, says);
        }
    }

    /// Another node says that slots of this one belong to a third.
    pub(super) fn corrected(
        &mut self,
        node: u16,
        member: usize,
        epoch: u64,
        slots: &Ranges,
        cause: Option<u32>,
    ) {
        let Some(view) = self.view_mut(node) else {
            return;
        };
        if view.members()[member].epoch >= epoch {
            return;
        }
        view.update(member, |known| {
            known.primary = None;
            known.epoch = epoch;
        });
        self.take_claim(node, member, epoch, slots, cause);
    }

    /// Gives slots to whom claims them, where nobody has a newer claim.
    fn take_claim(
        &mut self,
        node: u16,
        owner: usize,
        epoch: u64,
        slots: &Ranges,
        cause: Option<u32>,
    ) {
        let Some(view) = self.view(node) else {
            return;
        };
        let me = view.myself();
        if owner == me {
            return;
        }
        let mine = view.members()[me].primary.unwrap_or(me);
        let claimed = slots.iter().flat_map(|(first, last)| *first..=*last);
        let (_, importing) = view.moves();
        let gained: Vec<u16> = claimed
            .filter(|slot| {
                let known = view.owner(*slot);
                // A slot that is being moved here is given by command only.
                let open = !importing.contains_key(slot);
                known != Some(owner)
                    && open
                    && known.is_none_or(|known| view.members()[known].epoch < epoch)
            })
            .collect();
        if gained.is_empty() {
            return;
        }
        let of_mine = gained.iter().any(|slot| view.owner(*slot) == Some(mine));
        let lost: Vec<u16> = gained
            .iter()
            .copied()
            .filter(|slot| view.owner(*slot) == Some(me))
            .collect();
        let ranges = in_ranges(&gained);
        if let Some(view) = self.view_mut(node) {
            view.assign(gained, Some(owner));
        }
        let news = ClusterNews::Learns {
            owner: self.plan.members.place(owner),
            slots: ranges,
            epoch,
        };
        let seq = self.report(node, cause, news);
        let left = self.view(node).map_or(0, |view| view.slots_of(mine));
        if of_mine && left == 0 {
            self.become_replica(node, owner, seq);
        } else if !lost.is_empty() {
            self.drop_keys(node, &lost, seq);
        }
        self.judge(node, Some(seq));
    }

    /// A node whose slots (or whose primary's) all went to another follows that one.
    pub(super) fn become_replica(&mut self, node: u16, primary: usize, cause: u32) {
        let me = self.member_of(node);
        let Place::Node(target) = self.plan.members.place(primary) else {
            return;
        };
        if let Some(view) = self.view_mut(node) {
            view.update(me, |known| known.primary = Some(primary));
            view.stop_all_moves();
        }
        self.follow(node, target, Why::Asked, Some(cause));
        self.end_handover(node);
        if let Some(bus) = self.bus(node) {
            bus.election = super::election::Election::default();
        }
    }

    /// Keys of slots that another node owns now are of no use here.
    fn drop_keys(&mut self, node: u16, slots: &[u16], cause: u32) {
        let engine = &self.nodes[usize::from(node)].engine;
        let mut argv = vec![Bytes::from_static(b"DEL")];
        let keys = engine.keys(0).filter(|key| slots.contains(&key_slot(key)));
        argv.extend(keys.map(Bytes::copy_from_slice));
        if argv.len() == 1 {
            return;
        }
        let mut ran = self.run_here(node, &argv);
        let changes = std::mem::take(&mut ran.changes);
        let seq = self.report_with(node, Some(cause), ClusterNews::Drops, changes);
        self.conclude(node, vec![ran], seq);
    }

    /// Two primaries with the same epoch must not both be believed: the one with the smaller name takes a new one.
    pub(super) fn settle_epochs(&mut self, node: u16, header: &Header) {
        let Some(view) = self.view_mut(node) else {
            return;
        };
        let me = view.myself();
        let both = header.primary.is_none() && view.members()[me].primary.is_none();
        let same = view.members()[me].epoch == header.epoch;
        if both && same && view.members()[header.sender].id > view.members()[me].id {
            let epoch = view.current_epoch + 1;
            view.update(me, |known| known.epoch = epoch);
        }
    }

    /// Decides whether a node serves clients.
    pub(super) fn judge(&mut self, node: u16, cause: Option<u32>) {
        let (now, timeout) = (self.local_ms(node), self.node_timeout_ms());
        let Some(view) = self.view(node) else {
            return;
        };
        let (able, majority, up) = (view.sees_service(), view.sees_majority(), view.is_up());
        let primary = view.members()[view.myself()].primary.is_none();
        let Some(bus) = self.bus(node) else {
            return;
        };
        if !majority {
            bus.minority_ms = now;
        }
        if able == up {
            return;
        }
        if able && primary {
            let rejoin = timeout.clamp(REJOIN_MS.0, REJOIN_MS.1);
            let new = now.saturating_sub(bus.began_ms) < WRITABLE_DELAY_MS;
            let late = now.saturating_sub(bus.minority_ms) < rejoin && bus.minority_ms > 0;
            if new || late {
                return;
            }
        }
        let cause = cause.or(bus.news);
        if let Some(view) = self.view_mut(node) {
            view.serve(able);
        }
        let news = if able {
            ClusterNews::Serves
        } else {
            ClusterNews::Stops {
                minority: !majority,
            }
        };
        self.report(node, cause, news);
    }

    /// Runs a command on a node for the cluster's own ends: no client asked for it and no slot refuses it.
    pub(super) fn run_here(&mut self, node: u16, argv: &[Bytes]) -> Ran {
        let (now, record, seed) = (self.now, self.records, self.plan.scenario.seed);
        let place = &mut *self.nodes[usize::from(node)];
        place.take_snapshot(now);
        let local = place.now(now);
        let view = place.engine.cluster().cloned();
        place.engine.join(None);
        let session = place.engine.connect(local);
        let mut luck = Luck::new(
            seed,
            Purpose::Engine,
            &[u64::from(node), now.0, u64::from(record)],
        );
        let mut out = Outputs::new();
        place
            .engine
            .execute(local, &mut luck, session, argv, &mut out);
        place.engine.disconnect(local, session, &mut Outputs::new());
        place.engine.join(view);
        let mut sorted = place.sort(local, out, record);
        let mine = sorted.answered.iter().position(|one| one.to == session);
        let (reply, mut changes) = match mine.map(|at| sorted.answered.remove(at)) {
            Some(answer) => (answer.value, answer.changes),
            None => (Value::Null, Vec::new()),
        };
        changes.extend(sorted.rest);
        Ran {
            reply,
            changes,
            effects: sorted.effects,
            answered: sorted.answered,
            pushed: sorted.pushed,
        }
    }

    /// What commands run by a node itself lead to, once they were told.
    pub(super) fn conclude(&mut self, node: u16, rans: Vec<Ran>, seq: u32) {
        for ran in rans {
            self.wrote(node, ran.effects, seq);
            self.push_all(node, ran.pushed, seq);
            self.unblock(node, ran.answered, Some(seq));
        }
    }
}

/// Slots in ascending order as ranges.
pub(super) fn in_ranges(slots: &[u16]) -> Ranges {
    let mut ranges: Vec<(u16, u16)> = Vec::new();
    for slot in slots {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == *slot => *last = *slot,
            _ => ranges.push((*slot, *slot)),
        }
    }
    Arc::from(ranges)
}
