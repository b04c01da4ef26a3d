//! AdventureWorks' resellers by their recipe, if the data is there.

use crate::process::{ROOT, Server, amount, nanos};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The folder of the data, or nothing: it is not part of the project.
pub fn data() -> Option<PathBuf> {
    let shared = std::env::var_os("PROFITSCORE_SHARED")
        .map_or_else(|| Path::new(ROOT).join("../shared"), PathBuf::from);
    let folder = shared.join("data/adventureworks_dw");
    let is_there = folder.join("FactResellerSales.csv").is_file();
    if !is_there {
        println!(
            "skipped: there is no AdventureWorks data in {}",
            folder.display()
        );
    }
    is_there.then_some(folder)
}

#[test]
fn resellers_tie_out_without_and_with_freight() {
    let Some(folder) = data() else {
        return;
    };
    let server = Server::in_memory();
    let import = |recipe: &str| {
        let recipe = format!("examples/adventureworks/{recipe}.toml");
        server
            .run(&["import", &recipe, "--folder", folder.to_str().unwrap()])
            .text();
    };
    import("reseller_customers");
    import("resellers");
    let words = [
        "rank",
        "--basis",
        "contribution-margin",
        "--all",
        "--output",
        "json",
    ];
    let ranking = server.run(&words).json();
    let customers = ranking["customers"].as_array().unwrap();
    assert_eq!(customers.len(), 635);
    assert_eq!(ranking["negativeCount"], "335");
    assert_eq!(
        nanos(&ranking["controlTotal"]["reported"]),
        amount("470482.6033")
    );
    let revenue = customers
        .iter()
        .map(|one| nanos(&one["statement"]["netRevenue"]));
    assert_eq!(revenue.sum::<i128>(), amount("80450596.9823"));
    let ends = [("496", "64487.8745", 0), ("599", "-73315.5490", 634)];
    for (customer, value, place) in ends {
        assert_eq!(customers[place]["customerId"], customer);
        assert_eq!(nanos(&customers[place]["value"]), amount(value));
    }
    let whale = [
        "whale",
        "--basis",
        "contribution-margin",
        "--output",
        "json",
    ];
    let whale = server.run(&whale).json();
    assert_eq!(whale["peak"]["customerCount"], "300");
    let share = whale["peak"]["cumulativeShare"].as_f64().unwrap();
    assert_eq!(format!("{share:.5}"), "5.61879");

    resellers_by_territory_and_representative(&server);

    import("reseller_freight");
    let ranking = server.run(&words).json();
    assert_eq!(ranking["negativeCount"], "399");
    assert_eq!(
        nanos(&ranking["controlTotal"]["reported"]),
        amount("-1540783.3125")
    );
}

/// Without freight: every reseller against every territory, and the 17 representatives.
fn resellers_by_territory_and_representative(server: &Server) {
    let basis = [
        "--basis",
        "contribution-margin",
        "--all",
        "--output",
        "json",
    ];
    let total = amount("470482.6033");
    for (by, count) in [("branch", 10), ("account-manager", 17)] {
        let words = [["cross", "--by", by].as_slice(), &basis].concat();
        let cross = server.run(&words).json();
        ties_both_ways(&cross, (635, count), total);
        let words = [["by", by].as_slice(), &basis].concat();
        let ranking = server.run(&words).json();
        assert_eq!(ranking["rowCount"], count.to_string());
        assert_eq!(nanos(&ranking["controlTotal"]["reported"]), total);
        let rows = ranking["rows"].as_array().unwrap();
        let values = rows.iter().map(|row| nanos(&row["value"]));
        assert_eq!(values.clone().sum::<i128>(), total);
        let losing = values.filter(|value| *value < 0).count();
        assert_eq!(ranking["negativeCount"], losing.to_string());
        if by == "account-manager" {
            // More than half of the representatives sell for less than the goods cost.
            assert_eq!(losing, 9);
        }
    }
}

/// Rows, columns and the cells in both come to one total.
fn ties_both_ways(cross: &Value, size: (usize, usize), total: i128) {
    let (rows, columns) = (&cross["rows"], &cross["columns"]);
    let (rows, columns) = (rows.as_array().unwrap(), columns.as_array().unwrap());
    assert_eq!((rows.len(), columns.len()), size);
    let down: i128 = rows.iter().map(|row| nanos(&row["total"])).sum();
    let across: i128 = columns.iter().map(|column| nanos(&column["total"])).sum();
    assert_eq!((down, across), (total, total));
    assert_eq!(nanos(&cross["grandTotal"]), total);
    for row in rows {
        let cells = row["cells"].as_array().unwrap();
        let own: i128 = cells.iter().map(|cell| nanos(&cell["value"])).sum();
        assert_eq!(own, nanos(&row["total"]), "{row}");
    }
    for column in columns {
        let cells = rows.iter().flat_map(|row| row["cells"].as_array().unwrap());
        let own = cells.filter(|cell| cell["columnId"] == column["columnId"]);
        let own: i128 = own.map(|cell| nanos(&cell["value"])).sum();
        assert_eq!(own, nanos(&column["total"]), "{column}");
    }
}

#[test]
fn resellers_in_five_currencies_tie_out_in_dollars_and_in_euros() {
    let Some(folder) = data() else {
        return;
    };
    let server = Server::in_memory();
    let import = |recipe: &str| {
        let recipe = format!("examples/adventureworks/{recipe}.toml");
        let words = ["import", &recipe, "--folder", folder.to_str().unwrap()];
        let words = [words.as_slice(), &["--output", "json"]].concat();
        server.run(&words).json()
    };
    let rates = import("exchange_rates");
    assert_eq!(rates["sections"][0]["posted"], 13_106);
    assert_eq!(rates["sections"][1]["posted"], 1_158);
    assert_eq!(import("exchange_rates")["sections"][0]["duplicate"], 13_106);
    let sales = import("resellers_currencies");
    assert_eq!(sales["sections"][0]["posted"], 60_855);
    let basis = [
        "--basis",
        "contribution-margin",
        "--all",
        "--output",
        "json",
    ];
    for (currency, total, northwest) in [
        ("USD", "477092.823534", None),
        ("EUR", "463456.718759", Some("227819.091785")),
    ] {
        let words = ["cross", "--reporting-currency", currency];
        let cross = server.run(&[words.as_slice(), &basis].concat()).json();
        let (rows, columns) = (&cross["rows"], &cross["columns"]);
        let (rows, columns) = (rows.as_array().unwrap(), columns.as_array().unwrap());
        assert_eq!((rows.len(), columns.len()), (635, 10));
        let down: i128 = rows.iter().map(|row| nanos(&row["total"])).sum();
        let across: i128 = columns.iter().map(|column| nanos(&column["total"])).sum();
        assert_eq!((down, across), (amount(total), amount(total)));
        assert_eq!(nanos(&cross["controlTotal"]["ledger"]), amount(total));
        assert_eq!(cross["grandTotal"]["currencyCode"], currency);
        let negative = rows.iter().filter(|row| nanos(&row["total"]) < 0);
        assert_eq!(negative.count(), 335);
        if let Some(northwest) = northwest {
            let own = columns
                .iter()
                .find(|column| column["columnId"] == "Northwest");
            assert_eq!(nanos(&own.unwrap()["total"]), amount(northwest));
            assert_eq!(cross["costBasis"]["restatement"]["dayCount"], "40");
        }
    }
    // The line that docs/currencies.md works out by hand.
    let words = [
        "activities",
        "--customer",
        "442",
        "--all",
        "--output",
        "json",
    ];
    let entries = server.run(&words).json();
    let entries = entries["entries"].as_array().unwrap();
    let line = entries
        .iter()
        .find(|entry| entry["activity"]["activityId"] == "SO43661-1");
    let line = line.unwrap();
    assert_eq!(
        nanos(&line["activity"]["sale"]["revenue"]),
        amount("809.76")
    );
    assert_eq!(line["activity"]["sale"]["revenue"]["currencyCode"], "CAD");
    let conversion = &line["conversion"];
    assert_eq!(
        conversion["exchangeRate"]["rate"]["value"],
        "0.683013455365071"
    );
    assert_eq!(conversion["amounts"][0]["field"], "sale.revenue");
    assert_eq!(
        nanos(&conversion["amounts"][0]["converted"]),
        amount("553.076976")
    );
    assert_eq!(
        nanos(&conversion["amounts"][1]["converted"]),
        amount("477.489789")
    );
}

#[test]
fn consumers_tie_out_and_prospects_have_their_traits() {
    let Some(folder) = data() else {
        return;
    };
    let server = Server::in_memory();
    for recipe in ["consumer_customers", "consumers", "prospects"] {
        let recipe = format!("examples/adventureworks/{recipe}.toml");
        server
            .run(&["import", &recipe, "--folder", folder.to_str().unwrap()])
            .text();
    }
    let ranking = server
        .run(&["rank", "--top", "1", "--output", "json"])
        .json();
    assert_eq!(ranking["customerCount"], "18484");
    assert_eq!(
        nanos(&ranking["controlTotal"]["reported"]),
        amount("12080883.6450")
    );
    assert_eq!(ranking["customers"][0]["customerId"], "C12132");
    assert_eq!(
        nanos(&ranking["customers"][0]["value"]),
        amount("5273.8100")
    );
    let list = |words: &[&str]| {
        let answer = server
            .run(&[words, &["--all", "--output", "json"]].concat())
            .json();
        answer["parties"].as_array().unwrap().len()
    };
    assert_eq!(list(&["prospects", "list"]), 2_059);
    let college = ["prospects", "list", "--trait", "EDUCATION=Partial College"];
    assert_eq!(list(&college), 559);
    let answer = server
        .run(&["prequalify", "--all", "--output", "json"])
        .json();
    assert_eq!(answer["results"].as_array().unwrap().len(), 2_059);
}
