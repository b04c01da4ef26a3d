//! Scores of all prospects at once: what every value adds is looked up by its number.
//!
//! Weights are whole steps, so that sums do not depend on the order. Only the rows of the page that is asked for are
//! put in order.

use super::lookalike::{Score, Scorer};
use crate::domain::prospect::{Codes, ProspectTable};
use std::{cmp::Reverse, ops::Range};

/// A row with its score: a greater score comes first, then the lesser row.
type Scored = (Reverse<i64>, u32);

/// What the values of each trait add, one trait after the other.
struct Weights {
    steps: Vec<i64>,
    /// Where each trait begins.
    starts: Vec<usize>,
}

impl Weights {
    fn of(scorer: &Scorer, table: &ProspectTable) -> Self {
        let (mut steps, mut starts) = (Vec::new(), Vec::new());
        for (place, key) in table.traits().iter().enumerate() {
            starts.push(steps.len());
            let values = table.values(place).iter().map(|value| Some(&**value));
            let weights = scorer.weights(key, std::iter::once(None).chain(values));
            steps.extend(weights.into_iter().map(|weight| weight.0));
        }
        Self { steps, starts }
    }

    fn score(&self, row: impl Iterator<Item = usize>) -> i64 {
        let places = self
            .starts
            .iter()
            .zip(row)
            .map(|(start, code)| start + code);
        places.map(|place| self.steps[place]).sum()
    }
}

/// The rows at some places of the order by score and id, but for those that are left out, which rise.
pub fn best_rows(
    scorer: &Scorer,
    table: &ProspectTable,
    left_out: &[u32],
    places: &Range<u64>,
) -> Vec<(u32, Score)> {
    let count = table.ids().len().saturating_sub(left_out.len());
    let place = |place: u64| usize::try_from(place).map_or(count, |place| place.min(count));
    let (start, end) = (place(places.start), place(places.end));
    if start >= end {
        return Vec::new();
    }
    let weights = Weights::of(scorer, table);
    let mut best = Best::new(end, left_out);
    let width = table.traits().len();
    match table.codes() {
        _ if width == 0 => table.ids().iter().for_each(|_| best.take(0)),
        Codes::Narrow(codes) => codes.chunks_exact(width).for_each(|row| {
            best.take(weights.score(row.iter().copied().map(usize::from)));
        }),
        Codes::Wide(codes) => codes.chunks_exact(width).for_each(|row| {
            best.take(weights.score(row.iter().map(|code| *code as usize)));
        }),
    }
    let page = best.page(start);
    page.into_iter()
        .map(|(Reverse(steps), row)| (row, Score(steps)))
        .collect()
}

/// All rows in the order by score and id, but for those that are left out, which rise.
pub fn all_rows(scorer: &Scorer, table: &ProspectTable, left_out: &[u32]) -> Vec<(u32, Score)> {
    best_rows(scorer, table, left_out, &(0..u64::MAX))
}

/// The best rows that were seen so far, and some that are not.
struct Best<'a> {
    /// How many are wanted; at least 1.
    wanted: usize,
    /// What is worse than this one or equal to it and comes later is not among them.
    floor: Option<i64>,
    seen: Vec<Scored>,
    row: u32,
    left_out: &'a [u32],
}

impl<'a> Best<'a> {
    fn new(wanted: usize, left_out: &'a [u32]) -> Self {
        Self {
            wanted,
            floor: None,
            seen: Vec::new(),
            row: 0,
            left_out,
        }
    }

    /// Takes in the next row.
    fn take(&mut self, score: i64) {
        let row = self.row;
        self.row += 1;
        if let Some((next, others)) = self.left_out.split_first()
            && *next == row
        {
            self.left_out = others;
            return;
        }
        if self.floor.is_some_and(|floor| score <= floor) {
            return;
        }
        self.seen.push((Reverse(score), row));
        // Twice as many, so that each is moved a few times and no more.
        if self.seen.len() >= 2 * self.wanted.max(512) {
            self.drop_others();
        }
    }

    fn drop_others(&mut self) {
        if self.seen.len() > self.wanted {
            let (_, last, _) = self.seen.select_nth_unstable(self.wanted - 1);
            self.floor = Some(last.0.0);
            self.seen.truncate(self.wanted);
        }
    }

    /// The rows from a place to the last that is wanted, in order.
    fn page(mut self, start: usize) -> Vec<Scored> {
        self.drop_others();
        if start > 0 && start < self.seen.len() {
            self.seen.select_nth_unstable(start);
        }
        let mut page = self.seen.split_off(start.min(self.seen.len()));
        page.sort_unstable();
        page
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        id::{PartyId, TraitKey},
        model::lift::tests::{answer, table},
        party::TraitValue,
        prospect::TableBuilder,
        traits::Traits,
    };
    use proptest::{collection::vec, prelude::*};

    fn traits(own: (u64, i64)) -> Traits {
        let category = |number: u64| TraitValue::Category(format!("c{number}"));
        let key = |name| TraitKey::parse(name, "").unwrap();
        let mut traits = Traits::from([(key("T0"), category(own.0))]);
        if own.1 >= 0 {
            traits.insert(key("T1"), category(own.1.unsigned_abs()));
        }
        traits
    }

    fn rows(own: &[(u64, i64)], keys: &[&str]) -> ProspectTable {
        let keys = keys.iter().map(|key| TraitKey::parse(key, "").unwrap());
        let mut table = TableBuilder::new(keys.collect(), 1);
        for (number, own) in own.iter().enumerate() {
            let id = PartyId::parse(&format!("P{number:05}"), "").unwrap();
            table.add(id, &traits(*own));
        }
        table.finish()
    }

    fn scorer() -> Scorer {
        let customers = (0..300_u64).map(|i| (vec![i % 3, i % 7], i % 21 == 1, i % 5 == 0));
        Scorer::of(&table(&answer(&customers.collect::<Vec<_>>()), 2))
    }

    proptest! {
        #[test]
        fn pages_are_parts_of_one_order(
            own in vec((0..4_u64, -1..9_i64), 0..80), left_out in vec(any::<bool>(), 80),
            start in 0..90_u64, length in 0..90_u64,
        ) {
            let scorer = scorer();
            let keys: Vec<_> = scorer.traits().map(TraitKey::as_str).collect();
            let table = rows(&own, &keys);
            let is_in = |row: &u32| !left_out[*row as usize];
            let mut wanted: Vec<_> = (0_u32..).zip(&own).map(|(row, own)| (row, scorer.score(&traits(*own)))).collect();
            wanted.retain(|(row, _)| is_in(row));
            wanted.sort_by_key(|(row, score)| (Reverse(*score), *row));
            let count = wanted.len() as u64;
            let part = |place: u64| usize::try_from(place.min(count)).unwrap();
            let part = part(start)..part(start + length);
            let out: Vec<u32> = (0..u32::try_from(own.len()).unwrap()).filter(|row| !is_in(row)).collect();
            let found = best_rows(&scorer, &table, &out, &(start..start + length));
            prop_assert_eq!(&found[..], &wanted[part]);
            #[allow(clippy::reversed_empty_ranges, reason = "a client's range need not rise")]
            let empty = best_rows(&scorer, &table, &out, &(start + 1..start));
            prop_assert!(empty.is_empty());
        }
    }

    #[test]
    fn the_best_of_many_are_found_whatever_comes_first() {
        let own: Vec<_> = (0..70_000)
            .map(|i| (i % 3, i64::try_from(i).unwrap()))
            .collect();
        for own in [own.clone(), own.into_iter().rev().collect()] {
            let table = rows(&own, &["T0", "T1"]);
            assert!(matches!(table.codes(), Codes::Wide(_)));
            let scorer = scorer();
            let score = |row: u32| scorer.score(&traits(own[row as usize]));
            let all = best_rows(&scorer, &table, &[], &(0..u64::MAX));
            assert_eq!(all.len(), own.len());
            assert!(all.iter().all(|(row, own)| score(*row) == *own));
            assert!(all.is_sorted_by_key(|(row, score)| (Reverse(*score), *row)));
            for first in [0, 900, 69_990] {
                let page = best_rows(&scorer, &table, &[], &(first..first + 20));
                let first = usize::try_from(first).unwrap();
                assert_eq!(page, all[first..(first + 20).min(all.len())]);
            }
        }
    }

    #[test]
    fn without_traits_all_are_alike() {
        let table = rows(&[(1, 1), (0, 2), (1, 3)], &[]);
        let found = best_rows(&scorer(), &table, &[1], &(0..9));
        assert_eq!(found, [(0, Score(0)), (2, Score(0))]);
    }
}
