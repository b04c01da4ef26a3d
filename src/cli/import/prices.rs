//! A mapping's section of price terms: each row says by what a customer buys from a day on.

use super::{
    chunks::{Chunks, Maker, spawn},
    columns::{Row, Scope},
    files::Files,
    mapping::{Rule, Section},
    message::FieldProblem,
    rates::date_to_pb,
    rows::Rows,
    rules::{NumberRule, TextRule},
};
use crate::{
    api::pb::{PriceTerms, google_type::Decimal},
    cli::errors::Failure,
    domain::decimal::{MICRO_PLACES, format_fixed},
};
use indicatif::ProgressBar;
use jiff::civil::Date;
use std::{borrow::Cow, sync::Arc};

/// The texts of a row; the first two have to be given, and one of the others.
const TEXTS: [&str; 4] = ["customer_id", "first_day", "price_list_id", "discount_tier"];
/// How many of them.
const REQUIRED: usize = 2;
/// The number of a row.
const DISCOUNT: &str = "nominal_discount";

/// A section of price terms whose fields know their columns.
pub struct TermsMaker {
    texts: [Option<TextRule>; 4],
    discount: Option<NumberRule>,
    scope: Scope,
}

impl Maker for TermsMaker {
    type Item = PriceTerms;

    fn make(&self, row: &Row<'_>) -> Result<PriceTerms, FieldProblem> {
        let [customer, day, list, tier] = [0, 1, 2, 3].map(|place| self.text(row, place));
        let day = day?;
        let date = day.parse::<Date>();
        let date = date.map_err(|_| {
            problem(
                "first_day",
                format!("{day:?} is no date such as 2013-01-31"),
            )
        })?;
        let discount = self.discount.as_ref().map(|rule| rule.of(row));
        let discount = discount.transpose();
        let discount = discount
            .map_err(|message| problem(DISCOUNT, message))?
            .flatten();
        Ok(PriceTerms {
            customer_id: customer?,
            first_day: Some(date_to_pb(date)),
            price_list_id: list?,
            discount_tier: tier?,
            nominal_discount: discount.map(|millionths| Decimal {
                value: format_fixed(i128::from(millionths), MICRO_PLACES),
            }),
        })
    }

    fn columns_of(&self, field: &str, _: Option<&PriceTerms>) -> Vec<String> {
        let name = field.split('.').next().unwrap_or_default();
        let place = TEXTS.iter().position(|own| *own == name);
        let text = place.and_then(|place| self.texts[place].as_ref());
        let number = self.discount.as_ref().filter(|_| name == DISCOUNT);
        let cells = text.map(TextRule::cells).or(number.map(NumberRule::cells));
        let cells = cells.unwrap_or_default().into_iter();
        cells.map(|cell| self.scope.name(cell)).collect()
    }
}

fn problem(field: &str, message: String) -> FieldProblem {
    FieldProblem {
        field: field.to_owned(),
        message,
    }
}

impl TermsMaker {
    fn text(&self, row: &Row<'_>, place: usize) -> Result<String, FieldProblem> {
        let Some(rule) = &self.texts[place] else {
            return Ok(String::new());
        };
        let text = rule.of(row);
        let text = text.map_err(|message| problem(TEXTS[place], message))?;
        Ok(text.map(Cow::into_owned).unwrap_or_default())
    }
}

/// Opens a section of price terms.
pub fn open(
    section: &Section,
    files: &dyn Files,
    progress: &ProgressBar,
) -> Result<(Arc<TermsMaker>, Chunks<PriceTerms>), Failure> {
    if section.currency.is_some() || section.first_by.is_some() {
        return Err(Failure::usage(
            "currency and first_by are not for price terms",
        ));
    }
    let unknown = |name: &&String| !TEXTS.contains(&name.as_str()) && *name != DISCOUNT;
    if let Some(name) = section.fields.keys().find(unknown) {
        let known = TEXTS.join(", ");
        let problem = format!("there is no field {name}; there are {known}, {DISCOUNT}");
        return Err(Failure::usage(problem));
    }
    let rows = Rows::open(section, files, progress)?;
    let rule = |name: &str| {
        let value = section.fields.get(name).cloned();
        let rule = value.map(toml::Value::try_into::<Rule>).transpose();
        rule.map_err(|problem| Failure::usage(format!("{name}: {}", problem.message())))
    };
    let wrong = |name: &str, problem: String| Failure::usage(format!("{name}: {problem}"));
    let mut texts = [None, None, None, None];
    for (place, name) in TEXTS.into_iter().enumerate() {
        let rule = rule(name)?;
        if rule.is_none() && place < REQUIRED {
            return Err(Failure::usage(format!("{name} is required")));
        }
        let bound = rule.map(|rule| TextRule::bind(&rule, rows.scope()));
        texts[place] = bound.transpose().map_err(|problem| wrong(name, problem))?;
    }
    if texts[REQUIRED..].iter().all(Option::is_none) {
        let either = TEXTS[REQUIRED..].join(" or ");
        return Err(Failure::usage(format!("{either} is required")));
    }
    let discount = rule(DISCOUNT)?.map(|rule| NumberRule::bind(&rule, rows.scope()));
    let maker = Arc::new(TermsMaker {
        texts,
        discount: discount
            .transpose()
            .map_err(|problem| wrong(DISCOUNT, problem))?,
        scope: rows.scope().clone(),
    });
    Ok((Arc::clone(&maker), spawn(rows, maker)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::import::{files::Embedded, mapping};

    const FILES: Embedded = Embedded(&[(
        "prices.csv",
        b"Who,From,List,Percent\nA,2026-01-01,TRADE,15\nB,2026-02-01,,\nC,soon,TRADE,\n",
    )]);

    #[tokio::test]
    async fn rows_become_terms_and_keep_their_lines() {
        let text = "[[price_terms]]\nfile = \"prices.csv\"\ncustomer_id = \"{Who}\"\nfirst_day = \"{From}\"\n\
                    price_list_id = \"{List}\"\nnominal_discount = \"{Percent} / 100\"\n";
        let mapping = mapping::parse(text, "a.toml").unwrap();
        let section = &mapping.price_terms[0];
        let (maker, mut chunks) = open(section, &FILES, &ProgressBar::hidden()).unwrap();
        let chunk = chunks.recv().await.unwrap().unwrap();
        let of = |terms: &PriceTerms| {
            let discount = terms.nominal_discount.as_ref();
            let discount = discount.map_or("", |number| number.value.as_str());
            format!("{} {} {discount}", terms.customer_id, terms.price_list_id)
        };
        let found: Vec<_> = chunk.items.iter().map(of).collect();
        assert_eq!(found, ["A TRADE 0.15", "B  "]);
        assert_eq!(chunk.lines, [2, 3]);
        assert_eq!(chunk.problems[0].0, 4);
        assert_eq!(chunk.problems[0].1.field, "first_day");
        assert_eq!(maker.columns_of("nominal_discount", None), ["Percent"]);
        assert_eq!(maker.columns_of("price_list_id", None), ["List"]);
    }

    #[test]
    fn a_section_that_can_make_nothing_is_refused() {
        let refused = |fields: &str| {
            let text = format!("[[price_terms]]\nfile = \"prices.csv\"\n{fields}");
            let mapping = mapping::parse(&text, "a.toml").unwrap();
            match open(&mapping.price_terms[0], &FILES, &ProgressBar::hidden()) {
                Err(Failure::Usage(problem)) => problem,
                _ => panic!("{fields} is taken"),
            }
        };
        assert!(refused("customer_id = \"{Who}\"").contains("first_day is required"));
        let neither = "customer_id = \"{Who}\"\nfirst_day = \"{From}\"";
        assert!(refused(neither).contains("price_list_id or discount_tier is required"));
        assert!(refused("tier = \"{Who}\"").contains("there is no field tier"));
        assert!(refused("currency = \"USD\"").contains("not for price terms"));
    }
}
