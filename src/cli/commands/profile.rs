//! `profitscore profile`.

use crate::{
    api::pb::{
        AbsentBin, BestCustomers, GetProfileRequest, GetProfileResponse, IgnoredTrait, TraitBin,
        TraitLift, trait_bin::Bin,
    },
    cli::{
        arguments::{Basis, FilterArguments, PeriodArguments, ReadArguments},
        connection::Connection,
        errors::Failure,
        output::{
            Format, Grid, Sheet, Side,
            money::{count, decimal, exact},
            proof, show, warn_of_costs,
        },
    },
};

/// Which customers are the best: what profiles and lookalikes learn from.
#[derive(Debug, clap::Args)]
pub struct BestArguments {
    /// What the best customers are the best by
    #[arg(long, value_enum, default_value = "net-profit")]
    pub basis: Basis,
    /// Which part of the customers is the best, up to 0.5; 0.1 if not given
    #[arg(
        long,
        value_name = "FRACTION",
        default_value_t = 0.0,
        hide_default_value = true
    )]
    pub fraction: f64,
    #[command(flatten)]
    period: PeriodArguments,
    #[command(flatten)]
    filter: FilterArguments,
    #[command(flatten)]
    pub read: ReadArguments,
    /// Use this version of the cost model instead of the newest
    #[arg(long, value_name = "VERSION")]
    cost_model: Option<i64>,
}

impl BestArguments {
    /// The best customers on the wire.
    pub async fn best(&self, connection: &Connection) -> Result<BestCustomers, Failure> {
        Ok(BestCustomers {
            period: self.period.interval()?,
            basis: self.basis.to_pb(),
            filter: self.filter.filter(connection).await?,
            fraction: self.fraction,
            cost_model_version: self.cost_model,
        })
    }
}

#[derive(Debug, clap::Args)]
pub struct ProfileArguments {
    /// How many trait values a table shows; json and csv have all
    #[arg(long, value_name = "N", default_value_t = 40)]
    top: usize,
    #[command(flatten)]
    pub best: BestArguments,
}

impl ProfileArguments {
    pub async fn run(&self, connection: &Connection, format: Format) -> Result<(), Failure> {
        let request = GetProfileRequest {
            tenant_id: connection.tenant(),
            best_customers: Some(self.best.best(connection).await?),
            read_options: self.best.read.options(),
        };
        let answer = ask(connection, request).await?;
        warn_of_costs(&answer.cost_basis);
        show(
            format,
            &answer,
            || text(&answer, self.top),
            || sheet(&answer.trait_lifts),
        )
    }
}

/// What sets the best customers apart.
async fn ask(
    connection: &Connection,
    request: GetProfileRequest,
) -> Result<GetProfileResponse, Failure> {
    let mut client = connection.prospects();
    Ok(client
        .get_profile(connection.request(request))
        .await?
        .into_inner())
}

/// A trait value for people.
pub fn bin_text(bin: &Option<TraitBin>) -> &str {
    bin.as_ref().map_or("", |bin| bin.label.as_str())
}

/// The profile for people, at most so many lines of it.
fn text(answer: &GetProfileResponse, lines_max: usize) -> String {
    let mut grid = Grid::new(&[
        ("Trait value", Side::Left),
        ("Best", Side::Right),
        ("All", Side::Right),
        ("Lift", Side::Right),
        ("95% interval", Side::Right),
        ("p", Side::Right),
        ("Distinguishing", Side::Left),
    ]);
    for lift in answer.trait_lifts.iter().take(lines_max) {
        grid.row([
            bin_text(&lift.bin).to_owned(),
            count(lift.best_count),
            count(lift.all_count),
            format!("{:.2}", lift.lift),
            format!(
                "{:.2} to {:.2}",
                lift.lift_lower_bound, lift.lift_upper_bound
            ),
            match lift.p_value {
                p if p < 0.001 => "<0.001".to_owned(),
                p => format!("{p:.3}"),
            },
            if lift.distinguishing { "yes" } else { "" }.to_owned(),
        ]);
    }
    let left_out = answer.trait_lifts.len().saturating_sub(lines_max);
    let more = match left_out {
        0 => String::new(),
        left_out => format!(" … and {left_out} more\n"),
    };
    let verdict = match answer.has_signal {
        true => "Marked values set the best apart (false discovery rate 10%).",
        false => {
            "No trait value is distinguishing: the best customers differ from the rest by nothing \
             that is known."
        }
    };
    format!(
        "The {} best of {} customers, from {} up\n\n{grid}{more}\n{verdict}\n{}{}",
        count(answer.best_customer_count),
        count(answer.customer_count),
        exact(&answer.threshold),
        ignored_text(&answer.ignored_traits),
        proof(&answer.control_total, &answer.read_at),
    )
}

/// The traits that were kept out, for people; nothing if there are none.
pub fn ignored_text(ignored: &[IgnoredTrait]) -> String {
    let one = |ignored: &IgnoredTrait| {
        let reason = ignored.reason().as_str_name();
        let reason = reason.trim_start_matches("IGNORED_TRAIT_REASON_");
        format!(
            "Kept out: {} ({})\n",
            ignored.key,
            reason.to_lowercase().replace('_', " ")
        )
    };
    ignored.iter().map(one).collect()
}

/// A bin for programs: the trait, what kind of bin, and its value or its edges.
pub fn bin_cells(bin: &Option<TraitBin>) -> [String; 3] {
    let Some(bin) = bin else {
        return Default::default();
    };
    let (kind, value) = match &bin.bin {
        None => ("", String::new()),
        Some(Bin::Category(category)) => ("category", category.clone()),
        Some(Bin::NumberRange(range)) => (
            "number_range",
            format!("{}..{}", decimal(&range.lower), decimal(&range.upper)),
        ),
        Some(Bin::Flag(flag)) => ("flag", flag.to_string()),
        Some(Bin::Absent(absent)) => {
            let absent = AbsentBin::try_from(*absent).unwrap_or(AbsentBin::Unspecified);
            (
                "absent",
                absent
                    .as_str_name()
                    .trim_start_matches("ABSENT_BIN_")
                    .to_owned(),
            )
        }
    };
    [bin.key.clone(), kind.to_owned(), value]
}

fn sheet(lifts: &[TraitLift]) -> Sheet {
    let mut sheet = Sheet::new(&[
        "trait",
        "bin",
        "value",
        "best_count",
        "all_count",
        "best_support",
        "all_support",
        "lift",
        "lift_lower_bound",
        "lift_upper_bound",
        "p_value",
        "distinguishing",
    ]);
    for lift in lifts {
        let [key, bin, value] = bin_cells(&lift.bin);
        sheet.row([
            key,
            bin,
            value,
            lift.best_count.to_string(),
            lift.all_count.to_string(),
            lift.best_support.to_string(),
            lift.all_support.to_string(),
            lift.lift.to_string(),
            lift.lift_lower_bound.to_string(),
            lift.lift_upper_bound.to_string(),
            lift.p_value.to_string(),
            lift.distinguishing.to_string(),
        ]);
    }
    sheet
}
