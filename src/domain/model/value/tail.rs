//! The integral of `f(u) = (alpha+u)^-n (beta+u)^-(s+1)` over `u`, from an age on: what Pareto/NBD asks of customers
//! who left unseen.
//!
//! With `a = alpha + t`, `b = beta + t`, `k = n + s` and `c = (k+1) / (n/a + (s+1)/b)` it is substituted
//! `u = t + c (e^(v/k) - 1)`: where `a = b` the integrand is exactly `e^-v`, elsewhere it begins like it and stays
//! smooth. Panels of growing width, with eight nodes of Gauss and Legendre each, are added until nothing is left or
//! the end is reached. Nothing overflows, nothing is divided by a difference, and no case depends on which scale is
//! larger.

use super::{
    lanes::{LANES, Lanes, exp, ln},
    maximum::Matrix,
    special::{NODES, WEIGHTS},
};
use pulp::Arch;

/// The first panel's width in `v`, drawn in where `k` is small.
const FIRST_PANEL: f64 = 2.5;
/// How much wider each next one is.
const GROWTH: f64 = 1.8;
const MOST_PANELS: usize = 24;
/// A panel that adds less than this part of the sum is the last.
const NOTHING: f64 = 1e-16;
/// Beyond, `e^(v/k)` is not formed.
const GREATEST_STRETCH: f64 = 600.0;

/// The powers of the integrand.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Powers {
    /// `n = r + x`.
    pub n: f64,
    /// `s`.
    pub s: f64,
}

impl Powers {
    fn k(self) -> f64 {
        self.n + self.s
    }

    fn scale(self, a: f64, b: f64) -> f64 {
        (self.k() + 1.0) / (self.n / a + (self.s + 1.0) / b)
    }

    /// The integral over a length, divided by the integrand at its beginning.
    pub fn integral(self, a: f64, b: f64, length: f64) -> f64 {
        Arch::new().dispatch(
            #[inline(always)]
            || self.widely_integrated(a, b, length),
        )
    }

    #[inline(always)]
    fn widely_integrated(self, a: f64, b: f64, length: f64) -> f64 {
        let k = self.k();
        let c = self.scale(a, b);
        let end = libm::log1p(length / c) * k;
        let mut width = FIRST_PANEL * k.min(1.0);
        let (mut from, mut sum) = (0.0, 0.0);
        for _ in 0..MOST_PANELS {
            let half = 0.5 * width.min(end - from);
            let stretched = panel(from, half).map(|v| (v / k).min(GREATEST_STRETCH));
            let grown = exp(&stretched);
            let part = Integrand::of(self, a, b, c, &stretched, &grown).weighted(half);
            let added: f64 = part.iter().sum();
            sum += added;
            from += width;
            if from >= end || added < NOTHING * sum {
                break;
            }
            width *= GROWTH;
        }
        sum * c / k
    }
}

#[inline(always)]
fn panel(from: f64, half: f64) -> Lanes {
    NODES.map(|node| from + half * (1.0 + node))
}

/// The integrand at eight nodes, divided by that at the beginning, and what it is made of.
struct Integrand {
    values: Lanes,
    /// `ln((alpha+u) / a)` and `ln((beta+u) / b)`.
    logs: [Lanes; 2],
    /// `(alpha+u) / a` and `(beta+u) / b`.
    ratios: [Lanes; 2],
}

impl Integrand {
    #[inline(always)]
    fn of(powers: Powers, a: f64, b: f64, c: f64, stretched: &Lanes, grown: &Lanes) -> Self {
        let (by_a, by_b) = (c / a, c / b);
        let first = grown.map(|grown| 1.0 + by_a * (grown - 1.0));
        let second = grown.map(|grown| 1.0 + by_b * (grown - 1.0));
        let (log_first, log_second) = (ln(&first), ln(&second));
        let mut exponent = [0.0; LANES];
        for (lane, exponent) in exponent.iter_mut().enumerate() {
            let fall = powers.n * log_first[lane] + (powers.s + 1.0) * log_second[lane];
            *exponent = stretched[lane] - fall;
        }
        Self {
            values: exp(&exponent),
            logs: [log_first, log_second],
            ratios: [first, second],
        }
    }

    #[inline(always)]
    fn weighted(&self, half: f64) -> Lanes {
        std::array::from_fn(|lane| half * WEIGHTS[lane] * self.values[lane])
    }
}

/// What all tails with the same powers share: the nodes, stretched.
#[derive(Debug, Clone)]
pub struct Stretch {
    powers: Powers,
    /// Of each panel `v/k`, `e^(v/k)`, and half its width.
    panels: Vec<(Lanes, Lanes, f64)>,
}

/// `s F(t)` with its derivatives by `r`, `alpha`, `s`, `beta`, each divided by `s F(t)` itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tail {
    /// Its logarithm.
    pub log: f64,
    /// First derivatives.
    pub slopes: [f64; 4],
    /// Second derivatives, the lower triangle.
    pub bends: Matrix<4>,
}

impl Stretch {
    /// The nodes for some powers.
    pub fn of(powers: Powers) -> Self {
        let k = powers.k();
        let mut width = FIRST_PANEL * k.min(1.0);
        let mut from = 0.0;
        let mut panels = Vec::new();
        while panels.len() < MOST_PANELS && from / k < GREATEST_STRETCH {
            let half = 0.5 * width;
            let stretched = panel(from, half).map(|v| (v / k).min(GREATEST_STRETCH));
            panels.push((stretched, exp(&stretched), half));
            from += width;
            width *= GROWTH;
        }
        Self { powers, panels }
    }

    /// The tail from scales `a = alpha + t`, `b = beta + t` on, whose logarithms are given.
    pub fn tail(&self, scales: [f64; 2], logs: [f64; 2]) -> Tail {
        let [a, b] = scales;
        let Powers { n, s } = self.powers;
        let c = self.powers.scale(a, b);
        let moments = self.moments(a, b, c);
        let sum = moments[0];
        let inverse = 1.0 / sum;
        let [_, l, m, p, q, ll, lm, mm, lp, lq, mp, mq, pp, pq, qq] =
            moments.map(|moment| moment * inverse);
        let log = libm::log(s * sum * c / self.powers.k()) - n * logs[0] - (s + 1.0) * logs[1];
        let [x, y] = logs;
        let (g, h) = (n / a, (s + 1.0) / b);
        // Means of the integrand's slopes by r, alpha, s and beta.
        let slopes = [-(x + l), -g * p, -(y + m), -h * q];
        // Means of their products and of the second derivatives.
        let mut bends = [[0.0; 4]; 4];
        bends[0][0] = x * x + 2.0 * x * l + ll;
        bends[1][0] = g * (x * p + lp) - p / a;
        bends[1][1] = (g * g + g / a) * pp;
        bends[2][0] = x * y + x * m + y * l + lm;
        bends[2][1] = g * (y * p + mp);
        bends[2][2] = y * y + 2.0 * y * m + mm;
        bends[3][0] = h * (x * q + lq);
        bends[3][1] = g * h * pq;
        bends[3][2] = h * (y * q + mq) - q / b;
        bends[3][3] = (h * h + h / b) * qq;
        // The factor s.
        bends[2][0] += slopes[0] / s;
        bends[2][1] += slopes[1] / s;
        bends[2][2] += 2.0 * slopes[2] / s;
        bends[3][2] += slopes[3] / s;
        let slopes = [slopes[0], slopes[1], slopes[2] + 1.0 / s, slopes[3]];
        Tail { log, slopes, bends }
    }

    /// Integrals of the integrand, of the integrand times each of the two logarithms and of the two inverse ratios,
    /// and of their products by pairs.
    fn moments(&self, a: f64, b: f64, c: f64) -> [f64; 15] {
        Arch::new().dispatch(
            #[inline(always)]
            || self.wide_moments(a, b, c),
        )
    }

    #[inline(always)]
    fn wide_moments(&self, a: f64, b: f64, c: f64) -> [f64; 15] {
        let mut sums = [[0.0; LANES]; 15];
        let mut whole = 0.0;
        for (stretched, grown, half) in &self.panels {
            let integrand = Integrand::of(self.powers, a, b, c, stretched, grown);
            let values = integrand.weighted(*half);
            for lane in 0..LANES {
                let f = values[lane];
                let (l, m) = (integrand.logs[0][lane], integrand.logs[1][lane]);
                let (p, q) = (
                    1.0 / integrand.ratios[0][lane],
                    1.0 / integrand.ratios[1][lane],
                );
                let (fl, fm, fp, fq) = (f * l, f * m, f * p, f * q);
                let terms = [
                    f,
                    fl,
                    fm,
                    fp,
                    fq,
                    fl * l,
                    fl * m,
                    fm * m,
                    fl * p,
                    fl * q,
                    fm * p,
                    fm * q,
                    fp * p,
                    fp * q,
                    fq * q,
                ];
                for (sum, term) in sums.iter_mut().zip(terms) {
                    sum[lane] += term;
                }
            }
            let added: f64 = values.iter().sum();
            whole += added;
            if added < NOTHING * whole {
                break;
            }
        }
        sums.map(|lanes| lanes.iter().sum())
    }
}
