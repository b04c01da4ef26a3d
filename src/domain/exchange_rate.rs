//! Exchange rates by day, and amounts that are converted by them.
//!
//! A rate is an exact decimal number. It holds on its own day and between its own two currencies in its own direction:
//! nothing is worked out from other days, from the other direction or by way of a third currency.

use super::{
    activity::{Activity, Kind, Price},
    ledger::Position,
    money::{Currency, Micros, divide_half_even},
    problem::{Problem, Reason},
    relationship::Relationship,
    time::{Day, Instant, Period},
};
use ethnum::I256;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The most significant digits of a rate, and the most decimal places.
pub const RATE_DIGITS: u32 = 18;
/// The most bytes of a decimal text.
const TEXT_LIMIT: usize = 64;
/// The most bytes of a source.
pub const SOURCE_LIMIT: usize = 128;

/// How many units of one currency a unit of another is worth: `mantissa / 10^scale`, above zero, without needless
/// zeros at its end, so that equal rates are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Rate {
    mantissa: u64,
    scale: u8,
}

impl Rate {
    /// Reads a decimal text such as `0.85` exactly or not at all.
    pub fn parse(text: &str, field: impl fmt::Display + Copy) -> Result<Self, Problem> {
        if text.is_empty() {
            return Err(Problem::field_required(field));
        }
        if text.len() > TEXT_LIMIT {
            return Err(Problem::field_too_long(field, TEXT_LIMIT, text.len()));
        }
        let invalid = || Problem::field_invalid(field, "is not a decimal number");
        if text.contains('_') {
            return Err(invalid());
        }
        // The parser of exponents rounds the digits before them: they are read exactly first.
        let parts = text.split_once(['e', 'E']);
        let has_great_exponent = parts.is_some_and(|(_, exponent)| !exponent.starts_with('-'));
        let parsed = match parts {
            Some((digits, _)) => {
                Decimal::from_str_exact(digits).and_then(|_| Decimal::from_scientific(text))
            }
            None => Decimal::from_str_exact(text),
        };
        let number = match parsed {
            Ok(number) => number.normalize(),
            // A number with a great exponent is told by the parser in the words of one with too many places.
            Err(rust_decimal::Error::ScaleExceedsMaximumPrecision(_)) if has_great_exponent => {
                return Err(out_of_range(field));
            }
            Err(
                rust_decimal::Error::Underflow
                | rust_decimal::Error::ScaleExceedsMaximumPrecision(_),
            ) => return Err(Problem::number_too_fine(field, RATE_DIGITS)),
            Err(
                rust_decimal::Error::ExceedsMaximumPossibleValue
                | rust_decimal::Error::LessThanMinimumPossibleValue,
            ) => return Err(out_of_range(field)),
            Err(_) => return Err(invalid()),
        };
        if number.mantissa() <= 0 {
            return Err(out_of_range(field));
        }
        if number.scale() > RATE_DIGITS {
            return Err(Problem::number_too_fine(field, RATE_DIGITS));
        }
        let mantissa = u64::try_from(number.mantissa());
        let mantissa = mantissa
            .ok()
            .filter(|digits| *digits < 10_u64.pow(RATE_DIGITS));
        let mantissa = mantissa.ok_or_else(|| match number.scale() {
            0 => out_of_range(field),
            _ => Problem::field_invalid(field, "has more than 18 significant digits"),
        })?;
        // The scale is at most 18.
        let scale = u8::try_from(number.scale()).unwrap_or(u8::MAX);
        Ok(Self { mantissa, scale })
    }

    /// A rate that was kept: its digits without a point, and how many of them stand after it.
    pub fn of_parts(mantissa: u64, scale: u8) -> Option<Self> {
        let is_sound = mantissa > 0 && u32::from(scale) <= RATE_DIGITS;
        is_sound.then_some(Self { mantissa, scale })
    }

    /// What [`Rate::of_parts`] takes.
    pub fn parts(self) -> (u64, u8) {
        (self.mantissa, self.scale)
    }

    /// An amount times the rate, rounded once, half to even, to a whole number of what it is counted in. `None` if that
    /// does not fit.
    pub fn convert(self, amount: Micros) -> Option<Micros> {
        // 63 and 64 bits: the product has at most 127.
        let product = i128::from(amount) * i128::from(self.mantissa);
        Micros::try_from(divide_half_even(product, self.denominator())).ok()
    }

    /// An exact sum of nano-units times the rate, in micro-units, rounded once, half to even. `None` if that does not
    /// fit.
    pub fn convert_nanos(self, nanos: i128) -> Option<Micros> {
        let product = I256::from(nanos) * I256::from(self.mantissa);
        let denominator = I256::from(self.denominator()) * I256::from(1_000);
        let floor = product.div_euclid(denominator);
        let twice = product.rem_euclid(denominator) * I256::from(2);
        let rounds_up = twice > denominator || twice == denominator && floor % I256::from(2) != 0;
        Micros::try_from(floor + I256::from(u8::from(rounds_up))).ok()
    }

    /// One over the rate, to 18 significant digits and decimal places, rounded half to even. `None` if nothing is left.
    pub fn reciprocal(self) -> Option<Self> {
        (0..=RATE_DIGITS).rev().find_map(|places| {
            // At most 10^36.
            let scaled = 10_i128.pow(u32::from(self.scale) + places);
            let digits = divide_half_even(scaled, i128::from(self.mantissa));
            let fits = digits > 0 && digits < 10_i128.pow(RATE_DIGITS);
            let number = fits.then(|| Decimal::from_i128_with_scale(digits, places).normalize())?;
            let (mantissa, scale) = (number.mantissa().try_into().ok()?, number.scale());
            Self::of_parts(mantissa, u8::try_from(scale).ok()?)
        })
    }

    fn denominator(self) -> i128 {
        10_i128.pow(u32::from(self.scale))
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = super::decimal::format_fixed(i128::from(self.mantissa), u32::from(self.scale));
        f.write_str(&text)
    }
}

fn out_of_range(field: impl fmt::Display + Copy) -> Problem {
    Problem::number_out_of_range(field, "0.000000000000000001", "999999999999999999")
}

/// Between which currencies, in this direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Pair {
    /// The currency that is converted.
    pub from: Currency,
    /// What it is converted into.
    pub to: Currency,
}

/// A rate of one day, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExchangeRate {
    /// Between what.
    pub pair: Pair,
    /// On which day.
    pub day: Day,
    /// How many units of the second currency a unit of the first is worth.
    pub rate: Rate,
    /// Who says so.
    pub source: String,
}

/// A stored rate with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRate {
    /// Where it was written.
    pub position: Position,
    /// When the server took it in.
    pub record_time: Instant,
    /// What it is.
    pub rate: ExchangeRate,
}

/// Asks for stored rates, in the order of pairs and days: of each day the version that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateQuestion {
    /// Only from this currency.
    pub from: Option<Currency>,
    /// Only into this one.
    pub to: Option<Currency>,
    /// Only of these days.
    pub period: Period,
    /// Only what comes after this pair and day.
    pub after: Option<(Pair, Day)>,
    /// As of this position.
    pub as_of: Position,
    /// At most so many.
    pub limit: usize,
}

/// How an activity came to amounts in the currency of the books.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Original {
    /// What it was submitted in.
    pub currency: Currency,
    /// The submitted amounts in micro-units, in the order of [`for_each_amount`].
    pub amounts: Vec<Micros>,
    /// The rate that they were converted at.
    pub rate: Rate,
    /// The day of that rate.
    pub rate_day: Day,
    /// Who said so.
    pub source: String,
}

/// Calls `visit` with every amount of money of what happened, in the order of the contract, with its field.
pub fn for_each_amount<P>(
    kind: &mut Kind,
    mut visit: impl FnMut(&'static str, &mut Micros) -> Result<(), P>,
) -> Result<(), P> {
    match kind {
        Kind::Sale {
            revenue,
            cost_of_goods,
            quantity: _,
            price,
        } => {
            visit("sale.revenue", revenue)?;
            visit_some("sale.cost_of_goods", cost_of_goods, &mut visit)?;
            match price {
                None => Ok(()),
                Some(Price::List(amount)) => visit("sale.list_amount", amount),
                Some(Price::Discount(amount)) => visit("sale.discount_amount", amount),
            }
        }
        Kind::Refund {
            amount,
            recovered_cost_of_goods: recovered,
            paid_out: _,
        } => {
            visit("refund.amount", amount)?;
            visit_some("refund.recovered_cost_of_goods", recovered, &mut visit)
        }
        Kind::DirectCost { kind: _, amount } => visit("direct_cost.amount", amount),
        Kind::Effort { .. } | Kind::Referral { .. } | Kind::Dispute { .. } => Ok(()),
        Kind::Complaint { compensation, .. } => {
            visit_some("complaint.compensation", compensation, &mut visit)
        }
        Kind::SpecialDemand { cost, .. } => visit_some("special_demand.cost", cost, &mut visit),
        Kind::Invoice { amount, .. } => visit("invoice.amount", amount),
        Kind::CreditNote { amount, .. } => visit("credit_note.amount", amount),
        Kind::Payment { amount, .. } => visit("payment.amount", amount),
        Kind::WriteOff { amount, .. } => visit("write_off.amount", amount),
        Kind::Relationship(relationship) => match relationship {
            Relationship::CausedCost { amount, .. } => visit("direct_cost.amount", amount),
            Relationship::Bonus { amount, .. } => visit("bonus.amount", amount),
            Relationship::Appreciation { amount, .. } => visit("appreciation.amount", amount),
            Relationship::Acquisition { amount, .. } => visit("acquisition.amount", amount),
            Relationship::RetentionSpend { amount, .. } => visit("retention_spend.amount", amount),
            Relationship::Externality { estimate, .. } => visit("externality.estimate", estimate),
            Relationship::QualifiedEffort { .. }
            | Relationship::Feedback { .. }
            | Relationship::QualitativeFactor { .. }
            | Relationship::Advocacy(_) => Ok(()),
        },
    }
}

fn visit_some<P>(
    field: &'static str,
    amount: &mut Option<Micros>,
    visit: &mut impl FnMut(&'static str, &mut Micros) -> Result<(), P>,
) -> Result<(), P> {
    amount
        .as_mut()
        .map_or(Ok(()), |amount| visit(field, amount))
}

/// Converts every amount of what happened; gives the amounts as they were. Refused, with the field relative to the
/// activity, if one of them does not fit.
pub fn convert_amounts(kind: &mut Kind, rate: Rate) -> Result<Vec<Micros>, Problem> {
    let mut before = Vec::new();
    for_each_amount(kind, |field, amount| {
        before.push(*amount);
        let converted = rate.convert(*amount);
        *amount = converted.ok_or_else(|| converted_out_of_range(field))?;
        Ok::<_, Problem>(())
    })?;
    if let Kind::Sale {
        revenue,
        price: Some(Price::Discount(discount)),
        ..
    } = kind
        && revenue.checked_add(*discount).is_none()
    {
        return Err(converted_out_of_range("sale.discount_amount"));
    }
    Ok(before)
}

fn converted_out_of_range(field: &'static str) -> Problem {
    let limit = super::decimal::format_fixed(i128::from(Micros::MAX), super::decimal::MICRO_PLACES);
    let message = format!("{field} must be from 0 to {limit} after its conversion");
    let variables = [("minimum", "0".to_owned()), ("maximum", limit)];
    Problem::new(Reason::NumberOutOfRange, field, message, variables)
}

impl Activity {
    /// What happened as it was submitted, in the currency that it was submitted in.
    pub fn submitted_kind(&self) -> Kind {
        let mut kind = self.kind.clone();
        if let Some(original) = &self.original {
            let mut amounts = original.amounts.iter();
            let put_back = |_: &'static str, amount: &mut Micros| {
                amounts.next().map(|original| *amount = *original).ok_or(())
            };
            // As many as there are: they were taken from the same amounts.
            let _ = for_each_amount(&mut kind, put_back);
        }
        kind
    }
}

/// There is no rate of a day.
pub fn rate_not_found(pair: Pair, day: Day, field: &str) -> Problem {
    let Pair { from, to } = pair;
    let message = format!("there is no exchange rate from {from} to {to} of {day}");
    let variables = [
        ("from", from.to_string()),
        ("to", to.to_string()),
        ("day", day.to_string()),
    ];
    Problem::new(Reason::ExchangeRateNotFound, field, message, variables)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rate(text: &str) -> Rate {
        Rate::parse(text, "rate").unwrap()
    }

    #[test]
    fn a_rate_is_read_exactly_or_refused_by_name() {
        for text in [
            "0.646621403168445",
            "1",
            "0.000000000000000001",
            "999999999999999999",
        ] {
            assert_eq!(rate(text).to_string(), text);
        }
        assert_eq!(rate("1.50"), rate("15e-1"));
        let refused = |text: &str| Rate::parse(text, "rate").unwrap_err().reason;
        assert_eq!(refused(""), Reason::FieldRequired);
        assert_eq!(refused("0"), Reason::NumberOutOfRange);
        assert_eq!(refused("-1"), Reason::NumberOutOfRange);
        assert_eq!(refused("1e30"), Reason::NumberOutOfRange);
        assert_eq!(refused("1000000000000000000"), Reason::NumberOutOfRange);
        assert_eq!(refused("0.0000000000000000001"), Reason::NumberTooFine);
        assert_eq!(refused("1.000000000000000001"), Reason::FieldInvalid);
        assert_eq!(refused("1,5"), Reason::FieldInvalid);
        assert_eq!(refused("1_0"), Reason::FieldInvalid);
    }

    #[test]
    fn a_reciprocal_has_as_many_digits_as_a_rate_can_have() {
        let reciprocal = |text: &str| rate(text).reciprocal().map(|rate| rate.to_string());
        assert_eq!(reciprocal("0.8").unwrap(), "1.25");
        assert_eq!(reciprocal("3").unwrap(), "0.333333333333333333");
        assert_eq!(reciprocal("0.0085").unwrap(), "117.647058823529412");
        assert_eq!(reciprocal("0.000000000000000001"), None);
        assert_eq!(
            reciprocal("999999999999999999").unwrap(),
            "0.000000000000000001"
        );
    }

    #[test]
    fn amounts_are_rounded_once_half_to_even() {
        let half = rate("0.5");
        let rounded = [1, 3, 5, -1, -3].map(|amount| half.convert(amount).unwrap());
        assert_eq!(rounded, [0, 2, 2, 0, -2]);
        assert_eq!(
            rate("0.646621403168445").convert(2_024_994_000),
            Some(1_309_404_462)
        );
        assert_eq!(rate("2").convert(i64::MAX), None);
        assert_eq!(half.convert_nanos(3_000), Some(2));
        assert_eq!(half.convert_nanos(1_000), Some(0));
        assert_eq!(half.convert_nanos(1_001), Some(1));
        assert_eq!(rate("999999999999999999").convert_nanos(i128::MAX), None);
    }

    proptest! {
        #[test]
        fn both_ways_of_converting_round_the_same(
            amount in any::<i64>(), mantissa in 1..10_u64.pow(18), scale in 0..=18_u8,
        ) {
            let rate = Rate::of_parts(mantissa, scale).unwrap();
            prop_assert_eq!(rate.convert(amount), rate.convert_nanos(i128::from(amount) * 1_000));
        }

        #[test]
        fn a_greater_amount_is_never_worth_less(
            a in any::<i64>(), b in any::<i64>(), mantissa in 1..10_u64.pow(18), scale in 9..=18_u8,
        ) {
            let rate = Rate::of_parts(mantissa, scale).unwrap();
            let (low, high) = (a.min(b), a.max(b));
            if let (Some(low), Some(high)) = (rate.convert(low), rate.convert(high)) {
                prop_assert!(low <= high);
            }
        }
    }
}
