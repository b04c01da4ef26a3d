//! Entries, records and questions by chance, from a world so small that everything meets everything.

use crate::{
    currencies::{any_rate, original_of, submitted},
    outcomes::prospect_record,
    price_terms::any_terms,
    purchases::any_purchases,
    receivables::any_own,
    referrals::{any_referrals, any_values},
    relationship::{caused_of, premiums, relationship},
    words::*,
};
use profitscore::domain::{
    account::Weights,
    activity::{
        Activity, ContactChannel, Dimensions, DirectCostKind, EffortPurpose, Kind, Price, Severity,
        Work,
    },
    allocation::{Driven, Driver},
    cost_model::CostModel,
    id::TenantId,
    ledger::{Entry, LedgerQuestion, Position},
    party::{
        PartyQuestion, Sensitivity, Stage, TraitDefinition, TraitFilter, TraitType, TraitValue,
    },
    prospect::ProspectQuestion,
    purchase::PurchaseQuestion,
    question::{
        Beside, CellsQuestion, CrossQuestion, CurveQuestion, Group, LiftQuestion, Order,
        ProfileQuestion, RankQuestion, RowSelection, Scope,
    },
    ranking::{Basis, Direction},
    receivables::{ReceivablesQuestion, cost::ReceivablesRates},
    records::Record,
    time::{Day, Instant, Period},
};
use proptest::{
    collection::{btree_set, vec},
    option,
    prelude::*,
    sample::select,
    strategy::ValueTree,
    test_runner::TestRunner,
};
use std::sync::Arc;

/// In an order that is neither that of letters nor that of their first use.
pub const CUSTOMERS: [&str; 7] = ["b", "B", "é", "aa", "a", "UNASSIGNED", "z 1"];
const BRANCHES: [&str; 4] = ["", "UNASSIGNED", "north", "south"];
const ROLES: [&str; 3] = ["CLERK", "ENGINEER", "DRIVER"];
pub const GROUPS: [Group; 7] = [
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
/// All activities happen on these days.
pub const DAYS: i32 = 12;

/// One value, the next of the runner.
pub fn sample<S: Strategy>(runner: &mut TestRunner, strategy: S) -> S::Value {
    strategy.new_tree(runner).unwrap().current()
}

fn text(values: &'static [&'static str]) -> impl Strategy<Value = String> {
    select(values).prop_map(str::to_owned)
}

fn instant() -> impl Strategy<Value = Instant> {
    let seconds = prop_oneof![Just(0), Just(86_399), 0_i64..86_400];
    (0..DAYS, seconds, select(&[0, 1, 999_999_999])).prop_map(|(day, second, nanos)| Instant {
        seconds: i64::from(day) * 86_400 + second,
        nanos,
    })
}

fn dimensions() -> impl Strategy<Value = Dimensions> {
    let ids = (
        text(&BRANCHES),
        text(&["", "p", "q"]),
        text(&["", "mia", "bo"]),
    );
    (ids, text(&["", "WEB", "SHOP"]), text(&["", "letter"])).prop_map(
        |(ids, channel_id, evidence_ref)| {
            Dimensions {
                branch_id: ids.0,
                product_id: ids.1,
                account_manager_id: ids.2,
                // Of some channels only.
                campaign_id: channel_id.replace("WEB", "SPRING").replace("SHOP", ""),
                channel_id,
                evidence_ref,
            }
        },
    )
}

fn amount() -> impl Strategy<Value = i64> {
    prop_oneof![
        0_i64..20,
        0_i64..1_000_000_000,
        Just(1_000_000_000_000_000_000)
    ]
}

fn work() -> impl Strategy<Value = Work> {
    (select(&ROLES), 1_i64..1_000_000).prop_map(|(id, milli_minutes)| Work {
        role_id: role(id),
        milli_minutes,
    })
}

fn kind() -> impl Strategy<Value = Kind> {
    let price = option::of(prop_oneof![
        amount().prop_map(Price::Discount),
        amount().prop_map(|more| Price::List(1_000_000_000_000_000_000 + more)),
    ]);
    let sale = (
        amount(),
        option::of(amount()),
        option::of(0_i64..100),
        price,
    );
    let severity = || select(Severity::ALL);
    prop_oneof![
        4 => sale.prop_map(|(revenue, cost_of_goods, quantity, price)| Kind::Sale {
            revenue, cost_of_goods, quantity, price,
        }),
        1 => (amount(), option::of(amount()), any::<bool>()).prop_map(
            |(amount, recovered_cost_of_goods, paid_out)| Kind::Refund {
                amount, recovered_cost_of_goods, paid_out,
            }
        ),
        1 => (select(DirectCostKind::ALL), amount())
            .prop_map(|(kind, amount)| Kind::DirectCost { kind, amount }),
        2 => (work(), select(EffortPurpose::ALL), option::of(select(ContactChannel::ALL)))
            .prop_map(|(work, purpose, channel)| Kind::Effort { work, purpose, channel }),
        1 => (severity(), option::of(severity()), option::of(amount()), option::of(work()))
            .prop_map(|(severity, perceived_severity, compensation, work)| Kind::Complaint {
                severity, perceived_severity, compensation, work,
            }),
        1 => (option::of(amount()), option::of(work())).prop_map(|(cost, work)| {
            Kind::SpecialDemand { description: "gold".to_owned(), cost, work }
        }),
        1 => (text(&["i", "j"]), amount(), option::of(instant())).prop_map(
            |(invoice_id, amount, due_time)| Kind::Invoice { invoice_id, amount, due_time }
        ),
        2 => (amount(), text(&["", "i", "other"]))
            .prop_map(|(amount, invoice_id)| Kind::Payment { amount, invoice_id }),
        1 => amount().prop_map(|amount| Kind::WriteOff { amount, invoice_id: "i".to_owned() }),
        1 => (amount(), text(&["", "i"]))
            .prop_map(|(amount, invoice_id)| Kind::CreditNote { amount, invoice_id }),
        1 => (text(&["i", "j"]), any::<bool>())
            .prop_map(|(invoice_id, resolved)| Kind::Dispute { invoice_id, resolved }),
        1 => Just(Kind::Referral { referred_party_id: party_id("friend") }),
        3 => relationship().prop_map(Kind::Relationship),
    ]
}

/// An activity with this id.
pub fn activity_of(id: String) -> impl Strategy<Value = Activity> {
    let original = prop_oneof![4 => Just(None), 1 => submitted().prop_map(Some)];
    (
        select(&CUSTOMERS),
        instant(),
        dimensions(),
        kind(),
        original,
    )
        .prop_map(
            move |(customer, occur_time, dimensions, kind, original)| Activity {
                activity_id: activity_id(&id),
                customer_id: party_id(customer),
                occur_time,
                dimensions,
                original: original
                    .map(|(rate, amounts)| Box::new(original_of(&kind, &rate, &amounts))),
                kind,
            },
        )
}

/// An entry whose id was used before more often than not.
fn entry() -> impl Strategy<Value = Entry> {
    let id = || (0..40).prop_map(|id| format!("id{id}"));
    let caused = (id(), id()).prop_flat_map(|(id, of)| caused_of(id, of));
    prop_oneof![
        4 => id().prop_flat_map(activity_of).prop_map(Entry::Activity),
        2 => caused.prop_map(Entry::Activity),
        // The same content under the same id again and again.
        2 => (0..10).prop_map(|id| sale(&format!("id{id}"), "aa", id % DAYS, 5, 1)),
        2 => (id(), id()).prop_map(|(id, of)| reversal(&id, &of)),
        1 => (0..40).prop_map(|id| reversal(&format!("r{id}"), &format!("id{id}"))),
    ]
}

fn trait_value() -> impl Strategy<Value = (String, TraitValue)> {
    let set = btree_set(text(&["golf", "art", "cars"]), 0..3);
    prop_oneof![
        6 => text(&["small", "big"]).prop_map(|v| ("size".to_owned(), TraitValue::Category(v))),
        6 => (-3_i64..10).prop_map(|v| ("age".to_owned(), TraitValue::Number(v))),
        6 => set.prop_map(|v| ("tags".to_owned(), TraitValue::Set(v))),
        6 => any::<bool>().prop_map(|v| ("vip".to_owned(), TraitValue::Flag(v))),
        1 => any::<bool>().prop_map(|v| ("age".to_owned(), TraitValue::Flag(v))),
    ]
}

fn stage() -> impl Strategy<Value = Stage> {
    select(&[Stage::Prospect, Stage::Customer])
}

fn some_costs() -> impl Strategy<Value = CostModel> {
    let receivables = option::of((0_i64..200_000, any::<bool>()));
    (
        vec((select(&ROLES), 0_i64..100), 0..3),
        receivables,
        premiums(),
    )
        .prop_map(|(roles, receivables, premiums)| CostModel {
            receivables: receivables.map(|(capital_per_year, provides)| ReceivablesRates {
                capital_per_year,
                provision: if provides {
                    [0, 1, 20_000, 500_000, 1_000_000]
                } else {
                    [0; 5]
                },
            }),
            premiums,
            ..rates(roles)
        })
}

fn record() -> impl Strategy<Value = Record> {
    let ids = prop_oneof![select(&CUSTOMERS), select(&["p1", "p2", "p3"])];
    let definition = (
        select(&["size", "age", "new"]),
        vec(-3_i64..10, 0..3),
        any::<bool>(),
    );
    let request = (0..4).prop_map(|id| format!("request{id}"));
    prop_oneof![
        6 => (ids, stage(), vec(trait_value(), 0..4)).prop_map(|(id, stage, traits)| {
            party(id, stage, traits.iter().map(|(key, value)| (key.as_str(), value.clone())))
        }),
        1 => definition.prop_map(|(key, bin_edges, is_number)| {
            Record::TraitDefinition(TraitDefinition {
                key: trait_key(key),
                trait_type: if is_number { TraitType::Number } else { TraitType::Category },
                bin_edges,
                sensitivity: Sensitivity::Ordinary,
                known_after_conversion: false,
            })
        }),
        3 => any_rate().prop_map(Record::ExchangeRate),
        2 => any_terms(&CUSTOMERS),
        1 => (request, some_costs(), option::of(0_u64..3))
            .prop_map(|(request, costs, expected)| cost_model(&request, costs, expected)),
        1 => ((0..4), (1..4)).prop_map(|(request, month)| {
            closing(&format!("request{request}"), month, "")
        }),
        1 => (select(&["p", "q", "é"]), text(&["", "food", "drinks"]))
            .prop_map(|(id, category)| product(id, &category)),
        3 => prospect_record(),
    ]
}

/// What is done to a store.
#[derive(Debug, Clone)]
pub enum Command {
    Append {
        tenant: TenantId,
        entries: Vec<Entry>,
        keep: bool,
    },
    Put {
        tenant: TenantId,
        records: Vec<Record>,
        keep: bool,
    },
    Ask {
        tenant: TenantId,
        question: Question,
    },
    Reopen,
}

/// Anything a store can be asked.
#[derive(Debug, Clone)]
pub enum Question {
    Rank(RankQuestion),
    Curve(CurveQuestion),
    Cross(CrossQuestion),
    Cells(CellsQuestion),
    Lift(LiftQuestion),
    Profiles(ProfileQuestion),
    Entries(LedgerQuestion),
    Parties(PartyQuestion),
    Prospects(ProspectQuestion),
    Receivables(ReceivablesQuestion),
    Purchases(PurchaseQuestion),
    Referrals(profitscore::domain::referral::ReferralsQuestion),
    Values(profitscore::domain::question::ValuesQuestion),
    Others(Position),
}

pub fn command() -> impl Strategy<Value = Command> {
    let keep = || prop::bool::weighted(0.9);
    let tenants = || select(&["t", "t", "t", "u"]).prop_map(tenant);
    prop_oneof![
        8 => (tenants(), vec(entry(), 0..20), keep())
            .prop_map(|(tenant, entries, keep)| Command::Append { tenant, entries, keep }),
        3 => (tenants(), vec(record(), 0..8), keep())
            .prop_map(|(tenant, records, keep)| Command::Put { tenant, records, keep }),
        10 => (tenants(), question()).prop_map(|(tenant, question)| Command::Ask { tenant, question }),
        1 => Just(Command::Reopen),
    ]
}

fn period() -> impl Strategy<Value = Period> {
    let day = || option::of((-1..=DAYS).prop_map(Day));
    (day(), day()).prop_map(|(a, b)| match (a, b) {
        (Some(_), Some(_)) => Period {
            start: a.min(b),
            end: a.max(b),
        },
        (start, end) => Period { start, end },
    })
}

pub fn as_of() -> impl Strategy<Value = Position> {
    prop_oneof![1 => Just(NEWEST), 3 => 0_u64..120]
}

fn trait_filter() -> impl Strategy<Value = TraitFilter> {
    (trait_value(), any::<bool>()).prop_map(|((key, value), missing)| TraitFilter {
        key: trait_key(&key),
        any_of: match value {
            _ if missing => Vec::new(),
            TraitValue::Set(set) => set.into_iter().map(TraitValue::Category).collect(),
            TraitValue::Category(_) | TraitValue::Number(_) | TraitValue::Flag(_) => vec![value],
        },
    })
}

pub fn any_scope() -> BoxedStrategy<Scope> {
    let branches = prop_oneof![3 => Just(Vec::new()), 1 => vec(text(&BRANCHES[1..]), 1..3)];
    let traits = prop_oneof![3 => Just(Vec::new()), 1 => vec(trait_filter(), 1..3)];
    (period(), branches, traits, as_of())
        .prop_map(|(period, branches, traits, as_of)| Scope {
            period,
            branches,
            traits,
            as_of,
        })
        .boxed()
}

pub fn any_weights() -> BoxedStrategy<Weights> {
    prop_oneof![
        9 => (select(&BASES), some_costs()).prop_map(|(basis, costs)| basis.weights(&costs)),
        // Nothing weighs anything: the order of the ids.
        1 => Just(Weights::default()),
    ]
    // Questions have many of them: on the heap a tree of them needs little of the stack.
    .boxed()
}

fn any_driver() -> impl Strategy<Value = Driver> {
    let customer =
        (select(&CUSTOMERS), 0_i64..9).prop_map(|(id, quantity)| (party_id(id), quantity));
    prop_oneof![
        3 => any_weights().prop_map(Driver::Weighed),
        1 => any_weights().prop_map(Driver::Present),
        1 => vec(customer, 0..4).prop_map(|supplied| {
            Driver::Supplied(Arc::new(supplied.into_iter().collect()))
        }),
    ]
}

pub fn any_driven() -> impl Strategy<Value = Driven> {
    let capacity = option::of(prop_oneof![1_i128..1_000, 1..1_i128 << 70]);
    let some = (amount(), any_driver(), capacity).prop_map(|(amount, driver, capacity)| Driven {
        amount,
        driver,
        capacity,
    });
    prop_oneof![4 => some, 1 => any_own()]
}

fn any_beside() -> impl Strategy<Value = Beside> {
    (any_weights(), any::<bool>()).prop_map(|(weights, bears_driven)| Beside {
        weights,
        bears_driven,
    })
}

pub fn any_order() -> BoxedStrategy<Order> {
    let direction = select(&[Direction::BestFirst, Direction::WorstFirst]);
    let split = prop_oneof![Just(Vec::new()), vec(amount(), 1..3)];
    let driven = prop_oneof![Just(Vec::new()), vec(any_driven(), 1..4)];
    (any_weights(), split, driven, any::<bool>(), direction)
        .prop_map(
            |(weights, split, driven, value_bears_split, direction)| Order {
                weights,
                split,
                driven,
                value_bears_split,
                direction,
            },
        )
        .boxed()
}

fn rows() -> impl Strategy<Value = RowSelection> {
    let range = (0_u64..8, 0_u64..8).prop_map(|(start, length)| start..start + length);
    prop_oneof![
        1 => select(&CUSTOMERS).prop_map(|id| RowSelection::Customer(party_id(id))),
        1 => vec(select(&CUSTOMERS), 0..4).prop_map(|ids| {
            RowSelection::Customers(ids.into_iter().map(party_id).collect())
        }),
        2 => vec(range, 0..4).prop_map(RowSelection::Places),
    ]
}

pub fn question() -> BoxedStrategy<Question> {
    let time = || option::of(instant());
    const KEYS: [&str; 5] = ["size", "age", "tags", "vip", "nothing"];
    const KEY_LISTS: [&[&str]; 3] = [&KEYS, &["tags", "age"], &[]];
    prop_oneof![
        3 => (any_scope(), any_order(), vec(any_beside(), 0..3), rows()).prop_map(
            |(scope, order, beside, rows)| {
                Question::Rank(RankQuestion { scope, order, beside, rows })
            }
        ),
        1 => (any_scope(), any_order(), 1_u64..20).prop_map(|(scope, order, points)| {
            Question::Curve(CurveQuestion { scope, order, points })
        }),
        2 => (any_scope(), select(&GROUPS))
            .prop_map(|(scope, group)| Question::Cross(CrossQuestion { scope, group })),
        2 => (any_scope(), vec(select(&CUSTOMERS), 0..4), select(&GROUPS)).prop_map(
            |(scope, customers, group)| {
                let customers = customers.into_iter().map(party_id).collect();
                Question::Cells(CellsQuestion { scope, customers, group })
            }
        ),
        1 => (any_scope(), any_order(), 0_u32..=1_000_000, 0_u64..5, vec(0_i64..8, 0..3)).prop_map(
            move |(scope, order, best_millionths, best_minimum, mut edges)| {
                edges.sort_unstable();
                edges.dedup();
                let traits = KEYS.map(|key| (trait_key(key), edges.clone())).into();
                Question::Lift(LiftQuestion { scope, order, best_millionths, best_minimum, traits })
            }
        ),
        1 => (period(), as_of(), any_weights(), any_weights(), 1_u32..15, 1_u32..5).prop_map(
            |(period, as_of, profit, size, horizon_days, buckets)| {
                Question::Profiles(ProfileQuestion {
                    period, as_of, profit, size, horizon_days, buckets,
                })
            }
        ),
        2 => (option::of(select(&CUSTOMERS)), time(), time(), 0_u64..60, as_of(), 0_usize..30)
            .prop_map(|(customer, start, end, after, as_of, limit)| {
                let customer = customer.map(party_id);
                Question::Entries(LedgerQuestion { customer, start, end, after, as_of, limit })
            }),
        2 => (option::of(vec(select(&CUSTOMERS), 0..4)), option::of((-1..=DAYS).prop_map(Day)), as_of())
            .prop_map(|(customers, before, as_of)| {
                let customers = customers.map(|ids| ids.into_iter().map(party_id).collect());
                Question::Receivables(ReceivablesQuestion { customers, before, as_of })
            }),
        1 => (option::of(stage()), vec(trait_filter(), 0..2), any::<bool>(), as_of(), 0_usize..9)
            .prop_map(|(stage, traits, without_sales, as_of, limit)| {
                let after = without_sales.then(|| party_id("a"));
                Question::Parties(PartyQuestion {
                    stage, traits, without_sales, after, as_of, limit,
                })
            }),
        // Few lists, so that one is asked for again after something changed.
        3 => (select(&KEY_LISTS), as_of()).prop_map(|(keys, as_of)| {
            let traits = keys.iter().map(|key| trait_key(key)).collect();
            Question::Prospects(ProspectQuestion { traits, as_of })
        }),
        2 => any_purchases().prop_map(Question::Purchases),
        1 => any_referrals().prop_map(Question::Referrals),
        2 => any_values().prop_map(Question::Values),
        1 => as_of().prop_map(Question::Others),
    ]
    .boxed()
}
