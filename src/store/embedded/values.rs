//! The values of all customers, in the order of their ids.

use super::{
    books::{Accumulator, Books},
    kept_scans::KeptScans,
    ranking::{Ranking, RankingTask, with_ranking},
};
use crate::domain::question::{Beside, ValuesAnswer, ValuesQuestion};

/// Answers what everybody is worth.
pub(super) fn values(
    books: &Books,
    kept: &KeptScans<'_>,
    question: &ValuesQuestion,
) -> ValuesAnswer {
    let beside = question.beside.iter().cloned().map(Beside::from);
    let beside: Vec<Beside> = beside.collect();
    let asked = (&question.scope, &question.order);
    with_ranking(books, kept, asked, &beside, Values(books))
}

struct Values<'a>(&'a Books);

impl RankingTask<ValuesAnswer> for Values<'_> {
    fn run<A: Accumulator>(self, ranking: Ranking<'_, A>) -> ValuesAnswer {
        let (customers, values, beside) = ranking.by_id();
        let customers = customers.into_iter();
        ValuesAnswer {
            totals: ranking.totals,
            customers: customers.map(|number| self.0.customer(number)).collect(),
            values,
            beside,
        }
    }
}
