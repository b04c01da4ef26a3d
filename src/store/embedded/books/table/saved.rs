//! Tables as they are saved.

use super::Table;
use crate::{
    domain::time::Day,
    store::embedded::books::{
        accounts::Layout,
        amounts::Amounts,
        narrow::Narrow,
        saved::{Limits, Saved, put_column, put_number, rises},
    },
};

impl Table {
    /// Adds it to bytes.
    pub fn save(&self, bytes: &mut Vec<u8>) {
        put_number(bytes, u64::from(self.layout.0));
        let (days, ends): (Vec<i32>, Vec<u32>) =
            self.days.iter().map(|(day, end)| (day.0, *end)).unzip();
        put_column(bytes, &days);
        put_column(bytes, &ends);
        put_column(bytes, &self.positions);
        put_column(bytes, &self.customers);
        self.branches.save(bytes);
        self.products.save(bytes);
        self.account_managers.save(bytes);
        self.minutes.save(bytes);
        self.quantities
            .iter()
            .for_each(|quantities| quantities.save(bytes));
    }

    /// Reads what [`Table::save`] added.
    pub fn load(saved: &mut Saved<'_>, limits: &Limits) -> Option<Self> {
        let layout = Layout(saved.small()?);
        let days: Vec<i32> = saved.column()?;
        let ends: Vec<u32> = saved.column()?;
        let positions: Vec<u32> = saved.column()?;
        let customers: Vec<u16> = saved.column()?;
        let count = positions.len();
        let has_days = days.len() == ends.len() && rises(&days) && rises(&ends);
        let is_whole =
            ends.last().copied().unwrap_or(0) as usize == count && ends.first() != Some(&0);
        let are_known = |customers: &[u16]| {
            let greatest = customers.iter().copied().max();
            greatest.is_none_or(|greatest| usize::from(greatest) < limits.customers)
        };
        let are_past = positions.iter().copied().max().unwrap_or(0) <= limits.position;
        let fits = layout.is_possible() && has_days && is_whole && are_past;
        if !fits || customers.len() != count || !are_known(&customers) {
            return None;
        }
        let branches = Narrow::load(saved, count, limits.values)?;
        let products = Narrow::load(saved, count, limits.values)?;
        let account_managers = Narrow::load(saved, count, limits.values)?;
        let minutes = Narrow::load(saved, count, limits.accounts)?;
        let quantities = layout
            .quantities()
            .map(|_| Amounts::load(saved).filter(|column| column.len() == count))
            .collect::<Option<_>>()?;
        Some(Self {
            layout,
            days: days.into_iter().map(Day).zip(ends).collect(),
            positions,
            customers,
            branches,
            products,
            account_managers,
            minutes,
            quantities,
        })
    }
}
