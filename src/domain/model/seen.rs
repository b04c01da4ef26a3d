//! Which values customers had at all, so that an answer can say: this was never seen. Knows no outcomes.

use super::design;
use crate::domain::{
    id::TraitKey,
    party::{TraitDefinition, TraitValue},
    traits::Traits,
};
use std::collections::{BTreeMap, BTreeSet};

/// So many values of a trait are remembered. Of a trait with more, no value is said to be new.
const LIMIT: usize = 4_096;

/// The values that were seen of each trait.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Seen {
    /// `None` for a trait with too many values to remember.
    traits: BTreeMap<TraitKey, Option<Values>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Values {
    categories: BTreeSet<String>,
    /// The least and the greatest number.
    numbers: Option<(i64, i64)>,
    flags: [bool; 2],
}

/// A value that nobody had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeverSeen {
    /// The trait.
    pub key: TraitKey,
    /// The value, for people; of a set the first such category.
    pub value: String,
}

impl Values {
    fn take(&mut self, value: &TraitValue) {
        match value {
            TraitValue::Category(category) => {
                if !self.categories.contains(category) {
                    self.categories.insert(category.clone());
                }
            }
            TraitValue::Set(set) => {
                for category in set {
                    if !self.categories.contains(category) {
                        self.categories.insert(category.clone());
                    }
                }
            }
            TraitValue::Number(number) => {
                let (least, most) = self.numbers.unwrap_or((*number, *number));
                self.numbers = Some((least.min(*number), most.max(*number)));
            }
            TraitValue::Flag(flag) => self.flags[usize::from(*flag)] = true,
        }
    }

    /// The part of a value that nobody had. Numbers within the range that was seen are not new.
    fn new_in(&self, value: &TraitValue) -> Option<String> {
        match value {
            TraitValue::Category(category) => {
                (!self.categories.contains(category)).then(|| category.clone())
            }
            TraitValue::Set(set) => set.difference(&self.categories).next().cloned(),
            TraitValue::Number(number) => {
                let (least, most) = self.numbers?;
                (!(least..=most).contains(number)).then(|| value.label())
            }
            TraitValue::Flag(flag) => (!self.flags[usize::from(*flag)]).then(|| value.label()),
        }
    }
}

impl Seen {
    /// Remembers what customers have of the traits that may enter.
    pub fn of(admitted: &[&TraitDefinition], customers: &design::Values) -> Self {
        let remember = |(definition, known): (&&TraitDefinition, &Vec<Option<&TraitValue>>)| {
            let mut values = Values::default();
            for value in known.iter().copied().flatten() {
                values.take(value);
                if values.categories.len() > LIMIT {
                    return (definition.key.clone(), None);
                }
            }
            (definition.key.clone(), Some(values))
        };
        Self {
            traits: admitted
                .iter()
                .zip(&customers.traits)
                .map(remember)
                .collect(),
        }
    }

    /// The values of a party that nobody had, in the order of the keys. Traits that never entered are passed over.
    pub fn never_seen(&self, party: &Traits) -> Vec<NeverSeen> {
        let mut found = Vec::new();
        for (key, value) in party.iter() {
            let Some(Some(values)) = self.traits.get(key) else {
                continue;
            };
            if let Some(value) = values.new_in(value) {
                let key = key.clone();
                found.push(NeverSeen { key, value });
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{model::tests::definition, party::TraitType};

    #[test]
    fn what_nobody_had_is_named() {
        let key = |name: &str| TraitKey::parse(name, "").unwrap();
        let category = |name: &str| TraitValue::Category(name.to_owned());
        let set = |names: &[&str]| TraitValue::Set(names.iter().map(|&n| n.to_owned()).collect());
        let customers = [
            Traits::from([
                (key("A"), category("Road")),
                (key("N"), TraitValue::Number(1)),
            ]),
            Traits::from([(key("S"), set(&["x"])), (key("N"), TraitValue::Number(9))]),
        ];
        let definitions = [
            definition("A", TraitType::Category),
            definition("N", TraitType::Number),
            definition("S", TraitType::Set),
        ];
        let admitted: Vec<_> = definitions.iter().collect();
        let values = design::Values::of(&admitted, &customers.iter().collect::<Vec<_>>());
        let seen = Seen::of(&admitted, &values);
        let touring = Traits::from([
            (key("A"), category("Touring")),
            (key("N"), TraitValue::Number(5)),
            (key("S"), set(&["x", "y"])),
            (key("Z"), category("never asked")),
        ]);
        let found = seen.never_seen(&touring);
        let names: Vec<_> = found
            .iter()
            .map(|own| (own.key.as_str(), &*own.value))
            .collect();
        assert_eq!(names, [("A", "Touring"), ("S", "y")]);
        let far = Traits::from([(key("N"), TraitValue::Number(10))]);
        assert_eq!(seen.never_seen(&far).len(), 1);
        assert!(seen.never_seen(&customers[0]).is_empty());
    }
}
