//! The one thread that writes: all requests that wait become one group, one transaction and one sync to the disk.
//!
//! What is posted is in the books, and so visible, only after it is durable. If it cannot be made durable, the draft of
//! the whole group is dropped and everything is as before.

use super::{
    database::{Database, Row, Tail},
    draft::{Base, Draft, What, row_place},
    fingerprint::{Fingerprinter, Fingerprints},
    ledger::LedgerReader,
    tenants::{Tenant, Tenants},
};
use crate::domain::{
    id::TenantId,
    ledger::{Entry, Outcome, WriteMode},
    problem::Problem,
    records::Record,
    time::{Calendar, Instant},
};
use postcard::experimental::serialized_size;
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

/// A group takes in no more requests once it has so many writes, so that nobody waits long for it.
const GROUP_WRITES: usize = 65_536;

/// How many bytes an entry has at most, by the limits of its texts.
const ENTRY_BYTES: usize = 2_560;

/// What is to be written.
pub(super) enum Writes {
    /// To the ledger.
    Entries(Vec<Entry>),
    /// Beside the ledger.
    Records(Vec<Record>),
}

impl Writes {
    fn len(&self) -> usize {
        match self {
            Self::Entries(entries) => entries.len(),
            Self::Records(records) => records.len(),
        }
    }

    /// About how many bytes it has at most.
    pub fn most_bytes(&self) -> u32 {
        let bytes = match self {
            Self::Entries(entries) => entries.len() * ENTRY_BYTES,
            // Stored, texts and lists are about half as long as in memory; what cannot be stored is refused later.
            Self::Records(records) => records
                .iter()
                .map(|record| 2 * serialized_size(record).unwrap_or_default())
                .sum(),
        };
        u32::try_from(bytes).unwrap_or(u32::MAX)
    }
}

/// A request to write, and where the answer goes.
pub(super) struct Request {
    /// Whose data it is.
    pub tenant: TenantId,
    /// What is to be written.
    pub writes: Writes,
    /// When it was taken in.
    pub record_time: Instant,
    /// Whether it is kept.
    pub mode: WriteMode,
    /// The room that it takes among all that wait.
    pub _room: OwnedSemaphorePermit,
    /// Where the answer goes.
    pub answer: oneshot::Sender<Answer>,
}

/// One outcome for each write, or why there are none.
pub(super) type Answer = Result<Vec<Outcome>, Problem>;

/// What comes to the writer.
pub(super) enum Message {
    /// A request to write.
    Write(Request),
    /// Something that a test does to the database between two groups.
    #[cfg(test)]
    Meddle(Box<dyn FnOnce(&rusqlite::Connection) + Send>),
}

/// The writer.
pub(super) struct Writer {
    /// Where it writes.
    pub database: Database,
    /// The number of the next row.
    pub next_row: u64,
    /// Everybody's books.
    pub tenants: Arc<Tenants>,
    /// Reads entries back.
    pub ledger: Arc<LedgerReader>,
    /// On which days activities count.
    pub calendar: Calendar,
    /// How fingerprints are made.
    pub fingerprinter: Fingerprinter,
    /// Where every tenant's ids may be.
    pub fingerprints: HashMap<TenantId, Fingerprints>,
}

/// The drafts of a group with the tenants that they are of; a tenant that has no books yet stays apart until it has.
type Drafts<'w> = BTreeMap<&'w TenantId, (Arc<Tenant>, Draft<'w>)>;

impl Writer {
    /// Writes until nobody can ask any more.
    pub fn run(mut self, mut messages: mpsc::Receiver<Message>) {
        while let Some(first) = messages.blocking_recv() {
            let mut group = Vec::new();
            let mut size = 0;
            let mut next = Some(first);
            while let Some(message) = next.take() {
                match message {
                    Message::Write(request) => {
                        size += request.writes.len();
                        group.push(request);
                    }
                    #[cfg(test)]
                    Message::Meddle(meddle) => meddle(self.database.connection()),
                }
                if size < GROUP_WRITES {
                    next = messages.try_recv().ok();
                }
            }
            self.answer(group);
        }
        self.database.close();
    }

    fn answer(&mut self, group: Vec<Request>) {
        let mut kept = Vec::new();
        for request in group {
            match request.mode {
                WriteMode::Keep => kept.push(request),
                // Who only asks is told how things are before this group: nobody of it was answered yet.
                WriteMode::ValidateOnly => {
                    let answer = self.validate(&request);
                    respond(request, answer);
                }
            }
        }
        let mut answers = self.write(&kept).into_iter();
        for request in kept {
            let missing = || Err(Problem::store_unavailable("the request was passed over"));
            respond(request, answers.next().unwrap_or_else(missing));
        }
    }

    fn validate(&self, request: &Request) -> Answer {
        let tenant = self.tenants.find(&request.tenant)?.unwrap_or_default();
        self.decide(request, &tenant, &mut Draft::default())
    }

    /// Decides a request on top of a draft.
    fn decide<'w>(&self, request: &'w Request, tenant: &Tenant, draft: &mut Draft<'w>) -> Answer {
        let books = tenant.read()?;
        let none = Fingerprints::default();
        let base = Base {
            tenant: &request.tenant,
            books: &books,
            fingerprints: self.fingerprints.get(&request.tenant).unwrap_or(&none),
            fingerprinter: &self.fingerprinter,
            ledger: &self.ledger,
        };
        match &request.writes {
            Writes::Entries(entries) => draft.append(base, entries, request.record_time),
            Writes::Records(records) => {
                let records = records.iter();
                Ok(records
                    .map(|record| draft.put(base, record, request.record_time))
                    .collect())
            }
        }
    }

    /// Writes a group. A request that cannot be decided is answered so and left out, and the others are decided anew
    /// without it.
    fn write(&mut self, group: &[Request]) -> Vec<Answer> {
        let mut failed: BTreeMap<usize, Problem> = BTreeMap::new();
        loop {
            let mut answers = Vec::with_capacity(group.len());
            let mut drafts = Drafts::new();
            for (index, request) in group.iter().enumerate() {
                let answer = match failed.get(&index) {
                    Some(problem) => Err(problem.clone()),
                    None => self.draft(request, &mut drafts),
                };
                if let Err(problem) = &answer
                    && !failed.contains_key(&index)
                {
                    failed.insert(index, problem.clone());
                    break;
                }
                answers.push(answer);
            }
            if answers.len() < group.len() {
                continue;
            }
            if let Err(problem) = self.keep(drafts) {
                answers
                    .iter_mut()
                    .for_each(|answer| *answer = Err(problem.clone()));
            }
            return answers;
        }
    }

    fn draft<'w>(&self, request: &'w Request, drafts: &mut Drafts<'w>) -> Answer {
        let tenant = self.tenants.find(&request.tenant)?.unwrap_or_default();
        let (tenant, draft) = drafts
            .entry(&request.tenant)
            .or_insert_with(|| (tenant, Draft::default()));
        self.decide(request, tenant, draft)
    }

    /// Makes drafts durable, then visible.
    fn keep(&mut self, drafts: Drafts<'_>) -> Result<(), Problem> {
        let mut next_row = self.next_row;
        let (mut rows, mut tails) = (Vec::new(), Vec::new());
        for (id, (tenant, draft)) in &drafts {
            let books = tenant.read()?;
            let base = Base {
                tenant: id,
                books: &books,
                fingerprints: &Fingerprints::default(),
                fingerprinter: &self.fingerprinter,
                ledger: &self.ledger,
            };
            rows.extend(draft.rows(base, &mut next_row)?);
            if let Some(last) = rows.last().filter(|_| !draft.writes.is_empty()) {
                tails.push(Tail {
                    tenant: id.to_string(),
                    position: books.newest + draft.writes.len() as u64,
                    checksum: last.checksum,
                });
            }
        }
        if rows.is_empty() {
            return Ok(());
        }
        self.database.write(&rows, &tails)?;
        self.next_row = next_row;
        let mut rows = rows.as_slice();
        for (id, (_, draft)) in drafts {
            let count = rows
                .iter()
                .take_while(|row| row.tenant == id.as_str())
                .count();
            let (own, rest) = rows.split_at(count);
            rows = rest;
            if !draft.writes.is_empty() {
                self.apply(id, draft, own)?;
            }
        }
        Ok(())
    }

    /// Takes what is durable into the books.
    fn apply(&mut self, id: &TenantId, draft: Draft<'_>, rows: &[Row]) -> Result<(), Problem> {
        let fingerprints = self.fingerprints.entry(id.clone()).or_default();
        let tenant = self.tenants.find_or_add(id)?;
        let mut books = tenant.write()?;
        let mut noted = Vec::with_capacity(draft.writes.len());
        for write in draft.writes {
            match write.what {
                What::Record(record) => books.store(write.record_time, record.clone()),
                What::Entry {
                    entry,
                    fingerprint,
                    target,
                } => {
                    match entry {
                        Entry::Activity(activity) => {
                            books.post(self.calendar.day(activity.occur_time), activity);
                        }
                        Entry::Reversal(_) => {
                            // The target was found when the reversal was decided.
                            books.take_back(target.unwrap_or_default());
                        }
                    }
                    noted.push((fingerprint, books.newest));
                }
            }
        }
        for row in rows {
            let place = row_place(row, books.checksum());
            books.add_row(place);
        }
        let newest = books.newest;
        fingerprints.extend(&noted);
        drop(books);
        tenant.publish(newest);
        Ok(())
    }
}

fn respond(request: Request, answer: Answer) {
    // Who asked may have gone; what is written stays written.
    let _ = request.answer.send(answer);
}
