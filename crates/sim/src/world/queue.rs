//! What is still to happen, in the order in which it will.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::world::cluster::{Move, Notice, Takeover};
use crate::world::network::{Connection, Packet};
use crate::world::replication::Letter;
use crate::world::sentinel;
use crate::world::shared::Shared;
use crate::{PacketId, SimTime};

/// Something that will happen at a known instant, unless something before it prevents that.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// A client's process starts.
    Start {
        client: u16,
        /// How often it was stopped before; a newer one makes this obsolete.
        life: u32,
        cause: Option<u32>,
    },
    /// A statement's time is over, or what a program waits for is there: it goes on.
    Continue { client: u16, life: u32, thread: u16 },
    /// A client's sleep ends.
    Wake { client: u16, life: u32, thread: u16 },
    /// A client's socket timeout passes.
    GiveUp {
        client: u16,
        life: u32,
        packet: PacketId,
    },
    /// A pause ends.
    Resume {
        client: u16,
        life: u32,
        until: SimTime,
    },
    /// A message arrives.
    Deliver(Arc<Packet>),
    /// What a node's machine had to send again and again arrives, if the machine kept its power until it got through.
    SentAgain {
        node: u16,
        since: SimTime,
        until: SimTime,
        act: Box<Act>,
    },
    /// A message would arrive if it had not been dropped.
    Lose(Arc<Packet>),
    /// A node learns that a connection is closed.
    HangUp { node: u16, connection: Connection },
    /// A client learns that a node closed a connection, or (`refused`) that nobody listens there.
    Closed {
        connection: Connection,
        node: u16,
        refused: bool,
    },
    /// A node runs the next command of a connection.
    Execute { node: u16, connection: Connection },
    /// A node's pause ends.
    ResumeNode { node: u16, until: SimTime },
    /// A node starts again.
    StartNode {
        node: u16,
        /// How often it had fallen; another fall makes this obsolete.
        life: u32,
        cause: Option<u32>,
    },
    /// A cut of the network, named by the record of its beginning, is over.
    Heal { began: u32 },
    /// A listener may have been beyond the soft limit of its buffer for too long.
    OverSoft {
        node: u16,
        connection: Connection,
        since: SimTime,
    },
    /// A trouble, named by the record of its beginning, is over.
    Mend { began: u32 },
    /// A message of one node to another arrives.
    Peer(Arc<Letter>),
    /// A node is free to send what it put off; the letter's link is the life that it was written in.
    Post(Arc<Letter>),
    /// A node is free to send a reply that it put off.
    Reply {
        node: u16,
        life: u32,
        packet: Arc<Packet>,
    },
    /// A node looks after its links.
    Beat { node: u16, life: u32 },
    /// A disk may have become safe for somebody who waits for that.
    Safe { node: u16, life: u32 },
    /// A node waits for its disk from now on.
    Stall {
        node: u16,
        life: u32,
        until: SimTime,
    },
    /// The time of a FAILOVER is up.
    FailoverOver { node: u16, began: SimTime },
    /// A message of a sentinel arrives, or one to it.
    Sentinel(Arc<sentinel::Letter>),
    /// A sentinel's timer runs out.
    SentinelTick { node: u16, life: u32 },
    /// The time of a WAIT is up.
    WaitOver {
        node: u16,
        connection: Connection,
        packet: PacketId,
    },
    /// A node looks after its cluster.
    LookAround { node: u16, life: u32 },
    /// A message of the cluster bus arrives.
    Bus(Arc<Notice>),
    /// A replica begins to take over, as it was told to.
    TakeOver {
        node: u16,
        how: Takeover,
        cause: u32,
    },
    /// The keys of a slot that a person moves go.
    MoveKeys(Move),
    /// A node's MIGRATE has waited long enough.
    MigrationOver { node: u16, number: u64 },
    /// A resource is done with a call.
    Perform { resource: u16, packet: Arc<Packet> },
    /// A call has waited long enough for somebody's transaction.
    PatienceOver { resource: u16, packet: PacketId },
    /// A resource learns that a connection is closed.
    LeftResource {
        resource: u16,
        connection: Connection,
    },
    /// An intervention takes place, by its index in the scenario.
    Intervene { index: u32, cause: Option<u32> },
}

impl Act {
    /// Whether it goes on for ever whatever happens, so that nobody has to wait for its end.
    pub(crate) fn is_beat(&self) -> bool {
        match self {
            Self::Beat { .. } => true,
            Self::Peer(letter) | Self::Post(letter) => letter.is_beat(),
            Self::SentAgain { act, .. } => act.is_beat(),
            _ => false,
        }
    }
}

/// Who goes first among things at the same instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Class {
    /// Messages, statements, starts: in the order in which they were arranged.
    Ordinary,
    /// Timeouts: what arrives in the very instant of a timeout is in time.
    Timeout,
    /// Interventions come after all else at their instant, in the order of the scenario.
    Intervention,
}

/// A place in the order of things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Turn {
    at: SimTime,
    class: Class,
    number: u64,
}

/// What lies within so many microseconds (a power of two: 33 ms) is kept together.
const SPAN_BITS: u32 = 15;

/// Some of what is still to happen, by time.
type Stretch = BTreeMap<Turn, Act>;

/// Everything that is still to happen, by time. Worlds share what is far from now: a copy of a world copies only the
/// stretch of time that something is put into or taken from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Queue {
    /// Stretches that are not empty, by their time.
    stretches: Shared<BTreeMap<u64, Shared<Stretch>>>,
    pushed: u64,
    len: usize,
    /// How many of them are only beats.
    beats: usize,
}

impl Queue {
    pub(crate) fn push(&mut self, at: SimTime, class: Class, act: Act) {
        // An intervention is numbered by its place in the scenario, so that one more does not renumber the rest.
        let number = match act {
            Act::Intervene { index, .. } => u64::from(index),
            _ => {
                self.pushed += 1;
                self.pushed
            }
        };
        let beat = act.is_beat();
        let stretch = self.stretches.entry(at.0 >> SPAN_BITS).or_default();
        if stretch.insert(Turn { at, class, number }, act).is_none() {
            self.len += 1;
            self.beats += usize::from(beat);
        }
    }

    /// When the next thing happens.
    pub(crate) fn next_at(&self) -> Option<SimTime> {
        let (_, stretch) = self.stretches.first_key_value()?;
        stretch.first_key_value().map(|(turn, _)| turn.at)
    }

    pub(crate) fn pop(&mut self) -> Option<(SimTime, Act)> {
        let mut first = self.stretches.first_entry()?;
        let (turn, act) = first.get_mut().pop_first()?;
        if first.get().is_empty() {
            first.remove();
        }
        self.len -= 1;
        self.beats -= usize::from(act.is_beat());
        Some((turn.at, act))
    }

    /// Whether nothing but beats is still to happen.
    pub(crate) fn is_idle(&self) -> bool {
        self.beats == self.len
    }

    pub(crate) fn acts(&self) -> impl Iterator<Item = &Act> {
        self.stretches.values().flat_map(|stretch| stretch.values())
    }
}
