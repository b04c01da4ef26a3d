//! Referrals: who brought whom, what that is worth and to whom it is credited, beside what customers earn themselves.

pub mod asks;
pub mod leaving;
pub mod quadrants;
pub mod report;
pub mod total_value;
pub mod value;

use super::{
    Service,
    compute::compute,
    report::{Costs, Footing, check_range, check_sum, footing},
};
use crate::domain::{
    account::Weights,
    acquisition::acquisition_cost,
    id::{PartyId, TenantId},
    money::{Micros, Nanos, divide_half_even, to_nanos},
    problem::Problem,
    question::{Order, Scope, ValuesAnswer, ValuesQuestion},
    ranking::{Basis, Direction},
    referral::{
        Referral, ReferralKind, ReferralsAnswer, ReferralsQuestion,
        credit::{Decay, credits, worth},
        graph::{Graph, PartyNumber, Reach},
    },
    time::Period,
};
use std::{cmp::Reverse, sync::Arc};

/// How referrals are credited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReferralTerms {
    /// What part is passed on from generation to generation.
    pub decay: Decay,
    /// What referrals count as that do not tell their kind.
    pub untold: ReferralKind,
    /// What it costs to win a customer who was not brought; the average if `None`.
    pub saved: Option<Micros>,
}

impl Default for ReferralTerms {
    fn default() -> Self {
        Self {
            decay: Decay::default(),
            untold: ReferralKind::WouldNotHaveCome,
            saved: None,
        }
    }
}

/// What is asked of referrals.
#[derive(Debug, Clone)]
pub struct ReferralsRequest {
    /// Which period, as of which position; without a filter.
    pub scope: Scope,
    /// Which version of the cost model; the one in force on the last day if `None`.
    pub cost_model_version: Option<u64>,
    /// How referrals are credited.
    pub terms: ReferralTerms,
}

/// All that credits depend on.
pub type CreditedAsked = (TenantId, Scope, u64, ReferralTerms);

/// Everybody's own profit and what is credited to it.
#[derive(Debug)]
pub struct Credited {
    /// What was told up to the end of the period.
    pub told: ReferralsAnswer,
    /// The referrals that count.
    pub graph: Graph,
    /// How far each party of the graph reaches.
    pub reach: Vec<Reach>,
    /// The customer margin of each party of the graph.
    pub margins: Vec<Nanos>,
    /// What each who was brought is worth; zero of all others.
    pub worths: Vec<Nanos>,
    /// All who were active in the period or are credited anything, in the order of their ids.
    pub customers: Vec<Valued>,
    /// Their places in `customers`, by total value, the greatest first; equals in the order of their ids.
    pub by_total: Vec<usize>,
    /// What they add up to.
    pub totals: Totals,
    /// That of net profit.
    pub footing: Footing,
}

/// One customer.
#[derive(Debug, Clone)]
pub struct Valued {
    /// Who.
    pub customer: PartyId,
    /// Its own net profit.
    pub own: Nanos,
    /// What is credited to it.
    pub credited: Nanos,
    /// Its number in the graph, if it is there.
    pub party: Option<PartyNumber>,
    /// Whether it was active in the period.
    pub is_active: bool,
}

impl Valued {
    /// Own profit and what is credited.
    pub fn total(&self) -> Nanos {
        self.own + self.credited
    }
}

/// What a customer is worth, and how far it reaches.
#[derive(Debug, Clone, Copy, Default)]
pub struct Figures {
    /// Its own net profit.
    pub own: Nanos,
    /// What is credited to it.
    pub credited: Nanos,
    /// How far it reaches.
    pub reach: Reach,
}

/// What all customers are worth.
#[derive(Debug, Clone, Copy, Default)]
pub struct Totals {
    /// Their own net profit.
    pub own: Nanos,
    /// What is credited to them.
    pub credited: Nanos,
    /// How many parties were brought.
    pub referrals: u64,
    /// How many of these referrals do not tell their kind.
    pub untold: u64,
    /// What it costs to win a customer who was not brought, if that was asked for.
    pub saved: Option<Nanos>,
}

impl Service {
    /// Everybody's own profit and what is credited to it, with the costs that were used. It is kept.
    pub async fn credited(
        &self,
        tenant: &TenantId,
        request: &ReferralsRequest,
    ) -> Result<(Arc<Credited>, Costs), Problem> {
        let scope = &request.scope;
        if !scope.branches.is_empty() || !scope.traits.is_empty() {
            return Err(Problem::field_invalid(
                "filter",
                "is not possible with referrals",
            ));
        }
        let costs = self
            .costs(tenant, request.cost_model_version, scope)
            .await?;
        let version = costs.model.version;
        let key = (tenant.clone(), scope.clone(), version, request.terms);
        let find = async || self.find_credited(tenant, request, &costs).await;
        let credited = self.credited.find_or(&key, find).await?;
        Ok((credited, costs))
    }

    async fn find_credited(
        &self,
        tenant: &TenantId,
        request: &ReferralsRequest,
        costs: &Costs,
    ) -> Result<Credited, Problem> {
        let (scope, terms) = (&request.scope, request.terms);
        let question = ReferralsQuestion {
            before: scope.period.end,
            as_of: scope.as_of,
        };
        let told = self.store()?.referrals(tenant, &question).await?;
        let graph = Graph::of(&told.referrals, terms.untold);
        let saving = self
            .saving(tenant, request, costs, (&told.referrals, &graph))
            .await?;
        let order = costs.order(Basis::NetProfit, Direction::BestFirst);
        // What receivables cost is in no weights: only with them margins are a question of their own.
        let plain = costs.receivables.parts.is_empty();
        let beside = Vec::from_iter(plain.then(|| order.weights.clone()));
        let mut own = self.values_of(tenant, scope, order.clone(), beside).await?;
        let margins = match own.beside.pop() {
            Some(margins) => of_parties(&graph, &own.customers, &margins),
            None => {
                let order = margin_order(order.clone(), costs);
                let all = self.values_of(tenant, scope, order, Vec::new()).await?;
                of_parties(&graph, &all.customers, &all.values)
            }
        };
        let footing = footing(costs, &order, &own.totals)?;
        check_sum(footing.control_total.reported, own.values.iter().sum())?;
        let credited = compute(move || Credited::of(told, graph, own, margins, (saving, terms)));
        let credited = credited.await?;
        credited.check(footing)
    }

    pub(super) async fn values_of(
        &self,
        tenant: &TenantId,
        scope: &Scope,
        order: Order,
        beside: Vec<Weights>,
    ) -> Result<ValuesAnswer, Problem> {
        let question = ValuesQuestion {
            scope: scope.clone(),
            order,
            beside,
        };
        self.store()?.values(tenant, &question).await
    }

    /// What it costs to win a customer, and what was spent all the same on those who would have come anyway; nothing is
    /// asked if nobody was brought like that in the period.
    async fn saving(
        &self,
        tenant: &TenantId,
        request: &ReferralsRequest,
        costs: &Costs,
        (referrals, graph): (&[Referral], &Graph),
    ) -> Result<Saving, Problem> {
        let period = request.scope.period;
        let is_saved = |kind, place: usize| {
            kind == ReferralKind::WouldHaveCome && period.contains(referrals[place].day)
        };
        let mut saving = Saving {
            base: None,
            by_party: vec![0; graph.parties().len()],
        };
        let mut links = graph.links();
        if !links.any(|(_, link)| is_saved(link.kind, link.place)) {
            return Ok(saving);
        }
        let until_end = Scope {
            period: Period {
                start: None,
                end: period.end,
            },
            ..request.scope.clone()
        };
        let order = plain_order(acquisition_cost(&costs.model));
        let spent = self
            .values_of(tenant, &until_end, order, Vec::new())
            .await?;
        let (mut sum, mut count) = (0, 0);
        let mut own = vec![0; graph.parties().len()];
        let all = spent.customers.iter().zip(&spent.values);
        for (customer, cost) in all.filter(|(_, cost)| **cost != 0) {
            let number = graph.number(customer);
            if let Some(number) = number {
                own[number] = *cost;
            }
            let is_brought = number.is_some_and(|number| graph.link(number).is_some());
            if *cost > 0 && !is_brought {
                (sum, count) = (sum + cost, count + 1);
            }
        }
        let average = || {
            if count > 0 {
                divide_half_even(sum, count)
            } else {
                0
            }
        };
        let base = request.terms.saved.map_or_else(average, to_nanos);
        saving.base = Some(base);
        for (party, link) in graph.links() {
            if is_saved(link.kind, link.place) {
                saving.by_party[party] = (base - own[party]).max(0);
            }
        }
        Ok(saving)
    }
}

/// What was saved by those who would have come anyway.
struct Saving {
    base: Option<Nanos>,
    by_party: Vec<Nanos>,
}

/// An order by weights alone.
pub(super) fn plain_order(weights: Weights) -> Order {
    Order {
        weights,
        split: Vec::new(),
        driven: Vec::new(),
        value_bears_split: false,
        direction: Direction::BestFirst,
    }
}

/// The places of some values in their order; equals in the order in which they come.
fn in_order<T: Ord>(values: impl Iterator<Item = T>) -> Vec<usize> {
    let mut keys: Vec<(T, usize)> = values.zip(0..).collect();
    keys.sort_unstable();
    keys.into_iter().map(|(_, place)| place).collect()
}

/// The values of the parties of a graph, of those of all customers in the order of their ids; zero of who has none.
fn of_parties(graph: &Graph, customers: &[PartyId], values: &[Nanos]) -> Vec<Nanos> {
    // Both rise: each is looked for near the one before it.
    let mut from = 0;
    let parties = graph.parties().iter().map(|party| {
        let mut width = 1;
        while customers.get(from + width).is_some_and(|one| one <= party) {
            width *= 2;
        }
        let near = (from + width / 2).min(customers.len())..(from + width).min(customers.len());
        let found = customers[near.clone()].binary_search(party);
        from = near.start + found.unwrap_or_else(|place| place);
        found.map_or(0, |_| values[from])
    });
    parties.collect()
}

/// What is left of net profit's order without fixed costs: the customer margin, which bears what its receivables cost.
fn margin_order(mut order: Order, costs: &Costs) -> Order {
    let receivables = costs.receivables.parts.len();
    let pools = order.driven.len().saturating_sub(receivables);
    order.driven.drain(..pools);
    order.split.clear();
    order
}

impl Credited {
    fn of(
        told: ReferralsAnswer,
        graph: Graph,
        own: ValuesAnswer,
        margins: Vec<Nanos>,
        (saving, terms): (Saving, ReferralTerms),
    ) -> Unchecked {
        let mut worths = vec![0; margins.len()];
        for (party, link) in graph.links() {
            worths[party] = worth(link.kind, margins[party], saving.by_party[party]);
        }
        let credits = credits(&graph, terms.decay, |party| worths[party]);
        let referral = |place: usize| &told.referrals[place];
        let untold = graph
            .links()
            .filter(|(_, link)| referral(link.place).kind.is_none());
        let totals = Totals {
            own: own.values.iter().sum(),
            credited: credits.iter().sum(),
            referrals: graph.links().count() as u64,
            untold: untold.count() as u64,
            saved: saving.base,
        };
        let customers = merged(own, &graph, &credits);
        let totals_of = customers.iter().map(|own| Reverse(own.total()));
        let by_total = in_order(totals_of);
        Unchecked {
            reach: graph.reach(),
            told,
            graph,
            margins,
            worths,
            customers,
            by_total,
            totals,
        }
    }

    /// What a customer is worth.
    pub fn figures(&self, valued: &Valued) -> Figures {
        Figures {
            own: valued.own,
            credited: valued.credited,
            reach: valued
                .party
                .map(|party| self.reach[party])
                .unwrap_or_default(),
        }
    }

    /// What is told of a customer, if it was active or is credited anything.
    pub fn find(&self, customer: &PartyId) -> Option<&Valued> {
        self.place(customer).map(|place| &self.customers[place])
    }

    /// Where a customer is among all in the order of their ids.
    fn place(&self, customer: &PartyId) -> Option<usize> {
        let all = &self.customers;
        let place = all.binary_search_by(|own| own.customer.cmp(customer));
        place.ok()
    }
}

/// Credits that are not proven to come to what those are worth who were brought.
struct Unchecked {
    told: ReferralsAnswer,
    graph: Graph,
    reach: Vec<Reach>,
    margins: Vec<Nanos>,
    worths: Vec<Nanos>,
    customers: Vec<Valued>,
    by_total: Vec<usize>,
    totals: Totals,
}

impl Unchecked {
    /// Proves that nothing is lost or told twice, and that figures are not too large for an amount of money.
    fn check(self, footing: Footing) -> Result<Credited, Problem> {
        let totals = self.totals;
        check_sum(self.worths.iter().sum(), totals.credited)?;
        let credited = self.customers.iter().map(|own| own.credited);
        check_sum(totals.credited, credited.sum())?;
        let whole = self.customers.iter().map(Valued::total);
        check_sum(totals.own + totals.credited, whole.sum())?;
        check_range("referral_totals.referral_value", totals.credited)?;
        check_range("referral_totals.total_value", totals.own + totals.credited)?;
        for valued in &self.customers {
            check_range("referral.referral_value", valued.credited)?;
            check_range("referral.total_value", valued.total())?;
        }
        for (margin, worth) in self.margins.iter().zip(&self.worths) {
            check_range("edges.customer_margin", *margin)?;
            check_range("edges.worth", *worth)?;
        }
        Ok(Credited {
            told: self.told,
            graph: self.graph,
            reach: self.reach,
            margins: self.margins,
            worths: self.worths,
            customers: self.customers,
            by_total: self.by_total,
            totals,
            footing,
        })
    }
}

/// Who was active together with who is credited anything, in the order of their ids.
fn merged(own: ValuesAnswer, graph: &Graph, credits: &[Nanos]) -> Vec<Valued> {
    let mut customers = Vec::with_capacity(own.customers.len());
    let mut parties = graph.parties().iter().zip(credits).enumerate().peekable();
    let inactive = |(party, (customer, credited)): (usize, (&PartyId, &Nanos))| Valued {
        customer: customer.clone(),
        own: 0,
        credited: *credited,
        party: Some(party),
        is_active: false,
    };
    for (customer, own) in own.customers.into_iter().zip(own.values) {
        while let Some(before) = parties.next_if(|(_, (party, _))| **party < customer) {
            customers.extend(Some(inactive(before)).filter(|own| own.credited != 0));
        }
        let same = parties.next_if(|(_, (party, _))| **party == customer);
        customers.push(Valued {
            customer,
            own,
            credited: same.map_or(0, |(_, (_, credited))| *credited),
            party: same.map(|(party, _)| party),
            is_active: true,
        });
    }
    customers.extend(parties.map(inactive).filter(|own| own.credited != 0));
    customers
}
