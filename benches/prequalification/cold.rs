//! A cold start: models of 50, 200 and 1,000 outcomes of Bank Marketing, against naive Bayes on the same ones.

use super::{aim, bank::Bank, card, chance::shuffled, naive_bayes};
use profitscore::domain::model::win::{Standing, WinModel, WinSettings};

/// How many samples are drawn of each size.
const SAMPLES: u64 = 40;
/// How many outcomes each model is asked about.
const ASKED: usize = 4_000;

pub fn run() {
    let Some(bank) = Bank::without_duration() else {
        return;
    };
    for size in [50, 200, 1_000] {
        // AUC, calibration error and Brier: of the model, and of naive Bayes.
        let mut sums = [[0.0; 3]; 2];
        let (mut too_few, mut certain) = (0, 0);
        for sample in 0..SAMPLES {
            let order = shuffled(bank.ids.len(), sample * 7_919 + size as u64);
            let (learnt, asked) = (&order[..size], &order[size..size + ASKED]);
            let closed = bank.closed(learnt.iter().copied());
            let model = WinModel::train(&closed, &bank.definitions, &WinSettings::default());
            too_few += u32::from(model.standing == Standing::TooFewOutcomes);
            let own = bank.forecasts(&model, asked.iter().copied());
            let sure = own
                .iter()
                .filter(|own| own.probability <= 0.0 || own.probability >= 1.0);
            certain += sure.count();
            let bayes = naive_bayes::forecasts(&bank.rows, learnt, asked);
            for (sums, forecasts) in sums.iter_mut().zip([own, bayes]) {
                let card = card(&forecasts);
                let found = [card.auc, card.calibration_error, card.brier];
                sums.iter_mut()
                    .zip(found)
                    .for_each(|(sum, found)| *sum += found);
            }
        }
        let means = sums.map(|sums| sums.map(|sum| sum / SAMPLES as f64));
        let [[auc, error, brier], [their_auc, their_error, their_brier]] = means;
        println!(
            "{size} outcomes: AUC {auc:.4} (naive Bayes {their_auc:.4}), calibration error {error:.4} \
             ({their_error:.4}), Brier {brier:.4} ({their_brier:.4}); REVIEW for {too_few} of {SAMPLES} models"
        );
        aim(
            "AUC less that of naive Bayes",
            auc - their_auc,
            "above 0",
            auc > their_auc,
        );
        aim(
            "calibration error less theirs",
            error - their_error,
            "below 0",
            error < their_error,
        );
        aim(
            "probabilities of 0 or 1",
            certain as f64,
            "none",
            certain == 0,
        );
        if size == 50 {
            let all = u64::from(too_few) == SAMPLES;
            aim("models that say REVIEW", f64::from(too_few), "all", all);
        }
    }
}
