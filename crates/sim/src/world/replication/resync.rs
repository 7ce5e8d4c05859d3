//! Links between replicas and primaries: lost, found again, and what is sent then.

use std::sync::Arc;

use redwind_engine::Engine;

use super::{RETRY, Says};
use crate::random::{Luck, Purpose};
use crate::world::World;
use crate::world::disk::{Effective, Fall};
use crate::world::queue::{Act, Class};
use crate::{Event, Place, SimTime};

impl World {
    /// A replica wants to go on where it was.
    pub(super) fn sync_asked(
        &mut self,
        node: u16,
        replica: u16,
        history: u64,
        offset: u64,
        sent: u32,
    ) {
        let place = &mut self.nodes[usize::from(node)];
        let own = place.replication.history;
        let says = match place.replication.missed(history, offset) {
            Some(effects) => Says::Partial {
                history: own,
                effects,
            },
            None => Says::Full {
                history: own,
                offset: place.replication.offset,
                data: Box::new(place.data()),
            },
        };
        place.replication.followers.insert(replica, offset);
        self.post(node, replica, sent, says);
    }

    pub(super) fn catch_up(
        &mut self,
        node: u16,
        from: u16,
        history: u64,
        effects: Vec<(u64, Effective)>,
        sent: u32,
    ) {
        let (mut changes, mut pushed) = (Vec::new(), Vec::new());
        let mut repeated = Vec::new();
        for (offset, effect) in effects {
            if offset > self.nodes[usize::from(node)].replication.offset {
                let (changed, heard) = self.repeat_one(node, &effect);
                changes.extend(changed);
                pushed.extend(heard);
                repeated.push(effect);
            }
        }
        let replication = &mut self.nodes[usize::from(node)].replication;
        replication.history = history;
        replication.link_up = true;
        let event = Event::Synced {
            from: Place::Node(from),
            full: false,
            changes,
        };
        let seq = self.emit(Place::Node(node), Some(sent), event);
        self.push_all(node, pushed, seq);
        self.pass_on(node, &Arc::from(repeated), seq);
        self.tell_offset(node, from, seq);
    }

    pub(super) fn copy(
        &mut self,
        node: u16,
        from: u16,
        history: u64,
        offset: u64,
        data: Engine,
        sent: u32,
    ) {
        let (now, record) = (self.now, self.records);
        let place = &mut self.nodes[usize::from(node)];
        place.take_snapshot(now);
        // Its clients stay connected, but what they waited for or watched is another world's.
        let open = place.drop_sessions();
        let mut data = data;
        // Data is copied, settings are each node's own.
        data.configure_like(&place.engine);
        let changes = place.replace_data(data, now, "copied", record);
        place.restart_disk(now);
        let replication = &mut place.replication;
        replication.repeat = None;
        replication.history = history;
        replication.former = None;
        replication.offset = offset;
        replication.backlog = Arc::default();
        replication.backlog_from = offset;
        replication.link_up = true;
        place.play_role(now);
        let event = Event::Synced {
            from: Place::Node(from),
            full: true,
            changes,
        };
        let seq = self.emit(Place::Node(node), Some(sent), event);
        for connection in open {
            self.tell_closed(connection, node, false);
        }
        self.tell_offset(node, from, seq);
    }

    pub(super) fn tell_offset(&mut self, node: u16, primary: u16, sent: u32) {
        let offset = self.nodes[usize::from(node)].replication.offset;
        self.post(node, primary, sent, Says::Ack { offset });
    }

    pub(super) fn ask_to_sync(&mut self, node: u16, primary: u16, sent: u32) {
        let replication = &self.nodes[usize::from(node)].replication;
        let says = Says::Sync {
            history: replication.history,
            offset: replication.offset,
        };
        self.post(node, primary, sent, says);
    }

    /// A replica's link to its primary is gone; it asks again when that can have a chance.
    pub(super) fn link_lost(&mut self, node: u16) {
        let replication = &mut self.nodes[usize::from(node)].replication;
        replication.link_up = false;
        replication.link += 1;
    }

    pub(crate) fn reconnect(&mut self, node: u16, link: u32) {
        let place = &self.nodes[usize::from(node)];
        let replication = &place.replication;
        let (Some(primary), true) = (
            replication.primary,
            place.is_up() && replication.link == link,
        ) else {
            return;
        };
        let sent = self.records.saturating_sub(1);
        self.ask_to_sync(node, primary, sent);
    }

    /// A paused node reads what its peers have sent.
    pub(crate) fn links_resume(&mut self, node: u16) {
        let inbox = std::mem::take(&mut self.nodes[usize::from(node)].replication.inbox);
        for letter in inbox {
            self.agenda.push_back(Act::Peer(Box::new(letter)));
        }
    }

    /// A node has fallen: its peers notice if its machine lives to tell them.
    pub(crate) fn links_down(&mut self, node: u16, how: Fall) {
        let replication = &mut self.nodes[usize::from(node)].replication;
        replication.inbox.clear();
        replication.waits.clear();
        replication.repeat = None;
        replication.link_up = false;
        let followers: Vec<u16> = std::mem::take(&mut replication.followers)
            .into_keys()
            .collect();
        if let Some(primary) = replication.primary {
            self.nodes[usize::from(primary)]
                .replication
                .followers
                .remove(&node);
        }
        if how == Fall::Killed {
            let sent = self.records.saturating_sub(1);
            for follower in followers {
                self.post(node, follower, sent, Says::Gone);
            }
        }
    }

    /// A node has started again, with what its disk had: it is another history from here on.
    pub(crate) fn links_up(&mut self, node: u16) {
        let (seed, now) = (self.plan.scenario.seed, self.now);
        let sent = self.records.saturating_sub(1);
        let replication = &mut self.nodes[usize::from(node)].replication;
        replication.history =
            Luck::new(seed, Purpose::History, &[u64::from(node), now.0, 1]).next();
        replication.former = None;
        replication.backlog = Arc::default();
        replication.backlog_from = replication.offset;
        replication.link += 1;
        let primary = replication.primary;
        match primary {
            Some(primary) => self.ask_to_sync(node, primary, sent),
            // It was the primary, and another one of its group may have taken its place meanwhile.
            None => {
                let reigning = self.reigning[usize::from(self.plan.group(node))];
                if reigning != node && self.nodes[usize::from(reigning)].is_up() {
                    self.post(reigning, node, sent, Says::Follow);
                }
            }
        }
        let at: SimTime = now + RETRY;
        for other in 0..self.plan.nodes() {
            let follower = &mut self.nodes[usize::from(other)].replication;
            if follower.primary == Some(node) {
                follower.link += 1;
                follower.link_up = false;
                let link = follower.link;
                self.queue
                    .push(at, Class::Ordinary, Act::Reconnect { node: other, link });
            }
        }
    }
}
