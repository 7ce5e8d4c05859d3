//! Replication: a primary's stream of effective writes, repeated by its replicas some time later.
//!
//! A write is answered before any replica has it; `WAIT` asks how many have. The stream is counted in bytes of the
//! commands as they are sent, as Redis counts. A replica that lost its primary asks to go on where it was: if the
//! primary's backlog still has what is missing, and both have the same history up to there, it gets just that
//! (a partial resynchronisation); otherwise it gives up its data for a copy of the primary's.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use redwind_engine::{Engine, Flags, Outputs, SessionId};
use redwind_resp::Value;

use crate::random::{Luck, Purpose};
use crate::world::World;
use crate::world::disk::{Effective, Fall, Repeat};
use crate::world::network::{Connection, code};
use crate::world::partition::Passage;
use crate::world::queue::{Act, Class};
use crate::{Batch, Event, LostBecause, Message, PacketId, Place, SimTime, Span};

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
    repeat: Option<Repeat>,
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
            let changes = self.repeat_one(node, effect);
            let event = Event::Replicated {
                packet,
                from: Place::Node(from),
                argv: Arc::clone(&effect.argv),
                changes,
            };
            self.emit(Place::Node(node), Some(sent), event);
        }
        let seq = self.records.saturating_sub(1);
        self.pass_on(node, effects, seq);
    }

    fn repeat_one(&mut self, node: u16, effect: &Effective) -> Vec<crate::KeyChange> {
        let (now, record) = (self.now, self.records);
        let place = &mut self.nodes[usize::from(node)];
        place.take_snapshot(now);
        let local = place.now(now);
        let mut repeat = match place.replication.repeat.take() {
            Some(repeat) => repeat,
            None => Repeat::new(&mut place.engine, local),
        };
        let mut out = Outputs::new();
        repeat.one(&mut place.engine, local, effect, &mut out);
        place.replication.repeat = Some(repeat);
        place.disk.append(now, std::slice::from_ref(effect));
        place
            .known
            .changes(&place.engine, local, out.iter(), Some(record))
    }

    /// A replica wants to go on where it was.
    fn sync_asked(&mut self, node: u16, replica: u16, history: u64, offset: u64, sent: u32) {
        let place = &mut self.nodes[usize::from(node)];
        let own = place.replication.history;
        let says = match place.replication.missed(history, offset) {
            Some(effects) => Says::Partial {
                history: own,
                effects,
            },
            None => Says::Full {
                history: own,
                offset: place.replication.offset,
                data: Box::new(place.data()),
            },
        };
        place.replication.followers.insert(replica, offset);
        self.post(node, replica, sent, says);
    }

    fn catch_up(
        &mut self,
        node: u16,
        from: u16,
        history: u64,
        effects: Vec<(u64, Effective)>,
        sent: u32,
    ) {
        let mut changes = Vec::new();
        let mut repeated = Vec::new();
        for (offset, effect) in effects {
            if offset > self.nodes[usize::from(node)].replication.offset {
                changes.extend(self.repeat_one(node, &effect));
                repeated.push(effect);
            }
        }
        let replication = &mut self.nodes[usize::from(node)].replication;
        replication.history = history;
        replication.link_up = true;
        let event = Event::Synced {
            from: Place::Node(from),
            full: false,
            changes,
        };
        let seq = self.emit(Place::Node(node), Some(sent), event);
        self.pass_on(node, &Arc::from(repeated), seq);
        self.tell_offset(node, from, seq);
    }

    fn copy(&mut self, node: u16, from: u16, history: u64, offset: u64, data: Engine, sent: u32) {
        let (now, record) = (self.now, self.records);
        let place = &mut self.nodes[usize::from(node)];
        place.take_snapshot(now);
        // Its clients stay connected, but what they waited for or watched is another world's.
        let open = place.drop_sessions();
        let changes = place.replace_data(data, now, "copied", record);
        place.restart_disk(now);
        let replication = &mut place.replication;
        replication.repeat = None;
        replication.history = history;
        replication.former = None;
        replication.offset = offset;
        replication.backlog = Arc::default();
        replication.backlog_from = offset;
        replication.link_up = true;
        let event = Event::Synced {
            from: Place::Node(from),
            full: true,
            changes,
        };
        let seq = self.emit(Place::Node(node), Some(sent), event);
        for connection in open {
            self.tell_closed(connection, node, false);
        }
        self.tell_offset(node, from, seq);
    }

    fn tell_offset(&mut self, node: u16, primary: u16, sent: u32) {
        let offset = self.nodes[usize::from(node)].replication.offset;
        self.post(node, primary, sent, Says::Ack { offset });
    }

    /// A primary learns how far a replica has got.
    fn acknowledged(&mut self, node: u16, replica: u16, offset: u64, sent: u32) {
        let replication = &mut self.nodes[usize::from(node)].replication;
        let Some(acked) = replication.followers.get_mut(&replica) else {
            return;
        };
        *acked = offset.max(*acked);
        let waits = std::mem::take(&mut replication.waits);
        let (done, still) = waits
            .into_iter()
            .partition(|wait| replication.reached(wait.offset) >= wait.replicas);
        replication.waits = still;
        let done: Vec<Wait> = done;
        for wait in done {
            self.end_wait(node, wait, Some(sent));
        }
    }

    fn end_wait(&mut self, node: u16, wait: Wait, cause: Option<u32>) {
        let reached = self.nodes[usize::from(node)]
            .replication
            .reached(wait.offset);
        self.answer_wait(node, wait.connection, Value::from(reached), cause);
    }

    pub(crate) fn wait_over(&mut self, node: u16, connection: Connection, packet: PacketId) {
        let place = &mut self.nodes[usize::from(node)];
        if place.waits_at(connection) != Some(packet) {
            return;
        }
        let waits = &mut place.replication.waits;
        if let Some(index) = waits.iter().position(|wait| wait.connection == connection) {
            let wait = waits.remove(index);
            self.end_wait(node, wait, None);
        }
    }

    /// A client waits for replicas from now on: they are asked how far they have got.
    pub(crate) fn wait_begins(&mut self, node: u16, connection: Connection, argv: &[Bytes]) {
        let offset = self.wrote_until(node, connection);
        let number = |at: usize| {
            argv.get(at)
                .and_then(|arg| std::str::from_utf8(arg).ok()?.parse::<u64>().ok())
        };
        let wait = Wait {
            connection,
            replicas: usize::try_from(number(1).unwrap_or(0)).unwrap_or(usize::MAX),
            offset,
        };
        let sent = self.records.saturating_sub(1);
        let place = &mut self.nodes[usize::from(node)];
        place.replication.waits.push(wait);
        let packet = place.waits_at(connection);
        let followers: Vec<u16> = place.replication.followers.keys().copied().collect();
        for follower in followers {
            self.post(node, follower, sent, Says::GetAck);
        }
        if let (Some(ms), Some(packet)) = (number(2).filter(|ms| *ms > 0), packet) {
            let act = Act::WaitOver {
                node,
                connection,
                packet,
            };
            let over = self.now
                + self.nodes[usize::from(node)]
                    .clock
                    .lasts(self.now, Span::millis(ms));
            self.queue.push(over, Class::Timeout, act);
        }
    }

    /// Commands about a node's place among others, which its engine knows nothing of. `Some(None)`: it waits.
    pub(crate) fn own_command(
        &mut self,
        node: u16,
        connection: Connection,
        argv: &[Bytes],
    ) -> Option<Option<Value>> {
        let name = argv.first()?.to_ascii_uppercase();
        let replication = &self.nodes[usize::from(node)].replication;
        let error = |text: &str| Some(Some(Value::error(text)));
        match name.as_slice() {
            b"WAIT" => {
                let number = |at: usize| {
                    argv.get(at)
                        .and_then(|arg| std::str::from_utf8(arg).ok()?.parse::<i64>().ok())
                };
                let wanted = match (argv.len(), number(1), number(2)) {
                    (3, Some(replicas), Some(timeout)) if timeout >= 0 => {
                        usize::try_from(replicas).unwrap_or(0)
                    }
                    (3, Some(_), Some(_)) => return error("ERR timeout is negative"),
                    (3, _, _) => return error("ERR value is not an integer or out of range"),
                    _ => return error("ERR wrong number of arguments for 'wait' command"),
                };
                if replication.primary.is_some() {
                    return error(
                        "ERR WAIT cannot be used with replica instances. Please also note that writes to replicas are just local and are not propagated.",
                    );
                }
                let reached = replication.reached(self.wrote_until(node, connection));
                Some((reached >= wanted).then(|| Value::from(reached)))
            }
            b"ROLE" if argv.len() == 1 => Some(Some(self.role(node))),
            b"REPLICAOF" | b"SLAVEOF" if argv.len() == 3 => {
                if argv[1].eq_ignore_ascii_case(b"no") && argv[2].eq_ignore_ascii_case(b"one") {
                    self.promote(node, None);
                    return Some(Some(Value::OK));
                }
                let host = String::from_utf8_lossy(&argv[1]).into_owned();
                match self
                    .plan
                    .node(Some(&host))
                    .filter(|primary| *primary != node)
                {
                    Some(primary) => {
                        self.follow(node, primary, None);
                        Some(Some(Value::OK))
                    }
                    None => error("ERR no such node"),
                }
            }
            _ if replication.primary.is_some() && writes(&name) => {
                error("READONLY You can't write against a read only replica.")
            }
            _ => None,
        }
    }

    fn role(&self, node: u16) -> Value {
        let replication = &self.nodes[usize::from(node)].replication;
        let name = |node: u16| Value::bulk(&self.plan.scenario.nodes[usize::from(node)].name);
        let offset = |offset: u64| i64::try_from(offset).unwrap_or(i64::MAX);
        match replication.primary {
            Some(primary) => Value::Array(vec![
                Value::text("slave"),
                name(primary),
                Value::Int(6379),
                Value::text(if replication.link_up {
                    "connected"
                } else {
                    "connect"
                }),
                Value::Int(offset(replication.offset)),
            ]),
            None => {
                let replica = |(replica, acked): (&u16, &u64)| {
                    Value::Array(vec![
                        name(*replica),
                        Value::text("6379"),
                        Value::bulk(acked.to_string()),
                    ])
                };
                Value::Array(vec![
                    Value::text("master"),
                    Value::Int(offset(replication.offset)),
                    Value::Array(replication.followers.iter().map(replica).collect()),
                ])
            }
        }
    }

    /// An operator makes a replica the primary: clients are sent there, and every other node is told to follow it as
    /// soon as it can be reached.
    pub(crate) fn fail_over(&mut self, node: u16, cause: Option<u32>) {
        if !self.nodes[usize::from(node)].is_up() {
            return;
        }
        self.service = node;
        let seq = self.promote(node, cause);
        for other in 0..self.plan.nodes() {
            if other != node {
                self.post(node, other, seq, Says::Follow);
            }
        }
    }

    /// A node becomes a primary with the data that it has.
    fn promote(&mut self, node: u16, cause: Option<u32>) -> u32 {
        let (seed, now) = (self.plan.scenario.seed, self.now);
        let replication = &mut self.nodes[usize::from(node)].replication;
        if replication.primary.is_none() {
            return self.records.saturating_sub(1);
        }
        replication.primary = None;
        replication.link += 1;
        replication.link_up = false;
        replication.former = Some((replication.history, replication.offset));
        replication.history = Luck::new(seed, Purpose::History, &[u64::from(node), now.0]).next();
        self.emit(Place::Node(node), cause, Event::Role { primary: None })
    }

    /// A node becomes a replica of another. As Sentinel does, it sends its clients away, so that they ask anew.
    fn follow(&mut self, node: u16, primary: u16, cause: Option<u32>) {
        let replication = &mut self.nodes[usize::from(node)].replication;
        if replication.primary == Some(primary) {
            return;
        }
        let was_primary = replication.primary.is_none();
        replication.primary = Some(primary);
        replication.link += 1;
        replication.link_up = false;
        replication.followers.clear();
        replication.waits.clear();
        let event = Event::Role {
            primary: Some(Place::Node(primary)),
        };
        let seq = self.emit(Place::Node(node), cause, event);
        if was_primary && cause.is_some() {
            for connection in self.nodes[usize::from(node)].connections() {
                self.tell_closed(connection, node, false);
                self.agenda.push_back(Act::HangUp { node, connection });
            }
        }
        self.ask_to_sync(node, primary, seq);
    }

    fn ask_to_sync(&mut self, node: u16, primary: u16, sent: u32) {
        let replication = &self.nodes[usize::from(node)].replication;
        let says = Says::Sync {
            history: replication.history,
            offset: replication.offset,
        };
        self.post(node, primary, sent, says);
    }

    /// A replica's link to its primary is gone; it asks again when that can have a chance.
    fn link_lost(&mut self, node: u16) {
        let replication = &mut self.nodes[usize::from(node)].replication;
        replication.link_up = false;
        replication.link += 1;
    }

    pub(crate) fn reconnect(&mut self, node: u16, link: u32) {
        let place = &self.nodes[usize::from(node)];
        let replication = &place.replication;
        let (Some(primary), true) = (
            replication.primary,
            place.is_up() && replication.link == link,
        ) else {
            return;
        };
        let sent = self.records.saturating_sub(1);
        self.ask_to_sync(node, primary, sent);
    }

    /// A paused node reads what its peers have sent.
    pub(crate) fn links_resume(&mut self, node: u16) {
        let inbox = std::mem::take(&mut self.nodes[usize::from(node)].replication.inbox);
        for letter in inbox {
            self.agenda.push_back(Act::Peer(Box::new(letter)));
        }
    }

    /// A node has fallen: its peers notice if its machine lives to tell them.
    pub(crate) fn links_down(&mut self, node: u16, how: Fall) {
        let replication = &mut self.nodes[usize::from(node)].replication;
        replication.inbox.clear();
        replication.waits.clear();
        replication.repeat = None;
        replication.link_up = false;
        let followers: Vec<u16> = std::mem::take(&mut replication.followers)
            .into_keys()
            .collect();
        if let Some(primary) = replication.primary {
            self.nodes[usize::from(primary)]
                .replication
                .followers
                .remove(&node);
        }
        if how == Fall::Killed {
            let sent = self.records.saturating_sub(1);
            for follower in followers {
                self.post(node, follower, sent, Says::Gone);
            }
        }
    }

    /// A node has started again, with what its disk had: it is another history from here on.
    pub(crate) fn links_up(&mut self, node: u16) {
        let (seed, now) = (self.plan.scenario.seed, self.now);
        let sent = self.records.saturating_sub(1);
        let replication = &mut self.nodes[usize::from(node)].replication;
        replication.history =
            Luck::new(seed, Purpose::History, &[u64::from(node), now.0, 1]).next();
        replication.former = None;
        replication.backlog = Arc::default();
        replication.backlog_from = replication.offset;
        replication.link += 1;
        let primary = replication.primary;
        match primary {
            Some(primary) => self.ask_to_sync(node, primary, sent),
            // It was the primary, and another one has taken its place meanwhile.
            None if self.service != node && self.nodes[usize::from(self.service)].is_up() => {
                let service = self.service;
                self.post(service, node, sent, Says::Follow);
            }
            None => {}
        }
        let at: SimTime = now + RETRY;
        for other in 0..self.plan.nodes() {
            let follower = &mut self.nodes[usize::from(other)].replication;
            if follower.primary == Some(node) {
                follower.link += 1;
                follower.link_up = false;
                let link = follower.link;
                self.queue
                    .push(at, Class::Ordinary, Act::Reconnect { node: other, link });
            }
        }
    }
}

/// Whether a command may change data by itself. What a script does is seen by the engine only.
fn writes(name: &[u8]) -> bool {
    let name = String::from_utf8_lossy(name).to_ascii_lowercase();
    redwind_engine::commands()
        .any(|command| command.name == name && command.flags.has(Flags::WRITE))
}
