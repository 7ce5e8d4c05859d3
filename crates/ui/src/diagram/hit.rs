//! What is under the pointer.

use super::picture::Picture;
use crate::faults::Verb;
use crate::story::Story;

/// Something that can be pointed at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hit {
    /// A point on a lane.
    Record(u32),
    /// A message, by its index in [`Story::flights`].
    Flight(u32),
    /// A place on the lane of a client or a node.
    Lane {
        /// The lane.
        lane: u16,
        /// The moment, in microseconds.
        at: u64,
    },
}

/// How near is near enough, in pixels.
const NEAR: f64 = 10.0;

/// What is at a place: points before messages before lanes.
#[must_use]
pub fn hit(story: &Story, picture: &Picture, along: f64, across: f64) -> Option<Hit> {
    let frame = &picture.frame;
    let mark = picture
        .marks
        .iter()
        .map(|mark| {
            (
                (mark.place - along).hypot(frame.lane(mark.lane) - across),
                mark.record,
            )
        })
        .filter(|(distance, _)| *distance <= NEAR)
        .min_by(|a, b| a.0.total_cmp(&b.0));
    if let Some((_, record)) = mark {
        return Some(Hit::Record(record));
    }
    let arrow = picture
        .arrows
        .iter()
        .filter(|arrow| arrow.from.0 - NEAR <= along && along <= arrow.to.0 + NEAR)
        .map(|arrow| {
            (
                distance((along, across), arrow.from, arrow.to),
                arrow.flight,
            )
        })
        .filter(|(distance, _)| *distance <= NEAR * 0.7)
        .min_by(|a, b| a.0.total_cmp(&b.0));
    if let Some((_, flight)) = arrow {
        return Some(Hit::Flight(flight));
    }
    lane(story, picture, across, NEAR * 1.9).map(|lane| Hit::Lane {
        lane,
        at: picture.axis.moment(along),
    })
}

/// The client or node whose lane is near enough to draw a pause on, whatever else is there.
#[must_use]
pub fn drawable(story: &Story, picture: &Picture, across: f64) -> Option<u16> {
    lane(story, picture, across, NEAR)
}

/// The client or node whose lane is at most `near` away.
fn lane(story: &Story, picture: &Picture, across: f64, near: f64) -> Option<u16> {
    let (lane, away) = picture.frame.nearest(across)?;
    (Verb::Pause.fits(story, lane) && away <= near).then_some(lane)
}

/// The distance of a point from a stretch between two others.
fn distance(p: (f64, f64), a: (f64, f64), b: (f64, f64)) -> f64 {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let length = dx.mul_add(dx, dy * dy).max(f64::EPSILON);
    let share = (((p.0 - a.0) * dx + (p.1 - a.1) * dy) / length).clamp(0.0, 1.0);
    (p.0 - share.mul_add(dx, a.0)).hypot(p.1 - share.mul_add(dy, a.1))
}
