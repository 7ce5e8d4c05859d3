//! Redis nodes: `nodes = ["n1", "n2"]` and `[node.n2]`; the clocks of nodes and clients.

use bytes::Bytes;
use redwind_sim::{ClockSpec, Fsync, NodeSpec, Persistence, SavePoint, SavePoints, Span};
use toml::de::DeValue;

use crate::fields::{At, Section};
use crate::problem::{closest, did_you_mean};
use crate::world::{SPAN, command};

/// A Redis node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// What the world makes it of.
    pub spec: NodeSpec,
    /// Commands run on it before time zero.
    pub setup: Vec<Vec<Bytes>>,
}

const PERSISTENCE: &str = "Write \"none\", \"appendfsync always\", \"appendfsync everysec\", \"appendfsync no\", \
    \"snapshot every 60s\" or \"save 60 1000\" (after so many seconds and changes; up to four such pairs).";
const SOCKET_BUFFER: &str =
    "Write how many bytes the kernels hold between the node and one reader: \"4kb\".";
const OFFSET: &str =
    "Write how far the wall clock is ahead (\"+50ms\") or behind (\"-2s\") at the start.";
const DRIFT: &str = "Write how much too fast (\"200ppm\") or too slow (\"-200ppm\") the clocks run, at most 900000ppm.";

pub(crate) fn read(section: &Section<'_>) -> Vec<Node> {
    let mut nodes: Vec<Node> = Vec::new();
    for At { line, it: name } in names(section) {
        if nodes.iter().any(|node| node.spec.name == name) {
            let remedy = "Give each a name of its own.";
            section.report(line, format!("two nodes are called `{name}`"), remedy);
            continue;
        }
        nodes.push(Node {
            spec: NodeSpec::named(name),
            setup: Vec::new(),
        });
    }
    let setup = commands(section);
    if let Some(first) = nodes.first_mut() {
        first.setup = setup;
    }
    let all: Vec<String> = nodes.iter().map(|node| node.spec.name.clone()).collect();
    let mut follows = Vec::new();
    for (At { line, it: name }, details) in section.named("node") {
        let read = one(&details);
        let Some(index) = all.iter().position(|known| *known == name) else {
            let known: Vec<&str> = all.iter().map(String::as_str).collect();
            let mut remedy = did_you_mean(&name, &known);
            if closest(&name, known.iter().copied()).is_none() {
                remedy =
                    format!("Name it in `nodes = [\"{name}\", …]`, in the order of the lanes.");
            }
            section.report(line, format!("there is no node `{name}`"), remedy);
            continue;
        };
        if let Some(primary) = details.text("replica_of") {
            follows.push((index, primary, details.line()));
        }
        details.finish();
        let node = &mut nodes[index];
        node.spec = NodeSpec { name, ..read.spec };
        node.setup.extend(read.setup);
    }
    for (index, primary, line) in follows {
        follow(section, &mut nodes, index, primary, line, &all);
    }
    nodes
}

/// `nodes = ["n1", "n2"]`, or `node = "redis"` when there is only one, or neither.
fn names(section: &Section<'_>) -> Vec<At<String>> {
    let several = section.texts("nodes");
    // `[node.n1]` gives details, `node = "redis"` is the short form of a list of one.
    let short = match section.value("node") {
        Some((_, DeValue::String(_))) => section.text("node"),
        _ => None,
    };
    match (several.is_empty(), short) {
        (true, Some(one)) => vec![one],
        (true, None) => vec![At {
            line: section.line(),
            it: "redis".to_owned(),
        }],
        (false, Some(one)) => {
            let remedy = "Keep one of them: `node` is the short form for a single node.";
            section.report(one.line, "the world has both `node` and `nodes`", remedy);
            several
        }
        (false, None) => several,
    }
}

fn one(details: &Section<'_>) -> Node {
    let persistence = details.parsed("persistence", persistence, PERSISTENCE);
    let restarts = details.parsed("restarts", Span::parse, SPAN);
    Node {
        spec: NodeSpec {
            persistence: persistence.map(|it| it.it).unwrap_or_default(),
            config: config(details),
            socket_buffer: details
                .parsed("socket_buffer", crate::links::bytes, SOCKET_BUFFER)
                .map(|bytes| bytes.it),
            clock: clock(details),
            restarts_after: restarts.map(|span| span.it),
            ..NodeSpec::default()
        },
        setup: commands(details),
    }
}

fn follow(
    section: &Section<'_>,
    nodes: &mut [Node],
    index: usize,
    primary: At<String>,
    line: u32,
    all: &[String],
) {
    let At { line: named, it } = primary;
    let name = &all[index];
    let Some(found) = all.iter().position(|known| *known == it) else {
        let known: Vec<&str> = all.iter().map(String::as_str).collect();
        section.report(
            named,
            format!("`{name}` is to be a replica of `{it}`, which does not exist"),
            did_you_mean(&it, &known),
        );
        return;
    };
    if found == index || nodes[found].spec.replica_of.is_some() {
        section.report(
            named,
            format!("`{name}` can't be a replica of `{it}`, which is no primary"),
            "Name a node that has no `replica_of` itself: a world begins without chains of replicas.",
        );
        return;
    }
    if !nodes[index].setup.is_empty() {
        section.report(
            line,
            format!("`{name}` is a replica and has a `setup`"),
            format!(
                "Put the commands under `[node.{it}]`: a replica begins with its primary's data."
            ),
        );
        nodes[index].setup.clear();
    }
    nodes[index].spec.replica_of = Some(it);
}

fn commands(section: &Section<'_>) -> Vec<Vec<Bytes>> {
    let lines = section.texts("setup");
    let read = lines.iter().filter_map(|line| command(section, line));
    read.collect()
}

fn persistence(text: &str) -> Option<Persistence> {
    let words: Vec<&str> = text.split_whitespace().collect();
    match words[..] {
        ["none"] => Some(Persistence::None),
        ["appendfsync", when] => Some(Persistence::Aof(match when {
            "always" => Fsync::Always,
            "everysec" => Fsync::EverySecond,
            "no" => Fsync::No,
            _ => return None,
        })),
        ["snapshot", "every", span] => Span::parse(span)
            .filter(|span| span.0 > 0)
            .map(Persistence::Snapshot),
        ["save", ref points @ ..] => save_points(points),
        _ => None,
    }
}

/// `save 3600 1 300 100`: seconds and changes, up to four times.
fn save_points(words: &[&str]) -> Option<Persistence> {
    let mut points = SavePoints::default();
    if words.is_empty() || words.len() % 2 == 1 || words.len() / 2 > points.0.len() {
        return None;
    }
    for (slot, pair) in points.0.iter_mut().zip(words.chunks(2)) {
        let number = |at: usize| pair.get(at)?.parse().ok().filter(|number| *number > 0);
        *slot = SavePoint {
            seconds: number(0)?,
            changes: number(1)?,
        };
    }
    Some(Persistence::Save(points))
}

/// `config = { maxmemory = "2mb", maxmemory-policy = "allkeys-lru" }`: tried here, so that a mistake has its line.
fn config(details: &Section<'_>) -> Vec<(String, String)> {
    let Some((line, value)) = details.value("config") else {
        return Vec::new();
    };
    let name = At {
        line,
        it: "config".to_owned(),
    };
    let remedy = "Write `config = { maxmemory = \"2mb\", maxmemory-policy = \"allkeys-lru\" }`.";
    let Some(section) = details.open(&name, value) else {
        details.report(line, "`config` is not a table", remedy);
        return Vec::new();
    };
    let mut settings = Vec::new();
    for (parameter, value) in section.entries() {
        let text = match value {
            DeValue::String(text) => text.to_string(),
            DeValue::Integer(number) => number.as_str().to_owned(),
            DeValue::Boolean(true) => "yes".to_owned(),
            DeValue::Boolean(false) => "no".to_owned(),
            other => {
                let message = format!("`{}` is of type {}", parameter.it, other.type_str());
                details.report(parameter.line, message, remedy);
                continue;
            }
        };
        if let Err(why) = redwind_sim::try_setting(&parameter.it, &text) {
            details.report(
                parameter.line,
                format!("`{} = {text}` can't be set: {why}", parameter.it),
                "Use a parameter and a value that `CONFIG SET` takes; `CONFIG GET *` in a terminal lists them.",
            );
            continue;
        }
        settings.push((parameter.it, text));
    }
    settings
}

/// `clock = "+50ms"` and `drift = "200ppm"`, of a node or a client.
pub(crate) fn clock(details: &Section<'_>) -> ClockSpec {
    let ahead = details.parsed("clock", offset, OFFSET);
    let drift = details.parsed("drift", drift, DRIFT);
    ClockSpec {
        ahead_micros: ahead.map_or(0, |ahead| ahead.it),
        drift_ppm: drift.map_or(0, |drift| drift.it),
    }
}

fn offset(text: &str) -> Option<i64> {
    let (sign, span) = match text.trim().strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.trim().trim_start_matches('+')),
    };
    i64::try_from(Span::parse(span)?.0).ok()?.checked_mul(sign)
}

fn drift(text: &str) -> Option<i32> {
    let number = text.trim().strip_suffix("ppm")?.trim();
    number.parse().ok().filter(|ppm: &i32| ppm.abs() <= 900_000)
}
