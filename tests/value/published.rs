//! Fits to CDNOW against published ones.

use crate::data::cdnow;
use profitscore::domain::{
    model::value::{
        Orders, PurchaseHistory,
        counts::{Row, rows_of},
        frequency::FrequencyModel,
        spend::{SpendFit, spend_rows},
    },
    time::Day,
};

/// The first day after the 39 weeks that are fitted to: 1997-10-01.
const CUT: Day = Day(10_135);

fn histories(customers: &[Orders]) -> Vec<PurchaseHistory> {
    customers
        .iter()
        .filter_map(|orders| orders.before(CUT))
        .collect()
}

#[track_caller]
fn check(model: FrequencyModel, rows: &[Row], parameters: Option<[f64; 4]>, log_likelihood: f64) {
    let fit = model.fit(rows, None).unwrap();
    println!("{}: {fit:?}", model.name());
    assert!(fit.converged);
    assert!(
        (fit.log_likelihood - log_likelihood).abs() < 0.005,
        "{}",
        fit.log_likelihood
    );
    for (ours, published) in fit.parameters.iter().zip(parameters.iter().flatten()) {
        assert!(
            (ours - published).abs() < 0.000_5 + 1e-12,
            "{ours} is not {published}"
        );
    }
}

#[test]
fn cdnow_sample() {
    let Some(customers) = cdnow("cdnow_sample", "sample_id") else {
        return;
    };
    let histories = histories(&customers);
    assert_eq!(histories.len(), 2_357);
    let rows = rows_of(histories.iter().copied());
    check(
        FrequencyModel::BgNbd,
        &rows,
        Some([0.243, 4.414, 0.793, 2.426]),
        -9_582.43,
    );
    check(
        FrequencyModel::ParetoNbd,
        &rows,
        Some([0.553, 10.578, 0.606, 11.669]),
        -9_594.98,
    );
    check(
        FrequencyModel::MbgNbd,
        &rows,
        Some([0.525, 6.183, 0.891, 1.614]),
        -9_582.136,
    );
    let spend = SpendFit::of(&spend_rows(histories), None).unwrap();
    println!("{spend:?}");
    for (ours, published) in spend.parameters.iter().zip([6.25, 3.74, 15.44]) {
        assert!(
            (ours - published).abs() < 0.005 + 1e-9,
            "{ours} is not {published}"
        );
    }
}

#[test]
fn cdnow_master() {
    let Some(customers) = cdnow("cdnow_master", "customer_id") else {
        return;
    };
    let rows = rows_of(histories(&customers));
    println!("{} rows", rows.len());
    check(FrequencyModel::ParetoNbd, &rows, None, -95_415.12);
    check(FrequencyModel::BgNbd, &rows, None, -95_368.44);
}
