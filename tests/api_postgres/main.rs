//! The whole test suite of the service once more, over PostgreSQL. The tests themselves are those of `tests/api`.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]

#[path = "../shared/cluster.rs"]
mod cluster;
mod store;
mod two_services;

#[path = "../api/acquisition.rs"]
mod acquisition;
#[path = "../api/activities.rs"]
mod activities;
#[path = "../api/advice.rs"]
mod advice;
#[path = "../api/alerts.rs"]
mod alerts;
#[path = "../api/allocation.rs"]
mod allocation;
#[path = "../api/appreciation.rs"]
mod appreciation;
#[path = "../api/asked_of_roles.rs"]
mod asked_of_roles;
#[path = "../api/closings.rs"]
mod closings;
#[path = "../api/comparison.rs"]
mod comparison;
#[path = "../api/complaints.rs"]
mod complaints;
#[path = "../api/cost_models.rs"]
mod cost_models;
#[path = "../api/currencies.rs"]
mod currencies;
#[path = "../api/customer_value.rs"]
mod customer_value;
#[path = "../api/customers.rs"]
mod customers;
#[path = "../api/decisions.rs"]
mod decisions;
#[path = "../api/dimensions.rs"]
mod dimensions;
#[path = "../api/discounts.rs"]
mod discounts;
#[path = "../api/evidence.rs"]
mod evidence;
#[path = "../api/expected_profit.rs"]
mod expected_profit;
#[path = "../api/exports.rs"]
mod exports;
#[path = "../api/failures.rs"]
mod failures;
#[path = "../api/faulty_store.rs"]
mod faulty_store;
#[path = "../api/filled.rs"]
mod filled;
#[path = "../api/growth.rs"]
mod growth;
#[path = "../api/harness.rs"]
mod harness;
#[path = "../api/hostile.rs"]
mod hostile;
#[path = "../api/hostile_questions.rs"]
mod hostile_questions;
#[path = "../api/inactive.rs"]
mod inactive;
#[path = "../api/late_arrivals.rs"]
mod late_arrivals;
#[path = "../api/lookalikes.rs"]
mod lookalikes;
#[path = "../api/loyalty.rs"]
mod loyalty;
#[path = "../api/metrics.rs"]
mod metrics;
#[path = "../api/outcomes.rs"]
mod outcomes;
#[path = "../api/price_terms.rs"]
mod price_terms;
#[path = "../api/products.rs"]
mod products;
#[path = "../api/prospects.rs"]
mod prospects;
#[path = "../api/rankings.rs"]
mod rankings;
#[path = "../api/receivables.rs"]
mod receivables;
#[path = "../api/referral_lists.rs"]
mod referral_lists;
#[path = "../api/referrals.rs"]
mod referrals;
#[path = "../api/relationships.rs"]
mod relationships;
#[path = "../api/reports.rs"]
mod reports;
#[path = "../api/restating.rs"]
mod restating;
#[path = "../api/roles.rs"]
mod roles;
#[path = "../api/serving.rs"]
mod serving;
#[path = "../api/streams.rs"]
mod streams;
#[path = "../api/time_plan.rs"]
mod time_plan;
#[path = "../api/tokens.rs"]
mod tokens;
#[path = "../api/trends.rs"]
mod trends;
#[path = "../api/watchers.rs"]
mod watchers;
#[path = "../api/watching.rs"]
mod watching;
#[path = "../api/win_cards.rs"]
mod win_cards;
#[path = "../api/win_models.rs"]
mod win_models;
