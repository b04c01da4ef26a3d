//! Identifiers that cannot hold a wrong value.

use super::problem::Problem;
use serde::{Deserialize, Serialize};
use std::{borrow::Borrow, fmt, sync::Arc};

/// The tenant that is used when a request names none.
pub const DEFAULT_TENANT: &str = "default";

/// What postings without a value of a dimension are counted under.
pub const UNASSIGNED: &str = "UNASSIGNED";

/// Checks a required text: 1 to `limit` bytes, no control characters, no blanks at its ends.
pub fn check_text(
    text: &str,
    limit: usize,
    field: impl fmt::Display + Copy,
) -> Result<(), Problem> {
    if text.is_empty() {
        return Err(Problem::field_required(field));
    }
    check_optional_text(text, limit, field)
}

/// Checks a text that may be empty.
pub fn check_optional_text(
    text: &str,
    limit: usize,
    field: impl fmt::Display + Copy,
) -> Result<(), Problem> {
    if text.len() > limit {
        return Err(Problem::field_too_long(field, limit, text.len()));
    }
    // Nearly every text is of this kind, and is looked at once.
    let plain = |byte: &u8| (0x20..0x7f).contains(byte);
    if text.as_bytes().iter().all(plain) && !text.starts_with(' ') && !text.ends_with(' ') {
        return Ok(());
    }
    if text.chars().any(char::is_control) {
        return Err(Problem::field_invalid(field, "holds a control character"));
    }
    if text.trim().len() != text.len() {
        return Err(Problem::field_invalid(field, "begins or ends with a blank"));
    }
    Ok(())
}

/// Checks a key: like [`check_text`], and only letters, digits, '.', '_' and '-'.
pub fn check_key(text: &str, limit: usize, field: impl fmt::Display + Copy) -> Result<(), Problem> {
    check_text(text, limit, field)?;
    if text
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
    {
        Ok(())
    } else {
        Err(Problem::field_invalid(
            field,
            "may hold only letters, digits, '.', '_' and '-'",
        ))
    }
}

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident, $limit:expr, $check:path) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The most bytes it can have.
            pub const LIMIT: usize = $limit;

            /// Takes a text that a client sent; `field` is named if it is refused.
            pub fn parse(text: &str, field: impl fmt::Display + Copy) -> Result<Self, Problem> {
                $check(text, Self::LIMIT, field)?;
                Ok(Self(text.into()))
            }

            /// Takes a text back that was taken by [`Self::parse`] before it was stored; what was stored is proven by
            /// checksums.
            pub fn stored(text: &str) -> Self {
                Self(text.into())
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&*self.0, f)
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

identifier! {
    /// Whose data it is.
    TenantId, 64, check_key
}
identifier! {
    /// The client's own key of an activity or a reversal.
    ActivityId, 64, check_text
}
identifier! {
    /// A customer or a prospect.
    PartyId, 128, check_text
}
identifier! {
    /// A role of the cost model.
    RoleId, 64, check_text
}
identifier! {
    /// A cost pool of the cost model.
    PoolId, 64, check_text
}
identifier! {
    /// Something that counts and has no price.
    FactorName, 64, check_text
}
identifier! {
    /// What a trait is about.
    TraitKey, 64, check_key
}
identifier! {
    /// The client's own key of an attempt to win a prospect.
    OpportunityId, 64, check_text
}
identifier! {
    /// The client's own key of a decision about a relationship.
    DecisionId, 64, check_text
}
identifier! {
    /// The client's own key of a request.
    RequestId, 64, check_text
}

impl TenantId {
    /// Takes the tenant of a request; an empty text is the default tenant.
    pub fn parse_or_default(text: &str, field: impl fmt::Display + Copy) -> Result<Self, Problem> {
        Self::parse(
            if text.is_empty() {
                DEFAULT_TENANT
            } else {
                text
            },
            field,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::problem::Reason;

    #[test]
    fn refuses_what_is_empty_long_or_unprintable() {
        let reason = |text: &str| ActivityId::parse(text, "activity_id").map_err(|p| p.reason);
        assert_eq!(reason("").unwrap_err(), Reason::FieldRequired);
        assert_eq!(reason(&"x".repeat(65)).unwrap_err(), Reason::FieldTooLong);
        assert_eq!(reason("a\u{0}b").unwrap_err(), Reason::FieldInvalid);
        assert_eq!(reason(" a").unwrap_err(), Reason::FieldInvalid);
        assert_eq!(reason(&"x".repeat(64)).unwrap().as_str().len(), 64);
    }

    #[test]
    fn an_empty_tenant_is_the_default_tenant() {
        assert_eq!(
            TenantId::parse_or_default("", "tenant_id")
                .unwrap()
                .as_str(),
            "default"
        );
        assert!(TenantId::parse_or_default("a/b", "tenant_id").is_err());
    }
}
