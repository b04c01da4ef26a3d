//! Which stored prospects are most like the best customers.

use super::{
    Service,
    profile::{BestCustomers, LearntOfBest},
};
use crate::domain::{
    id::TenantId,
    model::lookalike::{Score, ScoreContribution, Scorer},
    party::{Party, PartyQuestion, Stage},
    problem::Problem,
};
use std::{cmp::Reverse, ops::Range, sync::Arc};

/// How many prospects are read at a time.
const CHUNK: usize = 10_000;

/// Some of the prospects, in the order of their scores.
#[derive(Debug, Clone)]
pub struct Lookalikes {
    /// Those at the places that were asked for.
    pub rows: Vec<Lookalike>,
    /// How many prospects were scored.
    pub prospects: u64,
    /// How many parties stored as prospects were left out, because they have bought already.
    pub converted: u64,
    /// What was learnt of the best customers.
    pub learnt: LearntOfBest,
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
        let scorer = Scorer::of(&learnt.table);
        let mut question = PartyQuestion {
            stage: Some(Stage::Prospect),
            traits: Vec::new(),
            without_sales: true,
            after: None,
            as_of: best.scope.as_of,
            limit: CHUNK,
        };
        let mut scored: Vec<(Reverse<Score>, Arc<Party>)> = Vec::new();
        let mut converted = 0;
        loop {
            let answer = self.store()?.parties(tenant, &question).await?;
            converted += answer.left_out;
            question.after = answer.parties.last().map(|party| party.party_id.clone());
            let is_last = answer.parties.len() < CHUNK;
            let parties = answer.parties.into_iter();
            scored.extend(parties.map(|party| (Reverse(scorer.score(&party.traits)), party)));
            if is_last {
                break;
            }
        }
        let prospects = scored.len() as u64;
        let row =
            |(place, (Reverse(score), party)): (u64, (Reverse<Score>, Arc<Party>))| Lookalike {
                place,
                score,
                contributions: scorer.contributions(&party.traits),
                party,
            };
        let page = page(scored, &places);
        Ok(Lookalikes {
            rows: (places.start..).zip(page).map(row).collect(),
            prospects,
            converted,
            learnt,
        })
    }
}

/// The entries at some places of the order by score and id; only they are sorted.
fn page(
    mut scored: Vec<(Reverse<Score>, Arc<Party>)>,
    places: &Range<u64>,
) -> Vec<(Reverse<Score>, Arc<Party>)> {
    let place = |place: u64| {
        usize::try_from(place)
            .unwrap_or(usize::MAX)
            .min(scored.len())
    };
    let (start, end) = (place(places.start), place(places.end.max(places.start)));
    let order = |a: &(Reverse<Score>, Arc<Party>), b: &(Reverse<Score>, Arc<Party>)| {
        a.0.cmp(&b.0).then_with(|| a.1.party_id.cmp(&b.1.party_id))
    };
    if end < scored.len() {
        scored.select_nth_unstable_by(end, order);
        scored.truncate(end);
    }
    if start < scored.len() && start > 0 {
        scored.select_nth_unstable_by(start, order);
    }
    let mut page = scored.split_off(start);
    page.sort_unstable_by(order);
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::PartyId;
    use proptest::prelude::*;

    fn scored(scores: &[i64]) -> Vec<(Reverse<Score>, Arc<Party>)> {
        let one = |(place, score): (usize, &i64)| {
            let party = Party {
                party_id: PartyId::parse(&format!("P{place:03}"), "").unwrap(),
                stage: Stage::Prospect,
                display_name: String::new(),
                traits: Default::default(),
            };
            (Reverse(Score(*score)), Arc::new(party))
        };
        scores.iter().enumerate().map(one).collect()
    }

    proptest! {
        #[test]
        fn pages_are_parts_of_one_order(
            scores in proptest::collection::vec(-3..3_i64, 0..60), start in 0..70_u64, length in 0..70_u64,
        ) {
            let mut wanted = scored(&scores);
            wanted.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.party_id.cmp(&b.1.party_id)));
            let all = wanted.len() as u64;
            let part = |place: u64| usize::try_from(place.min(all)).unwrap();
            let part = part(start)..part(start + length);
            let found = page(scored(&scores), &(start..start + length));
            prop_assert_eq!(&found[..], &wanted[part]);
            #[allow(clippy::reversed_empty_ranges, reason = "a client's range need not rise")]
            let empty = page(scored(&scores), &(start + 1..start));
            prop_assert!(empty.is_empty());
        }
    }
}
