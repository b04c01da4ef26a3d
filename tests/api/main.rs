//! The service over a real socket, one file per service, and every reason for which it can refuse.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]

mod acquisition;
mod activities;
mod advice;
mod alerts;
mod allocation;
mod appreciation;
mod asked_of_roles;
mod closings;
mod comparison;
mod complaints;
mod cost_models;
mod currencies;
mod customer_value;
mod customers;
mod decisions;
mod dimensions;
mod discounts;
mod evidence;
mod expected_profit;
mod exports;
mod failures;
mod faulty_store;
mod filled;
mod growth;
mod harness;
mod hostile;
mod hostile_questions;
mod inactive;
mod late_arrivals;
mod lookalikes;
mod loyalty;
mod metrics;
mod outcomes;
mod price_terms;
mod products;
mod prospects;
mod rankings;
mod receivables;
mod referral_lists;
mod referrals;
mod relationships;
mod reports;
mod restating;
mod roles;
mod serving;
mod store;
mod streams;
mod time_plan;
mod tokens;
mod trends;
mod watchers;
mod watching;
mod win_cards;
mod win_models;
