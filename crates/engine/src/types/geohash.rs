//! Places as numbers: longitude and latitude cut into halves again and again, the answers interleaved. Places with
//! the same leading bits are near each other, so an area is a range of scores.

use crate::types::globe::{EARTH_RADIUS, along_meridian, cos, degrees, distance, radians};

/// What a score can tell apart: 26 halvings of each coordinate.
const STEPS: u32 = 26;

/// The longitudes and latitudes that have a hash; the poles are left out, as on maps in Mercator's projection.
pub(crate) const LIMITS: [f64; 2] = [180.0, 85.051_128_78];

/// What one halving of the whole range of a radius is compared with: half the circumference of the earth.
const HALF_WAY_ROUND: f64 = 20_037_726.37;

/// A longitude and a latitude.
pub(crate) type Place = [f64; 2];

pub(crate) fn is_valid(place: Place) -> bool {
    place[0].abs() <= LIMITS[0] && place[1].abs() <= LIMITS[1]
}

/// Puts a zero between all bits.
fn spread(number: u32) -> u64 {
    let masks = [
        (16, 0x0000_ffff_0000_ffff),
        (8, 0x00ff_00ff_00ff_00ff),
        (4, 0x0f0f_0f0f_0f0f_0f0f),
        (2, 0x3333_3333_3333_3333),
        (1, 0x5555_5555_5555_5555),
    ];
    masks.iter().fold(u64::from(number), |bits, (shift, mask)| {
        (bits | (bits << shift)) & mask
    })
}

/// Every second bit, put together.
fn gather(bits: u64) -> u32 {
    let masks = [
        (0, 0x5555_5555_5555_5555),
        (1, 0x3333_3333_3333_3333),
        (2, 0x0f0f_0f0f_0f0f_0f0f),
        (4, 0x00ff_00ff_00ff_00ff),
        (8, 0x0000_ffff_0000_ffff),
        (16, 0x0000_0000_ffff_ffff),
    ];
    masks
        .iter()
        .fold(bits, |bits, (shift, mask)| (bits | (bits >> shift)) & mask) as u32
}

/// One field of the grid that so many halvings make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cell {
    /// How many fields are west and south of it.
    at: [u32; 2],
    steps: u32,
}

impl Cell {
    fn holding(place: Place, steps: u32, limits: [f64; 2]) -> Cell {
        let along = |axis: usize| {
            let part = (place[axis] + limits[axis]) / (limits[axis] + limits[axis]);
            (part * (1u64 << steps) as f64) as u32
        };
        Cell {
            at: [along(0), along(1)],
            steps,
        }
    }

    fn bits(self) -> u64 {
        spread(self.at[1]) | (spread(self.at[0]) << 1)
    }

    /// West, south, east and north borders.
    fn borders(self) -> [Place; 2] {
        let border = |axis: usize, more: u32| {
            let part = (f64::from(self.at[axis]) + f64::from(more)) / (1u64 << self.steps) as f64;
            -LIMITS[axis] + part * (LIMITS[axis] + LIMITS[axis])
        };
        [0, 1].map(|more| [border(0, more), border(1, more)])
    }

    /// So many fields further east and north; beyond the edge it goes on at the other side.
    fn moved(self, east: i32, north: i32) -> Cell {
        // The field of the easternmost longitude lies beyond the edge, and stays there while it only moves north.
        let step = |at: u32, by: i32| match by {
            0 => at,
            _ => at.wrapping_add_signed(by) & ((1 << self.steps) - 1),
        };
        Cell {
            at: [step(self.at[0], east), step(self.at[1], north)],
            ..self
        }
    }

    /// The scores of what lies in it: the first, and the one after the last.
    fn scores(self) -> (f64, f64) {
        let shift = 52 - 2 * self.steps;
        let bits = self.bits();
        ((bits << shift) as f64, ((bits + 1) << shift) as f64)
    }
}

/// The score under which a place is kept.
pub(crate) fn encode(place: Place) -> u64 {
    Cell::holding(place, STEPS, LIMITS).bits()
}

/// The middle of the field that a score stands for, whatever number it is.
pub(crate) fn decode(score: f64) -> Place {
    let bits = truncated(score);
    let cell = Cell {
        at: [gather(bits >> 1), gather(bits)],
        steps: STEPS,
    };
    let [low, high] = cell.borders();
    [0, 1].map(|axis| ((low[axis] + high[axis]) / 2.0).clamp(-LIMITS[axis], LIMITS[axis]))
}

/// A score as an unsigned number. Scores that no place has come out as on Redis's usual machines.
fn truncated(score: f64) -> u64 {
    const TOP: f64 = 9_223_372_036_854_775_808.0;
    if score < TOP {
        return (score as i64) as u64;
    }
    let above = score - TOP;
    if above < TOP {
        (above as u64) | (1 << 63)
    } else {
        0
    }
}

/// The place in the eleven letters that the rest of the world calls its geohash.
pub(crate) fn letters(place: Place) -> [u8; 11] {
    const ALPHABET: &[u8; 32] = b"0123456789bcdefghjkmnpqrstuvwxyz";
    let bits = Cell::holding(place, STEPS, [180.0, 90.0]).bits();
    let mut text = [ALPHABET[0]; 11];
    // 52 bits make ten letters; for an eleventh there are not enough.
    for (at, letter) in text.iter_mut().take(10).enumerate() {
        *letter = ALPHABET[(bits >> (47 - 5 * at)) as usize & 31];
    }
    text
}

/// What is searched for, in meters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Shape {
    Circle { radius: f64 },
    Box { width: f64, height: f64 },
}

impl Shape {
    /// How far a place is from the centre, if it lies within.
    pub(crate) fn reaches(self, centre: Place, place: Place) -> Option<f64> {
        let inside = match self {
            Shape::Circle { radius } => {
                let far = distance(centre, place);
                // Not `far <= radius`: what is no number counts as near.
                return if far > radius { None } else { Some(far) };
            }
            Shape::Box { width, height } => {
                along_meridian(place[1], centre[1]) <= height / 2.0
                    && distance(place, [centre[0], place[1]]) <= width / 2.0
            }
        };
        inside.then(|| distance(centre, place))
    }

    /// From the centre to the border: across and up, and to the farthest point.
    fn extent(self) -> (f64, f64, f64) {
        match self {
            Shape::Circle { radius } => (radius, radius, radius),
            Shape::Box { width, height } => {
                let (across, up) = (width / 2.0, height / 2.0);
                (across, up, (across * across + up * up).sqrt())
            }
        }
    }

    /// The box of longitudes and latitudes around it: its south-western and north-eastern corners.
    fn bounds(self, centre: Place) -> [Place; 2] {
        let (across, up, _) = self.extent();
        let up = degrees(up / EARTH_RADIUS);
        // Meridians are closest on the side of the pole; Redis takes the northern border north of the
        // equator and the southern one south of it.
        let edge = if centre[1] < 0.0 {
            centre[1] - up
        } else {
            centre[1] + up
        };
        let across = degrees(across / EARTH_RADIUS / cos(radians(edge)));
        [
            [centre[0] - across, centre[1] - up],
            [centre[0] + across, centre[1] + up],
        ]
    }

    /// How many halvings make fields of about its size.
    fn steps(self, centre: Place) -> u32 {
        let (_, _, mut far) = self.extent();
        if far == 0.0 {
            return STEPS;
        }
        let mut steps: i32 = 1;
        while far < HALF_WAY_ROUND {
            far *= 2.0;
            steps += 1;
        }
        // Fields are twice as large as need be, and larger still towards the poles, where they are narrow.
        steps -= 2 + i32::from(centre[1].abs() > 66.0) + i32::from(centre[1].abs() > 80.0);
        steps.clamp(1, STEPS as i32) as u32
    }

    /// The ranges of scores that hold all of it: the field with the centre, then its neighbours as far as
    /// they are needed. The order is Redis's, since it shows where results are not sorted.
    pub(crate) fn ranges(self, centre: Place) -> Vec<(f64, f64)> {
        const NEIGHBOURS: [(i32, i32); 8] = [
            (0, 1),
            (0, -1),
            (1, 0),
            (-1, 0),
            (1, 1),
            (-1, 1),
            (1, -1),
            (-1, -1),
        ];
        let [low, high] = self.bounds(centre);
        let mut middle = Cell::holding(centre, self.steps(centre), LIMITS);
        let too_small = middle.moved(0, 1).borders()[1][1] < high[1]
            || middle.moved(0, -1).borders()[0][1] > low[1]
            || middle.moved(1, 0).borders()[1][0] < high[0]
            || middle.moved(-1, 0).borders()[0][0] > low[0];
        if too_small && middle.steps > 1 {
            middle = Cell::holding(centre, middle.steps - 1, LIMITS);
        }
        let [inner_low, inner_high] = middle.borders();
        // On this side the middle field alone reaches far enough.
        let covered = |axis: usize, way: i32| {
            (way < 0 && inner_low[axis] < low[axis]) || (way > 0 && inner_high[axis] > high[axis])
        };
        let mut ranges = vec![middle.scores()];
        let mut last = None;
        for (east, north) in NEIGHBOURS {
            if middle.steps >= 2 && (covered(0, east) || covered(1, north)) {
                continue;
            }
            let cell = middle.moved(east, north);
            // On a coarse grid a field can be a neighbour on both sides.
            if last == Some(cell) {
                continue;
            }
            last = Some(cell);
            ranges.push(cell.scores());
        }
        ranges
    }
}
