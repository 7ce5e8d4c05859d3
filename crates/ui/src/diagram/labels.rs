//! Labels of messages and bands, placed where they cover neither each other nor the bands.

use redwind_protocol::{LaneKind, RecordKind};

use super::picture::{ArrowStyle, BandKind, Picture};
use super::shapes::Shape;
use crate::story::Story;

/// A text in the diagram.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    /// Where its line begins, on screen before scrolling.
    pub x: f64,
    /// Its base line.
    pub y: f64,
    /// How wide it is thought to be.
    pub width: f64,
    /// What it says.
    pub text: String,
    /// The lane whose colour it has; `None`: quiet.
    pub lane: Option<u16>,
    /// Whether it is about a broken promise.
    pub broken: bool,
}

/// A rectangle that is taken: left, top, right, bottom.
type Box4 = (f64, f64, f64, f64);

/// The width of a character of the labels' font, on average, at 11 pixels.
const CHARACTER: f64 = 6.05;
const HEIGHT: f64 = 13.0;
/// A label longer than this is cut.
const LONGEST: usize = 26;

/// Where labels have been put so far.
#[derive(Debug, Default)]
pub(super) struct Labels {
    placed: Vec<Label>,
    taken: Taken,
}

/// What is taken, in buckets along the axis: asking costs the same in a long diagram as in a short one.
#[derive(Debug, Default)]
struct Taken {
    down: bool,
    buckets: Vec<Vec<Box4>>,
}

impl Taken {
    const WIDE: f64 = 192.0;

    fn range(&self, area: Box4) -> std::ops::RangeInclusive<usize> {
        let (from, to) = if self.down {
            (area.1, area.3)
        } else {
            (area.0, area.2)
        };
        (from.max(0.0) / Self::WIDE) as usize..=(to.max(0.0) / Self::WIDE) as usize
    }

    fn add(&mut self, area: Box4) {
        let range = self.range(area);
        if self.buckets.len() <= *range.end() {
            self.buckets.resize(range.end() + 1, Vec::new());
        }
        for bucket in &mut self.buckets[range] {
            bucket.push(area);
        }
    }

    fn free(&self, wanted: Box4) -> bool {
        let range = self.range(wanted);
        let buckets = self
            .buckets
            .iter()
            .take(range.end() + 1)
            .skip(*range.start());
        !buckets.flatten().any(|taken| overlap(*taken, wanted))
    }
}

impl Labels {
    /// Labels for the most telling things first; what finds no room is told by pointing at it.
    pub(super) fn place(story: &Story, picture: &Picture) -> Vec<Label> {
        let taken = Taken {
            down: picture.frame.down,
            ..Taken::default()
        };
        let mut labels = Self {
            placed: Vec::new(),
            taken,
        };
        labels.keep_clear(picture);
        labels.expiries(story, picture);
        labels.arrows(story, picture, ArrowStyle::Broken);
        labels.news(story, picture, 2);
        for pass in [ArrowStyle::Lost, ArrowStyle::Request] {
            labels.arrows(story, picture, pass);
        }
        labels.news(story, picture, 1);
        labels.arrows(story, picture, ArrowStyle::Reply);
        labels.placed
    }

    /// Lanes' lines may be crossed, the marks on them and the bands beside them not.
    fn keep_clear(&mut self, picture: &Picture) {
        let frame = &picture.frame;
        for mark in &picture.marks {
            let (x, y) = frame.point(mark.place, frame.lane(mark.lane));
            self.taken.add((x - 6.0, y - 6.0, x + 6.0, y + 6.0));
        }
        for band in &picture.bands {
            let (off, half) = band_place(band.kind, frame.down);
            let (x, y) = frame.point(band.from, frame.lane(band.lane) + off);
            let (x2, y2) = frame.point(band.to, frame.lane(band.lane) + off);
            self.taken.add(if frame.down {
                (x - half, y, x2 + half, y2)
            } else {
                (x, y - half, x2, y2 + half)
            });
            // What the band says at its beginning.
            if !frame.down && matches!(band.kind, BandKind::Belief | BandKind::Truth) {
                let said = x + wide(&band.text).min(x2 - x) + 6.0;
                let (top, bottom) = if band.kind == BandKind::Belief {
                    (y - half - HEIGHT, y)
                } else {
                    (y, y + half + HEIGHT)
                };
                self.taken.add((x, top, said, bottom));
            }
        }
    }

    fn expiries(&mut self, story: &Story, picture: &Picture) {
        let frame = &picture.frame;
        for mark in picture
            .marks
            .iter()
            .filter(|mark| mark.shape == Shape::Expired)
        {
            let Some(record) = story.record(mark.record) else {
                continue;
            };
            let text = record
                .keys
                .first()
                .map_or("expires".to_owned(), |key| format!("{} expires", key.name));
            let text = if frame.down {
                "expires".to_owned()
            } else {
                shorten(&text, LONGEST)
            };
            let width = wide(&text);
            let (x, y) = frame.point(mark.place, frame.lane(mark.lane));
            let spots = if frame.down {
                vec![(x - width - 12.0, y + 4.0), (x + 14.0, y + 4.0)]
            } else {
                vec![
                    (x - width / 2.0, y + 34.0),
                    (x - width / 2.0, y - 12.0),
                    (x + 9.0, y + 34.0),
                ]
            };
            self.try_spots(&spots, text, width, None, false);
        }
    }

    /// What nodes came to among themselves, beside its mark.
    fn news(&mut self, story: &Story, picture: &Picture, weight: u8) {
        let frame = &picture.frame;
        for mark in &picture.marks {
            let Some(record) = story.record(mark.record) else {
                continue;
            };
            if mark.shape.weight() != weight || record.label.is_empty() {
                continue;
            }
            let text = shorten(&record.label, if frame.down { 14 } else { LONGEST });
            let width = wide(&text);
            let (x, y) = frame.point(mark.place, frame.lane(mark.lane));
            let spots = if frame.down {
                vec![(x + 11.0, y + 4.0), (x - width - 11.0, y + 4.0)]
            } else {
                let centred = x - width / 2.0;
                vec![
                    (centred, y - 11.0),
                    (centred, y + 19.0),
                    (x - 4.0, y - 11.0),
                    (x - 4.0, y + 19.0),
                    (x + 4.0 - width, y - 11.0),
                    (x + 4.0 - width, y + 19.0),
                ]
            };
            self.try_spots(&spots, text, width, None, false);
        }
    }

    fn arrows(&mut self, story: &Story, picture: &Picture, pass: ArrowStyle) {
        let frame = &picture.frame;
        for arrow in picture.arrows.iter().filter(|arrow| arrow.style == pass) {
            let Some(flight) = story.flights.get(arrow.flight as usize) else {
                continue;
            };
            let told = match pass {
                ArrowStyle::Reply => flight.ends().and_then(|end| story.record(end)),
                _ => story.record(flight.sent),
            };
            let Some(record) =
                told.filter(|r| matches!(r.kind, RecordKind::Sent | RecordKind::Received))
            else {
                continue;
            };
            // A reply is worth its room only when it is short.
            let longest = match (pass, frame.down) {
                (ArrowStyle::Reply, _) => 12,
                (_, true) => 16,
                (_, false) => LONGEST,
            };
            if record.label.is_empty()
                || (pass == ArrowStyle::Reply && record.label.chars().count() > longest)
            {
                continue;
            }
            let text = shorten(&record.label, longest);
            let width = wide(&text);
            let (x1, y1) = frame.point(arrow.from.0, arrow.from.1);
            let (x2, y2) = frame.point(arrow.to.0, arrow.to.1);
            let spots: Vec<(f64, f64)> = [0.5, 0.36, 0.64, 0.25, 0.75, 0.15]
                .iter()
                .flat_map(|share| {
                    let (x, y) = (x1 + (x2 - x1) * share, y1 + (y2 - y1) * share);
                    if frame.down {
                        vec![(x - width / 2.0, y - 5.0), (x - width / 2.0, y + 12.0)]
                    } else {
                        let slope = 5.0 + (x2 - x1).abs() / 12.0;
                        vec![(x + slope, y + 4.0), (x - slope - width, y + 4.0)]
                    }
                })
                .collect();
            let client = story
                .lane(arrow.client)
                .is_some_and(|lane| lane.kind == LaneKind::Client);
            self.try_spots(
                &spots,
                text,
                width,
                client.then_some(arrow.client),
                pass == ArrowStyle::Broken,
            );
        }
    }

    fn try_spots(
        &mut self,
        spots: &[(f64, f64)],
        text: String,
        width: f64,
        lane: Option<u16>,
        broken: bool,
    ) {
        let free = spots.iter().find(|(x, y)| {
            let wanted = (*x - 2.0, *y - HEIGHT + 3.0, *x + width + 2.0, *y + 3.0);
            *x > 2.0 && self.taken.free(wanted)
        });
        if let Some((x, y)) = free {
            self.taken
                .add((*x, *y - HEIGHT + 3.0, *x + width, *y + 3.0));
            self.placed.push(Label {
                x: *x,
                y: *y,
                width,
                text,
                lane,
                broken,
            });
        }
    }
}

/// How far from its lane a band lies, and half its thickness.
pub(super) fn band_place(kind: BandKind, down: bool) -> (f64, f64) {
    match kind {
        BandKind::Belief if down => (-11.0, 4.0),
        BandKind::Belief => (-14.0, 4.5),
        BandKind::Truth => (13.0, 3.0),
        BandKind::Pause => (0.0, 6.0),
        BandKind::Sleep | BandKind::Down => (0.0, 4.0),
        BandKind::Cut => (0.0, 9.0),
    }
}

fn overlap(a: Box4, b: Box4) -> bool {
    a.0 < b.2 && b.0 < a.2 && a.1 < b.3 && b.1 < a.3
}

pub(super) fn wide(text: &str) -> f64 {
    text.chars().count() as f64 * CHARACTER
}

fn shorten(text: &str, longest: usize) -> String {
    if text.chars().count() <= longest {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(longest - 1).collect();
    short.push('…');
    short
}
