//! Tables of prospects that are kept for the next question.
//!
//! A table depends on the parties alone: it is good until one of them is written, and then what did not change is
//! copied from it. Who has a sale is looked up for each question, among the few prospects that are customers.

use super::{books::Books, tenants::Tenant};
use crate::domain::{
    id::{PartyId, TenantId, TraitKey},
    ledger::Position,
    problem::Problem,
    prospect::{ProspectAnswer, ProspectQuestion, ProspectTable, TableBuilder},
};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// How much memory the tables of all tenants may take together; the newest is kept in any case.
const KEPT_BYTES: usize = 256 << 20;

/// How many parties are looked at before the books are let go: who writes must not wait for a whole table.
const CHUNK: usize = 10_000;

/// The tables of all tenants.
pub(super) struct ProspectTables {
    /// How much memory they may take.
    limit: usize,
    /// The one that was asked for last in front.
    kept: Mutex<VecDeque<Arc<Kept>>>,
    /// Held while a tenant's table is made, so that questions at once make it once.
    making: Mutex<BTreeMap<TenantId, Arc<Mutex<()>>>>,
}

struct Kept {
    tenant: TenantId,
    /// How many parties had been erased: a table from before one was is none to copy from.
    erasures: usize,
    table: Arc<ProspectTable>,
    customers: Mutex<Customers>,
}

/// Of what a table is, beside the position.
#[derive(Clone, Copy)]
struct Of<'a> {
    id: &'a TenantId,
    erasures: usize,
    traits: &'a [TraitKey],
}

/// Which prospects are customers, those with any activity ever.
#[derive(Clone, Default)]
struct Customers {
    /// So many of the books' customers were looked for.
    looked_for: usize,
    /// Their rows, rising.
    rows: Vec<u32>,
}

/// What there is of a tenant that was never written to.
pub(super) fn nobody(question: &ProspectQuestion) -> ProspectAnswer {
    let table = TableBuilder::new(question.traits.clone(), question.as_of);
    ProspectAnswer {
        table: Arc::new(table.finish()),
        converted: Vec::new(),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing that is behind these locks is ever half done.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Default for ProspectTables {
    fn default() -> Self {
        Self::within(KEPT_BYTES)
    }
}

impl ProspectTables {
    fn within(limit: usize) -> Self {
        Self {
            limit,
            kept: Mutex::default(),
            making: Mutex::default(),
        }
    }

    /// Answers a question of a tenant. Blocks.
    pub fn answer(
        &self,
        id: &TenantId,
        tenant: &Tenant,
        question: &ProspectQuestion,
    ) -> Result<ProspectAnswer, Problem> {
        let (position, erasures) = {
            let records = &tenant.read()?.records;
            let position = records.last_party_write(question.as_of);
            (position, records.prospects().erasure_count())
        };
        let of = Of {
            id,
            erasures,
            traits: &question.traits,
        };
        let kept = match self.find(of, position) {
            Some(kept) => kept,
            None => self.make(of, tenant, position)?,
        };
        let books = tenant.read()?;
        let converted = kept.converted(&books, question.as_of);
        Ok(ProspectAnswer {
            table: Arc::clone(&kept.table),
            converted,
        })
    }

    fn find(&self, of: Of<'_>, position: Position) -> Option<Arc<Kept>> {
        let mut kept = lock(&self.kept);
        let place = kept
            .iter()
            .position(|kept| kept.is(of) && kept.table.as_of() == position)?;
        let found = kept.remove(place)?;
        kept.push_front(Arc::clone(&found));
        Some(found)
    }

    fn make(&self, of: Of<'_>, tenant: &Tenant, position: Position) -> Result<Arc<Kept>, Problem> {
        let making = Arc::clone(lock(&self.making).entry(of.id.clone()).or_default());
        let _only_one = lock(&making);
        if let Some(kept) = self.find(of, position) {
            return Ok(kept);
        }
        let mut builder = match self.newest_before(of, position) {
            Some(earlier) => TableBuilder::after(Arc::clone(&earlier.table), position),
            None => TableBuilder::new(of.traits.to_vec(), position),
        };
        let mut after = None;
        loop {
            let records = &tenant.read()?.records;
            after = records.visit_parties(after.as_ref(), CHUNK, position, |written, party| {
                builder.take(written, party);
            });
            if after.is_none() {
                break;
            }
        }
        let made = Arc::new(Kept {
            tenant: of.id.clone(),
            erasures: of.erasures,
            table: Arc::new(builder.finish()),
            customers: Mutex::default(),
        });
        self.keep(Arc::clone(&made));
        Ok(made)
    }

    fn newest_before(&self, of: Of<'_>, position: Position) -> Option<Arc<Kept>> {
        let kept = lock(&self.kept);
        let earlier = kept
            .iter()
            .filter(|kept| kept.is(of) && kept.table.as_of() < position);
        earlier.max_by_key(|kept| kept.table.as_of()).cloned()
    }

    /// Keeps a table, and drops those that were not asked for the longest.
    fn keep(&self, made: Arc<Kept>) {
        let mut kept = lock(&self.kept);
        kept.push_front(made);
        let mut bytes = 0;
        let fits = kept.iter().take_while(|kept| {
            bytes += kept.table.bytes();
            bytes <= self.limit
        });
        let fits = fits.count().max(1);
        kept.truncate(fits);
    }
}

impl Kept {
    fn is(&self, of: Of<'_>) -> bool {
        self.tenant == *of.id && self.erasures == of.erasures && self.table.traits() == of.traits
    }

    /// The rows of those with a sale, rising.
    fn converted(&self, books: &Books, as_of: Position) -> Vec<u32> {
        let mut customers = lock(&self.customers);
        let ids = self.table.ids();
        if customers.looked_for < books.customers.len() {
            customers.look_for(books, ids);
        }
        let has_sale = |row: &u32| {
            let id = ids.get(*row as usize);
            id.is_some_and(|id| books.has_sale(id, as_of))
        };
        customers.rows.iter().copied().filter(has_sale).collect()
    }
}

impl Customers {
    /// Looks for the customers that came since.
    fn look_for(&mut self, books: &Books, ids: &[PartyId]) {
        let count = books.customers.len();
        if (count - self.looked_for).saturating_mul(16) < ids.len() {
            for number in self.looked_for..count {
                // Numbers of customers are counted in 32 bits.
                let number = u32::try_from(number).unwrap_or(u32::MAX);
                let name = books.customers.name(number);
                let row = ids.binary_search_by(|id| id.as_str().cmp(name));
                if let Some(row) = row.ok().and_then(|row| u32::try_from(row).ok()) {
                    self.rows.push(row);
                }
            }
            self.rows.sort_unstable();
        } else {
            let is_customer =
                |(_, id): &(u32, &PartyId)| books.customers.number(id.as_str()).is_some();
            let customers = (0_u32..).zip(ids).filter(is_customer);
            self.rows = customers.map(|(row, _)| row).collect();
        }
        self.looked_for = count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        party::{Party, Stage},
        records::Record,
        time::Instant,
    };

    fn party(number: u64) -> Record {
        Record::Party(Party {
            party_id: PartyId::parse(&format!("P{number:03}"), "").unwrap(),
            stage: Stage::Prospect,
            display_name: String::new(),
            traits: Default::default(),
        })
    }

    #[test]
    fn tables_are_kept_while_they_fit() {
        let mut books = Books::default();
        let now = Instant {
            seconds: 0,
            nanos: 0,
        };
        (0..100).for_each(|number| books.store(now, party(number)));
        let tenant = Tenant::new(books);
        let id = TenantId::parse("t", "").unwrap();
        let ask = |tables: &ProspectTables, as_of| {
            let question = ProspectQuestion {
                traits: Vec::new(),
                as_of,
            };
            tables.answer(&id, &tenant, &question).unwrap().table
        };
        let one = ProspectTables::default();
        let full = ask(&one, 100).bytes();
        assert!(full >= 100 * size_of::<PartyId>());
        assert!(Arc::ptr_eq(&ask(&one, 100), &ask(&one, u64::MAX)));
        let few = ProspectTables::within(3 * full);
        for as_of in [100, 99, 98, 97, 96] {
            let table = ask(&few, as_of);
            assert_eq!(table.ids().len() as u64, as_of);
            assert!(Arc::ptr_eq(&table, &ask(&few, as_of)));
            let bytes: usize = lock(&few.kept).iter().map(|kept| kept.table.bytes()).sum();
            assert!(bytes <= 3 * full);
        }
        assert_eq!(lock(&few.kept).len(), 3);
        // One that is too large for all is kept until the next one.
        let none = ProspectTables::within(0);
        assert!(Arc::ptr_eq(&ask(&none, 100), &ask(&none, 100)));
    }
}
