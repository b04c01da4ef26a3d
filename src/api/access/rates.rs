//! The messages of `ExchangeRateService`: a part of the table in `visibility`, and like it only a list.

use super::visibility::MessageFields;

/// What everybody sees of each message, and what finance alone does.
pub const RATES: &[MessageFields] = &[
    (
        "ExchangeRate",
        "from_currency to_currency day rate source",
        "",
    ),
    ("PutExchangeRatesResponse", "results written_at", ""),
    ("ExchangeRateResult", "stored unchanged rejection", ""),
    (
        "ListExchangeRatesRequest",
        "tenant_id from_currency to_currency first_day last_day page_size page_token read_options",
        "",
    ),
    (
        "ListExchangeRatesResponse",
        "exchange_rates next_page_token read_at",
        "",
    ),
    (
        "StoredExchangeRate",
        "exchange_rate position record_time",
        "",
    ),
    // === price terms: who sells by them knows them ===
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
