//! The laws of the profit model, on generated worlds.

use super::*;
use crate::domain::{
    id::PartyId,
    model::tests::{Dice, definition},
    money::NANOS_PER_UNIT,
    party::{Party, Sensitivity, Stage, TraitType, TraitValue},
};
use proptest::prelude::*;

fn key(name: &str) -> TraitKey {
    TraitKey::parse(name, "").unwrap()
}

fn category(value: u64) -> TraitValue {
    TraitValue::Category(format!("c{value}"))
}

fn customer(id: usize, first_day: i32, traits: Traits, profit: i64) -> CustomerProfile {
    let party_id = PartyId::parse(&format!("P{id:04}"), "").unwrap();
    let mut buckets = vec![(0, 0); 12];
    buckets[0] = (i128::from(profit) * NANOS_PER_UNIT, 100 * NANOS_PER_UNIT);
    let party = Party {
        party_id: party_id.clone(),
        stage: Stage::Customer,
        display_name: String::new(),
        traits,
    };
    CustomerProfile {
        customer: party_id,
        party: Some(Arc::new(party)),
        first_day: Day(first_day),
        buckets,
    }
}

/// A trait A with three categories that are worth -100, 0 and 100, a number N and a set S without meaning, and noise.
fn world(customers: usize, seed: u64) -> Vec<CustomerProfile> {
    let mut dice = Dice(seed);
    let one = |id| {
        let planted = dice.roll(3);
        let mut traits = Traits::from([(key("A"), category(planted))]);
        if dice.roll(5) > 0 {
            let number = i64::try_from(dice.roll(1_000)).unwrap();
            traits.insert(key("N"), TraitValue::Number(number));
        }
        let set = (0..dice.roll(3))
            .map(|_| format!("s{}", dice.roll(4)))
            .collect();
        traits.insert(key("S"), TraitValue::Set(set));
        let profit = (planted as i64 - 1) * 100 + dice.roll(201) as i64 - 100;
        customer(id, -(dice.roll(900) as i32), traits, profit)
    };
    (0..customers).map(one).collect()
}

fn definitions() -> Vec<Arc<TraitDefinition>> {
    let types = [
        ("A", TraitType::Category),
        ("N", TraitType::Number),
        ("S", TraitType::Set),
    ];
    types
        .map(|(name, trait_type)| Arc::new(definition(name, trait_type)))
        .into()
}

fn trained(customers: &[CustomerProfile]) -> ProfitModel {
    ProfitModel::train(customers, &definitions(), Day(0), 365)
}

fn of_planted(model: &ProfitModel, planted: u64) -> Prediction {
    model.predict(&Traits::from([(key("A"), category(planted))]))
}

fn planted_effect(prediction: &Prediction) -> f64 {
    let found = prediction
        .contributions
        .iter()
        .find(|c| c.bin.key == key("A"));
    units(found.unwrap().amount)
}

#[test]
fn a_planted_trait_is_found_with_its_sign_and_size() {
    let model = trained(&world(400, 5));
    let effects = [0, 1, 2].map(|planted| planted_effect(&of_planted(&model, planted)));
    assert!(
        (effects[0] + 100.0).abs() < 25.0 && (effects[2] - 100.0).abs() < 25.0,
        "{effects:?}"
    );
    assert!(effects[1].abs() < 25.0, "{effects:?}");
    let known = of_planted(&model, 2);
    assert_eq!(known.contributions[0].bin.label(), "A = c2");
    let others = &known.contributions[1..];
    assert!(
        others.iter().all(|c| units(c.amount).abs() < 25.0),
        "{others:?}"
    );
}

#[test]
fn the_interval_of_outcomes_holds_what_it_says() {
    let model = trained(&world(600, 5));
    let coverage = model.coverage.unwrap();
    assert!((0.74..=0.86).contains(&coverage), "{coverage}");
    let fresh = world(300, 77);
    let held = fresh.iter().filter(|own| {
        let profit = own.buckets[0].0;
        let range = model
            .predict(&own.party.as_ref().unwrap().traits)
            .outcome_interval
            .unwrap();
        (range.lower..=range.upper).contains(&profit)
    });
    let held = held.count();
    assert!(
        (0.72..=0.88).contains(&(held as f64 / 300.0)),
        "{held} of 300"
    );
}

#[test]
fn less_evidence_makes_a_wider_interval() {
    let width = |customers| {
        let range = of_planted(&trained(&world(customers, 5)), 2)
            .expected_interval
            .unwrap();
        units(range.upper - range.lower)
    };
    assert!(width(60) > 1.5 * width(600), "{} {}", width(60), width(600));
    let model = trained(&world(400, 5));
    let width = |planted| {
        let range = of_planted(&model, planted).expected_interval.unwrap();
        units(range.upper - range.lower)
    };
    // A category that nobody has could be anything that categories are.
    assert!(width(9) > 3.0 * width(2));
}

#[test]
fn without_a_meaning_in_traits_predictions_stay_near_the_baseline() {
    let mut dice = Dice(9);
    let mut customers = world(400, 5);
    let mut outcomes: Vec<_> = customers.iter().map(|own| own.buckets.clone()).collect();
    dice.shuffle(&mut outcomes);
    for (own, outcome) in customers.iter_mut().zip(outcomes) {
        own.buckets = outcome;
    }
    let model = trained(&customers);
    for planted in 0..3 {
        let effect = planted_effect(&of_planted(&model, planted));
        assert!(effect.abs() < 20.0, "{effect}");
    }
}

#[test]
fn what_may_not_enter_changes_nothing_and_is_named() {
    let mut customers = world(100, 5);
    let plain = trained(&customers);
    let mut dice = Dice(2);
    for own in &mut customers {
        let party = Arc::make_mut(own.party.as_mut().unwrap());
        for name in ["HEALTH", "HIDDEN", "LATE"] {
            party.traits.insert(key(name), category(dice.roll(2)));
        }
    }
    let mut all = definitions();
    let mut add = |name: &str, sensitivity, known_after_conversion| {
        let mut made = definition(name, TraitType::Category);
        made.sensitivity = sensitivity;
        made.known_after_conversion = known_after_conversion;
        all.push(Arc::new(made));
    };
    add("HEALTH", Sensitivity::SpecialCategory, false);
    add("HIDDEN", Sensitivity::Excluded, false);
    add("LATE", Sensitivity::Ordinary, true);
    add("NEW", Sensitivity::Ordinary, false);
    let model = ProfitModel::train(&customers, &all, Day(0), 365);
    assert_eq!(model.fingerprint(), plain.fingerprint());
    let prospect = ["HEALTH", "HIDDEN", "LATE", "NEW", "UNDEFINED", "A"];
    let prospect: Traits = prospect.map(|name| (key(name), category(1))).into();
    let found = model.predict(&prospect);
    let reasons: Vec<_> = found
        .ignored
        .iter()
        .map(|i| (i.key.as_str(), i.reason))
        .collect();
    let wanted = [
        ("HEALTH", IgnoredReason::SpecialCategory),
        ("HIDDEN", IgnoredReason::Excluded),
        ("LATE", IgnoredReason::KnownAfterConversion),
        ("NEW", IgnoredReason::NeverSeen),
        ("UNDEFINED", IgnoredReason::NeverSeen),
    ];
    assert_eq!(reasons, wanted);
    assert!(
        found
            .contributions
            .iter()
            .all(|c| ["A", "N", "S"].contains(&c.bin.key.as_str()))
    );
}

#[test]
fn evidence_is_of_the_least_common_known_trait() {
    let customers: Vec<_> = (0..60)
        .map(|id| {
            let own = Traits::from([(key("A"), category(u64::from(id < 7)))]);
            customer(id, -400, own, id as i64)
        })
        .collect();
    let model = trained(&customers);
    assert_eq!(of_planted(&model, 1).evidence, 7);
    assert_eq!(of_planted(&model, 0).evidence, 53);
    let unheard = of_planted(&model, 5);
    assert_eq!((unheard.evidence, unheard.known_traits), (0, 0));
    let nothing = model.predict(&Traits::new());
    assert_eq!((nothing.evidence, nothing.known_traits), (0, 0));
}

#[test]
fn odd_worlds_do_no_harm() {
    let party = Traits::from([
        (key("A"), category(1)),
        (key("N"), TraitValue::Number(i64::MIN)),
    ]);
    let none = trained(&[]).predict(&party);
    assert_eq!(
        (none.expected, none.expected_interval, none.outcome_interval),
        (0, None, None)
    );
    let one = trained(&world(1, 1)).predict(&party);
    assert_eq!(one.expected_interval, None);
    let equal: Vec<_> = (0..50)
        .map(|id| customer(id, -400, party.clone(), 7))
        .collect();
    let equal = trained(&equal).predict(&party);
    assert_eq!(equal.expected, 7 * NANOS_PER_UNIT);
    assert_eq!(equal.outcome_interval.unwrap().lower, equal.expected);
    let without_traits: Vec<_> = (0..50)
        .map(|id| customer(id, -400, Traits::new(), id as i64))
        .collect();
    let model = ProfitModel::train(&without_traits, &[], Day(0), 1);
    assert_eq!(model.predict(&party).known_traits, 0);
    assert!(model.predict(&party).expected > 0);
}

#[test]
fn amounts_beyond_all_money_do_no_harm() {
    let mut huge = world(80, 4);
    for (place, own) in huge.iter_mut().enumerate() {
        let sign = if place % 3 == 0 { -1 } else { 1 };
        own.buckets[0] = (sign * (i128::MAX / 16), i128::MAX / 128);
    }
    let found = of_planted(&trained(&huge), 2);
    let sum: Nanos = found.contributions.iter().map(|c| c.amount).sum();
    assert_eq!(found.baseline + sum, found.expected);
    let range = found.outcome_interval.unwrap();
    assert!(range.lower <= range.upper);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_is_told_adds_up_exactly_and_order_does_not_matter(
        seed in 1..u64::MAX, customers in 0..120_usize, planted in 0..5_u64, number in any::<i64>(),
    ) {
        let mut customers = world(customers, seed);
        let model = trained(&customers);
        let mut prospect = Traits::from([(key("A"), category(planted))]);
        prospect.insert(key("N"), TraitValue::Number(number));
        let found = model.predict(&prospect);
        let sum: Nanos = found.contributions.iter().map(|c| c.amount).sum();
        prop_assert_eq!(found.baseline + sum, found.expected);
        prop_assert_eq!(found.expected % 1_000, 0);
        Dice(seed).shuffle(&mut customers);
        let mut definitions = definitions();
        definitions.reverse();
        let shuffled = ProfitModel::train(&customers, &definitions, Day(0), 365);
        prop_assert_eq!(shuffled.fingerprint(), model.fingerprint());
        prop_assert_eq!(shuffled, model);
    }
}
