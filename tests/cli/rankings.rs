//! Customers without activity, and complaints beside sales, as they are typed.

use crate::process::{Files, Server};

const MAPPING: &str = "[[activities]]\nfile = \"sales.csv\"\ncurrency = \"USD\"\n\
    activity_id = \"{id}\"\ncustomer_id = \"{who}\"\noccur_time = \"{when}\"\n\
    dimensions = { branch_id = \"{where}\" }\n\
    sale = { revenue = \"{amount}\" }\n\n\
    [[activities]]\nfile = \"complaints.csv\"\n\
    activity_id = \"{id}\"\ncustomer_id = \"{who}\"\noccur_time = \"{when}\"\n\
    dimensions = { branch_id = \"{where}\" }\n\
    complaint = { severity = \"{how}\" }\n";
const SALES: &str = "id,who,when,where,amount\na,C1,2024-01-05,north,100\nb,C2,2024-01-06,north,0\n\
    c,C2,2024-01-07,south,5\nd,C2,2024-01-07,south,7\n";
const COMPLAINTS: &str =
    "id,who,when,where,how\ne,C1,2024-01-09,north,MAJOR\nf,C1,2024-01-09,north,MINOR\n";

fn shop() -> Server {
    let server = Server::in_memory();
    let files = Files::new(&[
        ("sales.csv", SALES),
        ("complaints.csv", COMPLAINTS),
        ("rows.toml", MAPPING),
    ]);
    server.run(&["import", &files.name("rows.toml")]).text();
    for id in ["C3", "C0"] {
        server.run(&["customers", "upsert", id]).text();
    }
    server
}

#[test]
fn customers_without_activity_are_shown_if_they_are_wanted() {
    let server = shop();
    let plain = server.run(&["rank", "--all"]).text();
    assert!(plain.contains("2 of 2 customers"), "{plain}");
    assert!(!plain.contains("C3"), "{plain}");
    let with = ["rank", "--all", "--with-inactive"];
    let told = server.run(&with).text();
    assert!(
        told.contains("4 of 4 customers; 0 of all below zero, 2 without activity\n"),
        "{told}"
    );
    for wanted in [&with[..], &["rank", "--top", "9", "--with-inactive"]] {
        let told = server.run(&[wanted, &["-o", "csv"]].concat()).text();
        let ids: Vec<_> = told.lines().map(|line| line.split(',').nth(1)).collect();
        let expected = ["customer_id", "C1", "C2", "C0", "C3"];
        assert_eq!(ids, expected.map(Some));
        let last: Vec<_> = told
            .lines()
            .filter_map(|line| line.rsplit(',').next())
            .collect();
        assert_eq!(last, ["inactive", "false", "false", "true", "true"]);
    }
    let plain = server.run(&["rank", "-o", "csv"]).text();
    assert!(
        plain.starts_with("rank,") && !plain.contains("inactive"),
        "{plain}"
    );
    let solvency = [&with[..], &["--basis", "solvency"]].concat();
    let refused = server.run(&solvency);
    assert!(refused.err.contains("include_inactive"), "{}", refused.err);
}

#[test]
fn complaints_stand_beside_sales() {
    let server = shop();
    let told = server.run(&["by", "branch"]).text();
    assert!(told.contains("/100 sales"), "{told}");
    assert!(
        told.contains("2 complaints about 4 sales, 50.0 for a hundred; 1 severe\n"),
        "{told}"
    );
    let told = server.run(&["by", "branch", "-o", "csv"]).text();
    let lines: Vec<_> = told.lines().collect();
    assert!(lines[0].ends_with(
        "sale_count,complaint_count,minor_complaint_count,moderate_complaint_count,\
         major_complaint_count,complaints_per_hundred_sales,severe_complaint_share"
    ));
    assert!(lines[1].ends_with(",2,2,1,0,1,100,0.5"), "{told}");
    assert!(lines[2].ends_with(",2,0,0,0,0,0,"), "{told}");
    // Where nobody complains there are no columns for it.
    let later = ["by", "branch", "--from", "2025-01-01"];
    assert!(!server.run(&later).text().contains("/100"));
}
