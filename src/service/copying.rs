//! Copies a tenant from one store to another, so that every answer as of every position is the same there.
//!
//! What the target holds already must be a beginning of what the source holds, and is compared with it write by write;
//! so a copy that was broken off is begun again in the same way. What is written is read back before the next page.

use crate::{
    domain::{
        account::{Account, Sums, Weights},
        history::{Content, HistoryQuestion, Written, holds_more, holds_something_else},
        id::TenantId,
        ledger::{Entry, Position},
        problem::Problem,
        question::{Order, RankQuestion, RowSelection, Scope},
        ranking::Direction,
        records::Record,
        time::Period,
    },
    store::Store,
};
use std::collections::BTreeSet;

/// How many writes are in memory at once, twice: while some are written, the next are read.
const PAGE: usize = 2_000;

/// How far a copy is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Up to where the target is known to hold what the source does.
    pub position: Position,
    /// Up to where it held it before.
    pub found: Position,
    /// Up to where it will.
    pub end: Position,
}

/// How many writes there are of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Activities, taken back or not.
    pub activities: u64,
    /// Reversals.
    pub reversals: u64,
    /// Versions of parties.
    pub parties: u64,
    /// Versions of trait definitions that were written by themselves.
    pub trait_definitions: u64,
    /// Versions of the cost model.
    pub cost_models: u64,
    /// Closed months.
    pub closings: u64,
    /// Versions of products.
    pub products: u64,
    /// Versions of exchange rates.
    pub exchange_rates: u64,
    /// Versions of price terms.
    pub price_terms: u64,
    /// What is stored about winning prospects: outcomes, requests of data subjects, versions of models.
    pub prospect_records: u64,
}

impl Counts {
    fn add(&mut self, content: &Content) {
        *match content {
            Content::Entry(Entry::Activity(_)) => &mut self.activities,
            Content::Entry(Entry::Reversal(_)) => &mut self.reversals,
            Content::Record(Record::Party(_) | Record::ErasedParty(_)) => &mut self.parties,
            Content::Record(Record::TraitDefinition(_)) => &mut self.trait_definitions,
            Content::Record(Record::CostModel(_)) => &mut self.cost_models,
            Content::Record(Record::Closing(_)) => &mut self.closings,
            Content::Record(Record::Product(_)) => &mut self.products,
            Content::Record(Record::ExchangeRate(_)) => &mut self.exchange_rates,
            Content::Record(Record::PriceTerms(_)) => &mut self.price_terms,
            Content::Record(Record::Prospect(_)) => &mut self.prospect_records,
        } += 1;
    }
}

/// What a tenant's history comes to: read write by write, and summed by the store's own books.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Totals {
    /// How many writes there are.
    pub counts: Counts,
    /// The sum of every account over all time.
    pub sums: Sums,
}

/// What was copied, and the proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// Whose data it is.
    pub tenant: TenantId,
    /// How much of it was there before.
    pub found: Position,
    /// Up to where it was copied.
    pub end: Position,
    /// What the source comes to.
    pub source: Totals,
    /// What the target comes to, which is the same.
    pub target: Totals,
}

/// Copies what a tenant has in one store to another; `progress` hears how far it is.
///
/// Refused if the target holds something else for the tenant, or more. What is written to the source meanwhile is left
/// to the next copy.
pub async fn copy(
    from: &dyn Store,
    to: &dyn Store,
    tenant: &TenantId,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Copied, Problem> {
    let (end, found) = (from.watermark(tenant).await?, to.watermark(tenant).await?);
    if found > end {
        return Err(holds_more(tenant, found, end));
    }
    let mut copied = Copied {
        tenant: tenant.clone(),
        found,
        end,
        source: Totals::default(),
        target: Totals::default(),
    };
    let mut page = read(from, tenant, 0, end).await?;
    while let Some(last) = page.last().map(|last| last.position) {
        let (put, next) =
            tokio::join!(put(to, tenant, found, &page), read(from, tenant, last, end));
        let there = put?;
        for (totals, written) in [(&mut copied.source, &page), (&mut copied.target, &there)] {
            written
                .iter()
                .for_each(|one| totals.counts.add(&one.content));
        }
        progress(Progress {
            position: last,
            found,
            end,
        });
        page = next?;
    }
    copied.source.sums = sums(from, tenant, end).await?;
    copied.target.sums = sums(to, tenant, end).await?;
    prove(&copied)?;
    Ok(copied)
}

/// A page of what was written from after a position on; empty only at the end.
async fn read(
    store: &dyn Store,
    tenant: &TenantId,
    after: Position,
    end: Position,
) -> Result<Vec<Written>, Problem> {
    if after >= end {
        return Ok(Vec::new());
    }
    let question = HistoryQuestion {
        after,
        as_of: end,
        limit: PAGE,
    };
    let page = store.written(tenant, &question).await?;
    let follows = (after + 1..).zip(&page);
    let is_whole = follows.fold(!page.is_empty(), |is_whole, (position, one)| {
        is_whole && position == one.position
    });
    match is_whole {
        true => Ok(page),
        false => {
            let place = format!("tenant {tenant}: nothing is at position {}", after + 1);
            Err(Problem::ledger_damaged(&place))
        }
    }
}

/// Writes what of a page is not in the target, compares the page with what is there then, and gives what is there.
async fn put(
    to: &dyn Store,
    tenant: &TenantId,
    found: Position,
    page: &[Written],
) -> Result<Vec<Written>, Problem> {
    let there = page.partition_point(|one| one.position <= found);
    if there < page.len() {
        // What is there is compared before more is written after it.
        compare(to, tenant, &page[..there]).await?;
        to.take_over(tenant, page[there..].to_vec()).await?;
    }
    compare(to, tenant, page).await
}

async fn compare(
    to: &dyn Store,
    tenant: &TenantId,
    page: &[Written],
) -> Result<Vec<Written>, Problem> {
    let mut there: Vec<Written> = Vec::with_capacity(page.len());
    let (Some(first), Some(last)) = (page.first(), page.last()) else {
        return Ok(there);
    };
    while there.len() < page.len() {
        let after = there.last().map_or(first.position - 1, |one| one.position);
        there.extend(read(to, tenant, after, last.position).await?);
    }
    let mut both = page.iter().zip(&there);
    match both.find(|(own, other)| !own.tells_of(other)) {
        Some((own, _)) => Err(holds_something_else(tenant, own.position)),
        None => Ok(there),
    }
}

/// The sums of all accounts over all time, made by the store's books.
async fn sums(store: &dyn Store, tenant: &TenantId, as_of: Position) -> Result<Sums, Problem> {
    let question = RankQuestion {
        scope: Scope {
            period: Period::ALL,
            branches: Vec::new(),
            traits: Vec::new(),
            as_of,
        },
        order: Order {
            weights: Weights::default(),
            split: Vec::new(),
            driven: Vec::new(),
            value_bears_split: false,
            direction: Direction::BestFirst,
        },
        beside: Vec::new(),
        rows: RowSelection::Places(Vec::new()),
    };
    Ok(store.rank(tenant, &question).await?.totals.ledger)
}

/// Both must come to the same.
fn prove(copied: &Copied) -> Result<(), Problem> {
    let Copied {
        tenant,
        source,
        target,
        ..
    } = copied;
    let accounts = source.sums.iter().chain(target.sums.iter());
    let accounts: BTreeSet<&Account> = accounts.map(|(account, _)| account).collect();
    for account in accounts {
        let (one, other) = (source.sums.get(account), target.sums.get(account));
        if one != other {
            let place = format!(
                "tenant {tenant}, account {account}: the source has {one} and the target {other}"
            );
            return Err(Problem::ledger_damaged(&place));
        }
    }
    if source.counts != target.counts {
        let place = format!("tenant {tenant}: the source has other writes than the target");
        return Err(Problem::ledger_damaged(&place));
    }
    Ok(())
}
