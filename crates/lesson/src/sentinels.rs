//! Sentinels: `sentinels = ["s1", "s2", "s3"]`, what they watch (`[watch.mymaster]`), and how one differs (`[sentinel.s1]`).

use redwind_sim::{ClockSpec, NodeSpec, Span, WatchSpec};

use crate::fields::{At, Section};
use crate::nodes::{self, Node};
use crate::problem::did_you_mean;
use crate::world::SPAN;

/// How one sentinel differs from the others.
struct Own {
    clock: ClockSpec,
    restarts: Option<Span>,
    quorum: Option<u16>,
    down_after: Option<Span>,
}

/// Adds the sentinels to the nodes, whose lanes stand before theirs.
pub(crate) fn read(section: &Section<'_>, nodes: &mut Vec<Node>) {
    let names = section.texts("sentinels");
    let count = names.len();
    let watches = watches(section, nodes, count);
    if count > 0 && watches.is_empty() {
        let remedy = "Add `[watch.mymaster]` with `primary = \"n1\"`; programs ask for that name.";
        section.report(section.line(), "the sentinels watch nobody", remedy);
    }
    let first = nodes.len();
    for At { line, it: name } in names {
        if nodes.iter().any(|node| node.spec.name == name) {
            let remedy = "Give each node and each sentinel a name of its own.";
            section.report(line, format!("two nodes are called `{name}`"), remedy);
            continue;
        }
        nodes.push(Node {
            spec: NodeSpec {
                watches: watches.clone(),
                ..NodeSpec::named(name)
            },
            setup: Vec::new(),
        });
    }
    for (At { line, it: name }, details) in section.named("sentinel") {
        let own = own(&details);
        details.finish();
        let mut sentinels = nodes.iter_mut().skip(first);
        let Some(node) = sentinels.find(|node| node.spec.name == name) else {
            let known: Vec<&str> = nodes
                .iter()
                .skip(first)
                .map(|node| node.spec.name.as_str())
                .collect();
            let remedy = if known.is_empty() {
                format!("Name it in `sentinels = [\"{name}\", …]`, in the order of the lanes.")
            } else {
                did_you_mean(&name, &known)
            };
            section.report(line, format!("there is no sentinel `{name}`"), remedy);
            continue;
        };
        node.spec.clock = own.clock;
        node.spec.restarts_after = own.restarts;
        for watch in &mut node.spec.watches {
            watch.quorum = own.quorum.unwrap_or(watch.quorum);
            watch.down_after = own.down_after.unwrap_or(watch.down_after);
        }
    }
}

fn own(details: &Section<'_>) -> Own {
    Own {
        clock: nodes::clock(details),
        restarts: span(details, "restarts"),
        quorum: small(details, "quorum"),
        down_after: span(details, "down_after"),
    }
}

fn span(details: &Section<'_>, key: &'static str) -> Option<Span> {
    let parse = |text: &str| Span::parse(text).filter(|span| span.0 > 0);
    details.parsed(key, parse, SPAN).map(|span| span.it)
}

/// A count of sentinels or replicas.
fn small(details: &Section<'_>, key: &'static str) -> Option<u16> {
    let At { line, it } = details.number(key)?;
    match u16::try_from(it) {
        Ok(count @ 1..) => Some(count),
        _ => {
            let message = format!("`{key} = {it}` makes no sense");
            details.report(line, message, "Write how many: 1 or more.");
            None
        }
    }
}

fn watches(section: &Section<'_>, nodes: &[Node], sentinels: usize) -> Vec<WatchSpec> {
    let mut watches = Vec::new();
    for (At { line, it: name }, details) in section.named("watch") {
        let primary = details.text("primary");
        let majority = u16::try_from(sentinels / 2 + 1).unwrap_or(u16::MAX);
        let quorum = small(&details, "quorum").unwrap_or(majority);
        let down_after = span(&details, "down_after");
        let failover_timeout = span(&details, "failover_timeout");
        let parallel_syncs = small(&details, "parallel_syncs");
        details.finish();
        let primaries: Vec<&str> = nodes
            .iter()
            .filter(|node| node.spec.replica_of.is_none())
            .map(|node| node.spec.name.as_str())
            .collect();
        let Some(primary) = primary else {
            let remedy = "Add `primary = \"n1\"`: the node that is the primary at the start.";
            section.report(line, format!("`[watch.{name}]` watches nobody"), remedy);
            continue;
        };
        if !primaries.contains(&primary.it.as_str()) {
            section.report(
                primary.line,
                format!("`{}`, to be watched as {name}, is no primary", primary.it),
                did_you_mean(&primary.it, &primaries),
            );
            continue;
        }
        if usize::from(quorum) > sentinels {
            section.report(
                line,
                format!("`[watch.{name}]` wants {quorum} of {sentinels} sentinels to agree"),
                "Lower `quorum`, or name more in `sentinels = […]`.",
            );
        }
        let usual = WatchSpec::new(name, primary.it, quorum);
        watches.push(WatchSpec {
            down_after: down_after.unwrap_or(usual.down_after),
            failover_timeout: failover_timeout.unwrap_or(usual.failover_timeout),
            parallel_syncs: parallel_syncs.unwrap_or(usual.parallel_syncs),
            ..usual
        });
    }
    watches
}
