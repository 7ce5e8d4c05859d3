//! What stays the same through a run: the scenario, checked, and its names resolved.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use thiserror::Error;

use crate::names::{Names, closest, listed};
use crate::random::{Luck, Purpose};
use crate::world::cluster::Members;
use crate::world::node::Node;
use crate::world::replication::Replication;
use crate::{Place, Scenario, SimTime, Travel};

/// What is wrong with a scenario.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct ScenarioError(String);

impl ScenarioError {
    pub(crate) fn config(node: &str, why: &str) -> Self {
        Self(format!("{node} can't be configured: {why}"))
    }

    pub(crate) fn no_cluster(fault: &str) -> Self {
        Self(format!(
            "the intervention \"{fault}\" can't be: this world has no cluster, so it has no slots"
        ))
    }

    pub(crate) fn cluster(why: String) -> Self {
        Self(format!("the cluster can't be: {why}"))
    }

    pub(crate) fn setup(argv: &[Bytes], why: &str) -> Self {
        let line = crate::sentence::command(argv);
        Self(format!("the setup command {line} fails: {why}"))
    }
}

/// A scenario whose names all mean something.
pub(crate) struct Plan {
    pub(crate) scenario: Scenario,
    /// The nodes of its cluster.
    pub(crate) members: Members,
    links: BTreeMap<(Place, Place), Link>,
}

/// What is particular about one direction between two places.
#[derive(Clone, Debug, Default)]
struct Link {
    latency: Option<Travel>,
    loss_ppm: Option<u32>,
    bytes_per_second: Option<u64>,
}

impl Plan {
    pub(crate) fn new(scenario: Scenario) -> Result<Self, ScenarioError> {
        let names = Names::of(&scenario);
        let mut seen = BTreeSet::new();
        for name in names.all() {
            if !seen.insert(name.clone()) {
                let why = format!(
                    "two places are called {name}: every client, node and resource needs its own name"
                );
                return Err(ScenarioError(why));
            }
        }
        if scenario.nodes.is_empty() {
            return Err(ScenarioError(
                "a world needs at least one Redis node".to_owned(),
            ));
        }
        for intervention in &scenario.interventions {
            intervention.check(&names).map_err(|mistake| {
                ScenarioError(format!(
                    "the intervention \"{intervention}\" can't be: {mistake}"
                ))
            })?;
        }
        let mut links: BTreeMap<(Place, Place), Link> = BTreeMap::new();
        for link in &scenario.links {
            let end = |name: &str| {
                names.place(name).ok_or_else(|| {
                    let all: Vec<String> = names.all().collect();
                    ScenarioError(format!("a link names {name}, {}", closest(name, &all)))
                })
            };
            let (from, to) = (end(&link.from)?, end(&link.to)?);
            for way in [(from, to), (to, from)]
                .iter()
                .take(1 + usize::from(link.both_ways))
            {
                let known = links.entry(*way).or_default();
                known.latency = link.latency.clone().or(known.latency.take());
                known.loss_ppm = link.loss_ppm.or(known.loss_ppm);
                known.bytes_per_second = link.bytes_per_second.or(known.bytes_per_second);
            }
        }
        let members = Members::of(&scenario)?;
        Ok(Self {
            scenario,
            members,
            links,
        })
    }

    /// Whether every sentinel watches something that is there, and holds no data itself.
    pub(crate) fn check_sentinels(&self) -> Result<(), ScenarioError> {
        let nodes = &self.scenario.nodes;
        for spec in nodes.iter().filter(|spec| !spec.watches.is_empty()) {
            if spec.replica_of.is_some() {
                let why = format!("{} can't be a sentinel and a replica at once", spec.name);
                return Err(ScenarioError(why));
            }
            for watch in &spec.watches {
                let known = nodes.iter().find(|node| node.name == watch.primary);
                let primary =
                    known.filter(|node| node.replica_of.is_none() && node.watches.is_empty());
                if primary.is_none() {
                    let why = format!(
                        "{} can't watch {}: that is no primary",
                        spec.name, watch.primary
                    );
                    return Err(ScenarioError(why));
                }
            }
        }
        if nodes.first().is_some_and(|spec| !spec.watches.is_empty()) {
            let why = "the first node can't be a sentinel: programs that name no host go there";
            return Err(ScenarioError(why.to_owned()));
        }
        Ok(())
    }

    /// The nodes that hold copies of one data set are a group; it goes by the node that was its primary at the start.
    pub(crate) fn group(&self, node: u16) -> u16 {
        let spec = &self.scenario.nodes[usize::from(node)];
        let primary = spec.replica_of.as_ref();
        primary
            .and_then(|name| self.node(Some(name)))
            .unwrap_or(node)
    }

    /// Whether a node begins as somebody's primary.
    pub(crate) fn has_replicas(&self, node: u16) -> bool {
        let name = &self.scenario.nodes[usize::from(node)].name;
        let mut nodes = self.scenario.nodes.iter();
        nodes.any(|spec| spec.replica_of.as_ref() == Some(name))
    }

    /// Gives each node its disk, and each replica the data and the place behind its primary.
    pub(crate) fn begin_nodes(&self, nodes: &mut [Node]) -> Result<(), ScenarioError> {
        for (index, spec) in (0..).zip(&self.scenario.nodes) {
            let Some(name) = &spec.replica_of else {
                continue;
            };
            let primary = self.node(Some(name)).filter(|primary| *primary != index);
            let follows_primary = |primary: &u16| {
                let spec = &self.scenario.nodes[usize::from(*primary)];
                spec.replica_of.is_none() && spec.watches.is_empty()
            };
            let Some(primary) = primary.filter(follows_primary) else {
                let why = format!(
                    "{} can't be a replica of {name}: that is no primary",
                    spec.name
                );
                return Err(ScenarioError(why));
            };
            let mut copy = nodes[usize::from(primary)].clone();
            copy.engine
                .configure_like(&nodes[usize::from(index)].engine);
            copy.replication = Replication::following(primary, self.scenario.epoch.0 / 1_000_000);
            copy.play_role(SimTime(0));
            nodes[usize::from(index)] = copy;
            let seconds = self.scenario.epoch.0 / 1_000_000;
            let primary = &mut nodes[usize::from(primary)];
            primary.replication.followed_by(index, seconds);
        }
        for (index, (node, spec)) in (0..).zip(nodes.iter_mut().zip(&self.scenario.nodes)) {
            node.clock = spec.clock.begin(self.scenario.epoch);
            node.begin(spec.persistence);
            // Nodes that have nothing to do with each other have no history in common.
            let origin = [u64::from(self.group(index))];
            let history = Luck::new(self.scenario.seed, Purpose::History, &origin).next();
            node.replication.begin(history);
        }
        self.open_bus(nodes);
        Ok(())
    }

    /// A node by its name; without one the first.
    pub(crate) fn node(&self, name: Option<&str>) -> Option<u16> {
        match name {
            None => Some(0),
            Some(name) => {
                let index = self
                    .scenario
                    .nodes
                    .iter()
                    .position(|node| node.name == name)?;
                u16::try_from(index).ok()
            }
        }
    }

    /// How many nodes there are.
    pub(crate) fn nodes(&self) -> u16 {
        u16::try_from(self.scenario.nodes.len()).unwrap_or(u16::MAX)
    }

    pub(crate) fn resource(&self, name: &str) -> Option<u16> {
        let index = self
            .scenario
            .resources
            .iter()
            .position(|resource| resource.name == name)?;
        u16::try_from(index).ok()
    }

    /// How long messages take from one place to another.
    pub(crate) fn latency(&self, from: Place, to: Place) -> Travel {
        let link = self.links.get(&(from, to));
        let own = link.and_then(|link| link.latency.clone());
        own.unwrap_or(Travel::Range(self.scenario.latency))
    }

    /// How many of a million packets are lost from one place to another.
    pub(crate) fn loss_ppm(&self, from: Place, to: Place) -> u32 {
        let link = self.links.get(&(from, to));
        link.and_then(|link| link.loss_ppm).unwrap_or(0)
    }

    /// How many bytes a second get from one place to another, if that is limited.
    pub(crate) fn bytes_per_second(&self, from: Place, to: Place) -> Option<u64> {
        self.links.get(&(from, to))?.bytes_per_second
    }

    pub(crate) fn no_such_node(&self, name: &str) -> ScenarioError {
        let all: Vec<String> = self
            .scenario
            .nodes
            .iter()
            .map(|node| node.name.clone())
            .collect();
        ScenarioError(format!(
            "the setup names the node {name}, {}",
            closest(name, &all)
        ))
    }

    pub(crate) fn no_such_resource(&self, name: &str) -> String {
        let all: Vec<&str> = self
            .scenario
            .resources
            .iter()
            .map(|r| r.name.as_str())
            .collect();
        if all.is_empty() {
            return format!("there is no resource {name}: this world has none");
        }
        format!(
            "there is no resource {name}: this world has {}",
            listed(&all)
        )
    }
}
