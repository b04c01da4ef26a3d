//! A service that is killed in the middle of an import: nothing that was answered is lost, and nothing counts twice.

use crate::process::{Files, Said, Server, amount, nanos};
use std::{
    io::Write as _,
    path::Path,
    process::{Child, ChildStdin, Stdio},
    thread,
    time::Duration,
};

const MAPPING: &str = "[[activities]]\nfile = \"/dev/stdin\"\ncurrency = \"USD\"\n\
    activity_id = \"A{n}\"\ncustomer_id = \"C{customer}\"\noccur_time = \"2016-01-01\"\n\
    sale = { revenue = \"0.01\" }\n";

/// An import of rows that the test writes one after another.
struct Import {
    process: Child,
    rows: ChildStdin,
}

impl Import {
    fn start(server: &Server, files: &Files, attempts: &str) -> Self {
        let mapping = files.name("rows.toml");
        let words = [
            "import",
            &mapping,
            "--resume-attempts",
            attempts,
            "--output",
            "json",
        ];
        let mut process = server
            .command(&words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut rows = process.stdin.take().unwrap();
        rows.write_all(b"n,customer\n").unwrap();
        Self { process, rows }
    }

    fn write(&mut self, rows: std::ops::Range<u32>) {
        let text: String = rows.map(|n| format!("{n},{}\n", n % 7)).collect();
        self.rows.write_all(text.as_bytes()).unwrap();
    }

    fn finish(self) -> Said {
        drop(self.rows);
        Said::of(self.process.wait_with_output().unwrap())
    }
}

/// Waits until the ledger holds so much.
fn wait_for(server: &Server, position: i64) {
    loop {
        let read = server
            .run(&["activities", "--top", "1", "--output", "json"])
            .json();
        let at = read["readAt"]["position"]
            .as_str()
            .unwrap_or("0")
            .parse::<i64>()
            .unwrap();
        if at >= position {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
}

fn restarted(folder: &Path, server: &mut Server) -> Server {
    let address = server.address().to_owned();
    server.kill();
    Server::in_folder(folder, &address)
}

#[test]
fn an_import_goes_on_when_the_service_comes_back() {
    let files = Files::new(&[("rows.toml", MAPPING)]);
    let folder = files.path("data");
    let mut server = Server::in_folder(&folder, "127.0.0.1:0");
    let mut import = Import::start(&server, &files, "5");
    import.write(0..2_500);
    wait_for(&server, 2_000);
    let server = restarted(&folder, &mut server);
    import.write(2_500..5_200);
    let said = import.finish();
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.err.contains("trying again"), "{}", said.err);
    let summary: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    let section = &summary["sections"][0];
    let count = |name: &str| section[name].as_i64().unwrap();
    assert_eq!(count("posted") + count("duplicate"), 5_200);
    let ranking = server.run(&["rank", "--output", "json"]).json();
    assert_eq!(nanos(&ranking["controlTotal"]["ledger"]), amount("52.00"));
    assert_eq!(ranking["readAt"]["position"], "5200");
}

#[test]
fn an_import_that_gives_up_says_what_is_durable_and_can_be_run_again() {
    let files = Files::new(&[("rows.toml", MAPPING)]);
    let folder = files.path("data");
    let mut server = Server::in_folder(&folder, "127.0.0.1:0");
    let mut import = Import::start(&server, &files, "0");
    import.write(0..1_500);
    wait_for(&server, 1_000);
    server.kill();
    let said = import.finish();
    assert_eq!(said.code, 3, "{}", said.err);
    assert!(
        said.err
            .contains("everything up to position 1000 is durable"),
        "{}",
        said.err
    );
    let server = Server::in_folder(&folder, "127.0.0.1:0");
    let mut import = Import::start(&server, &files, "0");
    import.write(0..1_500);
    let said = import.finish();
    let section = &said.json()["sections"][0];
    assert_eq!(
        (&section["posted"], &section["duplicate"]),
        (&500.into(), &1_000.into())
    );
}
