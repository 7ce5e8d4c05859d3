//! The names of a scenario's places, and what to say about a name that is not among them.

use crate::{Place, Scenario};

/// The names that the fault language may use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// Clients in the order of their lanes.
    pub clients: Vec<String>,
    /// Redis nodes.
    pub nodes: Vec<String>,
    /// Resources.
    pub resources: Vec<String>,
}

impl Names {
    /// The names in a scenario.
    #[must_use]
    pub fn of(scenario: &Scenario) -> Self {
        Self {
            clients: scenario
                .clients
                .iter()
                .map(|client| client.name.clone())
                .collect(),
            nodes: scenario
                .nodes
                .iter()
                .map(|node| node.name.clone())
                .collect(),
            resources: scenario
                .resources
                .iter()
                .map(|resource| resource.name.clone())
                .collect(),
        }
    }

    /// All of them.
    pub(crate) fn all(&self) -> impl Iterator<Item = String> {
        self.clients
            .iter()
            .chain(&self.nodes)
            .chain(&self.resources)
            .cloned()
    }

    /// Which place has this name.
    #[must_use]
    pub fn place(&self, name: &str) -> Option<Place> {
        let find = |names: &[String]| {
            let index = names.iter().position(|known| known == name)?;
            u16::try_from(index).ok()
        };
        find(&self.clients)
            .map(Place::Client)
            .or_else(|| find(&self.nodes).map(Place::Node))
            .or_else(|| find(&self.resources).map(Place::Resource))
    }
}

/// What to add to "there is no X": a close name, or all there are.
pub(crate) fn closest(name: &str, known: &[String]) -> String {
    let near = known
        .iter()
        .map(|candidate| (distance(name, candidate), candidate))
        .min()
        .filter(|(far, candidate)| *far <= 1 + candidate.len() / 4);
    match near {
        Some((_, candidate)) => format!("which does not exist: did you mean {candidate}?"),
        None if known.is_empty() => "but this world has none".to_owned(),
        None => format!("which does not exist: there is {}", listed(known)),
    }
}

/// `a`, `a and b`, `a, b and c`.
pub(crate) fn listed(names: &[impl AsRef<str>]) -> String {
    match names {
        [] => "nothing".to_owned(),
        [one] => one.as_ref().to_owned(),
        [rest @ .., last] => {
            let rest: Vec<&str> = rest.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", rest.join(", "), last.as_ref())
        }
    }
}

/// How many letters differ, ignoring case.
fn distance(a: &str, b: &str) -> usize {
    strsim::levenshtein(&a.to_lowercase(), &b.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_name_is_answered_with_the_nearest_one() {
        let known = [
            "worker-a".to_owned(),
            "worker-b".to_owned(),
            "db".to_owned(),
        ];
        assert_eq!(
            closest("woker-b", &known),
            "which does not exist: did you mean worker-b?"
        );
        assert_eq!(
            closest("redis", &known),
            "which does not exist: there is worker-a, worker-b and db"
        );
        assert_eq!(closest("x", &[]), "but this world has none");
    }
}
