//! The engine's notion of time.

/// Microseconds since the Unix epoch, on the clock of the machine that the server runs on.
///
/// Redis decides expiry in whole milliseconds: those are derived by dropping the fraction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Micros(pub u64);

impl Micros {
    /// Whole milliseconds, as Redis sees them.
    pub fn millis(self) -> i64 {
        i64::try_from(self.0 / 1000).unwrap_or(i64::MAX)
    }

    /// The first instant of this millisecond; instants before the epoch count as the epoch.
    pub fn from_millis(millis: i64) -> Micros {
        Micros(u64::try_from(millis).unwrap_or(0).saturating_mul(1000))
    }
}

impl std::ops::Add<u64> for Micros {
    type Output = Micros;

    fn add(self, micros: u64) -> Micros {
        Micros(self.0.saturating_add(micros))
    }
}
