//! Moments of a run named by what happens in it, not by numbers that change with every edit: one vocabulary for
//! faults, for a lesson's anchors and for the answers to its questions.

use bytes::Bytes;

use crate::watch::Watch;
use crate::{Record, Scenario, SimTime};

/// A moment of a run.
#[derive(Clone, Debug, PartialEq)]
pub enum Position {
    /// `at 31ms`: after everything that happens at that instant.
    At(SimTime),
    /// `at line 12 of worker-a` (the first time), `at line 12 of worker-a, 3rd time`.
    Line {
        /// Which client.
        client: String,
        /// The line of its source, from 1.
        line: u32,
        /// The how manieth time it gets there, from 1.
        nth: u32,
    },
    /// `before worker-a's 2nd SET` (about to send), `after worker-a's 2nd SET` (the reply was received).
    Call {
        /// Which call.
        call: Call,
        /// Before or after it.
        moment: Moment,
    },
    /// `when lock:report expires`, `when worker-a wakes, 2nd time`.
    When {
        /// What happens.
        what: Happening,
        /// The how manieth time it does, from 1.
        nth: u32,
    },
    /// `at the start`: the first record.
    Start,
    /// `at the end`: the last record. Nothing can be done to a run at a moment that only its end reveals.
    End,
}

/// One call of a client: a Redis command or a call of a resource's method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Which client.
    pub client: String,
    /// The command (`SET`, any case) or the method (`storage.write`); `None` counts every call (`worker-a's 3rd call`).
    pub name: Option<String>,
    /// The how manieth such call, from 1.
    pub nth: u32,
}

/// Which side of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// About to be sent.
    Before,
    /// The reply was received, or the call failed.
    After,
}

/// Which message of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leg {
    /// From the client.
    Request,
    /// Back to it.
    Reply,
}

/// Something that can happen in a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// `lock:report expires`
    Expires {
        /// The key.
        key: Bytes,
    },
    /// `worker-a pauses`
    Client {
        /// Which client.
        client: String,
        /// What it does.
        does: Does,
    },
    /// `worker-b believes it holds lock:report`, `worker-b stops believing it holds lock:report`
    Believes {
        /// Which client.
        client: String,
        /// The lock's key.
        lock: Bytes,
        /// Whether it begins or ceases to believe it.
        holds: bool,
    },
    /// `worker-a prints "done"`
    Prints {
        /// Which client.
        client: String,
        /// What the printed line contains.
        text: String,
    },
    /// `s1 reports +switch-master`
    Reports {
        /// Which sentinel.
        node: String,
        /// Redis's name of what it announces.
        event: String,
    },
    /// `worker-a's 2nd storage.write is refused`
    Call {
        /// Which call.
        call: Call,
        /// What comes of it.
        becomes: Becomes,
    },
}

/// What a client's process can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Does {
    /// Its process begins, for the first time or again.
    Start,
    /// It stops; the world goes on.
    Pause,
    /// It goes on after a pause.
    Resume,
    /// It dies.
    Crash,
    /// It is started again.
    Restart,
    /// Its program ends, well or not.
    End,
    /// Its sleep ends.
    Wake,
    /// A node takes writes from here on.
    Rises,
    /// A node follows another from here on.
    Follows,
    /// A node of a cluster serves nobody any more.
    Closes,
    /// It serves again.
    Opens,
    /// It gives its vote to a replica.
    Votes,
    /// The others agree that it has failed.
    Fails,
}

/// What can come of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Becomes {
    /// A node runs the command.
    Executed,
    /// The resource does it, or the command's reply is no error.
    Accepted,
    /// The resource or the node refuses it.
    Refused,
    /// The reply that the client receives: `OK`, `nil`, `1`, a text.
    Answers(String),
    /// The client gives up waiting, or its connection breaks.
    Fails,
    /// One of its messages never arrives.
    Lost,
}

impl Position {
    /// The moment at which a call is about to be sent.
    #[must_use]
    pub fn before(call: Call) -> Self {
        Self::Call {
            call,
            moment: Moment::Before,
        }
    }

    /// The moment at which a call has been answered or has failed.
    #[must_use]
    pub fn after(call: Call) -> Self {
        Self::Call {
            call,
            moment: Moment::After,
        }
    }

    /// The record of a run that is this moment, if the run has it. `before` a call is the record of its sending.
    #[must_use]
    pub fn find(&self, scenario: &Scenario, records: &[Record]) -> Option<u32> {
        let found = match self {
            Self::At(at) => {
                let after = records.partition_point(|record| record.at <= *at);
                records.get(after.checked_sub(1)?)
            }
            Self::Start => records.first(),
            Self::End => records.last(),
            _ => {
                let mut watch = Watch::new(self.clone());
                records.iter().find(|record| watch.sees(scenario, record))
            }
        };
        found.map(|record| record.seq)
    }
}
