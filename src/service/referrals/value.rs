//! What one customer brings by those whom it brought, generation by generation.

use super::{Credited, Figures, ReferralsRequest, Totals};
use crate::{
    domain::{
        id::{PartyId, TenantId},
        money::Nanos,
        party::Party,
        problem::Problem,
        question::RowSelection,
        ranking::{Basis, Direction},
        referral::{
            Referral,
            credit::{Decay, for_each_share},
            graph::{LeftOut, PartyNumber},
        },
    },
    service::{
        Service,
        rankings::{RankingRequest, only, question},
        report::{Footing, check_range, check_sum, footing},
    },
};
use std::sync::Arc;

/// How many parties are told one by one, and how many referrals that do not count.
const LISTED: usize = 1_000;

/// What one customer brings.
#[derive(Debug, Clone)]
pub struct ReferralValue {
    /// What is stored of the customer.
    pub party: Option<Arc<Party>>,
    /// What it is worth.
    pub figures: Figures,
    /// Who brought it.
    pub brought_by: Option<PartyId>,
    /// Whom it brought, by how many referrals lie between, from 1.
    pub generations: Vec<Generation>,
    /// The same one by one.
    pub edges: Vec<Edge>,
    /// The referrals by it that do not count.
    pub left_out: Vec<(Referral, LeftOut)>,
    /// What all customers are worth.
    pub totals: Totals,
    /// That of net profit.
    pub footing: Footing,
}

/// Those who are so many referrals away.
#[derive(Debug, Clone, Copy, Default)]
pub struct Generation {
    /// How many they are.
    pub parties: u64,
    /// Their customer margins.
    pub margin: Nanos,
    /// What they are worth to those who brought them.
    pub worth: Nanos,
    /// How much of it is credited to the customer.
    pub credited: Nanos,
}

/// A party that was brought.
#[derive(Debug, Clone)]
pub struct Edge {
    /// The referral; its kind is what it counts as.
    pub referral: Referral,
    /// How many referrals lie between.
    pub generation: u64,
    /// Its customer margin.
    pub margin: Nanos,
    /// What it is worth to those who brought it.
    pub worth: Nanos,
    /// How much of it is credited to the customer.
    pub credited: Nanos,
}

impl Service {
    /// What one customer brings. Refused if nothing is known of it.
    pub async fn referral_value(
        &self,
        tenant: &TenantId,
        customer: &PartyId,
        request: &ReferralsRequest,
    ) -> Result<ReferralValue, Problem> {
        let (credited, costs) = self.credited(tenant, request).await?;
        let ranking = RankingRequest {
            scope: request.scope.clone(),
            basis: Basis::NetProfit,
            direction: Direction::BestFirst,
            cost_model_version: request.cost_model_version,
        };
        let ids = std::slice::from_ref(customer);
        let number = credited.graph.number(customer);
        let is_known = number.is_some() || credited.find(customer).is_some();
        let party = match is_known {
            true => {
                let as_of = request.scope.as_of;
                let mut parties = self.store()?.party(tenant, ids, as_of).await?;
                parties.pop().flatten()
            }
            false => self.known(tenant, customer, &ranking).await?,
        };
        let one = question(&ranking, &costs, RowSelection::Customer(customer.clone()));
        let mut answer = self.store()?.rank(tenant, &one).await?;
        let row = answer.rows.pop();
        let totals = only(row.as_ref(), &one.order.weights, answer.totals);
        let footing = footing(&costs, &one.order, &totals)?;
        let mut value = credited.value_of(customer, request.terms.decay, footing)?;
        value.party = party;
        Ok(value)
    }
}

impl Credited {
    fn value_of(
        &self,
        customer: &PartyId,
        decay: Decay,
        footing: Footing,
    ) -> Result<ReferralValue, Problem> {
        let number = self.graph.number(customer);
        let found = self.find(customer).map(|valued| self.figures(valued));
        let figures = found.unwrap_or_else(|| Figures {
            reach: number.map(|own| self.reach[own]).unwrap_or_default(),
            ..Figures::default()
        });
        let mut generations = Vec::new();
        let mut edges = Vec::new();
        let mut at = Vec::from_iter(number);
        while !at.is_empty() {
            let depth = generations.len() as u64 + 1;
            let mut next = Vec::new();
            let mut whole = Generation::default();
            for brought in at.iter().flat_map(|own| self.graph.brought_by(*own)) {
                let party = brought.party;
                let edge = self.edge(party, (brought.link.place, depth), decay);
                whole.parties += 1;
                whole.margin += edge.margin;
                whole.worth += edge.worth;
                whole.credited += edge.credited;
                next.push((brought.link.place, party));
                edges.push((brought.link.place, edge));
            }
            next.sort_unstable();
            at = next.into_iter().map(|(_, party)| party).collect();
            if whole.parties > 0 {
                check_range("generations.customer_margin", whole.margin)?;
                check_range("generations.worth", whole.worth)?;
                generations.push(whole);
            }
        }
        check_sum(
            figures.credited,
            generations.iter().map(|own| own.credited).sum(),
        )?;
        edges.sort_by_key(|(place, edge)| (edge.generation, *place));
        let own_left_out = self.graph.left_out().iter().filter(|(place, _)| {
            let referral = &self.told.referrals[*place];
            referral.referrer == *customer
        });
        let left_out = own_left_out.map(|(place, why)| (self.told.referrals[*place].clone(), *why));
        let above = number.and_then(|own| self.graph.link(own));
        Ok(ReferralValue {
            party: None,
            figures,
            brought_by: above.map(|link| self.graph.parties()[link.referrer].clone()),
            generations,
            edges: edges
                .into_iter()
                .map(|(_, edge)| edge)
                .take(LISTED)
                .collect(),
            left_out: left_out.take(LISTED).collect(),
            totals: self.totals,
            footing,
        })
    }

    /// A party with what of it is credited to who is so many referrals away.
    fn edge(&self, party: PartyNumber, (place, generation): (usize, u64), decay: Decay) -> Edge {
        let mut credited = 0;
        for_each_share(&self.graph, party, self.worths[party], decay, |share| {
            if share.generation == generation {
                credited = share.amount;
            }
        });
        let mut referral = self.told.referrals[place].clone();
        referral.kind = self.graph.link(party).map(|link| link.kind);
        Edge {
            referral,
            generation,
            margin: self.margins[party],
            worth: self.worths[party],
            credited,
        }
    }
}
