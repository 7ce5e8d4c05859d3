//! Everything random in a world: integers drawn from a seed and from what they are for.
//!
//! There is no generator whose state moves through the run. Each draw is a hash of the seed and of its purpose
//! (the latency of worker-a's 3rd message, say), so an intervention changes only what it causes: two runs with
//! the same seed agree on every draw that both make.

use std::num::NonZeroU32;

use redwind_engine::{Choice, Choose, SplitMix};

/// What a draw is for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    /// How long a message takes.
    Latency,
    /// What an engine leaves to luck.
    Engine,
    /// What a program's `random` is seeded with.
    Program,
    /// What names a history of writes (Redis's replication id).
    History,
    /// What nodes of a cluster leave to luck: when they look around, whom they ask, how long they wait.
    Cluster,
    /// Whether a packet is lost.
    Loss,
    /// What sentinels leave to luck: their identities, the beats of their timers, how long they hold back.
    Sentinel = 100,
}

/// A stream of numbers for one purpose.
#[derive(Clone, Debug)]
pub(crate) struct Luck(SplitMix);

impl Luck {
    /// The stream for a purpose and the circumstances that tell it from others.
    pub(crate) fn new(seed: u64, purpose: Purpose, circumstances: &[u64]) -> Self {
        let mut state = SplitMix::mix(seed ^ SplitMix::mix(purpose as u64 + 1));
        for word in circumstances {
            state = SplitMix::mix(state ^ word.wrapping_add(SplitMix::STEP));
        }
        Self(SplitMix::new(state))
    }

    /// The next 64 bits.
    pub(crate) fn next(&mut self) -> u64 {
        self.0.draw()
    }

    /// A number from `0..=most`.
    pub(crate) fn up_to(&mut self, most: u64) -> u64 {
        let product = u128::from(self.next()) * (u128::from(most) + 1);
        (product >> 64) as u64
    }
}

impl Choose for Luck {
    fn below(&mut self, bound: NonZeroU32, _why: Choice) -> u32 {
        // `up_to` stays below the bound, so this never saturates.
        u32::try_from(self.up_to(u64::from(bound.get()) - 1)).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draw_depends_on_its_purpose_and_circumstances_only() {
        let draw = |purpose, circumstances: &[u64]| Luck::new(7, purpose, circumstances).next();
        assert_eq!(
            draw(Purpose::Latency, &[0, 1]),
            draw(Purpose::Latency, &[0, 1])
        );
        assert_ne!(
            draw(Purpose::Latency, &[0, 1]),
            draw(Purpose::Latency, &[1, 0])
        );
        assert_ne!(
            draw(Purpose::Latency, &[0, 1]),
            draw(Purpose::Engine, &[0, 1])
        );
        assert_ne!(draw(Purpose::Latency, &[]), draw(Purpose::Latency, &[0]));
    }

    #[test]
    fn draws_stay_within_their_bounds_and_reach_them() {
        let mut luck = Luck::new(1, Purpose::Engine, &[]);
        let drawn: Vec<u64> = (0..200).map(|_| luck.up_to(3)).collect();
        for value in 0..=3 {
            assert!(drawn.contains(&value));
        }
        assert!(drawn.iter().all(|value| *value <= 3));
        assert_eq!(Luck::new(1, Purpose::Engine, &[]).up_to(0), 0);
    }
}
