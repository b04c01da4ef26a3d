//! Parties, trait definitions, cost models, closings, products, exchange rates and price terms as they were at every
//! position: the small things beside the ledger.
//!
//! A store that keeps them in memory holds one [`Records`] for each tenant. What is decided here is decided once for
//! all stores: whether a record is new, unchanged or refused.

use super::{
    closing::{self, Closing, ClosingDraft},
    cost_model::{self, CostModel, CostModelDraft},
    data_subject::{ErasedParty, SubjectRight, erased},
    exchange_rate::ExchangeRate,
    id::{PartyId, RequestId, TraitKey},
    ledger::Position,
    party::{self, Party, PartyQuestion, TraitDefinition, TraitValue},
    price_terms::{PriceTerms, PriceTermsHistory},
    problem::Problem,
    product::Product,
    prospect_outcome::{DecidedProspect, PartyVersion},
    prospect_records::{ProspectRecord, ProspectRecords},
    rates::Rates,
    time::Instant,
    traits::SharedTraits,
    versions::{Version, Versions, add, copy_newest},
};
use serde::{Deserialize, Serialize};
use std::{
    borrow::Borrow,
    collections::BTreeMap,
    ops::Bound,
    sync::{Arc, LazyLock},
};

/// What a client can store beside the ledger. New kinds are added at the end: the order is part of the stored form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Record {
    /// A customer or a prospect, as a whole.
    Party(Party),
    /// What a trait is.
    TraitDefinition(TraitDefinition),
    /// The next version of the cost model.
    CostModel(CostModelDraft),
    /// A calendar month is closed.
    Closing(ClosingDraft),
    /// A product with its category.
    Product(Product),
    /// An exchange rate of a day.
    ExchangeRate(ExchangeRate),
    /// By what a customer buys from a day on.
    PriceTerms(PriceTerms),
    /// What is stored about winning prospects.
    Prospect(ProspectRecord),
    /// What is left of a version of a party that was erased; handed over by another store.
    ErasedParty(ErasedParty),
}

impl Record {
    /// Whose personal data it erases, if it does.
    pub fn erases(&self) -> Option<&PartyId> {
        let Self::Prospect(ProspectRecord::SubjectRequest(request)) = self else {
            return None;
        };
        (request.right == SubjectRight::Erasure).then_some(&request.party_id)
    }
}

/// What becomes of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It is to be written at the next position.
    Write,
    /// The same was written at this position and still holds.
    Unchanged(Position),
    /// It is refused.
    Refused(Problem),
}

/// One tenant's records with their history.
#[derive(Debug, Clone, Default)]
pub struct Records {
    parties: BTreeMap<PartyId, Versions<Party>>,
    /// The positions at which parties were written, as ranges from the first to the last of each.
    party_writes: Vec<(Position, Position)>,
    shared: SharedTraits,
    definitions: BTreeMap<TraitKey, Versions<TraitDefinition>>,
    cost_models: Vec<StoredCostModel>,
    closings: Vec<Closing>,
    products: BTreeMap<String, Versions<Product>>,
    rates: Rates,
    price_terms: PriceTermsHistory,
    prospects: ProspectRecords,
}

/// A version of the cost model with where it was written and under which request.
#[derive(Debug, Clone)]
struct StoredCostModel {
    position: Position,
    request_id: RequestId,
    model: Arc<CostModel>,
}

impl Records {
    /// Copies from `base` what decides about a record, unless it is here already.
    ///
    /// So a draft of writes that are not durable yet can be made beside the records that they follow, and dropped.
    pub fn prepare(&mut self, base: &Self, record: &Record) {
        match record {
            Record::Party(party) => {
                copy_newest(&mut self.parties, &base.parties, &party.party_id);
                for key in party.traits.keys() {
                    copy_newest(&mut self.definitions, &base.definitions, key);
                }
            }
            Record::TraitDefinition(definition) => {
                copy_newest(&mut self.definitions, &base.definitions, &definition.key);
            }
            Record::CostModel(_) => {
                if self.cost_models.is_empty() {
                    self.cost_models.clone_from(&base.cost_models);
                }
            }
            Record::Closing(_) => {
                if self.closings.is_empty() {
                    self.closings.clone_from(&base.closings);
                }
            }
            Record::Product(product) => {
                copy_newest(&mut self.products, &base.products, &product.product_id);
            }
            Record::ExchangeRate(rate) => self.rates.prepare(&base.rates, rate),
            Record::PriceTerms(terms) => self.price_terms.prepare(&base.price_terms, terms),
            Record::Prospect(record) => {
                self.prospects.prepare(&base.prospects, record);
                if let Some(party) = record.subject() {
                    copy_newest(&mut self.parties, &base.parties, party);
                }
            }
            Record::ErasedParty(erased) => {
                copy_newest(&mut self.parties, &base.parties, &erased.party_id);
            }
        }
    }

    /// Says what becomes of a record, before it is written.
    pub fn decide(&self, record: &Record) -> Decision {
        match record {
            Record::Party(party) => self.decide_party(party),
            Record::TraitDefinition(definition) => self.decide_definition(definition),
            Record::CostModel(draft) => self.decide_cost_model(draft),
            Record::Closing(draft) => match closing::decide(&self.closings, draft) {
                None => Decision::Write,
                Some(Ok(position)) => Decision::Unchanged(position),
                Some(Err(problem)) => Decision::Refused(problem),
            },
            Record::Product(product) => self.decide_product(product),
            Record::ExchangeRate(rate) => self.rates.decide(rate),
            Record::PriceTerms(terms) => self.price_terms.decide(terms),
            Record::Prospect(record) => {
                let party = record.subject().and_then(|party| self.parties.get(party));
                let last_write = party.map_or(0, |versions| versions.newest().position);
                self.prospects.decide(record, last_write)
            }
            // Every version keeps its place, though they are alike.
            Record::ErasedParty(_) => Decision::Write,
        }
    }

    fn decide_party(&self, party: &Party) -> Decision {
        for (key, value) in party.traits.iter() {
            let defined = self.definition(key, Position::MAX);
            if let Some(definition) = defined
                && definition.trait_type != value.trait_type()
            {
                let problem =
                    party::trait_type_mismatch(key, definition.trait_type, value.trait_type());
                return Decision::Refused(problem);
            }
        }
        let stored = self.parties.get(&party.party_id);
        unchanged_or_written(stored, party)
    }

    fn decide_definition(&self, definition: &TraitDefinition) -> Decision {
        let stored = self.definitions.get(&definition.key);
        match stored.map(|versions| &versions.newest().thing) {
            Some(stored) if stored.trait_type != definition.trait_type => {
                let problem = party::trait_type_mismatch(
                    &definition.key,
                    stored.trait_type,
                    definition.trait_type,
                );
                Decision::Refused(problem.about("type"))
            }
            _ => unchanged_or_written(stored, definition),
        }
    }

    fn decide_cost_model(&self, draft: &CostModelDraft) -> Decision {
        if let Some(stored) = self
            .cost_models
            .iter()
            .find(|s| s.request_id == draft.request_id)
        {
            return if stored.model.same_content(&draft.model) {
                Decision::Unchanged(stored.position)
            } else {
                Decision::Refused(cost_model::request_id_reused(&draft.request_id))
            };
        }
        let newest = self.newest_version();
        match draft.expected_version {
            Some(expected) if expected != newest => {
                Decision::Refused(cost_model::cost_model_changed(expected, newest))
            }
            _ => Decision::Write,
        }
    }

    fn decide_product(&self, product: &Product) -> Decision {
        let stored = self.products.get(&product.product_id);
        unchanged_or_written(stored, product)
    }

    fn newest_version(&self) -> u64 {
        self.cost_models
            .last()
            .map_or(0, |stored| stored.model.version)
    }

    /// Takes in a record that was decided to be written and is durable at `position`, greater than all before.
    pub fn apply(&mut self, position: Position, record_time: Instant, record: Record) {
        let place = (position, record_time);
        if let Some(party) = record.erases().and_then(|id| self.parties.get_mut(id)) {
            party.replace_before(position, erased);
        }
        match record {
            Record::Party(party) => {
                for (key, value) in party.traits.iter() {
                    self.imply_definition(place, key, value);
                }
                self.add_party(place, party);
            }
            Record::ErasedParty(erased) => {
                let party = erased.party();
                for definition in erased.definitions {
                    self.define_first(place, definition);
                }
                self.add_party(place, party);
            }
            Record::TraitDefinition(definition) => {
                let key = definition.key.clone();
                add(&mut self.definitions, key, place, definition);
            }
            Record::CostModel(draft) => {
                let version = self.newest_version() + 1;
                let model = CostModel {
                    version,
                    record_time: Some(record_time),
                    ..draft.model
                };
                let stored = StoredCostModel {
                    position,
                    request_id: draft.request_id,
                    model: Arc::new(model),
                };
                self.cost_models.push(stored);
            }
            Record::Closing(draft) => self.closings.push(Closing {
                position,
                record_time,
                draft,
            }),
            Record::Product(product) => {
                let id = product.product_id.clone();
                add(&mut self.products, id, place, product);
            }
            Record::ExchangeRate(rate) => self.rates.apply(position, record_time, rate),
            Record::PriceTerms(terms) => self.price_terms.apply(position, record_time, terms),
            Record::Prospect(record) => self.prospects.apply(position, record_time, record),
        }
    }

    fn imply_definition(&mut self, place: (Position, Instant), key: &TraitKey, value: &TraitValue) {
        if !self.definitions.contains_key(key) {
            self.define_first(place, TraitDefinition::implied(key.clone(), value));
        }
    }

    fn define_first(&mut self, place: (Position, Instant), definition: TraitDefinition) {
        let key = definition.key.clone();
        if !self.definitions.contains_key(&key) {
            add(&mut self.definitions, key, place, definition);
        }
    }

    fn add_party(&mut self, place: (Position, Instant), party: Party) {
        self.note_party_write(place.0);
        let party = Party {
            traits: self.shared.share(party.traits),
            ..party
        };
        add(&mut self.parties, party.party_id.clone(), place, party);
    }

    /// The definitions that were implied by what was written at a position.
    pub fn implied_at(&self, position: Position) -> Vec<TraitDefinition> {
        let first = self.definitions.values().filter_map(|all| all.all().next());
        let implied = first.filter(|version| version.position == position);
        implied.map(|version| (*version.thing).clone()).collect()
    }

    fn note_party_write(&mut self, position: Position) {
        match self.party_writes.last_mut() {
            Some((_, last)) if *last + 1 == position => *last = position,
            _ => self.party_writes.push((position, position)),
        }
    }

    /// The position of the last write of any party up to a position; 0 if there is none.
    pub fn last_party_write(&self, as_of: Position) -> Position {
        let after = self
            .party_writes
            .partition_point(|(first, _)| *first <= as_of);
        let last = self.party_writes[..after].last();
        last.map_or(0, |(_, last)| *last.min(&as_of))
    }

    /// Visits some parties as of a position, in the order of their ids, each with the position at which it was written.
    ///
    /// Looks at most at `limit` stored ones, and gives the id after which to go on, if there may be more.
    pub fn visit_parties(
        &self,
        after: Option<&PartyId>,
        limit: usize,
        as_of: Position,
        mut visit: impl FnMut(Position, &Party),
    ) -> Option<PartyId> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let mut last = None;
        let stored = self.parties.range::<PartyId, _>((from, Bound::Unbounded));
        let mut count = 0;
        for (id, history) in stored.take(limit) {
            if let Some(version) = history.at(as_of) {
                visit(version.position, &version.thing);
            }
            count += 1;
            last = Some(id);
        }
        last.filter(|_| count == limit).cloned()
    }

    /// A party as of a position.
    pub fn party<Q: Ord + ?Sized>(&self, id: &Q, as_of: Position) -> Option<&Arc<Party>>
    where
        PartyId: Borrow<Q>,
    {
        let version = self.parties.get(id)?.at(as_of)?;
        Some(&version.thing)
    }

    /// All parties as of a position, in the order of their ids.
    pub fn each_party(&self, as_of: Position) -> impl Iterator<Item = (&PartyId, &Arc<Party>)> {
        let all = self.parties.iter();
        all.filter_map(move |(id, versions)| Some((id, &versions.at(as_of)?.thing)))
    }

    /// How many parties were ever stored.
    pub fn party_count(&self) -> usize {
        self.parties.len()
    }

    /// The parties that meet a question, in the order of their ids, and how many prospects `has_sale` left out.
    pub fn parties(
        &self,
        question: &PartyQuestion,
        has_sale: impl Fn(&PartyId) -> bool,
    ) -> PartyAnswer {
        let from = question
            .after
            .as_ref()
            .map_or(Bound::Unbounded, Bound::Excluded);
        let mut answer = PartyAnswer::default();
        for (id, history) in self.parties.range::<PartyId, _>((from, Bound::Unbounded)) {
            if answer.parties.len() == question.limit {
                break;
            }
            let Some(Version { thing: party, .. }) = history.at(question.as_of) else {
                continue;
            };
            let wanted = question.stage.is_none_or(|stage| stage == party.stage)
                && question
                    .traits
                    .iter()
                    .all(|filter| filter.holds(Some(party)));
            if wanted && question.without_sales && has_sale(id) {
                answer.left_out += 1;
            } else if wanted {
                answer.parties.push(Arc::clone(party));
            }
        }
        answer
    }

    /// What is stored about winning prospects.
    pub fn prospects(&self) -> &ProspectRecords {
        &self.prospects
    }

    /// The prospects that are won or lost as of a position, in the order of the keys of their outcomes, each with what
    /// was known of it when it was pursued.
    pub fn decided_prospects(&self, as_of: Position) -> Vec<DecidedProspect> {
        let decided = self.prospects.decided(as_of);
        decided
            .map(|decided| {
                let versions = self.parties.get(&decided.stored.outcome.party_id);
                let versions = versions.into_iter().flat_map(Versions::all);
                let versions = versions.map(|version| PartyVersion {
                    position: version.position,
                    recorded: version.recorded,
                    party: &version.thing,
                });
                decided.known(versions)
            })
            .collect()
    }

    /// The stored exchange rates.
    pub fn rates(&self) -> &Rates {
        &self.rates
    }

    /// By what customers buy.
    pub fn price_terms(&self) -> &PriceTermsHistory {
        &self.price_terms
    }

    /// A trait's definition as of a position.
    pub fn definition(&self, key: &TraitKey, as_of: Position) -> Option<&Arc<TraitDefinition>> {
        let version = self.definitions.get(key)?.at(as_of)?;
        Some(&version.thing)
    }

    /// All definitions as of a position, in the order of their keys.
    pub fn definitions(&self, as_of: Position) -> Vec<Arc<TraitDefinition>> {
        let definitions = self.definitions.values();
        let found = definitions.filter_map(|history| history.at(as_of));
        found.map(|version| Arc::clone(&version.thing)).collect()
    }

    /// All products as of a position, in the order of their ids.
    pub fn products(&self, as_of: Position) -> Vec<Product> {
        let found = (self.products.values()).filter_map(|history| history.at(as_of));
        found.map(|version| (*version.thing).clone()).collect()
    }

    /// All closed months as of a position, the oldest first.
    pub fn closings(&self, as_of: Position) -> Vec<Closing> {
        let closed = self.closings.iter();
        closed
            .filter(|closing| closing.position <= as_of)
            .cloned()
            .collect()
    }

    /// All versions of the cost model as of a position, the oldest first, with version 0 before them.
    pub fn cost_models(&self, as_of: Position) -> Vec<Arc<CostModel>> {
        static EMPTY: LazyLock<Arc<CostModel>> = LazyLock::new(Arc::default);
        let stored = self
            .cost_models
            .iter()
            .filter(|stored| stored.position <= as_of);
        std::iter::once(&*EMPTY)
            .chain(stored.map(|stored| &stored.model))
            .cloned()
            .collect()
    }
}

/// Stored parties.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PartyAnswer {
    /// Those that meet the question, in the order of their ids.
    pub parties: Vec<Arc<Party>>,
    /// How many were passed over on the way because they have a sale.
    pub left_out: u64,
}

fn unchanged_or_written<T: PartialEq>(stored: Option<&Versions<T>>, next: &T) -> Decision {
    match stored.map(Versions::newest) {
        Some(newest) if *newest.thing == *next => Decision::Unchanged(newest.position),
        _ => Decision::Write,
    }
}

#[cfg(test)]
mod tests;
