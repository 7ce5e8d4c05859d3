//! Links: `[link."worker-a -> n1"]`, with a latency of their own.

use redwind_sim::{LinkSpec, Names};

use crate::fields::{At, Section};
use crate::problem::did_you_mean;
use crate::world::latency;

const FORM: &str = "Write `[link.\"worker-a -> n1\"]` for one direction, `[link.\"worker-a <-> n1\"]` for both, \
    `{n1, n2}` for several places.";

pub(crate) fn read(section: &Section<'_>, names: &Names) -> Vec<LinkSpec> {
    let mut links = Vec::new();
    for (At { line, it }, details) in section.named("link") {
        let read = latency(&details);
        details.finish();
        let Some((from, to, both_ways)) = ends(&it) else {
            section.report(line, format!("the link \"{it}\" can't be read"), FORM);
            continue;
        };
        let known: Vec<&str> = [&names.clients, &names.nodes, &names.resources]
            .into_iter()
            .flatten()
            .map(String::as_str)
            .collect();
        let unknown = from.iter().chain(&to).find(|name| !known.contains(name));
        if let Some(name) = unknown {
            let message = format!("the link \"{it}\" names `{name}`, which does not exist");
            section.report(line, message, did_you_mean(name, &known));
            continue;
        }
        let Some(latency) = read else {
            let remedy = "Add `latency = \"80ms\"`, or a range: `latency = [\"1ms\", \"80ms\"]`.";
            section.report(line, format!("the link \"{it}\" says nothing"), remedy);
            continue;
        };
        for (from, to) in from
            .iter()
            .flat_map(|from| to.iter().map(move |to| (from, to)))
        {
            links.push(LinkSpec {
                from: (*from).to_owned(),
                to: (*to).to_owned(),
                both_ways,
                latency,
            });
        }
    }
    links
}

/// `a -> b`, `a <-> {b, c}`.
fn ends(text: &str) -> Option<(Vec<&str>, Vec<&str>, bool)> {
    let (from, to, both_ways) = match text.split_once("<->") {
        Some((from, to)) => (from, to, true),
        None => {
            let (from, to) = text.split_once("->")?;
            (from, to, false)
        }
    };
    Some((group(from)?, group(to)?, both_ways))
}

fn group(text: &str) -> Option<Vec<&str>> {
    let text = text.trim();
    let names = match text.strip_prefix('{') {
        Some(rest) => rest.strip_suffix('}')?.split(',').map(str::trim).collect(),
        None => vec![text],
    };
    let plain = |name: &&str| !name.is_empty() && !name.contains(char::is_whitespace);
    names.iter().all(plain).then_some(names)
}
