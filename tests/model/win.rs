//! The model of winning on generated worlds: what it must recover, refuse, admit and repeat.

use super::world::definition;
use profitscore::domain::{
    id::TraitKey,
    model::{
        expected_return::WinChance,
        win::{Closed, MINIMUM_CLOSED, MINIMUM_OF_EACH, Standing, WinModel, WinSettings},
    },
    party::{TraitDefinition, TraitType, TraitValue},
    time::Day,
    traits::Traits,
};
use std::sync::Arc;

fn mixed(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn even(number: u64) -> f64 {
    (mixed(number) >> 11) as f64 / (1_u64 << 53) as f64
}

fn key(name: &str) -> TraitKey {
    TraitKey::parse(name, "").unwrap()
}

fn category(name: &str) -> TraitValue {
    TraitValue::Category(name.to_owned())
}

/// Prospects: who, what is known, and whether they were won.
struct Prospects {
    rows: Vec<(String, Traits, bool)>,
    definitions: Vec<Arc<TraitDefinition>>,
}

/// A channel and a size decide, `pair` makes two flags matter only together, the town says nothing.
fn prospects(count: u64, pair: f64) -> Prospects {
    let row = |row: u64| {
        let channel = mixed(row) % 3;
        let size = even(row + 10_000_000);
        let flags = [
            mixed(row + 20_000_000).is_multiple_of(2),
            mixed(row + 30_000_000).is_multiple_of(2),
        ];
        let together = if flags[0] == flags[1] { pair } else { -pair };
        let eta = -0.5 + (channel as f64 - 1.0) + 2.0 * (size - 0.5) + together;
        let won = even(row + 40_000_000) < 1.0 / (1.0 + (-eta).exp());
        let traits = Traits::from([
            (
                key("CHANNEL"),
                category(["cold", "fair", "referral"][channel as usize]),
            ),
            (key("EXPORTS"), TraitValue::Flag(flags[0])),
            (key("ONLINE"), TraitValue::Flag(flags[1])),
            (key("SIZE"), TraitValue::Number((size * 1e8) as i64)),
            (
                key("TOWN"),
                category(&format!("town {}", mixed(row + 50_000_000) % 9)),
            ),
        ]);
        (format!("p{row}"), traits, won)
    };
    Prospects {
        rows: (0..count).map(row).collect(),
        definitions: vec![
            definition("CHANNEL", TraitType::Category),
            definition("EXPORTS", TraitType::Flag),
            definition("ONLINE", TraitType::Flag),
            definition("SIZE", TraitType::Number),
            definition("TOWN", TraitType::Category),
        ],
    }
}

impl Prospects {
    fn closed(&self) -> Vec<Closed<'_>> {
        let closed = self
            .rows
            .iter()
            .enumerate()
            .map(|(place, (id, traits, won))| Closed {
                id,
                traits,
                late: &[],
                won: *won,
                closed: Day(i32::try_from(place).unwrap()),
                weight: 1.0,
            });
        closed.collect()
    }

    fn learn(&self) -> WinModel {
        WinModel::train(&self.closed(), &self.definitions, &WinSettings::default())
    }
}

#[test]
fn contributions_add_up_to_the_score_and_the_bounds_hold_the_probability() {
    let world = prospects(3_000, 0.8);
    let model = world.learn();
    assert_eq!(model.standing, Standing::Signal);
    for (_, traits, _) in world.rows.iter().take(200) {
        let found = model.predict(traits);
        let parts: f64 = found.contributions.iter().map(|own| own.log_odds).sum();
        assert!((found.baseline + parts - found.log_odds).abs() < 1e-9);
        let from_score = 1.0 / (1.0 + (-found.log_odds).exp());
        assert!((from_score - found.probability).abs() < 1e-12);
        assert!(0.0 < found.lower && found.lower < found.probability);
        assert!(found.probability < found.upper && found.upper < 1.0);
    }
}

#[test]
fn effects_have_their_sign_and_size_and_pairs_are_found() {
    let model = prospects(6_000, 0.8).learn();
    let found = model.predict(&Traits::from([
        (key("CHANNEL"), category("referral")),
        (key("EXPORTS"), TraitValue::Flag(true)),
        (key("ONLINE"), TraitValue::Flag(true)),
    ]));
    let part = |name: &str, pair: bool| {
        let mut own = found.contributions.iter();
        let own = own.find(|own| own.bin.key.as_str() == name && own.with.is_some() == pair);
        own.map_or(0.0, |own| own.log_odds)
    };
    assert!((part("CHANNEL", false) - 1.0).abs() < 0.25, "{found:?}");
    assert!((part("EXPORTS", true) - 0.8).abs() < 0.25, "{found:?}");
    assert!(part("EXPORTS", false).abs() < 0.2 && part("ONLINE", false).abs() < 0.2);
    let without = prospects(6_000, 0.0).learn();
    let found = without.predict(&world_of_one());
    assert!(found.contributions.iter().all(|own| own.with.is_none()));
}

fn world_of_one() -> Traits {
    Traits::from([
        (key("EXPORTS"), TraitValue::Flag(true)),
        (key("ONLINE"), TraitValue::Flag(true)),
    ])
}

#[test]
fn rows_in_another_order_make_the_same_model() {
    let world = prospects(1_500, 0.8);
    let model = world.learn();
    let mut closed = world.closed();
    closed.sort_by_key(|own| mixed(own.closed.0.unsigned_abs().into()));
    let again = WinModel::train(&closed, &world.definitions, &WinSettings::default());
    assert_eq!(again.fingerprint(), model.fingerprint());
    assert_eq!(again, model);
}

#[test]
fn a_trait_that_gives_the_outcome_away_is_refused_by_name() {
    let mut world = prospects(1_000, 0.0);
    for (row, (_, traits, won)) in world.rows.iter_mut().enumerate() {
        let told = *won != (row.is_multiple_of(30));
        traits.insert(key("CONTRACT"), TraitValue::Flag(told));
    }
    world
        .definitions
        .push(definition("CONTRACT", TraitType::Flag));
    let model = world.learn();
    assert_eq!(model.leaks.len(), 1);
    assert_eq!(model.leaks[0].key.as_str(), "CONTRACT");
    assert!(model.leaks[0].information_value > 1.5 && model.leaks[0].auc > 0.9);
    let told = model.predict(&Traits::from([(key("CONTRACT"), TraitValue::Flag(true))]));
    assert!(
        told.contributions
            .iter()
            .all(|own| own.bin.key.as_str() != "CONTRACT")
    );
}

#[test]
fn values_that_came_after_the_decision_count_as_not_known_and_many_refuse_the_trait() {
    let world = prospects(600, 0.0);
    let late = [key("TOWN")];
    let mut closed = world.closed();
    for own in closed.iter_mut().take(30) {
        own.late = &late;
    }
    let model = WinModel::train(&closed, &world.definitions, &WinSettings::default());
    assert!(model.leaks.is_empty());
    let missing = model.predict(&Traits::new());
    let town = missing
        .contributions
        .iter()
        .find(|own| own.bin.key.as_str() == "TOWN");
    assert_eq!(town.map(|own| own.closed), Some(30));
    for own in closed.iter_mut().take(90) {
        own.late = &late;
    }
    let model = WinModel::train(&closed, &world.definitions, &WinSettings::default());
    assert_eq!(model.leaks[0].key.as_str(), "TOWN");
    assert!((model.leaks[0].late - 0.15).abs() < 1e-12);
}

#[test]
fn a_cold_start_is_never_certain_and_says_that_it_is_one() {
    for count in [0, 1, 2, 5, 39, 60] {
        let world = prospects(count, 0.0);
        for all in [None, Some(true), Some(false)] {
            let mut closed = world.closed();
            closed
                .iter_mut()
                .for_each(|own| own.won = all.unwrap_or(own.won));
            let model = WinModel::train(&closed, &world.definitions, &WinSettings::default());
            let found = model.predict(&prospects(100, 0.0).rows[99].1);
            assert!(
                found.lower > 0.0 && found.upper < 1.0,
                "{count} {all:?} {found:?}"
            );
            assert!(found.lower <= found.probability && found.probability <= found.upper);
            if model.closed < MINIMUM_CLOSED
                || model.won.min(model.closed - model.won) < MINIMUM_OF_EACH
            {
                assert_eq!(model.standing, Standing::TooFewOutcomes);
            }
        }
    }
}

#[test]
fn of_outcomes_dealt_out_by_chance_nothing_is_learnt() {
    let world = prospects(1_200, 0.8);
    let mut silent = 0;
    for run in 0..20 {
        let mut closed = world.closed();
        let mut won: Vec<(u64, bool)> = closed
            .iter()
            .enumerate()
            .map(|(place, own)| (mixed(place as u64 + run * 1_000_003), own.won))
            .collect();
        won.sort_unstable();
        for (own, (_, dealt)) in closed.iter_mut().zip(won) {
            own.won = dealt;
        }
        let model = WinModel::train(&closed, &world.definitions, &WinSettings::default());
        silent += u32::from(model.standing == Standing::NoSignal);
        if model.standing == Standing::NoSignal {
            let above = |traits: &Traits| {
                WinChance::of(&model.predict(traits)).probability > model.base_rate
            };
            assert!(
                !world
                    .rows
                    .iter()
                    .take(100)
                    .any(|(_, traits, _)| above(traits))
            );
        }
    }
    assert!(silent >= 18, "{silent}");
}

#[test]
fn what_was_never_seen_is_named_and_widens_the_bounds() {
    let model = prospects(1_000, 0.0).learn();
    let known = Traits::from([(key("CHANNEL"), category("fair"))]);
    let new = Traits::from([(key("CHANNEL"), category("pigeon"))]);
    let found = model.predict(&new);
    assert_eq!(found.never_seen.len(), 1);
    assert_eq!(
        (
            found.never_seen[0].key.as_str(),
            &*found.never_seen[0].value
        ),
        ("CHANNEL", "pigeon")
    );
    let known = model.predict(&known);
    assert!(known.never_seen.is_empty() && known.known_traits == 1);
    assert!(found.upper - found.lower > known.upper - known.lower);
    assert_eq!((found.known_traits, found.evidence), (0, 0));
}

#[test]
fn drift_is_told_by_trait() {
    let world = prospects(1_000, 0.0);
    let model = world.learn();
    let alarms = |asked: &[Traits]| -> Vec<String> {
        let drift = model
            .drift(asked.iter())
            .into_iter()
            .filter(|own| own.alarm);
        drift.map(|own| own.key.to_string()).collect()
    };
    let same: Vec<Traits> = world
        .rows
        .iter()
        .step_by(3)
        .map(|row| row.1.clone())
        .collect();
    assert!(alarms(&same).is_empty());
    let mut moved = same.clone();
    for traits in moved.iter_mut().step_by(2) {
        traits.insert(key("CHANNEL"), category("pigeon"));
    }
    assert_eq!(alarms(&moved), ["CHANNEL"]);
}

#[test]
fn what_is_recent_counts_more_where_asked() {
    // The first half was won at a fifth, the second at four fifths.
    let mut world = prospects(1_000, 0.0);
    for (row, (_, _, won)) in world.rows.iter_mut().enumerate() {
        *won = even(row as u64) < if row < 500 { 0.2 } else { 0.8 };
    }
    let learn =
        |settings: WinSettings| WinModel::train(&world.closed(), &world.definitions, &settings);
    let mean = |model: &WinModel| {
        let all = world
            .rows
            .iter()
            .map(|(_, traits, _)| model.probability(traits));
        all.sum::<f64>() / 1_000.0
    };
    assert!((mean(&learn(WinSettings::default())) - 0.5).abs() < 0.05);
    let half_life = WinSettings {
        half_life_days: Some(100.0),
        ..WinSettings::default()
    };
    assert!(mean(&learn(half_life)) > 0.7);
    let latest = WinSettings {
        latest: Some(300),
        ..WinSettings::default()
    };
    assert!((mean(&learn(latest)) - 0.8).abs() < 0.05);
}
