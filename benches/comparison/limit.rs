//! How fast the questions can be answered on one thread at all: a program for this world alone, written for speed.
//!
//! For each month's first day it holds every customer's sums of everything before; a period is the difference of the
//! two nearest months, with the postings of the days between added or taken off. The rows of both ends are found by
//! one scan that keeps what passes a threshold. Knows nothing of the service and its engine.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "customers, days and rates of the generated world are small and not negative"
)]

use crate::{
    question::{Curve, Question, ROWS, Ranked},
    world::{World, month_starts},
};

/// Sums of 32 bits: a world in which they overflow is refused.
pub struct Limit {
    customers: usize,
    starts: Vec<i32>,
    revenue: Vec<Vec<i32>>,
    cost: Vec<Vec<i32>>,
    minutes: Vec<Vec<i32>>,
    /// Where each day's postings begin.
    days: Vec<usize>,
    postings: Vec<Posting>,
}

#[derive(Clone, Copy, Default)]
struct Posting {
    customer: i32,
    revenue: i32,
    cost: i32,
    minutes: i32,
}

/// What the days beside the months change: the value, and how much there is at all.
#[derive(Clone, Copy, Default)]
struct Edge {
    value: i32,
    weight: i32,
}

/// Rows that may be among the first, the greatest key first; equal keys in the order of their customers.
struct Kept {
    rows: Vec<(i64, i32)>,
    threshold: i64,
}

fn first(rows: &mut Vec<(i64, i32)>) {
    rows.sort_unstable_by_key(|(key, customer)| (std::cmp::Reverse(*key), *customer));
    rows.truncate(ROWS);
}

impl Kept {
    fn new() -> Self {
        Self {
            rows: Vec::with_capacity(ROWS * 16),
            threshold: i64::MIN,
        }
    }

    /// Customers come in their order, so that one that ties with the threshold comes too late.
    #[cold]
    fn push(&mut self, key: i64, customer: i32) {
        self.rows.push((key, customer));
        if self.rows.len() == ROWS * 16 {
            first(&mut self.rows);
            self.threshold = self.rows[ROWS - 1].0;
        }
    }
}

impl Limit {
    pub fn build(world: &World) -> Result<Self, String> {
        let customers = world
            .customer
            .iter()
            .max()
            .map_or(0, |last| *last as usize + 1);
        let starts = month_starts();
        let last = starts[starts.len() - 1] as usize;
        let mut days = vec![0_usize; last + 1];
        for day in &world.day {
            days[*day as usize + 1] += 1;
        }
        for day in 0..last {
            days[day + 1] += days[day];
        }
        let mut next = days.clone();
        let mut postings = vec![Posting::default(); world.activities()];
        for index in 0..world.activities() {
            let place = &mut next[world.day[index] as usize];
            postings[*place] = Posting {
                customer: world.customer[index],
                revenue: world.revenue[index],
                cost: world.cost[index],
                minutes: world.minutes[index],
            };
            *place += 1;
        }
        let mut limit = Self {
            customers,
            starts,
            revenue: vec![vec![0; customers]],
            cost: vec![vec![0; customers]],
            minutes: vec![vec![0; customers]],
            days,
            postings,
        };
        limit.add_months()?;
        Ok(limit)
    }

    fn add_months(&mut self) -> Result<(), String> {
        for month in 1..self.starts.len() {
            let mut revenue = self.revenue[month - 1].clone();
            let mut cost = self.cost[month - 1].clone();
            let mut minutes = self.minutes[month - 1].clone();
            let from = self.days[self.starts[month - 1] as usize];
            let to = self.days[self.starts[month] as usize];
            let fits = |sum: &mut i32, amount: i32| {
                *sum = sum
                    .checked_add(amount)
                    .ok_or("a sum of the limit program overflows")?;
                Ok::<(), String>(())
            };
            for posting in &self.postings[from..to] {
                let customer = posting.customer as usize;
                fits(&mut revenue[customer], posting.revenue)?;
                fits(&mut cost[customer], posting.cost)?;
                fits(&mut minutes[customer], posting.minutes)?;
            }
            self.revenue.push(revenue);
            self.cost.push(cost);
            self.minutes.push(minutes);
        }
        Ok(())
    }

    /// The month whose start is nearest to a day.
    fn nearest(&self, day: i32) -> usize {
        let after = self.starts.partition_point(|start| *start <= day);
        let before = after - 1;
        match self.starts.get(after) {
            Some(start) if start - day < day - self.starts[before] => after,
            _ => before,
        }
    }

    /// Adds the postings from the start of a month to a day, or takes off those from the day to the start.
    fn add_edge(&self, edges: &mut [Edge], month: usize, day: i32, sign: i32, rate: i32) {
        let start = self.starts[month];
        let (from, to, sign) = if start <= day {
            (start, day, sign)
        } else {
            (day, start, -sign)
        };
        for posting in &self.postings[self.days[from as usize]..self.days[to as usize]] {
            let edge = &mut edges[posting.customer as usize];
            let value = posting.revenue - posting.cost - posting.minutes * rate;
            edge.value += sign * value;
            edge.weight += sign * (posting.revenue + posting.minutes);
        }
    }

    /// Calls `each` with every active customer and its value.
    fn scan(&self, question: Question, mut each: impl FnMut(i32, i64)) {
        let (begin, end) = (
            question.first_day as i32,
            (question.first_day + question.days) as i32,
        );
        let (low, high) = (self.nearest(begin), self.nearest(end));
        let rate = question.rate_cents as i32;
        let count = self.customers;
        let mut edges = vec![Edge::default(); count];
        self.add_edge(&mut edges, low, begin, -1, rate);
        self.add_edge(&mut edges, high, end, 1, rate);
        let (revenue_low, revenue_high) =
            (&self.revenue[low][..count], &self.revenue[high][..count]);
        let (cost_low, cost_high) = (&self.cost[low][..count], &self.cost[high][..count]);
        let (minutes_low, minutes_high) =
            (&self.minutes[low][..count], &self.minutes[high][..count]);
        for (customer, edge) in edges.iter().enumerate() {
            let revenue = revenue_high[customer] - revenue_low[customer];
            let cost = cost_high[customer] - cost_low[customer];
            let minutes = minutes_high[customer] - minutes_low[customer];
            if i64::from(revenue) + i64::from(minutes) + i64::from(edge.weight) == 0 {
                continue;
            }
            let value =
                i64::from(revenue) - i64::from(cost) - i64::from(minutes) * question.rate_cents;
            each(customer as i32, value + i64::from(edge.value));
        }
    }

    pub fn rank(&self, question: Question) -> Ranked {
        let (mut best, mut worst) = (Kept::new(), Kept::new());
        self.scan(question, |customer, value| {
            if value > best.threshold {
                best.push(value, customer);
            }
            if -value > worst.threshold {
                worst.push(-value, customer);
            }
        });
        first(&mut best.rows);
        first(&mut worst.rows);
        Ranked {
            best: best
                .rows
                .iter()
                .map(|(key, customer)| (*customer, *key))
                .collect(),
            worst: worst
                .rows
                .iter()
                .map(|(key, customer)| (*customer, -key))
                .collect(),
        }
    }

    pub fn curve(&self, question: Question) -> Curve {
        let mut values = Vec::with_capacity(self.customers);
        self.scan(question, |_, value| values.push(value));
        values.sort_unstable();
        Curve::of(values.into_iter().rev())
    }
}
