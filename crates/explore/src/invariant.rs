//! The promises that a scenario can make, each in a file of its own.

mod bounded_staleness;
mod cache_matches_source;
mod combined;
mod drained;
mod effect_count;
mod eventually_free;
mod fencing_monotone;
mod limit_in_window;
mod mutual_exclusion;
mod no_lost_job;
mod no_unbounded_wait;
mod sum_conserved;
mod ttl_required;

pub use bounded_staleness::BoundedStaleness;
pub use cache_matches_source::CacheMatchesSource;
pub use combined::{Combined, How, Unless};
pub use drained::Drained;
pub use effect_count::{EffectCount, Times};
pub use eventually_free::EventuallyFree;
pub use fencing_monotone::FencingMonotone;
pub use limit_in_window::{Counted, LimitInWindow, Per};
pub use mutual_exclusion::MutualExclusion;
pub use no_lost_job::NoLostJob;
pub use no_unbounded_wait::NoUnboundedWait;
pub use sum_conserved::SumConserved;
pub use ttl_required::TtlRequired;

use crate::{History, Verdict};

/// A named promise with its parameters, checked over the records of a run.
#[derive(Clone, Debug, PartialEq)]
pub enum Invariant {
    /// One holder at a time.
    MutualExclusion(MutualExclusion),
    /// A fence's tokens only grow.
    FencingMonotone(FencingMonotone),
    /// Every job is done or still there.
    NoLostJob(NoLostJob),
    /// An effect happens at most, at least or exactly once.
    EffectCount(EffectCount),
    /// What is read is never older than a bound.
    BoundedStaleness(BoundedStaleness),
    /// In the end the cache says what the source says.
    CacheMatchesSource(CacheMatchesSource),
    /// No key stays for ever.
    TtlRequired(TtlRequired),
    /// A lock can be had again.
    EventuallyFree(EventuallyFree),
    /// A queue is empty in the end.
    Drained(Drained),
    /// No more than so many in any window of time.
    LimitInWindow(LimitInWindow),
    /// What is moved about is neither lost nor made.
    SumConserved(SumConserved),
    /// Nobody waits longer than a bound.
    NoUnboundedWait(NoUnboundedWait),
    /// All of several promises, or any.
    Combined(Combined),
    /// A promise until something happens.
    Unless(Unless),
}

/// Calls the same function on whichever invariant it is.
macro_rules! each {
    ($invariant:expr, $it:ident => $body:expr) => {
        match $invariant {
            Invariant::MutualExclusion($it) => $body,
            Invariant::FencingMonotone($it) => $body,
            Invariant::NoLostJob($it) => $body,
            Invariant::EffectCount($it) => $body,
            Invariant::BoundedStaleness($it) => $body,
            Invariant::CacheMatchesSource($it) => $body,
            Invariant::TtlRequired($it) => $body,
            Invariant::EventuallyFree($it) => $body,
            Invariant::Drained($it) => $body,
            Invariant::LimitInWindow($it) => $body,
            Invariant::SumConserved($it) => $body,
            Invariant::NoUnboundedWait($it) => $body,
            Invariant::Combined($it) => $body,
            Invariant::Unless($it) => $body,
        }
    };
}

impl Invariant {
    /// Its name in words: `Mutual exclusion`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        each!(self, it => it.name())
    }

    /// What is promised, in one sentence with its parameters.
    #[must_use]
    pub fn promise(&self) -> String {
        each!(self, it => it.promise())
    }

    /// Whether the promise was kept in this run, and by what it shows.
    #[must_use]
    pub fn check(&self, history: &History<'_>) -> Verdict {
        let finding = each!(self, it => it.check(history));
        Verdict {
            invariant: self.clone(),
            outcome: finding.outcome,
            finding: finding.sentence,
            evidence: finding.evidence,
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use redwind_sim::{Position, Span};

    use super::*;
    use crate::scripted::Script;
    use crate::{CachedRow, Counted, How, Outcome, Per, Times};

    /// One of each kind.
    fn all() -> Vec<Invariant> {
        let key = || Bytes::from("lock:report");
        let copy = || CachedRow {
            key: "user:{id}".to_owned(),
            source: "db".to_owned(),
            row: "users/{id}".to_owned(),
            field: None,
        };
        let name = || "db".to_owned();
        let waits = NoUnboundedWait {
            within: Span::seconds(1),
            client: None,
            lock: None,
        };
        let free = Invariant::EventuallyFree(EventuallyFree { lock: key() });
        vec![
            Invariant::MutualExclusion(MutualExclusion {
                lock: key(),
                over: None,
            }),
            Invariant::MutualExclusion(MutualExclusion {
                lock: key(),
                over: Some(name()),
            }),
            Invariant::FencingMonotone(FencingMonotone { over: name() }),
            Invariant::NoLostJob(NoLostJob {
                queue: key(),
                kept_in: Vec::new(),
                done_in: name(),
                group: None,
                pending_counts: false,
            }),
            Invariant::EffectCount(EffectCount {
                times: Times::AtMostOnce,
                on: name(),
                queue: None,
            }),
            Invariant::EffectCount(EffectCount {
                times: Times::ExactlyOnce,
                on: name(),
                queue: Some(key()),
            }),
            Invariant::BoundedStaleness(BoundedStaleness {
                copy: copy(),
                within: Span::seconds(1),
            }),
            Invariant::CacheMatchesSource(CacheMatchesSource { copy: copy() }),
            Invariant::TtlRequired(TtlRequired {
                pattern: "*".to_owned(),
            }),
            free.clone(),
            Invariant::Drained(Drained { queue: key() }),
            Invariant::LimitInWindow(LimitInWindow {
                most: 1,
                within: Span::seconds(1),
                what: Counted::Prints {
                    text: "x".to_owned(),
                },
                per: Per::All,
            }),
            Invariant::SumConserved(SumConserved {
                rows: None,
                keys: Some("*".to_owned()),
                field: None,
                total: None,
                at_rest: false,
            }),
            Invariant::NoUnboundedWait(waits.clone()),
            Invariant::Combined(Combined {
                how: How::All,
                of: vec![free],
            }),
            Invariant::Unless(Unless {
                promise: Box::new(Invariant::NoUnboundedWait(waits)),
                moment: Position::End,
            }),
        ]
    }

    #[test]
    fn every_promise_says_that_a_run_which_was_cut_short_decides_nothing() {
        let mut script = Script::new();
        script.cut();
        for invariant in all() {
            let verdict = invariant.check(&script.history());
            assert_eq!(verdict.outcome, Outcome::Undecided, "{}", invariant.name());
            assert!(verdict.finding.ends_with('.'), "{}", verdict.finding);
            assert!(verdict.evidence.is_empty());
        }
    }

    #[test]
    fn every_promise_holds_where_nothing_happens_and_says_what_it_promises() {
        for invariant in all() {
            let verdict = invariant.check(&Script::new().history());
            assert_eq!(verdict.outcome, Outcome::Held, "{}", invariant.name());
            assert!(
                invariant.promise().ends_with('.'),
                "{}",
                invariant.promise()
            );
        }
    }
}
