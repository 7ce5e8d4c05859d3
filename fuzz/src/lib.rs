//! Targets for fuzzing: functions that take any bytes and must not panic, must end, and must not take more
//! memory than a few times what they were given and what a command may ask for.
//!
//! `tests/brief.rs` runs each with a corpus and a few thousand seeded mutations of it; `make fuzz` for as long as you like,
//! and with cargo-fuzz guided by coverage.

pub mod mutation;
mod targets;
pub mod watch;

pub use targets::{decoder, dispatcher, scripts};
