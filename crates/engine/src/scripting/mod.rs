//! Lua scripts as Redis runs them: what they can reach, and how values cross the border.

mod base;
mod bits;
mod chains;
mod convert;
mod drand;
mod format;
mod json;
mod json_settings;
mod libraries;
mod lua;
mod machine;
mod matcher;
mod math;
mod msgpack;
mod patterns;
pub(crate) mod sha1;
mod structs;

pub(crate) use drand::Drand;
pub(crate) use json_settings::JsonSettings;
pub(crate) use machine::{Declared, Script, compile, run};

/// How many instructions one script may take; after that it is stopped, whatever the machine's speed.
pub(crate) const STEPS: u64 = 20_000_000;

/// How many bytes one script may have, and how long what it makes at once may be.
pub(crate) const MEMORY: usize = 64 << 20;
