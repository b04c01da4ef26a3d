//! Amounts that go by drivers, spread over all active customers: by a pass of their own over the books, since all
//! active customers bear them, whatever a question's filters.

use super::{
    bits::Bits,
    books::{Books, IdOrder},
    kept_scans::{AnyScan, KeptScans},
};
use crate::domain::{
    account::Weights,
    allocation::{Allotment, Driven, Driver},
    money::{Micros, Nanos, to_nanos},
    question::Scope,
};
use std::collections::BTreeMap;

/// All amounts of a question.
#[derive(Default)]
pub(super) struct Spreads {
    spreads: Vec<Spread>,
    /// By the number of the customer, what it bears of all of them together, before what rounding leaves over; empty
    /// if there are none.
    parts: Vec<Nanos>,
}

/// One amount.
struct Spread {
    allotment: Allotment,
    quantities: Quantities,
    /// Who bears anything and is before this place by id bears a micro-unit more.
    first: u32,
}

/// What the customers' parts go by.
enum Quantities {
    Weighed(AnyScan),
    Present(AnyScan),
    /// By the number of the customer.
    Supplied(BTreeMap<u32, i128>),
}

impl Quantities {
    fn of(books: &Books, driver: &Driver, scans: &mut impl Iterator<Item = AnyScan>) -> Self {
        match driver {
            // There is a scan for each driver that weighs.
            Driver::Weighed(_) => Self::Weighed(scans.next().expect("a scan for each driver")),
            Driver::Present(_) => Self::Present(scans.next().expect("a scan for each driver")),
            Driver::Supplied(supplied) => {
                let known = supplied.iter().filter_map(|(id, quantity)| {
                    let number = books.customers.number(id.as_str())?;
                    Some((number, i128::from((*quantity).max(0))))
                });
                Self::Supplied(known.collect())
            }
        }
    }

    fn get(&self, customer: u32) -> i128 {
        match self {
            Self::Weighed(scan) => scan.value(customer).max(0),
            Self::Present(scan) => i128::from(scan.value(customer) > 0),
            Self::Supplied(quantities) => quantities.get(&customer).copied().unwrap_or(0),
        }
    }
}

impl Spreads {
    /// Spreads amounts over the `active` customers of a scope's period.
    pub fn new(
        books: &Books,
        kept: &KeptScans<'_>,
        scope: &Scope,
        driven: &[Driven],
        active: &Bits,
    ) -> Self {
        if driven.is_empty() {
            return Self::default();
        }
        let whole = Scope {
            branches: Vec::new(),
            traits: Vec::new(),
            ..scope.clone()
        };
        let weights: Vec<&Weights> = driven
            .iter()
            .filter_map(|driven| match &driven.driver {
                Driver::Weighed(weights) | Driver::Present(weights) => Some(weights),
                Driver::Supplied(_) => None,
            })
            .collect();
        let mut scans = match weights.is_empty() {
            true => Vec::new(),
            false => kept.scans(books, &whole, &weights),
        }
        .into_iter();
        let ids = books.id_order();
        let mut parts = vec![0; books.customers.len()];
        let spreads = driven.iter().map(|driven| {
            let quantities = Quantities::of(books, &driven.driver, &mut scans);
            Spread::new(driven, quantities, active, &ids, &mut parts)
        });
        Self {
            spreads: spreads.collect(),
            parts,
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.spreads.is_empty()
    }

    /// What a customer bears of all amounts together, before what rounding leaves over.
    pub fn part(&self, customer: u32) -> Nanos {
        self.parts.get(customer as usize).copied().unwrap_or(0)
    }

    /// The most that anybody bears of what rounding leaves over.
    pub fn most_left_over(&self) -> Nanos {
        // As many as there is memory for.
        to_nanos(1) * self.spreads.len() as Nanos
    }

    /// What a customer with this place by id bears of what rounding leaves over of all amounts together.
    pub fn left_over(&self, customer: u32, place: u32) -> Nanos {
        let spreads = self.spreads.iter();
        spreads
            .map(|spread| to_nanos(spread.left_over(customer, place)))
            .sum()
    }

    /// What a customer with this place by id bears of each amount.
    pub fn shares(&self, customer: u32, place: u32) -> impl Iterator<Item = Micros> {
        let spreads = self.spreads.iter();
        spreads.map(move |spread| spread.share(customer, place))
    }

    /// What some customers, each with its place by id, bear of each amount.
    pub fn sums(&self, customers: impl Iterator<Item = (u32, u32)>) -> Vec<i128> {
        let mut sums = vec![0; self.spreads.len()];
        for (customer, place) in customers {
            for (sum, share) in sums.iter_mut().zip(self.shares(customer, place)) {
                *sum += i128::from(share);
            }
        }
        sums
    }

    /// How much of each amount all active customers bear.
    pub fn allotments(&self) -> Vec<Allotment> {
        let spreads = self.spreads.iter();
        spreads.map(|spread| spread.allotment).collect()
    }
}

impl Spread {
    fn new(
        driven: &Driven,
        quantities: Quantities,
        active: &Bits,
        ids: &IdOrder,
        parts: &mut [Nanos],
    ) -> Self {
        let mut total = 0;
        active.for_each(|customer| total += quantities.get(customer));
        let allotment = driven.allotment(total);
        let mut left_over = i128::from(allotment.amount);
        active.for_each(|customer| {
            let part = allotment.part(quantities.get(customer));
            left_over -= i128::from(part);
            parts[customer as usize] += to_nanos(part);
        });
        let mut first = 0;
        let mut places = (0..).zip(&ids.numbers);
        while left_over > 0
            && let Some((place, customer)) = places.next()
        {
            let bears = active.holds(*customer as usize) && quantities.get(*customer) > 0;
            left_over -= i128::from(bears);
            first = place + 1;
        }
        Self {
            allotment,
            quantities,
            first,
        }
    }

    fn left_over(&self, customer: u32, place: u32) -> Micros {
        Micros::from(place < self.first && self.quantities.get(customer) > 0)
    }

    fn share(&self, customer: u32, place: u32) -> Micros {
        self.allotment.part(self.quantities.get(customer)) + self.left_over(customer, place)
    }
}
