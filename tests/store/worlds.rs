//! Worlds by chance with several currencies: activities of every kind in any of them, what sales caused, and rates that
//! were put before. What a ledger must come to is worked out here, with arithmetic that is not the service's.

use crate::{
    generate::{DAYS, activity_of, sample},
    relationship::caused_of,
    words::*,
};
use profitscore::{
    domain::{
        account::{Account, Sums, for_each_posting_of},
        activity::{Activity, Kind},
        cost_model::{CostModel, CostPool},
        exchange_rate::{ExchangeRate, for_each_amount},
        id::{ActivityId, PartyId},
        ledger::{Entry, Outcome, WriteMode},
        money::Currency,
        records::Record,
        time::{Day, Period},
    },
    service::{
        Service,
        exchange_rates::{ForeignActivity, Submission},
    },
    store::Store,
};
use proptest::{prelude::*, sample::select, test_runner::TestRunner};
use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
};

/// The currency of the books.
pub const BOOKS: &str = "USD";
/// What activities are submitted in.
const SUBMITTED: [&str; 4] = [BOOKS, "EUR", "GBP", "JPY"];
/// What reports are restated in; one of them is submitted in too.
pub const RESTATED: [&str; 2] = ["EUR", "CHF"];
/// The kinds that stand alone.
const KINDS: [&str; 21] = [
    "Sale",
    "Refund",
    "DirectCost",
    "Effort",
    "Complaint",
    "SpecialDemand",
    "Invoice",
    "Payment",
    "WriteOff",
    "CreditNote",
    "Dispute",
    "Referral",
    "QualifiedEffort",
    "Bonus",
    "Appreciation",
    "Acquisition",
    "RetentionSpend",
    "Feedback",
    "Externality",
    "QualitativeFactor",
    "Advocacy",
];
/// Those that have no amounts whatever is told.
const WITHOUT_AMOUNTS: [&str; 7] = [
    "Effort",
    "Dispute",
    "Referral",
    "QualifiedEffort",
    "Feedback",
    "QualitativeFactor",
    "Advocacy",
];
/// The days with rates: those of activities, and those of cost pools.
const RATED: std::ops::Range<i32> = -4..2 * DAYS;

/// Something that happened, in the currency that it is submitted in.
#[derive(Debug, Clone)]
pub struct Happened {
    currency: Currency,
    activity: Activity,
}

/// Rates of every day, and what happened.
#[derive(Debug, Clone)]
pub struct World {
    rates: BTreeMap<(Currency, Currency, Day), ExchangeRate>,
    /// What stands alone.
    pub own: Vec<Happened>,
    /// What sales among it caused.
    pub caused: Vec<Happened>,
}

fn currency(code: &str) -> Currency {
    Currency::parse(code, "").unwrap()
}

/// A rate with as many digits as a bank tells, or one that leaves halves to round.
fn any_number(runner: &mut TestRunner, code: &str) -> String {
    const UNIT: u64 = 1_000_000_000_000_000;
    let parts = match code {
        "JPY" => UNIT / 200..UNIT / 100,
        _ => UNIT / 2..UNIT * 3 / 2,
    };
    let number = parts.prop_map(|parts| format!("{}.{:015}", parts / UNIT, parts % UNIT));
    let halves = select(&["0.5", "1.5", "1.25"]).prop_map(str::to_owned);
    sample(runner, prop_oneof![3 => number, 1 => halves])
}

/// What has no amounts has no currency either.
fn with_currency(runner: &mut TestRunner, activity: Activity) -> Happened {
    let mut amounts = 0;
    let counted = for_each_amount(&mut activity.kind.clone(), |_, _| {
        amounts += 1;
        Ok::<_, ()>(())
    });
    counted.unwrap();
    let code = match amounts {
        0 => BOOKS,
        _ => sample(runner, select(&SUBMITTED)),
    };
    Happened {
        currency: currency(code),
        activity,
    }
}

impl Happened {
    fn day(&self) -> Day {
        let days = self.activity.occur_time.seconds.div_euclid(86_400);
        Day(i32::try_from(days).unwrap())
    }

    /// What it takes back with it.
    fn takes(&self, other: &Self) -> bool {
        other.activity.sale() == Some(&self.activity.activity_id)
    }

    /// Whose it is.
    pub fn customer(&self) -> &PartyId {
        &self.activity.customer_id
    }

    /// Its reversal.
    pub fn reversal(&self) -> Entry {
        let id = self.activity.activity_id.as_str();
        reversal(&format!("r{id}"), id)
    }

    pub fn branch(&self) -> &str {
        match self.activity.dimensions.branch_id.as_str() {
            "" => "UNASSIGNED",
            branch => branch,
        }
    }
}

impl World {
    /// So many activities, and what their sales caused.
    pub fn by_chance(runner: &mut TestRunner, count: usize) -> Self {
        let mut rates = BTreeMap::new();
        let submitted = SUBMITTED[1..].iter().map(|code| (*code, BOOKS));
        let restated = RESTATED.iter().map(|code| (BOOKS, *code));
        for (from, to) in submitted.chain(restated) {
            for day in RATED {
                let rate = exchange_rate(from, to, day, &any_number(runner, from), "a bank");
                rates.insert((rate.pair.from, rate.pair.to, rate.day), rate);
            }
        }
        let mut own = Vec::new();
        for number in 0..count {
            let mut activity = sample(runner, activity_of(format!("a{number}")));
            // One of each kind in turn, and between them whatever comes.
            let wanted = KINDS[number / 2 % KINDS.len()];
            while number % 2 == 0 && kind_of(&activity.kind) != wanted {
                activity = sample(runner, activity_of(format!("a{number}")));
            }
            activity.original = None;
            if number % 5 < 2 {
                // Several at the same time, and before most others.
                activity.occur_time = noon(0);
            }
            own.push(with_currency(runner, activity));
        }
        let sales = own.iter().map(|one| one.activity.clone());
        let sales: Vec<Activity> = sales
            .filter(|activity| matches!(activity.kind, Kind::Sale { .. }))
            .collect();
        let mut caused = Vec::new();
        // Of some sales several things, and of some nothing.
        for (number, sale) in sales.iter().chain(&sales).step_by(3).enumerate() {
            let one = || caused_of(format!("c{number}"), sale.activity_id.to_string());
            let mut activity = sample(runner, one());
            while number == 0 && kind_of(&activity.kind) != "CausedCost" {
                activity = sample(runner, one());
            }
            activity.dimensions = sale.dimensions.clone();
            caused.push(with_currency(runner, activity));
        }
        Self { rates, own, caused }
    }

    /// Everything that happened, sales before what they caused.
    pub fn all(&self) -> impl Iterator<Item = &Happened> {
        self.own.iter().chain(&self.caused)
    }

    /// What is taken back if every so manieth is, and what is left then: what a sale caused goes with it.
    pub fn split(&self, every: usize) -> (Vec<&Happened>, Vec<&Happened>) {
        let own: Vec<&Happened> = self.own.iter().step_by(every).collect();
        let is_taken = |one: &&Happened| own.iter().any(|sale| sale.takes(one));
        // By itself only what does not go with its sale.
        let alone = self.caused.iter().step_by(every);
        let alone: Vec<&Happened> = alone.filter(|one| !is_taken(one)).collect();
        let gone: Vec<&Happened> = own.iter().chain(&alone).copied().collect();
        let ids: BTreeSet<&ActivityId> = gone.iter().map(|one| &one.activity.activity_id).collect();
        let left = self.all().filter(|one| !is_taken(one));
        let left = left.filter(|one| !ids.contains(&one.activity.activity_id));
        let left = left.collect();
        (gone, left)
    }

    /// Puts the rates of a world, as they are or corrected.
    pub async fn put_rates(&self, store: &dyn Store, id: &str) {
        let rates = self.rates.values().cloned().map(Record::ExchangeRate);
        put_all(store, id, rates.collect()).await;
    }

    /// Corrects all rates that activities were converted at.
    pub async fn correct_rates(&self, store: &dyn Store, id: &str) {
        let into_books = self
            .rates
            .values()
            .filter(|rate| rate.pair.to == currency(BOOKS));
        let corrected = into_books.map(|rate| {
            let (from, to) = (rate.pair.from.as_str(), rate.pair.to.as_str());
            Record::ExchangeRate(exchange_rate(from, to, rate.day.0, "3", "another bank"))
        });
        put_all(store, id, corrected.collect()).await;
    }

    /// What falls on each day of a pool's part of a period, restated.
    pub fn restated_part(&self, pool: &CostPool, period: Period, code: &str) -> i128 {
        let days = (pool.start.0..pool.end.0).map(Day);
        let days = days.filter(|day| period.contains(*day));
        let each = days.map(|day| {
            let own = Period {
                start: Some(day),
                end: Some(day.next()),
            };
            let rate = &self.rates[&(currency(BOOKS), currency(code), day)];
            times(i128::from(pool.part(&own)), rate, 1)
        });
        each.sum()
    }

    /// What is posted of a period, added up here from what was not taken back; restated if a currency and the costs of
    /// working time are given.
    pub fn ledger<'a>(
        &self,
        live: impl Iterator<Item = &'a Happened>,
        period: Period,
        restated: Option<(&str, &CostModel)>,
    ) -> Sums {
        let mut sums = Sums::default();
        for one in live {
            let day = one.day();
            let begins = period.start.is_none_or(|start| start <= day);
            if !begins || period.end.is_some_and(|end| end <= day) {
                continue;
            }
            let mut kind = one.activity.kind.clone();
            let into = restated.map(|(code, _)| (currency(BOOKS), currency(code)));
            let books = (one.currency != currency(BOOKS)).then(|| (one.currency, currency(BOOKS)));
            for (from, to) in books.into_iter().chain(into) {
                let rate = &self.rates[&(from, to, day)];
                let converted = for_each_amount(&mut kind, |_, amount| {
                    *amount = i64::try_from(times(i128::from(*amount), rate, 1)).unwrap();
                    Ok::<_, ()>(())
                });
                converted.unwrap();
            }
            let rate = into.map(|(from, to)| &self.rates[&(from, to, day)]);
            for_each_posting_of(&kind, |account, quantity| {
                let quantity = i128::from(quantity);
                if let (Some(rate), Some((_, model))) = (rate, restated)
                    && let Some((account, each)) = work(&account, model)
                {
                    sums.add(account, times(quantity * i128::from(each), rate, 1_000));
                }
                sums.add(account, quantity);
            });
        }
        sums
    }
}

async fn put_all(store: &dyn Store, id: &str, records: Vec<Record>) {
    for records in records.chunks(100) {
        let tenant = tenant(id);
        let put = store.put(&tenant, records.to_vec(), NOW, WriteMode::Keep);
        let outcomes = put.await.unwrap();
        let are_posted = |outcome: &Outcome| matches!(outcome, Outcome::Posted(_));
        assert!(outcomes.iter().all(are_posted));
    }
}

/// Where the cost of working time is counted, and what a thousandth of a minute costs, in nano-units.
fn work(account: &Account, model: &CostModel) -> Option<(Account, i64)> {
    if let Account::Minutes(role, purpose) = account {
        let restated = Account::RestatedWork(role.clone(), *purpose);
        return Some((restated, model.rate(role)?));
    }
    let Account::Circumstance(role, circumstance) = account else {
        return None;
    };
    let restated = Account::RestatedPremium(role.clone(), *circumstance);
    Some((restated, model.premium_rate(role, *circumstance)?))
}

/// A number times a rate and over something, rounded half to even.
fn times(number: i128, rate: &ExchangeRate, over: i128) -> i128 {
    let (mantissa, scale) = rate.rate.parts();
    let product = number * i128::from(mantissa);
    let whole = 10_i128.pow(scale.into()) * over;
    let (below, rest) = (product.div_euclid(whole), product.rem_euclid(whole));
    match (rest * 2).cmp(&whole) {
        Ordering::Less => below,
        Ordering::Equal => below + below % 2,
        Ordering::Greater => below + 1,
    }
}

/// Submits activities in batches of some size, each in its currency, and gives what became of them.
pub async fn submit_all(
    service: &Service,
    id: &str,
    happened: &[&Happened],
    size: usize,
) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for batch in happened.chunks(size) {
        let (mut items, mut foreign) = (Vec::new(), Vec::new());
        for (place, one) in batch.iter().enumerate() {
            let (currency, activity) = (one.currency, one.activity.clone());
            if currency == self::currency(BOOKS) {
                items.push(Ok(Entry::Activity(activity)));
            } else {
                foreign.push((place, ForeignActivity { activity, currency }));
            }
        }
        let submission = Submission {
            items: items.into_iter().collect(),
            foreign,
        };
        let tenant = tenant(id);
        let written = service.submit(&tenant, submission, WriteMode::Keep);
        outcomes.extend(written.await.unwrap().outcomes);
    }
    outcomes
}

/// Takes back what is live, in batches of some size.
pub async fn reverse_all(store: &dyn Store, id: &str, gone: &[&Happened], size: usize) {
    let entries: Vec<Entry> = gone.iter().map(|one| one.reversal()).collect();
    crate::laws::submit(store, id, &entries, size).await;
}

/// Fails unless all of it was posted.
pub fn all_posted(outcomes: &[Outcome]) {
    let refused = outcomes
        .iter()
        .find(|outcome| !matches!(outcome, Outcome::Posted(_)));
    assert!(refused.is_none(), "{refused:?}");
}

/// The name of a kind.
fn kind_of(kind: &Kind) -> String {
    let told = format!("{kind:?}").replace("Relationship(", "");
    let name = told.split([' ', '{', '(']).next();
    name.unwrap_or_default().to_owned()
}

#[test]
fn every_world_has_every_kind_and_all_of_them_every_kind_in_every_currency() {
    let mut found = BTreeSet::new();
    for seed in 60..110 {
        let world = World::by_chance(&mut crate::laws::runner(seed), 50);
        let kinds: BTreeSet<String> = world.all().map(|one| kind_of(&one.activity.kind)).collect();
        let expected = KINDS.iter().chain(&["CausedCost"]);
        assert_eq!(kinds, expected.map(|kind| (*kind).to_owned()).collect());
        found.extend(
            world
                .all()
                .map(|one| (kind_of(&one.activity.kind), one.currency)),
        );
    }
    let is_without = |kind: &&str| WITHOUT_AMOUNTS.contains(kind);
    let with_amounts = KINDS.iter().chain(&["CausedCost"]);
    let with_amounts = with_amounts
        .filter(|kind| !is_without(kind))
        .flat_map(|kind| SUBMITTED.map(|code| ((*kind).to_owned(), currency(code))));
    let without = WITHOUT_AMOUNTS.map(|kind| (kind.to_owned(), currency(BOOKS)));
    let expected: BTreeSet<_> = with_amounts.chain(without).collect();
    assert!(
        expected.is_subset(&found),
        "{:?}",
        expected.difference(&found)
    );
}
