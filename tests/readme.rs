//! What README.md shows of the demo is what the demo prints, to the last character.

use std::{
    fs,
    process::{Command, Stdio},
};

/// The outputs in a document: blocks of text that begin with a command.
fn outputs(document: &str) -> Vec<&str> {
    let blocks = document.split("```text\n").skip(1);
    let text = blocks.filter_map(|block| block.split("\n```").next());
    text.filter(|block| block.starts_with("$ profitscore "))
        .collect()
}

/// The lines without blanks at their ends.
fn trimmed(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(str::trim_end).collect();
    lines.join("\n")
}

#[test]
fn the_tour_is_what_the_demo_prints() {
    let readme = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let readme = fs::read_to_string(readme).unwrap();
    let demo = Command::new(env!("CARGO_BIN_EXE_profitscore"))
        .args(["demo", "--exit"])
        .env_remove("PROFITSCORE_ENDPOINT")
        .env_remove("PROFITSCORE_TENANT")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&demo.stderr);
    assert!(demo.status.success(), "{}: {errors}", demo.status);
    let printed = trimmed(&String::from_utf8_lossy(&demo.stdout));
    let outputs = outputs(&readme);
    assert!(!outputs.is_empty(), "README.md shows nothing of the demo");
    for output in outputs {
        let shown = trimmed(output);
        let command = shown.lines().next().unwrap_or_default();
        assert!(
            printed.contains(&shown),
            "README.md shows under {command} what the demo does not print:\n{shown}\n\nit prints:\n{printed}"
        );
    }
}

#[test]
fn only_outputs_of_commands_are_compared() {
    let document = "```text\na drawing\n```\n\n```text\n$ profitscore rank\n\n1 A\n```\n";
    assert_eq!(outputs(document), ["$ profitscore rank\n\n1 A"]);
}
