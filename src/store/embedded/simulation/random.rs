//! Chance that comes from a seed: the same seed, the same choices, for ever and on every machine.

/// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014).
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// The choices of a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Any number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below a bound that is not zero.
    pub fn below(&mut self, bound: usize) -> usize {
        let number = self.number() % bound as u64;
        usize::try_from(number).expect("it is below a size")
    }

    /// A small number from `start` to before `end`.
    pub fn between(&mut self, start: i64, end: i64) -> i64 {
        let number = self.number() % start.abs_diff(end);
        start + i64::try_from(number).expect("the range is small")
    }

    /// Whether something happens that does so many times in a thousand.
    pub fn chance(&mut self, in_thousand: u64) -> bool {
        self.number() % 1_000 < in_thousand
    }

    /// One of several.
    pub fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }

    /// A thing, or none.
    pub fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.chance(500).then(|| make(self))
    }
}
