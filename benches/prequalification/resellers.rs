//! AdventureWorks: its resellers, a few hundred of whom more than half lose money, and its consumers.
//!
//! Profit is sales less product cost over the first 365 days. For intervals only customers are asked about who were
//! seen for so long.

use super::{
    adventureworks, aim,
    bank::shared,
    chance::mixed,
    world::{World, day, definition, micros, rows},
};
use profitscore::domain::{
    id::TraitKey,
    model::{
        decision::{Decision, Terms, decide},
        evaluation::{
            Forecast,
            coverage::{Coverage, Told, coverage},
            deciles,
        },
        profit::ProfitModel,
        win::{Closed, WinModel, WinSettings},
    },
    money::{NANOS_PER_UNIT, Nanos, to_nanos},
    party::{TraitType, TraitValue},
    question::CustomerProfile,
    time::Day,
};
use std::{collections::BTreeMap, fs};

const HORIZON: u32 = 365;

pub fn brought(customer: &CustomerProfile) -> f64 {
    let sum: Nanos = customer.buckets.iter().map(|(profit, _)| profit).sum();
    sum as f64 / NANOS_PER_UNIT as f64
}

/// What became of some customers who were asked about.
#[derive(Default)]
struct Found {
    /// How many were pursued, what these brought, and all of them.
    pursued: usize,
    of_pursued: f64,
    of_all: f64,
    /// Those expected to bring something, and what a perfect choice would have brought.
    of_expected: f64,
    perfect: f64,
    told: Vec<Told>,
}

impl Found {
    fn ask(&mut self, model: &ProfitModel, customer: &CustomerProfile) {
        let brought = brought(customer);
        let prediction = model.predict(&customer.party.as_ref().unwrap().traits);
        self.of_all += brought;
        self.perfect += brought.max(0.0);
        if prediction.expected > 0 {
            self.of_expected += brought;
        }
        if decide(&prediction, &Terms::default()).decision == Decision::Pursue {
            self.pursued += 1;
            self.of_pursued += brought;
        }
        if let Some(range) = prediction.outcome_interval {
            self.told.push(Told {
                expected: prediction.expected as f64,
                lower: range.lower as f64 / NANOS_PER_UNIT as f64,
                upper: range.upper as f64 / NANOS_PER_UNIT as f64,
                outcome: brought,
            });
        }
    }
}

fn fold(customer: &CustomerProfile) -> u64 {
    let number: u64 = customer.customer.as_str().parse().unwrap_or(0);
    mixed(number ^ 5) % 5
}

/// Every customer with all that it brought, as if in its first days.
fn of_all_time(world: &World) -> Vec<CustomerProfile> {
    let mut sums = BTreeMap::<&str, (Nanos, Nanos)>::new();
    for (id, _, size, profit) in &world.lines {
        let own = sums.entry(id).or_default();
        own.0 += to_nanos(*profit);
        own.1 += to_nanos(*size);
    }
    let mut all = world.profiles(Day(i32::MAX), |_| true);
    for own in &mut all {
        own.first_day = Day(0);
        own.buckets.fill((0, 0));
        own.buckets[0] = sums[own.customer.as_str()];
    }
    all
}

/// Each fifth of those for whom `asked` holds by a model of all others.
fn five_folds(
    world: &World,
    all: &[CustomerProfile],
    cut: Day,
    asked: impl Fn(Day) -> bool,
) -> Found {
    let mut found = Found::default();
    for part in 0..5 {
        let (held, learnt): (Vec<_>, Vec<_>) = all
            .iter()
            .cloned()
            .partition(|customer| fold(customer) == part);
        let model = ProfitModel::train(&learnt, &world.definitions, cut, HORIZON);
        for customer in held.iter().filter(|customer| asked(customer.first_day)) {
            found.ask(&model, customer);
        }
    }
    found
}

/// How much more common the best tenth by profit is among the tenth that looks most like it, each fifth asked of a
/// model of the others.
fn lookalike_lift(world: &World, all: &[CustomerProfile]) -> f64 {
    let mut profits: Vec<f64> = all.iter().map(brought).collect();
    profits.sort_unstable_by(f64::total_cmp);
    let threshold = profits[profits.len() - profits.len() / 10];
    let closed = |customer: &'_ CustomerProfile| brought(customer) >= threshold;
    let mut forecasts = Vec::new();
    for part in 0..5 {
        let rows: Vec<Closed> = all
            .iter()
            .filter(|customer| fold(customer) != part)
            .map(|customer| Closed {
                id: customer.customer.as_str(),
                traits: &customer.party.as_ref().unwrap().traits,
                late: &[],
                won: closed(customer),
                closed: customer.first_day,
                weight: 1.0,
            })
            .collect();
        let settings = WinSettings {
            refuse_leaks: false,
            ..WinSettings::default()
        };
        let model = WinModel::train(&rows, &world.definitions, &settings);
        let held = all.iter().filter(|customer| fold(customer) == part);
        forecasts.extend(held.map(|customer| Forecast {
            probability: model.probability(&customer.party.as_ref().unwrap().traits),
            won: closed(customer),
        }));
    }
    deciles::of_wins(&forecasts)[0].lift.unwrap_or(0.0)
}

fn tell_coverage(what: &str, found: &Found) -> Option<Coverage> {
    let coverage = coverage(&found.told)?;
    println!(
        "{what}: 80% intervals held {:.1}% of {} outcomes, {:.1}% among the best tenth by prediction",
        100.0 * coverage.overall,
        coverage.count,
        100.0 * coverage.best_tenth
    );
    Some(coverage)
}

/// Learnt from those who first ordered in 2010 and 2011, asked about those who came later.
fn by_time(
    what: &str,
    world: &World,
    learnt: &[CustomerProfile],
    cut: Day,
    asked: &[CustomerProfile],
) {
    let model = ProfitModel::train(learnt, &world.definitions, cut, HORIZON);
    let mut found = Found::default();
    let mut new = BTreeMap::<String, u32>::new();
    for customer in asked {
        found.ask(&model, customer);
        for own in model.never_seen(&customer.party.as_ref().unwrap().traits) {
            if own.key.as_str() == "ProductLine" {
                *new.entry(own.value).or_default() += 1;
            }
        }
    }
    println!(
        "resellers by time, {what}: learnt from {} of 2010-11, of {} of 2012 and later {} pursued",
        learnt.len(),
        asked.len(),
        found.pursued,
    );
    println!(
        "    these bring {:.0}, those expected to earn {:.0}, all {:.0}; signal: {}",
        found.of_pursued, found.of_expected, found.of_all, model.has_signal
    );
    aim(
        "profit of the pursued",
        found.of_pursued,
        "above 0",
        found.of_pursued > 0.0,
    );
    let touring = |own: &&CustomerProfile| {
        let key = TraitKey::parse("ProductLine", "").unwrap();
        let line = own.party.as_ref().unwrap().traits.get(&key);
        line == Some(&TraitValue::Category("Touring".to_owned()))
    };
    let wanted = asked.iter().filter(touring).count() as u32;
    let told = new.get("Touring").copied().unwrap_or(0);
    let aimed = format!("{wanted}, all");
    aim(
        "prospects told to have a line never seen: Touring",
        f64::from(told),
        &aimed,
        told == wanted,
    );
}

/// The consumers, with what was known of them before they ordered.
fn consumers() -> Option<World> {
    let folder = shared().join("data/adventureworks_dw");
    if !folder.is_dir() {
        println!("skipped: {} is not there", folder.display());
        return None;
    }
    let read = |name: &str| rows(&fs::read_to_string(folder.join(name)).unwrap());
    let categories = [
        "EnglishEducation",
        "EnglishOccupation",
        "CommuteDistance",
        "HouseOwnerFlag",
    ];
    let numbers = [
        "YearlyIncome",
        "TotalChildren",
        "NumberChildrenAtHome",
        "NumberCarsOwned",
    ];
    let mut traits = BTreeMap::new();
    for row in read("DimCustomer.csv") {
        let mut own = BTreeMap::new();
        for key in categories {
            let value = TraitValue::Category(row[key].clone());
            own.insert(TraitKey::parse(key, "").unwrap(), value);
        }
        for key in numbers {
            let value = TraitValue::Number(micros(&row[key]));
            own.insert(TraitKey::parse(key, "").unwrap(), value);
        }
        traits.insert(row["CustomerKey"].clone(), own);
    }
    let line = |row: std::collections::HashMap<String, String>| {
        let sales = micros(&row["SalesAmount"]);
        let profit = sales - micros(&row["TotalProductCost"]);
        (
            row["CustomerKey"].clone(),
            day(&row["OrderDate"]),
            sales,
            profit,
        )
    };
    let lines = read("FactInternetSales.csv")
        .into_iter()
        .map(line)
        .collect();
    let mut definitions: Vec<_> = categories
        .iter()
        .map(|key| definition(key, TraitType::Category))
        .collect();
    definitions.extend(numbers.iter().map(|key| definition(key, TraitType::Number)));
    Some(World::new(definitions, traits, lines))
}

/// Those seen for a whole horizon, each by a model of all others.
fn intervals(world: &World) -> Found {
    let last = world.lines.iter().map(|line| line.1.0).max().unwrap_or(0);
    let all = world.profiles(Day(i32::MAX), |_| true);
    five_folds(world, &all, Day(last + 1), |first| first.0 + 365 <= last)
}

pub fn run() {
    let Some(world) = adventureworks::resellers() else {
        return;
    };
    let all = of_all_time(&world);
    let found = five_folds(&world, &all, Day(365), |_| true);
    println!(
        "resellers, profit of all time, random five folds: a perfect choice brings {:.0}, all {:.0}; \
         those expected to earn {:.0}, those pursued {:.0} ({})",
        found.perfect, found.of_all, found.of_expected, found.of_pursued, found.pursued
    );
    let part = found.of_expected / found.perfect;
    aim(
        "profit of those expected to earn, of a perfect choice's",
        part,
        "at least .90",
        part >= 0.9,
    );
    let lift = lookalike_lift(&world, &all);
    aim(
        "lookalike lift of the best tenth",
        lift,
        "at least 4.5",
        lift >= 4.5,
    );
    tell_coverage("resellers, profit of all time", &found);
    let cut = day("2012-01-01");
    let firsts = world.profiles(Day(i32::MAX), |_| true);
    let early = |place: &usize| firsts[*place].first_day < cut;
    let (early, late): (Vec<usize>, Vec<usize>) = (0..all.len()).partition(early);
    let of =
        |places: &[usize]| -> Vec<_> { places.iter().map(|place| all[*place].clone()).collect() };
    by_time(
        "profit of all time",
        &world,
        &of(&early),
        Day(365),
        &of(&late),
    );
    let learnt = world.profiles(cut, |first| first < cut);
    let asked = world.profiles(Day(i32::MAX), |first| first >= cut);
    by_time(
        "first 365 days, as seen on the day",
        &world,
        &learnt,
        cut,
        &asked,
    );
    tell_coverage(
        "resellers, first 365 days, random five folds",
        &intervals(&world),
    );
    if let Some(world) = consumers() {
        let found = intervals(&world);
        if let Some(found) = tell_coverage("consumers, first 365 days, random five folds", &found) {
            let (all, best) = (found.overall, found.best_tenth);
            aim("coverage", all, ".77 to .83", (0.77..=0.83).contains(&all));
            aim(
                "coverage of the best tenth",
                best,
                ".75 to .88",
                (0.75..=0.88).contains(&best),
            );
        }
    }
}
