//! What ending the worst customers does to all others, step after step.

use super::{
    Service,
    compute::compute,
    rankings::RankingRequest,
    referrals::leaving::Bonds,
    report::{Costs, Footing, check_range, check_sum, footing},
};
use crate::domain::{
    id::{PartyId, TenantId},
    ledger::Position,
    money::{NANOS_PER_MICRO, Nanos},
    party::Party,
    policy::Part,
    portfolio::spiral::{Books, EndingBasis, Member, Pools, Spiral, Step},
    problem::Problem,
    question::{RankQuestion, RankRow, RowSelection, Scope},
    ranking::{Basis, Direction},
    relation::milli_minutes,
};
use std::{mem, sync::Arc};

/// How many rows are asked for at once.
const ROWS_AT_ONCE: u64 = 10_000;

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
    read: Vec<(Known, Member, Vec<i128>, Nanos)>,
    customers: Option<u64>,
    footing: Option<Footing>,
    names: Arc<Vec<Known>>,
    spiral: Option<Spiral>,
    bonds: Option<Arc<Bonds>>,
    number: u32,
    is_over: bool,
}

/// A customer with what is stored of it.
pub type Known = (PartyId, Option<Arc<Party>>);

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
            read: Vec::new(),
            customers: None,
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
        let read = ending.read.len() as u64;
        if ending.spiral.is_none() && ending.customers.is_none_or(|all| read < all) {
            return self.read_more(tenant, ending).await.map(Some);
        }
        if ending.is_over {
            return Ok(None);
        }
        let step = match ending.spiral.take() {
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
        Ok(Some(Following::Step(Box::new(step))))
    }

    async fn read_more(
        &self,
        tenant: &TenantId,
        ending: &mut Ending,
    ) -> Result<Following, Problem> {
        let from = ending.read.len() as u64;
        let ranking = RankingRequest {
            scope: ending.request.scope.clone(),
            basis: Basis::NetProfit,
            direction: Direction::BestFirst,
            cost_model_version: ending.request.cost_model_version,
        };
        let question = RankQuestion {
            scope: ranking.scope,
            order: ending.costs.order(ranking.basis, ranking.direction),
            beside: Vec::new(),
            rows: RowSelection::Places(std::iter::once(from..from + ROWS_AT_ONCE).collect()),
        };
        let answer = self.store()?.rank(tenant, &question).await?;
        let customers = answer.totals.customers;
        if ending.footing.is_none() {
            ending.footing = Some(footing(&ending.costs, &question.order, &answer.totals)?);
        }
        let found = answer.rows.len() as u64;
        let costs = &ending.costs;
        let rows = answer.rows.into_iter().map(|row| member(row, costs));
        ending.read.extend(rows);
        // What is not there can never be read: it is refused when the whole is proved.
        ending.customers = Some(if found == 0 { from } else { customers });
        Ok(Following::Read(ending.read.len() as u64, customers))
    }
}

/// A customer with its quantities of what is driven, and its net profit as the report has it.
fn member(row: RankRow, costs: &Costs) -> (Known, Member, Vec<i128>, Nanos) {
    let pools = row.shares.iter().take(costs.pool_parts.len());
    let pools: i128 = pools.map(|share| i128::from(*share)).sum();
    let member = Member {
        margin: row.value + pools * NANOS_PER_MICRO,
        net_revenue: Basis::Revenue.weights(&costs.model).value(&row.sums),
        milli_minutes: milli_minutes(&row.sums, |_| true),
    };
    let driven = costs.pool_parts.iter().filter_map(|part| part.driven());
    let quantities = driven.map(|driven| driven.driver.quantity(&row.customer, &row.sums));
    let quantities = quantities.collect();
    ((row.customer, row.party), member, quantities, row.value)
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
        let mut read = mem::take(&mut self.read);
        let pools = pools(&self.costs);
        let (spiral, names, is_same) = compute(move || {
            read.sort_unstable_by(|one, other| one.0.0.cmp(&other.0.0));
            let (mut names, mut members) = (Vec::new(), Vec::new());
            let (mut quantities, mut values) = (Vec::new(), Vec::new());
            for (known, member, own, value) in read {
                names.push(known);
                members.push(member);
                quantities.extend(own);
                values.push(value);
            }
            let spiral = Spiral::of(pools, members, quantities);
            let differs = (0..)
                .zip(&values)
                .find(|(index, value)| spiral.net_profit(*index) != **value);
            let is_same = differs.map_or(Ok(()), |(index, value)| {
                check_sum(*value, spiral.net_profit(index))
            });
            (spiral, names, is_same)
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
        let customer = |index: &usize, is_left: bool| {
            let (customer, party) = self.names[*index].clone();
            EndedCustomer {
                customer,
                party,
                member: spiral.member(*index),
                before: step.before[*index],
                after: is_left.then(|| spiral.net_profit(*index)),
            }
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
