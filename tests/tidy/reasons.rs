//! Every reason of the contract has a page that tells the truth, and is reached by a test.

use super::source::Source;
use profitscore::domain::problem::{Problem, Reason as DomainReason};
use tonic::Status;

const CONTRACT: &str = "proto/profitscore/v1/error_reason.proto";
const PREFIX: &str = "ERROR_REASON_";
const PAGES: &str = "docs/errors/";

/// A reason as the contract tells it.
struct Reason {
    name: String,
    /// The keys of the example of its metadata, in their order.
    keys: Vec<String>,
}

/// The reasons of the contract, without the unspecified one.
fn reasons(contract: &str) -> Vec<Reason> {
    let mut found = Vec::new();
    let mut comment = String::new();
    for line in contract.lines().map(str::trim) {
        if let Some(text) = line.strip_prefix("//") {
            comment.push_str(text);
            continue;
        }
        let comment = std::mem::take(&mut comment);
        let name = line
            .strip_prefix(PREFIX)
            .and_then(|rest| rest.split(' ').next());
        if let Some(name) = name.filter(|name| *name != "UNSPECIFIED") {
            found.push(Reason {
                name: name.to_owned(),
                keys: keys(&comment),
            });
        }
    }
    found
}

/// The keys of the first JSON object in a text.
fn keys(text: &str) -> Vec<String> {
    let Some(start) = text.find('{') else {
        return Vec::new();
    };
    let object = text[start..]
        .split_inclusive('}')
        .next()
        .unwrap_or_default();
    let parts: Vec<_> = object.split('"').collect();
    let quoted = parts.iter().zip(parts.iter().skip(1)).skip(1).step_by(2);
    quoted
        .filter(|(_, after)| after.trim_start().starts_with(':'))
        .map(|(quoted, _)| (*quoted).to_owned())
        .collect()
}

/// `FIELD_REQUIRED` as `FieldRequired`.
fn variant(name: &str) -> String {
    let capital = |part: &str| part[..1].to_owned() + &part[1..].to_lowercase();
    name.split('_').map(capital).collect()
}

fn contract(all: &[Source]) -> Vec<Reason> {
    let found = all.iter().find(|source| source.path == CONTRACT);
    found
        .map(|source| reasons(&source.text))
        .unwrap_or_default()
}

/// The code of the status with a reason, as the service makes it: `INVALID_ARGUMENT`.
pub fn code(name: &str) -> Option<String> {
    let reason = *DomainReason::ALL
        .iter()
        .find(|reason| reason.as_str() == name)?;
    let status = Status::from(Problem::new(reason, "", String::new(), []));
    let mut code = String::new();
    for c in format!("{:?}", status.code()).chars() {
        if c.is_uppercase() && !code.is_empty() {
            code.push('_');
        }
        code.push(c.to_ascii_uppercase());
    }
    Some(code)
}

/// Reasons without a page, pages without a reason, and pages that tell something else than the contract and the
/// service.
pub fn without_page(all: &[Source], code: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let reasons = contract(all);
    let page = |name: &str| {
        all.iter()
            .find(|source| source.path == format!("{PAGES}{name}.md"))
    };
    let index = page("README").map_or("", |source| source.text.as_str());
    let mut found = Vec::new();
    for Reason { name, keys: told } in &reasons {
        let Some(page) = page(name) else {
            found.push(format!("{PAGES}{name}.md is missing"));
            continue;
        };
        let path = &page.path;
        if page.text.lines().next() != Some(&format!("# {name}")) {
            found.push(format!("{path}: must begin with # {name}"));
        }
        let status = format!("* **Status:** `{}`\n", code(name).unwrap_or_default());
        for part in [&status, "**Retry:**", "## Metadata", "## What to do"] {
            if !page.text.contains(part) {
                found.push(format!("{path}: {part} is missing"));
            }
        }
        let shown = keys(&page.text);
        if shown != *told {
            found.push(format!(
                "{path}: shows metadata {shown:?}, the contract tells {told:?}"
            ));
        }
        if !index.contains(&format!("({name}.md)")) {
            found.push(format!("{PAGES}README.md: does not link {name}.md"));
        }
    }
    for page in all.iter().filter(|source| source.path.starts_with(PAGES)) {
        let known = reasons.iter().any(|reason| reason.name == page.stem());
        if !known && page.stem() != "README" {
            found.push(format!("{}: the contract has no such reason", page.path));
        }
    }
    found
}

/// Reasons that no test names, as `"FIELD_REQUIRED"` or as `Reason::FieldRequired`.
pub fn without_test(all: &[Source]) -> Vec<String> {
    let tests: Vec<_> = all
        .iter()
        .filter(|source| {
            source.path.starts_with("tests/") && !source.path.starts_with("tests/tidy")
        })
        .collect();
    let named = |name: &str| {
        let quoted = format!("\"{name}\"");
        let variant = format!("Reason::{}", variant(name));
        tests.iter().any(|test| {
            let ends = |at: usize| {
                let after = test.text[at + variant.len()..].chars().next();
                !after.is_some_and(char::is_alphanumeric)
            };
            test.text.contains(&quoted) || test.text.match_indices(&variant).any(|(at, _)| ends(at))
        })
    };
    let reasons = contract(all);
    let missing = reasons.iter().filter(|reason| !named(&reason.name));
    missing
        .map(|reason| format!("no test under tests/ reaches {}", reason.name))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = "enum E {\n  // Never.\n  ERROR_REASON_UNSPECIFIED = 0;\n  // Gone. {\"field\": \"a: b\",\n  \
                          // \"limit\": \"6\"}\n  ERROR_REASON_TOO_LATE = 1;\n}\n";
    const PAGE: &str = "# TOO_LATE\n* **Status:** `X`\n* **Retry:** no\n## Metadata\n{\"field\": \"x\", \
                        \"limit\": \"1\"}\n## What to do\n";

    fn with(path: &str, text: &str) -> Vec<Source> {
        vec![
            Source::sample(CONTRACT, SAMPLE),
            Source::sample(
                "docs/errors/README.md",
                "# Reasons\n[TOO_LATE](TOO_LATE.md)",
            ),
            Source::sample(path, text),
        ]
    }

    #[test]
    fn the_contract_of_this_repository_is_read() {
        let reasons = contract(&Source::all());
        assert_eq!(reasons.len(), DomainReason::ALL.len());
        assert_eq!(reasons[2].name, "FIELD_TOO_LONG");
        assert_eq!(reasons[2].keys, ["field", "limit", "actual"]);
    }

    #[test]
    fn missing_wrong_and_orphaned_pages_are_found() {
        let page = "docs/errors/TOO_LATE.md";
        let found = |all: &[Source]| without_page(all, |_| Some("X".to_owned()));
        assert_eq!(found(&with(page, PAGE)), Vec::<String>::new());
        assert_eq!(found(&with("docs/other.md", PAGE)).len(), 1);
        assert_eq!(
            found(&with(page, &PAGE.replace("limit", "maximum"))).len(),
            1
        );
        assert_eq!(
            found(&with(page, &PAGE.replace("# TOO_LATE", "# LATE"))).len(),
            1
        );
        assert_eq!(found(&with(page, &PAGE.replace("**Retry:**", ""))).len(), 1);
        assert_eq!(found(&with(page, &PAGE.replace("`X`", "`Y`"))).len(), 1);
        let mut unlinked = with(page, PAGE);
        unlinked[1].text.clear();
        assert_eq!(found(&unlinked).len(), 1);
        let mut orphaned = with(page, PAGE);
        orphaned.push(Source::sample("docs/errors/GONE.md", PAGE));
        assert_eq!(found(&orphaned).len(), 1);
    }

    #[test]
    fn the_service_is_asked_for_the_status() {
        assert_eq!(code("LEDGER_DAMAGED").as_deref(), Some("DATA_LOSS"));
        assert_eq!(code("NO_SUCH_REASON"), None);
    }

    #[test]
    fn reasons_without_a_test_are_found() {
        let missing = |path: &str, text: &str| without_test(&with(path, text)).len();
        assert_eq!(missing("tests/api/late.rs", "Reason::TooLate)"), 0);
        assert_eq!(missing("tests/clients/a.py", "== \"TOO_LATE\""), 0);
        assert_eq!(missing("tests/api/late.rs", "// TOO_LATE"), 1);
        assert_eq!(missing("tests/api/late.rs", "Reason::TooLateForThis"), 1);
        assert_eq!(missing("src/late.rs", "Reason::TooLate"), 1);
    }
}
