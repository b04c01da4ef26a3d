//! The messages of `ProspectService`: a part of the table in `visibility`, and like it only a list.

use super::visibility::MessageFields;

/// What everybody sees of each message, and what finance alone does.
pub const PROSPECTS: &[MessageFields] = &[
    // === prospects: the decision and its reasons, not what it is reckoned of ===
    (
        "BestCustomers",
        // By whose addition weights change one would find who loses money.
        "period basis filter fraction cost_model_version",
        "seed_customer_ids",
    ),
    (
        "GetProfileRequest",
        "tenant_id best_customers read_options",
        "",
    ),
    (
        "GetProfileResponse",
        "trait_lifts customer_count best_customer_count has_signal ignored_traits read_at cost_basis",
        "threshold control_total",
    ),
    (
        "TraitBin",
        "key label category number_range flag absent",
        "",
    ),
    ("NumberRange", "lower upper", ""),
    (
        "TraitLift",
        "bin best_count all_count best_support all_support lift lift_lower_bound lift_upper_bound p_value \
         distinguishing weight",
        "loss_maker_count",
    ),
    ("IgnoredTrait", "key reason", ""),
    (
        "ListLookalikesRequest",
        "tenant_id best_customers page_size page_token read_options expansion diversity customer_matching",
        "capacity_hours_per_month",
    ),
    ("CustomerMatching", "by_name domain_traits", ""),
    (
        "ListLookalikesResponse",
        "lookalikes next_page_token read_at prospect_count converted_count objected_count customer_count \
         best_customer_count has_signal ignored_traits cost_basis matched_count beyond_expansion_count \
         beyond_capacity_count listed_count least_score",
        "loss_maker_count control_total mean_minutes_per_month minutes_customer_count",
    ),
    (
        "Lookalike",
        "rank party_id display_name score contributions nearest_likeness",
        "minutes_per_month cumulative_minutes_per_month",
    ),
    (
        "ScoreContribution",
        "bin contribution best_count all_count",
        "loss_maker_count",
    ),
    // Who could choose what a prospect must reach would find by halving what it is expected to bring.
    (
        "PrequalifyProspectsRequest",
        "tenant_id prospects horizon_days win_probability training_period cost_model_version read_options effort_hours \
         model_version",
        "acquisition_cost hurdle discount_rate opportunity_rate",
    ),
    ("ProspectInput", "party_id inline", ""),
    (
        "PrequalifyProspectsResponse",
        "results model read_at cost_basis win_model",
        "control_total",
    ),
    ("PrequalificationResult", "prequalification rejection", ""),
    // The fingerprint would prove a guess at everything that was learnt.
    (
        "PrequalificationModel",
        "customer_count incomplete_count interval_coverage horizon_days",
        "mean_profit fingerprint",
    ),
    (
        "Prequalification",
        "party_id decision decision_reason contributions evidence_count ignored_traits win_chance discount_factor \
         cost_to_serve_percentile unseen_values counterfactual",
        "expected_return expected_profit baseline expected_profit_interval outcome_interval decision_margin \
         expected_return_interval discounted_profit acquisition_cost expected_revenue expected_cost_to_serve \
         return_on_effort return_per_hour hurdle service_burden return_per_total_hour opportunity_margin",
    ),
    (
        "ServiceBurden",
        "",
        "cost cost_interval return_before baseline contributions evidence_count customer_count minutes minutes_lower \
         minutes_upper minutes_evidence_count",
    ),
    ("UnseenValue", "key value", ""),
    ("Counterfactual", "key value decision", "expected_return"),
    (
        "WinChance",
        "probability lower upper log_odds baseline_log_odds contributions evidence_count",
        "",
    ),
    (
        "WinContribution",
        "bin with log_odds decided_count won_count lift lift_lower_bound lift_upper_bound",
        "",
    ),
    (
        "WinModel",
        "version trained_as_of decided_count won_count base_rate standing auc auc_lower_bound recorded_late_count \
         objected_count leaking_traits drift drift_alarm",
        "fingerprint",
    ),
    ("LeakingTrait", "key information_value auc", ""),
    ("TraitDrift", "key stability_index alarm", ""),
    ("ProfitContribution", "bin customer_count", "amount"),
    // === outcomes ===
    (
        "RecordOutcomesRequest",
        "tenant_id outcomes validate_only",
        "",
    ),
    (
        "ProspectOutcome",
        "opportunity_id party_id status decided_on pursued_on advice",
        "brought acquisition_cost",
    ),
    ("RecordOutcomesResponse", "results written_at", ""),
    ("OutcomeResult", "stored unchanged rejection", ""),
    (
        "ListOutcomesRequest",
        "tenant_id party_id status page_size page_token read_options",
        "",
    ),
    (
        "ListOutcomesResponse",
        "outcomes next_page_token read_at",
        "",
    ),
    ("StoredOutcome", "outcome position record_time", ""),
];
