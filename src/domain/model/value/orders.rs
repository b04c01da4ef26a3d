//! What an order is: the days on which a customer bought, net of what it got back.
//!
//! * All that a customer bought on one day is one order: its value is the day's net sum.
//! * A day whose net sum is zero or less is no order. What it takes away is taken off the orders before it, the
//!   latest first. An order of which nothing is left was no order. What is beyond all orders before it is left out.
//!
//! So a full refund makes the order undone, a partial one makes it smaller, and a customer whose every order was
//! undone is none.

use super::DAYS_PER_WEEK;
use crate::domain::time::Day;

/// What a customer bought on one day less what it got back on it, in currency units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DaySum {
    /// The day.
    pub day: Day,
    /// The net sum.
    pub value: f64,
}

/// The orders of one customer: at least one, by day, each of a value above zero.
#[derive(Debug, Clone, PartialEq)]
pub struct Orders {
    days: Vec<DaySum>,
}

/// What the models know of one customer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PurchaseHistory {
    /// Orders after the first.
    pub repeats: u32,
    /// Days from the first order to the last; zero without a repeat order.
    pub recency_days: u32,
    /// Days from the first order to now; not below `recency_days`.
    pub observed_days: u32,
    /// The mean value of a repeat order, in currency units; zero without one.
    pub mean_value: f64,
}

impl PurchaseHistory {
    /// Age at the last order, in weeks.
    pub fn recency(&self) -> f64 {
        f64::from(self.recency_days) / DAYS_PER_WEEK
    }

    /// Age now, in weeks.
    pub fn observed(&self) -> f64 {
        f64::from(self.observed_days) / DAYS_PER_WEEK
    }
}

impl Orders {
    /// Makes orders of net day sums in any order; several of one day are added up. `None` if nothing is left.
    pub fn of(mut sums: Vec<DaySum>) -> Option<Self> {
        sums.retain(|sum| sum.value.is_finite());
        sums.sort_by_key(|sum| sum.day);
        let mut days: Vec<DaySum> = Vec::with_capacity(sums.len());
        for of_day in sums.chunk_by(|a, b| a.day == b.day) {
            let value: f64 = of_day.iter().map(|sum| sum.value).sum();
            if value > 0.0 {
                let day = of_day[0].day;
                days.push(DaySum { day, value });
            } else {
                take_off(&mut days, -value);
            }
        }
        (!days.is_empty()).then_some(Self { days })
    }

    /// The orders by day.
    pub fn days(&self) -> &[DaySum] {
        &self.days
    }

    /// The day of the first order.
    pub fn first(&self) -> Day {
        self.days[0].day
    }

    /// What is known of the customer before the day `until`, `None` if it had not ordered yet.
    pub fn before(&self, until: Day) -> Option<PurchaseHistory> {
        let seen = self.days.partition_point(|order| order.day < until);
        let (first, repeats) = self.days[..seen].split_first()?;
        let last = repeats.last().map_or(first.day, |order| order.day);
        // Not `sum`, which is minus zero of nothing.
        let sum = repeats.iter().fold(0.0, |sum, order| sum + order.value);
        let count = u32::try_from(repeats.len()).unwrap_or(u32::MAX);
        // The last day that is seen is the day before `until`.
        Some(PurchaseHistory {
            repeats: count,
            recency_days: days_between(first.day, last),
            observed_days: days_between(first.day, until).saturating_sub(1),
            mean_value: sum / f64::from(count.max(1)),
        })
    }

    /// Orders, and their value in currency units, from a day on and before another.
    pub fn within(&self, from: Day, until: Day) -> (u32, f64) {
        let inside = self.days.iter().filter(|o| from <= o.day && o.day < until);
        inside.fold((0, 0.0), |(count, sum), order| {
            (count + 1, sum + order.value)
        })
    }
}

/// Takes an amount off the latest orders.
fn take_off(days: &mut Vec<DaySum>, mut amount: f64) {
    while amount > 0.0
        && let Some(last) = days.last_mut()
    {
        if last.value > amount {
            last.value -= amount;
            return;
        }
        amount -= last.value;
        days.pop();
    }
}

fn days_between(from: Day, to: Day) -> u32 {
    u32::try_from(i64::from(to.0) - i64::from(from.0)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn orders(sums: &[(i32, f64)]) -> Option<Orders> {
        let sum = |&(day, value)| DaySum {
            day: Day(day),
            value,
        };
        Orders::of(sums.iter().map(sum).collect())
    }

    fn days(sums: &[(i32, f64)]) -> Vec<(i32, f64)> {
        let orders = orders(sums).unwrap();
        orders.days().iter().map(|o| (o.day.0, o.value)).collect()
    }

    #[test]
    fn orders_of_one_day_are_one_and_the_first_is_the_origin() {
        let orders = orders(&[(30, 5.0), (10, 1.0), (10, 2.0), (24, 7.0)]).unwrap();
        let history = orders.before(Day(41)).unwrap();
        let expected = PurchaseHistory {
            repeats: 2,
            recency_days: 20,
            observed_days: 30,
            mean_value: 6.0,
        };
        assert_eq!(history, expected);
        assert_eq!(orders.before(Day(10)), None);
        let first_only = orders.before(Day(11)).unwrap();
        assert_eq!((first_only.repeats, first_only.observed_days), (0, 0));
        assert_eq!(first_only.mean_value, 0.0);
        assert_eq!(orders.within(Day(24), Day(30)), (1, 7.0));
        assert_eq!(orders.within(Day(10), Day(31)), (3, 15.0));
    }

    #[test]
    fn refunds_make_orders_smaller_and_undo_them() {
        assert_eq!(days(&[(1, 9.0), (2, 5.0), (3, -2.0)]), [(1, 9.0), (2, 3.0)]);
        assert_eq!(days(&[(1, 9.0), (2, 5.0), (3, -5.0)]), [(1, 9.0)]);
        assert_eq!(days(&[(1, 9.0), (2, 5.0), (3, -6.0)]), [(1, 8.0)]);
        assert_eq!(days(&[(1, 9.0), (2, 5.0), (2, -5.0)]), [(1, 9.0)]);
        // What was given back before anything was bought has nothing to be taken off.
        assert_eq!(days(&[(1, -9.0), (2, 5.0)]), [(2, 5.0)]);
        assert_eq!(orders(&[(1, 9.0), (2, 5.0), (3, -20.0)]), None);
        assert_eq!(orders(&[(1, 0.0)]), None);
        assert_eq!(orders(&[]), None);
        assert_eq!(
            days(&[(1, f64::NAN), (2, 5.0), (3, f64::INFINITY)]),
            [(2, 5.0)]
        );
    }
}
