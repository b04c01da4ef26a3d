//! A mapping's section of exchange rates: rows become rates, and days without one may get that of a day before, if the
//! mapping says so.

use super::{
    chunks::{CHUNK_ITEMS, CHUNKS_AHEAD, Chunk, Chunks, Maker, send},
    columns::{Row, Scope},
    files::Files,
    mapping::{Rule, Section},
    message::FieldProblem,
    rows::Rows,
    rules::TextRule,
};
use crate::{
    api::pb::{
        ExchangeRate,
        google_type::{Date as DatePb, Decimal},
    },
    cli::errors::Failure,
    domain::exchange_rate::Rate,
};
use indicatif::ProgressBar;
use jiff::{ToSpan as _, civil::Date};
use std::{borrow::Cow, collections::BTreeMap, sync::Arc};
use tokio::sync::mpsc;

/// The texts of a rate, which all have to be given.
const TEXTS: [&str; 5] = ["from_currency", "to_currency", "day", "rate", "source"];
/// The most days that a rate may be carried forward.
const CARRIED_MOST: i64 = 31;

/// A section of exchange rates whose fields know their columns.
pub struct RateMaker {
    texts: [TextRule; 5],
    is_reciprocal: bool,
    scope: Scope,
}

impl Maker for RateMaker {
    type Item = ExchangeRate;

    fn make(&self, row: &Row<'_>) -> Result<ExchangeRate, FieldProblem> {
        let [from, to, day, rate, source] = [0, 1, 2, 3, 4].map(|place| self.text(row, place));
        let (mut from_currency, mut to_currency) = (from?, to?);
        let (day, mut rate, mut source) = (day?, rate?, source?);
        let date = day.parse::<Date>().map_err(|_| FieldProblem {
            field: "day".to_owned(),
            message: format!("{day:?} is no date such as 2013-01-31"),
        })?;
        if self.is_reciprocal {
            let invalid = |message| FieldProblem {
                field: "rate".to_owned(),
                message,
            };
            let own = Rate::parse(&rate, "rate").map_err(|problem| invalid(problem.message))?;
            let reciprocal = own.reciprocal();
            let reciprocal = reciprocal.ok_or_else(|| invalid("has no reciprocal".to_owned()))?;
            rate = reciprocal.to_string();
            std::mem::swap(&mut from_currency, &mut to_currency);
            source.push_str(", reciprocal");
        }
        Ok(ExchangeRate {
            from_currency,
            to_currency,
            day: Some(date_to_pb(date)),
            rate: Some(Decimal { value: rate }),
            source,
        })
    }

    fn columns_of(&self, field: &str, _: Option<&ExchangeRate>) -> Vec<String> {
        let name = field.split('.').next().unwrap_or_default();
        let place = TEXTS.iter().position(|own| *own == name);
        let cells = place.map(|place| self.texts[place].cells());
        let cells = cells.unwrap_or_default().into_iter();
        cells.map(|cell| self.scope.name(cell)).collect()
    }
}

impl RateMaker {
    fn text(&self, row: &Row<'_>, place: usize) -> Result<String, FieldProblem> {
        let text = self.texts[place].of(row).map_err(|message| FieldProblem {
            field: TEXTS[place].to_owned(),
            message,
        })?;
        Ok(text.map(Cow::into_owned).unwrap_or_default())
    }
}

/// A day on the wire.
pub fn date_to_pb(date: Date) -> DatePb {
    DatePb {
        year: i32::from(date.year()),
        month: i32::from(date.month()),
        day: i32::from(date.day()),
    }
}

/// Opens a section of exchange rates.
pub fn open(
    section: &Section,
    files: &dyn Files,
    progress: &ProgressBar,
) -> Result<(Arc<RateMaker>, Chunks<ExchangeRate>), Failure> {
    if section.currency.is_some() || section.first_by.is_some() {
        return Err(Failure::usage(
            "currency and first_by are not for exchange rates",
        ));
    }
    let (is_reciprocal, carried) = options(&section.fields).map_err(Failure::usage)?;
    let rows = Rows::open(section, files, progress)?;
    let text = |name: &str| {
        let value = section.fields.get(name);
        let value = value.ok_or_else(|| Failure::usage(format!("{name} is required")))?;
        let rule: Result<Rule, toml::de::Error> = value.clone().try_into();
        let rule = rule.map_err(|problem| problem.message().to_owned());
        let bound = rule.and_then(|rule| TextRule::bind(&rule, rows.scope()));
        bound.map_err(|problem| Failure::usage(format!("{name}: {problem}")))
    };
    let [from, to, day, rate, source] = TEXTS.map(text);
    let maker = Arc::new(RateMaker {
        texts: [from?, to?, day?, rate?, source?],
        is_reciprocal,
        scope: rows.scope().clone(),
    });
    Ok((Arc::clone(&maker), spawn(rows, maker, carried)))
}

/// Whether rates are turned round, and for how many days they are carried forward.
fn options(fields: &toml::Table) -> Result<(bool, i64), String> {
    for name in fields.keys() {
        if !TEXTS.contains(&name.as_str())
            && !["reciprocal", "carry_forward_days"].contains(&name.as_str())
        {
            let known = TEXTS.join(", ");
            return Err(format!(
                "there is no field {name}; there are {known}, reciprocal, carry_forward_days"
            ));
        }
    }
    let reciprocal = match fields.get("reciprocal") {
        None => false,
        Some(value) => value.as_bool().ok_or("reciprocal is true or false")?,
    };
    let carried = match fields.get("carry_forward_days") {
        None => 0,
        Some(value) => (value.as_integer())
            .filter(|days| (0..=CARRIED_MOST).contains(days))
            .ok_or("carry_forward_days is from 0 to 31")?,
    };
    Ok((reciprocal, carried))
}

/// Rates of one pair, by day, with their lines.
type OfPair = BTreeMap<Date, (u64, ExchangeRate)>;

/// Reads all rows on a thread of their own, puts them in order, and carries forward. Of two rows about one pair and day
/// the later one counts.
fn spawn(rows: Rows, maker: Arc<RateMaker>, carried: i64) -> Chunks<ExchangeRate> {
    let (sender, receiver) = mpsc::channel(CHUNKS_AHEAD);
    std::thread::spawn(move || {
        let mut pairs: BTreeMap<(String, String), OfPair> = BTreeMap::new();
        let mut problems = Vec::new();
        let read = rows.for_each(|line, row| {
            match row.and_then(|row| maker.make(row)) {
                Err(problem) => problems.push((line, problem)),
                Ok(rate) => {
                    let pair = (rate.from_currency.clone(), rate.to_currency.clone());
                    if let Some(date) = date_of(&rate) {
                        pairs.entry(pair).or_default().insert(date, (line, rate));
                    }
                }
            }
            Ok(())
        });
        let sent = read.and_then(|()| {
            let mut chunk = Chunk {
                problems,
                ..Chunk::default()
            };
            for of_pair in pairs.into_values() {
                for (line, rate) in with_carried(of_pair, carried) {
                    chunk.items.push(rate);
                    chunk.lines.push(line);
                    if chunk.items.len() == CHUNK_ITEMS {
                        send(&sender, Ok(std::mem::take(&mut chunk)))?;
                    }
                }
            }
            send(&sender, Ok(chunk))
        });
        if let Err(failure) = sent {
            let _ = send(&sender, Err(failure));
        }
    });
    receiver
}

fn date_of(rate: &ExchangeRate) -> Option<Date> {
    let day = rate.day?;
    let (year, month, day) = (
        day.year.try_into(),
        day.month.try_into(),
        day.day.try_into(),
    );
    Date::new(year.ok()?, month.ok()?, day.ok()?).ok()
}

/// Adds, after each day, the days without a rate, at most so many; their source tells where they come from.
fn with_carried(of_pair: OfPair, carried: i64) -> Vec<(u64, ExchangeRate)> {
    let mut all = Vec::with_capacity(of_pair.len());
    let mut days = of_pair.into_iter().peekable();
    while let Some((date, (line, rate))) = days.next() {
        let next = days.peek().map(|(next, _)| *next);
        let gap = (1..=carried).map_while(|days| date.checked_add(days.days()).ok());
        let gap: Vec<Date> = gap
            .take_while(|day| next.is_none_or(|next| *day < next))
            .collect();
        all.push((line, rate.clone()));
        all.extend(gap.into_iter().map(|day| {
            let carried = ExchangeRate {
                day: Some(date_to_pb(day)),
                source: format!("{}, carried forward from {date}", rate.source),
                ..rate.clone()
            };
            (line, carried)
        }));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::import::{files::Embedded, mapping};

    const FILES: Embedded = Embedded(&[(
        "rates.csv",
        b"Day,EUR\n2013-01-04,0.5\n2013-01-07,0.8\n2013-01-09,soon\nnever,1\n",
    )]);

    async fn read(options: &str) -> Vec<String> {
        let text = format!(
            "[[exchange_rates]]\nfile = \"rates.csv\"\nfrom_currency = \"EUR\"\nto_currency = \"USD\"\n\
             day = \"{{Day}}\"\nrate = \"{{EUR}}\"\nsource = \"bank\"\n{options}"
        );
        let mapping = mapping::parse(&text, "a.toml").unwrap();
        let hidden = ProgressBar::hidden();
        let (_, mut chunks) = open(&mapping.exchange_rates[0], &FILES, &hidden).unwrap();
        let chunk = chunks.recv().await.unwrap().unwrap();
        let of = |rate: &ExchangeRate| {
            let date = date_of(rate).unwrap();
            let number = &rate.rate.as_ref().unwrap().value;
            format!(
                "{} {} {date} {number} {}",
                rate.from_currency, rate.to_currency, rate.source
            )
        };
        chunk.items.iter().map(of).collect()
    }

    #[tokio::test]
    async fn days_without_a_rate_get_one_only_if_they_are_to() {
        assert_eq!(
            read("").await,
            [
                "EUR USD 2013-01-04 0.5 bank",
                "EUR USD 2013-01-07 0.8 bank",
                "EUR USD 2013-01-09 soon bank"
            ]
        );
        let carried = read("carry_forward_days = 1").await;
        assert_eq!(carried.len(), 6);
        assert_eq!(
            carried[1],
            "EUR USD 2013-01-05 0.5 bank, carried forward from 2013-01-04"
        );
        assert_eq!(
            carried[3],
            "EUR USD 2013-01-08 0.8 bank, carried forward from 2013-01-07"
        );
    }

    #[tokio::test]
    async fn rates_are_turned_round_only_if_they_are_to() {
        let turned = read("reciprocal = true").await;
        assert_eq!(
            turned,
            [
                "USD EUR 2013-01-04 2 bank, reciprocal",
                "USD EUR 2013-01-07 1.25 bank, reciprocal"
            ]
        );
    }
}
