//! What came of an invariant in one run.

use crate::{History, Invariant};

/// How an invariant came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing in this run broke it.
    Held,
    /// Broken, by the evidence.
    Violated,
    /// The run ended before it could be told.
    Undecided,
}

/// An invariant's outcome in one run, with what shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// What was promised.
    pub invariant: Invariant,
    /// How it came out.
    pub outcome: Outcome,
    /// One sentence that names the actors and the moments.
    pub finding: String,
    /// The records that prove it, in order; the last is where the promise broke.
    pub evidence: Vec<u32>,
}

/// Checks every invariant against a run.
#[must_use]
pub fn judge(invariants: &[Invariant], history: &History<'_>) -> Vec<Verdict> {
    invariants
        .iter()
        .map(|invariant| invariant.check(history))
        .collect()
}

/// What one check found, before it is tied to its invariant.
pub(crate) struct Finding {
    pub(crate) outcome: Outcome,
    pub(crate) sentence: String,
    pub(crate) evidence: Vec<u32>,
}

impl Finding {
    pub(crate) fn violated(sentence: String, mut evidence: Vec<u32>) -> Self {
        evidence.sort_unstable();
        evidence.dedup();
        Self {
            outcome: Outcome::Violated,
            sentence,
            evidence,
        }
    }

    pub(crate) fn undecided(sentence: String) -> Self {
        Self {
            outcome: Outcome::Undecided,
            sentence,
            evidence: Vec::new(),
        }
    }

    /// Held, unless the run was cut: what has not happened yet in a run cut short may still have been to come.
    pub(crate) fn nothing_broke_it(history: &History<'_>, sentence: String) -> Self {
        match &history.cut {
            None => Self {
                outcome: Outcome::Held,
                sentence,
                evidence: Vec::new(),
            },
            Some(why) => Self::undecided(format!("Nothing had broken it, but {why}.")),
        }
    }
}
