//! What models learn from: every customer's sums by age.

use super::books::{Books, Row, number_of};
use crate::{
    domain::{
        money::Nanos,
        question::{CustomerProfile, ProfileAnswer, ProfileQuestion},
        time::{Day, Period},
    },
    store::answer::age_bucket,
};

/// What is found on the way through the period, by the number of the customer.
struct Ages<'a> {
    books: &'a Books,
    question: &'a ProfileQuestion,
    /// By the number of the account: profit and size.
    factors: Vec<(i128, i128)>,
    /// `None` also for who came before the period.
    first_days: Vec<Option<Day>>,
    active: Vec<i64>,
    /// Empty until there is anything in a bucket.
    buckets: Vec<Vec<(Nanos, Nanos)>>,
    reported: Vec<i128>,
    filtered_out: Vec<i128>,
}

/// Answers what models learn from.
pub(super) fn profiles(books: &Books, question: &ProfileQuestion) -> ProfileAnswer {
    let (period, as_of) = (&question.period, question.as_of);
    let mut ages = Ages::new(books, question);
    let mut last_day = None;
    books.for_each_row(period, as_of, |customer, row| {
        if books.is_live(row, as_of) {
            last_day = last_day.max(Some(row.day));
        }
        ages.add(customer, row);
    });
    ProfileAnswer {
        last_day,
        ledger: books.ledger(period, as_of),
        reported: books.accounts.sums(&ages.reported),
        filtered_out: books.accounts.sums(&ages.filtered_out),
        active: ages.active.iter().filter(|active| **active > 0).count() as u64,
        customers: ages.customers(),
    }
}

impl<'a> Ages<'a> {
    fn new(books: &'a Books, question: &'a ProfileQuestion) -> Self {
        let factors = (0..number_of(books.accounts.len())).map(|number| {
            let weight = |weights| books.accounts.weight(number, weights);
            (weight(&question.profit), weight(&question.size))
        });
        Self {
            books,
            question,
            factors: factors.collect(),
            first_days: first_days(books, question),
            active: vec![0; books.customers.len()],
            buckets: vec![Vec::new(); books.customers.len()],
            reported: vec![0; books.accounts.len()],
            filtered_out: vec![0; books.accounts.len()],
        }
    }

    fn add(&mut self, customer: u32, row: &Row) {
        let customer = customer as usize;
        self.active[customer] += row.postings.layout.sign();
        let first_day = self.first_days[customer];
        let sums = match first_day {
            Some(_) => &mut self.reported,
            None => &mut self.filtered_out,
        };
        let mut value = (0, 0);
        row.postings.for_each(|account, quantity| {
            let (account, quantity) = (account as usize, i128::from(quantity));
            sums[account] += quantity;
            value.0 += self.factors[account].0 * quantity;
            value.1 += self.factors[account].1 * quantity;
        });
        let (horizon, count) = (self.question.horizon_days, self.question.buckets);
        let age = first_day.map(|first| i64::from(row.day.0) - i64::from(first.0));
        if let Some(bucket) = age.and_then(|age| age_bucket(age, horizon, count)) {
            let buckets = &mut self.buckets[customer];
            buckets.resize(count as usize, (0, 0));
            buckets[bucket].0 += value.0;
            buckets[bucket].1 += value.1;
        }
    }

    /// The customers that came in the period, in the order of their ids.
    fn customers(mut self) -> Vec<CustomerProfile> {
        let mut customers = Vec::new();
        for number in &self.books.id_order().numbers {
            let customer = *number as usize;
            if let Some(first_day) = self.first_days[customer] {
                let id = self.books.customer(*number);
                let mut buckets = std::mem::take(&mut self.buckets[customer]);
                buckets.resize(self.question.buckets as usize, (0, 0));
                customers.push(CustomerProfile {
                    party: (self.books.records)
                        .party(&id, self.question.as_of)
                        .cloned(),
                    customer: id,
                    first_day,
                    buckets,
                });
            }
        }
        customers
    }
}

/// The day of each customer's first posting ever, if it is in the period.
fn first_days(books: &Books, question: &ProfileQuestion) -> Vec<Option<Day>> {
    let mut first_days: Vec<Option<Day>> = vec![None; books.customers.len()];
    let before_end = Period {
        start: None,
        end: question.period.end,
    };
    books.for_each_row(&before_end, question.as_of, |customer, row| {
        let first = &mut first_days[customer as usize];
        if first.is_none_or(|first| row.day < first) && books.is_live(row, question.as_of) {
            *first = Some(row.day);
        }
    });
    let in_period = |day: Option<Day>| day.filter(|day| question.period.contains(*day));
    first_days.into_iter().map(in_period).collect()
}
