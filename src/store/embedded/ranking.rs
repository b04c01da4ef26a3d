//! Customers in order, made of one pass over the postings: only the rows that are wanted are put in order.

use super::{
    books::Books,
    id_order::IdOrder,
    place_set::PlaceSet,
    scan::{Filter, Scan, customer_sums, scan},
    split::Split,
};
use crate::domain::{
    account::Weights,
    money::Nanos,
    question::{Order, RankAnswer, RankQuestion, RankRow, RankTotals, RowSelection, Scope},
    ranking::Direction,
};
use std::{cmp::Ordering, ops::Range, sync::Arc};

/// All reported customers, in no order or in the one asked for.
pub(super) struct Ranking<'a> {
    books: &'a Books,
    scope: &'a Scope,
    scan: Scan,
    ids: Arc<IdOrder>,
    split: Split<'a>,
    value_bears_split: bool,
    /// The active customers, by place among all customers by id; empty if nothing is split.
    active: PlaceSet,
    keys: Vec<Key>,
    /// What they add up to.
    pub totals: RankTotals,
}

/// One reported customer.
#[derive(Debug, Clone, Copy)]
struct Key {
    /// What it is ordered by: its value before shares.
    value: Nanos,
    /// Its place among all customers by id.
    place: u32,
}

fn best_first(a: &Key, b: &Key) -> Ordering {
    b.value.cmp(&a.value).then(a.place.cmp(&b.place))
}

fn worst_first(a: &Key, b: &Key) -> Ordering {
    a.value.cmp(&b.value).then(a.place.cmp(&b.place))
}

fn comparison(direction: Direction) -> fn(&Key, &Key) -> Ordering {
    match direction {
        Direction::BestFirst => best_first,
        Direction::WorstFirst => worst_first,
    }
}

impl<'a> Ranking<'a> {
    /// Finds the customers of a scope; `weightings` begin with the one of the order.
    fn new(books: &'a Books, scope: &'a Scope, order: &'a Order, weightings: &[&Weights]) -> Self {
        let scan = scan(books, scope, weightings);
        let ids = books.id_order();
        let customers = || scan.customers.iter().zip(&ids.places);
        let active = || customers().filter(|(presence, _)| presence.is_active());
        let active_count = active().count() as u64;
        let split = Split::new(&order.split, active_count);
        let places = active().map(|(_, place)| *place);
        let active = match split.is_empty() {
            true => PlaceSet::default(),
            false => PlaceSet::new(ids.places.len(), places),
        };
        let keys = customers().zip(scan.values(0));
        let keys = keys
            .filter(|((presence, _), _)| presence.is_reported())
            .map(|((_, place), value)| Key {
                value: *value,
                place: *place,
            })
            .collect();
        let mut ranking = Self {
            books,
            scope,
            ids,
            split,
            value_bears_split: order.value_bears_split,
            active,
            keys,
            totals: RankTotals {
                active: active_count,
                ledger: books.ledger(&scope.period, scope.as_of),
                reported: scan.reported.clone(),
                filtered_out: scan.filtered_out.clone(),
                ..RankTotals::default()
            },
            scan,
        };
        ranking.count();
        ranking
    }

    /// All customers of a scope, the best first.
    pub fn sorted(books: &'a Books, scope: &'a Scope, order: &'a Order) -> Self {
        let mut ranking = Self::new(books, scope, order, &[&order.weights]);
        ranking.keys.sort_unstable_by(best_first);
        ranking
    }

    fn count(&mut self) {
        let negative = self.keys.iter().filter(|key| self.value(key) < 0).count();
        self.totals.customers = self.keys.len() as u64;
        self.totals.negative = negative as u64;
        let mut indexes = Vec::new();
        if !self.split.is_empty() {
            let places = self.keys.iter().map(|key| key.place);
            let reported = PlaceSet::new(self.ids.places.len(), places);
            indexes.extend(reported.iter().map(|place| self.active.before(place)));
        }
        self.totals.reported_shares = self.split.sums(&indexes);
    }

    /// The place of a customer among the active ones by id; without meaning if nothing is split.
    fn index(&self, key: &Key) -> u64 {
        if self.split.is_empty() {
            0
        } else {
            self.active.before(key.place)
        }
    }

    fn customer(&self, key: &Key) -> u32 {
        self.ids.numbers[key.place as usize]
    }

    fn value(&self, key: &Key) -> Nanos {
        if self.split.is_empty() || !self.value_bears_split {
            key.value
        } else {
            key.value - self.split.total(self.index(key))
        }
    }

    /// The values of all customers in their order.
    pub fn values(&self) -> Vec<Nanos> {
        self.keys.iter().map(|key| self.value(key)).collect()
    }

    /// The numbers of all customers in their order.
    pub fn customers(&self) -> impl Iterator<Item = u32> {
        self.keys.iter().map(|key| self.customer(key))
    }

    /// The row of the customer at `place` in the order.
    fn row(&self, place: usize, cumulative: Nanos, filter: &mut Filter<'_>) -> RankRow {
        let key = &self.keys[place];
        let customer = self.customer(key);
        let id = self.books.customers.thing(customer);
        RankRow {
            place: place as u64,
            customer: id.clone(),
            party: self.books.records.party(id, self.scope.as_of).cloned(),
            value: self.value(key),
            cumulative,
            beside: Vec::new(),
            sums: customer_sums(filter, customer),
            shares: self.split.shares(self.index(key)),
        }
    }

    /// The rows in `wanted`, which rise and do not meet. Only they are put in order.
    fn rows(&mut self, wanted: &[Range<usize>], direction: Direction) -> Vec<RankRow> {
        arrange(&mut self.keys, wanted, comparison(direction));
        let mut filter = Filter::new(self.books, self.scope);
        let mut rows = Vec::new();
        let mut cumulative = 0;
        let mut wanted = wanted.iter().peekable();
        for place in 0..self.keys.len() {
            while wanted.next_if(|range| range.end <= place).is_some() {}
            let Some(range) = wanted.peek() else { break };
            cumulative += self.value(&self.keys[place]);
            if range.contains(&place) {
                rows.push(self.row(place, cumulative, &mut filter));
            }
        }
        rows
    }

    /// The place of one customer, if it is reported.
    fn place_of(&self, customer: u32, direction: Direction) -> Option<usize> {
        let compare = comparison(direction);
        let key = self
            .keys
            .iter()
            .find(|key| self.customer(key) == customer)?;
        let before = self
            .keys
            .iter()
            .filter(|other| compare(other, key) == Ordering::Less);
        Some(before.count())
    }

    /// The places of some customers by another weighting, the best first.
    fn places_beside(&self, customers: &[u32], weighting: usize) -> Vec<u64> {
        let values = self.scan.values(weighting);
        let key = |(value, place): (&Nanos, &u32)| Key {
            value: *value,
            place: *place,
        };
        let wanted = customers.iter().map(|customer| *customer as usize);
        let wanted = wanted.map(|customer| key((&values[customer], &self.ids.places[customer])));
        let mut wanted: Vec<(Key, usize)> = wanted.zip(0..).collect();
        wanted.sort_unstable_by(|(a, _), (b, _)| best_first(a, b));
        // How many customers come before each of them, but not before the one before it.
        let mut between = vec![0; wanted.len() + 1];
        let others = values.iter().zip(&self.ids.places).map(key);
        for (other, presence) in others.zip(&self.scan.customers) {
            if presence.is_reported() {
                let after =
                    wanted.partition_point(|(own, _)| best_first(own, &other) != Ordering::Greater);
                between[after] += 1;
            }
        }
        let mut places = vec![0; customers.len()];
        let mut before = 0;
        for ((_, index), between) in wanted.iter().zip(between) {
            before += between;
            places[*index] = before;
        }
        places
    }
}

/// Puts the places in `wanted`, which rise and do not meet, in order, and every other customer on the right side of
/// them.
fn arrange(keys: &mut [Key], wanted: &[Range<usize>], compare: fn(&Key, &Key) -> Ordering) {
    let mut done = 0;
    for range in wanted {
        if range.start > done {
            keys[done..].select_nth_unstable_by(range.start - done, compare);
        }
        let rest = &mut keys[range.start..];
        let count = range.len();
        if count < rest.len() {
            rest.select_nth_unstable_by(count, compare);
        }
        rest[..count].sort_unstable_by(compare);
        done = range.end;
    }
}

/// Ranges as ranges that rise, do not meet and end at `count`.
fn disjoint(ranges: &[Range<u64>], count: usize) -> Vec<Range<usize>> {
    let bound = |place: u64| usize::try_from(place).map_or(count, |place| place.min(count));
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

/// Answers which customers stand at some places.
pub(super) fn rank(books: &Books, question: &RankQuestion) -> RankAnswer {
    let order = &question.order;
    let mut weightings = vec![&order.weights];
    let mut columns = Vec::new();
    for weights in &question.beside {
        let known = weightings.iter().position(|known| *known == weights);
        columns.push(known.unwrap_or(weightings.len()));
        if known.is_none() {
            weightings.push(weights);
        }
    }
    let mut ranking = Ranking::new(books, &question.scope, order, &weightings);
    let wanted = match &question.rows {
        RowSelection::Places(ranges) => disjoint(ranges, ranking.keys.len()),
        RowSelection::Customer(id) => {
            let customer = books.customers.number(id);
            let place = customer.and_then(|number| ranking.place_of(number, order.direction));
            place.map(|place| place..place + 1).into_iter().collect()
        }
    };
    let mut rows = ranking.rows(&wanted, order.direction);
    let customers: Vec<u32> = wanted
        .into_iter()
        .flatten()
        .map(|place| ranking.customer(&ranking.keys[place]))
        .collect();
    for column in columns {
        let places = ranking.places_beside(&customers, column);
        for (row, place) in rows.iter_mut().zip(places) {
            row.beside.push(place);
        }
    }
    RankAnswer {
        totals: ranking.totals,
        rows,
    }
}
