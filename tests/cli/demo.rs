//! The demo, as a newcomer sees it.

use crate::process::{Files, Said, program};
use std::{
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
};

#[test]
fn it_shows_the_whole_line_and_stops_when_told_to() {
    let files = Files::new(&[]);
    let said = Said::by(program().args(["demo", "--exit", "--data", &files.name("data")]));
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    let shown = [
        "$ profitscore rank --top 5",
        "TC-20980",
        "5 of 793 customers; 155 of all below zero",
        "(124.869% of the total 286,397.0217) at customer 638 of 793",
        "= net profit                                   -6,626.3895",
        "No trait value is distinguishing",
        "## Trained on what happened before 2017-01-01 (782 customers), asked about the 11 who came later",
        "so this comparison says nothing",
        "## Trained on what happened before 2015-01-01 (595 customers), asked about the 198 who came later",
        "* by the sales of the first day, which nobody knows before a prospect is won",
    ];
    for part in shown {
        assert!(said.out.contains(part), "{part} is not in\n{}", said.out);
    }
    assert!(!said.out.contains("To try next"), "it does not serve on");
    // The same folder again: nothing is counted twice.
    let again = Said::by(program().args(["demo", "--exit", "--data", &files.name("data")])).text();
    assert!(
        again.contains("5 of 793 customers; 155 of all below zero"),
        "{again}"
    );
}

#[test]
fn it_goes_on_serving_until_it_is_told_to_stop() {
    let mut demo = program()
        .arg("demo")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut shown = BufReader::new(demo.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let first = shown.next().unwrap();
    let folder = first
        .split(" keeps its data in ")
        .nth(1)
        .unwrap()
        .to_owned();
    let offered = shown
        .find(|line| line.contains("export PROFITSCORE_ENDPOINT="))
        .unwrap();
    let endpoint = offered.split('=').nth(1).unwrap().to_owned();
    let commands: Vec<_> = shown.by_ref().take(8).collect();
    for command in commands {
        let line = command
            .trim()
            .strip_prefix("profitscore ")
            .unwrap()
            .to_owned();
        let called = format!("\"$0\" {line} --endpoint {endpoint}");
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(called).arg(program().get_program());
        Said::by(&mut shell).text();
    }
    let told = Command::new("sh")
        .arg("-c")
        .arg(format!("kill -TERM {}", demo.id()))
        .status();
    assert!(told.unwrap().success());
    assert!(demo.wait().unwrap().success());
    assert!(
        !std::path::Path::new(&folder).exists(),
        "the temporary folder is left: {folder}"
    );
    assert_eq!(shown.count(), 0);
}
