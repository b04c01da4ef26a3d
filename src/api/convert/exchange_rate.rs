//! Exchange rates and days.

use super::common::{Path, count_to_pb, instant_to_pb, position_to_pb};
use crate::{
    api::pb::{self, google_type},
    domain::{
        exchange_rate::{ExchangeRate, Original, Pair, Rate, SOURCE_LIMIT, StoredRate},
        id::check_text,
        iso_4217::known_currency,
        money::Currency,
        problem::Problem,
        records::Record,
        time::Day,
    },
    service::restating::Restatement,
};
use jiff::civil;
use std::fmt::Display;

/// The first year that a day may be in, and the first that it may not.
const YEARS: (i32, i32) = (1900, 2200);

/// The rates of a batch, each converted or refused on its own.
pub fn rates_from_pb(rates: Vec<pb::ExchangeRate>) -> Vec<Result<Record, Problem>> {
    let each = rates.iter().enumerate();
    each.map(|(index, rate)| {
        let path = Path::Item("exchange_rates", index);
        rate_from_pb(rate, &path).map(Record::ExchangeRate)
    })
    .collect()
}

fn rate_from_pb(rate: &pb::ExchangeRate, path: &Path<'_>) -> Result<ExchangeRate, Problem> {
    let at = |name| path.at(name);
    let pair = Pair {
        from: known_currency(&rate.from_currency, at("from_currency"))?,
        to: known_currency(&rate.to_currency, at("to_currency"))?,
    };
    if pair.from == pair.to {
        return Err(Problem::field_invalid(
            at("to_currency"),
            "is the same as from_currency",
        ));
    }
    let day = rate.day.as_ref();
    let day = day.ok_or_else(|| Problem::field_required(at("day")))?;
    let number = rate.rate.as_ref();
    let number = number.ok_or_else(|| Problem::field_required(at("rate")))?;
    check_text(&rate.source, SOURCE_LIMIT, at("source"))?;
    Ok(ExchangeRate {
        pair,
        day: day_from_pb(day, at("day"))?,
        rate: Rate::parse(&number.value, at("rate"))?,
        source: rate.source.clone(),
    })
}

/// A day.
pub fn day_from_pb(date: &google_type::Date, field: impl Display + Copy) -> Result<Day, Problem> {
    let whole = || {
        let year = i16::try_from(date.year).ok()?;
        let (month, day) = (i8::try_from(date.month).ok()?, i8::try_from(date.day).ok()?);
        civil::Date::new(year, month, day).ok()
    };
    let day = whole().ok_or_else(|| Problem::field_invalid(field, "is no date"))?;
    match (YEARS.0..YEARS.1).contains(&date.year) {
        true => Ok(Day::from_date(day)),
        false => Err(Problem::time_out_of_range(field)),
    }
}

/// A day.
pub fn day_to_pb(day: Day) -> Option<google_type::Date> {
    let date = day.date()?;
    Some(google_type::Date {
        year: i32::from(date.year()),
        month: i32::from(date.month()),
        day: i32::from(date.day()),
    })
}

fn rate_to_pb(pair: Pair, day: Day, rate: Rate, source: String) -> pb::ExchangeRate {
    pb::ExchangeRate {
        from_currency: pair.from.to_string(),
        to_currency: pair.to.to_string(),
        day: day_to_pb(day),
        rate: Some(google_type::Decimal {
            value: rate.to_string(),
        }),
        source,
    }
}

/// The rate that an activity was converted at.
pub fn original_to_pb(original: &Original, currency: Currency) -> pb::ExchangeRate {
    let pair = Pair {
        from: original.currency,
        to: currency,
    };
    rate_to_pb(
        pair,
        original.rate_day,
        original.rate,
        original.source.clone(),
    )
}

/// A stored rate.
pub fn stored_rate_to_pb(stored: StoredRate) -> pb::StoredExchangeRate {
    let ExchangeRate {
        pair,
        day,
        rate,
        source,
    } = stored.rate;
    pb::StoredExchangeRate {
        exchange_rate: Some(rate_to_pb(pair, day, rate, source)),
        position: Some(position_to_pb(stored.position)),
        record_time: Some(instant_to_pb(stored.record_time)),
    }
}

/// How a report came to be in another currency.
pub fn restatement_to_pb(restatement: Restatement) -> pb::Restatement {
    let (first, last) = restatement.span.unzip();
    pb::Restatement {
        from_currency: restatement.pair.from.to_string(),
        to_currency: restatement.pair.to.to_string(),
        day_count: count_to_pb(restatement.days),
        first_day: first.and_then(day_to_pb),
        last_day: last.and_then(day_to_pb),
        sources: restatement.sources,
    }
}
