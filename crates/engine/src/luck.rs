//! A seeded generator, for hosts whose luck need only be the same again.

use std::num::NonZeroU32;

use crate::{Choice, Choose};

/// SplitMix64: one word of state, and good enough for picking members (Steele, Lea, Flood: Fast Splittable Pseudorandom
/// Number Generators, 2014).
#[derive(Clone, Debug)]
pub struct SplitMix(u64);

impl SplitMix {
    /// The generator that a seed stands for.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(Self::STEP);
        Self::mix(self.0)
    }

    /// By how much the state grows with each draw.
    pub const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

    /// Spreads every bit of the input over the whole output.
    pub const fn mix(mut word: u64) -> u64 {
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }
}

impl Choose for SplitMix {
    fn below(&mut self, bound: NonZeroU32, _why: Choice) -> u32 {
        // The high half of the product is below the bound.
        (((self.draw() >> 32) * u64::from(bound.get())) >> 32) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_stay_below_their_bound_and_reach_every_number() {
        let mut luck = SplitMix::new(7);
        let bound = NonZeroU32::new(6).expect("6 is not 0");
        let mut seen = [0; 6];
        for _ in 0..600 {
            seen[luck.below(bound, Choice::RandomKey) as usize] += 1;
        }
        assert!(seen.iter().all(|times| *times > 60), "{seen:?}");
    }

    #[test]
    fn it_draws_the_published_numbers() {
        let mut luck = SplitMix::new(1_234_567);
        let drawn = [luck.draw(), luck.draw(), luck.draw()];
        assert_eq!(
            drawn,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }
}
