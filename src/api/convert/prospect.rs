//! Profiles, lookalikes and prequalification.

use super::{
    common::{
        amount_from_pb, check_list, count_from_pb, count_to_pb, item, micros_from_pb, micros_to_pb,
        money_to_pb, optional_amount, period_from_pb, position_to_pb, rejection_to_pb,
    },
    exchange_rate::day_from_pb,
    lookalike::minutes_of,
    party::party_from_pb,
    ranking::{
        basis_from_pb, control_total_to_pb, cost_basis_to_pb, optional_version_from_pb,
        scope_from_pb,
    },
    win_model::{win_chance_to_pb, win_model_to_pb},
};
use crate::{
    api::pb::{
        self,
        google_type::{Decimal, Money},
        prospect_input::Prospect as ProspectPb,
    },
    domain::{
        id::PartyId,
        ledger::Position,
        model::{
            IgnoredReason, IgnoredTrait,
            asked::Asked,
            decision::Decision,
            encode::{Bin, BinValue},
            expected_return::ReturnReason,
            lift::TraitLift,
            lookalike::{Score, ScoreContribution},
            profit::{AmountRange, Contribution, Prediction, ProfitModel},
        },
        money::{Currency, Nanos, to_nanos},
        party::{Stage, TraitValue},
        problem::Problem,
        ranking::Basis,
    },
    service::{
        Settings,
        evaluate::EvaluateRequest,
        lookalike::Lookalike,
        prequalify::{Prequalification, Prequalified, PrequalifyRequest, Prospect},
        profile::{BestCustomers, LearntOfBest},
    },
};
use std::collections::BTreeSet;

/// The fraction of the customers that are the best by default, and at most, in millionths.
const BEST_FRACTION: (u32, f64) = (100_000, 0.5);
/// How many customers can be told to be the best.
const SEEDS_LIMIT: usize = 10_000;
/// The horizon by default and at most, in days.
const HORIZON: (u64, u64) = (365, 3_650);

/// Which customers are the best.
pub fn best_customers_from_pb(
    best: Option<pb::BestCustomers>,
    settings: &Settings,
    as_of: Position,
) -> Result<BestCustomers, Problem> {
    let best = best.unwrap_or_default();
    let prefix = "best_customers.";
    let scope = scope_from_pb(best.period.as_ref(), best.filter, settings, prefix, as_of)?;
    if !scope.branches.is_empty() {
        let field = "best_customers.filter.branch_ids";
        return Err(Problem::field_invalid(field, "is not supported here"));
    }
    let basis = basis_from_pb(best.basis, "best_customers.basis")?.unwrap_or(Basis::NetProfit);
    Ok(BestCustomers {
        scope,
        basis,
        best_millionths: millionths_from_pb(best.fraction)?,
        cost_model_version: optional_version_from_pb(best.cost_model_version)
            .map_err(|problem| problem.within("best_customers"))?,
        seeds: seeds_from_pb(&best.seed_customer_ids, best.fraction)?,
    })
}

fn seeds_from_pb(ids: &[String], fraction: f64) -> Result<Vec<PartyId>, Problem> {
    let field = "best_customers.seed_customer_ids";
    check_list(ids.len(), SEEDS_LIMIT, field)?;
    if !ids.is_empty() && fraction != 0.0 {
        let problem = "is given together with seed_customer_ids";
        return Err(Problem::field_invalid("best_customers.fraction", problem));
    }
    let ids = ids.iter().enumerate();
    let ids = ids.map(|(index, id)| PartyId::parse(id, &item(field, index)));
    let each_once: BTreeSet<PartyId> = ids.collect::<Result<_, _>>()?;
    Ok(each_once.into_iter().collect())
}

fn millionths_from_pb(fraction: f64) -> Result<u32, Problem> {
    if fraction == 0.0 {
        return Ok(BEST_FRACTION.0);
    }
    if !(0.000_001..=BEST_FRACTION.1).contains(&fraction) {
        let field = "best_customers.fraction";
        return Err(Problem::number_out_of_range(field, "0.000001", "0.5"));
    }
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "from 1 to 500,000 by the check above"
    )]
    Ok((fraction * 1e6).round() as u32)
}

/// What prospects are asked about.
pub fn prequalify_from_pb(
    request: pb::PrequalifyProspectsRequest,
    settings: &Settings,
    as_of: Position,
) -> Result<PrequalifyRequest, Problem> {
    let horizon = count_from_pb(request.horizon_days, HORIZON.0, HORIZON.1, "horizon_days")?;
    let asked = asked_from_pb(&request, settings.currency)?;
    let period = request.training_period.as_ref();
    let training_period = period_from_pb(period, settings, "training_period")?;
    let prospects = request.prospects.into_iter().enumerate();
    Ok(PrequalifyRequest {
        prospects: prospects
            .map(|(index, input)| prospect_from_pb(input, &item("prospects", index)))
            .collect(),
        // At most 3,650 by the check above.
        horizon_days: u32::try_from(horizon).unwrap_or(u32::MAX),
        asked,
        training_period,
        cost_model_version: optional_version_from_pb(request.cost_model_version)?,
        model_version: model_version_from_pb(request.model_version)?,
        as_of,
    })
}

/// What pursuing prospects means for the business.
fn asked_from_pb(
    request: &pb::PrequalifyProspectsRequest,
    currency: Currency,
) -> Result<Asked, Problem> {
    let win_probability = request.win_probability;
    if win_probability.is_some_and(|probability| !(0.0..=1.0).contains(&probability)) {
        return Err(Problem::number_out_of_range("win_probability", "0", "1"));
    }
    let amount = |amount: &Option<Money>, field| {
        Ok::<_, Problem>(optional_amount(amount.as_ref(), currency, field)?.unwrap_or(0))
    };
    let number = |number: &Option<Decimal>, most: i64, field| {
        let number = number.as_ref();
        let millionths = number.map_or(Ok(0), |number| micros_from_pb(number, field))?;
        match (0..=most * 1_000_000).contains(&millionths) {
            true => Ok(millionths),
            false => Err(Problem::number_out_of_range(field, "0", &most.to_string())),
        }
    };
    let hurdle = request.hurdle.as_ref();
    Ok(Asked {
        win_probability,
        acquisition_cost: amount(&request.acquisition_cost, "acquisition_cost")?,
        hurdle: hurdle.map_or(Ok(0), |hurdle| amount_from_pb(hurdle, currency, "hurdle"))?,
        discount_millionths: number(&request.discount_rate, 10, "discount_rate")?,
        effort: number(&request.effort_hours, 100_000, "effort_hours")?,
        opportunity_rate: amount(&request.opportunity_rate, "opportunity_rate")?,
    })
}

/// Which version of the model of winning prospects.
pub fn model_version_from_pb(version: Option<i64>) -> Result<Option<u64>, Problem> {
    let convert = |version| {
        u64::try_from(version)
            .ok()
            .filter(|version| *version > 0)
            .ok_or_else(|| {
                Problem::number_out_of_range("model_version", "1", &i64::MAX.to_string())
            })
    };
    version.map(convert).transpose()
}

/// Which card is asked for.
pub fn evaluate_from_pb(
    request: &pb::EvaluateModelRequest,
    currency: Currency,
    as_of: Position,
) -> Result<EvaluateRequest, Problem> {
    let horizon = count_from_pb(request.horizon_days, HORIZON.0, HORIZON.1, "horizon_days")?;
    let from = request.held_back_from.as_ref();
    let cost = request.acquisition_cost.as_ref();
    Ok(EvaluateRequest {
        model_version: model_version_from_pb(request.model_version)?,
        held_back_from: from
            .map(|from| day_from_pb(from, "held_back_from"))
            .transpose()?,
        horizon_days: u32::try_from(horizon).unwrap_or(u32::MAX),
        acquisition_cost: optional_amount(cost, currency, "acquisition_cost")?.unwrap_or(0),
        cost_model_version: optional_version_from_pb(request.cost_model_version)?,
        as_of,
    })
}

fn prospect_from_pb(input: pb::ProspectInput, path: &str) -> Result<Prospect, Problem> {
    match input
        .prospect
        .ok_or_else(|| Problem::field_required(&format!("{path}.prospect")))?
    {
        ProspectPb::PartyId(id) => {
            PartyId::parse(&id, &format!("{path}.party_id")).map(Prospect::Stored)
        }
        ProspectPb::Inline(party) => {
            party_from_pb(party, Stage::Prospect, &format!("{path}.inline")).map(Prospect::Inline)
        }
    }
}

// === to_pb ===

/// What sets the best customers apart.
pub fn profile_to_pb(
    learnt: &LearntOfBest,
    read_at: Position,
    currency: Currency,
) -> pb::GetProfileResponse {
    pb::GetProfileResponse {
        trait_lifts: (learnt.lines.iter())
            .map(|line| lift_to_pb(line, learnt.scorer.weight(&line.bin)))
            .collect(),
        customer_count: count_to_pb(learnt.table.whole.all),
        best_customer_count: count_to_pb(learnt.table.whole.best),
        threshold: Some(money_to_pb(learnt.threshold, currency)),
        has_signal: learnt.has_signal(),
        ignored_traits: learnt.ignored().iter().map(ignored_to_pb).collect(),
        read_at: Some(position_to_pb(read_at)),
        control_total: Some(control_total_to_pb(&learnt.footing, currency)),
        cost_basis: Some(cost_basis_to_pb(&learnt.footing, currency)),
    }
}

fn lift_to_pb(line: &TraitLift, weight: Option<Score>) -> pb::TraitLift {
    pb::TraitLift {
        bin: Some(bin_to_pb(&line.bin)),
        best_count: count_to_pb(line.best_count),
        all_count: count_to_pb(line.all_count),
        best_support: line.best_support,
        all_support: line.all_support,
        lift: line.lift,
        lift_lower_bound: line.lower,
        lift_upper_bound: line.upper,
        p_value: line.p_value,
        distinguishing: line.distinguishing,
        weight: weight.unwrap_or_default().value(),
        loss_maker_count: count_to_pb(line.loss_maker_count),
    }
}

/// A trait value.
pub fn bin_to_pb(bin: &Bin) -> pb::TraitBin {
    use pb::trait_bin::Bin as BinPb;
    let value = match &bin.value {
        BinValue::Missing => BinPb::Absent(pb::AbsentBin::Missing as i32),
        BinValue::Rare => BinPb::Absent(pb::AbsentBin::Rare as i32),
        BinValue::Category(category) => BinPb::Category(category.clone()),
        BinValue::Flag(flag) => BinPb::Flag(*flag),
        BinValue::Range { lower, upper } => {
            let edge = |edge: &i64| micros_to_pb(i128::from(*edge));
            BinPb::NumberRange(pb::NumberRange {
                lower: lower.as_ref().map(edge),
                upper: upper.as_ref().map(edge),
            })
        }
    };
    pb::TraitBin {
        key: bin.key.to_string(),
        label: bin.label(),
        bin: Some(value),
    }
}

fn ignored_to_pb(ignored: &IgnoredTrait) -> pb::IgnoredTrait {
    let reason = match ignored.reason {
        IgnoredReason::SpecialCategory => pb::IgnoredTraitReason::SpecialCategory,
        IgnoredReason::Excluded => pb::IgnoredTraitReason::Excluded,
        IgnoredReason::KnownAfterConversion => pb::IgnoredTraitReason::KnownAfterConversion,
        IgnoredReason::NeverSeen => pb::IgnoredTraitReason::NeverSeen,
        IgnoredReason::TooManyValues => pb::IgnoredTraitReason::TooManyValues,
    };
    pb::IgnoredTrait {
        key: ignored.key.to_string(),
        reason: reason as i32,
    }
}

/// One lookalike.
pub fn lookalike_to_pb(row: &Lookalike) -> pb::Lookalike {
    let contribution = |part: &ScoreContribution| pb::ScoreContribution {
        bin: Some(bin_to_pb(&part.bin)),
        contribution: part.score.value(),
        best_count: count_to_pb(part.count.best),
        loss_maker_count: count_to_pb(part.count.loss_makers),
        all_count: count_to_pb(part.count.all),
    };
    pb::Lookalike {
        rank: count_to_pb(row.place) + 1,
        party_id: row.party.party_id.to_string(),
        display_name: row.party.display_name.clone(),
        score: row.score.value(),
        contributions: row.contributions.iter().map(contribution).collect(),
        minutes_per_month: row.minutes.map(|(own, _)| minutes_of(own)),
        cumulative_minutes_per_month: row.minutes.map(|(_, all)| minutes_of(all)),
        nearest_likeness: row.nearest,
    }
}

/// The traits that a lookalike question kept out.
pub fn ignored_traits_to_pb(learnt: &LearntOfBest) -> Vec<pb::IgnoredTrait> {
    learnt.ignored().iter().map(ignored_to_pb).collect()
}

/// What prospects are worth.
pub fn prequalified_to_pb(
    answer: Prequalified,
    read_at: Position,
    currency: Currency,
) -> pb::PrequalifyProspectsResponse {
    use pb::prequalification_result::Outcome;
    let results = answer
        .results
        .into_iter()
        .enumerate()
        .map(|(index, result)| {
            let outcome = match result {
                Ok(result) => Outcome::Prequalification(prequalification_to_pb(&result, currency)),
                Err(problem) => {
                    Outcome::Rejection(rejection_to_pb(problem, item("prospects", index)))
                }
            };
            pb::PrequalificationResult {
                outcome: Some(outcome),
            }
        });
    pb::PrequalifyProspectsResponse {
        results: results.collect(),
        model: Some(model_to_pb(&answer.model, currency)),
        read_at: Some(position_to_pb(read_at)),
        cost_basis: Some(cost_basis_to_pb(&answer.footing, currency)),
        control_total: Some(control_total_to_pb(&answer.footing, currency)),
        win_model: answer.win_model.as_deref().map(win_model_to_pb),
    }
}

fn model_to_pb(model: &ProfitModel, currency: Currency) -> pb::PrequalificationModel {
    pb::PrequalificationModel {
        customer_count: count_to_pb(model.customers),
        incomplete_count: count_to_pb(model.left_out),
        mean_profit: Some(money_to_pb(model.mean_profit, currency)),
        interval_coverage: model.coverage,
        fingerprint: format!("{:016x}", model.fingerprint()),
        horizon_days: i32::try_from(model.horizon_days).unwrap_or(i32::MAX),
    }
}

fn prequalification_to_pb(answer: &Prequalification, currency: Currency) -> pb::Prequalification {
    let money = |amount: Nanos| Some(money_to_pb(amount, currency));
    let range = |range: AmountRange| range_to_pb(range, currency);
    let contribution = |part: &Contribution| contribution_to_pb(part, currency);
    let expected = |own: &Prediction| pb::ExpectedAmount {
        amount: money(own.expected),
        interval: own.expected_interval.map(range),
        outcome_interval: own.outcome_interval.map(range),
    };
    let (prediction, returned) = (&answer.prediction, &answer.returned);
    let win = answer.win.as_ref();
    pb::Prequalification {
        party_id: answer.party_id.to_string(),
        decision: decision_to_pb(returned.decision) as i32,
        decision_reason: return_reason_to_pb(returned.reason) as i32,
        expected_return: money(returned.expected),
        expected_profit: money(prediction.expected),
        baseline: money(prediction.baseline),
        contributions: prediction.contributions.iter().map(contribution).collect(),
        expected_profit_interval: prediction.expected_interval.map(range),
        outcome_interval: prediction.outcome_interval.map(range),
        decision_margin: returned.margin.and_then(money),
        evidence_count: count_to_pb(prediction.evidence),
        ignored_traits: prediction.ignored.iter().map(ignored_to_pb).collect(),
        win_chance: win.map(|win| win_chance_to_pb(win, &returned.win)),
        expected_return_interval: returned.interval.map(range),
        discount_factor: answer.discount,
        discounted_profit: money(returned.if_won),
        acquisition_cost: money(to_nanos(answer.acquisition_cost)),
        expected_revenue: Some(expected(&answer.revenue)),
        expected_cost_to_serve: Some(expected(&answer.service)),
        cost_to_serve_percentile: answer.service_percentile,
        return_on_effort: returned.on_effort,
        return_per_hour: answer.per_hour.and_then(money),
        hurdle: money(to_nanos(answer.hurdle)),
        unseen_values: answer
            .never_seen
            .iter()
            .map(|own| pb::UnseenValue {
                key: own.key.to_string(),
                value: own.value.clone(),
            })
            .collect(),
        counterfactual: answer
            .counterfactual
            .as_ref()
            .map(|other| pb::Counterfactual {
                key: other.key.to_string(),
                value: value_text(&other.value),
                decision: decision_to_pb(other.decision) as i32,
                expected_return: money(other.expected),
            }),
        service_burden: Some(burden_to_pb(answer, currency)),
        return_per_total_hour: answer.burden.per_hour.and_then(money),
        opportunity_margin: answer.burden.margin_per_hour.and_then(money),
    }
}

fn burden_to_pb(answer: &Prequalification, currency: Currency) -> pb::ServiceBurden {
    let money = |amount: Nanos| Some(money_to_pb(amount, currency));
    let (burden, service) = (&answer.burden, &answer.service);
    let contributions = service.contributions.iter();
    pb::ServiceBurden {
        cost: money(burden.cost),
        cost_interval: burden.interval.map(|range| range_to_pb(range, currency)),
        return_before: money(burden.return_before),
        baseline: money(service.baseline),
        contributions: contributions
            .map(|part| contribution_to_pb(part, currency))
            .collect(),
        evidence_count: count_to_pb(service.evidence),
        customer_count: count_to_pb(service.customers),
        minutes: burden.minutes,
        minutes_lower: burden.minutes_interval.map(|(lower, _)| lower),
        minutes_upper: burden.minutes_interval.map(|(_, upper)| upper),
        minutes_evidence_count: count_to_pb(burden.minutes_evidence),
    }
}

fn range_to_pb(range: AmountRange, currency: Currency) -> pb::MoneyRange {
    pb::MoneyRange {
        lower: Some(money_to_pb(range.lower, currency)),
        upper: Some(money_to_pb(range.upper, currency)),
    }
}

fn contribution_to_pb(part: &Contribution, currency: Currency) -> pb::ProfitContribution {
    pb::ProfitContribution {
        bin: Some(bin_to_pb(&part.bin)),
        amount: Some(money_to_pb(part.amount, currency)),
        customer_count: count_to_pb(part.customers),
    }
}

/// A value for people.
fn value_text(value: &TraitValue) -> String {
    match value {
        TraitValue::Category(category) => category.clone(),
        TraitValue::Flag(flag) => flag.to_string(),
        TraitValue::Number(number) => micros_to_pb(i128::from(*number)).value,
        TraitValue::Set(set) => set.iter().cloned().collect::<Vec<_>>().join("; "),
    }
}

/// What to do with a prospect.
pub fn decision_to_pb(decision: Decision) -> pb::PrequalificationDecision {
    match decision {
        Decision::Pursue => pb::PrequalificationDecision::Pursue,
        Decision::Nurture => pb::PrequalificationDecision::Nurture,
        Decision::Decline => pb::PrequalificationDecision::Decline,
        Decision::Review => pb::PrequalificationDecision::Review,
    }
}

fn return_reason_to_pb(reason: ReturnReason) -> pb::DecisionReason {
    match reason {
        ReturnReason::LowerBoundReachesHurdle => pb::DecisionReason::LowerBoundReachesHurdle,
        ReturnReason::HurdleWithinInterval => pb::DecisionReason::HurdleWithinInterval,
        ReturnReason::UpperBoundBelowHurdle => pb::DecisionReason::UpperBoundBelowHurdle,
        ReturnReason::TooFewCustomers => pb::DecisionReason::TooFewCustomers,
        ReturnReason::TooFewOutcomes => pb::DecisionReason::TooFewOutcomes,
        ReturnReason::TraitsNeverSeen => pb::DecisionReason::TraitsNeverSeen,
        ReturnReason::DriftAlarm => pb::DecisionReason::DriftAlarm,
    }
}
