//! Short words for what the tests say again and again.

use profitscore::{
    domain::{
        account::Sums,
        activity::{Activity, Dimensions, EffortPurpose, Kind, Work},
        closing::{ClosingDraft, Month},
        cost_model::{CostModel, CostModelDraft},
        exchange_rate::{ExchangeRate, Pair, Rate, RateQuestion, StoredRate},
        id::{ActivityId, PartyId, RequestId, RoleId, TenantId, TraitKey},
        ledger::{Entry, LedgerEntry, LedgerQuestion, Outcome, Position, Reversal, WriteMode},
        money::Currency,
        party::{Party, Stage, TraitValue},
        problem::Reason,
        product::Product,
        question::{
            CrossAnswer, CrossQuestion, Group, Order, RankAnswer, RankQuestion, RowSelection, Scope,
        },
        ranking::{Basis, Direction},
        records::Record,
        time::{Day, Instant, Period},
    },
    store::Store,
};

/// When everything is taken in.
pub const NOW: Instant = Instant {
    seconds: 1_800_000_000,
    nanos: 7,
};

pub const NEWEST: Position = Position::MAX;

pub fn tenant(id: &str) -> TenantId {
    TenantId::parse(id, "").unwrap()
}

pub fn party_id(id: &str) -> PartyId {
    PartyId::parse(id, "").unwrap()
}

pub fn activity_id(id: &str) -> ActivityId {
    ActivityId::parse(id, "").unwrap()
}

pub fn role(id: &str) -> RoleId {
    RoleId::parse(id, "").unwrap()
}

pub fn trait_key(key: &str) -> TraitKey {
    TraitKey::parse(key, "").unwrap()
}

/// Noon of a day.
pub fn noon(day: i32) -> Instant {
    Instant {
        seconds: i64::from(day) * 86_400 + 43_200,
        nanos: 0,
    }
}

pub fn activity(id: &str, customer: &str, day: i32, kind: Kind) -> Activity {
    Activity {
        activity_id: activity_id(id),
        customer_id: party_id(customer),
        occur_time: noon(day),
        dimensions: Dimensions::default(),
        kind,
        original: None,
    }
}

/// A sale of some revenue and cost of goods, in units.
pub fn sale(id: &str, customer: &str, day: i32, revenue: i64, cost: i64) -> Entry {
    Entry::Activity(activity(id, customer, day, sale_kind(revenue, cost)))
}

pub fn sale_kind(revenue: i64, cost: i64) -> Kind {
    Kind::Sale {
        revenue: revenue * 1_000_000,
        cost_of_goods: (cost != 0).then_some(cost * 1_000_000),
        quantity: None,
        price: None,
    }
}

/// A sale in a branch.
pub fn sale_in(branch: &str, id: &str, customer: &str, day: i32, revenue: i64) -> Entry {
    let mut activity = activity(id, customer, day, sale_kind(revenue, 0));
    branch.clone_into(&mut activity.dimensions.branch_id);
    Entry::Activity(activity)
}

pub fn payment(id: &str, customer: &str, day: i32, amount: i64) -> Entry {
    let kind = Kind::Payment {
        amount: amount * 1_000_000,
        invoice_id: String::new(),
    };
    Entry::Activity(activity(id, customer, day, kind))
}

/// Minutes of service by a role.
pub fn service(id: &str, customer: &str, day: i32, who: &str, minutes: i64) -> Entry {
    let kind = Kind::Effort {
        work: Work {
            role_id: role(who),
            milli_minutes: minutes * 1_000,
        },
        purpose: EffortPurpose::Service,
        channel: None,
    };
    Entry::Activity(activity(id, customer, day, kind))
}

pub fn reversal(id: &str, of: &str) -> Entry {
    Entry::Reversal(Reversal {
        reversal_id: activity_id(id),
        activity_id: activity_id(of),
        reason: "a mistake".to_owned(),
        evidence_ref: String::new(),
    })
}

pub fn party<'a>(
    id: &str,
    stage: Stage,
    traits: impl IntoIterator<Item = (&'a str, TraitValue)>,
) -> Record {
    let traits = traits
        .into_iter()
        .map(|(key, value)| (trait_key(key), value));
    Record::Party(Party {
        party_id: party_id(id),
        stage,
        display_name: format!("name of {id}"),
        traits: traits.collect(),
    })
}

/// A rate of a day.
pub fn exchange_rate(from: &str, to: &str, day: i32, rate: &str, source: &str) -> ExchangeRate {
    ExchangeRate {
        pair: pair(from, to),
        day: Day(day),
        rate: Rate::parse(rate, "").unwrap(),
        source: source.to_owned(),
    }
}

pub fn pair(from: &str, to: &str) -> Pair {
    let currency = |code| Currency::parse(code, "").unwrap();
    Pair {
        from: currency(from),
        to: currency(to),
    }
}

/// All rates as of a position.
pub async fn all_rates(store: &dyn Store, id: &TenantId, as_of: Position) -> Vec<StoredRate> {
    let question = RateQuestion {
        from: None,
        to: None,
        period: Period::ALL,
        after: None,
        as_of,
        limit: 1_000,
    };
    store.list_exchange_rates(id, &question).await.unwrap()
}

/// The rates of some pairs and days as of a position.
pub async fn some_rates(
    store: &dyn Store,
    id: &TenantId,
    as_of: Position,
) -> Vec<Option<ExchangeRate>> {
    let keys = [
        ("GBP", "USD", 1),
        ("EUR", "USD", 2),
        ("GBP", "USD", 1),
        ("USD", "EUR", 1),
    ];
    let keys = keys.map(|(from, to, day)| (pair(from, to), Day(day)));
    store.exchange_rates(id, &keys, as_of).await.unwrap()
}

pub fn category(value: &str) -> TraitValue {
    TraitValue::Category(value.to_owned())
}

/// A cost model with rates in units per minute.
pub fn rates<'a>(rates: impl IntoIterator<Item = (&'a str, i64)>) -> CostModel {
    let rates = rates
        .into_iter()
        .map(|(id, rate)| (role(id), rate * 1_000_000));
    CostModel {
        rates: rates.collect(),
        ..CostModel::default()
    }
}

pub fn cost_model(request: &str, model: CostModel, expected: Option<u64>) -> Record {
    Record::CostModel(CostModelDraft {
        model,
        request_id: RequestId::parse(request, "").unwrap(),
        expected_version: expected,
    })
}

/// A product with its category.
pub fn product(id: &str, category: &str) -> Record {
    Record::Product(Product {
        product_id: id.to_owned(),
        category_id: category.to_owned(),
    })
}

/// The closing of a month of 2024.
pub fn closing(request: &str, month: i32, note: &str) -> Record {
    Record::Closing(ClosingDraft {
        month: Month::parse(2024, month, "").unwrap(),
        note: note.to_owned(),
        request_id: RequestId::parse(request, "").unwrap(),
    })
}

pub async fn append(store: &dyn Store, entries: Vec<Entry>) -> Vec<Outcome> {
    append_to(store, "t", entries).await
}

pub async fn append_to(store: &dyn Store, id: &str, entries: Vec<Entry>) -> Vec<Outcome> {
    store
        .append(&tenant(id), entries, NOW, WriteMode::Keep)
        .await
        .unwrap()
}

pub async fn put(store: &dyn Store, records: Vec<Record>) -> Vec<Outcome> {
    store
        .put(&tenant("t"), records, NOW, WriteMode::Keep)
        .await
        .unwrap()
}

pub async fn watermark(store: &dyn Store) -> Position {
    store.watermark(&tenant("t")).await.unwrap()
}

/// Outcomes that are all posted.
pub fn posted(first: Position, count: u64) -> Vec<Outcome> {
    (first..first + count).map(Outcome::Posted).collect()
}

/// Why, and for which field, something was refused.
pub fn refusal(outcome: &Outcome) -> (Reason, &str) {
    match outcome {
        Outcome::Rejected(problem) => (problem.reason, &problem.field),
        Outcome::Posted(_) | Outcome::Duplicate(_) => panic!("{outcome:?} is no refusal"),
    }
}

/// The days from `start` to before `end`.
pub fn days(start: i32, end: i32) -> Period {
    Period {
        start: Some(Day(start)),
        end: Some(Day(end)),
    }
}

pub fn scope(period: Period) -> Scope {
    Scope {
        period,
        branches: Vec::new(),
        traits: Vec::new(),
        as_of: NEWEST,
    }
}

pub fn order(basis: Basis) -> Order {
    Order {
        weights: basis.weights(&CostModel::default()),
        split: Vec::new(),
        driven: Vec::new(),
        value_bears_split: true,
        direction: Direction::BestFirst,
    }
}

/// Asks for everybody.
#[allow(clippy::single_range_in_vec_init, reason = "one range is meant")]
pub fn rank_question(scope: Scope, order: Order) -> RankQuestion {
    RankQuestion {
        scope,
        order,
        beside: Vec::new(),
        rows: RowSelection::Places(vec![0..u64::MAX]),
    }
}

pub async fn rank(store: &dyn Store, scope: Scope, order: Order) -> RankAnswer {
    store
        .rank(&tenant("t"), &rank_question(scope, order))
        .await
        .unwrap()
}

/// Who stands where with which value, in units.
pub fn standing(answer: &RankAnswer) -> Vec<(&str, i128)> {
    let rows = answer.rows.iter();
    rows.map(|row| (row.customer.as_str(), row.value / 1_000_000_000))
        .collect()
}

pub async fn cross(store: &dyn Store, scope: Scope, group: Group) -> CrossAnswer {
    store
        .cross(&tenant("t"), &CrossQuestion { scope, group })
        .await
        .unwrap()
}

/// The sum of all groups.
pub fn total(groups: &CrossAnswer) -> Sums {
    let mut total = Sums::default();
    for sums in groups.values() {
        total.add_all(sums);
    }
    total.without_zeros()
}

pub async fn entries(store: &dyn Store, question: &LedgerQuestion) -> Vec<LedgerEntry> {
    store.entries(&tenant("t"), question).await.unwrap()
}

pub fn all_entries() -> LedgerQuestion {
    LedgerQuestion {
        customer: None,
        start: None,
        end: None,
        after: 0,
        as_of: NEWEST,
        limit: usize::MAX,
    }
}
