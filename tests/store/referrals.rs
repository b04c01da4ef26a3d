//! Who brought whom, who was asked to, and what everybody is worth.

use crate::{
    generate::{CUSTOMERS, DAYS, any_order, any_scope, any_weights, as_of},
    words::*,
};
use profitscore::{
    domain::{
        account::{Account, Weights},
        activity::Kind,
        cost_model::CostModel,
        ledger::Entry,
        question::{Order, ValuesAnswer, ValuesQuestion},
        ranking::{Basis, Direction},
        referral::{
            Advocacy, Ask, AskOutcome, Referral, ReferralKind, ReferralsAnswer, ReferralsQuestion,
        },
        relationship::Relationship,
        time::{Day, Period},
    },
    store::Store,
};
use proptest::{collection::vec, option, prelude::*, sample::select};

const UNIT: i128 = 1_000_000_000;

/// What customers say of each other, so few that they contradict each other.
pub fn any_advocacy() -> impl Strategy<Value = Advocacy> {
    let kind = option::of(select(ReferralKind::ALL));
    let family = select(&["", "TEA", "tools"]);
    prop_oneof![
        2 => (select(&CUSTOMERS), kind, family).prop_map(|(referred, kind, family)| {
            Advocacy::Referral {
                referred_party_id: party_id(referred),
                kind,
                product_family: family.to_owned(),
            }
        }),
        1 => select(AskOutcome::ALL).prop_map(|outcome| Advocacy::Ask {
            outcome,
            note: "by letter".to_owned(),
        }),
    ]
}

pub fn any_referrals() -> impl Strategy<Value = ReferralsQuestion> {
    (option::of((-1..=DAYS).prop_map(Day)), as_of())
        .prop_map(|(before, as_of)| ReferralsQuestion { before, as_of })
}

pub fn any_values() -> impl Strategy<Value = ValuesQuestion> {
    (any_scope(), any_order(), vec(any_weights(), 0..3)).prop_map(|(scope, order, beside)| {
        ValuesQuestion {
            scope,
            order,
            beside,
        }
    })
}

fn said(id: &str, customer: &str, day: i32, advocacy: Advocacy) -> Entry {
    let kind = Kind::Relationship(Relationship::Advocacy(advocacy));
    Entry::Activity(activity(id, customer, day, kind))
}

fn brought(id: &str, customer: &str, day: i32, referred: &str, kind: ReferralKind) -> Entry {
    let advocacy = Advocacy::Referral {
        referred_party_id: party_id(referred),
        kind: Some(kind),
        product_family: "TEA".to_owned(),
    };
    said(id, customer, day, advocacy)
}

fn asked(id: &str, customer: &str, day: i32, outcome: AskOutcome) -> Entry {
    let note = String::new();
    said(id, customer, day, Advocacy::Ask { outcome, note })
}

fn plain(id: &str, customer: &str, day: i32, referred: &str) -> Entry {
    let kind = Kind::Referral {
        referred_party_id: party_id(referred),
    };
    Entry::Activity(activity(id, customer, day, kind))
}

async fn ask(store: &dyn Store, before: Option<i32>, as_of: u64) -> ReferralsAnswer {
    let before = before.map(Day);
    let question = ReferralsQuestion { before, as_of };
    store.referrals(&tenant("t"), &question).await.unwrap()
}

fn referral(
    id: &str,
    referrer: &str,
    day: i32,
    referred: &str,
    kind: Option<ReferralKind>,
) -> Referral {
    Referral {
        occur_time: noon(day),
        activity_id: activity_id(id),
        day: Day(day),
        referrer: party_id(referrer),
        referred: party_id(referred),
        kind,
        product_family: kind.map_or("", |_| "TEA").to_owned(),
    }
}

fn an_ask(id: &str, customer: &str, day: i32, outcome: AskOutcome) -> Ask {
    Ask {
        occur_time: noon(day),
        activity_id: activity_id(id),
        day: Day(day),
        customer: party_id(customer),
        outcome,
    }
}

pub async fn referrals_and_asks_are_told_as_they_happened(store: &dyn Store) {
    let anyway = ReferralKind::WouldHaveCome;
    append(
        store,
        vec![
            brought("9", "b", 7, "c", anyway),
            plain("8", "a", 3, "b"),
            sale("1", "c", 2, 10, 4),
            asked("7", "a", 5, AskOutcome::Named),
            // Of one time, the smaller id first.
            plain("6", "b", 7, "d"),
            asked("5", "c", 4, AskOutcome::Open),
            // It leaves behind what an ask does.
            Entry::Activity(activity(
                "4",
                "c",
                4,
                Kind::Dispute {
                    invoice_id: "no 1".to_owned(),
                    resolved: false,
                },
            )),
        ],
    )
    .await;
    let all = ReferralsAnswer {
        referrals: vec![
            referral("8", "a", 3, "b", None),
            referral("6", "b", 7, "d", None),
            referral("9", "b", 7, "c", Some(anyway)),
        ],
        asks: vec![
            an_ask("5", "c", 4, AskOutcome::Open),
            an_ask("7", "a", 5, AskOutcome::Named),
        ],
    };
    assert_eq!(ask(store, None, NEWEST).await, all);
    append(store, vec![reversal("r1", "6"), reversal("r2", "5")]).await;
    append(store, vec![plain("2", "d", 1, "e")]).await;
    // As of before it was taken back, it is there for ever.
    assert_eq!(ask(store, None, 7).await, all);
    let mut now = all.clone();
    now.referrals.remove(1);
    now.referrals.insert(0, referral("2", "d", 1, "e", None));
    now.asks.remove(0);
    assert_eq!(ask(store, None, NEWEST).await, now);
    now.referrals.pop();
    now.asks.clear();
    assert_eq!(ask(store, Some(5), NEWEST).await, now);
    assert_eq!(ask(store, None, 0).await, ReferralsAnswer::default());
    let other = ReferralsQuestion {
        before: None,
        as_of: NEWEST,
    };
    let other = store.referrals(&tenant("nobody"), &other).await.unwrap();
    assert_eq!(other, ReferralsAnswer::default());
}

pub async fn everybody_is_worth_what_a_ranking_says(store: &dyn Store) {
    append(
        store,
        vec![
            sale("1", "b", 3, 100, 40),
            sale("2", "a", 3, 10, 30),
            service("3", "é", 4, "CLERK", 5),
            sale("4", "gone", 4, 9, 0),
            asked("5", "asked", 6, AskOutcome::Declined),
        ],
    )
    .await;
    append(store, vec![reversal("6", "4")]).await;
    let costs: CostModel = rates([("CLERK", 2)]);
    let count = |account| Weights([(account, 1)].into_iter().collect());
    let question = ValuesQuestion {
        scope: scope(Period::ALL),
        order: Order {
            weights: Basis::NetProfit.weights(&costs),
            // 10 micro-units over four: the first two by id bear one more.
            split: vec![10],
            driven: Vec::new(),
            value_bears_split: true,
            direction: Direction::WorstFirst,
        },
        beside: vec![count(Account::SaleCount), count(Account::GrossRevenue)],
    };
    let answer = store.values(&tenant("t"), &question).await.unwrap();
    let ValuesAnswer {
        totals,
        customers,
        values,
        beside,
    } = answer;
    assert_eq!(customers, ["a", "asked", "b", "é"].map(party_id));
    let borne = [3_000, 3_000, 2_000, 2_000];
    let expected = [-20, 0, 60, -10].map(|units| units * UNIT);
    let expected: Vec<i128> = expected
        .iter()
        .zip(borne)
        .map(|(own, share)| own - share)
        .collect();
    assert_eq!(values, expected);
    assert_eq!(
        beside,
        [vec![1, 0, 1, 0], vec![10_000_000, 0, 100_000_000, 0]]
    );
    assert_eq!(
        (totals.customers, totals.active, totals.negative),
        (4, 4, 3)
    );
    let nobody = ValuesQuestion {
        scope: scope(days(50, 60)),
        ..question
    };
    let answer = store.values(&tenant("t"), &nobody).await.unwrap();
    assert_eq!((answer.customers, answer.values), (Vec::new(), Vec::new()));
    assert_eq!(answer.beside, [Vec::<i128>::new(), Vec::new()]);
}
