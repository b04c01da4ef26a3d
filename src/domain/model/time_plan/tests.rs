//! Laws of splits, and of what is learnt.

use super::{
    gain,
    response::{Month, Responses, dose},
    split::{Curve, best, equal, proportional},
};
use crate::domain::{
    model::{tests::Dice, units},
    money::{NANOS_PER_UNIT, Nanos},
};
use proptest::prelude::*;

fn curve(height: f64, scale_minutes: f64) -> Curve {
    Curve {
        height,
        base: 0.0,
        block_minutes: 30.0,
        scale_minutes,
    }
}

fn value(curves: &[Curve], split: &[u64]) -> Nanos {
    curves
        .iter()
        .zip(split)
        .map(|(c, blocks)| c.total(*blocks))
        .sum()
}

/// The most that any split of the blocks brings.
fn brute_force(curves: &[Curve], blocks: u64, least: u64) -> Option<Nanos> {
    let (first, rest) = curves.split_first()?;
    if rest.is_empty() {
        return (blocks >= least).then(|| first.total(blocks));
    }
    let tried = (least..=blocks).filter_map(|own| {
        let others = brute_force(rest, blocks - own, least)?;
        Some(first.total(own) + others)
    });
    tried.max()
}

fn curves() -> impl Strategy<Value = Vec<Curve>> {
    let one = (0_u32..500, 1_u32..400)
        .prop_map(|(height, scale)| curve(f64::from(height) / 3.0, f64::from(scale)));
    prop::collection::vec(one, 1..5)
}

proptest! {
    #[test]
    fn the_best_split_is_that_of_brute_force(curves in curves(), more in 0_u64..9, least in 0_u64..3) {
        let blocks = least * curves.len() as u64 + more;
        let split = best(&curves, blocks, least);
        prop_assert_eq!(split.iter().sum::<u64>(), blocks);
        prop_assert!(split.iter().all(|own| *own >= least));
        prop_assert_eq!(Some(value(&curves, &split)), brute_force(&curves, blocks, least));
    }

    #[test]
    fn the_best_split_is_never_worse_than_equal_time_or_todays_split(
        curves in curves(),
        more in 0_u64..200,
        least in 0_u64..3,
        today in prop::collection::vec(0_i128..10_000, 5),
    ) {
        let blocks = least * curves.len() as u64 + more;
        let split = value(&curves, &best(&curves, blocks, least));
        let today = proportional(&today[..curves.len()], blocks, least);
        prop_assert_eq!(today.iter().sum::<u64>(), blocks);
        prop_assert!(today.iter().all(|own| *own >= least));
        prop_assert!(split >= value(&curves, &today));
        let equal = equal(curves.len(), blocks);
        prop_assert_eq!(equal.iter().sum::<u64>(), blocks);
        prop_assert!(split >= value(&curves, &equal));
    }

    #[test]
    fn no_block_brings_more_than_the_one_before(height in 0_u32..1_000_000, scale in 1_u32..100_000) {
        let curve = curve(f64::from(height), f64::from(scale));
        let returns: Vec<_> = curve.returns().take(300).collect();
        prop_assert!(returns.is_sorted_by(|a, b| a >= b));
        prop_assert_eq!(curve.total(300), returns.iter().sum::<Nanos>());
    }
}

#[test]
fn accounts_that_answer_nothing_get_equal_time() {
    assert_eq!(best(&[curve(0.0, 10.0); 3], 7, 1), [3, 2, 2]);
    assert_eq!(proportional(&[0, 0, 0], 7, 1), [3, 2, 2]);
    assert_eq!(
        proportional(&[3, 1, 0], 9, 1),
        [6, 2, 1],
        "4.5 and 1.5 of 6: the first gets it"
    );
}

/// Months whose margin is half of the size and `slope` of it per unit of dose, at a revenue of 1,000.
fn months(slope: f64, times: &[i128], scale: f64, noise: &mut impl FnMut() -> f64) -> Vec<Month> {
    let month = |minutes: &i128| {
        #[allow(clippy::cast_precision_loss, reason = "small numbers")]
        let dose = dose(*minutes as f64, scale);
        let margin = 1_000.0 * (0.5 + slope * dose) + noise();
        Month {
            milli_minutes: minutes * 1_000,
            revenue: 1_000 * NANOS_PER_UNIT,
            margin: super::rounded(margin),
        }
    };
    times.iter().map(month).collect()
}

#[test]
fn slopes_without_noise_are_found_again() {
    // 100 minutes in the mean.
    let times = [40, 160, 100, 70, 130];
    let slopes = [0.0, 0.1, 0.4];
    let histories = slopes.map(|slope| months(slope, &times, 100.0, &mut || 0.0));
    let learnt = Responses::learn(&histories).unwrap();
    assert_eq!(learnt.learnt_from, 3);
    for (found, slope) in learnt.accounts.iter().zip(slopes) {
        assert!((found.slope - slope).abs() < 1e-6, "{found:?}");
        assert!((found.base - 500.0).abs() < 1e-3, "{found:?}");
        assert!(found.drawn < 1e-6, "{found:?}");
    }
}

#[test]
fn an_account_that_never_changed_is_told_by_the_others() {
    let times = [40, 160, 100, 70, 130];
    let slopes = [0.1, 0.2, 0.3];
    let mut histories = slopes
        .map(|slope| months(slope, &times, 100.0, &mut || 0.0))
        .to_vec();
    histories.push(months(0.9, &[100; 5], 100.0, &mut || 0.0));
    let learnt = Responses::learn(&histories).unwrap();
    let last = learnt.accounts[3];
    assert!(
        (last.slope - 0.2).abs() < 1e-6,
        "the mean of the others, not {}",
        last.slope
    );
    assert!((last.drawn - 1.0).abs() < f64::EPSILON && last.own_variance > 0.0);
}

#[test]
fn too_little_to_learn_from_is_told() {
    let times = [40, 160, 100, 70, 130];
    let one = || months(0.1, &times, 100.0, &mut || 0.0);
    assert_eq!(Responses::learn(&[one(), one()]), Err(2));
    let same = || months(0.1, &[50; 4], 50.0, &mut || 0.0);
    assert_eq!(Responses::learn(&[same(), same(), same()]), Err(0));
    assert_eq!(Responses::learn(&[]), Err(0));
}

#[test]
fn the_interval_of_the_gain_holds_the_true_gain() {
    // Forty accounts with true slopes from 0 to 0.4, and months that miss their line by up to 150 of 1,000.
    let mut dice = Dice(7);
    let (mut held, rounds) = (0, 200);
    for _ in 0..rounds {
        let mut histories = Vec::new();
        let mut truth = Vec::new();
        for _ in 0..40 {
            #[allow(clippy::cast_precision_loss, reason = "small numbers")]
            let slope = dice.roll(401) as f64 / 1_000.0;
            let times: Vec<_> = (0..12).map(|_| i128::from(dice.roll(200))).collect();
            #[allow(clippy::cast_precision_loss, reason = "small numbers")]
            let mut noise = || dice.roll(301) as f64 - 150.0;
            histories.push(months(slope, &times, 100.0, &mut noise));
            truth.push(slope);
        }
        let learnt = Responses::learn(&histories).unwrap();
        let of = |answer| Curve::of(answer, 30.0, learnt.scale_minutes);
        let curves: Vec<_> = learnt.accounts.iter().map(of).collect();
        // Not the best split, which looks better than it is, but one that does not depend on what was learnt.
        let split: Vec<u64> = (0..40)
            .map(|place| if place % 2 == 0 { 5 } else { 2 })
            .collect();
        let other = equal(40, split.iter().sum());
        let gain = gain(&learnt, &curves, &split, &other);
        let minutes = |blocks: &u64| {
            #[allow(clippy::cast_precision_loss, reason = "small numbers")]
            let minutes = *blocks as f64 * 30.0;
            dose(minutes, 100.0)
        };
        let each = truth.iter().zip(split.iter().zip(&other));
        let truth: f64 = each
            .map(|(slope, (a, b))| 1_000.0 * slope * (minutes(a) - minutes(b)))
            .sum();
        held += i32::from(units(gain.lower) <= truth && truth <= units(gain.upper));
    }
    assert!(held >= rounds * 90 / 100, "{held} of {rounds}");
}
