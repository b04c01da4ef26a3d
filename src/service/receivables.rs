//! What customers owe, how late they pay, and what that costs.

use super::{
    Service,
    rankings::RankingRequest,
    report::{ControlTotal, check_range, check_sum, check_tie},
};
use crate::domain::{
    account::{Account, Weights},
    cost_model::CostModel,
    id::{PartyId, TenantId},
    ledger::Position,
    money::{NANOS_PER_MICRO, Nanos, to_nanos},
    party::Party,
    problem::Problem,
    question::{Order, RankQuestion, RowSelection, Scope},
    ranking::{Basis, Direction},
    receivables::{
        Change, Event, Means, ReceivablesAnswer, ReceivablesQuestion,
        cost::{ReceivablesCost, ReceivablesCosts, ReceivablesRates},
        end_of_all,
        figures::Figures,
        settlement::Settlement,
    },
    time::{Day, Period},
};
use std::{collections::BTreeMap, ops::Range, sync::Arc};

/// What the costs of receivables depend on.
pub type CostsAsked = (TenantId, Position, Period, ReceivablesRates);

/// In which order customers stand in a list of receivables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ReceivablesOrder {
    /// Who owes the most first.
    #[default]
    Open,
    /// Who owes the most that is overdue first.
    Overdue,
    /// Who pays best first: by the paid part of what fell due, then by how late it was paid. Those of whom nothing fell
    /// due are the last.
    Solvency(Direction),
    /// By customer id.
    CustomerId,
}

/// What is asked of receivables.
#[derive(Debug, Clone)]
pub struct ReceivablesRequest {
    /// As of the end of this period; what was billed, and what it all cost, is of the period.
    pub period: Period,
    /// As of which position.
    pub as_of: Position,
    /// Which version of the cost model; the one in force on the last day if `None`.
    pub cost_model_version: Option<u64>,
}

/// What one customer, or all of them, owe and cost.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    /// Sums of what is owed and paid.
    pub figures: Figures,
    /// The cost of capital in the period, in nano-units; nothing without rates.
    pub carrying_cost: Nanos,
    /// What is provided at the end of the period, in nano-units.
    pub provision: Nanos,
    /// By how much that rose in the period, in nano-units.
    pub provision_change: Nanos,
}

/// One customer in a list of receivables.
#[derive(Debug, Clone)]
pub struct ReceivablesRow {
    /// Its place, from 0.
    pub place: u64,
    /// The customer.
    pub customer: PartyId,
    /// What is stored of it.
    pub party: Option<Arc<Party>>,
    /// What it owes.
    pub standing: Standing,
}

/// Some customers of a list of receivables.
#[derive(Debug, Clone)]
pub struct ReceivablesList {
    /// The rows.
    pub rows: Vec<ReceivablesRow>,
    /// How many customers the whole list has: all who were ever billed anything, or paid anything.
    pub customers: u64,
    /// What all of them together owe.
    pub totals: Standing,
    /// The day before which everything counts; `None` if there is nothing.
    pub end: Option<Day>,
    /// What was billed less what was credited and given up, ever: by the books, and by customer.
    pub control_total: ControlTotal,
    /// The version of the cost model.
    pub cost_model_version: u64,
}

/// What one customer owes.
#[derive(Debug, Clone)]
pub struct CustomerReceivables {
    /// What is stored of the customer.
    pub party: Option<Arc<Party>>,
    /// What it owes in all.
    pub standing: Standing,
    /// Its invoices.
    pub settlement: Settlement,
    /// The day before which everything counts; `None` if there is nothing.
    pub end: Option<Day>,
    /// The version of the cost model.
    pub cost_model_version: u64,
}

impl Service {
    /// What the receivables of all customers cost in a period by a cost model: nothing, at no effort, if that does not
    /// tell.
    pub(super) async fn receivables_costs(
        &self,
        tenant: &TenantId,
        model: &CostModel,
        scope: &Scope,
    ) -> Result<Arc<ReceivablesCosts>, Problem> {
        let Some(rates) = &model.receivables else {
            return Ok(Arc::default());
        };
        let key = (tenant.clone(), scope.as_of, scope.period, rates.clone());
        let find = async || {
            let events = self
                .events(tenant, None, &scope.period, scope.as_of)
                .await?;
            rates.costs(&events, &scope.period)
        };
        self.receivables_costs.find_or(&key, find).await
    }

    async fn events(
        &self,
        tenant: &TenantId,
        customers: Option<Vec<PartyId>>,
        period: &Period,
        as_of: Position,
    ) -> Result<ReceivablesAnswer, Problem> {
        let question = ReceivablesQuestion {
            customers,
            before: period.end,
            as_of,
        };
        self.store()?.receivables(tenant, &question).await
    }

    /// What one customer owes. Refused if nothing is known of it.
    pub async fn customer_receivables(
        &self,
        tenant: &TenantId,
        customer: &PartyId,
        request: &ReceivablesRequest,
    ) -> Result<CustomerReceivables, Problem> {
        let scope = Scope::all_of(request.period, request.as_of);
        let model = self
            .cost_model_for(tenant, request.cost_model_version, &scope)
            .await?;
        // Where a period without an end ends depends on all customers.
        let one = request.period.end.map(|_| vec![customer.clone()]);
        let events = self
            .events(tenant, one, &request.period, request.as_of)
            .await?;
        let party = self.known_party(tenant, customer, request, &events).await?;
        let end = request.period.end.or_else(|| end_of_all(&events));
        let own = events.get(customer).map_or(&[][..], Vec::as_slice);
        let (standing, settlement) = match end {
            Some(end) => Standing::of(own, request.period, end, &model)?,
            None => Default::default(),
        };
        standing.check_range()?;
        Ok(CustomerReceivables {
            party,
            standing,
            settlement,
            end,
            cost_model_version: model.version,
        })
    }

    async fn known_party(
        &self,
        tenant: &TenantId,
        customer: &PartyId,
        request: &ReceivablesRequest,
        events: &ReceivablesAnswer,
    ) -> Result<Option<Arc<Party>>, Problem> {
        let ranking = RankingRequest {
            scope: Scope::all_of(request.period, request.as_of),
            basis: Basis::Revenue,
            direction: Direction::BestFirst,
            cost_model_version: request.cost_model_version,
        };
        if events.contains_key(customer) {
            let ids = std::slice::from_ref(customer);
            let parties = self.store()?.party(tenant, ids, request.as_of).await?;
            return Ok(parties.into_iter().next().flatten());
        }
        self.known(tenant, customer, &ranking).await
    }

    /// What all customers owe, and those at some places of an order.
    pub async fn receivables(
        &self,
        tenant: &TenantId,
        request: &ReceivablesRequest,
        order: ReceivablesOrder,
        places: Range<u64>,
    ) -> Result<ReceivablesList, Problem> {
        let scope = Scope::all_of(request.period, request.as_of);
        let model = self
            .cost_model_for(tenant, request.cost_model_version, &scope)
            .await?;
        let events = self
            .events(tenant, None, &request.period, request.as_of)
            .await?;
        let end = request.period.end.or_else(|| end_of_all(&events));
        let mut all = Vec::with_capacity(events.len());
        let mut totals = Standing::default();
        for (customer, own) in &events {
            // Without an end there is nobody.
            let Some(end) = end else { break };
            let (standing, _) = Standing::of(own, request.period, end, &model)?;
            totals.add(&standing);
            all.push((customer.clone(), standing));
        }
        totals.check_range()?;
        let control_total = self.control_total(tenant, request, end, &events).await?;
        // Equals stay in the order of their ids.
        match order {
            ReceivablesOrder::Open => {
                all.sort_by_key(|(_, one)| std::cmp::Reverse(one.figures.open().open));
            }
            ReceivablesOrder::Overdue => {
                all.sort_by_key(|(_, one)| std::cmp::Reverse(one.figures.overdue().open));
            }
            ReceivablesOrder::Solvency(direction) => all.sort_by(|(_, one), (_, other)| {
                let (one, other) = (&one.figures, &other.figures);
                let are_due = one.fell_due > 0 && other.fell_due > 0;
                match direction {
                    Direction::WorstFirst if are_due => other.compare_solvency(one),
                    Direction::WorstFirst | Direction::BestFirst => one.compare_solvency(other),
                }
            }),
            ReceivablesOrder::CustomerId => {}
        }
        Ok(ReceivablesList {
            customers: all.len() as u64,
            rows: self.rows(tenant, all, places, request.as_of).await?,
            totals,
            end,
            control_total,
            cost_model_version: model.version,
        })
    }

    async fn rows(
        &self,
        tenant: &TenantId,
        all: Vec<(PartyId, Standing)>,
        places: Range<u64>,
        as_of: Position,
    ) -> Result<Vec<ReceivablesRow>, Problem> {
        let wanted = (0..).zip(all).filter(|(place, _)| places.contains(place));
        let wanted: Vec<(u64, (PartyId, Standing))> = wanted.collect();
        let ids: Vec<PartyId> = wanted.iter().map(|(_, (id, _))| id.clone()).collect();
        let parties = self.store()?.party(tenant, &ids, as_of).await?;
        let rows = wanted.into_iter().zip(parties);
        rows.map(|((place, (customer, standing)), party)| {
            standing.check_range()?;
            Ok(ReceivablesRow {
                place,
                customer,
                party,
                standing,
            })
        })
        .collect()
    }

    /// Proves that no invoice, no credit note and no write-off is missing: the books hold as much, made without looking
    /// at customers.
    async fn control_total(
        &self,
        tenant: &TenantId,
        request: &ReceivablesRequest,
        end: Option<Day>,
        events: &ReceivablesAnswer,
    ) -> Result<ControlTotal, Problem> {
        let accounts = [(Account::Invoiced, 1), (Account::WrittenOff, -1)];
        let weights = Weights(accounts.into_iter().collect());
        let period = Period { start: None, end };
        let question = RankQuestion {
            scope: Scope::all_of(period, request.as_of),
            order: Order {
                weights: weights.clone(),
                split: Vec::new(),
                driven: Vec::new(),
                value_bears_split: false,
                direction: Direction::BestFirst,
            },
            beside: Vec::new(),
            rows: RowSelection::Places(Vec::new()),
        };
        let answer = self.store()?.rank(tenant, &question).await?;
        let changes = events.values().flatten();
        let reported: i128 = changes.filter_map(unpaid_change).sum();
        let total = ControlTotal {
            ledger: weights.value(&answer.totals.ledger) * NANOS_PER_MICRO,
            reported: reported * NANOS_PER_MICRO,
            filtered_out: 0,
        };
        check_tie(total)?;
        check_range("control_total.ledger", total.ledger)?;
        Ok(total)
    }
}

/// By how much an event raises what is owed, unless it is a payment: the books count those under spend, together with
/// refunds that were paid out.
fn unpaid_change(event: &Event) -> Option<i128> {
    let is_payment = matches!(
        event.change,
        Change::Settle {
            by: Means::Payment,
            ..
        }
    );
    (!is_payment).then(|| event.raises())
}

impl Standing {
    /// What one customer with these events owes as of the end of a period, and what that is made of.
    fn of(
        events: &[Event],
        period: Period,
        end: Day,
        model: &CostModel,
    ) -> Result<(Self, Settlement), Problem> {
        let (figures, settlement) = Figures::of(events, &period, end);
        // What is open less the credit is all that was billed less all that settled it.
        let owed: i128 = events
            .iter()
            .filter(|event| event.day < end)
            .map(Event::raises)
            .sum();
        check_sum(owed, figures.open().open - figures.credit)?;
        let mut standing = Self {
            figures,
            ..Self::default()
        };
        if let Some(rates) = &model.receivables {
            let start = period.start.map(|start| start.min(end));
            let ReceivablesCost {
                carrying,
                provision_change,
            } = rates.cost(events, start, end)?;
            standing.carrying_cost = to_nanos(carrying);
            standing.provision_change = to_nanos(provision_change);
            standing.provision = rates.provision_before(events, end) * NANOS_PER_MICRO;
        }
        Ok((standing, settlement))
    }

    fn add(&mut self, other: &Self) {
        self.figures.add(&other.figures);
        self.carrying_cost += other.carrying_cost;
        self.provision += other.provision;
        self.provision_change += other.provision_change;
    }

    /// Refuses figures that are too large for an amount of money.
    fn check_range(&self) -> Result<(), Problem> {
        let figures = &self.figures;
        let sums = BTreeMap::from([
            ("open", figures.open().open),
            ("credit_balance", figures.credit),
            ("billed", figures.billed),
            ("fell_due", figures.fell_due),
            ("paid", figures.paid),
            ("written_off", figures.written_off),
        ]);
        for (figure, amount) in sums {
            check_range(figure, amount * NANOS_PER_MICRO)?;
        }
        check_range("provision", self.provision)?;
        check_range("carrying_cost", self.carrying_cost)
    }
}
