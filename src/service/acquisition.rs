//! Customers grouped by how they were won, in the order of what they bring and not of how many they are.

use super::{
    Service,
    report::{Footing, check_range, check_sum, checked_statement, footing},
};
use crate::domain::{
    account::Sums,
    acquisition::{Won, WonBy, acquisition_cost},
    id::{PartyId, TenantId},
    ledger::{Entry, LedgerQuestion, Position},
    money::Nanos,
    problem::Problem,
    question::{CrossQuestion, Group, RankQuestion, RowSelection, Scope},
    ranking::{Basis, Direction},
    statement::Statement,
};
use std::{cmp::Reverse, collections::BTreeMap, ops::Range, sync::Arc};

/// How many entries of the ledger are read at once.
const AT_ONCE: usize = 10_000;

/// What an acquisition report is asked for.
#[derive(Debug, Clone)]
pub struct AcquisitionRequest {
    /// Which postings and customers, as of which position.
    pub scope: Scope,
    /// By what customers are grouped.
    pub by: WonBy,
    /// Which version of the cost model; the newest if `None`.
    pub cost_model_version: Option<u64>,
}

/// Some rows of an acquisition report.
#[derive(Debug, Clone)]
pub struct AcquisitionReport {
    /// The rows.
    pub rows: Vec<WonCustomers>,
    /// How many rows the whole report has.
    pub count: u64,
    /// How many customers it has.
    pub customers: u64,
    /// The total of the report is `footing.control_total.reported`.
    pub footing: Footing,
}

/// The customers that were won by the same; amounts in nano-units.
#[derive(Debug, Clone)]
pub struct WonCustomers {
    /// Its place by what they bring, from 0.
    pub place: u64,
    /// Its place by how many they are, from 0; of the same number in the order of the ids.
    pub place_by_count: u64,
    /// What they were won by.
    pub id: String,
    /// How many they are.
    pub customers: u64,
    /// How many of them bring less than nothing.
    pub negative: u64,
    /// What they bring: their customer margins.
    pub value: Nanos,
    /// The waterfall of their activities, without fixed costs.
    pub statement: Statement,
    /// What winning customers cost, of these activities.
    pub acquisition_cost: Nanos,
}

/// A group while its customers are added up.
#[derive(Default)]
struct Added {
    customers: u64,
    negative: u64,
    value: Nanos,
    sums: Sums,
}

impl Service {
    /// Groups customers by how they were won and gives the groups at some places.
    pub async fn acquisition_report(
        &self,
        tenant: &TenantId,
        request: &AcquisitionRequest,
        places: Range<u64>,
    ) -> Result<AcquisitionReport, Problem> {
        let scope = request.scope.clone();
        let costs = self
            .direct_costs(tenant, request.cost_model_version, &scope)
            .await?;
        let customers = CrossQuestion {
            scope: scope.clone(),
            group: Group::Customer,
        };
        let totals = RankQuestion {
            scope,
            order: costs.order(Basis::NetProfit, Direction::BestFirst),
            beside: Vec::new(),
            rows: RowSelection::Places(Vec::new()),
        };
        let store = self.store()?;
        let won = self.won(tenant, request.scope.as_of).await?;
        let (customers, whole) =
            tokio::try_join!(store.cross(tenant, &customers), store.rank(tenant, &totals))?;
        let footing = footing(&costs, &totals.order, &whole.totals)?;
        let weights = &totals.order.weights;
        let mut groups = BTreeMap::<&str, Added>::new();
        for (customer, sums) in &customers {
            let id = won.by(&PartyId::stored(customer), request.by);
            let (group, value) = (groups.entry(id).or_default(), weights.value(sums));
            group.customers += 1;
            group.negative += u64::from(value < 0);
            group.value += value;
            group.sums.add_all(sums);
        }
        let of_groups = groups.values().map(|group| group.value).sum();
        check_sum(footing.control_total.reported, of_groups)?;
        let count = groups.len() as u64;
        let winning = acquisition_cost(&costs.model);
        let mut rows = Vec::new();
        for (place, place_by_count, id, group) in placed(groups) {
            if !places.contains(&place) {
                continue;
            }
            let statement = checked_statement(&group.sums, &costs, &[])?;
            check_sum(group.value, statement.value(Basis::NetProfit))?;
            let acquisition_cost = winning.value(&group.sums);
            check_range("rows.acquisition_cost", acquisition_cost)?;
            rows.push(WonCustomers {
                place,
                place_by_count,
                id: id.to_owned(),
                customers: group.customers,
                negative: group.negative,
                value: group.value,
                statement,
                acquisition_cost,
            });
        }
        Ok(AcquisitionReport {
            rows,
            count,
            customers: whole.totals.customers,
            footing,
        })
    }

    /// What the first activity of each customer says, as of a position. The whole ledger is read for it; it is kept,
    /// since it is the same for every such report as of that position.
    async fn won(&self, tenant: &TenantId, as_of: Position) -> Result<Arc<Won>, Problem> {
        let asked = (tenant.clone(), as_of);
        let find = async || {
            let store = self.store()?;
            let (mut won, mut after) = (Won::default(), 0);
            loop {
                let question = LedgerQuestion {
                    customer: None,
                    start: None,
                    end: None,
                    after,
                    as_of,
                    limit: AT_ONCE,
                };
                let entries = store.entries(tenant, &question).await?;
                let Some(last) = entries.last() else {
                    return Ok(won);
                };
                after = last.position;
                for entry in &entries {
                    if let (Entry::Activity(activity), None) = (&entry.entry, entry.reversed_at) {
                        won.see(activity);
                    }
                }
            }
        };
        self.won.find_or(&asked, find).await
    }
}

/// Groups in the order of what they bring, each with its place there and by how many customers it has.
fn placed(groups: BTreeMap<&str, Added>) -> Vec<(u64, u64, &str, Added)> {
    let mut groups: Vec<_> = groups
        .into_iter()
        .map(|(id, group)| (0, 0, id, group))
        .collect();
    // They come in the order of their ids, which the sorting keeps among equals.
    groups.sort_by_key(|(.., group)| Reverse(group.customers));
    for (place, group) in (0..).zip(&mut groups) {
        group.1 = place;
    }
    groups.sort_by_key(|(_, _, id, _)| *id);
    groups.sort_by_key(|(.., group)| Reverse(group.value));
    for (place, group) in (0..).zip(&mut groups) {
        group.0 = place;
    }
    groups
}
