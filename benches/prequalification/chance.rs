//! Numbers that look random and are the same everywhere.

/// A well mixed number for a number: SplitMix64's finaliser (Steele, Lea and Flood 2014).
pub fn mixed(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A number from 0 to before 1.
pub fn even(number: u64) -> f64 {
    (mixed(number) >> 11) as f64 / (1_u64 << 53) as f64
}

/// A number of the standard normal distribution: the sum of twelve even ones, less six.
pub fn normal(number: u64) -> f64 {
    let parts = (0..12).map(|part| even(number.wrapping_mul(12).wrapping_add(part)));
    parts.sum::<f64>() - 6.0
}

/// The places before `count` in an order by chance.
pub fn shuffled(count: usize, seed: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_key(|place| (mixed(*place as u64 ^ mixed(seed)), *place));
    order
}
