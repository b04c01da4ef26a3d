//! What is not the caller's fault: a store that fails, is damaged, lies or is slow; a service that starts or stops.

use crate::harness::{World, cost_model, effort, grpc_web, reason, sale};
use async_trait::async_trait;
use profitscore::{
    api::{pb, server::Limits},
    domain::{
        account::Account,
        closing::Closing,
        cost_model::CostModel,
        exchange_rate::{ExchangeRate, Pair, RateQuestion, StoredRate},
        history::{HistoryQuestion, Written},
        id::{PartyId, TenantId},
        ledger::{Entry, LedgerEntry, LedgerQuestion, Outcome, Position, WriteMode},
        party::{Party, PartyQuestion, TraitDefinition},
        price_terms::{PriceTerms, PriceTermsQuestion, StoredPriceTerms},
        problem::Problem,
        product::Product,
        prospect::{ProspectAnswer, ProspectQuestion},
        purchase::{PurchaseAnswer, PurchaseQuestion},
        question::{
            CellsAnswer, CellsQuestion, CrossAnswer, CrossQuestion, CurveAnswer, CurveQuestion,
            LiftAnswer, LiftQuestion, ProfileAnswer, ProfileQuestion, RankAnswer, RankQuestion,
        },
        receivables::{ReceivablesAnswer, ReceivablesQuestion},
        records::{PartyAnswer, Record},
        time::{Calendar, Day, Instant},
    },
    store::{Store, memory::MemoryStore},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tonic::Code;
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

/// What goes wrong.
#[derive(Clone, Copy, PartialEq)]
enum Fault {
    /// Writes fail, as on a full disk.
    Full,
    /// What is read back is damaged.
    Damaged,
    /// The books lost a unit.
    Lies,
    /// Sums by group have a unit too many.
    LiesInGroups,
    /// So have sums of some customers by group.
    LiesInCells,
    /// Questions take longer than anybody waits.
    Slow,
    /// It goes away and comes back.
    Away,
}

/// A memory store with a fault.
struct FaultyStore {
    inner: MemoryStore,
    fault: Fault,
    probes: AtomicUsize,
}

#[async_trait]
impl Store for FaultyStore {
    async fn append(
        &self,
        tenant: &TenantId,
        entries: Vec<Entry>,
        record_time: Instant,
        mode: WriteMode,
    ) -> Result<Vec<Outcome>, Problem> {
        if self.fault == Fault::Full {
            return Err(Problem::store_unavailable("database or disk is full"));
        }
        self.inner.append(tenant, entries, record_time, mode).await
    }

    async fn put(
        &self,
        tenant: &TenantId,
        records: Vec<Record>,
        record_time: Instant,
        mode: WriteMode,
    ) -> Result<Vec<Outcome>, Problem> {
        self.inner.put(tenant, records, record_time, mode).await
    }

    async fn take_over(&self, tenant: &TenantId, written: Vec<Written>) -> Result<(), Problem> {
        self.inner.take_over(tenant, written).await
    }

    async fn tenants(&self) -> Result<Vec<TenantId>, Problem> {
        self.inner.tenants().await
    }

    async fn written(
        &self,
        tenant: &TenantId,
        question: &HistoryQuestion,
    ) -> Result<Vec<Written>, Problem> {
        self.inner.written(tenant, question).await
    }

    async fn reach(&self) -> Result<(), Problem> {
        let probe = self.probes.fetch_add(1, Ordering::Relaxed);
        if self.fault == Fault::Away && probe % 2 == 1 {
            return Err(Problem::store_unavailable("it is away"));
        }
        Ok(())
    }

    async fn watermark(&self, tenant: &TenantId) -> Result<Position, Problem> {
        self.inner.watermark(tenant).await
    }

    async fn entries(
        &self,
        tenant: &TenantId,
        question: &LedgerQuestion,
    ) -> Result<Vec<LedgerEntry>, Problem> {
        if self.fault == Fault::Damaged {
            let place = "ledger of default, positions 1 to 7";
            return Err(Problem::ledger_damaged(place));
        }
        self.inner.entries(tenant, question).await
    }

    async fn party(
        &self,
        tenant: &TenantId,
        ids: &[PartyId],
        as_of: Position,
    ) -> Result<Vec<Option<Arc<Party>>>, Problem> {
        self.inner.party(tenant, ids, as_of).await
    }

    async fn parties(
        &self,
        tenant: &TenantId,
        question: &PartyQuestion,
    ) -> Result<PartyAnswer, Problem> {
        self.inner.parties(tenant, question).await
    }

    async fn prospects(
        &self,
        tenant: &TenantId,
        question: &ProspectQuestion,
    ) -> Result<ProspectAnswer, Problem> {
        self.inner.prospects(tenant, question).await
    }

    async fn trait_definitions(
        &self,
        tenant: &TenantId,
        as_of: Position,
    ) -> Result<Vec<Arc<TraitDefinition>>, Problem> {
        self.inner.trait_definitions(tenant, as_of).await
    }

    async fn cost_models(
        &self,
        tenant: &TenantId,
        as_of: Position,
    ) -> Result<Vec<Arc<CostModel>>, Problem> {
        self.inner.cost_models(tenant, as_of).await
    }

    async fn products(&self, tenant: &TenantId, as_of: Position) -> Result<Vec<Product>, Problem> {
        self.inner.products(tenant, as_of).await
    }

    async fn closings(&self, tenant: &TenantId, as_of: Position) -> Result<Vec<Closing>, Problem> {
        self.inner.closings(tenant, as_of).await
    }

    async fn exchange_rates(
        &self,
        tenant: &TenantId,
        keys: &[(Pair, Day)],
        as_of: Position,
    ) -> Result<Vec<Option<ExchangeRate>>, Problem> {
        self.inner.exchange_rates(tenant, keys, as_of).await
    }

    async fn list_exchange_rates(
        &self,
        tenant: &TenantId,
        question: &RateQuestion,
    ) -> Result<Vec<StoredRate>, Problem> {
        self.inner.list_exchange_rates(tenant, question).await
    }

    async fn price_terms(
        &self,
        tenant: &TenantId,
        customers: &[PartyId],
        day: Day,
        as_of: Position,
    ) -> Result<Vec<Option<PriceTerms>>, Problem> {
        self.inner.price_terms(tenant, customers, day, as_of).await
    }

    async fn list_price_terms(
        &self,
        tenant: &TenantId,
        question: &PriceTermsQuestion,
    ) -> Result<Vec<StoredPriceTerms>, Problem> {
        self.inner.list_price_terms(tenant, question).await
    }

    async fn rank(
        &self,
        tenant: &TenantId,
        question: &RankQuestion,
    ) -> Result<RankAnswer, Problem> {
        let mut answer = self.inner.rank(tenant, question).await?;
        if self.fault == Fault::Slow {
            tokio::time::sleep(Duration::from_secs(600)).await;
        }
        if self.fault == Fault::Lies {
            answer.totals.reported_value += 1_000;
        }
        Ok(answer)
    }

    async fn curve(
        &self,
        tenant: &TenantId,
        question: &CurveQuestion,
    ) -> Result<CurveAnswer, Problem> {
        self.inner.curve(tenant, question).await
    }

    async fn cross(
        &self,
        tenant: &TenantId,
        question: &CrossQuestion,
    ) -> Result<CrossAnswer, Problem> {
        let mut groups = self.inner.cross(tenant, question).await?;
        if self.fault == Fault::LiesInGroups {
            let sums = groups.values_mut();
            sums.for_each(|sums| sums.add(Account::GrossRevenue, 1));
        }
        Ok(groups)
    }

    async fn cells(
        &self,
        tenant: &TenantId,
        question: &CellsQuestion,
    ) -> Result<CellsAnswer, Problem> {
        let mut cells = self.inner.cells(tenant, question).await?;
        if self.fault == Fault::LiesInCells {
            let sums = cells.values_mut();
            sums.for_each(|sums| sums.add(Account::GrossRevenue, 1));
        }
        Ok(cells)
    }

    async fn lift(
        &self,
        tenant: &TenantId,
        question: &LiftQuestion,
    ) -> Result<LiftAnswer, Problem> {
        self.inner.lift(tenant, question).await
    }

    async fn profiles(
        &self,
        tenant: &TenantId,
        question: &ProfileQuestion,
    ) -> Result<ProfileAnswer, Problem> {
        self.inner.profiles(tenant, question).await
    }

    async fn purchases(
        &self,
        tenant: &TenantId,
        question: &PurchaseQuestion,
    ) -> Result<PurchaseAnswer, Problem> {
        self.inner.purchases(tenant, question).await
    }

    async fn receivables(
        &self,
        tenant: &TenantId,
        question: &ReceivablesQuestion,
    ) -> Result<ReceivablesAnswer, Problem> {
        self.inner.receivables(tenant, question).await
    }
}

async fn faulty(fault: Fault, limits: Limits) -> World {
    let inner = MemoryStore::new(Calendar::of_zone("UTC").unwrap());
    let store = FaultyStore {
        inner,
        fault,
        probes: AtomicUsize::new(0),
    };
    World::over(Some(Arc::new(store)), limits).await
}

#[tokio::test]
async fn health_follows_a_store_that_goes_away_and_comes_back() {
    let limits = Limits {
        probe: Duration::from_millis(100),
        ..Limits::default()
    };
    let world = faulty(Fault::Away, limits).await;
    let mut client = HealthClient::new(world.channel.clone());
    let watched = client.watch(HealthCheckRequest::default()).await;
    let mut said = watched.unwrap().into_inner();
    for wanted in [
        ServingStatus::Serving,
        ServingStatus::NotServing,
        ServingStatus::Serving,
    ] {
        loop {
            let status = said.message().await.unwrap().unwrap().status();
            if status == wanted {
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_full_disk_is_said_and_may_be_tried_again() {
    let world = faulty(Fault::Full, Limits::default()).await;
    let request = pb::SubmitActivitiesRequest {
        activities: vec![sale("a", "c", 1, "1", "0")],
        ..Default::default()
    };
    let status = world
        .activities()
        .submit_activities(request)
        .await
        .unwrap_err();
    let (reason, metadata) = reason(&status);
    assert_eq!(
        (reason.as_str(), status.code()),
        ("STORE_UNAVAILABLE", Code::Unavailable)
    );
    assert_eq!(metadata["problem"], "database or disk is full");
}

#[tokio::test]
async fn damage_is_named_and_never_served() {
    let world = faulty(Fault::Damaged, Limits::default()).await;
    world.post(vec![sale("a", "c", 1, "1", "0")]).await;
    let list = world
        .activities()
        .list_activities(pb::ListActivitiesRequest::default())
        .await;
    let status = list.unwrap_err();
    let (reason, metadata) = reason(&status);
    assert_eq!(
        (reason.as_str(), status.code()),
        ("LEDGER_DAMAGED", Code::DataLoss)
    );
    assert_eq!(metadata["place"], "ledger of default, positions 1 to 7");
}

#[tokio::test]
async fn a_report_that_does_not_tie_is_not_sent() {
    let world = faulty(Fault::Lies, Limits::default()).await;
    world.post(vec![sale("a", "c", 1, "1", "0")]).await;
    let ranking = world
        .rankings()
        .rank_customers(pb::RankCustomersRequest::default())
        .await;
    let status = ranking.unwrap_err();
    let (reason, metadata) = reason(&status);
    assert_eq!(
        (reason.as_str(), status.code()),
        ("REPORT_DOES_NOT_TIE", Code::Internal)
    );
    assert_eq!(metadata["ledger"], "1000000000");
    assert_eq!(metadata["reported"], "1000001000");
}

#[tokio::test]
async fn neither_is_one_whose_columns_or_cells_do_not() {
    for (fault, refused) in [
        (Fault::LiesInGroups, [true, true, true, false]),
        (Fault::LiesInCells, [true, false, false, true]),
        // What one customer has is weighed above the store, whatever that says of all.
        (Fault::Lies, [true, true, true, false]),
    ] {
        let world = faulty(fault, Limits::default()).await;
        world.post(vec![sale("a", "c", 1, "1", "0")]).await;
        let mut client = world.reports();
        let cross = pb::GetCrossReportRequest::default();
        let of_customer = pb::GetTrendRequest {
            customer_id: "c".to_owned(),
            ..Default::default()
        };
        let answers = [
            client.get_cross_report(cross).await.map(drop),
            client
                .rank_dimension(pb::RankDimensionRequest::default())
                .await
                .map(drop),
            client
                .get_trend(pb::GetTrendRequest::default())
                .await
                .map(drop),
            client.get_trend(of_customer).await.map(drop),
        ];
        for (answer, refused) in answers.into_iter().zip(refused) {
            assert_eq!(answer.is_err(), refused);
            if let Err(status) = answer {
                assert_eq!(reason(&status).0, "REPORT_DOES_NOT_TIE");
            }
        }
    }
}

#[tokio::test]
async fn the_servers_own_deadline_is_kept() {
    let limits = Limits {
        deadline: Duration::from_millis(80),
        ..Limits::default()
    };
    let world = faulty(Fault::Slow, limits).await;
    let ranking = world
        .rankings()
        .rank_customers(pb::RankCustomersRequest::default())
        .await;
    let status = ranking.unwrap_err();
    let (reason, metadata) = reason(&status);
    assert_eq!(
        (reason.as_str(), status.code()),
        ("DEADLINE_EXCEEDED", Code::DeadlineExceeded)
    );
    assert_eq!(metadata["timeout_milliseconds"], "80");
}

/// Asked without tonic's client, whose own timer would answer before the server does.
#[tokio::test]
async fn the_callers_deadline_is_kept() {
    let world = faulty(Fault::Slow, Limits::default()).await;
    let answer = grpc_web(
        &world,
        "RankingService/RankCustomers",
        "grpc-timeout: 50m\r\n",
    )
    .await;
    assert!(
        answer.contains("grpc-status: 4") || answer.contains("grpc-status:4"),
        "{answer}"
    );
    assert!(answer.contains("within%2050%20milliseconds"), "{answer}");
}

#[tokio::test]
async fn a_service_that_reads_its_ledger_says_so() {
    let world = World::over(None, Limits::default()).await;
    let ranking = world
        .rankings()
        .rank_customers(pb::RankCustomersRequest::default())
        .await;
    let status = ranking.unwrap_err();
    assert_eq!(
        (reason(&status).0.as_str(), status.code()),
        ("STARTING", Code::Unavailable)
    );
}

#[tokio::test]
async fn a_figure_that_no_amount_of_money_can_hold_is_refused() {
    let world = World::start().await;
    world.post(vec![effort("a", "c", 1, "R", "10000000")]).await;
    let request = pb::PutCostModelRequest {
        cost_model: Some(cost_model("R", "9223372036854", "0", 0, 1)),
        request_id: "absurd".to_owned(),
        ..Default::default()
    };
    world.cost_models().put_cost_model(request).await.unwrap();
    let ranking = world
        .rankings()
        .rank_customers(pb::RankCustomersRequest::default())
        .await;
    let status = ranking.unwrap_err();
    let (reason, metadata) = reason(&status);
    assert_eq!(
        (reason.as_str(), status.code()),
        ("SUM_OUT_OF_RANGE", Code::FailedPrecondition)
    );
    assert!(metadata.contains_key("figure"));
}
