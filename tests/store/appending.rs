//! What becomes of entries that are submitted.

use crate::words::*;
use profitscore::{
    domain::{
        activity::{Activity, DirectCostKind, Kind, Price},
        ledger::{Entry, Outcome, WriteMode},
        problem::Reason,
        ranking::Basis,
        time::Period,
    },
    store::Store,
};

pub async fn positions_rise_without_gaps(store: &dyn Store) {
    assert_eq!(watermark(store).await, 0);
    let first = append(
        store,
        vec![sale("a", "c", 1, 10, 5), sale("b", "c", 2, 10, 5)],
    )
    .await;
    assert_eq!(first, posted(1, 2));
    let second = append(store, vec![payment("c", "d", 2, 10)]).await;
    assert_eq!(second, posted(3, 1));
    assert_eq!(append(store, Vec::new()).await, Vec::new());
    assert_eq!(watermark(store).await, 3);
}

pub async fn the_same_again_is_a_duplicate(store: &dyn Store) {
    let all = vec![
        sale("a", "c", 1, 10, 5),
        sale("b", "c", 2, 10, 5),
        reversal("r", "a"),
    ];
    append(store, all.clone()).await;
    let again: Vec<Outcome> = (1..=3).map(Outcome::Duplicate).collect();
    assert_eq!(append(store, all).await, again);
    let twice = vec![sale("d", "c", 1, 1, 0), sale("d", "c", 1, 1, 0)];
    assert_eq!(
        append(store, twice).await,
        [Outcome::Posted(4), Outcome::Duplicate(4)]
    );
    assert_eq!(watermark(store).await, 4);
}

pub async fn other_content_is_refused_by_field(store: &dyn Store) {
    let Entry::Activity(original) = sale("a", "c", 1, 10, 5) else {
        unreachable!()
    };
    append(
        store,
        vec![Entry::Activity(original.clone()), reversal("r", "a")],
    )
    .await;
    let mut others = vec![];
    let mut other = |field: &'static str, change: &dyn Fn(&mut Activity)| {
        let mut activity = original.clone();
        change(&mut activity);
        others.push((field, Entry::Activity(activity)));
    };
    other("customer_id", &|activity| {
        activity.customer_id = party_id("d")
    });
    other("occur_time", &|activity| activity.occur_time.nanos = 1);
    other("dimensions.branch_id", &|activity| {
        activity.dimensions.branch_id = "north".to_owned()
    });
    other("dimensions.evidence_ref", &|activity| {
        activity.dimensions.evidence_ref = "letter".to_owned();
    });
    other("sale.revenue", &|activity| activity.kind = sale_kind(11, 5));
    other("sale.cost_of_goods", &|activity| {
        activity.kind = sale_kind(10, 6)
    });
    other("sale.quantity", &|activity| {
        if let Kind::Sale { quantity, .. } = &mut activity.kind {
            *quantity = Some(1);
        }
    });
    other("sale.list_amount", &|activity| {
        if let Kind::Sale { price, .. } = &mut activity.kind {
            *price = Some(Price::List(20_000_000));
        }
    });
    other("kind", &|activity| {
        activity.kind = Kind::DirectCost {
            kind: DirectCostKind::Freight,
            amount: 10_000_000,
        }
    });
    others.push(("reversal_id", reversal("a", "a")));
    others.push(("activity_id", sale("r", "c", 1, 10, 5)));
    others.push(("activity_id", reversal("r", "b")));
    for (field, entry) in others {
        // In the ledger already, and submitted again within one batch.
        for batch in [
            vec![entry.clone()],
            vec![sale("z", "c", 1, 1, 1), entry.clone()],
        ] {
            let outcome = append(store, batch).await.pop().unwrap();
            assert_eq!(
                refusal(&outcome),
                (Reason::ActivityConflict, field),
                "{entry:?}"
            );
            let Outcome::Rejected(problem) = outcome else {
                unreachable!()
            };
            let position = if field == "activity_id" { "2" } else { "1" };
            assert_eq!(problem.metadata["position"], position);
            assert_eq!(problem.metadata["activity_id"], entry.id().as_str());
        }
    }
    let batch = vec![sale("n", "c", 1, 1, 1), sale("n", "c", 1, 2, 1)];
    let outcomes = append(store, batch).await;
    assert_eq!(
        refusal(&outcomes[1]),
        (Reason::ActivityConflict, "sale.revenue")
    );
}

pub async fn items_of_a_batch_stand_alone(store: &dyn Store) {
    append(store, vec![sale("a", "c", 1, 10, 5)]).await;
    let batch = vec![
        sale("b", "c", 1, 1, 0),
        sale("a", "c", 1, 11, 5),
        sale("a", "c", 1, 10, 5),
        reversal("r", "nothing"),
        sale("d", "c", 1, 2, 0),
    ];
    let outcomes = append(store, batch).await;
    assert_eq!(outcomes[0], Outcome::Posted(2));
    assert_eq!(refusal(&outcomes[1]).0, Reason::ActivityConflict);
    assert_eq!(outcomes[2], Outcome::Duplicate(1));
    assert_eq!(refusal(&outcomes[3]).0, Reason::ActivityNotFound);
    assert_eq!(outcomes[4], Outcome::Posted(3));
    assert_eq!(watermark(store).await, 3);
}

pub async fn a_reversal_needs_its_activity(store: &dyn Store) {
    append(store, vec![sale("a", "c", 1, 10, 5)]).await;
    let outcomes = append(store, vec![reversal("r1", "b")]).await;
    assert_eq!(
        refusal(&outcomes[0]),
        (Reason::ActivityNotFound, "activity_id")
    );
    assert_eq!(append(store, vec![reversal("r1", "a")]).await, posted(2, 1));
    let outcomes = append(store, vec![reversal("r2", "a"), reversal("r3", "r1")]).await;
    assert_eq!(
        refusal(&outcomes[0]),
        (Reason::ActivityAlreadyReversed, "activity_id")
    );
    let Outcome::Rejected(problem) = &outcomes[0] else {
        unreachable!()
    };
    assert_eq!(problem.metadata["reversed_at"], "2");
    assert_eq!(
        refusal(&outcomes[1]),
        (Reason::ActivityNotFound, "activity_id")
    );
    // Taking it back does not free its id.
    assert_eq!(
        append(store, vec![sale("a", "c", 1, 10, 5)]).await,
        [Outcome::Duplicate(1)]
    );
    assert_eq!(watermark(store).await, 2);
}

pub async fn a_reversal_can_follow_in_the_same_batch(store: &dyn Store) {
    let batch = vec![
        reversal("early", "a"),
        sale("a", "c", 1, 10, 5),
        reversal("r1", "a"),
        reversal("r2", "a"),
        reversal("r3", "r1"),
    ];
    let outcomes = append(store, batch).await;
    assert_eq!(refusal(&outcomes[0]).0, Reason::ActivityNotFound);
    assert_eq!(outcomes[1..3], posted(1, 2));
    assert_eq!(refusal(&outcomes[3]).0, Reason::ActivityAlreadyReversed);
    assert_eq!(refusal(&outcomes[4]).0, Reason::ActivityNotFound);
    let answer = rank(store, scope(Period::ALL), order(Basis::Revenue)).await;
    assert_eq!(answer.totals.active, 0);
    // What was refused for want of its activity can come again.
    let outcomes = append(store, vec![sale("b", "c", 1, 1, 0), reversal("early", "b")]).await;
    assert_eq!(outcomes, posted(3, 2));
}

pub async fn validate_only_keeps_nothing(store: &dyn Store) {
    append(store, vec![sale("a", "c", 1, 10, 5)]).await;
    let batch = vec![
        sale("b", "c", 1, 1, 0),
        sale("b", "c", 1, 1, 0),
        sale("b", "c", 1, 2, 0),
        sale("a", "c", 1, 10, 5),
        reversal("r", "a"),
        reversal("s", "a"),
    ];
    for _ in 0..2 {
        let outcomes = validate(store, "t", batch.clone()).await;
        assert!(matches!(outcomes[0], Outcome::Posted(_)));
        assert!(matches!(outcomes[1], Outcome::Duplicate(_)));
        assert_eq!(
            refusal(&outcomes[2]),
            (Reason::ActivityConflict, "sale.revenue")
        );
        assert_eq!(outcomes[3], Outcome::Duplicate(1));
        assert!(matches!(outcomes[4], Outcome::Posted(_)));
        assert_eq!(refusal(&outcomes[5]).0, Reason::ActivityAlreadyReversed);
    }
    assert_eq!(watermark(store).await, 1);
    assert_eq!(entries(store, &all_entries()).await.len(), 1);
    let nobody = validate(store, "nobody", batch).await;
    assert!(matches!(nobody[3], Outcome::Posted(_)));
    assert_eq!(refusal(&nobody[5]).0, Reason::ActivityAlreadyReversed);
    assert_eq!(store.watermark(&tenant("nobody")).await.unwrap(), 0);
}

async fn validate(store: &dyn Store, id: &str, entries: Vec<Entry>) -> Vec<Outcome> {
    let mode = WriteMode::ValidateOnly;
    store.append(&tenant(id), entries, NOW, mode).await.unwrap()
}

pub async fn tenants_are_apart(store: &dyn Store) {
    append_to(store, "t", vec![sale("a", "c", 1, 10, 5)]).await;
    let other = append_to(
        store,
        "u",
        vec![sale("a", "c", 1, 99, 5), reversal("r", "a")],
    )
    .await;
    assert_eq!(other, posted(1, 2));
    let outcomes = append_to(store, "v", vec![reversal("r", "a")]).await;
    assert_eq!(refusal(&outcomes[0]).0, Reason::ActivityNotFound);
    let answer = rank(store, scope(Period::ALL), order(Basis::Revenue)).await;
    assert_eq!(standing(&answer), [("c", 10)]);
    assert_eq!(store.watermark(&tenant("u")).await.unwrap(), 2);
    assert_eq!(store.watermark(&tenant("v")).await.unwrap(), 0);
}

pub async fn requests_at_once_all_get_their_places(store: &dyn Store) {
    let batch = |request: u64| -> Vec<Entry> {
        (0..5)
            .map(|item| sale(&format!("{request}-{item}"), "c", 1, 1, 0))
            .collect()
    };
    // Every batch comes twice, from two clients at once.
    let requests = (0..40).map(|request| append(store, batch(request / 2)));
    let all = join_all(requests).await;
    let mut positions = Vec::new();
    for pair in all.chunks(2) {
        for (a, b) in pair[0].iter().zip(&pair[1]) {
            match (a, b) {
                (Outcome::Posted(a), Outcome::Duplicate(b))
                | (Outcome::Duplicate(b), Outcome::Posted(a)) => {
                    assert_eq!(a, b);
                    positions.push(*a);
                }
                _ => panic!("{a:?} and {b:?}"),
            }
        }
    }
    positions.sort_unstable();
    assert_eq!(positions, (1..=100).collect::<Vec<_>>());
    assert_eq!(watermark(store).await, 100);
}

/// Polls all futures until each is ready.
async fn join_all<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut futures: Vec<_> = futures.into_iter().map(Box::pin).collect();
    let mut outputs: Vec<Option<F::Output>> = futures.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        for (future, output) in futures.iter_mut().zip(&mut outputs) {
            if output.is_none()
                && let std::task::Poll::Ready(ready) = future.as_mut().poll(context)
            {
                *output = Some(ready);
            }
        }
        if outputs.iter().all(Option::is_some) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    outputs.into_iter().flatten().collect()
}
