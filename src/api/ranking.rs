//! `RankingService`.

use super::{
    access::tenant_from_pb,
    convert::{
        band::{band_size_from_pb, bands_to_pb},
        common::{
            check_list, count_from_pb, count_to_pb, item, position_to_pb, read_options_from_pb,
        },
        dependence::{dependences_to_pb, leaving_from_pb},
        ranking::{
            RankingFields, concentration_to_pb, control_total_to_pb, cost_basis_to_pb,
            customer_statement_to_pb, optional_version_from_pb, ranked_customer_to_pb,
            ranking_from_pb, scope_from_pb,
        },
    },
    paging::Page,
    pb,
    ranking_expected::{self, is_by_expected_profit, value_request},
    ranking_export::{Part, RankingExport},
    ranking_solvency::{self, is_by_solvency},
    ranking_total_value::{self, is_by_total_value},
};
use crate::{
    domain::{id::PartyId, ranking::Basis},
    service::Service,
};
use std::{pin::Pin, sync::Arc};
use tokio::sync::mpsc;
use tokio_stream::{Stream, wrappers::ReceiverStream};
use tonic::{Request, Response, Status};

/// For how many numbers of customers it is told what is lost by them, and how many customers each can be.
const LEAVING: (usize, u64) = (20, 1_000);
/// How many parts of an export may wait for their reader before the ranking goes on.
const WAITING_PARTS: usize = 2;
/// How many points a whale curve has by default, and at most.
const POINT_COUNT: (u64, u64) = (100, 1_000);

/// The handlers.
#[derive(Clone)]
pub struct RankingHandlers {
    /// The use cases.
    pub service: Arc<Service>,
}

#[tonic::async_trait]
impl pb::ranking_service_server::RankingService for RankingHandlers {
    type ExportRankingStream = Pin<Box<dyn Stream<Item = Part> + Send>>;

    async fn rank_customers(
        &self,
        request: Request<pb::RankCustomersRequest>,
    ) -> Result<Response<pb::RankCustomersResponse>, Status> {
        let mut request = request.into_inner();
        let service = self.service.reporting_in(&request.reporting_currency)?;
        let tenant = tenant_from_pb(&request.tenant_id)?;
        let page = Page::of(&service, &tenant, &mut request).await?;
        let settings = service.settings();
        let period = request.period.as_ref();
        let scope = scope_from_pb(period, request.filter, settings, "", page.as_of)?;
        let by_solvency = is_by_solvency(request.basis);
        let by_expected = is_by_expected_profit(request.basis);
        let by_total = is_by_total_value(request.basis);
        let is_own = by_solvency || by_expected || by_total;
        let fields = RankingFields {
            basis: if is_own { 0 } else { request.basis },
            direction: request.direction,
            cost_model_version: request.cost_model_version,
        };
        let asked = ranking_from_pb(scope, &fields, Basis::NetProfit)?;
        if by_solvency {
            let with_inactive = request.include_inactive;
            let answer =
                ranking_solvency::rank(&service, &tenant, &asked, &page, with_inactive).await?;
            return Ok(Response::new(answer));
        }
        if let Some(expected) = value_request(&asked, request.value_terms, by_expected)? {
            let (asked, with_inactive) = ((&asked, expected), request.include_inactive);
            let answer =
                ranking_expected::rank(&service, tenant, asked, &page, with_inactive).await?;
            return Ok(Response::new(answer));
        }
        let terms = request.referral_terms;
        if let Some(terms) = ranking_total_value::terms_of(terms, by_total, settings.currency)? {
            let (asked, with_inactive) = ((&asked, terms), request.include_inactive);
            let answer =
                ranking_total_value::rank(&service, &tenant, asked, &page, with_inactive).await?;
            return Ok(Response::new(answer));
        }
        let places = page.places()?;
        let end = places.end;
        let ranking = match request.include_inactive {
            false => service.rank(&tenant, &asked, vec![places]).await?,
            true => service.rank_with_inactive(&tenant, &asked, places).await?,
        };
        let (total, currency) = (ranking.footing.control_total.reported, settings.currency);
        let rows = ranking.rows.iter();
        Ok(Response::new(pb::RankCustomersResponse {
            customers: rows
                .map(|row| ranked_customer_to_pb(row, total, currency))
                .collect(),
            next_page_token: page.next_if_more(end, ranking.customers + ranking.inactive),
            read_at: Some(position_to_pb(page.as_of)),
            control_total: Some(control_total_to_pb(&ranking.footing, currency)),
            cost_basis: Some(cost_basis_to_pb(&ranking.footing, currency)),
            customer_count: count_to_pb(ranking.customers),
            negative_count: count_to_pb(ranking.negative),
            inactive_count: count_to_pb(ranking.inactive),
            objected_count: 0,
            referral_totals: None,
        }))
    }

    async fn export_ranking(
        &self,
        request: Request<pb::ExportRankingRequest>,
    ) -> Result<Response<Self::ExportRankingStream>, Status> {
        let request = request.into_inner();
        let service = self.service.reporting_in(&request.reporting_currency)?;
        let tenant = tenant_from_pb(&request.tenant_id)?;
        let options = read_options_from_pb(request.read_options.as_ref())?;
        let as_of = service.read_position(&tenant, options).await?;
        let settings = service.settings();
        let period = request.period.as_ref();
        let scope = scope_from_pb(period, request.filter, settings, "", as_of)?;
        let by_expected = is_by_expected_profit(request.basis);
        let fields = RankingFields {
            basis: if by_expected { 0 } else { request.basis },
            direction: request.direction,
            cost_model_version: request.cost_model_version,
        };
        let asked = ranking_from_pb(scope, &fields, Basis::NetProfit)?;
        let export = RankingExport {
            service: Arc::clone(&service),
            tenant,
            expected: value_request(&asked, request.value_terms, by_expected)?,
            request: asked,
            with_inactive: request.include_inactive,
        };
        let first = export.from(0).await?;
        let (parts, waiting) = mpsc::channel(WAITING_PARTS);
        tokio::spawn(export.run(first, parts));
        Ok(Response::new(Box::pin(ReceiverStream::new(waiting))))
    }

    async fn get_customer_statement(
        &self,
        request: Request<pb::GetCustomerStatementRequest>,
    ) -> Result<Response<pb::GetCustomerStatementResponse>, Status> {
        let request = request.into_inner();
        let service = self.service.reporting_in(&request.reporting_currency)?;
        let tenant = tenant_from_pb(&request.tenant_id)?;
        let customer = PartyId::parse(&request.customer_id, "customer_id")?;
        let options = read_options_from_pb(request.read_options.as_ref())?;
        let as_of = service.read_position(&tenant, options).await?;
        let settings = service.settings();
        let scope = scope_from_pb(request.period.as_ref(), None, settings, "", as_of)?;
        let version = optional_version_from_pb(request.cost_model_version)?;
        let answer = service
            .statement(&tenant, &customer, scope, version)
            .await?;
        let id = customer.as_str();
        Ok(Response::new(customer_statement_to_pb(
            id,
            &answer,
            as_of,
            settings.currency,
        )))
    }

    async fn compare_bands(
        &self,
        request: Request<pb::CompareBandsRequest>,
    ) -> Result<Response<pb::CompareBandsResponse>, Status> {
        let request = request.into_inner();
        let service = self.service.reporting_in(&request.reporting_currency)?;
        let tenant = tenant_from_pb(&request.tenant_id)?;
        let size = band_size_from_pb(request.band_size, request.band_fraction)?;
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
        let asked = ranking_from_pb(scope, &fields, Basis::Revenue)?;
        let bands = service.bands(&tenant, &asked, size).await?;
        Ok(Response::new(bands_to_pb(&bands, as_of, settings.currency)))
    }

    async fn get_concentration(
        &self,
        request: Request<pb::GetConcentrationRequest>,
    ) -> Result<Response<pb::GetConcentrationResponse>, Status> {
        let request = request.into_inner();
        let service = self.service.reporting_in(&request.reporting_currency)?;
        let tenant = tenant_from_pb(&request.tenant_id)?;
        let points = count_from_pb(
            request.point_count,
            POINT_COUNT.0,
            POINT_COUNT.1,
            "point_count",
        )?;
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
        check_list(request.leaving_counts.len(), LEAVING.0, "leaving_counts")?;
        let leaving = request.leaving_counts.iter().enumerate();
        let leaving = leaving
            .map(|(index, count)| {
                leaving_from_pb(*count, LEAVING.1, &item("leaving_counts", index))
            })
            .collect::<Result<Vec<_>, _>>()?;
        let answer = service.concentration(&tenant, &asked, points).await?;
        let mut answer = concentration_to_pb(&answer, as_of, settings.currency);
        if !leaving.is_empty() {
            let found = service.dependences(&tenant, &asked, &leaving).await?;
            answer.dependences = dependences_to_pb(&found, settings.currency);
        }
        Ok(Response::new(answer))
    }
}
