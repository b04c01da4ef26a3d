//! Probabilities of counts.
//!
//! | symbol | here | meaning |
//! |---|---|---|
//! | `n` | `trials` | how many were looked at |
//! | `k` | `count` | how many of them have what is looked for |
//! | `p` | `rate` | how likely each has it |
//! | `z` | `Z_95` | quantile of the standard normal distribution |

use super::number;

/// The quantile of the standard normal distribution that leaves a fortieth above it.
const Z_95: f64 = 1.959_963_984_540_054;
/// Probabilities closer than this part are taken for equal.
const EQUAL: f64 = 1e-7;

/// The interval of a rate that holds the true one in 95 of 100 cases, from `count` of `trials`, which need not be whole
/// numbers (Wilson, "Probable inference, the law of succession, and statistical inference", Journal of the American
/// Statistical Association 22, 1927).
pub fn wilson_interval(count: f64, trials: f64) -> (f64, f64) {
    if trials <= 0.0 {
        return (0.0, 1.0);
    }
    let rate = count / trials;
    let square = Z_95 * Z_95 / trials;
    let middle = rate + square / 2.0;
    let half = Z_95 * ((rate * (1.0 - rate)).max(0.0) / trials + square / (4.0 * trials)).sqrt();
    let (lower, upper) = (
        (middle - half) / (1.0 + square),
        (middle + half) / (1.0 + square),
    );
    (lower.max(0.0), upper.min(1.0))
}

/// How likely a count at least as unlikely as this one is: the exact two-sided test of a rate.
///
/// Probabilities fall on both sides of the most likely count. The far end of the other side is found by halving, and
/// both tails are added from their inner end outwards until nothing more is added.
pub fn two_sided(count: u64, trials: u64, rate: f64) -> f64 {
    if trials == 0 || !(rate > 0.0 && rate < 1.0) {
        return 1.0;
    }
    let count = count.min(trials);
    let distribution = Binomial::of(trials, rate);
    let limit = distribution.log_probability(count) + libm::log1p(EQUAL);
    let peak = distribution.peak();
    let within = |k: u64| distribution.log_probability(k) <= limit;
    // The greatest count of the lower tail and the smallest of the upper one.
    let lower = match count <= peak {
        true => Some(count),
        false => last_where(peak, within),
    };
    let upper = match count >= peak {
        true => Some(count),
        false => last_where(trials - peak, |k| within(trials - k)).map(|k| trials - k),
    };
    let mut sum = 0.0;
    if let Some(from) = lower {
        sum += distribution.tail(from, |k| k.checked_sub(1));
    }
    if let Some(from) = upper.filter(|from| lower != Some(*from)) {
        sum += distribution.tail(from, |k| (k < trials).then_some(k + 1));
    } else if let Some(from) = upper {
        // The count is the most likely one itself and was added already.
        let beyond = (from < trials).then_some(from + 1);
        sum += beyond.map_or(0.0, |k| {
            distribution.tail(k, |k| (k < trials).then_some(k + 1))
        });
    }
    sum.min(1.0)
}

/// The greatest number up to `end` for which something holds that holds up to some number and not beyond it.
fn last_where(end: u64, holds: impl Fn(u64) -> bool) -> Option<u64> {
    if !holds(0) {
        return None;
    }
    let (mut yes, mut no) = (0, end + 1);
    while no - yes > 1 {
        let middle = yes + (no - yes) / 2;
        if holds(middle) {
            yes = middle;
        } else {
            no = middle;
        }
    }
    Some(yes)
}

struct Binomial {
    trials: u64,
    rate: f64,
    log_rate: f64,
    log_other: f64,
    log_orders: f64,
}

impl Binomial {
    fn of(trials: u64, rate: f64) -> Self {
        Self {
            trials,
            rate,
            log_rate: libm::log(rate),
            log_other: libm::log1p(-rate),
            log_orders: libm::lgamma(number(trials) + 1.0),
        }
    }

    /// The most likely count.
    fn peak(&self) -> u64 {
        let peak = (number(self.trials) + 1.0) * self.rate;
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "from 0 to the trials"
        )]
        let peak = peak as u64;
        peak.min(self.trials)
    }

    fn log_probability(&self, count: u64) -> f64 {
        let (count, others) = (number(count), number(self.trials - count));
        self.log_orders - libm::lgamma(count + 1.0) - libm::lgamma(others + 1.0)
            + count * self.log_rate
            + others * self.log_other
    }

    /// The probability of a count and of all after it, away from the most likely one.
    fn tail(&self, from: u64, next: impl Fn(u64) -> Option<u64>) -> f64 {
        let mut sum = 0.0;
        let mut at = Some(from);
        while let Some(count) = at {
            let probability = libm::exp(self.log_probability(count));
            sum += probability;
            if probability <= sum * 1e-17 {
                break;
            }
            at = next(count);
        }
        sum
    }
}

#[cfg(test)]
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "numbers of tests are small"
)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// By the definition: add up whatever is not more likely.
    fn by_definition(count: u64, trials: u64, rate: f64) -> f64 {
        let distribution = Binomial::of(trials, rate);
        let limit = distribution.log_probability(count) + libm::log1p(EQUAL);
        let all = (0..=trials).map(|k| distribution.log_probability(k));
        all.filter(|log| *log <= limit)
            .map(libm::exp)
            .sum::<f64>()
            .min(1.0)
    }

    #[test]
    fn p_values_are_those_of_r() {
        // binom.test(682, 925, p = 0.75) and binom.test(7, 20, p = 0.5) of R 4.3.
        assert!((two_sided(682, 925, 0.75) - 0.3825).abs() < 5e-5);
        assert!((two_sided(7, 20, 0.5) - 0.263_175_964_355_468_75).abs() < 1e-12);
        assert!((two_sided(0, 10, 0.5) - 2.0 / 1_024.0).abs() < 1e-14);
        assert_eq!(two_sided(5, 10, 0.5), 1.0);
        assert_eq!(two_sided(0, 0, 0.5), 1.0);
        assert_eq!(two_sided(3, 10, 0.0), 1.0);
    }

    #[test]
    fn many_trials_are_no_matter() {
        let found = two_sided(100_500, 1_000_000, 0.1);
        // The normal distribution with continuity correction.
        assert!((found - 0.0958).abs() < 0.001, "{found}");
        assert_eq!(two_sided(1_000_000, 1_000_000, 0.1), 0.0);
    }

    #[test]
    fn wilson_s_interval_is_as_published() {
        // Newcombe, Statistics in Medicine 17 (1998), table I: 81 of 263 and 0 of 20, without continuity correction.
        let (lower, upper) = wilson_interval(81.0, 263.0);
        assert!((lower - 0.2553).abs() < 5e-5 && (upper - 0.3662).abs() < 5e-5);
        let (lower, upper) = wilson_interval(0.0, 20.0);
        assert!(lower == 0.0 && (upper - 0.1611).abs() < 5e-5);
        assert_eq!(wilson_interval(0.0, 0.0), (0.0, 1.0));
    }

    proptest! {
        #[test]
        fn both_tails_are_by_the_definition(trials in 1..400_u64, part in 0.0..1.0_f64, rate in 0.001..0.999_f64) {
            let count = (part * (trials + 1) as f64) as u64;
            let wanted = by_definition(count, trials, rate);
            let found = two_sided(count, trials, rate);
            prop_assert!((found - wanted).abs() <= 1e-9 + 1e-6 * wanted, "{} for {}", found, wanted);
        }
    }
}
