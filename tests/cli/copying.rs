//! `copy` between folders and databases, killed and begun again: every report is the same bytes afterwards.

use crate::{
    cluster::{Cluster, PASSWORD, cluster},
    process::{Files, Said, Server, program},
};
use profitscore::store::postgres::DatabaseSettings;
use std::{
    process::{Child, Command, Stdio},
    time::Duration,
};
use tokio::runtime::Runtime;
use tokio_postgres::Client;

/// Everything that tells of a state: reports of now and of before, and every entry with its times.
const REPORTS: [&[&str]; 11] = [
    &["rank", "--all"],
    &["rank", "--all", "--as-of", "5000"],
    &["rank", "--worst", "--basis", "spend", "--year", "2015"],
    &["statement", "CS-12505"],
    &["bands", "--size", "50"],
    &["whale", "--points", "100"],
    &["profile"],
    &["customers", "list", "--all"],
    &["traits", "list"],
    &["costs", "list"],
    &["activities", "--all"],
];
/// The last position of [`fill`].
const END: u64 = 793 + 9_994 + 4;

/// A cost model.
fn costs(rate: u32) -> String {
    let rate = format!("{{ role_id = \"CLERK\", rate_per_minute = {{ value = \"{rate}\" }} }}");
    format!("capacity_cost_rates = [{rate}]\n")
}

/// Superstore, a reversal, versions of a cost model, and last of all a trait.
fn fill(server: &Server) {
    for recipe in ["customers", "activities"] {
        let recipe = format!("examples/superstore/{recipe}.toml");
        server.run(&["import", &recipe]).text();
    }
    server.run(&["reverse", "1", "--reason", "returned"]).text();
    let files = Files::new(&[("one.toml", &costs(2)), ("two.toml", &costs(3))]);
    for name in ["one.toml", "two.toml"] {
        server.run(&["costs", "put", &files.name(name)]).text();
    }
    let define = [
        "traits",
        "define",
        "VISITS",
        "--type",
        "number",
        "--bin-edges",
        "2,5",
    ];
    server.run(&define).text();
}

fn reports(server: &Server) -> Vec<String> {
    let told = |report: &&[&str]| server.run(&[*report, &["-o", "json"]].concat()).text();
    REPORTS.iter().map(told).collect()
}

fn copy(from: &str, to: &str) -> Command {
    let mut command = program();
    command.args(["copy", "--from", from, "--to", to]);
    command.env("PROFITSCORE_DATABASE_PASSWORD", PASSWORD);
    command
}

fn begin(from: &str, to: &str) -> Child {
    let mut command = copy(from, to);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

fn new_database(runtime: &Runtime, cluster: &Cluster) -> (String, Client) {
    let url = runtime.block_on(cluster.new_database());
    let mut migrate = program();
    migrate.args(["migrate", "--database-url", &url]);
    Said::by(migrate.env("PROFITSCORE_DATABASE_PASSWORD", PASSWORD)).text();
    let client = runtime.block_on(cluster.client(&DatabaseSettings::parse(&url).unwrap()));
    (url, client)
}

/// Begins a copy that must wait for a table that comes last, and kills it while it waits.
fn kill_in_the_middle(
    runtime: &Runtime,
    client: &Client,
    lock: &str,
    mut begin: impl FnMut() -> Child,
) {
    let execute = |text: &str| runtime.block_on(client.batch_execute(text)).unwrap();
    execute(&format!(
        "BEGIN; LOCK TABLE profitscore.cost_models IN {lock} MODE"
    ));
    let mut process = begin();
    let waiting = "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database \
                   WHERE d.datname = current_database() AND NOT l.granted";
    let mut tries = 0;
    while runtime
        .block_on(client.query_one(waiting, &[]))
        .unwrap()
        .get::<_, i64>(0)
        == 0
    {
        assert!(process.try_wait().unwrap().is_none(), "it ended before");
        tries += 1;
        assert!(tries < 2_400, "it never comes to the last table");
        std::thread::sleep(Duration::from_millis(25));
    }
    process.kill().unwrap();
    process.wait().unwrap();
    execute("COMMIT");
}

/// How much was there when a copy began that came to its end.
fn found(said: Said) -> u64 {
    let said = said.json();
    let tenants = said["tenants"].as_array().unwrap();
    assert_eq!(tenants.len(), 1, "{said}");
    let tenant = &tenants[0];
    assert_eq!(tenant["tenantId"], "default");
    assert_eq!(tenant["position"], END);
    assert_eq!(tenant["source"], tenant["target"]);
    let source = &tenant["source"];
    for (name, number) in [
        ("activities", "9994"),
        ("reversals", "1"),
        ("parties", "793"),
        ("trait_definitions", "1"),
        ("cost_models", "2"),
        ("closings", "0"),
        ("products", "0"),
        ("sales", "9993"),
    ] {
        assert_eq!(source[name], number, "{source}");
    }
    tenant["found"].as_u64().unwrap()
}

#[test]
fn copies_that_are_killed_go_on_and_every_report_stays_the_same() {
    let Some(cluster) = cluster() else {
        return;
    };
    let (runtime, folders) = (Runtime::new().unwrap(), Files::new(&[]));
    let [first, last] = ["first", "last"].map(|name| folders.name(name));
    let wanted = {
        let server = Server::in_folder(first.as_ref(), "127.0.0.1:0");
        fill(&server);
        reports(&server)
    };
    let (url, client) = new_database(&runtime, cluster);
    let json = |mut command: Command| Said::by(command.args(["-o", "json"]));

    // To a database: killed in a transaction.
    kill_in_the_middle(&runtime, &client, "SHARE", || begin(&first, &url));
    let there = found(json(copy(&first, &url)));
    assert!(there > 0 && there < END, "{there}");
    assert_eq!(found(json(copy(&first, &url))), END);

    // To a folder: killed between two pages.
    kill_in_the_middle(&runtime, &client, "ACCESS EXCLUSIVE", || begin(&url, &last));
    Said::by(program().args(["verify", &last])).text();
    let there = found(json(copy(&url, &last)));
    assert!(there > 0 && there < END, "{there}");

    // From a folder to a folder, and from a database to a database.
    let folder = folders.name("folder");
    assert_eq!(found(json(copy(&last, &folder))), 0);
    let (other, _) = new_database(&runtime, cluster);
    assert_eq!(found(json(copy(&url, &other))), 0);

    let mut servers =
        [&last, &folder].map(|folder| Server::in_folder(folder.as_ref(), "127.0.0.1:0"));
    for server in &servers {
        assert!(reports(server) == wanted);
    }
    servers.iter_mut().for_each(Server::kill);
    for url in [&url, &other] {
        assert!(reports(&Server::on_database(url)) == wanted);
    }
}

#[test]
fn a_copy_never_writes_over_something_else() {
    let folders = Files::new(&[]);
    let [one, other] = ["one", "other"].map(|name| folders.name(name));
    let missing = Said::by(&mut copy(&one, &other));
    assert_eq!(missing.code, 2, "{}", missing.err);
    assert!(
        missing.err.contains("there is no ledger in"),
        "{}",
        missing.err
    );
    assert!(!folders.path("other").exists());
    for (folder, key) in [(&one, "A"), (&other, "B")] {
        let server = Server::in_folder(folder.as_ref(), "127.0.0.1:0");
        for tenant in ["default", "second"] {
            let define = [
                "traits", "define", key, "--type", "flag", "--tenant", tenant,
            ];
            server.run(&define).text();
            if tenant == "second" {
                server
                    .run(&[
                        "traits", "define", "C", "--type", "flag", "--tenant", tenant,
                    ])
                    .text();
            }
        }
        let served = Said::by(&mut copy(folder, &folders.name("third")));
        assert_ne!(served.code, 0, "a folder that is served must not be copied");
    }
    let refused = Said::by(&mut copy(&one, &other));
    assert_eq!(refused.code, 2, "{}", refused.err);
    assert!(
        refused
            .err
            .contains("something else for tenant default at position 1"),
        "{}",
        refused.err
    );
    let third = folders.name("third");
    let second = Said::by(copy(&one, &third).args(["--tenant", "second"])).text();
    assert!(
        second.contains("tenant second: 2 writes copied, 0 were there"),
        "{second}"
    );
    let all = Said::by(&mut copy(&one, &third)).text();
    assert!(
        all.contains("tenant default: 1 writes copied, 0 were there"),
        "{all}"
    );
    assert!(
        all.contains("tenant second: 0 writes copied, 2 were there"),
        "{all}"
    );
    let sheet = Said::by(copy(&one, &third).args(["-o", "csv"])).text();
    let mut lines = sheet.lines();
    assert_eq!(lines.next(), Some("tenant_id,position,name,source,target"));
    assert!(
        lines.any(|line| line == "second,2,trait_definitions,2,2"),
        "{sheet}"
    );
    let nobody = Said::by(copy(&one, &third).args(["--tenant", "nobody"]));
    assert_eq!(nobody.code, 2, "{}", nobody.err);
    assert!(
        nobody.err.contains("nothing of tenant nobody"),
        "{}",
        nobody.err
    );
    let euros = Said::by(copy(&one, &third).args(["--currency", "EUR"]));
    assert_eq!(euros.code, 2, "{}", euros.err);
}
