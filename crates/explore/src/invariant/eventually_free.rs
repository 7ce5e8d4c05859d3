//! A lock can be had again.

use bytes::Bytes;
use redwind_sim::{Event, Place};

use crate::History;
use crate::history::{moment, text};
use crate::keys::Keys;
use crate::verdict::Finding;

/// When the run ends, the lock is free, or will become so by its expiry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventuallyFree {
    /// The lock's key.
    pub lock: Bytes,
}

impl EventuallyFree {
    pub(crate) fn name(&self) -> &'static str {
        "Eventually free"
    }

    pub(crate) fn promise(&self) -> String {
        format!("{} does not stay taken for ever.", text(&self.lock))
    }

    pub(crate) fn check(&self, history: &History<'_>) -> Finding {
        let key = text(&self.lock);
        let keys = Keys::at_end(history);
        let Some(held) = keys.named(&self.lock) else {
            return Finding::nothing_broke_it(history, format!("In the end {key} is free."));
        };
        if held.expires_at.is_some() {
            return Finding::nothing_broke_it(
                history,
                format!("In the end {key} is taken, and expires by itself."),
            );
        }
        if history.cut.is_some() {
            return Finding::nothing_broke_it(history, String::new());
        }
        let Some(record) = held
            .writer
            .and_then(|seq| history.records.get(seq as usize))
        else {
            return Finding::violated(
                format!("{key} was taken before the start, and nobody freed it."),
                Vec::new(),
            );
        };
        let owner = History::author(record);
        let mut evidence = vec![record.seq];
        let dead = owner.and_then(|owner| last_words(history, owner, record.seq));
        evidence.extend(dead);
        Finding::violated(
            format!(
                "{} took {key} at {}{}: it is still taken in the end, and has no expiry.",
                owner.map_or("somebody", |place| history.name(place)),
                moment(record.at),
                match dead.and_then(|seq| history.records.get(seq as usize)) {
                    Some(end) => format!(" and crashed at {}", moment(end.at)),
                    None => String::new(),
                }
            ),
            evidence,
        )
    }
}

fn last_words(history: &History<'_>, client: Place, after: u32) -> Option<u32> {
    let later = history.records.iter().skip(after as usize);
    later
        .filter(|record| record.place == client)
        .find(|record| matches!(record.event, Event::Crashed))
        .map(|record| record.seq)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Outcome;
    use crate::scripted::Script;

    #[test]
    fn a_lock_without_expiry_whose_holder_died_stays_taken() {
        let free = EventuallyFree {
            lock: Bytes::from("lock:report"),
        };
        let mut script = Script::new();
        script.at_ms(1).sets("worker-a", "lock:report", "a");
        script.at_ms(2).crashes("worker-a");
        let found = free.check(&script.history());
        assert_eq!(found.outcome, Outcome::Violated);
        assert_eq!(
            found.sentence,
            "worker-a took lock:report at 1ms and crashed at 2ms: it is still taken in the end, and has no expiry."
        );
        assert_eq!(found.evidence.len(), 2);
    }

    #[test]
    fn a_lock_with_an_expiry_frees_itself() {
        let free = EventuallyFree {
            lock: Bytes::from("lock:report"),
        };
        let mut script = Script::new();
        script.at_ms(1).grants("worker-a", "lock:report");
        script.at_ms(2).crashes("worker-a");
        assert_eq!(free.check(&script.history()).outcome, Outcome::Held);
    }
}
