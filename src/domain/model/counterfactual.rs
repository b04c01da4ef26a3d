//! What would have to be different: the nearest prospect for whom another decision would be taken, and the unknown
//! trait whose answer would tell most.
//!
//! One trait is changed at a time, to values that enough were learnt from have. A number counts as near as ranges lie
//! between, any other change as one whole step. Knows no model: whoever calls says what a changed prospect is worth.

use super::{
    design::Design,
    encode::{FIRST_VALUE, MINIMUM_SUPPORT},
};
use crate::domain::{id::TraitKey, party::TraitValue, traits::Traits};
use std::{cmp::Reverse, collections::BTreeSet};

/// So many changes are tried: each asks the models, and who asks about a thousand prospects waits for all of them.
const TRIED: usize = 32;

/// A value that a trait could have.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The trait.
    pub key: TraitKey,
    /// The value: of a range its lower end.
    pub value: TraitValue,
    /// How many of those learnt from have it.
    pub count: u64,
    /// The trait's place in the design, and the bin.
    place: usize,
    bin: usize,
}

/// The values that enough were learnt from have, in the order of traits and bins. Sets are passed over: what else would
/// be in them is not told.
pub fn candidates(design: &Design) -> Vec<Candidate> {
    let mut found = Vec::new();
    for (place, entry) in design.traits.iter().enumerate() {
        for bin in FIRST_VALUE..entry.bins.size() {
            let count = entry.counts[bin];
            if let Some(value) = entry.bins.example(bin).filter(|_| count >= MINIMUM_SUPPORT) {
                let key = entry.bins.key.clone();
                found.push(Candidate {
                    key,
                    value,
                    count,
                    place,
                    bin,
                });
            }
        }
    }
    found
}

/// How far a change leads, in thousandths of a whole step; `None` if nothing would change.
fn distance(design: &Design, party: &Traits, candidate: &Candidate) -> Option<u64> {
    let entry = &design.traits[candidate.place];
    let mut own = None;
    let value = party.get(&candidate.key);
    entry.bins.for_each_bin(value, |bin| own = Some(bin));
    match own {
        Some(own) if own == candidate.bin => None,
        Some(own) if entry.bins.is_ordered() && own >= FIRST_VALUE => {
            let ranges = (entry.bins.size() - FIRST_VALUE).max(1) as u64;
            Some(1_000 * own.abs_diff(candidate.bin) as u64 / ranges)
        }
        Some(_) | None => Some(1_000),
    }
}

/// The nearest change after which `wanted` holds, to a value that any of the designs tells apart; of equally near ones
/// that to the value that most have, and then that of the first design.
pub fn nearest(
    designs: &[&Design],
    party: &Traits,
    wanted: impl Fn(&Traits) -> bool,
) -> Option<Candidate> {
    let mut known = BTreeSet::new();
    let mut order = Vec::<(u64, Reverse<u64>, usize, Candidate)>::new();
    for (place, design) in designs.iter().enumerate() {
        for own in candidates(design) {
            let distance = distance(design, party, &own);
            // The same value is told by the first design alone.
            let is_new = known.insert((own.key.clone(), own.value.clone()));
            if let Some(distance) = distance.filter(|_| is_new) {
                order.push((distance, Reverse(own.count), place, own));
            }
        }
    }
    order.sort_by_key(|(distance, count, design, own)| {
        (*distance, *count, *design, own.place, own.bin)
    });
    order.truncate(TRIED);
    let mut order = order.into_iter().map(|(_, _, _, own)| own);
    order.find(|own| wanted(&changed(party, own)))
}

/// The trait without a value whose answer would move a worth the most, and between what it would lie.
pub fn most_telling(
    design: &Design,
    party: &Traits,
    worth: impl Fn(&Traits) -> f64,
) -> Option<(TraitKey, f64, f64)> {
    let mut best = None::<(TraitKey, f64, f64)>;
    let mut current = None::<(TraitKey, f64, f64)>;
    let unknown = candidates(design).into_iter();
    for own in unknown.filter(|own| party.get(&own.key).is_none()) {
        let found = worth(&changed(party, &own));
        match &mut current {
            Some((key, lower, upper)) if *key == own.key => {
                *lower = lower.min(found);
                *upper = upper.max(found);
            }
            _ => best = wider(best, current.replace((own.key, found, found))),
        }
    }
    wider(best, current).filter(|(_, lower, upper)| upper > lower)
}

type Span = Option<(TraitKey, f64, f64)>;

fn wider(best: Span, other: Span) -> Span {
    let width = |span: &Span| span.as_ref().map_or(0.0, |(_, lower, upper)| upper - lower);
    if width(&other) > width(&best) {
        other
    } else {
        best
    }
}

fn changed(party: &Traits, candidate: &Candidate) -> Traits {
    let mut traits = party.clone();
    traits.insert(candidate.key.clone(), candidate.value.clone());
    traits
}

#[cfg(test)]
#[allow(clippy::cast_possible_wrap, reason = "numbers of tests are small")]
mod tests {
    use super::*;
    use crate::domain::{model::tests::definition, party::TraitType};

    fn key(name: &str) -> TraitKey {
        TraitKey::parse(name, "").unwrap()
    }

    fn party(channel: &str, size: i64) -> Traits {
        Traits::from([
            (key("CHANNEL"), TraitValue::Category(channel.to_owned())),
            (key("SIZE"), TraitValue::Number(size)),
        ])
    }

    fn design() -> Design {
        let all: Vec<Traits> = (0..200)
            .map(|row| {
                party(
                    ["fair", "list", "list", "referral"][row % 4],
                    (row as i64 / 2) % 100,
                )
            })
            .collect();
        let definitions = [
            definition("CHANNEL", TraitType::Category),
            definition("SIZE", TraitType::Number),
        ];
        let admitted: Vec<_> = definitions.iter().collect();
        Design::of(&admitted, &all.iter().collect::<Vec<_>>())
    }

    fn size(traits: &Traits) -> i64 {
        match traits.get(&key("SIZE")) {
            Some(TraitValue::Number(size)) => *size,
            _ => 0,
        }
    }

    #[test]
    fn the_nearest_change_is_the_fewest_ranges_away() {
        let design = design();
        let found = nearest(&[&design], &party("list", 35), |own| size(own) >= 60).unwrap();
        assert_eq!(found.key.as_str(), "SIZE");
        assert!(size(&changed(&party("list", 35), &found)) < 75, "{found:?}");
        let referral = |own: &Traits| {
            own.get(&key("CHANNEL")) == Some(&TraitValue::Category("referral".to_owned()))
        };
        let found = nearest(&[&design], &party("list", 35), referral).unwrap();
        assert_eq!(found.value.label(), "referral");
        assert_eq!(nearest(&[&design], &party("list", 35), |_| false), None);
    }

    #[test]
    fn what_one_design_does_not_know_another_may() {
        let all: Vec<Traits> = (0..50)
            .map(|row| {
                let origin = ["list", "partner"][row % 2].to_owned();
                Traits::from([(key("ORIGIN"), TraitValue::Category(origin))])
            })
            .collect();
        let definitions = [definition("ORIGIN", TraitType::Category)];
        let admitted: Vec<_> = definitions.iter().collect();
        let other = Design::of(&admitted, &all.iter().collect::<Vec<_>>());
        let partner = |own: &Traits| {
            own.get(&key("ORIGIN"))
                .is_some_and(|own| own.label() == "partner")
        };
        let asked = party("list", 35);
        assert_eq!(nearest(&[&design()], &asked, partner), None);
        let found = nearest(&[&design(), &other], &asked, partner).unwrap();
        assert_eq!((found.key.as_str(), found.count), ("ORIGIN", 25));
    }

    #[test]
    fn of_equally_near_changes_the_most_common_value_is_told() {
        let found = nearest(&[&design()], &Traits::new(), |_| true).unwrap();
        assert_eq!((found.value.label().as_str(), found.count), ("list", 100));
    }

    #[test]
    fn the_most_telling_question_is_that_with_the_widest_answers() {
        let worth = |own: &Traits| {
            let known = own.get(&key("CHANNEL")).is_some();
            size(own) as f64 / 1_000.0 + if known { 5.0 } else { 0.0 }
        };
        let (asked, lower, upper) = most_telling(&design(), &Traits::new(), worth).unwrap();
        assert_eq!(asked.as_str(), "SIZE");
        assert!(lower < upper);
        assert_eq!(most_telling(&design(), &party("list", 1), worth), None);
    }
}
