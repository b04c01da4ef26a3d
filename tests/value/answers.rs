//! What the model that answers says.

use crate::data::cdnow;
use profitscore::domain::{
    model::value::{Horizon, PurchaseHistory, ValueModel},
    time::Day,
};

/// The first day after the 39 weeks that are learnt from: 1997-10-01.
const CUT: Day = Day(10_135);

#[test]
fn a_year_of_cdnow() {
    let Some(customers) = cdnow("cdnow_sample", "sample_id") else {
        return;
    };
    let model = ValueModel::learn(&customers, CUT, None).unwrap();
    println!(
        "{:?}",
        model
            .candidates
            .iter()
            .map(|c| (c.fit.model.name(), c.held_back))
            .collect::<Vec<_>>()
    );
    println!("{:?}", model.trend);
    let histories: Vec<PurchaseHistory> = customers.iter().filter_map(|o| o.before(CUT)).collect();
    let horizon = Horizon {
        weeks: 39.0,
        discount: 0.002,
    };
    let total = model.total(&histories, 39.0);
    println!("{total:?}");
    for history in histories.iter().step_by(97) {
        let value = model.value(history, horizon);
        println!("{history:?}\n  {value:?}");
        assert!(value.probability_alive < 1.0);
    }
}
