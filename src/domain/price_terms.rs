//! By which price list a customer buys and which discount tier it has, from a day on, as it was known at every
//! position.
//!
//! Terms stand beside a customer and change no amount. A store that keeps them in memory holds them in its
//! [`super::records::Records`].

use super::{
    id::{PartyId, UNASSIGNED},
    ledger::Position,
    problem::Problem,
    records::Decision,
    time::{Day, Instant, Period},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, ops::Bound};

/// The most bytes of a price list's id and of a tier.
pub const ID_LIMIT: usize = 128;
/// The whole list price in millionths.
pub const WHOLE: i64 = 1_000_000;

/// By what a customer buys, from a day on until its next terms begin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceTerms {
    /// The customer.
    pub customer_id: PartyId,
    /// From this day on.
    pub first_day: Day,
    /// The price list; empty for none.
    pub price_list_id: String,
    /// The discount tier; empty for none.
    pub discount_tier: String,
    /// What the tier is meant to give of the list price, in millionths of it.
    pub nominal_discount: Option<u32>,
}

impl PriceTerms {
    /// Refuses a discount of more than the whole, and one without a tier; `field` is that of the discount.
    pub fn nominal_discount(
        millionths: i64,
        tier: &str,
        field: impl std::fmt::Display + Copy,
    ) -> Result<u32, Problem> {
        let found = super::decimal::check_range(millionths, 0, WHOLE, 6, field)?;
        if tier.is_empty() {
            return Err(Problem::field_invalid(
                field,
                "is given without discount_tier",
            ));
        }
        // At most a million.
        Ok(u32::try_from(found).unwrap_or(u32::MAX))
    }
}

/// The day on which terms are looked up for a report: the last of its period, and of a period without an end the last
/// of all days, so that the terms that begin last are found.
pub fn last_day(period: Period) -> Day {
    Day(period.end.map_or(i32::MAX, |end| end.0.saturating_sub(1)))
}

/// Stored terms with their place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPriceTerms {
    /// Where they were written.
    pub position: Position,
    /// When the server took them in.
    pub record_time: Instant,
    /// What they are.
    pub terms: PriceTerms,
}

/// Asks for stored terms, in the order of customers and first days: of each day the version that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceTermsQuestion {
    /// Only of this customer.
    pub customer: Option<PartyId>,
    /// Only those that hold on this day: at most one of each customer.
    pub valid_on: Option<Day>,
    /// Only what comes after this customer and first day; with `valid_on`, after this customer.
    pub after: Option<(PartyId, Day)>,
    /// As of this position.
    pub as_of: Position,
    /// At most so many.
    pub limit: usize,
}

/// By what customers are grouped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TermsKey {
    /// The price list.
    PriceList,
    /// The discount tier.
    DiscountTier,
}

impl TermsKey {
    /// What a customer with these terms is grouped under.
    pub fn of(self, terms: PriceTerms) -> String {
        let key = match self {
            Self::PriceList => terms.price_list_id,
            Self::DiscountTier => terms.discount_tier,
        };
        match key.is_empty() {
            true => UNASSIGNED.to_owned(),
            false => key,
        }
    }
}

/// One tenant's terms with their history: of each customer the versions of each first day, the oldest first.
#[derive(Debug, Clone, Default)]
pub struct PriceTermsHistory(BTreeMap<PartyId, BTreeMap<Day, Vec<StoredPriceTerms>>>);

/// The version that holds as of a position.
fn at(versions: &[StoredPriceTerms], as_of: Position) -> Option<&StoredPriceTerms> {
    let after = versions.partition_point(|version| version.position <= as_of);
    versions[..after].last()
}

/// What holds on a day: of the first days up to it, the last that was known by then.
fn valid(
    days: &BTreeMap<Day, Vec<StoredPriceTerms>>,
    day: Day,
    as_of: Position,
) -> Option<&StoredPriceTerms> {
    let mut before = days.range(..=day).rev();
    before.find_map(|(_, versions)| at(versions, as_of))
}

impl PriceTermsHistory {
    /// Whether nothing was ever stored.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Copies from `base` what decides about terms, unless it is here already.
    pub fn prepare(&mut self, base: &Self, terms: &PriceTerms) {
        let (customer, day) = (&terms.customer_id, &terms.first_day);
        if self.newest(terms).is_none()
            && let Some(versions) = base.0.get(customer).and_then(|days| days.get(day))
        {
            let newest = versions.last().cloned().into_iter().collect();
            let days = self.0.entry(customer.clone()).or_default();
            days.insert(*day, newest);
        }
    }

    fn newest(&self, terms: &PriceTerms) -> Option<&StoredPriceTerms> {
        self.0
            .get(&terms.customer_id)?
            .get(&terms.first_day)?
            .last()
    }

    /// Says what becomes of terms: other content for the same customer and day is a new version.
    pub fn decide(&self, terms: &PriceTerms) -> Decision {
        match self.newest(terms) {
            Some(newest) if newest.terms == *terms => Decision::Unchanged(newest.position),
            _ => Decision::Write,
        }
    }

    /// Takes in terms that are durable at `position`, greater than all before.
    pub fn apply(&mut self, position: Position, record_time: Instant, terms: PriceTerms) {
        let days = self.0.entry(terms.customer_id.clone()).or_default();
        days.entry(terms.first_day)
            .or_default()
            .push(StoredPriceTerms {
                position,
                record_time,
                terms,
            });
    }

    /// What holds of some customers on a day as of a position, in the order of `customers`.
    pub fn find(
        &self,
        customers: &[PartyId],
        day: Day,
        as_of: Position,
    ) -> Vec<Option<PriceTerms>> {
        let found = customers.iter().map(|customer| {
            let days = self.0.get(customer)?;
            valid(days, day, as_of).map(|stored| stored.terms.clone())
        });
        found.collect()
    }

    /// The terms that meet a question.
    pub fn list(&self, question: &PriceTermsQuestion) -> Vec<StoredPriceTerms> {
        let PriceTermsQuestion {
            valid_on, as_of, ..
        } = *question;
        let after = question.after.as_ref();
        let from = after.map_or(Bound::Unbounded, |(customer, _)| Bound::Included(customer));
        let wanted = question.customer.as_ref();
        let one = wanted.and_then(|customer| self.0.get_key_value(customer));
        let all = || self.0.range::<PartyId, _>((from, Bound::Unbounded));
        let all = wanted.is_none().then(all).into_iter().flatten();
        let found = one.into_iter().chain(all).flat_map(|(customer, days)| {
            let is_after = move |day: Day| match after {
                None => true,
                Some((last, _)) if last < customer => true,
                Some((last, first_day)) => {
                    last == customer && valid_on.is_none() && *first_day < day
                }
            };
            let valid = valid_on.and_then(|day| valid(days, day, as_of));
            let every = days.values().filter(move |_| valid_on.is_none());
            let found = valid.into_iter();
            let found = found.chain(every.filter_map(move |versions| at(versions, as_of)));
            found.filter(move |stored| is_after(stored.terms.first_day))
        });
        found.take(question.limit).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::problem::Reason;

    const NOW: Instant = Instant {
        seconds: 9,
        nanos: 0,
    };

    fn id(customer: &str) -> PartyId {
        PartyId::parse(customer, "").unwrap()
    }

    fn terms(customer: &str, day: i32, list: &str) -> PriceTerms {
        PriceTerms {
            customer_id: id(customer),
            first_day: Day(day),
            price_list_id: list.to_owned(),
            discount_tier: String::new(),
            nominal_discount: None,
        }
    }

    fn of(all: &[PriceTerms]) -> PriceTermsHistory {
        let mut history = PriceTermsHistory::default();
        for (position, terms) in (1..).zip(all) {
            history.apply(position, NOW, terms.clone());
        }
        history
    }

    #[test]
    fn terms_hold_from_their_day_until_the_next() {
        let history = of(&[
            terms("a", 10, "retail"),
            terms("a", 20, "trade"),
            terms("a", 30, ""),
        ]);
        let on = |day| {
            let found = history.find(&[id("a")], Day(day), 9).remove(0);
            found.map(|terms| terms.price_list_id)
        };
        let list = |id: &str| Some(id.to_owned());
        assert_eq!(on(9), None);
        assert_eq!([10, 19].map(on), [list("retail"), list("retail")]);
        assert_eq!([20, 29].map(on), [list("trade"), list("trade")]);
        assert_eq!([30, i32::MAX].map(on), [list(""), list("")]);
        assert_eq!(history.find(&[id("b")], Day(10), 9), [None]);
    }

    #[test]
    fn what_was_not_known_yet_does_not_hold() {
        let retail = terms("a", 10, "retail");
        let (backdated, corrected) = (terms("a", 15, "trade"), terms("a", 10, "export"));
        let history = of(&[retail.clone(), backdated.clone(), corrected.clone()]);
        let at = |day, as_of| history.find(&[id("a")], Day(day), as_of).remove(0);
        assert_eq!(
            [0, 1].map(|as_of| at(20, as_of)),
            [None, Some(retail.clone())]
        );
        assert_eq!(
            [2, 3].map(|as_of| at(20, as_of)),
            [Some(backdated.clone()), Some(backdated)]
        );
        assert_eq!(
            [2, 3].map(|as_of| at(12, as_of)),
            [Some(retail.clone()), Some(corrected.clone())]
        );
        assert_eq!(history.decide(&corrected), Decision::Unchanged(3));
        assert_eq!(history.decide(&retail), Decision::Write);
        let mut draft = PriceTermsHistory::default();
        draft.prepare(&history, &retail);
        assert_eq!(draft.decide(&corrected), Decision::Unchanged(3));
    }

    #[test]
    fn a_list_goes_on_after_a_customer_and_day() {
        let all = [
            terms("a", 1, "x"),
            terms("a", 2, "y"),
            terms("b", 1, "z"),
            terms("c", 5, "x"),
        ];
        let history = of(&all);
        let mut question = PriceTermsQuestion {
            customer: None,
            valid_on: None,
            after: Some((id("a"), Day(1))),
            as_of: 9,
            limit: 2,
        };
        let listed = |question: &PriceTermsQuestion| {
            let found = history.list(question).into_iter();
            found.map(|stored| stored.terms).collect::<Vec<_>>()
        };
        assert_eq!(listed(&question), all[1..3]);
        question.valid_on = Some(Day(4));
        assert_eq!(listed(&question), all[2..3], "one for each customer");
        question.after = None;
        assert_eq!(listed(&question), all[1..3]);
        question.valid_on = None;
        question.customer = Some(id("c"));
        assert_eq!(listed(&question), all[3..]);
        question.after = Some((id("d"), Day(0)));
        assert!(listed(&question).is_empty());
        question.after = None;
        question.as_of = 3;
        assert!(listed(&question).is_empty());
    }

    #[test]
    fn a_discount_is_a_part_of_the_list_price_and_of_a_tier() {
        let reason = |millionths, tier| {
            let found = PriceTerms::nominal_discount(millionths, tier, "f");
            found.map_err(|problem| problem.reason)
        };
        assert_eq!(reason(150_000, "gold"), Ok(150_000));
        assert_eq!(
            [0, WHOLE].map(|all| reason(all, "gold")),
            [Ok(0), Ok(1_000_000)]
        );
        assert_eq!(reason(WHOLE + 1, "gold"), Err(Reason::NumberOutOfRange));
        assert_eq!(reason(-1, "gold"), Err(Reason::NumberOutOfRange));
        assert_eq!(reason(1, ""), Err(Reason::FieldInvalid));
    }

    #[test]
    fn the_last_day_of_a_period_without_an_end_is_the_last_of_all() {
        let of = |end| last_day(Period { start: None, end });
        assert_eq!(of(Some(Day(32))), Day(31));
        assert_eq!(of(None), Day(i32::MAX));
    }
}
