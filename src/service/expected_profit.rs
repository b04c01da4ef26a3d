//! Customers in the order of the profit that is expected of them, each with its waterfall.

use super::{
    Service,
    compute::compute,
    customer_value::{ValueLearning, ValueRequest, Way, end_of, everybody, purchases_question},
    rankings::{RankingRequest, question},
    report::{Costs, Footing, check_range, check_sum, checked_statement, footing},
};
use crate::domain::{
    id::{PartyId, TenantId},
    ledger::Position,
    model::worth::{ValueTerms, Worth, WorthModel},
    money::Nanos,
    party::Party,
    price_terms::PriceTerms,
    problem::Problem,
    purchase::Purchases,
    question::{RankRow, RowSelection},
    ranking::{Basis, Direction},
    statement::Statement,
    time::Day,
};
use std::{cmp::Reverse, collections::BTreeMap, ops::Range, sync::Arc};

/// All that the order of customers depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedAsked {
    learning: ValueLearning,
    as_of: Position,
    terms: ValueTerms,
    direction: Direction,
}

/// All customers in order, with what is expected of them.
#[derive(Debug)]
pub struct ExpectedOrder {
    customers: Vec<(Nanos, PartyId)>,
    /// So many of them, the last ones, object to profiling, and nothing is expected of them. They are in the order of
    /// their ids.
    objected: usize,
    /// The day from which they are valued.
    from: Day,
    total: Nanos,
    negative: u64,
}

/// Some customers of a ranking by expected profit.
#[derive(Debug, Clone)]
pub struct ExpectedRanking {
    /// The rows.
    pub rows: Vec<ExpectedCustomer>,
    /// How many customers the whole ranking has.
    pub customers: u64,
    /// How many of them, the last ones, object to profiling.
    pub objected: u64,
    /// Of how many of them a loss is expected.
    pub negative: u64,
    /// What is expected of all of them.
    pub total: Nanos,
    /// That of their net profit in the asked period.
    pub footing: Footing,
}

/// One customer in a ranking by expected profit.
#[derive(Debug, Clone)]
pub struct ExpectedCustomer {
    /// Its place, from 0.
    pub place: u64,
    /// The customer.
    pub customer: PartyId,
    /// What is stored of it.
    pub party: Option<Arc<Party>>,
    /// Whether it objects to profiling: then nothing is expected of it, and its own profit is told all the same.
    pub objected: bool,
    /// The profit that is expected of it; 0 if it objects.
    pub value: Nanos,
    /// The values from the first customer to this one.
    pub cumulative: Nanos,
    /// What it is worth; `None` if it has not ordered, or objects.
    pub worth: Option<Worth>,
    /// Its waterfall; of zeros if it did nothing in the period.
    pub statement: Statement,
    /// By what it buys.
    pub terms: Option<PriceTerms>,
    /// Its places by revenue and by net profit, from 0, if it was active.
    pub places: Option<(u64, u64)>,
}

impl Service {
    /// Ranks everybody with any activity before the end of the period by the profit that is expected from there on, and
    /// gives the rows at some places. Refused with EVIDENCE_TOO_THIN if there are too few customers to learn from.
    pub async fn rank_by_expected_profit(
        &self,
        tenant: &TenantId,
        ranking: &RankingRequest,
        asked: &ValueRequest,
        places: Range<u64>,
    ) -> Result<ExpectedRanking, Problem> {
        self.check_own_currency()?;
        let value_costs = self.value_costs(tenant, asked).await?;
        let (learnt, learnt_at) = self.learnt_value(tenant, asked, &value_costs).await?;
        let key = ExpectedAsked {
            learning: asked.learning(tenant, value_costs.model.version, learnt_at),
            as_of: asked.scope.as_of,
            terms: asked.terms,
            direction: ranking.direction,
        };
        let find = async || {
            self.expected_order(tenant, asked, &value_costs, &learnt, ranking.direction)
                .await
        };
        let order = self.expected_orders.find_or(&key, find).await?;
        let page = order.page(places);
        let by_profit = RankingRequest {
            basis: Basis::NetProfit,
            direction: Direction::BestFirst,
            ..ranking.clone()
        };
        let costs = self
            .costs(tenant, ranking.cost_model_version, &ranking.scope)
            .await?;
        let ids: Vec<PartyId> = page.iter().map(|row| row.customer.clone()).collect();
        let one = question(&by_profit, &costs, RowSelection::Customers(ids.clone()));
        let answer = self.store()?.rank(tenant, &one).await?;
        let footing = footing(&costs, &one.order, &answer.totals)?;
        let scored = page.iter().filter(|row| !row.objected);
        let scored: Vec<PartyId> = scored.map(|row| row.customer.clone()).collect();
        let valued: (_, _, Way) = (&learnt, order.from, WorthModel::outline);
        let mut worths = self
            .worths(tenant, asked, &value_costs, valued, scored)
            .await?;
        let parties = self.store()?.party(tenant, &ids, asked.scope.as_of).await?;
        let mut rows = page;
        let terms = self.terms_of(tenant, &ids, &ranking.scope).await?;
        for ((row, party), terms) in rows.iter_mut().zip(parties).zip(terms) {
            row.terms = terms;
            row.worth = worths.remove(&row.customer).flatten();
            row.party = party;
        }
        let own = answer.rows.into_iter();
        let own: BTreeMap<PartyId, RankRow> = own.map(|row| (row.customer.clone(), row)).collect();
        for row in &mut rows {
            row.add_statement(own.get(&row.customer), &costs)?;
        }
        Ok(ExpectedRanking {
            rows,
            customers: order.customers.len() as u64,
            objected: order.objected as u64,
            negative: order.negative,
            total: order.total,
            footing,
        })
    }

    /// Puts everybody in order. That nobody is missing is proven by what the books hold.
    async fn expected_order(
        &self,
        tenant: &TenantId,
        asked: &ValueRequest,
        costs: &Costs,
        learnt: &Arc<WorthModel>,
        direction: Direction,
    ) -> Result<ExpectedOrder, Problem> {
        let question = purchases_question(asked, &costs.model, None);
        let all = self.store()?.purchases(tenant, &question).await?;
        let added: Nanos = all.iter().map(|one| one.profit).sum();
        let whole = everybody(&question.scope, &question.profit);
        let totals = self.store()?.rank(tenant, &whole).await?.totals;
        check_sum(totals.reported_value, added)?;
        let from = end_of(&asked.scope.period, &all).unwrap_or(learnt.until);
        let (learnt, terms) = (Arc::clone(learnt), asked.terms);
        let objecting = self.objecting(tenant, asked.scope.as_of).await?;
        let order = compute(move || {
            let value = |one: &Purchases| learnt.expected_profit(one, from, &terms);
            let (objected, scored): (Vec<_>, Vec<_>) =
                (all.iter()).partition(|one| objecting.contains(&one.customer));
            let scored = scored.into_iter();
            let scored = scored.map(|one| (value(one), one.customer.clone()));
            let objected = objected.into_iter().map(|one| one.customer.clone());
            ExpectedOrder::of(scored.collect(), objected.collect(), from, direction)
        })
        .await?;
        for (value, _) in order.scored().first().iter().chain(&order.scored().last()) {
            check_range("value", *value)?;
        }
        check_range("cumulative_value", order.total)?;
        Ok(order)
    }
}

impl ExpectedOrder {
    /// Of customers with what is expected of them, and of those who object, both in the order of their ids.
    fn of(
        mut customers: Vec<(Nanos, PartyId)>,
        objected: Vec<PartyId>,
        from: Day,
        direction: Direction,
    ) -> Self {
        // Equals keep the order of their ids.
        match direction {
            Direction::BestFirst => customers.sort_by_key(|(value, _)| Reverse(*value)),
            Direction::WorstFirst => customers.sort_by_key(|(value, _)| *value),
        }
        Self {
            from,
            total: customers.iter().map(|(value, _)| value).sum(),
            negative: customers.iter().filter(|(value, _)| *value < 0).count() as u64,
            objected: objected.len(),
            customers: {
                customers.extend(objected.into_iter().map(|customer| (0, customer)));
                customers
            },
        }
    }

    /// Those of whom anything is expected.
    fn scored(&self) -> &[(Nanos, PartyId)] {
        &self.customers[..self.customers.len() - self.objected]
    }

    /// The rows at some places, with nothing but their values.
    fn page(&self, places: Range<u64>) -> Vec<ExpectedCustomer> {
        let place = |place: u64| usize::try_from(place).unwrap_or(usize::MAX);
        let start = place(places.start).min(self.customers.len());
        let end = place(places.end).min(self.customers.len()).max(start);
        let mut cumulative: Nanos = self.customers[..start].iter().map(|(value, _)| value).sum();
        let scored = self.scored().len();
        let rows = (start..end).zip(&self.customers[start..end]);
        rows.map(|(place, (value, customer))| {
            cumulative += value;
            ExpectedCustomer {
                place: place as u64,
                objected: place >= scored,
                customer: customer.clone(),
                party: None,
                value: *value,
                cumulative,
                worth: None,
                statement: Statement::default(),
                terms: None,
                places: None,
            }
        })
        .collect()
    }
}

impl ExpectedCustomer {
    fn add_statement(&mut self, row: Option<&RankRow>, costs: &Costs) -> Result<(), Problem> {
        if let Some(row) = row {
            let place = |index: usize| row.beside.get(index).copied().unwrap_or(0);
            self.statement = checked_statement(&row.sums, costs, &row.shares)?;
            self.places = Some((place(0), place(1)));
        }
        Ok(())
    }
}
