//! Blocks as they are saved.

use super::{ALL, Block, CUSTOMERS, Leaf, planes};
use crate::{
    domain::time::Day,
    store::embedded::books::{
        accounts::{Layout, Postings, QUANTITIES},
        saved::{Limits, Saved, put_count, put_number, put_packed, put_rising, rises},
        table::{Row, Table},
    },
};

impl Block {
    /// Adds it to bytes, without planes: they follow from the rows.
    pub fn save(&self, bytes: &mut Vec<u8>) {
        put_count(bytes, self.customers);
        put_number(bytes, self.folded.into());
        put_number(bytes, self.dropped.into());
        put_count(bytes, self.leaves.len());
        for leaf in &self.leaves {
            put_packed(bytes, [leaf.start.0]);
            put_count(bytes, leaf.tables.len());
            leaf.tables.iter().for_each(|table| table.save(bytes));
        }
        save_rows(&self.recent, bytes);
    }

    /// Reads what [`Block::save`] added when everything up to `limits.position` was in it.
    pub fn load(saved: &mut Saved<'_>, limits: &Limits) -> Option<Self> {
        let customers = usize::try_from(saved.number()?).ok()?;
        if customers > limits.customers || limits.customers > CUSTOMERS {
            return None;
        }
        let (folded, dropped) = (saved.small()?, saved.small()?);
        // Whoever has no rows in leaves has nothing in planes.
        let of_leaves = Limits {
            customers,
            ..*limits
        };
        let leaf_count = saved.count(2)?;
        let leaves: Vec<Leaf> = (0..leaf_count)
            .map(|_| load_leaf(saved, &of_leaves))
            .collect::<Option<_>>()?;
        let starts: Vec<Day> = leaves.iter().map(|leaf| leaf.start).collect();
        if starts.first() != Some(&ALL.start) || !rises(&starts) {
            return None;
        }
        let recent = load_rows(saved, limits)?;
        if dropped > folded || folded > limits.position {
            return None;
        }
        let (live, accounts) = planes::of_leaves(&leaves, customers);
        Some(Self {
            customers,
            leaves,
            live,
            accounts,
            known: recent.partition_point(|row| row.position <= folded),
            recent_days: recent.iter().map(|row| row.day).collect(),
            recent,
            folded,
            dropped,
            seen: limits.position,
        })
    }
}

fn load_leaf(saved: &mut Saved<'_>, limits: &Limits) -> Option<Leaf> {
    let start: Vec<i32> = saved.packed()?;
    let [start] = start.try_into().ok()?;
    let tables = saved.count(2)?;
    let tables = (0..tables).map(|_| Table::load(saved, limits));
    Some(Leaf {
        start: Day(start),
        tables: tables.collect::<Option<_>>()?,
    })
}

fn save_rows(rows: &[Row], bytes: &mut Vec<u8>) {
    put_rising(bytes, rows.iter().map(|row| row.position));
    put_packed(bytes, rows.iter().map(|row| row.day.0));
    put_packed(bytes, rows.iter().map(|row| row.customer));
    let mut column = |of: fn(&Row) -> u32| put_packed(bytes, rows.iter().map(of));
    column(|row| row.branch);
    column(|row| row.product);
    column(|row| row.account_manager);
    column(|row| row.postings.layout.0);
    column(|row| row.postings.minutes);
    for quantity in 0..QUANTITIES {
        put_packed(
            bytes,
            rows.iter().map(|row| row.postings.quantities[quantity]),
        );
    }
}

fn load_rows(saved: &mut Saved<'_>, limits: &Limits) -> Option<Vec<Row>> {
    let positions: Vec<u32> = saved.rising()?;
    let days: Vec<i32> = saved.packed()?;
    let customers: Vec<u16> = saved.packed()?;
    let mut column = || saved.packed::<u32>();
    let (branches, products, account_managers) = (column()?, column()?, column()?);
    let (layouts, minutes) = (column()?, column()?);
    let mut quantities: [Vec<i64>; QUANTITIES] = Default::default();
    for column in &mut quantities {
        *column = saved.wide_packed()?;
    }
    let is_past = positions.last().is_none_or(|last| *last <= limits.position);
    // A reversal that takes back several activities has a row for each.
    if !positions.is_sorted() || !is_past {
        return None;
    }
    let row = |place: usize| {
        let row = Row {
            position: positions[place],
            day: Day(*days.get(place)?),
            customer: *customers.get(place)?,
            branch: *branches.get(place)?,
            product: *products.get(place)?,
            account_manager: *account_managers.get(place)?,
            postings: Postings {
                layout: Layout(*layouts.get(place)?),
                minutes: *minutes.get(place)?,
                quantities: quantities_of(&quantities, place)?,
            },
        };
        let values = row.branch.max(row.product).max(row.account_manager);
        let is_known = usize::from(row.customer) < limits.customers && values < limits.values;
        (is_known && row.postings.is_possible(limits.accounts)).then_some(row)
    };
    (0..positions.len()).map(row).collect()
}

fn quantities_of(columns: &[Vec<i64>; QUANTITIES], place: usize) -> Option<[i64; QUANTITIES]> {
    let mut quantities = [0; QUANTITIES];
    for (quantity, column) in quantities.iter_mut().zip(columns) {
        *quantity = *column.get(place)?;
    }
    Some(quantities)
}
