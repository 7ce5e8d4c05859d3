//! The `world` block: who is there, what they act on, what goes wrong, what is promised.

use bytes::Bytes;
use redwind_explore::Invariant;
use redwind_sim::{
    Bounds, ClockSpec, ClusterSpec, Data, Intervention, Latency, LinkSpec, LockSpec, Names,
    ResourceKind, ResourceSpec, SimTime, Span,
};
use toml::de::DeValue;

use crate::cluster;
use crate::fields::{At, Section};
use crate::links;
use crate::nodes::{self, Node};
use crate::problem::did_you_mean;
use crate::promises;
use crate::sentinels;

/// The starting world of a lesson.
#[derive(Clone, Debug, PartialEq)]
pub struct World {
    /// Client processes in the order of their lanes.
    pub clients: Vec<Client>,
    /// Redis nodes in the order of their lanes; programs that name none use the first.
    pub nodes: Vec<Node>,
    /// The cluster that they form, if any.
    pub cluster: Option<ClusterSpec>,
    /// Latencies of single links.
    pub links: Vec<LinkSpec>,
    /// How long a message takes one way.
    pub latency: Latency,
    /// What programs act on beside Redis.
    pub resources: Vec<Resource>,
    /// Keys that are locks.
    pub locks: Vec<LockSpec>,
    /// The lesson's own faults.
    pub faults: Vec<Intervention>,
    /// What is promised, each under the name that verdicts call it by.
    pub promises: Vec<(String, Invariant)>,
    /// Invariants that are promised only as parts of others.
    pub(crate) parts: Vec<(String, Invariant)>,
    /// Where a run ends at the latest.
    pub bounds: Bounds,
    /// Names of promises that could not be read: their mistakes are told, and need not be told again wherever they
    /// are named.
    pub(crate) unread: Vec<String>,
}

/// A client process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// Its name.
    pub name: String,
    /// When it starts.
    pub starts: SimTime,
    /// How long after a crash it is started again; `None` stays down.
    pub restarts: Option<Span>,
    /// What its machine's clocks are like.
    pub clock: ClockSpec,
}

/// A resource beside Redis.
#[derive(Clone, Debug, PartialEq)]
pub struct Resource {
    /// Its name: what programs import.
    pub name: String,
    /// What it is.
    pub kind: ResourceKind,
    /// How long it works on a call.
    pub takes: Span,
    /// What it holds from the start: `(table or name, id, value)`.
    pub initial: Vec<(String, String, Data)>,
    /// Of a database: what no two rows of a table may share, `table.field` each.
    pub unique: Vec<String>,
    /// Of a database: how long a write waits for a row that somebody's transaction has locked.
    pub lock_timeout: Span,
}

impl World {
    /// The names that the fault language may use.
    #[must_use]
    pub fn names(&self) -> Names {
        Names {
            clients: self
                .clients
                .iter()
                .map(|client| client.name.clone())
                .collect(),
            nodes: self
                .nodes
                .iter()
                .map(|node| node.spec.name.clone())
                .collect(),
            resources: self
                .resources
                .iter()
                .map(|resource| resource.name.clone())
                .collect(),
        }
    }

    /// The links between places that are there when these clients take part.
    pub(crate) fn links_of(&self, clients: &[&str]) -> Vec<LinkSpec> {
        let absent = |name: &String| {
            !clients.contains(&name.as_str()) && self.clients.iter().any(|c| c.name == *name)
        };
        let links = self.links.iter();
        let there = links.filter(|link| !absent(&link.from) && !absent(&link.to));
        there.cloned().collect()
    }
}

pub(crate) const SPAN: &str =
    "Write a time with its unit, such as \"250us\", \"31ms\", \"1.5s\" or \"2m\".";
const KINDS: [(&str, ResourceKind); 4] = [
    ("db", ResourceKind::Db),
    ("storage", ResourceKind::Storage),
    ("mailer", ResourceKind::Mailer),
    ("objects", ResourceKind::Objects),
];

pub(crate) fn read(section: &Section<'_>) -> World {
    let clients = clients(section);
    let mut nodes = nodes::read(section);
    let cluster = cluster::read(section, &mut nodes);
    sentinels::read(section, &mut nodes);
    let resources = resources(section);
    let latency = latency(section).unwrap_or(Latency {
        least: Span::millis(1),
        most: Span::millis(1),
    });
    let locks = locks(section);
    let mut world = World {
        clients,
        nodes,
        cluster,
        links: Vec::new(),
        latency,
        resources,
        locks,
        faults: Vec::new(),
        promises: Vec::new(),
        parts: Vec::new(),
        bounds: bounds(section),
        unread: Vec::new(),
    };
    let names = world.names();
    world.links = links::read(section, &names);
    for At { line, it } in section.texts("faults") {
        match Intervention::parse(&it, &names) {
            Ok(fault) if cluster::is_needed_by(&fault) && world.cluster.is_none() => section
                .report(
                    line,
                    format!("the fault \"{it}\" needs a cluster, which this world has not"),
                    "Add `[cluster]`: its nodes share the slots.",
                ),
            Ok(fault) => world.faults.push(fault),
            Err(mistake) => section.report(
                line,
                format!("the fault \"{it}\" can't be: {mistake}"),
                "Write it as in: pause worker-a after worker-a's 1st SET for 15s.",
            ),
        }
    }
    for promise in section.many("invariant") {
        let line = promise.line();
        let part = promise.flag("part");
        let (name, invariant) = promises::read(&promise, &world);
        let mut known = world.promises.iter().chain(&world.parts);
        if known.any(|(known, _)| *known == name) {
            let remedy = "Give one of them a name of its own: `name = \"…\"`.";
            section.report(line, format!("two invariants are called `{name}`"), remedy);
        }
        match invariant {
            Some(invariant) if part => world.parts.push((name, invariant)),
            Some(invariant) => world.promises.push((name, invariant)),
            None => world.unread.push(name),
        }
    }
    section.finish();
    world
}

fn locks(section: &Section<'_>) -> Vec<LockSpec> {
    let mut locks: Vec<LockSpec> = section
        .texts("locks")
        .into_iter()
        .map(|lock| LockSpec {
            key: Bytes::from(lock.it),
            quorum: 1,
        })
        .collect();
    for (At { line, it: key }, details) in section.named("lock") {
        let quorum = details.number("quorum");
        details.finish();
        let Some(lock) = locks.iter_mut().find(|lock| lock.key == key) else {
            let known: Vec<String> = locks.iter().map(lock_name).collect();
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            let remedy = did_you_mean(&key, &known);
            section.report(line, format!("there is no lock `{key}`"), remedy);
            continue;
        };
        let Some(At { line, it }) = quorum else {
            continue;
        };
        match u16::try_from(it) {
            Ok(quorum @ 1..) => lock.quorum = quorum,
            _ => section.report(
                line,
                format!("a lock can't be granted by {it} nodes"),
                "Write how many nodes must grant it: `quorum = 3` of five.",
            ),
        }
    }
    locks
}

/// A lock's key as text.
pub(crate) fn lock_name(lock: &LockSpec) -> String {
    String::from_utf8_lossy(&lock.key).into_owned()
}

fn clients(section: &Section<'_>) -> Vec<Client> {
    let names = section.texts("clients");
    if names.is_empty() {
        let remedy =
            "Name them in the order of their lanes: `clients = [\"worker-a\", \"worker-b\"]`.";
        section.report(section.line(), "the world has no clients", remedy);
    }
    let mut clients: Vec<Client> = Vec::new();
    for At { line, it: name } in names {
        if clients.iter().any(|client| client.name == name) {
            section.report(
                line,
                format!("two clients are called `{name}`"),
                "Give each a name of its own.",
            );
            continue;
        }
        clients.push(Client {
            name,
            starts: SimTime(0),
            restarts: None,
            clock: ClockSpec::default(),
        });
    }
    for (At { line, it: name }, details) in section.named("client") {
        let starts = details.parsed("starts", Span::parse, SPAN);
        let restarts = details.parsed("restarts", Span::parse, SPAN);
        let clock = nodes::clock(&details);
        details.finish();
        let Some(client) = clients.iter_mut().find(|client| client.name == name) else {
            let known: Vec<&str> = clients.iter().map(|client| client.name.as_str()).collect();
            let remedy = did_you_mean(&name, &known);
            section.report(line, format!("there is no client `{name}`"), remedy);
            continue;
        };
        client.starts = starts.map_or(SimTime(0), |span| SimTime(span.it.0));
        client.restarts = restarts.map(|span| span.it);
        client.clock = clock;
    }
    clients
}

/// One span, or the shortest and the longest.
pub(crate) fn latency(section: &Section<'_>) -> Option<Latency> {
    let spans: Vec<Span> = section
        .texts("latency")
        .into_iter()
        .filter_map(|At { line, it }| {
            let span = Span::parse(&it);
            if span.is_none() {
                section.report(line, format!("`latency = \"{it}\"` can't be read"), SPAN);
            }
            span
        })
        .collect();
    match spans[..] {
        [both] => Some(Latency {
            least: both,
            most: both,
        }),
        [least, most, ..] => Some(Latency {
            least: least.min(most),
            most: most.max(least),
        }),
        [] => None,
    }
}

/// A lesson's run is drawn whole and stepped by hand: far fewer records than the simulator can make.
const MOST_RECORDS: u32 = 20_000;

fn bounds(section: &Section<'_>) -> Bounds {
    let mut bounds = Bounds {
        records: MOST_RECORDS,
        ..Bounds::default()
    };
    if let Some(until) = section.parsed("until", Span::parse, SPAN) {
        bounds.until = SimTime(until.it.0);
    }
    if let Some(records) = section.number("records") {
        bounds.records = u32::try_from(records.it)
            .unwrap_or(u32::MAX)
            .min(Bounds::default().records);
    }
    bounds
}

pub(crate) fn command(section: &Section<'_>, line: &At<String>) -> Option<Vec<Bytes>> {
    match redwind_resp::split_words(line.it.as_bytes()) {
        Ok(words) if !words.is_empty() => Some(words.into_iter().map(Bytes::from).collect()),
        _ => {
            let message = format!("the setup command `{}` can't be read", line.it);
            section.report(
                line.line,
                message,
                "Write it as you would type it into redis-cli, quotes closed.",
            );
            None
        }
    }
}

fn resources(section: &Section<'_>) -> Vec<Resource> {
    let mut resources = Vec::new();
    for (At { line, it: name }, details) in section.named("resource") {
        let takes = details
            .parsed("takes", Span::parse, SPAN)
            .map_or(Span::millis(1), |span| span.it);
        // Programs import a resource by its name, and these are the modules there are.
        let Some((_, kind)) = KINDS.iter().find(|(known, _)| *known == name) else {
            let known = KINDS.map(|(known, _)| known);
            section.report(
                line,
                format!("there is no resource called `{name}`"),
                did_you_mean(&name, &known),
            );
            continue;
        };
        let initial = match kind {
            ResourceKind::Db => rows(&details),
            ResourceKind::Storage | ResourceKind::Objects => values(&details),
            ResourceKind::Mailer => Vec::new(),
        };
        let unique = match kind {
            ResourceKind::Db => unique(&details),
            _ => Vec::new(),
        };
        let lock_timeout = match kind {
            ResourceKind::Db => details.parsed("lock_timeout", Span::parse, SPAN),
            _ => None,
        };
        details.finish();
        resources.push(Resource {
            lock_timeout: lock_timeout.map_or(ResourceSpec::LOCK_TIMEOUT, |span| span.it),
            name,
            kind: *kind,
            takes,
            initial,
            unique,
        });
    }
    resources
}

/// `unique = ["users.email"]`
fn unique(details: &Section<'_>) -> Vec<String> {
    let mut fields = Vec::new();
    for At { line, it } in details.texts("unique") {
        match it.split_once('.') {
            Some((table, field)) if !table.is_empty() && !field.is_empty() => fields.push(it),
            _ => details.report(
                line,
                format!("`{it}` names no field of a table"),
                "Write table and field: `unique = [\"users.email\"]`.",
            ),
        }
    }
    fields
}

/// `rows.users.42 = { name = "Ada" }`
fn rows(details: &Section<'_>) -> Vec<(String, String, Data)> {
    let mut rows = Vec::new();
    for (table, section) in details.named("rows") {
        for (id, row) in section.entries() {
            rows.push((table.it.clone(), id.it, data(row)));
        }
    }
    rows
}

/// `values = { report = "Totals" }`
fn values(details: &Section<'_>) -> Vec<(String, String, Data)> {
    let Some((line, value)) = details.value("values") else {
        return Vec::new();
    };
    let name = At {
        line,
        it: "values".to_owned(),
    };
    let Some(section) = details.open(&name, value) else {
        details.report(
            line,
            "`values` is not a table",
            "Write `values = { report = \"Totals\" }`.",
        );
        return Vec::new();
    };
    section
        .entries()
        .into_iter()
        .map(|(name, value)| (name.it, String::new(), data(value)))
        .collect()
}

fn data(value: &DeValue<'_>) -> Data {
    match value {
        DeValue::String(text) => Data::Text(text.to_string()),
        DeValue::Boolean(it) => Data::Bool(*it),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Data::Int(number),
            Err(_) => Data::Text(number.as_str().to_owned()),
        },
        DeValue::Float(number) => match number.as_str().parse() {
            Ok(number) => Data::Float(number),
            Err(_) => Data::Text(number.as_str().to_owned()),
        },
        DeValue::Datetime(moment) => Data::Text(moment.to_string()),
        DeValue::Array(items) => {
            Data::List(items.iter().map(|item| data(item.get_ref())).collect())
        }
        DeValue::Table(table) => {
            let mut fields: Vec<_> = table.iter().collect();
            fields.sort_by_key(|(name, _)| name.span().start);
            let field = |(name, value): (
                &toml::Spanned<std::borrow::Cow<'_, str>>,
                &toml::Spanned<DeValue<'_>>,
            )| { (name.get_ref().to_string(), data(value.get_ref())) };
            Data::Map(fields.into_iter().map(field).collect())
        }
    }
}
