//! Rankings with the customers that have no activity in them: rows of zeros, among those whose value is zero.
//!
//! Stores rank who is active, and know nothing of these rows: who is without activity, and where each of them stands,
//! is found once for a question by going through all customers, and kept for its further pages.

use super::{
    Service,
    rankings::{RankedCustomer, Ranking, RankingRequest, question},
};
use crate::domain::{
    id::{PartyId, TenantId},
    money::Nanos,
    party::{Party, PartyQuestion, Stage},
    problem::Problem,
    question::{RankQuestion, RowSelection, Scope},
    ranking::Direction,
    statement::Statement,
};
use std::{collections::BTreeSet, ops::Range, sync::Arc};

/// How many customers are asked for at once.
const AT_ONCE: u64 = 10_000;

/// Whose ranking it is that customers without activity are added to.
pub type InactiveAsked = (TenantId, RankQuestion);

/// The customers without activity, each with its place in the whole ranking, from 0, in this order.
#[derive(Debug, Default)]
pub struct Inactive(Vec<(u64, PartyId)>);

/// Who is active: everybody, and those whose value is zero with the place of the first.
#[derive(Default)]
struct Active {
    all: BTreeSet<PartyId>,
    zero: Vec<PartyId>,
    /// How many stand before the zeros.
    before: u64,
    /// Whether somebody stood after them.
    is_past: bool,
}

impl Active {
    /// Takes in the next of the ranking; `value` is above zero for those before the zeros.
    fn see(&mut self, customer: PartyId, value: Nanos) {
        self.is_past |= value < 0;
        if !self.is_past {
            // What stands between two zeros is one micro-unit of rounding away from them.
            if value > 0 && self.zero.is_empty() {
                self.before += 1;
            } else {
                self.zero.push(customer.clone());
            }
        }
        self.all.insert(customer);
    }
}

impl Inactive {
    /// Puts customers, in the order of their ids, between those whose value is zero, which stand in that order too.
    fn among(active: &Active, customers: impl Iterator<Item = PartyId>) -> Self {
        let (mut passed, mut rows) = (0, Vec::new());
        for (own, customer) in (0..).zip(customers) {
            let zeros = active.zero.iter().skip(passed);
            passed += zeros.take_while(|zero| **zero < customer).count();
            // Lists in memory are shorter than any u64.
            rows.push((active.before + passed as u64 + own, customer));
        }
        Self(rows)
    }

    /// How many there are.
    fn count(&self) -> u64 {
        self.0.len() as u64
    }

    /// How many of them stand before a place.
    fn before(&self, place: u64) -> usize {
        self.0.partition_point(|(own, _)| *own < place)
    }
}

impl Service {
    /// Ranks customers, those without activity among them, and gives the rows at some places.
    pub async fn rank_with_inactive(
        &self,
        tenant: &TenantId,
        request: &RankingRequest,
        places: Range<u64>,
    ) -> Result<Ranking, Problem> {
        let costs = self
            .costs(tenant, request.cost_model_version, &request.scope)
            .await?;
        let mut question = question(request, &costs, RowSelection::Places(Vec::new()));
        let asked = (tenant.clone(), question.clone());
        let find = async || self.find_inactive(tenant, &question).await;
        let inactive = self.inactive.find_or(&asked, find).await?;
        let own = inactive.before(places.start)..inactive.before(places.end);
        let start = places.start - own.start as u64;
        let end = places.end - own.end as u64;
        // The one before tells what the values before the page come to.
        let first = start.saturating_sub(1);
        let wanted = first..end.max(start);
        question.rows = RowSelection::Places(vec![wanted]);
        let answer = self.store()?.rank(tenant, &question).await?;
        let mut ranking = Ranking::of(request.basis, &costs, &question, answer)?;
        ranking.inactive = inactive.count();
        let own = inactive.0.get(own).unwrap_or_default();
        let ids: Vec<PartyId> = own.iter().map(|(_, id)| id.clone()).collect();
        let parties = self
            .store()?
            .party(tenant, &ids, request.scope.as_of)
            .await?;
        let own = own.iter().zip(parties);
        ranking.rows = merged(ranking.rows, own, start, places.start);
        self.add_terms(tenant, &request.scope, &mut ranking).await?;
        Ok(ranking)
    }

    /// Who is stored as a customer, meets the filters and has no activity in the scope, and where each of them stands.
    async fn find_inactive(
        &self,
        tenant: &TenantId,
        question: &RankQuestion,
    ) -> Result<Inactive, Problem> {
        let active = self.active(tenant, question).await?;
        let stored = self.stored_customers(tenant, &question.scope).await?;
        let inactive = stored.into_iter().filter(|id| !active.all.contains(id));
        Ok(Inactive::among(&active, inactive))
    }

    async fn active(&self, tenant: &TenantId, question: &RankQuestion) -> Result<Active, Problem> {
        let (store, mut active, mut place) = (self.store()?, Active::default(), 0);
        loop {
            let wanted = place..place + AT_ONCE;
            let part = RankQuestion {
                beside: Vec::new(),
                rows: RowSelection::Places(vec![wanted]),
                ..question.clone()
            };
            let answer = store.rank(tenant, &part).await?;
            place += answer.rows.len() as u64;
            let is_last = answer.rows.is_empty() || place >= answer.totals.customers;
            for row in answer.rows {
                active.see(
                    row.customer,
                    match question.order.direction {
                        Direction::BestFirst => row.value,
                        Direction::WorstFirst => -row.value,
                    },
                );
            }
            if is_last {
                return Ok(active);
            }
        }
    }

    /// The ids of all that are stored as customers and meet the filters, in their order.
    async fn stored_customers(
        &self,
        tenant: &TenantId,
        scope: &Scope,
    ) -> Result<BTreeSet<PartyId>, Problem> {
        let mut ids = BTreeSet::new();
        loop {
            let question = PartyQuestion {
                stage: Some(Stage::Customer),
                traits: scope.traits.clone(),
                without_sales: false,
                after: ids.last().cloned(),
                as_of: scope.as_of,
                limit: usize::try_from(AT_ONCE).unwrap_or(usize::MAX),
            };
            let found = self.store()?.parties(tenant, &question).await?.parties;
            if found.is_empty() {
                return Ok(ids);
            }
            ids.extend(found.iter().map(|party| party.party_id.clone()));
        }
    }
}

/// The rows of a page from its first place on: those that are active, of which one before the page may be there and the
/// first of the page is at `start`, and those without activity, each with its place.
fn merged<'i>(
    active: Vec<RankedCustomer>,
    inactive: impl Iterator<Item = (&'i (u64, PartyId), Option<Arc<Party>>)>,
    start: u64,
    first: u64,
) -> Vec<RankedCustomer> {
    let (mut rows, mut cumulative) = (Vec::new(), 0);
    let mut active = active.into_iter().peekable();
    while let Some(before) = active.next_if(|row| row.place < start) {
        cumulative = before.cumulative;
    }
    let mut inactive = inactive.peekable();
    for place in first.. {
        if let Some(((_, customer), party)) = inactive.next_if(|((own, _), _)| *own == place) {
            rows.push(RankedCustomer {
                place,
                customer: customer.clone(),
                party,
                value: 0,
                cumulative,
                statement: Statement::default(),
                place_by_revenue: 0,
                place_by_net_profit: 0,
                is_inactive: true,
                terms: None,
            });
        } else if let Some(row) = active.next() {
            cumulative = row.cumulative;
            rows.push(RankedCustomer { place, ..row });
        } else {
            break;
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(ranked: &[(&str, Nanos)], inactive: &[&str]) -> Vec<(u64, String)> {
        let mut active = Active::default();
        for (id, value) in ranked {
            active.see(PartyId::stored(id), *value);
        }
        let inactive = inactive.iter().map(|id| PartyId::stored(id));
        let placed = Inactive::among(&active, inactive);
        let placed = placed.0.into_iter();
        placed.map(|(place, id)| (place, id.to_string())).collect()
    }

    #[test]
    fn who_has_no_activity_stands_among_the_zeros_by_id() {
        let ranked = [("z", 9), ("b", 0), ("d", 0), ("a", -1)];
        let found = places(&ranked, &["a1", "c", "e", "f"]);
        let expected = [(1, "a1"), (3, "c"), (5, "e"), (6, "f")];
        assert_eq!(found, expected.map(|(place, id)| (place, id.to_owned())));
        assert_eq!(places(&[("z", 9)], &["a"]), [(1, "a".to_owned())]);
        assert_eq!(places(&[("z", -9)], &["zz"]), [(0, "zz".to_owned())]);
        assert_eq!(places(&[], &["a"]), [(0, "a".to_owned())]);
    }

    #[test]
    fn a_unit_of_rounding_between_zeros_gives_nobody_two_places() {
        // Equals by what they are ordered by, of whom one bears a micro-unit more.
        let ranked = [("b", 0), ("c", 1_000), ("a", 0), ("d", -1_000)];
        let found = places(&ranked, &["a1", "bb", "x", "y"]);
        let expected = [(0, "a1"), (2, "bb"), (5, "x"), (6, "y")];
        assert_eq!(found, expected.map(|(place, id)| (place, id.to_owned())));
    }
}
