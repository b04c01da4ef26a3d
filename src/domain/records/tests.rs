//! Records with their history.

use super::*;
use crate::domain::{party::Stage, traits::Traits};
use std::cell::Cell;

const NOW: Instant = Instant {
    seconds: 0,
    nanos: 0,
};

fn id(number: u64) -> PartyId {
    PartyId::parse(&format!("P{number:03}"), "").unwrap()
}

fn party(number: u64, name: &str) -> Record {
    Record::Party(Party {
        party_id: id(number),
        stage: Stage::Prospect,
        display_name: name.to_owned(),
        traits: Traits::new(),
    })
}

fn many() -> Records {
    let mut records = Records::default();
    for number in 0..100 {
        records.apply(number + 1, NOW, party(number, ""));
    }
    records
}

#[test]
fn a_page_looks_at_nobody_else() {
    let records = many();
    let asked = Cell::new(0);
    let question = PartyQuestion {
        stage: None,
        traits: Vec::new(),
        without_sales: true,
        after: Some(id(49)),
        as_of: 100,
        limit: 7,
    };
    let answer = records.parties(&question, |_| {
        asked.set(asked.get() + 1);
        false
    });
    let ids: Vec<_> = answer
        .parties
        .iter()
        .map(|party| party.party_id.clone())
        .collect();
    assert_eq!(ids, (50..57).map(id).collect::<Vec<_>>());
    assert_eq!(asked.get(), 7);
}

#[test]
fn parties_are_visited_in_parts() {
    let mut records = many();
    records.apply(200, NOW, party(3, "changed"));
    records.apply(201, NOW, party(999, "late"));
    for (as_of, limit) in [(100, 7), (100, 1_000), (200, 10), (201, 101), (50, 9)] {
        let (mut visited, mut after, mut rounds) = (Vec::new(), None, 0);
        loop {
            after = records.visit_parties(after.as_ref(), limit, as_of, |position, party| {
                visited.push((position, party.party_id.clone()));
            });
            rounds += 1;
            if after.is_none() {
                break;
            }
        }
        let written = |number: u64| {
            if number == 3 && as_of >= 200 {
                200
            } else {
                number + 1
            }
        };
        let known = (0..100).filter(|number| *number < as_of);
        let mut wanted: Vec<_> = known.map(|number| (written(number), id(number))).collect();
        wanted.extend((as_of >= 201).then(|| (201, id(999))));
        assert_eq!(visited, wanted);
        assert_eq!(rounds, 101 / limit + 1);
    }
}

#[test]
fn the_last_write_of_a_party_is_known_for_every_position() {
    let mut records = Records::default();
    assert_eq!(records.last_party_write(9), 0);
    for position in [2, 3, 4, 8, 9, 20] {
        records.apply(position, NOW, party(position % 3, &position.to_string()));
    }
    let last = [0, 1, 2, 3, 5, 8, 10, 20, u64::MAX].map(|as_of| records.last_party_write(as_of));
    assert_eq!(last, [0, 0, 2, 3, 4, 8, 9, 20, 20]);
}

#[test]
fn every_version_stays() {
    let mut records = Records::default();
    for position in 1..=5 {
        records.apply(position * 10, NOW, party(1, &position.to_string()));
    }
    let name = |as_of| {
        records
            .party(&id(1), as_of)
            .map(|party| party.display_name.as_str())
    };
    let names = [9, 10, 19, 35, 49, 50, u64::MAX].map(name);
    assert_eq!(
        names,
        [
            None,
            Some("1"),
            Some("1"),
            Some("3"),
            Some("4"),
            Some("5"),
            Some("5")
        ]
    );
}
