//! `profitscore close`, `closed` and `late`.

use super::{activities, costs::new_request_id};
use crate::{
    api::pb::{
        CalendarMonth, ClosePeriodRequest, ClosedPeriod, GetLateArrivalsRequest,
        GetLateArrivalsResponse, ListActivitiesResponse, ListClosedPeriodsRequest,
        ListLateEntriesRequest, ListLateEntriesResponse, MonthStanding, Statement,
    },
    cli::{
        arguments::{ReadArguments, month},
        connection::Connection,
        errors::Failure,
        output::{
            Format, Grid, Sheet, Side,
            money::{PLACES_SHOWN, count, currency_of, decimal, grouped, nanos, plain, shown},
            show,
        },
        paging,
    },
};

#[derive(Debug, clap::Args)]
pub struct CloseArguments {
    /// The month, such as 2024-03: it must be over, and the one after the last closed one
    #[arg(value_name = "MONTH", value_parser = month)]
    month: CalendarMonth,
    /// Who closes it, or what for
    #[arg(long, default_value = "", hide_default_value = true)]
    note: String,
    /// The same request id again answers with the closing it made at first; a new one if not given
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
    /// Only say whether it would be closed
    #[arg(long)]
    dry_run: bool,
}

impl CloseArguments {
    pub async fn run(&self, connection: &Connection, format: Format) -> Result<(), Failure> {
        let request = ClosePeriodRequest {
            tenant_id: connection.tenant(),
            month: Some(self.month),
            request_id: self.request_id.clone().unwrap_or_else(new_request_id),
            note: self.note.clone(),
            validate_only: self.dry_run,
        };
        let mut client = connection.closings();
        let answer = client.close_period(connection.request(request)).await?;
        let answer = answer.into_inner();
        let closed = answer.closed_period.clone().unwrap_or_default();
        let text = || {
            let month = name(&closed);
            let at = count(closed.position.map_or(0, |at| at.position));
            match (answer.already_closed, self.dry_run) {
                (true, _) => format!("{month} was closed already, at position {at}\n"),
                (false, false) => format!("{month} is closed at position {at}\n"),
                (false, true) => format!("{month} would be closed\n"),
            }
        };
        show(format, &answer, text, || {
            sheet(std::slice::from_ref(&closed))
        })
    }
}

#[derive(Debug, clap::Args)]
pub struct ClosedArguments {
    #[command(flatten)]
    read: ReadArguments,
}

impl ClosedArguments {
    pub async fn run(&self, connection: &Connection, format: Format) -> Result<(), Failure> {
        let answer = paging::gather(None, async |page_size, page_token| {
            let request = ListClosedPeriodsRequest {
                tenant_id: connection.tenant(),
                page_size,
                page_token,
                read_options: self.read.options(),
            };
            let mut client = connection.closings();
            let answer = client.list_closed_periods(connection.request(request));
            Ok(answer.await?.into_inner())
        })
        .await?;
        let closed = &answer.closed_periods;
        show(format, &answer, || text(closed), || sheet(closed))
    }
}

#[derive(Debug, clap::Args)]
pub struct LateArguments {
    /// The closed month, such as 2024-03
    #[arg(value_name = "MONTH", value_parser = month)]
    month: CalendarMonth,
    /// List the activities and reversals that arrived late instead
    #[arg(long)]
    entries: bool,
    /// With --entries: only this customer's
    #[arg(
        long,
        value_name = "CUSTOMER",
        default_value = "",
        hide_default_value = true,
        requires = "entries"
    )]
    customer: String,
    /// How many customers or entries
    #[arg(long, value_name = "N", default_value_t = 50)]
    top: usize,
    /// All of them
    #[arg(long, conflicts_with = "top")]
    all: bool,
    /// Set the month against this version of the cost model instead of the one that holds now
    #[arg(long, value_name = "VERSION", conflicts_with = "entries")]
    cost_model: Option<i64>,
    #[command(flatten)]
    read: ReadArguments,
}

impl LateArguments {
    pub async fn run(&self, connection: &Connection, format: Format) -> Result<(), Failure> {
        if self.entries {
            let answer = self.list(connection).await?;
            let entries = &answer.entries;
            let listed = || ListActivitiesResponse {
                entries: entries.clone(),
                next_page_token: answer.next_page_token.clone(),
                read_at: answer.read_at,
            };
            let text = || activities::text(&listed());
            return show(format, &answer, text, || activities::sheet(entries));
        }
        let answer = self.ask(connection).await?;
        show(
            format,
            &answer,
            || changes(&answer),
            || changes_sheet(&answer),
        )
    }

    fn wanted(&self) -> Option<usize> {
        (!self.all).then_some(self.top.max(1))
    }

    async fn list(&self, connection: &Connection) -> Result<ListLateEntriesResponse, Failure> {
        paging::gather(self.wanted(), async |page_size, page_token| {
            let request = ListLateEntriesRequest {
                tenant_id: connection.tenant(),
                month: Some(self.month),
                customer_id: self.customer.clone(),
                page_size,
                page_token,
                read_options: self.read.options(),
            };
            let mut client = connection.closings();
            let answer = client.list_late_entries(connection.request(request));
            Ok(answer.await?.into_inner())
        })
        .await
    }

    async fn ask(&self, connection: &Connection) -> Result<GetLateArrivalsResponse, Failure> {
        paging::gather(self.wanted(), async |page_size, page_token| {
            let request = GetLateArrivalsRequest {
                tenant_id: connection.tenant(),
                month: Some(self.month),
                cost_model_version: self.cost_model,
                page_size,
                page_token,
                read_options: self.read.options(),
            };
            let mut client = connection.closings();
            let answer = client.get_late_arrivals(connection.request(request));
            Ok(answer.await?.into_inner())
        })
        .await
    }
}

/// A month, such as 2024-03.
fn name(closed: &ClosedPeriod) -> String {
    let month = closed.month.unwrap_or_default();
    format!("{:04}-{:02}", month.year, month.month)
}

fn closed_at(closed: &ClosedPeriod) -> String {
    let time = closed.record_time.as_ref();
    let time = time.and_then(|time| jiff::Timestamp::from_second(time.seconds).ok());
    time.map_or_else(String::new, |time| time.to_string())
}

fn text(closed: &[ClosedPeriod]) -> String {
    let mut grid = Grid::new(&[
        ("Month", Side::Left),
        ("Position", Side::Right),
        ("Closed at", Side::Left),
        ("Note", Side::Left),
    ]);
    for one in closed {
        grid.row([
            name(one),
            count(one.position.map_or(0, |at| at.position)),
            closed_at(one),
            one.note.clone(),
        ]);
    }
    format!("Closed months\n\n{grid}")
}

fn sheet(closed: &[ClosedPeriod]) -> Sheet {
    let mut sheet = Sheet::new(&["month", "position", "record_time", "note"]);
    for one in closed {
        sheet.row([
            name(one),
            one.position.map_or(0, |at| at.position).to_string(),
            closed_at(one),
            one.note.clone(),
        ]);
    }
    sheet
}

/// The lines of the waterfall that are told, by their names.
fn lines(statement: Option<&Statement>) -> [(&'static str, i128); 8] {
    let line = |of: fn(&Statement) -> &Option<_>| statement.map_or(0, |own| nanos(of(own)));
    [
        ("Net revenue", line(|own| &own.net_revenue)),
        ("Cost of goods", line(|own| &own.cost_of_goods)),
        ("Direct costs", line(|own| &own.direct_costs)),
        ("Cost to serve", line(|own| &own.cost_to_serve)),
        ("Receivables cost", line(|own| &own.receivables_cost)),
        ("Customer margin", line(|own| &own.customer_margin)),
        (
            "Allocated fixed cost",
            line(|own| &own.allocated_fixed_cost),
        ),
        ("Net profit", line(|own| &own.net_profit)),
    ]
}

fn changes(answer: &GetLateArrivalsResponse) -> String {
    let closed = answer.closed_period.clone().unwrap_or_default();
    let version = |standing: &Option<MonthStanding>| {
        standing.as_ref().map_or(0, |own| own.cost_model_version)
    };
    format!(
        "{} as closed at position {}, and now, {}\n\n{}\nCost model {} when it was closed, {} now\n\n\
         {}\nCustomers that changed: {}\n\n{}",
        name(&closed),
        count(closed.position.map_or(0, |at| at.position)),
        currency_of([&answer.change]),
        months(answer),
        version(&answer.closed),
        version(&answer.current),
        accounts(answer),
        count(answer.changed_customer_count),
        customers(answer),
    )
}

fn months(answer: &GetLateArrivalsResponse) -> Grid {
    let mut grid = Grid::new(&[
        ("", Side::Left),
        ("As closed", Side::Right),
        ("With arrivals", Side::Right),
        ("Now", Side::Right),
        ("Change", Side::Right),
    ]);
    let [closed, arrived, now] = [&answer.closed, &answer.with_arrivals, &answer.current]
        .map(|one| lines(one.as_ref().and_then(|own| own.statement.as_ref())));
    for (((line, closed), (_, arrived)), (_, now)) in closed.into_iter().zip(arrived).zip(now) {
        let [closed, arrived, now, change] =
            [closed, arrived, now, now - closed].map(|amount| grouped(amount, PLACES_SHOWN));
        grid.row([line.to_owned(), closed, arrived, now, change]);
    }
    grid
}

fn accounts(answer: &GetLateArrivalsResponse) -> Grid {
    let mut grid = Grid::new(&[
        ("Account", Side::Left),
        ("As closed", Side::Right),
        ("Now", Side::Right),
        ("Change", Side::Right),
    ]);
    for one in &answer.account_changes {
        grid.row([
            one.account.clone(),
            decimal(&one.closed),
            decimal(&one.current),
            decimal(&one.change),
        ]);
    }
    grid
}

fn customers(answer: &GetLateArrivalsResponse) -> Grid {
    let mut grid = Grid::new(&[
        ("Customer", Side::Left),
        ("As closed", Side::Right),
        ("By arrivals", Side::Right),
        ("By costs", Side::Right),
        ("Now", Side::Right),
        ("Rank", Side::Right),
    ]);
    for one in &answer.customer_changes {
        grid.row([
            one.customer_id.clone(),
            shown(&one.closed_net_profit),
            shown(&one.change_by_arrivals),
            shown(&one.change_by_costs),
            shown(&one.net_profit),
            format!("{} to {}", one.closed_rank, one.rank),
        ]);
    }
    grid
}

fn changes_sheet(answer: &GetLateArrivalsResponse) -> Sheet {
    let mut sheet = Sheet::new(&[
        "customer_id",
        "display_name",
        "currency_code",
        "closed_net_profit",
        "change_by_arrivals",
        "change_by_costs",
        "net_profit",
        "closed_rank",
        "rank",
        "changes_sign",
    ]);
    for one in &answer.customer_changes {
        sheet.row([
            one.customer_id.clone(),
            one.display_name.clone(),
            currency_of([&one.net_profit]).to_owned(),
            plain(&one.closed_net_profit),
            plain(&one.change_by_arrivals),
            plain(&one.change_by_costs),
            plain(&one.net_profit),
            one.closed_rank.to_string(),
            one.rank.to_string(),
            one.changes_sign.to_string(),
        ]);
    }
    sheet
}
