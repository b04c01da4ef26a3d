//! `profitscore advise bonuses`.

use crate::{
    api::pb::{RankBonusReturnsRequest, RankBonusReturnsResponse},
    cli::{
        arguments::{FilterArguments, PeriodArguments, ReadArguments},
        connection::Connection,
        errors::Failure,
        output::{
            Format, Grid, Sheet, Side,
            money::{count, currency_of, plain, shown},
            proof, show,
        },
        paging,
    },
};

#[derive(Debug, clap::Args)]
pub struct BonusArguments {
    /// How many customers
    #[arg(long, value_name = "N", default_value_t = 20)]
    top: usize,
    #[command(flatten)]
    period: PeriodArguments,
    #[command(flatten)]
    filter: FilterArguments,
    #[command(flatten)]
    read: ReadArguments,
    /// Use this version of the cost model instead of the newest
    #[arg(long, value_name = "VERSION")]
    cost_model: Option<i64>,
}

impl BonusArguments {
    pub async fn run(&self, connection: &Connection, format: Format) -> Result<(), Failure> {
        let request = RankBonusReturnsRequest {
            tenant_id: connection.tenant(),
            period: self.period.interval()?,
            filter: self.filter.filter(connection).await?,
            cost_model_version: self.cost_model,
            read_options: self.read.options(),
            ..RankBonusReturnsRequest::default()
        };
        let wanted = Some(self.top.max(1));
        let answer = paging::gather(wanted, async |page_size, page_token| {
            let page = RankBonusReturnsRequest {
                page_size,
                page_token,
                ..request.clone()
            };
            let mut client = connection.advice();
            let answer = client.rank_bonus_returns(connection.request(page));
            Ok(answer.await?.into_inner())
        });
        let answer: RankBonusReturnsResponse = answer.await?;
        let period = self.period.text();
        show(
            format,
            &answer,
            || text(&answer, &period),
            || sheet(&answer),
        )
    }
}

fn text(answer: &RankBonusReturnsResponse, period: &str) -> String {
    let currency = currency_of(answer.control_total.iter().map(|total| &total.ledger));
    let mut grid = Grid::new(&[
        ("Customer", Side::Left),
        ("Bonuses", Side::Right),
        ("Margin before", Side::Right),
        ("Margin", Side::Right),
        ("Gain", Side::Right),
        ("Net return", Side::Right),
        ("Flag", Side::Left),
    ]);
    for one in &answer.returns {
        let flag = if one.is_flagged { "costs more" } else { "" };
        grid.row([
            one.customer_id.clone(),
            shown(&one.bonus_cost),
            shown(&one.prior_margin),
            shown(&one.margin),
            shown(&one.margin_gain),
            shown(&one.net_return),
            flag.to_owned(),
        ]);
    }
    format!(
        "Bonuses beside what they bring, {period}, cost model {}, {currency}\n\n{grid}\n\
         {} of {} customers with bonuses cost more than they bring; bonuses of {}, margin risen by {}\n{}",
        answer.cost_model_version,
        count(answer.flagged_count),
        count(answer.return_count),
        shown(&answer.total_bonus_cost),
        shown(&answer.total_margin_gain),
        proof(&answer.control_total, &answer.read_at),
    )
}

fn sheet(answer: &RankBonusReturnsResponse) -> Sheet {
    let mut sheet = Sheet::new(&[
        "customer_id",
        "currency_code",
        "bonus_cost",
        "prior_margin",
        "margin",
        "margin_gain",
        "net_return",
        "is_flagged",
    ]);
    for one in &answer.returns {
        sheet.row([
            one.customer_id.clone(),
            currency_of([&one.bonus_cost]).to_owned(),
            plain(&one.bonus_cost),
            plain(&one.prior_margin),
            plain(&one.margin),
            plain(&one.margin_gain),
            plain(&one.net_return),
            one.is_flagged.to_string(),
        ]);
    }
    sheet
}
