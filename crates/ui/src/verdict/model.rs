//! How a promise stands at a position: a reader is told what has happened, not what will.

use redwind_protocol::{Verdict, VerdictOutcome};

use crate::story::Story;

/// How a promise stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing has broken it so far, and the run goes on.
    SoFar,
    /// This record, at or before the cursor, broke it.
    Broken(u32),
    /// The run is over and it held.
    Held,
    /// The run is over and it can't be told.
    Undecided,
}

/// How a promise stands at a position.
#[must_use]
pub fn standing(story: &Story, verdict: &Verdict, position: u32) -> Standing {
    let over = position >= story.last();
    match (verdict.outcome, verdict.evidence.last()) {
        (VerdictOutcome::Violated, Some(at)) if *at <= position => Standing::Broken(*at),
        (VerdictOutcome::Violated, None) if over => Standing::Broken(story.last()),
        (VerdictOutcome::Held, _) if over => Standing::Held,
        (VerdictOutcome::Undecided, _) if over => Standing::Undecided,
        _ => Standing::SoFar,
    }
}
