//! The rules of the house as a test: what each room may not know, how long files may be, that every reason has a page
//! and a test, that what the documents tell exists. Every rule names what it wants instead, and is shown to fail on a
//! bad sample.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]

#[path = "tidy/commands.rs"]
mod commands;
#[path = "tidy/reasons.rs"]
mod reasons;
#[path = "tidy/requirements.rs"]
mod requirements;
#[path = "tidy/rooms.rs"]
mod rooms;
#[path = "tidy/shape.rs"]
mod shape;
#[path = "tidy/source.rs"]
mod source;

use source::Source;

/// Fails with all breaches at once, so that one run shows them all.
fn assert_none(breaches: &[String]) {
    assert!(breaches.is_empty(), "\n\n{}\n", breaches.join("\n"));
}

fn check_each(rule: fn(&Source) -> Vec<String>) {
    let breaches: Vec<_> = Source::all().iter().flat_map(rule).collect();
    assert_none(&breaches);
}

#[test]
fn the_whole_repository_is_looked_at() {
    let sources = Source::all();
    for path in [
        "README.md",
        "src/domain/money.rs",
        "tests/tidy.rs",
        "proto/profitscore/v1/error_reason.proto",
        ".ci/run",
        "deploy/profitscore.service",
    ] {
        assert!(sources.iter().any(|s| s.path == path), "{path} is not seen");
    }
    assert!(!sources.iter().any(|s| s.path.starts_with("target/")));
}

#[test]
fn rooms_know_only_what_they_may() {
    check_each(rooms::breaches);
}

#[test]
fn files_and_functions_stay_short() {
    check_each(shape::too_long);
}

#[test]
fn every_module_says_what_it_is() {
    check_each(shape::without_module_comment);
}

#[test]
fn names_say_what_a_thing_is() {
    check_each(shape::empty_names);
}

#[test]
fn nothing_is_left_over() {
    check_each(shape::left_overs);
}

#[test]
fn documents_have_one_title() {
    check_each(shape::without_one_title);
}

#[test]
fn links_between_documents_lead_somewhere() {
    let sources = Source::all();
    let breaches: Vec<_> = sources
        .iter()
        .flat_map(|source| shape::dead_links(source, &sources))
        .collect();
    assert_none(&breaches);
}

#[test]
fn every_reason_has_its_page() {
    assert_none(&reasons::without_page(&Source::all(), reasons::code));
}

#[test]
fn every_reason_is_reached_by_a_test() {
    assert_none(&reasons::without_test(&Source::all()));
}

#[test]
fn every_requirement_is_met_by_what_exists() {
    assert_none(&requirements::breaches(&Source::all(), commands::help));
}

#[test]
fn every_documented_command_exists() {
    let documents = Source::all()
        .into_iter()
        .filter(|source| source.path.ends_with(".md"));
    let breaches: Vec<_> = documents
        .flat_map(|document| commands::unknown(&document, commands::help))
        .collect();
    assert_none(&breaches);
}

#[test]
fn every_documented_variable_is_read() {
    let sources = Source::all();
    let breaches: Vec<_> = sources
        .iter()
        .flat_map(|source| commands::unknown_variables(source, &sources))
        .collect();
    assert_none(&breaches);
}
