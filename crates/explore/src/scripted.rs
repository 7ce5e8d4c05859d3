//! Records made by hand, for tests: each method adds what one thing of that kind leaves in a run.

use std::sync::Arc;

use bytes::Bytes;
use redwind_engine::{GroupView, KeyView, Micros, PendingView, Preview, Value};
use redwind_sim::{
    Answer, Batch, Bounds, Changed, ClientSpec, ClockSpec, Data, Effect, Event, Exit, KeyChange,
    Latency, LockSpec, Message, NodeSpec, PacketId, Place, Program, Record, Request, ResourceCall,
    ResourceKind, ResourceSpec, Scenario, SimTime, Source, Span, Start,
};

use crate::History;

const CLIENTS: [&str; 3] = ["worker-a", "worker-b", "producer"];
const RESOURCES: [(&str, ResourceKind); 3] = [
    ("storage", ResourceKind::Storage),
    ("db", ResourceKind::Db),
    ("mailer", ResourceKind::Mailer),
];
const NODE: Place = Place::Node(0);

/// A program that does nothing: these records were not made by running one.
#[derive(Clone)]
struct Idle;

impl Source for Idle {
    fn start(&self, _: &Start) -> Box<dyn Program> {
        Box::new(Self)
    }
}

impl Program for Idle {
    fn resume(&mut self, _: Answer) -> Request {
        Request::Exit(Exit::Finished)
    }

    fn fork(&self) -> Box<dyn Program> {
        Box::new(Self)
    }
}

pub(crate) struct Script {
    scenario: Scenario,
    initial: Vec<(Place, KeyChange)>,
    records: Vec<Record>,
    what: Vec<String>,
    now: SimTime,
    cut: Option<String>,
    there: Vec<String>,
}

impl Script {
    pub(crate) fn new() -> Self {
        let client = |name: &str| ClientSpec {
            name: name.to_owned(),
            source: Arc::new(Idle),
            starts_at: SimTime(0),
            restarts_after: None,
            clock: ClockSpec::default(),
        };
        let resource = |(name, kind): (&str, ResourceKind)| ResourceSpec {
            name: name.to_owned(),
            kind,
            takes: Span(0),
            initial: Vec::new(),
            unique: Vec::new(),
            lock_timeout: ResourceSpec::LOCK_TIMEOUT,
        };
        Self {
            scenario: Scenario {
                seed: 1,
                epoch: Micros(0),
                nodes: vec![NodeSpec::named("redis")],
                cluster: None,
                clients: CLIENTS.map(client).to_vec(),
                resources: RESOURCES.map(resource).to_vec(),
                latency: Latency {
                    least: Span(0),
                    most: Span(0),
                },
                links: Vec::new(),
                setup: Vec::new(),
                locks: vec![LockSpec {
                    key: Bytes::from("lock:report"),
                    quorum: 1,
                }],
                interventions: Vec::new(),
                bounds: Bounds::default(),
            },
            initial: Vec::new(),
            records: Vec::new(),
            what: Vec::new(),
            now: SimTime(0),
            cut: None,
            there: Vec::new(),
        }
    }

    pub(crate) fn history(&self) -> History<'_> {
        History {
            scenario: &self.scenario,
            initial: &self.initial,
            records: &self.records,
            cut: self.cut.clone(),
        }
    }

    /// What a record was made as: `worker-a granted`.
    pub(crate) fn what(&self, seq: u32) -> &str {
        &self.what[seq as usize]
    }

    pub(crate) fn at_ms(&mut self, ms: u64) -> &mut Self {
        self.now = SimTime(ms * 1_000);
        self
    }

    pub(crate) fn cut(&mut self) {
        self.cut = Some("the run was cut after 100 records".to_owned());
    }

    pub(crate) fn grants(&mut self, client: &str, key: &str) {
        let deadline = Micros(self.now.0 + 10_000_000);
        let change = self.change(key, Some(text("token")), Some(deadline));
        self.executed(
            client,
            &["SET", key, "token", "NX"],
            Value::OK,
            vec![change],
            "granted",
        );
    }

    pub(crate) fn sets(&mut self, client: &str, key: &str, value: &str) {
        let change = self.change(key, Some(text(value)), None);
        self.executed(client, &["SET", key, value], Value::OK, vec![change], "SET");
    }

    pub(crate) fn gets(&mut self, client: &str, key: &str, value: &str) {
        self.executed(client, &["GET", key], Value::bulk(value), Vec::new(), "GET");
    }

    pub(crate) fn deletes(&mut self, client: &str, key: &str) {
        let change = self.change(key, None, None);
        self.executed(client, &["DEL", key], Value::Int(1), vec![change], "DEL");
    }

    /// Some command left this list.
    pub(crate) fn list(&mut self, client: &str, key: &str, items: &[&str]) {
        let view = (!items.is_empty()).then(|| list(items));
        let change = self.change(key, view, None);
        self.executed(client, &["EVAL", "…"], Value::OK, vec![change], "list");
    }

    /// Some command left this stream, with one group that was delivered up to an id and has these entries pending.
    pub(crate) fn stream(
        &mut self,
        client: &str,
        key: &str,
        entries: &[(&str, &str)],
        delivered: &str,
        pending: &[(&str, &str)],
    ) {
        let view = stream(entries, delivered, pending);
        let change = self.change(key, Some(view), None);
        self.executed(client, &["EVAL", "…"], Value::OK, vec![change], "stream");
    }

    pub(crate) fn initial_list(&mut self, key: &str, items: &[&str]) {
        let change = self.change(key, Some(list(items)), None);
        self.initial.push((NODE, change));
    }

    pub(crate) fn expires(&mut self, key: &str) {
        let change = self.change(key, None, None);
        self.record(
            NODE,
            Event::Expired {
                changes: vec![change],
            },
            format!("{key} expired"),
        );
    }

    /// A client sends a command: packet `number`.
    pub(crate) fn asks(&mut self, client: &str, number: u32, argv: &[&str]) {
        let argv: Vec<Bytes> = argv
            .iter()
            .map(|arg| Bytes::copy_from_slice(arg.as_bytes()))
            .collect();
        let event = Event::Sent {
            packet: PacketId(number),
            to: NODE,
            message: Message::Commands {
                commands: vec![argv].into(),
                batch: Batch::Single,
            },
        };
        self.record(place(client), event, format!("{client} asks"));
    }

    /// The reply to packet `number` is there.
    pub(crate) fn answered(&mut self, client: &str, number: u32) {
        let event = Event::Received {
            packet: PacketId(number),
            from: NODE,
            message: Message::Replies(vec![Value::Null].into()),
        };
        self.record(place(client), event, format!("{client} answered"));
    }

    pub(crate) fn pauses(&mut self, client: &str, ms: u64) {
        let until = self.now + Span::millis(ms);
        self.record(
            place(client),
            Event::Paused { until },
            format!("{client} paused"),
        );
    }

    pub(crate) fn crashes(&mut self, client: &str) {
        self.record(place(client), Event::Crashed, format!("{client} crashed"));
    }

    pub(crate) fn believes(&mut self, client: &str, holds: bool) {
        self.record(
            place(client),
            Event::Believes { lock: 0, holds },
            format!("{client} believes {holds}"),
        );
    }

    pub(crate) fn effect(
        &mut self,
        client: &str,
        resource: &str,
        target: &str,
        token: Option<i64>,
        accepted: bool,
    ) {
        let effect = Effect {
            target: target.to_owned(),
            value: "…".to_owned(),
            token,
            accepted,
        };
        self.performed(client, resource, "write", Vec::new(), effect, "effect");
    }

    /// A row that is there from the start.
    pub(crate) fn row(&mut self, table: &str, id: &str, field: &str, value: &str) {
        let row = Data::Map(vec![(field.to_owned(), Data::Text(value.to_owned()))]);
        if let Some(db) = self
            .scenario
            .resources
            .iter_mut()
            .find(|r| r.kind == ResourceKind::Db)
        {
            db.initial.push((table.to_owned(), id.to_owned(), row));
        }
    }

    /// A row gets a new value in one field.
    pub(crate) fn moves(&mut self, client: &str, table: &str, id: &str, field: &str, value: &str) {
        let effect = Effect {
            target: format!("{table}/{id}"),
            value: value.to_owned(),
            token: None,
            accepted: true,
        };
        let args = vec![
            Data::Text(table.to_owned()),
            Data::Text(id.to_owned()),
            Data::Map(vec![(field.to_owned(), Data::Text(value.to_owned()))]),
        ];
        self.performed(client, "db", "update", args, effect, "update");
    }

    fn performed(
        &mut self,
        client: &str,
        resource: &str,
        method: &str,
        args: Vec<Data>,
        effect: Effect,
        what: &str,
    ) {
        let call = ResourceCall {
            resource: resource.to_owned(),
            method: method.to_owned(),
            args,
            named: Vec::new(),
            believing: Vec::new(),
        };
        let at = RESOURCES
            .iter()
            .position(|(name, _)| *name == resource)
            .expect("a resource of these tests");
        let event = Event::Performed {
            packet: PacketId(0),
            by: place(client),
            call: Arc::new(call),
            outcome: Message::Returned(Data::Null),
            effect: Some(effect),
            phase: redwind_sim::Phase::Alone,
        };
        self.record(
            Place::Resource(at as u16),
            event,
            format!("{client} {what}"),
        );
    }

    /// The latest effects, so many, come with the commit of one transaction.
    pub(crate) fn commits(&mut self, latest: usize) {
        let from = self.records.len().saturating_sub(latest);
        let commit = PacketId(u32::try_from(from).unwrap_or_default() + 1);
        for record in &mut self.records[from..] {
            if let Event::Performed { phase, packet, .. } = &mut record.event {
                (*phase, *packet) = (redwind_sim::Phase::Committed, commit);
            }
        }
    }

    fn executed(
        &mut self,
        client: &str,
        argv: &[&str],
        reply: Value,
        changes: Vec<KeyChange>,
        what: &str,
    ) {
        let argv: Vec<Bytes> = argv
            .iter()
            .map(|arg| Bytes::copy_from_slice(arg.as_bytes()))
            .collect();
        let event = Event::Executed {
            packet: PacketId(0),
            by: place(client),
            argv: argv.into(),
            reply: Some(reply),
            changes,
        };
        self.record(NODE, event, format!("{client} {what}"));
    }

    fn record(&mut self, place: Place, event: Event, what: String) {
        let seq = self.records.len() as u32;
        self.records.push(Record {
            seq,
            at: self.now,
            cause: None,
            place,
            thread: None,
            event,
        });
        self.what.push(what);
    }

    fn change(
        &mut self,
        key: &str,
        view: Option<KeyView>,
        expires_at: Option<Micros>,
    ) -> KeyChange {
        let was_there = self.there.iter().any(|known| known == key);
        self.there.retain(|known| known != key);
        if view.is_some() {
            self.there.push(key.to_owned());
        }
        KeyChange {
            db: 0,
            key: Bytes::copy_from_slice(key.as_bytes()),
            what: "set",
            changed: match (was_there, &view) {
                (_, None) => Changed::Deleted,
                (false, Some(_)) => Changed::Created,
                (true, Some(_)) => Changed::Updated,
            },
            view,
            expires_at,
        }
    }
}

fn place(client: &str) -> Place {
    let at = CLIENTS
        .iter()
        .position(|name| *name == client)
        .expect("a client of these tests");
    Place::Client(at as u16)
}

fn text(value: &str) -> KeyView {
    let bytes = Bytes::copy_from_slice(value.as_bytes());
    KeyView {
        kind: "string",
        encoding: "embstr",
        len: bytes.len(),
        preview: Preview::Text(bytes),
        expires_at: None,
    }
}

fn list(items: &[&str]) -> KeyView {
    let items: Vec<Bytes> = items
        .iter()
        .map(|item| Bytes::copy_from_slice(item.as_bytes()))
        .collect();
    KeyView {
        kind: "list",
        encoding: "listpack",
        len: items.len(),
        preview: Preview::Items(items),
        expires_at: None,
    }
}

/// A stream of entries with one field, and its group `workers`.
pub(crate) fn stream(
    entries: &[(&str, &str)],
    delivered: &str,
    pending: &[(&str, &str)],
) -> KeyView {
    let bytes = |text: &str| Bytes::copy_from_slice(text.as_bytes());
    let entry = |(id, job): &(&str, &str)| (bytes(id), vec![(bytes("order"), bytes(job))]);
    let pending: Vec<PendingView> = pending
        .iter()
        .map(|(id, consumer)| PendingView {
            id: bytes(id),
            consumer: bytes(consumer),
            deliveries: 1,
        })
        .collect();
    KeyView {
        kind: "stream",
        encoding: "stream",
        len: entries.len(),
        preview: Preview::Stream {
            entries: entries.iter().rev().map(entry).collect(),
            groups: vec![GroupView {
                name: bytes("workers"),
                delivered: bytes(delivered),
                pending_len: pending.len(),
                pending,
            }],
        },
        expires_at: None,
    }
}
