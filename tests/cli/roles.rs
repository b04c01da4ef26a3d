//! Tokens, as they are made and shown at the command line.

use crate::process::{Files, Server};
use sha2::{Digest as _, Sha256};

fn entry(token: &str, role: &str) -> String {
    let hash = Sha256::digest(token.as_bytes());
    let digits: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("[[token]]\nname = \"{token}\"\nrole = \"{role}\"\nsha256 = \"{digits}\"\n")
}

#[test]
fn a_token_is_shown_and_taken_back() {
    let both = entry("money", "FINANCE") + &entry("seller", "SALES");
    let files = Files::new(&[
        ("tokens.toml", &both),
        ("rows.csv", "id,who,when,amount\na,C1,2024-01-05,100\n"),
        (
            "rows.toml",
            "[[activities]]\nfile = \"rows.csv\"\ncurrency = \"USD\"\nactivity_id = \"{id}\"\n\
             customer_id = \"{who}\"\noccur_time = \"{when}\"\nsale = { revenue = \"{amount}\" }\n",
        ),
    ]);
    let server = Server::guarded(&files.name("tokens.toml"));
    let import = files.name("rows.toml");
    let refused = server.run(&["import", &import]);
    assert_ne!(refused.code, 0);
    assert!(refused.err.contains("TOKEN_REQUIRED"), "{}", refused.err);
    server.run(&["import", &import, "--token", "money"]).text();
    let shown = |words: &[&str], token: &str| {
        let mut command = server.command(words);
        crate::process::Said::by(command.env("PROFITSCORE_TOKEN", token))
    };
    assert!(shown(&["rank"], "money").text().contains("100.00"));
    let told = shown(&["rank", "--output", "json"], "seller").json();
    let customer = &told["customers"][0];
    assert_eq!(
        (&customer["rank"], customer.get("value")),
        (&"1".into(), None)
    );
    assert_eq!(customer["statement"]["netRevenue"]["units"], "100");
    assert_eq!(customer["statement"].get("netProfit"), None);
    let table = shown(&["rank"], "seller").text();
    assert!(
        table.contains("C1") && !table.contains("0.00 USD"),
        "{table}"
    );
    let statement = shown(&["statement", "C1"], "seller").text();
    assert!(statement.contains("net revenue"), "{statement}");
    assert!(
        !statement.contains("= net profit") && !statement.contains("cost of goods"),
        "{statement}"
    );
    let refused = shown(&["costs", "show"], "seller");
    assert_eq!(refused.code, 4);
    assert!(refused.err.contains("ROLE_NOT_ALLOWED"), "{}", refused.err);

    // What is wrong changes nothing; what is right holds soon.
    std::fs::write(files.path("tokens.toml"), "[[token]]\nname = 1\n").unwrap();
    server.hang_up();
    shown(&["rank"], "money").text();
    std::fs::write(files.path("tokens.toml"), entry("money", "FINANCE")).unwrap();
    server.hang_up();
    let gone = (0..1_000).any(|_| shown(&["rank"], "seller").err.contains("TOKEN_UNKNOWN"));
    assert!(gone, "the token still holds");
    shown(&["rank"], "money").text();
}

#[test]
fn a_file_without_tokens_is_refused_at_the_start() {
    let files = Files::new(&[("tokens.toml", "")]);
    let words = [
        "serve",
        "--store",
        "memory",
        "--listen",
        "127.0.0.1:0",
        "--tokens",
    ];
    let mut command = crate::process::program();
    let said = crate::process::Said::by(command.args(words).arg(files.path("tokens.toml")));
    assert_ne!(said.code, 0);
    assert!(said.err.contains("tokens has no token"), "{}", said.err);
}
