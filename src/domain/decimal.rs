//! Exact decimal numbers as integers of a fixed scale: quantities in millionths, minutes in thousandths.

use super::problem::Problem;
use rust_decimal::Decimal;
use std::fmt;

/// Decimal places of quantities, rates and number traits: they are kept as integers of millionths.
pub const MICRO_PLACES: u32 = 6;
/// Decimal places of minutes: they are kept as integers of thousandths.
pub const MILLI_PLACES: u32 = 3;

/// The most bytes of a decimal text: enough for every number that is kept, however it is written.
const TEXT_LIMIT: usize = 64;

/// Reads a decimal text such as `-12.5` or `1.2e3` as an integer of `10^-places`, exactly or not at all.
pub fn parse_fixed(
    text: &str,
    places: u32,
    field: impl fmt::Display + Copy,
) -> Result<i64, Problem> {
    if text.is_empty() {
        return Err(Problem::field_required(field));
    }
    if text.len() > TEXT_LIMIT {
        return Err(Problem::field_too_long(field, TEXT_LIMIT, text.len()));
    }
    // The parser takes '_' between digits, which no decimal of the contract has.
    if text.contains('_') {
        return Err(Problem::field_invalid(field, "is not a decimal number"));
    }
    let parsed = match text.split_once(['e', 'E']) {
        // The parser of exponents rounds the digits before them: they are read exactly first.
        Some((digits, _)) => {
            Decimal::from_str_exact(digits).and_then(|_| Decimal::from_scientific(text))
        }
        None => Decimal::from_str_exact(text),
    };
    let number = match parsed {
        Ok(number) => number.normalize(),
        // A number with a great exponent is told by the parser in the words of one with too many places.
        Err(rust_decimal::Error::ScaleExceedsMaximumPrecision(_)) if has_great_exponent(text) => {
            return Err(out_of_range(places, field));
        }
        Err(
            rust_decimal::Error::Underflow | rust_decimal::Error::ScaleExceedsMaximumPrecision(_),
        ) => return Err(Problem::number_too_fine(field, places)),
        Err(
            rust_decimal::Error::ExceedsMaximumPossibleValue
            | rust_decimal::Error::LessThanMinimumPossibleValue,
        ) => return Err(out_of_range(places, field)),
        Err(_) => return Err(Problem::field_invalid(field, "is not a decimal number")),
    };
    if number.scale() > places {
        return Err(Problem::number_too_fine(field, places));
    }
    10_i128
        .checked_pow(places - number.scale())
        .and_then(|factor| number.mantissa().checked_mul(factor))
        .and_then(|scaled| i64::try_from(scaled).ok())
        .ok_or_else(|| out_of_range(places, field))
}

/// Whether a text has an exponent of ten that is not below zero.
fn has_great_exponent(text: &str) -> bool {
    text.split_once(['e', 'E'])
        .is_some_and(|(_, exponent)| !exponent.starts_with('-'))
}

fn out_of_range(places: u32, field: impl fmt::Display + Copy) -> Problem {
    let limit = format_fixed(i128::from(i64::MAX), places);
    Problem::number_out_of_range(field, &format!("-{limit}"), &limit)
}

/// Writes an integer of `10^-places` as a decimal text without needless zeros.
pub fn format_fixed(value: i128, places: u32) -> String {
    let scale = 10_u128.pow(places);
    let magnitude = value.unsigned_abs();
    let sign = if value < 0 { "-" } else { "" };
    let whole = magnitude / scale;
    let fraction = magnitude % scale;
    if fraction == 0 {
        return format!("{sign}{whole}");
    }
    let digits = format!("{fraction:0width$}", width = places as usize);
    format!("{sign}{whole}.{}", digits.trim_end_matches('0'))
}

/// Checks that a number is from `minimum` to `maximum`, all in `10^-places`.
pub fn check_range(
    value: i64,
    minimum: i64,
    maximum: i64,
    places: u32,
    field: impl fmt::Display + Copy,
) -> Result<i64, Problem> {
    if (minimum..=maximum).contains(&value) {
        return Ok(value);
    }
    let text = |limit| format_fixed(i128::from(limit), places);
    Err(Problem::number_out_of_range(
        field,
        &text(minimum),
        &text(maximum),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::problem::Reason;
    use proptest::prelude::*;

    #[test]
    fn reads_exactly_or_not_at_all() {
        let read = |text: &str| parse_fixed(text, 6, "x").map_err(|p| p.reason);
        assert_eq!(read("12.5"), Ok(12_500_000));
        assert_eq!(read("-0.000001"), Ok(-1));
        assert_eq!(read("1.2e3"), Ok(1_200_000_000));
        assert_eq!(read("1.50000000000"), Ok(1_500_000));
        assert_eq!(read("0.0000001"), Err(Reason::NumberTooFine));
        assert_eq!(
            read("0.00000000000000000000000000000000001"),
            Err(Reason::NumberTooFine)
        );
        assert_eq!(read("9223372036854.775807"), Ok(i64::MAX));
        assert_eq!(read("9223372036854.775808"), Err(Reason::NumberOutOfRange));
        assert_eq!(read("1e40"), Err(Reason::NumberOutOfRange));
        assert_eq!(read("1e99"), Err(Reason::NumberOutOfRange));
        assert_eq!(read("1e-99"), Err(Reason::NumberTooFine));
        assert_eq!(read("NaN"), Err(Reason::FieldInvalid));
        assert_eq!(read("1,5"), Err(Reason::FieldInvalid));
        assert_eq!(read(""), Err(Reason::FieldRequired));
    }

    #[test]
    fn an_exponent_does_not_round_the_digits_before_it() {
        let read = |text: &str| parse_fixed(text, 6, "x").map_err(|p| p.reason);
        // 0.49, which the parser would take for zero.
        let small = format!("0.{}49e28", "0".repeat(28));
        assert_eq!(read(&small), Err(Reason::NumberTooFine));
        let fine = format!("1.{}4e0", "0".repeat(28));
        assert_eq!(read(&fine), Err(Reason::NumberTooFine));
        assert_eq!(read("1_000"), Err(Reason::FieldInvalid));
        assert_eq!(read("1_0e2"), Err(Reason::FieldInvalid));
        assert_eq!(read("e2"), Err(Reason::FieldInvalid));
    }

    proptest! {
        #[test]
        fn writing_and_reading_is_the_identity(value in any::<i64>()) {
            prop_assert_eq!(parse_fixed(&format_fixed(i128::from(value), 6), 6, "x"), Ok(value));
        }
    }
}
