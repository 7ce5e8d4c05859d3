//! Messages between the page and its worker: the only serde types on that boundary.
//!
//! The page folds a [`Trace`]: every record carries what it changed, so stepping in either direction needs no
//! worker. The worker makes traces (run, inject, edit) and answers the terminal.

mod link;
mod message;
mod trace;

pub use link::{LINK_VERSION, Link, LinkError};
pub use message::{
    Beat, Catalogue, FromWorker, LessonView, Listed, OpenError, Prepared, ProgramView, Question,
    QuestionOption, Request, Run, Scene, Suggestion, ToWorker, Track, VariantView,
};
pub use trace::{
    Belief, Cut, Effect, Key, KeyChange, Lane, LaneKind, Local, Message, MessageState, Record,
    RecordKind, Role, Shown, Trace, Verdict, VerdictOutcome,
};
