//! The types behind a key, as plain containers: they know nothing of commands.

mod hash;
mod list;

pub(crate) use hash::Hash;
pub(crate) use list::{End, List};
