//! What is answered of referrals, as rows.

use super::text::{quadrant, short};
use crate::{
    api::pb::{
        GetReferralReportResponse, GetReferralValueResponse, ListReferralAsksResponse,
        ListReferralQuadrantsResponse,
    },
    cli::output::{
        Sheet,
        money::{currency_of, decimal, plain},
    },
};

/// What one customer brings.
pub fn value_sheet(answer: &GetReferralValueResponse) -> Sheet {
    let mut sheet = Sheet::new(&[
        "generation",
        "referred_party_id",
        "referrer_id",
        "kind",
        "product_family",
        "activity_id",
        "currency_code",
        "customer_margin",
        "worth",
        "credited",
    ]);
    for edge in &answer.edges {
        sheet.row([
            edge.generation.to_string(),
            edge.referred_party_id.clone(),
            edge.referrer_id.clone(),
            short(edge.kind().as_str_name(), "REFERRAL_KIND_"),
            edge.product_family.clone(),
            edge.activity_id.clone(),
            currency_of([&edge.worth]).to_owned(),
            plain(&edge.customer_margin),
            plain(&edge.worth),
            plain(&edge.credited),
        ]);
    }
    sheet
}

/// Customers by quadrants.
pub fn quadrant_sheet(answer: &ListReferralQuadrantsResponse) -> Sheet {
    let mut sheet = Sheet::new(&[
        "customer_id",
        "display_name",
        "quadrant",
        "currency_code",
        "own_profit",
        "referral_value",
        "total_value",
        "direct_referral_count",
        "reach",
    ]);
    for own in &answer.customers {
        let figures = own.figures.clone().unwrap_or_default();
        sheet.row([
            own.customer_id.clone(),
            own.display_name.clone(),
            quadrant(own.quadrant()),
            currency_of([&figures.own_profit]).to_owned(),
            plain(&figures.own_profit),
            plain(&figures.referral_value),
            plain(&figures.total_value),
            figures.direct_referral_count.to_string(),
            figures.reach.to_string(),
        ]);
    }
    sheet
}

/// Word of mouth.
pub fn report_sheet(answer: &GetReferralReportResponse) -> Sheet {
    let mut sheet = Sheet::new(&[
        "product_family",
        "arrival_count",
        "converted_count",
        "open_count",
        "arrivals_per_30_days",
        "currency_code",
        "customer_margin",
        "pipeline_value",
    ]);
    for flow in &answer.families {
        sheet.row([
            flow.product_family.clone(),
            flow.arrival_count.to_string(),
            flow.converted_count.to_string(),
            flow.open_count.to_string(),
            decimal(&flow.arrivals_per_30_days),
            currency_of([&flow.customer_margin]).to_owned(),
            plain(&flow.customer_margin),
            plain(&flow.pipeline_value),
        ]);
    }
    sheet
}

/// Whom to ask.
pub fn ask_sheet(answer: &ListReferralAsksResponse) -> Sheet {
    let mut sheet = Sheet::new(&[
        "customer_id",
        "display_name",
        "ask_count",
        "asked_count",
        "mean_feedback",
        "currency_code",
        "own_profit",
        "referral_value",
        "total_value",
    ]);
    for own in &answer.customers {
        let figures = own.figures.clone().unwrap_or_default();
        sheet.row([
            own.customer_id.clone(),
            own.display_name.clone(),
            own.ask_count.to_string(),
            own.asked_count.to_string(),
            decimal(&own.mean_feedback),
            currency_of([&figures.own_profit]).to_owned(),
            plain(&figures.own_profit),
            plain(&figures.referral_value),
            plain(&figures.total_value),
        ]);
    }
    sheet
}
