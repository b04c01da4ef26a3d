//! All prospects as rows of numbers.

use crate::words::*;
use profitscore::{
    domain::{
        id::TraitKey,
        party::{Stage, TraitValue},
        prospect::{ProspectQuestion, ProspectTable},
    },
    store::Store,
};

/// Who is in a table and what its numbers stand for: these mean nothing by themselves.
pub fn rows(table: &ProspectTable) -> Vec<String> {
    let ids = table.ids().iter().enumerate();
    ids.map(|(row, id)| {
        let label = |value: &Option<&TraitValue>| {
            value.map_or("-".to_owned(), |value| format!("{value:?}"))
        };
        let values: Vec<_> = table.row(row).iter().map(label).collect();
        format!("{id}: {}", values.join(", "))
    })
    .collect()
}

fn question(traits: &[&str], as_of: u64) -> ProspectQuestion {
    let traits: Vec<TraitKey> = traits.iter().map(|key| trait_key(key)).collect();
    ProspectQuestion { traits, as_of }
}

const NOBODY: [u32; 0] = [];

/// The rows of `size` and `age`, short, and who of them has a sale.
async fn ask(store: &dyn Store, as_of: u64) -> (String, Vec<u32>) {
    let question = question(&["age", "size"], as_of);
    let answer = store.prospects(&tenant("t"), &question).await.unwrap();
    assert_eq!(answer.table.traits(), question.traits);
    let rows = answer.table.ids().iter().enumerate().map(|(row, id)| {
        let values = answer.table.row(row);
        let label = |value: Option<&TraitValue>| value.map_or("-".to_owned(), TraitValue::label);
        format!("{id} {} {}", label(values[0]), label(values[1]))
    });
    (rows.collect::<Vec<_>>().join(", "), answer.converted)
}

pub async fn prospects_are_rows_of_their_values(store: &dyn Store) {
    assert_eq!(ask(store, NEWEST).await, (String::new(), vec![]));
    let age = |years: i64| ("age", TraitValue::Number(years * 1_000_000));
    let records = vec![
        party("b", Stage::Prospect, [("size", category("small")), age(3)]),
        party("d", Stage::Customer, [("size", category("big"))]),
        party("a", Stage::Prospect, [("size", category("big"))]),
        party("e", Stage::Prospect, []),
    ];
    put(store, records).await;
    let first = "a - big, b 3 small, e - -";
    assert_eq!(ask(store, NEWEST).await, (first.to_owned(), vec![]));
    // One is changed, one is won, one comes between and a customer becomes a prospect again.
    let records = vec![
        party("b", Stage::Prospect, [("size", category("big")), age(4)]),
        party("e", Stage::Customer, []),
        party("c", Stage::Prospect, [age(3)]),
        party("d", Stage::Prospect, [("size", category("huge"))]),
    ];
    put(store, records).await;
    let last = "a - big, b 4 big, c 3 -, d - huge";
    assert_eq!(ask(store, NEWEST).await, (last.to_owned(), vec![]));
    // The past stays as it was, also half way through a batch.
    assert_eq!(ask(store, 4).await, (first.to_owned(), vec![]));
    let between = "a - big, b 4 big".to_owned();
    assert_eq!(ask(store, 6).await, (between, vec![]));
    assert_eq!(ask(store, 2).await, ("b 3 small".to_owned(), vec![]));
    assert_eq!(ask(store, 0).await, (String::new(), vec![]));
    assert_eq!(ask(store, 8).await, (last.to_owned(), vec![]));
}

pub async fn prospects_with_a_sale_are_told(store: &dyn Store) {
    let records = ["a", "b", "c", "d"].map(|id| party(id, Stage::Prospect, []));
    put(store, records.to_vec()).await;
    let converted = async |as_of| ask(store, as_of).await.1;
    assert_eq!(converted(NEWEST).await, NOBODY);
    let entries = vec![
        sale("1", "c", 1, 1, 0),
        sale("2", "stranger", 1, 1, 0),
        payment("3", "b", 1, 1),
        sale("4", "a", 1, 1, 0),
    ];
    append(store, entries).await;
    assert_eq!(converted(NEWEST).await, [0, 2]);
    append(store, vec![reversal("5", "1"), sale("6", "b", 1, 1, 0)]).await;
    assert_eq!(converted(NEWEST).await, [0, 1]);
    // One who comes shifts the others.
    put(store, vec![party("aa", Stage::Prospect, [])]).await;
    assert_eq!(converted(NEWEST).await, [0, 2]);
    assert_eq!(converted(8).await, [0, 2]);
    assert_eq!(converted(9).await, [0]);
    assert_eq!(converted(5).await, [2]);
    assert_eq!(converted(4).await, NOBODY);
}
