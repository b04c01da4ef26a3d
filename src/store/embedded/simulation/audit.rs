//! The auditor: it remembers what was acknowledged, and compares everything that can be asked with what it knows.

mod copies;
mod receivables;

use super::{
    questions::{Question, at_once, question},
    random::Random,
    requests::tenants,
    truth::{Fate, Newest, Truth, Written, all_parties, all_price_terms, all_rates},
};
use crate::{
    domain::{
        account::Sums,
        id::TenantId,
        ledger::{LedgerEntry, LedgerQuestion, Position, WriteMode},
        problem::{Problem, Reason},
        question::{CrossQuestion, Group, Scope},
        time::{Calendar, Period},
    },
    store::{
        Store,
        embedded::{Answer, Questions, Request, Writes},
        memory::MemoryStore,
    },
};

/// How many answers are remembered.
const REMEMBERED: usize = 10;

/// What is wrong.
pub type Finding = String;

/// Which problems may be.
#[derive(Debug, Clone, Default)]
pub struct Allowed {
    /// Whether the disk failed.
    pub failures: bool,
    /// The file that is damaged.
    pub damaged: Option<String>,
}

impl Allowed {
    /// What was answered; `None` if it failed and may have.
    pub fn check<T>(&self, answered: Result<T, Problem>) -> Result<Option<T>, Finding> {
        let problem = match answered {
            Ok(answer) => return Ok(Some(answer)),
            Err(problem) => problem,
        };
        let is_named = |file: &String| problem.message.contains(&format!("file {file}, offset "));
        let reason = problem.reason;
        let is_allowed = reason == Reason::StoreUnavailable && self.failures
            || reason == Reason::LedgerDamaged && self.damaged.as_ref().is_some_and(is_named);
        match is_allowed {
            true => Ok(None),
            false => Err(format!("{problem}, though {self:?}")),
        }
    }
}

/// An answer that was given.
struct Remembered {
    tenant: TenantId,
    as_of: Position,
    question: Question,
    answer: String,
}

/// Knows what must be in the store.
pub struct Auditor {
    truth: Truth,
    /// Groups that failed since something was acknowledged: one of them may be there.
    in_flight: Vec<Vec<Request>>,
    reference: MemoryStore,
    calendar: Calendar,
    remembered: Vec<Remembered>,
    random: Random,
}

/// All entries of a tenant.
fn all_entries(newest: Position) -> LedgerQuestion {
    LedgerQuestion {
        customer: None,
        start: None,
        end: None,
        after: 0,
        as_of: newest,
        limit: usize::MAX,
    }
}

/// Everything that a tenant has beside its ledger, as text.
fn records(questions: &Questions, id: &TenantId, newest: Position) -> Result<String, Problem> {
    let parties = questions.parties(id, &all_parties(newest))?;
    let definitions = questions.trait_definitions(id, newest)?;
    let cost_models = questions.cost_models(id, newest)?;
    let closings = questions.closings(id, newest)?;
    let products = questions.products(id, newest)?;
    let rates = questions.list_exchange_rates(id, &all_rates(newest))?;
    let terms = questions.list_price_terms(id, &all_price_terms(newest))?;
    let decided = questions.decided_prospects(id, newest)?;
    let requests = questions.subject_requests(id, newest)?;
    Ok(format!(
        "{parties:?} {definitions:?} {cost_models:?} {closings:?} {products:?} {rates:?} {terms:?} {decided:?} \
         {requests:?}"
    ))
}

fn is_same(found: &LedgerEntry, written: &Written) -> bool {
    found.position == written.position
        && found.record_time == written.record_time
        && found.entry == written.entry
        && found.reversed_at == written.taken_back
}

fn found(questions: &Questions) -> Result<Newest, Finding> {
    let mut newest = Newest::new();
    for tenant in tenants() {
        let position = questions.watermark(&tenant);
        let position = position.map_err(|problem| problem.message)?;
        if position > 0 {
            newest.insert(tenant, position);
        }
    }
    Ok(newest)
}

/// A request's fates as they are told: without positions if nothing was written.
fn told(fates: Vec<Fate>, mode: WriteMode) -> Vec<Fate> {
    let tell = |fate| match fate {
        Fate::Posted(_) if mode == WriteMode::ValidateOnly => Fate::Posted(0),
        Fate::Posted(_) | Fate::Duplicate(_) | Fate::Refused(_) => fate,
    };
    fates.into_iter().map(tell).collect()
}

impl Auditor {
    /// Nothing is there.
    pub fn new(calendar: Calendar, random: Random) -> Self {
        Self::of(Truth::default(), &calendar, random)
    }

    fn of(truth: Truth, calendar: &Calendar, random: Random) -> Self {
        Self {
            truth,
            in_flight: Vec::new(),
            reference: MemoryStore::new(calendar.clone()),
            calendar: calendar.clone(),
            remembered: Vec::new(),
            random,
        }
    }

    /// A request as another store hands it over.
    pub fn handed_over(&self, request: &Request) -> Request {
        self.truth.handed_over(request)
    }

    /// A group was answered; `is_stopped` if nothing may be written.
    pub fn answered(
        &mut self,
        group: &[Request],
        answers: &[Answer],
        allowed: &Allowed,
        is_stopped: bool,
    ) -> Result<(), Finding> {
        if answers.len() != group.len() {
            return Err(format!("{} answers of {}", answers.len(), group.len()));
        }
        let of = |mode| {
            let both = group.iter().zip(answers);
            both.filter(move |(request, _)| request.mode == mode)
        };
        for (request, answer) in of(WriteMode::ValidateOnly) {
            self.compare(request, answer, allowed)?;
        }
        let (mut written, mut failed) = (Vec::new(), Vec::new());
        let before = self.truth.newest();
        for (request, answer) in of(WriteMode::Keep) {
            match self.compare(request, answer, allowed)? {
                true => written.push(request.clone()),
                false => failed.push(request.clone()),
            }
        }
        if self.truth.newest() != before {
            if is_stopped {
                return Err("a write was taken in after a failure".to_owned());
            }
            self.keep(written);
        } else if !failed.is_empty() {
            self.in_flight.push(failed);
        }
        Ok(())
    }

    /// Compares an answer, and says whether there was one.
    fn compare(
        &mut self,
        request: &Request,
        answer: &Answer,
        allowed: &Allowed,
    ) -> Result<bool, Finding> {
        let Some(outcomes) = allowed.check(answer.clone())? else {
            return Ok(false);
        };
        let expected = told(self.truth.write(request), request.mode);
        let fates = told(outcomes.iter().map(Fate::of).collect(), request.mode);
        match fates == expected {
            true => Ok(true),
            false => Err(format!("answered {fates:?} instead of {expected:?}")),
        }
    }

    /// Takes in what is in the truth already.
    fn keep(&mut self, written: Vec<Request>) {
        for request in &written {
            tell(&self.reference, request);
        }
        self.truth.end_frame(written);
        self.in_flight.clear();
    }

    /// Compares everything that can be seen without reading: nothing more and nothing less than what was acknowledged.
    pub fn check_watermarks(&self, questions: &Questions) -> Result<(), Finding> {
        let (found, expected) = (found(questions)?, self.truth.newest());
        match found == expected {
            true => Ok(()),
            false => Err(format!("watermarks {found:?} instead of {expected:?}")),
        }
    }

    /// The folder was opened: finds out what of that which was in flight is there, and compares everything. Says
    /// whether it came to an end.
    pub fn opened(
        &mut self,
        questions: &Questions,
        may_lose: bool,
        allowed: impl Fn() -> Allowed,
    ) -> Result<bool, Finding> {
        let newest = found(questions)?;
        if newest != self.truth.newest() && !self.settle(questions, &newest, may_lose, &allowed)? {
            return Ok(false);
        }
        self.in_flight.clear();
        self.check_watermarks(questions)?;
        Ok(self.check_entries(questions, &allowed)?
            && self.check_sums(questions, &allowed)?
            && self.check_receivables(questions, &allowed)?
            && self.check_answers(questions, &allowed)?)
    }

    /// Finds the beginning of what was written that is there, with what was in flight or without.
    fn settle(
        &mut self,
        questions: &Questions,
        newest: &Newest,
        may_lose: bool,
        allowed: &dyn Fn() -> Allowed,
    ) -> Result<bool, Finding> {
        for group in self.in_flight.clone() {
            for chosen in (1..1_u32 << group.len()).rev() {
                let chosen = (0..group.len()).filter(|index| chosen >> index & 1 == 1);
                let written: Vec<Request> = chosen.map(|index| group[index].clone()).collect();
                let before = self.truth.clone();
                written.iter().for_each(|request| {
                    self.truth.write(request);
                });
                if self.truth.newest() == *newest {
                    match self.check_entries(questions, allowed) {
                        Ok(true) => {
                            self.keep(written);
                            return Ok(true);
                        }
                        Ok(false) => {
                            self.truth = before;
                            return Ok(false);
                        }
                        Err(_) => {}
                    }
                }
                self.truth = before;
            }
        }
        let frames = &self.truth.frames;
        let place = match newest.is_empty() {
            true => Some(0),
            false => (frames.iter().position(|(_, after)| after == newest)).map(|place| place + 1),
        };
        match place.filter(|_| may_lose) {
            Some(place) => {
                self.forget_after(place);
                Ok(true)
            }
            None => Err(format!(
                "found {newest:?}, acknowledged {:?}, {} groups in flight",
                self.truth.newest(),
                self.in_flight.len()
            )),
        }
    }

    /// Only so many frames are there still.
    fn forget_after(&mut self, frames: usize) {
        self.truth = self.truth.after(frames);
        self.reference = MemoryStore::new(self.calendar.clone());
        for (requests, _) in &self.truth.frames {
            requests
                .iter()
                .for_each(|request| tell(&self.reference, request));
        }
        let newest = self.truth.newest();
        self.remembered
            .retain(|one| newest.get(&one.tenant).copied().unwrap_or(0) >= one.as_of);
    }

    /// Reads all entries and records and compares them; says whether they could be read.
    pub fn check_entries(
        &self,
        questions: &Questions,
        allowed: &dyn Fn() -> Allowed,
    ) -> Result<bool, Finding> {
        for (id, tenant) in &self.truth.tenants {
            let found = questions.entries(id, &all_entries(tenant.newest));
            let Some(found) = allowed().check(found)? else {
                return Ok(false);
            };
            let expected = &tenant.entries;
            let differs = (found.iter().zip(expected)).find(|(one, other)| !is_same(one, other));
            if let Some((one, other)) = differs {
                return Err(format!("tenant {id}: {one:?} instead of {other:?}"));
            }
            if found.len() != expected.len() {
                let (found, expected) = (found.len(), expected.len());
                return Err(format!(
                    "tenant {id}: {found} entries instead of {expected}"
                ));
            }
            let found = allowed().check(records(questions, id, tenant.newest))?;
            let expected = tenant.records();
            if found.as_ref().is_some_and(|found| *found != expected) {
                return Err(format!("tenant {id}: {found:?} instead of {expected}"));
            }
        }
        Ok(true)
    }

    /// Compares the sums of every customer with what the entries alone come to.
    fn check_sums(
        &mut self,
        questions: &Questions,
        allowed: &dyn Fn() -> Allowed,
    ) -> Result<bool, Finding> {
        for (id, tenant) in &self.truth.tenants {
            let as_of = self.random.number() % (tenant.newest + 1);
            for as_of in [as_of, tenant.newest] {
                let scope = Scope {
                    period: Period::ALL,
                    branches: Vec::new(),
                    traits: Vec::new(),
                    as_of,
                };
                let group = Group::Customer;
                let found = questions.cross(id, &CrossQuestion { scope, group });
                let Some(found) = allowed().check(found)? else {
                    return Ok(false);
                };
                let expected = tenant.sums(&Period::ALL, as_of, &self.calendar);
                if found != expected {
                    return Err(format!(
                        "tenant {id} as of {as_of}: sums {found:?} instead of {expected:?}"
                    ));
                }
                let groups = total(found.values());
                let by_entries = total(expected.values());
                if groups != by_entries {
                    return Err(format!("tenant {id} as of {as_of}: sums do not tie"));
                }
            }
        }
        Ok(true)
    }

    /// What was answered before is answered so again, to the last byte.
    fn check_answers(
        &self,
        questions: &Questions,
        allowed: &dyn Fn() -> Allowed,
    ) -> Result<bool, Finding> {
        for one in &self.remembered {
            let answer = one.question.ask(questions, &one.tenant);
            let Some(answer) = allowed().check(answer)? else {
                return Ok(false);
            };
            if answer != one.answer {
                let Remembered {
                    tenant,
                    question,
                    answer: before,
                    ..
                } = one;
                return Err(format!(
                    "tenant {tenant}, {question:?}: {answer} instead of {before} as before"
                ));
            }
        }
        Ok(true)
    }

    /// Asks anything, and compares the answer with the reference.
    pub fn ask(
        &mut self,
        questions: &Questions,
        allowed: impl Fn() -> Allowed,
    ) -> Result<(), Finding> {
        let tenant = self.random.pick(&tenants());
        let newest = self.truth.tenants.get(&tenant).map_or(0, |own| own.newest);
        let as_of = match self.random.chance(400) {
            true => newest,
            false => self.random.number() % (newest + 1),
        };
        let question = question(&mut self.random, as_of);
        let answer = question.ask(questions, &tenant);
        let Some(answer) = allowed().check(answer)? else {
            return Ok(());
        };
        let expected = question.ask_reference(&self.reference, &tenant);
        if answer != expected {
            return Err(format!(
                "tenant {tenant}, {question:?}: {answer} instead of {expected}"
            ));
        }
        self.check_owed(&tenant, &question, &answer)?;
        let remembered = Remembered {
            tenant,
            as_of,
            question,
            answer,
        };
        if self.remembered.len() < REMEMBERED {
            self.remembered.push(remembered);
        } else {
            let index = self.random.below(REMEMBERED);
            self.remembered[index] = remembered;
        }
        Ok(())
    }
}

/// Tells the reference of a request.
fn tell(reference: &MemoryStore, request: &Request) {
    let (tenant, time, mode) = (&request.tenant, request.record_time, WriteMode::Keep);
    let told = match request.writes.clone() {
        Writes::Entries(entries) => at_once(reference.append(tenant, entries, time, mode)),
        Writes::Records(records) => at_once(reference.put(tenant, records, time, mode)),
        Writes::TakenOver(written) => {
            at_once(reference.take_over(tenant, written)).map(|()| Vec::new())
        }
    };
    told.expect("the reference never fails");
}

fn total<'a>(all: impl Iterator<Item = &'a Sums>) -> Sums {
    let mut total = Sums::default();
    all.for_each(|sums| total.add_all(sums));
    total.without_zeros()
}
