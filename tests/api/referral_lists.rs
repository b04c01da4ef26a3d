//! Lists of referrals over a real socket: quadrants, word of mouth and whom to ask, in the world of docs/referrals.md.

use crate::{
    harness::{activity, days, decimal, refusal, rejection, text, usd},
    referrals::{asked, brought, filled, ranking, town},
};
use profitscore::api::pb::{
    self, LeftOutReason, RankingBasis, ReferralAskOutcome, ReferralKind, ReferralQuadrant,
    activity::Kind,
};

#[tokio::test]
async fn customers_fall_into_four_quadrants_that_add_up() {
    let world = filled(town()).await;
    let request = pb::ListReferralQuadrantsRequest {
        period: Some(days(0, 60)),
        ..Default::default()
    };
    let answer = world
        .advice()
        .list_referral_quadrants(request.clone())
        .await;
    let answer = answer.unwrap().into_inner();
    let placed: Vec<_> = answer
        .customers
        .iter()
        .map(|own| (own.customer_id.as_str(), own.quadrant()))
        .collect();
    use ReferralQuadrant::{Advocates, Affluents, Champions, Misers};
    assert_eq!(
        placed,
        [
            ("fay", Affluents),
            ("ada", Advocates),
            ("bea", Champions),
            ("dan", Affluents),
            ("eve", Misers),
            ("cyd", Misers),
        ]
    );
    let sums: Vec<_> = answer
        .quadrants
        .iter()
        .map(|own| {
            let amounts = [&own.own_profit, &own.referral_value, &own.total_value];
            let amounts = amounts.map(|amount| text(amount.as_ref())).join(" ");
            (own.quadrant(), own.customer_count, amounts)
        })
        .collect();
    assert_eq!(
        sums,
        [
            (Champions, 1, "190 30 220".to_owned()),
            (Affluents, 2, "370 0 370".to_owned()),
            (Advocates, 1, "-15 240 225".to_owned()),
            (Misers, 2, "80 0 80".to_owned()),
        ]
    );
    assert_eq!(text(answer.own_profit_threshold.as_ref()), "50");
    assert_eq!(text(answer.referral_value_threshold.as_ref()), "0");
    let centres = answer.centres_of_influence.iter();
    let centres: Vec<_> = centres.map(|own| own.customer_id.as_str()).collect();
    assert_eq!(centres, ["ada"]);
    let some = pb::ListReferralQuadrantsRequest {
        quadrant: Champions.into(),
        own_profit_threshold: Some(usd("-20")),
        page_size: 1,
        ..request
    };
    let first = world.advice().list_referral_quadrants(some.clone()).await;
    let first = first.unwrap().into_inner();
    assert_eq!(first.customer_count, 2);
    assert_eq!(first.customers[0].customer_id, "ada");
    let second = pb::ListReferralQuadrantsRequest {
        page_token: first.next_page_token,
        ..some
    };
    let second = world.advice().list_referral_quadrants(second).await;
    let second = second.unwrap().into_inner();
    assert_eq!(second.customers[0].customer_id, "bea");
    assert_eq!(second.next_page_token, "");
}

#[tokio::test]
async fn word_of_mouth_arrives_at_a_rate_and_has_a_pipeline() {
    let world = filled(town()).await;
    world
        .post(vec![
            asked("k1", "ada", 40, ReferralAskOutcome::Named),
            asked("k2", "fay", 70, ReferralAskOutcome::Declined),
        ])
        .await;
    let request = pb::GetReferralReportRequest {
        period: Some(days(0, 60)),
        ..Default::default()
    };
    let answer = world.advice().get_referral_report(request).await;
    let answer = answer.unwrap().into_inner();
    let flow = |own: &pb::ReferralFlow| {
        let rate = own.arrivals_per_30_days.clone().unwrap().value;
        let amounts = [&own.customer_margin, &own.pipeline_value];
        let amounts = amounts.map(|amount| text(amount.as_ref())).join(" ");
        let counts = (own.arrival_count, own.converted_count, own.open_count);
        (own.product_family.clone(), counts, rate, amounts)
    };
    let row = |family: &str, counts, rate: &str, amounts: &str| {
        (
            family.to_owned(),
            counts,
            rate.to_owned(),
            amounts.to_owned(),
        )
    };
    let families: Vec<_> = answer.families.iter().map(flow).collect();
    assert_eq!(
        families,
        [
            row("TEA", (2, 2, 0), "1", "240 0"),
            row("tools", (2, 1, 1), "1", "90 45"),
        ]
    );
    let total = flow(&answer.total.unwrap());
    assert_eq!(total, row("", (4, 3, 1), "2", "330 82.5"));
    assert_eq!(answer.day_count, 60);
    let months: Vec<_> = answer
        .months
        .iter()
        .map(|own| (own.month.unwrap(), own.arrival_count, own.converted_count))
        .collect();
    let january = pb::CalendarMonth {
        year: 1970,
        month: 1,
    };
    assert_eq!(months, [(january, 4, 3)]);
    let left_out: Vec<_> = answer
        .left_out
        .iter()
        .map(|own| (own.reason(), own.count))
        .collect();
    assert_eq!(
        left_out,
        [
            (LeftOutReason::Repeated, 1),
            (LeftOutReason::AlreadyReferred, 1),
            (LeftOutReason::Circle, 1),
        ]
    );
    let asks: Vec<_> = answer
        .asks
        .iter()
        .map(|own| (own.outcome(), own.count))
        .collect();
    assert_eq!(asks, [(ReferralAskOutcome::Named, 1)]);
}

#[tokio::test]
async fn who_was_asked_lately_or_is_unhappy_is_left_in_peace() {
    let world = filled(town()).await;
    let complaint = pb::Complaint {
        severity: pb::ComplaintSeverity::Minor.into(),
        ..Default::default()
    };
    let feedback = pb::Feedback {
        score: Some(decimal("1")),
        worst_score: Some(decimal("0")),
        best_score: Some(decimal("10")),
        comment: String::new(),
    };
    world
        .post(vec![
            activity("c1", "eve", 30, Kind::Complaint(complaint)),
            activity("f1", "dan", 30, Kind::Feedback(feedback)),
            asked("k1", "fay", 5, ReferralAskOutcome::Declined),
            asked("k2", "fay", 40, ReferralAskOutcome::Named),
            asked("k3", "bea", 50, ReferralAskOutcome::Open),
            asked("k4", "ada", -100, ReferralAskOutcome::Named),
        ])
        .await;
    let request = pb::ListReferralAsksRequest {
        period: Some(days(0, 60)),
        ..Default::default()
    };
    let ask = async |request| {
        let answer = world.advice().list_referral_asks(request).await;
        answer.unwrap().into_inner()
    };
    let answer = ask(request.clone()).await;
    let told = |answer: &pb::ListReferralAsksResponse| -> Vec<(String, i64, i64)> {
        let rows = answer.customers.iter();
        rows.map(|own| (own.customer_id.clone(), own.ask_count, own.asked_count))
            .collect()
    };
    let row = |id: &str, asks, asked| (id.to_owned(), asks, asked);
    assert_eq!(told(&answer), [row("ada", 2, 0), row("cyd", 2, 0)]);
    assert_eq!(
        answer.customers[0].last_outcome(),
        ReferralAskOutcome::Named
    );
    assert_eq!(answer.customers[1].last_ask_time, None);
    assert_eq!((answer.customer_count, answer.ask_count), (2, 4));
    use pb::AskSkipReason::{AskedLately, Complained, QuotaReached, Unhappy};
    let skipped: Vec<_> = answer
        .skipped
        .iter()
        .map(|own| (own.reason(), own.customer_count))
        .collect();
    let each = [Complained, Unhappy, QuotaReached, AskedLately];
    assert_eq!(skipped, each.map(|reason| (reason, 1)));
    assert_eq!(answer.active_customer_count, 6);
    let soon = pb::ListReferralAsksRequest {
        quota: 3,
        rest_days: Some(9),
        least_content: Some(decimal("0.1")),
        page_size: 3,
        ..request
    };
    let answer = ask(soon).await;
    assert_eq!(
        told(&answer),
        [row("fay", 1, 2), row("ada", 3, 0), row("bea", 2, 1)]
    );
    assert_eq!((answer.customer_count, answer.ask_count), (5, 12));
    assert_ne!(answer.next_page_token, "");
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_by_name() {
    let world = filled(town()).await;
    let refused = |status: tonic::Status| {
        let (reason, field) = refusal(&status);
        format!("{reason} {field}")
    };
    let mut rankings = world.rankings();
    let mut rank = async |request| refused(rankings.rank_customers(request).await.unwrap_err());
    let branch = pb::CustomerFilter {
        branch_ids: vec!["north".to_owned()],
        ..Default::default()
    };
    let filtered = pb::RankCustomersRequest {
        filter: Some(branch),
        ..ranking()
    };
    assert_eq!(rank(filtered).await, "FIELD_INVALID filter");
    let by_profit = pb::RankCustomersRequest {
        basis: RankingBasis::NetProfit.into(),
        referral_terms: Some(pb::ReferralTerms::default()),
        ..ranking()
    };
    assert_eq!(rank(by_profit).await, "FIELD_INVALID referral_terms");
    let bands = pb::CompareBandsRequest {
        basis: RankingBasis::TotalValue.into(),
        ..Default::default()
    };
    let status = world.rankings().compare_bands(bands).await.unwrap_err();
    assert_eq!(refused(status), "ENUM_VALUE_UNKNOWN basis");
    let nobody = pb::GetReferralValueRequest {
        customer_id: "nobody".to_owned(),
        ..Default::default()
    };
    let status = world.advice().get_referral_value(nobody).await.unwrap_err();
    assert_eq!(refusal(&status).0, "CUSTOMER_NOT_FOUND");
    let often = pb::ListReferralAsksRequest {
        rest_days: Some(-1),
        ..Default::default()
    };
    let status = world.advice().list_referral_asks(often).await.unwrap_err();
    assert_eq!(refused(status), "NUMBER_OUT_OF_RANGE rest_days");
    let itself = brought("me", "ada", 1, "ada", ReferralKind::WouldHaveCome, "");
    let nothing = asked("no", "ada", 1, ReferralAskOutcome::Unspecified);
    let request = pb::SubmitActivitiesRequest {
        activities: vec![itself, nothing],
        ..Default::default()
    };
    let answer = world.activities().submit_activities(request).await.unwrap();
    let fields: Vec<_> = answer
        .into_inner()
        .results
        .iter()
        .map(|result| rejection(result).field.clone())
        .collect();
    assert_eq!(
        fields,
        [
            "activities[0].referral.referred_party_id",
            "activities[1].referral_ask.outcome"
        ]
    );
}
