//! Which traits that may enter a model tell a trait that may not: a model that leaves sex out and takes the first name
//! in has left nothing out.
//!
//! | symbol | here | meaning |
//! |---|---|---|
//! | `n_ij`, `n` | counts | parties in bin `i` of one trait and bin `j` of the other, and all of them |
//! | `X2` | | Pearson's chi-square of the table |
//! | `p` | [`Proxy::p_value`] | its tail, by the cube root (Wilson and Hilferty, PNAS 17, 1931) |
//! | `V` | [`Proxy::strength`] | Cramér's V without its bias (Bergsma, J. Korean Stat. Society 42, 2013) |
//!
//! A single trait is looked at against each other one: several that are weak alone may be strong together.

use super::{
    IgnoredReason,
    encode::{Bins, RARE},
    kept_out, number,
};
use crate::domain::{
    id::TraitKey,
    party::{TraitDefinition, TraitValue},
    traits::Traits,
};
use std::sync::Arc;

/// With fewer parties that have the protected trait nothing is said.
pub const MINIMUM_PARTIES: u64 = 40;
/// From this strength on the trait is named, if chance does not explain it.
pub const ALARM: f64 = 0.3;
/// How often chance may name a trait, over all pairs together (Bonferroni).
const CHANCE: f64 = 0.05;

/// How much a trait that may enter tells of one that may not.
#[derive(Debug, Clone, PartialEq)]
pub struct Proxy {
    /// The trait that may enter.
    pub key: TraitKey,
    /// The trait that may not.
    pub protected: TraitKey,
    /// Why it may not.
    pub reason: IgnoredReason,
    /// How many parties have the protected trait.
    pub parties: u64,
    /// From 0, tells nothing, to 1, tells it for certain.
    pub strength: f64,
    /// How likely so much is by chance.
    pub p_value: f64,
    /// Whether it stands in for the other.
    pub alarm: bool,
}

/// Looks at every pair, the strongest first. `parties` in any order.
pub fn proxies(definitions: &[Arc<TraitDefinition>], parties: &[&Traits]) -> Vec<Proxy> {
    let reason = |definition: &TraitDefinition| match kept_out(definition) {
        Some(IgnoredReason::KnownAfterConversion) | None => None,
        reason => reason,
    };
    let allowed: Vec<Placed> = definitions
        .iter()
        .filter(|definition| kept_out(definition).is_none())
        .filter_map(|definition| Placed::of(definition, parties))
        .collect();
    let mut found = Vec::new();
    for definition in definitions {
        let Some(reason) = reason(definition) else {
            continue;
        };
        let Some(protected) = Placed::of(definition, parties) else {
            continue;
        };
        let has: Vec<usize> = (0..parties.len())
            .filter(|party| parties[*party].get(&definition.key).is_some())
            .collect();
        if (has.len() as u64) < MINIMUM_PARTIES {
            continue;
        }
        found.extend(allowed.iter().map(|own| {
            let (strength, p_value) = association(own, &protected, &has);
            Proxy {
                key: own.key.clone(),
                protected: definition.key.clone(),
                reason,
                parties: has.len() as u64,
                strength,
                p_value,
                alarm: false,
            }
        }));
    }
    let limit = CHANCE / number(found.len().max(1) as u64);
    for own in &mut found {
        own.alarm = own.strength >= ALARM && own.p_value <= limit;
    }
    found.sort_by(|a, b| {
        let keys = |own: &Proxy| (own.protected.clone(), own.key.clone());
        (b.strength.total_cmp(&a.strength)).then_with(|| keys(a).cmp(&keys(b)))
    });
    found
}

/// A trait with the bin of each party.
struct Placed {
    key: TraitKey,
    places: Vec<usize>,
    size: usize,
}

impl Placed {
    /// `None` if nobody has a value.
    fn of(definition: &TraitDefinition, parties: &[&Traits]) -> Option<Self> {
        let values = parties.iter().map(|party| party.get(&definition.key));
        let bins = Bins::of_values(definition, values.clone().flatten())?;
        Some(Self {
            key: definition.key.clone(),
            places: values.map(|value| single(&bins, value)).collect(),
            size: bins.size(),
        })
    }
}

/// One bin that stands for a value: of a set that of its first known category.
fn single(bins: &Bins, value: Option<&TraitValue>) -> usize {
    let mut first = None;
    bins.for_each_bin(value, |bin| first = first.or(Some(bin)));
    first.unwrap_or(RARE)
}

/// Cramér's V without its bias, and how likely so much is by chance.
fn association(one: &Placed, other: &Placed, parties: &[usize]) -> (f64, f64) {
    let mut table = vec![0_u64; one.size * other.size];
    for party in parties {
        table[one.places[*party] * other.size + other.places[*party]] += 1;
    }
    let rows: Vec<u64> = table
        .chunks(other.size)
        .map(|row| row.iter().sum())
        .collect();
    let columns: Vec<u64> = (0..other.size)
        .map(|column| table.iter().skip(column).step_by(other.size).sum())
        .collect();
    let n = number(parties.len() as u64);
    let used = |counts: &[u64]| number(counts.iter().filter(|count| **count > 0).count() as u64);
    let (r, k) = (used(&rows), used(&columns));
    if r < 2.0 || k < 2.0 || n < 2.0 {
        return (0.0, 1.0);
    }
    let mut chi_square = 0.0;
    for (row, in_row) in rows.iter().enumerate() {
        for (column, in_column) in columns.iter().enumerate() {
            let expected = number(*in_row) * number(*in_column) / n;
            if expected > 0.0 {
                let gap = number(table[row * other.size + column]) - expected;
                chi_square += gap * gap / expected;
            }
        }
    }
    let freedom = (r - 1.0) * (k - 1.0);
    let phi = (chi_square / n - freedom / (n - 1.0)).max(0.0);
    let fewer = |count: f64| count - (count - 1.0) * (count - 1.0) / (n - 1.0);
    let least = (fewer(r) - 1.0).min(fewer(k) - 1.0);
    let strength = match least > 0.0 {
        true => (phi / least).sqrt().min(1.0),
        false => 0.0,
    };
    (strength, tail(chi_square, freedom))
}

/// How likely a chi-square of so many degrees of freedom is at least so great.
fn tail(chi_square: f64, freedom: f64) -> f64 {
    let spread = 2.0 / (9.0 * freedom);
    let z = (libm::cbrt(chi_square / freedom) - (1.0 - spread)) / spread.sqrt();
    (libm::erfc(z / core::f64::consts::SQRT_2) / 2.0).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        model::tests::{Dice, definition},
        party::{Sensitivity, TraitType},
    };

    fn definitions() -> Vec<Arc<TraitDefinition>> {
        let mut sex = definition("SEX", TraitType::Category);
        sex.sensitivity = Sensitivity::SpecialCategory;
        let mut late = definition("LATE", TraitType::Category);
        late.known_after_conversion = true;
        let others = ["NAME", "SHOE"].map(|key| definition(key, TraitType::Category));
        others
            .into_iter()
            .chain([sex, late])
            .map(Arc::new)
            .collect()
    }

    fn party(values: [(&str, &str); 3]) -> Traits {
        let value = |(key, value): (&str, &str)| {
            let value = TraitValue::Category(value.to_owned());
            (TraitKey::stored(key), value)
        };
        values.into_iter().map(value).collect()
    }

    /// The name tells the sex nine times of ten, and the shoe nothing.
    fn parties(count: u64) -> Vec<Traits> {
        let mut dice = Dice(7);
        (0..count)
            .map(|_| {
                let sex = dice.roll(2);
                let name = if dice.roll(10) == 0 { 1 - sex } else { sex };
                let of = |number: u64| ["a", "b"][usize::from(number == 1)];
                party([
                    ("SEX", of(sex)),
                    ("NAME", of(name)),
                    ("SHOE", of(dice.roll(2))),
                ])
            })
            .collect()
    }

    #[test]
    fn a_trait_that_stands_in_for_another_is_named() {
        let parties = parties(400);
        let parties: Vec<&Traits> = parties.iter().collect();
        let found = proxies(&definitions(), &parties);
        let lines: Vec<_> = found
            .iter()
            .map(|own| (own.key.as_str(), own.protected.as_str(), own.alarm))
            .collect();
        assert_eq!(lines, [("NAME", "SEX", true), ("SHOE", "SEX", false)]);
        assert_eq!(found[0].parties, 400);
        assert!((0.7..0.9).contains(&found[0].strength), "{found:?}");
        assert!(
            found[1].strength < 0.15 && found[1].p_value > 0.01,
            "{found:?}"
        );
    }

    #[test]
    fn of_a_handful_nothing_is_said() {
        let few = parties(39);
        let few: Vec<&Traits> = few.iter().collect();
        assert_eq!(proxies(&definitions(), &few), []);
        assert_eq!(proxies(&definitions(), &[]), []);
    }

    #[test]
    fn the_tail_by_tables() {
        // 5% points of 1, 5 and 30 degrees of freedom.
        for (chi_square, freedom) in [(3.841, 1.0), (11.070, 5.0), (43.773, 30.0)] {
            let found = tail(chi_square, freedom);
            assert!((found - 0.05).abs() < 0.003, "{freedom}: {found}");
        }
        assert!(tail(0.0, 4.0) > 0.98);
    }
}
