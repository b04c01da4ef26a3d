//! Questions as a client asks them through gRPC. Knows the contract alone.

use crate::{
    Failure,
    question::{Curve, POINTS, Question, RATE, ROWS, Ranked},
    world::{DAYS, FIRST_SECOND, ROLE, customer_number},
};
use profitscore::api::pb::{
    self, cost_model_service_client::CostModelServiceClient, google_type,
    ranking_service_client::RankingServiceClient,
};
use tonic::transport::Channel;

/// Versions of the cost model, each with a rate a cent dearer than the one before.
const VERSIONS: i64 = 400;

/// Stores a version of the cost model for each rate that questions are asked with.
pub async fn put_rates(channel: &Channel) -> Result<(), Failure> {
    let mut client = CostModelServiceClient::new(channel.clone());
    for version in 0..VERSIONS {
        let cents = RATE + version;
        let rate = pb::CapacityCostRate {
            role_id: ROLE.to_owned(),
            rate_per_minute: Some(google_type::Decimal {
                value: format!("{}.{:02}", cents / 100, cents % 100),
            }),
            practical_capacity: None,
        };
        let request = pb::PutCostModelRequest {
            cost_model: Some(pb::CostModel {
                capacity_cost_rates: vec![rate],
                ..Default::default()
            }),
            request_id: format!("rate-{cents}"),
            ..Default::default()
        };
        client.put_cost_model(request).await?;
    }
    Ok(())
}

fn version(question: Question) -> Option<i64> {
    Some(question.rate_cents - RATE + 1)
}

fn period(question: Question) -> Option<google_type::Interval> {
    let day = |day: u32| {
        let seconds = FIRST_SECOND + i64::from(day) * 86_400;
        Some(prost_types::Timestamp { seconds, nanos: 0 })
    };
    Some(google_type::Interval {
        start_time: day(question.first_day),
        end_time: day(question.first_day + question.days),
    })
}

/// Fails until the server answers questions.
pub async fn ready(channel: &Channel) -> Result<(), Failure> {
    position(channel).await.map(|_| ())
}

/// Asks something small and tells the position of the state that was read.
pub async fn position(channel: &Channel) -> Result<i64, Failure> {
    let request = pb::RankCustomersRequest {
        page_size: 1,
        basis: pb::RankingBasis::Revenue as i32,
        period: period(Question {
            length: crate::question::Length::Quarter,
            first_day: DAYS,
            days: 1,
            rate_cents: 0,
        }),
        ..Default::default()
    };
    let mut client = RankingServiceClient::new(channel.clone());
    let answer = client.rank_customers(request).await?.into_inner();
    Ok(answer.read_at.map_or(0, |at| at.position))
}

/// The best and the worst: two calls.
pub async fn ranked(channel: &Channel, question: Question) -> Result<Ranked, Failure> {
    let best = end(channel, question, pb::RankingDirection::BestFirst);
    let worst = end(channel, question, pb::RankingDirection::WorstFirst);
    Ok(Ranked {
        best: best.await?,
        worst: worst.await?,
    })
}

/// The best.
pub async fn best(channel: &Channel, question: Question) -> Result<(), Failure> {
    end(channel, question, pb::RankingDirection::BestFirst)
        .await
        .map(drop)
}

async fn end(
    channel: &Channel,
    question: Question,
    direction: pb::RankingDirection,
) -> Result<Vec<(i32, i64)>, Failure> {
    let request = pb::RankCustomersRequest {
        period: period(question),
        direction: direction as i32,
        cost_model_version: version(question),
        page_size: i32::try_from(ROWS)?,
        ..Default::default()
    };
    let mut client = RankingServiceClient::new(channel.clone());
    let answer = client.rank_customers(request).await?.into_inner();
    answer
        .customers
        .iter()
        .map(|row| {
            let id = &row.customer_id;
            let customer = customer_number(id).ok_or_else(|| format!("unknown customer {id}"))?;
            Ok((customer, cents(row.value.as_ref())?))
        })
        .collect()
}

/// Both ends and the middle in one call.
pub async fn bands(channel: &Channel, question: Question) -> Result<(), Failure> {
    let request = pb::CompareBandsRequest {
        period: period(question),
        basis: pb::RankingBasis::NetProfit as i32,
        cost_model_version: version(question),
        band_size: i32::try_from(ROWS)?,
        ..Default::default()
    };
    let mut client = RankingServiceClient::new(channel.clone());
    client.compare_bands(request).await?;
    Ok(())
}

/// The whale curve.
pub async fn curve(channel: &Channel, question: Question) -> Result<Curve, Failure> {
    let request = pb::GetConcentrationRequest {
        period: period(question),
        cost_model_version: version(question),
        point_count: i32::try_from(POINTS)?,
        ..Default::default()
    };
    let mut client = RankingServiceClient::new(channel.clone());
    let answer = client.get_concentration(request).await?.into_inner();
    let point = |point: &pb::WhaleCurvePoint| {
        let customers = usize::try_from(point.customer_count)?;
        Ok::<_, Failure>((customers, cents(point.cumulative_value.as_ref())?))
    };
    let peak = answer.peak.as_ref().map_or(Ok((0, 0)), point)?;
    let mut points = answer
        .points
        .iter()
        .map(point)
        .collect::<Result<Vec<_>, _>>()?;
    // The peak is one of the points that are sent; the engines compare those that are evenly spread.
    let customers = usize::try_from(answer.customer_count)?;
    let spread = |number| (1..=POINTS).any(|index| (index * customers).div_ceil(POINTS) == number);
    points.retain(|(number, _)| spread(*number));
    Ok(Curve {
        customers,
        positive: usize::try_from(answer.positive_count)?,
        negative: usize::try_from(answer.negative_count)?,
        peak,
        points,
    })
}

fn cents(money: Option<&google_type::Money>) -> Result<i64, Failure> {
    let money = money.ok_or("an amount is missing")?;
    match money.nanos % 10_000_000 {
        0 => Ok(money.units * 100 + i64::from(money.nanos / 10_000_000)),
        _ => Err(format!("{money:?} is no whole number of cents").into()),
    }
}
