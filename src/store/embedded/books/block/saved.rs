//! Blocks as they are saved.

use super::{ALL, Block, CUSTOMERS, Leaf};
use crate::{
    domain::time::Day,
    store::embedded::books::{
        accounts::{Layout, Postings, QUANTITIES},
        saved::{Limits, Saved, put_column, put_count, put_number, rises},
        table::{Row, Table},
        track::Track,
    },
};

impl Block {
    /// Adds it to bytes.
    pub fn save(&self, bytes: &mut Vec<u8>) {
        put_count(bytes, self.customers);
        put_number(bytes, self.folded.into());
        put_number(bytes, self.dropped.into());
        put_count(bytes, self.leaves.len());
        for leaf in &self.leaves {
            put_column(bytes, &[leaf.start.0]);
            put_count(bytes, leaf.tables.len());
            leaf.tables.iter().for_each(|table| table.save(bytes));
        }
        self.live.save(bytes);
        put_count(bytes, self.accounts.len());
        for (account, track) in &self.accounts {
            put_number(bytes, (*account).into());
            track.save(bytes);
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
        let leaf_count = saved.count(8)?;
        let leaves: Vec<Leaf> = (0..leaf_count)
            .map(|_| load_leaf(saved, limits))
            .collect::<Option<_>>()?;
        let starts: Vec<Day> = leaves.iter().map(|leaf| leaf.start).collect();
        if starts.first() != Some(&ALL.start) || !rises(&starts) {
            return None;
        }
        let live = Track::load(saved, leaf_count, limits)?;
        let account_count = saved.count(8)?;
        let account = |_| {
            let account = saved.small()?;
            let track = Track::load(saved, leaf_count, limits)?;
            (account < limits.accounts).then_some((account, track))
        };
        let accounts: Vec<(u32, Track)> = (0..account_count).map(account).collect::<Option<_>>()?;
        let recent = load_rows(saved, limits)?;
        let is_ordered = accounts.is_sorted_by(|a, b| a.0 < b.0);
        let is_past = dropped <= folded && folded <= limits.position;
        (is_ordered && is_past).then_some(Self {
            customers,
            leaves,
            live,
            accounts,
            known: recent.partition_point(|row| row.position <= folded),
            recent,
            folded,
            dropped,
            seen: limits.position,
        })
    }
}

fn load_leaf(saved: &mut Saved<'_>, limits: &Limits) -> Option<Leaf> {
    let start: Vec<i32> = saved.column()?;
    let [start] = start.try_into().ok()?;
    let tables = saved.count(8)?;
    let tables = (0..tables).map(|_| Table::load(saved, limits));
    Some(Leaf {
        start: Day(start),
        tables: tables.collect::<Option<_>>()?,
    })
}

fn save_rows(rows: &[Row], bytes: &mut Vec<u8>) {
    let column = |of: fn(&Row) -> u32| rows.iter().map(of).collect::<Vec<u32>>();
    put_column(bytes, &column(|row| row.position));
    let days: Vec<i32> = rows.iter().map(|row| row.day.0).collect();
    put_column(bytes, &days);
    let customers: Vec<u16> = rows.iter().map(|row| row.customer).collect();
    put_column(bytes, &customers);
    put_column(bytes, &column(|row| row.branch));
    put_column(bytes, &column(|row| row.product));
    put_column(bytes, &column(|row| row.account_manager));
    put_column(bytes, &column(|row| row.postings.layout.0));
    put_column(bytes, &column(|row| row.postings.minutes));
    let quantities: Vec<[i64; QUANTITIES]> =
        rows.iter().map(|row| row.postings.quantities).collect();
    put_column(bytes, &quantities);
}

fn load_rows(saved: &mut Saved<'_>, limits: &Limits) -> Option<Vec<Row>> {
    let positions: Vec<u32> = saved.column()?;
    let days: Vec<i32> = saved.column()?;
    let customers: Vec<u16> = saved.column()?;
    let mut column = || saved.column::<u32>();
    let (branches, products, account_managers) = (column()?, column()?, column()?);
    let (layouts, minutes) = (column()?, column()?);
    let quantities: Vec<[i64; QUANTITIES]> = saved.column()?;
    let is_past = positions.last().is_none_or(|last| *last <= limits.position);
    if !rises(&positions) || !is_past {
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
                quantities: *quantities.get(place)?,
            },
        };
        let values = row.branch.max(row.product).max(row.account_manager);
        let is_known = usize::from(row.customer) < limits.customers && values < limits.values;
        (is_known && row.postings.is_possible(limits.accounts)).then_some(row)
    };
    (0..positions.len()).map(row).collect()
}
