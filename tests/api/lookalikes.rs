//! `ProspectService.ListLookalikes`: who is listed, and who is left out.

use crate::harness::{World, activity, category, decimal, effort, party, refusal, sale};
use profitscore::api::pb::{self, ExpansionLevel, activity::Kind};
use std::collections::BTreeMap;

const CUSTOMERS: i64 = 120;
/// As many of them are banks.
const BANKS: i64 = 40;

/// Id, name and traits of a prospect.
type Described = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
);

fn kind(number: i64) -> &'static str {
    ["bank", "shop", "office"][usize::try_from(number % 3).unwrap()]
}

/// Of the banks 27 are of the north, of the others every third.
fn is_north(number: i64) -> bool {
    (number / 3 % 3 == 2) != (kind(number) == "bank")
}

/// A name and a domain make parties one; nothing may be learnt of the domain.
fn web(address: &str) -> pb::Trait {
    category("WEB", address)
}

fn named(id: &str, name: &str, stage: pb::PartyStage, traits: Vec<pb::Trait>) -> pb::Party {
    pb::Party {
        display_name: name.to_owned(),
        ..party(id, stage, traits)
    }
}

async fn upsert(world: &World, parties: Vec<pb::Party>) {
    let request = pb::UpsertPartiesRequest {
        parties,
        ..Default::default()
    };
    world.customers().upsert_parties(request).await.unwrap();
}

/// 120 customers: banks earn 500 and a bit, shops lose 100, offices earn 20. In its first year a bank of the north
/// takes an hour a month, one of the south three. Prospects of all kinds, one named like a customer, one with its
/// domain.
async fn town() -> World {
    let world = World::start().await;
    let definition = pb::TraitDefinition {
        key: "WEB".to_owned(),
        r#type: pb::TraitType::Category as i32,
        sensitivity: pb::TraitSensitivity::Excluded as i32,
        ..Default::default()
    };
    let request = pb::PutTraitDefinitionRequest {
        trait_definition: Some(definition),
        ..Default::default()
    };
    let defined = world.customers().put_trait_definition(request).await;
    defined.unwrap();
    let (mut activities, mut parties) = (Vec::new(), Vec::new());
    for number in 0..CUSTOMERS {
        let id = format!("c{number:03}");
        let is_north = is_north(number);
        let cost = match kind(number) {
            "bank" => 500 - number,
            "shop" => 1_100,
            _ => 980,
        };
        activities.push(sale(&id, &id, number, "1000", &cost.to_string()));
        let minutes = if is_north { "60" } else { "180" };
        for month in 0..12 {
            if kind(number) == "bank" {
                let key = format!("{id}-{month}");
                activities.push(effort(&key, &id, number + month * 30, "SERVICE", minutes));
            }
        }
        let mut traits = vec![
            category("KIND", kind(number)),
            category("AREA", if is_north { "north" } else { "south" }),
        ];
        let name = match number {
            3 => "M\u{fc}ller & S\u{f6}hne GmbH",
            _ => "",
        };
        if number == 4 {
            traits.push(web("https://www.four.example/about"));
        }
        parties.push(named(&id, name, pb::PartyStage::Customer, traits));
    }
    activities.push(sale("last", "c002", 900, "0", "0"));
    let prospects: [Described; 9] = [
        ("p1", "Alpha", &[("KIND", "bank"), ("AREA", "north")]),
        ("p2", "Beta", &[("KIND", "bank"), ("AREA", "north")]),
        ("p3", "Gamma", &[("KIND", "bank"), ("AREA", "south")]),
        (
            "p4",
            "Muller and Sohne",
            &[("KIND", "bank"), ("AREA", "north")],
        ),
        (
            "p5",
            "Five",
            &[
                ("KIND", "bank"),
                ("AREA", "south"),
                ("WEB", "info@four.example"),
            ],
        ),
        ("p6", "Alpha Ltd", &[("KIND", "office"), ("AREA", "north")]),
        ("p7", "", &[("KIND", "shop"), ("AREA", "south")]),
        ("p8", "", &[]),
        ("p9", "", &[("KIND", "bank")]),
    ];
    for (id, name, traits) in prospects {
        let traits = traits.iter().map(|(key, value)| category(key, value));
        let stage = pb::PartyStage::Prospect;
        parties.push(named(id, name, stage, traits.collect()));
    }
    for chunk in activities.chunks(1_000) {
        world.post(chunk.to_vec()).await;
    }
    upsert(&world, parties).await;
    world
}

/// All banks are the best.
fn banks() -> Option<pb::BestCustomers> {
    Some(pb::BestCustomers {
        fraction: 0.333_333,
        ..Default::default()
    })
}

fn asking() -> pb::ListLookalikesRequest {
    pb::ListLookalikesRequest {
        best_customers: banks(),
        ..Default::default()
    }
}

async fn list(world: &World, request: pb::ListLookalikesRequest) -> pb::ListLookalikesResponse {
    let answer = world.prospects().list_lookalikes(request).await;
    let answer = answer.unwrap().into_inner();
    let left_out =
        answer.matched_count + answer.beyond_expansion_count + answer.beyond_capacity_count;
    assert_eq!(answer.listed_count, answer.prospect_count - left_out);
    for (place, row) in (1..).zip(&answer.lookalikes) {
        assert_eq!(row.rank, place);
        let parts: f64 = row.contributions.iter().map(|part| part.contribution).sum();
        assert!(parts == row.score, "exactly");
    }
    answer
}

fn ids(answer: &pb::ListLookalikesResponse) -> Vec<&str> {
    let ids = answer.lookalikes.iter().map(|row| row.party_id.as_str());
    ids.collect()
}

#[tokio::test]
async fn the_expansion_level_says_how_like_the_best_they_must_be() {
    let world = town().await;
    let all = list(&world, asking()).await;
    assert_eq!((all.prospect_count, all.best_customer_count), (9, BANKS));
    assert_eq!((all.listed_count, all.least_score), (9, None));
    let (mut listed, mut leasts) = (Vec::new(), Vec::new());
    for level in [
        ExpansionLevel::Narrow,
        ExpansionLevel::Balanced,
        ExpansionLevel::Broad,
    ] {
        let request = pb::ListLookalikesRequest {
            expansion: level.into(),
            ..asking()
        };
        let answer = list(&world, request).await;
        let least = answer.least_score.unwrap();
        // Just those of the whole list who are as like.
        let like = all.lookalikes.iter().filter(|row| row.score >= least);
        assert_eq!(answer.lookalikes, like.cloned().collect::<Vec<_>>());
        assert!(!answer.lookalikes.is_empty());
        listed.push(answer.listed_count);
        leasts.push(least);
    }
    // 27 of 40 of the best are banks of the north: half of them, and not four of five.
    let (north, south) = (score_of(&all, "p1"), score_of(&all, "p3"));
    assert_eq!(leasts, [north, south, south]);
    assert_eq!(listed, [3, 6, 6]);
}

fn score_of(answer: &pb::ListLookalikesResponse, id: &str) -> f64 {
    let row = answer.lookalikes.iter().find(|row| row.party_id == id);
    row.unwrap().score
}

#[tokio::test]
async fn diversity_puts_those_unlike_each_other_first() {
    let world = town().await;
    let plain = list(&world, asking()).await;
    let with = |diversity| pb::ListLookalikesRequest {
        diversity,
        ..asking()
    };
    let diverse = list(&world, with(0.4)).await;
    assert_eq!(diverse.listed_count, 9);
    let (first, second) = (&diverse.lookalikes[0], &diverse.lookalikes[1]);
    assert_eq!(first.party_id, plain.lookalikes[0].party_id);
    assert_eq!(first.nearest_likeness, None);
    // The second of the plain list has the traits of the first.
    let kinds = |row: &pb::Lookalike| {
        let parts = row.contributions.iter();
        let mut labels: Vec<_> = parts.map(|part| part.bin.clone().unwrap().label).collect();
        labels.sort();
        labels
    };
    assert_eq!(kinds(&plain.lookalikes[0]), kinds(&plain.lookalikes[1]));
    assert_ne!(kinds(first), kinds(second));
    assert!(second.nearest_likeness.unwrap() < 1.0);
    // Everybody is there, with the same score, and on the same pages.
    let scores = |answer: &pb::ListLookalikesResponse| -> BTreeMap<String, u64> {
        let rows = answer.lookalikes.iter();
        rows.map(|row| (row.party_id.clone(), row.score.to_bits()))
            .collect()
    };
    assert_eq!(scores(&diverse), scores(&plain));
    let request = pb::ListLookalikesRequest {
        page_size: 4,
        ..with(0.4)
    };
    let page = world.prospects().list_lookalikes(request.clone()).await;
    let page = page.unwrap().into_inner();
    let request = pb::ListLookalikesRequest {
        page_token: page.next_page_token,
        ..request
    };
    let next = world.prospects().list_lookalikes(request).await;
    let next = next.unwrap().into_inner();
    assert_eq!(page.lookalikes, diverse.lookalikes[..4]);
    assert_eq!(next.lookalikes, diverse.lookalikes[4..8]);
}

#[tokio::test]
async fn as_many_are_listed_as_there_is_time_to_serve() {
    let world = town().await;
    let with = |hours: &str| pb::ListLookalikesRequest {
        capacity_hours_per_month: Some(decimal(hours)),
        ..asking()
    };
    let all = list(&world, with("1000")).await;
    assert_eq!((all.listed_count, all.beyond_capacity_count), (9, 0));
    assert_eq!(all.minutes_customer_count, BANKS);
    // 27 of the 40 banks take 60 minutes, the others 180.
    let mean = all.mean_minutes_per_month.unwrap();
    assert!((mean - 99.0).abs() < 1e-6, "{mean}");
    let minutes = |id: &str| {
        let row = all.lookalikes.iter().find(|row| row.party_id == id);
        row.unwrap().minutes_per_month.unwrap()
    };
    assert!((60.0..90.0).contains(&minutes("p1")), "{}", minutes("p1"));
    assert!((150.0..180.1).contains(&minutes("p3")), "{}", minutes("p3"));
    // Where nothing is known it is about the mean.
    assert!((minutes("p8") - mean).abs() < 25.0, "{}", minutes("p8"));
    let mut sum = 0.0;
    for row in &all.lookalikes {
        sum += row.minutes_per_month.unwrap();
        assert!((row.cumulative_minutes_per_month.unwrap() - sum).abs() < 1e-6);
    }
    // Forty hours a month allow for all of them, five for the first.
    let some = list(&world, with("5")).await;
    let count = usize::try_from(some.listed_count).unwrap();
    assert_eq!(some.lookalikes, all.lookalikes[..count]);
    let last = some.lookalikes.last().unwrap();
    assert!(last.cumulative_minutes_per_month.unwrap() <= 300.0);
    let next = &all.lookalikes[count];
    assert!(next.cumulative_minutes_per_month.unwrap() > 300.0);
    assert_eq!(some.beyond_capacity_count, 9 - some.listed_count);
    // Nobody worked for offices and shops.
    let idle = pb::ListLookalikesRequest {
        best_customers: Some(seeds((0..CUSTOMERS).filter(|i| kind(*i) == "shop"))),
        ..with("40")
    };
    let status = world.prospects().list_lookalikes(idle).await.unwrap_err();
    assert_eq!(refusal(&status).0, "EVIDENCE_TOO_THIN");
}

#[tokio::test]
async fn customers_under_another_id_are_left_out_if_that_is_wanted() {
    let world = town().await;
    let with = |by_name, domains: &[&str]| pb::ListLookalikesRequest {
        customer_matching: Some(pb::CustomerMatching {
            by_name,
            domain_traits: domains.iter().map(|key| (*key).to_owned()).collect(),
        }),
        ..asking()
    };
    let plain = list(&world, asking()).await;
    let without = |left_out: &[&str]| -> Vec<&str> {
        let mut ids = ids(&plain);
        ids.retain(|id| !left_out.contains(id));
        ids
    };
    let by_name = list(&world, with(true, &[])).await;
    assert_eq!(
        (by_name.matched_count, ids(&by_name)),
        (1, without(&["p4"]))
    );
    let by_domain = list(&world, with(false, &["WEB"])).await;
    assert_eq!(ids(&by_domain), without(&["p5"]));
    // A prospect who has bought is a customer too, and so is who has its name.
    let bought = activity(
        "bought",
        "p1",
        901,
        Kind::Sale(match sale("x", "p1", 901, "10", "1").kind {
            Some(Kind::Sale(sale)) => sale,
            other => panic!("{other:?}"),
        }),
    );
    world.post(vec![bought]).await;
    let by_both = list(&world, with(true, &["WEB"])).await;
    assert_eq!(ids(&by_both), without(&["p1", "p4", "p5", "p6"]));
    assert_eq!((by_both.matched_count, by_both.converted_count), (3, 1));
}

/// Some customers as the best.
fn seeds(numbers: impl Iterator<Item = i64>) -> pb::BestCustomers {
    pb::BestCustomers {
        seed_customer_ids: numbers.map(|number| format!("c{number:03}")).collect(),
        ..Default::default()
    }
}

#[tokio::test]
async fn the_best_may_be_those_of_any_ranking() {
    let world = town().await;
    let ranking = pb::RankCustomersRequest {
        page_size: i32::try_from(BANKS).unwrap(),
        ..Default::default()
    };
    let ranking = world.rankings().rank_customers(ranking).await;
    let ranking = ranking.unwrap().into_inner().customers;
    let named = pb::BestCustomers {
        seed_customer_ids: ranking.into_iter().map(|row| row.customer_id).collect(),
        ..Default::default()
    };
    // The first of the default ranking by name are the best of it, to the last bit.
    let request = |best| pb::ListLookalikesRequest {
        best_customers: Some(best),
        expansion: ExpansionLevel::Broad.into(),
        ..Default::default()
    };
    let by_name = list(&world, request(named.clone())).await;
    assert_eq!(by_name, list(&world, request(banks().unwrap())).await);
    let profile = async |best| {
        let request = pb::GetProfileRequest {
            best_customers: Some(best),
            ..Default::default()
        };
        let answer = world.prospects().get_profile(request).await;
        answer.unwrap().into_inner()
    };
    assert_eq!(profile(named).await, profile(banks().unwrap()).await);
    // Others are like others; who is told to be one of the best is no loss-maker.
    let shops = seeds((0..CUSTOMERS).filter(|number| kind(*number) == "shop"));
    let answer = list(
        &world,
        pb::ListLookalikesRequest {
            best_customers: Some(shops),
            ..Default::default()
        },
    )
    .await;
    assert_eq!((ids(&answer)[0], answer.loss_maker_count), ("p7", 0));
}

#[tokio::test]
async fn the_weights_of_the_profile_make_every_score() {
    let world = town().await;
    let request = pb::GetProfileRequest {
        best_customers: banks(),
        ..Default::default()
    };
    let profile = world.prospects().get_profile(request).await;
    let profile = profile.unwrap().into_inner();
    let weights: BTreeMap<String, &pb::TraitLift> = (profile.trait_lifts.iter())
        .map(|line| (line.bin.clone().unwrap().label, line))
        .collect();
    assert!(weights["KIND = bank"].weight > 0.5 && weights["KIND = shop"].weight < -0.5);
    assert_eq!(weights["KIND = shop"].loss_maker_count, BANKS);
    let answer = list(&world, asking()).await;
    let mut told = 0;
    for part in answer.lookalikes.iter().flat_map(|row| &row.contributions) {
        let label = &part.bin.as_ref().unwrap().label;
        let weight = weights.get(label).map_or(0.0, |line| line.weight);
        assert!(weight == part.contribution, "{label}");
        told += 1;
    }
    assert!(told > 12, "{told}");
}

#[tokio::test]
async fn hostile_selections_are_refused_by_field() {
    let world = town().await;
    let matching = |keys: &[&str]| {
        Some(pb::CustomerMatching {
            by_name: false,
            domain_traits: keys.iter().map(|key| (*key).to_owned()).collect(),
        })
    };
    let best = |best: pb::BestCustomers| pb::ListLookalikesRequest {
        best_customers: Some(best),
        ..Default::default()
    };
    let hours = |hours: &str| pb::ListLookalikesRequest {
        capacity_hours_per_month: Some(decimal(hours)),
        ..asking()
    };
    let diversity = |diversity| pb::ListLookalikesRequest {
        diversity,
        ..asking()
    };
    let matched = |customer_matching| pb::ListLookalikesRequest {
        customer_matching,
        ..asking()
    };
    let cases = [
        (diversity(1.1), "NUMBER_OUT_OF_RANGE", "diversity"),
        (diversity(f64::NAN), "NUMBER_OUT_OF_RANGE", "diversity"),
        (
            hours("0"),
            "NUMBER_OUT_OF_RANGE",
            "capacity_hours_per_month",
        ),
        (
            hours("-1"),
            "NUMBER_OUT_OF_RANGE",
            "capacity_hours_per_month",
        ),
        (hours("much"), "FIELD_INVALID", "capacity_hours_per_month"),
        (matched(matching(&[])), "FIELD_INVALID", "customer_matching"),
        (
            matched(matching(&["A", " "])),
            "FIELD_INVALID",
            "customer_matching.domain_traits[1]",
        ),
        (
            matched(matching(&["A"; 6])),
            "LIST_TOO_LONG",
            "customer_matching.domain_traits",
        ),
        (
            pb::ListLookalikesRequest {
                expansion: 9,
                ..asking()
            },
            "ENUM_VALUE_UNKNOWN",
            "expansion",
        ),
        (
            best(pb::BestCustomers {
                fraction: 0.2,
                ..seeds(0..30)
            }),
            "FIELD_INVALID",
            "best_customers.fraction",
        ),
        (
            best(seeds(0..10_001)),
            "LIST_TOO_LONG",
            "best_customers.seed_customer_ids",
        ),
        (
            best(seeds(CUSTOMERS - 30..CUSTOMERS + 1)),
            "CUSTOMER_NOT_FOUND",
            "",
        ),
        (best(seeds(0..19)), "EVIDENCE_TOO_THIN", ""),
    ];
    for (request, reason, field) in cases {
        let status = world.prospects().list_lookalikes(request.clone()).await;
        let status = status.unwrap_err();
        let found = refusal(&status);
        assert_eq!(found, (reason.to_owned(), field.to_owned()), "{request:?}");
    }
}
