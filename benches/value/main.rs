//! Customer value beside published figures and beside the Python package lifetimes, and how long it takes.
//!
//! `cargo bench --bench value` prints, for CDNOW's sample (which is part of the repository) and for all its 23,570
//! customers (from the data folder beside the checkout, or `PROFITSCORE_SHARED`): fitted parameters, processor time
//! of fits, forecasts of weeks 40 to 78, coverage of intervals, and totals forecast as of earlier weeks; then fits
//! to a million simulated customers. Everything runs on one thread. With a Python that has lifetimes 0.11.3
//! (`PROFITSCORE_PEERS_PYTHON`, or `target/peers/bin/python`) its fits to the same rows are measured in the same
//! run.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::unwrap_used,
    reason = "figures of a benchmark are small, and what cannot be read ends it"
)]

#[path = "../../tests/value/data.rs"]
#[allow(dead_code, reason = "shared with the tests")]
mod data;
#[path = "../../tests/value/dice.rs"]
mod dice;
mod fits;
mod holdout;
mod peers;
mod table;

use holdout::{CUT, END, Published};
use profitscore::domain::{model::value::Orders, time::Day};
use std::fs;
use table::Table;

/// The first Monday of the weeks that are counted is 1997-01-01.
const BEGIN: i32 = 9_862;

struct Set {
    name: &'static str,
    customers: Vec<Orders>,
    published: Published,
}

fn sets() -> Vec<Set> {
    let set = |name, customers, error, gini| Set {
        name,
        customers,
        published: Published {
            set: name,
            error,
            gini,
        },
    };
    let mut sets = vec![set("sample", data::cdnow_sample(), 0.7545, 0.6727)];
    if let Some(customers) = data::cdnow_master() {
        sets.push(set("all", customers, 0.7938, 0.6733));
    }
    sets
}

fn week(number: i32) -> Day {
    Day(BEGIN + 7 * number)
}

fn main() {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    println!("The machine's load: {}", load.trim());
    let sets = sets();
    let mut parameters = fits::parameters_table();
    let mut times = fits::times_table();
    for set in &sets {
        fits::parameters(set.name, &set.customers, &mut parameters);
        fits::times(set.name, &set.customers, &mut times);
        peers::times(set.name, &set.customers, &mut times);
    }
    parameters.print();
    fits::simulated(&mut times);
    times.print();
    let mut accuracy = Table::new(
        "Weeks 40 to 78 forecast from weeks 1 to 39",
        &[
            "customers",
            "forecast",
            "mean absolute error",
            "Gini",
            "total",
        ],
    );
    let mut coverage = Table::new(
        "Coverage of 90% intervals, orders / revenue",
        &[
            "customers",
            "as of week",
            "all",
            "who had ordered again",
            "who then ordered",
        ],
    );
    let mut totals = Table::new(
        "Totals as of earlier weeks, with their 90% intervals",
        &[
            "customers",
            "as of week",
            "model",
            "orders",
            "interval",
            "revenue",
            "interval",
        ],
    );
    for set in &sets {
        holdout::accuracy(&set.customers, &set.published, &mut accuracy);
        for from in [26, 30] {
            let days = (week(from), CUT);
            holdout::coverage(
                &set.customers,
                set.name,
                days,
                &from.to_string(),
                &mut coverage,
            );
        }
        holdout::coverage(&set.customers, set.name, (CUT, END), "39", &mut coverage);
        for from in [20, 23, 26, 29, 32, 35] {
            let days = (week(from), CUT);
            holdout::totals(
                &set.customers,
                set.name,
                days,
                &from.to_string(),
                &mut totals,
            );
        }
        holdout::totals(&set.customers, set.name, (CUT, END), "39", &mut totals);
    }
    accuracy.print();
    coverage.print();
    totals.print();
}
