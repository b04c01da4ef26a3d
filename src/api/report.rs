//! `ReportService`.

use super::{
    access::tenant_from_pb,
    convert::{
        acquisition::{acquisition_to_pb, won_by_from_pb},
        common::{count_from_pb, count_to_pb, money_to_pb, position_to_pb, read_options_from_pb},
        ranking::{
            RankingFields, basis_from_pb, control_total_to_pb, cost_basis_to_pb,
            optional_version_from_pb, ranking_from_pb, scope_from_pb,
        },
        report::{
            column_to_pb, complaints_per_hundred_sales, cross_row_to_pb, dimension_from_pb,
            ranked_dimension_to_pb, row_order_from_pb,
        },
        trend::{granularity_from_pb, trend_to_pb},
    },
    paging::Page,
    pb,
};
use crate::{
    domain::{id::PartyId, ranking::Basis},
    service::{Service, acquisition::AcquisitionRequest, cross_report::CrossReportRequest},
};
use std::sync::Arc;
use tonic::{Request, Response, Status};

/// How many columns a cross report has by default, and at most.
const COLUMN_LIMIT: (u64, u64) = (100, 1_000);

/// The handlers.
#[derive(Clone)]
pub struct ReportHandlers {
    /// The use cases.
    pub service: Arc<Service>,
}

#[tonic::async_trait]
impl pb::report_service_server::ReportService for ReportHandlers {
    async fn get_cross_report(
        &self,
        request: Request<pb::GetCrossReportRequest>,
    ) -> Result<Response<pb::GetCrossReportResponse>, Status> {
        let mut request = request.into_inner();
        let service = self.service.reporting_in(&request.reporting_currency)?;
        let tenant = tenant_from_pb(&request.tenant_id)?;
        let page = Page::of(&service, &tenant, &mut request).await?;
        let settings = service.settings();
        let period = request.period.as_ref();
        let (default, most) = COLUMN_LIMIT;
        let column_limit = count_from_pb(request.column_limit, default, most, "column_limit")?;
        let asked = CrossReportRequest {
            scope: scope_from_pb(period, request.filter, settings, "", page.as_of)?,
            columns: dimension_from_pb(request.columns, "columns")?,
            basis: basis_from_pb(request.basis, "basis")?.unwrap_or(Basis::Revenue),
            order: row_order_from_pb(request.order)?,
            // At most a thousand.
            column_limit: usize::try_from(column_limit).unwrap_or(usize::MAX),
            cost_model_version: optional_version_from_pb(request.cost_model_version)?,
        };
        let places = page.places()?;
        let end = places.end;
        let report = service.cross_report(&tenant, &asked, places).await?;
        let (columns, currency) = (&report.columns, settings.currency);
        let total = report.footing.control_total.reported;
        let rows = report.rows.iter();
        Ok(Response::new(pb::GetCrossReportResponse {
            columns: (columns.own.iter())
                .map(|column| column_to_pb(column, currency))
                .collect(),
            other_column_count: count_to_pb(columns.other_count),
            other_total: Some(money_to_pb(columns.other_total, currency)),
            rows: rows.map(|row| cross_row_to_pb(row, currency)).collect(),
            grand_total: Some(money_to_pb(total, currency)),
            next_page_token: page.next_if_more(end, report.customers),
            customer_count: count_to_pb(report.customers),
            read_at: Some(position_to_pb(page.as_of)),
            control_total: Some(control_total_to_pb(&report.footing, currency)),
            cost_basis: Some(cost_basis_to_pb(&report.footing, currency)),
        }))
    }

    async fn rank_dimension(
        &self,
        request: Request<pb::RankDimensionRequest>,
    ) -> Result<Response<pb::RankDimensionResponse>, Status> {
        let mut request = request.into_inner();
        let service = self.service.reporting_in(&request.reporting_currency)?;
        let tenant = tenant_from_pb(&request.tenant_id)?;
        let page = Page::of(&service, &tenant, &mut request).await?;
        let settings = service.settings();
        let period = request.period.as_ref();
        let scope = scope_from_pb(period, request.filter, settings, "", page.as_of)?;
        let fields = RankingFields {
            basis: request.basis,
            direction: request.direction,
            cost_model_version: request.cost_model_version,
        };
        let asked = ranking_from_pb(scope, &fields, Basis::NetProfit)?;
        let dimension = dimension_from_pb(request.dimension, "dimension")?;
        let places = page.places()?;
        let end = places.end;
        let ranking = service
            .rank_dimension(&tenant, &asked, dimension, places)
            .await?;
        let (total, currency) = (ranking.footing.control_total.reported, settings.currency);
        let rows = ranking.rows.iter();
        Ok(Response::new(pb::RankDimensionResponse {
            rows: rows
                .map(|row| ranked_dimension_to_pb(row, total, currency))
                .collect(),
            next_page_token: page.next_if_more(end, ranking.count),
            row_count: count_to_pb(ranking.count),
            negative_count: count_to_pb(ranking.negative),
            read_at: Some(position_to_pb(page.as_of)),
            control_total: Some(control_total_to_pb(&ranking.footing, currency)),
            cost_basis: Some(cost_basis_to_pb(&ranking.footing, currency)),
            sale_count: count_to_pb(ranking.sales),
            complaint_count: count_to_pb(ranking.complaints),
            major_complaint_count: count_to_pb(ranking.major_complaints),
            complaints_per_hundred_sales: complaints_per_hundred_sales(
                ranking.complaints,
                ranking.sales,
            ),
        }))
    }

    async fn get_acquisition_report(
        &self,
        request: Request<pb::GetAcquisitionReportRequest>,
    ) -> Result<Response<pb::GetAcquisitionReportResponse>, Status> {
        let mut request = request.into_inner();
        let service = self.service.reporting_in(&request.reporting_currency)?;
        let tenant = tenant_from_pb(&request.tenant_id)?;
        let page = Page::of(&service, &tenant, &mut request).await?;
        let settings = service.settings();
        let period = request.period.as_ref();
        let asked = AcquisitionRequest {
            scope: scope_from_pb(period, request.filter, settings, "", page.as_of)?,
            by: won_by_from_pb(request.by, "by")?,
            cost_model_version: optional_version_from_pb(request.cost_model_version)?,
        };
        let places = page.places()?;
        let end = places.end;
        let report = service.acquisition_report(&tenant, &asked, places).await?;
        Ok(Response::new(pb::GetAcquisitionReportResponse {
            next_page_token: page.next_if_more(end, report.count),
            read_at: Some(position_to_pb(page.as_of)),
            ..acquisition_to_pb(&report, settings.currency)
        }))
    }

    async fn get_trend(
        &self,
        request: Request<pb::GetTrendRequest>,
    ) -> Result<Response<pb::GetTrendResponse>, Status> {
        let request = request.into_inner();
        let service = self.service.reporting_in(&request.reporting_currency)?;
        let tenant = tenant_from_pb(&request.tenant_id)?;
        let customer = match request.customer_id.as_str() {
            "" => None,
            id => Some(PartyId::parse(id, "customer_id")?),
        };
        let options = read_options_from_pb(request.read_options.as_ref())?;
        let as_of = service.read_position(&tenant, options).await?;
        let settings = service.settings();
        let period = request.period.as_ref();
        let scope = scope_from_pb(period, request.filter, settings, "", as_of)?;
        let fields = RankingFields {
            basis: request.basis,
            direction: 0,
            cost_model_version: request.cost_model_version,
        };
        let asked = ranking_from_pb(scope, &fields, Basis::NetProfit)?;
        let granularity = granularity_from_pb(request.granularity)?;
        let trend = service
            .trend(&tenant, &asked, customer.as_ref(), granularity)
            .await?;
        Ok(Response::new(trend_to_pb(&trend, as_of, settings)))
    }
}
