//! `profitscore activities`: the ledger.

use crate::{
    api::pb::{
        Activity, ComplaintSeverity, DirectCostKind, EffortPurpose, LedgerEntry,
        ListActivitiesRequest, ListActivitiesResponse, ReadOptions,
        activity::Kind,
        google_type::{Interval, Money},
        ledger_entry::Entry,
    },
    cli::{
        arguments::{PeriodArguments, ReadArguments},
        connection::Connection,
        errors::Failure,
        output::{
            Format, Grid, Sheet, Side,
            money::{count, currency_of, decimal, grouped, nanos, places_needed, plain},
            show,
        },
        paging,
    },
};
use prost_types::Timestamp;

#[derive(Debug, clap::Args)]
pub struct ActivitiesArguments {
    /// Only this customer's
    #[arg(
        long,
        value_name = "CUSTOMER",
        default_value = "",
        hide_default_value = true
    )]
    customer: String,
    /// How many entries
    #[arg(long, value_name = "N", default_value_t = 50)]
    top: usize,
    /// All entries
    #[arg(long, conflicts_with = "top")]
    all: bool,
    #[command(flatten)]
    period: PeriodArguments,
    #[command(flatten)]
    read: ReadArguments,
}

impl ActivitiesArguments {
    pub async fn run(&self, connection: &Connection, format: Format) -> Result<(), Failure> {
        let wanted = (!self.all).then_some(self.top.max(1));
        let (period, read) = (self.period.interval()?, self.read.options());
        let answer = list(connection, &self.customer, period, read, wanted).await?;
        show(format, &answer, || text(&answer), || sheet(&answer.entries))
    }
}

/// All wanted pages of the ledger; every customer's if `customer_id` is empty.
pub async fn list(
    connection: &Connection,
    customer_id: &str,
    period: Option<Interval>,
    read_options: Option<ReadOptions>,
    wanted: Option<usize>,
) -> Result<ListActivitiesResponse, Failure> {
    paging::gather(wanted, async |page_size, page_token| {
        let request = ListActivitiesRequest {
            tenant_id: connection.tenant(),
            customer_id: customer_id.to_owned(),
            period,
            page_size,
            page_token,
            read_options,
        };
        let mut client = connection.activities();
        Ok(client
            .list_activities(connection.request(request))
            .await?
            .into_inner())
    })
    .await
}

/// The cells that people and programs see alike, and the amount.
struct Row<'a> {
    id: &'a str,
    customer: &'a str,
    occurred: String,
    kind: &'static str,
    detail: String,
    amount: &'a Option<Money>,
}

fn row(entry: &LedgerEntry) -> Row<'_> {
    match &entry.entry {
        Some(Entry::Activity(activity)) => {
            let (kind, amount, detail) = describe(activity);
            Row {
                id: &activity.activity_id,
                customer: &activity.customer_id,
                occurred: instant(&activity.occur_time),
                kind,
                detail,
                amount,
            }
        }
        Some(Entry::Reversal(reversal)) => Row {
            id: &reversal.reversal_id,
            customer: "",
            occurred: String::new(),
            kind: "REVERSAL",
            detail: format!("of {}: {}", reversal.activity_id, reversal.reason),
            amount: &None,
        },
        None => Row {
            id: "",
            customer: "",
            occurred: String::new(),
            kind: "",
            detail: String::new(),
            amount: &None,
        },
    }
}

/// What kind of activity it is, its main amount, and what else tells it apart.
fn describe(activity: &Activity) -> (&'static str, &Option<Money>, String) {
    let product = activity
        .dimensions
        .as_ref()
        .map_or("", |of| of.product_id.as_str());
    match &activity.kind {
        None => ("", &None, String::new()),
        Some(Kind::Sale(sale)) => ("SALE", &sale.revenue, product.to_owned()),
        Some(Kind::Refund(refund)) => ("REFUND", &refund.amount, product.to_owned()),
        Some(Kind::DirectCost(cost)) => {
            let kind = DirectCostKind::try_from(cost.kind)
                .unwrap_or_default()
                .as_str_name();
            let kind = kind.trim_start_matches("DIRECT_COST_KIND_");
            ("DIRECT_COST", &cost.amount, kind.to_owned())
        }
        Some(Kind::Effort(effort)) => {
            let purpose = EffortPurpose::try_from(effort.purpose).unwrap_or_default();
            let purpose = purpose.as_str_name().trim_start_matches("EFFORT_PURPOSE_");
            let minutes = decimal(&effort.minutes);
            (
                "EFFORT",
                &None,
                format!("{minutes} min of {} for {purpose}", effort.role_id),
            )
        }
        Some(Kind::Complaint(complaint)) => {
            let severity = ComplaintSeverity::try_from(complaint.severity).unwrap_or_default();
            let severity = severity
                .as_str_name()
                .trim_start_matches("COMPLAINT_SEVERITY_");
            ("COMPLAINT", &complaint.compensation, severity.to_owned())
        }
        Some(Kind::SpecialDemand(demand)) => {
            ("SPECIAL_DEMAND", &demand.cost, demand.description.clone())
        }
        Some(Kind::Invoice(invoice)) => ("INVOICE", &invoice.amount, invoice.invoice_id.clone()),
        Some(Kind::Payment(payment)) => ("PAYMENT", &payment.amount, payment.invoice_id.clone()),
        Some(Kind::WriteOff(lost)) => ("WRITE_OFF", &lost.amount, lost.invoice_id.clone()),
        Some(Kind::Referral(referral)) => (
            "REFERRAL",
            &None,
            format!("of {}", referral.referred_party_id),
        ),
        Some(Kind::CreditNote(note)) => ("CREDIT_NOTE", &note.amount, note.invoice_id.clone()),
        Some(Kind::Dispute(dispute)) => {
            let ends = if dispute.resolved { " resolved" } else { "" };
            ("DISPUTE", &None, format!("{}{ends}", dispute.invoice_id))
        }
        Some(other) => describe_relationship(other),
    }
}

/// The same of what a relationship costs and gives.
fn describe_relationship(kind: &Kind) -> (&'static str, &Option<Money>, String) {
    let short = |name: &str, prefix: &str| name.trim_start_matches(prefix).to_owned();
    match kind {
        Kind::Bonus(bonus) => {
            let event = short(bonus.event().as_str_name(), "BONUS_EVENT_");
            ("BONUS", &bonus.amount, event)
        }
        Kind::Appreciation(shown) => {
            let kind = short(shown.kind().as_str_name(), "APPRECIATION_KIND_");
            (
                "APPRECIATION",
                &shown.amount,
                format!("{kind} {}", shown.description),
            )
        }
        Kind::Acquisition(won) => ("ACQUISITION", &won.amount, won.offer_id.clone()),
        Kind::RetentionSpend(kept) => ("RETENTION_SPEND", &kept.amount, kept.description.clone()),
        Kind::Feedback(feedback) => {
            let [score, worst, best] =
                [&feedback.score, &feedback.worst_score, &feedback.best_score].map(decimal);
            ("FEEDBACK", &None, format!("{score} of {worst} to {best}"))
        }
        Kind::Externality(effect) => {
            let kind = short(effect.kind().as_str_name(), "EXTERNALITY_KIND_");
            ("EXTERNALITY", &effect.estimate, kind)
        }
        Kind::QualitativeFactor(factor) => {
            let text = format!("{} {}", factor.name, decimal(&factor.weight));
            ("QUALITATIVE_FACTOR", &None, text)
        }
        Kind::ReferralAsk(ask) => {
            let outcome = short(ask.outcome().as_str_name(), "REFERRAL_ASK_OUTCOME_");
            ("REFERRAL_ASK", &None, outcome)
        }
        Kind::Sale(_)
        | Kind::Refund(_)
        | Kind::DirectCost(_)
        | Kind::Effort(_)
        | Kind::Complaint(_)
        | Kind::SpecialDemand(_)
        | Kind::Invoice(_)
        | Kind::Payment(_)
        | Kind::WriteOff(_)
        | Kind::Referral(_)
        | Kind::CreditNote(_)
        | Kind::Dispute(_) => ("", &None, String::new()),
    }
}

/// An instant in UTC; without a time of day if that is midnight.
fn instant(timestamp: &Option<Timestamp>) -> String {
    let Some(timestamp) = timestamp else {
        return String::new();
    };
    match jiff::Timestamp::new(timestamp.seconds, timestamp.nanos) {
        Ok(instant) => instant
            .to_string()
            .trim_end_matches("T00:00:00Z")
            .to_owned(),
        Err(_) => format!("{} s", timestamp.seconds),
    }
}

pub fn text(answer: &ListActivitiesResponse) -> String {
    let mut grid = Grid::new(&[
        ("Position", Side::Right),
        ("Occurred", Side::Left),
        ("Customer", Side::Left),
        ("Id", Side::Left),
        ("Kind", Side::Left),
        ("Amount", Side::Right),
        ("Detail", Side::Left),
        ("Reversed at", Side::Right),
    ]);
    let amounts = answer.entries.iter().map(|entry| nanos(row(entry).amount));
    let places = places_needed(amounts);
    for entry in &answer.entries {
        let row = row(entry);
        let amount = grouped(nanos(row.amount), places);
        grid.row([
            count(entry.position.map_or(0, |position| position.position)),
            row.occurred,
            row.customer.to_owned(),
            row.id.to_owned(),
            row.kind.to_owned(),
            row.amount.as_ref().map_or_else(String::new, |_| amount),
            row.detail,
            entry
                .reversed_at
                .map_or_else(String::new, |position| count(position.position)),
        ]);
    }
    let more = if answer.next_page_token.is_empty() {
        ""
    } else {
        "; there are more, see --all"
    };
    let position = answer.read_at.map_or(0, |position| position.position);
    let listed = answer.entries.len();
    format!(
        "{grid}\n{listed} entries{more}; as of position {}\n",
        count(position)
    )
}

pub fn sheet(entries: &[LedgerEntry]) -> Sheet {
    let mut sheet = Sheet::new(&[
        "position",
        "record_time",
        "occur_time",
        "customer_id",
        "id",
        "kind",
        "currency_code",
        "amount",
        "detail",
        "reversed_at",
    ]);
    for entry in entries {
        let row = row(entry);
        let position = |of: Option<crate::api::pb::LedgerPosition>| {
            of.map_or_else(String::new, |position| position.position.to_string())
        };
        sheet.row([
            position(entry.position),
            instant(&entry.record_time),
            row.occurred,
            row.customer.to_owned(),
            row.id.to_owned(),
            row.kind.to_owned(),
            currency_of([row.amount]).to_owned(),
            row.amount
                .as_ref()
                .map_or_else(String::new, |_| plain(row.amount)),
            row.detail,
            position(entry.reversed_at),
        ]);
    }
    sheet
}
