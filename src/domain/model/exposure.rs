//! Outcomes of customers who are not through their horizon yet.
//!
//! What a customer brings over the horizon is unevenly spread over its age: most often the first orders are the
//! largest. How it develops is read off all customers by age (a chain-ladder of one cohort: Mack, "Distribution-free
//! calculation of the standard error of chain ladder reserve estimates", ASTIN Bulletin 23, 1993), by their size and
//! not their profit, which may pass through zero. The profit of a customer seen for `k` of 12 whole buckets is divided
//! by the share of the business that falls into them, and weighs as much as that share.
//!
//! | symbol | here | meaning |
//! |---|---|---|
//! | `k` | [`seen_buckets`] | whole buckets of age seen before the cut |
//! | `r_j` | `rates` | mean size of bucket `j`, over the customers who have seen it; zero if it is negative |
//! | `G(k)` | [`Exposure::development`] | share of the horizon's business in the first `k` buckets |
//! | `y_i`, `w_i` | [`Observation`] | profit scaled to the horizon, and its weight `G(k)` |

use super::{number, units};
use crate::domain::{money::Nanos, question::CustomerProfile, time::Day};

/// Into how many buckets of age the horizon is divided.
pub const BUCKET_COUNT: u32 = 12;
/// The same as a length.
pub const BUCKETS: usize = BUCKET_COUNT as usize;
/// With fewer whole buckets a customer is left out.
const MINIMUM_SEEN: usize = 3;
/// With fewer customers a bucket's mean is not known, and taken to be that of the others.
const MINIMUM_COHORT: u64 = 20;
/// With a smaller share of the business seen, scaling it up would say little.
const MINIMUM_SHARE: f64 = 0.05;

/// The outcome of one customer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Observation {
    /// Which of the given customers.
    pub index: usize,
    /// Its profit over the horizon, in currency units.
    pub outcome: f64,
    /// Its weight, above 0 and up to 1.
    pub weight: f64,
}

/// What was seen of all customers.
#[derive(Debug, Clone, PartialEq)]
pub struct Exposure {
    /// Those of whom enough was seen, in the order in which they were given.
    pub observations: Vec<Observation>,
    /// How many were left out.
    pub left_out: u64,
    /// The share of the horizon's business in the first so many buckets.
    pub development: [f64; BUCKETS + 1],
}

/// How many whole buckets of age were seen of a customer before the cut, the first day that was not seen.
pub fn seen_buckets(first: Day, cut: Day, horizon_days: u32) -> usize {
    let age = (i64::from(cut.0) - i64::from(first.0)).max(0);
    let seen = age * i64::from(BUCKET_COUNT) / i64::from(horizon_days.max(1));
    usize::try_from(seen).unwrap_or(BUCKETS).min(BUCKETS)
}

impl Exposure {
    /// Reads outcomes off customers; their buckets must be [`BUCKETS`] of the horizon.
    pub fn of(customers: &[&CustomerProfile], cut: Day, horizon_days: u32) -> Self {
        let seen = |customer: &CustomerProfile| seen_buckets(customer.first_day, cut, horizon_days);
        let development = development(customers, seen);
        let mut observations = Vec::with_capacity(customers.len());
        for (index, customer) in customers.iter().enumerate() {
            let seen = seen(customer);
            let weight = development[seen];
            if seen >= MINIMUM_SEEN && weight >= MINIMUM_SHARE {
                let profit: Nanos = customer
                    .buckets
                    .iter()
                    .take(seen)
                    .map(|(profit, _)| profit)
                    .sum();
                let outcome = units(profit) / weight;
                observations.push(Observation {
                    index,
                    outcome,
                    weight,
                });
            }
        }
        let left_out = (customers.len() - observations.len()) as u64;
        Self {
            observations,
            left_out,
            development,
        }
    }
}

fn development(
    customers: &[&CustomerProfile],
    seen: impl Fn(&CustomerProfile) -> usize,
) -> [f64; BUCKETS + 1] {
    let mut sums = [(0_u64, 0 as Nanos); BUCKETS];
    for customer in customers {
        for (bucket, (count, sum)) in sums.iter_mut().enumerate().take(seen(customer)) {
            *count += 1;
            *sum += customer.buckets.get(bucket).map_or(0, |(_, size)| *size);
        }
    }
    let rates = sums.map(|(count, sum)| {
        (count >= MINIMUM_COHORT).then(|| (units(sum) / number(count)).max(0.0))
    });
    let known: Vec<f64> = rates[1..].iter().copied().flatten().collect();
    let usual = match known.len() {
        0 => rates[0].unwrap_or(0.0),
        count => known.iter().sum::<f64>() / number(count as u64),
    };
    let rates = rates.map(|rate| rate.unwrap_or(usual));
    let total: f64 = rates.iter().sum();
    let mut shares = [0.0; BUCKETS + 1];
    for (bucket, rate) in rates.iter().enumerate() {
        let share = if total > 0.0 {
            rate / total
        } else {
            1.0 / f64::from(BUCKET_COUNT)
        };
        // Rounding must not make a finished horizon weigh more than 1.
        shares[bucket + 1] = (shares[bucket] + share).min(1.0);
    }
    shares[BUCKETS] = 1.0;
    shares
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{id::PartyId, money::NANOS_PER_UNIT};

    fn customer(first_day: i32, buckets: &[(i64, i64)]) -> CustomerProfile {
        let scaled = |amount: i64| i128::from(amount) * NANOS_PER_UNIT;
        CustomerProfile {
            customer: PartyId::parse("c", "").unwrap(),
            party: None,
            first_day: Day(first_day),
            buckets: buckets
                .iter()
                .map(|(profit, size)| (scaled(*profit), scaled(*size)))
                .collect(),
        }
    }

    fn exposure(customers: &[CustomerProfile], cut: i32, horizon_days: u32) -> Exposure {
        let customers: Vec<_> = customers.iter().collect();
        Exposure::of(&customers, Day(cut), horizon_days)
    }

    #[test]
    fn whole_buckets_are_counted_as_ages_fall_into_them() {
        // Age a is in bucket a * 12 / 365: 31 days fill the first bucket, 30 do not.
        assert_eq!(seen_buckets(Day(0), Day(30), 365), 0);
        assert_eq!(seen_buckets(Day(0), Day(31), 365), 1);
        assert_eq!(seen_buckets(Day(0), Day(365), 365), 12);
        assert_eq!(seen_buckets(Day(0), Day(36_500), 365), 12);
        assert_eq!(seen_buckets(Day(9), Day(0), 365), 0);
        assert_eq!(seen_buckets(Day(0), Day(1), 1), 12);
        assert_eq!(seen_buckets(Day(i32::MIN), Day(i32::MAX), 0), 12);
    }

    #[test]
    fn a_half_seen_customer_is_scaled_by_how_business_develops() {
        // All business comes in buckets 0 and 11, three quarters of it in the first.
        let mut full = [(0, 0); 12];
        full[0] = (30, 75);
        full[11] = (10, 25);
        let mut customers = vec![customer(0, &full); 30];
        customers.push(customer(365 - 183, &full[..6]));
        customers.push(customer(365 - 40, &full[..1]));
        let found = exposure(&customers, 365, 365);
        assert_eq!(found.left_out, 1);
        assert!((found.development[6] - 0.75).abs() < 1e-12);
        assert_eq!(found.observations[0].outcome, 40.0);
        assert!((found.observations[30].outcome - 40.0).abs() < 1e-9);
        assert!((found.observations[30].weight - 0.75).abs() < 1e-12);
    }

    #[test]
    fn without_any_business_time_itself_is_the_measure() {
        let found = exposure(&[customer(0, &[(5, 0); 12])], 183, 365);
        assert_eq!(found.observations.len(), 1);
        assert!((found.development[6] - 0.5).abs() < 1e-12);
        assert!((found.observations[0].outcome - 60.0).abs() < 1e-9);
        assert!(exposure(&[], 0, 365).observations.is_empty());
    }

    #[test]
    fn buckets_of_refunds_and_business_that_comes_late_do_no_harm() {
        let mut late = [(0, -50); 12];
        late[11] = (100, 1_000);
        let mut customers = vec![customer(0, &late); 40];
        customers.push(customer(200, &late[..5]));
        let found = exposure(&customers, 365, 365);
        // Nothing of the business is expected in the first five buckets: the last customer cannot be scaled.
        assert_eq!(found.left_out, 1);
        assert!(
            found
                .observations
                .iter()
                .all(|o| o.outcome == 100.0 && o.weight == 1.0)
        );
    }
}
