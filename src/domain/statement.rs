//! One customer's waterfall, made of sums, a cost model and shares of fixed costs.

use super::{
    account::{Account, Sums},
    activity::DirectCostKind,
    cost_model::CostModel,
    id::{PoolId, RoleId},
    money::{Micros, NANOS_PER_MICRO, Nanos, to_nanos},
    ranking::Basis,
    receivables::cost::Part,
    relation::{self, Relation},
};
use std::{borrow::Cow, collections::BTreeMap};

/// A waterfall. Costs and deductions are positive; all amounts in nano-units. The contract's `statement.proto`
/// documents every line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[allow(missing_docs, reason = "the contract documents every line")]
pub struct Statement {
    pub gross_revenue: Nanos,
    pub discounts: Nanos,
    pub refunds: Nanos,
    pub net_revenue: Nanos,
    pub cost_of_goods: Nanos,
    pub direct_costs: Nanos,
    pub contribution_margin: Nanos,
    pub cost_to_serve: Nanos,
    pub receivables_cost: Nanos,
    /// The part of it that is the cost of capital.
    pub carrying_cost: Nanos,
    /// The part of it by which the provision rose; below zero if it fell.
    pub provision_change: Nanos,
    pub customer_margin: Nanos,
    pub allocated_fixed_cost: Nanos,
    pub net_profit: Nanos,
    pub invoiced: Nanos,
    pub spend: Nanos,
    pub sale_count: i128,
    /// In millionths of a unit.
    pub quantity: i128,
    /// In thousandths of a minute.
    pub milli_minutes: i128,
    pub complaint_count: i128,
    pub special_demand_count: i128,
    pub referral_count: i128,
    /// What the relationship costs and gives.
    pub relation: Relation,
}

/// A total of the statement that has lines below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// Direct costs.
    DirectCosts,
    /// Cost to serve.
    CostToServe,
    /// Receivables cost.
    ReceivablesCost,
    /// Allocated fixed cost.
    AllocatedFixedCost,
    /// Acquisition cost.
    AcquisitionCost,
    /// Retention cost.
    RetentionCost,
    /// Bonus cost.
    BonusCost,
    /// Appreciation cost.
    AppreciationCost,
}

/// One line below a total.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The total.
    pub section: Section,
    /// What it is; borrowed where it can be, since each row of a ranking has many.
    pub label: Cow<'static, str>,
    /// How much, in nano-units.
    pub amount: Nanos,
    /// The thousandths of a minute behind it, if it comes from working time.
    pub milli_minutes: Option<i128>,
    /// The rate per minute behind it, in micro-units; `None` also if the cost model has none.
    pub rate: Option<Micros>,
}

impl Statement {
    /// The waterfall of some sums; `fixed_cost` is the share of fixed costs in nano-units.
    pub fn of(sums: &Sums, costs: &CostModel, fixed_cost: Nanos) -> Self {
        let amount = |account: Account| sums.get(&account) * NANOS_PER_MICRO;
        let lines = lines(sums, costs, &[]);
        let section = |section: Section| -> Nanos {
            lines
                .iter()
                .filter(|line| line.section == section)
                .map(|line| line.amount)
                .sum()
        };
        let mut statement = Self {
            gross_revenue: amount(Account::GrossRevenue),
            discounts: amount(Account::Discounts),
            refunds: amount(Account::Refunds),
            cost_of_goods: amount(Account::CostOfGoods),
            direct_costs: section(Section::DirectCosts),
            cost_to_serve: section(Section::CostToServe),
            receivables_cost: section(Section::ReceivablesCost),
            allocated_fixed_cost: fixed_cost,
            invoiced: amount(Account::Invoiced),
            spend: amount(Account::Spend),
            sale_count: sums.get(&Account::SaleCount),
            quantity: sums.get(&Account::Quantity),
            milli_minutes: relation::milli_minutes(sums, |_| true),
            complaint_count: sums.get(&Account::ComplaintCount),
            special_demand_count: sums.get(&Account::SpecialDemandCount),
            referral_count: sums.get(&Account::ReferralCount),
            ..Self::default()
        };
        statement.net_revenue = statement.gross_revenue - statement.discounts - statement.refunds;
        statement.contribution_margin =
            statement.net_revenue - statement.cost_of_goods - statement.direct_costs;
        statement.customer_margin =
            statement.contribution_margin - statement.cost_to_serve - statement.receivables_cost;
        statement.relation = Relation::of(sums, costs, &lines);
        statement.customer_margin -= statement.relation.cost();
        statement.net_profit = statement.customer_margin - statement.allocated_fixed_cost;
        statement
    }

    /// With what receivables cost beside what was written off, in micro-units.
    #[must_use]
    pub fn with_receivables(mut self, costs: impl Iterator<Item = (Part, Micros)>) -> Self {
        for (part, amount) in costs {
            match part {
                Part::Carrying => self.carrying_cost += to_nanos(amount),
                Part::Provision | Part::Release => self.provision_change += to_nanos(amount),
            }
        }
        let more = self.carrying_cost + self.provision_change;
        self.receivables_cost += more;
        self.customer_margin -= more;
        self.net_profit -= more;
        self
    }

    /// The lines of money with their names in the contract.
    pub fn figures(&self) -> impl Iterator<Item = (&'static str, Nanos)> {
        let own = [
            ("gross_revenue", self.gross_revenue),
            ("discounts", self.discounts),
            ("refunds", self.refunds),
            ("net_revenue", self.net_revenue),
            ("cost_of_goods", self.cost_of_goods),
            ("direct_costs", self.direct_costs),
            ("contribution_margin", self.contribution_margin),
            ("cost_to_serve", self.cost_to_serve),
            ("receivables_cost", self.receivables_cost),
            ("customer_margin", self.customer_margin),
            ("allocated_fixed_cost", self.allocated_fixed_cost),
            ("net_profit", self.net_profit),
            ("invoiced", self.invoiced),
            ("spend", self.spend),
        ];
        own.into_iter().chain(self.relation.figures())
    }

    /// The figure that customers are ranked by.
    pub fn value(&self, basis: Basis) -> Nanos {
        match basis {
            Basis::Spend => self.spend,
            Basis::Revenue => self.net_revenue,
            Basis::ContributionMargin => self.contribution_margin,
            Basis::NetProfit => self.net_profit,
        }
    }
}

/// What the totals of a statement are made of; lines of zero are left out.
pub fn lines(sums: &Sums, costs: &CostModel, shares: &[(PoolId, Micros)]) -> Vec<Line> {
    let money = |section, label: &'static str, account: &Account| Line {
        section,
        label: Cow::Borrowed(label),
        amount: sums.get(account) * NANOS_PER_MICRO,
        milli_minutes: None,
        rate: None,
    };
    let mut lines: Vec<Line> = DirectCostKind::ALL
        .iter()
        .map(|kind| {
            money(
                Section::DirectCosts,
                kind.as_str(),
                &Account::DirectCost(*kind),
            )
        })
        .collect();
    lines.push(money(
        Section::CostToServe,
        "COMPENSATION",
        &Account::Compensation,
    ));
    lines.push(money(
        Section::CostToServe,
        "SPECIAL_DEMAND",
        &Account::SpecialDemandCost,
    ));
    for (account, milli_minutes) in sums.iter() {
        if let Account::Minutes(role, purpose) = account {
            let (amount, rate) = costs.work_cost(sums, (role, *purpose), milli_minutes);
            lines.push(Line {
                section: Section::CostToServe,
                label: Cow::Owned(format!("{role} {}", purpose.as_str())),
                amount,
                milli_minutes: Some(milli_minutes),
                rate,
            });
        }
    }
    lines.extend(relation::lines(sums, costs));
    lines.push(money(
        Section::ReceivablesCost,
        "WRITE_OFF",
        &Account::WrittenOff,
    ));
    lines.extend(shares.iter().map(|(pool, share)| Line {
        section: Section::AllocatedFixedCost,
        label: Cow::Owned(pool.to_string()),
        amount: to_nanos(*share),
        milli_minutes: None,
        rate: None,
    }));
    lines.retain(|line| line.amount != 0 || line.milli_minutes.is_some_and(|minutes| minutes != 0));
    lines
}

/// What receivables cost beside what was written off, as lines; lines of zero are left out.
pub fn receivables_lines(costs: impl Iterator<Item = (Part, Micros)>) -> Vec<Line> {
    let line = |(part, amount)| Line {
        section: Section::ReceivablesCost,
        label: Cow::Borrowed(match part {
            Part::Carrying => "CARRYING_COST",
            Part::Provision | Part::Release => "PROVISION_CHANGE",
        }),
        amount: to_nanos(amount),
        milli_minutes: None,
        rate: None,
    };
    costs.map(line).filter(|line| line.amount != 0).collect()
}

/// The minutes of each role that the cost model has no rate for, in thousandths.
pub fn unrated_minutes(sums: &Sums, costs: &CostModel) -> BTreeMap<RoleId, i128> {
    let mut unrated = BTreeMap::new();
    for (account, milli_minutes) in sums.iter() {
        if let Account::Minutes(role, _) = account
            && costs.rate(role).is_none()
        {
            *unrated.entry(role.clone()).or_default() += milli_minutes;
        }
    }
    unrated.retain(|_, minutes| *minutes != 0);
    unrated
}
