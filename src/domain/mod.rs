//! What activities, books, costs, rankings and models are, and what follows from them.
//!
//! Pure: values in, values out. No async, no clock, no random source, no input or output, and no floating point in
//! money. Knows nothing of gRPC, of stores and of the command line.

pub mod account;
pub mod acquisition;
pub mod activity;
pub mod advice_decision;
pub mod allocation;
pub mod appreciation;
pub mod closing;
pub mod concentration;
pub mod conflict;
pub mod cost_model;
pub mod data_subject;
pub mod decimal;
pub mod decision_history;
pub mod dimension;
pub mod exchange_rate;
pub mod expansion;
pub mod fingerprint;
pub mod history;
pub mod id;
pub mod iso_4217;
pub mod ledger;
pub mod model;
pub mod model_version;
pub mod money;
pub mod party;
pub mod policy;
pub mod portfolio;
pub mod premium;
pub mod price_terms;
pub mod problem;
pub mod product;
pub mod prospect;
pub mod prospect_outcome;
pub mod prospect_records;
pub mod purchase;
pub mod question;
pub mod ranking;
pub mod rates;
pub mod receivables;
pub mod records;
pub mod referral;
pub mod relation;
pub mod relationship;
pub mod same_customer;
pub mod standing;
pub mod statement;
pub mod time;
pub mod traits;
pub mod trend;
pub mod value_numbers;
pub mod versions;
pub mod watch;
