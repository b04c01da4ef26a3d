//! Superstore, imported by its recipes: it ties out to the last unit, and what people see is as it was.

use crate::process::{Server, amount, nanos};
use insta::assert_snapshot;
use serde_json::Value;

/// Makes one test of each case for each store.
macro_rules! on_every_store {
    ($($case:ident),+ $(,)?) => {
        on_every_store!(@store in_memory, $($case),+);
        on_every_store!(@store embedded, $($case),+);
        on_every_store!(@store in_database, $($case),+);
    };
    (@store $store:ident, $($case:ident),+) => {
        mod $store {
            $(#[test]
            fn $case() {
                // What cannot be started here says that its test is skipped.
                if let Some(server) = super::$store() {
                    super::$case(super::superstore(server));
                }
            })+
        }
    };
}

on_every_store!(
    it_ties_out_and_comes_back_as_duplicates,
    people_see_tables,
    programs_get_exact_rows,
    an_earlier_state_stays_as_it_was,
);

fn in_memory() -> Option<Server> {
    Some(Server::in_memory())
}

fn embedded() -> Option<Server> {
    Some(Server::embedded())
}

fn in_database() -> Option<Server> {
    Server::in_database()
}

fn superstore(server: Server) -> Server {
    for recipe in ["customers", "activities"] {
        server
            .run(&["import", &format!("examples/superstore/{recipe}.toml")])
            .text();
    }
    server
}

fn it_ties_out_and_comes_back_as_duplicates(server: Server) {
    let ranking = server.run(&["rank", "--all", "--output", "json"]).json();
    let customers = ranking["customers"].as_array().unwrap();
    assert_eq!(customers.len(), 793);
    assert_eq!(ranking["customerCount"], "793");
    assert_eq!(ranking["negativeCount"], "155");
    assert!(ranking.get("nextPageToken").is_none());
    assert_eq!(
        nanos(&ranking["controlTotal"]["ledger"]),
        amount("286397.0217")
    );
    assert_eq!(
        nanos(&ranking["controlTotal"]["reported"]),
        amount("286397.0217")
    );
    let sum = |of: &dyn Fn(&Value) -> i128| customers.iter().map(of).sum::<i128>();
    assert_eq!(sum(&|one| nanos(&one["value"])), amount("286397.0217"));
    assert_eq!(
        sum(&|one| nanos(&one["statement"]["netRevenue"])),
        amount("2297200.8603")
    );
    assert_eq!(
        sum(&|one| nanos(&one["statement"]["costOfGoods"])),
        amount("2010803.8386")
    );
    assert_eq!(customers[0]["customerId"], "TC-20980");
    assert_eq!(customers[792]["customerId"], "CS-12505");
    assert_eq!(nanos(&customers[792]["value"]), amount("-6626.3895"));

    let whale = server.run(&["whale", "--output", "json"]).json();
    assert_eq!(whale["peak"]["customerCount"], "638");
    let share = whale["peak"]["cumulativeShare"].as_f64().unwrap();
    assert_eq!(format!("{share:.5}"), "1.24869");

    let again = server.run(&[
        "import",
        "examples/superstore/activities.toml",
        "-o",
        "json",
    ]);
    let section = &again.json()["sections"][0];
    assert_eq!(
        (&section["posted"], &section["duplicate"]),
        (&0.into(), &9_994.into())
    );
    let after = server.run(&["rank", "--all", "--output", "json"]).json();
    assert_eq!(after["customers"], ranking["customers"]);
}

fn people_see_tables(server: Server) {
    let seen = |words: &[&str]| server.run(words).text();
    assert_snapshot!("rank", seen(&["rank", "--top", "3"]));
    assert_snapshot!(
        "rank_worst",
        seen(&["rank", "--worst", "--top", "3", "--year", "2016"])
    );
    let branch = [
        "rank", "--basis", "revenue", "--top", "2", "--branch", "West",
    ];
    assert_snapshot!("rank_branch", seen(&branch));
    assert_snapshot!("statement", seen(&["statement", "CS-12505"]));
    assert_snapshot!("bands", seen(&["bands", "--size", "2"]));
    assert_snapshot!("whale", seen(&["whale", "--width", "50", "--height", "8"]));
    assert_snapshot!(
        "customers",
        seen(&["customers", "list", "--trait", "STATE=Texas", "--top", "2"])
    );
    assert_snapshot!(
        "activities",
        seen(&["activities", "--customer", "CS-12505", "--top", "3"])
    );
    assert_snapshot!("traits", seen(&["traits", "list"]));
}

fn programs_get_exact_rows(server: Server) {
    let rows = server
        .run(&["rank", "--top", "1", "--output", "csv"])
        .text();
    let mut lines = rows.lines();
    let header: Vec<_> = lines.next().unwrap().split(',').collect();
    let cells: Vec<_> = lines.next().unwrap().split(',').collect();
    let cell = |name: &str| cells[header.iter().position(|own| *own == name).unwrap()];
    assert_eq!(cell("customer_id"), "TC-20980");
    assert_eq!(cell("value"), "8981.3239");
    assert_eq!(cell("currency_code"), "USD");
    assert_eq!(cell("allocated_fixed_cost"), "0");

    let whale = server
        .run(&["whale", "--points", "4", "--output", "csv"])
        .text();
    let last = whale.lines().last().unwrap();
    assert_eq!(last, "793,1,USD,286397.0217,1");
    let statement = server
        .run(&["statement", "CS-12505", "--output", "csv"])
        .text();
    assert!(
        statement.contains("CS-12505,net_profit,,USD,-6626.3895,,\n"),
        "{statement}"
    );
}

fn an_earlier_state_stays_as_it_was(server: Server) {
    let pinned = ["rank", "--all", "--as-of", "10787", "--output", "json"];
    let before = server.run(&pinned).text();
    server
        .run(&["reverse", "1", "2", "--reason", "returned"])
        .text();
    assert_eq!(server.run(&pinned).text(), before);
    let now = server
        .run(&["rank", "--top", "1", "--output", "json"])
        .json();
    assert_eq!(now["readAt"]["position"], "10789");
    assert_ne!(nanos(&now["controlTotal"]["ledger"]), amount("286397.0217"));
    let ledger = server
        .run(&[
            "activities",
            "--customer",
            "CG-12520",
            "--all",
            "-o",
            "json",
        ])
        .json();
    let entries = ledger["entries"].as_array().unwrap();
    let reversed = entries
        .iter()
        .filter(|entry| entry.get("reversedAt").is_some());
    assert_eq!(reversed.count(), 2);
}

#[test]
fn reports_are_the_same_bytes_on_every_store() {
    let reports: [&[&str]; 15] = [
        &["rank", "--all"],
        &["rank", "--worst", "--basis", "spend", "--year", "2015"],
        &["rank", "--basis", "contribution-margin", "--branch", "West"],
        &["statement", "CS-12505"],
        &["bands", "--size", "50"],
        &["bands", "--fraction", "0.25"],
        &["whale", "--points", "100", "--leaving", "10"],
        &["cross", "--all", "--basis", "contribution-margin"],
        &[
            "cross",
            "--by",
            "product",
            "--columns",
            "50",
            "--order",
            "id",
        ],
        &["by", "branch"],
        &["by", "product", "--all", "--worst"],
        &["trend", "--every", "quarter"],
        &["profile"],
        &["customers", "list", "--all"],
        &["traits", "list"],
    ];
    let told = |server: Server| {
        let server = superstore(server);
        reports.map(|report| server.run(&[report, &["-o", "json"]].concat()).text())
    };
    let wanted = told(Server::in_memory());
    for server in [embedded(), in_database()].into_iter().flatten() {
        assert!(told(server) == wanted);
    }
}
