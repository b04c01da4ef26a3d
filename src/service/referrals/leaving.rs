//! What leaves with a customer beside its own margin: what is credited to it for those whom it brought, and those
//! whom it would have brought. Who never brought anybody costs nothing here.

use super::{Credited, ReferralTerms, ReferralsRequest};
use crate::{
    domain::{
        id::{PartyId, TenantId},
        model::word_of_mouth::WordOfMouth,
        money::Nanos,
        problem::Problem,
        question::Scope,
        referral::{ReferralKind, ReferralsQuestion, credit::lost},
        time::{Day, Period},
    },
    service::{
        Service,
        compute::compute,
        report::{Costs, check_range},
    },
};
use std::sync::Arc;

/// What a customer brings by others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Brings {
    /// What is credited to it in the asked period.
    pub credited: Nanos,
    /// What the last months were like.
    pub rate: WordOfMouth,
}

/// Who brought whom in a period, for ending customers one after the other.
#[derive(Debug, Clone)]
pub struct Bonds {
    credited: Arc<Credited>,
    /// The place of each party of the graph among all customers, if it is there.
    places: Vec<Option<usize>>,
}

impl Service {
    /// What a customer brings by others in a period, and brought in some months before a day.
    pub(in crate::service) async fn brings(
        &self,
        tenant: &TenantId,
        customer: &PartyId,
        (scope, costs): (&Scope, &Costs),
        (start, end, months): (Day, Day, u64),
    ) -> Result<Brings, Problem> {
        let (of_period, _) = self.credited(tenant, &request(scope, costs)).await?;
        let months_scope = Scope {
            period: Period {
                start: Some(start),
                end: Some(end),
            },
            ..scope.clone()
        };
        let (of_months, _) = self
            .credited(tenant, &request(&months_scope, costs))
            .await?;
        let brings = Brings {
            credited: of_period.credited_to(customer),
            rate: of_months.rate(customer, months_scope.period, months),
        };
        check_range("referrals.referral_value", brings.credited)?;
        check_range(
            "referrals.referral_value_per_month",
            brings.rate.credited_per_month(),
        )?;
        Ok(brings)
    }

    /// Who brought whom, among customers in the order of their ids; `None` if nobody did.
    pub(in crate::service) async fn bonds(
        &self,
        tenant: &TenantId,
        (scope, costs): (&Scope, &Costs),
        customers: Arc<Vec<PartyId>>,
    ) -> Result<Option<Bonds>, Problem> {
        let question = ReferralsQuestion {
            before: scope.period.end,
            as_of: scope.as_of,
        };
        let told = self.store()?.referrals(tenant, &question).await?;
        if told.referrals.is_empty() {
            return Ok(None);
        }
        let (credited, _) = self.credited(tenant, &request(scope, costs)).await?;
        let bonds = compute(move || {
            let find = |party| customers.binary_search(party);
            let parties = credited.graph.parties().iter();
            Bonds {
                places: parties.map(|party| find(party).ok()).collect(),
                credited,
            }
        });
        bonds.await.map(Some)
    }
}

/// By the terms that are the defaults, and the costs that are used already.
fn request(scope: &Scope, costs: &Costs) -> ReferralsRequest {
    ReferralsRequest {
        scope: scope.clone(),
        cost_model_version: Some(costs.model.version).filter(|version| *version > 0),
        terms: ReferralTerms::default(),
    }
}

impl Credited {
    fn credited_to(&self, customer: &PartyId) -> Nanos {
        self.find(customer).map_or(0, |own| own.credited)
    }

    fn rate(&self, customer: &PartyId, period: Period, months: u64) -> WordOfMouth {
        let number = self.graph.number(customer);
        let brought = number.map_or(&[][..], |own| self.graph.brought_by(own));
        let arrivals = brought
            .iter()
            .filter(|one| period.contains(self.told.referrals[one.link.place].day));
        let due = |kind| kind == ReferralKind::WouldNotHaveCome;
        let worths = self.graph.links().filter(|(_, link)| due(link.kind));
        WordOfMouth {
            months,
            credited: self.credited_to(customer),
            arrivals: arrivals.count() as u64,
            brought: self.graph.links().count() as u64,
            worth: worths.map(|(party, _)| self.worths[party]).sum(),
        }
    }
}

impl Bonds {
    /// What is lost to those who are gone, of what those are worth who are left. Who is none of the customers is left.
    pub fn lost(&self, is_left: impl Fn(usize) -> bool) -> Nanos {
        let credited = &self.credited;
        let is_gone = |party: usize| self.places[party].is_some_and(|place| !is_left(place));
        let decay = ReferralTerms::default().decay;
        lost(
            &credited.graph,
            decay,
            |party| credited.worths[party],
            is_gone,
        )
    }
}
