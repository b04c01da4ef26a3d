//! Sums by group.

use super::{
    books::{Books, SparseSums, days, narrow_position},
    scan::{Filter, first_of},
};
use crate::{
    domain::question::{CrossAnswer, CrossQuestion, Group},
    domain::time::Day,
    store::answer::group_name,
};
use std::collections::BTreeMap;

/// The number of a group: of the customer, of the dimension's value, or of the day.
type Number = i64;

/// Sums by group. A group is there if it has any posting in the scope.
pub(super) fn cross(books: &Books, question: &CrossQuestion) -> CrossAnswer {
    let scope = &question.scope;
    let filter = Filter::new(books, scope);
    let (days, as_of) = (days(&scope.period), narrow_position(scope.as_of));
    let mut groups: BTreeMap<Number, (i64, SparseSums)> = BTreeMap::new();
    for (number, block) in books.blocks.iter().enumerate() {
        let first = first_of(number);
        let mut is_in: Vec<Option<bool>> = vec![None; books.customers_of(number).len()];
        let has_branch = |branch| filter.holds_branch(branch);
        block.for_each_row_of(&days, as_of, has_branch, |row| {
            let customer = first + u32::from(row.customer);
            let is_in = &mut is_in[usize::from(row.customer)];
            if !*is_in.get_or_insert_with(|| filter.holds_customer(customer)) {
                return;
            }
            let group = match question.group {
                Group::Customer => customer.into(),
                Group::Branch => row.branch.into(),
                Group::Product => row.product.into(),
                Group::AccountManager => row.account_manager.into(),
                Group::Day => row.day.0.into(),
            };
            let (live, sums) = groups.entry(group).or_default();
            *live += row.postings.layout.sign();
            sums.add_row(row);
        });
    }
    let name = |number: Number| {
        let text = |names: &super::books::Names| {
            // It was made of a number of 32 bits.
            names
                .name(u32::try_from(number).unwrap_or_default())
                .to_owned()
        };
        match question.group {
            Group::Customer => group_name(&text(&books.customers)).to_owned(),
            Group::Branch | Group::Product | Group::AccountManager => text(&books.values),
            Group::Day => Day(i32::try_from(number).unwrap_or_default()).to_string(),
        }
    };
    let live = groups.into_iter().filter(|(_, (live, _))| *live > 0);
    live.map(|(number, (_, sums))| (name(number), sums.sums(&books.accounts)))
        .collect()
}
