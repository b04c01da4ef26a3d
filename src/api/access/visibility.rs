//! The one table of what callers without the finance role may call, send and be told. Read by `view`, which applies it
//! to every message; shown to people in `docs/roles.md`.
//!
//! A method or a field that is not here is for finance alone, and a test finds it. To add one, ask whether a cost, a
//! margin or the sign of a profit could be worked out of it, together with the revenue, which everybody sees: if so it
//! is for finance. What asks a question that divides profits at an amount of the caller's choice is for finance too: by
//! asking often enough the profit itself is found.

use super::{
    Role::{self, Ingest, Sales},
    prospects::PROSPECTS,
    rates::RATES,
    referrals::REFERRALS,
    values::VALUES,
};

pub use super::whole::WHOLE;

/// A service's methods, each with the roles that may call it besides finance.
pub type ServiceMethods = (&'static str, &'static [(&'static str, &'static [Role])]);

const NOBODY: &[Role] = &[];

/// Every method of the contract. Sales submits no activities: who could would set a customer of known profit beside
/// another, and see by its rank which is greater.
pub const METHODS: &[ServiceMethods] = &[
    (
        "ActivityService",
        &[
            ("SubmitActivities", &[Ingest]),
            ("StreamActivities", &[Ingest]),
            ("ReverseActivities", &[Ingest]),
            ("ListActivities", &[Sales]),
        ],
    ),
    // What is advised tells on which side of a floor a margin stands.
    (
        "AdviceService",
        &[
            ("PlanPortfolio", NOBODY),
            ("ExportPortfolio", NOBODY),
            ("SimulateRelationship", NOBODY),
            ("SimulatePortfolio", NOBODY),
            ("AllocateTime", NOBODY),
            ("SuggestCrossSell", NOBODY),
            ("RankExpansion", NOBODY),
            ("RankBonusReturns", NOBODY),
            ("AllocateAppreciation", NOBODY),
            ("GetReferralValue", &[Sales]),
            // On which side of zero a referral value stands is the sign of a profit of those who were brought.
            ("ListReferralQuadrants", NOBODY),
            ("GetReferralReport", &[Sales]),
            ("ListReferralAsks", &[Sales]),
            // What was forecast and what came of it are margins.
            ("RecordDecisions", NOBODY),
            ("ListDecisions", NOBODY),
        ],
    ),
    (
        "ClosingService",
        &[
            ("ClosePeriod", NOBODY),
            ("ListClosedPeriods", &[Sales, Ingest]),
            ("ListLateEntries", NOBODY),
            ("GetLateArrivals", NOBODY),
        ],
    ),
    (
        "CostModelService",
        &[
            ("PutCostModel", NOBODY),
            ("GetCostModel", NOBODY),
            ("ListCostModels", NOBODY),
            ("GetAllocationTrace", NOBODY),
            ("CompareAllocationPolicies", NOBODY),
            ("GetCapacityUse", NOBODY),
            ("RevertCostModel", NOBODY),
        ],
    ),
    (
        "CustomerService",
        &[
            ("UpsertParties", &[Sales, Ingest]),
            ("GetParty", &[Sales, Ingest]),
            ("ListParties", &[Sales, Ingest]),
            ("PutTraitDefinition", &[Ingest]),
            ("ListTraitDefinitions", &[Sales, Ingest]),
            ("PutProducts", &[Ingest]),
            ("ListProducts", &[Sales, Ingest]),
            ("SetProfilingObjection", &[Sales, Ingest]),
            ("EraseParty", &[Ingest]),
        ],
    ),
    ("CustomerValueService", &[("GetCustomerValue", &[Sales])]),
    (
        "ExchangeRateService",
        &[
            ("PutExchangeRates", &[Ingest]),
            ("ListExchangeRates", &[Sales, Ingest]),
        ],
    ),
    // Who could choose by what customers are grouped would find by many choices who earns more than whom.
    (
        "PriceTermsService",
        &[
            ("PutPriceTerms", &[Ingest]),
            ("ListPriceTerms", &[Sales, Ingest]),
        ],
    ),
    (
        "ProspectService",
        &[
            ("GetProfile", &[Sales]),
            ("ListLookalikes", &[Sales]),
            ("PrequalifyProspects", &[Sales]),
            ("RecordOutcomes", &[Sales, Ingest]),
            ("ListOutcomes", &[Sales, Ingest]),
            ("EvaluateModel", NOBODY),
            ("AdoptModel", NOBODY),
            ("RestoreModel", NOBODY),
            ("ListModels", NOBODY),
            ("GetProxyReport", NOBODY),
        ],
    ),
    (
        "RankingService",
        &[
            ("RankCustomers", &[Sales]),
            ("ExportRanking", &[Sales]),
            ("GetCustomerStatement", &[Sales]),
            ("CompareBands", &[Sales]),
            // Shares and points of the curve are profits in another unit.
            ("GetConcentration", NOBODY),
        ],
    ),
    // What is billed, paid and open tells what was given up, which is a cost.
    (
        "ReceivablesService",
        &[("GetReceivables", NOBODY), ("ListReceivables", NOBODY)],
    ),
    (
        "ReportService",
        &[
            // Nothing of it would be left but its ids.
            ("GetCrossReport", NOBODY),
            ("RankDimension", &[Sales]),
            ("GetTrend", &[Sales]),
            // Its order is by profit per source, and its rows are sums of it.
            ("GetAcquisitionReport", NOBODY),
        ],
    ),
    // An alert says on which side of a floor, which the caller chooses, a profit stands; and a ranking that is watched
    // sets each single activity, whose revenue everybody sees, beside the ranks before and after it.
    (
        "WatchService",
        &[("WatchRanking", NOBODY), ("WatchAlerts", NOBODY)],
    ),
];

/// A message, its fields that everybody sees, and those of finance alone.
pub type MessageFields = (&'static str, &'static str, &'static str);

/// Every message that is not of finance alone.
pub fn messages() -> impl Iterator<Item = &'static MessageFields> {
    let others = [PROSPECTS, RATES, REFERRALS, VALUES];
    FIELDS.iter().chain(others.into_iter().flatten())
}

/// Every field of what is answered, and of what sales may send. A field of finance is left out of an answer, and
/// refused in a question.
const FIELDS: &[MessageFields] = &[
    // === the ledger ===
    (
        "Activity",
        "activity_id customer_id occur_time dimensions sale refund direct_cost effort complaint special_demand \
         invoice payment referral credit_note dispute bonus appreciation acquisition retention_spend feedback \
         externality qualitative_factor referral_ask",
        "write_off",
    ),
    (
        "Dimensions",
        "branch_id product_id account_manager_id channel_id campaign_id evidence_ref",
        "",
    ),
    (
        "Sale",
        "revenue quantity list_amount discount_amount",
        "cost_of_goods",
    ),
    ("Refund", "amount paid_out", "recovered_cost_of_goods"),
    ("DirectCost", "kind sale_activity_id", "amount"),
    ("Bonus", "event sale_activity_id", "amount"),
    ("Appreciation", "kind description", "amount"),
    ("Acquisition", "offer_id", "amount"),
    ("RetentionSpend", "description", "amount"),
    ("Feedback", "score worst_score best_score comment", ""),
    ("Externality", "kind source", "estimate"),
    ("QualitativeFactor", "name weight note", ""),
    ("QualitativeFactorSum", "name weight", ""),
    // Minutes are costs in another unit to whoever knows what an hour costs.
    (
        "Effort",
        "role_id purpose channel urgency complexity",
        "minutes",
    ),
    (
        "Complaint",
        "severity perceived_severity role_id",
        "compensation minutes",
    ),
    ("SpecialDemand", "description role_id", "cost minutes"),
    ("Invoice", "invoice_id amount due_time", ""),
    ("Payment", "amount invoice_id", ""),
    ("CreditNote", "amount invoice_id", ""),
    ("Dispute", "invoice_id resolved", ""),
    (
        "Reversal",
        "reversal_id activity_id reason evidence_ref",
        "",
    ),
    (
        "LedgerEntry",
        "position record_time activity reversal reversed_at",
        "conversion",
    ),
    ("SubmitActivitiesResponse", "results written_at", ""),
    (
        "StreamActivitiesResponse",
        "sequence written_at posted_count duplicate_count rejections",
        "",
    ),
    ("ReverseActivitiesResponse", "results written_at", ""),
    ("ActivityResult", "posted duplicate rejection", ""),
    ("Posted", "position", ""),
    ("Duplicate", "position", ""),
    ("Rejection", "reason field message metadata", ""),
    ("ChunkRejection", "index rejection", ""),
    (
        "ListActivitiesRequest",
        "tenant_id customer_id period page_size page_token read_options",
        "",
    ),
    (
        "ListActivitiesResponse",
        "entries next_page_token read_at",
        "",
    ),
    // === positions, months and costs ===
    ("LedgerPosition", "position", ""),
    ("ReadOptions", "at_least_as_fresh as_of as_closed", ""),
    ("CalendarMonth", "year month", ""),
    (
        "CostBasis",
        "cost_model_version active_customer_count",
        "unrated_efforts allocated_fixed_cost unallocated_fixed_cost receivables_cost inactive_receivables_cost \
         restatement",
    ),
    (
        "ListClosedPeriodsRequest",
        "tenant_id page_size page_token read_options",
        "",
    ),
    (
        "ListClosedPeriodsResponse",
        "closed_periods next_page_token read_at",
        "",
    ),
    ("ClosedPeriod", "month period position record_time note", ""),
    // === customers ===
    ("Party", "party_id stage display_name traits", ""),
    ("Trait", "key value", ""),
    ("TraitValue", "category number set flag", ""),
    ("CategorySet", "categories", ""),
    ("TraitFilter", "key any_of", ""),
    (
        "TraitDefinition",
        "key type bin_edges sensitivity known_after_conversion",
        "",
    ),
    (
        "UpsertPartiesRequest",
        "tenant_id parties validate_only",
        "",
    ),
    ("UpsertPartiesResponse", "results written_at", ""),
    ("PartyResult", "stored unchanged rejection", ""),
    ("GetPartyRequest", "tenant_id party_id read_options", ""),
    ("GetPartyResponse", "party read_at profiling_objection", ""),
    (
        "SetProfilingObjectionRequest",
        "tenant_id party_id objects evidence_ref validate_only",
        "",
    ),
    ("SetProfilingObjectionResponse", "unchanged written_at", ""),
    ("ErasePartyResponse", "unchanged written_at", ""),
    (
        "ListPartiesRequest",
        "tenant_id stage traits page_size page_token read_options",
        "",
    ),
    ("ListPartiesResponse", "parties next_page_token read_at", ""),
    (
        "PutTraitDefinitionResponse",
        "trait_definition written_at",
        "",
    ),
    (
        "ListTraitDefinitionsRequest",
        "tenant_id page_size page_token read_options",
        "",
    ),
    (
        "ListTraitDefinitionsResponse",
        "trait_definitions next_page_token read_at",
        "",
    ),
    (
        "ListProductsRequest",
        "tenant_id page_size page_token read_options",
        "",
    ),
    (
        "ListProductsResponse",
        "products next_page_token read_at",
        "",
    ),
    ("Product", "product_id category_id", ""),
    ("PutProductsResponse", "results written_at", ""),
    ("ProductResult", "stored unchanged rejection", ""),
    // === rankings: order is for everybody, amounts by which it is made are not, nor who is below zero ===
    ("CustomerFilter", "traits branch_ids", ""),
    (
        "RankCustomersRequest",
        "tenant_id period basis direction filter cost_model_version page_size page_token read_options",
        // Who did nothing marks zero in the order.
        "reporting_currency include_inactive value_terms referral_terms",
    ),
    (
        "RankCustomersResponse",
        "customers next_page_token read_at cost_basis customer_count referral_totals objected_count",
        "control_total negative_count inactive_count",
    ),
    (
        "RankedCustomer",
        "rank customer_id display_name statement rank_by_revenue rank_by_net_profit rank_divergence \
         paid_share average_days_late price_list_id discount_tier nominal_discount customer_value \
         referral profiling_objected",
        "value share_of_total cumulative_value cumulative_share inactive",
    ),
    (
        "ExportRankingRequest",
        "tenant_id period basis direction filter cost_model_version read_options",
        "reporting_currency include_inactive value_terms",
    ),
    (
        "ExportRankingResponse",
        "customers read_at cost_basis customer_count objected_count",
        "control_total negative_count inactive_count",
    ),
    (
        "Statement",
        "gross_revenue discounts refunds net_revenue invoiced spend sale_count quantity complaint_count \
         special_demand_count referral_count minor_complaint_count moderate_complaint_count \
         major_complaint_count price_realisation feedback_count mean_feedback qualitative_factors",
        "cost_of_goods direct_costs contribution_margin cost_to_serve receivables_cost customer_margin \
         allocated_fixed_cost net_profit minutes carrying_cost provision_change acquisition_cost retention_cost \
         bonus_cost appreciation_cost bonus_liability total_acquisition_cost total_retention_cost complaint_cost \
         cost_per_complaint special_demand_cost special_demand_effort_share rush_minutes rush_effort_share \
         premium_cost return_on_service externality_other_customers externality_reputation",
    ),
    (
        "GetCustomerStatementRequest",
        "tenant_id customer_id period cost_model_version read_options",
        "reporting_currency",
    ),
    (
        "GetCustomerStatementResponse",
        "customer_id display_name statement rank_by_revenue rank_by_net_profit customer_count read_at cost_basis \
         price_list_id discount_tier nominal_discount",
        "lines control_total",
    ),
    (
        "CompareBandsRequest",
        "tenant_id period basis band_size filter cost_model_version read_options band_fraction",
        "reporting_currency",
    ),
    (
        "CompareBandsResponse",
        "bands band_size customer_count read_at cost_basis band_size_rule",
        "control_total",
    ),
    (
        "Band",
        "place customers revenue revenue_share",
        "value share_of_total net_profit net_profit_share unprofitable_count",
    ),
    // === reports ===
    (
        "RankDimensionRequest",
        "tenant_id period dimension basis direction filter cost_model_version page_size page_token read_options",
        "reporting_currency",
    ),
    (
        "RankDimensionResponse",
        "rows next_page_token row_count read_at cost_basis sale_count complaint_count major_complaint_count \
         complaints_per_hundred_sales",
        "negative_count control_total",
    ),
    (
        "RankedDimension",
        "rank dimension_id statement complaints_per_hundred_sales severe_complaint_share",
        "value share_of_total cumulative_value cumulative_share sales_pay profit_per_sales_pay revenue_per_hour \
         profit_per_hour",
    ),
    (
        "GetTrendRequest",
        "tenant_id customer_id period granularity basis filter cost_model_version read_options",
        "reporting_currency",
    ),
    (
        "GetTrendResponse",
        "points revenue_slope attention_outpaces_volume read_at cost_basis",
        "slope minutes_slope control_total",
    ),
    (
        "TrendPoint",
        "period is_complete statement prior_period prior_year",
        "value effort_share sign_change",
    ),
    (
        "TrendComparison",
        "period statement",
        "value change change_share",
    ),
];
