//! What was decided about a relationship: by whom, when, on which advice, and what that advice forecast.
//!
//! A decision is stored under the client's key; each further version of it takes the place of the one before, and reads
//! as of an earlier position still see that one. It names the position and the cost model by which the advice was
//! asked, so that the forecast is what the same question says as of there, never a number of the client. The forecast
//! is kept beside the decision in whole micro-units and thousandths of a minute, month by month, so that what was
//! forecast stays what it was. Knows no store and no clock.

use super::{
    id::{DecisionId, PartyId},
    ledger::Position,
    model::{course::Terms, own_months::OwnMonth},
    money::{Micros, NANOS_PER_MICRO, Nanos, to_nanos},
    portfolio::{
        proportion,
        remedy::{Action, Obstacle},
    },
    problem::Problem,
    time::{Day, Instant, Period},
};
use jiff::ToSpan as _;
use serde::{Deserialize, Serialize};

/// What was decided. The order is part of the stored form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the contract documents every action")]
pub enum DecidedAction {
    Keep,
    ReduceCostToServe,
    Surcharge,
    Reprice,
    Migrate,
    WalkAwayPrice,
    DeclineWork,
    NoCapacity,
    Direct,
    Invest,
    Nurture,
}

impl DecidedAction {
    /// All of them, in the order of the contract.
    pub const ALL: [Self; 11] = [
        Self::Keep,
        Self::ReduceCostToServe,
        Self::Surcharge,
        Self::Reprice,
        Self::Migrate,
        Self::WalkAwayPrice,
        Self::DeclineWork,
        Self::NoCapacity,
        Self::Direct,
        Self::Invest,
        Self::Nurture,
    ];

    /// The action whose simulation is its forecast. To give a relationship more, or to bring it along, is measured
    /// against keeping it as it is.
    pub fn simulated(self) -> Action {
        match self {
            Self::Keep | Self::Invest | Self::Nurture => Action::Keep,
            Self::ReduceCostToServe => Action::ReduceCostToServe,
            Self::Surcharge => Action::Surcharge,
            Self::Reprice => Action::Reprice,
            Self::Migrate => Action::Migrate,
            Self::WalkAwayPrice => Action::WalkAwayPrice,
            Self::DeclineWork => Action::DeclineWork,
            Self::NoCapacity => Action::NoCapacity,
            Self::Direct => Action::Direct,
        }
    }
}

/// What a client says of a decision. The order of the fields is part of the stored form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdviceDecision {
    /// The idempotency key.
    pub decision_id: DecisionId,
    /// Whom it is about.
    pub customer_id: PartyId,
    /// What was decided.
    pub action: DecidedAction,
    /// Who decided; empty once the customer was erased.
    pub decided_by: String,
    /// When.
    pub decided_on: Day,
    /// From which day on it takes effect.
    pub first_day: Day,
    /// As of which position the advice was asked.
    pub advised_as_of: Position,
    /// Over which period.
    pub period: Period,
    /// By which version of the cost model; the one that held if `None`.
    pub cost_model_version: Option<u64>,
    /// What was assumed.
    pub terms: Terms,
    /// Why; may be empty.
    pub note: String,
    /// Where it is written down; may be empty.
    pub evidence_ref: String,
}

impl AdviceDecision {
    /// Refuses what contradicts itself; the field is relative to the item.
    pub fn check(&self) -> Result<(), Problem> {
        match self.first_day < self.decided_on {
            true => Err(Problem::field_invalid("first_day", "is before decided_on")),
            false => Ok(()),
        }
    }

    /// The day after the horizon.
    pub fn end(&self) -> Day {
        months_after(self.first_day, self.terms.horizon_months)
    }

    /// The days of which it can be said what happened, if things are known until before a day; `None` if it has not
    /// taken effect by then.
    pub fn span(&self, until: Day) -> Option<(Day, Day)> {
        let end = self.end().min(until);
        (self.first_day < end).then_some((self.first_day, end))
    }
}

/// Some months that are forecast alike. The order of the fields is part of the stored form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    /// How many months.
    pub months: u32,
    /// The customer margin of each, in micro-units.
    pub margin: Micros,
    /// The working time of each, in thousandths of a minute.
    pub milli_minutes: i64,
}

/// What the service forecast when a decision was recorded. The order of the fields is part of the stored form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionForecast {
    /// The version of the cost model that was used.
    pub cost_model_version: u64,
    /// What was advised.
    pub advised: Action,
    /// Why nothing can be forecast of what was decided, if that is so: all else is then empty.
    pub obstacle: Option<Obstacle>,
    /// What the customer and its freed hours are expected to earn over the horizon, discounted, in micro-units.
    pub expected_value: Micros,
    /// That, less the same of keeping the relationship, in micro-units.
    pub over_keeping: Micros,
    /// The customer margin of a month if it were kept as it is, in micro-units.
    pub kept_margin: Micros,
    /// The months of the horizon, from the first day on.
    pub stretches: Vec<Stretch>,
}

/// What is forecast of some days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Expected {
    /// The customer margin, not discounted, in nano-units.
    pub margin: Nanos,
    /// The same if the relationship were kept as it is.
    pub kept_margin: Nanos,
    /// The working time, in thousandths of a minute.
    pub milli_minutes: i128,
}

impl DecisionForecast {
    /// Months as stretches of those that are alike; `None` if an amount is too large to be kept.
    pub fn stretches_of(months: &[OwnMonth]) -> Option<Vec<Stretch>> {
        let mut stretches = Vec::<Stretch>::new();
        for month in months {
            let margin = Micros::try_from(month.margin / NANOS_PER_MICRO).ok()?;
            let milli_minutes = i64::try_from(month.milli_minutes).ok()?;
            match stretches.last_mut() {
                Some(last) if (last.margin, last.milli_minutes) == (margin, milli_minutes) => {
                    last.months += 1;
                }
                _ => stretches.push(Stretch {
                    months: 1,
                    margin,
                    milli_minutes,
                }),
            }
        }
        Some(stretches)
    }

    /// What is forecast of the days from the first one to before another: whole months as they are, and of the last one
    /// the part of its days that are over, rounded half to even. `None` if nothing can be forecast.
    pub fn over(&self, first_day: Day, until: Day) -> Option<Expected> {
        if self.obstacle.is_some() {
            return None;
        }
        let mut expected = Expected::default();
        let months = self.stretches.iter();
        let months =
            months.flat_map(|stretch| std::iter::repeat_n(*stretch, stretch.months as usize));
        for (index, month) in (0..).zip(months) {
            let start = months_after(first_day, index);
            let length = i128::from(months_after(first_day, index + 1).0) - i128::from(start.0);
            let over = (i128::from(until.0) - i128::from(start.0)).min(length);
            // No month is without days before the end of time.
            if over <= 0 || length <= 0 {
                break;
            }
            let part = |amount: i128| proportion(amount, over, length);
            expected.margin += part(to_nanos(month.margin));
            expected.kept_margin += part(to_nanos(self.kept_margin));
            expected.milli_minutes += part(i128::from(month.milli_minutes));
        }
        Some(expected)
    }
}

/// A decision with what was forecast of it. The order of the fields is part of the stored form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenDecision {
    /// What was decided.
    pub decision: AdviceDecision,
    /// What was forecast.
    pub forecast: DecisionForecast,
    /// Whether the customer was erased since: no client can send this, and every version keeps its place.
    pub is_erased: bool,
}

impl TakenDecision {
    /// What is left of it once the customer was erased: all but free texts and who decided. Amounts stay, as activities
    /// do.
    pub fn erased(&self) -> Self {
        Self {
            decision: AdviceDecision {
                decided_by: String::new(),
                note: String::new(),
                evidence_ref: String::new(),
                ..self.decision.clone()
            },
            forecast: self.forecast.clone(),
            is_erased: true,
        }
    }
}

/// A stored decision with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredDecision {
    /// Where this version was written.
    pub position: Position,
    /// When the server took it in.
    pub record_time: Instant,
    /// What it is.
    pub taken: TakenDecision,
}

/// Asks for stored decisions, in the order of their keys: of each the version that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionQuestion {
    /// Only about this customer.
    pub customer: Option<PartyId>,
    /// Only these.
    pub action: Option<DecidedAction>,
    /// Only those that were decided in this period.
    pub decided: Period,
    /// Only what comes after this key.
    pub after: Option<DecisionId>,
    /// As of this position.
    pub as_of: Position,
    /// At most so many.
    pub limit: usize,
}

impl DecisionQuestion {
    /// Whether the version that holds is asked for, apart from its key.
    pub fn wants(&self, decision: &AdviceDecision) -> bool {
        let customer = self.customer.as_ref();
        customer.is_none_or(|customer| *customer == decision.customer_id)
            && self.action.is_none_or(|action| action == decision.action)
            && self.decided.contains(decision.decided_on)
    }
}

/// The day so many months later; the last of the month if that has no such day.
fn months_after(day: Day, months: u32) -> Day {
    let Some(date) = day.date() else {
        return day;
    };
    // At most 120 months.
    let months = i32::try_from(months).unwrap_or(i32::MAX / 2);
    let later = date.checked_add(months.months());
    later.map_or(day, Day::from_date)
}

#[cfg(test)]
mod tests;
