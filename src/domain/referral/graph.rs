//! The graph of referrals: of all that are told, those that can be true together.
//!
//! A party can be brought once, and nobody is brought by somebody whom it brought itself. A referral counts if, of
//! those that happened before it and count, none names the same party and it closes no circle: so whoever was first has
//! brought it, however and in whatever order it was submitted. All others are left out, each for a reason. What counts
//! is therefore a forest: everybody has one referrer at most.

use super::{Referral, ReferralKind};
use crate::domain::{activity::closed_list, id::PartyId};
use serde::{Deserialize, Serialize};

closed_list! {
    /// Why a referral does not count.
    LeftOut {
        /// The same customer brought the same party before.
        Repeated = "REPEATED",
        /// Another customer brought the party before.
        AlreadyReferred = "ALREADY_REFERRED",
        /// The party brought the customer, itself or by others.
        Circle = "CIRCLE",
    }
}

/// A place in a list of referrals.
pub type ReferralPlace = usize;
/// The number of a party in a graph: its place in the order of ids.
pub type PartyNumber = usize;

/// Who brought a party.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// The number of the customer who brought it.
    pub referrer: PartyNumber,
    /// Whether it would have come otherwise.
    pub kind: ReferralKind,
    /// The place of the referral in the list that the graph was made of.
    pub place: ReferralPlace,
}

/// A party with who brought it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Brought {
    /// Its number.
    pub party: PartyNumber,
    /// Who brought it.
    pub link: Link,
}

/// The referrals that count.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    /// Everybody who brought or was brought, in the order of ids.
    parties: Vec<PartyId>,
    links: Vec<Option<Link>>,
    /// All who were brought, by who brought them and then in the order in which they were.
    brought: Vec<Brought>,
    left_out: Vec<(ReferralPlace, LeftOut)>,
}

impl Graph {
    /// Of referrals in the order in which they happened. One that does not tell its kind counts as `untold`.
    pub fn of(referrals: &[Referral], untold: ReferralKind) -> Self {
        let ends = referrals
            .iter()
            .flat_map(|one| [&one.referrer, &one.referred]);
        let mut parties: Vec<PartyId> = ends.cloned().collect();
        parties.sort_unstable();
        parties.dedup();
        let mut graph = Self {
            links: vec![None; parties.len()],
            parties,
            brought: Vec::new(),
            left_out: Vec::new(),
        };
        let mut trees = Trees::new(graph.parties.len());
        for (place, referral) in referrals.iter().enumerate() {
            let ends = (
                graph.number(&referral.referrer),
                graph.number(&referral.referred),
            );
            let (Some(referrer), Some(referred)) = ends else {
                continue;
            };
            match graph.links[referred] {
                Some(link) if link.referrer == referrer => {
                    graph.left_out.push((place, LeftOut::Repeated));
                }
                Some(_) => graph.left_out.push((place, LeftOut::AlreadyReferred)),
                // Whom nobody brought is the root of its tree.
                None if trees.root(referrer) == referred => {
                    graph.left_out.push((place, LeftOut::Circle));
                }
                None => {
                    trees.hang(referred, referrer);
                    graph.links[referred] = Some(Link {
                        referrer,
                        kind: referral.kind.unwrap_or(untold),
                        place,
                    });
                }
            }
        }
        let links = graph.links();
        let mut brought: Vec<Brought> =
            links.map(|(party, link)| Brought { party, link }).collect();
        brought.sort_unstable_by_key(|one| (one.link.referrer, one.link.place));
        graph.brought = brought;
        graph
    }

    /// Everybody who brought or was brought, in the order of ids.
    pub fn parties(&self) -> &[PartyId] {
        &self.parties
    }

    /// The number of a party, if it brought or was brought.
    pub fn number(&self, party: &PartyId) -> Option<PartyNumber> {
        self.parties.binary_search(party).ok()
    }

    /// Who brought a party.
    pub fn link(&self, party: PartyNumber) -> Option<Link> {
        self.links.get(party).copied().flatten()
    }

    /// All who were brought, with who brought them.
    pub fn links(&self) -> impl Iterator<Item = (PartyNumber, Link)> {
        let all = self.links.iter().enumerate();
        all.filter_map(|(party, link)| link.map(|link| (party, link)))
    }

    /// Whom a party brought, in the order in which they were.
    pub fn brought_by(&self, referrer: PartyNumber) -> &[Brought] {
        let all = &self.brought;
        let start = all.partition_point(|one| one.link.referrer < referrer);
        let end = all.partition_point(|one| one.link.referrer <= referrer);
        &all[start..end]
    }

    /// The referrals that do not count, in the order in which they happened.
    pub fn left_out(&self) -> &[(ReferralPlace, LeftOut)] {
        &self.left_out
    }

    /// How many each party brought itself, and how many with all whom those brought in turn.
    pub fn reach(&self) -> Vec<Reach> {
        let mut reach = vec![Reach::default(); self.parties.len()];
        let mut waiting = vec![0_usize; self.parties.len()];
        for (_, link) in self.links() {
            reach[link.referrer].direct += 1;
            waiting[link.referrer] += 1;
        }
        // Whoever waits for nobody any more passes on what it reaches.
        let mut ready: Vec<PartyNumber> = (0..self.parties.len())
            .filter(|party| waiting[*party] == 0)
            .collect();
        while let Some(party) = ready.pop() {
            if let Some(link) = self.link(party) {
                let own = reach[party];
                let above = &mut reach[link.referrer];
                above.all += own.all + 1;
                above.generations = above.generations.max(own.generations + 1);
                waiting[link.referrer] -= 1;
                if waiting[link.referrer] == 0 {
                    ready.push(link.referrer);
                }
            }
        }
        reach
    }
}

/// How far somebody reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reach {
    /// How many it brought itself.
    pub direct: u64,
    /// How many with all whom those brought in turn.
    pub all: u64,
    /// How many generations these are.
    pub generations: u64,
}

/// Finds the root of each tree: a forest of disjoint sets (Tarjan, "Efficiency of a Good But Not Linear Set Union
/// Algorithm", JACM 1975) in which the root that is asked for is that of the referrals.
struct Trees {
    above: Vec<PartyNumber>,
}

impl Trees {
    fn new(count: usize) -> Self {
        Self {
            above: (0..count).collect(),
        }
    }

    fn root(&mut self, party: PartyNumber) -> PartyNumber {
        let mut at = party;
        while self.above[at] != at {
            // Everybody on the way is hung higher, so that the next way is shorter.
            self.above[at] = self.above[self.above[at]];
            at = self.above[at];
        }
        at
    }

    fn hang(&mut self, root: PartyNumber, under: PartyNumber) {
        self.above[root] = self.root(under);
    }
}

#[cfg(test)]
pub(super) mod tests;
