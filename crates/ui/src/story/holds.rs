//! Belief and truth: who thinks that it holds a lock, and whom Redis would name.

use std::collections::BTreeMap;

use redwind_protocol::{RecordKind, Trace};

use super::actor;

/// A time of holding a lock, believed or true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Which of the two.
    pub kind: HoldKind,
    /// The lock's key.
    pub lock: String,
    /// The client that believes; for the truth, the one whose write made the key what it is.
    pub client: u16,
    /// The lane it is drawn on: the client's, or the node's.
    pub lane: u16,
    /// The record that begins it.
    pub from: u32,
    /// The record that ends it; `None`: it lasts beyond the run.
    pub to: Option<u32>,
    /// Whether the key's time ran out, rather than somebody removing it.
    pub expired: bool,
}

/// Belief or truth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoldKind {
    /// What a client thinks.
    Believed,
    /// What the node has.
    True,
}

/// All holds, beliefs first, each in the order they begin.
pub(super) fn find(trace: &Trace) -> Vec<Hold> {
    let mut holds: Vec<Hold> = Vec::new();
    let mut open: BTreeMap<(u16, &str), usize> = BTreeMap::new();
    for (index, record) in (0_u32..).zip(&trace.records) {
        let Some(belief) = &record.belief else {
            continue;
        };
        let id = (record.lane, belief.lock.as_str());
        if let Some(hold) = open.remove(&id).and_then(|i| holds.get_mut(i)) {
            hold.to = Some(index);
        }
        if belief.holds {
            open.insert(id, holds.len());
            holds.push(Hold {
                kind: HoldKind::Believed,
                lock: belief.lock.clone(),
                client: record.lane,
                lane: record.lane,
                from: index,
                to: None,
                expired: false,
            });
        }
    }
    let locks: Vec<String> = {
        let mut locks: Vec<_> = holds.iter().map(|hold| hold.lock.clone()).collect();
        locks.sort();
        locks.dedup();
        locks
    };
    truths(trace, &locks, &mut holds);
    holds
}

fn truths(trace: &Trace, locks: &[String], holds: &mut Vec<Hold>) {
    let mut open: BTreeMap<(u16, &str), usize> = BTreeMap::new();
    for (index, record) in (0_u32..).zip(&trace.records) {
        for change in record
            .keys
            .iter()
            .filter(|change| locks.contains(&change.name))
        {
            let id = (change.node, change.name.as_str());
            let holder = change
                .key
                .as_ref()
                .and_then(|key| actor(trace, key.writer.unwrap_or(index)));
            let before = open.get(&id).and_then(|i| holds.get_mut(*i));
            if let Some(hold) = before {
                if holder == Some(hold.client) {
                    continue;
                }
                hold.to = Some(index);
                hold.expired = record.kind == RecordKind::Expired || change.what == "expired";
                open.remove(&id);
            }
            if let Some(client) = holder {
                open.insert(id, holds.len());
                holds.push(Hold {
                    kind: HoldKind::True,
                    lock: change.name.clone(),
                    client,
                    lane: change.node,
                    from: index,
                    to: None,
                    expired: false,
                });
            }
        }
    }
}
