//! `AdviceService.AllocateTime`, worked out by hand.

use crate::harness::{World, activity, days, decimal, effort, refusal, sale, text};
use profitscore::api::pb::{self, activity::Kind};

/// The first days of the months from January to May 1970, and the day after them.
const MONTHS: [i64; 6] = [0, 31, 59, 90, 120, 151];
/// What each account gets in them: 100 minutes in the mean.
const MINUTES: [f64; 5] = [40.0, 160.0, 100.0, 70.0, 130.0];

fn under(manager: &str, mut activity: pb::Activity) -> pb::Activity {
    activity.dimensions = Some(pb::Dimensions {
        account_manager_id: manager.to_owned(),
        ..Default::default()
    });
    activity
}

/// Accounts of Mia. Each buys for 1,000 a month, of which `500 + 1,000 b ln(1 + minutes / 100)` is margin; `b` is 0
/// with a, 0.1 with b and 0.4 with c. Bo has b and somebody else besides.
async fn accounts() -> World {
    let world = World::start().await;
    let mut all = Vec::new();
    for (customer, slope) in [("a", 0.0), ("b", 0.1), ("c", 0.4)] {
        for (month, minutes) in MINUTES.iter().enumerate() {
            let day = MONTHS[month] + 3;
            let margin = 1_000.0 * (0.5 + slope * (1.0 + minutes / 100.0).ln());
            let cost = format!("{:.6}", 1_000.0 - margin);
            let id = format!("{customer}{month}");
            all.push(under("mia", sale(&id, customer, day, "1000", &cost)));
            let visit = effort(
                &format!("v{id}"),
                customer,
                day,
                "SALES",
                &minutes.to_string(),
            );
            all.push(under("mia", visit));
        }
    }
    all.push(under("bo", sale("b9", "b", 5, "70", "1")));
    all.push(under("bo", sale("d9", "d", 5, "70", "1")));
    world.post(all).await;
    world
}

fn ten_hours() -> pb::AllocateTimeRequest {
    pb::AllocateTimeRequest {
        account_manager_id: "mia".to_owned(),
        period: Some(days(MONTHS[0], MONTHS[5])),
        hours: Some(decimal("10")),
        minimum_minutes_per_account: Some(decimal("20")),
        ..Default::default()
    }
}

async fn allocate(world: &World, request: pb::AllocateTimeRequest) -> pb::AllocateTimeResponse {
    let answer = world.advice().allocate_time(request).await;
    answer.unwrap().into_inner()
}

fn minutes(answer: &pb::AllocateTimeResponse) -> Vec<String> {
    let value = |time: &Option<pb::google_type::Decimal>| time.clone().unwrap().value;
    let rows = answer.accounts.iter().map(|one| {
        format!(
            "{} {} {} {}",
            one.customer_id,
            value(&one.advised_minutes),
            value(&one.equal_minutes),
            value(&one.today_minutes)
        )
    });
    rows.collect()
}

fn near(money: Option<&pb::google_type::Money>, expected: f64) {
    let found: f64 = text(money).parse().unwrap();
    assert!((found - expected).abs() < 0.01, "{found} is not {expected}");
}

#[tokio::test]
async fn hours_go_where_they_bring_the_most() {
    let world = accounts().await;
    let answer = allocate(&world, ten_hours()).await;
    // 20 blocks of half an hour; a gets the one that everybody gets. Of the other 570 minutes c gets x and b y, where
    // 400 / (100 + x) = 100 / (100 + y): 516 and 54, in whole blocks 510 and 60. All three got the same time before.
    let expected = ["c 510 180 180", "b 60 210 210", "a 30 210 210"];
    assert_eq!(minutes(&answer), expected);
    assert_eq!(answer.block_count, 20);
    assert_eq!(answer.unallotted_minutes.unwrap().value, "0");
    let totals = answer.totals.unwrap();
    // 1,500 + 400 ln 6.1 + 100 ln 1.6, and 1,500 + 400 ln 2.8 + 100 ln 3.1.
    near(totals.advised_margin.as_ref(), 2_270.316);
    near(totals.equal_margin.as_ref(), 2_024.988);
    near(totals.today_margin.as_ref(), 2_024.988);
    for gain in [totals.gain_over_equal, totals.gain_over_today] {
        let gain = gain.unwrap();
        near(gain.expected.as_ref(), 245.328);
        near(gain.lower.as_ref(), 245.328);
        near(gain.upper.as_ref(), 245.328);
    }
    // A further block: 400 ln(6.4 / 6.1) with c, 100 ln(1.9 / 1.6) with b.
    near(totals.next_block_return.as_ref(), 19.204);
    near(answer.accounts[0].next_block_return.as_ref(), 19.204);
    near(answer.accounts[1].next_block_return.as_ref(), 17.185);
    let curve = &answer.accounts[0].block_returns;
    assert_eq!(curve.len(), 34, "twice the 17 blocks");
    near(curve.first(), 400.0 * 1.3_f64.ln());
    near(curve.get(17), 19.204);
    assert_eq!(answer.accounts[2].block_returns.len(), 12);
    near(answer.accounts[2].block_returns.last(), 0.0);
    let evidence = answer.evidence.unwrap();
    assert_eq!(
        (
            evidence.account_count,
            evidence.informative_account_count,
            evidence.month_count
        ),
        (3, 3, 5)
    );
    assert!((evidence.scale_minutes - 100.0).abs() < 1e-9);
    assert!((evidence.common_response - 0.5 / 3.0).abs() < 1e-6);
}

#[tokio::test]
async fn what_was_booked_under_the_manager_is_told_and_ties() {
    let world = accounts().await;
    let answer = allocate(&world, ten_hours()).await;
    let total = answer.control_total.unwrap();
    assert_eq!(text(total.ledger.as_ref()), text(total.reported.as_ref()));
    // a has 5 months of 1,000 with 500 minutes; what b bought from Bo is not Mia's.
    for one in &answer.accounts {
        let history = one.history.clone().unwrap();
        assert_eq!(history.minutes.unwrap().value, "500");
        assert_eq!(text(history.net_revenue.as_ref()), "5000");
        // 5,000 in 500 minutes.
        assert_eq!(text(history.revenue_per_hour.as_ref()), "600");
    }
    let history = answer.accounts[2].history.clone().unwrap();
    assert_eq!(text(history.contribution_margin.as_ref()), "2500");
    assert_eq!(text(history.profit_per_hour.as_ref()), "300");
    let all = answer.totals.unwrap().history.unwrap();
    assert_eq!(all.minutes.unwrap().value, "1500");
    assert_eq!(text(all.net_revenue.as_ref()), "15000");
}

#[tokio::test]
async fn travel_takes_time_and_small_accounts_keep_their_minimum() {
    let world = accounts().await;
    let mut request = ten_hours();
    request.travel_minutes_per_block = Some(decimal("15"));
    request.minimum_minutes_per_account = Some(decimal("90"));
    request.hours = Some(decimal("7"));
    let answer = allocate(&world, request.clone()).await;
    // 420 minutes have 9 blocks of 45, and 15 minutes are left; each account gets its three.
    assert_eq!(minutes(&answer), ["a 90 90 90", "b 90 90 90", "c 90 90 90"]);
    assert_eq!(answer.block_count, 9);
    assert_eq!(answer.unallotted_minutes.unwrap().value, "15");
    request.hours = Some(decimal("6.7"));
    let refused = world.advice().allocate_time(request).await.unwrap_err();
    let expected = ("FIELD_INVALID", "minimum_minutes_per_account");
    let (reason, field) = refusal(&refused);
    assert_eq!((&*reason, &*field), expected);
}

#[tokio::test]
async fn a_handover_is_dated() {
    let world = accounts().await;
    let visit = |id: &str, day| effort(id, "e", day, "SALES", "10");
    let call = pb::Complaint {
        severity: pb::ComplaintSeverity::Minor as i32,
        ..Default::default()
    };
    world
        .post(vec![
            under("zoe", visit("e1", 2)),
            under("bo", visit("e2", MONTHS[1])),
            under("mia", visit("e3", MONTHS[2])),
            under("bo", activity("e4", "e", MONTHS[3], Kind::Complaint(call))),
        ])
        .await;
    let answer = allocate(&world, ten_hours()).await;
    let of = |id: &str| {
        answer
            .accounts
            .iter()
            .find(|one| one.customer_id == id)
            .unwrap()
    };
    let since = of("e").managed_since.unwrap();
    assert_eq!((since.year, since.month), (1970, 3));
    assert_eq!(of("e").previous_account_manager_id, "bo");
    let since = of("b").managed_since.unwrap();
    assert_eq!((since.year, since.month), (1970, 1));
    assert_eq!(of("b").previous_account_manager_id, "");
}

#[tokio::test]
async fn what_cannot_be_split_is_refused_by_name() {
    let world = accounts().await;
    let refused = async |change: &dyn Fn(&mut pb::AllocateTimeRequest)| {
        let mut request = ten_hours();
        change(&mut request);
        refusal(&world.advice().allocate_time(request).await.unwrap_err())
    };
    type Change<'c> = &'c dyn Fn(&mut pb::AllocateTimeRequest);
    let cases: [(Change<'_>, &str, &str); 8] = [
        (
            &|r| r.account_manager_id.clear(),
            "FIELD_REQUIRED",
            "account_manager_id",
        ),
        (
            &|r| r.account_manager_id = "nobody".to_owned(),
            "EVIDENCE_TOO_THIN",
            "",
        ),
        (
            &|r| r.account_manager_id = "bo".to_owned(),
            "EVIDENCE_TOO_THIN",
            "",
        ),
        (&|r| r.hours = None, "FIELD_REQUIRED", "hours"),
        (
            &|r| r.hours = Some(decimal("0")),
            "NUMBER_OUT_OF_RANGE",
            "hours",
        ),
        (
            &|r| r.block_minutes = Some(decimal("0")),
            "NUMBER_OUT_OF_RANGE",
            "block_minutes",
        ),
        (
            &|r| r.period = Some(days(0, 150)),
            "FIELD_INVALID",
            "period",
        ),
        (&|r| r.period = Some(days(0, 59)), "FIELD_INVALID", "period"),
    ];
    for (change, reason, field) in cases {
        assert_eq!(refused(change).await, (reason.to_owned(), field.to_owned()));
    }
}
