//! Customers and prospects with traits, from the command line.

use crate::process::{Files, Server};

const CUSTOMERS: i32 = 120;

/// A town in which hotels earn money and cafés lose it.
fn town() -> (Server, Files) {
    let mut rows = "id,what,rooms,profit\n".to_owned();
    for place in 0..CUSTOMERS {
        let (what, profit) = match place % 3 {
            0 => ("Hotel", 900 + place),
            1 => ("Café", -200 - place),
            _ => ("Shop", 100 + place),
        };
        rows += &format!("C{place},{what},{},{profit}\n", place % 7);
    }
    let mapping = "[[trait_definitions]]\nkey = \"ROOMS\"\ntype = \"NUMBER\"\nbin_edges = [\"2\", \"5\"]\n\n\
        [[customers]]\nfile = \"town.csv\"\nparty_id = \"{id}\"\n\
        traits = { KIND = { category = \"{what}\" }, ROOMS = { number = \"{rooms}\" } }\n\n\
        [[activities]]\nfile = \"town.csv\"\ncurrency = \"USD\"\nactivity_id = \"S-{id}\"\ncustomer_id = \"{id}\"\n\
        occur_time = \"2016-01-01\"\nsale = { revenue = 2000, cost_of_goods = \"2000 - {profit}\" }\n";
    let files = Files::new(&[("town.csv", &rows), ("town.toml", mapping)]);
    let server = Server::in_memory();
    server.run(&["import", &files.name("town.toml")]).text();
    for (id, kind) in [("P1", "Hotel"), ("P2", "Café"), ("P3", "Shop")] {
        let kind = format!("KIND={kind}");
        server
            .run(&[
                "prospects",
                "upsert",
                id,
                "--trait",
                &kind,
                "--trait",
                "ROOMS=4",
            ])
            .text();
    }
    (server, files)
}

#[test]
fn the_profile_names_what_sets_the_best_apart() {
    let (server, _files) = town();
    let table = server.run(&["profile", "--fraction", "0.25"]).text();
    let first = table.lines().find(|line| line.contains("KIND")).unwrap();
    assert!(
        first.contains("Hotel") && first.trim_end().ends_with("yes"),
        "{table}"
    );
    let rows = server
        .run(&["profile", "--fraction", "0.25", "--output", "csv"])
        .text();
    assert!(rows.contains("KIND,category,Hotel,30,40,"), "{rows}");
    assert!(rows.contains("ROOMS,number_range,2..5,"), "{rows}");
}

#[test]
fn lookalikes_come_in_the_order_of_their_likeness() {
    let (server, _files) = town();
    let answer = server
        .run(&["lookalikes", "--fraction", "0.25", "--output", "json"])
        .json();
    let ids: Vec<_> = answer["lookalikes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["partyId"])
        .collect();
    assert_eq!(ids, ["P1", "P3", "P2"]);
    let table = server
        .run(&["lookalikes", "--fraction", "0.25", "--top", "1"])
        .text();
    assert!(table.contains("1 of 3 prospects"), "{table}");
}

#[test]
fn prospects_are_prequalified_stored_or_not() {
    let (server, _files) = town();
    let words = [
        "prequalify",
        "--all",
        "--acquisition-cost",
        "50",
        "--horizon",
        "1",
        "-o",
        "csv",
    ];
    let rows = server.run(&words).text();
    let decision = |id: &str| {
        let row = rows.lines().find(|line| line.starts_with(id)).unwrap();
        row.split(',').nth(1).unwrap().to_owned()
    };
    assert_eq!(decision("P1,"), "PURSUE", "{rows}");
    assert_eq!(decision("P2,"), "DECLINE", "{rows}");
    let inline = ["prequalify", "--trait", "KIND=Hotel", "--horizon", "1"];
    let table = server.run(&inline).text();
    assert!(table.contains("PURSUE"), "{table}");
    let missing = server.run(&["prequalify", "P1", "P9", "--horizon", "1"]);
    assert_eq!(missing.code, 1);
    assert!(
        missing.err.contains("P9: PARTY_NOT_FOUND"),
        "{}",
        missing.err
    );
    assert!(missing.out.contains("P1"), "{}", missing.out);
    assert_eq!(server.run(&["prequalify"]).code, 2);
    let fine = server.run(&["prequalify", "P1", "--hurdle", "0.0000001"]);
    assert_eq!(fine.code, 2);
}

#[test]
fn parties_are_stored_listed_and_filtered() {
    let (server, files) = town();
    let words = [
        "customers",
        "list",
        "--trait",
        "KIND=Hotel",
        "--trait",
        "ROOMS=0",
        "-o",
        "json",
    ];
    let answer = server.run(&words).json();
    assert_eq!(answer["parties"].as_array().unwrap().len(), 6);
    let all = server
        .run(&["customers", "list", "--all", "--output", "csv"])
        .text();
    assert_eq!(all.lines().count(), 1 + 2 * 120);
    let shown = server.run(&["prospects", "get", "P1"]).text();
    assert!(shown.contains("KIND=Hotel, ROOMS=4"), "{shown}");
    let unchanged = server.run(&[
        "prospects",
        "upsert",
        "P1",
        "--trait",
        "KIND=Hotel",
        "--trait",
        "ROOMS=4",
    ]);
    assert_eq!(unchanged.text(), "P1: unchanged\n");
    let wrong = server.run(&["prospects", "upsert", "P1", "--trait", "ROOMS:flag=yes"]);
    assert_eq!(wrong.code, 1);
    assert!(wrong.err.contains("TRAIT_TYPE_MISMATCH"), "{}", wrong.err);
    let list = files.path("list.json");
    std::fs::write(
        &list,
        r#"{"parties": [{"partyId": "P4"}, {"partyId": "P5"}]}"#,
    )
    .unwrap();
    let stored = server.run(&["prospects", "upsert", "--file", list.to_str().unwrap()]);
    assert_eq!(stored.text(), "P4: stored\nP5: stored\n");
    let defined = [
        "traits",
        "define",
        "HEALTH",
        "--type",
        "category",
        "--sensitivity",
        "special-category",
    ];
    let table = server.run(&defined).text();
    assert!(table.contains("SPECIAL_CATEGORY"), "{table}");
}

#[test]
fn outcomes_are_recorded_listed_and_measured() {
    let (server, _files) = town();
    let record = [
        "outcomes",
        "record",
        "deal-1",
        "P1",
        "--status",
        "won",
        "--decided-on",
        "2016-03-01",
        "--brought",
        "40",
        "--advice",
        "pursue",
    ];
    assert_eq!(server.run(&record).text(), "deal-1: stored\n");
    assert_eq!(server.run(&record).text(), "deal-1: unchanged\n");
    let table = server.run(&["outcomes", "list", "--status", "won"]).text();
    assert!(
        table.contains("deal-1") && table.contains("PURSUE"),
        "{table}"
    );
    let rows = server.run(&["outcomes", "list", "--output", "csv"]).text();
    assert!(
        rows.contains("deal-1,P1,WON,,2016-03-01,40,,PURSUE,"),
        "{rows}"
    );
    let card = server.run(&["models", "card"]).text();
    assert!(
        card.contains("too few outcomes") && card.contains("PURSUE: 1 decided, 1 won"),
        "{card}"
    );
    let adopted = server
        .run(&["models", "adopt", "--request-id", "m1", "--note", "spring"])
        .text();
    assert!(adopted.contains("adopted: first"), "{adopted}");
    let restored = server
        .run(&[
            "models",
            "restore",
            "1",
            "--request-id",
            "m2",
            "--output",
            "csv",
        ])
        .text();
    assert!(restored.contains("\n2,"), "{restored}");
    let listed = server.run(&["models", "list", "--output", "csv"]).text();
    assert_eq!(listed.lines().count(), 3, "{listed}");
    server.run(&["models", "proxies"]).text();
}

#[test]
fn a_list_of_lookalikes_is_narrowed_as_it_is_asked_for() {
    let (server, _files) = town();
    let list = |flags: &[&str]| {
        let all = [&["lookalikes", "--fraction", "0.25"], flags].concat();
        server.run(&all).text()
    };
    let narrow = list(&["--expansion", "narrow", "--diversity", "0.5"]);
    assert!(narrow.contains("2 are too unlike the best"), "{narrow}");
    assert!(
        narrow.contains("P1 ") && !narrow.contains("P3 "),
        "{narrow}"
    );
    // A customer of the name of a prospect.
    for (what, id) in [("prospects", "P1"), ("customers", "C0")] {
        let named = [
            what,
            "upsert",
            id,
            "--name",
            "Grand Hotel Ltd.",
            "--trait",
            "KIND=Hotel",
        ];
        server.run(&named).text();
    }
    let others = list(&["--not-by-name", "--not-by-domain", "WEB"]);
    assert!(
        others.contains("1 are customers under another id"),
        "{others}"
    );
    assert!(!others.contains("P1 "), "{others}");
    // Nobody has told how long serving a hotel takes.
    let asked = ["lookalikes", "--fraction", "0.25", "--capacity-hours", "40"];
    let refused = server.run(&asked);
    assert!(refused.err.contains("EVIDENCE_TOO_THIN"));
    // Cafés by name as the best.
    let cafes: Vec<String> = (0..CUSTOMERS / 3)
        .map(|i| format!("C{}", 3 * i + 1))
        .collect();
    let mut asked = vec!["lookalikes", "--output", "csv"];
    asked.extend(cafes.iter().flat_map(|id| ["--seed", id.as_str()]));
    let rows = server.run(&asked).text();
    assert!(rows.lines().nth(1).unwrap().starts_with("1,P2,"), "{rows}");
}

#[test]
fn who_objects_is_left_out_and_who_is_erased_has_no_name() {
    let (server, _files) = town();
    let said = server.run(&["prospects", "object", "P1"]).text();
    assert_eq!(said, "P1 objects to profiling: stored\n");
    let table = server.run(&["lookalikes", "--fraction", "0.25"]).text();
    assert!(
        table.contains("1 object to profiling") && !table.contains("P1 "),
        "{table}"
    );
    let said = server
        .run(&["prospects", "object", "P1", "--withdraw"])
        .text();
    assert_eq!(said, "P1 objects no longer: stored\n");
    let said = server
        .run(&["customers", "erase", "C1", "--dry-run"])
        .text();
    assert_eq!(said, "C1 erased: would be stored\n");
    assert_eq!(
        server.run(&["customers", "erase", "C1"]).text(),
        "C1 erased: stored\n"
    );
    assert_eq!(
        server.run(&["customers", "erase", "C1"]).text(),
        "C1 erased: unchanged\n"
    );
    let shown = server
        .run(&["customers", "get", "C1", "--output", "csv"])
        .text();
    assert!(!shown.contains("KIND"), "{shown}");
}
