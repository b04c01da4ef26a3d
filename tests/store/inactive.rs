//! Rankings with the customers that have no activity in them: one total order, whatever its pages.

use crate::{
    generate::{CUSTOMERS, sample},
    laws::runner,
    models::costs,
    reports::{currencies, fill, ranked, service_over},
    told::{BASES, any_period, asked},
    words::*,
    worlds::{Happened, World},
};
use profitscore::{
    domain::{
        id::PartyId,
        ledger::WriteMode,
        party::{Party, Stage, TraitFilter},
        ranking::Direction,
        records::Record,
    },
    service::{
        Service,
        rankings::{RankedCustomer, Ranking, RankingRequest},
    },
    store::Store,
};
use proptest::{prelude::*, sample::select, test_runner::TestRunner};
use std::{cmp::Reverse, collections::BTreeSet, sync::Arc};

/// Parties of both stages: some of those that do something, and some that never do.
async fn put_parties(store: &dyn Store, id: &str, runner: &mut TestRunner) -> Vec<Party> {
    let others = ["!", "aaa", "c", "k", "zz", "ü"];
    let mut records = Vec::new();
    for name in CUSTOMERS.iter().step_by(2).chain(&others) {
        let stage = sample(
            runner,
            select(&[Stage::Customer, Stage::Customer, Stage::Prospect]),
        );
        let size = sample(runner, select(&["big", "small"]));
        records.push(party(name, stage, [("size", category(size))]));
    }
    let tenant = tenant(id);
    let put = store.put(&tenant, records.clone(), NOW, WriteMode::Keep);
    put.await.unwrap();
    let parties = records.into_iter().map(|record| {
        let Record::Party(party) = record else {
            unreachable!("only parties were put")
        };
        party
    });
    parties.collect()
}

fn of(row: &RankedCustomer) -> (u64, PartyId, i128, i128, bool) {
    let customer = row.customer.clone();
    (
        row.place,
        customer,
        row.value,
        row.cumulative,
        row.is_inactive,
    )
}

/// Fails unless `whole` is `plain` with those customers among it that are stored, meet the filter and are not in it.
fn check_whole(whole: &Ranking, plain: &Ranking, request: &RankingRequest, parties: &[Party]) {
    assert_eq!(whole.customers, plain.customers);
    assert_eq!(whole.negative, plain.negative);
    let (inactive, active): (Vec<_>, Vec<_>) = whole.rows.iter().partition(|row| row.is_inactive);
    assert_eq!(whole.inactive, inactive.len() as u64);
    assert_eq!(active.len(), plain.rows.len());
    for (active, plain) in active.iter().zip(&plain.rows) {
        let same_place = RankedCustomer {
            place: plain.place,
            ..(*active).clone()
        };
        assert_eq!(format!("{same_place:?}"), format!("{plain:?}"));
    }
    let is_active: BTreeSet<_> = plain.rows.iter().map(|row| &row.customer).collect();
    let wanted = parties.iter().filter(|party| {
        party.stage == Stage::Customer
            && request.scope.has_customer(Some(party))
            && !is_active.contains(&party.party_id)
    });
    let wanted: BTreeSet<_> = wanted.map(|party| &party.party_id).collect();
    assert_eq!(wanted, inactive.iter().map(|row| &row.customer).collect());
    let mut cumulative = 0;
    for (place, row) in (0..).zip(&whole.rows) {
        cumulative += row.value;
        assert_eq!((row.place, row.cumulative), (place, cumulative));
        if row.is_inactive {
            assert!(row.statement.figures().all(|(_, amount)| amount == 0));
            assert_eq!(row.party.as_ref().unwrap().party_id, row.customer);
        }
    }
    // Of those at the edge of a unit of rounding the order is that of the ranking itself.
    if plain.footing.allocated_fixed_cost == 0 {
        let mut sorted: Vec<_> = whole.rows.iter().collect();
        match request.direction {
            Direction::BestFirst => sorted.sort_by_key(|row| (Reverse(row.value), &row.customer)),
            Direction::WorstFirst => sorted.sort_by_key(|row| (row.value, &row.customer)),
        }
        assert!(sorted.iter().zip(&whole.rows).all(|(a, b)| of(a) == of(b)));
    }
}

async fn check_pages(service: &Service, id: &str, request: &RankingRequest, whole: &Ranking) {
    let all: Vec<_> = whole.rows.iter().map(of).collect();
    for size in [1, 2, 5, 100] {
        let mut paged = Vec::new();
        loop {
            let start = paged.len() as u64;
            let tenant = tenant(id);
            let page = service.rank_with_inactive(&tenant, request, start..start + size);
            let page = page.await.unwrap();
            assert_eq!(page.inactive, whole.inactive);
            assert_eq!(page.footing.control_total, whole.footing.control_total);
            if page.rows.is_empty() {
                break;
            }
            paged.extend(page.rows.iter().map(of));
        }
        assert_eq!(paged, all, "pages of {size}");
    }
}

pub async fn who_has_no_activity_is_in_the_order_whatever_the_pages(
    store: Arc<dyn Store>,
    worlds: u8,
) {
    let service = service_over(&store);
    let mut inactive = 0;
    for seed in 130..130 + worlds {
        let mut runner = runner(seed);
        let id = format!("t{seed}");
        let world = World::by_chance(&mut runner, 25);
        let all: Vec<&Happened> = world.all().collect();
        fill(&service, &*store, &id, (&world, &all), &costs(&mut runner)).await;
        let parties = put_parties(&*store, &id, &mut runner).await;
        for code in currencies() {
            let service = service.reporting_in(code).unwrap();
            for basis in BASES {
                let period = any_period(&mut runner);
                let mut request = asked(&service, &id, period, basis).await;
                let both = select(&[Direction::BestFirst, Direction::WorstFirst]);
                request.direction = sample(&mut runner, both);
                if sample(&mut runner, any::<bool>()) {
                    request.scope.branches.push("north".to_owned());
                }
                if sample(&mut runner, any::<bool>()) {
                    request.scope.traits.push(TraitFilter {
                        key: trait_key("size"),
                        any_of: vec![category("big")],
                    });
                }
                let plain = ranked(&service, &id, &request).await;
                let tenant = tenant(&id);
                let whole = service.rank_with_inactive(&tenant, &request, 0..u64::MAX);
                let whole = whole.await.unwrap();
                check_whole(&whole, &plain, &request, &parties);
                check_pages(&service, &id, &request, &whole).await;
                inactive += whole.inactive;
            }
        }
    }
    assert!(inactive > 0);
}
