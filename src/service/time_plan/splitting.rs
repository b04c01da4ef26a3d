//! The hours of a manager as blocks, and how many of them each account gets.

use super::{Account, PlannedAccount, Returns, TimePlan, TimePlanRequest};
use crate::{
    domain::{
        model::time_plan::{
            gain,
            response::{MINIMUM_ACCOUNTS, Responses},
            split::{Curve, best, equal, proportional},
        },
        problem::{Problem, Reason},
    },
    service::report::{ControlTotal, check_range},
};
use std::cmp::Reverse;

/// The most blocks that the hours may have.
const BLOCKS_LIMIT: u64 = 100_000;
/// How many blocks of a return curve are told: twice the advised ones, from and to these.
const CURVE: (u64, u64) = (12, 48);

/// Hours in blocks.
pub struct Split {
    blocks: u64,
    least: u64,
    unallotted: i64,
    block_minutes: f64,
}

impl Split {
    /// The blocks that the hours of a request have.
    pub fn of(request: &TimePlanRequest, accounts: usize) -> Result<Self, Problem> {
        let whole = (request.block + request.travel).max(1);
        // Times are zero or more.
        let blocks = u64::try_from(request.available / whole).unwrap_or(0);
        if blocks > BLOCKS_LIMIT {
            let problem = format!("has more than {BLOCKS_LIMIT} blocks");
            return Err(Problem::field_invalid("hours", &problem));
        }
        let block = request.block.max(1);
        let least = u64::try_from(request.least.div_euclid(block)).unwrap_or(0)
            + u64::from(request.least % block != 0);
        let needed = least.saturating_mul(accounts as u64);
        if blocks < needed {
            let problem = format!(
                "needs {needed} blocks for {accounts} accounts, and the hours have {blocks}"
            );
            let field = "minimum_minutes_per_account";
            return Err(Problem::field_invalid(field, &problem));
        }
        #[allow(clippy::cast_precision_loss, reason = "a time below 2^53")]
        let block_minutes = block as f64 / 1_000.0;
        Ok(Self {
            blocks,
            least,
            unallotted: request.available % whole,
            block_minutes,
        })
    }

    /// Splits them over accounts.
    pub fn plan(&self, accounts: Vec<Account>, months: u64) -> Result<TimePlan, Problem> {
        let histories: Vec<_> = accounts.iter().map(|one| one.months.clone()).collect();
        let responses = Responses::learn(&histories).map_err(too_thin)?;
        let scale = responses.scale_minutes;
        let of = |answer| Curve::of(answer, self.block_minutes, scale);
        let curves: Vec<Curve> = responses.accounts.iter().map(of).collect();
        let shares: Vec<i128> = accounts
            .iter()
            .map(|one| one.history.milli_minutes)
            .collect();
        let splits = [
            best(&curves, self.blocks, self.least),
            equal(accounts.len(), self.blocks),
            proportional(&shares, self.blocks, self.least),
        ];
        let mut margins = [0; 3];
        let mut history = Returns::default();
        let mut next_block = 0;
        let mut planned = Vec::with_capacity(accounts.len());
        for (place, account) in accounts.into_iter().enumerate() {
            history.add(&account.history);
            let blocks = [0, 1, 2].map(|split: usize| splits[split][place]);
            let drawn = responses.accounts[place].drawn;
            let one = planned_account(account, &curves[place], blocks, drawn)?;
            for (total, own) in margins.iter_mut().zip(one.margins) {
                *total += own;
            }
            next_block = next_block.max(one.next_block);
            planned.push(one);
        }
        history.check()?;
        margins
            .iter()
            .try_for_each(|total| check_range("totals.advised_margin", *total))?;
        let [advised, same, today] = &splits;
        let gains = [same, today].map(|other| gain(&responses, &curves, advised, other));
        for gain in &gains {
            check_range("totals.gain.lower", gain.lower)?;
            check_range("totals.gain.upper", gain.upper)?;
        }
        planned.sort_by_key(|one| Reverse(one.blocks[0]));
        Ok(TimePlan {
            accounts: planned,
            responses,
            months,
            margins,
            gains,
            next_block,
            blocks: self.blocks,
            unallotted: self.unallotted,
            history,
            control_total: ControlTotal::default(),
            cost_model_version: 0,
        })
    }
}

/// An account with its blocks: advised, with equal time, and with today's split.
fn planned_account(
    account: Account,
    curve: &Curve,
    blocks: [u64; 3],
    drawn: f64,
) -> Result<PlannedAccount, Problem> {
    let margins = blocks.map(|blocks| curve.margin(blocks));
    for margin in margins {
        check_range("accounts.advised_margin", margin)?;
    }
    account.history.check()?;
    let told = (blocks[0] * 2).clamp(CURVE.0, CURVE.1);
    let told = usize::try_from(told).unwrap_or(usize::MAX);
    Ok(PlannedAccount {
        customer: account.customer,
        party: account.party,
        blocks,
        margins,
        returns: curve.returns().take(told).collect(),
        next_block: curve.total(blocks[0] + 1) - curve.total(blocks[0]),
        history: account.history,
        drawn,
        managed_since: account.managed_since,
        previous_manager: account.previous_manager,
    })
}

/// There are too few accounts to learn from.
fn too_thin(accounts: u64) -> Problem {
    let message = format!(
        "{accounts} accounts got different time in different months, \
         at least {MINIMUM_ACCOUNTS} are needed"
    );
    let variables = [
        ("customers", accounts.to_string()),
        ("minimum", MINIMUM_ACCOUNTS.to_string()),
    ];
    Problem::new(Reason::EvidenceTooThin, "", message, variables)
}
