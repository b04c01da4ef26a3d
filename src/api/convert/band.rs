//! Bands of a ranking.

use super::{
    common::{count_from_pb, count_to_pb, money_to_pb, position_to_pb},
    ranking::{control_total_to_pb, cost_basis_to_pb, ranked_customer_to_pb},
};
use crate::{
    api::pb,
    domain::{ledger::Position, money::Currency, problem::Problem, ranking::share},
    service::rankings::{BAND_LISTED, Band, BandSize, Bands},
};

/// How many customers are in each band.
pub fn band_size_from_pb(size: i32, fraction: Option<f64>) -> Result<BandSize, Problem> {
    let field = "band_fraction";
    match fraction {
        // 0 is not given.
        None => match count_from_pb(size, 0, BAND_LISTED as u64, "band_size")? {
            0 => Ok(BandSize::ByCustomerCount),
            size => Ok(BandSize::Given(size)),
        },
        Some(_) if size != 0 => Err(Problem::field_invalid(field, "is given beside band_size")),
        Some(fraction) if (0.000_001..=0.333_333).contains(&fraction) => {
            Ok(BandSize::Millionths(millionths(fraction)))
        }
        Some(_) => Err(Problem::number_out_of_range(field, "0.000001", "0.333333")),
    }
}

/// The millionths of a fraction of one.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a fraction of one has few millionths"
)]
pub fn millionths(fraction: f64) -> u32 {
    (fraction * 1e6).round() as u32
}

fn rule_of(size: BandSize) -> pb::BandSizeRule {
    match size {
        BandSize::Given(_) => pb::BandSizeRule::Size,
        BandSize::Millionths(_) => pb::BandSizeRule::Fraction,
        BandSize::ByCustomerCount => pb::BandSizeRule::ByCustomerCount,
    }
}

/// Top, middle and bottom.
pub fn bands_to_pb(
    bands: &Bands,
    read_at: Position,
    currency: Currency,
) -> pb::CompareBandsResponse {
    let places = [
        pb::BandPlace::Top,
        pb::BandPlace::Middle,
        pb::BandPlace::Bottom,
    ];
    let each = bands.bands.iter().zip(places);
    pb::CompareBandsResponse {
        bands: each
            .map(|(band, place)| band_to_pb(band, place, bands, currency))
            .collect(),
        band_size: i32::try_from(bands.size).unwrap_or(i32::MAX),
        band_size_rule: rule_of(bands.rule) as i32,
        customer_count: count_to_pb(bands.customers),
        read_at: Some(position_to_pb(read_at)),
        control_total: Some(control_total_to_pb(&bands.footing, currency)),
        cost_basis: Some(cost_basis_to_pb(&bands.footing, currency)),
    }
}

fn band_to_pb(band: &Band, place: pb::BandPlace, whole: &Bands, currency: Currency) -> pb::Band {
    let total = whole.totals;
    let row = |row| ranked_customer_to_pb(row, total.value, currency);
    pb::Band {
        place: place as i32,
        customers: band.rows.iter().map(row).collect(),
        value: Some(money_to_pb(band.totals.value, currency)),
        share_of_total: share(band.totals.value, total.value),
        revenue: Some(money_to_pb(band.totals.revenue, currency)),
        revenue_share: share(band.totals.revenue, total.revenue),
        net_profit: Some(money_to_pb(band.totals.net_profit, currency)),
        net_profit_share: share(band.totals.net_profit, total.net_profit),
        unprofitable_count: i32::try_from(band.unprofitable).unwrap_or(i32::MAX),
    }
}
