//! The types behind a key, as plain containers: they know nothing of commands.

mod elements;
mod fields;
pub(crate) mod geohash;
pub(crate) mod globe;
mod hash;
mod list;
mod members;
mod ranked;
mod set;
pub(crate) mod stream;
mod zset;

pub(crate) use hash::Hash;
pub(crate) use list::{End, List};
pub(crate) use set::Set;
pub(crate) use stream::Stream;
pub(crate) use zset::Zset;
