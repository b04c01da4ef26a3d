//! What customers are worth, as it is typed.

use crate::process::{Files, Server};
use std::fmt::Write as _;

const MAPPING: &str = "[[activities]]\nfile = \"rows.csv\"\ncurrency = \"USD\"\n\
    activity_id = \"{id}\"\ncustomer_id = \"{who}\"\noccur_time = \"{when}\"\n\
    sale = { revenue = \"{amount}\", cost_of_goods = \"{cost}\" }\n";

/// Forty-four customers, of whom each orders from once to five times.
fn rows() -> String {
    let mut rows = String::from("id,who,when,amount,cost\n");
    for number in 0..44 {
        for order in 0..=(number * 7 % 5) {
            let month = 1 + (number + order * (1 + number % 3)) % 12;
            let (day, amount) = (1 + number * 5 % 28, 20 + number * 3 + order * 11);
            writeln!(
                rows,
                "{number}-{order},C{number},2024-{month:02}-{day:02},{amount},{}",
                amount / 2
            )
            .unwrap();
        }
    }
    rows
}

#[test]
fn customers_are_valued_and_ranked_by_what_is_expected() {
    let server = Server::in_memory();
    let files = Files::new(&[("rows.csv", &rows()), ("rows.toml", MAPPING)]);
    server.run(&["import", &files.name("rows.toml")]).text();
    let of_two = ["value", "C3", "C4", "--horizon", "90", "--to", "2025-01-01"];
    let table = server.run(&of_two).text();
    for told in [
        "C3",
        "C4",
        "Learnt from 44 customers",
        "Gamma-Gamma: p ",
        "Over 90 days",
    ] {
        assert!(table.contains(told), "{told} is not in\n{table}");
    }
    let sheet = server
        .run(&[&of_two[..], &["--output", "csv"]].concat())
        .text();
    assert_eq!(sheet.lines().count(), 3);
    assert!(
        sheet.starts_with("customer_id,display_name,currency_code,order_count,"),
        "{sheet}"
    );
    let answer = server
        .run(&[&of_two[..], &["--output", "json"]].concat())
        .json();
    let profit = &answer["results"][0]["value"]["expectedProfit"]["expected"];
    assert_eq!(profit["currencyCode"], "USD");

    let budget = [
        "advise",
        "appreciation",
        "--budget",
        "100",
        "--to",
        "2025-01-01",
    ];
    let table = server.run(&[&budget[..], &["--ceiling", "5"]].concat());
    let table = table.text();
    for told in [
        "Appreciation by what is at risk",
        "of 100.00 for 44 customers",
        "5.00",
    ] {
        assert!(table.contains(told), "{told} is not in\n{table}");
    }
    let sheet = server
        .run(&[&budget[..], &["--all", "--output", "csv"]].concat())
        .text();
    assert_eq!(sheet.lines().count(), 45);
    assert!(
        sheet.starts_with("customer_id,currency_code,amount,spent,value_at_risk,"),
        "{sheet}"
    );
    let ranking = [
        "rank",
        "--basis",
        "expected-profit",
        "--horizon",
        "90",
        "--to",
        "2025-01-01",
    ];
    let table = server.run(&[&ranking[..], &["--top", "3"]].concat()).text();
    assert!(
        table.starts_with("Customers by expected profit, best first"),
        "{table}"
    );
    assert!(
        table.contains("Retained") && table.contains("3 of 44 customers"),
        "{table}"
    );
    let all = server
        .run(&[&ranking[..], &["--all", "--output", "json"]].concat())
        .json();
    let customers = all["customers"].as_array().unwrap();
    assert_eq!(customers.len(), 44);
    let own = customers
        .iter()
        .find(|one| one["customerId"] == "C3")
        .unwrap();
    assert_eq!(&own["value"], profit);

    let unknown = server.run(&["value", "C3", "nobody", "--to", "2025-01-01"]);
    assert_ne!(unknown.code, 0);
    assert!(
        unknown.err.contains("CUSTOMER_NOT_FOUND"),
        "{}",
        unknown.err
    );
    assert!(unknown.out.contains("refused"), "{}", unknown.out);
    assert_eq!(server.run(&["value"]).code, 2);
    let thin = server.run(&["value", "C3", "--to", "2024-01-02"]);
    assert!(thin.err.contains("EVIDENCE_TOO_THIN"), "{}", thin.err);
}
