//! `ExchangeRateService`.

use super::{
    access::tenant_from_pb,
    convert::{
        common::{OutcomePb, check_batch, outcomes_to_pb, position_to_pb, write_mode},
        exchange_rate::{day_from_pb, rates_from_pb, stored_rate_to_pb},
    },
    paging::Page,
    pb::{self, exchange_rate_result::Outcome as ResultPb},
};
use crate::{
    domain::{
        exchange_rate::{Pair, RateQuestion},
        iso_4217::known_currency,
        money::Currency,
        problem::Problem,
        time::{Day, Period},
    },
    service::Service,
};
use std::sync::Arc;
use tonic::{Request, Response, Status};

/// The handlers.
#[derive(Clone)]
pub struct ExchangeRateHandlers {
    /// The use cases.
    pub service: Arc<Service>,
}

#[tonic::async_trait]
impl pb::exchange_rate_service_server::ExchangeRateService for ExchangeRateHandlers {
    async fn put_exchange_rates(
        &self,
        request: Request<pb::PutExchangeRatesRequest>,
    ) -> Result<Response<pb::PutExchangeRatesResponse>, Status> {
        let request = request.into_inner();
        let tenant = tenant_from_pb(&request.tenant_id)?;
        check_batch(request.exchange_rates.len(), "exchange_rates")?;
        let mode = write_mode(request.validate_only);
        let records = rates_from_pb(request.exchange_rates);
        let written = self.service.put(&tenant, records, mode).await?;
        let outcomes = outcomes_to_pb(written.outcomes, mode, "exchange_rates");
        let results = outcomes.into_iter().map(|outcome| {
            let outcome = match outcome {
                OutcomePb::Posted(posted) => ResultPb::Stored(posted),
                OutcomePb::Duplicate(duplicate) => ResultPb::Unchanged(duplicate),
                OutcomePb::Rejection(rejection) => ResultPb::Rejection(rejection),
            };
            pb::ExchangeRateResult {
                outcome: Some(outcome),
            }
        });
        Ok(Response::new(pb::PutExchangeRatesResponse {
            results: results.collect(),
            written_at: written.written_at.map(position_to_pb),
        }))
    }

    async fn list_exchange_rates(
        &self,
        request: Request<pb::ListExchangeRatesRequest>,
    ) -> Result<Response<pb::ListExchangeRatesResponse>, Status> {
        let mut request = request.into_inner();
        let tenant = tenant_from_pb(&request.tenant_id)?;
        let page = Page::of(&self.service, &tenant, &mut request).await?;
        let question = RateQuestion {
            from: optional_currency(&request.from_currency, "from_currency")?,
            to: optional_currency(&request.to_currency, "to_currency")?,
            period: period(&request)?,
            after: page.id()?.map(after).transpose()?,
            as_of: page.as_of,
            limit: page.size + 1,
        };
        let mut rates = self.service.list_exchange_rates(&tenant, &question).await?;
        let next = page.cut(&mut rates, |page, last| {
            let rate = &last.rate;
            let (pair, day) = (rate.pair, rate.day.0);
            page.next_after(&format!("{} {} {day}", pair.from, pair.to))
        });
        Ok(Response::new(pb::ListExchangeRatesResponse {
            exchange_rates: rates.into_iter().map(stored_rate_to_pb).collect(),
            next_page_token: next,
            read_at: Some(position_to_pb(page.as_of)),
        }))
    }
}

fn optional_currency(code: &str, field: &str) -> Result<Option<Currency>, Problem> {
    match code {
        "" => Ok(None),
        code => known_currency(code, field).map(Some),
    }
}

/// The days that are asked for; the last one is included.
fn period(request: &pb::ListExchangeRatesRequest) -> Result<Period, Problem> {
    let first = request.first_day.as_ref();
    let last = request.last_day.as_ref();
    let start = first.map(|day| day_from_pb(day, "first_day")).transpose()?;
    let last = last.map(|day| day_from_pb(day, "last_day")).transpose()?;
    if let (Some(start), Some(last)) = (start, last)
        && last < start
    {
        return Err(Problem::field_invalid("last_day", "is before first_day"));
    }
    Ok(Period {
        start,
        end: last.map(Day::next),
    })
}

/// Where a page goes on, as its token says.
fn after(text: &str) -> Result<(Pair, Day), Problem> {
    let invalid = || Problem::field_invalid("page_token", "was not made by this service");
    let mut parts = text.split(' ');
    let mut next = || parts.next().ok_or_else(invalid);
    let from = Currency::parse(next()?, "page_token")?;
    let to = Currency::parse(next()?, "page_token")?;
    let day = next()?.parse().map_err(|_| invalid())?;
    Ok((Pair { from, to }, Day(day)))
}
