//! Imports: every problem has its place, and a dry run keeps nothing.

use crate::process::{Files, Server};

const ROWS: &str = "id,who,when,amount,cost\n\
    a,C1,2016-01-01,5,1\n\
    b,C1,2016-01-01,x,1\n\
    c,,2016-01-01,5,1\n\
    d,C1,2016-13-01,5,1\n\
    e,C1,2016-01-01,-5,1\n\
    f,C1,2016-01-01,5.1234567,1\n\
    a,C1,2016-01-01,6,1\n\
    g,C1,2016-01-01,,1\n\
    h,C1,2016-01-01\n";

const MAPPING: &str = "[[activities]]\nfile = \"rows.csv\"\ncurrency = \"USD\"\n\
    activity_id = \"{id}\"\ncustomer_id = \"{who}\"\noccur_time = \"{when}\"\n\
    sale = { revenue = \"{amount}\", cost_of_goods = \"{cost}\" }\n";

fn files() -> Files {
    Files::new(&[("rows.csv", ROWS), ("rows.toml", MAPPING)])
}

#[test]
fn every_refused_row_is_told_with_line_field_column_and_reason() {
    let (server, files) = (Server::in_memory(), files());
    let said = server.run(&["import", &files.name("rows.toml"), "--output", "json"]);
    assert_eq!(said.code, 1, "{}", said.err);
    let summary: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    let section = &summary["sections"][0];
    assert_eq!(
        (&section["posted"], &section["refused"]),
        (&1.into(), &8.into())
    );
    let told = [
        "rows.csv:3: sale.revenue (column amount): \"x\" in column amount is not a number",
        "rows.csv:4: customer_id (column who): FIELD_REQUIRED: customer_id is required",
        "rows.csv:5: occur_time (column when): \"2016-13-01\" is not a time",
        "rows.csv:6: sale.revenue (column amount): NUMBER_OUT_OF_RANGE: sale.revenue must be",
        "rows.csv:7: sale.revenue (column amount): has more than 6 decimal places",
        "rows.csv:8: sale.revenue (column amount): ACTIVITY_CONFLICT: ",
        "rows.csv:9: sale.revenue (column amount): FIELD_REQUIRED: sale.revenue is required",
        "rows.csv:10: has 3 cells, the header has 5",
        "error: 8 items were refused",
    ];
    for line in told {
        assert!(said.err.contains(line), "{line} is not in\n{}", said.err);
    }
}

#[test]
fn lines_are_counted_alike_whatever_ends_them() {
    let server = Server::in_memory();
    let with_ends = ROWS.replace('\n', "\r\n");
    let marked = format!("\u{feff}{with_ends}");
    for rows in [&with_ends, &marked] {
        let files = Files::new(&[("rows.csv", rows), ("rows.toml", MAPPING)]);
        let said = server.run(&["import", &files.name("rows.toml")]);
        for line in [
            "rows.csv:3: sale.revenue (column amount): \"x\" in column amount is not a number",
            "rows.csv:4: customer_id (column who): FIELD_REQUIRED: customer_id is required",
            "rows.csv:10: has 3 cells, the header has 5",
        ] {
            assert!(said.err.contains(line), "{line} is not in\n{}", said.err);
        }
    }
}

#[test]
fn rows_after_a_stray_quotation_mark_are_not_lost_without_a_word() {
    let server = Server::in_memory();
    let rows = "id,who,when,amount,cost,memo\n\
        a,C1,2016-01-01,5,1,fine\n\
        b,C1,2016-01-01,5,1,\"half inch\n\
        c,C1,2016-01-01,5,1,fine\n";
    let files = Files::new(&[("rows.csv", rows), ("rows.toml", MAPPING)]);
    let said = server.run(&["import", &files.name("rows.toml")]);
    assert_eq!(said.code, 2, "{}", said.err);
    let told = "rows.csv: the quoted cell that begins in line 3 never ends";
    assert!(said.err.contains(told), "{}", said.err);
}

#[test]
fn a_dry_run_keeps_nothing() {
    let (server, files) = (Server::in_memory(), files());
    let mapping = files.name("rows.toml");
    let said = server.run(&[
        "import",
        &mapping,
        "--dry-run",
        "--errors",
        "2",
        "-o",
        "csv",
    ]);
    assert_eq!(said.code, 1);
    assert!(
        said.out.contains("activities,rows.csv,1,0,8,0,0\n"),
        "{}",
        said.out
    );
    assert!(
        said.err.contains("rows.csv: 6 more were refused"),
        "{}",
        said.err
    );
    let ledger = server.run(&["activities", "--output", "json"]).json();
    assert!(ledger.get("entries").is_none(), "{ledger}");
}

#[test]
fn another_file_and_another_folder_can_be_read() {
    let (server, files) = (Server::in_memory(), files());
    let others = Files::new(&[
        ("rows.csv", "id,who,when,amount,cost\nz,C9,2016-01-01,5,1\n"),
        ("more.csv", "id,who,when,amount,cost\ny,C8,2016-01-01,5,1\n"),
    ]);
    let mapping = files.name("rows.toml");
    let folder = others.path("");
    server
        .run(&["import", &mapping, "--folder", folder.to_str().unwrap()])
        .text();
    server
        .run(&["import", &mapping, "--file", &others.name("more.csv")])
        .text();
    let customers = server.run(&["rank", "--output", "json"]).json();
    assert_eq!(customers["customerCount"], "2");
    let missing = server.run(&["import", &mapping, "--file", "none.csv"]);
    assert_eq!(missing.code, 2);
    assert!(missing.err.contains("none.csv"), "{}", missing.err);
}

#[test]
fn a_wrong_mapping_is_told_before_anything_is_sent() {
    let server = Server::in_memory();
    let wrong = |change: (&str, &str)| {
        let mapping = MAPPING.replace(change.0, change.1);
        assert_ne!(mapping, MAPPING);
        let files = Files::new(&[("rows.csv", ROWS), ("rows.toml", &mapping)]);
        let said = server.run(&["import", &files.name("rows.toml")]);
        assert_eq!(said.code, 2, "{}", said.err);
        said.err
    };
    assert!(wrong(("{amount}", "{amuont}")).contains("there is no column \"amuont\""));
    assert!(wrong(("sale =", "sail =")).contains("there is no field sail"));
    assert!(wrong(("revenue", "turnover")).contains("sale.turnover"));
    assert!(wrong(("currency = \"USD\"\n", "")).contains("names no currency"));
    assert!(wrong(("customer_id = \"{who}\"\n", "")).contains("customer_id is required"));
    let kind = "sale = { revenue = \"{amount}\", cost_of_goods = \"{cost}\" }\n";
    assert!(wrong((kind, "")).contains("one of sale, refund, "));
    assert!(wrong(("rows.csv", "nothing.csv")).contains("nothing.csv"));
    assert!(wrong(("[[activities]]", "[[activities")).contains("rows.toml"));
    let ledger = server.run(&["activities", "--output", "json"]).json();
    assert!(ledger.get("entries").is_none(), "{ledger}");
}

#[test]
fn all_kinds_of_activities_can_be_mapped() {
    let server = Server::in_memory();
    let kinds = [
        "sale = { revenue = 100, discount_amount = 5, quantity = \"2.5\" }",
        "refund = { amount = 10, recovered_cost_of_goods = 4, paid_out = true }",
        "direct_cost = { kind = \"COMMISSION\", amount = 3 }",
        "effort = { role_id = \"CLERK\", minutes = 12, purpose = \"SALES\", channel = \"VISIT\" }",
        "complaint = { severity = \"MAJOR\", compensation = 7 }",
        "special_demand = { description = \"gift wrap\", cost = 2 }",
        "invoice = { invoice_id = \"I1\", amount = 119, due_time = \"2016-02-01\" }",
        "payment = { amount = 119, invoice_id = \"I1\" }",
        "write_off = { amount = 1 }",
        "referral = { referred_party_id = \"C2\" }",
        "credit_note = { amount = 2, invoice_id = \"I1\" }",
        "dispute = { invoice_id = \"I1\", resolved = true }",
        "bonus = { event = \"ACCRUED\", amount = 2, sale_activity_id = \"A0\" }",
        "appreciation = { kind = \"GIFT\", amount = 3, description = \"a book\" }",
        "acquisition = { amount = 4, offer_id = \"SPRING\" }",
        "retention_spend = { amount = 5, description = \"a visit\" }",
        "feedback = { score = 4, worst_score = 1, best_score = 5, comment = \"good\" }",
        "externality = { kind = \"REPUTATION\", estimate = -6, source = \"sales\" }",
        "qualitative_factor = { name = \"TEACHES_US\", weight = 2, note = \"asks for more\" }",
    ];
    let section = |(place, kind): (usize, &&str)| {
        format!(
            "[[activities]]\nfile = \"one.csv\"\ncurrency = \"USD\"\nactivity_id = \"A{place}\"\n\
             customer_id = \"{{who}}\"\noccur_time = \"2016-01-01\"\n{kind}\n"
        )
    };
    let mapping: String = kinds.iter().enumerate().map(section).collect();
    let files = Files::new(&[("one.csv", "who\nC1\n"), ("all.toml", &mapping)]);
    server.run(&["import", &files.name("all.toml")]).text();
    let statement = server.run(&["statement", "C1", "--output", "csv"]).text();
    let lines = [
        "C1,gross_revenue,,USD,105,,",
        "C1,discounts,,USD,5,,",
        "C1,refunds,,USD,10,,",
        "C1,direct_costs,,USD,3,,",
        "C1,receivables_cost,,USD,1,,",
        "C1,net_profit,,USD,67,,",
    ];
    for line in lines {
        assert!(statement.contains(line), "{line} is not in\n{statement}");
    }
    let ledger = server.run(&["activities"]).text();
    assert!(ledger.contains("19 entries"), "{ledger}");
}
