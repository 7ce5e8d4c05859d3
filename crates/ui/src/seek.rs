//! All movement of the cursor: buttons, keys, clicks, links and playback produce the same few values.

use redwind_protocol::RecordKind;

use crate::story::Story;

/// A way to move the cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seek {
    /// To the first record.
    Start,
    /// To the last record.
    End,
    /// To this record.
    Record(u32),
    /// To the last record at or before this moment, in microseconds.
    Time(u64),
    /// One step on, or back.
    Step {
        /// Which way.
        forward: bool,
        /// Whether lines of programs count as steps.
        by_line: bool,
        /// Only what happens on this lane.
        lane: Option<u16>,
    },
    /// To the next broken promise.
    NextViolation,
}

/// Where a seek leads from `position`.
#[must_use]
pub fn resolve(story: &Story, position: u32, seek: Seek) -> u32 {
    let last = story.last();
    match seek {
        Seek::Start => 0,
        Seek::End => last,
        Seek::Record(record) => record.min(last),
        Seek::Time(at) => story.at_time(at),
        Seek::Step {
            forward,
            by_line,
            lane,
        } => step(story, position, forward, by_line, lane),
        Seek::NextViolation => next_violation(story, position).unwrap_or(position),
    }
}

/// The next record after `position` at which a promise breaks.
#[must_use]
pub fn next_violation(story: &Story, position: u32) -> Option<u32> {
    story
        .broken()
        .iter()
        .map(|(record, _)| *record)
        .find(|record| *record > position)
}

fn step(story: &Story, position: u32, forward: bool, by_line: bool, lane: Option<u16>) -> u32 {
    let stops = |index: &u32| {
        story.record(*index).is_some_and(|record| {
            (by_line || record.kind != RecordKind::Line)
                && lane.is_none_or(|lane| record.lane == lane)
        })
    };
    let found = if forward {
        (position.saturating_add(1)..story.len()).find(stops)
    } else {
        (0..position.min(story.len())).rev().find(stops)
    };
    // Past the last step lies the end, before the first the start: what remains there can still be reached.
    found.unwrap_or(if lane.is_some() {
        position
    } else if forward {
        story.last()
    } else {
        0
    })
}
