//! One tenant's books: its postings by customer and day, and where everything is.
//!
//! Knows nothing of files. What is applied here is durable already.

pub(super) mod accounts;
mod amounts;
mod batch;
mod block;
mod id_order;
mod interner;
mod linked;
mod names;
mod narrow;
mod parts;
mod receivables;
mod referrals;
mod saved;
mod table;
mod totals;
mod track;
mod weighing;

pub use self::block::BookBytes;
pub(super) use self::{
    accounts::{Accounts, Layout},
    amounts::{Accumulator, Scratch},
    batch::Batch,
    block::{ALL, Block, CUSTOMERS, Plan, SHIFT},
    id_order::IdOrder,
    interner::number_of,
    linked::Linked,
    names::Names,
    parts::{BookParts, RestPart, TotalsPart},
    saved::{Limits, Saved, put_count, put_number, put_packed, put_rising},
    table::{Row, Tally},
    weighing::{Weighing, narrow, wide},
};
use self::{totals::Totals, weighing::Extent};
use super::settings::BookSizes;
use crate::domain::{
    account::{Account, Sums, Weights},
    activity::Activity,
    id::{PartyId, UNASSIGNED},
    ledger::Position,
    records::{Record, Records},
    time::{Day, Instant, Period},
};
use std::{
    collections::{BTreeSet, HashMap},
    ops::Range,
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
    pub customers: Names,
    /// Every account with a posting ever.
    pub accounts: Accounts,
    /// The values of the dimensions; what is not given is under UNASSIGNED.
    pub values: Names,
    /// The customers' rows: a customer's number without its last bits is the number of its block.
    pub blocks: Vec<Block>,
    /// By the number of the account.
    pub extents: Vec<Extent>,
    totals: Totals,
    /// Everything up to here was in the totals and the extents when they were read from a checkpoint.
    totals_seen: u32,
    /// Which positions are records, in runs.
    record_positions: Vec<Range<Position>>,
    reversals: HashMap<Position, Position>,
    links: linked::Links,
    order: Mutex<Arc<IdOrder>>,
    /// The number of the value that stands for none.
    unassigned: Option<u32>,
    /// Room for values.
    pub scratch: Arc<Scratch>,
    sizes: BookSizes,
}

/// A position as a column holds it. A tenant has fewer than 2^32 of them: the writer refuses more.
pub(super) fn narrow_position(position: Position) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}

/// The days of a period.
pub(super) fn days(period: &Period) -> Range<Day> {
    let start = period.start.unwrap_or(ALL.start);
    start..period.end.unwrap_or(ALL.end).max(start)
}

/// The place of a customer: its block, and its place there.
pub(super) fn place(customer: u32) -> (usize, u16) {
    let within = customer as usize % CUSTOMERS;
    // A block has no more customers than 16 bits can tell apart.
    (
        customer as usize >> SHIFT,
        u16::try_from(within).unwrap_or(u16::MAX),
    )
}

impl Books {
    /// Empty books that are divided so.
    pub fn new(sizes: BookSizes) -> Self {
        Self {
            sizes,
            ..Self::default()
        }
    }

    /// The number of the value that stands for none.
    fn unassigned(&mut self) -> u32 {
        *(self.unassigned).get_or_insert_with(|| self.values.intern(UNASSIGNED))
    }

    /// The numbers of some values; an empty text is a value that is not given.
    fn values_of(&mut self, values: [&str; 3]) -> [u32; 3] {
        // Nearly all rows have dimensions that are not given.
        let unassigned = self.unassigned();
        values.map(|value| match value {
            "" => unassigned,
            value => self.values.intern(value),
        })
    }

    /// Posts an activity, at the next position; `sale` is where the sale is that caused it.
    pub fn post(&mut self, day: Day, activity: &Activity, sale: Option<Position>) {
        self.newest += 1;
        let number = self.customers.intern(activity.customer_id.as_str());
        if let Some(sale) = sale {
            let linked = Linked {
                position: self.newest,
                day,
                customer: number,
            };
            self.link_to(sale, linked);
        }
        let (block, customer) = place(number);
        let dimensions = &activity.dimensions;
        let [branch, product, account_manager] = self.values_of([
            &dimensions.branch_id,
            &dimensions.product_id,
            &dimensions.account_manager_id,
        ]);
        let row = Row {
            position: narrow_position(self.newest),
            day,
            customer,
            branch,
            product,
            account_manager,
            postings: self.accounts.postings(&activity.kind),
        };
        self.extents.resize(self.accounts.len(), Extent::default());
        self.add(block, row);
    }

    /// Takes back the activity of a customer that is at `target` on a day, at the next position. Says whether there is
    /// one.
    pub fn take_back(&mut self, target: Position, day: Day, customer: &PartyId) -> bool {
        let number = self.customers.number(customer.as_str());
        let Some((block, _)) = number.map(place) else {
            return false;
        };
        self.newest += 1;
        if !self.take_back_row(target, day, block) {
            self.newest -= 1;
            return false;
        }
        self.reversals.insert(target, self.newest);
        self.take_back_linked(target);
        true
    }

    /// Takes back the row of a block that is at `target` on a day, at the newest position. Says whether there is one.
    fn take_back_row(&mut self, target: Position, day: Day, block: usize) -> bool {
        let target = narrow_position(target);
        let found = self.blocks.get(block);
        let row = found.and_then(|block| block.row_at(target, day));
        let Some(mut row) = row.filter(|row| !row.postings.layout.is_reversal()) else {
            return false;
        };
        row.position = narrow_position(self.newest);
        row.postings.layout = row.postings.layout.reversed();
        self.add(block, row);
        true
    }

    fn add(&mut self, block: usize, row: Row) {
        if row.position > self.totals_seen {
            row.postings.for_each(|account, quantity| {
                self.extents[account as usize].admit(quantity);
            });
            let kept = self.sizes.kept_positions;
            let place = self.totals.place(row.day);
            self.totals.add(row.position, place, row.postings, kept);
        }
        self.make_block(block);
        self.blocks[block].push(row, &self.sizes);
    }

    fn make_block(&mut self, block: usize) {
        if self.blocks.len() <= block {
            self.blocks.resize_with(block + 1, Block::default);
        }
    }

    /// Stores a record, at the next position.
    pub fn store(&mut self, record_time: Instant, record: Record) {
        self.newest += 1;
        self.store_at(self.newest, record_time, record);
    }

    /// Stores a record at a position after all other records.
    pub fn store_at(&mut self, position: Position, record_time: Instant, record: Record) {
        match self.record_positions.last_mut() {
            Some(run) if run.end == position => run.end += 1,
            _ => self.record_positions.push(position..position + 1),
        }
        self.records.apply(position, record_time, record);
    }

    /// The position after the last record.
    pub fn records_end(&self) -> Position {
        self.record_positions.last().map_or(0, |run| run.end)
    }

    /// Where the activity at a position was taken back, up to another position.
    pub fn reversed_at(&self, position: Position, as_of: Position) -> Option<Position> {
        let reversal = self.reversals.get(&position).copied();
        reversal.filter(|reversal| *reversal <= as_of)
    }

    /// Whether a row is an activity that was not taken back, as of a position.
    pub fn is_live(&self, row: &Row, as_of: Position) -> bool {
        !row.postings.layout.is_reversal()
            && (self.reversals.is_empty() || self.reversed_at(row.position.into(), as_of).is_none())
    }

    /// Weights without those of accounts that nothing was ever posted under.
    pub fn weights_in_use(&self, weights: &Weights) -> Weights {
        let all = (0..number_of(self.extents.len())).zip(&self.extents);
        let mut found = Weights::default();
        for (number, _) in all.filter(|(_, extent)| extent.is_used()) {
            self.accounts.for_each(number, |account| {
                let weight = weights.get(account);
                if weight != 0 {
                    found.0.insert(account.clone(), weight);
                }
            });
        }
        found
    }

    /// The customer with a number.
    pub fn customer(&self, number: u32) -> PartyId {
        PartyId::stored(self.customers.name(number))
    }

    /// The customers of a block.
    pub fn customers_of(&self, block: usize) -> Range<usize> {
        let start = block << SHIFT;
        start..(start + CUSTOMERS).min(self.customers.len())
    }

    /// Calls `visit` with every row of a period up to a position and the customer's number, in no order.
    pub fn for_each_row(&self, period: &Period, as_of: Position, mut visit: impl FnMut(u32, &Row)) {
        let (days, as_of) = (days(period), narrow_position(as_of));
        for (number, block) in self.blocks.iter().enumerate() {
            let first = number_of(number << SHIFT);
            block.for_each_row(&days, as_of, |row| {
                visit(first + u32::from(row.customer), row)
            });
        }
    }

    /// The sums over a period by account, made without looking at customers.
    pub fn ledger(&self, period: &Period, as_of: Position) -> Sums {
        let mut sums = vec![0; self.accounts.len()];
        if !self
            .totals
            .add_sums(period, narrow_position(as_of), &mut sums)
        {
            sums.fill(0);
            self.for_each_row(period, as_of, |_, row| {
                row.postings.for_each(|account, quantity| {
                    sums[account as usize] += i128::from(quantity);
                });
            });
        }
        self.accounts.sums(&sums)
    }

    /// One customer's sums over a period by account, whatever the branch.
    pub fn customer_sums(&self, customer: u32, period: &Period, as_of: Position) -> Sums {
        let (block, customer) = place(customer);
        let mut sums = SparseSums::default();
        if let Some(block) = self.blocks.get(block) {
            let (days, as_of) = (days(period), narrow_position(as_of));
            let plan = block.plan(&days);
            block.add_customer(customer, &days, &plan, as_of, |account, sum| {
                sums.add(account, sum)
            });
        }
        sums.sums(&self.accounts)
    }

    /// The positions after `after` and up to `as_of` of a customer's activities and of their reversals, rising.
    pub fn history(
        &self,
        customer: u32,
        period: &Period,
        after: Position,
        as_of: Position,
    ) -> Vec<Position> {
        let (block, customer) = place(customer);
        let mut positions = Vec::new();
        if let Some(block) = self.blocks.get(block) {
            block.for_each_row(&days(period), narrow_position(as_of), |row| {
                let position = Position::from(row.position);
                if row.customer == customer && position > after {
                    positions.push(position);
                }
            });
        }
        positions.sort_unstable();
        positions.dedup();
        positions
    }

    /// The first `limit` positions after `after` and up to `as_of` of activities and reversals of a period, rising.
    pub fn positions(
        &self,
        period: &Period,
        after: Position,
        as_of: Position,
        limit: usize,
    ) -> Vec<Position> {
        if *period == Period::ALL {
            return self.entries_after(after, as_of, limit);
        }
        // The greatest is dropped as soon as there are too many. A reversal can have several rows.
        let mut first = BTreeSet::new();
        self.for_each_row(period, as_of, |_, row| {
            let position = Position::from(row.position);
            let fits = first.len() < limit || first.last().is_some_and(|last| position < *last);
            if position > after && fits {
                first.insert(position);
                if first.len() > limit {
                    first.pop_last();
                }
            }
        });
        first.into_iter().collect()
    }

    /// The first positions that are of the ledger and not of a record beside it.
    fn entries_after(&self, after: Position, as_of: Position, limit: usize) -> Vec<Position> {
        let known = self
            .record_positions
            .partition_point(|run| run.end <= after);
        let mut records = self.record_positions[known..].iter().peekable();
        let mut positions = Vec::with_capacity(limit);
        let mut next = after + 1;
        while next <= as_of && positions.len() < limit {
            match records.next_if(|run| run.start <= next) {
                Some(run) => next = next.max(run.end),
                None => {
                    positions.push(next);
                    next += 1;
                }
            }
        }
        positions
    }

    /// All customers with a posting ever, in the order of their ids.
    pub fn id_order(&self) -> Arc<IdOrder> {
        // Nothing that is behind this lock is ever half done.
        let mut order = self.order.lock().unwrap_or_else(PoisonError::into_inner);
        if order.numbers.len() < self.customers.len() {
            *order = Arc::new(order.extended(&self.customers));
        }
        Arc::clone(&order)
    }

    /// Whether a customer has a sale that was not taken back, up to a position.
    pub fn has_sale(&self, customer: &PartyId, as_of: Position) -> bool {
        let number = self.customers.number(customer.as_str());
        number.is_some_and(|number| {
            let sums = self.customer_sums(number, &Period::ALL, as_of);
            sums.get(&Account::SaleCount) > 0
        })
    }

    /// Puts what came last by day everywhere, so that questions need not, and goes on with these sizes.
    pub fn settle(&mut self, sizes: BookSizes) {
        self.sizes = sizes;
        self.blocks
            .iter_mut()
            .for_each(|block| block.settle(&sizes));
    }

    /// A block whose newest rows should be put by day while nobody writes.
    pub fn unsettled(&self) -> Option<usize> {
        let mut blocks = self.blocks.iter();
        blocks.position(|block| block.is_unsettled(&self.sizes))
    }

    /// Puts what came last by day in one block.
    pub fn settle_block(&mut self, block: usize) {
        self.blocks[block].settle(&self.sizes);
    }

    /// What the books take of memory.
    pub fn bytes(&self) -> BookBytes {
        let mut bytes = BookBytes {
            customers: self.customers.bytes() + self.customers.len() * 8,
            ..BookBytes::default()
        };
        self.blocks
            .iter()
            .for_each(|block| block.add_bytes(&mut bytes));
        bytes
    }
}

/// Sums by account of a group with few accounts.
#[derive(Debug, Clone, Default)]
pub(super) struct SparseSums(Vec<(u32, i128)>);

impl SparseSums {
    /// Adds a quantity to an account.
    pub fn add(&mut self, account: u32, quantity: i128) {
        match self.0.iter_mut().find(|(own, _)| *own == account) {
            Some((_, sum)) => *sum += quantity,
            None => self.0.push((account, quantity)),
        }
    }

    /// Adds what a row posts.
    pub fn add_row(&mut self, row: &Row) {
        row.postings
            .for_each(|account, quantity| self.add(account, quantity.into()));
    }

    /// The same by account, those of zero left out.
    pub fn sums(&self, accounts: &Accounts) -> Sums {
        let mut sums = Sums::default();
        for (account, sum) in self.0.iter().filter(|(_, sum)| *sum != 0) {
            accounts.add(*account, *sum, &mut sums);
        }
        sums.without_zeros()
    }
}
