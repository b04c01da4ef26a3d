//! Price terms.

use super::{
    common::{Path, instant_to_pb, micros_from_pb, micros_to_pb, position_to_pb},
    exchange_rate::{day_from_pb, day_to_pb},
};
use crate::{
    api::pb::{self, google_type},
    domain::{
        id::{PartyId, check_optional_text},
        price_terms::{ID_LIMIT, PriceTerms, StoredPriceTerms},
        problem::Problem,
        records::Record,
    },
};

/// The terms of a batch, each converted or refused on its own.
pub fn price_terms_from_pb(terms: Vec<pb::PriceTerms>) -> Vec<Result<Record, Problem>> {
    let each = terms.into_iter().enumerate();
    each.map(|(index, terms)| {
        let path = Path::Item("price_terms", index);
        terms_from_pb(terms, &path).map(Record::PriceTerms)
    })
    .collect()
}

fn terms_from_pb(terms: pb::PriceTerms, path: &Path<'_>) -> Result<PriceTerms, Problem> {
    let at = |name| path.at(name);
    let customer_id = PartyId::parse(&terms.customer_id, at("customer_id"))?;
    let day = terms.first_day.as_ref();
    let day = day.ok_or_else(|| Problem::field_required(at("first_day")))?;
    let first_day = day_from_pb(day, at("first_day"))?;
    check_optional_text(&terms.price_list_id, ID_LIMIT, at("price_list_id"))?;
    check_optional_text(&terms.discount_tier, ID_LIMIT, at("discount_tier"))?;
    let discount = terms.nominal_discount.as_ref().map(|discount| {
        let field = at("nominal_discount");
        let millionths = micros_from_pb(discount, &field.to_string())?;
        PriceTerms::nominal_discount(millionths, &terms.discount_tier, field)
    });
    Ok(PriceTerms {
        customer_id,
        first_day,
        nominal_discount: discount.transpose()?,
        price_list_id: terms.price_list_id,
        discount_tier: terms.discount_tier,
    })
}

// === to_pb ===

fn discount_to_pb(millionths: u32) -> google_type::Decimal {
    micros_to_pb(i128::from(millionths))
}

/// Stored terms.
pub fn stored_terms_to_pb(stored: StoredPriceTerms) -> pb::StoredPriceTerms {
    let terms = stored.terms;
    pb::StoredPriceTerms {
        price_terms: Some(pb::PriceTerms {
            customer_id: terms.customer_id.to_string(),
            first_day: day_to_pb(terms.first_day),
            price_list_id: terms.price_list_id,
            discount_tier: terms.discount_tier,
            nominal_discount: terms.nominal_discount.map(discount_to_pb),
        }),
        position: Some(position_to_pb(stored.position)),
        record_time: Some(instant_to_pb(stored.record_time)),
    }
}

/// What is told of terms beside a customer.
#[derive(Debug, Default)]
pub struct TermsBeside {
    /// The price list; empty for none.
    pub price_list_id: String,
    /// The discount tier; empty for none.
    pub discount_tier: String,
    /// What it is meant to give.
    pub nominal_discount: Option<google_type::Decimal>,
}

/// What is told of the terms of a customer, if it has any.
pub fn terms_beside(terms: Option<&PriceTerms>) -> TermsBeside {
    let told = terms.map(|terms| TermsBeside {
        price_list_id: terms.price_list_id.clone(),
        discount_tier: terms.discount_tier.clone(),
        nominal_discount: terms.nominal_discount.map(discount_to_pb),
    });
    told.unwrap_or_default()
}
