//! Customers drawn from the models of how often.

use profitscore::domain::model::value::{PurchaseHistory, frequency::FrequencyModel};

/// Numbers that look random and are the same everywhere: xorshift64* (Vigna 2016).
pub struct Dice(pub u64);

impl Dice {
    /// Between 0 and 1, without both.
    pub fn share(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let bits = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 12;
        (bits as f64 + 0.5) / (1_u64 << 52) as f64
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * self.share().ln()).sqrt() * (std::f64::consts::TAU * self.share()).cos()
    }

    /// Of a gamma distribution with rate 1 (Marsaglia & Tsang 2000).
    pub fn gamma(&mut self, shape: f64) -> f64 {
        if shape < 1.0 {
            return self.gamma(shape + 1.0) * self.share().powf(1.0 / shape);
        }
        let d = shape - 1.0 / 3.0;
        loop {
            let x = self.normal();
            let v = (1.0 + x / (9.0 * d).sqrt()).powi(3);
            if v > 0.0 && self.share().ln() < 0.5 * x * x + d - d * v + d * v.ln() {
                return d * v;
            }
        }
    }

    /// Weeks until something that happens at a rate by week.
    pub fn wait(&mut self, rate: f64) -> f64 {
        -self.share().ln() / rate
    }
}

/// A customer of a model, seen for some days. Rounded to days, with several orders of one day left apart, so that
/// parameters are not biased.
pub fn customer(
    dice: &mut Dice,
    model: FrequencyModel,
    [r, alpha, third, fourth]: [f64; 4],
    observed_days: u32,
) -> PurchaseHistory {
    let rate = dice.gamma(r) / alpha;
    let end = f64::from(observed_days) / 7.0;
    let (mut leaves_at, mut leaves) = (end, 0.0);
    if model == FrequencyModel::ParetoNbd {
        let leaving = dice.gamma(third) / fourth;
        leaves_at = dice.wait(leaving).min(end);
    } else {
        let (stays, goes) = (dice.gamma(fourth), dice.gamma(third));
        leaves = goes / (stays + goes);
    }
    let (mut time, mut last, mut repeats) = (0.0, 0.0, 0);
    let mut gone = model == FrequencyModel::MbgNbd && dice.share() < leaves;
    while !gone {
        time += dice.wait(rate);
        if time > leaves_at {
            break;
        }
        repeats += 1;
        last = time;
        gone = leaves > 0.0 && dice.share() < leaves;
    }
    PurchaseHistory {
        repeats,
        recency_days: (last * 7.0).round() as u32,
        observed_days,
        mean_value: 0.0,
    }
}
