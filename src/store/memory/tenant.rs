//! One tenant's ledger as a list, and what is found by looking through it.

use crate::{
    domain::{
        account::{Account, Sums, for_each_posting},
        activity::{Activity, Kind},
        conflict::conflict,
        history::{Content, HistoryQuestion, Written, check_posted},
        id::{ActivityId, PartyId},
        ledger::{
            Entry, LedgerEntry, LedgerQuestion, Outcome, Position, Reversal, activity_not_found,
            already_reversed,
        },
        party::{PartyQuestion, Stage},
        problem::Problem,
        prospect::{ProspectAnswer, ProspectQuestion, TableBuilder},
        question::{CustomerProfile, ProfileAnswer, ProfileQuestion, Scope},
        records::{Decision, PartyAnswer, Record, Records},
        relationship::{sale_already_reversed, sale_not_found},
        time::{Calendar, Day, Instant, Period},
    },
    store::answer,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// One tenant's ledger and records.
#[derive(Clone, Default)]
pub(super) struct Tenant {
    /// The last position, of the ledger and of the records.
    pub newest: Position,
    /// What is stored beside the ledger.
    pub records: Records,
    ledger: Vec<WrittenEntry>,
    history: Vec<Written>,
    places: BTreeMap<ActivityId, usize>,
}

/// An entry in the ledger.
#[derive(Clone)]
struct WrittenEntry {
    position: Position,
    record_time: Instant,
    entry: Entry,
}

impl Tenant {
    /// Adds an entry, unless it is there already or refused.
    pub fn append(&mut self, entry: Entry, record_time: Instant) -> Outcome {
        if let Some(stored) = self.find(entry.id(), Position::MAX) {
            return match conflict(&stored.entry, &entry, stored.position) {
                None => Outcome::Duplicate(stored.position),
                Some(problem) => Outcome::Rejected(problem.into()),
            };
        }
        if let Entry::Reversal(reversal) = &entry {
            let target = &reversal.activity_id;
            match self.find(target, Position::MAX).map(|found| &found.entry) {
                None | Some(Entry::Reversal(_)) => {
                    return Outcome::Rejected(activity_not_found(target).into());
                }
                Some(Entry::Activity(_)) => {}
            }
            if let Some(position) = self.reversed_at(target, Position::MAX) {
                return Outcome::Rejected(already_reversed(target, position).into());
            }
        }
        if let Err(problem) = self.check_sale(&entry) {
            return Outcome::Rejected(problem.into());
        }
        self.newest += 1;
        self.history.push(Written {
            position: self.newest,
            record_time,
            content: Content::Entry(entry.clone()),
        });
        self.places.insert(entry.id().clone(), self.ledger.len());
        self.ledger.push(WrittenEntry {
            position: self.newest,
            record_time,
            entry,
        });
        Outcome::Posted(self.newest)
    }

    /// Stores a record, unless it is there already or refused.
    pub fn put(&mut self, record: Record, record_time: Instant) -> Outcome {
        match self.records.decide(&record) {
            Decision::Write => {
                if let Some(id) = record.erases() {
                    let history = self.history.iter_mut();
                    history.for_each(|one| one.erase(id, &self.records));
                }
                self.newest += 1;
                self.history.push(Written {
                    position: self.newest,
                    record_time,
                    content: Content::of_record(record.clone()),
                });
                self.records.apply(self.newest, record_time, record);
                Outcome::Posted(self.newest)
            }
            Decision::Unchanged(position) => Outcome::Duplicate(position),
            Decision::Refused(problem) => Outcome::Rejected(problem.into()),
        }
    }

    /// Writes what another store holds.
    pub fn take_over(&mut self, written: Written) -> Result<(), Problem> {
        let time = written.record_time;
        let outcome = match written.content {
            Content::Entry(entry) => self.append(entry, time),
            Content::Record(record) => self.put(record, time),
        };
        check_posted(written.position, outcome)
    }

    /// Everything that was written.
    pub fn history(&self, question: &HistoryQuestion) -> Vec<Written> {
        let wanted = self.history.iter().filter(|written| {
            question.after < written.position && written.position <= question.as_of
        });
        wanted.take(question.limit).cloned().collect()
    }

    fn find(&self, id: &ActivityId, as_of: Position) -> Option<&WrittenEntry> {
        let written = self.ledger.get(*self.places.get(id)?)?;
        (written.position <= as_of).then_some(written)
    }

    fn written(&self, as_of: Position) -> impl Iterator<Item = &WrittenEntry> {
        let ledger = self.ledger.iter();
        ledger.take_while(move |written| written.position <= as_of)
    }

    /// Refuses what is caused by a sale that is not there, or was taken back.
    fn check_sale(&self, entry: &Entry) -> Result<(), Problem> {
        let Entry::Activity(activity) = entry else {
            return Ok(());
        };
        let Some(sale) = activity.sale() else {
            return Ok(());
        };
        let found = self.activity(sale);
        if !found.is_some_and(|found| matches!(found.kind, Kind::Sale { .. })) {
            return Err(sale_not_found(activity, sale));
        }
        match self.reversed_at(sale, Position::MAX) {
            Some(position) => Err(sale_already_reversed(activity, sale, position)),
            None => Ok(()),
        }
    }

    /// Every reversal up to a position, by the activity that it takes back: what it names, and what that caused and was
    /// not taken back before.
    fn reversals(&self, as_of: Position) -> BTreeMap<&ActivityId, Position> {
        let mut reversals = BTreeMap::new();
        let mut caused = BTreeMap::<&ActivityId, Vec<&ActivityId>>::new();
        for written in self.written(as_of) {
            match &written.entry {
                Entry::Reversal(Reversal { activity_id, .. }) => {
                    reversals.insert(activity_id, written.position);
                    for caused in caused.get(activity_id).into_iter().flatten() {
                        reversals.entry(caused).or_insert(written.position);
                    }
                }
                Entry::Activity(activity) => {
                    if let Some(sale) = activity.sale() {
                        caused.entry(sale).or_default().push(&activity.activity_id);
                    }
                }
            }
        }
        reversals
    }

    fn reversed_at(&self, id: &ActivityId, as_of: Position) -> Option<Position> {
        self.reversals(as_of).get(id).copied()
    }

    /// Every activity up to a position that was not taken back up to that position.
    pub fn live(&self, as_of: Position) -> Vec<&Activity> {
        let reversals = self.reversals(as_of);
        let activities = self
            .written(as_of)
            .filter_map(|written| match &written.entry {
                Entry::Activity(activity) => Some(activity),
                Entry::Reversal(_) => None,
            });
        activities
            .filter(|activity| !reversals.contains_key(&activity.activity_id))
            .collect()
    }

    /// The same, of one period only.
    pub fn live_in(&self, period: &Period, as_of: Position, calendar: &Calendar) -> Vec<&Activity> {
        let live = self.live(as_of).into_iter();
        live.filter(|activity| period.contains(calendar.day(activity.occur_time)))
            .collect()
    }

    /// The entries that a question asks for.
    pub fn entries(&self, question: &LedgerQuestion) -> Vec<LedgerEntry> {
        let reversals = self.reversals(question.as_of);
        let mut entries = Vec::new();
        for written in self.written(question.as_of) {
            let activity = match &written.entry {
                Entry::Activity(activity) => Some(activity),
                Entry::Reversal(reversal) => self.activity(&reversal.activity_id),
            };
            let wanted = activity.is_some_and(|activity| {
                let time = activity.occur_time;
                written.position > question.after
                    && question.start.is_none_or(|start| start <= time)
                    && question.end.is_none_or(|end| time < end)
                    && (question.customer.as_ref()).is_none_or(|id| *id == activity.customer_id)
            });
            if wanted && entries.len() < question.limit {
                entries.push(LedgerEntry {
                    position: written.position,
                    record_time: written.record_time,
                    entry: written.entry.clone(),
                    reversed_at: reversals.get(written.entry.id()).copied(),
                });
            }
        }
        entries
    }

    fn activity(&self, id: &ActivityId) -> Option<&Activity> {
        match &self.find(id, Position::MAX)?.entry {
            Entry::Activity(activity) => Some(activity),
            Entry::Reversal(_) => None,
        }
    }

    /// Everybody with a sale that was not taken back.
    fn buyers(&self, as_of: Position) -> BTreeSet<&PartyId> {
        let live = self.live(as_of).into_iter();
        live.filter(|activity| matches!(activity.kind, Kind::Sale { .. }))
            .map(|activity| &activity.customer_id)
            .collect()
    }

    /// The stored parties that a question asks for.
    pub fn parties(&self, question: &PartyQuestion) -> PartyAnswer {
        let buyers = self.buyers(question.as_of);
        (self.records).parties(question, |id| buyers.contains(id))
    }

    /// All stored prospects, one after the other.
    pub fn prospects(&self, question: &ProspectQuestion) -> ProspectAnswer {
        let all = PartyQuestion {
            stage: Some(Stage::Prospect),
            traits: Vec::new(),
            without_sales: false,
            after: None,
            as_of: question.as_of,
            limit: usize::MAX,
        };
        let parties = self.parties(&all).parties;
        let mut table = TableBuilder::new(question.traits.clone(), question.as_of);
        for party in &parties {
            table.add(party.party_id.clone(), &party.traits);
        }
        let buyers = self.buyers(question.as_of);
        let rows = (0..).zip(&parties);
        let converted = rows.filter(|(_, party)| buyers.contains(&party.party_id));
        ProspectAnswer {
            converted: converted.map(|(row, _)| row).collect(),
            table: Arc::new(table.finish()),
        }
    }

    /// Whether an activity counts in a scope, apart from its day.
    pub fn is_in(&self, scope: &Scope, activity: &Activity) -> bool {
        let party = self.records.party(&activity.customer_id, scope.as_of);
        scope.has_branch(&activity.dimensions.branch_id)
            && scope.has_customer(party.map(|party| &**party))
    }

    /// Every customer's traits and sums by age.
    pub fn profiles(&self, question: &ProfileQuestion, calendar: &Calendar) -> ProfileAnswer {
        let mut first_days: BTreeMap<&PartyId, Day> = BTreeMap::new();
        for activity in self.live(question.as_of) {
            let day = calendar.day(activity.occur_time);
            let first = first_days.entry(&activity.customer_id).or_insert(day);
            *first = day.min(*first);
        }
        let mut answer = ProfileAnswer::default();
        let mut active: BTreeMap<&PartyId, Vec<&Activity>> = BTreeMap::new();
        for activity in self.live_in(&question.period, question.as_of, calendar) {
            let day = calendar.day(activity.occur_time);
            answer.last_day = answer.last_day.max(Some(day));
            add_postings(&mut answer.ledger, activity);
            active
                .entry(&activity.customer_id)
                .or_default()
                .push(activity);
        }
        answer.active = active.len() as u64;
        for (customer, activities) in active {
            let first_day = first_days[customer];
            if !question.period.contains(first_day) {
                for activity in activities {
                    add_postings(&mut answer.filtered_out, activity);
                }
                continue;
            }
            let mut ages = vec![Sums::default(); question.buckets as usize];
            for activity in activities {
                add_postings(&mut answer.reported, activity);
                let day = calendar.day(activity.occur_time);
                let age = i64::from(day.0) - i64::from(first_day.0);
                let bucket = answer::age_bucket(age, question.horizon_days, question.buckets);
                if let Some(bucket) = bucket {
                    add_postings(&mut ages[bucket], activity);
                }
            }
            let values = |sums| (question.profit.value(sums), question.size.value(sums));
            answer.customers.push(CustomerProfile {
                customer: customer.clone(),
                party: self.records.party(customer, question.as_of).cloned(),
                first_day,
                buckets: ages.iter().map(values).collect(),
            });
        }
        answer.ledger = answer.ledger.without_zeros();
        answer.reported = answer.reported.without_zeros();
        answer.filtered_out = answer.filtered_out.without_zeros();
        answer
    }
}

/// Adds the postings of an activity.
pub(super) fn add_postings(sums: &mut Sums, activity: &Activity) {
    for_each_posting(activity, |account: Account, quantity| {
        sums.add(account, i128::from(quantity));
    });
}
