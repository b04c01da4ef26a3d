//! A set of customers, a bit for each.

/// A set of numbers below a limit.
#[derive(Debug, Clone, Default)]
pub(super) struct Bits(Vec<u64>);

impl Bits {
    /// The empty set of numbers below `limit`.
    pub fn new(limit: usize) -> Self {
        Self(vec![0; limit.div_ceil(64)])
    }

    /// Puts a number in.
    pub fn insert(&mut self, number: usize) {
        self.0[number / 64] |= 1 << (number % 64);
    }

    /// Whether a number is in it.
    pub fn holds(&self, number: usize) -> bool {
        self.0[number / 64] & (1 << (number % 64)) != 0
    }

    /// How many numbers are in it.
    pub fn count(&self) -> u64 {
        self.0.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    /// Puts in the numbers from `first` on for which `holds` says so; `first` is a multiple of 64.
    pub fn insert_where(&mut self, first: usize, count: usize, holds: impl Fn(usize) -> bool) {
        for (word, start) in self.0[first / 64..].iter_mut().zip((0..count).step_by(64)) {
            let numbers = start..count.min(start + 64);
            for number in numbers {
                *word |= u64::from(holds(number)) << (number % 64);
            }
        }
    }

    /// Calls `visit` with the numbers in it, rising.
    #[inline]
    pub fn for_each(&self, mut visit: impl FnMut(u32)) {
        let mut first = 0;
        for word in &self.0 {
            if *word == u64::MAX {
                (first..first + 64).for_each(&mut visit);
            } else {
                let mut rest = *word;
                while rest != 0 {
                    visit(first + rest.trailing_zeros());
                    rest &= rest - 1;
                }
            }
            first += 64;
        }
    }

    /// The numbers in it, rising.
    pub fn iter(&self) -> impl Iterator<Item = u32> {
        (0..).zip(&self.0).flat_map(|(index, word)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                let bit = (rest != 0).then(|| rest.trailing_zeros())?;
                rest &= rest - 1;
                Some(index * 64 + bit)
            })
        })
    }
}
