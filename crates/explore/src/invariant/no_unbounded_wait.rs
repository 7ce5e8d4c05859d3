//! Nobody waits longer than a bound.

use std::collections::BTreeMap;

use bytes::Bytes;
use redwind_sim::{Event, Message, PacketId, Place, Record, SimTime, Span};

use crate::History;
use crate::history::{moment, text};
use crate::verdict::Finding;

/// No client waits longer than a bound: for any reply, or with a lock, from its first try to take it until it
/// believes to hold it. The time for which its own process was paused is not waiting; an end of the process ends
/// the wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoUnboundedWait {
    /// The longest wait.
    pub within: Span,
    /// Whose waits; `None`: everybody's.
    pub client: Option<String>,
    /// The lock that is waited for; `None`: replies.
    pub lock: Option<Bytes>,
}

/// What ends or begins with a record.
enum Turn {
    Begins(Wait),
    Ends(Wait),
    /// The process has ended.
    Over,
}

/// What is waited for: a message's reply, or the lock.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Wait {
    Reply(PacketId),
    Lock,
}

impl NoUnboundedWait {
    pub(crate) fn name(&self) -> &'static str {
        "No unbounded wait"
    }

    pub(crate) fn promise(&self) -> String {
        let who = match &self.client {
            Some(client) => format!("{client} never waits"),
            None => "Nobody waits".to_owned(),
        };
        format!("{who} for {} longer than {}.", self.what(), self.within)
    }

    fn what(&self) -> String {
        match &self.lock {
            Some(lock) => text(lock),
            None => "a reply".to_owned(),
        }
    }

    pub(crate) fn check(&self, history: &History<'_>) -> Finding {
        let mut waits: BTreeMap<(Place, Wait), &Record> = BTreeMap::new();
        let mut pauses: BTreeMap<Place, Vec<(SimTime, SimTime)>> = BTreeMap::new();
        let mut holders: Vec<Place> = Vec::new();
        let mut longest = Span(0);
        let waited = |pauses: &BTreeMap<Place, Vec<(SimTime, SimTime)>>, from: &Record, to| {
            let own = pauses.get(&from.place).map_or(&[][..], Vec::as_slice);
            let paused: u64 = own
                .iter()
                .map(|(start, end)| ((*end).min(to) - (*start).max(from.at)).0)
                .sum();
            Span((to - from.at).0.saturating_sub(paused))
        };
        for record in history.records {
            let place = record.place;
            if !matches!(place, Place::Client(_)) || !self.is_about(history, place) {
                continue;
            }
            if let Event::Paused { until } = record.event {
                pauses.entry(place).or_default().push((record.at, until));
            }
            match self.turn(history, record, &mut holders) {
                None => {}
                Some(Turn::Begins(wait)) => {
                    waits.entry((place, wait)).or_insert(record);
                }
                Some(Turn::Over) => waits.retain(|(waiting, _), _| *waiting != place),
                Some(Turn::Ends(wait)) => {
                    let Some(since) = waits.remove(&(place, wait)) else {
                        continue;
                    };
                    let waited = waited(&pauses, since, record.at);
                    longest = longest.max(waited);
                    if waited > self.within {
                        return self.too_long(history, since, Some(record.seq), waited);
                    }
                }
            }
        }
        let end = history
            .records
            .last()
            .map_or(SimTime(0), |record| record.at);
        for since in waits.values() {
            let waited = waited(&pauses, since, end);
            // Nothing was still to come when the run ended by itself: who waits then waits for ever.
            if waited > self.within || history.cut.is_none() {
                return self.too_long(history, since, None, waited);
            }
        }
        Finding::nothing_broke_it(
            history,
            match longest {
                Span(0) => format!("Nobody waited for {}.", self.what()),
                longest => format!(
                    "The longest wait for {} was {}.",
                    self.what(),
                    moment(SimTime(longest.0))
                ),
            },
        )
    }

    fn is_about(&self, history: &History<'_>, place: Place) -> bool {
        let wanted = self.client.as_ref();
        wanted.is_none_or(|wanted| history.name(place) == wanted)
    }

    fn turn(
        &self,
        history: &History<'_>,
        record: &Record,
        holders: &mut Vec<Place>,
    ) -> Option<Turn> {
        let place = record.place;
        if matches!(record.event, Event::Crashed | Event::Exited(_)) {
            holders.retain(|holder| *holder != place);
            return Some(Turn::Over);
        }
        let Some(key) = &self.lock else {
            return match &record.event {
                Event::Sent { packet, .. } => Some(Turn::Begins(Wait::Reply(*packet))),
                Event::Received { packet, .. } | Event::Failed { packet, .. } => {
                    Some(Turn::Ends(Wait::Reply(*packet)))
                }
                _ => None,
            };
        };
        match &record.event {
            Event::Sent {
                message: Message::Commands { commands, .. },
                ..
            } if !holders.contains(&place) => {
                let tries = commands.iter().any(|argv| may_take(argv, key));
                tries.then_some(Turn::Begins(Wait::Lock))
            }
            Event::Believes { lock, holds } if history.lock(key) == Some(*lock) => {
                holders.retain(|holder| *holder != place);
                if *holds {
                    holders.push(place);
                }
                holds.then_some(Turn::Ends(Wait::Lock))
            }
            _ => None,
        }
    }

    fn too_long(
        &self,
        history: &History<'_>,
        since: &Record,
        until: Option<u32>,
        waited: Span,
    ) -> Finding {
        let (who, what) = (history.name(since.place), self.what());
        let waited = moment(SimTime(waited.0));
        let (sentence, end) = match until {
            Some(seq) => (
                format!(
                    "{who} waited {waited} for {what}, from {} on.",
                    moment(since.at)
                ),
                Some(seq),
            ),
            None => (
                format!(
                    "{who} has waited for {what} since {}, and still does when the run ends.",
                    moment(since.at)
                ),
                history.records.last().map(|record| record.seq),
            ),
        };
        let mut evidence = vec![since.seq];
        evidence.extend(end);
        Finding::violated(sentence, evidence)
    }
}

/// Whether the command can be an attempt to take the lock: a look at it or its release are none.
fn may_take(argv: &[Bytes], lock: &[u8]) -> bool {
    let takes: [&[u8]; 9] = [
        b"SET", b"SETNX", b"SETEX", b"PSETEX", b"GETSET", b"HSETNX", b"HSET", b"EVAL", b"EVALSHA",
    ];
    argv.split_first().is_some_and(|(name, args)| {
        takes.iter().any(|take| name.eq_ignore_ascii_case(take))
            && args.iter().any(|arg| arg == lock)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Outcome;
    use crate::scripted::Script;

    fn check(lock: Option<&'static str>, script: &Script) -> Finding {
        NoUnboundedWait {
            within: Span::seconds(1),
            client: None,
            lock: lock.map(Bytes::from),
        }
        .check(&script.history())
    }

    #[test]
    fn a_reply_that_takes_longer_than_the_bound_breaks_it() {
        let mut script = Script::new();
        script.at_ms(10).asks("worker-a", 1, &["GET", "k"]);
        script.at_ms(1_010).answered("worker-a", 1);
        assert_eq!(check(None, &script).outcome, Outcome::Held);
        script.at_ms(2_000).asks("worker-a", 2, &["GET", "k"]);
        script.at_ms(3_001).answered("worker-a", 2);
        let found = check(None, &script);
        assert_eq!(found.outcome, Outcome::Violated);
        assert_eq!(
            found.sentence,
            "worker-a waited 1.001s for a reply, from 2s on."
        );
        assert_eq!(found.evidence, [2, 3]);
    }

    #[test]
    fn a_pause_of_ones_own_is_no_waiting() {
        let mut script = Script::new();
        script.at_ms(10).asks("worker-a", 1, &["GET", "k"]);
        script.at_ms(20).pauses("worker-a", 5_000);
        script.at_ms(5_020).answered("worker-a", 1);
        assert_eq!(check(None, &script).outcome, Outcome::Held);
    }

    #[test]
    fn who_waits_when_nothing_is_to_come_waits_for_ever() {
        let mut script = Script::new();
        script
            .at_ms(10)
            .asks("worker-a", 1, &["BLPOP", "jobs", "0"]);
        assert_eq!(check(None, &script).outcome, Outcome::Violated);
        script.cut();
        assert_eq!(check(None, &script).outcome, Outcome::Undecided);
        let mut script = Script::new();
        script
            .at_ms(10)
            .asks("worker-a", 1, &["BLPOP", "jobs", "0"]);
        script.at_ms(11).crashes("worker-a");
        assert_eq!(check(None, &script).outcome, Outcome::Held);
    }

    #[test]
    fn a_wait_for_a_lock_lasts_from_the_first_try_to_the_belief() {
        let take = ["SET", "lock:report", "token", "NX"];
        let mut script = Script::new();
        script.at_ms(0).asks("worker-a", 1, &take);
        script.at_ms(1).answered("worker-a", 1);
        script.at_ms(900).asks("worker-a", 2, &take);
        script.at_ms(1_001).believes("worker-a", true);
        let found = check(Some("lock:report"), &script);
        assert_eq!(found.outcome, Outcome::Violated);
        assert_eq!(
            found.sentence,
            "worker-a waited 1.001s for lock:report, from 0s on."
        );
        assert_eq!(
            check(None, &script).evidence,
            [2, 3],
            "only the second has no answer"
        );
    }
}
