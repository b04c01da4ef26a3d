//! The one funnel from problem to status.

use crate::domain::problem::{Problem, Reason};
use std::{collections::HashMap, time::Duration};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

/// The domain of every ErrorInfo.
pub const ERROR_DOMAIN: &str = "profitscore.v1";
/// After how long a caller may try again what is UNAVAILABLE.
const RETRY_DELAY: Duration = Duration::from_secs(1);

/// The code of a reason.
fn code(reason: Reason) -> Code {
    match reason {
        Reason::FieldRequired
        | Reason::FieldInvalid
        | Reason::FieldTooLong
        | Reason::EnumValueUnknown
        | Reason::ListTooLong
        | Reason::NumberTooFine
        | Reason::NumberOutOfRange
        | Reason::CurrencyMismatch
        | Reason::CurrencyUnknown
        | Reason::TimeOutOfRange
        | Reason::PeriodInverted
        | Reason::PeriodNotAligned
        | Reason::BatchEmpty
        | Reason::BatchTooLarge
        | Reason::PageTokenInvalid
        | Reason::PageTokenMismatch
        | Reason::SequenceOutOfOrder
        | Reason::TraitTypeMismatch
        | Reason::TraitLeaksOutcome => Code::InvalidArgument,
        Reason::PositionNotReached
        | Reason::ActivityAlreadyReversed
        | Reason::SaleAlreadyReversed
        | Reason::CostModelChanged
        | Reason::EvidenceTooThin
        | Reason::ProfilingObjected
        | Reason::ExchangeRateNotFound
        | Reason::SumOutOfRange
        | Reason::PeriodNotClosed
        | Reason::PeriodNotOver
        | Reason::ClosingOutOfOrder
        | Reason::WatchTooWide => Code::FailedPrecondition,
        Reason::WatcherTooSlow => Code::Aborted,
        Reason::TooManyWatchers => Code::ResourceExhausted,
        Reason::ActivityConflict | Reason::RequestIdReused => Code::AlreadyExists,
        Reason::ActivityNotFound
        | Reason::SaleNotFound
        | Reason::CustomerNotFound
        | Reason::PartyNotFound
        | Reason::CostModelNotFound
        | Reason::ModelVersionNotFound
        | Reason::CostPoolNotFound => Code::NotFound,
        Reason::Starting | Reason::Stopping | Reason::StoreUnavailable => Code::Unavailable,
        Reason::DeadlineExceeded => Code::DeadlineExceeded,
        Reason::LedgerDamaged => Code::DataLoss,
        Reason::TokenRequired | Reason::TokenUnknown => Code::Unauthenticated,
        Reason::RoleNotAllowed | Reason::TenantNotAllowed | Reason::QuestionNotAllowed => {
            Code::PermissionDenied
        }
        Reason::ReportDoesNotTie => Code::Internal,
    }
}

impl From<Problem> for Status {
    fn from(problem: Problem) -> Self {
        let code = code(problem.reason);
        let metadata: HashMap<String, String> = problem
            .metadata
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value))
            .collect();
        let mut details =
            ErrorDetails::with_error_info(problem.reason.as_str(), ERROR_DOMAIN, metadata);
        if code == Code::InvalidArgument && !problem.field.is_empty() {
            details.add_bad_request_violation(problem.field, problem.message.clone());
        }
        if code == Code::Unavailable {
            details.set_retry_info(Some(RETRY_DELAY));
        }
        if matches!(code, Code::Internal | Code::DataLoss) {
            tracing::error!(reason = problem.reason.as_str(), message = %problem.message);
        }
        Self::with_error_details(code, problem.message, details)
    }
}
