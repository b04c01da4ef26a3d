//! One pass over the postings of a scope: what every customer is worth, and what all add up to.

use super::{books::Books, interner::number_of};
use crate::domain::{
    account::{Sums, Weights},
    money::Nanos,
    question::Scope,
};

/// What one pass finds. Customers are by number.
pub(super) struct Scan {
    /// How many weightings there are.
    width: usize,
    /// The values of each customer, one after the other, by each weighting.
    values: Vec<Nanos>,
    /// How many activities each customer has in the period.
    active: Vec<i32>,
    /// How many of them are in the scope.
    reported: Vec<i32>,
    /// The sums in the scope.
    pub reported_sums: Sums,
    /// All other sums in the period.
    pub filtered_out_sums: Sums,
}

impl Scan {
    /// A customer's value by one of the weightings.
    pub fn value(&self, customer: u32, weighting: usize) -> Nanos {
        self.values[customer as usize * self.width + weighting]
    }

    /// Whether a customer has any posting in the period.
    pub fn is_active(&self, customer: u32) -> bool {
        self.active[customer as usize] > 0
    }

    /// Whether a customer has any posting in the scope.
    pub fn is_reported(&self, customer: u32) -> bool {
        self.reported[customer as usize] > 0
    }
}

/// Which postings are in a scope, apart from their days.
pub(super) struct Filter<'a> {
    books: &'a Books,
    scope: &'a Scope,
    /// By the number of the dimensions.
    dimensions: Vec<bool>,
    /// By customer, once it is known.
    customers: Vec<Option<bool>>,
}

impl<'a> Filter<'a> {
    /// The filter of a scope.
    pub fn new(books: &'a Books, scope: &'a Scope) -> Self {
        let dimensions = books.dimensions.things().iter();
        let has_branch = |branch| scope.has_branch(books.values.thing(branch));
        let customers = if scope.traits.is_empty() {
            0
        } else {
            books.customers.len()
        };
        Self {
            books,
            scope,
            dimensions: dimensions
                .map(|numbers| has_branch(numbers.branch))
                .collect(),
            customers: vec![None; customers],
        }
    }

    /// Whether a posting with these dimensions and of this customer counts.
    #[inline]
    pub fn holds(&mut self, customer: u32, dimensions: u32) -> bool {
        self.dimensions[dimensions as usize]
            && (self.customers.is_empty() || self.holds_customer(customer))
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
trait Factor: Copy {
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

/// Goes once over all postings of a scope.
pub(super) fn scan(books: &Books, scope: &Scope, weightings: &[&Weights]) -> Scan {
    let mut factors = Vec::with_capacity(books.accounts.len() * weightings.len());
    for account in books.accounts.things() {
        factors.extend(weightings.iter().map(|weights| weights.get(account)));
    }
    let narrow: Result<Vec<i64>, _> = factors.iter().copied().map(i64::try_from).collect();
    match narrow {
        Ok(factors) => scan_by(books, scope, weightings.len(), &factors),
        Err(_) => scan_by(books, scope, weightings.len(), &factors),
    }
}

fn scan_by<F: Factor>(books: &Books, scope: &Scope, width: usize, factors: &[F]) -> Scan {
    let customers = books.customers.len();
    let mut values = vec![0; customers * width];
    let mut active = vec![0_i32; customers];
    let mut reported = vec![0_i32; customers];
    let mut sums = [vec![0; books.accounts.len()], vec![0; books.accounts.len()]];
    let mut filter = Filter::new(books, scope);
    for (_, book) in books.days(&scope.period) {
        for row in book.rows(scope.as_of) {
            let customer = row.customer as usize;
            active[customer] += i32::from(row.sign);
            if !filter.holds(row.customer, row.dimensions) {
                add(&mut sums[1], row.postings());
                continue;
            }
            reported[customer] += i32::from(row.sign);
            add(&mut sums[0], row.postings());
            let sign = i128::from(row.sign);
            let values = &mut values[customer * width..(customer + 1) * width];
            for (account, amount) in row.accounts.iter().zip(row.amounts) {
                let factors = &factors[*account as usize * width..];
                for (value, factor) in values.iter_mut().zip(factors) {
                    *value += sign * factor.times(*amount);
                }
            }
        }
    }
    Scan {
        width,
        values,
        active,
        reported,
        reported_sums: books.sums(&sums[0]),
        filtered_out_sums: books.sums(&sums[1]),
    }
}

fn add(sums: &mut [i128], postings: impl Iterator<Item = (u32, i128)>) {
    for (account, amount) in postings {
        sums[account as usize] += amount;
    }
}

/// One customer's sums within a scope.
pub(super) fn customer_sums(filter: &mut Filter<'_>, customer: u32) -> Sums {
    let (books, scope) = (filter.books, filter.scope);
    let mut sums = SparseSums::default();
    let history = books.history(customer).iter();
    for position in history.take_while(|position| **position <= scope.as_of) {
        if let Some((day, row)) = books.book_row(*position)
            && scope.period.contains(day)
            && filter.holds(customer, row.dimensions)
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

/// All customers by number.
pub(super) fn numbers(books: &Books) -> impl Iterator<Item = u32> {
    0..number_of(books.customers.len())
}
