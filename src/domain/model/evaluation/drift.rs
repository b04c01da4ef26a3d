//! Whether those who are asked about are still like those who were learnt from.
//!
//! | symbol | here | meaning |
//! |---|---|---|
//! | `e_b`, `a_b` | `learnt`, `asked` | shares of bin `b`, half a count added to each |
//! | PSI | [`stability_index`] | sum of `(a_b - e_b) ln(a_b / e_b)`; the relative entropy, both ways (Jeffreys 1946) |
//!
//! Below 0.1 nothing moved, from [`ALARM`] on the model is no longer of this population: the usual marks of credit
//! scoring (Siddiqi, "Credit Risk Scorecards", 2006). With few asked, chance alone moves the index by about
//! `(bins - 1) (1 / asked + 1 / learnt)` (Yurdakul and Naranjo, "Statistical properties of the population stability
//! index", Journal of Risk Model Validation 14, 2020); that is taken off before an alarm is rung.

/// From here on the alarm rings.
pub const ALARM: f64 = 0.25;
/// Fewer who are asked ring no alarm.
pub const MINIMUM_ASKED: u64 = 50;
/// What is added to each count, so that an empty bin has a logarithm.
const ADDED: f64 = 0.5;

/// How far shares have moved, from counts of the same bins; 0 if one side is empty.
pub fn stability_index(learnt: &[u64], asked: &[u64]) -> f64 {
    let total = |counts: &[u64]| {
        let count: u64 = counts.iter().sum();
        super::super::number(count)
    };
    let (all_learnt, all_asked) = (total(learnt), total(asked));
    if all_learnt == 0.0 || all_asked == 0.0 {
        return 0.0;
    }
    // A bin that is empty on both sides says nothing.
    let pairs: Vec<(f64, f64)> = learnt
        .iter()
        .zip(asked)
        .filter(|(learnt, asked)| **learnt + **asked > 0)
        .map(|(learnt, asked)| (super::super::number(*learnt), super::super::number(*asked)))
        .collect();
    let added = super::super::number(pairs.len() as u64) * ADDED;
    let share = |count: f64, all: f64| (count + ADDED) / (all + added);
    let part = |&(learnt, asked): &(f64, f64)| {
        let (before, now) = (share(learnt, all_learnt), share(asked, all_asked));
        (now - before) * libm::log(now / before)
    };
    pairs.iter().map(part).sum()
}

/// What chance alone moves the index by.
pub fn by_chance(learnt: &[u64], asked: &[u64]) -> f64 {
    let number = super::super::number;
    let (all_learnt, all_asked): (u64, u64) = (learnt.iter().sum(), asked.iter().sum());
    let bins = learnt
        .iter()
        .zip(asked)
        .filter(|(a, b)| **a + **b > 0)
        .count() as u64;
    if all_learnt == 0 || all_asked == 0 {
        return 0.0;
    }
    number(bins.saturating_sub(1)) * (1.0 / number(all_learnt) + 1.0 / number(all_asked))
}

/// Whether the alarm rings: enough were asked, and the index is beyond [`ALARM`] by more than chance moves it.
pub fn alarm(learnt: &[u64], asked: &[u64]) -> bool {
    asked.iter().sum::<u64>() >= MINIMUM_ASKED
        && stability_index(learnt, asked) - by_chance(learnt, asked) >= ALARM
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_shares_do_not_move_and_others_do() {
        assert!(stability_index(&[600, 400], &[60, 40]) < 1e-4);
        // By hand: (0.8 - 0.2) ln 4 + (0.2 - 0.8) ln 1/4.
        let found = stability_index(&[200_000, 800_000], &[800_000, 200_000]);
        assert!((found - 1.2 * 4.0_f64.ln()).abs() < 1e-4, "{found}");
        assert_eq!(stability_index(&[], &[]), 0.0);
        assert_eq!(stability_index(&[5, 5], &[0, 0]), 0.0);
    }

    #[test]
    fn the_alarm_needs_enough_who_are_asked_and_more_than_chance() {
        assert!(alarm(&[900, 100, 0], &[10, 10, 80]));
        assert!(!alarm(&[900, 100, 0], &[1, 1, 8]));
        assert!(!alarm(&[500, 500], &[40, 60]));
        // Sixteen bins and fifty asked: an index of 0.3 is chance.
        assert!(by_chance(&[100; 16], &[4; 16]) > 0.2);
    }
}
