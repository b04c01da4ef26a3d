//! One pass over the postings of a scope: what every customer is worth, and what all add up to.

use super::{
    books::Books,
    day_book::{BookRow, Subject},
};
use crate::domain::{
    account::{Sums, Weights},
    money::Nanos,
    question::Scope,
};

/// What one pass finds.
pub(super) struct Scan {
    /// What was found of each customer, by its number; without its values.
    pub customers: Vec<Presence>,
    /// Each customer's values by each weighting, by the number of the weighting and then of the customer.
    values: Vec<Vec<Nanos>>,
    /// The sums in the scope.
    pub reported: Sums,
    /// All other sums in the period.
    pub filtered_out: Sums,
}

/// Whether there is anything of a customer.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Presence {
    active: i32,
    reported: i32,
}

impl Presence {
    /// Whether it has any posting in the period.
    pub fn is_active(self) -> bool {
        self.active > 0
    }

    /// Whether it has any posting in the scope.
    pub fn is_reported(self) -> bool {
        self.reported > 0
    }
}

impl Scan {
    /// All customers' values by one of the weightings, by the number of the customer.
    pub fn values(&self, weighting: usize) -> &[Nanos] {
        &self.values[weighting]
    }
}

/// Which postings are in a scope, apart from their days.
pub(super) struct Filter<'a> {
    books: &'a Books,
    scope: &'a Scope,
    /// By the number of the value; empty if all are in the scope.
    branches: Vec<bool>,
    /// By customer, once it is known; empty if all are in the scope.
    customers: Vec<Option<bool>>,
}

impl<'a> Filter<'a> {
    /// The filter of a scope.
    pub fn new(books: &'a Books, scope: &'a Scope) -> Self {
        let mut branches = Vec::new();
        if !scope.branches.is_empty() {
            let values = books.values.things().iter();
            branches.extend(values.map(|value| scope.has_branch(value)));
        }
        let customers = if scope.traits.is_empty() {
            0
        } else {
            books.customers.len()
        };
        Self {
            books,
            scope,
            branches,
            customers: vec![None; customers],
        }
    }

    /// Whether a row counts.
    #[inline]
    pub fn holds(&mut self, subject: Subject) -> bool {
        (self.branches.is_empty() || self.branches[subject.branch as usize])
            && (self.customers.is_empty() || self.holds_customer(subject.customer))
    }

    fn holds_customer(&mut self, customer: u32) -> bool {
        *self.customers[customer as usize].get_or_insert_with(|| {
            let id = self.books.customers.thing(customer);
            let party = self.books.records.party(id, self.scope.as_of);
            self.scope.has_customer(party.map(|party| &**party))
        })
    }
}

/// A weight as a factor: nearly all fit into an `i64`, and their products are made faster.
trait Factor: Copy + Default {
    fn times(self, amount: i64) -> Nanos;
}

impl Factor for i64 {
    fn times(self, amount: i64) -> Nanos {
        i128::from(self) * i128::from(amount)
    }
}

impl Factor for i128 {
    fn times(self, amount: i64) -> Nanos {
        self * i128::from(amount)
    }
}

/// Goes over all postings of a scope: once for up to three weightings.
pub(super) fn scan(books: &Books, scope: &Scope, weightings: &[&Weights]) -> Scan {
    let mut scan = first_pass(books, scope, &weightings[..weightings.len().min(3)]);
    for more in weightings.chunks(3).skip(1) {
        scan.values
            .append(&mut first_pass(books, scope, more).values);
    }
    scan
}

fn first_pass(books: &Books, scope: &Scope, weightings: &[&Weights]) -> Scan {
    match weightings {
        [] => pass::<i64, 0>(books, scope, vec![[]; books.accounts.len()]),
        [a] => pass_by(books, scope, [a]),
        [a, b] => pass_by(books, scope, [a, b]),
        [a, b, c, ..] => pass_by(books, scope, [a, b, c]),
    }
}

fn pass_by<const N: usize>(books: &Books, scope: &Scope, weightings: [&Weights; N]) -> Scan {
    let accounts = books.accounts.things().iter();
    let wide: Vec<[i128; N]> = accounts
        .map(|account| weightings.map(|weights| weights.get(account)))
        .collect();
    let narrow = |factors: &[i128; N]| -> Option<[i64; N]> {
        let mut narrow = [0; N];
        for (narrow, wide) in narrow.iter_mut().zip(factors) {
            *narrow = i64::try_from(*wide).ok()?;
        }
        Some(narrow)
    };
    match wide.iter().map(narrow).collect() {
        Some(factors) => pass::<i64, N>(books, scope, factors),
        None => pass::<i128, N>(books, scope, wide),
    }
}

/// One customer's values and presence, side by side: they are looked up together.
#[derive(Clone, Copy)]
struct Cell<const N: usize> {
    values: [Nanos; N],
    presence: Presence,
}

fn pass<F: Factor, const N: usize>(books: &Books, scope: &Scope, factors: Vec<[F; N]>) -> Scan {
    let empty = Cell {
        values: [0; N],
        presence: Presence::default(),
    };
    let mut cells = vec![empty; books.customers.len()];
    let mut reported = vec![0; books.accounts.len()];
    let mut filtered_out = vec![0; books.accounts.len()];
    let mut filter = Filter::new(books, scope);
    for (_, book) in books.days(&scope.period) {
        for row in book.rows(scope.as_of) {
            let cell = &mut cells[row.subject.customer as usize];
            cell.presence.active += i32::from(row.sign);
            if !filter.holds(row.subject) {
                for (account, amount) in row.postings() {
                    filtered_out[account as usize] += amount;
                }
                continue;
            }
            cell.presence.reported += i32::from(row.sign);
            let values = weigh(row, &factors, &mut reported);
            for (sum, value) in cell.values.iter_mut().zip(values) {
                *sum += if row.sign < 0 { -value } else { value };
            }
        }
    }
    let values = |weighting: usize| cells.iter().map(|cell| cell.values[weighting]).collect();
    Scan {
        customers: cells.iter().map(|cell| cell.presence).collect(),
        values: (0..N).map(values).collect(),
        reported: books.sums(&reported),
        filtered_out: books.sums(&filtered_out),
    }
}

/// The values of a row's amounts, whatever its sign; its postings are added to `sums` on the way.
#[inline]
fn weigh<F: Factor, const N: usize>(
    row: BookRow<'_>,
    factors: &[[F; N]],
    sums: &mut [i128],
) -> [Nanos; N] {
    let mut values = [0; N];
    for (account, amount) in row.accounts.iter().zip(row.amounts) {
        let account = *account as usize;
        for (value, factor) in values.iter_mut().zip(&factors[account]) {
            *value += factor.times(*amount);
        }
        let amount = i128::from(*amount);
        sums[account] += if row.sign < 0 { -amount } else { amount };
    }
    values
}

/// One customer's sums within a scope.
pub(super) fn customer_sums(filter: &mut Filter<'_>, customer: u32) -> Sums {
    let (books, scope) = (filter.books, filter.scope);
    let mut sums = SparseSums::default();
    let history = books.history(customer).iter();
    for position in history.take_while(|position| **position <= scope.as_of) {
        if let Some(row) = books.book_row(*position, &scope.period)
            && filter.holds(row.subject)
        {
            sums.add(row.postings());
        }
    }
    sums.sums(books)
}

/// Sums by account of a group with few accounts.
#[derive(Debug, Clone, Default)]
pub(super) struct SparseSums(Vec<(u32, i128)>);

impl SparseSums {
    /// Adds postings.
    pub fn add(&mut self, postings: impl Iterator<Item = (u32, i128)>) {
        for (account, amount) in postings {
            match self.0.iter_mut().find(|(own, _)| *own == account) {
                Some((_, sum)) => *sum += amount,
                None => self.0.push((account, amount)),
            }
        }
    }

    /// The same by account, those of zero left out.
    pub fn sums(&self, books: &Books) -> Sums {
        let mut sums = Sums::default();
        for (account, sum) in self.0.iter().filter(|(_, sum)| *sum != 0) {
            sums.add(books.accounts.thing(*account).clone(), *sum);
        }
        sums
    }
}
