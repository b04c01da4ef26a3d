//! The program in processes of its own: a service on a free port, and commands against it.

use crate::cluster::{PASSWORD, cluster};
use serde_json::Value;
use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, ChildStderr, Command, Stdio},
};
use tempfile::TempDir;

/// The root of the repository.
pub const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The program, without what the environment would say to it.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_profitscore"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("PROFITSCORE_") {
            command.env_remove(name);
        }
    }
    command
}

/// What a command said.
#[derive(Debug)]
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Said {
    /// Runs a command to its end.
    pub fn by(command: &mut Command) -> Self {
        let output = command.stdin(Stdio::null()).output().unwrap();
        Self::of(output)
    }

    /// What a process said that has ended.
    pub fn of(output: std::process::Output) -> Self {
        Self {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Its output, if it succeeded.
    #[track_caller]
    pub fn text(self) -> String {
        assert_eq!(self.code, 0, "{}", self.err);
        self.out
    }

    /// Its output as JSON, if it succeeded.
    #[track_caller]
    pub fn json(self) -> Value {
        serde_json::from_str(&self.text()).unwrap()
    }
}

/// A service in a process of its own; killed when dropped.
pub struct Server {
    process: Child,
    /// A folder that is removed with it.
    _folder: Option<TempDir>,
    pub endpoint: String,
}

impl Server {
    /// With a store in memory.
    pub fn in_memory() -> Self {
        Self::start(&["--store", "memory"], &[], "127.0.0.1:0")
    }

    /// With a store in memory, for those who show one of the tokens of a file.
    pub fn guarded(tokens: &str) -> Self {
        Self::start(
            &["--store", "memory", "--tokens", tokens],
            &[],
            "127.0.0.1:0",
        )
    }

    /// With a store in a folder of its own.
    pub fn embedded() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut server = Self::in_folder(&folder.path().join("data"), "127.0.0.1:0");
        server._folder = Some(folder);
        server
    }

    /// With a store in a new database, if PostgreSQL is installed.
    pub fn in_database() -> Option<Self> {
        let cluster = cluster()?;
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let url = runtime.block_on(cluster.new_database());
        let environment = [
            ("PROFITSCORE_DATABASE_URL", url.as_str()),
            ("PROFITSCORE_DATABASE_PASSWORD", PASSWORD),
        ];
        let said = Said::by(program().arg("migrate").envs(environment)).text();
        assert!(said.contains("were of version 0"), "{said}");
        Some(Self::start(&[], &environment, "127.0.0.1:0"))
    }

    /// With a store in a database that was migrated.
    pub fn on_database(url: &str) -> Self {
        let environment = [
            ("PROFITSCORE_DATABASE_URL", url),
            ("PROFITSCORE_DATABASE_PASSWORD", PASSWORD),
        ];
        Self::start(&[], &environment, "127.0.0.1:0")
    }

    /// With a store in a folder, at an address.
    pub fn in_folder(folder: &Path, address: &str) -> Self {
        Self::start(&["--data", folder.to_str().unwrap()], &[], address)
    }

    fn start(flags: &[&str], environment: &[(&str, &str)], address: &str) -> Self {
        let mut process = program()
            .args(["serve", "--log-format", "json", "--listen", address])
            .args(flags)
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(process.stderr.take().unwrap());
        let address = serving_at(&mut log);
        // Somebody must go on reading, or the service would wait for room to write.
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        Self {
            process,
            _folder: None,
            endpoint: format!("http://{address}"),
        }
    }

    /// The address it listens on.
    pub fn address(&self) -> &str {
        self.endpoint.trim_start_matches("http://")
    }

    /// Tells it to read its tokens again.
    pub fn hang_up(&self) {
        let id = rustix::process::Pid::from_child(&self.process);
        rustix::process::kill_process(id, rustix::process::Signal::HUP).unwrap();
    }

    /// Ends it like a loss of power would.
    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// A command against it.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = program();
        command
            .current_dir(ROOT)
            .args(words)
            .args(["--endpoint", &self.endpoint]);
        command
    }

    /// Runs a command against it.
    pub fn run(&self, words: &[&str]) -> Said {
        Said::by(&mut self.command(words))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// Reads the log up to the line that says that calls are answered.
fn serving_at(log: &mut BufReader<ChildStderr>) -> String {
    let mut seen = String::new();
    loop {
        let mut line = String::new();
        assert_ne!(
            log.read_line(&mut line).unwrap(),
            0,
            "the service ended: {seen}"
        );
        let entry: Value = serde_json::from_str(&line).unwrap_or_default();
        if entry["fields"]["message"] == "serving" {
            return entry["fields"]["address"].as_str().unwrap().to_owned();
        }
        seen += &line;
    }
}

/// A folder with files, removed when dropped.
pub struct Files(TempDir);

impl Files {
    pub fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        Self(folder)
    }

    /// The path of a file in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The same as text.
    pub fn name(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }
}

/// An amount of a JSON answer as nano-units.
pub fn nanos(money: &Value) -> i128 {
    let units: i128 = money["units"].as_str().unwrap_or("0").parse().unwrap();
    units * 1_000_000_000 + i128::from(money["nanos"].as_i64().unwrap_or(0))
}

/// A decimal text such as `-73315.5490` as nano-units.
pub fn amount(text: &str) -> i128 {
    let (whole, fraction) = text.split_once('.').unwrap();
    let digits = format!("{whole}{fraction:0<9}");
    digits.parse().unwrap()
}
