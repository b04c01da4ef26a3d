//! What is made of all customers in order: the whale curve, and counts of traits.

use super::{
    books::{Accumulator, Books},
    ranking::{Ranking, RankingTask, Values},
};
use crate::{
    domain::question::{CurveAnswer, CurveQuestion, LiftAnswer, LiftQuestion},
    store::answer,
};

impl RankingTask<CurveAnswer> for &CurveQuestion {
    fn run<A: Accumulator>(self, ranking: Ranking<'_, A>) -> CurveAnswer {
        let (step, points) = (ranking.step(), self.points);
        match ranking.values() {
            Values::Near(least, above) => {
                let values = above.iter().rev();
                let values = values.map(|above| least.plus(A::of_narrow((*above).into())).wide());
                answer::curve(ranking.totals, values, step, points)
            }
            Values::Far(values) => {
                let values = values.iter().rev().map(|value| value.wide());
                answer::curve(ranking.totals, values, step, points)
            }
            Values::Shared(values) => {
                answer::curve(ranking.totals, values.iter().copied(), 1, points)
            }
        }
    }
}

/// Counts the traits of customers in order.
pub(super) struct Lift<'a> {
    /// What they are of.
    pub books: &'a Books,
    /// Which.
    pub question: &'a LiftQuestion,
}

impl RankingTask<LiftAnswer> for Lift<'_> {
    fn run<A: Accumulator>(self, ranking: Ranking<'_, A>) -> LiftAnswer {
        let (customers, values) = ranking.sorted();
        let parties = customers.iter().map(|customer| {
            let id = self.books.customer(*customer);
            let party = self.books.records.party(&id, self.question.scope.as_of);
            party.map(|party| &**party)
        });
        answer::lift(ranking.totals, &values, parties, self.question)
    }
}
