//! `profitscore reverse`.

use super::results;
use crate::{
    api::pb::{Reversal, ReverseActivitiesRequest},
    cli::{
        connection::Connection,
        errors::Failure,
        output::{Format, show},
    },
};

#[derive(Debug, clap::Args)]
pub struct ReverseArguments {
    /// The activities to take back
    #[arg(value_name = "ACTIVITY", required = true)]
    ids: Vec<String>,
    /// Why
    #[arg(long)]
    reason: String,
    /// Where the evidence is
    #[arg(long, default_value = "", hide_default_value = true)]
    evidence: String,
    /// The id of the reversal, for a single activity; reversal-of-ACTIVITY if not given, so that the same command
    /// again changes nothing
    #[arg(long, value_name = "ID")]
    reversal_id: Option<String>,
    /// Only say what would happen
    #[arg(long)]
    dry_run: bool,
}

impl ReverseArguments {
    pub async fn run(&self, connection: &Connection, format: Format) -> Result<(), Failure> {
        if self.reversal_id.is_some() && self.ids.len() > 1 {
            return Err(Failure::usage("--reversal-id goes with a single activity"));
        }
        let reversal = |id: &String| Reversal {
            reversal_id: match &self.reversal_id {
                Some(reversal_id) => reversal_id.clone(),
                None => format!("reversal-of-{id}"),
            },
            activity_id: id.clone(),
            reason: self.reason.clone(),
            evidence_ref: self.evidence.clone(),
        };
        let request = ReverseActivitiesRequest {
            tenant_id: connection.tenant(),
            reversals: self.ids.iter().map(reversal).collect(),
            validate_only: self.dry_run,
        };
        let mut client = connection.activities();
        let answer = client
            .reverse_activities(connection.request(request))
            .await?
            .into_inner();
        let items = || {
            let outcomes = answer.results.iter().map(results::of_activity);
            self.ids.iter().cloned().zip(outcomes)
        };
        let done = if self.dry_run {
            "would be taken back"
        } else {
            "taken back"
        };
        let text = || results::text(items(), done, "was taken back before by the same reversal");
        show(format, &answer, text, || results::sheet(items()))?;
        results::check(items())
    }
}
