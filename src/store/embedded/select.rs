//! The customers at some places of an order, without putting all of them in order.
//!
//! A sample tells about which values the wanted places have; one pass counts who is ahead of them and keeps who may be
//! at them; only those are sorted. The answer is exact: if the sample misled, everybody is sorted.

use super::{
    bits::{Bits, word_of},
    books::Accumulator,
};
use crate::domain::ranking::Direction;
use pulp::{Arch, NullaryFnOnce};
use std::{cmp::Ordering, ops::Range};

/// So many are sampled.
const SAMPLE: usize = 8_192;

/// One customer on its way into order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key<A> {
    /// The smallest comes first.
    pub rank: A,
    /// Its number.
    pub customer: u32,
}

/// Some neighbours in the order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Neighbours<A> {
    /// Their places.
    pub places: Range<usize>,
    /// The customers.
    pub keys: Vec<Key<A>>,
    /// The values of everybody before them, added up.
    pub ahead: i128,
}

/// Who is asked for: all customers in `among`, with their values by number, and what decides between equals.
pub(super) struct Candidates<'a, A, T> {
    /// By the number of the customer; zero for those who do not take part.
    pub values: &'a [A],
    /// Which end comes first.
    pub direction: Direction,
    /// Who takes part.
    pub among: &'a Bits,
    /// How many these are.
    pub count: usize,
    /// Which of two with the same rank comes first.
    pub tie: T,
}

/// Who has a rank before some ranks, and who has one of them.
struct Sieve<A> {
    least: A,
    most: A,
    /// How many are before.
    ahead: usize,
    /// Their ranks, added up.
    ahead_sum: A,
}

/// Where wanted ranks are among others: they rise, and are looked up by evenly spread steps.
struct Steps<A> {
    first: A,
    bits: u32,
    /// For each step, how many of the wanted ranks are before it.
    starts: Vec<u32>,
}

impl<A: Accumulator, T: Fn(u32, u32) -> Ordering> Candidates<'_, A, T> {
    fn compare(&self, a: &Key<A>, b: &Key<A>) -> Ordering {
        a.rank
            .cmp(&b.rank)
            .then_with(|| (self.tie)(a.customer, b.customer))
    }

    /// What a customer is put in order by, the smallest first.
    pub fn rank(&self, customer: u32) -> A {
        let value = self.values[customer as usize];
        match self.direction {
            Direction::BestFirst => value.negated(),
            Direction::WorstFirst => value,
        }
    }

    fn for_each_key(&self, mut visit: impl FnMut(Key<A>)) {
        self.among.for_each(|customer| {
            visit(Key {
                rank: self.rank(customer),
                customer,
            });
        });
    }

    /// How many come before a customer.
    #[cfg(test)]
    pub fn before(&self, customer: u32) -> usize {
        let rank = self.rank(customer);
        self.gaps(&[Key { rank, customer }])[0]
    }

    /// The places of some customers, from 0, in any order.
    pub fn places(&self, customers: &[u32]) -> Vec<u64> {
        let keys = customers.iter().map(|customer| Key {
            rank: self.rank(*customer),
            customer: *customer,
        });
        let mut wanted: Vec<(Key<A>, usize)> = keys.zip(0..).collect();
        wanted.sort_unstable_by(|(a, _), (b, _)| self.compare(a, b));
        let keys: Vec<Key<A>> = wanted.iter().map(|(key, _)| *key).collect();
        let mut places = vec![0; customers.len()];
        let mut before = 0;
        for ((_, index), gap) in wanted.iter().zip(self.gaps(&keys)) {
            before += gap as u64;
            places[*index] = before;
        }
        places
    }

    /// For each of some customers, who stand in this order, how many come before it but not before the one before it.
    fn gaps(&self, wanted: &[Key<A>]) -> Vec<usize> {
        let (Some(first), Some(last)) = (wanted.first(), wanted.last()) else {
            return Vec::new();
        };
        let steps = Steps::of(wanted, self.count);
        let mut sieve = Sieve::new(first.rank, last.rank);
        let mut gaps = vec![0; wanted.len() + 1];
        self.sift(std::slice::from_mut(&mut sieve), |_, key| {
            let near = steps.near(key.rank);
            let not_after = |own: &Key<A>| self.compare(own, &key) != Ordering::Greater;
            gaps[near.start + wanted[near].partition_point(not_after)] += 1;
        });
        gaps[0] += sieve.ahead;
        gaps
    }

    /// Counts who is before each sieve's ranks, and calls `visit` with those within and the number of the sieve.
    fn sift(&self, sieves: &mut [Sieve<A>], visit: impl FnMut(usize, Key<A>)) {
        let (among, values) = (self.among, self.values);
        match self.direction {
            Direction::BestFirst => Arch::new().dispatch(Sifting {
                among,
                values,
                rank: A::negated,
                sieves,
                visit,
            }),
            Direction::WorstFirst => Arch::new().dispatch(Sifting {
                among,
                values,
                rank: |value| value,
                sieves,
                visit,
            }),
        }
    }

    fn neighbours(
        &self,
        places: &Range<usize>,
        keys: &[Key<A>],
        ranks_ahead: i128,
    ) -> Neighbours<A> {
        Neighbours {
            places: places.clone(),
            keys: keys.to_vec(),
            ahead: match self.direction {
                Direction::BestFirst => -ranks_ahead,
                Direction::WorstFirst => ranks_ahead,
            },
        }
    }

    /// The customers at `wanted` places, which rise, do not meet and end at their number.
    pub fn select(&self, wanted: &[Range<usize>]) -> Vec<Neighbours<A>> {
        let many = wanted.iter().map(Range::len).sum::<usize>() > self.count / 8;
        if self.count > 4 * SAMPLE
            && !many
            && wanted.len() <= 4
            && let Some(selected) = self.by_sample(wanted)
        {
            return selected;
        }
        let mut keys: Vec<Key<A>> = Vec::with_capacity(self.count);
        self.for_each_key(|key| keys.push(key));
        self.arrange(&mut keys, 0, wanted);
        let (mut ahead, mut seen) = (0, 0);
        let neighbours = wanted.iter().map(|places| {
            let before = keys[seen..places.start].iter();
            ahead += before.map(|key| key.rank.wide()).sum::<i128>();
            seen = places.start;
            self.neighbours(places, &keys[places.clone()], ahead)
        });
        neighbours.collect()
    }

    /// Puts the places in `wanted` in order, and everybody else on the right side of them; `keys` are those from place
    /// `first` on. The middle ones are found first, so that however many are wanted nobody is looked at often.
    fn arrange(&self, keys: &mut [Key<A>], first: usize, wanted: &[Range<usize>]) {
        let Some(range) = wanted.get(wanted.len() / 2) else {
            return;
        };
        let (start, count) = (range.start - first, range.len());
        if start > 0 && start < keys.len() {
            keys.select_nth_unstable_by(start, |a, b| self.compare(a, b));
        }
        let (before, rest) = keys.split_at_mut(start);
        if count > 0 && count < rest.len() {
            rest.select_nth_unstable_by(count, |a, b| self.compare(a, b));
        }
        let (own, after) = rest.split_at_mut(count);
        own.sort_unstable_by(|a, b| self.compare(a, b));
        self.arrange(before, first, &wanted[..wanted.len() / 2]);
        self.arrange(after, range.end, &wanted[wanted.len() / 2 + 1..]);
    }

    fn by_sample(&self, wanted: &[Range<usize>]) -> Option<Vec<Neighbours<A>>> {
        let sample = self.among.sample(SAMPLE);
        let mut sample: Vec<A> = sample.map(|customer| self.rank(customer)).collect();
        sample.sort_unstable();
        let mut sieves: Vec<Sieve<A>> = wanted
            .iter()
            .map(|places| sieve(&sample, places, self.count))
            .collect();
        let mut within: Vec<Vec<Key<A>>> = vec![Vec::new(); wanted.len()];
        self.sift(&mut sieves, |number, key| within[number].push(key));
        let mut selected = Vec::with_capacity(wanted.len());
        for ((places, sieve), mut keys) in wanted.iter().zip(sieves).zip(within) {
            let start = places.start.checked_sub(sieve.ahead)?;
            let own = start..start + places.len();
            if own.end > keys.len() {
                return None;
            }
            self.arrange(&mut keys, 0, std::slice::from_ref(&own));
            let ahead = keys[..own.start].iter().map(|key| key.rank.wide());
            let ahead = sieve.ahead_sum.wide() + ahead.sum::<i128>();
            selected.push(self.neighbours(places, &keys[own], ahead));
        }
        Some(selected)
    }
}

/// One pass over everybody. It is a type of its own, since a closure of this size would not become part of the function
/// that is made for a processor's wide instructions.
struct Sifting<'s, A, R, V> {
    among: &'s Bits,
    values: &'s [A],
    rank: R,
    sieves: &'s mut [Sieve<A>],
    visit: V,
}

impl<A, R, V> NullaryFnOnce for Sifting<'_, A, R, V>
where
    A: Accumulator,
    R: Fn(A) -> A,
    V: FnMut(usize, Key<A>),
{
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let (rank, mut visit) = (self.rank, self.visit);
        let words = self.among.words().iter().zip(self.values.chunks(64));
        for ((word, values), first) in words.zip((0..).step_by(64)) {
            // Who does not take part counts as zero.
            let absent = values.len() - word.count_ones() as usize;
            for (number, sieve) in self.sieves.iter_mut().enumerate() {
                if !sieve.take(values, &rank, absent) {
                    continue;
                }
                let mut within = [0_u8; 64];
                for (within, value) in within.iter_mut().zip(values) {
                    let rank = rank(*value);
                    *within = u8::from(sieve.least <= rank) & u8::from(rank <= sieve.most);
                }
                let mut rest = word & word_of(&within);
                while rest != 0 {
                    let place = rest.trailing_zeros();
                    rest &= rest - 1;
                    let rank = rank(values[place as usize]);
                    let customer = first + place;
                    visit(number, Key { rank, customer });
                }
            }
        }
    }
}

impl<A: Accumulator> Sieve<A> {
    fn new(least: A, most: A) -> Self {
        Self {
            least,
            most,
            ahead: 0,
            ahead_sum: A::default(),
        }
    }

    /// Takes in the values of some customers, of whom so many do not take part; says whether any may be within.
    #[inline(always)]
    fn take(&mut self, values: &[A], rank: impl Fn(A) -> A, absent: usize) -> bool {
        let (mut ahead, mut sum, mut within) = (0_u64, A::default(), false);
        for value in values {
            let rank = rank(*value);
            let is_ahead = rank < self.least;
            ahead += u64::from(is_ahead);
            sum = sum.plus(if is_ahead { rank } else { A::default() });
            within |= !is_ahead & (rank <= self.most);
        }
        let absent = if A::default() < self.least { absent } else { 0 };
        // At most 64 of them.
        self.ahead += usize::try_from(ahead).unwrap_or(0) - absent;
        self.ahead_sum = self.ahead_sum.plus(sum);
        within
    }
}

impl<A: Accumulator> Steps<A> {
    /// For so many customers: there are the more steps the more customers are looked up in them, so that few of the
    /// wanted ranks are in the same, and all fit the second memory of a processor.
    fn of(wanted: &[Key<A>], customers: usize) -> Self {
        let bits = customers.max(1).ilog2().clamp(8, 16);
        let ranks = wanted.iter().map(|key| key.rank);
        let first = ranks.clone().next().unwrap_or_default();
        let reach = ranks.clone().next_back().unwrap_or_default().wide() - first.wide();
        let mut steps = Self {
            first,
            bits: (i128::BITS - reach.leading_zeros()).saturating_sub(bits),
            starts: vec![0; (1 << bits) + 1],
        };
        for rank in ranks {
            let step = steps.step(rank);
            steps.starts[step + 1] += 1;
        }
        for step in 0..1 << bits {
            steps.starts[step + 1] += steps.starts[step];
        }
        steps
    }

    /// The step of a rank that is none before the first wanted one and none after the last.
    fn step(&self, rank: A) -> usize {
        rank.steps_from(self.first, self.bits)
    }

    /// The wanted ranks in the step of a rank that is none before the first and none after the last.
    fn near(&self, rank: A) -> Range<usize> {
        let step = self.step(rank);
        self.starts[step] as usize..self.starts[step + 1] as usize
    }
}

/// Between which ranks the customers at some places very probably are: four standard deviations around the places'
/// quantiles of a sorted sample.
fn sieve<A: Accumulator>(sample: &[A], places: &Range<usize>, count: usize) -> Sieve<A> {
    let quantile = |place: usize| place * sample.len() / count;
    let slack = |index: usize| 8 + 4 * index.min(sample.len() - index).isqrt();
    let (first, last) = (quantile(places.start), quantile(places.end));
    let least = first.checked_sub(slack(first)).map(|index| sample[index]);
    let most = sample.get(last + slack(last)).copied();
    Sieve::new(least.unwrap_or(A::LEAST), most.unwrap_or(A::MOST))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn it_selects_what_sorting_everybody_selects(
            spread in prop_oneof![Just(1_u64), Just(50), Just(1 << 40)], seed in any::<u64>(),
            count in 1_usize..100_000, starts in proptest::collection::vec((0_usize..1_000, 0_usize..300), 1..4),
            worst in any::<bool>(),
        ) {
            let mut state = seed;
            let mut ranks: Vec<i64> = (0..count).map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                i64::try_from((state >> 33) % spread).unwrap() - i64::try_from(spread / 2).unwrap()
            }).collect();
            let mut among = Bits::new(count);
            let holds: Vec<u8> = (0..count).map(|number| u8::from(number % 3 != 0)).collect();
            ranks.iter_mut().zip(&holds).for_each(|(rank, holds)| *rank *= i64::from(*holds));
            among.insert_where(0, &holds);
            let direction = if worst { Direction::WorstFirst } else { Direction::BestFirst };
            let tie = |a: u32, b: u32| b.cmp(&a);
            let rank = |customer: u32| if worst { ranks[customer as usize] } else { -ranks[customer as usize] };
            let mut sorted: Vec<(i64, std::cmp::Reverse<u32>)> =
                among.iter().map(|customer| (rank(customer), std::cmp::Reverse(customer))).collect();
            sorted.sort_unstable();
            let mut wanted: Vec<Range<usize>> = Vec::new();
            let mut starts: Vec<(usize, usize)> = starts.iter()
                .map(|(at, length)| (at * sorted.len() / 1_000, *length)).collect();
            starts.sort_unstable();
            for (start, length) in starts {
                let start = start.max(wanted.last().map_or(0, |range| range.end));
                wanted.push(start..(start + length).min(sorted.len()));
            }
            let candidates = Candidates { values: &ranks, direction, among: &among, count: sorted.len(), tie };
            let asked: Vec<usize> = (0..sorted.len()).step_by(sorted.len() / 20 + 1).collect();
            let customers: Vec<u32> = asked.iter().rev().map(|place| sorted[*place].1.0).collect();
            let places = candidates.places(&customers);
            prop_assert!(places.iter().rev().eq(asked.iter().map(|place| *place as u64).collect::<Vec<_>>().iter()));
            prop_assert!(customers.iter().zip(places).all(|(one, place)| candidates.before(*one) as u64 == place));
            for neighbours in candidates.select(&wanted) {
                let keys = neighbours.keys.iter();
                let keys: Vec<_> = keys.map(|key| (key.rank, std::cmp::Reverse(key.customer))).collect();
                let start = neighbours.places.start;
                prop_assert_eq!(&keys, &sorted[neighbours.places].to_vec());
                let ahead: i64 = sorted[..start].iter().map(|(rank, _)| rank).sum();
                if !keys.is_empty() {
                    prop_assert_eq!(neighbours.ahead, i128::from(if worst { ahead } else { -ahead }));
                }
            }
        }
    }
}
