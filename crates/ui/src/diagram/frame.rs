//! Which way time runs and where the lanes are.

use redwind_protocol::LaneKind;

use crate::story::Story;

/// The diagram's geometry: time runs along, lanes are spread across.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Frame {
    /// Time runs down (narrow screens), not to the right.
    pub down: bool,
    /// The size across, in pixels.
    pub across: f64,
    lanes: Vec<f64>,
}

/// Room above the first lane: its belief band with a label, and the moment now.
const TOP: f64 = 50.0;
/// Room below the last lane: the tick labels.
const BOTTOM: f64 = 46.0;
/// Room left of the first lane when time runs down: the tick labels, and its belief band.
const LEFT: f64 = 86.0;
/// Room right of the last lane.
const RIGHT: f64 = 34.0;
/// The least room from lane to lane: a band and its text.
const LEAST: f64 = 40.0;
/// A name's room when time runs down, at most.
const NAME: f64 = 76.0;

impl Frame {
    /// Spreads the lanes of a run over the room there is across.
    #[must_use]
    pub fn new(story: &Story, down: bool, room: f64) -> Self {
        let kinds: Vec<LaneKind> = story.trace.lanes.iter().map(|lane| lane.kind).collect();
        let steps = kinds.len().saturating_sub(1).max(1) as f64;
        if down {
            let spacing = ((room - LEFT - RIGHT) / steps).clamp(46.0, 150.0);
            let across = (LEFT + spacing * steps + RIGHT).max(room);
            // Few lanes on a wide screen stay together in its middle.
            let spare = ((room - LEFT - RIGHT - spacing * steps) / 2.0).max(0.0);
            let lanes = (0..kinds.len())
                .map(|i| LEFT + spare + spacing * i as f64)
                .collect();
            return Self {
                down,
                across,
                lanes,
            };
        }
        let spacing = ((room - TOP - BOTTOM) / steps).clamp(LEAST, 112.0);
        let spare = ((room - TOP - BOTTOM - spacing * steps) / 2.0).max(0.0);
        let across = (TOP + spacing * steps + BOTTOM).max(room);
        let lanes = (0..kinds.len())
            .map(|i| TOP + spare * 0.8 + spacing * i as f64)
            .collect();
        Self {
            down,
            across,
            lanes,
        }
    }

    /// Where a lane is, across.
    #[must_use]
    pub fn lane(&self, lane: u16) -> f64 {
        self.lanes.get(usize::from(lane)).copied().unwrap_or(0.0)
    }

    /// All lanes with their places across.
    pub fn lanes(&self) -> impl Iterator<Item = (u16, f64)> {
        (0_u16..).zip(self.lanes.iter().copied())
    }

    /// Whether the lanes' names do not fit beside each other.
    #[must_use]
    pub fn staggered(&self) -> bool {
        self.down && self.lanes.windows(2).any(|pair| pair[1] - pair[0] < NAME)
    }

    /// The lane nearest to a place across, and how far away it is.
    #[must_use]
    pub fn nearest(&self, across: f64) -> Option<(u16, f64)> {
        self.lanes()
            .map(|(lane, at)| (lane, (at - across).abs()))
            .min_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// Screen coordinates.
    #[must_use]
    pub fn point(&self, along: f64, across: f64) -> (f64, f64) {
        if self.down {
            (across, along)
        } else {
            (along, across)
        }
    }
}
