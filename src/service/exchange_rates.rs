//! Converting what is submitted in another currency than that of the books, and reading rates.

use super::{
    Service,
    activities::{Items, Written},
};
use crate::domain::{
    activity::Activity,
    exchange_rate::{
        ExchangeRate, Original, Pair, RateQuestion, StoredRate, convert_amounts, rate_not_found,
    },
    id::TenantId,
    ledger::{Entry, Position, WriteMode},
    money::Currency,
    problem::Problem,
    time::Day,
};
use std::collections::BTreeMap;

/// An activity whose amounts are in another currency than that of the books.
#[derive(Debug)]
pub struct ForeignActivity {
    /// The activity, its amounts as they were submitted.
    pub activity: Activity,
    /// What they are in.
    pub currency: Currency,
}

/// A batch of activities on the way in.
#[derive(Debug)]
pub struct Submission {
    /// Those in the currency of the books, and those that were refused.
    pub items: Items<Entry>,
    /// Those in another currency, rising, each with its place in the batch; the items above count without them.
    pub foreign: Vec<(usize, ForeignActivity)>,
}

impl Service {
    /// Adds activities to the ledger; those in another currency are converted at the rates of their days.
    pub async fn submit(
        &self,
        tenant: &TenantId,
        submission: Submission,
        mode: WriteMode,
    ) -> Result<Written, Problem> {
        let Submission { items, foreign } = submission;
        if foreign.is_empty() {
            return self.append(tenant, items, mode).await;
        }
        let converted = self.convert(tenant, foreign).await?;
        self.append(tenant, merged(items, converted), mode).await
    }

    /// Converts activities, each on its own.
    async fn convert(
        &self,
        tenant: &TenantId,
        foreign: Vec<(usize, ForeignActivity)>,
    ) -> Result<Vec<(usize, Result<Entry, Problem>)>, Problem> {
        let key = |foreign: &ForeignActivity| {
            let pair = Pair {
                from: foreign.currency,
                to: self.settings.currency,
            };
            (
                pair,
                self.settings.calendar.day(foreign.activity.occur_time),
            )
        };
        let mut keys: Vec<(Pair, Day)> = foreign.iter().map(|(_, one)| key(one)).collect();
        keys.sort_unstable();
        keys.dedup();
        let found = self
            .store()?
            .exchange_rates(tenant, &keys, Position::MAX)
            .await?;
        let rates: BTreeMap<_, _> = keys.into_iter().zip(found).collect();
        let each = foreign.into_iter();
        Ok(each
            .map(|(place, foreign)| {
                let (pair, day) = key(&foreign);
                let rate = rates.get(&(pair, day)).and_then(Option::as_ref);
                let missing = || rate_not_found(pair, day, "occur_time");
                let rate = rate.ok_or_else(missing);
                (
                    place,
                    rate.and_then(|rate| converted(foreign.activity, rate)),
                )
            })
            .collect())
    }

    /// Stored rates, in the order of pairs and days.
    pub async fn list_exchange_rates(
        &self,
        tenant: &TenantId,
        question: &RateQuestion,
    ) -> Result<Vec<StoredRate>, Problem> {
        self.store()?.list_exchange_rates(tenant, question).await
    }
}

/// An activity in the currency of the books, with what it was.
fn converted(mut activity: Activity, rate: &ExchangeRate) -> Result<Entry, Problem> {
    let amounts = convert_amounts(&mut activity.kind, rate.rate)?;
    activity.original = Some(Box::new(Original {
        currency: rate.pair.from,
        amounts,
        rate: rate.rate,
        rate_day: rate.day,
        source: rate.source.clone(),
    }));
    Ok(Entry::Activity(activity))
}

/// All items in their order: the places of those that were converted count all items, and those of the items count
/// the others alone.
fn merged(items: Items<Entry>, converted: Vec<(usize, Result<Entry, Problem>)>) -> Items<Entry> {
    let Items { accepted, refused } = items;
    let mut refused = refused.into_iter().peekable();
    let mut converted = converted.into_iter().peekable();
    let mut accepted = accepted.into_iter();
    let mut all = Items::with_room_for(accepted.len() + converted.len());
    let (mut place, mut among_others) = (0, 0);
    loop {
        if let Some((_, item)) = converted.next_if(|(own, _)| *own == place) {
            all.push(item);
        } else {
            let other = match refused.next_if(|(own, _)| *own == among_others) {
                Some((_, problem)) => Some(Err(problem)),
                None => accepted.next().map(Ok),
            };
            let Some(other) = other else { return all };
            all.push(other);
            among_others += 1;
        }
        place += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{id::ActivityId, ledger::Reversal};

    fn entry(id: &str) -> Entry {
        Entry::Reversal(Reversal {
            reversal_id: ActivityId::stored(id),
            activity_id: ActivityId::stored("t"),
            reason: String::new(),
            evidence_ref: String::new(),
        })
    }

    #[test]
    fn converted_items_keep_their_places() {
        let refusal = || Problem::field_required("x");
        // In the batch: converted, refused, accepted, converted and refused, accepted, refused, converted.
        let others = [
            Err(refusal()),
            Ok(entry("2")),
            Ok(entry("4")),
            Err(refusal()),
        ];
        let converted = vec![
            (0, Ok(entry("0"))),
            (3, Err(refusal())),
            (6, Ok(entry("6"))),
        ];
        let all = merged(others.into_iter().collect(), converted);
        let ids: Vec<&str> = all
            .accepted
            .iter()
            .map(|entry| entry.id().as_str())
            .collect();
        assert_eq!(ids, ["0", "2", "4", "6"]);
        let places: Vec<usize> = all.refused.iter().map(|(place, _)| *place).collect();
        assert_eq!(places, [1, 3, 5]);
    }
}
