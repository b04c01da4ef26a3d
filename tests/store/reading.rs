//! The ledger as it is listed.

use crate::words::*;
use profitscore::{
    domain::{
        ledger::{LedgerEntry, LedgerQuestion},
        party::Stage,
        time::Instant,
    },
    store::Store,
};

async fn fill(store: &dyn Store) {
    append(
        store,
        vec![sale("a", "c", 3, 10, 5), sale("b", "d", 1, 10, 5)],
    )
    .await;
    put(store, vec![party("c", Stage::Customer, [])]).await;
    append(
        store,
        vec![
            reversal("r", "b"),
            sale("e", "c", 1, 10, 5),
            payment("f", "d", 5, 1),
        ],
    )
    .await;
}

fn positions(entries: &[LedgerEntry]) -> Vec<u64> {
    entries.iter().map(|entry| entry.position).collect()
}

async fn list(store: &dyn Store, question: &LedgerQuestion) -> Vec<u64> {
    positions(&entries(store, question).await)
}

pub async fn entries_are_listed_in_pages(store: &dyn Store) {
    fill(store).await;
    let all = entries(store, &all_entries()).await;
    assert_eq!(positions(&all), [1, 2, 4, 5, 6]);
    assert_eq!(all[0].entry, sale("a", "c", 3, 10, 5));
    assert_eq!(all[2].entry, reversal("r", "b"));
    assert!(all.iter().all(|entry| entry.record_time == NOW));
    let reversed: Vec<_> = all.iter().map(|entry| entry.reversed_at).collect();
    assert_eq!(reversed, [None, Some(4), None, None, None]);
    let page = LedgerQuestion {
        limit: 2,
        ..all_entries()
    };
    assert_eq!(list(store, &page).await, [1, 2]);
    assert_eq!(
        list(
            store,
            &LedgerQuestion {
                after: 2,
                ..page.clone()
            }
        )
        .await,
        [4, 5]
    );
    assert_eq!(
        list(
            store,
            &LedgerQuestion {
                after: 5,
                ..page.clone()
            }
        )
        .await,
        [6]
    );
    assert_eq!(
        list(store, &LedgerQuestion { after: 6, ..page }).await,
        [0; 0]
    );
    assert!(
        store
            .entries(&tenant("u"), &all_entries())
            .await
            .unwrap()
            .is_empty()
    );
}

pub async fn entries_of_a_customer_with_their_reversals(store: &dyn Store) {
    fill(store).await;
    let of = |customer: &str| LedgerQuestion {
        customer: Some(party_id(customer)),
        ..all_entries()
    };
    assert_eq!(list(store, &of("c")).await, [1, 5]);
    assert_eq!(list(store, &of("d")).await, [2, 4, 6]);
    assert_eq!(
        list(
            store,
            &LedgerQuestion {
                after: 2,
                limit: 1,
                ..of("d")
            }
        )
        .await,
        [4]
    );
    assert_eq!(
        list(
            store,
            &LedgerQuestion {
                as_of: 4,
                ..of("d")
            }
        )
        .await,
        [2, 4]
    );
    assert_eq!(list(store, &of("nobody")).await, [0; 0]);
}

pub async fn entries_of_a_time(store: &dyn Store) {
    fill(store).await;
    let between = |start, end| LedgerQuestion {
        start,
        end,
        ..all_entries()
    };
    // A reversal happens when its activity did.
    assert_eq!(list(store, &between(None, Some(noon(3)))).await, [2, 4, 5]);
    let after_noon = Instant {
        nanos: 1,
        ..noon(3)
    };
    assert_eq!(
        list(store, &between(None, Some(after_noon))).await,
        [1, 2, 4, 5]
    );
    assert_eq!(list(store, &between(Some(noon(3)), None)).await, [1, 6]);
    assert_eq!(list(store, &between(Some(after_noon), None)).await, [6]);
    assert_eq!(
        list(store, &between(Some(noon(1)), Some(noon(2)))).await,
        [2, 4, 5]
    );
    let page = LedgerQuestion {
        limit: 1,
        after: 2,
        ..between(Some(noon(1)), Some(noon(2)))
    };
    assert_eq!(list(store, &page).await, [4]);
}

pub async fn entries_as_of_a_position(store: &dyn Store) {
    fill(store).await;
    let before = entries(
        store,
        &LedgerQuestion {
            as_of: 3,
            ..all_entries()
        },
    )
    .await;
    assert_eq!(positions(&before), [1, 2]);
    assert_eq!(before[1].reversed_at, None);
    let after = entries(
        store,
        &LedgerQuestion {
            as_of: 4,
            ..all_entries()
        },
    )
    .await;
    assert_eq!(after[1].reversed_at, Some(4));
}
