//! Every reason for which something can be refused or can fail: one closed list, mirrored in the contract.

use std::{collections::BTreeMap, error::Error, fmt};

macro_rules! reasons {
    ($($name:ident = $text:literal),+ $(,)?) => {
        /// Why something was refused. Each has a page under `docs/errors`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(missing_docs, reason = "the contract's error_reason.proto documents each")]
        pub enum Reason { $($name),+ }

        impl Reason {
            /// All reasons, in the order of the contract.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The reason's name in the contract, without its prefix.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
            }
        }
    };
}

reasons! {
    FieldRequired = "FIELD_REQUIRED",
    FieldInvalid = "FIELD_INVALID",
    FieldTooLong = "FIELD_TOO_LONG",
    EnumValueUnknown = "ENUM_VALUE_UNKNOWN",
    ListTooLong = "LIST_TOO_LONG",
    NumberTooFine = "NUMBER_TOO_FINE",
    NumberOutOfRange = "NUMBER_OUT_OF_RANGE",
    CurrencyMismatch = "CURRENCY_MISMATCH",
    TimeOutOfRange = "TIME_OUT_OF_RANGE",
    PeriodInverted = "PERIOD_INVERTED",
    PeriodNotAligned = "PERIOD_NOT_ALIGNED",
    BatchEmpty = "BATCH_EMPTY",
    BatchTooLarge = "BATCH_TOO_LARGE",
    PageTokenInvalid = "PAGE_TOKEN_INVALID",
    PageTokenMismatch = "PAGE_TOKEN_MISMATCH",
    SequenceOutOfOrder = "SEQUENCE_OUT_OF_ORDER",
    PositionNotReached = "POSITION_NOT_REACHED",
    ActivityConflict = "ACTIVITY_CONFLICT",
    ActivityNotFound = "ACTIVITY_NOT_FOUND",
    ActivityAlreadyReversed = "ACTIVITY_ALREADY_REVERSED",
    CustomerNotFound = "CUSTOMER_NOT_FOUND",
    PartyNotFound = "PARTY_NOT_FOUND",
    CostModelNotFound = "COST_MODEL_NOT_FOUND",
    CostModelChanged = "COST_MODEL_CHANGED",
    RequestIdReused = "REQUEST_ID_REUSED",
    TraitTypeMismatch = "TRAIT_TYPE_MISMATCH",
    TraitLeaksOutcome = "TRAIT_LEAKS_OUTCOME",
    EvidenceTooThin = "EVIDENCE_TOO_THIN",
    Starting = "STARTING",
    Stopping = "STOPPING",
    DeadlineExceeded = "DEADLINE_EXCEEDED",
    LedgerDamaged = "LEDGER_DAMAGED",
    StoreUnavailable = "STORE_UNAVAILABLE",
    ReportDoesNotTie = "REPORT_DOES_NOT_TIE",
    SumOutOfRange = "SUM_OUT_OF_RANGE",
    CostPoolNotFound = "COST_POOL_NOT_FOUND",
    SaleNotFound = "SALE_NOT_FOUND",
    SaleAlreadyReversed = "SALE_ALREADY_REVERSED",
    ExchangeRateNotFound = "EXCHANGE_RATE_NOT_FOUND",
    CurrencyUnknown = "CURRENCY_UNKNOWN",
    WatcherTooSlow = "WATCHER_TOO_SLOW",
    TooManyWatchers = "TOO_MANY_WATCHERS",
    WatchTooWide = "WATCH_TOO_WIDE",
    PeriodNotClosed = "PERIOD_NOT_CLOSED",
    PeriodNotOver = "PERIOD_NOT_OVER",
    ClosingOutOfOrder = "CLOSING_OUT_OF_ORDER",
    TokenRequired = "TOKEN_REQUIRED",
    TokenUnknown = "TOKEN_UNKNOWN",
    RoleNotAllowed = "ROLE_NOT_ALLOWED",
    TenantNotAllowed = "TENANT_NOT_ALLOWED",
    QuestionNotAllowed = "QUESTION_NOT_ALLOWED",
    ProfilingObjected = "PROFILING_OBJECTED",
    ModelVersionNotFound = "MODEL_VERSION_NOT_FOUND",
}

/// A refusal or a failure: the reason for programs, a message for people, and every variable of the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Why.
    pub reason: Reason,
    /// The field it is about, from the request down; empty if it is about none.
    pub field: String,
    /// Why, for people; lower case, without a full stop.
    pub message: String,
    /// Every variable of the message.
    pub metadata: BTreeMap<&'static str, String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Problem {}

impl Problem {
    /// A problem with its variables; `message` is built by the caller from the same variables.
    pub fn new<const N: usize>(
        reason: Reason,
        field: impl fmt::Display,
        message: String,
        variables: [(&'static str, String); N],
    ) -> Self {
        let field = field.to_string();
        let mut metadata = BTreeMap::from(variables);
        if !field.is_empty() {
            metadata.insert("field", field.clone());
        }
        Self {
            reason,
            field,
            message,
            metadata,
        }
    }

    /// Puts a message's place before the field: `revenue` in `activities[3].sale` is `activities[3].sale.revenue`.
    #[must_use]
    pub fn within(mut self, parent: &str) -> Self {
        self.field = if self.field.is_empty() {
            parent.to_owned()
        } else {
            format!("{parent}.{}", self.field)
        };
        self.metadata.insert("field", self.field.clone());
        self
    }

    /// Names another field, where a request has the same thing under another name.
    #[must_use]
    pub fn about(mut self, field: &str) -> Self {
        self.field = field.to_owned();
        self.metadata.insert("field", self.field.clone());
        self
    }

    /// A required field is missing.
    pub fn field_required(field: impl fmt::Display + Copy) -> Self {
        Self::new(
            Reason::FieldRequired,
            field,
            format!("{field} is required"),
            [],
        )
    }

    /// A field's content is not what it has to be.
    pub fn field_invalid(field: impl fmt::Display + Copy, problem: &str) -> Self {
        let message = format!("{field} {problem}");
        Self::new(
            Reason::FieldInvalid,
            field,
            message,
            [("problem", problem.to_owned())],
        )
    }

    /// A field is too long.
    pub fn field_too_long(field: impl fmt::Display + Copy, limit: usize, actual: usize) -> Self {
        let message = format!("{field} has {actual} bytes, at most {limit} are allowed");
        let variables = [("limit", limit.to_string()), ("actual", actual.to_string())];
        Self::new(Reason::FieldTooLong, field, message, variables)
    }

    /// An enum has a value that this version does not know.
    pub fn enum_value_unknown(field: impl fmt::Display + Copy, value: i32) -> Self {
        let message = format!("{field} has the value {value}, which is not known");
        Self::new(
            Reason::EnumValueUnknown,
            field,
            message,
            [("value", value.to_string())],
        )
    }

    /// A list has too many items.
    pub fn list_too_long(field: &str, limit: usize, actual: usize) -> Self {
        let message = format!("{field} has {actual} items, at most {limit} are allowed");
        let variables = [("limit", limit.to_string()), ("actual", actual.to_string())];
        Self::new(Reason::ListTooLong, field, message, variables)
    }

    /// A number has more decimal places than are kept.
    pub fn number_too_fine(field: impl fmt::Display + Copy, limit: u32) -> Self {
        let message = format!("{field} has more than {limit} decimal places; nothing is rounded");
        Self::new(
            Reason::NumberTooFine,
            field,
            message,
            [("limit", limit.to_string())],
        )
    }

    /// A number is outside its range.
    pub fn number_out_of_range(
        field: impl fmt::Display + Copy,
        minimum: &str,
        maximum: &str,
    ) -> Self {
        let message = format!("{field} must be from {minimum} to {maximum}");
        let variables = [
            ("minimum", minimum.to_owned()),
            ("maximum", maximum.to_owned()),
        ];
        Self::new(Reason::NumberOutOfRange, field, message, variables)
    }

    /// A time is outside what the books can hold.
    pub fn time_out_of_range(field: impl fmt::Display + Copy) -> Self {
        let message = format!("{field} must be from 1900-01-01 to before 2200-01-01");
        Self::new(Reason::TimeOutOfRange, field, message, [])
    }

    /// The asked position is not written yet.
    pub fn position_not_reached(field: &str, position: u64, written: u64) -> Self {
        let message = format!("{field} asks for position {position}, written is {written}");
        let variables = [
            ("position", position.to_string()),
            ("written", written.to_string()),
        ];
        Self::new(Reason::PositionNotReached, field, message, variables)
    }

    /// The store could not do its work; nothing was written.
    pub fn store_unavailable(problem: &str) -> Self {
        let message = format!("the store could not do its work: {problem}");
        Self::new(
            Reason::StoreUnavailable,
            "",
            message,
            [("problem", problem.to_owned())],
        )
    }

    /// What was read back is not what was written.
    pub fn ledger_damaged(place: &str) -> Self {
        let message = format!("what was read back is not what was written: {place}");
        Self::new(
            Reason::LedgerDamaged,
            "",
            message,
            [("place", place.to_owned())],
        )
    }
}
