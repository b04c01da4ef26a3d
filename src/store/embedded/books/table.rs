//! Rows of one layout in columns, in the order of their days.

mod columns;
mod saved;

pub(in super::super) use self::columns::Posted;

use super::{
    accounts::{Layout, Postings, QUANTITIES},
    amounts::{Accumulator, Addend, Amounts},
    block::ALL,
    interner::number_of,
    narrow::{Narrow, insert_all},
    weighing::Weighing,
};
use crate::domain::time::Day;
use pulp::Arch;
use std::ops::Range;

/// One activity, or one reversal of an activity, as the books see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Row {
    /// Where it is in the ledger.
    pub position: u32,
    /// The day on which it counts.
    pub day: Day,
    /// The customer's place in its block.
    pub customer: u16,
    /// The branch, by number.
    pub branch: u32,
    /// The product, by number.
    pub product: u32,
    /// The account manager, by number.
    pub account_manager: u32,
    /// What it posts.
    pub postings: Postings,
}

/// What some customers are worth, and how many activities each has, less those that were taken back.
pub(in super::super) struct Tally<'a, A> {
    /// By the customer's place in its block.
    pub values: &'a mut [A],
    /// The same.
    pub live: &'a mut [u32],
}

/// How a column of quantities is weighed.
enum Weighed<'c, A> {
    /// All by a factor, a value per unit.
    All(&'c Amounts, A),
    /// Each by the role that worked.
    ByRole(&'c Amounts),
}

/// So many rows are weighed at once.
const AT_ONCE: usize = 128;

/// Some rows of one layout.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Table {
    layout: Layout,
    /// The days, rising, and where the rows of each end.
    days: Vec<(Day, u32)>,
    positions: Vec<u32>,
    customers: Vec<u16>,
    branches: Narrow,
    products: Narrow,
    account_managers: Narrow,
    minutes: Narrow,
    /// In the order of [`Layout::quantities`].
    quantities: Vec<Amounts>,
}

/// Takes note of where the rows of the last day end, which may be a new one.
fn note_day(days: &mut Vec<(Day, u32)>, day: Day, end: u32) {
    match days.last_mut() {
        Some((last, last_end)) if *last == day => *last_end = end,
        _ => days.push((day, end)),
    }
}

impl Table {
    fn new(layout: Layout, rows: usize) -> Self {
        let quantities = layout.quantities().map(|_| {
            let mut column = Amounts::default();
            column.reserve(rows);
            column
        });
        Self {
            layout,
            positions: Vec::with_capacity(rows),
            customers: Vec::with_capacity(rows),
            quantities: quantities.collect(),
            ..Self::default()
        }
    }

    /// Rows of one layout, which are in the order of their days.
    pub fn of(layout: Layout, rows: &[&Row]) -> Self {
        let mut table = Self::new(layout, rows.len());
        rows.iter().for_each(|row| table.push(row));
        table
    }

    /// What all its rows have in common.
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.positions.len()
    }

    /// The days that have rows, rising, with where the rows of each end.
    pub fn days(&self) -> &[(Day, u32)] {
        &self.days
    }

    fn add_day(&mut self, day: Day, rows: usize) {
        note_day(&mut self.days, day, number_of(rows));
    }

    fn push(&mut self, row: &Row) {
        self.positions.push(row.position);
        self.customers.push(row.customer);
        self.branches.push(row.branch);
        self.products.push(row.product);
        self.account_managers.push(row.account_manager);
        self.minutes.push(row.postings.minutes);
        for (column, quantity) in self.quantities.iter_mut().zip(row.postings.quantities) {
            column.push(quantity);
        }
        self.add_day(row.day, self.positions.len());
    }

    /// Some rows of this table.
    fn part(&self, range: Range<usize>) -> Self {
        let mut part = Self::new(self.layout, 0);
        let days = self.days_of(range.clone());
        part.days = days
            .map(|(day, rows)| (day, number_of(rows.end - range.start)))
            .collect();
        part.positions = self.positions[range.clone()].to_vec();
        part.customers = self.customers[range.clone()].to_vec();
        part.branches.extend(&self.branches, range.clone());
        part.products.extend(&self.products, range.clone());
        part.account_managers
            .extend(&self.account_managers, range.clone());
        part.minutes.extend(&self.minutes, range.clone());
        for (column, own) in part.quantities.iter_mut().zip(&self.quantities) {
            column.extend(own, range.clone());
        }
        part
    }

    /// Takes in rows of the same layout, which are in the order of their days and come later within a day.
    pub fn merge(&mut self, rows: &[&Row]) {
        let places = self.make_days(rows);
        insert_all(&mut self.positions, &places, |row| rows[row].position);
        insert_all(&mut self.customers, &places, |row| rows[row].customer);
        self.branches.insert_all(&places, |row| rows[row].branch);
        self.products.insert_all(&places, |row| rows[row].product);
        let account_manager = |row: usize| rows[row].account_manager;
        self.account_managers.insert_all(&places, account_manager);
        let minutes = |row: usize| rows[row].postings.minutes;
        self.minutes.insert_all(&places, minutes);
        for (number, column) in self.quantities.iter_mut().enumerate() {
            column.insert_all(&places, |row| rows[row].postings.quantities[number]);
        }
    }

    /// Takes in the days of rows; says before which of the rows that are there each of them goes.
    fn make_days(&mut self, rows: &[&Row]) -> Vec<usize> {
        let mut places = Vec::with_capacity(rows.len());
        let mut days = Vec::with_capacity(self.days.len() + rows.len());
        let mut rest = rows.iter().peekable();
        let (mut end, mut added) = (0, 0_u32);
        for (day, day_end) in &self.days {
            while let Some(row) = rest.next_if(|row| row.day < *day) {
                places.push(end);
                added += 1;
                note_day(&mut days, row.day, number_of(end) + added);
            }
            end = *day_end as usize;
            while rest.next_if(|row| row.day == *day).is_some() {
                places.push(end);
                added += 1;
            }
            note_day(&mut days, *day, day_end + added);
        }
        for row in rest {
            places.push(end);
            added += 1;
            note_day(&mut days, row.day, number_of(end) + added);
        }
        days.shrink_to_fit();
        self.days = days;
        places
    }

    /// The rows before a day, and those from it on.
    pub fn split(&self, day: Day) -> (Self, Self) {
        let cut = self.before(day);
        (self.part(0..cut), self.part(cut..self.len()))
    }

    /// How many rows are before a day.
    pub fn before(&self, day: Day) -> usize {
        let (Some((first, _)), Some((last, _))) = (self.days.first(), self.days.last()) else {
            return 0;
        };
        if day <= *first {
            return 0;
        }
        if day > *last {
            return self.len();
        }
        // Days are spread evenly, nearly always: where it should be is looked at first.
        let span = i64::from(last.0) - i64::from(first.0);
        let ahead = usize::try_from(i64::from(day.0) - i64::from(first.0)).unwrap_or(0);
        let guess = ahead * (self.days.len() - 1) / usize::try_from(span.max(1)).unwrap_or(1);
        let mut count = guess.min(self.days.len() - 1);
        while count > 0 && self.days[count - 1].0 >= day {
            count -= 1;
        }
        while self.days[count].0 < day {
            count += 1;
        }
        match count {
            0 => 0,
            _ => self.days[count - 1].1 as usize,
        }
    }

    /// The rows of some days.
    pub fn range(&self, days: &Range<Day>) -> Range<usize> {
        let start = if days.start == ALL.start {
            0
        } else {
            self.before(days.start)
        };
        let end = if days.end == ALL.end {
            self.len()
        } else {
            self.before(days.end)
        };
        start..end.max(start)
    }

    /// The day of each row of a range that begins with a day's first row.
    pub fn days_of(&self, range: Range<usize>) -> impl Iterator<Item = (Day, Range<usize>)> {
        let mut start = 0;
        self.days.iter().filter_map(move |(day, end)| {
            let end = *end as usize;
            let within = start.max(range.start)..end.min(range.end);
            start = end;
            (within.start < within.end).then_some((*day, within))
        })
    }

    /// The row at a place; `day` is its day.
    pub fn row(&self, place: usize, day: Day) -> Row {
        let mut quantities = [0; QUANTITIES];
        for (quantity, column) in quantities.iter_mut().zip(&self.quantities) {
            // What was put in had 64 bits.
            *quantity = i64::try_from(column.get(place)).unwrap_or(i64::MAX);
        }
        Row {
            position: self.positions[place],
            day,
            customer: self.customers[place],
            branch: self.branches.get(place),
            product: self.products.get(place),
            account_manager: self.account_managers.get(place),
            postings: Postings {
                layout: self.layout,
                minutes: self.minutes.get(place),
                quantities,
            },
        }
    }

    /// The row with a position, which is on a day.
    pub fn find(&self, position: u32, day: Day) -> Option<Row> {
        let range = self.range(&(day..day.next()));
        // Later rows of a day were put behind earlier ones.
        let place = self.positions[range.clone()]
            .binary_search(&position)
            .ok()?;
        Some(self.row(range.start + place, day))
    }

    /// The branch of all rows, if it is one.
    pub fn only_branch(&self) -> Option<u32> {
        self.branches.same()
    }

    /// The branch of a row.
    pub fn branch(&self, place: usize) -> u32 {
        self.branches.get(place)
    }

    /// The positions, in the order of the rows.
    pub fn positions(&self) -> &[u32] {
        &self.positions
    }

    /// Adds what rows are worth to the values of their customers, and how many they are to their counts, `times` 1 or
    /// -1.
    pub fn weigh<A: Accumulator>(
        &self,
        range: Range<usize>,
        times: i64,
        weighing: &Weighing<A>,
        tally: &mut Tally<'_, A>,
    ) {
        let times = times * self.layout.sign();
        let one = u32::of_narrow(times);
        let counted = self.layout.counts();
        let counted = counted.filter_map(|account| weighing.factor(account, 1));
        let each = counted
            .fold(A::default(), A::plus)
            .times(A::of_narrow(times));
        let columns = self.layout.quantities().zip(&self.quantities);
        let weighed: Vec<Weighed<'_, A>> = columns
            .filter_map(|(account, column)| self.weighed(account, column, times, weighing))
            .collect();
        let mut worth = [A::default(); AT_ONCE];
        for start in range.clone().step_by(AT_ONCE) {
            let rows = start..(start + AT_ONCE).min(range.end);
            let worth = &mut worth[..rows.len()];
            worth.fill(each);
            for weighed in &weighed {
                match weighed {
                    Weighed::All(column, factor) => {
                        column.add_scaled(rows.clone(), *factor, worth);
                    }
                    Weighed::ByRole(column) => {
                        let times = A::of_narrow(times);
                        self.add_minutes(rows.clone(), times, weighing, column, worth);
                    }
                }
            }
            for (customer, worth) in self.customers[rows].iter().zip(worth) {
                let customer = usize::from(*customer);
                tally.values[customer] = tally.values[customer].plus(*worth);
                tally.live[customer] = tally.live[customer].plus(one);
            }
        }
    }

    /// How a column is weighed, if it is.
    fn weighed<'c, A: Accumulator>(
        &self,
        account: Option<u32>,
        column: &'c Amounts,
        times: i64,
        weighing: &Weighing<A>,
    ) -> Option<Weighed<'c, A>> {
        let unit = column.unit();
        // Minutes of several roles are in one column, whose unit can be finer than that of one of them alone.
        let same = self.minutes.same();
        let same = same.filter(|account| weighing.has_unit(*account, unit));
        let Some(account) = account.or(same) else {
            return Some(Weighed::ByRole(column));
        };
        let factor = weighing.factor(account, unit)?;
        Some(Weighed::All(column, factor.times(A::of_narrow(times))))
    }

    /// Adds what working time is worth to what rows are worth.
    fn add_minutes<A: Accumulator>(
        &self,
        rows: Range<usize>,
        times: A,
        weighing: &Weighing<A>,
        column: &Amounts,
        worth: &mut [A],
    ) {
        for (place, worth) in rows.zip(worth) {
            // What one row posts has 64 bits.
            let quantity = i64::try_from(column.get(place)).unwrap_or_default();
            if let Some(value) = weighing.value(self.minutes.get(place), quantity) {
                *worth = worth.plus(times.times(value));
            }
        }
    }

    /// Adds up rows by account, `times` 1 or -1, without looking at customers.
    pub fn add_sums(&self, range: Range<usize>, times: i128, sums: &mut [i128]) {
        let times = times * i128::from(self.layout.sign());
        for (account, column) in self.layout.quantities().zip(&self.quantities) {
            match account.or_else(|| self.minutes.same()) {
                Some(account) => sums[account as usize] += times * column.sum(range.clone()),
                None => {
                    for place in range.clone() {
                        sums[self.minutes.get(place) as usize] += times * column.get(place);
                    }
                }
            }
        }
        for account in self.layout.counts() {
            sums[account as usize] += times * range.len() as i128;
        }
    }

    /// The same for rows of some customers, those whose byte is 1 and not 0.
    pub fn add_sums_where(
        &self,
        range: Range<usize>,
        times: i128,
        is_in: &[u8],
        sums: &mut [i128],
    ) {
        let times = times * i128::from(self.layout.sign());
        let owners = &self.customers;
        for (account, column) in self.layout.quantities().zip(&self.quantities) {
            match account.or_else(|| self.minutes.same()) {
                Some(account) => {
                    sums[account as usize] += times * column.sum_of(range.clone(), owners, is_in);
                }
                None => {
                    for place in range.clone() {
                        let is_in = i128::from(is_in[usize::from(owners[place])]);
                        let account = self.minutes.get(place) as usize;
                        sums[account] += times * is_in * column.get(place);
                    }
                }
            }
        }
        let rows = owners[range].iter();
        let rows: i128 = rows
            .map(|owner| i128::from(is_in[usize::from(*owner)]))
            .sum();
        for account in self.layout.counts() {
            sums[account as usize] += times * rows;
        }
    }

    /// The places of a customer's rows among some.
    pub fn places_of(&self, customer: u16, range: Range<usize>) -> impl Iterator<Item = usize> {
        let chunks = range.clone().step_by(AT_ONCE);
        let chunks = chunks.map(move |start| start..(start + AT_ONCE).min(range.end));
        chunks.flat_map(move |rows| {
            let customers = &self.customers[rows.clone()];
            // Looked for in many at once: few rows are of one customer.
            let found = Arch::new().dispatch(
                #[inline(always)]
                || {
                    customers
                        .iter()
                        .fold(false, |found, own| found | (*own == customer))
                },
            );
            let rows = if found { rows } else { 0..0 };
            rows.filter(move |place| self.customers[*place] == customer)
        })
    }

    /// The places among some of the rows of some customers, those whose byte is 1 and not 0.
    pub fn places_where(&self, is_in: &[u8], range: Range<usize>) -> impl Iterator<Item = usize> {
        range.filter(|place| is_in[usize::from(self.customers[*place])] == 1)
    }

    /// About how many bytes of memory it takes.
    pub fn bytes(&self) -> usize {
        let narrow = [
            &self.branches,
            &self.products,
            &self.account_managers,
            &self.minutes,
        ];
        self.len() * 6
            + self.days.capacity() * 8
            + narrow.iter().map(|column| column.bytes()).sum::<usize>()
            + self.quantities.iter().map(Amounts::bytes).sum::<usize>()
            + size_of::<Self>()
    }
}
