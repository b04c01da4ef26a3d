//! The tables of requirements: every row is there, and every method, command and test that it names exists.

use super::source::Source;
use std::collections::BTreeSet;

/// Where the table of customers is, and that of prospects.
const PAGE: &str = "docs/requirements.md";
const PROSPECTS: &str = "docs/models.md";
/// The last row of each part.
const PARTS: [(u32, u32); 4] = [(0, 27), (1, 26), (2, 22), (3, 29)];
/// Rows of later parts that are there already.
const BEGUN: [(u32, u32); 3] = [(4, 12), (4, 16), (4, 17)];
/// Rows that are about prospects.
const OF_PROSPECTS: [(u32, u32); 9] = [
    (0, 8),
    (0, 9),
    (0, 10),
    (0, 11),
    (0, 12),
    (0, 13),
    (1, 5),
    (1, 24),
    (1, 26),
];
/// A row that is about both.
const OF_BOTH: (u32, u32) = (3, 9);

/// What is wrong with the tables.
pub fn breaches(sources: &[Source], help: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let mut found = breaches_of(PAGE, wanted(), sources, &help);
    let prospects = OF_PROSPECTS.into_iter().chain([OF_BOTH]);
    let prospects = prospects.map(name).collect();
    found.extend(breaches_of(PROSPECTS, prospects, sources, &help));
    found
}

fn breaches_of(
    path: &str,
    mut left: BTreeSet<String>,
    sources: &[Source],
    help: impl Fn(&str) -> Option<String>,
) -> Vec<String> {
    let Some(page) = sources.iter().find(|source| source.path == path) else {
        return vec![format!("{path} is missing")];
    };
    let (methods, tests) = (methods(sources), tests(sources));
    let mut found = Vec::new();
    for line in page.text.lines().filter(|line| line.starts_with("| S")) {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [row, _, method, command, test] = cells[..] else {
            found.push(format!("{path}: {line:?} has not five cells"));
            continue;
        };
        if !left.remove(row) {
            found.push(format!("{path}: {row} is no row, or is there twice"));
        }
        let is_answered = !named(method).is_empty();
        if !is_answered && !method.starts_with("not yet") {
            found.push(format!(
                "{path}: {row} names no method and does not say \"not yet\""
            ));
        }
        if is_answered && (named(command).is_empty() || named(test).is_empty()) {
            found.push(format!("{path}: {row} names no command or no test"));
        }
        let unknown = |names: Vec<&str>, known: &BTreeSet<String>, what: &str| {
            let unknown = names.into_iter().filter(|name| !known.contains(*name));
            let told = unknown.map(|name| format!("{path}: {row}: there is no {what} {name}"));
            told.collect::<Vec<_>>()
        };
        found.extend(unknown(named(method), &methods, "method"));
        found.extend(unknown(named(test), &tests, "test"));
        for command in named(command) {
            let words = command.split(' ').skip(1);
            let words: Vec<_> = words.take_while(|word| !word.starts_with("--")).collect();
            if !command.starts_with("profitscore ") || help(&words.join(" ")).is_none() {
                found.push(format!("{path}: {row}: there is no command {command}"));
            }
        }
    }
    found.extend(left.iter().map(|row| format!("{path}: {row} is missing")));
    found
}

fn wanted() -> BTreeSet<String> {
    let all = PARTS
        .into_iter()
        .flat_map(|(part, last)| (1..=last).map(move |row| (part, row)));
    let about_customers = all.filter(|row| !OF_PROSPECTS.contains(row)).chain(BEGUN);
    about_customers.map(name).collect()
}

fn name((part, row): (u32, u32)) -> String {
    format!("S{part}-{row}")
}

/// What a cell has in code.
fn named(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// The contract's methods with their services.
fn methods(sources: &[Source]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for source in sources
        .iter()
        .filter(|source| source.path.ends_with(".proto"))
    {
        let mut service = "";
        for line in source.text.lines() {
            let mut words = line.split([' ', '(']).filter(|word| !word.is_empty());
            match (words.next(), words.next()) {
                (Some("service"), Some(name)) => service = name,
                (Some("rpc"), Some(name)) => {
                    found.insert(format!("{service}.{name}"));
                }
                _ => (),
            }
        }
    }
    found
}

/// The functions of tests: those that say so, and those that the suites of stores and services run on every store.
fn tests(sources: &[Source]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for source in sources
        .iter()
        .filter(|source| source.path.starts_with("tests/"))
    {
        let lines: Vec<_> = source.text.lines().map(str::trim).collect();
        for (above, line) in lines.iter().zip(&lines[1..]) {
            let is_test = *above == "#[test]" || above.starts_with("#[tokio::test");
            let of_suite = source.path.starts_with("tests/store/")
                && (line.contains("store: &dyn Store)") || line.contains("store: Arc<dyn Store>,"));
            let name = line
                .split_once("fn ")
                .and_then(|(_, rest)| rest.split('(').next());
            found.extend(name.filter(|_| is_test || of_suite).map(str::to_owned));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(change: impl Fn(&str) -> String) -> usize {
        let rows = wanted().into_iter().map(|row| {
            format!("| {row} | why | `A.Get` | `profitscore rank --top 3` | `it_ranks` |\n")
        });
        let page = change(&rows.collect::<String>());
        let prospects = OF_PROSPECTS.into_iter().chain([OF_BOTH]).map(name);
        let prospects = prospects.map(|row| {
            format!("| {row} | why | `A.Get` | `profitscore rank --top 3` | `it_ranks` |\n")
        });
        let sources = [
            Source::sample(PAGE, &page),
            Source::sample(PROSPECTS, &prospects.collect::<String>()),
            Source::sample("proto/a.proto", "service A {\n  rpc Get(X) returns (Y);\n}"),
            Source::sample(
                "tests/a.rs",
                "//! A.\n#[test]\nfn it_ranks() {}\nfn it() {}",
            ),
        ];
        let help = |name: &str| (name == "rank").then(String::new);
        breaches(&sources, help).len()
    }

    #[test]
    fn rows_methods_commands_and_tests_that_do_not_exist_are_found() {
        assert_eq!(found(str::to_owned), 0);
        let once =
            |from: &'static str, to: &'static str| move |text: &str| text.replacen(from, to, 1);
        assert_eq!(
            found(once("S0-1 ", "S0-8 ")),
            2,
            "one is none, and one is missing"
        );
        assert_eq!(
            found(once("S2-22", "S3-1")),
            2,
            "one is there twice, and one is missing"
        );
        assert_eq!(found(once("A.Get", "A.Put")), 1);
        assert_eq!(found(once("A.Get", "B.Get")), 1);
        assert_eq!(found(once("rank --top", "sort --top")), 1);
        assert_eq!(found(once("it_ranks", "it_sorts")), 1);
        assert_eq!(found(once("`it_ranks`", "`it`")), 1, "it is no test");
        assert_eq!(found(once("`A.Get`", "")), 1);
        assert_eq!(
            found(once(
                "`A.Get` | `profitscore rank --top 3` | `it_ranks`",
                "not yet | |"
            )),
            0
        );
        assert_eq!(found(once("`it_ranks`", "")), 1);
    }
}
