//! Advice on time, expansion, cross-selling and bonuses, as it is asked for.

use crate::process::{Files, Server};

const MAPPING: &str = "[[activities]]\nfile = \"sales.csv\"\ncurrency = \"USD\"\nactivity_id = \"s{id}\"\n\
    customer_id = \"{who}\"\noccur_time = \"{when}\"\n\
    dimensions = { account_manager_id = \"mia\", product_id = \"seat\" }\n\
    sale = { revenue = \"{paid}\", quantity = \"{seats}\" }\n\
    [[activities]]\nfile = \"sales.csv\"\nactivity_id = \"v{id}\"\n\
    customer_id = \"{who}\"\noccur_time = \"{when}\"\n\
    dimensions = { account_manager_id = \"mia\" }\n\
    effort = { role_id = \"SALES\", minutes = \"{minutes}\", purpose = \"SALES\" }\n\
    [[activities]]\nfile = \"bonuses.csv\"\ncurrency = \"USD\"\nactivity_id = \"b{id}\"\n\
    customer_id = \"{who}\"\noccur_time = \"{when}\"\n\
    bonus = { event = \"ACCRUED\", amount = \"{amount}\" }\n";

/// Three accounts of Mia. C3 buys the more, the more time it gets.
fn office() -> Server {
    let sales = "id,who,when,paid,seats,minutes\n\
        1,C1,2026-01-05,100,1,30\n2,C1,2026-02-05,100,1,60\n3,C1,2026-03-05,100,1,90\n\
        4,C2,2026-01-05,100,2,60\n5,C2,2026-02-05,100,2,30\n6,C2,2026-03-05,100,2,60\n\
        7,C3,2026-01-05,100,5,30\n8,C3,2026-02-05,200,5,60\n9,C3,2026-03-05,300,5,90\n";
    let bonuses = "id,who,when,amount\n1,C1,2026-03-02,20\n2,C3,2026-03-02,20\n";
    let files = Files::new(&[
        ("sales.csv", sales),
        ("bonuses.csv", bonuses),
        ("mapping.toml", MAPPING),
    ]);
    let server = Server::in_memory();
    server.run(&["import", &files.name("mapping.toml")]).text();
    server
}

const QUARTER: [&str; 4] = ["--from", "2026-01-01", "--to", "2026-04-01"];

#[test]
fn hours_are_split_and_shown() {
    let server = office();
    let ask = ["advise", "time", "mia", "--hours", "4", "--minimum", "30"];
    let ask = [&ask[..], &QUARTER].concat();
    let text = server.run(&ask).text();
    for part in [
        "4 hours a month of mia",
        "C3",
        "Gain over equal time",
        "Learnt from 3 of 3 accounts over 3 months",
        "1,200.00",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    let csv = server
        .run(&[&ask[..], &["--output", "csv"]].concat())
        .text();
    let advised = |customer: &str| -> u32 {
        let row = csv.lines().find(|line| line.starts_with(customer)).unwrap();
        row.split(',').nth(3).unwrap().parse().unwrap()
    };
    let all = ["C1", "C2", "C3"].map(advised);
    assert_eq!(all.iter().sum::<u32>(), 240);
    assert!(all[2] > all[0] && all[2] > all[1], "{csv}");
    let nobody = ["advise", "time", "bo", "--hours", "4"];
    let nobody = server.run(&[&nobody[..], &QUARTER].concat());
    assert!(nobody.err.contains("EVIDENCE_TOO_THIN"), "{}", nobody.err);
}

#[test]
fn growth_is_shown() {
    let server = office();
    let more = ["advise", "expansion", "seat", "--units", "10"];
    let more = server.run(&[&more[..], &QUARTER].concat()).text();
    // C1 pays 100 for each and takes 60 minutes: 1,000 in 600 minutes.
    for part in ["More of seat", "1,000.00", "3 of 3 customers"] {
        assert!(more.contains(part), "{part} is not in\n{more}");
    }
    let march = ["--from", "2026-03-01", "--to", "2026-04-01"];
    let bonuses = ["advise", "bonuses"];
    let bonuses = server.run(&[&bonuses[..], &march].concat()).text();
    // C1 brings no more than in February, C3 100 more.
    for part in ["costs more", "-20.00", "80.00", "1 of 2 customers"] {
        assert!(bonuses.contains(part), "{part} is not in\n{bonuses}");
    }
    let few = ["advise", "cross-sell", "--customer", "C1"];
    let few = server.run(&[&few[..], &QUARTER].concat());
    assert!(few.err.contains("EVIDENCE_TOO_THIN"), "{}", few.err);
}
