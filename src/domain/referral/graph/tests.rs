//! Which referrals count, whatever the order in which they were written.

use super::*;
use crate::domain::{
    id::ActivityId,
    time::{Day, Instant},
};
use proptest::prelude::*;

/// Who brought whom, at a second of a day.
pub(crate) fn referral(second: i64, id: &str, referrer: &str, referred: &str) -> Referral {
    Referral {
        occur_time: Instant {
            seconds: second,
            nanos: 0,
        },
        activity_id: ActivityId::stored(id),
        day: Day(0),
        referrer: PartyId::stored(referrer),
        referred: PartyId::stored(referred),
        kind: None,
        product_family: String::new(),
    }
}

fn sorted(mut all: Vec<Referral>) -> Vec<Referral> {
    all.sort();
    all
}

fn graph(all: &[Referral]) -> Graph {
    Graph::of(all, ReferralKind::WouldNotHaveCome)
}

fn referrer<'g>(graph: &'g Graph, party: &str) -> Option<&'g str> {
    let link = graph.link(graph.number(&PartyId::stored(party))?)?;
    Some(graph.parties()[link.referrer].as_str())
}

#[test]
fn whoever_was_first_has_brought_a_party() {
    let all = sorted(vec![
        referral(3, "x", "b", "p"),
        referral(2, "y", "a", "p"),
        referral(4, "z", "a", "p"),
    ]);
    let graph = graph(&all);
    assert_eq!(referrer(&graph, "p"), Some("a"));
    assert_eq!(
        graph.left_out(),
        [(1, LeftOut::AlreadyReferred), (2, LeftOut::Repeated)]
    );
}

#[test]
fn what_closes_a_circle_is_left_out_and_another_may_take_its_place() {
    let all = vec![
        referral(1, "1", "a", "b"),
        referral(2, "2", "b", "c"),
        referral(3, "3", "c", "a"),
        referral(4, "4", "d", "a"),
        referral(5, "5", "d", "d"),
    ];
    let graph = graph(&all);
    assert_eq!(
        graph.left_out(),
        [(2, LeftOut::Circle), (4, LeftOut::Circle)]
    );
    assert_eq!(referrer(&graph, "a"), Some("d"));
    let reach = graph.reach();
    let of = |party: &str| reach[graph.number(&PartyId::stored(party)).unwrap()];
    let told = |party: &str| (of(party).direct, of(party).all, of(party).generations);
    assert_eq!(told("d"), (1, 3, 3));
    assert_eq!(told("a"), (1, 2, 2));
    assert_eq!(told("c"), (0, 0, 0));
}

/// Any referrals among a few parties, of which many contradict each other.
pub(crate) fn any_referrals() -> impl Strategy<Value = Vec<Referral>> {
    let one = (0_i64..6, "[a-g]", "[a-g]", 0_u8..3);
    let all = proptest::collection::vec(one, 0..24);
    all.prop_map(|all| {
        let all = all.into_iter().enumerate();
        let all = all.filter(|(_, (_, a, b, _))| a != b);
        all.map(|(place, (second, a, b, kind))| Referral {
            kind: match kind {
                0 => None,
                1 => Some(ReferralKind::WouldNotHaveCome),
                _ => Some(ReferralKind::WouldHaveCome),
            },
            ..referral(second, &place.to_string(), &a, &b)
        })
        .collect()
    })
}

/// By the definition: one after the other, following whoever brought whom.
fn plain(all: &[Referral]) -> Vec<(String, String)> {
    let mut counting: Vec<(String, String)> = Vec::new();
    for one in all {
        let (referrer, referred) = (one.referrer.to_string(), one.referred.to_string());
        let is_taken = counting.iter().any(|(_, known)| *known == referred);
        let mut above = Some(referrer.clone());
        let mut is_circle = false;
        while let Some(at) = above {
            is_circle |= at == referred;
            let found = counting.iter().find(|(_, known)| *known == at);
            above = found.map(|(referrer, _)| referrer.clone());
        }
        if !is_taken && !is_circle {
            counting.push((referrer, referred));
        }
    }
    counting.sort();
    counting
}

proptest! {
    #[test]
    fn what_counts_follows_from_when_it_happened_alone(
        all in any_referrals(), shuffle in proptest::collection::vec(any::<u32>(), 24),
    ) {
        let expected = sorted(all.clone());
        let mut keyed: Vec<(u32, Referral)> = shuffle.into_iter().zip(all).collect();
        keyed.sort_by_key(|(key, _)| *key);
        let shuffled = sorted(keyed.into_iter().map(|(_, one)| one).collect());
        prop_assert_eq!(&shuffled, &expected);
        let graph = graph(&expected);
        let mut counting: Vec<(String, String)> = graph
            .links()
            .map(|(party, link)| {
                let name = |number: PartyNumber| graph.parties()[number].to_string();
                (name(link.referrer), name(party))
            })
            .collect();
        counting.sort();
        prop_assert_eq!(counting, plain(&expected));
        prop_assert_eq!(graph.left_out().len() + graph.links().count(), expected.len());
        // Following whoever brought whom comes to an end, and reach counts every step of it.
        let mut steps = 0;
        for (party, _) in graph.links() {
            let mut at = party;
            while let Some(link) = graph.link(at) {
                (at, steps) = (link.referrer, steps + 1);
                prop_assert!(at != party);
            }
        }
        let reached: u64 = graph.reach().iter().map(|reach| reach.all).sum();
        prop_assert_eq!(reached, steps);
    }
}
