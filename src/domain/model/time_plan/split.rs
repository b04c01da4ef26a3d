//! Splits of a number of blocks of time over accounts, and the best of them.
//!
//! Returns fall from block to block, so that giving each block to the account where it brings the most is best (Fox,
//! "Discrete optimization via marginal analysis", Management Science 13, 1966).

use super::{
    number,
    response::{Response, dose},
};
use crate::domain::{model::rounded, money::Nanos};
use std::{cmp::Reverse, collections::BinaryHeap};

/// What blocks of time bring with an account.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Curve {
    /// Currency units per unit of dose: zero or more.
    pub height: f64,
    /// Contribution margin without any time, in currency units.
    pub base: f64,
    /// Minutes of contact in a block.
    pub block_minutes: f64,
    /// The dose's scale.
    pub scale_minutes: f64,
}

impl Curve {
    /// That of an account.
    pub fn of(response: &Response, block_minutes: f64, scale_minutes: f64) -> Self {
        Self {
            height: response.size * response.slope,
            base: response.base,
            block_minutes,
            scale_minutes,
        }
    }

    /// The dose of so many blocks.
    pub fn dose(&self, blocks: u64) -> f64 {
        dose(number(blocks) * self.block_minutes, self.scale_minutes)
    }

    /// What the block after `blocks` brings, in nano-units a month; at most `before`, which the one before it brought.
    fn step(&self, blocks: u64, before: Nanos) -> Nanos {
        let more = self.height * (self.dose(blocks + 1) - self.dose(blocks));
        rounded(more).clamp(0, before)
    }

    /// What each block brings, the first first: never more than the one before.
    pub fn returns(&self) -> impl Iterator<Item = Nanos> + '_ {
        let mut before = Nanos::MAX;
        (0..).map(move |blocks| {
            before = self.step(blocks, before);
            before
        })
    }

    /// What so many blocks bring together.
    pub fn total(&self, blocks: u64) -> Nanos {
        let blocks = usize::try_from(blocks).unwrap_or(usize::MAX);
        self.returns().take(blocks).sum()
    }

    /// The contribution margin of a month with so many blocks.
    pub fn margin(&self, blocks: u64) -> Nanos {
        rounded(self.base) + self.total(blocks)
    }
}

/// Everybody gets the same; what is left over goes to the first ones.
pub fn equal(accounts: usize, blocks: u64) -> Vec<u64> {
    let count = (accounts as u64).max(1);
    let (each, rest) = (blocks / count, blocks % count);
    (0..accounts as u64)
        .map(|place| each + u64::from(place < rest))
        .collect()
}

/// Everybody gets the least; the rest goes by shares, and what rounding leaves over to the largest remainders, the
/// first ones among equal. Without shares it is equal time.
pub fn proportional(shares: &[i128], blocks: u64, least: u64) -> Vec<u64> {
    let total: i128 = shares.iter().map(|share| share.max(&0)).sum();
    if total == 0 {
        return equal(shares.len(), blocks);
    }
    let spread = blocks.saturating_sub(least * shares.len() as u64);
    let mut remainders = Vec::with_capacity(shares.len());
    let mut split = Vec::with_capacity(shares.len());
    for (place, share) in shares.iter().enumerate() {
        let exact = share.max(&0) * i128::from(spread);
        // At most all that is spread.
        split.push(least + u64::try_from(exact / total).unwrap_or(0));
        remainders.push((Reverse(exact % total), place));
    }
    remainders.sort_unstable();
    let left = blocks.saturating_sub(split.iter().sum());
    let left = usize::try_from(left).unwrap_or(usize::MAX);
    for (_, place) in remainders.into_iter().take(left) {
        split[place] += 1;
    }
    split
}

/// The split that brings the most, with at least so many blocks for everybody. Where further blocks bring the same,
/// those get them who have the fewest, and the first among these.
pub fn best(curves: &[Curve], blocks: u64, least: u64) -> Vec<u64> {
    let mut split = vec![least; curves.len()];
    let next = |place: usize, has: u64, before: Nanos| {
        (
            curves[place].step(has, before),
            Reverse(has),
            Reverse(place),
        )
    };
    let mut waiting: BinaryHeap<_> = (0..curves.len())
        .map(|place| {
            let least = usize::try_from(least).unwrap_or(usize::MAX);
            let before = curves[place].returns().take(least).last();
            next(place, least as u64, before.unwrap_or(Nanos::MAX))
        })
        .collect();
    for _ in 0..blocks.saturating_sub(least * curves.len() as u64) {
        let Some((brings, Reverse(has), Reverse(place))) = waiting.pop() else {
            break;
        };
        split[place] = has + 1;
        waiting.push(next(place, has + 1, brings));
    }
    split
}
