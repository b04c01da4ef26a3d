//! What every store makes of customers that are in order already: points of the whale curve, the best, and counts of
//! traits. Pure counting; knows nothing of how sums come about or where they are kept.

use crate::domain::{
    id::{TraitKey, UNASSIGNED},
    money::{Nanos, to_nanos},
    party::{Party, TraitValue},
    question::{CurveAnswer, LiftAnswer, LiftCount, LiftQuestion, RankTotals, TraitBin},
    traits::Traits,
    value_numbers::{TraitPicker, ValueNumbers},
};
use ethnum::I256;
use std::{collections::BTreeMap, sync::Arc};

/// The group that a value of a dimension is counted under.
pub fn group_name(value: &str) -> &str {
    if value.is_empty() { UNASSIGNED } else { value }
}

/// The whale curve of the customers' values, which stand in the order of the ranking, the best first.
pub fn curve(totals: RankTotals, values: &[Nanos], points: u64) -> CurveAnswer {
    let customers = values.len() as u64;
    let points = points.max(1);
    let total: Nanos = values.iter().sum();
    let mut answer = CurveAnswer {
        totals,
        total,
        positive: count(values, |value| value > 0),
        ..CurveAnswer::default()
    };
    let fifth = customers.div_ceil(5);
    let most = four_fifths(total);
    let mut next = (1..=points).map(|i| point(i, customers, points));
    let mut wanted = next.next();
    let mut cumulative = 0;
    for (number, value) in (1..).zip(values) {
        cumulative += value;
        while wanted.is_some_and(|wanted| wanted < number) {
            wanted = next.next();
        }
        if wanted == Some(number) {
            answer.points.push((number, cumulative));
        }
        if cumulative > answer.peak.1 {
            answer.peak = (number, cumulative);
        }
        if number == fifth {
            answer.best_fifth = cumulative;
        }
        if answer.eighty_percent.is_none() && total > 0 && cumulative >= most {
            answer.eighty_percent = Some(number);
        }
    }
    add_spread(&mut answer, values);
    answer
}

/// How many customers the point with this index stands for: `ceil(index * customers / points)`.
fn point(index: u64, customers: u64, points: u64) -> u64 {
    let exact = (u128::from(index) * u128::from(customers)).div_ceil(u128::from(points));
    // At most the number of customers, since the index is at most the number of points.
    u64::try_from(exact).unwrap_or(customers)
}

/// The least whole number that is at least 80% of a total above zero.
fn four_fifths(total: Nanos) -> Nanos {
    // Without the product of the two, which may not fit: 4/5 = 1 - 1/5.
    total - total / 5
}

/// Adds the sums that Gini and Herfindahl-Hirschman are made of, over the values of zero or more.
fn add_spread(answer: &mut CurveAnswer, values: &[Nanos]) {
    let mut rising: Vec<Nanos> = values
        .iter()
        .rev()
        .copied()
        .filter(|value| *value >= 0)
        .collect();
    // They stand in order already, unless shares changed it by a micro-unit.
    if !rising.is_sorted() {
        rising.sort_unstable();
    }
    answer.not_negative = rising.len() as u64;
    let (mut weighted, mut squares) = (Total::default(), Total::default());
    for (place, value) in (1_u64..).zip(rising) {
        answer.positive_sum += value;
        weighted.add_product(i128::from(place), value);
        squares.add_product(value, value);
    }
    answer.place_weighted_sum = weighted.sum();
    answer.square_sum = squares.sum();
}

/// A sum of products of numbers of zero or more that may leave 128 bits, most of which are small.
#[derive(Default)]
struct Total {
    small: i128,
    large: I256,
}

impl Total {
    fn add_product(&mut self, a: i128, b: i128) {
        let product = match (i64::try_from(a), i64::try_from(b)) {
            (Ok(a), Ok(b)) => Some(i128::from(a) * i128::from(b)),
            _ => a.checked_mul(b),
        };
        let sum = product.and_then(|product| self.small.checked_add(product));
        match sum {
            Some(sum) => self.small = sum,
            None => {
                self.large += I256::from(self.small) + I256::from(a) * I256::from(b);
                self.small = 0;
            }
        }
    }

    fn sum(&self) -> I256 {
        self.large + I256::from(self.small)
    }
}

fn count(values: &[Nanos], holds: impl Fn(Nanos) -> bool) -> u64 {
    values.iter().filter(|value| holds(**value)).count() as u64
}

/// Which of `values`, which stand in the order of the ranking, the best first, are among the best: those of the first
/// places that are above a floor. A customer who ties with the first one left out is left out too: among equals only
/// the ids would decide, and whatever goes with ids would look like a signal.
struct Best {
    wanted: u64,
    floor: Nanos,
}

impl Best {
    fn of(values: &[Nanos], question: &LiftQuestion) -> Self {
        let customers = values.len() as u64;
        let exact =
            (u128::from(customers) * u128::from(question.best_millionths)).div_ceil(1_000_000_u128);
        let wanted = u64::try_from(exact)
            .unwrap_or(u64::MAX)
            .max(question.best_minimum)
            .min(customers / 2);
        // Equals can differ by the micro-unit of each amount that an equal split leaves over.
        let tie = match question.order.value_bears_split {
            true => to_nanos(1) * question.order.split.len() as Nanos,
            false => 0,
        };
        let next = usize::try_from(wanted)
            .ok()
            .and_then(|wanted| values.get(wanted));
        let floor = next.map_or(0, |next| (next + tie).max(0));
        Self { wanted, floor }
    }

    fn holds(&self, place: u64, value: Nanos) -> bool {
        place < self.wanted && value > self.floor
    }
}

/// Counts trait values among the customers, who stand in the order of the ranking, the best first.
pub fn lift<'a>(
    totals: RankTotals,
    values: &[Nanos],
    parties: impl Iterator<Item = Option<&'a Party>>,
    question: &LiftQuestion,
) -> LiftAnswer {
    let rule = Best::of(values, question);
    let keys: Vec<TraitKey> = question.traits.keys().cloned().collect();
    let mut picker = TraitPicker::default();
    let mut traits = vec![CountedValues::default(); keys.len()];
    let nothing = Traits::new();
    let (mut best, mut threshold) = (0, 0);
    for ((place, value), party) in (0..).zip(values).zip(parties) {
        let is_best = rule.holds(place, *value);
        if is_best {
            best += 1;
            threshold = *value;
        }
        let one = LiftCount {
            best: u64::from(is_best),
            loss_makers: u64::from(*value < 0),
            all: 1,
        };
        let own = picker.pick(&keys, party.map_or(&nothing, |party| &party.traits));
        for (counted, value) in traits.iter_mut().zip(own) {
            counted.add(value, one);
        }
    }
    let mut counts = BTreeMap::new();
    for ((key, edges), counted) in question.traits.iter().zip(traits) {
        counted.for_each_bin(edges, |bin, more| {
            add(counts.entry((key.clone(), bin)).or_default(), more);
        });
    }
    LiftAnswer {
        totals,
        best,
        threshold,
        counts,
    }
}

fn add(count: &mut LiftCount, more: LiftCount) {
    count.best += more.best;
    count.loss_makers += more.loss_makers;
    count.all += more.all;
}

/// How many customers have each value of a trait: bins are looked for once for each value.
#[derive(Clone, Default)]
struct CountedValues {
    numbers: ValueNumbers,
    /// By the number of the value; 0 is for none.
    counts: Vec<LiftCount>,
}

impl CountedValues {
    fn add(&mut self, value: Option<&Arc<TraitValue>>, one: LiftCount) {
        let number = value.map_or(0, |value| self.numbers.number(value)) as usize;
        if self.counts.len() <= number {
            self.counts.resize(number + 1, LiftCount::default());
        }
        add(&mut self.counts[number], one);
    }

    fn for_each_bin(&self, edges: &[i64], mut each: impl FnMut(TraitBin, LiftCount)) {
        let values = self.numbers.values().iter().map(|value| Some(&**value));
        for (value, count) in std::iter::once(None).chain(values).zip(&self.counts) {
            // Nobody may be without a value.
            if count.all > 0 {
                bins(value, edges)
                    .into_iter()
                    .for_each(|bin| each(bin, *count));
            }
        }
    }
}

/// The bins that a value of a trait is counted in: one, or one for each category of a set.
fn bins(value: Option<&TraitValue>, edges: &[i64]) -> Vec<TraitBin> {
    match value {
        None => vec![TraitBin::Missing],
        Some(TraitValue::Category(category)) => vec![TraitBin::Category(category.clone())],
        Some(TraitValue::Number(number)) => {
            vec![TraitBin::Number(
                edges.partition_point(|edge| edge <= number),
            )]
        }
        Some(TraitValue::Set(set)) if set.is_empty() => vec![TraitBin::Missing],
        Some(TraitValue::Set(set)) => set.iter().cloned().map(TraitBin::Category).collect(),
        Some(TraitValue::Flag(flag)) => vec![TraitBin::Flag(*flag)],
    }
}

/// The bucket of an age in days, if it is before the horizon.
pub fn age_bucket(age: i64, horizon_days: u32, buckets: u32) -> Option<usize> {
    let age = u64::try_from(age).ok()?;
    (age < u64::from(horizon_days) && buckets > 0).then(|| {
        // Below the number of buckets, since the age is below the horizon.
        usize::try_from(age * u64::from(buckets) / u64::from(horizon_days)).unwrap_or(0)
    })
}
