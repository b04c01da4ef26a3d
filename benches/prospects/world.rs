//! The generated world: the same for the same numbers.

use profitscore::domain::{
    activity::{Activity, Dimensions, Kind},
    id::{ActivityId, PartyId, TraitKey},
    ledger::Entry,
    party::{Party, Stage, TraitValue},
    records::Record,
    time::Instant,
};

/// When everything is written.
pub const NOW: Instant = Instant {
    seconds: 1_735_689_600,
    nanos: 0,
};
/// 2023-01-01T00:00:00Z.
const FIRST_SECOND: i64 = 1_672_531_200;
/// Sales of each customer.
const SALES: u64 = 5;
/// Writes in a batch.
const BATCH: u64 = 1_000;

/// How large it is.
pub struct World {
    /// Parties without a sale.
    pub prospects: u64,
    /// Parties with sales.
    pub customers: u64,
}

/// Numbers by chance: SplitMix64 (Steele, Lea and Flood 2014).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % below
    }

    /// The same, small numbers being the more common.
    fn skewed(&mut self, below: u64) -> u64 {
        (self.roll(1 << 16) * self.roll(1 << 16) * below) >> 32
    }
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn party_id(text: &str) -> PartyId {
    PartyId::parse(text, "").expect("a sound id")
}

/// One batch after the other.
fn batches<T>(count: u64, one: impl Fn(u64) -> T) -> impl Iterator<Item = Vec<T>> {
    let starts = (0..count).step_by(usize::try_from(BATCH).unwrap_or(1));
    starts.map(move |start| (start..(start + BATCH).min(count)).map(&one).collect())
}

impl World {
    /// How many parties there are.
    pub fn parties(&self) -> u64 {
        self.prospects + self.customers
    }

    /// The id of a prospect.
    pub fn prospect_id(&self, number: u64) -> PartyId {
        party_id(&format!("prospect-{number:08}"))
    }

    fn customer_id(&self, number: u64) -> PartyId {
        party_id(&format!("customer-{number:08}"))
    }

    /// All prospects.
    pub fn prospects(&self) -> impl Iterator<Item = Vec<Record>> {
        batches(self.prospects, |number| {
            party(
                self.prospect_id(number),
                Stage::Prospect,
                number ^ 0x5eed_0000_0000,
            )
        })
    }

    /// All customers.
    pub fn customers(&self) -> impl Iterator<Item = Vec<Record>> {
        batches(self.customers, |number| {
            party(self.customer_id(number), Stage::Customer, number)
        })
    }

    /// Every customer's sales: what one brings depends on its traits.
    pub fn sales(&self) -> impl Iterator<Item = Vec<Entry>> {
        batches(self.customers * SALES, |number| {
            let customer = number / SALES;
            let liked = Dice(customer).skewed(20) < 3;
            let mut dice = Dice(number ^ 0xacc0_0000);
            let revenue = signed(dice.roll(500_000_000));
            let margin = signed(dice.roll(60)) - if liked { 0 } else { 20 };
            sale(number, self.customer_id(customer), revenue, margin)
        })
    }

    /// One more sale of a customer.
    pub fn one_sale(&self) -> Vec<Entry> {
        vec![sale(u64::MAX, self.customer_id(0), 1_000_000, 5)]
    }

    /// The first sale of a prospect.
    pub fn conversion(&self) -> Vec<Entry> {
        vec![sale(
            u64::MAX - 1,
            self.prospect_id(self.prospects / 3),
            1_000_000,
            5,
        )]
    }

    /// One more prospect.
    pub fn newcomer(&self) -> Vec<Record> {
        vec![party(party_id("prospect-0000-new"), Stage::Prospect, 42)]
    }
}

fn party(party_id: PartyId, stage: Stage, seed: u64) -> Record {
    let mut dice = Dice(seed);
    let category = |name: &str, number: u64| TraitValue::Category(format!("{name} {number}"));
    let tags = |dice: &mut Dice| {
        (0..dice.roll(4))
            .map(|_| format!("tag {}", dice.skewed(12)))
            .collect()
    };
    let millionths = |number: u64| TraitValue::Number(signed(number) * 1_000_000);
    // The industry is rolled first: sales depend on it.
    let traits = [
        ("INDUSTRY", category("industry", dice.skewed(20))),
        ("COUNTRY", category("country", dice.skewed(40))),
        ("SIZE", category("size", dice.roll(5))),
        ("SOURCE", category("source", dice.roll(8))),
        ("EMPLOYEES", millionths(1 + dice.skewed(2_000))),
        ("REVENUE", millionths(dice.skewed(50_000) * 1_000)),
        ("TAGS", TraitValue::Set(tags(&mut dice))),
        ("NEWSLETTER", TraitValue::Flag(dice.roll(3) == 0)),
    ];
    let traits = traits.map(|(key, value)| (TraitKey::parse(key, "").expect("a sound key"), value));
    Record::Party(Party {
        display_name: format!("The {party_id} company"),
        party_id,
        stage,
        traits: traits.into_iter().collect(),
    })
}

fn sale(number: u64, customer_id: PartyId, revenue: i64, margin: i64) -> Entry {
    Entry::Activity(Activity {
        original: None,
        activity_id: ActivityId::parse(&format!("sale-{number}"), "").expect("a sound id"),
        customer_id,
        occur_time: Instant {
            seconds: FIRST_SECOND + signed(Dice(number).roll(700 * 86_400)),
            nanos: 0,
        },
        dimensions: Dimensions::default(),
        kind: Kind::Sale {
            revenue,
            cost_of_goods: Some(revenue / 100 * (100 - margin)),
            quantity: None,
            price: None,
        },
    })
}
