//! Pareto/NBD: orders at a steady rate, until the customer leaves unseen at any moment.
//!
//! Schmittlein, Morrison & Colombo, Management Science 33(1), 1987; Fader & Hardie, note 009, eqs. (18) to (20),
//! (36).
//!
//! | symbol | here | meaning |
//! |---|---|---|
//! | `r`, `alpha` | parameters 0, 1 | shape and rate of the gamma distribution of order rates, by week |
//! | `s`, `beta` | parameters 2, 3 | the same of the rates of leaving |
//!
//! With `n = r + x`: `L = (r)_x alpha^r beta^s { A(T) + s [F(t_x) - F(T)] }`, where
//! `A(t) = (alpha+t)^-n (beta+t)^-s` and `F(t)` is the integral of `tail`. As `s F(T) <= A(T)`, the
//! difference loses no digits; the published forms with hypergeometric functions, which differ by whether `alpha` is
//! below `beta`, do. And as `F` depends on two numbers of a row, it is taken once for all rows that share them.

use super::{
    counts::Row,
    maximum::{Curve, Likelihood},
    table::{Ages, Design, PART, Rising},
    tail::{Powers, Stretch, Tail},
};

/// The likelihood of rows.
#[derive(Debug, Clone)]
pub struct Pareto<'a> {
    design: &'a Design,
    /// The distinct pairs of repeats and age at which the tail is needed, by repeats.
    points: Vec<(u32, u32)>,
    /// Of each row, the points of its last order and of now.
    ends: Vec<(u32, u32)>,
}

/// Log odds of having left.
pub fn log_odds_of_left(parameters: &[f64; 4], x: f64, recency: f64, observed: f64) -> f64 {
    let [r, alpha, s, beta] = *parameters;
    let silent = observed - recency;
    if silent.is_nan() || silent <= 0.0 {
        return f64::NEG_INFINITY;
    }
    let n = r + x;
    let powers = Powers { n, s };
    let (from, to) = (alpha + recency, beta + recency);
    libm::log(s / to)
        + n * libm::log1p(silent / from)
        + s * libm::log1p(silent / to)
        + libm::log(powers.integral(from, to, silent))
}

/// The logarithm of the likelihood of one row, for one customer.
pub fn log_likelihood(parameters: &[f64; 4], row: &Row) -> f64 {
    let [r, alpha, s, beta] = *parameters;
    let (x, observed) = (f64::from(row.repeats), row.observed());
    let odds = log_odds_of_left(parameters, x, row.recency(), observed);
    let rise = Rising::of(r, row.repeats).log[row.repeats as usize];
    rise - r * libm::log1p(observed / alpha)
        - x * libm::log(alpha + observed)
        - s * libm::log1p(observed / beta)
        + odds.max(0.0)
        + libm::log1p(libm::exp(-odds.abs()))
}

impl<'a> Pareto<'a> {
    /// Finds what rows share.
    pub fn of(design: &'a Design) -> Self {
        let mut points: Vec<(u32, u32)> = Vec::new();
        let mut ends = Vec::with_capacity(design.rows.len());
        // Where the point of each age is, among those of the repeats at hand: older ones lie before the first.
        let mut places = vec![0_u32; design.ages.len()];
        let mut first = 0;
        let mut repeats = None;
        for row in &design.rows {
            if repeats != Some(row.repeats) {
                repeats = Some(row.repeats);
                first = points.len();
            }
            let mut point = |age: u32| {
                let known = places[age as usize] as usize;
                if known < first || points.get(known) != Some(&(row.repeats, age)) {
                    // No more points than twice the rows, which are counted in 32 bits.
                    places[age as usize] = u32::try_from(points.len()).unwrap_or(u32::MAX);
                    points.push((row.repeats, age));
                }
                places[age as usize]
            };
            let ends_of_row = (point(row.recency), point(row.observed));
            ends.push(ends_of_row);
        }
        Self {
            design,
            points,
            ends,
        }
    }

    fn tails(&self, [r, alpha, s, beta]: [f64; 4], rate: &Ages, leaving: &Ages) -> Vec<Tail> {
        let mut tails = Vec::with_capacity(self.points.len());
        for of_repeats in self.points.chunk_by(|a, b| a.0 == b.0) {
            let n = r + f64::from(of_repeats[0].0);
            let stretch = Stretch::of(Powers { n, s });
            tails.extend(of_repeats.iter().map(|&(_, age)| {
                let age = age as usize;
                let scales = [alpha + self.design.ages[age], beta + self.design.ages[age]];
                let logs = [rate.cells[age].0, leaving.cells[age].0];
                stretch.tail(scales, logs)
            }));
        }
        tails
    }
}

impl Likelihood<4> for Pareto<'_> {
    fn at(&self, parameters: &[f64; 4]) -> Curve<4> {
        let [r, alpha, s, beta] = *parameters;
        let design = self.design;
        let rate = Ages::of(alpha, &design.ages);
        let leaving = Ages::of(beta, &design.ages);
        let tails = self.tails(*parameters, &rate, &leaving);
        let mut weights = vec![0.0; tails.len()];
        let mut by_repeats = vec![0.0; design.most_repeats as usize + 1];
        let mut curve = Curve::ZERO;
        let parts = design.rows.chunks(PART).zip(self.ends.chunks(PART));
        for (rows, ends) in parts {
            let mut part = Curve::ZERO;
            for (row, &(last, now)) in rows.iter().zip(ends) {
                by_repeats[row.repeats as usize] += row.weight;
                let here = Here {
                    n: r + f64::from(row.repeats),
                    s,
                    rate: rate.cells[row.observed as usize],
                    leaving: leaving.cells[row.observed as usize],
                };
                let (last, now) = (last as usize, now as usize);
                let [of_last, of_now] = here.add(&tails[last], &tails[now], row.weight, &mut part);
                weights[last] += of_last;
                weights[now] -= of_now;
            }
            add(&mut curve, &part, 1.0);
        }
        for (tail, weight) in tails.iter().zip(&weights) {
            for row in 0..4 {
                for column in 0..=row {
                    curve.hessian[row][column] += weight * tail.bends[row][column];
                }
            }
        }
        let n = design.customers;
        curve.value += n * (r * libm::log(alpha) + s * libm::log(beta));
        for (shape, at, scale) in [(r, 0, alpha), (s, 2, beta)] {
            curve.gradient[at] += n * libm::log(scale);
            curve.gradient[at + 1] += n * shape / scale;
            curve.hessian[at + 1][at] += n / scale;
            curve.hessian[at + 1][at + 1] -= n * shape / (scale * scale);
        }
        let rise = Rising::of(r, design.most_repeats);
        for (x, &weight) in by_repeats.iter().enumerate() {
            curve.value += weight * rise.log[x];
            curve.gradient[0] += weight * rise.first[x];
            curve.hessian[0][0] += weight * rise.second[x];
        }
        curve.mirrored()
    }
}

fn add(to: &mut Curve<4>, other: &Curve<4>, weight: f64) {
    to.value += weight * other.value;
    for row in 0..4 {
        to.gradient[row] += weight * other.gradient[row];
        for column in 0..=row {
            to.hessian[row][column] += weight * other.hessian[row][column];
        }
    }
}

/// A row's `A(T)`: logarithm and inverse of `alpha + T` and `beta + T`.
struct Here {
    n: f64,
    s: f64,
    rate: (f64, f64),
    leaving: (f64, f64),
}

impl Here {
    /// Adds a row's part without the second derivatives of its tails, and tells what these weigh.
    fn add(&self, last: &Tail, now: &Tail, weight: f64, part: &mut Curve<4>) -> [f64; 2] {
        let (n, s) = (self.n, self.s);
        let ((log_rate, rate), (log_leaving, leaving)) = (self.rate, self.leaving);
        let log_here = -n * log_rate - s * log_leaving;
        let most = log_here.max(last.log);
        let here = libm::exp(log_here - most);
        let left = libm::exp(last.log - most);
        let beyond = libm::exp(now.log - most);
        // Rounding must not make it vanish: the tail beyond is at most what is here.
        let sum = (here + (left - beyond)).max(f64::MIN_POSITIVE);
        part.value += weight * (most + libm::log(sum));
        let inverse = 1.0 / sum;
        let (here, left, beyond) = (here * inverse, left * inverse, beyond * inverse);
        let own = [-log_rate, -n * rate, -log_leaving, -s * leaving];
        let slope: [f64; 4] = std::array::from_fn(|i| {
            here * own[i] + (left * last.slopes[i] - beyond * now.slopes[i])
        });
        let h = &mut part.hessian;
        for row in 0..4 {
            part.gradient[row] += weight * slope[row];
            for column in 0..=row {
                h[row][column] +=
                    weight * (here * own[row] * own[column] - slope[row] * slope[column]);
            }
        }
        let here = here * weight;
        h[1][0] -= here * rate;
        h[1][1] += here * n * rate * rate;
        h[3][2] -= here * leaving;
        h[3][3] += here * s * leaving * leaving;
        [left * weight, beyond * weight]
    }
}
