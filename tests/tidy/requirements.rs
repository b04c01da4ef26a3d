//! The tables of requirements: every row is there, and every method, command and test that it names exists.

use super::source::Source;
use std::collections::BTreeSet;

/// Where they are.
const PAGE: &str = "docs/requirements.md";
/// The last row of each part: 122 in all.
const PARTS: [(u32, u32); 5] = [(0, 27), (1, 26), (2, 22), (3, 29), (4, 18)];

/// What is wrong with the tables.
pub fn breaches(sources: &[Source], help: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let path = PAGE;
    let Some(page) = sources.iter().find(|source| source.path == path) else {
        return vec![format!("{path} is missing")];
    };
    let mut left = wanted();
    let (methods, tests) = (methods(sources), tests(sources));
    let mut found = Vec::new();
    for line in page.text.lines().filter(|line| line.starts_with("| S")) {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [row, asked, method, command, test] = cells[..] else {
            found.push(format!("{path}: {line:?} has not five cells"));
            continue;
        };
        if !left.remove(row) {
            found.push(format!("{path}: {row} is no row, or is there twice"));
        }
        let is_answered = !named(method).is_empty();
        let (_, missing) = asked.split_once("not yet").unwrap_or_default();
        if !is_answered && missing.is_empty() {
            found.push(format!(
                "{path}: {row} names no method and does not say \"not yet\""
            ));
        }
        let has_reason = missing.contains(", since ");
        if asked.contains("not yet") && !has_reason {
            found.push(format!(
                "{path}: {row} does not say why it is \"not yet\": \", since …\""
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
    all.map(name).collect()
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
    for source in sources.iter().filter(|source| source.is_rust()) {
        let lines: Vec<_> = source.text.lines().map(str::trim).collect();
        for (above, line) in lines.iter().zip(lines.iter().skip(1)) {
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
        let sources = [
            Source::sample(PAGE, &page),
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
            found(once("S0-1 ", "S4-19 ")),
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
        let all = "why | `A.Get` | `profitscore rank --top 3` | `it_ranks`";
        assert_eq!(found(once(all, "not yet, since nobody knows | | |")), 0);
        assert_eq!(found(once(all, "not yet | | |")), 2, "no reason");
        assert_eq!(found(once("why", "not yet: more")), 1, "no reason");
        assert_eq!(found(once("why", "not yet: more, since less")), 0);
        assert_eq!(found(once("`it_ranks`", "")), 1);
    }

    #[test]
    fn there_are_122_rows() {
        assert_eq!(wanted().len(), 122);
    }
}
