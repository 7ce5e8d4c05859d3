//! What is drawn of a run: marks, arrows, bands and labels with their places. Nothing here depends on the cursor.

use redwind_protocol::{LaneKind, RecordKind, VerdictOutcome};

use super::axis::Axis;
use super::frame::Frame;
use super::labels::{Label, Labels};
use super::shapes::Shape;
use crate::story::{End, HoldKind, SpellKind, Story};
use crate::time;

/// A whole diagram.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Picture {
    /// Time.
    pub axis: Axis,
    /// Lanes.
    pub frame: Frame,
    /// Points.
    pub marks: Vec<Mark>,
    /// Messages.
    pub arrows: Vec<Arrow>,
    /// Stretches of a lane.
    pub bands: Vec<Band>,
    /// Stretches over several lanes in which two clients believe to hold one lock.
    pub doubles: Vec<Double>,
    /// Texts.
    pub labels: Vec<Label>,
}

/// A point on a lane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mark {
    /// The record it stands for.
    pub record: u32,
    /// Where along the axis.
    pub place: f64,
    /// Its lane.
    pub lane: u16,
    /// The client it has to do with: decides its colour.
    pub actor: Option<u16>,
    /// What is drawn.
    pub shape: Shape,
}

/// A message.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arrow {
    /// Index into [`Story::flights`].
    pub flight: u32,
    /// Where it left, along and across.
    pub from: (f64, f64),
    /// Where it ended.
    pub to: (f64, f64),
    /// Whose call it belongs to.
    pub client: u16,
    /// How it is drawn.
    pub style: ArrowStyle,
}

/// How a message is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArrowStyle {
    /// A call.
    Request,
    /// An answer.
    Reply,
    /// It never arrived.
    Lost,
    /// It broke a promise.
    Broken,
}

/// A stretch of a lane.
#[derive(Clone, Debug, PartialEq)]
pub struct Band {
    /// What it shows.
    pub kind: BandKind,
    /// Its lane.
    pub lane: u16,
    /// Where it begins, along.
    pub from: f64,
    /// Where it ends.
    pub to: f64,
    /// Whose belief or lock it is.
    pub client: u16,
    /// What it says.
    pub text: String,
    /// The record that begins it.
    pub record: u32,
}

/// What a band shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BandKind {
    /// A client believes that it holds a lock.
    Belief,
    /// A client holds a lock indeed.
    Truth,
    /// A process stands still.
    Pause,
    /// A client sleeps.
    Sleep,
    /// A process is dead.
    Down,
    /// The lane does not hear some of the others.
    Cut,
}

/// A time in which two clients believe to hold one lock.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Double {
    /// Where it begins, along.
    pub from: f64,
    /// Where it ends.
    pub to: f64,
    /// The lanes it is spread over, across.
    pub across: (f64, f64),
    /// Whether a promise was broken in this run.
    pub broken: bool,
}

impl Picture {
    /// Draws a run.
    #[must_use]
    pub fn new(story: &Story, axis: Axis, frame: Frame) -> Self {
        let mut picture = Self {
            axis,
            frame,
            ..Self::default()
        };
        picture.marks = picture.find_marks(story);
        picture.arrows = picture.find_arrows(story);
        picture.bands = picture.find_bands(story);
        picture.doubles = picture.find_doubles(story);
        picture.labels = Labels::place(story, &picture);
        picture
    }

    fn find_marks(&self, story: &Story) -> Vec<Mark> {
        let broken: Vec<u32> = story.broken().iter().map(|(record, _)| *record).collect();
        let mut started = vec![false; story.trace.lanes.len()];
        (0_u32..)
            .zip(&story.trace.records)
            .filter_map(|(index, record)| {
                if record.kind == RecordKind::Started {
                    let again = std::mem::replace(started.get_mut(usize::from(record.lane))?, true);
                    if !again && index < 8 {
                        return None;
                    }
                }
                let shape = if broken.contains(&index) {
                    Shape::Broken
                } else {
                    Shape::of(record)?
                };
                Some(Mark {
                    record: index,
                    place: self.axis.record(index),
                    lane: record.lane,
                    actor: story.actor(index),
                    shape,
                })
            })
            .collect()
    }

    fn find_arrows(&self, story: &Story) -> Vec<Arrow> {
        let broken: Vec<u32> = story.broken().iter().map(|(record, _)| *record).collect();
        (0_u32..)
            .zip(&story.flights)
            .map(|(index, flight)| {
                let from = (self.axis.record(flight.sent), self.frame.lane(flight.from));
                let target = self.frame.lane(flight.to);
                let (to, style) = match flight.end {
                    End::Arrived(end) if broken.contains(&end) => {
                        ((self.axis.record(end), target), ArrowStyle::Broken)
                    }
                    End::Arrived(end) => {
                        let style = if flight.reply {
                            ArrowStyle::Reply
                        } else {
                            ArrowStyle::Request
                        };
                        ((self.axis.record(end), target), style)
                    }
                    // A lost message stops half way, however long it takes until that shows.
                    End::Lost(end) => {
                        let reach = (self.axis.record(end) - from.0).clamp(14.0, 60.0);
                        (
                            (from.0 + reach, from.1 + (target - from.1) * 0.55),
                            ArrowStyle::Lost,
                        )
                    }
                    End::UnderWay => (
                        (from.0 + 22.0, from.1 + (target - from.1) * 0.4),
                        ArrowStyle::Reply,
                    ),
                };
                Arrow {
                    flight: index,
                    from,
                    to,
                    client: flight.client,
                    style,
                }
            })
            .collect()
    }

    fn find_bands(&self, story: &Story) -> Vec<Band> {
        let end = self.axis.length - 12.0;
        let place = |record: Option<u32>| record.map_or(end, |record| self.axis.record(record));
        let spells = story.spells.iter().map(|spell| {
            let (from, until) = (
                story.at(spell.from),
                spell.to.map(|to| story.at(to)).or(spell.until),
            );
            let lasts = until.map(|until| time::length(until.saturating_sub(from)));
            let (kind, word) = match spell.kind {
                SpellKind::Pause => (BandKind::Pause, "paused"),
                // It is the same to the process, but a subscriber listens and a thread waits for another.
                SpellKind::Sleep => match story.record(spell.from).map(|r| r.label.as_str()) {
                    Some("listens") => (BandKind::Sleep, "listens"),
                    Some("waits") => (BandKind::Sleep, "waits"),
                    _ => (BandKind::Sleep, "sleeps"),
                },
                SpellKind::Down => (BandKind::Down, "down"),
            };
            let text = lasts.map_or(word.to_owned(), |lasts| format!("{word} {lasts}"));
            let to = place(spell.to);
            Band {
                kind,
                lane: spell.lane,
                from: place(Some(spell.from)),
                to,
                client: spell.lane,
                text,
                record: spell.from,
            }
        });
        let holds = story.holds.iter().map(|hold| {
            let (kind, text) = match hold.kind {
                HoldKind::Believed => {
                    (BandKind::Belief, format!("believes it holds {}", hold.lock))
                }
                HoldKind::True => (
                    BandKind::Truth,
                    format!("{} holds {}", story.name(hold.client), hold.lock),
                ),
            };
            Band {
                kind,
                lane: hold.lane,
                from: place(Some(hold.from)),
                to: place(hold.to),
                client: hold.client,
                text,
                record: hold.from,
            }
        });
        let cuts = story.cuts.iter().flat_map(|spell| {
            let (cut, names) = (&spell.cut, |side: &[u16]| {
                side.iter()
                    .map(|lane| story.name(*lane))
                    .collect::<Vec<_>>()
                    .join(", ")
            });
            let (here, there) = (names(&cut.from), names(&cut.to));
            let (one, other) = if cut.both_ways {
                (
                    format!("cut off from {there}"),
                    format!("cut off from {here}"),
                )
            } else {
                (
                    format!("not heard by {there}"),
                    format!("does not hear {here}"),
                )
            };
            // Who is cut off from most of the others is shown; that they are cut off from it goes without saying.
            let mut sides = vec![(&cut.from, one), (&cut.to, other)];
            if cut.from.len() != cut.to.len() {
                sides.sort_by_key(|(side, _)| side.len());
                sides.truncate(1);
            }
            let (from, to) = (place(Some(spell.from)), place(spell.to));
            let record = spell.from;
            sides.into_iter().flat_map(move |(side, text)| {
                side.clone().into_iter().map(move |lane| Band {
                    kind: BandKind::Cut,
                    lane,
                    from,
                    to,
                    client: lane,
                    text: text.clone(),
                    record,
                })
            })
        });
        holds.chain(spells).chain(cuts).collect()
    }

    fn find_doubles(&self, story: &Story) -> Vec<Double> {
        let broken = story
            .trace
            .verdicts
            .iter()
            .any(|verdict| verdict.outcome == VerdictOutcome::Violated);
        let beliefs: Vec<_> = story
            .holds
            .iter()
            .filter(|hold| hold.kind == HoldKind::Believed)
            .collect();
        let end = |to: Option<u32>| to.unwrap_or(u32::MAX);
        let mut doubles = Vec::new();
        for (n, one) in beliefs.iter().enumerate() {
            // Only neighbours in time: with hundreds of holds, all pairs would be too many.
            for other in beliefs
                .iter()
                .skip(n + 1)
                .take(16)
                .filter(|o| o.lock == one.lock && o.lane != one.lane)
            {
                let (from, to) = (one.from.max(other.from), end(one.to).min(end(other.to)));
                if from >= to {
                    continue;
                }
                let (a, b) = (self.frame.lane(one.lane), self.frame.lane(other.lane));
                let to = if to == u32::MAX {
                    self.axis.length - 12.0
                } else {
                    self.axis.record(to)
                };
                let across = (a.min(b), a.max(b));
                doubles.push(Double {
                    from: self.axis.record(from),
                    to,
                    across,
                    broken,
                });
            }
        }
        doubles
    }

    /// The place of a lane's kind for its colour: `c0` … `c5` for clients, `cn`, `cr`, `ct` for the others.
    #[must_use]
    pub fn class(story: &Story, lane: u16) -> &'static str {
        const CLIENTS: [&str; 6] = ["c0", "c1", "c2", "c3", "c4", "c5"];
        match story.lane(lane).map(|lane| lane.kind) {
            Some(LaneKind::Client) => {
                let nth = story
                    .lanes(LaneKind::Client)
                    .position(|(index, _)| index == lane)
                    .unwrap_or(0);
                CLIENTS[nth % CLIENTS.len()]
            }
            Some(LaneKind::Node | LaneKind::Sentinel) => "cn",
            Some(LaneKind::Resource) => "cr",
            Some(LaneKind::Terminal) | None => "ct",
        }
    }
}
