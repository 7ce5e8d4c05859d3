//! One holder at a time.

use std::collections::BTreeMap;

use bytes::Bytes;
use redwind_sim::{Changed, Event, Place, Record, SimTime};

use crate::History;
use crate::history::{moment, text};
use crate::verdict::Finding;

/// Over a resource: only the newest holder of the lock acts on it. Without one, strictly: no two clients believe
/// at once that they hold the lock.
///
/// The strict form breaks as soon as a holder outlives its lease, whether or not it does any harm; no lock with an
/// expiry can keep it. What matters to the data is the form over a resource, and that one can be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MutualExclusion {
    /// The lock's key.
    pub lock: Bytes,
    /// The resource that it guards.
    pub over: Option<String>,
}

/// The record by which a client was granted the lock.
#[derive(Clone, Copy)]
struct Grant {
    to: Place,
    seq: u32,
    at: SimTime,
}

impl MutualExclusion {
    pub(crate) fn name(&self) -> &'static str {
        "Mutual exclusion"
    }

    pub(crate) fn promise(&self) -> String {
        let lock = text(&self.lock);
        match &self.over {
            Some(resource) => format!("Only the newest holder of {lock} writes to {resource}."),
            None => format!("No two clients believe at once that they hold {lock}."),
        }
    }

    pub(crate) fn check(&self, history: &History<'_>) -> Finding {
        match &self.over {
            Some(resource) => self.over_resource(history, resource),
            None => self.strict(history),
        }
    }

    fn over_resource(&self, history: &History<'_>, resource: &str) -> Finding {
        let place = history.resource(resource);
        let quorum = history.quorum(&self.lock);
        let mut owners: BTreeMap<Place, Place> = BTreeMap::new();
        let mut grants: Vec<Grant> = Vec::new();
        let mut gone: Vec<u32> = Vec::new();
        let mut writes = 0;
        for record in history.records {
            if let Some(grant) = self.granted(record, quorum, &mut owners) {
                grants.push(grant);
            }
            if self.went(record) {
                gone.push(record.seq);
            }
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
            writes += 1;
            let newest = grants.last();
            if newest.is_some_and(|newest| newest.to == *by) {
                continue;
            }
            let own = grants.iter().rev().find(|grant| grant.to == *by);
            return self.trespass(history, record, *by, own.copied(), newest.copied(), &gone);
        }
        let lock = text(&self.lock);
        Finding::nothing_broke_it(
            history,
            match writes {
                0 => format!("Nobody wrote to {resource}."),
                1 => format!(
                    "The one write that {resource} accepted came from the newest holder of {lock}."
                ),
                n => format!(
                    "Each of the {n} writes that {resource} accepted came from the newest holder of {lock}."
                ),
            },
        )
    }

    /// A write was accepted from a client that was not the newest holder.
    fn trespass(
        &self,
        history: &History<'_>,
        write: &Record,
        by: Place,
        own: Option<Grant>,
        newest: Option<Grant>,
        gone: &[u32],
    ) -> Finding {
        let (who, lock) = (history.name(by), text(&self.lock));
        let (what, when) = (target(write), moment(write.at));
        let resource = history.name(write.place);
        let mut evidence = vec![write.seq];
        let sentence = match (own, newest) {
            (Some(own), Some(newest)) => {
                evidence.extend([own.seq, newest.seq]);
                evidence.extend(history.pause(by, own.seq, write.seq));
                // The grant ends where the key went away, before somebody else could have it.
                evidence.extend(
                    gone.iter()
                        .find(|seq| **seq > own.seq && **seq < newest.seq),
                );
                format!(
                    "At {when} {who} wrote {what} to {resource} as the holder of {lock} since {}, but {} had taken it \
                     at {}.",
                    moment(own.at),
                    history.name(newest.to),
                    moment(newest.at)
                )
            }
            (None, Some(newest)) => {
                evidence.push(newest.seq);
                format!(
                    "At {when} {who} wrote {what} to {resource} without ever having held {lock}, which {} took at {}.",
                    history.name(newest.to),
                    moment(newest.at)
                )
            }
            _ => format!(
                "At {when} {who} wrote {what} to {resource}, and nobody had ever held {lock}."
            ),
        };
        Finding::violated(sentence, evidence)
    }

    fn strict(&self, history: &History<'_>) -> Finding {
        let key = text(&self.lock);
        let Some(lock) = history.lock(&self.lock) else {
            return Finding::undecided(format!(
                "{key} is not among the scenario's locks, so no beliefs about it are kept."
            ));
        };
        let mut holders: Vec<&Record> = Vec::new();
        let mut takes = 0;
        for record in history.records {
            let Event::Believes { lock: of, holds } = record.event else {
                continue;
            };
            if of != lock {
                continue;
            }
            holders.retain(|holder| holder.place != record.place);
            if !holds {
                continue;
            }
            takes += 1;
            if let Some(first) = holders.first() {
                let mut evidence = vec![first.seq, record.seq];
                evidence.extend(history.pause(first.place, first.seq, record.seq));
                let gone = history
                    .records
                    .get(first.seq as usize..record.seq as usize)
                    .unwrap_or_default();
                evidence.extend(
                    gone.iter()
                        .find(|record| self.went(record))
                        .map(|record| record.seq),
                );
                return Finding::violated(
                    format!(
                        "At {} {} took {key}, while {} believed since {} that it held it.",
                        moment(record.at),
                        history.name(record.place),
                        history.name(first.place),
                        moment(first.at)
                    ),
                    evidence,
                );
            }
            holders.push(record);
        }
        Finding::nothing_broke_it(
            history,
            match takes {
                0 => format!("Nobody took {key}."),
                n => format!(
                    "{key} was taken {}, never by two clients at once.",
                    times(n)
                ),
            },
        )
    }

    /// A client that this record makes the newest holder. `owners` are the clients that created the key, by node.
    fn granted(
        &self,
        record: &Record,
        quorum: usize,
        owners: &mut BTreeMap<Place, Place>,
    ) -> Option<Grant> {
        let mut grant = None;
        for change in History::changes(record) {
            if change.key != self.lock || change.changed == Changed::Updated {
                continue;
            }
            owners.remove(&record.place);
            let Some(to) = History::author(record) else {
                continue;
            };
            if change.changed == Changed::Created {
                owners.insert(record.place, to);
                // Later nodes confirm what a majority has granted; they don't grant it again.
                let nodes = owners.values().filter(|owner| **owner == to).count();
                if quorum <= 1 || nodes == quorum {
                    grant = Some(Grant {
                        to,
                        seq: record.seq,
                        at: record.at,
                    });
                }
            }
        }
        grant
    }

    fn went(&self, record: &Record) -> bool {
        History::changes(record)
            .iter()
            .any(|change| change.key == self.lock && change.changed == Changed::Deleted)
    }
}

fn target(write: &Record) -> &str {
    match &write.event {
        Event::Performed {
            effect: Some(effect),
            ..
        } => &effect.target,
        _ => "",
    }
}

fn times(n: u32) -> String {
    match n {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        n => format!("{n} times"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Outcome;
    use crate::scripted::Script;

    fn over_storage() -> MutualExclusion {
        MutualExclusion {
            lock: Bytes::from("lock:report"),
            over: Some("storage".to_owned()),
        }
    }

    /// Worker-a takes the lock, pauses past its expiry, and writes after worker-b has.
    fn paused_holder(late_write_accepted: bool) -> Script {
        let mut script = Script::new();
        script.at_ms(0).grants("worker-a", "lock:report");
        script.at_ms(1).pauses("worker-a", 15_000);
        script.at_ms(10_000).expires("lock:report");
        script.at_ms(12_500).grants("worker-b", "lock:report");
        script
            .at_ms(12_600)
            .effect("worker-b", "storage", "report", Some(2), true);
        script.at_ms(15_001).effect(
            "worker-a",
            "storage",
            "report",
            Some(1),
            late_write_accepted,
        );
        script
    }

    #[test]
    fn a_late_write_of_an_older_holder_breaks_it() {
        let script = paused_holder(true);
        let found = over_storage().check(&script.history());
        assert_eq!(found.outcome, Outcome::Violated);
        assert_eq!(
            found.sentence,
            "At 15.001s worker-a wrote report to storage as the holder of lock:report since 0s, \
             but worker-b had taken it at 12.5s."
        );
        let told: Vec<&str> = found.evidence.iter().map(|seq| script.what(*seq)).collect();
        assert_eq!(
            told,
            [
                "worker-a granted",
                "worker-a paused",
                "lock:report expired",
                "worker-b granted",
                "worker-a effect"
            ]
        );
    }

    #[test]
    fn a_late_write_that_is_refused_breaks_nothing() {
        let script = paused_holder(false);
        assert_eq!(
            over_storage().check(&script.history()).outcome,
            Outcome::Held
        );
    }

    #[test]
    fn a_write_of_a_client_that_never_held_the_lock_breaks_it() {
        let mut script = Script::new();
        script
            .at_ms(5)
            .effect("worker-b", "storage", "report", None, true);
        let found = over_storage().check(&script.history());
        assert_eq!(found.outcome, Outcome::Violated);
        assert!(
            found.sentence.contains("nobody had ever held"),
            "{}",
            found.sentence
        );
    }

    #[test]
    fn a_run_cut_short_decides_nothing_unless_it_was_already_broken() {
        let mut script = Script::new();
        script.at_ms(0).grants("worker-a", "lock:report");
        script.cut();
        assert_eq!(
            over_storage().check(&script.history()).outcome,
            Outcome::Undecided
        );
        let mut script = paused_holder(true);
        script.cut();
        assert_eq!(
            over_storage().check(&script.history()).outcome,
            Outcome::Violated
        );
    }

    #[test]
    fn strictly_two_beliefs_at_once_break_it_before_anything_is_written() {
        let strict = MutualExclusion {
            lock: Bytes::from("lock:report"),
            over: None,
        };
        let mut script = Script::new();
        script.at_ms(1).believes("worker-a", true);
        script.at_ms(2).pauses("worker-a", 15_000);
        script.at_ms(10_000).expires("lock:report");
        script.at_ms(12_000).believes("worker-b", true);
        let found = strict.check(&script.history());
        assert_eq!(found.outcome, Outcome::Violated);
        assert_eq!(found.evidence.len(), 4);

        let mut script = Script::new();
        script.at_ms(1).believes("worker-a", true);
        script.at_ms(2).believes("worker-a", false);
        script.at_ms(3).believes("worker-b", true);
        let found = strict.check(&script.history());
        assert_eq!(found.outcome, Outcome::Held);
        assert_eq!(
            found.sentence,
            "lock:report was taken twice, never by two clients at once."
        );
    }
}
