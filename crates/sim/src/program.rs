//! What a client runs: a resumable program that asks the world for everything outside itself.

use std::sync::Arc;

use bytes::Bytes;
use redwind_resp::Value;

use crate::{Data, Span};

/// A running program. It has no clock, no I/O and no entropy of its own: it stops at each [`Request`] and goes
/// on with the [`Answer`]. The same answers give the same requests.
pub trait Program: Send + Sync {
    /// Runs until the program needs the world. The first call is answered with [`Answer::Done`].
    /// After [`Request::Exit`] it is not called again.
    fn resume(&mut self, answer: Answer) -> Request;

    /// The same for one thread of a program that has several; 0 is the one it begins with. Each has a request of its
    /// own under way, and goes on with the answer to it.
    fn resume_thread(&mut self, thread: u16, answer: Answer) -> Request {
        let _ = thread;
        self.resume(answer)
    }

    /// An independent copy that continues from the same point: what makes worlds cloneable.
    fn fork(&self) -> Box<dyn Program>;
}

/// What a client is started from, and started from again after a crash.
pub trait Source: Send + Sync {
    /// A program at its beginning.
    fn start(&self, start: &Start) -> Box<dyn Program>;
}

/// What a program is told about itself.
#[derive(Clone, Debug)]
pub struct Start {
    /// The client's name in the scenario, such as `worker-a`.
    pub client: String,
    /// Seeds everything random in the program; differs per client and per restart.
    pub seed: u64,
}

/// What a program wants from the world.
#[derive(Clone, Debug)]
pub enum Request {
    /// It is about to run the statement on `line` (from 1). Answered with [`Answer::Done`] when its turn comes.
    Line {
        /// The line in the learner's source, from 1.
        line: u32,
        /// The local variables at that moment.
        locals: Arc<[Local]>,
    },
    /// Commands for a Redis node, sent as one message. Answered with [`Answer::Replies`], one value a command, or
    /// [`Answer::Failed`].
    Redis {
        /// The node's name or host as the program gave it; `None` is the scenario's first node, or the primary that
        /// the latest failover made: an address that operators keep right.
        node: Option<String>,
        /// A connection of the program's pool: commands on one connection share a session (SELECT, MULTI,
        /// WATCH). Numbered by the program from 0.
        connection: u32,
        /// The commands in order, each with its arguments.
        commands: Vec<Vec<Bytes>>,
        /// How they were sent.
        batch: Batch,
        /// The program's socket timeout; `None` waits for ever.
        timeout: Option<Span>,
    },
    /// A call to a resource. Answered with [`Answer::Data`], [`Answer::Refused`] or [`Answer::Failed`].
    Resource(ResourceCall),
    /// Waits for the next message that a node pushes on a connection which listens to channels. Answered with
    /// [`Answer::Pushed`], with [`Answer::Done`] when the time is over, or with [`Answer::Failed`].
    Listen {
        /// The connection of the program's pool.
        connection: u32,
        /// How long to wait, at most; zero only looks, `None` waits for ever.
        timeout: Option<Span>,
    },
    /// Whether its machine still holds a connection of the program's pool to a node for open. Answered at once with
    /// [`Answer::Done`], or with [`Answer::Failed`] if not.
    IsOpen {
        /// The connection.
        connection: u32,
    },
    /// Closes a connection of the program's pool. Answered at once with [`Answer::Done`].
    HangUp {
        /// The connection.
        connection: u32,
    },
    /// Sleeps on the client's own clock. Answered with [`Answer::Done`].
    Sleep(Span),
    /// The client's wall clock. Answered at once with [`Answer::Micros`], since the Unix epoch.
    WallClock,
    /// The client's monotonic clock. Answered at once with [`Answer::Micros`], from an arbitrary zero.
    MonotonicClock,
    /// Starts a thread: from now on it is resumed under this number, first with [`Answer::Done`]. Answered with
    /// [`Answer::Done`].
    Spawn {
        /// Its number: the first is 1, each later one the next.
        thread: u16,
        /// Its name.
        name: Arc<str>,
    },
    /// Waits until another thread of the program wakes this one, answered with [`Answer::Done`], or until the time is
    /// over, answered with [`Answer::Failed`].
    Park {
        /// How long, at most; `None` waits for ever.
        timeout: Option<Span>,
    },
    /// Wakes a thread that waits. Answered at once with [`Answer::Done`].
    Unpark {
        /// Its number.
        thread: u16,
    },
    /// This thread ended; the others go on. It is not resumed again.
    EndThread,
    /// A line the program printed. Answered at once with [`Answer::Done`].
    Print(String),
    /// The program ended, with all its threads.
    Exit(Exit),
}

/// How commands travel together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Batch {
    /// One command.
    Single,
    /// Several commands in one message; others may run between them.
    Pipeline,
    /// The commands already include MULTI and EXEC.
    Transaction,
    /// Commands that begin or end to listen to channels. Nobody waits for their replies: each confirmation comes
    /// as a message of its own, for [`Request::Listen`]. Answered at once with [`Answer::Done`].
    Subscription,
    /// A primary's stream of effective writes to a replica; no program sends it.
    Replication,
}

/// A call to a resource beside Redis.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceCall {
    /// The resource's name: `db`, `storage`, `mailer` …
    pub resource: String,
    /// The method: `get`, `write`, `send` …
    pub method: String,
    /// Arguments by position.
    pub args: Vec<Data>,
    /// Arguments by name.
    pub named: Vec<(String, Data)>,
    /// The locks that its client believes it holds as it makes the call, by their index in the scenario. The world
    /// fills this in: a program need not know what it believes.
    pub believing: Vec<u16>,
}

/// The world's answer to a [`Request`].
#[derive(Clone, Debug)]
pub enum Answer {
    /// Go on.
    Done,
    /// Replies to [`Request::Redis`], one a command (of a transaction: MULTI's, each QUEUED, and EXEC's). An error
    /// reply is a value too.
    Replies(Vec<Value>),
    /// What a node pushed, for [`Request::Listen`].
    Pushed(Value),
    /// What a resource returned.
    Data(Data),
    /// The resource refused the call: `kind` is the exception's name (`StaleToken`), `message` its text.
    Refused {
        /// The exception's name.
        kind: String,
        /// What it says.
        message: String,
    },
    /// No answer came: what redis-py raises as `TimeoutError` or `ConnectionError`.
    Failed(Failure),
    /// A clock's reading in microseconds.
    Micros(u64),
}

/// Why no answer came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The program's socket timeout passed. The command may still have been executed.
    Timeout,
    /// The peer closed or reset the connection. The command may still have been executed.
    Reset,
    /// Nobody listens there.
    Refused,
}

/// How a program ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Exit {
    /// It ran to its end.
    Finished,
    /// An exception was not caught.
    Raised {
        /// The exception's type, such as `ResponseError`.
        kind: String,
        /// Its text.
        message: String,
        /// The line of the learner's source, from 1.
        line: Option<u32>,
        /// The whole traceback as Python prints it.
        traceback: String,
    },
    /// It was stopped: too many statements, too much memory, too deep a recursion.
    Stopped {
        /// One sentence that says which bound was passed and where.
        why: String,
        /// The line it was at.
        line: Option<u32>,
    },
}

/// A local variable, as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Local {
    /// Its name.
    pub name: String,
    /// Its `repr`, shortened.
    pub value: String,
}
