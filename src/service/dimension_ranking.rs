//! Branches, products, account managers and all other dimensions in the order of what their customers bring.

use super::{
    Service,
    rankings::RankingRequest,
    report::{Footing, check_range, check_sum, checked_statement, footing},
};
use crate::domain::{
    account::{Account, Sums, Weights},
    activity::Severity,
    dimension::{Dimension, sales_pay},
    id::TenantId,
    money::Nanos,
    problem::Problem,
    question::{CrossAnswer, CrossQuestion, RankQuestion, RowSelection},
    ranking::Direction,
    statement::Statement,
};
use std::{cmp::Reverse, ops::Range};

/// Some rows of a ranking of a dimension.
#[derive(Debug, Clone)]
pub struct DimensionRanking {
    /// The rows.
    pub rows: Vec<RankedDimension>,
    /// How many rows the whole ranking has.
    pub count: u64,
    /// How many of them have a value below zero.
    pub negative: u64,
    /// How many sales the whole ranking has.
    pub sales: i128,
    /// How many complaints.
    pub complaints: i128,
    /// How many of these put the relationship at risk.
    pub major_complaints: i128,
    /// The total of the ranking is `footing.control_total.reported`.
    pub footing: Footing,
}

/// One branch, product or account manager; amounts in nano-units.
#[derive(Debug, Clone)]
pub struct RankedDimension {
    /// Its place, from 0.
    pub place: u64,
    /// Which it is.
    pub id: String,
    /// What it was ranked by.
    pub value: Nanos,
    /// The values from the first row to this one.
    pub cumulative: Nanos,
    /// The waterfall of its activities, without fixed costs.
    pub statement: Statement,
    /// What selling was paid.
    pub sales_pay: Nanos,
}

impl Service {
    /// Ranks the values of a dimension and gives the rows at some places.
    pub async fn rank_dimension(
        &self,
        tenant: &TenantId,
        request: &RankingRequest,
        dimension: Dimension,
        places: Range<u64>,
    ) -> Result<DimensionRanking, Problem> {
        let scope = request.scope.clone();
        let costs = self
            .direct_costs(tenant, request.cost_model_version, &scope)
            .await?;
        let groups = CrossQuestion {
            scope: scope.clone(),
            group: dimension.group(),
        };
        let totals = RankQuestion {
            scope,
            order: costs.order(request.basis, request.direction),
            beside: Vec::new(),
            rows: RowSelection::Places(Vec::new()),
        };
        let store = self.store()?;
        let categories = self.categories_of(tenant, dimension, &totals.scope);
        let (mut groups, whole, categories) = tokio::try_join!(
            store.cross(tenant, &groups),
            store.rank(tenant, &totals),
            categories
        )?;
        if let Some(categories) = categories {
            groups = categories.merged(groups, |sums, more| sums.add_all(&more));
        }
        let footing = footing(&costs, &totals.order, &whole.totals)?;
        let (weights, pay) = (&totals.order.weights, sales_pay(&costs.model));
        let groups = in_order(groups, weights, request.direction);
        // A list in memory is shorter than any u64.
        let count = groups.len() as u64;
        let negative = groups.iter().filter(|(value, ..)| *value < 0).count() as u64;
        let (mut rows, mut cumulative) = (Vec::new(), 0);
        for (place, (value, id, sums)) in (0..).zip(groups) {
            cumulative += value;
            if !places.contains(&place) {
                continue;
            }
            let statement = checked_statement(&sums, &costs, &[])?;
            check_sum(value, statement.value(request.basis))?;
            check_range("rows.cumulative_value", cumulative)?;
            rows.push(RankedDimension {
                place,
                id,
                value,
                cumulative,
                sales_pay: pay.value(&sums),
                statement,
            });
        }
        check_sum(footing.control_total.reported, cumulative)?;
        let reported = &whole.totals.reported;
        for row in &rows {
            check_range("rows.sales_pay", row.sales_pay)?;
        }
        Ok(DimensionRanking {
            rows,
            count,
            negative,
            sales: reported.get(&Account::SaleCount),
            complaints: reported.get(&Account::ComplaintCount),
            major_complaints: reported.get(&Account::Complaints(Severity::Major)),
            footing,
        })
    }
}

/// Groups with their values in the order of a ranking.
fn in_order(
    groups: CrossAnswer,
    weights: &Weights,
    direction: Direction,
) -> Vec<(Nanos, String, Sums)> {
    let groups = groups.into_iter();
    // They come in the order of their ids, which the sorting keeps among equal values.
    let mut groups: Vec<_> = groups
        .map(|(id, sums)| (weights.value(&sums), id, sums))
        .collect();
    match direction {
        Direction::BestFirst => groups.sort_by_key(|(value, ..)| Reverse(*value)),
        Direction::WorstFirst => groups.sort_by_key(|(value, ..)| *value),
    }
    groups
}
