//! A run as the page tells it: the trace, indexed once so that the state at any instant is a few binary searches.
//!
//! Nothing is replayed when the cursor moves: every thing that changes over a run (a key, a client's line, a
//! belief) has its own ordered list of changes, and the state at record `n` is the last change at or before `n`.
//! So a step costs the same in either direction and in the longest trace.

mod clients;
mod cuts;
mod flights;
mod holds;
mod keys;
#[cfg(test)]
mod tests;

pub use clients::{ClientNow, Doing, Spell, SpellKind, ThreadNow};
pub use cuts::CutSpell;
pub use flights::{End, Flight};
pub use holds::{Hold, HoldKind};
pub use keys::KeyNow;

use redwind_protocol::{
    Effect, Lane, LaneKind, Record, RecordKind, Role, Run, Shown, Trace, Verdict, VerdictOutcome,
};

use clients::ClientTrack;
use keys::KeyTrack;

/// A run with its indexes.
#[derive(Debug, Default)]
pub struct Story {
    /// The run as it came.
    pub trace: Trace,
    /// For each beat of the lesson, the record that it is about, if that happens here.
    pub anchors: Vec<Option<u32>>,
    /// Messages on their way.
    pub flights: Vec<Flight>,
    /// Pauses, sleeps and times of being down.
    pub spells: Vec<Spell>,
    /// Who believes to hold a lock, and who does.
    pub holds: Vec<Hold>,
    /// Times in which a part of the network did not hear another.
    pub cuts: Vec<CutSpell>,
    /// Nodes' changes of role, in order.
    roles: Vec<(u32, u16, Role)>,
    steps: Vec<u32>,
    effects: Vec<u32>,
    clients: Vec<ClientTrack>,
    keys: Vec<KeyTrack>,
    flight_of: Vec<Option<u32>>,
}

impl Story {
    /// Indexes a run.
    #[must_use]
    pub fn new(run: Run) -> Self {
        let Run { trace, anchors } = run;
        let (flights, flight_of) = flights::find(&trace);
        let numbered = || (0_u32..).zip(&trace.records);
        Self {
            steps: numbered()
                .filter(|(_, r)| r.kind != RecordKind::Line)
                .map(|(i, _)| i)
                .collect(),
            effects: numbered()
                .filter(|(_, r)| r.effect.is_some())
                .map(|(i, _)| i)
                .collect(),
            cuts: cuts::find(&trace),
            roles: numbered()
                .filter_map(|(i, r)| Some((i, r.lane, r.role?)))
                .collect(),
            spells: clients::spells(&trace),
            clients: clients::tracks(&trace),
            keys: keys::tracks(&trace),
            holds: holds::find(&trace),
            flights,
            flight_of,
            anchors,
            trace,
        }
    }

    /// How many records there are.
    #[must_use]
    pub fn len(&self) -> u32 {
        u32::try_from(self.trace.records.len()).unwrap_or(u32::MAX)
    }

    /// Whether nothing happened at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.trace.records.is_empty()
    }

    /// The last position.
    #[must_use]
    pub fn last(&self) -> u32 {
        self.len().saturating_sub(1)
    }

    /// A record.
    #[must_use]
    pub fn record(&self, index: u32) -> Option<&Record> {
        self.trace.records.get(index as usize)
    }

    /// The moment of a record; 0 when there is none.
    #[must_use]
    pub fn at(&self, index: u32) -> u64 {
        self.record(index).map_or(0, |record| record.at)
    }

    /// The last record at or before a moment.
    #[must_use]
    pub fn at_time(&self, at: u64) -> u32 {
        let after = self.trace.records.partition_point(|record| record.at <= at);
        u32::try_from(after.saturating_sub(1)).unwrap_or(0)
    }

    /// A lane.
    #[must_use]
    pub fn lane(&self, index: u16) -> Option<&Lane> {
        self.trace.lanes.get(usize::from(index))
    }

    /// A lane's name.
    #[must_use]
    pub fn name(&self, lane: u16) -> &str {
        self.lane(lane).map_or("", |lane| &lane.name)
    }

    /// The lanes of one kind with their indexes.
    pub fn lanes(&self, kind: LaneKind) -> impl Iterator<Item = (u16, &Lane)> {
        (0_u16..)
            .zip(&self.trace.lanes)
            .filter(move |(_, lane)| lane.kind == kind)
    }

    /// What the terminal on a node has shown up to a record, with its moment, the latest first.
    fn shown(&self, node: &str, position: u32) -> impl Iterator<Item = (u64, &Shown)> {
        self.trace
            .records
            .iter()
            .take((position as usize).saturating_add(1))
            .rev()
            .filter_map(|record| Some((record.at, record.shown.as_ref()?)))
            .filter(move |(_, shown)| self.name(shown.node) == node)
    }

    /// What the terminal's prompt on a node says after a record: `redis[3](TX)> `.
    #[must_use]
    pub fn prompt(&self, node: &str, position: u32) -> String {
        let known = self.shown(node, position).next();
        format!("{node}{}> ", known.map_or("", |(_, shown)| &shown.prompt))
    }

    /// The messages of channels that the terminal on a node has heard up to a record, each with its moment: the last ones,
    /// so many at most.
    #[must_use]
    pub fn heard(&self, node: &str, position: u32, most: usize) -> Vec<(u64, &str)> {
        let shown = self.shown(node, position);
        let heard = shown.filter(|(_, shown)| shown.asked.is_none());
        let heard = heard.map(|(at, shown)| (at, shown.text.as_str()));
        let mut heard: Vec<_> = heard.take(most).collect();
        heard.reverse();
        heard
    }

    /// The first client's lane.
    #[must_use]
    pub fn first_client(&self) -> u16 {
        self.lanes(LaneKind::Client)
            .map(|(lane, _)| lane)
            .next()
            .unwrap_or(0)
    }

    /// The records worth a step: all but the lines of programs.
    #[must_use]
    pub fn steps(&self) -> &[u32] {
        &self.steps
    }

    /// The message that a record sends, takes in or loses.
    #[must_use]
    pub fn flight_of(&self, record: u32) -> Option<&Flight> {
        let flight = (*self.flight_of.get(record as usize)?)?;
        self.flights.get(flight as usize)
    }

    /// What had been left in resources up to a position, with the records that did.
    pub fn effects_at(&self, position: u32) -> impl Iterator<Item = (u32, &Record, &Effect)> {
        let until = self.effects.partition_point(|index| *index <= position);
        self.effects[..until].iter().filter_map(|index| {
            let record = self.record(*index)?;
            Some((*index, record, record.effect.as_ref()?))
        })
    }

    /// A client's threads beside the one that its program begins with, in the order that they began.
    #[must_use]
    pub fn threads_at(&self, lane: u16, position: u32) -> Vec<ThreadNow<'_>> {
        let alive = |at: &ClientNow<'_>| at.line.is_some() && !at.doing.is_over();
        let Some(process) = self.client_at(lane, position).filter(alive) else {
            return Vec::new();
        };
        let track = self.clients.iter().find(|track| track.lane == lane);
        track.map_or_else(Vec::new, |track| {
            track.threads_at(self, position, process.doing)
        })
    }

    /// A client at a position; nothing for a lane that is no client.
    #[must_use]
    pub fn client_at(&self, lane: u16, position: u32) -> Option<ClientNow<'_>> {
        self.clients
            .iter()
            .find(|track| track.lane == lane)?
            .at(self, position)
    }

    /// The keys at a position, by name; those that this very record removed come along as gone.
    #[must_use]
    pub fn keys_at(&self, position: u32) -> Vec<KeyNow<'_>> {
        self.keys
            .iter()
            .filter_map(|track| track.at(&self.trace, position))
            .collect()
    }

    /// Whether some node follows another at any time of this run.
    #[must_use]
    pub fn replicates(&self) -> bool {
        !self.roles.is_empty() || self.trace.lanes.iter().any(|lane| lane.follows.is_some())
    }

    /// What a node is among the others at a position; nothing where none follows another.
    #[must_use]
    pub fn role_at(&self, lane: u16, position: u32) -> Option<Role> {
        let node = self
            .lane(lane)
            .filter(|lane| lane.kind == LaneKind::Node && self.replicates())?;
        let until = self.roles.partition_point(|(at, ..)| *at <= position);
        let changed = self.roles[..until].iter().rev();
        let changed = changed
            .filter(|(_, of, _)| *of == lane)
            .map(|(.., role)| *role)
            .next();
        Some(changed.unwrap_or(node.follows.map_or(Role::Primary, Role::Replica)))
    }

    /// Broken promises with the record that broke each, in the order that they broke.
    #[must_use]
    pub fn broken(&self) -> Vec<(u32, &Verdict)> {
        let mut broken: Vec<_> = self
            .trace
            .verdicts
            .iter()
            .filter(|verdict| verdict.outcome == VerdictOutcome::Violated)
            .filter_map(|verdict| Some((*verdict.evidence.last()?, verdict)))
            .collect();
        broken.sort_by_key(|(record, _)| *record);
        broken
    }

    /// The client that a record was done for: the sender of the command that a node executed.
    #[must_use]
    pub fn actor(&self, record: u32) -> Option<u16> {
        actor(&self.trace, record)
    }
}

/// The client behind a record, found by following causes to one on a client's or the terminal's lane.
fn actor(trace: &Trace, mut index: u32) -> Option<u16> {
    // Causes point backwards, so this ends; the bound is for a trace that was tampered with.
    for _ in 0..8 {
        let record = trace.records.get(index as usize)?;
        let kind = trace.lanes.get(usize::from(record.lane))?.kind;
        if matches!(kind, LaneKind::Client | LaneKind::Terminal) {
            return Some(record.lane);
        }
        index = record
            .message
            .as_ref()
            .filter(|m| !m.reply && m.sent < index)
            .map(|m| m.sent)
            .or(record.cause)?;
    }
    None
}
