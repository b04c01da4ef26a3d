//! `profitscore lookalikes`.

use super::profile::{BestArguments, bin_cells, bin_text, ignored_text};
use crate::{
    api::pb::{ListLookalikesRequest, ListLookalikesResponse, Lookalike},
    cli::{
        connection::Connection,
        errors::Failure,
        output::{Format, Grid, Sheet, Side, money::count, note, proof, show, warn_of_costs},
        paging,
    },
};

/// How many reasons a table shows.
const REASONS_SHOWN: usize = 3;

#[derive(Debug, clap::Args)]
pub struct LookalikesArguments {
    /// How many prospects
    #[arg(long, value_name = "N", default_value_t = 20)]
    top: usize,
    /// All prospects
    #[arg(long, conflicts_with = "top")]
    all: bool,
    #[command(flatten)]
    best: BestArguments,
}

impl LookalikesArguments {
    pub async fn run(&self, connection: &Connection, format: Format) -> Result<(), Failure> {
        let best_customers = Some(self.best.best(connection).await?);
        let wanted = (!self.all).then_some(self.top.max(1));
        let answer = paging::gather(wanted, async |page_size, page_token| {
            let request = ListLookalikesRequest {
                tenant_id: connection.tenant(),
                best_customers: best_customers.clone(),
                page_size,
                page_token,
                read_options: self.best.read.options(),
            };
            let mut client = connection.prospects();
            Ok(client
                .list_lookalikes(connection.request(request))
                .await?
                .into_inner())
        })
        .await?;
        warn_of_costs(&answer.cost_basis);
        if !answer.has_signal {
            note("warning: no trait value is distinguishing; the order of this list means little");
        }
        show(
            format,
            &answer,
            || text(&answer),
            || sheet(&answer.lookalikes),
        )
    }
}

fn text(answer: &ListLookalikesResponse) -> String {
    let mut grid = Grid::new(&[
        ("Rank", Side::Right),
        ("Prospect", Side::Left),
        ("Name", Side::Left),
        ("Score", Side::Right),
        ("Strongest reasons", Side::Left),
    ]);
    for lookalike in &answer.lookalikes {
        grid.row([
            count(lookalike.rank),
            lookalike.party_id.clone(),
            lookalike.display_name.clone(),
            format!("{:+.3}", lookalike.score),
            reasons(lookalike),
        ]);
    }
    format!(
        "{grid}\n{} of {} prospects ({} more have bought already{}); learnt from {} customers, \
         {} of them the best, {} loss-makers\n{}{}",
        answer.lookalikes.len(),
        count(answer.prospect_count),
        count(answer.converted_count),
        match answer.objected_count {
            0 => String::new(),
            objected => format!(", {} object to profiling", count(objected)),
        },
        count(answer.customer_count),
        count(answer.best_customer_count),
        count(answer.loss_maker_count),
        ignored_text(&answer.ignored_traits),
        proof(&answer.control_total, &answer.read_at),
    )
}

fn reasons(lookalike: &Lookalike) -> String {
    let shown = lookalike.contributions.iter().take(REASONS_SHOWN);
    let texts: Vec<_> = shown
        .map(|reason| format!("{} {:+.2}", bin_text(&reason.bin), reason.contribution))
        .collect();
    texts.join(", ")
}

/// One row for each contribution, so that the rows of a prospect add up to its score.
fn sheet(lookalikes: &[Lookalike]) -> Sheet {
    let mut sheet = Sheet::new(&[
        "rank",
        "party_id",
        "display_name",
        "score",
        "trait",
        "bin",
        "value",
        "contribution",
        "best_count",
        "loss_maker_count",
        "all_count",
    ]);
    for lookalike in lookalikes {
        for reason in &lookalike.contributions {
            let [key, bin, value] = bin_cells(&reason.bin);
            sheet.row([
                lookalike.rank.to_string(),
                lookalike.party_id.clone(),
                lookalike.display_name.clone(),
                lookalike.score.to_string(),
                key,
                bin,
                value,
                reason.contribution.to_string(),
                reason.best_count.to_string(),
                reason.loss_maker_count.to_string(),
                reason.all_count.to_string(),
            ]);
        }
    }
    sheet
}
