//! Do predictions hold? Probability of winning, expected profit and their intervals on public data and generated
//! worlds.
//!
//! `cargo bench --bench prequalification [-- PART…]` runs all parts or those named: `bank`, `resellers`, `cold`,
//! `permuted`, `planted`, `speed`. Bank Marketing and AdventureWorks are read from `data/` in the folder that
//! `PROFITSCORE_SHARED` names, or in `../shared`; what is not there is skipped and told. Beside each measured figure
//! stands the one that was aimed at. Nothing here depends on chance or on the clock but the figures of `speed`.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "numbers of measurements are small"
)]
#![allow(clippy::unwrap_used, reason = "a broken data set ends the benchmark")]

#[path = "../../tests/model/adventureworks.rs"]
mod adventureworks;
mod bank;
mod chance;
mod cold;
mod naive_bayes;
mod permuted;
mod planted;
mod resellers;
mod speed;
#[path = "../../tests/model/world.rs"]
#[allow(dead_code, reason = "shared with the tests of the models")]
mod world;

use profitscore::domain::model::evaluation::{Forecast, calibration, deciles, discrimination};

/// The parts, in the order in which they run.
const PARTS: [(&str, fn()); 6] = [
    ("bank", bank::run),
    ("resellers", resellers::run),
    ("cold", cold::run),
    ("permuted", permuted::run),
    ("planted", planted::run),
    ("speed", speed::run),
];

/// What a model card says of forecasts.
struct Card {
    auc: f64,
    lift: f64,
    /// The share of all that were won in the better half.
    better_half: f64,
    calibration_error: f64,
    brier: f64,
}

fn card(forecasts: &[Forecast]) -> Card {
    let deciles = deciles::of_wins(forecasts);
    Card {
        auc: discrimination::auc(forecasts).map_or(0.5, |auc| auc.value),
        lift: deciles.first().and_then(|own| own.lift).unwrap_or(0.0),
        better_half: deciles
            .get(4)
            .and_then(|own| own.cumulative_share)
            .unwrap_or(0.0),
        calibration_error: calibration::calibration_error(forecasts).unwrap_or(1.0),
        brier: calibration::brier(forecasts).unwrap_or(1.0),
    }
}

fn print(what: &str, forecasts: &[Forecast]) -> Card {
    let card = card(forecasts);
    println!(
        "{what:<44} AUC {:.4}  lift {:.2}  better half {:.1}%  calibration error {:.4}  Brier {:.4}",
        card.auc,
        card.lift,
        100.0 * card.better_half,
        card.calibration_error,
        card.brier
    );
    card
}

/// Says what was aimed at, and whether it was reached.
fn aim(what: &str, found: f64, aim: &str, reached: bool) {
    let verdict = if reached { "reached" } else { "MISSED" };
    println!("    {what}: {found:.4}, aim {aim}: {verdict}");
}

fn main() {
    let named: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    for (name, run) in PARTS {
        if named.is_empty() || named.iter().any(|own| own == name) {
            println!("== {name}");
            run();
        }
    }
}
