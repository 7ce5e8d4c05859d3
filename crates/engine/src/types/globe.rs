//! Distances on the globe as Redis computes them.
//!
//! A distance can be stored as a score and is then seen to its last digit, so the sines under it must be right to
//! the last digit, and the same on every machine. The standard library asks the platform, and platforms differ (the one
//! of WebAssembly is off in one case of thirty); here they are computed with twice the precision and rounded once.

use std::f64::consts::{FRAC_2_PI, FRAC_PI_2};

/// The radius of the earth that Redis calculates with, in meters.
pub(crate) const EARTH_RADIUS: f64 = 6_372_797.560_856;

const DEGREE: f64 = std::f64::consts::PI / 180.0;

pub(crate) fn radians(degrees: f64) -> f64 {
    degrees * DEGREE
}

pub(crate) fn degrees(radians: f64) -> f64 {
    radians / DEGREE
}

/// The distance in meters between two places of the same longitude.
pub(crate) fn along_meridian(a: f64, b: f64) -> f64 {
    EARTH_RADIUS * (radians(b) - radians(a)).abs()
}

/// The distance in meters between two places, each a longitude and a latitude: the haversine formula.
pub(crate) fn distance(from: [f64; 2], to: [f64; 2]) -> f64 {
    let east = sin((radians(to[0]) - radians(from[0])) / 2.0);
    if east == 0.0 {
        return along_meridian(from[1], to[1]);
    }
    let (lat, other) = (radians(from[1]), radians(to[1]));
    let north = sin((other - lat) / 2.0);
    // Written in this order, because each step rounds.
    let square = north * north + cos(lat) * cos(other) * east * east;
    2.0 * EARTH_RADIUS * asin(square.sqrt())
}

/// A number and the small rest that it lacks.
type Double = (f64, f64);

fn sum(a: f64, b: f64) -> Double {
    let total = a + b;
    let part = total - a;
    (total, (a - (total - part)) + (b - part))
}

/// The exact product. Halving the digits of both needs no fused multiplication, which browsers don't have.
fn product(a: f64, b: f64) -> Double {
    let halves = |x: f64| {
        let scaled = x * 134_217_729.0;
        let high = scaled - (scaled - x);
        (high, x - high)
    };
    let ((a1, a2), (b1, b2)) = (halves(a), halves(b));
    let total = a * b;
    (total, ((a1 * b1 - total) + a1 * b2 + a2 * b1) + a2 * b2)
}

/// What is left of the series of sine or cosine after the power `n`, as a factor of that power's term.
fn series(square: f64, n: u32) -> f64 {
    (0..8).rev().fold(1.0, |tail, step| {
        let next = f64::from(n + 2 * step);
        1.0 - square / ((next + 1.0) * (next + 2.0)) * tail
    })
}

/// Sine and cosine of an angle of at most an eighth of a circle. The first terms of the series count twice as precisely.
fn kernel((x, rest): Double) -> (Double, Double) {
    const SIXTH: Double = (1.0 / 6.0, 9.251_858_538_542_97e-18);
    let (square, square_rest) = product(x, x);
    let (cube, cube_rest) = product(square, x);
    let (third, third_rest) = product(cube, SIXTH.0);
    let third_rest = third_rest + cube * SIXTH.1 + (cube_rest + square_rest * x) * SIXTH.0;
    let fifth = cube * square / 120.0 * series(square, 5);
    let (sine, lost) = sum(x, -third);
    let sine = sum(
        sine,
        lost - third_rest + fifth + rest * (1.0 - square / 2.0),
    );
    let fourth = square * square / 24.0 * series(square, 4);
    let (cosine, lost) = sum(1.0, -square / 2.0);
    let cosine = sum(cosine, lost - square_rest / 2.0 + fourth - x * rest);
    (sine, cosine)
}

/// Sine and cosine. Angles of more than a full turn, which only searches wider than the globe bring, and which
/// change nothing there, count as none.
fn sine_and_cosine(x: f64) -> (Double, Double) {
    /// What the number lacks of a quarter of a circle, and what that lacks.
    const QUARTER_REST: Double = (6.123_233_995_736_766e-17, -1.497_384_904_859_183_3e-33);
    let turns = (x * FRAC_2_PI).round_ties_even();
    if turns.is_nan() || turns.abs() > 4.0 {
        return ((0.0, 0.0), (1.0, 0.0));
    }
    let (near, rest) = sum(x - turns * FRAC_PI_2, -turns * QUARTER_REST.0);
    let (sine, cosine) = kernel((near, rest - turns * QUARTER_REST.1));
    let minus = |(number, rest): Double| (-number, -rest);
    match turns.rem_euclid(4.0) as u8 {
        0 => (sine, cosine),
        1 => (cosine, minus(sine)),
        2 => (minus(sine), minus(cosine)),
        _ => (minus(cosine), sine),
    }
}

fn sin(x: f64) -> f64 {
    sine_and_cosine(x).0.0
}

pub(crate) fn cos(x: f64) -> f64 {
    sine_and_cosine(x).1.0
}

/// The angle of this sine, from 0 to 1.
fn asin(y: f64) -> f64 {
    if y > 1.0 {
        return f64::NAN;
    }
    if y <= 0.7 {
        return angle((y, 0.0)).0;
    }
    // Near 1 the sine hardly depends on the angle: the sine of half the missing angle does.
    let square = (1.0 - y) / 2.0;
    let root = square.sqrt();
    let rest = if root > 0.0 {
        let (back, back_rest) = product(root, root);
        (square - back - back_rest) / (2.0 * root)
    } else {
        0.0
    };
    let (half, half_rest) = angle((root, rest));
    let (whole, lost) = sum(FRAC_PI_2, -2.0 * half);
    whole + (lost - 2.0 * half_rest + 6.123_233_995_736_766e-17)
}

/// Newton's method, the last step with twice the precision.
fn angle((y, rest): Double) -> Double {
    let square = y * y;
    let mut near =
        y * (1.0 + square * (1.0 / 6.0 + square * (3.0 / 40.0 + square * (5.0 / 112.0))));
    let mut correction = 0.0;
    for _ in 0..4 {
        near += correction;
        let ((sine, sine_rest), (cosine, _)) = sine_and_cosine(near);
        correction = ((y - sine) - sine_rest + rest) / cosine;
    }
    sum(near, correction)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of many results are not the platform's; each must be its neighbour at the most.
    fn compare(ours: fn(f64) -> f64, theirs: fn(f64) -> f64, from: f64, to: f64) -> usize {
        let count = 100_000;
        let different = (0..=count).filter(|at| {
            let x = from + (to - from) * (f64::from(*at) / f64::from(count));
            let (a, b) = (ours(x), theirs(x));
            assert!((a - b).abs() <= b.abs() * f64::EPSILON, "{x}: {a} and {b}");
            a != b
        });
        different.count()
    }

    #[test]
    fn sines_differ_from_the_platforms_where_that_is_less_precise_only() {
        assert!(compare(sin, f64::sin, -3.1, 3.1) < 10_000);
        assert!(compare(cos, f64::cos, -1.57, 1.57) < 10_000);
        assert!(compare(asin, f64::asin, 0.0, 1.0) < 10_000);
    }

    #[test]
    fn what_is_wider_than_the_globe_is_no_trouble() {
        for x in [f64::INFINITY, f64::NAN, 1e300, -40.0] {
            assert_eq!(cos(x), 1.0);
        }
        assert!(asin(1.000_000_1).is_nan());
    }
}
