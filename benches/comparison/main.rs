//! The service beside what its users would use instead: DuckDB, Polars, ClickHouse in process, PostgreSQL and SQLite.
//!
//! `cargo bench --bench comparison [-- ACTIVITIES [CUSTOMERS]]` generates a world, gives the same rows to every engine,
//! asks each the same questions, compares their answers, and prints what each took. `--help` lists the rest. What
//! cannot be compared with others is measured beside it: ingest beside a bare stream, acknowledgements beside the
//! disk, rankings while activities come in, and opening again. docs/performance.md tells how to read it.

mod asking;
mod engine;
mod ingest;
mod limit;
mod machine;
mod question;
mod service;
mod table;
mod wire;
mod world;

use clap::{Parser, ValueEnum};
use profitscore::store::embedded::disk_bytes;
use question::{Question, Report};
use service::Figures;
use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    sync::Arc,
};
use world::{Size, World};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What can be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// The service through its socket.
    Service,
    /// The service's engine in process.
    Engine,
    /// The limit program in process.
    Limit,
    /// Other engines.
    Peers,
}

/// What a process of the benchmark does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Role {
    Main,
    BareServer,
    Limit,
    Embedded,
}

/// The sizes and parts of a run.
#[derive(Debug, Parser)]
#[command(about = "Measures the service beside other engines on the same generated rows.")]
struct Arguments {
    /// How many activities.
    #[arg(default_value_t = 10_000_000)]
    activities: usize,
    /// How many customers; a tenth of the activities by default.
    customers: Option<u32>,
    /// Another seed is another world.
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// Activities arrive in the order of their days, instead of each on any day of the three years.
    #[arg(long)]
    chronological: bool,
    /// The client sends bytes that were made before the clock starts, instead of making and encoding each message while
    /// it streams, as one with generated stubs does.
    #[arg(long)]
    encoded: bool,
    /// How many streams the ingest is divided over.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    streams: u16,
    /// Only these parts.
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        default_value = "service,engine,limit,peers"
    )]
    parts: Vec<Part>,
    /// Only these other engines.
    #[arg(long, default_value = "duckdb,polars,clickhouse,postgresql,sqlite")]
    peers: String,
    /// How many threads other engines may use; as many as they want by default.
    #[arg(long)]
    threads: Option<u16>,
    /// The Python that has the other engines' packages.
    #[arg(
        long,
        env = "PROFITSCORE_PEERS_PYTHON",
        default_value = "target/peers/bin/python"
    )]
    python: PathBuf,
    #[arg(long, value_enum, default_value_t = Role::Main, hide = true)]
    role: Role,
    #[arg(long, default_value = "", hide = true)]
    listen: String,
    #[arg(long, default_value = ".", hide = true)]
    folder: PathBuf,
    #[arg(long, default_value = ".", hide = true)]
    report: PathBuf,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

impl Arguments {
    fn size(&self) -> Size {
        let tenth = u32::try_from(self.activities / 10).unwrap_or(u32::MAX);
        Size {
            activities: self.activities,
            customers: self.customers.unwrap_or(tenth).max(1),
            seed: self.seed,
            chronological: self.chronological,
        }
    }

    fn has(&self, part: Part) -> bool {
        self.parts.contains(&part)
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match arguments.role {
        Role::Main => run(&arguments),
        Role::BareServer => block_on(wire::serve_bare(&arguments.listen)),
        Role::Limit => engine::limit(World::generate(arguments.size()))
            .and_then(|report| write(&arguments.report, &report)),
        Role::Embedded => engine::embedded(World::generate(arguments.size()), &arguments.folder)
            .and_then(|report| write(&arguments.report, &report)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn block_on(task: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    tokio::runtime::Runtime::new()?.block_on(task)
}

fn write(path: &Path, report: &Report) -> Result<(), Failure> {
    Ok(serde_json::to_writer(File::create(path)?, report)?)
}

fn run(arguments: &Arguments) -> Result<(), Failure> {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let data = folder.path().join("data");
    fs::create_dir(&data)?;
    let mut figures = Figures::default();
    let mut reports = Vec::new();
    println!("{:?}, load {}", arguments.size(), machine::load());
    if arguments.has(Part::Service) {
        let world = Arc::new(World::generate(arguments.size()));
        block_on(async {
            let part = service::first_part(arguments, &world, &data, &mut figures).await;
            reports.push(part?);
            Ok(())
        })?;
    }
    for (part, role) in [(Part::Engine, "embedded"), (Part::Limit, "limit")] {
        if arguments.has(part) {
            println!("{role}");
            reports.push(elsewhere(arguments, role, &data, folder.path())?);
        }
    }
    tell_disk(&data)?;
    if arguments.has(Part::Service) {
        println!("crash and opening");
        block_on(service::second_part(arguments, &data, &mut figures))?;
    }
    fs::remove_dir_all(&data)?;
    if arguments.has(Part::Peers) {
        let columns = folder.path().join("columns");
        fs::create_dir(&columns)?;
        World::generate(arguments.size()).write_columns(&columns)?;
        let questions = File::create(columns.join("questions.json"))?;
        serde_json::to_writer(questions, &Question::compared())?;
        for peer in arguments.peers.split(',') {
            println!("{peer}");
            reports.push(peer_report(arguments, peer, &columns)?);
        }
    }
    table::print(arguments, &reports, &figures);
    let first = reports.iter().find(|report| !report.answered.is_empty());
    let others = reports.iter().skip(1);
    let differences = first.map(|first| {
        others
            .filter_map(|other| question::difference(first, other))
            .collect()
    });
    let differences: Vec<String> = differences.unwrap_or_default();
    match differences.is_empty() {
        true => Ok(()),
        false => Err(differences.join("\n").into()),
    }
}

/// What each part of the folder takes.
fn tell_disk(data: &Path) -> Result<(), Failure> {
    if data.read_dir()?.next().is_none() {
        return Ok(());
    }
    let bytes = disk_bytes(data)?;
    let parts = bytes.checkpoint;
    let megabytes = |bytes: u64| bytes as f64 / 1_048_576.0;
    println!(
        "disk: ledger {:.0} MB; checkpoint {:.0} MB: rows {:.0}, fingerprints {:.0}, names {:.0}, rest {:.0}",
        megabytes(bytes.ledger),
        megabytes(parts.all()),
        megabytes(parts.rows),
        megabytes(parts.fingerprints),
        megabytes(parts.names),
        megabytes(parts.rest),
    );
    Ok(())
}

/// The report of an engine in a process of its own.
fn elsewhere(
    arguments: &Arguments,
    role: &str,
    data: &Path,
    folder: &Path,
) -> Result<Report, Failure> {
    let path = folder.join("report.json");
    let size = arguments.size();
    let mut command = Command::new(std::env::current_exe()?);
    command.args([size.activities.to_string(), size.customers.to_string()]);
    command.args(["--seed", &size.seed.to_string(), "--role", role, "--folder"]);
    command.arg(data).arg("--report").arg(&path);
    if size.chronological {
        command.arg("--chronological");
    }
    let status = command.status()?;
    if !status.success() {
        return Err(format!("{role} ended with {status}").into());
    }
    Ok(serde_json::from_reader(File::open(&path)?)?)
}

/// The report of another engine, which a Python program drives.
fn peer_report(arguments: &Arguments, peer: &str, columns: &Path) -> Result<Report, Failure> {
    let path = columns.join("report.json");
    let python = match arguments.python.exists() {
        true => arguments.python.as_path(),
        false => Path::new("python3"),
    };
    let mut command = Command::new(python);
    command
        .arg("benches/peers/peers.py")
        .arg(peer)
        .arg(columns)
        .arg(&path);
    if let Some(threads) = arguments.threads {
        command.args(["--threads", &threads.to_string()]);
    }
    let mut report = match command.status() {
        Ok(status) if status.success() => serde_json::from_reader(File::open(&path)?)?,
        ended => Report {
            skipped: Some(format!("{ended:?}")),
            ..Report::of(peer)
        },
    };
    if report.skipped.is_none() && report.answered.is_empty() {
        report.skipped = Some("it answered nothing".to_owned());
    }
    Ok(report)
}
