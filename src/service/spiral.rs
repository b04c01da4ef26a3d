//! What ending the worst customers does to all others, step after step.

use super::{
    Service,
    compute::compute,
    portfolio::receivables_of,
    referrals::leaving::Bonds,
    report::{Costs, Footing, check_range, check_sum, footing},
};
use crate::domain::{
    account::{Account, Weights},
    allocation::Driver,
    id::{PartyId, TenantId},
    ledger::Position,
    money::{Nanos, to_nanos},
    party::Party,
    policy::Part,
    portfolio::spiral::{Books, EndingBasis, Member, Pools, Spiral, Step},
    problem::Problem,
    question::{RankQuestion, RankTotals, RowSelection, Scope, ValuesAnswer, ValuesQuestion},
    ranking::{Basis, Direction},
};
use std::sync::Arc;

/// From how many customers on it is told that they are being read before they are.
const TOLD_FROM: u64 = 10_000;

/// What is asked of ending customers.
#[derive(Debug, Clone)]
pub struct EndingRequest {
    /// Which period, as of which position; without filters.
    pub scope: Scope,
    /// Which version of the cost model; the one that holds if `None`.
    pub cost_model_version: Option<u64>,
    /// How many are ended first; all that are below zero if `None`.
    pub count: Option<u64>,
    /// By what they are the worst.
    pub basis: EndingBasis,
    /// How many steps at most.
    pub steps: u32,
    /// How many customers of each step are told.
    pub listed: usize,
}

/// Reading, and then the steps: asked for one after the other.
pub struct Ending {
    request: EndingRequest,
    costs: Costs,
    totals: Option<RankTotals>,
    is_told: bool,
    read: Option<ValuesAnswer>,
    footing: Option<Footing>,
    names: Arc<Vec<PartyId>>,
    spiral: Option<Spiral>,
    bonds: Option<Arc<Bonds>>,
    number: u32,
    is_over: bool,
}

/// What follows.
#[derive(Debug)]
pub enum Following {
    /// So many customers are read, of so many.
    Read(u64, u64),
    /// A step.
    Step(Box<EndingStep>),
}

/// A step, as it is told.
#[derive(Debug, Clone)]
pub struct EndingStep {
    /// Its number, from 0.
    pub number: u32,
    /// How many are ended.
    pub ended_count: u64,
    /// Some of them.
    pub ended: Vec<EndedCustomer>,
    /// Their net revenue.
    pub net_revenue: Nanos,
    /// Their customer margin.
    pub customer_margin: Nanos,
    /// Their working time in thousandths of a minute.
    pub milli_minutes: i128,
    /// What they bore of the fixed costs.
    pub stranded: Nanos,
    /// The firm after it.
    pub books: Books,
    /// What is lost to all who are ended so far of what those are worth whom they brought and who are left, if anybody
    /// brought anybody.
    pub referral_value_lost: Option<Nanos>,
    /// How many turned from zero or more to below zero.
    pub turned_count: u64,
    /// Some of them.
    pub turned: Vec<EndedCustomer>,
    /// How many are below zero.
    pub negative: u64,
    /// Whether no step follows.
    pub is_last: bool,
    /// Of the first: proves that nobody is missing.
    pub footing: Option<Footing>,
}

/// A customer in a step.
#[derive(Debug, Clone)]
pub struct EndedCustomer {
    /// Who.
    pub customer: PartyId,
    /// What is stored of it.
    pub party: Option<Arc<Party>>,
    /// What it brings.
    pub member: Member,
    /// Its net profit before the step.
    pub before: Nanos,
    /// Its net profit after it, if it is still there.
    pub after: Option<Nanos>,
}

impl Service {
    /// Begins to end customers.
    pub async fn ending(
        &self,
        tenant: &TenantId,
        request: EndingRequest,
    ) -> Result<Ending, Problem> {
        let costs = self
            .costs(tenant, request.cost_model_version, &request.scope)
            .await?;
        Ok(Ending {
            request,
            costs,
            totals: None,
            is_told: false,
            read: None,
            footing: None,
            names: Arc::default(),
            spiral: None,
            bonds: None,
            number: 0,
            is_over: false,
        })
    }

    /// What follows: nothing after the last step.
    pub async fn next_of(
        &self,
        tenant: &TenantId,
        ending: &mut Ending,
    ) -> Result<Option<Following>, Problem> {
        if ending.is_over {
            return Ok(None);
        }
        if ending.spiral.is_none() && ending.read.is_none() {
            return self.read(tenant, ending).await.map(Some);
        }
        let mut step = match ending.spiral.take() {
            None => {
                let step = ending.first().await?;
                let names = Arc::clone(&ending.names);
                let asked = (&ending.request.scope, &ending.costs);
                ending.bonds = self.bonds(tenant, asked, names).await?.map(Arc::new);
                // Nobody is gone yet.
                let referral_value_lost = ending.bonds.as_ref().map(|_| 0);
                EndingStep {
                    referral_value_lost,
                    ..step
                }
            }
            Some(spiral) => ending.further(spiral).await?,
        };
        step.check_range()?;
        let told = step.ended.iter_mut().chain(&mut step.turned);
        let told: Vec<&mut EndedCustomer> = told.collect();
        let ids: Vec<PartyId> = told.iter().map(|own| own.customer.clone()).collect();
        let parties = self.store()?.party(tenant, &ids, ending.as_of()).await?;
        for (own, party) in told.into_iter().zip(parties) {
            own.party = party;
        }
        Ok(Some(Following::Step(Box::new(step))))
    }

    /// Reads what everybody brings. If they are many, how many is told first.
    async fn read(&self, tenant: &TenantId, ending: &mut Ending) -> Result<Following, Problem> {
        let (scope, costs) = (&ending.request.scope, &ending.costs);
        let order = costs.order(Basis::NetProfit, Direction::BestFirst);
        let totals = match ending.totals.take() {
            Some(totals) => totals,
            None => {
                let question = RankQuestion {
                    scope: scope.clone(),
                    order: order.clone(),
                    beside: Vec::new(),
                    rows: RowSelection::Places(Vec::new()),
                };
                self.store()?.rank(tenant, &question).await?.totals
            }
        };
        let customers = totals.customers;
        if customers >= TOLD_FROM && !ending.is_told {
            (ending.totals, ending.is_told) = (Some(totals), true);
            return Ok(Following::Read(0, customers));
        }
        let question = ValuesQuestion {
            scope: scope.clone(),
            order: order.clone(),
            beside: beside(costs, &totals),
        };
        let values = self.store()?.values(tenant, &question).await?;
        // The values have to come to what the books hold, which is found without them.
        ending.footing = Some(footing(costs, &order, &totals)?);
        let read = values.customers.len() as u64;
        ending.read = Some(values);
        Ok(Following::Read(read, customers))
    }
}

/// What is told of each customer beside its net profit: its margin before what its receivables cost, its net revenue,
/// its working time, and what it has of what drives costs unless that was supplied.
fn beside(costs: &Costs, totals: &RankTotals) -> Vec<Weights> {
    let minutes = totals.ledger.iter().filter_map(|(account, _)| {
        let is_time = matches!(account, Account::Minutes(..));
        is_time.then(|| (account.clone(), 1))
    });
    let mut beside = vec![
        Basis::NetProfit.weights(&costs.model),
        Basis::Revenue.weights(&costs.model),
        Weights(minutes.collect()),
    ];
    beside.extend(drivers(costs).filter_map(|driver| driver.weights().cloned()));
    beside
}

fn drivers(costs: &Costs) -> impl Iterator<Item = &Driver> {
    let driven = costs.pool_parts.iter().filter_map(|part| part.driven());
    driven.map(|driven| &driven.driver)
}

/// All customers, and their quantities of what is driven, one after the other.
fn members(values: &ValuesAnswer, costs: &Costs) -> (Vec<Member>, Vec<i128>) {
    let (mut members, mut quantities) = (Vec::new(), Vec::new());
    let of = |index: usize, place: usize| values.beside.get(index).map_or(0, |own| own[place]);
    for (place, customer) in values.customers.iter().enumerate() {
        let receivables = receivables_of(costs, customer);
        let receivables: Nanos = receivables.map(|(_, amount)| to_nanos(amount)).sum();
        members.push(Member {
            margin: of(0, place) - receivables,
            net_revenue: of(1, place),
            milli_minutes: of(2, place),
        });
        let mut weighed = 3;
        quantities.extend(drivers(costs).map(|driver| {
            let value = of(weighed, place);
            weighed += usize::from(driver.weights().is_some());
            driver.quantity_of(customer, value)
        }));
    }
    (members, quantities)
}

fn pools(costs: &Costs) -> Pools {
    let mut pools = Pools::default();
    for part in &costs.pool_parts {
        match &part.part {
            Part::Split(amount) => pools.split.push(*amount),
            Part::Driven(driven) => pools.driven.push(driven.clone()),
        }
    }
    pools
}

impl Ending {
    /// As of which position.
    pub fn as_of(&self) -> Position {
        self.request.scope.as_of
    }

    /// Everybody, as the report has them.
    async fn first(&mut self) -> Result<EndingStep, Problem> {
        let read = self.read.take().unwrap_or_default();
        let (pools, costs) = (pools(&self.costs), self.costs.clone());
        let (spiral, names, is_same) = compute(move || {
            let (members, quantities) = members(&read, &costs);
            let spiral = Spiral::of(pools, members, quantities);
            let differs = (0..)
                .zip(&read.values)
                .find(|(index, value)| spiral.net_profit(*index) != **value);
            let is_same = differs.map_or(Ok(()), |(index, value)| {
                check_sum(*value, spiral.net_profit(index))
            });
            (spiral, read.customers, is_same)
        })
        .await?;
        is_same?;
        let all = (0..names.len()).map(|index| spiral.net_profit(index));
        let (sum, negative) = all.fold((0, 0), |(sum, negative), value| {
            (sum + value, negative + u64::from(value < 0))
        });
        if let Some(footing) = &self.footing {
            check_sum(footing.control_total.reported, sum)?;
        }
        self.names = Arc::new(names);
        let step = Step {
            negative,
            books: spiral.books(),
            ..Step::default()
        };
        Ok(self.told(spiral, step))
    }

    /// Ends the worst: as many as asked first, and then those below zero.
    async fn further(&mut self, mut spiral: Spiral) -> Result<EndingStep, Problem> {
        let count = self.request.count.filter(|_| self.number == 1);
        let basis = self.request.basis;
        let bonds = self.bonds.clone();
        let (spiral, step, lost) = compute(move || {
            let worst = spiral.worst(basis, count);
            let step = spiral.end(worst);
            let lost = bonds.map(|bonds| bonds.lost(|index| spiral.is_left(index)));
            (spiral, step, lost)
        })
        .await?;
        Ok(EndingStep {
            referral_value_lost: lost,
            ..self.told(spiral, step)
        })
    }

    fn told(&mut self, spiral: Spiral, step: Step) -> EndingStep {
        let customer = |index: &usize, is_left: bool| EndedCustomer {
            customer: self.names[*index].clone(),
            party: None,
            member: spiral.member(*index),
            before: step.before[*index],
            after: is_left.then(|| spiral.net_profit(*index)),
        };
        let listed = self.request.listed;
        let ended = step.ended.iter().take(listed);
        let turned = step.turned.iter().take(listed);
        let sum = |figure: fn(Member) -> i128| {
            let ended = step.ended.iter();
            ended.map(|index| figure(spiral.member(*index))).sum()
        };
        // Without anybody to be ended there is nothing to do, unless the first step asks for some.
        let count = self.request.count.filter(|_| self.number == 0);
        let is_done = match count {
            Some(count) => count == 0 || step.books.customers == 0,
            None => spiral.worst(self.request.basis, None).is_empty(),
        };
        let told = EndingStep {
            number: self.number,
            ended_count: step.ended.len() as u64,
            ended: ended.map(|index| customer(index, false)).collect(),
            net_revenue: sum(|member| member.net_revenue),
            customer_margin: sum(|member| member.margin),
            milli_minutes: sum(|member| member.milli_minutes),
            stranded: step.stranded,
            books: step.books,
            referral_value_lost: None,
            turned_count: step.turned.len() as u64,
            turned: turned.map(|index| customer(index, true)).collect(),
            negative: step.negative,
            is_last: is_done || self.number >= self.request.steps,
            footing: self.footing.take(),
        };
        self.number += 1;
        self.is_over = told.is_last;
        self.spiral = Some(spiral);
        told
    }
}

impl EndingStep {
    /// The profit after all fixed cost, less what is lost beside the margins of those who are ended.
    pub fn profit_after_referrals(&self) -> Nanos {
        self.books.profit() - self.referral_value_lost.unwrap_or(0)
    }

    fn check_range(&self) -> Result<(), Problem> {
        let books = &self.books;
        let figures = [
            ("ended_net_revenue", self.net_revenue),
            ("ended_customer_margin", self.customer_margin),
            ("stranded_fixed_cost", self.stranded),
            ("books.net_revenue", books.net_revenue),
            ("books.customer_margin", books.customer_margin),
            ("books.profit_after_all_fixed_cost", books.profit()),
            ("profit_after_referrals", self.profit_after_referrals()),
        ];
        let told = self.ended.iter().chain(&self.turned).flat_map(|one| {
            [
                ("net_revenue", one.member.net_revenue),
                ("customer_margin", one.member.margin),
                ("net_profit_before", one.before),
                ("net_profit_after", one.after.unwrap_or(0)),
            ]
        });
        let mut figures = figures.into_iter().chain(told);
        figures.try_for_each(|(figure, amount)| check_range(figure, amount))
    }
}
