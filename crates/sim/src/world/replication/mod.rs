//! Replication: a primary's stream of effective writes, repeated by its replicas some time later.
//!
//! A write is answered before any replica has it; `WAIT` asks how many have. The stream is counted in bytes of the
//! commands as they are sent, as Redis counts. A replica that lost its primary asks to go on where it was: if the
//! primary's backlog still has what is missing, and both have the same history up to there, it gets just that
//! (a partial resynchronisation); otherwise it gives up its data for a copy of the primary's.

mod beats;
mod commands;
mod failover;
mod info;
mod repeat;
mod resync;
mod roles;
mod waits;

pub(crate) use commands::NAMES;
pub(crate) use roles::Why;

use std::collections::BTreeMap;
use std::sync::Arc;

use redwind_engine::{Engine, SessionId};

use crate::world::World;
use crate::world::disk::{Effective, Repeat};
use crate::world::inspect::Stream;
use crate::world::network::{Connection, code};
use crate::world::partition::Passage;
use crate::world::queue::{Act, Class};
use crate::world::shared::{Log, Shared};
use crate::{Batch, Event, LostBecause, Message, PacketId, Place, SimTime, Span};

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
    backlog: Log<(u64, Effective)>,
    /// Where the backlog begins.
    backlog_from: u64,
    /// Counts its links to primaries: what came over an earlier one is void.
    link: u32,
    link_up: bool,
    /// When it asked a primary that has not answered yet.
    asked: Option<SimTime>,
    /// What its wall clock showed, in seconds, when it last heard of its primary.
    heard: u64,
    /// When its link came up or went down.
    link_since: SimTime,
    /// The session through which it repeats its primary's writes.
    pub(super) repeat: Option<Repeat>,
    /// Its replicas.
    followers: BTreeMap<u16, Follower>,
    /// What arrived while it was paused.
    inbox: Vec<Letter>,
    /// Letters written, to draw their latencies.
    written: u64,
    waits: Vec<Wait>,
    /// What it does once a second, from when it first had to do with another node.
    pulse: beats::Pulse,
    /// A failover that it was asked for and has not carried out yet.
    failover: Option<failover::Failover>,
}

/// What a primary knows of a replica.
#[derive(Clone, Copy, Debug, Default)]
struct Follower {
    /// The replica's link over which it follows.
    link: u32,
    /// Whether it has its copy; until then it counts for nobody.
    online: bool,
    /// How far it has got in the stream.
    acked: u64,
    /// How far its disk has got, if it keeps an append-only file.
    safe: Option<u64>,
    /// What the primary's wall clock showed, in seconds, when it last said so.
    heard: u64,
    /// Since when it has been further behind than the soft limit of its buffer allows.
    over_since: Option<SimTime>,
}

/// A client in WAIT or WAITAOF.
#[derive(Clone, Copy, Debug)]
struct Wait {
    connection: Connection,
    wants: Wanted,
    offset: u64,
}

/// What a client waits for.
#[derive(Clone, Copy, Debug)]
struct Wanted {
    replicas: usize,
    /// WAITAOF: disks count, and `local` says whether the primary's own does.
    disks: bool,
    local: bool,
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
    /// A replica: I was here in this history; go on, please. With `takes_over` it is a primary that hands over to the
    /// receiver.
    Sync {
        history: u64,
        offset: u64,
        takes_over: bool,
    },
    /// A node that can serve no replica now: not me.
    No,
    /// A primary: here is what you have missed.
    Partial {
        history: u64,
        effects: Arc<[(u64, Effective)]>,
    },
    /// A primary: here is a copy of all that I have.
    Full {
        history: u64,
        offset: u64,
        data: Shared<Engine>,
    },
    /// A primary's writes.
    Stream {
        packet: PacketId,
        effects: Arc<[Effective]>,
        offset: u64,
    },
    /// A primary: how far have you got?
    GetAck,
    /// A primary: I am alive, which is a command of the stream too.
    Ping { effect: Effective, offset: u64 },
    /// A replica: this far, and my disk this far. `beat`: nobody asked.
    Ack {
        offset: u64,
        safe: Option<u64>,
        beat: bool,
    },
    /// A new primary: follow me.
    Follow,
    /// A primary, or its machine: this link is closed.
    Gone,
    /// A replica, or its machine: this link is closed.
    Left,
}

impl std::fmt::Debug for Says {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Sync { .. } => "Sync",
            Self::Partial { .. } => "Partial",
            Self::Full { .. } => "Full",
            Self::Stream { .. } => "Stream",
            Self::No => "No",
            Self::Ping { .. } => "Ping",
            Self::GetAck => "GetAck",
            Self::Ack { .. } => "Ack",
            Self::Follow => "Follow",
            Self::Gone => "Gone",
            Self::Left => "Left",
        })
    }
}

impl Replication {
    /// A replica that has been with its primary from the start.
    pub(crate) fn following(primary: u16, seconds: u64) -> Self {
        Self {
            primary: Some(primary),
            link_up: true,
            heard: seconds,
            ..Self::default()
        }
    }

    /// What it has when the world begins is of this history.
    pub(crate) fn begin(&mut self, history: u64) {
        self.history = history;
    }

    pub(crate) fn followed_by(&mut self, replica: u16, seconds: u64) {
        let follower = Follower {
            online: true,
            heard: seconds,
            ..Follower::default()
        };
        self.followers.insert(replica, follower);
    }

    /// Whether a replica has its link to its primary.
    pub(crate) fn linked(&self) -> bool {
        self.link_up
    }

    pub(crate) fn stream(&self) -> Stream {
        Stream {
            history: self.history,
            offset: self.offset,
            primary: self.primary,
            linked: self.link_up,
        }
    }

    pub(crate) fn session(&self) -> Option<SessionId> {
        self.repeat.as_ref().map(Repeat::session)
    }

    /// Whether the link to its primary is there.
    pub(crate) fn link_is_up(&self) -> bool {
        self.link_up
    }

    /// For how long the link to its primary has been as it is.
    pub(crate) fn link_lasts(&self, now: SimTime) -> Span {
        now - self.link_since
    }

    /// The nodes that follow it.
    pub(crate) fn replicas(&self) -> Vec<u16> {
        self.followers.keys().copied().collect()
    }

    fn remember(&mut self, effects: &[Effective], most: u64) {
        for effect in effects {
            self.offset += effect.size();
            self.backlog.push((self.offset, effect.clone()));
        }
        let keep_from = self.offset.saturating_sub(most);
        self.backlog_from = self.backlog_from.max(keep_from);
        let gone = self.backlog.partition_point(|(end, _)| *end <= keep_from);
        self.backlog.give_up(gone);
    }

    /// What a replica at `offset` of `history` has missed; `None`: that can't be said.
    fn missed(&self, history: u64, offset: u64) -> Option<Arc<[(u64, Effective)]>> {
        let same = history == self.history && offset <= self.offset;
        let before = self
            .former
            .is_some_and(|(former, until)| history == former && offset <= until);
        if !(same || before) || offset < self.backlog_from {
            return None;
        }
        let first = self.backlog.partition_point(|(end, _)| *end <= offset);
        Some(self.backlog.from(first).cloned().collect())
    }

    /// Notes whether a replica is beyond the soft limit of its buffer; gives since when it is.
    pub(crate) fn over_soft(&mut self, replica: u16, over: bool, now: SimTime) -> Option<SimTime> {
        let follower = self.followers.get_mut(&replica)?;
        follower.over_since = over.then(|| follower.over_since.unwrap_or(now));
        follower.over_since
    }

    /// How many replicas have got so far.
    fn reached(&self, offset: u64) -> usize {
        let online = self.followers.values().filter(|follower| follower.online);
        online.filter(|follower| follower.acked >= offset).count()
    }

    /// How many replicas' disks have got so far.
    fn safe_on(&self, offset: u64) -> usize {
        let online = self.followers.values().filter(|follower| follower.online);
        online
            .filter(|follower| follower.safe.is_some_and(|safe| safe >= offset))
            .count()
    }
}

impl Letter {
    /// How many bytes it takes. A copy of everything counts as its keys and values do in memory.
    fn size(&self) -> u64 {
        match &self.says {
            Says::Stream { effects, .. } => effects.iter().map(Effective::size).sum(),
            Says::Partial { effects, .. } => effects.iter().map(|(_, it)| it.size()).sum(),
            Says::Full { data, .. } => data.data_memory(),
            _ => 64,
        }
    }

    /// Whether it is only a sign of life, which keeps no run from ending.
    pub(crate) fn is_beat(&self) -> bool {
        matches!(self.says, Says::Ping { .. } | Says::Ack { beat: true, .. })
    }
}

impl World {
    /// A node's data changed by these writes: they go to its disk and to its replicas.
    pub(crate) fn wrote(&mut self, node: u16, effects: Vec<Effective>, cause: u32) {
        if effects.is_empty() {
            return;
        }
        let now = self.now;
        let place = &mut *self.nodes[usize::from(node)];
        let offset = place.replication.offset;
        let stall = place.disk.append(now, &effects, offset);
        self.disk_stalls(node, stall);
        let place = &mut *self.nodes[usize::from(node)];
        // A replica's own doings (it hides expired keys) are no part of the stream.
        if place.replication.primary.is_none() {
            self.pass_on(node, &Arc::from(effects), cause);
        }
    }

    /// Appends to a node's stream, and sends it to its replicas.
    fn pass_on(&mut self, node: u16, effects: &Arc<[Effective]>, cause: u32) {
        let offset = self.remember(node, effects);
        let replication = &self.nodes[usize::from(node)].replication;
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
        self.replicas_behind(node);
    }

    /// Appends to what a node can give again; gives where the stream stands then.
    fn remember(&mut self, node: u16, effects: &[Effective]) -> u64 {
        let place = &mut *self.nodes[usize::from(node)];
        let most = place.engine.config().replication.backlog_size;
        place.replication.remember(effects, most.unsigned_abs());
        place.replication.offset
    }

    /// Sends a message from node to node, as soon as its process is free to.
    fn post(&mut self, from: u16, to: u16, sent: u32, says: Says) {
        let node = &self.nodes[usize::from(from)];
        if node.busy_until > self.now && node.is_up() {
            let letter = Letter {
                from,
                to,
                link: node.life,
                sent,
                says,
            };
            let act = Act::Post(Arc::new(letter));
            return self.queue.push(node.busy_until, Class::Ordinary, act);
        }
        self.post_now(from, to, sent, says);
    }

    /// A process is free to send what it had to put off, if it still lives.
    pub(crate) fn post_late(&mut self, letter: Letter) {
        let node = &self.nodes[usize::from(letter.from)];
        if node.is_up() && node.life == letter.link {
            self.post(letter.from, letter.to, letter.sent, letter.says);
        } else {
            self.letter_lost(&letter, LostBecause::NobodyThere);
        }
    }

    fn post_now(&mut self, from: u16, to: u16, sent: u32, says: Says) {
        let replication = &mut self.nodes[usize::from(from)].replication;
        let number = match &says {
            // Signs of life are counted apart, so that they change nothing about the rest.
            Says::Ping { .. } | Says::Ack { beat: true, .. } => replication.pulse.count(),
            _ => {
                replication.written += 1;
                replication.written
            }
        };
        let circumstances = [code(Place::Node(from)), u64::from(to), number];
        // A link is named by the replica's end of it.
        let link = match says {
            Says::Sync { .. } | Says::Ack { .. } | Says::Left => replication.link,
            _ => match replication.followers.get(&to) {
                Some(follower) => follower.link,
                None => self.nodes[usize::from(to)].replication.link,
            },
        };
        let letter = Letter {
            from,
            to,
            link,
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
        let travel = self.travel(sender, receiver, &circumstances);
        let Some(resent) = travel.resent else {
            return self.letter_lost(&letter, LostBecause::Dropped);
        };
        let wait = Span(wait.0.saturating_add(resent.0));
        let sent_at = self.put_through(sender, receiver, || letter.size());
        let arrives = sent_at + wait + travel.takes;
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
        let act = self.sent_again(sender, wait, Act::Peer(Arc::new(letter)));
        self.queue.push(arrives, Class::Ordinary, act);
    }

    pub(crate) fn letter_lost(&mut self, letter: &Letter, because: LostBecause) {
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
        let place = &mut *self.nodes[usize::from(letter.to)];
        if !place.is_up() {
            if matches!(letter.says, Says::Sync { .. }) && place.machine_lives() {
                self.post_now(letter.to, letter.from, letter.sent, Says::No);
            }
            return self.letter_lost(&letter, LostBecause::NobodyThere);
        }
        if place.paused_until.is_some() {
            place.replication.inbox.push(letter);
            return;
        }
        if place.busy_until > self.now {
            let act = Act::Peer(Arc::new(letter));
            return self.queue.push(place.busy_until, Class::Ordinary, act);
        }
        let (from, to) = (letter.from, letter.to);
        let seconds = place.now(self.now).0 / 1_000_000;
        let replication = &mut place.replication;
        let to_replica = matches!(
            letter.says,
            Says::Stream { .. }
                | Says::Partial { .. }
                | Says::Full { .. }
                | Says::GetAck
                | Says::Ping { .. }
                | Says::No
                | Says::Gone
        );
        if to_replica && (replication.primary != Some(from) || replication.link != letter.link) {
            return self.letter_lost(&letter, LostBecause::NobodyThere);
        }
        if to_replica {
            replication.heard = seconds;
        }
        match letter.says {
            Says::Sync {
                history,
                offset,
                takes_over,
            } => {
                if takes_over {
                    self.take_over(to, from, letter.sent);
                }
                self.sync_asked(to, from, letter.link, (history, offset), letter.sent);
            }
            Says::No => replication.asked = None,
            Says::Partial { history, effects } => {
                self.catch_up(to, from, history, &effects, letter.sent)
            }
            Says::Full {
                history,
                offset,
                data,
            } => self.copy(to, from, history, offset, (*data).clone(), letter.sent),
            Says::Stream {
                packet,
                effects,
                offset,
            } => self.repeat(to, from, packet, &effects, offset, letter.sent),
            Says::Ping { effect, offset } => self.pinged(to, effect, offset),
            Says::GetAck => self.tell_offset(to, from, letter.sent, false),
            Says::Ack { offset, safe, .. } => {
                self.acknowledged(to, from, letter.link, (offset, safe), letter.sent);
            }
            Says::Follow => self.follow(to, from, roles::Why::Told, Some(letter.sent)),
            Says::Gone => self.link_lost(to),
            Says::Left => self.follower_left(to, from, letter.link),
        }
    }
}
