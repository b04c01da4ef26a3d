//! How long things may be, what they must begin with, and what must not be left in them.

use super::source::{Source, holds_word};

const FILE_LINES: usize = 500;
const FUNCTION_LINES: usize = 70;
const LINE_CHARACTERS: usize = 120;

/// Functions that may be longer: one arm for each kind of activity, which would be harder to read in parts.
const LONG_FUNCTIONS: &[(&str, &str)] = &[
    ("src/domain/conflict.rs", "differing_kind_field"),
    ("src/api/convert/activity.rs", "kind_from_pb"),
    ("src/api/convert/ledger.rs", "kind_to_pb"),
    ("src/api/convert/relationship.rs", "relationship_to_pb"),
    ("src/domain/account.rs", "for_each_posting_of"),
    ("src/store/embedded/codec/columns.rs", "content"),
];

/// Files, lines and functions beyond their limits.
pub fn too_long(source: &Source) -> Vec<String> {
    let path = &source.path;
    if !source.is_rust() && !path.ends_with(".proto") {
        return Vec::new();
    }
    let mut found = Vec::new();
    let lines = source.text.lines().count();
    if lines > FILE_LINES {
        found.push(format!(
            "{path}: {lines} lines, at most {FILE_LINES}: divide it by what its parts are responsible for"
        ));
    }
    for (index, line) in source.text.lines().enumerate() {
        let width = line.chars().count();
        if width > LINE_CHARACTERS {
            let number = index + 1;
            found.push(format!(
                "{path}:{number}: {width} characters, at most {LINE_CHARACTERS}"
            ));
        }
    }
    // A test may be one long table of samples.
    for (number, name, length) in functions(source) {
        if length > FUNCTION_LINES && !LONG_FUNCTIONS.contains(&(path.as_str(), name.as_str())) {
            found.push(format!(
                "{path}:{number}: {name} has {length} lines, at most {FUNCTION_LINES}: name its parts"
            ));
        }
    }
    found
}

/// Line, name and length of every function, as rustfmt lays them out.
fn functions(source: &Source) -> Vec<(usize, String, usize)> {
    if !source.is_rust() || !source.path.starts_with("src/") {
        return Vec::new();
    }
    let lines: Vec<_> = source.code_without_tests().map(|(_, line)| line).collect();
    let mut found = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let Some(name) = function_name(line) else {
            continue;
        };
        let indent = &line[..line.len() - line.trim_start().len()];
        let end = format!("{indent}}}");
        let declared = lines[index..].iter().position(|line| line.ends_with(';'));
        let Some(length) = lines[index..].iter().position(|line| **line == end) else {
            continue;
        };
        // A function of a trait without a body ends with a semicolon before any brace opens.
        let opened = lines[index..].iter().position(|line| line.ends_with('{'));
        if opened.is_some() && (declared.is_none() || opened < declared) {
            found.push((index + 1, name.to_owned(), length + 1));
        }
    }
    found
}

fn function_name(line: &str) -> Option<&str> {
    let mut words = line.split_whitespace();
    let prefix = |word: &&str| {
        matches!(
            *word,
            "async" | "const" | "pub" | "pub(crate)" | "pub(super)"
        )
    };
    let first = words.find(|word| !prefix(word))?;
    let rest = words.next().filter(|_| first == "fn")?;
    rest.split(['(', '<']).next()
}

/// Modules that do not begin by saying what they do.
pub fn without_module_comment(source: &Source) -> Vec<String> {
    let first = source.text.lines().next().unwrap_or_default();
    let says = first
        .strip_prefix("//! ")
        .is_some_and(|text| text.len() > 10);
    if !source.is_rust() || says {
        return Vec::new();
    }
    let path = &source.path;
    vec![format!(
        "{path}: must begin with //! and say what it does and what it must not know"
    )]
}

/// Names that say nothing of what a thing is.
pub fn empty_names(source: &Source) -> Vec<String> {
    let path = &source.path;
    if !source.is_rust() {
        return Vec::new();
    }
    let mut found = Vec::new();
    if ["helper", "helpers", "manager", "util", "utils"].contains(&source.stem()) {
        found.push(format!("{path}: name the module by what is in it"));
    }
    // Handlers are named by the contract, which takes its names from Google's design guide.
    if path.starts_with("src/") && !path.starts_with("src/api/") {
        for (number, line) in source.code_without_tests() {
            if line.contains("fn get_") {
                found.push(format!(
                    "{path}:{number}: no get_ in front of what is simply told"
                ));
            }
        }
    }
    found
}

/// What somebody meant to come back to, and paths of somebody's machine.
pub fn left_overs(source: &Source) -> Vec<String> {
    // In two parts, so that this table is not found by itself.
    const WORDS: &[&str] = &[
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("XX", "X"),
        concat!("dbg", "!"),
        concat!("todo", "!"),
        concat!("unimple", "mented!"),
        concat!("#[ign", "ore"),
        concat!("/ro", "ot/"),
        concat!("/ho", "me/"),
        concat!("/wo", "rk/"),
    ];
    if source.path == "Cargo.lock" || source.path.ends_with(".csv") {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (index, line) in source.text.lines().enumerate() {
        for word in WORDS.iter().filter(|word| holds_word(line, word)) {
            let (path, number) = (&source.path, index + 1);
            found.push(format!(
                "{path}:{number}: {word} is left over: do it or drop it"
            ));
        }
    }
    found
}

/// Documents without one title at their beginning.
pub fn without_one_title(source: &Source) -> Vec<String> {
    if !source.path.ends_with(".md") {
        return Vec::new();
    }
    let outside = prose(&source.text);
    let titles = outside.iter().filter(|line| line.starts_with("# ")).count();
    if titles == 1 && source.text.starts_with("# ") {
        return Vec::new();
    }
    let path = &source.path;
    vec![format!(
        "{path}: must begin with its title, and have no other: {titles} found"
    )]
}

/// The lines of a document outside of its blocks of code.
fn prose(text: &str) -> Vec<&str> {
    let mut fenced = false;
    let is_prose = |line: &&str| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        !fenced && !fence
    };
    text.lines().filter(is_prose).collect()
}

/// Links of a document to files that are not there.
pub fn dead_links(source: &Source, all: &[Source]) -> Vec<String> {
    if !source.path.ends_with(".md") {
        return Vec::new();
    }
    let folder = source
        .path
        .rsplit_once('/')
        .map_or("", |(folder, _)| folder);
    let text = prose(&source.text).join("\n");
    let mut found = Vec::new();
    for (at, _) in text.match_indices("](") {
        let target = text[at + 2..].split([')', '#']).next().unwrap_or_default();
        if target.is_empty() || target.contains("://") {
            continue;
        }
        let wanted = resolve(folder, target);
        let file = all.iter().any(|other| other.path == wanted);
        let inside = format!("{}/", wanted.trim_end_matches('/'));
        if !file && !all.iter().any(|other| other.path.starts_with(&inside)) {
            found.push(format!(
                "{}: the link to {target} leads nowhere",
                source.path
            ));
        }
    }
    found
}

/// A path as seen from a folder, both from the root of the repository.
fn resolve(folder: &str, target: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(path: &str, text: &str) -> Source {
        Source::sample(path, text)
    }

    #[test]
    fn long_files_lines_and_functions_are_found() {
        let rust = |text: &str| too_long(&sample("src/a.rs", text)).len();
        assert_eq!(rust(&"\n".repeat(500)), 0);
        assert_eq!(rust(&"\n".repeat(501)), 1);
        assert_eq!(rust(&"ü".repeat(120)), 0);
        assert_eq!(rust(&"x".repeat(121)), 1);
        assert_eq!(
            too_long(&sample("proto/a.proto", &"\n".repeat(501))).len(),
            1
        );
        let function =
            |lines: usize| format!("pub async fn f(\n) {{\n{}}}\n", "    x();\n".repeat(lines));
        assert_eq!(rust(&function(67)), 0);
        assert_eq!(rust(&function(68)), 1);
        let declared = format!("trait T {{\n    fn f();\n{}}}\n", "    // why\n".repeat(80));
        assert_eq!(rust(&declared), 0);
        assert_eq!(too_long(&sample("notes.txt", &"\n".repeat(501))).len(), 0);
    }

    #[test]
    fn modules_without_a_comment_are_found() {
        assert_eq!(
            without_module_comment(&sample("src/a.rs", "use b;")).len(),
            1
        );
        assert_eq!(
            without_module_comment(&sample("src/a.rs", "//! x\n")).len(),
            1
        );
        assert_eq!(
            without_module_comment(&sample("src/a.rs", "//! Does what b needs.")).len(),
            0
        );
    }

    #[test]
    fn empty_names_are_found() {
        assert_eq!(empty_names(&sample("src/domain/utils.rs", "")).len(), 1);
        assert_eq!(
            empty_names(&sample("src/store/a.rs", "fn get_party() {}")).len(),
            1
        );
        assert_eq!(
            empty_names(&sample("src/api/a.rs", "fn get_party() {}")).len(),
            0
        );
    }

    #[test]
    fn left_overs_are_found() {
        let found = |text: &str| left_overs(&sample("src/a.rs", text)).len();
        assert_eq!(found(concat!("// TO", "DO: later")), 1);
        assert_eq!(found(concat!("    dbg", "!(x);")), 1);
        assert_eq!(found(concat!("#[ign", "ore = \"slow\"]")), 1);
        assert_eq!(found(concat!("see /ro", "ot/notes")), 1);
        assert_eq!(found("a todo list, and a homework"), 0);
    }

    #[test]
    fn documents_with_no_title_or_two_are_found() {
        let found = |text: &str| without_one_title(&sample("a.md", text)).len();
        assert_eq!(found("# One\n\n```sh\n# a comment\n```\n"), 0);
        assert_eq!(found("# One\n\n# Two\n"), 1);
        assert_eq!(found("## Half\n"), 1);
        assert_eq!(found("\n# Late\n"), 1);
    }

    #[test]
    fn dead_links_are_found() {
        let all = [sample("docs/a.md", ""), sample("README.md", "")];
        let found = |text: &str| dead_links(&sample("docs/b.md", text), &all).len();
        assert_eq!(
            found("[a](a.md), [a](a.md#part), [r](../README.md), [d](../docs)"),
            0
        );
        assert_eq!(found("[site](https://example.org) [here](#part)"), 0);
        assert_eq!(found("[c](c.md)"), 1);
        assert_eq!(found("[r](README.md)"), 1);
    }
}
