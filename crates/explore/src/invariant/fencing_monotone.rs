//! A fence's tokens only grow.

use std::collections::BTreeMap;

use redwind_sim::{Event, Record};

use crate::History;
use crate::history::moment;
use crate::verdict::Finding;

/// For each thing that a resource keeps, it never accepts a write whose token is lower than one it has accepted
/// before, nor one without a token once there was one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FencingMonotone {
    /// The resource.
    pub over: String,
}

impl FencingMonotone {
    pub(crate) fn name(&self) -> &'static str {
        "Fencing tokens only grow"
    }

    pub(crate) fn promise(&self) -> String {
        format!(
            "{} never accepts a write with an older token than the newest it has seen.",
            self.over
        )
    }

    pub(crate) fn check(&self, history: &History<'_>) -> Finding {
        let place = history.resource(&self.over);
        let mut highest: BTreeMap<&str, (i64, &Record)> = BTreeMap::new();
        for record in history.records {
            let Event::Performed {
                by,
                effect: Some(effect),
                ..
            } = &record.event
            else {
                continue;
            };
            if Some(record.place) != place || !effect.accepted {
                continue;
            }
            match (highest.get(effect.target.as_str()), effect.token) {
                (Some((seen, before)), token) if token.is_none_or(|token| token < *seen) => {
                    let with = token.map_or("without a token".to_owned(), |token| {
                        format!("with token {token}")
                    });
                    return Finding::violated(
                        format!(
                            "At {} {} accepted {} from {} {with}, after it had accepted token {seen} at {}.",
                            moment(record.at),
                            self.over,
                            effect.target,
                            history.name(*by),
                            moment(before.at)
                        ),
                        vec![before.seq, record.seq],
                    );
                }
                (_, Some(token)) => {
                    highest.insert(&effect.target, (token, record));
                }
                (_, None) => {}
            }
        }
        Finding::nothing_broke_it(
            history,
            format!(
                "Every token that {} accepted was at least as new as those before it.",
                self.over
            ),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Outcome;
    use crate::scripted::Script;

    fn outcome(writes: &[(Option<i64>, bool)]) -> Outcome {
        let mut script = Script::new();
        for (token, accepted) in writes {
            script.effect("worker-a", "storage", "report", *token, *accepted);
        }
        FencingMonotone {
            over: "storage".to_owned(),
        }
        .check(&script.history())
        .outcome
    }

    #[test]
    fn an_older_token_accepted_after_a_newer_one_breaks_it() {
        assert_eq!(
            outcome(&[(Some(1), true), (Some(2), true), (Some(2), true)]),
            Outcome::Held
        );
        assert_eq!(
            outcome(&[(Some(2), true), (Some(1), true)]),
            Outcome::Violated
        );
    }

    #[test]
    fn a_refused_older_token_is_how_it_is_kept() {
        assert_eq!(outcome(&[(Some(2), true), (Some(1), false)]), Outcome::Held);
    }

    #[test]
    fn a_write_without_a_token_gets_around_the_fence() {
        assert_eq!(outcome(&[(None, true), (Some(1), true)]), Outcome::Held);
        assert_eq!(outcome(&[(Some(1), true), (None, true)]), Outcome::Violated);
    }
}
