//! One tenant's customers in order.

use super::tenant::{Tenant, add_postings};
use crate::{
    domain::{
        question::{Order, RankAnswer, RankQuestion, Scope},
        ranking::Direction,
        time::Calendar,
    },
    store::ordered::{Collected, Ranking},
};

impl Tenant {
    /// All customers of a scope in order.
    pub fn ranking(
        &self,
        scope: &Scope,
        order: &Order,
        direction: Direction,
        calendar: &Calendar,
    ) -> Ranking {
        let mut collected = Collected::default();
        for activity in self.live_in(&scope.period, scope.as_of, calendar) {
            let id = &activity.customer_id;
            add_postings(collected.active.entry(id.clone()).or_default(), activity);
            add_postings(&mut collected.ledger, activity);
            if self.is_in(scope, activity) {
                add_postings(&mut collected.reported, activity);
                add_postings(collected.in_scope.entry(id.clone()).or_default(), activity);
            } else {
                add_postings(&mut collected.filtered_out, activity);
            }
        }
        Ranking::of(collected, order, direction)
    }

    /// The wanted rows of a ranking.
    pub fn rank(&self, question: &RankQuestion, calendar: &Calendar) -> RankAnswer {
        let order = &question.order;
        let ranking = self.ranking(&question.scope, order, order.direction, calendar);
        let mut answer = ranking.rows(question);
        for row in &mut answer.rows {
            let party = self.records.party(&row.customer, question.scope.as_of);
            row.party = party.cloned();
        }
        answer
    }
}
