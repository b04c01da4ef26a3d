//! What the customers of a block have under one account, as of the ends of its leaves: so the sum over a period is the
//! difference of two planes, whatever its length.

use super::{
    amounts::{Accumulator, Addend, Amounts, Deltas},
    interner::number_of,
    weighing::Weighing,
};
use crate::domain::time::Day;
use std::ops::Range;

/// One account of a block. Few postings are kept one by one; many as a plane for each leaf.
#[derive(Debug, Clone)]
pub(in super::super) enum Track {
    /// Each posting, in no order.
    Sparse(Vec<Posting>),
    /// For each leaf, what there is up to its end.
    Dense(Vec<Plane>),
}

/// One posting.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Posting {
    /// The day on which it counts.
    pub day: Day,
    /// The customer's place in the block.
    pub customer: u16,
    /// The signed quantity.
    pub quantity: i64,
}

/// What each customer has up to the end of a leaf.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Plane {
    customers: Amounts,
    /// Of all customers, kept beside: it is what reports tie to.
    total: i128,
}

/// A posting with the number of its leaf.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Placed {
    leaf: u32,
    posting: Posting,
}

impl Placed {
    /// A posting on a day of a leaf.
    pub fn new(leaf: u32, day: Day, customer: u16, quantity: i64) -> Self {
        let posting = Posting {
            day,
            customer,
            quantity,
        };
        Self { leaf, posting }
    }
}

/// Postings that are added to planes are added up first if there is at least one for so many customers.
const CUSTOMERS_OF_A_POSTING: usize = 16;

/// Adds postings, which are in the order of their leaves, to the planes of their leaves and of all later ones; the
/// first plane is the one of leaf `first`.
fn add_running(planes: &mut [Plane], first: usize, postings: &[Placed], customers: usize) {
    let sums = (postings.len() * CUSTOMERS_OF_A_POSTING >= customers)
        .then(|| {
            Deltas::of(
                postings.iter().map(|placed| placed.posting.quantity),
                customers,
            )
        })
        .flatten();
    let Some(mut sums) = sums else {
        for Placed { leaf, posting } in postings {
            let planes = &mut planes[*leaf as usize - first..];
            planes
                .iter_mut()
                .for_each(|plane| plane.add(posting.customer, posting.quantity));
        }
        return;
    };
    let mut rest = postings;
    for (leaf, plane) in (first..).zip(planes) {
        let own = rest
            .iter()
            .take_while(|placed| placed.leaf as usize == leaf);
        let mut count = 0;
        for Placed { posting, .. } in own {
            sums.add(posting.customer.into(), posting.quantity);
            count += 1;
        }
        rest = &rest[count..];
        if rest.len() < postings.len() {
            plane.customers.add_all(&sums);
            plane.total += sums.total();
        }
    }
}

impl Plane {
    /// What each customer has, as multiples of a unit.
    pub fn of<A: Accumulator>(unit: i64, multiples: &[A]) -> Self {
        let total: i128 = multiples.iter().map(|multiple| multiple.wide()).sum();
        Self {
            customers: Amounts::of_multiples(unit, multiples),
            total: total.wrapping_mul(unit.into()),
        }
    }

    fn add(&mut self, customer: u16, quantity: i64) {
        self.customers.add(customer.into(), quantity);
        self.total += i128::from(quantity);
    }

    fn customer(&self, customer: u16) -> i128 {
        let customer = usize::from(customer);
        if customer < self.customers.len() {
            self.customers.get(customer)
        } else {
            0
        }
    }
}

/// Everything between two ends of leaves. Leaves are numbered from 0; an end of 1 is the end of leaf 0.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in super::super) struct Span {
    /// By number of the end; 0 is before everything.
    pub ends: Range<usize>,
    /// The same by day.
    pub days: Range<Day>,
}

impl Default for Track {
    fn default() -> Self {
        Self::Sparse(Vec::new())
    }
}

impl Track {
    /// Adds postings, which are in the order of their leaves, of one of so many customers each.
    pub fn add(&mut self, postings: &[Placed], customers: usize) {
        match self {
            Self::Sparse(own) => own.extend(postings.iter().map(|placed| placed.posting)),
            Self::Dense(planes) => add_running(planes, 0, postings, customers),
        }
    }

    /// Makes planes of the postings once those take more memory; `starts` are the first days of the leaves.
    pub fn settle(&mut self, starts: &[Day], customers: usize) {
        let Self::Sparse(postings) = self else { return };
        if !Self::is_dense(postings.len(), starts.len(), customers) {
            return;
        }
        let leaf_of = |day: Day| starts.partition_point(|start| *start <= day).max(1) - 1;
        let placed = postings.iter().map(|posting| Placed {
            leaf: number_of(leaf_of(posting.day)),
            posting: *posting,
        });
        let mut placed: Vec<Placed> = placed.collect();
        placed.sort_unstable_by_key(|placed| placed.leaf);
        let mut planes = vec![Plane::default(); starts.len()];
        add_running(&mut planes, 0, &placed, customers);
        *self = Self::Dense(planes);
    }

    /// Makes room for a new end before the one of `leaf`: a leaf is divided. What its first part holds follows by
    /// [`Track::add_to_end`].
    pub fn divide(&mut self, leaf: usize) {
        if let Self::Dense(planes) = self {
            let before = match leaf {
                0 => Plane::default(),
                _ => planes[leaf - 1].clone(),
            };
            planes.insert(leaf, before);
        }
    }

    /// Adds postings of a leaf to its end alone.
    pub fn add_to_end(&mut self, leaf: usize, postings: &[Placed], customers: usize) {
        if let Self::Dense(planes) = self {
            add_running(&mut planes[leaf..=leaf], leaf, postings, customers);
        }
    }

    /// Whether so many postings take no less memory than planes of so many leaves do.
    pub fn is_dense(postings: usize, leaves: usize, customers: usize) -> bool {
        postings * size_of::<Posting>() >= leaves * customers * 2
    }

    fn end(planes: &[Plane], end: usize) -> Option<&Plane> {
        planes.get(end.checked_sub(1)?)
    }

    /// Adds what each customer has in a span, weighed, to its value.
    pub fn weigh<A: Accumulator>(
        &self,
        span: &Span,
        account: u32,
        weighing: &Weighing<A>,
        values: &mut [A],
    ) {
        let of_unit = |unit| weighing.factor(account, unit);
        self.add_by(
            span,
            of_unit,
            |quantity| weighing.value(account, quantity),
            values,
        );
    }

    /// Adds what each customer has in a span to its count.
    pub fn count(&self, span: &Span, counts: &mut [u32]) {
        let of = |count| Some(u32::of_narrow(count));
        self.add_by(span, of, of, counts);
    }

    fn add_by<A: Addend>(
        &self,
        span: &Span,
        factor: impl Fn(i64) -> Option<A>,
        worth: impl Fn(i64) -> Option<A>,
        values: &mut [A],
    ) {
        let planes = match self {
            Self::Dense(planes) => planes,
            Self::Sparse(postings) => {
                for posting in postings
                    .iter()
                    .filter(|posting| span.days.contains(&posting.day))
                {
                    if let Some(worth) = worth(posting.quantity) {
                        let value = &mut values[usize::from(posting.customer)];
                        *value = value.plus(worth);
                    }
                }
                return;
            }
        };
        let end = |end: usize, times: i64| {
            let customers = &Self::end(planes, end)?.customers;
            Some((
                customers,
                factor(customers.unit())?.times(A::of_narrow(times)),
            ))
        };
        match (end(span.ends.end, 1), end(span.ends.start, -1)) {
            (Some((end, factor)), Some((start, other))) => {
                end.add_scaled_with(factor, start, other, values);
            }
            (Some((one, factor)), None) | (None, Some((one, factor))) => {
                one.add_scaled(0..one.len(), factor, values);
            }
            (None, None) => {}
        }
    }

    /// The sum over all customers in a span.
    pub fn total(&self, span: &Span) -> i128 {
        match self {
            Self::Sparse(postings) => {
                let within = postings
                    .iter()
                    .filter(|posting| span.days.contains(&posting.day));
                within.map(|posting| i128::from(posting.quantity)).sum()
            }
            Self::Dense(planes) => {
                let total = |end| Self::end(planes, end).map_or(0, |plane| plane.total);
                total(span.ends.end) - total(span.ends.start)
            }
        }
    }

    /// The sum over some customers in a span, those whose byte is 1 and not 0.
    pub fn total_where(&self, span: &Span, is_in: &[u8]) -> i128 {
        match self {
            Self::Sparse(postings) => {
                let within = postings
                    .iter()
                    .filter(|posting| span.days.contains(&posting.day));
                let own = within.filter(|posting| is_in[usize::from(posting.customer)] == 1);
                own.map(|posting| i128::from(posting.quantity)).sum()
            }
            Self::Dense(planes) => {
                let total = |end| {
                    Self::end(planes, end).map_or(0, |plane| plane.customers.sum_where(is_in))
                };
                total(span.ends.end) - total(span.ends.start)
            }
        }
    }

    /// What one customer has in a span.
    pub fn of(&self, span: &Span, customer: u16) -> i128 {
        match self {
            Self::Sparse(postings) => {
                let own = postings
                    .iter()
                    .filter(|posting| posting.customer == customer);
                let within = own.filter(|posting| span.days.contains(&posting.day));
                within.map(|posting| i128::from(posting.quantity)).sum()
            }
            Self::Dense(planes) => {
                let of = |end| Self::end(planes, end).map_or(0, |plane| plane.customer(customer));
                of(span.ends.end) - of(span.ends.start)
            }
        }
    }

    /// About how many bytes of memory it takes.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Sparse(postings) => postings.capacity() * size_of::<Posting>(),
            Self::Dense(planes) => planes
                .iter()
                .map(|plane| plane.customers.bytes() + size_of::<Plane>())
                .sum(),
        }
    }
}
