//! What more of a product would bring with a customer who buys it, in exact amounts.

use super::{
    money::{NANOS_PER_MICRO, Nanos, divide_half_even},
    price_terms::WHOLE,
};

/// What a customer bought of a product, and what that took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bought {
    /// In millionths of a unit.
    pub quantity: i128,
    /// At list price, in nano-units.
    pub gross: Nanos,
    /// What was discounted, in nano-units.
    pub discounts: Nanos,
    /// Cost of goods, refunds and direct costs, in nano-units.
    pub costs: Nanos,
    /// In millionths of a unit, of all products.
    pub all_quantity: i128,
    /// Working time for all products, in thousandths of a minute.
    pub all_milli_minutes: i128,
}

/// What more of it would bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Potential {
    /// How many units more, in millionths.
    pub units: i128,
    /// The list price of a unit, in nano-units to the micro-unit.
    pub list_price: Nanos,
    /// What a unit more would be charged, in the same way.
    pub net_price: Nanos,
    /// What the units would bring.
    pub margin: Nanos,
    /// How long they would take, in thousandths of a minute.
    pub milli_minutes: i128,
}

/// `amount * part / whole`, rounded half to even to whole multiples of `unit`; `None` if it is too large.
fn part_of(amount: i128, part: i128, whole: i128, unit: i128) -> Option<i128> {
    let exact = amount.checked_mul(part)?;
    divide_half_even(exact, whole.checked_mul(unit)?).checked_mul(unit)
}

impl Bought {
    /// What `units` more bring, at the list price less the nominal discount of the customer's tier (in millionths), or
    /// at what it paid. `None` if amounts are too large to be multiplied; the quantity must be above zero.
    pub fn potential(&self, units: i128, nominal_discount: Option<u32>) -> Option<Potential> {
        let (one, quantity) = (i128::from(WHOLE), self.quantity);
        let charged = match nominal_discount {
            Some(discount) => {
                let kept = one - i128::from(discount);
                part_of(self.gross, kept, one, 1)?
            }
            None => self.gross - self.discounts,
        };
        let price = |whole| part_of(whole, one, quantity, NANOS_PER_MICRO);
        let milli_minutes = match self.all_quantity > 0 {
            true => part_of(self.all_milli_minutes, units, self.all_quantity, 1)?,
            false => 0,
        };
        Some(Potential {
            units,
            list_price: price(self.gross)?,
            net_price: price(charged)?,
            margin: part_of(charged - self.costs, units, quantity, NANOS_PER_MICRO)?,
            milli_minutes,
        })
    }
}

/// What three of four buyers do not exceed: the quantity at place `ceil(3 n / 4)` of the ascending order.
pub fn upper_quartile(quantities: &mut [i128]) -> i128 {
    quantities.sort_unstable();
    let place = (quantities.len() * 3).div_ceil(4);
    match place.checked_sub(1) {
        Some(place) => quantities[place],
        None => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::NANOS_PER_UNIT;

    const UNIT: i128 = 1_000_000;

    /// 10 licences at 100, charged 900, that cost 400; 40 units of anything took 80 minutes.
    fn bought() -> Bought {
        Bought {
            quantity: 10 * UNIT,
            gross: 1_000 * NANOS_PER_UNIT,
            discounts: 100 * NANOS_PER_UNIT,
            costs: 400 * NANOS_PER_UNIT,
            all_quantity: 40 * UNIT,
            all_milli_minutes: 80_000,
        }
    }

    #[test]
    fn further_units_cost_what_the_tier_says() {
        // 50 more at 100 less 20%, which cost 40: 50 * 40, and take 2 minutes each.
        let tier = bought().potential(50 * UNIT, Some(200_000)).unwrap();
        assert_eq!(tier.list_price, 100 * NANOS_PER_UNIT);
        assert_eq!(tier.net_price, 80 * NANOS_PER_UNIT);
        assert_eq!(tier.margin, 2_000 * NANOS_PER_UNIT);
        assert_eq!(tier.milli_minutes, 100_000);
        // Without a tier at what was paid: 90 less 40.
        let paid = bought().potential(50 * UNIT, None).unwrap();
        assert_eq!(paid.net_price, 90 * NANOS_PER_UNIT);
        assert_eq!(paid.margin, 2_500 * NANOS_PER_UNIT);
    }

    #[test]
    fn prices_are_rounded_once_and_margins_are_not_made_of_them() {
        let mut third = bought();
        third.quantity = 3 * UNIT;
        let found = third.potential(3 * UNIT, None).unwrap();
        assert_eq!(found.net_price, 300 * NANOS_PER_UNIT);
        assert_eq!(found.list_price, 333_333_333_000);
        assert_eq!(
            found.margin,
            500 * NANOS_PER_UNIT,
            "exactly what three brought"
        );
    }

    #[test]
    fn amounts_that_are_too_large_are_told() {
        let mut huge = bought();
        huge.gross = i128::MAX / 2;
        assert_eq!(huge.potential(UNIT, Some(1)), None);
    }

    #[test]
    fn three_of_four_do_not_exceed_the_upper_quartile() {
        assert_eq!(upper_quartile(&mut [4, 1, 3, 2]), 3);
        assert_eq!(upper_quartile(&mut [5]), 5);
        assert_eq!(upper_quartile(&mut [2, 1]), 2);
        assert_eq!(upper_quartile(&mut []), 0);
    }
}
