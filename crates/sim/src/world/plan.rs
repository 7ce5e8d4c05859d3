//! What stays the same through a run: the scenario, checked, and its names resolved.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use thiserror::Error;

use crate::names::{Names, closest, listed};
use crate::{Latency, Place, Scenario};

/// What is wrong with a scenario.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct ScenarioError(String);

impl ScenarioError {
    pub(crate) fn setup(argv: &[Bytes], why: &str) -> Self {
        let line = crate::sentence::command(argv);
        Self(format!("the setup command {line} fails: {why}"))
    }
}

/// A scenario whose names all mean something.
pub(crate) struct Plan {
    pub(crate) scenario: Scenario,
    latencies: BTreeMap<(Place, Place), Latency>,
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
        let mut latencies = BTreeMap::new();
        for link in &scenario.links {
            let end = |name: &str| {
                names.place(name).ok_or_else(|| {
                    let all: Vec<String> = names.all().collect();
                    ScenarioError(format!("a link names {name}, {}", closest(name, &all)))
                })
            };
            let (from, to) = (end(&link.from)?, end(&link.to)?);
            latencies.insert((from, to), link.latency);
            latencies.insert((to, from), link.latency);
        }
        Ok(Self {
            scenario,
            latencies,
        })
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

    pub(crate) fn resource(&self, name: &str) -> Option<u16> {
        let index = self
            .scenario
            .resources
            .iter()
            .position(|resource| resource.name == name)?;
        u16::try_from(index).ok()
    }

    pub(crate) fn client(&self, name: &str) -> Option<u16> {
        let index = self
            .scenario
            .clients
            .iter()
            .position(|client| client.name == name)?;
        u16::try_from(index).ok()
    }

    pub(crate) fn latency(&self, from: Place, to: Place) -> Latency {
        self.latencies
            .get(&(from, to))
            .copied()
            .unwrap_or(self.scenario.latency)
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
