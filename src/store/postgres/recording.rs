//! What becomes of records: decided by the domain against the newest version of each, and then written all at once.

use super::{
    closings,
    database::{Fault, column, rows},
    decisions, json,
    parties::{COLUMNS, party_of, stage_number},
    price_terms, products, prospect_records, rates,
    sql::{OPEN, Sql, count, seq},
};
use crate::domain::{
    closing::Closing,
    cost_model::{CostModel, CostModelDraft},
    exchange_rate::{Pair, StoredRate},
    id::{PartyId, RequestId, TraitKey},
    ledger::{Outcome, Position},
    party::{Party, TraitDefinition},
    price_terms::StoredPriceTerms,
    product::Product,
    records::{Decision, Record, Records},
    time::{Day, Instant},
};
use deadpool_postgres::Object;
use std::collections::{BTreeMap, BTreeSet};

/// What is stored of the things that a group of records is about, and what the group adds.
#[derive(Default)]
pub struct Recording {
    records: Records,
    /// The traits that have a definition.
    defined: BTreeSet<TraitKey>,
    parties: Vec<PartyVersion>,
    /// Where each party's last version is in `parties`.
    last: BTreeMap<PartyId, usize>,
    definitions: Vec<DefinitionVersion>,
    cost_models: Vec<(i64, String, CostModel)>,
    versions: u64,
    closings: Vec<Closing>,
    products: Vec<(i64, Instant, Product)>,
    rates: Vec<StoredRate>,
    price_terms: Vec<StoredPriceTerms>,
    prospects: Vec<prospect_records::Stored>,
}

struct PartyVersion {
    id: String,
    seq: i64,
    until: i64,
    stage: i16,
    name: String,
    traits: String,
    record_time: Instant,
}

struct DefinitionVersion {
    key: String,
    seq: i64,
    definition: String,
    record_time: Instant,
}

impl Recording {
    /// Reads the newest versions of what the records are about.
    pub async fn prepare(
        connection: &Object,
        tenant: i32,
        submitted: impl Iterator<Item = &Record>,
    ) -> Result<Self, Fault> {
        let (mut parties, mut keys) = (BTreeSet::new(), BTreeSet::new());
        let (mut cost_models, mut closings) = (false, false);
        let mut own_products = BTreeSet::new();
        let (mut rates, mut terms) = (BTreeSet::new(), BTreeSet::new());
        let mut prospects = Vec::new();
        for record in submitted {
            match record {
                Record::Party(party) => {
                    parties.insert(party.party_id.to_string());
                    keys.extend(party.traits.keys().map(TraitKey::to_string));
                }
                Record::ErasedParty(party) => {
                    parties.insert(party.party_id.to_string());
                    keys.extend(party.definitions.iter().map(|own| own.key.to_string()));
                }
                Record::TraitDefinition(definition) => {
                    keys.insert(definition.key.to_string());
                }
                Record::CostModel(_) => cost_models = true,
                Record::Closing(_) => closings = true,
                Record::Product(product) => {
                    own_products.insert(product.product_id.clone());
                }
                Record::ExchangeRate(rate) => {
                    rates.insert((rate.pair, rate.day));
                }
                Record::PriceTerms(own) => {
                    terms.insert((own.customer_id.clone(), own.first_day));
                }
                Record::Prospect(record) => {
                    parties.extend(record.subject().map(PartyId::to_string));
                    prospects.push(record);
                }
            }
        }
        let mut recording = Self::default();
        // Definitions before the parties, which would otherwise imply them.
        recording.read_definitions(connection, tenant, keys).await?;
        recording.read_parties(connection, tenant, parties).await?;
        if cost_models {
            recording.read_cost_models(connection, tenant).await?;
        }
        if closings {
            for closing in closings::closings_on(connection, tenant).await? {
                recording.take(closing.position, Record::Closing(closing.draft));
            }
        }
        for (position, product) in products::newest_on(connection, tenant, own_products).await? {
            recording.take(position, Record::Product(product));
        }
        recording.read_rates(connection, tenant, rates).await?;
        for stored in price_terms::newest_on(connection, tenant, terms).await? {
            recording.take(stored.position, Record::PriceTerms(stored.terms));
        }
        for stored in prospect_records::deciding_on(connection, tenant, prospects).await? {
            recording.take(stored.position, Record::Prospect(stored.record));
        }
        Ok(recording)
    }

    async fn read_definitions(
        &mut self,
        connection: &Object,
        tenant: i32,
        keys: BTreeSet<String>,
    ) -> Result<(), Fault> {
        if keys.is_empty() {
            return Ok(());
        }
        let mut sql = Sql::default();
        let tenant = sql.bind(tenant);
        let keys = sql.bind(keys.into_iter().collect::<Vec<_>>());
        sql.push(&format!(
            "SELECT DISTINCT ON (d.key) d.seq, d.definition::text AS definition \
             FROM profitscore.trait_definitions d WHERE d.tenant = {tenant} AND d.key = ANY({keys}) \
             ORDER BY d.key, d.seq DESC"
        ));
        for row in rows(connection, &sql).await? {
            let definition: TraitDefinition = json::read(column(&row, "definition")?)?;
            self.defined.insert(definition.key.clone());
            let record = Record::TraitDefinition(definition);
            self.take(count(column(&row, "seq")?), record);
        }
        Ok(())
    }

    async fn read_parties(
        &mut self,
        connection: &Object,
        tenant: i32,
        parties: BTreeSet<String>,
    ) -> Result<(), Fault> {
        if parties.is_empty() {
            return Ok(());
        }
        let mut sql = Sql::default();
        let (tenant, open) = (sql.bind(tenant), sql.bind(OPEN));
        let parties = sql.bind(parties.into_iter().collect::<Vec<_>>());
        sql.push(&format!(
            "SELECT p.seq, {COLUMNS} FROM profitscore.parties p \
             WHERE p.tenant = {tenant} AND p.party = ANY({parties}) AND p.until = {open}"
        ));
        for row in rows(connection, &sql).await? {
            let record = Record::Party(party_of(&row)?);
            self.take(count(column(&row, "seq")?), record);
        }
        Ok(())
    }

    async fn read_cost_models(&mut self, connection: &Object, tenant: i32) -> Result<(), Fault> {
        let mut sql = Sql::default();
        let tenant = sql.bind(tenant);
        sql.push(&format!(
            "SELECT c.seq, c.request_id, c.model::text AS model FROM profitscore.cost_models c \
             WHERE c.tenant = {tenant} ORDER BY c.version"
        ));
        for row in rows(connection, &sql).await? {
            let draft = CostModelDraft {
                model: json::read(column(&row, "model")?)?,
                request_id: RequestId::stored(column(&row, "request_id")?),
                expected_version: None,
            };
            self.versions += 1;
            self.take(count(column(&row, "seq")?), Record::CostModel(draft));
        }
        Ok(())
    }

    async fn read_rates(
        &mut self,
        connection: &Object,
        tenant: i32,
        keys: BTreeSet<(Pair, Day)>,
    ) -> Result<(), Fault> {
        if keys.is_empty() {
            return Ok(());
        }
        let keys: Vec<_> = keys.into_iter().collect();
        for row in rows(connection, &rates::some(tenant, &keys, Position::MAX)).await? {
            let stored = rates::stored_of(&row)?;
            self.take(stored.position, Record::ExchangeRate(stored.rate));
        }
        Ok(())
    }

    /// Takes in what is stored; when it was stored decides nothing.
    fn take(&mut self, position: Position, record: Record) {
        let time = Instant {
            seconds: 0,
            nanos: 0,
        };
        self.records.apply(position, time, record);
    }

    /// Decides about one record, which gets the position after `newest` if it is new.
    pub fn decide(
        &mut self,
        record: Record,
        record_time: Instant,
        newest: &mut Position,
    ) -> Outcome {
        match self.records.decide(&record) {
            Decision::Unchanged(position) => Outcome::Duplicate(position),
            Decision::Refused(problem) => Outcome::Rejected(Box::new(problem)),
            Decision::Write => {
                *newest += 1;
                self.keep(&record, record_time, seq(*newest));
                self.records.apply(*newest, record_time, record);
                Outcome::Posted(*newest)
            }
        }
    }

    fn keep(&mut self, record: &Record, record_time: Instant, seq: i64) {
        match record {
            Record::Party(party) => {
                for (key, value) in party.traits.iter() {
                    if self.defined.insert(key.clone()) {
                        let implied = TraitDefinition::implied(key.clone(), value);
                        self.define(&implied, record_time, seq);
                    }
                }
                self.keep_party(party, record_time, seq);
            }
            Record::ErasedParty(erased) => {
                for definition in &erased.definitions {
                    if self.defined.insert(definition.key.clone()) {
                        self.define(definition, record_time, seq);
                    }
                }
                self.keep_party(&erased.party(), record_time, seq);
            }
            Record::TraitDefinition(definition) => {
                self.defined.insert(definition.key.clone());
                self.define(definition, record_time, seq);
            }
            Record::CostModel(draft) => {
                self.versions += 1;
                let model = CostModel {
                    version: self.versions,
                    record_time: Some(record_time),
                    ..draft.model.clone()
                };
                self.cost_models
                    .push((seq, draft.request_id.to_string(), model));
            }
            Record::Closing(draft) => self.closings.push(Closing {
                position: count(seq),
                record_time,
                draft: draft.clone(),
            }),
            Record::Product(product) => self.products.push((seq, record_time, product.clone())),
            Record::ExchangeRate(rate) => self.rates.push(StoredRate {
                position: count(seq),
                record_time,
                rate: rate.clone(),
            }),
            Record::PriceTerms(terms) => self.price_terms.push(StoredPriceTerms {
                position: count(seq),
                record_time,
                terms: terms.clone(),
            }),
            Record::Prospect(record) => self.prospects.push(prospect_records::Stored {
                position: count(seq),
                record_time,
                record: record.clone(),
            }),
        }
    }

    fn keep_party(&mut self, party: &Party, record_time: Instant, seq: i64) {
        let before = self.last.insert(party.party_id.clone(), self.parties.len());
        if let Some(before) = before.and_then(|before| self.parties.get_mut(before)) {
            before.until = seq;
        }
        self.parties.push(PartyVersion {
            id: party.party_id.to_string(),
            seq,
            until: OPEN,
            stage: stage_number(party.stage),
            name: party.display_name.clone(),
            traits: json::of_traits(&party.traits),
            record_time,
        });
    }

    fn define(&mut self, definition: &TraitDefinition, record_time: Instant, seq: i64) {
        self.definitions.push(DefinitionVersion {
            key: definition.key.to_string(),
            seq,
            definition: json::text(definition),
            record_time,
        });
    }

    /// Writes what is new.
    pub async fn write(self, connection: &Object, tenant: i32) -> Result<(), Fault> {
        let mut statements = Vec::new();
        if !self.parties.is_empty() {
            statements.extend(party_statements(tenant, self.parties));
        }
        if !self.definitions.is_empty() {
            statements.push(definition_statement(tenant, self.definitions));
        }
        for model in self.cost_models {
            statements.push(cost_model_statement(tenant, model));
        }
        let closings = self.closings.iter();
        statements.extend(closings.map(|closing| closings::statement(tenant, closing)));
        for (seq, record_time, product) in self.products {
            statements.push(products::statement(tenant, seq, product, record_time));
        }
        if !self.rates.is_empty() {
            statements.push(rates::statement(tenant, &self.rates));
        }
        if !self.price_terms.is_empty() {
            statements.push(price_terms::statement(tenant, &self.price_terms));
        }
        if !self.prospects.is_empty() {
            statements.push(prospect_records::statement(tenant, &self.prospects));
        }
        // After what the same group stored of whoever is erased.
        for stored in self.prospects {
            let record = Record::Prospect(stored.record);
            if let Some(party) = record.erases() {
                statements.push(prospect_records::erasing(tenant, party, stored.position));
                statements.push(decisions::erasing(tenant, party, stored.position));
            }
        }
        for sql in statements {
            rows(connection, &sql).await?;
        }
        Ok(())
    }
}

/// Ends the versions that held until now, and adds the new ones.
fn party_statements(tenant: i32, versions: Vec<PartyVersion>) -> [Sql; 2] {
    let mut first = BTreeMap::new();
    for version in &versions {
        first.entry(version.id.clone()).or_insert(version.seq);
    }
    let (party, until): (Vec<_>, Vec<_>) = first.into_iter().unzip();
    let mut end = Sql::default();
    let (owner, open) = (end.bind(tenant), end.bind(OPEN));
    let (party, until) = (end.bind(party), end.bind(until));
    // Citus brings a result to all machines, but no function that stands beside a table that is spread.
    end.push(&format!(
        "WITH n AS MATERIALIZED (SELECT u.party, u.until \
         FROM unnest({party}::text[], {until}::bigint[]) AS u(party, until)) \
         UPDATE profitscore.parties p SET until = n.until FROM n \
         WHERE p.tenant = {owner} AND p.party = n.party AND p.until = {open}"
    ));
    let (mut id, mut seq, mut until) = (Vec::new(), Vec::new(), Vec::new());
    let (mut stage, mut name, mut traits) = (Vec::new(), Vec::new(), Vec::new());
    let (mut seconds, mut nanos) = (Vec::new(), Vec::new());
    for version in versions {
        id.push(version.id);
        seq.push(version.seq);
        until.push(version.until);
        stage.push(version.stage);
        name.push(version.name);
        traits.push(version.traits);
        seconds.push(version.record_time.seconds);
        nanos.push(version.record_time.nanos.cast_signed());
    }
    let mut add = Sql::default();
    let (owner, id, seq) = (add.bind(tenant), add.bind(id), add.bind(seq));
    let (until, stage) = (add.bind(until), add.bind(stage));
    let (name, traits) = (add.bind(name), add.bind(traits));
    let (seconds, nanos) = (add.bind(seconds), add.bind(nanos));
    add.push(&format!(
        "INSERT INTO profitscore.parties \
         (tenant, party, seq, until, stage, name, traits, record_seconds, record_nanos) \
         SELECT {owner}::integer, n.party, n.seq, n.until, n.stage, n.name, n.traits::jsonb, n.seconds, n.nanos \
         FROM unnest({id}::text[], {seq}::bigint[], {until}::bigint[], {stage}::smallint[], {name}::text[], \
         {traits}::text[], {seconds}::bigint[], {nanos}::integer[]) \
         AS n(party, seq, until, stage, name, traits, seconds, nanos)"
    ));
    [end, add]
}

fn definition_statement(tenant: i32, definitions: Vec<DefinitionVersion>) -> Sql {
    let (mut key, mut seq, mut definition) = (Vec::new(), Vec::new(), Vec::new());
    let (mut seconds, mut nanos) = (Vec::new(), Vec::new());
    for version in definitions {
        key.push(version.key);
        seq.push(version.seq);
        definition.push(version.definition);
        seconds.push(version.record_time.seconds);
        nanos.push(version.record_time.nanos.cast_signed());
    }
    let mut sql = Sql::default();
    let (owner, key) = (sql.bind(tenant), sql.bind(key));
    let (seq, definition) = (sql.bind(seq), sql.bind(definition));
    let (seconds, nanos) = (sql.bind(seconds), sql.bind(nanos));
    sql.push(&format!(
        "INSERT INTO profitscore.trait_definitions (tenant, key, seq, definition, record_seconds, record_nanos) \
         SELECT {owner}::integer, n.key, n.seq, n.definition::jsonb, n.seconds, n.nanos \
         FROM unnest({key}::text[], {seq}::bigint[], {definition}::text[], {seconds}::bigint[], \
         {nanos}::integer[]) AS n(key, seq, definition, seconds, nanos)"
    ));
    sql
}

fn cost_model_statement(tenant: i32, (seq, request_id, model): (i64, String, CostModel)) -> Sql {
    let mut sql = Sql::default();
    let (tenant, version) = (sql.bind(tenant), sql.bind(super::sql::seq(model.version)));
    let (seq, request_id) = (sql.bind(seq), sql.bind(request_id));
    let model = sql.bind(json::text(&model));
    sql.push(&format!(
        "INSERT INTO profitscore.cost_models (tenant, version, seq, request_id, model) \
         VALUES ({tenant}, {version}, {seq}, {request_id}, {model}::text::jsonb)"
    ));
    sql
}

/// Says what would become of records, and keeps nothing.
pub async fn try_out(
    connection: &Object,
    (tenant, mut newest): (i32, Position),
    records: &[Record],
    record_time: Instant,
) -> Result<Vec<Outcome>, Fault> {
    let mut recording = Recording::prepare(connection, tenant, records.iter()).await?;
    let records = records.iter().cloned();
    Ok(records
        .map(|record| recording.decide(record, record_time, &mut newest))
        .collect())
}
