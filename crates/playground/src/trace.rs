//! A simulated run, told in the page's own words.

use std::collections::BTreeMap;
use std::sync::Arc;

use redwind_explore::{Outcome, Verdict};
use redwind_protocol as page;
use redwind_protocol::MessageState;
use redwind_sim::{Clock, Event, KeyChange, PacketId, Place, Record, Run, Scenario};

use crate::calls::CallNames;
use crate::kind::kind;
use crate::lanes::Lanes;
use crate::preview;
use crate::shown::Shower;

/// The page's form of a run.
pub(crate) fn trace(run: &Run, verdicts: &[Verdict]) -> page::Trace {
    let scenario = run.scenario();
    let mut teller = Teller::new(scenario);
    let initial_keys = run
        .initial_keys()
        .iter()
        .map(|(place, change)| teller.key(*place, change, None, 0))
        .collect();
    let records: Vec<page::Record> = run
        .records()
        .iter()
        .map(|record| teller.tell(record))
        .collect();
    let typed = run
        .records()
        .iter()
        .any(|record| record.place == Place::Terminal);
    page::Trace {
        hash: run.hash().to_string(),
        lanes: Lanes::list(scenario, typed),
        records,
        initial_keys,
        verdicts: verdicts.iter().map(verdict).collect(),
        interventions: scenario
            .interventions
            .iter()
            .map(ToString::to_string)
            .collect(),
        cut: redwind_lesson::cut_in_words(run),
    }
}

fn verdict(verdict: &Verdict) -> page::Verdict {
    page::Verdict {
        name: verdict.invariant.name().to_owned(),
        promise: verdict.invariant.promise(),
        outcome: match verdict.outcome {
            Outcome::Held => page::VerdictOutcome::Held,
            Outcome::Violated => page::VerdictOutcome::Violated,
            Outcome::Undecided => page::VerdictOutcome::Undecided,
        },
        finding: verdict.finding.clone(),
        evidence: verdict.evidence.clone(),
    }
}

/// Where a call's messages are under way.
#[derive(Clone, Copy)]
struct Flight {
    asked: u32,
    asked_to: u16,
    answered: Option<u32>,
    asker: u16,
}

/// A key by its node's lane, its database and its name.
type KeyId = (u16, u32, bytes::Bytes);

/// A thread's variables, by its name; the first thread has none.
type Threads = BTreeMap<Option<Arc<str>>, Arc<[redwind_sim::Local]>>;

struct Teller<'a> {
    scenario: &'a Scenario,
    /// Turns a node's deadlines into true time.
    clock: Clock,
    lanes: Lanes,
    calls: CallNames,
    flights: BTreeMap<PacketId, Flight>,
    terminal: Shower,
    /// Of each client: the variables told last.
    locals: BTreeMap<u16, Threads>,
    /// Of each key, the record that wrote it last.
    writers: BTreeMap<KeyId, u32>,
    /// Of each key with a deadline: the deadline and when it was set.
    deadlines: BTreeMap<KeyId, (u64, u64)>,
}

impl<'a> Teller<'a> {
    fn new(scenario: &'a Scenario) -> Self {
        Self {
            scenario,
            clock: Clock::new(scenario.epoch),
            lanes: Lanes::new(scenario),
            calls: CallNames::default(),
            flights: BTreeMap::new(),
            terminal: Shower::default(),
            locals: BTreeMap::new(),
            writers: BTreeMap::new(),
            deadlines: BTreeMap::new(),
        }
    }

    fn tell(&mut self, record: &Record) -> page::Record {
        self.calls.see(self.scenario, record);
        let lane = self.lanes.of(record.place);
        let shown = self.terminal.see(record, &self.lanes);
        let mut told = page::Record {
            at: record.at.0,
            cause: record.cause,
            lane,
            thread: record.thread.as_deref().map(str::to_owned),
            kind: kind(&record.event),
            label: record.label(self.scenario),
            sentence: record.sentence(self.scenario),
            message: self.message(record),
            line: None,
            locals: None,
            keys: Vec::new(),
            effect: None,
            belief: None,
            until: None,
            cut: None,
            role: None,
            shown,
        };
        match &record.event {
            Event::Line { line, locals } => {
                told.line = Some(*line);
                let threads = self.locals.entry(lane).or_default();
                let known = threads.insert(record.thread.clone(), Arc::clone(locals));
                if known.as_ref() != Some(locals) {
                    told.locals = Some(locals.iter().map(local).collect());
                }
            }
            Event::Executed { changes, .. }
            | Event::Unblocked { changes, .. }
            | Event::Expired { changes }
            | Event::Loaded { changes }
            | Event::Cluster { changes, .. }
            | Event::Replicated { changes, .. } => {
                told.keys = changes
                    .iter()
                    .map(|c| self.key(record.place, c, Some(record.seq), record.at.0))
                    .collect();
            }
            // What a replica copies was written by whoever wrote it on the primary.
            Event::Synced { from, changes, .. } => {
                let primary = self.lanes.of(*from);
                told.keys = changes
                    .iter()
                    .map(|c| {
                        let id = (primary, c.db, c.key.clone());
                        let writer = self.writers.get(&id).copied().unwrap_or(record.seq);
                        self.key(record.place, c, Some(writer), record.at.0)
                    })
                    .collect();
            }
            Event::Role { primary } => {
                told.role = Some(primary.map_or(page::Role::Primary, |primary| {
                    page::Role::Replica(self.lanes.of(primary))
                }));
            }
            Event::Partitioned {
                from,
                to,
                both_ways,
                until,
            } => {
                told.cut = Some(self.cut(from, to, *both_ways));
                told.until = until.map(|until| until.0);
            }
            Event::Healed { from, to } => told.cut = Some(self.cut(from, to, true)),
            Event::Performed {
                by,
                call,
                effect: Some(effect),
                ..
            } => {
                told.effect = Some(page::Effect {
                    target: effect.target.clone(),
                    value: effect.value.clone(),
                    by: self.lanes.of(*by),
                    token: effect.token,
                    accepted: effect.accepted,
                    believing: call
                        .believing
                        .iter()
                        .filter_map(|lock| self.lock(*lock))
                        .collect(),
                });
            }
            Event::Believes { lock, holds } => {
                let holds = *holds;
                told.belief = self.lock(*lock).map(|lock| page::Belief { lock, holds });
            }
            Event::Paused { until } => told.until = Some(until.0),
            Event::Listens { most: Some(most) } | Event::Parked { most: Some(most) } => {
                told.until = Some((record.at + *most).0)
            }
            Event::Slept { lasts } => told.until = Some((record.at + *lasts).0),
            Event::Started { .. } | Event::Crashed | Event::PowerCut => {
                self.locals.remove(&lane);
                told.locals = Some(Vec::new());
            }
            _ => {}
        }
        told
    }

    /// The key of a lock.
    fn lock(&self, index: u16) -> Option<String> {
        let lock = self.scenario.locks.get(usize::from(index))?;
        Some(String::from_utf8_lossy(&lock.key).into_owned())
    }

    fn cut(&self, from: &[Place], to: &[Place], both_ways: bool) -> page::Cut {
        let side = |places: &[Place]| places.iter().map(|place| self.lanes.of(*place)).collect();
        page::Cut {
            from: side(from),
            to: side(to),
            both_ways,
        }
    }

    fn message(&mut self, record: &Record) -> Option<page::Message> {
        let lane = self.lanes.of(record.place);
        if let Event::Sent { packet, to, .. } = &record.event {
            let to = self.lanes.of(*to);
            self.flights.insert(
                *packet,
                Flight {
                    asked: record.seq,
                    asked_to: to,
                    answered: None,
                    asker: lane,
                },
            );
            return Some(self.leg(*packet, record.seq, to, MessageState::Sent, false));
        }
        // A message of a channel has no request: it comes from what made the node send it.
        if let (Event::Heard { packet, .. }, Some(sent)) = (&record.event, record.cause) {
            return Some(self.leg(*packet, sent, lane, MessageState::Arrived, true));
        }
        let (packet, state, reply) = match &record.event {
            // It came earlier, and was answered then.
            Event::Performed {
                phase: redwind_sim::Phase::Committed,
                ..
            } => return None,
            Event::Executed { packet, .. }
            | Event::Performed { packet, .. }
            | Event::Replicated { packet, .. } => (*packet, MessageState::Arrived, false),
            Event::Received { packet, .. } => (*packet, MessageState::Arrived, true),
            Event::Lost { packet, reply, .. } => (*packet, MessageState::Lost, *reply),
            Event::Unblocked { packet, .. } => {
                self.flights.get_mut(packet)?.answered = Some(record.seq);
                return None;
            }
            _ => return None,
        };
        let flight = self.flights.get_mut(&packet)?;
        if matches!(
            record.event,
            Event::Executed { .. } | Event::Performed { .. }
        ) {
            flight.answered = Some(record.seq);
        }
        let (sent, to) = if reply {
            (flight.answered?, flight.asker)
        } else {
            (flight.asked, flight.asked_to)
        };
        Some(self.leg(packet, sent, to, state, reply))
    }

    fn leg(
        &self,
        packet: PacketId,
        sent: u32,
        to: u16,
        state: MessageState,
        reply: bool,
    ) -> page::Message {
        page::Message {
            sent,
            to,
            state,
            call: self.calls.get(packet),
            reply,
        }
    }

    fn key(
        &mut self,
        place: Place,
        change: &KeyChange,
        writer: Option<u32>,
        at: u64,
    ) -> page::KeyChange {
        let node = self.lanes.of(place);
        let id = (node, change.db, change.key.clone());
        let expires = change
            .expires_at
            .map(|deadline| self.clock.when(deadline).0);
        let expiry_set = expires.map(|expires| match self.deadlines.get(&id) {
            Some((known, set)) if *known == expires => *set,
            _ => at,
        });
        match writer.filter(|_| change.view.is_some()) {
            Some(writer) => self.writers.insert(id.clone(), writer),
            None => self.writers.remove(&id),
        };
        match expires.zip(expiry_set) {
            Some(deadline) => self.deadlines.insert(id, deadline),
            None => self.deadlines.remove(&id),
        };
        page::KeyChange {
            node,
            db: change.db,
            name: preview::bare(&change.key),
            what: change.what.to_owned(),
            key: change.view.as_ref().map(|view| page::Key {
                kind: view.kind.to_owned(),
                preview: preview::lines(&view.preview),
                length: u64::try_from(view.len).unwrap_or(u64::MAX),
                expires,
                expiry_set,
                writer,
            }),
        }
    }
}

fn local(local: &redwind_sim::Local) -> page::Local {
    page::Local {
        name: local.name.clone(),
        value: local.value.clone(),
    }
}
