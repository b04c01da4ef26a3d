//! Two processes over one database: the same import through both at once counts everything once.

use crate::{
    cluster::{PASSWORD, cluster},
    process::{Said, Server, amount, nanos, program},
};
use serde_json::Value;
use std::process::{Child, Stdio};

fn begin(server: &Server) -> Child {
    let mut command = server.command(&[
        "import",
        "examples/superstore/activities.toml",
        "-o",
        "json",
    ]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

#[test]
fn the_same_import_through_two_processes_counts_everything_once() {
    let Some(cluster) = cluster() else {
        return;
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let url = runtime.block_on(cluster.new_database());
    let mut migrate = program();
    migrate.args(["migrate", "--database-url", &url]);
    Said::by(migrate.env("PROFITSCORE_DATABASE_PASSWORD", PASSWORD)).text();
    let servers = [Server::on_database(&url), Server::on_database(&url)];
    let imports = servers.each_ref().map(begin);
    let said = imports.map(|import| Said::of(import.wait_with_output().unwrap()).json());
    let count = |said: &Value, of: &str| said["sections"][0][of].as_u64().unwrap();
    let sum = |of: &str| said.iter().map(|said| count(said, of)).sum::<u64>();
    assert_eq!((sum("posted"), sum("duplicate")), (9_994, 9_994));
    let reports = servers
        .each_ref()
        .map(|server| server.run(&["rank", "--all", "--output", "json"]).text());
    assert!(reports[0] == reports[1]);
    let report: Value = serde_json::from_str(&reports[0]).unwrap();
    assert_eq!(
        nanos(&report["controlTotal"]["ledger"]),
        amount("286397.0217")
    );
    assert_eq!(report["readAt"]["position"], "9994");
}
