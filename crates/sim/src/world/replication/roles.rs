//! Who is a primary and who follows whom: by command, or by a failover.

use bytes::Bytes;
use redwind_resp::Value;

use super::Says;
use crate::random::{Luck, Purpose};
use crate::world::World;
use crate::world::network::Connection;
use crate::world::queue::Act;
use crate::{Event, Place};

impl World {
    /// Commands about a node's place among others, which its engine knows nothing of. `Some(None)`: it waits.
    pub(crate) fn own_command(
        &mut self,
        node: u16,
        connection: Connection,
        argv: &[Bytes],
    ) -> Option<Option<Value>> {
        let name = argv.first()?.to_ascii_uppercase();
        let replication = &self.nodes[usize::from(node)].replication;
        let error = |text: &str| Some(Some(Value::error(text)));
        match name.as_slice() {
            b"WAIT" => {
                let number = |at: usize| {
                    argv.get(at)
                        .and_then(|arg| std::str::from_utf8(arg).ok()?.parse::<i64>().ok())
                };
                let wanted = match (argv.len(), number(1), number(2)) {
                    (3, Some(replicas), Some(timeout)) if timeout >= 0 => {
                        usize::try_from(replicas).unwrap_or(0)
                    }
                    (3, Some(_), Some(_)) => return error("ERR timeout is negative"),
                    (3, _, _) => return error("ERR value is not an integer or out of range"),
                    _ => return error("ERR wrong number of arguments for 'wait' command"),
                };
                if replication.primary.is_some() {
                    return error(
                        "ERR WAIT cannot be used with replica instances. Please also note that writes to replicas are just local and are not propagated.",
                    );
                }
                let reached = replication.reached(self.wrote_until(node, connection));
                Some((reached >= wanted).then(|| Value::from(reached)))
            }
            b"ROLE" if argv.len() == 1 => Some(Some(self.role(node))),
            b"REPLICAOF" | b"SLAVEOF" if argv.len() == 3 => {
                if argv[1].eq_ignore_ascii_case(b"no") && argv[2].eq_ignore_ascii_case(b"one") {
                    self.promote(node, None);
                    return Some(Some(Value::OK));
                }
                let host = String::from_utf8_lossy(&argv[1]).into_owned();
                match self
                    .plan
                    .node(Some(&host))
                    .filter(|primary| *primary != node)
                {
                    Some(primary) => {
                        self.follow(node, primary, None);
                        Some(Some(Value::OK))
                    }
                    None => error("ERR no such node"),
                }
            }
            _ => None,
        }
    }

    pub(super) fn role(&self, node: u16) -> Value {
        let replication = &self.nodes[usize::from(node)].replication;
        let name = |node: u16| Value::bulk(&self.plan.scenario.nodes[usize::from(node)].name);
        let offset = |offset: u64| i64::try_from(offset).unwrap_or(i64::MAX);
        match replication.primary {
            Some(primary) => Value::Array(vec![
                Value::text("slave"),
                name(primary),
                Value::Int(6379),
                Value::text(if replication.link_up {
                    "connected"
                } else {
                    "connect"
                }),
                Value::Int(offset(replication.offset)),
            ]),
            None => {
                let replica = |(replica, acked): (&u16, &u64)| {
                    Value::Array(vec![
                        name(*replica),
                        Value::text("6379"),
                        Value::bulk(acked.to_string()),
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
        let group = self.plan.group(node);
        self.reigning[usize::from(group)] = node;
        if self.plan.group(self.service) == group {
            self.service = node;
        }
        let seq = self.promote(node, cause);
        for other in 0..self.plan.nodes() {
            if other != node && self.plan.group(other) == group {
                self.post(node, other, seq, Says::Follow);
            }
        }
    }

    /// A node becomes a primary with the data that it has.
    pub(super) fn promote(&mut self, node: u16, cause: Option<u32>) -> u32 {
        let (seed, now) = (self.plan.scenario.seed, self.now);
        let replication = &mut self.nodes[usize::from(node)].replication;
        if replication.primary.is_none() {
            return self.records.saturating_sub(1);
        }
        replication.primary = None;
        replication.link += 1;
        replication.link_up = false;
        replication.former = Some((replication.history, replication.offset));
        replication.history = Luck::new(seed, Purpose::History, &[u64::from(node), now.0]).next();
        self.nodes[usize::from(node)].play_role(now);
        self.emit(Place::Node(node), cause, Event::Role { primary: None })
    }

    /// A node becomes a replica of another. As Sentinel does, it sends its clients away, so that they ask anew.
    pub(super) fn follow(&mut self, node: u16, primary: u16, cause: Option<u32>) {
        let replication = &mut self.nodes[usize::from(node)].replication;
        if replication.primary == Some(primary) {
            return;
        }
        let was_primary = replication.primary.is_none();
        replication.primary = Some(primary);
        replication.link += 1;
        replication.link_up = false;
        replication.followers.clear();
        replication.waits.clear();
        let now = self.now;
        self.nodes[usize::from(node)].play_role(now);
        let event = Event::Role {
            primary: Some(Place::Node(primary)),
        };
        let seq = self.emit(Place::Node(node), cause, event);
        if was_primary && cause.is_some() {
            for connection in self.nodes[usize::from(node)].connections() {
                self.tell_closed(connection, node, false);
                self.agenda.push_back(Act::HangUp { node, connection });
            }
        }
        self.ask_to_sync(node, primary, seq);
    }
}
