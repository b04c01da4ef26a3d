//! Who waits for something to be written is told.

use crate::words::{append, append_to, sale, tenant, watermark};
use profitscore::{domain::ledger::WriteMode, store::Store};
use std::time::Duration;

pub async fn a_store_tells_when_something_is_written(store: &dyn Store) {
    let own = tenant("t");
    let waits = async {
        // Of another tenant's writes, and of what is not kept, it hears nothing.
        let first = store.advanced(&own, 0).await.unwrap();
        let second = store.advanced(&own, first).await.unwrap();
        (first, second)
    };
    let writes = async {
        append_to(store, "other", vec![sale("x", "c", 1, 1, 0)]).await;
        let checked = vec![sale("y", "c", 1, 1, 0)];
        let mode = WriteMode::ValidateOnly;
        store
            .append(&own, checked, crate::words::noon(1), mode)
            .await
            .unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
        append(store, vec![sale("a", "c", 1, 1, 0)]).await;
        tokio::time::sleep(Duration::from_millis(600)).await;
        append(
            store,
            vec![sale("b", "c", 1, 1, 0), sale("d", "c", 1, 1, 0)],
        )
        .await;
    };
    let ((first, second), ()) = tokio::join!(waits, writes);
    assert_eq!((first, second), (1, 3));
    // What is there already is told at once.
    assert_eq!(
        store.advanced(&own, 0).await.unwrap(),
        watermark(store).await
    );
}
