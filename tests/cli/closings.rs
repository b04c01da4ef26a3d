//! Closing a month, and what arrives after that, as it is typed.

use crate::process::{Files, Server, nanos};

const MAPPING: &str = "[[activities]]\nfile = \"rows.csv\"\ncurrency = \"USD\"\n\
    activity_id = \"{id}\"\ncustomer_id = \"{who}\"\noccur_time = \"{when}\"\n\
    sale = { revenue = \"{amount}\" }\n";

fn import(server: &Server, rows: &str) {
    let rows = format!("id,who,when,amount\n{rows}");
    let files = Files::new(&[("rows.csv", &rows), ("rows.toml", MAPPING)]);
    server.run(&["import", &files.name("rows.toml")]).text();
}

#[test]
fn a_month_is_closed_and_read_as_closed() {
    let server = Server::in_memory();
    import(&server, "a,C1,2024-01-05,100\nb,C2,2024-01-31,50\n");
    let dry = server.run(&["close", "2024-01", "--dry-run"]).text();
    assert_eq!(dry, "2024-01 would be closed\n");
    let closed = server.run(&["close", "2024-01", "--note", "by Bo"]).text();
    assert_eq!(closed, "2024-01 is closed at position 3\n");
    let again = server.run(&["close", "2024-01"]).text();
    assert_eq!(again, "2024-01 was closed already, at position 3\n");
    let january = ["rank", "--from", "2024-01-01", "--to", "2024-02-01"];
    let recorded = server.run(&january).text();
    import(&server, "late,C2,2024-01-20,70\nmarch,C1,2024-03-01,5\n");
    assert_ne!(server.run(&january).text(), recorded);
    let as_closed = [&january[..], &["--as-closed", "2024-01"]].concat();
    assert_eq!(server.run(&as_closed).text(), recorded);

    let list = server.run(&["closed", "--output", "csv"]).text();
    assert!(
        list.starts_with("month,position,record_time,note\n2024-01,3,"),
        "{list}"
    );
    assert!(server.run(&["closed"]).text().contains("by Bo"));
    let late = server.run(&["late", "2024-01"]).text();
    for told in [
        "As closed",
        "Net profit",
        "gross_revenue",
        "70.00",
        "Customers that changed: 1",
    ] {
        assert!(late.contains(told), "{told} is not in\n{late}");
    }
    let late = server.run(&["late", "2024-01", "--output", "json"]).json();
    assert_eq!(nanos(&late["change"]), 70_000_000_000);
    let late = server.run(&["late", "2024-01", "--output", "csv"]).text();
    assert!(late.ends_with("C2,,USD,50,70,0,120,2,1,false\n"), "{late}");
    let entries = server.run(&["late", "2024-01", "--entries"]).text();
    assert!(
        entries.contains("late") && !entries.contains("march"),
        "{entries}"
    );
    let of_one = [
        "late",
        "2024-01",
        "--entries",
        "--customer",
        "C1",
        "--output",
        "json",
    ];
    assert_eq!(server.run(&of_one).json().get("entries"), None);

    let open = server.run(&["late", "2024-02"]);
    assert_eq!(open.code, 4);
    assert!(open.err.contains("PERIOD_NOT_CLOSED"), "{}", open.err);
    let wrong = server.run(&["close", "January"]);
    assert_eq!(wrong.code, 2);
    let both = server.run(&["rank", "--as-closed", "2024-01", "--as-of", "3"]);
    assert_eq!(both.code, 2);
}
