//! Commands and flags that the documents tell of exist in the program.

use super::source::Source;
use std::process::{Command, Stdio};

/// What a command says with `--help`, if there is such a command; `customers list` is the command of a command.
pub fn help(command: &str) -> Option<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_profitscore"))
        .args(command.split(' '))
        .arg("--help")
        .stdin(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    output.status.success().then_some(text)
}

/// The commands in a document's code: the name of each with its flags.
fn commands(text: &str) -> Vec<(String, Vec<String>)> {
    let joined = text.replace("\\\n", " ");
    let mut fenced = false;
    let mut found = Vec::new();
    for line in joined.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if fenced {
            found.extend(command(line.trim_start().trim_start_matches("$ ")));
        } else {
            found.extend(line.split('`').skip(1).step_by(2).filter_map(command));
        }
    }
    found
}

/// The command of the program that a line of code begins with.
fn command(line: &str) -> Option<(String, Vec<String>)> {
    let call = match line.split_once(" -- ") {
        Some((cargo, call)) if cargo.starts_with("cargo run") && !cargo.contains("--example") => {
            call
        }
        _ => line.strip_prefix("profitscore ")?,
    };
    let mut words = call
        .split_whitespace()
        .take_while(|word| !matches!(*word, "|" | "&" | "#" | ">"));
    let is_name = |word: &str| word.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    let is_flag = |word: &&str| word.starts_with("--");
    let mut name = words
        .next()
        .filter(|word| is_name(word) && !is_flag(word))?
        .to_owned();
    let mut words = words.peekable();
    // A second word in small letters is the command of a command, or else a value, which changes no help.
    if let Some(word) = words.next_if(|word| is_name(word) && !is_flag(word)) {
        name = format!("{name} {word}");
    }
    let flag = |word: &str| Some(word.strip_prefix("--")?.split('=').next()?.to_owned());
    Some((name, words.filter_map(flag).collect()))
}

/// Commands and flags of a document that the program does not know.
pub fn unknown(document: &Source, help: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let path = &document.path;
    let mut found = Vec::new();
    for (name, flags) in commands(&document.text) {
        let Some(text) = help(&name) else {
            found.push(format!("{path}: there is no command profitscore {name}"));
            continue;
        };
        let known = |flag: &String| {
            let word = format!("--{flag}");
            let ends = |at: usize| {
                let after = text[at + word.len()..].chars().next();
                !after.is_some_and(|c| c.is_alphanumeric() || c == '-')
            };
            text.match_indices(&word).any(|(at, _)| ends(at))
        };
        for flag in flags.iter().filter(|flag| !known(flag)) {
            found.push(format!("{path}: profitscore {name} has no flag --{flag}"));
        }
    }
    found
}

/// Environment variables of ours that a document or a deployment names and no program reads.
pub fn unknown_variables(source: &Source, all: &[Source]) -> Vec<String> {
    const PREFIX: &str = concat!("PROFIT", "SCORE_");
    if !source.path.ends_with(".md") && !source.path.starts_with("deploy/") {
        return Vec::new();
    }
    let reads = |name: &str| {
        let quoted = format!("\"{name}\"");
        all.iter()
            .any(|other| other.is_rust() && other.text.contains(&quoted))
    };
    let mut found = Vec::new();
    for (at, _) in source.text.match_indices(PREFIX) {
        let is_name = |c: &char| c.is_ascii_uppercase() || *c == '_';
        let name: String = source.text[at..].chars().take_while(is_name).collect();
        if !reads(&name) {
            found.push(format!("{}: nothing reads {name}", source.path));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> usize {
        let help = |name: &str| (name == "rank").then(|| "  --basis <BASIS>  what by".to_owned());
        unknown(&Source::sample("README.md", text), help).len()
    }

    #[test]
    fn unknown_commands_and_flags_are_found() {
        assert_eq!(found("Call `profitscore rank --basis SPEND` now."), 0);
        assert_eq!(found("Call `profitscore rank --base SPEND` now."), 1);
        assert_eq!(found("Call `profitscore rank --bas SPEND` now."), 1);
        assert_eq!(found("Call `profitscore sort`."), 1);
        assert_eq!(found("```sh\n$ profitscore rank \\\n    --nothing\n```"), 1);
        assert_eq!(found("```sh\ncargo run --release -- sort\n```"), 1);
        assert_eq!(
            found("```sh\ncargo run --release -- rank | head --lines 3\n```"),
            0
        );
        assert_eq!(
            found("The profitscore service sorts; `profitscore` ranks."),
            0
        );
    }

    #[test]
    fn unknown_variables_are_found() {
        let name = concat!("PROFIT", "SCORE_COLOUR");
        let all = [Source::sample("src/a.rs", &format!("env = \"{name}\""))];
        let found =
            |path: &str, text: &str| unknown_variables(&Source::sample(path, text), &all).len();
        assert_eq!(found("README.md", &format!("Set `{name}=red`.")), 0);
        assert_eq!(found("README.md", &format!("Set `{name}S=red`.")), 1);
        assert_eq!(
            found("deploy/x.service", &format!("Environment={name}S=red")),
            1
        );
    }

    #[test]
    fn the_program_is_asked() {
        assert!(help("no-such-command").is_none());
    }
}
