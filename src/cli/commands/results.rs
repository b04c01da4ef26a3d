//! What became of each item of a batch: told on standard error if refused, listed otherwise.

use crate::{
    api::pb::{
        ActivityResult, DecisionResult, ExchangeRateResult, OutcomeResult, PartyResult,
        PriceTermsResult, ProductResult, Rejection, activity_result, decision_result,
        exchange_rate_result, outcome_result, party_result, price_terms_result, product_result,
    },
    cli::{
        errors::{Failure, page_of},
        output::{Sheet, note},
    },
};

/// What became of one item.
pub enum Outcome<'a> {
    /// It was taken.
    Done,
    /// It had been taken before.
    Already,
    /// It was refused.
    Refused(&'a Rejection),
}

/// The outcome of an activity or a reversal.
pub fn of_activity(result: &ActivityResult) -> Outcome<'_> {
    match &result.outcome {
        Some(activity_result::Outcome::Duplicate(_)) => Outcome::Already,
        Some(activity_result::Outcome::Rejection(rejection)) => Outcome::Refused(rejection),
        Some(activity_result::Outcome::Posted(_)) | None => Outcome::Done,
    }
}

/// The outcome of a party.
pub fn of_party(result: &PartyResult) -> Outcome<'_> {
    match &result.outcome {
        Some(party_result::Outcome::Unchanged(_)) => Outcome::Already,
        Some(party_result::Outcome::Rejection(rejection)) => Outcome::Refused(rejection),
        Some(party_result::Outcome::Stored(_)) | None => Outcome::Done,
    }
}

/// The outcome of a product.
pub fn of_product(result: &ProductResult) -> Outcome<'_> {
    match &result.outcome {
        Some(product_result::Outcome::Unchanged(_)) => Outcome::Already,
        Some(product_result::Outcome::Rejection(rejection)) => Outcome::Refused(rejection),
        Some(product_result::Outcome::Stored(_)) | None => Outcome::Done,
    }
}

/// The outcome of an exchange rate.
pub fn of_rate(result: &ExchangeRateResult) -> Outcome<'_> {
    match &result.outcome {
        Some(exchange_rate_result::Outcome::Unchanged(_)) => Outcome::Already,
        Some(exchange_rate_result::Outcome::Rejection(rejection)) => Outcome::Refused(rejection),
        Some(exchange_rate_result::Outcome::Stored(_)) | None => Outcome::Done,
    }
}

/// The outcome of price terms.
pub fn of_terms(result: &PriceTermsResult) -> Outcome<'_> {
    match &result.outcome {
        Some(price_terms_result::Outcome::Unchanged(_)) => Outcome::Already,
        Some(price_terms_result::Outcome::Rejection(rejection)) => Outcome::Refused(rejection),
        Some(price_terms_result::Outcome::Stored(_)) | None => Outcome::Done,
    }
}

/// The outcome of storing what became of a prospect.
pub fn of_outcome(result: &OutcomeResult) -> Outcome<'_> {
    match &result.outcome {
        Some(outcome_result::Outcome::Unchanged(_)) => Outcome::Already,
        Some(outcome_result::Outcome::Rejection(rejection)) => Outcome::Refused(rejection),
        Some(outcome_result::Outcome::Stored(_)) | None => Outcome::Done,
    }
}

/// The outcome of storing a decision.
pub fn of_decision(result: &DecisionResult) -> Outcome<'_> {
    match &result.outcome {
        Some(decision_result::Outcome::Unchanged(_)) => Outcome::Already,
        Some(decision_result::Outcome::Rejection(rejection)) => Outcome::Refused(rejection),
        Some(decision_result::Outcome::Stored(_)) | None => Outcome::Done,
    }
}

/// A refusal for people.
pub fn refusal(rejection: &Rejection) -> String {
    let reason = reason(rejection);
    format!("{reason}: {} (see {})", rejection.message, page_of(&reason))
}

fn reason(rejection: &Rejection) -> String {
    let name = rejection.reason().as_str_name();
    name.trim_start_matches("ERROR_REASON_").to_owned()
}

/// Tells every refusal on standard error; the command then ends with the exit code of refused items.
pub fn check<'a>(items: impl IntoIterator<Item = (String, Outcome<'a>)>) -> Result<(), Failure> {
    let mut count = 0;
    for (id, outcome) in items {
        if let Outcome::Refused(rejection) = outcome {
            note(&format!("{id}: {}", refusal(rejection)));
            count += 1;
        }
    }
    match count {
        0 => Ok(()),
        count => Err(Failure::ItemsRefused { count }),
    }
}

/// The outcomes for people; `done` and `already` are the words for the first two.
pub fn text<'a>(
    items: impl IntoIterator<Item = (String, Outcome<'a>)>,
    done: &str,
    already: &str,
) -> String {
    let line = |(id, outcome): (String, Outcome<'_>)| match outcome {
        Outcome::Done => format!("{id}: {done}\n"),
        Outcome::Already => format!("{id}: {already}\n"),
        Outcome::Refused(_) => format!("{id}: refused\n"),
    };
    items.into_iter().map(line).collect()
}

/// The outcomes for programs.
pub fn sheet<'a>(items: impl IntoIterator<Item = (String, Outcome<'a>)>) -> Sheet {
    let mut sheet = Sheet::new(&["id", "outcome", "reason", "field", "message"]);
    for (id, outcome) in items {
        let (word, refusal) = match outcome {
            Outcome::Done => ("done", None),
            Outcome::Already => ("duplicate", None),
            Outcome::Refused(rejection) => ("refused", Some(rejection)),
        };
        sheet.row([
            id,
            word.to_owned(),
            refusal.map(reason).unwrap_or_default(),
            refusal
                .map(|refusal| refusal.field.clone())
                .unwrap_or_default(),
            refusal
                .map(|refusal| refusal.message.clone())
                .unwrap_or_default(),
        ]);
    }
    sheet
}
