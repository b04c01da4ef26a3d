//! Profile, lookalikes and prequalification over real stores: what the use cases add to the models.

#![allow(clippy::unwrap_used, reason = "what cannot be built fails the test")]

mod town;
#[path = "../model/world.rs"]
#[allow(dead_code, reason = "shared with the tests of the models")]
mod world;

use profitscore::{
    domain::{
        cost_model::{CostModel, CostModelDraft, CostPool},
        id::{PoolId, RequestId},
        model::{
            IgnoredReason, asked::Asked, decision::Decision, expected_return::ReturnReason,
            profit::ProfitModel,
        },
        money::{Currency, Nanos},
        party::{Sensitivity, Stage, TraitDefinition, TraitType, TraitValue},
        policy::Policy,
        problem::Reason,
        records::Record,
        time::{Day, Period},
    },
    service::{
        lookalike::{Lookalike, Lookalikes},
        prequalify::{Prequalified, PrequalifyRequest, Prospect},
        profile::LearntOfBest,
    },
    store::{
        Store,
        embedded::{BookSizes, CheckpointSizes, EmbeddedSettings, EmbeddedStore},
    },
};
use std::{collections::BTreeMap, ops::Range, path::Path, sync::Arc};
use town::{CUT, Town, calendar, id, inline, key, memory, sale};

#[tokio::test]
async fn the_profile_names_what_the_world_is_made_of() {
    let (town, _) = Town::generated(memory()).await;
    let learnt = town.profile().await.unwrap();
    assert_eq!((learnt.table.whole.all, learnt.table.whole.best), (120, 20));
    assert!(learnt.has_signal());
    assert_eq!(learnt.lines[0].bin.label(), "TRADE = Bakery");
    assert!(learnt.lines[0].distinguishing && learnt.lines[0].lift > 1.5);
    assert!(learnt.threshold > 0);
    // A number without declared edges has bins with about as many customers in each.
    let sizes: Vec<u64> = learnt
        .lines
        .iter()
        .filter(|line| {
            line.bin.label().starts_with("SIZE") && line.bin.label() != "SIZE is not known"
        })
        .map(|line| line.all_count)
        .collect();
    assert!(
        sizes.len() >= 4 && sizes.iter().all(|count| (15..=30).contains(count)),
        "{sizes:?}"
    );
    assert!(learnt.ignored().is_empty());
    assert_eq!(learnt.footing.control_total.filtered_out, 0);
}

fn embedded(folder: &Path) -> Arc<dyn Store> {
    let settings = EmbeddedSettings {
        folder: folder.to_owned(),
        calendar: calendar(),
        currency: Currency::parse("USD", "").unwrap(),
        books: BookSizes::default(),
        checkpoints: CheckpointSizes::default(),
    };
    Arc::new(EmbeddedStore::open(&settings, |_| ()).unwrap())
}

async fn lookalikes(town: &Town, places: Range<u64>) -> Lookalikes {
    let best = town.best().await;
    let found = town.service.lookalikes(&town.tenant, &best, places).await;
    found.unwrap()
}

#[tokio::test]
async fn lookalikes_are_prospects_who_did_not_buy_yet_and_pages_join() {
    let (town, _) = Town::generated(memory()).await;
    let all = lookalikes(&town, 0..1_000).await;
    assert_eq!((all.prospects, all.converted, all.rows.len()), (30, 0, 30));
    let trade = |place: usize| all.rows[place].party.traits[&key("TRADE")].label();
    assert_eq!(
        (trade(0), trade(29)),
        ("Bakery".to_owned(), "Garage".to_owned())
    );
    for row in &all.rows {
        let parts = row.contributions.iter().map(|part| part.score.value());
        assert_eq!(parts.sum::<f64>(), row.score.value());
    }
    let order = |row: &Lookalike| (std::cmp::Reverse(row.score), row.party.party_id.clone());
    assert!(all.rows.is_sorted_by_key(order));
    let mut joined = Vec::new();
    for start in (0..40).step_by(7) {
        joined.extend(lookalikes(&town, start..start + 7).await.rows);
    }
    let name = |row: &Lookalike| (row.place, row.party.party_id.clone(), row.score);
    assert!(joined.iter().map(name).eq(all.rows.iter().map(name)));
    // With its first sale a prospect is a customer.
    let first = all.rows[0].party.party_id.to_string();
    town.append(vec![sale(9_999, &(first, Day(710), 5_000_000, 1_000_000))])
        .await;
    let after = lookalikes(&town, 0..1_000).await;
    assert_eq!((after.prospects, after.converted), (29, 1));
}

#[tokio::test]
async fn pages_stay_as_they_were_whatever_is_written() {
    let folder = tempfile::tempdir().unwrap();
    for store in [memory(), embedded(folder.path())] {
        let (town, world) = Town::generated(store).await;
        let best = town.best().await;
        let ask = async |places: Range<u64>| {
            let found = town.service.lookalikes(&town.tenant, &best, places).await;
            let found = found.unwrap();
            format!("{:?} {} {}", found.rows, found.prospects, found.converted)
        };
        let pages = [ask(0..10).await, ask(10..20).await, ask(25..40).await];
        let first = lookalikes(&town, 0..1).await.rows.remove(0).party;
        let mut changed = (*first).clone();
        changed
            .traits
            .insert(key("TRADE"), TraitValue::Category("Garage".to_owned()));
        town.put(Record::Party(changed)).await;
        let mut newcomer = (*first).clone();
        newcomer.party_id = id("C0000");
        town.put(Record::Party(newcomer)).await;
        let last = lookalikes(&town, 29..30).await.rows.remove(0).party;
        let bought = (last.party_id.to_string(), Day(710), 5_000_000, 1_000_000);
        town.append(vec![sale(9_999, &bought)]).await;
        let now = lookalikes(&town, 0..1_000).await;
        assert_eq!((now.prospects, now.converted), (30, 1));
        assert_eq!(now.rows[0].party.party_id, id("C0000"));
        assert_eq!(
            [ask(0..10).await, ask(10..20).await, ask(25..40).await],
            pages
        );
        assert_eq!(world.parties[first.party_id.as_str()].traits, first.traits);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn first_questions_at_once_all_get_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let (town, _) = Town::generated(embedded(folder.path())).await;
    let best = Arc::new(town.best().await);
    let town = Arc::new(town);
    let one = |_| {
        let (town, best) = (Arc::clone(&town), Arc::clone(&best));
        tokio::spawn(async move {
            let found = town.service.lookalikes(&town.tenant, &best, 0..50).await;
            let learnt = town.service.profile(&town.tenant, &best).await.unwrap();
            (found.unwrap(), learnt)
        })
    };
    let askers: Vec<_> = (0..12).map(one).collect();
    let mut answers = Vec::new();
    for asker in askers {
        answers.push(asker.await.unwrap());
    }
    let rows = |found: &Lookalikes| format!("{:?}", found.rows);
    for (found, learnt) in &answers {
        assert_eq!(rows(found), rows(&answers[0].0));
        // It was learnt once for all.
        assert!(Arc::ptr_eq(&found.learnt, learnt) && Arc::ptr_eq(learnt, &answers[0].1));
    }
}

#[tokio::test]
async fn both_stores_and_the_model_alone_say_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let (in_memory, world) = Town::generated(memory()).await;
    let (on_disk, _) = Town::generated(embedded(folder.path())).await;
    let prospects: Vec<_> = world
        .parties
        .keys()
        .map(|name| Prospect::Stored(id(name)))
        .collect();
    let found = in_memory.prequalify(prospects.clone()).await;
    let other = on_disk.prequalify(prospects).await;
    let last = world
        .lines
        .iter()
        .map(|(_, day, ..)| *day)
        .filter(|day| *day < CUT)
        .max()
        .unwrap();
    let cut = Day(last.0 + 1);
    let learnt = world.profiles(cut, |first| first < cut);
    let alone = ProfitModel::train(&learnt, &world.definitions, cut, 365);
    assert_eq!(found.model.fingerprint(), alone.fingerprint());
    assert_eq!(other.model.fingerprint(), alone.fingerprint());
    assert_eq!(found.footing.control_total, other.footing.control_total);
    let profit: Nanos = world
        .lines
        .iter()
        .filter(|(_, day, ..)| *day < CUT)
        .map(|(_, _, _, profit)| i128::from(*profit) * 1_000)
        .sum();
    assert_eq!(found.footing.control_total.ledger, profit);
    for (place, party) in world.parties.values().enumerate() {
        let result = found.results[place].as_ref().unwrap();
        assert_eq!(result.prediction, alone.predict(&party.traits));
        assert_eq!(
            other.results[place].as_ref().unwrap().prediction,
            result.prediction
        );
    }
    let one = in_memory.profile().await.unwrap();
    let two = on_disk.profile().await.unwrap();
    assert_eq!((&one.table, &one.lines), (&two.table, &two.lines));
}

#[tokio::test]
async fn bakeries_are_pursued_and_garages_declined() {
    let (town, _) = Town::generated(memory()).await;
    let of = |trade: &str| inline([(key("TRADE"), TraitValue::Category(trade.to_owned()))].into());
    let found = town
        .prequalify(vec![of("Bakery"), of("Garage"), of("Zoo")])
        .await;
    let verdicts: Vec<_> = found
        .results
        .iter()
        .map(|result| result.as_ref().unwrap().returned)
        .collect();
    assert_eq!(verdicts[0].decision, Decision::Pursue);
    assert_eq!(verdicts[1].decision, Decision::Decline);
    assert_eq!(verdicts[2].reason, ReturnReason::TraitsNeverSeen);
    assert!(found.model.coverage.is_some());
}

#[tokio::test]
async fn the_same_question_as_of_the_same_position_has_the_same_answer() {
    let store = memory();
    let (town, _) = Town::generated(Arc::clone(&store)).await;
    let as_of = town.now().await;
    let ask = |as_of| PrequalifyRequest {
        prospects: vec![Ok(Prospect::Stored(id("C120")))],
        horizon_days: 365,
        asked: Asked::default(),
        training_period: Period::ALL,
        cost_model_version: None,
        model_version: None,
        as_of,
    };
    let first = town
        .service
        .prequalify(&town.tenant, ask(as_of))
        .await
        .unwrap();
    let again = town
        .service
        .prequalify(&town.tenant, ask(as_of))
        .await
        .unwrap();
    assert!(
        Arc::ptr_eq(&first.model, &again.model),
        "the model was made twice"
    );
    let lines = (0..30).map(|n| ("C001".to_owned(), Day(600), 90_000_000, 9_000_000 + n));
    let entries = lines
        .enumerate()
        .map(|(number, line)| sale(5_000 + number, &line));
    town.append(entries.collect()).await;
    let newer = town
        .service
        .prequalify(&town.tenant, ask(town.now().await))
        .await
        .unwrap();
    assert_ne!(newer.model.fingerprint(), first.model.fingerprint());
    // Another service has nothing kept.
    let other = Town::over(store);
    let old = other
        .service
        .prequalify(&other.tenant, ask(as_of))
        .await
        .unwrap();
    assert_eq!(old.model.fingerprint(), first.model.fingerprint());
}

#[tokio::test]
async fn fixed_costs_count_in_the_profile_and_not_in_what_a_prospect_brings() {
    let (town, _) = Town::generated(memory()).await;
    let before = town.prequalify(vec![Prospect::Stored(id("C120"))]).await;
    let losses = |learnt: &LearntOfBest| learnt.table.whole.loss_makers;
    let plain = town.profile().await.unwrap();
    let pool = CostPool {
        amount: 120_000_000_000,
        start: Day(0),
        end: Day(700),
        policy: Policy::default(),
        items: BTreeMap::new(),
    };
    let draft = CostModelDraft {
        model: CostModel {
            pools: [(PoolId::parse("RENT", "").unwrap(), pool)].into(),
            ..CostModel::default()
        },
        request_id: RequestId::parse("r1", "").unwrap(),
        expected_version: None,
    };
    town.put(Record::CostModel(draft)).await;
    let borne = town.profile().await.unwrap();
    assert!(losses(&borne) > losses(&plain));
    assert_eq!(borne.footing.cost_model_version, 1);
    let after = town.prequalify(vec![Prospect::Stored(id("C120"))]).await;
    assert_eq!(after.footing.allocated_fixed_cost, 0);
    assert_eq!(after.footing.cost_model_version, 1);
    let expected = |found: &Prequalified| found.results[0].as_ref().unwrap().prediction.expected;
    assert_eq!(expected(&after), expected(&before));
}

#[tokio::test]
async fn too_few_customers_make_no_profile_and_every_prospect_is_for_a_person() {
    let town = Town::empty();
    let lines = (0..39).map(|n| (format!("C{n}"), Day(n), 10_000_000, 1_000_000));
    let entries = lines.enumerate().map(|(number, line)| sale(number, &line));
    town.append(entries.collect()).await;
    let problem = town.profile().await.unwrap_err();
    assert_eq!(problem.reason, Reason::EvidenceTooThin);
    assert_eq!(
        (
            &*problem.metadata["customers"],
            &*problem.metadata["minimum"]
        ),
        ("39", "40")
    );
    let best = town.best().await;
    let problem = town
        .service
        .lookalikes(&town.tenant, &best, 0..9)
        .await
        .unwrap_err();
    assert_eq!(problem.reason, Reason::EvidenceTooThin);
    let found = town.prequalify(vec![inline(BTreeMap::new())]).await;
    let verdict = found.results[0].as_ref().unwrap().returned;
    assert_eq!(verdict.reason, ReturnReason::TooFewCustomers);
    let nobody = Town::empty()
        .prequalify(vec![inline(BTreeMap::new())])
        .await;
    let verdict = nobody.results[0].as_ref().unwrap().returned;
    assert_eq!((verdict.decision, verdict.margin), (Decision::Review, None));
    assert_eq!(nobody.model.customers, 0);
}

#[tokio::test]
async fn each_prospect_stands_alone_and_is_refused_by_name() {
    let (town, _) = Town::generated(memory()).await;
    let late = TraitDefinition {
        key: key("PAYS"),
        trait_type: TraitType::Category,
        bin_edges: Vec::new(),
        sensitivity: Sensitivity::Ordinary,
        known_after_conversion: true,
    };
    town.put(Record::TraitDefinition(late)).await;
    let category = |name: &str| TraitValue::Category(name.to_owned());
    let leak = town
        .refusal(inline([(key("PAYS"), category("late"))].into()))
        .await;
    assert_eq!(
        (leak.reason, &*leak.field),
        (Reason::TraitLeaksOutcome, "inline.traits")
    );
    assert_eq!(leak.metadata["trait"], "PAYS");
    let wrong = town
        .refusal(inline([(key("TRADE"), TraitValue::Flag(true))].into()))
        .await;
    assert_eq!(
        (wrong.reason, &*wrong.field),
        (Reason::TraitTypeMismatch, "inline.traits")
    );
    assert_eq!(
        (&*wrong.metadata["expected"], &*wrong.metadata["actual"]),
        ("CATEGORY", "FLAG")
    );
    let gone = town.refusal(Prospect::Stored(id("nobody"))).await;
    assert_eq!(
        (gone.reason, &*gone.metadata["party_id"]),
        (Reason::PartyNotFound, "nobody")
    );
    let new = inline(
        [
            (key("COLOUR"), category("red")),
            (key("TRADE"), category("Hotel")),
        ]
        .into(),
    );
    let found = town
        .prequalify(vec![
            Prospect::Stored(id("nobody")),
            new,
            Prospect::Stored(id("C121")),
        ])
        .await;
    assert!(found.results[0].is_err() && found.results[2].is_ok());
    let ignored = &found.results[1].as_ref().unwrap().prediction.ignored;
    assert_eq!(
        (ignored.len(), ignored[0].reason),
        (1, IgnoredReason::NeverSeen)
    );
}

#[tokio::test]
async fn a_stored_prospect_with_a_late_trait_is_answered_without_it() {
    let (town, world) = Town::generated(memory()).await;
    let plain = town.prequalify(vec![Prospect::Stored(id("C121"))]).await;
    let late = TraitDefinition {
        known_after_conversion: true,
        ..(*world::definition("PAYS", TraitType::Flag)).clone()
    };
    town.put(Record::TraitDefinition(late)).await;
    for (place, party) in world.parties.values().enumerate() {
        let mut party = (**party).clone();
        if party.party_id >= id("C120") {
            party.stage = Stage::Prospect;
        }
        party
            .traits
            .insert(key("PAYS"), TraitValue::Flag(place % 2 == 0));
        town.put(Record::Party(party)).await;
    }
    let found = town.prequalify(vec![Prospect::Stored(id("C121"))]).await;
    assert_eq!(found.model.fingerprint(), plain.model.fingerprint());
    let prediction = &found.results[0].as_ref().unwrap().prediction;
    assert_eq!(
        prediction.ignored[0].reason,
        IgnoredReason::KnownAfterConversion
    );
    let learnt = town.profile().await.unwrap();
    assert_eq!(
        learnt.ignored()[0].reason,
        IgnoredReason::KnownAfterConversion
    );
    assert!(learnt.lines.iter().all(|line| line.bin.key != key("PAYS")));
}
