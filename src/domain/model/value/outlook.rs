//! What follows for one customer from now on: orders, discounted orders, weeks for which it stays.
//!
//! Given that the customer is still there, its order rate has the gamma distribution with `R = r + x` and
//! `L = alpha + T` in every model; what differs is how it leaves.
//!
//! | here | of a customer who is still there, at `u` weeks from now | source |
//! |---|---|---|
//! | orders, BG/NBD | expectation of `(1 - e^(-lambda p u)) / p` | Fader, Hardie & Lee 2005, eq. (10) |
//! | orders, Pareto/NBD | `R beta' / (L (s-1)) [1 - (beta'/(beta'+u))^(s-1)]`, `beta' = beta + T` | note 009, eq. (41) |
//! | rate of orders, BG/NBD | `R/L (1-z)^a F(a, a+b-R-1; a+b; z)`, `z = u/(L+u)` | its derivative, by Pfaff's transformation |
//! | still there, BG/NBD | `(1-z)^a F(a, a+b-R; a+b; z)` | the same of `e^(-lambda p u)` |
//! | discounted orders | integral of the rate times `e^(-d u)` | Fader & Hardie, note 015, for a finite time |
//!
//! `F` is Gauss's hypergeometric function; `b` is what it is after the orders seen.

use super::{
    special::{NODES, WEIGHTS},
    tail::Powers,
};

/// How a customer who is still there will leave.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Leaving {
    /// After an order, with a probability that has the beta distribution.
    Geometric {
        /// First shape.
        a: f64,
        /// Second shape, orders seen included.
        b: f64,
    },
    /// At any moment, at a rate that has the gamma distribution.
    Exponential {
        /// Shape.
        shape: f64,
        /// Rate, weeks seen included.
        rate: f64,
    },
}

/// What is to be expected of one customer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outlook {
    /// The probability that it is still a customer.
    pub alive: f64,
    /// Shape of the distribution of its order rate, if so.
    pub shape: f64,
    /// Rate of the distribution of its order rate, in weeks.
    pub rate: f64,
    /// How it leaves.
    pub leaving: Leaving,
}

/// Discounted orders, and discounted weeks for which the customer stays.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Discounted {
    /// Orders.
    pub orders: f64,
    /// Weeks.
    pub alive_weeks: f64,
}

/// Terms of a hypergeometric series; a longer one has converged to all digits long before.
const MOST_TERMS: u32 = 200_000;
/// `e^-40` of today's worth is nothing.
const WORTHLESS: f64 = 40.0;
/// Within one panel of an integral the discount changes by no more than `e^-2`.
const DISCOUNT_PANEL: f64 = 2.0;
const MOST_PANELS: usize = 2_000;

impl Outlook {
    /// The same customer if it orders at another pace from now on: `pace` times as often.
    #[must_use]
    pub fn paced(self, pace: f64) -> Self {
        Self {
            rate: self.rate / pace,
            ..self
        }
    }

    /// Expected orders in so many weeks from now.
    pub fn orders(&self, weeks: f64) -> f64 {
        self.alive * self.orders_if_alive(weeks)
    }

    fn orders_if_alive(&self, weeks: f64) -> f64 {
        let (r, l) = (self.shape, self.rate);
        match self.leaving {
            Leaving::Geometric { a, b } => {
                let (z, log_left) = (weeks / (l + weeks), -libm::log1p(weeks / l));
                let whole = a + b - 1.0;
                let series = shifted_series(a, a + b - 1.0 - r, a + b, z);
                -whole * grown(a - 1.0, log_left) - libm::exp((a - 1.0) * log_left) * series
            }
            Leaving::Exponential { shape, rate } => {
                let log_left = -libm::log1p(weeks / rate);
                -r / l * rate * grown(shape - 1.0, log_left)
            }
        }
    }

    /// The probability of no order in so many weeks from now.
    pub fn none(&self, weeks: f64) -> f64 {
        1.0 - self.alive * self.any_if_alive(weeks)
    }

    fn any_if_alive(&self, weeks: f64) -> f64 {
        let (r, l) = (self.shape, self.rate);
        match self.leaving {
            Leaving::Geometric { .. } => -libm::expm1(-r * libm::log1p(weeks / l)),
            Leaving::Exponential { shape, rate } => {
                let powers = Powers {
                    n: r + 1.0,
                    s: shape - 1.0,
                };
                (r / l * powers.integral(l, rate, weeks)).min(1.0)
            }
        }
    }

    /// The probability that it is still a customer in so many weeks.
    pub fn alive_in(&self, weeks: f64) -> f64 {
        self.alive * self.rates(weeks).1
    }

    /// Rate of orders, and probability of being there, in `weeks` from now of one who is there now.
    fn rates(&self, weeks: f64) -> (f64, f64) {
        let (r, l) = (self.shape, self.rate);
        match self.leaving {
            Leaving::Geometric { a, b } => {
                let z = weeks / (l + weeks);
                let shrunk = libm::exp(-a * libm::log1p(weeks / l));
                let orders = r / l * shrunk * hypergeometric(a, a + b - r - 1.0, a + b, z);
                (orders, shrunk * hypergeometric(a, a + b - r, a + b, z))
            }
            Leaving::Exponential { shape, rate } => {
                let there = libm::exp(-shape * libm::log1p(weeks / rate));
                (r / l * there, there)
            }
        }
    }

    /// Orders and weeks from now on, an order in `u` weeks counted as `exp(-discount u)`. `weeks` may be infinite.
    pub fn discounted(&self, weeks: f64, discount: f64) -> Discounted {
        let scale = match self.leaving {
            Leaving::Geometric { .. } => self.rate,
            Leaving::Exponential { rate, .. } => rate,
        };
        let end = weeks.min(WORTHLESS / discount);
        let (mut from, mut orders, mut alive_weeks) = (0.0, 0.0, 0.0);
        for _ in 0..MOST_PANELS {
            let width = (scale + from)
                .min(DISCOUNT_PANEL / discount)
                .min(end - from);
            let half = 0.5 * width;
            for (node, weight) in NODES.iter().zip(WEIGHTS) {
                let u = from + half * (1.0 + node);
                let worth = half * weight * libm::exp(-discount * u);
                let (rate, there) = self.rates(u);
                orders += worth * rate;
                alive_weeks += worth * there;
            }
            from += width;
            if from >= end {
                break;
            }
        }
        Discounted {
            orders: self.alive * orders,
            alive_weeks: self.alive * alive_weeks,
        }
    }
}

/// `(e^(power log) - 1) / power`, which is `log` where the power vanishes.
fn grown(power: f64, log: f64) -> f64 {
    if power == 0.0 {
        log
    } else {
        libm::expm1(power * log) / power
    }
}

/// Gauss's hypergeometric series.
fn hypergeometric(a: f64, b: f64, c: f64, z: f64) -> f64 {
    let (mut term, mut sum) = (1.0_f64, 1.0_f64);
    for n in 0..MOST_TERMS {
        let n = f64::from(n);
        term *= (a + n) * (b + n) / ((c + n) * (n + 1.0)) * z;
        sum += term;
        if term.abs() <= 1e-17 * sum.abs() {
            break;
        }
    }
    sum
}

/// The sum of `(a)_(n-1) (d)_n / ((c)_(n-1) n!) z^n` from `n = 1` on: `(c-1)/(a-1) [F(a-1, d; c-1; z) - 1]`, which has no
/// pole at `a = 1` or `c = 1`.
fn shifted_series(a: f64, d: f64, c: f64, z: f64) -> f64 {
    let mut term = d * z;
    let mut sum = term;
    for n in 1..MOST_TERMS {
        let n = f64::from(n);
        term *= (a + n - 1.0) * (d + n) / ((c + n - 1.0) * (n + 1.0)) * z;
        sum += term;
        if term.abs() <= 1e-17 * sum.abs() {
            break;
        }
    }
    sum
}
