//! Sums by group, and what models learn from.

use super::{
    books::Books,
    scan::{Filter, SparseSums, numbers},
};
use crate::{
    domain::{
        account::Weights,
        money::Nanos,
        question::{
            CrossAnswer, CrossQuestion, CustomerProfile, Group, ProfileAnswer, ProfileQuestion,
        },
        time::{Day, Period},
    },
    store::answer::{age_bucket, group_name},
};
use std::collections::BTreeMap;

/// Sums by group. A group is there if it has any posting in the scope.
pub(super) fn cross(books: &Books, question: &CrossQuestion) -> CrossAnswer {
    let scope = &question.scope;
    let mut filter = Filter::new(books, scope);
    // By the number of the customer, of the dimension's value, or of the day.
    let mut groups: BTreeMap<u32, (i64, SparseSums)> = BTreeMap::new();
    let mut days: Vec<Day> = Vec::new();
    for (number, (day, book)) in (0..).zip(books.days(&scope.period)) {
        days.push(day);
        for row in book.rows(scope.as_of) {
            if !filter.holds(row.customer, row.dimensions) {
                continue;
            }
            let dimensions = books.dimensions.thing(row.dimensions);
            let group = match question.group {
                Group::Customer => row.customer,
                Group::Branch => dimensions.branch,
                Group::Product => dimensions.product,
                Group::AccountManager => dimensions.account_manager,
                Group::Day => number,
            };
            let (live, sums) = groups.entry(group).or_default();
            *live += i64::from(row.sign);
            sums.add(row.postings());
        }
    }
    let name = |number: u32| match question.group {
        Group::Customer => group_name(books.customers.thing(number).as_str()).to_owned(),
        Group::Branch | Group::Product | Group::AccountManager => {
            books.values.thing(number).clone()
        }
        Group::Day => days[number as usize].to_string(),
    };
    let live = groups.into_iter().filter(|(_, (live, _))| *live > 0);
    live.map(|(number, (_, sums))| (name(number), sums.sums(books)))
        .collect()
}

/// What models learn from.
pub(super) fn profiles(books: &Books, question: &ProfileQuestion) -> ProfileAnswer {
    let (period, as_of) = (&question.period, question.as_of);
    let weigh = |weights: &Weights| -> Vec<i128> {
        let accounts = books.accounts.things().iter();
        accounts.map(|account| weights.get(account)).collect()
    };
    let (profit, size) = (weigh(&question.profit), weigh(&question.size));
    let first_days = first_days(books, question);
    let mut active = vec![0_i32; books.customers.len()];
    let mut buckets: BTreeMap<u32, Vec<(Nanos, Nanos)>> = BTreeMap::new();
    let mut sums = [vec![0; books.accounts.len()], vec![0; books.accounts.len()]];
    let mut last_day = None;
    for (day, book) in books.days(period) {
        if book.live(as_of) > 0 {
            last_day = Some(day);
        }
        for row in book.rows(as_of) {
            active[row.customer as usize] += i32::from(row.sign);
            let first_day = first_days[row.customer as usize];
            let first_day = first_day.filter(|first| period.contains(*first));
            let sums = &mut sums[usize::from(first_day.is_none())];
            let age = first_day.map(|first| i64::from(day.0) - i64::from(first.0));
            let bucket = age.and_then(|age| {
                let bucket = age_bucket(age, question.horizon_days, question.buckets)?;
                let none = || vec![(0, 0); question.buckets as usize];
                buckets
                    .entry(row.customer)
                    .or_insert_with(none)
                    .get_mut(bucket)
            });
            let mut values = (0, 0);
            for (account, amount) in row.postings() {
                let account = account as usize;
                sums[account] += amount;
                values.0 += profit[account] * amount;
                values.1 += size[account] * amount;
            }
            if let Some(bucket) = bucket {
                bucket.0 += values.0;
                bucket.1 += values.1;
            }
        }
    }
    let mut answer = ProfileAnswer {
        customers: Vec::new(),
        last_day,
        ledger: books.ledger(period, as_of),
        reported: books.sums(&sums[0]),
        filtered_out: books.sums(&sums[1]),
        active: numbers(books)
            .filter(|customer| active[*customer as usize] > 0)
            .count() as u64,
    };
    for customer in &books.id_order().numbers {
        if let Some(first_day) = first_days[*customer as usize]
            && period.contains(first_day)
        {
            let id = books.customers.thing(*customer);
            let none = || vec![(0, 0); question.buckets as usize];
            answer.customers.push(CustomerProfile {
                customer: id.clone(),
                party: books.records.party(id, as_of).cloned(),
                first_day,
                buckets: buckets.remove(customer).unwrap_or_else(none),
            });
        }
    }
    answer
}

/// The day of each customer's first posting ever, if it is before the end of the period.
fn first_days(books: &Books, question: &ProfileQuestion) -> Vec<Option<Day>> {
    let mut first_days = vec![None; books.customers.len()];
    let mut live = vec![0_i32; books.customers.len()];
    let before_end = Period {
        start: None,
        end: question.period.end,
    };
    for (day, book) in books.days(&before_end) {
        for row in book.rows(question.as_of) {
            live[row.customer as usize] += i32::from(row.sign);
        }
        // An activity and its reversal are on one day: at its end everything that was taken back is gone.
        for row in book.rows(question.as_of) {
            let customer = row.customer as usize;
            if live[customer] > 0 && first_days[customer].is_none() {
                first_days[customer] = Some(day);
            }
        }
    }
    first_days
}
