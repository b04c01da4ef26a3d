//! Which stored prospects are most like the best customers.

use super::{
    Service,
    compute::compute,
    parties::party_not_found,
    profile::{BestCustomers, LearntOfBest},
};
use crate::domain::{
    id::{PartyId, TenantId},
    model::{
        lookalike::{Score, ScoreContribution, Scorer},
        scored_rows::best_rows,
    },
    party::Party,
    problem::Problem,
    prospect::ProspectQuestion,
};
use std::{collections::BTreeSet, ops::Range, sync::Arc};

/// Some of the prospects, in the order of their scores.
#[derive(Debug, Clone)]
pub struct Lookalikes {
    /// Those at the places that were asked for.
    pub rows: Vec<Lookalike>,
    /// How many prospects were scored.
    pub prospects: u64,
    /// How many parties stored as prospects were left out, because they have bought already.
    pub converted: u64,
    /// How many others were left out, because they object to profiling.
    pub objected: u64,
    /// What was learnt of the best customers.
    pub learnt: Arc<LearntOfBest>,
}

/// One prospect.
#[derive(Debug, Clone)]
pub struct Lookalike {
    /// Its place, from 0.
    pub place: u64,
    /// The prospect.
    pub party: Arc<Party>,
    /// The sum of the contributions, exactly.
    pub score: Score,
    /// What it is made of, the strongest first.
    pub contributions: Vec<ScoreContribution>,
}

impl Service {
    /// Scores every stored prospect without a sale, and gives those at some places: the highest score first, equal
    /// scores in the order of their ids. Refused with EVIDENCE_TOO_THIN if there are too few customers.
    pub async fn lookalikes(
        &self,
        tenant: &TenantId,
        best: &BestCustomers,
        places: Range<u64>,
    ) -> Result<Lookalikes, Problem> {
        let learnt = self.profile(tenant, best).await?;
        let scorer = Arc::new(Scorer::of(&learnt.table));
        let as_of = best.scope.as_of;
        let question = ProspectQuestion {
            traits: scorer.traits().cloned().collect(),
            as_of,
        };
        let answer = Arc::new(self.store()?.prospects(tenant, &question).await?);
        let (table, converted) = (&answer.table, answer.converted.len());
        let objecting = self.objecting(tenant, as_of).await?;
        let left_out = Arc::new(left_out(table.ids(), &answer.converted, &objecting));
        let prospects = table.ids().len().saturating_sub(left_out.len()) as u64;
        let first = places.start;
        let score = {
            let (scorer, answer) = (Arc::clone(&scorer), Arc::clone(&answer));
            let left_out = Arc::clone(&left_out);
            move || best_rows(&scorer, &answer.table, &left_out, &places)
        };
        let scored = compute(score).await?;
        let ids = scored
            .iter()
            .filter_map(|(row, _)| table.ids().get(*row as usize));
        let ids: Vec<PartyId> = ids.cloned().collect();
        let parties = self.store()?.party(tenant, &ids, as_of).await?;
        let mut rows = Vec::with_capacity(scored.len());
        for ((id, party), (place, (_, score))) in ids.iter().zip(parties).zip((first..).zip(scored))
        {
            let party = party.ok_or_else(|| party_not_found(id))?;
            rows.push(Lookalike {
                place,
                score,
                contributions: scorer.contributions(&party.traits),
                party,
            });
        }
        Ok(Lookalikes {
            rows,
            prospects,
            converted: converted as u64,
            objected: (left_out.len() - converted) as u64,
            learnt,
        })
    }
}

/// The rows, rising, of those who are not to be scored: who has bought, and who objects. `ids` rise.
fn left_out(ids: &[PartyId], converted: &[u32], objecting: &BTreeSet<PartyId>) -> Vec<u32> {
    let rows = objecting.iter().filter_map(|id| ids.binary_search(id).ok());
    let rows = rows.filter_map(|row| u32::try_from(row).ok());
    let mut left_out: Vec<u32> = converted.iter().copied().chain(rows).collect();
    left_out.sort_unstable();
    left_out.dedup();
    left_out
}
