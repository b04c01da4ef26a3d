//! One tenant's books: its postings by day, and where everything is.
//!
//! Knows nothing of files. What is applied here is durable already.

use super::{
    day_book::{BookRow, DayBook, Subject},
    id_order::IdOrder,
    interner::{Interner, number_of},
};
use crate::{
    domain::{
        account::{Account, Sums, for_each_posting},
        activity::Activity,
        id::PartyId,
        ledger::Position,
        records::{Record, Records},
        time::{Day, Instant, Period},
    },
    store::answer::group_name,
};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

/// One tenant's books.
#[derive(Debug, Default)]
pub(super) struct Books {
    /// The position of the last write.
    pub newest: Position,
    /// What is stored beside the ledger.
    pub records: Records,
    /// Every customer with a posting ever.
    pub customers: Interner<PartyId>,
    /// Every account with a posting ever.
    pub accounts: Interner<Account>,
    /// The values of the dimensions; what is not given is under UNASSIGNED.
    pub values: Interner<String>,
    days: BTreeMap<Day, DayBook>,
    places: Vec<Place>,
    reversals: HashMap<Position, Position>,
    histories: Vec<Vec<Position>>,
    order: Mutex<Arc<IdOrder>>,
}

/// Where a position is in the books.
#[derive(Debug, Clone, Copy)]
enum Place {
    /// A record has no postings.
    Record,
    /// An activity or a reversal: its day and its row there.
    Posted(Day, u32),
}

impl Books {
    /// Posts an activity, at the next position.
    pub fn post(&mut self, day: Day, activity: &Activity) {
        let position = self.newest + 1;
        let customer = self.customers.intern(&activity.customer_id, PartyId::clone);
        let mut value = |value: &str| self.values.intern(group_name(value), str::to_owned);
        let dimensions = &activity.dimensions;
        let subject = Subject {
            customer,
            branch: value(&dimensions.branch_id),
            product: value(&dimensions.product_id),
            account_manager: value(&dimensions.account_manager_id),
        };
        let book = self.days.entry(day).or_default();
        let row = book.begin(position, subject, 1);
        for_each_posting(activity, |account, amount| {
            book.post(self.accounts.intern(&account, Account::clone), amount);
        });
        self.note(customer, Place::Posted(day, row));
    }

    /// Takes back the activity at `target`, at the next position. Says whether there is one.
    pub fn take_back(&mut self, target: Position) -> bool {
        let position = self.newest + 1;
        let Some(Place::Posted(day, row)) = self.place(target) else {
            return false;
        };
        let Some(book) = self.days.get_mut(&day) else {
            return false;
        };
        let customer = book.row(row).subject.customer;
        let reversal = book.take_back(position, row);
        self.reversals.insert(target, position);
        self.note(customer, Place::Posted(day, reversal));
        true
    }

    fn note(&mut self, customer: u32, place: Place) {
        self.newest += 1;
        self.places.push(place);
        let customer = customer as usize;
        if self.histories.len() <= customer {
            self.histories.resize_with(customer + 1, Vec::new);
        }
        self.histories[customer].push(self.newest);
    }

    /// Stores a record, at the next position.
    pub fn store(&mut self, record_time: Instant, record: Record) {
        self.newest += 1;
        self.places.push(Place::Record);
        self.records.apply(self.newest, record_time, record);
    }

    fn place(&self, position: Position) -> Option<Place> {
        let index = usize::try_from(position.checked_sub(1)?).ok()?;
        self.places.get(index).copied()
    }

    /// The day of an activity or a reversal; a reversal is on the day of its activity.
    pub fn day(&self, position: Position) -> Option<Day> {
        match self.place(position)? {
            Place::Record => None,
            Place::Posted(day, _) => Some(day),
        }
    }

    /// The row in the books of an activity or a reversal, if it is in a period.
    pub fn book_row(&self, position: Position, period: &Period) -> Option<BookRow<'_>> {
        match self.place(position)? {
            Place::Posted(day, row) if period.contains(day) => Some(self.days.get(&day)?.row(row)),
            Place::Posted(..) | Place::Record => None,
        }
    }

    /// Where the activity at a position was taken back, up to another position.
    pub fn reversed_at(&self, position: Position, as_of: Position) -> Option<Position> {
        let reversal = self.reversals.get(&position).copied();
        reversal.filter(|reversal| *reversal <= as_of)
    }

    /// The positions of a customer's activities and of their reversals, rising.
    pub fn history(&self, customer: u32) -> &[Position] {
        self.histories
            .get(customer as usize)
            .map_or(&[], Vec::as_slice)
    }

    /// The days of a period, rising.
    pub fn days(&self, period: &Period) -> impl Iterator<Item = (Day, &DayBook)> {
        let start = period.start.unwrap_or(Day(i32::MIN));
        let days = self.days.range(start..);
        let end = period.end;
        days.map(|(day, book)| (*day, book))
            .take_while(move |(day, _)| end.is_none_or(|end| *day < end))
    }

    /// The sums over a period by account, made without looking at customers.
    pub fn ledger(&self, period: &Period, as_of: Position) -> Sums {
        let mut sums = vec![0; self.accounts.len()];
        for (_, book) in self.days(period) {
            book.add_totals(as_of, &mut sums);
        }
        self.sums(&sums)
    }

    /// Sums by the number of the account as sums by account.
    pub fn sums(&self, by_number: &[i128]) -> Sums {
        let mut sums = Sums::default();
        for (number, sum) in by_number.iter().enumerate() {
            if *sum != 0 {
                sums.add(self.accounts.thing(number_of(number)).clone(), *sum);
            }
        }
        sums
    }

    /// All customers with a posting ever, in the order of their ids.
    pub fn id_order(&self) -> Arc<IdOrder> {
        // Nothing that is behind this lock is ever half done.
        let mut order = self.order.lock().unwrap_or_else(PoisonError::into_inner);
        if order.numbers.len() < self.customers.len() {
            *order = Arc::new(order.extended(self.customers.things()));
        }
        Arc::clone(&order)
    }

    /// Whether a customer has a sale that was not taken back, up to a position.
    pub fn has_sale(&self, customer: &PartyId, as_of: Position) -> bool {
        let sale_count = self.accounts.number(&Account::SaleCount);
        let (Some(customer), Some(sale_count)) = (self.customers.number(customer), sale_count)
        else {
            return false;
        };
        let history = self.history(customer).iter();
        let mut live = history
            .take_while(|position| **position <= as_of)
            .filter(|position| self.reversed_at(**position, as_of).is_none())
            .filter_map(|position| self.book_row(*position, &Period::ALL));
        live.any(|row| row.sign > 0 && row.accounts.contains(&sale_count))
    }
}
