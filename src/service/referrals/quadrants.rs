//! Customers by what they bring themselves and by whom they bring, and the centres of influence.

use super::{Credited, Figures, ReferralsRequest, Totals, Valued};
use crate::{
    domain::{
        id::{PartyId, TenantId},
        money::{Micros, Nanos, to_nanos},
        party::Party,
        problem::Problem,
        referral::quadrant::{Quadrant, Thresholds, median},
    },
    service::{
        Service,
        report::{Footing, check_range, check_sum},
    },
};
use std::{cmp::Reverse, ops::Range, sync::Arc};

/// How many centres of influence are told, and how many they reach at least.
const CENTRES: (usize, u64) = (10, 2);

/// What is asked of quadrants.
#[derive(Debug, Clone)]
pub struct QuadrantsRequest {
    /// Which period, and how referrals are credited.
    pub referrals: ReferralsRequest,
    /// Only this one; all if `None`.
    pub quadrant: Option<Quadrant>,
    /// Above which net profit a customer brings much; the median if `None`.
    pub own: Option<Micros>,
    /// Above which referral value a customer brings others; the median, or zero, if `None`.
    pub credited: Option<Micros>,
}

/// Some customers by quadrants.
#[derive(Debug, Clone)]
pub struct QuadrantList {
    /// The rows.
    pub rows: Vec<QuadrantRow>,
    /// How many the whole list has.
    pub customers: u64,
    /// Of all four, in the order of [`Quadrant::ALL`].
    pub quadrants: [QuadrantSums; 4],
    /// By whom many came.
    pub centres: Vec<QuadrantRow>,
    /// What was used.
    pub thresholds: Thresholds,
    /// What all customers are worth.
    pub totals: Totals,
    /// That of net profit.
    pub footing: Footing,
}

/// One customer.
#[derive(Debug, Clone)]
pub struct QuadrantRow {
    /// Who.
    pub customer: PartyId,
    /// What is stored of it.
    pub party: Option<Arc<Party>>,
    /// Where it belongs.
    pub quadrant: Quadrant,
    /// What it is worth.
    pub figures: Figures,
}

/// What the customers of a quadrant add up to.
#[derive(Debug, Clone, Copy, Default)]
pub struct QuadrantSums {
    /// How many.
    pub customers: u64,
    /// Their own net profit.
    pub own: Nanos,
    /// What is credited to them.
    pub credited: Nanos,
}

impl Service {
    /// Divides all customers into quadrants and gives the rows at some places.
    pub async fn quadrants(
        &self,
        tenant: &TenantId,
        request: &QuadrantsRequest,
        places: Range<u64>,
    ) -> Result<QuadrantList, Problem> {
        let (credited, _) = self.credited(tenant, &request.referrals).await?;
        let thresholds = credited.thresholds(request);
        let of = |valued: &Valued| thresholds.quadrant(valued.own, valued.credited);
        let mut quadrants = [QuadrantSums::default(); 4];
        for valued in &credited.customers {
            let sums = &mut quadrants[of(valued) as usize];
            sums.customers += 1;
            sums.own += valued.own;
            sums.credited += valued.credited;
        }
        let totals = credited.totals;
        check_sum(totals.own, quadrants.iter().map(|sums| sums.own).sum())?;
        check_sum(
            totals.credited,
            quadrants.iter().map(|sums| sums.credited).sum(),
        )?;
        for sums in &quadrants {
            check_range("quadrants.own_profit", sums.own)?;
            check_range("quadrants.referral_value", sums.credited)?;
            check_range("quadrants.total_value", sums.own + sums.credited)?;
        }
        let row = |valued: &Valued| QuadrantRow {
            customer: valued.customer.clone(),
            party: None,
            quadrant: of(valued),
            figures: credited.figures(valued),
        };
        let listed = credited
            .by_total
            .iter()
            .map(|own| &credited.customers[*own]);
        let listed = listed.filter(|own| request.quadrant.is_none_or(|asked| asked == of(own)));
        let listed: Vec<&Valued> = listed.collect();
        let wanted = (0..)
            .zip(&listed)
            .filter(|(place, _)| places.contains(place));
        let mut rows: Vec<QuadrantRow> = wanted.map(|(_, own)| row(own)).collect();
        let mut centres: Vec<QuadrantRow> = credited.centres().into_iter().map(row).collect();
        self.add_parties(tenant, request, rows.iter_mut().chain(&mut centres))
            .await?;
        Ok(QuadrantList {
            rows,
            customers: listed.len() as u64,
            quadrants,
            centres,
            thresholds,
            totals,
            footing: credited.footing.clone(),
        })
    }

    async fn add_parties(
        &self,
        tenant: &TenantId,
        request: &QuadrantsRequest,
        rows: impl Iterator<Item = &mut QuadrantRow>,
    ) -> Result<(), Problem> {
        let rows: Vec<&mut QuadrantRow> = rows.collect();
        let ids: Vec<PartyId> = rows.iter().map(|row| row.customer.clone()).collect();
        let as_of = request.referrals.scope.as_of;
        let parties = self.store()?.party(tenant, &ids, as_of).await?;
        for (row, party) in rows.into_iter().zip(parties) {
            row.party = party;
        }
        Ok(())
    }
}

impl Credited {
    fn thresholds(&self, request: &QuadrantsRequest) -> Thresholds {
        let all = || self.customers.iter();
        let own = request.own.map(to_nanos);
        let credited = request.credited.map(to_nanos);
        Thresholds {
            own: own.unwrap_or_else(|| median(all().map(|own| own.own))),
            credited: credited.unwrap_or_else(|| median(all().map(|own| own.credited)).max(0)),
        }
    }

    /// Who reaches farthest.
    fn centres(&self) -> Vec<&Valued> {
        let reach = |valued: &&Valued| valued.party.map_or(0, |party| self.reach[party].all);
        let all = self.customers.iter();
        let mut centres: Vec<&Valued> = all.filter(|own| reach(own) >= CENTRES.1).collect();
        // Equals stay in the order of their ids.
        centres.sort_by_key(|own| (Reverse(reach(own)), Reverse(own.credited)));
        centres.truncate(CENTRES.0);
        centres
    }
}
