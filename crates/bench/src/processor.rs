//! Processor time, which other work on the machine disturbs less than it disturbs clocks.

use std::time::Instant;

/// Runs something and says how many seconds of the processor this thread used, or of time where the system does not
/// tell.
pub(crate) fn seconds(act: impl FnOnce()) -> f64 {
    let (used, began) = (of("thread-self"), Instant::now());
    act();
    match (used, of("thread-self")) {
        (Some(before), Some(after)) => after - before,
        _ => began.elapsed().as_secs_f64(),
    }
}

/// The seconds of the processor that the first thread of a process has used; known on Linux.
pub(crate) fn of(process: &str) -> Option<f64> {
    let text = std::fs::read_to_string(format!("/proc/{process}/schedstat")).ok()?;
    let nanos: f64 = text.split(' ').next()?.parse().ok()?;
    Some(nanos / 1e9)
}

/// The bytes of memory that a process has resident; known on Linux.
pub(crate) fn resident(process: u32) -> Option<f64> {
    let text = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kilobytes * 1024.0)
}
