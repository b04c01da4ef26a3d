//! Activities by number, so that whoever counts what was acknowledged knows what must be there, and chance that is the
//! same for the same seed.

use profitscore::api::pb::{self, activity::Kind, google_type};

/// SplitMix64 (Steele, Lea and Flood 2014).
pub fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The activity with a number, always the same: customer `number mod 7` buys for `number` dollars.
pub fn activity(number: i64) -> pb::Activity {
    let revenue = google_type::Money {
        currency_code: "USD".to_owned(),
        units: number,
        nanos: 0,
    };
    pb::Activity {
        activity_id: format!("a{number}"),
        customer_id: format!("c{}", number % 7),
        occur_time: Some(prost_types::Timestamp {
            seconds: number * 3_600,
            nanos: 0,
        }),
        dimensions: None,
        kind: Some(Kind::Sale(pb::Sale {
            revenue: Some(revenue),
            ..Default::default()
        })),
    }
}
