//! Once nobody writes for a while what came last is put by day, and nothing else changes.

use super::*;
use std::time::Duration;

const ROWS: u64 = 200;

/// Whether any of the rows are left as they came.
fn is_unsettled(store: &EmbeddedStore) -> bool {
    let tenant = store.questions.tenants.find(&tenant()).unwrap().unwrap();
    tenant.read().unwrap().unsettled().is_some()
}

/// Waits until none of them are.
async fn settled(store: &EmbeddedStore) {
    let settling = async {
        while is_unsettled(store) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let patience = Duration::from_secs(30);
    tokio::time::timeout(patience, settling).await.unwrap();
}

#[tokio::test]
async fn what_came_last_is_put_by_day_once_nobody_writes() {
    let folder = TempDir::new().unwrap();
    let store = EmbeddedStore::open(&settings(folder.path()), |_| ()).unwrap();
    append(&store, payments(0..ROWS)).await.unwrap();
    let sum = spend(&store).await;
    settled(&store).await;
    assert_eq!(sum, i128::from(ROWS));
    assert_eq!(spend(&store).await, sum);
    // It goes on as before, and writes what is next at once.
    append(&store, payments(0..2 * ROWS)).await.unwrap();
    assert_eq!(spend(&store).await, 2 * sum);
    settled(&store).await;
    assert_eq!(spend(&store).await, 2 * sum);
    drop(store);
    let store = EmbeddedStore::open(&settings(folder.path()), |_| ()).unwrap();
    assert_eq!(spend(&store).await, 2 * sum);
}

#[test]
fn settling_ends_when_something_else_is_to_be_done() {
    let folder = TempDir::new().unwrap();
    let mut engine = engine_on(Arc::new(RealDisk::open(folder.path()).unwrap()), 1 << 26);
    write(&mut engine, payments(0..ROWS)).unwrap();
    let found = Arc::clone(engine.questions());
    let unsettled = || {
        let tenant = found.tenants.find(&tenant()).unwrap().unwrap();
        tenant.read().unwrap().unsettled()
    };
    engine.settle(|| false);
    assert_eq!(unsettled(), Some(0));
    engine.settle(|| true);
    assert_eq!(unsettled(), None);
}
