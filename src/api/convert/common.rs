//! Amounts, numbers, instants, periods, positions, pages and outcomes.

use crate::{
    api::{
        pb::{self, google_type},
        wire::activity::MoneyView,
    },
    domain::{
        closing::Month,
        decimal::{self, MICRO_PLACES, MILLI_PLACES},
        ledger::{Outcome, Position, WriteMode},
        money::{self, Currency, Micros, NANOS_PER_UNIT, Nanos},
        problem::{Problem, Reason},
        time::{Instant, Period},
    },
    service::{ReadOptions, Settings},
};
use std::{
    collections::BTreeSet,
    fmt::{self, Display},
};

/// The most items a batch can have.
pub const BATCH_LIMIT: usize = 1_000;
/// The most items a page can have.
pub const PAGE_LIMIT: usize = 1_000;
/// How many items a page has by default.
pub const PAGE_DEFAULT: usize = 50;

/// The path of a field, which is written out only if something is refused.
#[derive(Debug, Clone, Copy)]
pub enum Path<'p> {
    /// An item of a list.
    Item(&'static str, usize),
    /// A field of what is at a path.
    Field(&'p Path<'p>, &'static str),
}

impl Path<'_> {
    /// The path of a field below.
    pub fn at(&self, name: &'static str) -> Path<'_> {
        Path::Field(self, name)
    }
}

impl Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Item(list, index) => write!(f, "{list}[{index}]"),
            Self::Field(parent, name) => write!(f, "{parent}.{name}"),
        }
    }
}

/// The path of an item in a list.
pub fn item(list: &str, index: usize) -> String {
    format!("{list}[{index}]")
}

/// Refuses a batch that is empty or too large.
pub fn check_batch(length: usize, field: &str) -> Result<(), Problem> {
    if length == 0 {
        let message = format!("{field} is empty");
        return Err(Problem::new(Reason::BatchEmpty, field, message, []));
    }
    if length > BATCH_LIMIT {
        let message = format!("{field} has {length} items, at most {BATCH_LIMIT} are allowed");
        let variables = [
            ("limit", BATCH_LIMIT.to_string()),
            ("actual", length.to_string()),
        ];
        return Err(Problem::new(
            Reason::BatchTooLarge,
            field,
            message,
            variables,
        ));
    }
    Ok(())
}

/// Refuses a list, other than a batch, that is too long.
pub fn check_list(length: usize, limit: usize, field: &str) -> Result<(), Problem> {
    if length > limit {
        Err(Problem::list_too_long(field, limit, length))
    } else {
        Ok(())
    }
}

/// Whether a write is kept.
pub fn write_mode(validate_only: bool) -> WriteMode {
    if validate_only {
        WriteMode::ValidateOnly
    } else {
        WriteMode::Keep
    }
}

// === amounts and numbers ===

impl<'a> From<&'a google_type::Money> for MoneyView<'a> {
    fn from(amount: &'a google_type::Money) -> Self {
        Self {
            currency_code: &amount.currency_code,
            units: amount.units,
            nanos: amount.nanos,
        }
    }
}

impl<'a> From<&MoneyView<'a>> for MoneyView<'a> {
    fn from(amount: &MoneyView<'a>) -> Self {
        amount.clone()
    }
}

/// An amount in the reporting currency, of any sign.
pub fn amount_from_pb<'a>(
    amount: impl Into<MoneyView<'a>>,
    currency: Currency,
    field: impl Display + Copy,
) -> Result<Micros, Problem> {
    let amount = amount.into();
    if amount.currency_code != currency.as_str() {
        let code = format!("{field}.currency_code");
        let given = Currency::parse(amount.currency_code, &code)?;
        let message = format!("{code} is {given}, amounts are kept in {currency}");
        let variables = [
            ("currency", given.to_string()),
            ("reporting_currency", currency.to_string()),
        ];
        return Err(Problem::new(
            Reason::CurrencyMismatch,
            &code,
            message,
            variables,
        ));
    }
    money::micros_from_parts(amount.units, amount.nanos, field)
}

/// An amount that must not be below zero, if it is given.
pub fn optional_amount<'a>(
    amount: Option<impl Into<MoneyView<'a>>>,
    currency: Currency,
    field: impl Display + Copy,
) -> Result<Option<Micros>, Problem> {
    amount
        .map(|amount| at_least(amount_from_pb(amount, currency, field)?, 0, field))
        .transpose()
}

/// An amount that must be given and must not be below zero.
pub fn required_amount<'a>(
    amount: Option<impl Into<MoneyView<'a>>>,
    currency: Currency,
    field: impl Display + Copy,
) -> Result<Micros, Problem> {
    optional_amount(amount, currency, field)?.ok_or_else(|| Problem::field_required(field))
}

/// An amount that must be given and must be above zero.
pub fn positive_amount<'a>(
    amount: Option<impl Into<MoneyView<'a>>>,
    currency: Currency,
    field: impl Display + Copy,
) -> Result<Micros, Problem> {
    at_least(required_amount(amount, currency, field)?, 1, field)
}

fn at_least(value: Micros, minimum: Micros, field: impl Display + Copy) -> Result<Micros, Problem> {
    decimal::check_range(value, minimum, Micros::MAX, MICRO_PLACES, field)
}

/// A decimal in millionths, of any sign.
pub fn micros_from_pb(number: &google_type::Decimal, field: &str) -> Result<i64, Problem> {
    decimal::parse_fixed(&number.value, MICRO_PLACES, field)
}

/// Nano-units as an amount. The services refuse what does not fit (SUM_OUT_OF_RANGE) before it comes here.
pub fn money_to_pb(amount: Nanos, currency: Currency) -> google_type::Money {
    let limit = if amount < 0 { i64::MIN } else { i64::MAX };
    google_type::Money {
        currency_code: currency.to_string(),
        units: i64::try_from(amount / NANOS_PER_UNIT).unwrap_or(limit),
        // The remainder of a division by 10^9 fits an i32.
        nanos: i32::try_from(amount % NANOS_PER_UNIT).unwrap_or(0),
    }
}

/// Millionths as a decimal.
pub fn micros_to_pb(value: i128) -> google_type::Decimal {
    google_type::Decimal {
        value: decimal::format_fixed(value, MICRO_PLACES),
    }
}

/// Thousandths of a minute as a decimal.
pub fn minutes_to_pb(milli_minutes: i128) -> google_type::Decimal {
    google_type::Decimal {
        value: decimal::format_fixed(milli_minutes, MILLI_PLACES),
    }
}

/// A count as the contract's signed integer.
pub fn count_to_pb(count: impl TryInto<i64>) -> i64 {
    count.try_into().unwrap_or(i64::MAX)
}

// === time ===

/// An instant.
pub fn instant_from_pb(
    time: &prost_types::Timestamp,
    field: impl Display + Copy,
) -> Result<Instant, Problem> {
    Instant::parse(time.seconds, time.nanos, field)
}

/// An instant.
pub fn instant_to_pb(time: Instant) -> prost_types::Timestamp {
    prost_types::Timestamp {
        seconds: time.seconds,
        nanos: i32::try_from(time.nanos).unwrap_or(999_999_999),
    }
}

/// The two ends of an interval; either may be open.
pub fn interval_from_pb(
    interval: Option<&google_type::Interval>,
    field: &str,
) -> Result<(Option<Instant>, Option<Instant>), Problem> {
    let Some(interval) = interval else {
        return Ok((None, None));
    };
    let end = |time: Option<&prost_types::Timestamp>, name: &str| {
        time.map(|time| instant_from_pb(time, &format!("{field}.{name}")))
            .transpose()
    };
    Ok((
        end(interval.start_time.as_ref(), "start_time")?,
        end(interval.end_time.as_ref(), "end_time")?,
    ))
}

/// A period of whole days of the reporting time zone.
pub fn period_from_pb(
    interval: Option<&google_type::Interval>,
    settings: &Settings,
    field: &str,
) -> Result<Period, Problem> {
    let (start, end) = interval_from_pb(interval, field)?;
    settings.calendar.period(start, end, field)
}

// === positions and pages ===

/// A position that a client sent.
pub fn position_from_pb(
    position: Option<&pb::LedgerPosition>,
    field: &str,
) -> Result<Option<Position>, Problem> {
    let convert = |position: &pb::LedgerPosition| {
        Position::try_from(position.position).map_err(|_| {
            let field = format!("{field}.position");
            Problem::number_out_of_range(&field, "0", &i64::MAX.to_string())
        })
    };
    position.map(convert).transpose()
}

/// A calendar month.
pub fn month_from_pb(month: pb::CalendarMonth, field: &str) -> Result<Month, Problem> {
    Month::parse(month.year, month.month, field)
}

/// A calendar month.
pub fn month_to_pb(month: Month) -> pb::CalendarMonth {
    pb::CalendarMonth {
        year: i32::from(month.year()),
        month: i32::from(month.month()),
    }
}

/// Which state a read sees.
pub fn read_options_from_pb(options: Option<&pb::ReadOptions>) -> Result<ReadOptions, Problem> {
    let Some(options) = options else {
        return Ok(ReadOptions::default());
    };
    let fresh = options.at_least_as_fresh.as_ref();
    Ok(ReadOptions {
        at_least_as_fresh: position_from_pb(fresh, "read_options.at_least_as_fresh")?,
        as_of: position_from_pb(options.as_of.as_ref(), "read_options.as_of")?,
        as_closed: (options.as_closed)
            .map(|month| month_from_pb(month, "read_options.as_closed"))
            .transpose()?,
    })
}

/// A position.
pub fn position_to_pb(position: Position) -> pb::LedgerPosition {
    pb::LedgerPosition {
        position: count_to_pb(position),
    }
}

/// How many items a page has: 0 is the default, more than the limit is the limit.
pub fn page_size_from_pb(page_size: i32) -> Result<usize, Problem> {
    match usize::try_from(page_size) {
        Ok(0) => Ok(PAGE_DEFAULT),
        Ok(size) => Ok(size.min(PAGE_LIMIT)),
        Err(_) => Err(Problem::number_out_of_range(
            "page_size",
            "0",
            &i32::MAX.to_string(),
        )),
    }
}

/// A count with a default for 0 and a limit that is refused.
pub fn count_from_pb(count: i32, default: u64, limit: u64, field: &str) -> Result<u64, Problem> {
    match u64::try_from(count) {
        Ok(0) => Ok(default),
        Ok(count) if count <= limit => Ok(count),
        _ => Err(Problem::number_out_of_range(field, "0", &limit.to_string())),
    }
}

// === outcomes ===

/// Why one item was refused; `item` is its path.
pub fn rejection_to_pb(problem: Problem, item: impl Display) -> pb::Rejection {
    let item = item.to_string();
    // Problems of the conversion carry the whole path already; those of the store are relative to the item.
    let problem = match problem.field.starts_with(&item) {
        true => problem,
        false => problem.within(&item),
    };
    let metadata = problem
        .metadata
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value));
    pb::Rejection {
        reason: reason_to_pb(problem.reason) as i32,
        field: problem.field,
        message: problem.message,
        metadata: metadata.collect(),
    }
}

/// An outcome in the three forms of the contract.
pub enum OutcomePb {
    /// It was written.
    Posted(pb::Posted),
    /// It was there already.
    Duplicate(pb::Duplicate),
    /// It was refused.
    Rejection(pb::Rejection),
}

/// The outcomes of a batch, whose field is `list`.
pub fn outcomes_to_pb(
    outcomes: Vec<Outcome>,
    mode: WriteMode,
    list: &'static str,
) -> Vec<OutcomePb> {
    // What only would be written has no place, and what repeats it names none.
    let would_be = |outcome: &Outcome| match outcome {
        Outcome::Posted(position) if mode == WriteMode::ValidateOnly => Some(*position),
        Outcome::Posted(_) | Outcome::Duplicate(_) | Outcome::Rejected(_) => None,
    };
    let would_be: BTreeSet<Position> = outcomes.iter().filter_map(would_be).collect();
    let each = outcomes.into_iter().enumerate();
    each.map(|(index, outcome)| {
        if let Outcome::Duplicate(position) = &outcome
            && would_be.contains(position)
        {
            return OutcomePb::Duplicate(pb::Duplicate { position: None });
        }
        outcome_to_pb(outcome, mode, Path::Item(list, index))
    })
    .collect()
}

/// The outcome of one item.
pub fn outcome_to_pb(outcome: Outcome, mode: WriteMode, item: impl Display) -> OutcomePb {
    match outcome {
        Outcome::Posted(position) => {
            let position = (mode == WriteMode::Keep).then(|| position_to_pb(position));
            OutcomePb::Posted(pb::Posted { position })
        }
        Outcome::Duplicate(position) => OutcomePb::Duplicate(pb::Duplicate {
            position: Some(position_to_pb(position)),
        }),
        Outcome::Rejected(problem) => OutcomePb::Rejection(rejection_to_pb(*problem, item)),
    }
}

/// A reason. Both lists are closed and in one order; a test compares them name by name.
pub fn reason_to_pb(reason: Reason) -> pb::ErrorReason {
    let name = format!("ERROR_REASON_{}", reason.as_str());
    pb::ErrorReason::from_str_name(&name).unwrap_or(pb::ErrorReason::Unspecified)
}

/// A value of an enum: `None` for 0, refused if it is not known.
pub fn enum_from_pb<E: TryFrom<i32> + PartialEq, D: Copy>(
    value: i32,
    all: &[D],
    same: impl Fn(D) -> E,
    field: impl Display + Copy,
) -> Result<Option<D>, Problem> {
    if value == 0 {
        return Ok(None);
    }
    let unknown = || Problem::enum_value_unknown(field, value);
    let known = E::try_from(value).map_err(|_| unknown())?;
    all.iter()
        .copied()
        .find(|item| same(*item) == known)
        .map(Some)
        .ok_or_else(unknown)
}

/// A value of an enum that must be given.
pub fn required_enum<E: TryFrom<i32> + PartialEq, D: Copy>(
    value: i32,
    all: &[D],
    same: impl Fn(D) -> E,
    field: impl Display + Copy,
) -> Result<D, Problem> {
    enum_from_pb(value, all, same, field)?.ok_or_else(|| Problem::field_required(field))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contract_and_the_domain_have_the_same_reasons() {
        // In one order; the contract's numbers may have gaps.
        let numbers = Reason::ALL
            .iter()
            .map(|reason| reason_to_pb(*reason) as i32);
        let numbers: Vec<_> = numbers.collect();
        assert!(numbers[0] > 0 && numbers.is_sorted_by(|a, b| a < b));
        let known = (1..1_000).filter(|number| pb::ErrorReason::try_from(*number).is_ok());
        assert_eq!(numbers, known.collect::<Vec<_>>());
    }

    #[test]
    fn money_keeps_nine_decimal_places_and_its_sign() {
        let usd = Currency::parse("USD", "").unwrap();
        let money = money_to_pb(-1_500_000_001, usd);
        assert_eq!((money.units, money.nanos), (-1, -500_000_001));
    }
}
