//! Amounts and shares as people and programs read them. Amounts are nano-units, exact.

use crate::{
    api::pb::google_type::{Date, Decimal, Money},
    cli::errors::Failure,
    domain::{
        decimal::{MICRO_PLACES, format_fixed, parse_fixed},
        money::{Currency, MICROS_PER_UNIT, NANOS_PER_UNIT, Nanos, divide_half_even},
    },
};

/// Decimal places of an amount on the wire.
const PLACES: u32 = 9;
/// Decimal places that a table of many customers shows; other outputs are exact.
pub const PLACES_SHOWN: u32 = 2;

/// An amount of the contract in nano-units; one that is not set is zero.
pub fn nanos(money: &Option<Money>) -> Nanos {
    money.as_ref().map_or(0, |money| {
        Nanos::from(money.units) * NANOS_PER_UNIT + Nanos::from(money.nanos)
    })
}

/// An amount of the contract from micro-units.
pub fn money_of_micros(micros: i64, currency: &str) -> Money {
    Money {
        currency_code: currency.to_owned(),
        units: micros / MICROS_PER_UNIT,
        // The remainder is below a million, so its thousandfold fits.
        nanos: i32::try_from(micros % MICROS_PER_UNIT * 1_000).unwrap_or(0),
    }
}

/// An amount that somebody typed, such as `100` or `99.95`, in the given currency.
pub fn parse_money(text: &str, currency: &str, what: &str) -> Result<Money, Failure> {
    let micros = parse_fixed(text, MICRO_PLACES, what).map_err(|p| Failure::usage(p.message))?;
    Currency::parse(currency, "the currency").map_err(|p| Failure::usage(p.message))?;
    Ok(money_of_micros(micros, currency))
}

/// The currency of the first amount that has one.
pub fn currency_of<'a>(amounts: impl IntoIterator<Item = &'a Option<Money>>) -> &'a str {
    amounts
        .into_iter()
        .flatten()
        .map(|money| money.currency_code.as_str())
        .find(|code| !code.is_empty())
        .unwrap_or("")
}

/// What stands where an amount is not told, to people.
pub const NOT_TOLD: &str = "-";

/// An amount for programs: every digit, no thousands separators; empty if it is not told.
pub fn plain(money: &Option<Money>) -> String {
    match money {
        Some(_) => format_fixed(nanos(money), PLACES),
        None => String::new(),
    }
}

/// An amount for people: thousands separators, rounded half to even to [`PLACES_SHOWN`].
pub fn shown(money: &Option<Money>) -> String {
    match money {
        Some(_) => grouped(nanos(money), PLACES_SHOWN),
        None => NOT_TOLD.to_owned(),
    }
}

/// An amount for people with every digit, at least [`PLACES_SHOWN`] decimal places.
pub fn exact(money: &Option<Money>) -> String {
    if money.is_none() {
        return NOT_TOLD.to_owned();
    }
    let nanos = nanos(money);
    grouped(nanos, places_needed([nanos]))
}

/// How many decimal places show all of the amounts in full, at least [`PLACES_SHOWN`].
pub fn places_needed(amounts: impl IntoIterator<Item = Nanos>) -> u32 {
    let needed = |nanos: Nanos| {
        (PLACES_SHOWN..PLACES)
            .find(|places| nanos % 10_i128.pow(PLACES - places) == 0)
            .unwrap_or(PLACES)
    };
    amounts
        .into_iter()
        .map(needed)
        .max()
        .unwrap_or(PLACES_SHOWN)
}

/// Nano-units with thousands separators and so many decimal places, at most nine, rounded half to even.
pub fn grouped(nanos: Nanos, places: u32) -> String {
    let places = places.min(PLACES);
    let rounded = divide_half_even(nanos, 10_i128.pow(PLACES - places));
    let scale = 10_u128.pow(places);
    let magnitude = rounded.unsigned_abs();
    let whole = group_thousands(&(magnitude / scale).to_string());
    let sign = if rounded < 0 { "-" } else { "" };
    match places {
        0 => format!("{sign}{whole}"),
        places => {
            let width = places as usize;
            format!("{sign}{whole}.{:0width$}", magnitude % scale)
        }
    }
}

/// A count for people.
pub fn count(count: impl Into<i64>) -> String {
    let count = count.into();
    let sign = if count < 0 { "-" } else { "" };
    format!(
        "{sign}{}",
        group_thousands(&count.unsigned_abs().to_string())
    )
}

fn group_thousands(digits: &str) -> String {
    let mut grouped = String::with_capacity(digits.len() * 4 / 3 + 1);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A share for people: `12.3%`, or a dash if there is none.
pub fn percent(share: Option<f64>) -> String {
    let Some(share) = share else {
        return "-".to_owned();
    };
    match format!("{:.1}%", share * 100.0).as_str() {
        "-0.0%" => "0.0%".to_owned(),
        text => text.to_owned(),
    }
}

/// A share or another number of a model for programs: all digits, empty if there is none.
pub fn number(number: Option<f64>) -> String {
    number.map_or_else(String::new, |number| number.to_string())
}

/// A day as 2026-01-31.
pub fn date(day: &Date) -> String {
    format!("{:04}-{:02}-{:02}", day.year, day.month, day.day)
}

/// A decimal of the contract as it came; empty if it is not set.
pub fn decimal(decimal: &Option<Decimal>) -> String {
    decimal
        .as_ref()
        .map_or_else(String::new, |decimal| decimal.value.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usd(units: i64, nanos: i32) -> Option<Money> {
        Some(Money {
            currency_code: "USD".to_owned(),
            units,
            nanos,
        })
    }

    #[test]
    fn programs_get_every_digit() {
        assert_eq!(plain(&usd(-73_315, -549_000_000)), "-73315.549");
        assert_eq!(plain(&usd(0, 1)), "0.000000001");
        assert_eq!(plain(&None), "", "it is not told");
        assert_eq!(
            (shown(&None), exact(&None)),
            ("-".to_owned(), "-".to_owned())
        );
    }

    #[test]
    fn people_get_separators_and_cents() {
        assert_eq!(shown(&usd(80_450_596, 982_300_000)), "80,450,596.98");
        assert_eq!(shown(&usd(0, -5_000_000)), "0.00");
        assert_eq!(shown(&usd(0, -5_000_001)), "-0.01");
        assert_eq!(shown(&usd(999_999, 995_000_000)), "1,000,000.00");
        assert_eq!(exact(&usd(80_450_596, 982_300_000)), "80,450,596.9823");
        assert_eq!(exact(&usd(1_000, 0)), "1,000.00");
        assert_eq!(exact(&usd(0, 1)), "0.000000001");
        assert_eq!(grouped(-1_500_000_000, 0), "-2");
        assert_eq!(count(-1_234_567), "-1,234,567");
        assert_eq!(count(999), "999");
        assert_eq!(percent(Some(5.618_79)), "561.9%");
        assert_eq!(percent(Some(-0.000_1)), "0.0%");
        assert_eq!(percent(None), "-");
    }

    #[test]
    fn typed_amounts_are_exact_or_refused() {
        let read = |text| parse_money(text, "USD", "--hurdle");
        assert_eq!(Some(read("-99.95").unwrap()), usd(-99, -950_000_000));
        assert!(read("0.0000001").is_err());
        assert!(parse_money("1", "usd", "--hurdle").is_err());
    }
}
