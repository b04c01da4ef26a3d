//! Exit codes tell programs what to do next; standard error tells people.

use crate::process::{Files, Said, Server, program};

#[test]
fn each_code_is_reached() {
    let server = Server::in_memory();
    let code = |words: &[&str]| server.run(words).code;
    assert_eq!(code(&["rank"]), 0);
    assert_eq!(code(&["reverse", "none", "--reason", "wrong"]), 1);
    assert_eq!(code(&["rank", "--from", "yesterday"]), 2);
    assert_eq!(
        code(&["rank", "--time-zone", "Nowhere", "--from", "2016-01-01"]),
        2
    );
    assert_eq!(code(&["import", "no-such-file.toml"]), 2);
    assert_eq!(
        code(&["rank", "--from", "2016-01-01", "--to", "2015-01-01"]),
        4
    );
    assert_eq!(code(&["statement", "nobody"]), 5);
    assert_eq!(code(&["costs", "show", "7"]), 5);
    assert_eq!(code(&["rank", "--as-of", "5"]), 4);
    let nobody = Said::by(program().args(["rank", "--endpoint", "http://127.0.0.1:1"]));
    assert_eq!(nobody.code, 3);
    assert!(nobody.err.contains("profitscore serve"), "{}", nobody.err);
    let secure = Said::by(program().args(["rank", "--endpoint", "https://127.0.0.1:1"]));
    assert_eq!(secure.code, 2);
    for endpoint in ["127.0.0.1:50051", "somewhere", ""] {
        let wrong = Said::by(program().args(["rank", "--endpoint", endpoint]));
        assert_eq!(wrong.code, 2, "{endpoint}: {}", wrong.err);
        assert!(wrong.err.contains("--endpoint"), "{}", wrong.err);
    }
}

#[test]
fn a_folder_in_use_is_a_failure() {
    let files = Files::new(&[]);
    let _server = Server::in_folder(&files.path("data"), "127.0.0.1:0");
    let mut second = program();
    second.args([
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--data",
        &files.name("data"),
    ]);
    let said = Said::by(&mut second);
    assert_eq!(said.code, 6, "{}", said.err);
}

#[test]
fn a_refusal_is_told_with_its_reason_its_field_and_its_page() {
    let server = Server::in_memory();
    let said = server.run(&[
        "rank",
        "--from",
        "2016-01-01",
        "--time-zone",
        "Europe/Berlin",
    ]);
    assert_eq!((said.code, said.out.as_str()), (4, ""));
    let told = [
        "(InvalidArgument)",
        "field period.start_time: ",
        "reason PERIOD_NOT_ALIGNED",
        "time_zone = UTC",
        "see docs/errors/PERIOD_NOT_ALIGNED.md",
    ];
    for part in told {
        assert!(said.err.contains(part), "{part} is not in {}", said.err);
    }
}

#[test]
fn working_time_without_a_rate_is_told_to_people_and_programs() {
    let server = Server::in_memory();
    let files = Files::new(&[
        ("work.csv", "id,who,when,minutes\na,C1,2016-01-01,90.5\n"),
        (
            "work.toml",
            "[[activities]]\nfile = \"work.csv\"\nactivity_id = \"{id}\"\ncustomer_id = \"{who}\"\n\
             occur_time = \"{when}\"\n\
             effort = { role_id = \"CLERK\", minutes = \"{minutes}\", purpose = \"SERVICE\" }\n",
        ),
        (
            "costs.toml",
            "capacity_cost_rates = [{ role_id = \"CLERK\", rate_per_minute = { value = \"0.85\" } }]\n",
        ),
    ]);
    server.run(&["import", &files.name("work.toml")]).text();
    let before = server.run(&["rank"]);
    assert_eq!(before.code, 0);
    assert!(
        before.err.contains("warning: 90.5 minutes of role CLERK"),
        "{}",
        before.err
    );
    server
        .run(&["costs", "put", &files.name("costs.toml")])
        .text();
    let after = server.run(&["statement", "C1"]);
    assert_eq!(after.err, "");
    assert!(after.out.contains("90.5 min at 0.85"), "{}", after.out);
    assert!(after.out.contains("-76.925"), "{}", after.out);
    let refused = server.run(&[
        "costs",
        "put",
        &files.name("costs.toml"),
        "--expected-version",
        "0",
    ]);
    assert_eq!(refused.code, 4);
    assert!(
        refused.err.contains("COST_MODEL_CHANGED"),
        "{}",
        refused.err
    );
}

#[test]
fn completion_and_help_need_no_service() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = Said::by(program().args(["completion", shell])).text();
        assert!(script.contains("prequalify"), "{shell}");
    }
    let help = Said::by(program().arg("--help")).text();
    assert!(help.contains("Exit codes:"), "{help}");
    let version = Said::by(program().arg("--version")).text();
    assert_eq!(
        version.trim(),
        concat!("profitscore ", env!("CARGO_PKG_VERSION"))
    );
}
