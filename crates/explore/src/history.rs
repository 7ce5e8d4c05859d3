//! What an invariant is checked against.

use redwind_sim::{Event, KeyChange, Phase, Place, Record, Scenario, SimTime};

/// A run as invariants see it: its scenario for the names, its records for everything else.
#[derive(Clone)]
pub struct History<'a> {
    /// What was run.
    pub scenario: &'a Scenario,
    /// The keys there before the first record, and the node that each is on.
    pub initial: &'a [(Place, KeyChange)],
    /// What happened, in order.
    pub records: &'a [Record],
    /// Why the run was cut short, if it was.
    pub cut: Option<String>,
}

impl History<'_> {
    /// The name of a place.
    #[must_use]
    pub fn name(&self, place: Place) -> &str {
        let scenario = self.scenario;
        let name = match place {
            Place::Client(i) => scenario.clients.get(usize::from(i)).map(|c| &c.name),
            Place::Node(i) => scenario.nodes.get(usize::from(i)).map(|n| &n.name),
            Place::Resource(i) => scenario.resources.get(usize::from(i)).map(|r| &r.name),
            Place::Terminal => None,
        };
        name.map_or("the terminal", String::as_str)
    }

    /// The resource of this name.
    pub(crate) fn resource(&self, name: &str) -> Option<Place> {
        let index = self
            .scenario
            .resources
            .iter()
            .position(|r| r.name == name)?;
        u16::try_from(index).ok().map(Place::Resource)
    }

    /// The index of the lock with this key.
    pub(crate) fn lock(&self, key: &[u8]) -> Option<u16> {
        let index = self
            .scenario
            .locks
            .iter()
            .position(|lock| lock.key == key)?;
        u16::try_from(index).ok()
    }

    /// On how many nodes the lock must have been granted.
    pub(crate) fn quorum(&self, key: &[u8]) -> usize {
        let lock = self.scenario.locks.iter().find(|lock| lock.key == key);
        lock.map_or(1, |lock| usize::from(lock.quorum))
    }

    /// The keys that a record changed.
    pub(crate) fn changes(record: &Record) -> &[KeyChange] {
        match &record.event {
            Event::Executed { changes, .. }
            | Event::Unblocked { changes, .. }
            | Event::Expired { changes }
            | Event::Loaded { changes }
            | Event::Replicated { changes, .. }
            | Event::Cluster { changes, .. }
            | Event::Synced { changes, .. } => changes,
            _ => &[],
        }
    }

    /// Who caused what a node did: the sender of the command.
    pub(crate) fn author(record: &Record) -> Option<Place> {
        match &record.event {
            Event::Executed { by, .. } | Event::Unblocked { by, .. } => Some(*by),
            _ => None,
        }
    }

    /// Whether the next record is another write of the transaction that is committed with this one.
    pub(crate) fn commits_more(&self, record: &Record) -> bool {
        let commit = |record: &Record| match record.event {
            Event::Performed {
                packet,
                phase: Phase::Committed,
                ..
            } => Some((record.place, packet)),
            _ => None,
        };
        let next = self.records.get(record.seq as usize + 1);
        commit(record).is_some() && next.and_then(commit) == commit(record)
    }

    /// The first pause of a client between two records, if there was one.
    pub(crate) fn pause(&self, client: Place, after: u32, before: u32) -> Option<u32> {
        self.records
            .iter()
            .skip(after as usize)
            .take_while(|record| record.seq < before)
            .find(|record| record.place == client && matches!(record.event, Event::Paused { .. }))
            .map(|record| record.seq)
    }
}

/// A moment as people say it: to the millisecond, unless it is earlier than one.
pub(crate) fn moment(at: SimTime) -> String {
    let rounded = if at.0 < 1_000 {
        at
    } else {
        SimTime(at.0 / 1_000 * 1_000)
    };
    rounded.to_string()
}

/// Bytes as a reader sees them: keys and jobs are nearly always text.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
