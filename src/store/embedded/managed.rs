//! Who has any posting under an account manager: one pass over one column.

use super::{
    books::{Books, days, narrow_position},
    questions::Questions,
    scan::{Filter, first_of},
};
use crate::domain::{
    id::{PartyId, TenantId},
    problem::Problem,
    question::ManagedQuestion,
};
use std::collections::BTreeMap;

impl Questions {
    /// Who has any posting under an account manager.
    pub fn managed(
        &self,
        tenant: &TenantId,
        question: &ManagedQuestion,
    ) -> Result<Vec<PartyId>, Problem> {
        let question = &ManagedQuestion {
            scope: self.scope(tenant, &question.scope)?,
            ..question.clone()
        };
        self.read(tenant, |books| managed(books, question))
    }
}

fn managed(books: &Books, question: &ManagedQuestion) -> Vec<PartyId> {
    let Some(manager) = books.values.number(&question.account_manager) else {
        return Vec::new();
    };
    let scope = &question.scope;
    let filter = Filter::new(books, scope);
    let (days, as_of) = (days(&scope.period), narrow_position(scope.as_of));
    // How many activities each has, less those that were taken back.
    let mut live = BTreeMap::<u32, i64>::new();
    for (number, block) in books.blocks.iter().enumerate() {
        let first = first_of(number);
        block.for_each_row_of_manager(&days, as_of, manager, |row| {
            if filter.holds_branch(row.branch) {
                let own = live.entry(first + u32::from(row.customer)).or_default();
                *own += row.postings.layout.sign();
            }
        });
    }
    let found = live.into_iter().filter(|(_, live)| *live > 0);
    let found = found.filter(|(customer, _)| filter.holds_customer(*customer));
    let mut found: Vec<PartyId> = found.map(|(own, _)| books.customer(own)).collect();
    found.sort_unstable();
    found
}
