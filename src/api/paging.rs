//! What all lists have in common: which page is asked for, and the token of the next one.

use super::{
    convert::common::{page_size_from_pb, read_options_from_pb},
    page_token::{PageToken, fingerprint},
    pb,
};
use crate::{
    domain::{id::TenantId, ledger::Position, problem::Problem},
    service::Service,
};
use std::ops::Range;

/// A list's request: the messages that have a page_size, a page_token and read_options.
pub trait ListRequest: prost::Message + prost::Name + Clone {
    /// Takes out the fields that do not belong to the question itself.
    fn take_page(&mut self) -> (i32, String);
    /// Which state to read.
    fn read_options(&self) -> Option<&pb::ReadOptions>;
}

macro_rules! list_requests {
    ($($name:ident),+ $(,)?) => {$(
        impl ListRequest for pb::$name {
            fn take_page(&mut self) -> (i32, String) {
                (std::mem::take(&mut self.page_size), std::mem::take(&mut self.page_token))
            }

            fn read_options(&self) -> Option<&pb::ReadOptions> {
                self.read_options.as_ref()
            }
        }
    )+};
}

list_requests!(
    ListActivitiesRequest,
    ListPartiesRequest,
    ListTraitDefinitionsRequest,
    ListCostModelsRequest,
    ListExchangeRatesRequest,
    GetAllocationTraceRequest,
    ListClosedPeriodsRequest,
    ListLateEntriesRequest,
    GetLateArrivalsRequest,
    RankCustomersRequest,
    GetCrossReportRequest,
    GetAcquisitionReportRequest,
    RankDimensionRequest,
    ListReceivablesRequest,
    ListLookalikesRequest,
    ListProductsRequest,
    PlanPortfolioRequest,
    ListReferralQuadrantsRequest,
    ListReferralAsksRequest,
    ListPriceTermsRequest,
    RankExpansionRequest,
    RankBonusReturnsRequest,
    AllocateAppreciationRequest,
    ListOutcomesRequest,
    ListDecisionsRequest,
    ListModelsRequest,
);

/// The page that is asked for.
pub struct Page {
    /// How many items at most.
    pub size: usize,
    /// The state that all pages see.
    pub as_of: Position,
    token: Option<PageToken>,
    question: u64,
}

impl Page {
    /// Reads the page's fields off a request, which is left with the question alone.
    pub async fn of<R: ListRequest>(
        service: &Service,
        tenant: &TenantId,
        request: &mut R,
    ) -> Result<Self, Problem> {
        let (size, token) = request.take_page();
        let size = page_size_from_pb(size)?;
        let question = fingerprint(request);
        let token = PageToken::decode(&token, question)?;
        let mut options = read_options_from_pb(request.read_options())?;
        if let Some(token) = &token {
            options.as_of = Some(token.position);
            options.as_closed = None;
        }
        let as_of = service.read_position(tenant, options).await?;
        Ok(Self {
            size,
            as_of,
            token,
            question,
        })
    }

    /// The place or position where the page begins; 0 on the first.
    pub fn place(&self) -> Result<u64, Problem> {
        self.token.as_ref().map_or(Ok(0), PageToken::place)
    }

    /// The places of the page, in a list that is asked for by places.
    pub fn places(&self) -> Result<Range<u64>, Problem> {
        let start = self.place()?;
        let size = u64::try_from(self.size).unwrap_or(u64::MAX);
        Ok(start..start.saturating_add(size))
    }

    /// The token of the page that begins at a place, if the list goes on there.
    pub fn next_if_more(&self, place: u64, length: u64) -> String {
        match place < length {
            true => self.next_at(place),
            false => String::new(),
        }
    }

    /// The id after which the page begins; `None` on the first.
    pub fn id(&self) -> Result<Option<&str>, Problem> {
        self.token.as_ref().map(PageToken::id).transpose()
    }

    /// The token of a next page that begins at a place.
    pub fn next_at(&self, place: u64) -> String {
        PageToken::at(self.as_of, place).encode(self.question)
    }

    /// The token of a next page that begins after an id.
    pub fn next_after(&self, id: &str) -> String {
        PageToken::after(self.as_of, id).encode(self.question)
    }

    /// Cuts a list that was asked for one item more than the page holds; `next` makes the token from the last one left.
    pub fn cut<T>(&self, items: &mut Vec<T>, next: impl Fn(&Self, &T) -> String) -> String {
        if items.len() <= self.size {
            return String::new();
        }
        items.truncate(self.size);
        items
            .last()
            .map(|last| next(self, last))
            .unwrap_or_default()
    }
}
