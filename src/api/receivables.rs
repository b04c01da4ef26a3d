//! `ReceivablesService`.

use super::{
    access::tenant_from_pb,
    convert::{
        common::{count_to_pb, money_to_pb, period_from_pb, position_to_pb, read_options_from_pb},
        ranking::{name_of, optional_version_from_pb},
        receivables::{
            edge_to_pb, figures_to_pb, invoices_to_pb, receivables_order_from_pb,
            receivables_row_to_pb,
        },
    },
    paging::Page,
    pb,
};
use crate::{
    domain::id::PartyId,
    service::{Service, receivables::ReceivablesRequest},
};
use std::sync::Arc;
use tonic::{Request, Response, Status};

/// The handlers.
#[derive(Clone)]
pub struct ReceivablesHandlers {
    /// The use cases.
    pub service: Arc<Service>,
}

#[tonic::async_trait]
impl pb::receivables_service_server::ReceivablesService for ReceivablesHandlers {
    async fn get_receivables(
        &self,
        request: Request<pb::GetReceivablesRequest>,
    ) -> Result<Response<pb::GetReceivablesResponse>, Status> {
        let request = request.into_inner();
        let tenant = tenant_from_pb(&request.tenant_id)?;
        let customer = PartyId::parse(&request.customer_id, "customer_id")?;
        let options = read_options_from_pb(request.read_options.as_ref())?;
        let as_of = self.service.read_position(&tenant, options).await?;
        let settings = self.service.settings();
        let asked = ReceivablesRequest {
            period: period_from_pb(request.period.as_ref(), settings, "period")?,
            as_of,
            cost_model_version: optional_version_from_pb(request.cost_model_version)?,
        };
        let answer = self
            .service
            .customer_receivables(&tenant, &customer, &asked)
            .await?;
        let figures = figures_to_pb(&answer.standing, answer.end, settings.currency);
        Ok(Response::new(pb::GetReceivablesResponse {
            customer_id: request.customer_id,
            display_name: name_of(answer.party.as_ref()),
            figures: Some(figures),
            invoices: invoices_to_pb(&answer, request.include_settled, settings),
            end_time: edge_to_pb(answer.end, settings),
            cost_model_version: count_to_pb(answer.cost_model_version),
            read_at: Some(position_to_pb(as_of)),
        }))
    }

    async fn list_receivables(
        &self,
        request: Request<pb::ListReceivablesRequest>,
    ) -> Result<Response<pb::ListReceivablesResponse>, Status> {
        let mut request = request.into_inner();
        let tenant = tenant_from_pb(&request.tenant_id)?;
        let page = Page::of(&self.service, &tenant, &mut request).await?;
        let settings = self.service.settings();
        let asked = ReceivablesRequest {
            period: period_from_pb(request.period.as_ref(), settings, "period")?,
            as_of: page.as_of,
            cost_model_version: optional_version_from_pb(request.cost_model_version)?,
        };
        let order = receivables_order_from_pb(request.order)?;
        let places = page.places()?;
        let end = places.end;
        let list = self
            .service
            .receivables(&tenant, &asked, order, places)
            .await?;
        let currency = settings.currency;
        let money = |amount| Some(money_to_pb(amount, currency));
        let rows = list.rows.iter();
        Ok(Response::new(pb::ListReceivablesResponse {
            rows: rows
                .map(|row| receivables_row_to_pb(row, list.end, currency))
                .collect(),
            next_page_token: page.next_if_more(end, list.customers),
            customer_count: count_to_pb(list.customers),
            totals: Some(figures_to_pb(&list.totals, list.end, currency)),
            end_time: edge_to_pb(list.end, settings),
            control_total: Some(pb::ControlTotal {
                ledger: money(list.control_total.ledger),
                reported: money(list.control_total.reported),
                filtered_out: money(list.control_total.filtered_out),
            }),
            cost_model_version: count_to_pb(list.cost_model_version),
            read_at: Some(position_to_pb(page.as_of)),
        }))
    }
}
