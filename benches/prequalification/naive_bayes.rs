//! What many users have today: naive Bayes as in Odoo's lead scoring.
//!
//! Won and lost are counted by field and value, 0.1 added to each; the probability of a lead is the product of its
//! values' shares; what is not known is passed over; the answer is held within 0.01 and 99.99 percent.

use profitscore::domain::model::evaluation::Forecast;
use std::collections::BTreeMap;

/// Learns from some rows and forecasts others; a row is a text for each field, and whether it was won.
pub fn forecasts(rows: &[(Vec<String>, bool)], learnt: &[usize], asked: &[usize]) -> Vec<Forecast> {
    let fields = rows.first().map_or(0, |(row, _)| row.len());
    let mut counts: Vec<BTreeMap<&str, [f64; 2]>> = vec![BTreeMap::new(); fields];
    let mut kinds = [0.1; 2];
    for row in learnt {
        let (values, won) = &rows[*row];
        kinds[usize::from(*won)] += 1.0;
        for (counts, value) in counts.iter_mut().zip(values) {
            if value != "unknown" {
                counts.entry(value).or_insert([0.1; 2])[usize::from(*won)] += 1.0;
            }
        }
    }
    let whole = |counts: &BTreeMap<&str, [f64; 2]>| {
        let mut whole = [0.0; 2];
        for own in counts.values() {
            whole[0] += own[0];
            whole[1] += own[1];
        }
        whole
    };
    let wholes: Vec<[f64; 2]> = counts.iter().map(whole).collect();
    let forecast = |row: &usize| {
        let (values, won) = &rows[*row];
        let mut products = kinds;
        for ((counts, whole), value) in counts.iter().zip(&wholes).zip(values) {
            if let Some(own) = counts.get(value.as_str()) {
                products[0] *= own[0] / whole[0];
                products[1] *= own[1] / whole[1];
            }
        }
        let probability = products[1] / (products[0] + products[1]);
        Forecast {
            probability: probability.clamp(0.0001, 0.9999),
            won: *won,
        }
    };
    asked.iter().map(forecast).collect()
}
