//! Customers in order, made of one pass over the books: only the rows that are wanted are put in order.

use super::{
    books::{Accumulator, Books, IdOrder},
    driven::Spreads,
    kept_scans::{AnyScan, KeptScans},
    place_set::PlaceSet,
    scan::{Filter, Scan},
    select::{Candidates, Neighbours},
    split::Split,
};
use crate::domain::{
    account::Weights,
    id::PartyId,
    money::{Micros, Nanos},
    question::{Beside, Order, RankAnswer, RankQuestion, RankRow, RankTotals, RowSelection, Scope},
    ranking::Direction,
};
use std::{
    cmp::Ordering,
    ops::Range,
    sync::{Arc, OnceLock},
};

/// All reported customers, in no order.
pub(super) struct Ranking<'a, A: Accumulator> {
    books: &'a Books,
    scope: &'a Scope,
    scan: Arc<Scan<A>>,
    /// By other weights.
    beside: Vec<AnyScan>,
    split: Split<'a>,
    driven: Spreads,
    value_bears_split: bool,
    /// The order of ids, and the active customers by place in it; made when it is needed.
    ids: OnceLock<(Arc<IdOrder>, PlaceSet)>,
    /// What they add up to.
    pub totals: RankTotals,
}

/// Values of customers in order.
pub(super) enum Values<A> {
    /// In steps and rising: so far above the least. It takes half the memory.
    Near(A, Vec<u32>),
    /// In steps and rising.
    Far(Vec<A>),
    /// In nano-units and falling, with their shares taken off.
    Shared(Vec<Nanos>),
}

impl<'a, A: Accumulator> Ranking<'a, A> {
    /// Finds the customers of a scope. If the order's value bears what is driven, it is taken off in the scan already.
    fn new(
        books: &'a Books,
        (scope, order): (&'a Scope, &'a Order),
        scan: Arc<Scan<A>>,
        beside: Vec<AnyScan>,
        driven: Spreads,
    ) -> Self {
        let active = scan.active.count();
        let mut ranking = Self {
            books,
            scope,
            split: Split::new(&order.split, active),
            value_bears_split: order.value_bears_split,
            ids: OnceLock::new(),
            totals: RankTotals {
                customers: scan.reported.count(),
                active,
                ledger: scan.ledger.clone(),
                reported: scan.reported_sums.clone(),
                filtered_out: scan.filtered_out.clone(),
                reported_value: scan.reported_value,
                driven: driven.allotments(),
                ..RankTotals::default()
            },
            scan,
            beside,
            driven,
        };
        ranking.count();
        ranking
    }

    fn count(&mut self) {
        self.totals.negative = match self.bears_split() {
            true => {
                let all = self.scan.reported.iter();
                all.filter(|customer| self.is_negative(*customer)).count() as u64
            }
            false => self.scan.negative,
        };
        self.totals.reported_shares = if self.totals.customers == self.totals.active {
            self.split.whole()
        } else if self.split.is_empty() {
            Vec::new()
        } else {
            let (ids, active) = self.ids();
            let places = self
                .scan
                .reported
                .iter()
                .map(|customer| ids.places[customer as usize]);
            let reported = PlaceSet::new(ids.places.len(), places);
            let indexes: Vec<u64> = reported.iter().map(|place| active.before(place)).collect();
            self.split.sums(&indexes)
        };
        let driven = self.driven_sums();
        self.totals.reported_shares.extend(driven);
    }

    /// What the reported customers bear of each amount that is driven.
    fn driven_sums(&self) -> Vec<i128> {
        if self.driven.is_empty() {
            return Vec::new();
        }
        if self.totals.customers == self.totals.active {
            let whole = self.totals.driven.iter();
            return whole
                .map(|allotment| i128::from(allotment.amount))
                .collect();
        }
        let places = &self.ids().0.places;
        let reported = self.scan.reported.iter();
        self.driven
            .sums(reported.map(|customer| (customer, places[customer as usize])))
    }

    fn ids(&self) -> &(Arc<IdOrder>, PlaceSet) {
        self.ids.get_or_init(|| {
            let ids = self.books.id_order();
            let active = self
                .scan
                .active
                .iter()
                .map(|customer| ids.places[customer as usize]);
            let active = PlaceSet::new(ids.places.len(), active);
            (ids, active)
        })
    }

    /// The place of a customer among the active ones by id.
    fn index(&self, customer: u32) -> u64 {
        let (ids, active) = self.ids();
        active.before(ids.places[customer as usize])
    }

    fn bears_split(&self) -> bool {
        self.value_bears_split && !(self.split.is_empty() && self.driven.is_empty())
    }

    /// What a customer is ordered by: its value before shares, apart from what is taken off in the scan.
    fn own_value(&self, customer: u32) -> Nanos {
        self.scan.value(customer)
    }

    fn value(&self, customer: u32) -> Nanos {
        let own = self.own_value(customer);
        match self.bears_split() {
            true => own - self.borne(customer),
            false => own,
        }
    }

    /// What is to be taken off what a customer is ordered by.
    fn borne(&self, customer: u32) -> Nanos {
        let (ids, active) = self.ids();
        let place = ids.places[customer as usize];
        let equal = match self.split.is_empty() {
            true => 0,
            false => self.split.total(active.before(place)),
        };
        equal + self.driven.left_over(customer, place)
    }

    /// Whether the value of a customer that bears the split is below zero.
    fn is_negative(&self, customer: u32) -> bool {
        // All shares are nearly the same: the index decides for very few.
        let (least, most) = self.split.bounds();
        let most = most + self.driven.most_left_over();
        let own = self.own_value(customer);
        own < least || own < most && self.value(customer) < 0
    }

    /// The numbers and values of all customers in their order, the best first.
    pub fn sorted(&self) -> (Vec<u32>, Vec<Nanos>) {
        let ids = self.books.id_order();
        let mut keys: Vec<(A, u32)> = self
            .scan
            .reported
            .iter()
            .map(|customer| {
                let rank = self.scan.values[customer as usize].negated();
                (rank, ids.places[customer as usize])
            })
            .collect();
        keys.sort_unstable();
        let customers: Vec<u32> = keys
            .into_iter()
            .map(|(_, place)| ids.numbers[place as usize])
            .collect();
        let values = customers
            .iter()
            .map(|customer| self.value(*customer))
            .collect();
        (customers, values)
    }

    /// The numbers of all customers in the order of their ids, with their values and those beside.
    pub fn by_id(&self) -> (Vec<u32>, Vec<Nanos>, Vec<Vec<Nanos>>) {
        let (ids, _) = self.ids();
        let reported = self.scan.reported.iter();
        let mut places: Vec<u32> = reported.map(|own| ids.places[own as usize]).collect();
        places.sort_unstable();
        let customers = places.into_iter().map(|place| ids.numbers[place as usize]);
        let customers: Vec<u32> = customers.collect();
        let values = customers.iter().map(|own| self.value(*own)).collect();
        let beside = self.beside.iter();
        let beside = beside.map(|scan| customers.iter().map(|own| scan.value(*own)).collect());
        let beside = beside.collect();
        (customers, values, beside)
    }

    /// What values in steps are multiples of, in nano-units.
    pub fn step(&self) -> Nanos {
        self.scan.weighing.step
    }

    /// The values of all customers in order.
    pub fn values(&self) -> Values<A> {
        if self.bears_split() {
            return Values::Shared(self.sorted().1);
        }
        let all = &self.scan.values;
        let least = all.iter().copied().min().unwrap_or_default();
        let most = all.iter().copied().max().unwrap_or_default();
        let count = usize::try_from(self.totals.customers).unwrap_or(usize::MAX);
        // Among equals nothing decides.
        if most.above(least).is_some() {
            let mut above = Vec::with_capacity(count);
            self.scan.reported.for_each(|customer| {
                // As far above as the greatest at most.
                above.push(all[customer as usize].above(least).unwrap_or(u32::MAX));
            });
            above.sort_unstable();
            return Values::Near(least, above);
        }
        let mut values = Vec::with_capacity(count);
        self.scan
            .reported
            .for_each(|customer| values.push(all[customer as usize]));
        values.sort_unstable();
        Values::Far(values)
    }

    /// The rows in `wanted`, which rise and do not meet, with their customers. Only they are put in order.
    fn rows(&self, wanted: &[Range<usize>], direction: Direction) -> (Vec<RankRow>, Vec<u32>) {
        let filter = Filter::new(self.books, self.scope);
        let (mut rows, mut customers) = (Vec::new(), Vec::new());
        let selected = candidates(self.books, &self.scan, direction).select(wanted);
        let shares_ahead = self.shares_ahead(&selected, direction);
        for (neighbours, shares) in selected.iter().zip(shares_ahead) {
            let mut cumulative = neighbours.ahead * self.scan.weighing.step - shares;
            for (place, key) in neighbours.places.clone().zip(&neighbours.keys) {
                cumulative += self.value(key.customer);
                customers.push(key.customer);
                rows.push(self.row(place, key.customer, cumulative, &filter));
            }
        }
        (rows, customers)
    }

    /// Where those of some customers stand that are reported.
    fn places_of(&self, ids: &[PartyId], direction: Direction) -> Vec<Range<usize>> {
        let known = ids
            .iter()
            .filter_map(|id| self.books.customers.number(id.as_str()));
        let reported: Vec<u32> = known
            .filter(|number| self.scan.reported.holds(*number as usize))
            .collect();
        let places = candidates(self.books, &self.scan, direction).places(&reported);
        let places: Vec<Range<u64>> = places.iter().map(|place| *place..place + 1).collect();
        disjoint(&places, self.totals.customers)
    }

    fn row(&self, place: usize, customer: u32, cumulative: Nanos, filter: &Filter<'_>) -> RankRow {
        let id = self.books.customer(customer);
        RankRow {
            place: place as u64,
            party: self.books.records.party(&id, self.scope.as_of).cloned(),
            customer: id,
            value: self.value(customer),
            cumulative,
            beside: Vec::new(),
            sums: filter.customer_sums(customer),
            shares: self.shares(customer),
        }
    }

    fn shares(&self, customer: u32) -> Vec<Micros> {
        let mut shares = match self.split.is_empty() {
            true => Vec::new(),
            false => self.split.shares(self.index(customer)),
        };
        if !self.driven.is_empty() {
            let place = self.ids().0.places[customer as usize];
            shares.extend(self.driven.shares(customer, place));
        }
        shares
    }

    /// What those before each of some neighbours, which rise, bear of the split, if values bear it: in one pass.
    fn shares_ahead(&self, selected: &[Neighbours<A>], direction: Direction) -> Vec<Nanos> {
        let mut shares = vec![0; selected.len()];
        if !self.bears_split() {
            return shares;
        }
        let candidates = candidates(self.books, &self.scan, direction);
        let firsts = selected.iter().filter_map(|own| own.keys.first());
        let firsts: Vec<_> = firsts.map(|first| (first.rank, first.customer)).collect();
        for customer in self.scan.reported.iter() {
            let rank = candidates.rank(customer);
            // Those that begin before it, or with it.
            let begun = firsts.partition_point(|(first, of)| {
                *first < rank
                    || *first == rank && (candidates.tie)(*of, customer) != Ordering::Greater
            });
            if let Some(own) = shares.get_mut(begun) {
                *own += self.borne(customer);
            }
        }
        let mut ahead = 0;
        for own in &mut shares {
            ahead += *own;
            *own = ahead;
        }
        shares
    }
}

/// The reported customers with what puts them in order.
fn candidates<'a, A: Accumulator>(
    books: &'a Books,
    scan: &'a Scan<A>,
    direction: Direction,
) -> Candidates<'a, A, impl Fn(u32, u32) -> Ordering + 'a> {
    let names = &books.customers;
    Candidates {
        values: &scan.values,
        direction,
        among: &scan.reported,
        // There is memory for each of them.
        count: usize::try_from(scan.reported.count()).unwrap_or(usize::MAX),
        tie: |a, b| names.name(a).cmp(names.name(b)),
    }
}

/// Ranges as ranges that rise, do not meet and end at `count`.
fn disjoint(ranges: &[Range<u64>], count: u64) -> Vec<Range<usize>> {
    // There is memory for each customer.
    let bound = |place: u64| usize::try_from(place.min(count)).unwrap_or(usize::MAX);
    let mut ranges: Vec<Range<usize>> = ranges
        .iter()
        .map(|range| bound(range.start)..bound(range.end))
        .collect();
    ranges.retain(|range| !range.is_empty());
    ranges.sort_unstable_by_key(|range| range.start);
    let mut disjoint: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        match disjoint.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => disjoint.push(range),
        }
    }
    disjoint
}

/// Does something with a ranking, whose values are added up in as many bits as they need; by the same pass it is
/// found what customers are worth by other weights.
pub(super) fn with_ranking<T>(
    books: &Books,
    kept: &KeptScans<'_>,
    (scope, order): (&Scope, &Order),
    beside: &[Beside],
    task: impl RankingTask<T>,
) -> T {
    let own = std::iter::once((&order.weights, order.value_bears_split));
    let others = beside.iter().map(|one| (&one.weights, one.bears_driven));
    let (weights, bearing): (Vec<&Weights>, Vec<bool>) = own.chain(others).unzip();
    let scans = kept.scans(books, scope, &weights);
    let driven = match &scans[..] {
        [first, ..] => Spreads::new(books, kept, scope, &order.driven, first.active()),
        [] => Spreads::default(),
    };
    let mut scans =
        scans
            .into_iter()
            .zip(bearing)
            .map(|(scan, bears)| match bears && !driven.is_empty() {
                true => scan.less(|customer| driven.part(customer)),
                false => scan,
            });
    // There is a scan for each of the weights.
    let own = scans.next().expect("the first is the order's own");
    let beside = scans.collect();
    let asked = (scope, order);
    match own {
        AnyScan::Narrow(scan) => task.run(Ranking::new(books, asked, scan, beside, driven)),
        AnyScan::Wide(scan) => task.run(Ranking::new(books, asked, scan, beside, driven)),
    }
}

/// What is done with a ranking.
pub(super) trait RankingTask<T> {
    /// Does it.
    fn run<A: Accumulator>(self, ranking: Ranking<'_, A>) -> T;
}

/// Answers which customers stand at some places.
pub(super) fn rank(books: &Books, kept: &KeptScans<'_>, question: &RankQuestion) -> RankAnswer {
    let wanted = match &question.rows {
        RowSelection::Places(ranges) => !ranges.is_empty(),
        RowSelection::Customer(_) | RowSelection::Customers(_) => true,
    };
    let beside = if wanted { &question.beside[..] } else { &[] };
    let asked = (&question.scope, &question.order);
    with_ranking(books, kept, asked, beside, question)
}

impl RankingTask<RankAnswer> for &RankQuestion {
    fn run<A: Accumulator>(self, ranking: Ranking<'_, A>) -> RankAnswer {
        let (books, direction) = (ranking.books, self.order.direction);
        let wanted = match &self.rows {
            RowSelection::Places(ranges) => disjoint(ranges, ranking.totals.customers),
            RowSelection::Customer(id) => ranking.places_of(std::slice::from_ref(id), direction),
            RowSelection::Customers(ids) => ranking.places_of(ids, direction),
        };
        let (mut rows, customers) = ranking.rows(&wanted, direction);
        for (beside, scan) in self.beside.iter().zip(&ranking.beside) {
            let is_own = self.is_own_order(beside);
            let places = match scan {
                _ if is_own => rows.iter().map(|row| row.place).collect(),
                AnyScan::Narrow(scan) => places_by(books, scan, &customers),
                AnyScan::Wide(scan) => places_by(books, scan, &customers),
            };
            for (row, place) in rows.iter_mut().zip(places) {
                row.beside.push(place);
            }
        }
        RankAnswer {
            totals: ranking.totals,
            rows,
        }
    }
}

/// The places of some customers, the best first.
fn places_by<A: Accumulator>(books: &Books, scan: &Scan<A>, customers: &[u32]) -> Vec<u64> {
    candidates(books, scan, Direction::BestFirst).places(customers)
}
