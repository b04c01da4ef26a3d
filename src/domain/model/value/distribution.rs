//! How many orders a customer will place, with which probability; how much it will spend in all.
//!
//! * BG/NBD, given that the customer is there: with `n` orders at a steady rate by the end of the time with
//!   probability `g_n` (negative binomial), it places `n` orders if it leaves after none of them, or after just the
//!   `n`-th: `E[(1-p)^n] g_n + E[p (1-p)^(n-1)] (g_n + g_(n+1) + ...)`.
//! * Pareto/NBD: the mean of the negative binomial over the time for which it stays (Fader & Hardie, note 012, by
//!   quadrature instead of series).
//! * Mean and variance: sums over the distribution, which ends where nothing is left.
//! * Revenue of `n` orders under Gamma-Gamma: `v + x m` times a ratio of gamma variables of shapes `p n` and `q + p
//!   x`, so a beta distribution in disguise (note 025).

use super::{
    outlook::{Leaving, Outlook},
    special::{NODES, WEIGHTS},
};

/// What is left out in the tail, in all.
const TAIL: f64 = 1e-10;
/// As many times at which a customer may leave are looked at.
const MOST_TIMES: usize = 2_000;
/// More orders than this are not told apart.
const MOST_ORDERS: usize = 20_000;

/// The probabilities of 0, 1, 2 ... orders in so many weeks from now. They sum to 1 but for a tail of 1e-10.
pub fn order_distribution(outlook: &Outlook, weeks: f64) -> Vec<f64> {
    let mut probabilities = match outlook.leaving {
        Leaving::Geometric { a, b } => geometric(outlook, weeks, a, b),
        Leaving::Exponential { shape, rate } => exponential(outlook, weeks, shape, rate),
    };
    for probability in &mut probabilities {
        *probability *= outlook.alive;
    }
    probabilities[0] += 1.0 - outlook.alive;
    probabilities
}

impl Outlook {
    /// Mean and variance of the orders in so many weeks from now.
    pub fn mean_and_variance(&self, weeks: f64) -> (f64, f64) {
        let (mut mean, mut square, mut orders) = (0.0, 0.0, 0.0);
        for probability in order_distribution(self, weeks) {
            mean += probability * orders;
            square += probability * orders * orders;
            orders += 1.0;
        }
        (mean, (square - mean * mean).max(0.0))
    }
}

/// The negative binomial distribution of orders at a steady rate.
struct Steady {
    shape: f64,
    /// The share of the time that is to come in all the time.
    share: f64,
    /// The next number of orders, and its probability.
    orders: f64,
    probability: f64,
}

impl Steady {
    fn of(outlook: &Outlook, weeks: f64) -> Self {
        Self {
            shape: outlook.shape,
            share: weeks / (outlook.rate + weeks),
            orders: 0.0,
            probability: libm::exp(-outlook.shape * libm::log1p(weeks / outlook.rate)),
        }
    }

    fn next(&mut self) -> f64 {
        let probability = self.probability;
        self.probability *= (self.shape + self.orders) / (self.orders + 1.0) * self.share;
        self.orders += 1.0;
        probability
    }
}

fn geometric(outlook: &Outlook, weeks: f64, a: f64, b: f64) -> Vec<f64> {
    let mut steady = Steady::of(outlook, weeks);
    let mut probabilities = Vec::new();
    let (mut stays, mut leaves, mut beyond) = (1.0, 0.0, 1.0);
    let mut rest = 1.0;
    while rest > TAIL && probabilities.len() < MOST_ORDERS {
        let n = steady.orders;
        let exactly = steady.next();
        let probability: f64 = stays * exactly + leaves * beyond;
        probabilities.push(probability);
        rest -= probability;
        beyond = (beyond - exactly).max(0.0);
        // Leaving after the next order, and staying through it.
        leaves = stays * a / (a + b + n);
        stays *= (b + n) / (a + b + n);
    }
    probabilities
}

fn exponential(outlook: &Outlook, weeks: f64, shape: f64, rate: f64) -> Vec<f64> {
    let there = |u: f64| libm::exp(-shape * libm::log1p(u / rate));
    // Times at which it may leave, with their weights; and the end. Panels grow from the time in which the first
    // order is to be expected, the slower the more orders are.
    let expected = outlook.shape / outlook.rate * weeks;
    let growth = 1.0 + 1.0 / (1.0 + 0.25 * expected.sqrt());
    let mut times = vec![(there(weeks), Steady::of(outlook, weeks))];
    let (mut from, mut width) = (0.0, 2.0 * outlook.rate / outlook.shape);
    while from < weeks && times.len() < MOST_TIMES {
        let half = 0.5 * width.min(weeks - from);
        times.extend(NODES.iter().zip(WEIGHTS).map(|(node, weight)| {
            let u = from + half * (1.0 + node);
            let density = shape / (rate + u) * there(u);
            (half * weight * density, Steady::of(outlook, u))
        }));
        from += width;
        width *= growth;
    }
    let mut probabilities = Vec::new();
    let (mut rest, mut orders) = (1.0, 0.0);
    while rest > TAIL && probabilities.len() < MOST_ORDERS {
        let of_time = |(weight, steady): &mut (f64, Steady)| *weight * steady.next();
        let probability: f64 = times.iter_mut().map(of_time).sum();
        probabilities.push(probability);
        rest -= probability;
        orders += 1.0;
        // Rounding of the quadrature must not keep it going.
        if probability < TAIL * 1e-6 && orders > expected {
            break;
        }
    }
    probabilities
}
