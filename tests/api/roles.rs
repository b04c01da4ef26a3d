//! Callers with tokens: who is let in, and what each role is told, field by field.

use crate::{
    asked_of_roles::{brought_by, prequalify, some_come_again},
    filled::filled,
    harness::{World, days, party, reason, sale, usd},
    outcomes::outcome,
};
use profitscore::api::{
    DESCRIPTORS,
    access::{
        Role,
        view::{Audience, audience, roles},
    },
    pb,
};
use prost::{Message, Name};
use prost_reflect::{DescriptorPool, DynamicMessage, Kind, ReflectMessage as _, Value};
use sha2::{Digest as _, Sha256};
use std::{collections::BTreeSet, sync::LazyLock};
use tonic::{Code, Request, Status, codec::CompressionEncoding};

/// A file with a token for each name, which is also what is shown.
fn tokens(entries: &[(&str, &str, Option<&str>)]) -> String {
    let entry = |(name, role, tenant): &(&str, &str, Option<&str>)| {
        let digits: String = Sha256::digest(name.as_bytes())
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let tenants = tenant.map_or_else(String::new, |id| format!("tenants = [\"{id}\"]\n"));
        format!("[[token]]\nname = \"{name}\"\nrole = \"{role}\"\nsha256 = \"{digits}\"\n{tenants}")
    };
    entries.iter().map(entry).collect()
}

pub fn all_roles() -> String {
    tokens(&[
        ("finance", "FINANCE", None),
        ("sales", "SALES", None),
        ("ingest", "INGEST", None),
        ("other", "FINANCE", Some("other")),
    ])
}

pub fn showing<M>(token: &str, message: M) -> Request<M> {
    let mut request = Request::new(message);
    let value = format!("Bearer {token}").parse().unwrap();
    request.metadata_mut().insert("authorization", value);
    request
}

/// Messages are equal only if they are described by the same pool.
static POOL: LazyLock<DescriptorPool> =
    LazyLock::new(|| DescriptorPool::decode(DESCRIPTORS).unwrap());

fn dynamic<M: Message + Name>(message: &M) -> DynamicMessage {
    let descriptor = POOL.get_message_by_name(&M::full_name()).unwrap();
    DynamicMessage::decode(descriptor, &*message.encode_to_vec()).unwrap()
}

/// Takes out of a message what the table tells to finance alone, and notes what that was.
fn take_out(message: &mut DynamicMessage, hidden: &mut BTreeSet<String>) {
    let descriptor = message.descriptor();
    if !descriptor.full_name().starts_with("profitscore.") {
        return;
    }
    for field in &descriptor.fields().collect::<Vec<_>>() {
        if !message.has_field(field) {
            continue;
        }
        if audience(descriptor.name(), field.name()) == Some(Audience::Finance) {
            hidden.insert(format!("{}.{}", descriptor.name(), field.name()));
            message.clear_field(field);
            continue;
        }
        if !matches!(field.kind(), Kind::Message(_)) {
            continue;
        }
        let value = message.get_field_mut(field);
        if let Value::Message(inner) = value {
            take_out(inner, hidden);
        } else if let Value::List(items) = value {
            let inner = items.iter_mut().filter_map(Value::as_message_mut);
            inner.for_each(|inner| take_out(inner, hidden));
        }
    }
}

#[tokio::test]
async fn sales_is_told_what_finance_is_told_but_for_the_fields_of_finance() {
    let world = World::guarded(&all_roles()).await;
    filled(&world).await;
    let (mut hidden, mut asked) = (BTreeSet::new(), BTreeSet::new());
    macro_rules! ask {
        ($client:ident.$method:ident($request:expr), $service:literal, $name:literal) => {
            let request = $request;
            let finance = world
                .$client()
                .$method(showing("finance", request.clone()))
                .await;
            let sales = world.$client().$method(showing("sales", request)).await;
            let (finance, sales) = (finance.unwrap().into_inner(), sales.unwrap().into_inner());
            let mut expected = dynamic(&finance);
            take_out(&mut expected, &mut hidden);
            assert!(dynamic(&sales) == expected, "{} tells {sales:?}", $name);
            asked.insert(($service, $name));
        };
    }
    let period = Some(days(0, 60));
    let ranking = pb::RankCustomersRequest {
        period,
        page_size: 20,
        ..Default::default()
    };
    ask!(
        rankings.rank_customers(ranking),
        "RankingService",
        "RankCustomers"
    );
    let statement = pb::GetCustomerStatementRequest {
        customer_id: "c1".to_owned(),
        period,
        ..Default::default()
    };
    ask!(
        rankings.get_customer_statement(statement),
        "RankingService",
        "GetCustomerStatement"
    );
    let bands = pb::CompareBandsRequest {
        period,
        ..Default::default()
    };
    ask!(
        rankings.compare_bands(bands),
        "RankingService",
        "CompareBands"
    );
    let by = pb::RankDimensionRequest {
        period,
        ..Default::default()
    };
    ask!(reports.rank_dimension(by), "ReportService", "RankDimension");
    let trend = pb::GetTrendRequest {
        period,
        ..Default::default()
    };
    ask!(reports.get_trend(trend), "ReportService", "GetTrend");
    let best = Some(pb::BestCustomers {
        period,
        fraction: 0.4,
        ..Default::default()
    });
    let profile = pb::GetProfileRequest {
        best_customers: best.clone(),
        ..Default::default()
    };
    ask!(
        prospects.get_profile(profile),
        "ProspectService",
        "GetProfile"
    );
    let lookalikes = pb::ListLookalikesRequest {
        best_customers: best,
        ..Default::default()
    };
    ask!(
        prospects.list_lookalikes(lookalikes),
        "ProspectService",
        "ListLookalikes"
    );
    ask!(
        prospects.prequalify_prospects(prequalify()),
        "ProspectService",
        "PrequalifyProspects"
    );
    let lost = pb::RecordOutcomesRequest {
        outcomes: vec![outcome("o2", "c61", pb::OutcomeStatus::Lost)],
        validate_only: true,
        ..Default::default()
    };
    ask!(
        prospects.record_outcomes(lost),
        "ProspectService",
        "RecordOutcomes"
    );
    let outcomes = pb::ListOutcomesRequest::default();
    ask!(
        prospects.list_outcomes(outcomes),
        "ProspectService",
        "ListOutcomes"
    );
    let objection = pb::SetProfilingObjectionRequest {
        party_id: "c61".to_owned(),
        objects: true,
        validate_only: true,
        ..Default::default()
    };
    ask!(
        customers.set_profiling_objection(objection),
        "CustomerService",
        "SetProfilingObjection"
    );
    let list = pb::ListActivitiesRequest {
        page_size: 5,
        ..Default::default()
    };
    ask!(
        activities.list_activities(list),
        "ActivityService",
        "ListActivities"
    );
    let one = pb::GetPartyRequest {
        party_id: "c1".to_owned(),
        ..Default::default()
    };
    ask!(customers.get_party(one), "CustomerService", "GetParty");
    let parties = pb::ListPartiesRequest::default();
    ask!(
        customers.list_parties(parties),
        "CustomerService",
        "ListParties"
    );
    let traits = pb::ListTraitDefinitionsRequest::default();
    ask!(
        customers.list_trait_definitions(traits),
        "CustomerService",
        "ListTraitDefinitions"
    );
    let again = pb::UpsertPartiesRequest {
        parties: vec![party("c1", pb::PartyStage::Customer, vec![])],
        validate_only: true,
        ..Default::default()
    };
    ask!(
        customers.upsert_parties(again),
        "CustomerService",
        "UpsertParties"
    );
    let products = pb::ListProductsRequest::default();
    ask!(
        customers.list_products(products),
        "CustomerService",
        "ListProducts"
    );
    let closed = pb::ListClosedPeriodsRequest::default();
    ask!(
        closings.list_closed_periods(closed),
        "ClosingService",
        "ListClosedPeriods"
    );
    let rates = pb::ListExchangeRatesRequest::default();
    ask!(
        exchange_rates.list_exchange_rates(rates),
        "ExchangeRateService",
        "ListExchangeRates"
    );
    let terms = pb::ListPriceTermsRequest::default();
    ask!(
        price_terms.list_price_terms(terms),
        "PriceTermsService",
        "ListPriceTerms"
    );
    ask!(
        advice.get_referral_value(brought_by("c1")),
        "AdviceService",
        "GetReferralValue"
    );
    let report = pb::GetReferralReportRequest::default();
    ask!(
        advice.get_referral_report(report),
        "AdviceService",
        "GetReferralReport"
    );
    let asks = pb::ListReferralAsksRequest::default();
    ask!(
        advice.list_referral_asks(asks),
        "AdviceService",
        "ListReferralAsks"
    );
    some_come_again(&world).await;
    let value = pb::GetCustomerValueRequest {
        customer_ids: vec!["c1".to_owned(), "nobody".to_owned()],
        ..Default::default()
    };
    ask!(
        values.get_customer_value(value),
        "CustomerValueService",
        "GetCustomerValue"
    );
    asked.insert(("RankingService", "ExportRanking"));
    exported(&world, &mut hidden).await;

    // What is hidden was there to be hidden.
    for field in [
        "RankedCustomer.value",
        "RankedCustomer.cumulative_value",
        "Statement.net_profit",
        "Statement.cost_of_goods",
        "Statement.minutes",
        "GetCustomerStatementResponse.lines",
        "RankCustomersResponse.control_total",
        "RankCustomersResponse.negative_count",
        "CostBasis.allocated_fixed_cost",
        "Band.net_profit",
        "Band.unprofitable_count",
        "RankedDimension.value",
        "TrendPoint.value",
        "GetProfileResponse.threshold",
        "ListLookalikesResponse.loss_maker_count",
        "Prequalification.expected_profit",
        "Prequalification.expected_revenue",
        "ProspectOutcome.brought",
        "ProspectOutcome.acquisition_cost",
        "ProfitContribution.amount",
        "PrequalificationModel.mean_profit",
        "Sale.cost_of_goods",
        "Effort.minutes",
        "CustomerValue.expected_profit",
        "CustomerValueModel.margin_rate",
        "ReferralFigures.own_profit",
        "ReferralTotals.referral_value",
    ] {
        assert!(hidden.contains(field), "{field} was not there: {hidden:?}");
    }
    for service in POOL.services() {
        for method in service.methods() {
            let allowed = roles(service.name(), method.name()).unwrap_or_default();
            if allowed.contains(&Role::Sales) {
                let known = asked.contains(&(service.name(), method.name()));
                assert!(known, "{} is not asked here", method.full_name());
            }
        }
    }
}

/// A whole ranking in a stream, with parts that are longer than one frame.
async fn exported(world: &World, hidden: &mut BTreeSet<String>) {
    let mut parts = Vec::new();
    for token in ["finance", "sales"] {
        let request = showing(token, pb::ExportRankingRequest::default());
        let answer = world.rankings().export_ranking(request).await.unwrap();
        let mut answer = answer.into_inner();
        let part = answer.message().await.unwrap().unwrap();
        assert_eq!(part.customers.len(), 60);
        assert!(answer.message().await.unwrap().is_none());
        parts.push(dynamic(&part));
    }
    take_out(&mut parts[0], hidden);
    assert!(parts[1] == parts[0], "an export tells something else");
}

pub async fn rank(world: &World, token: Option<&str>) -> Result<pb::RankCustomersResponse, Status> {
    let request = pb::RankCustomersRequest::default();
    let request = match token {
        Some(token) => showing(token, request),
        None => Request::new(request),
    };
    let answer = world.rankings().rank_customers(request).await;
    answer.map(tonic::Response::into_inner)
}

#[tokio::test]
async fn a_role_calls_only_its_methods() {
    let world = World::guarded(&all_roles()).await;
    filled(&world).await;
    let refused = |status: Status, role: &str, method: &str| {
        assert_eq!(status.code(), Code::PermissionDenied);
        let (told, metadata) = reason(&status);
        assert_eq!(told, "ROLE_NOT_ALLOWED");
        assert_eq!((&*metadata["role"], &*metadata["method"]), (role, method));
    };
    let costs = pb::GetCostModelRequest::default();
    let status = world
        .cost_models()
        .get_cost_model(showing("sales", costs))
        .await;
    refused(status.unwrap_err(), "SALES", "GetCostModel");
    let curve = pb::GetConcentrationRequest::default();
    let status = world
        .rankings()
        .get_concentration(showing("sales", curve))
        .await;
    refused(status.unwrap_err(), "SALES", "GetConcentration");
    let yardstick = pb::SubmitActivitiesRequest {
        activities: vec![sale("y", "yardstick", 1, "100", "0")],
        validate_only: true,
        ..Default::default()
    };
    let status = world
        .activities()
        .submit_activities(showing("sales", yardstick))
        .await;
    refused(status.unwrap_err(), "SALES", "SubmitActivities");
    refused(
        rank(&world, Some("ingest")).await.unwrap_err(),
        "INGEST",
        "RankCustomers",
    );
}

#[tokio::test]
async fn sales_does_not_choose_what_a_prospect_must_reach() {
    let world = World::guarded(&all_roles()).await;
    filled(&world).await;
    let with_hurdle = pb::PrequalifyProspectsRequest {
        hurdle: Some(usd("250")),
        ..prequalify()
    };
    let with_cost = pb::PrequalifyProspectsRequest {
        acquisition_cost: Some(usd("0")),
        ..prequalify()
    };
    let plain = world.prospects();
    let packed = |encoding| {
        let client = world.prospects().send_compressed(encoding);
        client.accept_compressed(encoding)
    };
    let (gzip, zstd) = (CompressionEncoding::Gzip, CompressionEncoding::Zstd);
    for mut client in [plain, packed(gzip), packed(zstd)] {
        for (request, field) in [(&with_hurdle, "hurdle"), (&with_cost, "acquisition_cost")] {
            let status = client
                .prequalify_prospects(showing("sales", request.clone()))
                .await;
            let status = status.unwrap_err();
            assert_eq!(status.code(), Code::PermissionDenied);
            let (told, metadata) = reason(&status);
            assert_eq!(
                (&*told, &*metadata["field"]),
                ("QUESTION_NOT_ALLOWED", field)
            );
            let finance = showing("finance", request.clone());
            client.prequalify_prospects(finance).await.unwrap();
        }
        let answer = client
            .prequalify_prospects(showing("sales", prequalify()))
            .await;
        let answer = answer.unwrap().into_inner();
        let Some(pb::prequalification_result::Outcome::Prequalification(one)) =
            &answer.results[0].outcome
        else {
            panic!("{answer:?}");
        };
        assert_ne!(one.decision, 0);
        assert_ne!(one.decision_reason, 0);
        assert_eq!((&one.expected_return, &one.decision_margin), (&None, &None));
        assert_eq!(answer.model.unwrap().mean_profit, None);
        assert!(answer.results[2].outcome.is_some(), "a rejection stays");
    }
}
