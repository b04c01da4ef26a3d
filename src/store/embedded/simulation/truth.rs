//! What must be in the store, kept as plain lists and maps and decided the slow way. Shares nothing with the engine but
//! the words of the domain.

mod receivables;

use crate::{
    domain::{
        account::{Sums, for_each_posting},
        activity::Kind,
        exchange_rate::RateQuestion,
        history::{self, Content},
        id::TenantId,
        ledger::{Entry, Outcome, Position, WriteMode},
        party::PartyQuestion,
        price_terms::PriceTermsQuestion,
        problem::Reason,
        records::{Decision, Record, Records},
        time::{Calendar, Instant, Period},
    },
    store::embedded::{Request, Writes},
};
use std::collections::BTreeMap;

/// What must become of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is written.
    Posted(Position),
    /// It was there.
    Duplicate(Position),
    /// It is refused.
    Refused(Reason),
}

impl Fate {
    /// What became of one.
    pub fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Posted(position) => Self::Posted(*position),
            Outcome::Duplicate(position) => Self::Duplicate(*position),
            Outcome::Rejected(problem) => Self::Refused(problem.reason),
        }
    }
}

/// An entry that is there.
#[derive(Debug, Clone)]
pub struct Written {
    /// Where.
    pub position: Position,
    /// When it was taken in.
    pub record_time: Instant,
    /// What it is.
    pub entry: Entry,
    /// Where it was taken back.
    pub taken_back: Option<Position>,
}

/// One tenant's writes.
#[derive(Clone, Default)]
pub struct TenantTruth {
    /// The last position.
    pub newest: Position,
    /// The entries.
    pub entries: Vec<Written>,
    places: BTreeMap<String, usize>,
    records: Records,
}

/// All tenants' writes.
#[derive(Clone, Default)]
pub struct Truth {
    /// By tenant.
    pub tenants: BTreeMap<TenantId, TenantTruth>,
    /// What was written at once, in order: what each leaves as the newest positions.
    pub frames: Vec<(Vec<Request>, Newest)>,
}

/// The newest position of every tenant that has one.
pub type Newest = BTreeMap<TenantId, Position>;

/// Asks for all exchange rates.
pub fn all_rates(as_of: Position) -> RateQuestion {
    RateQuestion {
        from: None,
        to: None,
        period: Period::ALL,
        after: None,
        as_of,
        limit: usize::MAX,
    }
}

/// Asks for all price terms.
pub fn all_price_terms(as_of: Position) -> PriceTermsQuestion {
    PriceTermsQuestion {
        customer: None,
        valid_on: None,
        after: None,
        as_of,
        limit: usize::MAX,
    }
}

/// Asks for all parties.
pub fn all_parties(as_of: Position) -> PartyQuestion {
    PartyQuestion {
        stage: None,
        traits: Vec::new(),
        without_sales: false,
        after: None,
        as_of,
        limit: usize::MAX,
    }
}

impl TenantTruth {
    fn append(&mut self, entry: &Entry, record_time: Instant) -> Fate {
        if let Some(place) = self.places.get(entry.id().as_str()) {
            let there = &self.entries[*place];
            return match there.entry == *entry {
                true => Fate::Duplicate(there.position),
                false => Fate::Refused(Reason::ActivityConflict),
            };
        }
        if let Entry::Reversal(reversal) = entry {
            let place = self.places.get(reversal.activity_id.as_str());
            let target = place.map(|place| &mut self.entries[*place]);
            match target {
                Some(Written {
                    entry: Entry::Activity(_),
                    taken_back,
                    ..
                }) => {
                    if taken_back.is_some() {
                        return Fate::Refused(Reason::ActivityAlreadyReversed);
                    }
                    *taken_back = Some(self.newest + 1);
                }
                _ => return Fate::Refused(Reason::ActivityNotFound),
            }
            for written in &mut self.entries {
                if let Entry::Activity(activity) = &written.entry
                    && activity.sale() == Some(&reversal.activity_id)
                {
                    written.taken_back.get_or_insert(self.newest + 1);
                }
            }
        }
        if let Entry::Activity(activity) = entry
            && let Some(sale) = activity.sale()
        {
            let place = self.places.get(sale.as_str());
            match place.map(|place| &self.entries[*place]) {
                Some(Written {
                    entry: Entry::Activity(found),
                    taken_back,
                    ..
                }) if matches!(found.kind, Kind::Sale { .. }) => {
                    if taken_back.is_some() {
                        return Fate::Refused(Reason::SaleAlreadyReversed);
                    }
                }
                _ => return Fate::Refused(Reason::SaleNotFound),
            }
        }
        self.newest += 1;
        let id = entry.id().as_str().to_owned();
        self.places.insert(id, self.entries.len());
        self.entries.push(Written {
            position: self.newest,
            record_time,
            entry: entry.clone(),
            taken_back: None,
        });
        Fate::Posted(self.newest)
    }

    fn put(&mut self, record: &Record, record_time: Instant) -> Fate {
        match self.records.decide(record) {
            Decision::Unchanged(position) => Fate::Duplicate(position),
            Decision::Refused(problem) => Fate::Refused(problem.reason),
            Decision::Write => {
                self.newest += 1;
                (self.records).apply(self.newest, record_time, record.clone());
                Fate::Posted(self.newest)
            }
        }
    }

    fn write(&mut self, request: &Request) -> Vec<Fate> {
        let time = request.record_time;
        match &request.writes {
            Writes::Entries(entries) => entries.iter().map(|one| self.append(one, time)).collect(),
            Writes::Records(records) => records.iter().map(|one| self.put(one, time)).collect(),
            Writes::TakenOver(written) => {
                let each = written.iter().map(|one| match &one.content {
                    Content::Entry(entry) => self.append(entry, one.record_time),
                    Content::Record(record) => self.put(record, one.record_time),
                });
                each.collect()
            }
        }
    }

    /// How many activities, reversals and records there are.
    pub fn counts(&self) -> (u64, u64, u64) {
        let is_activity = |written: &&Written| matches!(written.entry, Entry::Activity(_));
        let activities = self.entries.iter().filter(is_activity).count() as u64;
        let entries = self.entries.len() as u64;
        (activities, entries - activities, self.newest - entries)
    }

    /// Everything that is stored beside the ledger, as text.
    pub fn records(&self) -> String {
        let records = &self.records;
        let parties = records.parties(&all_parties(self.newest), |_| false);
        let definitions = records.definitions(self.newest);
        let cost_models = records.cost_models(self.newest);
        let closings = records.closings(self.newest);
        let products = records.products(self.newest);
        let rates = records.rates().list(&all_rates(self.newest));
        let terms = records.price_terms().list(&all_price_terms(self.newest));
        let decided = records.decided_prospects(self.newest);
        let requests = records.prospects().requests(self.newest);
        format!(
            "{parties:?} {definitions:?} {cost_models:?} {closings:?} {products:?} {rates:?} {terms:?} {decided:?} \
             {requests:?}"
        )
    }

    /// The sums of every customer over a period, as of a position; those that are zero are absent, and customers
    /// without postings too.
    pub fn sums(
        &self,
        period: &Period,
        as_of: Position,
        calendar: &Calendar,
    ) -> BTreeMap<String, Sums> {
        let mut sums: BTreeMap<String, Sums> = BTreeMap::new();
        for written in &self.entries {
            let is_there = written.position <= as_of
                && written.taken_back.is_none_or(|position| position > as_of);
            if let Entry::Activity(activity) = &written.entry
                && is_there
                && period.contains(calendar.day(activity.occur_time))
            {
                let own = sums.entry(activity.customer_id.to_string()).or_default();
                for_each_posting(activity, |account, quantity| {
                    own.add(account, quantity.into());
                });
            }
        }
        let sums = sums.into_iter();
        sums.map(|(customer, sums)| (customer, sums.without_zeros()))
            .collect()
    }
}

impl Truth {
    /// What must become of a request; it is written if it is to be kept.
    pub fn write(&mut self, request: &Request) -> Vec<Fate> {
        if request.mode == WriteMode::Keep {
            let tenant = self.tenants.entry(request.tenant.clone()).or_default();
            return tenant.write(request);
        }
        let tenant = self.tenants.get(&request.tenant);
        tenant.cloned().unwrap_or_default().write(request)
    }

    /// A request as another store hands it over: only what is to be written, where it will be, each at its own time.
    pub fn handed_over(&self, request: &Request) -> Request {
        let contents: Vec<Content> = match request.writes.clone() {
            Writes::Entries(entries) => entries.into_iter().map(Content::Entry).collect(),
            Writes::Records(records) => records.into_iter().map(Content::of_record).collect(),
            Writes::TakenOver(written) => written.into_iter().map(|one| one.content).collect(),
        };
        let tenant = self.tenants.get(&request.tenant);
        let mut tenant = tenant.cloned().unwrap_or_default();
        let mut written = Vec::new();
        for (second, content) in (0..).zip(contents) {
            let record_time = Instant {
                seconds: request.record_time.seconds + second,
                ..request.record_time
            };
            let fate = match &content {
                Content::Entry(entry) => tenant.append(entry, record_time),
                Content::Record(record) => tenant.put(record, record_time),
            };
            if let Fate::Posted(position) = fate {
                written.push(history::Written {
                    position,
                    record_time,
                    content,
                });
            }
        }
        Request {
            writes: Writes::TakenOver(written),
            mode: WriteMode::Keep,
            ..request.clone()
        }
    }

    /// Notes what was written at once.
    pub fn end_frame(&mut self, requests: Vec<Request>) {
        let newest = self.newest();
        let is_same = match self.frames.last() {
            Some((_, before)) => *before == newest,
            None => newest.is_empty(),
        };
        if !is_same {
            self.frames.push((requests, newest));
        }
    }

    /// The newest positions.
    pub fn newest(&self) -> Newest {
        let tenants = self.tenants.iter();
        let newest = tenants.map(|(id, tenant)| (id.clone(), tenant.newest));
        newest.filter(|(_, newest)| *newest > 0).collect()
    }

    /// What was there after so many frames.
    pub fn after(&self, frames: usize) -> Self {
        let mut before = Self::default();
        for (requests, _) in &self.frames[..frames] {
            for request in requests {
                before.write(request);
            }
            before.end_frame(requests.clone());
        }
        before
    }
}
