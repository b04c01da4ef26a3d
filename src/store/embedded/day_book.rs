//! The postings of one day, in columns.

use super::interner::number_of;
use crate::domain::ledger::Position;
use std::collections::BTreeMap;

/// The postings of one day in the order in which they were written, and what they add up to.
#[derive(Debug, Default)]
pub(super) struct DayBook {
    positions: Vec<Position>,
    customers: Vec<u32>,
    branches: Vec<u32>,
    products: Vec<u32>,
    account_managers: Vec<u32>,
    /// 1 for an activity, -1 for a reversal of one.
    signs: Vec<i8>,
    /// Where the postings of each row end.
    ends: Vec<u32>,
    accounts: Vec<u32>,
    /// Of the activity; the row's sign says whether they are added or taken back.
    amounts: Vec<i64>,
    /// The sums by account over the whole day, kept without looking at customers.
    totals: BTreeMap<u32, i128>,
}

/// Whom and what a row is about, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Subject {
    /// The customer.
    pub customer: u32,
    /// The branch.
    pub branch: u32,
    /// The product.
    pub product: u32,
    /// The account manager.
    pub account_manager: u32,
}

/// An activity or a reversal of one.
#[derive(Debug, Clone, Copy)]
pub(super) struct BookRow<'a> {
    /// Whom and what it is about.
    pub subject: Subject,
    /// 1 for an activity, -1 for a reversal of one.
    pub sign: i8,
    /// The accounts of its postings.
    pub accounts: &'a [u32],
    /// The amounts of its postings, to be taken times the sign.
    pub amounts: &'a [i64],
}

impl<'a> BookRow<'a> {
    /// The postings: the account and the signed amount.
    pub fn postings(self) -> impl Iterator<Item = (u32, i128)> + 'a {
        let taken_back = self.sign < 0;
        let amounts = self.amounts.iter().map(move |amount| {
            let amount = i128::from(*amount);
            if taken_back { -amount } else { amount }
        });
        self.accounts.iter().copied().zip(amounts)
    }
}

impl DayBook {
    /// Begins a row; its postings follow by [`DayBook::post`]. Gives the number of the row.
    pub fn begin(&mut self, position: Position, subject: Subject, sign: i8) -> u32 {
        let row = number_of(self.positions.len());
        self.positions.push(position);
        self.customers.push(subject.customer);
        self.branches.push(subject.branch);
        self.products.push(subject.product);
        self.account_managers.push(subject.account_manager);
        self.signs.push(sign);
        self.ends.push(number_of(self.accounts.len()));
        row
    }

    /// Adds a posting to the row that was begun last.
    pub fn post(&mut self, account: u32, amount: i64) {
        let sign = self.signs.last().copied().unwrap_or(1);
        self.accounts.push(account);
        self.amounts.push(amount);
        if let Some(end) = self.ends.last_mut() {
            *end = number_of(self.accounts.len());
        }
        // Only the day's own accounts: roles are free text, and there may be very many in all.
        *self.totals.entry(account).or_default() += i128::from(sign) * i128::from(amount);
    }

    /// Adds a row that takes back an earlier one of this day. Gives its number.
    pub fn take_back(&mut self, position: Position, row: u32) -> u32 {
        let (start, end) = self.bounds(row as usize);
        let reversal = self.begin(position, self.subject(row as usize), -1);
        for posting in start..end {
            self.post(self.accounts[posting], self.amounts[posting]);
        }
        reversal
    }

    fn subject(&self, row: usize) -> Subject {
        Subject {
            customer: self.customers[row],
            branch: self.branches[row],
            product: self.products[row],
            account_manager: self.account_managers[row],
        }
    }

    fn bounds(&self, row: usize) -> (usize, usize) {
        let start = if row == 0 { 0 } else { self.ends[row - 1] };
        (start as usize, self.ends[row] as usize)
    }

    /// One row.
    pub fn row(&self, row: u32) -> BookRow<'_> {
        let row = row as usize;
        let (start, end) = self.bounds(row);
        BookRow {
            subject: self.subject(row),
            sign: self.signs[row],
            accounts: &self.accounts[start..end],
            amounts: &self.amounts[start..end],
        }
    }

    /// The rows that were written up to a position.
    pub fn rows(&self, as_of: Position) -> impl Iterator<Item = BookRow<'_>> {
        let count = self.count(as_of);
        let mut start = 0;
        let columns = (self.customers[..count].iter())
            .zip(&self.branches[..count])
            .zip(&self.products[..count])
            .zip(&self.account_managers[..count])
            .zip(&self.signs[..count])
            .zip(&self.ends[..count]);
        columns.map(
            move |(((((customer, branch), product), account_manager), sign), end)| {
                let postings = start..*end as usize;
                start = *end as usize;
                BookRow {
                    subject: Subject {
                        customer: *customer,
                        branch: *branch,
                        product: *product,
                        account_manager: *account_manager,
                    },
                    sign: *sign,
                    accounts: &self.accounts[postings.clone()],
                    amounts: &self.amounts[postings],
                }
            },
        )
    }

    fn count(&self, as_of: Position) -> usize {
        match self.positions.last() {
            Some(last) if *last <= as_of => self.positions.len(),
            _ => self
                .positions
                .partition_point(|position| *position <= as_of),
        }
    }

    /// Adds the day's sums by account up to a position, without looking at customers.
    pub fn add_totals(&self, as_of: Position, sums: &mut [i128]) {
        let count = self.count(as_of);
        if count == self.positions.len() {
            for (account, total) in &self.totals {
                sums[*account as usize] += total;
            }
            return;
        }
        for row in self.rows(as_of) {
            for (account, amount) in row.postings() {
                sums[account as usize] += amount;
            }
        }
    }

    /// How many activities there are up to a position, less those that were taken back.
    pub fn live(&self, as_of: Position) -> i64 {
        self.signs[..self.count(as_of)]
            .iter()
            .map(|sign| i64::from(*sign))
            .sum()
    }
}
