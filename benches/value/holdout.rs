//! CDNOW's weeks 40 to 78, forecast from weeks 1 to 39; and the same as of earlier weeks.

use crate::table::{Cell, Table};
use profitscore::domain::{
    model::value::{
        Horizon, Orders, PurchaseHistory, ValueModel, choice::rows_before, expectation::outlook_of,
        frequency::FrequencyModel,
    },
    time::Day,
};

/// The first day after the 39 weeks that are fitted to: 1997-10-01.
pub const CUT: Day = Day(10_135);
/// The end of the 39 weeks after them.
pub const END: Day = Day(10_135 + 273);

/// Published beside this project's measurements: mean absolute error and Gini of Pareto/NBD.
pub struct Published {
    pub set: &'static str,
    pub error: f64,
    pub gini: f64,
}

/// What came of every customer who was known before the cut.
struct Known {
    histories: Vec<PurchaseHistory>,
    orders: Vec<f64>,
    revenue: Vec<f64>,
}

impl Known {
    fn of(customers: &[Orders], cut: Day, end: Day) -> Self {
        let mut known = Self {
            histories: Vec::new(),
            orders: Vec::new(),
            revenue: Vec::new(),
        };
        for customer in customers {
            if let Some(history) = customer.before(cut) {
                let (orders, revenue) = customer.within(cut, end);
                known.histories.push(history);
                known.orders.push(f64::from(orders));
                known.revenue.push(revenue);
            }
        }
        known
    }
}

fn mean_absolute_error(forecast: &[f64], actual: &[f64]) -> f64 {
    let sum: f64 = forecast
        .iter()
        .zip(actual)
        .map(|(f, a)| (f - a).abs())
        .sum();
    sum / actual.len() as f64
}

/// The Gini coefficient of what came in the order of the forecast, by that in its own order.
fn gini(forecast: &[f64], actual: &[f64]) -> f64 {
    let area = |by: &[f64]| {
        let mut order: Vec<usize> = (0..by.len()).collect();
        order.sort_by(|&a, &b| by[b].total_cmp(&by[a]));
        let whole: f64 = actual.iter().sum();
        let (mut sum, mut area) = (0.0, 0.0);
        for place in order {
            sum += actual[place];
            area += sum / whole;
        }
        2.0 * area / actual.len() as f64 - 1.0
    };
    area(forecast) / area(actual)
}

/// Forecasts of weeks 40 to 78.
pub fn accuracy(customers: &[Orders], published: &Published, table: &mut Table) {
    let known = Known::of(customers, CUT, END);
    let actual: f64 = known.orders.iter().sum();
    let rows = rows_before(customers, CUT);
    for model in FrequencyModel::ALL {
        let Some(fit) = model.fit(&rows, None) else {
            continue;
        };
        let orders = |history: &PurchaseHistory| outlook_of(&fit, history).orders(39.0);
        let forecast: Vec<f64> = known.histories.iter().map(orders).collect();
        let total: f64 = forecast.iter().sum();
        table.add(vec![
            Cell::text(published.set),
            Cell::text(format!("{} alone, expected orders", model.name())),
            Cell::number(mean_absolute_error(&forecast, &known.orders), 4),
            Cell::number(gini(&forecast, &known.orders), 4),
            Cell::percent(total / actual - 1.0),
        ]);
    }
    let Some(model) = ValueModel::learn(customers, CUT, None) else {
        return;
    };
    let horizon = Horizon {
        weeks: 39.0,
        discount: 0.0,
    };
    let answers: Vec<_> = known
        .histories
        .iter()
        .map(|h| model.value(h, horizon))
        .collect();
    let expected: Vec<f64> = answers.iter().map(|a| a.orders.expected).collect();
    let typical: Vec<f64> = answers.iter().map(|a| a.typical_orders).collect();
    let total: f64 = expected.iter().sum();
    let name = model.frequency().model.name();
    for (what, forecast) in [("expected", &expected), ("typical", &typical)] {
        table.add(vec![
            Cell::text(published.set),
            Cell::text(format!("profitscore ({name}, tilted), {what} orders")),
            Cell::number(mean_absolute_error(forecast, &known.orders), 4),
            Cell::number(gini(&expected, &known.orders), 4),
            Cell::percent(total / actual - 1.0),
        ]);
    }
    table.add(vec![
        Cell::text(published.set),
        Cell::text("published: Pareto/NBD, expected orders"),
        Cell::number(published.error, 4),
        Cell::number(published.gini, 4),
        Cell::text(""),
    ]);
}

/// Coverage of 90% intervals.
pub fn coverage(customers: &[Orders], set: &str, days: (Day, Day), label: &str, table: &mut Table) {
    let (cut, end) = days;
    let known = Known::of(customers, cut, end);
    let Some(model) = ValueModel::learn(customers, cut, None) else {
        return;
    };
    let horizon = Horizon {
        weeks: f64::from(end.0 - cut.0) / 7.0,
        discount: 0.0,
    };
    // All, those who had ordered again before, those who then ordered.
    let mut counts = [[0.0_f64; 3]; 3];
    for (at, history) in known.histories.iter().enumerate() {
        let value = model.value(history, horizon);
        let (orders, revenue) = (known.orders[at], known.revenue[at]);
        let groups = [true, history.repeats > 0, orders > 0.0];
        for (group, _) in counts.iter_mut().zip(groups).filter(|(_, inside)| *inside) {
            group[0] += 1.0;
            group[1] += f64::from(value.orders.low <= orders && orders <= value.orders.high);
            // Free orders have a value of next to nothing.
            let cent = 0.01;
            let inside =
                value.revenue.low - cent <= revenue && revenue <= value.revenue.high + cent;
            group[2] += f64::from(inside);
        }
    }
    let mut cells = vec![Cell::text(set), Cell::text(label)];
    for [all, orders, revenue] in counts {
        cells.push(Cell::text(format!(
            "{:.1}% / {:.1}%",
            100.0 * orders / all,
            100.0 * revenue / all
        )));
    }
    table.add(cells);
}

/// Totals as of earlier weeks, with their intervals.
pub fn totals(customers: &[Orders], set: &str, days: (Day, Day), label: &str, table: &mut Table) {
    let (cut, end) = days;
    let known = Known::of(customers, cut, end);
    let Some(model) = ValueModel::learn(customers, cut, None) else {
        return;
    };
    let total = model.total(&known.histories, f64::from(end.0 - cut.0) / 7.0);
    let mut cells = vec![
        Cell::text(set),
        Cell::text(label),
        Cell::text(model.frequency().model.name()),
    ];
    let actual = [known.orders.iter().sum::<f64>(), known.revenue.iter().sum()];
    for (estimate, actual) in [total.orders, total.revenue].into_iter().zip(actual) {
        let inside = estimate.low <= actual && actual <= estimate.high;
        cells.push(Cell::percent(estimate.expected / actual - 1.0));
        cells.push(Cell::text(format!(
            "{:.0} to {:.0}, came {actual:.0}: {}",
            estimate.low,
            estimate.high,
            if inside { "inside" } else { "OUTSIDE" }
        )));
    }
    table.add(cells);
}
