//! Makes planes of sums anew from the rows of leaves, as they are when a checkpoint is read: that costs less than to
//! keep them there.

use super::Leaf;
use crate::{
    domain::time::Day,
    store::embedded::books::{
        accounts::FIXED,
        amounts::Accumulator,
        table::{Posted, Table},
        track::{Plane, Posting, Track},
    },
};
use std::collections::BTreeMap;

/// Sums below this are far from the end of 64 bits.
const ROOM: i128 = 1 << 62;

/// What the tables of one leaf post under one account.
type Parts<'l> = Vec<(&'l Table, Posted<'l>)>;

/// The tracks of all rows, and of every account, rising. All customers of the leaves are below `customers`.
pub(super) fn of_leaves(leaves: &[Leaf], customers: usize) -> (Track, Vec<(u32, Track)>) {
    let live = track(&parts(leaves, |_| Some(Posted::One)), customers).unwrap_or_default();
    let fixed = (0..FIXED).filter_map(|account| {
        let parts = parts(leaves, |table| table.posted(account));
        Some((account, track(&parts, customers)?))
    });
    let mut accounts: Vec<(u32, Track)> = fixed.collect();
    accounts.extend(worked(leaves, customers));
    (live, accounts)
}

fn parts<'l>(
    leaves: &'l [Leaf],
    posted: impl Fn(&'l Table) -> Option<Posted<'l>>,
) -> Vec<Parts<'l>> {
    let of_leaf = |leaf: &'l Leaf| {
        let tables = leaf.tables.iter();
        let parts = tables.filter_map(|table| Some((table, posted(table)?)));
        parts.collect()
    };
    leaves.iter().map(of_leaf).collect()
}

/// The track of what is posted under one account, if anything is.
fn track(leaves: &[Parts<'_>], customers: usize) -> Option<Track> {
    let all = || leaves.iter().flatten();
    let postings = all().map(|(table, _)| table.len()).sum::<usize>();
    let unit = all().map(|(_, posted)| posted.unit()).min()?;
    if !Track::is_dense(postings, leaves.len(), customers) {
        let mut sparse = Vec::with_capacity(postings);
        for (table, posted) in all() {
            table.for_each_posted(*posted, |day, customer, quantity| {
                sparse.push(Posting {
                    day,
                    customer,
                    quantity,
                });
            });
        }
        return Some(Track::Sparse(sparse));
    }
    let reach = all().fold(0_i128, |reach, (table, posted)| {
        let units = i128::from(posted.unit() / unit) * table.len() as i128;
        reach.saturating_add(posted.reach().saturating_mul(units))
    });
    Some(Track::Dense(match reach < ROOM {
        true => planes::<i64>(leaves, unit, customers),
        false => planes::<i128>(leaves, unit, customers),
    }))
}

fn planes<A: Accumulator>(leaves: &[Parts<'_>], unit: i64, customers: usize) -> Vec<Plane> {
    let mut sums = vec![A::default(); customers];
    let planes = leaves.iter().map(|parts| {
        for (table, posted) in parts {
            table.add_posted(*posted, unit, &mut sums);
        }
        Plane::of(unit, &sums)
    });
    planes.collect()
}

/// The tracks of working time: rows of several roles are in one table.
fn worked(leaves: &[Leaf], customers: usize) -> impl Iterator<Item = (u32, Track)> {
    let starts: Vec<Day> = leaves.iter().map(|leaf| leaf.start).collect();
    let mut accounts: BTreeMap<u32, Vec<Posting>> = BTreeMap::new();
    for table in leaves.iter().flat_map(|leaf| &leaf.tables) {
        table.for_each_worked(|account, day, customer, quantity| {
            let posting = Posting {
                day,
                customer,
                quantity,
            };
            accounts.entry(account).or_default().push(posting);
        });
    }
    accounts.into_iter().map(move |(account, postings)| {
        let mut track = Track::Sparse(postings);
        track.settle(&starts, customers);
        (account, track)
    })
}
