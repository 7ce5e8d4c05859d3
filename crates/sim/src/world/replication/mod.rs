//! Replication: a primary's stream of effective writes, repeated by its replicas some time later.
//!
//! A write is answered before any replica has it; `WAIT` asks how many have. The stream is counted in bytes of the
//! commands as they are sent, as Redis counts. A replica that lost its primary asks to go on where it was: if the
//! primary's backlog still has what is missing, and both have the same history up to there, it gets just that
//! (a partial resynchronisation); otherwise it gives up its data for a copy of the primary's.

mod info;
mod resync;
mod roles;
mod waits;

use std::collections::BTreeMap;
use std::sync::Arc;

use redwind_engine::{Engine, Output, Outputs, SessionId};
use redwind_resp::Value;

use crate::world::World;
use crate::world::disk::{Effective, Repeat};
use crate::world::network::{Connection, code};
use crate::world::partition::Passage;
use crate::world::queue::{Act, Class};
use crate::{Batch, Event, LostBecause, Message, PacketId, Place, Span};

/// `repl-backlog-size`: how many bytes of the stream a node can give again.
const BACKLOG: u64 = 1024 * 1024;

/// How long a replica without a primary waits before it asks again.
const RETRY: Span = Span::seconds(1);

/// A node's part in replication.
#[derive(Clone, Debug, Default)]
pub(crate) struct Replication {
    /// The node that it follows; `None`: it is a primary.
    pub(crate) primary: Option<u16>,
    /// Names the history that its data comes from.
    history: u64,
    /// The history that it had before it became a primary, and up to where the two agree.
    former: Option<(u64, u64)>,
    /// How far it has got in the stream.
    pub(crate) offset: u64,
    /// What it can give again: each write with the offset behind it.
    backlog: Arc<Vec<(u64, Effective)>>,
    /// Where the backlog begins.
    backlog_from: u64,
    /// Counts its links to primaries: what came over an earlier one is void.
    link: u32,
    link_up: bool,
    /// The session through which it repeats its primary's writes.
    pub(super) repeat: Option<Repeat>,
    /// Its replicas, and how far each is known to have got.
    followers: BTreeMap<u16, u64>,
    /// What arrived while it was paused.
    inbox: Vec<Letter>,
    /// Letters written, to draw their latencies.
    written: u64,
    waits: Vec<Wait>,
}

/// A client in WAIT.
#[derive(Clone, Copy, Debug)]
struct Wait {
    connection: Connection,
    replicas: usize,
    offset: u64,
}

/// A message of one node to another.
#[derive(Clone, Debug)]
pub(crate) struct Letter {
    from: u16,
    to: u16,
    /// The replica's link that it belongs to.
    link: u32,
    /// The record that sent it.
    sent: u32,
    says: Says,
}

#[derive(Clone)]
enum Says {
    /// A replica: I was here in this history; go on, please.
    Sync { history: u64, offset: u64 },
    /// A primary: here is what you have missed.
    Partial {
        history: u64,
        effects: Vec<(u64, Effective)>,
    },
    /// A primary: here is a copy of all that I have.
    Full {
        history: u64,
        offset: u64,
        data: Box<Engine>,
    },
    /// A primary's writes.
    Stream {
        packet: PacketId,
        effects: Arc<[Effective]>,
        offset: u64,
    },
    /// A primary: how far have you got?
    GetAck,
    /// A replica: this far.
    Ack { offset: u64 },
    /// A new primary: follow me.
    Follow,
    /// A machine: that process is gone.
    Gone,
}

impl std::fmt::Debug for Says {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Sync { .. } => "Sync",
            Self::Partial { .. } => "Partial",
            Self::Full { .. } => "Full",
            Self::Stream { .. } => "Stream",
            Self::GetAck => "GetAck",
            Self::Ack { .. } => "Ack",
            Self::Follow => "Follow",
            Self::Gone => "Gone",
        })
    }
}

impl Replication {
    /// A replica that has been with its primary from the start.
    pub(crate) fn following(primary: u16) -> Self {
        Self {
            primary: Some(primary),
            link_up: true,
            ..Self::default()
        }
    }

    pub(crate) fn followed_by(&mut self, replica: u16) {
        self.followers.insert(replica, 0);
    }

    pub(crate) fn session(&self) -> Option<SessionId> {
        self.repeat.as_ref().map(Repeat::session)
    }

    fn remember(&mut self, effects: &[Effective]) {
        let backlog = Arc::make_mut(&mut self.backlog);
        for effect in effects {
            self.offset += size(effect);
            backlog.push((self.offset, effect.clone()));
        }
        let keep_from = self.offset.saturating_sub(BACKLOG);
        let gone = backlog.partition_point(|(end, _)| *end <= keep_from);
        if gone > backlog.len() / 2 {
            self.backlog_from = backlog[gone - 1].0;
            backlog.drain(..gone);
        }
    }

    /// What a replica at `offset` of `history` has missed; `None`: that can't be said.
    fn missed(&self, history: u64, offset: u64) -> Option<Vec<(u64, Effective)>> {
        let same = history == self.history && offset <= self.offset;
        let before = self
            .former
            .is_some_and(|(former, until)| history == former && offset <= until);
        if !(same || before) || offset < self.backlog_from {
            return None;
        }
        Some(
            self.backlog
                .iter()
                .filter(|(end, _)| *end > offset)
                .cloned()
                .collect(),
        )
    }

    fn reached(&self, offset: u64) -> usize {
        self.followers
            .values()
            .filter(|acked| **acked >= offset)
            .count()
    }
}

fn size(effect: &Effective) -> u64 {
    let mut encoded = Vec::new();
    redwind_resp::encode_request(&effect.argv, &mut encoded);
    encoded.len() as u64
}

impl World {
    /// A node's data changed by these writes: they go to its disk and to its replicas.
    pub(crate) fn wrote(&mut self, node: u16, effects: Vec<Effective>, cause: u32) {
        if effects.is_empty() {
            return;
        }
        let now = self.now;
        let place = &mut self.nodes[usize::from(node)];
        place.disk.append(now, &effects);
        // A replica's own doings (it hides expired keys) are no part of the stream.
        if place.replication.primary.is_none() {
            self.pass_on(node, &Arc::from(effects), cause);
        }
    }

    /// Appends to a node's stream, and sends it to its replicas.
    fn pass_on(&mut self, node: u16, effects: &Arc<[Effective]>, cause: u32) {
        let replication = &mut self.nodes[usize::from(node)].replication;
        replication.remember(effects);
        let offset = replication.offset;
        let followers: Vec<u16> = replication.followers.keys().copied().collect();
        for to in followers {
            let packet = self.next_packet();
            let event = Event::Sent {
                packet,
                to: Place::Node(to),
                message: Message::Commands {
                    commands: effects.iter().map(|effect| effect.argv.to_vec()).collect(),
                    batch: Batch::Replication,
                },
            };
            let sent = self.emit(Place::Node(node), Some(cause), event);
            let says = Says::Stream {
                packet,
                effects: Arc::clone(effects),
                offset,
            };
            self.post(node, to, sent, says);
        }
    }

    /// Sends a message from node to node.
    fn post(&mut self, from: u16, to: u16, sent: u32, says: Says) {
        let replication = &mut self.nodes[usize::from(from)].replication;
        replication.written += 1;
        let circumstances = [code(Place::Node(from)), u64::from(to), replication.written];
        // A link is named by the replica's end of it.
        let replica = if matches!(says, Says::Sync { .. } | Says::Ack { .. }) {
            from
        } else {
            to
        };
        let letter = Letter {
            from,
            to,
            link: self.nodes[usize::from(replica)].replication.link,
            sent,
            says,
        };
        let (sender, receiver) = (Place::Node(from), Place::Node(to));
        let wait = match self.passage(sender, receiver) {
            Passage::Open => Span(0),
            Passage::Held(wait) => wait,
            Passage::Never => return self.letter_lost(&letter, LostBecause::Dropped),
        };
        let connection = Connection {
            from: sender,
            number: u32::from(to),
        };
        let arrives = self.now + wait + self.draw_latency(sender, receiver, &circumstances);
        let last = self.arrivals.entry((connection, false)).or_default();
        let arrives = arrives.max(*last);
        *last = arrives;
        if let (Says::Stream { packet, .. }, true) = (&letter.says, wait > Span(0)) {
            let event = Event::Delayed {
                packet: *packet,
                reply: false,
                by: wait,
            };
            self.emit(sender, Some(sent), event);
        }
        self.queue
            .push(arrives, Class::Ordinary, Act::Peer(Box::new(letter)));
    }

    fn letter_lost(&mut self, letter: &Letter, because: LostBecause) {
        if let Says::Stream { packet, .. } = &letter.says {
            let event = Event::Lost {
                packet: *packet,
                because,
                reply: false,
            };
            self.emit(Place::Node(letter.to), Some(letter.sent), event);
        }
    }

    pub(crate) fn letter_arrives(&mut self, letter: Letter) {
        let place = &mut self.nodes[usize::from(letter.to)];
        if !place.is_up() {
            return self.letter_lost(&letter, LostBecause::NobodyThere);
        }
        if place.paused_until.is_some() {
            place.replication.inbox.push(letter);
            return;
        }
        let (from, to) = (letter.from, letter.to);
        let replication = &place.replication;
        let to_replica = matches!(
            letter.says,
            Says::Stream { .. }
                | Says::Partial { .. }
                | Says::Full { .. }
                | Says::GetAck
                | Says::Gone
        );
        if to_replica && (replication.primary != Some(from) || replication.link != letter.link) {
            return self.letter_lost(&letter, LostBecause::NobodyThere);
        }
        match letter.says {
            Says::Sync { history, offset } => {
                self.sync_asked(to, from, history, offset, letter.sent)
            }
            Says::Partial { history, effects } => {
                self.catch_up(to, from, history, effects, letter.sent)
            }
            Says::Full {
                history,
                offset,
                data,
            } => self.copy(to, from, history, offset, *data, letter.sent),
            Says::Stream {
                packet,
                effects,
                offset,
            } => self.repeat(to, from, packet, &effects, offset, letter.sent),
            Says::GetAck => {
                let offset = replication.offset;
                self.post(to, from, letter.sent, Says::Ack { offset });
            }
            Says::Ack { offset } => self.acknowledged(to, from, offset, letter.sent),
            Says::Follow => self.follow(to, from, Some(letter.sent)),
            Says::Gone => self.link_lost(to),
        }
    }

    /// A replica repeats its primary's writes.
    fn repeat(
        &mut self,
        node: u16,
        from: u16,
        packet: PacketId,
        effects: &Arc<[Effective]>,
        offset: u64,
        sent: u32,
    ) {
        // What came before the copy that it has taken since is in the copy.
        if offset <= self.nodes[usize::from(node)].replication.offset {
            return;
        }
        for effect in effects.iter() {
            let (changes, pushed) = self.repeat_one(node, effect);
            let event = Event::Replicated {
                packet,
                from: Place::Node(from),
                argv: Arc::clone(&effect.argv),
                changes,
            };
            let seq = self.emit(Place::Node(node), Some(sent), event);
            // Its own listeners hear what was published on its primary.
            self.push_all(node, pushed, seq);
        }
        let seq = self.records.saturating_sub(1);
        self.pass_on(node, effects, seq);
    }

    fn repeat_one(
        &mut self,
        node: u16,
        effect: &Effective,
    ) -> (Vec<crate::KeyChange>, Vec<(SessionId, Value)>) {
        let (now, record) = (self.now, self.records);
        let place = &mut self.nodes[usize::from(node)];
        place.take_snapshot(now);
        let local = place.now(now);
        let mut out = Outputs::new();
        if let Some(repeat) = &mut place.replication.repeat {
            repeat.one(&mut place.engine, local, effect, &mut out);
        }
        place.disk.append(now, std::slice::from_ref(effect));
        let changes = place
            .known
            .changes(&place.engine, local, out.iter(), Some(record));
        let pushed = out.into_iter().filter_map(|output| match output {
            Output::Push { to, value } => Some((to, value)),
            _ => None,
        });
        (changes, pushed.collect())
    }
}
