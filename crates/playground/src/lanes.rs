//! Which lane of the diagram a place has.

use redwind_protocol::{Lane, LaneKind};
use redwind_sim::{Place, Scenario};

/// The lanes of a scenario: its clients, its nodes, its resources, then the terminal.
pub(crate) struct Lanes {
    clients: u16,
    nodes: u16,
    resources: u16,
}

impl Lanes {
    pub(crate) fn new(scenario: &Scenario) -> Self {
        let count = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
        Self {
            clients: count(scenario.clients.len()),
            nodes: count(scenario.nodes.len()),
            resources: count(scenario.resources.len()),
        }
    }

    pub(crate) fn of(&self, place: Place) -> u16 {
        match place {
            Place::Client(i) => i,
            Place::Node(i) => self.clients + i,
            Place::Resource(i) => self.clients + self.nodes + i,
            Place::Terminal => self.clients + self.nodes + self.resources,
        }
    }

    /// What the page draws; the terminal has a lane only when something was typed.
    pub(crate) fn list(scenario: &Scenario, typed: bool) -> Vec<Lane> {
        let lane = |name: &String, kind| Lane {
            name: name.clone(),
            kind,
            follows: None,
        };
        let lanes = Self::new(scenario);
        let primary = |name: &String| {
            let node = scenario.nodes.iter().position(|node| node.name == *name)?;
            Some(lanes.of(Place::Node(u16::try_from(node).ok()?)))
        };
        let clients = scenario
            .clients
            .iter()
            .map(|c| lane(&c.name, LaneKind::Client));
        let nodes = scenario.nodes.iter().map(|n| Lane {
            follows: n.replica_of.as_ref().and_then(primary),
            ..lane(
                &n.name,
                if n.watches.is_empty() {
                    LaneKind::Node
                } else {
                    LaneKind::Sentinel
                },
            )
        });
        let resources = scenario
            .resources
            .iter()
            .map(|r| lane(&r.name, LaneKind::Resource));
        let terminal = typed.then(|| lane(&"terminal".to_owned(), LaneKind::Terminal));
        clients
            .chain(nodes)
            .chain(resources)
            .chain(terminal)
            .collect()
    }
}
