//! The values of all customers, in the order of their ids.

use super::{
    books::{Accumulator, Books},
    kept_scans::KeptScans,
    questions::Questions,
    ranking::{Ranking, RankingTask, with_ranking},
};
use crate::domain::{
    id::TenantId,
    problem::Problem,
    question::{Beside, ValuesAnswer, ValuesQuestion},
};

impl Questions {
    /// What everybody is worth.
    pub fn values(
        &self,
        tenant: &TenantId,
        question: &ValuesQuestion,
    ) -> Result<ValuesAnswer, Problem> {
        let question = &ValuesQuestion {
            scope: self.scope(tenant, &question.scope)?,
            ..question.clone()
        };
        self.read(tenant, |books| {
            values(books, &self.scans.of(tenant), question)
        })
    }
}

fn values(books: &Books, kept: &KeptScans<'_>, question: &ValuesQuestion) -> ValuesAnswer {
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
