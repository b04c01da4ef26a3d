//! What a statement says of the relationship: what it cost to win and to keep the customer, how the effort divides,
//! and, outside of every total, effects on others and what has no price.

use super::{
    account::{Account, Sums, WorkPurpose},
    activity::{DirectCostKind, EffortPurpose, Severity},
    cost_model::CostModel,
    id::{FactorName, RoleId},
    money::{NANOS_PER_MICRO, Nanos, divide_half_even},
    relationship::{AppreciationKind, BonusEvent, Circumstance, ExternalityKind},
    statement::{Line, Section},
};
use std::borrow::Cow;

/// The relationship's part of a statement; amounts in nano-units, minutes in thousandths. The contract's
/// `statement.proto` documents every field.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[allow(missing_docs, reason = "the contract documents every field")]
pub struct Relation {
    pub acquisition_cost: Nanos,
    pub retention_cost: Nanos,
    pub bonus_cost: Nanos,
    pub appreciation_cost: Nanos,
    pub bonus_liability: Nanos,
    pub total_acquisition_cost: Nanos,
    pub total_retention_cost: Nanos,
    pub complaint_cost: Nanos,
    /// By severity, in the order of [`Severity::ALL`].
    pub complaints: [i128; 3],
    pub special_demand_cost: Nanos,
    pub special_demand_milli_minutes: i128,
    pub rush_milli_minutes: i128,
    pub premium_cost: Nanos,
    pub feedback_count: i128,
    /// The sum, in millionths.
    pub feedback: i128,
    pub externality_other_customers: Nanos,
    pub externality_reputation: Nanos,
    /// By name, in millionths.
    pub factors: Vec<(FactorName, i128)>,
}

/// Working time in thousandths of a minute, of some purposes.
pub fn milli_minutes(sums: &Sums, wanted: impl Fn(WorkPurpose) -> bool) -> i128 {
    let is_wanted =
        |account: &Account| matches!(account, Account::Minutes(_, purpose) if wanted(*purpose));
    let each = sums.iter().filter(|(account, _)| is_wanted(account));
    each.map(|(_, quantity)| quantity).sum()
}

/// What working time of a purpose costs at the rates of its roles, without premiums.
fn time_cost(sums: &Sums, costs: &CostModel, wanted: WorkPurpose) -> Nanos {
    let mut cost = 0;
    for (account, quantity) in sums.iter() {
        if let Account::Minutes(role, purpose) = account
            && *purpose == wanted
        {
            cost += costs.work_cost(sums, (role, wanted), quantity).0;
        }
    }
    cost
}

impl Relation {
    /// Of some sums, whose lines are these.
    pub fn of(sums: &Sums, costs: &CostModel, lines: &[Line]) -> Self {
        let amount = |account: Account| sums.get(&account) * NANOS_PER_MICRO;
        let section = |section: Section| -> Nanos {
            let own = lines.iter().filter(|line| line.section == section);
            own.map(|line| line.amount).sum()
        };
        let bonus = |event| amount(Account::Bonus(event));
        let effort = |purpose| time_cost(sums, costs, WorkPurpose::Effort(purpose));
        let (acquisition_cost, retention_cost) = (
            section(Section::AcquisitionCost),
            section(Section::RetentionCost),
        );
        let (bonus_cost, appreciation_cost) = (
            section(Section::BonusCost),
            section(Section::AppreciationCost),
        );
        let fees = amount(Account::DirectCost(DirectCostKind::LeadGenerationFee));
        let (premium_cost, rush_milli_minutes) = of_premiums(sums, costs);
        let mut complaints = [0; 3];
        for (count, severity) in complaints.iter_mut().zip(Severity::ALL) {
            *count = sums.get(&Account::Complaints(*severity));
        }
        Self {
            acquisition_cost,
            retention_cost,
            bonus_cost,
            appreciation_cost,
            bonus_liability: bonus(BonusEvent::Accrued)
                - bonus(BonusEvent::Redeemed)
                - bonus(BonusEvent::Expired),
            total_acquisition_cost: acquisition_cost + fees + effort(EffortPurpose::Acquisition),
            total_retention_cost: retention_cost
                + bonus_cost
                + appreciation_cost
                + effort(EffortPurpose::Retention),
            complaint_cost: amount(Account::Compensation)
                + time_cost(sums, costs, WorkPurpose::Complaint),
            complaints,
            special_demand_cost: amount(Account::SpecialDemandCost)
                + time_cost(sums, costs, WorkPurpose::SpecialDemand),
            special_demand_milli_minutes: milli_minutes(sums, |purpose| {
                purpose == WorkPurpose::SpecialDemand
            }),
            rush_milli_minutes,
            premium_cost,
            feedback_count: sums.get(&Account::FeedbackCount),
            feedback: sums.get(&Account::Feedback),
            externality_other_customers: amount(Account::Externality(
                ExternalityKind::OtherCustomers,
            )),
            externality_reputation: amount(Account::Externality(ExternalityKind::Reputation)),
            factors: factors(sums),
        }
    }

    /// What is taken off the customer margin.
    pub fn cost(&self) -> Nanos {
        self.acquisition_cost + self.retention_cost + self.bonus_cost + self.appreciation_cost
    }

    /// The amounts with their names in the contract.
    pub fn figures(&self) -> impl Iterator<Item = (&'static str, Nanos)> {
        [
            ("acquisition_cost", self.acquisition_cost),
            ("retention_cost", self.retention_cost),
            ("bonus_cost", self.bonus_cost),
            ("appreciation_cost", self.appreciation_cost),
            ("bonus_liability", self.bonus_liability),
            ("total_acquisition_cost", self.total_acquisition_cost),
            ("total_retention_cost", self.total_retention_cost),
            ("complaint_cost", self.complaint_cost),
            ("special_demand_cost", self.special_demand_cost),
            ("premium_cost", self.premium_cost),
            (
                "externality_other_customers",
                self.externality_other_customers,
            ),
            ("externality_reputation", self.externality_reputation),
        ]
        .into_iter()
    }

    /// What a complaint cost on average, rounded half to even to the nano-unit.
    pub fn cost_per_complaint(&self, complaints: i128) -> Option<Nanos> {
        (complaints > 0).then(|| divide_half_even(self.complaint_cost, complaints))
    }
}

/// What premiums cost, and the minutes of rush work.
fn of_premiums(sums: &Sums, costs: &CostModel) -> (Nanos, i128) {
    let (mut cost, mut rush) = (0, 0);
    for (account, quantity) in sums.iter() {
        if let Account::Circumstance(role, circumstance) = account {
            let premium = costs.premium_cost(sums, (role, *circumstance), quantity);
            cost += premium.map_or(0, |(cost, _)| cost);
            if *circumstance == Circumstance::Rush {
                rush += quantity;
            }
        }
    }
    (cost, rush)
}

fn factors(sums: &Sums) -> Vec<(FactorName, i128)> {
    let mut factors = Vec::new();
    for (account, weight) in sums.iter() {
        if let Account::Factor(name) = account {
            factors.push((name.clone(), weight));
        }
    }
    factors
}

/// The lines that a relationship adds to a statement.
pub fn lines(sums: &Sums, costs: &CostModel) -> Vec<Line> {
    let money = |section, label: &'static str, account: Account, sign| Line {
        section,
        label: Cow::Borrowed(label),
        amount: sign * sums.get(&account) * NANOS_PER_MICRO,
        milli_minutes: None,
        rate: None,
    };
    let mut lines = premium_lines(sums, costs);
    lines.extend([
        money(
            Section::AcquisitionCost,
            "ACQUISITION",
            Account::AcquisitionCost,
            1,
        ),
        money(
            Section::RetentionCost,
            "RETENTION",
            Account::RetentionSpend,
            1,
        ),
    ]);
    for (event, sign) in [(BonusEvent::Accrued, 1), (BonusEvent::Expired, -1)] {
        let account = Account::Bonus(event);
        lines.push(money(Section::BonusCost, event.as_str(), account, sign));
    }
    lines.extend(AppreciationKind::ALL.iter().map(|kind| {
        let account = Account::Appreciation(*kind);
        money(Section::AppreciationCost, kind.as_str(), account, 1)
    }));
    lines
}

fn premium_lines(sums: &Sums, costs: &CostModel) -> Vec<Line> {
    let line = |role: &RoleId, circumstance: Circumstance, minutes: i128| {
        let (amount, rate) = costs.premium_cost(sums, (role, circumstance), minutes)?;
        Some(Line {
            section: Section::CostToServe,
            label: Cow::Owned(format!("{role} {} PREMIUM", circumstance.as_str())),
            amount,
            milli_minutes: Some(minutes),
            rate,
        })
    };
    let mut lines = Vec::new();
    for (account, minutes) in sums.iter() {
        if let Account::Circumstance(role, circumstance) = account {
            lines.extend(line(role, *circumstance, minutes));
        }
    }
    lines
}
