//! Generated worlds: what was planted must be found again, with its sign and its size, and what gives the outcome away
//! must be refused by name.

use super::{
    aim,
    chance::{even, mixed, normal},
    world::definition,
};
use profitscore::domain::{
    id::{PartyId, TraitKey},
    model::{
        evaluation::coverage::{Told, coverage},
        exposure::BUCKETS,
        profit::ProfitModel,
        win::{Closed, WinModel, WinSettings},
    },
    money::{NANOS_PER_UNIT, Nanos},
    party::{Party, Stage, TraitDefinition, TraitType, TraitValue},
    question::CustomerProfile,
    time::Day,
    traits::Traits,
};
use std::sync::Arc;

const ROWS: usize = 8_000;
/// What the channels add to the log-odds of winning, and to the profit.
const CHANNELS: [(&str, f64, f64); 4] = [
    ("referral", 1.0, 400.0),
    ("fair", 0.3, 100.0),
    ("list", -0.3, -100.0),
    ("cold call", -1.0, -400.0),
];

fn key(name: &str) -> TraitKey {
    TraitKey::parse(name, "").unwrap()
}

fn category(name: &str) -> TraitValue {
    TraitValue::Category(name.to_owned())
}

struct Planted {
    ids: Vec<String>,
    traits: Vec<Traits>,
    won: Vec<bool>,
    profits: Vec<f64>,
}

/// A size from 0 to 100 adds up to 1 on either side of 50; the town says nothing; the contract is there for most who
/// won.
fn planted() -> Planted {
    let mut world = Planted {
        ids: Vec::new(),
        traits: Vec::new(),
        won: Vec::new(),
        profits: Vec::new(),
    };
    for row in 0..ROWS as u64 {
        let (channel, log_odds, profit) = CHANNELS[(mixed(row) % 4) as usize];
        let size = 100.0 * even(row + 1_000_000);
        let eta = -1.0 + log_odds + (size - 50.0) / 50.0;
        let won = even(row + 2_000_000) < 1.0 / (1.0 + (-eta).exp());
        let contract = won == (even(row + 3_000_000) < 0.97);
        let spread = 100.0 + 4.0 * size;
        world.ids.push(format!("p{row}"));
        world.traits.push(Traits::from([
            (key("CHANNEL"), category(channel)),
            (key("SIZE"), TraitValue::Number((size * 1e6) as i64)),
            (
                key("TOWN"),
                category(&format!("town {}", mixed(row + 4_000_000) % 30)),
            ),
            (key("CONTRACT"), TraitValue::Flag(contract)),
        ]));
        world.won.push(won);
        world
            .profits
            .push(200.0 + profit + 5.0 * size + spread * normal(row + 5_000_000));
    }
    world
}

fn definitions() -> Vec<Arc<TraitDefinition>> {
    vec![
        definition("CHANNEL", TraitType::Category),
        definition("CONTRACT", TraitType::Flag),
        definition("SIZE", TraitType::Number),
        definition("TOWN", TraitType::Category),
    ]
}

fn of_winning(world: &Planted) {
    let closed: Vec<Closed> = (0..ROWS)
        .map(|row| Closed {
            id: &world.ids[row],
            traits: &world.traits[row],
            late: &[],
            won: world.won[row],
            closed: Day(row as i32),
            weight: 1.0,
        })
        .collect();
    let model = WinModel::train(&closed, &definitions(), &WinSettings::default());
    let refused: Vec<&str> = model.leaks.iter().map(|leak| leak.key.as_str()).collect();
    aim(
        "leaks refused",
        refused.len() as f64,
        "CONTRACT alone",
        refused == ["CONTRACT"],
    );
    let added = |name: &str, value: TraitValue| {
        let prediction = model.predict(&Traits::from([(key(name), value)]));
        let mut own = prediction.contributions.iter();
        own.find(|part| part.bin.key.as_str() == name)
            .map_or(0.0, |part| part.log_odds)
    };
    for (channel, wanted, _) in CHANNELS {
        let found = added("CHANNEL", category(channel));
        let near = (found - wanted).abs() < 0.15;
        aim(
            &format!("log-odds of {channel}"),
            found,
            &format!("{wanted} within .15"),
            near,
        );
    }
    for (size, wanted) in [(10, -0.8), (50, 0.0), (90, 0.8)] {
        let found = added("SIZE", TraitValue::Number(size * 1_000_000));
        let near = (found - wanted).abs() < 0.25;
        aim(
            &format!("log-odds of size {size}"),
            found,
            &format!("{wanted} within .25"),
            near,
        );
    }
    let towns = (0..30).map(|town| added("TOWN", category(&format!("town {town}"))).abs());
    let most = towns.fold(0.0, f64::max);
    aim(
        "the most that any town adds",
        most,
        "at most .35 (2.5 standard errors)",
        most <= 0.35,
    );
}

fn of_profit(world: &Planted) {
    let profile = |row: usize| {
        let mut buckets = vec![(0, 0); BUCKETS];
        let amount = (world.profits[row] * 1e6) as Nanos * (NANOS_PER_UNIT / 1_000_000);
        buckets[0] = (amount, amount.abs());
        let party_id = PartyId::parse(&world.ids[row], "").unwrap();
        CustomerProfile {
            customer: party_id.clone(),
            party: Some(Arc::new(Party {
                party_id,
                stage: Stage::Customer,
                display_name: String::new(),
                traits: world.traits[row].clone(),
            })),
            first_day: Day(0),
            buckets,
        }
    };
    let learnt: Vec<CustomerProfile> = (0..ROWS / 2).map(profile).collect();
    let model = ProfitModel::train(&learnt, &definitions(), Day(400), 365);
    for (channel, _, wanted) in CHANNELS {
        let prediction = model.predict(&Traits::from([(key("CHANNEL"), category(channel))]));
        let mut own = prediction.contributions.iter();
        let part = own.find(|part| part.bin.key.as_str() == "CHANNEL");
        let found = part.map_or(0.0, |part| part.amount as f64 / NANOS_PER_UNIT as f64);
        let near = (found - wanted).abs() < 60.0;
        aim(
            &format!("profit of {channel}"),
            found,
            &format!("{wanted} within 60"),
            near,
        );
    }
    let tell = |row: usize| {
        let prediction = model.predict(&world.traits[row]);
        let range = prediction.outcome_interval.unwrap();
        Told {
            expected: prediction.expected as f64,
            lower: range.lower as f64 / NANOS_PER_UNIT as f64,
            upper: range.upper as f64 / NANOS_PER_UNIT as f64,
            outcome: world.profits[row],
        }
    };
    let told: Vec<Told> = (ROWS / 2..ROWS).map(tell).collect();
    let found = coverage(&told).unwrap();
    let (all, best) = (found.overall, found.best_tenth);
    aim(
        "coverage where spread grows with size",
        all,
        ".77 to .83",
        (0.77..=0.83).contains(&all),
    );
    aim(
        "coverage of the best tenth",
        best,
        ".75 to .88",
        (0.75..=0.88).contains(&best),
    );
}

pub fn run() {
    let world = planted();
    of_winning(&world);
    of_profit(&world);
}
