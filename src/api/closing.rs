//! `ClosingService`.

use super::{
    access::tenant_from_pb,
    convert::{
        closing::{
            closing_from_pb, closing_to_pb, customer_change_to_pb, late_arrivals_to_pb,
            possible_to_pb, required_month,
        },
        common::{position_to_pb, write_mode},
        ledger::ledger_entry_to_pb,
        ranking::optional_version_from_pb,
    },
    paging::Page,
    pb,
};
use crate::{
    domain::{id::PartyId, ledger::LedgerQuestion},
    service::{Service, closings::Closed, late_arrivals::LateQuestion},
};
use std::sync::Arc;
use tonic::{Request, Response, Status};

/// The handlers.
#[derive(Clone)]
pub struct ClosingHandlers {
    /// The use cases.
    pub service: Arc<Service>,
}

#[tonic::async_trait]
impl pb::closing_service_server::ClosingService for ClosingHandlers {
    async fn close_period(
        &self,
        request: Request<pb::ClosePeriodRequest>,
    ) -> Result<Response<pb::ClosePeriodResponse>, Status> {
        let request = request.into_inner();
        let tenant = tenant_from_pb(&request.tenant_id)?;
        let mode = write_mode(request.validate_only);
        let draft = closing_from_pb(request)?;
        let (month, note) = (draft.month, draft.note.clone());
        let calendar = &self.service.settings().calendar;
        let (period, already_closed, written_at) =
            match self.service.close(&tenant, draft, mode).await? {
                Closed::Now(closing, position) => {
                    (closing_to_pb(&closing, calendar), false, Some(position))
                }
                Closed::Before(closing, position) => {
                    (closing_to_pb(&closing, calendar), true, position)
                }
                Closed::Possible => (possible_to_pb(month, note, calendar), false, None),
            };
        Ok(Response::new(pb::ClosePeriodResponse {
            closed_period: Some(period),
            already_closed,
            written_at: written_at.map(position_to_pb),
        }))
    }

    async fn list_closed_periods(
        &self,
        request: Request<pb::ListClosedPeriodsRequest>,
    ) -> Result<Response<pb::ListClosedPeriodsResponse>, Status> {
        let mut request = request.into_inner();
        let tenant = tenant_from_pb(&request.tenant_id)?;
        let page = Page::of(&self.service, &tenant, &mut request).await?;
        let closings = self.service.closings(&tenant, page.as_of).await?;
        let from = page.place()?;
        // The newest first: in the order of months and of positions alike.
        let mut closings: Vec<_> = closings
            .into_iter()
            .rev()
            .filter(|closing| from == 0 || closing.position < from)
            .collect();
        let next = page.cut(&mut closings, |page, last| page.next_at(last.position));
        let calendar = &self.service.settings().calendar;
        Ok(Response::new(pb::ListClosedPeriodsResponse {
            closed_periods: closings
                .iter()
                .map(|closing| closing_to_pb(closing, calendar))
                .collect(),
            next_page_token: next,
            read_at: Some(position_to_pb(page.as_of)),
        }))
    }

    async fn list_late_entries(
        &self,
        request: Request<pb::ListLateEntriesRequest>,
    ) -> Result<Response<pb::ListLateEntriesResponse>, Status> {
        let mut request = request.into_inner();
        let tenant = tenant_from_pb(&request.tenant_id)?;
        let month = required_month(request.month)?;
        let customer = match request.customer_id.as_str() {
            "" => None,
            id => Some(PartyId::parse(id, "customer_id")?),
        };
        let page = Page::of(&self.service, &tenant, &mut request).await?;
        let closing = self.service.closing(&tenant, month, page.as_of, "month");
        let closing = closing.await?;
        let settings = self.service.settings();
        let begin = |day| settings.calendar.begin(day);
        let question = LedgerQuestion {
            customer,
            start: month.period().start.and_then(begin),
            end: month.period().end.and_then(begin),
            after: page.place()?.max(closing.position),
            as_of: page.as_of,
            limit: page.size + 1,
        };
        let mut entries = self.service.entries(&tenant, &question).await?;
        let next_page_token = page.cut(&mut entries, |page, last| page.next_at(last.position));
        let currency = settings.currency;
        Ok(Response::new(pb::ListLateEntriesResponse {
            entries: entries
                .into_iter()
                .map(|entry| ledger_entry_to_pb(entry, currency))
                .collect(),
            next_page_token,
            closed_period: Some(closing_to_pb(&closing, &settings.calendar)),
            read_at: Some(position_to_pb(page.as_of)),
        }))
    }

    async fn get_late_arrivals(
        &self,
        request: Request<pb::GetLateArrivalsRequest>,
    ) -> Result<Response<pb::GetLateArrivalsResponse>, Status> {
        let mut request = request.into_inner();
        let tenant = tenant_from_pb(&request.tenant_id)?;
        let month = required_month(request.month)?;
        let cost_model_version = optional_version_from_pb(request.cost_model_version)?;
        let page = Page::of(&self.service, &tenant, &mut request).await?;
        let question = LateQuestion {
            month,
            as_of: page.as_of,
            cost_model_version,
        };
        let found = self.service.late_arrivals(&tenant, &question).await?;
        let settings = self.service.settings();
        let places = page.places()?;
        let count = found.customers.len() as u64;
        let skipped = usize::try_from(places.start).unwrap_or(usize::MAX);
        let customers = found.customers.iter().skip(skipped).take(page.size);
        Ok(Response::new(pb::GetLateArrivalsResponse {
            customer_changes: customers
                .map(|one| customer_change_to_pb(one, settings.currency))
                .collect(),
            next_page_token: page.next_if_more(places.end, count),
            read_at: Some(position_to_pb(page.as_of)),
            ..late_arrivals_to_pb(&found, &settings.calendar, settings.currency)
        }))
    }
}
