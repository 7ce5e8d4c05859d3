//! The types behind a key, as plain containers: they know nothing of commands.

mod elements;
mod fields;
pub(crate) mod geohash;
pub(crate) mod globe;
mod hash;
mod list;
mod members;
mod nodes;
mod ranked;
mod set;
pub(crate) mod stream;
mod zset;

pub(crate) use hash::Hash;
pub(crate) use list::{End, List};
pub(crate) use set::Set;
pub(crate) use stream::Stream;
pub(crate) use zset::Zset;

/// Numbers below what is asked for, the same in every run of a test.
#[cfg(test)]
fn draws() -> impl FnMut(usize) -> usize {
    let mut draw = 11u32;
    move |below| {
        draw = draw.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
        (draw >> 8) as usize % below
    }
}
