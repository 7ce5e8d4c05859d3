//! Every job is done or still there.

use bytes::Bytes;
use redwind_sim::{Event, Place, Record};

use crate::History;
use crate::history::{moment, text};
use crate::jobs::{self, Job};
use crate::keys::{Keys, is_whole, names};
use crate::streams::{self, Rest};
use crate::verdict::Finding;

/// When the run ends, every job that was ever in the queue is still there, in one of the named keys, or has had its
/// effect.
///
/// A job of a list is still there while it is in the list. An entry of a stream with groups is still there while it
/// waits to be delivered: one that was delivered and never acknowledged is seen by nobody who reads `>`, and one that
/// was acknowledged is given to nobody again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoLostJob {
    /// The queue's key.
    pub queue: Bytes,
    /// Other keys that a job may rest in: a processing list, a list of failed jobs.
    pub kept_in: Vec<Bytes>,
    /// The resource in which a job has its effect.
    pub done_in: String,
    /// Which group of a stream does the jobs; `None`: any.
    pub group: Option<Bytes>,
    /// Whether an entry that is pending in the end counts as still there.
    pub pending_counts: bool,
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
            if jobs::accepted(history, &self.done_in)
                .any(|(_, _, effect)| jobs::is_effect_of(effect, &job.name))
            {
                done += 1;
                continue;
            }
            match self.rest(&end, job) {
                Rest::ToCome => kept += 1,
                Rest::Pending(_) if self.pending_counts => kept += 1,
                Rest::Hidden => hidden = true,
                rest if history.cut.is_none() => return self.lost(history, job, &rest),
                _ => {}
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

    /// Where the job rests: in the queue, or in another key that it may be kept in.
    fn rest(&self, keys: &Keys, job: &Job) -> Rest {
        let elsewhere = |key: &Bytes| {
            let held = keys.named(key);
            held.is_some_and(|held| names(&held.view).contains(&job.name))
        };
        if self.kept_in.iter().any(elsewhere) {
            return Rest::ToCome;
        }
        let queue = keys.named(&self.queue);
        let own = match queue {
            Some(held) if !job.ids.is_empty() => {
                let of = |id| streams::rest(&held.view, self.group.as_deref(), id);
                job.ids.iter().map(|id| of(id)).min_by_key(Rest::rank)
            }
            Some(held) if names(&held.view).contains(&job.name) => Some(Rest::ToCome),
            _ => None,
        };
        match own.unwrap_or(Rest::Gone) {
            // It may be where a view does not reach.
            Rest::Gone if self.is_hidden(keys, job) => Rest::Hidden,
            rest => rest,
        }
    }

    fn is_hidden(&self, keys: &Keys, job: &Job) -> bool {
        self.keys()
            .filter(|key| job.ids.is_empty() || **key != self.queue)
            .filter_map(|key| keys.named(key))
            .any(|held| !is_whole(&held.view))
    }

    fn lost(&self, history: &History<'_>, job: &Job, rest: &Rest) -> Finding {
        let name = &job.name;
        let never = format!("{} never saw it.", self.done_in);
        let missing = match rest {
            Rest::Pending(_) => {
                format!("it was never acknowledged and nobody claimed it, and {never}")
            }
            Rest::Acknowledged => never.clone(),
            _ => format!("it is not in {}, and {never}", self.places()),
        };
        let did = match rest {
            Rest::Acknowledged => "acknowledged",
            Rest::Gone if !job.ids.is_empty() => "removed",
            _ => "took",
        };
        let Some(taken) = self.last_moved(history, job) else {
            return Finding::violated(format!("{name} is lost: {missing}"), Vec::new());
        };
        let returned = match taken.event {
            Event::Loaded { .. } => Some("came back"),
            Event::Synced { .. } => Some("took over another's data"),
            _ => None,
        };
        if let Some(returned) = returned {
            let (node, at) = (history.name(taken.place), moment(taken.at));
            let sentence = format!("{node} {returned} at {at} without {name}: {never}");
            return Finding::violated(sentence, vec![taken.seq]);
        }
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
            format!(
                "{who} {did} {name} at {}{then}: {missing}",
                moment(taken.at)
            ),
            evidence,
        )
    }

    /// The record that took the job from where it was last.
    fn last_moved<'a>(&self, history: &History<'a>, job: &Job) -> Option<&'a Record> {
        let mut keys = Keys::at_start(history);
        let mut was = self.rest(&keys, job);
        let mut moved = None;
        for record in history.records {
            // A job that is pushed and handed to a waiting client at once is never seen in a list.
            let handed = job.ids.is_empty()
                && matches!(&record.event, Event::Unblocked { reply, .. } if holds(reply, job));
            for change in History::changes(record) {
                keys.apply(record.place, change, Some(record.seq));
            }
            let is = self.rest(&keys, job);
            if (is != was || handed) && is != Rest::ToCome {
                moved = Some(record);
            }
            was = is;
        }
        moved
    }
}

fn holds(reply: &redwind_engine::Value, job: &Job) -> bool {
    match reply {
        redwind_engine::Value::Bulk(bytes) => jobs::name(bytes) == job.name,
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
            group: None,
            pending_counts: false,
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

    const ORDERS: [(&str, &str); 2] = [("1-0", "order-1"), ("2-0", "order-2")];

    #[test]
    fn an_entry_that_rests_with_a_crashed_worker_is_lost_until_somebody_claims_and_does_it() {
        let mut script = Script::new();
        script.stream("producer", "jobs", &ORDERS, "0-0", &[]);
        assert_eq!(jobs().check(&script.history()).outcome, Outcome::Held);
        script.at_ms(1);
        script.stream("worker-a", "jobs", &ORDERS, "1-0", &[("1-0", "worker-a")]);
        script.at_ms(2).crashes("worker-a");
        let found = jobs().check(&script.history());
        assert_eq!(found.outcome, Outcome::Violated);
        assert_eq!(
            found.sentence,
            "worker-a took order-1 at 1ms and crashed at 2ms: it was never acknowledged and nobody claimed it, \
             and mailer never saw it."
        );
        assert_eq!(found.evidence, [1, 2]);
        let lenient = NoLostJob {
            pending_counts: true,
            ..jobs()
        };
        assert_eq!(lenient.check(&script.history()).outcome, Outcome::Held);
        script.stream("worker-b", "jobs", &ORDERS, "1-0", &[("1-0", "worker-b")]);
        script.effect("worker-b", "mailer", "ada: order-1", None, true);
        script.stream("worker-b", "jobs", &ORDERS, "1-0", &[]);
        let found = jobs().check(&script.history());
        assert_eq!(
            found.sentence,
            "Of 2 jobs 1 were done, and 1 are still in jobs or jobs:doing."
        );
    }

    #[test]
    fn an_entry_that_was_acknowledged_and_not_done_is_lost() {
        let mut script = Script::new();
        script.at_ms(1);
        script.stream(
            "worker-a",
            "jobs",
            &ORDERS[..1],
            "1-0",
            &[("1-0", "worker-a")],
        );
        script
            .at_ms(2)
            .stream("worker-a", "jobs", &ORDERS[..1], "1-0", &[]);
        let found = jobs().check(&script.history());
        assert_eq!(
            found.sentence,
            "worker-a acknowledged order-1 at 2ms: mailer never saw it."
        );
    }

    #[test]
    fn an_entry_that_was_trimmed_before_it_was_done_is_lost() {
        let mut script = Script::new();
        script.stream("producer", "jobs", &ORDERS, "0-0", &[]);
        script
            .at_ms(3)
            .stream("producer", "jobs", &ORDERS[1..], "0-0", &[]);
        let found = jobs().check(&script.history());
        assert_eq!(
            found.sentence,
            "producer removed order-1 at 3ms: it is not in jobs or jobs:doing, and mailer never saw it."
        );
    }
}
