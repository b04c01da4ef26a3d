//! The generated world that every engine is given: the same rows for the same seed and sizes. Knows the contract and
//! the domain's activities, since it writes itself as both; knows nothing of any engine.

use profitscore::{
    api::pb::{self, google_type},
    domain::{
        activity::{self, Dimensions, Work},
        id::{ActivityId, PartyId, RoleId},
        ledger::Entry,
        money::Micros,
        problem::Problem,
        time::Instant,
    },
};
use std::{fs::File, io::Write as _, path::Path};

/// Days that the world spans: the years 2023, 2024 and 2025.
pub const DAYS: u32 = 365 + 366 + 365;
/// 2023-01-01T00:00:00Z.
pub const FIRST_SECOND: i64 = 1_672_531_200;
/// The role whose working time the world holds.
pub const ROLE: &str = "SERVICE";

const SECONDS_OF_A_DAY: i64 = 86_400;
const MICROS_OF_A_CENT: i64 = 10_000;

/// How large a world is, and which.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub activities: usize,
    pub customers: u32,
    pub seed: u64,
    /// Whether activities arrive in the order of their days; otherwise each has any day of the three years, which is
    /// harder.
    pub chronological: bool,
}

/// Activities in columns, in the order of their arrival. A sale has a revenue and a cost in cents; working time has
/// minutes and neither.
pub struct World {
    seed: u64,
    pub day: Vec<i32>,
    pub customer: Vec<i32>,
    pub revenue: Vec<i32>,
    pub cost: Vec<i32>,
    pub minutes: Vec<i32>,
}

/// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014).
pub struct Numbers(pub u64);

impl Numbers {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`, which fits what it is taken for.
    fn below(&mut self, bound: u32) -> i32 {
        let scaled = (u128::from(self.next()) * u128::from(bound)) >> 64;
        i32::try_from(scaled).unwrap_or(i32::MAX)
    }
}

impl World {
    pub fn generate(size: Size) -> Self {
        let mut numbers = Numbers(size.seed);
        let mut world = Self {
            seed: size.seed,
            day: Vec::with_capacity(size.activities),
            customer: Vec::with_capacity(size.activities),
            revenue: Vec::with_capacity(size.activities),
            cost: Vec::with_capacity(size.activities),
            minutes: Vec::with_capacity(size.activities),
        };
        for _ in 0..size.activities {
            world.push(&mut numbers, size.customers);
        }
        if size.chronological {
            world.day.sort_unstable();
        }
        world
    }

    /// Adds an activity. A customer is drawn by squaring an evenly spread number, so that of a million the first
    /// hundredth has a tenth of all activities; every customer has a margin of its own, and some have none.
    fn push(&mut self, numbers: &mut Numbers, customers: u32) {
        let place = u128::from(numbers.next() >> 32);
        let customer = (((place * place) >> 32) * u128::from(customers)) >> 32;
        let customer = i32::try_from(customer).unwrap_or(0);
        self.day.push(numbers.below(DAYS));
        self.customer.push(customer);
        if numbers.below(10) == 0 {
            self.minutes.push(1 + numbers.below(60));
            self.revenue.push(0);
            self.cost.push(0);
            return;
        }
        let scale = if numbers.below(16) == 0 { 10 } else { 1 };
        let revenue = (100 + numbers.below(20_000)) * scale;
        let own =
            i32::try_from(Numbers(self.seed ^ u64::from(customer.unsigned_abs())).next() % 60)
                .unwrap_or(0);
        self.minutes.push(0);
        self.revenue.push(revenue);
        self.cost
            .push(revenue / 100 * (40 + own + numbers.below(20)));
    }

    pub fn activities(&self) -> usize {
        self.day.len()
    }

    /// A unique random id, as clients make them: the text of a UUID of version 4.
    fn activity_id(&self, index: usize) -> String {
        let mut numbers =
            Numbers(self.seed.rotate_left(32) ^ (index as u64).wrapping_mul(0xd6e8_feb8_6659_fd93));
        let (high, low) = (numbers.next(), numbers.next());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            high >> 16 & 0xffff,
            high & 0xfff,
            0x8000 | low >> 48 & 0x3fff,
            low & 0xffff_ffff_ffff
        )
    }

    fn seconds(&self, index: usize) -> i64 {
        let within = Numbers(self.seed ^ !(index as u64)).below(86_400);
        FIRST_SECOND + i64::from(self.day[index]) * SECONDS_OF_A_DAY + i64::from(within)
    }

    /// An activity as a client sends it.
    pub fn message(&self, index: usize) -> pb::Activity {
        let money = |cents: i32| google_type::Money {
            currency_code: "USD".to_owned(),
            units: i64::from(cents / 100),
            nanos: cents % 100 * 10_000_000,
        };
        let kind = match self.minutes[index] {
            0 => pb::activity::Kind::Sale(pb::Sale {
                revenue: Some(money(self.revenue[index])),
                cost_of_goods: Some(money(self.cost[index])),
                ..Default::default()
            }),
            minutes => pb::activity::Kind::Effort(pb::Effort {
                role_id: ROLE.to_owned(),
                minutes: Some(google_type::Decimal {
                    value: minutes.to_string(),
                }),
                purpose: pb::EffortPurpose::Service as i32,
                ..Default::default()
            }),
        };
        pb::Activity {
            activity_id: self.activity_id(index),
            customer_id: customer_id(self.customer[index]),
            occur_time: Some(prost_types::Timestamp {
                seconds: self.seconds(index),
                nanos: 0,
            }),
            dimensions: None,
            kind: Some(kind),
        }
    }

    /// An activity as the domain holds it.
    pub fn entry(&self, index: usize) -> Result<Entry, Problem> {
        let micros = |cents: i32| -> Micros { i64::from(cents) * MICROS_OF_A_CENT };
        let kind = match self.minutes[index] {
            0 => activity::Kind::Sale {
                revenue: micros(self.revenue[index]),
                cost_of_goods: Some(micros(self.cost[index])),
                quantity: None,
                price: None,
            },
            minutes => activity::Kind::Effort {
                work: Work {
                    role_id: RoleId::parse(ROLE, "role_id")?,
                    milli_minutes: i64::from(minutes) * 1_000,
                },
                purpose: activity::EffortPurpose::Service,
                channel: None,
            },
        };
        Ok(Entry::Activity(activity::Activity {
            original: None,
            activity_id: ActivityId::parse(&self.activity_id(index), "activity_id")?,
            customer_id: PartyId::parse(&customer_id(self.customer[index]), "customer_id")?,
            occur_time: Instant {
                seconds: self.seconds(index),
                nanos: 0,
            },
            dimensions: Dimensions::default(),
            kind,
        }))
    }

    /// Writes the columns as NumPy files of 32-bit integers, which every peer reads without a copy.
    pub fn write_columns(&self, folder: &Path) -> std::io::Result<()> {
        let columns = [
            ("day", &self.day),
            ("customer", &self.customer),
            ("revenue", &self.revenue),
            ("cost", &self.cost),
            ("minutes", &self.minutes),
        ];
        for (name, values) in columns {
            // The format pads its header to a multiple of 64 bytes and ends it with a line feed.
            let about = format!(
                "{{'descr': '<i4', 'fortran_order': False, 'shape': ({},), }}",
                values.len()
            );
            let header = format!("{about:<117}\n");
            let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
            bytes.extend_from_slice(header.as_bytes());
            bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
            File::create(folder.join(format!("{name}.npy")))?.write_all(&bytes)?;
        }
        Ok(())
    }
}

pub fn customer_id(customer: i32) -> String {
    format!("customer-{customer:07}")
}

/// The number in a customer's id.
pub fn customer_number(id: &str) -> Option<i32> {
    id.strip_prefix("customer-")?.parse().ok()
}

/// The first day of each month of the world, and the day after the last month.
pub fn month_starts() -> Vec<i32> {
    let lengths = |leap: bool| {
        [
            31,
            28 + i32::from(leap),
            31,
            30,
            31,
            30,
            31,
            31,
            30,
            31,
            30,
            31,
        ]
    };
    let mut starts = vec![0];
    for length in [false, true, false].into_iter().flat_map(lengths) {
        starts.push(starts[starts.len() - 1] + length);
    }
    starts
}
