//! What is asked, each of a period that nobody else asks about.

use crate::{
    town::Town,
    world::{FIRST_SECOND, month_starts},
};
use profitscore::api::pb::{
    self, advice_service_client::AdviceServiceClient,
    customer_value_service_client::CustomerValueServiceClient, google_type,
    ranking_service_client::RankingServiceClient,
};
use prost::Message;
use std::pin::Pin;
use tonic::{Response, Status, Streaming, transport::Channel};

/// How many rows a page has.
const PAGE: i32 = 100;

/// What is told of an answer.
pub struct Answered {
    pub bytes: usize,
    pub said: String,
}

type Answer = Pin<Box<dyn Future<Output = Result<Answered, Status>>>>;

/// A call.
pub struct Question {
    pub name: &'static str,
    pub ask: Box<dyn Fn(Channel, google_type::Interval) -> Answer>,
}

/// About fifteen months, of whole months, another one for each turn.
pub fn period(turn: usize) -> google_type::Interval {
    let starts = month_starts();
    // From one to the next turn it begins later, and then it ends later.
    let (first, last) = (turn % 18, 33 + turn / 18);
    let second = |month: usize| prost_types::Timestamp {
        seconds: FIRST_SECOND + i64::from(starts[month]) * 86_400,
        nanos: 0,
    };
    google_type::Interval {
        start_time: Some(second(first)),
        end_time: Some(second(last)),
    }
}

fn one<T: Message>(
    answer: Result<Response<T>, Status>,
    said: impl Fn(&T) -> String,
) -> Result<Answered, Status> {
    let answer = answer?.into_inner();
    Ok(Answered {
        bytes: answer.encoded_len(),
        said: said(&answer),
    })
}

async fn many<T: Message>(
    answer: Result<Response<Streaming<T>>, Status>,
) -> Result<Answered, Status> {
    let mut answers = answer?.into_inner();
    let (mut bytes, mut messages) = (0, 0);
    while let Some(answer) = answers.message().await? {
        bytes += answer.encoded_len();
        messages += 1;
    }
    let said = format!("{messages} messages");
    Ok(Answered { bytes, said })
}

fn question<A>(
    name: &'static str,
    ask: impl Fn(Channel, Option<google_type::Interval>) -> A + 'static,
) -> Question
where
    A: Future<Output = Result<Answered, Status>> + 'static,
{
    Question {
        name,
        ask: Box::new(move |channel, period| Box::pin(ask(channel, Some(period)))),
    }
}

fn advice(channel: Channel) -> AdviceServiceClient<Channel> {
    AdviceServiceClient::new(channel).max_decoding_message_size(usize::MAX)
}

fn decimal(value: &str) -> Option<google_type::Decimal> {
    let value = value.to_owned();
    Some(google_type::Decimal { value })
}

/// One of the segments.
fn segment() -> Option<pb::CustomerFilter> {
    let value = pb::trait_value::Value::Category("segment 7".to_owned());
    let filter = pb::TraitFilter {
        key: "SEGMENT".to_owned(),
        any_of: vec![pb::TraitValue { value: Some(value) }],
    };
    Some(pb::CustomerFilter {
        traits: vec![filter],
        ..Default::default()
    })
}

/// All of them; the first is a ranking by net profit.
pub fn all(town: &Town) -> Vec<Question> {
    let rankings = [
        ("RankCustomers NET_PROFIT", pb::RankingBasis::NetProfit),
        ("RankCustomers TOTAL_VALUE", pb::RankingBasis::TotalValue),
        (
            "RankCustomers EXPECTED_PROFIT",
            pb::RankingBasis::ExpectedProfit,
        ),
    ];
    let mut all: Vec<Question> = rankings.map(|(name, basis)| ranking(name, basis)).into();
    all.extend(relationships(town));
    all.extend(growth(town));
    all.extend(referrals(town));
    all.push(value(town));
    all
}

fn ranking(name: &'static str, basis: pb::RankingBasis) -> Question {
    question(name, move |channel, period| async move {
        let request = pb::RankCustomersRequest {
            period,
            basis: basis as i32,
            page_size: PAGE,
            ..Default::default()
        };
        let answer = RankingServiceClient::new(channel)
            .rank_customers(request)
            .await;
        one(answer, |answer| {
            format!("{} customers", answer.customer_count)
        })
    })
}

fn relationships(town: &Town) -> Vec<Question> {
    let (customer, manager) = (town.referrer(), town.manager());
    vec![
        question("PlanPortfolio", |channel, period| async move {
            let request = pb::PlanPortfolioRequest {
                period,
                page_size: PAGE,
                ..Default::default()
            };
            let answer = advice(channel).plan_portfolio(request).await;
            one(answer, |answer| {
                format!("{} customers", answer.customer_count)
            })
        }),
        question("ExportPortfolio", |channel, period| async move {
            let request = pb::ExportPortfolioRequest {
                period,
                ..Default::default()
            };
            many(advice(channel).export_portfolio(request).await).await
        }),
        question("SimulateRelationship", move |channel, period| {
            let request = pb::SimulateRelationshipRequest {
                customer_id: customer.clone(),
                period,
                ..Default::default()
            };
            async move {
                let answer = advice(channel).simulate_relationship(request).await;
                one(answer, |answer| format!("{} actions", answer.actions.len()))
            }
        }),
        question("SimulatePortfolio", |channel, period| async move {
            let request = pb::SimulatePortfolioRequest {
                period,
                ..Default::default()
            };
            many(advice(channel).simulate_portfolio(request).await).await
        }),
        question("AllocateTime", move |channel, period| {
            let request = pb::AllocateTimeRequest {
                account_manager_id: manager.clone(),
                period,
                hours: decimal("160"),
                ..Default::default()
            };
            async move {
                let answer = advice(channel).allocate_time(request).await;
                one(answer, |answer| {
                    format!("{} accounts", answer.accounts.len())
                })
            }
        }),
    ]
}

fn cross_sell(name: &'static str, filter: Option<pb::CustomerFilter>) -> Question {
    question(name, move |channel, period| {
        let request = pb::SuggestCrossSellRequest {
            period,
            filter: filter.clone(),
            ..Default::default()
        };
        async move {
            let answer = advice(channel).suggest_cross_sell(request).await;
            one(answer, |answer| {
                format!("{} customers", answer.customer_count)
            })
        }
    })
}

fn expansion(name: &'static str, town: &Town, filter: Option<pb::CustomerFilter>) -> Question {
    let product_id = town.product();
    question(name, move |channel, period| {
        let request = pb::RankExpansionRequest {
            period,
            product_id: product_id.clone(),
            filter: filter.clone(),
            page_size: PAGE,
            ..Default::default()
        };
        async move {
            let answer = advice(channel).rank_expansion(request).await;
            one(answer, |answer| {
                format!("{} potentials", answer.potential_count)
            })
        }
    })
}

fn growth(town: &Town) -> Vec<Question> {
    vec![
        cross_sell("SuggestCrossSell", None),
        cross_sell("SuggestCrossSell, a segment", segment()),
        expansion("RankExpansion", town, None),
        expansion("RankExpansion, a segment", town, segment()),
        question("RankBonusReturns", |channel, period| async move {
            let request = pb::RankBonusReturnsRequest {
                period,
                page_size: PAGE,
                ..Default::default()
            };
            let answer = advice(channel).rank_bonus_returns(request).await;
            one(answer, |answer| format!("{} returns", answer.return_count))
        }),
    ]
}

fn referrals(town: &Town) -> Vec<Question> {
    let customer = town.referrer();
    vec![
        question("GetReferralValue", move |channel, period| {
            let request = pb::GetReferralValueRequest {
                customer_id: customer.clone(),
                period,
                ..Default::default()
            };
            async move {
                let answer = advice(channel).get_referral_value(request).await;
                one(answer, |answer| format!("{} brought", answer.edges.len()))
            }
        }),
        question("ListReferralQuadrants", |channel, period| async move {
            let request = pb::ListReferralQuadrantsRequest {
                period,
                page_size: PAGE,
                ..Default::default()
            };
            let answer = advice(channel).list_referral_quadrants(request).await;
            one(answer, |answer| {
                format!("{} customers", answer.customer_count)
            })
        }),
        question("GetReferralReport", |channel, period| async move {
            let request = pb::GetReferralReportRequest {
                period,
                ..Default::default()
            };
            let answer = advice(channel).get_referral_report(request).await;
            one(answer, |answer| {
                format!("{} families", answer.families.len())
            })
        }),
        question("ListReferralAsks", |channel, period| async move {
            let request = pb::ListReferralAsksRequest {
                period,
                page_size: PAGE,
                ..Default::default()
            };
            let answer = advice(channel).list_referral_asks(request).await;
            one(answer, |answer| format!("{} to ask", answer.customer_count))
        }),
    ]
}

fn value(town: &Town) -> Question {
    let customer_ids = town.some_customers(100);
    question("GetCustomerValue", move |channel, period| {
        let request = pb::GetCustomerValueRequest {
            customer_ids: customer_ids.clone(),
            period,
            ..Default::default()
        };
        async move {
            let answer = CustomerValueServiceClient::new(channel)
                .get_customer_value(request)
                .await;
            one(answer, |answer| {
                format!("{} customers", answer.results.len())
            })
        }
    })
}
