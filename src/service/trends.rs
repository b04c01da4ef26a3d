//! How a customer, or all customers, go over calendar periods.

use super::{
    Service,
    rankings::{RankingRequest, only},
    report::{Costs, Footing, check_range, check_sum, checked_statement, footing},
};
use crate::domain::{
    account::Sums,
    id::{PartyId, TenantId},
    money::{NANOS_PER_MICRO, Nanos},
    problem::Problem,
    question::{CellsQuestion, CrossQuestion, Group, RankQuestion, RowSelection, Scope},
    ranking::Basis,
    statement::Statement,
    time::{Day, Period},
    trend::{Bucket, Days, Granularity, SignChange, slope},
};
use std::collections::BTreeMap;

/// The most calendar periods of a trend.
const MOST_POINTS: usize = 1_000;

/// A trend; amounts in nano-units.
#[derive(Debug, Clone)]
pub struct Trend {
    /// The calendar periods, the oldest first.
    pub points: Vec<TrendPoint>,
    /// How much the value rises from one complete period to the next, to the micro-unit.
    pub slope: Option<Nanos>,
    /// The same of the net revenue.
    pub revenue_slope: Option<Nanos>,
    /// The same of the working time, in thousandths of a minute.
    pub minutes_slope: Option<i128>,
    /// The sum of the points is `footing.control_total.reported`.
    pub footing: Footing,
}

/// One calendar period of a trend.
#[derive(Debug, Clone)]
pub struct TrendPoint {
    /// Which.
    pub bucket: Bucket,
    /// What is followed, and the waterfall.
    pub earned: Earned,
    /// Whether the value has another sign than in the point before.
    pub sign_change: SignChange,
    /// The same days of the calendar period before.
    pub prior_period: Earned,
    /// The same days of the year before.
    pub prior_year: Earned,
}

/// What some days brought.
#[derive(Debug, Clone)]
pub struct Earned {
    /// By the basis.
    pub value: Nanos,
    /// The waterfall, without fixed costs.
    pub statement: Statement,
}

impl Trend {
    /// Whether volume falls while attention rises.
    pub fn attention_outpaces_volume(&self) -> bool {
        self.revenue_slope.is_some_and(|slope| slope < 0)
            && self.minutes_slope.is_some_and(|slope| slope > 0)
    }
}

impl Service {
    /// Follows a customer, or all customers of the scope together.
    pub async fn trend(
        &self,
        tenant: &TenantId,
        request: &RankingRequest,
        customer: Option<&PartyId>,
        granularity: Granularity,
    ) -> Result<Trend, Problem> {
        let costs = self
            .direct_costs(tenant, request.cost_model_version, &request.scope)
            .await?;
        let rows = match customer {
            None => RowSelection::Places(Vec::new()),
            Some(id) => RowSelection::Customer(id.clone()),
        };
        let question = RankQuestion {
            scope: request.scope.clone(),
            order: costs.order(request.basis, request.direction),
            beside: Vec::new(),
            rows,
        };
        let answer = self.store()?.rank(tenant, &question).await?;
        let (mut totals, row) = (answer.totals, answer.rows.first());
        if let Some(id) = customer {
            if row.is_none() {
                self.known(tenant, id, request).await?;
            }
            totals = only(row, &question.order.weights, totals);
        }
        let footing = footing(&costs, &question.order, &totals)?;
        let asked = request.scope.period;
        let compared = Scope {
            period: Period {
                start: asked.start.map(|start| granularity.first_compared(start)),
                ..asked
            },
            ..request.scope.clone()
        };
        let days = self.days(tenant, compared, customer).await?;
        let (start, end) = ends(&asked, &days);
        let buckets = granularity.buckets(start, end, MOST_POINTS)?;
        let books = DailyBooks {
            days,
            costs: &costs,
            basis: request.basis,
        };
        let points = books.points(buckets)?;
        let value = points.iter().map(|point| point.earned.value).sum();
        check_sum(footing.control_total.reported, value)?;
        let trend = with_slopes(points, footing);
        for (figure, slope) in [
            ("slope", trend.slope),
            ("revenue_slope", trend.revenue_slope),
        ] {
            check_range(figure, slope.unwrap_or(0))?;
        }
        Ok(trend)
    }

    /// The sums of every day.
    async fn days(
        &self,
        tenant: &TenantId,
        scope: Scope,
        customer: Option<&PartyId>,
    ) -> Result<BTreeMap<Day, Sums>, Problem> {
        let group = Group::Day;
        let store = self.store()?;
        let days: Vec<(String, Sums)> = match customer {
            None => {
                let question = CrossQuestion { scope, group };
                store.cross(tenant, &question).await?.into_iter().collect()
            }
            Some(id) => {
                let customers = vec![id.clone()];
                let question = CellsQuestion {
                    scope,
                    customers,
                    group,
                };
                let cells = store.cells(tenant, &question).await?.into_iter();
                cells.map(|((_, day), sums)| (day, sums)).collect()
            }
        };
        // A day that had no name would be missed when the points are added up.
        let days = days.into_iter();
        Ok(days
            .filter_map(|(day, sums)| Some((Day::named(&day)?, sums)))
            .collect())
    }
}

/// From when to when: where the asked period is open, the days with any activity decide.
fn ends(asked: &Period, days: &BTreeMap<Day, Sums>) -> Days {
    let mut active = days.keys().filter(|day| asked.contains(**day));
    let first = active.next().copied();
    let last = active.next_back().copied().or(first);
    match (asked.start.or(first), asked.end.or(last.map(Day::next))) {
        (Some(start), Some(end)) => (start, end.max(start)),
        // Without activity an open period has no days.
        _ => Days::default(),
    }
}

/// Sums by day, and how they are weighed.
struct DailyBooks<'a> {
    days: BTreeMap<Day, Sums>,
    costs: &'a Costs,
    basis: Basis,
}

impl DailyBooks<'_> {
    fn earned(&self, (start, end): Days) -> Result<Earned, Problem> {
        let mut sums = Sums::default();
        for (_, own) in self.days.range(start..end) {
            sums.add_all(own);
        }
        let statement = checked_statement(&sums, self.costs, &[])?;
        let value = self.basis.weights(&self.costs.model).value(&sums);
        check_sum(value, statement.value(self.basis))?;
        Ok(Earned { value, statement })
    }

    fn points(&self, buckets: Vec<Bucket>) -> Result<Vec<TrendPoint>, Problem> {
        let mut points: Vec<TrendPoint> = Vec::with_capacity(buckets.len());
        for bucket in buckets {
            let earned = self.earned(bucket.days)?;
            let before = points.last().map_or(earned.value, |last| last.earned.value);
            let (prior_period, prior_year) = (
                self.earned(bucket.prior_period)?,
                self.earned(bucket.prior_year)?,
            );
            for prior in [&prior_period, &prior_year] {
                check_range("points.change", earned.value - prior.value)?;
            }
            points.push(TrendPoint {
                bucket,
                sign_change: SignChange::between(before, earned.value),
                earned,
                prior_period,
                prior_year,
            });
        }
        Ok(points)
    }
}

fn with_slopes(points: Vec<TrendPoint>, footing: Footing) -> Trend {
    let complete = points.iter().filter(|point| point.bucket.is_complete);
    let of = |figure: fn(&Earned) -> i128, unit: i128| {
        let values: Vec<i128> = complete
            .clone()
            .map(|point| figure(&point.earned))
            .collect();
        slope(&values, unit)
    };
    Trend {
        slope: of(|earned| earned.value, NANOS_PER_MICRO),
        revenue_slope: of(|earned| earned.statement.net_revenue, NANOS_PER_MICRO),
        minutes_slope: of(|earned| earned.statement.milli_minutes, 1),
        points,
        footing,
    }
}
