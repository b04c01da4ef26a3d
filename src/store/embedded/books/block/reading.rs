//! What a block's rows come to over some days, as of a position.

use super::{Block, Plan};
use crate::{
    domain::time::Day,
    store::embedded::books::{
        amounts::{Accumulator, Addend},
        table::{Row, Tally},
        weighing::Weighing,
    },
};
use std::ops::Range;

impl Block {
    /// Whether the answer as of a position can be made of planes.
    fn has_planes_of(&self, as_of: u32) -> bool {
        self.dropped <= as_of
    }

    /// The rows of some days that are not in the planes but should be, with 1, and those that are but should not, with
    /// -1.
    fn corrections(&self, days: &Range<Day>, as_of: u32) -> impl Iterator<Item = (&Row, i64)> {
        let until = |position| self.recent.partition_point(|row| row.position <= position);
        let (seen, folded) = (until(as_of), until(self.folded));
        let (rows, times) = match folded <= seen {
            true => (&self.recent[folded..seen], 1),
            false => (&self.recent[seen..folded], -1),
        };
        let rows = rows.iter().filter(|row| days.contains(&row.day));
        rows.map(move |row| (row, times))
    }

    /// Adds what each customer is worth to its value, and how many activities it has to its count, as of a position.
    pub fn weigh<A: Accumulator>(
        &self,
        days: &Range<Day>,
        plan: &Plan<'_>,
        as_of: u32,
        weighing: &Weighing<A>,
        mut tally: Tally<'_, A>,
    ) {
        if !self.has_planes_of(as_of) {
            self.for_each_row(days, as_of, |row| tally.add(row, 1, weighing));
            return;
        }
        if !plan.span.ends.is_empty() {
            self.live.count(&plan.span, tally.live);
            for account in &weighing.accounts {
                if let Ok(place) = self.accounts.binary_search_by_key(account, |(own, _)| *own) {
                    let track = &self.accounts[place].1;
                    track.weigh(&plan.span, *account, weighing, tally.values);
                }
            }
        }
        for (table, rows, times) in &plan.parts {
            table.weigh(rows.clone(), *times, weighing, &mut tally);
        }
        for (row, times) in self.corrections(days, as_of) {
            tally.add(row, times, weighing);
        }
    }

    /// Adds up everything of some days by account.
    pub fn add_sums(&self, days: &Range<Day>, plan: &Plan<'_>, as_of: u32, sums: &mut [i128]) {
        let add = |row: &Row, times: i64, sums: &mut [i128]| {
            row.postings.for_each(|account, quantity| {
                sums[account as usize] += i128::from(times) * i128::from(quantity);
            });
        };
        if !self.has_planes_of(as_of) {
            self.for_each_row(days, as_of, |row| add(row, 1, sums));
            return;
        }
        for (account, track) in &self.accounts {
            sums[*account as usize] += track.total(&plan.span);
        }
        for (table, rows, times) in &plan.parts {
            table.add_sums(rows.clone(), i128::from(*times), sums);
        }
        for (row, times) in self.corrections(days, as_of) {
            add(row, times, sums);
        }
    }

    /// Adds up by account what some customers have on some days, those whose byte is 1 and not 0.
    pub fn add_sums_where(
        &self,
        days: &Range<Day>,
        plan: &Plan<'_>,
        as_of: u32,
        is_in: &[u8],
        sums: &mut [i128],
    ) {
        let add = |row: &Row, times: i64, sums: &mut [i128]| {
            let times = i128::from(times) * i128::from(is_in[usize::from(row.customer)]);
            row.postings.for_each(|account, quantity| {
                sums[account as usize] += times * i128::from(quantity);
            });
        };
        if !self.has_planes_of(as_of) {
            self.for_each_row(days, as_of, |row| add(row, 1, sums));
            return;
        }
        for (account, track) in &self.accounts {
            sums[*account as usize] += track.total_where(&plan.span, is_in);
        }
        for (table, rows, times) in &plan.parts {
            table.add_sums_where(rows.clone(), (*times).into(), is_in, sums);
        }
        for (row, times) in self.corrections(days, as_of) {
            add(row, times, sums);
        }
    }

    /// Adds one customer's postings of some days to its sums by account.
    pub fn add_customer(
        &self,
        customer: u16,
        days: &Range<Day>,
        plan: &Plan<'_>,
        as_of: u32,
        mut add: impl FnMut(u32, i128),
    ) {
        let mut add_row = |row: &Row, times: i64| {
            row.postings.for_each(|account, quantity| {
                add(account, i128::from(times) * i128::from(quantity));
            });
        };
        if !self.has_planes_of(as_of) {
            self.for_each_row(days, as_of, |row| {
                if row.customer == customer {
                    add_row(row, 1);
                }
            });
            return;
        }
        for (table, rows, times) in &plan.parts {
            for place in table.places_of(customer, rows.clone()) {
                // The day is not looked at here.
                add_row(&table.row(place, days.start), *times);
            }
        }
        for (row, times) in self.corrections(days, as_of) {
            if row.customer == customer {
                add_row(row, times);
            }
        }
        if !plan.span.ends.is_empty() {
            for (account, track) in &self.accounts {
                add(*account, track.of(&plan.span, customer));
            }
        }
    }

    /// Calls `visit` with every row of some days up to a position, in no order.
    pub fn for_each_row(&self, days: &Range<Day>, as_of: u32, visit: impl FnMut(&Row)) {
        self.for_each_row_of(days, as_of, |_| true, visit);
    }

    /// The same for rows of some branches.
    pub fn for_each_row_of(
        &self,
        days: &Range<Day>,
        as_of: u32,
        has_branch: impl Fn(u32) -> bool,
        mut visit: impl FnMut(&Row),
    ) {
        let (first, last) = (self.leaf_of(days.start), self.leaf_of(days.end));
        for table in self.leaves[first..=last]
            .iter()
            .flat_map(|leaf| &leaf.tables)
        {
            if table
                .only_branch()
                .is_some_and(|branch| !has_branch(branch))
            {
                continue;
            }
            for (day, range) in table.days_of(table.range(days)) {
                for place in range {
                    if table.positions()[place] <= as_of && has_branch(table.branch(place)) {
                        visit(&table.row(place, day));
                    }
                }
            }
        }
        let recent = self
            .unfolded()
            .iter()
            .take_while(|row| row.position <= as_of);
        let recent = recent.filter(|row| days.contains(&row.day) && has_branch(row.branch));
        recent.for_each(visit);
    }
}

impl<A: Accumulator> Tally<'_, A> {
    /// Adds a row, `times` 1 or -1.
    fn add(&mut self, row: &Row, times: i64, weighing: &Weighing<A>) {
        let (layout, customer) = (row.postings.layout, usize::from(row.customer));
        let mut value = A::default();
        row.postings.for_each(|account, quantity| {
            if let Some(one) = weighing.value(account, quantity) {
                value = value.plus(one);
            }
        });
        let own = &mut self.values[customer];
        *own = own.plus(A::of_narrow(times).times(value));
        let live = &mut self.live[customer];
        *live = live.plus(u32::of_narrow(times * layout.sign()));
    }
}
