//! Trained models that are kept for the next question.
//!
//! A model depends on the state and on the question alone, so that a kept one is never stale. Sales tooling asks about
//! prospects one by one; only the first of them waits for the training.

use crate::domain::{
    id::TenantId, ledger::Position, model::profit::ProfitModel, question::RankTotals, time::Period,
};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

/// How many models are kept.
const KEPT: usize = 8;

/// All that a model depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Learning {
    /// Whose customers.
    pub tenant: TenantId,
    /// As of which position.
    pub as_of: Position,
    /// The training period.
    pub period: Period,
    /// The horizon.
    pub horizon_days: u32,
    /// The version of the cost model.
    pub cost_model_version: u64,
}

/// A model and the books that it was made of.
#[derive(Debug)]
pub struct Trained {
    /// The model.
    pub model: Arc<ProfitModel>,
    /// What its customers add up to.
    pub totals: RankTotals,
}

/// The newest models, the one that was asked for last in front.
#[derive(Debug, Default)]
pub struct TrainedModels {
    kept: Mutex<VecDeque<(Learning, Arc<Trained>)>>,
}

impl TrainedModels {
    /// The model of a question, if it is kept.
    pub fn find(&self, learning: &Learning) -> Option<Arc<Trained>> {
        // Every change is a single call on the list, so that a panic elsewhere leaves nothing half done.
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let place = kept.iter().position(|(own, _)| own == learning)?;
        let found = kept.remove(place)?;
        let trained = Arc::clone(&found.1);
        kept.push_front(found);
        Some(trained)
    }

    /// Keeps a model, in the place of the one that was not asked for the longest.
    pub fn keep(&self, learning: Learning, trained: Arc<Trained>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(own, _)| *own != learning);
        kept.push_front((learning, trained));
        kept.truncate(KEPT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Day;

    fn learning(as_of: Position) -> Learning {
        Learning {
            tenant: TenantId::parse("t", "").unwrap(),
            as_of,
            period: Period::ALL,
            horizon_days: 365,
            cost_model_version: 0,
        }
    }

    fn trained() -> Arc<Trained> {
        let model = Arc::new(ProfitModel::train(&[], &[], Day(0), 365));
        let totals = RankTotals::default();
        Arc::new(Trained { model, totals })
    }

    #[test]
    fn a_model_is_found_by_its_own_question_only() {
        let models = TrainedModels::default();
        let own = trained();
        models.keep(learning(1), Arc::clone(&own));
        assert!(
            models
                .find(&learning(1))
                .is_some_and(|found| Arc::ptr_eq(&found, &own))
        );
        assert!(models.find(&learning(2)).is_none());
        let other = Learning {
            horizon_days: 30,
            ..learning(1)
        };
        assert!(models.find(&other).is_none());
    }

    #[test]
    fn what_was_not_asked_for_the_longest_goes_first() {
        let models = TrainedModels::default();
        for position in 0..KEPT as u64 {
            models.keep(learning(position), trained());
        }
        assert!(models.find(&learning(0)).is_some());
        models.keep(learning(99), trained());
        models.keep(learning(99), trained());
        assert!(models.find(&learning(0)).is_some());
        assert!(models.find(&learning(1)).is_none());
        assert!(models.find(&learning(2)).is_some());
    }
}
