//! Cost models: the one that the documents show, put, looked into and taken back.

use crate::process::{Files, Server, nanos};

/// Two sales of C1 and one of C2.
const ROWS: &str = "id,who,when,amount\n\
    a,C1,2026-01-05,100\n\
    b,C1,2026-02-05,100\n\
    c,C2,2026-03-05,50\n";

const MAPPING: &str = "[[activities]]\nfile = \"rows.csv\"\ncurrency = \"USD\"\n\
    activity_id = \"{id}\"\ncustomer_id = \"{who}\"\noccur_time = \"{when}\"\n\
    sale = { revenue = \"{amount}\" }\n";

/// The first block of TOML of the document on costs.
fn documented() -> String {
    let document = include_str!("../../docs/costs.md");
    let (_, rest) = document.split_once("```toml\n").unwrap();
    rest.split_once("```").unwrap().0.to_owned()
}

#[test]
fn the_documented_model_allocates_as_the_document_says() {
    let server = Server::in_memory();
    let model = documented();
    let files = Files::new(&[
        ("rows.csv", ROWS),
        ("rows.toml", MAPPING),
        ("model.toml", &model),
    ]);
    server.run(&["import", &files.name("rows.toml")]).text();
    let put = ["costs", "put", &files.name("model.toml")];
    let preview = server
        .run(&[&put[..], &["--dry-run", "--year", "2026"]].concat())
        .text();
    // 4 minutes of 0.50 for each sale, and half of 25,200 for the office each.
    for line in [
        "net profit of 2 of 2 active customers",
        "-12,404.00",
        "-12,552.00",
        "changes sign",
    ] {
        assert!(preview.contains(line), "{line} is not in\n{preview}");
    }
    server.run(&put).text();
    let trace = server.run(&[
        "costs", "trace", "DISPATCH", "--year", "2026", "--output", "json",
    ]);
    let trace = trace.json();
    let shares = trace["shares"].as_array().unwrap();
    let shares = shares.iter().map(|share| {
        let quantity = share["driverQuantity"]["value"].as_str().unwrap();
        (quantity, nanos(&share["share"]) / 1_000_000_000)
    });
    assert_eq!(shares.collect::<Vec<_>>(), [("8", 4), ("4", 2)]);
    assert_eq!(nanos(&trace["unallocatedAmount"]), 89_994_000_000_000);
    let compared = server.run(&["costs", "compare", "--year", "2026", "--capacity", "180000"]);
    let compared = compared.text();
    for way in [
        "as it is",
        "equal per customer",
        "proportional",
        "by driver",
        "time driven",
    ] {
        assert!(compared.contains(way), "{way} is not in\n{compared}");
    }
    let capacity = server
        .run(&["costs", "capacity", "--year", "2026", "--output", "csv"])
        .text();
    assert!(
        capacity.contains("pool,DISPATCH,180000,12,179988,USD,"),
        "{capacity}"
    );
    let shown = server.run(&["costs", "show"]).text();
    assert!(shown.contains("time driven"), "{shown}");
    let reverted = server
        .run(&["costs", "revert", "0", "--output", "json"])
        .json();
    assert_eq!(reverted["costModel"]["version"], "2");
    assert_eq!(reverted["costModel"].get("costPools"), None);
}
