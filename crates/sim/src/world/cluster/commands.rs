//! Commands about the cluster that a node's engine can't answer alone: they need the bus.

use bytes::Bytes;
use redwind_resp::Value;

use super::World;
use super::manual::Takeover;
use crate::Place;
use crate::world::network::Connection;

impl World {
    /// Answers a command that needs the bus. `Some(None)`: its answer comes later.
    pub(crate) fn cluster_command(
        &mut self,
        node: u16,
        connection: Connection,
        argv: &[Bytes],
    ) -> Option<Option<Value>> {
        self.view(node)?;
        let name = argv.first()?.to_ascii_uppercase();
        match name.as_slice() {
            b"REPLICAOF" | b"SLAVEOF" => {
                let text = "ERR REPLICAOF not allowed in cluster mode.";
                Some(Some(Value::error(text)))
            }
            b"FAILOVER" => {
                let text = "ERR FAILOVER not allowed in cluster mode. Use CLUSTER FAILOVER command instead.";
                Some(Some(Value::error(text)))
            }
            b"MIGRATE" => Some(self.migrate(node, connection, argv)),
            b"CLUSTER" => {
                self.describe_cluster(node);
                self.about_cluster(node, argv).map(Some)
            }
            _ => None,
        }
    }

    fn about_cluster(&mut self, node: u16, argv: &[Bytes]) -> Option<Value> {
        let sub = argv.get(1)?.to_ascii_uppercase();
        // It follows from the command itself, which is told right after this.
        let cause = Some(self.records);
        match (sub.as_slice(), argv.len()) {
            (b"FAILOVER", 2) => Some(self.arrange_takeover(node, Takeover::Asked)),
            (b"FAILOVER", 3) => {
                let how = argv[2].to_ascii_uppercase();
                let how = match how.as_slice() {
                    b"FORCE" => Takeover::Forced,
                    b"TAKEOVER" => Takeover::Unasked,
                    _ => return Some(Value::error("ERR syntax error")),
                };
                Some(self.arrange_takeover(node, how))
            }
            (b"COUNT-FAILURE-REPORTS", 3) => {
                let Some(member) = self.view(node)?.find(&argv[2]) else {
                    return Some(unknown(&argv[2]));
                };
                let peer = self.peer(node, member)?;
                Some(Value::from(peer.reports.len()))
            }
            (b"MEET" | b"FORGET" | b"RESET", _) => {
                let sub = String::from_utf8_lossy(&sub);
                let text = format!(
                    "ERR CLUSTER {sub} is not there: the members of this cluster are those of its scenario"
                );
                Some(Value::error(text))
            }
            (b"REPLICATE", 3) => Some(self.replicate(node, &argv[2], cause)),
            (b"BUMPEPOCH", 2) => {
                let view = self.view_mut(node)?;
                let me = view.myself();
                let highest = view.members().iter().map(|member| member.epoch).max();
                let own = view.members()[me].epoch;
                if own == 0 || Some(own) != highest {
                    let epoch = view.current_epoch + 1;
                    view.update(me, |known| known.epoch = epoch);
                    return Some(Value::Simple(Bytes::from(format!("BUMPED {epoch}"))));
                }
                Some(Value::Simple(Bytes::from(format!("STILL {own}"))))
            }
            _ => None,
        }
    }

    /// A takeover begins right after the command that asked for it was told.
    fn arrange_takeover(&mut self, node: u16, how: Takeover) -> Value {
        let refusal = self.refuses_takeover(node, how);
        if let Some(refusal) = refusal {
            return refusal;
        }
        let cause = self.records;
        self.agenda
            .push_front(crate::world::queue::Act::TakeOver { node, how, cause });
        Value::OK
    }

    /// `CLUSTER REPLICATE id`
    fn replicate(&mut self, node: u16, id: &Bytes, cause: Option<u32>) -> Value {
        let Some(view) = self.view(node) else {
            return Value::Null;
        };
        let me = view.myself();
        let Some(primary) = view.find(id) else {
            return unknown(id);
        };
        if primary == me {
            return Value::error("ERR Can't replicate myself");
        }
        if view.members()[primary].primary.is_some() {
            return Value::error("ERR I can only replicate a master, not a replica.");
        }
        let empty = self.nodes[usize::from(node)]
            .engine
            .keys(0)
            .next()
            .is_none();
        let own = view.members()[me].primary.is_none();
        if own && (view.slots_of(me) > 0 || !empty) {
            return Value::error(
                "ERR To set a master the node must be empty and without assigned slots.",
            );
        }
        let cause = cause.map(|cause| cause.saturating_sub(1));
        self.become_replica(node, primary, cause.unwrap_or_default());
        Value::OK
    }

    /// A node of the cluster ran a command: what others have to hear of it, they hear at once.
    pub(crate) fn note_cluster_command(&mut self, node: u16, argv: &[Bytes], seq: u32) {
        let is = |at: usize, word: &str| {
            argv.get(at)
                .is_some_and(|arg| arg.eq_ignore_ascii_case(word.as_bytes()))
        };
        if !is(0, "CLUSTER") || self.view(node).is_none() {
            return;
        }
        if is(1, "SETSLOT") || is(1, "ADDSLOTS") || is(1, "DELSLOTS") {
            if let Some(bus) = self.bus(node) {
                bus.news = Some(seq);
            }
            self.judge(node, Some(seq));
            if is(3, "NODE") {
                self.announce(node, Some(seq));
            }
        }
    }

    /// Lets a node's engine know what `CLUSTER NODES` tells of pings and offsets.
    fn describe_cluster(&mut self, node: u16) {
        let place = &mut *self.nodes[usize::from(node)];
        let (Some(bus), Some(view)) = (&place.bus, place.engine.cluster_mut()) else {
            return;
        };
        let me = view.myself();
        view.messages = bus.messages;
        for (member, peer) in bus.peers.iter().enumerate() {
            let own = member == me;
            view.update(member, |known| {
                (known.pinged_ms, known.ponged_ms) = match own {
                    true => (0, 0),
                    false => (peer.pinged_ms, peer.ponged_ms),
                };
                known.offset = peer.offset;
            });
        }
        let offset = place.replication.offset;
        view.update(me, |known| known.offset = offset);
    }

    /// A copy of what a node knows of its cluster, as its engine would tell it now.
    pub(crate) fn described_cluster(&self, node: u16) -> Option<redwind_engine::Cluster> {
        self.view(node)?;
        let mut copy = self.clone();
        copy.describe_cluster(node);
        copy.view(node).cloned()
    }

    /// A fault or a lesson says that a replica takes over: with its primary's help if that one can give it.
    pub(crate) fn fail_over_in_cluster(&mut self, node: u16, cause: Option<u32>) -> bool {
        if self.view(node).is_none() {
            return false;
        }
        let Some((_, primary)) = self.primary_of(node) else {
            return true;
        };
        let helps = self.nodes[usize::from(primary)].runs()
            && self
                .cut_between(Place::Node(node), Place::Node(primary))
                .is_none();
        let how = if helps {
            Takeover::Asked
        } else {
            Takeover::Forced
        };
        if self.nodes[usize::from(node)].runs() && self.refuses_takeover(node, how).is_none() {
            let cause = cause.unwrap_or_else(|| self.records.saturating_sub(1));
            self.take_over_by_hand(node, how, Some(cause));
        }
        true
    }
}

fn unknown(id: &Bytes) -> Value {
    Value::error(format!("ERR Unknown node {}", String::from_utf8_lossy(id)))
}
