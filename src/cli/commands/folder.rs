//! `backup`, `restore` and `verify`: what an operator does with the folder of a service, without the service.

use crate::{
    cli::{
        errors::Failure,
        output::{self, Format, Grid, Sheet, Side, note},
    },
    domain::problem::{Problem, Reason},
    store::embedded::{self, Progress, Verified, VerifiedTenant},
};
use serde_json::json;
use std::{path::PathBuf, time::Duration};

/// How often people hear how far it is.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(2);

#[derive(Debug, clap::Args)]
pub struct CopyArguments {
    /// The folder to copy
    from: PathBuf,
    /// The folder to make; it must be empty or not there
    to: PathBuf,
}

#[derive(Debug, clap::Args)]
pub struct VerifyArguments {
    /// The folder
    folder: PathBuf,
}

impl CopyArguments {
    /// Copies a folder that may be served meanwhile.
    pub fn backup(&self, format: Format) -> Result<(), Failure> {
        show(format, embedded::backup(&self.from, &self.to, progress()))
    }

    /// Verifies a backup and copies it.
    pub fn restore(&self, format: Format) -> Result<(), Failure> {
        show(format, embedded::restore(&self.from, &self.to, progress()))
    }
}

impl VerifyArguments {
    /// Reads and proves everything.
    pub fn verify(&self, format: Format) -> Result<(), Failure> {
        show(format, embedded::verify(&self.folder, progress()))
    }
}

fn progress() -> impl FnMut(Progress) {
    Progress::every(PROGRESS_INTERVAL, |progress| {
        let Progress {
            read_bytes,
            all_bytes,
            entries,
        } = progress;
        note(&format!(
            "read {read_bytes} of {all_bytes} bytes, {entries} entries and records"
        ));
    })
}

fn show(format: Format, verified: Result<Verified, Problem>) -> Result<(), Failure> {
    let verified = verified.map_err(|problem| {
        // The target is not empty.
        if problem.reason == Reason::FieldInvalid {
            Failure::Usage(problem.message)
        } else {
            Failure::Other(problem.into())
        }
    })?;
    if verified.is_torn {
        note("note: the last write was never finished nor acknowledged; it does not count");
    }
    match format {
        Format::Table => output::write(&table(&verified)),
        Format::Json => output::write(&(json_of(&verified).to_string() + "\n")),
        Format::Csv => output::write(&sheet(&verified).to_csv()?),
    }
}

/// One tenant, as tables and sheets show it.
fn cells(tenant: &VerifiedTenant) -> [String; 6] {
    [
        tenant.tenant.to_string(),
        tenant.activities.to_string(),
        tenant.reversals.to_string(),
        tenant.records.to_string(),
        tenant.position.to_string(),
        tenant.accounts.to_string(),
    ]
}

fn table(verified: &Verified) -> String {
    let number = Side::Right;
    let mut grid = Grid::new(&[
        ("tenant", Side::Left),
        ("activities", number),
        ("reversals", number),
        ("records", number),
        ("position", number),
        ("accounts that tie", number),
    ]);
    for tenant in &verified.tenants {
        grid.row(cells(tenant));
    }
    let (segments, bytes) = (verified.segments, verified.bytes);
    format!("{grid}\nsound: {segments} files, {bytes} bytes; the books tie to the ledger\n")
}

fn json_of(verified: &Verified) -> serde_json::Value {
    let tenants = verified.tenants.iter().map(|tenant| {
        json!({
            "tenantId": tenant.tenant.as_str(),
            "activities": tenant.activities,
            "reversals": tenant.reversals,
            "records": tenant.records,
            "position": tenant.position,
            "accounts": tenant.accounts,
        })
    });
    json!({
        "segments": verified.segments,
        "bytes": verified.bytes,
        "unfinishedWrite": verified.is_torn,
        "tenants": tenants.collect::<Vec<_>>(),
    })
}

fn sheet(verified: &Verified) -> Sheet {
    let mut sheet = Sheet::new(&[
        "tenant_id",
        "activities",
        "reversals",
        "records",
        "position",
        "accounts",
    ]);
    for tenant in &verified.tenants {
        sheet.row(cells(tenant));
    }
    sheet
}
