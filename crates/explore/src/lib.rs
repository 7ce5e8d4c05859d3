//! Invariants and their verdicts over the records of a run.
//!
//! A verdict rests on records only: whatever it says can be looked up by its evidence.

mod glob;
mod history;
mod invariant;
mod jobs;
mod keys;
mod rows;
mod streams;
mod verdict;

#[cfg(test)]
mod scripted;

pub use history::History;
pub use invariant::{
    BoundedStaleness, CacheMatchesSource, Combined, Counted, Drained, EffectCount, EventuallyFree,
    FencingMonotone, How, Invariant, LimitInWindow, MutualExclusion, NoLostJob, NoUnboundedWait,
    Per, SumConserved, Times, TtlRequired, Unless,
};
pub use rows::CachedRow;
pub use verdict::{Outcome, Verdict, judge};
