//! What is credited: by hand, and never more than there is.

use super::*;
use crate::domain::{
    id::PartyId,
    referral::{
        Referral,
        graph::tests::{any_referrals, referral},
    },
};
use proptest::prelude::*;

fn chain(kinds: [Option<ReferralKind>; 3]) -> Graph {
    // a brought b, b brought c, c brought d.
    let all = [("a", "b"), ("b", "c"), ("c", "d")];
    let all = all.iter().zip(kinds).enumerate();
    let all: Vec<Referral> = all
        .map(|(place, ((referrer, referred), kind))| Referral {
            kind,
            ..referral(
                i64::try_from(place).unwrap(),
                &place.to_string(),
                referrer,
                referred,
            )
        })
        .collect();
    Graph::of(&all, ReferralKind::WouldNotHaveCome)
}

fn shares(graph: &Graph, worth: Nanos, decay: u32) -> Vec<(&str, u64, Nanos)> {
    let party = graph.number(&PartyId::stored("d")).unwrap();
    let mut shares = Vec::new();
    for_each_share(graph, party, worth, Decay::of(decay).unwrap(), |share| {
        let referrer = graph.parties()[share.referrer].as_str();
        shares.push((referrer, share.generation, share.amount));
    });
    shares
}

#[test]
fn each_generation_passes_on_a_part_and_the_oldest_keeps_the_rest() {
    let all = chain([None; 3]);
    // 1,000: c passes on 250 and keeps 750; b passes on 62.5, rounded to the even 62, and keeps 188.
    let expected = [("c", 1, 750), ("b", 2, 188), ("a", 3, 62)];
    assert_eq!(shares(&all, 1_000, 250_000), expected);
    let expected = [("c", 1, -750), ("b", 2, -188), ("a", 3, -62)];
    assert_eq!(shares(&all, -1_000, 250_000), expected);
    assert_eq!(shares(&all, 1_000, 0), [("c", 1, 1_000)]);
    assert_eq!(shares(&all, 0, 250_000), []);
}

#[test]
fn nothing_goes_on_to_who_brought_somebody_who_would_have_come_anyway() {
    let anyway = Some(ReferralKind::WouldHaveCome);
    // b brought c, who would have come anyway, and with it d.
    let cut = chain([None, anyway, None]);
    assert_eq!(shares(&cut, 1_000, 500_000), [("c", 1, 1_000)]);
    // How d itself came is told by what it is worth.
    let saved = chain([None, None, anyway]);
    let expected = [("c", 1, 500), ("b", 2, 250), ("a", 3, 250)];
    assert_eq!(shares(&saved, 1_000, 500_000), expected);
}

#[test]
fn what_is_not_earned_is_not_saved() {
    let anyway = ReferralKind::WouldHaveCome;
    assert_eq!(worth(anyway, 100, 30), 30);
    assert_eq!(worth(anyway, 20, 30), 20);
    assert_eq!(worth(anyway, -20, 30), 0);
    assert_eq!(worth(ReferralKind::WouldNotHaveCome, -20, 30), -20);
    assert_eq!(Decay::of(500_001), None);
}

proptest! {
    #[test]
    fn nothing_is_credited_twice_and_nothing_that_is_not_there(
        all in any_referrals(),
        margins in proptest::collection::vec(-1_000_000_007_i128..1_000_000_007, 7),
        saved in 0_i128..500_000_000,
        decay in 0_u32..=Decay::MOST,
    ) {
        let mut all = all;
        all.sort();
        let graph = Graph::of(&all, ReferralKind::WouldHaveCome);
        let decay = Decay::of(decay).unwrap();
        let margin = |party: PartyNumber| {
            let name = graph.parties()[party].as_str().as_bytes()[0];
            margins[usize::from(name - b'a')]
        };
        let worth_of = |party: PartyNumber| {
            let link = graph.link(party).unwrap();
            worth(link.kind, margin(party), saved)
        };
        let credits = credits(&graph, decay, worth_of);
        let whole: Nanos = graph.links().map(|(party, _)| worth_of(party)).sum();
        prop_assert_eq!(credits.iter().sum::<Nanos>(), whole);
        let there: Nanos = graph.links().map(|(party, _)| margin(party).max(0)).sum();
        prop_assert!(whole <= there);
        for (party, _) in graph.links() {
            let mut parts = Vec::new();
            for_each_share(&graph, party, worth_of(party), decay, |share| parts.push(share.amount));
            prop_assert_eq!(parts.iter().sum::<Nanos>(), worth_of(party));
            // Whoever is nearer gets as much, but for what rounding gives.
            for pair in parts.windows(2) {
                prop_assert!(pair[0].abs() + 1 >= pair[1].abs());
            }
        }
    }

    #[test]
    fn whoever_goes_no_more_credit_is_lost_than_there_is_profit(
        all in any_referrals(),
        margins in proptest::collection::vec(-1_000_000_007_i128..1_000_000_007, 7),
        saved in 0_i128..500_000_000,
        decay in 0_u32..=Decay::MOST,
        goes in proptest::collection::vec(any::<bool>(), 7),
    ) {
        let mut all = all;
        all.sort();
        let graph = Graph::of(&all, ReferralKind::WouldNotHaveCome);
        let decay = Decay::of(decay).unwrap();
        let letter = |party: PartyNumber| {
            usize::from(graph.parties()[party].as_str().as_bytes()[0] - b'a')
        };
        let worth_of = |party: PartyNumber| {
            worth(graph.link(party).unwrap().kind, margins[letter(party)], saved)
        };
        let is_gone = |party: PartyNumber| goes[letter(party)];
        // Of those who are left nobody's worth is lost twice, nor any that is not there.
        let parts = graph.links().filter(|(party, _)| !is_gone(*party)).map(|(party, _)| {
            let own = lost(&graph, decay, |one| if one == party { worth_of(one) } else { 0 }, is_gone);
            (own, worth_of(party))
        });
        let mut whole = 0;
        for (own, worth) in parts {
            prop_assert!(own.abs() <= worth.abs() && own * worth >= 0);
            whole += own;
        }
        prop_assert_eq!(lost(&graph, decay, worth_of, is_gone), whole);
        let there = graph.links().filter(|(party, _)| !is_gone(*party));
        prop_assert!(whole <= there.map(|(party, _)| margins[letter(party)].max(0)).sum::<Nanos>());
        // Who goes alone takes what is credited to it, and all of these are what there is to be credited.
        let credits = credits(&graph, decay, worth_of);
        for (party, credited) in credits.iter().enumerate() {
            prop_assert_eq!(lost(&graph, decay, worth_of, |one| one == party), *credited);
        }
        prop_assert_eq!(lost(&graph, decay, worth_of, |_| true), 0);
        prop_assert_eq!(lost(&graph, decay, worth_of, |_| false), 0);
    }
}
