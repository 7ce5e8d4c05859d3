//! The time axis: true time, to scale, with idle stretches cut out and marked as such.

use redwind_protocol::RecordKind;

use super::shapes::Shape;
use crate::story::Story;
use crate::time;

/// Two things on one lane are at least so far apart, in pixels, or they could not be told apart or pointed at;
/// less when zoomed far out.
const APART: f64 = 9.0;
/// Before the first record.
const LEAD: f64 = 26.0;
/// After the last one.
const TRAIL: f64 = 48.0;
/// Ticks are at least so far apart.
const TICKS_APART: f64 = 78.0;

/// Places of records and moments along the time axis, in pixels from its start.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Axis {
    /// How long it is altogether.
    pub length: f64,
    /// Stretches that are drawn shorter than they are.
    pub gaps: Vec<Gap>,
    /// Labelled moments.
    pub ticks: Vec<Tick>,
    places: Vec<f64>,
    times: Vec<u64>,
}

/// A stretch without events, drawn shorter than it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gap {
    /// Where it begins on the axis.
    pub from: f64,
    /// Where it ends.
    pub to: f64,
    /// How much time passes in it, in microseconds.
    pub lasts: u64,
}

/// A labelled moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// Where on the axis.
    pub place: f64,
    /// What it says.
    pub label: String,
    /// Whether time has just jumped: the first moment after a gap.
    pub strong: bool,
}

impl Axis {
    /// Lays a run out; `zoom` is the length in pixels of a message of typical duration.
    #[must_use]
    pub fn new(story: &Story, zoom: f64) -> Self {
        let scale = zoom / typical_flight(story) as f64;
        let longest = (zoom * 3.2).max(110.0);
        let apart = (zoom * 0.3).clamp(3.0, APART);
        let mut axis = Self::default();
        let mut on_lane = vec![f64::NEG_INFINITY; story.trace.lanes.len()];
        let (mut place, mut before) = (LEAD, story.at(0));
        for record in &story.trace.records {
            let passed = record.at.saturating_sub(before) as f64;
            let wide = passed * scale;
            if wide > longest {
                // Longer gaps are a little longer on screen too, and all of them have room for their label.
                let cut =
                    zoom.mul_add(0.9, 6.0).clamp(34.0, 90.0) + 10.0 * (wide / longest).log10();
                axis.gaps.push(Gap {
                    from: place,
                    to: place + cut,
                    lasts: record.at - before,
                });
                place += cut;
            } else {
                place += wide;
            }
            if drawn(record.kind)
                && let Some(last) = on_lane.get_mut(usize::from(record.lane))
            {
                // Marks of what nodes decide are wider, and often come several at one instant.
                let news = Shape::of(record).is_some_and(Shape::is_news);
                let apart = if news {
                    (apart * 2.0).min(15.0).max(apart)
                } else {
                    apart
                };
                place = place.max(*last + apart);
                *last = place;
            }
            before = record.at;
            axis.places.push(place);
            axis.times.push(record.at);
        }
        axis.length = place + TRAIL;
        axis.ticks = axis.ticks();
        axis
    }

    /// The zoom at which a run just fits into `room` pixels, but not below `least`.
    #[must_use]
    pub fn fitting(story: &Story, room: f64, least: f64) -> f64 {
        let (mut low, mut high) = (least, 220.0);
        for _ in 0..9 {
            let middle = (low + high) / 2.0;
            if Self::new(story, middle).length > room {
                high = middle;
            } else {
                low = middle;
            }
        }
        low
    }

    /// Where a record is.
    #[must_use]
    pub fn record(&self, index: u32) -> f64 {
        self.places
            .get(index as usize)
            .or(self.places.last())
            .copied()
            .unwrap_or(LEAD)
    }

    /// Where a moment is: in proportion between the records around it.
    #[must_use]
    pub fn time(&self, at: u64) -> f64 {
        let after = self.times.partition_point(|time| *time <= at);
        let Some(before) = after.checked_sub(1) else {
            return self.record(0);
        };
        let (place, time) = (self.places[before], self.times[before]);
        let Some((next, until)) = self.places.get(after).zip(self.times.get(after)) else {
            return if at > time {
                self.length - TRAIL / 3.0
            } else {
                place
            };
        };
        let span = (until - time).max(1) as f64;
        place + (next - place) * ((at - time) as f64 / span)
    }

    /// The moment at a place on the axis.
    #[must_use]
    pub fn moment(&self, place: f64) -> u64 {
        let after = self.places.partition_point(|p| *p <= place);
        let Some(before) = after.checked_sub(1) else {
            return self.times.first().copied().unwrap_or(0);
        };
        let (from, time) = (self.places[before], self.times[before]);
        let Some((next, until)) = self.places.get(after).zip(self.times.get(after)) else {
            return time;
        };
        let share = (place - from) / (next - from).max(f64::EPSILON);
        time + ((until - time) as f64 * share) as u64
    }

    /// The last record at or before a place on the axis.
    #[must_use]
    pub fn record_at(&self, place: f64) -> u32 {
        let after = self.places.partition_point(|p| *p <= place);
        u32::try_from(after.saturating_sub(1)).unwrap_or(0)
    }

    /// Ticks: one where time begins and after every gap, and round moments between as far as there is room.
    fn ticks(&self) -> Vec<Tick> {
        let (Some(first), Some(last)) = (self.places.first(), self.places.last()) else {
            return Vec::new();
        };
        let starts = std::iter::once(*first).chain(self.gaps.iter().map(|gap| gap.to));
        let ends = self
            .gaps
            .iter()
            .map(|gap| gap.from)
            .chain(std::iter::once(*last));
        let mut ticks: Vec<Tick> = Vec::new();
        for (n, (start, end)) in starts.zip(ends).enumerate() {
            let (from, to) = (self.moment(start), self.moment(end));
            let room = ticks
                .last()
                .is_none_or(|tick| start - tick.place >= TICKS_APART * 0.62);
            if room {
                ticks.push(Tick {
                    place: start,
                    label: time::clock(from),
                    strong: n > 0,
                });
            }
            let per_pixel = to.saturating_sub(from) as f64 / (end - start).max(1.0);
            let step = round_step(per_pixel * TICKS_APART);
            let mut at = (from / step + 1) * step;
            while at <= to && ticks.len() < 20_000 {
                let place = self.time(at);
                if ticks
                    .last()
                    .is_none_or(|tick| place - tick.place >= TICKS_APART)
                {
                    ticks.push(Tick {
                        place,
                        label: time::clock(at),
                        strong: false,
                    });
                }
                at += step;
            }
        }
        ticks
    }
}

/// Whether a record takes up room on its lane.
fn drawn(kind: RecordKind) -> bool {
    !matches!(
        kind,
        RecordKind::Line | RecordKind::Believes | RecordKind::Delayed
    )
}

/// How long the messages of a run are under way: their median, in microseconds.
fn typical_flight(story: &Story) -> u64 {
    let mut spans: Vec<u64> = story
        .flights
        .iter()
        .filter_map(|flight| {
            Some(
                story
                    .at(flight.ends()?)
                    .saturating_sub(story.at(flight.sent)),
            )
        })
        .filter(|span| *span > 0)
        .collect();
    spans.sort_unstable();
    spans.get(spans.len() / 2).copied().unwrap_or(1_000)
}

/// The smallest of 1, 2, 5, 10, 20 … that is at least `least`.
fn round_step(least: f64) -> u64 {
    let mut step = 1_u64;
    for factor in [2, 5, 10].iter().cycle() {
        if step as f64 >= least || step > 1 << 50 {
            break;
        }
        let magnitude = 10_u64.pow(step.ilog10());
        step = magnitude * factor;
    }
    step
}
