//! What every customer of a scope is worth, and what all add up to: one pass over the blocks of the books.

use super::{
    bits::Bits,
    books::{
        Accumulator, Block, Books, CUSTOMERS, Plan, SHIFT, Scratch, Tally, Weighing, days,
        narrow_position, number_of,
    },
};
use crate::domain::{account::Sums, money::Nanos, question::Scope, time::Day};
use pulp::Arch;
use std::{
    cell::{Cell, OnceCell},
    ops::Range,
    sync::Arc,
};

/// What one pass finds.
pub(super) struct Scan<A: Accumulator> {
    /// How values are added up.
    pub weighing: Weighing<A>,
    /// Each customer's value, by its number, in steps of the weighing; of those that are not reported it means
    /// nothing.
    pub values: Vec<A>,
    /// Who has any posting in the period.
    pub active: Bits,
    /// Who has any posting in the scope.
    pub reported: Bits,
    /// The books' sums over the period, made without looking at customers.
    pub ledger: Sums,
    /// The sums in the scope. Without a filter they are the ledger's: that customers' values come to them is the
    /// proof.
    pub reported_sums: Sums,
    /// All other sums in the period.
    pub filtered_out: Sums,
    /// The values of the reported customers, added up.
    pub reported_value: Nanos,
    /// How many of those are below zero.
    pub negative: u64,
    scratch: Arc<Scratch>,
}

impl<A: Accumulator> Scan<A> {
    /// About how many bytes of memory it takes.
    pub fn bytes(&self) -> usize {
        self.values.len() * size_of::<A>() + self.values.len() / 4
    }
}

impl<A: Accumulator> Drop for Scan<A> {
    fn drop(&mut self) {
        A::give_back(&self.scratch, std::mem::take(&mut self.values));
    }
}

/// Which postings are in a scope, apart from their days.
pub(super) struct Filter<'a> {
    books: &'a Books,
    scope: &'a Scope,
    /// By the number of the value; empty if all are in the scope.
    branches: Vec<bool>,
    /// How many parties were looked up for their traits.
    looked_up: Cell<usize>,
    /// By the number of the customer whether it meets the scope's traits, once so many are asked about that all are
    /// found faster in the order of their ids.
    meeting: OnceCell<Vec<bool>>,
}

impl<'a> Filter<'a> {
    /// The filter of a scope.
    pub fn new(books: &'a Books, scope: &'a Scope) -> Self {
        let mut branches = Vec::new();
        if !scope.branches.is_empty() {
            branches.extend(books.values.iter().map(|value| scope.has_branch(value)));
        }
        Self {
            books,
            scope,
            branches,
            looked_up: Cell::new(0),
            meeting: OnceCell::new(),
        }
    }

    /// Whether only some branches count.
    pub fn has_branches(&self) -> bool {
        !self.branches.is_empty()
    }

    /// Whether a branch counts.
    pub fn holds_branch(&self, branch: u32) -> bool {
        self.branches.is_empty() || self.branches[branch as usize]
    }

    /// Whether a customer counts.
    pub fn holds_customer(&self, customer: u32) -> bool {
        if self.scope.traits.is_empty() {
            return true;
        }
        if let Some(meeting) = self.meeting.get() {
            return meeting[customer as usize];
        }
        let (books, looked_up) = (self.books, self.looked_up.get() + 1);
        self.looked_up.set(looked_up);
        if looked_up * LOOKED_UP > books.records.party_count() + books.customers.len() {
            return self.meeting.get_or_init(|| meeting(books, self.scope))[customer as usize];
        }
        let id = books.customers.name(customer);
        let party = books.records.party(id, self.scope.as_of);
        self.scope.has_customer(party.map(|party| &**party))
    }

    /// One customer's sums within the scope.
    pub fn customer_sums(&self, customer: u32) -> Sums {
        let (books, scope) = (self.books, self.scope);
        if !self.has_branches() {
            return books.customer_sums(customer, &scope.period, scope.as_of);
        }
        let (block, own) = super::books::place(customer);
        let mut sums = super::books::SparseSums::default();
        let (days, as_of) = (days(&scope.period), narrow_position(scope.as_of));
        books.blocks[block].for_each_row_of(
            &days,
            as_of,
            |branch| self.holds_branch(branch),
            |row| {
                if row.customer == own {
                    sums.add_row(row);
                }
            },
        );
        sums.sums(&books.accounts)
    }
}

/// To look up one party takes about as long as to go over so many in their order.
const LOOKED_UP: usize = 32;

/// By the number of the customer whether it meets a scope's traits: parties and customers are gone over together, both
/// in the order of their ids.
fn meeting(books: &Books, scope: &Scope) -> Vec<bool> {
    let mut meeting = vec![scope.has_customer(None); books.customers.len()];
    let ids = books.id_order();
    let name = |number: &u32| books.customers.name(*number);
    let mut rest = ids.numbers.iter().peekable();
    for (id, party) in books.records.each_party(scope.as_of) {
        while rest.next_if(|own| name(own) < id.as_str()).is_some() {}
        if let Some(own) = rest.next_if(|own| name(own) == id.as_str()) {
            meeting[*own as usize] = scope.has_customer(Some(party));
        }
    }
    meeting
}

/// One block on the way.
struct Part<'a> {
    filter: &'a Filter<'a>,
    block: &'a Block,
    /// The numbers of its customers.
    customers: Range<usize>,
    days: &'a Range<Day>,
    plan: Plan<'a>,
    as_of: u32,
}

/// Goes over all customers of a scope, once for all weighings.
pub(super) fn scan<A: Accumulator>(
    books: &Books,
    scope: &Scope,
    weighings: Vec<Weighing<A>>,
) -> Vec<Scan<A>> {
    let filter = Filter::new(books, scope);
    let is_filtered = filter.has_branches() || !scope.traits.is_empty();
    let weighings = weighings.into_iter();
    let mut scans: Vec<Scan<A>> = weighings.map(|one| Scan::new(books, one)).collect();
    let mut common = Common::new(books.customers.len(), books.accounts.len());
    let mut whole = vec![0; books.accounts.len()];
    let days = days(&scope.period);
    for (number, block) in books.blocks.iter().enumerate() {
        let part = Part {
            filter: &filter,
            block,
            plan: block.plan(&days),
            customers: books.customers_of(number),
            days: &days,
            as_of: narrow_position(scope.as_of),
        };
        if is_filtered {
            block.add_sums(&days, &part.plan, part.as_of, &mut whole);
        }
        part.find(&mut scans, &mut common);
    }
    let ledger = books.ledger(&scope.period, scope.as_of);
    let (reported, filtered_out) = match is_filtered {
        true => {
            for (whole, reported) in whole.iter_mut().zip(&common.sums) {
                *whole -= reported;
            }
            let sums = |sums: &[i128]| books.accounts.sums(sums);
            (sums(&common.sums), sums(&whole))
        }
        false => (ledger.clone(), Sums::default()),
    };
    for scan in &mut scans {
        scan.active = common.active.clone();
        scan.reported = common.reported.clone();
        scan.ledger = ledger.clone();
        scan.reported_sums = reported.clone();
        scan.filtered_out = filtered_out.clone();
        scan.reported_value *= scan.weighing.step;
    }
    scans
}

impl<A: Accumulator> Scan<A> {
    /// What a customer is worth, in what the weights give.
    pub fn value(&self, customer: u32) -> i128 {
        self.values[customer as usize].wide() * self.weighing.step
    }

    /// The same customers with something taken off their values. What they add up to stays as it was: what is taken
    /// off is added up by whoever takes it.
    pub fn less(&self, taken: impl Fn(u32) -> i128) -> Scan<i128> {
        let mut values = i128::scratch(&self.scratch, self.values.len());
        values.fill(0);
        self.reported.for_each(|customer| {
            values[customer as usize] = self.value(customer) - taken(customer);
        });
        Scan {
            weighing: Weighing::nothing(),
            values,
            active: self.active.clone(),
            reported: self.reported.clone(),
            ledger: self.ledger.clone(),
            reported_sums: self.reported_sums.clone(),
            filtered_out: self.filtered_out.clone(),
            reported_value: self.reported_value,
            negative: self.negative,
            scratch: Arc::clone(&self.scratch),
        }
    }

    fn new(books: &Books, weighing: Weighing<A>) -> Self {
        Self {
            values: A::scratch(&books.scratch, books.customers.len()),
            active: Bits::default(),
            reported: Bits::default(),
            ledger: Sums::default(),
            reported_sums: Sums::default(),
            filtered_out: Sums::default(),
            reported_value: 0,
            negative: 0,
            scratch: Arc::clone(&books.scratch),
            weighing,
        }
    }
}

/// What does not depend on how values are added up.
struct Common {
    active: Bits,
    reported: Bits,
    /// By account what is reported, if there is a filter.
    sums: Vec<i128>,
}

impl Common {
    fn new(customers: usize, accounts: usize) -> Self {
        Self {
            active: Bits::new(customers),
            reported: Bits::new(customers),
            sums: vec![0; accounts],
        }
    }
}

impl Part<'_> {
    /// Finds this block's customers.
    fn find<A: Accumulator>(&self, scans: &mut [Scan<A>], common: &mut Common) {
        let mut is_in = [0_u8; CUSTOMERS];
        let is_in = &mut is_in[..self.customers.len()];
        for (index, scan) in scans.iter_mut().enumerate() {
            let values = &mut scan.values[self.customers.clone()];
            values.fill(A::default());
            let mut live = [0_u32; CUSTOMERS];
            let live = &mut live[..values.len()];
            let tally = Tally {
                values: &mut *values,
                live: &mut *live,
            };
            // Planes hold all branches together: with a filter they only tell who is active at all.
            let weighed = match self.filter.has_branches() {
                true => &Weighing::nothing(),
                false => &scan.weighing,
            };
            self.block
                .weigh(self.days, &self.plan, self.as_of, weighed, tally);
            if index == 0 {
                self.find_active(live, is_in, common);
            }
            if self.filter.has_branches() {
                let sums = (index == 0).then_some(&mut common.sums);
                self.weigh_branches(&scan.weighing, values, is_in, sums);
            }
            let (total, negative) = add_up(values, is_in);
            scan.reported_value += total.wide();
            scan.negative += negative;
        }
        common.reported.insert_where(self.customers.start, is_in);
    }

    /// Finds who is active, and of those who meets the filter of traits: whose byte becomes 1.
    fn find_active(&self, live: &[u32], is_in: &mut [u8], common: &mut Common) {
        let first = self.customers.start;
        // 1 for each who is in, so that bits are made of it quickly.
        Arch::new().dispatch(
            #[inline(always)]
            || {
                let pairs = is_in.iter_mut().zip(live);
                pairs.for_each(|(is_in, live)| *is_in = u8::from(*live != 0));
            },
        );
        common.active.insert_where(first, is_in);
        if self.filter.scope.traits.is_empty() {
            return;
        }
        let active = is_in.iter_mut().enumerate();
        for (place, is_in) in active.filter(|(_, is_in)| **is_in == 1) {
            *is_in = u8::from(self.filter.holds_customer(number_of(first + place)));
        }
        if !self.filter.has_branches() {
            let sums = &mut common.sums;
            self.block
                .add_sums_where(self.days, &self.plan, self.as_of, is_in, sums);
        }
    }

    /// Weighs the rows of the branches alone. Who has none that is not taken back is not in any more.
    fn weigh_branches<A: Accumulator>(
        &self,
        weighing: &Weighing<A>,
        values: &mut [A],
        is_in: &mut [u8],
        mut sums: Option<&mut Vec<i128>>,
    ) {
        let mut live = [0_i64; CUSTOMERS];
        let has_branch = |branch| self.filter.holds_branch(branch);
        self.block
            .for_each_row_of(self.days, self.as_of, has_branch, |row| {
                let customer = usize::from(row.customer);
                if is_in[customer] == 0 {
                    return;
                }
                live[customer] += row.postings.layout.sign();
                row.postings.for_each(|account, quantity| {
                    if let Some(sums) = &mut sums {
                        sums[account as usize] += i128::from(quantity);
                    }
                    if let Some(value) = weighing.value(account, quantity) {
                        values[customer] = values[customer].plus(value);
                    }
                });
            });
        for (is_in, live) in is_in.iter_mut().zip(live) {
            *is_in &= u8::from(live > 0);
        }
    }
}

/// The sum of the values of those who are in, and how many of them are below zero. The values of all others become
/// zero. The weighing proves that the sum fits.
fn add_up<A: Accumulator>(values: &mut [A], is_in: &[u8]) -> (A, u64) {
    Arch::new().dispatch(
        #[inline(always)]
        || {
            let (mut total, mut negative) = (A::default(), 0);
            for (value, is_in) in values.iter_mut().zip(is_in) {
                *value = if *is_in == 1 { *value } else { A::default() };
                total = total.plus(*value);
                negative += u64::from(*value < A::default());
            }
            (total, negative)
        },
    )
}

/// The number of a block's first customer.
pub(super) fn first_of(block: usize) -> u32 {
    number_of(block << SHIFT)
}
