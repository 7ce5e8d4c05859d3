//! What `SENTINEL MASTERS` and its relatives tell about a process, field by field in Redis's order.

use redwind_resp::Value;

use super::{Other, Peer, Sentinel, State, Watched};
use crate::Place;
use crate::notice::{NODE_PORT, SENTINEL_PORT, run_id, sentinel_id};
use crate::world::World;

/// Names and values in turn.
struct Fields(Vec<(Value, Value)>);

impl Fields {
    fn put(&mut self, name: &str, value: impl std::fmt::Display) {
        self.0
            .push((Value::bulk(name), Value::bulk(value.to_string())));
    }
}

impl State {
    fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::WaitStart => "wait_start",
            Self::SelectReplica => "select_slave",
            Self::SendPromotion => "send_slaveof_noone",
            Self::WaitPromotion => "wait_promotion",
            Self::Reconfigure => "reconf_slaves",
            Self::UpdateConfig => "update_config",
        }
    }
}

impl World {
    pub(super) fn primary_fields(&self, sentinel: &Sentinel, watched: &Watched) -> Value {
        let mut fields = Fields(Vec::new());
        let peer = &watched.primary;
        let mut flags = vec!["master"];
        if watched.agreed {
            flags.insert(0, "o_down");
        }
        let (in_failover, forced) = (watched.in_failover(), watched.failover.forced);
        let mut after = Vec::new();
        if in_failover {
            after.push("failover_in_progress");
        }
        if forced {
            after.push("force_failover");
        }
        self.begin(&mut fields, sentinel, peer, &watched.name, flags, &after);
        if in_failover {
            fields.put("failover-state", watched.failover.state.name());
        }
        pings(&mut fields, sentinel, peer);
        if watched.agreed {
            let since = sentinel.now.saturating_sub(watched.agreed_since);
            fields.put("o-down-time", since);
        }
        fields.put("down-after-milliseconds", watched.down_after);
        roles(&mut fields, sentinel, peer);
        fields.put("config-epoch", watched.config_epoch);
        fields.put("num-slaves", watched.replicas.len());
        fields.put("num-other-sentinels", watched.others.len());
        fields.put("quorum", watched.quorum);
        fields.put("failover-timeout", watched.failover_timeout);
        fields.put("parallel-syncs", watched.parallel_syncs);
        Value::Map(fields.0)
    }

    pub(super) fn replica_fields(
        &self,
        sentinel: &Sentinel,
        watched: &Watched,
        peer: &Peer,
    ) -> Value {
        let mut fields = Fields(Vec::new());
        let name = format!("{}:{NODE_PORT}", self.node_name(peer.node));
        let promoted = watched.failover.promoted == Some(peer.node);
        let after = if promoted { &["promoted"][..] } else { &[] };
        self.begin(&mut fields, sentinel, peer, &name, vec!["slave"], after);
        pings(&mut fields, sentinel, peer);
        fields.put("down-after-milliseconds", watched.down_after);
        roles(&mut fields, sentinel, peer);
        let report = peer.report.as_ref();
        let link_up = report.is_some_and(|report| report.link_up);
        let follows = report.and_then(|report| report.primary);
        fields.put(
            "master-link-down-time",
            report.map_or(0, |report| report.link_down),
        );
        fields.put("master-link-status", if link_up { "ok" } else { "err" });
        fields.put(
            "master-host",
            follows.map_or("?", |node| self.node_name(node)),
        );
        fields.put("master-port", follows.map_or(0, |_| NODE_PORT));
        fields.put(
            "slave-priority",
            report.map_or(100, |report| report.priority),
        );
        fields.put(
            "slave-repl-offset",
            report.map_or(0, |report| report.offset),
        );
        fields.put("replica-announced", 1);
        Value::Map(fields.0)
    }

    pub(super) fn sentinel_fields(
        &self,
        sentinel: &Sentinel,
        watched: &Watched,
        other: &Other,
    ) -> Value {
        let mut fields = Fields(Vec::new());
        let id = |node: u16| sentinel_id(&self.plan.scenario, Place::Node(node));
        let peer = &other.peer;
        let name = id(peer.node);
        let after = if other.finds_down {
            &["master_down"][..]
        } else {
            &[]
        };
        self.begin(&mut fields, sentinel, peer, &name, vec!["sentinel"], after);
        pings(&mut fields, sentinel, peer);
        fields.put("down-after-milliseconds", watched.down_after);
        let since = sentinel.now.saturating_sub(other.heard);
        fields.put("last-hello-message", since);
        let vote = other.vote;
        fields.put(
            "voted-leader",
            vote.map_or_else(|| "?".to_owned(), |(node, _)| id(node)),
        );
        fields.put("voted-leader-epoch", vote.map_or(0, |(_, epoch)| epoch));
        Value::Map(fields.0)
    }

    /// The fields with which all three begin.
    fn begin(
        &self,
        fields: &mut Fields,
        sentinel: &Sentinel,
        peer: &Peer,
        name: &str,
        mut flags: Vec<&'static str>,
        after: &[&'static str],
    ) {
        let scenario = &self.plan.scenario;
        let is_sentinel = self.watches(peer.node);
        fields.put("name", name);
        fields.put("ip", self.node_name(peer.node));
        fields.put(
            "port",
            if is_sentinel {
                SENTINEL_PORT
            } else {
                NODE_PORT
            },
        );
        let run = if is_sentinel {
            sentinel_id(scenario, Place::Node(peer.node))
        } else {
            let report = peer.report.as_ref();
            report.map_or_else(String::new, |report| {
                run_id(scenario.seed, peer.node, u64::from(report.life))
            })
        };
        fields.put("runid", run);
        if peer.down {
            flags.insert(0, "s_down");
        }
        if !peer.link.up {
            flags.push("disconnected");
        }
        flags.extend(after);
        fields.put("flags", flags.join(","));
        let pending = if peer.link.up { peer.link.pending } else { 0 };
        fields.put("link-pending-commands", pending);
        fields.put("link-refcount", sentinel.watched.len().min(1));
    }

    fn node_name(&self, node: u16) -> &str {
        &self.plan.scenario.nodes[usize::from(node)].name
    }

    /// Whether a node is a sentinel, even one that is just doing something.
    pub(super) fn watches(&self, node: u16) -> bool {
        !self.plan.scenario.nodes[usize::from(node)]
            .watches
            .is_empty()
    }
}

fn pings(fields: &mut Fields, sentinel: &Sentinel, peer: &Peer) {
    let now = sentinel.now;
    let since = |then: u64| now.saturating_sub(then);
    let sent = peer.link.pending_ping;
    fields.put("last-ping-sent", if sent == 0 { 0 } else { since(sent) });
    fields.put("last-ok-ping-reply", since(peer.link.available));
    fields.put("last-ping-reply", since(peer.link.ponged));
    if peer.down {
        fields.put("s-down-time", since(peer.down_since));
    }
}

fn roles(fields: &mut Fields, sentinel: &Sentinel, peer: &Peer) {
    let now = sentinel.now;
    let asked = peer.info_at;
    fields.put(
        "info-refresh",
        if asked == 0 {
            0
        } else {
            now.saturating_sub(asked)
        },
    );
    let role = if peer.says_primary { "master" } else { "slave" };
    fields.put("role-reported", role);
    fields.put("role-reported-time", now.saturating_sub(peer.role_since));
}
