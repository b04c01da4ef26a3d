//! Where customers stand under several ways of allocating, and who changes sign or moves between them.

use super::money::Nanos;

/// Where a customer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    /// Its place by net profit, from 0.
    pub place: u64,
    /// Its net profit.
    pub net_profit: Nanos,
    /// What it bears of the pools.
    pub allocated: Nanos,
}

/// What two ways of allocating come to differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Differences {
    /// How many customers are below zero in one and not in the other.
    pub signs: u64,
    /// How many have another place.
    pub places: u64,
    /// How many have another net profit.
    pub values: u64,
}

impl Standing {
    /// Whether its net profit is below zero.
    pub fn is_loss(&self) -> bool {
        self.net_profit < 0
    }
}

/// What differs between two lists of the same customers in the same order.
pub fn differences(one: &[Standing], other: &[Standing]) -> Differences {
    let mut found = Differences::default();
    for (one, other) in one.iter().zip(other) {
        found.signs += u64::from(one.is_loss() != other.is_loss());
        found.places += u64::from(one.place != other.place);
        found.values += u64::from(one.net_profit != other.net_profit);
    }
    found
}

/// By how much the net profits of one customer differ at most.
pub fn reach(standings: impl Iterator<Item = Standing> + Clone) -> Nanos {
    let profits = standings.map(|standing| standing.net_profit);
    let (most, least) = (profits.clone().max(), profits.min());
    most.unwrap_or(0) - least.unwrap_or(0)
}

/// Whether one customer is below zero in some and not in others.
pub fn changes_sign(mut standings: impl Iterator<Item = Standing>) -> bool {
    let first = standings.next().is_some_and(|standing| standing.is_loss());
    standings.any(|standing| standing.is_loss() != first)
}

/// The customers, by their places in the lists, whose net profits differ the most between the lists, in this order; at
/// most `limit`, and none whose net profits are equal. Equal differences keep the order of the lists.
pub fn most_moved(lists: &[Vec<Standing>], limit: usize) -> Vec<usize> {
    let count = lists.iter().map(Vec::len).min().unwrap_or(0);
    let of = |customer: usize| reach(lists.iter().map(move |list| list[customer]));
    let moved = (0..count).map(|customer| (of(customer), customer));
    let mut moved: Vec<(Nanos, usize)> = moved.filter(|(reach, _)| *reach > 0).collect();
    moved.sort_unstable_by_key(|(reach, customer)| (std::cmp::Reverse(*reach), *customer));
    moved.truncate(limit);
    moved.into_iter().map(|(_, customer)| customer).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(of: [(u64, Nanos); 4]) -> Vec<Standing> {
        let all = of.into_iter().map(|(place, net_profit)| Standing {
            place,
            net_profit,
            allocated: 0,
        });
        all.collect()
    }

    #[test]
    fn who_changes_sign_or_moves_is_found() {
        let before = list([(0, 50), (1, 10), (2, 0), (3, -5)]);
        let after = list([(0, 50), (2, -10), (1, 9), (3, -6)]);
        let expected = Differences {
            signs: 1,
            places: 2,
            values: 3,
        };
        assert_eq!(differences(&before, &after), expected);
        assert_eq!(differences(&before, &before), Differences::default());
        let lists = [before, after];
        assert_eq!(most_moved(&lists, 9), [1, 2, 3]);
        assert_eq!(most_moved(&lists, 1), [1]);
        let of = |customer: usize| lists.iter().map(move |list| list[customer]);
        assert!(changes_sign(of(1)) && !changes_sign(of(2)) && !changes_sign(of(3)));
        assert_eq!(reach(of(1)), 20);
        assert!(most_moved(&[], 5).is_empty());
    }
}
