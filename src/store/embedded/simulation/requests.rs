//! Requests by chance, from a world so small that ids, customers and traits meet again and again. What an id stands for
//! depends on the id alone, so that it can come again with the same content.

use super::random::Random;
use crate::{
    domain::{
        activity::{Activity, Dimensions, DirectCostKind, EffortPurpose, Kind, Price, Work},
        closing::{ClosingDraft, Month},
        cost_model::{CostModel, CostModelDraft},
        data_subject::{SubjectRequest, SubjectRight},
        exchange_rate::{ExchangeRate, Original, Pair, Rate, convert_amounts},
        id::{ActivityId, OpportunityId, PartyId, RequestId, RoleId, TenantId, TraitKey},
        ledger::{Entry, Reversal, WriteMode},
        money::Currency,
        party::{Party, Sensitivity, Stage, TraitDefinition, TraitType, TraitValue},
        price_terms::PriceTerms,
        product::Product,
        prospect_outcome::{OutcomeStatus, ProspectOutcome},
        prospect_records::ProspectRecord,
        records::Record,
        relationship::{BonusEvent, Relationship},
        time::{Day, Instant},
        traits::Traits,
    },
    store::embedded::{Request, Writes},
};

/// All activities happen on these days.
pub const DAYS: i64 = 40;
/// How many customers there are.
pub const CUSTOMERS: i64 = 12;
const ROLES: [&str; 2] = ["CLERK", "ENGINEER"];
/// The values of the dimensions; none is one of them.
pub const BRANCHES: [&str; 4] = ["", "UNASSIGNED", "north", "south"];

/// Makes requests.
pub struct Maker {
    random: Random,
    seed: u64,
    /// How many ids were used.
    ids: i64,
    /// Seconds since 1970.
    clock: i64,
}

fn exchange_rate(random: &mut Random) -> ExchangeRate {
    let currency = |code| Currency::parse(code, "").unwrap();
    ExchangeRate {
        pair: Pair {
            from: currency(random.pick(&["EUR", "GBP"])),
            to: currency("USD"),
        },
        day: Day(i32::try_from(random.below(3)).unwrap()),
        rate: Rate::parse(random.pick(&["0.5", "1.25", "3"]), "").unwrap(),
        source: random.pick(&["ECB", "bank"]).to_owned(),
    }
}

fn price_terms(random: &mut Random) -> PriceTerms {
    PriceTerms {
        customer_id: customer(random.between(0, CUSTOMERS)),
        first_day: Day(i32::try_from(random.below(3)).unwrap()),
        price_list_id: random.pick(&["", "trade", "é"]).to_owned(),
        discount_tier: random.pick(&["", "gold"]).to_owned(),
        nominal_discount: random.maybe(|_| 150_000),
    }
}

/// What was submitted in the currency of a rate.
fn convert(activity: &mut Activity, rate: ExchangeRate) {
    let amounts = convert_amounts(&mut activity.kind, rate.rate).unwrap();
    activity.original = Some(Box::new(Original {
        currency: rate.pair.from,
        amounts,
        rate: rate.rate,
        rate_day: rate.day,
        source: rate.source,
    }));
}

/// A tenant.
pub fn tenant(id: &str) -> TenantId {
    TenantId::parse(id, "").unwrap()
}

/// All tenants.
pub fn tenants() -> [TenantId; 3] {
    ["t", "u", "v"].map(tenant)
}

/// A customer.
pub fn customer(number: i64) -> PartyId {
    PartyId::parse(&format!("c{number}"), "").unwrap()
}

/// An outcome, or an objection. An erasure would change what was answered before, which the auditor remembers.
fn prospect_record(random: &mut Random) -> ProspectRecord {
    let party_id = customer(random.between(0, CUSTOMERS + 3));
    if random.below(3) == 0 {
        return ProspectRecord::SubjectRequest(SubjectRequest {
            party_id,
            right: random.pick(&[SubjectRight::Objection, SubjectRight::Withdrawal]),
            evidence_ref: String::new(),
        });
    }
    let status = random.pick(&[OutcomeStatus::Won, OutcomeStatus::Lost]);
    ProspectRecord::Outcome(ProspectOutcome {
        opportunity_id: OpportunityId::stored(&format!("o{}", random.below(8))),
        party_id,
        status,
        decided_on: Some(Day(20_000 + i32::try_from(random.between(0, 9)).unwrap())),
        pursued_on: None,
        brought: None,
        acquisition_cost: random.maybe(|random| random.between(0, 9)),
        advice: None,
    })
}

/// The key of a trait.
pub fn trait_key(key: &str) -> TraitKey {
    TraitKey::parse(key, "").unwrap()
}

fn activity_id(id: &str) -> ActivityId {
    ActivityId::parse(id, "").unwrap()
}

/// Some rates.
pub fn costs(random: &mut Random) -> CostModel {
    let mut model = CostModel::default();
    for role in ROLES {
        if random.chance(700) {
            let role = RoleId::parse(role, "").unwrap();
            model.rates.insert(role, random.between(0, 3_000_000));
        }
    }
    model
}

/// An amount, small more often than not.
pub fn amount(random: &mut Random) -> i64 {
    match random.below(10) {
        0 => random.between(0, 1_000_000_000_000),
        1 => 1_000_000_000_000_000_000,
        2..4 => random.between(0, 5),
        _ => random.between(0, 10_000) * 10_000,
    }
}

/// An instant of the days.
pub fn instant(random: &mut Random) -> Instant {
    let second = random.between(0, 86_400);
    Instant {
        seconds: random.between(0, DAYS) * 86_400 + random.pick(&[0, 86_399, second]),
        nanos: random.pick(&[0, 999_999_999]),
    }
}

fn work(random: &mut Random) -> Work {
    Work {
        role_id: RoleId::parse(random.pick(&ROLES), "").unwrap(),
        milli_minutes: random.between(1, 1_000_000),
    }
}

fn invoice_id(random: &mut Random) -> String {
    random.pick(&["i", "j", "k"]).to_owned()
}

/// What changes what a customer owes.
fn receivable(random: &mut Random) -> Kind {
    match random.below(6) {
        0 => Kind::Payment {
            amount: amount(random),
            invoice_id: String::new(),
        },
        1 => Kind::Payment {
            amount: amount(random),
            invoice_id: invoice_id(random),
        },
        2 => Kind::CreditNote {
            amount: amount(random),
            invoice_id: invoice_id(random),
        },
        3 => Kind::WriteOff {
            amount: amount(random),
            invoice_id: invoice_id(random),
        },
        4 => Kind::Dispute {
            invoice_id: invoice_id(random),
            resolved: random.chance(500),
        },
        _ => Kind::Invoice {
            invoice_id: invoice_id(random),
            amount: amount(random),
            due_time: random.maybe(instant),
        },
    }
}

fn kind(random: &mut Random) -> Kind {
    match random.below(10) {
        0 => receivable(random),
        1 => Kind::Refund {
            amount: amount(random),
            recovered_cost_of_goods: random.maybe(amount),
            paid_out: random.chance(500),
        },
        2 => Kind::DirectCost {
            kind: random.pick(DirectCostKind::ALL),
            amount: amount(random),
        },
        3 | 4 => Kind::Effort {
            work: work(random),
            purpose: random.pick(EffortPurpose::ALL),
            channel: None,
        },
        5 => Kind::SpecialDemand {
            description: "gold".to_owned(),
            cost: random.maybe(amount),
            work: random.maybe(work),
        },
        _ => Kind::Sale {
            revenue: amount(random),
            cost_of_goods: random.maybe(amount),
            quantity: random.maybe(|random| random.between(0, 9)),
            price: random.maybe(|random| Price::Discount(amount(random))),
        },
    }
}

/// What a sale caused that came not long before, if it was one.
fn caused(random: &mut Random, id: i64) -> Kind {
    let sale = activity_id(&format!("a{}", (id - random.between(1, 9)).max(0)));
    let amount = amount(random);
    Kind::Relationship(match random.chance(500) {
        true => Relationship::CausedCost {
            kind: random.pick(DirectCostKind::ALL),
            amount,
            sale_activity_id: sale,
        },
        false => Relationship::Bonus {
            event: random.pick(BonusEvent::ALL),
            amount,
            sale_activity_id: Some(sale),
        },
    })
}

fn trait_value(random: &mut Random) -> (&'static str, TraitValue) {
    match random.below(13) {
        0..4 => {
            let size = random.pick(&["small", "big"]).to_owned();
            ("size", TraitValue::Category(size))
        }
        4..8 => ("age", TraitValue::Number(random.between(-3, 10))),
        8..12 => ("vip", TraitValue::Flag(random.chance(500))),
        _ => ("age", TraitValue::Flag(true)),
    }
}

/// Values of traits.
pub fn traits(random: &mut Random) -> Traits {
    let mut traits = Traits::new();
    for _ in 0..random.below(4) {
        let (key, value) = trait_value(random);
        traits.insert(trait_key(key), value);
    }
    traits
}

impl Maker {
    /// Makes the requests of a seed.
    pub fn new(seed: u64) -> Self {
        Self {
            random: Random::new(seed),
            seed,
            ids: 0,
            clock: 1_800_000_000,
        }
    }

    /// A request.
    pub fn request(&mut self) -> Request {
        self.clock += self.random.between(0, 3);
        let random = &mut self.random;
        let tenant = random.pick(&["t", "t", "t", "u", "u", "v"]);
        let is_kept = random.chance(920);
        let count = match random.below(80) {
            0 => 60 + random.below(200),
            1..12 => 15 + random.below(20),
            _ => random.below(7),
        };
        let writes = match random.chance(850) {
            true => Writes::Entries((0..count).map(|_| self.entry()).collect()),
            false => Writes::Records((0..count.min(9)).map(|_| self.record()).collect()),
        };
        Request {
            tenant: self::tenant(tenant),
            writes,
            record_time: Instant {
                seconds: self.clock,
                nanos: 7,
            },
            mode: match is_kept {
                true => WriteMode::Keep,
                false => WriteMode::ValidateOnly,
            },
        }
    }

    /// An entry: new, or the same again, or other content, or a reversal.
    fn entry(&mut self) -> Entry {
        let ids = self.ids.max(1);
        match self.random.below(100) {
            0..64 => {
                self.ids += 1;
                self.activity(self.ids, 0)
            }
            64..78 => {
                let id = self.random.between(0, ids);
                self.activity(id, 0)
            }
            78..81 => {
                let id = self.random.between(0, ids);
                self.activity(id, 1)
            }
            81..97 => {
                let of = self.random.between(0, ids);
                let again = self.random.chance(200);
                self.reversal(&format!("r{of}{}", if again { "x" } else { "" }), of)
            }
            _ => {
                let (id, of) = (self.random.between(0, ids), self.random.between(0, ids));
                self.reversal(&format!("a{id}"), of)
            }
        }
    }

    fn reversal(&self, id: &str, of: i64) -> Entry {
        Entry::Reversal(Reversal {
            reversal_id: activity_id(id),
            activity_id: activity_id(&format!("a{of}")),
            reason: "a mistake".to_owned(),
            evidence_ref: String::new(),
        })
    }

    /// The activity with an id, in one of its variants.
    fn activity(&self, id: i64, variant: u64) -> Entry {
        let mut random = Random::new(self.seed ^ id.unsigned_abs() << 8 ^ variant);
        let text = |random: &mut Random, values: &[&str]| random.pick(values).to_owned();
        let dimensions = Dimensions {
            branch_id: text(&mut random, &BRANCHES),
            product_id: text(&mut random, &["", "p", "q"]),
            account_manager_id: text(&mut random, &["", "mia", "bo"]),
            ..Dimensions::default()
        };
        let mut activity = Activity {
            activity_id: activity_id(&format!("a{id}")),
            customer_id: customer(random.between(0, CUSTOMERS)),
            occur_time: instant(&mut random),
            dimensions,
            kind: match random.chance(150) {
                true => caused(&mut random, id),
                false => kind(&mut random),
            },
            original: None,
        };
        if random.below(6) == 0 {
            convert(&mut activity, exchange_rate(&mut random));
        }
        Entry::Activity(activity)
    }

    fn record(&mut self) -> Record {
        let random = &mut self.random;
        match random.below(10) {
            0 => Record::TraitDefinition(TraitDefinition {
                key: trait_key(random.pick(&["size", "age", "new"])),
                trait_type: random.pick(&[TraitType::Number, TraitType::Category]),
                bin_edges: vec![random.between(0, 3), random.between(4, 9)],
                sensitivity: Sensitivity::Ordinary,
                known_after_conversion: false,
            }),
            1 => Record::CostModel(CostModelDraft {
                model: costs(random),
                request_id: RequestId::parse(&format!("q{}", random.below(8)), "").unwrap(),
                expected_version: random.maybe(|random| random.below(3) as u64),
            }),
            3 => Record::Product(Product {
                product_id: random.pick(&["tea", "pie", "é"]).to_owned(),
                category_id: random.pick(&["", "food", "drinks"]).to_owned(),
            }),
            2 => Record::Closing(ClosingDraft {
                month: Month::parse(2024, random.pick(&[1, 2, 3, 4, 5, 6]), "").unwrap(),
                note: random.pick(&["", "by Bo"]).to_owned(),
                request_id: RequestId::parse(&format!("q{}", random.below(8)), "").unwrap(),
            }),
            4 => Record::ExchangeRate(exchange_rate(random)),
            5 => Record::PriceTerms(price_terms(random)),
            6 => Record::Prospect(prospect_record(random)),
            _ => Record::Party(Party {
                party_id: customer(random.between(0, CUSTOMERS + 3)),
                stage: random.pick(&[Stage::Prospect, Stage::Customer]),
                display_name: random.pick(&["", "Ada", "Bo"]).to_owned(),
                traits: traits(random),
            }),
        }
    }
}
