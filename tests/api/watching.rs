//! `WatchService`: what changes is told once and in order, to every reader that reads.

use crate::harness::{World, activity, category, cost_model, days, party, reason, sale, usd};
use profitscore::api::pb::{self, activity::Kind, watch_service_client::WatchServiceClient};
use std::{collections::BTreeMap, time::Duration};
use tonic::{Status, Streaming, transport::Channel};

/// By rank: the customer and its value.
type State = BTreeMap<i64, (String, String)>;

pub fn client(world: &World) -> WatchServiceClient<Channel> {
    WatchServiceClient::new(world.channel.clone())
}

pub fn at(position: i64) -> Option<pb::LedgerPosition> {
    Some(pb::LedgerPosition { position })
}

pub fn top(customers: i32) -> pb::WatchRankingRequest {
    pb::WatchRankingRequest {
        customer_count: customers,
        ..Default::default()
    }
}

/// A reader that puts what it is told into what it has.
pub struct Reader {
    messages: Streaming<pb::WatchRankingResponse>,
    state: State,
    pub position: i64,
    changes: Vec<pb::RankingChange>,
}

impl Reader {
    pub async fn open(world: &World, request: pb::WatchRankingRequest) -> Self {
        let resumed = request.resume_after;
        let messages = client(world).watch_ranking(request).await.unwrap();
        let mut reader = Self {
            messages: messages.into_inner(),
            state: State::new(),
            position: resumed.map_or(0, |position| position.position),
            changes: Vec::new(),
        };
        if resumed.is_none() {
            let first = reader.messages.message().await.unwrap().unwrap();
            assert_eq!(first.since, None);
            reader.position = first.read_at.unwrap().position;
            for row in first.snapshot.unwrap().customers {
                let value = crate::harness::text(row.value.as_ref());
                reader.state.insert(row.rank, (row.customer_id, value));
            }
        }
        reader
    }

    /// Reads one message: it begins where the one before ended, and changes nothing that was not there.
    pub async fn read(&mut self) -> Result<(), Status> {
        let message = self.messages.message().await?.unwrap();
        let position = message.read_at.unwrap().position;
        assert_eq!(message.since.unwrap().position, self.position);
        assert!(message.snapshot.is_none() && position > self.position);
        self.position = position;
        let old = self.state.clone();
        for change in &message.changes {
            if let Some(rank) = change.old_rank {
                let value = crate::harness::text(change.old_value.as_ref());
                assert_eq!(old.get(&rank), Some(&(change.customer_id.clone(), value)));
                self.state.remove(&rank);
            }
        }
        for change in &message.changes {
            if let Some(rank) = change.new_rank {
                let value = crate::harness::text(change.new_value.as_ref());
                self.state.insert(rank, (change.customer_id.clone(), value));
            }
        }
        self.changes = message.changes;
        Ok(())
    }

    pub async fn up_to(&mut self, position: i64) {
        while self.position < position {
            self.read().await.unwrap();
        }
    }

    fn change(&self, customer: &str) -> &pb::RankingChange {
        let found = self
            .changes
            .iter()
            .find(|change| change.customer_id == customer);
        found.unwrap_or_else(|| panic!("nothing became of {customer}: {:?}", self.changes))
    }

    /// What it has is what a ranking as of its position is.
    pub async fn assert_true(&self, world: &World, request: &pb::WatchRankingRequest) {
        let request = pb::RankCustomersRequest {
            page_size: request.customer_count,
            period: request.period,
            basis: request.basis,
            direction: request.direction,
            filter: request.filter.clone(),
            read_options: Some(pb::ReadOptions {
                as_of: at(self.position),
                ..Default::default()
            }),
            ..Default::default()
        };
        let answer = world.rankings().rank_customers(request).await.unwrap();
        let rows = answer.into_inner().customers.into_iter();
        let row = |row: pb::RankedCustomer| {
            let value = crate::harness::text(row.value.as_ref());
            (row.rank, (row.customer_id, value))
        };
        assert_eq!(
            self.state,
            rows.map(row).collect::<State>(),
            "at {}",
            self.position
        );
    }
}

fn causing(change: &pb::RankingChange) -> (pb::ChangeCauseKind, Vec<&str>) {
    let cause = change.cause.as_ref().unwrap();
    let ids = cause
        .activities
        .iter()
        .flat_map(|own| own.activity_ids.iter());
    (cause.kind(), ids.map(String::as_str).collect())
}

#[tokio::test]
async fn each_change_is_told_with_its_cause() {
    let world = World::start().await;
    let first = [("a", "90"), ("b", "70"), ("c", "50"), ("d", "30")];
    let first = first.map(|(customer, amount)| sale(customer, customer, 1, amount, "0"));
    let written = world.post(first.to_vec()).await;
    let mut reader = Reader::open(&world, top(3)).await;
    assert_eq!(reader.position, written);
    // One comes in from below and pushes another out; one stays where it is with another value.
    let more = vec![sale("e1", "e", 1, "80", "0"), sale("a1", "a", 1, "5", "0")];
    let written = world.post(more).await;
    reader.up_to(written).await;
    let entered = reader.change("e");
    assert_eq!(entered.kind(), pb::RankingChangeKind::Entered);
    assert_eq!((entered.old_rank, entered.new_rank), (None, Some(2)));
    assert_eq!(
        causing(entered),
        (pb::ChangeCauseKind::OwnActivity, vec!["e1"])
    );
    let left = reader.change("c");
    assert_eq!(left.kind(), pb::RankingChangeKind::Left);
    assert_eq!((left.old_rank, left.new_rank), (Some(3), None));
    assert_eq!(
        causing(left),
        (pb::ChangeCauseKind::OtherCustomers, vec!["e1"])
    );
    let moved = reader.change("b");
    assert_eq!(moved.kind(), pb::RankingChangeKind::Moved);
    assert_eq!((moved.old_rank, moved.new_rank), (Some(2), Some(3)));
    assert_eq!(
        causing(moved),
        (pb::ChangeCauseKind::OtherCustomers, vec!["e1"])
    );
    let value = reader.change("a");
    assert_eq!(value.kind(), pb::RankingChangeKind::ValueChanged);
    assert_eq!(
        causing(value),
        (pb::ChangeCauseKind::OwnActivity, vec!["a1"])
    );
    // A cost model changes values without any activity.
    let put = pb::PutCostModelRequest {
        cost_model: Some(cost_model("R", "1", "40", 0, 10)),
        request_id: "r".to_owned(),
        ..Default::default()
    };
    world.cost_models().put_cost_model(put).await.unwrap();
    reader.up_to(written + 1).await;
    let of_costs = (pb::ChangeCauseKind::CostModel, vec![]);
    assert_eq!(causing(reader.change("a")), of_costs);
    // Somebody new bears a part of the fixed costs.
    let written = world.post(vec![sale("z", "z", 1, "1", "0")]).await;
    reader.up_to(written).await;
    let of_nobody = (pb::ChangeCauseKind::Circumstances, vec![]);
    assert_eq!(causing(reader.change("a")), of_nobody);
    reader.assert_true(&world, &top(3)).await;
}

/// Some writes of all kinds that look random and are the same in each run.
async fn write_something(world: &World, step: u64) {
    let random = |salt: u64| {
        let x = (step * 31 + salt).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (x ^ (x >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 40
    };
    let customer = |salt: u64| format!("c{}", random(salt) % 9);
    let sales = (0..1 + random(1) % 4).map(|index| {
        let amount = (1 + random(index) % 50).to_string();
        sale(
            &format!("s{step}-{index}"),
            &customer(index),
            1,
            &amount,
            "3",
        )
    });
    world.post(sales.collect()).await;
    if step.is_multiple_of(3) {
        let refund = Kind::Refund(pb::Refund {
            amount: Some(usd("35")),
            ..Default::default()
        });
        world
            .post(vec![activity(&format!("r{step}"), &customer(7), 2, refund)])
            .await;
        let request = pb::ReverseActivitiesRequest {
            reversals: vec![pb::Reversal {
                reversal_id: format!("no-{step}"),
                activity_id: format!("s{step}-0"),
                reason: "wrong".to_owned(),
                ..Default::default()
            }],
            ..Default::default()
        };
        world
            .activities()
            .reverse_activities(request)
            .await
            .unwrap();
    }
    if step.is_multiple_of(4) {
        let rent = (10 * step).to_string();
        let put = pb::PutCostModelRequest {
            cost_model: Some(cost_model("R", "1", &rent, 0, 10)),
            request_id: format!("m{step}"),
            ..Default::default()
        };
        world.cost_models().put_cost_model(put).await.unwrap();
        let stored = party(
            &customer(2),
            pb::PartyStage::Customer,
            vec![category("KIND", "X")],
        );
        let request = pb::UpsertPartiesRequest {
            parties: vec![stored],
            ..Default::default()
        };
        world.customers().upsert_parties(request).await.unwrap();
    }
}

#[tokio::test]
async fn what_a_reader_has_is_the_ranking_as_of_every_position() {
    let world = World::start().await;
    let worst = pb::WatchRankingRequest {
        direction: pb::RankingDirection::WorstFirst as i32,
        period: Some(days(0, 2)),
        ..top(4)
    };
    let with_trait = pb::CustomerFilter {
        traits: vec![pb::TraitFilter {
            key: "KIND".to_owned(),
            any_of: category("KIND", "X").value.into_iter().collect(),
        }],
        branch_ids: Vec::new(),
    };
    let filtered = pb::WatchRankingRequest {
        filter: Some(with_trait),
        basis: pb::RankingBasis::Revenue as i32,
        ..top(5)
    };
    let requests = [top(3), worst, filtered];
    let mut readers = Vec::new();
    for request in &requests {
        readers.push(Reader::open(&world, request.clone()).await);
    }
    for step in 0..9 {
        write_something(&world, step).await;
        // The last of them makes a difference to all three.
        for (index, request) in requests.iter().enumerate() {
            let had = readers[index].position;
            if step.is_multiple_of(2) {
                // Breaks off and goes on.
                let resumed = pb::WatchRankingRequest {
                    resume_after: at(had),
                    ..request.clone()
                };
                let state = std::mem::take(&mut readers[index].state);
                readers[index] = Reader::open(&world, resumed).await;
                readers[index].state = state;
            }
            let reader = &mut readers[index];
            while tokio::time::timeout(Duration::from_millis(600), reader.read())
                .await
                .is_ok()
            {
                reader.assert_true(&world, request).await;
            }
        }
    }
    for reader in &readers {
        assert!(reader.position > 0, "a reader heard nothing");
    }
}

#[tokio::test]
async fn a_reader_goes_on_where_it_was() {
    let world = World::start().await;
    let written = world
        .post(vec![
            sale("a", "a", 1, "10", "0"),
            sale("b", "b", 1, "5", "0"),
        ])
        .await;
    let before = Reader::open(&world, top(2)).await;
    let state = before.state.clone();
    drop(before);
    let newest = world.post(vec![sale("c", "b", 1, "9", "0")]).await;
    let resume = |position| pb::WatchRankingRequest {
        resume_after: at(position),
        ..top(2)
    };
    let mut after = Reader::open(&world, resume(written)).await;
    after.state = state;
    after.up_to(newest).await;
    after.assert_true(&world, &top(2)).await;
    assert_eq!(after.changes.len(), 2);
    let refused = client(&world).watch_ranking(resume(newest + 1)).await;
    let (name, metadata) = reason(&refused.unwrap_err());
    assert_eq!(
        (name.as_str(), metadata["field"].as_str()),
        ("POSITION_NOT_REACHED", "resume_after")
    );
}

#[tokio::test]
async fn the_last_days_move_with_what_is_written() {
    let world = World::start().await;
    let request = || pb::WatchRankingRequest {
        last_days: 7,
        ..top(2)
    };
    let mut messages = client(&world)
        .watch_ranking(request())
        .await
        .unwrap()
        .into_inner();
    let first = messages.message().await.unwrap().unwrap();
    assert_eq!((first.period, first.customer_count), (None, 0));
    // Long before the last days, which are told by what was written today.
    world.post(vec![sale("a", "a", 1, "10", "0")]).await;
    let mut fresh = client(&world)
        .watch_ranking(request())
        .await
        .unwrap()
        .into_inner();
    let snapshot = fresh.message().await.unwrap().unwrap();
    let period = snapshot.period.unwrap();
    let length = period.end_time.unwrap().seconds - period.start_time.unwrap().seconds;
    assert_eq!((length, snapshot.customer_count), (7 * 86_400, 0));
}
