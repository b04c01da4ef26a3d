//! Whom to ask for referrals next, and why others are not to be asked.

use super::{Credited, Figures, ReferralsRequest, Valued, plain_order};
use crate::{
    domain::{
        account::{Account, Weights},
        id::{PartyId, TenantId},
        money::divide_half_even,
        party::Party,
        problem::Problem,
        question::ValuesAnswer,
        referral::{Ask, AskOutcome, Skip},
        time::{Day, Period},
    },
    service::{Service, report::Footing},
};
use std::{collections::BTreeMap, ops::Range, sync::Arc};

/// What is asked of whom to ask.
#[derive(Debug, Clone)]
pub struct AsksRequest {
    /// Which period, and how referrals are credited.
    pub referrals: ReferralsRequest,
    /// For how many referrals each is asked.
    pub quota: u64,
    /// How many days a customer is left in peace.
    pub rest_days: u32,
    /// The mean feedback below which a customer is not asked, in millionths.
    pub least_content: i64,
}

/// Some of those to ask.
#[derive(Debug, Clone)]
pub struct AskList {
    /// The rows.
    pub rows: Vec<AskableCustomer>,
    /// How many the whole list has.
    pub customers: u64,
    /// For how many referrals they are to be asked.
    pub asks: u64,
    /// Why others are skipped.
    pub skipped: BTreeMap<Skip, u64>,
    /// What came of asking in the period.
    pub outcomes: BTreeMap<AskOutcome, u64>,
    /// How many customers were active.
    pub active: u64,
    /// That of net profit.
    pub footing: Footing,
}

/// One customer to ask.
#[derive(Debug, Clone)]
pub struct AskableCustomer {
    /// Who.
    pub customer: PartyId,
    /// What is stored of it.
    pub party: Option<Arc<Party>>,
    /// For how many referrals it is to be asked.
    pub asks: u64,
    /// How often it was asked in the period.
    pub asked: u64,
    /// When it was asked last.
    pub last: Option<Ask>,
    /// Its mean feedback, in thousandths, rounded half to even.
    pub content: Option<i128>,
    /// What it is worth.
    pub figures: Figures,
}

/// How a customer was asked.
#[derive(Clone, Copy, Default)]
struct Asked<'a> {
    in_period: u64,
    last: Option<&'a Ask>,
}

impl Service {
    /// Says whom to ask, and gives the rows at some places.
    pub async fn referral_asks(
        &self,
        tenant: &TenantId,
        request: &AsksRequest,
        places: Range<u64>,
    ) -> Result<AskList, Problem> {
        let (credited, _) = self.credited(tenant, &request.referrals).await?;
        let scope = &request.referrals.scope;
        let count = |account| Weights([(account, 1)].into_iter().collect());
        let beside = vec![count(Account::FeedbackCount), count(Account::Feedback)];
        let order = plain_order(count(Account::ComplaintCount));
        let said = self.values_of(tenant, scope, order, beside).await?;
        let mut list = credited.askable(request, &said, places);
        let ids = list.rows.iter().map(|row| row.customer.clone());
        let ids: Vec<PartyId> = ids.collect();
        let parties = self.store()?.party(tenant, &ids, scope.as_of).await?;
        for (row, party) in list.rows.iter_mut().zip(parties) {
            row.party = party;
        }
        Ok(list)
    }
}

impl Credited {
    fn askable(&self, request: &AsksRequest, said: &ValuesAnswer, places: Range<u64>) -> AskList {
        let period = request.referrals.scope.period;
        let (asked, said_at) = (self.asked(period), self.said_at(said));
        let end = period.end.or_else(|| {
            let days = self.told.asks.iter().map(|ask| ask.day);
            days.max().map(Day::next)
        });
        let is_lately = |ask: &Ask| {
            let rest = i64::from(request.rest_days);
            end.is_some_and(|end| i64::from(end.0) - i64::from(ask.day.0) <= rest)
        };
        let mut list = AskList {
            rows: Vec::new(),
            customers: 0,
            asks: 0,
            skipped: BTreeMap::new(),
            outcomes: BTreeMap::new(),
            active: 0,
            footing: self.footing.clone(),
        };
        for ask in self.told.asks.iter().filter(|ask| period.contains(ask.day)) {
            *list.outcomes.entry(ask.outcome).or_default() += 1;
        }
        let all = self
            .by_total
            .iter()
            .map(|own| (*own, &self.customers[*own]));
        for (place, valued) in all.filter(|(_, own)| own.is_active) {
            list.active += 1;
            let own = asked[place];
            let said = Said::at(said, said_at[place]);
            let skip = said.skip(request.least_content).or_else(|| {
                let lately = own.last.is_some_and(is_lately).then_some(Skip::AskedLately);
                let is_reached = own.in_period >= request.quota;
                is_reached.then_some(Skip::QuotaReached).or(lately)
            });
            if let Some(skip) = skip {
                *list.skipped.entry(skip).or_default() += 1;
                continue;
            }
            let asks = request.quota - own.in_period;
            if places.contains(&list.customers) {
                list.rows.push(self.row(valued, asks, own, said));
            }
            list.customers += 1;
            list.asks += asks;
        }
        list
    }

    fn row(&self, valued: &Valued, asks: u64, asked: Asked<'_>, said: Said) -> AskableCustomer {
        AskableCustomer {
            customer: valued.customer.clone(),
            party: None,
            asks,
            asked: asked.in_period,
            last: asked.last.cloned(),
            content: said.mean(),
            figures: self.figures(valued),
        }
    }

    /// How each customer was asked, by its place. Asks come in the order in which they happened.
    fn asked(&self, period: Period) -> Vec<Asked<'_>> {
        let mut asked = vec![Asked::default(); self.customers.len()];
        for ask in &self.told.asks {
            if let Some(place) = self.place(&ask.customer) {
                let own: &mut Asked<'_> = &mut asked[place];
                own.in_period += u64::from(period.contains(ask.day));
                own.last = Some(ask);
            }
        }
        asked
    }

    /// Where each customer, by its place, is in what was said, if it is. Both are in the order of ids.
    fn said_at(&self, said: &ValuesAnswer) -> Vec<Option<usize>> {
        let mut rest = said.customers.iter().enumerate().peekable();
        let all = self.customers.iter().map(|own| {
            while rest.next_if(|(_, other)| **other < own.customer).is_some() {}
            let same = rest.next_if(|(_, other)| **other == own.customer);
            same.map(|(place, _)| place)
        });
        all.collect()
    }
}

/// What a customer said in the period.
#[derive(Clone, Copy, Default)]
struct Said {
    complaints: i128,
    feedbacks: i128,
    /// The sum, in millionths.
    feedback: i128,
}

impl Said {
    fn at(all: &ValuesAnswer, place: Option<usize>) -> Self {
        let Some(place) = place else {
            return Self::default();
        };
        let beside = |index: usize| all.beside.get(index).map_or(0, |own| own[place]);
        Self {
            complaints: all.values[place],
            feedbacks: beside(0),
            feedback: beside(1),
        }
    }

    fn skip(self, least_content: i64) -> Option<Skip> {
        if self.complaints > 0 {
            return Some(Skip::Complained);
        }
        let is_below = self.feedback < i128::from(least_content) * self.feedbacks;
        (self.feedbacks > 0 && is_below).then_some(Skip::Unhappy)
    }

    fn mean(self) -> Option<i128> {
        let count = self.feedbacks * 1_000;
        (count > 0).then(|| divide_half_even(self.feedback, count))
    }
}
