//! Tells a business which customers earn it money, which cost it money, and which prospects are worth winning.
//!
//! Rooms, in the order in which data flows; dependencies run one way only, `api -> service -> domain <- store`:
//!
//! * [`api`]: the only room that knows tonic and prost.
//! * [`service`]: use cases; async and the clock live here and above.
//! * [`domain`]: pure: what things are and what follows from them.
//! * [`store`]: keeps what the domain decided.
//! * [`cli`]: the command line, a gRPC client like any other.

pub mod api;
pub mod cli;
pub mod domain;
pub mod server;
pub mod service;
pub mod store;
pub mod telemetry;
