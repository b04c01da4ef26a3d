//! `GetLateArrivals` and `ListLateEntries`: what came after a month was closed, to the last unit.

use crate::{
    closings::{
        FEBRUARY, JANUARY, as_closed, close, close_request, go_on, january, month, small_world,
    },
    harness::{World, activity, days, sale, text, usd},
};
use profitscore::api::pb::{self, activity::Kind};

#[tokio::test]
async fn late_entries_are_those_of_the_month_alone() {
    let world = small_world().await;
    close(&world, close_request(month(2024, 1), "jan"))
        .await
        .unwrap();
    go_on(&world).await;
    let list = async |customer: &str, page_size, page_token| {
        let request = pb::ListLateEntriesRequest {
            month: january(),
            customer_id: customer.to_owned(),
            page_size,
            page_token,
            ..Default::default()
        };
        let answer = world.closings().list_late_entries(request).await;
        let answer = answer.unwrap().into_inner();
        assert_eq!(answer.closed_period.unwrap().position.unwrap().position, 8);
        let ids = answer
            .entries
            .into_iter()
            .map(|entry| match entry.entry.unwrap() {
                pb::ledger_entry::Entry::Activity(activity) => activity.activity_id,
                pb::ledger_entry::Entry::Reversal(reversal) => reversal.reversal_id,
            });
        (ids.collect::<Vec<_>>(), answer.next_page_token)
    };
    let (ids, next) = list("", 0, String::new()).await;
    assert_eq!(
        (ids, &*next),
        (vec!["late1".into(), "late2".into(), "r1".into()], "")
    );
    assert_eq!(list("c", 0, String::new()).await.0, ["r1"]);
    assert!(list("a", 0, String::new()).await.0.is_empty());
    let (ids, next) = list("", 2, String::new()).await;
    assert_eq!(ids, ["late1", "late2"]);
    let (ids, next) = list("", 2, next).await;
    assert_eq!((ids, &*next), (vec!["r1".to_owned()], ""));
}

/// As closed:     a 60 - 10 = 50, b -30 - 10 = -40, c 40 - 10 = 30; together 40.
/// With arrivals, at the same costs: a 50, b -30 + 80 - 10 = 40, d 7 - 10 = -3; c has no activity any more; 87.
/// Now, where a minute costs 0.6: b bears 10 more for its 100 minutes, 30; together 77.
#[tokio::test]
async fn late_arrivals_add_up_to_the_difference_of_two_reports() {
    let world = small_world().await;
    close(&world, close_request(month(2024, 1), "jan"))
        .await
        .unwrap();
    go_on(&world).await;
    let ask = |page_size, page_token| pb::GetLateArrivalsRequest {
        month: january(),
        page_size,
        page_token,
        ..Default::default()
    };
    let answer = world
        .closings()
        .get_late_arrivals(ask(0, String::new()))
        .await;
    let answer = answer.unwrap().into_inner();
    let net = |standing: &Option<pb::MonthStanding>| {
        let standing = standing.as_ref().unwrap();
        let statement = standing.statement.as_ref().unwrap();
        (
            text(statement.net_profit.as_ref()),
            standing.cost_model_version,
            standing.negative_count,
        )
    };
    assert_eq!(net(&answer.closed), ("40".into(), 1, 1));
    assert_eq!(net(&answer.with_arrivals), ("87".into(), 1, 1));
    assert_eq!(net(&answer.current), ("77".into(), 3, 1));
    assert_eq!(text(answer.change_by_arrivals.as_ref()), "47");
    assert_eq!(text(answer.change_by_costs.as_ref()), "-10");
    assert_eq!(text(answer.change.as_ref()), "37");

    let changes: Vec<_> = answer.customer_changes.iter().map(told).collect();
    let expected = [
        // customer, as closed, by arrivals, by costs, now, ranks, turns
        ("b", "-40", "80", "-10", "30", (3, 2), true),
        ("c", "30", "-30", "0", "0", (2, 0), false),
        ("d", "0", "-3", "0", "-3", (0, 3), true),
    ];
    let expected = expected.map(|(who, then, arrived, costs, now, ranks, turns)| {
        let texts = [who, then, arrived, costs, now].map(str::to_owned);
        (texts, ranks, turns)
    });
    assert_eq!(changes, expected);
    assert_eq!(answer.changed_customer_count, 3);

    let accounts = answer.account_changes.iter().map(|one| {
        let decimal = |of: &Option<pb::google_type::Decimal>| of.clone().unwrap().value;
        let numbers = [&one.closed, &one.current, &one.change].map(decimal);
        (one.account.as_str(), numbers.join(" "))
    });
    let expected = [
        ("gross_revenue", "450 497 47"),
        ("cost_of_goods", "330 330 0"),
        ("sales", "3 4 1"),
    ];
    let accounts: Vec<_> = accounts.collect();
    // 10 of goods came and 10 went: the sum is the same, and is not told.
    let expected = [expected[0], expected[2]].map(|(name, sums)| (name, sums.to_owned()));
    assert_eq!(accounts, expected);

    let ranking = async |read_options| {
        let request = pb::RankCustomersRequest {
            period: Some(days(JANUARY, FEBRUARY)),
            read_options,
            ..Default::default()
        };
        let answer = world.rankings().rank_customers(request).await.unwrap();
        text(answer.into_inner().control_total.unwrap().ledger.as_ref())
    };
    assert_eq!(ranking(as_closed()).await, "40");
    assert_eq!(ranking(None).await, "77");

    let first = world
        .closings()
        .get_late_arrivals(ask(2, String::new()))
        .await;
    let first = first.unwrap().into_inner();
    world
        .post(vec![sale("later", "a", JANUARY, "1", "0")])
        .await;
    let second = ask(2, first.next_page_token.clone());
    let second = world
        .closings()
        .get_late_arrivals(second)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (first.customer_changes.len(), &*second.next_page_token),
        (2, "")
    );
    let pages = [first.customer_changes, second.customer_changes].concat();
    assert_eq!(pages, answer.customer_changes, "of the same state");
}

type Told = ([String; 5], (i64, i64), bool);

fn told(one: &pb::CustomerChange) -> Told {
    let amounts = [
        &one.closed_net_profit,
        &one.change_by_arrivals,
        &one.change_by_costs,
        &one.net_profit,
    ];
    let [closed, arrived, costs, now] = amounts.map(|amount| text(amount.as_ref()));
    let texts = [one.customer_id.clone(), closed, arrived, costs, now];
    (texts, (one.closed_rank, one.rank), one.changes_sign)
}

#[tokio::test]
async fn a_month_with_nothing_in_it_closes_too() {
    let world = World::start().await;
    close(&world, close_request(month(2020, 2), "leap"))
        .await
        .unwrap();
    let request = pb::GetLateArrivalsRequest {
        month: Some(month(2020, 2)),
        ..Default::default()
    };
    let answer = world.closings().get_late_arrivals(request.clone()).await;
    let answer = answer.unwrap().into_inner();
    assert_eq!(text(answer.change.as_ref()), "0");
    assert!(answer.customer_changes.is_empty() && answer.account_changes.is_empty());
    // The 29th of February 2020 is the month's, the first of March is not.
    let payment = |id: &str, on| {
        let kind = Kind::Payment(pb::Payment {
            amount: Some(usd("5")),
            ..Default::default()
        });
        activity(id, "a", on, kind)
    };
    world
        .post(vec![payment("p1", 18_321), payment("p2", 18_322)])
        .await;
    let answer = world
        .closings()
        .get_late_arrivals(request)
        .await
        .unwrap()
        .into_inner();
    let [one] = &answer.account_changes[..] else {
        panic!("{:?}", answer.account_changes);
    };
    assert_eq!(
        (&*one.account, &*one.change.as_ref().unwrap().value),
        ("spend", "5")
    );
    assert_eq!(answer.customer_changes.len(), 1, "it was not active");
}
