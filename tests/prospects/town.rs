//! The generated world in a store, and questions about it in short words.

use super::world::{self, Line, World};
use profitscore::{
    domain::{
        activity::{Activity, Dimensions, Kind},
        id::{ActivityId, PartyId, TenantId, TraitKey},
        ledger::{Entry, Outcome, Position, WriteMode},
        model::asked::Asked,
        money::Currency,
        party::{Party, Stage, TraitValue},
        problem::Problem,
        question::Scope,
        ranking::Basis,
        records::Record,
        time::{Calendar, Day, Instant, Period},
    },
    service::{
        Service, Settings,
        clock::SystemClock,
        prequalify::{Prequalified, PrequalifyRequest, Prospect},
        profile::{BestCustomers, LearntOfBest},
    },
    store::{Store, memory::MemoryStore},
};
use std::{collections::BTreeMap, sync::Arc};

/// Before this day the generated world is learnt from; who comes later is a prospect.
pub const CUT: Day = Day(700);

pub struct Town {
    pub service: Service,
    pub tenant: TenantId,
}

pub fn calendar() -> Calendar {
    Calendar::of_zone("UTC").unwrap()
}

pub fn key(name: &str) -> TraitKey {
    TraitKey::parse(name, "").unwrap()
}

pub fn id(name: &str) -> PartyId {
    PartyId::parse(name, "").unwrap()
}

pub fn sale(number: usize, (customer, day, sales, profit): &Line) -> Entry {
    Entry::Activity(Activity {
        original: None,
        activity_id: ActivityId::parse(&format!("A{number}"), "").unwrap(),
        customer_id: id(customer),
        occur_time: Instant {
            seconds: i64::from(day.0) * 86_400,
            nanos: 0,
        },
        dimensions: Dimensions::default(),
        kind: Kind::Sale {
            revenue: *sales,
            cost_of_goods: Some(sales - profit),
            quantity: None,
            price: None,
        },
    })
}

impl Town {
    pub fn over(store: Arc<dyn Store>) -> Self {
        let currency = Currency::parse("USD", "").unwrap();
        let settings = Settings {
            currency,
            calendar: calendar(),
        };
        let service = Service::starting(settings, Arc::new(SystemClock));
        service.open(store);
        let tenant = TenantId::parse("town", "").unwrap();
        Self { service, tenant }
    }

    pub fn empty() -> Self {
        Self::over(Arc::new(MemoryStore::new(calendar())))
    }

    /// The generated world as it was before the cut: whoever came later is a stored prospect.
    pub async fn generated(store: Arc<dyn Store>) -> (Self, World) {
        let town = Self::over(store);
        let world = world::generated();
        for definition in &world.definitions {
            town.put(Record::TraitDefinition((**definition).clone()))
                .await;
        }
        for (name, party) in &world.parties {
            let mut party = (**party).clone();
            if world.first[name] >= CUT {
                party.stage = Stage::Prospect;
            }
            town.put(Record::Party(party)).await;
        }
        let lines = world.lines.iter().filter(|(_, day, ..)| *day < CUT);
        let entries = lines.enumerate().map(|(number, line)| sale(number, line));
        town.append(entries.collect()).await;
        (town, world)
    }

    pub async fn append(&self, entries: Vec<Entry>) {
        let store = self.service.store().unwrap();
        let now = Instant {
            seconds: 0,
            nanos: 0,
        };
        let outcomes = store.append(&self.tenant, entries, now, WriteMode::Keep);
        let outcomes = outcomes.await.unwrap();
        assert!(outcomes.iter().all(|o| matches!(o, Outcome::Posted(_))));
    }

    pub async fn put(&self, record: Record) {
        let written = self
            .service
            .put(&self.tenant, vec![Ok(record)], WriteMode::Keep);
        let outcomes = written.await.unwrap().outcomes;
        assert!(matches!(outcomes[..], [Outcome::Posted(_)]), "{outcomes:?}");
    }

    pub async fn now(&self) -> Position {
        let store = self.service.store().unwrap();
        store.watermark(&self.tenant).await.unwrap()
    }

    pub async fn best(&self) -> BestCustomers {
        BestCustomers {
            scope: Scope {
                period: Period::ALL,
                branches: Vec::new(),
                traits: Vec::new(),
                as_of: self.now().await,
            },
            basis: Basis::NetProfit,
            best_millionths: 100_000,
            cost_model_version: None,
            seeds: Vec::new(),
        }
    }

    pub async fn profile(&self) -> Result<Arc<LearntOfBest>, Problem> {
        let best = self.best().await;
        self.service.profile(&self.tenant, &best).await
    }

    pub async fn prequalify(&self, prospects: Vec<Prospect>) -> Prequalified {
        let request = PrequalifyRequest {
            prospects: prospects.into_iter().map(Ok).collect(),
            horizon_days: 365,
            asked: Asked::default(),
            training_period: Period::ALL,
            cost_model_version: None,
            model_version: None,
            as_of: self.now().await,
        };
        self.service
            .prequalify(&self.tenant, request)
            .await
            .unwrap()
    }

    pub async fn refusal(&self, prospect: Prospect) -> Problem {
        let answer = self.prequalify(vec![prospect]).await;
        answer.results.into_iter().next().unwrap().unwrap_err()
    }
}

pub fn inline(traits: BTreeMap<TraitKey, TraitValue>) -> Prospect {
    Prospect::Inline(Party {
        party_id: id("inline"),
        stage: Stage::Prospect,
        display_name: String::new(),
        traits: traits.into(),
    })
}

pub fn memory() -> Arc<dyn Store> {
    Arc::new(MemoryStore::new(calendar()))
}
