//! The only room that knows tonic and prost.
//!
//! Handlers take no decisions: `from_pb` turns a message into the domain's words or refuses it (this is validation),
//! the service is called, and `to_pb`, which cannot fail, turns the answer into a message.

pub mod access;
pub mod activity;
mod activity_stream;
pub mod advice;
mod advice_appreciation;
mod advice_decisions;
mod advice_growth;
mod advice_portfolio;
mod advice_simulation;
mod advice_time;
pub mod closing;
mod convert;
pub mod cost_model;
pub mod customer;
pub mod customer_value;
pub mod exchange_rate;
pub mod layers;
pub mod metrics;
mod outbox;
mod page_token;
mod paging;
pub mod price_terms;
pub mod prospect;
mod prospect_model;
pub mod ranking;
mod ranking_expected;
mod ranking_export;
mod ranking_solvency;
mod ranking_total_value;
pub mod receivables;
mod referral;
pub mod report;
pub mod server;
pub mod status;
pub mod watch;
mod wire;

/// The generated contract.
#[allow(
    clippy::all,
    clippy::cast_possible_truncation,
    missing_docs,
    unused_qualifications,
    rustdoc::all
)]
pub mod pb {
    include!(concat!(env!("OUT_DIR"), "/api.rs"));
    pub use self::google::r#type as google_type;
    pub use self::profitscore::v1::*;
}

/// The server of activities, whose requests are read from their bytes.
#[allow(clippy::all, missing_docs, unused_qualifications, rustdoc::all)]
mod activity_server {
    include!(concat!(
        env!("OUT_DIR"),
        "/activity_server/profitscore.v1.rs"
    ));
    pub use self::activity_service_server::*;
}

/// The contract as an encoded `google.protobuf.FileDescriptorSet`, for reflection and for JSON output.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/api.bin"));
