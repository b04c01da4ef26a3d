//! Answers that are kept for the next question, and found once for all who ask at the same time.

use crate::domain::problem::Problem;
use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::OnceCell;

type Slot<V> = Arc<OnceCell<Arc<V>>>;

/// The newest answers, the one that was asked for last in front. An answer must depend on its question alone, the
/// position as of which it is asked included: then a kept one is never stale.
pub struct Kept<K, V> {
    slots: Mutex<VecDeque<(K, Slot<V>)>>,
    limit: usize,
}

impl<K: PartialEq + Clone, V> Kept<K, V> {
    /// Keeps at most so many answers.
    pub fn new(limit: usize) -> Self {
        Self {
            slots: Mutex::default(),
            limit,
        }
    }

    /// The answer of a question. Whoever asks first finds it, and whoever asks meanwhile waits for that one; if it
    /// gives up, the next of them goes on. What is refused is not kept.
    pub async fn find_or<F>(&self, question: &K, find: F) -> Result<Arc<V>, Problem>
    where
        F: AsyncFnOnce() -> Result<V, Problem>,
    {
        let slot = self.slot(question);
        let found = slot
            .get_or_try_init(async || find().await.map(Arc::new))
            .await;
        if found.is_err() {
            self.slots()
                .retain(|(_, own)| !Arc::ptr_eq(own, &slot) || own.initialized());
        }
        found.cloned()
    }

    fn slot(&self, question: &K) -> Slot<V> {
        let mut slots = self.slots();
        let place = slots.iter().position(|(own, _)| own == question);
        let found = place.and_then(|place| slots.remove(place));
        let found = found.unwrap_or_else(|| (question.clone(), Slot::default()));
        let slot = Arc::clone(&found.1);
        slots.push_front(found);
        slots.truncate(self.limit);
        slot
    }

    fn slots(&self) -> MutexGuard<'_, VecDeque<(K, Slot<V>)>> {
        // A panic elsewhere leaves at worst one answer fewer.
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K, V> fmt::Debug for Kept<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept")
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};
    use tokio::sync::Barrier;

    /// Counts how often an answer had to be found.
    async fn ask(kept: &Kept<u64, u64>, question: u64, found: &AtomicU64) -> u64 {
        let find = async || {
            found.fetch_add(1, Ordering::Relaxed);
            Ok(question * 10)
        };
        *kept.find_or(&question, find).await.unwrap()
    }

    #[tokio::test]
    async fn an_answer_is_found_once_and_what_was_not_asked_for_the_longest_goes_first() {
        let (kept, found) = (Kept::new(3), AtomicU64::new(0));
        for question in [1, 2, 3, 1, 2, 3, 1] {
            assert_eq!(ask(&kept, question, &found).await, question * 10);
        }
        assert_eq!(found.load(Ordering::Relaxed), 3);
        // Goes into the place of 2.
        ask(&kept, 4, &found).await;
        ask(&kept, 1, &found).await;
        ask(&kept, 3, &found).await;
        assert_eq!(found.load(Ordering::Relaxed), 4);
        ask(&kept, 2, &found).await;
        assert_eq!(found.load(Ordering::Relaxed), 5);
    }

    #[tokio::test]
    async fn who_asks_meanwhile_waits_for_the_first() {
        let kept = Arc::new(Kept::new(2));
        let found = Arc::new(AtomicU64::new(0));
        let all_ask = Arc::new(Barrier::new(8));
        let one = |_| {
            let (kept, found, all_ask) = (kept.clone(), found.clone(), all_ask.clone());
            tokio::spawn(async move {
                all_ask.wait().await;
                let find = async || {
                    found.fetch_add(1, Ordering::Relaxed);
                    tokio::task::yield_now().await;
                    Ok(7)
                };
                *kept.find_or(&1, find).await.unwrap()
            })
        };
        let askers: Vec<_> = (0..8).map(one).collect();
        for asker in askers {
            assert_eq!(asker.await.unwrap(), 7);
        }
        assert_eq!(found.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn what_is_refused_is_asked_again_and_takes_no_place() {
        let (kept, found) = (Kept::new(2), AtomicU64::new(0));
        ask(&kept, 1, &found).await;
        ask(&kept, 2, &found).await;
        for question in 3..6 {
            let refuse = async || Err(Problem::field_required("period"));
            assert!(kept.find_or(&question, refuse).await.is_err());
        }
        // The place of 1 was taken for a while.
        ask(&kept, 2, &found).await;
        assert_eq!(found.load(Ordering::Relaxed), 2);
        assert_eq!(ask(&kept, 3, &found).await, 30);
    }

    #[tokio::test]
    async fn if_the_first_gives_up_the_next_goes_on() {
        let kept = Kept::<u64, u64>::new(2);
        let never = kept.find_or(&1, async || std::future::pending().await);
        tokio::select! {
            biased;
            _ = never => unreachable!("it never ends"),
            () = tokio::task::yield_now() => {}
        }
        assert_eq!(ask(&kept, 1, &AtomicU64::new(0)).await, 10);
    }
}
