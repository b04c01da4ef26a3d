//! What became of the first customers of a ranking between two states.

use crate::domain::{
    id::{ActivityId, PartyId},
    money::Nanos,
    party::Party,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// One customer of a ranking that is followed. Rows are in the order of their places, which begin with 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchedRow {
    /// The customer.
    pub customer: PartyId,
    /// What is stored of it.
    pub party: Option<Arc<Party>>,
    /// Where it stands.
    pub spot: Spot,
}

/// Where a customer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spot {
    /// Its place, from 0.
    pub place: u64,
    /// What it was ranked by.
    pub value: Nanos,
}

/// What became of a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowChange {
    /// The customer.
    pub customer: PartyId,
    /// What is stored of it.
    pub party: Option<Arc<Party>>,
    /// Where it stood; `None` if it was not there.
    pub before: Option<Spot>,
    /// Where it stands; `None` if it is not there any more.
    pub after: Option<Spot>,
}

/// Why something changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// By activities of the customer itself.
    Own(Activities),
    /// By activities of others.
    Others(Vec<Activities>),
    /// By another version of the cost model.
    CostModel,
    /// By nothing that can be named by an activity.
    Circumstances,
}

/// Activities of one customer behind a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activities {
    /// The customer.
    pub customer: PartyId,
    /// The first of them, in the order of positions.
    pub ids: Vec<ActivityId>,
    /// Whether there are more.
    pub has_more: bool,
}

/// How many activities of a customer are named.
pub const NAMED: usize = 10;

impl Activities {
    /// The first of some activities, in the order of positions; nothing if there are none.
    pub fn of(customer: &PartyId, mut ids: Vec<ActivityId>) -> Option<Self> {
        let has_more = ids.len() > NAMED;
        ids.truncate(NAMED);
        (!ids.is_empty()).then(|| Self {
            customer: customer.clone(),
            ids,
            has_more,
        })
    }
}

/// What is different: first who left, in the order of their old places, then all others by their new places.
pub fn changes(before: &[WatchedRow], after: &[WatchedRow]) -> Vec<RowChange> {
    let old: BTreeMap<&PartyId, Spot> = spots(before);
    let new: BTreeMap<&PartyId, Spot> = spots(after);
    let change = |row: &WatchedRow| RowChange {
        customer: row.customer.clone(),
        party: row.party.clone(),
        before: old.get(&row.customer).copied(),
        after: new.get(&row.customer).copied(),
    };
    let left = before.iter().filter(|row| !new.contains_key(&row.customer));
    let other = after
        .iter()
        .filter(|row| old.get(&row.customer) != Some(&row.spot));
    left.chain(other).map(change).collect()
}

fn spots(rows: &[WatchedRow]) -> BTreeMap<&PartyId, Spot> {
    rows.iter().map(|row| (&row.customer, row.spot)).collect()
}

/// What a reader has who puts changes into the rows that it had.
pub fn apply(rows: &[WatchedRow], changes: &[RowChange]) -> Vec<WatchedRow> {
    let changed: BTreeSet<&PartyId> = changes.iter().map(|change| &change.customer).collect();
    let kept = rows
        .iter()
        .filter(|row| !changed.contains(&row.customer))
        .cloned();
    let put = changes.iter().filter_map(|change| {
        Some(WatchedRow {
            customer: change.customer.clone(),
            party: change.party.clone(),
            spot: change.after?,
        })
    });
    let mut all: Vec<WatchedRow> = kept.chain(put).collect();
    all.sort_by_key(|row| row.spot.place);
    all
}

/// Who may have taken a customer past others, or others past it: those that stand on the other side of it than before,
/// the nearest to the first place first. `change` is one whose value is as it was, or who left.
pub fn crossed<'a>(change: &RowChange, all: &'a [RowChange]) -> Vec<&'a RowChange> {
    let last = u64::MAX;
    let place = |spot: Option<Spot>| spot.map_or(last, |spot| spot.place);
    let (from, to) = (place(change.before), place(change.after));
    let crosses = |other: &&RowChange| {
        let (before, after) = (place(other.before), place(other.after));
        other.customer != change.customer && (before < from) != (after < to) && before != after
    };
    let mut found: Vec<&RowChange> = all.iter().filter(crosses).collect();
    found.sort_by_key(|other| place(other.after));
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rows(of: &[(&str, i128)]) -> Vec<WatchedRow> {
        let row = |(place, (customer, value)): (usize, &(&str, i128))| WatchedRow {
            customer: PartyId::stored(customer),
            party: None,
            spot: Spot {
                place: place as u64,
                value: *value,
            },
        };
        of.iter().enumerate().map(row).collect()
    }

    fn told(changes: &[RowChange]) -> Vec<(&str, Option<u64>, Option<u64>)> {
        let place = |spot: Option<Spot>| spot.map(|spot| spot.place);
        let told = |one: &RowChange| (place(one.before), place(one.after));
        changes
            .iter()
            .map(|one| (one.customer.as_str(), told(one).0, told(one).1))
            .collect()
    }

    #[test]
    fn who_left_comes_first_and_then_the_new_places() {
        let before = rows(&[("a", 9), ("b", 7), ("c", 5), ("d", 3)]);
        let after = rows(&[("e", 20), ("a", 9), ("c", 6), ("b", 4)]);
        let changes = changes(&before, &after);
        let expected = [
            ("d", Some(3), None),
            ("e", None, Some(0)),
            ("a", Some(0), Some(1)),
            // Another value at its old place.
            ("c", Some(2), Some(2)),
            ("b", Some(1), Some(3)),
        ];
        assert_eq!(told(&changes), expected);
        assert_eq!(apply(&before, &changes), after);
        assert!(super::changes(&after, &after).is_empty());
    }

    #[test]
    fn who_went_past_is_found() {
        let before = rows(&[("a", 9), ("b", 7), ("c", 5)]);
        let after = rows(&[("e", 20), ("a", 9), ("b", 7)]);
        let all = changes(&before, &after);
        let of = |customer: &str| {
            let change = all.iter().find(|one| one.customer.as_str() == customer);
            let found = crossed(change.unwrap(), &all).into_iter();
            found.map(|one| one.customer.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(of("a"), ["e"]);
        assert_eq!(of("c"), ["e"]);
    }

    fn any_rows() -> impl Strategy<Value = Vec<WatchedRow>> {
        let values = proptest::collection::btree_map(0_u8..12, -3_i128..3, 0..8);
        values.prop_map(|values| {
            let mut all: Vec<(String, i128)> = values
                .into_iter()
                .map(|(c, v)| (c.to_string(), v))
                .collect();
            all.sort_by_key(|(customer, value)| (-value, customer.clone()));
            let named: Vec<(&str, i128)> = all.iter().map(|(c, v)| (c.as_str(), *v)).collect();
            rows(&named)
        })
    }

    proptest! {
        #[test]
        fn changes_put_into_what_was_there_are_what_is_there(
            before in any_rows(), after in any_rows()
        ) {
            let changes = changes(&before, &after);
            prop_assert_eq!(apply(&before, &changes), after.clone());
            prop_assert_eq!(changes.is_empty(), before == after);
        }
    }
}
