//! An effect happens at most, at least or exactly once.

use std::collections::BTreeMap;

use bytes::Bytes;
use redwind_sim::{Effect, Place, Record};

use crate::History;
use crate::history::{moment, text};
use crate::jobs;
use crate::verdict::Finding;

/// How often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    /// Never twice.
    AtMostOnce,
    /// Never not at all.
    AtLeastOnce,
    /// Neither.
    ExactlyOnce,
}

/// Every job of a queue, or without one every effect that differs from the others, happens in a resource so many times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EffectCount {
    /// How often.
    pub times: Times,
    /// The resource that takes the effect.
    pub on: String,
    /// The queue whose jobs are counted; `None` counts equal effects (same target, same value), and then nothing
    /// can be missing.
    pub queue: Option<Bytes>,
}

/// An effect with its record and who asked for it.
type Happened<'a> = (&'a Record, Place, &'a Effect);

impl EffectCount {
    pub(crate) fn name(&self) -> &'static str {
        match self.times {
            Times::AtMostOnce => "At most once",
            Times::AtLeastOnce => "At least once",
            Times::ExactlyOnce => "Exactly once",
        }
    }

    pub(crate) fn promise(&self) -> String {
        let whose = match &self.queue {
            Some(queue) => format!("Every job of {}", text(queue)),
            None => "Everything".to_owned(),
        };
        format!(
            "{whose} has its effect in {} {}.",
            self.on,
            self.name().to_lowercase()
        )
    }

    pub(crate) fn check(&self, history: &History<'_>) -> Finding {
        let effects = self.effects(history);
        if self.times != Times::AtLeastOnce
            && let Some((what, twice)) = effects.iter().find(|(_, times)| times.len() > 1)
        {
            return self.too_often(history, what, twice);
        }
        if self.times != Times::AtMostOnce
            && history.cut.is_none()
            && let Some((what, _)) = effects.iter().find(|(_, times)| times.is_empty())
        {
            return Finding::violated(
                format!("{what} never had its effect in {}.", self.on),
                history
                    .records
                    .last()
                    .map(|record| record.seq)
                    .into_iter()
                    .collect(),
            );
        }
        let done = effects
            .iter()
            .filter(|(_, times)| !times.is_empty())
            .count();
        Finding::nothing_broke_it(
            history,
            match (self.times, done) {
                (_, 0) => format!("Nothing had an effect in {}.", self.on),
                (Times::AtLeastOnce, n) => format!("{} an effect in {}.", self.had(n), self.on),
                (_, n) => format!(
                    "{} an effect in {}, none of them twice.",
                    self.had(n),
                    self.on
                ),
            },
        )
    }

    /// What can have an effect, each with the effects it had.
    fn effects<'a>(&self, history: &'a History<'_>) -> Vec<(String, Vec<Happened<'a>>)> {
        if let Some(queue) = &self.queue {
            let named = jobs::jobs(history, queue).into_iter().map(|job| job.name);
            return named
                .map(|name| {
                    let own = jobs::accepted(history, &self.on);
                    let own = own
                        .filter(|(_, _, effect)| jobs::is_effect_of(effect, &name))
                        .collect();
                    (name, own)
                })
                .collect();
        }
        let mut by_target: BTreeMap<String, Vec<_>> = BTreeMap::new();
        for accepted in jobs::accepted(history, &self.on) {
            let Effect { target, value, .. } = accepted.2;
            by_target
                .entry(format!("{target}: {value}"))
                .or_default()
                .push(accepted);
        }
        by_target.into_iter().collect()
    }

    fn had(&self, n: usize) -> String {
        match (&self.queue, n) {
            (Some(_), 1) => "1 job had".to_owned(),
            (Some(_), n) => format!("{n} jobs had"),
            (None, 1) => "1 thing had".to_owned(),
            (None, n) => format!("{n} things had"),
        }
    }

    fn too_often(&self, history: &History<'_>, what: &str, effects: &[Happened<'_>]) -> Finding {
        let [(first, by, _), (second, again, _), ..] = effects else {
            return Finding::undecided(String::new());
        };
        let crash = crash_between(history, *by, first.seq, second.seq);
        let mut evidence = vec![first.seq, second.seq];
        evidence.extend(crash.map(|record| record.seq));
        let crashed = match crash {
            Some(record) => format!(", which crashed at {},", moment(record.at)),
            None => String::new(),
        };
        let again = if again == by {
            "again by the same".to_owned()
        } else {
            format!("again by {}", history.name(*again))
        };
        Finding::violated(
            format!(
                "{what} had its effect in {} at {} by {}{crashed} and {again} at {}.",
                self.on,
                moment(first.at),
                history.name(*by),
                moment(second.at)
            ),
            evidence,
        )
    }
}

fn crash_between<'a>(
    history: &History<'a>,
    client: Place,
    after: u32,
    before: u32,
) -> Option<&'a Record> {
    let between = history.records.get(after as usize..before as usize)?;
    between.iter().find(|record| {
        record.place == client && matches!(record.event, redwind_sim::Event::Crashed)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Outcome;
    use crate::scripted::Script;

    fn check(times: Times, script: &Script) -> Finding {
        EffectCount {
            times,
            on: "mailer".to_owned(),
            queue: Some(Bytes::from("jobs")),
        }
        .check(&script.history())
    }

    fn two_jobs() -> Script {
        let mut script = Script::new();
        script
            .at_ms(0)
            .list("producer", "jobs", &["order-1", "order-2"]);
        script
            .at_ms(5)
            .effect("worker-a", "mailer", "ada: order-1", None, true);
        script
    }

    #[test]
    fn a_second_effect_breaks_at_most_and_exactly_once() {
        let mut script = two_jobs();
        script.at_ms(6).crashes("worker-a");
        script
            .at_ms(90)
            .effect("worker-b", "mailer", "ada: order-1", None, true);
        let found = check(Times::AtMostOnce, &script);
        assert_eq!(found.outcome, Outcome::Violated);
        assert_eq!(
            found.sentence,
            "order-1 had its effect in mailer at 5ms by worker-a, which crashed at 6ms, and again by worker-b at 90ms."
        );
        assert_eq!(found.evidence, [1, 2, 3]);
        assert_eq!(
            check(Times::ExactlyOnce, &script).outcome,
            Outcome::Violated
        );
    }

    #[test]
    fn a_missing_effect_breaks_at_least_and_exactly_once() {
        assert_eq!(check(Times::AtMostOnce, &two_jobs()).outcome, Outcome::Held);
        let found = check(Times::AtLeastOnce, &two_jobs());
        assert_eq!(found.outcome, Outcome::Violated);
        assert_eq!(found.sentence, "order-2 never had its effect in mailer.");
        assert_eq!(
            check(Times::ExactlyOnce, &two_jobs()).outcome,
            Outcome::Violated
        );
    }

    #[test]
    fn a_refused_second_effect_does_not_count() {
        let mut script = two_jobs();
        script.effect("worker-b", "mailer", "ada: order-1", None, false);
        assert_eq!(check(Times::AtMostOnce, &script).outcome, Outcome::Held);
    }

    #[test]
    fn without_a_queue_equal_effects_are_counted() {
        let count = EffectCount {
            times: Times::AtMostOnce,
            on: "mailer".to_owned(),
            queue: None,
        };
        let mut script = Script::new();
        script.effect("worker-a", "mailer", "ada: order-1", None, true);
        script.effect("worker-a", "mailer", "ada: order-2", None, true);
        assert_eq!(count.check(&script.history()).outcome, Outcome::Held);
        script.effect("worker-b", "mailer", "ada: order-1", None, true);
        assert_eq!(count.check(&script.history()).outcome, Outcome::Violated);
    }
}
