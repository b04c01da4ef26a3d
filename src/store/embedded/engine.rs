//! The heart of the embedded store without threads and clocks: it decides writes in groups, makes a group durable by
//! one append to the log, and only then posts it to the books. The same calls on the same disk do the same.
//!
//! What is posted is in the books, and so visible, only after it is durable. If it cannot be made durable, the draft of
//! the whole group is dropped and everything is as before.

use super::{
    checkpoint::{Checkpointing, Source},
    disk::Disk,
    draft::{Base, Draft},
    fingerprint::{Fingerprinter, Fingerprints},
    kept_answers::KeptAnswers,
    kept_scans::{AllScans, KEPT_BYTES},
    ledger::LedgerReader,
    log::Log,
    opening,
    pack::Packing,
    planted::{Planted, is_planted},
    posting::Unposted,
    prepared::{Prepared, Preparer},
    prospects::ProspectTables,
    questions::Questions,
    receivables::AllEvents,
    referrals::AllReferrals,
    settings::{EngineSettings, Progress},
    tenants::{Tenant, Tenants},
};
use crate::domain::{
    history::{Content, Written},
    id::TenantId,
    ledger::{Entry, Outcome, WriteMode},
    problem::Problem,
    records::Record,
    time::Instant,
};
use postcard::experimental::serialized_size;
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

/// How many bytes an entry has at most, by the limits of its texts.
const ENTRY_BYTES: usize = 2_560;
/// Of a group of at most so many writes, whoever waits is answered before they are in the books. Questions that need
/// them wait, and must not wait long.
const ANSWERED_FIRST: usize = 4_096;

/// What is to be written.
#[derive(Debug, Clone)]
pub enum Writes {
    /// To the ledger.
    Entries(Vec<Entry>),
    /// Beside the ledger.
    Records(Vec<Record>),
    /// What another store holds, at its own positions and times: all of it or nothing.
    TakenOver(Vec<Written>),
}

impl Writes {
    /// How many there are.
    pub fn count(&self) -> usize {
        match self {
            Self::Entries(entries) => entries.len(),
            Self::Records(records) => records.len(),
            Self::TakenOver(written) => written.len(),
        }
    }

    /// About how many bytes it has at most.
    pub(super) fn most_bytes(&self) -> u32 {
        // Stored, texts and lists are about half as long as in memory; what cannot be stored is refused later.
        let of_record = |record: &Record| 2 * serialized_size(record).unwrap_or_default();
        let bytes = match self {
            Self::Entries(entries) => entries.len() * ENTRY_BYTES,
            Self::Records(records) => records.iter().map(of_record).sum(),
            Self::TakenOver(written) => {
                let each = written.iter().map(|one| match &one.content {
                    Content::Entry(_) => ENTRY_BYTES,
                    Content::Record(record) => of_record(record),
                });
                each.sum()
            }
        };
        u32::try_from(bytes).unwrap_or(u32::MAX)
    }
}

/// A request to write.
#[derive(Debug, Clone)]
pub struct Request {
    /// Whose data it is.
    pub tenant: TenantId,
    /// What is to be written.
    pub writes: Writes,
    /// When it was taken in.
    pub record_time: Instant,
    /// Whether it is kept.
    pub mode: WriteMode,
}

/// How much of the work that nobody waits for could not be done since the folder was opened. Nothing is lost by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Failures {
    /// Segments that could not be packed.
    pub packing: u64,
    /// Checkpoints that could not be written.
    pub checkpoints: u64,
}

/// One outcome for each write, or why there are none.
pub type Answer = Result<Vec<Outcome>, Problem>;

/// The engine. Dropping it leaves the folder as a process that is killed would; see [`Engine::close`].
pub struct Engine {
    disk: Arc<dyn Disk>,
    log: Log,
    pub(super) questions: Arc<Questions>,
    preparer: Preparer,
    pub(super) fingerprints: HashMap<TenantId, Fingerprints>,
    pub(super) unposted: Vec<Unposted>,
    packing: Packing,
    checkpointing: Checkpointing,
}

/// A request, with what was prepared of it.
pub(super) type Asked<'w> = (&'w Request, Option<Arc<Prepared>>);

/// The drafts of a group with the tenants that they are of; a tenant that has no books yet stays apart until it has.
type Drafts<'w> = BTreeMap<&'w TenantId, (Arc<Tenant>, Draft<'w>)>;

impl Engine {
    /// Opens a folder, or makes what must be in it, and reads its ledger; `progress` hears how far it is.
    ///
    /// Refused if it was made with another currency or time zone, and with LEDGER_DAMAGED if what is read is not what
    /// was written.
    pub fn open(
        disk: Arc<dyn Disk>,
        settings: &EngineSettings,
        progress: impl FnMut(Progress),
    ) -> Result<Self, Problem> {
        Self::open_with(disk, settings, |fingerprinter| fingerprinter, progress)
    }

    /// As [`Engine::open`], with a change to how fingerprints are made.
    pub(super) fn open_with(
        disk: Arc<dyn Disk>,
        settings: &EngineSettings,
        change: impl FnOnce(Fingerprinter) -> Fingerprinter,
        mut progress: impl FnMut(Progress),
    ) -> Result<Self, Problem> {
        let opened = opening::open(&disk, settings, change, &mut progress)?;
        let log = opened.log;
        let questions = Questions {
            tenants: Tenants::new(opened.books, settings.books),
            ledger: LedgerReader::new(Arc::clone(log.index())),
            calendar: settings.calendar.clone(),
            prospects: ProspectTables::default(),
            scans: AllScans::within(KEPT_BYTES),
            answers: KeptAnswers::default(),
            receivables: AllEvents::default(),
            referrals: AllReferrals::default(),
        };
        Ok(Self {
            disk,
            log,
            questions: Arc::new(questions),
            preparer: Preparer {
                fingerprinter: opened.fingerprinter,
                calendar: settings.calendar.clone(),
            },
            fingerprints: opened.fingerprints,
            unposted: Vec::new(),
            packing: Packing::default(),
            checkpointing: Checkpointing::new(settings.checkpoints, opened.writes, opened.saved),
        })
    }

    /// What questions are answered from, by other threads as well.
    pub fn questions(&self) -> &Arc<Questions> {
        &self.questions
    }

    /// What prepares requests for this engine.
    pub(super) fn preparer(&self) -> &Preparer {
        &self.preparer
    }

    /// Answers a group of requests: an answer for each, in order, as if they had come one after the other. Those that
    /// only ask are told how things are before the group.
    pub fn answer(&mut self, group: &[Request]) -> Vec<Answer> {
        let prepare = |request| (request, self.preparer.prepare(request).map(Arc::new));
        let group: Vec<Asked<'_>> = group.iter().map(prepare).collect();
        let answers = self.answer_prepared(&group);
        self.post();
        answers
    }

    /// The same of requests that were prepared, or that gain nothing by it. [`Engine::post`] is to follow: until then
    /// questions may wait for what was announced.
    pub(super) fn answer_prepared(&mut self, group: &[Asked<'_>]) -> Vec<Answer> {
        self.post();
        let is_kept = |asked: &Asked<'_>| asked.0.mode == WriteMode::Keep;
        let asked: Vec<Option<Answer>> = (group.iter())
            .map(|asked| (!is_kept(asked)).then(|| self.validate(asked.0)))
            .collect();
        let kept: Vec<&Asked<'_>> = group.iter().filter(|asked| is_kept(asked)).collect();
        let mut written = self.write(&kept).into_iter();
        let missing = || Err(Problem::store_unavailable("the request was passed over"));
        asked
            .into_iter()
            .map(|asked| asked.or_else(|| written.next()).unwrap_or_else(missing))
            .collect()
    }

    /// Takes one small step of work that nobody waits for, and says whether there is more.
    pub fn tend(&mut self) -> bool {
        self.post();
        self.save(Checkpointing::step) || self.packing.step(&mut self.log)
    }

    /// Puts what came last by day, so that no question need look at it row by row, as long as `goes_on`. It is for when
    /// nobody has written for a while: of few rows it takes as long as of many.
    pub fn settle(&mut self, goes_on: impl FnMut() -> bool) {
        // It fails if the books broke, which whoever reads or writes next finds out too.
        let _ = self.questions.tenants.settle(goes_on);
    }

    /// How many steps of such work are waiting, about: in segments.
    pub fn untended(&self) -> usize {
        self.packing.waiting(&self.log)
    }

    /// How much of such work failed.
    pub fn failures(&self) -> Failures {
        Failures {
            packing: self.packing.failures(),
            checkpoints: self.checkpointing.failures(),
        }
    }

    /// Whether a checkpoint is being written or should be.
    pub fn is_saving(&self) -> bool {
        self.checkpointing.is_due()
    }

    /// How many writes the checkpoint holds.
    #[cfg(test)]
    pub(super) fn saved(&self) -> u64 {
        self.checkpointing.saved()
    }

    fn save<T>(&mut self, step: impl FnOnce(&mut Checkpointing, &mut Source<'_>) -> T) -> T {
        let mut source = Source {
            disk: &*self.disk,
            log: &mut self.log,
            tenants: &self.questions.tenants,
            fingerprints: &self.fingerprints,
            fingerprinter: &self.preparer.fingerprinter,
        };
        step(&mut self.checkpointing, &mut source)
    }

    /// Leaves the folder so that whoever opens it next can tell if anything is missing, and need not read all of it.
    pub fn close(mut self) {
        self.post();
        self.packing.stop(&self.log);
        if self.log.is_sound() {
            self.save(Checkpointing::close);
        }
        self.log.close();
    }

    fn validate(&self, request: &Request) -> Answer {
        let tenant = self.questions.tenants.find(&request.tenant)?;
        self.decide(
            &(request, None),
            &tenant.unwrap_or_default(),
            &mut Draft::default(),
        )
    }

    /// Decides a request on top of a draft.
    fn decide<'w>(
        &self,
        (request, prepared): &Asked<'w>,
        tenant: &Tenant,
        draft: &mut Draft<'w>,
    ) -> Answer {
        let books = tenant.read()?;
        let none = Fingerprints::default();
        let base = Base {
            tenant: &request.tenant,
            books: &books,
            fingerprints: self.fingerprints.get(&request.tenant).unwrap_or(&none),
            fingerprinter: &self.preparer.fingerprinter,
            ledger: &self.questions.ledger,
            calendar: &self.questions.calendar,
        };
        match &request.writes {
            Writes::Entries(entries) => {
                let all = prepared.as_ref();
                let all = all.and_then(|all| draft.append_all(base, entries, all));
                match all {
                    Some(outcomes) => Ok(outcomes),
                    None => draft.append(base, entries, request.record_time),
                }
            }
            Writes::Records(records) => {
                let records = records.iter();
                Ok(records
                    .map(|record| draft.put(base, record, request.record_time))
                    .collect())
            }
            Writes::TakenOver(written) => draft.take_over(base, written),
        }
    }

    /// Writes a group. A request that cannot be decided is answered so and left out, and the others are decided anew
    /// without it.
    fn write(&mut self, group: &[&Asked<'_>]) -> Vec<Answer> {
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
            if let Err(problem) = self.keep(drafts)
                && !is_planted(Planted::AcknowledgeFailure)
            {
                answers
                    .iter_mut()
                    .for_each(|answer| *answer = Err(problem.clone()));
            }
            return answers;
        }
    }

    fn draft<'w>(&self, request: &Asked<'w>, drafts: &mut Drafts<'w>) -> Answer {
        let id = &request.0.tenant;
        let tenant = self.questions.tenants.find(id)?;
        let (tenant, draft) = drafts
            .entry(id)
            .or_insert_with(|| (tenant.unwrap_or_default(), Draft::default()));
        self.decide(request, tenant, draft)
    }

    /// Makes drafts durable, then visible: those of a small group by announcing them.
    fn keep(&mut self, drafts: Drafts<'_>) -> Result<(), Problem> {
        let mut rows = Vec::new();
        for (id, (tenant, draft)) in &drafts {
            rows.extend(draft.rows(id, tenant.read()?.newest)?);
        }
        if rows.is_empty() {
            return Ok(());
        }
        if is_planted(Planted::PublishEarly) {
            for (tenant, draft) in drafts.values() {
                tenant.publish(tenant.watermark() + draft.count() as u64);
            }
        }
        let appended = self.log.append(&rows);
        if !is_planted(Planted::PostFailure) {
            appended.clone()?;
        }
        let all: usize = drafts.values().map(|(_, draft)| draft.count()).sum();
        for (id, (_, draft)) in drafts {
            let count = draft.count();
            if count == 0 {
                continue;
            }
            let tenant = self.questions.tenants.find_or_add(id)?;
            self.checkpointing.wrote(count);
            match draft.all_prepared().filter(|_| all <= ANSWERED_FIRST) {
                Some(prepared) => {
                    tenant.announce(tenant.watermark() + count as u64);
                    self.unposted.push(Unposted {
                        id: id.clone(),
                        tenant,
                        prepared,
                    });
                }
                None => self.apply(id, &tenant, draft.into_parts())?,
            }
        }
        appended
    }
}
