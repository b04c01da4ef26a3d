//! The sums of every day by account, kept without looking at customers: what every report must tie to.

use super::accounts::{FIXED, Postings};
use crate::domain::time::{Day, Period};
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// Sums by day.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(from = "SavedDays", into = "SavedDays")]
pub(in super::super) struct Totals {
    /// In the order in which days came.
    days: Vec<(Day, DaySums)>,
    /// Where each day is among them.
    places: HashMap<Day, usize>,
    /// What was added last, by position.
    newest: VecDeque<(u32, Day, Postings)>,
    /// What was added up to here is not known any more.
    dropped: u32,
}

/// The sums of a day: of the first accounts by number, and of the others as they came.
#[derive(Debug, Clone, Default)]
struct DaySums {
    first: Vec<i128>,
    others: Vec<(u32, i128)>,
}

/// How many accounts are the first ones: those that are not working time, and some that are.
const FIRST: u32 = FIXED + 10;

impl DaySums {
    fn add(&mut self, account: u32, quantity: i128) {
        if let Some(sum) = self.first.get_mut(account as usize) {
            *sum += quantity;
        } else if account < FIRST {
            self.first.resize(account as usize + 1, 0);
            self.add(account, quantity);
        } else {
            match self.others.iter_mut().find(|(own, _)| *own == account) {
                Some((_, sum)) => *sum += quantity,
                None => self.others.push((account, quantity)),
            }
        }
    }

    fn iter(&self) -> impl Iterator<Item = (u32, i128)> {
        let first = (0..).zip(self.first.iter().copied());
        let first = first.filter(|(_, sum)| *sum != 0);
        first.chain(self.others.iter().copied())
    }
}

impl FromIterator<(u32, i128)> for DaySums {
    fn from_iter<I: IntoIterator<Item = (u32, i128)>>(sums: I) -> Self {
        let mut day = Self::default();
        sums.into_iter()
            .for_each(|(account, sum)| day.add(account, sum));
        day
    }
}

/// The same as it is saved, in order.
#[derive(Serialize, Deserialize)]
struct SavedDays {
    days: BTreeMap<Day, BTreeMap<u32, i128>>,
    newest: VecDeque<(u32, Day, Postings)>,
    dropped: u32,
}

impl From<SavedDays> for Totals {
    fn from(saved: SavedDays) -> Self {
        let days = saved.days.into_iter();
        let days: Vec<(Day, DaySums)> = days
            .map(|(day, sums)| (day, sums.into_iter().collect()))
            .collect();
        Self {
            places: (0..).zip(&days).map(|(at, (day, _))| (*day, at)).collect(),
            days,
            newest: saved.newest,
            dropped: saved.dropped,
        }
    }
}

impl From<Totals> for SavedDays {
    fn from(totals: Totals) -> Self {
        let days = totals.days.into_iter();
        Self {
            days: days
                .map(|(day, sums)| (day, sums.iter().collect()))
                .collect(),
            newest: totals.newest,
            dropped: totals.dropped,
        }
    }
}

impl Totals {
    /// Where a day is kept.
    pub fn place(&mut self, day: Day) -> usize {
        *self.places.entry(day).or_insert_with(|| {
            self.days.push((day, DaySums::default()));
            self.days.len() - 1
        })
    }

    /// Looks at what is kept of a day.
    pub fn touch(&self, place: usize) -> i128 {
        // One of each that the processor fetches at once.
        let sums = self.days[place].1.first.iter().step_by(4);
        sums.fold(0, |seen, sum| seen ^ sum)
    }

    /// Adds what a row posts; it is the newest. For `kept` positions it is known what was added, so that sums as of a
    /// position that was the newest a moment ago are found without looking at every row.
    pub fn add(&mut self, position: u32, place: usize, postings: Postings, kept: u32) {
        let day = self.days[place].0;
        let sums = &mut self.days[place].1;
        postings.for_each(|account, quantity| sums.add(account, quantity.into()));
        self.newest.push_back((position, day, postings));
        while let Some((first, ..)) = self.newest.front()
            && position - *first > kept
        {
            self.dropped = *first;
            self.newest.pop_front();
        }
    }

    /// Whether all of it is of so many accounts and not after a position.
    pub fn is_possible(&self, accounts: u32, position: u32) -> bool {
        let mut all = self.days.iter().flat_map(|(_, sums)| sums.iter());
        let is_past = self.newest.back().is_none_or(|last| last.0 <= position);
        is_past
            && all.all(|(account, _)| account < accounts)
            && self.newest.iter().is_sorted_by(|a, b| a.0 <= b.0)
            && (self.newest.iter()).all(|(_, _, postings)| postings.is_possible(accounts))
    }

    /// Adds the sums over a period as of a position. Says whether it could.
    pub fn add_sums(&self, period: &Period, as_of: u32, sums: &mut [i128]) -> bool {
        if as_of < self.dropped {
            return false;
        }
        for (_, own) in self.days.iter().filter(|(day, _)| period.contains(*day)) {
            for (account, sum) in own.iter() {
                sums[account as usize] += sum;
            }
        }
        let later = self
            .newest
            .iter()
            .rev()
            .take_while(|(position, ..)| *position > as_of);
        for (_, day, postings) in later {
            if period.contains(*day) {
                postings.for_each(|account, quantity| {
                    sums[account as usize] -= i128::from(quantity);
                });
            }
        }
        true
    }
}
