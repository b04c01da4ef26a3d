//! Backup while the service runs, restore and verify: the folder of a service as its operator meets it.

use crate::process::{Files, Said, Server, program};
use std::{fs, path::Path, process::Child};

fn command(words: &[&str]) -> Said {
    Said::by(program().args(words))
}

/// An import of many small batches that goes on while others look.
fn import(server: &Server, files: &Files) -> Child {
    let mut process = server.command(&["import", &files.name("sales.toml")]);
    process.spawn().unwrap()
}

fn sales(count: usize) -> Files {
    let mut rows = "id,who,when,amount\n".to_owned();
    for sale in 0..count {
        rows += &format!(
            "s{sale},C{},2016-01-{:02},{sale}.25\n",
            sale % 97,
            1 + sale % 28
        );
    }
    let mapping = "[[activities]]\nfile = \"sales.csv\"\ncurrency = \"USD\"\nactivity_id = \"{id}\"\n\
                   customer_id = \"{who}\"\n\
                   occur_time = \"{when}\"\nsale = { revenue = \"{amount}\" }\n";
    Files::new(&[("sales.csv", &rows), ("sales.toml", mapping)])
}

fn revenue(server: &Server) -> String {
    server
        .run(&["rank", "--basis", "revenue", "-o", "json"])
        .text()
}

fn activities(said: Said) -> u64 {
    let answer = said.json();
    let tenants = answer["tenants"].as_array().unwrap();
    tenants
        .iter()
        .map(|tenant| tenant["activities"].as_u64().unwrap())
        .sum()
}

#[test]
fn a_backup_of_a_folder_that_is_written_to_is_a_beginning_of_it() {
    const SALES: usize = 60_000;
    let (files, folders) = (sales(SALES), Files::new(&[]));
    let server = Server::in_folder(&folders.path("data"), "127.0.0.1:0");
    let mut importing = import(&server, &files);
    let (mut counts, mut done) = (vec![0], false);
    while !done || counts.len() < 3 {
        done = importing.try_wait().unwrap().is_some();
        let copy = folders.name(&format!("copy{}", counts.len()));
        let said = command(&["backup", &folders.name("data"), &copy, "-o", "json"]);
        counts.push(activities(said));
    }
    assert!(importing.wait().unwrap().success());
    println!("backups of {counts:?} activities");
    assert!(counts.is_sorted(), "{counts:?}");
    assert_eq!(counts.last(), Some(&(SALES as u64)));
    let before = revenue(&server);
    drop(server);
    // A service on the last copy says the same.
    let restored = folders.name("restored");
    let last = folders.name(&format!("copy{}", counts.len() - 1));
    let said = command(&["restore", &last, &restored]).text();
    assert!(
        said.contains("default") && said.contains("the books tie"),
        "{said}"
    );
    let server = Server::in_folder(Path::new(&restored), "127.0.0.1:0");
    let amounts = |text: &str| {
        let answer: serde_json::Value = serde_json::from_str(text).unwrap();
        let parts = (answer["customers"].clone(), answer["controlTotal"].clone());
        assert!(parts.0.is_array() && parts.1.is_object(), "{text}");
        parts
    };
    assert_eq!(amounts(&revenue(&server)), amounts(&before));
}

#[test]
fn folders_are_verified_and_damage_is_named() {
    let (files, folders) = (sales(500), Files::new(&[]));
    let data = folders.path("data");
    let server = Server::in_folder(&data, "127.0.0.1:0");
    assert!(import(&server, &files).wait().unwrap().success());
    let open = command(&["verify", data.to_str().unwrap(), "-o", "csv"]).text();
    assert!(open.starts_with("tenant_id,activities,"), "{open}");
    assert!(open.contains("\ndefault,500,0,0,500,"), "{open}");
    drop(server);
    let verify = |folder: &str| command(&["verify", folder]);
    assert_eq!(verify(data.to_str().unwrap()).code, 0);

    // Neither command writes into what is there.
    let full = folders.path("full");
    fs::create_dir(&full).unwrap();
    fs::write(full.join("notes"), "mine").unwrap();
    for copy in ["backup", "restore"] {
        let said = command(&[copy, data.to_str().unwrap(), full.to_str().unwrap()]);
        assert_eq!(said.code, 2, "{copy}: {}", said.err);
        assert!(said.err.contains("not empty"), "{copy}: {}", said.err);
        assert_eq!(fs::read_dir(&full).unwrap().count(), 1);
    }
    assert_eq!(verify(&folders.name("nowhere")).code, 6);

    let log = data.join("0000000001.log");
    let mut bytes = fs::read(&log).unwrap();
    bytes[1_000] ^= 4;
    fs::write(&log, bytes).unwrap();
    let target = folders.name("target");
    let said = [
        verify(data.to_str().unwrap()),
        command(&["backup", data.to_str().unwrap(), &target]),
        command(&["restore", data.to_str().unwrap(), &target]),
    ];
    for said in said {
        assert_eq!(said.code, 6, "{}", said.err);
        assert!(
            said.err.contains("file 0000000001.log, offset "),
            "{}",
            said.err
        );
        assert!(
            said.err.contains("tenant default, position "),
            "{}",
            said.err
        );
    }
    assert!(!Path::new(&target).exists());
}
