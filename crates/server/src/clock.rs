//! What time it is.

use std::time::{SystemTime, UNIX_EPOCH};

use redwind_engine::Micros;

/// Whose time a server has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockMode {
    /// The machine's.
    Wall,
    /// It stands still until `REDWIND CLOCK ADVANCE` moves it, and begins here.
    Manual(Micros),
}

impl ClockMode {
    /// The beginning of 2026, where a manual clock starts unless told otherwise.
    pub const MANUAL: ClockMode = ClockMode::Manual(Micros(1_767_225_600_000_000));

    pub(crate) fn now(self) -> Micros {
        match self {
            ClockMode::Manual(now) => now,
            ClockMode::Wall => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH);
                // A machine that thinks it is before 1970 is served as if it were 1970.
                let micros = since.map_or(0, |since| since.as_micros());
                Micros(u64::try_from(micros).unwrap_or(u64::MAX))
            }
        }
    }
}
