//! Price lists and discount tiers, as they are typed and imported.

use crate::process::{Files, Server};

const SALES: &str = "[[activities]]\nfile = \"rows.csv\"\ncurrency = \"USD\"\nactivity_id = \"{id}\"\n\
    customer_id = \"{who}\"\noccur_time = \"{when}\"\n\
    sale = { revenue = \"{paid}\", list_amount = \"{list}\" }\n";
const TERMS: &str = "[[price_terms]]\nfile = \"terms.csv\"\ncustomer_id = \"{Who}\"\nfirst_day = \"{From}\"\n\
    price_list_id = \"{List}\"\ndiscount_tier = \"{Tier}\"\nnominal_discount = \"{Percent} / 100\"\n";

fn shop() -> (Server, Files) {
    let rows = "id,who,when,paid,list\n1,C1,2026-01-10,800,1000\n2,C2,2026-01-12,500,500\n";
    let terms = "Who,From,List,Tier,Percent\nC2,2026-01-01,RETAIL,,\nC1,2026-03-01,EXPORT,SILVER,12.5\n\
                 C3,soon,RETAIL,,\nC3,2026-01-01,RETAIL,,10\n";
    let files = Files::new(&[
        ("rows.csv", rows),
        ("rows.toml", SALES),
        ("terms.csv", terms),
        ("terms.toml", TERMS),
    ]);
    let server = Server::in_memory();
    server.run(&["import", &files.name("rows.toml")]).text();
    (server, files)
}

#[test]
fn terms_are_put_and_stand_beside_the_customer() {
    let (server, _files) = shop();
    let year = ["--year", "2026"];
    let before = server.run(&[&["rank"][..], &year].concat()).text();
    assert!(!before.contains("Price list"), "{before}");
    let put = [
        "prices",
        "put",
        "C1",
        "2026-01-01",
        "--price-list",
        "TRADE",
        "--tier",
        "GOLD",
        "--nominal-discount",
        "0.15",
    ];
    let dry = server.run(&[&put[..], &["--dry-run"]].concat()).text();
    assert_eq!(dry, "C1 2026-01-01: would be stored\n");
    assert_eq!(server.run(&put).text(), "C1 2026-01-01: stored\n");
    assert_eq!(server.run(&put).text(), "C1 2026-01-01: unchanged\n");
    let wrong = [
        "prices",
        "put",
        "C1",
        "2026-01-02",
        "--tier",
        "GOLD",
        "--nominal-discount",
        "15",
    ];
    let wrong = server.run(&wrong);
    assert_eq!(wrong.code, 1);
    assert!(wrong.err.contains("NUMBER_OUT_OF_RANGE"), "{}", wrong.err);
    let without = [
        "prices",
        "put",
        "C1",
        "2026-01-02",
        "--nominal-discount",
        "0.1",
    ];
    assert_eq!(server.run(&without).code, 2);

    let rank = server.run(&[&["rank"][..], &year].concat()).text();
    let row = rank.lines().find(|line| line.contains("C1")).unwrap();
    assert!(rank.contains("Realisation"), "{rank}");
    for told in ["TRADE", "GOLD", "0.15", "200.00", "80.0%"] {
        assert!(row.contains(told), "{told} is not in {row}");
    }
    let csv = server
        .run(&[&["rank", "--output", "csv"][..], &year].concat())
        .text();
    assert!(csv.contains(",TRADE,GOLD,0.15,0.8,"), "{csv}");
    let statement = server
        .run(&[&["statement", "C1"][..], &year].concat())
        .text();
    let line = "Prices: price list TRADE, tier GOLD, nominal discount 0.15, discounts 200.00, \
                price realisation 0.8000\n";
    assert!(statement.contains(line), "{statement}");
    let by = server
        .run(&[&["by", "price-list", "--output", "csv"][..], &year].concat())
        .text();
    assert!(by.contains("1,TRADE,USD,800,"), "{by}");
    let cross = server
        .run(&[&["cross", "--by", "discount-tier"][..], &year].concat())
        .text();
    assert!(cross.contains("GOLD"), "{cross}");
    let earlier = ["rank", "--as-of", "2", "--year", "2026"];
    assert!(!server.run(&earlier).text().contains("TRADE"));
}

#[test]
fn terms_are_imported_and_listed() {
    let (server, files) = shop();
    let said = server.run(&["import", &files.name("terms.toml"), "--output", "json"]);
    assert_eq!(said.code, 1, "{}", said.err);
    let told = [
        "terms.csv:4: first_day (column From): \"soon\" is no date such as 2013-01-31",
        "terms.csv:5: nominal_discount (column Percent): FIELD_INVALID: ",
    ];
    for line in told {
        assert!(said.err.contains(line), "{line} is not in\n{}", said.err);
    }
    let listed = server.run(&["prices", "list", "--output", "csv"]).text();
    let expected = "customer_id,first_day,price_list_id,discount_tier,nominal_discount,position\n\
                    C1,2026-03-01,EXPORT,SILVER,0.125,4\nC2,2026-01-01,RETAIL,,,3\n";
    assert_eq!(listed, expected);
    let on = server.run(&["prices", "list", "--on", "2026-02-28"]).text();
    assert!(on.contains("RETAIL") && !on.contains("EXPORT"), "{on}");
    let of_one = server.run(&["prices", "list", "--customer", "C1"]).text();
    assert!(
        of_one.contains("1 price terms; as of position 4"),
        "{of_one}"
    );

    let terms = files.name("terms.csv");
    let import = [
        "prices",
        "import",
        &terms,
        "--customer",
        "{Who}",
        "--first-day",
        "{From}",
    ];
    assert_eq!(
        server.run(&import).code,
        2,
        "neither a price list nor a tier"
    );
    let import = [
        &import[..],
        &["--price-list", "{List}", "--dry-run", "--output", "json"],
    ]
    .concat();
    let said = server.run(&import);
    assert_eq!(said.code, 1, "{}", said.err);
    let summary: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    let section = &summary["sections"][0];
    // That of C2 is there already, those of C1 and C3 would be new.
    assert_eq!(
        (&section["posted"], &section["duplicate"]),
        (&2.into(), &1.into())
    );
}
