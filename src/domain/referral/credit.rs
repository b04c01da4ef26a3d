//! What those who were brought are worth, credited to those who brought them, so that nothing is credited twice.
//!
//! After Kumar, Petersen and Leone, "How Valuable Is Word of Mouth?" (HBR, October 2007): a customer who would not have
//! come otherwise (type one) is worth all of its profit to who brought it, one who would have come anyway (type two)
//! only the cost of winning it that was saved. They credit who brought somebody; here credit goes on to whoever brought
//! that one in turn, with the part `d` of a generation:
//!
//! * what party `c` is worth, `w(c)`, comes to its referrer as `r1 = w(c)`;
//! * the referrer of generation `g` passes on `p(g) = round(d * r(g))` if it would not have come otherwise itself, and
//!   nothing if nobody brought it or it would have come anyway; it keeps `r(g) - p(g)`, and `r(g + 1) = p(g)`.
//!
//! So the credits of `c` over all generations are `w(c)` to the last nano-unit, and no unit is anybody's twice; without
//! rounding they are `(1 - d) d^(g - 1) w(c)`, and the oldest keeps all that reaches it. `d` is at most a half, so that
//! nobody gets more of somebody than who is nearer. The one rounding is half to even, to the nano-unit.
//!
//! `w(c)` is the customer margin of type one, a loss too: who brings customers that cost money has brought that cost,
//! and what a period credits is what its parts credit. Of type two it is the cost saved, in the period in which it was
//! brought, but never more than its margin: what is not earned cannot be credited.

use super::{
    ReferralKind,
    graph::{Graph, PartyNumber},
};
use crate::domain::money::{Nanos, divide_half_even};

/// One, in millionths.
const ONE: i128 = 1_000_000;

/// What part of what reaches somebody is passed on to who brought it, in millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Decay(u32);

impl Decay {
    /// The most: a half.
    pub const MOST: u32 = 500_000;

    /// So many millionths; `None` if they are too many.
    pub fn of(millionths: u32) -> Option<Self> {
        (millionths <= Self::MOST).then_some(Self(millionths))
    }

    /// In millionths.
    pub fn millionths(self) -> u32 {
        self.0
    }

    fn part(self, amount: Nanos) -> Nanos {
        divide_half_even(amount * i128::from(self.0), ONE)
    }
}

impl Default for Decay {
    /// A quarter.
    fn default() -> Self {
        Self(250_000)
    }
}

/// What a party that was brought is worth to those who brought it, by its customer margin and by the cost of winning it
/// that was saved, in nano-units.
pub fn worth(kind: ReferralKind, margin: Nanos, saved: Nanos) -> Nanos {
    match kind {
        ReferralKind::WouldNotHaveCome => margin,
        ReferralKind::WouldHaveCome => saved.min(margin).max(0),
    }
}

/// A part of what somebody is worth, as it is credited to one of those who brought it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// To whom.
    pub referrer: PartyNumber,
    /// How many referrals lie between: 1 for who brought it.
    pub generation: u64,
    /// How much, in nano-units.
    pub amount: Nanos,
}

/// Calls `visit` with every part of what a party is worth, the nearest referrer first. They add up to `worth`; nobody
/// is told if nobody brought it.
pub fn for_each_share(
    graph: &Graph,
    party: PartyNumber,
    worth: Nanos,
    decay: Decay,
    mut visit: impl FnMut(Share),
) {
    let (mut at, mut reached, mut generation) = (party, worth, 1);
    while let Some(link) = graph.link(at).filter(|_| reached != 0) {
        let above = graph.link(link.referrer);
        let passed = match above.map(|above| above.kind) {
            Some(ReferralKind::WouldNotHaveCome) => decay.part(reached),
            Some(ReferralKind::WouldHaveCome) | None => 0,
        };
        visit(Share {
            referrer: link.referrer,
            generation,
            amount: reached - passed,
        });
        (at, reached, generation) = (link.referrer, passed, generation + 1);
    }
}

/// What is credited to each party of a graph, in the order of their numbers; `worth` tells of each who was brought what
/// it is worth.
pub fn credits(graph: &Graph, decay: Decay, worth: impl Fn(PartyNumber) -> Nanos) -> Vec<Nanos> {
    let mut credits = vec![0; graph.parties().len()];
    for (party, _) in graph.links() {
        for_each_share(graph, party, worth(party), decay, |share| {
            credits[share.referrer] += share.amount;
        });
    }
    credits
}

/// What is lost to those who are gone of what those are worth who were brought and are left. What is credited for
/// somebody who is gone too is gone with its own margin, and not lost a second time.
pub fn lost(
    graph: &Graph,
    decay: Decay,
    worth: impl Fn(PartyNumber) -> Nanos,
    is_gone: impl Fn(PartyNumber) -> bool,
) -> Nanos {
    let mut lost = 0;
    for (party, _) in graph.links().filter(|(party, _)| !is_gone(*party)) {
        for_each_share(graph, party, worth(party), decay, |share| {
            if is_gone(share.referrer) {
                lost += share.amount;
            }
        });
    }
    lost
}

#[cfg(test)]
mod tests;
