//! Fits to CDNOW against published ones.

use crate::data::{cdnow_master, cdnow_sample};
use profitscore::domain::{
    model::value::{
        Orders, PurchaseHistory,
        counts::{Counted, Counts, Row, rows_of},
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
fn fits_to_the_sample_are_the_published_ones() {
    let customers = cdnow_sample();
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
    for (ours, published) in spend.parameters.iter().zip([6.25, 3.74, 15.44]) {
        assert!(
            (ours - published).abs() < 0.005 + 1e-9,
            "{ours} is not {published}"
        );
    }
}

#[test]
fn fits_to_all_customers_are_the_published_ones() {
    let Some(customers) = cdnow_master() else {
        return;
    };
    let rows = rows_of(histories(&customers));
    check(FrequencyModel::ParetoNbd, &rows, None, -95_415.12);
    check(FrequencyModel::BgNbd, &rows, None, -95_368.44);
}

#[test]
fn a_refit_after_new_orders_starts_near_and_ends_where_a_cold_one_does() {
    let customers = cdnow_sample();
    let mut counts = Counts::default();
    let counted = |orders: &Orders, until: Day| {
        let history = orders.before(until)?;
        Some(Counted {
            first: orders.first(),
            repeats: history.repeats,
            recency_days: history.recency_days,
        })
    };
    for customer in &customers {
        counted(customer, CUT)
            .into_iter()
            .for_each(|c| counts.add(c));
    }
    let before = FrequencyModel::ALL.map(|model| model.fit(&counts.rows(CUT), None).unwrap());
    // Four weeks later: only those who ordered are touched, though everybody is older.
    let later = Day(CUT.0 + 28);
    for customer in &customers {
        if customer.within(CUT, later).0 > 0 {
            counted(customer, CUT)
                .into_iter()
                .for_each(|c| counts.remove(c));
            counted(customer, later)
                .into_iter()
                .for_each(|c| counts.add(c));
        }
    }
    let rows = counts.rows(later);
    let histories = customers.iter().filter_map(|orders| orders.before(later));
    let all = rows_of(histories);
    for before in before {
        let warm = before.model.fit(&rows, Some(&before.parameters)).unwrap();
        let cold = before.model.fit(&all, None).unwrap();
        assert!(warm.converged && cold.converged);
        assert!(warm.evaluations < cold.evaluations, "{}", warm.evaluations);
        assert!((warm.log_likelihood - cold.log_likelihood).abs() < 1e-6);
        for (warm, cold) in warm.parameters.iter().zip(cold.parameters) {
            assert!((warm / cold - 1.0).abs() < 1e-6, "{warm} is not {cold}");
        }
    }
}
