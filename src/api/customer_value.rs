//! `CustomerValueService`.

use super::{
    access::tenant_from_pb,
    convert::{
        common::{check_batch, read_options_from_pb},
        customer_value::{value_from_pb, valued_to_pb},
    },
    pb,
};
use crate::{
    domain::id::TenantId,
    service::{Service, customer_value::ValueRequest},
};
use std::sync::Arc;
use tonic::{Request, Response, Status};

/// The handlers.
#[derive(Clone)]
pub struct CustomerValueHandlers {
    /// The use cases.
    pub service: Arc<Service>,
}

#[tonic::async_trait]
impl pb::customer_value_service_server::CustomerValueService for CustomerValueHandlers {
    async fn get_customer_value(
        &self,
        request: Request<pb::GetCustomerValueRequest>,
    ) -> Result<Response<pb::GetCustomerValueResponse>, Status> {
        let request = request.into_inner();
        let tenant = tenant_from_pb(&request.tenant_id)?;
        check_batch(request.customer_ids.len(), "customer_ids")?;
        let options = read_options_from_pb(request.read_options.as_ref())?;
        let as_of = self.service.read_position(&tenant, options).await?;
        let settings = self.service.settings();
        let names = request.customer_ids.clone();
        let (asked, ids) = value_from_pb(request, settings, as_of)?;
        self.service.learn_value(&tenant, &asked).await?;
        let valued = self.service.customer_value(&tenant, &asked, &ids).await?;
        let answer = valued_to_pb(valued, &names, &asked.terms, (as_of, settings.into()));
        learn_ahead(&self.service, tenant, asked);
        Ok(Response::new(answer))
    }
}

/// Begins what later questions will be answered by, for nobody to wait for it.
pub fn learn_ahead(service: &Arc<Service>, tenant: TenantId, asked: ValueRequest) {
    let service = Arc::clone(service);
    tokio::spawn(async move {
        // Whoever asks for it will be told what is wrong.
        let _ = service.learn_value_ahead(&tenant, &asked).await;
    });
}
