//! What is left of a customer's revenue, and what a week of serving it costs: its own ratio as far as its own record
//! tells, and that of its segment for the rest.
//!
//! The credibility formula of Bühlmann and Straub (1970, "Glaubwürdigkeit für Schadensätze"): a ratio `a_i / e_i` of
//! an amount to an exposure has the credibility `Z_i = e_i / (e_i + K)` with `K = s² / t²`, where `t²` is how much the
//! true ratios of customers differ, and `s² / e_i` how much one is off by chance. One customer has one ratio, so that
//! the two are told apart by size: with `m` for the ratio of its segment, `(a_i - m e_i)² / e_i` is `s² + t² e_i` on
//! the average, a straight line that is fitted by least squares, each weighted with `1 / (e_i + mean e)²`, neither end
//! below zero.
//!
//! Segments are drawn towards all customers as if ten more customers like those were in them.

use super::number;
use crate::domain::party::TraitValue;
use std::collections::BTreeMap;

/// By so many customers of all a segment is drawn towards them.
const SEGMENT_WEIGHT: f64 = 10.0;

/// What was seen of one customer.
#[derive(Debug, Clone, PartialEq)]
pub struct Earned {
    /// Its segment.
    pub segment: Option<TraitValue>,
    /// The amount: margin, or cost to serve.
    pub amount: f64,
    /// What it is divided by: revenue, or weeks. Nothing is learnt of a customer without any.
    pub exposure: f64,
}

/// The ratio of one customer.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Rate {
    /// What it is expected to be.
    pub mean: f64,
    /// How far off that may be: the variance.
    pub variance: f64,
    /// How much of it is the customer's own, 0 to 1.
    pub credibility: f64,
}

/// Ratios of all customers together and of segments.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rates {
    /// Of all customers.
    pub all: f64,
    /// Drawn towards that already, with how many customers each has.
    segments: BTreeMap<Option<TraitValue>, (f64, u64)>,
    /// `t²`: how much the true ratios of customers differ.
    between: f64,
    /// `s²`: how much one is off by chance over an exposure of 1.
    within: f64,
}

impl Rates {
    /// Learns from customers, whose order does not matter beyond the last bits.
    pub fn learn(earned: &[Earned]) -> Self {
        let mut sums = BTreeMap::<&Option<TraitValue>, (f64, f64, u64)>::new();
        let (mut amount, mut exposure) = (0.0, 0.0);
        let told = || earned.iter().filter(|one| one.exposure > 0.0);
        for one in told() {
            let sums = sums.entry(&one.segment).or_default();
            *sums = (sums.0 + one.amount, sums.1 + one.exposure, sums.2 + 1);
            amount += one.amount;
            exposure += one.exposure;
        }
        let all = if exposure > 0.0 {
            amount / exposure
        } else {
            0.0
        };
        let segments = sums
            .into_iter()
            .map(|(segment, (amount, exposure, count))| {
                let own = number(count);
                let drawn =
                    (own * (amount / exposure) + SEGMENT_WEIGHT * all) / (own + SEGMENT_WEIGHT);
                (segment.clone(), (drawn, count))
            });
        let mut rates = Self {
            all,
            segments: segments.collect(),
            ..Self::default()
        };
        let mean_exposure = exposure / number(told().count().max(1) as u64);
        let points = told().map(|one| {
            let off = one.amount - rates.of_segment(&one.segment).0 * one.exposure;
            (one.exposure, off * off / one.exposure)
        });
        (rates.within, rates.between) = line(points, mean_exposure);
        rates
    }

    /// The ratio of a segment, and how many customers it has; that of all if nothing was seen of it.
    pub fn of_segment(&self, segment: &Option<TraitValue>) -> (f64, u64) {
        self.segments.get(segment).copied().unwrap_or((self.all, 0))
    }

    /// The ratio of a customer.
    pub fn of(&self, one: &Earned) -> Rate {
        let (segment, _) = self.of_segment(&one.segment);
        let exposure = one.exposure.max(0.0);
        let signal = exposure * self.between;
        let credibility = match signal > 0.0 {
            true => signal / (signal + self.within),
            false => 0.0,
        };
        let own = match credibility > 0.0 {
            true => one.amount / exposure,
            false => segment,
        };
        Rate {
            mean: credibility * own + (1.0 - credibility) * segment,
            variance: (1.0 - credibility) * self.between,
            credibility,
        }
    }
}

/// The straight line through points, from where it begins and how steep it is; neither is below zero.
fn line(points: impl Iterator<Item = (f64, f64)>, scale: f64) -> (f64, f64) {
    let (mut ones, mut x, mut xx, mut y, mut xy) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (exposure, off) in points {
        // In units of the mean exposure, so that nothing overflows.
        let at = exposure / scale;
        let weight = 1.0 / ((at + 1.0) * (at + 1.0));
        ones += weight;
        x += weight * at;
        xx += weight * at * at;
        y += weight * off;
        xy += weight * at * off;
    }
    if ones <= 0.0 {
        return (0.0, 0.0);
    }
    let determinant = ones * xx - x * x;
    let steep = match determinant > 1e-9 * ones * xx {
        true => (ones * xy - x * y) / determinant,
        // All exposures are the same: how much is chance cannot be told, half of it is taken for that.
        false => y / x / 2.0,
    };
    let begin = (y - steep * x) / ones;
    let (begin, steep) = if steep < 0.0 {
        (y / ones, 0.0)
    } else if begin < 0.0 {
        (0.0, xy / xx)
    } else {
        (begin, steep)
    };
    (begin, steep / scale)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::model::tests::Dice;

    fn segment(name: &str) -> Option<TraitValue> {
        Some(TraitValue::Category(name.to_owned()))
    }

    fn earned(name: &str, amount: f64, exposure: f64) -> Earned {
        Earned {
            segment: segment(name),
            amount,
            exposure,
        }
    }

    /// A number whose mean is 0 and whose variance is 1, nearly normal.
    fn chance(dice: &mut Dice) -> f64 {
        let sum: u64 = (0..12).map(|_| dice.roll(1_000_001)).sum();
        sum as f64 / 1e6 - 6.0
    }

    /// Customers whose true ratios differ by `between`, and are seen with so much chance.
    fn world(between: f64, within: f64) -> (Vec<Earned>, Vec<f64>) {
        let mut dice = Dice(7);
        let one = |_| {
            let (name, mean) = [("a", 0.2), ("b", 0.6)][usize::from(dice.roll(2) == 1)];
            let truth = mean + between * chance(&mut dice);
            let exposure = (1 + dice.roll(200)) as f64;
            let amount = truth * exposure + within * exposure.sqrt() * chance(&mut dice);
            (earned(name, amount, exposure), truth)
        };
        (0..5_000).map(one).unzip()
    }

    #[test]
    fn what_is_known_of_a_customer_counts_as_far_as_it_tells() {
        let (all, truths) = world(0.1, 0.8);
        let rates = Rates::learn(&all);
        // K is 64: who has an exposure of as much counts for half.
        let half = rates.of(&earned("a", 64.0 * 0.4, 64.0));
        assert!((half.credibility - 0.5).abs() < 0.1, "{half:?}");
        assert!((half.mean - 0.3).abs() < 0.03, "{half:?}");
        assert!((rates.between.sqrt() - 0.1).abs() < 0.02);
        assert!((rates.within.sqrt() - 0.8).abs() < 0.1);
        let error = |guess: &dyn Fn(&Earned) -> f64| -> f64 {
            let errors = all.iter().zip(&truths);
            errors
                .map(|(one, truth)| (guess(one) - truth).powi(2))
                .sum()
        };
        let drawn = error(&|one| rates.of(one).mean);
        assert!(drawn < 0.8 * error(&|one| one.amount / one.exposure));
        assert!(drawn < 0.8 * error(&|one| rates.of_segment(&one.segment).0));
        // The variance says how far off the means are.
        let said: f64 = all.iter().map(|one| rates.of(one).variance).sum();
        assert!((drawn / said - 1.0).abs() < 0.15, "{drawn} {said}");
    }

    #[test]
    fn where_customers_differ_by_chance_alone_all_are_alike() {
        let (all, _) = world(0.0, 1.0);
        let rates = Rates::learn(&all);
        let one = rates.of(&earned("a", 90.0, 100.0));
        assert!(one.credibility < 0.2, "{one:?}");
        assert!(one.mean < 0.35, "{one:?}");
    }

    #[test]
    fn where_nothing_is_chance_everybody_is_what_was_seen() {
        let (all, truths) = world(0.2, 0.0);
        let rates = Rates::learn(&all);
        let large = all
            .iter()
            .zip(truths)
            .filter(|(one, _)| one.exposure > 50.0);
        for (one, truth) in large {
            assert!((rates.of(one).mean - truth).abs() < 0.02, "{one:?} {truth}");
        }
    }

    #[test]
    fn who_was_never_seen_is_like_the_segment_and_a_small_segment_like_all() {
        let (mut all, _) = world(0.1, 0.8);
        all.push(earned("tiny", 90.0, 10.0));
        let rates = Rates::learn(&all);
        let tiny = rates.of_segment(&segment("tiny"));
        assert_eq!(tiny.1, 1);
        assert!(tiny.0 > rates.all && tiny.0 < 1.3, "{tiny:?}");
        let nobody = rates.of(&earned("never", 0.0, 0.0));
        assert_eq!((nobody.mean, nobody.credibility), (rates.all, 0.0));
        assert_eq!(nobody.variance, rates.between);
        assert_eq!(
            rates.of(&earned("b", 5.0, 0.0)).mean,
            rates.of_segment(&segment("b")).0
        );
    }

    #[test]
    fn nothing_and_sameness_do_no_harm() {
        assert_eq!(
            Rates::learn(&[]).of(&earned("a", 1.0, 1.0)),
            Rate::default()
        );
        let same = vec![earned("a", 3.0, 10.0); 9];
        let rates = Rates::learn(&same);
        assert_eq!(rates.of(&same[0]).variance, 0.0);
        assert!((rates.of(&same[0]).mean - 0.3).abs() < 1e-12);
        let odd = [
            earned("a", -1e25, 1e-9),
            earned("a", 1e25, 1e25),
            earned("a", 0.0, -4.0),
        ];
        let rates = Rates::learn(&odd);
        for one in &odd {
            let rate = rates.of(one);
            assert!(
                rate.mean.is_finite() && rate.variance.is_finite(),
                "{rate:?}"
            );
            assert!((0.0..=1.0).contains(&rate.credibility));
        }
    }
}
