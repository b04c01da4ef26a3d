//! Several pages of one list as one answer.

use super::errors::Failure;
use crate::api::pb;

/// The most items of a page.
const PAGE_SIZE_MAX: usize = 1_000;

/// One page of a list.
pub trait Page {
    /// How many items it has.
    fn count(&self) -> usize;
    /// The token of the next page; empty on the last.
    fn next(&self) -> &str;
    /// Takes the items and the token of the page after it.
    fn append(&mut self, next: Self);
}

macro_rules! pages {
    ($($response:ident . $items:ident),+ $(,)?) => {$(
        impl Page for pb::$response {
            fn count(&self) -> usize {
                self.$items.len()
            }

            fn next(&self) -> &str {
                &self.next_page_token
            }

            fn append(&mut self, next: Self) {
                self.$items.extend(next.$items);
                self.next_page_token = next.next_page_token;
            }
        }
    )+};
}

pages! {
    GetAcquisitionReportResponse.rows,
    GetAllocationTraceResponse.shares,
    GetCrossReportResponse.rows,
    GetLateArrivalsResponse.customer_changes,
    ListActivitiesResponse.entries,
    ListClosedPeriodsResponse.closed_periods,
    ListCostModelsResponse.cost_models,
    ListExchangeRatesResponse.exchange_rates,
    ListModelsResponse.model_versions,
    ListDecisionsResponse.decisions,
    ListOutcomesResponse.outcomes,
    ListLateEntriesResponse.entries,
    ListLookalikesResponse.lookalikes,
    ListPartiesResponse.parties,
    ListPriceTermsResponse.price_terms,
    ListProductsResponse.products,
    ListReceivablesResponse.rows,
    ListReferralAsksResponse.customers,
    ListReferralQuadrantsResponse.customers,
    ListTraitDefinitionsResponse.trait_definitions,
    PlanPortfolioResponse.customers,
    AllocateAppreciationResponse.customers,
    RankBonusReturnsResponse.returns,
    RankCustomersResponse.customers,
    RankDimensionResponse.rows,
    RankExpansionResponse.potentials,
}

/// Asks for page after page until there are `wanted` items (all, if not given) or no more pages. The answer is the
/// first page's with all items and the last page's token.
pub async fn gather<P: Page>(
    wanted: Option<usize>,
    mut ask: impl AsyncFnMut(i32, String) -> Result<P, Failure>,
) -> Result<P, Failure> {
    let size = |count: usize| {
        let left = wanted.map_or(PAGE_SIZE_MAX, |wanted| wanted.saturating_sub(count));
        // At most a thousand.
        i32::try_from(left.clamp(1, PAGE_SIZE_MAX)).unwrap_or(1)
    };
    let mut gathered = ask(size(0), String::new()).await?;
    while !gathered.next().is_empty() && wanted.is_none_or(|wanted| gathered.count() < wanted) {
        let page = ask(size(gathered.count()), gathered.next().to_owned()).await?;
        gathered.append(page);
    }
    Ok(gathered)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::pb::{ListPartiesResponse, Party};

    /// A list of 2,500 parties.
    async fn run(wanted: Option<usize>) -> (Vec<i32>, ListPartiesResponse) {
        let mut asked = Vec::new();
        let gathered = gather(wanted, async |size, token: String| {
            asked.push(size);
            let from: usize = token.parse().unwrap_or(0);
            let to = (from + usize::try_from(size).unwrap()).min(2_500);
            Ok(ListPartiesResponse {
                parties: vec![Party::default(); to - from],
                next_page_token: if to < 2_500 {
                    to.to_string()
                } else {
                    String::new()
                },
                ..ListPartiesResponse::default()
            })
        })
        .await
        .unwrap();
        (asked, gathered)
    }

    #[tokio::test]
    async fn asks_for_no_more_than_wanted() {
        let (asked, page) = run(Some(10)).await;
        assert_eq!((asked, page.parties.len()), (vec![10], 10));
        assert_eq!(page.next_page_token, "10");
        let (asked, page) = run(Some(1_300)).await;
        assert_eq!((asked, page.parties.len()), (vec![1_000, 300], 1_300));
        let (asked, page) = run(None).await;
        assert_eq!((asked, page.parties.len()), (vec![1_000; 3], 2_500));
        assert_eq!(page.next_page_token, "");
    }
}
