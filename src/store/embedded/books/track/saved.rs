//! Tracks as they are saved.

use super::{Plane, Posting, Track};
use crate::{
    domain::time::Day,
    store::embedded::books::{
        amounts::Amounts,
        saved::{Limits, Saved, put_column, put_count, put_number},
    },
};

impl Track {
    /// Adds it to bytes.
    pub fn save(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Sparse(postings) => {
                put_number(bytes, 0);
                let days: Vec<i32> = postings.iter().map(|posting| posting.day.0).collect();
                let customers: Vec<u16> = postings.iter().map(|posting| posting.customer).collect();
                let quantities: Vec<i64> =
                    postings.iter().map(|posting| posting.quantity).collect();
                put_column(bytes, &days);
                put_column(bytes, &customers);
                put_column(bytes, &quantities);
            }
            Self::Dense(planes) => {
                put_number(bytes, 1);
                put_count(bytes, planes.len());
                for plane in planes {
                    put_column(bytes, &[plane.total]);
                    plane.customers.save(bytes);
                }
            }
        }
    }

    /// Reads what [`Track::save`] added of a block with so many leaves.
    pub fn load(saved: &mut Saved<'_>, leaves: usize, limits: &Limits) -> Option<Self> {
        match saved.number()? {
            0 => {
                let days: Vec<i32> = saved.column()?;
                let customers: Vec<u16> = saved.column()?;
                let quantities: Vec<i64> = saved.column()?;
                let is_known = |customer: &u16| usize::from(*customer) < limits.customers;
                let fits = days.len() == customers.len() && days.len() == quantities.len();
                if !fits || !customers.iter().all(is_known) {
                    return None;
                }
                let rows = days.into_iter().zip(customers).zip(quantities);
                let postings = rows.map(|((day, customer), quantity)| Posting {
                    day: Day(day),
                    customer,
                    quantity,
                });
                Some(Self::Sparse(postings.collect()))
            }
            1 if saved.number()? == leaves as u64 => {
                let planes = (0..leaves).map(|_| {
                    let total: Vec<i128> = saved.column()?;
                    let [total] = total.try_into().ok()?;
                    let customers = Amounts::load(saved)?;
                    (customers.len() <= limits.customers).then_some(Plane { customers, total })
                });
                Some(Self::Dense(planes.collect::<Option<_>>()?))
            }
            _ => None,
        }
    }
}
