//! What customers owe over a real socket: the world of docs/receivables.md, reckoned there by hand.

use crate::harness::{World, activity, days, decimal, refusal, sale, text, usd};
use profitscore::api::pb::{self, activity::Kind};

fn invoice(id: &str, customer: &str, on: i64, due: i64, amount: &str) -> pb::Activity {
    let due_time = prost_types::Timestamp {
        seconds: due * 86_400 + 43_200,
        nanos: 0,
    };
    let invoice = pb::Invoice {
        invoice_id: id.to_owned(),
        amount: Some(usd(amount)),
        due_time: Some(due_time),
    };
    activity(
        &format!("{customer}-{id}"),
        customer,
        on,
        Kind::Invoice(invoice),
    )
}

fn payment(id: &str, customer: &str, on: i64, invoice: &str, amount: &str) -> pb::Activity {
    let payment = pb::Payment {
        amount: Some(usd(amount)),
        invoice_id: invoice.to_owned(),
    };
    activity(id, customer, on, Kind::Payment(payment))
}

/// "late" is the customer of the example; "idle" did nothing in the asked period but owes 1,000 since before it; "good"
/// paid in time and 10 too much; "sold" has no receivables.
async fn filled() -> World {
    let world = World::start().await;
    let credit = pb::CreditNote {
        amount: Some(usd("20")),
        invoice_id: "I2".to_owned(),
    };
    let dispute = pb::Dispute {
        invoice_id: "I2".to_owned(),
        resolved: false,
    };
    world
        .post(vec![
            invoice("I1", "late", 0, 30, "100"),
            invoice("I2", "late", 10, 40, "200"),
            payment("p1", "late", 45, "", "150"),
            activity("c1", "late", 50, Kind::CreditNote(credit)),
            activity("d1", "late", 60, Kind::Dispute(dispute)),
            invoice("I9", "idle", -30, 5, "1000"),
            invoice("I5", "good", 1, 31, "50"),
            payment("p2", "good", 31, "I5", "60"),
            sale("s1", "good", 1, "50", "0"),
            sale("s2", "sold", 2, "5", "0"),
        ])
        .await;
    world
}

fn rates() -> pb::ReceivablesRates {
    pb::ReceivablesRates {
        capital_rate_per_year: Some(decimal("0.073")),
        provision_up_to_60: Some(decimal("0.1")),
        provision_over_90: Some(decimal("0.5")),
        ..Default::default()
    }
}

async fn put(world: &World, rates: pb::ReceivablesRates) -> Result<pb::CostModel, tonic::Status> {
    let request = pb::PutCostModelRequest {
        cost_model: Some(pb::CostModel {
            receivables: Some(rates),
            ..Default::default()
        }),
        request_id: "r1".to_owned(),
        ..Default::default()
    };
    let answer = world.cost_models().put_cost_model(request).await?;
    Ok(answer.into_inner().cost_model.unwrap())
}

async fn list(world: &World, order: pb::ReceivablesOrder) -> pb::ListReceivablesResponse {
    let request = pb::ListReceivablesRequest {
        period: Some(days(0, 101)),
        order: order.into(),
        ..Default::default()
    };
    let answer = world.receivables().list_receivables(request).await;
    answer.unwrap().into_inner()
}

async fn get(world: &World, customer: &str) -> Result<pb::GetReceivablesResponse, tonic::Status> {
    let request = pb::GetReceivablesRequest {
        customer_id: customer.to_owned(),
        period: Some(days(0, 101)),
        include_settled: true,
        ..Default::default()
    };
    let answer = world.receivables().get_receivables(request).await?;
    Ok(answer.into_inner())
}

fn ageing(figures: &pb::ReceivableFigures) -> Vec<String> {
    let aged = figures.ageing.iter();
    aged.map(|aged| text(aged.open.as_ref())).collect()
}

fn number(decimal: &Option<pb::google_type::Decimal>) -> &str {
    decimal.as_ref().map_or("", |decimal| &decimal.value)
}

#[tokio::test]
async fn one_customer_comes_to_what_was_reckoned_by_hand() {
    let world = filled().await;
    let stored = put(&world, rates()).await.unwrap();
    let kept = stored.receivables.unwrap();
    assert_eq!(number(&kept.capital_rate_per_year), "0.073");
    assert_eq!(number(&kept.provision_not_due), "0");
    let answer = get(&world, "late").await.unwrap();
    let figures = answer.figures.unwrap();
    assert_eq!(ageing(&figures), ["0", "0", "130", "0", "0"]);
    assert_eq!(text(figures.open.as_ref()), "130");
    assert_eq!(text(figures.disputed.as_ref()), "130");
    assert_eq!(text(figures.overdue.as_ref()), "130");
    assert_eq!(text(figures.billed.as_ref()), "280");
    assert_eq!(figures.paid_share, Some(1.0));
    assert_eq!(number(&figures.average_days_late), "11.667");
    assert_eq!(number(&figures.days_sales_outstanding), "46.893");
    assert_eq!(number(&figures.days_sales_outstanding_undisputed), "0");
    assert_eq!(text(figures.carrying_cost.as_ref()), "3.776");
    assert_eq!(text(figures.provision_change.as_ref()), "13");
    let [first, second] = &answer.invoices[..] else {
        panic!("{:?}", answer.invoices)
    };
    assert_eq!(text(first.paid.as_ref()), "100");
    assert_eq!(number(&first.average_days_late), "15");
    assert_eq!(second.bucket(), pb::AgeBucket::UpTo60);
    assert_eq!((second.days_past_due, second.disputed), (60, true));
    assert_eq!(text(second.credited.as_ref()), "20");
    let good = get(&world, "good").await.unwrap().figures.unwrap();
    assert_eq!(text(good.credit_balance.as_ref()), "10");
    assert_eq!(ageing(&good), ["0"; 5]);
    let sold = get(&world, "sold").await.unwrap();
    assert!(sold.invoices.is_empty());
    assert_eq!(sold.figures.unwrap().paid_share, None);
    let nobody = get(&world, "nobody").await.unwrap_err();
    assert_eq!(refusal(&nobody).0, "CUSTOMER_NOT_FOUND");
}

#[tokio::test]
async fn the_ageing_report_adds_up_and_has_its_orders() {
    let world = filled().await;
    put(&world, rates()).await.unwrap();
    let answer = list(&world, pb::ReceivablesOrder::Unspecified).await;
    let ids = |answer: &pb::ListReceivablesResponse| -> Vec<String> {
        let rows = answer.rows.iter();
        rows.map(|row| row.customer_id.clone()).collect()
    };
    assert_eq!(ids(&answer), ["idle", "late", "good"]);
    let totals = answer.totals.clone().unwrap();
    assert_eq!(ageing(&totals), ["0", "0", "130", "0", "1000"]);
    assert_eq!(text(totals.credit_balance.as_ref()), "10");
    // 1,000 for 101 days, at two hundredths of a per cent a day, 3.776 of the example, and 50 for 30 days.
    assert_eq!(text(totals.carrying_cost.as_ref()), "24.276");
    assert_eq!(text(totals.provision.as_ref()), "513");
    let total = answer.control_total.unwrap();
    assert_eq!(text(total.ledger.as_ref()), "1330");
    assert_eq!(total.ledger, total.reported);
    let solvent = list(&world, pb::ReceivablesOrder::Solvency).await;
    // All that fell due was paid, in time and late, and nothing.
    assert_eq!(ids(&solvent), ["good", "late", "idle"]);
    assert_eq!(solvent.rows[2].rank, 3);
    let by_id = list(&world, pb::ReceivablesOrder::CustomerId).await;
    assert_eq!(ids(&by_id), ["good", "idle", "late"]);
    // In pages.
    let mut request = pb::ListReceivablesRequest {
        period: Some(days(0, 101)),
        page_size: 2,
        ..Default::default()
    };
    let mut paged = Vec::new();
    loop {
        let page = world.receivables().list_receivables(request.clone()).await;
        let page = page.unwrap().into_inner();
        assert_eq!(page.totals, answer.totals);
        paged.extend(page.rows);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!(paged, answer.rows);
    request.order = 77;
    let unknown = world.receivables().list_receivables(request).await;
    assert_eq!(refusal(&unknown.unwrap_err()).0, "PAGE_TOKEN_MISMATCH");
}

#[tokio::test]
async fn what_receivables_cost_is_in_the_statement_and_in_the_ranking() {
    let world = filled().await;
    let ranking = pb::RankCustomersRequest {
        period: Some(days(0, 101)),
        ..Default::default()
    };
    let before = world.rankings().rank_customers(ranking.clone()).await;
    let before = before.unwrap().into_inner();
    let costs = before.cost_basis.unwrap();
    assert_eq!(
        (costs.receivables_cost, costs.inactive_receivables_cost),
        (None, None)
    );
    put(&world, rates()).await.unwrap();
    let answer = world.rankings().rank_customers(ranking).await;
    let answer = answer.unwrap().into_inner();
    let rows: Vec<(&str, String)> = answer
        .customers
        .iter()
        .map(|row| (row.customer_id.as_str(), text(row.value.as_ref())))
        .collect();
    // good: 50 less 50 for 30 days. late: 3.776 of capital and 13 provided.
    let expected = [("good", "49.7"), ("sold", "5"), ("late", "-16.776")];
    assert_eq!(rows, expected.map(|(id, value)| (id, value.to_owned())));
    let costs = answer.cost_basis.unwrap();
    assert_eq!(text(costs.receivables_cost.as_ref()), "17.076");
    // 20.2 of capital and 500 provided for who did nothing in the period.
    assert_eq!(text(costs.inactive_receivables_cost.as_ref()), "520.2");
    assert_eq!(text(costs.allocated_fixed_cost.as_ref()), "0");
    let total = answer.control_total.unwrap();
    assert_eq!(text(total.ledger.as_ref()), "37.924");
    let request = pb::GetCustomerStatementRequest {
        customer_id: "late".to_owned(),
        period: Some(days(0, 101)),
        ..Default::default()
    };
    let statement = world.rankings().get_customer_statement(request).await;
    let statement = statement.unwrap().into_inner();
    let lines: Vec<(String, String)> = statement
        .lines
        .iter()
        .map(|line| (line.label.clone(), text(line.amount.as_ref())))
        .collect();
    let line = |label: &str, amount: &str| (label.to_owned(), amount.to_owned());
    let expected = [
        line("CARRYING_COST", "3.776"),
        line("PROVISION_CHANGE", "13"),
    ];
    assert_eq!(lines, expected);
    let own = statement.statement.unwrap();
    assert_eq!(text(own.receivables_cost.as_ref()), "16.776");
    assert_eq!(text(own.carrying_cost.as_ref()), "3.776");
    assert_eq!(text(own.customer_margin.as_ref()), "-16.776");
    assert_eq!(text(own.invoiced.as_ref()), "280");
}

#[tokio::test]
async fn rates_beyond_their_limits_are_refused_by_name() {
    let world = World::start().await;
    let capital = pb::ReceivablesRates {
        capital_rate_per_year: Some(decimal("10.1")),
        ..Default::default()
    };
    let provision = pb::ReceivablesRates {
        provision_over_90: Some(decimal("1.000001")),
        ..Default::default()
    };
    let below = pb::ReceivablesRates {
        provision_not_due: Some(decimal("-0.1")),
        ..Default::default()
    };
    let fields = [
        (capital, "capital_rate_per_year"),
        (provision, "provision_over_90"),
        (below, "provision_not_due"),
    ];
    for (rates, field) in fields {
        let status = put(&world, rates).await.unwrap_err();
        let expected = (
            "NUMBER_OUT_OF_RANGE".to_owned(),
            format!("cost_model.receivables.{field}"),
        );
        assert_eq!(refusal(&status), expected);
    }
}

#[tokio::test]
async fn customers_are_ranked_by_solvency_with_their_waterfalls() {
    let world = filled().await;
    put(&world, rates()).await.unwrap();
    let request = pb::RankCustomersRequest {
        period: Some(days(0, 101)),
        basis: pb::RankingBasis::Solvency.into(),
        ..Default::default()
    };
    let rank = async |request: pb::RankCustomersRequest| {
        let answer = world.rankings().rank_customers(request).await;
        answer.map(tonic::Response::into_inner)
    };
    let best = rank(request.clone()).await.unwrap();
    let rows: Vec<_> = best
        .customers
        .iter()
        .map(|row| {
            let profit = row.statement.as_ref().unwrap().net_profit.as_ref();
            let late = number(&row.average_days_late);
            let by_profit = row.rank_by_net_profit;
            (
                row.customer_id.as_str(),
                row.paid_share,
                late,
                text(profit),
                by_profit,
            )
        })
        .collect();
    let expected = [
        ("good", Some(1.0), "0", "49.7".to_owned(), 1),
        ("late", Some(1.0), "11.667", "-16.776".to_owned(), 3),
        ("idle", Some(0.0), "", "0".to_owned(), 0),
    ];
    assert_eq!(rows, expected);
    assert_eq!(best.customer_count, 3);
    let total = best.control_total.unwrap();
    assert_eq!(text(total.ledger.as_ref()), "1330");
    let worst = pb::RankCustomersRequest {
        direction: pb::RankingDirection::WorstFirst.into(),
        page_size: 1,
        ..request.clone()
    };
    let worst = rank(worst).await.unwrap();
    assert_eq!(worst.customers[0].customer_id, "idle");
    assert_ne!(worst.next_page_token, "");
    let filtered = pb::RankCustomersRequest {
        filter: Some(pb::CustomerFilter {
            branch_ids: vec!["north".to_owned()],
            ..Default::default()
        }),
        ..request
    };
    let status = rank(filtered).await.unwrap_err();
    assert_eq!(
        refusal(&status),
        ("FIELD_INVALID".to_owned(), "filter".to_owned())
    );
    let bands = pb::CompareBandsRequest {
        basis: pb::RankingBasis::Solvency.into(),
        ..Default::default()
    };
    let status = world.rankings().compare_bands(bands).await.unwrap_err();
    assert_eq!(refusal(&status).0, "ENUM_VALUE_UNKNOWN");
}
