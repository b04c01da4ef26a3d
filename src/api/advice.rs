//! `AdviceService`.

use super::{advice_growth, advice_time, pb};
use crate::service::Service;
use std::sync::Arc;
use tonic::{Request, Response, Status};

/// The handlers.
#[derive(Clone)]
pub struct AdviceHandlers {
    /// The use cases.
    pub service: Arc<Service>,
}

#[tonic::async_trait]
impl pb::advice_service_server::AdviceService for AdviceHandlers {
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
}
