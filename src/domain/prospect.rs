//! All prospects as rows of small numbers, so that a million of them can be scored by looking numbers up.
//!
//! Every trait has a list of the values that occur, and a row has the number of its value of each trait: 0 for none,
//! and otherwise one more than its place in the list. Which number a value has depends on what was stored first and
//! means nothing; what the numbers stand for depends on the state alone. Knows nothing of scores.

use super::{
    id::{PartyId, TraitKey},
    ledger::Position,
    party::{Party, Stage, TraitValue},
    traits::Traits,
    value_numbers::{TraitPicker, ValueNumbers},
};
use std::sync::Arc;

/// Asks for all stored prospects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProspectQuestion {
    /// The traits that are wanted.
    pub traits: Vec<TraitKey>,
    /// As of this position.
    pub as_of: Position,
}

/// All stored prospects.
#[derive(Debug, Clone)]
pub struct ProspectAnswer {
    /// The prospects.
    pub table: Arc<ProspectTable>,
    /// The rows of those with a sale that was not taken back, rising.
    pub converted: Vec<u32>,
}

/// Prospects in the order of their ids, with their values as numbers.
#[derive(Debug, Clone)]
pub struct ProspectTable {
    as_of: Position,
    traits: Vec<TraitKey>,
    /// By trait, the values that occur.
    values: Vec<Vec<Arc<TraitValue>>>,
    ids: Vec<PartyId>,
    codes: Codes,
}

/// The numbers of all rows, row after row, one for each trait.
#[derive(Debug, Clone)]
pub enum Codes {
    /// While no trait has more values than fit.
    Narrow(Vec<u16>),
    /// Afterwards.
    Wide(Vec<u32>),
}

impl Codes {
    fn push(&mut self, code: u32) {
        match self {
            Self::Wide(codes) => codes.push(code),
            Self::Narrow(codes) => match u16::try_from(code) {
                Ok(code) => codes.push(code),
                Err(_) => {
                    let mut wide: Vec<u32> = codes.iter().copied().map(u32::from).collect();
                    wide.push(code);
                    *self = Self::Wide(wide);
                }
            },
        }
    }

    fn get(&self, place: usize) -> Option<u32> {
        match self {
            Self::Narrow(codes) => codes.get(place).copied().map(u32::from),
            Self::Wide(codes) => codes.get(place).copied(),
        }
    }

    fn shrink(&mut self) {
        match self {
            Self::Narrow(codes) => codes.shrink_to_fit(),
            Self::Wide(codes) => codes.shrink_to_fit(),
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Narrow(codes) => codes.capacity() * size_of::<u16>(),
            Self::Wide(codes) => codes.capacity() * size_of::<u32>(),
        }
    }
}

impl ProspectTable {
    /// As of which position it was made.
    pub fn as_of(&self) -> Position {
        self.as_of
    }

    /// The traits in it.
    pub fn traits(&self) -> &[TraitKey] {
        &self.traits
    }

    /// The prospects.
    pub fn ids(&self) -> &[PartyId] {
        &self.ids
    }

    /// The values of the trait at a place that occur: number `i` stands for the value at `i - 1`.
    pub fn values(&self, place: usize) -> &[Arc<TraitValue>] {
        self.values.get(place).map_or(&[], |values| values)
    }

    /// The numbers.
    pub fn codes(&self) -> &Codes {
        &self.codes
    }

    /// What a row's numbers stand for, in the order of the traits.
    pub fn row(&self, row: usize) -> Vec<Option<&TraitValue>> {
        let first = row * self.traits.len();
        let value = |place: usize| {
            let code = self.codes.get(first + place)?.checked_sub(1)?;
            let value = self.values(place).get(usize::try_from(code).ok()?)?;
            Some(&**value)
        };
        (0..self.traits.len()).map(value).collect()
    }

    /// Whether it holds more values than there is room for in its rows: most of them are of rows that were replaced.
    pub fn is_worn(&self) -> bool {
        let values: usize = self.values.iter().map(Vec::len).sum();
        values > self.ids.len() * self.traits.len()
    }

    /// About how much memory it takes, what it shares with others left out.
    pub fn bytes(&self) -> usize {
        let values: usize = self.values.iter().map(Vec::capacity).sum();
        self.codes.bytes()
            + self.ids.capacity() * size_of::<PartyId>()
            + values * size_of::<Arc<TraitValue>>()
    }
}

/// Makes a table, prospect by prospect in the order of their ids.
#[derive(Debug)]
pub struct TableBuilder {
    table: ProspectTable,
    /// What did not change since is copied from here.
    earlier: Option<Arc<ProspectTable>>,
    /// The next row of it.
    next: usize,
    /// By trait, the numbers of the values.
    numbers: Vec<ValueNumbers>,
    picker: TraitPicker,
}

impl TableBuilder {
    /// An empty table.
    pub fn new(traits: Vec<TraitKey>, as_of: Position) -> Self {
        let count = traits.len();
        Self {
            table: ProspectTable {
                as_of,
                traits,
                values: Vec::new(),
                ids: Vec::new(),
                codes: Codes::Narrow(Vec::new()),
            },
            earlier: None,
            next: 0,
            numbers: vec![ValueNumbers::default(); count],
            picker: TraitPicker::default(),
        }
    }

    /// An empty table that comes after another one of the same traits. Values keep their numbers, so that rows of
    /// parties that did not change can be copied.
    pub fn after(earlier: Arc<ProspectTable>, as_of: Position) -> Self {
        if earlier.is_worn() || earlier.as_of > as_of {
            return Self::new(earlier.traits.clone(), as_of);
        }
        let mut builder = Self::new(earlier.traits.clone(), as_of);
        let size = earlier.ids.len() + earlier.ids.len() / 64;
        builder.table.ids.reserve(size);
        builder.table.codes = match earlier.codes {
            Codes::Narrow(_) => Codes::Narrow(Vec::with_capacity(size * earlier.traits.len())),
            Codes::Wide(_) => Codes::Wide(Vec::with_capacity(size * earlier.traits.len())),
        };
        let numbers = earlier.values.iter().map(|values| ValueNumbers::of(values));
        builder.numbers = numbers.collect();
        builder.earlier = Some(earlier);
        builder
    }

    /// Takes in a party that was written at a position, if it is a prospect. All parties are to be taken in, in the
    /// order of their ids.
    pub fn take(&mut self, position: Position, party: &Party) {
        let Some(earlier) = self.earlier.clone() else {
            return self.add_if_prospect(party);
        };
        // Both are in the order of ids, and whoever is in the earlier table comes along.
        let was_prospect = earlier.ids.get(self.next) == Some(&party.party_id);
        let row = self.next;
        self.next += usize::from(was_prospect);
        if position > earlier.as_of {
            self.add_if_prospect(party);
        } else if was_prospect {
            self.copy(&earlier, row);
        }
    }

    fn add_if_prospect(&mut self, party: &Party) {
        if party.stage == Stage::Prospect {
            self.add(party.party_id.clone(), &party.traits);
        }
    }

    /// Adds a prospect.
    pub fn add(&mut self, id: PartyId, traits: &Traits) {
        let table = &mut self.table;
        table.ids.push(id);
        let values = self.picker.pick(&table.traits, traits);
        for (value, numbers) in values.zip(&mut self.numbers) {
            let code = value.map_or(0, |value| numbers.number(value));
            table.codes.push(code);
        }
    }

    fn copy(&mut self, earlier: &ProspectTable, row: usize) {
        let Some(id) = earlier.ids.get(row) else {
            return;
        };
        self.table.ids.push(id.clone());
        let width = earlier.traits.len();
        let row = row * width..(row + 1) * width;
        match (&mut self.table.codes, &earlier.codes) {
            (Codes::Narrow(own), Codes::Narrow(codes)) => own.extend_from_slice(&codes[row]),
            (Codes::Wide(own), Codes::Wide(codes)) => own.extend_from_slice(&codes[row]),
            (own, codes) => row
                .filter_map(|place| codes.get(place))
                .for_each(|code| own.push(code)),
        }
    }

    /// The table.
    pub fn finish(mut self) -> ProspectTable {
        let numbers = self.numbers.into_iter();
        self.table.values = numbers.map(ValueNumbers::into_values).collect();
        self.table.ids.shrink_to_fit();
        self.table.codes.shrink();
        self.table
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};
    use std::collections::BTreeMap;

    fn key(name: &str) -> TraitKey {
        TraitKey::parse(name, "").unwrap()
    }

    fn party(id: u8, is_prospect: bool, number: i64) -> Party {
        Party {
            party_id: PartyId::parse(&format!("P{id:03}"), "").unwrap(),
            stage: if is_prospect {
                Stage::Prospect
            } else {
                Stage::Customer
            },
            display_name: String::new(),
            traits: (number > 0)
                .then(|| (key("N"), TraitValue::Number(number)))
                .into_iter()
                .collect(),
        }
    }

    fn rows(table: &ProspectTable) -> Vec<(&PartyId, Vec<Option<&TraitValue>>)> {
        let ids = table.ids().iter().enumerate();
        ids.map(|(row, id)| (id, table.row(row))).collect()
    }

    proptest! {
        #[test]
        fn a_table_made_from_an_earlier_one_is_as_if_made_anew(
            writes in vec((0..20_u8, any::<bool>(), 0..9_i64), 0..60), cut in 0..60_usize,
        ) {
            let mut parties = BTreeMap::new();
            let mut earlier = None;
            for (index, (id, is_prospect, number)) in writes.iter().enumerate() {
                parties.insert(*id, (index as Position + 1, party(*id, *is_prospect, *number)));
                if index == cut {
                    let mut all = TableBuilder::new(vec![key("N"), key("X")], index as Position + 1);
                    parties.values().for_each(|(position, party)| all.take(*position, party));
                    earlier = Some(Arc::new(all.finish()));
                }
            }
            let last = writes.len() as Position;
            let mut anew = TableBuilder::new(vec![key("N"), key("X")], last);
            for (_, party) in parties.values().filter(|(_, party)| party.stage == Stage::Prospect) {
                anew.add(party.party_id.clone(), &party.traits);
            }
            let anew = anew.finish();
            let mut again = match &earlier {
                Some(earlier) => TableBuilder::after(Arc::clone(earlier), last),
                None => TableBuilder::new(anew.traits().to_vec(), last),
            };
            parties.values().for_each(|(position, party)| again.take(*position, party));
            let again = again.finish();
            prop_assert_eq!(rows(&again), rows(&anew));
            prop_assert_eq!((again.as_of(), again.traits()), (last, anew.traits()));
        }
    }

    #[test]
    fn codes_are_widened_without_loss() {
        let many: i64 = 66_000;
        let add = |table: &mut TableBuilder, numbers: std::ops::Range<i64>| {
            for number in numbers {
                let traits = Traits::from([(key("N"), TraitValue::Number(number))]);
                table.add(
                    PartyId::parse(&format!("P{number:06}"), "").unwrap(),
                    &traits,
                );
            }
        };
        let mut table = TableBuilder::new(vec![key("N")], 1);
        add(&mut table, 0..65_535);
        assert!(matches!(table.table.codes(), Codes::Narrow(_)));
        add(&mut table, 65_535..many);
        let table = table.finish();
        assert!(matches!(table.codes(), Codes::Wide(_)));
        for number in 0..many {
            let row = table.row(usize::try_from(number).unwrap());
            assert_eq!(row, [Some(&TraitValue::Number(number))]);
        }
    }

    #[test]
    fn values_that_nobody_has_any_more_are_dropped_in_the_end() {
        let mut table = None;
        for number in 1..100_i64 {
            let position = number.unsigned_abs();
            let mut next = match table {
                Some(table) => TableBuilder::after(table, position),
                None => TableBuilder::new(vec![key("N")], position),
            };
            next.take(position, &party(1, true, number));
            let made = next.finish();
            assert!(made.values(0).len() <= 3, "{}", made.values(0).len());
            assert_eq!(made.row(0), [Some(&TraitValue::Number(number))]);
            table = Some(Arc::new(made));
        }
    }
}
