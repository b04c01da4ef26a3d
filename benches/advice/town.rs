//! The comparison's world with what advice is made of: parties with traits, products, account managers, referrals,
//! complaints, bonuses, feedback, and a cost model with fixed costs. The same for the same number of customers.

use crate::world::{FIRST_SECOND, Numbers, ROLE, Size, World, customer_id};
use profitscore::api::pb::{
    self, activity::Kind, activity_service_client::ActivityServiceClient,
    cost_model_service_client::CostModelServiceClient,
    customer_service_client::CustomerServiceClient, google_type,
};
use std::ops::Range;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;

/// Activities of each customer, before what only some have.
const EACH: usize = 3;
/// The most activities of a chunk, and parties of a batch.
const CHUNK: usize = 1_000;
/// How many products there are.
const PRODUCTS: u64 = 200;
/// How many segments customers are in.
pub const SEGMENTS: u64 = 25;
/// About how many accounts a manager has; every other customer has a manager.
const ACCOUNTS: u64 = 200;

/// A town of customers.
pub struct Town {
    customers: usize,
    world: World,
}

/// Numbers that depend on what is asked alone.
fn numbers(seed: u64) -> Numbers {
    Numbers(seed.wrapping_mul(0xd6e8_feb8_6659_fd93))
}

fn number(customer: usize) -> String {
    customer_id(i32::try_from(customer).unwrap())
}

fn dollars(cents: u64) -> Option<google_type::Money> {
    Some(google_type::Money {
        currency_code: "USD".to_owned(),
        units: i64::try_from(cents / 100).unwrap(),
        nanos: i32::try_from(cents % 100).unwrap() * 10_000_000,
    })
}

fn decimal(value: impl ToString) -> Option<google_type::Decimal> {
    Some(google_type::Decimal {
        value: value.to_string(),
    })
}

fn category(key: &str, value: String) -> pb::Trait {
    let value = pb::trait_value::Value::Category(value);
    pb::Trait {
        key: key.to_owned(),
        value: Some(pb::TraitValue { value: Some(value) }),
    }
}

impl Town {
    pub fn of(customers: usize) -> Self {
        let mut world = World::generate(Size {
            activities: customers * EACH,
            customers: u32::try_from(customers).unwrap(),
            seed: 42,
            chronological: false,
        });
        // Everybody has one at least.
        for (customer, own) in (0..).zip(&mut world.customer[..customers]) {
            *own = customer;
        }
        Self { customers, world }
    }

    /// One who has brought others.
    pub fn referrer(&self) -> String {
        let all = 0..self.customers;
        let found = all
            .into_iter()
            .find(|customer| self.referred(*customer).is_some());
        number(found.unwrap())
    }

    /// The account manager of somebody.
    pub fn manager(&self) -> String {
        self.manager_of(0).unwrap()
    }

    /// A product that many buy.
    pub fn product(&self) -> String {
        "product-007".to_owned()
    }

    pub fn some_customers(&self, count: usize) -> Vec<String> {
        let step = self.customers / count;
        (0..count).map(|place| number(place * step)).collect()
    }

    fn manager_of(&self, customer: usize) -> Option<String> {
        let managers = (self.customers as u64 / 2 / ACCOUNTS).max(1);
        let own = customer as u64;
        own.is_multiple_of(2)
            .then(|| format!("manager-{:04}", own / 2 % managers))
    }

    /// Whom a customer has brought, of twenty customers one.
    fn referred(&self, customer: usize) -> Option<String> {
        let mut numbers = numbers(customer as u64);
        let whom = usize::try_from(numbers.next() % self.customers as u64).unwrap();
        (extra(customer) < 5 && whom != customer).then(|| number(whom))
    }

    fn party(&self, customer: usize) -> pb::Party {
        let mut numbers = numbers(!(customer as u64));
        let flag = pb::trait_value::Value::Flag(numbers.next().is_multiple_of(3));
        let id = number(customer);
        pb::Party {
            display_name: format!("The {id} company"),
            party_id: id,
            stage: pb::PartyStage::Customer as i32,
            traits: vec![
                category("SEGMENT", format!("segment {}", numbers.next() % SEGMENTS)),
                category("COUNTRY", format!("country {}", numbers.next() % 40)),
                pb::Trait {
                    key: "NEWSLETTER".to_owned(),
                    value: Some(pb::TraitValue { value: Some(flag) }),
                },
            ],
        }
    }

    /// An activity of the world, with its product and its account manager.
    fn activity(&self, index: usize) -> pb::Activity {
        let mut activity = self.world.message(index);
        let customer = usize::try_from(self.world.customer[index]).unwrap();
        let mut dimensions = pb::Dimensions {
            account_manager_id: self.manager_of(customer).unwrap_or_default(),
            ..Default::default()
        };
        if let Some(Kind::Sale(sale)) = &mut activity.kind {
            let mut numbers = numbers(index as u64);
            let product = (numbers.next() % PRODUCTS) * (numbers.next() % PRODUCTS) / PRODUCTS;
            dimensions.product_id = format!("product-{product:03}");
            sale.quantity = decimal(1 + numbers.next() % 5);
        }
        activity.dimensions = Some(dimensions);
        activity
    }

    /// What some customers have besides.
    fn extra(&self, customer: usize) -> Option<pb::Activity> {
        let mut numbers = numbers((customer as u64) << 20);
        let seconds = FIRST_SECOND + i64::try_from(numbers.next() % (1_000 * 86_400)).unwrap();
        let kind = match extra(customer) {
            0..5 => Kind::Referral(pb::Referral {
                referred_party_id: self.referred(customer)?,
                kind: i32::try_from(numbers.next() % 3).unwrap(),
                product_family: format!("family {}", numbers.next() % 10),
            }),
            5..8 => Kind::Complaint(pb::Complaint {
                severity: pb::ComplaintSeverity::Minor as i32,
                compensation: dollars(numbers.next() % 10_000),
                minutes: decimal(1 + numbers.next() % 60),
                role_id: ROLE.to_owned(),
                ..Default::default()
            }),
            8..10 => Kind::Bonus(pb::Bonus {
                event: pb::BonusEvent::Accrued as i32,
                amount: dollars(100 + numbers.next() % 5_000),
                ..Default::default()
            }),
            10..12 => Kind::Feedback(pb::Feedback {
                score: decimal(numbers.next() % 11),
                worst_score: decimal(0),
                best_score: decimal(10),
                ..Default::default()
            }),
            12..13 => Kind::ReferralAsk(pb::ReferralAsk {
                outcome: pb::ReferralAskOutcome::Open as i32,
                ..Default::default()
            }),
            13..20 => Kind::Acquisition(pb::Acquisition {
                amount: dollars(1_000 + numbers.next() % 50_000),
                ..Default::default()
            }),
            _ => return None,
        };
        Some(pb::Activity {
            activity_id: format!("extra-{customer:09}"),
            customer_id: number(customer),
            occur_time: Some(prost_types::Timestamp { seconds, nanos: 0 }),
            dimensions: None,
            kind: Some(kind),
        })
    }

    /// Tells everything to the service, and how many activities that was.
    pub async fn tell(&self, channel: &Channel) -> usize {
        self.tell_costs(channel).await;
        self.tell_parties(channel).await;
        let (chunks, receiver) = mpsc::channel(8);
        let mut client = ActivityServiceClient::new(channel.clone());
        let read = tokio::spawn(async move {
            let answers = client
                .stream_activities(ReceiverStream::new(receiver))
                .await;
            let (mut answers, mut posted) = (answers.unwrap().into_inner(), 0);
            while let Some(answer) = answers.message().await.unwrap() {
                posted += usize::try_from(answer.posted_count).unwrap();
            }
            posted
        });
        let (all, mut told) = (self.world.activities(), 0);
        let own = parts(0..all).map(|part| part.map(|index| self.activity(index)).collect());
        let some = parts(0..self.customers);
        let some = some.map(|part| part.filter_map(|own| self.extra(own)).collect());
        let all: Box<dyn Iterator<Item = Vec<pb::Activity>> + '_> = Box::new(own.chain(some));
        for (activities, sequence) in all.zip(1..) {
            told += activities.len();
            let chunk = pb::StreamActivitiesRequest {
                sequence,
                activities,
                ..Default::default()
            };
            chunks.send(chunk).await.unwrap();
        }
        drop(chunks);
        assert_eq!(read.await.unwrap(), told);
        told
    }

    async fn tell_parties(&self, channel: &Channel) {
        let mut client = CustomerServiceClient::new(channel.clone());
        let types = [
            ("SEGMENT", pb::TraitType::Category),
            ("COUNTRY", pb::TraitType::Category),
            ("NEWSLETTER", pb::TraitType::Flag),
        ];
        for (key, trait_type) in types {
            let definition = pb::TraitDefinition {
                key: key.to_owned(),
                r#type: trait_type as i32,
                sensitivity: pb::TraitSensitivity::Ordinary as i32,
                ..Default::default()
            };
            let request = pb::PutTraitDefinitionRequest {
                trait_definition: Some(definition),
                ..Default::default()
            };
            client.put_trait_definition(request).await.unwrap();
        }
        for part in parts(0..self.customers) {
            let request = pb::UpsertPartiesRequest {
                parties: part.map(|customer| self.party(customer)).collect(),
                ..Default::default()
            };
            client.upsert_parties(request).await.unwrap();
        }
    }

    /// Working time at a rate, rent that all bear equally, and a store that goes by revenue.
    async fn tell_costs(&self, channel: &Channel) {
        let second = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
        let period = google_type::Interval {
            start_time: second(FIRST_SECOND),
            end_time: second(FIRST_SECOND + 1_096 * 86_400),
        };
        let pool = |pool_id: &str, policy| pb::CostPool {
            pool_id: pool_id.to_owned(),
            amount: dollars(self.customers as u64 * 1_000),
            period: Some(period),
            policy: Some(pb::AllocationPolicy {
                policy: Some(policy),
            }),
            items: Vec::new(),
        };
        use pb::allocation_policy::Policy;
        let equal = Policy::EqualPerCustomer(pb::EqualPerCustomer::default());
        let by_revenue = Policy::ProportionalToBasis(pb::ProportionalToBasis {
            basis: pb::AllocationBasis::Revenue as i32,
        });
        let model = pb::CostModel {
            capacity_cost_rates: vec![pb::CapacityCostRate {
                role_id: ROLE.to_owned(),
                rate_per_minute: decimal("0.75"),
                practical_capacity: None,
            }],
            cost_pools: vec![pool("rent", equal), pool("store", by_revenue)],
            ..Default::default()
        };
        let request = pb::PutCostModelRequest {
            cost_model: Some(model),
            request_id: "costs".to_owned(),
            ..Default::default()
        };
        let mut client = CostModelServiceClient::new(channel.clone());
        client.put_cost_model(request).await.unwrap();
    }
}

/// In which hundredth of all customers one is.
fn extra(customer: usize) -> u64 {
    numbers(customer as u64 ^ 0x5eed).next() % 100
}

fn parts(all: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let starts = all.clone().step_by(CHUNK);
    starts.map(move |start| start..(start + CHUNK).min(all.end))
}
