//! The clock of one machine, derived from true time.

use redwind_engine::Micros;

use crate::{ClockSpec, SimTime, Span};

const MILLION: u64 = 1_000_000;

/// What one machine's clocks show. The wall clock can be wrong, run fast or slow, and jump; the monotonic clock
/// shares the drift, since one crystal drives both, but never jumps.
///
/// All of it is integer arithmetic, so every machine that simulates it agrees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clock {
    /// The true time from which the two readings below count.
    since: SimTime,
    wall: u64,
    monotonic: u64,
    drift_ppm: i32,
}

impl Clock {
    /// A clock that shows the right time: `epoch` when the world begins.
    #[must_use]
    pub fn new(epoch: Micros) -> Self {
        Self {
            since: SimTime(0),
            wall: epoch.0,
            monotonic: 0,
            drift_ppm: 0,
        }
    }

    /// The wall clock's reading at a true time.
    #[must_use]
    pub fn wall(&self, at: SimTime) -> Micros {
        Micros(self.wall.saturating_add(self.gone(at)))
    }

    /// The monotonic clock's reading at a true time: from zero when the world began.
    #[must_use]
    pub fn monotonic(&self, at: SimTime) -> u64 {
        self.monotonic.saturating_add(self.gone(at))
    }

    /// The first true time at which the wall clock shows `reading` or later, as far as is known now:
    /// a jump changes it.
    #[must_use]
    pub fn when(&self, reading: Micros) -> SimTime {
        let wait = reading.0.saturating_sub(self.wall);
        self.since + Span(scale_up(wait, MILLION, self.rate()))
    }

    /// How much true time passes while this clock counts `span`, from `at` on.
    #[must_use]
    pub fn lasts(&self, at: SimTime, span: Span) -> Span {
        let target = self.gone(at).saturating_add(span.0);
        (self.since + Span(scale_up(target, MILLION, self.rate()))) - at
    }

    /// Moves the wall clock forward or back at a true time.
    pub fn jump(&mut self, at: SimTime, by_micros: i64) {
        self.anchor(at);
        self.wall = self.wall.saturating_add_signed(by_micros);
    }

    /// From `at` on the clocks run this much too fast (or, below zero, too slow), in millionths.
    pub fn set_drift(&mut self, at: SimTime, ppm: i32) {
        self.anchor(at);
        // A clock that stands still or runs backward is no clock.
        self.drift_ppm = ppm.clamp(-900_000, 900_000);
    }

    /// How many millionths too fast the clocks run.
    #[must_use]
    pub fn drift_ppm(&self) -> i32 {
        self.drift_ppm
    }

    /// How far the wall clock is ahead of the truth (or, below zero, behind it), in microseconds.
    #[must_use]
    pub fn ahead(&self, epoch: Micros, at: SimTime) -> i64 {
        let truth = i128::from(epoch.0) + i128::from(at.0);
        let ahead = i128::from(self.wall(at).0) - truth;
        i64::try_from(ahead).unwrap_or(if ahead < 0 { i64::MIN } else { i64::MAX })
    }

    fn rate(&self) -> u64 {
        MILLION.saturating_add_signed(i64::from(self.drift_ppm))
    }

    /// What the clocks have counted since they were last set.
    fn gone(&self, at: SimTime) -> u64 {
        let product = u128::from((at - self.since).0) * u128::from(self.rate());
        u64::try_from(product / u128::from(MILLION)).unwrap_or(u64::MAX)
    }

    fn anchor(&mut self, at: SimTime) {
        (self.wall, self.monotonic) = (self.wall(at).0, self.monotonic(at));
        self.since = at;
    }
}

impl ClockSpec {
    /// A clock that is wrong in this way from the beginning of the world.
    #[must_use]
    pub fn begin(self, epoch: Micros) -> Clock {
        let mut clock = Clock::new(epoch);
        clock.jump(SimTime(0), self.ahead_micros);
        clock.set_drift(SimTime(0), self.drift_ppm);
        clock
    }
}

/// `value * numerator / denominator`, rounded up.
fn scale_up(value: u64, numerator: u64, denominator: u64) -> u64 {
    let product = u128::from(value) * u128::from(numerator);
    u64::try_from(product.div_ceil(u128::from(denominator))).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EPOCH: Micros = Micros(1_700_000_000_000_000);

    #[test]
    fn a_right_clock_shows_the_epoch_plus_true_time() {
        let clock = Clock::new(EPOCH);
        assert_eq!(clock.wall(SimTime(31)), Micros(EPOCH.0 + 31));
        assert_eq!(clock.monotonic(SimTime(31)), 31);
        assert_eq!(clock.when(Micros(EPOCH.0 + 500)), SimTime(500));
        assert_eq!(clock.lasts(SimTime(7), Span(10)), Span(10));
    }

    #[test]
    fn a_jump_moves_the_wall_clock_and_leaves_the_monotonic_one() {
        let mut clock = Clock::new(EPOCH);
        clock.jump(SimTime(1_000), 10_000_000);
        assert_eq!(clock.wall(SimTime(1_000)), Micros(EPOCH.0 + 10_001_000));
        assert_eq!(clock.monotonic(SimTime(2_000)), 2_000);
        assert_eq!(clock.ahead(EPOCH, SimTime(5_000)), 10_000_000);
        assert_eq!(
            clock.when(Micros(EPOCH.0 + 5)),
            SimTime(1_000),
            "already past"
        );
        clock.jump(SimTime(2_000), -10_000_000);
        assert_eq!(clock.wall(SimTime(2_000)), Micros(EPOCH.0 + 2_000));
    }

    #[test]
    fn a_deadline_is_reached_when_it_is_read_and_not_a_microsecond_earlier() {
        for ppm in [-100_000, -333, 0, 1, 499, 250_000] {
            let mut clock = Clock::new(EPOCH);
            clock.set_drift(SimTime(17), ppm);
            for ahead in [1, 999, 1_000_000, 123_456_789] {
                let deadline = Micros(EPOCH.0 + ahead);
                let when = clock.when(deadline);
                assert!(clock.wall(when) >= deadline, "{ppm} {ahead}");
                if when > SimTime(17) {
                    assert!(clock.wall(SimTime(when.0 - 1)) < deadline, "{ppm} {ahead}");
                }
            }
        }
    }

    #[test]
    fn a_fast_clock_counts_a_second_in_less_than_one() {
        let mut clock = Clock::new(EPOCH);
        clock.set_drift(SimTime(0), 250_000);
        assert_eq!(clock.lasts(SimTime(0), Span::seconds(1)), Span::millis(800));
        assert_eq!(clock.monotonic(SimTime(800_000)), 1_000_000);
    }
}
