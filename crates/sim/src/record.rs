//! What happened: the ordered records of a run, with their causes. Everything on screen, on the command line and
//! for a screen reader derives from them.

use std::sync::Arc;

use bytes::Bytes;
use redwind_engine::{KeyView, Micros};
use redwind_resp::Value;

use crate::{Batch, ClusterNews, Data, Exit, Failure, Local, Notice, ResourceCall, SimTime, Span};

/// One thing that happened at one instant.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its position in the trace, from 0.
    pub seq: u32,
    /// True time; each place's own clock is derived from it.
    pub at: SimTime,
    /// The record that made this one possible; always an earlier one.
    pub cause: Option<u32>,
    /// Where it happened.
    pub place: Place,
    /// In which thread of the client's program, when it is not the one that the program begins with.
    pub thread: Option<Arc<str>>,
    /// What happened.
    pub event: Event,
}

/// Where something happens: an index into the scenario's clients, nodes or resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// A client process.
    Client(u16),
    /// A Redis node.
    Node(u16),
    /// A resource.
    Resource(u16),
    /// The terminal that a person types in.
    Terminal,
}

/// A message's identity within one run, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PacketId(pub u32);

/// What a message carries.
#[derive(Clone, Debug)]
pub enum Message {
    /// Commands for a node.
    Commands {
        /// Each command's arguments.
        commands: Arc<[Vec<Bytes>]>,
        /// How they were sent.
        batch: Batch,
    },
    /// A call of a resource.
    Call(Arc<ResourceCall>),
    /// A node's replies, one a command.
    Replies(Arc<[Value]>),
    /// What a node pushes to a connection that listens to channels.
    Push(Value),
    /// What a resource returned.
    Returned(Data),
    /// A resource's refusal: the exception's name and text.
    Refused {
        /// The exception's name.
        kind: String,
        /// What it says.
        message: String,
    },
}

/// What happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// A client's process began, for the first time or again after a crash; a node's too, when it begins again.
    Started {
        /// How often it had been started before.
        restarts: u32,
    },
    /// A client is about to run a statement.
    Line {
        /// The line of its source, from 1.
        line: u32,
        /// Its local variables at that moment.
        locals: Arc<[Local]>,
    },
    /// A client sent a request; a terminal's command too.
    Sent {
        /// The message.
        packet: PacketId,
        /// Where to.
        to: Place,
        /// What it says.
        message: Message,
    },
    /// A node executed one command. Several follow each other for a pipeline, one record each.
    Executed {
        /// The request it came with.
        packet: PacketId,
        /// Who sent it.
        by: Place,
        /// The command.
        argv: Arc<[Bytes]>,
        /// Its reply; `None` while it blocks.
        reply: Option<Value>,
        /// The keys it changed.
        changes: Vec<KeyChange>,
    },
    /// A node answered a command that had blocked: served by another's write, or timed out.
    Unblocked {
        /// The request that had blocked.
        packet: PacketId,
        /// Who waits for it.
        by: Place,
        /// The command.
        argv: Arc<[Bytes]>,
        /// The reply.
        reply: Value,
        /// The keys it changed.
        changes: Vec<KeyChange>,
    },
    /// Keys reached their deadline on a node.
    Expired {
        /// What went.
        changes: Vec<KeyChange>,
    },
    /// A resource carried out or refused a call.
    Performed {
        /// The request.
        packet: PacketId,
        /// Who asked.
        by: Place,
        /// The call.
        call: Arc<ResourceCall>,
        /// What it answered.
        outcome: Message,
        /// What it left in the world, when it is more than a look.
        effect: Option<Effect>,
        /// How it stands to a transaction.
        phase: Phase,
    },
    /// A database made somebody wait for a transaction, or ended one without being asked to.
    Transaction {
        /// Whose call, or whose transaction.
        by: Place,
        /// What.
        news: TransactionNews,
    },
    /// A reply reached its client.
    Received {
        /// The request it answers.
        packet: PacketId,
        /// From where.
        from: Place,
        /// What it says.
        message: Message,
    },
    /// A message of a channel that it listens to reached a client, or the confirmation that it listens.
    Heard {
        /// The message's own identity.
        packet: PacketId,
        /// From where.
        from: Place,
        /// What it says, as Redis sends it: `message`, the channel, the text.
        message: Value,
    },
    /// A client waits for the next message of the channels that it listens to.
    Listens {
        /// How long, at most; `None`: for ever.
        most: Option<Span>,
    },
    /// A client gave up waiting, or its connection broke.
    Failed {
        /// The request without an answer.
        packet: PacketId,
        /// Why.
        failure: Failure,
    },
    /// A message was lost on its way.
    Lost {
        /// Which request it was, or answered.
        packet: PacketId,
        /// Why.
        because: LostBecause,
        /// Whether it was the reply that was lost.
        reply: bool,
    },
    /// A fault held a message up.
    Delayed {
        /// Which request it is, or answers.
        packet: PacketId,
        /// Whether it is the reply.
        reply: bool,
        /// How much later it arrives.
        by: Span,
    },
    /// A client goes to sleep by its own will.
    Slept {
        /// For how long.
        lasts: Span,
    },
    /// It wakes.
    Woke,
    /// A client's program starts a thread beside the one that does so.
    ThreadStarted {
        /// The new thread's name.
        name: Arc<str>,
    },
    /// A thread of a client's program ended; the others go on.
    ThreadEnded,
    /// A thread waits for another thread of its program.
    Parked {
        /// How long, at most; `None`: for ever.
        most: Option<Span>,
    },
    /// A client printed a line.
    Printed {
        /// The text without its line end.
        text: String,
    },
    /// A client begins or ceases to believe that it holds a lock.
    Believes {
        /// Index into the scenario's locks.
        lock: u16,
        /// Whether it now thinks that it holds it.
        holds: bool,
    },
    /// A client's or node's process stopped; its clock and the world go on.
    Paused {
        /// When it will go on.
        until: SimTime,
    },
    /// It goes on.
    Resumed,
    /// A client's or node's process died.
    Crashed,
    /// A node's machine lost power.
    PowerCut,
    /// A node that began again has loaded what its disk had kept; what had not been kept is gone.
    Loaded {
        /// What is not as it was when the node went down.
        changes: Vec<KeyChange>,
    },
    /// A machine's wall clock was set.
    ClockJumped {
        /// By how many microseconds: forward, or (below zero) back.
        by_micros: i64,
    },
    /// A machine's clocks run at another speed from now on.
    ClockDrifts {
        /// How many millionths too fast, or (below zero) too slow.
        ppm: i32,
    },
    /// The network was cut: messages wait until it heals.
    Partitioned {
        /// One side; the record's place is its first.
        from: Arc<[Place]>,
        /// The other side.
        to: Arc<[Place]>,
        /// Whether nothing gets through the other way either.
        both_ways: bool,
        /// When it heals; `None`: never.
        until: Option<SimTime>,
    },
    /// The network is whole again.
    Healed {
        /// One side; the record's place is its first.
        from: Arc<[Place]>,
        /// The other side.
        to: Arc<[Place]>,
    },
    /// A node closed the connection of somebody who reads too slowly.
    CutOff {
        /// Whose.
        client: Place,
        /// How many bytes it had kept for it, which are lost.
        owed: u64,
    },
    /// A machine or the network does worse from now on.
    Disturbed {
        /// In which way.
        what: Disturbance,
        /// Until when; `None`: for good, or it is over already.
        until: Option<SimTime>,
    },
    /// It does as well as before.
    Mended {
        /// What is over.
        what: Disturbance,
    },
    /// A replica repeated one command of its primary's stream.
    Replicated {
        /// The message that it came with.
        packet: PacketId,
        /// The primary.
        from: Place,
        /// The command.
        argv: Arc<[Bytes]>,
        /// The keys it changed.
        changes: Vec<KeyChange>,
    },
    /// A replica has caught up with a primary that it had lost or not known.
    Synced {
        /// The primary.
        from: Place,
        /// Whether it gave up its own data for a copy of the primary's; else it got only what it had missed.
        full: bool,
        /// What is not as it was.
        changes: Vec<KeyChange>,
    },
    /// A node's role changed.
    Role {
        /// The primary that it now follows; `None`: it is a primary.
        primary: Option<Place>,
    },
    /// A node of a cluster learned or did something because of the others.
    Cluster {
        /// What.
        news: ClusterNews,
        /// Keys that came or went with it.
        changes: Vec<KeyChange>,
    },
    /// A sentinel announced what it found or did.
    Sentinel(Arc<Notice>),
    /// A client's program ended.
    Exited(Exit),
}

/// How a call of a database stands to a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It has its effect, if it has one, at once.
    Alone,
    /// It has none yet: nobody else sees what it wrote until its transaction is committed.
    Pending,
    /// This is its effect, now that its transaction is committed. The message is the one that committed it.
    Committed,
}

/// What a database does about transactions.
#[derive(Clone, Debug, PartialEq)]
pub enum TransactionNews {
    /// A call waits for somebody else's transaction.
    Waits {
        /// The message that it came with.
        packet: PacketId,
        /// The call.
        call: Arc<ResourceCall>,
        /// What it needs: a row `accounts/1`, or a unique value `users.email = 'a'`.
        lock: String,
        /// Whose transaction has that.
        holder: Place,
    },
    /// A transaction's writes are undone.
    RolledBack {
        /// How many they were.
        writes: u32,
        /// Why.
        because: RolledBackBecause,
    },
}

/// Why a database rolled a transaction back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RolledBackBecause {
    /// Its connection is closed.
    Left,
    /// One of its calls failed as if the database had restarted.
    Failed,
    /// It waited for another that waited for it.
    Deadlock,
}

/// How a machine or the network does worse than it should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Disturbance {
    /// The place's disk takes so long for each `fsync`.
    SlowDisk {
        /// How long.
        by: Span,
    },
    /// The place's processor takes so many times ten microseconds for a command or a statement.
    SlowCpu {
        /// How many.
        times: u32,
    },
    /// Packets get lost, and are sent again.
    Loss {
        /// Between whom.
        between: Sides,
        /// How many of a million.
        ppm: u32,
    },
    /// Messages take longer.
    SlowLink {
        /// Between whom.
        between: Sides,
        /// How much longer.
        by: Span,
    },
    /// Connections are reset.
    Reset {
        /// Between whom.
        between: Sides,
    },
}

/// Two groups of places, and which way between them is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sides {
    /// One side; the record's place is its first.
    pub from: Arc<[Place]>,
    /// The other side.
    pub to: Arc<[Place]>,
    /// Whether the way back is meant too.
    pub both_ways: bool,
}

impl Sides {
    /// Whether what goes from one place to another is meant.
    pub(crate) fn concern(&self, from: Place, to: Place) -> bool {
        let one_way = self.from.contains(&from) && self.to.contains(&to);
        one_way || self.both_ways && self.from.contains(&to) && self.to.contains(&from)
    }
}

/// A key as a change left it.
#[derive(Clone, Debug)]
pub struct KeyChange {
    /// The database number.
    pub db: u32,
    /// The key.
    pub key: Bytes,
    /// What happened to it: Redis's event name, such as `set`, `expire`, `del`, `expired`.
    pub what: &'static str,
    /// Whether it came, went or stayed.
    pub changed: Changed,
    /// What it is now; `None` when it is gone.
    pub view: Option<KeyView>,
    /// When it will expire on its node's clock.
    pub expires_at: Option<Micros>,
}

/// How a change altered a key's existence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// It had not been there.
    Created,
    /// It was there and is.
    Updated,
    /// It is gone.
    Deleted,
}

/// What a call left in a resource: the thing that cannot be taken back.
#[derive(Clone, Debug, PartialEq)]
pub struct Effect {
    /// What was acted on: a row `users/42`, a stored name `report`, a recipient and subject.
    pub target: String,
    /// What was written, shortened.
    pub value: String,
    /// The fencing token that came with it.
    pub token: Option<i64>,
    /// Whether the resource took it; a refused write is recorded too.
    pub accepted: bool,
}

/// Why a message never arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LostBecause {
    /// A fault dropped it.
    Dropped,
    /// Its receiver was down, or had closed the connection.
    NobodyThere,
}
