//! Which trait values a fit has columns for, and which customer is in which.
//!
//! Only trait values that somebody has get a column. A fit's cost grows with the cube of the columns, so that their
//! number is limited: traits that more customers have go first. Knows nothing of outcomes.

use super::{
    IgnoredReason, IgnoredTrait,
    encode::{Bins, FIRST_VALUE, RARE},
};
use crate::domain::{
    id::TraitKey,
    party::{TraitDefinition, TraitValue},
    traits::Traits,
};
use std::{cmp::Reverse, ops::Range};

/// How many bins all traits of a model may have together.
pub const COLUMN_LIMIT: usize = 512;

/// The columns of a fit.
#[derive(Debug, Clone, PartialEq)]
pub struct Design {
    /// The traits, in the order of their keys.
    pub traits: Vec<TraitColumns>,
    /// The columns of each trait.
    pub groups: Vec<Range<usize>>,
    /// How many columns there are; the first is everybody's.
    pub size: usize,
    /// Traits that found no place.
    pub ignored: Vec<IgnoredTrait>,
}

/// Which customer is in which columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Rows {
    /// The columns of customer `i` are from `starts[i]` to before `starts[i + 1]`, rising. Small numbers, because fits
    /// read them many times.
    columns: Vec<u16>,
    starts: Vec<usize>,
}

impl Rows {
    /// Rows of given columns, which rise.
    #[cfg(test)]
    pub fn of(each: impl Iterator<Item = Vec<u16>>) -> Self {
        let mut columns = Vec::new();
        let mut starts = vec![0];
        for own in each {
            columns.extend(own);
            starts.push(columns.len());
        }
        Self { columns, starts }
    }

    /// The columns of customer `index`, rising.
    pub fn customer(&self, index: usize) -> &[u16] {
        &self.columns[self.starts[index]..self.starts[index + 1]]
    }
}

/// One trait's columns.
#[derive(Debug, Clone, PartialEq)]
pub struct TraitColumns {
    /// Its bins.
    pub bins: Bins,
    /// How many customers are in each bin.
    pub counts: Vec<u64>,
    /// The column of each bin that somebody is in.
    pub columns: Vec<Option<usize>>,
}

impl Design {
    /// Makes columns for customers from the traits that may enter, which are in the order of their keys.
    pub fn of(admitted: &[&TraitDefinition], customers: &[&Traits]) -> Self {
        Self::learn(admitted, &Values::of(admitted, customers)).0
    }

    /// The same, with the bins of every customer.
    pub fn learn(admitted: &[&TraitDefinition], values: &Values) -> (Self, Binned) {
        let mut ignored = Vec::new();
        let chosen = choose(admitted, values, &mut ignored);
        let mut traits = Vec::with_capacity(chosen.len());
        let mut groups = Vec::with_capacity(chosen.len());
        let mut binned = Vec::with_capacity(chosen.len());
        let mut size = 1;
        for (place, bins) in chosen {
            let column = BinColumn::of(&bins, &values.traits[place]);
            let mut counts = vec![0_u64; bins.size()];
            for bin in &column.bins {
                counts[usize::from(*bin)] += 1;
            }
            binned.push(column);
            let start = size;
            let mut column = |count: &u64| {
                (*count > 0).then(|| {
                    size += 1;
                    size - 1
                })
            };
            let columns = counts.iter().map(&mut column).collect();
            groups.push(start..size);
            traits.push(TraitColumns {
                bins,
                counts,
                columns,
            });
        }
        let design = Self {
            traits,
            groups,
            size,
            ignored,
        };
        let count = values.traits.first().map_or(0, Vec::len);
        let binned = Binned {
            count,
            traits: binned,
        };
        (design, binned)
    }

    /// The columns of the customers whose bins these are.
    pub fn rows_of(&self, binned: &Binned, count: usize) -> Rows {
        let mut columns = Vec::with_capacity(count * (self.traits.len() + 1));
        let mut starts = Vec::with_capacity(count + 1);
        starts.push(0);
        for row in 0..count {
            columns.push(0);
            for (entry, own) in self.traits.iter().zip(&binned.traits) {
                let bins = own.of_row(row).iter();
                let shown = bins.filter_map(|bin| entry.columns[usize::from(*bin)]);
                columns.extend(shown.map(small));
            }
            starts.push(columns.len());
        }
        Rows { columns, starts }
    }

    /// The columns of any party, rising, and for each of its bins without a column the trait's place.
    pub fn columns_of(&self, party: &Traits) -> (Vec<usize>, Vec<usize>) {
        let mut columns = vec![0];
        let mut without = Vec::new();
        self.for_each_bin(party, |place, bin| match self.traits[place].columns[bin] {
            Some(column) => columns.push(column),
            None => without.push(place),
        });
        (columns, without)
    }

    /// Calls `each` with the trait's place and the bin, for all bins of a party.
    pub fn for_each_bin(&self, party: &Traits, mut each: impl FnMut(usize, usize)) {
        for (place, entry) in self.traits.iter().enumerate() {
            entry
                .bins
                .for_each_bin(party.get(&entry.bins.key), |bin| each(place, bin));
        }
    }
}

/// A column as it is kept: there are at most [`COLUMN_LIMIT`] and everybody's.
fn small(column: usize) -> u16 {
    u16::try_from(column).unwrap_or(0)
}

/// What customers have, trait by trait: read once, because every customer's traits are somewhere else in memory.
#[derive(Debug, Clone, PartialEq)]
pub struct Values<'a> {
    /// One list for each admitted trait, with a place for each customer.
    pub traits: Vec<Vec<Option<&'a TraitValue>>>,
}

impl<'a> Values<'a> {
    /// Reads the traits that may enter, which are in the order of their keys.
    pub fn of(admitted: &[&TraitDefinition], customers: &[&'a Traits]) -> Self {
        let mut traits = vec![Vec::with_capacity(customers.len()); admitted.len()];
        for customer in customers {
            let mut own = customer.iter().peekable();
            for (definition, list) in admitted.iter().zip(&mut traits) {
                while own.next_if(|(key, _)| **key < definition.key).is_some() {}
                let found = own.next_if(|(key, _)| **key == definition.key);
                list.push(found.map(|(_, value)| value));
            }
        }
        Self { traits }
    }
}

/// The bins of every customer, trait by trait.
#[derive(Debug, Clone, PartialEq)]
pub struct Binned {
    /// How many customers there are.
    pub count: usize,
    /// In the order of the design's traits.
    pub traits: Vec<BinColumn>,
}

/// The bins of one trait.
#[derive(Debug, Clone, PartialEq)]
pub struct BinColumn {
    bins: Vec<u16>,
    /// Where each customer's bins begin, if it can be in several or in none.
    starts: Option<Vec<usize>>,
}

impl BinColumn {
    fn of(trait_bins: &Bins, values: &[Option<&TraitValue>]) -> Self {
        let mut bins = Vec::with_capacity(values.len());
        let mut starts = vec![0];
        for value in values {
            // A trait has fewer bins than all have columns.
            trait_bins.for_each_bin(*value, |bin| bins.push(u16::try_from(bin).unwrap_or(0)));
            if !trait_bins.is_partition() {
                starts.push(bins.len());
            }
        }
        let starts = (!trait_bins.is_partition()).then_some(starts);
        Self { bins, starts }
    }

    /// The bins of a customer.
    pub fn of_row(&self, row: usize) -> &[u16] {
        match &self.starts {
            Some(starts) => &self.bins[starts[row]..starts[row + 1]],
            None => &self.bins[row..=row],
        }
    }

    /// One bin that stands for all of a customer's: the first, or that of rare values if there is none.
    pub fn single(&self, row: usize) -> usize {
        self.of_row(row)
            .first()
            .map_or(RARE, |bin| usize::from(*bin))
    }
}

/// Makes the bins of the traits that find a place, in the order of their keys, each with its place among the admitted.
fn choose(
    admitted: &[&TraitDefinition],
    values: &Values,
    ignored: &mut Vec<IgnoredTrait>,
) -> Vec<(usize, Bins)> {
    let mut ignore = |key: &TraitKey, reason| {
        ignored.push(IgnoredTrait {
            key: key.clone(),
            reason,
        });
    };
    let mut found = Vec::new();
    for (place, (definition, values)) in admitted.iter().zip(&values.traits).enumerate() {
        let known = values.iter().copied().flatten();
        match Bins::of_values(definition, known.clone()) {
            Some(bins) => found.push((Reverse(known.count()), place, bins)),
            None => ignore(&definition.key, IgnoredReason::NeverSeen),
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| a.2.key.cmp(&b.2.key)));
    let mut free = COLUMN_LIMIT;
    let mut chosen = Vec::with_capacity(found.len());
    for (_, place, bins) in found {
        match free.checked_sub(bins.size()) {
            Some(rest) => {
                free = rest;
                chosen.push((place, bins));
            }
            None => ignore(&bins.key, IgnoredReason::TooManyValues),
        }
    }
    chosen.sort_by(|a, b| a.1.key.cmp(&b.1.key));
    chosen
}

/// Whether a bin is of a value that customers have, and not of no value or of a rare one.
pub fn is_value(bin: usize) -> bool {
    bin >= FIRST_VALUE
}

#[cfg(test)]
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "numbers of tests are small"
)]
mod tests {
    use super::*;
    use crate::domain::{
        model::tests::definition,
        party::{TraitType, TraitValue},
    };

    fn key(name: &str) -> TraitKey {
        TraitKey::parse(name, "").unwrap()
    }

    #[test]
    fn only_what_somebody_has_gets_a_column() {
        let customers: Vec<Traits> = (0..6)
            .map(|_| Traits::from([(key("A"), TraitValue::Flag(true))]))
            .collect();
        let customers: Vec<_> = customers.iter().collect();
        let (a, b) = (
            definition("A", TraitType::Flag),
            definition("B", TraitType::Number),
        );
        let values = Values::of(&[&a, &b], &customers);
        let (design, binned) = Design::learn(&[&a, &b], &values);
        assert_eq!(design.size, 2);
        assert_eq!((design.groups.len(), &design.groups[0]), (1, &(1..2)));
        assert_eq!(design.rows_of(&binned, 6).customer(5), [0, 1]);
        assert_eq!(
            design.ignored,
            [IgnoredTrait {
                key: key("B"),
                reason: IgnoredReason::NeverSeen
            }]
        );
        let other = Traits::from([(key("A"), TraitValue::Flag(false))]);
        assert_eq!(design.columns_of(&other), (vec![0], vec![0]));
    }

    #[test]
    fn when_columns_run_out_the_least_known_traits_go() {
        let names: Vec<String> = (0..40).map(|i| format!("T{i:02}")).collect();
        let customers: Vec<Traits> = (0..320_i64)
            .map(|customer| {
                // The later a trait, the more customers have it.
                let known = names
                    .iter()
                    .enumerate()
                    .filter(|(i, _)| customer >= 40 - *i as i64);
                known
                    .map(|(i, name)| (key(name), TraitValue::Number(customer * (i as i64 + 1))))
                    .collect()
            })
            .collect();
        let customers: Vec<_> = customers.iter().collect();
        let definitions: Vec<_> = names
            .iter()
            .map(|name| definition(name, TraitType::Number))
            .collect();
        let design = Design::of(&definitions.iter().collect::<Vec<_>>(), &customers);
        let bins: usize = design.traits.iter().map(|entry| entry.bins.size()).sum();
        assert!(bins <= COLUMN_LIMIT && bins > COLUMN_LIMIT - 20, "{bins}");
        assert!(!design.ignored.is_empty());
        let last = design.ignored.iter().map(|ignored| &ignored.key).max();
        assert!(last < design.traits.first().map(|entry| &entry.bins.key));
        assert!(
            design
                .ignored
                .iter()
                .all(|i| i.reason == IgnoredReason::TooManyValues)
        );
    }
}
