//! What every customer of a scope is worth, and what all add up to: one pass over the blocks of the books.

use super::{
    bits::Bits,
    books::{
        Accumulator, Block, Books, CUSTOMERS, Plan, SHIFT, Weighing, days, narrow_position,
        number_of,
    },
};
use crate::domain::{account::Sums, money::Nanos, question::Scope, time::Day};
use std::ops::Range;

/// What one pass finds.
pub(super) struct Scan<A> {
    /// Each customer's value, by its number, in steps of the weighing; of those that are not reported it means nothing.
    pub values: Vec<A>,
    /// Who has any posting in the period.
    pub active: Bits,
    /// Who has any posting in the scope.
    pub reported: Bits,
    /// The sums in the scope.
    pub reported_sums: Sums,
    /// All other sums in the period.
    pub filtered_out: Sums,
    /// The values of the reported customers, added up.
    pub reported_value: Nanos,
    /// How many of those are below zero.
    pub negative: u64,
}

/// Which postings are in a scope, apart from their days.
pub(super) struct Filter<'a> {
    books: &'a Books,
    scope: &'a Scope,
    /// By the number of the value; empty if all are in the scope.
    branches: Vec<bool>,
}

impl<'a> Filter<'a> {
    /// The filter of a scope.
    pub fn new(books: &'a Books, scope: &'a Scope) -> Self {
        let mut branches = Vec::new();
        if !scope.branches.is_empty() {
            branches.extend(books.values.iter().map(|value| scope.has_branch(value)));
        }
        Self {
            books,
            scope,
            branches,
        }
    }

    /// Whether only some branches count.
    pub fn has_branches(&self) -> bool {
        !self.branches.is_empty()
    }

    /// Whether a branch counts.
    pub fn holds_branch(&self, branch: u32) -> bool {
        self.branches.is_empty() || self.branches[branch as usize]
    }

    /// Whether a customer counts.
    pub fn holds_customer(&self, customer: u32) -> bool {
        self.scope.traits.is_empty() || {
            let id = self.books.customer(customer);
            let party = self.books.records.party(&id, self.scope.as_of);
            self.scope.has_customer(party.map(|party| &**party))
        }
    }

    /// One customer's sums within the scope.
    pub fn customer_sums(&self, customer: u32) -> Sums {
        let (books, scope) = (self.books, self.scope);
        if !self.has_branches() {
            return books.customer_sums(customer, &scope.period, scope.as_of);
        }
        let (block, own) = super::books::place(customer);
        let mut sums = super::books::SparseSums::default();
        let (days, as_of) = (days(&scope.period), narrow_position(scope.as_of));
        books.blocks[block].for_each_row_of(
            &days,
            as_of,
            |branch| self.holds_branch(branch),
            |row| {
                if row.customer == own {
                    sums.add_row(row);
                }
            },
        );
        sums.sums(&books.accounts)
    }
}

/// One block on the way.
struct Part<'a> {
    filter: &'a Filter<'a>,
    block: &'a Block,
    /// The numbers of its customers.
    customers: Range<usize>,
    days: &'a Range<Day>,
    plan: Plan,
    as_of: u32,
}

/// Goes over all customers of a scope.
pub(super) fn scan<A: Accumulator>(
    books: &Books,
    scope: &Scope,
    weighing: &Weighing<A>,
) -> Scan<A> {
    let filter = Filter::new(books, scope);
    let count = books.customers.len();
    let mut scan = Scan {
        values: vec![A::default(); count],
        active: Bits::new(count),
        reported: Bits::new(count),
        reported_sums: Sums::default(),
        filtered_out: Sums::default(),
        reported_value: 0,
        negative: 0,
    };
    let mut whole = vec![0; books.accounts.len()];
    let mut reported = vec![0; books.accounts.len()];
    let days = days(&scope.period);
    for (number, block) in books.blocks.iter().enumerate() {
        let customers = books.customers_of(number);
        let part = Part {
            filter: &filter,
            block,
            plan: block.plan(&days),
            customers,
            days: &days,
            as_of: narrow_position(scope.as_of),
        };
        block.add_sums(&days, &part.plan, part.as_of, &mut whole);
        part.find(weighing, &mut scan, &mut reported);
    }
    if filter.has_branches() || !scope.traits.is_empty() {
        for (whole, reported) in whole.iter_mut().zip(&reported) {
            *whole -= reported;
        }
        scan.filtered_out = books.accounts.sums(&whole);
        scan.reported_sums = books.accounts.sums(&reported);
    } else {
        scan.reported_sums = books.accounts.sums(&whole);
    }
    scan.reported_value *= weighing.step;
    scan
}

impl Part<'_> {
    /// Finds this block's customers; `sums` take in what is reported if there is a filter.
    fn find<A: Accumulator>(&self, weighing: &Weighing<A>, scan: &mut Scan<A>, sums: &mut [i128]) {
        let first = self.customers.start;
        let values = &mut scan.values[self.customers.clone()];
        let mut live = [0_i64; CUSTOMERS];
        let live = &mut live[..values.len()];
        self.block.count(self.days, &self.plan, self.as_of, live);
        scan.active
            .insert_where(first, live.len(), |place| live[place] > 0);
        let mut is_in = [false; CUSTOMERS];
        let is_in = &mut is_in[..values.len()];
        is_in
            .iter_mut()
            .zip(&*live)
            .for_each(|(is_in, live)| *is_in = *live > 0);
        if !self.filter.scope.traits.is_empty() {
            for (place, is_in) in is_in.iter_mut().enumerate().filter(|(_, is_in)| **is_in) {
                *is_in = self.filter.holds_customer(number_of(first + place));
            }
        }
        if self.filter.has_branches() {
            self.weigh_branches(weighing, values, is_in, sums);
        } else {
            self.block
                .weigh(self.days, &self.plan, self.as_of, weighing, values);
            if !self.filter.scope.traits.is_empty() {
                self.add_sums_of(is_in, sums);
            }
        }
        scan.reported
            .insert_where(first, is_in.len(), |place| is_in[place]);
        // The weighing proves that the values of all customers together fit too.
        let mut total = A::default();
        for (value, is_in) in values.iter().zip(&*is_in) {
            let value = if *is_in { *value } else { A::default() };
            total = total.plus(value);
            scan.negative += u64::from(value < A::default());
        }
        scan.reported_value += total.wide();
    }

    /// Weighs the rows of the branches alone. Who has none that is not taken back is not in any more.
    fn weigh_branches<A: Accumulator>(
        &self,
        weighing: &Weighing<A>,
        values: &mut [A],
        is_in: &mut [bool],
        sums: &mut [i128],
    ) {
        let mut live = [0_i64; CUSTOMERS];
        let has_branch = |branch| self.filter.holds_branch(branch);
        self.block
            .for_each_row_of(self.days, self.as_of, has_branch, |row| {
                let customer = usize::from(row.customer);
                if !is_in[customer] {
                    return;
                }
                live[customer] += row.postings.layout.sign();
                row.postings.for_each(|account, quantity| {
                    sums[account as usize] += i128::from(quantity);
                    if let Some(value) = weighing.value(account, quantity) {
                        values[customer] = values[customer].plus(value);
                    }
                });
            });
        for (is_in, live) in is_in.iter_mut().zip(live) {
            *is_in &= live > 0;
        }
    }

    /// Adds up, by account, what some of the customers have.
    fn add_sums_of(&self, is_in: &[bool], sums: &mut [i128]) {
        for account in self.block.accounts() {
            let mut each = [0_i128; CUSTOMERS];
            let weighing = Weighing::of_account(account);
            self.block
                .weigh(self.days, &self.plan, self.as_of, &weighing, &mut each);
            let of_those = each.iter().zip(is_in).filter(|(_, is_in)| **is_in);
            sums[account as usize] += of_those.map(|(sum, _)| sum).sum::<i128>();
        }
    }
}

/// The number of a block's first customer.
pub(super) fn first_of(block: usize) -> u32 {
    number_of(block << SHIFT)
}
