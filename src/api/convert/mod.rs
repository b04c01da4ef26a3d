//! Between the contract's messages and the domain's words: `from_pb` can refuse, and is the validation; `to_pb` cannot
//! fail.

pub mod acquisition;
pub mod activity;
pub mod allocation;
pub mod allocation_policy;
pub mod band;
pub mod capacity;
pub mod closing;
pub mod common;
pub mod cost_model;
pub mod customer_value;
pub mod decision;
pub mod dependence;
pub mod exchange_rate;
pub mod growth;
pub mod ledger;
pub mod outcome;
pub mod party;
pub mod portfolio;
pub mod premium;
pub mod price_terms;
pub mod product;
pub mod prospect;
pub mod ranking;
pub mod receivables;
pub mod referral;
pub mod referral_report;
pub mod relationship;
pub mod report;
pub mod simulation;
pub mod statement;
pub mod time_plan;
pub mod trend;
pub mod watch;
pub mod win_model;
