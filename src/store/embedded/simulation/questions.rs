//! Questions by chance, and how the engine and the reference are asked them. Answers are text, so that they can be kept
//! and compared byte by byte.

use super::{
    random::Random,
    requests::{BRANCHES, CUSTOMERS, DAYS, amount, costs, customer, instant, trait_key, traits},
};
use crate::{
    domain::{
        account::Weights,
        allocation::{Driven, Driver},
        history::HistoryQuestion,
        id::{PartyId, TenantId},
        ledger::{LedgerQuestion, Position},
        party::{PartyQuestion, Stage, TraitFilter},
        problem::Problem,
        prospect::{ProspectAnswer, ProspectQuestion},
        question::{
            Beside, CellsQuestion, CrossQuestion, CurveQuestion, Group, LiftQuestion, Order,
            ProfileQuestion, RankQuestion, RowSelection, Scope,
        },
        ranking::{Basis, Direction},
        receivables::ReceivablesQuestion,
        time::{Day, Period},
    },
    store::{Store, embedded::Questions, memory::MemoryStore},
};
use std::{
    future::Future,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

const GROUPS: [Group; 7] = [
    Group::Customer,
    Group::Branch,
    Group::Product,
    Group::AccountManager,
    Group::Day,
    Group::Channel,
    Group::Campaign,
];
const BASES: [Basis; 4] = [
    Basis::Spend,
    Basis::Revenue,
    Basis::ContributionMargin,
    Basis::NetProfit,
];
const KEYS: [&str; 4] = ["size", "age", "vip", "nothing"];

/// Anything a store can be asked.
#[derive(Debug, Clone)]
pub enum Question {
    /// For customers in order.
    Rank(RankQuestion),
    /// For the whale curve.
    Curve(CurveQuestion),
    /// For sums by group.
    Cross(CrossQuestion),
    /// For sums of some customers by group.
    Cells(CellsQuestion),
    /// For traits of the best.
    Lift(LiftQuestion),
    /// For what models learn from.
    Profiles(ProfileQuestion),
    /// For entries.
    Entries(LedgerQuestion),
    /// For parties.
    Parties(PartyQuestion),
    /// For prospects.
    Prospects(ProspectQuestion),
    /// For what was written, entries and records.
    Written(HistoryQuestion),
    /// For what changed what customers owe.
    Receivables(ReceivablesQuestion),
    /// For everything that is small.
    Others(Position),
}

/// What a future that never waits comes to.
pub fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("the reference never waits"),
    }
}

fn day(random: &mut Random) -> Day {
    Day(i32::try_from(random.between(-1, DAYS + 1)).unwrap())
}

fn period(random: &mut Random) -> Period {
    let (start, end) = (random.maybe(day), random.maybe(day));
    match (start, end) {
        (Some(_), Some(_)) => Period {
            start: start.min(end),
            end: start.max(end),
        },
        _ => Period { start, end },
    }
}

fn filters(random: &mut Random) -> Vec<TraitFilter> {
    if random.chance(750) {
        return Vec::new();
    }
    let wanted = traits(random);
    let filter = |(key, value): (&_, &crate::domain::party::TraitValue)| TraitFilter {
        key: Clone::clone(key),
        any_of: vec![value.clone()],
    };
    wanted.iter().map(filter).collect()
}

fn scope(random: &mut Random, as_of: Position) -> Scope {
    let branches = match random.chance(750) {
        true => Vec::new(),
        false => vec![random.pick(&BRANCHES[1..]).to_owned()],
    };
    Scope {
        period: period(random),
        branches,
        traits: filters(random),
        as_of,
    }
}

fn weights(random: &mut Random) -> Weights {
    let costs = costs(random);
    random.pick(&BASES).weights(&costs)
}

fn driven(random: &mut Random) -> Driven {
    let driver = match random.below(3) {
        0 => Driver::Present(weights(random)),
        1 => {
            let supplied = (some_customer(random), random.between(1, 9));
            Driver::Supplied(Arc::new([supplied].into()))
        }
        _ => Driver::Weighed(weights(random)),
    };
    Driven {
        amount: amount(random),
        driver,
        capacity: random.maybe(|random| i128::from(random.between(1, 1_000_000_000))),
    }
}

fn beside(random: &mut Random) -> Beside {
    Beside {
        weights: weights(random),
        bears_driven: random.chance(500),
    }
}

fn order(random: &mut Random) -> Order {
    Order {
        weights: weights(random),
        split: random.maybe(amount).into_iter().collect(),
        driven: random.maybe(driven).into_iter().collect(),
        value_bears_split: random.chance(500),
        direction: random.pick(&[Direction::BestFirst, Direction::WorstFirst]),
    }
}

fn rows(random: &mut Random) -> RowSelection {
    if random.chance(200) {
        return RowSelection::Customer(some_customer(random));
    }
    let start = random.number() % 6;
    RowSelection::Places(vec![0..random.number() % 4, start..start + 9])
}

fn some_customer(random: &mut Random) -> PartyId {
    customer(random.between(0, CUSTOMERS))
}

/// A question about what customers owe.
pub fn receivables(random: &mut Random, as_of: Position) -> ReceivablesQuestion {
    let some = |random: &mut Random| {
        (0..random.below(4))
            .map(|_| some_customer(random))
            .collect()
    };
    ReceivablesQuestion {
        customers: random.maybe(some),
        before: random.maybe(day),
        as_of,
    }
}

/// A question as of a position.
pub fn question(random: &mut Random, as_of: Position) -> Question {
    match random.below(14) {
        0..3 => Question::Rank(RankQuestion {
            scope: scope(random, as_of),
            order: order(random),
            beside: random.maybe(beside).into_iter().collect(),
            rows: rows(random),
        }),
        3 => Question::Curve(CurveQuestion {
            scope: scope(random, as_of),
            order: order(random),
            points: 1 + random.number() % 9,
        }),
        4 => Question::Cross(CrossQuestion {
            scope: scope(random, as_of),
            group: random.pick(&GROUPS),
        }),
        5 => Question::Cells(CellsQuestion {
            scope: scope(random, as_of),
            customers: (0..random.below(4))
                .map(|_| some_customer(random))
                .collect(),
            group: random.pick(&GROUPS),
        }),
        6 => Question::Lift(LiftQuestion {
            scope: scope(random, as_of),
            order: order(random),
            best_millionths: 300_000,
            best_minimum: random.number() % 3,
            traits: KEYS.map(|key| (trait_key(key), vec![2, 5])).into(),
        }),
        7 => Question::Profiles(ProfileQuestion {
            period: period(random),
            as_of,
            profit: weights(random),
            size: weights(random),
            horizon_days: 15,
            buckets: 3,
        }),
        8 | 9 => Question::Entries(LedgerQuestion {
            customer: random.maybe(some_customer),
            start: random.maybe(instant),
            end: random.maybe(instant),
            after: random.number() % (as_of + 1),
            as_of,
            limit: 1 + random.below(40),
        }),
        10 => Question::Parties(PartyQuestion {
            stage: random.maybe(|_| Stage::Prospect),
            traits: filters(random),
            without_sales: random.chance(500),
            after: None,
            as_of,
            limit: 9,
        }),
        11 => Question::Written(HistoryQuestion {
            after: random.number() % (as_of + 1),
            as_of,
            limit: 1 + random.below(40),
        }),
        12 => Question::Receivables(receivables(random, as_of)),
        _ if random.chance(500) => Question::Others(as_of),
        _ => Question::Prospects(ProspectQuestion {
            traits: KEYS.map(trait_key).into(),
            as_of,
        }),
    }
}

fn prospects(answer: &ProspectAnswer) -> String {
    let table = &answer.table;
    let rows = table.ids().iter().enumerate();
    let rows: Vec<_> = rows.map(|(row, id)| (id, table.row(row))).collect();
    format!("{rows:?} {:?}", answer.converted)
}

impl Question {
    /// What an engine answers.
    pub fn ask(&self, questions: &Questions, tenant: &TenantId) -> Result<String, Problem> {
        Ok(match self {
            Self::Rank(question) => format!("{:?}", questions.rank(tenant, question)?),
            Self::Curve(question) => format!("{:?}", questions.curve(tenant, question)?),
            Self::Cross(question) => format!("{:?}", questions.cross(tenant, question)?),
            Self::Cells(question) => format!("{:?}", questions.cells(tenant, question)?),
            Self::Lift(question) => format!("{:?}", questions.lift(tenant, question)?),
            Self::Profiles(question) => format!("{:?}", questions.profiles(tenant, question)?),
            Self::Entries(question) => format!("{:?}", questions.entries(tenant, question)?),
            Self::Parties(question) => format!("{:?}", questions.parties(tenant, question)?),
            Self::Prospects(question) => prospects(&questions.prospects(tenant, question)?),
            Self::Written(question) => format!("{:?}", questions.written(tenant, question)?),
            Self::Receivables(question) => {
                format!("{:?}", questions.receivables(tenant, question)?)
            }
            Self::Others(as_of) => format!(
                "{:?} {:?} {:?} {:?} {:?}",
                questions.party(tenant, &[customer(1), customer(2)], *as_of)?,
                questions.trait_definitions(tenant, *as_of)?,
                questions.cost_models(tenant, *as_of)?,
                questions.closings(tenant, *as_of)?,
                questions.products(tenant, *as_of)?,
            ),
        })
    }

    /// What the reference answers.
    pub fn ask_reference(&self, store: &MemoryStore, tenant: &TenantId) -> String {
        let asked = async {
            Ok::<_, Problem>(match self {
                Self::Rank(question) => format!("{:?}", store.rank(tenant, question).await?),
                Self::Curve(question) => format!("{:?}", store.curve(tenant, question).await?),
                Self::Cross(question) => format!("{:?}", store.cross(tenant, question).await?),
                Self::Cells(question) => format!("{:?}", store.cells(tenant, question).await?),
                Self::Lift(question) => format!("{:?}", store.lift(tenant, question).await?),
                Self::Profiles(question) => {
                    format!("{:?}", store.profiles(tenant, question).await?)
                }
                Self::Entries(question) => format!("{:?}", store.entries(tenant, question).await?),
                Self::Parties(question) => format!("{:?}", store.parties(tenant, question).await?),
                Self::Prospects(question) => prospects(&store.prospects(tenant, question).await?),
                Self::Written(question) => format!("{:?}", store.written(tenant, question).await?),
                Self::Receivables(question) => {
                    format!("{:?}", store.receivables(tenant, question).await?)
                }
                Self::Others(as_of) => format!(
                    "{:?} {:?} {:?} {:?} {:?}",
                    store
                        .party(tenant, &[customer(1), customer(2)], *as_of)
                        .await?,
                    store.trait_definitions(tenant, *as_of).await?,
                    store.cost_models(tenant, *as_of).await?,
                    store.closings(tenant, *as_of).await?,
                    store.products(tenant, *as_of).await?,
                ),
            })
        };
        at_once(asked).expect("the reference never fails")
    }
}
