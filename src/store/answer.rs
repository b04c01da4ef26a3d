//! What every store makes of customers that are in order already: points of the whale curve, the best, and counts of
//! traits. Pure counting; knows nothing of how sums come about or where they are kept.

use crate::domain::{
    activity::Activity,
    id::{TraitKey, UNASSIGNED},
    money::Nanos,
    party::{Party, TraitValue},
    question::{CurveAnswer, Group, LiftAnswer, LiftCount, LiftQuestion, RankTotals, TraitBin},
    traits::Traits,
    value_numbers::{TraitPicker, ValueNumbers},
};
use ethnum::I256;
use std::{collections::BTreeMap, sync::Arc};

/// The group that a value of a dimension is counted under.
pub fn group_name(value: &str) -> &str {
    if value.is_empty() { UNASSIGNED } else { value }
}

/// The channel or the campaign that an activity is counted under, which no store has beside its sums.
pub fn ledger_group(group: Group, activity: &Activity) -> String {
    let dimensions = &activity.dimensions;
    let value = match group {
        Group::Channel => &dimensions.channel_id,
        Group::Campaign => &dimensions.campaign_id,
        Group::Customer | Group::Branch | Group::Product | Group::AccountManager | Group::Day => "",
    };
    group_name(value).to_owned()
}

/// The whale curve of the customers' values, which stand in the order of the ranking, the best first, in multiples of
/// `step`.
pub fn curve<V>(totals: RankTotals, values: V, step: Nanos, points: u64) -> CurveAnswer
where
    V: DoubleEndedIterator<Item = i128> + ExactSizeIterator + Clone,
{
    let customers = values.len() as u64;
    let points = points.max(1);
    let mut answer = CurveAnswer {
        totals,
        ..CurveAnswer::default()
    };
    for value in values.clone() {
        answer.total += value;
        answer.positive += u64::from(value > 0);
    }
    let fifth = customers.div_ceil(5);
    // Nothing reaches it if the total is not above zero.
    let mut most = match answer.total > 0 {
        true => four_fifths(answer.total),
        false => Nanos::MAX,
    };
    let mut next = (1..=points).map(|i| point(i, customers, points));
    let mut wanted = next.next();
    let mut cumulative = 0;
    for (number, value) in (1..).zip(values.clone()) {
        cumulative += value;
        while wanted.is_some_and(|wanted| wanted < number) {
            wanted = next.next();
        }
        if wanted == Some(number) {
            answer.points.push((number, cumulative * step));
        }
        if cumulative > answer.peak.1 {
            answer.peak = (number, cumulative);
        }
        if number == fifth {
            answer.best_fifth = cumulative * step;
        }
        if cumulative >= most {
            answer.eighty_percent = Some(number);
            most = Nanos::MAX;
        }
    }
    answer.peak.1 *= step;
    answer.total *= step;
    add_spread(&mut answer, values, step);
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
fn add_spread<V>(answer: &mut CurveAnswer, values: V, step: Nanos)
where
    V: DoubleEndedIterator<Item = i128> + Clone,
{
    let rising = values.rev().filter(|value| *value >= 0);
    // They stand in order already, unless shares changed it by a micro-unit.
    let spread = if rising.clone().is_sorted() {
        Spread::of(rising)
    } else {
        let mut rising: Vec<i128> = rising.collect();
        rising.sort_unstable();
        Spread::of(rising.into_iter())
    };
    answer.not_negative = spread.count;
    answer.positive_sum = spread.sum * step;
    answer.place_weighted_sum = spread.weighted.sum() * I256::from(step);
    answer.square_sum = spread.squares.sum() * I256::from(step) * I256::from(step);
}

/// What values of zero or more that rise add up to.
#[derive(Default)]
struct Spread {
    count: u64,
    sum: i128,
    weighted: Total,
    squares: Total,
}

impl Spread {
    fn of(rising: impl Iterator<Item = i128>) -> Self {
        let mut spread = Self::default();
        for (place, value) in (1_u64..).zip(rising) {
            spread.count = place;
            spread.sum += value;
            spread.weighted.add_product(i128::from(place), value);
            spread.squares.add_product(value, value);
        }
        spread
    }
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
        let tie = question.order.most_left_over();
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
    let mut counts = BTreeMap::<_, LiftCount>::new();
    for ((key, edges), counted) in question.traits.iter().zip(traits) {
        counted.for_each_bin(edges, |bin, more| {
            counts.entry((key.clone(), bin)).or_default().add(more);
        });
    }
    LiftAnswer {
        totals,
        best,
        threshold,
        counts,
    }
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
        self.counts[number].add(one);
    }

    fn for_each_bin(&self, edges: &[i64], mut each: impl FnMut(TraitBin, LiftCount)) {
        let values = self.numbers.values().iter().map(|value| Some(&**value));
        for (value, count) in std::iter::once(None).chain(values).zip(&self.counts) {
            // Nobody may be without a value.
            if count.all > 0 {
                TraitBin::all_of(value, edges)
                    .into_iter()
                    .for_each(|bin| each(bin, *count));
            }
        }
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
