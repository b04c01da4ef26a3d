//! Every tenant's books, shared by those who read and the one who writes.

use super::{books::Books, settings::BookSizes};
use crate::domain::{id::TenantId, ledger::Position, problem::Problem};
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Condvar, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

/// Every tenant that was ever written to.
pub(super) struct Tenants {
    all: RwLock<BTreeMap<TenantId, Arc<Tenant>>>,
    sizes: BookSizes,
}

/// One tenant.
#[derive(Default)]
pub(super) struct Tenant {
    /// Everything up to here is visible, or about to be.
    watermark: AtomicU64,
    /// Everything up to here is in the books.
    posted: Mutex<Position>,
    /// Told when that changes.
    reached: Condvar,
    books: RwLock<Books>,
    /// How many wait to read the books.
    readers: AtomicUsize,
    /// How many parties were erased: what was answered before may tell of them.
    erasures: AtomicUsize,
}

/// How often who writes lets others go on before it takes the books again, if any of them wait to read.
const PATIENCE: usize = 200;

/// Nothing that was announced takes so long, unless who writes is no more.
const LONGEST: Duration = Duration::from_secs(10);

/// A panic while books were written to: what they hold may be half of something.
fn broken() -> Problem {
    Problem::store_unavailable("a write broke off half way; the store must be opened again")
}

impl Tenants {
    /// These tenants; those that come later have books that are divided so.
    pub fn new(books: BTreeMap<TenantId, Books>, sizes: BookSizes) -> Self {
        let all = books
            .into_iter()
            .map(|(id, books)| (id, Arc::new(Tenant::new(books))));
        Self {
            all: RwLock::new(all.collect()),
            sizes,
        }
    }

    /// All of them.
    pub fn all(&self) -> Result<Vec<(TenantId, Arc<Tenant>)>, Problem> {
        let all = self.all.read().map_err(|_| broken())?;
        Ok(all
            .iter()
            .map(|(id, tenant)| (id.clone(), Arc::clone(tenant)))
            .collect())
    }

    /// A tenant, if it was ever written to.
    pub fn find(&self, id: &TenantId) -> Result<Option<Arc<Tenant>>, Problem> {
        Ok(self.all.read().map_err(|_| broken())?.get(id).cloned())
    }

    /// A tenant; it is empty if it was never written to.
    pub fn find_or_add(&self, id: &TenantId) -> Result<Arc<Tenant>, Problem> {
        if let Some(tenant) = self.find(id)? {
            return Ok(tenant);
        }
        let mut tenants = self.all.write().map_err(|_| broken())?;
        let empty = || Arc::new(Tenant::new(Books::new(self.sizes)));
        Ok(Arc::clone(tenants.entry(id.clone()).or_insert_with(empty)))
    }

    /// Puts what came last by day in all books, block by block, as long as `goes_on`.
    pub fn settle(&self, mut goes_on: impl FnMut() -> bool) -> Result<(), Problem> {
        for (_, tenant) in self.all()? {
            while goes_on() {
                let unsettled = tenant.read()?.unsettled();
                let Some(block) = unsettled else { break };
                tenant.write()?.settle_block(block);
            }
        }
        Ok(())
    }
}

impl Tenant {
    /// With these books.
    pub fn new(books: Books) -> Self {
        Self {
            watermark: AtomicU64::new(books.newest),
            posted: Mutex::new(books.newest),
            reached: Condvar::new(),
            erasures: AtomicUsize::new(books.records.prospects().erasure_count()),
            books: RwLock::new(books),
            readers: AtomicUsize::new(0),
        }
    }

    /// The position up to which everything is visible.
    pub fn watermark(&self) -> Position {
        self.watermark.load(Ordering::Acquire)
    }

    /// How many parties were erased.
    pub fn erasures(&self) -> usize {
        self.erasures.load(Ordering::Acquire)
    }

    /// Takes note of how many parties the books have as erased.
    pub fn note_erasures(&self, books: &Books) {
        let count = books.records.prospects().erasure_count();
        self.erasures.store(count, Ordering::Release);
    }

    /// The books as they are; they do not change until the guard is dropped.
    pub fn read(&self) -> Result<RwLockReadGuard<'_, Books>, Problem> {
        self.readers.fetch_add(1, Ordering::Relaxed);
        let books = self.books.read();
        self.readers.fetch_sub(1, Ordering::Relaxed);
        books.map_err(|_| broken())
    }

    /// The books as they are, unless somebody writes to them.
    pub fn read_at_once(&self) -> Option<RwLockReadGuard<'_, Books>> {
        self.books.try_read().ok()
    }

    /// The books, to be written to. The watermark follows by [`Tenant::publish`].
    pub fn write(&self) -> Result<RwLockWriteGuard<'_, Books>, Problem> {
        // Whoever gives the lock back and takes it again at once is faster than a reader is woken: a question would
        // wait for all parts of a large group. Bounded, so that many questions cannot keep out the writer.
        for _ in 0..PATIENCE {
            if self.readers.load(Ordering::Relaxed) == 0 {
                break;
            }
            thread::yield_now();
        }
        self.books.write().map_err(|_| broken())
    }

    /// Makes known that everything up to `newest` is durable, and will be in the books in no time.
    pub fn announce(&self, newest: Position) {
        self.watermark.store(newest, Ordering::Release);
    }

    /// Makes known that the books hold everything up to `newest`.
    pub fn publish(&self, newest: Position) {
        *self.posted.lock().unwrap_or_else(PoisonError::into_inner) = newest;
        self.reached.notify_all();
        self.announce(newest);
    }

    /// Waits until the books hold everything up to `position`, which was announced.
    pub fn reach(&self, position: Position) -> Result<(), Problem> {
        let posted = self.posted.lock().unwrap_or_else(PoisonError::into_inner);
        let is_behind = |posted: &mut Position| *posted < position;
        let waited = self.reached.wait_timeout_while(posted, LONGEST, is_behind);
        match waited.unwrap_or_else(PoisonError::into_inner).1.timed_out() {
            true => Err(broken()),
            false => Ok(()),
        }
    }
}
