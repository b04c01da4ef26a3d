//! What happens around every call: deadlines and the request log.

pub mod deadline;
pub mod request_log;
