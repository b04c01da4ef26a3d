//! Branches, products, account managers, channels, campaigns and price terms, as the rows and columns of reports.

use super::{
    account::{Account, Weights, WorkPurpose},
    activity::{DirectCostKind, EffortPurpose},
    cost_model::CostModel,
    id::UNASSIGNED,
    money::{NANOS_PER_MICRO, Nanos, divide_half_even},
    question::Group,
};

/// What activities are grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Dimension {
    /// The branch.
    #[default]
    Branch,
    /// The product.
    Product,
    /// The account manager.
    AccountManager,
    /// The channel.
    Channel,
    /// The campaign.
    Campaign,
    /// The category of the product.
    ProductCategory,
    /// The price list that the customer buys by.
    PriceList,
    /// The discount tier that the customer has.
    DiscountTier,
}

impl Dimension {
    /// The group that a store is asked for; that of products for their categories, and of customers for their terms.
    pub fn group(self) -> Group {
        match self {
            Self::Branch => Group::Branch,
            // Categories are made of the sums of their products.
            Self::Product | Self::ProductCategory => Group::Product,
            Self::AccountManager => Group::AccountManager,
            Self::Channel => Group::Channel,
            Self::Campaign => Group::Campaign,
            // Terms are those of customers.
            Self::PriceList | Self::DiscountTier => Group::Customer,
        }
    }
}

/// The columns of a cross report with their totals, in nano-units.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Columns {
    /// Those that stand for themselves, in the order of their ids; [`UNASSIGNED`] is the last.
    pub own: Vec<(String, Nanos)>,
    /// How many are one together.
    pub other_count: u64,
    /// What they add up to.
    pub other_total: Nanos,
}

impl Columns {
    /// At most `limit` columns of their own: those of the greatest totals, whatever their sign, and among equal ones
    /// the first by id. All others are one together.
    pub fn of(mut totals: Vec<(String, Nanos)>, limit: usize) -> Self {
        totals.sort_by(|(a, a_total), (b, b_total)| {
            let by_size = b_total.unsigned_abs().cmp(&a_total.unsigned_abs());
            by_size.then_with(|| a.cmp(b))
        });
        let others = totals.split_off(limit.min(totals.len()));
        totals.sort_by(|(a, _), (b, _)| place(a).cmp(&place(b)));
        Self {
            own: totals,
            // A list in memory is shorter than any u64.
            other_count: others.len() as u64,
            other_total: others.iter().map(|(_, total)| total).sum(),
        }
    }

    /// The total of all of them.
    pub fn total(&self) -> Nanos {
        self.own.iter().map(|(_, total)| total).sum::<Nanos>() + self.other_total
    }

    /// Puts the cells of a row, of any columns and in any order, into the columns: those of its own columns in their
    /// order, and what all others add up to.
    pub fn row(
        &self,
        cells: impl IntoIterator<Item = (String, Nanos)>,
    ) -> (Vec<(String, Nanos)>, Nanos) {
        let (mut own, mut other) = (Vec::new(), 0);
        for (column, value) in cells {
            let found = self
                .own
                .binary_search_by(|(own, _)| place(own).cmp(&place(&column)));
            match found {
                Ok(_) => own.push((column, value)),
                Err(_) => other += value,
            }
        }
        own.sort_by(|(a, _), (b, _)| place(a).cmp(&place(b)));
        (own, other)
    }
}

/// Where a column stands.
fn place(column: &str) -> (bool, &str) {
    (column == UNASSIGNED, column)
}

/// What selling was paid, by account: commissions, and working time spent on selling at the rates of its roles.
pub fn sales_pay(costs: &CostModel) -> Weights {
    let selling = WorkPurpose::Effort(EffortPurpose::Sales);
    let minutes = costs.minute_weights();
    let is_selling = |account: &Account| {
        matches!(
            account,
            Account::Minutes(_, purpose) | Account::RestatedWork(_, purpose) if *purpose == selling
        )
    };
    let mut weights = Weights(minutes.filter(|(account, _)| is_selling(account)).collect());
    let commissions = Account::DirectCost(DirectCostKind::Commission);
    weights.0.insert(commissions, NANOS_PER_MICRO);
    weights
}

/// How much of an amount in nano-units there is for each hour, rounded half to even to the micro-unit, in nano-units.
/// `None` without working time.
pub fn per_hour(amount: Nanos, milli_minutes: i128) -> Option<Nanos> {
    if milli_minutes <= 0 {
        return None;
    }
    // 60,000 thousandths of a minute are an hour, and 1,000 nano-units a micro-unit.
    let scaled = amount.checked_mul(60)?;
    divide_half_even(scaled, milli_minutes).checked_mul(NANOS_PER_MICRO)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn columns(totals: &[(&str, Nanos)], limit: usize) -> Columns {
        let totals = totals.iter().map(|(id, total)| ((*id).to_owned(), *total));
        Columns::of(totals.collect(), limit)
    }

    fn ids(columns: &Columns) -> Vec<&str> {
        columns.own.iter().map(|(id, _)| id.as_str()).collect()
    }

    #[test]
    fn a_new_column_moves_no_other() {
        let before = [("south", 3), (UNASSIGNED, 9), ("north", -7), ("Zoo", 0)];
        assert_eq!(
            ids(&columns(&before, 10)),
            ["Zoo", "north", "south", UNASSIGNED]
        );
        let after = [before.as_slice(), &[("east", 1)]].concat();
        let after = columns(&after, 10);
        assert_eq!(ids(&after), ["Zoo", "east", "north", "south", UNASSIGNED]);
        assert_eq!((after.other_count, after.total()), (0, 6));
    }

    #[test]
    fn what_does_not_fit_is_one_column() {
        let found = columns(
            &[("a", 1), ("b", -5), ("c", 5), (UNASSIGNED, 2), ("d", 2)],
            3,
        );
        assert_eq!(ids(&found), ["b", "c", UNASSIGNED]);
        assert_eq!(
            (found.other_count, found.other_total, found.total()),
            (2, 3, 5)
        );
        let cells = [("d", 4), (UNASSIGNED, 3), ("a", 2), ("b", 1)];
        let cells = cells.map(|(id, value)| (id.to_owned(), value));
        let (own, other) = found.row(cells);
        assert_eq!(own, [("b".to_owned(), 1), (UNASSIGNED.to_owned(), 3)]);
        assert_eq!(other, 6);
    }

    #[test]
    fn an_hour_is_sixty_minutes() {
        // 1 unit in 1.5 minutes is 40 an hour; 1 nano-unit in 0.001 minutes is 60,000.
        assert_eq!(per_hour(1_000_000_000, 1_500), Some(40_000_000_000));
        assert_eq!(per_hour(1, 1), Some(60_000));
        assert_eq!(per_hour(-1_000_000_000, 7_000), Some(-8_571_429_000));
        assert_eq!(per_hour(5, 0), None);
        assert_eq!(per_hour(Nanos::MAX, 1), None);
    }

    proptest! {
        #[test]
        fn columns_and_rows_come_to_one_grand_total(
            cells in prop::collection::vec((0..6_u8, 0..9_u8, -100..100_i128), 0..60), limit in 0..10_usize,
        ) {
            use std::collections::BTreeMap;
            let id = |column: u8| if column == 0 { UNASSIGNED.to_owned() } else { format!("c{column}") };
            let (mut totals, mut rows) = (BTreeMap::new(), BTreeMap::<u8, Vec<_>>::new());
            for (row, column, value) in cells {
                *totals.entry(id(column)).or_default() += value;
                rows.entry(row).or_default().push((id(column), value));
            }
            let columns = Columns::of(totals.into_iter().collect(), limit);
            let total: Nanos = rows.values().flatten().map(|(_, value)| value).sum();
            prop_assert_eq!(columns.total(), total);
            let (mut own, mut others) = (BTreeMap::<String, Nanos>::new(), 0);
            for cells in rows.into_values() {
                let (cells, other) = columns.row(cells);
                others += other;
                for (column, value) in cells {
                    *own.entry(column).or_default() += value;
                }
            }
            prop_assert_eq!(others, columns.other_total);
            for (column, total) in &columns.own {
                prop_assert_eq!(own.get(column).copied().unwrap_or(0), *total);
            }
        }
    }
}
