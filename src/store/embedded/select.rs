//! The customers at some places of an order, without putting all of them in order.
//!
//! A sample tells about which values the wanted places have; one pass counts who is ahead of them and keeps who may be
//! at them; only those are sorted. The answer is exact: if the sample misled, everybody is sorted.

use super::{bits::Bits, books::Accumulator};
use crate::domain::ranking::Direction;
use std::{cmp::Ordering, ops::Range};

/// So many are sampled.
const SAMPLE: usize = 2_048;

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
    /// By the number of the customer.
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

/// Between which ranks some wanted places are.
struct Bounds<A> {
    least: Option<A>,
    most: Option<A>,
    ahead: usize,
    ahead_sum: A,
    keys: Vec<Key<A>>,
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
    pub fn before(&self, customer: u32) -> usize {
        let own = Key {
            rank: self.rank(customer),
            customer,
        };
        let mut before = 0;
        self.for_each_key(|key| {
            before += usize::from(self.compare(&key, &own) == Ordering::Less);
        });
        before
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
        self.arrange(&mut keys, wanted);
        let neighbours = wanted.iter().map(|places| {
            let ahead = keys[..places.start].iter().map(|key| key.rank.wide());
            self.neighbours(places, &keys[places.clone()], ahead.sum())
        });
        neighbours.collect()
    }

    /// Puts the places in `wanted` in order, and everybody else on the right side of them.
    fn arrange(&self, keys: &mut [Key<A>], wanted: &[Range<usize>]) {
        let mut done = 0;
        for range in wanted.iter().filter(|range| !range.is_empty()) {
            if range.start > done {
                keys[done..].select_nth_unstable_by(range.start - done, |a, b| self.compare(a, b));
            }
            let rest = &mut keys[range.start..];
            let count = range.len();
            if count < rest.len() {
                rest.select_nth_unstable_by(count, |a, b| self.compare(a, b));
            }
            rest[..count].sort_unstable_by(|a, b| self.compare(a, b));
            done = range.end;
        }
    }

    fn by_sample(&self, wanted: &[Range<usize>]) -> Option<Vec<Neighbours<A>>> {
        let sample = self.among.sample(SAMPLE);
        let mut sample: Vec<A> = sample.map(|customer| self.rank(customer)).collect();
        sample.sort_unstable();
        let mut all: Vec<Bounds<A>> = wanted
            .iter()
            .map(|places| bounds(&sample, places, self.count))
            .collect();
        match &mut all[..] {
            [one] => self.for_each_key(|key| one.take(key)),
            more => {
                self.for_each_key(|key| more.iter_mut().for_each(|bounds| bounds.take(key)));
            }
        }
        let mut selected = Vec::with_capacity(wanted.len());
        for (places, mut bounds) in wanted.iter().zip(all) {
            let start = places.start.checked_sub(bounds.ahead)?;
            let within = start..start + places.len();
            if within.end > bounds.keys.len() {
                return None;
            }
            self.arrange(&mut bounds.keys, std::slice::from_ref(&within));
            let ahead = bounds.keys[..within.start]
                .iter()
                .map(|key| key.rank.wide());
            let ahead = bounds.ahead_sum.wide() + ahead.sum::<i128>();
            selected.push(self.neighbours(places, &bounds.keys[within], ahead));
        }
        Some(selected)
    }
}

impl<A: Accumulator> Bounds<A> {
    fn take(&mut self, key: Key<A>) {
        if self.least.is_some_and(|least| key.rank < least) {
            self.ahead += 1;
            self.ahead_sum = self.ahead_sum.plus(key.rank);
        } else if self.most.is_none_or(|most| key.rank <= most) {
            self.keys.push(key);
        }
    }
}

/// Between which ranks the customers at some places very probably are: four standard deviations around the places'
/// quantiles of a sorted sample.
fn bounds<A: Accumulator>(sample: &[A], places: &Range<usize>, count: usize) -> Bounds<A> {
    let quantile = |place: usize| place * sample.len() / count;
    let slack = |index: usize| 8 + 4 * index.min(sample.len() - index).isqrt();
    let (first, last) = (quantile(places.start), quantile(places.end));
    let least = first.checked_sub(slack(first)).map(|index| sample[index]);
    let most = sample.get(last + slack(last)).copied();
    Bounds {
        least,
        most,
        ahead: 0,
        ahead_sum: A::default(),
        keys: Vec::new(),
    }
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
            let ranks: Vec<i64> = (0..count).map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                i64::try_from((state >> 33) % spread).unwrap()
            }).collect();
            let mut among = Bits::new(count);
            let holds: Vec<u8> = (0..count).map(|number| u8::from(number % 3 != 0)).collect();
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
