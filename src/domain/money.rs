//! Money as integers: amounts in micro-units, exact sums in nano-units.
//!
//! An activity's amount is a whole number of micro-units (10^-6 of the currency unit) in an `i64`. Minutes are
//! thousandths and rates are micro-units per minute, so their product is a whole number of nano-units (10^-9), which is
//! also what `google.type.Money` can carry: working time is turned into money without any rounding.

use super::problem::Problem;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Nano-units in a micro-unit.
pub const NANOS_PER_MICRO: i128 = 1_000;
/// Micro-units in a unit.
pub const MICROS_PER_UNIT: i64 = 1_000_000;
/// Nano-units in a unit.
pub const NANOS_PER_UNIT: i128 = 1_000_000_000;

/// An ISO 4217 currency code: three capital letters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Currency([u8; 3]);

impl Currency {
    /// Takes a code that a client or an operator gave.
    pub fn parse(text: &str, field: impl fmt::Display + Copy) -> Result<Self, Problem> {
        match text.as_bytes() {
            [] => Err(Problem::field_required(field)),
            &[a, b, c] if [a, b, c].iter().all(u8::is_ascii_uppercase) => Ok(Self([a, b, c])),
            _ => Err(Problem::field_invalid(
                field,
                "is not a currency code of three capital letters",
            )),
        }
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        // Three capital letters by construction, or read back under a checksum.
        std::str::from_utf8(&self.0).unwrap_or("???")
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An amount in micro-units of the reporting currency.
pub type Micros = i64;

/// An exact sum in nano-units of the reporting currency.
pub type Nanos = i128;

/// A micro-unit amount as a nano-unit sum.
pub fn to_nanos(micros: Micros) -> Nanos {
    Nanos::from(micros) * NANOS_PER_MICRO
}

/// Whole units and the nano-units beyond them of one amount on the wire, both of one sign, as micro-units.
pub fn micros_from_parts(
    units: i64,
    nanos: i32,
    field: impl fmt::Display + Copy,
) -> Result<Micros, Problem> {
    let inner = |name: &str| {
        let field = field.to_string();
        if field.is_empty() {
            name.to_owned()
        } else {
            format!("{field}.{name}")
        }
    };
    if !(-999_999_999..=999_999_999).contains(&nanos) {
        return Err(Problem::number_out_of_range(
            &inner("nanos"),
            "-999999999",
            "999999999",
        ));
    }
    if (units > 0 && nanos < 0) || (units < 0 && nanos > 0) {
        return Err(Problem::field_invalid(
            &inner("nanos"),
            "has another sign than units",
        ));
    }
    if nanos % 1_000 != 0 {
        return Err(Problem::number_too_fine(&inner("nanos"), 6));
    }
    units
        .checked_mul(MICROS_PER_UNIT)
        .and_then(|micros| micros.checked_add(i64::from(nanos / 1_000)))
        .ok_or_else(|| {
            Problem::number_out_of_range(&inner("units"), "-9223372036854", "9223372036854")
        })
}

/// Divides, rounding half to even: the one rounding of this project.
pub fn divide_half_even(numerator: i128, denominator: i128) -> i128 {
    assert!(denominator > 0, "the denominator is above zero");
    let floor = numerator.div_euclid(denominator);
    let remainder = numerator.rem_euclid(denominator);
    match (remainder * 2).cmp(&denominator) {
        std::cmp::Ordering::Less => floor,
        std::cmp::Ordering::Greater => floor + 1,
        std::cmp::Ordering::Equal => floor + (floor & 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::problem::Reason;

    #[test]
    fn amounts_are_exact_or_refused_by_name() {
        assert_eq!(micros_from_parts(12, 345_678_000, "a"), Ok(12_345_678));
        assert_eq!(micros_from_parts(-12, -345_678_000, "a"), Ok(-12_345_678));
        let refused = |units, nanos| micros_from_parts(units, nanos, "amount").unwrap_err();
        assert_eq!(refused(1, 1).reason, Reason::NumberTooFine);
        assert_eq!(refused(1, 1).field, "amount.nanos");
        assert_eq!(refused(1, -1_000).reason, Reason::FieldInvalid);
        assert_eq!(refused(0, 1_000_000_000).reason, Reason::NumberOutOfRange);
        assert_eq!(refused(i64::MAX, 0).field, "amount.units");
    }

    #[test]
    fn rounds_half_to_even() {
        let rounded = [-5, -3, -1, 1, 3, 5].map(|n| divide_half_even(n, 2));
        assert_eq!(rounded, [-2, -2, 0, 0, 2, 2]);
        assert_eq!(divide_half_even(-7, 3), -2);
    }

    #[test]
    fn a_currency_is_three_capital_letters() {
        assert_eq!(Currency::parse("USD", "c").unwrap().as_str(), "USD");
        assert!(Currency::parse("usd", "c").is_err());
        assert!(Currency::parse("US", "c").is_err());
    }
}
