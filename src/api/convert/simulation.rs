//! What becomes of a relationship, and of the worst customers.

use super::{
    common::{
        amount_from_pb, count_from_pb, count_to_pb, enum_from_pb, micros_to_pb, minutes_to_pb,
        money_to_pb, position_to_pb,
    },
    portfolio::{part_from_pb, rate_from_pb},
    ranking::{control_total_to_pb, cost_basis_to_pb, name_of},
    statement::statement_to_pb,
};
use crate::{
    api::pb::{self, google_type, simulation_terms},
    domain::{
        ledger::Position,
        model::course::{RunRate, Target, Terms},
        money::{Currency, MICROS_PER_UNIT, Nanos, to_nanos},
        portfolio::{
            remedy::{Action, Obstacle, Step},
            spiral::{Books, EndingBasis},
        },
        problem::Problem,
        ranking::share,
    },
    service::{
        referrals::leaving::Brings,
        simulation::{Loyalty, Outcome, Simulated, Simulation, Warning},
        spiral::{EndedCustomer, EndingStep, Following},
    },
};

/// The most months that are looked at.
const MONTH_LIMIT: u64 = 120;

/// What is assumed.
pub fn terms_from_pb(
    terms: Option<&pb::SimulationTerms>,
    currency: Currency,
) -> Result<Terms, Problem> {
    let terms = terms.cloned().unwrap_or_default();
    let default = Terms::default();
    let months = |count: i32, default: u32, field: &str| {
        let months = count_from_pb(count, u64::from(default), MONTH_LIMIT, field)?;
        // At most the limit.
        Ok::<u32, Problem>(u32::try_from(months).unwrap_or(default))
    };
    let part = |part: &Option<google_type::Decimal>, default, range, name: &str| {
        part_from_pb(part.as_ref(), default, range, &format!("terms.{name}"))
    };
    const ONE: i64 = MICROS_PER_UNIT;
    let rise = terms.price_rise.as_ref();
    let rise = rise.map(|rise| part_from_pb(Some(rise), 0, (0, 10 * ONE), "terms.price_rise"));
    let rate = rate_from_pb(
        terms.opportunity_rate_per_hour.as_ref(),
        currency,
        "terms.opportunity_rate_per_hour",
    )?;
    Ok(Terms {
        horizon_months: months(
            terms.horizon_months,
            default.horizon_months,
            "terms.horizon_months",
        )?,
        discount: part(
            &terms.discount_rate_per_year,
            default.discount,
            (0, 10 * ONE),
            "discount_rate_per_year",
        )?,
        target: target_from_pb(terms.target.as_ref(), currency)?,
        opportunity_rate: rate.unwrap_or(0),
        redeployed: part(
            &terms.redeployed_share,
            default.redeployed,
            (0, ONE),
            "redeployed_share",
        )?,
        price_rise: rise.transpose()?,
        elasticity: part(
            &terms.price_elasticity,
            default.elasticity,
            (-10 * ONE, 0),
            "price_elasticity",
        )?,
        attrition: part(
            &terms.attrition_per_tenth,
            default.attrition,
            (0, 990_000),
            "attrition_per_tenth",
        )?,
        wind_down_months: months(
            terms.wind_down_months,
            default.wind_down_months,
            "terms.wind_down_months",
        )?,
        refusal: part(
            &terms.walk_away_refusal,
            default.refusal,
            (10_000, 999_000),
            "walk_away_refusal",
        )?,
    })
}

fn target_from_pb(
    target: Option<&simulation_terms::Target>,
    currency: Currency,
) -> Result<Target, Problem> {
    use simulation_terms::Target::{TargetCustomerMargin, TargetNetProfit};
    match target {
        None => Ok(Terms::default().target),
        Some(TargetCustomerMargin(amount)) => {
            let field = "terms.target_customer_margin";
            amount_from_pb(amount, currency, field).map(Target::CustomerMargin)
        }
        Some(TargetNetProfit(amount)) => {
            let field = "terms.target_net_profit";
            amount_from_pb(amount, currency, field).map(Target::NetProfit)
        }
    }
}

/// By what customers are the worst.
pub fn ending_basis_from_pb(basis: i32) -> Result<EndingBasis, Problem> {
    let same = |basis| match basis {
        EndingBasis::NetProfit => pb::EndingBasis::NetProfit,
        EndingBasis::CustomerMargin => pb::EndingBasis::CustomerMargin,
    };
    let all = [EndingBasis::NetProfit, EndingBasis::CustomerMargin];
    Ok(enum_from_pb(basis, &all, same, "basis")?.unwrap_or_default())
}

/// How many customers are ended first; all that are below zero for 0.
pub fn ending_count_from_pb(count: i64) -> Result<Option<u64>, Problem> {
    match u64::try_from(count) {
        Ok(0) => Ok(None),
        Ok(count) => Ok(Some(count)),
        Err(_) => {
            let most = i64::MAX.to_string();
            Err(Problem::number_out_of_range("ending_count", "0", &most))
        }
    }
}

// === to_pb ===

/// What is assumed.
pub fn terms_to_pb(terms: &Terms, currency: Currency) -> pb::SimulationTerms {
    let money = |amount| money_to_pb(to_nanos(amount), currency);
    let part = |part: i64| Some(micros_to_pb(i128::from(part)));
    let months = |months: u32| i32::try_from(months).unwrap_or(i32::MAX);
    use simulation_terms::Target::{TargetCustomerMargin, TargetNetProfit};
    pb::SimulationTerms {
        horizon_months: months(terms.horizon_months),
        discount_rate_per_year: part(terms.discount),
        target: Some(match terms.target {
            Target::CustomerMargin(target) => TargetCustomerMargin(money(target)),
            Target::NetProfit(target) => TargetNetProfit(money(target)),
        }),
        opportunity_rate_per_hour: Some(money(terms.opportunity_rate)),
        redeployed_share: part(terms.redeployed),
        price_rise: terms.price_rise.and_then(part),
        price_elasticity: part(terms.elasticity),
        attrition_per_tenth: part(terms.attrition),
        wind_down_months: months(terms.wind_down_months),
        walk_away_refusal: part(terms.refusal),
    }
}

/// What becomes of a relationship.
pub fn simulation_to_pb(
    customer_id: &str,
    answer: &Simulation,
    terms: &Terms,
    read_at: Position,
    currency: Currency,
) -> pb::SimulateRelationshipResponse {
    let money = |amount: Nanos| Some(money_to_pb(amount, currency));
    let (open, overdue) = answer.receivables;
    let warnings = answer.warnings.iter();
    pb::SimulateRelationshipResponse {
        customer_id: customer_id.to_owned(),
        display_name: name_of(answer.party.as_ref()),
        statement: Some(statement_to_pb(&answer.statement, currency)),
        target_customer_margin: money(answer.target),
        shortfall: money(answer.target - answer.statement.customer_margin),
        books_with: Some(books_to_pb(&answer.with, currency)),
        books_without: Some(books_to_pb(&answer.without, currency)),
        loyalty: Some(loyalty_to_pb(answer)),
        run_rate: Some(run_rate_to_pb(&answer.run_rate, currency)),
        receivables_open: money(open),
        receivables_overdue: money(overdue),
        actions: (answer.actions.iter())
            .map(|one| action_to_pb(one, answer, currency))
            .collect(),
        advised_action: action_name_to_pb(answer.advised).into(),
        warnings: warnings.map(|one| warning_to_pb(*one).into()).collect(),
        terms: Some(terms_to_pb(terms, currency)),
        read_at: Some(position_to_pb(read_at)),
        control_total: Some(control_total_to_pb(&answer.footing, currency)),
        cost_basis: Some(cost_basis_to_pb(&answer.footing, currency)),
        referrals: answer.brings.map(|brings| brings_to_pb(&brings, currency)),
    }
}

fn brings_to_pb(brings: &Brings, currency: Currency) -> pb::ReferralsBrought {
    let money = |amount: Nanos| Some(money_to_pb(amount, currency));
    pb::ReferralsBrought {
        referral_value: money(brings.credited),
        referral_value_per_month: money(brings.rate.credited_per_month()),
        arrivals_per_month: brings.rate.arrivals_per_month(),
        worth_per_arrival_and_month: money(brings.rate.worth_per_month()),
    }
}

fn books_to_pb(books: &Books, currency: Currency) -> pb::BooksOutcome {
    let money = |amount| Some(money_to_pb(amount, currency));
    pb::BooksOutcome {
        customer_count: count_to_pb(books.customers),
        net_revenue: money(books.net_revenue),
        customer_margin: money(books.customer_margin),
        allocated_fixed_cost: money(books.allocated),
        unallocated_fixed_cost: money(books.unallocated),
        profit_after_all_fixed_cost: money(books.profit()),
    }
}

fn loyalty_to_pb(answer: &Simulation) -> pb::Loyalty {
    let Loyalty {
        tenure,
        active,
        is_loyal,
    } = answer.loyalty;
    let relation = &answer.statement.relation;
    pb::Loyalty {
        tenure_months: tenure,
        active_months: active,
        mean_feedback: share(relation.feedback, relation.feedback_count * 1_000_000),
        is_loyal,
    }
}

fn run_rate_to_pb(rate: &RunRate, currency: Currency) -> pb::RunRate {
    let money = |amount| Some(money_to_pb(amount, currency));
    pb::RunRate {
        months: i32::try_from(rate.margin.months).unwrap_or(i32::MAX),
        margin_per_month: money(rate.margin.mean_amount()),
        revenue_per_month: money(rate.net_revenue.mean_amount()),
        minutes_per_month: rate.minutes.mean,
        margin_deviation: rate.margin.deviation_amount().and_then(money),
        referrals_per_month: rate.referrals.mean,
    }
}

/// An action.
pub fn action_name_to_pb(action: Action) -> pb::RelationshipAction {
    match action {
        Action::Keep => pb::RelationshipAction::Keep,
        Action::ReduceCostToServe => pb::RelationshipAction::ReduceCostToServe,
        Action::Surcharge => pb::RelationshipAction::Surcharge,
        Action::Reprice => pb::RelationshipAction::Reprice,
        Action::Migrate => pb::RelationshipAction::Migrate,
        Action::WalkAwayPrice => pb::RelationshipAction::WalkAwayPrice,
        Action::DeclineWork => pb::RelationshipAction::DeclineWork,
        Action::NoCapacity => pb::RelationshipAction::NoCapacity,
        Action::Direct => pb::RelationshipAction::Direct,
    }
}

fn step_to_pb(step: Step) -> pb::RemedyStep {
    match step {
        Step::Reassess => pb::RemedyStep::Reassess,
        Step::Educate => pb::RemedyStep::Educate,
        Step::Renegotiate => pb::RemedyStep::Renegotiate,
        Step::Migrate => pb::RemedyStep::Migrate,
        Step::End => pb::RemedyStep::End,
    }
}

/// Why an action is not possible.
pub fn obstacle_to_pb(obstacle: Obstacle) -> pb::ActionObstacle {
    match obstacle {
        Obstacle::TargetReached => pb::ActionObstacle::TargetReached,
        Obstacle::NoWorkingTime => pb::ActionObstacle::NoWorkingTime,
        Obstacle::NotEnoughWorkingTime => pb::ActionObstacle::NotEnoughWorkingTime,
        Obstacle::NoSpecialDemands => pb::ActionObstacle::NoSpecialDemands,
        Obstacle::NoRevenue => pb::ActionObstacle::NoRevenue,
        Obstacle::PriceBeyondReach => pb::ActionObstacle::PriceBeyondReach,
    }
}

fn warning_to_pb(warning: Warning) -> pb::SimulationWarning {
    match warning {
        Warning::FullCostTrap => pb::SimulationWarning::FullCostTrap,
        Warning::LoyalCustomer => pb::SimulationWarning::LoyalCustomer,
        Warning::ThinEvidence => pb::SimulationWarning::ThinEvidence,
        Warning::ReceivablesOpen => pb::SimulationWarning::ReceivablesOpen,
        Warning::ReferralsLost => pb::SimulationWarning::ReferralsLost,
    }
}

fn action_to_pb(
    simulated: &Simulated,
    answer: &Simulation,
    currency: Currency,
) -> pb::SimulatedAction {
    let action = pb::SimulatedAction {
        action: action_name_to_pb(simulated.action).into(),
        step: step_to_pb(simulated.action.step()).into(),
        ..pb::SimulatedAction::default()
    };
    match &simulated.outcome {
        Err(obstacle) => pb::SimulatedAction {
            obstacle: obstacle_to_pb(*obstacle).into(),
            ..action
        },
        Ok(outcome) => {
            let demands = answer.statement.special_demand_count;
            expected_to_pb(
                effect_to_pb(action, outcome, demands, currency),
                outcome,
                currency,
            )
        }
    }
}

/// With what is done to the accounts of the period.
fn effect_to_pb(
    action: pb::SimulatedAction,
    outcome: &Outcome,
    demands: i128,
    currency: Currency,
) -> pb::SimulatedAction {
    let money = |amount: Nanos| Some(money_to_pb(amount, currency));
    let effect = &outcome.effect;
    let freed = &effect.freed;
    let minutes = |milli| Some(minutes_to_pb(milli));
    let fees = effect.fees.filter(|_| demands > 0);
    pb::SimulatedAction {
        net_revenue: money(effect.net_revenue),
        customer_margin: money(effect.customer_margin),
        avoided_cost: money(effect.avoided_cost),
        stranded_fixed_cost: money(effect.stranded),
        freed_minutes: minutes(freed.saved + freed.redeployed),
        saved_minutes: minutes(freed.saved),
        redeployed_minutes: minutes(freed.redeployed),
        redeployed_time_cost: money(freed.redeployed_cost),
        redeployed_value: money(freed.redeployed_value),
        profit_change: money(effect.profit_change),
        break_even_minutes: effect.break_even.and_then(minutes),
        fee_total: fees.and_then(|fees| money(fees.total)),
        fee_per_demand: fees.and_then(|fees| money(fees.each)),
        demands_with_one_nano_more: fees.map_or(0, |fees| count_to_pb(fees.one_more)),
        ..action
    }
}

/// With what is expected.
fn expected_to_pb(
    action: pb::SimulatedAction,
    outcome: &Outcome,
    currency: Currency,
) -> pb::SimulatedAction {
    let money = |amount: Nanos| Some(money_to_pb(amount, currency));
    let interval = outcome.expected.interval;
    pb::SimulatedAction {
        price_rise: outcome.course.rise,
        stay_probability: outcome.course.rise.and(outcome.course.stay),
        expected_value: money(outcome.expected.value),
        expected_value_low: interval.and_then(|(low, _)| money(low)),
        expected_value_high: interval.and_then(|(_, high)| money(high)),
        value_over_keeping: money(outcome.over_keeping),
        expected_value_if_accepted: outcome.if_accepted.and_then(money),
        expected_referrals_lost: outcome.referrals_lost,
        ..referrals_to_pb(action, outcome, currency)
    }
}

/// With what leaves beside its own margin, if it ever referred anybody.
fn referrals_to_pb(
    action: pb::SimulatedAction,
    outcome: &Outcome,
    currency: Currency,
) -> pb::SimulatedAction {
    let Some(loss) = outcome.referral else {
        return action;
    };
    let money = |amount: Nanos| Some(money_to_pb(amount, currency));
    pb::SimulatedAction {
        referral_value_lost: money(loss.of_period),
        profit_change_with_referrals: money(outcome.change_with_referrals()),
        expected_referral_value_lost: money(loss.expected.credited),
        expected_word_of_mouth_lost: money(loss.expected.word_of_mouth),
        total_value_over_keeping: money(outcome.total_over_keeping()),
        ..action
    }
}

/// Progress, or a step.
pub fn following_to_pb(
    following: &Following,
    read_at: Position,
    currency: Currency,
) -> pb::SimulatePortfolioResponse {
    use pb::simulate_portfolio_response::Part;
    let part = match following {
        Following::Read(read, customers) => Part::Progress(pb::ReadingProgress {
            read_count: count_to_pb(*read),
            customer_count: count_to_pb(*customers),
        }),
        Following::Step(step) => Part::Step(ending_step_to_pb(step, read_at, currency)),
    };
    pb::SimulatePortfolioResponse { part: Some(part) }
}

fn ending_step_to_pb(step: &EndingStep, read_at: Position, currency: Currency) -> pb::EndingStep {
    let money = |amount: Nanos| Some(money_to_pb(amount, currency));
    let told = |ones: &[EndedCustomer]| {
        let ones = ones.iter();
        ones.map(|one| ended_to_pb(one, currency)).collect()
    };
    let footing = step.footing.as_ref();
    pb::EndingStep {
        step: i32::try_from(step.number).unwrap_or(i32::MAX),
        ended_count: count_to_pb(step.ended_count),
        ended: told(&step.ended),
        ended_net_revenue: money(step.net_revenue),
        ended_customer_margin: money(step.customer_margin),
        freed_minutes: Some(minutes_to_pb(step.milli_minutes)),
        stranded_fixed_cost: money(step.stranded),
        books: Some(books_to_pb(&step.books, currency)),
        turned_unprofitable_count: count_to_pb(step.turned_count),
        turned_unprofitable: told(&step.turned),
        negative_count: count_to_pb(step.negative),
        is_last: step.is_last,
        read_at: Some(position_to_pb(read_at)),
        control_total: footing.map(|footing| control_total_to_pb(footing, currency)),
        cost_basis: footing.map(|footing| cost_basis_to_pb(footing, currency)),
        referral_value_lost: step.referral_value_lost.and_then(money),
        profit_after_referrals: (step.referral_value_lost)
            .and_then(|_| money(step.profit_after_referrals())),
    }
}

fn ended_to_pb(one: &EndedCustomer, currency: Currency) -> pb::EndedCustomer {
    let money = |amount: Nanos| Some(money_to_pb(amount, currency));
    pb::EndedCustomer {
        customer_id: one.customer.to_string(),
        display_name: name_of(one.party.as_ref()),
        net_revenue: money(one.member.net_revenue),
        customer_margin: money(one.member.margin),
        net_profit_before: money(one.before),
        net_profit_after: one.after.and_then(money),
    }
}
