//! What each client was doing, when.

use redwind_protocol::{LaneKind, Local, RecordKind, Trace};

use super::Story;

/// A client at an instant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClientNow<'a> {
    /// Its lane.
    pub lane: u16,
    /// What it is about.
    pub doing: Doing,
    /// The line it is at, from 1.
    pub line: Option<u32>,
    /// Its local variables.
    pub locals: &'a [Local],
    /// The record of what it printed last.
    pub printed: Option<u32>,
}

/// What a client is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// Its process has not been started yet.
    NotStarted,
    /// It runs its program.
    Running,
    /// It waits for a reply to what this record sent.
    Waiting(u32),
    /// It sleeps until then.
    Sleeping(u64),
    /// Its process stands still until then.
    Paused(u64),
    /// Its process is dead.
    Down,
    /// Its program ended well.
    Finished,
    /// Its program ended with an exception or was stopped.
    Raised,
}

impl Doing {
    /// Whether its program has come to its end.
    #[must_use]
    pub fn is_over(self) -> bool {
        matches!(self, Self::Finished | Self::Raised)
    }
}

/// A time that a client spends not running.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spell {
    /// What it is.
    pub kind: SpellKind,
    /// Whose.
    pub lane: u16,
    /// The record that begins it.
    pub from: u32,
    /// The record that ends it; `None`: it lasts beyond the run.
    pub to: Option<u32>,
    /// How long it was meant to last, where that was said.
    pub until: Option<u64>,
}

/// Why a client does not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpellKind {
    /// Its process was stopped from outside.
    Pause,
    /// It sleeps by its own will.
    Sleep,
    /// Its process is dead.
    Down,
}

/// All records of one client by what they change.
#[derive(Debug)]
pub(super) struct ClientTrack {
    pub(super) lane: u16,
    records: Vec<u32>,
    lines: Vec<u32>,
    locals: Vec<u32>,
    prints: Vec<u32>,
    /// The records of its other threads.
    threads: Vec<u32>,
}

/// How the end of a thread is labelled.
const THREAD_ENDS: &str = "thread ends";

/// The last of `list` at or before `position`.
fn last(list: &[u32], position: u32) -> Option<u32> {
    let until = list.partition_point(|record| *record <= position);
    list[..until].last().copied()
}

impl ClientTrack {
    pub(super) fn at<'a>(&self, story: &'a Story, position: u32) -> Option<ClientNow<'a>> {
        let record = |list| last(list, position).and_then(|index| story.record(index));
        let doing = self.doing(story, position);
        let gone = matches!(doing, Doing::NotStarted | Doing::Down);
        Some(ClientNow {
            lane: self.lane,
            doing,
            line: record(&self.lines).and_then(|r| r.line).filter(|_| !gone),
            locals: record(&self.locals)
                .and_then(|r| r.locals.as_deref())
                .filter(|_| !gone)
                .unwrap_or_default(),
            printed: last(&self.prints, position),
        })
    }

    /// The lines that its other threads are at, each with the thread's name, since the process began last.
    pub(super) fn threads_at<'a>(&self, story: &'a Story, position: u32) -> Vec<(&'a str, u32)> {
        let began = last(&self.lines, position).map_or(0, |line| {
            let starts = self.records[..self.records.partition_point(|r| *r <= line)].iter();
            let started = |r: &&u32| {
                story
                    .record(**r)
                    .is_some_and(|r| r.kind == RecordKind::Started)
            };
            starts.rev().find(started).copied().unwrap_or(0)
        });
        let until = self.threads.partition_point(|record| *record <= position);
        let mut lines: Vec<(&str, u32)> = Vec::new();
        for index in &self.threads[..until] {
            let Some(record) = story.record(*index).filter(|_| *index >= began) else {
                continue;
            };
            let name = record.thread.as_deref().unwrap_or_default();
            if record.line.is_some() || record.label == THREAD_ENDS {
                lines.retain(|(known, _)| *known != name);
            }
            lines.extend(record.line.map(|line| (name, line)));
        }
        lines
    }

    fn doing(&self, story: &Story, position: u32) -> Doing {
        let until = self.records.partition_point(|record| *record <= position);
        // A pause covers whatever the client was about; what it was about shows again when the pause is over.
        let mut resumed = false;
        for index in self.records[..until].iter().rev() {
            let Some(record) = story.record(*index) else {
                continue;
            };
            let now = match record.kind {
                RecordKind::Resumed => {
                    resumed = true;
                    continue;
                }
                RecordKind::Paused if resumed => {
                    resumed = false;
                    continue;
                }
                RecordKind::Paused => Doing::Paused(record.until.unwrap_or(u64::MAX)),
                RecordKind::Started
                | RecordKind::Line
                | RecordKind::Woke
                | RecordKind::Received => Doing::Running,
                RecordKind::Failed => Doing::Running,
                RecordKind::Sent => Doing::Waiting(*index),
                RecordKind::Slept => Doing::Sleeping(record.until.unwrap_or(0)),
                RecordKind::Crashed | RecordKind::PowerCut => Doing::Down,
                RecordKind::Finished => Doing::Finished,
                RecordKind::Raised => Doing::Raised,
                _ => continue,
            };
            return now;
        }
        Doing::NotStarted
    }
}

/// One track per client.
pub(super) fn tracks(trace: &Trace) -> Vec<ClientTrack> {
    let mut tracks: Vec<ClientTrack> = (0_u16..)
        .zip(&trace.lanes)
        .filter(|(_, lane)| lane.kind == LaneKind::Client)
        .map(|(lane, _)| ClientTrack {
            lane,
            records: vec![],
            lines: vec![],
            locals: vec![],
            prints: vec![],
            threads: vec![],
        })
        .collect();
    for (index, record) in (0_u32..).zip(&trace.records) {
        let Some(track) = tracks.iter_mut().find(|track| track.lane == record.lane) else {
            continue;
        };
        if record.kind == RecordKind::Printed {
            track.prints.push(index);
        }
        if record.thread.is_some() {
            track.threads.push(index);
            continue;
        }
        track.records.push(index);
        if record.line.is_some() || record.kind == RecordKind::Started {
            track.lines.push(index);
        }
        if record.locals.is_some() {
            track.locals.push(index);
        }
    }
    tracks
}

/// All times of not running, in the order they begin.
pub(super) fn spells(trace: &Trace) -> Vec<Spell> {
    let mut spells: Vec<Spell> = Vec::new();
    let mut open: Vec<[Option<usize>; 3]> = vec![[None; 3]; trace.lanes.len()];
    for (index, record) in (0_u32..).zip(&trace.records) {
        let Some(open) = open.get_mut(usize::from(record.lane)) else {
            continue;
        };
        // That one thread sleeps does not mean that the process does.
        if record.thread.is_some() {
            continue;
        }
        let begins = match record.kind {
            RecordKind::Paused => Some(SpellKind::Pause),
            RecordKind::Slept => Some(SpellKind::Sleep),
            RecordKind::Crashed | RecordKind::PowerCut => Some(SpellKind::Down),
            _ => None,
        };
        let ends: &[SpellKind] = match record.kind {
            RecordKind::Resumed => &[SpellKind::Pause],
            RecordKind::Woke => &[SpellKind::Sleep],
            RecordKind::Started => &[SpellKind::Down],
            RecordKind::Crashed | RecordKind::PowerCut => &[SpellKind::Pause, SpellKind::Sleep],
            _ => &[],
        };
        for kind in ends {
            if let Some(spell) = open[*kind as usize].take().and_then(|i| spells.get_mut(i)) {
                spell.to = Some(index);
            }
        }
        if let Some(kind) = begins {
            open[kind as usize] = Some(spells.len());
            spells.push(Spell {
                kind,
                lane: record.lane,
                from: index,
                to: None,
                until: record.until,
            });
        }
    }
    spells
}
