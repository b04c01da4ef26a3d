//! Every statement that the store on PostgreSQL sends has a shape that Citus can spread over machines.
//!
//! The database itself logs what it is sent while writes and questions by chance are asked of it; what is found in the
//! log is taken apart and checked. What only looks at results of common table expressions may be anything: Citus brings
//! those together first.

use crate::{
    cluster::cluster,
    generate::{Command, command, sample},
    stores::open_database,
    words::NOW,
};
use profitscore::{
    domain::ledger::WriteMode,
    store::{Store as _, postgres},
};
use proptest::test_runner::{Config, RngSeed, TestRunner};
use std::collections::BTreeSet;

/// The tables that are spread, and the columns by which they are.
const SPREAD: [&str; 3] = [
    "profitscore.ledger",
    "profitscore.parties",
    "profitscore.ids",
];
/// The tables that are on the coordinator alone.
const LOCAL: [&str; 8] = [
    "profitscore.books",
    "profitscore.settings",
    "profitscore.tenants",
    "profitscore.migrations",
    "profitscore.trait_definitions",
    "profitscore.cost_models",
    "profitscore.closings",
    "profitscore.products",
];
/// What Citus refuses wherever it stands.
const REFUSED: [&str; 8] = [
    "ROLLUP",
    "CUBE",
    "GROUPING SETS",
    "RECURSIVE",
    "FOR UPDATE",
    "FOR SHARE",
    "TRIGGER",
    "FULL JOIN",
];
/// Enough for every kind of question, with and without each of its parts.
const COMMANDS: usize = 600;

/// A statement or a subquery: its own text, with `(subquery)` for those inside.
fn blocks(statement: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut characters = statement.chars();
    let own = block(&mut characters, &mut found);
    found.push(own);
    found
}

fn block(characters: &mut std::str::Chars<'_>, found: &mut Vec<String>) -> String {
    let mut own = String::new();
    while let Some(character) = characters.next() {
        match character {
            '(' => {
                let inner = block(characters, found);
                if inner.trim_start().starts_with("SELECT ") {
                    own.push_str("(subquery)");
                    found.push(inner);
                } else {
                    own.push_str(&format!("({inner})"));
                }
            }
            ')' => return own,
            character => own.push(character),
        }
    }
    own
}

/// How often two tables are joined by the columns by which they are spread.
fn joined_by_customer(own: &str) -> usize {
    let words: Vec<&str> = own
        .split([' ', '(', ')', ','])
        .filter(|word| !word.is_empty())
        .collect();
    let is_spread = |word: &str| word.ends_with(".customer") || word.ends_with(".party");
    let equal = words.windows(3).filter(|words| words[1] == "=");
    equal
        .filter(|words| is_spread(words[0]) && is_spread(words[2]))
        .count()
}

/// What Citus would refuse of a statement.
fn breaches(statement: &str) -> Vec<String> {
    let mut found = Vec::new();
    for word in REFUSED.iter().filter(|word| statement.contains(**word)) {
        found.push(format!("{word}: {statement}"));
    }
    let blocks = blocks(statement);
    let named: BTreeSet<String> = blocks
        .iter()
        .flat_map(|own| {
            own.split(" AS MATERIALIZED (subquery)")
                .chain(own.split(" AS (subquery)"))
        })
        .filter_map(|before| Some(before.rsplit([' ', ',']).next()?.to_owned()))
        .filter(|name| !name.is_empty())
        .collect();
    let lateral = blocks
        .iter()
        .any(|own| own.contains("l.customer = p.party"));
    for own in blocks.iter().flat_map(|own| own.split(" UNION ALL ")) {
        if !SPREAD.iter().any(|table| own.contains(table)) {
            continue;
        }
        let mut refuse = |why: &str| found.push(format!("{why}: {own}"));
        if LOCAL.iter().any(|table| own.contains(table)) {
            refuse("a table of the coordinator beside one that is spread");
        }
        let is_changed = own.contains("UPDATE ") || own.contains("DELETE ");
        if is_changed && own.contains("unnest(") {
            refuse("a function beside a table that is spread and changed");
        }
        if !own.contains("SELECT ") {
            continue;
        }
        let list = own.split(" FROM ").next().unwrap_or_default();
        if list.contains("(subquery)") {
            refuse("a scalar subquery beside a table that is spread");
        }
        if own.contains(" OVER ") || own.contains("DISTINCT ON") {
            refuse("a window over, or the first of, rows of a table that is spread");
        }
        let joins = own.matches(" JOIN ").count();
        let laterals = own.matches(" JOIN LATERAL ").count() * usize::from(lateral);
        if joins > joined_by_customer(own) + laterals {
            refuse("a join off the column by which tables are spread");
        }
        let tables = own.split([' ', ',']).collect::<Vec<_>>();
        let mut after = tables
            .windows(2)
            .filter(|words| ["FROM", "JOIN"].contains(&words[0]));
        if after.any(|words| named.contains(words[1])) {
            refuse("a result beside a table that is spread");
        }
    }
    found
}

#[test]
fn what_citus_refuses_is_found() {
    for refused in [
        "SELECT l.what, sum(l.gross) FROM profitscore.ledger l GROUP BY ROLLUP (l.what)",
        "SELECT sum(l.gross), (SELECT max(p.seq) FROM profitscore.parties p) FROM profitscore.ledger l",
        "SELECT i.id FROM profitscore.ledger l JOIN profitscore.ids i ON i.seq = l.seq",
        "WITH a AS (SELECT 1 AS customer) SELECT l.seq FROM profitscore.ledger l JOIN a ON a.customer = l.customer",
        "SELECT row_number() OVER (ORDER BY l.seq) FROM profitscore.ledger l",
        "SELECT x.seq FROM (SELECT l.seq FROM profitscore.ledger l FOR UPDATE) x",
        "UPDATE profitscore.parties p SET until = n.u FROM unnest($1::bigint[]) AS n(u) WHERE p.seq = n.u",
        "SELECT l.seq FROM profitscore.ledger l JOIN profitscore.tenants t ON l.customer = t.customer",
    ] {
        assert!(!breaches(refused).is_empty(), "{refused}");
    }
    let allowed = "WITH a AS MATERIALIZED (SELECT l.customer, sum(l.gross) AS v FROM profitscore.ledger l \
                   LEFT JOIN profitscore.parties p ON p.party = l.customer GROUP BY l.customer) \
                   SELECT (SELECT max(a.v) FROM a), row_number() OVER (ORDER BY a.v) FROM a";
    assert_eq!(breaches(allowed), Vec::<String>::new());
}

/// The distinct statements about the store's tables that a database was sent.
fn statements(log: &str, database: &str) -> BTreeSet<String> {
    let begin = format!("{database}|LOG:  ");
    let lines = log.lines().filter_map(|line| line.strip_prefix(&begin));
    let texts = lines.filter_map(|line| {
        let text = line.strip_prefix("execute ")?;
        Some(text.split_once(": ")?.1.to_owned())
    });
    texts.filter(|text| text.contains("profitscore.")).collect()
}

#[tokio::test]
async fn every_statement_has_a_shape_that_citus_allows() {
    let Some(cluster) = cluster() else {
        return;
    };
    let (database, name) = cluster.logged_database().await;
    postgres::migrate(&database).await.unwrap();
    let store = open_database(&database).await;
    let mut runner = TestRunner::new(Config {
        rng_seed: RngSeed::Fixed(20_261_122),
        failure_persistence: None,
        ..Config::default()
    });
    for _ in 0..COMMANDS {
        let mode = |keep| {
            if keep {
                WriteMode::Keep
            } else {
                WriteMode::ValidateOnly
            }
        };
        match sample(&mut runner, command()) {
            Command::Append {
                tenant,
                entries,
                keep,
            } => {
                store
                    .append(&tenant, entries, NOW, mode(keep))
                    .await
                    .unwrap();
            }
            Command::Put {
                tenant,
                records,
                keep,
            } => {
                store.put(&tenant, records, NOW, mode(keep)).await.unwrap();
            }
            Command::Ask { tenant, question } => {
                question.ask(&store, &tenant).await;
            }
            Command::Reopen => {}
        }
    }
    let statements = statements(&cluster.log(), &name);
    for part in [
        "COPY profitscore.ids",
        "COPY profitscore.ledger",
        "INSERT INTO profitscore.parties",
        "UPDATE profitscore.parties",
        "UPDATE profitscore.tenants",
        "l.target = ANY",
        "CROSS JOIN LATERAL (SELECT coalesce(sum(l.live)",
        "s.sold",
        "beside0",
        "shares AS",
        "points AS",
        "flags AS",
        "f.first_day",
        "d.net",
        "GROUP BY l.product",
        "l.branch = ANY",
        "p.traits->",
    ] {
        assert!(
            statements.iter().any(|text| text.contains(part)),
            "nothing was sent with {part}"
        );
    }
    let found: Vec<_> = statements.iter().flat_map(|text| breaches(text)).collect();
    assert!(found.is_empty(), "{}", found.join("\n\n"));
    println!("{} statements", statements.len());
}
