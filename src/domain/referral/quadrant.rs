//! The four kinds of customers by what they bring themselves and by whom they bring: after Kumar, Petersen and Leone,
//! "How Valuable Is Word of Mouth?" (HBR, October 2007).

use crate::domain::{activity::closed_list, money::Nanos};
use serde::{Deserialize, Serialize};

closed_list! {
    /// A kind of customers.
    Quadrant {
        /// Who brings much and brings others.
        Champions = "CHAMPIONS",
        /// Who brings much itself, and few others.
        Affluents = "AFFLUENTS",
        /// Who brings little itself, and others who do.
        Advocates = "ADVOCATES",
        /// Who does neither.
        Misers = "MISERS",
    }
}

/// Above what a customer is said to bring much, in nano-units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Thresholds {
    /// Of its own profit.
    pub own: Nanos,
    /// Of what is credited to it.
    pub credited: Nanos,
}

impl Thresholds {
    /// Where a customer belongs.
    pub fn quadrant(&self, own: Nanos, credited: Nanos) -> Quadrant {
        match (own > self.own, credited > self.credited) {
            (true, true) => Quadrant::Champions,
            (true, false) => Quadrant::Affluents,
            (false, true) => Quadrant::Advocates,
            (false, false) => Quadrant::Misers,
        }
    }
}

/// The lower median: the value at half of the places, rounded up; zero of none.
pub fn median(values: impl Iterator<Item = Nanos>) -> Nanos {
    let mut values: Vec<Nanos> = values.collect();
    if values.is_empty() {
        return 0;
    }
    let middle = (values.len() - 1) / 2;
    *values.select_nth_unstable(middle).1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_at_the_threshold_is_not_above_it() {
        let thresholds = Thresholds {
            own: 10,
            credited: 0,
        };
        assert_eq!(thresholds.quadrant(11, 1), Quadrant::Champions);
        assert_eq!(thresholds.quadrant(11, 0), Quadrant::Affluents);
        assert_eq!(thresholds.quadrant(10, 1), Quadrant::Advocates);
        assert_eq!(thresholds.quadrant(10, -1), Quadrant::Misers);
    }

    #[test]
    fn the_median_is_one_of_the_values() {
        assert_eq!(median([].into_iter()), 0);
        assert_eq!(median([5, 1, 9].into_iter()), 5);
        assert_eq!(median([9, 5, 1, 3].into_iter()), 3);
    }
}
