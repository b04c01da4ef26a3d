//! How many readers there may be, and that each gives its place back.

use super::WatchLimits;
use crate::{
    domain::{
        id::TenantId,
        problem::{Problem, Reason},
    },
    telemetry::metrics::METRICS,
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

/// The places of all readers.
pub struct Seats {
    limits: WatchLimits,
    taken: Mutex<BTreeMap<TenantId, usize>>,
}

/// One reader's place, until it is dropped.
pub struct Seat {
    seats: Arc<Seats>,
    tenant: TenantId,
}

impl Seats {
    /// All free.
    pub fn new(limits: WatchLimits) -> Self {
        Self {
            limits,
            taken: Mutex::default(),
        }
    }

    /// Takes one, or refuses with TOO_MANY_WATCHERS.
    pub fn take(self: &Arc<Self>, tenant: &TenantId) -> Result<Seat, Problem> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let own = taken.get(tenant).copied().unwrap_or(0);
        let all: usize = taken.values().sum();
        if own >= self.limits.watchers_per_tenant {
            let limit = self.limits.watchers_per_tenant;
            return Err(too_many("watchers of the tenant", limit));
        }
        if all >= self.limits.watchers {
            return Err(too_many("watchers", self.limits.watchers));
        }
        taken.insert(tenant.clone(), own + 1);
        METRICS.watchers.add(1);
        Ok(Seat {
            seats: Arc::clone(self),
            tenant: tenant.clone(),
        })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let taken = &self.seats.taken;
        let mut taken = taken.lock().unwrap_or_else(PoisonError::into_inner);
        let left = taken.get(&self.tenant).map_or(0, |count| count - 1);
        match left {
            0 => taken.remove(&self.tenant),
            left => taken.insert(self.tenant.clone(), left),
        };
        METRICS.watchers.add(-1);
    }
}

/// There are as many as there may be.
pub fn too_many(what: &str, limit: usize) -> Problem {
    let message = format!("there are {limit} {what} already, and no more are taken");
    let variables = [("what", what.to_owned()), ("limit", limit.to_string())];
    Problem::new(Reason::TooManyWatchers, "", message, variables)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_limited_and_given_back() {
        let seats = Arc::new(Seats::new(WatchLimits {
            watchers: 3,
            watchers_per_tenant: 2,
            ..WatchLimits::default()
        }));
        let tenant = |id| TenantId::parse_or_default(id, "").unwrap();
        let (one, other) = (tenant("one"), tenant("other"));
        let first = seats.take(&one).unwrap();
        let _second = seats.take(&one).unwrap();
        let refused = seats.take(&one).err().unwrap();
        assert_eq!(refused.metadata["what"], "watchers of the tenant");
        let _third = seats.take(&other).unwrap();
        let refused = seats.take(&other).err().unwrap();
        assert_eq!(
            (refused.reason, refused.metadata["limit"].as_str()),
            (Reason::TooManyWatchers, "3")
        );
        drop(first);
        assert!(seats.take(&other).is_ok());
    }
}
