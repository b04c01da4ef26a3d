//! The methods of `ProspectService` that are about models.

use super::{
    access::tenant_from_pb,
    convert::{
        common::{count_to_pb, position_to_pb, read_options_from_pb, write_mode},
        prospect::evaluate_from_pb,
        win_model::{adoption_to_pb, evaluation_to_pb, model_version_to_pb, proxy_to_pb},
    },
    paging::Page,
    pb,
};
use crate::{
    domain::{
        id::{RequestId, check_optional_text},
        problem::Problem,
    },
    service::{Service, models::ModelRequest},
};

/// The most bytes of a note.
const NOTE_LIMIT: usize = 512;

/// The model card.
pub async fn evaluate(
    service: &Service,
    request: pb::EvaluateModelRequest,
) -> Result<pb::EvaluateModelResponse, Problem> {
    let tenant = tenant_from_pb(&request.tenant_id)?;
    let options = read_options_from_pb(request.read_options.as_ref())?;
    let as_of = service.read_position(&tenant, options).await?;
    let currency = service.settings().currency;
    let asked = evaluate_from_pb(&request, currency, as_of)?;
    let card = service.evaluate(&tenant, &asked).await?;
    Ok(evaluation_to_pb(&card, as_of, currency))
}

fn model_request(request_id: &str, note: String) -> Result<ModelRequest, Problem> {
    check_optional_text(&note, NOTE_LIMIT, "note")?;
    Ok(ModelRequest {
        request_id: RequestId::parse(request_id, "request_id")?,
        note,
    })
}

/// Lets the newest model hold.
pub async fn adopt(
    service: &Service,
    request: pb::AdoptModelRequest,
) -> Result<pb::AdoptModelResponse, Problem> {
    let tenant = tenant_from_pb(&request.tenant_id)?;
    let asked = model_request(&request.request_id, request.note)?;
    let mode = write_mode(request.validate_only);
    let adoption = service.adopt_model(&tenant, asked, mode).await?;
    Ok(adoption_to_pb(&adoption))
}

/// Lets an earlier model hold again.
pub async fn restore(
    service: &Service,
    request: pb::RestoreModelRequest,
) -> Result<pb::RestoreModelResponse, Problem> {
    let tenant = tenant_from_pb(&request.tenant_id)?;
    let asked = model_request(&request.request_id, request.note)?;
    let version = u64::try_from(request.version).unwrap_or(0);
    if version == 0 {
        return Err(Problem::field_required("version"));
    }
    let mode = write_mode(request.validate_only);
    let restored = service.restore_model(&tenant, version, asked, mode);
    let (version, written_at) = restored.await?;
    Ok(pb::RestoreModelResponse {
        model_version: Some(model_version_to_pb(&version)),
        written_at: written_at.map(position_to_pb),
    })
}

/// The models, the newest first.
pub async fn list(
    service: &Service,
    mut request: pb::ListModelsRequest,
) -> Result<pb::ListModelsResponse, Problem> {
    let tenant = tenant_from_pb(&request.tenant_id)?;
    let page = Page::of(service, &tenant, &mut request).await?;
    let mut versions = service.model_versions(&tenant, page.as_of).await?;
    versions.reverse();
    let before = page.place()?;
    if before > 0 {
        versions.retain(|version| version.version < before);
    }
    let next = page.cut(&mut versions, |page, last| page.next_at(last.version));
    Ok(pb::ListModelsResponse {
        model_versions: versions.iter().map(model_version_to_pb).collect(),
        next_page_token: next,
        read_at: Some(position_to_pb(page.as_of)),
    })
}

/// Which traits stand in for others.
pub async fn proxies(
    service: &Service,
    request: pb::GetProxyReportRequest,
) -> Result<pb::GetProxyReportResponse, Problem> {
    let tenant = tenant_from_pb(&request.tenant_id)?;
    let options = read_options_from_pb(request.read_options.as_ref())?;
    let as_of = service.read_position(&tenant, options).await?;
    let report = service.proxy_report(&tenant, as_of).await?;
    Ok(pb::GetProxyReportResponse {
        proxies: report.proxies.iter().map(proxy_to_pb).collect(),
        party_count: count_to_pb(report.parties),
        read_at: Some(position_to_pb(as_of)),
    })
}
