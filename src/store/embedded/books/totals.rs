//! The sums of every day by account, kept without looking at customers: what every report must tie to.

use super::accounts::Postings;
use crate::domain::time::{Day, Period};
use std::collections::{BTreeMap, VecDeque};

/// Sums by day.
#[derive(Debug, Default)]
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
