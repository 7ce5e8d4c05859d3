//! A queue is empty in the end.

use bytes::Bytes;

use crate::History;
use crate::history::text;
use crate::keys::Keys;
use crate::verdict::Finding;

/// When the run ends, nothing is left under the key.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Outcome;
    use crate::scripted::Script;

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
