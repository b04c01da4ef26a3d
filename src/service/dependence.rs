//! What is lost if the best customers leave.

use super::{
    Service,
    rankings::{BandTotals, RankingRequest, question, whole},
    report::{check_range, checked_statement},
};
use crate::domain::{
    id::TenantId,
    money::{NANOS_PER_MICRO, Nanos},
    problem::Problem,
    question::RowSelection,
    ranking::Direction,
    statement::Statement,
};

/// What is lost if the best customers leave; amounts in nano-units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dependence {
    /// How many leave.
    pub leaving: u64,
    /// Their net revenue.
    pub lost_revenue: Nanos,
    /// Their customer margin: fixed costs do not leave with them.
    pub lost_margin: Nanos,
    /// The fixed costs that they bear now.
    pub stranded_fixed_cost: Nanos,
    /// The net profit of the ranking without them.
    pub remaining_net_profit: Nanos,
}

/// What is lost by how many, and the sums of the whole ranking.
#[derive(Debug, Clone)]
pub struct Dependences {
    /// One for each number of customers that there are.
    pub each: Vec<Dependence>,
    /// The net revenue of the whole ranking.
    pub revenue: Nanos,
    /// The customer margin of the whole ranking.
    pub margin: Nanos,
}

impl Service {
    /// What is lost if so many of the best customers leave, for each of `leaving`.
    pub async fn dependences(
        &self,
        tenant: &TenantId,
        request: &RankingRequest,
        leaving: &[u64],
    ) -> Result<Dependences, Problem> {
        let costs = self
            .costs(tenant, request.cost_model_version, &request.scope)
            .await?;
        let best_first = RankingRequest {
            direction: Direction::BestFirst,
            ..request.clone()
        };
        let best = 0..leaving.iter().max().copied().unwrap_or(0);
        let mut question = question(&best_first, &costs, RowSelection::Places(vec![best]));
        question.beside.clear();
        let answer = self.store()?.rank(tenant, &question).await?;
        let total = whole(request.basis, &costs, &question, &answer.totals)?;
        let statements = answer
            .rows
            .iter()
            .map(|row| checked_statement(&row.sums, &costs, &row.shares))
            .collect::<Result<Vec<_>, _>>()?;
        let pools = answer.totals.reported_shares.iter();
        let shares: i128 = pools.take(costs.pool_parts.len()).sum();
        let margin = total.net_profit + shares * NANOS_PER_MICRO;
        check_range("dependences.margin", margin)?;
        let there = leaving
            .iter()
            .filter(|count| **count <= answer.totals.customers);
        Ok(Dependences {
            each: there
                .map(|count| lost(*count, &statements, total))
                .collect::<Result<_, _>>()?,
            revenue: total.revenue,
            margin,
        })
    }
}

/// What the first `leaving` customers take with them.
fn lost(leaving: u64, statements: &[Statement], total: BandTotals) -> Result<Dependence, Problem> {
    let those = statements
        .iter()
        .take(usize::try_from(leaving).unwrap_or(usize::MAX));
    let sum = |figure: fn(&Statement) -> Nanos| those.clone().map(figure).sum::<Nanos>();
    let lost_margin = sum(|statement| statement.customer_margin);
    let dependence = Dependence {
        leaving,
        lost_revenue: sum(|statement| statement.net_revenue),
        lost_margin,
        stranded_fixed_cost: sum(|statement| statement.allocated_fixed_cost),
        remaining_net_profit: total.net_profit - lost_margin,
    };
    let figures = [
        ("dependences.lost_revenue", dependence.lost_revenue),
        ("dependences.lost_margin", lost_margin),
        (
            "dependences.stranded_fixed_cost",
            dependence.stranded_fixed_cost,
        ),
        (
            "dependences.remaining_net_profit",
            dependence.remaining_net_profit,
        ),
    ];
    for (figure, amount) in figures {
        check_range(figure, amount)?;
    }
    Ok(dependence)
}
