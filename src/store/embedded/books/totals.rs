//! The sums of every day by account, kept without looking at customers: what every report must tie to.

use super::accounts::Postings;
use crate::domain::time::{Day, Period};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// Sums by day.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(in super::super) struct Totals {
    days: BTreeMap<Day, BTreeMap<u32, i128>>,
    /// What was added last, by position.
    newest: VecDeque<(u32, Day, Postings)>,
    /// What was added up to here is not known any more.
    dropped: u32,
}

/// The days of a period, rising, with what is kept of each.
pub(in super::super) fn days_of<'d, T>(
    days: &'d BTreeMap<Day, T>,
    period: &Period,
) -> impl Iterator<Item = (Day, &'d T)> {
    let start = period.start.unwrap_or(Day(i32::MIN));
    let end = period.end;
    days.range(start..)
        .map(|(day, kept)| (*day, kept))
        .take_while(move |(day, _)| end.is_none_or(|end| *day < end))
}

impl Totals {
    /// Adds what a row posts; it is the newest. For `kept` positions it is known what was added, so that sums as of a
    /// position that was the newest a moment ago are found without looking at every row.
    pub fn add(&mut self, position: u32, day: Day, postings: Postings, kept: u32) {
        let sums = self.days.entry(day).or_default();
        postings.for_each(|account, quantity| {
            *sums.entry(account).or_default() += i128::from(quantity);
        });
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
        let all = self.days.values().flat_map(BTreeMap::keys);
        let is_past = self.newest.back().is_none_or(|last| last.0 <= position);
        is_past
            && all.into_iter().all(|account| *account < accounts)
            && self.newest.iter().is_sorted_by(|a, b| a.0 < b.0)
            && (self.newest.iter()).all(|(_, _, postings)| postings.is_possible(accounts))
    }

    /// Adds the sums over a period as of a position. Says whether it could.
    pub fn add_sums(&self, period: &Period, as_of: u32, sums: &mut [i128]) -> bool {
        if as_of < self.dropped {
            return false;
        }
        for (_, own) in days_of(&self.days, period) {
            for (account, sum) in own {
                sums[*account as usize] += sum;
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
