//! What a block's rows come to over some days, as of a position.

use super::{Block, Plan};
use crate::{
    domain::time::Day,
    store::embedded::books::{
        accounts::{Layout, Postings, QUANTITIES},
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
        // Mostly all of them: then it need not be searched for.
        let seen = match self.newest() <= as_of {
            true => self.recent.len(),
            false => self.recent.partition_point(|row| row.position <= as_of),
        };
        let folded = self.known;
        let (rows, times) = match folded <= seen {
            true => (folded..seen, 1),
            false => (seen..folded, -1),
        };
        let rows = self.recent_days[rows.clone()]
            .iter()
            .zip(&self.recent[rows]);
        let rows = rows.filter(|(day, _)| days.contains(day));
        rows.map(move |(_, row)| (row, times))
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
        let mut worth = LayoutWorth::default();
        if !self.has_planes_of(as_of) {
            self.for_each_row(days, as_of, |row| {
                tally.add(row, 1, worth.of(row, weighing));
            });
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
            tally.add(row, times, worth.of(row, weighing));
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

    /// The same for rows of some customers, those whose byte is 1 and not 0.
    pub fn for_each_row_where(
        &self,
        days: &Range<Day>,
        as_of: u32,
        is_in: &[u8],
        mut visit: impl FnMut(&Row),
    ) {
        let (first, last) = (self.leaf_of(days.start), self.leaf_of(days.end));
        let leaves = self.leaves[first..=last].iter();
        for table in leaves.flat_map(|leaf| &leaf.tables) {
            for (day, range) in table.days_of(table.range(days)) {
                for place in table.places_where(is_in, range) {
                    if table.positions()[place] <= as_of {
                        visit(&table.row(place, day));
                    }
                }
            }
        }
        let recent = self.unfolded().iter();
        recent
            .take_while(|row| row.position <= as_of)
            .filter(|row| days.contains(&row.day) && is_in[usize::from(row.customer)] == 1)
            .for_each(visit);
    }

    /// Calls `visit` with the position of every row of some layouts up to a position, in no order.
    pub fn for_each_position_of(&self, layouts: &[Layout], as_of: u32, mut visit: impl FnMut(u32)) {
        let tables = self.leaves.iter().flat_map(|leaf| &leaf.tables);
        let tables = tables.filter(|table| layouts.contains(&table.layout()));
        let positions = tables.flat_map(|table| table.positions());
        positions
            .filter(|position| **position <= as_of)
            .for_each(|position| visit(*position));
        let recent = self.unfolded().iter();
        recent
            .take_while(|row| row.position <= as_of)
            .filter(|row| layouts.contains(&row.postings.layout))
            .for_each(|row| visit(row.position));
    }

    /// Calls `visit` with every row of some days up to a position that is under an account manager, in no order.
    pub fn for_each_row_of_manager(
        &self,
        days: &Range<Day>,
        as_of: u32,
        manager: u32,
        mut visit: impl FnMut(&Row),
    ) {
        let (first, last) = (self.leaf_of(days.start), self.leaf_of(days.end));
        let leaves = self.leaves[first..=last].iter();
        for table in leaves.flat_map(|leaf| &leaf.tables) {
            table.for_each_of_manager(days, manager, |place, day| {
                if table.positions()[place] <= as_of {
                    visit(&table.row(place, day));
                }
            });
        }
        let recent = self.unfolded().iter();
        recent
            .take_while(|row| row.position <= as_of)
            .filter(|row| days.contains(&row.day) && row.account_manager == manager)
            .for_each(visit);
    }

    /// The same of some branches.
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
    /// Adds a row with what it is worth, `times` 1 or -1.
    fn add(&mut self, row: &Row, times: i64, worth: A) {
        let customer = usize::from(row.customer);
        let times = times * row.postings.layout.sign();
        let value = &mut self.values[customer];
        *value = value.plus(A::of_narrow(times).times(worth));
        let live = &mut self.live[customer];
        *live = live.plus(u32::of_narrow(times));
    }
}

/// What rows of one layout, and of one role if they have working time, are weighed by: most rows are like the last one.
struct LayoutWorth<A> {
    like: Option<(Layout, u32)>,
    /// For each quantity, a value and the unit that is worth it; nothing for those that weigh nothing.
    factors: [(A, i64); QUANTITIES],
    /// What every row is worth beside.
    each: A,
}

impl<A: Accumulator> Default for LayoutWorth<A> {
    fn default() -> Self {
        Self {
            like: None,
            factors: [(A::default(), 1); QUANTITIES],
            each: A::default(),
        }
    }
}

impl<A: Accumulator> LayoutWorth<A> {
    /// What a row is worth, before the sign of its layout.
    fn of(&mut self, row: &Row, weighing: &Weighing<A>) -> A {
        let Postings {
            layout,
            minutes,
            quantities,
        } = row.postings;
        if self.like != Some((layout, minutes)) {
            *self = Self::default();
            self.like = Some((layout, minutes));
            for (factor, account) in self.factors.iter_mut().zip(layout.quantities()) {
                *factor = weighing
                    .of_unit(account.unwrap_or(minutes))
                    .unwrap_or(*factor);
            }
            for account in layout.counts() {
                let one = weighing.factor(account, 1).unwrap_or_default();
                self.each = self.each.plus(one);
            }
        }
        let pairs = self.factors.iter().zip(quantities);
        pairs.fold(self.each, |worth, ((factor, unit), quantity)| {
            worth.plus(factor.times(A::of_narrow(quantity / unit)))
        })
    }
}
