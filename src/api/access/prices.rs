//! The messages of price terms: a part of the table in `visibility`, and like it only a list. Who sells by them knows
//! them.

use super::visibility::MessageFields;

/// What everybody sees of each message, and what finance alone does.
pub const PRICES: &[MessageFields] = &[
    (
        "PriceTerms",
        "customer_id first_day price_list_id discount_tier nominal_discount",
        "",
    ),
    ("PutPriceTermsResponse", "results written_at", ""),
    ("PriceTermsResult", "stored unchanged rejection", ""),
    (
        "ListPriceTermsRequest",
        "tenant_id customer_id valid_on page_size page_token read_options",
        "",
    ),
    (
        "ListPriceTermsResponse",
        "price_terms next_page_token read_at",
        "",
    ),
    ("StoredPriceTerms", "price_terms position record_time", ""),
];
