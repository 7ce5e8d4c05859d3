//! A run as the page sees it: records with what each changed, ready to be folded.

use serde::{Deserialize, Serialize};

/// A whole run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    /// Hash of the run's records: equal on every machine for the same scenario.
    pub hash: String,
    /// The lanes of the diagram, in their order.
    pub lanes: Vec<Lane>,
    /// What happened, in order.
    pub records: Vec<Record>,
    /// Keys there before the first record.
    pub initial_keys: Vec<KeyChange>,
    /// The outcome of every invariant over the whole run.
    pub verdicts: Vec<Verdict>,
    /// What a person or the lesson did to this run, each in the form that the fault language reads back.
    pub interventions: Vec<String>,
    /// Why the run was cut short (too many records, time over), if it was.
    pub cut: Option<String>,
}

/// One lane of the diagram.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lane {
    /// The name on the lane.
    pub name: String,
    /// What it is.
    pub kind: LaneKind,
    /// Of a node that begins as a replica: the lane of its primary.
    pub follows: Option<u16>,
}

/// What a lane shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LaneKind {
    /// A client process.
    Client,
    /// A Redis node.
    Node,
    /// A sentinel: a node that watches others and holds no data.
    Sentinel,
    /// A resource beside Redis.
    Resource,
    /// The person's own terminal.
    Terminal,
}

/// One thing that happened. Its index in [`Trace::records`] is its position on the slider.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// True time in microseconds since the world began.
    pub at: u64,
    /// The record that made this one possible.
    pub cause: Option<u32>,
    /// Index of the lane where it happened.
    pub lane: u16,
    /// In which thread of a client's program, when it is not the one that the program begins with.
    pub thread: Option<String>,
    /// What sort of thing it is: decides the shape drawn.
    pub kind: RecordKind,
    /// A few words for the diagram: `SET lock:report`.
    pub label: String,
    /// One plain sentence: `redis executes SET lock:report … and answers OK`.
    pub sentence: String,
    /// The message that this record sends, takes in or loses.
    pub message: Option<Message>,
    /// The line that a client is at from here on.
    pub line: Option<u32>,
    /// The local variables of that client's thread from here on; `None` leaves them as they were.
    pub locals: Option<Vec<Local>>,
    /// Keys changed on the lane's node.
    pub keys: Vec<KeyChange>,
    /// What was left in a resource.
    pub effect: Option<Effect>,
    /// A belief that begins or ends.
    pub belief: Option<Belief>,
    /// When the state that this record begins (a pause, a sleep) will end.
    pub until: Option<u64>,
    /// The sides of a network that is cut or whole again from here on.
    pub cut: Option<Cut>,
    /// The role that the lane's node has from here on.
    pub role: Option<Role>,
    /// What the terminal shows at this record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown: Option<Shown>,
}

/// What the terminal shows when a command typed into it is answered, or when a message comes that it listens to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// The record that sent the command; `None`: it is a message of a channel.
    pub asked: Option<u32>,
    /// Lane of the node it was typed on.
    pub node: u16,
    /// The reply or the message in full, as redis-cli prints it.
    pub text: String,
    /// What the prompt tells of the connection from here on: `[3](TX)`.
    pub prompt: String,
}

/// What sort of thing a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RecordKind {
    /// A client's process began (again).
    Started,
    /// A client is about to run a line.
    Line,
    /// A message left.
    Sent,
    /// A node executed a command.
    Executed,
    /// A command now waits on the node.
    Blocked,
    /// A blocked command was answered.
    Unblocked,
    /// Keys expired.
    Expired,
    /// A resource did what it was asked.
    Performed,
    /// A resource refused.
    Refused,
    /// A resource could not do what it was asked, for no reason of the call's own.
    Unavailable,
    /// Two transactions would have waited for each other for ever: one is refused and rolled back.
    Deadlock,
    /// A reply arrived.
    Received,
    /// A client gave up waiting, or its connection broke.
    Failed,
    /// A message was lost.
    Lost,
    /// A message was held up.
    Delayed,
    /// A client sleeps by its own will.
    Slept,
    /// It wakes.
    Woke,
    /// A client printed.
    Printed,
    /// A belief changed.
    Believes,
    /// A process stopped.
    Paused,
    /// It goes on.
    Resumed,
    /// A process died.
    Crashed,
    /// A machine lost power.
    PowerCut,
    /// A node that began again loaded what its disk had kept.
    Loaded,
    /// A replica repeated a command of its primary.
    Replicated,
    /// A replica caught up with its primary.
    Synced,
    /// A node became a primary, or began to follow one.
    Role,
    /// A node said how many others, or its own disk, have what was written (`WAIT`).
    Confirmed,
    /// A node was told to put its data on its disk.
    Persisted,
    /// A node or sentinel has not heard from another for too long: its own view only.
    Suspected,
    /// Enough of them find so: another counts as down.
    AgreedDown,
    /// One that was suspected answers again.
    Returned,
    /// A node or sentinel asks the others for their votes.
    Stands,
    /// One of them votes.
    Voted,
    /// One was elected, and acts.
    Elected,
    /// Somebody else is the primary, or has a slot or its keys, from here on, as far as this lane knows.
    Moved,
    /// A node serves its clients no more.
    StopsServing,
    /// It serves them again.
    ServesAgain,
    /// A sentinel or a node of a cluster announced something else.
    Noticed,
    /// A machine's clock was set, or runs at another speed from here on.
    Clock,
    /// The network was cut.
    Partitioned,
    /// The network is whole again.
    Healed,
    /// A machine or the network does worse from here on, or connections were reset.
    Slowed,
    /// It does as well as before.
    Mended,
    /// A program ended well.
    Finished,
    /// A program ended with an exception or was stopped.
    Raised,
}

/// The message a record is about. The record that sent it is its `sent`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Index of the record that sent it: a Sent record for a request; the Executed, Unblocked or Performed one for a reply.
    pub sent: u32,
    /// The lane it goes to.
    pub to: u16,
    /// What became of it.
    pub state: MessageState,
    /// The call it belongs to, as the fault language names it: `worker-a's 2nd SET`.
    pub call: String,
    /// Whether it is the reply of that call.
    pub reply: bool,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MessageState {
    /// This record sends it.
    Sent,
    /// This record takes it in.
    Arrived,
    /// This record loses it.
    Lost,
}

/// A local variable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Local {
    /// Its name.
    pub name: String,
    /// Its `repr`, shortened.
    pub value: String,
}

/// A key after a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyChange {
    /// Lane of the node it is on.
    pub node: u16,
    /// Database number.
    pub db: u32,
    /// The key, as redis-cli prints it without the quotes.
    pub name: String,
    /// Redis's name for what happened: `set`, `expire`, `del`, `expired` …
    pub what: String,
    /// What it is now; `None` when it is gone.
    pub key: Option<Key>,
}

/// What a key holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// Redis's type name: `string`, `list`, `hash` …
    pub kind: String,
    /// Its content as redis-cli prints it, one element a line, shortened.
    pub preview: Vec<String>,
    /// How many elements it has (a string: bytes).
    pub length: u64,
    /// True time in microseconds at which it will expire.
    pub expires: Option<u64>,
    /// When that deadline was last set, true time: what a bar of the time left is measured from.
    pub expiry_set: Option<u64>,
    /// Index of the record that wrote it last; `None`: there from the start.
    pub writer: Option<u32>,
}

/// What a call left in a resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effect {
    /// What was acted on: `users/42`, `report`.
    pub target: String,
    /// What was written, shortened.
    pub value: String,
    /// The lane of the client that asked for it.
    pub by: u16,
    /// The fencing token that came with it.
    pub token: Option<i64>,
    /// Whether the resource took it.
    pub accepted: bool,
    /// The locks that the client believed it held when it asked for it.
    pub believing: Vec<String>,
}

/// Two sides of a network that do not hear each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cut {
    /// The lanes on one side.
    pub from: Vec<u16>,
    /// The lanes on the other: nothing from the first side reaches them.
    pub to: Vec<u16>,
    /// Whether nothing gets through the other way either.
    pub both_ways: bool,
}

/// What a node is among the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    /// It takes writes.
    Primary,
    /// It repeats what the node on this lane does.
    Replica(u16),
}

/// What a client holds for true about a lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Belief {
    /// The lock's key.
    pub lock: String,
    /// Whether the record's lane believes from here on that it holds it.
    pub holds: bool,
}

/// An invariant's outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The invariant's name in words: `Mutual exclusion`.
    pub name: String,
    /// Its parameters in one sentence: `only the newest holder of lock:report writes to storage`.
    pub promise: String,
    /// How it came out.
    pub outcome: VerdictOutcome,
    /// One sentence of what was found: names the actors and the moments.
    pub finding: String,
    /// The records that prove it, in order; the last is where the promise broke.
    pub evidence: Vec<u32>,
}

/// How an invariant came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum VerdictOutcome {
    /// Nothing in this run broke it.
    Held,
    /// Broken, by the evidence.
    Violated,
    /// The run ended before it could be told.
    Undecided,
}
