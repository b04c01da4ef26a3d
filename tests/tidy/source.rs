//! The files of the repository as the rules see them.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Folders that are made by tools, or are not ours.
const SKIPPED: &[&str] = &["target", "node_modules", "google", "__pycache__"];
/// The only folder with a leading dot that is looked into.
const CONTINUOUS_INTEGRATION: &str = ".ci";

/// One text file.
pub struct Source {
    /// Its path from the root of the repository, with `/`.
    pub path: String,
    /// What is in it.
    pub text: String,
}

impl Source {
    /// A sample for the tests of the rules.
    pub fn sample(path: &str, text: &str) -> Self {
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    /// Every text file of the repository, in the order of the paths.
    pub fn all() -> Vec<Self> {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let mut sources = Vec::new();
        collect(&root, &root, &mut sources);
        sources.sort_by(|a, b| a.path.cmp(&b.path));
        sources
    }

    /// Whether it is Rust.
    pub fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// The name of the file without its ending.
    pub fn stem(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        name.split('.').next().unwrap_or_default()
    }

    /// The lines of code with their numbers: comments are emptied.
    pub fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text
            .lines()
            .map(without_comment)
            .enumerate()
            .map(|(index, line)| (index + 1, line))
    }

    /// The lines of code before the unit tests.
    pub fn code_without_tests(&self) -> impl Iterator<Item = (usize, &str)> {
        self.code()
            .take_while(|(_, line)| line.trim() != "#[cfg(test)]")
    }
}

fn collect(root: &Path, folder: &Path, sources: &mut Vec<Source>) {
    let entries = fs::read_dir(folder).unwrap();
    for path in entries.map(|entry| entry.unwrap().path()) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let hidden = name.starts_with('.') && name != CONTINUOUS_INTEGRATION;
        if path.is_symlink() || SKIPPED.contains(&name.as_str()) || hidden {
            continue;
        }
        if path.is_dir() {
            collect(root, &path, sources);
        } else if let Ok(text) = fs::read_to_string(&path) {
            let path = path.strip_prefix(root).unwrap();
            let path = path.to_string_lossy().replace('\\', "/");
            sources.push(Source { path, text });
        }
    }
}

/// A line up to its comment. Two slashes after a colon are an address, not a comment.
fn without_comment(line: &str) -> &str {
    let mut from = 0;
    while let Some(found) = line[from..].find("//") {
        let at = from + found;
        if !line[..at].ends_with(':') {
            return &line[..at];
        }
        from = at + 2;
    }
    line
}

/// Whether a line holds a word that is no part of a longer one. An underscore does not make a word longer: `tonic` is
/// found in `tonic_types`, and `f64` in `as_f64`.
pub fn holds_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        let joins = |outer: Option<char>, inner: Option<char>| {
            outer.is_some_and(char::is_alphanumeric) && inner.is_some_and(char::is_alphanumeric)
        };
        !joins(before, word.chars().next()) && !joins(after, word.chars().next_back())
    })
}

#[test]
fn comments_are_no_code() {
    assert_eq!(without_comment("let a = 1; // not b"), "let a = 1; ");
    assert_eq!(without_comment("//! HashMap"), "");
    assert_eq!(without_comment("\"http://a\" // b"), "\"http://a\" ");
}

#[test]
fn a_word_is_no_part_of_a_longer_one() {
    assert!(holds_word("use tonic_types::X;", "tonic"));
    assert!(holds_word("number.as_f64()", "f64"));
    assert!(!holds_word("tectonic plates", "tonic"));
    assert!(!holds_word("Tokyo tokiosk", "tokio"));
    assert!(holds_word("x().await?", ".await"));
}
