//! A cluster: `[cluster]`, which divides the hash slots between the nodes of `nodes`.

use redwind_engine::SLOTS;
use redwind_sim::{ClusterMember, ClusterSpec, Fault, Intervention, Span};
use toml::de::DeValue;

use crate::fields::{At, Section};
use crate::nodes::Node;
use crate::problem::did_you_mean;
use crate::world::SPAN;

const RANGES: &str = "Write `slots.n1 = \"0-8191\"`, or several: `slots.n1 = [\"0-99\", \"200\"]`; slots go from 0 to 16383.";

pub(crate) fn read(section: &Section<'_>, nodes: &mut [Node]) -> Option<ClusterSpec> {
    let (line, value) = section.value("cluster")?;
    let name = At {
        line,
        it: "cluster".to_owned(),
    };
    let Some(details) = section.open(&name, value) else {
        let remedy = "Write `[cluster]` with a line `replicas = 1` below it.";
        section.report(line, "`cluster` is not a table", remedy);
        return None;
    };
    let members = members(&details, line, nodes);
    if let Some(At { line, it }) = details.number("replicas") {
        arrange_replicas(&details, line, it, &members, nodes);
    }
    let mut spec = ClusterSpec::new(
        members
            .iter()
            .map(|index| ClusterMember {
                node: nodes[*index].spec.name.clone(),
                slots: Vec::new(),
            })
            .collect(),
    );
    let timeout = details.parsed("node_timeout", Span::parse, SPAN);
    if let Some(At { line, it }) = timeout {
        if it < Span::millis(100) {
            let remedy =
                "Write at least \"100ms\": nodes look after each other ten times a second.";
            details.report(
                line,
                format!("`node_timeout = \"{it}\"` is too short"),
                remedy,
            );
        }
        spec.node_timeout = it;
    }
    spec.full_coverage = switch(&details, "full_coverage").unwrap_or(true);
    spec.reads_when_down = switch(&details, "reads_when_down").unwrap_or(false);
    if let Some(factor) = details.number("replica_validity_factor") {
        spec.replica_validity_factor = u32::try_from(factor.it).unwrap_or(u32::MAX);
    }
    slots(&details, line, &members, nodes, &mut spec);
    details.finish();
    Some(spec)
}

/// Whether a fault means nothing without slots.
pub(crate) fn is_needed_by(fault: &Intervention) -> bool {
    matches!(
        fault,
        Intervention::Fault {
            fault: Fault::MoveSlot { .. },
            ..
        }
    )
}

/// The nodes that form it: those named, or all.
fn members(details: &Section<'_>, line: u32, nodes: &[Node]) -> Vec<usize> {
    let known: Vec<&str> = nodes.iter().map(|node| node.spec.name.as_str()).collect();
    let named = details.texts("nodes");
    if named.is_empty() {
        return (0..nodes.len()).collect();
    }
    let mut members = Vec::new();
    for At { line, it } in named {
        match known.iter().position(|name| *name == it) {
            Some(index) if members.contains(&index) => {
                let remedy = "Name each node once.";
                details.report(line, format!("the cluster names `{it}` twice"), remedy);
            }
            Some(index) => members.push(index),
            None => {
                let message = format!("the cluster names `{it}`, which does not exist");
                details.report(line, message, did_you_mean(&it, &known));
            }
        }
    }
    for index in &members {
        let spec = &nodes[*index].spec;
        let outside = spec.replica_of.as_ref().filter(|primary| {
            let index = known.iter().position(|name| name == primary);
            index.is_none_or(|index| !members.contains(&index))
        });
        if let Some(primary) = outside {
            details.report(
                line,
                format!(
                    "`{}` is a replica of `{primary}`, which is no part of the cluster",
                    spec.name
                ),
                format!("Add `{primary}` to the cluster's `nodes`."),
            );
        }
    }
    members
}

/// `replicas = 1`: the first nodes are primaries, the rest follow them in turn, as `redis-cli --cluster create` does.
fn arrange_replicas(
    details: &Section<'_>,
    line: u32,
    replicas: u64,
    members: &[usize],
    nodes: &mut [Node],
) {
    if replicas == 0 {
        return;
    }
    let each = usize::try_from(replicas)
        .unwrap_or(usize::MAX)
        .saturating_add(1);
    let primaries = members.len() / each;
    if primaries == 0 || !members.len().is_multiple_of(each) {
        let message = format!(
            "{} nodes can't be primaries with {replicas} replicas each",
            members.len()
        );
        let remedy = format!(
            "Name {} nodes, or another multiple of {each}.",
            each * primaries.max(3)
        );
        details.report(line, message, remedy);
        return;
    }
    let named = members
        .iter()
        .find(|index| nodes[**index].spec.replica_of.is_some());
    if let Some(index) = named {
        let name = nodes[*index].spec.name.clone();
        details.report(
            line,
            format!("`replicas` says who follows whom, and so does `replica_of` of `{name}`"),
            "Keep one of them.",
        );
        return;
    }
    for (nth, index) in members.iter().enumerate().skip(primaries) {
        let primary = members[nth % primaries];
        let primary = nodes[primary].spec.name.clone();
        let node = &mut nodes[*index];
        // Commands prepared for a replica reach the owner of their slot all the same.
        node.spec.replica_of = Some(primary);
    }
}

fn switch(details: &Section<'_>, key: &'static str) -> Option<bool> {
    match details.value(key)? {
        (_, DeValue::Boolean(it)) => Some(*it),
        (line, other) => {
            let message = format!("`{key}` is of type {}", other.type_str());
            details.report(
                line,
                message,
                format!("Write `{key} = true` or `{key} = false`."),
            );
            None
        }
    }
}

/// Who owns which slots: as `slots` says, or all of them in equal shares.
fn slots(
    details: &Section<'_>,
    line: u32,
    members: &[usize],
    nodes: &[Node],
    spec: &mut ClusterSpec,
) {
    let primary = |index: &usize| nodes[*index].spec.replica_of.is_none();
    let given = details.value("slots");
    let Some((at, value)) = given else {
        let primaries: Vec<usize> = (0..members.len())
            .filter(|at| primary(&members[*at]))
            .collect();
        let shares = ClusterSpec::shares(primaries.len());
        for (member, share) in primaries.into_iter().zip(shares) {
            spec.members[member].slots.push(share);
        }
        return;
    };
    let name = At {
        line: at,
        it: "slots".to_owned(),
    };
    let Some(section) = details.open(&name, value) else {
        details.report(at, "`slots` is not a table", RANGES);
        return;
    };
    let names: Vec<String> = spec
        .members
        .iter()
        .map(|member| member.node.clone())
        .collect();
    let mut owners: Vec<Option<usize>> = vec![None; usize::from(SLOTS)];
    for (At { line, it: node }, value) in section.entries() {
        let Some(member) = names.iter().position(|name| *name == node) else {
            let known: Vec<&str> = names.iter().map(String::as_str).collect();
            let message = format!("`slots` names `{node}`, which is no node of the cluster");
            details.report(line, message, did_you_mean(&node, &known));
            continue;
        };
        if !primary(&members[member]) {
            let remedy = "Give them to its primary.";
            details.report(
                line,
                format!("`{node}` is a replica and can't own slots"),
                remedy,
            );
            continue;
        }
        let Some(ranges) = ranges(value) else {
            details.report(line, format!("the slots of `{node}` can't be read"), RANGES);
            continue;
        };
        for slot in ranges.iter().flat_map(|(first, last)| *first..=*last) {
            let owner = &mut owners[usize::from(slot)];
            if let Some(other) = owner.filter(|other| *other != member) {
                let message = format!("slot {slot} is given to `{}` and to `{node}`", names[other]);
                details.report(line, message, "Give each slot to one primary.");
                break;
            }
            *owner = Some(member);
        }
        spec.members[member].slots = ranges;
    }
    let nobody = (0..SLOTS).find(|slot| owners[usize::from(*slot)].is_none());
    if let (Some(slot), true) = (nobody, spec.full_coverage) {
        details.report(
            line,
            format!("nobody owns slot {slot}, so no node would serve anybody"),
            "Give every slot from 0 to 16383 to a primary, or say `full_coverage = false`.",
        );
    }
}

fn ranges(value: &DeValue<'_>) -> Option<Vec<(u16, u16)>> {
    let one = |text: &str| {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let (first, last) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        (first <= last && last < SLOTS).then_some((first, last))
    };
    match value {
        DeValue::String(text) => Some(vec![one(text)?]),
        DeValue::Array(items) => items
            .iter()
            .map(|item| match item.get_ref() {
                DeValue::String(text) => one(text),
                _ => None,
            })
            .collect(),
        _ => None,
    }
}
