//! Links between replicas and primaries: lost, found again, and what is sent then.

use std::sync::Arc;

use redwind_engine::Engine;

use super::{Follower, Says};
use crate::random::{Luck, Purpose};
use crate::world::World;
use crate::world::disk::{Effective, Fall};
use crate::world::queue::Act;
use crate::world::shared::{Log, Shared};
use crate::{Event, Place};

impl World {
    /// A replica wants to go on where it was.
    pub(super) fn sync_asked(
        &mut self,
        node: u16,
        replica: u16,
        link: u32,
        (history, offset): (u64, u64),
        sent: u32,
    ) {
        // A sentinel has no data to give: it does not know the command.
        if self.is_sentinel(node) {
            return self.post(node, replica, sent, Says::No);
        }
        let heard = self.seconds(node);
        let place = &mut *self.nodes[usize::from(node)];
        let own = place.replication.history;
        // A replica that has lost its own primary serves nobody.
        if place.replication.primary.is_some() && !place.replication.link_up {
            return self.post(node, replica, sent, Says::No);
        }
        let (says, online) = match place.replication.missed(history, offset) {
            Some(effects) => {
                let history = own;
                (Says::Partial { history, effects }, true)
            }
            None => {
                let full = Says::Full {
                    history: own,
                    offset: place.replication.offset,
                    data: Shared::new(place.data()),
                };
                (full, false)
            }
        };
        let follower = Follower {
            link,
            online,
            heard,
            acked: if online { offset } else { 0 },
            safe: None,
            over_since: None,
        };
        place.replication.followers.insert(replica, follower);
        self.stand(node);
        self.begins_to_beat(node);
        self.post(node, replica, sent, says);
    }

    pub(super) fn catch_up(
        &mut self,
        node: u16,
        from: u16,
        history: u64,
        effects: &[(u64, Effective)],
        sent: u32,
    ) {
        let (mut changes, mut pushed) = (Vec::new(), Vec::new());
        let mut repeated = Vec::new();
        let mut reached = self.nodes[usize::from(node)].replication.offset;
        for (offset, effect) in effects {
            if *offset > reached {
                let (changed, heard) = self.repeat_one(node, effect, reached);
                reached = *offset;
                changes.extend(changed);
                pushed.extend(heard);
                repeated.push(effect.clone());
            }
        }
        let replication = &mut self.nodes[usize::from(node)].replication;
        replication.history = history;
        self.link_found(node);
        let event = Event::Synced {
            from: Place::Node(from),
            full: false,
            changes,
        };
        let seq = self.emit(Place::Node(node), Some(sent), event);
        self.push_all(node, pushed, seq);
        self.pass_on(node, &Arc::from(repeated), seq);
        self.tell_offset(node, from, seq, false);
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
        let place = &mut *self.nodes[usize::from(node)];
        place.take_snapshot(now);
        // Its clients stay connected, but what they waited for or watched is another world's.
        let open = place.drop_sessions();
        let mut data = data;
        // Data is copied, settings are each node's own.
        data.configure_like(&place.engine);
        let changes = place.replace_data(data, now, "copied", record);
        place.disk = place.disk.again(&place.engine, offset, now);
        let replication = &mut place.replication;
        replication.repeat = None;
        replication.history = history;
        replication.former = None;
        replication.offset = offset;
        replication.backlog = Log::default();
        replication.backlog_from = offset;
        place.play_role(now);
        self.link_found(node);
        // Its own replicas have to take the copy too.
        for follower in self.followers(node) {
            self.drop_follower(node, follower);
        }
        let event = Event::Synced {
            from: Place::Node(from),
            full: true,
            changes,
        };
        let seq = self.emit(Place::Node(node), Some(sent), event);
        for connection in open {
            self.tell_closed(connection, node, false);
        }
        self.tell_offset(node, from, seq, false);
    }

    /// A replica says how far it has got, and how far its disk has.
    pub(super) fn tell_offset(&mut self, node: u16, primary: u16, sent: u32, beat: bool) {
        let now = self.now;
        let place = &mut *self.nodes[usize::from(node)];
        let safe = place
            .disk
            .has_log()
            .then(|| place.disk.safe_until(now))
            .flatten();
        let offset = place.replication.offset;
        self.post(node, primary, sent, Says::Ack { offset, safe, beat });
    }

    pub(super) fn ask_to_sync(&mut self, node: u16, primary: u16, takes_over: bool, sent: u32) {
        let now = self.now;
        let replication = &mut self.nodes[usize::from(node)].replication;
        replication.asked = Some(now);
        let says = Says::Sync {
            history: replication.history,
            offset: replication.offset,
            takes_over,
        };
        self.post(node, primary, sent, says);
    }

    fn link_found(&mut self, node: u16) {
        let (now, seconds) = (self.now, self.seconds(node));
        let replication = &mut self.nodes[usize::from(node)].replication;
        replication.link_up = true;
        replication.link_since = now;
        replication.asked = None;
        replication.heard = seconds;
        self.stand(node);
    }

    /// A replica's link to its primary is gone; it asks again with its next beat.
    pub(super) fn link_lost(&mut self, node: u16) {
        let now = self.now;
        let replication = &mut self.nodes[usize::from(node)].replication;
        replication.link_up = false;
        replication.link_since = now;
        replication.asked = None;
        replication.link += 1;
        self.stand(node);
    }

    /// The connection of a replica to its primary breaks, on both ends at once.
    pub(crate) fn reset_link(&mut self, node: u16, primary: u16) {
        let link = self.nodes[usize::from(node)].replication.link;
        self.follower_left(primary, node, link);
        self.link_lost(node);
    }

    /// A primary learns that a replica has closed its link, or that its process is gone.
    pub(super) fn follower_left(&mut self, node: u16, follower: u16, link: u32) {
        let replication = &mut self.nodes[usize::from(node)].replication;
        if replication
            .followers
            .get(&follower)
            .is_some_and(|it| it.link == link)
        {
            replication.followers.remove(&follower);
            self.stand(node);
        }
    }

    pub(crate) fn followers(&self, node: u16) -> Vec<u16> {
        let followers = &self.nodes[usize::from(node)].replication.followers;
        followers.keys().copied().collect()
    }

    /// A paused node reads what its peers have sent.
    pub(crate) fn links_resume(&mut self, node: u16) {
        let inbox = std::mem::take(&mut self.nodes[usize::from(node)].replication.inbox);
        for letter in inbox {
            self.agenda.push_back(Act::Peer(Arc::new(letter)));
        }
        self.late_beat(node);
    }

    /// A node has fallen: its peers notice if its machine lives to tell them.
    pub(crate) fn links_down(&mut self, node: u16, how: Fall) {
        let sent = self.records.saturating_sub(1);
        let followers = self.followers(node);
        let replication = &mut self.nodes[usize::from(node)].replication;
        let primary = replication.primary.filter(|_| replication.link_up);
        if how == Fall::Killed {
            for follower in followers {
                self.post_now(node, follower, sent, Says::Gone);
            }
            if let Some(primary) = primary {
                self.post_now(node, primary, sent, Says::Left);
            }
        }
        self.stops_beating(node);
        let replication = &mut self.nodes[usize::from(node)].replication;
        replication.inbox.clear();
        replication.waits.clear();
        replication.followers.clear();
        replication.failover = None;
        replication.repeat = None;
        replication.link_up = false;
        replication.asked = None;
    }

    /// A node has started again, with what its disk had: it is another history from here on.
    pub(crate) fn links_up(&mut self, node: u16) {
        let (seed, now) = (self.plan.scenario.seed, self.now);
        let sent = self.records.saturating_sub(1);
        let replication = &mut self.nodes[usize::from(node)].replication;
        replication.history =
            Luck::new(seed, Purpose::History, &[u64::from(node), now.0, 1]).next();
        replication.former = None;
        replication.backlog = Log::default();
        replication.backlog_from = replication.offset;
        replication.link += 1;
        let primary = replication.primary;
        self.stand(node);
        if primary.is_some() || self.plan.has_replicas(node) {
            self.begins_to_beat(node);
        }
        match primary {
            Some(primary) => self.ask_to_sync(node, primary, false, sent),
            // It was the primary, and another one of its group may have taken its place meanwhile.
            None => {
                let reigning = self.reigning[usize::from(self.plan.group(node))];
                if reigning != node && self.nodes[usize::from(reigning)].is_up() {
                    self.post(reigning, node, sent, Says::Follow);
                }
            }
        }
        // Of a machine that had lost power nobody could tell its replicas: it closes their links now that they ask.
        for other in 0..self.plan.nodes() {
            let follower = &self.nodes[usize::from(other)].replication;
            if follower.primary == Some(node) && follower.link_up {
                self.post(node, other, sent, Says::Gone);
            }
        }
    }
}
