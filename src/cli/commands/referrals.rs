//! `profitscore referrals`.

mod sheet;
mod text;

use self::{
    sheet::{ask_sheet, quadrant_sheet, report_sheet, value_sheet},
    text::{ask_text, quadrant_text, report_text, value_text},
};
use crate::{
    api::pb::{
        GetReferralReportRequest, GetReferralValueRequest, ListReferralAsksRequest,
        ListReferralQuadrantsRequest, ReferralKind, ReferralQuadrant, ReferralTerms,
        google_type::Decimal,
    },
    cli::{
        arguments::{PeriodArguments, ReadArguments},
        connection::Connection,
        errors::Failure,
        output::{Format, show},
        paging,
    },
};

/// How referrals are credited.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Referrals")]
pub struct ReferralTermsArguments {
    /// What part is passed on to who brought who brought somebody, 0 to 0.5; 0.25 if not given
    #[arg(long, value_name = "PART")]
    generation_decay: Option<String>,
    /// Referrals that do not tell their kind are of those who would have come anyway
    #[arg(long)]
    untold_would_have_come: bool,
}

impl ReferralTermsArguments {
    /// The terms on the wire.
    pub fn terms(&self) -> ReferralTerms {
        let untold = match self.untold_would_have_come {
            true => ReferralKind::WouldHaveCome,
            false => ReferralKind::Unspecified,
        };
        ReferralTerms {
            generation_decay: self.generation_decay.clone().map(|value| Decimal { value }),
            untold_as: untold.into(),
            acquisition_cost_saved: None,
        }
    }
}

/// What all of them are asked with.
#[derive(Debug, clap::Args)]
struct Asked {
    #[command(flatten)]
    terms: ReferralTermsArguments,
    #[command(flatten)]
    period: PeriodArguments,
    #[command(flatten)]
    read: ReadArguments,
    /// Use this version of the cost model
    #[arg(long, value_name = "VERSION")]
    cost_model: Option<i64>,
}

#[derive(Debug, clap::Subcommand)]
pub enum ReferralCommand {
    /// Show what one customer brings by those whom it brought
    Value(ValueArguments),
    /// Divide customers by what they bring themselves and by whom they bring, and show the centres of influence
    Quadrants(QuadrantArguments),
    /// Show word of mouth as a stream of customers, by family of products and by month
    Report(ReportArguments),
    /// List whom to ask for referrals next, and why others are not to be asked
    Asks(AskArguments),
}

#[derive(Debug, clap::Args)]
pub struct ValueArguments {
    /// Which customer
    #[arg(value_name = "CUSTOMER")]
    customer: String,
    #[command(flatten)]
    asked: Asked,
}

#[derive(Debug, clap::Args)]
pub struct QuadrantArguments {
    /// Only these customers
    #[arg(long, value_enum)]
    only: Option<Quadrant>,
    /// How many customers
    #[arg(long, value_name = "N", default_value_t = 20)]
    top: usize,
    /// All customers
    #[arg(long, conflicts_with = "top")]
    all: bool,
    #[command(flatten)]
    asked: Asked,
}

#[derive(Debug, clap::Args)]
pub struct ReportArguments {
    #[command(flatten)]
    asked: Asked,
}

#[derive(Debug, clap::Args)]
pub struct AskArguments {
    /// For how many referrals each is asked
    #[arg(long, value_name = "N", default_value_t = 2)]
    quota: i32,
    /// How many days a customer is left in peace after it was asked
    #[arg(long, value_name = "DAYS", default_value_t = 90)]
    rest: i32,
    /// The mean feedback, 0 to 1, below which a customer is not asked; 0.5 if not given
    #[arg(long, value_name = "SCORE")]
    least_content: Option<String>,
    /// How many customers
    #[arg(long, value_name = "N", default_value_t = 20)]
    top: usize,
    /// All customers
    #[arg(long, conflicts_with = "top")]
    all: bool,
    #[command(flatten)]
    asked: Asked,
}

/// A kind of customers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Quadrant {
    /// Who brings much and brings others
    Champions,
    /// Who brings much itself, and few others
    Affluents,
    /// Who brings little itself, and others who do
    Advocates,
    /// Who does neither
    Misers,
}

impl ReferralCommand {
    pub async fn run(&self, connection: &Connection, format: Format) -> Result<(), Failure> {
        match self {
            Self::Value(value) => value.run(connection, format).await,
            Self::Quadrants(quadrants) => quadrants.run(connection, format).await,
            Self::Report(report) => report.run(connection, format).await,
            Self::Asks(asks) => asks.run(connection, format).await,
        }
    }
}

impl ValueArguments {
    async fn run(&self, connection: &Connection, format: Format) -> Result<(), Failure> {
        let asked = &self.asked;
        let request = GetReferralValueRequest {
            tenant_id: connection.tenant(),
            customer_id: self.customer.clone(),
            period: asked.period.interval()?,
            cost_model_version: asked.cost_model,
            terms: Some(asked.terms.terms()),
            read_options: asked.read.options(),
        };
        let mut client = connection.advice();
        let answer = client.get_referral_value(connection.request(request));
        let answer = answer.await?.into_inner();
        show(
            format,
            &answer,
            || value_text(&answer),
            || value_sheet(&answer),
        )
    }
}

impl QuadrantArguments {
    async fn run(&self, connection: &Connection, format: Format) -> Result<(), Failure> {
        let asked = &self.asked;
        let only = self
            .only
            .map_or(ReferralQuadrant::Unspecified, |only| match only {
                Quadrant::Champions => ReferralQuadrant::Champions,
                Quadrant::Affluents => ReferralQuadrant::Affluents,
                Quadrant::Advocates => ReferralQuadrant::Advocates,
                Quadrant::Misers => ReferralQuadrant::Misers,
            });
        let request = ListReferralQuadrantsRequest {
            tenant_id: connection.tenant(),
            period: asked.period.interval()?,
            quadrant: only.into(),
            cost_model_version: asked.cost_model,
            terms: Some(asked.terms.terms()),
            read_options: asked.read.options(),
            ..ListReferralQuadrantsRequest::default()
        };
        let wanted = (!self.all).then_some(self.top.max(1));
        let answer = paging::gather(wanted, async |page_size, page_token| {
            let page = ListReferralQuadrantsRequest {
                page_size,
                page_token,
                ..request.clone()
            };
            let mut client = connection.advice();
            let answer = client.list_referral_quadrants(connection.request(page));
            Ok(answer.await?.into_inner())
        });
        let answer = answer.await?;
        show(
            format,
            &answer,
            || quadrant_text(&answer),
            || quadrant_sheet(&answer),
        )
    }
}

impl ReportArguments {
    async fn run(&self, connection: &Connection, format: Format) -> Result<(), Failure> {
        let asked = &self.asked;
        let request = GetReferralReportRequest {
            tenant_id: connection.tenant(),
            period: asked.period.interval()?,
            cost_model_version: asked.cost_model,
            terms: Some(asked.terms.terms()),
            read_options: asked.read.options(),
        };
        let mut client = connection.advice();
        let answer = client.get_referral_report(connection.request(request));
        let answer = answer.await?.into_inner();
        show(
            format,
            &answer,
            || report_text(&answer),
            || report_sheet(&answer),
        )
    }
}

impl AskArguments {
    async fn run(&self, connection: &Connection, format: Format) -> Result<(), Failure> {
        let asked = &self.asked;
        let request = ListReferralAsksRequest {
            tenant_id: connection.tenant(),
            period: asked.period.interval()?,
            quota: self.quota,
            rest_days: Some(self.rest),
            least_content: self.least_content.clone().map(|value| Decimal { value }),
            cost_model_version: asked.cost_model,
            terms: Some(asked.terms.terms()),
            read_options: asked.read.options(),
            ..ListReferralAsksRequest::default()
        };
        let wanted = (!self.all).then_some(self.top.max(1));
        let answer = paging::gather(wanted, async |page_size, page_token| {
            let page = ListReferralAsksRequest {
                page_size,
                page_token,
                ..request.clone()
            };
            let mut client = connection.advice();
            let answer = client.list_referral_asks(connection.request(page));
            Ok(answer.await?.into_inner())
        });
        let answer = answer.await?;
        show(format, &answer, || ask_text(&answer), || ask_sheet(&answer))
    }
}
