//! Who is a primary and who follows whom: by command, or by a failover.

use redwind_resp::Value;

use super::{Follower, Says};
use crate::random::{Luck, Purpose};
use crate::world::World;
use crate::world::queue::Act;
use crate::{Event, Place};

/// Why a node follows another from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// Somebody typed it, or a program sent it.
    Asked,
    /// A failover tells it to; as Sentinel does, it sends its clients away, so that they ask anew.
    Told,
    /// It hands over to its replica.
    HandsOver,
}

impl World {
    pub(super) fn role(&self, node: u16) -> Value {
        let replication = &self.nodes[usize::from(node)].replication;
        let name = |node: u16| Value::bulk(&self.plan.scenario.nodes[usize::from(node)].name);
        let offset = |offset: u64| i64::try_from(offset).unwrap_or(i64::MAX);
        match replication.primary {
            Some(primary) => Value::Array(vec![
                Value::text("slave"),
                name(primary),
                Value::Int(6379),
                Value::text(match (replication.link_up, replication.asked) {
                    (true, _) => "connected",
                    (false, Some(_)) => "sync",
                    (false, None) => "connect",
                }),
                Value::Int(offset(replication.offset)),
            ]),
            None => {
                let replica = |(replica, follower): (&u16, &Follower)| {
                    Value::Array(vec![
                        name(*replica),
                        Value::text("6379"),
                        Value::bulk(follower.acked.to_string()),
                    ])
                };
                Value::Array(vec![
                    Value::text("master"),
                    Value::Int(offset(replication.offset)),
                    Value::Array(replication.followers.iter().map(replica).collect()),
                ])
            }
        }
    }

    /// An operator makes a replica the primary: clients are sent there, and every other node of its group is told to follow it as
    /// soon as it can be reached.
    pub(crate) fn fail_over(&mut self, node: u16, cause: Option<u32>) {
        if !self.nodes[usize::from(node)].is_up() {
            return;
        }
        let group = self.reign(node);
        let seq = self.promote(node, cause);
        for other in 0..self.plan.nodes() {
            if other != node && self.plan.group(other) == group {
                self.post(node, other, seq, Says::Follow);
            }
        }
    }

    /// A node is where its group's clients go from now on.
    pub(super) fn reign(&mut self, node: u16) -> u16 {
        let group = self.plan.group(node);
        self.reigning[usize::from(group)] = node;
        if self.plan.group(self.service) == group {
            self.service = node;
        }
        group
    }

    /// A node becomes a primary with the data that it has.
    pub(crate) fn promote(&mut self, node: u16, cause: Option<u32>) -> u32 {
        let (seed, now) = (self.plan.scenario.seed, self.now);
        let replication = &mut self.nodes[usize::from(node)].replication;
        let Some(left) = replication.primary else {
            return self.records.saturating_sub(1);
        };
        let linked = replication.link_up;
        let sent = self.records.saturating_sub(1);
        // It closes its link, and its primary counts on it no longer.
        if linked {
            self.post(node, left, sent, Says::Left);
        }
        let replication = &mut self.nodes[usize::from(node)].replication;
        replication.primary = None;
        replication.link += 1;
        replication.link_up = false;
        replication.former = Some((replication.history, replication.offset));
        replication.history = Luck::new(seed, Purpose::History, &[u64::from(node), now.0]).next();
        self.nodes[usize::from(node)].play_role(now);
        self.stand(node);
        self.emit(Place::Node(node), cause, Event::Role { primary: None })
    }

    /// A node becomes a replica of another.
    pub(crate) fn follow(&mut self, node: u16, primary: u16, why: Why, cause: Option<u32>) {
        let now = self.now;
        let replication = &mut self.nodes[usize::from(node)].replication;
        if replication.primary == Some(primary) {
            return;
        }
        let was_primary = replication.primary.is_none();
        let left = replication.primary.filter(|_| replication.link_up);
        let sent = self.records.saturating_sub(1);
        if let Some(left) = left {
            self.post(node, left, sent, Says::Left);
        }
        self.end_failover(node);
        for follower in self.followers(node) {
            self.drop_follower(node, follower);
        }
        let replication = &mut self.nodes[usize::from(node)].replication;
        replication.primary = Some(primary);
        replication.link += 1;
        replication.link_up = false;
        replication.link_since = now;
        replication.waits.clear();
        let place = &mut *self.nodes[usize::from(node)];
        place.play_role(now);
        let waiting = place.connections_blocked();
        let event = Event::Role {
            primary: Some(Place::Node(primary)),
        };
        let seq = self.emit(Place::Node(node), cause, event);
        self.stand(node);
        self.begins_to_beat(node);
        if was_primary && why == Why::Told {
            for connection in self.nodes[usize::from(node)].connections() {
                self.tell_closed(connection, node, false);
                self.agenda.push_back(Act::HangUp { node, connection });
            }
        } else if was_primary {
            // Whoever waits here could wait for ever.
            let error = "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)";
            for connection in waiting {
                self.answer_wait(node, connection, Value::error(error), Some(seq));
                self.tell_closed(connection, node, false);
                self.agenda.push_back(Act::HangUp { node, connection });
            }
        }
        self.ask_to_sync(node, primary, why == Why::HandsOver, seq);
    }
}
