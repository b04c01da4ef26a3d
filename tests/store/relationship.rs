//! What a relationship costs and gives: what is posted, and what is taken back together with a sale.

use crate::{
    laws::{activities, assert_same, entries_of, questions, runner, submit},
    referrals::any_advocacy,
    words::*,
};
use profitscore::{
    domain::{
        account::Account,
        activity::{Activity, ContactChannel, DirectCostKind, EffortPurpose, Kind, Work},
        cost_model::CostModel,
        id::FactorName,
        ledger::{Entry, LedgerQuestion, Outcome},
        premium::EffortPremium,
        problem::Reason,
        ranking::Basis,
        relationship::{
            AppreciationKind, BonusEvent, Circumstance, Complexity, ExternalityKind, Relationship,
            Urgency,
        },
        statement::Statement,
        time::Period,
    },
    store::Store,
};
use proptest::{collection::vec, option, prelude::*, sample::select};

fn amount() -> impl Strategy<Value = i64> {
    prop_oneof![1_i64..20, 1_i64..1_000_000_000]
}

fn signed() -> impl Strategy<Value = i64> {
    prop_oneof![1_i64..1_000_000, -1_000_000_i64..0]
}

fn bonus() -> impl Strategy<Value = (BonusEvent, i64)> {
    (select(BonusEvent::ALL), amount())
}

/// What stands alone.
pub fn relationship() -> impl Strategy<Value = Relationship> {
    let work =
        (select(&["CLERK", "DRIVER"]), 1_i64..1_000_000).prop_map(|(id, milli_minutes)| Work {
            role_id: role(id),
            milli_minutes,
        });
    let told = (
        option::of(select(ContactChannel::ALL)),
        option::of(select(Urgency::ALL)),
        option::of(select(Complexity::ALL)),
    );
    prop_oneof![
        3 => (work, select(EffortPurpose::ALL), told).prop_map(
            |(work, purpose, (channel, urgency, complexity))| Relationship::QualifiedEffort {
                work, purpose, channel, urgency, complexity,
            }
        ),
        2 => bonus().prop_map(|(event, amount)| Relationship::Bonus {
            event, amount, sale_activity_id: None,
        }),
        1 => (select(AppreciationKind::ALL), amount()).prop_map(|(kind, amount)| {
            Relationship::Appreciation { kind, amount, description: "tea".to_owned() }
        }),
        1 => amount().prop_map(|amount| Relationship::Acquisition {
            amount, offer_id: "O1".to_owned(),
        }),
        1 => amount().prop_map(|amount| Relationship::RetentionSpend {
            amount, description: String::new(),
        }),
        1 => (0_i64..=5_000_000).prop_map(|score| Relationship::Feedback {
            score, worst: 0, best: 5_000_000, comment: String::new(),
        }),
        1 => (select(ExternalityKind::ALL), signed()).prop_map(|(kind, estimate)| {
            Relationship::Externality { kind, estimate, source: "survey".to_owned() }
        }),
        2 => any_advocacy().prop_map(Relationship::Advocacy),
        1 => (select(&["LOYAL", "LOUD"]), signed()).prop_map(|(name, weight)| {
            Relationship::QualitativeFactor {
                name: FactorName::stored(name), weight, note: String::new(),
            }
        }),
    ]
}

/// What is caused by a sale.
pub fn caused_of(id: String, sale: String) -> impl Strategy<Value = Activity> {
    let kind = prop_oneof![
        bonus().prop_map({
            let sale = sale.clone();
            move |(event, amount)| Relationship::Bonus {
                event,
                amount,
                sale_activity_id: Some(activity_id(&sale)),
            }
        }),
        (select(DirectCostKind::ALL), amount()).prop_map(move |(kind, amount)| {
            Relationship::CausedCost {
                kind,
                amount,
                sale_activity_id: activity_id(&sale),
            }
        }),
    ];
    (select(&["aa", "b", "z 1"]), 0..12_i32, kind).prop_map(move |(customer, day, kind)| {
        activity(&id, customer, day, Kind::Relationship(kind))
    })
}

/// What minutes cost more.
pub fn premiums() -> impl Strategy<Value = Vec<EffortPremium>> {
    let circumstances: Vec<_> = Circumstance::all().collect();
    let one = (
        option::of(select(&["CLERK", "ENGINEER"])),
        select(circumstances),
        0_i64..3_000_000,
    );
    let one = one.prop_map(|(id, circumstance, extra)| EffortPremium {
        role_id: id.map(role),
        circumstance,
        extra,
    });
    vec(one, 0..4).prop_map(|mut premiums| {
        premiums.sort();
        premiums.dedup_by_key(|one| (one.role_id.clone(), one.circumstance));
        premiums
    })
}

fn commission(id: &str, customer: &str, day: i32, amount: i64, sale: &str) -> Entry {
    let kind = Relationship::CausedCost {
        kind: DirectCostKind::Commission,
        amount: amount * 1_000_000,
        sale_activity_id: activity_id(sale),
    };
    Entry::Activity(activity(id, customer, day, Kind::Relationship(kind)))
}

fn accrued(id: &str, customer: &str, day: i32, amount: i64, sale: &str) -> Entry {
    let kind = Relationship::Bonus {
        event: BonusEvent::Accrued,
        amount: amount * 1_000_000,
        sale_activity_id: Some(activity_id(sale)),
    };
    Entry::Activity(activity(id, customer, day, Kind::Relationship(kind)))
}

async fn profits(store: &dyn Store, as_of: u64) -> Vec<(String, i128)> {
    let asked = profitscore::domain::question::Scope {
        as_of,
        ..scope(Period::ALL)
    };
    let answer = rank(store, asked, order(Basis::NetProfit)).await;
    owned(&standing(&answer))
}

fn owned(standing: &[(&str, i128)]) -> Vec<(String, i128)> {
    let standing = standing.iter();
    standing
        .map(|(id, value)| ((*id).to_owned(), *value))
        .collect()
}

pub async fn a_sale_takes_back_what_it_caused(store: &dyn Store) {
    let batch = vec![
        sale("s1", "a", 1, 100, 40),
        commission("k1", "a", 2, 10, "s1"),
        // A credit for a referral, to another customer and on another day.
        accrued("b1", "b", 9, 5, "s1"),
        commission("k2", "a", 3, 7, "s1"),
        sale("s2", "b", 4, 50, 0),
        commission("k3", "b", 4, 4, "s2"),
    ];
    assert_eq!(append(store, batch).await, posted(1, 6));
    let before = owned(&[("a", 43), ("b", 41)]);
    assert_eq!(profits(store, 6).await, before);
    // By itself first, and then with the sale: it is taken back once.
    let reversals = vec![reversal("r1", "k2"), reversal("r2", "s1")];
    assert_eq!(append(store, reversals).await, posted(7, 2));
    assert_eq!(profits(store, 6).await, before);
    assert_eq!(profits(store, 7).await, owned(&[("a", 50), ("b", 41)]));
    assert_eq!(profits(store, 8).await, owned(&[("b", 46)]));
    let listed = entries_of_all(store).await;
    let expected = [Some(8), Some(8), Some(8), Some(7), None, None, None, None];
    assert_eq!(listed, expected);
    let again = append(store, vec![reversal("r3", "k1"), reversal("r4", "b1")]).await;
    for outcome in &again {
        assert_eq!(refusal(outcome).0, Reason::ActivityAlreadyReversed);
    }
    // The reversal is of the customer of the sale.
    let of = |customer: &str| LedgerQuestion {
        customer: Some(party_id(customer)),
        ..all_entries()
    };
    let positions = |listed: Vec<profitscore::domain::ledger::LedgerEntry>| {
        let listed = listed.iter();
        listed.map(|entry| entry.position).collect::<Vec<_>>()
    };
    assert_eq!(positions(entries(store, &of("a")).await), [1, 2, 4, 7, 8]);
    assert_eq!(positions(entries(store, &of("b")).await), [3, 5, 6]);
    let first_days = LedgerQuestion {
        end: Some(noon(2)),
        ..all_entries()
    };
    assert_eq!(positions(entries(store, &first_days).await), [1, 8]);
}

async fn entries_of_all(store: &dyn Store) -> Vec<Option<u64>> {
    let listed = entries(store, &all_entries()).await.into_iter();
    listed.map(|entry| entry.reversed_at).collect()
}

pub async fn a_sale_and_what_it_caused_can_come_and_go_in_one_batch(store: &dyn Store) {
    let batch = vec![
        sale("s1", "a", 1, 100, 0),
        commission("k1", "a", 1, 10, "s1"),
        accrued("b1", "a", 1, 3, "s1"),
        reversal("r1", "s1"),
        reversal("r2", "b1"),
        commission("k2", "a", 1, 10, "s1"),
        // The same again is the same, whatever became of the sale.
        commission("k1", "a", 1, 10, "s1"),
    ];
    let outcomes = append(store, batch).await;
    assert_eq!(outcomes[..4], posted(1, 4));
    assert_eq!(refusal(&outcomes[4]).0, Reason::ActivityAlreadyReversed);
    assert_eq!(refusal(&outcomes[5]).0, Reason::SaleAlreadyReversed);
    assert_eq!(outcomes[6], Outcome::Duplicate(2));
    assert_eq!(profits(store, NEWEST).await, []);
}

pub async fn what_is_caused_needs_its_sale(store: &dyn Store) {
    append(
        store,
        vec![sale("s1", "a", 1, 100, 0), payment("p1", "a", 1, 5)],
    )
    .await;
    let refused = |outcome: &Outcome| {
        let (reason, field) = refusal(outcome);
        (reason, field.to_owned())
    };
    let entries = vec![
        commission("k1", "a", 1, 10, "s9"),
        accrued("b1", "a", 1, 10, "p1"),
        commission("k2", "a", 1, 10, "k2"),
    ];
    let outcomes = append(store, entries).await;
    let cost = "direct_cost.sale_activity_id".to_owned();
    let expected = [
        (Reason::SaleNotFound, cost.clone()),
        (Reason::SaleNotFound, "bonus.sale_activity_id".to_owned()),
        (Reason::SaleNotFound, cost.clone()),
    ];
    assert_eq!(outcomes.iter().map(refused).collect::<Vec<_>>(), expected);
    append(store, vec![reversal("r1", "s1")]).await;
    let late = append(store, vec![commission("k1", "a", 1, 10, "s1")]).await;
    assert_eq!(refused(&late[0]), (Reason::SaleAlreadyReversed, cost));
    assert_eq!(watermark(store).await, 3);
}

pub async fn taking_back_a_sale_equals_never_having_had_it(store: &dyn Store) {
    for seed in 0..4 {
        let mut runner = runner(seed);
        let mut sample =
            |strategy: BoxedStrategy<Activity>| crate::generate::sample(&mut runner, strategy);
        let caused: Vec<(usize, Activity)> = (0..40)
            .map(|number| {
                let sale = number * 7 % 20;
                let one = caused_of(format!("c{number}"), format!("s{sale}"));
                (sale, sample(one.boxed()))
            })
            .collect();
        let sales: Vec<Entry> = (0..20)
            .map(|number| {
                sale(
                    &format!("s{number}"),
                    ["aa", "b", "é"][number % 3],
                    3,
                    70,
                    9,
                )
            })
            .collect();
        let others = activities(&mut runner, 30);
        let is_kept = |sale: usize| sale.is_multiple_of(3);
        let (gone, never) = (format!("gone{seed}"), format!("never{seed}"));
        let of = |wanted: &dyn Fn(usize) -> bool| {
            let own = caused.iter().filter(|(sale, _)| wanted(*sale));
            own.map(|(_, one)| Entry::Activity(one.clone()))
                .collect::<Vec<_>>()
        };
        submit(store, &gone, &sales, 6).await;
        submit(store, &gone, &of(&|_| true), 17).await;
        submit(store, &gone, &entries_of(&others), 30).await;
        // Some of what was caused is taken back before its sale is.
        let first = (0..40)
            .step_by(5)
            .map(|number| reversal(&format!("q{number}"), &format!("c{number}")));
        submit(store, &gone, &first.collect::<Vec<_>>(), 3).await;
        let rest = (0..20).filter(|sale| !is_kept(*sale));
        let rest = rest.map(|number| reversal(&format!("r{number}"), &format!("s{number}")));
        submit(store, &gone, &rest.collect::<Vec<_>>(), 4).await;
        let kept = sales.iter().enumerate().filter(|(sale, _)| is_kept(*sale));
        submit(
            store,
            &never,
            &kept.map(|(_, sale)| sale.clone()).collect::<Vec<_>>(),
            9,
        )
        .await;
        let own = caused.iter().enumerate();
        let own = own.filter(|(number, (sale, _))| number % 5 != 0 && is_kept(*sale));
        let own = own.map(|(_, (_, one))| Entry::Activity(one.clone()));
        submit(store, &never, &own.collect::<Vec<_>>(), 40).await;
        submit(store, &never, &entries_of(&others), 7).await;
        assert_same(store, &gone, &never, &questions(&mut runner, 25)).await;
    }
}

pub async fn a_statement_is_what_a_ranking_says(store: &dyn Store) {
    let mut runner = runner(9);
    let entries: Vec<Entry> = (0..60)
        .map(|number| {
            let one = crate::generate::sample(&mut runner, relationship());
            let customer = ["a", "b", "c"][number % 3];
            Entry::Activity(activity(
                &format!("e{number}"),
                customer,
                1,
                Kind::Relationship(one),
            ))
        })
        .collect();
    submit(store, "t", &entries, 11).await;
    let premium = |circumstance, extra| EffortPremium {
        role_id: None,
        circumstance,
        extra,
    };
    let costs = CostModel {
        premiums: vec![
            premium(Circumstance::Rush, 500_000),
            premium(Circumstance::Channel(ContactChannel::Visit), 250_000),
            premium(Circumstance::Complexity(Complexity::Complex), 1_000_000),
        ],
        ..rates([("CLERK", 3), ("DRIVER", 2)])
    };
    let weights = Basis::NetProfit.weights(&costs);
    let groups = cross(
        store,
        scope(Period::ALL),
        profitscore::domain::question::Group::Customer,
    )
    .await;
    let (mut liability, mut premiums) = (0, 0);
    for sums in groups.values() {
        let statement = Statement::of(sums, &costs, 0);
        assert_eq!(statement.net_profit, weights.value(sums));
        liability += statement.relation.bonus_liability;
        premiums += statement.relation.premium_cost;
    }
    let all = total(&groups);
    let whole = Statement::of(&all, &costs, 0);
    assert_eq!(whole.relation.bonus_liability, liability);
    assert_eq!(whole.relation.premium_cost, premiums);
    assert_ne!(premiums, 0);
    let factors = whole.relation.factors.iter();
    for (name, weight) in factors.clone() {
        assert_eq!(all.get(&Account::Factor(name.clone())), *weight);
    }
    assert_ne!(factors.len(), 0);
}
