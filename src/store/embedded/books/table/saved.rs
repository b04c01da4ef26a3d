//! Tables as they are saved.

use super::Table;
use crate::{
    domain::time::Day,
    store::embedded::books::{
        accounts::Layout,
        amounts::Amounts,
        narrow::Narrow,
        saved::{Limits, Saved, put_number, put_packed, put_rising, rises},
    },
};

impl Table {
    /// Adds it to bytes.
    pub fn save(&self, bytes: &mut Vec<u8>) {
        put_number(bytes, u64::from(self.layout.0));
        put_rising(bytes, self.days.iter().map(|(day, _)| day.0));
        put_rising(bytes, self.days.iter().map(|(_, end)| *end));
        put_packed(bytes, self.positions.iter().copied());
        put_packed(bytes, self.customers.iter().copied());
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
        let days: Vec<i32> = saved.rising()?;
        let ends: Vec<u32> = saved.rising()?;
        let positions: Vec<u32> = saved.packed()?;
        let customers: Vec<u16> = saved.packed()?;
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
