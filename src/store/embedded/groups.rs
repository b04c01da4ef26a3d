//! Sums by group.

use super::{
    books::Books,
    scan::{Filter, SparseSums},
};
use crate::{
    domain::{
        question::{CrossAnswer, CrossQuestion, Group},
        time::Day,
    },
    store::answer::group_name,
};

/// Sums by group. A group is there if it has any posting in the scope.
pub(super) fn cross(books: &Books, question: &CrossQuestion) -> CrossAnswer {
    let scope = &question.scope;
    let mut filter = Filter::new(books, scope);
    let days: Vec<Day> = books.days(&scope.period).map(|(day, _)| day).collect();
    let count = match question.group {
        Group::Customer => books.customers.len(),
        Group::Branch | Group::Product | Group::AccountManager => books.values.len(),
        Group::Day => days.len(),
    };
    // By the number of the customer, of the dimension's value, or of the day.
    let mut groups = vec![(0_i64, SparseSums::default()); count];
    for (day, (_, book)) in (0..).zip(books.days(&scope.period)) {
        for row in book.rows(scope.as_of) {
            if !filter.holds(row.subject) {
                continue;
            }
            let group = match question.group {
                Group::Customer => row.subject.customer,
                Group::Branch => row.subject.branch,
                Group::Product => row.subject.product,
                Group::AccountManager => row.subject.account_manager,
                Group::Day => day,
            };
            let (live, sums) = &mut groups[group as usize];
            *live += i64::from(row.sign);
            sums.add(row.postings());
        }
    }
    let name = |number: u32| match question.group {
        Group::Customer => group_name(books.customers.thing(number).as_str()).to_owned(),
        Group::Branch | Group::Product | Group::AccountManager => {
            books.values.thing(number).clone()
        }
        Group::Day => days[number as usize].to_string(),
    };
    let live = (0..).zip(groups).filter(|(_, (live, _))| *live > 0);
    live.map(|(number, (_, sums))| (name(number), sums.sums(books)))
        .collect()
}
