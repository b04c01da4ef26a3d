//! Customers and prospects, and what is known of them.

use super::{
    decimal::{MICRO_PLACES, format_fixed},
    id::{PartyId, TraitKey},
    problem::{Problem, Reason},
    traits::Traits,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What a party is to the business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Stage {
    /// It may become a customer.
    Prospect,
    /// It is a customer.
    Customer,
}

/// A customer or a prospect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// Who.
    pub party_id: PartyId,
    /// What it is to the business.
    pub stage: Stage,
    /// A name for people; may be empty.
    pub display_name: String,
    /// What is known of it.
    pub traits: Traits,
}

/// A typed value of a trait.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum TraitValue {
    /// One of several categories.
    Category(String),
    /// A number, in millionths.
    Number(i64),
    /// A set of categories.
    Set(BTreeSet<String>),
    /// Yes or no.
    Flag(bool),
}

/// The type of a trait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TraitType {
    /// One of several categories.
    Category,
    /// A number.
    Number,
    /// A set of categories.
    Set,
    /// Yes or no.
    Flag,
}

impl TraitType {
    /// The type's name in the contract, without its prefix.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Category => "CATEGORY",
            Self::Number => "NUMBER",
            Self::Set => "SET",
            Self::Flag => "FLAG",
        }
    }
}

/// How a trait may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Sensitivity {
    /// Anywhere.
    Ordinary,
    /// A special category of personal data: in no model and no profile.
    SpecialCategory,
    /// Excluded by the business: in no model and no profile.
    Excluded,
}

/// What a trait is and how it may be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraitDefinition {
    /// The trait.
    pub key: TraitKey,
    /// Its type.
    pub trait_type: TraitType,
    /// For numbers: where bins begin, rising, in millionths.
    pub bin_edges: Vec<i64>,
    /// How it may be used.
    pub sensitivity: Sensitivity,
    /// Whether it becomes known only after a prospect was won.
    pub known_after_conversion: bool,
}

impl TraitDefinition {
    /// The definition of a trait that nobody defined: the type of its first value, free to use.
    pub fn implied(key: TraitKey, value: &TraitValue) -> Self {
        Self {
            key,
            trait_type: value.trait_type(),
            bin_edges: Vec::new(),
            sensitivity: Sensitivity::Ordinary,
            known_after_conversion: false,
        }
    }
}

impl TraitValue {
    /// Its type.
    pub fn trait_type(&self) -> TraitType {
        match self {
            Self::Category(_) => TraitType::Category,
            Self::Number(_) => TraitType::Number,
            Self::Set(_) => TraitType::Set,
            Self::Flag(_) => TraitType::Flag,
        }
    }

    /// The value for people.
    pub fn label(&self) -> String {
        match self {
            Self::Category(category) => category.clone(),
            Self::Number(number) => format_fixed(i128::from(*number), MICRO_PLACES),
            Self::Set(set) => set
                .iter()
                .map(String::as_str)
                .collect::<Vec<_>>()
                .join(", "),
            Self::Flag(flag) => (if *flag { "yes" } else { "no" }).to_owned(),
        }
    }
}

/// Refuses a value of another type than the trait has.
pub fn trait_type_mismatch(key: &TraitKey, expected: TraitType, actual: TraitType) -> Problem {
    let message = format!(
        "trait {key} is of type {}, the value is of type {}",
        expected.as_str(),
        actual.as_str()
    );
    let variables = [
        ("trait", key.to_string()),
        ("expected", expected.as_str().to_owned()),
        ("actual", actual.as_str().to_owned()),
    ];
    Problem::new(Reason::TraitTypeMismatch, "traits", message, variables)
}

/// A condition on one trait: it has any of these values, or no value if there are none.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TraitFilter {
    /// The trait.
    pub key: TraitKey,
    /// The values: equal, or for a set one of its categories.
    pub any_of: Vec<TraitValue>,
}

impl TraitFilter {
    /// Whether a party meets the condition; one that is not stored has no values.
    pub fn holds(&self, party: Option<&Party>) -> bool {
        let Some(value) = party.and_then(|party| party.traits.get(&self.key)) else {
            return self.any_of.is_empty();
        };
        self.any_of.iter().any(|wanted| match (value, wanted) {
            (TraitValue::Set(set), TraitValue::Category(category)) => set.contains(category),
            (value, wanted) => value == wanted,
        })
    }
}

/// Which stored parties to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartyQuestion {
    /// Only those stored with this stage.
    pub stage: Option<Stage>,
    /// Only those that meet all of these.
    pub traits: Vec<TraitFilter>,
    /// Leave out those with a sale: prospects that were won.
    pub without_sales: bool,
    /// Only those whose id is greater.
    pub after: Option<PartyId>,
    /// As of this position.
    pub as_of: u64,
    /// At most so many.
    pub limit: usize,
}
