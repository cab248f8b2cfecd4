//! Numbers to draw: the same ones from the same seed, everywhere.

use domain::number::fit;

/// SplitMix64.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// Draws from `seed` on.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.0)
    }

    /// A number below `bound`; 0 for a bound of 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next().checked_rem(bound).unwrap_or(0)
    }

    /// A number below `bound`, small ones far more often than great ones: `bound` x u^3 for an even u.
    pub(super) fn skewed(&mut self, bound: u64) -> u64 {
        let share = self.next() >> 44;
        let cube = u128::from(share).pow(3);
        fit::<u64>((cube * u128::from(bound)) >> 60, "random number")
    }

    /// True once in `times`.
    pub fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }
}

/// A number that looks drawn and is always the same for `number`.
pub(super) fn mix(number: u64) -> u64 {
    let mut z = number;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_stay_below_their_bound_and_favour_the_small() {
        let mut random = Random::new(1);
        let drawn: Vec<u64> = (0..10_000).map(|_| random.skewed(1_000)).collect();
        assert!(drawn.iter().all(|n| *n < 1_000));
        let small = drawn.iter().filter(|n| **n < 125).count();
        assert!((4_500..5_500).contains(&small), "half of them lie in the first eighth: {small}");
        assert_eq!(random.below(0), 0);
    }
}
