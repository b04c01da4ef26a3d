//! What `profitscore prequalify` tells programs.

use super::{answered, decision, decision_reason};
use crate::{
    api::pb::{ExpectedAmount, MoneyRange, PrequalifyProspectsResponse, WinChance},
    cli::output::{
        Sheet,
        money::{currency_of, plain},
    },
};

/// What programs are told of each prospect.
const COLUMNS: [&str; 29] = [
    "party_id",
    "decision",
    "decision_reason",
    "currency_code",
    "expected_return",
    "expected_profit",
    "baseline",
    "expected_profit_lower",
    "expected_profit_upper",
    "outcome_lower",
    "outcome_upper",
    "decision_margin",
    "evidence_count",
    "win_probability",
    "win_lower",
    "win_upper",
    "expected_revenue",
    "expected_cost_to_serve",
    "discounted_profit",
    "acquisition_cost",
    "expected_return_lower",
    "expected_return_upper",
    "hurdle",
    "service_burden",
    "service_burden_lower",
    "service_burden_upper",
    "service_minutes",
    "return_per_total_hour",
    "opportunity_margin",
];

/// One row for each prospect that was answered.
pub fn sheet(answer: &PrequalifyProspectsResponse) -> Sheet {
    let mut sheet = Sheet::new(&COLUMNS);
    for one in answer.results.iter().filter_map(answered) {
        let ends = |range: &Option<MoneyRange>| match range {
            Some(range) => [plain(&range.lower), plain(&range.upper)],
            None => Default::default(),
        };
        let [expected_lower, expected_upper] = ends(&one.expected_profit_interval);
        let [outcome_lower, outcome_upper] = ends(&one.outcome_interval);
        let [return_lower, return_upper] = ends(&one.expected_return_interval);
        let burden = one.service_burden.clone().unwrap_or_default();
        let [burden_lower, burden_upper] = ends(&burden.cost_interval);
        let chance = |part: fn(&WinChance) -> f64| {
            let win = one.win_chance.as_ref();
            win.map_or_else(String::new, |win| part(win).to_string())
        };
        let amount = |expected: &Option<ExpectedAmount>| {
            let expected = expected.as_ref();
            expected.map_or_else(String::new, |expected| plain(&expected.amount))
        };
        let margin = one.decision_margin.as_ref();
        sheet.row([
            one.party_id.clone(),
            decision(one).to_owned(),
            decision_reason(one).to_owned(),
            currency_of([&one.expected_return]).to_owned(),
            plain(&one.expected_return),
            plain(&one.expected_profit),
            plain(&one.baseline),
            expected_lower,
            expected_upper,
            outcome_lower,
            outcome_upper,
            margin.map_or_else(String::new, |_| plain(&one.decision_margin)),
            one.evidence_count.to_string(),
            chance(|win| win.probability),
            chance(|win| win.lower),
            chance(|win| win.upper),
            amount(&one.expected_revenue),
            amount(&one.expected_cost_to_serve),
            plain(&one.discounted_profit),
            plain(&one.acquisition_cost),
            return_lower,
            return_upper,
            plain(&one.hurdle),
            plain(&burden.cost),
            burden_lower,
            burden_upper,
            burden.minutes.to_string(),
            plain(&one.return_per_total_hour),
            plain(&one.opportunity_margin),
        ]);
    }
    sheet
}
