//! Moments of a run named by what happens in it, not by numbers that change with every edit: one vocabulary for
//! faults, for a lesson's anchors and for the answers to its questions.

use crate::SimTime;

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
