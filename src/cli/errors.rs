//! What can go wrong on the command line, how it is told to people, and the exit code that tells programs.

use super::output::note;
use std::fmt::Write as _;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

/// What the exit codes mean; part of `--help`.
pub const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  done, but the service refused some items; each is told on standard error
  2  wrong usage: a flag, a file or a mapping
  3  could not connect, the service is not available, or no answer in time: try again
  4  the service refused the request; the reason has a page under docs/errors
  5  not found
  6  the service or this program failed";

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub enum Failure {
    /// The service refused some items; they have been told already.
    ItemsRefused {
        /// How many.
        count: u64,
    },
    /// A flag, a file or a mapping is wrong.
    Usage(String),
    /// Nobody answers at the endpoint, or the connection broke.
    Unreachable(String),
    /// The service answered with an error.
    Status(Box<Status>),
    /// Anything else.
    Other(anyhow::Error),
}

impl From<Status> for Failure {
    fn from(status: Status) -> Self {
        Self::Status(Box::new(status))
    }
}

impl From<anyhow::Error> for Failure {
    fn from(problem: anyhow::Error) -> Self {
        Self::Other(problem)
    }
}

impl Failure {
    /// A flag, a file or a mapping is wrong.
    pub fn usage(problem: impl Into<String>) -> Self {
        Self::Usage(problem.into())
    }

    /// The exit code; see [`EXIT_CODES`].
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::ItemsRefused { .. } => 1,
            Self::Usage(_) => 2,
            Self::Unreachable(_) => 3,
            Self::Status(status) => exit_code_of(status),
            Self::Other(_) => 6,
        }
    }

    /// Whether the same request may well succeed a little later.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable(_) => true,
            Self::Status(status) => exit_code_of(status) == 3,
            Self::ItemsRefused { .. } | Self::Usage(_) | Self::Other(_) => false,
        }
    }

    /// Tells people on standard error.
    pub fn print(&self) {
        note(self.text().trim_end());
    }

    fn text(&self) -> String {
        match self {
            Self::ItemsRefused { count: 1 } => "error: 1 item was refused".to_owned(),
            Self::ItemsRefused { count } => format!("error: {count} items were refused"),
            Self::Usage(problem) => format!("error: {problem}"),
            Self::Unreachable(problem) => format!("error: {problem}"),
            Self::Status(status) => status_text(status),
            Self::Other(problem) => format!("error: {problem:#}"),
        }
    }
}

fn exit_code_of(status: &Status) -> u8 {
    match status.code() {
        Code::Ok => 0,
        // tonic's own client answers CANCELLED when its timer runs out, and UNKNOWN when a connection breaks.
        Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled => 3,
        Code::Unknown if std::error::Error::source(status).is_some() => 3,
        Code::NotFound => 5,
        Code::InvalidArgument
        | Code::FailedPrecondition
        | Code::OutOfRange
        | Code::AlreadyExists
        | Code::Aborted
        | Code::PermissionDenied
        | Code::Unauthenticated
        | Code::ResourceExhausted
        | Code::Unimplemented => 4,
        Code::Unknown | Code::Internal | Code::DataLoss => 6,
    }
}

fn status_text(status: &Status) -> String {
    let details = status.get_error_details();
    let mut text = format!("error: {} ({:?})\n", status.message(), status.code());
    // Writing to a String cannot fail.
    if let Some(request) = details.bad_request() {
        for violation in &request.field_violations {
            let _ = writeln!(
                text,
                "  field {}: {}",
                violation.field, violation.description
            );
        }
    }
    if let Some(info) = details.error_info() {
        let _ = writeln!(text, "  reason {}", info.reason);
        let mut variables: Vec<_> = info.metadata.iter().collect();
        variables.sort();
        for (name, value) in variables {
            let _ = writeln!(text, "    {name} = {value}");
        }
        let _ = writeln!(text, "  see {}", page_of(&info.reason));
    }
    text
}

/// Where a reason is explained.
pub fn page_of(reason: &str) -> String {
    format!("docs/errors/{reason}.md")
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic_types::ErrorDetails;

    #[test]
    fn a_status_is_told_with_its_reason_its_fields_and_its_page() {
        let mut details = ErrorDetails::with_bad_request_violation("page_size", "is below zero");
        details.set_error_info(
            "NUMBER_OUT_OF_RANGE",
            "profitscore.v1",
            [("minimum".to_owned(), "0".to_owned())],
        );
        let status =
            Status::with_error_details(Code::InvalidArgument, "page_size is below zero", details);
        let failure = Failure::from(status);
        assert_eq!(failure.exit_code(), 4);
        assert_eq!(
            failure.text(),
            "error: page_size is below zero (InvalidArgument)\n  \
             field page_size: is below zero\n  \
             reason NUMBER_OUT_OF_RANGE\n    \
             minimum = 0\n  \
             see docs/errors/NUMBER_OUT_OF_RANGE.md\n"
        );
    }

    #[test]
    fn exit_codes_say_what_to_do_next() {
        let code = |code| Failure::from(Status::new(code, "")).exit_code();
        assert_eq!(code(Code::Unavailable), 3);
        assert_eq!(code(Code::NotFound), 5);
        assert_eq!(code(Code::FailedPrecondition), 4);
        assert_eq!(code(Code::DataLoss), 6);
        assert_eq!(Failure::ItemsRefused { count: 2 }.exit_code(), 1);
        assert!(Failure::from(Status::unavailable("")).is_transient());
        assert!(!Failure::from(Status::not_found("")).is_transient());
    }
}
