//! What each action does to a relationship, and which is advised.

use crate::{
    domain::{
        model::{
            course::{Course, RunRate, Terms, course},
            own_months::{OwnMonth, own_months},
            relationship::{Expectation, expect, of_millionths},
            word_of_mouth::Leaving,
        },
        money::Nanos,
        portfolio::remedy::{Accounts, Action, Effect, Obstacle, Step, effect},
        problem::Problem,
    },
    service::{referrals::leaving::Brings, report::check_range},
};

/// An action with its consequences.
#[derive(Debug, Clone)]
pub struct Simulated {
    /// What is done.
    pub action: Action,
    /// What it does, unless something stands against it.
    pub outcome: Result<Outcome, Obstacle>,
}

/// What an action does.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// To the accounts of the period.
    pub effect: Effect,
    /// To the months to come.
    pub course: Course,
    /// The same as the customer's own accounts are expected to show them.
    pub own_months: Vec<OwnMonth>,
    /// What those are worth.
    pub expected: Expectation,
    /// That, less what keeping is worth.
    pub over_keeping: Nanos,
    /// What they are worth if a walk-away price is accepted.
    pub if_accepted: Option<Nanos>,
    /// How many referrals are lost.
    pub referrals_lost: f64,
    /// What leaves beside its own margin, if it ever referred anybody.
    pub referral: Option<ReferralLoss>,
}

/// What leaves with a customer who brought others: beside what it earns itself, never inside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReferralLoss {
    /// What is credited to it in the period, if it is gone.
    pub of_period: Nanos,
    /// What is expected to be lost over the horizon.
    pub expected: Leaving,
}

impl Outcome {
    /// By how much the profit of the firm changes over the period, with what leaves beside it.
    pub fn change_with_referrals(&self) -> Nanos {
        self.effect.profit_change - self.referral.map_or(0, |loss| loss.of_period)
    }

    /// What is expected over what keeping is worth, with what leaves beside it.
    pub fn total_over_keeping(&self) -> Nanos {
        let lost = self
            .referral
            .map_or(Leaving::default(), |loss| loss.expected);
        self.over_keeping - lost.credited - lost.word_of_mouth
    }
}

pub(super) fn actions(
    accounts: &Accounts,
    rate: &RunRate,
    terms: &Terms,
    brings: Option<&Brings>,
) -> Result<Vec<Simulated>, Problem> {
    let aim = terms.aim(accounts.allocated);
    let discount = of_millionths(terms.discount);
    let mut keeping = 0;
    let mut simulated = Vec::new();
    for action in Action::ALL {
        let outcome = effect(action, accounts, &aim).map(|effect| {
            let course = course(action, &effect, accounts, rate, terms);
            let expected = expect(&rate.margin, discount, &course.months);
            if action == Action::Keep {
                keeping = expected.value;
            }
            let accepted = course.if_accepted.as_ref();
            let missing = course.months.iter().map(|month| 1.0 - month.presence);
            Outcome {
                referrals_lost: rate.referrals.mean * missing.sum::<f64>(),
                referral: brings.map(|brings| ReferralLoss {
                    of_period: match action.step() == Step::End {
                        true => brings.credited,
                        false => 0,
                    },
                    expected: brings.rate.leaving(discount, &course.months),
                }),
                over_keeping: expected.value - keeping,
                if_accepted: accepted.map(|months| expect(&rate.margin, discount, months).value),
                own_months: own_months(action, &effect, accounts, rate, terms),
                effect,
                course,
                expected,
            }
        });
        if let Ok(outcome) = &outcome {
            outcome.check_range()?;
        }
        simulated.push(Simulated { action, outcome });
    }
    Ok(simulated)
}

impl Outcome {
    fn check_range(&self) -> Result<(), Problem> {
        let effect = &self.effect;
        let (low, high) = self.expected.interval.unwrap_or_default();
        let figures = [
            ("actions.net_revenue", effect.net_revenue),
            ("actions.customer_margin", effect.customer_margin),
            ("actions.avoided_cost", effect.avoided_cost),
            ("actions.redeployed_time_cost", effect.freed.redeployed_cost),
            ("actions.redeployed_value", effect.freed.redeployed_value),
            ("actions.profit_change", effect.profit_change),
            ("actions.expected_value", self.expected.value),
            ("actions.expected_value_low", low),
            ("actions.expected_value_high", high),
            ("actions.value_over_keeping", self.over_keeping),
            (
                "actions.profit_change_with_referrals",
                self.change_with_referrals(),
            ),
            (
                "actions.total_value_over_keeping",
                self.total_over_keeping(),
            ),
            (
                "actions.expected_value_if_accepted",
                self.if_accepted.unwrap_or(0),
            ),
        ];
        figures
            .into_iter()
            .try_for_each(|(figure, amount)| check_range(figure, amount))
    }
}

/// The first in the order of remedies that is expected to earn more than keeping, with what leaves beside it; of those
/// that end it only if it costs more than it brings.
pub(super) fn advised(accounts: &Accounts, target: Nanos, actions: &[Simulated]) -> Action {
    if accounts.customer_margin >= target {
        return Action::Keep;
    }
    let is_better = |one: &&Simulated| {
        let may = one.action.step() != Step::End || accounts.customer_margin < 0;
        may && (one.outcome.as_ref()).is_ok_and(|outcome| outcome.total_over_keeping() > 0)
    };
    let better = actions.iter().find(is_better);
    better.map_or(Action::Keep, |one| one.action)
}
