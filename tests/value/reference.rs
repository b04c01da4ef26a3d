//! Single customers against numbers taken by others with many digits.

use crate::data::{number, records, shared};
use profitscore::domain::model::value::{
    counts::Row,
    frequency::{FrequencyFit, FrequencyModel},
    spend::SpendFit,
};

/// Parameters as published: Fader, Hardie & Lee, Marketing Science 24(2), 2005, table 2.
const BG: [f64; 4] = [0.243, 4.414, 0.793, 2.426];
const PARETO: [f64; 4] = [0.553, 10.578, 0.606, 11.669];
/// Rounded from a fit to the same customers.
const MBG: [f64; 4] = [0.525, 6.183, 0.891, 1.614];
/// Fader, Hardie & Lee, Journal of Marketing Research 42, 2005.
const SPEND: [f64; 3] = [6.25, 3.74, 15.44];

fn models() -> [(&'static str, FrequencyFit); 3] {
    [
        ("bg", FrequencyFit::known(FrequencyModel::BgNbd, BG)),
        ("mbg", FrequencyFit::known(FrequencyModel::MbgNbd, MBG)),
        (
            "pnbd",
            FrequencyFit::known(FrequencyModel::ParetoNbd, PARETO),
        ),
    ]
}

#[track_caller]
fn assert_close(ours: f64, truth: f64, tolerance: f64, what: &str) {
    // What is below the smallest number is zero here.
    let tiny = truth.abs() < 1e-300 && ours.abs() < 1e-300;
    let error = (ours - truth).abs() / truth.abs();
    assert!(
        tiny || ours == truth || error <= tolerance,
        "{what}: {ours} is not {truth}: {error:e}"
    );
}

fn row(repeats: u32, recency_days: u32, observed_days: u32) -> Row {
    Row {
        repeats,
        recency_days,
        observed_days,
        customers: 1,
    }
}

#[test]
fn the_published_example_is_met() {
    // Customer 1 of CDNOW's sample: 2 repeat orders, the last at 30.43 weeks, seen for 38.86 weeks; 1.226 orders are
    // expected in 39 weeks (Fader, Hardie & Lee 2005).
    let [(_, bg), _, (_, pareto)] = models();
    let outlook = bg.outlook(2, 213.0 / 7.0, 272.0 / 7.0);
    assert_close(outlook.orders(39.0), 1.226_115_806, 1e-9, "orders");
    assert_close(outlook.alive, 0.726_589_721_8, 1e-9, "alive");
    assert_close(outlook.none(39.0), 0.445_352_278_2, 1e-9, "none");
    assert_close(
        bg.log_likelihood_of(&[row(2, 213, 272)]),
        -9.458_473_557,
        1e-9,
        "ll",
    );
    let outlook = pareto.outlook(2, 213.0 / 7.0, 272.0 / 7.0);
    assert_close(outlook.orders(39.0), 1.455_226_131, 1e-9, "orders");
    assert_close(outlook.alive, 0.869_186_154_7, 1e-9, "alive");
    assert_close(outlook.none(39.0), 0.408_040_922_1, 1e-9, "none");
    assert_close(
        pareto.log_likelihood_of(&[row(2, 213, 272)]),
        -9.554_122_824,
        1e-9,
        "ll",
    );
    // Without an end, discounted at 0.27% a week: note 015's DERT.
    let dert = outlook.discounted(f64::INFINITY, 0.0027).orders;
    assert_close(dert, 6.484_143_063, 1e-9, "dert");
    let spend = SpendFit::known(SPEND).order_value(2, 22.345);
    assert_close(spend, 24.659_612_86, 1e-9, "order value");
}

#[test]
fn every_value_of_the_reference_table_is_met() {
    let Some(text) = shared("clv/reference.csv") else {
        return;
    };
    let records = records(&text);
    assert_eq!(records.len(), 10);
    let yearly = (1.15_f64).ln() / 52.0;
    for record in &records {
        let [x, last, now] = ["x", "t_x_days", "T_days"].map(|c| record[c].parse::<u32>().unwrap());
        let check = |column: &str, ours: f64| {
            // Rounded to ten digits there.
            assert_close(
                ours,
                number(record, column),
                1e-9,
                &format!("{column} of {record:?}"),
            );
        };
        let spend = SpendFit::known(SPEND);
        // The mean has twelve digits there, of which nine are decimals; sums are whole cents.
        let sum = (number(record, "m_x") * f64::from(x) * 100.0).round() / 100.0;
        let value = spend.order_value(x, sum / f64::from(x.max(1)));
        check("gg_mean", value);
        for (name, fit) in models() {
            let outlook = fit.outlook(x, f64::from(last) / 7.0, f64::from(now) / 7.0);
            check(
                &format!("{name}_ll"),
                fit.log_likelihood_of(&[row(x, last, now)]),
            );
            check(&format!("{name}_palive"), outlook.alive);
            check(&format!("{name}_cet39"), outlook.orders(39.0));
            check(
                &format!("{name}_det52"),
                outlook.discounted(52.0, yearly).orders,
            );
            let monthly = (1..=12).map(|month| {
                let weeks = 4.345 * f64::from(month);
                let added = outlook.orders(weeks) - outlook.orders(weeks - 4.345);
                added / (1.01_f64).powi(month)
            });
            let year: f64 = monthly.sum();
            check(&format!("{name}_clv12"), year * value);
            if name != "mbg" {
                check(&format!("{name}_p0_39"), outlook.none(39.0));
            }
            if name == "pnbd" {
                check(
                    "pnbd_alive_weeks52",
                    outlook.discounted(52.0, yearly).alive_weeks,
                );
                let dert = outlook.discounted(f64::INFINITY, 0.0027).orders;
                check("pnbd_dert", dert);
                check("pnbd_clv_dert", dert * value);
            }
        }
    }
}

#[test]
fn extreme_customers_have_their_values() {
    let Some(text) = shared("clv/stress.csv") else {
        return;
    };
    let records = records(&text);
    assert_eq!(records.len(), 18);
    for record in &records {
        let [x, last, now] = ["x", "t_x", "T"].map(|column| number(record, column));
        // The table's ages have five decimals; whole days are meant.
        let days = |weeks: f64| (weeks * 7.0).round();
        let whole = |weeks: f64| (weeks - days(weeks) / 7.0).abs() < 1e-4;
        for (name, fit) in models().into_iter().filter(|(name, _)| *name != "mbg") {
            let outlook = fit.outlook(x as u32, last, now);
            let check = |column: &str, ours: f64, tolerance: f64| {
                let column = format!("{name}_{column}");
                let truth = number(record, &column);
                assert_close(ours, truth, tolerance, &format!("{column} of {record:?}"));
            };
            check("palive", outlook.alive, 1e-9);
            check("cet39", outlook.orders(39.0), 1e-9);
            if whole(last) && whole(now) {
                let row = row(x as u32, days(last) as u32, days(now) as u32);
                let exact = (last - days(last) / 7.0).abs() + (now - days(now) / 7.0).abs() == 0.0;
                check(
                    "ll",
                    fit.log_likelihood_of(&[row]),
                    if exact { 1e-9 } else { 1e-4 },
                );
            }
        }
    }
}
