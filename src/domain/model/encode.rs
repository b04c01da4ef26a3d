//! Traits as bins: what a model can tell apart. Knows nothing of outcomes: bins are made without looking at them.
//!
//! Bin 0 is for those without a value, bin 1 for values that too few customers have; after them come the categories
//! that enough customers have, in the order of their bytes, or ranges of numbers, or no and yes. A set is in one bin
//! for each of its known categories; its rare ones are passed over, because their number would count one customer many
//! times.

use crate::domain::{
    decimal::{MICRO_PLACES, format_fixed},
    id::TraitKey,
    party::{TraitDefinition, TraitType, TraitValue},
    question::{self, LiftCount},
};
use std::collections::BTreeMap;

/// A category that fewer customers have is rare.
pub const MINIMUM_SUPPORT: u64 = 5;
/// A trait has at most so many categories of its own, those that most customers have; the others are rare.
pub const CATEGORY_LIMIT: usize = 64;
/// Numbers without declared edges are divided into at most so many ranges …
const RANGE_LIMIT: usize = 16;
/// Of more than so many numbers into twice as many …
const MANY_NUMBERS: usize = 20_000;
/// … with about so many customers in each.
const RANGE_SUPPORT: usize = 20;

/// The bin of those without a value.
pub const MISSING: usize = 0;
/// The bin of rare values.
pub const RARE: usize = 1;
/// The first bin of values.
pub const FIRST_VALUE: usize = 2;

/// A trait value as a model tells it apart, in the words of the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bin {
    /// The trait.
    pub key: TraitKey,
    /// The values.
    pub value: BinValue,
}

/// The values of a bin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BinValue {
    /// The party has no value.
    Missing,
    /// A value that too few customers have, or none.
    Rare,
    /// A category, or one category of a set.
    Category(String),
    /// Numbers in millionths, from `lower` to before `upper`; an end that is not given is open.
    Range {
        /// The first.
        lower: Option<i64>,
        /// The first that is not in it.
        upper: Option<i64>,
    },
    /// Yes or no.
    Flag(bool),
}

impl Bin {
    /// The bin for people, such as `INDUSTRY = Retail`.
    pub fn label(&self) -> String {
        let key = &self.key;
        let text = |number: i64| format_fixed(i128::from(number), MICRO_PLACES);
        match &self.value {
            BinValue::Missing => format!("{key} is not known"),
            BinValue::Rare => format!("{key} is rare"),
            BinValue::Category(category) => format!("{key} = {category}"),
            BinValue::Range { lower, upper } => match (*lower, *upper) {
                (None, None) => format!("{key} is known"),
                (Some(lower), None) => format!("{key} from {}", text(lower)),
                (None, Some(upper)) => format!("{key} below {}", text(upper)),
                (Some(lower), Some(upper)) => {
                    format!("{key} from {} to below {}", text(lower), text(upper))
                }
            },
            BinValue::Flag(flag) => format!("{key} = {}", TraitValue::Flag(*flag).label()),
        }
    }
}

/// The bins of one trait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bins {
    /// The trait.
    pub key: TraitKey,
    values: Values,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Values {
    /// In the order of their bytes.
    Categories(Vec<String>),
    /// As categories; a party can be in several.
    Set(Vec<String>),
    /// Where ranges begin, rising, in millionths.
    Edges(Vec<i64>),
    Flag,
}

/// Chooses the categories with enough customers, in the order of their bytes.
fn known_categories<'a>(counts: impl Iterator<Item = (&'a str, u64)>) -> Vec<String> {
    let mut known: Vec<_> = counts
        .filter(|(_, count)| *count >= MINIMUM_SUPPORT)
        .collect();
    known.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    known.truncate(CATEGORY_LIMIT);
    let mut known: Vec<_> = known
        .into_iter()
        .map(|(category, _)| category.to_owned())
        .collect();
    known.sort_unstable();
    known
}

/// Where ranges begin that hold about as many of these numbers each: order statistics without interpolation, so that an
/// edge is always a number that somebody has.
pub fn quantile_edges(mut numbers: Vec<i64>) -> Vec<i64> {
    numbers.sort_unstable();
    let Some(first) = numbers.first().copied() else {
        return Vec::new();
    };
    let limit = match numbers.len() {
        ..=MANY_NUMBERS => RANGE_LIMIT,
        _ => 2 * RANGE_LIMIT,
    };
    let ranges = (numbers.len() / RANGE_SUPPORT).clamp(1, limit);
    let starts = (1..ranges).map(|range| numbers[range * numbers.len() / ranges]);
    let mut edges: Vec<_> = starts.filter(|edge| *edge != first).collect();
    edges.dedup();
    edges
}

impl Bins {
    /// Makes bins from the values that customers have; `None` if nobody has any of the trait's type.
    pub fn of_values<'a>(
        definition: &TraitDefinition,
        values: impl Iterator<Item = &'a TraitValue>,
    ) -> Option<Self> {
        let mut counts = BTreeMap::<&str, u64>::new();
        let mut numbers = Vec::new();
        let mut known = false;
        for value in values.filter(|value| value.trait_type() == definition.trait_type) {
            known |= !matches!(value, TraitValue::Set(set) if set.is_empty());
            match value {
                TraitValue::Category(category) => *counts.entry(category).or_default() += 1,
                TraitValue::Set(set) => {
                    for category in set {
                        *counts.entry(category).or_default() += 1;
                    }
                }
                TraitValue::Number(number) => numbers.push(*number),
                TraitValue::Flag(_) => {}
            }
        }
        let edges = match definition.bin_edges.is_empty() {
            true => quantile_edges(numbers),
            false => definition.bin_edges.clone(),
        };
        known.then(|| Self::new(definition, counts.into_iter(), edges))
    }

    /// Makes bins from the counts that a store answered, with those counts; `None` if nobody has a value.
    ///
    /// `edges` are those that the store was asked with.
    pub fn of_counts(
        definition: &TraitDefinition,
        edges: Vec<i64>,
        counts: &[(&question::TraitBin, LiftCount)],
    ) -> Option<(Self, Vec<LiftCount>)> {
        let categories = counts.iter().filter_map(|(bin, count)| match bin {
            question::TraitBin::Category(category) => Some((category.as_str(), count.all)),
            question::TraitBin::Missing
            | question::TraitBin::Number(_)
            | question::TraitBin::Flag(_) => None,
        });
        let bins = Self::new(definition, categories, edges);
        let mut table = vec![LiftCount::default(); bins.size()];
        let mut known = false;
        for (bin, count) in counts {
            known |= **bin != question::TraitBin::Missing && count.all > 0;
            if let Some(line) = bins.counted(bin).and_then(|place| table.get_mut(place)) {
                line.best += count.best;
                line.loss_makers += count.loss_makers;
                line.all += count.all;
            }
        }
        known.then_some((bins, table))
    }

    fn new<'a>(
        definition: &TraitDefinition,
        counts: impl Iterator<Item = (&'a str, u64)>,
        edges: Vec<i64>,
    ) -> Self {
        let values = match definition.trait_type {
            TraitType::Category => Values::Categories(known_categories(counts)),
            TraitType::Set => Values::Set(known_categories(counts)),
            TraitType::Number => Values::Edges(edges),
            TraitType::Flag => Values::Flag,
        };
        let key = definition.key.clone();
        Self { key, values }
    }

    /// How many bins there are.
    pub fn size(&self) -> usize {
        FIRST_VALUE
            + match &self.values {
                Values::Categories(known) | Values::Set(known) => known.len(),
                Values::Edges(edges) => edges.len() + 1,
                Values::Flag => 2,
            }
    }

    /// Whether a party is in exactly one bin.
    pub fn is_partition(&self) -> bool {
        !matches!(self.values, Values::Set(_))
    }

    /// Whether its values follow one another: ranges of numbers.
    pub fn is_ordered(&self) -> bool {
        matches!(self.values, Values::Edges(_))
    }

    fn category(known: &[String], category: &str) -> Option<usize> {
        let found = known.binary_search_by(|own| own.as_str().cmp(category));
        found.ok().map(|place| FIRST_VALUE + place)
    }

    /// The bin of what a store counted; `None` for a rare category of a set.
    fn counted(&self, bin: &question::TraitBin) -> Option<usize> {
        match (bin, &self.values) {
            (question::TraitBin::Missing, _) => Some(MISSING),
            (question::TraitBin::Category(category), Values::Categories(known)) => {
                Some(Self::category(known, category).unwrap_or(RARE))
            }
            (question::TraitBin::Category(category), Values::Set(known)) => {
                Self::category(known, category)
            }
            (question::TraitBin::Number(place), Values::Edges(_)) => Some(FIRST_VALUE + place),
            (question::TraitBin::Flag(flag), Values::Flag) => {
                Some(FIRST_VALUE + usize::from(*flag))
            }
            _ => None,
        }
    }

    /// Calls `each` with every bin that a party is in. A value of another type and an empty set count as none.
    pub fn for_each_bin(&self, value: Option<&TraitValue>, mut each: impl FnMut(usize)) {
        match (value, &self.values) {
            (Some(TraitValue::Category(category)), Values::Categories(known)) => {
                each(Self::category(known, category).unwrap_or(RARE));
            }
            (Some(TraitValue::Set(set)), Values::Set(known)) if !set.is_empty() => {
                set.iter()
                    .filter_map(|category| Self::category(known, category))
                    .for_each(each);
            }
            (Some(TraitValue::Number(number)), Values::Edges(edges)) => {
                each(FIRST_VALUE + edges.partition_point(|edge| edge <= number));
            }
            (Some(TraitValue::Flag(flag)), Values::Flag) => each(FIRST_VALUE + usize::from(*flag)),
            _ => each(MISSING),
        }
    }

    /// A value that is in a bin: of a range its lower end, of the lowest the number before its upper end. `None` for no
    /// value, for rare ones and of a set.
    pub fn example(&self, place: usize) -> Option<TraitValue> {
        if matches!(self.values, Values::Set(_)) {
            return None;
        }
        match self.bin(place).value {
            BinValue::Missing | BinValue::Rare => None,
            BinValue::Category(category) => Some(TraitValue::Category(category)),
            BinValue::Range { lower, upper } => {
                let number = lower.or(upper.map(|upper| upper.saturating_sub(1)));
                Some(TraitValue::Number(number.unwrap_or(0)))
            }
            BinValue::Flag(flag) => Some(TraitValue::Flag(flag)),
        }
    }

    /// A bin in the words of the answer.
    pub fn bin(&self, place: usize) -> Bin {
        let value = match place {
            MISSING => BinValue::Missing,
            RARE => BinValue::Rare,
            place => self.value(place - FIRST_VALUE),
        };
        let key = self.key.clone();
        Bin { key, value }
    }

    fn value(&self, place: usize) -> BinValue {
        match &self.values {
            Values::Categories(known) | Values::Set(known) => {
                known.get(place).map_or(BinValue::Rare, |category| {
                    BinValue::Category(category.clone())
                })
            }
            Values::Edges(edges) => BinValue::Range {
                lower: place
                    .checked_sub(1)
                    .and_then(|below| edges.get(below))
                    .copied(),
                upper: edges.get(place).copied(),
            },
            Values::Flag => BinValue::Flag(place > 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::model::tests::definition;
    use std::collections::BTreeSet;

    fn places(bins: &Bins, value: Option<&TraitValue>) -> Vec<usize> {
        let mut places = Vec::new();
        bins.for_each_bin(value, |place| places.push(place));
        places
    }

    fn category(name: &str) -> TraitValue {
        TraitValue::Category(name.to_owned())
    }

    #[test]
    fn categories_are_in_the_order_of_their_bytes_and_rare_ones_share_a_bin() {
        let values = [("b", 5), ("a", 6), ("rare", 4)];
        let values: Vec<_> = values
            .iter()
            .flat_map(|(name, times)| vec![category(name); *times])
            .collect();
        let bins = Bins::of_values(&definition("T", TraitType::Category), values.iter()).unwrap();
        assert_eq!(bins.size(), 4);
        assert_eq!(places(&bins, Some(&category("a"))), [2]);
        assert_eq!(places(&bins, Some(&category("b"))), [3]);
        assert_eq!(places(&bins, Some(&category("rare"))), [RARE]);
        assert_eq!(places(&bins, Some(&category("new"))), [RARE]);
        assert_eq!(places(&bins, None), [MISSING]);
        assert_eq!(places(&bins, Some(&TraitValue::Flag(true))), [MISSING]);
        assert_eq!(bins.bin(2).label(), "T = a");
        assert_eq!(bins.bin(RARE).label(), "T is rare");
    }

    #[test]
    fn of_too_many_categories_the_most_common_are_kept() {
        let names: Vec<String> = (0..70).map(|i| format!("{i:02}")).collect();
        let counts = names
            .iter()
            .enumerate()
            .map(|(i, name)| (&**name, if i < 10 { 5 } else { 9 }));
        let known = known_categories(counts);
        assert_eq!(known.len(), CATEGORY_LIMIT);
        assert_eq!(known[..5], ["00", "01", "02", "03", "10"]);
    }

    #[test]
    fn a_number_on_an_edge_is_in_the_range_that_begins_there() {
        let values: Vec<_> = (0..60).map(|i| TraitValue::Number(i / 2)).collect();
        let bins = Bins::of_values(&definition("N", TraitType::Number), values.iter()).unwrap();
        assert_eq!(quantile_edges((0..60).map(|i| i / 2).collect()), [10, 20]);
        let place = |number| places(&bins, Some(&TraitValue::Number(number)))[0];
        assert_eq!([9, 10, 19, 20, i64::MAX].map(place), [2, 3, 3, 4, 4]);
        assert_eq!(place(i64::MIN), 2);
        assert_eq!(bins.bin(3).label(), "N from 0.00001 to below 0.00002");
        assert_eq!(
            bins.bin(2).value,
            BinValue::Range {
                lower: None,
                upper: Some(10)
            }
        );
    }

    #[test]
    fn declared_edges_win_and_equal_numbers_are_one_range() {
        let mut declared = definition("N", TraitType::Number);
        declared.bin_edges = vec![5, 7];
        let values = vec![TraitValue::Number(3); 100];
        let bins = Bins::of_values(&declared, values.iter()).unwrap();
        assert_eq!(bins.size(), 5);
        let bins = Bins::of_values(&definition("N", TraitType::Number), values.iter()).unwrap();
        assert_eq!(bins.size(), 3);
        assert_eq!(bins.bin(2).label(), "N is known");
        assert!(quantile_edges(Vec::new()).is_empty());
    }

    #[test]
    fn a_set_is_in_a_bin_for_each_category_it_has() {
        let set = |names: &[&str]| {
            TraitValue::Set(names.iter().map(|&n| n.to_owned()).collect::<BTreeSet<_>>())
        };
        let values = vec![set(&["x", "y"]); 5];
        let bins = Bins::of_values(&definition("S", TraitType::Set), values.iter()).unwrap();
        assert_eq!(places(&bins, Some(&set(&["y", "x", "z"]))), [2, 3]);
        assert_eq!(places(&bins, Some(&set(&["z"]))), [0; 0]);
        assert_eq!(places(&bins, Some(&set(&[]))), [MISSING]);
        assert_eq!(places(&bins, None), [MISSING]);
        assert!(!bins.is_partition());
    }

    #[test]
    fn counts_of_a_store_make_the_same_bins_as_the_values() {
        let count = |all| LiftCount {
            best: 1,
            loss_makers: 2,
            all,
        };
        let bin = |name: &str| question::TraitBin::Category(name.to_owned());
        let (a, rare, other, missing) = (bin("a"), bin("r"), bin("s"), question::TraitBin::Missing);
        let counts = [
            (&a, count(6)),
            (&rare, count(4)),
            (&other, count(3)),
            (&missing, count(8)),
        ];
        let wanted = definition("T", TraitType::Category);
        let (bins, table) = Bins::of_counts(&wanted, Vec::new(), &counts).unwrap();
        assert_eq!(places(&bins, Some(&category("a"))), [2]);
        let all: Vec<_> = table.iter().map(|line| (line.best, line.all)).collect();
        assert_eq!(all, [(1, 8), (2, 7), (1, 6)]);
        assert!(Bins::of_counts(&wanted, Vec::new(), &counts[3..]).is_none());
        let out = question::TraitBin::Number(9);
        let numbers = definition("T", TraitType::Number);
        assert!(Bins::of_counts(&numbers, vec![1], &[(&out, count(1))]).is_some());
    }
}
