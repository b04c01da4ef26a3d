//! Reports in another currency than that of the books.
//!
//! Every amount of every activity is converted at the rate of its day, as if it had been submitted so, and all sums are
//! made of what was converted: so they add up in every direction, as those of the books do. [`Restating`] is a view of
//! a store that does this; whoever makes a report asks it as it would ask the store. It is slower, since it reads the
//! ledger's part of the period for every question, and keeps no more than sums by customer or group.

mod collecting;
mod view;

use super::{Service, report::Costs};
use crate::{
    domain::{
        allocation::{Driven, Driver},
        cost_model::{CostModel, PoolPart},
        exchange_rate::{ExchangeRate, Pair, Rate, RateQuestion, rate_not_found},
        id::TenantId,
        iso_4217::known_currency,
        ledger::Position,
        money::Micros,
        policy::Part,
        problem::{Problem, Reason},
        question::Scope,
        receivables::{ReceivablesQuestion, cost::ReceivablesCosts, end_of_all},
        time::{Calendar, Day, Period},
    },
    store::Store,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

/// The field that asks for another currency.
const FIELD: &str = "reporting_currency";
/// How many sources are told.
const SOURCES: usize = 20;

/// A store as it would be if its books were kept in another currency, for one report.
pub struct Restating {
    store: Arc<dyn Store>,
    calendar: Calendar,
    pair: Pair,
    /// By what working time is restated: the cost model that the report uses.
    model: Mutex<Arc<CostModel>>,
    used: Mutex<Used>,
}

impl fmt::Debug for Restating {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "restating from {} to {}", self.pair.from, self.pair.to)
    }
}

/// Which rates were used.
#[derive(Debug, Default)]
struct Used {
    days: BTreeSet<Day>,
    sources: BTreeSet<String>,
}

/// How a report came to be in another currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restatement {
    /// From the currency of the books into that of the report.
    pub pair: Pair,
    /// How many days' rates were used.
    pub days: u64,
    /// The first and the last of these days.
    pub span: Option<(Day, Day)>,
    /// Who told these rates, some of them.
    pub sources: Vec<String>,
}

impl Service {
    /// The service as it would be if the books were kept in the currency that a request names, for this request. Itself
    /// if it names none, or that of the books.
    pub fn reporting_in(self: &Arc<Self>, code: &str) -> Result<Arc<Self>, Problem> {
        if code.is_empty() || code == self.settings.currency.as_str() {
            return Ok(Arc::clone(self));
        }
        let to = known_currency(code, FIELD)?;
        self.store()?;
        let Some(store) = self.store.get() else {
            return Ok(Arc::clone(self));
        };
        let restating = Arc::new(Restating {
            store: Arc::clone(store),
            calendar: self.settings.calendar.clone(),
            pair: Pair {
                from: self.settings.currency,
                to,
            },
            model: Mutex::default(),
            used: Mutex::default(),
        });
        let settings = super::Settings {
            currency: to,
            ..self.settings.clone()
        };
        let mut service = Self::starting(settings, Arc::clone(&self.clock));
        service.open(Arc::clone(&restating) as Arc<dyn Store>);
        service.restating = Some(restating);
        Ok(Arc::new(service))
    }
}

impl Restating {
    /// The costs of a report, restated: the parts of pools by the days that they fall on, and working time at the rate
    /// of the day on which it was spent.
    pub(super) async fn costs(
        self: &Arc<Self>,
        tenant: &TenantId,
        costs: Costs,
        scope: &Scope,
    ) -> Result<Costs, Problem> {
        let own = Arc::clone(&costs.model);
        *self.model.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&own);
        let (mut pool_parts, mut receivables) = (costs.pool_parts, costs.receivables);
        if !pool_parts.is_empty() || !receivables.parts.is_empty() {
            let rates = self.rates(tenant, Period::ALL, scope.as_of).await?;
            for part in &mut pool_parts {
                self.restate_part(part, &own, &scope.period, &rates)?;
            }
            if !receivables.parts.is_empty() {
                let rate = self
                    .rate_of(self.last_day(tenant, scope).await?, &rates)?
                    .rate;
                receivables = Arc::new(restated_receivables(&receivables, rate)?);
            }
        }
        let model = CostModel {
            is_restated: true,
            ..CostModel::clone(&own)
        };
        Ok(Costs {
            model: Arc::new(model),
            pool_parts,
            receivables,
            restating: Some(Arc::clone(self)),
        })
    }

    /// The last day of a period; of one without an end, the last day on which anything changed what anybody owes.
    async fn last_day(&self, tenant: &TenantId, scope: &Scope) -> Result<Day, Problem> {
        if let Some(end) = scope.period.end {
            return Ok(Day(end.0.saturating_sub(1)));
        }
        let question = ReceivablesQuestion {
            customers: None,
            before: None,
            as_of: scope.as_of,
        };
        let events = self.store.receivables(tenant, &question).await?;
        let end = end_of_all(&events).unwrap_or_default();
        Ok(Day(end.0.saturating_sub(1)))
    }

    /// Restates the part of a pool that falls into a period: day by day, each rounded to the micro-unit.
    fn restate_part(
        &self,
        part: &mut PoolPart,
        model: &CostModel,
        period: &Period,
        rates: &BTreeMap<Day, ExchangeRate>,
    ) -> Result<(), Problem> {
        let Some(pool) = model.pools.get(&part.pool) else {
            return Ok(());
        };
        let mut restated: Micros = 0;
        let days = period.overlap(pool.start, pool.end);
        let (mut day, end) = days.unwrap_or_default();
        while day < end {
            let next = day.next();
            let own = pool.part(&Period {
                start: Some(day),
                end: Some(next),
            });
            let converted = self.rate_of(day, rates)?.rate.convert(own);
            let sum = converted.and_then(|own| restated.checked_add(own));
            restated = sum.ok_or_else(out_of_range)?;
            day = next;
        }
        part.amount = restated;
        match &mut part.part {
            Part::Split(amount) => *amount = restated,
            Part::Driven(driven) => driven.amount = restated,
        }
        Ok(())
    }

    /// The rates of some days as of a position.
    async fn rates(
        &self,
        tenant: &TenantId,
        period: Period,
        as_of: Position,
    ) -> Result<BTreeMap<Day, ExchangeRate>, Problem> {
        let question = RateQuestion {
            from: Some(self.pair.from),
            to: Some(self.pair.to),
            period,
            after: None,
            as_of,
            limit: usize::MAX,
        };
        let stored = self.store.list_exchange_rates(tenant, &question).await?;
        Ok(stored
            .into_iter()
            .map(|stored| (stored.rate.day, stored.rate))
            .collect())
    }

    /// The rate of a day, which is noted as used.
    fn rate_of<'r>(
        &self,
        day: Day,
        rates: &'r BTreeMap<Day, ExchangeRate>,
    ) -> Result<&'r ExchangeRate, Problem> {
        let rate = rates
            .get(&day)
            .ok_or_else(|| rate_not_found(self.pair, day, FIELD))?;
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if used.days.insert(day) && !used.sources.contains(&rate.source) {
            used.sources.insert(rate.source.clone());
        }
        Ok(rate)
    }

    /// Which rates were used until now.
    pub fn restatement(&self) -> Restatement {
        let used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let ends = (used.days.first(), used.days.last());
        Restatement {
            pair: self.pair,
            days: used.days.len() as u64,
            span: ends.0.copied().zip(ends.1.copied()),
            sources: used.sources.iter().take(SOURCES).cloned().collect(),
        }
    }
}

/// What receivables cost, customer by customer at one rate, each rounded to the micro-unit.
fn restated_receivables(costs: &ReceivablesCosts, rate: Rate) -> Result<ReceivablesCosts, Problem> {
    let mut parts = Vec::with_capacity(costs.parts.len());
    for (part, driven) in &costs.parts {
        let Driver::Supplied(own) = &driven.driver else {
            continue;
        };
        let (mut restated, mut total) = (BTreeMap::new(), 0_i128);
        for (customer, amount) in own.iter() {
            let amount = rate.convert(*amount).ok_or_else(out_of_range)?;
            total += i128::from(amount);
            restated.insert(customer.clone(), amount);
        }
        let amount = Micros::try_from(total).map_err(|_| out_of_range())?;
        let driven = Driven {
            // What is released takes off, and is counted below zero.
            amount: if driven.amount < 0 { -amount } else { amount },
            driver: Driver::Supplied(Arc::new(restated)),
            capacity: Some(total),
        };
        parts.push((*part, driven));
    }
    Ok(ReceivablesCosts { parts })
}

/// A figure in the other currency is too large.
fn out_of_range() -> Problem {
    let message = "restated amounts are too large for an amount of money".to_owned();
    let variables = [("figure", "restated amount".to_owned())];
    Problem::new(Reason::SumOutOfRange, "", message, variables)
}
