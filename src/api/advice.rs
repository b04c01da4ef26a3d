//! `AdviceService`.

use super::{advice_time, pb};
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
}
