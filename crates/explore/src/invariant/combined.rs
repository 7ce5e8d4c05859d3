//! Promises made of others.

use redwind_sim::Position;

use crate::history::moment;
use crate::verdict::{Finding, Outcome, Verdict};
use crate::{History, Invariant};

/// How several promises make one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// Each is kept.
    All,
    /// At least one is kept.
    Any,
}

/// Several promises as one.
#[derive(Clone, Debug, PartialEq)]
pub struct Combined {
    /// Whether all or any.
    pub how: How,
    /// The promises.
    pub of: Vec<Invariant>,
}

impl Combined {
    pub(crate) fn name(&self) -> &'static str {
        match self.how {
            How::All => "All of",
            How::Any => "Any of",
        }
    }

    pub(crate) fn promise(&self) -> String {
        let each: Vec<String> = self.of.iter().map(Invariant::promise).collect();
        match self.how {
            How::All => each.join(" "),
            How::Any => each.join(" Or: "),
        }
    }

    pub(crate) fn check(&self, history: &History<'_>) -> Finding {
        let verdicts: Vec<Verdict> = self.of.iter().map(|one| one.check(history)).collect();
        // For `all` one broken promise decides, for `any` one kept; else one that is open leaves all open.
        let decides = match self.how {
            How::All => Outcome::Violated,
            How::Any => Outcome::Held,
        };
        let otherwise = match self.how {
            How::All => Outcome::Held,
            How::Any => Outcome::Violated,
        };
        let has = |outcome| verdicts.iter().any(|verdict| verdict.outcome == outcome);
        let outcome = [decides, Outcome::Undecided]
            .into_iter()
            .find(|outcome| has(*outcome))
            .unwrap_or(otherwise);
        let told: Vec<&Verdict> = verdicts
            .iter()
            .filter(|verdict| verdict.outcome == outcome)
            .collect();
        let sentences: Vec<&str> = told
            .iter()
            .map(|verdict| verdict.finding.as_str())
            .collect();
        let mut evidence: Vec<u32> = told
            .iter()
            .flat_map(|verdict| verdict.evidence.iter().copied())
            .collect();
        evidence.sort_unstable();
        evidence.dedup();
        Finding {
            outcome,
            sentence: sentences.join(" "),
            evidence,
        }
    }
}

/// A promise that nobody need keep once something has happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Unless {
    /// The promise.
    pub promise: Box<Invariant>,
    /// What frees from it: `when worker-a crashes`.
    pub moment: Position,
}

impl Unless {
    pub(crate) fn name(&self) -> &'static str {
        "Unless"
    }

    pub(crate) fn promise(&self) -> String {
        let kept = self.promise.promise();
        format!("{} Unless: {}.", kept, self.moment)
    }

    pub(crate) fn check(&self, history: &History<'_>) -> Finding {
        let verdict = self.promise.check(history);
        let freed = self.moment.find(history.scenario, history.records);
        let at = freed.and_then(|seq| history.records.get(seq as usize));
        match (verdict.outcome, at) {
            (Outcome::Violated, Some(record)) => Finding {
                outcome: Outcome::Held,
                sentence: format!(
                    "Nothing was promised any more, {} (at {}): {}",
                    self.moment,
                    moment(record.at),
                    verdict.finding
                ),
                evidence: vec![record.seq],
            },
            _ => Finding {
                outcome: verdict.outcome,
                sentence: verdict.finding,
                evidence: verdict.evidence,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scripted::Script;
    use crate::{Drained, EventuallyFree, TtlRequired};
    use bytes::Bytes;
    use redwind_sim::{Does, Happening};

    /// Broken by the list that [`left_over`] leaves.
    fn drained() -> Invariant {
        Invariant::Drained(Drained {
            queue: Bytes::from("jobs"),
        })
    }

    fn free() -> Invariant {
        Invariant::EventuallyFree(EventuallyFree {
            lock: Bytes::from("lock:report"),
        })
    }

    fn left_over() -> Script {
        let mut script = Script::new();
        script.at_ms(1).list("producer", "jobs", &["a"]);
        script
    }

    fn outcome(how: How, of: Vec<Invariant>, script: &Script) -> Outcome {
        Combined { how, of }.check(&script.history()).outcome
    }

    #[test]
    fn all_breaks_with_one_and_any_only_with_each() {
        let script = left_over();
        assert_eq!(
            outcome(How::All, vec![drained(), free()], &script),
            Outcome::Violated
        );
        assert_eq!(
            outcome(How::Any, vec![drained(), free()], &script),
            Outcome::Held
        );
        let ttl = Invariant::TtlRequired(TtlRequired {
            pattern: "jobs".to_owned(),
        });
        let found = Combined {
            how: How::Any,
            of: vec![drained(), ttl],
        }
        .check(&script.history());
        assert_eq!(found.outcome, Outcome::Violated);
        assert_eq!(found.evidence, [0]);
    }

    #[test]
    fn what_is_open_leaves_the_whole_open() {
        let mut script = left_over();
        script.cut();
        assert_eq!(
            outcome(How::All, vec![drained(), free()], &script),
            Outcome::Undecided
        );
    }

    #[test]
    fn a_moment_frees_from_a_promise_and_its_absence_does_not() {
        let unless = Unless {
            promise: Box::new(drained()),
            moment: Position::When {
                what: Happening::Client {
                    client: "worker-a".to_owned(),
                    does: Does::Crash,
                },
                nth: 1,
            },
        };
        let mut script = left_over();
        assert_eq!(unless.check(&script.history()).outcome, Outcome::Violated);
        script.at_ms(2).crashes("worker-a");
        let found = unless.check(&script.history());
        assert_eq!(found.outcome, Outcome::Held);
        assert_eq!(found.evidence, [1]);
    }
}
