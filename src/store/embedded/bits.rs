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
    pub fn insert(&mut self, number: u32) {
        self.0[number as usize / 64] |= 1 << (number % 64);
    }

    /// The numbers, 64 in each word.
    pub fn words(&self) -> &[u64] {
        &self.0
    }

    /// Whether a number is in it.
    pub fn holds(&self, number: usize) -> bool {
        let word = self.0.get(number / 64).copied().unwrap_or(0);
        word & (1 << (number % 64)) != 0
    }

    /// How many numbers are in it.
    pub fn count(&self) -> u64 {
        self.0.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    /// Puts in the numbers from `first` on whose byte is 1 and not 0; `first` is a multiple of 64.
    pub fn insert_where(&mut self, first: usize, holds: &[u8]) {
        for (word, bytes) in self.0[first / 64..].iter_mut().zip(holds.chunks(64)) {
            *word |= word_of(bytes);
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

    /// About so many of the numbers in it, spread evenly: the first of every so many words.
    pub fn sample(&self, count: usize) -> impl Iterator<Item = u32> {
        let words = (0..).zip(&self.0).step_by((self.0.len() / count).max(1));
        let words = words.filter(|(_, word)| **word != 0);
        words.map(|(index, word): (u32, &u64)| index * 64 + word.trailing_zeros())
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

/// A bit for each of at most 64 bytes, which are 0 or 1.
#[inline]
pub(super) fn word_of(bytes: &[u8]) -> u64 {
    let mut word = 0;
    for (place, eight) in (0..).step_by(8).zip(bytes.chunks(8)) {
        let mut all = [0; 8];
        all[..eight.len()].copy_from_slice(eight);
        // The lowest bits of eight bytes become the eight bits of the uppermost byte.
        let bits = u64::from_le_bytes(all).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        word |= bits << place;
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The numbers from 0 on whose byte is 1.
    pub fn bits(holds: &[u8]) -> Bits {
        let mut bits = Bits::new(holds.len());
        bits.insert_where(0, holds);
        bits
    }

    proptest! {
        #[test]
        fn it_holds_what_was_put_in(holds in proptest::collection::vec(0_u8..2, 0..300)) {
            let set = bits(&holds);
            let expected: Vec<u32> = (0..).zip(&holds).filter(|(_, holds)| **holds == 1).map(|(n, _)| n).collect();
            prop_assert_eq!(set.iter().collect::<Vec<_>>(), expected.clone());
            let mut visited = Vec::new();
            set.for_each(|number| visited.push(number));
            prop_assert_eq!(&visited, &expected);
            prop_assert_eq!(set.count(), expected.len() as u64);
            prop_assert!((0..holds.len()).all(|number| set.holds(number) == (holds[number] == 1)));
        }
    }
}
