//! Customers drawn from the models themselves: planted parameters come back, whatever the data look like nothing is
//! not a number, and derivatives are those of the values.

use crate::dice::{Dice, customer};
use profitscore::domain::{
    model::value::{
        DaySum, Horizon, Orders, PurchaseHistory, ValueModel,
        counts::{Row, rows_of},
        distribution::order_distribution,
        frequency::{FrequencyFit, FrequencyModel},
        spend::{SpendFit, SpendRow},
    },
    time::Day,
};

fn rows(model: FrequencyModel, parameters: [f64; 4], customers: u32, seed: u64) -> Vec<Row> {
    let mut dice = Dice(seed);
    let of_one = |number: u32| customer(&mut dice, model, parameters, 280 + number % 420);
    rows_of((0..customers).map(of_one).collect::<Vec<_>>())
}

#[test]
fn planted_parameters_come_back() {
    let planted = [
        (FrequencyModel::BgNbd, [0.6, 5.0, 0.8, 2.5]),
        (FrequencyModel::MbgNbd, [0.9, 6.0, 0.9, 2.0]),
        (FrequencyModel::ParetoNbd, [0.7, 8.0, 0.6, 12.0]),
    ];
    for (model, parameters) in planted {
        let fit = model
            .fit(&rows(model, parameters, 30_000, 7), None)
            .unwrap();
        assert!(fit.converged, "{}", model.name());
        for (at, planted) in parameters.iter().enumerate() {
            let deviation = fit.covariance[at][at].sqrt();
            let error = (fit.parameters[at] / planted).ln();
            assert!(
                deviation > 0.0 && deviation < 0.2,
                "{} {deviation}",
                model.name()
            );
            assert!(
                error.abs() < 4.0 * deviation,
                "{} {:?}",
                model.name(),
                fit.parameters
            );
        }
    }
}

#[test]
fn planted_spend_comes_back() {
    let (mut dice, planted) = (Dice(3), [5.0, 4.0, 30.0]);
    let rows: Vec<SpendRow> = (0..20_000_u32)
        .map(|number| {
            let rate = dice.gamma(planted[1]) / planted[2];
            let repeats = 1 + number % 7;
            let sum = dice.gamma(planted[0] * f64::from(repeats)) / rate;
            SpendRow {
                repeats,
                mean_value: sum / f64::from(repeats),
            }
        })
        .collect();
    let mut rows = rows;
    rows.sort_by_key(|row| row.repeats);
    let fit = SpendFit::of(&rows, None).unwrap();
    assert!(fit.converged);
    for (at, planted) in planted.iter().enumerate() {
        let deviation = fit.covariance[at][at].sqrt();
        let error = (fit.parameters[at] / planted).ln();
        assert!(error.abs() < 4.0 * deviation, "{:?}", fit.parameters);
    }
}

#[test]
fn derivatives_are_those_of_the_values() {
    for model in FrequencyModel::ALL {
        let rows = rows(model, [0.7, 6.0, 0.8, 4.0], 300, 11);
        for at in [
            [0.243, 4.414, 0.793, 2.426],
            [2.0, 0.5, 3.0, 0.2],
            [0.05, 80.0, 0.3, 50.0],
        ] {
            model.with_likelihood(&rows, |likelihood| {
                let here = likelihood.value_at(&at);
                // The value is that of the rows one by one.
                let one_by_one = FrequencyFit::known(model, at).log_likelihood_of(&rows);
                assert!(
                    (here.value / one_by_one - 1.0).abs() < 1e-11,
                    "{} {one_by_one}",
                    here.value
                );
                for parameter in 0..4 {
                    let step = at[parameter] * 1e-5;
                    let with = |change: f64| {
                        let mut moved = at;
                        moved[parameter] += change;
                        likelihood.value_at(&moved)
                    };
                    let (up, down) = (with(step), with(-step));
                    let slope = (up.value - down.value) / (2.0 * step);
                    let size = slope.abs() + here.value.abs() * 1e-4 / at[parameter];
                    let error = (here.gradient[parameter] - slope).abs();
                    assert!(error < 1e-5 * size, "{} {parameter} {slope}", model.name());
                    for other in 0..4 {
                        let bend = (up.gradient[other] - down.gradient[other]) / (2.0 * step);
                        let error = (here.hessian[parameter][other] - bend).abs();
                        let scale = here.value.abs() * 1e-4 / (at[parameter] * at[other]);
                        assert!(
                            error < 1e-5 * (bend.abs() + scale),
                            "{} {parameter} {other}: {bend}",
                            model.name()
                        );
                    }
                }
            });
        }
    }
}

/// Histories and parameters far beyond what is usual.
fn extremes() -> impl Iterator<Item = (PurchaseHistory, [f64; 4])> {
    let histories = [
        (0, 0, 0),
        (0, 0, 100_000),
        (1, 0, 0),
        (1, 1, 1),
        (1, 1, 100_000),
        (5_000, 9_999, 10_000),
        (5_000, 30, 10_000),
        (300, 301, 301),
    ];
    let sizes = [1e-6, 0.1, 40.0, 1e6];
    histories
        .into_iter()
        .flat_map(move |(repeats, recency_days, observed_days)| {
            (0..256_usize).map(move |number| {
                let parameters =
                    std::array::from_fn(|at| sizes[number / 4_usize.pow(at as u32) % 4]);
                let history = PurchaseHistory {
                    repeats,
                    recency_days,
                    observed_days,
                    mean_value: 10.0,
                };
                (history, parameters)
            })
        })
}

#[test]
fn nothing_is_not_a_number() {
    for (number, (history, parameters)) in extremes().enumerate() {
        for model in FrequencyModel::ALL {
            let fit = FrequencyFit::known(model, parameters);
            let row = Row::one(&history);
            let told = || format!("{} {parameters:?} {history:?}", model.name());
            assert!(fit.log_likelihood_of_one(&row).is_finite(), "{}", told());
            let outlook = fit.outlook(history.repeats, history.recency(), history.observed());
            assert!((0.0..=1.0).contains(&outlook.alive), "{}", told());
            for weeks in [0.1, 39.0, 500.0] {
                let none = outlook.none(weeks);
                assert!((-1e-9..=1.0).contains(&none), "{none} {}", told());
                if number % 17 == 0 {
                    let orders = outlook.orders(weeks);
                    assert!(orders.is_finite() && orders >= -1e-6, "{orders} {}", told());
                    let discounted = outlook.discounted(weeks, 0.002);
                    assert!(discounted.orders.is_finite(), "{}", told());
                    let there = discounted.alive_weeks;
                    assert!(
                        (-1e-6..=weeks * 1.000_001).contains(&there),
                        "{there} {}",
                        told()
                    );
                }
            }
        }
    }
}

#[test]
fn data_without_a_maximum_inside_end_at_a_finite_fit() {
    let row = |repeats, recency_days, observed_days, customers| Row {
        repeats,
        recency_days,
        observed_days,
        customers,
    };
    let sets = [
        // Everybody orders at the same rate and stays.
        vec![row(10, 69, 70, 500), row(20, 139, 140, 500)],
        // Everybody ordered once more, at once, and never again.
        vec![row(1, 1, 300, 1_000)],
        // One customer.
        vec![row(3, 20, 40, 1)],
        // On the day of the first order.
        vec![row(0, 0, 0, 100), row(1, 1, 1, 3)],
        // Ages beyond a list of days.
        vec![row(2, 1_000_000, 3_000_000, 9), row(0, 0, 2_000_000, 90)],
    ];
    for rows in sets {
        for model in FrequencyModel::ALL {
            let fit = model.fit(&rows, None).unwrap();
            assert!(fit.log_likelihood.is_finite(), "{rows:?}");
            assert!(
                fit.parameters.iter().all(|p| p.is_finite() && *p > 0.0),
                "{rows:?}"
            );
            assert!(
                fit.covariance.iter().flatten().all(|cell| cell.is_finite()),
                "{rows:?}"
            );
        }
    }
    for model in FrequencyModel::ALL {
        assert!(model.fit(&[row(0, 0, 70, 500)], None).is_none());
        assert!(model.fit(&[], None).is_none());
    }
}

#[test]
fn distributions_have_the_mean_of_the_expectation() {
    let fits = [
        FrequencyFit::known(FrequencyModel::BgNbd, [0.243, 4.414, 0.793, 2.426]),
        FrequencyFit::known(FrequencyModel::MbgNbd, [0.525, 6.183, 0.891, 1.614]),
        FrequencyFit::known(FrequencyModel::ParetoNbd, [0.553, 10.578, 0.606, 11.669]),
    ];
    for fit in fits {
        for (repeats, recency) in [(0, 0.0), (1, 3.0), (6, 35.0), (60, 38.0), (400, 38.9)] {
            let outlook = fit.outlook(repeats, recency, 39.0);
            for weeks in [1.0, 39.0, 200.0] {
                let distribution = order_distribution(&outlook, weeks);
                let sum: f64 = distribution.iter().sum();
                assert!((sum - 1.0).abs() < 1e-6, "{sum}");
                let none = outlook.none(weeks);
                assert!(
                    (distribution[0] - none).abs() < 1e-6,
                    "{} {none}",
                    distribution[0]
                );
                let (mean, variance) = outlook.mean_and_variance(weeks);
                let orders = outlook.orders(weeks);
                assert!((mean / orders - 1.0).abs() < 1e-5, "{mean} {orders}");
                assert!(variance > 0.0);
            }
        }
    }
}

#[test]
fn customers_of_the_model_itself_are_not_tilted_much_and_lie_in_their_intervals() {
    let mut dice = Dice(29);
    let (cut, end) = (Day(500), Day(750));
    let draw = |_| {
        let first = (dice.share() * 200.0) as i32;
        let rate = dice.gamma(0.8) / 40.0;
        let leaving = dice.gamma(0.9) / 60.0;
        let leaves = first + (dice.wait(leaving) * 7.0).min(1e6) as i32;
        let mean = 30.0 / dice.gamma(4.0);
        let (mut days, mut time) = (Vec::new(), f64::from(first));
        while time < 750.0 && (days.is_empty() || time < f64::from(leaves)) {
            days.push(DaySum {
                day: Day(time as i32),
                value: mean * dice.gamma(5.0),
            });
            time += dice.wait(rate).max(1.0);
        }
        Orders::of(days).unwrap()
    };
    let customers: Vec<Orders> = (0..1_500).map(draw).collect();
    let model = ValueModel::learn(&customers, cut, None).unwrap();
    assert!(
        model.expectation.tilt.by_repeats.abs() < 0.2,
        "{:?}",
        model.expectation.tilt
    );
    let horizon = Horizon {
        weeks: 250.0 / 7.0,
        discount: 0.0,
    };
    let (mut inside, mut ordered) = (0.0, 0.0);
    let mut histories = Vec::new();
    let mut came = 0.0;
    for customer in &customers {
        let history = customer.before(cut).unwrap();
        let orders = f64::from(customer.within(cut, end).0);
        came += orders;
        histories.push(history);
        if orders > 0.0 {
            let value = model.value(&history, horizon);
            ordered += 1.0;
            inside += f64::from(value.orders.low <= orders && orders <= value.orders.high);
        }
    }
    assert!(inside / ordered > 0.86, "{}", inside / ordered);
    let total = model.total(&histories, horizon.weeks).orders;
    assert!(total.low < came && came < total.high, "{total:?} {came}");
}
