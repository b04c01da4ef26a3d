//! The values of all customers for the questions that were asked last. The first page and the next, the best and the
//! worst, the places by revenue and the whale curve are all made of the same values; and what is true as of a position
//! is true for ever.

use super::{
    books::{Books, narrow, wide},
    scan::{Scan, scan},
};
use crate::domain::{account::Weights, id::TenantId, question::Scope};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// How many bytes of values are kept.
pub(super) const KEPT_BYTES: usize = 32 * 1_024 * 1_024;

/// Values that are added up in as many bits as they need.
#[derive(Clone)]
pub(super) enum AnyScan {
    /// In 64 bits.
    Narrow(Arc<Scan<i64>>),
    /// In 128 bits.
    Wide(Arc<Scan<i128>>),
}

impl AnyScan {
    fn bytes(&self) -> usize {
        match self {
            Self::Narrow(scan) => scan.bytes(),
            Self::Wide(scan) => scan.bytes(),
        }
    }
}

/// What a scan is of.
#[derive(PartialEq, Eq)]
struct Key {
    tenant: TenantId,
    scope: Scope,
    weights: Weights,
}

/// The scans that were asked for last, the newest first.
#[derive(Default)]
struct Kept {
    scans: VecDeque<(Key, AnyScan)>,
    bytes: usize,
}

/// All tenants' scans.
pub(super) struct AllScans {
    kept: Mutex<Kept>,
    limit: usize,
}

/// One tenant's.
pub(super) struct KeptScans<'a> {
    all: &'a AllScans,
    tenant: &'a TenantId,
}

impl AllScans {
    /// Keeps at most so many bytes.
    pub fn within(limit: usize) -> Self {
        Self {
            kept: Mutex::default(),
            limit,
        }
    }

    /// Those of one tenant.
    pub fn of<'a>(&'a self, tenant: &'a TenantId) -> KeptScans<'a> {
        KeptScans { all: self, tenant }
    }

    // Nothing that is behind this lock is ever half done.
    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, key: &Key) -> Option<AnyScan> {
        let mut kept = self.lock();
        let place = kept.scans.iter().position(|(own, _)| own == key)?;
        let found = kept.scans.remove(place)?;
        let scan = found.1.clone();
        kept.scans.push_front(found);
        Some(scan)
    }

    fn keep(&self, key: Key, scan: &AnyScan) {
        let bytes = scan.bytes();
        if bytes > self.limit {
            return;
        }
        let mut kept = self.lock();
        kept.bytes += bytes;
        kept.scans.push_front((key, scan.clone()));
        while kept.bytes > self.limit
            && let Some((_, dropped)) = kept.scans.pop_back()
        {
            kept.bytes -= dropped.bytes();
        }
    }
}

impl KeptScans<'_> {
    /// The values of all customers of a scope, made if they are not kept.
    pub fn scan(&self, books: &Books, scope: &Scope, weights: &Weights) -> AnyScan {
        let key = Key {
            tenant: self.tenant.clone(),
            scope: scope.clone(),
            // Accounts without postings weigh nothing: without them more questions are the same.
            weights: books.weights_in_use(weights),
        };
        if let Some(scan) = self.all.find(&key) {
            return scan;
        }
        let (accounts, extents) = (&books.accounts, &books.extents);
        let made = match narrow(weights, accounts, extents) {
            Some(weighing) => AnyScan::Narrow(Arc::new(scan(books, scope, weighing))),
            None => AnyScan::Wide(Arc::new(scan(
                books,
                scope,
                wide(weights, accounts, extents),
            ))),
        };
        self.all.keep(key, &made);
        made
    }
}
