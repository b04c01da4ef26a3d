//! Who brought whom over a real socket, and what that is worth: the world of docs/referrals.md, reckoned there by hand.

use crate::harness::{
    World, activity, cost_model, days, decimal, effort, refusal, sale, text, usd,
};
use profitscore::api::pb::{
    self, LeftOutReason, RankingBasis, ReferralAskOutcome, ReferralKind, activity::Kind,
};

/// A referral, at noon.
pub fn brought(
    id: &str,
    referrer: &str,
    on: i64,
    referred: &str,
    kind: ReferralKind,
    family: &str,
) -> pb::Activity {
    let referral = pb::Referral {
        referred_party_id: referred.to_owned(),
        kind: kind.into(),
        product_family: family.to_owned(),
    };
    activity(id, referrer, on, Kind::Referral(referral))
}

fn won(id: &str, customer: &str, on: i64, amount: &str) -> pb::Activity {
    let acquisition = pb::Acquisition {
        amount: Some(usd(amount)),
        offer_id: String::new(),
    };
    activity(id, customer, on, Kind::Acquisition(acquisition))
}

pub fn asked(id: &str, customer: &str, on: i64, outcome: ReferralAskOutcome) -> pb::Activity {
    let ask = pb::ReferralAsk {
        outcome: outcome.into(),
        note: "at lunch".to_owned(),
    };
    activity(id, customer, on, Kind::ReferralAsk(ask))
}

/// Ada earns nothing herself and brought Bea, who brought Cyd; Dan would have come without her, and Gus has not bought
/// anything yet. Nobody brought Eve and Fay.
pub fn town() -> Vec<pb::Activity> {
    let (first, second) = (ReferralKind::WouldNotHaveCome, ReferralKind::WouldHaveCome);
    let untold = ReferralKind::Unspecified;
    vec![
        sale("s1", "ada", 4, "20", "15"),
        effort("e1", "ada", 5, "CLERK", "10"),
        brought("r1", "ada", 1, "bea", first, "TEA"),
        sale("s2", "bea", 6, "300", "100"),
        brought("r2", "bea", 2, "cyd", first, "TEA"),
        sale("s3", "cyd", 7, "100", "60"),
        brought("r3", "ada", 3, "dan", second, "tools"),
        won("a1", "dan", 3, "10"),
        sale("s4", "dan", 8, "150", "50"),
        brought("r4", "ada", 10, "gus", untold, "tools"),
        won("a2", "eve", 1, "30"),
        sale("s5", "eve", 9, "200", "110"),
        won("a3", "fay", 1, "50"),
        sale("s6", "fay", 9, "400", "50"),
        // What cannot be true as well.
        brought("x1", "eve", 5, "bea", untold, ""),
        brought("x2", "ada", 6, "bea", untold, ""),
        brought("x3", "cyd", 20, "ada", untold, ""),
    ]
}

pub async fn filled(activities: Vec<pb::Activity>) -> World {
    let world = World::start().await;
    let request = pb::PutCostModelRequest {
        cost_model: Some(cost_model("CLERK", "1", "60", 0, 60)),
        request_id: "r1".to_owned(),
        ..Default::default()
    };
    world.cost_models().put_cost_model(request).await.unwrap();
    world.post(activities).await;
    world
}

pub fn ranking() -> pb::RankCustomersRequest {
    pb::RankCustomersRequest {
        period: Some(days(0, 60)),
        basis: RankingBasis::TotalValue.into(),
        ..Default::default()
    }
}

async fn rank(world: &World, request: pb::RankCustomersRequest) -> pb::RankCustomersResponse {
    let answer = world.rankings().rank_customers(request).await;
    answer.unwrap().into_inner()
}

async fn value(world: &World, customer: &str) -> pb::GetReferralValueResponse {
    let request = pb::GetReferralValueRequest {
        customer_id: customer.to_owned(),
        period: Some(days(0, 60)),
        ..Default::default()
    };
    let answer = world.advice().get_referral_value(request).await;
    answer.unwrap().into_inner()
}

/// Own profit, referral value and total.
fn amounts(figures: Option<&pb::ReferralFigures>) -> [String; 3] {
    let figures = figures.expect("figures");
    [
        &figures.own_profit,
        &figures.referral_value,
        &figures.total_value,
    ]
    .map(|amount| text(amount.as_ref()))
}

#[tokio::test]
async fn who_brings_others_is_the_last_by_profit_and_nearly_the_first_by_total_value() {
    let world = filled(town()).await;
    let answer = rank(&world, ranking()).await;
    let told: Vec<_> = answer
        .customers
        .iter()
        .map(|row| {
            let [own, credited, total] = amounts(row.referral.as_ref());
            assert_eq!(text(row.value.as_ref()), total);
            let statement = row.statement.clone().unwrap();
            assert_eq!(text(statement.net_profit.as_ref()), own);
            let places = (row.rank, row.rank_by_revenue, row.rank_by_net_profit);
            (row.customer_id.as_str(), places, own, credited, total)
        })
        .collect();
    let row = |customer, places, own: &str, credited: &str, total: &str| {
        (
            customer,
            places,
            own.to_owned(),
            credited.to_owned(),
            total.to_owned(),
        )
    };
    assert_eq!(
        told,
        [
            row("fay", (1, 1, 1), "290", "0", "290"),
            row("ada", (2, 6, 6), "-15", "240", "225"),
            row("bea", (3, 2, 2), "190", "30", "220"),
            row("dan", (4, 4, 3), "80", "0", "80"),
            row("eve", (5, 3, 4), "50", "0", "50"),
            row("cyd", (6, 5, 5), "30", "0", "30"),
        ]
    );
    let total = answer.control_total.unwrap();
    assert_eq!(text(total.ledger.as_ref()), "625");
    assert_eq!(text(total.reported.as_ref()), "625");
    let totals = answer.referral_totals.unwrap();
    assert_eq!(text(totals.own_profit.as_ref()), "625");
    assert_eq!(text(totals.referral_value.as_ref()), "270");
    assert_eq!(text(totals.total_value.as_ref()), "895");
    // The mean of what Eve and Fay cost to win.
    assert_eq!(text(totals.acquisition_cost_saved.as_ref()), "40");
    assert_eq!((totals.referral_count, totals.untold_count), (4, 1));
    let last = answer.customers.last().unwrap();
    assert_eq!(text(last.cumulative_value.as_ref()), "895");
    assert_eq!(answer.negative_count, 0);
    let worst = pb::RankCustomersRequest {
        direction: pb::RankingDirection::WorstFirst.into(),
        page_size: 4,
        ..ranking()
    };
    let worst = rank(&world, worst).await;
    let ids = worst.customers.iter().map(|row| row.customer_id.as_str());
    assert_eq!(ids.collect::<Vec<_>>(), ["cyd", "eve", "dan", "bea"]);
    let rest = pb::RankCustomersRequest {
        direction: pb::RankingDirection::WorstFirst.into(),
        page_size: 4,
        page_token: worst.next_page_token,
        ..ranking()
    };
    let rest = rank(&world, rest).await;
    assert_eq!(rest.customers[1].rank, 6);
    assert_eq!(text(rest.customers[1].cumulative_value.as_ref()), "895");
    assert_eq!(rest.next_page_token, "");
}

#[tokio::test]
async fn what_is_credited_is_told_by_generation_and_party() {
    let world = filled(town()).await;
    let ada = value(&world, "ada").await;
    assert_eq!(amounts(ada.figures.as_ref()), ["-15", "240", "225"]);
    let figures = ada.figures.unwrap();
    let reach = (
        figures.direct_referral_count,
        figures.reach,
        figures.generation_count,
    );
    assert_eq!(reach, (3, 4, 2));
    assert_eq!(ada.brought_by, "");
    let generations: Vec<_> = ada
        .generations
        .iter()
        .map(|own| {
            let amounts = [&own.customer_margin, &own.worth, &own.credited];
            let amounts = amounts.map(|amount| text(amount.as_ref()));
            (own.generation, own.party_count, amounts.join(" "))
        })
        .collect();
    assert_eq!(
        generations,
        [
            (1, 3, "290 230 230".to_owned()),
            (2, 1, "40 40 10".to_owned())
        ]
    );
    let edges: Vec<_> = ada
        .edges
        .iter()
        .map(|edge| {
            let amounts = [&edge.customer_margin, &edge.worth, &edge.credited];
            let amounts = amounts.map(|amount| text(amount.as_ref())).join(" ");
            (
                &*edge.referred_party_id,
                &*edge.referrer_id,
                edge.kind(),
                amounts,
            )
        })
        .collect();
    let (first, second) = (ReferralKind::WouldNotHaveCome, ReferralKind::WouldHaveCome);
    assert_eq!(
        edges,
        [
            ("bea", "ada", first, "200 200 200".to_owned()),
            ("dan", "ada", second, "90 30 30".to_owned()),
            ("gus", "ada", first, "0 0 0".to_owned()),
            ("cyd", "bea", first, "40 40 10".to_owned()),
        ]
    );
    assert_eq!(ada.left_out.len(), 1);
    assert_eq!(ada.left_out[0].reason(), LeftOutReason::Repeated);
    let bea = value(&world, "bea").await;
    assert_eq!(amounts(bea.figures.as_ref()), ["190", "30", "220"]);
    assert_eq!(bea.brought_by, "ada");
    let eve = value(&world, "eve").await;
    assert_eq!(eve.left_out[0].reason(), LeftOutReason::AlreadyReferred);
    let cyd = value(&world, "cyd").await;
    assert_eq!(cyd.left_out[0].reason(), LeftOutReason::Circle);
    let total = cyd.control_total.unwrap();
    assert_eq!(text(total.reported.as_ref()), "30");
    assert_eq!(text(total.filtered_out.as_ref()), "595");
    // Who was only brought is known too.
    assert_eq!(value(&world, "gus").await.brought_by, "ada");
}

#[tokio::test]
async fn terms_say_what_is_passed_on_and_what_is_saved() {
    let world = filled(town()).await;
    let asked = |terms| pb::GetReferralValueRequest {
        customer_id: "ada".to_owned(),
        period: Some(days(0, 60)),
        terms: Some(terms),
        ..Default::default()
    };
    let credited = async |terms| {
        let answer = world.advice().get_referral_value(asked(terms)).await;
        let figures = answer.unwrap().into_inner().figures;
        text(figures.unwrap().referral_value.as_ref())
    };
    let half = pb::ReferralTerms {
        generation_decay: Some(decimal("0.5")),
        ..Default::default()
    };
    assert_eq!(credited(half).await, "250");
    let nothing = pb::ReferralTerms {
        generation_decay: Some(decimal("0")),
        acquisition_cost_saved: Some(usd("15.5")),
        ..Default::default()
    };
    // 200 of Bea, and 15.5 less the 10 that Dan cost all the same.
    assert_eq!(credited(nothing).await, "205.5");
    // More than Dan earns is not saved.
    let much = pb::ReferralTerms {
        acquisition_cost_saved: Some(usd("1000")),
        ..Default::default()
    };
    assert_eq!(credited(much).await, "300");
    let too_much = pb::ReferralTerms {
        generation_decay: Some(decimal("0.500001")),
        ..Default::default()
    };
    let status = world.advice().get_referral_value(asked(too_much)).await;
    let expected = ("NUMBER_OUT_OF_RANGE", "terms.generation_decay");
    let refused = refusal(&status.unwrap_err());
    assert_eq!((&*refused.0, &*refused.1), expected);
}

#[tokio::test]
async fn neither_order_nor_batches_change_what_counts_and_what_is_taken_back_never_was() {
    let world = filled(town()).await;
    let mut turned = town();
    turned.reverse();
    let other = filled(turned.split_off(9)).await;
    for one in turned {
        other.post(vec![one]).await;
    }
    let blank = |mut answer: pb::GetReferralValueResponse| {
        answer.read_at = None;
        answer
    };
    for customer in ["ada", "bea", "cyd", "eve"] {
        let (one, two) = (value(&world, customer).await, value(&other, customer).await);
        assert_eq!(blank(one), blank(two), "{customer}");
    }
    let taken = [&world, &other].map(|world| async move {
        let request = pb::ReverseActivitiesRequest {
            reversals: vec![pb::Reversal {
                reversal_id: "undo".to_owned(),
                activity_id: "r1".to_owned(),
                reason: "a mistake".to_owned(),
                ..Default::default()
            }],
            ..Default::default()
        };
        world
            .activities()
            .reverse_activities(request)
            .await
            .unwrap();
    });
    for one in taken {
        one.await;
    }
    let never: Vec<_> = town()
        .into_iter()
        .filter(|one| one.activity_id != "r1")
        .collect();
    let never = filled(never).await;
    for customer in ["ada", "bea", "cyd", "eve"] {
        let expected = blank(value(&never, customer).await);
        assert_eq!(blank(value(&world, customer).await), expected);
        assert_eq!(blank(value(&other, customer).await), expected);
    }
    // Now it was Eve, and so Cyd could bring Ada.
    assert_eq!(value(&world, "bea").await.brought_by, "eve");
    assert_eq!(value(&world, "ada").await.brought_by, "cyd");
    // Bea's 200 and a quarter of Cyd's 40 to Eve, a sixteenth of the 5 that Ada loses, a sixty-fourth of Dan's 30.
    assert_eq!(
        amounts(value(&world, "eve").await.figures.as_ref())[1],
        "210.15625"
    );
}
