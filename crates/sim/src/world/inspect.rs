//! Looking at a world without changing it.

use bytes::Bytes;
use redwind_engine::{Engine, FirstChoice, Micros, Output, Outputs};
use redwind_resp::Value;

use crate::resource::Resource;
use crate::world::World;
use crate::world::changes::PREVIEW;
use crate::{Changed, Clock, KeyChange, Place};

/// Where a node is in a stream of writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stream {
    /// Which history of writes it is in.
    pub history: u64,
    /// How many bytes of it the node has.
    pub offset: u64,
    /// The node that it follows.
    pub primary: Option<u16>,
    /// Whether its link to that node is up.
    pub linked: bool,
}

impl World {
    /// A node's engine, by the node's index.
    #[must_use]
    pub fn engine(&self, node: u16) -> Option<&Engine> {
        self.nodes.get(usize::from(node)).map(|node| &node.engine)
    }

    /// Whether a node's process runs; a paused one does.
    #[must_use]
    pub fn node_is_up(&self, node: u16) -> bool {
        self.nodes
            .get(usize::from(node))
            .is_some_and(|node| node.fell.is_none())
    }

    /// A node's clock.
    #[must_use]
    pub fn node_clock(&self, node: u16) -> Option<&Clock> {
        self.nodes.get(usize::from(node)).map(|node| &node.clock)
    }

    /// What a node's wall clock shows now.
    #[must_use]
    pub fn node_now(&self, node: u16) -> Option<Micros> {
        self.nodes
            .get(usize::from(node))
            .map(|node| node.now(self.now))
    }

    /// How a node stands in replication.
    #[must_use]
    pub fn stream(&self, node: u16) -> Option<Stream> {
        let node = self.nodes.get(usize::from(node))?;
        Some(node.replication.stream())
    }

    /// A client's clock.
    #[must_use]
    pub fn client_clock(&self, client: u16) -> Option<&Clock> {
        self.clients
            .get(usize::from(client))
            .map(|client| &client.clock)
    }

    /// Whether a client believes now that it holds a lock; both by index.
    #[must_use]
    pub fn believes(&self, client: u16, lock: u16) -> bool {
        self.clients
            .get(usize::from(client))
            .and_then(|client| client.believes.get(usize::from(lock)))
            .is_some_and(|holds| *holds)
    }

    /// A resource's state.
    #[must_use]
    pub fn resource(&self, resource: u16) -> Option<&Resource> {
        self.resources.get(usize::from(resource))
    }

    /// Runs a command on a copy of a node, in the terminal's own connection if it has one open: what the terminal
    /// shows of a command that only reads. `None` when there is no such node, or no answer at once: the command
    /// waits, or the connection is still waiting for an earlier one.
    #[must_use]
    pub fn peek(&self, node: u16, argv: &[Bytes]) -> Option<Value> {
        let index = node;
        let node = self.nodes.get(usize::from(index))?;
        let (mut engine, now) = (node.engine.clone(), node.now(self.now));
        engine.describe_replication(&self.replication_lines(index));
        if let Some(cluster) = self.described_cluster(index) {
            engine.join(Some(cluster));
        }
        let session = node
            .terminal_session()
            .unwrap_or_else(|| engine.connect(now));
        let mut out = Outputs::new();
        engine.execute(now, &mut FirstChoice, session, argv, &mut out);
        out.into_iter().find_map(|output| match output {
            Output::Reply { to, value } if to == session => Some(value),
            _ => None,
        })
    }

    /// Every key of every node as it is now.
    #[must_use]
    pub fn keys(&self) -> Vec<(Place, KeyChange)> {
        let mut keys = Vec::new();
        for (index, node) in (0..).zip(&self.nodes) {
            for (db, key) in node.known.keys() {
                let Some(view) = node.engine.view(node.now(self.now), *db, key, PREVIEW) else {
                    continue;
                };
                let change = KeyChange {
                    db: *db,
                    key: key.clone(),
                    what: "set",
                    changed: Changed::Created,
                    expires_at: view.expires_at,
                    view: Some(view),
                };
                keys.push((Place::Node(index), change));
            }
        }
        keys
    }
}
