//! The messages of referrals: a part of the table in `visibility`, and like it only a list.
//!
//! Everybody sees who brought whom, how far that reaches and whom to ask, and finance alone what it is worth. Who could
//! choose the terms would find, by when two customers change places, what each of them earns: those are for finance
//! too.

use super::visibility::MessageFields;

/// What everybody sees of each message, and what finance alone does.
pub const REFERRALS: &[MessageFields] = &[
    ("Referral", "referred_party_id kind product_family", ""),
    ("ReferralAsk", "outcome note", ""),
    (
        "ReferralFigures",
        "direct_referral_count reach generation_count",
        "own_profit referral_value total_value",
    ),
    (
        "ReferralTotals",
        "referral_count untold_count",
        "own_profit referral_value total_value acquisition_cost_saved",
    ),
    (
        "GetReferralValueRequest",
        "tenant_id customer_id period cost_model_version read_options",
        "terms",
    ),
    (
        "GetReferralValueResponse",
        "customer_id display_name figures brought_by generations edges left_out totals cost_model_version read_at",
        "control_total",
    ),
    (
        "ReferralGeneration",
        "generation party_count",
        "customer_margin worth credited",
    ),
    (
        "ReferralEdge",
        "referred_party_id referrer_id kind product_family occur_time activity_id generation",
        "customer_margin worth credited",
    ),
    (
        "LeftOutReferral",
        "activity_id referrer_id referred_party_id occur_time reason",
        "",
    ),
    (
        "GetReferralReportRequest",
        "tenant_id period cost_model_version read_options",
        "terms",
    ),
    (
        "GetReferralReportResponse",
        "families total months day_count left_out asks totals cost_model_version read_at",
        "control_total",
    ),
    (
        "ReferralFlow",
        "product_family arrival_count converted_count open_count arrivals_per_30_days",
        "customer_margin pipeline_value",
    ),
    ("ReferralMonth", "month arrival_count converted_count", ""),
    ("LeftOutCount", "reason count", ""),
    ("AskOutcomeCount", "outcome count", ""),
    (
        "ListReferralAsksRequest",
        "tenant_id period quota rest_days least_content cost_model_version page_size page_token read_options",
        "terms",
    ),
    (
        "ListReferralAsksResponse",
        "customers next_page_token customer_count ask_count skipped asks active_customer_count cost_model_version \
         read_at",
        "control_total",
    ),
    (
        "AskableCustomer",
        "customer_id display_name ask_count asked_count last_ask_time last_outcome mean_feedback figures",
        "",
    ),
    ("SkippedCount", "reason customer_count", ""),
];
