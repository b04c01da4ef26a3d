//! `profitscore lookalikes`.

use super::profile::{BestArguments, bin_cells, bin_text, ignored_text};
use crate::{
    api::pb::{
        CustomerMatching, ExpansionLevel, ListLookalikesRequest, ListLookalikesResponse, Lookalike,
        google_type::Decimal,
    },
    cli::{
        connection::Connection,
        errors::Failure,
        output::{
            Format, Grid, Sheet, Side,
            money::{count, number},
            note, proof, show, warn_of_costs,
        },
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
    /// How like the best they must be
    #[arg(long, value_enum)]
    expansion: Option<Expansion>,
    /// How much unlike each other the first are to be, 0 to 1
    #[arg(
        long,
        value_name = "WEIGHT",
        default_value_t = 0.0,
        hide_default_value = true
    )]
    diversity: f64,
    /// Only as many as so many hours a month allow to serve
    #[arg(long, value_name = "HOURS")]
    capacity_hours: Option<String>,
    /// Leave out prospects with the name of a customer, but for case, accents, punctuation and legal form
    #[arg(long)]
    not_by_name: bool,
    /// Leave out prospects with a domain of a customer in this trait; may be given several times
    #[arg(long = "not-by-domain", value_name = "TRAIT")]
    domain_traits: Vec<String>,
    #[command(flatten)]
    best: BestArguments,
}

/// How like the best customers a prospect must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Expansion {
    /// As half of them are
    Narrow,
    /// As four of five of them are
    Balanced,
    /// As nineteen of twenty of them are
    Broad,
}

impl Expansion {
    fn to_pb(self) -> ExpansionLevel {
        match self {
            Self::Narrow => ExpansionLevel::Narrow,
            Self::Balanced => ExpansionLevel::Balanced,
            Self::Broad => ExpansionLevel::Broad,
        }
    }
}

impl LookalikesArguments {
    pub async fn run(&self, connection: &Connection, format: Format) -> Result<(), Failure> {
        let best_customers = Some(self.best.best(connection).await?);
        let wanted = (!self.all).then_some(self.top.max(1));
        let is_matched = self.not_by_name || !self.domain_traits.is_empty();
        let question = ListLookalikesRequest {
            tenant_id: connection.tenant(),
            best_customers,
            read_options: self.best.read.options(),
            expansion: self.expansion.map_or(0, |level| level.to_pb().into()),
            diversity: self.diversity,
            capacity_hours_per_month: (self.capacity_hours.clone()).map(|value| Decimal { value }),
            customer_matching: is_matched.then(|| CustomerMatching {
                by_name: self.not_by_name,
                domain_traits: self.domain_traits.clone(),
            }),
            ..ListLookalikesRequest::default()
        };
        let answer = paging::gather(wanted, async |page_size, page_token| {
            let request = ListLookalikesRequest {
                page_size,
                page_token,
                ..question.clone()
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
    let has_capacity = answer.mean_minutes_per_month.is_some();
    let mut columns = vec![
        ("Rank", Side::Right),
        ("Prospect", Side::Left),
        ("Name", Side::Left),
        ("Score", Side::Right),
        ("Strongest reasons", Side::Left),
    ];
    if has_capacity {
        columns.extend([("Minutes a month", Side::Right), ("All", Side::Right)]);
    }
    let mut grid = Grid::new(&columns);
    for lookalike in &answer.lookalikes {
        let mut cells = vec![
            count(lookalike.rank),
            lookalike.party_id.clone(),
            lookalike.display_name.clone(),
            format!("{:+.3}", lookalike.score),
            reasons(lookalike),
        ];
        if has_capacity {
            let minutes = |minutes: Option<f64>| format!("{:.1}", minutes.unwrap_or(0.0));
            cells.push(minutes(lookalike.minutes_per_month));
            cells.push(minutes(lookalike.cumulative_minutes_per_month));
        }
        grid.row_of(cells);
    }
    format!(
        "{grid}\n{} of {} prospects ({} more have bought already{}{}); learnt from {} customers, \
         {} of them the best, {} loss-makers\n{}{}",
        answer.lookalikes.len(),
        count(answer.prospect_count),
        count(answer.converted_count),
        match answer.objected_count {
            0 => String::new(),
            objected => format!(", {} object to profiling", count(objected)),
        },
        left_out(answer),
        count(answer.customer_count),
        count(answer.best_customer_count),
        count(answer.loss_maker_count),
        ignored_text(&answer.ignored_traits),
        proof(&answer.control_total, &answer.read_at),
    )
}

/// Why fewer are listed than were scored.
fn left_out(answer: &ListLookalikesResponse) -> String {
    let reasons = [
        (answer.matched_count, "are customers under another id"),
        (answer.beyond_expansion_count, "are too unlike the best"),
        (answer.beyond_capacity_count, "there is no time for"),
    ];
    let told = reasons.into_iter().filter(|(number, _)| *number > 0);
    told.map(|(number, why)| format!(", {} {why}", count(number)))
        .collect()
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
        "minutes_per_month",
        "nearest_likeness",
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
                number(lookalike.minutes_per_month),
                number(lookalike.nearest_likeness),
            ]);
        }
    }
    sheet
}
