//! BG/NBD and MBG/NBD: orders at a steady rate, until the customer leaves after one of them.
//!
//! Fader, Hardie & Lee, "Counting Your Customers" the Easy Way, Marketing Science 24(2), 2005, eq. (4), and their
//! note 027 on the stable form; Batislam, Denizel & Filiztekin, International Journal of Research in Marketing 24,
//! 2007, and Hoppe & Wagner, Marketing JRM 3, 2007, for MBG/NBD: there a customer may also leave after its very
//! first order, so that one without a repeat order is not alive for sure.
//!
//! | symbol | here | meaning |
//! |---|---|---|
//! | `r`, `alpha` | parameters 0, 1 | shape and rate of the gamma distribution of order rates, by week |
//! | `a`, `b` | parameters 2, 3 | the beta distribution of the probability to leave after an order |
//!
//! With `n = r + x`, and `m` the chances to leave before the first repeat order (0, or 1 for MBG/NBD):
//! `ln L = ln (r)_x + r ln alpha + ln (b)_(x+m) - ln (a+b)_(x+m) - n ln(alpha+T) + ln(1 + e^u)`,
//! `u = ln(a / (b+x+m-1)) + n ln((alpha+T) / (alpha+t_x))`, the log odds of having left. No power and no gamma
//! function of a large number is ever formed.

use super::{
    counts::Row,
    maximum::{Curve, Likelihood},
    table::{Ages, Design, PART, Rising},
};

/// When the first chance to leave is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirstChance {
    /// After the first repeat order: BG/NBD.
    AfterRepeat,
    /// After the very first order: MBG/NBD.
    AtOnce,
}

impl FirstChance {
    /// Chances to leave that a customer without a repeat order had.
    pub fn chances(self) -> u32 {
        match self {
            Self::AfterRepeat => 0,
            Self::AtOnce => 1,
        }
    }
}

/// The likelihood of rows.
#[derive(Debug, Clone, Copy)]
pub struct Geometric<'a> {
    /// The rows.
    pub design: &'a Design,
    /// Which of the two.
    pub first_chance: FirstChance,
}

/// Log odds of having left; minus infinity where there was no chance to.
pub fn log_odds_of_left(
    parameters: &[f64; 4],
    chance: FirstChance,
    x: f64,
    recency: f64,
    observed: f64,
) -> f64 {
    let [r, alpha, a, b] = *parameters;
    let chances = x + f64::from(chance.chances());
    if chances < 0.5 {
        return f64::NEG_INFINITY;
    }
    let silent = (observed - recency).max(0.0);
    libm::log(a / (b + chances - 1.0)) + (r + x) * libm::log1p(silent / (alpha + recency))
}

/// The logarithm of the likelihood of one row, for one customer.
pub fn log_likelihood(parameters: &[f64; 4], chance: FirstChance, row: &Row) -> f64 {
    let [r, alpha, a, b] = *parameters;
    let (x, observed) = (f64::from(row.repeats), row.observed());
    let chances = row.repeats + chance.chances();
    let last = |parameter: f64, most: u32| Rising::of(parameter, most).log[most as usize];
    let odds = log_odds_of_left(parameters, chance, x, row.recency(), observed);
    last(r, row.repeats) - r * libm::log1p(observed / alpha) - x * libm::log(alpha + observed)
        + last(b, chances)
        - last(a + b, chances)
        + soft_plus(odds)
}

/// `ln(1 + e^u)`.
fn soft_plus(u: f64) -> f64 {
    u.max(0.0) + libm::log1p(libm::exp(-u.abs()))
}

/// Sums over rows, by the names of the likelihood's derivatives: `q` is the probability of having left, `c` is `q
/// (1-q)`, `d` is the slope of `u` by `r`, `e` that by `alpha`.
#[derive(Default, Clone, Copy)]
struct Sums {
    value: f64,
    log_age: f64,
    n_inverse: f64,
    inverse: f64,
    n_inverse_square: f64,
    q: f64,
    q_d: f64,
    q_e: f64,
    q_e_by_r: f64,
    q_bend: f64,
    q_b: f64,
    q_bb: f64,
    c: f64,
    c_dd: f64,
    c_de: f64,
    c_ee: f64,
    c_d: f64,
    c_e: f64,
    c_b: f64,
    c_bb: f64,
    c_db: f64,
    c_eb: f64,
}

impl Sums {
    #[rustfmt::skip]
    fn add(&mut self, o: &Self) {
        self.value += o.value; self.log_age += o.log_age; self.n_inverse += o.n_inverse;
        self.inverse += o.inverse; self.n_inverse_square += o.n_inverse_square;
        self.q += o.q; self.q_d += o.q_d; self.q_e += o.q_e; self.q_e_by_r += o.q_e_by_r;
        self.q_bend += o.q_bend; self.q_b += o.q_b; self.q_bb += o.q_bb;
        self.c += o.c; self.c_dd += o.c_dd; self.c_de += o.c_de; self.c_ee += o.c_ee;
        self.c_d += o.c_d; self.c_e += o.c_e; self.c_b += o.c_b; self.c_bb += o.c_bb;
        self.c_db += o.c_db; self.c_eb += o.c_eb;
    }
}

impl Geometric<'_> {
    fn sums(&self, [r, alpha, a, b]: [f64; 4], by_repeats: &mut [f64]) -> Sums {
        let ages = Ages::of(alpha, &self.design.ages).cells;
        let chances_before = f64::from(self.first_chance.chances());
        let odds: Vec<(f64, f64)> = (0..=self.design.most_repeats)
            .map(|x| {
                let chances = f64::from(x) + chances_before;
                if chances < 0.5 {
                    return (f64::NEG_INFINITY, 0.0);
                }
                let inverse = 1.0 / (b + chances - 1.0);
                (libm::log(a * inverse), -inverse)
            })
            .collect();
        let mut total = Sums::default();
        for part in self.design.rows.chunks(PART) {
            let mut sums = Sums::default();
            for row in part {
                let w = row.weight;
                by_repeats[row.repeats as usize] += w;
                let n = r + f64::from(row.repeats);
                let (log_observed, observed) = ages[row.observed as usize];
                let (log_recency, recency) = ages[row.recency as usize];
                let (log_odds, by_b) = odds[row.repeats as usize];
                let d = log_observed - log_recency;
                let change = observed - recency;
                let e = n * change;
                let u = log_odds + n * d;
                let small = libm::exp(-u.abs());
                sums.value += w * (u.max(0.0) + libm::log1p(small) - n * log_observed);
                let less = small / (1.0 + small);
                let q = if u > 0.0 { 1.0 - less } else { less };
                let c = w * less * (1.0 - less);
                let q = w * q;
                sums.log_age += w * log_observed;
                sums.inverse += w * observed;
                sums.n_inverse += w * n * observed;
                sums.n_inverse_square += w * n * observed * observed;
                sums.q += q;
                sums.q_d += q * d;
                sums.q_e += q * e;
                sums.q_e_by_r += q * change;
                sums.q_bend += q * n * (recency * recency - observed * observed);
                sums.q_b += q * by_b;
                sums.q_bb += q * by_b * by_b;
                sums.c += c;
                sums.c_d += c * d;
                sums.c_e += c * e;
                sums.c_b += c * by_b;
                sums.c_dd += c * d * d;
                sums.c_de += c * d * e;
                sums.c_ee += c * e * e;
                sums.c_bb += c * by_b * by_b;
                sums.c_db += c * d * by_b;
                sums.c_eb += c * e * by_b;
            }
            total.add(&sums);
        }
        total
    }
}

impl Likelihood<4> for Geometric<'_> {
    fn at(&self, parameters: &[f64; 4]) -> Curve<4> {
        let [r, alpha, a, b] = *parameters;
        let most = self.design.most_repeats;
        let mut by_repeats = vec![0.0; most as usize + 1];
        let s = self.sums(*parameters, &mut by_repeats);
        let chances = self.first_chance.chances();
        let rate = Rising::of(r, most);
        let stay = Rising::of(b, most + chances);
        let all = Rising::of(a + b, most + chances);
        let n = self.design.customers;
        let mut curve = Curve::ZERO;
        curve.value = s.value + n * r * libm::log(alpha);
        curve.gradient = [
            n * libm::log(alpha) - s.log_age + s.q_d,
            n * r / alpha - s.n_inverse + s.q_e,
            s.q / a,
            s.q_b,
        ];
        let h = &mut curve.hessian;
        h[0][0] = s.c_dd;
        h[1][0] = n / alpha - s.inverse + s.c_de + s.q_e_by_r;
        h[1][1] = -n * r / (alpha * alpha) + s.n_inverse_square + s.c_ee + s.q_bend;
        h[2][0] = s.c_d / a;
        h[2][1] = s.c_e / a;
        h[2][2] = (s.c - s.q) / (a * a);
        h[3][0] = s.c_db;
        h[3][1] = s.c_eb;
        h[3][2] = s.c_b / a;
        h[3][3] = s.c_bb + s.q_bb;
        for (x, &weight) in by_repeats.iter().enumerate().filter(|(_, w)| **w > 0.0) {
            let c = x + chances as usize;
            curve.value += weight * (rate.log[x] + stay.log[c] - all.log[c]);
            curve.gradient[0] += weight * rate.first[x];
            curve.gradient[2] -= weight * all.first[c];
            curve.gradient[3] += weight * (stay.first[c] - all.first[c]);
            let h = &mut curve.hessian;
            h[0][0] += weight * rate.second[x];
            h[2][2] -= weight * all.second[c];
            h[3][2] -= weight * all.second[c];
            h[3][3] += weight * (stay.second[c] - all.second[c]);
        }
        curve.mirrored()
    }
}
