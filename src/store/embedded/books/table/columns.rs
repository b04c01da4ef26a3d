//! The columns of a table by account.

use super::{AT_ONCE, Table};
use crate::{
    domain::time::Day,
    store::embedded::books::amounts::{Accumulator, Amounts},
};
use std::ops::Range;

/// What the rows of a table post under one account.
#[derive(Debug, Clone, Copy)]
pub(in super::super::super) enum Posted<'t> {
    /// 1 each.
    One,
    /// Quantities.
    Amounts(&'t Amounts),
}

impl Posted<'_> {
    /// What all quantities are whole multiples of.
    pub fn unit(&self) -> i64 {
        match self {
            Self::One => 1,
            Self::Amounts(column) => column.unit(),
        }
    }

    /// How many units there can be in one row at most.
    pub fn reach(&self) -> i128 {
        match self {
            Self::One => 1,
            Self::Amounts(column) => column.reach(),
        }
    }
}

impl Table {
    /// What the rows post under an account that is not working time, if they do.
    pub fn posted(&self, account: u32) -> Option<Posted<'_>> {
        if self.layout.counts().any(|own| own == account) {
            return Some(Posted::One);
        }
        let mut accounts = self.layout.quantities();
        let place = accounts.position(|own| own == Some(account))?;
        self.quantities.get(place).map(Posted::Amounts)
    }

    /// Adds what the rows post, in multiples of `unit`, to the sums of their customers.
    pub fn add_posted<A: Accumulator>(&self, posted: Posted<'_>, unit: i64, sums: &mut [A]) {
        let times = A::of_narrow(self.layout.sign() * (posted.unit() / unit));
        let mut worth = [times; AT_ONCE];
        for start in (0..self.len()).step_by(AT_ONCE) {
            let rows = start..(start + AT_ONCE).min(self.len());
            let worth = &mut worth[..rows.len()];
            if let Posted::Amounts(column) = posted {
                worth.fill(A::default());
                column.add_scaled(rows.clone(), times, worth);
            }
            for (customer, worth) in self.customers[rows].iter().zip(worth) {
                let sum = &mut sums[usize::from(*customer)];
                *sum = sum.plus(*worth);
            }
        }
    }

    /// The day, the customer and the signed quantity of each posting.
    pub fn for_each_posted(&self, posted: Posted<'_>, mut visit: impl FnMut(Day, u16, i64)) {
        for (day, range) in self.days_of(0..self.len()) {
            for place in range {
                let quantity = match posted {
                    Posted::One => 1,
                    // What one row posts has 64 bits.
                    Posted::Amounts(column) => i64::try_from(column.get(place)).unwrap_or(i64::MAX),
                };
                visit(day, self.customers[place], self.layout.sign() * quantity);
            }
        }
    }

    /// The place and the day of each row of some days that is under an account manager.
    pub fn for_each_of_manager(
        &self,
        days: &Range<Day>,
        manager: u32,
        mut visit: impl FnMut(usize, Day),
    ) {
        let managers = &self.account_managers;
        if managers.same().is_some_and(|only| only != manager) {
            return;
        }
        for (day, range) in self.days_of(self.range(days)) {
            for place in range.filter(|place| managers.get(*place) == manager) {
                visit(place, day);
            }
        }
    }

    /// The account of each posting of working time beside its day, customer and signed quantity.
    pub fn for_each_worked(&self, mut visit: impl FnMut(u32, Day, u16, i64)) {
        let mut accounts = self.layout.quantities();
        let Some(place) = accounts.position(|own| own.is_none()) else {
            return;
        };
        let mut row = 0;
        self.for_each_posted(
            Posted::Amounts(&self.quantities[place]),
            |day, customer, quantity| {
                visit(self.minutes.get(row), day, customer, quantity);
                row += 1;
            },
        );
    }
}
