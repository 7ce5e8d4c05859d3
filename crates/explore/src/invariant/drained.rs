//! A queue is empty in the end: a list has no element, a stream's groups have nothing to do.

use bytes::Bytes;
use redwind_engine::GroupView;

use crate::History;
use crate::history::text;
use crate::keys::{Held, Keys};
use crate::streams;
use crate::verdict::Finding;

/// When the run ends, nothing is left under the key. Of a stream with groups: every group was given every entry, and
/// has acknowledged it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drained {
    /// The queue's key.
    pub queue: Bytes,
}

impl Drained {
    pub(crate) fn name(&self) -> &'static str {
        "Eventually drained"
    }

    pub(crate) fn promise(&self) -> String {
        format!("In the end nothing is left in {}.", text(&self.queue))
    }

    pub(crate) fn check(&self, history: &History<'_>) -> Finding {
        let key = text(&self.queue);
        let keys = Keys::at_end(history);
        match keys.named(&self.queue) {
            None => Finding::nothing_broke_it(history, format!("In the end {key} is empty.")),
            Some(_) if history.cut.is_some() => Finding::nothing_broke_it(history, String::new()),
            Some(held) if let Some((to_come, waiting)) = streams::open(&held.view) => {
                self.of_groups(history, held, to_come, &waiting)
            }
            Some(held) => Finding::violated(
                match held.view.len {
                    1 => format!("In the end one element is left in {key}."),
                    n => format!("In the end {n} elements are left in {key}."),
                },
                held.writer.into_iter().collect(),
            ),
        }
    }
}

impl Drained {
    fn of_groups(
        &self,
        history: &History<'_>,
        held: &Held,
        to_come: usize,
        waiting: &[&GroupView],
    ) -> Finding {
        let key = text(&self.queue);
        let (n, state) = match waiting {
            [] if to_come == 0 => {
                let well = format!("In the end every entry of {key} is acknowledged.");
                return Finding::nothing_broke_it(history, well);
            }
            [] => (to_come, "not delivered".to_owned()),
            [first, ..] => (first.pending_len, pending_with(first)),
        };
        let left = match n {
            1 => format!("one entry of {key} is {state}"),
            n => format!("{n} entries of {key} are {state}"),
        };
        Finding::violated(
            format!("In the end {left}."),
            held.writer.into_iter().collect(),
        )
    }
}

/// `still pending, with worker-a and worker-b`.
fn pending_with(group: &GroupView) -> String {
    let mut with: Vec<String> = Vec::new();
    for pending in &group.pending {
        let who = text(&pending.consumer);
        if !who.is_empty() && !with.contains(&who) {
            with.push(who);
        }
    }
    match with.is_empty() {
        true => "still pending".to_owned(),
        false => format!("still pending, with {}", with.join(" and ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Outcome;
    use crate::scripted::Script;

    #[test]
    fn a_stream_is_drained_when_its_group_has_acknowledged_every_entry() {
        let drained = Drained {
            queue: Bytes::from("jobs"),
        };
        let entries = [("1-0", "order-1"), ("2-0", "order-2")];
        let mut script = Script::new();
        script.stream("producer", "jobs", &entries, "1-0", &[]);
        let found = drained.check(&script.history());
        assert_eq!(
            found.sentence,
            "In the end one entry of jobs is not delivered."
        );
        script.stream("worker-a", "jobs", &entries, "2-0", &[("2-0", "worker-a")]);
        let found = drained.check(&script.history());
        assert_eq!(found.outcome, Outcome::Violated);
        assert_eq!(
            found.sentence,
            "In the end one entry of jobs is still pending, with worker-a."
        );
        script.stream("worker-a", "jobs", &entries, "2-0", &[]);
        assert_eq!(drained.check(&script.history()).outcome, Outcome::Held);
    }

    #[test]
    fn what_is_left_in_the_queue_breaks_it() {
        let drained = Drained {
            queue: Bytes::from("jobs"),
        };
        let mut script = Script::new();
        script.list("producer", "jobs", &["a", "b"]);
        let found = drained.check(&script.history());
        assert_eq!(found.outcome, Outcome::Violated);
        assert_eq!(found.sentence, "In the end 2 elements are left in jobs.");
        script.list("worker-a", "jobs", &[]);
        assert_eq!(drained.check(&script.history()).outcome, Outcome::Held);
    }
}
