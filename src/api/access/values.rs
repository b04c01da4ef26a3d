//! The messages of `CustomerValueService`: a part of the table in `visibility`, and like it only a list.
//!
//! Everybody sees what customers will do, and finance alone what is left of it. Who could choose the terms of a ranking
//! by expected profit would find, by when two customers change places, what is left of each: those are for finance too.

use super::visibility::MessageFields;

/// What everybody sees of each message, and what finance alone does.
pub const VALUES: &[MessageFields] = &[
    (
        "GetCustomerValueRequest",
        "tenant_id customer_ids period terms filter cost_model_version read_options",
        "",
    ),
    (
        "ValueTerms",
        "horizon_days annual_discount_rate next_period_days segment_trait",
        "",
    ),
    ("GetCustomerValueResponse", "results model read_at", ""),
    (
        "CustomerValueResult",
        "customer_id display_name value rejection",
        "",
    ),
    (
        "CustomerValue",
        "order_count first_order_day last_order_day probability_alive retention_probability expected_orders \
         expected_order_value expected_revenue discounted_revenue next_period_revenue expected_weeks segment \
         segment_customer_count order_probability typical_orders",
        "expected_profit value_at_risk upside_profit margin_rate margin_credibility weekly_cost cost_credibility",
    ),
    (
        "MoneyEstimate",
        "expected expected_lower expected_upper lower upper",
        "",
    ),
    (
        "NumberEstimate",
        "expected expected_lower expected_upper lower upper",
        "",
    ),
    (
        "CustomerValueModel",
        "frequency_model frequency_parameters spend_parameters candidates customer_count repeat_customer_count \
         end_time learnt_position horizon_days annual_discount_rate next_period_days cost_model_version \
         pace_parameters",
        "margin_rate weekly_cost",
    ),
    ("ModelParameter", "name value", ""),
    (
        "FrequencyCandidate",
        "frequency_model log_likelihood held_back_log_likelihood",
        "",
    ),
];
