//! `AdviceService`.

use super::{pb, referral};
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
}
