//! `ActivityService`: batches, duplicates, conflicts, reversals and the audit trail.

use crate::harness::{
    World, activity, day, days, decimal, effort, is_posted, refusal, rejection, sale, usd,
};
use profitscore::api::pb::{self, activity::Kind, activity_result::Outcome};

async fn submit(world: &World, activities: Vec<pb::Activity>) -> Vec<pb::ActivityResult> {
    let request = pb::SubmitActivitiesRequest {
        activities,
        ..Default::default()
    };
    world
        .activities()
        .submit_activities(request)
        .await
        .unwrap()
        .into_inner()
        .results
}

async fn reverse(
    world: &World,
    reversal: &str,
    activity: &str,
) -> Result<pb::ActivityResult, tonic::Status> {
    let reversal = pb::Reversal {
        reversal_id: reversal.to_owned(),
        activity_id: activity.to_owned(),
        reason: "entered twice".to_owned(),
        evidence_ref: String::new(),
    };
    let request = pb::ReverseActivitiesRequest {
        reversals: vec![reversal],
        ..Default::default()
    };
    let answer = world
        .activities()
        .reverse_activities(request)
        .await?
        .into_inner();
    Ok(answer.results.into_iter().next().unwrap())
}

/// One of every kind, with every field that it has.
fn one_of_each() -> Vec<pb::Activity> {
    let kinds = vec![
        Kind::Sale(pb::Sale {
            revenue: Some(usd("80")),
            cost_of_goods: Some(usd("50.000001")),
            quantity: Some(decimal("2.5")),
            price: Some(pb::sale::Price::ListAmount(usd("100"))),
        }),
        Kind::Refund(pb::Refund {
            amount: Some(usd("8")),
            recovered_cost_of_goods: Some(usd("5")),
            paid_out: true,
        }),
        Kind::DirectCost(pb::DirectCost {
            kind: pb::DirectCostKind::LeadGenerationFee as i32,
            amount: Some(usd("1.5")),
            ..Default::default()
        }),
        Kind::Effort(pb::Effort {
            role_id: "SALES".to_owned(),
            minutes: Some(decimal("12.345")),
            purpose: pb::EffortPurpose::Acquisition as i32,
            channel: pb::ContactChannel::Visit as i32,
            ..Default::default()
        }),
        Kind::Complaint(pb::Complaint {
            severity: pb::ComplaintSeverity::Major as i32,
            perceived_severity: pb::ComplaintSeverity::Minor as i32,
            compensation: Some(usd("3")),
            minutes: Some(decimal("7")),
            role_id: "SUPPORT".to_owned(),
        }),
        Kind::SpecialDemand(pb::SpecialDemand {
            description: "deliver at night".to_owned(),
            cost: Some(usd("4")),
            minutes: Some(decimal("5")),
            role_id: "DRIVER".to_owned(),
        }),
        Kind::Invoice(pb::Invoice {
            invoice_id: "I-1".to_owned(),
            amount: Some(usd("95.2")),
            due_time: Some(day(30)),
        }),
        Kind::Payment(pb::Payment {
            amount: Some(usd("90")),
            invoice_id: "I-1".to_owned(),
        }),
        Kind::WriteOff(pb::WriteOff {
            amount: Some(usd("5.2")),
            invoice_id: "I-1".to_owned(),
        }),
        Kind::Referral(pb::Referral {
            referred_party_id: "friend".to_owned(),
            ..Default::default()
        }),
        Kind::CreditNote(pb::CreditNote {
            amount: Some(usd("0.5")),
            invoice_id: "I-1".to_owned(),
        }),
        Kind::Dispute(pb::Dispute {
            invoice_id: "I-1".to_owned(),
            resolved: true,
        }),
    ];
    let each = kinds.into_iter().enumerate();
    each.map(|(index, kind)| {
        let mut activity = activity(&format!("each-{index}"), "c", 10, kind);
        activity.dimensions = Some(pb::Dimensions {
            branch_id: "north".to_owned(),
            product_id: "p".to_owned(),
            account_manager_id: "m".to_owned(),
            channel_id: "WEB".to_owned(),
            campaign_id: "spring".to_owned(),
            evidence_ref: "receipt 7".to_owned(),
        });
        activity
    })
    .collect()
}

#[tokio::test]
async fn what_is_submitted_is_listed_as_it_was() {
    let world = World::start().await;
    let submitted = one_of_each();
    let written = world.post(submitted.clone()).await;
    assert_eq!(written, 12);
    let list = world
        .activities()
        .list_activities(pb::ListActivitiesRequest::default())
        .await;
    let list = list.unwrap().into_inner();
    let listed: Vec<_> = list
        .entries
        .into_iter()
        .map(|entry| match entry.entry {
            Some(pb::ledger_entry::Entry::Activity(activity)) => activity,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(listed, submitted);
    assert_eq!(list.read_at.unwrap().position, 12);
    assert_eq!(list.next_page_token, "");
}

#[tokio::test]
async fn submitting_again_says_duplicate_for_each_and_changes_nothing() {
    let world = World::start().await;
    world.post(one_of_each()).await;
    for (index, result) in submit(&world, one_of_each()).await.into_iter().enumerate() {
        let Some(Outcome::Duplicate(duplicate)) = result.outcome else {
            panic!("{result:?}")
        };
        assert_eq!(
            duplicate.position.unwrap().position,
            i64::try_from(index).unwrap() + 1
        );
    }
    assert_eq!(world.post(vec![sale("new", "c", 1, "1", "0")]).await, 13);
}

#[tokio::test]
async fn one_changed_field_is_a_conflict_that_names_it() {
    let world = World::start().await;
    world.post(vec![sale("a", "c", 10, "100", "60")]).await;
    let mut other_customer = sale("a", "d", 10, "100", "60");
    let cases = [
        (
            sale("a", "c", 10, "100.000001", "60"),
            "activities[1].sale.revenue",
        ),
        (
            sale("a", "c", 10, "100", "61"),
            "activities[1].sale.cost_of_goods",
        ),
        (sale("a", "c", 11, "100", "60"), "activities[1].occur_time"),
        (other_customer.clone(), "activities[1].customer_id"),
        (effort("a", "c", 10, "r", "1"), "activities[1].kind"),
    ];
    for (changed, field) in cases {
        let before = sale("a", "c", 10, "100", "60");
        let results = submit(&world, vec![before, changed]).await;
        assert!(matches!(results[0].outcome, Some(Outcome::Duplicate(_))));
        let rejection = rejection(&results[1]);
        assert_eq!(rejection.reason(), pb::ErrorReason::ActivityConflict);
        assert_eq!(rejection.field, field);
        assert_eq!(rejection.metadata["activity_id"], "a");
        assert_eq!(rejection.metadata["position"], "1");
    }
    // Within one batch too: the second meets the first.
    other_customer.activity_id = "b".to_owned();
    let results = submit(&world, vec![sale("b", "c", 10, "1", "1"), other_customer]).await;
    assert!(is_posted(&results[0]));
    assert_eq!(rejection(&results[1]).field, "activities[1].customer_id");
}

#[tokio::test]
async fn items_stand_alone_and_keep_their_order() {
    let world = World::start().await;
    let mut nameless = sale("x", "", 1, "1", "0");
    nameless.customer_id = String::new();
    let results = submit(
        &world,
        vec![
            sale("a", "c", 1, "1", "0"),
            nameless,
            sale("b", "c", 1, "1", "0"),
        ],
    )
    .await;
    assert!(is_posted(&results[0]) && is_posted(&results[2]));
    let refused = rejection(&results[1]);
    assert_eq!(refused.reason(), pb::ErrorReason::FieldRequired);
    assert_eq!(refused.field, "activities[1].customer_id");
}

#[tokio::test]
async fn validate_only_says_what_would_happen_and_keeps_nothing() {
    let world = World::start().await;
    let request = pb::SubmitActivitiesRequest {
        activities: vec![sale("a", "c", 1, "1", "0"), sale("a", "c", 1, "2", "0")],
        validate_only: true,
        ..Default::default()
    };
    let answer = world
        .activities()
        .submit_activities(request)
        .await
        .unwrap()
        .into_inner();
    assert!(is_posted(&answer.results[0]));
    assert_eq!(
        rejection(&answer.results[1]).reason(),
        pb::ErrorReason::ActivityConflict
    );
    assert_eq!(answer.written_at, None);
    assert_eq!(world.post(vec![sale("a", "c", 1, "2", "0")]).await, 1);
}

#[tokio::test]
async fn validate_only_names_no_position_that_does_not_exist() {
    let world = World::start().await;
    world.post(vec![sale("old", "c", 1, "1", "0")]).await;
    let (old, new) = (sale("old", "c", 1, "1", "0"), sale("new", "c", 1, "2", "0"));
    let request = pb::SubmitActivitiesRequest {
        activities: vec![old, new.clone(), new],
        validate_only: true,
        ..Default::default()
    };
    let answer = world.activities().submit_activities(request).await.unwrap();
    let results = answer.into_inner().results;
    let position = |index: usize| match &results[index].outcome {
        Some(Outcome::Duplicate(duplicate)) => duplicate.position,
        other => panic!("not a duplicate: {other:?}"),
    };
    assert_eq!(position(0), Some(pb::LedgerPosition { position: 1 }));
    assert_eq!(position(2), None, "the first of them is not in the ledger");
}

#[tokio::test]
async fn a_reversal_takes_back_once_and_says_so_in_the_ledger() {
    let world = World::start().await;
    world.post(vec![sale("a", "c", 1, "1", "0")]).await;
    assert!(is_posted(&reverse(&world, "r", "a").await.unwrap()));
    let again = reverse(&world, "r", "a").await.unwrap();
    assert!(matches!(again.outcome, Some(Outcome::Duplicate(_))));
    let twice = reverse(&world, "r2", "a").await.unwrap();
    assert_eq!(
        rejection(&twice).reason(),
        pb::ErrorReason::ActivityAlreadyReversed
    );
    assert_eq!(rejection(&twice).metadata["reversed_at"], "2");
    let unknown = reverse(&world, "r3", "nothing").await.unwrap();
    assert_eq!(
        rejection(&unknown).reason(),
        pb::ErrorReason::ActivityNotFound
    );
    assert_eq!(rejection(&unknown).field, "reversals[0].activity_id");
    let of_reversal = reverse(&world, "r4", "r").await.unwrap();
    assert_eq!(
        rejection(&of_reversal).reason(),
        pb::ErrorReason::ActivityNotFound
    );

    let request = pb::ListActivitiesRequest {
        customer_id: "c".to_owned(),
        ..Default::default()
    };
    let list = world
        .activities()
        .list_activities(request)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(list.entries.len(), 2);
    assert_eq!(list.entries[0].reversed_at.unwrap().position, 2);
    assert_eq!(list.entries[1].reversed_at, None);
}

#[tokio::test]
async fn pages_of_any_size_make_the_same_list() {
    let world = World::start().await;
    let all: Vec<_> = (0..54)
        .map(|i| sale(&format!("a{i}"), "c", i, "1", "0"))
        .collect();
    world.post(all).await;
    for page_size in [1, 5, 16, 53, 54, 100] {
        let mut request = pb::ListActivitiesRequest {
            page_size,
            ..Default::default()
        };
        request.period = Some(days(10, 50));
        let mut positions = Vec::new();
        loop {
            let page = world
                .activities()
                .list_activities(request.clone())
                .await
                .unwrap();
            let page = page.into_inner();
            assert!(page.entries.len() <= usize::try_from(page_size).unwrap());
            positions.extend(
                page.entries
                    .iter()
                    .map(|entry| entry.position.unwrap().position),
            );
            // What is written meanwhile is not seen: the pages are pinned.
            world
                .post(vec![sale(
                    &format!("{page_size}-{}", positions.len()),
                    "d",
                    20,
                    "1",
                    "0",
                )])
                .await;
            request.page_token = page.next_page_token;
            if request.page_token.is_empty() {
                break;
            }
        }
        assert_eq!(positions[..40], (11..=50).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn tenants_see_nothing_of_each_other() {
    let world = World::start().await;
    let request = |tenant: &str| pb::SubmitActivitiesRequest {
        tenant_id: tenant.to_owned(),
        activities: vec![sale("a", tenant, 1, "1", "0")],
        ..Default::default()
    };
    for tenant in ["one", "two"] {
        let answer = world
            .activities()
            .submit_activities(request(tenant))
            .await
            .unwrap();
        assert!(
            is_posted(&answer.into_inner().results[0]),
            "the same id in another tenant"
        );
    }
    let list = pb::ListActivitiesRequest {
        tenant_id: "two".to_owned(),
        ..Default::default()
    };
    let entries = world
        .activities()
        .list_activities(list)
        .await
        .unwrap()
        .into_inner()
        .entries;
    assert_eq!(entries.len(), 1);
    let bad = world
        .activities()
        .submit_activities(request("no/slash"))
        .await
        .unwrap_err();
    assert_eq!(
        refusal(&bad),
        ("FIELD_INVALID".to_owned(), "tenant_id".to_owned())
    );
}
