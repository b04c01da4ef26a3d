//! What customers are ranked by, as weights of accounts.

use super::{
    account::{Account, Weights},
    activity::DirectCostKind,
    cost_model::CostModel,
    money::NANOS_PER_MICRO,
    relationship::{AppreciationKind, BonusEvent},
};

/// What customers are ranked by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Basis {
    /// Payments received less refunds paid out.
    Spend,
    /// Net revenue: sales less discounts and refunds.
    Revenue,
    /// Net revenue less cost of goods and direct costs.
    ContributionMargin,
    /// Customer margin less the share of fixed costs.
    NetProfit,
}

/// Which end of a ranking comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Direction {
    /// The greatest value; equal values in the order of their ids.
    #[default]
    BestFirst,
    /// The smallest value; equal values in the order of their ids.
    WorstFirst,
}

/// The accounts of money that take from the contribution margin, beside the direct costs.
const MARGIN_DEDUCTIONS: [Account; 3] =
    [Account::Discounts, Account::Refunds, Account::CostOfGoods];
/// The accounts of money that take from the customer margin, beside working time.
const SERVICE_DEDUCTIONS: [Account; 3] = [
    Account::Compensation,
    Account::SpecialDemandCost,
    Account::WrittenOff,
];

/// What winning and keeping a customer costs, by account: 1 for a cost, -1 for what takes a cost back. A bonus is a
/// cost when it is accrued, and none any more when it expires; to redeem it only ends the liability.
pub fn relationship_costs() -> impl Iterator<Item = (Account, i128)> {
    let appreciation = AppreciationKind::ALL.iter();
    let appreciation = appreciation.map(|kind| (Account::Appreciation(*kind), 1));
    let others = [
        (Account::AcquisitionCost, 1),
        (Account::RetentionSpend, 1),
        (Account::Bonus(BonusEvent::Accrued), 1),
        (Account::Bonus(BonusEvent::Expired), -1),
    ];
    appreciation.chain(others)
}

impl Basis {
    /// The value of a customer before its share of fixed costs.
    ///
    /// For [`Basis::NetProfit`] this is the customer margin: an equal share changes nobody's place, so that customers
    /// are ordered by it and the share is taken off afterwards.
    pub fn weights(self, costs: &CostModel) -> Weights {
        let mut weights = Weights::default();
        let mut add = |account, weight| {
            weights.0.insert(account, weight);
        };
        if self == Self::Spend {
            add(Account::Spend, NANOS_PER_MICRO);
            return weights;
        }
        add(Account::GrossRevenue, NANOS_PER_MICRO);
        add(Account::Discounts, -NANOS_PER_MICRO);
        add(Account::Refunds, -NANOS_PER_MICRO);
        if self == Self::Revenue {
            return weights;
        }
        for account in MARGIN_DEDUCTIONS {
            add(account, -NANOS_PER_MICRO);
        }
        for kind in DirectCostKind::ALL {
            add(Account::DirectCost(*kind), -NANOS_PER_MICRO);
        }
        if self == Self::ContributionMargin {
            return weights;
        }
        for account in SERVICE_DEDUCTIONS {
            add(account, -NANOS_PER_MICRO);
        }
        for (account, rate) in costs.minute_weights().chain(costs.premium_weights()) {
            add(account, -rate);
        }
        for (account, sign) in relationship_costs() {
            add(account, -sign * NANOS_PER_MICRO);
        }
        weights
    }

    /// Whether the share of fixed costs is taken off.
    pub fn bears_fixed_costs(self) -> bool {
        self == Self::NetProfit
    }
}

/// A ratio of two exact sums, if the whole is above zero.
#[allow(
    clippy::cast_precision_loss,
    reason = "a ratio is a model output, the sums beside it are exact"
)]
pub fn share(part: i128, whole: i128) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
