//! Prospects at size: how long the first page of lookalikes takes, the next ones, and prequalification.
//!
//! `cargo bench --bench prospects [-- PROSPECTS [CUSTOMERS]]` stores a generated world in a folder of its own
//! (1,000,000 prospects with 8 traits and 20,000 customers with sales, unless told otherwise), asks in the same process
//! and then, of the release build of `profitscore serve` on the same folder, through gRPC. Processor time is that of
//! the process that answers; the machine's load stands beside it, since these figures are noisy.

mod process;
mod wire;
mod world;

use process::{Meter, load, resident_megabytes};
use profitscore::{
    domain::{
        id::TenantId,
        ledger::{Outcome, Position, WriteMode},
        model::asked::Asked,
        money::Currency,
        party::PartyQuestion,
        problem::Problem,
        question::Scope,
        ranking::Basis,
        time::{Calendar, Period},
    },
    service::{
        Service, Settings,
        clock::SystemClock,
        prequalify::{PrequalifyRequest, Prospect},
        profile::BestCustomers,
    },
    store::{
        Store,
        embedded::{BookSizes, CheckpointSizes, EmbeddedSettings, EmbeddedStore},
    },
};
use std::{path::Path, sync::Arc};
use world::World;

/// How often a question is asked that is not asked for the first time.
const REPEATS: u64 = 10;
/// Prospects on a page, and in a question about their worth.
const PAGE: u64 = 100;

type Failure = Box<dyn std::error::Error>;

fn failure(problem: Problem) -> Failure {
    problem.message.into()
}

/// The use cases over a store on a folder.
struct House {
    service: Service,
    tenant: TenantId,
}

impl House {
    fn open(folder: &Path) -> Result<Self, Failure> {
        let calendar = Calendar::of_zone("UTC").map_err(failure)?;
        let currency = Currency::parse("USD", "currency").map_err(failure)?;
        let settings = EmbeddedSettings {
            folder: folder.to_owned(),
            calendar: calendar.clone(),
            currency,
            books: BookSizes::default(),
            checkpoints: CheckpointSizes::default(),
        };
        let store = EmbeddedStore::open(&settings, |_| ()).map_err(failure)?;
        let settings = Settings { currency, calendar };
        let service = Service::starting(settings, Arc::new(SystemClock));
        service.open(Arc::new(store));
        let tenant = TenantId::parse_or_default("", "tenant").map_err(failure)?;
        Ok(Self { service, tenant })
    }

    fn store(&self) -> Result<&dyn Store, Failure> {
        self.service.store().map_err(failure)
    }

    async fn now(&self) -> Result<Position, Failure> {
        self.store()?.watermark(&self.tenant).await.map_err(failure)
    }

    async fn fill(&self, world: &World) -> Result<(), Failure> {
        for chunk in world.sales() {
            let outcomes = self
                .store()?
                .append(&self.tenant, chunk, world::NOW, WriteMode::Keep);
            posted(&outcomes.await.map_err(failure)?)?;
        }
        for chunk in world.customers().chain(world.prospects()) {
            let outcomes = self
                .store()?
                .put(&self.tenant, chunk, world::NOW, WriteMode::Keep);
            posted(&outcomes.await.map_err(failure)?)?;
        }
        Ok(())
    }

    /// Lookalikes at some places as of a position; how many prospects were scored.
    async fn lookalikes(&self, as_of: Position, first: u64) -> Result<u64, Failure> {
        let best = BestCustomers {
            scope: Scope {
                period: Period::ALL,
                branches: Vec::new(),
                traits: Vec::new(),
                as_of,
            },
            basis: Basis::NetProfit,
            best_millionths: 100_000,
            cost_model_version: None,
            seeds: Vec::new(),
        };
        let places = first..first + PAGE;
        let answer = self.service.lookalikes(&self.tenant, &best, places);
        let answer = answer.await.map_err(failure)?;
        if answer.rows.len() as u64 != PAGE {
            return Err(format!("{} of {PAGE} lookalikes", answer.rows.len()).into());
        }
        Ok(answer.prospects)
    }

    async fn prequalify(&self, world: &World, as_of: Position, first: u64) -> Result<(), Failure> {
        let prospects =
            (first..first + PAGE).map(|number| Ok(Prospect::Stored(world.prospect_id(number))));
        let request = PrequalifyRequest {
            prospects: prospects.collect(),
            horizon_days: 365,
            asked: Asked::default(),
            training_period: Period::ALL,
            cost_model_version: None,
            model_version: None,
            as_of,
        };
        let answer = self
            .service
            .prequalify(&self.tenant, request)
            .await
            .map_err(failure)?;
        for result in answer.results {
            result.map_err(failure)?;
        }
        Ok(())
    }

    async fn list(&self, world: &World, as_of: Position, after: u64) -> Result<(), Failure> {
        let question = PartyQuestion {
            stage: None,
            traits: Vec::new(),
            without_sales: false,
            after: Some(world.prospect_id(after)),
            as_of,
            limit: 1_000,
        };
        self.service
            .parties(&self.tenant, &question)
            .await
            .map_err(failure)?;
        Ok(())
    }
}

fn posted(outcomes: &[Outcome]) -> Result<(), Failure> {
    match outcomes
        .iter()
        .all(|outcome| matches!(outcome, Outcome::Posted(_)))
    {
        true => Ok(()),
        false => Err("a write was not taken".into()),
    }
}

async fn in_process(world: &World, folder: &Path) -> Result<(), Failure> {
    let before = resident_megabytes(None);
    let house = House::open(folder)?;
    let meter = Meter::start(None);
    house.fill(world).await?;
    meter.stop("put everything", world.parties());
    let kept = resident_megabytes(None).saturating_sub(before);
    println!("memory after putting          {kept:>9} MB");
    drop(house);
    let meter = Meter::start(None);
    let house = House::open(folder)?;
    meter.stop("open again", 1);

    let now = house.now().await?;
    let meter = Meter::start(None);
    let prospects = house.lookalikes(now, 0).await?;
    meter.stop("lookalikes, first page", 1);
    println!("prospects scored              {prospects:>9}");
    let meter = Meter::start(None);
    for page in 1..=REPEATS {
        house.lookalikes(now, page * PAGE).await?;
    }
    meter.stop("lookalikes, next page", REPEATS);
    let meter = Meter::start(None);
    for page in 1..=REPEATS {
        house.lookalikes(now, prospects / 2 + page * PAGE).await?;
    }
    meter.stop("lookalikes, page half way", REPEATS);
    for (name, chunk) in [
        ("a sale", world.one_sale()),
        ("a sale of a prospect", world.conversion()),
    ] {
        let outcomes = house
            .store()?
            .append(&house.tenant, chunk, world::NOW, WriteMode::Keep);
        posted(&outcomes.await.map_err(failure)?)?;
        let later = house.now().await?;
        let meter = Meter::start(None);
        house.lookalikes(later, 0).await?;
        meter.stop(&format!("first page after {name}"), 1);
    }
    let outcomes = house
        .store()?
        .put(&house.tenant, world.newcomer(), world::NOW, WriteMode::Keep);
    posted(&outcomes.await.map_err(failure)?)?;
    let later = house.now().await?;
    let meter = Meter::start(None);
    house.lookalikes(later, 0).await?;
    meter.stop("first page after a prospect", 1);

    let meter = Meter::start(None);
    house.prequalify(world, now, 0).await?;
    meter.stop("prequalify 100, first", 1);
    let meter = Meter::start(None);
    for time in 1..=REPEATS {
        house.prequalify(world, now, time * PAGE).await?;
    }
    meter.stop("prequalify 100, next", REPEATS);
    let meter = Meter::start(None);
    for time in 1..=REPEATS {
        house
            .list(world, now, prospects / REPEATS * time - 1_000)
            .await?;
    }
    meter.stop("list 1,000 parties", REPEATS);
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    // Cargo adds --bench of its own.
    let mut numbers = std::env::args()
        .skip(1)
        .filter_map(|argument| argument.parse().ok());
    let prospects = numbers.next().unwrap_or(1_000_000).max(10_000);
    let customers = numbers.next().unwrap_or(20_000).max(100);
    let world = World {
        prospects,
        customers,
    };
    let folder = tempfile::tempdir()?;
    println!(
        "{prospects} prospects and {customers} customers with 8 traits; load before: {}",
        load()
    );
    in_process(&world, folder.path()).await?;
    wire::through_grpc(&world, folder.path()).await
}
