//! `AdviceService`.

use super::{
    advice_appreciation, advice_decisions, advice_growth, advice_portfolio, advice_simulation,
    advice_time, pb, referral,
};
use crate::service::Service;
use std::{pin::Pin, sync::Arc};
use tokio_stream::Stream;
use tonic::{Request, Response, Status};

/// The handlers.
#[derive(Clone)]
pub struct AdviceHandlers {
    /// The use cases.
    pub service: Arc<Service>,
}

#[tonic::async_trait]
impl pb::advice_service_server::AdviceService for AdviceHandlers {
    type ExportPortfolioStream = Pin<Box<dyn Stream<Item = advice_portfolio::Part> + Send>>;
    type SimulatePortfolioStream = Pin<Box<dyn Stream<Item = advice_simulation::Part> + Send>>;

    async fn plan_portfolio(
        &self,
        request: Request<pb::PlanPortfolioRequest>,
    ) -> Result<Response<pb::PlanPortfolioResponse>, Status> {
        let answer = advice_portfolio::plan(&self.service, request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    async fn export_portfolio(
        &self,
        request: Request<pb::ExportPortfolioRequest>,
    ) -> Result<Response<Self::ExportPortfolioStream>, Status> {
        let parts = advice_portfolio::export(&self.service, request.into_inner()).await?;
        Ok(Response::new(Box::pin(parts)))
    }

    async fn simulate_relationship(
        &self,
        request: Request<pb::SimulateRelationshipRequest>,
    ) -> Result<Response<pb::SimulateRelationshipResponse>, Status> {
        let answer = advice_simulation::one(&self.service, request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    async fn simulate_portfolio(
        &self,
        request: Request<pb::SimulatePortfolioRequest>,
    ) -> Result<Response<Self::SimulatePortfolioStream>, Status> {
        let parts = advice_simulation::ending(&self.service, request.into_inner()).await?;
        Ok(Response::new(Box::pin(parts)))
    }

    async fn allocate_time(
        &self,
        request: Request<pb::AllocateTimeRequest>,
    ) -> Result<Response<pb::AllocateTimeResponse>, Status> {
        let answer = advice_time::allocate(&self.service, request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    async fn suggest_cross_sell(
        &self,
        request: Request<pb::SuggestCrossSellRequest>,
    ) -> Result<Response<pb::SuggestCrossSellResponse>, Status> {
        let answer = advice_growth::cross_sell(&self.service, request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    async fn rank_expansion(
        &self,
        request: Request<pb::RankExpansionRequest>,
    ) -> Result<Response<pb::RankExpansionResponse>, Status> {
        let answer = advice_growth::expansion(&self.service, request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    async fn rank_bonus_returns(
        &self,
        request: Request<pb::RankBonusReturnsRequest>,
    ) -> Result<Response<pb::RankBonusReturnsResponse>, Status> {
        let answer = advice_growth::bonus_returns(&self.service, request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    async fn allocate_appreciation(
        &self,
        request: Request<pb::AllocateAppreciationRequest>,
    ) -> Result<Response<pb::AllocateAppreciationResponse>, Status> {
        let answer = advice_appreciation::allocate(&self.service, request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    async fn get_referral_value(
        &self,
        request: Request<pb::GetReferralValueRequest>,
    ) -> Result<Response<pb::GetReferralValueResponse>, Status> {
        let answer = referral::value(&self.service, request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    async fn list_referral_quadrants(
        &self,
        request: Request<pb::ListReferralQuadrantsRequest>,
    ) -> Result<Response<pb::ListReferralQuadrantsResponse>, Status> {
        let answer = referral::quadrants(&self.service, request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    async fn get_referral_report(
        &self,
        request: Request<pb::GetReferralReportRequest>,
    ) -> Result<Response<pb::GetReferralReportResponse>, Status> {
        let answer = referral::report(&self.service, request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    async fn list_referral_asks(
        &self,
        request: Request<pb::ListReferralAsksRequest>,
    ) -> Result<Response<pb::ListReferralAsksResponse>, Status> {
        let answer = referral::asks(&self.service, request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    async fn record_decisions(
        &self,
        request: Request<pb::RecordDecisionsRequest>,
    ) -> Result<Response<pb::RecordDecisionsResponse>, Status> {
        let answer = advice_decisions::record(&self.service, request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    async fn list_decisions(
        &self,
        request: Request<pb::ListDecisionsRequest>,
    ) -> Result<Response<pb::ListDecisionsResponse>, Status> {
        let answer = advice_decisions::list(&self.service, request.into_inner()).await?;
        Ok(Response::new(answer))
    }
}
