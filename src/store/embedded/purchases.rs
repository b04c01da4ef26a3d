//! How customers bought, day by day: one block of the books after the other, so that what is added up is small.

use super::{
    books::{Books, CUSTOMERS, Row, days, narrow_position, number_of, place},
    scan::{Filter, first_of},
};
use crate::domain::{
    money::Nanos,
    purchase::{PurchaseAnswer, PurchaseQuestion, Purchases},
    time::Day,
};
use std::collections::BTreeMap;

/// One posting of a customer: its place in the block, the day, 1 or -1 for a reversal, and the net sum.
type Posted = (u16, Day, i64, Nanos);

/// What an account weighs by revenue, margin and profit.
type Factors = [i128; 3];

/// Everybody with a posting in the scope, in the order of their ids.
pub(super) fn purchases(books: &Books, question: &PurchaseQuestion) -> PurchaseAnswer {
    let scope = &question.scope;
    let filter = Filter::new(books, scope);
    let factors: Vec<Factors> = (0..number_of(books.accounts.len()))
        .map(|number| {
            let weights = [&question.revenue, &question.margin, &question.profit];
            weights.map(|weights| books.accounts.weight(number, weights))
        })
        .collect();
    let (period, as_of) = (days(&scope.period), narrow_position(scope.as_of));
    let mut found = Vec::new();
    for (number, is_in) in wanted(books, &filter, question) {
        let (mut posted, mut sums) = (Vec::<Posted>::new(), vec![(0, 0); CUSTOMERS]);
        books.blocks[number].for_each_row_where(&period, as_of, &is_in, |row| {
            if filter.holds_branch(row.branch) {
                let [net, margin, profit] = weigh(row, &factors);
                let own = &mut sums[usize::from(row.customer)];
                *own = (own.0 + margin, own.1 + profit);
                posted.push((row.customer, row.day, row.postings.layout.sign(), net));
            }
        });
        posted.sort_unstable_by_key(|(customer, day, ..)| (*customer, *day));
        for own in posted.chunk_by(|a, b| a.0 == b.0) {
            let customer = first_of(number) + u32::from(own[0].0);
            let (margin, profit) = sums[usize::from(own[0].0)];
            found.extend(by_day(own).map(|(days, last_day)| {
                let id = books.customer(customer);
                let purchases = Purchases {
                    segment: question.segment.as_ref().and_then(|key| {
                        let party = books.records.party(&id, scope.as_of)?;
                        party.traits.get(key).cloned()
                    }),
                    customer: id,
                    days,
                    last_day,
                    margin,
                    profit,
                };
                (customer, purchases)
            }));
        }
    }
    let ids = books.id_order();
    found.sort_unstable_by_key(|(customer, _)| ids.places[*customer as usize]);
    found.into_iter().map(|(_, purchases)| purchases).collect()
}

/// The blocks to look into, with 1 for each customer that counts and 0 for all others.
fn wanted(
    books: &Books,
    filter: &Filter<'_>,
    question: &PurchaseQuestion,
) -> BTreeMap<usize, Vec<u8>> {
    let mut blocks = BTreeMap::new();
    let Some(asked) = &question.customers else {
        for block in 0..books.blocks.len() {
            let mut is_in: Vec<u8> = (books.customers_of(block))
                .map(|customer| u8::from(filter.holds_customer(number_of(customer))))
                .collect();
            is_in.resize(CUSTOMERS, 0);
            blocks.insert(block, is_in);
        }
        return blocks;
    };
    let known = asked
        .iter()
        .filter_map(|id| books.customers.number(id.as_str()));
    for customer in known.filter(|customer| filter.holds_customer(*customer)) {
        let (block, own) = place(customer);
        let is_in = blocks.entry(block).or_insert_with(|| vec![0; CUSTOMERS]);
        is_in[usize::from(own)] = 1;
    }
    // A customer has a number as soon as it is named, and a block as soon as anything is posted.
    blocks.retain(|block, _| *block < books.blocks.len());
    blocks
}

/// What a row is worth.
fn weigh(row: &Row, factors: &[Factors]) -> Factors {
    let mut worth = [0; 3];
    row.postings.for_each(|account, quantity| {
        let factors = &factors[account as usize];
        for (worth, factor) in worth.iter_mut().zip(factors) {
            *worth += factor * i128::from(quantity);
        }
    });
    worth
}

/// The days whose net sum is not zero, and the last day with a posting that was not taken back; nothing if there is
/// none. The rows are of one customer, in the order of their days.
fn by_day(rows: &[Posted]) -> Option<(Vec<(Day, Nanos)>, Day)> {
    let (mut days, mut last_day) = (Vec::new(), None);
    for of_day in rows.chunk_by(|a, b| a.1 == b.1) {
        let day = of_day[0].1;
        let (mut live, mut net) = (0, 0);
        for (_, _, sign, own) in of_day {
            live += sign;
            net += own;
        }
        if live > 0 {
            last_day = Some(day);
        }
        if net != 0 {
            days.push((day, net));
        }
    }
    last_day.map(|last_day| (days, last_day))
}
