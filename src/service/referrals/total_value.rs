//! Customers in the order of what they are worth together with those whom they brought, each with its waterfall.

use super::{Credited, Figures, ReferralTerms, ReferralsRequest, Totals, Valued, in_order};
use crate::{
    domain::{
        id::{PartyId, TenantId},
        money::Nanos,
        party::Party,
        price_terms::PriceTerms,
        problem::Problem,
        question::{RankRow, RowSelection},
        ranking::{Basis, Direction},
        statement::Statement,
    },
    service::{
        Service,
        rankings::{RankingRequest, question},
        report::{Footing, check_range, check_sum, checked_statement},
    },
};
use std::{borrow::Cow, collections::BTreeMap, ops::Range, sync::Arc};

/// Some customers of a ranking by total value.
#[derive(Debug, Clone)]
pub struct TotalValueRanking {
    /// The rows.
    pub rows: Vec<TotalValueCustomer>,
    /// How many customers the whole ranking has.
    pub customers: u64,
    /// How many of them are worth less than nothing.
    pub negative: u64,
    /// What all of them are worth.
    pub totals: Totals,
    /// That of net profit.
    pub footing: Footing,
}

/// One customer in a ranking by total value.
#[derive(Debug, Clone)]
pub struct TotalValueCustomer {
    /// Its place, from 0.
    pub place: u64,
    /// The customer.
    pub customer: PartyId,
    /// What is stored of it.
    pub party: Option<Arc<Party>>,
    /// What it is worth.
    pub figures: Figures,
    /// The total values from the first customer to this one.
    pub cumulative: Nanos,
    /// Its waterfall; of zeros if it did nothing in the period.
    pub statement: Statement,
    /// Its places by revenue and by net profit, from 0, if it was active.
    pub places: Option<(u64, u64)>,
    /// By what it buys.
    pub terms: Option<PriceTerms>,
}

impl Service {
    /// Ranks everybody who was active or is credited anything, and gives the rows at some places.
    pub async fn rank_by_total_value(
        &self,
        tenant: &TenantId,
        request: &RankingRequest,
        terms: ReferralTerms,
        places: Range<u64>,
    ) -> Result<TotalValueRanking, Problem> {
        let asked = ReferralsRequest {
            scope: request.scope.clone(),
            cost_model_version: request.cost_model_version,
            terms,
        };
        let (credited, costs) = self.credited(tenant, &asked).await?;
        let page = credited.page(request.direction, places);
        let ids = page.iter().map(|row| row.customer.clone());
        let ids: Vec<PartyId> = ids.collect();
        let by_profit = RankingRequest {
            basis: Basis::NetProfit,
            direction: Direction::BestFirst,
            ..request.clone()
        };
        let one = question(&by_profit, &costs, RowSelection::Customers(ids.clone()));
        let store = self.store()?;
        let own = store.rank(tenant, &one).await?.rows.into_iter();
        let own: BTreeMap<PartyId, RankRow> = own.map(|row| (row.customer.clone(), row)).collect();
        let parties = store.party(tenant, &ids, asked.scope.as_of).await?;
        let terms = self.terms_of(tenant, &ids, &asked.scope).await?;
        let mut rows = page;
        for ((row, party), terms) in rows.iter_mut().zip(parties).zip(terms) {
            (row.party, row.terms) = (party, terms);
            check_range("cumulative_value", row.cumulative)?;
            if let Some(own) = own.get(&row.customer) {
                let place = |index: usize| own.beside.get(index).copied().unwrap_or(0);
                row.places = Some((place(0), place(1)));
                row.statement = checked_statement(&own.sums, &costs, &own.shares)?;
            }
            check_sum(row.figures.own, row.statement.value(Basis::NetProfit))?;
        }
        let negative = credited.customers.iter().filter(|own| own.total() < 0);
        Ok(TotalValueRanking {
            rows,
            customers: credited.customers.len() as u64,
            negative: negative.count() as u64,
            totals: credited.totals,
            footing: credited.footing.clone(),
        })
    }
}

impl Credited {
    /// The rows at some places, with nothing but what they are worth.
    fn page(&self, direction: Direction, places: Range<u64>) -> Vec<TotalValueCustomer> {
        let order = match direction {
            Direction::BestFirst => Cow::Borrowed(&self.by_total),
            Direction::WorstFirst => Cow::Owned(in_order(self.customers.iter().map(Valued::total))),
        };
        let mut cumulative = 0;
        let mut rows = Vec::new();
        for (place, own) in (0..places.end).zip(order.iter()) {
            let valued: &Valued = &self.customers[*own];
            cumulative += valued.total();
            if place >= places.start {
                rows.push(TotalValueCustomer {
                    place,
                    customer: valued.customer.clone(),
                    party: None,
                    figures: self.figures(valued),
                    cumulative,
                    statement: Statement::default(),
                    places: None,
                    terms: None,
                });
            }
        }
        rows
    }
}
