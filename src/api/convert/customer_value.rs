//! What customers are worth in the time to come.

use super::{
    common::{
        count_from_pb, count_to_pb, instant_to_pb, item, micros_from_pb, micros_to_pb, money_to_pb,
        position_to_pb, rejection_to_pb,
    },
    ranking::{name_of, optional_version_from_pb, scope_from_pb},
};
use crate::{
    api::pb::{self, customer_value_result::Outcome},
    domain::{
        decimal::MICRO_PLACES,
        decimal::check_range,
        id::{PartyId, TraitKey},
        ledger::Position,
        model::{
            value::{choice::Candidate, frequency::FrequencyModel},
            worth::{Ends, Expected, ValueTerms, Worth, WorthModel},
        },
        money::{Currency, Nanos},
        party::TraitValue,
        problem::Problem,
        time::{Calendar, Day},
    },
    service::{
        Settings,
        customer_value::{ValueRequest, Valued, ValuedCustomer},
    },
};

/// The horizon by default and at most, in days.
const HORIZON: (u64, u64) = (365, 3_650);
/// The days of the next period by default and at most.
const NEXT_PERIOD: (u64, u64) = (30, 3_650);
/// By how much what comes a year later is worth less by default and at most, in millionths.
const DISCOUNT: (i64, i64) = (100_000, 1_000_000);

/// How far ahead customers are valued, and their segments.
pub fn terms_from_pb(
    terms: Option<pb::ValueTerms>,
    field: &str,
) -> Result<(ValueTerms, Option<TraitKey>), Problem> {
    let terms = terms.unwrap_or_default();
    let at = |name: &str| format!("{field}.{name}");
    let days = |count: i32, (default, limit): (u64, u64), name: &str| {
        let count = count_from_pb(count, default, limit, &at(name))?;
        // At most 3,650.
        Ok::<_, Problem>(u32::try_from(count).unwrap_or(u32::MAX))
    };
    let annual_discount = match &terms.annual_discount_rate {
        None => DISCOUNT.0,
        Some(rate) => {
            let field = at("annual_discount_rate");
            check_range(
                micros_from_pb(rate, &field)?,
                0,
                DISCOUNT.1,
                MICRO_PLACES,
                &field,
            )?
        }
    };
    let segment = match terms.segment_trait.as_str() {
        "" => None,
        key => Some(TraitKey::parse(key, &at("segment_trait"))?),
    };
    let terms = ValueTerms {
        horizon_days: days(terms.horizon_days, HORIZON, "horizon_days")?,
        annual_discount,
        next_period_days: days(terms.next_period_days, NEXT_PERIOD, "next_period_days")?,
    };
    Ok((terms, segment))
}

/// What is asked of some customers, and which they are.
pub fn value_from_pb(
    request: pb::GetCustomerValueRequest,
    settings: &Settings,
    as_of: Position,
) -> Result<(ValueRequest, Vec<Result<PartyId, Problem>>), Problem> {
    let (terms, segment) = terms_from_pb(request.terms, "terms")?;
    let period = request.period.as_ref();
    let asked = ValueRequest {
        scope: scope_from_pb(period, request.filter, settings, "", as_of)?,
        terms,
        segment,
        terms_field: "terms",
        cost_model_version: optional_version_from_pb(request.cost_model_version)?,
    };
    let ids = request.customer_ids.iter().enumerate();
    let ids = ids.map(|(index, id)| PartyId::parse(id, &item("customer_ids", index)));
    Ok((asked, ids.collect()))
}

// === to_pb ===

/// What becomes of amounts and days.
#[derive(Clone, Copy)]
pub struct Shown<'s> {
    /// The currency of the books.
    pub currency: Currency,
    /// The reporting time zone's.
    pub calendar: &'s Calendar,
}

impl<'s> From<&'s Settings> for Shown<'s> {
    fn from(settings: &'s Settings) -> Self {
        Self {
            currency: settings.currency,
            calendar: &settings.calendar,
        }
    }
}

impl Shown<'_> {
    fn money(self, amount: Nanos) -> Option<pb::google_type::Money> {
        Some(money_to_pb(amount, self.currency))
    }

    fn day(self, day: Day) -> Option<prost_types::Timestamp> {
        self.calendar.begin(day).map(instant_to_pb)
    }

    fn amounts(self, one: &Expected<Nanos>) -> Option<pb::MoneyEstimate> {
        let end = |of: fn(&Ends<Nanos>) -> Nanos| one.ends.as_ref().and_then(|e| self.money(of(e)));
        Some(pb::MoneyEstimate {
            expected: self.money(one.expected),
            expected_lower: end(|ends| ends.expected_lower),
            expected_upper: end(|ends| ends.expected_upper),
            lower: end(|ends| ends.lower),
            upper: end(|ends| ends.upper),
        })
    }
}

/// What some customers are worth, in the order of `ids`.
pub fn valued_to_pb(
    valued: Valued,
    ids: &[String],
    terms: &ValueTerms,
    (as_of, shown): (Position, Shown<'_>),
) -> pb::GetCustomerValueResponse {
    let model = model_to_pb(&valued, terms, shown);
    let results = ids.iter().zip(valued.customers).enumerate();
    let results = results.map(|(index, (id, result))| {
        let (display_name, outcome) = match result {
            Ok(ValuedCustomer { party, worth }) => {
                let value = worth_to_pb(worth.as_ref(), shown);
                (name_of(party.as_ref()), Outcome::Value(value))
            }
            Err(problem) => {
                let item = item("customer_ids", index);
                let rejection = rejection_to_pb(problem, item);
                (String::new(), Outcome::Rejection(rejection))
            }
        };
        pb::CustomerValueResult {
            customer_id: id.clone(),
            display_name,
            outcome: Some(outcome),
        }
    });
    pb::GetCustomerValueResponse {
        results: results.collect(),
        model: Some(model),
        read_at: Some(position_to_pb(as_of)),
    }
}

/// What one customer is worth; nothing if it has not ordered.
pub fn worth_to_pb(worth: Option<&Worth>, shown: Shown<'_>) -> pb::CustomerValue {
    let Some(worth) = worth else {
        return pb::CustomerValue::default();
    };
    let (first, last) = worth.order_days;
    pb::CustomerValue {
        order_count: count_to_pb(worth.orders_seen),
        first_order_day: shown.day(first),
        last_order_day: shown.day(last),
        probability_alive: worth.probability_alive,
        retention_probability: worth.retention,
        order_probability: worth.order_probability,
        typical_orders: worth.typical_orders,
        expected_orders: Some(numbers_to_pb(&worth.orders)),
        expected_order_value: shown.amounts(&worth.order_value),
        expected_revenue: shown.amounts(&worth.revenue),
        discounted_revenue: shown.amounts(&worth.discounted_revenue),
        expected_profit: shown.amounts(&worth.profit),
        value_at_risk: shown.money(worth.value_at_risk),
        upside_profit: (worth.profit.ends.as_ref()).and_then(|ends| shown.money(ends.upper)),
        next_period_revenue: shown.amounts(&worth.next_period),
        expected_weeks: worth.weeks,
        margin_rate: worth.margin.mean,
        margin_credibility: worth.margin.credibility,
        weekly_cost: shown.money(worth.weekly_cost_amount),
        cost_credibility: worth.weekly_cost.credibility,
        segment: segment_text(worth.segment.as_ref()),
        segment_customer_count: count_to_pb(worth.segment_customers),
    }
}

fn segment_text(segment: Option<&TraitValue>) -> String {
    match segment {
        Some(TraitValue::Category(text)) => text.clone(),
        Some(TraitValue::Flag(flag)) => flag.to_string(),
        // No trait of such values makes segments.
        Some(TraitValue::Number(_) | TraitValue::Set(_)) | None => String::new(),
    }
}

fn numbers_to_pb(one: &Expected<f64>) -> pb::NumberEstimate {
    let ends = one.ends.as_ref();
    pb::NumberEstimate {
        expected: one.expected,
        expected_lower: ends.map(|ends| ends.expected_lower),
        expected_upper: ends.map(|ends| ends.expected_upper),
        lower: ends.map(|ends| ends.lower),
        upper: ends.map(|ends| ends.upper),
    }
}

fn frequency_model_to_pb(model: FrequencyModel) -> pb::FrequencyModel {
    match model {
        FrequencyModel::BgNbd => pb::FrequencyModel::BgNbd,
        FrequencyModel::MbgNbd => pb::FrequencyModel::MbgNbd,
        FrequencyModel::ParetoNbd => pb::FrequencyModel::ParetoNbd,
    }
}

fn parameters_to_pb<const N: usize>(
    names: [&str; N],
    values: &[f64; N],
) -> Vec<pb::ModelParameter> {
    let pairs = names.into_iter().zip(values);
    let pairs = pairs.map(|(name, value)| pb::ModelParameter {
        name: name.to_owned(),
        value: *value,
    });
    pairs.collect()
}

fn model_to_pb(valued: &Valued, terms: &ValueTerms, shown: Shown<'_>) -> pb::CustomerValueModel {
    let learnt: &WorthModel = &valued.learnt;
    let frequency = learnt.value.frequency();
    let (spend, tilt) = (learnt.value.spend(), learnt.value.expectation.tilt);
    let days = |days: u32| i32::try_from(days).unwrap_or(i32::MAX);
    pb::CustomerValueModel {
        frequency_model: frequency_model_to_pb(frequency.model).into(),
        frequency_parameters: parameters_to_pb(frequency.model.symbols(), &frequency.parameters),
        spend_parameters: parameters_to_pb(["p", "q", "gamma"], &spend.parameters),
        pace_parameters: parameters_to_pb(
            ["level", "by_expected", "by_repeats"],
            &[tilt.level, tilt.by_expected, tilt.by_repeats],
        ),
        candidates: learnt
            .value
            .candidates
            .iter()
            .map(candidate_to_pb)
            .collect(),
        customer_count: count_to_pb(learnt.customers),
        repeat_customer_count: count_to_pb(learnt.repeat_customers),
        end_time: shown.day(valued.from),
        learnt_position: count_to_pb(valued.learnt_at),
        margin_rate: learnt.margins.all,
        weekly_cost: shown.money(learnt.weekly_cost()),
        horizon_days: days(terms.horizon_days),
        annual_discount_rate: Some(micros_to_pb(terms.annual_discount.into())),
        next_period_days: days(terms.next_period_days),
        cost_model_version: count_to_pb(valued.cost_model_version),
    }
}

fn candidate_to_pb(candidate: &Candidate) -> pb::FrequencyCandidate {
    pb::FrequencyCandidate {
        frequency_model: frequency_model_to_pb(candidate.fit.model).into(),
        log_likelihood: candidate.fit.log_likelihood,
        held_back_log_likelihood: candidate.held_back,
    }
}
