//! Intervals, discounts, and outlines of what is told in full.

use super::*;
use crate::domain::{id::PartyId, model::tests::Dice, money::NANOS_PER_UNIT};

fn revenue(expected: f64, low: f64, high: f64) -> Estimate {
    Estimate {
        expected,
        expected_low: expected - 1.0,
        expected_high: expected + 1.0,
        low,
        high,
    }
}

fn rate(mean: f64, variance: f64) -> Rate {
    Rate {
        mean,
        variance,
        credibility: 1.0,
    }
}

fn assert_near(estimate: &Estimate, ends: [f64; 5]) {
    let own = [
        estimate.expected,
        estimate.expected_low,
        estimate.expected_high,
        estimate.low,
        estimate.high,
    ];
    for (own, end) in own.iter().zip(ends) {
        assert!((own - end).abs() < 1e-9, "{estimate:?} is not {ends:?}");
    }
}

#[test]
fn what_is_surely_left_moves_the_interval_and_what_is_not_widens_it() {
    let sure = profit(
        &revenue(100.0, 40.0, 200.0),
        10.0,
        rate(0.5, 0.0),
        rate(2.0, 0.0),
    );
    assert_near(&sure, [30.0, 29.5, 30.5, 0.0, 80.0]);
    // Of a loss on everything that is sold the most is lost where the most is sold.
    let loss = profit(
        &revenue(100.0, 40.0, 200.0),
        10.0,
        rate(-0.5, 0.0),
        rate(2.0, 0.0),
    );
    assert_near(&loss, [-70.0, -70.5, -69.5, -120.0, -40.0]);
    // 3 from the margin and 4 from the weeks are 5 standard deviations; 5 and 12 times them are 13.
    let margin = rate(0.5, (4.0 / 100.0_f64).powi(2));
    let cost = rate(2.0, (3.0 / 10.0_f64).powi(2));
    let wide = WIDTH * 5.0;
    let low = 100.0 - 2.0 * 12.0 / 5.0 * wide;
    let unsure = profit(&revenue(100.0, low, 100.0), 10.0, margin, cost);
    assert!((unsure.low - (30.0 - wide * 13.0 / 5.0)).abs() < 1e-9);
    assert!((unsure.high - (30.0 + wide)).abs() < 1e-9);
    // Where even the upper end is below the expectation, as of who is nearly gone, it stays so.
    let gone = profit(&revenue(1.0, 0.0, 0.0), 0.0, rate(0.5, 0.0), rate(0.0, 0.0));
    assert_near(&gone, [0.5, 0.0, 1.0, 0.0, 0.0]);
}

#[test]
fn a_year_of_discount_is_what_was_asked_for() {
    let terms = ValueTerms {
        horizon_days: 365,
        annual_discount: 250_000,
        next_period_days: 7,
    };
    let horizon = terms.horizon();
    let worth = libm::exp(-horizon.discount * horizon.weeks);
    assert!((worth - 0.8).abs() < 1e-12);
    assert_eq!(
        (terms.next_period().weeks, terms.next_period().discount),
        (1.0, 0.0)
    );
}

fn bought(number: u64, dice: &mut Dice) -> Purchases {
    let pace = 3 + dice.roll(40);
    let leaves = dice.roll(700);
    let mut day = dice.roll(100);
    let mut days = Vec::new();
    while days.is_empty() || day < leaves.min(300) {
        let net = i128::from(10 + dice.roll(90)) * NANOS_PER_UNIT;
        days.push((Day(i32::try_from(day).unwrap()), net));
        day += 1 + dice.roll(2 * pace);
    }
    let sum: Nanos = days.iter().map(|(_, net)| net).sum();
    Purchases {
        customer: PartyId::parse(&format!("c{number}"), "").unwrap(),
        segment: None,
        last_day: days.last().unwrap().0,
        days,
        margin: sum / 2,
        profit: sum / 2 - NANOS_PER_UNIT,
    }
}

#[test]
fn an_outline_is_the_same_without_intervals() {
    let mut dice = Dice(3);
    let all: Vec<Purchases> = (0..120).map(|number| bought(number, &mut dice)).collect();
    let model = WorthModel::learn(&all, Day(300)).unwrap();
    assert_eq!(model.customers, 120);
    assert!((model.margins.all - 0.5).abs() < 1e-9);
    let terms = ValueTerms {
        horizon_days: 90,
        annual_discount: 100_000,
        next_period_days: 30,
    };
    for one in &all[..5] {
        let outline = model.outline(one, Day(300), &terms).unwrap();
        let mut worth = model.worth(one, Day(300), &terms).unwrap();
        let expected = model.expected_profit(one, Day(300), &terms);
        assert_eq!(
            (worth.profit.expected, outline.profit.expected),
            (expected, expected)
        );
        let ends = worth.profit.ends.unwrap();
        assert!(ends.expected_lower <= expected && expected <= ends.expected_upper);
        assert_eq!(worth.figures().count(), 27);
        assert!(worth.typical_orders.take().is_some());
        worth.orders.ends = None;
        for amount in [
            &mut worth.order_value,
            &mut worth.revenue,
            &mut worth.discounted_revenue,
            &mut worth.profit,
            &mut worth.next_period,
        ] {
            assert!(amount.ends.take().is_some());
        }
        assert_eq!(worth, outline);
    }
    // Who came later is not known yet.
    assert!(model.outline(&all[0], Day(-1), &terms).is_none());
    assert_eq!(model.expected_profit(&all[0], Day(-1), &terms), 0);
}
