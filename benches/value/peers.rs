//! The Python package lifetimes on the same rows, in the same run.

use crate::{
    holdout::CUT,
    table::{Cell, Table},
};
use profitscore::domain::model::value::{Orders, choice::rows_before};
use std::{
    env,
    io::Write,
    path::PathBuf,
    process::{Command, Stdio},
};

/// Fits to the rows of customers; says so if there is no Python with the package.
pub fn times(set: &str, customers: &[Orders], table: &mut Table) {
    let python = env::var_os("PROFITSCORE_PEERS_PYTHON")
        .map_or_else(|| PathBuf::from("target/peers/bin/python"), PathBuf::from);
    let rows = rows_before(customers, CUT);
    let mut lines = String::new();
    for row in &rows {
        let (x, customers) = (row.repeats, row.customers);
        lines += &format!("{x} {} {} {customers}\n", row.recency(), row.observed());
    }
    let told = ask(&python, &lines);
    let Some(told) = told else {
        println!("skipped: {} cannot run lifetimes", python.display());
        return;
    };
    for line in told.lines() {
        let words: Vec<&str> = line.split(',').collect();
        let [model, seconds, log_likelihood] = words[..] else {
            continue;
        };
        table.add(vec![
            Cell::text(set),
            Cell::text(rows.len().to_string()),
            Cell::text(format!("lifetimes 0.11.3: fit of {model}")),
            Cell::text(seconds),
            Cell::text(""),
            Cell::text(log_likelihood),
        ]);
    }
}

fn ask(python: &PathBuf, lines: &str) -> Option<String> {
    let script = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/benches/peers/lifetimes_fits.py"
    );
    let mut child = Command::new(python)
        .arg(script)
        // One thread, as here.
        .env("OMP_NUM_THREADS", "1")
        .env("OPENBLAS_NUM_THREADS", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    child.stdin.take()?.write_all(lines.as_bytes()).ok()?;
    let output = child.wait_with_output().ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}
