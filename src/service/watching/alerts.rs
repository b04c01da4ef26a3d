//! What calls for attention, as a standing question: which alerts are open as of a position.
//!
//! What is not settled follows from the events of receivables, invoice by invoice (`domain::receivables`).

use super::{Standing, causes::Causes};
use crate::{
    domain::{
        account::{Account, Weights},
        cost_model::CostModel,
        id::{PartyId, TenantId},
        ledger::Position,
        money::{NANOS_PER_MICRO, Nanos, to_nanos},
        party::Party,
        problem::{Problem, Reason},
        question::{CellsQuestion, Group, Order, RankQuestion, RankRow, RowSelection, Scope},
        ranking::{Basis, Direction},
        receivables::{Event, ReceivablesQuestion, settlement::Settlement},
        time::Day,
        watch::{
            Window,
            alert::{
                AlertKind, AlertRules, Attention, Crossing, Figures, OpenAlert, OpenAlerts,
                Overdue, crossings, last_overdue,
            },
            change::Cause,
            prior,
        },
    },
    service::{Service, compute::compute, rankings::RankingRequest},
};
use std::{collections::BTreeMap, sync::Arc};

/// The most customers with one kind of alert.
const CUSTOMERS: u64 = 20_000;
/// The most customers of a key band.
const KEY_BAND: u64 = 1_000;
/// How many rows are asked for at first, and at once of what is asked for by customer.
const ROWS: u64 = 1_000;

/// A standing question for alerts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StandingAlerts {
    /// Whose.
    pub tenant: TenantId,
    /// Which days figures are of.
    pub window: Window,
    /// Which postings and customers; of all time and before all writes, so that equal questions are equal.
    pub scope: Scope,
    /// Which version of the cost model; the one that holds if `None`.
    pub cost_model_version: Option<u64>,
    /// When alerts are open.
    pub rules: AlertRules,
    /// Whose state says who is in the key band.
    pub key_band_as_of: Position,
}

/// What it comes to.
#[derive(Debug, Clone)]
pub struct AlertState {
    /// Which days and postings, as of which position.
    pub scope: Scope,
    /// The alerts.
    pub open: OpenAlerts,
    /// The version of the cost model that was used.
    pub cost_model_version: u64,
}

/// What one evaluation leaves for the next.
#[derive(Default)]
pub struct AlertMemory {
    key_band: Option<Arc<BTreeMap<PartyId, u64>>>,
}

impl Standing for StandingAlerts {
    type State = AlertState;
    type Change = (Crossing, Cause);
    type Memory = AlertMemory;

    fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    async fn state(
        &self,
        service: &Service,
        as_of: Position,
        memory: &mut AlertMemory,
    ) -> Result<AlertState, Problem> {
        let scope = service
            .scope_at(&self.tenant, &self.scope, self.window, as_of)
            .await?;
        let costs = service
            .costs(&self.tenant, self.cost_model_version, &scope)
            .await?;
        let mut open = OpenAlerts::new();
        if self.has(AlertKind::TurnedUnprofitable) || self.has(AlertKind::BelowFloor) {
            self.profits(service, &scope, &mut open).await?;
        }
        if self.has(AlertKind::AttentionOutpacesVolume)
            && let Some(before) = prior(&scope.period)
        {
            let before = Scope {
                period: before,
                ..scope.clone()
            };
            self.attention(service, &scope, before, &mut open).await?;
        }
        if self.has(AlertKind::Overdue) {
            self.overdue(service, &scope, &mut open).await?;
        }
        if self.has(AlertKind::OutOfKeyBand) {
            self.key_band(service, &scope, memory, &mut open).await?;
        }
        Ok(AlertState {
            scope,
            open,
            cost_model_version: costs.model.version,
        })
    }

    async fn changes(
        &self,
        service: &Service,
        (since, before): (Position, &AlertState),
        (_, after): (Position, &AlertState),
    ) -> Result<Vec<(Crossing, Cause)>, Problem> {
        let other_costs = before.cost_model_version != after.cost_model_version;
        let mut causes = Causes::new(service, &self.tenant, &after.scope, since);
        let all = crossings(&before.open, &after.open);
        let customers = all.iter().map(|crossing| &crossing.customer);
        causes.read_for(customers).await?;
        let mut found = Vec::new();
        for crossing in all {
            let cause = causes.of_figures(&crossing.customer, other_costs).await?;
            found.push((crossing, cause));
        }
        Ok(found)
    }
}

impl StandingAlerts {
    fn has(&self, kind: AlertKind) -> bool {
        self.rules.kinds.contains(&kind)
    }

    fn request(&self, scope: &Scope, direction: Direction) -> RankingRequest {
        RankingRequest {
            scope: scope.clone(),
            basis: Basis::NetProfit,
            direction,
            cost_model_version: self.cost_model_version,
        }
    }

    /// Who earns less than nothing, and who less than the floor: the last customers of the ranking.
    async fn profits(
        &self,
        service: &Service,
        scope: &Scope,
        open: &mut OpenAlerts,
    ) -> Result<(), Problem> {
        let kinds = [
            (AlertKind::TurnedUnprofitable, Some(0)),
            (AlertKind::BelowFloor, self.rules.floor),
        ];
        let kinds = kinds.map(|(kind, floor)| (kind, floor.filter(|_| self.has(kind))));
        let highest = kinds
            .iter()
            .filter_map(|(_, floor)| floor.map(to_nanos))
            .max();
        let Some(highest) = highest else {
            return Ok(());
        };
        let request = self.request(scope, Direction::WorstFirst);
        let mut places = 0..ROWS;
        loop {
            let found = service
                .first_rows(&self.tenant, &request, places.clone())
                .await?;
            let is_whole = places.end >= found.customers;
            let mut is_below = true;
            for row in found.rows {
                is_below = row.value < highest;
                for (kind, floor) in kinds {
                    if floor.is_some_and(|floor| row.value < to_nanos(floor)) {
                        let floor = floor.filter(|_| kind == AlertKind::BelowFloor);
                        let figures = Figures::Profit {
                            net_profit: row.value,
                            floor,
                        };
                        let key = (row.customer.clone(), kind);
                        open.insert(key, alert(&row.party, figures));
                    }
                }
            }
            if is_whole || !is_below {
                return Ok(());
            }
            places = next_places(places.end)?;
        }
    }

    /// Who takes more working time than before and buys less.
    async fn attention(
        &self,
        service: &Service,
        scope: &Scope,
        before: Scope,
        open: &mut OpenAlerts,
    ) -> Result<(), Problem> {
        let order = |weights| Order {
            weights,
            split: Vec::new(),
            driven: Vec::new(),
            value_bears_split: false,
            direction: Direction::BestFirst,
        };
        let ask = |weights, places| RankQuestion {
            scope: scope.clone(),
            order: order(weights),
            beside: Vec::new(),
            rows: RowSelection::Places(places),
        };
        let store = service.store()?;
        let accounts = store
            .rank(&self.tenant, &ask(Weights::default(), Vec::new()))
            .await?;
        let minutes = minutes_of(accounts.totals.ledger.iter().map(|(account, _)| account));
        let least = i128::from(self.rules.attention.minimum_milli_minutes);
        let mut places = 0..ROWS;
        loop {
            let question = ask(minutes.clone(), vec![places.clone()]);
            let found = store.rank(&self.tenant, &question).await?;
            let is_whole = places.end >= found.totals.customers;
            let rows = found.rows.len();
            let busy: Vec<RankRow> = found
                .rows
                .into_iter()
                .filter(|row| row.value > 0 && row.value >= least)
                .collect();
            let is_end = is_whole || busy.len() < rows;
            for some in busy.chunks(usize::try_from(ROWS).unwrap_or(1)) {
                self.compare(service, &before, some, open).await?;
            }
            if is_end {
                return Ok(());
            }
            places = next_places(places.end)?;
        }
    }

    /// Compares customers with the time before.
    async fn compare(
        &self,
        service: &Service,
        before: &Scope,
        rows: &[RankRow],
        open: &mut OpenAlerts,
    ) -> Result<(), Problem> {
        let question = CellsQuestion {
            scope: Scope {
                // They are picked already.
                traits: Vec::new(),
                ..before.clone()
            },
            customers: rows.iter().map(|row| row.customer.clone()).collect(),
            group: Group::Customer,
        };
        let cells = service.store()?.cells(&self.tenant, &question).await?;
        let mut prior: BTreeMap<PartyId, (i128, Nanos)> = BTreeMap::new();
        let revenue = Basis::Revenue.weights(&CostModel::default());
        for ((customer, _), sums) in &cells {
            let minutes = minutes_of(sums.iter().map(|(account, _)| account)).value(sums);
            prior.insert(customer.clone(), (minutes, revenue.value(sums)));
        }
        for row in rows {
            let (prior_milli_minutes, prior_revenue) =
                prior.get(&row.customer).copied().unwrap_or_default();
            let figures = Attention {
                milli_minutes: row.value,
                prior_milli_minutes,
                revenue: revenue.value(&row.sums),
                prior_revenue,
            };
            if self.rules.attention.holds(&figures) {
                let key = (row.customer.clone(), AlertKind::AttentionOutpacesVolume);
                open.insert(key, alert(&row.party, Figures::Attention(figures)));
            }
        }
        Ok(())
    }

    /// Who has not paid in time.
    async fn overdue(
        &self,
        service: &Service,
        scope: &Scope,
        open: &mut OpenAlerts,
    ) -> Result<(), Problem> {
        let recorded = service.recorded_at(&self.tenant, scope.as_of).await?;
        let Some(recorded) = recorded else {
            return Ok(());
        };
        let today = service.settings().calendar.day(recorded);
        let question = ReceivablesQuestion {
            customers: None,
            before: Some(today.next()),
            as_of: scope.as_of,
        };
        let events = service
            .store()?
            .receivables(&self.tenant, &question)
            .await?;
        let (last, rules) = (last_overdue(today, self.rules.grace_days), &self.rules);
        let least = to_nanos(rules.minimum_overdue);
        let find = move || -> Vec<(PartyId, Overdue)> {
            let of =
                |events: &[Event]| overdue_of(&Settlement::of(events, today.next()), last, today);
            let found = events.into_iter();
            found
                .filter_map(|(customer, events)| Some((customer, of(&events)?)))
                .filter(|(_, overdue)| overdue.amount >= least)
                .collect()
        };
        let found = compute(find).await?;
        if found.len() as u64 > CUSTOMERS {
            return Err(too_wide("customers", CUSTOMERS));
        }
        for some in found.chunks(usize::try_from(ROWS).unwrap_or(1)) {
            let ids: Vec<PartyId> = some.iter().map(|(id, _)| id.clone()).collect();
            let parties = service
                .store()?
                .party(&self.tenant, &ids, scope.as_of)
                .await?;
            for ((customer, overdue), party) in some.iter().zip(parties) {
                if scope.has_customer(party.as_deref()) {
                    let figures = Figures::Overdue(overdue.clone());
                    let key = (customer.clone(), AlertKind::Overdue);
                    open.insert(key, alert(&party, figures));
                }
            }
        }
        Ok(())
    }

    /// Who was one of the best and is not any more.
    async fn key_band(
        &self,
        service: &Service,
        scope: &Scope,
        memory: &mut AlertMemory,
        open: &mut OpenAlerts,
    ) -> Result<(), Problem> {
        let band = match &memory.key_band {
            Some(band) => Arc::clone(band),
            None => {
                let as_of = self.key_band_as_of;
                let then = service
                    .scope_at(&self.tenant, &self.scope, self.window, as_of)
                    .await?;
                let band = Arc::new(self.best(service, &then, None).await?);
                memory.key_band = Some(Arc::clone(&band));
                band
            }
        };
        let size = band.len() as u64;
        let now = self.best(service, scope, Some(size)).await?;
        for (customer, old_place) in &*band {
            if now.contains_key(customer) {
                continue;
            }
            let request = self.request(scope, Direction::BestFirst);
            let row = RowSelection::Customer(customer.clone());
            let row = service
                .watched_rows(&self.tenant, &request, row)
                .await?
                .rows
                .pop();
            let figures = Figures::KeyBand {
                old_place: *old_place,
                new_place: row.as_ref().map(|row| row.place),
                size,
            };
            let party = row.and_then(|row| row.party);
            open.insert(
                (customer.clone(), AlertKind::OutOfKeyBand),
                alert(&party, figures),
            );
        }
        Ok(())
    }

    /// The best customers and their places: so many, or as many as the rule says.
    async fn best(
        &self,
        service: &Service,
        scope: &Scope,
        size: Option<u64>,
    ) -> Result<BTreeMap<PartyId, u64>, Problem> {
        let request = self.request(scope, Direction::BestFirst);
        let size = match size {
            Some(size) => size,
            None => {
                let none = service.first_rows(&self.tenant, &request, 0..0).await?;
                let size = self.rules.key_band.of(none.customers, KEY_BAND);
                size.ok_or_else(|| too_wide("customers in the key band", KEY_BAND))?
            }
        };
        let found = service.first_rows(&self.tenant, &request, 0..size).await?;
        Ok(found
            .rows
            .into_iter()
            .map(|row| (row.customer, row.place))
            .collect())
    }
}

/// The invoices that were due on `last` or before and are not settled, as seen on `today`.
fn overdue_of(settlement: &Settlement, last: Day, today: Day) -> Option<Overdue> {
    // They are in the order in which they are due.
    let invoices = settlement.invoices.iter();
    let late = || {
        invoices
            .clone()
            .filter(|one| one.open() > 0 && one.due <= last)
    };
    let oldest = late().next()?;
    Some(Overdue {
        amount: late().map(|one| one.open() * NANOS_PER_MICRO).sum(),
        invoices: late().count() as u64,
        oldest: oldest.invoice_id.clone(),
        oldest_days: today.0 - oldest.due.0,
    })
}

fn alert(party: &Option<Arc<Party>>, figures: Figures) -> OpenAlert {
    OpenAlert {
        party: party.clone(),
        figures,
    }
}

/// Weights that add up working time.
fn minutes_of<'a>(accounts: impl Iterator<Item = &'a Account>) -> Weights {
    let minutes = accounts.filter(|account| matches!(account, Account::Minutes(..)));
    Weights(minutes.map(|account| (account.clone(), 1)).collect())
}

/// The places after those before `start`: ten times as many each time.
fn next_places(start: u64) -> Result<std::ops::Range<u64>, Problem> {
    match start < CUSTOMERS {
        true => Ok(start..(start * 10).min(CUSTOMERS)),
        false => Err(too_wide("customers", CUSTOMERS)),
    }
}

/// The question is about too much to be followed.
fn too_wide(what: &str, limit: u64) -> Problem {
    let message = format!("the standing question is about more than {limit} {what}");
    let variables = [("what", what.to_owned()), ("limit", limit.to_string())];
    Problem::new(Reason::WatchTooWide, "", message, variables)
}
