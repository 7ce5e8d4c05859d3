//! What each client was doing, when.

use redwind_protocol::{LaneKind, Local, Record, RecordKind, Trace};

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

/// A thread of a client's program beside the one that it begins with, at an instant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ThreadNow<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it is about.
    pub doing: Doing,
    /// The line it is at, from 1.
    pub line: u32,
    /// Its local variables.
    pub locals: &'a [Local],
}

/// All records of one client by what they change.
#[derive(Debug)]
pub(super) struct ClientTrack {
    pub(super) lane: u16,
    /// The thread that the program begins with, and what happens to the process.
    main: Track,
    prints: Vec<u32>,
    /// The other threads in the order that they began, each by its name.
    threads: Vec<(String, Track)>,
}

/// The records of one thread by what they change.
#[derive(Debug, Default)]
struct Track {
    records: Vec<u32>,
    lines: Vec<u32>,
    locals: Vec<u32>,
}

impl Track {
    fn add(&mut self, index: u32, record: &Record) {
        self.records.push(index);
        if record.line.is_some() || record.kind == RecordKind::Started {
            self.lines.push(index);
        }
        if record.locals.is_some() {
            self.locals.push(index);
        }
    }

    fn locals<'a>(&self, story: &'a Story, position: u32) -> &'a [Local] {
        last(&self.locals, position)
            .and_then(|index| story.record(index))
            .and_then(|record| record.locals.as_deref())
            .unwrap_or_default()
    }
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
        let doing = self.main.doing(story, position);
        let gone = matches!(doing, Doing::NotStarted | Doing::Down);
        let line = last(&self.main.lines, position).and_then(|index| story.record(index)?.line);
        Some(ClientNow {
            lane: self.lane,
            doing,
            line: line.filter(|_| !gone),
            locals: if gone {
                &[]
            } else {
                self.main.locals(story, position)
            },
            printed: last(&self.prints, position),
        })
    }

    /// The other threads that are there at this moment, since the process began last.
    pub(super) fn threads_at<'a>(
        &'a self,
        story: &'a Story,
        position: u32,
        process: Doing,
    ) -> Vec<ThreadNow<'a>> {
        let main = &self.main.records;
        let until = main.partition_point(|record| *record <= position);
        let started = |r: &u32| {
            story
                .record(*r)
                .is_some_and(|r| r.kind == RecordKind::Started)
        };
        let began = main[..until].iter().copied().rev().find(started);
        let began = began.unwrap_or(0);
        let threads = self.threads.iter().filter_map(|(name, track)| {
            let newest = last(&track.records, position).filter(|index| *index >= began)?;
            let line = last(&track.lines, position).filter(|index| *index >= began)?;
            if story.record(newest)?.label == THREAD_ENDS {
                return None;
            }
            Some(ThreadNow {
                name,
                doing: match process {
                    Doing::Paused(_) => process,
                    _ => track.doing(story, position),
                },
                line: story.record(line)?.line?,
                locals: track.locals(story, position),
            })
        });
        threads.collect()
    }
}

impl Track {
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
            main: Track::default(),
            prints: vec![],
            threads: vec![],
        })
        .collect();
    for (index, record) in (0_u32..).zip(&trace.records) {
        let Some(client) = tracks.iter_mut().find(|track| track.lane == record.lane) else {
            continue;
        };
        if record.kind == RecordKind::Printed {
            client.prints.push(index);
        }
        let Some(thread) = &record.thread else {
            client.main.add(index, record);
            continue;
        };
        let known = client.threads.iter().position(|(name, _)| name == thread);
        let at = known.unwrap_or_else(|| {
            client.threads.push((thread.clone(), Track::default()));
            client.threads.len() - 1
        });
        client.threads[at].1.add(index, record);
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
