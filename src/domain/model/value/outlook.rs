//! What follows for one customer from now on: orders, discounted orders, weeks for which it stays.
//!
//! Given that the customer is still there, its order rate has the gamma distribution with `R = r + x` and
//! `L = alpha + T` in every model; what differs is how it leaves.
//!
//! | here | of a customer who is still there, at `u` weeks from now | source |
//! |---|---|---|
//! | orders, BG/NBD | expectation of `(1 - e^(-lambda p u)) / p` | Fader, Hardie & Lee 2005, eq. (10) |
//! | orders, Pareto/NBD | `R beta' / (L (s-1)) [1 - (beta'/(beta'+u))^(s-1)]`, `beta' = beta+T` | note 009, (41) |
//! | rate of orders, BG/NBD | `R/L (1-z)^a F(a, a+b-R-1; a+b; z)`, `z = u/(L+u)` | its derivative (Pfaff) |
//! | still there, BG/NBD | `(1-z)^a F(a, a+b-R; a+b; z)` | the same of `e^(-lambda p u)` |
//! | discounted orders | integral of the rate times `e^(-d u)` | Fader & Hardie, note 015, for a finite time |
//!
//! Where the series of `F` overflow, `a` is so large that `p` is as good as known: then it is taken for `a / (a+b)`.
//!
//! `F` is Gauss's hypergeometric function; `b` is what it is after the orders seen.

use super::{
    hypergeometric::{Polynomial, shifted_series},
    lanes::{LANES, Lanes, exp, ln},
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
        self.alive * self.orders_if_alive(weeks).max(0.0)
    }

    fn orders_if_alive(&self, weeks: f64) -> f64 {
        let (r, l) = (self.shape, self.rate);
        match self.leaving {
            Leaving::Geometric { a, b } => {
                let (z, log_left) = (weeks / (l + weeks), -libm::log1p(weeks / l));
                let whole = a + b - 1.0;
                let series = shifted_series(a, a + b - 1.0 - r, a + b, z);
                let orders =
                    -whole * grown(a - 1.0, log_left) - libm::exp((a - 1.0) * log_left) * series;
                if orders.is_finite() {
                    return orders;
                }
                let p = a / (a + b);
                -libm::expm1(-r * libm::log1p(p * weeks / l)) / p
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
        let [orders, there] = self.rates_at(&[weeks; LANES], &Series::of(self, weeks));
        (orders[0], there[0])
    }

    /// The same at eight times, none of them later than that for which the series were made.
    fn rates_at(&self, weeks: &Lanes, series: &Series) -> [Lanes; 2] {
        let (r, l) = (self.shape, self.rate);
        let mut orders = [0.0; LANES];
        match self.leaving {
            Leaving::Geometric { a, b } => {
                let z = weeks.map(|weeks| weeks / (l + weeks));
                let logs = ln(&weeks.map(|weeks| 1.0 + weeks / l));
                let shrunk = exp(&logs.map(|log| -a * log));
                let mut there = series.there.at(&z, a, a + b - r, a + b);
                let rates = series.orders.at(&z, a, a + b - r - 1.0, a + b);
                for lane in 0..LANES {
                    orders[lane] = (r / l * shrunk[lane] * rates[lane]).max(0.0);
                    there[lane] = (shrunk[lane] * there[lane]).clamp(0.0, 1.0);
                    if !(orders[lane].is_finite() && rates[lane].is_finite()) {
                        let p = a / (a + b);
                        let still = libm::exp(-r * libm::log1p(p * weeks[lane] / l));
                        (orders[lane], there[lane]) = (r / (l + p * weeks[lane]) * still, still);
                    }
                }
                [orders, there]
            }
            Leaving::Exponential { shape, rate } => {
                let logs = ln(&weeks.map(|weeks| 1.0 + weeks / rate));
                let there = exp(&logs.map(|log| -shape * log));
                [there.map(|there| r / l * there), there]
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
        let series = Series::of(self, end);
        let (mut from, mut orders, mut alive_weeks) = (0.0, 0.0, 0.0);
        for _ in 0..MOST_PANELS {
            let width = (scale + from)
                .min(DISCOUNT_PANEL / discount)
                .min(end - from);
            let half = 0.5 * width;
            let times = NODES.map(|node| from + half * (1.0 + node));
            let worth = exp(&times.map(|time| -discount * time));
            let [rates, there] = self.rates_at(&times, &series);
            for lane in 0..LANES {
                let weight = half * WEIGHTS[lane] * worth[lane];
                orders += weight * rates[lane];
                alive_weeks += weight * there[lane];
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

/// The series of the rate of orders and of being there.
struct Series {
    orders: Polynomial,
    there: Polynomial,
}

impl Series {
    /// Good up to so many weeks.
    fn of(outlook: &Outlook, weeks: f64) -> Self {
        let (r, l) = (outlook.shape, outlook.rate);
        let polynomial = |less: f64| match outlook.leaving {
            Leaving::Geometric { a, b } => {
                Polynomial::of(a, a + b - r - less, a + b, weeks / (l + weeks))
            }
            Leaving::Exponential { .. } => Polynomial::NONE,
        };
        Self {
            orders: polynomial(1.0),
            there: polynomial(0.0),
        }
    }
}
