//! What happens around every call: who may make it, deadlines and the request log.

pub mod auth;
mod cut;
pub mod deadline;
pub mod request_log;
