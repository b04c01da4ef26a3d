//! Word of mouth as a stream of customers: how many arrive, how many of them buy, and what the others may be worth.

use super::{Credited, ReferralsRequest, Totals, plain_order};
use crate::{
    domain::{
        account::{Account, Weights},
        closing::Month,
        id::{PartyId, TenantId, UNASSIGNED},
        money::{Nanos, divide_half_even},
        problem::Problem,
        question::Scope,
        referral::{AskOutcome, graph::LeftOut},
        time::{Day, Period},
    },
    service::{
        Service,
        report::{Footing, check_range},
    },
};
use std::collections::BTreeMap;

/// How many months are told at most.
const MONTHS: usize = 120;

/// Word of mouth in a period.
#[derive(Debug, Clone)]
pub struct ReferralReport {
    /// By family of products.
    pub families: BTreeMap<String, Flow>,
    /// All of them together.
    pub total: Flow,
    /// By month: how many were brought, and how many of them bought.
    pub months: Vec<(Month, u64, u64)>,
    /// How many days the period has.
    pub days: u64,
    /// Why referrals do not count.
    pub left_out: BTreeMap<LeftOut, u64>,
    /// What came of asking.
    pub asks: BTreeMap<AskOutcome, u64>,
    /// What all customers are worth.
    pub totals: Totals,
    /// That of net profit.
    pub footing: Footing,
}

/// Those who were brought.
#[derive(Debug, Clone, Copy, Default)]
pub struct Flow {
    /// How many.
    pub arrivals: u64,
    /// How many of them bought.
    pub converted: u64,
    /// The customer margins of those who bought.
    pub margin: Nanos,
}

impl Flow {
    /// How many did not buy yet.
    pub fn open(&self) -> u64 {
        self.arrivals - self.converted
    }

    /// What the open ones are worth, if as many of them buy as of all who were brought, and bring as much: rounded half
    /// to even to the nano-unit.
    pub fn pipeline(&self) -> Nanos {
        match self.arrivals {
            0 => 0,
            arrivals => divide_half_even(
                self.margin * Nanos::from(self.open()),
                Nanos::from(arrivals),
            ),
        }
    }

    /// How many arrive in 30 days, in thousandths, rounded half to even; `None` without a day.
    pub fn rate(&self, days: u64) -> Option<i128> {
        let arrivals = i128::from(self.arrivals) * 30_000;
        (days > 0).then(|| divide_half_even(arrivals, i128::from(days)))
    }

    fn add(&mut self, has_bought: bool, margin: Nanos) {
        self.arrivals += 1;
        if has_bought {
            self.converted += 1;
            self.margin += margin;
        }
    }
}

impl Service {
    /// Tells how many were brought in a period, and what came of it.
    pub async fn referral_report(
        &self,
        tenant: &TenantId,
        request: &ReferralsRequest,
    ) -> Result<ReferralReport, Problem> {
        let (credited, _) = self.credited(tenant, request).await?;
        let until_end = Scope {
            period: Period {
                start: None,
                end: request.scope.period.end,
            },
            ..request.scope.clone()
        };
        let sales = Weights([(Account::SaleCount, 1)].into_iter().collect());
        let order = plain_order(sales);
        let sales = self
            .values_of(tenant, &until_end, order, Vec::new())
            .await?;
        let has_bought = |party: &PartyId| {
            let place = sales.customers.binary_search(party);
            place.is_ok_and(|place| sales.values[place] > 0)
        };
        let report = credited.report(request.scope.period, has_bought);
        for flow in report.families.values().chain([&report.total]) {
            check_range("families.customer_margin", flow.margin)?;
        }
        Ok(report)
    }
}

impl Credited {
    fn report(&self, period: Period, has_bought: impl Fn(&PartyId) -> bool) -> ReferralReport {
        let mut report = ReferralReport {
            families: BTreeMap::new(),
            total: Flow::default(),
            months: Vec::new(),
            days: self.days(period),
            left_out: BTreeMap::new(),
            asks: BTreeMap::new(),
            totals: self.totals,
            footing: self.footing.clone(),
        };
        let mut months = BTreeMap::<Month, (u64, u64)>::new();
        for (party, link) in self.graph.links() {
            let referral = &self.told.referrals[link.place];
            if !period.contains(referral.day) {
                continue;
            }
            let (bought, margin) = (has_bought(&referral.referred), self.margins[party]);
            let family = match referral.product_family.as_str() {
                "" => UNASSIGNED,
                family => family,
            };
            let own = report.families.entry(family.to_owned()).or_default();
            own.add(bought, margin);
            report.total.add(bought, margin);
            if let Some(month) = month_of(referral.day) {
                let own = months.entry(month).or_default();
                own.0 += 1;
                own.1 += u64::from(bought);
            }
        }
        let skipped = months.len().saturating_sub(MONTHS);
        let months = months.into_iter().skip(skipped);
        report.months = months
            .map(|(month, (all, bought))| (month, all, bought))
            .collect();
        for (place, why) in self.graph.left_out() {
            if period.contains(self.told.referrals[*place].day) {
                *report.left_out.entry(*why).or_default() += 1;
            }
        }
        for ask in self.told.asks.iter().filter(|ask| period.contains(ask.day)) {
            *report.asks.entry(ask.outcome).or_default() += 1;
        }
        report
    }

    /// How many days a period has: without a start from the first referral on, without an end to the last.
    fn days(&self, period: Period) -> u64 {
        let days = || self.told.referrals.iter().map(|referral| referral.day);
        let start = period.start.or_else(|| days().min());
        let end = period.end.or_else(|| days().max().map(Day::next));
        let days = start
            .zip(end)
            .map(|(start, end)| i64::from(end.0) - i64::from(start.0));
        days.and_then(|days| u64::try_from(days).ok()).unwrap_or(0)
    }
}

fn month_of(day: Day) -> Option<Month> {
    let date = day.date()?;
    Month::parse(date.year().into(), date.month().into(), "").ok()
}
