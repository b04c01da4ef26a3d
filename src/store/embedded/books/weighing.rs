//! What a question's weights come to, by the number of the account.
//!
//! Values are added up in 64 bits where that is sure to be enough: in multiples of what all weighed quantities are
//! multiples of, such as cents. Otherwise in 128 bits.

use super::{
    accounts::Accounts,
    amounts::{Accumulator, COARSEST, unit_of},
};
use crate::domain::{account::Weights, money::Nanos};
use serde::{Deserialize, Serialize};

/// Sums are kept this far from the end of 64 bits, so that they can be compared and negated.
const ROOM: i128 = 1 << 62;

/// What all quantities of an account have in common, and how large they can get.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct Extent {
    /// All are whole multiples of this.
    unit: i64,
    /// The sum of their magnitudes.
    magnitude: i128,
}

impl Default for Extent {
    fn default() -> Self {
        Self {
            unit: COARSEST,
            magnitude: 0,
        }
    }
}

impl Extent {
    /// Whether there is any quantity but zero.
    pub fn is_used(&self) -> bool {
        self.magnitude != 0
    }

    /// Whether the unit is one that quantities can have.
    pub fn is_possible(&self) -> bool {
        self.unit > 0 && COARSEST % self.unit == 0
    }

    /// Takes in one more quantity.
    pub fn admit(&mut self, quantity: i64) {
        if quantity % self.unit != 0 {
            self.unit = unit_of(quantity, self.unit);
        }
        self.magnitude += i128::from(quantity).abs();
    }
}

/// Weights by the number of the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Weighing<A> {
    /// What a value of 1 stands for, in nano-units.
    pub step: Nanos,
    /// For each account, what it weighs: the value of one of its extent's units, and that unit.
    factors: Vec<Option<(A, i64)>>,
    /// The accounts that weigh anything.
    pub accounts: Vec<u32>,
}

impl<A: Accumulator> Weighing<A> {
    /// Weighs nothing: for questions that only count.
    pub fn nothing() -> Self {
        Self {
            step: 1,
            factors: Vec::new(),
            accounts: Vec::new(),
        }
    }

    /// What `unit` of an account is worth, if it weighs anything. `unit` must be a whole multiple of the extent's.
    pub fn factor(&self, account: u32, unit: i64) -> Option<A> {
        let (factor, own) = self.of_unit(account)?;
        Some(if unit == own {
            factor
        } else {
            factor.times(A::of_narrow(unit / own))
        })
    }

    /// Whether quantities of an account can be counted in `unit`: whether it is a whole multiple of the extent's.
    pub fn has_unit(&self, account: u32, unit: i64) -> bool {
        let factor = self.factors.get(account as usize);
        factor.is_none_or(|factor| factor.as_ref().is_none_or(|(_, own)| unit % own == 0))
    }

    /// What a unit of an account is worth, and that unit, if it weighs anything.
    pub fn of_unit(&self, account: u32) -> Option<(A, i64)> {
        *self.factors.get(account as usize)?
    }

    /// What a quantity of an account is worth, if the account weighs anything.
    pub fn value(&self, account: u32, quantity: i64) -> Option<A> {
        let (factor, own) = self.of_unit(account)?;
        Some(factor.times(A::of_narrow(quantity / own)))
    }
}

/// The weights of a question, by account.
fn weights_of(weights: &Weights, accounts: &Accounts, extents: &[Extent]) -> Vec<(u32, i128)> {
    let all = (0..).zip(extents).take(accounts.len());
    let used = all.filter(|(_, extent)| extent.magnitude != 0);
    used.map(|(number, _)| (number, accounts.weight(number, weights)))
        .filter(|(_, weight)| *weight != 0)
        .collect()
}

fn greatest_common_divisor(a: i128, b: i128) -> i128 {
    if b == 0 {
        a
    } else {
        greatest_common_divisor(b, a % b)
    }
}

/// A weighing in 64 bits, if no sum of these accounts can leave them.
pub(in super::super) fn narrow(
    weights: &Weights,
    accounts: &Accounts,
    extents: &[Extent],
) -> Option<Weighing<i64>> {
    let used = weights_of(weights, accounts, extents);
    let mut step = 0_i128;
    for (account, weight) in &used {
        let per_unit = weight.checked_mul(extents[*account as usize].unit.into())?;
        step = greatest_common_divisor(step, per_unit.checked_abs()?);
    }
    let step = step.max(1);
    let mut reach = 0_i128;
    let mut factors = vec![None; accounts.len()];
    for (account, weight) in &used {
        let extent = extents[*account as usize];
        let factor = weight * i128::from(extent.unit) / step;
        let units = extent.magnitude / i128::from(extent.unit);
        reach = reach.checked_add(factor.checked_abs()?.checked_mul(units)?)?;
        factors[*account as usize] = Some((i64::try_from(factor).ok()?, extent.unit));
    }
    (reach < ROOM).then(|| Weighing {
        step,
        factors,
        accounts: used.iter().map(|(account, _)| *account).collect(),
    })
}

/// A weighing in 128 bits, which hold every sum that there can be.
pub(in super::super) fn wide(
    weights: &Weights,
    accounts: &Accounts,
    extents: &[Extent],
) -> Weighing<i128> {
    let used = weights_of(weights, accounts, extents);
    let mut factors = vec![None; accounts.len()];
    for (account, weight) in &used {
        factors[*account as usize] = Some((*weight, 1));
    }
    Weighing {
        step: 1,
        factors,
        accounts: used.iter().map(|(account, _)| *account).collect(),
    }
}
