//! Which stored prospects are most like the best customers.

use super::{
    Service,
    compute::compute,
    lookalike_selection::{LookalikeTerms, SelectedRow, Selection},
    parties::party_not_found,
    profile::{BestCustomers, LearntOfBest},
};
use crate::domain::{
    id::{PartyId, TenantId},
    model::{
        lookalike::{Score, ScoreContribution},
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
    /// How many are listed on all pages.
    pub listed: u64,
    /// What was learnt of the best customers.
    pub learnt: Arc<LearntOfBest>,
    /// How the list came to be, if it is not everybody by score.
    pub selection: Option<Arc<Selection>>,
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
    /// What serving it and what serving all down to it is expected to take, in nano-minutes a month, if there is a
    /// capacity.
    pub minutes: Option<(i128, i128)>,
    /// How like it is to the one above it that is most like it, if that counts.
    pub nearest: Option<f64>,
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
        let everybody = LookalikeTerms::default();
        self.selected_lookalikes(tenant, (best, &everybody), places)
            .await
    }

    /// The same of those that some terms select, in the order that they want.
    pub async fn selected_lookalikes(
        &self,
        tenant: &TenantId,
        (best, terms): (&BestCustomers, &LookalikeTerms),
        places: Range<u64>,
    ) -> Result<Lookalikes, Problem> {
        let learnt = self.profile(tenant, best).await?;
        let scorer = Arc::clone(&learnt.scorer);
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
        let objected = (left_out.len() - converted) as u64;
        let first = places.start;
        let (page, selection) = match terms.is_plain() {
            true => {
                let (scorer, answer) = (Arc::clone(&scorer), Arc::clone(&answer));
                let score = move || best_rows(&scorer, &answer.table, &left_out, &places);
                let plain = |(row, score)| SelectedRow {
                    row,
                    score,
                    minutes: None,
                    nearest: None,
                };
                (compute(score).await?.into_iter().map(plain).collect(), None)
            }
            false => {
                let selected = self
                    .selection(tenant, (best, terms), &learnt, (&answer, &left_out))
                    .await?;
                (selected.page(&places), Some(selected))
            }
        };
        let page: Vec<SelectedRow> = page;
        let ids = page
            .iter()
            .filter_map(|own| table.ids().get(own.row as usize));
        let ids: Vec<PartyId> = ids.cloned().collect();
        let parties = self.store()?.party(tenant, &ids, as_of).await?;
        let mut rows = Vec::with_capacity(page.len());
        for ((id, party), (place, own)) in ids.iter().zip(parties).zip((first..).zip(page)) {
            let party = party.ok_or_else(|| party_not_found(id))?;
            rows.push(Lookalike {
                place,
                score: own.score,
                contributions: scorer.contributions(&party.traits),
                minutes: own.minutes,
                nearest: own.nearest,
                party,
            });
        }
        Ok(Lookalikes {
            rows,
            prospects,
            converted: converted as u64,
            objected,
            listed: selection
                .as_ref()
                .map_or(prospects, |own| own.rows.len() as u64),
            learnt,
            selection,
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
