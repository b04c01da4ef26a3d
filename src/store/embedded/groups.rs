//! Sums by group, of everybody and of some customers. What the books do not keep, since few ask for it, is read from
//! the ledger: the channels and the campaigns of activities.

use super::{
    books::{Books, CUSTOMERS, Row, SparseSums, days, narrow_position, place},
    ledger::LedgerReader,
    scan::{Filter, first_of},
};
use crate::{
    domain::{
        account::{Sums, for_each_posting},
        activity::Activity,
        id::TenantId,
        ledger::{Entry, Position},
        problem::Problem,
        question::{CellsAnswer, CellsQuestion, CrossAnswer, CrossQuestion, Group, Scope},
        time::Day,
    },
    store::answer::{self, group_name},
};
use std::collections::BTreeMap;

/// The number of a group: of the customer, of the dimension's value, or of the day.
type Number = i64;

/// Sums by the number of something, with how many activities each has that were not taken back.
type Found<K> = BTreeMap<K, (i64, SparseSums)>;

/// Sums by group. A group is there if it has any posting in the scope.
pub(super) fn cross(books: &Books, question: &CrossQuestion) -> CrossAnswer {
    let mut groups = Found::<Number>::new();
    for_each_row_in(books, &question.scope, |customer, row| {
        add(&mut groups, group_of(customer, row, question.group), row);
    });
    live(books, groups)
        .map(|(number, sums)| (name(books, question.group, number), sums))
        .collect()
}

/// The rows of a scope with their customers.
fn for_each_row_in(books: &Books, scope: &Scope, mut visit: impl FnMut(u32, &Row)) {
    let filter = Filter::new(books, scope);
    let (days, as_of) = (days(&scope.period), narrow_position(scope.as_of));
    for (number, block) in books.blocks.iter().enumerate() {
        let first = first_of(number);
        let mut is_in: Vec<Option<bool>> = vec![None; books.customers_of(number).len()];
        let has_branch = |branch| filter.holds_branch(branch);
        block.for_each_row_of(&days, as_of, has_branch, |row| {
            let customer = first + u32::from(row.customer);
            let is_in = &mut is_in[usize::from(row.customer)];
            if *is_in.get_or_insert_with(|| filter.holds_customer(customer)) {
                visit(customer, row);
            }
        });
    }
}

/// Sums of some customers by group. A cell is there if it has any posting in the scope.
pub(super) fn cells(books: &Books, question: &CellsQuestion) -> CellsAnswer {
    let mut cells = Found::<(u32, Number)>::new();
    for_each_row_of_some(books, question, |customer, row| {
        let group = group_of(customer, row, question.group);
        add(&mut cells, (customer, group), row);
    });
    live(books, cells)
        .map(|((customer, group), sums)| {
            let group = name(books, question.group, group);
            ((books.customer(customer), group), sums)
        })
        .collect()
}

/// The rows of a scope of some customers.
fn for_each_row_of_some(books: &Books, question: &CellsQuestion, mut visit: impl FnMut(u32, &Row)) {
    let scope = &question.scope;
    let filter = Filter::new(books, scope);
    let (days, as_of) = (days(&scope.period), narrow_position(scope.as_of));
    for (number, is_in) in by_block(books, &filter, question) {
        let first = first_of(number);
        books.blocks[number].for_each_row_where(&days, as_of, &is_in, |row| {
            if filter.holds_branch(row.branch) {
                visit(first + u32::from(row.customer), row);
            }
        });
    }
}

/// Whether the books keep what this groups by.
pub(super) fn are_in_books(group: Group) -> bool {
    match group {
        Group::Customer | Group::Branch | Group::Product | Group::AccountManager | Group::Day => {
            true
        }
        Group::Channel | Group::Campaign => false,
    }
}

/// Where the activities of a scope are that were not taken back, in the order of the ledger.
pub(super) fn positions(books: &Books, question: &CrossQuestion) -> Vec<u32> {
    let scope = &question.scope;
    let mut found = Vec::new();
    for_each_row_in(books, scope, |_, row| {
        found.extend(books.is_live(row, scope.as_of).then_some(row.position));
    });
    found.sort_unstable();
    found
}

/// The same of some customers.
pub(super) fn positions_of_some(books: &Books, question: &CellsQuestion) -> Vec<u32> {
    let mut found = Vec::new();
    for_each_row_of_some(books, question, |_, row| {
        let is_live = books.is_live(row, question.scope.as_of);
        found.extend(is_live.then_some(row.position));
    });
    found.sort_unstable();
    found
}

/// Sums of activities that are read from the ledger, by a key that is made of each with its group.
pub(super) fn read<K: Ord>(
    ledger: &LedgerReader,
    tenant: &TenantId,
    positions: Vec<u32>,
    group: Group,
    key: impl Fn(&Activity, String) -> K,
) -> Result<BTreeMap<K, Sums>, Problem> {
    let mut groups = BTreeMap::<K, Sums>::new();
    for position in positions {
        let Entry::Activity(activity) = ledger.entry(tenant, Position::from(position))?.entry
        else {
            let place = format!("tenant {tenant}: no activity is at position {position}");
            return Err(Problem::ledger_damaged(&place));
        };
        let value = answer::ledger_group(group, &activity);
        let sums = groups.entry(key(&activity, value)).or_default();
        for_each_posting(&activity, |account, quantity| {
            sums.add(account, quantity.into());
        });
    }
    let groups = groups.into_iter();
    Ok(groups
        .map(|(group, sums)| (group, sums.without_zeros()))
        .collect())
}

/// The blocks of some customers, with 1 for each of those customers who is in the scope and 0 for all others.
fn by_block(
    books: &Books,
    filter: &Filter<'_>,
    question: &CellsQuestion,
) -> BTreeMap<usize, Vec<u8>> {
    let mut blocks = BTreeMap::new();
    let ids = question.customers.iter();
    let known = ids.filter_map(|id| books.customers.number(id.as_str()));
    for customer in known.filter(|customer| filter.holds_customer(*customer)) {
        let (block, own) = place(customer);
        let is_in = blocks.entry(block).or_insert_with(|| vec![0; CUSTOMERS]);
        is_in[usize::from(own)] = 1;
    }
    // A customer has a number as soon as it is named, and a block as soon as anything is posted.
    blocks.retain(|block, _| *block < books.blocks.len());
    blocks
}

fn group_of(customer: u32, row: &Row, group: Group) -> Number {
    match group {
        Group::Customer => customer.into(),
        Group::Branch => row.branch.into(),
        Group::Product => row.product.into(),
        Group::AccountManager => row.account_manager.into(),
        Group::Day => row.day.0.into(),
        // Rows do not have them: they are read.
        Group::Channel | Group::Campaign => 0,
    }
}

fn add<K: Ord>(found: &mut Found<K>, key: K, row: &Row) {
    let (live, sums) = found.entry(key).or_default();
    *live += row.postings.layout.sign();
    sums.add_row(row);
}

/// Those that have an activity that was not taken back, with their sums.
fn live<K>(books: &Books, found: Found<K>) -> impl Iterator<Item = (K, Sums)> {
    let live = found.into_iter().filter(|(_, (live, _))| *live > 0);
    live.map(|(key, (_, sums))| (key, sums.sums(&books.accounts)))
}

/// The name of a group.
fn name(books: &Books, group: Group, number: Number) -> String {
    // Numbers of names have 32 bits.
    let narrow = u32::try_from(number).unwrap_or_default();
    match group {
        Group::Customer => group_name(books.customers.name(narrow)).to_owned(),
        Group::Branch
        | Group::Product
        | Group::AccountManager
        | Group::Channel
        | Group::Campaign => books.values.name(narrow).to_owned(),
        Group::Day => Day(i32::try_from(number).unwrap_or_default()).to_string(),
    }
}
