//! The seeded generator behind `RANDOMKEY`, `SPOP` and eviction.

use std::num::NonZeroU32;

use redwind_engine::{Choice, Choose};

/// SplitMix64: small, and good enough for picking members.
#[derive(Clone)]
pub(crate) struct Luck(u64);

impl Luck {
    pub(crate) fn new(seed: u64) -> Luck {
        Luck(seed)
    }
}

impl Choose for Luck {
    fn below(&mut self, bound: NonZeroU32, _why: Choice) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let high = (mixed ^ (mixed >> 31)) >> 32;
        // The high half of the product is below the bound.
        ((high * u64::from(bound.get())) >> 32) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_stay_below_their_bound_and_reach_every_number() {
        let mut luck = Luck::new(7);
        let bound = NonZeroU32::new(6).expect("6 is not 0");
        let mut seen = [0; 6];
        for _ in 0..600 {
            seen[luck.below(bound, Choice::RandomKey) as usize] += 1;
        }
        assert!(seen.iter().all(|times| *times > 60), "{seen:?}");
    }

    #[test]
    fn the_same_seed_draws_the_same() {
        let draw = |seed| {
            let mut luck = Luck::new(seed);
            (0..8)
                .map(|_| luck.below(NonZeroU32::MAX, Choice::RandomKey))
                .collect::<Vec<_>>()
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }
}
