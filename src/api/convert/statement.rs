//! Waterfalls, and what a relationship costs and gives beside them.

use super::common::{count_to_pb, micros_to_pb, minutes_to_pb, money_to_pb};
use crate::{
    api::pb,
    domain::{
        id::FactorName,
        money::{Currency, Nanos},
        ranking::share,
        statement::{Line, Section, Statement},
    },
};

/// One in millionths.
const ONE: i128 = 1_000_000;

/// A waterfall.
pub fn statement_to_pb(statement: &Statement, currency: Currency) -> pb::Statement {
    let money = |amount| Some(money_to_pb(amount, currency));
    let (relation, minutes) = (&statement.relation, statement.milli_minutes);
    // What nobody uses is to take no room in the rows of a ranking.
    let used = |amount: Nanos| (amount != 0).then(|| money_to_pb(amount, currency));
    let part = |part: i128, whole| share(part, whole).filter(|_| part != 0);
    let [minor, moderate, major] = relation.complaints;
    let complaints = statement.complaint_count;
    let service = statement.customer_margin + statement.cost_to_serve;
    let paid = statement.gross_revenue - statement.discounts;
    pb::Statement {
        gross_revenue: money(statement.gross_revenue),
        discounts: money(statement.discounts),
        refunds: money(statement.refunds),
        net_revenue: money(statement.net_revenue),
        cost_of_goods: money(statement.cost_of_goods),
        direct_costs: money(statement.direct_costs),
        contribution_margin: money(statement.contribution_margin),
        cost_to_serve: money(statement.cost_to_serve),
        receivables_cost: money(statement.receivables_cost),
        customer_margin: money(statement.customer_margin),
        allocated_fixed_cost: money(statement.allocated_fixed_cost),
        net_profit: money(statement.net_profit),
        invoiced: money(statement.invoiced),
        spend: money(statement.spend),
        sale_count: count_to_pb(statement.sale_count),
        quantity: Some(micros_to_pb(statement.quantity)),
        minutes: Some(minutes_to_pb(statement.milli_minutes)),
        complaint_count: count_to_pb(statement.complaint_count),
        special_demand_count: count_to_pb(statement.special_demand_count),
        referral_count: count_to_pb(statement.referral_count),
        carrying_cost: used(statement.carrying_cost),
        provision_change: used(statement.provision_change),
        acquisition_cost: used(relation.acquisition_cost),
        retention_cost: used(relation.retention_cost),
        bonus_cost: used(relation.bonus_cost),
        appreciation_cost: used(relation.appreciation_cost),
        bonus_liability: used(relation.bonus_liability),
        total_acquisition_cost: used(relation.total_acquisition_cost),
        total_retention_cost: used(relation.total_retention_cost),
        complaint_cost: used(relation.complaint_cost),
        cost_per_complaint: relation
            .cost_per_complaint(complaints)
            .map(|cost| money_to_pb(cost, currency)),
        minor_complaint_count: count_to_pb(minor),
        moderate_complaint_count: count_to_pb(moderate),
        major_complaint_count: count_to_pb(major),
        special_demand_cost: used(relation.special_demand_cost),
        special_demand_effort_share: part(relation.special_demand_milli_minutes, minutes),
        rush_minutes: (relation.rush_milli_minutes != 0)
            .then(|| minutes_to_pb(relation.rush_milli_minutes)),
        rush_effort_share: part(relation.rush_milli_minutes, minutes),
        premium_cost: used(relation.premium_cost),
        return_on_service: share(service, statement.cost_to_serve),
        price_realisation: part(statement.discounts, statement.gross_revenue)
            .and_then(|_| share(paid, statement.gross_revenue)),
        feedback_count: count_to_pb(relation.feedback_count),
        mean_feedback: share(relation.feedback, relation.feedback_count * ONE),
        externality_other_customers: used(relation.externality_other_customers),
        externality_reputation: used(relation.externality_reputation),
        qualitative_factors: relation.factors.iter().map(factor_to_pb).collect(),
    }
}

fn factor_to_pb((name, weight): &(FactorName, i128)) -> pb::QualitativeFactorSum {
    pb::QualitativeFactorSum {
        name: name.to_string(),
        weight: Some(micros_to_pb(*weight)),
    }
}

/// A line below a total.
pub fn line_to_pb(line: &Line, currency: Currency) -> pb::StatementLine {
    let section = match line.section {
        Section::DirectCosts => pb::StatementSection::DirectCosts,
        Section::CostToServe => pb::StatementSection::CostToServe,
        Section::ReceivablesCost => pb::StatementSection::ReceivablesCost,
        Section::AllocatedFixedCost => pb::StatementSection::AllocatedFixedCost,
        Section::AcquisitionCost => pb::StatementSection::AcquisitionCost,
        Section::RetentionCost => pb::StatementSection::RetentionCost,
        Section::BonusCost => pb::StatementSection::BonusCost,
        Section::AppreciationCost => pb::StatementSection::AppreciationCost,
    };
    pb::StatementLine {
        section: section as i32,
        label: line.label.to_string(),
        amount: Some(money_to_pb(line.amount, currency)),
        minutes: line.milli_minutes.map(minutes_to_pb),
        rate_per_minute: line.rate.map(|rate| micros_to_pb(i128::from(rate))),
    }
}
