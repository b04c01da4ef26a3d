//! Two services over one database, as clients meet them: what is written through one is there through the other.

use crate::{
    cluster::cluster,
    harness::{World, category, cost_model, is_posted, party, reason, rejection, sale},
    store::over,
};
use profitscore::{
    api::{pb, server::Limits},
    store::postgres,
};
use std::sync::Arc;
use tokio_stream::wrappers::ReceiverStream;

async fn two_services() -> Option<[World; 2]> {
    let database = cluster()?.database().await;
    postgres::migrate(&database).await.unwrap();
    let one = World::over(Some(Arc::new(over(&database).await)), Limits::default()).await;
    let other = World::over(Some(Arc::new(over(&database).await)), Limits::default()).await;
    Some([one, other])
}

fn fresh(written: i64) -> Option<pb::ReadOptions> {
    let position = Some(pb::LedgerPosition { position: written });
    Some(pb::ReadOptions {
        at_least_as_fresh: position,
        as_of: None,
        as_closed: None,
    })
}

/// Each kind of write through the first, and each read at least as fresh through the second.
async fn round(writer: &World, reader: &World, number: i64) {
    let customer = format!("c{number}");
    let mine = |position: Option<pb::LedgerPosition>| position.unwrap().position;
    // Not there yet: the other service knows how far the tenant is written.
    let ahead = pb::RankCustomersRequest {
        read_options: fresh(number * 4 + 1),
        ..Default::default()
    };
    let refused = reader.rankings().rank_customers(ahead.clone()).await;
    let (name, metadata) = reason(&refused.unwrap_err());
    assert_eq!(name, "POSITION_NOT_REACHED");
    assert_eq!(metadata["written"], (number * 4).to_string());

    let own = sale(&format!("a{number}"), &customer, 1, "10", "4");
    let written = writer.post(vec![own.clone()]).await;
    let answer = reader.rankings().rank_customers(ahead).await.unwrap();
    assert_eq!(answer.into_inner().customer_count, 1);
    let statement = pb::GetCustomerStatementRequest {
        customer_id: customer.clone(),
        read_options: fresh(written),
        ..Default::default()
    };
    let answer = reader.rankings().get_customer_statement(statement).await;
    assert!(mine(answer.unwrap().into_inner().read_at) >= written);
    let listed = pb::ListActivitiesRequest {
        customer_id: customer.clone(),
        read_options: fresh(written),
        ..Default::default()
    };
    let answer = reader.activities().list_activities(listed).await.unwrap();
    assert_eq!(answer.into_inner().entries.len(), 1);

    let upsert = pb::UpsertPartiesRequest {
        parties: vec![party(
            &customer,
            pb::PartyStage::Customer,
            vec![category("AREA", "north")],
        )],
        ..Default::default()
    };
    let answer = writer.customers().upsert_parties(upsert).await.unwrap();
    let get = pb::GetPartyRequest {
        party_id: customer.clone(),
        read_options: fresh(mine(answer.into_inner().written_at)),
        ..Default::default()
    };
    let answer = reader.customers().get_party(get).await.unwrap();
    assert_eq!(answer.into_inner().party.unwrap().party_id, customer);

    let put = pb::PutCostModelRequest {
        cost_model: Some(cost_model("CLERK", &format!("{number}.5"), "10", 0, 9)),
        request_id: format!("q{number}"),
        ..Default::default()
    };
    let answer = writer.cost_models().put_cost_model(put).await.unwrap();
    let get = pb::GetCostModelRequest {
        read_options: fresh(mine(answer.into_inner().written_at)),
        ..Default::default()
    };
    let answer = reader.cost_models().get_cost_model(get).await.unwrap();
    let model = answer.into_inner().cost_model.unwrap();
    assert_eq!(model.version, number + 1);

    // Duplicates, conflicts and reversals look at what the other one wrote.
    let again = pb::SubmitActivitiesRequest {
        activities: vec![own, sale(&format!("a{number}"), &customer, 1, "11", "4")],
        ..Default::default()
    };
    let answer = reader.activities().submit_activities(again).await.unwrap();
    let results = answer.into_inner().results;
    assert!(!is_posted(&results[0]));
    assert_eq!(
        rejection(&results[1]).reason,
        pb::ErrorReason::ActivityConflict as i32
    );
    let reverse = pb::ReverseActivitiesRequest {
        reversals: vec![pb::Reversal {
            reversal_id: format!("r{number}"),
            activity_id: format!("a{number}"),
            reason: "returned".to_owned(),
            ..Default::default()
        }],
        ..Default::default()
    };
    let answer = reader.activities().reverse_activities(reverse).await;
    let written = mine(answer.unwrap().into_inner().written_at);
    assert_eq!(written, number * 4 + 4);
    let gone = pb::RankCustomersRequest {
        read_options: fresh(written),
        ..Default::default()
    };
    let answer = writer.rankings().rank_customers(gone).await.unwrap();
    assert_eq!(answer.into_inner().customer_count, 0);
}

#[tokio::test]
async fn what_is_written_through_one_is_seen_through_the_other() {
    let Some([one, other]) = two_services().await else {
        return;
    };
    for number in 0..6 {
        match number % 2 {
            0 => round(&one, &other, number).await,
            _ => round(&other, &one, number).await,
        }
    }
}

#[tokio::test]
async fn a_page_goes_on_at_the_other_service_in_the_same_state() {
    let Some(services) = two_services().await else {
        return;
    };
    let sales = (0..9).map(|i| sale(&format!("a{i}"), &format!("c{i}"), 1, &i.to_string(), "0"));
    services[0].post(sales.collect()).await;
    let (mut seen, mut page_token) = (Vec::new(), String::new());
    for turn in 0.. {
        let request = pb::RankCustomersRequest {
            basis: pb::RankingBasis::Revenue as i32,
            page_size: 2,
            page_token,
            ..Default::default()
        };
        let service = &services[turn % 2];
        let answer = service.rankings().rank_customers(request).await.unwrap();
        let answer = answer.into_inner();
        seen.extend(answer.customers.into_iter().map(|row| row.customer_id));
        page_token = answer.next_page_token;
        if page_token.is_empty() {
            break;
        }
        // It would be the first of all, if pages were not pinned to the state of the first.
        service
            .post(vec![sale(&format!("b{turn}"), "new", 1, "99", "0")])
            .await;
    }
    let wanted: Vec<_> = (0..9).rev().map(|i| format!("c{i}")).collect();
    assert_eq!(seen, wanted);
}

#[tokio::test]
async fn the_same_stream_through_both_at_once_counts_everything_once() {
    const CHUNKS: i64 = 12;
    const CHUNK: i64 = 200;
    let Some(services) = two_services().await else {
        return;
    };
    let stream = |service: &World| {
        let mut client = service.activities();
        async move {
            let (chunks, receiver) = tokio::sync::mpsc::channel(2);
            tokio::spawn(async move {
                for sequence in 1..=CHUNKS {
                    let of = |i| {
                        let id = format!("a{}", (sequence - 1) * CHUNK + i);
                        sale(&id, &format!("c{}", i % 17), 1, "1", "0")
                    };
                    let chunk = pb::StreamActivitiesRequest {
                        sequence,
                        activities: (0..CHUNK).map(of).collect(),
                        ..Default::default()
                    };
                    chunks.send(chunk).await.unwrap();
                }
            });
            let answers = client.stream_activities(ReceiverStream::new(receiver));
            let mut answers = answers.await.unwrap().into_inner();
            let (mut posted, mut duplicate) = (0, 0);
            while let Some(answer) = answers.message().await.unwrap() {
                assert!(answer.rejections.is_empty());
                posted += i64::from(answer.posted_count);
                duplicate += i64::from(answer.duplicate_count);
            }
            assert_eq!(posted + duplicate, CHUNKS * CHUNK);
            posted
        }
    };
    let (one, other) = tokio::join!(stream(&services[0]), stream(&services[1]));
    assert_eq!(one + other, CHUNKS * CHUNK);
    let request = pb::RankCustomersRequest {
        basis: pb::RankingBasis::Revenue as i32,
        read_options: fresh(CHUNKS * CHUNK),
        ..Default::default()
    };
    for service in &services {
        let answer = service.rankings().rank_customers(request.clone()).await;
        let total = answer.unwrap().into_inner().control_total.unwrap();
        assert_eq!(total.ledger.unwrap().units, CHUNKS * CHUNK);
    }
}

#[tokio::test]
async fn a_reader_of_one_service_hears_what_is_written_through_the_other() {
    let Some([writer, reader]) = two_services().await else {
        return;
    };
    let request = crate::watching::top(2);
    let mut heard = crate::watching::Reader::open(&reader, request.clone()).await;
    for number in 1..4 {
        let own = sale(&format!("a{number}"), &format!("c{number}"), 1, "10", "4");
        let written = writer.post(vec![own]).await;
        heard.up_to(written).await;
        heard.assert_true(&reader, &request).await;
    }
}
