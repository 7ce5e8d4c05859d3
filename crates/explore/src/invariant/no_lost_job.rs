//! Every job is done or still there.

use bytes::Bytes;
use redwind_sim::{Event, Place, Record};

use crate::History;
use crate::history::{moment, text};
use crate::jobs;
use crate::keys::{Keys, elements, is_whole};
use crate::verdict::Finding;

/// When the run ends, every element that was ever in the queue is in one of the named keys, or has had its effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoLostJob {
    /// The queue's key.
    pub queue: Bytes,
    /// Other keys that a job may rest in: a processing list, a list of failed jobs.
    pub kept_in: Vec<Bytes>,
    /// The resource in which a job has its effect.
    pub done_in: String,
}

impl NoLostJob {
    pub(crate) fn name(&self) -> &'static str {
        "No lost job"
    }

    pub(crate) fn promise(&self) -> String {
        format!(
            "Every job of {} is done in {} or still in {}.",
            text(&self.queue),
            self.done_in,
            self.places()
        )
    }

    fn keys(&self) -> impl Iterator<Item = &Bytes> {
        std::iter::once(&self.queue).chain(&self.kept_in)
    }

    fn places(&self) -> String {
        let names: Vec<String> = self.keys().map(|key| text(key)).collect();
        match names.as_slice() {
            [all @ .., last] if !all.is_empty() => format!("{} or {last}", all.join(", ")),
            _ => names.concat(),
        }
    }

    pub(crate) fn check(&self, history: &History<'_>) -> Finding {
        let jobs = jobs::jobs(history, &self.queue);
        let end = Keys::at_end(history);
        let (mut done, mut kept, mut hidden) = (0, 0, false);
        for job in &jobs {
            let name = jobs::name(job);
            if jobs::accepted(history, &self.done_in)
                .any(|(_, _, effect)| jobs::is_effect_of(effect, &name))
            {
                done += 1;
            } else if self.keeps(&end, job) {
                kept += 1;
            } else if self
                .keys()
                .filter_map(|key| end.named(key))
                .any(|held| !is_whole(&held.view))
            {
                hidden = true;
            } else if history.cut.is_none() {
                return self.lost(history, job, &name);
            }
        }
        if hidden {
            return Finding::undecided(format!(
                "{} grew too long to see all of it.",
                self.places()
            ));
        }
        Finding::nothing_broke_it(
            history,
            match (jobs.len(), kept) {
                (0, _) => format!("There was no job in {}.", text(&self.queue)),
                (1, 0) => "The one job was done.".to_owned(),
                (n, 0) => format!("All {n} jobs were done."),
                (n, kept) => format!(
                    "Of {n} jobs {done} were done, and {kept} are still in {}.",
                    self.places()
                ),
            },
        )
    }

    fn keeps(&self, keys: &Keys, job: &Bytes) -> bool {
        self.keys()
            .filter_map(|key| keys.named(key))
            .any(|held| elements(&held.view).contains(&job.as_ref()))
    }

    fn lost(&self, history: &History<'_>, job: &Bytes, name: &str) -> Finding {
        let missing = format!(
            "it is not in {}, and {} never saw it.",
            self.places(),
            self.done_in
        );
        let Some(taken) = self.last_taken(history, job) else {
            return Finding::violated(format!("{name} is lost: {missing}"), Vec::new());
        };
        let taker = History::author(taken);
        let end = taker.and_then(|taker| end_of(history, taker, taken.seq));
        let mut evidence = vec![taken.seq];
        evidence.extend(end.map(|record| record.seq));
        let who = taker.map_or("the server", |place| history.name(place));
        let then = match end {
            Some(record) if matches!(record.event, Event::Crashed) => {
                format!(" and crashed at {}", moment(record.at))
            }
            Some(record) => format!(" and ended at {}", moment(record.at)),
            None => String::new(),
        };
        Finding::violated(
            format!("{who} took {name} at {}{then}: {missing}", moment(taken.at)),
            evidence,
        )
    }

    /// The record that took the job out of the last key that had it.
    fn last_taken<'a>(&self, history: &History<'a>, job: &Bytes) -> Option<&'a Record> {
        let mut keys = Keys::at_start(history);
        let mut was_there = self.keeps(&keys, job);
        let mut taken = None;
        for record in history.records {
            // A job that is pushed and handed to a waiting client at once is never seen in a key.
            let handed =
                matches!(&record.event, Event::Unblocked { reply, .. } if holds(reply, job));
            for change in History::changes(record) {
                keys.apply(record.place, change, Some(record.seq));
            }
            let is_there = self.keeps(&keys, job);
            if (was_there || handed) && !is_there {
                taken = Some(record);
            }
            was_there = is_there;
        }
        taken
    }
}

fn holds(reply: &redwind_engine::Value, job: &Bytes) -> bool {
    match reply {
        redwind_engine::Value::Bulk(bytes) => bytes == job,
        redwind_engine::Value::Array(items) => items.iter().any(|item| holds(item, job)),
        _ => false,
    }
}

/// How a client's process ended after a record.
fn end_of<'a>(history: &History<'a>, client: Place, after: u32) -> Option<&'a Record> {
    let mut later = history
        .records
        .iter()
        .skip(after as usize)
        .filter(|record| record.place == client);
    later.find(|record| matches!(record.event, Event::Crashed | Event::Exited(_)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Outcome;
    use crate::scripted::Script;

    fn jobs() -> NoLostJob {
        NoLostJob {
            queue: Bytes::from("jobs"),
            kept_in: vec![Bytes::from("jobs:doing")],
            done_in: "mailer".to_owned(),
        }
    }

    #[test]
    fn a_job_that_died_with_its_worker_is_lost() {
        let mut script = Script::new();
        script
            .at_ms(0)
            .list("producer", "jobs", &["order-1", "order-2"]);
        script.at_ms(1).list("worker-a", "jobs", &["order-1"]);
        script.at_ms(2).crashes("worker-a");
        let found = jobs().check(&script.history());
        assert_eq!(found.outcome, Outcome::Violated);
        assert_eq!(
            found.sentence,
            "worker-a took order-2 at 1ms and crashed at 2ms: it is not in jobs or jobs:doing, and mailer never saw it."
        );
        assert_eq!(found.evidence, [1, 2]);
    }

    #[test]
    fn a_job_in_another_named_key_or_done_is_not_lost() {
        let mut script = Script::new();
        script.list("producer", "jobs", &["order-1", "order-2"]);
        script.list("worker-a", "jobs:doing", &["order-2"]);
        script.list("worker-a", "jobs", &[]);
        script.effect("worker-b", "mailer", "ada: order-1", None, true);
        let found = jobs().check(&script.history());
        assert_eq!(found.outcome, Outcome::Held);
        assert_eq!(
            found.sentence,
            "Of 2 jobs 1 were done, and 1 are still in jobs or jobs:doing."
        );
    }

    #[test]
    fn a_job_still_being_worked_on_when_the_run_is_cut_is_undecided() {
        let mut script = Script::new();
        script.list("producer", "jobs", &["order-1"]);
        script.list("worker-a", "jobs", &[]);
        script.cut();
        assert_eq!(jobs().check(&script.history()).outcome, Outcome::Undecided);
    }

    #[test]
    fn a_job_pushed_in_the_setup_counts() {
        let mut script = Script::new();
        script.initial_list("jobs", &["order-1"]);
        script.list("worker-a", "jobs", &[]);
        assert_eq!(jobs().check(&script.history()).outcome, Outcome::Violated);
    }
}
