//! Customers with traits and a ledger of amounts, and what a store would answer of them.

use profitscore::domain::{
    decimal::{MICRO_PLACES, parse_fixed},
    id::{PartyId, TraitKey},
    model::exposure::BUCKETS,
    money::{Micros, Nanos, to_nanos},
    party::{Party, Sensitivity, Stage, TraitDefinition, TraitType, TraitValue},
    question::CustomerProfile,
    time::Day,
};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

/// One line of the ledger: the customer, the day, the size and the profit.
pub type Line = (String, Day, Micros, Micros);

pub struct World {
    pub definitions: Vec<Arc<TraitDefinition>>,
    pub parties: BTreeMap<String, Arc<Party>>,
    pub lines: Vec<Line>,
    pub first: BTreeMap<String, Day>,
}

pub fn day(text: &str) -> Day {
    Day::from_date(text.parse().unwrap())
}

pub fn definition(key: &str, trait_type: TraitType) -> Arc<TraitDefinition> {
    Arc::new(TraitDefinition {
        key: TraitKey::parse(key, "").unwrap(),
        trait_type,
        bin_edges: Vec::new(),
        sensitivity: Sensitivity::Ordinary,
        known_after_conversion: false,
    })
}

pub type Row = HashMap<String, String>;

/// The rows of a CSV text by their headings.
pub fn rows(text: &str) -> Vec<Row> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.deserialize().map(Result::unwrap).collect()
}

pub fn micros(text: &str) -> Micros {
    parse_fixed(text, MICRO_PLACES, "amount").unwrap()
}

/// The world that `reference.py` generates.
pub fn generated() -> World {
    let mut traits = BTreeMap::new();
    for row in rows(include_str!("generated_parties.csv")) {
        let known = ["CITY", "SIZE", "TRADE", "VIP"]
            .into_iter()
            .filter(|key| !row[*key].is_empty());
        let own: BTreeMap<_, _> = known
            .map(|key| {
                let value = match key {
                    "SIZE" => TraitValue::Number(micros(&row[key])),
                    "VIP" => TraitValue::Flag(row[key] == "yes"),
                    _ => TraitValue::Category(row[key].clone()),
                };
                (TraitKey::parse(key, "").unwrap(), value)
            })
            .collect();
        traits.insert(row["party"].clone(), own);
    }
    let lines = rows(include_str!("generated_lines.csv")).into_iter();
    let lines = lines.map(|row| {
        let day = Day(row["day"].parse().unwrap());
        let (sales, profit) = (micros(&row["sales"]), micros(&row["profit"]));
        (row["party"].clone(), day, sales, profit)
    });
    let definitions = vec![
        definition("CITY", TraitType::Category),
        definition("SIZE", TraitType::Number),
        definition("TRADE", TraitType::Category),
        definition("VIP", TraitType::Flag),
    ];
    World::new(definitions, traits, lines.collect())
}

impl World {
    pub fn new(
        definitions: Vec<Arc<TraitDefinition>>,
        traits: BTreeMap<String, BTreeMap<TraitKey, TraitValue>>,
        lines: Vec<Line>,
    ) -> Self {
        let party = |id: &String, traits| {
            Arc::new(Party {
                party_id: PartyId::parse(id, "").unwrap(),
                stage: Stage::Customer,
                display_name: String::new(),
                traits: BTreeMap::into(traits),
            })
        };
        let parties = traits
            .into_iter()
            .map(|(id, traits)| (id.clone(), party(&id, traits)))
            .collect();
        let mut first = BTreeMap::<String, Day>::new();
        for (id, day, ..) in &lines {
            let known = first.entry(id.clone()).or_insert(*day);
            *known = (*known).min(*day);
        }
        Self {
            definitions,
            parties,
            lines,
            first,
        }
    }

    /// The customers whose first day is wanted, with what they brought before `end`.
    pub fn profiles(&self, end: Day, wanted: impl Fn(Day) -> bool) -> Vec<CustomerProfile> {
        let mut buckets = BTreeMap::<&str, Vec<(Nanos, Nanos)>>::new();
        for (id, day, size, profit) in &self.lines {
            let age = day.0 - self.first[id].0;
            if *day < end && age < 365 {
                let place = usize::try_from(age).unwrap() * BUCKETS / 365;
                let own = buckets.entry(id).or_insert_with(|| vec![(0, 0); BUCKETS]);
                own[place].0 += to_nanos(*profit);
                own[place].1 += to_nanos(*size);
            }
        }
        let wanted = self.first.iter().filter(|(_, first)| wanted(**first));
        wanted
            .map(|(id, first)| CustomerProfile {
                customer: PartyId::parse(id, "").unwrap(),
                party: self.parties.get(id).cloned(),
                first_day: *first,
                buckets: buckets
                    .get(id.as_str())
                    .cloned()
                    .unwrap_or_else(|| vec![(0, 0); BUCKETS]),
            })
            .collect()
    }
}
