//! Exact fractions for arithmetic on columns: a result is exact or refused, never silently rounded.

use crate::domain::{decimal::MICRO_PLACES, money::divide_half_even};
use rust_decimal::Decimal;

/// An exact fraction in lowest terms; the denominator is above zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rational {
    numerator: i128,
    denominator: i128,
}

/// Why there is no exact result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inexact {
    /// Too many digits to calculate exactly.
    TooLarge,
    /// A division by zero.
    DivisionByZero,
    /// More than six decimal places, and the mapping does not allow rounding.
    TooFine,
}

impl Inexact {
    /// The reason for people.
    pub fn text(self) -> &'static str {
        match self {
            Self::TooLarge => "has too many digits to calculate exactly",
            Self::DivisionByZero => "divides by zero",
            Self::TooFine => {
                "has more than 6 decimal places; round = \"half_even\" allows rounding"
            }
        }
    }
}

impl Rational {
    /// Zero.
    pub const ZERO: Self = Self {
        numerator: 0,
        denominator: 1,
    };

    /// Reads a decimal number such as `-12.5` or `1.2e3`, with at most 28 digits.
    pub fn parse(text: &str) -> Option<Self> {
        let number = match text.contains(['e', 'E']) {
            true => Decimal::from_scientific(text),
            false => Decimal::from_str_exact(text),
        };
        let number = number.ok()?.normalize();
        let denominator = 10_i128.checked_pow(number.scale())?;
        Self::new(number.mantissa(), denominator).ok()
    }

    fn new(numerator: i128, denominator: i128) -> Result<Self, Inexact> {
        let divisor = match greatest_common_divisor(numerator, denominator)? {
            divisor if denominator < 0 => -divisor,
            divisor => divisor,
        };
        Ok(Self {
            numerator: numerator / divisor,
            denominator: denominator / divisor,
        })
    }

    /// The sum.
    pub fn plus(self, other: Self) -> Result<Self, Inexact> {
        let left = product(self.numerator, other.denominator)?;
        let right = product(other.numerator, self.denominator)?;
        let numerator = left.checked_add(right).ok_or(Inexact::TooLarge)?;
        Self::new(numerator, product(self.denominator, other.denominator)?)
    }

    /// The difference.
    pub fn minus(self, other: Self) -> Result<Self, Inexact> {
        self.plus(other.negated()?)
    }

    /// The same on the other side of zero.
    pub fn negated(self) -> Result<Self, Inexact> {
        let numerator = self.numerator.checked_neg().ok_or(Inexact::TooLarge)?;
        Ok(Self { numerator, ..self })
    }

    /// The product.
    pub fn times(self, other: Self) -> Result<Self, Inexact> {
        let numerator = product(self.numerator, other.numerator)?;
        Self::new(numerator, product(self.denominator, other.denominator)?)
    }

    /// The quotient.
    pub fn divided_by(self, other: Self) -> Result<Self, Inexact> {
        if other.numerator == 0 {
            return Err(Inexact::DivisionByZero);
        }
        let numerator = product(self.numerator, other.denominator)?;
        Self::new(numerator, product(self.denominator, other.numerator)?)
    }

    /// As millionths: exact, or rounded half to even if that is allowed.
    pub fn to_micros(self, may_round: bool) -> Result<i64, Inexact> {
        let scaled = product(self.numerator, 10_i128.pow(MICRO_PLACES))?;
        if !may_round && scaled % self.denominator != 0 {
            return Err(Inexact::TooFine);
        }
        // Twice the remainder is compared with the denominator below.
        if self.denominator > i128::MAX / 2 {
            return Err(Inexact::TooLarge);
        }
        let micros = divide_half_even(scaled, self.denominator);
        i64::try_from(micros).map_err(|_| Inexact::TooLarge)
    }
}

fn product(left: i128, right: i128) -> Result<i128, Inexact> {
    left.checked_mul(right).ok_or(Inexact::TooLarge)
}

/// Euclid's algorithm; above zero unless both are zero.
fn greatest_common_divisor(left: i128, right: i128) -> Result<i128, Inexact> {
    let (mut a, mut b) = (left.unsigned_abs(), right.unsigned_abs());
    while b != 0 {
        (a, b) = (b, a % b);
    }
    i128::try_from(a.max(1)).map_err(|_| Inexact::TooLarge)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn number(text: &str) -> Rational {
        Rational::parse(text).unwrap()
    }

    #[test]
    fn quotients_are_exact_or_refused() {
        let list = number("16.448").divided_by(number("0.8")).unwrap();
        assert_eq!(list.to_micros(false), Ok(20_560_000));
        let third = number("1").divided_by(number("3")).unwrap();
        assert_eq!(third.to_micros(false), Err(Inexact::TooFine));
        assert_eq!(third.to_micros(true), Ok(333_333));
        let back = third.times(number("3")).unwrap();
        assert_eq!(back.to_micros(false), Ok(1_000_000));
        assert_eq!(
            number("1").divided_by(Rational::ZERO),
            Err(Inexact::DivisionByZero)
        );
        assert_eq!(number("-1").divided_by(number("-4")), Ok(number("0.25")));
    }

    #[test]
    fn rounding_is_half_to_even() {
        assert_eq!(number("0.0000005").to_micros(true), Ok(0));
        assert_eq!(number("0.0000015").to_micros(true), Ok(2));
        assert_eq!(number("-0.0000015").to_micros(true), Ok(-2));
    }

    #[test]
    fn nothing_overflows() {
        let large = number("79228162514264337593543950335");
        let square = large.times(large);
        assert_eq!(square, Err(Inexact::TooLarge));
        assert_eq!(large.to_micros(false), Err(Inexact::TooLarge));
        assert_eq!(Rational::parse("1e60"), None);
        assert_eq!(Rational::parse("abc"), None);
        assert_eq!(Rational::parse(""), None);
    }

    proptest! {
        #[test]
        fn adding_and_taking_away_is_the_identity(a in any::<i64>(), b in 1_i64.., c in any::<i32>()) {
            let one = Rational::new(i128::from(a), i128::from(b)).unwrap();
            let other = Rational::new(i128::from(c), 1_000).unwrap();
            prop_assert_eq!(one.plus(other).unwrap().minus(other), Ok(one));
        }
    }
}
