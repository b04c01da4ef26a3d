//! Exchange rates as they were at every position. A store that keeps them in memory holds them in its
//! [`super::records::Records`].

use super::{
    exchange_rate::{ExchangeRate, Pair, RateQuestion, StoredRate},
    ledger::Position,
    records::Decision,
    time::{Day, Instant},
};
use std::{
    collections::{BTreeMap, btree_map::Entry},
    ops::Bound,
};

/// One tenant's exchange rates with their history.
#[derive(Debug, Clone, Default)]
pub struct Rates(BTreeMap<(Pair, Day), Versions>);

/// The versions of the rate of one day. Most have only one.
#[derive(Debug, Clone)]
struct Versions {
    newest: Version,
    /// Those before it, the oldest first.
    older: Vec<Version>,
}

#[derive(Debug, Clone)]
struct Version {
    position: Position,
    record_time: Instant,
    rate: ExchangeRate,
}

impl Versions {
    fn at(&self, as_of: Position) -> Option<&Version> {
        if self.newest.position <= as_of {
            return Some(&self.newest);
        }
        let mut older = self.older.iter().rev();
        older.find(|version| version.position <= as_of)
    }
}

fn key(rate: &ExchangeRate) -> (Pair, Day) {
    (rate.pair, rate.day)
}

impl Rates {
    /// Copies from `base` what decides about a rate, unless it is here already.
    pub fn prepare(&mut self, base: &Self, rate: &ExchangeRate) {
        if let Entry::Vacant(entry) = self.0.entry(key(rate))
            && let Some(versions) = base.0.get(&key(rate))
        {
            entry.insert(Versions {
                newest: versions.newest.clone(),
                older: Vec::new(),
            });
        }
    }

    /// Says what becomes of a rate: another number or another source is a new version.
    pub fn decide(&self, rate: &ExchangeRate) -> Decision {
        match self.0.get(&key(rate)) {
            Some(versions) if versions.newest.rate == *rate => {
                Decision::Unchanged(versions.newest.position)
            }
            _ => Decision::Write,
        }
    }

    /// Takes in a rate that is durable at `position`, greater than all before.
    pub fn apply(&mut self, position: Position, record_time: Instant, rate: ExchangeRate) {
        let key = key(&rate);
        let version = Version {
            position,
            record_time,
            rate,
        };
        match self.0.entry(key) {
            Entry::Vacant(entry) => {
                entry.insert(Versions {
                    newest: version,
                    older: Vec::new(),
                });
            }
            Entry::Occupied(mut entry) => {
                let versions = entry.get_mut();
                let before = std::mem::replace(&mut versions.newest, version);
                versions.older.push(before);
            }
        }
    }

    /// The rates of some pairs and days as of a position, in the order of the keys.
    pub fn find(&self, keys: &[(Pair, Day)], as_of: Position) -> Vec<Option<ExchangeRate>> {
        let versions = keys.iter().map(|key| self.0.get(key)?.at(as_of));
        versions
            .map(|version| version.map(|version| version.rate.clone()))
            .collect()
    }

    /// The rates that meet a question, in the order of pairs and days.
    pub fn list(&self, question: &RateQuestion) -> Vec<StoredRate> {
        let from = match question.after {
            None => Bound::Unbounded,
            Some(after) => Bound::Excluded(after),
        };
        let stored = self.0.range((from, Bound::Unbounded));
        let wanted = stored.filter(|((pair, day), _)| {
            question.from.is_none_or(|from| from == pair.from)
                && question.to.is_none_or(|to| to == pair.to)
                && question.period.contains(*day)
        });
        let found = wanted.filter_map(|(_, versions)| versions.at(question.as_of));
        let found = found.map(|version| StoredRate {
            position: version.position,
            record_time: version.record_time,
            rate: version.rate.clone(),
        });
        found.take(question.limit).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{exchange_rate::Rate, money::Currency, time::Period};

    const NOW: Instant = Instant {
        seconds: 9,
        nanos: 0,
    };

    fn rate(from: &str, day: i32, number: &str, source: &str) -> ExchangeRate {
        let currency = |code| Currency::parse(code, "c").unwrap();
        ExchangeRate {
            pair: Pair {
                from: currency(from),
                to: currency("USD"),
            },
            day: Day(day),
            rate: Rate::parse(number, "r").unwrap(),
            source: source.to_owned(),
        }
    }

    #[test]
    fn a_correction_is_a_new_version_and_the_old_one_stays() {
        let mut rates = Rates::default();
        let (first, second) = (rate("EUR", 1, "1.1", "ECB"), rate("EUR", 1, "1.2", "ECB"));
        assert_eq!(rates.decide(&first), Decision::Write);
        rates.apply(3, NOW, first.clone());
        assert_eq!(
            rates.decide(&rate("EUR", 1, "1.10", "ECB")),
            Decision::Unchanged(3)
        );
        assert_eq!(
            rates.decide(&rate("EUR", 1, "1.1", "bank")),
            Decision::Write
        );
        rates.apply(7, NOW, second.clone());
        // The number of the first version again is a further one.
        assert_eq!(rates.decide(&first), Decision::Write);
        let at = |as_of| rates.find(&[key(&first)], as_of).remove(0);
        assert_eq!(
            [2, 3, 6, 7].map(at),
            [None, Some(first.clone()), Some(first.clone()), Some(second)]
        );
    }

    #[test]
    fn a_list_goes_on_after_a_pair_and_day() {
        let mut rates = Rates::default();
        let all = [
            rate("EUR", 1, "1", ""),
            rate("EUR", 2, "2", ""),
            rate("GBP", 1, "3", ""),
        ];
        for (position, rate) in (1..).zip(&all) {
            rates.apply(position, NOW, rate.clone());
        }
        let mut question = RateQuestion {
            from: None,
            to: None,
            period: Period::ALL,
            after: Some(key(&all[0])),
            as_of: 9,
            limit: 5,
        };
        let listed = |question: &RateQuestion| {
            let found = rates.list(question).into_iter();
            found.map(|stored| stored.rate).collect::<Vec<_>>()
        };
        assert_eq!(listed(&question), all[1..]);
        question.from = Some(all[2].pair.from);
        assert_eq!(listed(&question), all[2..]);
        question.as_of = 2;
        assert!(listed(&question).is_empty());
    }
}
