//! The values of all customers for the questions that were asked last. The first page and the next, the best and the
//! worst, the places by revenue and the whale curve are all made of the same values; and what is true as of a position
//! is true for ever.

use super::{
    bits::Bits,
    books::{Books, narrow, wide},
    kept::Kept,
    scan::{Scan, scan},
};
use crate::domain::{account::Weights, id::TenantId, question::Scope};
use std::sync::Arc;

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
    /// What a customer is worth, in what the weights give.
    pub fn value(&self, customer: u32) -> i128 {
        match self {
            Self::Narrow(scan) => scan.value(customer),
            Self::Wide(scan) => scan.value(customer),
        }
    }

    /// Who has any posting in the period.
    pub fn active(&self) -> &Bits {
        match self {
            Self::Narrow(scan) => &scan.active,
            Self::Wide(scan) => &scan.active,
        }
    }

    /// The same values with something taken off each.
    pub fn less(&self, taken: impl Fn(u32) -> i128) -> Self {
        Self::Wide(Arc::new(match self {
            Self::Narrow(scan) => scan.less(taken),
            Self::Wide(scan) => scan.less(taken),
        }))
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Narrow(scan) => scan.bytes(),
            Self::Wide(scan) => scan.bytes(),
        }
    }
}

/// What a scan is of.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Key {
    tenant: TenantId,
    /// How many parties had been erased: who is in a scope may depend on their traits.
    erasures: usize,
    scope: Scope,
    weights: Weights,
}

/// All tenants' scans.
pub(super) struct AllScans(Kept<Key, AnyScan>);

/// One tenant's.
pub(super) struct KeptScans<'a> {
    all: &'a AllScans,
    tenant: &'a TenantId,
}

impl AllScans {
    /// Keeps at most so many bytes.
    pub fn within(limit: usize) -> Self {
        Self(Kept::within(limit))
    }

    /// Those of one tenant.
    pub fn of<'a>(&'a self, tenant: &'a TenantId) -> KeptScans<'a> {
        KeptScans { all: self, tenant }
    }
}

impl KeptScans<'_> {
    /// The values of all customers of a scope by each of some weights: those that are not kept are made in one pass.
    pub fn scans(&self, books: &Books, scope: &Scope, all: &[&Weights]) -> Vec<AnyScan> {
        let mut keys: Vec<Key> = Vec::new();
        let places: Vec<usize> = all
            .iter()
            .map(|weights| {
                // Accounts without postings weigh nothing: without them more questions are the same.
                let weights = books.weights_in_use(weights);
                let known = keys.iter().position(|key| key.weights == weights);
                known.unwrap_or_else(|| {
                    keys.push(Key {
                        tenant: self.tenant.clone(),
                        erasures: books.records.prospects().erasure_count(),
                        scope: scope.clone(),
                        weights,
                    });
                    keys.len() - 1
                })
            })
            .collect();
        let mut found: Vec<Option<AnyScan>> = keys.iter().map(|key| self.all.0.find(key)).collect();
        let missing: Vec<usize> = (0..keys.len())
            .filter(|key| found[*key].is_none())
            .collect();
        let weights = missing.iter().map(|key| &keys[*key].weights);
        for (key, scan) in missing.iter().zip(made(books, scope, weights)) {
            let bytes = scan.bytes();
            self.all.0.keep(keys[*key].clone(), scan.clone(), bytes);
            found[*key] = Some(scan);
        }
        let places = places.into_iter();
        places.filter_map(|place| found[place].clone()).collect()
    }
}

/// Scans by each of some weights: in one pass those that have room in 64 bits.
fn made<'w>(
    books: &Books,
    scope: &Scope,
    all: impl Iterator<Item = &'w Weights> + Clone,
) -> Vec<AnyScan> {
    let (accounts, extents) = (&books.accounts, &books.extents);
    let weighings: Vec<_> = all
        .clone()
        .map(|weights| narrow(weights, accounts, extents))
        .collect();
    let mut together = match weighings.iter().flatten().count() {
        0 => Vec::new(),
        _ => scan(books, scope, weighings.iter().flatten().cloned().collect()),
    }
    .into_iter();
    let scans = all.zip(weighings).filter_map(|(weights, weighing)| {
        if weighing.is_some() {
            return together.next().map(|scan| AnyScan::Narrow(Arc::new(scan)));
        }
        let weighing = wide(weights, accounts, extents);
        let alone = scan(books, scope, vec![weighing]).pop();
        alone.map(|scan| AnyScan::Wide(Arc::new(scan)))
    });
    scans.collect()
}
